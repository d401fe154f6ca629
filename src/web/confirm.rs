//! The terms of a shop before they are accepted: what differs from the order first, then all of them (figure 9; P34-P37).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Redirect;
use serde_json::{Map, Value, json};

use super::act::{find, write};
use super::fault::Fault;
use super::form::Form;
use super::pages::{self, Page};
use super::visit::Visit;
use super::{Web, transaction};
use crate::clerk::Clerk;
use crate::role::{Desk, Refused, buyer};
use crate::rules::agreement::{Difference, compare};
use crate::trade::item::{Charge, Line};
use crate::trade::{Kept, Leg, Money, Order, Settlement, Terms, Transaction};
use crate::view::orders::Summary;
use crate::view::transaction::{not_applied, offer_is_over};
use crate::view::{short, text};

pub(super) async fn show(State(web): State<Arc<Web>>, Path(id): Path<String>, visit: Visit) -> Result<Page, Fault> {
    let shared = Arc::clone(&web);
    web.desk(move |clerk| {
        let known = find(clerk, &id)?;
        let shows = terms(clerk, &known, &visit)?;
        visit.page(&shared, clerk, "confirm.html", shows)
    })
    .await
}

/// Returns the terms that wait for an answer: those that count, else the newest that do not because they differ.
fn offered(known: &Transaction) -> Option<(&Kept, &Terms)> {
    let is_answered =
        |kept: &Kept| known.sent(crate::trade::Kind::Confirmation).any(|sent| sent.letter.terms == Some(kept.content));
    known.terms().filter(|(kept, _)| !is_answered(kept)).or_else(|| not_applied(known))
}

fn terms(clerk: &Clerk, known: &Transaction, visit: &Visit) -> Result<Map<String, Value>, Fault> {
    let none = || Fault::none("No terms of this order wait for your answer.");
    let (kept, terms) = offered(known).ok_or_else(none)?;
    let order = known.order().map(|(_, order)| order);
    let differs = order.map(|order| compare(order, terms)).unwrap_or_default();
    let over = offer_is_over(terms, &visit.now);
    let mut shows = Map::new();
    let mut put = |name: &str, value: Value| shows.insert(name.to_owned(), value);
    put("page", json!("list"));
    put("id", json!(known.key.id));
    put("short", json!(short(known.key.id.as_str())));
    put("shop", json!(if terms.seller.is_empty() { known.key.shop.to_string() } else { terms.seller.clone() }));
    put("ordered", json!(known.order().map(|(kept, _)| kept.letter.date.to_string())));
    put("differs", differs.iter().map(|one| difference(one, visit)).collect());
    put(
        "more",
        json!(
            order
                .and_then(|order| terms.total.minus(&order.total).ok())
                .filter(|more| !more.is_zero())
                .as_ref()
                .map(text::money_json)
        ),
    );
    put("total", text::money_json(&terms.total));
    put("ordered_total", json!(order.map(|order| text::money_json(&order.total))));
    put("lines", terms.lines.iter().map(|line| of_line(line, order)).collect());
    put("charges", terms.charges.iter().map(|charge| of_charge(charge, order)).collect());
    put("points", points(terms, order));
    put("until", json!(terms.valid_through.map(|until| pages::moment(&until, &visit.zone))));
    put("over", json!(over));
    put("signer", transaction::signer(clerk, kept, &terms.seller)?);
    put(
        "agents",
        Leg::ALL
            .into_iter()
            .filter_map(|leg| Some(json!({"leg": leg.word(), "party": terms.agent(leg)?.party.address})))
            .collect(),
    );
    put("entry", json!(kept.position));
    put("digest", json!(kept.content.to_string()));
    put("owed", owed(clerk, terms.total)?);
    Ok(shows)
}

fn difference(difference: &Difference, visit: &Visit) -> Value {
    let what = visit.words().sentence(&difference.what);
    json!({"what": what, "ordered": difference.ordered, "offered": difference.offered})
}

fn of_line(line: &Line, order: Option<&Order>) -> Value {
    let ordered = order.and_then(|order| order.lines.iter().find(|one| one.id == line.id));
    json!({
        "name": line.item.name, "quantity": line.quantity.to_string(), "unit": text::money_json(&line.unit_price),
        "price": line.price().ok().as_ref().map(text::money_json), "same": ordered == Some(line),
    })
}

fn of_charge(charge: &Charge, order: Option<&Order>) -> Value {
    let ordered = order.and_then(|order| order.charges.iter().find(|one| one.name == charge.name));
    let same = ordered.is_some_and(|ordered| ordered.price == charge.price);
    json!({"name": charge.name, "price": text::money_json(&charge.price), "same": same})
}

