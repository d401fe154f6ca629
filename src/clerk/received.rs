//! What the buyer says really came: an entry of his own about one order. Nobody is written to by it.

use super::{Clerk, ClerkError};
use crate::role::Refused;
use crate::trade::{Act, Key, Role, Transaction};

impl Clerk {
    /// Enters what the buyer says came of an order, as `decide` makes it of the order as the ledger has it now; returns the
    /// order with it.
    ///
    /// # Errors
    /// What `decide` refuses, and what keeps the entry from being written.
    pub fn enter_received(
        &mut self,
        key: &Key,
        decide: impl FnOnce(&Transaction) -> Result<Act, Refused>,
    ) -> Result<Transaction, ClerkError> {
        self.batch(|batch| {
            let gone = || Refused::new("the order is not here any more");
            let known = batch.load_key(key)?.ok_or_else(gone)?;
            let about = known.terms().map(|(kept, _)| kept.position);
            batch.act(Some(Role::Buyer), decide(&known)?, known.names(), about.into_iter().collect())?;
            Ok(batch.load_key(key)?.ok_or_else(gone)?)
        })
    }
}
