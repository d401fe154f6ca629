//! Whether a ledger is what its log says: every file, every digest, every signature, every checkpoint.
//!
//! Nothing is changed and nothing is repaired. Whether the heads inside letters were ever this log's is the caller's
//! question (`Ledger::each_head`), and so is every OpenPGP signature: a closure checks it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::absent::{Absent, Erased};
use super::form::{self, Outline};
use super::log::{Head, Line, LogFile, Mark, plain_number};
use super::places::{self, Places, each_file, stable_of};
use super::{Checkpoint, LedgerError, io_error};
use crate::files::read_kept;
use crate::trade::{Digest, Fingerprint};

/// Entries looked at together.
const CHUNK: usize = 4096;

/// How long it is waited for the end of a batch.
const QUIET_WAIT: Duration = Duration::from_secs(2);

/// Problems named one by one; more are counted.
const PROBLEMS_MAX: usize = 10_000;

/// Whether anything was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All is as the log says.
    Clean,
    /// Something was changed, removed or added.
    Broken,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The entry it is about.
    pub entry: Option<u64>,
    /// The file it is about, below the ledger's folder.
    pub file: Option<String>,
    /// What is wrong.
    pub what: String,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Clean or broken.
    pub result: Outcome,
    /// Lines of the log.
    pub entries: u64,
    /// Signatures that were checked.
    pub signatures: u64,
    /// Size and root of the log.
    pub head: Head,
    /// What is wrong, by entry; the first is the first bad entry.
    pub problems: Vec<Problem>,
    /// Further problems that are not named.
    pub more: u64,
    /// Entries whose file was removed on request, as a later entry says; no problem.
    pub erased: Vec<Erased>,
}

/// Checks a detached signature: signed bytes, armored signature, primary key, that key's certificate.
pub type CheckSignature<'a> = &'a (dyn Fn(&[u8], &str, &Fingerprint, &[u8]) -> Result<(), String> + Sync);

/// Checks a cleartext-signed file: its bytes, and the folder of certificates.
pub type CheckCheckpoint<'a> = &'a (dyn Fn(&[u8], &Path) -> Result<(), String> + Sync);

/// What is checked beside files and digests.
#[derive(Clone, Copy, Default)]
pub struct Checks<'a> {
    /// The signatures of letters.
    pub signature: Option<CheckSignature<'a>>,
    /// The signatures of checkpoints.
    pub checkpoint: Option<CheckCheckpoint<'a>>,
    /// Whether originals that are there are hashed.
    pub originals: bool,
}

impl std::fmt::Debug for Checks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Checks {{ signature: {}, originals: {} }}", self.signature.is_some(), self.originals)
    }
}

/// Verifies the ledger in `folder`. An error means that it could not be looked at; what was found is in the report.
pub fn verify(folder: &Path, checks: &Checks<'_>) -> Result<Report, LedgerError> {
    let mut found = Problems::default();
    let checkpoints = read_checkpoints(folder, checks, &mut found)?;
    let snapshot = Snapshot::take(folder, &checkpoints, &mut found)?;
    let ledger = snapshot.ledger_id(folder, &mut found);
    let work = Work { folder, checks, snapshot: &snapshot, ledger: &ledger, certificates: certificates(folder)? };
    let mut signatures: u64 = 0;
    let mut letters = Vec::new();
    let mut absent = Absent::default();
    let log = LogFile::new(folder.join("log"));
    work.each_chunk(&log, &mut found, &mut |lines, found| {
        let looked: Vec<Looked> = lines.par_iter().with_min_len(8).map(|line| work.look(line)).collect();
        for (looked, line) in looked.into_iter().zip(lines) {
            signatures = signatures.saturating_add(u64::from(looked.signed));
            looked.problems.into_iter().for_each(|problem| found.add(problem));
            absent.note(line, looked.missing, looked.erases);
            letters.extend(looked.content.map(|content| (snapshot.hasher.hash_one(content), line.position)));
        }
    })?;
    work.doubled(&log, letters, &mut found)?;
    let (erased, unexplained) = absent.explained();
    unexplained.into_iter().for_each(|problem| found.add(problem));
    for checkpoint in &checkpoints {
        checkpoint.compare(&snapshot, &ledger, &mut found);
    }
    Ok(Report { erased, ..found.report(&snapshot, signatures) })
}

#[derive(Default)]
struct Problems {
    named: Vec<Problem>,
    more: u64,
}

