//! Reading mailboxes: a small lying IMAP server in this process, Maildirs on disk, and a real Dovecot.

mod maildir;

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use mailorder::inbox::imap::{Handled, Imap};
use mailorder::inbox::{Batch, Cursor, Inbox, InboxError, Note, Origin, Woken};

use crate::support::imap::{inbox, letter, mailbox, ordinary, settings, uids};

fn seen(cursor: &Cursor) -> u32 {
    match cursor {
        Cursor::Imap(position) => position.seen,
        _ => 0,
    }
}

/// Fetches as the clerk does, until nothing more is there; returns what was spooled.
async fn drain(inbox: &mut Imap, cursor: &mut Cursor) -> Vec<Vec<u8>> {
    let mut spool = Vec::new();
    for _ in 0..40 {
        let Ok(batch) = inbox.fetch(cursor, 100).await else { continue };
        spool.extend(batch.mails.into_iter().map(|mail| mail.bytes));
        *cursor = batch.cursor;
        if !batch.more {
            break;
        }
    }
    spool
}

#[tokio::test]
async fn only_letters_are_read_and_nothing_is_asked_of_the_rest() {
    let shared = mailbox([(1, ordinary(1)), (2, letter(2)), (5, ordinary(5)), (9, letter(9))]);
    let mut imap = inbox(&shared, settings());
    let batch = imap.fetch(&Cursor::Start, 10).await.unwrap();
    assert_eq!((uids(&batch), seen(&batch.cursor), batch.more, batch.scanned), (vec![2, 9], 9, false, 4));
    assert_eq!(batch.mails[0].bytes, letter(2));
    let log = shared.lock().unwrap().log.join("\n");
    assert!(log.contains("UID FETCH 2,9 (UID BODY.PEEK[]<0.10001> RFC822.SIZE)"), "{log}");
    assert!(!log.contains("STRUCTURE") && !log.contains("ENVELOPE") && !log.contains("STORE"), "{log}");
    // New mail is found from the cursor on.
    shared.lock().unwrap().mails.insert(12, letter(12));
    let batch = imap.fetch(&batch.cursor, 10).await.unwrap();
    assert_eq!((uids(&batch), seen(&batch.cursor)), (vec![12], 12));
    let batch = imap.fetch(&batch.cursor, 10).await.unwrap();
    assert!(batch.mails.is_empty() && shared.lock().unwrap().connections == 1);
}

#[tokio::test]
async fn a_large_mailbox_is_read_in_batches_the_cursor_can_follow() {
    // F46, in small: the cursor is worth keeping long before the end.
    let junk = (1..=5_000).map(|n| (n, ordinary(n)));
    let shared = mailbox(junk.chain((5_001..=5_020).map(|n| (n, letter(n)))));
    let mut imap = inbox(&shared, settings());
    let (mut cursor, mut got, mut batches) = (Cursor::Start, Vec::new(), 0);
    loop {
        let batch = imap.fetch(&cursor, 7).await.unwrap();
        assert!(batch.mails.len() <= 7 && batch.scanned <= 2_500);
        got.extend(uids(&batch));
        cursor = batch.cursor;
        batches += 1;
        if !batch.more {
            break;
        }
    }
    assert_eq!(got, (5_001..=5_020).collect::<Vec<_>>());
    assert!(batches >= 5);
}

#[tokio::test]
async fn a_no_or_a_lost_connection_is_never_an_empty_mailbox() {
    // F14, and what async-imap's own helpers make of these (hard-cases 2.1).
    for (when, text) in [
        ("SEARCH", "{tag} NO later\r\n"),
        ("SEARCH", "{tag} BAD what\r\n"),
        ("SEARCH", "* SEARCH 1 2 3\r\n{close}"),
        ("SEARCH", "* BYE shutting down\r\n{close}"),
        ("SEARCH", "{stall}"),
        ("SEARCH", "X9 OK done\r\n"),
        ("HEADER.FIELDS", "{tag} NO cannot\r\n"),
        ("HEADER.FIELDS", "{close}"),
        ("BODY.PEEK[]", "* 1 FETCH (UID 1 BODY[]<0> {5}\r\nhello)\r\n{close}"),
        ("BODY.PEEK[]", "* 1 FETCH (UID 1 BODY[]<0> {50}\r\nhel{stall}"),
        ("BODY.PEEK[]", "{tag} NO out of memory\r\n"),
        ("SELECT", "{tag} NO no such folder\r\n"),
        ("CAPABILITY", "{close}"),
        ("LOGIN", "{tag} NO [AUTHENTICATIONFAILED] wrong\r\n"),
        ("LOGIN", "{stall}"),
    ] {
        let shared = mailbox([(1, letter(1)), (2, letter(2))]);
        shared.lock().unwrap().lies.push((when, text.to_owned()));
        let mut imap = inbox(&shared, settings());
        let result = imap.fetch(&Cursor::Start, 10).await;
        assert!(result.is_err(), "{when} {text}: {result:?}");
        // As soon as the server tells the truth, everything is there.
        shared.lock().unwrap().lies.clear();
        assert_eq!(uids(&imap.fetch(&Cursor::Start, 10).await.unwrap()), [1, 2], "{when} {text}");
    }
}

