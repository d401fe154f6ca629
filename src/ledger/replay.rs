//! Reading the ledger from a place on: in order, in parallel, in constant memory.

use std::sync::mpsc;

use rayon::prelude::*;

use super::{Finder, Gone, Ledger, LedgerError, Line, Mark, form};
use crate::trade::{Entry, Letter};

/// Entries read at a time: enough for all cores, little enough for the memory.
const CHUNK: usize = 512;

/// Reads a letter out of its signed bytes; made by whoever knows the wire format.
pub type Reread<'a> = &'a (dyn Fn(&[u8]) -> Result<Letter, String> + Sync);

/// An entry and its line in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The entry.
    pub entry: Entry,
    /// Its line.
    pub line: Line,
}

/// Entries that follow each other, and the mark behind the last of them.
#[derive(Debug)]
pub struct Chunk {
    /// The entries.
    pub entries: Vec<Recorded>,
    /// The mark behind them.
    pub mark: Mark,
}

impl Ledger {
    /// Gives every entry behind `from` to `each`, in order. Stops at the first entry that cannot be read.
    pub fn replay(&self, from: &Mark, reread: Reread<'_>, each: &mut dyn FnMut(Entry)) -> Result<Mark, LedgerError> {
        self.replay_chunks(from, reread, &mut |chunk: Chunk| {
            chunk.entries.into_iter().for_each(|recorded| each(recorded.entry));
            Ok(())
        })
    }

    /// Gives the entries behind `from` to `each` in chunks, in order, and returns the mark at the end.
    ///
    /// While one chunk is used the next is read, by all cores. The memory does not grow with the ledger. Where the pool
    /// has one thread only, that may be the caller's own, and a second one would wait for it for ever: then chunks are
    /// read and used in turn.
    pub fn replay_chunks<E: From<LedgerError>>(
        &self,
        from: &Mark,
        reread: Reread<'_>,
        each: &mut dyn FnMut(Chunk) -> Result<(), E>,
    ) -> Result<Mark, E> {
        if rayon::current_num_threads() == 1 {
            let mut end = from.clone();
            self.read_chunks::<E>(from, reread, &mut |chunk| {
                end = chunk.mark.clone();
                each(chunk)
            })?;
            return Ok(end);
        }
        let (sender, receiver) = mpsc::sync_channel::<Result<Chunk, LedgerError>>(1);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut send = |chunk| sender.send(Ok(chunk)).map_err(|_| LedgerError::Broken);
                if let Err(error) = self.read_chunks(from, reread, &mut send) {
                    let _ = sender.send(Err(error));
                }
            });
            let mut end = from.clone();
            // Leaving early drops the receiver, and with it the reading thread ends at its next chunk.
            let receiver = receiver;
            for chunk in &receiver {
                let chunk = chunk?;
                end = chunk.mark.clone();
                each(chunk)?;
            }
            Ok(end)
        })
    }

    fn read_chunks<E: From<LedgerError>>(
        &self,
        from: &Mark,
        reread: Reread<'_>,
        take: &mut dyn FnMut(Chunk) -> Result<(), E>,
    ) -> Result<(), E> {
        let finder = Finder::new(&self.folder);
        let mut lines: Vec<Line> = Vec::with_capacity(CHUNK);
        let mut mark = from.clone();
        let mut pass =
            |lines: &mut Vec<Line>, mark: &Mark| take(self.read_chunk(&finder, std::mem::take(lines), mark, reread)?);
        self.log.each::<E>(&mut mark, |line, at| {
            lines.push(line);
            if lines.len() >= CHUNK { pass(&mut lines, at) } else { Ok(()) }
        })?;
        if lines.is_empty() { Ok(()) } else { pass(&mut lines, &mark) }
    }

    fn read_chunk(
        &self,
        finder: &Finder,
        lines: Vec<Line>,
        mark: &Mark,
        reread: Reread<'_>,
    ) -> Result<Chunk, LedgerError> {
        let read = |line: Line| self.read_found(finder, &line, reread).map(|found| (found, line));
        let found = lines.into_par_iter().with_min_len(8).map(read).collect::<Result<Vec<_>, LedgerError>>()?;
        // What was erased is looked for once, not by each core.
        let entry = |(found, line): (Result<Entry, Gone>, Line)| {
            let entry = found.or_else(|gone| left_of(finder, &line, gone))?;
            Ok(Recorded { entry, line })
        };
        let entries = found.into_iter().map(entry).collect::<Result<Vec<_>, LedgerError>>()?;
        Ok(Chunk { entries, mark: mark.clone() })
    }

    /// Reads one entry; `Err(gone)` where its file is not there.
    fn read_found(&self, finder: &Finder, line: &Line, reread: Reread<'_>) -> Result<Result<Entry, Gone>, LedgerError> {
        let bytes = match finder.find(line)? {
            Ok(bytes) => bytes,
            Err(gone) => return Ok(Err(gone)),
        };
        let file = || self.folder.join("cur").join(line.file_name());
        let read = form::parse(&bytes, reread).map_err(|source| LedgerError::Form { file: file(), source })?;
        if read.entry.position == line.position {
            Ok(Ok(read.entry))
        } else {
            let what = format!("{} says it is entry {}", file().display(), read.entry.position);
            Err(LedgerError::Damaged { what })
        }
    }

    /// Reads one entry; where its file was erased, what is left of it.
    fn read_entry(&self, finder: &Finder, line: &Line, reread: Reread<'_>) -> Result<Entry, LedgerError> {
        self.read_found(finder, line, reread)?.or_else(|gone| left_of(finder, line, gone))
    }

    /// Reads one entry; where its file was erased, what is left of it.
    pub fn entry(&self, position: u64, reread: Reread<'_>) -> Result<Option<Entry>, LedgerError> {
        let Some(line) = self.line(position)? else { return Ok(None) };
        self.read_entry(&Finder::new(&self.folder), &line, reread).map(Some)
    }
}

/// Returns what a redaction left of an entry whose file is not there.
fn left_of(finder: &Finder, line: &Line, gone: Gone) -> Result<Entry, LedgerError> {
    let erased = finder.erased(line, gone)?;
    erased.map(super::erased::Found::entry).ok_or_else(|| gone.error(line))
}
