//! The warnings: what does not agree, and what can be done about each (figure 19; P67, P68).

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract;
use axum::response::Redirect;
use serde_json::{Map, Value, json};

use super::Web;
use super::act::{find, may_ask, may_ask_about};
use super::fault::Fault;
use super::form::Form;
use super::pages::Page;
use super::points::{Lines, compared};
use super::visit::Visit;
use crate::clerk::Clerk;
use crate::rules::{Standing, State};
use crate::trade::{Code, Leg, Settlement, Transaction};
use crate::view::settle::{self, Warning};
use crate::view::text;
use crate::view::warnings::{Shown, gather_with, settled_count, unanswered_of};

/// Most warnings on one page.
const SHOWN: usize = 100;
/// The field of the address that says how many newer warnings stand on the pages before.
const FROM: &str = "from";

pub(super) async fn show(extract::State(web): extract::State<Arc<Web>>, visit: Visit) -> Result<Page, Fault> {
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
    let computed = clerk.computed_warnings()?;
    let done = settled_count(clerk, &computed)?;
    let shown = gather_with(clerk, settled, computed)?;
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
    let mut listed: Vec<&Vec<&Shown>> = warnings.values().filter(is_listed).collect();
    listed.sort_by_cached_key(|of| Reverse(of.first().and_then(|one| one.date).map(|date| date.to_string())));
    // A link to one warning leads to the page it stands on.
    let meant = visit.asked("id").and_then(|id| listed.iter().position(|of| of.iter().any(|one| one.id == id)));
    let page = meant.map(|place| place.saturating_sub(place.checked_rem(SHOWN).unwrap_or_default()));
    let from = visit.asked(FROM).and_then(|from| from.parse().ok()).or(page).unwrap_or_default();
    let to = from.saturating_add(SHOWN);
    let older = listed.len().saturating_sub(to);
    let listed: Vec<Value> =
        listed.into_iter().skip(from).take(SHOWN).filter_map(|of| warning(clerk, of, visit)).collect();
    let mut shows = Map::new();
    shows.insert("page".to_owned(), json!("warnings"));
    shows.insert("settled".to_owned(), json!(settled));
    shows.insert("late".to_owned(), json!(late));
    shows.insert("late_count".to_owned(), json!(late_count));
    shows.insert("standing".to_owned(), json!(standing));
    shows.insert("letters".to_owned(), json!(letters));
    shows.insert("done".to_owned(), json!(done));
    shows.insert("older".to_owned(), json!(older));
    shows.insert("older_link".to_owned(), json!(visit.with(FROM, &to.to_string())));
    shows.insert("newest".to_owned(), json!((from > 0).then(|| visit.with(FROM, ""))));
    shows.insert("warnings".to_owned(), json!(listed));
    Ok(shows)
}

/// Returns who can be asked about what a warning says: the one who speaks for the leg that it is about, else all three. Null where
/// nobody can.
fn asks(known: &Transaction, one: &Shown) -> Value {
    let is_shop = one.from == known.key.shop.as_str();
    let leg = one.leg.or(is_shop.then_some(Leg::Order)).filter(|leg| may_ask_about(known, &[*leg]).is_ok());
    match leg.and_then(|leg| known.terms()?.1.agent(leg)) {
        Some(agent) => json!({"leg": leg, "who": agent.party.address}),
        None if may_ask(known).is_ok() => json!({"leg": null}),
        _ => Value::Null,
    }
}

/// Returns how what a letter speaks of stands, since nothing of it was applied; null where it speaks of no leg, and brings no terms.
fn stays(known: &Transaction, one: &Shown) -> Value {
    if one.finding == Code::TermsDifferFromOrder.word() {
        let agreed = known.terms().filter(|_| Standing::of(known).state == State::Open);
        let (word, sum) = agreed.map_or(("offer", None), |(_, terms)| ("agreed", Some(text::money_json(&terms.total))));
        return json!({"what": "terms", "word": word, "date": null, "sum": sum});
    }
    let Some(leg) = one.leg.filter(|_| known.terms().is_some()) else { return Value::Null };
    let standing = Standing::of(known);
    let mark = standing.mark(leg);
    let how = match (mark.done, mark.date) {
        (true, _) => "done",
        (false, Some(_)) => "planned",
        (false, None) => "undated",
    };
    let sum = standing.unpaid.or(known.terms().map(|(_, terms)| terms.total)).filter(|_| leg == Leg::Payment);
    json!({
        "what": leg.word(), "word": how, "date": text::when_json(mark.date.as_ref()),
        "sum": sum.as_ref().map(text::money_json),
    })
}

fn warning(clerk: &Clerk, reasons: &[&Shown], visit: &Visit) -> Option<Value> {
    let first = reasons.first()?;
    let kind = first.id.split('-').next().unwrap_or_default();
    let sentences: Vec<Value> = reasons
        .iter()
        .map(|one| {
            json!({"finding": one.finding, "text": visit.told(&one.text), "is_compared": one.compared().is_some()})
        })
        .collect();
    let mut findings: Vec<&str> = reasons.iter().map(|one| one.finding.as_str()).collect();
    findings.dedup();
    let order = first.order.as_ref().filter(|_| kind != "S");
    let known = order.and_then(|id| find(clerk, id).ok());
    let lines = known.as_ref().map(Lines::of).unwrap_or_default();
    let compared: Vec<Value> = reasons.iter().filter_map(|one| compared(&one.text, lines, visit)).collect();
    let entry = first.value.get("entry").and_then(Value::as_u64);
    let again = Warning::parse(&first.id).ok().and_then(|warning| settle::said_again(clerk, &warning).ok());
    let answer = entry.and_then(|entry| unanswered_of(clerk, entry, &visit.now).ok()?);
    Some(json!({
        "answer": answer, "again": again.unwrap_or_default(), "id": first.id, "kind": kind, "reasons": sentences, "findings": findings, "compared": compared, "subject": first.subject, "from": first.from,
        "date": first.date.map(|date| date.to_string()), "settled": first.settled,
        "when": first.when.as_ref().map(|(when, _)| when.to_string()),
        "why": first.when.as_ref().and_then(|(_, why)| why.clone()),
        "signer": first.value.get("signer"), "entry": first.value.get("entry"), "imports": first.imports,
        "order": first.order.as_ref(), "asks": known.as_ref().map(|known| asks(known, first)),
        "stays": known.as_ref().map(|known| stays(known, first)),
        "caution": first.caution.as_ref().map(|caution| visit.words().sentence(caution)),
    }))
}

/// Settles one warning.
pub(super) async fn settle(extract::State(web): extract::State<Arc<Web>>, form: Form) -> Result<Redirect, Fault> {
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
