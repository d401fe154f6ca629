//! What does not go well: agents that refuse or fail, reports that were wrong, orders that cannot be done.

use std::fs;

use mailorder::trade::item::LineQuantity;
use mailorder::trade::status::{DeliveryStatus, Parcel, Reason, STOPPED, Step};
use mailorder::trade::{Document, Quantity, When};
use serde_json::Value;

use super::purchase::alone;
use crate::support::program::Town;

/// Returns the open warnings of a party, code and text.
fn warned(town: &Town, party: &str) -> Vec<(String, String)> {
    let warnings = town.does(party, &["warnings", "--json"]).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    warnings["warnings"].as_array().unwrap().iter().map(|one| (text(&one["finding"]), text(&one["text"]))).collect()
}

fn listed(town: &Town, party: &str, number: &str) -> String {
    let list = town.does(party, &["list"]).out;
    let id = town.show(party, number)["id"].as_str().unwrap()[..6].to_owned();
    list.lines().find(|line| line.starts_with(&id) || line.starts_with(number)).unwrap().to_owned()
}

#[test]
fn what_an_agent_says_failed_reaches_the_eyes_of_buyer_and_shop() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.does("ship", &["ship", "notify", &number, "--failed", "refused at the door"]);
    town.does("pay", &["pay", "notify", &number, "--declined", "no funds"]);
    town.settle();
    for party in ["buyer", "shop"] {
        let warnings = warned(&town, party);
        assert!(warnings.iter().all(|(code, _)| code == "failed") && warnings.len() == 2, "{party}: {warnings:?}");
        assert!(warnings.iter().any(|(_, text)| text.contains("refused at the door") && text.contains("ship@")));
        assert!(warnings.iter().any(|(_, text)| text.contains("no funds") && text.contains("JPY 4800")));
        assert_eq!(listed(&town, party, &number).matches("✗ failed").count(), 2, "{party}");
        assert_eq!(town.run(party, &["status", "--exit-code"]).code, Some(1), "{party}");
        assert!(town.does(party, &["show", &id]).out.contains("parcel 1 failed: refused at the door"), "{party}");
        let letters = town.show(party, &id)["letters"].to_string();
        assert!(letters.contains("JPY 4,800 failed: no funds"), "{letters}");
    }
    // The list says whom to ask, by commands that can be run.
    let list = town.does("buyer", &["list"]);
    let bare = list.err.replace(&format!(" -c {}", town.path("buyer/config.toml").display()), "");
    let short = &id[..6];
    for (leg, who) in [("delivery", "ship"), ("payment", "pay")] {
        let line =
            format!("hint: {short}: {leg} failed; {who}@demo.test speaks for it: mailorder ask {short} --leg {leg}");
        assert!(bare.lines().any(|one| one == line), "{line}: {bare}");
        let before = town.count("buyer", &id, "out", "status-request");
        town.does("buyer", &["ask", short, "--leg", leg]);
        assert_eq!(town.count("buyer", &id, "out", "status-request"), before + 1);
    }
    let told = town.does("buyer", &["list", "--json"]).json()["failed"].clone();
    assert_eq!(told[0], serde_json::json!({"id": id, "leg": "delivery", "ask": "ship@demo.test"}));
    let page = crate::page::served::Served::start(&town.path("buyer/config.toml")).visit().page("/");
    let summary = page.split("</dl>").next().unwrap();
    assert_eq!(summary.matches("class=\"ask-one\"").count(), 2, "{summary}");
    // Noted as seen it is no open warning; paid after all, and brought after all, nothing is left of it.
    let open = town.does("buyer", &["warnings", "--json"]).json();
    town.does("buyer", &["warnings", "ack", open["warnings"][0]["id"].as_str().unwrap()]);
    assert_eq!(warned(&town, "buyer").len(), 1);
    town.reports(&number, &[("pay", "--paid"), ("ship", "--delivered")]);
    town.check_stands("buyer", &id, "completed", [true; 3]);
    town.check_peace();
}

