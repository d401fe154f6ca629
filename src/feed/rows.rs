//! Rows with named columns, of a CSV file with a header or of JSON Lines, one at a time.
//!
//! A byte order mark and carriage returns before line ends are taken as they come; other encodings than UTF-8 are
//! refused with the name of what they look like.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};
use std::sync::Arc;

use serde_json::Value;

use super::encoding::{no_utf8, utf16};
use super::object;
use super::records::{Fault, RECORD_MAX, Record, Records};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Cells parted by commas, semicolons or tabs, the first row names the columns.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which row, from 1; a header is none.
    pub row: u64,
    /// The line of the file it begins in, from 1.
    pub line: u64,
}

/// Why nothing more is read of a file.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The system refused.
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    /// The file as a whole is not what it should be.
    #[error("{what}")]
    File {
        /// The line that shows it.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// The names of the columns are not those that are read.
    #[error("{what}")]
    Columns {
        /// What is wrong.
        what: String,
        /// The names that are there.
        columns: Vec<String>,
        /// Whether a map says what they mean; else they are to be our own names.
        mapped: bool,
    },
}

impl FeedError {
    pub(super) fn file(line: u64, what: impl Into<String>) -> Self {
        Self::File { line, what: what.into() }
    }
}

/// One row.
#[derive(Debug)]
pub struct Row(Cells);

#[derive(Debug)]
enum Cells {
    Csv(Arc<[String]>, csv::StringRecord),
    Json(Vec<(String, Value)>),
}

impl Row {
    /// Returns what stands in a column, without blanks around it; `None` where nothing does.
    ///
    /// # Errors
    /// What is no text, in one sentence.
    pub fn cell(&self, column: &str) -> Result<Option<Cow<'_, str>>, String> {
        self.read(column, object::cell)
    }

    /// Returns the same of a column in which several may stand: of a list in JSON its members, with blanks between them.
    ///
    /// # Errors
    /// As of one.
    pub fn several(&self, column: &str) -> Result<Option<Cow<'_, str>>, String> {
        self.read(column, object::list)
    }

    fn read(
        &self,
        column: &str,
        read: fn(&Value) -> Result<Option<String>, String>,
    ) -> Result<Option<Cow<'_, str>>, String> {
        let text = match &self.0 {
            Cells::Csv(header, cells) => {
                let place = header.iter().position(|name| name == column);
                place.and_then(|place| cells.get(place)).map(|text| Cow::Borrowed(text.trim()))
            }
            Cells::Json(members) => {
                let value = members.iter().find(|(name, _)| name == column).map(|(_, value)| value);
                let text = value.map_or(Ok(None), read)?;
                text.map(|text| Cow::Owned(text.trim().to_owned()))
            }
        };
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// Returns the names of its columns.
    pub fn columns(&self) -> Vec<&str> {
        match &self.0 {
            Cells::Csv(header, _) => header.iter().map(String::as_str).collect(),
            Cells::Json(members) => members.iter().map(|(name, _)| name.as_str()).collect(),
        }
    }
}

/// A row and where it stands, or what is wrong with it.
pub type Placed = (Place, Result<Row, String>);

/// A file being read.
#[derive(Debug)]
pub struct Rows<R> {
    records: Records<R>,
    kind: Kind,
    /// A record that was looked at and not read yet.
    first: Option<Record>,
    row: u64,
}

#[derive(Debug)]
enum Kind {
    Csv {
        reader: Box<csv::Reader<Fed>>,
        header: Arc<[String]>,
    },
    Json,
    /// A file without a single line.
    Empty,
}

