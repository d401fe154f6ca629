//! Protected header fields (RFC 9788) and their one outer shape, in both directions.
//!
//! Where two readers could read a field differently, the letter is refused: each of the fields that matter stands
//! exactly once, names have no blanks, `From` and `To` are one plain address each (RFC 5322 section 3.6).

use base64::Engine as _;
use jiff::fmt::rfc2822::DateTimeParser;

use super::read::ReadError;
use crate::trade::{Address, Letter, MessageId, Moment};

/// Most bytes of a letter's header.
const MOST_HEADER: usize = 64 * 1024;
/// Most Message-IDs kept of `References`: the newest ones.
const MOST_REFERENCES: usize = 100;
/// The fields of which there must be exactly one (B49, B50).
const SINGLE: [&str; 6] = ["from", "to", "date", "message-id", "subject", "content-type"];

/// What the outer header fields of a letter are: the same as inside, but the subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outer {
    /// `From`.
    pub from: String,
    /// `To`.
    pub to: String,
    /// `Date`, as RFC 5322 section 3.3 writes it.
    pub date: String,
    /// `Message-ID`, with its angle brackets.
    pub message_id: String,
    /// `Subject`: says nothing.
    pub subject: &'static str,
    /// `Auto-Submitted`.
    pub auto_submitted: &'static str,
}

/// Returns the outer header fields of a letter.
pub fn outer(letter: &Letter) -> Outer {
    Outer {
        from: letter.from.address.to_string(),
        to: letter.to.address.to_string(),
        date: letter.date.rfc5322(),
        message_id: format!("<{}>", letter.id),
        subject: "[...]",
        // RFC 3834 section 5: an answer is auto-replied, anything else a program sends is auto-generated.
        auto_submitted: if letter.answers.is_some() { "auto-replied" } else { "auto-generated" },
    }
}

/// The protected fields of a letter, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) from: Address,
    pub(super) to: Address,
    pub(super) date: Moment,
    pub(super) id: MessageId,
    pub(super) references: Vec<MessageId>,
}

impl Head {
    /// Takes the protected fields of a letter that is being written.
    pub(super) fn of(letter: &Letter) -> Self {
        Self {
            from: letter.from.address.clone(),
            to: letter.to.address.clone(),
            date: letter.date,
            id: letter.id.clone(),
            references: letter.references.clone(),
        }
    }
}

/// Writes the protected fields, without the ones of MIME, each line with its CRLF.
pub(super) fn write(letter: &Letter, subject: &str, language: &str) -> String {
    let outer = outer(letter);
    let mut text = String::new();
    let mut field = |name: &str, value: &str| {
        for piece in [name, ": ", value, "\r\n"] {
            text.push_str(piece);
        }
    };
    field("From", &outer.from);
    field("To", &outer.to);
    field("Date", &outer.date);
    field("Message-ID", &outer.message_id);
    field("Subject", &encode(subject));
    if let Some(last) = letter.references.last() {
        field("In-Reply-To", &format!("<{last}>"));
        let all: Vec<String> = letter.references.iter().map(|id| format!("<{id}>")).collect();
        field("References", &all.join("\r\n "));
    }
    field("Auto-Submitted", outer.auto_submitted);
    field("Content-Language", language);
    field("HP-Outer", &format!("From: {}", outer.from));
    field("HP-Outer", &format!("To: {}", outer.to));
    field("HP-Outer", &format!("Date: {}", outer.date));
    field("HP-Outer", &format!("Message-ID: {}", outer.message_id));
    field("HP-Outer", &format!("Subject: {}", outer.subject));
    field("HP-Outer", &format!("Auto-Submitted: {}", outer.auto_submitted));
    field("MIME-Version", "1.0");
    text
}

/// Writes a value as encoded words (RFC 2047 section 2) where it is not plain ASCII.
fn encode(value: &str) -> String {
    if value.bytes().all(|b| matches!(b, 32..=126)) {
        return value.to_owned();
    }
    let mut words = Vec::new();
    let mut piece = String::new();
    for c in value.chars() {
        // 45 bytes make 60 characters of base64: a word of 72, where 75 are allowed.
        if piece.len().saturating_add(c.len_utf8()) > 45 {
            words.push(std::mem::take(&mut piece));
        }
        piece.push(c);
    }
    words.push(piece);
    let word = |piece: &String| format!("=?utf-8?B?{}?=", base64::engine::general_purpose::STANDARD.encode(piece));
    words.iter().map(word).collect::<Vec<_>>().join("\r\n ")
}

