//! Mails that an IMAP server has and does not give: asked for again, told of, and never taken for removed.

use mailorder::inbox::imap::Imap;
use mailorder::inbox::{Cursor, Note, Origin};

use crate::support::imap::{LETTER, inbox, letter, mailbox, settings, uids};

/// Fetches until nothing more is there, at most so many mails at a time; returns which came, what was noted, and the cursor.
async fn drain(imap: &mut Imap, limit: usize) -> (Vec<u32>, Vec<Note>, Cursor) {
    let (mut cursor, mut got, mut notes) = (Cursor::Start, Vec::new(), Vec::new());
    for _ in 0..30 {
        let Ok(batch) = imap.fetch(&cursor, limit).await else { continue };
        got.extend(uids(&batch));
        notes.extend(batch.notes);
        cursor = batch.cursor;
        if !batch.more {
            break;
        }
    }
    (got, notes, cursor)
}

#[tokio::test]
async fn a_mail_that_is_there_and_left_out_of_an_answer_is_asked_for_again() {
    for (when, text) in [
        ("BODY.PEEK[]", "{tag} OK done\r\n"),
        ("BODY.PEEK[]", "* 1 FETCH (UID 1 BODY[]<0> NIL)\r\n{tag} OK done\r\n"),
        ("HEADER.FIELDS", "{tag} OK done\r\n"),
        ("HEADER.FIELDS", "* 1 FETCH (UID 1 RFC822.SIZE 90)\r\n{tag} OK done\r\n"),
    ] {
        let shared = mailbox([(1, letter(1)), (2, letter(2))]);
        shared.lock().unwrap().lies.push((when, format!("{text}{{once}}")));
        let mut imap = inbox(&shared, settings());
        assert_eq!(uids(&imap.fetch(&Cursor::Start, 10).await.unwrap()), [1, 2], "{when} {text}");
        assert_eq!(shared.lock().unwrap().connections, 2, "{when} {text}: in a new session");
    }
    // One that is never given is told of, and keeps the others from nobody.
    let shared = mailbox((1..=3).map(|n| (n, letter(n))));
    shared.lock().unwrap().lies.push(("FETCH 2 (UID BODY", "{tag} OK done\r\n".to_owned()));
    let mut imap = inbox(&shared, settings());
    let (got, notes, _) = drain(&mut imap, 1).await;
    assert_eq!(got, [1, 3]);
    assert!(matches!(notes.as_slice(), [Note::Unreadable { origin: Origin::Imap { uid: 2, .. }, .. }]), "{notes:?}");
}

#[tokio::test]
async fn what_is_given_in_the_place_of_a_mail_is_asked_for_again() {
    // Nothing; a text, of any size; the beginning of a far longer letter.
    let text = "A: b\r\n\r\nNo such mail";
    let beginning = format!("{LETTER}--x");
    for (size, body) in
        [(Some(104), ""), (Some(104), text), (Some(text.len()), text), (None, text), (Some(4_000), &beginning)]
    {
        let shared = mailbox([(1, letter(1)), (2, letter(2))]);
        let size = size.map(|size| format!("RFC822.SIZE {size} ")).unwrap_or_default();
        let other = String::from_utf8(letter(2)).unwrap();
        let said = format!(
            "* 1 FETCH (UID 1 {size}BODY[]<0> {{{}}}\r\n{body})\r\n* 2 FETCH (UID 2 BODY[]<0> {{{}}}\r\n{other})\r\n",
            body.len(),
            other.len()
        );
        shared.lock().unwrap().lies.push(("BODY.PEEK[]", said + "{tag} OK done\r\n{once}"));
        let batch = inbox(&shared, settings()).fetch(&Cursor::Start, 10).await.unwrap();
        assert_eq!(uids(&batch), [1, 2], "{size} {body}");
        assert_eq!(batch.mails[0].bytes, letter(1), "{size} {body}");
        assert_eq!(shared.lock().unwrap().connections, 2, "{size} {body}: in a new session");
    }
}

#[tokio::test]
async fn a_server_whose_sizes_are_inexact_has_its_mails_read_at_once() {
    // Reckoned, or counted with other line ends than are sent.
    let whole = format!("{}--x--\r\n", String::from_utf8(letter(1)).unwrap());
    for (size, body) in [(9_000, whole.clone()), (1, whole.clone()), (whole.len(), whole.replace('\r', ""))] {
        let shared = mailbox([(1, whole.clone().into_bytes())]);
        let length = body.len();
        let said =
            format!("* 1 FETCH (UID 1 RFC822.SIZE {size} BODY[]<0> {{{length}}}\r\n{body})\r\n{{tag}} OK done\r\n");
        shared.lock().unwrap().lies.push(("BODY.PEEK[]", said));
        let batch = inbox(&shared, settings()).fetch(&Cursor::Start, 10).await.unwrap();
        assert_eq!((batch.mails.len(), batch.notes.len()), (1, 0), "{size}");
        assert_eq!(batch.mails[0].bytes, body.as_bytes());
        assert_eq!(shared.lock().unwrap().connections, 1, "{size}");
    }
}

