//! The outer mail of a sealed letter: `multipart/encrypted` (RFC 3156 section 4), written only.
//!
//! What it shows is what every relay may know: two addresses, a date, a Message-ID. The reader is [`super::outer`].

use memchr::memchr;

use super::autocrypt::Header;
use super::outer::Lines;
use crate::trade::id::{Address, MessageId};

/// The outer header fields. From here on they are plain text that anybody can read and change.
#[derive(Debug, Clone, Copy)]
pub struct OuterHeaders<'a> {
    /// The sender.
    pub from: &'a Address,
    /// The one recipient.
    pub to: &'a Address,
    /// The date as RFC 5322 section 3.3 writes it.
    pub date: &'a str,
    /// The letter's Message-ID, the same in each sending.
    pub message_id: &'a MessageId,
    /// The outer subject: `[...]`.
    pub subject: &'a str,
    /// `auto-generated` or `auto-replied` (RFC 3834), so that no robot answers.
    pub auto_submitted: Option<&'a str>,
    /// Our certificate, made once for many mails.
    pub autocrypt: Option<&'a Header>,
}

/// An outer mail that may not be sent as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MimeError {
    /// A header value with a control character, a byte beyond ASCII, or more than 900 bytes.
    #[error("the outer header {0} cannot be written: its value must be one line of printable ASCII")]
    Header(&'static str),
    /// A token for the boundary that is not 1 to 60 letters and digits.
    #[error("the token for the boundary must be 1 to 60 ASCII letters and digits")]
    Token,
    /// The last check before sending failed: SMTP servers would change or refuse these bytes.
    #[error("line {line} of the mail has {what}; this is a fault of mailorder, please report it")]
    Unsafe {
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// Wraps an armored message as a mail: CRLF only, 7-bit ASCII, lines of at most 76 characters where the addresses
/// allow it. The same arguments give the same bytes; `token` (letters and digits) makes the boundary.
pub fn wrap(headers: &OuterHeaders<'_>, token: &str, armored: &[u8]) -> Result<Vec<u8>, MimeError> {
    if token.is_empty() || token.len() > 60 || !token.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(MimeError::Token);
    }
    let boundary = format!("mo-{token}");
    let message_id = format!("<{}>", headers.message_id);
    let mut fields: Vec<(&'static str, &str)> = vec![
        ("From", headers.from.as_str()),
        ("To", headers.to.as_str()),
        ("Date", headers.date),
        ("Message-ID", &message_id),
        ("Subject", headers.subject),
    ];
    fields.extend(headers.auto_submitted.map(|value| ("Auto-Submitted", value)));
    let mut mail = String::with_capacity(armored.len().saturating_add(armored.len() / 32).saturating_add(4096));
    for (name, value) in fields {
        if value.is_empty() || value.len() > 900 || !value.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            return Err(MimeError::Header(name));
        }
        mail.push_str(name);
        // A long value stands on a line of its own: the blank after the colon is where a field may be folded.
        let width = name.len().saturating_add(value.len()).saturating_add(2);
        mail.push_str(if width > 76 { ":\r\n " } else { ": " });
        mail.push_str(value);
        mail.push_str("\r\n");
    }
    if let Some(header) = headers.autocrypt {
        mail.push_str("Autocrypt: ");
        mail.push_str(header.folded());
        mail.push_str("\r\n");
    }
    mail.push_str("MIME-Version: 1.0\r\nContent-Type: multipart/encrypted;\r\n");
    mail.push_str(" protocol=\"application/pgp-encrypted\";\r\n boundary=\"");
    mail.push_str(&boundary);
    mail.push_str("\"\r\n\r\n--");
    mail.push_str(&boundary);
    mail.push_str("\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--");
    mail.push_str(&boundary);
    mail.push_str("\r\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\r\n");
    mail.push_str("Content-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n");
    let mut mail = mail.into_bytes();
    for line in Lines::of(armored) {
        mail.extend_from_slice(line);
        mail.extend_from_slice(b"\r\n");
    }
    for piece in ["\r\n--", &boundary, "--\r\n"] {
        mail.extend_from_slice(piece.as_bytes());
    }
    check_sendable(&mail)?;
    Ok(mail)
}

