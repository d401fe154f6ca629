//! Sending: a scripted SMTP server in this process, programs, Maildirs, the queue, and a real Postfix.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use mailorder::connect::{Login, Secret, SecretFuture, Server, Tls};
use mailorder::outbox::maildir::{MaildirOutbox, MaildirSettings};
use mailorder::outbox::queue::{Label, Queue};
use mailorder::outbox::sendmail::{Sendmail, SendmailSettings};
use mailorder::outbox::smtp::{Deadlines, Smtp, SmtpSettings};
use mailorder::outbox::{Envelope, Outbox, SendError};
use secrecy::SecretString;

use crate::support::smtp::{Lies, start};

pub(crate) const MAIL: &[u8] = b"Subject: ...\r\n\r\n.dot\r\nbody\r\n";

pub(crate) fn envelope() -> Envelope {
    Envelope { from: "shop@a.test".parse().unwrap(), to: "buyer@b.test".parse().unwrap() }
}

pub(crate) fn settings(port: u16) -> SmtpSettings {
    let server = Server { host: "localhost".to_owned(), port, tls: Tls::None, ca_file: None };
    let mut settings = SmtpSettings::new(server, None);
    let short = Duration::from_millis(600);
    settings.deadlines = Deadlines { connect: short, command: short, data: short, dot: short };
    settings
}

pub(crate) async fn smtp(lies: Lies) -> (Outbox, Arc<std::sync::Mutex<crate::support::smtp::Seen>>) {
    let (port, seen) = start(lies).await;
    (Outbox::Smtp(Box::new(Smtp::new(settings(port)).unwrap())), seen)
}

pub(crate) fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

pub(crate) fn label(to: &str) -> Label {
    let envelope = Envelope { to: to.parse().unwrap(), ..envelope() };
    Label { envelope, message_id: "1@a".parse().unwrap(), kind: "order".to_owned(), queued: time(0) }
}

pub(crate) const ENOUGH: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_mail_travels_byte_for_byte_and_connections_are_shared() {
    let (mut outbox, seen) = smtp(Vec::new()).await;
    for _ in 0..3 {
        outbox.send(&envelope(), MAIL, "1").await.unwrap();
    }
    outbox.close().await;
    let seen = seen.lock().unwrap();
    assert_eq!(seen.connections, 1);
    assert_eq!(seen.mails[2], "Subject: ...\r\n\r\n..dot\r\nbody\r\n");
    assert_eq!(seen.commands[..4], ["EHLO [127.0.0.1]", "MAIL FROM:<shop@a.test>", "RCPT TO:<buyer@b.test>", "DATA"]);
    assert_eq!(seen.commands.last().unwrap(), "QUIT");
}