/// Returns what a final confirmation must show besides goods and prices: payment, delivery, withdrawal, period of the offer.
fn points(terms: &Terms, order: Option<&Order>) -> Value {
    let date = |when: Option<&crate::trade::When>| when.map(ToString::to_string);
    json!({
        "pay": terms.payment_method.to_string(), "card": terms.payment_id, "due": date(terms.payment_due.as_ref()),
        "pay_same": order.is_some_and(|order| order.payment_method == terms.payment_method),
        "deliver": terms.delivery_method.to_string(), "arrives": date(terms.arrival_until.as_ref()),
        "deliver_same": order.is_some_and(|order| {
            order.delivery_method == terms.delivery_method && order.deliver_to == terms.deliver_to
        }),
        "to": terms.deliver_to.as_ref().map(|to| to.lines().join(", ")),
        "conditions": terms.conditions,
    })
}

/// Returns what will be unpaid in this currency, beside the limit, where it would be over it.
fn owed(clerk: &Clerk, total: Money) -> Result<Value, Fault> {
    let limits = clerk.settings().practice.buyer.as_ref().map(|buyer| buyer.unpaid_limits.clone()).unwrap_or_default();
    let Some(limit) = limits.into_iter().find(|limit| limit.currency() == total.currency()) else {
        return Ok(Value::Null);
    };
    let summary = Summary::of(clerk, crate::trade::Role::Buyer)?;
    let now = summary.unpaid.into_iter().find(|(sum, _)| sum.currency() == total.currency());
    let now = now.map_or_else(|| Money::zero(total.currency()), |(sum, _)| sum);
    let Ok(then) = now.plus(&total) else { return Ok(Value::Null) };
    if !then.exceeds(&limit).unwrap_or(true) {
        return Ok(Value::Null);
    }
    Ok(json!({"now": text::money_json(&now), "then": text::money_json(&then), "limit": text::money_json(&limit)}))
}

/// Accepts the terms of the page, or cancels the order.
pub(super) async fn act(State(web): State<Arc<Web>>, Path(id): Path<String>, form: Form) -> Result<Redirect, Fault> {
    let answer = form.get("answer").unwrap_or_default().to_owned();
    let (digest, seen) = (form.get("terms").unwrap_or_default().to_owned(), form.get("seen").is_some());
    let reason = form.get("reason").map(str::to_owned);
    let shared = Arc::clone(&web);
    web.once(&form, async move {
        match answer.as_str() {
            "cancel" => {
                write(&shared, id.clone(), move |known: &Transaction, _: &Desk<'_>| {
                    buyer::cancel(known, reason.clone())
                })
                .await?;
                Ok(format!("/txn/{id}?said=cancelled"))
            }
            "accept" => {
                accept(&shared, &id, &digest, seen, reason).await?;
                Ok(format!("/txn/{id}?said=confirmed"))
            }
            _ => Err(Fault::wrong("The form asks for nothing that is known here.")),
        }
    })
    .await
}

/// Says OK to the very terms that were on the page; where they differ from the order, only if that was seen.
async fn accept(web: &Arc<Web>, id: &str, digest: &str, seen: bool, reason: Option<String>) -> Result<(), Fault> {
    let (wanted, place) = (digest.to_owned(), id.to_owned());
    web.desk(move |clerk| {
        let known = find(clerk, &place)?;
        let (kept, terms) =
            offered(&known).ok_or_else(|| Fault::wrong("No terms of this order wait for your answer."))?;
        if kept.content.to_string() != wanted {
            return Err(Fault::wrong("The shop has sent other terms since. Look at them before you accept them."));
        }
        let differs = known.order().is_some_and(|(_, order)| !compare(order, terms).is_empty());
        if differs && !seen {
            return Err(Fault::wrong("Tick that you have seen the differences, or cancel the order."));
        }
        if !kept.counts() {
            let why = reason.unwrap_or_else(|| "the differences were seen on the page and accepted".to_owned());
            clerk.settle(kept.position, Settlement::Accept, Some(why))?;
        }
        Ok(())
    })
    .await?;
    let wanted = digest.to_owned();
    write(web, id.to_owned(), move |known: &Transaction, desk: &Desk<'_>| {
        if known.terms().map(|(kept, _)| kept.content.to_string()).as_ref() != Some(&wanted) {
            return Err(Refused::new("the terms are others than those of the page; look at them again"));
        }
        buyer::confirm(known, desk)
    })
    .await
}
