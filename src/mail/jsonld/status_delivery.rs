//! `delivery-status`: one `ParcelDelivery` and one `ReceiveAction` per parcel.

use serde_json::Value;

use super::item::{read_parts_in, write_parts};
use super::made::{Made, named, reference, typed};
use super::node::{Graph, Node, Result, bad};
use super::party::{firm_id, read_place};
use super::step::{read_step, write_step};
use super::{download, order_of, recipient_buyer, shop_of};
use crate::trade::Letter;
use crate::trade::status::{DeliveryStatus, Parcel, ParcelEvent};

/// Returns the name of the parcel at a place of the list: `#parcel`, `#parcel-2`, ...
pub(super) fn parcel_id(place: usize) -> String {
    if place == 0 { "#parcel".to_owned() } else { format!("#parcel-{}", place.saturating_add(1)) }
}

/// Writes how the delivery stands.
pub(super) fn write(letter: &Letter, status: &DeliveryStatus) -> Vec<Value> {
    let provider = firm_id(&letter.from.address);
    let mut nodes = Vec::new();
    for (place, parcel) in status.parcels.iter().enumerate() {
        let id = parcel_id(place);
        let made = if place == 0 {
            let firm = named(&provider, "Organization").text("email", &letter.from.address).end();
            named(&id, "ParcelDelivery").put("provider", firm)
        } else {
            named(&id, "ParcelDelivery").put("provider", reference(&provider))
        };
        let order = order_of(letter).list("orderedItem", write_items(parcel, &id)).end();
        let made = made.put("carrier", reference(&provider)).put("partOfOrder", order);
        nodes.push(write_parcel(made, parcel).end());
        nodes.push(write_receive(letter, recipient_buyer(letter), parcel, &id));
    }
    nodes
}

/// Writes what is in a parcel.
pub(super) fn write_items(parcel: &Parcel, id: &str) -> Vec<Value> {
    write_parts(&parcel.lines, Some(id))
}

/// Adds a parcel's own members.
pub(super) fn write_parcel(made: Made, parcel: &Parcel) -> Made {
    let event = |event: &ParcelEvent| {
        let place = event.place.as_ref().map_or(Value::Null, |place| typed("Place").text("name", place).end());
        typed("DeliveryEvent").text("name", &event.name).text("startDate", event.at).put("location", place).end()
    };
    made.text("identifier", &parcel.id)
        .maybe("trackingNumber", parcel.tracking.as_ref())
        .maybe("trackingUrl", parcel.tracking_url.as_ref())
        .maybe("expectedArrivalFrom", parcel.expected_from)
        .maybe("expectedArrivalUntil", parcel.expected_until)
        .list("deliveryStatus", parcel.events.iter().map(event).collect())
        .put("mo:download", parcel.download.as_ref().map_or(Value::Null, download::write))
}

/// Writes whether and when a parcel arrived.
pub(super) fn write_receive(letter: &Letter, buyer: Value, parcel: &Parcel, id: &str) -> Value {
    let action = typed("ReceiveAction").put("agent", buyer).put("object", reference(id)).put("sender", shop_of(letter));
    write_step(action, &parcel.step, letter.date.offset()).end()
}

/// Reads how the delivery stands.
pub(super) fn read<'a>(graph: &'a Graph<'a>) -> Result<DeliveryStatus> {
    let parcels: Vec<Parcel> =
        graph.all("ParcelDelivery").map(|node| read_parcel(graph, &node)).collect::<Result<_>>()?;
    if graph.all("ReceiveAction").count() != parcels.len() {
        return Err(bad("there must be one ReceiveAction for each parcel"));
    }
    Ok(DeliveryStatus { parcels })
}

/// Reads one parcel with the action that speaks about it.
pub(super) fn read_parcel<'a>(graph: &'a Graph<'a>, node: &Node<'a>) -> Result<Parcel> {
    let events = node.nodes("deliveryStatus")?.iter().map(read_event).collect::<Result<_>>()?;
    Ok(Parcel {
        id: node.need_text("identifier")?.to_owned(),
        lines: read_parts_in(&node.need_node("partOfOrder")?, node)?,
        tracking: node.string("trackingNumber")?,
        tracking_url: node.string("trackingUrl")?,
        expected_from: node.read("expectedArrivalFrom")?,
        expected_until: node.read("expectedArrivalUntil")?,
        events,
        download: download::read(node)?,
        step: read_step(&action_about(graph, "ReceiveAction", node)?)?,
    })
}

/// Returns the only action of a type that speaks about a parcel.
pub(super) fn action_about<'a>(graph: &'a Graph<'a>, name: &str, parcel: &Node) -> Result<Node<'a>> {
    let mut found = None;
    for action in graph.all(name) {
        if action.need_node("object")?.same(parcel) && found.replace(action).is_some() {
            return Err(parcel.wrong("@id", format!("two of {name} speak about it")));
        }
    }
    found.ok_or_else(|| parcel.wrong("@id", format!("no {name} speaks about it")))
}

fn read_event(node: &Node) -> Result<ParcelEvent> {
    let place = match node.node("location")? {
        Some(place) if place.is("PostalAddress") => Some(read_place(&place)?.lines().join(", ")),
        Some(place) => place.string("name")?,
        None => None,
    };
    Ok(ParcelEvent { name: node.need_text("name")?.to_owned(), at: node.need("startDate")?, place })
}
