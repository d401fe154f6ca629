//! The warehouse of the examples, run as its manual says hooks are run: in turn, twice, and beside a run of before that was
//! left behind by a `kill -9` and goes on when its work was taken back long ago.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::accounts::{install, run, scratch};

/// The example that merchants are shown.
const WAREHOUSE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/warehouse/warehouse");

/// A store with twelve shirts.
fn store() -> tempfile::TempDir {
    let store = scratch();
    fs::write(store.path().join("stock"), "SH-41 12\n").unwrap();
    store
}

/// Runs one work of a transaction under a key, as mailorder does; `withdraws` names the keys to be taken back.
fn works(store: &Path, work: &str, number: &str, key: &str, withdraws: &str) -> String {
    works_of(store, (work, 5), number, key, withdraws)
}

/// The same, of so many shirts.
fn works_of(store: &Path, (work, pieces): (&str, u32), number: &str, key: &str, withdraws: &str) -> String {
    let document = format!("{{\n  \"orderQuantity\": \"{pieces}\",\n  \"sku\": \"SH-41\"\n}}\n");
    let mut command = Command::new(WAREHOUSE);
    command.arg(store).env_clear().env("PATH", "/usr/bin:/bin").env("MAILORDER_WORK", work);
    command.env("MAILORDER_TRANSACTION", number).env("MAILORDER_KEY", key).env("MAILORDER_WITHDRAWS", withdraws);
    let output = run(command.env("MAILORDER_TIME", "2026-12-01T09:00:00Z"), document.as_bytes());
    assert!(output.status.success(), "{work} {key}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn people(store: &Path, words: &[&str]) -> String {
    let mut command = Command::new(WAREHOUSE);
    let output = run(command.arg(store).args(words).env_remove("MAILORDER_CONFIG"), b"");
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn left(store: &Path) -> String {
    people(store, &["show"]).lines().next().unwrap().to_owned()
}

#[test]
fn a_release_that_comes_after_it_was_taken_back_takes_nothing_out_of_stock() {
    let folder = store();
    let store = folder.path();
    assert_eq!(works(store, "withdraw", "7K3Q2M9P", "b1", "a1 a2"), "{}\n");
    for key in ["a1", "a2", "a1"] {
        assert!(works(store, "release", "7K3Q2M9P", key, "").contains("taken back"), "{key}");
        assert!(works(store, "query", "7K3Q2M9P", key, "").contains("taken back"), "{key}");
    }
    assert_eq!(left(store), "left   SH-41 12");
    // Another order of the same goods is another matter, and so is new work for this one.
    assert!(works(store, "release", "OTHER", "a3", "").contains("ActiveActionStatus"));
    assert!(works(store, "release", "7K3Q2M9P", "a4", "").contains("ActiveActionStatus"));
    assert_eq!(left(store), "left   SH-41 2");
    // What was released is taken back under its key alone, whatever else the number has.
    for _ in 0..2 {
        assert_eq!(works(store, "withdraw", "7K3Q2M9P", "b2", "a4"), "{}\n");
        assert_eq!(left(store), "left   SH-41 7");
    }
}

#[test]
fn of_what_left_in_part_the_rest_alone_comes_back_into_stock() {
    let folder = store();
    let store = folder.path();
    works(store, "release", "7K3Q2M9P", "a1", "");
    assert_eq!(left(store), "left   SH-41 7");
    for _ in 0..2 {
        assert_eq!(works_of(store, ("withdraw", 3), "7K3Q2M9P", "b1", "a1"), "{}\n");
        assert_eq!(left(store), "left   SH-41 10");
    }
    assert!(works(store, "release", "7K3Q2M9P", "a1", "").contains("taken back"));
    assert_eq!(left(store), "left   SH-41 10");
}

#[test]
fn what_is_packed_is_what_was_released_last_and_is_not_taken_back() {
    let folder = store();
    let store = folder.path();
    // Keys are random: the later one stands before the other by name.
    for (key, tracking) in [("f0", "EP-1"), ("a0", "EP-2")] {
        works(store, "release", "7K3Q2M9P", key, "");
        people(store, &["pack", "7K3Q2M9P", tracking]);
        let plan = fs::read_to_string(store.join("plan").join(key)).unwrap();
        assert!(plan.contains("state gone") && plan.contains(&format!("tracking {tracking}")), "{plan}");
    }
    let first = fs::read_to_string(store.join("plan/f0")).unwrap();
    assert!(!first.contains("EP-2"), "{first}");
    let said = works(store, "withdraw", "7K3Q2M9P", "b0", "a0 c0");
    assert!(said.contains("FailedActionStatus") && said.contains("the goods have left"), "{said}");
    assert_eq!(left(store), "left   SH-41 2");
    assert!(works(store, "release", "7K3Q2M9P", "c0", "").contains("taken back"), "the other key is taken back");
}

#[test]
fn what_is_packed_again_because_it_could_not_be_told_is_told_as_it_was_packed_first() {
    let folder = store();
    let store = folder.path();
    works(store, "release", "7K3Q2M9P", "a0", "");
    // Stands for mailorder: without a network the first time, and says what it was told.
    let told = store.join("told");
    let teller = store.join("mailorder");
    let text =
        format!("#!/bin/sh\n[ -e '{0}' ] && code=0 || code=75\necho \"$*\" >>'{0}'\nexit $code\n", told.display());
    install(&teller, text.as_bytes());
    let packs = |time: &str| {
        let mut command = Command::new(WAREHOUSE);
        command.arg(store).args(["pack", "7K3Q2M9P", "EP-1"]).env("MAILORDER", &teller).env("MAILORDER_TIME", time);
        run(command.env("MAILORDER_CONFIG", "/shop.toml"), b"").status.code()
    };
    let first = "2026-12-02T09:00:00+09:00";
    assert_eq!(packs(first), Some(75));
    assert_eq!(packs("2026-12-02T17:30:00+09:00"), Some(0));
    let words = format!("-c /shop.toml shop notify 7K3Q2M9P --shipped {first} --tracking EP-1\n");
    assert_eq!(fs::read_to_string(&told).unwrap(), words.repeat(2));
    let answer = works(store, "query", "7K3Q2M9P", "a0", "");
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
    assert_eq!((&answer["endTime"], &answer["trackingNumber"]), (&first.into(), &"EP-1".into()));
    // Another number is no repeat, and is not passed over in silence.
    let other = run(Command::new(WAREHOUSE).arg(store).args(["pack", "7K3Q2M9P", "EP-2"]), b"");
    assert!(
        other.status.code() == Some(65) && String::from_utf8_lossy(&other.stderr).contains("with EP-1"),
        "{other:?}"
    );
}
