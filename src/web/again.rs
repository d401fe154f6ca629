//! Several orders repeated at once, each as its own form would fill it in and with nothing changed: what was shown is what is sent
//! (figure 21; P82, P83, P98-P102).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Redirect;
use serde_json::{Map, Value, json};

use super::Web;
use super::fault::Fault;
use super::form::Form;
use super::order::repeated;
use super::order_form::{self, Filled};
use super::pages::Page;
use super::several::{self, Done};
use super::visit::Visit;
use crate::clerk::{Clerk, chance};
use crate::ordering::prices::{PriceChange, Prices, Shortage};
use crate::role::buyer;
use crate::trade::{Digest, Money, Order, OrderId, Party, Transaction};
use crate::view::text;

/// Said of what has no price any more.
const GONE: &str = "some of it is not sold any more";
/// Said of what is not what the page showed.
const CHANGED: &str = "it would not be what the page showed any more; look at it again";

/// An order as it would be repeated now.
struct Repeat {
    order: Order,
    shop: Party,
    /// The prices that are others than they were.
    changes: Vec<PriceChange>,
    /// The lines of which the shop had less.
    short: Vec<Shortage>,
    /// Why it is not sent together with others, if so: its own form has what it needs.
    held: Option<Fault>,
}

impl Repeat {
    /// Makes the order that repeats an earlier one, at the prices of now.
    ///
    /// # Errors
    /// Why there is none.
    fn of(clerk: &mut Clerk, known: &Transaction) -> Result<Self, Fault> {
        let mut prices = Prices::of(clerk, &known.key.shop)?;
        let (filled, changes) = Filled::again(known, &prices)?;
        let (order, shop) = repeated(clerk, &filled, known, &mut prices)?;
        let short = prices.shortages(&order.lines);
        let made = Self { order, shop, changes, short, held: None };
        let held = made.check(clerk, known, &prices).err();
        Ok(Self { held, ..made })
    }

    /// Checks that nobody needs to look at it by itself: it asks for nothing that was left out, and can be had as it is.
    fn check(&self, clerk: &Clerk, known: &Transaction, prices: &Prices) -> Result<(), Fault> {
        buyer::check_unsealed(known)?;
        if self.changes.iter().any(|change| change.now.is_none()) {
            return Err(Fault::wrong(GONE));
        }
        if let Some(doubt) = prices.doubt(&self.order) {
            return Err(Fault::wrong(doubt));
        }
        Ok(clerk.check_reader(&self.shop)?)
    }

    /// Returns the digest of what would be sent, and to whom.
    fn digest(&self) -> String {
        Digest::of(json!({"order": self.order, "shop": self.shop}).to_string().as_bytes()).hex()
    }
}

/// Shows the ticked orders as they would be repeated.
pub(super) async fn show(State(web): State<Arc<Web>>, visit: Visit) -> Result<Page, Fault> {
    let shared = Arc::clone(&web);
    web.desk(move |clerk| {
        let (mut orders, mut sums) = (Vec::new(), Vec::new());
        for known in several::ticked(clerk, &visit)? {
            orders.push(order(clerk, &known, &visit, &mut sums)?);
        }
        let mut shows = Map::new();
        shows.insert("page".to_owned(), json!("list"));
        shows.insert("orders".to_owned(), json!(orders));
        shows.insert("can".to_owned(), json!(sums.len()));
        shows.insert("sums".to_owned(), Money::totals(sums).values().map(text::money_json).collect());
        visit.page(&shared, clerk, "again.html", shows)
    })
    .await
}

/// Returns an order as it would be repeated, and why it is not sent from here, if so; of what is, `sums` gets the total.
fn order(clerk: &mut Clerk, known: &Transaction, visit: &Visit, sums: &mut Vec<Money>) -> Result<Value, Fault> {
    let mut row = several::row(clerk, known)?;
    let (order, why, shown) = match Repeat::of(clerk, known) {
        Ok(repeat) => {
            let order = order_form::sum(&repeat.order, &repeat.changes, &repeat.short, visit);
            let shown = repeat.held.is_none().then(|| repeat.digest());
            sums.extend(shown.as_ref().map(|_| repeat.order.total));
            (order, repeat.held.map(|fault| fault.told(visit)).transpose()?, shown)
        }
        Err(fault) => (Value::Null, Some(fault.told(visit)?), None),
    };
    row.extend([("order".to_owned(), order), ("why".to_owned(), json!(why)), ("shown".to_owned(), json!(shown))]);
    Ok(Value::Object(row))
}

/// Returns why an order was not repeated together with others: where nothing keeps it from being now, it was not what had been shown.
pub(super) fn why_not(clerk: &mut Clerk, known: &Transaction) -> Fault {
    match Repeat::of(clerk, known) {
        Ok(repeat) => repeat.held.unwrap_or_else(|| Fault::wrong(CHANGED)),
        Err(fault) => fault,
    }
}

/// Sends the orders of the form that are as it showed them.
pub(super) async fn act(State(web): State<Arc<Web>>, form: Form) -> Result<Redirect, Fault> {
    let ids: Vec<String> = form.all("txn").map(str::to_owned).collect();
    let shown: BTreeMap<String, String> =
        form.beginning("shown-").map(|(id, digest)| (id.to_owned(), digest.to_owned())).collect();
    let shared = Arc::clone(&web);
    web.once(&form, async move {
        if ids.is_empty() {
            return Err(Fault::wrong(several::NONE_TICKED));
        }
        let place = shared.desk(move |clerk| send(clerk, &ids, &shown)).await?;
        shared.post.send();
        Ok(place)
    })
    .await
}

/// Writes the orders that are as they were `shown`, together; returns the list that says so.
fn send(clerk: &mut Clerk, ids: &[String], shown: &BTreeMap<String, String>) -> Result<String, Fault> {
    let (mut drafts, mut left) = (Vec::new(), Vec::new());
    clerk.renew_if_due()?;
    for known in several::find_each(clerk, ids.iter().map(String::as_str))? {
        let id = known.key.id.clone();
        match Repeat::of(clerk, &known) {
            Ok(repeat) if repeat.held.is_none() && shown.get(id.as_str()) == Some(&repeat.digest()) => {
                drafts.push(buyer::order(repeat.order, OrderId::from_bytes(chance()?), repeat.shop));
            }
            Err(fault) if fault.refused().is_none() => return Err(fault),
            _ => left.push(id),
        }
    }
    let written = drafts.len();
    if written > 0 {
        clerk.post(drafts)?;
    }
    Ok(several::list_after(Done::Reordered, written, &left))
}
