//! Refusals beyond the limits: a cancellation, and what an agent will not do, wait for room where too many went to their writer
//! within the hour, are seen meanwhile, and get their answer without anybody's doing. Orders and OKs wait for no room.

use mailorder::role::shop_change::{Change, change};
use mailorder::role::{Notice, buyer, delivery, payment};
use mailorder::rules::waiting::{Waiting, waiting};
use mailorder::rules::{Standing, State};
use mailorder::trade::{Document, Kind, Leg, Order, OrderId, Role, When};

use crate::limits::unknown;
use crate::support::trade::jpy;
use crate::support::world::{BANK, BUYER, COURIER, SHOP, World};

const STEPS: &str = r#"["terms", "confirmation", "payment", "delivery"]"#;
const ASKED_FIRST: &str = r#"["authorize", "terms", "confirmation", "payment", "delivery"]"#;

/// More orders than one party is refused letters in an hour.
const MANY: usize = 62;

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

#[test]
fn however_many_orders_are_refused_their_buyer_hears_it_of_each_at_once_p24() {
    // The shop itself will not have them, or the payment agent will not.
    type Change = fn(&mut Order);
    let rows: [(&str, Change, &str); 2] = [(STEPS, too_cheap, "PRI"), (ASKED_FIRST, too_dear, "PAY")];
    for (steps, change, code) in rows {
        let mut world = World::new(steps);
        world.accept(SHOP, BUYER);
        let ids: Vec<OrderId> = (0..MANY).map(|_| world.order(BUYER, change)).collect();
        world.settle();
        for id in &ids {
            assert_eq!((state(&mut world, BUYER, id), state(&mut world, SHOP, id)), (State::Rejected, State::Rejected));
            assert_eq!(why(&mut world, id), code);
        }
        assert_eq!(count(&mut world, SHOP, "out", "stop"), 0, "there is nothing to take back after a no");
        world.pass_hours(2);
        world.tend();
        assert_eq!(world.send(SHOP).len(), 0, "once");
        for at in [BUYER, SHOP, BANK] {
            assert!(world.clerks[at].index().warnings(true).unwrap().is_empty());
        }
        let grown = world.clerks[SHOP].index().dump().unwrap();
        world.clerks[SHOP].reindex().unwrap();
        assert_eq!(world.clerks[SHOP].index().dump().unwrap(), grown);
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
    // Where nobody looks at orders any more, it is told what any order is told now.
    changes(&mut world, "review = [\"orders\"]\n", "");
    world.tend();
    world.settle();
    assert_eq!((state(&mut world, BUYER, &id), why(&mut world, &id)), (State::Rejected, "PRI".to_owned()));
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

/// Lets the shop write no more refusals to its buyer in this hour.
fn leave_no_room(world: &mut World) {
    world.configure(SHOP, "\n[answers]\nper_peer = 1\n");
    let question = unknown(world, 1);
    world.deliver(SHOP, &[question]);
    world.settle();
    assert_eq!(count(world, SHOP, "out", "refusal"), 1);
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
    assert_eq!(count(&mut world, SHOP, "out", "refusal"), 2, "beyond the limit");
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
    assert_eq!(count(&mut world, SHOP, "out", "refusal"), 2, "beyond the limit");
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
