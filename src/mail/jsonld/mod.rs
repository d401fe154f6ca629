//! Letter <-> schema.org JSON-LD (wire format, sections 1 to 3). Both directions of each kind stand side by side.
//!
//! The nodes are plain schema.org, so that any other reader can use them; our logic takes its values from them and the
//! envelope's from `mo:Message`. Whether the two agree is looked at in `agree`, after reading.

mod agent_work;
mod answers;
mod authorization;
mod catalog;
mod digits;
mod download;
mod envelope;
mod instruction;
mod item;
mod made;
mod node;
mod order;
mod party;
mod repeated;
mod request;
mod returns;
mod shown;
mod status_delivery;
mod status_order;
mod status_payment;
mod step;
mod terms;
mod work;

pub use agent_work::Dealings;
pub(super) use digits::check as check_digits;
pub(super) use download::content_id;
pub(super) use envelope::missing;
pub(super) use node::{Graph, Node};
pub(super) use repeated::check as check_repeated;
pub use work::{read_work, write_work};

use serde_json::Value;

use super::headers::Head;
use made::{Made, named, typed};
use node::Result;

use crate::trade::{Document, Kind, Letter};

/// Writes the machine part of a letter.
pub(super) fn write(letter: &Letter) -> Value {
    let mut nodes = vec![envelope::write(letter)];
    nodes.extend(match &letter.document {
        Document::Order(order) => order::write(letter, order),
        Document::OrderRejection(rejection) => answers::write_rejection(letter, rejection),
        Document::TransactionInfo(terms) => terms::write(letter, terms),
        Document::Confirmation(confirmation) => request::write_confirmation(letter, confirmation),
        Document::Cancellation(cancellation) => request::write_cancellation(letter, cancellation),
        Document::Stop(stop) => request::write_stop(letter, stop),
        Document::AuthorizationRequest(request) => authorization::write_request(letter, request),
        Document::AuthorizationResult(result) => authorization::write_result(letter, result),
        Document::PaymentInstruction(instruction) => instruction::write_payment(letter, instruction),
        Document::DeliveryInstruction(instruction) => instruction::write_delivery(letter, instruction),
        Document::OrderStatus(status) => status_order::write(letter, status),
        Document::PaymentStatus(status) => status_payment::write(letter, status),
        Document::DeliveryStatus(status) => status_delivery::write(letter, status),
        Document::StatusRequest(request) => request::write_status_request(letter, request),
        Document::ReturnRequest(request) => returns::write_request(letter, request),
        Document::ReturnAnswer(answer) => returns::write_answer(letter, answer),
        Document::RefundInstruction(instruction) => returns::write_refund(letter, instruction),
        Document::CatalogRequest(request) => catalog::write_request(letter, request),
        Document::Catalog(catalog) => catalog::write_catalog(letter, catalog),
        Document::Refusal(refusal) => answers::write_refusal(letter, refusal),
        Document::Receipt(_) => Vec::new(),
    });
    node::graph(nodes)
}

/// Reads the machine part of a letter whose protected header is `head`.
pub(super) fn read<'a>(graph: &'a Graph<'a>, head: Head) -> Result<Letter> {
    let (envelope, kind) = envelope::open(graph)?;
    let document = match kind {
        Kind::Order => Document::Order(order::read(graph, &envelope)?),
        Kind::OrderRejection => Document::OrderRejection(answers::read_rejection(graph)?),
        Kind::TransactionInfo => Document::TransactionInfo(terms::read(graph, &envelope)?),
        Kind::Confirmation => Document::Confirmation(request::read_confirmation(graph)?),
        Kind::Cancellation => Document::Cancellation(request::read_cancellation(graph)?),
        Kind::Stop => Document::Stop(request::read_stop(graph)?),
        Kind::AuthorizationRequest => Document::AuthorizationRequest(authorization::read_request(graph, &envelope)?),
        Kind::AuthorizationResult => Document::AuthorizationResult(authorization::read_result(graph)?),
        Kind::PaymentInstruction => Document::PaymentInstruction(instruction::read_payment(graph, &envelope)?),
        Kind::DeliveryInstruction => Document::DeliveryInstruction(instruction::read_delivery(graph, &envelope)?),
        Kind::OrderStatus => Document::OrderStatus(status_order::read(graph)?),
        Kind::PaymentStatus => Document::PaymentStatus(status_payment::read(graph, &envelope)?),
        Kind::DeliveryStatus => Document::DeliveryStatus(status_delivery::read(graph)?),
        Kind::StatusRequest => Document::StatusRequest(request::read_status_request(graph, &envelope)?),
        Kind::ReturnRequest => Document::ReturnRequest(returns::read_request(graph)?),
        Kind::ReturnAnswer => Document::ReturnAnswer(returns::read_answer(graph)?),
        Kind::RefundInstruction => Document::RefundInstruction(returns::read_refund(graph)?),
        Kind::CatalogRequest => Document::CatalogRequest(catalog::read_request(graph)?),
        Kind::Catalog => Document::Catalog(catalog::read_catalog(graph, &envelope)?),
        Kind::Refusal => Document::Refusal(answers::read_refusal(graph)?),
        Kind::Receipt => Document::Receipt(answers::read_receipt(&envelope)?),
    };
    envelope::read(&envelope, head, document)
}

/// Begins the node of the order a letter is about: its number and its seller.
fn order_of(letter: &Letter) -> Made {
    about(letter, typed("Order"))
}

/// Adds number and seller of the order a letter is about.
fn about(letter: &Letter, order: Made) -> Made {
    order.maybe("orderNumber", letter.transaction.as_ref()).put("seller", shop_of(letter))
}

/// Returns the node of the shop; null where the letter names none.
fn shop_of(letter: &Letter) -> Value {
    letter.shop.as_ref().map_or(Value::Null, party::firm)
}

/// Begins the node of the invoice a letter is about.
fn invoice_of(letter: &Letter) -> Made {
    named("#invoice", "Invoice")
        .maybe("accountId", letter.transaction.as_ref())
        .put("referencesOrder", order_of(letter).end())
}

/// Returns the node of the buyer where the recipient must be the buyer: it is not the shop. Null otherwise.
fn recipient_buyer(letter: &Letter) -> Value {
    if letter.shop.as_ref() == Some(&letter.to.address) { Value::Null } else { party::person(&letter.to.address) }
}