#[tokio::test]
async fn every_answer_in_every_phase_means_what_it_says() {
    // F29, F32
    enum Expected {
        LaterAll,
        Broken,
        Later,
        Passing,
        Refused(u16),
        Ambiguous,
    }
    use Expected::{Ambiguous, Broken, Later, LaterAll, Passing, Refused};
    for (when, text, expected) in [
        ("", "421 busy\r\n{close}", LaterAll),
        ("", "554 no\r\n{close}", LaterAll),
        ("", "{stall}", LaterAll),
        ("EHLO", "{stall}", LaterAll),
        ("EHLO", "502 what\r\n", LaterAll),
        ("MAIL", "450 4.2.1 later\r\n", Later),
        ("MAIL", "550 5.7.1 not you\r\n", Passing),
        ("MAIL", "553 not yours\r\n", Passing),
        ("MAIL", "530 5.7.0 log in first\r\n", Passing),
        ("MAIL", "552 5.2.2 yours is full\r\n", Passing),
        ("MAIL", "501 5.5.4 what\r\n", Refused(501)),
        ("MAIL", "552 5.3.4 too big\r\n", Refused(552)),
        ("MAIL", "421 4.3.2 closing\r\n{close}", Broken),
        ("MAIL", "{close}", Broken),
        ("MAIL", "354 go on\r\n", Broken),
        ("RCPT", "550 5.1.1 nobody\r\n", Refused(550)),
        ("RCPT", "550 5.5.0 overloaded\r\n", Later),
        ("RCPT", "552 5.2.2 full\r\n", Passing),
        ("RCPT", "550-5.2.2 full\r\n550 5.2.2 indeed\r\n", Passing),
        ("RCPT", "552 full\r\n", Passing),
        ("RCPT", "550 5.4.5 daily quota\r\n", Passing),
        ("RCPT", "553 5.7.1 sender not owned by user\r\n", Passing),
        ("RCPT", "553 nobody\r\n", Refused(553)),
        ("RCPT", "550 5.2.1 disabled\r\n", Refused(550)),
        ("RCPT", "452 4.2.2 full\r\n", Later),
        ("RCPT", "{stall}", Broken),
        ("DATA", "554 5.5.1 no\r\n", Refused(554)),
        ("DATA", "250 fine\r\n", Broken),
        ("DATA", "{stall}", Broken),
        ("DATA", "{close}", Broken),
        (".", "552 5.3.4 too big\r\n", Refused(552)),
        (".", "552 5.2.3 too big\r\n", Refused(552)),
        (".", "550 5.4.5 daily quota\r\n", Passing),
        (".", "554 5.7.13 disabled\r\n", Passing),
        (".", "550 5.7.26 not authenticated\r\n", Passing),
        (".", "550 5.7.1 spam\r\n", Refused(550)),
        (".", "554 no\r\n", Refused(554)),
        (".", "451 4.3.0 later\r\n", Later),
        (".", "421 4.3.0 closing\r\n{close}", Broken),
        (".", "354 go on\r\n", Ambiguous),
        (".", "251 forwarded\r\n", Ambiguous),
        (".", "hello\r\n", Ambiguous),
        (".", "{stall}", Ambiguous),
        (".", "250{close}", Ambiguous),
        (".", "{close}", Ambiguous),
    ] {
        let (mut outbox, seen) = smtp(vec![(when, text)]).await;
        let error = outbox.send(&envelope(), MAIL, "1").await.unwrap_err();
        let right = match expected {
            LaterAll => matches!(error, SendError::Later { all: true, .. }),
            Broken => matches!(error, SendError::Broken { .. }),
            Later => matches!(error, SendError::Later { all: false, .. }),
            Passing => matches!(error, SendError::Passing { .. }),
            Refused(code) => matches!(error, SendError::Refused { code: got, .. } if got == code),
            Ambiguous => matches!(error, SendError::Ambiguous { .. }),
        };
        assert!(right, "{when} {text}: {error:?}");
        assert_eq!(!seen.lock().unwrap().mails.is_empty(), when == ".", "{when} {text}");
    }
}

#[tokio::test]
async fn what_can_pass_is_tried_again_and_told_of_once() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::open(dir.path()).unwrap();
    let (full, fine) = (label("full@b.test"), label("a@b.test"));
    queue.put_all(&[("1", &full, MAIL), ("2", &full, MAIL), ("3", &fine, MAIL)]).unwrap();
    let (mut outbox, seen) = smtp(vec![("RCPT TO:<full@", "552 5.2.2 over quota\r\n")]).await;
    let report = queue.flush(&mut outbox, || time(0), ENOUGH).await.unwrap();
    let why = "there is no room in the mailbox of its reader (RCPT: 552 5.2.2 over quota)";
    assert_eq!((report.sent, report.stopped, report.refused), (vec!["3".to_owned()], None, 0));
    assert_eq!(report.doubted, Some(("1".to_owned(), why.to_owned())));
    assert_eq!(report.later[1], ("2".to_owned(), format!("not sent yet: {why}")));
    // The dialogue goes on.
    assert_eq!(seen.lock().unwrap().connections, 1);
    let report = queue.flush(&mut outbox, || time(60), ENOUGH).await.unwrap();
    assert_eq!((report.doubted, report.later.len()), (None, 2));
    let (mut emptied, _) = smtp(Vec::new()).await;
    let report = queue.flush(&mut emptied, || time(3_600), ENOUGH).await.unwrap();
    assert_eq!(report.sent, ["1", "2"]);
}

#[tokio::test]
async fn a_refusal_does_not_spoil_the_connection_for_the_next_letter() {
    let (mut outbox, seen) = smtp(vec![("RCPT TO:<nobody@", "550 5.1.1 nobody\r\n")]).await;
    let nobody = Envelope { to: "nobody@b.test".parse().unwrap(), ..envelope() };
    assert!(matches!(outbox.send(&nobody, MAIL, "1").await, Err(SendError::Refused { code: 550, .. })));
    outbox.send(&envelope(), MAIL, "2").await.unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!((seen.connections, seen.mails.len()), (1, 1));
    assert!(seen.commands.contains(&"RSET".to_owned()));
}

