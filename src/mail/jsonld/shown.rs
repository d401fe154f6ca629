//! What a shop shows an agent of an order, as members of the Order: `acceptedOffer` with or without prices, `mo:sum`, and for a
//! payment agent the place in `orderDelivery`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::item::{need_amount, read_item, write_amount, write_item};
use super::made::{Made, typed};
use super::node::{Node, Result};
use super::party::{read_place_of, write_place};
use crate::trade::item::Charge;
use crate::trade::{Quantity, Shown, ShownLine};

/// Adds what is shown to an order; the place is not among it, since a delivery agent is told that anyway.
pub(super) fn write(order: Made, shown: &Shown) -> Made {
    let line = |line: &ShownLine| {
        let offer = typed("Offer").text("identifier", &line.id).put("itemOffered", write_item(&line.item));
        let offer = match &line.unit_price {
            Some(price) => offer.price(price),
            None => offer,
        };
        offer.put("eligibleQuantity", typed("QuantitativeValue").text("value", line.quantity).end()).end()
    };
    let charge = |charge: &Charge| {
        typed("Offer")
            .text("identifier", &charge.id)
            .put("itemOffered", typed("Service").text("name", &charge.name).end())
            .put("priceSpecification", typed("PriceSpecification").price(&charge.price).end())
            .end()
    };
    let offers = shown.goods.iter().map(line).chain(shown.charges.iter().map(charge)).collect();
    order.list("acceptedOffer", offers).put("mo:sum", shown.sum.as_ref().map_or(Value::Null, write_amount))
}

/// Adds where the goods go to the order of a payment instruction.
pub(super) fn write_where(order: Made, shown: &Shown) -> Made {
    let place = write_place(shown.deliver_to.as_ref());
    if place.is_null() {
        return order;
    }
    order.put("orderDelivery", typed("ParcelDelivery").put("deliveryAddress", place).end())
}

/// Reads what is shown of an order; nothing where it has none of it.
pub(super) fn read(order: &Node) -> Result<Shown> {
    let mut shown = Shown::default();
    let mut seen = BTreeSet::new();
    for node in order.nodes("acceptedOffer")? {
        let id = node.need_text("identifier")?.to_owned();
        if !seen.insert(id.clone()) {
            return Err(node.wrong("identifier", format!("the line {id:?} stands twice")));
        }
        let item = node.need_node("itemOffered")?;
        if item.is("Service") {
            let price = node.need_node("priceSpecification")?.price()?;
            shown.charges.push(Charge { id, name: item.need_text("name")?.to_owned(), price });
        } else {
            let quantity: Quantity = node.need_node("eligibleQuantity")?.need("value")?;
            let unit_price = node.raw("price").map(|_| node.price()).transpose()?;
            shown.goods.push(ShownLine { id, item: read_item(&item)?, quantity, unit_price });
        }
    }
    if order.raw("mo:sum").is_some() {
        shown.sum = Some(need_amount(order, "mo:sum")?);
    }
    Ok(shown)
}

/// Reads where the goods go, from the order of a payment instruction.
pub(super) fn read_where(order: &Node, shown: Shown) -> Result<Shown> {
    let parcel = order.node("orderDelivery")?;
    let place = parcel.map(|parcel| read_place_of(&parcel, "deliveryAddress")).transpose()?;
    Ok(Shown { deliver_to: place.flatten(), ..shown })
}
