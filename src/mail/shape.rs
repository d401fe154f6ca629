//! The MIME shape of a letter: signed bytes to the human text and the machine part.
//!
//! One shape is read (wire format 1.2): `multipart/alternative; hp="cipher"` of text/plain and application/ld+json, or
//! `multipart/mixed` whose first part is that alternative; what follows are files. The MIME library stands behind a count of what could make
//! it go deep, because it may end the process on input of that kind; it is called inside `catch_unwind` all the same.

use std::sync::LazyLock;

use mail_parser::{ContentType, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use memchr::{memchr_iter, memchr3, memmem};

use super::read::ReadError;

/// Most bytes of a letter.
const MOST_BYTES: usize = 1024 * 1024;
/// Most places that could begin another level.
const MOST_NESTED: usize = 20;
/// Most fields that could begin a part.
const MOST_TYPED: usize = 40;
/// Most bytes of a media type that are looked at.
const MOST_TYPE: usize = 256;
/// Most levels of parts.
const MOST_DEPTH: usize = 8;
/// Most parts, those inside attached mails included.
const MOST_PARTS: usize = 32;

/// What stands in every machine part, wherever somebody may have put it.
const TRADE: &[u8] = b"\"mo:kind\"";

/// The two parts of a letter, and what is attached to it.
#[derive(Debug)]
pub(super) struct Parts {
    /// What people read; nothing is ever taken from it.
    pub(super) text: String,
    /// The JSON-LD, not looked at yet.
    pub(super) machine: Vec<u8>,
    /// Files behind the alternative, in their order, as they are once decoded.
    pub(super) files: Vec<Vec<u8>>,
}

/// Reads the fields of MIME alone; the others are read by `headers`.
static PARSER: LazyLock<MessageParser> =
    LazyLock::new(|| MessageParser::new().with_mime_headers().default_header_ignore());

/// Finds the two parts.
pub(super) fn parts(signed: &[u8]) -> Result<Parts, ReadError> {
    scan(signed)?;
    let parsed = std::panic::catch_unwind(|| {
        let message = PARSER.parse(signed);
        message.as_ref().map(take)
    });
    match parsed {
        Ok(Some(parts)) => parts,
        Ok(None) => Err(bad("it is not a MIME entity")),
        Err(_) => Err(bad("the MIME reader gave up on it")),
    }
}

/// Refuses, before the MIME library sees it, what is too large, has other line ends than CRLF or could go deep.
fn scan(signed: &[u8]) -> Result<(), ReadError> {
    if signed.len() > MOST_BYTES {
        return Err(ReadError::TooLarge);
    }
    let mut typed = 0_usize;
    let mut line = 0;
    // The end of each line in turn, and of what follows the last.
    while let Some(length) = signed.get(line..).and_then(|rest| memchr3(b'\r', b'\n', 0, rest)) {
        let end = line.saturating_add(length);
        if !begins(signed, end, b"\r\n") {
            return Err(bad("a bare CR or LF, or a NUL"));
        }
        if begins(signed, line, b"content-type") {
            typed = typed.saturating_add(1);
            check_type(signed.get(line..).unwrap_or_default())?;
        }
        line = end.saturating_add(2);
    }
    if begins(signed, line, b"content-type") {
        check_type(signed.get(line..).unwrap_or_default())?;
    }
    const CONTAINER: &[u8] = b"multipart";
    let is_container =
        |slash: &usize| slash.checked_sub(CONTAINER.len()).is_some_and(|at| begins(signed, at, CONTAINER));
    let nested = memchr_iter(b'/', signed).filter(is_container).count();
    if nested > MOST_NESTED || typed > MOST_TYPED {
        return Err(bad("too many parts within parts"));
    }
    Ok(())
}

/// Refuses the types of parts that hold mails, and all other containers than those of letters.
///
/// A mail within a mail may be encoded, so that what it holds cannot be counted here; the MIME library would take it
/// apart, level by level, each with its own copy. `field` begins with the name of a Content-Type field.
fn check_type(field: &[u8]) -> Result<(), ReadError> {
    let rest = field.get(b"content-type".len()..).unwrap_or_default().trim_ascii_start();
    let Some(value) = rest.strip_prefix(b":") else { return Ok(()) };
    let value: Vec<u8> = value.trim_ascii_start().iter().copied().take(MOST_TYPE).collect();
    let end = value.iter().position(|byte| matches!(byte, b';' | b'\r')).unwrap_or(value.len());
    let media = value.get(..end).unwrap_or_default().trim_ascii_end().to_ascii_lowercase();
    let token = |part: &[u8]| !part.is_empty() && part.iter().all(|b| b.is_ascii_alphanumeric() || b"-+._".contains(b));
    let mut halves = media.splitn(2, |byte| *byte == b'/');
    match (halves.next(), halves.next()) {
        (Some(kind), Some(subtype)) if token(kind) && token(subtype) => match (kind, subtype) {
            (b"multipart", b"alternative" | b"mixed") => Ok(()),
            (b"multipart" | b"message", _) => Err(bad("a part of a kind that no letter has")),
            _ => Ok(()),
        },
        _ => Err(bad("a Content-Type that is not written plainly")),
    }
}

fn begins(signed: &[u8], place: usize, word: &[u8]) -> bool {
    let end = place.saturating_add(word.len());
    signed.get(place..end).is_some_and(|found| found.eq_ignore_ascii_case(word))
}

fn take(message: &Message) -> Result<Parts, ReadError> {
    let mut census = Census::default();
    census.count(message, 1)?;
    if census.machine == 0 && memmem::find(message.raw_message(), TRADE).is_none() {
        return Err(ReadError::Ordinary);
    }
    if census.machine != 1 {
        return Err(bad(format!("{} machine parts, there must be one", census.machine)));
    }
    let root = message.parts.first().ok_or_else(|| bad("no parts"))?;
    let hp = root.content_type().and_then(|kind| kind.attribute("hp"));
    if !hp.is_some_and(|hp| hp.eq_ignore_ascii_case("cipher")) {
        return Err(bad("its header is not protected (no hp=\"cipher\")"));
    }
    let alternative = match (is(root, "multipart", "alternative"), is(root, "multipart", "mixed")) {
        (true, _) => root,
        (_, true) => child(message, root, 0).ok_or_else(|| bad("an empty multipart/mixed"))?,
        _ => return Err(bad("neither multipart/alternative nor multipart/mixed")),
    };
    if !is(alternative, "multipart", "alternative") || alternative.sub_parts().map(<[_]>::len) != Some(2) {
        return Err(bad("the first thing is not a multipart/alternative of two parts"));
    }
    match (child(message, alternative, 0), child(message, alternative, 1)) {
        (Some(text), Some(machine)) => {
            Ok(Parts { text: text_of(text)?, machine: machine_of(machine)?, files: files_of(message, root) })
        }
        _ => Err(bad("the two parts are not there")),
    }
}

/// Returns what is attached: the parts of a `multipart/mixed` behind the first, but those that hold others.
///
/// One in a broken transfer encoding is passed over; a letter that names it is refused for want of it.
fn files_of(message: &Message, root: &MessagePart) -> Vec<Vec<u8>> {
    if !is(root, "multipart", "mixed") {
        return Vec::new();
    }
    let bytes = |part: &MessagePart| match &part.body {
        _ if part.is_encoding_problem => None,
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => Some(bytes.to_vec()),
        PartType::Text(text) | PartType::Html(text) => Some(text.as_bytes().to_vec()),
        PartType::Message(_) | PartType::Multipart(_) => None,
    };
    let count = root.sub_parts().map_or(0, <[_]>::len);
    (1..count).filter_map(|place| child(message, root, place)).filter_map(bytes).collect()
}

fn child<'a>(message: &'a Message<'a>, part: &MessagePart, place: usize) -> Option<&'a MessagePart<'a>> {
    let id = part.sub_parts()?.get(place)?;
    message.parts.get(usize::try_from(*id).ok()?)
}

