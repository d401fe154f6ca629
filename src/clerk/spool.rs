//! The spool: mail is on disk before it is looked at, and a mail that was being looked at during three crashes is not
//! looked at again.
//!
//! `new/` holds the mail, `handling` the names of those being looked at, each with the count of its attempts, `lock`
//! is held by the one process that looks: what another still looks at was not interrupted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::{ClerkError, LOCK_WAIT};
use crate::files;
use crate::maildir;
use crate::trade::Moment;

/// How often a mail may be under way when the program ends without finishing it.
const ATTEMPTS: u32 = 3;
/// The most bytes of mails that are looked at together (32 MiB): letters with files are large, and each is held in memory
/// opened and unopened.
const BYTES_AT_ONCE: u64 = 32 * 1024 * 1024;

/// The most bytes of `handling`: more than a batch of names.
const HANDLING_MAX: u64 = 1024 * 1024;
/// How often a spool that another process works on is asked for again.
const LOCK_POLL: std::time::Duration = std::time::Duration::from_millis(5);

/// The folder of mail that is not judged yet.
pub(super) struct Spool {
    folder: PathBuf,
    /// Attempts of the mails that were under way when the program ended.
    interrupted: BTreeMap<String, u32>,
    /// What was listed and not given out yet, in order.
    listed: VecDeque<PathBuf>,
    /// What was told of files that are no mails, or cannot be read.
    odd: BTreeSet<String>,
    /// Why something that lies among the mails is none, the first in this pass.
    amiss: Option<ErrorKind>,
    /// Mails that cannot be read or kept now: they stay where they are, and are tried again with the next pass.
    passed_over: BTreeSet<String>,
    notes: Vec<String>,
}

/// A mail in the spool.
pub(super) struct Spooled {
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// Whether it was under way at too many ends of the program.
    pub(super) poisonous: bool,
}

impl Spool {
    pub(super) fn open(folder: &Path) -> Result<Self, ClerkError> {
        super::open::private_maildir(folder)?;
        let folder = folder.to_owned();
        let (interrupted, listed) = (BTreeMap::new(), VecDeque::new());
        let (odd, passed_over) = (BTreeSet::new(), BTreeSet::new());
        Ok(Self { folder, interrupted, listed, odd, amiss: None, passed_over, notes: Vec::new() })
    }

