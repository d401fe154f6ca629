//! Our own key: read, renewed in time, and what keeps letters from being signed with it.
//!
//! It is renewed under the same fingerprint by whatever writes first within its last 90 days, or after them. The ledger's
//! lock keeps two processes from renewing it at once.

use std::fs;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use secrecy::ExposeSecret;

use super::{Clerk, ClerkError};
use crate::clock::{moment_of, system_time};
use crate::config::Settings;
use crate::files;
use crate::ledger::Writer;
use crate::maildir;
use crate::pgp::{Certificate, KeyFault, OwnKey, autocrypt};

/// The file of the account's key below `keys`.
const KEY_FILE: &str = "own.asc";

/// The certificate that lies beside the settings for others to fetch, where somebody put it there.
const EXPORTED: &str = "cert.asc";

/// How long before its end a key is renewed: 90 days.
const RENEW_BEFORE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Returns the file of the account's key.
pub fn file(settings: &Settings) -> PathBuf {
    settings.folders.keys.join(KEY_FILE)
}

/// Reads the account's key.
pub(super) fn read(file: &Path) -> Result<OwnKey, ClerkError> {
    let armored = files::read(file, files::SMALL).map_err(ClerkError::io("read", file))?;
    OwnKey::from_bytes(&armored).map_err(|cause| ClerkError::Key { file: file.to_owned(), cause })
}

impl Clerk {
    /// Returns why nothing can be signed with our own key now, if so. What comes is read all the same (F36).
    pub fn key_fault(&self) -> Option<KeyFault> {
        let now = system_time(&self.clock.now());
        self.key().and_then(|key| key.usable(now).err())
    }

    /// Returns the header that hands our certificate on; made once for each state of the key.
    pub(super) fn autocrypt(&self) -> Result<&autocrypt::Header, ClerkError> {
        if let Some(made) = self.autocrypt.get() {
            return Ok(made);
        }
        let no_key = || ClerkError::Settings("there is no key to write letters with".to_owned());
        let key = self.key().ok_or_else(no_key)?;
        let now = system_time(&self.clock.now());
        key.usable(now).map_err(ClerkError::OwnKey)?;
        let header = autocrypt::Header::of(key.certificate(), &self.me.address, now)
            .map_err(|cause| ClerkError::Key { file: file(&self.settings), cause })?;
        Ok(self.autocrypt.get_or_init(|| header))
    }

    /// Returns whether our key is to be renewed.
    fn key_is_due(&self) -> bool {
        let now = system_time(&self.clock.now());
        self.key().is_some_and(|key| is_due(key, now))
    }

    /// Renews our key where it is due, for who signs something that is no entry.
    pub fn renew_if_due(&mut self) -> Result<(), ClerkError> {
        if self.key_is_due() && self.key_fault().is_none_or(|fault| fault == KeyFault::Expired) {
            // The lock is all it takes.
            self.batch(|_| Ok(()))?;
        }
        Ok(())
    }

    /// Renews our key where it is due. What keeps it from being renewed is told and keeps nothing else from being done.
    pub(super) fn keep_key(&mut self, _lock: &Writer) {
        if !self.key_is_due() {
            return;
        }
        if let Err(error) = self.renew_key() {
            // A revoked key ends by its owner's will; who writes with it is told.
            if !matches!(self.key_fault(), Some(KeyFault::Revoked(_))) {
                self.notes.push(format!("your key cannot be renewed: {error}"));
            }
        }
    }

    fn renew_key(&mut self) -> Result<(), ClerkError> {
        let file = file(&self.settings);
        let now = system_time(&self.clock.now());
        // Another process may have renewed it since it was read.
        let there = read(&file)?;
        if *there.fingerprint() != self.me.fingerprint {
            let text = format!("the key in {} is not the one this account was opened with", file.display());
            return Err(ClerkError::Settings(text));
        }
        if is_due(&there, now) {
            let renewed = there.renew(now).map_err(|cause| ClerkError::Key { file: file.clone(), cause })?;
            if is_due(&renewed, now) {
                return Err(ClerkError::Settings("the secret of a part of it is missing".to_owned()));
            }
            // Public first: a signature that the new key makes must find its certificate.
            let armored = renewed.certificate().to_armored();
            self.ledger.put_certificate(renewed.fingerprint(), armored.as_ref())?;
            replace(&file, renewed.to_armored().expose_secret().as_bytes())?;
            self.keys = [renewed].into();
            self.tell_renewed(now);
            self.export_again();
        } else {
            self.keys = [there].into();
        }
        self.autocrypt = std::sync::OnceLock::new();
        Ok(())
    }

    fn tell_renewed(&mut self, now: SystemTime) {
        let until = self.key().and_then(|key| key.ends(now)).and_then(moment_of);
        let until = until.map(|until| format!(" until {}", crate::ledger::recordable(&until).day()));
        let text = format!("your key is renewed{}; others learn it by your letters", until.unwrap_or_default());
        self.notes.push(text);
    }

    /// Writes the exported certificate anew, where one of this key lies beside the settings.
    fn export_again(&mut self) {
        let folders = &self.settings.folders;
        let (Some(key), Some(folder)) = (self.keys.first(), folders.config.parent()) else { return };
        let file = folder.join(EXPORTED);
        let ours = |bytes: Vec<u8>| {
            Certificate::from_bytes(&bytes).is_ok_and(|there| there.fingerprint() == key.fingerprint())
        };
        if !files::read(&file, files::SMALL).is_ok_and(ours) {
            return;
        }
        if let Err(error) = replace(&file, key.certificate().to_armored().as_ref()) {
            self.notes.push(format!("{} is still the certificate from before: {error}", file.display()));
        }
    }
}

/// Returns whether a key ends within 90 days, or has ended.
fn is_due(key: &OwnKey, now: SystemTime) -> bool {
    let horizon = now.checked_add(RENEW_BEFORE);
    key.ends(now).zip(horizon).is_some_and(|(ends, horizon)| ends <= horizon)
}

/// Replaces a file that may be private, durably: under its name lies the old one or the new one, whole, with owner and
/// permissions as they were.
fn replace(file: &Path, bytes: &[u8]) -> Result<(), ClerkError> {
    use std::io::Write;
    let before = fs::metadata(file).map_err(ClerkError::io("read", file))?;
    let tmp = file.with_extension("new");
    files::remove(&tmp).map_err(ClerkError::io("remove", &tmp))?;
    let mut options = fs::OpenOptions::new();
    let mut opened =
        options.write(true).create_new(true).mode(0o600).open(&tmp).map_err(ClerkError::io("make", &tmp))?;
    let made = opened.metadata().map_err(ClerkError::io("read", &tmp))?;
    if (made.uid(), made.gid()) != (before.uid(), before.gid()) {
        let given = std::os::unix::fs::chown(&tmp, Some(before.uid()), Some(before.gid()));
        given.map_err(ClerkError::io("hand over", &tmp))?;
    }
    let mode = fs::Permissions::from_mode(before.mode() & 0o777);
    opened.set_permissions(mode).map_err(ClerkError::io("set the permissions of", &tmp))?;
    opened.write_all(bytes).and_then(|()| opened.sync_all()).map_err(ClerkError::io("write", &tmp))?;
    fs::rename(&tmp, file).map_err(ClerkError::io("rename to", file))?;
    file.parent().map_or(Ok(()), |folder| Ok(maildir::sync_dir(folder)?))
}