#[tokio::test]
async fn words_before_they_are_asked_for_are_not_believed() {
    // An answer for the next command, sent ahead: lettre would be one answer behind for good.
    for (when, text) in [("EHLO", "250-x\r\n250 y\r\n250 ahead\r\n"), ("RCPT", "250 ok\r\n354 ahead\r\n250 sent\r\n")] {
        let (mut outbox, seen) = smtp(vec![(when, text)]).await;
        let error = outbox.send(&envelope(), MAIL, "1").await.unwrap_err();
        assert!(error.to_string().contains("more than it was asked"), "{error}");
        match when {
            "EHLO" => assert!(matches!(&error, SendError::Later { all: true, .. }), "{error}"),
            _ => assert!(matches!(&error, SendError::Broken { .. }), "{error}"),
        }
        assert!(seen.lock().unwrap().mails.is_empty());
    }
    let endless: &'static str = "x".repeat(50_000).leak();
    let (mut outbox, _) = smtp(vec![("MAIL", endless)]).await;
    assert!(matches!(outbox.send(&envelope(), MAIL, "1").await, Err(SendError::Broken { .. })));
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    // lettre reads an answer from its beginning again with each line of it.
    let line = "250-x\r\n";
    let endless: &'static str = line.repeat(13_000).leak();
    let long: &'static str = format!("{}250 x\r\n", line.repeat(100)).leak();
    for when in ["", "EHLO", "MAIL", "RCPT", "DATA"] {
        let (mut outbox, seen) = smtp(vec![(when, endless)]).await;
        let error = outbox.send(&envelope(), MAIL, "1").await.unwrap_err();
        assert!(error.to_string().contains("answer does not end"), "{when}: {error}");
        match when {
            "" | "EHLO" => assert!(matches!(&error, SendError::Later { all: true, .. }), "{when}: {error}"),
            _ => assert!(matches!(&error, SendError::Broken { .. }), "{when}: {error}"),
        }
        assert!(seen.lock().unwrap().mails.is_empty());
    }
    let (mut outbox, seen) = smtp(vec![(".", endless)]).await;
    assert!(matches!(outbox.send(&envelope(), MAIL, "1").await, Err(SendError::Ambiguous { .. })));
    assert_eq!(seen.lock().unwrap().mails.len(), 1);
    let (mut outbox, _) = smtp(vec![("EHLO", long)]).await;
    outbox.send(&envelope(), MAIL, "1").await.unwrap();
    let (port, _) = start(vec![("EHLO", endless)]).await;
    let mut upgraded = settings(port);
    upgraded.server.tls = Tls::StartTls;
    upgraded.deadlines.connect = Duration::from_secs(20);
    let error = Smtp::new(upgraded).unwrap().send(&envelope(), MAIL).await.unwrap_err();
    assert!(matches!(&error, SendError::Later { cause, all: true } if cause.contains("does not end")), "{error}");
}

#[tokio::test]
async fn a_password_is_never_sent_in_the_clear() {
    // F43
    let (port, seen) = start(vec![("EHLO", "250-fake\r\n250 AUTH PLAIN\r\n")]).await;
    let secret = Arc::new(|| -> SecretFuture { Box::pin(async { Ok(Secret::Password(SecretString::from("pw"))) }) });
    let login = Some(Login { user: "me".to_owned(), secret });
    let plain = SmtpSettings { login: login.clone(), ..settings(port) };
    assert!(matches!(Smtp::new(plain), Err(SendError::Config(_))));
    // STARTTLS not offered, refused, or followed by words of somebody on the way.
    let mut upgraded = SmtpSettings { login, ..settings(port) };
    upgraded.server.tls = Tls::StartTls;
    let error = Smtp::new(upgraded.clone()).unwrap().send(&envelope(), MAIL).await.unwrap_err();
    assert!(error.to_string().contains("does not offer STARTTLS"), "{error}");
    let injected = "220 go\r\n250-x\r\n250 AUTH LOGIN\r\n";
    let (port, injected_seen) = start(vec![("STARTTLS", injected)]).await;
    upgraded.server.port = port;
    let error = Smtp::new(upgraded).unwrap().send(&envelope(), MAIL).await.unwrap_err();
    assert!(matches!(error, SendError::Later { .. } | SendError::Config(_)), "{error}");
    for seen in [seen, injected_seen] {
        assert!(seen.lock().unwrap().commands.iter().all(|c| !c.contains("AUTH") && !c.contains("MAIL")));
    }
}

