//! `catalog-request` and `catalog`: what a shop sells. They belong to no transaction: the shop alone is named.
//!
//! Articles and ways to buy are offers of one `OfferCatalog`: an offer of a `Product` is an article, one of a `Service`
//! a way to pay and deliver, with its agents as `broker` and `provider` and its charge as `priceSpecification`, as
//! charges stand in terms. What is said of the quantities of an article are the `billingIncrement` of its `priceSpecification` (the
//! least that is sold, and the step) and its `inventoryLevel`; either may be missing. Payment methods are nodes of their own, which the offers refer to.

use std::collections::BTreeSet;

use serde_json::Value;

use super::item::{
    name_of_payment, read_delivery_methods, read_item, read_payment_methods, write_delivery_methods, write_item,
};
use super::made::{Made, named, reference, typed};
use super::node::{Graph, Node, Result, bad};
use super::party::{firm, firm_id, person, read_named_agents};
use super::shop_of;
use crate::trade::catalog::{Catalog, CatalogRequest, Offer, Way, Words};
use crate::trade::item::Stock;
use crate::trade::{Address, Letter, Money, PaymentMethod, Quantity};

/// What the catalog is called in its graph.
const CATALOG: &str = "#catalog";

/// Writes the question what is sold.
pub(super) fn write_request(letter: &Letter, request: &CatalogRequest) -> Vec<Value> {
    let catalog = write_words(typed("OfferCatalog"), &request.words).end();
    let action = typed("CheckAction").put("agent", person(&letter.from.address)).put("object", catalog);
    vec![action.put("participant", shop_of(letter)).end()]
}

/// Reads the question what is sold.
pub(super) fn read_request<'a>(graph: &'a Graph<'a>) -> Result<CatalogRequest> {
    let catalog = graph.only("CheckAction")?.of_type("object", "OfferCatalog")?;
    Ok(CatalogRequest { words: read_words(&catalog)? })
}

/// Writes what is sold.
pub(super) fn write_catalog(letter: &Letter, catalog: &Catalog) -> Vec<Value> {
    let ways = catalog.ways.iter().filter_map(|way| way.payment_method.as_ref());
    let offered = catalog.offers.iter().flat_map(|offer| &offer.payment_methods);
    let methods: BTreeSet<&PaymentMethod> = ways.chain(offered).collect();
    let mut nodes: Vec<Value> = methods.into_iter().map(payment_node).collect();
    if let Some(shop) = &letter.shop {
        let shop = named(&firm_id(shop), "Organization").text("name", &catalog.seller).text("email", shop);
        nodes.push(shop.put("hasOfferCatalog", reference(CATALOG)).end());
    }
    let offers = catalog.offers.iter().map(write_offer);
    let elements = offers.chain(catalog.ways.iter().map(write_way)).collect();
    let made = write_words(named(CATALOG, "OfferCatalog"), &catalog.words)
        .put("numberOfItems", catalog.matching)
        .prose("mo:conditions", catalog.conditions.as_deref())
        .list("itemListElement", elements);
    nodes.push(made.end());
    nodes
}

/// Reads what is sold: each article has a number of its own, each way its agents.
pub(super) fn read_catalog<'a>(graph: &'a Graph<'a>, envelope: &Node) -> Result<Catalog> {
    let mut shops = graph.all("Organization").filter(|shop| shop.raw("hasOfferCatalog").is_some());
    let (Some(shop), None) = (shops.next(), shops.next()) else { return Err(bad("not one shop with a catalog")) };
    let node = shop.of_type("hasOfferCatalog", "OfferCatalog")?;
    let mut catalog = Catalog {
        seller: shop.need_text("name")?.to_owned(),
        words: read_words(&node)?,
        matching: node.count("numberOfItems")?.ok_or_else(|| node.wrong("numberOfItems", "missing"))?,
        offers: Vec::new(),
        ways: Vec::new(),
        conditions: node.prose("mo:conditions")?,
        agents: read_named_agents(envelope)?,
    };
    let mut seen = BTreeSet::new();
    for element in node.nodes("itemListElement")? {
        if element.need_node("itemOffered")?.is("Service") {
            catalog.ways.push(read_way(&element)?);
            continue;
        }
        let offer = read_offer(&element)?;
        if !offer.item.sku.as_ref().is_some_and(|sku| seen.insert(sku.clone())) {
            return Err(element.wrong("itemOffered", "an article without a number, or a number that stands twice"));
        }
        catalog.offers.push(offer);
    }
    match usize::try_from(catalog.matching) {
        Ok(matching) if matching >= catalog.offers.len() => Ok(catalog),
        _ => Err(node.wrong("numberOfItems", "less than there are")),
    }
}

