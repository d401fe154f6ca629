//! The ledger: its files as anybody reads them, batches that count as a whole or not at all, and changes of the past
//! that show.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use mailorder::ledger::form::{self, Setting};
use mailorder::ledger::{Checks, Draft, Head, Ledger, LedgerError, Mark, Outcome, Report, Tree, recordable, verify};
use mailorder::trade::{
    Act, Address, Code, Digest, Entry, Finding, Fingerprint, Kind, MessageId, Names, Owed, PinnedBy, Settlement,
    Verdict,
};
use proptest::prelude::*;

use crate::entries::*;

fn check(folder: &Path) -> Report {
    verify(folder, &Checks::default()).unwrap()
}

fn entry_file(ledger: &Ledger, position: u64) -> PathBuf {
    ledger.folder().join("cur").join(ledger.line(position).unwrap().unwrap().file_name())
}

fn replayed(ledger: &Ledger) -> Vec<Entry> {
    let mut entries = Vec::new();
    ledger.replay(&Mark::default(), &reread, &mut |entry| entries.push(entry)).unwrap();
    entries
}

#[test]
fn what_is_appended_is_read_again_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    let batch = trade(300);
    let lines = append(&mut lock(&ledger), &batch);
    let expected: Vec<Entry> = std::iter::once(genesis()).chain(batch.iter().map(|m| m.entry.clone())).collect();
    let entries = replayed(&ledger);
    assert_eq!(entries, expected);
    assert_eq!(entries[7].recorded.offset(), expected[7].recorded.offset(), "the offset is kept too");
    assert_eq!(ledger.entry(8, &reread).unwrap().as_ref(), Some(&expected[8]));
    assert_eq!(ledger.line(8).unwrap().as_ref(), Some(&lines[7]));
    assert_eq!(Digest::of(&ledger.read(8).unwrap()), lines[7].digest);
    let opened = Ledger::open(ledger.folder()).unwrap();
    assert_eq!((opened.id(), opened.account().as_str()), (LEDGER, "buyer@buyer.example"));
    let report = check(ledger.folder());
    assert_eq!((report.result, report.entries, report.head), (Outcome::Clean, 1201, ledger.head().unwrap()));
}

#[test]
fn an_entry_is_the_mail_the_design_shows() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    let finding = Finding::differs(Code::AmountDiffers, "total", "JPY 4800", "JPY 4900 円");
    let mut made = made_in(1, letter(7, 1, terms(7)), Verdict::Warned, vec![finding]);
    owe(&mut made, &letter(7, 1, confirmation()));
    let draft = Draft { first: Some(0), ..made.draft() };
    lock(&ledger).append(&[draft]).unwrap();
    let text = String::from_utf8(ledger.read(1).unwrap()).unwrap();
    let digest = Digest::of(made.signed.as_ref().unwrap()).hex();
    let head = text.split("\n\n").next().unwrap();
    let signer = party("shop").fingerprint;
    let expected = format!(
        "From: shop@shop.example
To: buyer@buyer.example
Subject: transaction-info 2026-000007 shop@shop.example
Date: Sat, 18 Jul 2026 17:41:04 +0900
Message-ID: <1.{LEDGER}@mailorder.invalid>
References: <0.{LEDGER}@mailorder.invalid>
Mailorder-Version: 1
Mailorder-Entry: 1
Mailorder-Recorded: 2026-07-18T08:41:04.000Z
Mailorder-Direction: in
Mailorder-Role: buyer
Mailorder-Kind: transaction-info
Mailorder-Shop: shop@shop.example
Mailorder-Transaction: 2026-000007
Mailorder-Order: {}
Mailorder-Seq: 1
Mailorder-Peer: shop@shop.example
Mailorder-Signer: {signer}
Mailorder-Letter: <7.1.transaction-info@shop.shop.example>
Mailorder-Amount: JPY 4800
Mailorder-Content: sha256:{digest} {}
Mailorder-Original: {} 5000
Mailorder-Verdict: warned
Mailorder-Finding: amount-differs
Mailorder-Note: amount-differs: =?UTF-8?B?dG90YWw6IGFncmVlZCBKUFkgNDgwMCwgc3RhdGVkIEpQWSA0OTAw?=
 =?UTF-8?B?IOWGhg==?=
Mailorder-Owes: 7.1.confirmation@buyer.buyer.example confirmation shop@shop.example
MIME-Version: 1.0
Content-Type: multipart/signed; micalg=\"pgp-sha512\"; protocol=\"application/pgp-signature\";
 boundary=\"mailorder-{}\"",
        order_id(7),
        made.signed.as_ref().unwrap().len(),
        Digest::of(&1_u64.to_be_bytes()),
        &digest[..32],
    );
    assert_eq!(head, expected);
    assert!(text.contains("日立 Shirts"), "8bit, never base64");
    let name = ledger.line(1).unwrap().unwrap().name;
    assert_eq!(name, "1784364064.1.0f1e2d3c");
}