#[tokio::test]
async fn letters_that_are_not_clean_never_leave() {
    let (mut outbox, seen) = smtp(Vec::new()).await;
    for bad in [&b"a\n.\nMAIL FROM:<x@y>\r\n"[..], b"\0\r\n", b"no end"] {
        assert!(matches!(outbox.send(&envelope(), bad, "1").await, Err(SendError::Refused { code: 0, .. })));
    }
    let eight_bit = "Subject: é\r\n".as_bytes();
    assert!(matches!(outbox.send(&envelope(), eight_bit, "1").await, Err(SendError::Refused { code: 0, .. })));
    assert!(seen.lock().unwrap().mails.is_empty());
    let (mut outbox, seen) = smtp(vec![("EHLO", "250-fake\r\n250 8BITMIME\r\n")]).await;
    outbox.send(&envelope(), eight_bit, "1").await.unwrap();
    assert!(seen.lock().unwrap().commands[1].ends_with("BODY=8BITMIME"));
}

#[tokio::test]
async fn nobody_there_is_no_reason_to_give_up() {
    // F41
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = Smtp::new(settings(free)).unwrap().send(&envelope(), MAIL).await.unwrap_err();
    assert!(matches!(error, SendError::Later { all: true, .. }), "{error}");
}

#[tokio::test]
async fn a_mail_program_is_judged_by_its_exit_code() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sendmail");
    let script = |end: &str| {
        let text = format!("#!/bin/sh\nprintf '%s ' \"$@\" >{0}/args; cat >{0}/mail; {end}\n", dir.path().display());
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let mut settings = SendmailSettings::new(path.clone());
    settings.patience = Duration::from_millis(500);
    let mut outbox = Outbox::Sendmail(Sendmail::new(settings));
    script("exit 0");
    outbox.send(&envelope(), MAIL, "1").await.unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("args")).unwrap(), "-i -f shop@a.test -- buyer@b.test ");
    assert_eq!(fs::read(dir.path().join("mail")).unwrap(), b"Subject: ...\n\n.dot\nbody\n");
    script("exit 75");
    assert!(matches!(outbox.send(&envelope(), MAIL, "1").await, Err(SendError::Later { all: false, .. })));
    script("echo nobody >&2; exit 67");
    let refused = outbox.send(&envelope(), MAIL, "1").await.unwrap_err();
    assert_eq!(refused, SendError::Refused { code: 67, text: "nobody".to_owned() });
    script("exec sleep 9");
    assert!(matches!(outbox.send(&envelope(), MAIL, "1").await, Err(SendError::Ambiguous { .. })));
    script("kill -9 $$");
    assert!(matches!(outbox.send(&envelope(), MAIL, "1").await, Err(SendError::Ambiguous { .. })));
    script("exit 64");
    assert!(matches!(outbox.send(&envelope(), MAIL, "1").await, Err(SendError::Broken { .. })));
    fs::remove_file(&path).unwrap();
    assert!(matches!(outbox.send(&envelope(), MAIL, "1").await, Err(SendError::Config(_))));
}

