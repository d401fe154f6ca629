//! What a ledger consists of at one moment: the lines of its log and the files in its folders.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::time::{Duration, Instant};

use super::report::{PROBLEMS_MAX, Problem, Problems};
use crate::files::read_kept;
use crate::ledger::LedgerError;
use crate::ledger::form;
use crate::ledger::log::{Line, LogFile, Mark};
use crate::ledger::places::{self, Places, each_file, position_of, stable_of};
use crate::trade::Digest;

/// How long it is waited for the end of a batch.
const QUIET_WAIT: Duration = Duration::from_secs(2);

/// Log and folders as they were at one moment, between two batches; of each line only so much that any ledger fits into
/// the memory.
pub(super) struct Snapshot {
    pub(super) mark: Mark,
    pub(super) roots: BTreeMap<u64, Digest>,
    /// The first line.
    first: Option<Line>,
    /// A number of each line's name, made with a secret of this run: nobody can make another name with it.
    names: Vec<u64>,
    pub(super) hasher: RandomState,
    /// Which lines have a file at the place it was written to.
    usual: Vec<bool>,
    /// The other files that lines have.
    odd: Places,
}

impl Snapshot {
    pub(super) fn take(folder: &Path, wanted: &HashSet<u64>, found: &mut Problems) -> Result<Self, LedgerError> {
        let _quiet = wait_for_quiet(folder);
        let log = LogFile::new(folder.join("log"));
        let (mut first, mut mark, mut roots) = (None, Mark::default(), BTreeMap::new());
        let (mut names, hasher) = (Vec::new(), RandomState::new());
        roots.insert(0, mark.head().root);
        let tail = log.each::<LedgerError>(&mut mark, |line, at| {
            if wanted.contains(&at.entries()) {
                roots.insert(at.entries(), at.head().root);
            }
            names.push(hasher.hash_one(&line.name));
            first.get_or_insert(line);
            Ok(())
        });
        match tail {
            Ok(tail) if tail.is_empty() => {}
            Ok(tail) => found.file("log", format!("the last line is incomplete ({} bytes)", tail.len())),
            Err(LedgerError::Damaged { what }) => {
                found.add(Problem { entry: Some(mark.entries()), file: Some("log".to_owned()), what });
            }
            Err(error) => return Err(error),
        }
        let usual = vec![false; names.len()];
        let mut snapshot = Self { mark, roots, first, names, hasher, usual, odd: Places::default() };
        snapshot.list(folder, found)?;
        Ok(snapshot)
    }

    /// Lists the files, and names those that no line knows.
    fn list(&mut self, folder: &Path, found: &mut Problems) -> Result<(), LedgerError> {
        let (mut odd, mut unknown) = (Vec::new(), Vec::new());
        each_file(folder, |place| {
            let stable = stable_of(place);
            let at = position_of(stable).and_then(|position| usize::try_from(position).ok());
            let at = at.filter(|at| self.names.get(*at) == Some(&self.hasher.hash_one(stable)));
            match at.and_then(|at| self.usual.get_mut(at)) {
                Some(there) if places::is_usual(place) => *there = true,
                Some(_) => odd.push(place.into()),
                None if unknown.len() < PROBLEMS_MAX => unknown.push(place.to_owned()),
                None => found.count(),
            }
        })?;
        unknown.sort_unstable();
        for place in unknown {
            found.add(unknown_file(place, self.mark.entries()));
        }
        self.odd = Places::of_odd(odd);
        Ok(())
    }

    /// Returns the places of a line's files.
    pub(super) fn places(&self, line: &Line) -> Vec<String> {
        let there = usize::try_from(line.position).ok().and_then(|at| self.usual.get(at)).copied();
        let usual = there.unwrap_or_default().then(|| places::usual(line));
        usual.into_iter().chain(self.odd.of(&line.name).map(str::to_owned)).collect()
    }

    /// Returns the ledger's id, out of entry 0; empty where that entry cannot be read.
    pub(super) fn ledger_id(&self, folder: &Path, found: &mut Problems) -> String {
        let places = self.first.as_ref().map(|line| self.places(line)).unwrap_or_default();
        let genesis = places.iter().find_map(|place| read_kept(&folder.join(place)).ok());
        let outline = genesis.as_deref().and_then(|bytes| form::outline(bytes).ok());
        if let Some(outline) = outline {
            return outline.ledger;
        }
        let what = "the entry that begins the ledger cannot be read".to_owned();
        found.add(Problem { entry: Some(0), file: None, what });
        String::new()
    }
}

/// Holds the lock shared, so that no batch is half seen; a ledger that cannot be locked is read as it is.
fn wait_for_quiet(folder: &Path) -> Option<File> {
    let lock = crate::files::open(&folder.join("lock")).ok()?;
    let begun = Instant::now();
    while begun.elapsed() < QUIET_WAIT {
        if lock.try_lock_shared().is_ok() {
            return Some(lock);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

/// Says of a file that no line knows whether a line of its number is missing, in a log of `size` entries.
fn unknown_file(place: String, size: u64) -> Problem {
    let beyond = position_of(stable_of(&place)).filter(|position| *position >= size);
    let what = match beyond {
        Some(_) => format!(
            "has no line in the log, which ends with {size} entries: the log was cut, or a write was interrupted"
        ),
        None => "is in no line of the log".to_owned(),
    };
    Problem { entry: beyond, file: Some(place), what }
}
