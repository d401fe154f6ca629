//! Wrong usage, wrong files and what is wrong with them, told in Japanese: nothing but names, values, paths and commands is left
//! in English, the exit code is the same, and programs are told what they are in every language.

use std::fs;

use crate::support::accounts::files;
use crate::support::english::english_words;
use crate::support::program::{Run, Town, mailorder};

/// Returns the lines of a run that have English words of ours. Lines that are set in list what is named.
fn left(run: &Run) -> Vec<String> {
    let lists = |line: &str| line.starts_with("  ") && (line.is_ascii() || line.starts_with("  使える値："));
    let lines = run.out.lines().chain(run.err.lines()).filter(|line| !lists(line));
    let lines = lines.map(|line| line.strip_prefix("mailorder: ").unwrap_or(line));
    lines.filter(|line| !english_words(line).is_empty()).map(str::to_owned).collect()
}

/// Runs each command in both languages; returns what is left in English, and what ends otherwise.
fn faults(town: &Town, party: &str, commands: &[(&[&str], i32)]) -> Vec<String> {
    let mut faults = Vec::new();
    for (words, code) in commands {
        let told = town.run(party, &[&["--lang", "ja"], *words].concat());
        let english = town.run(party, words);
        faults.extend(left(&told).into_iter().map(|line| format!("{words:?}: {line}")));
        if (told.code, english.code) != (Some(*code), Some(*code)) {
            faults.push(format!("{words:?} ends with {:?} and {:?}, not {code}: {told:?}", told.code, english.code));
        }
        let json = |language| town.run(party, &[&["--json", "--lang", language], *words].concat()).err;
        if json("ja") != json("en") {
            faults.push(format!("{words:?} tells programs otherwise in Japanese"));
        }
    }
    faults
}

#[test]
fn wrong_usage_is_told_in_japanese() {
    let town = Town::played();
    let wrong: [&[&str]; 30] = [
        &["list", "--undelivred"],
        &["list", "--no-such-thing"],
        &["lsit"],
        &["confirm"],
        &["confirm", "K5QW3Z", "more"],
        &["order", "--item"],
        &["show"],
        &["list", "--role", "seller"],
        &["list", "--limit", "0"],
        &["list", "--from", "yesterday"],
        &["list", "--from", "2026-11-08", "--month", "2026-11"],
        &["--color", "allways", "list"],
        &["demo", "--transactions", "5001"],
        &["demo", "--transactions", "many"],
        &["export", "--format", "xml"],
        &["export", "--format", "hledger", "--spreadsheet"],
        &["order", "--to", "city"],
        &["order", "--to", "planet=Mars"],
        &["received", "K5QW3Z", "--line", "1"],
        &["received", "K5QW3Z", "--all", "--date", "yesterday"],
        &["ask", "K5QW3Z", "--leg", "goods"],
        &["warnings", "ack", "twelve"],
        &["ledger", "redact", "3", "--reason", " "],
        &["shop", "notify", "K5QW3Z"],
        &["shop", "notify", "K5QW3Z", "--shipped", "yesterday"],
        &["shop", "change", "K5QW3Z"],
        &["shop", "change", "K5QW3Z", "--price", "cheaper"],
        &["ship", "notify", "K5QW3Z", "--called", "film.mkv"],
        &["ship", "notify", "K5QW3Z", "--link", "http://files.example/a", "--size", "4", "--sha256", "00"],
        &["ship", "notify", "K5QW3Z", "--link", "https://files.example/a", "--size", "4", "--sha256", "00"],
    ];
    assert_eq!(faults(&town, "buyer", &wrong.map(|words| (words, 2))), Vec::<String>::new());
    // What a command without its command would be is help, in Japanese as well.
    let run = town.run("buyer", &["--lang", "ja", "shop"]);
    assert!(run.code == Some(2) && run.err.contains("使い方：mailorder shop") && !run.err.contains("Usage"), "{run:?}");
}

#[test]
fn what_is_not_there_is_told_in_japanese() {
    let town = Town::played();
    let wrong: [(&[&str], i32); 17] = [
        (&["show", "NOPE"], 65),
        (&["key", "show", "nobody@demo.test"], 65),
        (&["key", "import", "nowhere.asc"], 65),
        (&["key", "import", "config.toml"], 65),
        (&["import", "nowhere"], 65),
        (&["inspect", "nowhere"], 65),
        (&["audit", "verify", "nowhere"], 65),
        (&["audit", "verify", "keys"], 65),
        (&["outbox", "drop", "42"], 65),
        (&["warnings", "ack", "W-99999"], 65),
        (&["order", "--shop", "shop@demo.test", "--item", "a;b"], 2),
        (&["--no-input", "order"], 2),
        (&["list", "amount:much"], 2),
        (&["ledger", "redact", "99999", "--reason", "asked for", "--yes"], 65),
        (&["shop", "catalog", "list"], 78),
        (&["pay", "data", "K5QW3Z"], 65),
        (&["show", ""], 2),
    ];
    assert_eq!(faults(&town, "buyer", &wrong), Vec::<String>::new());
    let run = mailorder(town.home(), &["-c", "nowhere.toml", "--lang", "ja", "list"]);
    assert!(run.code == Some(78) && run.err.contains("mailorder -c nowhere.toml init"), "{run:?}");
    assert_eq!(left(&run), Vec::<String>::new());
}

