//! What a disk, a backup or a slip of the hand leaves: a damaged index, a log cut back, another's key, an outbox without
//! room.

use std::fs;

use crate::support::program::Town;

#[test]
fn a_damaged_index_is_built_again_whatever_is_asked_f24() {
    let town = Town::played();
    let before = town.does("buyer", &["list", "--json"]).out;
    let file = town.path("buyer/index.sqlite");
    let sound = fs::read(&file).unwrap();
    let mut told = 0;
    for begin in (4096..sound.len()).step_by(4096) {
        for side in ["-wal", "-shm"] {
            let _ = fs::remove_file(town.path(&format!("buyer/index.sqlite{side}")));
        }
        let mut damaged = sound.clone();
        damaged[begin..begin + 200].fill(0xff);
        fs::write(&file, damaged).unwrap();
        let run = town.run("buyer", &["list", "--json"]);
        assert_eq!((run.code, &run.out), (Some(0), &before), "page at {begin}: {run:?}");
        told += usize::from(run.err.contains("the index was damaged"));
    }
    assert!(told > 0, "no page that was damaged is read by `list`");
    let mut damaged = sound;
    let end = damaged.len().min(60_000);
    damaged[20_000..end].fill(0xa5);
    fs::write(&file, damaged).unwrap();
    town.does("buyer", &["ledger", "reindex"]);
    assert_eq!(town.does("buyer", &["list", "--json"]).out, before);
}

#[test]
fn a_log_cut_back_stops_the_account_until_a_person_says_go_on_f22() {
    let town = Town::fresh();
    let (id, _) = town.bought("SH-41", 1, &["--pay", "card"]);
    let log = town.path("buyer/ledger/log");
    let whole = fs::read_to_string(&log).unwrap();
    town.does("buyer", &["ask", "--offline", &id]);
    let (lines, asked) = (whole.lines().count(), fs::read_to_string(&log).unwrap().lines().count());
    fs::write(&log, &whole).unwrap();
    for command in [&["list"][..], &["ask", &id], &["sync"]] {
        let run = town.run("buyer", command);
        assert!(run.code == Some(65) && run.err.contains("restore it from a backup"), "{run:?}");
    }
    assert_eq!(fs::read_to_string(&log).unwrap(), whole, "nothing was added");
    let run = town.does("buyer", &["ledger", "reindex"]);
    let told = format!("{} entry files that the log no longer reaches", asked - lines);
    assert!(asked > lines && run.err.contains(&told), "{run:?}");
    // A letter that lay in the queue under a number that is given to another one now.
    assert!(run.err.contains(&format!("not there any more (letters: {})", asked - lines)), "{run:?}");
    assert!(run.err.contains("import FOLDER/.mailorder"), "{run:?}");
    let kept = town.path(&format!("buyer/outbox/cut/{lines}.eml"));
    assert!(kept.is_file(), "{}", kept.display());
    assert_eq!(town.does("buyer", &["list", "--json"]).json()["transactions"][0]["state"], "open");
    // The entry is kept apart: the next crash does not take it for what an interrupted writer left.
    let cut = crate::support::accounts::files(&town.path("buyer/ledger/cut"));
    assert!(cut.len() == asked - lines && cut[0].to_str().unwrap().contains(&format!(".{lines}.")), "{cut:?}");
    fs::write(town.path("buyer/ledger/lock"), "busy\n").unwrap();
    town.does("buyer", &["ask", "--offline", &id]);
    let asks = |direction: &str, party: &str| town.count(party, &id, direction, "status-request");
    assert_eq!((asks("out", "buyer"), asks("in", "shop")), (asked - lines, 0));
    town.settle();
    assert_eq!(asks("in", "shop"), 1, "the letter of the entry goes out, and the other does not");
    assert!(cut[0].is_file() && kept.is_file());
    let audit = town.run("buyer", &["audit", "verify", town.path("buyer/ledger").to_str().unwrap()]);
    assert!(!audit.out.contains("has no line in the log"), "{audit:?}");
}