fn text_of(part: &MessagePart) -> Result<String, ReadError> {
    match &part.body {
        PartType::Text(text) if is(part, "text", "plain") => Ok(text.to_string()),
        _ => Err(bad("the first part is not text/plain")),
    }
}

fn machine_of(part: &MessagePart) -> Result<Vec<u8>, ReadError> {
    let (PartType::Binary(bytes) | PartType::InlineBinary(bytes)) = &part.body else {
        return Err(bad("the second part is not application/ld+json"));
    };
    let once = |name: &str| part.headers.iter().filter(|header| header.name().eq_ignore_ascii_case(name)).count() <= 1;
    let attached = part.content_disposition().is_some_and(ContentType::is_attachment);
    if !is(part, "application", "ld+json") || attached {
        return Err(bad("the second part is not application/ld+json, or is an attachment"));
    }
    if !once("Content-Type") || !once("Content-Transfer-Encoding") {
        return Err(bad("the machine part has a field twice"));
    }
    let charset = part.content_type().and_then(|kind| kind.attribute("charset"));
    if charset.is_some_and(|charset| !["utf-8", "us-ascii"].iter().any(|name| charset.eq_ignore_ascii_case(name))) {
        return Err(bad("the machine part is not in UTF-8"));
    }
    let known = ["7bit", "8bit", "binary", "base64", "quoted-printable"];
    let encoding = part.content_transfer_encoding();
    let known = encoding.is_none_or(|encoding| known.iter().any(|name| encoding.trim().eq_ignore_ascii_case(name)));
    if part.is_encoding_problem || !known {
        return Err(bad("the machine part is in a broken or unknown transfer encoding"));
    }
    Ok(bytes.to_vec())
}

fn is(part: &MessagePart, name: &str, subtype: &str) -> bool {
    part.content_type().is_some_and(|kind| {
        kind.ctype().eq_ignore_ascii_case(name) && kind.subtype().is_some_and(|sub| sub.eq_ignore_ascii_case(subtype))
    })
}

/// What a letter consists of, attached mails included.
#[derive(Default)]
struct Census {
    parts: usize,
    machine: usize,
}

impl Census {
    fn count(&mut self, message: &Message, depth: usize) -> Result<(), ReadError> {
        match message.parts.first() {
            Some(root) => self.part(message, root, depth),
            None => Ok(()),
        }
    }

    fn part(&mut self, message: &Message, part: &MessagePart, depth: usize) -> Result<(), ReadError> {
        self.parts = self.parts.saturating_add(1);
        if depth > MOST_DEPTH || self.parts > MOST_PARTS {
            return Err(bad(format!("more than {MOST_PARTS} parts or {MOST_DEPTH} levels")));
        }
        // A cryptographic layer below the root is an errant one (RFC 9787 section 4.5).
        if is(part, "multipart", "encrypted") || is(part, "multipart", "signed") {
            return Err(bad("a signed or encrypted part inside the letter"));
        }
        if is(part, "application", "ld+json") {
            self.machine = self.machine.saturating_add(1);
        }
        let below = depth.saturating_add(1);
        if let PartType::Message(inner) = &part.body {
            self.count(inner, below)?;
        }
        for place in 0..part.sub_parts().map_or(0, <[_]>::len) {
            if let Some(inner) = child(message, part, place) {
                self.part(message, inner, below)?;
            }
        }
        Ok(())
    }
}

fn bad(text: impl Into<String>) -> ReadError {
    ReadError::BadShape(text.into())
}
