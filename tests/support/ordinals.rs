//! An index told so that two runs of one story are told alike: what chance and the clock made is named by its place in
//! the ledger.

use std::collections::BTreeMap;

use super::accounts::{Accounts, Fields, field, fields};

/// What stands for a word of which nothing but its kind can be the same in two runs.
const TIME: &str = "TIME";
const CHANCE: &str = "CHANCE";

/// The names of words: digests, Message-IDs, orders, numbers and file names, each by the entry that has it first.
struct Names(BTreeMap<String, String>);

impl Names {
    fn of(log: &[String], entries: &[Fields]) -> Self {
        let mut names = Self(BTreeMap::new());
        for (line, entry) in log.iter().zip(entries) {
            let parts: Vec<&str> = line.split(' ').collect();
            let [position, digest, _, name] = parts[..] else { panic!("{line}") };
            names.give("entry", position, digest);
            names.give("file", position, name);
            for (what, of) in
                [("letter", "Letter"), ("content", "Content"), ("original", "Original"), ("event", "Event")]
            {
                let value = field(entry, &format!("Mailorder-{of}"));
                let word = value.trim_start_matches("sha256:").trim_start_matches('<');
                names.give(what, position, word.split([' ', '@', '>']).next().unwrap_or_default());
            }
            for of in ["Order", "Transaction"] {
                names.give(&of.to_lowercase(), position, &field(entry, &format!("Mailorder-{of}")));
            }
        }
        names
    }

    /// Names a word that has no name yet.
    fn give(&mut self, what: &str, position: &str, word: &str) {
        if !word.is_empty() {
            self.0.entry(word.to_owned()).or_insert_with(|| format!("{what}-{position}"));
        }
    }

    /// Returns a row with every such word replaced.
    fn told(&self, row: &str) -> String {
        let mut told = String::new();
        let mut rest = row;
        while let Some(first) = rest.chars().next() {
            let moment = moment_len(rest);
            let whole = moment.max(word_len(rest)).max(first.len_utf8());
            let (word, after) = rest.split_at(whole);
            told.push_str(if moment > 0 { TIME } else { self.name(word) });
            rest = after;
        }
        told
    }

    fn name<'a>(&'a self, word: &'a str) -> &'a str {
        let is_long = |from: usize, of: fn(&char) -> bool| word.len() >= from && word.chars().all(|c| of(&c));
        match self.0.get(word) {
            Some(name) => name,
            // Seconds and milliseconds since 1970.
            None if is_long(10, char::is_ascii_digit) => TIME,
            None if is_long(16, is_digest_digit) => CHANCE,
            None => word,
        }
    }
}

/// Returns whether a digit of a digest is written so; those of fingerprints, which chance does not make anew, are upper case.
fn is_digest_digit(c: &char) -> bool {
    c.is_ascii_digit() || ('a'..='f').contains(c)
}

/// Returns how long a word is that a text begins with; the dots within the name of a file are part of it.
fn word_len(text: &str) -> usize {
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let plain = text.find(|c| !is_word(c)).unwrap_or(text.len());
    let dotted = text.find(|c| !is_word(c) && c != '.').unwrap_or(text.len());
    let is_file = text[..dotted].split('.').count() == 3 && text[..dotted].split('.').all(|part| !part.is_empty());
    if is_file && text.starts_with(|c: char| c.is_ascii_digit()) { dotted } else { plain }
}

/// Returns how long a date or moment is that a text begins with; 0 for none.
fn moment_len(text: &str) -> usize {
    let shape = |text: &str, shape: &str| {
        text.len() >= shape.len()
            && text.bytes().zip(shape.bytes()).all(|(c, s)| if s == b'0' { c.is_ascii_digit() } else { c == s })
    };
    if !shape(text, "0000-00-00") {
        return 0;
    }
    let (_, after) = text.split_at(10);
    let is_time = shape(after, "T00:00:00");
    let end = after.find(|c: char| !c.is_ascii_digit() && !"T:.Z+".contains(c)).unwrap_or(after.len());
    10 + if is_time { end } else { 0 }
}

/// Returns the rows of a party's index, told so, and sorted.
pub fn rows(accounts: &Accounts, party: &str, dump: &str) -> Vec<String> {
    let log = accounts.log(party);
    let entry = |line: &String| {
        let name = line.rsplit(' ').next().unwrap();
        // Of an entry that was erased nothing is left to be named.
        fields(&std::fs::read(accounts.dir.join(party).join(format!("ledger/cur/{name}:2,S"))).unwrap_or_default())
    };
    let names = Names::of(&log, &log.iter().map(entry).collect::<Vec<Fields>>());
    let mut rows: Vec<String> = dump.lines().map(|row| names.told(&without_size(row))).collect();
    rows.sort();
    rows
}

/// Leaves out how large the file of an entry is: signatures differ in length.
fn without_size(row: &str) -> String {
    let mut columns: Vec<&str> = row.split('\t').collect();
    if columns[0] == "entry" {
        columns.remove(3);
    }
    columns.join("\t")
}

/// Returns how two lists of rows differ, a line each; nothing where they are alike.
pub fn difference(found: &[String], expected: &[String]) -> Vec<String> {
    let lacks = |list: &[String], row: &String| list.iter().filter(|one| *one == row).count();
    let of = |all: &[String], others: &[String], mark: char| {
        let more = all.iter().filter(|row| lacks(all, row) > lacks(others, row));
        more.map(|row| format!("{mark} {row}")).collect::<Vec<String>>()
    };
    [of(found, expected, '+'), of(expected, found, '-')].concat()
}

#[test]
fn what_chance_made_is_named_by_its_place_and_the_rest_stays() {
    let log = vec![format!("0 {} 700 1784364063.0.0f1e2d3c", "ab".repeat(32))];
    let field = |name: &str, value: &str| (format!("Mailorder-{name}"), vec![value.to_owned()]);
    let entry = Fields::from([
        field("Letter", "<k5qw@mailorder.invalid>"),
        field("Content", &format!("sha256:{} 900", "cd".repeat(32))),
        field("Order", "K5QW3ZABCD"),
        field("Transaction", "12345678901"),
    ]);
    let names = Names::of(&log, &[entry]);
    let row = format!(
        "entry\t0\t{}\t1784364063.0.0f1e2d3c\tk5qw@mailorder.invalid\t{}\tK5QW3ZABCD\t12345678901\tJPY 4800",
        "ab".repeat(32),
        "cd".repeat(32)
    );
    let told = "entry\t0\tentry-0\tfile-0\tletter-0@mailorder.invalid\tcontent-0\torder-0\ttransaction-0\tJPY 4800";
    assert_eq!(names.told(&row), told);
    let row = format!("2026-11-30T08:00:00.123Z\t1784364063\t{}\t\"2026-12-01\",シャツ 2026-1", "ef".repeat(32));
    assert_eq!(names.told(&row), "TIME\tTIME\tCHANCE\t\"TIME\",シャツ 2026-1");
    let rows = |rows: &[&str]| rows.iter().map(|row| (*row).to_owned()).collect::<Vec<String>>();
    assert_eq!(difference(&rows(&["a", "b", "b"]), &rows(&["a", "b", "c"])), ["+ b", "+ b", "- c"]);
    assert!(difference(&rows(&["a"]), &rows(&["a"])).is_empty());
    assert_eq!(without_size("entry\t0\tab\t700\tname"), "entry\t0\tab\tname");
}
