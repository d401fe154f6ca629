//! What of an account whoever runs the program cannot write to: a slip of `chmod`, files of another user, a disk that is
//! mounted for reading alone. Nothing is written to find out; commands tell of it themselves when they come to it.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::files;

/// A file or folder that cannot be written to.
#[derive(Debug)]
pub struct Closed {
    /// Which.
    pub path: PathBuf,
    /// What the system says.
    pub cause: std::io::Error,
    /// Whether it is of whoever asks, who may open it for himself then.
    pub is_ours: bool,
}

/// Returns what of the account is there and cannot be read and written; what lies in a folder of these is not named with it.
pub fn unwritable(settings: &Settings) -> Vec<Closed> {
    let mut closed: Vec<Closed> = Vec::new();
    for path in used(settings) {
        if closed.iter().any(|above| path.starts_with(&above.path)) {
            continue;
        }
        match files::check_use(&path) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => {
                let is_ours = std::fs::metadata(&path).is_ok_and(|found| found.uid() == files::own_user());
                closed.push(Closed { path, cause, is_ours });
            }
            _ => {}
        }
    }
    closed
}

/// Returns what is written to, folders before what lies in them.
fn used(settings: &Settings) -> Vec<PathBuf> {
    let folders = &settings.folders;
    let parts = |folder: &Path, parts: &[&str]| -> Vec<PathBuf> {
        std::iter::once(folder.to_owned()).chain(parts.iter().map(|part| folder.join(part))).collect()
    };
    let maildir = ["new", "cur", "tmp"];
    let ledger = ["log", "lock", "cur", "new", "tmp", "checkpoints", "certs", "originals"];
    let mut used = parts(&folders.ledger, &ledger);
    for folder in [&folders.spool, &folders.set_aside] {
        used.extend(parts(folder, &maildir));
    }
    used.extend(parts(&folders.queue, &["tmp"]));
    used.push(folders.index.clone());
    // The database writes files beside its own.
    used.extend(folders.index.parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned));
    used
}
