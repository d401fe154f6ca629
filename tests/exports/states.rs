//! Exports of how all things stand: only what changed is written about. And what is foreseen.

use serde_json::json;

use super::{check_silent, entries, file, kept, lines, mart, results, sent};
use crate::support::accounts::field;

/// An export as WooCommerce writes it.
fn export(rows: &[(&str, &str, &str)]) -> String {
    let head = "order_id,order_number,order_date,paid_date,status,order_total,order_currency,transaction_id";
    let row = |(number, status, paid): &(&str, &str, &str)| {
        format!("1,{number},11/07/2026 09:12:00,{paid},{status},900,JPY,A-1\r\n")
    };
    format!("\u{feff}{head}\r\n{}", rows.iter().map(row).collect::<String>())
}

#[test]
fn an_export_that_is_read_every_ten_minutes_tells_each_change_once() {
    let (town, numbers) = mart(2);
    let [one, two] = &numbers[..] else { panic!("two orders") };
    let import = |rows: &[(&str, &str, &str)], part: &str| {
        let path = file(&town, "orders.csv", export(rows));
        town.run("mart", &[part, "import", &path, "--map", "woocommerce", "--zone", "Asia/Tokyo", "--json"])
    };
    assert_eq!(results(&import(&[(one, "completed", ""), (two, "processing", "")], "shop")), ["sent", "nothing"]);
    let before = entries(&town, "mart");
    assert_eq!(results(&import(&[(one, "completed", ""), (two, "processing", "")], "shop")), ["unchanged", "nothing"]);
    assert_eq!(entries(&town, "mart"), before);
    let at = |ago: i64| {
        let moment = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second() - ago).unwrap();
        moment.in_tz("Asia/Tokyo").unwrap()
    };
    let first = at(60);
    let paid = first.strftime("%m/%d/%Y %H:%M:%S").to_string();
    let paid = paid.as_str();
    assert_eq!(results(&import(&[(one, "completed", paid), (two, "completed", "")], "shop")), ["unchanged", "sent"]);
    assert_eq!(results(&import(&[(one, "completed", paid), (two, "completed", "")], "pay")), ["sent", "nothing"]);
    assert_eq!(results(&import(&[(one, "completed", paid), (two, "completed", "")], "pay")), ["unchanged", "nothing"]);
    let text =
        town.texts("mart").into_iter().rev().find(|text| text.contains("Mailorder-Kind: payment-status")).unwrap();
    let given = first.strftime("%Y-%m-%dT%H:%M:%S+09:00").to_string();
    assert!(text.contains(&given), "the zone given: {text}");
    // Another date for what was done is no news but a correction, and wants to be called so.
    let other = at(120).strftime("%m/%d/%Y %H:%M:%S").to_string();
    let moved = import(&[(one, "completed", &other)], "pay");
    assert_eq!((results(&moved), moved.code), (vec!["refused".to_owned()], Some(65)));
}

#[test]
fn a_row_is_held_against_the_parcel_it_names() {
    let town = crate::support::program::Town::fresh();
    let (_, number) = town.bought("SH-41", 3, &["--pay", "invoice"]);
    let import = |rows: &str| {
        let path = file(&town, "parcels.csv", format!("txn,shipped,planned,parcel,lines,tracking\n{rows}"));
        results(&town.does("shop", &["shop", "import", &path, "--json"]))
    };
    let first = format!("{number},now,,1,1=2,EP-1\n");
    let both = format!("{first}{number},,2030-01-15,2,1=1,\n");
    assert_eq!(import(&both), ["sent", "sent"]);
    assert_eq!(import(&both), ["unchanged", "unchanged"]);
    assert_eq!(import(&format!("{number},,2030-01-16,2,1=1,\n")), ["sent"], "another day");
    assert_eq!(import(&format!("{number},,2030-01-16,2,,EP-2\n")), ["sent"], "a tracking number");
    assert_eq!(import(&format!("{number},yes,,,,EP-1\n")), ["unchanged"], "found by its tracking number");
    assert_eq!(import(&format!("{number},now,,2,,\n")), ["sent"]);
    assert_eq!(import(&format!("{number},now,,,,\n{number},true,,2,1=1,EP-2\n")), ["unchanged", "unchanged"]);
    let statuses = sent(&town, "shop", "order-status");
    assert_eq!(statuses.len(), 6, "the answer to the OK, and five changes");
    town.settle();
    assert_eq!(town.count("buyer", &number, "in", "order-status"), 6);
}