impl<R: BufRead> Rows<R> {
    /// Begins to read. The format, where it is not known, is guessed from the first sign that is no blank: `{` and `[` begin
    /// JSON. What parts the cells of CSV, where it is not known, is what parts the header most often.
    ///
    /// # Errors
    /// A file that cannot be read, or a header that is none.
    pub fn open(source: R, format: Option<Format>, delimiter: Option<u8>) -> Result<Self, FeedError> {
        let mut records = Records::new(source);
        let mut first = records.next()?;
        if let Some(record) = &mut first
            && record.bytes.starts_with(b"\xEF\xBB\xBF")
        {
            record.bytes.drain(..3);
        }
        while first.as_ref().is_some_and(is_blank) {
            first = records.next()?;
        }
        let Some(first) = first else { return Ok(Self { records, kind: Kind::Empty, first: None, row: 0 }) };
        if let Some(what) = utf16(&first.bytes) {
            return Err(FeedError::file(first.line, what));
        }
        let begin = first.bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        let guessed = if matches!(begin, Some(b'{' | b'[')) { Format::JsonLines } else { Format::Csv };
        match format.unwrap_or(guessed) {
            Format::JsonLines => Ok(Self { records, kind: Kind::Json, first: Some(first), row: 0 }),
            Format::Csv => {
                let (first, named) = match named_delimiter(&first.bytes) {
                    None => (first, None),
                    named => match records.next()? {
                        Some(header) => (header, named),
                        None => return Ok(Self { records, kind: Kind::Empty, first: None, row: 0 }),
                    },
                };
                let delimiter = delimiter.or(named).unwrap_or_else(|| guess_delimiter(&first.bytes));
                let mut reader = Box::new(reader(delimiter));
                let line = first.line;
                let named = text(&first).and_then(|_| parse(&mut reader, &first));
                let cells = named.map_err(|what| FeedError::file(line, format!("the header: {what}")))?;
                let header = cells.iter().map(|name| name.trim().to_owned()).collect();
                records.delimiter = Some(delimiter);
                Ok(Self { records, kind: Kind::Csv { reader, header }, first: None, row: 0 })
            }
        }
    }

    /// Returns the names of the columns; `None` where each row has its own.
    pub fn header(&self) -> Option<&[String]> {
        match &self.kind {
            Kind::Csv { header, .. } => Some(header),
            Kind::Json | Kind::Empty => None,
        }
    }

    /// Returns whether not a single line is in the file.
    pub fn is_empty(&self) -> bool {
        matches!(self.kind, Kind::Empty)
    }

    /// Returns the next row and where it stands, or what is wrong with it; `None` at the end. Blank lines are no rows.
    ///
    /// # Errors
    /// What leaves the rest of the file unread.
    pub fn next_row(&mut self) -> Result<Option<Placed>, FeedError> {
        let mut next = match self.first.take() {
            Some(record) => Some(record),
            None => self.records.next()?,
        };
        while next.as_ref().is_some_and(is_blank) {
            next = self.records.next()?;
        }
        let Some(record) = next else { return Ok(None) };
        self.row = self.row.saturating_add(1);
        let place = Place { row: self.row, line: record.line };
        if let Some(Fault::Open(line)) = record.fault {
            let what = "a quotation mark opens here and nothing closes it; this row and what follows it are not read";
            return Err(FeedError::file(line, what));
        }
        let row = match &mut self.kind {
            Kind::Csv { reader, header } => text(&record).and_then(|_| parse(reader, &record)).and_then(|cells| {
                if cells.len() == header.len() {
                    return Ok(Row(Cells::Csv(Arc::clone(header), cells)));
                }
                Err(format!("the row has {} cells, the header {}", cells.len(), header.len()))
            }),
            Kind::Json => text(&record).and_then(object::read).map(|object| Row(Cells::Json(object.0))),
            Kind::Empty => return Ok(None),
        };
        Ok(Some((place, row)))
    }
}

fn is_blank(record: &Record) -> bool {
    record.fault.is_none() && record.bytes.iter().all(u8::is_ascii_whitespace)
}

