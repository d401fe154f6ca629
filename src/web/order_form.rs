//! The order form as it is filled in, and what it shows: fields, the shop's articles, the order they make.

use std::slice::from_ref;

use serde_json::{Map, Value, json};

use super::act::find;
use super::articles;
use super::fault::Fault;
use super::form::{Form, plain};
use super::visit::Visit;
use crate::clerk::Clerk;
use crate::ordering::prices::{PriceChange, Prices, Shortage, take_changes};
use crate::ordering::written::{Catalog as _, ChargeWritten, ItemWritten, OrderFile, charges, lines};
use crate::ordering::{DELIVER, OrderingError, PAY, usual};
use crate::role::buyer;
use crate::trade::item::{Charge, Item, Line};
use crate::trade::{Address, DeliveryMethod, Order, PaymentMethod, Person, PostalAddress, Transaction};
use crate::view::{short, text};

/// Rows for goods of one's own words in a form for a shop whose articles are not known.
const ROWS: usize = 3;
/// The fields of an address, as the form has them.
const PLACE: [&str; 6] = ["name", "street", "locality", "region", "postal_code", "country"];

/// A form as it is shown and filled in.
#[derive(Debug, Clone, Default)]
pub(super) struct Filled {
    pub(super) shop: String,
    pub(super) again: Option<String>,
    /// Article number, name, price of one, quantity.
    rows: Vec<[String; 4]>,
    charges: Vec<[String; 2]>,
    pay: String,
    deliver: String,
    place: [String; 6],
    remarks: String,
    pub(super) agent: String,
    /// Articles of the shop's catalog, by their numbers, and how many of each.
    picks: Vec<[String; 2]>,
    /// Which articles are shown: those with these words.
    find: String,
}

impl Filled {
    /// Returns an empty form for a shop, or for one that is not chosen yet.
    pub(super) fn empty(clerk: &Clerk, shop: Option<&str>) -> Self {
        Self { shop: shop.unwrap_or_default().to_owned(), place: place_of(clerk), ..Self::default() }
    }

    /// Fills a form in from an earlier order (P98), at the `prices` of its shop: articles of the catalog have their quantities in
    /// its rows, and what has another price since then has that. Returns with it what has another price, or is not sold any more.
    ///
    /// # Errors
    /// Why it is not ordered again.
    pub(super) fn again(known: &Transaction, prices: &Prices) -> Result<(Self, Vec<PriceChange>), Fault> {
        let (mut order, shop) = buyer::reorder(known)?;
        let changes = prices.changed_since(&order, known);
        take_changes(&mut order, &changes);
        let (picks, others) = picked(&order, prices);
        let row = |line: &Line| {
            let sku = line.item.sku.clone().unwrap_or_default();
            [sku, line.item.name.clone(), line.unit_price.to_string(), line.quantity.to_string()]
        };
        let charge = |charge: &Charge| [charge.name.clone(), charge.price.to_string()];
        let filled = Self {
            shop: shop.address.to_string(),
            again: Some(known.key.id.to_string()),
            rows: others.into_iter().map(row).collect(),
            picks,
            charges: order.charges.iter().map(charge).collect(),
            pay: order.payment_method.to_string(),
            deliver: order.delivery_method.to_string(),
            place: order.deliver_to.as_ref().map(fields).unwrap_or_default(),
            ..Self::default()
        };
        Ok((filled, changes))
    }

    /// Brings the prices of the shop that is chosen.
    ///
    /// # Errors
    /// An address that is none, and what keeps the prices from being read.
    pub(super) fn prices(&self, clerk: &mut Clerk) -> Result<Prices, OrderingError> {
        let shop = Address::parse(&self.shop).map_err(|error| OrderingError::wrong(error.to_string()))?;
        Prices::of(clerk, &shop)
    }

    /// Takes a form as it was sent.
    pub(super) fn of(form: &Form) -> Self {
        let text = |name: &str| form.get(name).unwrap_or_default().to_owned();
        let column = |name: &str| -> Vec<String> { form.each(name).map(str::to_owned).collect() };
        let numbers = |name: &str| -> Vec<String> { form.each(name).map(plain).collect() };
        let columns = [column("sku"), column("item"), numbers("price"), numbers("quantity")];
        let rows = columns.iter().map(Vec::len).max().unwrap_or_default();
        let cell = |column: &Vec<String>, row: usize| column.get(row).cloned().unwrap_or_default();
        let rows = (0..rows).map(|row| columns.each_ref().map(|column| cell(column, row)));
        let charges = form.each("charge").zip(form.each("charge-price"));
        Self {
            shop: text("shop"),
            again: form.get("again").map(str::to_owned),
            rows: rows.filter(|row| row.iter().any(|cell| !cell.is_empty())).collect(),
            charges: charges
                .filter(|(name, price)| !name.is_empty() || !price.is_empty())
                .map(|(name, price)| [name.to_owned(), plain(price)])
                .collect(),
            pay: text("pay"),
            deliver: text("deliver"),
            place: PLACE.map(|field| text(&format!("to-{field}"))),
            remarks: text("remarks"),
            agent: text("agent"),
            picks: form
                .beginning(articles::FIELD)
                .map(|(sku, quantity)| [sku.to_owned(), plain(quantity)])
                .filter(|[_, quantity]| quantity != "0")
                .collect(),
            find: text("find"),
        }
    }

