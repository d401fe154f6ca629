//! Rejections and refusals beyond the limits: an order that is refused in an hour in which its buyer got too many of them waits
//! for room, is seen while it waits, and gets its answer without anybody's doing; so does an OK, a cancellation and what
//! an agent will not do.

use mailorder::role::shop_change::{Change, change};
use mailorder::role::{Notice, buyer, delivery, payment, shop_desk};
use mailorder::rules::waiting::{Waiting, waiting};
use mailorder::rules::{Standing, State};
use mailorder::trade::{Document, Kind, Leg, Order, OrderId, Role, When};

use crate::support::trade::jpy;
use crate::support::world::{BANK, BUYER, COURIER, SHOP, World};

const STEPS: &str = r#"["terms", "confirmation", "payment", "delivery"]"#;
const ASKED_FIRST: &str = r#"["authorize", "terms", "confirmation", "payment", "delivery"]"#;

/// More orders than are rejected in an hour.
const MANY: usize = 62;
const LIMIT: usize = 60;

fn count(world: &mut World, at: usize, direction: &str, kind: &str) -> usize {
    world.entries(at).iter().filter(|(way, what)| way == direction && what == kind).count()
}

/// Cheaper than the shop sells.
fn too_cheap(order: &mut Order) {
    order.lines.iter_mut().for_each(|line| line.unit_price = jpy(1));
    order.total = jpy(504);
}

/// Dearer than the payment agent authorises.
fn too_dear(order: &mut Order) {
    order.lines[0].quantity = mailorder::trade::Quantity::parse("300").unwrap();
    order.total = jpy(301_800);
}

fn state(world: &mut World, at: usize, id: &OrderId) -> State {
    let role = if at == BUYER { Role::Buyer } else { Role::Shop };
    Standing::of(&world.transaction(at, role, id)).state
}

/// Returns the code of the reason for which an order was rejected, as its buyer has it; there is one rejection.
fn why(world: &mut World, id: &OrderId) -> String {
    let known = world.transaction(BUYER, Role::Buyer, id);
    let all: Vec<_> = known.received(Kind::OrderRejection).collect();
    let [one] = &all[..] else { panic!("{} rejections", all.len()) };
    let Document::OrderRejection(said) = &one.letter.document else { unreachable!("of this kind") };
    let lines = said.lines.iter().map(|line| &line.reason);
    said.reasons.iter().chain(lines).next().unwrap().code.clone()
}

/// Has so many orders come that all are refused, and returns them; the shop has said no to as many as it may.
fn refused(world: &mut World, change: fn(&mut Order)) -> Vec<OrderId> {
    let ids: Vec<OrderId> = (0..MANY).map(|_| world.order(BUYER, change)).collect();
    world.settle();
    assert_eq!(count(world, SHOP, "in", "order"), MANY);
    assert_eq!(count(world, SHOP, "out", "order-rejection"), LIMIT);
    ids
}

/// Checks that the rest is told within the hours after, once, and that all ends alike.
fn check_told(world: &mut World, ids: &[OrderId], code: &str) {
    // No sooner; neither a restart nor a new index makes room.
    world.tend();
    world.reopen(SHOP);
    assert!(world.clerks[SHOP].reindex().unwrap() > 0);
    world.tend();
    assert_eq!(count(world, SHOP, "out", "order-rejection"), LIMIT);
    world.pass_hours(1);
    world.tend();
    assert_eq!(count(world, SHOP, "out", "order-rejection"), MANY);
    world.settle();
    for id in ids {
        assert_eq!((state(world, BUYER, id), state(world, SHOP, id)), (State::Rejected, State::Rejected));
        assert_eq!(why(world, id), code);
    }
    for _ in 0..3 {
        world.pass_hours(2);
        world.tend();
        assert_eq!(world.send(SHOP).len(), 0, "once");
    }
    for at in [BUYER, SHOP, BANK] {
        assert!(world.clerks[at].index().warnings(true).unwrap().is_empty());
    }
    let grown = world.clerks[SHOP].index().dump().unwrap();
    world.clerks[SHOP].reindex().unwrap();
    assert_eq!(world.clerks[SHOP].index().dump().unwrap(), grown);
}

#[test]
fn a_rejection_beyond_the_limit_goes_out_when_there_is_room_again() {
    // The shop itself will not have the orders.
    let mut world = World::new(STEPS);
    let ids = refused(&mut world, too_cheap);
    check_waits(&mut world, &ids);
    check_told(&mut world, &ids, "PRI");
}