#[tokio::test]
async fn one_mail_the_server_cannot_deliver_does_not_hide_the_others() {
    let shared = mailbox((1..=9).map(|n| (n, letter(n))));
    let poison = "* 4 FETCH (UID 4 BODY[]<0> {99999999}\r\n";
    for range in ["1:4", "1:9", "4:9", "4:7", "4:5", "3:4", "2:4", "2:5", "3:6", "4 "] {
        let when: &'static str = format!("UID FETCH {range} (UID BODY").replace("  ", " ").leak();
        shared.lock().unwrap().lies.push((when, poison.to_owned()));
    }
    let mut imap = inbox(&shared, settings());
    let (got, notes, cursor) = drain(&mut imap, 100).await;
    assert_eq!(got, [1, 2, 3, 5, 6, 7, 8, 9]);
    assert!(matches!(notes.as_slice(), [Note::Unreadable { origin: Origin::Imap { uid: 4, .. }, .. }]), "{notes:?}");
    // After a restart it is tried again, once, and this time it works.
    shared.lock().unwrap().lies.clear();
    let batch = inbox(&shared, settings()).fetch(&cursor, 10).await.unwrap();
    assert_eq!(uids(&batch), [4]);
    assert!(matches!(&batch.cursor, Cursor::Imap(position) if position.holes.is_empty() && position.seen == 9));
}

#[tokio::test]
async fn one_mail_that_is_never_given_holds_up_no_run_of_a_program_that_begins_anew() {
    // As cron starts it: nothing is remembered but the cursor.
    for lie in ["{tag} NO cannot\r\n", "{tag} OK done\r\n"] {
        let shared = mailbox((1..=9).map(|n| (n, letter(n))));
        for range in ["1:9", "4", "4:9", "4:5", "4:7", "4:6"] {
            let when: &'static str = format!("UID FETCH {range} (UID BODY").leak();
            shared.lock().unwrap().lies.push((when, lie.to_owned()));
        }
        let (mut cursor, mut got, mut notes) = (Cursor::Start, Vec::new(), Vec::new());
        for _ in 0..4 {
            let batch = inbox(&shared, settings()).fetch(&cursor, 100).await.unwrap();
            got.extend(uids(&batch));
            notes.extend(batch.notes);
            cursor = batch.cursor;
        }
        assert_eq!(got, [1, 2, 3, 5, 6, 7, 8, 9], "{lie}");
        assert_eq!(notes.len(), 1, "{lie}: {notes:?}");
        // The hole is tried by each run, and keeps nothing else back.
        shared.lock().unwrap().mails.insert(10, letter(10));
        shared.lock().unwrap().uid_next = Some(11);
        let batch = inbox(&shared, settings()).fetch(&cursor, 100).await.unwrap();
        assert_eq!(uids(&batch), [10], "{lie}");
        shared.lock().unwrap().lies.clear();
        assert_eq!(uids(&inbox(&shared, settings()).fetch(&batch.cursor, 100).await.unwrap()), [4], "{lie}");
    }
}

#[tokio::test]
async fn a_server_that_gives_nothing_has_no_mail_passed_over() {
    let shared = mailbox((1..=9).map(|n| (n, letter(n))));
    shared.lock().unwrap().lies.push(("BODY.PEEK[]", "{tag} NO out of memory\r\n".to_owned()));
    let mut imap = inbox(&shared, settings());
    for _ in 0..3 {
        imap.fetch(&Cursor::Start, 100).await.unwrap_err();
    }
    shared.lock().unwrap().lies.clear();
    assert_eq!(uids(&imap.fetch(&Cursor::Start, 100).await.unwrap()), (1..=9).collect::<Vec<_>>());
}

#[tokio::test]
async fn however_many_mails_cannot_be_read_those_behind_them_are() {
    let shared = mailbox((1..=80).map(|n| (n, letter(n))));
    {
        let mut mailbox = shared.lock().unwrap();
        for uid in 2..=71 {
            let when: &'static str = format!("UID FETCH {uid} (UID BODY").leak();
            mailbox.lies.push((when, "{tag} NO cannot\r\n".to_owned()));
        }
        // Several at once are refused as well.
        for range in [":", ","] {
            for first in 1..=71 {
                let when: &'static str = format!("UID FETCH {first}{range}").leak();
                mailbox.lies.push((when, "{tag} NO cannot\r\n".to_owned()));
            }
        }
    }
    let mut imap = inbox(&shared, settings());
    let (mut cursor, mut got, mut notes) = (Cursor::Start, Vec::new(), 0);
    for _ in 0..200 {
        let Ok(batch) = imap.fetch(&cursor, 100).await else { continue };
        got.extend(uids(&batch));
        notes += batch.notes.len();
        cursor = batch.cursor;
    }
    assert_eq!((got.first(), got.get(1..)), (Some(&1), Some(&(72..=80).collect::<Vec<u32>>()[..])));
    assert_eq!(notes, 70, "each is told of once");
    assert!(
        matches!(&cursor, Cursor::Imap(position) if position.holes.len() == 64 && position.seen == 80),
        "{cursor:?}"
    );
}
