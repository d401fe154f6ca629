//! Facts of the human text: what a document says beside the variables that have a place of their own.

use serde::Serialize;

use super::words::{Language, Word};
use crate::trade::catalog::{Catalog, Words};
use crate::trade::document::{AuthorizationRequest, DeliveryInstruction, LineReason, ReturnAnswer};
use crate::trade::item::LineQuantity;
use crate::trade::status::{DeliveryStatus, OrderStatus, Parcel, PaymentStatus, Step};
use crate::trade::{Document, Download, Letter, Order, Place, Terms, When};

/// One line of label and value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Fact {
    pub(super) label: String,
    pub(super) value: String,
}

/// Facts being gathered, in one language.
pub(super) struct Facts {
    pub(super) language: Language,
    pub(super) list: Vec<Fact>,
}

impl Facts {
    fn say(&self, word: Word) -> &'static str {
        word.say(self.language)
    }

    fn add(&mut self, label: Word, value: impl ToString) {
        self.named(self.say(label), value);
    }

    fn named(&mut self, label: impl ToString, value: impl ToString) {
        self.list.push(Fact { label: label.to_string(), value: value.to_string() });
    }

    fn maybe<T: ToString>(&mut self, label: Word, value: Option<T>) {
        if let Some(value) = value {
            self.add(label, value);
        }
    }
}

/// Writes a date as people read it: the day, or day and time with offset.
pub(super) fn date(when: impl Into<String>) -> String {
    let text: String = when.into();
    text.replacen('T', " ", 1)
}

/// Gathers the facts of a letter.
pub(super) fn of(letter: &Letter, language: Language) -> Vec<Fact> {
    let mut facts = Facts { language, list: Vec::new() };
    match &letter.document {
        Document::Order(order) => of_order(&mut facts, order),
        Document::TransactionInfo(terms) => of_terms(&mut facts, letter, terms),
        Document::Stop(stop) => facts.add(Word::Legs, facts.say(Word::leg(stop.leg))),
        Document::AuthorizationRequest(request) => of_authorization(&mut facts, request),
        Document::AuthorizationResult(result) => of_step(&mut facts, &result.step),
        Document::PaymentInstruction(instruction) => facts.maybe(Word::Account, instruction.payment_id.as_ref()),
        Document::DeliveryInstruction(instruction) => of_delivery_instruction(&mut facts, instruction),
        Document::OrderStatus(status) => of_order_status(&mut facts, status),
        Document::PaymentStatus(status) => of_payment_status(&mut facts, status),
        Document::DeliveryStatus(status) => of_delivery_status(&mut facts, status),
        Document::StatusRequest(request) => {
            facts.add(Word::Legs, facts.say(Word::leg(request.leg)));
            facts.add(Word::Have, request.have);
        }
        Document::ReturnAnswer(answer) => of_return(&mut facts, answer),
        Document::Refusal(_) => facts.maybe(Word::Answered, letter.answers),
        Document::CatalogRequest(request) => of_words(&mut facts, &request.words),
        Document::Catalog(catalog) => of_catalog(&mut facts, catalog),
        Document::OrderRejection(rejection) => of_lines(&mut facts, &rejection.lines),
        Document::Confirmation(_)
        | Document::Cancellation(_)
        | Document::ReturnRequest(_)
        | Document::RefundInstruction(_)
        | Document::Receipt(_) => (),
    }
    facts.maybe(Word::AsOf, letter.as_of.map(date));
    facts.maybe(Word::Finished, letter.done.map(|done| facts.say(if done { Word::Yes } else { Word::No })));
    facts.list
}

fn of_lines(facts: &mut Facts, lines: &[LineReason]) {
    for line in lines {
        let label = format!("{} {}", facts.say(Word::Line), line.line);
        facts.named(label, format!("{} ({})", line.reason.text, line.reason.code));
    }
}

fn of_words(facts: &mut Facts, words: &Words) {
    facts.maybe(Word::AskedFor, Some(words.list().join(" ")).filter(|words| !words.is_empty()));
}

fn of_catalog(facts: &mut Facts, catalog: &Catalog) {
    of_words(facts, &catalog.words);
    facts.add(Word::Matching, catalog.matching);
    if catalog.has_more() {
        facts.add(Word::Listed, catalog.offers.len());
    }
    for way in &catalog.ways {
        let any = || facts.say(Word::AnyMethod).to_owned();
        let payment = way.payment_method.as_ref().map_or_else(any, ToString::to_string);
        let delivery = way.delivery_method.as_ref().map_or_else(any, ToString::to_string);
        let mut value = format!("{payment}, {} {delivery}", facts.say(Word::DeliveredBy));
        if let Some((name, price)) = &way.charge {
            push(&mut value, &format!("{name} {price}"));
        }
        for (word, agent) in [(Word::PaidThrough, &way.payment_agent), (Word::BroughtBy, &way.delivery_agent)] {
            if let Some(agent) = agent {
                push(&mut value, &format!("{} {agent}", facts.say(word)));
            }
        }
        facts.add(Word::PaidBy, value);
    }
}

fn of_order(facts: &mut Facts, order: &Order) {
    facts.maybe(Word::Account, order.payment_id.as_ref());
    if order.sealed.is_some() {
        facts.add(Word::PaymentData, facts.say(Word::Sealed));
    }
    facts.maybe(Word::Billing, order.billing.as_ref().map(|place| place.lines().join(", ")));
    facts.maybe(Word::Repeats, order.reorder_of.as_ref());
}