#[test]
fn money_that_is_collected_before_the_ok_is_a_warning_and_the_terms_go_on_waiting() {
    let town = Town::acquainted();
    town.procedures(&[&format!("steps = [\"terms\", \"payment\", \"delivery\"]\n{}", town.agents("pay", "ship"))]);
    let id = town.orders("buyer", "SH-41", 1, &["--pay", "card"]);
    town.settle();
    let number = town.number("buyer", &id);
    assert_eq!(warned(&town, "buyer"), [], "it is begun, and nothing is collected");
    town.reports(&number, &[("pay", "--paid")]);
    let said = "JPY 4800 was collected, and you have said OK to no terms of this order (says pay@demo.test)";
    assert_eq!(warned(&town, "buyer"), [("not-confirmed".to_owned(), said.to_owned())]);
    assert_eq!(warned(&town, "shop"), []);
    assert_eq!(town.lists("buyer", &["warned"]).len(), 1);
    assert_eq!(town.lists("buyer", &["failed"]).len(), 0);
    let list = town.does("buyer", &["list"]);
    assert!(list.err.contains("terms wait for your answer"), "{list:?}");
    assert!(!town.does("buyer", &["show", &id]).out.contains("agrees"));
    town.does("buyer", &["ledger", "reindex"]);
    assert_eq!(warned(&town, "buyer").len(), 1);
    town.does("buyer", &["confirm", &id]);
    town.settle();
    assert_eq!(warned(&town, "buyer"), []);
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered")]);
    town.check_stands("buyer", &id, "completed", [true; 3]);
    town.check_peace();
}

#[test]
fn a_part_that_goes_back_a_stop_and_a_late_plan_reach_the_eyes_of_the_buyer() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 2, &["--pay", "invoice"]);
    let planned = Step::Planned { at: Some(When::parse("2099-12-31").unwrap()) };
    let parcel = |step: Step| Parcel {
        id: "1".to_owned(),
        lines: vec![LineQuantity { line: "1".to_owned(), quantity: Quantity::parse("2").unwrap() }],
        tracking: None,
        tracking_url: None,
        expected_from: None,
        expected_until: None,
        events: Vec::new(),
        download: None,
        step,
    };
    let says = |step: Step| Document::DeliveryStatus(DeliveryStatus { parcels: vec![parcel(step)] });
    town.states("ship", &id, says(planned));
    town.sync(&["buyer"]);
    let notes = town.does("buyer", &["warnings"]).out;
    assert!(notes.contains("planned-late") && notes.contains("2099-12-31"), "{notes}");
    let shown = town.does("buyer", &["show", &id]).out;
    assert!(shown.contains("2099-12-31, agreed "), "{shown}");
    assert_eq!(town.run("buyer", &["status", "--exit-code"]).code, Some(0), "a note wakes nobody");
    let reason = Reason { code: STOPPED.to_owned(), text: "Stopped by the shop.".to_owned() };
    town.states("ship", &id, says(Step::Failed { reason, at: None }));
    town.sync(&["buyer"]);
    let warnings = warned(&town, "buyer");
    assert!(
        warnings.iter().any(|(code, text)| code == "failed" && text.contains("Stopped by the shop")),
        "{warnings:?}"
    );
    assert!(listed(&town, "buyer", &number).contains("✗ failed"));
}

#[test]
fn an_agent_without_an_agreement_is_told_of_and_instructed_once_more() {
    let town = Town::fresh();
    let shops = "shops = [\"shop@demo.test\"]\n";
    town.configure("ship", |text| text.replace(shops, ""));
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    let warnings = warned(&town, "shop");
    let refused = "the delivery-instruction was refused: There is no agreement with this shop. (says ship@demo.test)";
    assert_eq!(warnings, [("failed".to_owned(), refused.to_owned())]);
    town.check_stands("ship", &number, "rejected", [false; 3]);
    assert_eq!(town.run("shop", &["status", "--exit-code"]).code, Some(1));
    // The agreement is made, and the shop instructs once more; the payment agent is not told twice.
    town.configure("ship", |text| text.replace("[delivery]\n", &format!("[delivery]\n{shops}")));
    town.does("shop", &["shop", "instruct", &number]);
    assert_eq!(town.run("shop", &["shop", "instruct", &number]).code, Some(65), "once");
    town.settle();
    assert_eq!(town.count("shop", &number, "out", "payment-instruction"), 1);
    town.check_stands("ship", &number, "open", [false; 3]);
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")]);
    town.check_stands("buyer", &id, "completed", [true; 3]);
    town.check_peace();
}

