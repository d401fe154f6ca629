//! What a shop does not wait for any longer: a payment agent that says nothing (P24), a buyer who never said OK; and what it
//! could not say before.
//!
//! Where an order ends like this the agent is told to stop. Its yes may come late, or have come long ago: no money is held
//! for an order of which nothing will come.

use super::shop::is_started;
use super::shop_after::give_up;
use super::shop_offer::{asked_after_ok, left_out, reject};
use super::{Action, Desk, Draft};
use crate::rules::waiting::authorization_result;
use crate::rules::{Standing, State};
use crate::trade::document::Stop;
use crate::trade::{Document, Kind, Leg, Order, StatusReason, Transaction};

/// Hours within which a payment agent answers, where a procedure says nothing: a weekend without mail is no refusal.
pub const AUTHORIZE_WITHIN: u16 = 72;

/// Returns what time alone brings about an order at its shop.
pub(super) fn on_time(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let mut actions = unauthorised(transaction, desk);
    if actions.is_empty() {
        actions = left_out(transaction, desk);
    }
    if actions.is_empty() && is_expired(transaction, desk) {
        actions.extend(release(transaction));
    }
    actions
}

/// Rejects an order whose payment was not authorised in time, and tells the agent to stop. A later answer changes nothing.
fn unauthorised(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let Some((ordered, order)) = transaction.order() else { return Vec::new() };
    let Some(asked) = transaction.sent(Kind::AuthorizationRequest).last() else { return Vec::new() };
    let put_off = asked_after_ok(transaction).is_some();
    let over = [Kind::OrderRejection, Kind::Cancellation];
    let over = over.into_iter().any(|kind| transaction.known(kind).next().is_some());
    let over = over || authorization_result(transaction).is_some();
    if over || (!put_off && transaction.terms().is_some()) || (put_off && !is_waiting(transaction)) {
        return Vec::new();
    }
    let hours = within(order, desk);
    if desk.now.seconds_since(&asked.recorded) <= i64::from(hours).saturating_mul(3600) {
        return Vec::new();
    }
    let text = format!("The payment was not authorised within {hours} hours; please order again.");
    if put_off {
        return give_up(transaction, text, desk);
    }
    let rejection = reject(transaction, ordered, vec![StatusReason::Payment.because(text)]);
    [Some(rejection), release(transaction)].into_iter().flatten().collect()
}

/// Returns whether a transaction with an OK has not begun, and is not over.
fn is_waiting(transaction: &Transaction) -> bool {
    !is_started(transaction) && Standing::of(transaction).state == State::Open
}

fn within(order: &Order, desk: &Desk<'_>) -> u16 {
    let shop = desk.practice.shop.as_ref();
    let procedure = shop.and_then(|shop| shop.procedure(&order.payment_method, &order.delivery_method));
    procedure.map_or(AUTHORIZE_WITHIN, |procedure| procedure.authorize_within)
}

/// Returns whether an offer stood without an OK until its time had passed.
fn is_expired(transaction: &Transaction, desk: &Desk<'_>) -> bool {
    let until = transaction.offer().and_then(|(_, terms)| terms.valid_through);
    until.is_some_and(|until| until < desk.now)
        && matches!(Standing::of(transaction).state, State::Offered | State::Rejected)
}

/// Tells the payment agent to stop what it was asked to authorise, once, unless it said no.
///
/// The letter names no terms: that is how the agent knows that not an instruction is meant.
pub(super) fn release(transaction: &Transaction) -> Option<Action> {
    let asked = transaction.sent(Kind::AuthorizationRequest).last()?;
    let told = transaction.sent(Kind::Stop).any(|stop| stop.position > asked.position);
    if told || authorization_result(transaction).is_some_and(|result| result.step.failed()) {
        return None;
    }
    let document = Document::Stop(Stop { leg: Leg::Payment });
    let draft = Draft::new(transaction, asked.letter.to.clone(), document);
    Some(draft.ordered(asked.letter.order.clone()).into())
}