    /// Writes the form as an order file has it.
    pub(super) fn written(&self) -> OrderFile {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let item = |[sku, name, price, quantity]: &[String; 4]| ItemWritten {
            sku: some(sku),
            name: some(name),
            price: some(price),
            quantity: some(quantity),
        };
        let pick = |[sku, quantity]: &[String; 2]| ItemWritten {
            sku: some(sku),
            name: None,
            price: None,
            quantity: some(quantity),
        };
        let charge = |[name, price]: &[String; 2]| ChargeWritten { name: name.clone(), price: price.clone() };
        let [name, street, locality, region, postal_code, country] = self.place.each_ref().map(|field| some(field));
        let place = PostalAddress { name, street, locality, region, postal_code, country };
        OrderFile {
            item: self.picks.iter().map(pick).chain(self.rows.iter().map(item)).collect(),
            charge: self.charges.iter().map(charge).collect(),
            pay: PaymentMethod::parse(&self.pay).ok(),
            deliver: DeliveryMethod::parse(&self.deliver).ok(),
            deliver_to: (!place.lines().is_empty()).then_some(place),
            remarks: some(&self.remarks),
        }
    }
}

/// Parts the lines of an order into those that the catalog has at the same price, as their numbers and quantities, and others.
fn picked<'a>(order: &'a Order, prices: &Prices) -> (Vec<[String; 2]>, Vec<&'a Line>) {
    let offers = prices.offers();
    let (mut picks, mut others) = (Vec::<[String; 2]>::new(), Vec::new());
    for line in &order.lines {
        let offer = offers.iter().find(|offer| offer.item.sku == line.item.sku && offer.price == line.unit_price);
        let sku = offer.and_then(|offer| offer.item.sku.clone());
        match sku.filter(|sku| !picks.iter().any(|[known, _]| known == sku)) {
            Some(sku) => picks.push([sku, line.quantity.to_string()]),
            None => others.push(line),
        }
    }
    (picks, others)
}

/// Returns what an order that is repeated had at other prices then, or what is not sold any more (P98, P100).
fn changes(clerk: &Clerk, filled: &Filled, prices: Option<&Prices>) -> Result<Vec<PriceChange>, Fault> {
    let Some((prices, id)) = prices.zip(filled.again.as_deref()) else { return Ok(Vec::new()) };
    let known = find(clerk, id)?;
    let (order, _) = buyer::reorder(&known)?;
    Ok(prices.changed_since(&order, &known))
}

fn place_of(clerk: &Clerk) -> [String; 6] {
    let place = clerk.settings().practice.buyer.as_ref().and_then(|buyer| buyer.deliver_to.clone());
    place.map(|place| fields(&place)).unwrap_or_default()
}

fn fields(place: &PostalAddress) -> [String; 6] {
    let PostalAddress { name, street, locality, region, postal_code, country } = place.clone();
    [name, street, locality, region, postal_code, country].map(Option::unwrap_or_default)
}

/// Returns who orders, as the configuration says it (P14).
fn person(clerk: &Clerk) -> Option<Value> {
    let Person { name, email, telephone, .. } = &clerk.settings().practice.buyer.as_ref()?.person;
    Some(json!({"name": name, "email": email, "telephone": telephone}))
}

