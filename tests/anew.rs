//! What a lost index costs, or a mailbox that its server renumbered: letters are not sent, and old ones not answered, by the score.

use mailorder::outbox::queue::{Standing, State};
use mailorder::trade::{OrderId, Verdict};

use crate::support::world::{BUYER, SHOP, World};

const STEPS: &str = r#"["terms", "confirmation", "payment", "delivery"]"#;

/// Takes the index of an account away, and opens the account anew.
fn loses_index(world: &mut World, at: usize) {
    for side in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(world.folder(at).join(format!("index.sqlite{side}")));
    }
    world.reopen(at);
}

/// Has an account look what is due a few times within minutes; returns how many mails went out.
fn passes(world: &mut World, at: usize) -> usize {
    let mut sent = 0;
    for _ in 0..6 {
        world.clock.set(world.now().plus_seconds(60));
        world.clerks[at].tend().unwrap();
        sent += world.send(at).len();
    }
    sent
}

#[test]
fn a_letter_that_nobody_acknowledged_goes_out_once_more_and_an_old_one_not_at_all() {
    let mut world = World::new(STEPS);
    let orders = |world: &mut World| {
        let _: OrderId = world.order(BUYER, |_| {});
        assert_eq!(world.send(BUYER).len(), 1, "lost");
    };
    orders(&mut world);
    let mut sent = Vec::new();
    for day in 1..=41 {
        world.pass_hours(24);
        if day == 20 {
            orders(&mut world);
        }
        sent.extend(vec![day; passes(&mut world, BUYER)]);
    }
    assert_eq!(sent, [3, 7, 14, 23, 27, 28, 34]);
    loses_index(&mut world, BUYER);
    assert_eq!(passes(&mut world, BUYER), 1, "the second, and once");
    loses_index(&mut world, BUYER);
    assert_eq!(passes(&mut world, BUYER), 1);
    let mut sent = Vec::new();
    for day in 42..=60 {
        world.pass_hours(24);
        sent.extend(vec![day; passes(&mut world, BUYER)]);
    }
    assert_eq!(sent, [48]);
}

#[test]
fn who_was_away_sends_a_letter_once_for_all_the_days_he_missed() {
    let mut world = World::new(STEPS);
    world.order(BUYER, |_| {});
    assert_eq!(world.send(BUYER).len(), 1, "lost");
    world.pass_hours(24 * 15);
    assert_eq!(passes(&mut world, BUYER), 1);
    world.pass_hours(24 * 12);
    assert_eq!(passes(&mut world, BUYER), 0);
    world.pass_hours(24 * 5);
    assert_eq!(passes(&mut world, BUYER), 1);
}

#[test]
fn an_answer_that_was_given_up_goes_out_when_its_reader_asks_again_and_one_that_was_dropped_does_not() {
    for (state, goes) in [(State::GivenUp, true), (State::Refused, true), (State::Dropped, false)] {
        let mut world = World::new(STEPS);
        world.order(BUYER, |_| {});
        let order = world.send(BUYER).remove(0).bytes;
        world.deliver(SHOP, std::slice::from_ref(&order));
        let queue = world.clerks[SHOP].queue();
        for item in queue.list().unwrap() {
            queue.mark(&item.name, &Standing { state, ..item.standing }).unwrap();
        }
        assert_eq!(world.send(SHOP).len(), 0);
        world.deliver(SHOP, std::slice::from_ref(&order));
        assert_eq!(world.send(SHOP).len(), usize::from(goes), "{state:?}");
    }
}

#[test]
fn old_letters_that_are_read_again_are_not_answered_again() {
    let mut world = World::new(STEPS);
    world.order(BUYER, |_| {});
    let order = world.send(BUYER).remove(0).bytes;
    world.deliver(SHOP, std::slice::from_ref(&order));
    world.settle();
    let again = |world: &mut World| {
        loses_index(world, SHOP);
        let taken = world.deliver(SHOP, std::slice::from_ref(&order));
        assert_eq!(taken.counts.get(&Verdict::Repeat), Some(&1));
        world.send(SHOP).len()
    };
    assert_eq!(again(&mut world), 1);
    // As long as its writer may send it again it is answered.
    world.pass_hours(24 * 40);
    assert_eq!(again(&mut world), 1);
    world.pass_hours(24);
    assert_eq!(again(&mut world), 0);
}
