//! What a person was told of warnings by a program of his: kept beside the queue, not in the index, so that nothing is told
//! again where that is built anew.

use std::fs::{File, TryLockError};
use std::path::PathBuf;

use super::{Clerk, ClerkError};
use crate::rules::alerted::Alerted;
use crate::{files, maildir};

/// What was told, held by one process at a time.
pub struct AlertedFile {
    path: PathBuf,
    /// What was told, and what could not be.
    pub alerted: Alerted,
    _lock: File,
}

impl Clerk {
    /// Returns what a person was told; `None` where another process tells already. What cannot be read begins anew: it is
    /// told once more.
    ///
    /// # Errors
    /// What keeps the file from being locked.
    pub fn alerted(&self) -> Result<Option<AlertedFile>, ClerkError> {
        let path = self.settings.folders.queue.with_file_name("alerted.json");
        let lock = path.with_extension("lock");
        let opened = files::open_own(&lock, true).map_err(ClerkError::io("open", &lock))?;
        match opened.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(ClerkError::io("lock", &lock)(error)),
        }
        let alerted = match files::read(&path, files::SMALL) {
            Ok(text) => serde_json::from_slice(&text).unwrap_or_default(),
            Err(_) => Alerted::default(),
        };
        Ok(Some(AlertedFile { path, alerted, _lock: opened }))
    }
}

impl AlertedFile {
    /// Writes it down, durably.
    ///
    /// # Errors
    /// What keeps it from being written; then nothing may be told, or it would be told again and again.
    pub fn save(&self) -> Result<(), ClerkError> {
        let text = serde_json::to_vec(&self.alerted).map_err(|error| ClerkError::Write(error.to_string()))?;
        let folder = self.path.parent().unwrap_or(&self.path);
        Ok(maildir::replace(folder, &self.path, &text)?)
    }
}
