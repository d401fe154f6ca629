//! Mail servers that say far more than they were asked, or say it unkindly: bounded work, a clear error.

use std::time::Duration;

use mailorder::inbox::{Cursor, InboxError, Origin};

use crate::support::imap::{inbox, letter, mailbox, settings};

#[tokio::test]
async fn a_flood_of_answers_ends_the_connection() {
    // F15: rows about mails nobody asked for, words at the login, news without end in IDLE.
    let rows = "* 1 FETCH (FLAGS (\\Seen))\r\n".repeat(100_000);
    let busy = "* OK busy\r\n".repeat(10_000);
    for (when, text) in [("HEADER.FIELDS", &rows), ("BODY.PEEK[]", &rows), ("SELECT", &rows), ("LOGIN", &busy)] {
        let shared = mailbox([(1, letter(1))]);
        shared.lock().unwrap().lies.push((when, format!("{text}{{tag}} OK done\r\n")));
        let mut patient = settings();
        patient.deadlines.command = Duration::from_secs(60);
        let error = inbox(&shared, patient).fetch(&Cursor::Start, 10).await.unwrap_err();
        assert!(error.to_string().contains("larger than all that was asked for"), "{when}: {error}");
    }
    let shared = mailbox([(1, letter(1))]);
    shared.lock().unwrap().lies.push(("IDLE", format!("+ idling\r\n{}{{stall}}", busy.repeat(20))));
    let mut imap = inbox(&shared, settings());
    imap.fetch(&Cursor::Start, 10).await.unwrap();
    let error = imap.wait(Duration::from_secs(60)).await.unwrap_err();
    assert!(matches!(error, InboxError::Garbled { .. }), "{error}");
}

#[tokio::test]
async fn a_search_that_finds_very_much_is_read_without_the_parser() {
    // The parser would read it from its beginning again with each piece.
    let shared = mailbox([(1, letter(1)), (199_999, letter(9))]);
    let numbers: Vec<String> = (1..=199_999).map(|uid: u32| uid.to_string()).collect();
    let lie = format!("* SEARCH {}\r\n{{tag}} OK done\r\n", numbers.join(" "));
    shared.lock().unwrap().lies.push(("SEARCH UID 1:*", lie));
    shared.lock().unwrap().uid_next = None;
    let batch = inbox(&shared, settings()).fetch(&Cursor::Start, 10).await.unwrap();
    let first = Origin::Imap { uid_validity: 7, uid: 1 };
    assert_eq!((&batch.mails[0].origin, batch.mails.len()), (&first, 1));
    assert_eq!((batch.more, batch.scanned), (true, 2_000));
    shared.lock().unwrap().lies[0].1 = "* SEARCH 1 4294967296\r\n{tag} OK done\r\n".to_owned();
    let error = inbox(&shared, settings()).fetch(&Cursor::Start, 10).await.unwrap_err();
    assert!(error.to_string().contains("no UID"), "{error}");
}

#[tokio::test]
async fn a_login_that_is_refused_is_told_in_the_servers_words() {
    let shared = mailbox([(1, letter(1))]);
    let refusal = "* OK wait\r\n{tag} NO [AUTHENTICATIONFAILED] Wrong \x1b[31m \"password\".\r\n* BYE\r\n{close}";
    shared.lock().unwrap().lies.push(("LOGIN", refusal.to_owned()));
    let error = inbox(&shared, settings()).fetch(&Cursor::Start, 9).await.unwrap_err();
    let text =
        "fake:993 refused the login of me: [AUTHENTICATIONFAILED] Wrong \\u{1b}[31m \"password\".; put the right user";
    assert!(error.to_string().starts_with(text), "{error}");
    shared.lock().unwrap().capabilities = "IMAP4rev1 AUTH=PLAIN";
    shared.lock().unwrap().lies = vec![("AUTHENTICATE", "{tag} NO [UNAVAILABLE] no disk\r\n".to_owned())];
    let error = inbox(&shared, settings()).fetch(&Cursor::Start, 9).await.unwrap_err();
    assert!(matches!(error, InboxError::Refused { command: "LOGIN", .. }), "{error}");
}
