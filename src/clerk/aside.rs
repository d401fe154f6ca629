//! Mail set aside: encrypted as it came, each with a note of why. Nothing of it counts, nothing of it is answered.
//!
//! The folder is capped, so that a stranger cannot fill the disk. A letter of an unknown signer goes back to the spool
//! when a certificate with its key is known; one whose time has not come, when it has.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ClerkError;
use crate::maildir;
use crate::pgp::SetAside;
use crate::trade::{Address, Digest, MessageId, Moment};

/// The most mails kept.
const MAILS_MAX: usize = 10_000;
/// The most bytes kept.
const BYTES_MAX: u64 = 100 * 1024 * 1024;

/// Why a mail was set aside: the stable code and a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsideReason {
    /// One of the codes of `docs/security.md`.
    pub code: String,
    /// What was seen.
    pub text: String,
}

impl From<&SetAside> for AsideReason {
    fn from(reason: &SetAside) -> Self {
        Self { code: reason.code().to_owned(), text: reason.to_string() }
    }
}

/// A mail that was set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aside {
    /// Its name: the SHA-256 of the mail, in hexadecimal digits.
    pub name: String,
    /// Why.
    pub reason: AsideReason,
    /// When.
    pub at: Moment,
    /// The outer `From`, which anybody can write.
    pub from: Option<Address>,
    /// The outer `Message-ID`.
    pub message_id: Option<MessageId>,
    /// The keys its signature names, where they are not known.
    #[serde(default)]
    pub issuers: Vec<String>,
    /// Not before this moment, where its time has not come.
    #[serde(default)]
    pub not_before: Option<Moment>,
    /// Length in bytes.
    pub size: u64,
}

/// The folder of mail set aside.
pub(super) struct AsideFolder(PathBuf);

impl AsideFolder {
    pub(super) fn open(folder: &Path) -> Result<Self, ClerkError> {
        maildir::create(folder)?;
        Ok(Self(folder.to_owned()))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join("new").join(format!("{name}.eml"))
    }

    fn note_path(&self, name: &str) -> PathBuf {
        self.0.join("cur").join(format!("{name}.json"))
    }

    /// Keeps a mail, unless the folder is full. The same mail again is kept once.
    pub(super) fn put(&self, mail: &[u8], note: Aside) -> Result<(), ClerkError> {
        let kept = self.list()?;
        if kept.iter().any(|aside| aside.name == note.name) {
            return Ok(());
        }
        let bytes: u64 = kept.iter().map(|aside| aside.size).fold(0, u64::saturating_add);
        if kept.len() >= MAILS_MAX || bytes.saturating_add(note.size) > BYTES_MAX {
            return Ok(());
        }
        let text = serde_json::to_vec_pretty(&note).unwrap_or_default();
        maildir::deliver(&self.0, &format!("{}.eml", note.name), mail)?;
        maildir::replace(&self.0.join("tmp"), &self.note_path(&note.name), &text)?;
        Ok(())
    }

    /// Returns what is kept, oldest first. A mail without a note, or a note without its mail, is passed over.
    pub(super) fn list(&self) -> Result<Vec<Aside>, ClerkError> {
        let mut kept: Vec<Aside> = Vec::new();
        for path in maildir::list_part(&self.0.join("cur"))? {
            let note = std::fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Aside>(&text).ok());
            kept.extend(note.filter(|note| Digest::parse_hex(&note.name).is_ok() && self.path(&note.name).exists()));
        }
        kept.sort_by_key(|aside| (aside.at, aside.name.clone()));
        Ok(kept)
    }

    /// Takes out the mails that may be read again now: their signer became known, or their time has come.
    pub(super) fn ready(
        &self,
        known: &dyn Fn(&[String]) -> bool,
        now: &Moment,
    ) -> Result<Vec<(Aside, Vec<u8>)>, ClerkError> {
        let mut ready = Vec::new();
        for aside in self.list()? {
            let due = aside.not_before.is_some_and(|moment| moment <= *now);
            if due || (!aside.issuers.is_empty() && known(&aside.issuers)) {
                let path = self.path(&aside.name);
                let mail = std::fs::read(&path).map_err(ClerkError::io("read", &path))?;
                ready.push((aside, mail));
            }
        }
        Ok(ready)
    }

    /// Forgets a mail.
    pub(super) fn remove(&self, name: &str) -> Result<(), ClerkError> {
        for path in [self.path(name), self.note_path(name)] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(ClerkError::io("remove", &path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