/// Returns what the form shows: the fields as they are, at the prices of its shop where one is chosen, the order they make, and what
/// is wrong with them.
pub(super) fn shows(
    clerk: &mut Clerk,
    filled: &Filled,
    prices: Option<&Prices>,
    order: Option<&Order>,
    fault: Option<&str>,
    visit: &Visit,
) -> Result<Map<String, Value>, Fault> {
    let known: Vec<Address> = clerk.index().pins()?.into_iter().map(|pin| pin.address).collect();
    let shop = Address::parse(&filled.shop).ok();
    let prices = prices.filter(|prices| prices.date().is_some());
    let changes = changes(clerk, filled, prices)?;
    let mut shows = Map::new();
    let mut put = |name: &str, value: Value| shows.insert(name.to_owned(), value);
    put("page", json!("order"));
    put("shop", json!(filled.shop));
    put("shops", json!(known));
    put("sellers", if filled.shop.is_empty() { articles::sellers(clerk, &known)? } else { json!([]) });
    let awaited = shop.as_ref().map(|shop| clerk.index().catalog_awaited(shop)).transpose()?.flatten();
    put("awaited", json!(awaited.map(|since| since.to_string())));
    put("again", json!(filled.again));
    put("again_short", json!(filled.again.as_deref().map(short)));
    let again = filled.again.as_deref().and_then(|id| find(clerk, id).ok());
    let again = again.as_ref().and_then(|known| known.order()).map(|(kept, _)| kept.letter.date.to_string());
    put("again_date", json!(again));
    put("articles", prices.map_or(Value::Null, |prices| articles::rows(prices, &filled.find, &filled.picks, &changes)));
    put("picks", json!(filled.picks));
    put("rows", rows(filled, prices, &changes));
    let listed = filled.charges.iter().cloned().chain([<[String; 2]>::default()]);
    let charge = |[name, price]: [String; 2]| json!({"was": was(&changes, None, &name), "name": name, "price": price});
    put("charges", listed.map(charge).collect());
    let ways = prices.map(|prices| prices.ways()).unwrap_or_default();
    let (usual_pay, usual_deliver) =
        usual(ways, PaymentMethod::parse(&filled.pay).ok(), DeliveryMethod::parse(&filled.deliver).ok())?;
    let pays = ways.iter().map(|way| way.payment_method.as_ref().map(PaymentMethod::as_str)).collect();
    let pays = methods(pays, &PAY, &filled.pay);
    let delivers = ways.iter().map(|way| way.delivery_method.as_ref().map(DeliveryMethod::as_str)).collect();
    let delivers = methods(delivers, &DELIVER, &filled.deliver);
    let (pay, deliver) = (usual_pay.as_str(), usual_deliver.as_str());
    put("pay", json!(filled.pay));
    put("pays", with_charges(&pays, pay, |pay| articles::charge(ways, pay, deliver), true));
    put("deliver", json!(filled.deliver));
    put("delivers", with_charges(&delivers, deliver, |deliver| articles::charge(ways, pay, deliver), false));
    let place = PLACE.iter().zip(&filled.place);
    put("place", place.map(|(name, value)| json!({"name": name, "value": value})).collect());
    put("person", json!(person(clerk)));
    put("remarks", json!(filled.remarks));
    let agent = order.zip(prices).and_then(|(order, prices)| prices.payment_agent(order));
    let agent = agent.map(|agent| agent.address.to_string()).filter(|_| filled.agent.is_empty());
    put("agent", json!(agent.unwrap_or_else(|| filled.agent.clone())));
    put("fault", json!(fault));
    put("field", Value::Null);
    put("doubt", Value::Null);
    put("checked", json!(false));
    put("sends_once", Value::Null);
    let short = order.zip(prices).map(|(order, prices)| prices.shortages(&order.lines)).unwrap_or_default();
    put("order", order.map_or(Value::Null, |order| sum(order, &changes, &short, visit)));
    Ok(shows)
}

/// Returns the first field with which something is wrong by itself, as the template names it: what is wrong with an order is said of
/// it, since an order is read in the same sequence. Without `prices` no shop is chosen.
pub(super) fn faulty(clerk: &mut Clerk, filled: &Filled, prices: Option<&mut Prices>) -> Option<String> {
    let Some(prices) = prices.filter(|prices| crate::ordering::pinned(clerk, prices.shop()).is_ok()) else {
        return Some("shop".to_owned());
    };
    let file = filled.written();
    let is_wrong = |item: &ItemWritten, prices: &mut Prices| lines(from_ref(item), prices).is_err();
    if let Some((place, item)) = file.item.iter().enumerate().find(|(_, item)| is_wrong(item, prices)) {
        let ItemWritten { sku, name, price, .. } = item;
        let named = Item { sku: sku.clone(), name: name.clone().unwrap_or_default() };
        // The least that is sold of it: nothing is wrong with that quantity.
        let quantity = prices.increment(&named).map(|increment| increment.to_string());
        let one = ItemWritten { sku: sku.clone(), name: name.clone(), price: price.clone(), quantity };
        let row = place.saturating_sub(filled.picks.len()).saturating_add(1);
        return Some(match filled.picks.get(place) {
            Some([sku, _]) => format!("{}{sku}", articles::FIELD),
            None if !is_wrong(&one, prices) => format!("quantity-{row}"),
            None if sku.is_some() && name.is_none() => format!("sku-{row}"),
            None if name.is_none() => format!("item-{row}"),
            None => format!("price-{row}"),
        });
    }
    let is_wrong = |charge: &ChargeWritten| charges(from_ref(charge), 0, prices.currency()).is_err();
    let charge = file.charge.iter().position(is_wrong);
    charge.map(|place| format!("charge-price-{}", place.saturating_add(1)))
}

