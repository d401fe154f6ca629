//! Post that comes in: bytes from a mailbox, chosen by their headers, with a way to say afterwards what became of them.
//!
//! A mailbox is somebody's ordinary mailbox. Only mails whose header says that they are PGP/MIME encrypted (and, where
//! asked for, delivery reports) are read; nothing else is opened beyond its header, moved or flagged. The module knows
//! nothing of trade, keys or signatures.
//!
//! The caller's order of work: [`Inbox::fetch`], write the bytes to the spool durably, keep [`Batch::cursor`], handle, then
//! [`Inbox::done`] for what was ours. A crash anywhere in between means that a mail is fetched again, or stays unmarked,
//! never that one is missed. An encrypted mail of people to each other is read and left as it was.

pub mod imap;
pub mod maildir;
pub mod mbox;
pub mod report;
mod sift;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use sift::{Kind, sift};

use crate::connect::ConnectError;
use crate::maildir as folders;

/// Default for the largest mail that is read: 2 MiB.
pub const LARGEST: u64 = 2 * 1024 * 1024;

/// A mail as it lay in the mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMail {
    /// What its header says it is.
    pub kind: Kind,
    /// The whole mail.
    pub bytes: Vec<u8>,
    /// Where it lies.
    pub origin: Origin,
}

/// Where a mail lies in its mailbox: enough to mark it done later, even after a restart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "in", rename_all = "kebab-case")]
pub enum Origin {
    /// A file in a Maildir.
    Maildir {
        /// The stable part of the file's name.
        name: String,
    },
    /// A mail in the IMAP folder.
    Imap {
        /// UIDVALIDITY of the folder when it was fetched.
        uid_validity: u32,
        /// UID of the mail.
        uid: u32,
    },
}

/// How far a mailbox has been read. Kept by the caller, and only after what was fetched with it is on disk; losing it
/// costs a re-read and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "kebab-case")]
pub enum Cursor {
    /// Nothing has been read.
    #[default]
    Start,
    /// Of a Maildir: the mails that were read and are still there.
    Maildir {
        /// Stable names.
        seen: BTreeSet<String>,
    },
    /// Of an IMAP folder.
    Imap(imap::Position),
}

/// What one fetch brought.
#[derive(Debug, Default)]
pub struct Batch {
    /// The mails, oldest first.
    pub mails: Vec<RawMail>,
    /// Where to go on, once the mails are on disk.
    pub cursor: Cursor,
    /// Whether more is waiting: fetch again before waiting.
    pub more: bool,
    /// What the owner may want to know.
    pub notes: Vec<Note>,
    /// How many headers were looked at.
    pub scanned: usize,
}

/// What happened besides mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A letter is larger than the limit and was not read (B7).
    TooLarge {
        /// Where it lies.
        origin: Origin,
        /// Its size in bytes.
        size: u64,
    },
    /// A mail could not be read although others could; it is tried again after a restart (B8).
    Unreadable {
        /// Where it lies.
        origin: Origin,
        /// The reason.
        cause: String,
    },
    /// Something in a Maildir is no regular file: it is not opened.
    NoFile {
        /// Where it lies.
        path: std::path::PathBuf,
    },
    /// The server asks that this be shown to a person (RFC 9051 section 7.1), escaped.
    Alert(String),
    /// The mailbox is not what it was, so it is read from its beginning (F16).
    Rescan(&'static str),
}

/// Why a mailbox could not be read.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Files of a Maildir.
    #[error(transparent)]
    Maildir(#[from] folders::Error),
    /// The settings cannot work.
    #[error("inbox: {0}")]
    Config(String),
    /// The secret could not be had.
    #[error("no login to the inbox: {0}")]
    Secret(String),
    /// The server does not accept user and token.
    #[error(
        "{server} refused the token of {user}: {text}; run the token_command of [inbox.imap] by hand: it must print an access \
         token for mail of this user that has not run out"
    )]
    Token {
        /// Host and port.
        server: String,
        /// User name.
        user: String,
        /// The server's words, escaped.
        text: String,
    },
    /// The server does not accept user and password.
    #[error(
        "{server} refused the login of {user}: {text}; put the right user and password into [inbox.imap] (many \
         providers want one made for programs)"
    )]
    Login {
        /// Host and port.
        server: String,
        /// User name.
        user: String,
        /// The server's words, escaped.
        text: String,
    },
    /// The server does not offer what we insist on: neither password nor token was sent (F43).
    #[error("{server} is not safe to log in to: {why}")]
    Unsafe {
        /// Host and port.
        server: String,
        /// What is missing or odd.
        why: &'static str,
    },
    /// The server answered NO or BAD.
    #[error("the server refused {command}: {text}")]
    Refused {
        /// The command's name.
        command: &'static str,
        /// The server's words, escaped.
        text: String,
    },
    /// The server ended the session.
    #[error("the server said good-bye: {0}")]
    Bye(String),
    /// The connection ended or broke before the answer was complete.
    #[error("the connection was lost during {command}{}", .cause.as_ref().map(|c| format!(": {c}")).unwrap_or_default())]
    Lost {
        /// The command's name.
        command: &'static str,
        /// The system's reason, where there is one.
        cause: Option<std::io::Error>,
    },
    /// No complete answer in time.
    #[error("no answer to {command} within {seconds} s")]
    Slow {
        /// The command's name.
        command: &'static str,
        /// The deadline in seconds.
        seconds: u64,
    },
    /// The answer breaks the protocol or our limits.
    #[error("the server's answer to {command} {why}; the connection was dropped")]
    Garbled {
        /// The command's name.
        command: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl InboxError {
    /// Tells whether the settings must change before it can get better.
    pub fn is_config(&self) -> bool {
        match self {
            Self::Config(_) | Self::Unsafe { .. } => true,
            Self::Connect(error) => error.is_config(),
            _ => false,
        }
    }
}

/// What ended a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// There may be something new: fetch.
    News,
    /// The time was up.
    Nothing,
}

