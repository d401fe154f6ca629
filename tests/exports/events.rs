//! Rows that tell what happened: each is followed once, and the ledger remembers it.

use serde_json::json;

use super::{check_silent, entries, file, lines, mart, results, sent, tokyo};
use crate::support::accounts::field;

#[test]
fn a_warehouse_tells_by_a_file_and_each_row_is_followed_once_p46() {
    let (town, numbers) = mart(3);
    let [one, two, three] = &numbers[..] else { panic!("three orders") };
    let rows = format!(
        "{{\"event_id\":\"W-1\",\"txn\":\"{one}\",\"shipped\":true,\"tracking\":\"EP-1\"}}\n\
         {{\"event_id\":\"W-2\",\"txn\":\"mart@demo.test:{two}\",\"planned\":\"2030-01-15\"}}\n\
         {{\"event_id\":\"W-2\",\"txn\":\"{two}\",\"planned\":\"2030-01-15\"}}\n\
         {{\"txn\":\"{three}\",\"status\":\"shipped\"}}\n"
    );
    let path = file(&town, "events", rows);
    check_silent(&town.run("mart", &["shop", "notify", "--from", &path]));
    let statuses = sent(&town, "mart", "order-status");
    let of = |number: &str| statuses.iter().filter(|one| field(one, "Mailorder-Transaction") == number).count();
    // The first of each followed the buyer's OK.
    assert_eq!([one, two, three].map(|number| of(number)), [2, 2, 2]);
    let before = entries(&town, "mart");
    let again = town.does("mart", &["shop", "notify", "--from", &path, "--json"]);
    assert_eq!(results(&again), ["known"; 4]);
    assert_eq!(entries(&town, "mart"), before, "nothing was written");
    town.settle();
    for (number, done) in [(one, true), (two, false), (three, true)] {
        let shown = town.show("buyer", number);
        let leg = shown["legs"].as_array().unwrap().iter().find(|leg| leg["leg"] == "order").unwrap().clone();
        assert_eq!(leg["done"], done, "{number}");
        assert!(done || leg["date"] == "2030-01-15", "{leg}");
    }
}

#[test]
fn statuses_of_a_file_go_to_the_addresses_stored_with_the_transactions_p49() {
    let (town, numbers) = mart(2);
    // The row may say what it likes of an address: only a column that a field is read from is read.
    let map =
        file(&town, "map.toml", "[columns]\ntxn = \"number\"\nstatus = \"state\"\n[status]\nsent = \"shipped\"\n");
    let rows: String = numbers.iter().map(|number| format!("{number},sent,thief@evil.test\n")).collect();
    let path = file(&town, "orders.csv", format!("number,state,customer_email\n{rows}"));
    check_silent(&town.run("mart", &["shop", "notify", "--from", &path, "--map", &map]));
    let statuses = sent(&town, "mart", "order-status");
    assert_eq!(statuses.len(), 4, "an answer to each OK, and one for each row");
    assert!(statuses.iter().all(|one| field(one, "Mailorder-Peer") == "buyer@demo.test"));
    let written = std::fs::read_dir(town.path("mail")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!written.into_iter().any(|name| name.to_string_lossy().contains("evil")));
}

#[test]
fn the_ledger_alone_remembers_which_events_were_followed() {
    let (town, numbers) = mart(2);
    let [one, two] = &numbers[..] else { panic!("two orders") };
    let rows = format!("txn,event_id,planned\n{one},出荷-7 a,2030-01-15\n{two},,2030-01-15\n");
    let path = file(&town, "events.csv", rows);
    check_silent(&town.run("mart", &["shop", "notify", "--from", &path]));
    // Anybody finds it: what the row said, and its id, which is encoded where it is not plain.
    let events: Vec<String> =
        sent(&town, "mart", "order-status").iter().map(|fields| field(fields, "Mailorder-Event")).collect();
    assert_eq!(events.iter().filter(|event| event.starts_with("sha256:")).count(), 2, "{events:?}");
    assert_eq!(events.iter().filter(|event| event.contains(" =?UTF-8?B?")).count(), 1, "{events:?}");
    let grown = town.path("mart/index.sqlite");
    std::fs::remove_file(&grown).unwrap();
    for side in ["index.sqlite-wal", "index.sqlite-shm"] {
        let _ = std::fs::remove_file(town.path("mart").join(side));
    }
    let again = town.run("mart", &["shop", "notify", "--from", &path, "--json"]);
    assert_eq!(results(&again), ["known"; 2], "{again:?}");
    // The same id with another content is refused: one of the two must be wrong.
    let other = file(
        &town,
        "other.csv",
        format!("txn,event_id,planned\n{two},出荷-7 a,2030-01-15\n{one},出荷-7 a,2030-02-01\n"),
    );
    let before = entries(&town, "mart");
    let run = town.run("mart", &["shop", "notify", "--from", &other]);
    assert_eq!(run.code, Some(65));
    assert_eq!(run.err.matches("the event 出荷-7 a came before and said something else").count(), 2, "{}", run.err);
    assert_eq!(entries(&town, "mart"), before);
    assert_eq!(town.does("mart", &["audit", "verify", "--json"]).json()["result"], "clean");
}