#[tokio::test]
async fn hostile_answers_end_the_connection() {
    // F15
    let deep = "(".repeat(100_000);
    for text in [
        "* 1 FETCH (UID 1 BODY[]<0> {500000000}\r\n".to_owned(),
        format!("* 1 FETCH (UID 1 BODYSTRUCTURE {deep}\r\n"),
        format!("* OK {{900000}}\r\n* 1 FETCH (UID 1 BODYSTRUCTURE {deep}\r\n"),
        format!("* OK {}\r\n", "x".repeat(3_000_000)),
        "* 99999999999999 FETCH (UID -1)\r\n{tag} OK done\r\n".to_owned(),
    ] {
        let shared = mailbox([(1, letter(1))]);
        shared.lock().unwrap().lies.push(("BODY.PEEK[]", text.clone()));
        let mut patient = settings();
        patient.deadlines.command = Duration::from_secs(60);
        let error = inbox(&shared, patient).fetch(&Cursor::Start, 10).await.unwrap_err();
        assert!(matches!(error, InboxError::Garbled { .. }), "{error}");
        assert!(error.to_string().len() < 200, "{error}");
    }
}

#[tokio::test]
async fn mails_nobody_asked_for_are_not_taken() {
    // F15, F18
    let shared = mailbox([(1, letter(1)), (2, letter(2))]);
    let text = "* 9 FETCH (UID 9 BODY[]<0> {3}\r\nbad)\r\n* 1 FETCH (FLAGS (\\Seen))\r\n\
                * 2 FETCH (UID 2 BODY[]<0> {SIZE}\r\nGOOD)\r\n{tag} OK done\r\n{once}";
    let good = String::from_utf8(letter(3)).unwrap();
    let text = text.replace("SIZE", &good.len().to_string()).replace("GOOD", &good);
    shared.lock().unwrap().lies.push(("BODY.PEEK[]", text));
    shared.lock().unwrap().lies.push(("SEARCH UID 1:1", "* SEARCH\r\n{tag} OK done\r\n".to_owned()));
    let batch = inbox(&shared, settings()).fetch(&Cursor::Start, 10).await.unwrap();
    // Mail 1 was removed by somebody between search and fetch: gone, and no error.
    assert_eq!((uids(&batch), seen(&batch.cursor)), (vec![2], 2));
    assert_eq!(batch.mails[0].bytes, good.as_bytes());
}

#[tokio::test]
async fn a_session_cut_at_every_byte_loses_nothing() {
    // F12: five mails, one connection cut after each number of bytes, then honest ones.
    let mails: Vec<_> = (1..=5).map(|n| (n * 3, letter(n))).collect();
    let shared = mailbox(mails.clone());
    drain(&mut inbox(&shared, settings()), &mut Cursor::Start).await;
    let whole = shared.lock().unwrap().said;
    assert!(whole > 1_000);
    for cut in 0..whole {
        let shared = mailbox(mails.clone());
        shared.lock().unwrap().cut = Some(cut);
        let mut cursor = Cursor::Start;
        let spool = drain(&mut inbox(&shared, settings()), &mut cursor).await;
        let distinct: BTreeSet<_> = spool.iter().cloned().collect();
        assert_eq!(distinct, mails.iter().map(|(_, mail)| mail.clone()).collect(), "cut after {cut} bytes");
        assert_eq!((spool.len(), seen(&cursor)), (5, 15), "cut after {cut} bytes");
    }
}

