//! Money that was collected by terms to which the buyer said no OK.
//!
//! A shop may begin at once, by a procedure that waits for no OK. Its terms wait for the buyer's answer all the same, since nobody but
//! he knows whether he agrees; and where an agent took the money by itself, he hears of it. What he handed over himself he knows.

use super::standing::{Standing, State};
use crate::trade::{Kind, Moment, Role, Transaction};

/// Money that was collected without an OK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// How much, and who says so.
    pub text: String,
    /// When it was said.
    pub since: Moment,
}

impl Collected {
    /// Returns what a settlement names it by.
    pub fn subject(&self, transaction: &Transaction) -> String {
        let key = &transaction.key;
        format!("not-confirmed {} {} {} {}", key.role, key.shop, key.id, self.text)
    }
}

/// Returns whether a buyer's order was begun, and he has said OK to none of its terms, nor asked for its end.
pub fn is_begun(transaction: &Transaction, state: State) -> bool {
    let cancels = transaction.sent(Kind::Cancellation).any(|sent| !transaction.is_refused(&sent.content));
    transaction.key.role == Role::Buyer
        && matches!(state, State::Open | State::Completed)
        && !cancels
        && transaction.accepted().next().is_none()
}

/// Returns what an agent took by itself of an order that stands so, and to whose terms the buyer has not said OK.
pub fn collected(transaction: &Transaction, standing: &Standing) -> Option<Collected> {
    transaction.terms().filter(|(_, terms)| terms.payment_method.is_debited())?;
    let paid = standing.legs.paid.filter(|paid| !paid.is_zero() && is_begun(transaction, standing.state))?;
    let said = transaction.by_content(&standing.legs.payment.content?)?;
    let who = &said.letter.from.address;
    let text = format!("{paid} was collected, and you have said OK to no terms of this order");
    Some(Collected { text: format!("{text} (says {who})"), since: said.letter.date })
}
