//! Parties and machines (P3 to P9): many buyers, every kind of letter, several parts at one address, one file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mailorder::trade::Kind;

use super::purchase::alone;
use crate::support::accounts::{Accounts, Fields, field, install};
use crate::support::program::{Town, mailorder};

#[test]
fn eight_buyers_order_at_once_and_each_gets_its_own_p3() {
    let town = Town::fresh();
    let buyers: Vec<String> = (1..=8).map(|n| format!("buyer{n}")).collect();
    for (n, buyer) in buyers.iter().enumerate() {
        town.join(buyer, &format!("Buyer {n}"), &["buyer"], "");
        town.accept(buyer, "shop");
    }
    // All order at the same time, while the shop looks at its mail again and again.
    let ids: BTreeMap<&String, Vec<String>> = std::thread::scope(|scope| {
        let order = |buyer: &String| {
            ["SH-41", "TEA-200"].map(|article| town.orders(buyer, article, 1, &["--pay", "card"])).to_vec()
        };
        let ordering: Vec<_> = buyers.iter().map(|buyer| (buyer, scope.spawn(move || order(buyer)))).collect();
        let shop = scope.spawn(|| (0..6).for_each(|_| town.sync(&["shop", "pay"])));
        shop.join().unwrap();
        ordering.into_iter().map(|(buyer, orders)| (buyer, orders.join().unwrap())).collect()
    });
    town.settle();
    let at_shop = town.lists("shop", &[]);
    assert_eq!(at_shop.len(), 16);
    let numbers: BTreeSet<String> = at_shop.iter().map(|row| row["number"].as_str().unwrap().to_owned()).collect();
    assert_eq!(numbers.len(), 16);
    // Each has its own two offers and accepts them, all at once again.
    std::thread::scope(|scope| {
        for (buyer, ids) in &ids {
            scope.spawn(|| ids.iter().for_each(|id| drop(town.does(buyer, &["confirm", id]))));
        }
    });
    town.settle();
    for (buyer, ids) in &ids {
        let own: BTreeSet<String> =
            town.lists(buyer, &[]).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(own, ids.iter().cloned().collect());
        for id in ids {
            town.check_stands(buyer, id, "open", [false; 3]);
            assert_eq!(town.show("shop", id)["order"]["buyer"]["email"], format!("{buyer}@demo.test"));
        }
    }
    for party in ["shop", "pay", "ship"] {
        let status = town.does(party, &["status", "--json"]).json();
        assert_eq!((&status["open"], &status["warnings"]), (&16.into(), &0.into()), "{party}");
    }
    town.check_peace();
}

/// The parties of a purchase by the first part of their addresses, each with its key and the headers of its entries.
pub type Ledgers = BTreeMap<String, (String, Vec<Fields>)>;

/// Returns what travelled, as kind, sender and recipient; checks that each letter written was entered by its recipient.
pub fn check_travelled(ledgers: &Ledgers) -> BTreeSet<[String; 3]> {
    let mut travelled = BTreeSet::new();
    for (sender, (key, entries)) in ledgers {
        for entry in entries.iter().filter(|entry| field(entry, "Mailorder-Direction") == "out") {
            let (kind, content) = (field(entry, "Mailorder-Kind"), field(entry, "Mailorder-Content"));
            let recipient = field(entry, "Mailorder-Peer").split('@').next().unwrap().to_owned();
            let came = ledgers[&recipient].1.iter().any(|other| {
                field(other, "Mailorder-Direction") == "in"
                    && field(other, "Mailorder-Content") == content
                    && field(other, "Mailorder-Signer") == *key
            });
            assert!(came, "{kind} from {sender} to {recipient}");
            travelled.insert([kind, sender.clone(), recipient]);
        }
    }
    travelled
}

/// Returns who wrote what to whom of all that travelled, but for receipts.
pub fn ways(travelled: &BTreeSet<[String; 3]>) -> BTreeSet<String> {
    travelled.iter().filter(|[kind, ..]| kind != "receipt").map(|way| way.join(" ")).collect()
}

/// Checks that each two who deal with each other wrote to each other.
pub fn check_both_ways(travelled: &BTreeSet<[String; 3]>) {
    let pairs: BTreeSet<(&str, &str)> = travelled.iter().map(|[_, from, to]| (from.as_str(), to.as_str())).collect();
    for (one, other) in [("buyer", "shop"), ("buyer", "pay"), ("buyer", "ship"), ("shop", "pay"), ("shop", "ship")] {
        assert!(pairs.contains(&(one, other)) && pairs.contains(&(other, one)), "{one} and {other}");
    }
}

