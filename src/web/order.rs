//! The order form: what is bought, of whom, how it is paid and delivered; looked at once more before it is sent (figure 5;
//! P10-P16, P98-P102).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::Web;
use super::act::find;
use super::fault::Fault;
use super::form::Form;
use super::pages::Page;
use super::visit::Visit;
use crate::clerk::{Clerk, chance};
use crate::ordering::prices::Prices;
use crate::ordering::written::{ChargeWritten, ItemWritten, OrderFile};
use crate::ordering::{self, Instrument, OrderingError, made, pinned, total};
use crate::role::buyer;
use crate::trade::item::{Charge, Line};
use crate::trade::{Address, DeliveryMethod, Order, OrderId, Party, PaymentMethod, PostalAddress, Role, Transaction};
use crate::view::{short, text};

/// Rows of goods in an empty form.
const ROWS: usize = 3;
/// Ways to pay and to have delivered that every form offers.
const PAY: [&str; 5] = ["card", "e-money", "bank-transfer", "invoice", "cash-on-delivery"];
const DELIVER: [&str; 4] = ["parcel", "pickup", "locker", "download"];
/// The fields of an address, as the form has them.
const PLACE: [&str; 6] = ["name", "street", "locality", "region", "postal_code", "country"];

/// A form as it is shown and filled in.
#[derive(Debug, Clone, Default)]
struct Filled {
    shop: String,
    again: Option<String>,
    /// Article number, name, price of one, quantity.
    rows: Vec<[String; 4]>,
    charges: Vec<[String; 2]>,
    pay: String,
    deliver: String,
    place: [String; 6],
    remarks: String,
    agent: String,
}

/// The empty form, or one filled in from an earlier order.
pub(super) async fn show(State(web): State<Arc<Web>>, visit: Visit) -> Result<Page, Fault> {
    let shared = Arc::clone(&web);
    web.desk(move |clerk| {
        let mut filled = match visit.asked("again") {
            Some(id) => Filled::again(&find(clerk, id)?)?,
            None => Filled { shop: visit.asked("shop").unwrap_or_default().to_owned(), ..Filled::default() },
        };
        if filled.again.is_none() {
            filled.place = place_of(clerk);
        }
        let shows = form(clerk, &filled, None, None)?;
        visit.page(&shared, clerk, "order.html", shows)
    })
    .await
}

/// Adds a line, reckons the total, shows the order as it would be sent, or sends it.
pub(super) async fn act(State(web): State<Arc<Web>>, visit: Visit, form_sent: Form) -> Result<Response, Fault> {
    let filled = Filled::of(&form_sent);
    if form_sent.get("do") == Some("send") {
        let instrument = instrument(&form_sent);
        let shared = Arc::clone(&web);
        let sent = web
            .once(&form_sent, async move {
                let id = shared.desk(move |clerk| send(clerk, &filled, instrument)).await?;
                shared.post.send();
                Ok(format!("/txn/{id}?said=ordered"))
            })
            .await;
        return sent.map(IntoResponse::into_response);
    }
    let checked = form_sent.get("do") == Some("check");
    let shared = Arc::clone(&web);
    let page = web
        .desk(move |clerk| {
            let (filled, fault, order) = match draft(clerk, &filled) {
                Ok((order, _, _)) => (filled, None, Some(order)),
                Err(OrderingError::Clerk(error)) => return Err(error.into()),
                Err(error) => (filled, Some(said(&error, &visit)), None),
            };
            let order = order.filter(|_| checked || fault.is_none());
            let mut shows = form(clerk, &filled, order.as_ref(), fault.as_deref())?;
            shows.insert("checked".to_owned(), json!(checked && order.is_some()));
            visit.page(&shared, clerk, "order.html", shows)
        })
        .await?;
    Ok(page.into_response())
}

/// Returns what is wrong, and what to do about it.
fn said(error: &OrderingError, visit: &Visit) -> String {
    let said = visit.said(&error.to_string());
    match error {
        OrderingError::Wrong { hint: Some(hint), .. } | OrderingError::Forbidden { hint: Some(hint), .. } => {
            visit.words().fill("order.fault", &[("fault", &said), ("hint", &visit.said(hint))])
        }
        _ => said,
    }
}

fn place_of(clerk: &Clerk) -> [String; 6] {
    let place = clerk.settings().practice.buyer.as_ref().and_then(|buyer| buyer.deliver_to.clone());
    place.map(|place| fields(&place)).unwrap_or_default()
}

fn fields(place: &PostalAddress) -> [String; 6] {
    let PostalAddress { name, street, locality, region, postal_code, country } = place.clone();
    [name, street, locality, region, postal_code, country].map(Option::unwrap_or_default)
}

