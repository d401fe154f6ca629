//! A catalog in CSV: the first row names the columns, each further row is an article. Commas, semicolons or tabs part the
//! cells, as the first row has them.

use super::column::{Cells, Column};
use super::{Faults, Form, Row};

/// What may part cells.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Reads all rows; `None` where the first row is wrong, so that nothing can be said about the others.
pub(super) fn read(text: &str, faults: &mut Faults) -> Option<(Form, Vec<Row>)> {
    let first = text.lines().next().unwrap_or_default();
    let count = |delimiter: &u8| first.bytes().filter(|byte| byte == delimiter).count();
    let delimiter = DELIMITERS.into_iter().rev().max_by_key(count).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    if !next(&mut reader, &mut record, faults) {
        faults.add(0, None, "the catalog is empty; its first row must name the columns");
        return None;
    }
    let columns = head(text, &record, delimiter, faults)?;
    let mut rows = Vec::new();
    let width = record.len();
    while next(&mut reader, &mut record, faults) {
        let at = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or_default();
        if record.len() != width {
            let what = format!("this row has {} cells, the first row has {width}", record.len());
            faults.add(at, None, what);
            continue;
        }
        let mut cells = Cells::default();
        for column in Column::ALL {
            let place = columns.get(column.place()).copied().flatten();
            cells.put(column, place.and_then(|place| record.get(place)).unwrap_or_default());
        }
        match cells.article() {
            Ok(article) => rows.push(Row { article, at }),
            Err(found) => found.into_iter().for_each(|(column, what)| faults.add(at, Some(column), what)),
        }
    }
    Some((Form::Csv { delimiter, columns }, rows))
}

/// Reads the next row; false at the end.
fn next(reader: &mut csv::Reader<&[u8]>, record: &mut csv::StringRecord, faults: &mut Faults) -> bool {
    match reader.read_record(record) {
        Ok(more) => more,
        Err(error) => {
            let at = error.position().and_then(|position| usize::try_from(position.byte()).ok());
            faults.add(at.unwrap_or_default(), None, error.to_string());
            false
        }
    }
}

/// Reads the first row: where each column is.
fn head(
    text: &str,
    record: &csv::StringRecord,
    delimiter: u8,
    faults: &mut Faults,
) -> Option<[Option<usize>; Column::ALL.len()]> {
    let mut columns = [None; Column::ALL.len()];
    let before = faults.found.len();
    for (place, word) in record.iter().enumerate() {
        let at = cell(text, 0, place, delimiter);
        match Column::parse(word) {
            Ok(column) => match columns.get_mut(column.place()) {
                Some(known @ None) => *known = Some(place),
                _ => faults.add(at, None, format!("the column {} stands twice", column.word())),
            },
            Err(what) => faults.add(at, None, what),
        }
    }
    let missing = |column: &Column| column.is_needed() && columns.get(column.place()).is_some_and(Option::is_none);
    for column in Column::ALL.into_iter().filter(missing) {
        faults.add(0, None, format!("there is no column {}", column.word()));
    }
    (faults.found.len() == before).then_some(columns)
}

/// Returns where the cell `place` begins, of the row that begins at `at` or behind the line ends there.
pub(super) fn cell(text: &str, at: usize, place: usize, delimiter: u8) -> usize {
    let bytes = text.as_bytes();
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let skipped = bytes.iter().skip(at).take_while(|byte| is_end(byte)).count();
    let begin = at.saturating_add(skipped);
    let (mut quoted, mut passed) = (false, 0_usize);
    for (offset, byte) in bytes.iter().skip(begin).enumerate() {
        if passed == place {
            return begin.saturating_add(offset);
        }
        match byte {
            b'"' => quoted = !quoted,
            byte if *byte == delimiter && !quoted => passed = passed.saturating_add(1),
            byte if is_end(byte) && !quoted => break,
            _ => {}
        }
    }
    // An empty last cell at the end of the text.
    if passed == place { bytes.len() } else { begin }
}
