//! Header fields (RFC 5322 section 2.2) and the one structured value that matters, Content-Type (RFC 2045 section 5.1).

use super::part::Lines;
use crate::pgp::autocrypt::HEADER_MAX;
use crate::trade::id::Address;

/// The fields of a header that this reader has a use for, in their order, unfolded, names in lower case.
#[derive(Debug, Default)]
pub(super) struct Fields {
    fields: Vec<(&'static str, String)>,
}

const WANTED: [&str; 5] = ["content-type", "content-transfer-encoding", "from", "message-id", "autocrypt"];

/// Where a key is cut: behind what [`HEADER_MAX`] lets a key have.
const KEY_CUT: usize = HEADER_MAX + 1;

/// Returns whether a line begins an Autocrypt field.
fn begins_key(line: &[u8]) -> bool {
    const NAME: &[u8] = b"autocrypt:";
    line.get(..NAME.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(NAME))
}

impl Fields {
    /// Reads a header up to its empty line and returns it with what follows; a header that does not end within `limit`
    /// bytes comes back as the error.
    ///
    /// Keys do not count: whoever puts one of two megabytes into the header of another's letter must not keep it from being
    /// read (B54). What is longer than a key may be is cut, and no reader takes it for one.
    pub(super) fn read(raw: &[u8], limit: usize) -> Result<(Self, &[u8]), Self> {
        let mut fields = Self::default();
        let (mut counted, mut is_key, mut left) = (0_usize, false, raw.len());
        // Whether the line before belongs to a field that is kept, so that a folded line goes where it belongs.
        let mut keeping = false;
        let mut lines = Lines::of(raw);
        while let Some(line) = lines.next() {
            if line.is_empty() {
                return Ok((fields, lines.rest()));
            }
            let length = left.saturating_sub(lines.rest().len());
            left = lines.rest().len();
            let folded = line.starts_with(b" ") || line.starts_with(b"\t");
            is_key = if folded { is_key } else { begins_key(line) };
            counted = counted.saturating_add(if is_key { 0 } else { length });
            if counted > limit {
                return Err(fields);
            }
            let line = if is_key { line.get(..line.len().min(KEY_CUT)).unwrap_or(line) } else { line };
            let text = String::from_utf8_lossy(line);
            if folded {
                if let (true, Some((_, value))) = (keeping, fields.fields.last_mut())
                    && value.len() < KEY_CUT
                {
                    value.push(' ');
                    value.push_str(text.trim());
                }
                continue;
            }
            let (name, value) = text.split_once(':').unwrap_or(("", ""));
            let wanted = WANTED.iter().find(|wanted| name.eq_ignore_ascii_case(wanted));
            keeping = wanted.is_some();
            if let Some(name) = wanted {
                fields.fields.push((name, value.trim().to_owned()));
            }
        }
        Err(fields)
    }

    /// Returns the values of all fields of this name (in lower case).
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(n, _)| *n == name).map(|(_, value)| value.as_str())
    }

    /// Returns the value of the only field of this name.
    pub(super) fn single(&self, name: &str) -> Option<&str> {
        let mut values = self.all(name);
        values.next().filter(|_| values.next().is_none())
    }

    /// Returns the values of the Content-Type fields.
    pub(super) fn content_types(&self) -> impl Iterator<Item = ContentType> {
        self.all("content-type").map(ContentType::parse)
    }
}

/// A media type with its parameters.
#[derive(Debug)]
pub(super) struct ContentType {
    /// `type/subtype` in lower case.
    pub(super) essence: String,
    parameters: Vec<(String, String)>,
}

impl ContentType {
    /// Reads a value; what is not understood ends the parameters.
    fn parse(value: &str) -> Self {
        let (essence, mut rest) = value.split_once(';').unwrap_or((value, ""));
        let mut parameters = Vec::new();
        // More parameters than a few are nothing we would read.
        while let (Some((name, after)), true) = (rest.split_once('='), parameters.len() < 16) {
            let (value, after) = parameter_value(after.trim_start());
            parameters.push((name.trim().to_ascii_lowercase(), value));
            let Some(next) = after.trim_start().strip_prefix(';') else { break };
            rest = next;
        }
        Self { essence: essence.trim().to_ascii_lowercase(), parameters }
    }

    /// Returns whether this is the type, given in lower case.
    pub(super) fn is(&self, essence: &str) -> bool {
        self.essence == essence
    }

    /// Returns the value of the only parameter of this name (in lower case).
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut values = self.parameters.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str());
        values.next().filter(|_| values.next().is_none())
    }
}

/// Splits a parameter's value, a token or a quoted string, from what follows.
fn parameter_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (token, _) = text.split_once(';').unwrap_or((text, ""));
        return (token.trim().to_owned(), text.strip_prefix(token).unwrap_or(""));
    };
    let mut value = String::new();
    let mut letters = quoted.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => value.extend(letters.next()),
            other => value.push(other),
        }
    }
    (value, letters.as_str())
}

/// Returns the address of a From value that holds exactly one: plain, or in angle brackets after a name.
pub(super) fn one_address(value: &str) -> Option<Address> {
    let Some((name, rest)) = value.rsplit_once('<') else { return Address::parse(value.trim()).ok() };
    let address = rest.trim_end().strip_suffix('>')?;
    // A comma or a bracket outside quotes would begin another address.
    let mut quoted = false;
    for letter in name.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' | '<' | '>' | ';' | ':' if !quoted => return None,
            _ => {}
        }
    }
    Address::parse(address.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_taken_apart() {
        let parsed = ContentType::parse("Multipart/Encrypted ; Protocol = a/b; boundary=\"x;\\\"y\" ; z=1;");
        assert!(parsed.is("multipart/encrypted"));
        assert_eq!(parsed.parameter("protocol"), Some("a/b"));
        assert_eq!(parsed.parameter("boundary"), Some("x;\"y"));
        assert_eq!(parsed.parameter("z"), Some("1"));
        assert_eq!(ContentType::parse("a/b; x=1; x=2").parameter("x"), None);
        assert_eq!(ContentType::parse("a/b; x=\"1").parameter("x"), Some("1"));
    }

    #[test]
    fn one_plain_address_is_read_and_nothing_doubtful() {
        for good in ["a@b.c", "<a@b.c>", "A B <a@b.c>", "\"B, A\" <A@b.c>", "=?utf-8?q?x?= <a@b.c>"] {
            assert_eq!(one_address(good).unwrap().as_str(), "a@b.c", "{good}");
        }
        for bad in ["", "a@b.c, d@e.f", "a@b.c <d@e.f>, x <y@z>", "Group: a@b.c;", "x <a@b.c> y", "x <y> <a@b.c>"] {
            assert_eq!(one_address(bad), None, "{bad}");
        }
    }
}
