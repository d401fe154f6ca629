//! An order as people write it, and what is wrong with it, said with its place.

use serde::Deserialize;

use super::OrderingError;
use crate::mail::MOST_STRING;
use crate::trade::catalog::Way;
use crate::trade::item::{Charge, Item, Line};
use crate::trade::{
    Currency, DeliveryMethod, Money, MoneyError, PaymentMethod, PostalAddress, Quantity, fault_of_line,
};
use crate::view::text;

/// An order as a file has it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderFile {
    /// Its items.
    #[serde(default)]
    pub item: Vec<ItemWritten>,
    /// The charges that are expected.
    #[serde(default)]
    pub charge: Vec<ChargeWritten>,
    /// How it is paid.
    pub pay: Option<PaymentMethod>,
    /// How it travels.
    pub deliver: Option<DeliveryMethod>,
    /// Where to.
    pub deliver_to: Option<PostalAddress>,
    /// A word to the shop.
    pub remarks: Option<String>,
}

/// An item as written: with name and price, or by its article number alone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemWritten {
    /// The shop's article number.
    pub sku: Option<String>,
    /// What it is.
    pub name: Option<String>,
    /// What one costs, like `JPY 4300`.
    pub price: Option<String>,
    /// How many; one where nothing is said.
    pub quantity: Option<String>,
}

/// What is wrong where a name is.
const NAME: &str = "the name";
/// What is wrong where an article number is.
const NUMBER: &str = "the article number";

/// What is known of the goods of a shop.
pub trait Catalog {
    /// Returns an item and the price of one, by its article number.
    ///
    /// # Errors
    /// An article that is not known.
    fn item(&mut self, sku: &str) -> Result<(Item, Money), OrderingError>;

    /// Returns the currency of the shop's prices, where it is known to have one alone.
    fn currency(&self) -> Option<Currency>;

    /// Returns the ways to pay and to deliver that the shop has, as far as they are known, the usual one first.
    fn ways(&self) -> &[Way] {
        &[]
    }

    /// Returns whether an item can be had in a way, as far as is known.
    fn can_go(&self, _item: &Item, _way: &Way) -> bool {
        true
    }

    /// Returns in multiples of what an item is sold, where that is known.
    fn increment(&self, item: &Item) -> Option<Quantity>;
}

/// A charge as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChargeWritten {
    /// What for.
    pub name: String,
    /// How much, like `JPY 500`; below zero for a discount.
    pub price: String,
}

/// Settles items as written, with name and price from `catalog` where an item has its number alone. A price is not below
/// zero, since what makes an order cheaper is a charge.
pub fn lines(items: &[ItemWritten], catalog: &mut dyn Catalog) -> Result<Vec<Line>, OrderingError> {
    let line = |(place, written): (usize, &ItemWritten)| {
        let number = place.saturating_add(1);
        let called = written.name.as_ref().or(written.sku.as_ref()).map(|name| format!(" ({})", beginning(name)));
        let called = called.unwrap_or_default();
        let about = format!("item {number}{called}");
        let (item, unit_price) = goods(&about, written, catalog)?;
        let quantity = Quantity::parse(written.quantity.as_deref().unwrap_or("1"))
            .map_err(|error| OrderingError::wrong(format!("item {number}{called}: {error}")))?;
        if unit_price.is_negative() {
            let text = format!("{about}: the price {} is below zero", text::amount(&unit_price));
            return Err(OrderingError::wrong(text)
                .hint("write a discount as a charge below zero")
                .flags("write a discount as a charge: --charge 'Discount;JPY -500'"));
        }
        sold_so(&about, quantity, catalog.increment(&item)).map_err(OrderingError::wrong)?;
        Ok(Line { id: number.to_string(), item, unit_price, quantity })
    };
    items.iter().enumerate().map(line).collect()
}