#[tokio::test]
async fn too_large_letters_are_noted_once_and_never_read() {
    // B7, B8
    let big = [letter(1), vec![b'x'; 20_000]].concat();
    let shared = mailbox([(1, big.clone()), (2, letter(2)), (3, big)]);
    // The third one's size is a lie.
    let lie = format!(
        "* 1 FETCH (UID 3 RFC822.SIZE 10 BODY[HEADER.FIELDS (CONTENT-TYPE)] {{{}}}\r\n{})\r\n{{tag}} OK\r\n{{once}}",
        88, "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x\r\n\r\n"
    );
    shared.lock().unwrap().lies.push(("UID FETCH 3 (UID RFC822", lie.replace("{88}", &format!("{{{}}}", 87))));
    let mut imap = inbox(&shared, settings());
    let first = imap.fetch(&Cursor::Start, 1).await.unwrap();
    let rest = imap.fetch(&first.cursor, 10).await.unwrap();
    let large = |batch: &Batch| batch.notes.iter().filter(|n| matches!(n, Note::TooLarge { .. })).count();
    assert_eq!((large(&first) + large(&rest), uids(&first)), (2, vec![2]));
    let again = imap.fetch(&rest.cursor, 10).await.unwrap();
    assert!(again.notes.is_empty() && again.mails.is_empty());
}

#[tokio::test]
async fn a_folder_that_is_another_one_is_read_from_the_beginning() {
    // F16
    let shared = mailbox([(1, letter(1)), (2, letter(2))]);
    let cursor = inbox(&shared, settings()).fetch(&Cursor::Start, 10).await.unwrap().cursor;
    type Change = fn(&mut crate::support::imap::Mailbox);
    let changes: [(Change, &str); 5] = [
        (|m| m.uid_validity = Some(8), "UIDVALIDITY has changed"),
        (|m| m.uid_validity = None, "names no UIDVALIDITY"),
        (|m| m.uid_next = Some(2), "UIDNEXT has gone back"),
        (|m| m.uid_next = None, "names no UIDNEXT"),
        (|m| m.mails.clear(), ""),
    ];
    for (change, why) in changes {
        let shared = mailbox([(1, letter(1)), (2, letter(2))]);
        change(&mut shared.lock().unwrap());
        let mut imap = inbox(&shared, settings());
        let batch = imap.fetch(&cursor, 10).await.unwrap();
        if why.is_empty() {
            assert!(batch.mails.is_empty() && batch.notes.is_empty());
            continue;
        }
        assert!(
            matches!(batch.notes.as_slice(), [Note::Rescan(text)] if text.contains(why)),
            "{why} {:?}",
            batch.notes
        );
        assert_eq!(uids(&batch), [1, 2], "{why}");
        // Within the session the doubt is settled.
        let again = imap.fetch(&batch.cursor, 10).await.unwrap();
        assert!(again.mails.is_empty() && again.notes.is_empty(), "{why} {:?}", again.notes);
    }
}

#[tokio::test]
async fn a_cursor_that_another_program_stored_meanwhile_is_gone_on_from() {
    let shared = mailbox([(1, letter(1)), (2, letter(2))]);
    let mut long = inbox(&shared, settings());
    let before = long.fetch(&Cursor::Start, 10).await.unwrap().cursor;
    {
        let mut mailbox = shared.lock().unwrap();
        mailbox.mails.insert(3, letter(3));
        mailbox.uid_next = Some(4);
    }
    let other = inbox(&shared, settings()).fetch(&before, 10).await.unwrap();
    assert_eq!(uids(&other), [3]);
    // The folder was opened when it had two mails, and the cursor knows of three.
    let batch = long.fetch(&other.cursor, 10).await.unwrap();
    assert!(batch.mails.is_empty() && batch.notes.is_empty(), "{:?}", batch.notes);
    assert_eq!(batch.cursor, other.cursor);
}

#[tokio::test]
async fn a_cursor_that_was_not_kept_brings_the_same_mails_again() {
    // F5
    let shared = mailbox([(1, letter(1)), (2, letter(2)), (3, letter(3))]);
    let mut imap = inbox(&shared, settings());
    assert_eq!(uids(&imap.fetch(&Cursor::Start, 2).await.unwrap()), [1, 2]);
    assert_eq!(uids(&imap.fetch(&Cursor::Start, 2).await.unwrap()), [1, 2]);
}

