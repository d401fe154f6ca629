//! A reader for one shape of mail only: `multipart/encrypted` of two parts at the root (RFC 3156 section 4).
//!
//! Everything that arrives from anybody passes here before a general MIME parser sees a byte of it: one pass, no
//! recursion, no allocation beyond the mail's own size. It accepts any line ends, a byte order mark, and an mbox
//! `From ` line (B10). What it says about From and Message-ID is a hint, not a proof.

mod field;
mod part;

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};

pub(super) use self::part::Lines;
use self::{
    field::{ContentType, Fields},
    part::split,
};
use super::armor;
use crate::trade::id::{Address, MessageId};

/// What a mail looks like from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outer {
    /// Ordinary mail.
    NotOurs,
    /// A signed letter without encryption: `multipart/signed` with a machine part in it (B20).
    Unencrypted,
    /// A version of RFC 3156 that we do not know.
    NewerVersion,
    /// Encrypted mail in another shape than the accepted one, and why.
    Malformed(&'static str),
    /// The accepted shape.
    Encrypted(Encrypted),
}

/// The accepted outer form, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encrypted {
    /// The OpenPGP message in binary.
    pub message: Vec<u8>,
    /// The outer From, if there is exactly one with exactly one plain address.
    pub from: Option<Address>,
    /// The outer Message-ID, if there is exactly one.
    pub message_id: Option<MessageId>,
    /// The values of the Autocrypt headers, unfolded, at most four.
    pub autocrypt: Vec<String>,
}

/// The most bytes of a header: 64 KiB.
pub const HEADER_MAX: usize = 64 * 1024;

/// Looks at a mail as it arrived. Its size must have been checked before; the time taken is linear in it.
pub fn inspect(raw: &[u8]) -> Outer {
    let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    let raw = if raw.starts_with(b"From ") { part::after_line(raw) } else { raw };
    let (fields, body) = match Fields::read(raw, HEADER_MAX) {
        Ok(read) => read,
        // A header without end is ordinary rubbish, unless it says that it is meant for us.
        Err(fields) if fields.content_types().any(|t| t.is("multipart/encrypted")) => {
            return Outer::Malformed("the header is not complete, or larger than 64 KiB");
        }
        Err(_) => return Outer::NotOurs,
    };
    let mut types = fields.content_types();
    let Some(root) = types.next() else { return Outer::NotOurs };
    if types.next().is_some() {
        let ours = fields.content_types().any(|t| t.is("multipart/encrypted"));
        return if ours { Outer::Malformed("there are several Content-Type fields") } else { Outer::NotOurs };
    }
    if root.is("multipart/encrypted") {
        if !root.parameter("protocol").is_some_and(|p| p.eq_ignore_ascii_case("application/pgp-encrypted")) {
            return Outer::NotOurs;
        }
        return encrypted(&root, &fields, body);
    }
    other(&root, body)
}

/// Tells ordinary mail from letters that were changed on the way or sent without encryption (B14, B20, 4.4).
fn other(root: &ContentType, body: &[u8]) -> Outer {
    if !root.essence.starts_with("multipart/") {
        return Outer::NotOurs;
    }
    let Some(boundary) = root.parameter("boundary") else { return Outer::NotOurs };
    let parts = split(body, boundary, 16).parts;
    let inside = |essence: &str| {
        parts.iter().any(|part| {
            let fields = Fields::read(part, HEADER_MAX).map_or_else(|fields| fields, |(fields, _)| fields);
            fields.content_types().any(|t| t.is(essence))
        })
    };
    if inside("multipart/encrypted") || inside("application/pgp-encrypted") {
        return Outer::Malformed("changed on the way: the encrypted letter was wrapped into another mail");
    }
    let openpgp = root.parameter("protocol").is_some_and(|p| p.eq_ignore_ascii_case("application/pgp-signature"));
    if root.is("multipart/signed") && openpgp && contains(body, b"application/ld+json") {
        return Outer::Unencrypted;
    }
    Outer::NotOurs
}

fn encrypted(root: &ContentType, fields: &Fields, body: &[u8]) -> Outer {
    let Some(boundary) = root.parameter("boundary") else { return Outer::Malformed("there is no boundary") };
    let split = split(body, boundary, 3);
    let [control, message] = split.parts.as_slice() else {
        return Outer::Malformed("there are not exactly two parts");
    };
    if !split.closed {
        return Outer::Malformed("the mail is cut off: its last boundary is missing");
    }
    match part_content(control, "application/pgp-encrypted") {
        Err(reason) => return Outer::Malformed(reason),
        Ok(content) => match version(&content) {
            Some("1") => {}
            Some(other) if other.bytes().all(|b| b.is_ascii_digit()) => return Outer::NewerVersion,
            _ => return Outer::Malformed("the first part does not say \"Version: 1\""),
        },
    }
    let message = match part_content(message, "application/octet-stream").and_then(|content| binary(&content)) {
        Ok(message) => message,
        Err(reason) => return Outer::Malformed(reason),
    };
    Outer::Encrypted(Encrypted {
        message,
        from: fields.single("from").and_then(field::one_address),
        message_id: fields.single("message-id").and_then(|value| MessageId::parse(value).ok()),
        autocrypt: fields.all("autocrypt").take(4).map(str::to_owned).collect(),
    })
}