#[tokio::test]
async fn what_a_mail_program_leaves_running_is_not_waited_for_and_ends_with_one_over_its_time() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sendmail");
    let mark = |name: &str| dir.path().join(name);
    let script = |name: &str, end: &str| {
        let left = format!("(sleep 1.5; : >{})", mark(name).display());
        fs::write(&path, format!("#!/bin/sh\ncat >/dev/null; {left} & {end}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let mut settings = SendmailSettings::new(path.clone());
    settings.patience = Duration::from_millis(1_000);
    let mut outbox = Outbox::Sendmail(Sendmail::new(settings));
    // It holds the complaints open, and has its delivery done behind it: that is its own affair.
    script("taken", "echo fine >&2; exit 0");
    outbox.send(&envelope(), MAIL, "1").await.unwrap();
    script("refused", "echo nobody >&2; exit 67");
    let refused = outbox.send(&envelope(), MAIL, "1").await.unwrap_err();
    assert_eq!(refused, SendError::Refused { code: 67, text: "nobody".to_owned() });
    script("late", "exec sleep 60");
    let begun = std::time::Instant::now();
    assert!(matches!(outbox.send(&envelope(), MAIL, "1").await, Err(SendError::Ambiguous { .. })));
    assert!(begun.elapsed() < Duration::from_secs(20));
    // Called off from outside, as by the end of the program.
    script("called-off", "exec sleep 60");
    tokio::time::timeout(Duration::from_millis(500), outbox.send(&envelope(), MAIL, "1")).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(mark("taken").exists() && mark("refused").exists());
    assert!(!mark("late").exists() && !mark("called-off").exists());
}

#[tokio::test]
async fn a_maildir_gets_each_letter_once() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join(envelope().to.as_str());
    let settings = MaildirSettings { pattern: format!("{}/{{to}}", dir.path().display()), base: None };
    let mut outbox = Outbox::Maildir(MaildirOutbox::new(settings));
    for _ in 0..2 {
        outbox.send(&envelope(), MAIL, "42").await.unwrap();
    }
    outbox.send(&Envelope { from: "other@a.test".parse().unwrap(), ..envelope() }, MAIL, "42").await.unwrap();
    let files = mailorder::maildir::list_new(&folder).unwrap();
    assert_eq!(files.len(), 2);
    assert_eq!(fs::read(&files[0]).unwrap(), MAIL);
    let outside = Envelope { to: "else/b@b.test".parse().unwrap(), ..envelope() };
    assert!(matches!(outbox.send(&outside, MAIL, "1").await, Err(SendError::Refused { code: 550, .. })));
}

#[tokio::test]
async fn letters_in_a_maildir_are_read_in_the_order_in_which_they_were_written() {
    let dir = tempfile::tempdir().unwrap();
    let settings = MaildirSettings { pattern: dir.path().display().to_string(), base: None };
    let mut outbox = Outbox::Maildir(MaildirOutbox::new(settings));
    let names = ["9", "10-2", "10-10", "99", "100", "1000"];
    for name in names.iter().rev() {
        outbox.send(&envelope(), format!("Subject: {name}\r\n\r\n").as_bytes(), name).await.unwrap();
    }
    let files = mailorder::maildir::list_new(dir.path()).unwrap();
    let read: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    assert_eq!(read, names.map(|name| format!("Subject: {name}\r\n\r\n")));
    // So does every program that reads a folder by its names.
    let mut by_text = files.clone();
    by_text.sort();
    assert_eq!(by_text, files);
}

/// Against Postfix and Dovecot.
mod real {
    use super::*;
    use crate::support::servers::{Proxy, login, require};

    fn account(port: &str, tls: Tls) -> SmtpSettings {
        let servers = require();
        servers.user("shop@out.test");
        let mut settings = SmtpSettings::new(servers.server(servers.port(port), tls), Some(login("shop@out.test")));
        settings.deadlines.dot = Duration::from_secs(20);
        settings.deadlines.connect = Duration::from_secs(10);
        settings
    }

    fn to(address: &str) -> Envelope {
        Envelope { from: "shop@out.test".parse().unwrap(), to: address.parse().unwrap() }
    }

    async fn arrived(user: &str, count: usize) -> Vec<std::path::PathBuf> {
        for _ in 0..200 {
            let files = mailorder::maildir::list(&require().maildir(user)).unwrap();
            if files.len() >= count {
                return files;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{count} mails did not arrive for {user}");
    }

    #[tokio::test]
    async fn letters_arrive_by_both_kinds_of_tls() {
        require().user("both@out.test");
        for (n, (port, tls)) in [("SUBMISSIONS", Tls::Implicit), ("SUBMISSION", Tls::StartTls)].into_iter().enumerate()
        {
            let mut outbox = Outbox::Smtp(Box::new(Smtp::new(account(port, tls)).unwrap()));
            let sent = outbox.send(&to("both@out.test"), MAIL, "1").await.unwrap();
            assert!(sent.answer.contains("queued as"), "{}", sent.answer);
            outbox.close().await;
            let files = arrived("both@out.test", n + 1).await;
            let text = fs::read_to_string(&files[n]).unwrap().replace("\r\n", "\n");
            assert!(text.ends_with("Subject: ...\n\n.dot\nbody\n") || text.ends_with("\n\n.dot\nbody\n"), "{text}");
        }
    }

    #[tokio::test]
    async fn postfix_says_no_in_its_own_ways() {
        // F29, F45
        let mut smtp = Smtp::new(account("SUBMISSIONS", Tls::Implicit)).unwrap();
        let mut send = async |address: &str| smtp.send(&to(address), MAIL).await;
        assert!(matches!(send("tempfail@out.test").await, Err(SendError::Later { all: false, .. })));
        assert!(matches!(send("reject@out.test").await, Err(SendError::Refused { code: 550, .. })));
        assert!(matches!(send("full@out.test").await, Err(SendError::Later { all: false, .. })));
        let mut wrong = account("SUBMISSIONS", Tls::Implicit);
        wrong.login = Some(login("nobody@out.test"));
        let error = Smtp::new(wrong).unwrap().send(&to("shop@out.test"), MAIL).await.unwrap_err();
        assert!(matches!(&error, SendError::Login { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_look_at_the_server_logs_in_by_both_kinds_of_tls_and_sends_nothing() {
        for (port, tls) in [("SUBMISSIONS", Tls::Implicit), ("SUBMISSION", Tls::StartTls)] {
            let mut outbox = Outbox::Smtp(Box::new(Smtp::new(account(port, tls)).unwrap()));
            assert_eq!(outbox.reach().await, Ok(true), "{port}");
            let mut wrong = account(port, tls);
            wrong.login = Some(login("nobody@out.test"));
            let error = Smtp::new(wrong).unwrap().reach().await.unwrap_err();
            assert!(matches!(&error, SendError::Login { .. }), "{error}");
        }
    }

    #[tokio::test]
    async fn an_answer_lost_after_the_dot_is_a_doubt_and_the_mail_is_there() {
        // F30
        let servers = require();
        servers.user("doubt@out.test");
        let proxy = Proxy::start(servers.port("SMTP"), &["--cut-after", "\\r\\n.\\r\\n"]);
        let mut settings = settings(proxy.port);
        settings.deadlines.dot = Duration::from_secs(20);
        settings.deadlines.connect = Duration::from_secs(10);
        settings.deadlines.command = Duration::from_secs(10);
        let error = Smtp::new(settings).unwrap().send(&to("doubt@out.test"), MAIL).await.unwrap_err();
        assert!(matches!(error, SendError::Ambiguous { .. }), "{error}");
        arrived("doubt@out.test", 1).await;
    }

    #[tokio::test]
    async fn a_server_that_cannot_prove_its_name_gets_no_password() {
        // F42
        let servers = require();
        let files = [servers.tls_file("wronghost.pem"), servers.tls_file("wronghost.key")];
        let proxy = Proxy::start(servers.port("SMTP"), &["--tls", &files[0], &files[1]]);
        let mut settings = account("SUBMISSIONS", Tls::Implicit);
        settings.server.port = proxy.port;
        let error = Smtp::new(settings).unwrap().send(&to("shop@out.test"), MAIL).await.unwrap_err();
        assert!(error.to_string().contains("no secure connection"), "{error}");
    }

    #[tokio::test]
    async fn five_hundred_letters_go_out_and_arrive() {
        require().user("many@out.test");
        let dir = tempfile::tempdir().unwrap();
        let queue = Queue::open(dir.path()).unwrap();
        let names: Vec<String> = (0..500).map(|n| n.to_string()).collect();
        let label = Label { envelope: to("many@out.test"), ..label("a@b.test") };
        let letters: Vec<_> = names.iter().map(|name| (name.as_str(), &label, MAIL)).collect();
        let begun = std::time::Instant::now();
        queue.put_all(&letters).unwrap();
        println!("500 letters queued in {:?}", begun.elapsed());
        let mut outbox = Outbox::Smtp(Box::new(Smtp::new(account("SUBMISSIONS", Tls::Implicit)).unwrap()));
        let report = queue.flush(&mut outbox, || time(5), ENOUGH).await.unwrap();
        println!("500 letters sent after {:?}", begun.elapsed());
        assert_eq!((report.sent.len(), report.stopped), (500, None));
        assert!(queue.list().unwrap().is_empty());
        arrived("many@out.test", 500).await;
    }
}
