//! `order-status`: one `Order`, its parcels as the shop hands them over, one `SendAction` for each.

use serde_json::Value;

use super::item::{read_parts_in, write_parts};
use super::made::{named, reference, term, typed};
use super::node::{Graph, Result, bad};
use super::status_delivery::{action_about, parcel_id};
use super::step::{read_step, write_step};
use super::{about, recipient_buyer, shop_of};
use crate::trade::Letter;
use crate::trade::status::{OrderState, OrderStatus, Shipment};

/// Our states and schema.org's OrderStatus, all of it.
const STATES: [(OrderState, &str); 8] = [
    (OrderState::Processing, "OrderProcessing"),
    (OrderState::PaymentDue, "OrderPaymentDue"),
    (OrderState::InTransit, "OrderInTransit"),
    (OrderState::PickupAvailable, "OrderPickupAvailable"),
    (OrderState::Delivered, "OrderDelivered"),
    (OrderState::Cancelled, "OrderCancelled"),
    (OrderState::Returned, "OrderReturned"),
    (OrderState::Problem, "OrderProblem"),
];

/// Writes how the order stands.
pub(super) fn write(letter: &Letter, status: &OrderStatus) -> Vec<Value> {
    let state = STATES.iter().find(|(state, _)| *state == status.state).map_or("OrderProblem", |(_, name)| name);
    let mut items = Vec::new();
    let mut parcels = Vec::new();
    let mut actions = Vec::new();
    for (place, shipment) in status.shipments.iter().enumerate() {
        let id = parcel_id(place);
        items.extend(write_parts(&shipment.lines, Some(&id)));
        parcels.push(write_parcel(shipment, &id));
        let action = typed("SendAction")
            .put("agent", shop_of(letter))
            .put("object", reference(&id))
            .put("recipient", recipient_buyer(letter));
        actions.push(write_step(action, &shipment.step, letter.date.offset()).end());
    }
    let order = about(letter, named("#order", "Order"))
        .text("orderStatus", term(state))
        .list("orderedItem", items)
        .some("orderDelivery", parcels)
        .prose("description", status.remarks.as_deref())
        .end();
    let mut nodes = vec![order];
    nodes.append(&mut actions);
    nodes
}

fn write_parcel(shipment: &Shipment, id: &str) -> Value {
    let event = shipment.step.done().map_or(Value::Null, |at| {
        typed("DeliveryEvent").text("name", "Handed over to the delivery agent").text("startDate", at).end()
    });
    named(id, "ParcelDelivery")
        .text("identifier", &shipment.parcel)
        .maybe("trackingNumber", shipment.tracking.as_ref())
        .put("deliveryStatus", event)
        .end()
}

/// Reads how the order stands.
pub(super) fn read<'a>(graph: &'a Graph<'a>) -> Result<OrderStatus> {
    let order = graph.only("Order")?;
    let name = order.term("orderStatus")?.unwrap_or_default();
    let state = STATES.iter().find(|(_, term)| *term == name).map(|(state, _)| *state);
    let mut shipments = Vec::new();
    for parcel in order.nodes("orderDelivery")? {
        shipments.push(Shipment {
            parcel: parcel.need_text("identifier")?.to_owned(),
            lines: read_parts_in(&order, &parcel)?,
            tracking: parcel.string("trackingNumber")?,
            step: read_step(&action_about(graph, "SendAction", &parcel)?)?,
        });
    }
    if graph.all("SendAction").count() != shipments.len() {
        return Err(bad("there must be one SendAction for each parcel"));
    }
    Ok(OrderStatus {
        state: state.ok_or_else(|| order.wrong("orderStatus", format!("{name:?} is no status of an order")))?,
        shipments,
        remarks: order.prose("description")?,
    })
}
