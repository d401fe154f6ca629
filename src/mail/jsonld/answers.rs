//! `order-rejection`, `refusal` and `receipt`: what is not done, and what was recorded.

use serde_json::Value;

use super::made::typed;
use super::node::{Graph, Node, Result};
use super::order_of;
use super::party::firm;
use super::step::{read_line_reason, read_reason, write_error, write_line_reason, write_reason};
use crate::trade::Letter;
use crate::trade::document::{Receipt, Received, Refusal, Rejection};

/// Most letters one receipt names.
const MOST_RECEIVED: usize = 500;

/// Writes that an order is not taken; the codes are Peppol's or the shop's.
pub(super) fn write_rejection(letter: &Letter, rejection: &Rejection) -> Vec<Value> {
    let lines = rejection.lines.iter().map(write_line_reason).collect();
    let order = order_of(letter).term("orderStatus", "OrderProblem").list("orderedItem", lines).end();
    let reasons = rejection.reasons.iter().map(write_reason).collect();
    let action = typed("RejectAction").put("agent", firm(&letter.from.address)).put("object", order);
    vec![action.some("error", reasons).end()]
}

/// Reads that an order is not taken, and why: at least one reason, for the whole or for a line.
pub(super) fn read_rejection<'a>(graph: &'a Graph<'a>) -> Result<Rejection> {
    let action = graph.only("RejectAction")?;
    let order = action.of_type("object", "Order")?;
    let reasons: Vec<_> = action.nodes("error")?.iter().map(read_reason).collect::<Result<_>>()?;
    let lines: Vec<_> = order.nodes("orderedItem")?.iter().map(read_line_reason).collect::<Result<_>>()?;
    if reasons.is_empty() && lines.is_empty() {
        Err(action.wrong("error", "missing"))
    } else {
        Ok(Rejection { reasons, lines })
    }
}

/// Writes that what a letter asked for is not done.
pub(super) fn write_refusal(letter: &Letter, refusal: &Refusal) -> Vec<Value> {
    let mail = typed("EmailMessage").maybe("identifier", letter.answers).end();
    vec![typed("RejectAction").put("object", mail).put("error", write_error(&refusal.reason)).end()]
}

/// Reads that what a letter asked for is not done.
pub(super) fn read_refusal<'a>(graph: &'a Graph<'a>) -> Result<Refusal> {
    let action = graph.only("RejectAction")?;
    action.of_type("object", "EmailMessage")?;
    Ok(Refusal { reason: read_reason(&action.need_node("error")?)? })
}

/// Writes `mo:received`.
pub(super) fn write_received(received: &[Received]) -> Vec<Value> {
    let write = |one: &Received| {
        typed("mo:Received")
            .text("mo:content", one.content)
            .maybe("mo:shop", one.shop.as_ref())
            .maybe("mo:transaction", one.transaction.as_ref())
            .put("mo:seq", one.seq.map_or(Value::Null, Value::from))
            .maybe("mo:head", one.head)
            .end()
    };
    received.iter().map(write).collect()
}

/// Reads `mo:received`.
pub(super) fn read_receipt(envelope: &Node) -> Result<Receipt> {
    let read = |node: &Node| {
        Ok(Received {
            content: node.need("mo:content")?,
            shop: node.read("mo:shop")?,
            transaction: node.read("mo:transaction")?,
            seq: node.count("mo:seq")?,
            head: node.read("mo:head")?,
        })
    };
    let nodes = envelope.nodes("mo:received")?;
    if nodes.len() > MOST_RECEIVED {
        return Err(envelope.wrong("mo:received", format!("more than {MOST_RECEIVED} letters")));
    }
    Ok(Receipt { received: nodes.iter().map(read).collect::<Result<_>>()? })
}
