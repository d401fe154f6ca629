//! The warnings: what does not agree, and what can be done about each (figure 19; P67, P68).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Redirect;
use serde_json::{Map, Value, json};

use super::Web;
use super::act::{find, may_ask, may_ask_about};
use super::fault::Fault;
use super::form::Form;
use super::pages::Page;
use super::visit::Visit;
use crate::clerk::Clerk;
use crate::trade::{Compared, Money, Settlement};
use crate::view::settle::{self, Warning};
use crate::view::text;
use crate::view::warnings::{Shown, Which, gather, settled_count, unanswered_of};

pub(super) async fn show(State(web): State<Arc<Web>>, visit: Visit) -> Result<Page, Fault> {
    let shared = Arc::clone(&web);
    web.desk(move |clerk| {
        let shows = list(clerk, &visit)?;
        visit.page(&shared, clerk, "warnings.html", shows)
    })
    .await
}

/// Returns what is listed: what is open as it is counted everywhere, or what is late, or what was settled.
fn list(clerk: &Clerk, visit: &Visit) -> Result<Map<String, Value>, Fault> {
    let (settled, late) = (visit.asked("settled").is_some(), visit.asked("late").is_some());
    let shown = gather(clerk, Which { all: settled, late: true })?;
    // A letter with two reasons is one warning.
    let mut warnings: BTreeMap<&str, Vec<&Shown>> = BTreeMap::new();
    for one in shown.iter().filter(|one| !one.note) {
        warnings.entry(&one.id).or_default().push(one);
    }
    let is_open = |of: &[&Shown]| of.iter().any(|one| one.settled.is_none());
    let is_late = |of: &[&Shown]| of.iter().all(|one| one.is_of_date());
    let open = |counts: &dyn Fn(&[&Shown]) -> bool| warnings.values().filter(|of| is_open(of) && counts(of)).count();
    let late_count = open(&is_late);
    let standing = open(&|of| !is_late(of) && of.iter().all(|one| one.id.starts_with("C-")));
    let letters = open(&|of| of.iter().any(|one| !one.id.starts_with("C-")));
    let is_listed = |of: &&Vec<&Shown>| if settled { !is_open(of) } else { is_open(of) && is_late(of) == late };
    let mut listed: Vec<Value> =
        warnings.values().filter(is_listed).filter_map(|of| warning(clerk, of, visit)).collect();
    listed.sort_by(|one, other| other["date"].as_str().cmp(&one["date"].as_str()));
    let mut shows = Map::new();
    shows.insert("page".to_owned(), json!("warnings"));
    shows.insert("settled".to_owned(), json!(settled));
    shows.insert("late".to_owned(), json!(late));
    shows.insert("late_count".to_owned(), json!(late_count));
    shows.insert("standing".to_owned(), json!(standing));
    shows.insert("letters".to_owned(), json!(letters));
    shows.insert("done".to_owned(), json!(settled_count(clerk)?));
    shows.insert("warnings".to_owned(), json!(listed));
    Ok(shows)
}

/// Returns who can be asked about the order of a warning: of how a leg stands the one who speaks for it, else all three; where
/// nothing of the order is open the one who speaks for the leg that a letter is about. Null where nobody can.
fn asks(clerk: &Clerk, one: &Shown) -> Value {
    let order = one.order.as_ref().filter(|_| !one.id.starts_with("S-"));
    let Some(known) = order.and_then(|id| find(clerk, id).ok()) else { return Value::Null };
    let leg = one.leg.filter(|leg| may_ask_about(&known, &[*leg]).is_ok());
    let agent = leg.and_then(|leg| known.terms()?.1.agent(leg));
    match agent {
        Some(agent) if one.id.starts_with("C-") || may_ask(&known).is_err() => {
            json!({"leg": leg, "who": agent.party.address})
        }
        _ if may_ask(&known).is_ok() => json!({"leg": null}),
        _ => Value::Null,
    }
}

/// Returns what a warning holds against each other, as a row of a table: words in the reader's language, amounts as such.
fn compared(one: &Shown, visit: &Visit) -> Option<Value> {
    let Compared { what, agreed, stated } = one.compared()?;
    let value = |said: &str| match Money::parse_line(said) {
        Ok(money) => json!({"money": text::money_json(&money)}),
        Err(_) => json!({"money": null, "text": text::sentence(&visit.words().sentence(said), &visit.zone)}),
    };
    Some(json!({
        "what": visit.words().sentence(what), "agreed": value(agreed), "stated": value(stated),
        "difference": one.value.pointer("/compared/difference"),
    }))
}

fn warning(clerk: &Clerk, reasons: &[&Shown], visit: &Visit) -> Option<Value> {
    let first = reasons.first()?;
    let kind = first.id.split('-').next().unwrap_or_default();
    let sentences: Vec<Value> = reasons
        .iter()
        .map(|one| {
            let said = text::sentence(&visit.words().sentence(&one.text), &visit.zone);
            json!({"finding": one.finding, "text": said, "is_compared": one.compared().is_some()})
        })
        .collect();
    let mut findings: Vec<&str> = reasons.iter().map(|one| one.finding.as_str()).collect();
    findings.dedup();
    let compared: Vec<Value> = reasons.iter().filter_map(|one| compared(one, visit)).collect();
    let entry = first.value.get("entry").and_then(Value::as_u64);
    let again = Warning::parse(&first.id).ok().and_then(|warning| settle::said_again(clerk, &warning).ok());
    let answer = entry.and_then(|entry| unanswered_of(clerk, entry, &visit.now).ok()?);
    Some(json!({
        "answer": answer, "again": again.unwrap_or_default(), "id": first.id, "kind": kind, "reasons": sentences, "findings": findings, "compared": compared, "subject": first.subject, "from": first.from,
        "date": first.date.map(|date| date.to_string()), "settled": first.settled,
        "when": first.when.as_ref().map(|(when, _)| when.to_string()),
        "why": first.when.as_ref().and_then(|(_, why)| why.clone()),
        "signer": first.value.get("signer"), "entry": first.value.get("entry"), "imports": first.imports,
        "order": first.order.as_ref(), "asks": asks(clerk, first),
        "caution": first.caution.as_ref().map(|caution| visit.words().sentence(caution)),
    }))
}

/// Settles one warning.
pub(super) async fn settle(State(web): State<Arc<Web>>, form: Form) -> Result<Redirect, Fault> {
    let warning = Warning::parse(form.get("warning").unwrap_or_default());
    let how = match form.get("act") {
        Some("ack") => Ok((Settlement::Ack, "seen")),
        Some("accept") => Ok((Settlement::Accept, "accepted")),
        Some("block") => Ok((Settlement::Block, "blocked")),
        _ => Err(Fault::wrong("The form asks for nothing that is known here.")),
    };
    let reason = form.get("reason").map(str::to_owned);
    let shared = Arc::clone(&web);
    web.once(&form, async move {
        let (warning, (how, said)) = (warning.map_err(|error| Fault::wrong(error.to_string()))?, how?);
        if how == Settlement::Accept && reason.is_none() {
            return Err(Fault::wrong("Say why the letter shall count all the same; the reason is kept in the ledger."));
        }
        shared.desk(move |clerk| Ok(settle::settle(clerk, &warning, how, reason).map(|_| ())?)).await?;
        shared.post.send();
        Ok(format!("/warnings?said={said}"))
    })
    .await
}
