//! Archives of letters: files, mboxes, Maildirs, each with junk between the letters; taken in again, and cut off.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::accounts::{field, fields};
use crate::support::program::Town;

/// How many orders were made, and how many dates the shop named for each: more letters in all than are spooled at a time.
const ORDERS: usize = 2;
const DATES: usize = 135;
/// How many of the letters come before a cut.
const BEFORE_CUT: usize = 140;

/// What the shop wrote, of which the buyer has nothing yet.
struct Archive {
    town: Town,
    /// The letters in the order of their writing, and how an entry of each begins: its Message-ID and its digest.
    letters: Vec<(Vec<u8>, String)>,
    /// A letter more, which stands in the archive only where no letter stands.
    hidden: Vec<u8>,
    /// What people wrote to each other.
    junk: Vec<Vec<u8>>,
    /// The numbers of the orders.
    numbers: Vec<String>,
}

impl Archive {
    fn made() -> Self {
        let town = Town::fresh();
        let ids: Vec<String> = (0..ORDERS).map(|_| town.orders("buyer", "TEA-200", 1, &["--pay", "invoice"])).collect();
        town.settle();
        ids.iter().for_each(|id| drop(town.does("buyer", &["confirm", id])));
        town.settle();
        let numbers: Vec<String> = ids.iter().map(|id| town.number("buyer", id)).collect();
        let from = town.entries("shop").len();
        let rows = town.path("dates.jsonl");
        let first = jiff::civil::date(2030, 1, 1);
        let row = |n: usize| {
            let day = first.saturating_add(jiff::Span::new().days(i64::try_from(n / ORDERS).unwrap()));
            format!("{{\"txn\":\"{}\",\"planned\":\"{day}\"}}\n", numbers[n % ORDERS])
        };
        fs::write(&rows, (0..ORDERS * DATES + 1).map(row).collect::<String>()).unwrap();
        town.does("shop", &["shop", "notify", "--from", rows.to_str().unwrap()]);
        let mut letters = Self::posted(&town, from);
        let hidden = letters.pop().unwrap().0;
        assert_eq!(letters.len(), ORDERS * DATES);
        let junk = junk(&hidden);
        Self { town, letters, hidden, junk, numbers }
    }

    /// Takes what the shop wrote after its first entries out of the buyer's mailbox.
    fn posted(town: &Town, from: usize) -> Vec<(Vec<u8>, String)> {
        let read = |file: &PathBuf| {
            let mail = fs::read(file).unwrap();
            (field(&fields(&mail), "Message-ID"), mail)
        };
        let mails: BTreeMap<String, Vec<u8>> = town.post("buyer").iter().map(read).collect();
        town.post("buyer").iter().for_each(|file| fs::remove_file(file).unwrap());
        let written = town.entries("shop");
        let statuses = written.iter().skip(from).filter(|entry| field(entry, "Mailorder-Kind") == "order-status");
        let letter = |entry| {
            let id = field(entry, "Mailorder-Letter");
            (mails[&id].clone(), format!("{id} {}", field(entry, "Mailorder-Content")))
        };
        statuses.map(letter).collect()
    }

    /// Returns the mails of the archive, of so many letters: junk stands before, between and behind them.
    fn mails(&self, letters: usize) -> Vec<&[u8]> {
        let mut mails: Vec<&[u8]> = Vec::new();
        for (n, (letter, _)) in self.letters[..letters].iter().enumerate() {
            if n % 60 == 0 {
                mails.push(&self.junk[n / 60 % self.junk.len()]);
            }
            mails.push(letter);
        }
        mails.push(&self.junk[0]);
        mails
    }

    /// Returns what the entries of so many letters are, in any order.
    fn entries(&self, letters: usize) -> BTreeSet<String> {
        self.letters[..letters].iter().map(|(_, entry)| entry.clone()).collect()
    }
}

