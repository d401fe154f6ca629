//! Making JSON-LD nodes: members stand in the order they are given, what is not there is left out.
//!
//! They are read by `node`.

use std::fmt::Display;

use serde_json::{Map, Value, json};

use crate::trade::Money;

/// Text longer than this is written as several strings, so that no line of a letter grows beyond what mail may have.
const LONG: usize = 720;

/// A node being made.
pub(super) struct Made(Map<String, Value>);

/// Begins a node of a type.
pub(super) fn typed(name: &str) -> Made {
    Made(Map::from_iter([("@type".to_owned(), Value::from(name))]))
}

/// Begins a node that others refer to.
pub(super) fn named(id: &str, name: &str) -> Made {
    Made(Map::from_iter([("@id".to_owned(), Value::from(id)), ("@type".to_owned(), Value::from(name))]))
}

/// Returns a reference to a node.
pub(super) fn reference(id: &str) -> Value {
    json!({ "@id": id })
}

/// Returns a schema.org term as it is written: `https://schema.org/X`.
pub(super) fn term(name: &str) -> String {
    format!("https://schema.org/{name}")
}

impl Made {
    /// Adds a member as text.
    pub(super) fn text(self, key: &str, value: impl Display) -> Self {
        self.put(key, Value::String(value.to_string()))
    }

    /// Adds a member as text where it is there.
    pub(super) fn maybe<T: Display>(self, key: &str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.text(key, value),
            None => self,
        }
    }

    /// Adds a text of several sentences where it is there; a long one as several strings that read as one.
    pub(super) fn prose(self, key: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.put(key, long(value)),
            None => self,
        }
    }

    /// Adds an enumeration's term.
    pub(super) fn term(self, key: &str, name: &str) -> Self {
        self.text(key, term(name))
    }

    /// Adds any value; null is left out.
    pub(super) fn put(mut self, key: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        if !value.is_null() {
            self.0.insert(key.to_owned(), value);
        }
        self
    }

    /// Adds a list, left out when it is empty.
    pub(super) fn list(self, key: &str, values: Vec<Value>) -> Self {
        if values.is_empty() { self } else { self.put(key, values) }
    }

    /// Adds a list as schema.org has it: nothing, the one thing, or all.
    pub(super) fn some(self, key: &str, mut values: Vec<Value>) -> Self {
        match values.len() {
            0 => self,
            1 => self.put(key, values.remove(0)),
            _ => self.put(key, values),
        }
    }

    /// Adds `price` and `priceCurrency`.
    pub(super) fn price(self, money: &Money) -> Self {
        self.text("price", money.plain()).text("priceCurrency", money.currency())
    }

    /// Ends the node.
    pub(super) fn end(self) -> Value {
        Value::Object(self.0)
    }
}

/// Returns a text as one string, or as several pieces, each short as it stands in JSON.
fn long(text: &str) -> Value {
    let mut pieces = vec![String::new()];
    let mut size = 0_usize;
    for c in text.chars() {
        let width = if matches!(c, '"' | '\\' | '\n' | '\t') { 2 } else { c.len_utf8() };
        if size.saturating_add(width) > LONG {
            pieces.push(String::new());
            size = 0;
        }
        size = size.saturating_add(width);
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
    }
    if pieces.len() == 1 { Value::from(text) } else { Value::from(pieces) }
}
