//! Letter -> the bytes that are signed (wire format 1.2).
//!
//! A writer of one fixed shape, because the bytes are the product: the same letter and texts give the same bytes,
//! every line ends in CRLF and has at most 998 bytes, and exactly one CRLF stands behind the last boundary.

use super::headers::{self, Head};
use super::json;
use super::jsonld::{self, Graph};
use super::read::ReadError;
use super::text::{Texts, TextsError};
use crate::trade::{Digest, Kind, Letter};

/// Most bytes of a line without its CRLF (RFC 5322 section 2.1.1).
const MOST_LINE: usize = 998;

/// Why a letter cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A member of the envelope that this kind must have is missing.
    #[error("a letter of kind {kind} must have {member}")]
    Incomplete {
        /// The kind.
        kind: Kind,
        /// The member of `mo:Message`.
        member: &'static str,
    },
    /// Something in the letter no recipient would accept.
    #[error("the letter would be refused by its recipient: {0}")]
    Bounds(String),
    /// What was written cannot be read again.
    #[error("the letter would be set aside by its recipient: {0}")]
    Unreadable(#[from] ReadError),
    /// A line is longer than mail allows.
    #[error("a line of the letter has {0} bytes, at most {MOST_LINE} are possible; shorten the longest name or text")]
    LongLine(usize),
    /// The human text could not be made.
    #[error(transparent)]
    Text(#[from] TextsError),
}

/// Writes the bytes to be signed.
pub fn write(letter: &Letter, texts: &Texts) -> Result<Vec<u8>, WriteError> {
    if let Some(member) = jsonld::missing(letter) {
        return Err(WriteError::Incomplete { kind: letter.kind(), member });
    }
    let machine = jsonld::write(letter);
    let machine = serde_json::to_string_pretty(&machine).map_err(|e| WriteError::Bounds(e.to_string()))?;
    // What every recipient does with it: a letter that is sent can be read.
    let tree = json::parse(machine.as_bytes()).map_err(|e| WriteError::Bounds(e.to_string()))?;
    jsonld::read(&Graph::new(&tree)?, Head::of(letter))?;
    let text = texts.render(letter)?;
    let boundary = boundary(&text, &machine);
    let mut out = headers::write(letter, &texts.subject(letter), texts.language().word());
    out.push_str("Content-Type: multipart/alternative; hp=\"cipher\";\r\n boundary=\"");
    out.push_str(&boundary);
    out.push_str("\"\r\n\r\n");
    part(&mut out, &boundary, "text/plain; charset=utf-8", "", &text);
    part(&mut out, &boundary, "application/ld+json; charset=utf-8", "Content-Purpose: Machine-readable\r\n", &machine);
    for piece in ["--", &boundary, "--\r\n"] {
        out.push_str(piece);
    }
    match out.split("\r\n").map(str::len).max() {
        Some(longest) if longest > MOST_LINE => Err(WriteError::LongLine(longest)),
        _ => Ok(out.into_bytes()),
    }
}

/// Adds one part; `body` has LF line ends.
fn part(out: &mut String, boundary: &str, kind: &str, more: &str, body: &str) {
    for piece in ["--", boundary, "\r\nContent-Type: ", kind, "\r\nContent-Transfer-Encoding: 8bit\r\n", more, "\r\n"] {
        out.push_str(piece);
    }
    for line in body.trim_end_matches('\n').split('\n') {
        out.push_str(line);
        out.push_str("\r\n");
    }
}

/// Returns a boundary made of the parts themselves, one that stands in neither of them.
fn boundary(text: &str, machine: &str) -> String {
    let mut seed = format!("{text}\n{machine}");
    loop {
        let digest = Digest::of(seed.as_bytes()).hex();
        let boundary = format!("part-{}", digest.get(..32).unwrap_or_default());
        if !text.contains(&boundary) && !machine.contains(&boundary) {
            return boundary;
        }
        seed.push('+');
    }
}
