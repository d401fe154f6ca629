//! An order as people write it, in flags or in a file, and what is wrong with it, said with its place.

use std::path::Path;

use serde::Deserialize;

use super::failure::Failure;
use crate::config;
use crate::files;
use crate::trade::item::{Charge, Item, Line};
use crate::trade::{DeliveryMethod, Money, MoneyError, PaymentMethod, PostalAddress, Quantity};
use crate::view::text;

/// What the help of `order` shows after its options. A test orders by the file in it.
pub(super) const HELP: &str = "Examples:
  mailorder order --shop shop@example.com --item 'SH-41;Shirt, white, 41;JPY 4300;1' --charge 'Parcel delivery;JPY 500'
  mailorder order --shop shop@example.com --item SH-41 --item TEA-200=2 --pay card
  mailorder order --shop shop@example.com --file order.toml

order.toml, of which only one item is needed (without name and price, they are those of the shop's newest catalog here):
  pay = \"card\"
  deliver = \"parcel\"
  remarks = \"Please ring twice\"

  [[item]]
  sku = \"SH-41\"
  name = \"Shirt, white, 41\"
  price = \"JPY 4300\"
  quantity = \"1\"

  [[charge]]
  name = \"Parcel delivery\"
  price = \"JPY 500\"

  [deliver_to]
  name = \"Alice Example\"
  street = \"1-1-1 Chiyoda\"
  locality = \"Chiyoda-ku\"
  region = \"Tokyo\"
  postal_code = \"100-0001\"
  country = \"JP\"";

/// An order as a file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderFile {
    #[serde(default)]
    pub(super) item: Vec<ItemWritten>,
    #[serde(default)]
    pub(super) charge: Vec<ChargeWritten>,
    pub(super) pay: Option<PaymentMethod>,
    pub(super) deliver: Option<DeliveryMethod>,
    pub(super) deliver_to: Option<PostalAddress>,
    pub(super) remarks: Option<String>,
}

impl OrderFile {
    /// Returns whether an item is named by its article number alone.
    pub(super) fn needs_catalog(&self) -> bool {
        self.item.iter().any(|item| item.name.is_none())
    }
}

/// An item as written: with name and price, or by its article number alone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemWritten {
    sku: Option<String>,
    name: Option<String>,
    price: Option<String>,
    quantity: Option<String>,
}

/// Gives name and price of an article by its number.
pub(super) type Catalog<'a> = dyn FnMut(&str) -> Result<(Item, Money), Failure> + 'a;

/// A charge as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChargeWritten {
    name: String,
    price: String,
}

/// Reads an order from its file, where one is named, else from flags.
pub(super) fn order(file: Option<&Path>, items: &[String], charges: &[String]) -> Result<OrderFile, Failure> {
    match file {
        Some(file) => from_file(file),
        None => from_flags(items, charges),
    }
}

/// Reads an order from its file; what is wrong in it is one line with file, line and column.
pub(super) fn from_file(file: &Path) -> Result<OrderFile, Failure> {
    let text = files::read_named(file, files::SMALL).and_then(files::text);
    let text = text.map_err(|error| Failure::unreadable(file, &error))?;
    let known = "`mailorder order --help` shows all keys";
    toml::from_str(&text).map_err(|error| Failure::data(config::place(file, &text, &error, known).to_string()))
}

/// Reads an order from flags.
fn from_flags(items: &[String], charges: &[String]) -> Result<OrderFile, Failure> {
    let said = |text: &str| Some(text.trim().to_owned());
    let item = |text: &String| {
        if !text.contains(';') {
            let (sku, quantity) = text.rsplit_once('=').unwrap_or((text, "1"));
            return Ok(ItemWritten { sku: said(sku), name: None, price: None, quantity: said(quantity) });
        }
        let fields: Vec<&str> = text.split(';').map(str::trim).collect();
        let [sku, name, price, quantity] = fields.as_slice() else {
            let form = "is neither SKU=QUANTITY nor SKU;NAME;PRICE;QUANTITY, like 'SH-41;Shirt;JPY 4300;1'";
            return Err(Failure::usage(format!("--item {text:?} {form}")));
        };
        let sku = said(sku).filter(|sku| !sku.is_empty());
        Ok(ItemWritten { sku, name: said(name), price: said(price), quantity: said(quantity) })
    };
    let charge = |text: &String| {
        let form = || Failure::usage(format!("--charge {text:?} is not NAME;PRICE, like 'Parcel delivery;JPY 500'"));
        let (name, price) = text.split_once(';').ok_or_else(form)?;
        Ok(ChargeWritten { name: name.trim().to_owned(), price: price.trim().to_owned() })
    };
    let items: Result<Vec<_>, Failure> = items.iter().map(item).collect();
    let charges: Result<Vec<_>, Failure> = charges.iter().map(charge).collect();
    Ok(OrderFile { item: items?, charge: charges?, pay: None, deliver: None, deliver_to: None, remarks: None })
}

