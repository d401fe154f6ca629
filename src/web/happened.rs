//! What a letter of an order says, as the timeline has it: what happened, or is to, in a few words with its day and sum; then what
//! stands beside it.

use serde_json::{Value, json};

use super::visit::Visit;
use crate::trade::document::ReturnAnswer;
use crate::trade::status::{DeliveryStatus, OrderStatus, Parcel, ParcelEvent, Payment, Shipment, Step};
use crate::trade::{Document, Letter, Money};
use crate::view::said::{file, goods, said};
use crate::view::text;

/// Returns what happened by a letter, nothing of one whose kind says it all; and what stands beside it.
pub(super) fn happened(letter: &Letter, visit: &Visit) -> (Vec<Value>, Vec<Value>) {
    let words = visit.words();
    match &letter.document {
        Document::TransactionInfo(terms) => {
            let terms = json!({"what": "terms", "word": "done", "date": null, "why": null, "sum": text::money_json(&terms.total), "parcel": null});
            (vec![terms], Vec::new())
        }
        Document::OrderStatus(OrderStatus { shipments, remarks, .. }) => {
            let event = |one: &Shipment| step("order", &one.step, None, several(shipments.len(), &one.parcel), visit);
            let tracking = shipments.iter().filter_map(|one| tracked(one.tracking.as_deref()));
            (shipments.iter().map(event).collect(), tracking.chain(remarks.as_deref().map(note)).collect())
        }
        Document::DeliveryStatus(DeliveryStatus { parcels }) => {
            let event = |one: &Parcel| step("delivery", &one.step, None, several(parcels.len(), &one.id), visit);
            (parcels.iter().map(event).collect(), parcels.iter().flat_map(|one| beside(one, visit)).collect())
        }
        Document::PaymentStatus(status) => {
            let word = |one: &Payment| if one.refund { "refund" } else { "payment" };
            let event = |one: &Payment| step(word(one), &one.step, Some(&one.amount), None, visit);
            (status.payments.iter().map(event).collect(), Vec::new())
        }
        Document::ReturnAnswer(ReturnAnswer { lines, step: how, refund }) => {
            // Money that nobody asked for is no return.
            let unasked = letter.answers.is_none() && refund.is_some();
            let event = step(if unasked { "refund" } else { "return" }, how, refund.as_ref(), None, visit);
            let refund = refund.as_ref().filter(|_| !unasked);
            let refund = refund.map(|sum| json!({"key": "back", "sum": text::money_json(sum)}));
            let lines = (!lines.is_empty()).then(|| note(&goods(lines, words)));
            (vec![event], lines.into_iter().chain(refund).collect())
        }
        document => (
            Vec::new(),
            said(document, words).iter().map(|said| note(&text::sentence_of_page(said, &visit.zone))).collect(),
        ),
    }
}

/// Returns a note that is said in words.
pub(super) fn note(said: &str) -> Value {
    json!({"key": "said", "text": said})
}

/// Returns the parcel that is meant, where there are several.
fn several(count: usize, parcel: &str) -> Option<&str> {
    (count > 1).then_some(parcel)
}

fn tracked(tracking: Option<&str>) -> Option<Value> {
    tracking.map(|number| json!({"key": "parcel", "id": number}))
}

/// Returns what stands beside what is said of a parcel: its number, its way so far, the file that it is.
fn beside(one: &Parcel, visit: &Visit) -> Vec<Value> {
    let way = |event: &ParcelEvent| {
        let place = event.place.as_ref().map(|place| format!(", {place}")).unwrap_or_default();
        json!({"key": "way", "date": event.at.to_string(), "text": format!("{}{place}", event.name)})
    };
    let file = one.download.as_ref().map(|download| note(&file(download, visit.words())));
    tracked(one.tracking.as_deref()).into_iter().chain(one.events.iter().map(way)).chain(file).collect()
}

/// Returns what is said by a step: the key of its words, and what stands in them.
fn step(what: &str, step: &Step, sum: Option<&Money>, parcel: Option<&str>, visit: &Visit) -> Value {
    let (word, date, why) = match step {
        Step::Planned { at: Some(at) } => ("planned", Some(at.to_string()), None),
        Step::Planned { at: None } => ("undated", None, None),
        Step::Active { at: Some(at) } => ("active", Some(at.to_string()), None),
        Step::Active { at: None } => ("endless", None, None),
        Step::Done { at } => ("done", Some(at.to_string()), None),
        Step::Failed { reason, .. } => ("failed", None, Some(visit.words().sentence(&reason.text))),
    };
    let sum = sum.map(text::money_json);
    json!({"what": what, "word": word, "date": date, "why": why, "sum": sum, "parcel": parcel})
}
