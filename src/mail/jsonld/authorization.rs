//! `authorization-request` and `authorization-result`: may this sum be paid in this way?

use serde_json::Value;

use super::invoice_of;
use super::item::{need_amount, read_payment_method, write_amount, write_payment_method};
use super::made::{Made, typed};
use super::node::{Graph, Node, Result};
use super::order::read_sealed;
use super::party::{firm, read_agents, read_person, write_person};
use super::shop_of;
use super::step::{read_step, write_error, write_step};
use crate::trade::document::{AuthorizationRequest, AuthorizationResult};
use crate::trade::status::Step;
use crate::trade::{Address, Letter};

fn action(letter: &Letter, agent: &Address, invoice: Value) -> Made {
    typed("AuthorizeAction").put("agent", shop_of(letter)).put("recipient", firm(agent)).put("object", invoice)
}

/// Writes the question; the payment data stay sealed in the envelope.
pub(super) fn write_request(letter: &Letter, request: &AuthorizationRequest) -> Vec<Value> {
    let invoice = invoice_of(letter)
        .put("customer", write_person(&request.buyer))
        .put("totalPaymentDue", write_amount(&request.total))
        .put("paymentMethod", write_payment_method(&request.payment_method))
        .maybe("paymentMethodId", request.payment_id.as_ref())
        .end();
    vec![action(letter, &letter.to.address, invoice).term("actionStatus", "PotentialActionStatus").end()]
}

/// Reads the question.
pub(super) fn read_request<'a>(graph: &'a Graph<'a>, envelope: &Node) -> Result<AuthorizationRequest> {
    let invoice = graph.only("AuthorizeAction")?.of_type("object", "Invoice")?;
    Ok(AuthorizationRequest {
        buyer: read_person(&invoice.need_node("customer")?)?,
        total: need_amount(&invoice, "totalPaymentDue")?,
        payment_method: read_payment_method(&invoice, "paymentMethod")?,
        payment_id: invoice.string("paymentMethodId")?,
        sealed: read_sealed(envelope)?,
        agents: read_agents(envelope)?,
    })
}

/// Writes the answer.
pub(super) fn write_result(letter: &Letter, result: &AuthorizationResult) -> Vec<Value> {
    let invoice = invoice_of(letter).put("totalPaymentDue", write_amount(&result.total)).end();
    let action = write_step(action(letter, &letter.from.address, invoice), &result.step, letter.date.offset());
    let action = match &result.step {
        Step::Failed { reason, .. } => action.put("error", write_error(reason)),
        _ => action,
    };
    vec![action.end()]
}

/// Reads the answer.
pub(super) fn read_result<'a>(graph: &'a Graph<'a>) -> Result<AuthorizationResult> {
    let action = graph.only("AuthorizeAction")?;
    let invoice = action.of_type("object", "Invoice")?;
    Ok(AuthorizationResult { total: need_amount(&invoice, "totalPaymentDue")?, step: read_step(&action)? })
}
