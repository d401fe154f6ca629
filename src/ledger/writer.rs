//! The one writer: a lock held for one batch, entry files first, then their lines in one write. The synced line is
//! the commit.
//!
//! What a crash leaves behind is put right by `recover` when the lock is taken. The lock file's own text says whether
//! that is needed: `clean` with the machine's boot id, or anything else. It is written unsynced, because a process
//! that dies leaves its words with the system, and a system that dies comes back with another boot id. Where that
//! cannot be read (no Linux, no `/proc`), no word is believed, and each writer looks around.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::form::{self, Seal, Setting};
use super::log::{Line, Mark};
use super::{Head, Ledger, LedgerError, files, io_error, log_error};
use crate::trade::{Digest, Entry};

/// The largest batch. Recovery looks no further back for one that was interrupted.
pub const BATCH_MAX: usize = 16_384;

/// How many entries are worth a second core.
const AT_LEAST: usize = 32;

/// How often a lock held by another process is asked for again.
const LOCK_POLL: Duration = Duration::from_millis(5);

/// An entry to be appended.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// The entry, with its position.
    pub entry: &'a Entry,
    /// The signed bytes and the signature of its letter; `None` for own entries.
    pub seal: Option<Seal<'a>>,
    /// Position of its transaction's first entry, for mail readers' threads; `None` for that entry itself.
    pub first: Option<u64>,
}

/// The right to append, held by one process at a time and given back when it is dropped.
#[derive(Debug)]
pub struct Writer {
    ledger: Ledger,
    lock: File,
    log: File,
    mark: Mark,
    broken: bool,
    recovered: Vec<String>,
}

impl Ledger {
    /// Waits for the right to append, at most `wait`, and puts right what an interrupted writer left.
    ///
    /// `known` is a mark in the log, from the index: with it the log is not read from its beginning. A mark that lies
    /// behind the log's end means that the log was cut back, and is an error; one that does not fit is left aside. The mark of an
    /// index that is built anew says nothing of that: then entry files which the log does not reach are the error.
    pub fn lock(&self, wait: Duration, known: Option<&Mark>) -> Result<Writer, LedgerError> {
        let lock = self.wait_for_lock(wait)?;
        self.repair_folders()?;
        if let Some(known) = known {
            self.check_length(known)?;
        }
        let path = self.log.path();
        let log = crate::files::open_own(path, false).map_err(log_error("open", path))?;
        let mut writer =
            Writer { ledger: self.clone(), lock, log, mark: Mark::default(), broken: false, recovered: Vec::new() };
        let interrupted = !is_clean(&writer.lock_text()?, boot_id().as_deref());
        let (mark, recovered) = super::recover::recover(self, &writer.log, known, interrupted)?;
        (writer.mark, writer.recovered) = (mark, recovered);
        if interrupted {
            writer.set_lock_text(&clean_text())?;
        }
        Ok(writer)
    }

    /// Refuses a log that is shorter than what was read of it before.
    pub fn check_length(&self, known: &Mark) -> Result<(), LedgerError> {
        if known.bytes() <= self.log.length().unwrap_or(u64::MAX) {
            return Ok(());
        }
        let found = self.mark_from(None)?.entries();
        Err(LedgerError::CutBack { found, known: known.entries() })
    }

    /// Puts right what an interrupted writer left, unless one is at work; returns the writer that did.
    pub fn recover(&self, known: &Mark) -> Result<Option<Writer>, LedgerError> {
        if !self.is_interrupted() {
            return Ok(None);
        }
        match self.lock(Duration::ZERO, Some(known)) {
            Ok(writer) => Ok(Some(writer)),
            // Somebody writes; or nobody can, and what is there can be read all the same.
            Err(LedgerError::Busy { .. } | LedgerError::Io { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns whether the last writer may not have lived to the end of its batch.
    pub(super) fn is_interrupted(&self) -> bool {
        // A lock that cannot be read is met again, and told of, by whoever writes.
        let text = crate::files::read(&self.folder.join("lock"), 100).unwrap_or_default();
        !is_clean(&String::from_utf8_lossy(&text), boot_id().as_deref())
    }

    pub(super) fn wait_for_lock(&self, wait: Duration) -> Result<File, LedgerError> {
        let path = self.folder.join("lock");
        let lock = crate::files::open_own(&path, true).map_err(log_error("open", &path))?;
        let begun = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::WouldBlock) if begun.elapsed() < wait => std::thread::sleep(LOCK_POLL),
                Err(TryLockError::WouldBlock) => {
                    return Err(LedgerError::Busy { folder: self.folder.clone(), waited: wait });
                }
                Err(TryLockError::Error(error)) => return Err(io_error("lock", &path)(error)),
            }
        }
    }
}

/// Returns what tells this run of the system from every other; `None` where it does not say.
fn boot_id() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(boot.trim().to_owned()).filter(|boot| !boot.is_empty())
}

/// Returns what the lock file says when nothing is under way.
fn clean_text() -> String {
    clean_in(&boot_id().unwrap_or_default())
}

fn clean_in(boot: &str) -> String {
    format!("clean {boot}\n")
}

/// Returns whether these words of the lock file say that nothing is under way: a crash of the system gives another boot
/// id, and without one none could be told from a good end.
fn is_clean(text: &str, boot: Option<&str>) -> bool {
    boot.is_some_and(|boot| text == clean_in(boot))
}

impl Writer {
    /// Returns the ledger written to.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns the mark at the end of the log: to be kept in the index with what was read up to it.
    pub fn mark(&self) -> &Mark {
        &self.mark
    }

    /// Returns the position the next entry gets.
    pub fn size(&self) -> u64 {
        self.mark.entries()
    }