/// Who writes what to whom, but for receipts (docs/wire-format.md).
pub const WAYS: [&str; 18] = [
    "order buyer shop",
    "order-rejection shop buyer",
    "transaction-info shop buyer",
    "confirmation buyer shop",
    "cancellation buyer shop",
    "stop shop pay",
    "stop shop ship",
    "authorization-request shop pay",
    "authorization-result pay shop",
    "payment-instruction shop pay",
    "delivery-instruction shop ship",
    "order-status shop buyer",
    "payment-status pay buyer",
    "payment-status pay shop",
    "delivery-status ship buyer",
    "delivery-status ship shop",
    "return-request buyer shop",
    "return-answer shop buyer",
];

/// The rest of them.
pub const MORE_WAYS: [&str; 9] = [
    "catalog-request buyer shop",
    "catalog shop buyer",
    "refund-instruction shop pay",
    "refusal shop buyer",
    "status-request buyer shop",
    "status-request buyer pay",
    "status-request buyer ship",
    "status-request shop pay",
    "status-request shop ship",
];

#[test]
fn every_kind_of_letter_travels_and_each_pair_writes_both_ways_p4_p5() {
    let town = Town::fresh();
    town.does("buyer", &["catalog", "shop@demo.test"]);
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.settle();
    // Too late for that: refused.
    town.does("buyer", &["cancel", &id]);
    town.settle();
    town.does("pay", &["pay", "notify", &number, "--paid"]);
    town.does("buyer", &["ask", &id]);
    town.does("shop", &["ask", &number]);
    town.settle();
    town.does("buyer", &["return", &id]);
    town.settle();
    town.does("pay", &["pay", "notify", &number, "--refunded"]);
    town.orders("buyer", "KETTLE", 3, &["--pay", "card"]);
    let (id, _) = town.bought("TEA-200", 1, &["--pay", "invoice"]);
    town.does("buyer", &["cancel", &id]);
    town.settle();
    // The receipt for a receipt is none, so that what is on its way comes to rest.
    assert!(town.parties().iter().all(|party| town.post(party).is_empty()));
    let ledger = |party: String| (party.clone(), (town.fingerprint(&party), town.entries(&party)));
    let travelled = check_travelled(&town.parties().into_iter().map(ledger).collect());
    let kinds: BTreeSet<&str> = travelled.iter().map(|[kind, ..]| kind.as_str()).collect();
    assert_eq!(kinds, Kind::ALL.iter().map(|kind| kind.word()).collect());
    assert_eq!(ways(&travelled), WAYS.iter().chain(&MORE_WAYS).map(|way| (*way).to_owned()).collect());
    check_both_ways(&travelled);
    // Four parts are played, each at its own address (P5).
    for (party, role) in [("buyer", "buyer"), ("shop", "shop"), ("pay", "payment"), ("ship", "delivery")] {
        assert_eq!(town.does(party, &["status", "--json"]).json()["role"], role);
        let roles: BTreeSet<String> =
            town.entries(party).iter().filter_map(|entry| entry.get("Mailorder-Role")).flatten().cloned().collect();
        assert_eq!(roles, BTreeSet::from([role.to_owned()]), "{party}");
    }
}

#[test]
fn shop_payment_and_delivery_at_one_address_are_one_sender_p6() {
    let town = Town::fresh();
    alone(&town);
    let (id, number) = town.bought("SH-41", 1, &[]);
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.does("shop", &["pay", "notify", &number, "--paid"]);
    town.does("shop", &["ship", "notify", &number, "--delivered"]);
    town.settle();
    // To the buyer it is one correspondent with one key, who counts all its letters.
    let shown = town.show("buyer", &id);
    let legs = shown["legs"].as_array().unwrap();
    let party = serde_json::json!({"address": "shop@demo.test", "fingerprint": town.fingerprint("shop")});
    assert!(legs.iter().all(|leg| leg["agent"] == party), "{shown}");
    let came = shown["letters"].as_array().unwrap().iter().filter(|letter| letter["direction"] == "in");
    let (peers, seqs): (BTreeSet<_>, BTreeSet<_>) =
        came.map(|letter| (letter["peer"].as_str().unwrap(), letter["seq"].as_u64().unwrap())).unzip();
    assert_eq!((peers, seqs.len() >= 7), (BTreeSet::from(["shop@demo.test"]), true));
    assert_eq!(seqs, (1..).take(seqs.len()).collect(), "counted together, without a hole");
    let accepted = town.does("buyer", &["key", "list", "--json"]).json();
    assert_eq!(accepted["keys"].as_array().unwrap().len(), 1);
    town.check_stands("buyer", &id, "completed", [true; 3]);
    // At the shop each part has its own view, and the letters between them were never mailed.
    for (role, done) in [("shop", [true; 3]), ("payment", [false, false, true]), ("delivery", [false, true, false])] {
        let shown = town.does("shop", &["show", "--json", &number, "--role", role]).json();
        let marks: Vec<bool> =
            shown["legs"].as_array().unwrap().iter().map(|leg| leg["done"].as_bool().unwrap()).collect();
        assert_eq!((&shown["role"], marks), (&role.into(), done.to_vec()));
        assert_eq!(town.lists("shop", &["--role", role]).len(), 1, "{role}");
    }
    assert_eq!(town.show("shop", &number)["role"], "shop", "where no part is named, the first");
    assert!(town.lists("pay", &[]).is_empty() && town.lists("ship", &[]).is_empty());
    let entries = town.entries("shop");
    let within = entries.iter().filter(|entry| field(entry, "Mailorder-Peer") == "shop@demo.test");
    let kinds: BTreeSet<String> = within.map(|entry| field(entry, "Mailorder-Kind")).collect();
    let expected = ["delivery-instruction", "delivery-status", "payment-instruction", "payment-status"];
    assert_eq!(kinds, expected.map(str::to_owned).into());
    town.check_peace();
}

