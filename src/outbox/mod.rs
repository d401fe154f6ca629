//! Post that goes out: one letter to one recipient, by SMTP, a sendmail program or a Maildir.
//!
//! A transport answers one question honestly: does the next station have the letter now? "Yes" is said only for the
//! answer that means it; "perhaps" is an answer of its own (RFC 5321 section 4.5.3.2.6, RFC 1047). The transports know
//! bytes and addresses, nothing of trade. The queue on disk, which decides when to try again, is [`queue`].

mod cut;
mod damaged;
mod flush;
pub mod maildir;
pub mod queue;
mod reply;
pub mod sendmail;
pub mod smtp;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::trade::Address;

/// Who sends to whom, for the transport: RFC 5321 envelope with one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The sender, to whom bounces go.
    pub from: Address,
    /// The recipient.
    pub to: Address,
}

/// The next station has taken over the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What it said, escaped: often its own name for the letter, which its log has too.
    pub answer: String,
}

/// Why a letter was not, or perhaps not, taken over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Not taken over; the same may work later.
    #[error("not sent yet: {cause}")]
    Later {
        /// The reason.
        cause: String,
        /// Whether the reason holds for every letter to this server: trying the next one now is no use.
        all: bool,
    },
    /// Not taken over: it broke off while this letter was under way. Either no letter can be sent now, or this one is the cause.
    #[error("not sent yet: {cause}")]
    Broken {
        /// The reason.
        cause: String,
    },
    /// Not taken over, for good by the server's code, but for a reason that can pass: it is tried again, and told of.
    #[error("not sent yet: {cause}")]
    Passing {
        /// The reason.
        cause: String,
    },
    /// Not taken over, and it will not be.
    #[error("refused ({code}): {text}")]
    Refused {
        /// SMTP code, or exit code of the program, or 0.
        code: u16,
        /// The other side's words, escaped.
        text: String,
    },
    /// Everything was handed over, but the answer is missing: it may have been taken over or not.
    #[error("handed over without an answer: {cause}")]
    Ambiguous {
        /// The reason.
        cause: String,
    },
    /// The server does not take user and password: no letter can be sent before that changes.
    #[error("the login was refused: {text}")]
    Login {
        /// The server, and its words, escaped.
        text: String,
    },
    /// The settings must change before anything can be sent.
    #[error("cannot send: {0}")]
    Config(String),
}

impl SendError {
    /// Tells whether the reason holds for every letter to this server.
    pub const fn is_for_all(&self) -> bool {
        matches!(self, Self::Later { all: true, .. } | Self::Login { .. } | Self::Config(_))
    }
}

/// Longer than any deadline of a transport.
const FOREVER: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns the instant after this time.
fn after(time: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(time).unwrap_or(now)
}

/// A way out of one of the three kinds.
#[derive(Debug)]
pub enum Outbox {
    /// Files for parties on this machine.
    Maildir(maildir::MaildirOutbox),
    /// A submission server.
    Smtp(Box<smtp::Smtp>),
    /// A program with the interface of sendmail.
    Sendmail(sendmail::Sendmail),
}

impl Outbox {
    /// Sends one mail, `bytes` exactly as they are, however long it takes. `name` is the letter's name in the queue.
    pub async fn send(&mut self, envelope: &Envelope, bytes: &[u8], name: &str) -> Result<Sent, SendError> {
        self.send_until(envelope, bytes, name, after(FOREVER)).await
    }

    /// Sends one mail, and breaks off at `end`: what was handed over as a whole by then is doubtful, all else was not
    /// sent. Files on this machine are written in any case.
    pub async fn send_until(
        &mut self,
        envelope: &Envelope,
        bytes: &[u8],
        name: &str,
        end: Instant,
    ) -> Result<Sent, SendError> {
        check(bytes)?;
        match self {
            Self::Maildir(outbox) => outbox.send(envelope, bytes, name),
            Self::Smtp(outbox) => outbox.send_until(envelope, bytes, end).await,
            Self::Sendmail(outbox) => outbox.send_until(envelope, bytes, end).await,
        }
    }

    /// Looks whether the server answers and takes the login, as for a letter, and sends nothing; returns whether there is one to ask.
    pub async fn reach(&mut self) -> Result<bool, SendError> {
        match self {
            Self::Smtp(outbox) => outbox.reach().await.map(|()| true),
            Self::Maildir(_) | Self::Sendmail(_) => Ok(false),
        }
    }

    /// Ends what is open; called at the end of a batch.
    pub async fn close(&mut self) {
        if let Self::Smtp(outbox) = self {
            outbox.close().await;
        }
    }
}

/// The last check before bytes leave: CRLF line ends only, no NUL, no line over 998 bytes (RFC 5322 section 2.1.1).
///
/// A bare line end inside a mail is how SMTP smuggling works (hard-cases 2.2).
pub fn check(bytes: &[u8]) -> Result<(), SendError> {
    let fault = |what: &str, line: usize| SendError::Refused {
        code: 0,
        text: format!("the letter itself is at fault: {what} in line {}", line.saturating_add(1)),
    };
    let mut lines = bytes.split(|b| *b == b'\n').enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let last = lines.peek().is_none();
        let text = line.strip_suffix(b"\r").unwrap_or(line);
        if last != (text.len() == line.len()) || (last && !line.is_empty()) {
            return Err(fault("a line end that is not CRLF", number));
        }
        if text.iter().any(|b| *b == b'\r' || *b == 0) {
            return Err(fault("a bare carriage return or a NUL", number));
        }
        if text.len() > 998 {
            return Err(fault("more than 998 bytes", number));
        }
    }
    if bytes.is_empty() { Err(fault("nothing", 0)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clean_lines_leave() {
        check(b"A: b\r\n\r\n.dot\r\n").unwrap();
        check(format!("{}\r\n", "x".repeat(998)).as_bytes()).unwrap();
        for bad in
            [&b""[..], b"a", b"a\n", b"a\r", b"a\r\nb\nc\r\n", b"a\rb\r\n", b"a\0\r\n", b"a\r\r\n", b"x\n.\nMAIL\r\n"]
        {
            assert!(matches!(check(bad), Err(SendError::Refused { .. })), "{bad:?}");
        }
        assert!(check(format!("{}\r\n", "x".repeat(999)).as_bytes()).is_err());
    }
}
