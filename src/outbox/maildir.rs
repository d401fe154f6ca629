//! The way out that is a Maildir on this machine: for parties that share a disk, for tests and for the demonstration.

use std::io;
use std::path::PathBuf;

use super::{Envelope, SendError, Sent};
use crate::maildir;
use crate::trade::Digest;

/// Settings of a Maildir outbox: where letters go.
#[derive(Debug, Clone, Default)]
pub struct MaildirSettings {
    /// Path of the Maildir; `{to}` in it stands for the recipient's address.
    pub pattern: String,
    /// The folder that must be there. It is not made: what stands there by mistake would be, and letters be sent into
    /// nowhere.
    pub base: Option<PathBuf>,
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
    /// The file's name is the letter's name in the queue, its numbers at one width, and a digest of sender and bytes: who
    /// reads the folder by names reads in the order of writing, and two senders to one folder do not meet.
    pub fn send(&self, envelope: &Envelope, bytes: &[u8], name: &str) -> Result<Sent, SendError> {
        if envelope.to.as_str().contains('/') {
            let text = format!("{} cannot be the name of a folder", envelope.to);
            return Err(SendError::Refused { code: 550, text });
        }
        if let Some(base) = self.settings.base.as_ref().filter(|base| !base.is_dir()) {
            return Err(SendError::Config(format!("[outbox] maildir: {} is no folder", base.display())));
        }
        let folder = PathBuf::from(self.settings.pattern.replace("{to}", envelope.to.as_str()));
        let digest = Digest::of(&[envelope.from.as_str().as_bytes(), b"\n", bytes].concat()).hex();
        let name = format!("{}.{}", padded(name), digest.get(..16).unwrap_or(&digest));
        let delivered = maildir::create(&folder).and_then(|()| maildir::deliver(&folder, &name, bytes));
        match delivered {
            Ok(path) => Ok(Sent { answer: path.display().to_string() }),
            // Each reader has a folder of his own, and another's may be in order.
            Err(error) if self.settings.pattern.contains("{to}") => Err(SendError::Broken { cause: error.to_string() }),
            Err(error) => Err(match error.kind() {
                Some(io::ErrorKind::PermissionDenied | io::ErrorKind::NotADirectory) => {
                    SendError::Config(error.to_string())
                }
                _ => SendError::Later { cause: error.to_string(), all: true },
            }),
        }
    }
}

/// Returns a name of the queue (`POSITION` or `POSITION-N`) with its numbers at one width.
fn padded(name: &str) -> String {
    name.split('-').map(|part| format!("{part:0>10}")).collect::<Vec<_>>().join("-")
}
