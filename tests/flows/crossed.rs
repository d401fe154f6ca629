//! What the shop reports while its agents are being stopped: the goods left after `stop` and before the carrier's answer.

use crate::support::program::Town;

/// What the buyer wishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Cancel,
    Return,
}

/// Lets the shop have both agents stopped, and then report that the goods have left, before it hears of either.
fn left_meanwhile(town: &Town, wish: Wish, before: impl Fn(&str)) -> (String, String) {
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    before(&number);
    let word = if wish == Wish::Cancel { "cancel" } else { "return" };
    town.does("buyer", &[word, &id]);
    town.sync(&["shop"]);
    assert_eq!(town.count("shop", &number, "out", "stop"), 2);
    town.does("shop", &["shop", "notify", &number, "--shipped", "--tracking", "EP-1"]);
    (id, number)
}

/// Checks that buyer and shop have the same of a transaction.
fn check_alike(town: &Town, number: &str, state: &str, done: [bool; 3]) {
    let [buyers, shops] = ["buyer", "shop"].map(|party| town.show(party, number));
    for member in ["state", "legs", "paid", "unpaid", "refunded"] {
        assert_eq!(buyers[member], shops[member], "{member}");
    }
    for party in ["buyer", "shop"] {
        town.check_stands(party, number, state, done);
    }
}

#[test]
fn goods_that_left_while_the_carrier_was_stopped_are_cancelled_alike_where_he_does_not_take_them_p38() {
    for (wish, state) in [(Wish::Cancel, "cancelled"), (Wish::Return, "returned")] {
        // The status may reach the buyer before the answers reach the shop, or behind them.
        for first in ["buyer", "ship"] {
            let town = Town::fresh();
            let (_, number) = left_meanwhile(&town, wish, |_| {});
            town.sync(&[first]);
            town.settle();
            println!("{wish:?}, {first} first");
            check_alike(&town, &number, state, [true, false, false]);
            assert!(town.show("shop", &number)["unpaid"].is_null(), "nothing is paid for it");
            assert_eq!(town.show("ship", &number)["state"], "cancelled");
            assert_eq!(town.count("buyer", &number, "in", "refusal"), 0);
            town.check_peace();
        }
    }
}

#[test]
fn goods_that_the_carrier_had_already_come_and_are_paid_on_both_sides_p38() {
    let town = Town::fresh();
    let collected = |number: &str| {
        town.does("ship", &["ship", "notify", number, "--event", "Collected"]);
        town.sync(&["ship"]);
    };
    let (id, number) = left_meanwhile(&town, Wish::Cancel, collected);
    town.settle();
    check_alike(&town, &number, "open", [true, false, false]);
    assert!(town.letter("buyer", "in", "refusal").contains("too late"));
    // The payment that was stopped with it is to be made after all.
    assert_eq!(town.count("shop", &number, "out", "payment-instruction"), 2);
    town.reports(&number, &[("ship", "--delivered"), ("pay", "--paid")]);
    check_alike(&town, &number, "completed", [true; 3]);
    town.check_stands("buyer", &id, "completed", [true; 3]);
    town.check_peace();
}
