//! Entries whose letter was erased: what stays of them, how replay has them, and that a missing file is damage unless a
//! redaction stands for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mailorder::index::{Index, Keys, Reckoning, Row};
use mailorder::ledger::{Checks, Erased, Ledger, LedgerError, Mark, Outcome, Report, Writer, form, verify};
use mailorder::trade::redaction::Part;
use mailorder::trade::status::{DeliveryStatus, Parcel, ParcelEvent, Step};
use mailorder::trade::{
    Act, Body, Book, Cause, Code, Deed, Digest, Document, Download, Entry, Event, Finding, Kind, Link, Measured,
    People, Person, Place, PostalAddress, Redaction, Role, Sealed, Verdict,
};

use crate::entries::*;

const NAME: &str = "小野 賢治";
const STREET: &str = "千代田1-1-1";

/// An order as a person writes it: everything that can be erased is in it.
fn personal_order() -> Document {
    let Document::Order(mut order) = order() else { unreachable!("an order is an order") };
    let home = PostalAddress {
        name: Some(NAME.to_owned()),
        street: Some(STREET.to_owned()),
        locality: Some("千代田区".to_owned()),
        country: Some("JP".to_owned()),
        ..PostalAddress::default()
    };
    order.buyer = Person {
        name: NAME.to_owned(),
        telephone: Some("+81-3-1234-5678".to_owned()),
        address: Some(home.clone()),
        ..order.buyer
    };
    (order.deliver_to, order.billing) = (Some(home.clone()), Some(home));
    (order.payment_id, order.sealed) = (Some("4242".to_owned()), Some(Sealed("c2VhbGVk".to_owned())));
    order.remarks = Some("Please ring twice".to_owned());
    Document::Order(order)
}

fn parcel(place: Place) -> Document {
    let download = Download { name: "book.pdf".to_owned(), size: 3, digest: Digest::of(b"pdf"), place };
    Document::DeliveryStatus(DeliveryStatus {
        parcels: vec![Parcel {
            id: "P1".to_owned(),
            lines: Vec::new(),
            tracking: Some("1234-5678-9012".to_owned()),
            tracking_url: Some("https://parcel.example/1234".to_owned()),
            expected_from: None,
            expected_until: None,
            events: vec![ParcelEvent {
                name: format!("left with {NAME}'s neighbour"),
                at: moment(5),
                place: Some("Tokyo".to_owned()),
            }],
            download: Some(download),
            step: Step::Done { at: moment(6) },
        }],
    })
}

/// A ledger with one order: the letter that began it at 1, its terms at 2, a status at 3.
fn ledger_with_order(folder: &Path) -> (Ledger, Vec<Made>) {
    let ledger = ledger_in(folder);
    let finding = Finding::new(Code::TermsDifferFromOrder, format!("delivery address: ordered {STREET}, offered none"));
    let price = Finding::new(Code::TermsDifferFromOrder, "line 1 price: ordered JPY 1, offered JPY 2".to_owned());
    let batch = vec![
        made_in(1, letter(7, 1, personal_order()), Verdict::Warned, vec![finding, price]),
        made_in(2, letter(7, 2, terms(7)), Verdict::Applied, Vec::new()),
        made_in(3, letter(7, 3, parcel(Place::Attached)), Verdict::Applied, Vec::new()),
    ];
    append(&mut lock(&ledger), &batch);
    for made in &batch {
        let Body::In { original, .. } = &made.entry.body else { unreachable!("these came in") };
        let path = ledger.original_path(&original.digest);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, made.entry.position.to_be_bytes()).unwrap();
    }
    (ledger, batch)
}

fn redaction_of(ledger: &Ledger, made: &Made) -> Redaction {
    let digest = ledger.line(made.entry.position).unwrap().unwrap().digest;
    let people = People::of(made.entry.letter().into_iter());
    Redaction::of(&made.entry, digest, &people, true, "asked for").unwrap()
}

fn redacting(position: u64, redaction: &Redaction) -> Made {
    let names = redaction.remains.letter.names();
    made_own(position, Act::Redaction(Box::new(redaction.clone())), names, vec![redaction.position])
}