/// Checks that the orders without an answer are those that wait for the owner.
fn check_waits(world: &mut World, ids: &[OrderId]) {
    let mut waits = 0;
    for id in ids {
        let known = world.transaction(SHOP, Role::Shop, id);
        let is_told = known.sent(Kind::OrderRejection).next().is_some();
        let seen = matches!(waiting(&known)[..], [Waiting::Order(_)]);
        assert_eq!(seen, !is_told, "{:?}", waiting(&known));
        let both = (state(world, BUYER, id), state(world, SHOP, id));
        let expected = if is_told { State::Rejected } else { State::Ordered };
        assert_eq!(both, (expected, expected));
        waits += usize::from(seen);
    }
    assert_eq!(waits, MANY - LIMIT);
}

#[test]
fn an_order_whose_authorisation_was_refused_beyond_the_limit_is_seen_and_rejected_later_p24() {
    let mut world = World::new(ASKED_FIRST);
    world.accept(SHOP, BUYER);
    let ids = refused(&mut world, too_dear);
    assert_eq!(count(&mut world, SHOP, "in", "authorization-result"), MANY, "the agent has no such limit");
    check_waits(&mut world, &ids);
    check_told(&mut world, &ids, "PAY");
    assert_eq!(count(&mut world, SHOP, "out", "stop"), 0, "there is nothing to take back after a no");
}

#[test]
fn an_order_that_waits_for_room_may_be_answered_by_a_person_and_is_not_answered_twice() {
    let mut world = World::new(ASKED_FIRST);
    world.accept(SHOP, BUYER);
    let ids = refused(&mut world, too_dear);
    let waiting: Vec<&OrderId> = ids.iter().filter(|id| state(&mut world, SHOP, id) == State::Ordered).collect();
    let [first, second] = waiting[..] else { panic!("{} wait", waiting.len()) };
    let key = world.key(Role::Shop, first);
    world.decide(SHOP, &key, |known, desk| shop_desk::reject(known, "Too much at once.", desk));
    // Another try at the agent: it says no again, and that waits for room, too.
    let key = world.key(Role::Shop, second);
    world.decide(SHOP, &key, shop_desk::accept);
    world.tend();
    world.settle();
    assert_eq!(count(&mut world, SHOP, "out", "authorization-request"), MANY + 1);
    assert_eq!(count(&mut world, SHOP, "out", "order-rejection"), LIMIT + 1);
    assert_eq!(state(&mut world, SHOP, second), State::Ordered);
    world.pass_hours(1);
    world.tend();
    world.settle();
    for (id, code) in [(first, "OTH"), (second, "PAY")] {
        assert_eq!((state(&mut world, BUYER, id), why(&mut world, id)), (State::Rejected, code.to_owned()));
    }
}

/// Changes the shop's configuration.
fn changes(world: &mut World, old: &str, new: &str) {
    changes_of(world, SHOP, old, new);
}