/// Settles items as written, with name and price from `catalog` where an item has its number alone. A price is not below
/// zero, since what makes an order cheaper is a charge.
pub(super) fn lines(items: &[ItemWritten], catalog: &mut Catalog<'_>) -> Result<Vec<Line>, Failure> {
    let line = |(place, written): (usize, &ItemWritten)| {
        let number = place.saturating_add(1);
        let called = written.name.as_ref().or(written.sku.as_ref()).map(|name| format!(" ({name})"));
        let about = format!("item {number}{}", called.unwrap_or_default());
        let (item, unit_price) = goods(&about, written, catalog)?;
        let quantity = Quantity::parse(written.quantity.as_deref().unwrap_or("1"))
            .map_err(|error| Failure::data(format!("{about}: {error}")))?;
        if unit_price.is_negative() {
            let text = format!("{about}: the price {} is below zero", text::amount(&unit_price));
            return Err(Failure::data(text).hint("write a discount as a charge: --charge 'Discount;JPY -500'"));
        }
        Ok(Line { id: number.to_string(), item, unit_price, quantity })
    };
    items.iter().enumerate().map(line).collect()
}

/// Returns what an item is, and what one of it costs.
fn goods(about: &str, written: &ItemWritten, catalog: &mut Catalog<'_>) -> Result<(Item, Money), Failure> {
    let ItemWritten { sku, name, price, .. } = written;
    match (sku, name, price) {
        (_, Some(name), Some(price)) => Ok((Item { sku: sku.clone(), name: name.clone() }, money(about, price)?)),
        (Some(sku), None, None) => catalog(sku),
        _ => {
            let text = format!("{about}: name and price belong together; write both, or the sku alone");
            Err(Failure::data(text))
        }
    }
}

/// Settles charges as written; their numbers follow those of `items` lines.
pub(super) fn charges(charges: &[ChargeWritten], items: usize) -> Result<Vec<Charge>, Failure> {
    let charge = |(place, written): (usize, &ChargeWritten)| {
        let number = place.saturating_add(1);
        let price = money(&format!("charge {number} ({})", written.name), &written.price)?;
        Ok(Charge { id: items.saturating_add(number).to_string(), name: written.name.clone(), price })
    };
    charges.iter().enumerate().map(charge).collect()
}

/// Reads an amount that a person wrote, and says about what it is wrong.
pub(super) fn money(about: &str, text: &str) -> Result<Money, Failure> {
    Money::parse_line(text).map_err(|error| {
        let plain = text.trim();
        let digits = plain.trim_start_matches('-').chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
        Failure::data(match error {
            MoneyError::Form(_) if digits && !plain.is_empty() => {
                format!("{about}: {text:?} has no currency; write it before the amount, like \"JPY {plain}\"")
            }
            MoneyError::Form(_) | MoneyError::Currency(_) => {
                format!("{about}: {error}; write currency and amount like \"JPY 4300\" or \"EUR 19.90\"")
            }
            _ => format!("{about}: {error}"),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_amount_is_told_with_its_place_and_the_right_form() {
        let said = |text: &str| format!("{:?}", money("item 1 (Cup)", text).unwrap_err());
        assert!(said("4300").contains("item 1 (Cup): \\\"4300\\\" has no currency"), "{}", said("4300"));
        assert!(said("4300").contains("JPY 4300"));
        for wrong in ["4300 JPY", "¥4300", "", "JPY", "yen 4300", "JPY 4,300"] {
            assert!(said(wrong).contains("like \\\"JPY 4300\\\""), "{}", said(wrong));
        }
        assert!(said("JPY 4300.5").contains("decimals"));
    }
}
