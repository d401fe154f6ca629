//! Which mails are meant for us, told by the header alone.
//!
//! A letter is PGP/MIME encrypted (RFC 3156 section 4): `multipart/encrypted` with the protocol
//! `application/pgp-encrypted`. A delivery report is `multipart/report` of type `delivery-status` (RFC 3464). All else
//! is ordinary mail. What a letter really is, is judged later from its bytes; a wrong guess here costs a download.

/// What a mail is by its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// PGP/MIME encrypted: it may be a letter for us.
    Letter,
    /// A delivery report; unsigned, so it proves nothing.
    Report,
    /// Anything else.
    Ordinary,
}

/// Longest header that is looked at, in bytes.
pub(super) const HEADER_LIMIT: u64 = 64 * 1024;

/// Judges a mail by its header (or by the beginning of the mail, header first).
///
/// Two Content-Type fields make it ordinary: programs differ on which of them counts.
pub fn sift(mail: &[u8]) -> Kind {
    let mut fields = content_types(mail);
    match (fields.pop(), fields.is_empty()) {
        (Some(field), true) => judge(&field),
        _ => Kind::Ordinary,
    }
}

/// Returns the values of all Content-Type fields, unfolded.
fn content_types(mail: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = false;
    for (number, line) in mail.split(|b| *b == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        // An mbox "From " line, or a byte order mark, may stand before the first field (B10).
        if number == 0 && line.starts_with(b"From ") {
            continue;
        }
        let line = if number == 0 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            if let (true, Some(value)) = (inside, found.last_mut()) {
                let value: &mut String = value;
                value.push_str(&String::from_utf8_lossy(line));
            }
            continue;
        }
        let (name, value) = line.split_at(line.iter().position(|b| *b == b':').unwrap_or(line.len()));
        inside = name.trim_ascii_end().eq_ignore_ascii_case(b"content-type");
        if inside {
            found.push(String::from_utf8_lossy(value.get(1..).unwrap_or_default()).into_owned());
        }
    }
    found
}

fn judge(value: &str) -> Kind {
    let mut parts = parameters(value).into_iter();
    let media = parts.next().unwrap_or_default();
    let named = |wanted: &str| {
        parts.clone().find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"').trim().to_ascii_lowercase())
        })
    };
    match media.trim().to_ascii_lowercase().as_str() {
        "multipart/encrypted" if named("protocol").as_deref() == Some("application/pgp-encrypted") => Kind::Letter,
        "multipart/report" if named("report-type").as_deref() == Some("delivery-status") => Kind::Report,
        _ => Kind::Ordinary,
    }
}

/// Splits at the semicolons that stand outside quotes; comments in parentheses are left out (RFC 2045 section 5.1).
fn parameters(value: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut escaped, mut depth) = (false, false, 0_u32);
    for c in value.chars() {
        let plain = !escaped && depth == 0;
        match c {
            '"' if plain => quoted = !quoted,
            '(' if !quoted && !escaped => {
                depth = depth.saturating_add(1);
                continue;
            }
            ')' if !quoted && !escaped && depth > 0 => {
                depth = depth.saturating_sub(1);
                continue;
            }
            ';' if plain && !quoted => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        if let (0, Some(part)) = (depth, parts.last_mut()) {
            part.push(c);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const PGP: &str = "multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x";

    #[test]
    fn letters_are_known_in_every_usual_spelling() {
        for header in [
            format!("Content-Type: {PGP}\r\n\r\nbody"),
            format!("From: a@b.c\nContent-Type: {PGP}\n\nbody"),
            "content-type:MULTIPART/Encrypted ;\r\n\tboundary=\"a;b\";\r\n PROTOCOL=application/PGP-encrypted\r\n"
                .into(),
            format!("From a@b.c Sat Jul 18 2026\nContent-Type: {PGP}\n\n"),
            format!("\u{feff}Content-Type: {PGP}\n\n"),
            "Content-Type: multipart/encrypted (a; comment); protocol=\"application/pgp-encrypted\"".into(),
        ] {
            assert_eq!(sift(header.as_bytes()), Kind::Letter, "{header:?}");
        }
    }

    #[test]
    fn ordinary_mail_is_left_alone() {
        for header in [
            String::new(),
            "\r\n".into(),
            "\0\0\0".into(),
            "Content-Type: text/plain".into(),
            "Content-Type: multipart/encrypted".into(),
            "Content-Type: multipart/encrypted; protocol=application/pkcs7-mime".into(),
            "Content-Type: multipart/encrypted; x=\"; protocol=application/pgp-encrypted\"".into(),
            format!("Subject: x\r\n\r\nContent-Type: {PGP}\r\n"),
            format!("X-Content-Type: {PGP}\r\n"),
            format!("Content-Type: text/plain\r\nContent-Type: {PGP}\r\n"),
            "Content-Type: multipart/report; report-type=disposition-notification".into(),
        ] {
            assert_eq!(sift(header.as_bytes()), Kind::Ordinary, "{header:?}");
        }
    }

    #[test]
    fn delivery_reports_are_told_apart() {
        let header = "Content-Type: multipart/report; report-type=delivery-status;\n boundary=\"x\"\n\n";
        assert_eq!(sift(header.as_bytes()), Kind::Report);
    }
}