/// Enters a redaction as it is, and removes what it erases.
fn erase(ledger: &Ledger, redaction: &Redaction) -> Writer {
    let mut writer = lock(ledger);
    append(&mut writer, &[redacting(ledger.head().unwrap().size, redaction)]);
    writer.erase(&[redaction]).unwrap();
    writer
}

fn file_of(ledger: &Ledger, position: u64) -> PathBuf {
    ledger.folder().join("cur").join(ledger.line(position).unwrap().unwrap().file_name())
}

fn check(ledger: &Ledger) -> Report {
    verify(ledger.folder(), &Checks { originals: true, ..Checks::default() }).unwrap()
}

fn replayed(ledger: &Ledger) -> Vec<Entry> {
    let mut entries = Vec::new();
    ledger.replay(&Mark::default(), &reread, &mut |entry| entries.push(entry)).unwrap();
    entries
}

/// Returns every file below a folder whose bytes contain a text.
fn holding(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(holding(&entry, text));
        } else if text.is_empty() || fs::read(&entry).unwrap().windows(text.len()).any(|bytes| bytes == text.as_bytes())
        {
            found.push(entry);
        }
    }
    found
}

#[test]
fn a_redaction_names_every_part_it_erases_and_keeps_everything_else() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, batch) = ledger_with_order(folder.path());
    let redaction = redaction_of(&ledger, &batch[0]);
    let words: Vec<&str> = redaction.erased.iter().map(|part| part.word()).collect();
    assert_eq!(
        words,
        [
            "name",
            "telephone",
            "postal-address",
            "free-text",
            "payment-data",
            "finding-text",
            "human-text",
            "signed-bytes",
            "signature",
            "original"
        ]
    );
    let left = serde_json::to_string(&redaction).unwrap();
    for gone in [NAME, STREET, "千代田区", "1234", "4242", "c2VhbGVk", "ring twice", "\"JP\""] {
        assert!(!left.contains(gone), "{gone}: {left}");
    }
    let (was, is) = (batch[0].entry.letter().unwrap(), &redaction.remains.letter);
    let (Document::Order(was_order), Document::Order(is_order)) = (&was.document, &is.document) else {
        panic!("{is:?}");
    };
    assert_eq!((&was_order.lines, was_order.total), (&is_order.lines, is_order.total));
    assert_eq!(was_order.buyer.email, is_order.buyer.email);
    assert_eq!((&was.from, &was.to, was.date, was.seq, &was.id), (&is.from, &is.to, is.date, is.seq, &is.id));
    let findings = &redaction.remains.judged.as_ref().unwrap().findings;
    assert_eq!(findings[0].text, "delivery address: erased");
    assert_eq!(findings[1].text, "line 1 price: ordered JPY 1, offered JPY 2");
    // Once more erases nothing more.
    let mut again = batch[0].entry.clone();
    again.body = redaction.entry(9, moment(9)).body;
    let again = Redaction::of(&again, redaction.digest, &People::default(), false, "asked for").unwrap();
    assert_eq!((&again.remains, again.erased.len()), (&redaction.remains, 3), "{:?}", again.erased);
    assert_eq!(Part::ALL.iter().filter(|part| redaction.erased.contains(part)).count(), words.len());
}

#[test]
fn parcels_lose_where_they_are_and_files_stay_known_by_name_and_digest() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, batch) = ledger_with_order(folder.path());
    let redaction = redaction_of(&ledger, &batch[2]);
    assert!(redaction.erased.contains(&Part::AttachedFile) && redaction.erased.contains(&Part::Tracking));
    let Document::DeliveryStatus(status) = &redaction.remains.letter.document else { panic!("{redaction:?}") };
    let parcel = &status.parcels[0];
    assert_eq!((&parcel.tracking, &parcel.tracking_url), (&None, &None));
    assert_eq!((parcel.events.len(), parcel.events[0].name.as_str(), parcel.events[0].at), (1, "", moment(5)));
    let download = parcel.download.as_ref().unwrap();
    assert_eq!((download.name.as_str(), &download.place), ("book.pdf", &Place::Elsewhere));
    let link = Link::parse("https://files.example/token").unwrap();
    let linked = made_in(9, letter(7, 4, self::parcel(Place::Link(link))), Verdict::Applied, Vec::new());
    let redaction = Redaction::of(&linked.entry, Digest::of(b""), &People::default(), false, "x").unwrap();
    assert!(!serde_json::to_string(&redaction).unwrap().contains("token"));
    assert!(!redaction.erased.contains(&Part::AttachedFile) && !redaction.erased.contains(&Part::Original));
}

