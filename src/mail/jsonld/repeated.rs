//! What the nodes of a letter say twice: the older name of a member beside the newer, an item beside its offer, a price in two
//! places. Whoever reads either reads the same.

use super::node::{Graph, Node, Result};
use crate::mail::tree::Tree;

/// Members of which the second is an older name of the first.
const OLDER: [(&str, &str); 2] = [("seller", "merchant"), ("provider", "carrier")];

/// Refuses a letter whose nodes say the same thing in two ways. What is there once, and what nothing is known of, is left alone.
pub(in crate::mail) fn check<'a>(graph: &'a Graph<'a>) -> Result<()> {
    for node in graph.every() {
        for (newer, older) in OLDER {
            firms(&node, newer, older)?;
        }
        if node.raw("acceptedOffer").is_some() && node.raw("orderedItem").is_some() {
            items(&node)?;
        }
        if node.is("Offer") && node.raw("price").is_some() {
            prices(&node)?;
        }
    }
    Ok(())
}

/// A firm under two names of one member is one firm.
fn firms(node: &Node, newer: &str, older: &str) -> Result<()> {
    let (Some(first), Some(second)) = (node.raw(newer), node.raw(older)) else { return Ok(()) };
    // A reference to the firm of the newer name is that firm, also where a part that it plays has a node of the same name.
    let id =
        |firm: &'_ Tree<'_>| firm.as_object().and_then(|map| map.get("@id")).and_then(Tree::as_str).map(str::to_owned);
    if second.as_object().is_some_and(|map| map.len() == 1) && id(first).is_some() && id(first) == id(second) {
        return Ok(());
    }
    let (one, other) = (node.need_node(newer)?, node.need_node(older)?);
    let email = |firm: &Node| -> Result<Option<String>> { Ok(firm.text("email")?.map(str::to_ascii_lowercase)) };
    let is_same = !differ(email(&one)?, email(&other)?) && !differ(one.text("name")?, other.text("name")?);
    if is_same { Ok(()) } else { Err(node.wrong(older, format!("not the one of {newer}"))) }
}

/// An ordered item is the one that is offered under its number.
fn items(order: &Node) -> Result<()> {
    let offers = order.nodes("acceptedOffer")?;
    for item in order.nodes("orderedItem")? {
        let (Some(product), number) = (item.node("orderedItem")?, item.text("orderItemNumber")?) else { continue };
        for offer in &offers {
            let Some(offered) = offer.node("itemOffered")?.filter(|_| offer.text("identifier").ok() == Some(number))
            else {
                continue;
            };
            for key in ["name", "sku"] {
                if differ(product.text(key)?, offered.text(key)?) {
                    return Err(order.wrong("orderedItem", format!("not the {key} of acceptedOffer")));
                }
            }
        }
    }
    Ok(())
}

/// The price of an offer is the same beside it and in its specification.
fn prices(offer: &Node) -> Result<()> {
    let Some(specified) = offer.node("priceSpecification")?.filter(|one| one.raw("price").is_some()) else {
        return Ok(());
    };
    if specified.price()? == offer.price()? {
        Ok(())
    } else {
        Err(offer.wrong("priceSpecification", "not the one of price"))
    }
}

/// Returns whether both are there and not the same.
fn differ<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}