fn write_words(made: Made, words: &Words) -> Made {
    made.list("mo:words", words.list().iter().map(|word| Value::from(word.as_str())).collect())
}

fn read_words(node: &Node) -> Result<Words> {
    let words = node.texts("mo:words")?.into_iter().map(str::to_owned).collect();
    Words::new(words).map_err(|what| node.wrong("mo:words", what))
}

fn payment_id(method: &PaymentMethod) -> String {
    format!("#pay-{method}")
}

fn payment_node(method: &PaymentMethod) -> Value {
    named(&payment_id(method), name_of_payment(method)).text("name", method).end()
}

fn write_methods<'a>(made: Made, payment: impl Iterator<Item = &'a PaymentMethod>) -> Made {
    made.some("acceptedPaymentMethod", payment.map(|method| reference(&payment_id(method))).collect())
}

fn write_offer(offer: &Offer) -> Value {
    let made = typed("Offer").put("itemOffered", write_item(&offer.item)).price(&offer.price);
    let made = match offer.increment {
        Some(step) => made.put("priceSpecification", write_price(&offer.price, step)),
        None => made,
    };
    let made = match offer.stock.count() {
        Some(count) => made.put("inventoryLevel", typed("QuantitativeValue").text("value", count).end()),
        None => made,
    };
    let made = write_methods(made, offer.payment_methods.iter());
    write_delivery_methods(made, "availableDeliveryMethod", &offer.delivery_methods)
        .prose("mo:conditions", offer.conditions.as_deref())
        .end()
}

/// Writes the price of one again, with the step in which it is sold.
fn write_price(price: &Money, step: Quantity) -> Value {
    typed("UnitPriceSpecification").price(price).text("billingIncrement", step).end()
}

fn read_offer(node: &Node) -> Result<Offer> {
    let price = node.price()?;
    if price.is_negative() {
        return Err(node.wrong("price", "below zero"));
    }
    let specified = node.node("priceSpecification")?;
    let level = node.node("inventoryLevel")?;
    let count = level.map(|level| level.string("value")).transpose()?.flatten();
    Ok(Offer {
        item: read_item(&node.need_node("itemOffered")?)?,
        price,
        increment: specified.map(|price| price.read("billingIncrement")).transpose()?.flatten(),
        stock: Stock::try_from(count).map_err(|error| node.wrong("inventoryLevel", error))?,
        payment_methods: read_payment_methods(node, "acceptedPaymentMethod")?,
        delivery_methods: read_delivery_methods(node, "availableDeliveryMethod")?,
        conditions: node.prose("mo:conditions")?,
    })
}

fn write_way(way: &Way) -> Value {
    let party = |address: &Option<Address>| address.as_ref().map_or(Value::Null, firm);
    let service = typed("Service")
        .maybe("name", way.charge.as_ref().map(|(name, _)| name))
        .put("broker", party(&way.payment_agent))
        .put("provider", party(&way.delivery_agent))
        .end();
    let made = write_methods(typed("Offer").put("itemOffered", service), way.payment_method.iter());
    let delivery: Vec<_> = way.delivery_method.iter().cloned().collect();
    let charge = way.charge.as_ref().map(|(_, price)| typed("PriceSpecification").price(price).end());
    write_delivery_methods(made, "availableDeliveryMethod", &delivery)
        .put("priceSpecification", charge.unwrap_or(Value::Null))
        .end()
}

fn read_way(node: &Node) -> Result<Way> {
    let service = node.need_node("itemOffered")?;
    let party = |key: &str| service.node(key)?.map(|firm| firm.need("email")).transpose();
    let price = node.node("priceSpecification")?.map(|charge| charge.price()).transpose()?;
    let charge = match price {
        Some(price) => Some((service.need_text("name")?.to_owned(), price)),
        None => None,
    };
    Ok(Way {
        payment_method: one(node, "acceptedPaymentMethod", read_payment_methods(node, "acceptedPaymentMethod")?)?,
        delivery_method: one(node, "availableDeliveryMethod", read_delivery_methods(node, "availableDeliveryMethod")?)?,
        charge,
        payment_agent: party("broker")?,
        delivery_agent: party("provider")?,
    })
}

fn one<T>(node: &Node, key: &str, mut methods: Vec<T>) -> Result<Option<T>> {
    if methods.len() > 1 { Err(node.wrong(key, "several in one way to buy")) } else { Ok(methods.pop()) }
}