#[test]
fn an_order_whose_agents_refused_is_cancelled_when_the_buyer_wishes() {
    let town = Town::fresh();
    for agent in ["ship", "pay"] {
        town.configure(agent, |text| text.replace("shops = [\"shop@demo.test\"]\n", ""));
    }
    let (id, number) = town.bought("TEA-200", 1, &["--pay", "invoice"]);
    assert_eq!(warned(&town, "shop").len(), 2);
    town.does("buyer", &["cancel", &id]);
    town.sync(&["shop", "buyer"]);
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "cancelled", [false; 3]);
    }
    assert_eq!(town.run("shop", &["shop", "instruct", &number]).code, Some(65));
    town.settle();
    town.check_peace();
}

#[test]
fn an_agent_whose_key_is_unknown_has_the_order_refused_at_once() {
    let town = Town::fresh();
    let fingerprint = town.fingerprint("ship");
    let other = fingerprint.chars().rev().collect::<String>();
    town.configure("shop", |text| text.replace(&fingerprint, &other));
    let id = town.orders("buyer", "SH-41", 1, &["--pay", "invoice"]);
    let shop = town.run("shop", &["sync"]);
    assert!(shop.err.contains("ship@demo.test") && shop.err.contains("key accept"), "{shop:?}");
    town.sync(&["buyer"]);
    town.check_stands("buyer", &id, "rejected", [false; 3]);
    assert!(town.does("buyer", &["show", &id]).out.contains("please ask the shop"));
}

#[test]
fn what_left_in_two_parcels_is_brought_in_two() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 2, &["--pay", "card"]);
    for (parcel, tracking) in [("P1", "EP-1"), ("P2", "EP-2")] {
        town.does(
            "shop",
            &["shop", "notify", &number, "--shipped", "--parcel", parcel, "--line", "1=1", "--tracking", tracking],
        );
    }
    town.settle();
    let unknown = town.run("ship", &["ship", "notify", &number, "--delivered", "--parcel", "P1"]);
    assert!(unknown.code == Some(65) && unknown.err.contains("no parcel P1, only 1") && unknown.err.contains("--line"));
    town.does("ship", &["ship", "notify", &number, "--delivered", "--parcel", "P1", "--line", "1=1"]);
    town.settle();
    town.check_stands("buyer", &id, "open", [true, false, false]);
    town.does("ship", &["ship", "notify", &number, "--delivered", "--parcel", "P2", "--line", "1=1"]);
    town.settle();
    town.check_stands("buyer", &id, "open", [true, true, false]);
    assert!(town.does("buyer", &["show", &id]).out.contains("parcel P2 (EP-2) done"));
    town.check_peace();
}

#[test]
fn a_wrong_report_is_refused_where_it_can_be_and_else_corrected() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.reports(&number, &[("shop", "--shipped")]);
    for (party, report) in [("pay", "--paid"), ("ship", "--delivered"), ("shop", "--shipped")] {
        let run = town.run(party, &[party, "notify", &number, report, "2030-01-01T00:00:00Z"]);
        assert!(run.code == Some(65) && run.err.contains("has not come yet"), "{run:?}");
    }
    // Done long before the order, by a slip: nobody would believe it.
    for (party, report) in [("pay", "--paid"), ("ship", "--delivered"), ("shop", "--shipped")] {
        let run = town.run(party, &[party, "notify", &number, report, "2020-01-01T00:00:00Z"]);
        assert!(run.code == Some(65) && run.err.contains("before the terms"), "{run:?}");
    }
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.does("pay", &["pay", "notify", &number, "--paid", "--amount", "JPY 1000"]);
    let again = town.run("ship", &["ship", "notify", &number, "--delivered"]);
    assert!(again.code == Some(65) && again.err.contains("--correct"), "{again:?}");
    town.settle();
    let codes = |party: &str| warned(&town, party).into_iter().map(|(code, _)| code).collect::<Vec<_>>();
    assert_eq!(codes("buyer"), [""; 0]);
    town.check_stands("buyer", &id, "open", [true, true, false]);
    // A sum that was believed is not changed behind anybody's back: what was done stays, and is warned about.
    town.does("pay", &["pay", "notify", &number, "--paid", "--amount", "JPY 2000", "--correct"]);
    town.settle();
    assert!(codes("buyer").contains(&"amount-differs".to_owned()), "{:?}", warned(&town, "buyer"));
    assert_eq!(town.show("buyer", &id)["paid"]["amount"], "1000");
    assert_eq!(town.show("pay", &number)["unpaid"]["amount"], "2800");
}