#[test]
fn an_index_that_lags_behind_has_a_letter_within_the_address_in_both_its_parts_p6() {
    let town = Town::fresh();
    alone(&town);
    let (_, number) = town.bought("SH-41", 1, &[]);
    // As after a crash between ledger and index: what the payment part writes to the shop is in the ledger alone.
    let (index, kept) = (town.path("shop/index.sqlite"), town.path("kept.sqlite"));
    assert!(!town.path("shop/index.sqlite-wal").exists(), "all of it is in one file");
    fs::copy(&index, &kept).unwrap();
    town.does("shop", &["pay", "notify", &number, "--paid"]);
    fs::copy(&kept, &index).unwrap();
    let shown = town.does("shop", &["show", "--json", &number, "--role", "shop"]).json();
    assert!(shown["letters"].as_array().unwrap().len() > 3 && shown["legs"][2]["done"] == true, "{shown}");
    Accounts { dir: town.path("") }.check("shop", "caught up");
}

#[test]
fn the_program_is_one_file_that_plays_the_demonstration_where_nothing_else_is_p8() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("mailorder");
    install(&program, &fs::read(env!("CARGO_BIN_EXE_mailorder")).unwrap());
    let run = |args: &[&str]| {
        let output = Command::new(&program).args(args).current_dir(folder.path()).env_clear().output().unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["demo", "--dir", "play"]);
    let list: serde_json::Value =
        serde_json::from_str(&run(&["-c", "play/buyer/config.toml", "list", "--json"])).unwrap();
    let states: BTreeSet<&str> =
        list["transactions"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, BTreeSet::from(["cancelled", "completed", "open", "refunded", "rejected"]));
    let mut there: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    there.sort();
    assert_eq!(there, ["mailorder", "play"]);
    // What it says of itself is in it as well.
    assert!(run(&["--help"]).contains("Try it without a mail account"));
    assert!(run(&["completions", "bash"]).contains("mailorder"));
    assert_eq!(mailorder(folder.path(), &["--version"]).out, run(&["--version"]));
}

#[test]
fn what_the_demonstration_prints_has_shop_and_agents_answer_the_buyer() {
    let folder = tempfile::tempdir().unwrap();
    let told = mailorder(folder.path(), &["demo", "--dir", "play"]);
    let line = told.err.lines().find(|line| line.contains("for who in")).unwrap_or_else(|| panic!("{told:?}"));
    let buyer = |args: &[&str]| mailorder(folder.path(), &[&["-c", "play/buyer/config.toml"], args].concat());
    let answer = || {
        let path = Path::new(env!("CARGO_BIN_EXE_mailorder")).parent().unwrap();
        let path = format!("{}:/usr/bin:/bin", path.display());
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(folder.path()).env_clear().env("HOME", folder.path()).env("PATH", path);
        assert!(shell.status().unwrap().success(), "{line}");
    };
    let waiting = || buyer(&["list", "unconfirmed", "--json"]).json()["transactions"].as_array().unwrap().clone();
    let order = buyer(&["order", "--shop", "shop@demo.test", "--item", "SH-41=1", "--pay", "card"]);
    assert_eq!(order.code, Some(0), "{order:?}");
    answer();
    let offers = waiting();
    assert_eq!(offers.len(), 1, "{offers:?}");
    let id = offers[0]["id"].as_str().unwrap();
    assert_eq!(buyer(&["confirm", id]).code, Some(0));
    answer();
    let shown = buyer(&["show", id, "--json"]).json();
    assert_eq!(shown["state"], "open", "{shown}");
    assert!(shown["letters"].as_array().unwrap().iter().any(|one| one["kind"] == "payment-status"), "{shown}");
}