#[test]
fn the_recipe_of_the_design_finds_the_signed_bytes_with_stock_tools() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    let made = made_in(1, letter(7, 1, terms(7)), Verdict::Applied, Vec::new());
    append(&mut lock(&ledger), std::slice::from_ref(&made));
    let recipe = r#"
        SIZE=$(sed -n 's/^Mailorder-Content: sha256:[0-9a-f]* //p' "$ENTRY")
        sed '1,/^--mailorder-/d' "$ENTRY" | head -c "$SIZE" >part
        sed '1,/^--mailorder-/d' "$ENTRY" | tail -c +$((SIZE+1)) >part.asc
        sha256sum part; sha256sum "$ENTRY"; grep -c 'BEGIN PGP SIGNATURE' part.asc; grep -l 'JPY 4800$' "$ENTRY" | wc -l"#;
    let output = Command::new("/bin/sh")
        .args(["-eu", "-c", recipe])
        .env("ENTRY", entry_file(&ledger, 1))
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(fs::read(folder.path().join("part")).unwrap(), *made.signed.as_ref().unwrap());
    assert!(lines[0].starts_with(&Digest::of(made.signed.as_ref().unwrap()).hex()));
    assert!(lines[1].starts_with(&ledger.line(1).unwrap().unwrap().digest.hex()));
    assert_eq!((lines[2].trim(), lines[3].trim()), ("1", "1"));
}