/// Two letters of the payment agent that say the same, which does not agree: the order's ID.
fn said_twice(town: &Town) -> String {
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.does("pay", &["pay", "notify", &number, "--paid", "--amount", "JPY 1000"]);
    town.settle();
    town.does("pay", &["pay", "notify", &number, "--paid", "--amount", "JPY 2000", "--correct"]);
    town.settle();
    town.does("buyer", &["ask", &id, "--leg", "payment"]);
    town.settle();
    id
}

#[test]
fn what_is_settled_at_a_terminal_is_said_there_in_a_line() {
    let town = Town::fresh();
    let id = said_twice(&town);
    let shown = town.show("buyer", &id);
    let warned = shown["letters"].as_array().unwrap().iter().filter(|one| one["verdict"] == "warned");
    let [first, second] = &warned.map(|one| format!("W-{}", one["entry"])).collect::<Vec<_>>()[..] else {
        panic!("{shown}")
    };
    let says = |words: &[&str], lines: &[&str]| {
        let town = town.copied();
        let run = town.types("buyer", &[&["warnings"], words].concat()).ends();
        assert_eq!(run.code, Some(0), "{run:?}");
        let mut places: Vec<usize> = Vec::new();
        for line in lines {
            let is = |one: &str| one.replace("mailorder: ", "") == *line;
            places.push(run.out.lines().position(is).unwrap_or_else(|| panic!("{line}: {run:?}")));
        }
        assert!(places.is_sorted(), "{places:?}: {run:?}");
        // Where nobody looks on, nothing is said.
        assert_eq!(town.does("buyer", &["warnings", "ack", first]).out, "");
    };
    let again = format!("{second} says again what {first} says, which stands for both");
    let more = format!("{first} was said again in 1 more, which are settled with it");
    says(&["ack", first], &[&format!("{first} is noted as seen, with 1 that say the same; nothing of it was applied")]);
    let accepted = format!("{first} is accepted: its letter is judged again and counts where it can");
    says(&["accept", second, "--reason", "told by telephone"], &[&again, &accepted, &more]);
    let blocked = format!("{first}: its sender is blocked; `warnings ack {first}` lifts that");
    says(&["block", first], &[&blocked, &more]);
}

#[test]
fn the_same_said_again_is_one_warning_everywhere_and_seen_at_once() {
    let town = Town::fresh();
    let id = said_twice(&town);
    let shown = town.show("buyer", &id);
    let warned: Vec<&Value> =
        shown["letters"].as_array().unwrap().iter().filter(|one| one["verdict"] == "warned").collect();
    assert_eq!(warned.len(), 2, "{shown}");
    assert_eq!(warned[0]["findings"], warned[1]["findings"]);
    let counts = |expected: u64| {
        let status = town.does("buyer", &["status", "--json"]).json();
        let list = town.does("buyer", &["list", "--json"]).json();
        let listed = (&list["warnings"], &list["transactions"][0]["warnings"]);
        assert_eq!((&status["warnings"], listed), (&expected.into(), (&expected.into(), &expected.into())));
        assert_eq!(town.does("buyer", &["list"]).out.contains("! warned"), expected > 0);
    };
    counts(1);
    let second = format!("W-{}", warned[1]["entry"]);
    let other = town.copied();
    let run = other.does("buyer", &["warnings", "accept", &second, "--reason", "told by telephone"]);
    assert!(run.err.contains(&format!("{second} says again what W-{} says", warned[0]["entry"])), "{run:?}");
    assert_eq!(other.does("buyer", &["status", "--json"]).json()["warnings"], 0, "both are accepted");
    let run = town.does("buyer", &["warnings", "ack", &second]);
    let first = format!("{second} says again what W-{} says", warned[0]["entry"]);
    assert!(run.err.contains(&first), "{run:?}");
    counts(0);
    town.does("buyer", &["ledger", "reindex"]);
    counts(0);
}

