//! What is put right when the lock is taken: an incomplete last line, a batch of which only a part reached the log,
//! and entry files without a line.
//!
//! None of them was ever told to anybody: a batch is announced when all its lines are synced. Whole lines that an
//! interrupted writer left count, and are synced before anything follows from them. A line without its file, or a line
//! that is wrong in itself, is damage and is left as it is.

use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::files::{make_folder, names_in, remove_if_there, stable_name, sync_path};
use super::log::plain_number;
use super::writer::BATCH_MAX;
use super::{Finder, Ledger, LedgerError, Line, Mark, Writer, form, io_error};
use crate::files::read_kept;
use crate::trade::Moment;

/// How long a file stays in `tmp`, as maildir(5) has it.
const TMP_AGE: Duration = Duration::from_hours(36);

/// The folder of entries that a log which was cut back does not reach, or may have been.
const CUT: &str = "cut";

/// Puts the ledger right; returns the mark at the end of its log, and a sentence for each thing done.
///
/// The folders are listed only if the last writer was `interrupted`, or `known` is the beginning: then the index is built anew,
/// and nothing but the entry files says that the log was longer.
pub(super) fn recover(
    ledger: &Ledger,
    log: &File,
    known: Option<&Mark>,
    interrupted: bool,
) -> Result<(Mark, Vec<String>), LedgerError> {
    let mut done = Vec::new();
    let mut mark = match known {
        Some(known) if ledger.log.fits(known)? => known.clone(),
        _ => Mark::default(),
    };
    let begin = mark.clone();
    let tail = ledger.log.each::<LedgerError>(&mut mark, |_, _| Ok(()))?;
    let anew = known.is_some_and(|known| known.entries() == 0);
    if anew {
        check_reach(ledger, mark.entries(), interrupted)?;
    }
    if !tail.is_empty() {
        check_tail(ledger, &tail)?;
        cut(ledger, log, &mark)?;
        done.push(format!("an incomplete last line of the log ({} bytes) was cut off", tail.len()));
    }
    if !interrupted {
        return Ok((mark, done));
    }
    if mark.bytes() > begin.bytes() {
        // Whoever wrote these lines may have died before their sync: they are not built on until they are durable.
        log.sync_all().map_err(io_error("sync", ledger.log.path()))?;
    }
    let left_of_batch = |mark: &Mark| {
        let left = without_line(ledger, mark.entries())?;
        if left.len() > BATCH_MAX {
            let what = format!("{} entry files have no line in {}", left.len(), ledger.log.path().display());
            return Err(LedgerError::Damaged { what });
        }
        Ok(left)
    };
    let mut left = left_of_batch(&mark)?;
    if !left.is_empty()
        && let Some(whole) = end_of_whole_batches(ledger, &begin, &mark, &left)?
    {
        let undone = mark.entries().saturating_sub(whole.entries());
        cut(ledger, log, &whole)?;
        done.push(format!("{undone} entries of an interrupted batch were taken back"));
        mark = whole;
        left = left_of_batch(&mark)?;
    }
    if !left.is_empty() {
        // Without an index nobody knows whether they had lines once: then they are kept where nothing removes them.
        let folder = if anew { CUT } else { "tmp" };
        put_away(ledger, &left, folder)?;
        done.push(format!("{} entry files without a line in the log were moved to {folder}", left.len()));
    }
    Ok((mark, done))
}

/// Refuses a log that was cut back, where no index tells of it: entry files that it does not reach are not what an interrupted
/// writer left, if nobody was interrupted, or if a checkpoint was signed of more entries.
fn check_reach(ledger: &Ledger, size: u64, interrupted: bool) -> Result<(), LedgerError> {
    let left = without_line(ledger, size)?;
    let Some(last) = left.iter().filter_map(|path| position_of(ledger, path.file_name()?.to_str()?)).max() else {
        return Ok(());
    };
    if interrupted && ledger.checkpoints()?.last().is_none_or(|signed| *signed <= size) {
        return Ok(());
    }
    Err(LedgerError::CutBack { found: size, known: last.saturating_add(1) })
}

/// Makes sure that what stands behind the last line feed can come from an interrupted write: the beginning of a
/// line, or the zeros some file systems leave.
fn check_tail(ledger: &Ledger, tail: &[u8]) -> Result<(), LedgerError> {
    let written = tail.iter().all(|b| b.is_ascii_hexdigit() || b" .".contains(b));
    let zeros = tail.iter().skip_while(|b| b.is_ascii_hexdigit() || b" .".contains(b)).all(|b| *b == 0);
    if (written && tail.len() < 256) || zeros {
        return Ok(());
    }
    let what = format!("the end of {} is no line, nor the beginning of one", ledger.log.path().display());
    Err(LedgerError::Damaged { what })
}

fn cut(ledger: &Ledger, log: &File, mark: &Mark) -> Result<(), LedgerError> {
    log.set_len(mark.bytes()).map_err(io_error("cut", ledger.log.path()))?;
    log.sync_all().map_err(io_error("sync", ledger.log.path()))
}

