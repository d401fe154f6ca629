//! Accounts made in part, ledgers that lost a part, and what crashes leave.

use std::fs;

use mailorder::clock::{Clock, system_time};

use crate::support::accounts::files;
use crate::support::program::{Town, mailorder};

#[test]
fn an_account_that_was_made_in_part_is_finished_by_the_same_init() {
    let home = tempfile::tempdir().unwrap();
    let init = ["-c", "config.toml", "init", "--address", "a@example.org", "--name", "A", "--folder", "account"];
    let at = |name: &str| home.path().join(name);
    let made = mailorder(home.path(), &init);
    assert_eq!(made.code, Some(0), "{made:?}");
    let key = fs::read(at("account/keys/own.asc")).unwrap();
    let fingerprint = || mailorder(home.path(), &["-c", "config.toml", "key", "list", "--json"]).json()["own"].clone();
    let own = fingerprint();
    let log = fs::read(at("account/ledger/log")).unwrap();
    // Each row: how far it came when it was killed. Every other command says what to do.
    for left in ["key", "no log line", "half a log line"] {
        match left {
            "key" => fs::remove_dir_all(at("account/ledger")).unwrap(),
            "no log line" => fs::write(at("account/ledger/log"), "").unwrap(),
            _ => fs::write(at("account/ledger/log"), &log[..20]).unwrap(),
        }
        let run = mailorder(home.path(), &["-c", "config.toml", "list"]);
        assert_eq!(run.code, Some(78), "{left}: {run:?}");
        assert!(run.err.contains("config.toml init`"), "{left}: {run:?}");
        // Other words are another account.
        let other = ["-c", "config.toml", "init", "--address", "b@example.org", "--name", "B", "--folder", "account"];
        assert_eq!(mailorder(home.path(), &other).code, Some(65), "{left}");
        let run = mailorder(home.path(), &init);
        assert_eq!(run.code, Some(0), "{left}: {run:?}");
        assert_eq!(fs::read(at("account/keys/own.asc")).unwrap(), key, "{left}");
        assert_eq!(fingerprint(), own, "{left}");
        let run = mailorder(home.path(), &["-c", "config.toml", "audit", "verify"]);
        assert_eq!(run.code, Some(0), "{left}: {run:?}");
        // Once it is made, it stays as it is.
        assert_eq!(mailorder(home.path(), &init).code, Some(65), "{left}");
    }
    fs::remove_file(at("config.toml")).unwrap();
    fs::remove_dir_all(at("account")).unwrap();
    assert_eq!(mailorder(home.path(), &init).code, Some(0));
}

#[test]
fn a_ledger_that_lost_its_log_is_never_made_anew() {
    let town = Town::played();
    let entries = files(&town.path("pay/ledger/cur")).len();
    fs::remove_file(town.path("pay/ledger/log")).unwrap();
    let run = town.run("pay", &["list"]);
    assert_ne!(run.code, Some(0));
    assert!(!run.err.contains(" init`"), "{run:?}");
    let config = town.path("pay/config.toml");
    fs::remove_file(&config).unwrap();
    let folder = town.path("pay");
    let who = ["init", "--address", "pay@demo.test", "--name", "Pay", "--folder", folder.to_str().unwrap()];
    let run = town.run("pay", &who);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(!config.exists());
    assert_eq!(files(&town.path("pay/ledger/cur")).len(), entries);
}

#[test]
fn what_crashed_writes_left_is_swept_after_a_day_and_a_half() {
    // F27
    let town = Town::played();
    let left = ["ledger/tmp", "spool/tmp", "set-aside/tmp"].map(|folder| town.path("buyer").join(folder));
    let hours = |hours: u64| Clock::system().now().plus_seconds(-3600 * i64::try_from(hours).unwrap());
    for folder in &left {
        for (name, age) in [("old", 40), ("young", 30)] {
            let file = fs::File::create(folder.join(name)).unwrap();
            file.set_modified(system_time(&hours(age))).unwrap();
        }
    }
    town.order();
    for folder in &left {
        assert!(!folder.join("old").exists(), "{}", folder.display());
        assert!(folder.join("young").exists(), "{}", folder.display());
    }
}

/// What an account says whose ledger was removed as a whole, with all else left as it was.
#[test]
fn a_ledger_that_is_gone_is_told_as_such_by_every_command() {
    let town = Town::played();
    let id = town.in_state("open")["id"].as_str().unwrap().to_owned();
    let ledger = town.path("buyer/ledger");
    let config = town.path("buyer/config.toml");
    let init = ["init", "--address", "buyer@demo.test", "--name", "小野 賢治"];
    fs::remove_dir_all(&ledger).unwrap();
    let before = super::account(&town.path("buyer"));
    let commands: [&[&str]; 22] = [
        &["list"],
        &["status"],
        &["show", &id],
        &["warnings"],
        &["order", "--shop", "shop@demo.test", "--item", "SH-41"],
        &["confirm", &id],
        &["ask", &id],
        &["catalog", "shop@demo.test"],
        &["schedule"],
        &["export", "--format", "csv"],
        &["serve"],
        &["sync"],
        &["watch"],
        &["import", "play/mail/buyer@demo.test"],
        &["outbox", "list"],
        &["key", "list"],
        &["key", "export"],
        &["ledger", "reindex"],
        &["ledger", "checkpoint"],
        &["audit", "verify"],
        &["inspect", "-"],
        &init,
    ];
    let gone = format!("the ledger of buyer@demo.test is gone: nothing of it is in {}, and", ledger.display());
    let restore = format!("hint: restore {} from your backup", ledger.display());
    for words in commands {
        let run = town.run("buyer", words);
        assert_eq!(run.code, Some(65), "{words:?}: {run:?}");
        assert!(run.err.contains(&gone) && run.err.contains(&restore), "{words:?}: {run:?}");
        assert!(!run.err.contains("os error") && run.err.lines().count() == 2, "{words:?}: {run:?}");
        let japanese = town.run("buyer", &[&["--lang", "ja"], words].concat());
        assert!(japanese.err.contains("の台帳がなくなっています"), "{words:?}: {japanese:?}");
    }
    // A mail server keeps the mail, `doctor` has it as its one line, and nothing is made anew.
    let run = town.fed("buyer", &["receive"], b"From: a@example.org\n\nhello\n");
    assert!(run.code == Some(75) && run.err.starts_with("4.3.0 the ledger of buyer@demo.test is gone"), "{run:?}");
    let run = town.run("buyer", &["doctor"]);
    assert!(run.code == Some(1) && run.out.contains(&gone) && run.out.contains("restore "), "{run:?}");
    fs::remove_file(&config).unwrap();
    let folder = town.path("buyer");
    let run = town.run("buyer", &[&init[..], &["--folder", folder.to_str().unwrap()]].concat());
    assert!(run.code == Some(65) && run.err.contains(&gone) && !config.exists(), "{run:?}");
    let left = super::account(&folder);
    let names =
        |files: &[(std::path::PathBuf, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let kept: Vec<_> = names(&before).into_iter().filter(|name| *name != config).collect();
    assert_eq!(names(&left), kept);
}
