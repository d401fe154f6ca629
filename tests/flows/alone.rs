//! A shop that collects and carries itself: what one part says to another is judged at once, before all is said; and what buyers
//! wait for.

use super::purchase::alone;
use crate::support::program::Town;

/// A town whose shop plays all three parts.
fn town() -> Town {
    let town = Town::acquainted();
    alone(&town);
    town
}

/// Returns the states that the shop has of a transaction in its three parts.
fn parts(town: &Town, number: &str) -> [String; 3] {
    ["shop", "payment", "delivery"].map(|role| {
        let list = town.does("shop", &["list", "--role", role, "--json", &format!("txn:{number}")]).json();
        list["transactions"][0]["state"].as_str().unwrap().to_owned()
    })
}

#[test]
fn what_it_cancels_is_neither_collected_nor_brought_and_the_buyer_is_told_once_p36_p37() {
    let town = town();
    for paid in [false, true] {
        let (id, number) = town.bought("SH-41", 1, &[]);
        if paid {
            town.does("shop", &["pay", "notify", &number, "--paid"]);
        }
        town.does("shop", &["shop", "cancel", &number, "--reason", "Out of stock until May."]);
        town.settle();
        assert_eq!(parts(&town, &number)[0], "cancelled");
        assert!(!parts(&town, &number).contains(&"open".to_owned()) || paid, "{:?}", parts(&town, &number));
        assert_eq!(town.show("buyer", &id)["state"], "cancelled");
        let said = town.letter("buyer", "in", "order-status");
        assert!(!said.contains("too late") && said.contains("OrderCancelled"), "{said}");
        assert_eq!(town.count("shop", &number, "out", "payment-instruction"), 1, "it was not instructed again");
        if paid {
            town.does("shop", &["pay", "notify", &number, "--refunded"]);
            town.settle();
        }
        let list = town.at("+60d", "shop", &["status", "--json"]).json();
        assert!(list["parts"].as_array().unwrap().iter().all(|part| part["unpaid"] == serde_json::json!([])), "{list}");
        let late = town.at("+60d", "buyer", &["list", "late", "--json"]).json();
        assert_eq!(late["transactions"], serde_json::json!([]), "nobody waits for anything");
    }
    town.check_peace();
}

#[test]
fn of_goods_of_which_a_part_has_left_only_that_part_arrives_p6() {
    let town = town();
    let (id, number) = town.bought("SH-41", 3, &[]);
    town.does("shop", &["shop", "notify", &number, "--shipped", "--line", "1=2"]);
    town.does("shop", &["ship", "notify", &number, "--delivered"]);
    town.settle();
    town.check_stands("buyer", &id, "open", [false; 3]);
    let list = town.does("buyer", &["list"]).out;
    assert_eq!(list.matches("◐ 2 of 3").count(), 2, "two have left, and two have come: {list}");
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.does("shop", &["ship", "notify", &number, "--delivered", "--parcel", "2"]);
    town.settle();
    town.check_stands("buyer", &id, "open", [true, true, false]);
    town.check_peace();
}

#[test]
fn what_a_corrected_parcel_does_not_hold_was_not_delivered() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 3, &[]);
    town.does("shop", &["shop", "notify", &number, "--shipped", "--line", "1=2"]);
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.does("ship", &["ship", "notify", &number, "--delivered", "--parcel", "1", "--line", "1=2", "--correct"]);
    town.settle();
    let status = town.letter("buyer", "in", "delivery-status");
    assert_eq!(status.matches("CompletedActionStatus").count(), 1, "{status}");
    town.check_stands("buyer", &id, "open", [false; 3]);
}

#[test]
fn who_pays_by_himself_has_the_time_that_the_terms_give_him_p55() {
    let town = Town::fresh();
    let steps = "steps = [\"terms\", \"confirmation\", \"delivery\", \"payment\"]\n";
    town.configure("shop", |text| text.replacen(steps, &format!("payment_days = 30\n{steps}"), 1));
    let (id, _) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    let row = town.lists("buyer", &[]).into_iter().find(|row| row["id"] == id.as_str()).unwrap();
    let due = mailorder::clock::Clock::system().now().plus_seconds(30 * 86_400).day().to_string();
    assert_eq!(row["payment"]["date"], due.as_str(), "{row}");
    let late = |at: &str| town.at(at, "buyer", &["show", &id]).out.lines().next().unwrap().contains("payment");
    assert!(!late("+29d") && late("+32d"));
}

#[test]
fn what_a_buyer_asked_for_and_was_refused_is_told_for_a_week() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    town.does("buyer", &["cancel", &id]);
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.settle();
    assert_eq!(town.show("buyer", &id)["state"], "open");
    let told = town.does("buyer", &["status"]).out;
    assert!(told.lines().any(|line| line.starts_with("refused ") && line.contains(&id[..6])), "{told}");
    let refused = town.does("buyer", &["status", "--json"]).json()["refused"].clone();
    assert_eq!((&refused[0]["from"], &refused[0]["asked"]), (&"shop@demo.test".into(), &"cancellation".into()));
    assert!(!refused[0]["why"].as_str().unwrap().is_empty(), "{refused}");
    assert_eq!(town.run("buyer", &["status", "--exit-code"]).code, Some(1));
    assert!(town.at("+8d", "buyer", &["status", "--json"]).json()["refused"].as_array().unwrap().is_empty());
    let ja = town.does("buyer", &["--lang", "ja", "status"]).out;
    assert!(ja.contains("応じられず"), "{ja}");
}

#[test]
fn money_that_crossed_a_return_and_comes_back_is_no_failure() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered")]);
    town.does("buyer", &["return", &id]);
    town.settle();
    assert_eq!(town.show("buyer", &id)["state"], "returned");
    town.reports(&number, &[("pay", "--paid")]);
    town.settle();
    town.run("pay", &["pay", "notify", &number, "--refunded"]);
    town.settle();
    let shown = town.show("buyer", &id);
    assert_eq!((&shown["paid"]["amount"], &shown["refunded"]["amount"]), (&"4800".into(), &"4800".into()), "{shown}");
    let row = town.lists("buyer", &[]).into_iter().find(|row| row["id"] == id.as_str()).unwrap();
    assert_eq!(row["payment"]["failed"], false, "{row}");
    town.check_peace();
}
