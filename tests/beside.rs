//! Several processes on one ledger: `watch`, `sync`, commands and `receive`, all at once.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::accounts::{Accounts, Fields, field, fields, files, run, scratch};
use crate::support::{End, tried};

const ORDER: [&str; 9] = [
    "order",
    "--shop",
    "shop@demo.test",
    "--item",
    "SH-41;シャツ 白 41;JPY 4300;1",
    "--charge",
    "Parcel delivery;JPY 500",
    "--pay",
    "invoice",
];

/// How many terms the buyer gets by `receive`, by `watch`, and before.
const RECEIVED: usize = 30;
const WATCHED: usize = 10;
const BEFORE: usize = 10;

/// How many commands are given, and how long `watch` looks on, in seconds.
fn commands_given() -> (usize, &'static str) {
    tried((200, "40"), (2000, "400"))
}

/// Orders so often, and takes the terms that answer out of the buyer's mailbox.
fn terms(accounts: &Accounts, count: usize) -> Vec<Vec<u8>> {
    for _ in 0..count {
        accounts.must("buyer", &ORDER, b"");
    }
    accounts.must("shop", &["sync"], b"");
    let mails = accounts.post("buyer");
    let bytes = mails.iter().map(|mail| std::fs::read(mail).unwrap()).collect();
    mails.iter().for_each(|mail| std::fs::remove_file(mail).unwrap());
    bytes
}

fn of(entries: &[Fields], direction: &str, kind: &str) -> Vec<String> {
    let is =
        |entry: &&Fields| field(entry, "Mailorder-Direction") == direction && field(entry, "Mailorder-Kind") == kind;
    entries.iter().filter(is).map(|entry| field(entry, "Mailorder-Content")).collect()
}

/// Returns the IDs of the buyer's transactions in one state.
fn in_state(accounts: &Accounts, state: &str) -> Vec<String> {
    let list: serde_json::Value = serde_json::from_str(&accounts.must("buyer", &["list", "--json"], b"")).unwrap();
    let all = list["transactions"].as_array().unwrap().iter();
    all.filter(|one| one["state"] == state).map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

/// Fetches, judges and sends, again and again until the end.
fn syncs(accounts: &Accounts, ended: &AtomicBool) -> Vec<Output> {
    let mut done = Vec::new();
    while done.is_empty() || !ended.load(Ordering::Relaxed) {
        done.push(run(&mut accounts.command("buyer", &["sync"]), b""));
    }
    done
}

/// Gives so many commands, every third of which sends by itself, and lays a mail into the mailbox from time to time.
fn commands(accounts: &Accounts, mailed: &[Vec<u8>], offered: &[String], open: &str) -> Vec<Output> {
    let mailbox = accounts.dir.join("mail/buyer@demo.test/new");
    let (mut offered, mut mailed) = (offered.iter(), mailed.iter().enumerate());
    let mut done = Vec::new();
    for n in 0..commands_given().0 {
        if n % 20 == 10
            && let Some((number, mail)) = mailed.next()
        {
            std::fs::write(mailbox.join(format!("{number}.late")), mail).unwrap();
        }
        let mut words = if n % 3 == 0 { Vec::new() } else { vec!["--offline"] };
        match (n % 2, n % 10) {
            (0, _) => words.extend(ORDER),
            (_, 1) if offered.len() > 0 => words.extend(["confirm", offered.next().unwrap()]),
            _ => words.extend(["ask", open, "--leg", "order"]),
        }
        done.push(run(&mut accounts.command("buyer", &words), b""));
    }
    done
}

#[test]
fn watch_sync_commands_and_receive_on_one_ledger_lose_nothing_and_double_nothing() {
    let place = scratch();
    let accounts = Accounts::played(&place.path().join("play"));
    let open = in_state(&accounts, "open").pop().unwrap();
    let (given, watching) = commands_given();
    let mut mails = terms(&accounts, RECEIVED + WATCHED + BEFORE);
    assert_eq!(mails.len(), RECEIVED + WATCHED + BEFORE);
    for mail in mails.drain(..BEFORE) {
        accounts.must("buyer", &["receive"], &mail);
    }
    let offered = in_state(&accounts, "offered");
    assert!(offered.len() >= BEFORE, "{offered:?}");
    accounts.must("shop", &["sync"], b"");
    let (from, aside) = (accounts.log("buyer").len(), accounts.left("buyer")[2]);
    let (piped, mailed) = mails.split_at(RECEIVED);
    let ended = AtomicBool::new(false);
    let outputs: Vec<Output> = std::thread::scope(|scope| {
        let end = End(&ended);
        let watch = scope.spawn(|| run(&mut accounts.command("buyer", &["watch", "--seconds", watching]), b""));
        let receive = |mail: &Vec<u8>| run(&mut accounts.command("buyer", &["receive"]), mail);
        let halves = piped.split_at(RECEIVED / 2);
        let one = scope.spawn(move || halves.0.iter().map(receive).collect::<Vec<_>>());
        let two = scope.spawn(move || halves.1.iter().map(receive).collect::<Vec<_>>());
        let synced = scope.spawn(|| syncs(&accounts, &ended));
        let mut all = commands(&accounts, mailed, &offered, &open);
        all.extend(one.join().unwrap());
        all.extend(two.join().unwrap());
        drop(end);
        all.extend(synced.join().unwrap());
        all.push(watch.join().unwrap());
        all
    });
    for output in &outputs {
        assert!(output.status.success(), "{output:?}");
    }
    accounts.must("buyer", &["sync"], b"");
    assert_eq!(accounts.left("buyer"), [0, 0, aside]);
    let entries = accounts.entries("buyer", from);
    let once = |direction: &str, kind: &str, count: usize| {
        let all = of(&entries, direction, kind);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{direction} {kind}: one came twice");
        assert_eq!(all.len(), count, "{direction} {kind}");
    };
    once("out", "order", given / 2);
    once("in", "transaction-info", RECEIVED + WATCHED);
    once("out", "confirmation", BEFORE);
    once("out", "status-request", given / 2 - BEFORE);
    // Each letter was sent once, to somebody's mailbox.
    let boxes = ["shop", "pay", "ship"].into_iter().flat_map(|party| accounts.post(party));
    let sent: Vec<PathBuf> = boxes.chain(files(&accounts.dir.join("mail/buyer@demo.test/new"))).collect();
    let ids: BTreeSet<String> =
        sent.iter().map(|mail| field(&fields(&std::fs::read(mail).unwrap()), "Message-ID")).collect();
    let out = entries.iter().filter(|entry| field(entry, "Mailorder-Direction") == "out");
    let owed: BTreeSet<String> = out.map(|entry| field(entry, "Mailorder-Letter")).collect();
    assert_eq!((&ids, sent.len()), (&owed, owed.len()));
    accounts.check("buyer", "after all");
}

#[test]
fn of_several_processes_that_find_no_index_one_makes_it_and_none_fails() {
    let town = crate::support::program::Town::fresh();
    town.bought("SH-41", 1, &[]);
    for _ in 0..8 {
        for side in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(town.path(&format!("buyer/index.sqlite{side}")));
        }
        let runs = std::thread::scope(|scope| {
            let run = |args: &'static [&'static str]| scope.spawn(|| town.run("buyer", args));
            let runs = [run(&["list"]), run(&["status"]), run(&["sync"]), run(&["warnings"])];
            runs.map(|run| run.join().unwrap())
        });
        assert!(runs.iter().all(|run| run.code == Some(0)), "{runs:?}");
    }
}