/// Returns the version that the control part names.
fn version(content: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(content).ok()?;
    let (name, value) = text.lines().find(|line| !line.trim().is_empty())?.split_once(':')?;
    name.trim().eq_ignore_ascii_case("version").then_some(value.trim()).filter(|value| !value.is_empty())
}

/// Returns the content of a part of exactly this type, its transfer encoding undone (B11).
fn part_content<'a>(part: &'a [u8], essence: &str) -> Result<Cow<'a, [u8]>, &'static str> {
    let (fields, body) = Fields::read(part, HEADER_MAX).map_err(|_| "a part has no end of its header")?;
    if fields.content_types().count() != 1 || !fields.content_types().all(|t| t.is(essence)) {
        return Err("the parts are not application/pgp-encrypted and then application/octet-stream");
    }
    let mut encodings = fields.all("content-transfer-encoding");
    let encoding = encodings.next().unwrap_or("7bit").trim().to_ascii_lowercase();
    if encodings.next().is_some() {
        return Err("a part has several transfer encodings");
    }
    match encoding.as_str() {
        "7bit" | "8bit" | "binary" => Ok(Cow::Borrowed(body)),
        "base64" => {
            let packed: Vec<u8> = body.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
            STANDARD.decode(packed).map(Cow::Owned).map_err(|_| "a part's base64 is damaged")
        }
        "quoted-printable" => {
            part::quoted_printable(body).map(Cow::Owned).ok_or("a part's quoted-printable is damaged")
        }
        _ => Err("a part has an unknown transfer encoding"),
    }
}