/// Returns the entry files of this ledger whose position the log does not reach.
fn without_line(ledger: &Ledger, size: u64) -> Result<Vec<PathBuf>, LedgerError> {
    let mut left = Vec::new();
    for part in ["cur", "new"] {
        let folder = ledger.folder.join(part);
        for name in names_in(&folder)? {
            if position_of(ledger, &name).is_some_and(|position| position >= size) {
                left.push(folder.join(&name));
            }
        }
    }
    left.sort();
    Ok(left)
}

/// Returns the position in the name of an entry file; `None` where it is none of this ledger.
fn position_of(ledger: &Ledger, name: &str) -> Option<u64> {
    let mut parts = stable_name(name).split('.').skip(1);
    let (position, id) = (parts.next()?, parts.next()?);
    let ours = parts.next().is_none() && id.len() == 8 && ledger.id.starts_with(id);
    plain_number(position).filter(|_| ours)
}

/// Finds a batch whose lines did not all reach the log, and returns the mark before it.
///
/// It shows by an entry that owes a letter whose own entry has a file but no line. Letters that were never written
/// are no sign: they are owed for another reason, and what is in the log stays.
fn end_of_whole_batches(
    ledger: &Ledger,
    begin: &Mark,
    end: &Mark,
    left: &[PathBuf],
) -> Result<Option<Mark>, LedgerError> {
    let mut lost = HashSet::new();
    for path in left {
        let file = read_kept(path).map_err(io_error("read", path))?;
        // A file that cannot be read was cut short before its batch was synced: then the log has nothing of it.
        if let Ok(outline) = form::outline(&file)
            && outline.direction == "out"
        {
            lost.extend(outline.letter);
        }
    }
    if lost.is_empty() {
        return Ok(None);
    }
    let first = end.entries().saturating_sub(u64::try_from(BATCH_MAX).unwrap_or(u64::MAX));
    let finder = Finder::new(&ledger.folder);
    let mut mark = begin.clone();
    let mut before = begin.clone();
    let mut found = None;
    ledger.log.each::<LedgerError>(&mut mark, |line, after| {
        if found.is_none() && line.position >= first && owes_one_of(&finder, &line, &lost)? {
            found = Some(before.clone());
        }
        before = after.clone();
        Ok(())
    })?;
    Ok(found)
}

fn owes_one_of(finder: &Finder, line: &Line, lost: &HashSet<String>) -> Result<bool, LedgerError> {
    let file = match finder.read(line) {
        // What was erased is whole since long.
        Err(LedgerError::Erased { .. }) => return Ok(false),
        file => file?,
    };
    let outline = form::outline(&file)
        .map_err(|error| LedgerError::Damaged { what: format!("the file of entry {}: {error}", line.position) })?;
    Ok(outline.owes.iter().any(|id| lost.contains(&format!("<{id}>"))))
}

/// Moves files to another folder of the ledger, under names that nothing else has.
fn put_away(ledger: &Ledger, left: &[PathBuf], folder: &str) -> Result<(), LedgerError> {
    let inside = ledger.folder.join(folder);
    if make_folder(&inside)? {
        sync_path(&ledger.folder)?;
    }
    for path in left {
        let to = free_name(&inside, path);
        fs::rename(path, &to).map_err(io_error("move away", path))?;
    }
    for part in ["cur", "new", folder] {
        sync_path(&ledger.folder.join(part))?;
    }
    Ok(())
}

fn free_name(tmp: &Path, path: &Path) -> PathBuf {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("entry");
    let name = stable_name(name);
    let numbered = (1_u32..).map(|number| tmp.join(format!("{name}.{number}")));
    std::iter::once(tmp.join(name)).chain(numbered).find(|free| !free.exists()).unwrap_or_else(|| tmp.join(name))
}

impl Ledger {
    /// Puts the entry files that the log no longer reaches into the folder `cut`, where nothing reads or removes them:
    /// somebody goes on with a log that was cut back. Returns how many there were.
    ///
    /// Unless it is `known` that the log was longer, files that an interrupted writer may have left are not touched.
    pub fn put_cut_off_aside(&self, wait: Duration, known: bool) -> Result<usize, LedgerError> {
        let _lock = self.wait_for_lock(wait)?;
        if !known && self.is_interrupted() {
            return Ok(0);
        }
        let left = without_line(self, self.mark_from(None)?.entries())?;
        if !left.is_empty() {
            put_away(self, &left, CUT)?;
        }
        Ok(left.len())
    }
}

impl Writer {
    /// Removes what has been in `tmp` for more than 36 hours at `now` (F27); returns how many files.
    pub fn sweep(&self, now: &Moment) -> Result<usize, LedgerError> {
        let tmp = self.ledger().folder().join("tmp");
        let seconds = Duration::from_secs(u64::try_from(now.instant().as_second()).unwrap_or(0));
        let now = SystemTime::UNIX_EPOCH.checked_add(seconds).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut swept: usize = 0;
        for name in names_in(&tmp)? {
            let path = tmp.join(name);
            let changed = fs::metadata(&path).and_then(|meta| meta.modified()).map_err(io_error("read", &path))?;
            if now.duration_since(changed).is_ok_and(|age| age > TMP_AGE) && path.is_file() {
                remove_if_there(&path)?;
                swept = swept.saturating_add(1);
            }
        }
        Ok(swept)
    }
}
