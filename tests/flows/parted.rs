//! What left in two parcels and does not arrive as one: cancelled when a part is there, or lost in part.

use serde_json::Value;

use crate::support::program::Town;

/// Buys two shirts and lets them leave in two parcels.
fn parted(town: &Town) -> (String, String) {
    let (id, number) = town.bought("SH-41", 2, &["--pay", "card"]);
    for parcel in ["1", "2"] {
        town.does("shop", &["shop", "notify", &number, "--shipped", "--parcel", parcel, "--line", "1=1"]);
    }
    town.settle();
    (id, number)
}

/// Lets the carrier report the first parcel as delivered, and tells nobody yet.
fn first_arrives(town: &Town, number: &str) {
    town.does("ship", &["ship", "notify", number, "--delivered", "--parcel", "1", "--line", "1=1"]);
}

/// Lets the carrier report the second parcel as lost, and tells nobody yet.
fn loses_second(town: &Town, number: &str) {
    town.does("ship", &["ship", "notify", number, "--failed", "lost on the way", "--parcel", "2"]);
}

/// Lets one parcel come, the other be lost, and the shop and the buyer hear of it.
fn second_is_lost(town: &Town, number: &str) {
    first_arrives(town, number);
    loses_second(town, number);
    town.settle();
}

/// Buys two shirts of which one comes and the other is lost, both of them paid.
fn paid_and_half_lost(town: &Town) -> (String, String) {
    let (id, number) = parted(town);
    second_is_lost(town, &number);
    town.reports(&number, &[("pay", "--paid")]);
    (id, number)
}

fn money(town: &Town, party: &str, number: &str, what: &str) -> Value {
    town.show(party, number)[what]["amount"].clone()
}

#[test]
fn once_a_part_has_arrived_the_rest_is_not_stopped_and_all_of_it_goes_back_later() {
    let town = Town::fresh();
    let (id, number) = parted(&town);
    // The cancellation crosses with the first parcel: the shop reads it before the word that that one has arrived.
    town.does("ship", &["--offline", "ship", "notify", &number, "--delivered", "--parcel", "1", "--line", "1=1"]);
    town.does("buyer", &["cancel", &id]);
    town.sync(&["shop"]);
    town.settle();
    assert_eq!(town.count("shop", &number, "out", "stop"), 0);
    assert!(town.letter("buyer", "in", "refusal").contains("too late"));
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "open", [true, false, false]);
        assert_eq!(money(&town, party, &number, "unpaid"), "9100", "{party}: what comes is paid");
    }
    // The second parcel comes as the first did; then all of it can go back.
    town.does("ship", &["ship", "notify", &number, "--delivered", "--parcel", "2"]);
    town.reports(&number, &[("pay", "--paid")]);
    town.check_stands("buyer", &id, "completed", [true; 3]);
    town.does("buyer", &["return", &id]);
    town.settle();
    town.reports(&number, &[("pay", "--refunded")]);
    town.check_stands("buyer", &id, "refunded", [true; 3]);
    town.check_peace();
}

#[test]
fn a_cancellation_when_a_part_is_known_to_be_there_disturbs_no_agent() {
    let town = Town::fresh();
    let (id, number) = parted(&town);
    first_arrives(&town, &number);
    town.settle();
    town.does("buyer", &["cancel", &id]);
    town.settle();
    assert_eq!(town.count("shop", &number, "out", "stop"), 0);
    assert!(town.letter("buyer", "in", "refusal").contains("A part of the goods has arrived"));
    town.does("buyer", &["return", &id]);
    town.settle();
    assert!(town.letter("buyer", "in", "return-answer").contains("please wait for it"));
    assert_eq!(town.count("shop", &number, "out", "stop"), 0);
    town.check_stands("buyer", &id, "open", [true, false, false]);
    town.check_peace();
}

#[test]
fn what_was_lost_of_a_delivery_is_paid_back_and_the_rest_is_kept() {
    let town = Town::fresh();
    let (id, number) = paid_and_half_lost(&town);
    town.check_stands("buyer", &id, "open", [true, false, true]);
    town.does("buyer", &["return", &id, "--line", "1=1", "--reason", "lost"]);
    town.settle();
    // The agent has said that it will not bring it any more before the shop agrees, and keeps to it.
    assert_eq!(town.count("shop", &number, "out", "stop"), 1);
    let late = town.run("ship", &["ship", "notify", &number, "--delivered", "--parcel", "2"]);
    assert!(late.code == Some(65) && late.err.contains("stopped"), "{late:?}");
    town.reports(&number, &[("pay", "--refunded")]);
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "completed", [true; 3]);
        assert_eq!(money(&town, party, &number, "refunded"), "4300", "{party}");
    }
    town.check_stands("ship", &number, "completed", [false, false, false]);
    // What is kept may still go back in its time.
    town.does("buyer", &["return", &id, "--line", "1=1"]);
    town.settle();
    town.reports(&number, &[("pay", "--refunded")]);
    town.check_stands("buyer", &id, "refunded", [true; 3]);
    town.check_peace();
}

