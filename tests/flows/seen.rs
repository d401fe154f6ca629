//! Who sees what (P105): the table of `docs/security.md` against every byte on each party's disk, after a purchase in which
//! everything is said that can be said.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use super::private::holding;
use crate::support::accounts::files;
use crate::support::program::Town;

const PAGE: &str = include_str!("../../docs/security.md");
/// The columns of the table, after the first.
const PARTIES: [&str; 4] = ["buyer", "shop", "pay", "ship"];
const CARD: &str = "4556737586899855";

/// What a purchase is played with that the buyer alone chooses.
struct Played {
    town: Town,
    id: String,
    number: String,
}

/// Plays a purchase to its end and back, with a report of each sort; leaves nothing tidied up behind.
fn played(pay: &str, shows: Option<[&str; 2]>) -> Played {
    let town = Town::fresh();
    if let Some([pay, ship]) = shows {
        let agents = town.agents_shown("pay", pay, "ship", ship);
        let steps = "[\"terms\", \"confirmation\", \"delivery\", \"payment\"]";
        town.procedures(&[&format!("steps = {steps}\n{agents}")]);
    }
    town.configure("shop", |text| text.replace("[shop]\n", "[shop]\nvat_id = \"T1234567890123\"\n"));
    let card = town.path("../card");
    fs::write(&card, format!("number = {CARD}\nexpiry = 08 / 31\nname = ONO KENJI\n")).unwrap();
    let sealed = ["--payment-data", card.to_str().unwrap(), "--payment-agent", "pay@demo.test"];
    let wish = ["--pay", pay, "--deliver", "parcel", "--remarks", "leave it with the neighbour"];
    let wish = if pay == "card" {
        town.accept("buyer", "pay");
        [&wish[..], &sealed].concat()
    } else {
        wish.to_vec()
    };
    let (id, number) = town.bought("SH-41", 2, &wish);
    fs::remove_file(&card).unwrap();
    let notify = |party: &str, words: &[&str]| {
        town.does(party, &[&[party, "notify", &number][..], words].concat());
        town.settle();
    };
    notify("ship", &["--event", "Sorted", "--place", "Nagoya terminal"]);
    notify("ship", &["--failed", "nobody opened the door"]);
    notify("pay", &["--declined", "no funds on the account"]);
    notify("shop", &["--shipped", "--tracking", "EP-998877"]);
    notify("ship", &["--delivered"]);
    town.does("buyer", &["cancel", &id, "--reason", "ordered by mistake"]);
    town.settle();
    notify("pay", &["--paid", "--reference", "B-552201"]);
    town.does("buyer", &["ask", &id, "--leg", "order", "--leg", "payment", "--leg", "delivery"]);
    town.settle();
    town.does("buyer", &["return", &id, "--reason", "the sleeves are too short"]);
    town.settle();
    let played = Played { town, id, number };
    played.leave_behind();
    played
}

impl Played {
    /// Leaves on the agents' disks what an account holds that was stopped in the middle: mail set aside, letters not sent,
    /// an index whose last changes are in its journal; and beside it all what its commands print.
    fn leave_behind(&self) {
        let town = &self.town;
        for party in ["pay", "ship"] {
            let mut damaged =
                fs::read(&holding(&town.path(&format!("{party}/ledger/originals")), "BEGIN PGP MESSAGE")[0]).unwrap();
            let text = String::from_utf8_lossy(&damaged);
            let middle =
                usize::midpoint(text.find("-----BEGIN PGP MESSAGE").unwrap(), text.find("-----END PGP").unwrap());
            let at = (middle..).find(|at| damaged[*at].is_ascii_alphanumeric()).unwrap();
            damaged[at] = if damaged[at] == b'A' { b'B' } else { b'A' };
            fs::write(town.path(&format!("mail/{party}@demo.test/new/damaged.eml")), damaged).unwrap();
            self.killed_at_work(party);
        }
        town.does("pay", &["--offline", "pay", "notify", &self.number, "--refunded"]);
        for party in PARTIES {
            let mut printed = String::new();
            for words in [
                &["show", &self.number][..],
                &["list"],
                &["warnings", "--all"],
                &["status"],
                &["outbox", "list"],
                &["audit", "verify"],
            ] {
                let run = town.run(party, words);
                let json = town.run(party, &[words, &["--json"]].concat());
                printed += &[run.out, run.err, json.out, json.err].concat();
            }
            fs::write(town.path(party).join("printed"), printed).unwrap();
        }
        assert_eq!(
            files(&town.path("pay/outbox"))
                .iter()
                .filter(|file| file.extension().is_some_and(|end| end == "eml"))
                .count(),
            2
        );
    }

