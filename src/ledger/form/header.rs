//! Header fields of an entry: plain ASCII lines, one field each, and the rare text beyond ASCII in encoded words
//! (RFC 2047).
//!
//! Reads what it writes; it is no reader for mail from elsewhere.

use std::fmt::{Display, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::FormError;

/// The longest text that stands as it is; with the field's name it stays below the 998 bytes of RFC 5322 2.1.1.
const PLAIN_MAX: usize = 900;

/// Bytes of text in one encoded word: 39 make 52 characters of base64, below the 75 of RFC 2047 section 2.
const WORD_BYTES: usize = 39;

/// A header being written.
#[derive(Debug, Default)]
pub(super) struct Header(String);

impl Header {
    /// Writes a field whose value is known to be one line of printable ASCII.
    pub(super) fn field(&mut self, name: &str, value: impl Display) {
        let _ = writeln!(self.0, "{name}: {value}");
    }

    /// Writes a field where there is a value.
    pub(super) fn optional(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.field(name, value);
        }
    }

    /// Returns the header without the empty line that ends it.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// Returns text as a field may carry it: as it is, or in encoded words on lines of their own.
pub(super) fn encode(text: &str) -> String {
    let printable = text.bytes().all(|b| (b' '..=b'~').contains(&b));
    let bare_ends = !text.is_empty() && !text.starts_with(' ') && !text.ends_with(' ');
    if printable && bare_ends && text.len() <= PLAIN_MAX && !text.contains("=?") {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut word = String::new();
    for letter in text.chars() {
        if word.len().saturating_add(letter.len_utf8()) > WORD_BYTES {
            words.push(encoded_word(&word));
            word.clear();
        }
        word.push(letter);
    }
    words.push(encoded_word(&word));
    words.join("\n ")
}

fn encoded_word(text: &str) -> String {
    format!("=?UTF-8?B?{}?=", BASE64.encode(text))
}

/// Reads what `encode` wrote, after unfolding.
pub(super) fn decode(value: &str) -> Option<String> {
    if !value.contains("=?") {
        return Some(value.to_owned());
    }
    let mut text = String::new();
    for word in value.split_ascii_whitespace() {
        let inner = word.strip_prefix("=?UTF-8?B?")?.strip_suffix("?=")?;
        text.push_str(std::str::from_utf8(&BASE64.decode(inner).ok()?).ok()?);
    }
    Some(text)
}

/// A header that was read: names and unfolded values in their order.
#[derive(Debug)]
pub(super) struct Fields<'a>(Vec<(&'a str, std::borrow::Cow<'a, str>)>);

impl<'a> Fields<'a> {
    /// Reads a header: the text before the first empty line.
    pub(super) fn read(header: &'a str) -> Result<Self, FormError> {
        let mut fields: Vec<(&str, std::borrow::Cow<'_, str>)> = Vec::with_capacity(32);
        for line in header.lines() {
            if line.starts_with([' ', '\t']) {
                let (_, value) = fields.last_mut().ok_or(FormError::Shape("a header begins with a folded line"))?;
                value.to_mut().push(' ');
                value.to_mut().push_str(line.trim_start());
            } else {
                let (name, value) = line.split_once(':').ok_or(FormError::Shape("a header line has no colon"))?;
                fields.push((name, value.trim_start().into()));
            }
        }
        Ok(Self(fields))
    }

    /// Returns all values of a field.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }

    /// Returns the value of a field that may be there once.
    pub(super) fn optional(&self, name: &'static str) -> Result<Option<&str>, FormError> {
        let mut values = self.all(name);
        let value = values.next();
        if values.next().is_some() { Err(FormError::Twice(name)) } else { Ok(value) }
    }

    /// Returns the value of a field that must be there once.
    pub(super) fn one(&self, name: &'static str) -> Result<&str, FormError> {
        self.optional(name)?.ok_or(FormError::Missing(name))
    }

    /// Reads a field that must be there once.
    pub(super) fn parse<T>(&self, name: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<T, FormError> {
        let value = self.one(name)?;
        read(value).ok_or_else(|| FormError::field(name, value))
    }

    /// Reads every field of a name.
    pub(super) fn parse_all<T>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, FormError> {
        self.all(name).map(|value| read(value).ok_or_else(|| FormError::field(name, value))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_survives_a_field_and_no_text_makes_another_field() {
        let long = "日立 ".repeat(300);
        for text in
            ["", " ", "agreed JPY 4800, stated JPY 4900", "=?UTF-8?B?eA==?=", "a\r\nMailorder-Verdict: applied", &long]
        {
            let mut header = Header::default();
            header.field("Mailorder-Note", format!("late: {}", encode(text)));
            let header = header.finish();
            assert!(header.is_ascii() && header.lines().all(|line| line.len() < 998));
            let fields = Fields::read(&header).unwrap();
            let note = fields.one("Mailorder-Note").unwrap();
            assert_eq!(decode(note.strip_prefix("late: ").unwrap()).as_deref(), Some(text));
            assert_eq!(fields.all("Mailorder-Verdict").count(), 0);
        }
    }

    #[test]
    fn a_field_written_twice_is_refused() {
        let fields = Fields::read("Mailorder-Entry: 1\nMailorder-Entry: 2\n").unwrap();
        assert_eq!(fields.one("Mailorder-Entry").unwrap_err(), FormError::Twice("Mailorder-Entry"));
        assert_eq!(fields.one("Mailorder-Role").unwrap_err(), FormError::Missing("Mailorder-Role"));
    }
}
