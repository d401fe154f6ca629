//! What a person is told though nobody wrote: letters of ours that nobody acknowledged, money that does not come back; and
//! what a person dropped, which nobody hears of.

use mailorder::index::Filter;
use mailorder::outbox::queue::State as Place;
use mailorder::role::{Notice, buyer, delivery, payment};
use mailorder::rules::{Standing, State};
use mailorder::trade::status::Reason;
use mailorder::trade::{OrderId, Role, Settlement};

use crate::support::world::{BANK, BUYER, COURIER, SHOP, World};

const STEPS: &str = r#"["terms", "confirmation", "payment", "delivery"]"#;

/// Returns the open computed warnings of an account, code and text.
fn told(world: &World, at: usize) -> Vec<(&'static str, String)> {
    let open = world.clerks[at].computed_warnings().unwrap();
    let open = open.into_iter().filter(|warning| warning.settled.is_none());
    open.map(|warning| (warning.code.word(), warning.text)).collect()
}

/// Returns a world in which an order is accepted and paid.
fn paid() -> (World, OrderId) {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    pays(&mut world, Notice::default());
    (world, id)
}

/// Has the payment agent report something as done now, and everybody hear of it.
fn pays(world: &mut World, notice: Notice) {
    let key = world.clerks[BANK].index().load_all(Some(Role::Payment)).unwrap()[0].key.clone();
    world.decide(BANK, &key, |known, desk| {
        let done = notice.failed.is_none().then_some(desk.now);
        payment::notify(known, &Notice { done, ..notice }, desk)
    });
    world.settle();
}

fn state(world: &mut World, at: usize, role: Role, id: &OrderId) -> State {
    Standing::of(&world.transaction(at, role, id)).state
}

#[test]
fn an_order_that_is_never_acknowledged_is_told_of_until_it_is() {
    let mut world = World::new(STEPS);
    let id = world.order(BUYER, |_| {});
    world.send(BUYER);
    for _ in 0..27 {
        world.pass_hours(24);
        world.tend();
        world.send(BUYER);
    }
    assert_eq!(told(&world, BUYER), [], "it is still sent again");
    world.pass_hours(24);
    world.tend();
    assert_eq!(told(&world, BUYER), [], "the queue tells of what lies in it");
    let last = world.send(BUYER);
    let [(code, text)] = &told(&world, BUYER)[..] else { panic!("{:?}", told(&world, BUYER)) };
    assert_eq!(
        (*code, text.as_str()),
        ("unheard", "order of 2026-07-10 to shop@shop.example, sent 5 times, was never acknowledged")
    );
    // Seen is seen, also when the index is built again; another letter in vain is another matter.
    let warning = world.clerks[BUYER].computed_warnings().unwrap().remove(0);
    assert_eq!(warning.order, Some(id.clone()));
    world.clerks[BUYER].settle_computed(&warning.id, Settlement::Ack, None).unwrap();
    world.clerks[BUYER].reindex().unwrap();
    assert_eq!(told(&world, BUYER), []);
    world.buyer_writes(BUYER, &id, |known| buyer::cancel(known, None).unwrap());
    world.send(BUYER);
    world.pass_hours(24 * 29);
    assert!(told(&world, BUYER)[0].1.ends_with("never acknowledged, nor is a later one"), "{:?}", told(&world, BUYER));
    // What arrives at last is acknowledged, and nobody is told any more.
    let bytes = last.into_iter().map(|mail| mail.bytes).collect::<Vec<_>>();
    world.deliver(SHOP, &bytes);
    world.settle();
    assert!(!told(&world, BUYER).iter().any(|(_, text)| text.starts_with("order")), "{:?}", told(&world, BUYER));
}

