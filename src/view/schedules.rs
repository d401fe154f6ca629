//! The buyer's schedules: which transactions, when, what comes next and what came of it last; his rules; and the returns that
//! are prepared (P90-P92).

use serde_json::{Value, json};

use super::text;
use crate::clerk::{By, Clerk, ClerkError, Foreseeing, Ran};
use crate::role::{Rule, Scheduled, silence};
use crate::rules::Standing;
use crate::trade::{Deed, Document, Leg, Moment, OrderId, ScheduleName, Target, When};

/// How many moments to come are told.
pub const NEXT: usize = 5;
/// How many of the transactions are looked at for the days they promise.
const LOOKED_AT: usize = 256;

/// A schedule that is set by one word.
#[derive(Debug, Clone, Copy)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// The query.
    pub query: &'static str,
    /// The timetable.
    pub when: &'static str,
    /// Whether the agent in charge is asked first, and later the shop.
    pub in_turn: bool,
}

/// The presets: what many wish.
pub const PRESETS: [Preset; 3] = [
    Preset { name: "late", query: "late", when: "daily 09:00", in_turn: true },
    Preset { name: "due", query: "undelivered", when: "due 09:00", in_turn: false },
    Preset { name: "mornings", query: "undelivered", when: "daily 09:00", in_turn: false },
];

/// A schedule as it is shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The schedule.
    pub scheduled: Scheduled,
    /// How many transactions it finds now.
    pub found: usize,
    /// Its next moments; of one that is paused none.
    pub next: Vec<Moment>,
    /// What it did last.
    pub last: Option<Ran>,
}

/// A rule as it is shown.
#[derive(Debug, Clone)]
pub struct ShownRule {
    /// The rule.
    pub rule: Rule,
    /// How many letters it had written in all, and when the last one.
    pub last: Option<(Moment, u64)>,
    /// What it finds and does nothing about, and why.
    pub held: Vec<(OrderId, String)>,
}

/// A return that wants one keystroke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The order.
    pub order: OrderId,
    /// What is late.
    pub leg: Leg,
    /// What was promised.
    pub promised: When,
    /// The reason that the letter gives.
    pub reason: String,
}

/// All of it.
#[derive(Debug, Clone)]
pub struct Schedules {
    /// The schedules, those of the configuration first.
    pub schedules: Vec<Shown>,
    /// The rules, in the order of the configuration.
    pub rules: Vec<ShownRule>,
    /// The returns that are prepared.
    pub prepared: Vec<Prepared>,
}

impl Schedules {
    /// Loads all of it as it stands now.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn load(clerk: &mut Clerk) -> Result<Self, ClerkError> {
        let now = clerk.clock().now();
        let mut schedules = Vec::new();
        for scheduled in clerk.schedules()? {
            schedules.push(shown(clerk, scheduled, &now)?);
        }
        let foreseen = clerk.foresee_rules()?;
        let rules = clerk.rules().into_iter().map(|rule| shown_rule(clerk, rule, &foreseen));
        Ok(Self { rules: rules.collect::<Result<_, _>>()?, schedules, prepared: prepared(clerk, &now)? })
    }

    /// Returns the document of `schedule list --json`.
    pub fn document(&self) -> Value {
        let schedules: Vec<Value> = self.schedules.iter().map(schedule_json).collect();
        let rules: Vec<Value> = self.rules.iter().map(rule_json).collect();
        let prepared: Vec<Value> = self.prepared.iter().map(Prepared::document).collect();
        json!({
            "schema": "mailorder.schedules/1", "schedules": schedules, "rules": rules, "prepared": prepared,
        })
    }
}

impl Prepared {
    /// Returns it for JSON.
    pub fn document(&self) -> Value {
        json!({"id": self.order, "leg": self.leg.word(), "promised": self.promised.to_string(), "reason": self.reason})
    }
}

/// Returns the next moments of a schedule, [`NEXT`] at most; of one that is paused none. Where it is about promised days, those
/// of the transactions that it finds.
///
/// # Errors
/// What keeps the index from being read.
pub fn next_of(clerk: &Clerk, scheduled: &Scheduled) -> Result<Vec<Moment>, ClerkError> {
    let (now, zone) = (clerk.clock().now(), clerk.clock().zone());
    let Some(time) = scheduled.when.due() else {
        let paused = scheduled.schedule.paused;
        return Ok(if paused { Vec::new() } else { scheduled.when.next(&now, zone, NEXT) });
    };
    let mut days: Vec<Moment> = Vec::new();
    if !scheduled.schedule.paused {
        for key in clerk.found_by(&scheduled.schedule.target, &now)?.iter().take(LOOKED_AT) {
            let Some(known) = clerk.index().load_key(key)? else { continue };
            let standing = Standing::of(&known);
            let marks = Leg::ALL.into_iter().map(|leg| standing.mark(leg)).filter(|mark| !mark.done);
            let zoned = marks.filter_map(|mark| mark.date?.day().to_datetime(time).to_zoned(zone.clone()).ok());
            days.extend(zoned.map(|zoned| Moment::new(zoned.timestamp(), zoned.offset())));
        }
    }
    days.retain(|day| *day > now);
    days.sort();
    days.dedup();
    days.truncate(NEXT);
    Ok(days)
}

