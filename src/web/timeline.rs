//! The timeline of an order: who said what to whom and when, on four lanes, and the dates that were promised (P84, P85).

use serde_json::{Value, json};

use super::happened::{happened, note};
use super::orders::days_since;
use super::pages;
use super::transaction::verdict;
use super::visit::Visit;
use crate::rules::standing::Mark;
use crate::rules::{Standing, State as OrderState};
use crate::trade::{Direction, Document, Kept, Leg, Letter, Moment, Transaction, When};
use crate::view::text;
use crate::view::transaction::Unsure;

/// Returns the lines of the timeline: letters with the dates that passed among them, and the dates to come.
pub(super) fn rows<'a>(
    known: &Transaction,
    standing: &Standing,
    letters: impl Iterator<Item = &'a Kept>,
    unsure: &Unsure,
    visit: &Visit,
) -> (Vec<Value>, Vec<Value>) {
    let (over, ahead): (Vec<Promise>, Vec<Promise>) =
        promises(standing, visit).into_iter().partition(|(date, _)| date.is_over(&visit.now));
    let rows = letters.map(|kept| (kept.letter.date, row(known, kept, unsure, visit))).collect();
    let ahead = ahead.iter().map(|promise| dated(promise, visit)).collect();
    (with_dates(rows, &over, visit), ahead)
}

/// Returns the lane of whoever a letter is from or to, the owner's own aside. Who plays several parts stands in the lane of the
/// leg that the letter is about, if it is one of his; who is named by no terms, and is not the shop, in that of the leg he
/// speaks about.
fn lane(known: &Transaction, kept: &Kept) -> &'static str {
    let peer = match kept.direction {
        Direction::In => &kept.letter.from.address,
        Direction::Out => &kept.letter.to.address,
    };
    let is_named = |leg: Leg| {
        let mut agents = known.all_terms().filter_map(|(_, terms)| terms.agent(leg));
        agents.any(|agent| agent.party.address == *peer)
    };
    let (about, is_shop) = (about(&kept.letter), *peer == known.key.shop);
    match about {
        Some(leg) if is_named(leg) => of_leg(leg),
        _ if is_shop => "shop",
        _ if is_named(Leg::Delivery) => "delivery",
        _ if is_named(Leg::Payment) => "payment",
        leg => leg.map_or("shop", of_leg),
    }
}

/// Returns the leg that a letter speaks or asks about.
fn about(letter: &Letter) -> Option<Leg> {
    match &letter.document {
        Document::StatusRequest(request) => Some(request.leg),
        document => document.kind().status_of(),
    }
}

/// Returns the lane of whoever speaks for a leg.
const fn of_leg(leg: Leg) -> &'static str {
    match leg {
        Leg::Order => "shop",
        Leg::Delivery => "delivery",
        Leg::Payment => "payment",
    }
}

/// Returns a letter as a line of the timeline.
fn row(known: &Transaction, kept: &Kept, unsure: &Unsure, visit: &Visit) -> Value {
    let lane = lane(known, kept);
    let (from, to) = if kept.direction == Direction::In { (lane, "you") } else { ("you", lane) };
    let (mark, word) = verdict(kept, unsure);
    let (events, mut notes) = match &kept.erased {
        Some(erased) => {
            let day = text::day(&When::Moment(erased.at), &visit.zone);
            (Vec::new(), vec![note(&visit.words().fill("became.erased", &[("day", &day), ("why", &erased.reason)]))])
        }
        None => happened(&kept.letter, visit),
    };
    notes.extend(unsure.written_by(kept, visit.words()).map(|cause| note(&cause)));
    json!({
        "leg": null, "entry": kept.position, "date": pages::moment(&kept.letter.date, &visit.zone), "from": from, "to": to,
        "kind": kept.letter.kind().word(), "events": events, "notes": notes, "mark": mark, "word": word, "key": kept.letter.from.fingerprint.brief(),
    })
}

/// A date that was promised, and for which leg.
type Promise = (When, Leg);

/// Returns the promised dates of what is not done, those that passed and those to come, in their order.
fn promises(standing: &Standing, visit: &Visit) -> Vec<Promise> {
    if standing.state != OrderState::Open {
        return Vec::new();
    }
    let mut dates: Vec<Promise> = Leg::ALL
        .into_iter()
        .filter(|leg| !standing.mark(*leg).done)
        .filter_map(|leg| Some((next_date(&standing.mark(leg), &visit.now)?, leg)))
        .collect();
    dates.sort_by_key(|(date, _)| date.end(visit.now.offset()));
    dates
}

/// Returns the day that a leg is late after, where that has passed, else the one for which it is planned.
fn next_date(mark: &Mark, now: &Moment) -> Option<When> {
    mark.promised.filter(|promised| promised.is_over(now)).or(mark.date)
}

/// Returns a promised date as a line of the timeline.
fn dated((date, leg): &Promise, visit: &Visit) -> Value {
    let over = date.is_over(&visit.now).then(|| days_since(date, &visit.now, &visit.zone));
    json!({"date": date.to_string(), "leg": leg.word(), "lane": of_leg(*leg), "days": over})
}

/// Puts the dates that passed among the letters: each before the first letter that was written after it.
fn with_dates(letters: Vec<(Moment, Value)>, over: &[Promise], visit: &Visit) -> Vec<Value> {
    let mut over = over.iter().peekable();
    let mut rows = Vec::new();
    for (written, row) in letters {
        while let Some(promise) = over.next_if(|(date, _)| date.end(visit.now.offset()) <= written) {
            rows.push(dated(promise, visit));
        }
        rows.push(row);
    }
    rows.extend(over.map(|promise| dated(promise, visit)));
    rows
}
