//! What shops sell, as their catalogs say: shops to choose from, and articles as rows of the order form (P10).

use serde_json::{Value, json};

use super::fault::Fault;
use super::order_form::was;
use crate::clerk::Clerk;
use crate::ordering::prices::{PriceChange, Prices};
use crate::trade::catalog::{Offer, Way, Words};
use crate::trade::item::Stock;
use crate::trade::{Address, DeliveryMethod, PaymentMethod, Quantity};
use crate::view::text;

/// What the name of a field begins with that says how many of an article; its number follows.
pub(super) const FIELD: &str = "pick-";
/// Most articles shown at a time.
const SHOWN: usize = 100;
/// From how many articles on there is a field to search them.
const SEARCHED: usize = 12;
/// Of how many known addresses it is looked whether they sell something.
const LOOKED_AT: usize = 100;

/// Returns the known addresses that have sent a catalog: name, how many articles, of which day.
pub(super) fn sellers(clerk: &mut Clerk, known: &[Address]) -> Result<Value, Fault> {
    let mut sellers = Vec::new();
    for address in known.iter().take(LOOKED_AT) {
        let prices = Prices::of(clerk, address)?;
        if let Some(date) = prices.date() {
            let (name, count) = (prices.seller(), prices.offers().len());
            sellers.push(json!({"address": address, "name": name, "count": count, "date": date.to_string()}));
        }
    }
    Ok(json!(sellers))
}

/// Returns the articles of a shop: those that are chosen, then those that `find` finds.
pub(super) fn rows(prices: &Prices, find: &str, picks: &[[String; 2]], changes: &[PriceChange]) -> Value {
    let offers = prices.offers();
    let search = Words::new(find.split_whitespace().map(str::to_owned).collect()).unwrap_or_default().search();
    let quantity = |offer: &Offer| {
        let pick = picks.iter().find(|[sku, _]| Some(sku.as_str()) == offer.item.sku.as_deref());
        pick.map(|[_, quantity]| quantity.as_str())
    };
    let (chosen, others): (Vec<&Offer>, Vec<&Offer>) = offers.iter().partition(|offer| quantity(offer).is_some());
    let found: Vec<&Offer> = others.into_iter().filter(|offer| search.finds(&offer.item)).collect();
    let rows: Vec<Value> = chosen
        .iter()
        .chain(found.iter().take(SHOWN))
        .map(|offer| row(offer, quantity(offer).unwrap_or_default(), changes))
        .collect();
    // What is chosen and not sold any more stays in the form, where it is told of.
    let is_sold = |sku: &String| offers.iter().any(|offer| offer.item.sku.as_ref() == Some(sku));
    let gone: Vec<&[String; 2]> = picks.iter().filter(|[sku, _]| !is_sold(sku)).collect();
    json!({
        "rows": rows, "gone": gone, "find": find, "searched": offers.len() > SEARCHED, "count": offers.len(),
        "more": found.len().saturating_sub(SHOWN), "date": prices.date().map(|date| date.to_string()),
        "name": prices.seller(), "has_increments": offers.iter().any(|offer| offer.step().is_some()),
        "has_stock": offers.iter().any(|offer| offer.stock != Stock::Uncounted),
    })
}

fn row(offer: &Offer, quantity: &str, changes: &[PriceChange]) -> Value {
    let sku = offer.item.sku.as_deref().unwrap_or_default();
    let amount = Quantity::parse(quantity).ok().and_then(|quantity| offer.price.times(quantity).ok());
    json!({
        "field": format!("{FIELD}{sku}"), "sku": sku, "name": offer.item.name, "price": text::money_json(&offer.price),
        "pays": offer.payment_methods.iter().map(|method| method.as_str()).collect::<Vec<_>>(),
        "delivers": offer.delivery_methods.iter().map(|method| method.as_str()).collect::<Vec<_>>(),
        "increment": offer.increment, "stock": offer.stock.count(), "conditions": offer.conditions, "quantity": quantity, "amount": amount.as_ref().map(text::money_json), "was": was(changes, Some(sku), &offer.item.name),
    })
}

/// Returns what a shop charges beside the goods for a way to pay and to have delivered, as far as it says so.
pub(super) fn charge(ways: &[Way], pay: &str, deliver: &str) -> Value {
    let (Ok(pay), Ok(deliver)) = (PaymentMethod::parse(pay), DeliveryMethod::parse(deliver)) else {
        return Value::Null;
    };
    let charge = ways.iter().find(|way| way.fits(&pay, &deliver)).and_then(|way| way.charge.as_ref());
    charge.map_or(Value::Null, |(name, price)| json!({"name": name, "price": text::money_json(price)}))
}
