//! The inbox that is a Maildir on this machine: no server, no network.
//!
//! Files of other people's mail programs lie in it too. They are opened once for their header and then left alone;
//! names are remembered by their stable part, so a mail reader may flag and move files meanwhile.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::sift::HEADER_LIMIT;
use super::{Batch, Cursor, InboxError, Kind, LARGEST, Note, Origin, RawMail, Woken, sift};
use crate::maildir::{self, name_of, stable};

/// How often `new/` is looked at while waiting: a poll works on every file system, network ones included.
const POLL: Duration = Duration::from_secs(2);

/// How much of a header is read at first; most are shorter.
const HEADER_FIRST: u64 = 4 * 1024;

/// How many bytes of mail one batch may hold, beside its first mail.
const BATCH_BYTES: usize = 32 * 1024 * 1024;

/// What becomes of a mail that was handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Handled {
    /// It moves to `cur/` of the subfolder `.mailorder` (Maildir++), marked as seen.
    #[default]
    File,
    /// It stays where it is; the cursor remembers it.
    Leave,
    /// It is removed: for a Maildir that is ours alone.
    Consume,
}

/// Settings of a Maildir inbox.
#[derive(Debug, Clone)]
pub struct MaildirSettings {
    /// The folder that holds `new` and `cur`.
    pub folder: PathBuf,
    /// What becomes of a handled mail.
    pub handled: Handled,
    /// The largest mail that is read, in bytes.
    pub largest: u64,
    /// Whether delivery reports are fetched too.
    pub reports: bool,
}

impl MaildirSettings {
    /// Returns the defaults for a folder.
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder, handled: Handled::File, largest: LARGEST, reports: false }
    }
}

/// A Maildir that is read.
#[derive(Debug)]
pub struct MaildirInbox {
    settings: MaildirSettings,
    /// Stable names of files that need no second look in this run: ordinary, or in a cursor that the caller kept.
    known: BTreeSet<String>,
    /// Stable names of files that the cursor of the last batch has; the next cursor says whether it was kept.
    given: BTreeSet<String>,
    /// When `cur/` had changed last before it was read.
    cur_changed: Option<SystemTime>,
}

impl MaildirInbox {
    /// Takes the settings; nothing is opened yet.
    pub const fn new(settings: MaildirSettings) -> Self {
        Self { settings, known: BTreeSet::new(), given: BTreeSet::new(), cur_changed: None }
    }

    /// Brings the next letters; see [`super::Inbox::fetch`].
    pub fn fetch(&mut self, cursor: &Cursor, limit: usize) -> Result<Batch, InboxError> {
        let mut seen = match cursor {
            Cursor::Maildir { seen } => seen.clone(),
            Cursor::Start | Cursor::Imap(_) => BTreeSet::new(),
        };
        let mut batch = Batch::default();
        // Taken before the listing: what comes during it is looked at again.
        let cur_changed = changed(&self.settings.folder.join("cur"));
        let files = self.list()?;
        let present: BTreeSet<&str> = files.iter().filter_map(|p| name_of(p)).map(stable).collect();
        seen.retain(|name| present.contains(name.as_str()));
        self.known.retain(|name| present.contains(name.as_str()));
        self.given.clear();
        let mut bytes = 0_usize;
        for path in &files {
            let Some(name) = name_of(path).map(stable) else { continue };
            if self.known.contains(name) {
                continue;
            }
            if seen.contains(name) {
                // Read before a restart: no news either.
                self.known.insert(name.to_owned());
                continue;
            }
            if batch.mails.len() >= limit || bytes > BATCH_BYTES {
                batch.more = true;
                break;
            }
            batch.scanned = batch.scanned.saturating_add(1);
            if let Some(mail) = self.read(path, name, &mut seen, &mut batch.notes)? {
                bytes = bytes.saturating_add(mail.bytes.len());
                batch.mails.push(mail);
            }
        }
        if !batch.more {
            self.cur_changed = cur_changed;
        }
        batch.cursor = Cursor::Maildir { seen };
        Ok(batch)
    }

    /// Lists the files. A folder that is not there at all is an error, never an empty mailbox.
    fn list(&self) -> Result<Vec<PathBuf>, InboxError> {
        if !self.settings.folder.join("new").is_dir() {
            let folder = self.settings.folder.display();
            let make = format!("mkdir -p {folder}/cur {folder}/new {folder}/tmp");
            return Err(InboxError::Config(format!(
                "{folder} is not a Maildir (it has no folder new); make one: {make}"
            )));
        }
        Ok(maildir::list(&self.settings.folder)?)
    }