/// Returns an OpenPGP message in binary from its armor, or as it is where it has none.
fn binary(content: &[u8]) -> Result<Vec<u8>, &'static str> {
    // The first octet of every OpenPGP packet has its high bit set (RFC 9580 section 4.2); armor is ASCII.
    if content.first().is_some_and(|first| first & 0x80 != 0) {
        return Ok(content.to_vec());
    }
    armor::read(content, "PGP MESSAGE")
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mail of the accepted shape, with LF line ends.
    const GOOD: &str = "From: \"A, B\" <Shop@example.com>\nMessage-ID: <a@b>\nMIME-Version: 1.0\n\
        Content-Type: multipart/encrypted;\n\tprotocol=\"application/pgp-encrypted\"; boundary=\"x y\"\n\npreamble\n\
        --x y\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n\
        --x y\nContent-Type: application/octet-stream\n\n\
        -----BEGIN PGP MESSAGE-----\n\nwgQB\n-----END PGP MESSAGE-----\n\n--x y--\nepilogue\n";

    fn message(raw: &[u8]) -> Vec<u8> {
        match inspect(raw) {
            Outer::Encrypted(encrypted) => encrypted.message,
            other => panic!("{other:?} of {}", String::from_utf8_lossy(raw)),
        }
    }

    #[test]
    fn any_line_ends_a_mark_and_an_mbox_line_are_accepted_b10() {
        let expected = [0xc2, 4, 1];
        let mixed = GOOD.replacen('\n', "\r\n", 3);
        let no_end = GOOD.trim_end_matches("\nepilogue\n");
        for mail in [GOOD, &GOOD.replace('\n', "\r\n"), &GOOD.replace('\n', "\r"), &mixed, no_end] {
            assert_eq!(message(mail.as_bytes()), expected);
            assert_eq!(message(format!("\u{feff}{mail}").as_bytes()), expected);
            assert_eq!(message(format!("From a@b Sat Jul 18\n{mail}").as_bytes()), expected);
        }
    }

    #[test]
    fn the_hints_of_the_header_are_read() {
        let Outer::Encrypted(encrypted) = inspect(GOOD.as_bytes()) else { panic!() };
        assert_eq!(encrypted.from.unwrap().as_str(), "shop@example.com");
        assert_eq!(encrypted.message_id.unwrap().as_str(), "a@b");
        let twice = format!("From: a@b\nAutocrypt: a\nAutocrypt: b\n c\n{GOOD}");
        let Outer::Encrypted(encrypted) = inspect(twice.as_bytes()) else { panic!() };
        assert_eq!(encrypted.from, None);
        assert_eq!(encrypted.autocrypt, ["a", "b c"]);
    }

    #[test]
    fn transfer_encodings_are_undone_and_junk_in_them_is_not_b11() {
        let part = "Content-Type: application/octet-stream\n";
        let encoded = |encoding: &str, content: &str| {
            let armor = "-----BEGIN PGP MESSAGE-----\n\nwgQB\n-----END PGP MESSAGE-----\n";
            GOOD.replace(part, &format!("{part}Content-Transfer-Encoding: {encoding}\n")).replace(armor, content)
        };
        let base64 = "LS0tLS1CRUdJTiBQR1AgTUVTU0FHRS0tLS0tCgp3Z1FCCi0t\nLS0tRU5EIFBHUCBNRVNTQUdFLS0tLS0K\n";
        assert_eq!(message(encoded("Base64", base64).as_bytes()), [0xc2, 4, 1]);
        assert_eq!(message(encoded("base64", "wgQB\n").as_bytes()), [0xc2, 4, 1]);
        let quoted = "=2D----BEGIN PGP MESS=\nAGE-----\n\nwgQB\n-----END PGP MESSAGE-----  \n";
        assert_eq!(message(encoded("quoted-printable", quoted).as_bytes()), [0xc2, 4, 1]);
        for (encoding, content) in
            [("base64", "wg*QB\n"), ("quoted-printable", "=ZZ\n"), ("uuencode", "wgQB\n"), ("7bit", "wgQB\n")]
        {
            let mail = encoded(encoding, content);
            assert!(matches!(inspect(mail.as_bytes()), Outer::Malformed(_)), "{mail}");
        }
    }

    #[test]
    fn other_shapes_of_encrypted_mail_are_malformed_b4_b12_b14() {
        let control = "--x y\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n";
        let swapped = GOOD
            .replace("application/pgp-encrypted\n\nV", "application/tmp\n\nV")
            .replace("octet-stream", "pgp-encrypted")
            .replace("application/tmp", "application/octet-stream");
        let bad = [
            GOOD.replace(control, ""),
            GOOD.replace(control, &control.repeat(2)),
            swapped,
            GOOD.replace("--x y--", ""),
            GOOD.replace("Version: 1", "hello"),
            GOOD.replace("\nwgQB", "\nwgQB\n-----END PGP MESSAGE-----\nmore\n"),
            GOOD.replace("BEGIN PGP MESSAGE", "BEGIN PGP PUBLIC KEY BLOCK"),
            GOOD.replace("-----BEGIN", "text\n-----BEGIN"),
            format!("Content-Type: text/plain\n{GOOD}"),
            format!("X: {}\n{GOOD}", "y".repeat(HEADER_MAX)).replacen("X:", "Content-Type: multipart/encrypted\nX:", 1),
            format!("Content-Type: multipart/mixed; boundary=z\n\n--z\n{GOOD}\n--z\n\nfooter\n--z--\n"),
            GOOD.replace("multipart/encrypted", "multipart/mixed"),
        ];
        for mail in bad {
            assert!(
                matches!(inspect(mail.as_bytes()), Outer::Malformed(_)),
                "{:?} of {mail:.300}",
                inspect(mail.as_bytes())
            );
        }
        assert_eq!(inspect(GOOD.replace("Version: 1", "Version: 2").as_bytes()), Outer::NewerVersion);
    }

    #[test]
    fn ordinary_mail_is_left_alone_b1_b2_b3_b6() {
        let nested = "Content-Type: multipart/mixed; boundary=x\n\n--x\n".repeat(50_000);
        let rfc822 = "Content-Type: message/rfc822\r\n\r\n".repeat(40_000);
        let signed = "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=x\n\n--x\n";
        let ordinary: [&[u8]; 12] = [
            b"",
            b"\r\n\r\n\r\n",
            &[0; 5000],
            b"x",
            b"From: a@b\n\nhello\n",
            b"From ",
            rfc822.as_bytes(),
            nested.as_bytes(),
            &b"A: b\n".repeat(200_000),
            &b"(".repeat(1_000_000),
            signed.as_bytes(),
            b"Content-Type: multipart/encrypted; protocol=\"application/pkcs7-mime\"; boundary=x\n\n--x\n\n--x--\n",
        ];
        for mail in ordinary {
            assert_eq!(inspect(mail), Outer::NotOurs, "{:.60}", String::from_utf8_lossy(mail));
        }
    }

    #[test]
    fn a_letter_sent_in_clear_is_told_from_ordinary_signed_mail_b20() {
        let clear = "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=x\n\n--x\n\
            Content-Type: application/ld+json\n\n{}\n--x\nContent-Type: application/pgp-signature\n\n--x--\n";
        assert_eq!(inspect(clear.as_bytes()), Outer::Unencrypted);
    }
}