#[test]
fn what_would_be_signed_is_shown_and_nothing_is_written() {
    let (town, numbers) = mart(2);
    let [one, two] = &numbers[..] else { panic!("two orders") };
    let rows = format!("txn,shipped,planned,tracking\n{one},now,,EP-1\n{two},,2030-01-15,\n{two},,2030-01-15,\n");
    let path = file(&town, "events.csv", rows);
    let before = kept(&town.path("mart"));
    let foreseen = town.does("mart", &["shop", "notify", "--from", &path, "--dry-run", "--json"]);
    assert_eq!(results(&foreseen), ["sent", "sent", "known"], "a row is judged by those before it");
    let shown = town.does("mart", &["shop", "notify", "--from", &path, "-n"]);
    assert_eq!(
        shown.out.matches("order-status to buyer@demo.test; it is not sent (--dry-run)").count(),
        2,
        "{}",
        shown.out
    );
    assert!(shown.out.contains("EP-1") && shown.err.is_empty());
    assert!(kept(&town.path("mart")) == before, "nothing of ledger and outbox changed");
    // What is then signed is what was shown, but for the time and the Message-ID.
    check_silent(&town.run("mart", &["shop", "notify", "--from", &path]));
    let plain = |text: &str| -> Vec<String> {
        let changes =
            ["Message-ID", "Date: ", "boundary", "--", "\"@id\"", "\"mo:head\"", "dateModified", "mo:asOf", "T"];
        let stays = |line: &&str| !changes.iter().any(|part| line.contains(part));
        text.lines().filter(stays).map(|line| line.trim_end().to_owned()).collect()
    };
    let letters: Vec<String> = lines(&foreseen)[0]["signed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["signed"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(letters.len(), 1);
    let entered = town
        .texts("mart")
        .into_iter()
        .rfind(|text| text.contains("EP-1") && text.contains("Mailorder-Direction: out"))
        .unwrap();
    for line in plain(&letters[0]) {
        assert!(entered.contains(&line), "{line:?} is not in\n{entered}");
    }
    // By flags, too; there what was said before does not matter.
    let flags = ["shop", "notify", two, "--planned", "2030-01-15", "--dry-run"];
    assert!(town.does("mart", &flags).out.starts_with("--- order-status to buyer@demo.test"));
    let json = town.does("mart", &[&flags[..], &["--json"]].concat()).json();
    assert_eq!((&json["letters"], json["signed"].as_array().unwrap().len()), (&json!(1), 1));
    let refused = town.run("mart", &["shop", "notify", one, "--parcel", "1", "--shipped", "--dry-run"]);
    assert_eq!(refused.code, Some(65));
    assert!(refused.err.contains("has left already"), "{}", refused.err);
}

#[test]
fn an_event_in_an_export_of_states_is_remembered_too() {
    let (town, numbers) = mart(1);
    let number = &numbers[0];
    let path = file(&town, "a.csv", format!("txn,event_id,planned\n{number},E-1,2030-01-15\n"));
    let twice = ["shop", "notify", "--from", &path, "--only-changes", "--json"];
    assert_eq!(results(&town.does("mart", &twice)), ["sent"]);
    assert_eq!(results(&town.does("mart", &twice)), ["known"]);
    let moved = file(&town, "b.csv", format!("txn,planned\n{number},2030-01-16\n"));
    check_silent(&town.run("mart", &["shop", "import", &moved]));
    // Without an id it is compared, however often it came: back to the day before.
    let back = file(&town, "c.csv", format!("txn,planned\n{number},2030-01-15\n"));
    assert_eq!(results(&town.does("mart", &["shop", "import", &back, "--json"])), ["sent"]);
    let events = sent(&town, "mart", "order-status");
    assert_eq!(events.iter().filter(|one| !field(one, "Mailorder-Event").is_empty()).count(), 1);
}
