//! What letters say of people: taken out of them, and found again in what others wrote.

use std::collections::BTreeSet;

use super::document::Document;
use super::download::{Download, Place};
use super::finding::{Code, Finding};
use super::letter::Letter;
use super::party::{Person, PostalAddress};
use super::redaction::Part;
use super::status::{Parcel, Reason, Step};
use super::terms::Sealed;

/// What stands in the place of a finding's words.
const ERASED: &str = "erased";

/// What letters say of people: to find who else repeats it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People(BTreeSet<String>);

impl People {
    /// Gathers what these letters say of people.
    pub fn of<'a>(letters: impl Iterator<Item = &'a Letter>) -> Self {
        let mut taken = Taken::default();
        for letter in letters {
            without_people(letter, &mut taken);
        }
        taken.values.retain(|value| is_telling(value));
        Self(taken.values)
    }

    /// Returns whether a text has any of it.
    pub fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|value| text.contains(value.as_str()))
    }
}

/// Returns whether a text is long enough to be recognised: two characters of a name in Kanji are, two digits are not.
fn is_telling(value: &str) -> bool {
    value.chars().count() >= if value.is_ascii() { 4 } else { 2 }
}

/// What was taken out of a letter.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) parts: BTreeSet<Part>,
    values: BTreeSet<String>,
}

impl Taken {
    fn value(&mut self, part: Part, value: String) {
        if !value.is_empty() {
            self.parts.insert(part);
            self.values.insert(value);
        }
    }

    fn text(&mut self, part: Part, text: &mut String) {
        self.value(part, std::mem::take(text));
    }

    fn optional(&mut self, part: Part, text: &mut Option<String>) {
        self.value(part, text.take().unwrap_or_default());
    }

    /// Takes four digits or sealed data, by which nobody is found elsewhere.
    fn payment(&mut self, digits: &mut Option<String>, sealed: Option<&mut Option<Sealed>>) {
        let was_sealed = sealed.is_some_and(|sealed| sealed.take().is_some());
        if digits.take().is_some() || was_sealed {
            self.parts.insert(Part::PaymentData);
        }
    }

    /// Takes all but the mail address, which is a party's name in every letter.
    fn person(&mut self, person: &mut Person) {
        self.text(Part::Name, &mut person.name);
        self.optional(Part::Telephone, &mut person.telephone);
        self.place(&mut person.address);
    }

    fn place(&mut self, place: &mut Option<PostalAddress>) {
        let Some(PostalAddress { name, street, locality, region, postal_code, country }) = place.take() else { return };
        self.parts.insert(Part::PostalAddress);
        // Of a town or a country others are, too.
        drop((locality, region, country));
        for value in [name, street, postal_code].into_iter().flatten() {
            self.value(Part::PostalAddress, value);
        }
    }

    fn reason(&mut self, reason: &mut Reason) {
        self.text(Part::FreeText, &mut reason.text);
    }

    fn step(&mut self, step: &mut Step) {
        if let Step::Failed { reason, .. } = step {
            self.reason(reason);
        }
    }

    fn parcel(&mut self, parcel: &mut Parcel) {
        self.optional(Part::Tracking, &mut parcel.tracking);
        self.optional(Part::Tracking, &mut parcel.tracking_url);
        self.step(&mut parcel.step);
        for event in &mut parcel.events {
            self.text(Part::FreeText, &mut event.name);
            self.optional(Part::FreeText, &mut event.place);
        }
        if let Some(download) = &mut parcel.download {
            self.download(download);
        }
    }

    /// Takes a link; what the file is called and its digest are what the goods are.
    fn download(&mut self, download: &mut Download) {
        match std::mem::replace(&mut download.place, Place::Elsewhere) {
            Place::Attached => drop(self.parts.insert(Part::AttachedFile)),
            Place::Link(link) => self.value(Part::Tracking, link.to_string()),
            Place::Elsewhere => {}
        }
    }
}

