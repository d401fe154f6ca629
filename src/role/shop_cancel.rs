//! The shop cancels what it cannot deliver, unasked: an order, an offer, or what its agents have not done yet.
//!
//! As after a cancellation of the buyer's, the agents say first whether it is too late. That the shop asked them itself is
//! told from the letters: no request of the buyer's was open when they were told to stop.

use super::shop::{collect_again, delivery_instruction, report, status_now};
use super::shop_after::{end, give_up, is_away, is_closed, stop_agent, stop_agents};
use super::shop_offer::reject;
use super::shop_refund::{left_of, refund_instruction};
use super::shop_waiting::release;
use super::{Action, Desk, Refused, shop_change, terms_of};
use crate::rules::stopping::{is_instructed, is_stopping, stands_stopped, stop_sent, unanswered_stops};
use crate::rules::{Standing, State};
use crate::trade::status::OrderStatus;
use crate::trade::{Direction, Document, Kept, Kind, Leg, StatusReason, Transaction};

/// Told to the buyer where the goods came nonetheless.
const TOO_LATE: &str = "It was too late to stop the delivery: the order goes on.";

/// The same where the shop's owner says it, and why.
fn goes_on(why: &str) -> String {
    format!("The order goes on: {why}")
}

/// Cancels a transaction, and tells the buyer why (`shop cancel`).
///
/// # Errors
/// Where it is over, is being stopped already, or goods have left.
pub fn cancel(transaction: &Transaction, why: &str, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    let state = Standing::of(transaction).state;
    if !matches!(state, State::Ordered | State::Offered | State::Open) {
        return Err(Refused::new(format!("the transaction is {state}; it cannot be cancelled")));
    }
    if shop_change::is_settling(transaction) {
        return Err(Refused::new(shop_change::UNSETTLED));
    }
    if transaction.terms().is_none() {
        let (ordered, _) = transaction.order().ok_or_else(|| Refused::new("nobody has ordered"))?;
        let reason = StatusReason::Other.because(why);
        let rejected = reject(transaction, ordered, vec![reason]);
        return Ok(std::iter::once(rejected).chain(release(transaction)).collect());
    }
    if is_away(transaction) {
        let text =
            "goods have left; agree with the buyer that he gives them back, and give money back with `shop refund`";
        return Err(Refused::new(text));
    }
    if !is_instructed(transaction, Leg::Payment) && !is_instructed(transaction, Leg::Delivery) {
        return Ok(give_up(transaction, why.to_owned(), desk));
    }
    let stops = stop_agents(transaction);
    if stops.is_empty() {
        return Err(Refused::new("the agents were told to stop already; what they say decides"));
    }
    let status = OrderStatus { remarks: Some(why.to_owned()), ..status_now(transaction) };
    Ok(report(transaction, status, desk, None).into_iter().chain(stops).collect())
}

/// Ends what the shop had stopped by itself, once the agents have said whether it is too late; `asked` are the buyer's
/// requests that wait for the same, and whose answers say it all.
pub(super) fn settle(transaction: &Transaction, asked: &[&Kept], desk: &Desk<'_>) -> Vec<Action> {
    settle_as(transaction, asked, desk, false)
}

/// The same; `given_up` takes agents that were told to stop and say nothing as stopped (`shop_held`).
pub(super) fn settle_as(transaction: &Transaction, asked: &[&Kept], desk: &Desk<'_>, given_up: bool) -> Vec<Action> {
    let Some(stop) = own_stop(transaction).filter(|_| asked.is_empty()) else { return Vec::new() };
    // Where shop and agent are one, an agent has answered before the other was told to stop.
    let is_underway = || unanswered_stops(transaction).next().is_some() || !stop_agents(transaction).is_empty();
    let waits = !given_up && is_underway();
    if waits || Standing::of(transaction).state != State::Open || is_settled(transaction, stop) {
        return Vec::new();
    }
    let legs = Standing::of(transaction).legs;
    let taken_as_stopped = given_up && may_be_stopped(transaction);
    if legs.delivery.failed && !taken_as_stopped && is_instructed(transaction, Leg::Delivery) && !is_closed(transaction)
    {
        // Lost since it could not be stopped: it may turn up, unless the agent says that it stays so.
        return stop_agent(transaction, Leg::Delivery).into_iter().collect();
    }
    if taken_as_stopped || legs.delivery.failed || !is_instructed(transaction, Leg::Delivery) {
        let mut actions = end(transaction, desk, None);
        let left = left_of(transaction, legs.paid);
        actions.extend(left.and_then(|left| refund_instruction(transaction, left, "cancelled")));
        return actions;
    }
    tell_and_resume(transaction, TOO_LATE.to_owned(), desk)
}