#[test]
fn the_entry_of_a_redaction_is_written_and_read_to_the_same_and_found_by_grep() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, mut batch) = ledger_with_order(folder.path());
    // Whatever an entry can have.
    batch[0].entry.event = Some(Event { id: Some("行 7".to_owned()), content: Digest::of(b"row") });
    batch[0].entry.cause =
        Some(Cause::Rule { deed: Deed::Reorder, order: order_id(3), when: "delivered:30d".to_owned() });
    owe(&mut batch[0], &letter(7, 1, confirmation()));
    let redaction = redaction_of(&ledger, &batch[0]);
    let made = redacting(4, &redaction);
    append(&mut lock(&ledger), std::slice::from_ref(&made));
    assert_eq!(ledger.entry(4, &reread).unwrap().unwrap(), made.entry);
    let text = String::from_utf8(ledger.read(4).unwrap()).unwrap();
    let digest = ledger.line(1).unwrap().unwrap().digest;
    for line in [
        "Mailorder-Kind: redaction".to_owned(),
        "Mailorder-About: 1".to_owned(),
        format!("Mailorder-Erases: 1 {digest}"),
        "Subject: redaction 2026-000007 shop@shop.example".to_owned(),
        "\"act\": \"redaction\",".to_owned(),
        "\"reason\": \"asked for\",".to_owned(),
    ] {
        assert!(text.lines().any(|found| found.trim() == line), "{line}: {text}");
    }
    assert!(text.contains("The file of entry 1 is erased (name, telephone,"), "{text}");
    assert_eq!(form::outline(text.as_bytes()).unwrap().erases, Some((1, digest)));
    assert_eq!(ledger.erased_by(4).unwrap().unwrap(), redaction.entry(4, made.entry.recorded));
    assert_eq!(ledger.erased_by(3).unwrap(), None, "that is no redaction");
}

#[test]
fn replay_has_an_erased_entry_in_its_place_and_the_book_stands_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, batch) = ledger_with_order(folder.path());
    append(&mut lock(&ledger), &[made_in(4, letter(7, 4, status("sent")), Verdict::Applied, Vec::new())]);
    let before = replayed(&ledger);
    erase(&ledger, &redaction_of(&ledger, &batch[0]));
    let after = replayed(&ledger);
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!((&after[0], &after[2..5]), (&before[0], &before[2..]));
    let erased = after[1].erased.as_ref().unwrap();
    assert_eq!((erased.by, erased.reason.as_str()), (5, "asked for"));
    assert_eq!((after[1].content(), after[1].names()), (before[1].content(), before[1].names()));
    assert_eq!(ledger.entry(1, &reread).unwrap().as_ref(), Some(&after[1]));
    let book = |entries: &[Entry]| {
        let mut book = Book::default();
        entries.iter().for_each(|entry| drop(book.apply(entry)));
        book
    };
    let (before, after) = (book(&before), book(&after));
    let facts = |book: &Book| -> Vec<_> {
        let all = book.iter().flat_map(|one| one.kept.iter());
        all.map(|kept| (kept.position, kept.content, kept.verdict, kept.letter.kind())).collect()
    };
    assert_eq!((facts(&before), facts(&after)), (facts(&after), facts(&before)));
    let kept = after.iter().next().unwrap().kept.first().unwrap();
    assert!(kept.erased.is_some() && kept.letter.kind() == Kind::Order);
    // Who wants the file is told; one that is missing without a redaction is damage.
    let said = ledger.read(1).unwrap_err();
    assert!(matches!(said, LedgerError::Erased { position: 1, .. }), "{said}");
    assert!(said.to_string().ends_with("asked for"), "{said}");
    fs::remove_file(file_of(&ledger, 3)).unwrap();
    assert!(ledger.read(3).unwrap_err().to_string().contains("is missing"));
    assert!(ledger.replay(&Mark::default(), &reread, &mut |_| {}).is_err());
}