/// Removes the index.
fn loses_its_index(town: &Town) {
    for side in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(town.path(&format!("buyer/index.sqlite{side}")));
    }
}

#[test]
fn a_log_cut_back_stops_the_account_also_when_its_index_is_lost_f22() {
    let town = Town::fresh();
    let (id, _) = town.bought("SH-41", 1, &["--pay", "card"]);
    let (log, lock) = (town.path("buyer/ledger/log"), town.path("buyer/ledger/lock"));
    let whole = fs::read_to_string(&log).unwrap();
    town.does("buyer", &["ask", &id]);
    town.does("buyer", &["ledger", "checkpoint"]);
    let asked = fs::read_to_string(&log).unwrap().lines().count();
    let files = || crate::support::accounts::files(&town.path("buyer/ledger/cur"));
    let (lines, there, clean) = (whole.lines().count(), files(), fs::read(&lock).unwrap());
    fs::write(&log, &whole).unwrap();
    // After a crash the checkpoint tells that there was more.
    for words in [clean.as_slice(), b"busy\n"] {
        fs::write(&lock, words).unwrap();
        loses_its_index(&town);
        for command in [&["list"][..], &["list"], &["ask", &id], &["sync"]] {
            let run = town.run("buyer", command);
            let told = format!("the log has {lines} entries, but {asked} were recorded");
            assert!(run.code == Some(65) && run.err.contains(&told), "{run:?}");
        }
        let doctor = town.run("buyer", &["doctor"]);
        assert!(
            doctor.code == Some(1) && doctor.out.contains("✗ Account") && doctor.out.contains("reindex"),
            "{doctor:?}"
        );
    }
    assert_eq!((fs::read_to_string(&log).unwrap(), files()), (whole, there), "nothing was added or moved");
    let run = town.does("buyer", &["ledger", "reindex"]);
    assert!(run.err.contains(&format!("{} entry files that the log no longer reaches", asked - lines)), "{run:?}");
    town.does("buyer", &["ask", &id]);
    loses_its_index(&town);
    town.does("buyer", &["list"]);
}

#[test]
fn what_a_crash_left_is_put_right_without_an_index_and_kept() {
    let town = Town::fresh();
    let (id, _) = town.bought("SH-41", 1, &["--pay", "card"]);
    let log = town.path("buyer/ledger/log");
    let whole = fs::read_to_string(&log).unwrap();
    town.does("buyer", &["ask", &id]);
    let asked = fs::read_to_string(&log).unwrap().lines().count();
    fs::write(&log, &whole).unwrap();
    fs::write(town.path("buyer/ledger/lock"), "busy\n").unwrap();
    loses_its_index(&town);
    let run = town.does("buyer", &["list"]);
    assert!(run.err.contains("without a line in the log were moved to cut"), "{run:?}");
    let cut = crate::support::accounts::files(&town.path("buyer/ledger/cut"));
    assert_eq!(cut.len(), asked - whole.lines().count());
    town.does("buyer", &["ask", &id]);
}

#[test]
fn the_key_of_another_account_is_not_used_f36() {
    let town = Town::played();
    let (own, file) = (fs::read(town.path("buyer/keys/own.asc")).unwrap(), town.path("buyer/keys/own.asc"));
    fs::copy(town.path("ship/keys/own.asc"), &file).unwrap();
    let entries = fs::read(town.path("buyer/ledger/log")).unwrap();
    for command in [&["list"][..], &["sync"], &["status"]] {
        let run = town.run("buyer", command);
        assert!(run.code == Some(78) && run.err.contains("restore that one"), "{run:?}");
    }
    assert_eq!(fs::read(town.path("buyer/ledger/log")).unwrap(), entries);
    fs::write(&file, own).unwrap();
    town.does("buyer", &["sync"]);
}

