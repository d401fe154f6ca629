//! `payment-instruction` and `delivery-instruction`: the shop's orders to its agents, with the delegation.

use serde_json::Value;

use super::about;
use super::item::{
    read_amount, read_delivery_method, read_payment_method, write_amount, write_delivery_method, write_payment_method,
};
use super::made::{named, reference, typed};
use super::node::{Graph, Node, Result};
use super::party::{firm, person, read_agents, read_person, read_place_of, write_agent_of, write_person, write_place};
use super::status_delivery::{parcel_id, read_parcel, write_items, write_receive};
use super::{invoice_of, order_of, shop_of, shown};
use crate::trade::document::{DeliveryInstruction, PaymentInstruction};
use crate::trade::{Letter, Role};

/// Writes: collect this sum.
pub(super) fn write_payment(letter: &Letter, instruction: &PaymentInstruction) -> Vec<Value> {
    let order = shown::write(order_of(letter).maybe("orderDate", instruction.terms_date), &instruction.shown);
    let invoice = invoice_of(letter)
        .put("referencesOrder", shown::write_where(order, &instruction.shown).end())
        .put("customer", write_person(&instruction.buyer))
        .put("paymentMethod", write_payment_method(&instruction.payment_method))
        .maybe("paymentMethodId", instruction.payment_id.as_ref())
        .maybe("paymentDueDate", instruction.due)
        .end();
    let action = typed("PayAction")
        .put("agent", person(&instruction.buyer.email))
        .put("recipient", shop_of(letter))
        .put("object", invoice)
        .price(&instruction.amount)
        .term("actionStatus", "PotentialActionStatus");
    vec![action.end()]
}

/// Reads: collect this sum.
pub(super) fn read_payment<'a>(graph: &'a Graph<'a>, envelope: &Node) -> Result<PaymentInstruction> {
    let action = graph.only("PayAction")?;
    let invoice = action.of_type("object", "Invoice")?;
    let order = invoice.node("referencesOrder")?;
    let shown =
        order.map(|order| shown::read(&order).and_then(|shown| shown::read_where(&order, shown))).transpose()?;
    Ok(PaymentInstruction {
        buyer: read_person(&invoice.need_node("customer")?)?,
        amount: action.price()?,
        payment_method: read_payment_method(&invoice, "paymentMethod")?,
        payment_id: invoice.string("paymentMethodId")?,
        due: invoice.read("paymentDueDate")?,
        terms_date: order.map(|order| order.read("orderDate")).transpose()?.flatten(),
        shown: shown.unwrap_or_default(),
        agents: read_agents(envelope)?,
    })
}

/// Writes: bring these goods. Without a parcel yet, one delivery without number stands for the whole.
pub(super) fn write_delivery(letter: &Letter, instruction: &DeliveryInstruction) -> Vec<Value> {
    let count = instruction.parcels.len();
    let ids: Vec<String> = (0..count.max(1)).map(parcel_id).collect();
    let mut items = Vec::new();
    for (parcel, id) in instruction.parcels.iter().zip(&ids) {
        items.extend(write_items(parcel, id));
    }
    let references = || ids.iter().map(|id| reference(id)).collect::<Vec<_>>();
    let collect = instruction
        .collect
        .as_ref()
        .map_or(Value::Null, |money| named("#invoice", "Invoice").put("totalPaymentDue", write_amount(money)).end());
    let order = about(letter, named("#order", "Order"))
        .maybe("orderDate", instruction.terms_date)
        .put("customer", write_person(&instruction.buyer))
        .put("partOfInvoice", collect)
        .list("orderedItem", items)
        .some("orderDelivery", references());
    let mut nodes = vec![shown::write(order, &instruction.shown).end()];
    for (place, id) in ids.iter().enumerate() {
        let made = named(id, "ParcelDelivery");
        let made = match instruction.parcels.get(place) {
            Some(parcel) => super::status_delivery::write_parcel(made, parcel),
            None => made,
        };
        let made = write_agent_of(
            made.put("partOfOrder", reference("#order")),
            Role::Delivery,
            &instruction.agents,
            ["provider", "carrier"],
        );
        let made = write_delivery_method(made, "hasDeliveryMethod", &instruction.delivery_method);
        nodes.push(made.put("deliveryAddress", write_place(instruction.deliver_to.as_ref())).end());
    }
    for (parcel, id) in instruction.parcels.iter().zip(&ids) {
        nodes.push(write_receive(letter, person(&instruction.buyer.email), parcel, id));
    }
    let proof = typed("AuthorizeAction")
        .put("agent", shop_of(letter))
        .put("recipient", firm(&letter.to.address))
        .some("object", references());
    nodes.push(proof.end());
    nodes
}

/// Reads: bring these goods.
pub(super) fn read_delivery<'a>(graph: &'a Graph<'a>, envelope: &Node) -> Result<DeliveryInstruction> {
    let order = graph.only("Order")?;
    let all: Vec<Node> = graph.all("ParcelDelivery").collect();
    let first = all.first().ok_or_else(|| order.wrong("orderDelivery", "no ParcelDelivery"))?;
    let objects = graph.only("AuthorizeAction")?.nodes("object")?;
    let method = read_delivery_method(first, "hasDeliveryMethod")?;
    let deliver_to = read_place_of(first, "deliveryAddress")?;
    let mut parcels = Vec::new();
    for node in &all {
        if !objects.iter().any(|object| object.same(node)) {
            return Err(node.wrong("@id", "not among what AuthorizeAction hands over"));
        }
        if read_delivery_method(node, "hasDeliveryMethod")? != method
            || read_place_of(node, "deliveryAddress")? != deliver_to
        {
            return Err(node.wrong("deliveryAddress", "place and method must be the same for all parcels"));
        }
        if all.len() > 1 || node.raw("identifier").is_some() {
            parcels.push(read_parcel(graph, node)?);
        }
    }
    let invoice = order.node("partOfInvoice")?;
    let collect = invoice.map(|invoice| invoice.need_node("totalPaymentDue")).transpose()?;
    Ok(DeliveryInstruction {
        buyer: read_person(&order.need_node("customer")?)?,
        deliver_to,
        delivery_method: method.ok_or_else(|| first.wrong("hasDeliveryMethod", "missing"))?,
        parcels,
        collect: collect.map(|amount| read_amount(&amount)).transpose()?,
        terms_date: order.read("orderDate")?,
        shown: shown::read(&order)?,
        agents: read_agents(envelope)?,
    })
}