fn any_finding() -> impl Strategy<Value = Finding> {
    (0..Code::ALL.len(), any::<String>()).prop_map(|(code, text)| Finding::new(Code::ALL[code], text))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::support::tried(400, 10_000)))]

    #[test]
    fn writing_and_reading_an_entry_is_the_identity(
        findings in prop::collection::vec(any_finding(), 0..4),
        about in prop::collection::vec(any::<u64>(), 0..4),
        position in 0..u64::from(u32::MAX),
        milliseconds in 40_000_000_000_i64..4_000_000_000_000,
        offset in -720..720_i32,
        shape in 0..5_u8,
        owes in 0..3_u8,
        reason in any::<String>(),
    ) {
        let names = Names { shop: Some(party("shop").address), number: Some(number(1)), order: None };
        let mut made = match shape {
            0 => made_in(position, letter(3, 1, status(&reason)), Verdict::Warned, findings),
            1 => made_out(position, letter(3, 1, terms(3))),
            2 => made_own(position, Act::Verdict { content: Digest::of(b"x"), verdict: Verdict::Applied, findings }, names, about),
            3 => made_own(
                position,
                Act::Settle { content: None, subject: Some(reason.clone()), how: Settlement::Accept, reason: Some(reason) },
                names,
                about,
            ),
            _ => made_own(
                position,
                Act::Pin { party: party("bank"), certificate: reason, by: PinnedBy::User },
                Names::default(),
                about,
            ),
        };
        let instant = jiff::Timestamp::from_millisecond(milliseconds).unwrap();
        let offset = jiff::tz::Offset::from_seconds(offset * 60).unwrap();
        made.entry.recorded = mailorder::trade::Moment::new(instant, offset);
        for number in 0..owes {
            let id = MessageId::parse(&format!("a.{number}@b")).unwrap();
            made.entry.owes.push(Owed { id, kind: Kind::Receipt, to: party("shop").address });
        }
        let account = party("buyer").address;
        let setting = Setting { ledger: LEDGER, account: &account, first: Some(3) };
        let draft = made.draft();
        let file = form::print(draft.entry, draft.seal, &setting).unwrap();
        let read = form::parse(&file, &reread).unwrap();
        prop_assert_eq!(&read.entry, draft.entry);
        prop_assert_eq!(read.entry.recorded.to_string(), draft.entry.recorded.to_string());
        prop_assert_eq!(read.seal, draft.seal);
        prop_assert_eq!(form::print(&read.entry, read.seal, &setting).unwrap(), file);
    }

    #[test]
    fn no_bytes_make_the_reader_of_files_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0..4000_usize) {
        prop_assert!(form::parse(&bytes, &reread).is_err());
        let account = party("buyer").address;
        let made = made_in(1, letter(1, 1, status("x")), Verdict::Applied, Vec::new());
        let draft = made.draft();
        let mut file = form::print(draft.entry, draft.seal, &Setting { ledger: LEDGER, account: &account, first: None }).unwrap();
        let cut = cut % file.len();
        file.truncate(cut);
        prop_assert!(form::parse(&file, &reread).is_err());
    }
}

#[test]
fn a_moment_finer_than_a_millisecond_is_refused_and_recordable_cuts_it() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    let mut made = made_in(1, letter(1, 1, status("x")), Verdict::Applied, Vec::new());
    let fine = jiff::Timestamp::from_nanosecond(1_784_364_063_123_456_789).unwrap();
    made.entry.recorded = mailorder::trade::Moment::new(fine, jiff::tz::Offset::UTC);
    let error = lock(&ledger).append(&[made.draft()]).unwrap_err();
    assert!(matches!(error, LedgerError::Draft { position: 1, .. }), "{error}");
    made.entry.recorded = recordable(&made.entry.recorded);
    append(&mut lock(&ledger), &[made]);
    assert_eq!(check(ledger.folder()).result, Outcome::Clean);
    // F39: a clock that starts at 1970.
    let early = mailorder::trade::Moment::new(jiff::Timestamp::UNIX_EPOCH, jiff::tz::Offset::UTC);
    let mut made = made_in(2, letter(1, 2, status("x")), Verdict::Applied, Vec::new());
    made.entry.recorded = recordable(&early);
    append(&mut lock(&ledger), &[made]);
    assert_eq!(replayed(&ledger)[2].recorded.to_string(), "1971-01-02T00:00:00Z");
}

#[test]
fn a_log_torn_at_any_byte_leaves_whole_batches_only() {
    // F1, F7: files are synced before lines, so every file of the batch is there.
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    append(&mut lock(&ledger), &trade(1));
    let before = fs::read(ledger.folder().join("log")).unwrap();
    let second: Vec<_> = trade(3).into_iter().skip(4).collect();
    append(&mut lock(&ledger), &second);
    let whole = fs::read(ledger.folder().join("log")).unwrap();
    let bytes = (before.len()..whole.len()).step_by(crate::support::tried(11, 1));
    let ends = (before.len()..whole.len()).filter(|at| whole[*at] == b'\n').flat_map(|at| [at, at + 1]);
    for length in bytes.chain(ends).filter(|length| *length < whole.len()) {
        let torn = tempfile::tempdir().unwrap();
        copy(ledger.folder(), torn.path());
        fs::write(torn.path().join("log"), &whole[..length]).unwrap();
        fs::write(torn.path().join("lock"), "busy\n").unwrap();
        let ledger = Ledger::open(torn.path()).unwrap();
        let writer = lock(&ledger);
        let entries = replayed(&ledger);
        // Every letter owed has its entry: the owed OK of the terms at 5 and 9 stands behind them.
        let sent: Vec<String> = entries
            .iter()
            .filter(|e| e.kind_word() == "confirmation")
            .map(|e| e.letter().unwrap().id.to_string())
            .collect();
        for owed in entries.iter().flat_map(|e| &e.owes) {
            assert!(sent.contains(&owed.id.to_string()), "cut at {length}: {owed:?}");
        }
        assert!(entries.len() >= 5 && writer.size() == u64::try_from(entries.len()).unwrap());
        assert!(!writer.recovered().is_empty());
        drop(writer);
        let report = check(torn.path());
        assert_eq!(report.result, Outcome::Clean, "cut at {length}: {:?}", report.problems);
        assert!(lock(&ledger).recovered().is_empty(), "a second start finds nothing to do");
    }
}

