//! An order as people write it, and what is wrong with it, said with its place.

use serde::Deserialize;

use super::OrderingError;
use crate::trade::item::{Charge, Item, Line};
use crate::trade::{DeliveryMethod, Money, MoneyError, PaymentMethod, PostalAddress, Quantity};
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

/// Gives name and price of an article by its number.
pub type Catalog<'a> = dyn FnMut(&str) -> Result<(Item, Money), OrderingError> + 'a;

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
pub fn lines(items: &[ItemWritten], catalog: &mut Catalog<'_>) -> Result<Vec<Line>, OrderingError> {
    let line = |(place, written): (usize, &ItemWritten)| {
        let number = place.saturating_add(1);
        let called = written.name.as_ref().or(written.sku.as_ref()).map(|name| format!(" ({name})"));
        let about = format!("item {number}{}", called.unwrap_or_default());
        let (item, unit_price) = goods(&about, written, catalog)?;
        let quantity = Quantity::parse(written.quantity.as_deref().unwrap_or("1"))
            .map_err(|error| OrderingError::wrong(format!("{about}: {error}")))?;
        if unit_price.is_negative() {
            let text = format!("{about}: the price {} is below zero", text::amount(&unit_price));
            return Err(OrderingError::wrong(text)
                .hint("write a discount as a charge below zero")
                .flags("write a discount as a charge: --charge 'Discount;JPY -500'"));
        }
        Ok(Line { id: number.to_string(), item, unit_price, quantity })
    };
    items.iter().enumerate().map(line).collect()
}

/// Returns what an item is, and what one of it costs.
fn goods(about: &str, written: &ItemWritten, catalog: &mut Catalog<'_>) -> Result<(Item, Money), OrderingError> {
    let ItemWritten { sku, name, price, .. } = written;
    match (sku, name, price) {
        (_, Some(name), Some(price)) => Ok((Item { sku: sku.clone(), name: name.clone() }, money(about, price)?)),
        (Some(sku), None, None) => catalog(sku),
        _ => {
            let text = format!("{about}: name and price belong together; write both, or the sku alone");
            Err(OrderingError::wrong(text))
        }
    }
}

/// Settles charges as written; their numbers follow those of `items` lines.
pub fn charges(charges: &[ChargeWritten], items: usize) -> Result<Vec<Charge>, OrderingError> {
    let charge = |(place, written): (usize, &ChargeWritten)| {
        let number = place.saturating_add(1);
        let price = money(&format!("charge {number} ({})", written.name), &written.price)?;
        Ok(Charge { id: items.saturating_add(number).to_string(), name: written.name.clone(), price })
    };
    charges.iter().enumerate().map(charge).collect()
}

/// Reads an amount that a person wrote, and says about what it is wrong.
pub fn money(about: &str, text: &str) -> Result<Money, OrderingError> {
    Money::parse_line(text).map_err(|error| {
        let plain = text.trim();
        let digits = plain.trim_start_matches('-').chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
        OrderingError::wrong(match error {
            MoneyError::Form(_) if digits && !plain.is_empty() => {
                format!("{about}: {text:?} has no currency; write it before the amount, like \"JPY {plain}\"")
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
}
