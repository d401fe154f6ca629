//! A catalog in JSON: one list of objects, whose members have the names of the columns. All values are strings, since no
//! number holds a price exactly; the delivery methods may be a list of strings.

use serde::Deserialize;

use super::column::{Cells, Column};
use super::{Faults, Row};

/// An article as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    sku: Option<String>,
    name: Option<String>,
    price: Option<Exact>,
    currency: Option<String>,
    increment: Option<Exact>,
    stock: Option<Exact>,
    delivery: Option<Methods>,
    conditions: Option<String>,
}

/// A decimal number: a string, or a whole number.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a price, increment or stock is a string, like \"19.90\", or a whole number")]
enum Exact {
    Text(String),
    Whole(i64),
}

impl Exact {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Whole(number) => number.to_string(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "delivery is a string, or a list of strings")]
enum Methods {
    One(String),
    Many(Vec<String>),
}

/// Reads all objects of the list; `None` where it is no list, or ends before its end.
pub(super) fn read(text: &str, faults: &mut Faults) -> Option<Vec<Row>> {
    let mut at = blank(text, 0);
    if text.as_bytes().get(at) != Some(&b'[') {
        faults.add(at, None, "a catalog in JSON is one list: [ { ... }, { ... } ]");
        return None;
    }
    at = blank(text, at.saturating_add(1));
    let mut rows = Vec::new();
    if text.as_bytes().get(at) == Some(&b']') {
        return end(text, at, faults).then_some(rows);
    }
    loop {
        let end_of_object = object(text, at, &mut rows, faults)?;
        let behind = blank(text, end_of_object);
        match text.as_bytes().get(behind) {
            Some(b',') => at = blank(text, behind.saturating_add(1)),
            Some(b']') => return end(text, behind, faults).then_some(rows),
            _ => {
                faults.add(behind, None, "a comma or the end of the list is missing here");
                return None;
            }
        }
    }
}

/// Reads the object that begins at `at`; returns where it ends. One whose members are wrong is a fault, and the next is
/// read; after what is no JSON nothing can be.
fn object(text: &str, at: usize, rows: &mut Vec<Row>, faults: &mut Faults) -> Option<usize> {
    let rest = text.get(at..).unwrap_or_default();
    let mut reader = serde_json::Deserializer::from_str(rest).into_iter::<serde::de::IgnoredAny>();
    match reader.next() {
        Some(Ok(_)) => {}
        Some(Err(error)) => {
            faults.add(inside(rest, at, &error), None, plain(&error));
            return None;
        }
        None => {
            faults.add(at, None, "the list is not ended");
            return None;
        }
    }
    let length = reader.byte_offset();
    let own = rest.get(..length).unwrap_or_default();
    match serde_json::from_str::<Written>(own) {
        Ok(written) => match article(written) {
            Ok(article) => rows.push(Row { article, at }),
            Err(found) => found.into_iter().for_each(|(column, what)| faults.add(at, Some(column), what)),
        },
        Err(error) => faults.add(inside(own, at, &error), None, plain(&error)),
    }
    Some(at.saturating_add(length))
}

fn article(written: Written) -> Result<crate::role::articles::Article, Vec<(Column, String)>> {
    let delivery = written.delivery.map(|methods| match methods {
        Methods::One(text) => text,
        Methods::Many(list) => list.join(" "),
    });
    let [price, increment, stock] = [written.price, written.increment, written.stock].map(|one| one.map(Exact::text));
    let mut cells = Cells::default();
    for (column, text) in [
        (Column::Sku, &written.sku),
        (Column::Name, &written.name),
        (Column::Price, &price),
        (Column::Currency, &written.currency),
        (Column::Increment, &increment),
        (Column::Stock, &stock),
        (Column::Delivery, &delivery),
        (Column::Conditions, &written.conditions),
    ] {
        cells.put(column, text.as_deref().unwrap_or_default());
    }
    cells.article()
}

/// Checks that nothing follows the end of the list.
fn end(text: &str, at: usize, faults: &mut Faults) -> bool {
    let behind = blank(text, at.saturating_add(1));
    if behind < text.len() {
        faults.add(behind, None, "something stands behind the end of the list");
    }
    behind >= text.len()
}

/// Returns the place of the first character from `at` on that is no blank.
fn blank(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at.saturating_add(rest.len().saturating_sub(rest.trim_start().len()))
}

/// Returns the byte an error of the reader is about, of a text that begins at `at`.
fn inside(text: &str, at: usize, error: &serde_json::Error) -> usize {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let within = before.saturating_add(error.column().saturating_sub(1)).min(text.len());
    at.saturating_add((0..=within).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default())
}

/// Returns the words of an error without its place, which is that of a part of the text.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(text, _)| text.to_owned())
}

/// Returns where a member of the object at `at` begins.
pub(super) fn member(text: &str, at: usize, column: Column) -> Option<usize> {
    let rest = text.get(at..)?;
    let mut reader = serde_json::Deserializer::from_str(rest).into_iter::<serde::de::IgnoredAny>();
    reader.next()?.ok()?;
    let own = rest.get(..reader.byte_offset())?;
    own.find(&format!("\"{}\"", column.word())).map(|found| at.saturating_add(found))
}
