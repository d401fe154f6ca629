//! What letters say, in a few words each: for `show`, which tells more of them than that they were there.

use super::text;
use crate::trade::document::{DeliveryInstruction, PaymentInstruction};
use crate::trade::item::LineQuantity;
use crate::trade::status::{Payment, Step};
use crate::trade::{Document, Download, Place};

/// Returns what a letter says beyond its kind, each point for itself; mail's own words are not escaped yet.
pub fn said(document: &Document) -> Vec<String> {
    match document {
        Document::OrderRejection(rejection) => rejection.sentences(),
        Document::Cancellation(cancellation) => cancellation.reason.iter().cloned().collect(),
        Document::AuthorizationResult(result) => {
            vec![format!("{} {}", text::amount(&result.total), step(&result.step))]
        }
        Document::PaymentInstruction(instruction) => vec![text::amount(&instruction.amount)],
        Document::OrderStatus(status) => {
            let shipments = status.shipments.iter().map(|one| parcel(&one.parcel, one.tracking.as_deref(), &one.step));
            shipments.chain(status.remarks.clone()).collect()
        }
        Document::DeliveryStatus(status) => status
            .parcels
            .iter()
            .flat_map(|one| {
                let events = one.events.iter().map(|event| {
                    let place = event.place.as_ref().map(|place| format!(", {place}")).unwrap_or_default();
                    format!("{} {}{place}", event.at, event.name)
                });
                let file = one.download.as_ref().map(file);
                std::iter::once(parcel(&one.id, one.tracking.as_deref(), &one.step)).chain(events).chain(file)
            })
            .collect(),
        Document::PaymentStatus(status) => status.payments.iter().map(payment).collect(),
        Document::ReturnRequest(request) => vec![format!("{}: {}", goods(&request.lines), request.reason.text)],
        Document::ReturnAnswer(answer) => {
            let refund = answer.refund.as_ref().map(|refund| format!(", refund {}", text::amount(refund)));
            vec![format!("{} {}{}", goods(&answer.lines), step(&answer.step), refund.unwrap_or_default())]
        }
        Document::RefundInstruction(refund) => vec![text::amount(&refund.amount)],
        Document::Refusal(refusal) => vec![refusal.reason.text.clone()],
        Document::StatusRequest(request) => vec![request.leg.word().to_owned()],
        Document::Stop(stop) => vec![stop.leg.word().to_owned()],
        Document::CatalogRequest(request) => request.words.list().to_vec(),
        Document::Order(_)
        | Document::Catalog(_)
        | Document::TransactionInfo(_)
        | Document::Confirmation(_)
        | Document::AuthorizationRequest(_)
        | Document::DeliveryInstruction(_)
        | Document::Receipt(_) => Vec::new(),
    }
}

/// Returns what an agent is to do by its instruction, since it sees no terms: what a delivery agent brings and where, what a
/// payment agent collects and from whom.
pub fn to_do(instruction: Option<&Document>) -> Vec<String> {
    match instruction {
        Some(Document::DeliveryInstruction(instruction)) => to_bring(instruction),
        Some(Document::PaymentInstruction(instruction)) => to_collect(instruction),
        _ => Vec::new(),
    }
}

fn to_collect(instruction: &PaymentInstruction) -> Vec<String> {
    let buyer = &instruction.buyer;
    let ending = instruction.payment_id.as_ref().map(|digits| format!(" ending in {digits}")).unwrap_or_default();
    let mut lines = vec![
        format!("from      {} <{}>", buyer.name, buyer.email),
        format!("collect   {}", text::amount(&instruction.amount)),
        format!("by        {}{ending}", instruction.payment_method),
    ];
    lines.extend(instruction.due.as_ref().map(|due| format!("due       {due}")));
    lines
}

fn to_bring(instruction: &DeliveryInstruction) -> Vec<String> {
    let buyer = &instruction.buyer;
    let contact = [Some(buyer.name.as_str()), buyer.telephone.as_deref()];
    let contact: Vec<&str> = contact.into_iter().flatten().collect();
    let address = instruction.deliver_to.as_ref().map(|to| to.lines().join(", ")).unwrap_or_default();
    let to = [contact.join(", "), address].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    let mut lines = vec![format!("to        {to}"), format!("by        {}", instruction.delivery_method)];
    lines.extend(instruction.parcels.iter().map(|parcel| format!("parcel {}  {}", parcel.id, goods(&parcel.lines))));
    lines.extend(instruction.collect.as_ref().map(|sum| format!("collect   {}", text::amount(sum))));
    lines
}

fn parcel(id: &str, tracking: Option<&str>, how: &Step) -> String {
    let tracking = tracking.map(|tracking| format!(" ({tracking})")).unwrap_or_default();
    format!("parcel {id}{tracking} {}", step(how))
}

fn payment(payment: &Payment) -> String {
    let what = if payment.refund { "refund of " } else { "" };
    format!("{what}{} {}", text::amount(&payment.amount), step(&payment.step))
}

fn goods(lines: &[LineQuantity]) -> String {
    let lines: Vec<String> = lines.iter().map(|part| format!("line {} ×{}", part.line, part.quantity)).collect();
    lines.join(", ")
}

fn step(step: &Step) -> String {
    match step {
        Step::Planned { at: Some(at) } => format!("planned for {at}"),
        Step::Planned { at: None } => "planned".to_owned(),
        Step::Active { at: Some(at) } => format!("under way, until {at}"),
        Step::Active { at: None } => "under way".to_owned(),
        Step::Done { at } => format!("done {at}"),
        Step::Failed { reason, .. } => format!("failed: {}", reason.text),
    }
}

/// Returns what a letter says of a file, for a person: name, size and digest, and where it is. Mail's own words are not
/// escaped yet.
fn file(download: &Download) -> String {
    let place = match &download.place {
        Place::Attached => "in this letter".to_owned(),
        Place::Elsewhere => "in another letter".to_owned(),
        Place::Link(link) => format!("on {}, at {link}", link.host()),
    };
    format!("file {:?}, {} bytes, SHA-256 {}, {place}", download.name, download.size, download.digest.hex())
}