#[test]
fn files_of_an_interrupted_batch_go_back_to_tmp_and_are_swept_later() {
    // F27
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    fs::write(ledger.folder().join("cur/1784364064.1.0f1e2d3c:2,S"), "half a fi").unwrap();
    fs::write(ledger.folder().join("cur/1784364064.2.0f1e2d3c:2,S"), "").unwrap();
    fs::write(ledger.folder().join("lock"), "busy\n").unwrap();
    fs::remove_dir_all(ledger.folder().join("new")).unwrap();
    let mut writer = lock(&ledger);
    assert_eq!(writer.recovered().len(), 1, "{:?}", writer.recovered());
    append(&mut writer, &trade(1));
    drop(writer);
    assert_eq!(check(ledger.folder()).result, Outcome::Clean);
    let writer = lock(&ledger);
    let written = fs::metadata(ledger.folder().join("tmp/1784364064.1.0f1e2d3c")).unwrap().modified().unwrap();
    let written = jiff::Timestamp::try_from(written).unwrap();
    let at = |hours: i64| mailorder::trade::Moment::new(written, jiff::tz::Offset::UTC).plus_seconds(hours * 3600);
    assert_eq!(writer.sweep(&at(35)).unwrap(), 0);
    assert_eq!(writer.sweep(&at(37)).unwrap(), 2);
}

#[test]
fn a_letter_owed_but_never_written_is_no_reason_to_cut() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    let mut made = made_in(1, letter(7, 1, terms(7)), Verdict::Applied, Vec::new());
    owe(&mut made, &letter(7, 1, confirmation()));
    append(&mut lock(&ledger), &[made]);
    fs::write(ledger.folder().join("lock"), "busy\n").unwrap();
    assert_eq!(lock(&ledger).size(), 2);
}

#[test]
fn one_writes_and_the_others_wait_or_are_told() {
    // F28
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    let writer = lock(&ledger);
    let begun = Instant::now();
    let error = ledger.lock(Duration::from_millis(40), None).unwrap_err();
    assert!(matches!(error, LedgerError::Busy { .. }) && begun.elapsed() >= Duration::from_millis(40));
    assert_eq!(replayed(&ledger).len(), 1, "readers do not wait");
    let other = ledger.clone();
    let waiting = std::thread::spawn(move || append(&mut other.lock(Duration::from_secs(5), None).unwrap(), &trade(1)));
    drop(writer);
    assert_eq!(waiting.join().unwrap().len(), 4);
    // A lock file left behind blocks nobody.
    fs::write(ledger.folder().join("lock"), "nonsense \u{0}").unwrap();
    assert_eq!(lock(&ledger).size(), 5);
}

#[test]
fn a_batch_must_continue_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    let mut writer = lock(&ledger);
    let batch: Vec<_> = trade(2).into_iter().skip(1).collect();
    let drafts: Vec<Draft<'_>> = batch.iter().map(|m| m.draft()).collect();
    assert!(matches!(writer.append(&drafts).unwrap_err(), LedgerError::Batch { position: 2, size: 1, .. }));
    assert!(Ledger::create(ledger.folder(), &genesis()).is_err(), "a ledger is never made over another");
    append(&mut writer, &trade(2));
}