fn shown(clerk: &Clerk, scheduled: Scheduled, now: &Moment) -> Result<Shown, ClerkError> {
    let found = clerk.count_found(&scheduled.schedule.target, now)?;
    Ok(Shown { found, next: next_of(clerk, &scheduled)?, last: clerk.last_run(scheduled.name())?, scheduled })
}

fn shown_rule(clerk: &Clerk, rule: Rule, foreseen: &[Foreseeing]) -> Result<ShownRule, ClerkError> {
    let caused = clerk.index().caused_by_rule(rule.deed, &rule.when)?;
    let by = By::Rule(rule.deed, rule.when.clone());
    let held =
        foreseen.iter().filter(|one| one.by == by).filter_map(|one| Some((one.order.clone(), one.held.clone()?)));
    Ok(ShownRule { last: caused.map(|caused| (caused.at, caused.letters)), held: held.collect(), rule })
}

/// Returns the returns that are prepared: agent and shop were asked about what is late, and nothing came of it.
///
/// # Errors
/// What keeps the index from being read.
pub fn prepared(clerk: &Clerk, now: &Moment) -> Result<Vec<Prepared>, ClerkError> {
    let mut found = Vec::new();
    for key in clerk.index().late_and_asked(now.instant().as_second())? {
        let Some(known) = clerk.index().load_key(&key)? else { continue };
        if let Some((silence, draft)) = silence::prepared(&known, now, clerk.patience()) {
            let Document::ReturnRequest(request) = draft.document else { continue };
            let (leg, promised) = (silence.leg, silence.promised);
            found.push(Prepared { order: key.id, leg, promised, reason: request.reason.text });
        }
    }
    Ok(found)
}

fn schedule_json(shown: &Shown) -> Value {
    let schedule = &shown.scheduled.schedule;
    let (query, orders) = match &schedule.target {
        Target::Query(query) => (Some(query), Vec::new()),
        Target::Chosen(orders) => (None, orders.iter().map(OrderId::to_string).collect()),
    };
    let last = shown
        .last
        .as_ref()
        .map(|ran| json!({"moment": ran.moment, "at": ran.at, "letters": ran.letters, "unwritten": ran.unwritten, "answered": ran.answered}));
    json!({
        "name": schedule.name, "query": query, "orders": orders, "when": schedule.when,
        "legs": schedule.legs.iter().map(|leg| leg.word()).collect::<Vec<_>>(),
        "in_turn": schedule.in_turn, "paused": schedule.paused, "of_config": schedule.name.is_of_config(),
        "found": shown.found, "next": shown.next, "last": last,
    })
}

fn rule_json(shown: &ShownRule) -> Value {
    let Rule { when, deed, at_most } = &shown.rule;
    let held: Vec<Value> = shown.held.iter().map(|(id, why)| json!({"id": id, "why": why})).collect();
    json!({
        "when": when, "do": deed.word(), "at_most": at_most.as_ref().map(text::money_json),
        "letters": shown.last.map_or(0, |(_, letters)| letters),
        "last": shown.last.map(|(at, _)| at), "held": held,
    })
}

/// Returns the document of `schedule next --json`; a timetable that is not set has no name.
pub fn next_document(name: Option<&ScheduleName>, when: &str, next: &[Moment]) -> Value {
    json!({"schema": "mailorder.moments/1", "name": name, "when": when, "next": next})
}

/// Returns the document of `schedule run --json`: what was written, or would be, and what is held back.
pub fn ran_document(foreseen: &[Foreseeing], dry: bool) -> Value {
    let letters = foreseen.iter().flat_map(|one| {
        one.letters.iter().map(|(kind, to)| {
            let (schedule, rule) = by_json(&one.by);
            json!({"schedule": schedule, "rule": rule, "id": one.order, "kind": kind.word(), "to": to})
        })
    });
    let held = foreseen.iter().filter_map(|one| {
        let (schedule, rule) = by_json(&one.by);
        let why = one.held.as_ref()?;
        Some(json!({"schedule": schedule, "rule": rule, "id": one.order, "why": why}))
    });
    json!({
        "schema": "mailorder.ran/1", "dry_run": dry,
        "letters": letters.collect::<Vec<_>>(), "held": held.collect::<Vec<_>>(),
    })
}

fn by_json(by: &By) -> (Option<String>, Option<String>) {
    match by {
        By::Schedule(name) => (Some(name.to_string()), None),
        By::Rule(deed, when) => (None, Some(rule_words(*deed, when))),
    }
}

/// Returns a rule in one line.
pub fn rule_words(deed: Deed, when: &str) -> String {
    format!("{deed} when {when}")
}
