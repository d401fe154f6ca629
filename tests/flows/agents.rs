//! What those who work for the buyer report, and how other systems have it reported (P7, P46, P52 to P63).

use std::fs;
use std::process::Command;

use crate::support::program::{Town, letters};

/// Returns the date the buyer's list has for a leg, and those of the others who know.
fn dates(town: &Town, number: &str, leg: &str, parties: &[&str]) -> Vec<String> {
    let date = |party: &&str| {
        let shown = town.show(party, number);
        let leg = shown["legs"].as_array().unwrap().iter().find(|one| one["leg"] == leg).unwrap().clone();
        leg["date"].as_str().unwrap_or_default().to_owned()
    };
    parties.iter().map(date).collect()
}

/// Runs a shell script with the program and a party's configuration in its environment.
fn script(town: &Town, party: &str, text: &str) {
    let output = Command::new("/bin/sh")
        .args(["-e", "-u", "-c", text])
        .current_dir(town.path(party))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", town.path(party))
        .env("MAILORDER", env!("CARGO_BIN_EXE_mailorder"))
        .env("MAILORDER_CONFIG", town.path(party).join("config.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_carriers_and_a_banks_own_systems_have_their_progress_passed_on_p7() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    let (other, second) = town.bought("TEA-200", 1, &["--pay", "invoice"]);
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.does("shop", &["shop", "notify", &second, "--shipped"]);
    town.settle();
    let [at] = &dates(&town, &number, "order", &["buyer"])[..] else { panic!("one date") };
    // The carrier's export is read line by line; the letters go out with the next pass.
    let csv = format!(
        "{number},event,Collected,Tokyo\n{number},event,Sorted at terminal,Nagoya\n{second},event,Collected,Kyoto\n\
         {number},delivered,{at},\n"
    );
    fs::write(town.path("ship/export.csv"), csv).unwrap();
    script(
        &town,
        "ship",
        "while IFS=, read -r number what value place; do\n\
           case $what in\n\
             event) \"$MAILORDER\" --offline ship notify \"$number\" --event \"$value\" --place \"$place\" ;;\n\
             delivered) \"$MAILORDER\" --offline ship notify \"$number\" --delivered \"$value\" ;;\n\
           esac\n\
         done <export.csv\n",
    );
    assert!(town.post("buyer").is_empty(), "nothing goes out before the pass");
    town.sync(&["ship"]);
    // The bank's system reports with its own reference.
    script(
        &town,
        "pay",
        &format!("\"$MAILORDER\" pay notify {number} --paid '{at}' --amount 'JPY 4800' --reference B-552201"),
    );
    town.settle();
    town.check_stands("buyer", &id, "completed", [true; 3]);
    for leg in ["delivery", "payment"] {
        assert!(dates(&town, &number, leg, &["buyer", "shop"]).iter().all(|date| date == at), "{leg}");
    }
    let letter = town.letter("buyer", "in", "payment-status");
    assert!(letter.contains("\"confirmationNumber\": \"B-552201\""), "{letter}");
    town.check_stands("buyer", &other, "open", [true, false, false]);
    assert_eq!(town.count("buyer", &other, "in", "delivery-status"), 2);
    // A number the other system got wrong is refused, and nothing is said.
    let entries = town.entries("ship").len();
    let run = town.run("ship", &["ship", "notify", "NOSUCH99", "--delivered"]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert_eq!(town.entries("ship").len(), entries);
    town.check_peace();
}

#[test]
fn the_warehouse_reports_each_step_and_all_is_shipped_only_when_all_of_it_is_p46() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 3, &["--pay", "invoice"]);
    script(
        &town,
        "shop",
        &format!(
            "\"$MAILORDER\" shop notify {number} --planned 2030-01-02\n\
             \"$MAILORDER\" shop notify {number} --parcel 1 --line 1=2 --shipped --tracking EP-1\n"
        ),
    );
    town.settle();
    town.check_stands("buyer", &id, "open", [false; 3]);
    let said: Vec<_> =
        letters(&town.show("buyer", &id), "in", "order-status").iter().map(|l| l["verdict"].clone()).collect();
    assert_eq!(said, ["applied", "applied", "applied"]);
    assert!(town.letter("buyer", "in", "order-status").contains("EP-1"));
    // More than was bought cannot leave.
    let run = town.run("shop", &["shop", "notify", &number, "--parcel", "2", "--line", "1=2", "--shipped"]);
    assert_eq!(run.code, Some(65), "{run:?}");
    town.does("shop", &["shop", "notify", &number, "--parcel", "2", "--shipped"]);
    town.settle();
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "open", [true, false, false]);
    }
    town.check_peace();
}