#[test]
fn agents_report_many_payments_and_parcels_too() {
    let (town, numbers) = mart(2);
    let [one, two] = &numbers[..] else { panic!("two orders") };
    let paid = format!(
        "txn;paid;amount;currency;reference;declined\n{one};true;400;JPY;A-1;\n{two};;;;;no funds\n{one};now;JPY 500;;A-2;\n"
    );
    let path = file(&town, "paid.csv", paid);
    check_silent(&town.run("mart", &["pay", "notify", "--from", &path]));
    let rows = format!(
        "{{\"txn\":\"{one}\",\"event\":\"Sorted\",\"place\":\"大阪\"}}\n{{\"txn\":\"{one}\",\"delivered\":true,\"tracking\":\"EP-1\"}}\n\
         {{\"txn\":\"{two}\",\"failed\":\"refused at the door\"}}\n"
    );
    let run = town.fed("mart", &["ship", "notify", "--from", "-"], rows.as_bytes());
    check_silent(&run);
    town.settle();
    let shown = town.show("buyer", one);
    assert_eq!(shown["paid"], json!({"amount": "900", "currency": "JPY"}));
    let legs = shown["legs"].as_array().unwrap();
    for leg in ["payment", "delivery"] {
        assert!(legs.iter().any(|one| one["leg"] == leg && one["done"] == true), "{leg}: {shown}");
    }
    assert!(town.does("buyer", &["show", one]).out.contains("大阪"));
    let warnings = town.does("buyer", &["warnings"]).out;
    assert!(warnings.contains("no funds") && warnings.contains("refused at the door"), "{warnings}");
}

#[test]
fn more_rows_than_a_batch_are_followed_in_their_order() {
    let (town, numbers) = mart(2);
    // Each row moves the day of one or the other; the last word stands.
    let day = |row: usize| format!("20{}-{:02}-{:02}", 30 + row / 336, 1 + row / 28 % 12, 1 + row % 28);
    let rows: String = (0..601).map(|row| format!("{},E{row},{}\n", numbers[row % 2], day(row))).collect();
    let path = file(&town, "many.csv", format!("txn,event_id,planned\n{rows}"));
    let run = town.does("mart", &["shop", "notify", "--from", &path, "--json", "--offline"]);
    let summary = lines(&run).pop().unwrap();
    assert_eq!((&summary["sent"], &summary["letters"], &summary["refused"]), (&json!(601), &json!(601), &json!(0)));
    let shown = town.show("mart", &numbers[0]);
    let leg = shown["legs"].as_array().unwrap().iter().find(|leg| leg["leg"] == "order").unwrap().clone();
    assert_eq!(leg["date"], day(600));
    let rows: Vec<u64> = lines(&run).iter().filter_map(|line| line["row"].as_u64()).collect();
    assert_eq!(rows, (1..=601).collect::<Vec<u64>>());
}

