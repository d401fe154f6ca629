//! The look at each entry: its file, what that says of itself, its signature, the mail it came in.

use std::collections::HashMap;
use std::path::Path;

use super::Checks;
use super::report::{Problem, Problems};
use super::snapshot::Snapshot;
use crate::files::read_kept;
use crate::ledger::form::{self, Outline};
use crate::ledger::log::{Line, LogFile, Mark};
use crate::ledger::{LedgerError, files, io_error};
use crate::trade::{Digest, Fingerprint};

/// Entries looked at together.
const CHUNK: usize = 4096;

/// The address that a letter is from, and the key that signed it.
pub(super) type Signer = (String, Fingerprint);

/// Whether a letter came in, and the digest of its signed bytes.
pub(super) type Content = (bool, Digest);

/// What one entry's look showed.
#[derive(Default)]
pub(super) struct Looked {
    pub(super) problems: Vec<Problem>,
    /// Direction and digest of its letter: together they occur once.
    pub(super) content: Option<Content>,
    /// Whose signature on its letter is good.
    pub(super) signer: Option<Signer>,
    /// Whether there is no file of its name, and where it should be.
    pub(super) missing: Option<String>,
    /// Which entry it erases, and the digest of that one's file.
    pub(super) erases: Option<(u64, Digest)>,
}

pub(super) struct Work<'a> {
    pub(super) folder: &'a Path,
    pub(super) checks: &'a Checks<'a>,
    pub(super) snapshot: &'a Snapshot,
    pub(super) ledger: &'a str,
    pub(super) certificates: HashMap<String, Vec<u8>>,
}

impl Work<'_> {
    /// Reads the lines of the snapshot again, some at a time.
    pub(super) fn each_chunk(
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
    pub(super) fn doubled(
        &self,
        log: &LogFile,
        mut letters: Vec<(u64, u64)>,
        found: &mut Problems,
    ) -> Result<(), LedgerError> {
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

    pub(super) fn look(&self, line: &Line) -> Looked {
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
                match self.check_signature(&outline) {
                    Ok(signer) => looked.signer = signer.map(|key| (outline.from.clone(), key)),
                    Err(what) => problem(what),
                }
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
        wrong.extend(self.check_original(outline).err());
        wrong
    }

    /// Returns the key whose signature is good, where there is one and it is checked.
    fn check_signature(&self, outline: &Outline<'_>) -> Result<Option<Fingerprint>, String> {
        let (Some(check), Some(seal)) = (self.checks.signature, outline.seal) else { return Ok(None) };
        let signer = outline.signer.as_deref().unwrap_or_default();
        let signer = Fingerprint::parse(signer).map_err(|error| error.to_string())?;
        let certificate = self.certificates.get(signer.as_str());
        let certificate = certificate.ok_or_else(|| format!("the certificate certs/{signer}.asc is missing"))?;
        check(seal.signed, seal.signature, &signer, certificate)
            .map_err(|why| format!("the signature is bad: {why}"))?;
        Ok(Some(signer))
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

pub(super) fn certificates(folder: &Path) -> Result<HashMap<String, Vec<u8>>, LedgerError> {
    let inside = folder.join("certs");
    let mut found = HashMap::new();
    let names = if inside.is_dir() { files::names_in(&inside)? } else { Vec::new() };
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
