//! What was done by other terms of the order than those in force: it stays done, whichever terms are.
//!
//! What was planned by them is history. But money that was collected was collected, and goods that came are there: an OK to new
//! terms, or an answer to one that came late, makes neither undone, and neither is to be done a second time.

use super::leg::Legs;
use super::statement;
use crate::trade::status::{OrderState, PaymentState};
use crate::trade::{Document, Leg, Moment, Money, Terms};

/// Returns what of a status is done, without the rest; `None` where nothing is.
pub(super) fn done_of(document: &Document) -> Option<Document> {
    match document {
        Document::OrderStatus(status) => {
            let mut done = status.clone();
            done.state = OrderState::Processing;
            done.shipments.retain(|shipment| shipment.step.done().is_some());
            (!done.shipments.is_empty()).then_some(Document::OrderStatus(done))
        }
        Document::DeliveryStatus(status) => {
            let mut done = status.clone();
            done.parcels.retain(|parcel| parcel.step.done().is_some());
            (!done.parcels.is_empty()).then_some(Document::DeliveryStatus(done))
        }
        Document::PaymentStatus(status) => {
            let mut done = status.clone();
            (done.due, done.scheduled, done.state) = (None, None, PaymentState::Due);
            done.payments.retain(|payment| payment.step.done().is_some());
            (!done.payments.is_empty()).then_some(Document::PaymentStatus(done))
        }
        _ => None,
    }
}

/// Returns whether a status says something done that `last`, the word of its sender that counts, does not.
pub(super) fn says_more(status: &Document, last: Option<&Document>) -> bool {
    let known: Vec<&str> = last.map(done_steps).unwrap_or_default().into_iter().map(|(id, _)| id).collect();
    done_steps(status).iter().any(|(id, _)| !known.contains(id))
}

/// Returns the numbers of what is done, and when each was.
fn done_steps(document: &Document) -> Vec<(&str, Moment)> {
    match document {
        Document::OrderStatus(status) => {
            status.shipments.iter().filter_map(|one| Some((one.parcel.as_str(), one.step.done()?))).collect()
        }
        Document::DeliveryStatus(status) => {
            status.parcels.iter().filter_map(|one| Some((one.id.as_str(), one.step.done()?))).collect()
        }
        Document::PaymentStatus(status) => {
            status.payments.iter().filter_map(|one| Some((one.id.as_str(), one.step.done()?))).collect()
        }
        _ => Vec::new(),
    }
}

/// Has a leg of which this was done stand as it does by the terms in force: whether that is all of it, and what remains to be paid.
pub(super) fn hold_against(terms: &Terms, leg: Leg, done: &Document, legs: &mut Legs) {
    let paid = legs.paid.unwrap_or(Money::zero(terms.total.currency()));
    let state = match leg {
        Leg::Order => &mut legs.order,
        Leg::Delivery => &mut legs.delivery,
        Leg::Payment => &mut legs.payment,
    };
    let all = if leg == Leg::Payment {
        let remaining = terms.total.minus(&paid).unwrap_or(terms.total);
        let remaining = if remaining.is_negative() { Money::zero(remaining.currency()) } else { remaining };
        legs.remaining = Some(remaining);
        remaining.is_zero() && !paid.is_zero()
    } else {
        statement::covers(Some(terms), state.parcels.values().flat_map(|part| &part.lines))
    };
    state.done = done_steps(done).into_iter().map(|(_, at)| at).max().filter(|_| all);
}