/// Refuses a quantity in which something is not sold: its shop would reject the order (QTY).
///
/// # Errors
/// Says that the quantity is no multiple of `increment`, and which are the nearest.
pub fn sold_so(about: &str, quantity: Quantity, increment: Option<Quantity>) -> Result<(), String> {
    let Some(increment) = increment.filter(|increment| !quantity.is_multiple_of(*increment)) else { return Ok(()) };
    let near = match (quantity.down_to(increment), quantity.up_to(increment)) {
        (Some(below), Some(above)) => format!("the nearest are {below} and {above}"),
        (below, above) => format!("the nearest is {}", below.or(above).unwrap_or(increment)),
    };
    Err(if increment == Quantity::ONE {
        format!("{about}: it is sold in whole pieces, not in {quantity}; {near}")
    } else {
        format!("{about}: it is sold in multiples of {increment}, not in {quantity}; {near}")
    })
}

/// Returns what an item is, and what one of it costs.
fn goods(about: &str, written: &ItemWritten, catalog: &mut dyn Catalog) -> Result<(Item, Money), OrderingError> {
    let ItemWritten { sku, name, price, .. } = written;
    match (sku, name, price) {
        (_, Some(name), Some(price)) => {
            named(&format!("{about}: {NAME}"), name)?;
            named(&format!("{about}: {NUMBER}"), sku.as_deref().unwrap_or_default())?;
            let price = price_in(about, price, catalog.currency())?;
            Ok((Item { sku: sku.clone(), name: name.clone() }, price))
        }
        (Some(sku), None, None) => catalog.item(sku),
        _ => {
            let text = format!("{about}: name and price belong together; write both, or the sku alone");
            Err(OrderingError::wrong(text))
        }
    }
}

/// Refuses a text that no letter can carry.
///
/// # Errors
/// A text with more bytes than a letter takes, told with what it is.
pub fn fits(what: &str, text: &str) -> Result<(), OrderingError> {
    if text.len() > MOST_STRING {
        let text = format!("{what} has {} bytes; a letter takes {MOST_STRING} at most", text.len());
        return Err(OrderingError::wrong(text).hint("say it shorter"));
    }
    Ok(())
}

/// Refuses a text that is no plain line.
///
/// # Errors
/// Which character stands in it that is none of plain text, told with what it is.
pub fn is_line(what: &str, text: &str) -> Result<(), OrderingError> {
    fault_of_line(text).map_or(Ok(()), |fault| Err(OrderingError::wrong(format!("{what}: {fault}"))))
}

/// Refuses a name that is no plain line, or that no letter can carry.
fn named(what: &str, name: &str) -> Result<(), OrderingError> {
    is_line(what, name)?;
    fits(what, name)
}

/// Settles charges as written; their numbers follow those of `items` lines. `usual` is the currency of the shop's prices.
pub fn charges(charges: &[ChargeWritten], items: usize, usual: Option<Currency>) -> Result<Vec<Charge>, OrderingError> {
    let charge = |(place, written): (usize, &ChargeWritten)| {
        let number = place.saturating_add(1);
        let about = format!("charge {number} ({})", beginning(&written.name));
        if written.name.trim().is_empty() {
            let text = format!("charge {number} has no name");
            return Err(OrderingError::wrong(text).hint("say what it is for, as the shop names it"));
        }
        named(&format!("{about}: {NAME}"), &written.name)?;
        let price = price_in(&about, &written.price, usual)?;
        Ok(Charge { id: items.saturating_add(number).to_string(), name: written.name.clone(), price })
    };
    charges.iter().enumerate().map(charge).collect()
}

/// Returns as much of a name as a message needs.
pub(super) fn beginning(name: &str) -> String {
    name.chars().take(60).collect()
}

/// Reads an amount that a person wrote, and says about what it is wrong.
pub fn money(about: &str, text: &str) -> Result<Money, OrderingError> {
    price_in(about, text, None)
}