/// Returns how the price of an article, or of a charge by its name, was another one in the order that is repeated: what it was,
/// and whether it is sold no more; null where it was the same.
pub(super) fn was(changes: &[PriceChange], sku: Option<&str>, name: &str) -> Value {
    let is = |change: &&PriceChange| match sku {
        Some(sku) => change.sku.as_deref() == Some(sku),
        None => change.sku.is_none() && change.name == name,
    };
    let was = |change: &PriceChange| json!({"then": text::money_json(&change.then), "gone": change.now.is_none()});
    changes.iter().find(is).map_or(Value::Null, was)
}

/// Returns the rows of goods in one's own words, with prices that the catalog has otherwise marked; in an order that is
/// repeated, those that it has otherwise since then.
fn rows(filled: &Filled, prices: Option<&Prices>, changes: &[PriceChange]) -> Value {
    let prices_now = prices.filter(|_| filled.again.is_none());
    let offers = prices_now.map(Prices::offers).unwrap_or_default();
    let row = |[sku, name, price, quantity]: &[String; 4]| {
        let offer = offers.iter().find(|offer| offer.item.sku.as_deref() == Some(sku));
        let changed = offer.filter(|offer| !price.is_empty() && offer.price.to_string() != *price);
        let changed = changed.map(|offer| text::money_json(&offer.price));
        json!({"sku": sku, "name": name, "price": price, "quantity": quantity, "changed": changed, "was": was(changes, Some(sku), name)})
    };
    let mut rows: Vec<Value> = filled.rows.iter().map(row).collect();
    let empty = json!({"sku": "", "name": "", "price": "", "quantity": "", "changed": null, "was": null});
    let least = if prices.is_some() { 1 } else { ROWS };
    rows.resize(rows.len().saturating_add(1).max(least), empty);
    json!(rows)
}

/// Returns the methods that can be chosen: those that a shop `named`, where each of its ways has one, and else all `known` ones;
/// and the chosen one, which may be another.
fn methods<'a>(named: Vec<Option<&'a str>>, known: &[&'static str], chosen: &'a str) -> Vec<&'a str> {
    let mut words: Vec<&str> = Vec::new();
    let all = known.iter().copied().filter(|_| named.is_empty() || named.contains(&None));
    let chosen_word = (!chosen.is_empty()).then_some(chosen);
    for word in named.iter().copied().flatten().chain(all).chain(chosen_word) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// Returns methods to choose from, each with what the shop charges for it beside the goods; of some only where that is not the
/// same for all of them.
fn with_charges(methods: &[&str], chosen: &str, charge: impl Fn(&str) -> Value, if_they_differ: bool) -> Value {
    let charges: Vec<Value> = methods.iter().map(|method| charge(method)).collect();
    let are_same = charges.windows(2).all(|two| matches!(two, [one, other] if one == other));
    let method = |(word, charge): (&&str, Value)| json!({"word": word, "is": *word == chosen, "charge": if if_they_differ && are_same { Value::Null } else { charge }});
    methods.iter().zip(charges).map(method).collect()
}

/// Returns what an order has and comes to, with what changed since it was ordered before, and of which lines there was less.
pub(super) fn sum(order: &Order, changes: &[PriceChange], short: &[Shortage], visit: &Visit) -> Value {
    let short = |id: &str| short.iter().find(|short| short.id == id).map(|short| visit.said(&short.to_string()));
    let line = |line: &Line| {
        json!({
            "sku": line.item.sku, "name": line.item.name, "quantity": line.quantity.to_string(), "unit": text::money_json(&line.unit_price),
            "price": line.price().ok().as_ref().map(text::money_json),
            "was": line.item.sku.as_deref().map(|sku| was(changes, Some(sku), &line.item.name)), "short": short(&line.id),
        })
    };
    let charge = |charge: &Charge| {
        let (price, was) = (text::money_json(&charge.price), was(changes, None, &charge.name));
        json!({"name": charge.name, "price": price, "was": was})
    };
    json!({
        "lines": order.lines.iter().map(line).collect::<Vec<_>>(), "charges": order.charges.iter().map(charge).collect::<Vec<_>>(),
        "total": text::money_json(&order.total), "pay": order.payment_method.as_str(), "deliver": order.delivery_method.as_str(), "to": order.deliver_to.as_ref().map(|to| to.lines().join(", ")),
        "needs_card": order.payment_method.is_debited(),
    })
}
