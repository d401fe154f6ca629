//! Rules look at what came: goods that are there are not given back for being late, and what goes back is not bought again.

use mailorder::index::Filter;
use mailorder::role::buyer::{self, Came};
use mailorder::trade::status::Reason;
use mailorder::trade::{Kind, OrderId, Role, When};

use super::STEPS;
use super::rules::{REORDER, RETURN, complete, look, orders, report};
use crate::support::trade::{at, goods};
use crate::support::world::{BUYER, COURIER, SHOP, World};

const LONG_AFTER: &str = "2026-11-27T09:00:00Z";

/// Returns how many returns were asked for, and why a rule holds one back.
fn returns(world: &mut World, id: &OrderId) -> (usize, String) {
    look(world, LONG_AFTER);
    let asked = world.transaction(BUYER, Role::Buyer, id).sent(Kind::ReturnRequest).count();
    let foreseen = world.clerks[BUYER].foresee_rules().unwrap();
    (asked, foreseen.first().and_then(|one| one.held.clone()).unwrap_or_default())
}

fn reason() -> Reason {
    Reason { code: "OTH".to_owned(), text: "too small".to_owned() }
}

#[test]
fn goods_that_arrived_are_not_given_back_because_nobody_said_that_they_left() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    report(&mut world, &id, &[(COURIER, Role::Delivery)]);
    world.configure(BUYER, &RETURN.replace("undelivered ", ""));
    let (asked, held) = returns(&mut world, &id);
    assert_eq!(asked, 0);
    assert!(held.starts_with("goods of it have come"), "{held}");
}

#[test]
fn goods_that_the_buyer_says_came_are_not_given_back_because_their_carrier_is_silent() {
    for (came, given_back) in [(Some("1"), 0), (None, 1)] {
        let mut world = World::new(STEPS);
        let id = world.accepted_order();
        report(&mut world, &id, &[(SHOP, Role::Shop)]);
        let quantity = came.map(|came| mailorder::trade::Quantity::parse(came).unwrap());
        let came = Came { lines: vec![("1".to_owned(), quantity)], whole: false, at: When::Moment(world.now()) };
        let (key, now) = (world.key(Role::Buyer, &id), world.now());
        world.clerks[BUYER].enter_received(&key, |known| buyer::received(known, &came, &now)).unwrap();
        world.configure(BUYER, RETURN);
        let (asked, held) = returns(&mut world, &id);
        assert_eq!(asked, given_back, "{held}");
    }
}

#[test]
fn what_is_to_go_back_or_went_back_is_not_ordered_again() {
    // Asked for, and not answered yet; agreed to by the shop, of one piece.
    for (answered, why) in [(false, "you asked the shop to take it back"), (true, "goods of it went back")] {
        let mut world = World::new(STEPS);
        let id = world.accepted_order();
        complete(&mut world, &id);
        world.buyer_writes(BUYER, &id, |known| buyer::give_back(known, goods(&[("1", "1")]), reason()).unwrap());
        if answered {
            world.settle();
            assert_eq!(world.transaction(BUYER, Role::Buyer, &id).known(Kind::ReturnAnswer).count(), 1);
        }
        world.configure(BUYER, REORDER);
        look(&mut world, "2026-08-10T09:00:00Z");
        assert_eq!(orders(&mut world).len(), 1, "{why}");
        let foreseen = world.clerks[BUYER].foresee_rules().unwrap();
        let held = foreseen[0].held.clone().unwrap_or_default();
        assert!(held.contains(why), "{why}: {held}");
    }
}

#[test]
fn a_promised_day_is_looked_at_when_it_is_over_anywhere() {
    // The goods are to arrive on the 17th. Half past midnight of the 18th in Tokyo is the 17th in UTC.
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    report(&mut world, &id, &[(SHOP, Role::Shop)]);
    let looked_at = |time: &str| {
        let due_before = Some(at(time).instant().as_second());
        world.clerks[BUYER].index().list(&Filter { due_before, ..Filter::default() }).unwrap().len()
    };
    assert_eq!(looked_at("2026-07-16T12:00:00Z"), 0, "it is the 17th nowhere");
    assert_eq!(looked_at("2026-07-18T00:30:00+09:00"), 1);
    assert_eq!(looked_at("2026-07-18T00:30:00-05:00"), 1);
}