/// Tells the buyer that the order goes on, and why, and has done what was stopped.
pub(super) fn go_on(transaction: &Transaction, why: &str, desk: &Desk<'_>) -> Vec<Action> {
    tell_and_resume(transaction, goes_on(why), desk)
}

fn tell_and_resume(transaction: &Transaction, remark: String, desk: &Desk<'_>) -> Vec<Action> {
    let status = OrderStatus { remarks: Some(remark), ..status_now(transaction) };
    report(transaction, status, desk, None).into_iter().chain(resume(transaction, desk)).collect()
}

/// Instructs the agents again that were told to stop: what is not paid is collected after all, and goods that were stopped, or may
/// be when an agent that is silent reads of it, are brought. It reads the instruction behind the order to stop.
pub(super) fn resume(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let legs = Standing::of(transaction).legs;
    let mut actions = Vec::new();
    if legs.payment.done.is_none() && stop_sent(transaction, Leg::Payment).is_some() {
        actions.extend(collect_again(transaction, desk));
    }
    let stopped = || stands_stopped(transaction, &legs, Leg::Delivery).is_some();
    if stop_sent(transaction, Leg::Delivery).is_some()
        && (may_be_stopped(transaction) || stopped())
        && let Some((_, terms)) = terms_of(transaction)
    {
        actions.extend(delivery_instruction(transaction, terms, desk).map(Action::from));
    }
    actions
}

/// Returns whether the delivery agent was told to stop, is silent, and has brought nothing yet.
pub(super) fn may_be_stopped(transaction: &Transaction) -> bool {
    is_stopping(transaction, Leg::Delivery) && Standing::of(transaction).legs.delivery.done_in_part().is_none()
}

/// Returns whether we had the agents stop of our own will, and it is not known yet what comes of it.
pub(super) fn is_cancelling(transaction: &Transaction) -> bool {
    own_stop(transaction).is_some_and(|stop| !is_settled(transaction, stop))
        && Standing::of(transaction).state == State::Open
}

/// Returns the newest order to stop that no request of the buyer's had us give.
fn own_stop(transaction: &Transaction) -> Option<&Kept> {
    let stops = [Leg::Payment, Leg::Delivery].into_iter().filter_map(|leg| stop_sent(transaction, leg));
    let own = stops.filter(|stop| stop.letter.terms.is_some());
    own.filter(|stop| !requests(transaction).any(|asked| was_open(transaction, asked, stop)))
        .max_by_key(|stop| stop.position)
}

fn requests(transaction: &Transaction) -> impl Iterator<Item = &Kept> {
    let asked = transaction.received(Kind::Cancellation).chain(transaction.received(Kind::ReturnRequest));
    asked.chain(transaction.received(Kind::Confirmation))
}

/// Returns whether a request was there, and not answered, when an order to stop was written.
fn was_open(transaction: &Transaction, asked: &Kept, stop: &Kept) -> bool {
    let ours = transaction.kept.iter().filter(|kept| kept.direction == Direction::Out);
    let mut answers = ours.filter(|kept| kept.letter.answers == Some(asked.content));
    asked.position < stop.position && !answers.any(|answer| answer.position < stop.position)
}

/// Returns whether the buyer was told that it was too late, after this order to stop.
fn is_settled(transaction: &Transaction, stop: &Kept) -> bool {
    let told = transaction.sent(Kind::OrderStatus).filter(|kept| kept.position > stop.position);
    told.map(|kept| &kept.letter.document)
        .filter_map(|said| match said {
            Document::OrderStatus(status) => status.remarks.as_deref(),
            _ => None,
        })
        .any(|remark| remark == TOO_LATE || remark.starts_with(&goes_on("")))
}