#[test]
fn to_a_shop_that_brings_its_goods_itself_a_parcel_has_one_number_p6() {
    let town = Town::acquainted();
    crate::flows::purchase::alone(&town);
    let (id, number) = town.bought("SH-41", 3, &[]);
    for parcel in ["1", "2"] {
        town.does("shop", &["shop", "notify", &number, "--shipped", "--parcel", parcel, "--line", "1=1"]);
    }
    let ship = ["ship", "notify", number.as_str(), "--delivered"];
    let unnamed = town.run("shop", &ship);
    assert!(unnamed.code == Some(65) && unnamed.err.contains("several parcels"), "{unnamed:?}");
    let delivered = || {
        let status = town.letter("buyer", "in", "delivery-status");
        status.matches("CompletedActionStatus").count()
    };
    // The third parcel has not left yet; each of the others holds what the shop put into it.
    for (parcel, arrived) in [("1", 1), ("2", 2)] {
        town.does("shop", &[&ship[..], &["--parcel", parcel]].concat());
        town.settle();
        assert_eq!(delivered(), arrived);
        town.check_stands("buyer", &id, "open", [false; 3]);
    }
    town.does("shop", &["shop", "notify", &number, "--shipped", "--parcel", "3"]);
    town.does("shop", &[&ship[..], &["--parcel", "3"]].concat());
    town.settle();
    town.check_stands("buyer", &id, "open", [true, true, false]);
    town.check_peace();
}

#[test]
fn what_was_lost_is_paid_back_unasked_once_and_keeps_nobody_waiting() {
    let town = Town::fresh();
    let (id, number) = parted(&town);
    first_arrives(&town, &number);
    town.reports(&number, &[("pay", "--paid")]);
    let refund = ["shop", "refund", number.as_str()];
    let early = town.run("shop", &[&refund[..], &["--missing"]].concat());
    assert!(early.code == Some(65) && early.err.contains("nothing of it is missing"), "{early:?}");
    loses_second(&town, &number);
    town.settle();
    // Money for something else leaves the lost goods owed, and says so.
    let other = town.does("shop", &[&refund[..], &["--amount", "JPY 100"]].concat());
    assert!(other.err.contains("given back with --missing"), "{other:?}");
    town.settle();
    town.check_stands("buyer", &id, "open", [true, false, true]);
    let next = town.does("shop", &["show", &number]).err;
    assert!(next.contains(" --missing"), "{next}");
    town.does("shop", &[&refund[..], &["--missing"]].concat());
    town.settle();
    assert!(
        town.letter("buyer", "in", "return-answer").contains("\"4400\""),
        "what was given back before is in the sum"
    );
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "completed", [true; 3]);
    }
    assert!(town.does("buyer", &["show", &id]).out.contains("what will not come is paid back: line 1 ×1"));
    let again = town.run("shop", &[&refund[..], &["--missing"]].concat());
    assert!(again.code == Some(65) && again.err.contains("completed"), "{again:?}");
    // What the buyer holds may go back; what was lost is not paid twice. Which of both he means a person looks at on that day.
    let all = town.run("buyer", &["return", &id, "--line", "1=2"]);
    assert!(all.code == Some(65) && all.err.contains("more than was bought"), "{all:?}");
    town.does("buyer", &["return", &id, "--line", "1=1"]);
    town.settle();
    assert!(town.does("shop", &["shop", "inbox"]).out.contains("return"));
    town.does("shop", &["shop", "accept", &number]);
    town.settle();
    for _ in 0..3 {
        town.run("pay", &["pay", "notify", &number, "--refunded"]);
        town.settle();
    }
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "refunded", [true; 3]);
        assert_eq!(money(&town, party, &number, "refunded"), "8700", "{party}: 9,100 less the postage, but 100");
    }
    town.check_peace();
}

