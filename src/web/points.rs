//! Points in which something agreed on, ordered or offered is stated otherwise, as pages show them: the article by its name, amounts
//! and days as everywhere, and by how much more or less.

use serde_json::{Value, json};

use super::visit::Visit;
use crate::trade::item::Line;
use crate::trade::{Compared, Money, Transaction, When};
use crate::view::text;

/// What of a line can differ: how its point ends, and the key of the page's word for it.
const OF_LINE: [(&str, &str); 5] = [
    (" price", "confirm.unit"),
    (" quantity", "list.quantity"),
    (" item", "order.name"),
    (" article number", "order.sku"),
    ("", "order.name"),
];

/// What of a whole order can differ that has words of its own on pages, and their keys.
const OF_ALL: [(&str, &str); 2] = [("total", "txn.total"), ("paid and due together", "warnings.together")];

/// The lines that points may be about: those of the order, and of the terms.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lines<'a> {
    pub(super) ordered: &'a [Line],
    pub(super) offered: &'a [Line],
}

impl<'a> Lines<'a> {
    /// Returns those of a transaction as it was ordered and agreed on.
    pub(super) fn of(known: &'a Transaction) -> Self {
        let ordered = known.order().map(|(_, order)| order.lines.as_slice()).unwrap_or_default();
        let offered = known.terms().map(|(_, terms)| terms.lines.as_slice()).unwrap_or_default();
        Self { ordered, offered }
    }

    /// Returns the line that a point is about, and the key of the word for what of it differs.
    fn find(self, what: &str) -> Option<(&'a Line, &'static str)> {
        let rest = what.strip_prefix("line ")?;
        OF_LINE.into_iter().find_map(|(end, key)| {
            let id = rest.strip_suffix(end)?;
            let line = self.offered.iter().chain(self.ordered).find(|line| line.id == id)?;
            Some((line, key))
        })
    }
}

/// Returns the key of the page's words for what of a whole order differs.
fn of_all(what: &str) -> Option<&'static str> {
    OF_ALL.into_iter().find_map(|(one, key)| (one == what).then_some(key))
}

/// Returns a point by its parts: what of which article, what it was, what it is, and the difference.
pub(super) fn point(what: &str, was: &str, is: &str, lines: Lines<'_>, visit: &Visit) -> Value {
    let line = lines.find(what);
    let said = visit.words().sentence(what);
    let is_unit = line.is_some_and(|(_, key)| key == "confirm.unit");
    let more = Compared { what, agreed: was, stated: is }.difference();
    let times = line.filter(|_| is_unit).map(|(line, _)| line.quantity);
    let times = times.filter(|times| times.to_string() != "1");
    let in_all = more.zip(times).and_then(|(more, times)| more.times(times).ok());
    json!({
        "what": said, "key": line.map(|(_, key)| key).or(of_all(what)), "of": line.map(|(line, _)| line.item.name.as_str()),
        "was": worth(was, visit), "is": worth(is, visit), "more": more.as_ref().map(text::money_json),
        "times": times.filter(|_| in_all.is_some()).map(|times| times.to_string()),
        "in_all": in_all.as_ref().map(text::money_json),
    })
}

/// Returns what the sentence of a finding holds against each other, as a point; whether it is held against an order, nothing being
/// agreed on yet, is said with it.
pub(super) fn compared(sentence: &str, lines: Lines<'_>, visit: &Visit) -> Option<Value> {
    let Compared { what, agreed, stated } = Compared::of(sentence)?;
    let mut point = point(what, agreed, stated, lines, visit);
    if let Some(point) = point.as_object_mut() {
        point.insert("ordered".to_owned(), json!(sentence.contains(": ordered ")));
    }
    Some(point)
}

/// Returns a value as an amount, as a date, or as words in the reader's language.
fn worth(said: &str, visit: &Visit) -> Value {
    let money = Money::parse_line(said).ok();
    let date = When::parse(said).ok();
    let text = visit.told(said);
    json!({"money": money.as_ref().map(text::money_json), "date": text::when_json(date.as_ref()), "text": text})
}