/// A program that is ended with the test, however that ends.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn shop_and_agents_answer_while_the_page_of_the_demonstration_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut page = Command::new(env!("CARGO_BIN_EXE_mailorder"))
        .args(["--json", "demo", "--dir", "play", "--serve"])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let stdout = page.stdout.take().unwrap();
    let _page = Ended(page);
    let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("mailorder.serve/1")), "the page is open");
    let buyer = |args: &[&str]| mailorder(folder.path(), &[&["-c", "play/buyer/config.toml"], args].concat());
    // Something waits on each screen: terms, terms that differ, what failed, what is said again, rules that did nothing yet.
    let unconfirmed = || buyer(&["list", "unconfirmed", "--json"]).json()["transactions"].as_array().unwrap().clone();
    let waiting = unconfirmed();
    let differing = |one: &serde_json::Value| {
        let shown = buyer(&["--json", "confirm", one["id"].as_str().unwrap(), "--dry-run"]).json();
        shown["differs"].as_array().unwrap().len()
    };
    assert_eq!(waiting.iter().map(differing).collect::<Vec<usize>>(), [2, 0], "newest first: {waiting:?}");
    let list = buyer(&["--json", "list"]).json();
    assert_eq!(list["failed"][0]["leg"], "delivery", "{list}");
    let wrong = buyer(&["--json", "warnings"]).json()["warnings"].clone();
    let wrong: Vec<&serde_json::Value> =
        wrong.as_array().unwrap().iter().filter(|one| one["finding"] == "amount-differs").collect();
    assert_eq!(wrong.len(), 1, "one warning: {wrong:?}");
    let letters = buyer(&["show", wrong[0]["number"].as_str().unwrap(), "--json"]).json()["letters"].clone();
    let stated = letters.as_array().unwrap().iter().filter(|one| one["verdict"] == "warned").count();
    assert_eq!(stated, 2, "for what was stated twice: {letters}");
    let rules = buyer(&["schedule", "list", "--json"]).json()["rules"].as_array().unwrap().len();
    assert_eq!(rules, 2);
    let order = buyer(&["order", "--shop", "shop@demo.test", "--item", "SH-41=1", "--pay", "card"]);
    assert_eq!(order.code, Some(0), "{order:?}");
    let begun = Instant::now();
    let offers = loop {
        let waiting = unconfirmed();
        if waiting.len() > 2 || begun.elapsed() > Duration::from_secs(60) {
            break waiting;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    assert_eq!(offers.len(), 3, "{offers:?}");
}

#[test]
fn each_order_has_the_agents_of_its_terms_p9() {
    let town = Town::fresh();
    let more = "shops = [\"shop@demo.test\"]\n";
    town.join("pay2", "Second Bank", &["payment"], &format!("[payment]\n{more}"));
    town.join("ship2", "Second Parcel", &["delivery"], &format!("[delivery]\n{more}"));
    for agent in ["pay2", "ship2"] {
        town.accept("shop", agent);
        town.accept(agent, "shop");
    }
    let steps = "steps = [\"terms\", \"confirmation\", \"payment\", \"delivery\"]\n";
    let one = format!("payment = \"card\"\n{steps}{}", town.agents("pay", "ship"));
    let other = format!("payment = \"invoice\"\n{steps}{}", town.agents("pay2", "ship2"));
    let third = format!("payment = \"e-money\"\n{steps}{}", town.agents("pay2", "ship"));
    town.procedures(&[&one, &other, &third]);
    // The buyer has never heard of any agent, and its configuration names none.
    let config = fs::read_to_string(town.path("buyer/config.toml")).unwrap();
    assert!(!config.contains("pay") && !config.contains("ship"), "{config}");
    assert_eq!(town.does("buyer", &["key", "list", "--json"]).json()["keys"].as_array().unwrap().len(), 1);
    for (method, pay, ship) in [("card", "pay", "ship"), ("invoice", "pay2", "ship2"), ("e-money", "pay2", "ship")] {
        let (id, number) = town.bought("SH-41", 1, &["--pay", method]);
        let shown = town.show("buyer", &id);
        let named: Vec<&str> =
            shown["legs"].as_array().unwrap().iter().map(|leg| leg["agent"]["address"].as_str().unwrap()).collect();
        assert_eq!(named, ["shop@demo.test", &format!("{ship}@demo.test"), &format!("{pay}@demo.test")]);
        // Requests go to these, and only these know of it.
        town.does("buyer", &["ask", &id]);
        for agent in ["pay", "ship", "pay2", "ship2"] {
            let takes_part = agent == pay || agent == ship;
            assert_eq!(town.post(agent).len(), usize::from(takes_part), "{method}: {agent}");
            assert_eq!(town.lists(agent, &[]).iter().any(|row| row["number"] == number.as_str()), takes_part);
        }
        town.settle();
        town.does(pay, &["pay", "notify", &number, "--paid"]);
        town.does(ship, &["ship", "notify", &number, "--delivered"]);
        town.settle();
        town.check_stands("buyer", &id, "open", [false, true, true]);
    }
    town.check_peace();
}
