//! `config show`: the settings that hold, each with where it comes from, and no secret among them.

use std::fs;

use mailorder::config::{Setting, shown};
use serde_json::Value;

use crate::config::{EXAMPLE, PROOFS, complete, key, settled, table};
use crate::support::program::Town;

fn all(text: &str) -> Vec<Setting> {
    shown(text, &settled(text))
}

#[test]
fn each_key_that_is_written_is_shown_with_its_line() {
    for inbox in ["maildir", "imap"] {
        for outbox in ["maildir", "smtp", "sendmail"] {
            for proof in PROOFS {
                let text = complete(inbox, outbox, proof);
                let all = all(&text);
                for (line, name) in (1..).zip(text.lines()).filter_map(|(line, text)| Some((line, key(text)?))) {
                    let is =
                        |one: &&Setting| one.line == Some(line) && one.key.split(['.', '[']).any(|part| part == name);
                    assert!(all.iter().any(|one| is(&one)), "{name} in line {line}: {all:?}");
                }
                let mut keys: Vec<&str> = all.iter().map(|one| one.key.as_str()).collect();
                keys.sort_unstable();
                keys.dedup();
                assert_eq!(keys.len(), all.len(), "each once");
            }
        }
    }
    let text = EXAMPLE.replacen("[shop]\n", "[[buyer.timetable]]\nwhich = \"late\"\nat = [\"09:00\"]\n[shop]\n", 1);
    assert!(all(&text).iter().any(|one| one.key == "buyer.schedule[1].which" && one.line.is_some()));
}

/// Keys whose value in the example is none that holds without it: they take the place of others.
const INSTEAD: [&str; 6] = [
    "storage.folder",
    "inbox.folder",
    "outbox.maildir",
    "payment.closing_day",
    "payment.debit_day",
    "payment.debit_months",
];

#[test]
fn what_is_not_written_is_shown_as_the_example_says_it_holds() {
    let all = all(EXAMPLE);
    let (mut inside, mut is_there, mut said, mut checked) = (String::new(), true, String::new(), 0);
    let mut was_key = false;
    for line in EXAMPLE.lines() {
        if let Some(name) = table(line) {
            let several = if line.contains("[[") { "[1]" } else { "" };
            (inside, is_there) = (format!("{name}{several}."), !line.starts_with('#'));
        } else if let Some(name) = key(line) {
            let path = format!("{inside}{name}");
            was_key = true;
            if !line.starts_with('#') || !is_there || said.contains("Default") || INSTEAD.contains(&path.as_str()) {
                continue;
            }
            let written: toml::Table = toml::from_str(line.trim_start_matches('#')).unwrap();
            let wanted = serde_json::to_value(&written[name]).unwrap();
            let found = all.iter().find(|one| one.key == path).unwrap_or_else(|| panic!("{path}: {all:?}"));
            assert_eq!((&found.value, found.line), (&wanted, None), "{path}");
            checked += 1;
        } else {
            if was_key {
                said.clear();
            }
            was_key = false;
            said.push_str(line);
        }
    }
    assert!(checked >= 19, "{checked}");
    // Tables stand in their order, and what is not written in one stands with it.
    let place = |key: &str| all.iter().position(|one| one.key == key).unwrap_or_else(|| panic!("{key}: {all:?}"));
    let order = [
        "address",
        "language",
        "storage.keys",
        "inbox.maildir",
        "inbox.handled",
        "shop.article[1].sku",
        "payment.debit",
    ];
    assert!(order.windows(2).all(|two| place(two[0]) < place(two[1])), "{all:?}");
    // Paths are told as they are used.
    assert_eq!(all[place("inbox.maildir")].value, "/home/alice/Maildir");
}

#[test]
fn the_settings_that_hold_are_printed_with_where_each_comes_from() {
    let town = Town::fresh();
    let file = town.path("buyer/config.toml");
    let text = fs::read_to_string(&file).unwrap();
    let line = text.lines().position(|line| line.starts_with("name = ")).unwrap() + 1;
    let run = town.does("buyer", &["config", "show", "--origin"]);
    let named = format!("\nname = \"小野 賢治\"  # {}:{line}\n", file.display());
    assert!(run.out.contains(&named), "{named}: {}", run.out);
    assert!(run.out.contains("\nbuyer.silence_days = 3  # default\n"), "{}", run.out);
    assert!(town.does("buyer", &["--lang", "ja", "config", "show", "--origin"]).out.contains("  # 既定\n"));
    let bare = town.does("buyer", &["config", "show"]).out;
    assert!(bare.contains("\nbuyer.silence_days = 3\n") && !bare.contains("  # "), "{bare}");
    // Each line is one of such a file; of tables there are several.
    let plain: Vec<&str> = bare.lines().filter(|line| !line.split(" = ").next().unwrap().contains('[')).collect();
    toml::from_str::<toml::Table>(&plain.join("\n")).unwrap_or_else(|error| panic!("{error}: {bare}"));
    let told = town.does("buyer", &["--json", "config", "show"]).json();
    assert_eq!(told["config"], file.to_str().unwrap());
    let one = |key: &str| told["settings"].as_array().unwrap().iter().find(|one| one["key"] == key).unwrap().clone();
    assert_eq!((&one("name")["line"], &one("buyer.silence_days")["line"]), (&line.into(), &Value::Null));
}

#[test]
fn no_argument_of_a_command_is_shown() {
    for proof in ["password_command", "token_command"] {
        check_hidden(proof);
    }
}

/// Checks that no argument of a command is shown, the mailbox's login being proved like this.
fn check_hidden(proof: &str) {
    let town = Town::fresh();
    let secret = "hunter2";
    town.configure("buyer", |text| {
        let imap = format!("[inbox.imap]\nhost = \"localhost\"\n{proof} = [\"echo\", \"{secret}\"]\n");
        let (before, inbox) = text.split_once("[inbox]\n").unwrap();
        let (_, after) = inbox.split_once('\n').unwrap();
        let buyer = format!("[buyer]\npayment_data_command = [\"cat\", \"{secret}\"]\n");
        let hooks =
            format!("[notify]\ncommand = [\"true\", \"{secret}\"]\n[hook.one]\ncommand = [\"true\", \"{secret}\"]\n");
        format!("{before}[inbox]\n{}\n{imap}{hooks}", after.replacen("[buyer]\n", &buyer, 1))
    });
    for words in [&["config", "show"][..], &["config", "show", "--origin"], &["--json", "config", "show"]] {
        let out = town.does("buyer", words).out;
        assert!(!out.contains(secret), "{words:?}: {out}");
        for program in ["echo", "cat", "true"] {
            assert!(out.contains(&format!("\"{program}\"")), "{words:?}: {out}");
        }
    }
    let out = town.does("buyer", &["config", "show"]).out;
    assert!(out.contains(&format!("inbox.imap.{proof} = [\"echo\",\"...\"]\n")), "{out}");
}