/// Reads a price that a person wrote for a shop whose prices are in the currency `usual`, where that is known. Without its
/// currency it is refused all the same: what is paid is guessed by nobody.
pub fn price_in(about: &str, text: &str, usual: Option<Currency>) -> Result<Money, OrderingError> {
    Money::parse_line(text).map_err(|error| {
        let plain = text.trim();
        let digits = plain.trim_start_matches('-').chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
        OrderingError::wrong(match error {
            MoneyError::Form(_) if digits && !plain.is_empty() => {
                match (usual, usual.and_then(|one| in_one(plain, one))) {
                    (Some(usual), Some(right)) => {
                        format!(
                            "{about}: {text:?} has no currency; prices of this shop are in {usual}: write {right:?}"
                        )
                    }
                    _ => {
                        let usable = |code: &&str| in_one(plain, Currency::parse(code).ok()?);
                        let right = ["JPY", "EUR"].iter().find_map(usable).unwrap_or_else(|| "JPY 4300".to_owned());
                        format!("{about}: {text:?} has no currency; write it before the amount, like {right:?}")
                    }
                }
            }
            MoneyError::Form(_) | MoneyError::Currency(_) if turned(plain).is_some() => {
                let right = turned(plain).unwrap_or_default();
                format!("{about}: {text:?} has its currency behind it; write it before the amount, like {right:?}")
            }
            MoneyError::Form(_) if plain.contains([',', '\'']) => {
                format!("{about}: {error}; write it without separators of thousands, and with a point before decimals")
            }
            MoneyError::Form(_) | MoneyError::Currency(_) => {
                format!("{about}: {error}; write currency and amount like \"JPY 4300\" or \"EUR 19.90\"")
            }
            _ => format!("{about}: {error}"),
        })
    })
}

/// Returns `JPY 4300` for `4300`, and for `4,300`; nothing where that is no amount of the currency.
fn in_one(plain: &str, currency: Currency) -> Option<String> {
    let mut groups = plain.split(',');
    let is_group = |group: &str| group.len() == 3 || group.split_once('.').is_some_and(|(whole, _)| whole.len() == 3);
    let first = groups.next()?;
    groups.all(is_group).then_some(())?;
    let line = format!("{currency} {}", plain.replace(',', ""));
    Money::parse_line(&line).ok().filter(|_| !first.is_empty()).map(|_| line)
}

/// Returns `JPY 4300` for `4300 JPY`.
fn turned(text: &str) -> Option<String> {
    let (amount, code) = text.rsplit_once(' ')?;
    let right = format!("{code} {}", amount.trim());
    Money::parse_line(&right).ok().map(|_| right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_amount_is_told_with_its_place_and_the_right_form() {
        let said = |text: &str| format!("{:?}", money("item 1 (Cup)", text).unwrap_err());
        assert!(said("4300").contains("item 1 (Cup): \\\"4300\\\" has no currency"), "{}", said("4300"));
        assert!(said("4300").contains("JPY 4300"));
        assert!(said("4300 JPY").contains("currency behind it") && said("4300 JPY").contains("JPY 4300"));
        assert!(said("JPY 4,300").contains("without separators"));
        for wrong in ["¥4300", "", "JPY", "yen 4300"] {
            assert!(said(wrong).contains("like \\\"JPY 4300\\\""), "{}", said(wrong));
        }
        assert!(said("JPY 4300.5").contains("decimals"));
    }

    #[test]
    fn an_amount_without_currency_is_told_with_that_of_the_shop_and_with_one_that_it_can_be_of() {
        let said = |text: &str, usual: Option<&str>| {
            let usual = usual.map(|code| Currency::parse(code).unwrap());
            price_in("item 1", text, usual).unwrap_err().to_string()
        };
        for (text, usual, right) in [
            ("19.90", Some("EUR"), "prices of this shop are in EUR: write \"EUR 19.90\""),
            ("4,300", Some("JPY"), "prices of this shop are in JPY: write \"JPY 4300\""),
            ("-500", Some("JPY"), "prices of this shop are in JPY: write \"JPY -500\""),
            // What is no amount of that currency is not made one.
            ("19.90", Some("JPY"), "like \"EUR 19.90\""),
            ("19.90", None, "like \"EUR 19.90\""),
            ("1,234.50", None, "like \"EUR 1234.50\""),
            ("4300", None, "like \"JPY 4300\""),
            // A comma before decimals is not left out: that would be a hundred times as much.
            ("19,90", Some("EUR"), "like \"JPY 4300\""),
            (",300", Some("EUR"), "like \"JPY 4300\""),
        ] {
            let said = said(text, usual);
            assert!(said.contains("has no currency") && said.ends_with(right), "{said}");
        }
    }
}