/// Changes the configuration of an account.
fn changes_of(world: &mut World, at: usize, old: &str, new: &str) {
    let file = world.folder(at).join("config.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(old), "{text}");
    std::fs::write(&file, text.replacen(old, new, 1)).unwrap();
    world.configure(at, "");
}

#[test]
fn an_order_that_waits_for_a_person_is_not_rejected_because_time_passes() {
    let mut world = World::new(STEPS);
    changes(&mut world, "[shop]\n", "[shop]\nreview = [\"orders\"]\n");
    let id = world.order(BUYER, |_| {});
    world.settle();
    // What it was to cost is not what it costs any more.
    changes(&mut world, "price = \"JPY 1000\"", "price = \"JPY 1100\"");
    for _ in 0..3 {
        world.pass_hours(24);
        world.tend();
    }
    assert_eq!(count(&mut world, SHOP, "out", "order-rejection"), 0);
    assert_eq!(state(&mut world, SHOP, &id), State::Ordered);
}

#[test]
fn an_authorised_order_for_which_no_terms_can_be_written_is_rejected_and_holds_no_money_p24() {
    let mut world = World::new(ASKED_FIRST);
    world.accept(SHOP, BUYER);
    // Its carrier has a key that the shop was never shown.
    let stranger = world.join("stranger");
    let [courier, other] = [COURIER, stranger].map(|at| world.clerks[at].me().fingerprint.to_string());
    changes(&mut world, &courier, &other);
    let id = world.order(BUYER, |_| {});
    world.settle();
    for kind in ["authorization-request", "order-rejection", "stop"] {
        assert_eq!(count(&mut world, SHOP, "out", kind), 1, "{kind}");
    }
    assert_eq!((state(&mut world, BUYER, &id), why(&mut world, &id)), (State::Rejected, "OTH".to_owned()));
    assert_eq!(state(&mut world, SHOP, &id), State::Rejected);
    world.clerks[BANK].catch_up().unwrap();
    let known = world.clerks[BANK].index().load_all(Some(Role::Payment)).unwrap().remove(0);
    let results = known.sent(Kind::AuthorizationResult).map(|kept| match &kept.letter.document {
        Document::AuthorizationResult(result) => result.step.done().is_some(),
        _ => unreachable!("of this kind"),
    });
    assert_eq!(results.collect::<Vec<_>>(), [true, false], "the yes is taken back");
    world.tend();
    world.settle();
    assert_eq!(count(&mut world, SHOP, "out", "order-rejection"), 1);
}

#[test]
fn to_strangers_who_order_without_end_no_more_than_the_limit_is_written_in_any_hour() {
    let mut world = World::new(STEPS);
    world.configure(SHOP, "\n[answers]\nper_peer = 3\n");
    (0..10).for_each(|_| drop(world.order(BUYER, too_cheap)));
    world.settle();
    let said = |world: &mut World| count(world, SHOP, "out", "order-rejection");
    assert_eq!(said(&mut world), 3);
    for expected in [6, 9, 10, 10] {
        world.pass_hours(1);
        for _ in 0..3 {
            world.tend();
        }
        assert_eq!(said(&mut world), expected);
    }
}

/// Lets the shop write no more refusals to its buyer in this hour.
fn leave_no_room(world: &mut World) {
    world.configure(SHOP, "\n[answers]\nper_peer = 1\n");
    world.order(BUYER, too_cheap);
    world.settle();
    assert_eq!(count(world, SHOP, "out", "order-rejection"), 1);
}

/// Checks that a letter waits for its refusal, that neither a look nor a new index makes room, and that it goes out once an hour
/// later.
fn check_refused_later(world: &mut World, at: usize) {
    let before = count(world, at, "out", "refusal");
    for _ in 0..2 {
        world.tend();
        world.reopen(at);
        assert!(world.clerks[at].reindex().unwrap() > 0);
        assert_eq!(world.clerks[at].index().unanswered().unwrap().len(), 1);
    }
    assert_eq!(count(world, at, "out", "refusal"), before);
    world.pass_hours(1);
    world.tend();
    world.settle();
    assert_eq!(count(world, at, "out", "refusal"), before + 1);
    assert!(world.clerks[at].index().unanswered().unwrap().is_empty());
    for _ in 0..2 {
        world.pass_hours(25);
        world.tend();
        world.settle();
    }
    assert_eq!(count(world, at, "out", "refusal"), before + 1, "once");
    let grown = world.clerks[at].index().dump().unwrap();
    world.clerks[at].reindex().unwrap();
    assert_eq!(world.clerks[at].index().dump().unwrap(), grown);
}

#[test]
fn the_refusal_of_an_ok_that_came_too_late_waits_for_no_room_and_both_sides_end_alike() {
    let mut world = World::new(STEPS);
    let id = world.order(BUYER, |_| {});
    world.settle();
    // The OK is written in time, and lies in the mail until the offer has run out.
    let key = world.key(Role::Buyer, &id);
    world.decide(BUYER, &key, |known, desk| Ok(vec![buyer::confirm(known, desk)?.into()]));
    let late = world.send(BUYER);
    world.pass_hours(8 * 24);
    leave_no_room(&mut world);
    for mail in late {
        world.deliver(mail.to, &[mail.bytes]);
    }
    world.settle();
    assert_eq!(count(&mut world, SHOP, "out", "refusal"), 1, "beyond the limit");
    assert!(world.clerks[SHOP].index().unanswered().unwrap().is_empty());
    assert_eq!((state(&mut world, BUYER, &id), state(&mut world, SHOP, &id)), (State::Rejected, State::Rejected));
    assert_eq!(count(&mut world, SHOP, "out", "payment-instruction"), 0, "nothing was begun");
}

#[test]
fn a_cancellation_that_came_too_late_is_refused_when_there_is_room_again() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    leave_no_room(&mut world);
    // They cross: the buyer cancels while the goods arrive.
    world.buyer_writes(BUYER, &id, |known| buyer::cancel(known, None).unwrap());
    let cancellation = world.send(BUYER);
    let key = world.clerks[COURIER].index().load_all(Some(Role::Delivery)).unwrap()[0].key.clone();
    world.decide(COURIER, &key, |known, desk| {
        delivery::notify(known, &Notice { done: Some(desk.now), ..Notice::default() }, desk)
    });
    world.settle();
    for mail in cancellation {
        world.deliver(mail.to, &[mail.bytes]);
    }
    world.settle();
    let known = world.transaction(SHOP, Role::Shop, &id);
    assert!(matches!(waiting(&known)[..], [Waiting::Cancellation(_)]), "it is seen meanwhile");
    check_refused_later(&mut world, SHOP);
    let refused = |world: &mut World, at: usize, role: Role| {
        let known = world.transaction(at, role, &id);
        known.known(Kind::Cancellation).all(|cancellation| known.is_refused(&cancellation.content))
    };
    assert!(refused(&mut world, BUYER, Role::Buyer) && refused(&mut world, SHOP, Role::Shop));
    assert_eq!((state(&mut world, BUYER, &id), state(&mut world, SHOP, &id)), (State::Open, State::Open));
}

