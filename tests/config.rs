//! Configuration: the example holds every key and loads in every form; each fault is named with its place, and ends
//! with exit code 78.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mailorder::config::{ConfigError, Environment, InboxSettings, OutboxSettings, Proof, Settings, parse};
use mailorder::mail::Language;
use mailorder::trade::Role;
use mailorder::words::Words;

use crate::support::english::english_words;

pub(crate) const EXAMPLE: &str = include_str!("../config.example.toml");
const WRITTEN: &str = include_str!("../src/config/written.rs");
pub(crate) const PROOFS: [&str; 4] = ["password_file", "password_command", "credential", "token_command"];

fn settle(text: &str) -> Result<Settings, ConfigError> {
    let environment = Environment {
        home: Some("/home/alice".into()),
        credentials: Some("/run/credentials/mailorder".into()),
        ..Environment::default()
    };
    parse(text, Path::new("/home/alice/config.toml"), &environment)
}

pub(crate) fn settled(text: &str) -> Settings {
    settle(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Returns the key a line of the example sets, commented or not.
pub(crate) fn key(line: &str) -> Option<&str> {
    let (key, _) = line.trim_start_matches('#').split_once(" = ")?;
    (!key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '_')).then_some(key)
}

/// Returns the table a line of the example opens, commented or not.
pub(crate) fn table(line: &str) -> Option<&str> {
    let line = line.trim_start_matches('#');
    line.starts_with('[').then(|| line.trim_matches(['[', ']']))
}

/// Returns the example with those lines that `keep` wants, by table and key (empty for the table's own line), their
/// comment sign taken off.
fn example(keep: impl Fn(&str, &str) -> bool) -> String {
    let mut text = String::new();
    let mut inside = String::new();
    for line in EXAMPLE.lines() {
        let named = match (table(line), key(line)) {
            (Some(name), _) => {
                name.clone_into(&mut inside);
                ""
            }
            (None, Some(key)) => key,
            (None, None) => continue,
        };
        if !line.starts_with('#') || keep(&inside, named) {
            text.push_str(line.trim_start_matches('#'));
            text.push('\n');
        }
    }
    text
}

/// Returns the example with every key, of those that exclude each other the ones named.
pub(crate) fn complete(inbox: &str, outbox: &str, proof: &str) -> String {
    let wanted = |table: &str, key: &str| {
        let way = match table {
            "inbox.imap" => inbox == "imap",
            "outbox.smtp" => outbox == "smtp",
            _ => true,
        };
        way && (!PROOFS.contains(&key) || key == proof)
    };
    let text = example(wanted);
    let mut inside = String::new();
    let mut kept = String::new();
    for line in text.lines() {
        if let Some(name) = table(line) {
            name.clone_into(&mut inside);
        }
        let excluded = match (inside.as_str(), key(line)) {
            ("inbox", Some("maildir")) => inbox != "maildir",
            ("outbox", Some(way @ ("maildir" | "sendmail"))) => outbox != way,
            // Closing and debit day take the place of the days; the files are not there.
            ("payment", Some("debit_days")) | (_, Some("holidays_file")) => true,
            _ => false,
        };
        if !excluded {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

#[test]
fn the_example_loads_as_it_stands_and_for_each_role() {
    let settings = settled(EXAMPLE);
    assert!(Role::ALL.iter().all(|role| settings.practice.plays(*role)));
    // Its shop names no agents: it collects and carries itself.
    let itself = [Role::Shop, Role::Payment, Role::Delivery];
    for roles in [&[Role::Buyer][..], &itself, &[Role::Payment], &[Role::Delivery]] {
        let words: Vec<&str> = roles.iter().map(|role| role.word()).collect();
        let text = EXAMPLE.replace(r#"["buyer", "shop", "payment", "delivery"]"#, &format!("{words:?}"));
        let settings = settled(&text);
        let played: Vec<Role> = Role::ALL.into_iter().filter(|role| settings.practice.plays(*role)).collect();
        assert_eq!(played, roles);
    }
}

#[test]
fn the_example_loads_with_every_key_it_shows() {
    for inbox in ["maildir", "imap"] {
        for outbox in ["maildir", "smtp", "sendmail"] {
            for proof in PROOFS {
                let settings = settled(&complete(inbox, outbox, proof));
                assert_eq!(matches!(settings.inbox, Some(InboxSettings::Imap(..))), inbox == "imap");
                assert_eq!(matches!(settings.outbox, Some(OutboxSettings::Smtp(_))), outbox == "smtp");
                if let Some(OutboxSettings::Smtp(server)) = settings.outbox {
                    let source = match server.login.expect("a login").1 {
                        Proof::PasswordFile(_) => "password_file",
                        Proof::PasswordCommand(_) => "password_command",
                        Proof::Credential(_) => "credential",
                        Proof::TokenCommand(_) => "token_command",
                    };
                    assert_eq!(source, proof);
                }
            }
        }
    }
}

#[test]
fn what_the_example_calls_a_default_is_one() {
    let defaults = [
        ("", "language"),
        ("inbox", "handled"),
        ("inbox", "folder"),
        ("inbox.imap", "port"),
        ("inbox.imap", "tls"),
        ("inbox.imap", "user"),
        ("outbox.smtp", "port"),
        ("outbox.smtp", "tls"),
        ("outbox.smtp", "user"),
        ("trust", "policy"),
        ("buyer", "confirm"),
        ("shop", "partial"),
        ("shop", "valid_days"),
        ("shop", "return_days"),
        ("shop.procedure", "dispatch_days"),
        ("shop.procedure", "arrival_days"),
        ("shop.procedure", "authorize_within"),
        ("payment", "debit"),
        ("payment", "debit_days"),
        ("payment", "bank_day"),
        ("payment", "working_days"),
        ("delivery", "transit_days"),
    ];
    for (table, name) in defaults {
        // A server has its host and a password in both; the ways that exclude it are left out.
        let server = table.contains('.') && table != "shop.procedure";
        let base = |inside: &str, key: &str| server && inside == table && matches!(key, "" | "host" | "password_file");
        let clear = |text: String| match table {
            "inbox.imap" => text.replace("maildir = \"~/Maildir\"\n", ""),
            "outbox.smtp" => text.replace("sendmail = \"/usr/sbin/sendmail\"\n", ""),
            _ => text,
        };
        let without = clear(example(base));
        let with = clear(example(|inside, key| base(inside, key) || (inside == table && key == name)));
        assert_ne!(without, with, "{table}.{name} is in the example");
        assert_eq!(settled(&without), settled(&with), "{table}.{name}");
    }
}

#[test]
fn every_key_of_the_configuration_is_in_the_example() {
    let renamed = |line: &'static str| line.trim().strip_prefix("#[serde(rename = \"")?.strip_suffix("\")]");
    let lines = WRITTEN.lines().zip(WRITTEN.lines().skip(1));
    let fields: Vec<&str> = lines
        .filter_map(|(above, line)| Some(renamed(above).unwrap_or(line.strip_prefix("    pub ")?.split_once(':')?.0)))
        .collect();
    assert!(fields.len() > 40, "{fields:?}");
    for field in fields {
        let shown = EXAMPLE.lines().any(|line| {
            key(line) == Some(field) || table(line).is_some_and(|name| name.split('.').any(|part| part == field))
        });
        assert!(shown, "{field} is not in config.example.toml");
    }
}

#[test]
fn an_unknown_key_is_an_error_with_its_place_and_the_nearest_name() {
    let rows = [
        ("roles =", "rolls =", "`rolls`; did you mean `roles`?"),
        ("[trust]", "[trus]", "`trus`; did you mean `trust`?"),
        ("sendmail =", "sendmial =", "`sendmial`; did you mean `sendmail`?"),
        ("steps =", "step =", "`step`; did you mean `steps`?"),
        ("[[shop.article]]", "[[shop.artical]]", "`artical`; did you mean `article`?"),
        ("sku =", "xyzzyplugh =", "`xyzzyplugh`; config.example.toml has all keys"),
    ];
    for (right, wrong, says) in rows {
        let line = EXAMPLE.lines().position(|line| line.starts_with(right)).expect("the line is there") + 1;
        let text = EXAMPLE.replace(&format!("\n{right}"), &format!("\n{wrong}"));
        let settled = settle(&text);
        if let Err(error) = &settled {
            is_said_in_japanese(error);
        }
        match settled {
            Err(ConfigError::Place { line: at, column, what, .. }) => {
                assert_eq!(at, line, "{wrong}: {what}");
                assert!((1..=8).contains(&column), "{wrong}: column {column}");
                assert!(what.contains(says), "{wrong}: {what}");
            }
            other => panic!("{wrong}: {other:?}"),
        }
    }
}

#[test]
fn text_that_is_no_toml_is_an_error_with_its_place() {
    // Line, column: both from 1, columns in characters and not in bytes.
    for (text, line, column) in [("address = \"a@b.example\"\nname = \n", 2, 8), ("# 日立\n日立 = 1\n", 2, 1)] {
        match settle(text) {
            Err(error @ ConfigError::Place { line: at, column: from, .. }) => {
                assert_eq!((at, from), (line, column), "{text}");
                is_said_in_japanese(&error);
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn a_wrong_value_is_named_by_its_key() {
    let imap = "[inbox]\nimap = { host = \"h.example\"";
    let rows = [
        ("name = \"Alice Example\"", "name = \" \"", "name:"),
        ("#language = \"en\"", "language = \"de\"", "language: \"de\""),
        ("#policy = \"pinned\"", "policy = \"all\"", "trust.policy: \"all\""),
        ("#strangers_per_hour = 60", "strangers_per_hour = 0", "trust.strangers_per_hour: 0 would let nobody in"),
        ("#policy = \"pinned\"", "payment_agents = []", "trust.payment_agents: the list is empty"),
        ("#policy = \"pinned\"", "payment_agents = [\"pay\"]", "trust.payment_agents: \"pay\" is neither"),
        ("#confirm = \"ask\"", "confirm = \"yes\"", "buyer.confirm: \"yes\""),
        ("#partial = \"refuse\"", "partial = \"some\"", "shop.partial: \"some\""),
        (
            "#partial = \"refuse\"",
            &format!("conditions = \"{}\"", "x".repeat(2_001)),
            "shop.conditions: 2001 bytes, at most 2000 fit into a letter",
        ),
        ("#partial = \"refuse\"", "conditions = \"a\\u001b[2J\"", "shop.conditions: the control character U+001B"),
        ("#per_peer = 60", "per_peer = 0", "answers.per_peer: 0"),
        ("price = \"JPY 4300\"", "price = \"4300 JPY\"", "shop.article.price:"),
        ("price = \"JPY 4300\"", "price = \"JPY 43.5\"", "shop.article.price:"),
        ("[\"terms\", \"confirmation\", \"payment\", \"delivery\"]", "[\"terms\"]", "shop.procedure.steps:"),
        ("[\"terms\", \"confirmation\", \"payment\", \"delivery\"]", "[\"sell\"]", "shop.procedure.steps: \"sell\""),
        (
            "#unpaid_limits = [\"JPY 50000\", \"EUR 300\"]",
            "unpaid_limits = [\"JPY 1\", \"JPY 2\"]",
            "buyer.unpaid_limits: JPY",
        ),
        ("#[notify]", "[notify]\ncommand = []", "notify.command: it is a list of program and arguments"),
        ("#[notify]", "[notify]\ncommand = [\"a\"]\nseconds = 31", "notify.seconds: it must be from 1 to 30"),
        ("sendmail = \"/usr/sbin/sendmail\"", "", "outbox: exactly one of"),
        ("sendmail = \"/usr/sbin/sendmail\"", "sendmail = \"a\"\nmaildir = \"b\"", "outbox: exactly one of"),
        ("roles = [\"buyer\", \"shop\", \"payment\", \"delivery\"]", "roles = []", "roles: at least one"),
        (
            "roles = [\"buyer\", \"shop\", \"payment\", \"delivery\"]",
            "roles = [\"shop\", \"payment\"]",
            "shop.procedure: name a delivery_agent",
        ),
        ("[inbox]\nmaildir = \"~/Maildir\"", &format!("{imap}, tls = \"none\" }}"), "inbox.imap: `tls = \"none\"`"),
        ("[inbox]\nmaildir = \"~/Maildir\"", &format!("{imap}, tls = \"ssl\" }}"), "inbox.imap: tls = \"ssl\""),
        (
            "[inbox]\nmaildir = \"~/Maildir\"",
            &format!("{imap}, credential = \"a\", password_file = \"b\" }}"),
            "inbox.imap: only one of",
        ),
        ("[inbox]\nmaildir = \"~/Maildir\"", &format!("{imap}, credential = \"../a\" }}"), "inbox.imap: `credential`"),
        (
            "[inbox]\nmaildir = \"~/Maildir\"",
            &format!("{imap}, password_command = [] }}"),
            "inbox.imap: `password_command`",
        ),
        ("[inbox]\nmaildir = \"~/Maildir\"", &format!("{imap}, token_command = [] }}"), "inbox.imap: `token_command`"),
        (
            "[inbox]\nmaildir = \"~/Maildir\"",
            &format!("{imap}, token_command = [\"a\"], password_file = \"b\" }}"),
            "inbox.imap: only one of",
        ),
        (
            "[inbox]\nmaildir = \"~/Maildir\"",
            &format!("{imap}, token_command = [\"a\"], user = \"a\\u0001auth=b\" }}"),
            "inbox.imap: user: ",
        ),
    ];
    check_values(&rows);
}

/// Checks rows of (what stands in the example, what is written instead, what is said of it).
fn check_values(rows: &[(&str, &str, &str)]) {
    // Comments would stand between a table and its first key.
    let plain: String = EXAMPLE.lines().filter(|line| !line.starts_with("# ")).flat_map(|line| [line, "\n"]).collect();
    for (right, wrong, says) in rows {
        assert!(plain.contains(right), "{right}");
        match settle(&plain.replacen(right, wrong, 1)) {
            Err(error @ (ConfigError::Value { .. } | ConfigError::Place { .. })) => {
                assert!(error.to_string().contains(says), "{wrong}: {error}");
                is_said_in_japanese(&error);
            }
            other => panic!("{wrong}: {other:?}"),
        }
    }
}

/// Checks that nothing of a fault but names and what is written is left in English where the language is Japanese.
fn is_said_in_japanese(error: &ConfigError) {
    let said = Words::of(Language::Ja).sentence(&error.to_string());
    assert_eq!(english_words(&said), Vec::<String>::new(), "{said}");
}

#[test]
fn what_an_agent_may_not_be_shown_is_named_with_its_place_p105() {
    let agent = |leg: &str, shows: &str| {
        let key = "A5CA1318A31003A41B02A33D03FE392F1B13BEA1";
        format!("{leg}_agent = {{ address = \"a@b.example\", fingerprint = \"{key}\", shows = [{shows}] }}")
    };
    for (leg, shows, says) in [
        ("payment", "\"card\"", "\"card\" is none of items, prices, address; payment data go sealed"),
        ("delivery", "\"account\"", "\"account\" is none of items, prices, sum; payment data go sealed"),
        ("payment", "\"item\"", "\"item\" is none of items, prices, address; did you mean \"items\"?"),
        ("payment", "\"sum\"", "the payment_agent is told the sum in any case"),
        ("delivery", "\"address\"", "the delivery_agent is told the address in any case"),
        ("delivery", "\"prices\"", "\"prices\" are those of the items: write \"items\", too"),
        ("delivery", "\"items\", \"items\"", "\"items\" stands twice"),
    ] {
        let text = EXAMPLE.replacen("#arrival_days = 5", &agent(leg, shows), 1);
        let error = settle(&text).unwrap_err();
        let ConfigError::Place { line, column, what, .. } = error else { panic!("{error:?}") };
        assert_eq!(
            line,
            text.lines().position(|line| line.contains("shows = [\"") && !line.starts_with('#')).unwrap() + 1
        );
        assert!(column > 100 && what.starts_with(&format!("shop.procedure.{leg}_agent.shows: ")), "{column}: {what}");
        assert!(what.contains(says), "{what}");
    }
    let text = EXAMPLE.replacen("#arrival_days = 5", &agent("payment", "\"prices\", \"items\", \"address\""), 1);
    let shows = settle(&text).unwrap().practice.shop.unwrap().procedures[0].payment_shows;
    assert_eq!(shows.words(), ["items", "prices", "address"]);
}

#[test]
fn a_wrong_value_of_an_agent_is_named_by_its_key() {
    check_values(&[
        ("#arrival_days = 5", "authorize_within = 0", "shop.procedure.authorize_within: at least 1 hour"),
        ("#debit = \"report\"", "debit = \"yes\"", "payment.debit: \"yes\" is neither"),
        ("#debit_days = 10", "closing_day = 15", "payment.closing_day: `closing_day` and `debit_day` go together"),
        ("#debit_days = 10", "debit_day = \"end\"", "payment.debit_day: `closing_day` and `debit_day` go together"),
        ("#debit_days = 10", "closing_day = 32\ndebit_day = 1", "a day of the month is 1 to 31"),
        ("#debit_days = 10", "closing_day = \"last\"\ndebit_day = 1", "a day of the month from 1 to 31"),
        ("#debit_days = 10", "debit_days = 3\nclosing_day = 1\ndebit_day = 2", "payment.debit_days: either"),
        ("#debit_days = 10", "debit_months = 1", "payment.debit_months: it goes with"),
        ("#debit_days = 10", "debit_months = 0\nclosing_day = 15\ndebit_day = 2", "payment.debit_day: in the month"),
        ("#debit_days = 10", "bank_day = \"later\"", "payment.bank_day: \"later\" is none of"),
        ("#transit_days = 2", "collect_until = \"3 pm\"", "delivery.collect_until: \"3 pm\" is no time"),
        ("#transit_days = 2", "arrive_from = \"09:00\"", "delivery.arrive_from: `arrive_until` goes with it"),
        ("#transit_days = 2", "arrive_until = \"09:00\"", "delivery.arrive_until: `arrive_from` goes with it"),
        (
            "#transit_days = 2",
            "arrive_from = \"09:00\"\narrive_until = \"09:00\"",
            "delivery.arrive_until: it is not after",
        ),
        ("#transit_days = 2", "holidays = [\"29.12.2026\"]", "delivery.holidays: \"29.12.2026\" is no day"),
        ("#transit_days = 2", "holidays = [\"2026-02-29\"]", "delivery.holidays: \"2026-02-29\" is no day"),
        ("#transit_days = 2", "holidays_file = \"/nowhere/days\"", "delivery.holidays_file: cannot read /nowhere/days"),
        ("#transit_days = 2", "zone = \"Mars/Base\"", "delivery.zone: \"Mars/Base\" is no time zone"),
        ("#transit_days = 2", "working_days = []", "delivery.working_days: at least one day"),
        (
            "#transit_days = 2",
            "working_days = [\"moonday\"]",
            "delivery.working_days: \"moonday\" is no day of the week",
        ),
        ("#transit_days = 2", "shops = [\"shop\"]", "address"),
        ("#transit_days = 2", "shops = [{ address = \"a@b.example\" }]", "fingerprint"),
    ]);
}

#[test]
fn a_file_of_holidays_is_read_line_by_line_and_a_bad_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (file, days) = (folder.path().join("config.toml"), folder.path().join("days.txt"));
    let text = EXAMPLE.replace("#holidays_file = \"holidays.txt\"", "holidays_file = \"days.txt\"");
    let load = |text: &str| {
        let environment = Environment { home: Some("/home/alice".into()), ..Environment::default() };
        parse(text, &file, &environment)
    };
    let text = text.replace("#transit_days = 2", "holidays = [\"2026-12-24\"]");
    fs::write(&days, "\u{feff}# New Year\r\n2026-12-31\r\n\r\n  2027-01-01  # and the day itself\r\n").unwrap();
    let rule = load(&text).unwrap().practice.delivery.unwrap().rule;
    let found: Vec<String> = rule.calendar.holidays.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["2026-12-24", "2026-12-31", "2027-01-01"]);
    fs::write(&days, "2026-12-31\n\n  1 January 2027\n").unwrap();
    match load(&text) {
        Err(ConfigError::Place { file, line, column, what }) => {
            assert_eq!((file, line, column), (days, 3, 3));
            assert!(what.starts_with("\"1 January 2027\" is no day"), "{what}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_value_of_another_type_is_an_error_with_its_place() {
    for (right, wrong) in [
        ("address = \"alice@example.org\"", "address = \"alice\""),
        ("roles = [\"buyer\"", "roles = [\"bayer\""),
        ("#valid_days = 7", "valid_days = -1"),
        ("#port = 993", "port = 993000"),
        ("#handled = \"move\"", "handled = \"delete\""),
    ] {
        let text = EXAMPLE.replacen(right, wrong, 1);
        let line = text.lines().position(|line| line.starts_with(wrong)).expect("the line is there") + 1;
        match settle(&text) {
            // A wrong port is an unknown key of the table above it, as long as its own table is commented.
            Err(error @ ConfigError::Place { line: at, .. }) => {
                assert_eq!(at, line, "{wrong}");
                is_said_in_japanese(&error);
            }
            other => panic!("{wrong}: {other:?}"),
        }
    }
}

/// A home with one account, made by the program itself.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        let made = home.run(&["init", "--address", "alice@example.org", "--name", "Alice", "--folder", "account"]);
        assert_eq!(made.status.code(), Some(0), "{}", said(&made));
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailorder"));
        command.env_clear().env("HOME", self.folder.path()).current_dir(self.folder.path());
        command.arg("--config").arg(self.path("config.toml")).args(words).output().unwrap()
    }

    /// Fails unless the program ends with `code` and says each of `parts`.
    fn fails(&self, words: &[&str], code: i32, parts: &[&str]) {
        let output = self.run(words);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {}", said(&output));
        assert!(output.stdout.is_empty(), "{words:?} printed data");
        for part in parts {
            assert!(said(&output).contains(part), "{part} is not in {}", said(&output));
        }
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_others_may_read_or_write_is_refused_before_the_key_is_read() {
    // F34, A12
    for (file, mode, says) in [
        ("config.toml", 0o602, "chmod go-w"),
        ("account/keys/own.asc", 0o640, "chmod 600"),
        ("account/keys/own.asc", 0o604, "chmod 600"),
        ("account/ledger", 0o770, "chmod go-w"),
    ] {
        let home = Home::new();
        assert_eq!(home.run(&["list"]).status.code(), Some(0));
        // A key that is read would be refused for another reason.
        fs::write(home.path("account/keys/own.asc"), "no key").unwrap();
        fs::set_permissions(home.path(file), fs::Permissions::from_mode(mode)).unwrap();
        home.fails(&["list"], 78, &[says, file]);
    }
}

#[test]
fn faults_of_the_configuration_end_with_78() {
    let home = Home::new();
    let file = home.path("config.toml");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{good}\n[outbux]\n")).unwrap();
    let line = good.lines().count() + 2;
    home.fails(&["config", "check"], 78, &[&format!("config.toml:{line}:2: "), "did you mean `outbox`?"]);
    fs::write(&file, format!("{good}\n[trust]\npolicy = \"all\"\n")).unwrap();
    home.fails(&["list"], 78, &[&format!("config.toml:{}:1: trust.policy: \"all\"", line + 1)]);
    for name in ["", "Tea\\u001b[2J"] {
        let article = format!("[[shop.article]]\nsku = \"T\"\nname = \"{name}\"\nprice = \"JPY 1\"\n");
        fs::write(&file, good.replace("roles = [\"buyer\"]", "roles = [\"shop\"]") + "\n[shop]\n" + &article).unwrap();
        home.fails(&["config", "check"], 78, &["article number \"T\" needs a name, without control characters"]);
    }
    fs::write(&file, &good).unwrap();
    home.fails(&["sync"], 78, &["neither [inbox] nor [outbox]"]);
    fs::remove_file(&file).unwrap();
    home.fails(&["list"], 78, &["config.toml init`"]);
}

#[test]
fn the_paths_for_programs_are_eight_and_absolute() {
    let home = Home::new();
    let output = home.run(&["config", "path", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let paths: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<&String> = paths.as_object().unwrap().keys().collect();
    assert_eq!(names, ["config", "keys", "ledger", "inbox", "outbox", "spool", "set_aside", "index"]);
    for name in ["config", "keys", "ledger", "spool", "set_aside", "index"] {
        assert!(Path::new(paths[name].as_str().unwrap()).is_absolute(), "{name}: {paths}");
    }
    assert!(paths["inbox"].is_null() && paths["outbox"].is_null(), "{paths}");
}

#[test]
fn an_account_that_is_not_made_yet_ends_with_78_and_the_next_step() {
    let home = Home { folder: tempfile::tempdir().unwrap() };
    let text = "address = \"a@example.org\"\nname = \"A\"\nroles = [\"buyer\"]\n[storage]\nfolder = \"x\"\n";
    fs::write(home.path("config.toml"), text).unwrap();
    fs::set_permissions(home.path("config.toml"), fs::Permissions::from_mode(0o600)).unwrap();
    home.fails(&["list"], 78, &["config.toml init`"]);
    // Nothing is made by asking.
    assert!(!home.path("x").exists());
}

#[test]
fn what_a_shop_gets_wrong_is_told_in_its_own_words_with_the_line() {
    let head = "address = \"shop@example.com\"\nname = \"S\"\nroles = [\"shop\"]\n[shop]\n\
                [[shop.article]]\nsku = \"A\"\nname = \"A\"\nprice = \"JPY 900\"\n[[shop.procedure]]\n";
    let agent = |leg: &str| {
        format!(
            "{leg}_agent = {{ address = \"{leg}@example.com\", fingerprint = \"A5CA1318A31003A41B02A33D03FE392F1B13BEA1\" }}\n"
        )
    };
    let both = format!("{}{}", agent("payment"), agent("delivery"));
    let steps = "steps = [\"terms\", \"payment\", \"delivery\"]\n";
    let second = format!("{head}{steps}{both}[[shop.procedure]]\n{steps}{}", agent("payment"));
    // The second of three.
    let method = |name: &str, within: u16, more: &str| {
        format!("payment = \"{name}\"\n{steps}{both}authorize_within = {within}\n{more}[[shop.procedure]]\n")
    };
    let three = |within: u16, more: &str| {
        format!("{head}{}{}{steps}{both}", method("card", 9, ""), method("invoice", within, more))
    };
    let articles = ["9,00", "JPY 9"]
        .map(|price| format!("[[shop.article]]\nsku = \"{price}\"\nname = \"B\"\nprice = \"{price}\"\n"));
    for (text, parts) in [
        (
            three(9, "charge = { name = \"Parcel\", price = \"5,00\" }\n"),
            ["config.toml:21:37: ", "shop.procedure.charge.price: "],
        ),
        (three(0, ""), ["config.toml:20:20: ", "shop.procedure.authorize_within: at least 1 hour is needed"]),
        (format!("{head}{steps}{both}{}", articles.concat()), ["config.toml:16:9: ", "shop.article.price: "]),
        // The second of two procedures.
        (second, ["config.toml:14:", "name a delivery_agent"]),
        (
            format!("{head}steps = [\"confirmation\", \"terms\", \"payment\", \"delivery\"]\n{both}"),
            ["config.toml:10:", "\"confirmation\" must follow \"terms\""],
        ),
        (
            format!("{head}{steps}{both}payment_days = \"two\"\n"),
            ["config.toml:13:", "a whole number from 0 to 65535 is wanted here"],
        ),
        (format!("{head}steps = \"terms\"\n{both}"), ["config.toml:10:", "a list, [...], is wanted here"]),
        (
            format!("{head}{steps}payment_agent = \"pay@example.com\"\n"),
            ["config.toml:11:", "a table, { key = value, ... }, is wanted here"],
        ),
        (
            format!("{head}{steps}payment_agent = {{ address = \"pay@example.com\" }}\n"),
            ["config.toml:11:", "the key `fingerprint` is missing"],
        ),
        (
            format!("{head}{steps}{both}[hook.terms]\ncommand = [\"x\"]\n"),
            ["config.toml:13:", "hook: \"terms\" means something of its own"],
        ),
    ] {
        let error = settle(&text).unwrap_err().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
    }
}