#[tokio::test]
async fn handled_mails_are_marked_as_configured_and_as_the_server_allows() {
    let origins = [Origin::Imap { uid_validity: 7, uid: 2 }, Origin::Imap { uid_validity: 6, uid: 3 }];
    for (handled, capabilities, permanent, expected) in [
        (Handled::Keyword, "IMAP4rev1", "(\\*)", Some("UID STORE 2 +FLAGS.SILENT ($Mailorder)")),
        (Handled::Keyword, "IMAP4rev1", "($mailorder \\Seen)", Some("UID STORE 2 +FLAGS.SILENT ($Mailorder)")),
        (Handled::Keyword, "IMAP4rev1", "(\\Seen)", None),
        (Handled::Move("Mail/Order".to_owned()), "IMAP4rev1 MOVE", "()", Some("UID MOVE 2 \"Mail/Order\"")),
        (Handled::Move("Mail/Order".to_owned()), "IMAP4rev1", "(\\*)", None),
        (Handled::Leave, "IMAP4rev1 MOVE", "(\\*)", None),
    ] {
        let shared = mailbox([(2, letter(2))]);
        shared.lock().unwrap().capabilities = capabilities;
        shared.lock().unwrap().permanent = permanent;
        let mut settings = settings();
        settings.handled = handled.clone();
        let mut imap = inbox(&shared, settings);
        imap.fetch(&Cursor::Start, 9).await.unwrap();
        imap.done(&origins).await.unwrap();
        let mailbox = shared.lock().unwrap();
        assert_eq!(mailbox.marked.first().map(String::as_str), expected);
        assert_eq!(mailbox.log.iter().any(|c| c.starts_with("EXAMINE")), handled == Handled::Leave);
        assert!(mailbox.log.iter().all(|c| !c.contains("EXPUNGE") && !c.contains("Seen")));
    }
}

#[tokio::test]
async fn every_end_of_idle_leads_to_another_look() {
    // F13, F14
    for (text, max, expected) in [
        ("+ idling\r\n* 2 EXISTS\r\n", 2_000, Ok(Woken::News)),
        ("+ idling\r\n* OK Still here\r\n", 60, Ok(Woken::Nothing)),
        ("+ idling\r\n{tag} OK I end it\r\n", 2_000, Ok(Woken::News)),
        ("{tag} NO not today\r\n", 2_000, Ok(Woken::News)),
        ("+ idling\r\n* BYE\r\n{close}", 2_000, Err(())),
        ("+ idling\r\n{close}", 2_000, Err(())),
        ("{stall}", 2_000, Err(())),
        // It hears no DONE: found out at the renewal.
        ("+ idling\r\n{stall}", 2_000, Err(())),
    ] {
        let shared = mailbox([(1, letter(1))]);
        shared.lock().unwrap().lies.push(("IDLE", text.to_owned()));
        let mut imap = inbox(&shared, settings());
        let cursor = imap.fetch(&Cursor::Start, 9).await.unwrap().cursor;
        let result = tokio::time::timeout(Duration::from_secs(3), imap.wait(Duration::from_millis(max))).await.unwrap();
        assert_eq!(result.as_ref().map_err(|_| ()).copied(), expected, "{text} {result:?}");
        shared.lock().unwrap().lies.clear();
        shared.lock().unwrap().mails.insert(2, letter(2));
        assert_eq!(uids(&imap.fetch(&cursor, 9).await.unwrap()), [2], "{text}");
    }
}

#[tokio::test]
async fn a_cancelled_wait_leaves_no_half_session_behind() {
    let shared = mailbox([(1, letter(1))]);
    let mut imap = inbox(&shared, settings());
    let cursor = imap.fetch(&Cursor::Start, 9).await.unwrap().cursor;
    let cancelled = tokio::time::timeout(Duration::from_millis(30), imap.wait(Duration::from_secs(9))).await;
    assert!(cancelled.is_err());
    shared.lock().unwrap().mails.insert(2, letter(2));
    assert_eq!(uids(&imap.fetch(&cursor, 9).await.unwrap()), [2]);
    assert_eq!(shared.lock().unwrap().connections, 2);
}

#[tokio::test]
async fn alerts_reach_a_person_without_their_control_characters() {
    let shared = mailbox([(1, letter(1))]);
    shared
        .lock()
        .unwrap()
        .lies
        .push(("SEARCH", "* OK [ALERT] disk \x1b[2J full\r\n* SEARCH 1\r\n{tag} OK\r\n".to_owned()));
    let batch = inbox(&shared, settings()).fetch(&Cursor::Start, 9).await.unwrap();
    assert_eq!(batch.notes, [Note::Alert("disk \\u{1b}[2J full".to_owned())]);
}

