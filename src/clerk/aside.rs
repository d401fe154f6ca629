//! Mail set aside: encrypted as it came, each with a note of why. Nothing of it counts, nothing of it is answered.
//!
//! The folder is capped, so that a stranger cannot fill the disk: where it is full, mails that a person has seen give
//! way, the oldest first; where there are none, the new mail is not kept, and the file `not-kept` counts it. A letter of an unknown signer goes back to the spool
//! when a certificate with its key is known; one of an expired key, when its certificate is another; one whose time has
//! not come, when it has; one of a stranger for whom there was no room, when there is (`strangers`).

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ClerkError;
use crate::files;
use crate::maildir;
use crate::pgp::{self, SetAside};
use crate::trade::{Address, Digest, Fingerprint, MessageId, Moment};

/// The most mails kept.
const MAILS_MAX: usize = 10_000;
/// The most bytes kept.
const BYTES_MAX: u64 = 100 * 1024 * 1024;
/// The most bytes kept together with mails that are too large to be letters: the rest stays free for those that may be.
const LARGE_MAX: u64 = BYTES_MAX / 2;

/// The file with the count of mails that found no room.
const NOT_KEPT: &str = "not-kept";

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

/// A signer whose key had expired, and the certificate that said so: with another one the mail is read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expired {
    /// The signer.
    pub signer: Fingerprint,
    /// SHA-256 of his certificate, armored.
    pub certificate: Digest,
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
    /// The key that is known for the address it bears, where another, unknown one signed it.
    #[serde(default)]
    pub known: Option<Fingerprint>,
    /// Who signed it well, where nobody pinned that key.
    #[serde(default)]
    pub unpinned: Option<Fingerprint>,
    /// Whose key had expired, and which certificate of his was known then.
    #[serde(default)]
    pub expired: Option<Expired>,
    /// Not before this moment, where its time has not come, or there was no room for who wrote it.
    #[serde(default)]
    pub not_before: Option<Moment>,
    /// When a person noted that it was seen; from then on it is no open warning.
    #[serde(default)]
    pub seen: Option<Moment>,
    /// Where it lies in the mailbox it was fetched from, as that mailbox's reader writes it: once it is read, it is marked there
    /// like any letter.
    #[serde(default)]
    pub origin: Option<String>,
    /// Length in bytes.
    pub size: u64,
}

impl Aside {
    /// Makes the note of a mail; `raw` is the mail, or at least its header.
    pub(super) fn of(raw: &[u8], reason: AsideReason, at: Moment) -> Self {
        let (from, message_id) = match pgp::outer::inspect(raw) {
            pgp::outer::Outer::Encrypted(mail) => (mail.from, mail.message_id),
            _ => (None, None),
        };
        Self {
            name: Digest::of(raw).hex(),
            reason,
            at,
            from,
            message_id,
            issuers: Vec::new(),
            known: None,
            unpinned: None,
            expired: None,
            not_before: None,
            seen: None,
            origin: None,
            size: u64::try_from(raw.len()).unwrap_or(u64::MAX),
        }
    }
}

/// What became of mails that were to be kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The names of those that are kept.
    pub(super) names: BTreeSet<String>,
    /// Why others, by their names, cannot be: what has their place can be neither read nor replaced.
    pub(super) faults: BTreeMap<String, ClerkError>,
}

/// Returns the text a note is kept as.
fn text_of(note: &Aside) -> Result<Vec<u8>, ClerkError> {
    serde_json::to_vec_pretty(note).map_err(|error| ClerkError::Write(error.to_string()))
}

/// Returns whether a mail of `size` bytes has no place beside those that are kept.
fn is_full(kept: &[Aside], size: u64) -> bool {
    let bytes = kept.iter().map(|aside| aside.size).fold(size, u64::saturating_add);
    kept.len() >= MAILS_MAX || bytes > BYTES_MAX
}

/// The folder of mail set aside.
pub(super) struct AsideFolder(PathBuf);

impl AsideFolder {
    pub(super) fn open(folder: &Path) -> Result<Self, ClerkError> {
        super::open::private_maildir(folder)?;
        Ok(Self(folder.to_owned()))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join("new").join(format!("{name}.eml"))
    }

    fn note_path(&self, name: &str) -> PathBuf {
        self.0.join("cur").join(format!("{name}.json"))
    }