/// Refuses a mail that has a bare CR or LF, a NUL, a byte beyond ASCII, or a line over 998 bytes (RFC 5322 section
/// 2.1.1): the last check before bytes are sent, against SMTP smuggling (hard-cases 2.2).
pub fn check_sendable(mail: &[u8]) -> Result<(), MimeError> {
    let (mut number, mut rest) = (1_usize, mail);
    while let Some(end) = memchr(b'\n', rest) {
        let (line, after) = rest.split_at_checked(end.saturating_add(1)).unwrap_or((rest, &[]));
        let fault = match line.strip_suffix(b"\r\n") {
            // Nearly all lines are of this kind, and one look at all their bytes is the fastest.
            Some(text) if text.len() <= LINE_MAX && text.iter().all(|b| is_plain(*b)) => None,
            _ => Some(fault_of(line)),
        };
        if let Some(what) = fault {
            return Err(MimeError::Unsafe { line: number, what });
        }
        (number, rest) = (number.saturating_add(1), after);
    }
    if rest.is_empty() && !mail.is_empty() {
        return Ok(());
    }
    Err(MimeError::Unsafe { line: number, what: fault_of(rest) })
}

/// The most bytes of a line without its CRLF.
const LINE_MAX: usize = 998;

/// Returns whether a byte may stand within a line.
const fn is_plain(byte: u8) -> bool {
    !matches!(byte, 0 | b'\r' | b'\n' | 128..)
}

/// Returns what is wrong with a line that may not be sent, the first thing where there are several.
fn fault_of(line: &[u8]) -> &'static str {
    let mut last = 0;
    for (width, &byte) in line.iter().enumerate() {
        match byte {
            0 => return "a NUL",
            128.. => return "a byte beyond ASCII",
            b'\n' if last != b'\r' => return "a bare LF",
            _ if last == b'\r' && byte != b'\n' => return "a bare CR",
            b'\r' | b'\n' => {}
            _ if width >= LINE_MAX => return "more than 998 bytes",
            _ => {}
        }
        last = byte;
    }
    "no line end"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_mail_server_would_change_is_never_sent() {
        let long = format!("{}\r\n", "a".repeat(998));
        assert_eq!(check_sendable(long.as_bytes()), Ok(()));
        let bad = [
            ("a\n".into(), "a bare LF"),
            ("a\rb\r\n".into(), "a bare CR"),
            ("a\0\r\n".into(), "a NUL"),
            ("\u{e4}\r\n".into(), "a byte beyond ASCII"),
            (format!("{}\r\n", "a".repeat(999)), "more than 998 bytes"),
            ("a".into(), "no line end"),
            ("a\r".into(), "no line end"),
        ];
        for (mail, what) in bad {
            let mail: String = mail;
            assert_eq!(check_sendable(mail.as_bytes()), Err(MimeError::Unsafe { line: 1, what }), "{mail:?}");
        }
    }

    #[test]
    fn headers_cannot_be_smuggled_in() {
        let address = Address::parse("shop@example.com").unwrap();
        let message_id = MessageId::parse("a@b").unwrap();
        let good = OuterHeaders {
            from: &address,
            to: &address,
            date: "Sat, 18 Jul 2026 17:41:03 +0900",
            message_id: &message_id,
            subject: "[...]",
            auto_submitted: None,
            autocrypt: None,
        };
        assert!(wrap(&good, "0f1e", b"x").is_ok());
        let bad = OuterHeaders { subject: "a\r\nBcc: b@c", ..good };
        assert_eq!(wrap(&bad, "0f1e", b"x"), Err(MimeError::Header("Subject")));
        let bad = OuterHeaders { auto_submitted: Some("\u{e4}"), ..good };
        assert_eq!(wrap(&bad, "0f1e", b"x"), Err(MimeError::Header("Auto-Submitted")));
        for token in ["", "a\"b", "a b", &"a".repeat(61)] {
            assert_eq!(wrap(&good, token, b"x"), Err(MimeError::Token), "{token}");
        }
    }
}