#[test]
fn one_report_by_flags_with_an_id_is_sent_once_however_often_it_is_run() {
    let (town, numbers) = mart(2);
    let [one, two] = &numbers[..] else { panic!("two orders") };
    for (part, said, id) in [
        ("shop", &["--shipped", "--tracking", "EP-1"][..], "W-1"),
        ("pay", &["--paid", "--amount", "JPY 400", "--reference", "R1"], "R1"),
        ("ship", &["--event", "sorted", "--place", "大阪"], "S-1"),
    ] {
        let report = |number: &str, id: &str, more: &[&str]| {
            town.run("mart", &[&[part, "notify", number, "--event-id", id], said, more].concat())
        };
        // What would be sent is foreseen, and remembers nothing.
        let foreseen = report(one, id, &["--dry-run"]);
        assert!(foreseen.code == Some(0) && foreseen.out.contains("it is not sent"), "{part}: {foreseen:?}");
        check_silent(&report(one, id, &[]));
        let before = entries(&town, "mart");
        check_silent(&report(one, id, &[]));
        let again = report(one, id, &["--json"]);
        assert_eq!((&again.json()["letters"], &again.json()["number"]), (&json!(0), &json!(one)), "{part}: {again:?}");
        let foreseen = report(one, id, &["--dry-run"]);
        assert_eq!((foreseen.code, foreseen.out.as_str()), (Some(0), ""), "{part}: {foreseen:?}");
        // An id that stands for two things is a mistake, and says so.
        for (number, more) in [(one, &["--correct"][..]), (two, &[])] {
            let run = report(number, id, more);
            assert_eq!(run.code, Some(65), "{part}: {run:?}");
            assert!(run.err.contains(&format!("the event {id} came before and said something else")), "{run:?}");
        }
        assert_eq!(entries(&town, "mart"), before, "{part}: nothing was written");
    }
    let made = |number: &str| {
        let shown = town.show("mart", number);
        shown["paid"]["amount"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!((made(one), made(two)), ("400".to_owned(), String::new()));
    // The same event in a file is known, too, and another id is another payment.
    let rows = format!("txn,event_id,paid,amount,reference\n{one},R1,now,JPY 400,R1\n{one},R2,now,JPY 400,R1\n");
    let path = file(&town, "paid.csv", rows);
    let run = town.does("mart", &["pay", "notify", "--from", &path, "--json"]);
    assert_eq!(results(&run), ["known", "sent"], "{run:?}");
    assert_eq!(made(one), "800");
    for (id, why) in
        [("", "it is empty"), (" ", "it is empty"), ("a\nb", "a line end"), (&"x".repeat(201), "more than 200")]
    {
        let run = town.run("mart", &["pay", "notify", one, "--paid", "--event-id", id]);
        assert!(run.code == Some(2) && run.err.contains(why), "{id:?}: {run:?}");
    }
    let both = town.run("mart", &["pay", "notify", "--from", &path, "--event-id", "R3"]);
    assert_eq!(both.code, Some(2), "{both:?}");
}

#[test]
fn a_refund_with_an_id_gives_back_once_however_often_it_is_run() {
    let (town, numbers) = mart(2);
    let [one, two] = &numbers[..] else { panic!("two orders") };
    for number in [one, two] {
        town.does("mart", &["pay", "notify", number, "--paid"]);
    }
    let refund = |number: &str, more: &[&str]| {
        town.run("mart", &[&["shop", "refund", number, "--event-id", "G-1", "--amount", "JPY 100"], more].concat())
    };
    let instructed = || town.count("mart", one, "out", "refund-instruction");
    check_silent(&refund(one, &[]));
    assert_eq!(instructed(), 1);
    let before = entries(&town, "mart");
    check_silent(&refund(one, &[]));
    let again = refund(one, &["--json"]);
    assert_eq!((&again.json()["letters"], &again.json()["number"]), (&json!(0), &json!(one)), "{again:?}");
    // The index forgets nothing that the ledger knows.
    town.does("mart", &["ledger", "reindex"]);
    check_silent(&refund(one, &[]));
    // Another sum, another reason or another order under this name is a mistake, as is a report that is called so.
    let other = refund(two, &[]);
    let sum = town.run("mart", &["shop", "refund", one, "--event-id", "G-1", "--amount", "JPY 200"]);
    let shipped = town.run("mart", &["shop", "notify", one, "--shipped", "--event-id", "G-1"]);
    for run in [other, sum, refund(one, &["--reason", "late"]), shipped] {
        assert_eq!(run.code, Some(65), "{run:?}");
        assert!(run.err.contains("the event G-1 came before and said something else"), "{run:?}");
    }
    let empty = town.run("mart", &["shop", "refund", one, "--event-id", " "]);
    assert!(empty.code == Some(2) && empty.err.contains("--event-id: it is empty"), "{empty:?}");
    assert_eq!(entries(&town, "mart"), before, "nothing was written");
    // Without a name each is a refund of its own.
    town.does("mart", &["shop", "refund", one, "--amount", "JPY 100"]);
    assert_eq!(instructed(), 2);
}

#[test]
fn a_bank_that_knows_days_alone_reports_what_was_paid_on_the_day_of_the_terms() {
    let (town, numbers) = mart(1);
    let one = &numbers[0];
    let today = tokyo("%Y-%m-%d", 0);
    let path = file(&town, "bank.csv", format!("txn,event_id,paid,amount\n{one},B-1,{today},JPY 400\n"));
    let run = || town.run("mart", &["pay", "notify", "--from", &path, "--zone", "Asia/Tokyo"]);
    check_silent(&run());
    check_silent(&run());
    town.settle();
    for party in ["mart", "buyer"] {
        assert_eq!(town.show(party, one)["paid"]["amount"], "400", "{party}");
    }
    assert_eq!(
        town.does("buyer", &["warnings", "--json"]).json()["warnings"].as_array().unwrap().len(),
        2,
        "as before"
    );
    // A day before the terms is before them at every hour.
    let before = tokyo("%Y-%m-%d", -2 * 86_400);
    let path = file(&town, "early.csv", format!("txn,event_id,paid,amount\n{one},B-2,{before},JPY 400\n"));
    let early = town.run("mart", &["pay", "notify", "--from", &path, "--zone", "Asia/Tokyo"]);
    assert!(early.code == Some(65) && early.err.contains("is before the terms"), "{early:?}");
    // An export of how things stand says the same each day, and nothing new.
    let path = file(&town, "stand.csv", format!("txn,paid,amount\n{one},{today},JPY 400\n"));
    let stands = town.does("mart", &["pay", "import", &path, "--zone", "Asia/Tokyo", "--json"]);
    assert_eq!(results(&stands), ["unchanged"], "{stands:?}");
}
