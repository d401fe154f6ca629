//! Names of things: digests, fingerprints, addresses, order IDs and transaction numbers.
//!
//! Each type can be made only by a checked `parse`, so that a value of it is always well formed. None of them is ever
//! used as a file name by itself.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A text that is not the name it should be: what was expected, and the offending text (escaped by `Debug`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct InvalidId {
    /// What the text should have been, with its form.
    pub expected: &'static str,
    /// The text as it came, cut to 80 characters.
    pub text: String,
}

impl InvalidId {
    pub(super) fn new(expected: &'static str, text: &str) -> Self {
        Self { expected, text: text.chars().take(80).collect() }
    }
}

/// Implements the string conversions that all names share, on top of `parse` and `Display`.
macro_rules! text_form {
    ($name:ident) => {
        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }
        crate::trade::as_text::as_text!($name, InvalidId);
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }
    };
}
pub(super) use text_form;

/// SHA-256 of a letter's signed bytes, of a ledger file or of a log: 32 bytes, written `sha256:` and 64 lower-case
/// hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Returns the SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Wraps 32 bytes that are a SHA-256 already.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the 64 hexadecimal digits without the `sha256:`.
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Reads `sha256:` and 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        text.strip_prefix("sha256:").map_or_else(|| Err(Self::invalid(text)), Self::parse_hex)
    }

    /// Reads 64 lower-case hexadecimal digits, as log lines and file names have them.
    pub fn parse_hex(text: &str) -> Result<Self, InvalidId> {
        let digit = |b: u8| match b {
            b'0'..=b'9' => Some(b.wrapping_sub(b'0')),
            b'a'..=b'f' => Some(b.wrapping_sub(b'a').wrapping_add(10)),
            _ => None,
        };
        let mut bytes = [0; 32];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != bytes.len() || !rest.is_empty() {
            return Err(Self::invalid(text));
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let (Some(high), Some(low)) = (digit(*high), digit(*low)) else { return Err(Self::invalid(text)) };
            *byte = (high << 4) | low;
        }
        Ok(Self(bytes))
    }

    fn invalid(text: &str) -> InvalidId {
        InvalidId::new("a digest (sha256: and 64 lower-case hexadecimal digits)", text)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 64];
        hex::encode_to_slice(self.0, &mut digits).map_err(|_| fmt::Error)?;
        write!(f, "sha256:{}", std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

text_form!(Digest);

/// The fingerprint of an OpenPGP primary key: 40 (v4) or 64 (v6) upper-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Reads 40 or 64 hexadecimal digits of either case; blanks between groups, as people copy them, are left out.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let mut digits = text.replace(' ', "");
        digits.make_ascii_uppercase();
        if matches!(digits.len(), 40 | 64) && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(digits))
        } else {
            Err(InvalidId::new("a fingerprint (40 or 64 hexadecimal digits)", text))
        }
    }

    /// Returns the digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the digits in groups of four, as people compare them.
    pub fn grouped(&self) -> String {
        let digits: Vec<char> = self.0.chars().collect();
        digits.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
    }

    /// Returns its first and last four digits, where there is no room for more.
    pub fn brief(&self) -> String {
        let end = self.0.len().saturating_sub(4);
        format!("{}…{}", self.0.get(..4).unwrap_or_default(), self.0.get(end..).unwrap_or_default())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_form!(Fingerprint);

/// A plain mail address (`local@domain`, RFC 5321 dot-string, ASCII), kept in lower case: addresses compare without
/// regard to case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(String);

impl Address {
    /// Reads one plain address without display name, comment, quotes or brackets; at most 254 bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId::new("a plain mail address (name@domain, ASCII)", text);
        let (local, domain) = text.split_once('@').ok_or_else(invalid)?;
        let atom = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
        };
        let label = |part: &str| {
            !part.is_empty()
                && part.len() <= 63
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if text.len() > 254
            || local.len() > 64
            || local.starts_with('-')
            || !local.split('.').all(atom)
            || !domain.split('.').all(label)
        {
            return Err(invalid());
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// Returns the address in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_form!(Address);

/// The buyer's name for an order before it has a number: 130 random bits as 26 characters of `A-Z2-7`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(String);

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Returns the part of an ID that people are shown.
pub fn short(id: &str) -> &str {
    id.get(..6).unwrap_or(id)
}

impl OrderId {
    /// Makes an order ID of 26 bytes, five bits of each; the bytes must be random or a digest.
    pub fn from_bytes(bytes: [u8; 26]) -> Self {
        let letter = |b: u8| BASE32.get(usize::from(b & 31)).copied().map_or('A', char::from);
        Self(bytes.into_iter().map(letter).collect())
    }

    /// Makes the stand-in for a transaction that no order of ours began, from SHA-256 of shop and number.
    pub fn stand_in(shop: &Address, number: &Number) -> Self {
        let digest = Digest::of(format!("{shop}\n{number}").as_bytes());
        let mut bytes = [0; 26];
        for (to, from) in bytes.iter_mut().zip(digest.as_bytes()) {
            *to = *from;
        }
        Self::from_bytes(bytes)
    }

    /// Reads exactly 26 characters of `A-Z2-7`.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if text.len() == 26 && text.bytes().all(|b| BASE32.contains(&b)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId::new("an order ID (26 characters of A-Z and 2-7)", text))
        }
    }

    /// Returns the 26 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part that people are shown, and may write.
    pub fn short(&self) -> &str {
        short(&self.0)
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_form!(OrderId);

/// The shop's number of a transaction (P26): a letter or digit, then up to 63 letters, digits, dots, underscores or
/// hyphens. Unique only together with the shop's address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(String);

impl Number {
    /// Makes a number of eight letters and digits, without those that look alike, of random bytes: a counter would tell
    /// buyers how much is sold.
    pub fn random(entropy: [u8; 32]) -> Self {
        const SIGNS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
        let sign = |byte: &u8| SIGNS.get(usize::from(byte & 31)).copied().map_or('2', char::from);
        Self(entropy.iter().take(8).map(sign).collect())
    }

    /// Reads a transaction number.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        if text.len() <= 64 && text.bytes().all(plain) && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId::new(
                "a transaction number (1 to 64 of A-Z a-z 0-9 . _ -, beginning with a letter or digit)",
                text,
            ))
        }
    }

    /// Returns the number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_form!(Number);

