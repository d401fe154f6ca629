//! Cuts a stream of bytes into records: lines, or rows of CSV, whose quoted cells may hold line ends. Holds no more than
//! one record, and of a record no more than it may have.

use std::io::{self, BufRead, ErrorKind};

/// The most bytes of one record.
pub(super) const RECORD_MAX: usize = 256 * 1024;

/// What is wrong with the outside of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It has more bytes than a record may have.
    TooLong,
    /// A quotation mark opens in this line, and nothing closes it: where the rows behind it begin is not known.
    Open(u64),
    /// Something stands behind a cell's closing quotation mark.
    AfterQuote,
}

/// One record, without its line end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The line it begins in, from 1.
    pub(super) line: u64,
    /// Its bytes; none where it is too long.
    pub(super) bytes: Vec<u8>,
    /// What is wrong with it.
    pub(super) fault: Option<Fault>,
}

/// A stream being cut.
#[derive(Debug)]
pub(super) struct Records<R> {
    source: R,
    /// Lines that ended so far.
    ended: u64,
    /// What parts cells; `None` where each line is a record.
    pub(super) delimiter: Option<u8>,
}

/// Where in a row of CSV a byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// At the beginning of a cell.
    Begin,
    /// In a cell without quotation marks.
    Bare,
    /// Between quotation marks; in which line they opened.
    Quoted(u64),
    /// Behind a quotation mark that closes the cell, unless another follows.
    Closed(u64),
}

impl<R: BufRead> Records<R> {
    /// Begins with lines.
    pub(super) fn new(source: R) -> Self {
        Self { source, ended: 0, delimiter: None }
    }

    /// Returns the next record; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Record>> {
        let mut record = Record { line: self.ended.saturating_add(1), bytes: Vec::new(), fault: None };
        let mut within = Within::Begin;
        loop {
            let buffer = match self.source.fill_buf() {
                Ok([]) if record.bytes.is_empty() && record.fault.is_none() => return Ok(None),
                Ok([]) => break,
                Ok(buffer) => buffer,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let (used, ended) = match self.delimiter {
                None => end_of_line(buffer, &mut self.ended),
                Some(delimiter) => end_of_row(buffer, delimiter, &mut within, &mut record, &mut self.ended),
            };
            record.add(buffer.get(..used).unwrap_or_default());
            self.source.consume(used);
            if ended {
                within = Within::Begin;
                break;
            }
        }
        if let Within::Quoted(line) = within {
            record.fault = Some(Fault::Open(line));
        }
        for end in [b'\n', b'\r'] {
            if record.bytes.last() == Some(&end) {
                record.bytes.pop();
            }
        }
        Ok(Some(record))
    }
}

impl Record {
    fn add(&mut self, bytes: &[u8]) {
        if self.bytes.len().saturating_add(bytes.len()) <= RECORD_MAX && self.fault != Some(Fault::TooLong) {
            self.bytes.extend_from_slice(bytes);
        } else {
            self.fault = Some(Fault::TooLong);
            self.bytes = Vec::new();
        }
    }
}

/// Returns how many of these bytes belong to a line, and whether it ends with them.
fn end_of_line(buffer: &[u8], ended: &mut u64) -> (usize, bool) {
    match memchr::memchr(b'\n', buffer) {
        Some(at) => {
            *ended = ended.saturating_add(1);
            (at.saturating_add(1), true)
        }
        None => (buffer.len(), false),
    }
}

/// Returns how many of these bytes belong to a row, and whether it ends with them.
fn end_of_row(
    buffer: &[u8],
    delimiter: u8,
    within: &mut Within,
    record: &mut Record,
    ended: &mut u64,
) -> (usize, bool) {
    for (at, byte) in buffer.iter().enumerate() {
        if *byte == b'\n' {
            *ended = ended.saturating_add(1);
            if !matches!(within, Within::Quoted(_)) {
                return (at.saturating_add(1), true);
            }
        }
        *within = match (*within, *byte) {
            (Within::Quoted(line), b'"') => Within::Closed(line),
            (Within::Quoted(line), _) => Within::Quoted(line),
            (Within::Closed(line), b'"') => Within::Quoted(line),
            (Within::Begin, b'"') => Within::Quoted(ended.saturating_add(1)),
            (_, byte) if byte == delimiter => Within::Begin,
            // The carriage return before a line end.
            (Within::Closed(line), b'\r') => Within::Closed(line),
            (Within::Closed(_), _) => {
                record.fault = record.fault.or(Some(Fault::AfterQuote));
                Within::Bare
            }
            (Within::Begin | Within::Bare, _) => Within::Bare,
        };
    }
    (buffer.len(), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &[u8], delimiter: Option<u8>) -> Vec<(u64, Vec<u8>, Option<Fault>)> {
        // One byte at a time: where the buffer ends does not matter.
        let source = io::BufReader::with_capacity(1, text);
        let mut records = Records { delimiter, ..Records::new(source) };
        let mut all = Vec::new();
        while let Some(Record { line, bytes, fault }) = records.next().unwrap() {
            all.push((line, bytes, fault));
        }
        all
    }

    #[test]
    fn a_quoted_cell_may_hold_what_ends_rows_and_cells() {
        let rows = cut(b"a,\"b\nc,\"\"d\"\r\n\ne\n", Some(b','));
        let expected: [(u64, &[u8]); 3] = [(1, b"a,\"b\nc,\"\"d\""), (3, b""), (4, b"e")];
        assert_eq!(rows, expected.map(|(line, bytes)| (line, bytes.to_vec(), None)));
    }

    #[test]
    fn what_cannot_be_cut_is_told_with_its_line() {
        assert_eq!(cut(b"a\nb,\"c\nd\ne\n", Some(b','))[1].2, Some(Fault::Open(2)));
        assert_eq!(cut(b"\"a\"b,c\nd\n", Some(b','))[0].2, Some(Fault::AfterQuote));
        assert_eq!(cut(b"5\" pipe,c\n", Some(b','))[0].2, None, "a cell that begins without one may hold one");
    }

    #[test]
    fn of_an_endless_record_nothing_is_held() {
        for delimiter in [None, Some(b',')] {
            let mut text = vec![b'x'; RECORD_MAX + 1];
            text.extend_from_slice(b"\nb\n");
            let records = cut(&text, delimiter);
            assert_eq!(records[0], (1, Vec::new(), Some(Fault::TooLong)));
            assert_eq!(records[1], (2, b"b".to_vec(), None));
        }
    }
}