#[tokio::test]
async fn no_password_is_said_to_a_server_that_does_not_want_it_safely() {
    // F43
    for (greeting, capabilities) in [("* PREAUTH welcome\r\n", "IMAP4rev1"), ("* OK\r\n", "IMAP4rev1 LOGINDISABLED")] {
        let shared = mailbox([(1, letter(1))]);
        shared.lock().unwrap().greeting = greeting;
        shared.lock().unwrap().capabilities = capabilities;
        let error = inbox(&shared, settings()).fetch(&Cursor::Start, 9).await.unwrap_err();
        assert!(matches!(error, InboxError::Unsafe { .. }) && error.is_config(), "{error}");
        assert!(shared.lock().unwrap().log.iter().all(|c| !c.contains("LOGIN") && !c.contains("pa")));
    }
}

/// Against Dovecot and Postfix.
mod real {
    use super::*;
    use crate::support::servers::{Proxy, login, require};
    use mailorder::connect::Tls;
    use mailorder::inbox::imap::ImapSettings;
    use mailorder::maildir as folders;

    fn account(user: &str) -> ImapSettings {
        let servers = require();
        servers.user(user);
        let mut settings = ImapSettings::new(servers.server(servers.port("IMAPS"), Tls::Implicit), login(user));
        settings.deadlines.connect = Duration::from_secs(10);
        settings
    }

