//! What letters say, in a few words each: for `show`, which tells more of them than that they were there.

use super::text::{self, labelled};
use crate::trade::document::{DeliveryInstruction, PaymentInstruction};
use crate::trade::item::LineQuantity;
use crate::trade::status::{Payment, Step};
use crate::trade::{Document, Download, Place, Shown};
use crate::words::Words;

/// Columns of the names in front of what an agent is to do.
const NAMES: usize = 8;

/// Returns what a letter says beyond its kind, each point for itself; mail's own words are not escaped yet.
pub fn said(document: &Document, words: Words) -> Vec<String> {
    let step = |how: &Step| step(how, words);
    let parcel = |id: &str, tracking: Option<&str>, how: &Step| {
        let tracking = tracking.map(|tracking| format!(" ({tracking})")).unwrap_or_default();
        words.fill("says.parcel", &[("id", &id), ("tracking", &tracking), ("step", &step(how))])
    };
    match document {
        Document::OrderRejection(rejection) => rejection.sentences().iter().map(|why| words.sentence(why)).collect(),
        Document::TransactionInfo(terms) => terms.short.iter().map(|one| words.sentence(&one.sentence())).collect(),
        Document::Cancellation(cancellation) => cancellation.reason.iter().cloned().collect(),
        Document::AuthorizationResult(result) => {
            vec![words.fill("says.payment", &[("sum", &text::amount(&result.total)), ("step", &step(&result.step))])]
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
                let file = one.download.as_ref().map(|download| file(download, words));
                std::iter::once(parcel(&one.id, one.tracking.as_deref(), &one.step)).chain(events).chain(file)
            })
            .collect(),
        Document::PaymentStatus(status) => status.payments.iter().map(|one| payment(one, words)).collect(),
        Document::ReturnRequest(request) => {
            vec![format!("{}: {}", goods(&request.lines, words), words.sentence(&request.reason.text))]
        }
        Document::ReturnAnswer(answer) => {
            let refund = answer.refund.as_ref().map(text::amount);
            let refund = refund.map(|sum| words.fill("says.with-refund", &[("sum", &sum)])).unwrap_or_default();
            // Money that goes back without goods has none to name.
            let goods = if answer.lines.is_empty() { String::new() } else { goods(&answer.lines, words) + " " };
            vec![format!("{goods}{}{refund}", step(&answer.step))]
        }
        Document::RefundInstruction(refund) => vec![text::amount(&refund.amount)],
        Document::Refusal(refusal) => vec![words.sentence(&refusal.reason.text)],
        Document::StatusRequest(request) => vec![words.name("legs", request.leg.word())],
        Document::Stop(stop) => vec![words.name("legs", stop.leg.word())],
        Document::CatalogRequest(request) => request.words.list().to_vec(),
        Document::Order(_)
        | Document::Catalog(_)
        | Document::Confirmation(_)
        | Document::AuthorizationRequest(_)
        | Document::DeliveryInstruction(_)
        | Document::Receipt(_) => Vec::new(),
    }
}

/// Returns what an agent is to do by its instruction, since it sees no terms: what a delivery agent brings and where, what a
/// payment agent collects and from whom.
pub fn to_do(instruction: Option<&Document>, words: Words) -> Vec<String> {
    let line = |name: &str, value: &str| labelled(&words.say(&format!("to-do.{name}")), NAMES, value);
    match instruction {
        Some(Document::DeliveryInstruction(instruction)) => to_bring(instruction, words, &line),
        Some(Document::PaymentInstruction(instruction)) => to_collect(instruction, words, &line),
        _ => Vec::new(),
    }
}

fn to_collect(instruction: &PaymentInstruction, words: Words, line: &dyn Fn(&str, &str) -> String) -> Vec<String> {
    let buyer = &instruction.buyer;
    let ending = instruction.payment_id.as_ref();
    let ending = ending.map(|digits| words.fill("to-do.ending", &[("digits", digits)])).unwrap_or_default();
    let mut lines = vec![
        line("from", &format!("{} <{}>", buyer.name, buyer.email)),
        line("collect", &text::amount(&instruction.amount)),
        line("by", &format!("{}{ending}", words.method(instruction.payment_method.as_str()))),
    ];
    lines.extend(instruction.due.as_ref().map(|due| line("due", &due.to_string())));
    let address = instruction.shown.deliver_to.as_ref().map(|to| to.lines().join(", "));
    lines.extend(address.map(|address| line("to", &address)));
    lines.extend(shown(&instruction.shown, words, line));
    lines
}