impl Problems {
    fn add(&mut self, problem: Problem) {
        if self.named.len() < PROBLEMS_MAX {
            self.named.push(problem);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    fn entry(&mut self, line: &Line, what: String) {
        self.add(Problem { entry: Some(line.position), file: Some(format!("cur/{}", line.file_name())), what });
    }

    fn file(&mut self, file: &str, what: String) {
        self.add(Problem { entry: None, file: Some(file.to_owned()), what });
    }

    fn report(mut self, snapshot: &Snapshot, signatures: u64) -> Report {
        // By number; what concerns no entry comes last.
        self.named.sort_by(|a, b| {
            let key = |p: &Problem| (p.entry.unwrap_or(u64::MAX), p.file.clone());
            key(a).cmp(&key(b))
        });
        let result = if self.named.is_empty() { Outcome::Clean } else { Outcome::Broken };
        let head = snapshot.mark.head();
        Report {
            result,
            entries: head.size,
            signatures,
            head,
            problems: self.named,
            more: self.more,
            erased: Vec::new(),
        }
    }
}

/// Log and folders as they were at one moment, between two batches; of each line only so much that any ledger fits into
/// the memory.
struct Snapshot {
    mark: Mark,
    roots: BTreeMap<u64, Digest>,
    /// The first line.
    first: Option<Line>,
    /// A number of each line's name, made with a secret of this run: nobody can make another name with it.
    names: Vec<u64>,
    hasher: RandomState,
    /// Which lines have a file at the place it was written to.
    usual: Vec<bool>,
    /// The other files that lines have.
    odd: Places,
}

impl Snapshot {
    fn take(folder: &Path, checkpoints: &[Kept], found: &mut Problems) -> Result<Self, LedgerError> {
        let _quiet = wait_for_quiet(folder);
        let log = LogFile::new(folder.join("log"));
        let wanted: HashSet<u64> = checkpoints.iter().map(|kept| kept.says.head.size).collect();
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
                None => found.more = found.more.saturating_add(1),
            }
        })?;
        unknown.sort_unstable();
        for place in unknown {
            found.file(&place, unknown_file(stable_of(&place), &self.mark));
        }
        self.odd = Places::of_odd(odd);
        Ok(())
    }

    /// Returns the places of a line's files.
    fn places(&self, line: &Line) -> Vec<String> {
        let there = usize::try_from(line.position).ok().and_then(|at| self.usual.get(at)).copied();
        let usual = there.unwrap_or_default().then(|| places::usual(line));
        usual.into_iter().chain(self.odd.of(&line.name).map(str::to_owned)).collect()
    }

    /// Returns the ledger's id, out of entry 0; empty where that entry cannot be read.
    fn ledger_id(&self, folder: &Path, found: &mut Problems) -> String {
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

/// Whether a letter came in, and the digest of its signed bytes.
type Content = (bool, Digest);

/// What one entry's look showed.
#[derive(Default)]
struct Looked {
    problems: Vec<Problem>,
    /// Direction and digest of its letter: together they occur once.
    content: Option<Content>,
    signed: bool,
    /// Whether there is no file of its name, and where it should be.
    missing: Option<String>,
    /// Which entry it erases, and the digest of that one's file.
    erases: Option<(u64, Digest)>,
}

struct Work<'a> {
    folder: &'a Path,
    checks: &'a Checks<'a>,
    snapshot: &'a Snapshot,
    ledger: &'a str,
    certificates: HashMap<String, Vec<u8>>,
}

