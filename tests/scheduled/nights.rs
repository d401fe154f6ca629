//! The two nights of a year in which clocks are put on and back: the program looks every ten minutes, as cron has it.

use jiff::tz::TimeZone;
use mailorder::trade::{Leg, Moment};

use super::{STEPS, asked, schedule};
use crate::support::world::{BUYER, World};

/// Lets the buyer's program look every ten minutes from one noon to the next but one; returns how many letters went in each
/// of these days, from midnight to midnight in Berlin.
fn letters(when: &str, noon: &str) -> Vec<usize> {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let mut world = World::within(STEPS, berlin.clone());
    let id = world.accepted_order();
    world.clock.set(Moment::parse(noon).unwrap());
    let asks = mailorder::trade::Schedule { legs: vec![Leg::Delivery], ..schedule("night", "open", when) };
    world.clerks[BUYER].put_schedule(asks, false).unwrap();
    let mut days = Vec::new();
    for _ in 0..48 * 6 {
        world.clock.set(world.now().plus_seconds(600));
        let before = asked(&mut world, &id).len();
        world.clerks[BUYER].tend().unwrap();
        let day = world.now().instant().to_zoned(berlin.clone()).date();
        if days.last().is_none_or(|(last, _)| *last != day) {
            days.push((day, 0));
        }
        days.last_mut().unwrap().1 += asked(&mut world, &id).len() - before;
    }
    days.into_iter().map(|(_, count)| count).collect()
}

#[test]
fn in_both_nights_a_schedule_asks_as_often_as_in_any_other_f40() {
    for noon in ["2027-03-27T12:00:00+01:00", "2026-10-24T12:00:00+02:00"] {
        // From noon to midnight, the day of the change, and until noon.
        assert_eq!(letters("30 2 * * *", noon)[1..], [1, 1], "{noon}");
        assert_eq!(letters("daily 02:00,09:00", noon)[1], 2, "{noon}");
        assert_eq!(letters("every 8h", noon)[1], 3, "{noon}");
    }
}
