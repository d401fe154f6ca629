//! Entries whose file was removed on request: which redaction stands for which, and the removal itself.
//!
//! A redaction is an entry like any other, behind the one it erases, and holds what replay needs of it. Who meets a missing
//! file looks for it; nobody else pays for the looking. What a redaction may erase is not decided here.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::files::{remove_if_there, sync_path};
use super::log::LogFile;
use super::places::{Places, usual};
use super::{Finder, Ledger, LedgerError, Line, Mark, Writer, form};
use crate::trade::{Entry, Moment, Redaction};

/// The header of an entry is shorter than this.
const HEAD_MAX: u64 = 16 * 1024;

/// The field that every redaction has, and no other entry.
const FIELD: &[u8] = b"\nMailorder-Erases: ";

/// A redaction, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) by: u64,
    pub(super) at: Moment,
    pub(super) redaction: Redaction,
}

impl Found {
    /// Returns the erased entry as replay has it.
    pub(super) fn entry(&self) -> Entry {
        self.redaction.entry(self.by, self.at)
    }

    /// Returns what is told to whoever wants the file.
    pub(super) fn error(&self) -> LedgerError {
        let reason = self.redaction.reason.clone();
        LedgerError::Erased { position: self.redaction.position, on: self.at.day().to_string(), reason }
    }
}

/// The redactions of a ledger, by the position of what they erased.
#[derive(Debug, Default)]
pub(super) struct Redactions(BTreeMap<u64, Found>);

impl Redactions {
    /// Reads the header of every entry, and each redaction whole.
    pub(super) fn read(finder: &Finder) -> Result<Self, LedgerError> {
        let log = LogFile::new(finder.folder.join("log"));
        let mut lines = Vec::new();
        log.each::<LedgerError>(&mut Mark::default(), |line, _| {
            lines.push(line);
            Ok(())
        })?;
        let is_one = |line: &&Line| finder.head(line).is_some_and(|head| is_redaction(&head));
        let ones: Vec<&Line> = lines.par_iter().with_min_len(64).filter(is_one).collect();
        let mut found = BTreeMap::new();
        for line in ones {
            let Some(one) = read_one(finder, line)? else { continue };
            let erased = log.line_at(one.redaction.position)?;
            // It names the very file that the log names, and comes after it.
            let fits = erased.is_some_and(|erased| erased.digest == one.redaction.digest);
            if fits && one.redaction.position < one.by {
                found.entry(one.redaction.position).or_insert(one);
            }
        }
        Ok(Self(found))
    }

    /// Returns the redaction that stands for the file of `line`.
    pub(super) fn of(&self, line: &Line) -> Option<&Found> {
        self.0.get(&line.position).filter(|found| found.redaction.digest == line.digest)
    }
}

fn read_head(path: &Path) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    crate::files::open(path).ok()?.take(HEAD_MAX).read_to_end(&mut head).ok()?;
    Some(head)
}

fn is_redaction(head: &[u8]) -> bool {
    let end = head.windows(2).position(|two| two == b"\n\n").unwrap_or(head.len());
    let head = head.get(..end).unwrap_or_default();
    head.windows(FIELD.len()).any(|window| window == FIELD)
}

fn read_one(finder: &Finder, line: &Line) -> Result<Option<Found>, LedgerError> {
    let Ok(bytes) = finder.find(line)? else { return Ok(None) };
    if !is_redaction(&bytes) {
        return Ok(None);
    }
    let file = || finder.folder.join(usual(line));
    let read = form::parse(&bytes, &|_| Err("a redaction is no letter".to_owned()));
    let entry = read.map_err(|source| LedgerError::Form { file: file(), source })?.entry;
    let (by, at) = (entry.position, entry.recorded);
    Ok(entry.redaction().cloned().filter(|_| by == line.position).map(|redaction| Found { by, at, redaction }))
}

impl Finder {
    /// Returns the beginning of the file that `line` names; `None` where there is none.
    fn head(&self, line: &Line) -> Option<Vec<u8>> {
        read_head(&self.folder.join(usual(line))).or_else(|| {
            let places = self.places().ok()?;
            places.of(&line.name).find_map(|place| read_head(&self.folder.join(place)))
        })
    }
}

impl Ledger {
    /// Returns the entry that the redaction at `by` erased, as replay has it; `None` where that entry is no redaction.
    pub fn erased_by(&self, by: u64) -> Result<Option<Entry>, LedgerError> {
        let Some(line) = self.line(by)? else { return Ok(None) };
        Ok(read_one(&Finder::new(&self.folder), &line)?.map(|found| found.entry()))
    }
}

impl Writer {
    /// Removes what redactions in the log erase: the files of their entries, wherever a mail reader put them, and the mails
    /// those came in. Returns how many files there were; when it returns, all of them are gone for good.
    ///
    /// What is gone already is no error, so that the whole may be done again after a crash.
    pub fn erase(&self, redactions: &[&Redaction]) -> Result<usize, LedgerError> {
        let ledger = self.ledger();
        let places = Places::list(ledger.folder())?;
        let (mut removed, mut folders) = (0_usize, BTreeSet::new());
        for redaction in redactions {
            let Some(line) = ledger.line(redaction.position)? else { continue };
            // One that names another file stands for nothing.
            if line.digest != redaction.digest {
                continue;
            }
            for path in files_of(ledger, redaction, &line, &places) {
                if path.is_file() {
                    remove_if_there(&path)?;
                    folders.extend(path.parent().map(Path::to_owned));
                    removed = removed.saturating_add(1);
                }
            }
        }
        folders.iter().try_for_each(|folder| sync_path(folder))?;
        Ok(removed)
    }
}

/// Returns where the file of an entry and its original may lie.
fn files_of(ledger: &Ledger, redaction: &Redaction, line: &Line, places: &Places) -> Vec<PathBuf> {
    let mut files = vec![ledger.folder().join(usual(line))];
    files.extend(places.of(&line.name).map(|place| ledger.folder().join(place)));
    let judged = redaction.remains.judged.as_ref();
    files.extend(judged.map(|judged| ledger.original_path(&judged.original.digest)));
    files
}
