//! The variables every template of a letter has, made from the letter. All of them always exist.

use serde::Serialize;

use super::facts::{self, Fact, date, span};
use super::words::{Language, Word};
use crate::trade::catalog::{Catalog, Offer};
use crate::trade::document::{AuthorizationRequest, DeliveryInstruction, PaymentInstruction};
use crate::trade::item::{Charge, Line, LineQuantity};
use crate::trade::status::{Reason, Step};
use crate::trade::{Agent, Document, Letter, Order, PostalAddress, Role, Shown, ShownLine, Terms};

/// A line: what, how many, for how much; the amounts are empty where only the quantity is known.
#[derive(Debug, Default, Serialize)]
struct LineText {
    line: String,
    name: String,
    quantity: String,
    unit_price: String,
    total: String,
}

/// A charge.
#[derive(Debug, Default, Serialize)]
struct ChargeText {
    name: String,
    amount: String,
}

impl From<&Charge> for ChargeText {
    fn from(charge: &Charge) -> Self {
        Self { name: charge.name.clone(), amount: charge.price.to_string() }
    }
}

/// An article of a catalog.
#[derive(Debug, Default, Serialize)]
struct ArticleText {
    number: String,
    name: String,
    price: String,
    /// In what it is sold, unless it is by the piece.
    increment: String,
    stock: String,
    conditions: String,
}

/// A letter that was recorded.
#[derive(Debug, Default, Serialize)]
struct ReceivedText {
    content: String,
    number: String,
}

/// What a template can name.
#[derive(Debug, Default, Serialize)]
pub(super) struct Variables {
    kind: String,
    shop: String,
    number: String,
    order_id: String,
    from: String,
    to: String,
    date: String,
    buyer_name: String,
    lines: Vec<LineText>,
    charges: Vec<ChargeText>,
    total: String,
    payment_method: String,
    delivery_method: String,
    deliver_to: Vec<String>,
    payment_agent: String,
    delivery_agent: String,
    payment_due: String,
    arrival: String,
    valid_through: String,
    conditions: String,
    replaces: String,
    reason: String,
    remarks: String,
    state: String,
    facts: Vec<Fact>,
    articles: Vec<ArticleText>,
    received: Vec<ReceivedText>,
}

impl Variables {
    /// Makes the variables of a letter.
    pub(super) fn of(letter: &Letter, language: Language) -> Self {
        let mut made = Self {
            kind: letter.kind().to_string(),
            shop: letter.shop.as_ref().map(ToString::to_string).unwrap_or_default(),
            number: letter.transaction.as_ref().map(ToString::to_string).unwrap_or_default(),
            order_id: letter.order.as_ref().map(ToString::to_string).unwrap_or_default(),
            from: letter.from.address.to_string(),
            to: letter.to.address.to_string(),
            date: date(letter.date),
            replaces: letter.replaces.as_ref().map(ToString::to_string).unwrap_or_default(),
            facts: facts::of(letter, language),
            ..Self::default()
        };
        made.document(&letter.document, language);
        made
    }

    fn document(&mut self, document: &Document, language: Language) {
        match document {
            Document::Order(order) => self.order(order),
            Document::OrderRejection(rejection) => self.reasons(&rejection.reasons),
            Document::TransactionInfo(terms) => self.terms(terms),
            Document::Confirmation(confirmation) => self.total = confirmation.total.to_string(),
            Document::Cancellation(cancellation) => self.reason = cancellation.reason.clone().unwrap_or_default(),
            Document::AuthorizationRequest(request) => self.authorization(request),
            Document::AuthorizationResult(result) => {
                self.total = result.total.to_string();
                self.step(&result.step, language);
            }
            Document::PaymentInstruction(instruction) => self.payment(instruction),
            Document::DeliveryInstruction(instruction) => self.delivery(instruction),
            Document::OrderStatus(status) => {
                self.state = Word::order(status.state).say(language).to_owned();
                self.remarks = status.remarks.clone().unwrap_or_default();
            }
            Document::PaymentStatus(status) => {
                self.state = Word::payment(status.state).say(language).to_owned();
                self.payment_due = status.due.map(date).unwrap_or_default();
            }
            Document::DeliveryStatus(status) => {
                if let [parcel] = status.parcels.as_slice() {
                    self.state = Word::step(&parcel.step).say(language).to_owned();
                    self.arrival = span(parcel.expected_from, parcel.expected_until);
                }
            }
            Document::ReturnRequest(request) => {
                self.parts(&request.lines);
                self.reasons(std::slice::from_ref(&request.reason));
            }
            Document::ReturnAnswer(answer) => {
                self.parts(&answer.lines);
                self.step(&answer.step, language);
            }
            Document::RefundInstruction(instruction) => {
                self.total = instruction.amount.to_string();
                self.reason.clone_from(&instruction.reason);
            }
            Document::Refusal(refusal) => self.reasons(std::slice::from_ref(&refusal.reason)),
            Document::Receipt(receipt) => {
                let text = |number: Option<String>| number.unwrap_or_default();
                let one = |one: &crate::trade::document::Received| ReceivedText {
                    content: one.content.to_string(),
                    number: text(one.transaction.as_ref().map(ToString::to_string)),
                };
                self.received = receipt.received.iter().map(one).collect();
            }
            Document::Catalog(catalog) => self.catalog(catalog),
            Document::Stop(_) | Document::StatusRequest(_) | Document::CatalogRequest(_) => (),
        }
    }