#[test]
fn nothing_that_was_erased_is_in_any_byte_of_the_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, batch) = ledger_with_order(folder.path());
    assert_eq!(holding(folder.path(), NAME).len(), 2, "the order, and who got the parcel");
    // A mail reader moved one file and left a copy of it.
    let moved = ledger.folder().join("new").join(ledger.line(1).unwrap().unwrap().name);
    fs::copy(file_of(&ledger, 1), &moved).unwrap();
    fs::rename(file_of(&ledger, 1), file_of(&ledger, 1).with_extension("0f1e2d3c:2,RS")).unwrap();
    for made in [&batch[0], &batch[2]] {
        erase(&ledger, &redaction_of(&ledger, made));
    }
    for gone in [NAME, STREET, "ring twice", "1234-5678-9012"] {
        assert_eq!(holding(folder.path(), gone), Vec::<PathBuf>::new(), "{gone}");
    }
    let mails = holding(&ledger.folder().join("originals"), "");
    assert_eq!(mails.len(), 1, "the original of the terms alone: {mails:?}");
    let report = check(&ledger);
    assert_eq!((report.result, report.erased.len()), (Outcome::Clean, 2), "{report:?}");
}

#[test]
fn a_missing_file_is_clean_exactly_where_a_redaction_names_it_and_its_digest() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, batch) = ledger_with_order(folder.path());
    let (file, bytes) = (file_of(&ledger, 1), ledger.read(1).unwrap());
    let head = check(&ledger).head;
    let problems = |ledger: &Ledger| -> Vec<String> {
        check(ledger).problems.into_iter().map(|one| format!("{:?} {}", one.entry, one.what)).collect()
    };
    fs::remove_file(&file).unwrap();
    assert_eq!(problems(&ledger), ["Some(1) is missing (between entries 0 and 2)"]);
    // A redaction of another file explains nothing.
    let mut other = redaction_of(&ledger, &batch[0]);
    other.digest = Digest::of(b"another file");
    append(&mut lock(&ledger), &[redacting(4, &other)]);
    let wrong = "Some(1) is missing (between entries 0 and 2), and the redaction of entry 4 names another file";
    assert_eq!(problems(&ledger), [wrong]);
    assert!(ledger.read(1).unwrap_err().to_string().contains("is missing"), "nor does replay take it");
    fs::write(&file, &bytes).unwrap();
    assert_eq!(lock(&ledger).erase(&[&other]).unwrap(), 0, "nor does anybody remove a file for it");
    assert!(file.is_file());
    // The right one does; roots are what they were.
    let folder = tempfile::tempdir().unwrap();
    let (ledger, batch) = ledger_with_order(folder.path());
    erase(&ledger, &redaction_of(&ledger, &batch[0]));
    let report = check(&ledger);
    assert_eq!((report.result, &report.problems), (Outcome::Clean, &Vec::new()));
    assert_eq!(report.erased, [Erased { entry: 1, by: 4 }]);
    assert_eq!(ledger.root_at(4).unwrap(), Some(head));
    // It is vouched for by the log as any entry: changed, it explains nothing.
    let (redaction, text) = (file_of(&ledger, 4), ledger.read(4).unwrap());
    fs::write(&redaction, String::from_utf8(text).unwrap().replace("asked for", "asked 4or")).unwrap();
    let found = problems(&ledger);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("is missing") && found[1].contains("was changed"), "{found:?}");
    assert!(ledger.replay(&Mark::default(), &reread, &mut |_| {}).is_err());
}

#[test]
fn a_mail_that_was_changed_is_told_and_one_that_was_pruned_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, batch) = ledger_with_order(folder.path());
    let original = |made: &Made| {
        let Body::In { original, .. } = &made.entry.body else { unreachable!("these came in") };
        ledger.original_path(&original.digest)
    };
    assert_eq!(check(&ledger).result, Outcome::Clean);
    fs::remove_file(original(&batch[0])).unwrap();
    assert_eq!(check(&ledger).result, Outcome::Clean, "it may be pruned");
    fs::write(original(&batch[1]), b"another mail").unwrap();
    let report = check(&ledger);
    assert_eq!((report.result, report.problems.len(), report.problems[0].entry), (Outcome::Broken, 1, Some(2)));
    let said = &report.problems[0].what;
    assert!(said.starts_with("the mail it came in, originals/") && said.ends_with("was changed"), "{said}");
    let quick = verify(ledger.folder(), &Checks::default()).unwrap();
    assert_eq!(quick.result, Outcome::Clean, "who does not ask for the mails hears nothing of them");
}

