//! What is said to an IMAP server before the login: greeting, capabilities, STARTTLS.
//!
//! Nothing secret passes here. The lines are read byte by byte, so that a connection can change hands (to TLS, to the
//! session) with nothing read ahead of the change.

use std::collections::BTreeSet;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

use crate::connect::{printable, read_line};
use crate::inbox::InboxError;

const LINE_LIMIT: usize = 8 * 1024;
/// Most lines before the answer is complete.
const LINES: usize = 32;

/// What a server says it can do, in upper case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Offers(BTreeSet<String>);

impl Offers {
    pub(super) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        Self(words.into_iter().map(str::to_ascii_uppercase).collect())
    }

    pub(super) fn has(&self, word: &str) -> bool {
        self.0.contains(word)
    }
}

/// Reads the greeting. A server that takes us for logged in already (PREAUTH) is not talked to: an attacker says so to
/// keep us from asking for TLS (F43).
pub(super) async fn greet(stream: &mut (impl AsyncRead + Unpin), server: &str) -> Result<(), InboxError> {
    let line = read_line(stream, LINE_LIMIT).await.map_err(|e| lost("greeting", e))?;
    let mut words = line.split(' ');
    match (words.next(), words.next().map(str::to_ascii_uppercase).as_deref()) {
        (Some("*"), Some("OK")) => Ok(()),
        (Some("*"), Some("PREAUTH")) => Err(InboxError::Unsafe {
            server: server.to_owned(),
            why: "it says that we are logged in already (PREAUTH)",
        }),
        (Some("*"), Some("BYE")) => Err(InboxError::Bye(printable(&line))),
        _ => Err(InboxError::Garbled { command: "greeting", why: "is not that of an IMAP server".to_owned() }),
    }
}

/// Asks what the server offers. Asked anew after each change of the connection's protection (RFC 9051 section 6.2.1).
pub(super) async fn capabilities(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<Offers, InboxError> {
    let lines = ask(stream, "CAPABILITY").await?;
    let offers = lines.iter().filter_map(|line| {
        let (word, rest) = line.strip_prefix("* ")?.split_once(' ')?;
        word.eq_ignore_ascii_case("CAPABILITY").then_some(rest)
    });
    Ok(Offers::new(offers.flat_map(str::split_ascii_whitespace)))
}

/// Asks for the change to TLS; when this returns, the next byte belongs to the handshake.
pub(super) async fn starttls(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    server: &str,
) -> Result<(), InboxError> {
    greet(stream, server).await?;
    if !capabilities(stream).await?.has("STARTTLS") {
        let why = "it does not offer STARTTLS (or somebody on the way removed the offer)";
        return Err(InboxError::Unsafe { server: server.to_owned(), why });
    }
    ask(stream, "STARTTLS").await.map(drop)
}

/// Sends a command and returns the untagged lines before its OK.
async fn ask(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    command: &'static str,
) -> Result<Vec<String>, InboxError> {
    let tag = "m1 ";
    stream.write_all(format!("{tag}{command}\r\n").as_bytes()).await.map_err(|e| lost(command, e))?;
    stream.flush().await.map_err(|e| lost(command, e))?;
    let mut lines = Vec::new();
    while lines.len() < LINES {
        let line = read_line(stream, LINE_LIMIT).await.map_err(|e| lost(command, e))?;
        if let Some(end) = line.strip_prefix(tag) {
            let ok = end.split(' ').next().is_some_and(|word| word.eq_ignore_ascii_case("OK"));
            return if ok { Ok(lines) } else { Err(InboxError::Refused { command, text: printable(end) }) };
        }
        if line.to_ascii_uppercase().starts_with("* BYE") {
            return Err(InboxError::Bye(printable(&line)));
        }
        lines.push(line);
    }
    Err(InboxError::Garbled { command, why: "does not end".to_owned() })
}

fn lost(command: &'static str, cause: std::io::Error) -> InboxError {
    InboxError::Lost { command, cause: Some(cause) }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn talk<T>(server: &str, step: impl AsyncFnOnce(&mut tokio::io::DuplexStream) -> T) -> T {
        let (mut ours, mut theirs) = tokio::io::duplex(4096);
        theirs.write_all(server.as_bytes()).await.unwrap();
        theirs.shutdown().await.unwrap();
        let result = step(&mut ours).await;
        drop(theirs);
        result
    }

    #[tokio::test]
    async fn only_a_plain_greeting_is_answered() {
        // F43, F14
        let greeted = |text: &'static str| talk(text, async |s| greet(s, "server").await);
        greeted("* OK ready\r\n").await.unwrap();
        assert!(matches!(greeted("* PREAUTH hello\r\n").await, Err(InboxError::Unsafe { .. })));
        assert!(matches!(greeted("* BYE full\r\n").await, Err(InboxError::Bye(_))));
        assert!(matches!(greeted("220 smtp\r\n").await, Err(InboxError::Garbled { .. })));
        assert!(matches!(greeted("* OK rea").await, Err(InboxError::Lost { .. })));
        assert!(matches!(greeted("").await, Err(InboxError::Lost { .. })));
    }

    #[tokio::test]
    async fn starttls_that_is_not_offered_or_refused_ends_the_talk() {
        // F43
        let upgraded = |text: &'static str| talk(text, async |s| starttls(s, "server").await);
        let offer = "* OK hi\r\n* CAPABILITY IMAP4rev1 StartTLS\r\nm1 OK\r\n";
        assert!(upgraded(&*format!("{offer}m1 OK go\r\n").leak()).await.is_ok());
        assert!(matches!(upgraded(&*format!("{offer}m1 NO\r\n").leak()).await, Err(InboxError::Refused { .. })));
        let stripped = upgraded("* OK hi\r\n* CAPABILITY IMAP4rev1 XXXXXXXX\r\nm1 OK\r\n").await;
        assert!(matches!(stripped, Err(InboxError::Unsafe { .. })));
    }
}
