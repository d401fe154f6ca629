//! ASCII armor (RFC 9580 section 6): written by the library, read by the strict reader here.
//!
//! The library looks for armor anywhere in a text, which is kind to people and too kind to a mail from outside: here
//! the armor must be all there is. The checksum is not looked at, as RFC 9580 section 6.1 wants it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sequoia_openpgp::armor::{Kind, Writer};

use super::outer::Lines;

/// Returns `bytes` in armor of this kind, lines ending in LF.
pub(super) fn write(kind: Kind, bytes: &[u8]) -> String {
    let armored = || -> std::io::Result<Vec<u8>> {
        let size = bytes.len().saturating_mul(3) / 2;
        let sink = Vec::with_capacity(size.saturating_add(128));
        let mut writer = Writer::new(sink, kind).map_err(std::io::Error::other)?;
        std::io::Write::write_all(&mut writer, bytes)?;
        writer.finalize().map_err(std::io::Error::other)
    };
    // Writing to memory does not fail, and armor is ASCII.
    armored().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// Returns the binary content of exactly one armored block of `label` (such as `PGP MESSAGE`) with nothing but white
/// space around it, or what is wrong.
pub(super) fn read(text: &[u8], label: &str) -> Result<Vec<u8>, &'static str> {
    let text = text.trim_ascii();
    let mut lines = Lines::of(text).map(<[u8]>::trim_ascii_end);
    if lines.next() != Some(format!("-----BEGIN {label}-----").as_bytes()) {
        return Err("the encrypted part is not one armored OpenPGP message");
    }
    let end = format!("-----END {label}-----").into_bytes();
    let mut base64 = Vec::with_capacity(text.len());
    let mut in_headers = true;
    let mut checksum_seen = false;
    for line in &mut lines {
        if line == end {
            break;
        }
        if in_headers {
            // Headers ("Version: ...") end at the first empty line and are ignored.
            if line.is_empty() {
                in_headers = false;
            } else if !line.windows(2).any(|pair| pair == b": ") {
                return Err("the armor has no empty line after its headers");
            }
        } else if checksum_seen {
            return Err("the armor goes on after its checksum");
        } else if line.len() == 5 && line.starts_with(b"=") {
            checksum_seen = true;
        } else {
            base64.extend_from_slice(line);
        }
    }
    // No white space is left at the end, so the end line must have been the last thing there is.
    if !text.ends_with(&end) || lines.next().is_some() {
        return Err("the armor is cut off, or something stands behind it");
    }
    STANDARD.decode(base64).map_err(|_| "the armor is damaged")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn armor_is_read_as_it_was_written() {
        let bytes: Vec<u8> = (0..=255).collect();
        let armored = write(Kind::Message, &bytes);
        assert_eq!(read(armored.as_bytes(), "PGP MESSAGE").unwrap(), bytes);
        let crlf = format!("\r\n \r\n{}\r\n\t", armored.replace('\n', "\r\n"));
        assert_eq!(read(crlf.as_bytes(), "PGP MESSAGE").unwrap(), bytes);
    }

    #[test]
    fn a_wrong_or_absent_checksum_alone_does_no_harm_b12() {
        let with = "-----BEGIN PGP MESSAGE-----\nVersion: x\n\nAQID\n=AAAA\n-----END PGP MESSAGE-----";
        let without = with.replace("=AAAA\n", "");
        assert_eq!(read(with.as_bytes(), "PGP MESSAGE").unwrap(), [1, 2, 3]);
        assert_eq!(read(without.as_bytes(), "PGP MESSAGE").unwrap(), [1, 2, 3]);
    }

    #[test]
    fn nothing_may_stand_around_the_armor_b12() {
        let good = "-----BEGIN PGP MESSAGE-----\n\nAQID\n-----END PGP MESSAGE-----\n";
        let bad = [
            format!("hello\n{good}"),
            format!("{good}bye"),
            format!("{good}{good}"),
            good.replace("MESSAGE", "SIGNED MESSAGE"),
            good.replace("MESSAGE", "PUBLIC KEY BLOCK"),
            good.replace("-----END PGP MESSAGE-----\n", ""),
            good.replace("\n\n", "\n"),
            good.replace("AQID", "AQ*D"),
            good.replace("AQID", "AQID\n=AAAA\nAQID"),
            String::new(),
        ];
        for text in bad {
            assert!(read(text.as_bytes(), "PGP MESSAGE").is_err(), "{text}");
        }
    }
}