#[test]
fn an_order_that_is_in_the_ledger_is_not_called_failed_f2_f8() {
    let town = Town::fresh();
    // The letter cannot be put in the outbox: its name is taken by what cannot be read.
    let next = fs::read_to_string(town.path("buyer/ledger/log")).unwrap().lines().count();
    let taken = town.path(&format!("buyer/outbox/{next}.eml"));
    std::os::unix::fs::symlink("nowhere", &taken).unwrap();
    let wish = ["order", "--shop", "shop@demo.test", "--item", "SH-41;シャツ 白 41;JPY 4300;1"];
    let wish = [&wish[..], &["--charge", "Parcel delivery;JPY 500"]].concat();
    let run = town.run("buyer", &wish);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains("ordered from") && run.err.contains("entered in the ledger"), "{run:?}");
    fs::remove_file(&taken).unwrap();
    town.settle();
    assert_eq!(town.lists("shop", &[]).len(), 1);
    assert_eq!(town.lists("buyer", &[])[0]["state"], "offered");
    town.check_peace();
}

#[test]
fn what_an_interrupted_writer_left_is_put_away_by_the_next_command() {
    let town = Town::played();
    let ledger = town.path("buyer/ledger");
    let last = fs::read_to_string(ledger.join("log")).unwrap().lines().last().unwrap().to_owned();
    let name = last.rsplit(' ').next().unwrap();
    let (second, rest) = name.split_once('.').unwrap();
    let (position, begin) = rest.split_once('.').unwrap();
    let next: u64 = position.parse::<u64>().unwrap() + 1;
    // An entry's file without its line, and the word of a writer that died.
    fs::copy(ledger.join(format!("cur/{name}:2,S")), ledger.join(format!("cur/{second}.{next}.{begin}:2,S"))).unwrap();
    fs::write(ledger.join("lock"), "busy\n").unwrap();
    assert_eq!(town.run("buyer", &["audit", "verify"]).code, Some(1));
    town.does("buyer", &["list"]);
    assert_eq!(town.does("buyer", &["audit", "verify", "--json"]).json()["result"], "clean");
}

#[test]
fn a_folder_that_is_no_ledger_is_told_as_such() {
    let town = Town::fresh();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"x").unwrap();
    for path in [folder.path(), &file] {
        let run = town.run("buyer", &["audit", "verify", path.to_str().unwrap()]);
        assert_eq!(run.code, Some(65), "{run:?}");
        assert!(run.err.contains(&format!("{} is not a ledger: it has no file `log`", path.display())), "{run:?}");
    }
    assert_eq!(town.run("buyer", &["audit", "verify", folder.path().join("nowhere").to_str().unwrap()]).code, Some(65));
}

#[test]
fn what_a_cut_log_does_not_reach_is_told_in_one_line() {
    let town = Town::played();
    let ledger = town.path("buyer/ledger");
    for _ in 0..2 {
        town.does("buyer", &["ledger", "checkpoint"]);
    }
    let log = fs::read_to_string(ledger.join("log")).unwrap();
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    let (size, kept) = (lines.len(), 9);
    fs::write(ledger.join("log"), lines[..kept].concat()).unwrap();
    let run = town.run("buyer", &["audit", "verify", ledger.to_str().unwrap()]);
    let line = format!("entries {kept} to {}  each of their {} files has no line in the log", size - 1, size - kept);
    assert!(run.code == Some(1) && run.out.contains(&line), "{line}: {run:?}");
    assert_eq!(run.out.matches("has no line").count(), 1, "{run:?}");
    let problems = town.run("buyer", &["--json", "audit", "verify", ledger.to_str().unwrap()]).out;
    let problems = serde_json::from_str::<serde_json::Value>(&problems).unwrap()["problems"].clone();
    let cut: Vec<u64> = problems.as_array().unwrap().iter().filter_map(|one| one["entry"].as_u64()).collect();
    assert_eq!(cut, (kept as u64..size as u64).collect::<Vec<_>>());
    let numbers: Vec<u64> = problems
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["file"].as_str()?.strip_prefix("checkpoints/")?.strip_suffix(".asc")?.parse().ok())
        .collect();
    assert!(!numbers.is_empty() && numbers.is_sorted(), "{numbers:?}");
}