#[test]
fn a_failed_write_leaves_the_ledger_as_it_was() {
    // F8, F9: a name that is taken stands for any failing write.
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    let mut writer = lock(&ledger);
    let head = writer.head();
    fs::write(ledger.folder().join("cur/1784364066.3.0f1e2d3c:2,S"), "in the way").unwrap();
    let batch = trade(2);
    let drafts: Vec<Draft<'_>> = batch.iter().map(|m| m.draft()).collect();
    assert!(matches!(writer.append(&drafts).unwrap_err(), LedgerError::Io { .. }));
    assert!(matches!(writer.append(&drafts).unwrap_err(), LedgerError::Broken));
    assert_eq!(ledger.head().unwrap(), head);
    drop(writer);
    let mut writer = lock(&ledger);
    assert_eq!((writer.head(), writer.recovered().len()), (head, 1));
    append(&mut writer, &batch);
    drop(writer);
    assert_eq!(check(ledger.folder()).result, Outcome::Clean);
}

#[test]
fn a_mail_reader_may_change_flags_move_and_copy_files() {
    // F20
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    append(&mut lock(&ledger), &trade(2));
    let file = entry_file(&ledger, 3);
    fs::rename(&file, ledger.folder().join("cur/1784364066.3.0f1e2d3c:2,FRS")).unwrap();
    let file = entry_file(&ledger, 4);
    fs::rename(&file, ledger.folder().join("new/1784364067.4.0f1e2d3c")).unwrap();
    fs::copy(entry_file(&ledger, 5), ledger.folder().join("new/1784364068.5.0f1e2d3c")).unwrap();
    assert_eq!(replayed(&ledger).len(), 9);
    let report = check(ledger.folder());
    assert_eq!(report.result, Outcome::Clean, "{:?}", report.problems);
    fs::write(ledger.folder().join("new/1784364068.5.0f1e2d3c"), "no copy").unwrap();
    assert_eq!(check(ledger.folder()).problems[0].entry, Some(5));
}

