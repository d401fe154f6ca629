//! What a buyer's program does by itself stays within what its owner can have meant: whom he lets collect, and which terms are
//! agreed to without him.

use std::fs;
use std::path::PathBuf;

use crate::support::accounts::field;
use crate::support::program::Town;

/// Says OK by itself to what agrees with the order.
fn matching(town: &Town, more: &str) {
    town.configure("buyer", |text| text.replace("[buyer]\n", &format!("[buyer]\nconfirm = \"matching\"\n{more}")));
}

fn ordered(town: &Town) -> String {
    let id = town.orders("buyer", "SH-41", 1, &["--pay", "invoice"]);
    town.settle();
    id
}

#[test]
fn an_address_on_the_list_of_payment_agents_counts_with_the_key_accepted_for_it_b75() {
    let town = Town::acquainted();
    town.configure("buyer", |text| format!("{text}\n[trust]\npayment_agents = [\"pay@demo.test\"]\n"));
    let listed = |run: &[&str]| town.does("buyer", run).json()["warnings"].to_string();
    let id = ordered(&town);
    let warnings = listed(&["warnings", "--json"]);
    assert!(warnings.contains("below-trust") && warnings.contains("pay@demo.test"), "{warnings}");
    town.check_stands("buyer", &id, "ordered", [false; 3]);
    // With its key accepted, the same agent is the one of the list.
    town.accept("buyer", "pay");
    let id = ordered(&town);
    town.does("buyer", &["confirm", &id]);
    assert_eq!(listed(&["warnings", "--json"]).matches("below-trust").count(), 1, "of the first alone");
    town.check_stands("buyer", &id, "open", [false; 3]);
}

#[test]
fn conditions_that_nobody_agreed_to_are_agreed_to_by_nobody_but_a_person() {
    let town = Town::acquainted();
    matching(&town, "");
    let id = ordered(&town);
    // The shop states conditions, and this is the first time.
    town.check_stands("buyer", &id, "offered", [false; 3]);
    town.does("buyer", &["confirm", &id]);
    town.settle();
    let id = ordered(&town);
    town.check_stands("buyer", &id, "open", [false; 3]);
    town.configure("shop", |text| {
        text.replace("Return within 14 days", "A fee of JPY 50000 a month. Return within 14 days")
    });
    let id = ordered(&town);
    town.check_stands("buyer", &id, "offered", [false; 3]);
}

#[test]
fn what_would_reach_the_unpaid_limit_is_agreed_to_by_nobody_but_a_person_p81() {
    let town = Town::acquainted();
    town.configure("shop", |text| text.replace("conditions = \"Return within 14 days of arrival, unused\"\n", ""));
    matching(&town, "unpaid_limits = [\"JPY 9600\"]\n");
    let first = ordered(&town);
    town.check_stands("buyer", &first, "open", [false; 3]);
    let second = ordered(&town);
    town.check_stands("buyer", &second, "offered", [false; 3]);
}

#[test]
fn a_sum_too_large_for_an_amount_is_told_as_over_the_limit_p81() {
    let town = Town::acquainted();
    town.configure("buyer", |text| text.replacen("[buyer]\n", "[buyer]\nunpaid_limits = [\"JPY 900000000000\"]\n", 1));
    let owed = || {
        let id = town.orders("buyer", "KETTLE", 20_000_000, &["--pay", "invoice"]);
        town.settle();
        let told = town.does("buyer", &["confirm", &id, "--dry-run", "--json"]).json()["owed"].clone();
        town.does("buyer", &["confirm", &id]);
        town.settle();
        told
    };
    assert!(owed().is_null());
    let owed = owed();
    let amount = |name: &str| owed[name]["amount"].as_str().map(str::to_owned);
    assert_eq!(amount("now").as_deref(), Some("720000000500"), "{owed}");
    assert_eq!(amount("then").as_deref(), Some("999999999999"), "{owed}");
    // Nothing is wrong with an index whose sum is no amount: all stands at the largest one.
    for party in ["buyer", "shop"] {
        let list = town.does(party, &["list", "--json"]).json();
        assert_eq!(list["unpaid"][0]["amount"], "999999999999", "{list}");
        let status = town.does(party, &["status"]);
        assert!(status.out.contains("999,999,999,999") && !status.err.contains("index"), "{status:?}");
    }
}

/// Where the originals of a party's mail go, so that none can be moved there.
struct Blocked {
    originals: PathBuf,
    aside: PathBuf,
}

impl Blocked {
    fn new(town: &Town, party: &str) -> Self {
        let (originals, aside) =
            (town.path(&format!("{party}/ledger/originals")), town.path(&format!("{party}/aside")));
        fs::rename(&originals, &aside).unwrap();
        fs::create_dir(&originals).unwrap();
        (0..=255).for_each(|byte| fs::write(originals.join(format!("{byte:02x}")), "no folder").unwrap());
        Self { originals, aside }
    }

    fn free(self) -> PathBuf {
        fs::remove_dir_all(&self.originals).unwrap();
        fs::rename(&self.aside, &self.originals).unwrap();
        self.originals
    }
}

#[test]
fn an_original_that_could_not_be_moved_into_the_ledger_is_moved_with_the_next_pass() {
    let town = Town::acquainted();
    town.orders("buyer", "SH-41", 1, &["--pay", "invoice"]);
    let blocked = Blocked::new(&town, "shop");
    let failed = town.run("shop", &["sync"]);
    assert_eq!(failed.code, Some(74), "{failed:?}");
    let order = |town: &Town| {
        town.entries("shop")
            .into_iter()
            .find(|fields| field(fields, "Mailorder-Kind") == "order" && field(fields, "Mailorder-Direction") == "in")
    };
    let entry = order(&town).expect("the entry was committed");
    let originals = blocked.free();
    town.settle();
    let original = field(&entry, "Mailorder-Original");
    let hex = original.split_whitespace().next().unwrap().trim_start_matches("sha256:").to_owned();
    assert!(originals.join(&hex[..2]).join(format!("{hex}.eml")).is_file(), "{original}");
    assert!(town.does("shop", &["audit", "verify"]).out.contains("clean"));
}

#[test]
fn a_warning_that_came_in_a_pass_that_failed_is_told_of_in_it() {
    let town = Town::acquainted();
    let id = ordered(&town);
    town.does("buyer", &["confirm", &id]);
    town.settle();
    town.misbills(&id, 9_999);
    let blocked = Blocked::new(&town, "buyer");
    let failed = town.run("buyer", &["sync"]);
    assert!(failed.code == Some(74) && format!("{failed:?}").contains("amount-differs"), "{failed:?}");
    blocked.free();
    assert!(!format!("{:?}", town.does("buyer", &["sync"])).contains("amount-differs"), "it is no news any more");
}