#[test]
fn what_is_still_there_though_it_was_erased_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, batch) = ledger_with_order(folder.path());
    let redaction = redaction_of(&ledger, &batch[0]);
    append(&mut lock(&ledger), &[redacting(4, &redaction)]);
    let report = check(&ledger);
    assert_eq!(report.problems[0].what, "is still there, though entry 4 says it was erased");
    assert_eq!((report.result, report.problems.len(), report.problems[0].entry), (Outcome::Broken, 1, Some(1)));
    // Done again it is done, and once more is no error.
    let writer = lock(&ledger);
    assert_eq!((writer.erase(&[&redaction]).unwrap(), writer.erase(&[&redaction]).unwrap()), (2, 0));
    assert_eq!(check(&ledger).result, Outcome::Clean);
}

/// Opens the index of a ledger, as it was left, and brings it up to date.
fn indexed(folder: &Path, name: &str, ledger: &Ledger) -> Index {
    let reckoning = Reckoning { row: Row::of, keys: |_| Keys::default(), join: |_, _| None };
    let (mut index, _) = Index::open(&folder.join(name), ledger, reckoning).unwrap();
    index.catch_up(&lock(ledger), &reread).unwrap();
    index
}

/// Returns what the search of an index holds in its pages, page by page, but for a bit at each part of a name that says
/// whether its row was written before.
fn parts_of_names(folder: &Path, name: &str) -> Vec<Vec<u8>> {
    let db = rusqlite::Connection::open(folder.join(name)).unwrap();
    // The first rows count, and say where the pages lie.
    let mut pages = db.prepare("SELECT block FROM search_data WHERE id > 10 ORDER BY id").unwrap();
    let pages: Vec<Vec<u8>> = pages.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(!pages.is_empty());
    pages.into_iter().map(|page| page.into_iter().map(|byte| byte | 1).collect()).collect()
}

#[test]
fn rows_made_of_an_erased_letter_are_those_of_a_new_index_and_no_other_row_is_touched() {
    let judged = |position: u64, batch: &[Made]| {
        let finding = Finding::new(Code::TermsDifferFromOrder, "line 1 price: ordered JPY 1, offered JPY 2".to_owned());
        let content = batch[0].entry.content().unwrap();
        let act = Act::Verdict { content, verdict: Verdict::Applied, findings: vec![finding] };
        made_own(position, act, batch[0].entry.names(), vec![1])
    };
    // As it was warned about on arrival, and judged again since: before the redaction, or with it.
    for (before, with) in [(false, false), (true, false), (false, true)] {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, batch) = ledger_with_order(folder.path());
        if before {
            append(&mut lock(&ledger), &[judged(4, &batch)]);
        }
        let index = indexed(folder.path(), "grown.sqlite", &ledger);
        assert!(index.dump().unwrap().contains(NAME));
        drop(index);
        // A row that only a new index would not have.
        let db = rusqlite::Connection::open(folder.path().join("grown.sqlite")).unwrap();
        db.execute("INSERT INTO claimed VALUES ('F', 'shop', '1', 7)", []).unwrap();
        drop(db);
        if with {
            append(&mut lock(&ledger), &[judged(4, &batch)]);
        }
        for made in [&batch[0], &batch[2]] {
            let redaction = redaction_of(&ledger, made);
            append(&mut lock(&ledger), &[redacting(ledger.head().unwrap().size, &redaction)]);
        }
        let mut index = indexed(folder.path(), "grown.sqlite", &ledger);
        let grown = index.dump().unwrap();
        let (kept, grown): (Vec<&str>, Vec<&str>) = grown.lines().partition(|line| line.starts_with("claimed\t"));
        assert_eq!(kept, ["claimed\tF\tshop\t1\t7"], "the rest was let be");
        let new = indexed(folder.path(), "new.sqlite", &ledger).dump().unwrap();
        assert_eq!(grown, new.lines().collect::<Vec<_>>(), "judged again before: {before}, with: {with}");
        assert!(index.scrub().unwrap());
        index.catch_up(&lock(&ledger), &reread).unwrap();
        assert_eq!(index.unscrubbed().unwrap(), None);
        drop(index);
        for gone in [NAME, STREET, "ring twice", "1234-5678-9012"] {
            assert_eq!(holding(folder.path(), gone), Vec::<PathBuf>::new(), "{gone}");
        }
        // Parts of names are not found by their letters, since they are written shortened: what is left is what a new index has.
        assert_eq!(parts_of_names(folder.path(), "grown.sqlite"), parts_of_names(folder.path(), "new.sqlite"));
    }
}