#[test]
fn every_change_of_a_file_is_found_with_its_first_place() {
    // F20, F21, F27
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    append(&mut lock(&ledger), &trade(5));
    type Change = (&'static str, fn(&Path));
    let changes: [Change; 6] = [
        ("one byte short", |p| {
            let bytes = fs::read(p).unwrap();
            fs::write(p, &bytes[..bytes.len() - 1]).unwrap();
        }),
        ("empty", |p| fs::write(p, "").unwrap()),
        ("one bit", |p| {
            let mut bytes = fs::read(p).unwrap();
            bytes[700] ^= 1;
            fs::write(p, bytes).unwrap();
        }),
        ("renamed", |p| fs::rename(p, p.with_file_name("other")).unwrap()),
        ("deleted", |p| fs::remove_file(p).unwrap()),
        ("another's content", |p| {
            let other = fs::read_dir(p.parent().unwrap()).unwrap().map(|e| e.unwrap().path()).find(|o| o != p);
            fs::copy(other.unwrap(), p).map(drop).unwrap();
        }),
    ];
    for (what, change) in changes {
        let copied = tempfile::tempdir().unwrap();
        copy(ledger.folder(), copied.path());
        let there = Ledger::open(copied.path()).unwrap();
        for position in [12, 9] {
            change(&entry_file(&there, position));
        }
        let report = check(copied.path());
        assert_eq!((report.result, report.problems[0].entry), (Outcome::Broken, Some(9)), "{what}");
        let error = there.replay(&Mark::default(), &reread, &mut |_| ()).unwrap_err();
        assert!(matches!(error, LedgerError::Damaged { .. }), "{what}: {error}");
    }
    fs::write(ledger.folder().join("new/half"), "somebody else's").unwrap();
    let report = check(ledger.folder());
    assert_eq!(report.problems[0].file.as_deref(), Some("new/half"));
}

#[test]
fn a_changed_log_is_found_by_its_form_or_by_a_checkpoint() {
    // F22, and A10: rewriting the past, with files and log in agreement.
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    let writer = {
        let mut writer = lock(&ledger);
        append(&mut writer, &trade(5));
        writer
    };
    let checkpoint = ledger.checkpoint(writer.head(), moment(99)).to_string();
    let signed = format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{checkpoint}-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP \
         SIGNATURE-----\n"
    );
    ledger.put_checkpoint(writer.size(), signed.as_bytes()).unwrap();
    assert_eq!(ledger.checkpoints().unwrap(), [21]);
    drop(writer);
    assert_eq!(check(ledger.folder()).result, Outcome::Clean);
    let log = fs::read_to_string(ledger.folder().join("log")).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    let with = |lines: &[&str]| fs::write(ledger.folder().join("log"), lines.join("\n") + "\n").unwrap();

    with(&[&lines[..9], &lines[10..]].concat());
    assert_eq!(check(ledger.folder()).problems[0].entry, Some(9), "a line left out");

    with(&lines[..18]);
    for position in 18..21 {
        fs::remove_file(ledger.folder().join(format!("cur/{}.{position}.0f1e2d3c:2,S", 1_784_364_063 + position)))
            .unwrap();
    }
    let report = check(ledger.folder());
    assert_eq!(report.problems.len(), 1);
    assert!(report.problems[0].what.contains("says there were 21 entries"), "{:?}", report.problems);
    // The index knows better, too.
    let mut mark = Mark::default();
    lines.iter().for_each(|line| mark.pass(format!("{line}\n").as_bytes()));
    let error = ledger.lock(Duration::ZERO, Some(&mark)).unwrap_err();
    assert!(matches!(error, LedgerError::CutBack { found: 18, known: 21 }), "{error}");

    // Another past, complete in itself.
    let mut other: Vec<_> = trade(5).into_iter().skip(17).collect();
    other[0] = made_in(18, letter(4, 9, status("never said")), Verdict::Applied, Vec::new());
    append(&mut lock(&ledger), &other);
    let report = check(ledger.folder());
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
    assert!(report.problems[0].what.contains("the past was changed"));
}

#[test]
fn a_log_that_is_damaged_is_never_cut() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    append(&mut lock(&ledger), &trade(1));
    let log = ledger.folder().join("log");
    let good = fs::read(&log).unwrap();
    for bad in [[good.as_slice(), b"no line at all\n"].concat(), [good.as_slice(), b"5 zz"].concat()] {
        fs::write(&log, &bad).unwrap();
        assert!(matches!(ledger.lock(Duration::ZERO, None).unwrap_err(), LedgerError::Damaged { .. }));
        assert_eq!(fs::read(&log).unwrap(), bad);
    }
    fs::write(&log, [good.as_slice(), &[0; 700]].concat()).unwrap();
    assert_eq!(lock(&ledger).size(), 5, "zeros are what a power loss leaves");
    assert_eq!(fs::read(&log).unwrap(), good);
}

#[test]
fn heads_of_any_size_come_from_the_log_alone() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    let mut writer = lock(&ledger);
    append(&mut writer, &trade(4));
    let log = fs::read(ledger.folder().join("log")).unwrap();
    let mut tree = Tree::default();
    let mut heads = vec![tree.head()];
    for line in log.split_inclusive(|b| *b == b'\n') {
        tree.push(line);
        heads.push(tree.head());
    }
    assert_eq!(writer.head(), heads[17]);
    assert_eq!(ledger.root_at(0).unwrap(), Some(Head { size: 0, root: Digest::of(b"") }));
    for head in &heads {
        assert_eq!(ledger.root_at(head.size).unwrap().as_ref(), Some(head));
    }
    assert_eq!(ledger.root_at(18).unwrap(), None);
    let known = ledger.mark_from(None).unwrap();
    assert_eq!(ledger.mark_from(Some(&known)).unwrap(), known);
    drop(writer);
    assert_eq!(ledger.lock(Duration::ZERO, Some(&known)).unwrap().head(), heads[17]);
}

