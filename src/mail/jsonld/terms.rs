//! `transaction-info`: the terms, as `Order`, `Invoice` and `ParcelDelivery`.

use serde_json::Value;

use super::item::{
    check_ordered, need_amount, read_delivery_method, read_offers, read_payment_method, read_taxes, write_amount,
    write_delivery_method, write_offers, write_ordered, write_payment_method, write_taxes,
};
use super::made::{named, reference};
use super::node::{Graph, Node, Result, bad};
use super::party::{
    firm_id, person, read_agents, read_person, read_place_of, write_agent_of, write_person, write_place,
};
use super::step::write_line_reason;
use crate::trade::{Letter, Role, Terms};

/// Writes the terms.
pub(super) fn write(letter: &Letter, terms: &Terms) -> Vec<Value> {
    let invoice = named("#invoice", "Invoice")
        .put("referencesOrder", reference("#order"))
        .maybe("accountId", letter.transaction.as_ref())
        .put("customer", person(&terms.buyer.email));
    let invoice = write_agent_of(invoice, Role::Payment, &terms.agents, ["broker", ""])
        .put("totalPaymentDue", write_amount(&terms.total))
        .maybe("paymentDueDate", terms.payment_due)
        .term("paymentStatus", "PaymentDue")
        .list("mo:tax", write_taxes(&terms.taxes))
        .end();
    let parcel = named("#parcel", "ParcelDelivery").put("partOfOrder", reference("#order"));
    let parcel = write_agent_of(parcel, Role::Delivery, &terms.agents, ["provider", "carrier"]);
    let parcel = write_delivery_method(parcel, "hasDeliveryMethod", &terms.delivery_method)
        .put("deliveryAddress", write_place(terms.deliver_to.as_ref()))
        .maybe("expectedArrivalFrom", terms.arrival_from)
        .maybe("expectedArrivalUntil", terms.arrival_until)
        .end();
    vec![write_order(letter, terms), invoice, parcel]
}

fn write_order(letter: &Letter, terms: &Terms) -> Value {
    let id = letter.shop.as_ref().map(firm_id).unwrap_or_default();
    let seller = named(&id, "Organization")
        .text("name", &terms.seller)
        .maybe("email", letter.shop.as_ref())
        .maybe("vatID", terms.vat_id.as_ref())
        .end();
    let mut items = write_ordered(&terms.lines);
    items.extend(terms.short.iter().map(write_line_reason));
    named("#order", "Order")
        .maybe("orderNumber", letter.transaction.as_ref())
        .text("orderDate", terms.date)
        .term("orderStatus", "OrderProcessing")
        .put("seller", seller)
        .put("merchant", reference(&id))
        .put("customer", write_person(&terms.buyer))
        .list("acceptedOffer", write_offers(&terms.lines, &terms.charges, terms.valid_through))
        .list("orderedItem", items)
        .prose("mo:conditions", terms.conditions.as_deref())
        .put("paymentMethod", write_payment_method(&terms.payment_method))
        .maybe("paymentMethodId", terms.payment_id.as_ref())
        .put("billingAddress", write_place(terms.billing.as_ref()))
        .put("partOfInvoice", reference("#invoice"))
        .put("orderDelivery", reference("#parcel"))
        .end()
}

/// Reads the terms: three agents, each role once.
pub(super) fn read<'a>(graph: &'a Graph<'a>, envelope: &Node) -> Result<Terms> {
    let order = graph.only("Order")?;
    let invoice = order.of_type("partOfInvoice", "Invoice")?;
    let parcel = order.of_type("orderDelivery", "ParcelDelivery")?;
    if !graph.only("Invoice")?.same(&invoice) || !graph.only("ParcelDelivery")?.same(&parcel) {
        return Err(bad("the terms have an invoice or a delivery beside those of the order"));
    }
    let seller = order.need_node("seller")?;
    let offers = read_offers(&order)?;
    let short = check_ordered(&order, &offers.lines)?;
    let delivery_method = read_delivery_method(&parcel, "hasDeliveryMethod")?;
    let terms = Terms {
        date: order.need("orderDate")?,
        seller: seller.need_text("name")?.to_owned(),
        vat_id: seller.string("vatID")?,
        buyer: read_person(&order.need_node("customer")?)?,
        lines: offers.lines,
        short,
        charges: offers.charges,
        taxes: read_taxes(&invoice)?,
        total: need_amount(&invoice, "totalPaymentDue")?,
        payment_method: read_payment_method(&order, "paymentMethod")?,
        payment_id: order.string("paymentMethodId")?,
        payment_due: invoice.read("paymentDueDate")?,
        delivery_method: delivery_method.ok_or_else(|| parcel.wrong("hasDeliveryMethod", "missing"))?,
        deliver_to: read_place_of(&parcel, "deliveryAddress")?,
        billing: read_place_of(&order, "billingAddress")?,
        arrival_from: parcel.read("expectedArrivalFrom")?,
        arrival_until: parcel.read("expectedArrivalUntil")?,
        valid_through: offers.valid_through,
        conditions: order.prose("mo:conditions")?,
        agents: read_agents(envelope)?,
    };
    if terms.agents_are_complete() {
        Ok(terms)
    } else {
        Err(envelope.wrong("mo:agents", "order, payment and delivery must each stand there once, and nobody else"))
    }
}