/// Returns what an agent was shown of the goods beyond what it needs.
fn shown(shown: &Shown, words: Words, line: &dyn Fn(&str, &str) -> String) -> Vec<String> {
    let goods = shown.goods.iter().map(|one| {
        let price = one.unit_price.as_ref().map(text::amount).unwrap_or_default();
        let says = words.fill("to-do.line", &[("id", &one.id), ("name", &one.item.name), ("quantity", &one.quantity)]);
        format!("{says}  {price}").trim_end().to_owned()
    });
    let charges = shown.charges.iter().map(|charge| format!("{}  {}", charge.name, text::amount(&charge.price)));
    let sum = shown.sum.as_ref().map(|sum| line("sum", &text::amount(sum)));
    goods.chain(charges).chain(sum).collect()
}

fn to_bring(instruction: &DeliveryInstruction, words: Words, line: &dyn Fn(&str, &str) -> String) -> Vec<String> {
    let buyer = &instruction.buyer;
    // An address that begins with the buyer's name names him.
    let named = instruction.deliver_to.as_ref().and_then(|to| to.name.as_ref()) == Some(&buyer.name);
    let contact = [Some(buyer.name.as_str()).filter(|_| !named), buyer.telephone.as_deref()];
    let contact: Vec<&str> = contact.into_iter().flatten().collect();
    let address = instruction.deliver_to.as_ref().map(|to| to.lines().join(", ")).unwrap_or_default();
    let to = [contact.join(", "), address].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    let mut lines = vec![line("to", &to), line("by", &words.method(instruction.delivery_method.as_str()))];
    let parcels = instruction.parcels.iter();
    lines.extend(
        parcels.map(|one| words.fill("to-do.parcel", &[("id", &one.id), ("goods", &goods(&one.lines, words))])),
    );
    lines.extend(instruction.collect.as_ref().map(|sum| line("collect", &text::amount(sum))));
    lines.extend(shown(&instruction.shown, words, line));
    lines
}

fn payment(payment: &Payment, words: Words) -> String {
    let key = if payment.refund { "says.refund" } else { "says.payment" };
    words.fill(key, &[("sum", &text::amount(&payment.amount)), ("step", &step(&payment.step, words))])
}

/// Returns lines by their numbers, each with how many.
pub fn goods(lines: &[LineQuantity], words: Words) -> String {
    let line = |part: &LineQuantity| words.fill("says.line", &[("line", &part.line), ("quantity", &part.quantity)]);
    lines.iter().map(line).collect::<Vec<String>>().join(", ")
}

fn step(step: &Step, words: Words) -> String {
    match step {
        Step::Planned { at: Some(at) } => words.fill("step.planned", &[("at", at)]),
        Step::Planned { at: None } => words.say("step.undated"),
        Step::Active { at: Some(at) } => words.fill("step.under-way", &[("at", at)]),
        Step::Active { at: None } => words.say("step.endless"),
        Step::Done { at } => words.fill("step.done", &[("at", at)]),
        Step::Failed { reason, .. } => words.fill("step.failed", &[("why", &words.sentence(&reason.text))]),
    }
}

/// Returns what a letter says of a file, for a person: name, size and digest, and where it is. Mail's own words are not
/// escaped yet.
pub fn file(download: &Download, words: Words) -> String {
    let place = match &download.place {
        Place::Attached => words.say("says.attached"),
        Place::Elsewhere => words.say("says.elsewhere"),
        Place::Link(link) => words.fill("says.link", &[("host", &link.host()), ("link", link)]),
    };
    let name = format!("{:?}", download.name);
    let digest = download.digest.hex();
    words.fill("says.file", &[("name", &name), ("n", &download.size), ("digest", &digest), ("place", &place)])
}