#[test]
fn money_for_goods_that_went_back_is_missed_when_its_day_has_passed() {
    let (mut world, id) = paid();
    let key = world.clerks[COURIER].index().load_all(Some(Role::Delivery)).unwrap()[0].key.clone();
    world.decide(COURIER, &key, |known, desk| {
        delivery::notify(known, &Notice { done: Some(desk.now), ..Notice::default() }, desk)
    });
    world.settle();
    let reason = Reason { code: "unwanted".to_owned(), text: "Too small.".to_owned() };
    world.buyer_writes(BUYER, &id, |known| buyer::give_back(known, Vec::new(), reason).unwrap());
    world.settle();
    assert_eq!(state(&mut world, BUYER, Role::Buyer, &id), State::Returned);
    assert_eq!(told(&world, BUYER), []);
    world.pass_hours(24 * 5);
    for at in [BUYER, SHOP] {
        let codes: Vec<_> = told(&world, at).into_iter().map(|(code, _)| code).collect();
        assert_eq!(codes, ["silent"], "{at}");
        assert!(told(&world, at)[0].1.contains("the refund of JPY 4800 was promised for 2026-07-13"));
        let now = world.now().instant().as_second();
        let late = Filter { due_before: Some(now), ..Filter::default() };
        let listed = world.clerks[at].index().list(&late).unwrap();
        assert_eq!((listed.len(), listed[0].row.state.as_str()), (1, "returned"), "{at}");
    }
    assert_eq!(told(&world, BANK).len(), 1, "who is to pay it back is told as well");
    pays(&mut world, Notice { refund: true, ..Notice::default() });
    assert_eq!(state(&mut world, BUYER, Role::Buyer, &id), State::Refunded);
    assert_eq!((told(&world, BUYER), told(&world, SHOP)), (Vec::new(), Vec::new()));
}

#[test]
fn money_for_a_cancelled_order_is_missed_too_and_its_failing_told() {
    let (mut world, id) = paid();
    world.buyer_writes(BUYER, &id, |known| buyer::cancel(known, None).unwrap());
    world.settle();
    assert_eq!(state(&mut world, BUYER, Role::Buyer, &id), State::Cancelled);
    world.pass_hours(24 * 5);
    assert_eq!(told(&world, BUYER)[0].0, "silent");
    let failed = Reason { code: "failed".to_owned(), text: "The account is closed.".to_owned() };
    pays(&mut world, Notice { refund: true, failed: Some(failed), ..Notice::default() });
    let now = told(&world, BUYER);
    assert!(now.iter().any(|(code, text)| *code == "failed" && text.contains("The account is closed.")), "{now:?}");
    assert!(now.iter().all(|(code, _)| *code == "failed"), "no day is promised for it now: {now:?}");
    world.pass_hours(24 * 14);
    assert!(told(&world, BUYER).iter().any(|(code, _)| *code == "silent"), "two weeks are enough");
    // The agent tries again, and it works.
    pays(&mut world, Notice { refund: true, ..Notice::default() });
    assert_eq!(state(&mut world, BUYER, Role::Buyer, &id), State::Refunded);
    assert_eq!(told(&world, BUYER), []);
}

#[test]
fn what_was_dropped_is_not_sent_and_not_missed() {
    let mut world = World::new(STEPS);
    world.order(BUYER, |_| {});
    let item = world.clerks[BUYER].queue().list().unwrap().remove(0);
    world.clerks[BUYER].queue().drop_letter(&item).unwrap();
    for _ in 0..60 {
        world.pass_hours(24);
        world.tend();
        assert!(world.send(BUYER).is_empty());
    }
    // Nor when everything that was kept for speed is lost.
    world.clerks[BUYER].reindex().unwrap();
    world.reopen(BUYER);
    world.tend();
    assert!(world.send(BUYER).is_empty());
    assert_eq!(told(&world, BUYER), []);
    let item = world.clerks[BUYER].queue().list().unwrap().remove(0);
    assert_eq!((item.standing.state, item.failed()), (Place::Dropped, false));
    // A person may think again.
    world.clerks[BUYER].queue().mark_due(&item.name).unwrap();
    assert_eq!(world.send(BUYER).len(), 1);
}
