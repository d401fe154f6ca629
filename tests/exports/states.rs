//! Exports of how all things stand: only what changed is written about. And what is foreseen.

use serde_json::json;

use super::{check_silent, entries, file, kept, lines, mart, results, sent, tokyo};
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
    let (form, paid) = ("%m/%d/%Y %H:%M:%S", &tokyo("%m/%d/%Y %H:%M:%S", 0));
    let at = tokyo("%Y-%m-%dT%H:%M", 0);
    assert_eq!(results(&import(&[(one, "completed", paid), (two, "completed", "")], "shop")), ["unchanged", "sent"]);
    assert_eq!(results(&import(&[(one, "completed", paid), (two, "completed", "")], "pay")), ["sent", "nothing"]);
    assert_eq!(results(&import(&[(one, "completed", paid), (two, "completed", "")], "pay")), ["unchanged", "nothing"]);
    let text =
        town.texts("mart").into_iter().rev().find(|text| text.contains("Mailorder-Kind: payment-status")).unwrap();
    assert!(text.contains(&at) && text.contains("+09:00"), "the zone given: {text}");
    // Another date for what was done is no news but a correction, and wants to be called so.
    let moved = import(&[(one, "completed", &tokyo(form, 60))], "pay");
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
    // The time is the one when it is signed.
    let timeless = |text: &str| -> String {
        let still = |word: &str| word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
        let words = text.split_inclusive(char::is_whitespace);
        words.map(|word| if word.contains(':') { still(word) } else { word.to_owned() }).collect()
    };
    let entered = timeless(&entered);
    for line in plain(&letters[0]) {
        assert!(entered.contains(&timeless(&line)), "{line:?} is not in\n{entered}");
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

#[test]
fn a_tracking_number_may_come_later_and_what_was_wrong_is_corrected_p49() {
    let (town, numbers) = mart(1);
    let number = &numbers[0];
    let import = |row: &str| {
        let path = file(&town, "left.csv", format!("txn,shipped,tracking,correct\n{number},{row}\n"));
        let run = town.run("mart", &["shop", "import", &path, "--json"]);
        (results(&run).remove(0), lines(&run)[0]["text"].as_str().unwrap_or_default().to_owned())
    };
    let (first, second) = (tokyo("%Y-%m-%dT%H:%M:%S%:z", 0), tokyo("%Y-%m-%dT%H:%M:%S%:z", 60));
    let is = |row: String| import(&row).0;
    assert_eq!(is(format!("{first},,")), "sent");
    assert_eq!(is(format!("{first},AA-1,")), "sent", "it only adds the tracking number");
    assert_eq!(is(format!("{first},AA-1,")), "unchanged");
    for row in [format!("{first},ZZ-9,"), format!("{second},AA-1,"), format!("{second},,")] {
        let (result, text) = import(&row);
        assert_eq!(result, "refused", "{row}");
        assert!(text.contains("parcel 1 has left already; correct replaces"), "{row}: {text}");
    }
    assert_eq!(is(format!("{first},ZZ-9,true")), "sent");
    assert_eq!(is(format!("{first},ZZ-9,true")), "unchanged");
    // By hand the only parcel need not be named either, and its moment stays.
    town.does("mart", &["shop", "notify", number, "--shipped", "--correct", "--tracking", "YY-2"]);
    town.settle();
    let shown = town.does("buyer", &["show", number]).out;
    assert!(shown.contains("parcel 1 (YY-2) done "), "{shown}");
    let moved = town.run("mart", &["shop", "notify", number, "--shipped"]);
    assert!(moved.code == Some(65) && moved.err.contains("--correct replaces"), "{moved:?}");
    // A carrier's parcel gets its number later, too.
    let arrived = |tracking: &str| {
        let path = file(&town, "arrived.csv", format!("txn,delivered,tracking\n{number},{first},{tracking}\n"));
        results(&town.does("mart", &["ship", "import", &path, "--json"]))
    };
    assert_eq!(
        (arrived(""), arrived("CC-3"), arrived("CC-3")),
        (vec!["sent".to_owned()], vec!["sent".to_owned()], vec!["unchanged".to_owned()],)
    );
}

#[test]
fn the_rest_of_an_order_goes_into_a_parcel_of_its_own_and_of_several_one_is_named() {
    let town = crate::support::program::Town::fresh();
    let (_, number) = town.bought("SH-41", 3, &["--pay", "invoice"]);
    town.does("shop", &["shop", "notify", &number, "--shipped", "--parcel", "A", "--line", "1=2"]);
    town.does("shop", &["shop", "notify", &number, "--shipped", "--parcel", "B"]);
    town.settle();
    let shown = town.does("buyer", &["show", &number]).out;
    assert!(shown.contains("parcel A done") && shown.contains("parcel B done"), "{shown}");
    let refused = town.run("shop", &["shop", "notify", &number, "--shipped", "--tracking", "EP-1"]);
    assert_eq!(refused.code, Some(65), "{refused:?}");
    assert!(refused.err.contains("parcel A (line 1 ×2), parcel B (line 1 ×1); name one with --parcel"), "{refused:?}");
    let done = town.does("buyer", &["show", &number, "--json"]).json();
    assert_eq!(done["legs"][0]["done"], true, "{done}");
}

#[test]
fn rows_of_orders_made_elsewhere_are_passed_over_where_the_file_has_them() {
    let (town, numbers) = mart(1);
    let number = &numbers[0];
    let rows = export(&[("NOSUCH99", "completed", ""), (number, "completed", ""), ("", "completed", "")]);
    let path = file(&town, "orders.csv", rows);
    let run = town.run("mart", &["shop", "import", &path, "--map", "woocommerce", "--json"]);
    assert_eq!(
        (results(&run), run.code),
        (["other", "sent", "nothing"].map(str::to_owned).to_vec(), Some(0)),
        "{run:?}"
    );
    assert_eq!(lines(&run)[3]["other"], 1);
    check_silent(&town.run("mart", &["shop", "import", &path, "--map", "woocommerce"]));
    // What stands in the rows of other orders is nobody's business here; in ours it must be right.
    let rows = export(&[("NOSUCH98", "sent-by-a-plugin", ""), (number, "sent-by-a-plugin", ""), (number, "trash", "")]);
    let odd = file(&town, "odd.csv", rows);
    let run = town.run("mart", &["shop", "import", &odd, "--map", "woocommerce", "--json"]);
    assert_eq!(results(&run), ["other", "refused", "nothing"], "{run:?}");
    let paid = export(&[("NOSUCH98", "completed", "yesterday"), (number, "completed", "yesterday")]);
    let paid = file(&town, "paid.csv", paid);
    let run = town.run("mart", &["pay", "import", &paid, "--map", "woocommerce", "--json", "--zone", "Asia/Tokyo"]);
    assert_eq!(results(&run), ["other", "refused"], "{run:?}");
    // A number in our own column must be right.
    let own = file(&town, "own.csv", "mailorder,order_number,status\nNOSUCH99,81,completed\n");
    let run = town.run("mart", &["shop", "import", &own, "--map", "woocommerce"]);
    assert!(run.code == Some(65) && run.err.contains("no transaction with the number NOSUCH99"), "{run:?}");
    let plain = file(&town, "plain.csv", format!("txn,paid\nNOSUCH99,now\n{number},\n"));
    let pay = |more: &[&str]| town.run("mart", &[&["pay", "import", &plain, "--json"], more].concat());
    assert_eq!(results(&pay(&[])), ["refused", "nothing"], "what is not paid yet is no fault");
    assert_eq!(results(&pay(&["--skip-unknown"])), ["other", "nothing"]);
    let events = town.run("mart", &["pay", "notify", "--from", &plain, "--json"]);
    assert_eq!(results(&events), ["refused", "refused"], "an event says what happened");
}

#[test]
fn an_export_that_was_cut_off_is_no_export() {
    let (town, numbers) = mart(1);
    for (name, content) in [("a.csv", ""), ("b.jsonl", ""), ("c.csv", "\n\n")] {
        let path = file(&town, name, content);
        let run = town.run("mart", &["shop", "import", &path]);
        assert_eq!(run.code, Some(65), "{name}: {run:?}");
        assert!(run.err.contains("is empty") && run.err.contains("hint: "), "{run:?}");
    }
    // Without an order there are still the names of columns.
    let path = file(&town, "none.csv", "txn,shipped\n");
    check_silent(&town.run("mart", &["shop", "import", &path]));
    let nothing = file(&town, "events.jsonl", "");
    check_silent(&town.run("mart", &["shop", "notify", "--from", &nothing]));
    assert!(!numbers.is_empty());
}

/// Reads an export of orders for a part; returns what became of each row, and what was said of it.
fn imported(town: &crate::support::program::Town, part: &str, rows: &[(&str, &str, &str)]) -> Vec<(String, String)> {
    let path = file(town, "woo.csv", export(rows));
    let run = town.run("mart", &[part, "import", &path, "--map", "woocommerce", "--zone", "Asia/Tokyo", "--json"]);
    let text = |row: &serde_json::Value| row["text"].as_str().unwrap_or_default().to_owned();
    let rows: Vec<String> = lines(&run).iter().filter(|line| line["type"] == "row").map(text).collect();
    results(&run).into_iter().zip(rows).collect()
}

#[test]
fn an_order_that_the_shop_s_system_cancelled_is_cancelled_once() {
    let (town, numbers) = mart(2);
    let [one, two] = &numbers[..] else { panic!("two orders") };
    let import = |rows: &[(&str, &str, &str)]| imported(&town, "shop", rows);
    let is = |result: &str| (result.to_owned(), String::new());
    assert_eq!(import(&[(one, "cancelled", ""), ("NOSUCH99", "cancelled", "")]), [is("sent"), is("other")]);
    assert_eq!(import(&[(one, "wc-cancelled", "")]), [is("unchanged")]);
    town.settle();
    town.settle();
    assert_eq!(town.show("buyer", one)["state"], "cancelled");
    assert!(town.does("buyer", &["show", one]).out.contains("The order was cancelled."));
    assert_eq!(import(&[(one, "cancelled", "")]), [is("unchanged")]);
    // Parcels and payments are not the order's system's to cancel: its agents were told to stop.
    for part in ["pay", "ship"] {
        assert_eq!(imported(&town, part, &[(one, "cancelled", "")]), [is("nothing")], "{part}");
    }
    // What has left is not called back by a word in a file.
    assert_eq!(import(&[(two, "completed", "")]), [is("sent")]);
    let before = entries(&town, "mart");
    let [(result, text)] = &import(&[(two, "cancelled", "")])[..] else { panic!("one row") };
    assert!(result == "refused" && text.contains("goods have left; agree with the buyer"), "{text}");
    assert_eq!(entries(&town, "mart"), before);
    // A column of our own says why.
    let why = file(&town, "why.csv", format!("txn,cancelled,shipped\n{two},Out of stock.,now\n"));
    let run = town.run("mart", &["shop", "notify", "--from", &why]);
    assert!(run.code == Some(65) && run.err.contains("say one of both"), "{run:?}");
}

#[test]
fn a_refund_in_an_export_is_the_payment_agent_s_to_say() {
    let (town, numbers) = mart(1);
    let one = &numbers[0];
    let paid = &tokyo("%m/%d/%Y %H:%M:%S", 0);
    let is = |result: &str| (result.to_owned(), String::new());
    let refused = |part: &str, why: &str| {
        let before = entries(&town, "mart");
        let [(result, text)] = &imported(&town, part, &[(one, "refunded", paid)])[..] else { panic!("one row") };
        assert!(result == "refused" && text.contains(why), "{part}: {result} {text}");
        assert_eq!(entries(&town, "mart"), before);
    };
    refused("shop", "which has not said that anything was paid; where the order is over, `shop cancel` ends it");
    refused("pay", "the shop has instructed no refund that is still open");
    assert_eq!(imported(&town, "pay", &[(one, "processing", paid)]), [is("sent")]);
    let refund = format!("to give JPY 900 back: mailorder shop refund {one}");
    refused("shop", "refunded is the payment agent's to say, and it was not told to give JPY 900 back");
    refused("shop", &refund);
    refused("pay", "the shop has instructed no refund that is still open");
    town.does("mart", &["shop", "refund", one]);
    assert_eq!(imported(&town, "shop", &[(one, "refunded", paid)]), [is("unchanged")]);
    assert_eq!(imported(&town, "pay", &[(one, "refunded", paid)]), [is("sent")]);
    for part in ["shop", "pay"] {
        assert_eq!(imported(&town, part, &[(one, "refunded", paid)]), [is("unchanged")], "{part}");
    }
    assert_eq!(imported(&town, "ship", &[(one, "refunded", paid)]), [is("nothing")]);
    town.settle();
    let shown = town.show("buyer", one);
    assert_eq!(shown["refunded"]["amount"], "900", "{shown}");
}

#[test]
fn a_payment_that_failed_in_the_shop_is_told_by_the_payment_agent_and_may_come_after_all() {
    let (town, numbers) = mart(1);
    let one = &numbers[0];
    let is = |result: &str| (result.to_owned(), String::new());
    assert_eq!(imported(&town, "shop", &[(one, "failed", "")]), [is("nothing")]);
    assert_eq!(imported(&town, "pay", &[(one, "failed", "")]), [is("sent")]);
    assert_eq!(imported(&town, "pay", &[(one, "failed", "")]), [is("unchanged")]);
    let paid = &tokyo("%m/%d/%Y %H:%M:%S", 0);
    assert_eq!(imported(&town, "pay", &[(one, "processing", paid)]), [is("sent")]);
    assert_eq!(town.show("mart", one)["paid"]["amount"], "900");
}

#[test]
fn what_an_export_takes_back_is_said_and_not_sent() {
    let (town, numbers) = mart(2);
    let [one, two] = &numbers[..] else { panic!("two orders") };
    let is = |result: &str| (result.to_owned(), String::new());
    let paid = &tokyo("%m/%d/%Y %H:%M:%S", 0);
    for status in ["pending", "on-hold", "processing", "checkout-draft"] {
        assert_eq!(imported(&town, "shop", &[(one, status, "")]), [is("nothing")], "{status}");
        assert_eq!(imported(&town, "pay", &[(one, status, "")]), [is("nothing")], "{status}");
    }
    assert_eq!(imported(&town, "shop", &[(one, "completed", paid)]), [is("sent")]);
    assert_eq!(imported(&town, "pay", &[(one, "completed", paid)]), [is("sent")]);
    let before = entries(&town, "mart");
    let refused = |part: &str, status: &str| {
        let [(result, text)] = &imported(&town, part, &[(one, status, "")])[..] else { panic!("one row") };
        let says = format!("status: {status} takes back what was reported as done at 20");
        let how = format!("that stands. Where it was wrong: mailorder {part} notify {one} --planned DAY --correct");
        assert!(result == "refused" && text.contains(&says) && text.contains(&how), "{part} {status}: {text}");
    };
    refused("shop", "processing");
    refused("shop", "on-hold");
    refused("pay", "pending");
    // The command is one that can be run as it stands.
    let path = file(&town, "woo.csv", export(&[(one, "processing", "")]));
    let run = town.run("mart", &["shop", "import", &path, "--map", "woocommerce"]);
    let command = format!("shop notify {one} --planned DAY --correct");
    assert!(run.err.contains("mailorder -c ") && run.err.contains(&command), "{run:?}");
    // Who is paid and has not shipped says nothing of the payment; the trash says nothing at all.
    assert_eq!(imported(&town, "pay", &[(one, "processing", "")]), [is("nothing")]);
    assert_eq!(imported(&town, "shop", &[(one, "trash", "")]), [is("nothing")]);
    // With our own names by the word no; an empty cell says nothing.
    for (part, column) in [("shop", "shipped"), ("pay", "paid")] {
        let rows = |cell: &str| file(&town, "plain.csv", format!("txn,{column}\n{one},{cell}\n{two},{cell}\n"));
        let run = town.run("mart", &[part, "import", &rows("no"), "--json"]);
        assert_eq!((results(&run), run.code), (vec!["refused".to_owned(), "nothing".to_owned()], Some(65)), "{run:?}");
        let text = lines(&run)[0]["text"].as_str().unwrap().to_owned();
        assert!(text.starts_with(&format!("{column}: no takes back what was reported")), "{text}");
        assert_eq!(results(&town.does("mart", &[part, "import", &rows(""), "--json"])), ["nothing"; 2]);
    }
    // A sum that became smaller.
    let less = file(&town, "less.csv", format!("txn,paid,amount\n{one},now,JPY 500\n"));
    let run = town.run("mart", &["pay", "import", &less]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(run.err.contains("JPY 900 was reported as paid, and this says JPY 500; correct replaces"), "{run:?}");
    assert_eq!(entries(&town, "mart"), before, "nothing was sent");
    // A person takes it back.
    town.does("mart", &["shop", "notify", one, "--planned", "2099-01-15", "--correct"]);
    assert_eq!(imported(&town, "shop", &[(one, "processing", paid)]), [is("nothing")]);
}
