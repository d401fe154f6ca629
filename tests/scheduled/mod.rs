//! What the buyer's program does without a word: it asks by schedules, once for each of their moments, whatever the clock does.

mod come;
mod held;
mod nights;
mod rules;
mod silence;

use std::fs;

use jiff::tz::TimeZone;
use mailorder::role::{Scheduled, buyer};
use mailorder::trade::{Document, Kind, Leg, Moment, OrderId, Role, Schedule, ScheduleName, Target};
use mailorder::view::schedules::Schedules;

use crate::support::trade::at;
use crate::support::world::{BUYER, World};

/// The steps of a shop that begins at the buyer's OK.
pub const STEPS: &str = "[\"terms\", \"confirmation\", \"payment\", \"delivery\"]";

pub fn schedule(name: &str, query: &str, when: &str) -> Schedule {
    let name = ScheduleName::parse(name).unwrap();
    let target = Target::Query(query.to_owned());
    Schedule { name, target, when: when.to_owned(), legs: Vec::new(), in_turn: false, paused: false }
}

/// Returns which legs the buyer asked about an order, in the order of the letters.
pub fn asked(world: &mut World, id: &OrderId) -> Vec<Leg> {
    let known = world.transaction(BUYER, Role::Buyer, id);
    let leg = |document: &Document| match document {
        Document::StatusRequest(request) => request.leg,
        _ => unreachable!("of this kind"),
    };
    known.sent(Kind::StatusRequest).map(|kept| leg(&kept.letter.document)).collect()
}

/// Sets the clock and lets the buyer's program look, twice.
pub fn look(world: &mut World, time: &str) {
    world.clock.set(Moment::parse(time).unwrap());
    for _ in 0..2 {
        world.clerks[BUYER].tend().unwrap();
    }
}

fn name(text: &str) -> ScheduleName {
    ScheduleName::parse(text).unwrap()
}

#[test]
fn one_request_goes_for_each_moment_whatever_the_clock_does_p92_f39() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    world.clerks[BUYER].put_schedule(schedule("mornings", "undelivered", "daily 09:00"), false).unwrap();
    let mut count = |time: &str| {
        look(&mut world, time);
        asked(&mut world, &id).len()
    };
    // Moments of before it was made do not count.
    assert_eq!(count("2026-07-10T12:00:00Z"), 0);
    assert_eq!(count("2026-07-11T08:59:59Z"), 0);
    assert_eq!(count("2026-07-11T09:00:00Z"), 3, "each leg that is not done, of its agent");
    assert_eq!(count("2026-07-11T23:59:59Z"), 3);
    // A year ahead for ten minutes: at most one request for each leg, and none is missed afterwards.
    assert_eq!(count("2027-07-11T09:00:10Z"), 6);
    assert_eq!(count("2027-07-11T09:10:00Z"), 6);
    assert_eq!(count("2026-07-12T08:00:00Z"), 6);
    assert_eq!(count("2026-07-12T09:00:00Z"), 9);
    // A day back, without a battery, and on again: that was asked.
    assert_eq!(count("2026-07-11T09:30:00Z"), 9);
    assert_eq!(count("1971-01-01T10:00:00Z"), 9);
    assert_eq!(count("2026-07-12T10:00:00Z"), 9);
    assert_eq!(count("2026-07-13T09:00:00Z"), 12);
}

#[test]
fn what_was_asked_is_known_without_the_index_and_to_another_program() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    world.clerks[BUYER].put_schedule(schedule("mornings", "undelivered", "daily 09:00"), false).unwrap();
    look(&mut world, "2026-07-11T09:00:00Z");
    assert_eq!(asked(&mut world, &id).len(), 3);
    let grown = world.clerks[BUYER].index().dump().unwrap();
    assert!(grown.contains("mornings"), "{grown}");
    let index = world.clerks[BUYER].settings().folders.index.clone();
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{end}", index.display()));
    }
    world.reopen(BUYER);
    look(&mut world, "2026-07-11T09:30:00Z");
    assert_eq!(asked(&mut world, &id).len(), 3);
    let all = Schedules::load(&mut world.clerks[BUYER]).unwrap();
    let [shown] = &all.schedules[..] else { panic!("{all:?}") };
    assert_eq!(shown.scheduled.schedule, schedule("mornings", "undelivered", "daily 09:00"));
    world.clerks[BUYER].reindex().unwrap();
    let rebuilt = world.clerks[BUYER].index().dump().unwrap();
    assert_eq!(rebuilt, grown);
    // The entry of each request names the schedule and the moment that had come.
    let ledger = world.folder(BUYER).join("ledger/cur");
    let texts = crate::support::accounts::files(&ledger).into_iter().map(|file| fs::read_to_string(file).unwrap());
    let cause = "Mailorder-Cause: schedule 2026-07-11T09:00:00Z mornings\n";
    assert_eq!(texts.filter(|text| text.contains(cause)).count(), 3);
}