#[test]
fn goods_that_were_paid_back_as_lost_and_come_after_all_are_told_of() {
    let town = Town::fresh();
    let (id, number) = paid_and_half_lost(&town);
    town.does("shop", &["shop", "refund", &number, "--missing"]);
    town.settle();
    town.does("ship", &["ship", "notify", &number, "--delivered", "--parcel", "2"]);
    town.settle();
    let told = "though it was paid back as lost";
    let inbox = town.does("shop", &["shop", "inbox", "--json"]).json();
    let item = &inbox["items"][0];
    assert_eq!(item["what"], "goods", "{inbox}");
    assert!(
        item["about"].as_str().unwrap().starts_with("parcel 2") && item["about"].to_string().contains(told),
        "{inbox}"
    );
    assert!(town.does("shop", &["warnings"]).out.contains(told));
    // The shop's word on the money stands, and the buyer's program takes it.
    town.reports(&number, &[("pay", "--refunded")]);
    let letters = town.show("buyer", &id)["letters"].as_array().unwrap().clone();
    let answers = letters.iter().filter(|letter| letter["kind"] == "return-answer");
    assert!(answers.clone().count() == 2 && answers.clone().all(|one| one["verdict"] == "applied"), "{letters:?}");
    assert_eq!(money(&town, "buyer", &number, "refunded"), "4300");
    assert!(!town.does("buyer", &["warnings", "--json"]).out.contains("unknown-transaction"));
}

#[test]
fn a_return_of_lost_goods_that_crosses_the_money_for_them_brings_it_once() {
    let town = Town::fresh();
    let (id, number) = paid_and_half_lost(&town);
    town.does("buyer", &["return", &id, "--line", "1=1", "--reason", "lost"]);
    town.does("shop", &["shop", "refund", &number, "--missing"]);
    town.settle();
    town.reports(&number, &[("pay", "--refunded")]);
    // He may mean the shirt that he has: a person looks at it.
    town.does("shop", &["shop", "reject", &number, "--reason", "It is paid back already."]);
    town.settle();
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "completed", [true; 3]);
        assert_eq!(money(&town, party, &number, "refunded"), "4300", "{party}");
    }
    assert_eq!(town.count("pay", &number, "in", "refund-instruction"), 1);
    town.check_peace();
}

#[test]
fn money_for_lost_goods_waits_for_the_answer_to_a_return_of_them() {
    let town = Town::fresh();
    town.configure("shop", |text| text.replace("return_days = 14", "return_days = 14\nreview = [\"returns\"]"));
    let (id, number) = paid_and_half_lost(&town);
    town.does("buyer", &["return", &id, "--line", "1=1", "--reason", "lost"]);
    town.settle();
    let asked = town.run("shop", &["shop", "refund", &number, "--missing"]);
    assert!(asked.code == Some(65) && asked.err.contains("answer that first"), "{asked:?}");
    assert_eq!(town.count("pay", &number, "in", "refund-instruction"), 0);
}

#[test]
fn money_for_lost_goods_that_comes_before_the_carriers_word_waits_for_it() {
    let town = Town::fresh();
    let (id, number) = parted(&town);
    first_arrives(&town, &number);
    town.reports(&number, &[("pay", "--paid")]);
    // The shop hears of the loss at once, the buyer only after the shop has paid back.
    loses_second(&town, &number);
    let late = held_back(&town);
    town.sync(&["shop"]);
    town.does("shop", &["shop", "refund", &number, "--missing"]);
    town.settle();
    let letters = town.show("buyer", &id)["letters"].as_array().unwrap().clone();
    let answer = letters.iter().find(|letter| letter["kind"] == "return-answer").unwrap();
    assert_eq!(answer["verdict"], "held", "{answer}");
    town.check_stands("buyer", &id, "open", [true, false, true]);
    late.into_iter().for_each(|(from, to)| std::fs::rename(from, to).unwrap());
    town.settle();
    town.check_stands("buyer", &id, "completed", [true; 3]);
    town.check_peace();
}

/// Takes the mails out of the buyer's mailbox; returns where each lies now, and where it lay.
fn held_back(town: &Town) -> Vec<(std::path::PathBuf, std::path::PathBuf)> {
    let mails = town.post("buyer").into_iter();
    let away = mails.enumerate().map(|(number, mail)| (town.path(&format!("late-{number}")), mail));
    away.inspect(|(to, from)| std::fs::rename(from, to).unwrap()).collect()
}

#[test]
fn a_shop_cancels_what_the_carrier_has_lost_altogether() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    town.reports(&number, &[("shop", "--shipped")]);
    let early = town.run("shop", &["shop", "cancel", &number, "--reason", "It is lost."]);
    assert!(early.code == Some(65) && early.err.contains("goods have left"), "{early:?}");
    town.does("ship", &["ship", "notify", &number, "--lost", "fell into the river"]);
    town.settle();
    let next = town.does("shop", &["show", &number]).err;
    assert!(next.contains("shop cancel"), "{next}");
    town.does("shop", &["shop", "cancel", &number, "--reason", "It is lost."]);
    town.settle();
    for party in ["buyer", "shop"] {
        assert_eq!(town.show(party, &number)["state"], "cancelled", "{party}");
        assert!(town.show(party, &number)["unpaid"].is_null(), "{party}");
    }
    assert_eq!(town.run("ship", &["ship", "notify", &number, "--delivered"]).code, Some(65));
    assert!(town.does("buyer", &["show", &id]).out.contains("It is lost."));
    town.check_peace();
}

