//! `ledger redact`: what letters say of people, erased for good, while everything reckoned from them stays.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::accounts::{Accounts, field, fields};
use crate::support::program::Town;

const NAME: &str = "小野 賢治";
const STREET: &str = "千代田1-1-1";
const REMARKS: &str = "the bell is broken";

/// An order that is over for everybody, with all that a person writes in it: its ID and number.
fn over() -> (Town, String, String) {
    let town = Town::acquainted();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card", "--remarks", REMARKS]);
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")]);
    town.check_stands("buyer", &id, "completed", [true, true, true]);
    (town, id, number)
}

/// Returns the files of a party in which these bytes stand, its own configuration and key aside.
fn holding(town: &Town, party: &str, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    search(&town.path(party), text.as_bytes(), &mut found);
    found.retain(|path| !path.ends_with("config.toml") && !path.ends_with("keys/own.asc"));
    found
}

fn search(folder: &Path, bytes: &[u8], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            search(&entry, bytes, found);
        } else if bytes.is_empty() || fs::read(&entry).unwrap().windows(bytes.len()).any(|window| window == bytes) {
            found.push(entry);
        }
    }
}

fn entry_of(town: &Town, party: &str, name: &str, kind: &str) -> u64 {
    let shown = town.show(party, name);
    let letters = shown["letters"].as_array().unwrap();
    letters.iter().find(|letter| letter["kind"] == kind).unwrap()["entry"].as_u64().unwrap()
}

fn erase(town: &Town, party: &str, name: &str) -> Value {
    town.does(party, &["ledger", "redact", "--transaction", name, "--reason", "asked for", "--json"]).json()
}

#[test]
fn every_party_erases_an_order_and_keeps_its_figures_and_a_clean_ledger() {
    let (town, id, number) = over();
    for (party, name) in [("buyer", &id), ("shop", &number), ("pay", &number), ("ship", &number)] {
        let before = (town.lists(party, &[]), town.show(party, name));
        let head = town.does(party, &["audit", "verify", "--json"]).json()["head"].clone();
        assert!(!holding(&town, party, NAME).is_empty(), "{party}");
        let erased = erase(&town, party, name);
        let letters = erased["letters"].as_array().unwrap();
        let entries: Vec<&Value> = before.1["letters"].as_array().unwrap().iter().map(|one| &one["entry"]).collect();
        assert_eq!(letters.iter().map(|one| &one["entry"]).collect::<Vec<_>>(), entries, "{party}");
        assert_eq!((&erased["repeated_in"], &erased["dry_run"]), (&json!([]), &json!(false)), "{party}");
        for text in [NAME, STREET, REMARKS, "+81-3-1234-5678", "100-0001"] {
            assert_eq!(holding(&town, party, text), Vec::<PathBuf>::new(), "{party}: {text}");
        }
        // What is reckoned is what it was.
        let after = (town.lists(party, &[]), town.show(party, name));
        let figures = |shown: &Value| {
            ["state", "legs", "paid", "unpaid", "bill", "number", "late", "refund_due"].map(|key| shown[key].clone())
        };
        assert_eq!(figures(&after.1), figures(&before.1), "{party}");
        let without_buyer = |list: &[Value]| {
            let mut list = list.to_vec();
            for one in &mut list {
                one.as_object_mut().unwrap().remove("buyer");
            }
            list
        };
        match party {
            "buyer" => assert_eq!(after.0, before.0, "{party}"),
            _ => assert_eq!(without_buyer(&after.0), without_buyer(&before.0), "{party}"),
        }
        for letter in after.1["letters"].as_array().unwrap() {
            assert_eq!(letter["erased"]["reason"], "asked for", "{party}: {letter}");
        }
        // The index is what it would be if it were built now, and the ledger explains each missing file.
        Accounts { dir: town.path("") }.check(party, party);
        let verified = town.does(party, &["audit", "verify", "--json"]).json();
        assert_eq!(verified["erased"].as_array().unwrap().len(), letters.len(), "{party}");
        assert_ne!(verified["head"], head);
        // Signed for, behind the last redaction.
        let newest = fs::read_dir(town.path(&format!("{party}/ledger/checkpoints"))).unwrap();
        let sizes = newest.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let largest = sizes.map(|name| name.trim_end_matches(".asc").parse::<u64>().unwrap()).max();
        assert_eq!(largest, verified["entries"].as_u64(), "{party}");
    }
    // Those who still write to each other do so as before.
    town.does("buyer", &["received", &id, "--all"]);
    town.settle();
    let (next, other) = town.bought("TEA-200", 1, &["--pay", "invoice"]);
    town.reports(&other, &[("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")]);
    town.check_stands("buyer", &next, "completed", [true, true, true]);
    town.check_peace();
}

