//! `confirmation`, `cancellation`, `stop` and `status-request`: what somebody asks or agrees to, as one action.

use serde_json::Value;

use super::item::{need_amount, write_amount};
use super::made::typed;
use super::node::{Graph, Node, Result, bad};
use super::party::{firm, person};
use super::{invoice_of, order_of};
use crate::trade::document::{Cancellation, Confirmation, StatusRequest, Stop};
use crate::trade::{Leg, Letter};

/// Writes the OK: what is accepted is `mo:terms`, the total is there to be read.
pub(super) fn write_confirmation(letter: &Letter, confirmation: &Confirmation) -> Vec<Value> {
    let invoice = typed("Invoice").put("totalPaymentDue", write_amount(&confirmation.total)).end();
    let order = order_of(letter).put("partOfInvoice", invoice).end();
    vec![typed("AcceptAction").put("agent", person(&letter.from.address)).put("object", order).end()]
}

/// Reads the OK.
pub(super) fn read_confirmation<'a>(graph: &'a Graph<'a>) -> Result<Confirmation> {
    let order = graph.only("AcceptAction")?.of_type("object", "Order")?;
    Ok(Confirmation { total: need_amount(&order.need_node("partOfInvoice")?, "totalPaymentDue")? })
}

/// Writes the buyer's wish that the transaction shall not be.
pub(super) fn write_cancellation(letter: &Letter, cancellation: &Cancellation) -> Vec<Value> {
    let action = typed("CancelAction").put("agent", person(&letter.from.address)).put("object", order_of(letter).end());
    vec![action.prose("description", cancellation.reason.as_deref()).end()]
}

/// Reads the buyer's wish that the transaction shall not be.
pub(super) fn read_cancellation<'a>(graph: &'a Graph<'a>) -> Result<Cancellation> {
    let action = graph.only("CancelAction")?;
    action.of_type("object", "Order")?;
    Ok(Cancellation { reason: action.prose("description")? })
}

/// Writes what stands for a leg: the order, its invoice or its delivery.
fn write_leg(letter: &Letter, leg: Leg) -> Value {
    match leg {
        Leg::Order => order_of(letter).end(),
        Leg::Payment => invoice_of(letter).end(),
        Leg::Delivery => typed("ParcelDelivery").put("partOfOrder", order_of(letter).end()).end(),
    }
}

/// Reads which leg an action is about.
fn read_leg(action: &Node) -> Result<Leg> {
    match action.need_node("object")?.name() {
        "Order" => Ok(Leg::Order),
        "Invoice" => Ok(Leg::Payment),
        "ParcelDelivery" => Ok(Leg::Delivery),
        _ => Err(action.wrong("object", "not an Order, Invoice or ParcelDelivery")),
    }
}

/// Writes the shop's word to stop what was instructed.
pub(super) fn write_stop(letter: &Letter, stop: &Stop) -> Vec<Value> {
    vec![
        typed("CancelAction").put("agent", firm(&letter.from.address)).put("object", write_leg(letter, stop.leg)).end(),
    ]
}

/// Reads the shop's word to stop what was instructed: a payment or a delivery.
pub(super) fn read_stop<'a>(graph: &'a Graph<'a>) -> Result<Stop> {
    match read_leg(&graph.only("CancelAction")?)? {
        Leg::Order => Err(bad("only a payment or a delivery can be stopped")),
        leg => Ok(Stop { leg }),
    }
}

/// Writes the question how a leg stands.
pub(super) fn write_status_request(letter: &Letter, request: &StatusRequest) -> Vec<Value> {
    let action = typed("CheckAction").put("agent", typed("Person").text("email", &letter.from.address).end());
    vec![action.put("object", write_leg(letter, request.leg)).end()]
}

/// Reads the question how a leg stands; `TrackAction`, which fits parcels only, is taken too.
pub(super) fn read_status_request<'a>(graph: &'a Graph<'a>, envelope: &Node) -> Result<StatusRequest> {
    let track = graph.all("TrackAction").next().is_some() && graph.all("CheckAction").next().is_none();
    let action = graph.only(if track { "TrackAction" } else { "CheckAction" })?;
    let have = envelope.count("mo:have")?.ok_or_else(|| envelope.wrong("mo:have", "missing"))?;
    Ok(StatusRequest { leg: read_leg(&action)?, have })
}