#[test]
fn wrong_rows_of_a_file_are_told_in_japanese() {
    let town = Town::played();
    let wrong = [
        ("shop", "unknown.csv", "txn,shipped\nNOPE,now\nK,\n"),
        ("shop", "column.csv", "txn,shiped\nNOPE,now\n"),
        ("shop", "no-txn.csv", "shipped\nnow\n"),
        ("shop", "quote.csv", "txn,shipped\n\"NOPE,now\n"),
        ("shop", "cells.csv", "txn,shipped\nNOPE\n"),
        ("shop", "rows.jsonl", "{\"txn\": \"K\", \"shipped\": 1.5}\n[]\nno\n{\"txn\": \"K\", \"delivered\": true}\n"),
        ("shop", "dates.csv", "txn,shipped\nK,tomorrow\nK,2026-11-08 17:40\n"),
        ("shop", "word.csv", "txn,status\nK,on its way\n"),
        ("shop", "signs.csv", "txn,tracking,shipped\nA,\"a\nb\",now\nB,a\u{1b}b,now\nC,a\u{202e}b,now\n"),
        ("shop", "empty.csv", ""),
        ("pay", "amounts.csv", "txn,paid,amount\nA,now,5\nB,now,JPY 1x\nC,now,\"1,000\"\n"),
        ("ship", "goods.csv", "txn,link,size,sha256\nA,https://files.example/a,4,00\n"),
    ];
    let mut faults = Vec::new();
    for (party, name, text) in wrong {
        let file = town.path(name);
        fs::write(&file, text).unwrap();
        let run = town.run(party, &["--lang", "ja", party, "notify", "--from", file.to_str().unwrap()]);
        assert_eq!(run.code, Some(65), "{name}: {run:?}");
        faults.extend(left(&run).into_iter().map(|line| format!("{name}: {line}")));
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn what_is_wrong_with_a_shop_is_told_in_japanese() {
    let town = Town::played();
    let config = town.path("shop/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let steps = "\"terms\", \"confirmation\", \"warehouse\"";
    let mut faults = Vec::new();
    for (right, wrong) in [
        (steps, "\"terms\", \"confirmation\", \"warehose\""),
        (steps, "\"warehouse\", \"terms\", \"confirmation\""),
        (steps, "\"confirmation\", \"terms\", \"warehouse\""),
        ("[shop]\n", "[shop]\nreview = [\"all\"]\n"),
        ("[shop]\n", "[shop]\ncatalog = \"nowhere.csv\"\n"),
        ("price = \"JPY 4300\"", "price = 4300"),
        ("payment_days = 14", "payment_days = \"soon\""),
        ("./warehouse", "./nowhere"),
    ] {
        fs::write(&config, text.replacen(right, wrong, 1)).unwrap();
        let run = town.run("shop", &["--lang", "ja", "shop", "procedure", "check"]);
        assert_eq!(run.code, Some(78), "{wrong}: {run:?}");
        faults.extend(left(&run).into_iter().map(|line| format!("{wrong}: {line}")));
    }
    for catalog in [
        "sku,name,price\nA,Tea,\nA,Tea,JPY 5\n",
        "sku,colour\nA,red\n",
        "sku,name,price,currency,stock\nA,Tea,5,JPY,-1\nB,Cup,-5,JPY,1\nA,Tea,5,JPY,1\n",
        "sku,name,price,currency,delivery\nA,Tea,5,JPY,By ship!\n",
        "[{\"sku\": \"A\", \"name\": \"Tea\", \"price\": 5.5}",
        "",
    ] {
        fs::write(town.path("shop/goods.csv"), catalog).unwrap();
        fs::write(&config, text.replacen("[shop]\n", "[shop]\ncatalog = \"goods.csv\"\n", 1)).unwrap();
        let run = town.run("shop", &["--lang", "ja", "shop", "catalog", "check"]);
        assert_eq!(run.code, Some(78), "{catalog}: {run:?}");
        faults.extend(left(&run).into_iter().map(|line| format!("{catalog}: {line}")));
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn what_proves_is_told_in_japanese() {
    let town = Town::played();
    let mut faults = left(&town.does("buyer", &["--lang", "ja", "audit", "verify"]));
    let originals = |party: &str| {
        let folders = fs::read_dir(town.path(party).join("ledger/originals")).unwrap();
        folders.flat_map(|folder| files(&folder.unwrap().path())).take(4).collect::<Vec<_>>()
    };
    let entries = files(&town.path("buyer/ledger/cur"));
    let mut mails = [originals("buyer"), originals("pay")].concat();
    mails.extend([town.path("buyer/config.toml"), entries[3].clone()]);
    for mail in mails {
        let run = town.does("buyer", &["--lang", "ja", "inspect", mail.to_str().unwrap()]);
        // What is bought is called as its shop calls it.
        faults.extend(left(&run).into_iter().filter(|line| !line.starts_with("品目 ")));
    }
    // A changed, a missing and a strange file.
    fs::write(&entries[2], "changed").unwrap();
    fs::remove_file(&entries[4]).unwrap();
    fs::write(town.path("buyer/ledger/cur/strange"), "strange").unwrap();
    let run = town.run("buyer", &["--lang", "ja", "audit", "verify"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.out.contains("変えられています") && run.out.contains("問題あり"), "{run:?}");
    faults.extend(left(&run));
    assert_eq!(faults, Vec::<String>::new());
    let told = town.run("buyer", &["--lang", "ja", "--json", "audit", "verify"]).out;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["result"], "broken");
    assert!(told["problems"].to_string().contains("was changed"), "{told}");
}
