//! Logins by OAuth 2 access tokens: which way is taken of those a server offers.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mailorder::connect::{Secret, SecretFuture};
use mailorder::inbox::{Cursor, InboxError};
use secrecy::SecretString;

use crate::support::imap::{inbox, letter, mailbox, settings};

fn secret() -> SecretFuture {
    Box::pin(async { Ok(Secret::Token(SecretString::from("ya29.x"))) })
}

/// Fetches from a server that offers this; returns what came of it and what the server was told until the login.
async fn fetched(capabilities: &'static str) -> (Result<usize, InboxError>, Vec<String>) {
    let shared = mailbox([(1, letter(1))]);
    shared.lock().unwrap().capabilities = capabilities;
    shared.lock().unwrap().lies.push(("AUTHENTICATE", "+ \r\n".to_owned()));
    let mut settings = settings();
    settings.login.secret = Arc::new(secret);
    let batch = inbox(&shared, settings).fetch(&Cursor::Start, 9).await;
    let log = shared.lock().unwrap().log.clone();
    (batch.map(|batch| batch.mails.len()), log.into_iter().take(3).collect())
}

#[tokio::test]
async fn a_token_is_said_in_the_way_that_the_server_offers() {
    let said = |text: &str| STANDARD.encode(text.replace('^', "\x01"));
    for (capabilities, way, text) in [
        ("IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER", "XOAUTH2", "user=me^auth=Bearer ya29.x^^"),
        ("IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2", "XOAUTH2", "user=me^auth=Bearer ya29.x^^"),
        ("IMAP4rev1 AUTH=OAUTHBEARER", "OAUTHBEARER", "n,a=me,^auth=Bearer ya29.x^^"),
    ] {
        let (came, log) = fetched(capabilities).await;
        assert_eq!(came.unwrap(), 1, "{capabilities}");
        assert_eq!(log, ["CAPABILITY".to_owned(), format!("AUTHENTICATE {way}"), said(text)], "{capabilities}");
    }
}

#[tokio::test]
async fn no_token_is_said_to_a_server_that_takes_none() {
    let (came, log) = fetched("IMAP4rev1 AUTH=PLAIN AUTH=LOGIN").await;
    let error = came.unwrap_err();
    assert!(matches!(error, InboxError::Unsafe { .. }) && error.is_config(), "{error}");
    assert!(error.to_string().ends_with("it takes no token: it offers neither XOAUTH2 nor OAUTHBEARER"), "{error}");
    assert_eq!(log, ["CAPABILITY"]);
}

mod real {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    use super::*;
    use crate::outbox::{MAIL, envelope};
    use crate::support::servers::require;
    use mailorder::connect::{Login, Tls};
    use mailorder::outbox::SendError;
    use mailorder::outbox::smtp::{Smtp, SmtpSettings};

    /// A mail server that takes passwords and no tokens, over TLS; it says its port, and then what it is told.
    const SERVER: &str = r#"
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
line = context.wrap_socket(listener.accept()[0], server_side=True).makefile("rw", newline="\r\n")
line.write("220 ready\r\n"); line.flush()
for told in line:
    print(told.strip(), flush=True)
    line.write("250-fake\r\n250 AUTH PLAIN LOGIN\r\n" if told.startswith("EHLO") else "221 bye\r\n"); line.flush()
"#;

    #[tokio::test]
    async fn no_token_is_said_to_a_mail_server_that_takes_none() {
        let servers = require();
        let mut child = Command::new("python3")
            .args(["-c", SERVER, &servers.tls_file("server.pem"), &servers.tls_file("server.key")])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = told.next().unwrap().unwrap().parse().unwrap();
        let login = Login { user: "shop@a.test".to_owned(), secret: Arc::new(secret) };
        let mut smtp = Smtp::new(SmtpSettings::new(servers.server(port, Tls::Implicit), Some(login))).unwrap();
        let error = smtp.send(&envelope(), MAIL).await.unwrap_err();
        assert!(matches!(error, SendError::Login { .. }), "{error}");
        assert!(error.to_string().ends_with("takes no token: it does not offer XOAUTH2"), "{error}");
        drop(smtp);
        let told: Vec<String> = told.map(Result::unwrap).collect();
        assert!(told.iter().all(|line| !line.starts_with("AUTH") && !line.contains("ya29")), "{told:?}");
        child.wait().unwrap();
    }
}
