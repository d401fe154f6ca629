//! What another system of the shop's did with an order as a whole, as rows of its exports say: it cancelled the order, or
//! gave the money back.
//!
//! The first is the shop's to say, and is done as by `shop cancel`. The second is not: that money went back says the payment
//! agent alone, and that it is to go back is a person's word (`shop refund`).

use super::shop_refund::left_of;
use super::{Action, Desk, Notice, Refused, shop_cancel};
use crate::rules::stopping::unanswered_stops;
use crate::rules::{Standing, State};
use crate::trade::{Kind, Transaction};

/// Returns whether nothing is left to be said of what a row says: it is so already, or on its way to be.
pub(super) fn is_told(transaction: &Transaction, notice: &Notice) -> bool {
    let state = Standing::of(transaction).state;
    let goes_on = matches!(state, State::Ordered | State::Offered | State::Open | State::Completed);
    if notice.cancelled.is_some() {
        return !goes_on || shop_cancel::is_cancelling(transaction) || unanswered_stops(transaction).next().is_some();
    }
    let paid = Standing::of(transaction).legs.paid;
    let instructed = transaction.sent(Kind::RefundInstruction).next().is_some();
    left_of(transaction, paid).is_none() && (instructed || !goes_on)
}

/// Follows what a row says of the order as a whole.
///
/// # Errors
/// What keeps it from being cancelled; a refund that nobody instructed, with how that is done.
pub(super) fn notify(transaction: &Transaction, notice: &Notice, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    if let Some(why) = &notice.cancelled {
        if notice.done.is_some() || notice.planned.is_some() {
            return Err(Refused::new(
                "it says that the order is cancelled and what becomes of its goods; say one of both",
            ));
        }
        return shop_cancel::cancel(transaction, why, desk);
    }
    if is_told(transaction, notice) {
        return Ok(Vec::new());
    }
    let number = transaction.number.as_ref().map_or_else(|| transaction.key.id.short().to_owned(), ToString::to_string);
    Err(Refused::new(match left_of(transaction, Standing::of(transaction).legs.paid) {
        Some(left) => format!(
            "refunded is the payment agent's to say, and it was not told to give {left} back: mailorder shop refund {number}"
        ),
        None => "refunded is the payment agent's to say, which has not said that anything was paid; where the order is over, `shop cancel` ends it"
            .to_owned(),
    }))
}
