//! The terms of a shop before they are accepted: what differs from the order first, then all of them (figure 9; P34-P37).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Map, Value, json};

use super::act::{find, write};
use super::fault::Fault;
use super::form::Form;
use super::pages;
use super::points::{Lines, point};
use super::visit::Visit;
use super::{Web, transaction};
use crate::clerk::Clerk;
use crate::role::{Desk, Refused, buyer};
use crate::rules::agreement::{Difference, compare};
use crate::trade::document::LineReason;
use crate::trade::{Settlement, Transaction};
use crate::view::confirm::{Offer, offered};
use crate::view::short;

/// Shows the terms that wait, or the order where none do any more, as the browser's way back may lead here.
pub(super) async fn show(State(web): State<Arc<Web>>, Path(id): Path<String>, visit: Visit) -> Result<Response, Fault> {
    let shared = Arc::clone(&web);
    let order = format!("/txn/{id}?said=no-offer");
    let page = web.desk(move |clerk| {
        let known = find(clerk, &id)?;
        let offer = Offer::of(clerk, &known, &visit.now)?;
        let shows = offer.map(|offer| terms(clerk, &known, &offer, &visit)).transpose()?;
        shows.map(|shows| visit.page(&shared, clerk, "confirm.html", shows)).transpose()
    });
    Ok(page.await?.map_or_else(|| Redirect::to(&order).into_response(), IntoResponse::into_response))
}

fn terms(clerk: &Clerk, known: &Transaction, offer: &Offer<'_>, visit: &Visit) -> Result<Map<String, Value>, Fault> {
    let Value::Object(mut shows) = offer.document() else { return Err(Fault::bug("the terms are no document")) };
    let mut put = |name: &str, value: Value| shows.insert(name.to_owned(), value);
    put("page", json!("list"));
    put("left_out", json!(left_out(offer, visit)));
    put("short", json!(short(known.key.id.as_str())));
    put("until", json!(offer.terms.valid_through.map(|until| pages::moment(&until, &visit.zone))));
    let mut signer = transaction::signer(clerk, offer.kept, &offer.terms.seller)?;
    if let Some(signer) = signer.as_object_mut() {
        signer.insert("by".to_owned(), json!(offer.signer.by));
        signer
            .insert("fault".to_owned(), json!(offer.signer.fault.as_ref().map(|fault| visit.words().sentence(fault))));
    }
    put("signer", signer);
    let told = offer.told();
    let ordered = offer.order.map(|(_, order)| order.lines.as_slice()).unwrap_or_default();
    let lines = Lines { ordered, offered: &offer.terms.lines };
    put(
        "told",
        json!({
            "changes": points(&told.changes, lines, visit), "differs": points(&told.differs, lines, visit),
            "changes_first": told.changes_first, "n": told.count(),
        }),
    );
    Ok(shows)
}

/// Returns the articles that the shop leaves out, or has less of, and why.
fn left_out(offer: &Offer<'_>, visit: &Visit) -> Vec<Value> {
    let ordered = offer.order.map(|(_, order)| order.lines.as_slice()).unwrap_or_default();
    let name = |id: &str| ordered.iter().find(|line| line.id == id).map(|line| line.item.name.as_str());
    let said =
        |one: &LineReason| json!({"line": one.line, "name": name(&one.line), "why": visit.told(&one.reason.text)});
    offer.terms.short.iter().map(said).collect()
}

/// Returns points in which terms differ.
fn points(points: &[&Difference], lines: Lines<'_>, visit: &Visit) -> Vec<Value> {
    points.iter().map(|one| point(&one.what, &one.ordered, &one.offered, lines, visit)).collect()
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
            "keep" => {
                keep(&shared, &id, &digest, reason).await?;
                Ok(format!("/txn/{id}?said=kept"))
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

/// Refuses the very terms that were on the page: those that they were to replace stay in force.
async fn keep(web: &Arc<Web>, id: &str, digest: &str, reason: Option<String>) -> Result<(), Fault> {
    let (wanted, place) = (digest.to_owned(), id.to_owned());
    let position = web
        .desk(move |clerk| {
            let known = find(clerk, &place)?;
            let waits = offered(&known).filter(|(kept, _)| kept.content.to_string() == wanted);
            let (kept, _) = waits.ok_or_else(|| {
                Fault::wrong("The shop has sent other terms since. Look at them before you accept them.")
            })?;
            Ok((!kept.counts()).then_some(kept.position))
        })
        .await?;
    let why = reason.clone();
    write(web, id.to_owned(), move |known: &Transaction, _: &Desk<'_>| buyer::keep(known, why.as_deref())).await?;
    let Some(position) = position else { return Ok(()) };
    web.desk(move |clerk| {
        let why = reason.unwrap_or_else(|| "the new terms are not accepted".to_owned());
        Ok(clerk.settle(position, Settlement::Ack, Some(why))?)
    })
    .await
}

/// Says OK to the very terms that were on the page; where they differ from the order, only if that was seen.
async fn accept(web: &Arc<Web>, id: &str, digest: &str, seen: bool, reason: Option<String>) -> Result<(), Fault> {
    let (wanted, place, now) = (digest.to_owned(), id.to_owned(), web.clock.now());
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
        // Nothing is settled for an OK that would be refused.
        if terms.has_run_out(&now) {
            return Err(Fault::wrong(buyer::expired(terms).to_string()));
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
        if buyer::offered(known).map(|(kept, _)| kept.content.to_string()).as_ref() != Some(&wanted) {
            return Err(Refused::new("the terms are others than those of the page; look at them again"));
        }
        buyer::confirm(known, desk)
    })
    .await
}