#[test]
fn the_entry_says_what_was_erased_and_the_mail_is_gone() {
    let (town, _, number) = over();
    let order = entry_of(&town, "shop", &number, "order");
    let header = town.entries("shop")[usize::try_from(order).unwrap()].clone();
    let original = field(&header, "Mailorder-Original");
    let hex = original.trim_start_matches("sha256:").split(' ').next().unwrap().to_owned();
    let mail = town.path("shop/ledger/originals").join(&hex[..2]).join(format!("{hex}.eml"));
    assert!(mail.is_file());
    let size = fs::read_to_string(town.path("shop/ledger/log")).unwrap().lines().count();
    let run = town.does("shop", &["ledger", "redact", &order.to_string(), "--reason", "  asked for  "]);
    assert!(run.out.contains("1 letter erased for good") && run.out.contains("postal-address, "), "{run:?}");
    assert!(!mail.exists());
    let log = fs::read_to_string(town.path("shop/ledger/log")).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), size + 1);
    let name = lines[size].rsplit(' ').next().unwrap();
    let text = fs::read_to_string(town.path(&format!("shop/ledger/cur/{name}:2,S"))).unwrap();
    let header = fields(text.as_bytes());
    let digest = lines[usize::try_from(order).unwrap()].split(' ').nth(1).unwrap();
    assert_eq!(field(&header, "Mailorder-Erases"), format!("{order} sha256:{digest}"));
    assert_eq!(field(&header, "Mailorder-Kind"), "redaction");
    assert!(text.contains(": asked for\n") && text.contains("\"remains\": {"), "{text}");
    // Others of the transaction repeat it, and that was said.
    assert!(run.err.contains("stand in entries") && run.err.contains("--transaction TXN"), "{run:?}");
    let terms = entry_of(&town, "shop", &number, "transaction-info");
    assert!(run.err.contains(&terms.to_string()), "{run:?}");
    // What is told of it: by show, and to those who look for the file.
    let shown = town.does("shop", &["show", &number]).out;
    assert!(shown.contains("1 letter of it was erased, on ") && shown.contains(": asked for"), "{shown}");
    let again = town.run("shop", &["ledger", "redact", &order.to_string(), "--reason", "x"]);
    assert_eq!(again.code, Some(65));
    assert!(again.err.contains(&format!("entry {order} was erased already, by entry {size}")), "{again:?}");
    let audit = town.does("shop", &["audit", "verify"]).out;
    assert!(audit.contains(&format!("erased     {order} (by {size})")) && audit.contains("clean"), "{audit}");
}

#[test]
fn what_is_still_needed_is_not_erased_and_nothing_of_a_batch_is() {
    let (town, id, number) = over();
    let open = town.orders("buyer", "TEA-200", 1, &["--pay", "invoice"]);
    let entries = town.entries("buyer").len();
    let order = entry_of(&town, "buyer", &id, "order").to_string();
    let waiting = entry_of(&town, "buyer", &open, "order").to_string();
    let redact = |party: &str, words: &[&str]| {
        town.run(party, &[&["ledger", "redact", "--reason", "asked for"], words].concat())
    };
    for (words, code, why) in [
        (&[waiting.as_str()][..], 65, "is not over, it is ordered"),
        (&[order.as_str(), &waiting], 65, "is not over"),
        (&["--transaction", &open], 65, "is not over"),
        (&["0"], 65, "it is a genesis of your own"),
        (&["9999"], 65, "there is no entry 9999"),
        (&["W-1"], 2, "W-1"),
        (&[], 2, "ENTRY"),
        (&["--transaction", "nosuch"], 65, "nosuch"),
        (&[order.as_str(), "--reason", ""], 2, "--reason"),
    ] {
        let run = match words {
            [.., "--reason", _] => town.run("buyer", &[&["ledger", "redact"], words].concat()),
            _ => redact("buyer", words),
        };
        assert_eq!(run.code, Some(code), "{words:?}: {run:?}");
        assert!(run.err.contains(why), "{words:?}: {run:?}");
    }
    assert_eq!(town.entries("buyer").len(), entries);
    assert_eq!(town.run("buyer", &["ledger", "redact", &order]).code, Some(2), "a reason is wanted");
    // A receipt belongs to no order.
    let texts = town.texts("shop");
    let receipt = texts.iter().position(|text| text.contains("\nMailorder-Kind: receipt\n")).unwrap();
    let run = redact("shop", &[&receipt.to_string()]);
    assert!(run.code == Some(65) && run.err.contains("a receipt belongs to no order"), "{run:?}");
    // What nobody acknowledged may have to be sent once more.
    town.does("shop", &["shop", "notify", &number, "--shipped", "--correct"]);
    let run = redact("shop", &["--transaction", &number]);
    assert!(run.code == Some(65) && run.err.contains("nobody has acknowledged it"), "{run:?}");
}