    /// Returns size and root of the log.
    pub fn head(&self) -> Head {
        self.mark.head()
    }

    /// Returns what was put right when the lock was taken, a sentence each.
    pub fn recovered(&self) -> &[String] {
        &self.recovered
    }

    /// Appends a batch and returns its lines; when it returns, all of it is durable.
    ///
    /// On any error nothing of the batch counts, and this writer writes nothing more: what is left of the batch is put
    /// away when the ledger is locked again.
    pub fn append(&mut self, batch: &[Draft<'_>]) -> Result<Vec<Line>, LedgerError> {
        if self.broken {
            return Err(LedgerError::Broken);
        }
        self.check_positions(batch)?;
        let written = self.print(batch)?;
        if written.is_empty() {
            return Ok(Vec::new());
        }
        self.set_lock_text("busy\n")?;
        self.broken = true;
        self.write_files(&written)?;
        let lines: Vec<Line> = written.into_iter().map(|(line, _)| line).collect();
        self.commit(&lines)?;
        self.broken = false;
        // The batch counts already; a word that cannot be written costs the next writer a look around.
        let _ = self.set_lock_text(&clean_text());
        Ok(lines)
    }

    fn check_positions(&self, batch: &[Draft<'_>]) -> Result<(), LedgerError> {
        let (length, size) = (batch.len(), self.size());
        let wrong = batch.iter().zip(size..).find(|(draft, expected)| draft.entry.position != *expected);
        let wrong = wrong.map(|(draft, _)| draft.entry.position).or((length > BATCH_MAX).then_some(size));
        wrong.map_or(Ok(()), |position| Err(LedgerError::Batch { position, length, size }))
    }

    fn print(&self, batch: &[Draft<'_>]) -> Result<Vec<(Line, Vec<u8>)>, LedgerError> {
        let print = |draft: &Draft<'_>| {
            let entry = draft.entry;
            let setting = Setting { ledger: &self.ledger.id, account: &self.ledger.account, first: draft.first };
            let bytes = form::print(entry, draft.seal, &setting)
                .map_err(|source| LedgerError::Draft { position: entry.position, source })?;
            let begin: String = self.ledger.id.chars().take(8).collect();
            let name = format!("{}.{}.{begin}", entry.recorded.instant().as_second(), entry.position);
            let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            Ok((Line { position: entry.position, digest: Digest::of(&bytes), size, name }, bytes))
        };
        batch.par_iter().with_min_len(AT_LEAST).map(print).collect()
    }

    fn write_files(&self, written: &[(Line, Vec<u8>)]) -> Result<(), LedgerError> {
        let cur = self.ledger.folder.join("cur");
        let write = |(line, bytes): &(Line, Vec<u8>)| {
            let path = cur.join(line.file_name());
            files::write_new(&path, bytes).map(|()| path)
        };
        // Two cores write faster than one, into one folder too.
        let made: Vec<_> = written.par_iter().with_min_len(AT_LEAST).map(write).collect();
        let (mut paths, mut fault) = (Vec::with_capacity(made.len()), None);
        for one in made {
            match one {
                Ok(path) => paths.push(path),
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        let synced = fault.map_or_else(|| files::sync_batch(&paths, &[cur]), Err);
        if synced.is_err() {
            // No line names them yet: what can be put away at once is no riddle to anybody.
            paths.iter().for_each(|path| drop(std::fs::remove_file(path)));
        }
        synced
    }

    /// Writes all lines at once and syncs them. After a failure the log is cut back to what it was.
    fn commit(&mut self, lines: &[Line]) -> Result<(), LedgerError> {
        let path = self.ledger.log.path().to_owned();
        let mut mark = self.mark.clone();
        let mut text = Vec::new();
        for line in lines {
            let bytes = line.bytes();
            mark.pass(&bytes);
            text.extend_from_slice(&bytes);
        }
        let synced = self.log.write_all(&text).and_then(|()| self.log.sync_data());
        if let Err(error) = synced {
            // Best effort: whether the cut reaches the disk or not, files and lines agree.
            let _ = self.log.set_len(self.mark.bytes());
            return Err(io_error("append to", &path)(error));
        }
        self.mark = mark;
        Ok(())
    }

    fn lock_text(&mut self) -> Result<String, LedgerError> {
        let path = self.ledger.folder.join("lock");
        let mut text = String::new();
        self.lock.seek(SeekFrom::Start(0)).map_err(io_error("read", &path))?;
        match (&mut self.lock).take(100).read_to_string(&mut text) {
            Ok(_) => Ok(text),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Ok(String::new()),
            Err(error) => Err(io_error("read", &path)(error)),
        }
    }

    fn set_lock_text(&mut self, text: &str) -> Result<(), LedgerError> {
        let path = self.ledger.folder.join("lock");
        // Emptied in between it says that something is under way, which is what a crash there should leave behind.
        let written = self.lock.set_len(0).and_then(|()| self.lock.write_all(text.as_bytes()));
        written.map_err(io_error("write", &path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_word_of_this_run_of_the_system_says_that_nothing_is_under_way() {
        assert!(is_clean("clean 1a2b\n", Some("1a2b")));
        for (text, boot) in [
            ("clean 1a2b\n", Some("3c4d")),
            ("clean \n", Some("3c4d")),
            ("busy\n", Some("1a2b")),
            ("", Some("1a2b")),
            // Where the system gives no id, a crash of it would leave the same words as a good end.
            ("clean \n", None),
            ("clean 1a2b\n", None),
        ] {
            assert!(!is_clean(text, boot), "{text:?} {boot:?}");
        }
    }
}