/// Returns a letter without what it says of people.
pub(super) fn without_people(letter: &Letter, taken: &mut Taken) -> Letter {
    let mut letter = letter.clone();
    match &mut letter.document {
        Document::Order(order) => {
            taken.person(&mut order.buyer);
            taken.payment(&mut order.payment_id, Some(&mut order.sealed));
            taken.place(&mut order.deliver_to);
            taken.place(&mut order.billing);
            taken.optional(Part::FreeText, &mut order.remarks);
        }
        Document::TransactionInfo(terms) => {
            taken.person(&mut terms.buyer);
            taken.payment(&mut terms.payment_id, None);
            taken.place(&mut terms.deliver_to);
            taken.place(&mut terms.billing);
        }
        Document::AuthorizationRequest(request) => {
            taken.person(&mut request.buyer);
            taken.payment(&mut request.payment_id, Some(&mut request.sealed));
        }
        Document::PaymentInstruction(instruction) => {
            taken.person(&mut instruction.buyer);
            taken.payment(&mut instruction.payment_id, None);
            taken.place(&mut instruction.shown.deliver_to);
        }
        Document::DeliveryInstruction(instruction) => {
            taken.person(&mut instruction.buyer);
            taken.place(&mut instruction.deliver_to);
            instruction.parcels.iter_mut().for_each(|parcel| taken.parcel(parcel));
        }
        Document::OrderRejection(rejection) => {
            rejection.reasons.iter_mut().for_each(|reason| taken.reason(reason));
            rejection.lines.iter_mut().for_each(|line| taken.reason(&mut line.reason));
        }
        Document::OrderStatus(status) => {
            for shipment in &mut status.shipments {
                taken.optional(Part::Tracking, &mut shipment.tracking);
                taken.step(&mut shipment.step);
            }
            taken.optional(Part::FreeText, &mut status.remarks);
        }
        Document::PaymentStatus(status) => {
            taken.payment(&mut status.payment_id, None);
            status.payments.iter_mut().for_each(|payment| taken.step(&mut payment.step));
        }
        Document::DeliveryStatus(status) => status.parcels.iter_mut().for_each(|parcel| taken.parcel(parcel)),
        Document::AuthorizationResult(result) => taken.step(&mut result.step),
        Document::Cancellation(cancellation) => taken.optional(Part::FreeText, &mut cancellation.reason),
        Document::ReturnRequest(request) => taken.reason(&mut request.reason),
        Document::ReturnAnswer(answer) => taken.step(&mut answer.step),
        Document::RefundInstruction(instruction) => taken.text(Part::FreeText, &mut instruction.reason),
        Document::Refusal(refusal) => taken.reason(&mut refusal.reason),
        // These have neither people nor free words in them.
        Document::Confirmation(_)
        | Document::Stop(_)
        | Document::StatusRequest(_)
        | Document::CatalogRequest(_)
        | Document::Catalog(_)
        | Document::Receipt(_) => {}
    }
    letter
}

/// Returns a finding that quotes nothing any more: its code stays, and what it is about where that is no quotation itself.
pub(super) fn without_words(finding: &Finding, people: &People, taken: &mut Taken) -> Finding {
    let about_person = |what: &str| what.starts_with("buyer") || what.ends_with("address");
    let (what, _) = finding.text.split_once(": ").unwrap_or_default();
    let quotes = match finding.code {
        Code::TextDiffersFromData => true,
        // Of the order these quote an address that may be erased there already.
        Code::TermsDifferFromOrder if about_person(what) => true,
        _ => people.are_in(&finding.text),
    };
    if !quotes || finding.text == ERASED || finding.text.ends_with(": erased") {
        return finding.clone();
    }
    taken.parts.insert(Part::FindingText);
    let text = if what.is_empty() || people.are_in(what) { ERASED.to_owned() } else { format!("{what}: erased") };
    Finding::new(finding.code, text)
}