impl Work<'_> {
    /// Reads the lines of the snapshot again, some at a time.
    fn each_chunk(
        &self,
        log: &LogFile,
        found: &mut Problems,
        each: &mut dyn FnMut(&[Line], &mut Problems),
    ) -> Result<(), LedgerError> {
        let end = &self.snapshot.mark;
        let (mut lines, mut mark) = (Vec::with_capacity(CHUNK), Mark::default());
        let read = log.each::<Stop>(&mut mark, |line, at| {
            // What was appended meanwhile is for the next time.
            if at.entries() > end.entries() {
                return Err(Stop::End);
            }
            lines.push(line);
            if lines.len() >= CHUNK {
                each(&lines, found);
                lines.clear();
            }
            if at == end { Err(Stop::End) } else { Ok(()) }
        });
        each(&lines, found);
        match read {
            Err(Stop::Error(error)) if mark != *end && !matches!(error, LedgerError::Damaged { .. }) => {
                return Err(error);
            }
            _ => {}
        }
        if mark != *end {
            found.file("log", "was changed while it was looked at".to_owned());
        }
        Ok(())
    }

    /// Names the letters that have more than one entry. `letters` has a number for the content of each, with its entry.
    fn doubled(&self, log: &LogFile, mut letters: Vec<(u64, u64)>, found: &mut Problems) -> Result<(), LedgerError> {
        letters.sort_unstable();
        for same in letters.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
            // The numbers agree; whether the letters do is read again.
            let mut first: HashMap<Content, u64> = HashMap::new();
            for (_, position) in same {
                let Some(line) = log.line_at(*position)? else { continue };
                let bytes = self.find(&line).ok().flatten().unwrap_or_default();
                let Some(content) = form::outline(&bytes).ok().and_then(|outline| content_of(&outline)) else {
                    continue;
                };
                match first.get(&content) {
                    Some(first) => {
                        found.entry(&line, format!("the same letter as entry {first}: a letter has one entry"));
                    }
                    None => drop(first.insert(content, *position)),
                }
            }
        }
        Ok(())
    }

    fn look(&self, line: &Line) -> Looked {
        let mut looked = Looked::default();
        let mut problem = |what: String| {
            let file = Some(format!("cur/{}", line.file_name()));
            looked.problems.push(Problem { entry: Some(line.position), file, what });
        };
        let bytes = match self.find(line) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                looked.missing = Some(missing(line));
                return looked;
            }
            Err(what) => {
                problem(what);
                return looked;
            }
        };
        match form::outline(&bytes) {
            Ok(outline) => {
                self.compare(line, &outline).into_iter().for_each(&mut problem);
                looked.signed = self.checks.signature.is_some() && outline.seal.is_some();
                looked.content = content_of(&outline);
                looked.erases = outline.erases;
            }
            Err(error) => problem(error.to_string()),
        }
        looked.problems.extend(self.false_copies(line, &bytes));
        looked
    }

    /// Names what has the name of an entry and is not the file that was found for it: each must be a true copy.
    fn false_copies(&self, line: &Line, bytes: &[u8]) -> Vec<Problem> {
        let places = self.snapshot.places(line);
        if places.len() < 2 {
            return Vec::new();
        }
        let is_copy = |place: &String| read_kept(&self.folder.join(place)).is_ok_and(|copy| copy == bytes);
        let what = || "has the name of this entry, but is no copy of it".to_owned();
        let problem = |place| Problem { entry: Some(line.position), file: Some(place), what: what() };
        places.into_iter().filter(|place| !is_copy(place)).map(problem).collect()
    }

    /// Returns the bytes of the file the line names, or what is wrong with it; nothing where there is no such file.
    fn find(&self, line: &Line) -> Result<Option<Vec<u8>>, String> {
        let mut wrong = None;
        for place in self.snapshot.places(line) {
            let path = self.folder.join(place);
            let bytes = read_kept(&path).map_err(|error| format!("cannot be read: {error}"))?;
            if Digest::of(&bytes) == line.digest {
                return Ok(Some(bytes));
            }
            let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            wrong = Some(if size == line.size {
                "was changed: its SHA-256 is not the one in the log".to_owned()
            } else {
                format!("was changed: it has {size} bytes, the log says {}", line.size)
            });
        }
        wrong.map_or(Ok(None), Err)
    }

    /// Compares what a file says of itself with the log and with what it holds.
    fn compare(&self, line: &Line, outline: &Outline<'_>) -> Vec<String> {
        let mut wrong = Vec::new();
        if outline.position != line.position {
            wrong.push(format!("says it is entry {}", outline.position));
        }
        if outline.ledger != self.ledger {
            wrong.push(format!("belongs to the ledger {}", outline.ledger));
        }
        if !line.name.ends_with(&self.ledger.chars().take(8).collect::<String>()) {
            wrong.push(format!("has a name of another ledger: {}", line.name));
        }
        if line.position == 0 && outline.direction != "own" {
            wrong.push("is not what a ledger begins with".to_owned());
        }
        wrong.extend(self.check_signature(outline).err());
        wrong.extend(self.check_original(outline).err());
        wrong
    }

    fn check_signature(&self, outline: &Outline<'_>) -> Result<(), String> {
        let (Some(check), Some(seal)) = (self.checks.signature, outline.seal) else { return Ok(()) };
        let signer = outline.signer.as_deref().unwrap_or_default();
        let signer = Fingerprint::parse(signer).map_err(|error| error.to_string())?;
        let certificate = self.certificates.get(signer.as_str());
        let certificate = certificate.ok_or_else(|| format!("the certificate certs/{signer}.asc is missing"))?;
        check(seal.signed, seal.signature, &signer, certificate).map_err(|why| format!("the signature is bad: {why}"))
    }

    /// Originals may be pruned; one that is there must be what its name says.
    fn check_original(&self, outline: &Outline<'_>) -> Result<(), String> {
        let Some(original) = outline.original.filter(|_| self.checks.originals) else { return Ok(()) };
        let hex = original.digest.hex();
        let begin: String = hex.chars().take(2).collect();
        let path = self.folder.join("originals").join(begin).join(format!("{hex}.eml"));
        match read_kept(&path) {
            Ok(bytes) if Digest::of(&bytes) != original.digest => {
                Err(format!("the mail it came in, originals/.../{hex}.eml, was changed"))
            }
            _ => Ok(()),
        }
    }
}

