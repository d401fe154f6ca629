//! An order as people write it in flags or in a file.

use std::path::Path;

use super::failure::Failure;
use crate::config;
use crate::files;
use crate::ordering::written::{ChargeWritten, ItemWritten, OrderFile};
use crate::trade::PostalAddress;

/// What the help of `order` shows after its options. A test orders by the file in it.
pub(super) const HELP: &str = "Examples:
  mailorder order --shop shop@example.com --item 'SH-41;Shirt, white, 41;JPY 4300;1' --charge 'Parcel delivery;JPY 500'
  mailorder order --shop shop@example.com --item SH-41 --item TEA-200=2 --pay card
  mailorder order --shop shop@example.com --file order.toml
  mailorder order

On a terminal you are asked for what is left out, once shop or items are; the order is shown before it is sent, and you are
asked, unless you say --yes. Without a terminal, with --no-input or --json nobody is asked: --shop and --item (or --file) are
needed then.

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

/// The parts of an address, as flags name them.
pub(super) const PARTS: [&str; 6] = ["name", "street", "locality", "region", "postal_code", "country"];

/// Reads a part of an address, `locality=Osaka`.
pub(super) fn part(text: &str) -> Result<(String, String), String> {
    let (part, text) = text.split_once('=').ok_or("it is written PART=TEXT, like locality=Osaka")?;
    let part = part.trim().replace('-', "_");
    if !PARTS.contains(&part.as_str()) {
        return Err(format!("{part:?} is no part of an address; the parts are {}", PARTS.join(", ")));
    }
    Ok((part, text.trim().to_owned()))
}

/// Puts a part into an address; an empty one takes it out.
pub(super) fn put_part(place: &mut PostalAddress, part: &str, text: &str) {
    let field = match part {
        "name" => &mut place.name,
        "street" => &mut place.street,
        "locality" => &mut place.locality,
        "region" => &mut place.region,
        "postal_code" => &mut place.postal_code,
        _ => &mut place.country,
    };
    *field = Some(text.to_owned()).filter(|text| !text.is_empty());
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
    let charge = |text: &String| {
        let form = || Failure::usage(format!("--charge {text:?} is not NAME;PRICE, like 'Parcel delivery;JPY 500'"));
        let (name, price) = text.split_once(';').ok_or_else(form)?;
        Ok(ChargeWritten { name: name.trim().to_owned(), price: price.trim().to_owned() })
    };
    let items: Result<Vec<_>, Failure> = items.iter().map(|text| item(text)).collect();
    let charges: Result<Vec<_>, Failure> = charges.iter().map(charge).collect();
    Ok(OrderFile { item: items?, charge: charges?, pay: None, deliver: None, deliver_to: None, remarks: None })
}

/// Reads an item, `SKU=QUANTITY` or `SKU;NAME;PRICE;QUANTITY`.
pub(super) fn item(text: &str) -> Result<ItemWritten, Failure> {
    let said = |text: &str| Some(text.trim().to_owned());
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
}