#[test]
fn a_return_and_its_refund_that_arrive_together_are_no_false_alarm() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 2, &["--pay", "card"]);
    for report in [("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")] {
        town.reports(&number, &[report]);
    }
    town.does("buyer", &["return", &id, "--line", "1=1"]);
    town.sync(&["shop", "pay"]);
    // The agent's mail lies before the shop's: what it plans to give back is agreed to by the letter behind it.
    let post = town.post("buyer");
    assert_eq!(post.len(), 2);
    for mail in post.iter().filter(|mail| fs::read_to_string(mail).unwrap().contains("pay@demo.test")) {
        fs::rename(mail, mail.with_file_name("0.first")).unwrap();
    }
    assert!(town.path("mail/buyer@demo.test/new/0.first").exists());
    let run = town.does("buyer", &["sync"]);
    assert_eq!(run.err, "");
    let pay = town.lists("pay", &["--open"]);
    assert_eq!((pay.len(), pay[0]["state"].as_str()), (1, Some("open")), "the refund is to be made");
    town.reports(&number, &[("pay", "--refunded")]);
    assert_eq!(town.show("buyer", &id)["refunded"]["amount"], "4300");
    town.check_peace();
}

#[test]
fn a_payment_agent_sees_what_is_unpaid_and_a_carrier_what_to_bring() {
    let town = Town::fresh();
    let (_, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    let pay = town.does("pay", &["list", "--json"]).json();
    assert_eq!((&pay["undelivered"], &pay["unpaid"][0]["amount"]), (&0.into(), &"4800".into()), "{pay}");
    assert_eq!(town.lists("pay", &["--unpaid"]).len(), 1);
    let shown = town.does("ship", &["show", &number]).out;
    for part in ["小野 賢治", "千代田1-1-1", "line 1 ×1", "+81-3-1234-5678"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let instruction = &town.show("ship", &number)["instruction"];
    assert_eq!(instruction["kind"], "delivery-instruction");
    assert_eq!(town.show("pay", &number)["instruction"]["kind"], "payment-instruction");
}

#[test]
fn a_shop_that_delivers_itself_sees_and_settles_what_it_was_warned_about() {
    let town = Town::fresh();
    alone(&town);
    let (id, number) = town.bought("SH-41", 2, &[]);
    town.does("shop", &["shop", "notify", &number, "--shipped", "--parcel", "1", "--line", "1=1"]);
    town.does("shop", &["ship", "notify", &number, "--delivered", "--line", "1=2"]);
    town.settle();
    let open = town.does("shop", &["warnings", "--json"]).json();
    assert_eq!(open["warnings"][0]["finding"], "two-agents-disagree", "{open}");
    assert_eq!(town.does("shop", &["status", "--json"]).json()["warnings"], 1);
    let warning = open["warnings"][0]["id"].as_str().unwrap();
    town.does("shop", &["warnings", "accept", warning, "--reason", "both were in it"]);
    assert_eq!(town.does("shop", &["warnings", "--json"]).json()["warnings"], serde_json::json!([]));
    let index = town.path("shop/index.sqlite");
    let before = town.does("shop", &["list", "--json"]).json();
    let _ = fs::remove_file(&index);
    town.does("shop", &["ledger", "reindex"]);
    assert_eq!(town.does("shop", &["list", "--json"]).json(), before);
    assert_eq!(town.show("shop", &id)["legs"].as_array().unwrap().len(), 3);
}

#[test]
fn a_cancellation_that_came_too_late_leaves_the_payment_to_be_made() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.does("buyer", &["cancel", &id]);
    town.sync(&["shop"]);
    // The goods arrive before the carrier reads that it shall stop, and before the shop says that they left.
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.settle();
    assert!(town.letter("buyer", "in", "refusal").contains("too late"));
    town.reports(&number, &[("shop", "--shipped")]);
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "open", [true, true, false]);
        assert_eq!(town.show(party, &number)["unpaid"]["amount"], "4800", "{party}");
    }
    town.reports(&number, &[("pay", "--paid")]);
    town.check_stands("buyer", &id, "completed", [true; 3]);
    // What is given back now is paid back.
    town.does("buyer", &["return", &id]);
    town.settle();
    town.reports(&number, &[("pay", "--refunded")]);
    town.check_stands("buyer", &id, "refunded", [true; 3]);
    town.check_peace();
}

#[test]
fn a_cancellation_too_late_after_a_part_was_paid_leaves_the_rest() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.does("pay", &["pay", "notify", &number, "--paid", "--amount", "JPY 1800"]);
    town.settle();
    town.does("buyer", &["cancel", &id]);
    town.sync(&["shop"]);
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.reports(&number, &[("shop", "--shipped")]);
    assert_eq!(town.show("shop", &number)["unpaid"]["amount"], "3000");
    town.reports(&number, &[("pay", "--paid")]);
    town.check_stands("buyer", &id, "completed", [true; 3]);
    town.check_peace();
}
