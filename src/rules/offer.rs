//! Offers that nothing is agreed on yet, and until when an OK to them counts (design 5: the shop refuses a later one).

use super::pending::Pending;
use super::standing::State;
use super::{agreement, replacing};
use crate::trade::{Kept, Moment, Terms, Transaction};

/// Returns the last moment at which the buyer's OK counts to what was offered last, where nothing else is agreed on and he does not
/// wait for the end of his order. Nothing where the offer names no time.
///
/// `state` is that of the transaction: terms that are to take the place of agreed ones leave those in force when they run out.
pub fn stands_until(transaction: &Transaction, state: State) -> Option<Moment> {
    if Pending::waiting(transaction, state) == Some(Pending::Order) {
        return None;
    }
    let offered: Option<(&Kept, &Terms)> = match state {
        State::Ordered => agreement::waiting(transaction, state),
        State::Offered => replacing::waiting(transaction, state).or_else(|| transaction.offer()),
        _ => None,
    };
    offered?.1.valid_through
}

/// Returns whether an OK to what was offered last would come too late, and nothing else is agreed on.
pub fn has_run_out(transaction: &Transaction, state: State, now: &Moment) -> bool {
    stands_until(transaction, state).is_some_and(|until| *now > until)
}