    /// Delivers as a mail server on the same machine would.
    fn deliver(user: &str, name: &str, mail: &[u8]) {
        let maildir = require().maildir(user);
        let new = maildir.join("new");
        let tmp = maildir.join("tmp").join(name);
        fs::write(&tmp, mail).unwrap();
        // Dovecot runs as another user and moves files to cur/ itself.
        let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(&maildir).unwrap());
        let group = std::os::unix::fs::MetadataExt::gid(&fs::metadata(&maildir).unwrap());
        std::os::unix::fs::chown(&tmp, Some(owner), Some(group)).unwrap();
        fs::rename(&tmp, new.join(name)).unwrap();
    }

    /// Logs in once, so that Dovecot makes the Maildir.
    async fn with_maildir(settings: ImapSettings) -> (Imap, Cursor) {
        let mut imap = Imap::new(settings).unwrap();
        let cursor = imap.fetch(&Cursor::Start, 9).await.unwrap().cursor;
        (imap, cursor)
    }

    #[tokio::test]
    async fn a_letter_wakes_the_idle_client_and_gets_its_keyword() {
        let (mut imap, cursor) = with_maildir(account("idle@in.test")).await;
        assert_eq!(imap.wait(Duration::ZERO).await.unwrap(), Woken::Nothing);
        let begun = std::time::Instant::now();
        let (woken, ()) = tokio::join!(imap.wait(Duration::from_secs(20)), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            deliver("idle@in.test", "1.a", &ordinary(1));
            deliver("idle@in.test", "2.a", &letter(2));
        });
        assert_eq!(woken.unwrap(), Woken::News);
        println!("IDLE woke after {:?}", begun.elapsed());
        let mut batch = imap.fetch(&cursor, 9).await.unwrap();
        while batch.mails.is_empty() {
            imap.wait(Duration::from_secs(5)).await.unwrap();
            batch = imap.fetch(&batch.cursor, 9).await.unwrap();
        }
        assert_eq!(batch.mails[0].bytes, letter(2));
        imap.done(&[batch.mails[0].origin.clone()]).await.unwrap();
        imap.close().await;
        let files = folders::list(&require().maildir("idle@in.test")).unwrap();
        let flags: Vec<_> = files.iter().filter_map(|p| folders::name_of(p)?.split_once(":2,")).collect();
        // The keyword is Dovecot's letter "a"; nobody has seen either mail.
        assert!(flags.contains(&("2.a", "a")) && flags.iter().all(|(_, f)| !f.contains('S')), "{flags:?}");
    }

    #[tokio::test]
    async fn handled_mail_moves_and_a_new_uidvalidity_brings_a_rescan() {
        // F16
        let mut settings = account("move@in.test");
        settings.handled = Handled::Move("Mailorder/Done".to_owned());
        let (mut imap, cursor) = with_maildir(settings.clone()).await;
        for n in 1..=3 {
            deliver("move@in.test", &format!("{n}.a"), &letter(n));
        }
        // The server may need a moment to notice what others put into its folder.
        let (mut batch, mut mails) = (Batch { cursor, ..Batch::default() }, Vec::new());
        while mails.len() < 3 {
            imap.wait(Duration::from_secs(5)).await.unwrap();
            batch = imap.fetch(&batch.cursor, 9).await.unwrap();
            mails.append(&mut batch.mails);
        }
        let second = mails.iter().find(|mail| mail.bytes == letter(2)).unwrap();
        imap.done(std::slice::from_ref(&second.origin)).await.unwrap();
        imap.close().await;
        require().run("reset-uidvalidity", &["move@in.test"]);
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let again = Imap::new(settings).unwrap().fetch(&batch.cursor, 9).await.unwrap();
        assert!(matches!(again.notes.as_slice(), [Note::Rescan(_)]), "{:?}", again.notes);
        let left: BTreeSet<_> = again.mails.iter().map(|mail| mail.bytes.clone()).collect();
        assert_eq!(left, BTreeSet::from([letter(1), letter(3)]));
    }

    #[tokio::test]
    async fn a_server_that_cannot_prove_its_name_gets_nothing() {
        // F42
        let servers = require();
        for (certificate, word) in [("wronghost", "NotValidForName"), ("expired", "xpired")] {
            let files =
                [servers.tls_file(&format!("{certificate}.pem")), servers.tls_file(&format!("{certificate}.key"))];
            let proxy = Proxy::start(servers.port("IMAP"), &["--tls", &files[0], &files[1]]);
            let mut settings = account("tls@in.test");
            settings.server.port = proxy.port;
            let error = Imap::new(settings).unwrap().fetch(&Cursor::Start, 9).await.unwrap_err();
            assert!(error.to_string().contains(word) || error.to_string().contains("not valid for name"), "{error}");
        }
        let mut settings = account("tls@in.test");
        settings.server.ca_file = Some(servers.tls_file("wronghost.pem").into());
        assert!(matches!(Imap::new(settings).unwrap().fetch(&Cursor::Start, 9).await, Err(InboxError::Connect(_))));
    }

    #[tokio::test]
    async fn starttls_is_used_or_nothing_is_said() {
        // F43
        let servers = require();
        let mut settings = account("starttls@in.test");
        settings.server = servers.server(servers.port("IMAP"), Tls::StartTls);
        let (mut imap, _) = with_maildir(settings.clone()).await;
        imap.close().await;
        let proxy = Proxy::start(servers.port("IMAP"), &["--strip", "STARTTLS"]);
        settings.server.port = proxy.port;
        let error = Imap::new(settings.clone()).unwrap().fetch(&Cursor::Start, 9).await.unwrap_err();
        assert!(matches!(error, InboxError::Unsafe { .. }), "{error}");
        settings.server.tls = Tls::None;
        assert!(matches!(Imap::new(settings), Err(InboxError::Config(_))));
    }

    #[tokio::test]
    async fn sessions_cut_and_stalled_on_the_way_bring_everything_once() {
        // F12, F13 in steps, over TLS and a real server
        let servers = require();
        let (mut imap, _) = with_maildir(account("cut@in.test")).await;
        imap.close().await;
        for n in 1..=5 {
            deliver("cut@in.test", &format!("{n}.a"), &letter(n));
        }
        let files = [servers.tls_file("server.pem"), servers.tls_file("server.key")];
        for (fault, always, long) in [("--cut-server", 197, 37), ("--stall-server", 699, 97)] {
            for at in (1..1_500).step_by(crate::support::tried(always, long)) {
                let at = at.to_string();
                let options = ["--tls", &files[0], &files[1], fault, &at, "--only-first", "1"];
                let proxy = Proxy::start(servers.port("IMAP"), &options);
                let mut settings = account("cut@in.test");
                settings.server.port = proxy.port;
                settings.deadlines.command = Duration::from_millis(900);
                settings.deadlines.connect = Duration::from_millis(900);
                let mut cursor = Cursor::Start;
                let spool = drain(&mut Imap::new(settings).unwrap(), &mut cursor).await;
                let distinct: BTreeSet<_> = spool.iter().cloned().collect();
                assert_eq!((spool.len(), distinct), (5, (1..=5).map(letter).collect()), "{fault} {at}");
            }
        }
    }
}
