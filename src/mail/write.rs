//! Letter -> the bytes that are signed (wire format 1.2).
//!
//! A writer of one fixed shape, because the bytes are the product: the same letter and texts give the same bytes,
//! every line ends in CRLF and has at most 998 bytes, and exactly one CRLF stands behind the last boundary.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;

use super::headers::{self, Head};
use super::jsonld::{self, Graph};
use super::read::ReadError;
use super::text::{Texts, TextsError};
use super::{attached, json};
use crate::trade::download::FILE_MAX;
use crate::trade::{Digest, Download, Kind, Letter};

/// Most bytes of a line without its CRLF (RFC 5322 section 2.1.1).
const MOST_LINE: usize = 998;
/// About how many bytes stand around the parts, and in place of their line feeds.
const ROUND: usize = 1024;

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
    /// A file that the letter names is not the one that is at hand, or none is.
    #[error("the file {0:?}, which the letter says it has with it, is not at hand")]
    File(String),
    /// More files, or a larger one, than a letter may have.
    #[error("a letter carries one file of at most 512 KiB; send a larger one by a link")]
    FileTooLarge,
    /// The human text could not be made.
    #[error(transparent)]
    Text(#[from] TextsError),
}

/// Writes the bytes to be signed, of a letter without a file.
///
/// # Errors
/// Whatever no recipient would read: see [`WriteError`].
pub fn write(letter: &Letter, texts: &Texts) -> Result<Vec<u8>, WriteError> {
    write_with(letter, texts, &|_| None)
}

/// Writes the bytes to be signed; `file` returns the bytes with a digest, where the letter says that it has them with it.
///
/// # Errors
/// As for [`write`]; and where the file it names is not at hand, or is larger than a letter takes.
pub fn write_with<'a>(
    letter: &Letter,
    texts: &Texts,
    file: &dyn Fn(&Digest) -> Option<&'a [u8]>,
) -> Result<Vec<u8>, WriteError> {
    if let Some(member) = jsonld::missing(letter) {
        return Err(WriteError::Incomplete { kind: letter.kind(), member });
    }
    let machine = jsonld::write(letter);
    let machine = serde_json::to_string_pretty(&machine).map_err(|e| WriteError::Bounds(e.to_string()))?;
    // What every recipient does with it: a letter that is sent can be read.
    let tree = json::parse(machine.as_bytes()).map_err(|e| WriteError::Bounds(e.to_string()))?;
    jsonld::read(&Graph::new(&tree)?, Head::of(letter))?;
    let text = texts.render(letter)?;
    let mut out = headers::write(letter, &texts.subject(letter), texts.language().word());
    out.reserve(text.len().saturating_add(machine.len()).saturating_add(ROUND));
    let alternative = boundary(&text, &machine);
    match attachment(letter, file)? {
        None => begin(&mut out, "alternative; hp=\"cipher\"", &alternative),
        Some((named, bytes)) => {
            // Base64 has no hyphen: what stands in neither text stands nowhere.
            let mixed = format!("mixed-{}", alternative.trim_start_matches("part-"));
            begin(&mut out, "mixed; hp=\"cipher\"", &mixed);
            line(&mut out, &["--", &mixed]);
            begin(&mut out, "alternative", &alternative);
            parts(&mut out, &alternative, &text, &machine);
            attach(&mut out, &mixed, named, bytes);
            return finish(out);
        }
    }
    parts(&mut out, &alternative, &text, &machine);
    finish(out)
}

/// Returns the file that goes with a letter, as the letter names it, and its bytes.
fn attachment<'a, 'b>(
    letter: &'b Letter,
    file: &dyn Fn(&Digest) -> Option<&'a [u8]>,
) -> Result<Option<(&'b Download, &'a [u8])>, WriteError> {
    let mut named = attached::downloads(&letter.document);
    let Some(first) = named.next() else { return Ok(None) };
    if named.next().is_some() || first.size > FILE_MAX {
        return Err(WriteError::FileTooLarge);
    }
    let bytes = file(&first.digest).filter(|bytes| attached::is_it(bytes, first));
    bytes.map(|bytes| Some((first, bytes))).ok_or_else(|| WriteError::File(first.name.clone()))
}

/// Returns the bytes of a letter whose lines are no longer than mail allows.
fn finish(out: String) -> Result<Vec<u8>, WriteError> {
    let (mut begin, mut longest) = (0, 0);
    // Every line of ours ends in CRLF.
    for end in memchr::memchr_iter(b'\n', out.as_bytes()) {
        longest = end.saturating_sub(begin).saturating_sub(1).max(longest);
        begin = end.saturating_add(1);
    }
    if longest > MOST_LINE { Err(WriteError::LongLine(longest)) } else { Ok(out.into_bytes()) }
}

/// Adds one line.
fn line(out: &mut String, pieces: &[&str]) {
    pieces.iter().for_each(|piece| out.push_str(piece));
    out.push_str("\r\n");
}

/// Adds the type of a container and the empty line behind its header.
fn begin(out: &mut String, kind: &str, boundary: &str) {
    line(out, &["Content-Type: multipart/", kind, ";"]);
    line(out, &[" boundary=\"", boundary, "\""]);
    line(out, &[]);
}

/// Adds the two parts that every letter has, and the end of their container.
fn parts(out: &mut String, boundary: &str, text: &str, machine: &str) {
    part(out, boundary, "text/plain; charset=utf-8", "", text);
    part(out, boundary, "application/ld+json; charset=utf-8", "Content-Purpose: Machine-readable\r\n", machine);
    line(out, &["--", boundary, "--"]);
}

/// Adds a file and the end of the letter. Its name stands in the data alone, where it is data.
fn attach(out: &mut String, boundary: &str, named: &Download, bytes: &[u8]) {
    line(out, &["--", boundary]);
    line(out, &["Content-Type: application/octet-stream"]);
    line(out, &["Content-Transfer-Encoding: base64"]);
    line(out, &["Content-Disposition: attachment"]);
    line(out, &["Content-ID: <", &jsonld::content_id(&named.digest), ">"]);
    line(out, &[]);
    // 57 bytes make a line of 76 characters (RFC 2045 section 6.8).
    for piece in bytes.chunks(57) {
        line(out, &[&STANDARD.encode(piece)]);
    }
    line(out, &["--", boundary, "--"]);
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
        if memmem::find(seed.as_bytes(), boundary.as_bytes()).is_none() {
            return boundary;
        }
        seed.push('+');
    }
}
