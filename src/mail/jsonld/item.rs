//! Lines, charges, taxes, methods and amounts, in both directions.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::mail::tree::Tree;

use super::made::{Made, reference, term, typed};
use super::node::{Node, Result, bare};
use super::step::{is_line_reason, read_line_reason};
use crate::trade::document::LineReason;
use crate::trade::item::{Charge, Item, Line, LineQuantity, Tax};
use crate::trade::{DeliveryMethod, Moment, Money, PaymentMethod, Quantity};

/// Writes a `MonetaryAmount`.
pub(super) fn write_amount(money: &Money) -> Value {
    typed("MonetaryAmount").text("currency", money.currency()).text("value", money.plain()).end()
}

/// Reads a `MonetaryAmount`.
pub(super) fn read_amount(node: &Node) -> Result<Money> {
    node.money("value", "currency")
}

/// Reads the `MonetaryAmount` that must be under `key`.
pub(super) fn need_amount(node: &Node, key: &str) -> Result<Money> {
    read_amount(&node.need_node(key)?)
}

/// Writes a thing for sale.
pub(super) fn write_item(item: &Item) -> Value {
    typed("Product").maybe("sku", item.sku.as_ref()).text("name", &item.name).end()
}

/// Reads a thing for sale.
pub(super) fn read_item(node: &Node) -> Result<Item> {
    Ok(Item { sku: node.string("sku")?, name: node.need_text("name")?.to_owned() })
}

/// Writes lines and charges as offers: the price of an offer is that of one piece.
pub(super) fn write_offers(lines: &[Line], charges: &[Charge], valid_through: Option<Moment>) -> Vec<Value> {
    let line = |line: &Line| {
        typed("Offer")
            .text("identifier", &line.id)
            .put("itemOffered", write_item(&line.item))
            .price(&line.unit_price)
            .put("eligibleQuantity", typed("QuantitativeValue").text("value", line.quantity).end())
            .maybe("validThrough", valid_through)
            .end()
    };
    let charge = |charge: &Charge| {
        typed("Offer")
            .text("identifier", &charge.id)
            .put("itemOffered", typed("Service").text("name", &charge.name).end())
            .put("priceSpecification", typed("PriceSpecification").price(&charge.price).end())
            .maybe("validThrough", valid_through)
            .end()
    };
    lines.iter().map(line).chain(charges.iter().map(charge)).collect()
}

/// The offers of an order or of the terms, read.
pub(super) struct Offers {
    pub(super) lines: Vec<Line>,
    pub(super) charges: Vec<Charge>,
    pub(super) valid_through: Option<Moment>,
}

/// Reads `acceptedOffer`: at least one line, each number once, each price times its quantity exact.
pub(super) fn read_offers(order: &Node) -> Result<Offers> {
    let mut offers = Offers { lines: Vec::new(), charges: Vec::new(), valid_through: None };
    let mut seen = BTreeSet::new();
    for node in order.nodes("acceptedOffer")? {
        let id = node.need_text("identifier")?.to_owned();
        if !seen.insert(id.clone()) {
            return Err(node.wrong("identifier", format!("the line {id:?} stands twice")));
        }
        if let Some(until) = node.read::<Moment>("validThrough")? {
            if offers.valid_through.is_some_and(|known| known != until) {
                return Err(node.wrong("validThrough", "not the same in every line"));
            }
            offers.valid_through = Some(until);
        }
        let item = node.need_node("itemOffered")?;
        let quantity = node.node("eligibleQuantity")?.map(|q| q.need::<Quantity>("value")).transpose()?;
        if item.is("Service") {
            if quantity.is_some_and(|quantity| quantity != Quantity::ONE) {
                return Err(node.wrong("eligibleQuantity", "a charge has the quantity 1"));
            }
            let priced = node.node("priceSpecification")?.unwrap_or(node);
            offers.charges.push(Charge { id, name: item.need_text("name")?.to_owned(), price: priced.price()? });
        } else {
            let quantity = quantity.ok_or_else(|| node.wrong("eligibleQuantity", "missing"))?;
            let line = Line { id, item: read_item(&item)?, unit_price: node.price()?, quantity };
            line.price().map_err(|e| node.wrong("price", e))?;
            offers.lines.push(line);
        }
    }
    if offers.lines.is_empty() { Err(order.wrong("acceptedOffer", "no line")) } else { Ok(offers) }
}

/// Writes `orderedItem` of an order or of the terms: the lines again, without prices.
pub(super) fn write_ordered(lines: &[Line]) -> Vec<Value> {
    let write = |line: &Line| {
        typed("OrderItem")
            .text("orderItemNumber", &line.id)
            .text("orderQuantity", line.quantity)
            .put("orderedItem", write_item(&line.item))
            .end()
    };
    lines.iter().map(write).collect()
}

/// Checks that `orderedItem` repeats the lines with their quantities, where it is there; returns the items that say why a
/// line is not there, or not all of it.
pub(super) fn check_ordered(order: &Node, lines: &[Line]) -> Result<Vec<LineReason>> {
    let (mut repeated, mut short) = (Vec::new(), Vec::new());
    for item in order.nodes("orderedItem")? {
        if is_line_reason(&item)? {
            short.push(read_line_reason(&item)?);
        } else {
            repeated.push(item);
        }
    }
    let repeated = read_parts(&repeated)?;
    let agrees = |part: &LineQuantity| lines.iter().any(|line| line.id == part.line && line.quantity == part.quantity);
    if repeated.is_empty() || (repeated.len() == lines.len() && repeated.iter().all(agrees)) {
        Ok(short)
    } else {
        Err(order.wrong("orderedItem", "not the lines of acceptedOffer"))
    }
}