fn certificates(folder: &Path) -> Result<HashMap<String, Vec<u8>>, LedgerError> {
    let inside = folder.join("certs");
    let mut found = HashMap::new();
    let names = if inside.is_dir() { super::files::names_in(&inside)? } else { Vec::new() };
    for name in names {
        if let Some(key) = name.strip_suffix(".asc") {
            let path = inside.join(&name);
            found.insert(key.to_owned(), read_kept(&path).map_err(io_error("read", &path))?);
        }
    }
    Ok(found)
}

fn missing(line: &Line) -> String {
    let around = match line.position.checked_sub(1) {
        Some(before) => format!("between entries {before} and {}", line.position.saturating_add(1)),
        None => "at the beginning".to_owned(),
    };
    format!("is missing ({around})")
}

fn position_of(stable: &str) -> Option<u64> {
    stable.split('.').nth(1).and_then(plain_number)
}

fn unknown_file(name: &str, end: &Mark) -> String {
    let size = end.entries();
    if position_of(name).is_some_and(|position| position >= size) {
        format!("has no line in the log, which ends with {size} entries: the log was cut, or a write was interrupted")
    } else {
        "is in no line of the log".to_owned()
    }
}

/// Why reading the log ended before its end.
enum Stop {
    End,
    Error(LedgerError),
}

impl From<LedgerError> for Stop {
    fn from(error: LedgerError) -> Self {
        Self::Error(error)
    }
}

fn content_of(outline: &Outline<'_>) -> Option<Content> {
    outline.content.filter(|_| outline.seal.is_some()).map(|content| (outline.direction == "in", content.digest))
}

/// A checkpoint that is kept.
struct Kept {
    file: String,
    says: Checkpoint,
}

fn read_checkpoints(folder: &Path, checks: &Checks<'_>, found: &mut Problems) -> Result<Vec<Kept>, LedgerError> {
    let inside = folder.join("checkpoints");
    let mut names = if inside.is_dir() { super::files::names_in(&inside)? } else { Vec::new() };
    names.sort();
    let mut kept = Vec::new();
    for name in names {
        let file = format!("checkpoints/{name}");
        let path = inside.join(&name);
        let bytes = read_kept(&path).map_err(io_error("read", &path))?;
        let Some(says) = Checkpoint::parse_signed(&bytes) else {
            found.file(&file, "is not a checkpoint".to_owned());
            continue;
        };
        if name != format!("{}.asc", says.head.size) {
            found.file(&file, format!("says {} entries, which is not what its name says", says.head.size));
            continue;
        }
        if let Some(check) = checks.checkpoint
            && let Err(why) = check(&bytes, &folder.join("certs"))
        {
            found.file(&file, format!("the signature is bad: {why}"));
            continue;
        }
        kept.push(Kept { file, says });
    }
    Ok(kept)
}

impl Kept {
    fn compare(&self, snapshot: &Snapshot, ledger: &str, found: &mut Problems) {
        let Head { size, root } = self.says.head;
        let time = self.says.time;
        let what = if self.says.ledger != ledger {
            format!("is of the ledger {}", self.says.ledger)
        } else if size > snapshot.mark.entries() {
            let now = snapshot.mark.entries();
            format!("says there were {size} entries at {time}, now there are {now}: the log was cut")
        } else if snapshot.roots.get(&size) != Some(&root) {
            format!("the first {size} entries are not those of {time}: the past was changed")
        } else {
            return;
        };
        found.file(&self.file, what);
    }
}