    /// Reads one mail if it is meant for us; remembers it if not.
    fn read(
        &mut self,
        path: &Path,
        name: &str,
        seen: &mut BTreeSet<String>,
        notes: &mut Vec<Note>,
    ) -> Result<Option<RawMail>, InboxError> {
        let origin = Origin::Maildir { name: name.to_owned() };
        let taken = match self.look(path) {
            // A mail reader moved it while we looked; its new place is found on the next round. A link to nothing stays.
            Err(error) if error.kind() == Some(io::ErrorKind::NotFound) && !path.is_symlink() => return Ok(None),
            Err(error) if error.kind() == Some(io::ErrorKind::NotFound) => Look::NoFile,
            Err(error) => {
                notes.push(Note::Unreadable { origin, cause: error.to_string() });
                self.known.insert(name.to_owned());
                return Ok(None);
            }
            Ok(taken) => taken,
        };
        let mail = match taken {
            Look::Ordinary => {
                self.known.insert(name.to_owned());
                return Ok(None);
            }
            Look::NoFile => {
                notes.push(Note::NoFile { path: path.to_owned() });
                None
            }
            Look::TooLarge(size) => {
                notes.push(Note::TooLarge { origin, size });
                None
            }
            Look::Ours(kind, bytes) => Some(RawMail { kind, bytes, origin }),
        };
        // Remembered whatever becomes of it: what turns out not to be ours stays in its place.
        seen.insert(name.to_owned());
        self.given.insert(name.to_owned());
        Ok(mail)
    }

    fn look(&self, path: &Path) -> Result<Look, maildir::Error> {
        if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            return Ok(Look::NoFile);
        }
        let mut head = maildir::read_head(path, HEADER_FIRST)?;
        if !ends(&head) && head.len() as u64 == HEADER_FIRST {
            head = maildir::read_head(path, HEADER_LIMIT)?;
        }
        let kind = sift(&head);
        if kind == Kind::Ordinary || (kind == Kind::Report && !self.settings.reports) {
            return Ok(Look::Ordinary);
        }
        let size = fs::metadata(path).map_or(0, |m| m.len());
        if size > self.settings.largest {
            return Ok(Look::TooLarge(size));
        }
        let bytes = maildir::read_head(path, self.settings.largest.saturating_add(1))?;
        if bytes.len() as u64 > self.settings.largest {
            return Ok(Look::TooLarge(bytes.len() as u64));
        }
        Ok(Look::Ours(kind, bytes))
    }

    /// Marks mails as handled; see [`super::Inbox::done`].
    pub fn done(&mut self, origins: &[Origin]) -> Result<(), InboxError> {
        if self.settings.handled == Handled::Leave {
            return Ok(());
        }
        let filed = self.settings.folder.join(".mailorder");
        if self.settings.handled == Handled::File && !filed.join("maildirfolder").exists() {
            maildir::create(&filed)?;
            maildir::write_tmp(&filed.join("tmp"), "maildirfolder", b"")
                .and_then(|tmp| maildir::claim(&tmp, &filed.join("maildirfolder")))?;
        }
        // One that cannot be marked keeps no other from it.
        let names = origins.iter().filter_map(|origin| match origin {
            Origin::Maildir { name } => Some(name),
            Origin::Imap { .. } => None,
        });
        let mut failed = None;
        for name in names {
            failed = self.mark(name, &filed).err().or(failed);
        }
        failed.map_or(Ok(()), Err)
    }

    /// Marks the mail with this name as handled.
    fn mark(&self, name: &str, filed: &Path) -> Result<(), InboxError> {
        let Some(path) = maildir::find(&self.settings.folder, name)? else { return Ok(()) };
        let moved = match self.settings.handled {
            Handled::File => maildir::claim(&path, &filed.join("cur").join(format!("{name}:2,S"))),
            Handled::Consume | Handled::Leave => remove(&path),
        };
        match moved {
            // Moved by a reader between the search and now: done again at the next restart.
            Err(error) if error.kind() == Some(io::ErrorKind::NotFound) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Waits until a file with an unknown name is in `new/`, or `cur/` has changed; see [`super::Inbox::wait`].
    pub async fn wait(&mut self, max: Duration) -> Result<Woken, InboxError> {
        let end = tokio::time::Instant::now().checked_add(max);
        loop {
            if self.has_news()? {
                return Ok(Woken::News);
            }
            let left = end.map_or(POLL, |end| end.saturating_duration_since(tokio::time::Instant::now()));
            if left.is_zero() {
                return Ok(Woken::Nothing);
            }
            tokio::time::sleep(left.min(POLL)).await;
        }
    }

    fn has_news(&self) -> Result<bool, InboxError> {
        if changed(&self.settings.folder.join("cur")) != self.cur_changed {
            return Ok(true);
        }
        let files = maildir::list_new(&self.settings.folder)?;
        let is_news = |name: &str| !self.known.contains(name) && !self.given.contains(name);
        Ok(files.iter().filter_map(|p| name_of(p)).any(|name| is_news(stable(name))))
    }
}

/// What a file turned out to be.
enum Look {
    Ordinary,
    /// A folder, a FIFO, a device: nothing a mail server delivers.
    NoFile,
    TooLarge(u64),
    Ours(Kind, Vec<u8>),
}

/// Tells whether the end of the header is in sight.
fn ends(head: &[u8]) -> bool {
    head.windows(2).any(|w| w == b"\n\n") || head.windows(4).any(|w| w == b"\r\n\r\n")
}

fn changed(folder: &Path) -> Option<SystemTime> {
    fs::metadata(folder).and_then(|m| m.modified()).ok()
}

fn remove(path: &Path) -> Result<(), maildir::Error> {
    fs::remove_file(path).map_err(|cause| maildir::Error::Io { what: "remove", path: path.to_owned(), cause })
}
