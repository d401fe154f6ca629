//! Read by the programs it is for: hledger, ledger, Python's csv and icalendar.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::OnceLock;

use mailorder::view::export::Format;
use mailorder::view::harmless::escape;
use serde_json::Value;

use super::names::{HOSTILE, bought, check_cell, export};
use crate::support::accounts;
use crate::support::program::Town;

/// Runs a program on this input; it must succeed and complain of nothing.
fn asked(program: &str, args: &[&str], input: &str) -> String {
    let output = accounts::run(Command::new(program).args(args).env("LC_ALL", "C.UTF-8"), input.as_bytes());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.is_empty(), "{program} {args:?}: {said}\n{input}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the balances of `account` as a program reckons them, by currency.
fn balance(program: &str, account: &str, journal: &str) -> BTreeMap<String, String> {
    let end = if program == "hledger" { "-N" } else { "--no-total" };
    let text = asked(program, &["-f", "-", "balance", account, "--depth", "2", end], journal);
    let amounts = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (currency, amount) = (words.next()?, words.next()?);
        (currency.len() == 3).then(|| (currency.to_owned(), amount.to_owned()))
    });
    amounts.collect()
}

/// Returns what `list --json` says is unpaid, as a balance of what is owed.
fn unpaid(town: &Town) -> BTreeMap<String, String> {
    let list = town.does("buyer", &["list", "--json"]).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let sums = list["unpaid"].as_array().unwrap();
    sums.iter().map(|sum| (text(&sum["currency"]), format!("-{}", text(&sum["amount"])))).collect()
}

/// A buyer of two shops with purchases in every turn: paid, in part, given back in part, cancelled, offered, in two
/// currencies.
pub fn traded() -> Town {
    static FIRST: OnceLock<Town> = OnceLock::new();
    FIRST.get_or_init(trade).copied()
}

fn trade() -> Town {
    let town = Town::fresh();
    town.add_merchant();
    town.configure("mart", |text| text.replace("JPY 900", "EUR 9.50"));
    let mugs = ["order", "--json", "--shop", "mart@demo.test", "--item", "MUG;Mug;EUR 9.50;3"];
    let mugs = town.does("buyer", &mugs).json()["id"].as_str().unwrap().to_owned();
    town.settle();
    town.does("buyer", &["confirm", &mugs]);
    town.settle();
    let number = town.number("buyer", &mugs);
    town.does("mart", &["pay", "notify", &number, "--paid", "--amount", "EUR 8.25"]);
    let buys = |article: &str, quantity: u32| town.bought(article, quantity, &["--pay", "card"]);
    let (_, paid) = buys("SH-41", 1);
    let (back, returned) = buys("SH-41", 2);
    let (_, in_part) = buys("KETTLE", 1);
    let (cancelled, _) = buys("TEA-200", 3);
    buys("TEA-200", 1);
    town.does("pay", &["pay", "notify", &in_part, "--paid", "--amount", "JPY 20000"]);
    for number in [&paid, &returned] {
        town.reports(number, &[("shop", "--shipped")]);
        town.reports(number, &[("ship", "--delivered")]);
        town.reports(number, &[("pay", "--paid")]);
    }
    town.does("buyer", &["cancel", &cancelled]);
    town.does("buyer", &["return", &back, "--line", "1=1"]);
    town.settle();
    town.reports(&returned, &[("pay", "--refunded")]);
    town.orders("buyer", "KETTLE", 1, &["--pay", "card"]);
    town.settle();
    town
}

#[test]
fn hledger_and_ledger_reckon_the_unpaid_sums_of_the_list_p80() {
    let town = traded();
    let journal = town.does("buyer", &["export", "--format", "hledger"]).out;
    let expected = unpaid(&town);
    assert_eq!(expected.get("EUR").map(String::as_str), Some("-20.25"), "{expected:?}");
    assert!(expected.contains_key("JPY"), "{expected:?}");
    asked("hledger", &["-f", "-", "check", "--strict"], &journal);
    asked("ledger", &["-f", "-", "--strict", "balance"], &journal);
    for program in ["hledger", "ledger"] {
        assert_eq!(balance(program, "liabilities:unpaid", &journal), expected, "{program}");
        // What went back came from what was paid; nothing is to come back any more.
        assert_eq!(balance(program, "assets:refunds", &journal), BTreeMap::new(), "{program}");
        let spent = balance(program, "assets:paid", &journal);
        // A shirt, the shirt that was kept with the charges, and a part of the kettle.
        assert_eq!(spent["JPY"], format!("-{}", 4800 + 4800 + 20_000), "{program}");
        assert_eq!(spent["EUR"], "-8.25", "{program}");
    }
    // Each filter has its own sums, and the page's figures are of the same source.
    let tea = town.does("buyer", &["export", "--format", "hledger", "shop:mart"]).out;
    assert_eq!(balance("hledger", "liabilities:unpaid", &tea), [("EUR".to_owned(), "-20.25".to_owned())].into());
    // The shop's books are the other side of it.
    let theirs = town.does("shop", &["export", "--format", "hledger"]).out;
    asked("hledger", &["-f", "-", "check", "--strict"], &theirs);
    let owed = balance("hledger", "assets:unpaid", &theirs);
    assert_eq!(format!("-{}", owed["JPY"]), expected["JPY"]);
}