#[test]
fn everybody_goes_on_until_it_is_done_and_then_stops_p52_p63() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    // Nobody at home, and no money on the account: it is tried again.
    town.does("ship", &["ship", "notify", &number, "--failed", "nobody at home"]);
    town.does("pay", &["pay", "notify", &number, "--declined", "no funds"]);
    town.settle();
    town.check_stands("buyer", &id, "open", [true, false, false]);
    assert!(town.letter("buyer", "in", "delivery-status").contains("nobody at home"));
    assert!(town.letter("buyer", "in", "payment-status").contains("PaymentDeclined"));
    town.does("ship", &["ship", "notify", &number, "--planned", "2030-01-03"]);
    town.does("pay", &["pay", "notify", &number, "--planned", "2030-01-04"]);
    town.settle();
    assert_eq!(dates(&town, &number, "delivery", &["buyer", "shop", "ship"]), ["2030-01-03"; 3]);
    assert_eq!(dates(&town, &number, "payment", &["buyer", "shop", "pay"]), ["2030-01-04"; 3]);
    for amount in ["JPY 800", "JPY 4000"] {
        town.check_stands("buyer", &id, "open", [true, false, false]);
        town.does("pay", &["pay", "notify", &number, "--paid", "--amount", amount]);
        town.settle();
    }
    town.check_stands("buyer", &id, "open", [true, false, true]);
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.settle();
    for party in ["buyer", "shop"] {
        town.check_stands(party, &number, "completed", [true; 3]);
    }
    // It is done: nothing more is reported, and more mail brings no letter but receipts.
    for (party, flag) in [("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")] {
        let entries = town.entries(party).len();
        assert_eq!(town.run(party, &[party, "notify", &number, flag]).code, Some(65), "{party}");
        town.sync(&[party]);
        assert_eq!(town.entries(party).len(), entries, "{party}");
    }
    town.check_peace();
}

#[test]
fn the_payment_agent_tells_both_sides_date_and_sum_before_it_debits_p55() {
    let town = Town::fresh();
    town.configure("shop", |text| text.replacen("payment = \"card\"\n", "payment = \"card\"\npayment_days = 14\n", 1));
    // The debit lies within the time for payment, or at its end where the agent would take longer.
    for (days, at_its_end) in [("12", false), ("40", true)] {
        town.configure("pay", |text| text.replace("debit_days = 12", &format!("debit_days = {days}")));
        let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
        let due = town.show("buyer", &id)["terms"]["terms"]["payment_due"].as_str().unwrap().to_owned();
        let planned = dates(&town, &number, "payment", &["buyer", "shop", "pay"]);
        assert!(planned.iter().all(|date| *date == planned[0]), "{planned:?}");
        assert_eq!(planned[0] == due, at_its_end, "{planned:?} {due}");
        assert!(planned[0] <= due);
        for party in ["buyer", "shop"] {
            let shown = town.show(party, &number);
            assert_eq!(shown["unpaid"], serde_json::json!({"amount": "4800", "currency": "JPY"}));
            let status: String = town.letter(party, "in", "payment-status").split_whitespace().collect();
            assert!(status.contains("\"price\":\"4800\",\"priceCurrency\":\"JPY\""), "{status}");
            assert!(status.contains(&format!("\"scheduledPaymentDate\":\"{}\"", planned[0])), "{status}");
        }
        town.does("pay", &["pay", "notify", &number, "--paid"]);
        town.settle();
        town.check_stands("pay", &number, "completed", [false, false, true]);
        town.check_stands("buyer", &id, "open", [false, false, true]);
    }
    town.check_peace();
}