/// A mailbox of one of the two kinds.
#[derive(Debug)]
pub enum Inbox {
    /// A Maildir on this machine.
    Maildir(maildir::MaildirInbox),
    /// A folder at an IMAP server.
    Imap(Box<imap::Imap>),
}

impl Inbox {
    /// Brings the next letters, at most `limit` of them, oldest first.
    ///
    /// Finding nothing and failing to look are different outcomes: only an answer the mailbox completed is taken for
    /// its content.
    pub async fn fetch(&mut self, cursor: &Cursor, limit: usize) -> Result<Batch, InboxError> {
        match self {
            Self::Maildir(inbox) => inbox.fetch(cursor, limit),
            Self::Imap(inbox) => inbox.fetch(cursor, limit).await,
        }
    }

    /// Names the mailbox where its numbers mean nothing in another one; `None` for a Maildir, whose names are nobody else's.
    pub fn name(&self) -> Option<String> {
        match self {
            Self::Maildir(_) => None,
            Self::Imap(inbox) => Some(inbox.name()),
        }
    }

    /// Marks mails as handled, as configured. A failure loses nothing: the mark is decoration, the cursor and the
    /// ledger are the truth. Mails that are gone are passed over.
    pub async fn done(&mut self, origins: &[Origin]) -> Result<(), InboxError> {
        match self {
            Self::Maildir(inbox) => inbox.done(origins),
            Self::Imap(inbox) => inbox.done(origins).await,
        }
    }

    /// Waits for news, at most `max`. May be cancelled at any point.
    pub async fn wait(&mut self, max: Duration) -> Result<Woken, InboxError> {
        match self {
            Self::Maildir(inbox) => inbox.wait(max).await,
            Self::Imap(inbox) => inbox.wait(max).await,
        }
    }

    /// Ends the session politely, where there is one.
    pub async fn close(&mut self) {
        if let Self::Imap(inbox) = self {
            inbox.close().await;
        }
    }
}

/// Returns how long to wait before attempt number `attempt` (from 1) after a failure: 2 s, doubled each time, at most
/// 80 s, of which a quarter either way is chance, so that clients cut off together do not come back together.
///
/// `random` is any random number.
pub fn backoff(attempt: u32, random: u64) -> Duration {
    let base_ms = 2_000_u64.saturating_mul(1 << attempt.saturating_sub(1).min(6)).min(80_000);
    let quarter = base_ms.checked_div(4).unwrap_or(0);
    let spread = random.checked_rem(quarter.saturating_mul(2).saturating_add(1)).unwrap_or(0);
    Duration::from_millis(base_ms.saturating_sub(quarter).saturating_add(spread).clamp(2_000, 80_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backing_off_grows_to_80_seconds_and_never_leaves_the_range() {
        for attempt in 0..100 {
            for random in [0, 1, 77, 12_345, u64::MAX] {
                let wait = backoff(attempt, random);
                assert!(wait >= Duration::from_secs(2) && wait <= Duration::from_secs(80), "{attempt} {wait:?}");
            }
        }
        assert!(backoff(3, 0) > backoff(1, 0) && backoff(20, 0) == Duration::from_secs(60));
        assert_ne!(backoff(5, 1), backoff(5, 9_999));
    }

    #[test]
    fn cursors_and_origins_survive_being_written_down() {
        let cursors = [
            Cursor::Start,
            Cursor::Maildir { seen: BTreeSet::from(["1.a".to_owned()]) },
            Cursor::Imap(imap::Position { uid_validity: 7, seen: 41, uid_next: Some(44), holes: vec![12] }),
        ];
        for cursor in cursors {
            let text = serde_json::to_string(&cursor).unwrap();
            assert_eq!(serde_json::from_str::<Cursor>(&text).unwrap(), cursor, "{text}");
        }
        let origin = Origin::Imap { uid_validity: 7, uid: 41 };
        assert_eq!(serde_json::to_string(&origin).unwrap(), r#"{"in":"imap","uid_validity":7,"uid":41}"#);
    }
}