/// Returns a record as text, or what is wrong with it.
fn text(record: &Record) -> Result<&str, String> {
    match record.fault {
        Some(Fault::TooLong) => return Err(format!("the row has more than {} KiB", RECORD_MAX / 1024)),
        Some(Fault::AfterQuote) => {
            return Err(
                "something stands behind a cell's closing quotation mark; within a cell it is doubled".to_owned()
            );
        }
        Some(Fault::Open(_)) | None => {}
    }
    if let Some(at) = memchr::memchr(0, &record.bytes) {
        return Err(format!("a NUL stands in it, at byte {}; the file is damaged, or no text", at.saturating_add(1)));
    }
    std::str::from_utf8(&record.bytes).map_err(|_| no_utf8(&record.bytes))
}

/// Returns what parts the cells of a header: a comma, a semicolon or a tab, whichever it has most of outside of quotation
/// marks.
fn guess_delimiter(header: &[u8]) -> u8 {
    let mut counts = [(b',', 0_u32), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in header {
        quoted ^= *byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(delimiter, _)| delimiter == byte && !quoted) {
            *count = count.saturating_add(1);
        }
    }
    // Of equals the first.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| delimiter)
}

/// Returns what parts cells where a line says nothing but that, as spreadsheets take it: `sep=;`.
fn named_delimiter(line: &[u8]) -> Option<u8> {
    match line.split_at_checked(4) {
        Some((name, [delimiter @ (b',' | b';' | b'|' | b'\t')])) if name.eq_ignore_ascii_case(b"sep=") => {
            Some(*delimiter)
        }
        _ => None,
    }
}

/// What a reader of CSV is fed: one record at a time, so that it never meets an end of file.
#[derive(Debug, Default)]
struct Fed {
    bytes: Vec<u8>,
    at: usize,
}

impl Read for Fed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at = self.at.saturating_add(count);
        Ok(count)
    }
}

fn reader(delimiter: u8) -> csv::Reader<Fed> {
    // A record is whole and has one line end, ours; a carriage return in it is a sign like others.
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter).terminator(csv::Terminator::Any(b'\n'));
    builder.from_reader(Fed::default())
}