impl Filled {
    /// Fills a form in from an earlier order (P98).
    fn again(known: &Transaction) -> Result<Self, Fault> {
        let (order, shop) = buyer::reorder(known)?;
        let row = |line: &Line| {
            let sku = line.item.sku.clone().unwrap_or_default();
            [sku, line.item.name.clone(), line.unit_price.to_string(), line.quantity.to_string()]
        };
        let charge = |charge: &Charge| [charge.name.clone(), charge.price.to_string()];
        Ok(Self {
            shop: shop.address.to_string(),
            again: Some(known.key.id.to_string()),
            rows: order.lines.iter().map(row).collect(),
            charges: order.charges.iter().map(charge).collect(),
            pay: order.payment_method.to_string(),
            deliver: order.delivery_method.to_string(),
            place: order.deliver_to.as_ref().map(fields).unwrap_or_default(),
            ..Self::default()
        })
    }

    /// Takes a form as it was sent.
    fn of(form: &Form) -> Self {
        let text = |name: &str| form.get(name).unwrap_or_default().to_owned();
        let column = |name: &str| -> Vec<String> { form.each(name).map(str::to_owned).collect() };
        let columns = ["sku", "item", "price", "quantity"].map(column);
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
                .map(|(name, price)| [name.to_owned(), price.to_owned()])
                .collect(),
            pay: text("pay"),
            deliver: text("deliver"),
            place: PLACE.map(|field| text(&format!("to-{field}"))),
            remarks: text("remarks"),
            agent: text("agent"),
        }
    }

    /// Writes the form as an order file has it.
    fn written(&self) -> OrderFile {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let item = |[sku, name, price, quantity]: &[String; 4]| ItemWritten {
            sku: some(sku),
            name: some(name),
            price: some(price),
            quantity: some(quantity),
        };
        let charge = |[name, price]: &[String; 2]| ChargeWritten { name: name.clone(), price: price.clone() };
        let [name, street, locality, region, postal_code, country] = self.place.each_ref().map(|field| some(field));
        let place = PostalAddress { name, street, locality, region, postal_code, country };
        OrderFile {
            item: self.rows.iter().map(item).collect(),
            charge: self.charges.iter().map(charge).collect(),
            pay: PaymentMethod::parse(&self.pay).ok(),
            deliver: DeliveryMethod::parse(&self.deliver).ok(),
            deliver_to: (!place.lines().is_empty()).then_some(place),
            remarks: some(&self.remarks),
        }
    }
}

/// Makes the order of a form, with the shop and what is known of its prices.
fn draft(clerk: &mut Clerk, filled: &Filled) -> Result<(Order, Party, Prices), OrderingError> {
    let shop = Address::parse(&filled.shop).map_err(|error| OrderingError::wrong(error.to_string()))?;
    let party = pinned(clerk, &shop)?;
    let file = filled.written();
    let mut prices = Prices::of(clerk, &shop, file.needs_catalog())?;
    let has_charges = !file.charge.is_empty();
    let person = clerk.settings().practice.buyer.as_ref().map(|buyer| buyer.person.clone());
    let person = person.ok_or_else(|| OrderingError::wrong("this account is no buyer"))?;
    let mut order = made(file, person, None, &mut |sku| prices.item(sku))?;
    if prices.are_used() {
        prices.complete(&mut order, has_charges)?;
        order.total = total(&order.lines, &order.charges)?;
    }
    Ok((order, party, prices))
}

/// Returns the card or account of a form; nothing where it has no number.
fn instrument(form: &Form) -> Option<Instrument> {
    form.get("card-number")?;
    let fields = [("number", "card-number"), ("expires", "card-expires"), ("name", "card-name")];
    let field = |(name, field): (&str, &str)| Some((name.to_owned(), SecretString::from(form.get(field)?)));
    Some(fields.into_iter().filter_map(field).collect())
}

fn send(clerk: &mut Clerk, filled: &Filled, instrument: Option<Instrument>) -> Result<OrderId, Fault> {
    let (mut order, shop, prices) = draft(clerk, filled)?;
    if let Some(id) = &filled.again {
        order.reorder_of = find(clerk, id)?.number;
    }
    let id = OrderId::from_bytes(chance()?);
    clerk.renew_if_due()?;
    if let Some(instrument) = instrument {
        let named = prices.payment_agent(&order).map(|agent| agent.address);
        let agent = if filled.agent.is_empty() { named } else { Address::parse(&filled.agent).ok() };
        let agent =
            agent.ok_or_else(|| Fault::wrong("Say which payment agent the card is for: nobody else can read it."))?;
        prices.check_agent(clerk, &order, &agent)?;
        let agent = pinned(clerk, &agent)?;
        ordering::seal(clerk, &mut order, &id, &shop, &agent, instrument)?;
    }
    clerk.post(vec![buyer::order(order, id.clone(), shop)])?;
    Ok(id)
}

