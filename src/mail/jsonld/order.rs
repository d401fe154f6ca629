//! `order`: a wish, and so an `OrderAction`; an `Order` is by definition a confirmation.

use serde_json::Value;

use super::item::{
    check_ordered, read_delivery_method, read_offers, read_payment_method, write_delivery_method, write_offers,
    write_ordered, write_payment_method,
};
use super::made::{Made, typed};
use super::node::{Graph, Node, Result};
use super::order_of;
use super::party::{is_base64, read_person, read_place_of, write_person, write_place};
use crate::trade::{Letter, Order, Sealed};

/// Adds what an order has in its envelope: payment data for the payment agent alone, and the order it repeats.
pub(super) fn write_envelope(made: Made, order: &Order) -> Made {
    made.prose("mo:sealed", order.sealed.as_ref().map(|s| s.0.as_str()))
        .maybe("mo:reorderOf", order.reorder_of.as_ref())
}

/// Writes the wish.
pub(super) fn write(letter: &Letter, order: &Order) -> Vec<Value> {
    let delivery = write_delivery_method(typed("ParcelDelivery"), "hasDeliveryMethod", &order.delivery_method)
        .put("deliveryAddress", write_place(order.deliver_to.as_ref()))
        .end();
    let wished = order_of(letter)
        .list("acceptedOffer", write_offers(&order.lines, &order.charges, None))
        .list("orderedItem", write_ordered(&order.lines))
        .put("paymentMethod", write_payment_method(&order.payment_method))
        .maybe("paymentMethodId", order.payment_id.as_ref())
        .put("billingAddress", write_place(order.billing.as_ref()))
        .put("orderDelivery", delivery)
        .end();
    let action = typed("OrderAction").put("agent", write_person(&order.buyer)).put("object", wished);
    let action = write_delivery_method(action, "deliveryMethod", &order.delivery_method)
        .price(&order.total)
        .term("actionStatus", "ActiveActionStatus")
        .prose("description", order.remarks.as_deref());
    vec![action.end()]
}

/// Reads the wish.
pub(super) fn read<'a>(graph: &'a Graph<'a>, envelope: &Node) -> Result<Order> {
    let action = graph.only("OrderAction")?;
    let wished = action.of_type("object", "Order")?;
    let delivery = wished.need_node("orderDelivery")?;
    let offers = read_offers(&wished)?;
    check_ordered(&wished, &offers.lines)?;
    let delivery_method = read_delivery_method(&delivery, "hasDeliveryMethod")?;
    let delivery_method = delivery_method.ok_or_else(|| delivery.wrong("hasDeliveryMethod", "missing"))?;
    if read_delivery_method(&action, "deliveryMethod")?.is_some_and(|method| method != delivery_method) {
        return Err(action.wrong("deliveryMethod", "not the one of orderDelivery"));
    }
    Ok(Order {
        buyer: read_person(&action.need_node("agent")?)?,
        lines: offers.lines,
        charges: offers.charges,
        total: action.price()?,
        payment_method: read_payment_method(&wished, "paymentMethod")?,
        payment_id: wished.string("paymentMethodId")?,
        sealed: read_sealed(envelope)?,
        delivery_method,
        deliver_to: read_place_of(&delivery, "deliveryAddress")?,
        billing: read_place_of(&wished, "billingAddress")?,
        reorder_of: envelope.read("mo:reorderOf")?,
        remarks: action.prose("description")?,
    })
}

/// Reads `mo:sealed`; what is in it only the payment agent can know.
pub(super) fn read_sealed(envelope: &Node) -> Result<Option<Sealed>> {
    match envelope.prose("mo:sealed")? {
        Some(text) if !is_base64(&text) => Err(envelope.wrong("mo:sealed", "not base64")),
        text => Ok(text.map(Sealed)),
    }
}
