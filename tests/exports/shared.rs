//! Runs beside each other and beside other processes: each row is followed once, and nobody is kept waiting for a file.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{file, mart, sent};
use crate::support::accounts::field;
use crate::support::program::Town;
use crate::support::tried;

/// Begins the program as the merchant.
fn begin(town: &Town, args: &[&str]) -> std::process::Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailorder"));
    command.arg("-c").arg(town.path("mart/config.toml")).args(args).env_clear().env("HOME", town.path(""));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn rows(numbers: &[String], count: usize) -> String {
    let row =
        |row: usize| format!("{},E{row},20{}-01-15\n", numbers[row % numbers.len()], 30 + row / numbers.len() % 60);
    format!("txn,event_id,planned\n{}", (0..count).map(row).collect::<String>())
}

#[test]
fn runs_that_overlap_follow_each_row_once() {
    let (town, numbers) = mart(3);
    let path = file(&town, "events.csv", rows(&numbers, 90));
    let before = sent(&town, "mart", "order-status").len();
    let runs: Vec<_> = (0..3).map(|_| begin(&town, &["shop", "notify", "--from", &path])).collect();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()), "{output:?}");
    }
    let events: Vec<String> = sent(&town, "mart", "order-status")[before..]
        .iter()
        .map(|fields| field(fields, "Mailorder-Event").rsplit(' ').next().unwrap().to_owned())
        .collect();
    let distinct: std::collections::BTreeSet<&String> = events.iter().collect();
    assert_eq!((events.len(), distinct.len()), (90, 90));
    assert_eq!(town.does("mart", &["audit", "verify", "--json"]).json()["result"], "clean");
}

#[test]
fn a_run_that_was_killed_is_run_again_and_nothing_is_told_twice() {
    let (town, numbers) = mart(3);
    let path = file(&town, "events.csv", rows(&numbers, 1_500));
    let before = sent(&town, "mart", "order-status").len();
    let mut killed = begin(&town, &["shop", "notify", "--from", &path, "--offline"]);
    let begun = Instant::now();
    // Somewhere behind the first batch.
    while sent(&town, "mart", "order-status").len() == before {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing was written");
        assert!(killed.try_wait().unwrap().is_none(), "it ended before it was killed");
        std::thread::sleep(Duration::from_millis(5));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let again = town.run("mart", &["shop", "notify", "--from", &path, "--offline"]);
    assert_eq!((again.code, again.out.as_str()), (Some(0), ""), "{again:?}");
    let mut events: Vec<String> =
        sent(&town, "mart", "order-status")[before..].iter().map(|fields| field(fields, "Mailorder-Event")).collect();
    assert_eq!(events.len(), 1_500);
    events.sort();
    events.dedup();
    assert_eq!(events.len(), 1_500);
    assert_eq!(town.does("mart", &["audit", "verify", "--json"]).json()["result"], "clean");
}

#[test]
fn mail_is_taken_in_while_a_long_file_is_followed() {
    let (town, numbers) = mart(3);
    let path = file(&town, "events.csv", rows(&numbers, 2_000));
    town.does("buyer", &["ask", &numbers[0], "--leg", "order"]);
    let run = begin(&town, &["shop", "notify", "--from", &path, "--offline"]);
    let synced = town.does("mart", &["sync", "--offline"]);
    assert_eq!(synced.code, Some(0));
    let entered: Vec<String> = town.entries("mart").iter().map(|fields| field(fields, "Mailorder-Kind")).collect();
    let asked = entered.iter().position(|kind| kind == "status-request").expect("the question was taken in");
    let output = run.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()), "{output:?}");
    let last = town.entries("mart").len();
    assert!(asked + 500 < last, "it came between the rows: {asked} of {last}");
}

#[test]
fn who_finds_the_ledger_locked_waits_and_after_a_minute_ends_with_75() {
    let (town, numbers) = mart(1);
    let path = file(&town, "events.csv", rows(&numbers, 2));
    let lock = std::fs::OpenOptions::new().read(true).append(true).open(town.path("mart/ledger/lock")).unwrap();
    lock.lock().unwrap();
    let before = sent(&town, "mart", "order-status").len();
    let begun = Instant::now();
    let waiting = begin(&town, &["shop", "notify", "--from", &path, "--offline"]);
    // The minute is waited for by the long tests alone.
    let patience = Duration::from_secs(tried(3, 90));
    let mut waiting = Some(waiting);
    let mut ended = None;
    while begun.elapsed() < patience && ended.is_none() {
        std::thread::sleep(Duration::from_millis(100));
        if waiting.as_mut().unwrap().try_wait().unwrap().is_some() {
            ended = Some(waiting.take().unwrap().wait_with_output().unwrap());
        }
    }
    let waited = begun.elapsed();
    assert_eq!(sent(&town, "mart", "order-status").len(), before, "nothing is written by who has not the lock");
    lock.unlock().unwrap();
    match (ended, waiting) {
        (Some(output), _) => {
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(75), "{said}");
            assert!((Duration::from_secs(55)..Duration::from_secs(80)).contains(&waited), "{waited:?}: {said}");
            assert!(said.starts_with("mailorder: ") && said.lines().count() <= 2, "{said}");
            let again = begin(&town, &["shop", "notify", "--from", &path, "--offline"]).wait_with_output().unwrap();
            assert_eq!(again.status.code(), Some(0), "{again:?}");
        }
        (None, Some(waiting)) => {
            assert!(tried(true, false), "it waits for more than a minute");
            let output = waiting.wait_with_output().unwrap();
            assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()), "{output:?}");
        }
        (None, None) => unreachable!("it is one of the two"),
    }
    assert_eq!(sent(&town, "mart", "order-status").len(), before + 2);
}
