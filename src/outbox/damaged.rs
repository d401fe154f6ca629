//! Files of the queue that are not what this program wrote: cut, overwritten, or something else in their place. They are
//! named and never sent; whoever has the letter itself puts it in their place.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::queue::{Item, Label, Queue, QueueError, Standing, State, number};
use crate::files;
use crate::maildir;

/// A file of the queue that is no letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// The name of the letter that belongs there.
    pub name: String,
    /// What is wrong with the file.
    pub cause: String,
    /// The same as the system would say it.
    pub kind: ErrorKind,
}

impl Damaged {
    pub(super) fn of(name: &str, error: &QueueError) -> Self {
        let kind = match error {
            QueueError::Files(error) => error.kind().unwrap_or(ErrorKind::InvalidData),
            QueueError::Damaged { .. } | QueueError::Name { .. } => ErrorKind::InvalidData,
        };
        Self { name: name.to_owned(), cause: error.to_string(), kind }
    }

    /// Says that no letter could be put in the place of the file.
    pub fn unmended(&self) -> String {
        format!("the ledger has no letter that could be written anew in the place of this file: {}", self.cause)
    }
}

/// What is in the queue: letters in the order of their numbers, and files that are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// The letters, wherever they stand.
    pub items: Vec<Item>,
    /// The files that are no letters. They do not keep the others from being sent.
    pub damaged: Vec<Damaged>,
}

impl Contents {
    /// Returns the letters to be tried at `now`, in the order of their numbers.
    pub fn due(&self, now: Timestamp) -> Vec<Item> {
        self.items.iter().filter(|item| item.is_due(now)).cloned().collect()
    }

    /// Returns how many letters will still be tried.
    pub fn waiting(&self) -> usize {
        self.items.iter().filter(|item| item.standing.state.is_open()).count()
    }

    /// Returns since when the oldest letter waits that was to be sent and was not, whatever kept it: a server that nobody reaches, or
    /// that takes no login, counts as no try of the letter.
    pub fn unsent_since(&self) -> Option<Timestamp> {
        let was_tried = |item: &&Item| item.standing.tries > 0 || item.standing.last_error.is_some();
        let open = self.items.iter().filter(|item| item.standing.state.is_open());
        open.filter(was_tried).map(|item| item.label.queued).min()
    }

    /// Returns how many need a person: they will not be sent as they are.
    pub fn failed(&self) -> usize {
        self.items.iter().filter(|item| item.failed()).count().saturating_add(self.damaged.len())
    }
}

/// A label as it stands in the file: with the length of the mail, by which one that was cut is known.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    label: &'a Label,
    size: usize,
}

/// The same, read; letters that an earlier version queued have no length.
#[derive(Deserialize)]
struct Found {
    #[serde(flatten)]
    label: Label,
    size: Option<u64>,
}

/// Returns the label of this mail as it is written.
pub(super) fn written(label: &Label, mail: &[u8]) -> serde_json::Result<String> {
    serde_json::to_string(&Written { label, size: mail.len() })
}

/// Reads a label, and checks that the mail behind it is `there` bytes long, as it says.
pub(super) fn read(text: &[u8], there: u64) -> Result<Label, String> {
    let Found { label, size } = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    match size {
        Some(size) if size != there => Err(format!("{there} of the {size} bytes of its mail are there")),
        _ => Ok(label),
    }
}

impl Queue {
    /// Reads what is in the queue, each file once.
    pub fn look(&self) -> Result<Contents, QueueError> {
        let mut found = Contents::default();
        for name in self.names()? {
            match self.item(&name) {
                Ok(item) => found.items.extend(item),
                Err(error) => found.damaged.push(Damaged::of(&name, &error)),
            }
        }
        Ok(found)
    }

    /// Returns the letters alone.
    pub fn list(&self) -> Result<Vec<Item>, QueueError> {
        Ok(self.look()?.items)
    }

    /// Returns the files alone that are no letters, with the reason.
    pub fn damaged(&self) -> Result<Vec<Damaged>, QueueError> {
        Ok(self.look()?.damaged)
    }

    /// Returns whether a person dropped the letter whose file is damaged.
    pub fn was_dropped(&self, name: &str) -> bool {
        let text = files::read(&self.json(name), files::SMALL).ok();
        let standing = text.and_then(|text| serde_json::from_slice::<Standing>(&text).ok());
        standing.is_some_and(|standing| standing.state == State::Dropped)
    }

    /// Puts a letter in the place of whatever stands there, durably, and as one that was never tried.
    pub fn replace(&self, name: &str, label: &Label, mail: &[u8]) -> Result<(), QueueError> {
        number(name)?;
        let path = self.eml(name);
        let bytes = self.bytes(&path, label, mail)?;
        self.clear_folder(name)?;
        // The state first: that of the old file is none of the new one's.
        remove_file(&self.json(name))?;
        Ok(maildir::replace(&self.folder.join("tmp"), &path, &bytes)?)
    }

    /// Takes a folder away from the place of a letter; one that is not empty is kept in `tmp`.
    pub(super) fn clear_folder(&self, name: &str) -> Result<(), QueueError> {
        let path = self.eml(name);
        let is_folder = path.symlink_metadata().is_ok_and(|found| found.is_dir());
        if !is_folder || fs::remove_dir(&path).is_ok() {
            return Ok(());
        }
        let mut free = (0_u32..1000).map(|number| self.folder.join("tmp").join(format!("{name}.in-the-way-{number}")));
        let free = free.find(|free| !free.exists()).unwrap_or_else(|| self.folder.join("tmp").join(name));
        Ok(fs::rename(&path, &free).map_err(|cause| maildir::Error::Io { what: "put aside", path, cause })?)
    }
}

/// Removes a file, if it is there.
pub(super) fn remove_file(path: &Path) -> Result<(), QueueError> {
    files::remove(path).map_err(|cause| maildir::Error::Io { what: "remove", path: path.to_owned(), cause }.into())
}
