//! JSON Lines: a document for each transaction, with what was agreed and what was paid. Its schema is
//! `templates/schema/transaction.json`.

use serde_json::{Value, json};

use super::Wanted;
use crate::index::{Listed, RowLeg};
use crate::rules::booking::payments;
use crate::rules::overdue::{Refund, refund};
use crate::rules::{Standing, State};
use crate::trade::item::{Charge, Line};
use crate::trade::status::Payment;
use crate::trade::{Leg, Money, Transaction, When};
use crate::view::harmless::escape_json;
use crate::view::orders::is_late;
use crate::view::text::{money_json, when_json};

/// Writes one transaction as a line.
pub(super) fn line(one: &Listed, known: &Transaction, wanted: &Wanted, out: &mut Vec<u8>) {
    let text = escape_json(&document(one, known, wanted).to_string());
    out.extend_from_slice(text.as_bytes());
    out.push(b'\n');
}

fn document(one: &Listed, known: &Transaction, wanted: &Wanted) -> Value {
    let (row, standing) = (&one.row, Standing::of(known));
    let leg = |leg: &RowLeg| json!({"done": leg.done, "date": when_json(leg.date.as_ref()), "failed": leg.failed});
    let money = |money: Option<&Money>| money.map(money_json);
    let agreed = known.terms().map(|(_, terms)| terms);
    let wished = known.order().map(|(_, order)| order);
    let lines = agreed.map(|terms| &terms.lines).or(wished.map(|order| &order.lines));
    let charges = agreed.map(|terms| &terms.charges).or(wished.map(|order| &order.charges));
    let pays = agreed.map(|terms| &terms.payment_method).or(wished.map(|order| &order.payment_method));
    let travels = agreed.map(|terms| &terms.delivery_method).or(wished.map(|order| &order.delivery_method));
    let agents = Leg::ALL.map(|leg| {
        let agent = agreed.and_then(|terms| terms.agent(leg)).map(|agent| &agent.party.address);
        (leg.word().to_owned(), json!(agent))
    });
    json!({
        "schema": "mailorder.transaction/1",
        "type": "transaction",
        "id": one.key.id,
        "role": row.role.word(),
        "number": row.number,
        "state": row.state,
        "date": when_json(row.date.as_ref()),
        "shop": row.shop,
        "shop_name": row.shop_name,
        "buyer": row.buyer,
        "lines": lines.into_iter().flatten().map(line_json).collect::<Vec<_>>(),
        "charges": charges.into_iter().flatten().map(charge_json).collect::<Vec<_>>(),
        "agreed": agreed.is_some() && !matches!(standing.state, State::Offered | State::Rejected),
        "total": money(row.total.as_ref()),
        "paid": money(standing.legs.paid.as_ref()),
        "unpaid": money(row.unpaid.as_ref()),
        "refunded": money(standing.legs.refunded.as_ref()),
        "refund_due": refund(known, &standing).as_ref().map(refund_json),
        "payments": payments(known, &standing).iter().map(payment_json).collect::<Vec<_>>(),
        "payment_method": pays,
        "delivery_method": travels,
        "agents": agents.into_iter().collect::<serde_json::Map<_, _>>(),
        "order": leg(&row.order),
        "payment": leg(&row.payment),
        "delivery": leg(&row.delivery),
        "due": when_json(row.due.as_ref()),
        "late": is_late(row, &wanted.now),
        "undelivered": row.undelivered,
        "warnings": row.warnings,
    })
}

fn line_json(line: &Line) -> Value {
    json!({
        "line": line.id, "sku": line.item.sku, "name": line.item.name, "quantity": line.quantity,
        "unit_price": money_json(&line.unit_price), "price": line.price().ok().as_ref().map(money_json),
    })
}

fn charge_json(charge: &Charge) -> Value {
    json!({"line": charge.id, "name": charge.name, "price": money_json(&charge.price)})
}

fn refund_json(refund: &Refund) -> Value {
    json!({
        "amount": refund.amount.plain(), "currency": refund.amount.currency().code(),
        "date": when_json(Some(&refund.promised)),
    })
}

fn payment_json(payment: &Payment) -> Value {
    let done = payment.step.done();
    let date = done.map(When::Moment).or(payment.step.planned());
    json!({
        "id": payment.id, "amount": money_json(&payment.amount), "refund": payment.refund, "done": done.is_some(),
        "failed": payment.step.failed(), "date": when_json(date.as_ref()),
    })
}