/// Takes the cells of one record apart.
fn parse(reader: &mut csv::Reader<Fed>, record: &Record) -> Result<csv::StringRecord, String> {
    let fed = reader.get_mut();
    fed.bytes.clear();
    fed.bytes.extend_from_slice(&record.bytes);
    fed.bytes.push(b'\n');
    fed.at = 0;
    let mut cells = csv::StringRecord::new();
    match reader.read_record(&mut cells) {
        Ok(true) => Ok(cells),
        Ok(false) => Err("the row has no cells".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Texts = Result<Vec<Option<String>>, String>;

    fn all(bytes: &[u8]) -> Vec<(Place, Texts)> {
        let mut rows = Rows::open(bytes, None, None).unwrap();
        let mut all = Vec::new();
        while let Some((place, row)) = rows.next_row().unwrap() {
            let cells = |row: Row| {
                let columns = row.columns().into_iter().map(|name| row.cell(name).unwrap());
                columns.map(|cell| cell.map(|cell| cell.to_string())).collect()
            };
            all.push((place, row.map(cells)));
        }
        all
    }

    fn place(row: u64, line: u64) -> Place {
        Place { row, line }
    }

    fn cells(texts: &[&str]) -> Texts {
        Ok(texts.iter().map(|text| (!text.is_empty()).then(|| (*text).to_owned())).collect())
    }

    #[test]
    fn csv_is_read_with_any_delimiter_mark_and_line_end() {
        let rows = [(place(1, 2), cells(&["7K", "シャツ"])), (place(2, 4), cells(&["8K", ""]))];
        for text in [
            "txn,what\n7K,シャツ\n\n8K,\n",
            "\u{feff}txn;what\r\n7K; シャツ \r\n\r\n8K;\r\n",
            "txn\twhat\n7K\t\"シャツ\"\n\n8K\t",
        ] {
            assert_eq!(all(text.as_bytes()), rows, "{text:?}");
        }
        // A line that says what parts the cells, as spreadsheets take it, is no header.
        let rows = [(place(1, 3), cells(&["7K", "シャツ, 白"]))];
        for text in ["sep=;\ntxn;what\n7K;シャツ, 白\n", "\u{feff}SEP=;\r\n\"txn\";what\r\n7K;シャツ, 白\r\n"] {
            assert_eq!(all(text.as_bytes()), rows, "{text:?}");
        }
        let named = Rows::open("sep=|\na,b|c\n".as_bytes(), None, None).unwrap();
        assert_eq!(named.header().unwrap(), ["a,b", "c"]);
        let none = Rows::open("sep=long,b\n1,2\n".as_bytes(), None, None).unwrap();
        assert_eq!(none.header().unwrap(), ["sep=long", "b"], "it names no separator, and is a header");
        assert!(all(b"").is_empty() && all(b"\n\n").is_empty() && all(b"txn,what\n").is_empty());
    }

    #[test]
    fn json_lines_are_read_with_any_mark_and_line_end() {
        let rows = [(place(1, 1), cells(&["7K", "true"])), (place(2, 3), cells(&["8K"]))];
        assert_eq!(all(b"\xEF\xBB\xBF{\"txn\":\"7K\",\"shipped\":true}\r\n\r\n{\"txn\":\"8K\"}"), rows);
    }

    #[test]
    fn a_wrong_row_is_told_and_the_next_one_read() {
        let long = format!("a,b\n1,{}\n2,3\n", "x".repeat(1 << 20));
        for (text, part) in [
            (b"a,b\n1\n2,3\n".as_slice(), "the row has 1 cells, the header 2"),
            (b"a,b\n1,2,3\n2,3\n", "the row has 3 cells, the header 2"),
            (b"a,b\n1,x\0y\n2,3\n", "a NUL stands in it, at byte 4"),
            (b"a,b\n1,\x94\xad\x91\x97\n2,3\n", "looks like Shift_JIS"),
            (b"a,b\n\"1\"x,2\n2,3\n", "closing quotation mark"),
            (long.as_bytes(), "more than 256 KiB"),
        ] {
            let rows = all(text);
            assert!(rows[0].1.as_ref().unwrap_err().contains(part), "{part}: {:?}", rows[0]);
            assert_eq!(rows[1], (place(2, 3), cells(&["2", "3"])), "{part}");
        }
    }

    #[test]
    fn a_file_whose_rows_cannot_be_found_is_not_read_on() {
        let mut rows = Rows::open(b"a,b\n1,2\n\"3,4\n5,6\n".as_slice(), None, None).unwrap();
        assert!(rows.next_row().unwrap().unwrap().1.is_ok());
        let FeedError::File { line, what } = rows.next_row().unwrap_err() else { panic!("no error of the file") };
        assert_eq!(line, 3);
        assert!(what.contains("nothing closes it"));
        let utf16 = Rows::open(b"\xff\xfet\0x\0n\0\n\0".as_slice(), None, None).unwrap_err();
        assert!(utf16.to_string().contains("iconv -f UTF-16"), "{utf16}");
        for line in ["txn,shipped\n7K,now\n", "{\"txn\":\"7K\"}\n"] {
            let unmarked: Vec<u8> = line.encode_utf16().flat_map(u16::to_le_bytes).collect();
            for format in [None, Some(Format::Csv), Some(Format::JsonLines)] {
                let error = Rows::open(unmarked.as_slice(), format, None).unwrap_err();
                assert!(error.to_string().contains("iconv -f UTF-16LE"), "{format:?}: {error}");
            }
        }
        let header = Rows::open(b"a,\x94\xad\x91\x97\n".as_slice(), None, None).unwrap_err();
        assert!(header.to_string().starts_with("the header: ") && header.to_string().contains("CP932"), "{header}");
    }
}