#[test]
fn no_name_forges_a_posting_for_hledger_or_ledger() {
    let hostile: Vec<_> = HOSTILE.iter().map(|name| bought(name)).collect();
    let plain: Vec<_> = HOSTILE.iter().map(|_| bought("Plain")).collect();
    let (hostile, plain) = (export(&hostile, Format::Hledger, false), export(&plain, Format::Hledger, false));
    asked("hledger", &["-f", "-", "check", "--strict"], &hostile);
    let questions: [(&str, &[&str]); 5] = [
        ("hledger", &["-f", "-", "balance", "--flat"]),
        ("hledger", &["-f", "-", "codes"]),
        ("hledger", &["-f", "-", "balance", "--monthly", "--no-elide"]),
        ("ledger", &["-f", "-", "--strict", "balance", "--flat"]),
        ("ledger", &["-f", "-", "register", "--format", "%(date) %(code) %(account) %(amount) %(note)\n"]),
    ];
    for (program, args) in questions {
        assert_eq!(asked(program, args, &hostile), asked(program, args, &plain), "{program} {args:?}");
    }
}

#[test]
fn python_reads_the_table_as_it_was_meant() {
    let transactions: Vec<_> = HOSTILE.iter().map(|name| bought(name)).collect();
    let reads = "import csv, io, json, sys\n\
                 text = sys.stdin.buffer.read().decode('utf-8-sig')\n\
                 rows = csv.DictReader(io.StringIO(text, newline=''), strict=True)\n\
                 print(json.dumps([[row['shop_name'], row['goods'], row['total'], None in row] for row in rows]))\n";
    for spreadsheet in [false, true] {
        let rows = asked("/usr/bin/python3", &["-c", reads], &export(&transactions, Format::Csv, spreadsheet));
        let rows: Vec<(String, String, String, bool)> = serde_json::from_str(&rows).unwrap();
        assert_eq!(rows.len(), HOSTILE.len());
        for ((shop, goods, total, more), name) in rows.iter().zip(HOSTILE) {
            check_cell(shop, name);
            assert_eq!((total.as_str(), *more), ("4800", false));
            assert!(goods.replace('\'', "").contains(&escape(name).replace('\'', "")), "{goods:?}");
        }
    }
}

#[test]
fn icalendar_reads_the_events_that_were_meant_p84_p85() {
    let reads = "import icalendar, json, sys\n\
                 calendar = icalendar.Calendar.from_ical(sys.stdin.buffer.read())\n\
                 events = [part for part in calendar.walk() if part.name == 'VEVENT']\n\
                 print(json.dumps([[str(e['UID']), str(e['SUMMARY']), e['DTSTART'].dt.isoformat(), len(e.errors)] for e in events]))\n";
    let read = |calendar: &str| -> Vec<(String, String, String, u32)> {
        serde_json::from_str(&asked("/usr/bin/python3", &["-c", reads], calendar)).unwrap()
    };
    for name in HOSTILE {
        let events = read(&export(&[bought(name)], Format::Ics, false));
        let days: Vec<&str> = events.iter().map(|(_, _, day, _)| day.as_str()).collect();
        assert_eq!(days, ["2026-07-22", "2026-08-31"], "{name:?}");
        assert!(events.iter().all(|(uid, .., errors)| uid.ends_with("@mailorder.invalid") && *errors == 0));
        assert!(events[1].1.starts_with("Payment due JPY 2,800: "), "{events:?}");
    }
    // A whole account.
    let town = traded();
    let events = read(&town.does("buyer", &["export", "--format", "ics"]).out);
    let due = town.list(&["unpaid"]).iter().filter(|one| one["payment"]["date"].is_string()).count();
    assert_eq!(events.iter().filter(|(uid, ..)| uid.contains("-payment@")).count(), due);
}
