//! What lies beside the entries: certificates under their fingerprints, mails as they arrived under their SHA-256.
//!
//! The bytes are kept as they are given; what is in them is no concern of this module.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{make_folder, put, sync_batch, sync_path};
use super::{Ledger, LedgerError, io_error};
use crate::files::read_kept;
use crate::trade::{Digest, Fingerprint};

impl Ledger {
    /// Keeps a certificate, in the place of an older one of the same key.
    pub fn put_certificate(&self, key: &Fingerprint, armored: &[u8]) -> Result<(), LedgerError> {
        let path = self.certificate_path(key);
        match read_kept(&path) {
            Ok(there) if there == armored => Ok(()),
            _ => put(&self.folder.join("tmp").join(format!("{key}.asc")), &path, armored),
        }
    }

    /// Returns the certificate of a key.
    pub fn certificate(&self, key: &Fingerprint) -> Result<Option<Vec<u8>>, LedgerError> {
        read_optional(&self.certificate_path(key))
    }

    /// Returns where the certificate of a key is kept.
    pub fn certificate_path(&self, key: &Fingerprint) -> PathBuf {
        self.folder.join("certs").join(format!("{key}.asc"))
    }

    /// Returns where the mail with this SHA-256 is kept.
    pub fn original_path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        let begin: String = hex.chars().take(2).collect();
        self.folder.join("originals").join(begin).join(format!("{hex}.eml"))
    }

    /// Returns a mail as it arrived; `None` where it was pruned.
    pub fn original(&self, digest: &Digest) -> Result<Option<Vec<u8>>, LedgerError> {
        read_optional(&self.original_path(digest))
    }

    /// Returns whether a mail lies here as it arrived.
    pub fn has_original(&self, digest: &Digest) -> bool {
        self.original_path(digest).is_file()
    }

    /// Takes spool files over by moving them; they are durable under their new names when it returns.
    ///
    /// To be called when the entries that name them are committed. A file that was moved before is no error, so the
    /// whole may be repeated after a crash.
    pub fn adopt_originals(&self, mails: &[(PathBuf, Digest)]) -> Result<(), LedgerError> {
        let (mut files, mut folders) = (Vec::new(), BTreeSet::new());
        for (spool, digest) in mails {
            let to = self.original_path(digest);
            if let Some(folder) = to.parent()
                && folders.insert(folder.to_owned())
                && make_folder(folder)?
            {
                folders.insert(self.folder.join("originals"));
            }
            if adopt(spool, &to)? {
                files.push(to);
            }
        }
        sync_batch(&files, &folders.into_iter().collect::<Vec<_>>())
    }
}

/// Moves one file, by copying where the spool is on another file system; returns whether there was one to move.
fn adopt(spool: &Path, to: &Path) -> Result<bool, LedgerError> {
    match fs::rename(spool, to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound && to.is_file() => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let bytes = read_kept(spool).map_err(io_error("read", spool))?;
            let part = to.with_extension("part");
            put(&part, to, &bytes)?;
            fs::remove_file(spool).map_err(io_error("remove", spool))?;
            spool.parent().map_or(Ok(()), sync_path)?;
            Ok(true)
        }
        Err(error) => Err(io_error("move to the ledger", spool)(error)),
    }
}

pub(super) fn read_optional(path: &Path) -> Result<Option<Vec<u8>>, LedgerError> {
    match read_kept(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("read", path)(error)),
    }
}
