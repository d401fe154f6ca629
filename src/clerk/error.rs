//! What keeps the clerk from its work: disks, keys, the ledger of another. A bad letter is none of these.

use std::path::PathBuf;

use crate::inbox::InboxError;
use crate::index::IndexError;
use crate::ledger::LedgerError;
use crate::maildir;
use crate::outbox::SendError;
use crate::outbox::queue::QueueError;
use crate::pgp::{KeyError, KeyFault, SealError};
use crate::role::Refused;

/// Why the clerk could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClerkError {
    /// The part played refuses what the person asked for.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The index.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The queue of letters to be sent.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// Files.
    #[error(transparent)]
    Files(#[from] maildir::Error),
    /// The mailbox.
    #[error(transparent)]
    Inbox(#[from] InboxError),
    /// The way out.
    #[error(transparent)]
    Outbox(#[from] SendError),
    /// A key that cannot be used.
    #[error("{file}: {cause}", file = file.display())]
    Key {
        /// The key's file.
        file: PathBuf,
        /// What is wrong.
        cause: KeyError,
    },
    /// Our own key, which nothing can be signed with.
    #[error("nothing can be sent: {}; letters that come are still read", own_fault(.0))]
    OwnKey(KeyFault),
    /// A letter that cannot be sealed.
    #[error("{0}")]
    Seal(#[from] SealError),
    /// No certificate for somebody a letter goes to.
    #[error(
        "no usable certificate of {0} is known; import one with `mailorder key import FILE`, then `mailorder key accept {0}`"
    )]
    NoCertificate(String),
    /// A certificate that cannot be sealed to.
    #[error(
        "the key of {address} cannot be used: {fault}; ask for a new certificate, then `mailorder key import FILE` and `mailorder key accept {address}`"
    )]
    Unusable {
        /// Whose.
        address: String,
        /// What is wrong with it.
        fault: KeyFault,
    },
    /// A file cannot be read or written.
    #[error("cannot {what} {file}: {cause}", file = file.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file.
        file: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// A file or folder that others may read or write.
    #[error("{file} may be {how} by others; run: chmod {mode} {file}", file = file.display())]
    Open {
        /// The file.
        file: PathBuf,
        /// Read, or written.
        how: &'static str,
        /// What to set.
        mode: &'static str,
    },
    /// A letter that cannot be put in words.
    #[error("the letter cannot be written: {0}")]
    Write(String),
    /// Something that cannot be in the settings.
    #[error("{0}")]
    Settings(String),
}

/// Says what is wrong with our own key, and what to do.
fn own_fault(fault: &KeyFault) -> String {
    match fault {
        KeyFault::Revoked(why) => format!("your own key is revoked ({why}); make an account with a new one"),
        KeyFault::Expired => "your own key has expired, and the secret to renew it is missing".to_owned(),
        other => format!("your own key: {other}"),
    }
}

impl ClerkError {
    /// Returns whether one letter or its reader's key is to blame, and not the account, the disk or the moment.
    pub(super) fn is_about_letter(&self) -> bool {
        matches!(
            self,
            Self::Write(_) | Self::OwnKey(_) | Self::Seal(_) | Self::NoCertificate(_) | Self::Unusable { .. }
        )
    }

    /// Returns whether the key of a letter's reader is to blame.
    pub fn is_about_reader(&self) -> bool {
        matches!(self, Self::NoCertificate(_) | Self::Unusable { .. } | Self::Seal(SealError::RecipientKey(_)))
    }

    /// Returns what the system said, where it refused.
    pub(super) fn io_kind(&self) -> Option<std::io::ErrorKind> {
        match self {
            Self::Io { cause, .. } => Some(cause.kind()),
            Self::Files(error) => error.kind(),
            _ => None,
        }
    }

    pub(super) fn io(what: &'static str, file: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let file = file.to_owned();
        move |cause| Self::Io { what, file, cause }
    }
}