/// Writes parts of lines as order items, in the parcel they travel in where one is named.
pub(super) fn write_parts(parts: &[LineQuantity], parcel: Option<&str>) -> Vec<Value> {
    let write = |part: &LineQuantity| {
        typed("OrderItem")
            .text("orderItemNumber", &part.line)
            .text("orderQuantity", part.quantity)
            .put("orderDelivery", parcel.map_or(Value::Null, reference))
            .end()
    };
    parts.iter().map(write).collect()
}

/// Reads order items as parts of lines.
pub(super) fn read_parts(items: &[Node]) -> Result<Vec<LineQuantity>> {
    let read = |item: &Node| {
        Ok(LineQuantity {
            line: item.need_text("orderItemNumber")?.to_owned(),
            quantity: item.need::<Quantity>("orderQuantity")?,
        })
    };
    items.iter().map(read).collect()
}

/// Reads the order items that travel in `parcel`: those that say so, and those that name no parcel.
pub(super) fn read_parts_in(order: &Node, parcel: &Node) -> Result<Vec<LineQuantity>> {
    let mut inside = Vec::new();
    for item in order.nodes("orderedItem")? {
        if item.node("orderDelivery")?.is_none_or(|named| named.same(parcel)) {
            inside.push(item);
        }
    }
    read_parts(&inside)
}

/// Writes `mo:tax`.
pub(super) fn write_taxes(taxes: &[Tax]) -> Vec<Value> {
    let write = |tax: &Tax| {
        typed("mo:Tax")
            .text("mo:rate", &tax.rate)
            .put("mo:base", write_amount(&tax.base))
            .put("mo:amount", write_amount(&tax.amount))
            .end()
    };
    taxes.iter().map(write).collect()
}

/// Reads `mo:tax`.
pub(super) fn read_taxes(invoice: &Node) -> Result<Vec<Tax>> {
    let read = |node: &Node| {
        let rate = node.need_text("mo:rate")?;
        if rate.is_empty() || rate.len() > 12 || !rate.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(node.wrong("mo:rate", "not a plain decimal number"));
        }
        Ok(Tax { rate: rate.to_owned(), base: need_amount(node, "mo:base")?, amount: need_amount(node, "mo:amount")? })
    };
    invoice.nodes("mo:tax")?.iter().map(read).collect()
}

/// Returns the type of the node of a payment method.
pub(super) fn name_of_payment(method: &PaymentMethod) -> &'static str {
    if method.as_str() == "card" { "PaymentCard" } else { "PaymentMethod" }
}

/// Writes how it is paid.
pub(super) fn write_payment_method(method: &PaymentMethod) -> Value {
    typed(name_of_payment(method)).text("name", method).end()
}

/// Reads how it is paid: any payment card, whatever its make, is `card`.
pub(super) fn read_payment_method(node: &Node, key: &str) -> Result<PaymentMethod> {
    payment_method(&node.need_node(key)?)
}

fn payment_method(method: &Node) -> Result<PaymentMethod> {
    match method.name() {
        "PaymentCard" | "CreditCard" => PaymentMethod::parse("card").map_err(|e| method.wrong("name", e)),
        _ => method.need("name"),
    }
}

/// Reads all the ways in which it can be paid.
pub(super) fn read_payment_methods(node: &Node, key: &str) -> Result<Vec<PaymentMethod>> {
    node.nodes(key)?.iter().map(payment_method).collect()
}

/// The delivery methods that schema.org has terms for.
const DELIVERY: [(&str, &str); 3] =
    [("parcel", "ParcelService"), ("pickup", "OnSitePickup"), ("locker", "LockerDelivery")];

/// Writes how it travels.
pub(super) fn write_delivery_method(made: Made, key: &str, method: &DeliveryMethod) -> Made {
    made.put(key, delivery_value(method))
}

/// Writes all the ways in which it can travel.
pub(super) fn write_delivery_methods(made: Made, key: &str, methods: &[DeliveryMethod]) -> Made {
    made.some(key, methods.iter().map(delivery_value).collect())
}

fn delivery_value(method: &DeliveryMethod) -> Value {
    match DELIVERY.iter().find(|(word, _)| *word == method.as_str()) {
        Some((_, name)) => Value::from(term(name)),
        None => typed("DeliveryMethod").text("name", method).end(),
    }
}

/// Reads how it travels, where it is said.
pub(super) fn read_delivery_method(node: &Node, key: &str) -> Result<Option<DeliveryMethod>> {
    match node.raw(key) {
        None => Ok(None),
        Some(Tree::List(_)) => node.need_node(key)?.need("name").map(Some),
        Some(value) => delivery_method(node, key, value).map(Some),
    }
}

/// Reads all the ways in which it can travel.
pub(super) fn read_delivery_methods(node: &Node, key: &str) -> Result<Vec<DeliveryMethod>> {
    match node.raw(key) {
        None => Ok(Vec::new()),
        Some(Tree::List(values)) => values.iter().map(|value| delivery_method(node, key, value)).collect(),
        Some(value) => Ok(vec![delivery_method(node, key, value)?]),
    }
}

fn delivery_method<'a>(node: &Node<'a>, key: &str, value: &'a Tree<'a>) -> Result<DeliveryMethod> {
    let Some(text) = value.as_str() else { return node.resolve(key, value)?.need("name") };
    let name = bare(text);
    let word = DELIVERY.iter().find(|(_, term)| *term == name).map(|(word, _)| *word);
    let word = word.ok_or_else(|| node.wrong(key, format!("{name:?} is no delivery method")))?;
    DeliveryMethod::parse(word).map_err(|e| node.wrong(key, e))
}