#[test]
fn a_look_erases_nothing_and_a_person_is_asked() {
    let (town, id, _) = over();
    let log = || fs::read_to_string(town.path("buyer/ledger/log")).unwrap();
    let before = log();
    let words = ["ledger", "redact", "--transaction", &id, "--reason", "asked for"];
    let run = town.does("buyer", &[&words[..], &["--dry-run"]].concat());
    assert!(run.out.contains("nothing is erased (--dry-run)") && run.out.contains("name, "), "{run:?}");
    let looked = town.does("buyer", &[&words[..], &["--dry-run", "--json"]].concat()).json();
    assert_eq!((&looked["dry_run"], &looked["letters"][0]["by"]), (&json!(true), &Value::Null));
    let run = town.types("buyer", &words).answers("letters for good? [y/N]", "n").ends();
    assert!(run.code == Some(1) && run.out.contains("nothing is erased"), "{run:?}");
    let run = town.types("buyer", &words).waits_for("for good?").keys("\u{3}").ends();
    assert_eq!(run.code, Some(130), "{run:?}");
    assert_eq!(log(), before);
    let run = town.types("buyer", &words).answers("letters for good? [y/N]", "yes").ends();
    assert!(run.code == Some(0) && run.out.contains("letters erased for good"), "{run:?}");
    assert_ne!(log(), before);
    // Once more there is nothing left, which is no fault.
    let after = log();
    let run = town.does("buyer", &words);
    assert!(run.out.contains("every letter of it is erased already"), "{run:?}");
    assert_eq!(erase(&town, "buyer", &id)["letters"], json!([]));
    assert_eq!(log(), after);
}

#[test]
fn what_was_erased_is_left_out_where_it_was_used() {
    let (town, id, number) = over();
    erase(&town, "buyer", &id);
    let run = town.run("buyer", &["reorder", &id, "--yes"]);
    assert!(run.code == Some(65) && run.err.contains("was erased on"), "{run:?}");
    let shown = town.does("buyer", &["show", &id]);
    assert!(!format!("{}{}", shown.out, shown.err).contains("mailorder reorder"), "{shown:?}");
    for form in ["csv", "jsonl", "hledger", "ics"] {
        let run = town.does("buyer", &["export", "--format", form]);
        assert!(!run.out.contains(NAME), "{form}: {run:?}");
        // What is over has no day to come in a calendar.
        assert_eq!(run.out.contains(&number), form != "ics", "{form}: {run:?}");
    }
    for words in [&["list", "shop:日立"][..], &["status"], &["warnings", "--all"], &["outbox", "list"]] {
        town.does("buyer", words);
    }
    assert!(town.lists("buyer", &["シャツ"]).iter().any(|one| one["number"] == number.as_str()));
    // The shop's copies answer a repeat of an erased letter with nothing, and without a fault.
    let mut mails = Vec::new();
    search(&town.path("shop/ledger/originals"), b"", &mut mails);
    let mails: Vec<Vec<u8>> = mails.iter().map(|mail| fs::read(mail).unwrap()).collect();
    erase(&town, "shop", &number);
    let entries = || fs::read_to_string(town.path("buyer/ledger/log")).unwrap().lines().count();
    let before = entries();
    for mail in &mails {
        let run = town.fed("shop", &["receive"], mail);
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    assert!(!mails.is_empty());
    town.does("shop", &["sync"]);
    assert!(holding(&town, "shop", NAME).is_empty(), "a repeat brings nothing back");
    town.sync(&["buyer"]);
    assert_eq!(entries(), before);
    for party in ["buyer", "shop"] {
        Accounts { dir: town.path("") }.check(party, party);
    }
}

#[test]
fn a_start_does_what_a_crash_kept_from_being_done() {
    let (town, _, number) = over();
    // As it lies right behind the commit: the redaction is in the log, the file and the mail are there, and the index is as it was.
    let kept = town.copied();
    erase(&town, "shop", &number);
    let (done, left) = (town.path("shop"), kept.path("shop"));
    let before = fs::read_to_string(left.join("ledger/log")).unwrap().lines().count();
    let log = fs::read_to_string(done.join("ledger/log")).unwrap();
    for line in log.lines().skip(before) {
        let file = format!("ledger/cur/{}:2,S", line.rsplit(' ').next().unwrap());
        fs::copy(done.join(&file), left.join(&file)).unwrap();
    }
    fs::write(left.join("ledger/log"), &log).unwrap();
    assert!(!holding(&kept, "shop", NAME).is_empty());
    assert_eq!(kept.run("shop", &["audit", "verify"]).code, Some(1), "that is seen");
    kept.does("shop", &["list"]);
    for text in [NAME, STREET, REMARKS] {
        assert_eq!(holding(&kept, "shop", text), Vec::<PathBuf>::new(), "{text}");
    }
    let size = log.lines().count();
    assert!(left.join(format!("ledger/checkpoints/{size}.asc")).is_file(), "and signed for");
    let accounts = [Accounts { dir: town.path("") }, Accounts { dir: kept.path("") }];
    accounts.iter().for_each(|accounts| drop(accounts.check("shop", "put right")));
    assert_eq!(accounts[0].dump("shop"), accounts[1].dump("shop"));
}
