//! What holds a rule back though its query finds something: a clock that leaps, what was ordered since, questions enough.

use mailorder::role::{Action, buyer};
use mailorder::trade::item::Item;
use mailorder::trade::{Kind, Leg, OrderId, Role};

use super::rules::{ASK, REORDER, RETURN, complete, orders, report};
use super::{STEPS, asked, look};
use crate::support::trade::at;
use crate::support::world::{BUYER, SHOP, World};

fn returns(world: &mut World, id: &OrderId) -> usize {
    world.transaction(BUYER, Role::Buyer, id).sent(Kind::ReturnRequest).count()
}

/// Returns why the first thing that a rule finds is not done.
fn held(world: &mut World) -> String {
    let foreseen = world.clerks[BUYER].foresee_rules().unwrap();
    foreseen.first().and_then(|one| one.held.clone()).unwrap_or_default()
}

/// A world whose buyer waits for goods that were to leave on the 13th of July, and whose program looks now and then.
fn waiting(rule: &str) -> (World, OrderId) {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    world.configure(BUYER, rule);
    look(&mut world, "2026-07-10T18:00:00Z");
    (world, id)
}

#[test]
fn a_clock_that_is_weeks_ahead_for_a_while_gives_nothing_back_and_blocks_nothing_f39() {
    let (mut world, id) = waiting(RETURN);
    for time in ["2026-08-20T18:00:00Z", "2026-08-20T23:00:00Z", "2026-08-21T17:59:59Z"] {
        look(&mut world, time);
        assert_eq!(returns(&mut world, &id), 0, "{time}");
        assert!(held(&mut world).starts_with("the clock went ahead by 4"), "{}", held(&mut world));
    }
    // It is right again, and the return goes when its day has come.
    for day in 11..=27 {
        look(&mut world, &format!("2026-07-{day}T18:00:00Z"));
        assert_eq!(returns(&mut world, &id), 0, "{day}");
    }
    look(&mut world, "2026-07-28T18:00:00Z");
    assert_eq!(returns(&mut world, &id), 1);
}

#[test]
fn who_was_away_for_weeks_waits_a_day_or_for_a_letter_and_not_for_ever() {
    let (mut world, id) = waiting(RETURN);
    look(&mut world, "2026-08-20T18:00:00Z");
    assert_eq!(returns(&mut world, &id), 0);
    look(&mut world, "2026-08-21T18:00:00Z");
    assert_eq!(returns(&mut world, &id), 1);
    // Without the index the ledger's newest entry tells what was seen of the time.
    let (mut world, id) = waiting(RETURN);
    world.clerks[BUYER].index().set_cursor("time seen", "").unwrap();
    look(&mut world, "2026-08-20T18:00:00Z");
    assert_eq!(returns(&mut world, &id), 0);
    look(&mut world, "2026-08-21T18:00:00Z");
    assert_eq!(returns(&mut world, &id), 1);
    // The courier writes with a date of these days.
    let (mut world, id) = waiting(RETURN);
    world.clock.set(at("2026-08-20T18:00:00Z"));
    report(&mut world, &id, &[(SHOP, Role::Shop)]);
    look(&mut world, "2026-08-20T19:00:00Z");
    assert_eq!(returns(&mut world, &id), 1);
}

#[test]
fn a_question_needs_no_such_proof() {
    let (mut world, id) = waiting(ASK);
    look(&mut world, "2026-08-20T18:00:00Z");
    assert!(!asked(&mut world, &id).is_empty());
}

#[test]
fn a_leg_is_asked_about_four_times_a_day_at_most_by_rules_too() {
    let (mut world, id) = waiting("[[buyer.rule]]\nwhen = \"undelivered\"\ndo = \"ask\"\n");
    let first = asked(&mut world, &id).len();
    assert_eq!(first, 3, "once about each leg");
    let key = world.key(Role::Buyer, &id);
    for _ in 0..3 {
        world.pass_hours(1);
        world.decide(BUYER, &key, |known, _| Ok(buyer::ask(known, &[])?.into_iter().map(Action::from).collect()));
    }
    world.configure(BUYER, "[[buyer.rule]]\nwhen = \"undelivered open\"\ndo = \"ask\"\n");
    look(&mut world, "2026-07-10T23:00:00Z");
    assert_eq!(asked(&mut world, &id).len(), 12);
    assert_eq!(held(&mut world), "it was asked 4 times within a day; more is not answered");
    look(&mut world, "2026-07-11T23:00:00Z");
    assert_eq!(asked(&mut world, &id).len(), 15);
    assert_eq!(asked(&mut world, &id).iter().filter(|leg| **leg == Leg::Order).count(), 5);
}

#[test]
fn what_was_ordered_since_is_known_by_its_article_number_and_its_place_in_the_ledger() {
    // Another name for the same article; the same name for another; the same name where one has no number.
    for (sku, name, again) in [
        (Some("SH-41"), "Hemd, weiß", false),
        (Some("SH-99"), "Shirt, white, 41", true),
        (None, "Shirt, white, 41", false),
    ] {
        let mut world = World::new(STEPS);
        world.pass_hours(24 * 5);
        let id = world.accepted_order();
        complete(&mut world, &id);
        // The clock was set back meanwhile: by its date this order came first.
        world.pass_hours(-24 * 4);
        world.order(BUYER, |order| {
            order.lines.truncate(1);
            order.lines[0].item = Item { sku: sku.map(str::to_owned), name: name.to_owned() };
            order.lines[0].unit_price = mailorder::trade::Money::parse("4300", "JPY").unwrap();
            order.lines[0].quantity = mailorder::trade::Quantity::parse("1").unwrap();
        });
        world.configure(BUYER, REORDER);
        super::rules::look(&mut world, "2026-08-16T09:00:00Z");
        assert_eq!(orders(&mut world).len(), if again { 3 } else { 2 }, "{name}: {}", held(&mut world));
        if !again {
            assert_eq!(held(&mut world), "some of it was ordered again since");
        }
    }
}