#[test]
fn the_delivery_agent_tells_each_event_and_keeps_the_expected_arrival_p56_p57() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    let expected = dates(&town, &number, "delivery", &["buyer", "shop", "ship"]);
    assert!(expected[0].len() == 10 && expected.iter().all(|date| *date == expected[0]), "{expected:?}");
    let way = [
        ("Collected", "Tokyo"),
        ("Gathered at terminal", "Tokyo terminal"),
        ("Sorted", "Tokyo terminal"),
        ("Moved between terminals", "Chiyoda terminal"),
    ];
    for (n, (event, place)) in way.iter().enumerate() {
        town.does("ship", &["ship", "notify", &number, "--event", event, "--place", place, "--tracking", "EP-7"]);
        town.settle();
        for party in ["buyer", "shop"] {
            let status: String = town.letter(party, "in", "delivery-status").split_whitespace().collect();
            assert_eq!(status.matches("\"DeliveryEvent\"").count(), n + 1, "{status}");
            let place: String = place.split_whitespace().collect();
            assert!(status.contains(&format!("\"name\":\"{place}\"")), "{status}");
            assert!(status.contains(&format!("\"expectedArrivalUntil\":\"{}\"", expected[0])), "{status}");
        }
        assert_eq!(dates(&town, &number, "delivery", &["buyer", "shop", "ship"]), expected);
    }
    // The expected arrival may move; the events stay with it.
    town.does("ship", &["ship", "notify", &number, "--planned", "2030-01-03T12:00:00+09:00"]);
    town.settle();
    assert_eq!(dates(&town, &number, "delivery", &["buyer"]), ["2030-01-03T12:00:00+09:00"]);
    assert_eq!(town.letter("buyer", "in", "delivery-status").matches("\"DeliveryEvent\"").count(), way.len());
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.settle();
    town.check_stands("buyer", &id, "open", [false, true, false]);
    assert_eq!(town.letter("buyer", "in", "delivery-status").matches("\"DeliveryEvent\"").count(), way.len());
    town.check_peace();
}

#[test]
fn statuses_repeat_what_names_the_transaction_and_its_goods_p60() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 2, &["--pay", "card"]);
    let terms = town.show("buyer", &id)["terms"]["content"].as_str().unwrap().to_owned();
    for (kind, party, goods) in [
        ("order-status", "shop", "\"orderItemNumber\":\"1\",\"orderQuantity\":\"2\""),
        ("delivery-status", "ship", "\"orderItemNumber\":\"1\",\"orderQuantity\":\"2\""),
        ("payment-status", "pay", "\"price\":\"9100\",\"priceCurrency\":\"JPY\""),
    ] {
        let letter: String = town.letter("buyer", "in", kind).split_whitespace().collect();
        for said in [
            goods.to_owned(),
            format!("\"mo:transaction\":\"{number}\""),
            format!("\"mo:terms\":\"{terms}\""),
            format!("\"orderNumber\":\"{number}\""),
            "\"email\":\"shop@demo.test\"".to_owned(),
            format!("\"mo:from\":\"{}\"", town.fingerprint(party)),
        ] {
            assert!(letter.contains(&said), "{kind}: {said}: {letter}");
        }
    }
}