    /// Waits until no other process looks at the spool's mail, and reads what was under way when one ended. The spool
    /// is given back when the file is dropped.
    pub(super) fn lock(&mut self) -> Result<File, ClerkError> {
        let path = self.folder.join("lock");
        let lock = files::open_own(&path, true).map_err(ClerkError::io("open", &path))?;
        let begun = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if begun.elapsed() < LOCK_WAIT => std::thread::sleep(LOCK_POLL),
                Err(TryLockError::WouldBlock) => {
                    return Err(
                        crate::ledger::LedgerError::Busy { folder: self.folder.clone(), waited: LOCK_WAIT }.into()
                    );
                }
                Err(TryLockError::Error(error)) => return Err(ClerkError::io("lock", &path)(error)),
            }
        }
        let handling = self.folder.join("handling");
        let text = read_handling(&handling)?;
        let line = |line: &str| {
            let (count, name) = line.split_once(' ').filter(|(_, name)| !name.contains('/'))?;
            // What was taken over or removed before the end is no longer under way.
            self.folder.join("new").join(name).is_file().then_some(())?;
            Some((name.to_owned(), count.parse().ok()?))
        };
        self.interrupted = text.lines().filter_map(line).collect();
        Ok(lock)
    }

    /// Begins a pass: what could not be read in the one before is tried again.
    pub(super) fn begin_pass(&mut self) {
        self.passed_over.clear();
        self.amiss = None;
    }

    /// Passes over a mail until the next pass, and tells of it, once.
    pub(super) fn pass_over(&mut self, mail: &Spooled, fault: &ClerkError) {
        self.passed_over.insert(mail.name.clone());
        self.tell_once(fault);
    }

    /// Returns why something that lies among the mails was passed over in this pass.
    pub(super) fn amiss(&self) -> Option<ErrorKind> {
        self.amiss
    }

    /// Tells that a file is passed over, once while the program runs.
    pub(super) fn tell_once(&mut self, fault: &ClerkError) {
        if self.odd.insert(fault.to_string()) {
            let told = format!("{fault}; it is passed over, and all else goes on: see to that file, or move it away");
            self.notes.push(told);
        }
    }

    /// Takes what there is to tell of the files in the spool that are no mails.
    pub(super) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Makes names for `count` mails. They begin with the moment of arrival, so that the mails are taken in order.
    pub(super) fn names(&self, count: usize, now: &Moment) -> Result<Vec<String>, ClerkError> {
        let name = |number: usize| {
            let chance: [u8; 8] = super::chance()?;
            Ok(format!("{}.{number:06}.{}", now.instant().as_millisecond(), hex::encode(chance)))
        };
        (0..count).map(name).collect()
    }

    /// Puts mails on disk under these names, durably.
    pub(super) fn put(&self, names: &[String], mails: &[Vec<u8>]) -> Result<(), ClerkError> {
        let files: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(mails.iter().map(Vec::as_slice)).collect();
        maildir::deliver_new(&self.folder, &files)?;
        Ok(())
    }

    /// Returns the next mails, at most `limit`: one at a time while there are some that were interrupted. What is no
    /// regular file was not put there by us; it is passed over and told of once.
    pub(super) fn next(&mut self, limit: usize) -> Result<Vec<Spooled>, ClerkError> {
        if !self.interrupted.is_empty() {
            self.listed = maildir::list_new(&self.folder)?.into();
            if let Some(mail) = self.next_interrupted() {
                self.listed.clear();
                return Ok(vec![mail]);
            }
        }
        let mails = self.next_listed(limit);
        if !mails.is_empty() {
            return Ok(mails);
        }
        // Of what was listed before nothing is left, or another process has taken it.
        self.listed = maildir::list_new(&self.folder)?.into();
        Ok(self.next_listed(limit))
    }

    /// Returns the first of the listed mails that was interrupted.
    fn next_interrupted(&self) -> Option<Spooled> {
        self.listed.iter().find_map(|path| {
            let name = maildir::name_of(path)?;
            let attempts = *self.interrupted.get(name).filter(|_| !self.passed_over.contains(name))?;
            let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
            is_file.then(|| Spooled { name: name.to_owned(), path: path.clone(), poisonous: attempts >= ATTEMPTS })
        })
    }

    /// Takes mails from the front of the list, at most `limit` and not more than fit into memory together, and passes over
    /// what is gone or no mail.
    fn next_listed(&mut self, limit: usize) -> Vec<Spooled> {
        let mut mails = Vec::new();
        let mut room = BYTES_AT_ONCE;
        while mails.len() < limit {
            let Some(path) = self.listed.pop_front() else { break };
            let Some(name) = maildir::name_of(&path).map(str::to_owned) else { continue };
            if self.passed_over.contains(&name) {
                continue;
            }
            match path.symlink_metadata() {
                // The first is taken however large it is, or it would stay for ever.
                Ok(metadata) if metadata.is_file() && metadata.len() > room && !mails.is_empty() => {
                    self.listed.push_front(path);
                    break;
                }
                Ok(metadata) if metadata.is_file() => {
                    room = room.saturating_sub(metadata.len());
                    mails.push(Spooled { name, path, poisonous: false });
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                found => {
                    let error = found.err().unwrap_or_else(|| files::no_file(&path));
                    self.amiss = self.amiss.or(Some(error.kind()));
                    self.tell_once(&ClerkError::io("read", &path)(error));
                }
            }
        }
        mails
    }

    /// Notes which mails are being looked at, before they are.
    pub(super) fn begin(&self, mails: &[Spooled]) -> Result<(), ClerkError> {
        let mut text = String::new();
        for (name, attempts) in &self.interrupted {
            if !mails.iter().any(|mail| mail.name == *name) {
                text.push_str(&format!("{attempts} {name}\n"));
            }
        }
        for mail in mails {
            let attempts = self.interrupted.get(&mail.name).copied().unwrap_or(0).saturating_add(1);
            text.push_str(&format!("{attempts} {}\n", mail.name));
        }
        maildir::replace(&self.folder.join("tmp"), &self.folder.join("handling"), text.as_bytes())?;
        Ok(())
    }

    /// Notes that no mail is being looked at any more; mails that were finished are forgotten.
    pub(super) fn end(&mut self, finished: &[Spooled]) -> Result<(), ClerkError> {
        for mail in finished {
            self.interrupted.remove(&mail.name);
        }
        let lines = self.interrupted.iter().map(|(name, attempts)| format!("{attempts} {name}\n"));
        let text: String = lines.collect();
        let handling = self.folder.join("handling");
        if text.is_empty() {
            return files::remove(&handling).map_err(ClerkError::io("remove", &handling));
        }
        maildir::replace(&self.folder.join("tmp"), &handling, text.as_bytes())?;
        Ok(())
    }

    /// Keeps an ordinary mail that was handed to us in `cur/`: it may be the only copy there is.
    pub(super) fn keep(&self, path: &Path) -> Result<(), ClerkError> {
        let Some(name) = maildir::name_of(path) else { return Ok(()) };
        Ok(maildir::claim(path, &self.folder.join("cur").join(format!("{name}:2,")))?)
    }

    /// Removes a mail that is done with.
    pub(super) fn remove(&self, path: &Path) -> Result<(), ClerkError> {
        files::remove(path).map_err(ClerkError::io("remove", path))
    }
}

/// Reads the names of the mails under way. What is there and cannot be such a list counts as nothing known, and a folder
/// of that name is put aside: nothing of it may keep mail from being judged.
fn read_handling(path: &Path) -> Result<String, ClerkError> {
    match files::read_text(path, HANDLING_MAX) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == ErrorKind::IsADirectory => {
            let mut free = (0_u32..1000).map(|number| path.with_extension(format!("broken-{number}")));
            let free = free.find(|path| !path.exists());
            let free = free.unwrap_or_else(|| path.with_extension("broken"));
            std::fs::rename(path, &free).map_err(ClerkError::io("put aside", path))?;
            Ok(String::new())
        }
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::FileTooLarge => {
                Ok(String::new())
            }
            _ => Err(ClerkError::io("read", path)(error)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_mails_are_looked_at_few_at_a_time_and_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(&folder.path().join("spool")).unwrap();
        // Twenty mails of 3 MiB, and one that alone is more than fits.
        for number in 10..31 {
            let file = File::create(folder.path().join(format!("spool/new/{number}"))).unwrap();
            file.set_len(if number == 20 { BYTES_AT_ONCE + 1 } else { 3 * 1024 * 1024 }).unwrap();
        }
        let mut names = Vec::new();
        let mut passes = Vec::new();
        loop {
            let mails = spool.next(512).unwrap();
            if mails.is_empty() {
                break;
            }
            passes.push(mails.len());
            for mail in mails {
                spool.remove(&mail.path).unwrap();
                names.push(mail.name);
            }
        }
        assert_eq!(names, (10..31).map(|number| number.to_string()).collect::<Vec<_>>());
        assert_eq!(passes, [10, 1, 10]);
    }
}
