//! Files of the account that cannot be read, or stand where others belong: passed over, named, and in nobody's way.

use std::fs;
use std::path::{Path, PathBuf};

use mailorder::trade::Digest;
use serde_json::Value;

use crate::support::program::{Run, Town};

/// A mail with the look of a letter that is none.
fn junk(text: &str) -> Vec<u8> {
    let header = "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x\r\n\r\n";
    format!("{header}{text}\r\n").into_bytes()
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// Makes a file that is there and is not read: no letter is so large, whoever asks.
fn too_large(path: &Path) {
    fs::File::create(path).unwrap().set_len(300 << 20).unwrap();
}

/// Checks that a run names a file in one line, and goes on.
fn names(run: &Run, path: &Path) {
    let named: Vec<&str> = run.err.lines().filter(|line| line.contains(path.to_str().unwrap())).collect();
    assert!(matches!(named.as_slice(), [line] if line.contains("it is passed over")), "{run:?}");
}

#[test]
fn a_mail_in_the_spool_that_cannot_be_read_keeps_no_other_back() {
    let town = Town::played();
    let bad = town.path("buyer/spool/new/1.bad");
    too_large(&bad);
    // It had been under way before.
    fs::write(town.path("buyer/spool/handling"), "1 1.bad\n").unwrap();
    let before = town.path("buyer/set-aside/new");
    let aside = files(&before);
    fs::write(town.path("mail/buyer@demo.test/new/1700000001.M1.here"), junk("fetched")).unwrap();
    for _ in 0..2 {
        let run = town.run("buyer", &["sync"]);
        assert_eq!(run.code, Some(74), "{run:?}");
        names(&run, &bad);
        assert_eq!(files(&before), aside + 1);
    }
    // A mail server hands over what it has.
    let run = town.fed("buyer", &["receive"], &junk("handed over"));
    assert_eq!(run.code, Some(0), "{run:?}");
    names(&run, &bad);
    assert_eq!((files(&before), bad.is_file()), (aside + 2, true));
    fs::remove_file(&bad).unwrap();
    assert_eq!(town.does("buyer", &["sync"]).err, "");
}

#[test]
fn what_is_no_file_is_named_alike_in_the_spool_and_among_the_mails_set_aside() {
    let town = Town::played();
    for folder in ["spool", "set-aside"] {
        let path = town.path(&format!("buyer/{folder}/new/odd"));
        let pipe = || assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let (folder, link) = (|| fs::create_dir(&path).unwrap(), || std::os::unix::fs::symlink("/", &path).unwrap());
        for make in [&pipe as &dyn Fn(), &folder, &link] {
            make();
            let run = town.run("buyer", &["sync"]);
            assert_eq!(run.code, Some(74), "{run:?}");
            names(&run, &path);
            fs::remove_file(&path).or_else(|_| fs::remove_dir(&path)).unwrap();
            assert_eq!(town.does("buyer", &["sync"]).err, "");
        }
    }
}

#[test]
fn what_stands_in_the_place_of_a_mail_set_aside_keeps_no_other_back() {
    let town = Town::played();
    let aside = town.path("buyer/set-aside");
    let mail = junk("no room");
    let name = Digest::of(&mail).hex();
    let place = aside.join(format!("new/{name}.eml"));
    fs::create_dir(&place).unwrap();
    for mail in [&mail, &junk("another")] {
        let run = town.fed("buyer", &["receive"], mail);
        assert_eq!(run.code, Some(0), "{run:?}");
        names(&run, &place);
    }
    assert_eq!(files(&town.path("buyer/spool/new")), 1, "what could not be kept stays in the spool");
    assert!(aside.join(format!("new/{}.eml", Digest::of(&junk("another")).hex())).is_file());
    assert_eq!(town.run("buyer", &["sync"]).code, Some(74));
    fs::remove_dir(&place).unwrap();
    assert_eq!(town.does("buyer", &["sync"]).err.lines().filter(|line| line.contains("passed over")).count(), 0);
    assert!(place.is_file() && files(&town.path("buyer/spool/new")) == 0);
    // A note that cannot be read hides a mail: that is told, too.
    let note = aside.join(format!("cur/{name}.json"));
    fs::remove_file(&note).unwrap();
    fs::create_dir(&note).unwrap();
    let run = town.run("buyer", &["sync"]);
    assert_eq!(run.code, Some(74), "{run:?}");
    names(&run, &note);
}

/// Returns a town in which one letter of the buyer's waits, its name in the queue, and its file.
fn one_waits() -> (Town, String, PathBuf) {
    let town = Town::played();
    let known = town.in_state("open")["id"].as_str().unwrap().to_owned();
    town.does("buyer", &["ask", "--offline", &known, "--leg", "order"]);
    let name = letters(&town)[0]["name"].as_str().unwrap().to_owned();
    let file = town.path(&format!("buyer/outbox/{name}.eml"));
    (town, name, file)
}

fn letters(town: &Town) -> Vec<Value> {
    town.does("buyer", &["outbox", "list", "--json"]).json()["letters"].as_array().unwrap().clone()
}

fn came(town: &Town) -> usize {
    files(&town.path("mail/shop@demo.test/new"))
}

/// Puts something else in the place of a queue file.
type Damage = fn(&Path);

/// What becomes of a queue file.
const DAMAGES: [(&str, Damage); 6] = [
    ("emptied", |file| fs::write(file, b"").unwrap()),
    ("garbage", |file| fs::write(file, b"\xff\x00garbage\n").unwrap()),
    ("cut", |file| cut(file, 2)),
    ("cut to its label", |file| {
        let mail = fs::read(file).unwrap();
        let end = mail.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        fs::write(file, &mail[..end]).unwrap();
    }),
    ("a folder", |file| {
        fs::remove_file(file).unwrap();
        fs::create_dir_all(file.join("full")).unwrap();
    }),
    ("a link to nothing", |file| {
        fs::remove_file(file).unwrap();
        std::os::unix::fs::symlink("nowhere", file).unwrap();
    }),
];

fn cut(file: &Path, by: usize) {
    let mail = fs::read(file).unwrap();
    fs::write(file, &mail[..mail.len() / by]).unwrap();
}

#[test]
fn a_letter_whose_queue_file_is_damaged_is_named_and_written_anew_from_the_ledger() {
    let (waiting, name, _) = one_waits();
    for (damage, damaged) in DAMAGES {
        let town = waiting.copied();
        let (file, before) = (town.path(&format!("buyer/outbox/{name}.eml")), came(&town));
        damaged(&file);
        let listed = letters(&town);
        let [letter] = listed.as_slice() else { panic!("{damage}: {listed:?}") };
        assert_eq!((&letter["name"], &letter["state"]), (&name.as_str().into(), &"damaged".into()), "{damage}");
        assert_eq!(letter["to"], "shop@demo.test", "{damage}: {letter}");
        assert!(letter["last_error"].as_str().unwrap().contains(file.to_str().unwrap()), "{damage}: {letter}");
        assert!(town.does("buyer", &["outbox", "list"]).out.contains("damaged"), "{damage}");
        assert_eq!(town.does("buyer", &["outbox", "show", &name, "--json"]).json()["state"], "damaged");
        assert_eq!(town.does("buyer", &["status", "--json"]).json()["outbox"]["failed"], 1, "{damage}");
        let doctor = town.run("buyer", &["doctor"]);
        assert!(doctor.code == Some(1) && doctor.out.contains("✗ Mail out"), "{damage}: {doctor:?}");
        let run = town.does("buyer", &["sync"]);
        assert_eq!(run.err.matches("was written anew from the ledger").count(), 1, "{damage}: {run:?}");
        assert_eq!((letters(&town).len(), came(&town)), (0, before + 1), "{damage}");
        assert_eq!(town.does("buyer", &["sync"]).err, "", "{damage}: it is told once");
        town.settle();
    }
}

#[test]
fn a_damaged_letter_is_dropped_or_tried_again_by_its_name() {
    let (waiting, name, _) = one_waits();
    for (damage, damaged) in DAMAGES {
        let town = waiting.copied();
        let (file, before) = (town.path(&format!("buyer/outbox/{name}.eml")), came(&town));
        let state = || letters(&town)[0]["state"].clone();
        damaged(&file);
        town.does("buyer", &["outbox", "drop", &name]);
        assert_eq!(state(), "dropped", "{damage}");
        town.does("buyer", &["sync"]);
        assert_eq!((state(), came(&town)), ("dropped".into(), before), "{damage}: it is not sent");
        // What is dropped stays so, whatever becomes of its file.
        fs::write(file.with_extension("json"), br#"{"state":"dropped","tries":0,"doubts":0}"#).unwrap();
        damaged(&file);
        town.does("buyer", &["sync"]);
        assert_eq!((state(), came(&town)), ("dropped".into(), before), "{damage}: it is not sent");
        damaged(&file);
        town.does("buyer", &["outbox", "retry", &name]);
    }
    let before = came(&waiting);
    cut(&waiting.path(&format!("buyer/outbox/{name}.eml")), 3);
    waiting.does("buyer", &["outbox", "retry", &name]);
    assert_eq!((letters(&waiting).len(), came(&waiting)), (0, before + 1));
}

#[test]
fn a_letter_that_an_earlier_version_queued_and_that_was_cut_can_be_tried_again() {
    let (town, name, file) = one_waits();
    let text = fs::read_to_string(&file).unwrap();
    let (label, mail) = text.split_once("\r\n").unwrap();
    let (label, _) = label.rsplit_once(",\"size\":").unwrap();
    fs::write(&file, format!("{label}}}\r\n{}", &mail[..mail.len() / 2])).unwrap();
    let (run, before) = (town.run("buyer", &["sync"]), came(&town));
    assert!(run.code == Some(69) && run.err.contains("the letter itself is at fault"), "{run:?}");
    town.does("buyer", &["outbox", "retry", &name]);
    assert_eq!((letters(&town).len(), came(&town)), (0, before + 1));
}

#[test]
fn a_file_of_the_queue_that_no_entry_owes_is_named_by_each_sync_until_it_is_dropped() {
    let town = Town::played();
    fs::write(town.path("buyer/outbox/0.eml"), b"garbage\n").unwrap();
    fs::create_dir_all(town.path("buyer/outbox/9999.eml/full")).unwrap();
    for (command, code) in [(["sync"].as_slice(), 74), (&["outbox", "flush"], 74), (&["--offline", "sync"], 0)] {
        let run = town.run("buyer", command);
        assert_eq!(run.code, Some(code), "{run:?}");
        for name in ["0.eml", "9999.eml"] {
            assert_eq!(run.err.matches(name).count(), usize::from(code == 74), "{run:?}");
        }
    }
    let listed = letters(&town);
    assert!(listed.len() == 2 && listed.iter().all(|one| one["to"].is_null() && one["state"] == "damaged"));
    assert_eq!(town.does("buyer", &["outbox", "show", "0", "--json"]).json()["written"], Value::Null);
    let run = town.run("buyer", &["outbox", "retry", "0"]);
    assert!(run.code == Some(65) && run.err.contains("outbox drop 0\n"), "{run:?}");
    town.does("buyer", &["outbox", "drop", "0", "9999"]);
    assert_eq!((letters(&town).len(), town.does("buyer", &["sync"]).err.as_str()), (0, ""));
    let kept: Vec<_> = fs::read_dir(town.path("buyer/outbox/tmp")).unwrap().map(|one| one.unwrap().path()).collect();
    assert!(kept.iter().any(|path| path.join("full").is_dir()), "a folder that is not empty is kept: {kept:?}");
}
