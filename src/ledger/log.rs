//! The log: one line per entry, and the RFC 6962 tree over the lines.
//!
//! The log alone gives every root, so an entry whose body was erased keeps its place. Which files there are, and
//! whether they are as the log says, is asked elsewhere.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{LedgerError, io_error, log_error};
use crate::trade::Digest;

/// The longest line a log may have, in bytes: position, digest, size and name are far below it.
const LINE_MAX: u64 = 256;

/// One line: `POSITION SHA256 SIZE NAME`, single spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Position of the entry, from 0.
    pub position: u64,
    /// SHA-256 of the entry's file.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// Its stable name: `<unix seconds>.<position>.<first 8 digits of the ledger's id>`.
    pub name: String,
}

impl Line {
    /// Reads one line without its line feed. The sentence of an error says which part is wrong, and how.
    pub fn parse(line: &str) -> Result<Self, String> {
        let parts: Vec<&str> = line.split(' ').collect();
        let [position, digest, size, name] = parts.as_slice() else {
            return Err(format!("{} parts where POSITION SHA256 SIZE NAME were expected", parts.len()));
        };
        let position = plain_number(position).ok_or_else(|| format!("{position:?} is not a position"))?;
        let digest = Digest::parse_hex(digest).map_err(|error| error.to_string())?;
        let size = plain_number(size).ok_or_else(|| format!("{size:?} is not a size"))?;
        let middle = name.split('.').nth(1).and_then(plain_number);
        let plain = name.bytes().all(|b| b.is_ascii_digit() || b"abcdef.".contains(&b));
        if !plain || name.split('.').count() != 3 || middle != Some(position) {
            return Err(format!("{name:?} is not the name of entry {position} (SECONDS.POSITION.LEDGER)"));
        }
        Ok(Self { position, digest, size, name: (*name).to_owned() })
    }

    /// Returns the file name under which the entry is written: in `cur`, seen.
    pub fn file_name(&self) -> String {
        format!("{}:2,S", self.name)
    }

    /// Returns the line as the log has it, with its line feed: the bytes of its leaf.
    pub fn bytes(&self) -> Vec<u8> {
        format!("{self}\n").into_bytes()
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.position, self.digest.hex(), self.size, self.name)
    }
}

/// Reads a decimal number without sign or leading zeros.
pub(super) fn plain_number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

/// How many entries a log has, and the root of its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of lines.
    pub size: u64,
    /// Root over them; SHA-256 of nothing for an empty log.
    pub root: Digest,
}

/// The tree of RFC 6962 section 2.1, as far as appending needs it: the roots of its full subtrees, largest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    size: u64,
    peaks: Vec<Digest>,
}

impl Tree {
    /// Adds one leaf: the bytes of a log line with its line feed.
    pub fn push(&mut self, leaf: &[u8]) {
        let mut node = leaf_hash(leaf);
        // Each one-bit at the low end of the size is a full subtree that the new leaf completes.
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            node = node_hash(&left, &node);
        }
        self.peaks.push(node);
        self.size = self.size.saturating_add(1);
    }

    /// Returns size and root.
    pub fn head(&self) -> Head {
        let mut peaks = self.peaks.iter().rev();
        let root = match peaks.next() {
            None => Digest::of(b""),
            Some(last) => peaks.fold(*last, |right, left| node_hash(left, &right)),
        };
        Head { size: self.size, root }
    }

    /// Returns the number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns whether there are as many subtrees as the size has one-bits.
    fn is_whole(&self) -> bool {
        usize::try_from(self.size.count_ones()) == Ok(self.peaks.len())
    }
}

/// Returns the hash of a leaf (RFC 6962 section 2.1: a zero byte before it).
pub fn leaf_hash(leaf: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(leaf);
    Digest::from_bytes(hash.finalize().into())
}

fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut hash = Sha256::new();
    hash.update([1]);
    hash.update(left.as_bytes());
    hash.update(right.as_bytes());
    Digest::from_bytes(hash.finalize().into())
}

/// A place in the log up to which somebody has read: enough to go on from there without reading what came before.
///
/// It may be kept in the index; whether it fits the log is checked before it is used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    tree: Tree,
    /// Length in bytes of the lines read.
    bytes: u64,
    /// Leaf hash of the last line read.
    last: Option<Digest>,
}

impl Mark {
    /// Returns the number of entries before the mark.
    pub fn entries(&self) -> u64 {
        self.tree.size()
    }

    /// Returns length in bytes of the lines before the mark.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns size and root at the mark.
    pub fn head(&self) -> Head {
        self.tree.head()
    }

    /// Moves the mark behind one more line, given with its line feed.
    pub fn pass(&mut self, line: &[u8]) {
        self.tree.push(line);
        self.bytes = self.bytes.saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
        self.last = Some(leaf_hash(line));
    }
}