/// A Message-ID without its angle brackets (RFC 5322 section 3.6.4), at most 250 bytes of printable ASCII.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(String);

impl MessageId {
    /// Reads `left@right`, with or without angle brackets.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let bare = text.trim().strip_prefix('<').and_then(|t| t.strip_suffix('>')).unwrap_or(text.trim());
        let plain = |b: u8| b.is_ascii_graphic() && !b"<>()\\\"".contains(&b);
        let halves = bare.split_once('@').is_some_and(|(left, right)| !left.is_empty() && !right.is_empty());
        if halves && bare.len() <= 250 && bare.bytes().all(plain) {
            Ok(Self(bare.to_owned()))
        } else {
            Err(InvalidId::new("a Message-ID (left@right)", text))
        }
    }

    /// Returns the text between the angle brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_form!(MessageId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_never_lead_out_of_a_folder() {
        for bad in ["", "../../etc/x", "-rf", ".", "a b", "a\n", "%2f", "日立", &"9".repeat(65)] {
            assert!(Number::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Number::parse("2026-0710-1234").unwrap().as_str(), "2026-0710-1234");
    }

    #[test]
    fn addresses_are_plain_and_compare_without_case() {
        for bad in ["", "a", "a@", "@b", "a b@c", "\"a\"@b.c", "a@b,c@d", "<a@b>", "a@-b.c", "-a@b.c", "ä@b.c", "a@b@c"]
        {
            assert!(Address::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Address::parse("Shop@Example.COM").unwrap(), Address::parse("shop@example.com").unwrap());
    }

    #[test]
    fn digests_and_fingerprints_keep_their_case() {
        let digest = Digest::of(b"");
        assert_eq!(digest.to_string(), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(Digest::parse(&digest.to_string()).unwrap(), digest);
        assert!(Digest::parse(&digest.to_string().to_uppercase()).is_err());
        let fingerprint = Fingerprint::parse(&"ab12 ".repeat(10)).unwrap();
        assert_eq!(fingerprint.as_str(), "AB12".repeat(10));
        assert_eq!(fingerprint.grouped(), ["AB12"; 10].join(" "));
    }

    #[test]
    fn order_ids_have_130_bits() {
        let id = OrderId::from_bytes([255; 26]);
        assert_eq!(id.as_str(), "7".repeat(26));
        assert_eq!(OrderId::parse(id.as_str()).unwrap(), id);
        assert!(OrderId::parse(&"1".repeat(26)).is_err());
    }

    #[test]
    fn message_ids_lose_their_brackets() {
        assert_eq!(MessageId::parse(" <a.b@c> ").unwrap().as_str(), "a.b@c");
        assert!(MessageId::parse("<a@b> <c@d>").is_err());
    }
}