/// Mails that are no letters. In one of them a friend quotes an mbox with a letter.
fn junk(letter: &[u8]) -> Vec<Vec<u8>> {
    let letter = String::from_utf8_lossy(letter).replace("\r\n", "\n");
    let head = "From: friend@home.test\nTo: buyer@demo.test\nSubject: order-status\n";
    let report = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n";
    let texts = [
        format!("{head}\nFrom the shop I heard nothing.\n"),
        format!("{head}\nI found this:\n\nFrom shop Sun Nov 29 00:00:00 2026\n{letter}"),
        format!("{head}{report}\n--b\n\nnothing\n--b--\n"),
        format!("{head}Content-Type: text/plain\n\n>From here on all is well.\n\n\n"),
    ];
    texts.into_iter().map(String::into_bytes).collect()
}

/// Writes an mbox: each mail behind a line that begins it, and a mark before each line that would begin one (mboxrd).
fn mbox(mails: &[&[u8]], end: &str) -> Vec<u8> {
    let mut text = String::new();
    for mail in mails {
        text.push_str(&format!("From shop@demo.test Sun Nov 29 00:00:00 2026{end}"));
        for line in std::str::from_utf8(mail).unwrap().lines() {
            let mark = if line.trim_start_matches('>').starts_with("From ") { ">" } else { "" };
            text.push_str(&format!("{mark}{line}{end}"));
        }
        text.push_str(end);
    }
    text.into_bytes()
}

/// Writes a Maildir: read mails and new ones in turn, and the hidden letter as one that is still being written.
fn maildir(folder: &Path, archive: &Archive) {
    for part in ["cur", "new", "tmp"] {
        fs::create_dir_all(folder.join(part)).unwrap();
    }
    for (n, mail) in archive.mails(archive.letters.len()).iter().enumerate() {
        let name =
            if n % 2 == 0 { format!("cur/17000000{n:03}.M1.here:2,RS") } else { format!("new/17000000{n:03}.M1.here") };
        fs::write(folder.join(name), mail).unwrap();
    }
    fs::write(folder.join("tmp/17000000000.M1.here"), &archive.hidden).unwrap();
}

/// Returns the letters among a buyer's entries from a position on, and checks that each counts and stands there once.
fn came(town: &Town, from: usize) -> BTreeSet<String> {
    let entries = town.entries("buyer");
    let entries = entries.iter().skip(from).filter(|entry| field(entry, "Mailorder-Direction") == "in");
    let mut letters = BTreeSet::new();
    for entry in entries {
        let letter = format!("{} {}", field(entry, "Mailorder-Letter"), field(entry, "Mailorder-Content"));
        assert_eq!(
            (field(entry, "Mailorder-Verdict"), field(entry, "Mailorder-Finding")),
            ("applied".into(), String::new())
        );
        assert!(letters.insert(letter), "{entry:?} stands there twice");
    }
    letters
}

/// Returns the Message-IDs of what lies in the shop's mailbox.
fn posted(town: &Town) -> BTreeSet<String> {
    town.post("shop").iter().map(|file| field(&fields(&fs::read(file).unwrap()), "Message-ID")).collect()
}

/// Imports in silence.
fn imports(town: &Town, paths: &[&str]) {
    let run = town.run("buyer", &[&["import"], paths].concat());
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), "", ""), "{paths:.1?}");
}

/// Imports a whole archive, twice.
fn check_imported(archive: &Archive, paths: &dyn Fn(&Town) -> Vec<String>) {
    let town = archive.town.copied();
    let from = town.entries("buyer").len();
    let paths = paths(&town);
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    imports(&town, &paths);
    assert_eq!(came(&town, from), archive.entries(archive.letters.len()));
    for number in &archive.numbers {
        let shown = town.show("buyer", number);
        let leg = shown["legs"].as_array().unwrap().iter().find(|leg| leg["leg"] == "order").unwrap();
        assert_eq!(leg["date"], "2030-05-15", "the last date that was named: {leg}");
    }
    let (entries, posted) = (town.texts("buyer"), posted(&town));
    assert!(!posted.is_empty(), "what came is acknowledged");
    imports(&town, &paths);
    // That it came may have been lost, and is said again: by the same letters.
    assert!(town.texts("buyer") == entries && self::posted(&town) == posted, "a second time, nothing is new");
    // The sender knows of each that it came; of the one nobody delivered he does not.
    town.sync(&["shop"]);
    let queue = town.does("shop", &["outbox", "list", "--all", "--json"]).json();
    assert_eq!(queue["unacknowledged"].as_array().unwrap().len(), 1, "{queue}");
}