/// Reads the protected fields of a letter whose line ends are known to be CRLF.
pub(super) fn read(signed: &[u8]) -> Result<Head, ReadError> {
    let fields = fields(signed)?;
    for name in SINGLE {
        match fields.iter().filter(|(known, _)| known == name).count() {
            1 => (),
            0 => return Err(bad(format!("there is no protected {name} field"))),
            count => return Err(bad(format!("there are {count} protected {name} fields"))),
        }
    }
    let value = |name: &str| fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim());
    let address = |name: &str| Address::parse(value(name)).map_err(|e| bad(format!("the {name} field: {e}")));
    let id = value("message-id");
    let bracketed = id.starts_with('<') && id.ends_with('>');
    let id =
        MessageId::parse(id).ok().filter(|_| bracketed).ok_or_else(|| bad("the message-id field: not one <id>"))?;
    let mut references: Vec<MessageId> = ids(value("references"));
    if references.is_empty() {
        references = ids(value("in-reply-to"));
    }
    let surplus = references.len().saturating_sub(MOST_REFERENCES);
    references.drain(..surplus);
    Ok(Head { from: address("from")?, to: address("to")?, date: read_date(value("date"))?, id, references })
}

/// Reads the Message-IDs of a list; what is none is passed over, as nothing depends on threading.
fn ids(list: &str) -> Vec<MessageId> {
    list.split_ascii_whitespace().filter_map(|id| MessageId::parse(id).ok()).collect()
}

fn read_date(value: &str) -> Result<Moment, ReadError> {
    let zoned = DateTimeParser::new().parse_zoned(value).map_err(|e| bad(format!("the date field: {e}")))?;
    // Once more through the one door for moments, which keeps the years within reason.
    let moment = Moment::new(zoned.timestamp(), zoned.offset());
    Moment::parse(&moment.to_string()).map_err(|e| bad(format!("the date field: {e}")))
}

/// Returns the fields of the root, names in lower case, values unfolded.
fn fields(signed: &[u8]) -> Result<Vec<(String, String)>, ReadError> {
    let begin = signed.get(..MOST_HEADER.min(signed.len())).unwrap_or_default();
    let end = memchr::memmem::find(begin, b"\r\n\r\n");
    let end = end.ok_or_else(|| bad(format!("no end of the header within {MOST_HEADER} bytes")))?;
    let header = signed.get(..end).unwrap_or_default();
    let header = std::str::from_utf8(header).map_err(|_| bad("the header is not UTF-8"))?;
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in header.split("\r\n") {
        if line.starts_with([' ', '\t']) {
            let (_, value) = fields.last_mut().ok_or_else(|| bad("the header begins with a folded line"))?;
            value.push_str(line);
            continue;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| bad("a line of the header is no field"))?;
        if name.is_empty() || !name.bytes().all(|b| matches!(b, 33..=126)) {
            return Err(bad(format!("{name:?} is no name of a field")));
        }
        fields.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    Ok(fields)
}

fn bad(text: impl Into<String>) -> ReadError {
    ReadError::BadShape(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_values_beyond_ascii_become_encoded_words() {
        assert_eq!(encode("Order status 1"), "Order status 1");
        let encoded = encode(&"注文".repeat(20));
        assert!(encoded.split("\r\n ").all(|word| word.len() <= 75 && word.starts_with("=?utf-8?B?")), "{encoded}");
    }

    #[test]
    fn names_with_blanks_and_lines_that_are_no_field_are_refused() {
        // B49
        for bad in ["Fr om: a@b\r\n\r\n", "From\r\n\r\n", " From: a@b\r\n\r\n", "From : a@b\r\n\r\n", "From: a@b\r\n"] {
            assert!(fields(bad.as_bytes()).is_err(), "{bad:?}");
        }
        let unfolded = fields(b"References: <a@b>\r\n <c@d>\r\n\r\n").unwrap();
        assert_eq!(unfolded, [("references".to_owned(), " <a@b> <c@d>".to_owned())]);
    }
}