/// Returns what the form shows: the fields as they are, the order they make, and what is wrong with them.
fn form(
    clerk: &mut Clerk,
    filled: &Filled,
    order: Option<&Order>,
    fault: Option<&str>,
) -> Result<Map<String, Value>, Fault> {
    let shops: Vec<String> = clerk.index().pins()?.iter().map(|pin| pin.address.to_string()).collect();
    let catalog = match Address::parse(&filled.shop) {
        Ok(shop) => clerk.catalogs(&shop)?,
        Err(_) => Vec::new(),
    };
    let offers = catalog.iter().flat_map(|known| known.catalog.offers.iter());
    let offer = |sku: &str| offers.clone().find(|offer| offer.item.sku.as_deref() == Some(sku));
    let row = |[sku, name, price, quantity]: &[String; 4]| {
        let now = offer(sku).map(|offer| offer.price.to_string());
        let changed = now.filter(|now| !price.is_empty() && now != price);
        json!({"sku": sku, "name": name, "price": price, "quantity": quantity, "changed": changed})
    };
    let mut rows: Vec<Value> = filled.rows.iter().map(row).collect();
    let empty = json!({"sku": "", "name": "", "price": "", "quantity": "", "changed": null});
    rows.resize(rows.len().saturating_add(1).max(ROWS), empty);
    let mut charges: Vec<Value> =
        filled.charges.iter().map(|[name, price]| json!({"name": name, "price": price})).collect();
    charges.push(json!({"name": "", "price": ""}));
    let agent = catalog.first().and_then(|known| {
        let (pay, deliver) = (PaymentMethod::parse(&filled.pay).ok()?, DeliveryMethod::parse(&filled.deliver).ok()?);
        let way = known.catalog.way(&pay, &deliver)?;
        Some(known.catalog.agent(Role::Payment, way.payment_agent.as_ref()?)?.party.address.to_string())
    });
    let place: Vec<Value> =
        PLACE.iter().zip(&filled.place).map(|(name, value)| json!({"name": name, "value": value})).collect();
    let known: Vec<Value> = offers
        .take(500)
        .map(|offer| json!({"sku": offer.item.sku, "name": offer.item.name, "price": text::money_json(&offer.price)}))
        .collect();
    let mut shows = Map::new();
    let mut put = |name: &str, value: Value| shows.insert(name.to_owned(), value);
    put("page", json!("order"));
    put("shop", json!(filled.shop));
    put("shops", json!(shops));
    put("again", json!(filled.again));
    put("again_short", json!(filled.again.as_deref().map(short)));
    put("rows", json!(rows));
    put("charges", json!(charges));
    put("pay", json!(filled.pay));
    put("pays", methods(&PAY, &filled.pay));
    put("deliver", json!(filled.deliver));
    put("delivers", methods(&DELIVER, &filled.deliver));
    put("place", json!(place));
    put("remarks", json!(filled.remarks));
    put("agent", json!(if filled.agent.is_empty() { agent.unwrap_or_default() } else { filled.agent.clone() }));
    put("offers", json!(known));
    put("catalog_date", json!(catalog.first().map(|known| known.date.to_string())));
    put("fault", json!(fault));
    put("checked", json!(false));
    put("order", order.map_or(Value::Null, sum));
    Ok(shows)
}

/// Returns the methods of a list and the chosen one, which may be another.
fn methods(known: &[&str], chosen: &str) -> Value {
    let other = (!chosen.is_empty() && !known.contains(&chosen)).then_some(chosen);
    known.iter().copied().chain(other).map(|word| json!({"word": word, "is": word == chosen})).collect()
}

fn sum(order: &Order) -> Value {
    let line = |line: &Line| {
        json!({
            "sku": line.item.sku, "name": line.item.name, "quantity": line.quantity.to_string(), "unit": text::money_json(&line.unit_price),
            "unit_text": line.unit_price.to_string(), "price": line.price().ok().as_ref().map(text::money_json),
        })
    };
    let charge = |charge: &Charge| json!({"name": charge.name, "price": text::money_json(&charge.price), "text": charge.price.to_string()});
    json!({
        "lines": order.lines.iter().map(line).collect::<Vec<_>>(), "charges": order.charges.iter().map(charge).collect::<Vec<_>>(),
        "total": text::money_json(&order.total), "to": order.deliver_to.as_ref().map(|to| to.lines().join(", ")),
        "needs_card": !matches!(order.payment_method.as_str(), "invoice" | "cash-on-delivery" | "bank-transfer"),
    })
}