    /// Has a party take in what lies in its mailbox, and kills it when it has.
    fn killed_at_work(&self, party: &str) {
        let town = &self.town;
        let config = town.path(party).join("config.toml");
        let mut watch = Command::new(env!("CARGO_BIN_EXE_mailorder"))
            .arg("-c")
            .arg(config)
            .args(["watch", "--seconds", "60"])
            .env("HOME", town.path(party))
            .spawn()
            .unwrap();
        let begun = Instant::now();
        let aside = town.path(&format!("{party}/set-aside/new"));
        while files(&aside).is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(60), "{party} did not set it aside");
            std::thread::sleep(Duration::from_millis(50));
        }
        watch.kill().unwrap();
        watch.wait().unwrap();
        let journal = fs::metadata(town.path(&format!("{party}/index.sqlite-wal")));
        assert!(
            journal.is_ok_and(|journal| journal.len() > 0),
            "{party}: the journal of the index is looked through, too"
        );
    }

    /// Returns whether a party has any of these texts.
    fn has(&self, party: &str, texts: &[String]) -> bool {
        texts.iter().any(|text| !holding(&self.town.path(party), text).is_empty())
    }

    /// Returns what each row of the table is looked for by.
    fn rows(&self) -> Vec<(&'static str, Vec<String>)> {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
        vec![
            ("names and article numbers of the goods", texts(&["シャツ", "SH-41"])),
            ("how many pieces of each line", texts(&["orderQuantity", "eligibleQuantity"])),
            (
                "prices and charges, one by one",
                texts(&["JPY 4300", "\"4300\"", "JPY 500", "\"500\"", "Parcel delivery"]),
            ),
            ("the sum", texts(&["JPY 9100", "\"9100\"", "JPY 9,100"])),
            ("the payment method", texts(&["\"paymentMethod\"", "payment_method"])),
            ("last four digits of the card", texts(&["\"9855\""])),
            ("card or account, sealed to the payment agent", texts(&["mo:sealed"])),
            ("card or account in clear", texts(&[CARD, "08 / 31", "ONO KENJI"])),
            ("the buyer's name", texts(&["小野 賢治"])),
            ("the buyer's mail address", texts(&["buyer@demo.test"])),
            ("the buyer's telephone number", texts(&["+81-3-1234-5678"])),
            ("where the goods go", texts(&["千代田", "100-0001"])),
            ("remarks to the shop", texts(&["leave it with the neighbour"])),
            ("the shop's conditions and tax number", texts(&["Return within 14 days", "T1234567890123"])),
            ("why something is cancelled or goes back", texts(&["ordered by mistake", "the sleeves are too short"])),
            (
                "why a payment failed, and the payment agent's reference",
                texts(&["no funds on the account", "B-552201"]),
            ),
            (
                "the parcel's way, why it failed, its tracking number",
                texts(&["Nagoya terminal", "nobody opened the door", "EP-998877"]),
            ),
            ("who the payment agent is", texts(&["pay@demo.test"])),
            ("who the delivery agent is", texts(&["ship@demo.test"])),
            ("the transaction's number", vec![self.number.clone()]),
            ("the order's ID, which the payment data are bound to", vec![self.id.clone()]),
        ]
    }
}

/// Returns the rows of the table: what, and who sees it.
fn table() -> BTreeMap<String, [String; 4]> {
    let (_, below) = PAGE.split_once("\n## Who sees what\n").expect("the page has the table");
    let below = below.split("\n## ").next().unwrap();
    let rows = below.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [what, cells @ ..] = &cells[..] else { panic!("{line}") };
        let cells: [&str; 4] = cells.try_into().unwrap_or_else(|_| panic!("five cells: {line}"));
        ((*what).to_owned(), cells.map(str::to_owned))
    })
    .collect()
}

#[test]
fn the_table_of_who_sees_what_is_what_lies_on_each_disk_p105() {
    let by_card = played("card", None);
    let cash = played("cash-on-delivery", None);
    let shown = played("card", Some([r#""items", "prices", "address""#, r#""items", "prices", "sum""#]));
    let mut found = BTreeMap::new();
    for (((what, texts), (_, in_cash)), (_, if_shown)) in by_card.rows().into_iter().zip(cash.rows()).zip(shown.rows())
    {
        let cell = |party: &str| {
            let others = (cash.has(party, &in_cash), shown.has(party, &if_shown));
            match (by_card.has(party, &texts), others) {
                (true, _) => "yes",
                (false, (true, true)) => "with cash on delivery, or if shown",
                (false, (true, false)) => "with cash on delivery",
                (false, (false, true)) => "if shown",
                (false, (false, false)) => "no",
            }
        };
        found.insert(what.to_owned(), PARTIES.map(|party| cell(party).to_owned()));
    }
    assert_eq!(found, table());
}