#[test]
fn the_refusal_of_an_ok_that_agents_were_stopped_for_waits_for_no_room() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    leave_no_room(&mut world);
    let before = world.transaction(SHOP, Role::Shop, &id).terms().unwrap().1.arrival_until;
    let later = Change { arrives: Some(When::parse("2026-07-25").unwrap()), ..Change::default() };
    let key = world.key(Role::Shop, &id);
    world.decide(SHOP, &key, |known, desk| change(known, &later, desk));
    world.settle();
    // The bank collects by the old terms, and says so after the OK to the new ones has gone out.
    let at_bank = world.clerks[BANK].index().load_all(Some(Role::Payment)).unwrap()[0].key.clone();
    world.decide(BANK, &at_bank, |known, desk| {
        payment::notify(known, &Notice { done: Some(desk.now), ..Notice::default() }, desk)
    });
    let key = world.key(Role::Buyer, &id);
    world.decide(BUYER, &key, |known, desk| Ok(vec![buyer::confirm(known, desk)?.into()]));
    let ok = world.send(BUYER);
    for mail in ok {
        world.deliver(mail.to, &[mail.bytes]);
    }
    world.settle();
    assert_eq!(count(&mut world, SHOP, "out", "stop"), 2);
    assert_eq!(count(&mut world, SHOP, "out", "refusal"), 1, "beyond the limit");
    assert_eq!(count(&mut world, SHOP, "out", "delivery-instruction"), 2, "the carrier goes on by the old terms");
    for (at, role) in [(BUYER, Role::Buyer), (SHOP, Role::Shop)] {
        let known = world.transaction(at, role, &id);
        assert_eq!(known.terms().unwrap().1.arrival_until, before);
        assert_eq!(Standing::of(&known).legs.paid, Some(jpy(4800)));
        assert!(Standing::of(&known).legs.delivery.planned.is_some());
    }
    assert!(world.clerks[SHOP].index().unanswered().unwrap().is_empty());
}

#[test]
fn what_an_agent_will_not_do_beyond_the_limit_it_says_later_and_does_not_do_meanwhile() {
    let mut world = World::with_agents(STEPS, "debit = \"on-date\"", "transit_days = 2");
    changes_of(&mut world, BANK, "shops = [\"shop@shop.example\"]", "shops = []");
    world.configure(BANK, "\n[answers]\nper_peer = 1\n");
    let [first, second] = [world.accepted_order(), world.accepted_order()];
    assert_eq!(count(&mut world, BANK, "in", "payment-instruction"), 2);
    assert_eq!(count(&mut world, BANK, "out", "refusal"), 1);
    let failed = |world: &mut World, id: &OrderId| {
        let known = world.transaction(SHOP, Role::Shop, id);
        mailorder::rules::failed::failed_legs(&known, &Standing::of(&known)).contains(&Leg::Payment)
    };
    assert!(failed(&mut world, &first) && !failed(&mut world, &second));
    check_refused_later(&mut world, BANK);
    assert!(failed(&mut world, &second), "the shop is told that nobody collects");
    world.pass_hours(24 * 60);
    world.tend();
    assert_eq!(count(&mut world, BANK, "out", "payment-status"), 0, "nothing was collected");
}