/// A log file, opened anew for each question so that it shows what has been appended meanwhile.
#[derive(Debug, Clone)]
pub(super) struct LogFile {
    path: PathBuf,
}

impl LogFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether the line before `mark` is the one the mark was made behind.
    pub(super) fn fits(&self, mark: &Mark) -> Result<bool, LedgerError> {
        if mark.entries() == 0 {
            return Ok(mark.bytes == 0);
        }
        if !mark.tree.is_whole() || mark.bytes > self.length()? {
            return Ok(false);
        }
        let (start, text) = self.line_ending_at(mark.bytes)?;
        let last = Line::parse(text.trim_end_matches('\n')).ok();
        let right_place = last.is_some_and(|line| line.position.checked_add(1) == Some(mark.entries()));
        Ok(right_place && start < mark.bytes && mark.last == Some(leaf_hash(text.as_bytes())))
    }

    pub(super) fn length(&self) -> Result<u64, LedgerError> {
        Ok(std::fs::metadata(&self.path).map_err(log_error("read", &self.path))?.len())
    }

    /// Reads whole lines behind `mark`, moves the mark over each, and gives line and mark to `each`.
    ///
    /// Returns the bytes behind the last line feed: an incomplete line, or nothing.
    pub(super) fn each<E: From<LedgerError>>(
        &self,
        mark: &mut Mark,
        mut each: impl FnMut(Line, &Mark) -> Result<(), E>,
    ) -> Result<Vec<u8>, E> {
        let mut reader = self.reader_at(mark.bytes)?;
        let mut text = Vec::new();
        loop {
            text.clear();
            let limit = (&mut reader).take(LINE_MAX).read_until(b'\n', &mut text);
            limit.map_err(io_error("read", &self.path))?;
            if text.last() != Some(&b'\n') {
                if u64::try_from(text.len()).unwrap_or(u64::MAX) >= LINE_MAX {
                    reader.read_to_end(&mut text).map_err(io_error("read", &self.path))?;
                }
                return Ok(text);
            }
            let line = self.line(&text, mark.entries())?;
            mark.pass(&text);
            each(line, mark)?;
        }
    }

    fn line(&self, text: &[u8], expected: u64) -> Result<Line, LedgerError> {
        let damaged = |what: String| LedgerError::Damaged {
            what: format!("line {} of {}: {what}", expected.saturating_add(1), self.path.display()),
        };
        let text = std::str::from_utf8(text).map_err(|_| damaged("is not text".to_owned()))?;
        let line = Line::parse(text.strip_suffix('\n').unwrap_or(text)).map_err(damaged)?;
        if line.position == expected {
            Ok(line)
        } else {
            Err(damaged(format!("entry {} stands where {expected} belongs", line.position)))
        }
    }

    /// Returns the line of `position`, found by halving: each line begins with its position.
    pub(super) fn line_at(&self, position: u64) -> Result<Option<Line>, LedgerError> {
        let Some(offset) = self.offset_of(position)? else { return Ok(None) };
        let mut text = Vec::new();
        let mut reader = self.reader_at(offset)?.take(LINE_MAX);
        reader.read_until(b'\n', &mut text).map_err(io_error("read", &self.path))?;
        if text.last() == Some(&b'\n') { self.line(&text, position).map(Some) } else { Ok(None) }
    }

    /// Returns where the line of `position` begins; `None` behind the last whole line.
    fn offset_of(&self, position: u64) -> Result<Option<u64>, LedgerError> {
        let mut file = crate::files::open(&self.path).map_err(log_error("read", &self.path))?;
        let mut low = 0;
        let mut high = file.metadata().map_err(io_error("read", &self.path))?.len();
        // The line wanted begins at or after `low` and before `high`.
        while low < high {
            let middle = low.midpoint(high);
            let (start, text) = self.line_around(&mut file, middle, low)?;
            let Some(text) = text else {
                high = start;
                continue;
            };
            let found = text.split(' ').next().and_then(plain_number).ok_or_else(|| LedgerError::Damaged {
                what: format!("byte {start} of {}: no line begins here", self.path.display()),
            })?;
            match found.cmp(&position) {
                std::cmp::Ordering::Equal => return Ok(Some(start)),
                std::cmp::Ordering::Greater => high = start,
                std::cmp::Ordering::Less => {
                    low = start.saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX));
                }
            }
        }
        Ok(None)
    }

    /// Returns the line that byte `middle` belongs to, with its start (at or above `low`); no text where it does not
    /// end in a line feed.
    fn line_around(&self, file: &mut File, middle: u64, low: u64) -> Result<(u64, Option<String>), LedgerError> {
        let from = middle.saturating_sub(LINE_MAX).max(low);
        let mut window = Vec::new();
        file.seek(SeekFrom::Start(from)).map_err(io_error("read", &self.path))?;
        file.take(LINE_MAX.saturating_mul(2)).read_to_end(&mut window).map_err(io_error("read", &self.path))?;
        let split = usize::try_from(middle.saturating_sub(from)).unwrap_or(usize::MAX).min(window.len());
        let (before, after) = window.split_at(split);
        let lead = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at.saturating_add(1));
        let start = from.saturating_add(u64::try_from(lead).unwrap_or(u64::MAX));
        let Some(end) = after.iter().position(|b| *b == b'\n') else { return Ok((start, None)) };
        let end = split.saturating_add(end).saturating_add(1);
        let text = window.get(lead..end).and_then(|bytes| std::str::from_utf8(bytes).ok());
        Ok((start, Some(text.unwrap_or_default().to_owned())))
    }

    /// Returns start and text of the line whose line feed is the byte before `end`; empty where there is none.
    fn line_ending_at(&self, end: u64) -> Result<(u64, String), LedgerError> {
        let mut file = crate::files::open(&self.path).map_err(log_error("read", &self.path))?;
        let (start, text) = self.line_around(&mut file, end.saturating_sub(1), 0)?;
        let text = text.unwrap_or_default();
        let whole = start.saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX)) == end;
        Ok((start, if whole { text } else { String::new() }))
    }

    fn reader_at(&self, offset: u64) -> Result<BufReader<File>, LedgerError> {
        let mut file = crate::files::open(&self.path).map_err(log_error("read", &self.path))?;
        file.seek(SeekFrom::Start(offset)).map_err(io_error("read", &self.path))?;
        Ok(BufReader::with_capacity(1 << 16, file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(position: u64) -> Line {
        let name = format!("{}.{position}.0f1e2d3c", 1_784_364_063_u64);
        Line { position, digest: Digest::of(&position.to_be_bytes()), size: 3187, name }
    }

    /// The tree as the RFC defines it: split at the largest power of two below the size.
    fn root_by_definition(leaves: &[Vec<u8>]) -> Digest {
        match leaves {
            [] => Digest::of(b""),
            [leaf] => leaf_hash(leaf),
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node_hash(&root_by_definition(&leaves[..split]), &root_by_definition(&leaves[split..]))
            }
        }
    }

    #[test]
    fn the_tree_has_the_roots_rfc_6962_defines() {
        let leaves: Vec<Vec<u8>> = (0..70).map(|position| line(position).bytes()).collect();
        let mut tree = Tree::default();
        for size in 0..leaves.len() {
            assert_eq!(tree.head().root, root_by_definition(&leaves[..size]), "size {size}");
            tree.push(&leaves[size]);
        }
        // The empty tree and the tree of one empty leaf, as published with the RFC's own test data.
        assert_eq!(leaf_hash(b"").hex(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    }

    #[test]
    fn lines_are_read_as_they_are_written_and_nothing_else() {
        let good = line(42);
        assert_eq!(Line::parse(&good.to_string()).unwrap(), good);
        let text = good.to_string();
        for bad in [
            text.replacen("42 ", "042 ", 1),
            text.replacen("42 ", "+42 ", 1),
            text.replacen(' ', "  ", 1),
            format!("{text} "),
            text.replacen(".42.", ".43.", 1),
            text.replacen(".42.", "/../", 1),
            text.to_uppercase(),
            String::new(),
        ] {
            assert!(Line::parse(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn each_line_is_found_by_halving_and_by_mark() {
        let folder = tempfile::tempdir().unwrap();
        let log = LogFile::new(folder.path().join("log"));
        std::fs::write(log.path(), b"").unwrap();
        assert_eq!(log.line_at(0).unwrap(), None);
        let bytes: Vec<u8> = (0..1200).flat_map(|position| line(position).bytes()).collect();
        let mut torn = bytes.clone();
        torn.extend_from_slice(b"1200 00");
        std::fs::write(log.path(), &torn).unwrap();
        for position in 0..1200 {
            assert_eq!(log.line_at(position).unwrap(), Some(line(position)));
        }
        assert_eq!(log.line_at(1200).unwrap(), None);
        let mut mark = Mark::default();
        let tail = log
            .each::<LedgerError>(&mut mark, |_, at| {
                assert!(log.fits(at).unwrap());
                Ok(())
            })
            .unwrap();
        assert_eq!((tail.as_slice(), mark.entries()), (b"1200 00".as_slice(), 1200));
        assert_eq!(mark.bytes(), u64::try_from(bytes.len()).unwrap());
        std::fs::write(log.path(), String::from_utf8(bytes).unwrap().replace(" 3187 ", " 3188 ")).unwrap();
        assert!(!log.fits(&mark).unwrap(), "another log of the same length");
    }
}
