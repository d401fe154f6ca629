//! The way out that is a Maildir on this machine: for parties that share a disk, for tests and for the demonstration.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use super::{Envelope, SendError, Sent};
use crate::maildir;
use crate::trade::{Address, Digest};

/// Settings of a Maildir outbox: where letters to whom go.
#[derive(Debug, Clone, Default)]
pub struct MaildirSettings {
    /// The Maildir of each recipient.
    pub routes: BTreeMap<Address, PathBuf>,
    /// The Maildir of all others; without it they are refused.
    pub others: Option<PathBuf>,
}

/// A Maildir that is written to.
#[derive(Debug)]
pub struct MaildirOutbox {
    settings: MaildirSettings,
}

impl MaildirOutbox {
    /// Takes the settings; nothing is opened yet.
    pub const fn new(settings: MaildirSettings) -> Self {
        Self { settings }
    }

    /// Delivers one mail; see [`super::Outbox::send`]. The same mail again is delivered once.
    ///
    /// The file's name is the letter's name in the queue and a digest of sender and bytes, so two senders to one folder
    /// do not meet.
    pub fn send(&self, envelope: &Envelope, bytes: &[u8], name: &str) -> Result<Sent, SendError> {
        let Some(folder) = self.settings.routes.get(&envelope.to).or(self.settings.others.as_ref()) else {
            return Err(SendError::Refused {
                code: 550,
                text: format!("no Maildir is configured for {}", envelope.to),
            });
        };
        let digest = Digest::of(&[envelope.from.as_str().as_bytes(), b"\n", bytes].concat()).hex();
        let name = format!("{name}.{}", digest.get(..16).unwrap_or(&digest));
        let delivered = maildir::create(folder).and_then(|()| maildir::deliver(folder, &name, bytes));
        match delivered {
            Ok(path) => Ok(Sent { answer: path.display().to_string() }),
            Err(error) => Err(match error.kind() {
                Some(io::ErrorKind::PermissionDenied | io::ErrorKind::NotADirectory) => {
                    SendError::Config(error.to_string())
                }
                _ => SendError::Later { cause: error.to_string(), all: true },
            }),
        }
    }
}
