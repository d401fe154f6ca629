//! `payment-status`: the `Invoice` with what remains, one `PayAction` per instalment or refund.

use serde_json::Value;

use super::item::{need_amount, write_amount};
use super::made::{reference, term, typed};
use super::node::{Graph, Node, Result};
use super::party::firm;
use super::step::{read_step, write_step};
use super::{invoice_of, recipient_buyer, shop_of};
use crate::trade::status::{Payment, PaymentState, PaymentStatus};
use crate::trade::{Address, Letter, StatusReason};

/// Our states and schema.org's PaymentStatusType; of two names for one state the first is written.
const STATES: [(PaymentState, &str); 5] = [
    (PaymentState::Due, "PaymentDue"),
    (PaymentState::PastDue, "PaymentPastDue"),
    (PaymentState::Complete, "PaymentComplete"),
    (PaymentState::Complete, "PaymentAutomaticallyApplied"),
    (PaymentState::Declined, "PaymentDeclined"),
];

/// Writes how the payment stands. That a part is paid schema.org has no state for, and Peppol a code; a reader has it from
/// the payments, so the code is not read.
pub(super) fn write(letter: &Letter, status: &PaymentStatus) -> Vec<Value> {
    let state = STATES.iter().find(|(state, _)| *state == status.state).map_or("PaymentDue", |(_, name)| name);
    let invoice = invoice_of(letter)
        .put("broker", firm(&letter.from.address))
        .put("customer", recipient_buyer(letter))
        .text("paymentStatus", term(state))
        .maybe("mo:reason", status.is_partly_paid().then_some(StatusReason::PartlyPaid.code()))
        .maybe("confirmationNumber", status.confirmation.as_ref())
        .put("totalPaymentDue", write_amount(&status.remaining))
        .maybe("paymentDueDate", status.due)
        .maybe("scheduledPaymentDate", status.scheduled)
        .maybe("paymentMethodId", status.payment_id.as_ref())
        .end();
    let mut nodes = vec![invoice];
    nodes.extend(status.payments.iter().map(|payment| write_payment(letter, payment)));
    nodes
}

/// A refund has agent and recipient exchanged.
fn write_payment(letter: &Letter, payment: &Payment) -> Value {
    let (from, to) = if payment.refund { ("recipient", "agent") } else { ("agent", "recipient") };
    let action = typed("PayAction")
        .text("identifier", &payment.id)
        .put(from, recipient_buyer(letter))
        .put(to, shop_of(letter))
        .put("object", reference("#invoice"))
        .price(&payment.amount);
    write_step(action, &payment.step, letter.date.offset()).end()
}

/// Reads how the payment stands.
pub(super) fn read<'a>(graph: &'a Graph<'a>, envelope: &Node) -> Result<PaymentStatus> {
    let invoice = graph.only("Invoice")?;
    let shop: Address = envelope.need("mo:shop")?;
    let name = invoice.term("paymentStatus")?.unwrap_or_default();
    let state = STATES.iter().find(|(_, term)| *term == name).map(|(state, _)| *state);
    let payments =
        graph.all("PayAction").map(|action| read_payment(&action, &invoice, &shop)).collect::<Result<_>>()?;
    Ok(PaymentStatus {
        state: state.ok_or_else(|| invoice.wrong("paymentStatus", format!("{name:?} is no status of a payment")))?,
        remaining: need_amount(&invoice, "totalPaymentDue")?,
        due: invoice.read("paymentDueDate")?,
        scheduled: invoice.read("scheduledPaymentDate")?,
        confirmation: invoice.string("confirmationNumber")?,
        payment_id: invoice.string("paymentMethodId")?,
        payments,
    })
}

fn read_payment(action: &Node, invoice: &Node, shop: &Address) -> Result<Payment> {
    if !action.need_node("object")?.same(invoice) {
        return Err(action.wrong("object", "not the invoice"));
    }
    let is_shop = |key: &str| -> Result<bool> {
        let email = action.node(key)?.map(|node| node.read::<Address>("email")).transpose()?.flatten();
        Ok(email.as_ref() == Some(shop))
    };
    let refund = match (is_shop("agent")?, is_shop("recipient")?) {
        (false, true) => false,
        (true, false) => true,
        _ => return Err(action.wrong("recipient", "the shop must be the one who pays or the one who is paid")),
    };
    let amount = action.price()?;
    if amount.is_zero() || amount.is_negative() {
        return Err(action.wrong("price", "not above zero"));
    }
    Ok(Payment { id: action.need_text("identifier")?.to_owned(), amount, refund, step: read_step(action)? })
}