#[test]
fn where_a_part_was_lost_all_of_it_goes_back_and_nothing_is_paid() {
    let town = Town::fresh();
    let (id, number) = parted(&town);
    second_is_lost(&town, &number);
    town.does("buyer", &["cancel", &id]);
    town.settle();
    assert!(town.letter("buyer", "in", "refusal").contains("return"));
    // What is kept is paid first: terms cannot be made smaller.
    town.does("buyer", &["return", &id, "--line", "1=1"]);
    town.settle();
    assert!(town.letter("buyer", "in", "return-answer").contains("Please pay first"));
    town.does("buyer", &["return", &id]);
    town.settle();
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "returned", [true, true, false]);
        assert!(town.show(party, &number)["unpaid"].is_null(), "{party}");
    }
    assert_eq!(town.run("pay", &["pay", "notify", &number, "--paid"]).code, Some(65));
    town.check_peace();
}

/// Buys a shirt that leaves; the carrier says that it will not come, and why. Returns ID and number.
fn not_brought(town: &Town, flag: &str, code: &str, why: &str) -> (String, String) {
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.reports(&number, &[("shop", "--shipped")]);
    town.does("ship", &["ship", "notify", &number, flag, why]);
    town.settle();
    let reason = format!("\"mo:reason\":\"{code}\",\"description\":\"{}\"", why.replace(' ', ""));
    let says = |party: &str, direction: &str| {
        let letter: String = town.letter(party, direction, "delivery-status").split_whitespace().collect();
        assert!(letter.contains("FailedActionStatus") && letter.contains(&reason), "{party}: {letter}");
    };
    says("ship", "out");
    for party in ["buyer", "shop"] {
        says(party, "in");
        town.check_stands(party, &number, "open", [true, false, false]);
        let shown = town.does(party, &["show", &number]).out;
        assert!(shown.contains(&format!("parcel 1 failed: {why}")), "{party}: {shown}");
        let warnings = town.does(party, &["warnings", "--json"]).json()["warnings"].clone();
        assert_eq!(
            (warnings.as_array().map(Vec::len), &warnings[0]["finding"]),
            (Some(1), &"failed".into()),
            "{party}"
        );
    }
    (id, number)
}

#[test]
fn what_was_refused_or_lost_is_told_to_both_sides_under_its_code_and_may_be_cancelled_p58() {
    for (flag, code, why) in [
        ("--refused", "refused", "nobody would sign for it"),
        ("--lost", "lost", "fell into the river"),
        ("--failed", "failed", "no such house"),
    ] {
        let town = Town::fresh();
        let (id, number) = not_brought(&town, flag, code, why);
        // It is one of them, and no arrival.
        let entries = town.entries("ship").len();
        for other in ["--failed", "--refused", "--lost", "--delivered", "--planned"].into_iter().filter(|o| *o != flag)
        {
            let run = town.run("ship", &["ship", "notify", &number, flag, "one", other, "2030-01-01"]);
            assert_eq!(run.code, Some(2), "{flag} {other}: {run:?}");
        }
        assert_eq!(town.entries("ship").len(), entries);
        town.does("buyer", &["cancel", &id]);
        town.settle();
        for party in ["buyer", "shop"] {
            town.check_stands(party, &number, "cancelled", [true, false, false]);
        }
        let late = town.run("ship", &["ship", "notify", &number, "--delivered"]);
        assert!(late.code == Some(65) && late.err.contains("stopped"), "{late:?}");
        town.check_peace();
    }
}

#[test]
fn what_was_lost_and_paid_is_given_back_as_a_return_and_the_money_with_it() {
    let town = Town::fresh();
    let (id, number) = not_brought(&town, "--lost", "lost", "fell into the river");
    town.reports(&number, &[("pay", "--paid")]);
    town.does("buyer", &["return", &id, "--reason", "it was lost"]);
    town.settle();
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "returned", [true, false, true]);
    }
    // The carrier was asked first, and brings it no more.
    assert_eq!(town.count("shop", &number, "out", "stop"), 2);
    let late = town.run("ship", &["ship", "notify", &number, "--delivered"]);
    assert!(late.code == Some(65) && late.err.contains("stopped"), "{late:?}");
    town.reports(&number, &[("pay", "--refunded")]);
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "refunded", [true, false, true]);
        assert_eq!(money(&town, party, &number, "refunded"), "4800", "{party}");
    }
    town.check_peace();
}

#[test]
fn what_was_lost_and_is_found_again_is_delivered_after_all() {
    let town = Town::fresh();
    let (_, number) = not_brought(&town, "--lost", "lost", "fell into the river");
    town.reports(&number, &[("ship", "--delivered"), ("pay", "--paid")]);
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "completed", [true; 3]);
    }
    town.check_peace();
}
