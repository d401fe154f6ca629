//! What becomes of a promised date that passed: the agent in charge is asked, after some days without the goods the shop, and
//! after as many again the return is prepared. It is sent by nobody but the buyer, or a rule of his.
//!
//! How far things have come is read off the letters, whoever had them written.

use jiff::Span;
use jiff::civil::Date;

use super::{Draft, buyer};
use crate::rules::{Standing, received};
use crate::trade::{Document, Kind, Leg, Moment, Party, Role, StatusReason, Transaction, When};

/// Days without news after which the next step is taken, unless the owner says otherwise.
pub const PATIENCE: u16 = 3;

/// A day: requests that a wrong clock dated further ahead are none (F39).
const AHEAD: i64 = 86_400;

/// What is to be done about silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Ask who speaks for the leg.
    Agent,
    /// Ask the shop.
    Shop,
    /// Give it back.
    Return,
}

/// A late leg, and what is next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// The leg.
    pub leg: Leg,
    /// The date that passed.
    pub promised: When,
    /// What is to be done next.
    pub step: Step,
    /// From which day on.
    pub from: Date,
}

impl Silence {
    /// Returns whether the day of its next step has come.
    pub fn is_due(&self, now: &Moment) -> bool {
        self.from <= now.day()
    }
}

/// Returns the late legs of a purchase, each with its next step. Of a payment that is late nothing is left to be done once
/// agent and shop were asked.
pub fn silences(transaction: &Transaction, now: &Moment, patience: u16) -> Vec<Silence> {
    if transaction.key.role != Role::Buyer {
        return Vec::new();
    }
    let standing = Standing::of(transaction);
    let late = standing.late(now).into_iter();
    late.filter_map(|leg| silence(transaction, leg, standing.mark(leg).promised?, now, patience)).collect()
}

fn silence(transaction: &Transaction, leg: Leg, promised: When, now: &Moment, patience: u16) -> Option<Silence> {
    let (_, terms) = transaction.terms()?;
    let (agent, shop) = (&terms.agent(leg)?.party, &terms.agent(Leg::Order)?.party);
    let end = promised.end(now.offset());
    let statuses = transaction.kept.iter().filter(|kept| kept.letter.kind().status_of() == Some(leg));
    let news = statuses.filter(|kept| kept.counts() && kept.recorded > end).map(|kept| kept.recorded).max();
    let day = |moment: &Moment| moment.day_at(now.offset());
    let later = |days: &[Option<&Moment>]| {
        let last = days.iter().copied().flatten().max()?;
        day(last).checked_add(Span::new().days(i64::from(patience))).ok()
    };
    let next = |step: Step, from: Date| Some(Silence { leg, promised, step, from });
    let asked = requests_to(transaction, leg, agent, &end, now);
    let Some(first) = asked.first() else {
        return next(Step::Agent, later(&[news.as_ref()]).unwrap_or_else(|| end.day()));
    };
    let second = if agent == shop {
        let after = later(&[Some(first)])?;
        asked.iter().find(|again| day(again) >= after).copied()
    } else {
        requests_to(transaction, Leg::Order, shop, &end, now).into_iter().next()
    };
    match second {
        None => next(Step::Shop, later(&[Some(first), news.as_ref()])?),
        Some(_) if leg == Leg::Payment => None,
        Some(second) => next(Step::Return, later(&[Some(first), Some(&second), news.as_ref()])?),
    }
}

/// Returns when somebody was asked about a leg since its date, oldest first.
fn requests_to(transaction: &Transaction, leg: Leg, to: &Party, since: &Moment, now: &Moment) -> Vec<Moment> {
    let asked = transaction.sent(Kind::StatusRequest).filter(|sent| {
        sent.letter.to.address == to.address
            && sent.recorded > *since
            && sent.recorded.seconds_since(now) <= AHEAD
            && matches!(&sent.letter.document, Document::StatusRequest(request) if request.leg == leg)
    });
    asked.map(|sent| sent.recorded).collect()
}

/// Returns the questions whose day has come: to the agent in charge, or to the shop.
pub fn questions(transaction: &Transaction, now: &Moment, patience: u16) -> Vec<Draft> {
    let due = silences(transaction, now, patience).into_iter().filter(|silence| silence.is_due(now));
    let mut legs: Vec<Leg> = due
        .filter_map(|silence| match silence.step {
            Step::Agent => Some(silence.leg),
            Step::Shop => Some(shop_leg(transaction, silence.leg)),
            Step::Return => None,
        })
        .collect();
    legs.sort();
    legs.dedup();
    if legs.is_empty() { Vec::new() } else { buyer::ask(transaction, &legs).unwrap_or_default() }
}

/// Returns which leg the shop is asked about: its own, unless it speaks for the late one itself.
fn shop_leg(transaction: &Transaction, leg: Leg) -> Leg {
    let party = |leg: Leg| transaction.terms().and_then(|(_, terms)| terms.agent(leg).map(|agent| agent.party.clone()));
    if party(leg) == party(Leg::Order) { leg } else { Leg::Order }
}

/// Returns the return that is prepared, where agent and shop were asked in vain: all of it, with its reason.
pub fn prepared(transaction: &Transaction, now: &Moment, patience: u16) -> Option<(Silence, Draft)> {
    let due =
        silences(transaction, now, patience).into_iter().find(|one| one.step == Step::Return && one.is_due(now))?;
    // What is there, or a part of it, is not given back for being late.
    if received::has_come(transaction, &Standing::of(transaction)) {
        return None;
    }
    let text = format!("{} was promised for {} and is not done", due.leg, due.promised);
    let draft = buyer::give_back(transaction, Vec::new(), StatusReason::Delivery.because(text)).ok()?;
    Some((due, draft))
}