#[test]
fn an_archive_of_any_kind_brings_all_its_letters_once_and_nothing_else() {
    let archive = Archive::made();
    let all = archive.mails(archive.letters.len());
    let file = |town: &Town, name: &str, bytes: &[u8]| {
        let path = town.path(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    check_imported(&archive, &|town| vec![file(town, "archive.mbox", &mbox(&all, "\n"))]);
    check_imported(&archive, &|town| vec![file(town, "archive.mbox", &mbox(&all, "\r\n"))]);
    check_imported(&archive, &|town| {
        let names = all.iter().enumerate().map(|(n, mail)| file(town, &format!("{n:03}.eml"), mail));
        names.collect()
    });
    check_imported(&archive, &|town| {
        let folder = town.path("archive");
        maildir(&folder, &archive);
        vec![folder.to_str().unwrap().to_owned()]
    });
}

#[test]
fn an_mbox_that_is_cut_off_brings_what_stands_before_the_cut() {
    let archive = Archive::made();
    let town = &archive.town;
    let from = town.entries("buyer").len();
    let (path, whole) = (town.path("archive.mbox"), mbox(&archive.mails(archive.letters.len()), "\n"));
    let name = path.to_str().unwrap();
    // Within the letter behind the last whole one.
    let next = String::from_utf8_lossy(&archive.letters[BEFORE_CUT].0).replace("\r\n", "\n");
    let at = whole.windows(next.len()).position(|text| text == next.as_bytes()).unwrap();
    fs::write(&path, &whole[..at + next.len() / 2]).unwrap();
    let run = town.run("buyer", &["import", name]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), ""), "{run:?}");
    assert_eq!(came(town, from), archive.entries(BEFORE_CUT));
    let warnings = super::warnings(town);
    assert_eq!(warnings.len(), 1, "the piece is set aside: {warnings:?}");
    assert_eq!((&warnings[0]["finding"], &warnings[0]["entry"]), (&"bad-shape".into(), &serde_json::Value::Null));
    // The same piece again is no news; the whole brings the rest.
    imports(town, &[name]);
    fs::write(&path, &whole).unwrap();
    imports(town, &[name]);
    assert_eq!(came(town, from), archive.entries(archive.letters.len()));
    assert_eq!(super::warnings(town), warnings);
}

#[test]
fn a_file_that_cannot_be_read_keeps_no_other_from_being_taken_in() {
    let town = Town::fresh();
    town.orders("buyer", "TEA-200", 1, &["--pay", "invoice"]);
    let archive = town.path("archive/new");
    ["cur", "new", "tmp"].iter().for_each(|part| fs::create_dir_all(town.path("archive").join(part)).unwrap());
    let mail = town.post("shop").pop().unwrap();
    fs::rename(&mail, archive.join("1751000002.m.host")).unwrap();
    // A mail reader has renamed what these names were listed for.
    for gone in ["1751000001.gone.host", "1751000003.gone.host"] {
        std::os::unix::fs::symlink("nowhere", archive.join(gone)).unwrap();
    }
    let run = town.run("shop", &["import", town.path("archive").to_str().unwrap()]);
    assert!(run.code == Some(74) && run.err.contains("gone.host"), "{run:?}");
    let entries = town.entries("shop").into_iter();
    assert_eq!(entries.filter(|entry| field(entry, "Mailorder-Kind") == "order").count(), 1, "{run:?}");
}