fn of_terms(facts: &mut Facts, letter: &Letter, terms: &Terms) {
    facts.maybe(Word::Account, terms.payment_id.as_ref());
    facts.maybe(Word::Billing, terms.billing.as_ref().map(|place| place.lines().join(", ")));
    for tax in &terms.taxes {
        facts.add(Word::Tax, format!("{} ({} %, {})", tax.amount, tax.rate, tax.base));
    }
    of_lines(facts, &terms.short);
    facts.maybe(Word::TaxNumber, terms.vat_id.as_ref());
    facts.maybe(Word::Replaces, letter.replaces);
}

fn of_authorization(facts: &mut Facts, request: &AuthorizationRequest) {
    facts.maybe(Word::Account, request.payment_id.as_ref());
    if request.sealed.is_some() {
        facts.add(Word::PaymentData, facts.say(Word::Sealed));
    }
}

fn of_step(facts: &mut Facts, step: &Step) {
    let at = moment_of(step);
    if !at.is_empty() {
        facts.add(Word::step(step), at);
    }
}

fn of_delivery_instruction(facts: &mut Facts, instruction: &DeliveryInstruction) {
    facts.maybe(Word::Collect, instruction.collect);
    for parcel in &instruction.parcels {
        of_parcel(facts, parcel);
    }
}

fn of_order_status(facts: &mut Facts, status: &OrderStatus) {
    for shipment in &status.shipments {
        let mut value = contents(facts, &shipment.lines);
        push(&mut value, &stand(facts, &shipment.step));
        if let Some(tracking) = &shipment.tracking {
            push(&mut value, &format!("{} {tracking}", facts.say(Word::Tracking)));
        }
        facts.named(format!("{} {}", facts.say(Word::Parcel), shipment.parcel), value);
    }
}

fn of_payment_status(facts: &mut Facts, status: &PaymentStatus) {
    facts.add(Word::Remaining, status.remaining);
    facts.maybe(Word::Scheduled, status.scheduled.map(date));
    for payment in &status.payments {
        let word = if payment.refund { Word::Refund } else { Word::Payment };
        let value = format!("{}, {}", payment.amount, stand(facts, &payment.step));
        facts.named(format!("{} {}", facts.say(word), payment.id), value);
    }
    facts.maybe(Word::Reference, status.confirmation.as_ref());
    facts.maybe(Word::Account, status.payment_id.as_ref());
}

fn of_delivery_status(facts: &mut Facts, status: &DeliveryStatus) {
    for parcel in &status.parcels {
        of_parcel(facts, parcel);
        for event in &parcel.events {
            let place = event.place.as_ref().map_or_else(String::new, |place| format!(" ({place})"));
            facts.named(format!("  {}", date(event.at)), format!("{}{place}", event.name));
        }
        if let Some(url) = &parcel.tracking_url {
            facts.add(Word::FollowAt, url);
        }
        if let Some(download) = &parcel.download {
            of_download(facts, download);
        }
    }
}

/// Names a file with what it is known by; a link stands apart, to be copied.
fn of_download(facts: &mut Facts, download: &Download) {
    let mut value = format!("{}, {} bytes, SHA-256 {}", download.name, download.size, download.digest.hex());
    if download.place == Place::Attached {
        push(&mut value, facts.say(Word::AttachedHere));
    }
    facts.add(Word::File, value);
    if let Place::Link(link) = &download.place {
        facts.add(Word::FetchAt, link);
    }
}

fn of_parcel(facts: &mut Facts, parcel: &Parcel) {
    let mut value = contents(facts, &parcel.lines);
    push(&mut value, &stand(facts, &parcel.step));
    let expected = span(parcel.expected_from, parcel.expected_until);
    if !expected.is_empty() {
        push(&mut value, &format!("{} {expected}", facts.say(Word::Expected)));
    }
    if let Some(tracking) = &parcel.tracking {
        push(&mut value, &format!("{} {tracking}", facts.say(Word::Tracking)));
    }
    facts.named(format!("{} {}", facts.say(Word::Parcel), parcel.id), value);
}

fn of_return(facts: &mut Facts, answer: &ReturnAnswer) {
    facts.maybe(Word::Refund, answer.refund);
    of_step(facts, &answer.step);
}

/// Returns `line 1 x 2, line 3 x 1`.
fn contents(facts: &Facts, parts: &[LineQuantity]) -> String {
    let one = |part: &LineQuantity| format!("{} {} x {}", facts.say(Word::Line), part.line, part.quantity);
    parts.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Returns how far a step is, when, and why not.
fn stand(facts: &Facts, step: &Step) -> String {
    let mut text = facts.say(Word::step(step)).to_owned();
    let at = moment_of(step);
    if !at.is_empty() {
        text.push(' ');
        text.push_str(&at);
    }
    if let Step::Failed { reason, .. } = step {
        text.push_str(&format!(" ({}: {})", reason.code, reason.text));
    }
    text
}

fn moment_of(step: &Step) -> String {
    match step {
        Step::Planned { at } | Step::Active { at } => at.map(date).unwrap_or_default(),
        Step::Done { at } => date(*at),
        Step::Failed { at, .. } => at.map(date).unwrap_or_default(),
    }
}

/// Returns `from - until`, or what there is of it.
pub(super) fn span(from: Option<When>, until: Option<When>) -> String {
    match (from, until) {
        (Some(from), Some(until)) if from == until => date(from),
        (Some(from), Some(until)) => format!("{} - {}", date(from), date(until)),
        (Some(one), None) | (None, Some(one)) => date(one),
        (None, None) => String::new(),
    }
}

fn push(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push_str(", ");
    }
    text.push_str(more);
}