#[test]
fn a_redaction_that_names_another_file_changes_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, batch) = ledger_with_order(folder.path());
    drop(indexed(folder.path(), "index.sqlite", &ledger));
    let mut other = redaction_of(&ledger, &batch[0]);
    other.digest = Digest::of(b"another file");
    append(&mut lock(&ledger), &[redacting(4, &other)]);
    assert!(indexed(folder.path(), "index.sqlite", &ledger).dump().unwrap().contains(NAME));
    // Nor does it stand in the way of one that names the right file.
    erase(&ledger, &redaction_of(&ledger, &batch[0]));
    let erased = ledger.entry(1, &reread).unwrap().unwrap().erased.unwrap();
    assert_eq!(erased.by, 5);
    let (left, new): (Index, Index) =
        ["index.sqlite", "new.sqlite"].map(|name| indexed(folder.path(), name, &ledger)).into();
    assert!(!left.dump().unwrap().contains(STREET));
    assert_eq!(left.dump().unwrap(), new.dump().unwrap());
}

#[test]
fn the_recipe_of_the_page_takes_a_redaction_and_nothing_else_for_a_missing_file() {
    let page = include_str!("../docs/ledger-format.md");
    let below = page.split_once("\n## Checking all files against the log\n").unwrap().1;
    let script = below.split_once("```sh\n").unwrap().1.split_once("```").unwrap().0;
    let run = |ledger: &Ledger| {
        let output = Command::new("/bin/sh").args(["-c", script]).current_dir(ledger.folder()).output().unwrap();
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let folder = tempfile::tempdir().unwrap();
    let (ledger, batch) = ledger_with_order(folder.path());
    assert_eq!(run(&ledger), "");
    erase(&ledger, &redaction_of(&ledger, &batch[0]));
    assert_eq!(run(&ledger), "");
    // What stands in a letter's own text erases nothing.
    let digest = ledger.line(3).unwrap().unwrap().digest;
    let mut forged = made_in(5, letter(7, 5, status("sent")), Verdict::Applied, Vec::new());
    let mut bytes = forged.signed.take().unwrap();
    bytes.extend(format!("\nMailorder-Kind: redaction\nMailorder-Erases: 3 {digest}\n").bytes());
    if let Body::In { content, .. } = &mut forged.entry.body {
        *content = Measured::of(&bytes);
    }
    forged.signed = Some(bytes);
    append(&mut lock(&ledger), &[forged]);
    fs::remove_file(file_of(&ledger, 3)).unwrap();
    let said = run(&ledger);
    assert!(said.contains("missing/") && said.contains(".3.0f1e2d3c"), "{said}");
}

#[test]
fn people_are_known_by_what_is_long_enough_to_be_known_by() {
    let order = letter(7, 1, personal_order());
    let people = People::of(std::iter::once(&order));
    for text in [format!("Dear {NAME},"), format!("to {STREET}"), "He said: Please ring twice".to_owned()] {
        assert!(people.are_in(&text), "{text}");
    }
    for text in ["JP", "4242", "千代田区", "JPY 4800", ""] {
        assert!(!people.are_in(text), "{text}");
    }
    let nobody = letter(7, 1, confirmation());
    assert_eq!(People::of(std::iter::once(&nobody)), People::default());
    assert_eq!(made_out(1, nobody).entry.role, Some(Role::Buyer));
}
