//! `return-request`, `return-answer` and `refund-instruction`: goods and money going back.

use serde_json::Value;

use super::item::{read_amount, read_parts, write_amount, write_parts};
use super::made::typed;
use super::node::{Graph, Result};
use super::party::person;
use super::step::{read_step, write_step};
use super::{invoice_of, order_of, recipient_buyer, shop_of};
use crate::trade::Letter;
use crate::trade::document::{RefundInstruction, ReturnAnswer, ReturnRequest};
use crate::trade::status::Reason;

/// Writes the wish to give back; the code is one of Peppol's OPStatusReason.
pub(super) fn write_request(letter: &Letter, request: &ReturnRequest) -> Vec<Value> {
    let order = order_of(letter).list("orderedItem", write_parts(&request.lines, None)).end();
    let action = typed("ReturnAction")
        .put("agent", person(&letter.from.address))
        .put("recipient", shop_of(letter))
        .put("object", order)
        .text("mo:reason", &request.reason.code)
        .prose("description", Some(&request.reason.text));
    vec![action.end()]
}

/// Reads the wish to give back.
pub(super) fn read_request<'a>(graph: &'a Graph<'a>) -> Result<ReturnRequest> {
    let action = graph.only("ReturnAction")?;
    let order = action.of_type("object", "Order")?;
    let code = action.need_text("mo:reason")?.to_owned();
    let lines = read_parts(&order.nodes("orderedItem")?)?;
    if lines.is_empty() {
        return Err(order.wrong("orderedItem", "a return names what is given back"));
    }
    Ok(ReturnRequest { lines, reason: Reason { code, text: action.prose("description")?.unwrap_or_default() } })
}

/// Writes what becomes of a return; the result is the money given back.
pub(super) fn write_answer(letter: &Letter, answer: &ReturnAnswer) -> Vec<Value> {
    let order = order_of(letter)
        .term("orderStatus", "OrderReturned")
        .list("orderedItem", write_parts(&answer.lines, None))
        .end();
    let action = typed("ReturnAction")
        .put("agent", recipient_buyer(letter))
        .put("recipient", shop_of(letter))
        .put("object", order)
        .put("result", answer.refund.as_ref().map_or(Value::Null, write_amount));
    vec![write_step(action, &answer.step, letter.date.offset()).end()]
}

/// Reads what becomes of a return.
pub(super) fn read_answer<'a>(graph: &'a Graph<'a>) -> Result<ReturnAnswer> {
    let action = graph.only("ReturnAction")?;
    let order = action.of_type("object", "Order")?;
    Ok(ReturnAnswer {
        lines: read_parts(&order.nodes("orderedItem")?)?,
        step: read_step(&action)?,
        refund: action.node("result")?.map(|amount| read_amount(&amount)).transpose()?,
    })
}

/// Writes: give this sum back. The shop pays; the buyer is known from the payment instruction.
pub(super) fn write_refund(letter: &Letter, instruction: &RefundInstruction) -> Vec<Value> {
    let action = typed("PayAction")
        .put("agent", shop_of(letter))
        .put("object", invoice_of(letter).end())
        .price(&instruction.amount)
        .term("actionStatus", "PotentialActionStatus")
        .prose("description", Some(&instruction.reason));
    vec![action.end()]
}

/// Reads: give this sum back.
pub(super) fn read_refund<'a>(graph: &'a Graph<'a>) -> Result<RefundInstruction> {
    let action = graph.only("PayAction")?;
    action.of_type("object", "Invoice")?;
    Ok(RefundInstruction { amount: action.price()?, reason: action.prose("description")?.unwrap_or_default() })
}