    fn order(&mut self, order: &Order) {
        self.buyer_name.clone_from(&order.buyer.name);
        self.goods(&order.lines, &order.charges);
        self.total = order.total.to_string();
        self.payment_method = order.payment_method.to_string();
        self.delivery_method = order.delivery_method.to_string();
        self.place(order.deliver_to.as_ref());
        self.remarks = order.remarks.clone().unwrap_or_default();
    }

    fn terms(&mut self, terms: &Terms) {
        self.buyer_name.clone_from(&terms.buyer.name);
        self.goods(&terms.lines, &terms.charges);
        self.total = terms.total.to_string();
        self.payment_method = terms.payment_method.to_string();
        self.delivery_method = terms.delivery_method.to_string();
        self.place(terms.deliver_to.as_ref());
        self.agents(&terms.agents);
        self.payment_due = terms.payment_due.map(date).unwrap_or_default();
        self.arrival = span(terms.arrival_from, terms.arrival_until);
        self.valid_through = terms.valid_through.map(date).unwrap_or_default();
        self.conditions = terms.conditions.clone().unwrap_or_default();
    }

    fn catalog(&mut self, catalog: &Catalog) {
        let article = |offer: &Offer| ArticleText {
            number: offer.item.sku.clone().unwrap_or_default(),
            name: offer.item.name.clone(),
            price: offer.price.to_string(),
            increment: offer.step().map(|step| step.to_string()).unwrap_or_default(),
            stock: offer.stock.count().unwrap_or_default(),
            conditions: offer.conditions.clone().unwrap_or_default(),
        };
        self.articles = catalog.offers.iter().map(article).collect();
        self.conditions = catalog.conditions.clone().unwrap_or_default();
    }

    fn authorization(&mut self, request: &AuthorizationRequest) {
        self.buyer_name.clone_from(&request.buyer.name);
        self.total = request.total.to_string();
        self.payment_method = request.payment_method.to_string();
    }

    fn payment(&mut self, instruction: &PaymentInstruction) {
        self.buyer_name.clone_from(&instruction.buyer.name);
        self.total = instruction.amount.to_string();
        self.payment_method = instruction.payment_method.to_string();
        self.payment_due = instruction.due.map(date).unwrap_or_default();
        self.shown(&instruction.shown);
        self.place(instruction.shown.deliver_to.as_ref());
        self.agents(&instruction.agents);
    }

    fn delivery(&mut self, instruction: &DeliveryInstruction) {
        self.buyer_name.clone_from(&instruction.buyer.name);
        self.delivery_method = instruction.delivery_method.to_string();
        self.place(instruction.deliver_to.as_ref());
        self.shown(&instruction.shown);
        self.total = instruction.shown.sum.map(|sum| sum.to_string()).unwrap_or_default();
        self.agents(&instruction.agents);
    }

    fn shown(&mut self, shown: &Shown) {
        let line = |line: &ShownLine| {
            let total = line.unit_price.and_then(|price| price.times(line.quantity).ok());
            LineText {
                line: line.id.clone(),
                name: line.item.name.clone(),
                quantity: line.quantity.to_string(),
                unit_price: line.unit_price.map(|price| price.to_string()).unwrap_or_default(),
                total: total.map(|total| total.to_string()).unwrap_or_default(),
            }
        };
        self.lines = shown.goods.iter().map(line).collect();
        self.charges = shown.charges.iter().map(ChargeText::from).collect();
    }

    fn goods(&mut self, lines: &[Line], charges: &[Charge]) {
        let line = |line: &Line| LineText {
            line: line.id.clone(),
            name: line.item.name.clone(),
            quantity: line.quantity.to_string(),
            unit_price: line.unit_price.to_string(),
            total: line.price().map(|price| price.to_string()).unwrap_or_default(),
        };
        self.lines = lines.iter().map(line).collect();
        self.charges = charges.iter().map(ChargeText::from).collect();
    }

    fn parts(&mut self, parts: &[LineQuantity]) {
        let line = |part: &LineQuantity| LineText {
            line: part.line.clone(),
            quantity: part.quantity.to_string(),
            ..LineText::default()
        };
        self.lines = parts.iter().map(line).collect();
    }

    fn place(&mut self, place: Option<&PostalAddress>) {
        self.deliver_to = place.map(PostalAddress::lines).unwrap_or_default();
    }

    fn agents(&mut self, agents: &[Agent]) {
        let address = |role: Role| {
            let agent = agents.iter().find(|agent| agent.role == role);
            agent.map(|agent| agent.party.address.to_string()).unwrap_or_default()
        };
        self.payment_agent = address(Role::Payment);
        self.delivery_agent = address(Role::Delivery);
    }

    fn reasons(&mut self, reasons: &[Reason]) {
        let one = |reason: &Reason| match reason.text.as_str() {
            "" => reason.code.clone(),
            text => format!("{text} ({})", reason.code),
        };
        self.reason = reasons.iter().map(one).collect::<Vec<_>>().join("\n");
    }

    fn step(&mut self, step: &Step, language: Language) {
        self.state = Word::step(step).say(language).to_owned();
        if let Step::Failed { reason, .. } = step {
            self.reasons(std::slice::from_ref(reason));
        }
    }
}
