//! A clock that was ahead for an hour and is right again: what was dated then holds nothing back (F39).

use mailorder::trade::{OrderId, Verdict};

use crate::limits::{asks_for_catalog, unknown};
use crate::newcomers::let_in;
use crate::support::world::{BUYER, SHOP, World};

const STEPS: &str = r#"["terms", "confirmation", "payment", "delivery"]"#;
/// Hours by which the clock is ahead: a month, in which no key expires.
const AHEAD: i64 = 30 * 24;

/// Has somebody whom the shop does not know order; returns whether he is let in.
fn is_let_in(world: &mut World, name: &str) -> bool {
    let place = world.join(name);
    let _: OrderId = world.order(place, |_| {});
    let mail = world.send(place).remove(0).bytes;
    world.deliver(SHOP, &[mail]).counts.get(&Verdict::Applied) == Some(&1)
}

#[test]
fn whom_a_shop_let_in_then_takes_no_room_from_those_who_come_after() {
    let mut world = World::new(STEPS);
    let_in(&mut world, 2);
    world.pass_hours(AHEAD);
    assert_eq!(["a", "b", "c"].map(|name| is_let_in(&mut world, name)), [true, true, false]);
    world.pass_hours(-AHEAD);
    assert_eq!(["d", "e", "f"].map(|name| is_let_in(&mut world, name)), [true, true, false]);
}

#[test]
fn answers_written_then_count_for_no_hour_of_now() {
    let mut world = World::new(STEPS);
    world.accepted_order();
    let refusals =
        |world: &mut World| world.entries(SHOP).iter().filter(|(way, kind)| way == "out" && kind == "refusal").count();
    world.pass_hours(AHEAD);
    let mails: Vec<Vec<u8>> = (0..61).map(|n| unknown(&world, n)).collect();
    world.deliver(SHOP, &mails);
    assert_eq!(refusals(&mut world), 60, "as many as there is room for in an hour");
    world.pass_hours(-AHEAD);
    let mail = unknown(&world, 61);
    world.deliver(SHOP, &[mail]);
    assert_eq!(refusals(&mut world), 61);
}

#[test]
fn catalogs_asked_for_then_are_no_reason_to_give_none_now() {
    let mut world = World::new(STEPS);
    let known = world.join("known");
    world.accept(SHOP, known);
    world.pass_hours(AHEAD);
    assert_eq!(asks_for_catalog(&mut world, known, 21), 1, "twenty an hour");
    world.pass_hours(-AHEAD);
    assert_eq!(asks_for_catalog(&mut world, known, 21), 1);
}

#[test]
fn the_ledger_is_signed_for_again_a_day_after_and_not_a_month() {
    let mut world = World::new(STEPS);
    world.pass_hours(AHEAD);
    world.tend();
    let signed = |world: &World| world.clerks[SHOP].ledger().checkpoints().unwrap();
    let then = signed(&world);
    assert!(!then.is_empty());
    world.pass_hours(-AHEAD);
    world.order(BUYER, |_| {});
    world.settle();
    world.tend();
    let now = signed(&world);
    assert_eq!(now.len(), then.len() + 1);
    // From there on it goes as ever.
    world.order(BUYER, |_| {});
    world.settle();
    for (hours, more) in [(23, 0), (1, 1)] {
        world.pass_hours(hours);
        world.tend();
        assert_eq!(signed(&world).len(), now.len() + more, "{hours}");
    }
}

#[test]
fn letters_that_nobody_acknowledged_go_out_in_their_time_whenever_they_were_dated() {
    let mut world = World::new(STEPS);
    let days = |world: &mut World| {
        let mut sent = Vec::new();
        for day in 1..=8 {
            world.pass_hours(24);
            world.clerks[BUYER].tend().unwrap();
            sent.extend(world.send(BUYER).iter().map(|_| day));
        }
        sent
    };
    // One that is written while the clock is right goes out once while it is ahead, however often it is looked at.
    world.order(BUYER, |_| {});
    assert_eq!(world.send(BUYER).len(), 1, "lost");
    world.pass_hours(AHEAD);
    let mut sent = 0;
    for _ in 0..5 {
        world.clerks[BUYER].tend().unwrap();
        sent += world.send(BUYER).len();
    }
    assert_eq!(sent, 1);
    world.pass_hours(-AHEAD);
    assert_eq!(days(&mut world), [3, 7]);
    // One that is written while it is ahead counts as of the time of what came after it.
    let mut world = World::new(STEPS);
    world.pass_hours(AHEAD);
    world.order(BUYER, |_| {});
    assert_eq!(world.send(BUYER).len(), 1, "lost");
    world.pass_hours(-AHEAD);
    world.order(BUYER, |_| {});
    world.settle();
    assert_eq!(days(&mut world), [3, 7]);
}

#[test]
fn a_mailbox_that_failed_then_and_is_read_now_has_no_fault_and_one_that_fails_now_has() {
    let world = World::new(STEPS);
    let shop = &world.clerks[SHOP];
    let failed = |shop: &mailorder::clerk::Clerk| shop.last_fetches().unwrap()[1].is_some();
    world.pass_hours(AHEAD);
    shop.note_fetch("sync", Some("no network".to_owned())).unwrap();
    assert!(failed(shop));
    world.pass_hours(-AHEAD);
    shop.note_fetch("sync", None).unwrap();
    assert!(!failed(shop));
    world.pass_hours(AHEAD);
    shop.note_fetch("sync", None).unwrap();
    world.pass_hours(-AHEAD);
    shop.note_fetch("sync", Some("no network".to_owned())).unwrap();
    assert!(failed(shop));
}