#[test]
fn a_change_of_zone_neither_doubles_nor_swallows_the_days_request_f40() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    world.clerks[BUYER].put_schedule(schedule("mornings", "undelivered", "daily 09:00"), false).unwrap();
    look(&mut world, "2026-07-11T09:00:00Z");
    let known = world.transaction(BUYER, Role::Buyer, &id);
    let clerk = &world.clerks[BUYER];
    let [scheduled] = &clerk.schedules().unwrap()[..] else { panic!("one") };
    let made = |position: u64| clerk.index().moment_of(scheduled.name(), position).unwrap();
    let due = |zone: &str, now: &str| {
        let (zone, now) = (TimeZone::get(zone).unwrap(), at(now));
        let come = scheduled.come(&now, &zone).unwrap();
        scheduled.requests(&known, &now, &come, 3, &made).len()
    };
    // Flown to New York, where it is nine o'clock again four hours later; and to Tokyo, where the next nine o'clock is early.
    assert_eq!(due("America/New_York", "2026-07-11T13:30:00Z"), 0);
    assert_eq!(due("America/New_York", "2026-07-12T13:30:00Z"), 3);
    assert_eq!(due("Asia/Tokyo", "2026-07-12T00:30:00Z"), 3);
    assert_eq!(due("UTC", "2026-07-12T08:59:59Z"), 0);
    // The night in which clocks go on, and the one in which they go back, have one request each.
    let night = Scheduled::settle(schedule("night", "open", "daily 02:30"), None, at("2026-01-01").day()).unwrap();
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    for (day, moments) in [("2026-03-29", 1), ("2026-10-25", 1)] {
        let begin = at(&format!("{day}T00:00:00+01:00"));
        let next = night.when.next(&begin.plus_seconds(-1), &berlin, 5);
        assert_eq!(next.iter().filter(|moment| moment.day() == begin.day()).count(), moments, "{day}: {next:?}");
    }
}

#[test]
fn chosen_orders_alone_are_asked_about_and_named_legs_p90() {
    let mut world = World::new(STEPS);
    let (first, second) = (world.accepted_order(), world.accepted_order());
    let chosen = Schedule {
        target: Target::Chosen(vec![second.clone()]),
        legs: vec![Leg::Delivery],
        ..schedule("one", "", "every 6h")
    };
    world.clerks[BUYER].put_schedule(chosen, false).unwrap();
    look(&mut world, "2026-07-10T12:00:00Z");
    assert_eq!((asked(&mut world, &first), asked(&mut world, &second)), (vec![], vec![Leg::Delivery]));
    // What is found when the time has come is asked about, not what was found when it was set.
    world.clerks[BUYER].put_schedule(schedule("dear", "amount:>4000 date:today", "daily 15:00"), false).unwrap();
    look(&mut world, "2026-07-10T15:00:00Z");
    assert_eq!(asked(&mut world, &first).len(), 3);
    look(&mut world, "2026-07-11T15:00:00Z");
    assert_eq!(asked(&mut world, &first).len(), 3);
}

#[test]
fn a_schedule_is_paused_resumed_replaced_and_removed() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    let made = || schedule("mornings", "undelivered", "daily 09:00");
    world.clerks[BUYER].put_schedule(made(), false).unwrap();
    let twice = world.clerks[BUYER].put_schedule(made(), false).unwrap_err().to_string();
    assert!(twice.contains("there is a schedule mornings already"), "{twice}");
    world.clerks[BUYER].pause_schedule(&name("mornings"), true).unwrap();
    look(&mut world, "2026-07-11T09:00:00Z");
    assert_eq!(asked(&mut world, &id).len(), 0);
    // Resumed at noon it does not make up for the morning.
    world.clock.set(at("2026-07-11T12:00:00Z"));
    world.clerks[BUYER].pause_schedule(&name("mornings"), false).unwrap();
    look(&mut world, "2026-07-11T12:01:00Z");
    assert_eq!(asked(&mut world, &id).len(), 0);
    look(&mut world, "2026-07-12T09:00:00Z");
    assert_eq!(asked(&mut world, &id).len(), 3);
    world.clerks[BUYER].put_schedule(schedule("mornings", "undelivered", "daily 10:00"), true).unwrap();
    // An hour after the last question the new hour is not asked as well; the next day it is.
    look(&mut world, "2026-07-12T10:00:00Z");
    assert_eq!(asked(&mut world, &id).len(), 3);
    look(&mut world, "2026-07-13T10:00:00Z");
    assert_eq!(asked(&mut world, &id).len(), 6);
    world.clerks[BUYER].remove_schedule(&name("mornings")).unwrap();
    look(&mut world, "2026-07-14T10:00:00Z");
    assert_eq!(asked(&mut world, &id).len(), 6);
    let none = world.clerks[BUYER].remove_schedule(&name("mornings")).unwrap_err().to_string();
    assert!(none.contains("there is no schedule mornings"), "{none}");
    let fixed = world.clerks[BUYER].remove_schedule(&ScheduleName::of_config(1)).unwrap_err().to_string();
    assert!(fixed.contains("stands in the configuration"), "{fixed}");
    let reserved = world.clerks[BUYER].put_schedule(schedule("config-1", "open", "daily"), false).unwrap_err();
    assert!(reserved.to_string().contains("choose another name"), "{reserved}");
}