    /// Keeps mails, as far as there is room for them, all of them with one sync. The same mail again is kept once.
    pub(super) fn put_all<'a>(&self, mails: impl Iterator<Item = (&'a [u8], &'a Aside)>) -> Result<Kept, ClerkError> {
        let mut mails = mails.peekable();
        if mails.peek().is_none() {
            return Ok(Kept::default());
        }
        let mut kept = self.list()?;
        let mut names: BTreeSet<String> = kept.iter().map(|aside| aside.name.clone()).collect();
        let mut faults = BTreeMap::new();
        let mut not_kept: u64 = 0;
        let mut placed = Vec::new();
        for (mail, note) in mails {
            if names.contains(&note.name) {
                self.put_origin(&mut kept, note)?;
                continue;
            }
            if let Err(fault) = self.check_place(&note.name) {
                faults.insert(note.name.clone(), fault);
                continue;
            }
            if !self.make_room(&mut kept, note.size)? {
                not_kept = not_kept.saturating_add(1);
                continue;
            }
            names.insert(note.name.clone());
            kept.push(note.clone());
            placed.push((mail, note));
        }
        self.write_all(&placed)?;
        self.count_not_kept(not_kept)?;
        Ok(Kept { names, faults })
    }

    /// Checks that nothing stands in the place of a mail or its note that can be neither read nor replaced.
    fn check_place(&self, name: &str) -> Result<(), ClerkError> {
        let (mail, note) = (self.path(name), self.note_path(name));
        match files::read(&mail, BYTES_MAX) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(ClerkError::io("read", &mail)(error)),
            _ => {}
        }
        if note.is_dir() {
            return Err(ClerkError::io("write", &note)(ErrorKind::IsADirectory.into()));
        }
        Ok(())
    }

    /// Notes where a mail that is kept already was found again: its mailbox may have been renumbered since.
    fn put_origin(&self, kept: &mut [Aside], found: &Aside) -> Result<(), ClerkError> {
        let known = kept.iter_mut().find(|known| known.name == found.name);
        let Some(known) = known.filter(|known| found.origin.is_some() && known.origin != found.origin) else {
            return Ok(());
        };
        known.origin.clone_from(&found.origin);
        // One of this very call is not written yet.
        if self.path(&known.name).is_file() { self.put_note(known) } else { Ok(()) }
    }

    /// Writes mails with their notes, durably: all contents are on disk before the first has its name, and each mail
    /// has its name before its note has, because a mail without a note is passed over and put again.
    fn write_all(&self, placed: &[(&[u8], &Aside)]) -> Result<(), ClerkError> {
        if placed.is_empty() {
            return Ok(());
        }
        let texts: Result<Vec<Vec<u8>>, ClerkError> = placed.iter().map(|(_, note)| text_of(note)).collect();
        let texts = texts?;
        let mail_names: Vec<String> = placed.iter().map(|(_, note)| format!("{}.eml", note.name)).collect();
        let note_names: Vec<String> = placed.iter().map(|(_, note)| format!("{}.json", note.name)).collect();
        let mails = mail_names.iter().map(String::as_str).zip(placed.iter().map(|(mail, _)| *mail));
        let notes = note_names.iter().map(String::as_str).zip(texts.iter().map(Vec::as_slice));
        let files: Vec<(&str, &[u8])> = mails.chain(notes).collect();
        let written = maildir::write_tmp_all(&self.0.join("tmp"), &files)?;
        let (mails, notes) = written.split_at(placed.len().min(written.len()));
        for (tmp, (_, note)) in mails.iter().zip(placed) {
            maildir::claim(tmp, &self.path(&note.name))?;
        }
        maildir::sync_dir(&self.0.join("new"))?;
        for (tmp, (_, note)) in notes.iter().zip(placed) {
            let path = self.note_path(&note.name);
            std::fs::rename(tmp, &path).map_err(ClerkError::io("rename to", &path))?;
        }
        Ok(maildir::sync_dir(&self.0.join("cur"))?)
    }

    /// Makes room for a mail of `size` bytes; returns whether there is.
    fn make_room(&self, kept: &mut Vec<Aside>, size: u64) -> Result<bool, ClerkError> {
        while is_full(kept, size) {
            let Some(place) = kept.iter().position(|aside| aside.seen.is_some()) else { return Ok(false) };
            self.remove(&kept.remove(place).name)?;
        }
        Ok(true)
    }

    /// Counts mails that found no room, durably.
    fn count_not_kept(&self, more: u64) -> Result<(), ClerkError> {
        if more == 0 {
            return Ok(());
        }
        let text = format!("{}\n", self.not_kept().saturating_add(more));
        Ok(maildir::replace(&self.0.join("tmp"), &self.0.join(NOT_KEPT), text.as_bytes())?)
    }

    /// Returns how many mails found no room so far.
    pub(super) fn not_kept(&self) -> u64 {
        match files::read_text(&self.0.join(NOT_KEPT), files::SMALL) {
            // A damaged count still tells that there is one.
            Ok(text) => text.trim().parse().unwrap_or(1),
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            Err(_) => 1,
        }
    }

    /// Takes over the file of a mail that is too large to be a letter; returns whether there was room for it.
    pub(super) fn put_large(&self, file: &Path, note: &Aside) -> Result<bool, ClerkError> {
        let kept = self.list()?;
        if kept.iter().any(|aside| aside.name == note.name) {
            std::fs::remove_file(file).map_err(ClerkError::io("remove", file))?;
            return Ok(true);
        }
        let bytes = kept.iter().map(|aside| aside.size).fold(note.size, u64::saturating_add);
        if kept.len() >= MAILS_MAX || bytes > LARGE_MAX || self.check_place(&note.name).is_err() {
            return Ok(false);
        }
        let path = self.path(&note.name);
        match std::fs::rename(file, &path) {
            Err(error) if error.kind() == ErrorKind::CrossesDevices => self.copy_large(file, &path)?,
            moved => moved.map_err(ClerkError::io("rename to", &path))?,
        }
        let noted = maildir::sync_dir(&self.0.join("new")).map_err(ClerkError::from).and_then(|()| self.put_note(note));
        // Without its note it would be kept and never told of.
        noted.inspect_err(|_| drop(std::fs::remove_file(&path)))?;
        Ok(true)
    }

    /// Moves a large mail here from another file system.
    fn copy_large(&self, file: &Path, path: &Path) -> Result<(), ClerkError> {
        let part = self.0.join("tmp").join(maildir::name_of(path).unwrap_or("large"));
        let copied = std::fs::copy(file, &part)
            .and_then(|_| std::fs::File::open(&part)?.sync_all())
            .and_then(|()| std::fs::rename(&part, path));
        // What is left of it in `tmp` is swept some day.
        let _ = std::fs::remove_file(if copied.is_ok() { file } else { &part });
        copied.map_err(ClerkError::io("move to", path))
    }

    fn put_note(&self, note: &Aside) -> Result<(), ClerkError> {
        Ok(maildir::replace(&self.0.join("tmp"), &self.note_path(&note.name), &text_of(note)?)?)
    }

    /// Returns the bytes of a mail.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, ClerkError> {
        let path = self.path(name);
        files::read(&path, BYTES_MAX).map_err(ClerkError::io("read", &path))
    }

    /// Returns what is kept, oldest first. A mail without a note, or a note without its mail, is passed over.
    pub(super) fn list(&self) -> Result<Vec<Aside>, ClerkError> {
        Ok(self.list_all()?.0)
    }

    /// The same, and beside it the faults of files that are there and cannot be read.
    pub(super) fn list_all(&self) -> Result<(Vec<Aside>, Vec<ClerkError>), ClerkError> {
        let (mut kept, mut faults): (Vec<Aside>, Vec<ClerkError>) = Default::default();
        let mut amiss = |path: &Path, error: std::io::Error| faults.push(ClerkError::io("read", path)(error));
        for path in maildir::list_part(&self.0.join("cur"))? {
            let text = match files::read(&path, files::SMALL) {
                Ok(text) => text,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => {
                    amiss(&path, error);
                    continue;
                }
            };
            let note = serde_json::from_slice::<Aside>(&text).ok();
            let Some(note) = note.filter(|note| Digest::parse_hex(&note.name).is_ok()) else { continue };
            let mail = self.path(&note.name);
            match std::fs::metadata(&mail) {
                Ok(found) if found.is_file() => kept.push(note),
                Err(error) if error.kind() != ErrorKind::NotFound => amiss(&mail, error),
                // What is no file is told of below, and what is gone was taken away.
                _ => {}
            }
        }
        for path in maildir::list_part(&self.0.join("new"))? {
            if path.symlink_metadata().is_ok_and(|found| !found.is_file()) {
                amiss(&path, files::no_file(&path));
            }
        }
        kept.sort_by_key(|aside| (aside.at, aside.name.clone()));
        Ok((kept, faults))
    }

    /// Notes that a person has seen a mail.
    pub(super) fn see(&self, name: &str, now: Moment) -> Result<(), ClerkError> {
        for aside in self.list()?.into_iter().filter(|aside| aside.name == name && aside.seen.is_none()) {
            self.put_note(&Aside { seen: Some(now), ..aside })?;
        }
        Ok(())
    }

    /// Forgets a mail.
    pub(super) fn remove(&self, name: &str) -> Result<(), ClerkError> {
        for path in [self.path(name), self.note_path(name)] {
            files::remove(&path).map_err(ClerkError::io("remove", &path))?;
        }
        Ok(())
    }
}