#[test]
fn signatures_are_checked_with_the_certificates_kept() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    append(&mut lock(&ledger), &trade(1));
    let signature = |signed: &[u8], armored: &str, signer: &Fingerprint, certificate: &[u8]| {
        let right = armored == SIGNATURE && certificate == signer.as_str().as_bytes() && reread(signed).is_ok();
        if right && !signed.ends_with(b"packed") { Ok(()) } else { Err("no".to_owned()) }
    };
    let checks = Checks { signature: Some(&signature), ..Checks::default() };
    let report = verify(ledger.folder(), &checks).unwrap();
    assert_eq!(report.problems.len(), 4, "no certificate is there yet");
    for who in ["shop", "buyer"] {
        let key = party(who).fingerprint;
        ledger.put_certificate(&key, key.as_str().as_bytes()).unwrap();
        assert_eq!(ledger.certificate(&key).unwrap().as_deref(), Some(key.as_str().as_bytes()));
    }
    let report = verify(ledger.folder(), &checks).unwrap();
    assert_eq!((report.result, report.signatures()), (Outcome::Clean, 4));
    let signers = report.signers.iter().map(|one| (one.address.as_str(), one.fingerprint.clone(), one.letters));
    let [buyer, shop] = ["buyer", "shop"].map(party);
    let expected = [(buyer.address.as_str(), buyer.fingerprint, 1), (shop.address.as_str(), shop.fingerprint, 3)];
    assert_eq!(signers.collect::<Vec<_>>(), expected);
    ledger.put_certificate(&party("shop").fingerprint, b"another").unwrap();
    let report = verify(ledger.folder(), &checks).unwrap();
    assert_eq!(report.problems[0].what, "the signature is bad: no");
    assert_eq!(report.signatures(), 1, "those that are bad are not counted as good");
}

#[test]
fn originals_are_moved_once_and_may_be_moved_again() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_in(folder.path());
    let mails: Vec<(PathBuf, Digest)> = (0..20_u8)
        .map(|number| {
            let path = folder.path().join(format!("spool-{number}"));
            fs::write(&path, [number; 100]).unwrap();
            (path, Digest::of(&[number; 100]))
        })
        .collect();
    ledger.adopt_originals(&mails).unwrap();
    ledger.adopt_originals(&mails).unwrap();
    assert_eq!(ledger.original(&mails[3].1).unwrap().as_deref(), Some([3; 100].as_slice()));
    let hex = mails[3].1.hex();
    assert!(ledger.folder().join("originals").join(&hex[..2]).join(format!("{hex}.eml")).is_file());
    let missing = [(folder.path().join("never"), Digest::of(b"never"))];
    assert!(ledger.adopt_originals(&missing).is_err());
}

#[test]
fn a_folder_without_a_ledger_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Ledger::open(folder.path()).unwrap_err();
    assert!(error.to_string().contains("is not a ledger"), "{error}");
    // A making that was interrupted before its first entry is completed.
    fs::write(folder.path().join("log"), "").unwrap();
    assert!(matches!(Ledger::open(folder.path()).unwrap_err(), LedgerError::NoLedger { .. }));
    Ledger::create(folder.path(), &genesis()).unwrap();
    assert_eq!(Ledger::open(folder.path()).unwrap().account(), &Address::parse("buyer@buyer.example").unwrap());
}

fn copy(from: &Path, to: &Path) {
    for found in fs::read_dir(from).unwrap() {
        let found = found.unwrap();
        let target = to.join(found.file_name());
        if found.path().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy(&found.path(), &target);
        } else {
            fs::copy(found.path(), target).unwrap();
        }
    }
}