#[test]
fn on_the_promised_day_its_leg_is_asked_about() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    world.clerks[BUYER].put_schedule(schedule("due", "open", "due 09:00"), false).unwrap();
    // Dispatch is promised for the 13th, payment for the 15th, delivery for the 17th.
    for (time, legs) in [
        ("2026-07-12T09:00:00Z", &[][..]),
        ("2026-07-13T08:00:00Z", &[]),
        ("2026-07-13T09:00:00Z", &[Leg::Order]),
        ("2026-07-14T09:00:00Z", &[Leg::Order]),
        ("2026-07-15T09:00:00Z", &[Leg::Order, Leg::Payment]),
        ("2026-07-17T10:00:00Z", &[Leg::Order, Leg::Payment, Leg::Delivery]),
        ("2026-07-18T09:00:00Z", &[Leg::Order, Leg::Payment, Leg::Delivery]),
    ] {
        look(&mut world, time);
        assert_eq!(asked(&mut world, &id), legs, "{time}");
    }
    let all = Schedules::load(&mut world.clerks[BUYER]).unwrap();
    assert!(all.schedules[0].next.is_empty(), "nothing more is promised: {all:?}");
}

#[test]
fn what_was_agreed_to_after_the_hour_of_the_promised_day_is_asked_about_on_the_next() {
    let mut world = World::new(STEPS);
    let id = world.order(BUYER, |_| {});
    world.settle();
    // Delivery is promised for the 17th, and nobody says another day after the OK.
    world.clock.set(at("2026-07-17T08:30:00Z"));
    let key = world.key(Role::Buyer, &id);
    world.decide(BUYER, &key, |known, desk| Ok(vec![buyer::confirm(known, desk)?.into()]));
    world.clerks[BUYER].put_schedule(schedule("due", "open", "due 08:00"), false).unwrap();
    for (time, legs) in [("2026-07-17T08:45:00Z", &[][..]), ("2026-07-18T08:00:00Z", &[Leg::Delivery])] {
        look(&mut world, time);
        assert_eq!(asked(&mut world, &id), legs, "{time}");
    }
}

#[test]
fn no_schedule_asks_more_often_than_is_answered() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    world.clerks[BUYER].put_schedule(schedule("storm", "open", "*/10 * * * *"), false).unwrap();
    for minute in 1..=120 {
        world.clock.set(at("2026-07-10T09:00:00Z").plus_seconds(minute * 600));
        world.clerks[BUYER].tend().unwrap();
    }
    assert_eq!(asked(&mut world, &id).len(), 4 * 3, "four times a day for each leg");
}

#[test]
fn a_schedule_of_the_configuration_is_one_that_no_command_removes_p91() {
    // The table was called `timetable` once, and may still be.
    for called in ["schedule", "timetable"] {
        let mut world = World::new(STEPS);
        let id = world.accepted_order();
        let table = "which = \"undelivered\"\nat = [\"18:30\", \"09:00\"]\ndays = [\"saturday\"]\n";
        world.configure(BUYER, &format!("[[buyer.{called}]]\n{table}"));
        let all = Schedules::load(&mut world.clerks[BUYER]).unwrap();
        let [shown] = &all.schedules[..] else { panic!("{all:?}") };
        assert_eq!((shown.scheduled.name().as_str(), shown.found), ("config-1", 1));
        let next: Vec<String> = shown.next.iter().map(ToString::to_string).collect();
        // The 11th of July is a Saturday.
        assert_eq!(next[..3], ["2026-07-11T09:00:00Z", "2026-07-11T18:30:00Z", "2026-07-18T09:00:00Z"]);
        look(&mut world, "2026-07-11T10:00:00Z");
        assert_eq!(asked(&mut world, &id).len(), 3);
        let ran = world.clerks[BUYER].last_run(shown.scheduled.name()).unwrap().unwrap();
        assert_eq!((ran.letters, ran.moment.to_string()), (3, "2026-07-11T09:00:00Z".to_owned()));
    }
}