#[test]
fn a_bank_transfer_comes_in_two_parts_and_each_wrong_report_says_what_is_wrong_p59() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "bank-transfer"]);
    let refuse = |args: &[&str], says: &str| {
        let entries = town.entries("pay").len();
        let run = town.run("pay", &[&["pay", "notify", &number][..], args].concat());
        assert!(matches!(run.code, Some(2 | 65)) && run.err.contains(says), "{args:?}: {run:?}");
        assert_eq!(town.entries("pay").len(), entries, "{args:?}");
    };
    refuse(&["--paid", "--amount", "JPY 4801"], "only JPY 4800 remains");
    refuse(&["--paid", "--amount", "EUR 48.00"], "in JPY, not in EUR");
    refuse(&["--paid", "--amount", "JPY 0"], "above zero");
    refuse(&["--paid", "--amount", "4800"], "--amount");
    refuse(&["--paid", "2999-01-01T00:00:00Z"], "has not come yet");
    refuse(&["--refunded"], "no refund");
    refuse(&[], "nothing is reported");
    town.does("pay", &["pay", "notify", &number, "--paid", "--amount", "JPY 3000", "--reference", "IN-1"]);
    town.settle();
    for party in ["buyer", "shop"] {
        let shown = town.show(party, &number);
        assert_eq!(shown["paid"], serde_json::json!({"amount": "3000", "currency": "JPY"}), "{party}");
        assert_eq!(shown["unpaid"], serde_json::json!({"amount": "1800", "currency": "JPY"}), "{party}");
        // Peppol's code for what schema.org has no state for.
        let status = town.letter(party, "in", "payment-status");
        assert!(status.contains("PaymentDue\"") && status.contains("\"mo:reason\": \"PPD\""), "{party}: {status}");
    }
    town.check_stands("buyer", &id, "open", [false; 3]);
    refuse(&["--paid", "--amount", "JPY 1801"], "only JPY 1800 remains");
    town.does("pay", &["pay", "notify", &number, "--paid", "--reference", "IN-2"]);
    town.settle();
    town.check_stands("buyer", &id, "open", [false, false, true]);
    let status: String = town.letter("buyer", "in", "payment-status").split_whitespace().collect();
    assert!(status.contains("\"price\":\"3000\"") && status.contains("\"price\":\"1800\""), "{status}");
    assert!(!status.contains("PPD"), "all of it is paid: {status}");
    refuse(&["--paid"], "all of it is paid already");
    town.check_peace();
}

#[test]
fn an_agreement_may_name_the_shops_key_and_then_no_other_counts_p54() {
    let town = Town::acquainted();
    let agreement = |key: &str| {
        let shops = format!("shops = [{{ address = \"shop@demo.test\", fingerprint = \"{key}\" }}]");
        for agent in ["pay", "ship"] {
            town.configure(agent, |text| {
                let lines = text.lines().map(|line| if line.starts_with("shops = ") { &shops } else { line });
                lines.collect::<Vec<_>>().join("\n")
            });
        }
    };
    // The key of somebody else.
    agreement(&town.fingerprint("buyer"));
    let run = town.run("pay", &["config", "check"]);
    assert!(run.code == Some(78) && run.err.contains("its instructions would be refused"), "{run:?}");
    let id = town.orders("buyer", "SH-41", 1, &["--pay", "card"]);
    town.settle();
    town.check_stands("buyer", &id, "rejected", [false; 3]);
    assert!(town.letter("pay", "out", "authorization-result").contains("\"not-allowed\""));
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    for agent in ["pay", "ship"] {
        assert_eq!(town.count(agent, &number, "out", "refusal"), 1, "{agent}");
    }
    assert!(town.letter("shop", "in", "refusal").contains("no-agreement"));
    town.check_stands("buyer", &id, "open", [false; 3]);
    // Its own.
    agreement(&town.fingerprint("shop"));
    town.does("pay", &["config", "check"]);
    town.does("shop", &["shop", "instruct", &number]);
    town.settle();
    assert_eq!(town.count("buyer", &id, "in", "payment-status"), 1);
    assert_eq!(town.count("buyer", &id, "in", "delivery-status"), 1);
}
