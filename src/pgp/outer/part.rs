//! Lines, the parts between boundaries (RFC 2046 section 5.1.1), and quoted-printable (RFC 2045 section 6.7).

use memchr::memchr2;

/// The lines of a text that end in LF, CRLF or CR, without their ends.
#[derive(Debug)]
pub(in crate::pgp) struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Lines<'a> {
    pub(in crate::pgp) fn of(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    /// Returns what follows the line returned last.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let length = memchr2(b'\r', b'\n', self.rest).unwrap_or(self.rest.len());
        let (line, end) = self.rest.split_at_checked(length)?;
        self.rest = end.strip_prefix(b"\r\n").or_else(|| end.get(1..)).unwrap_or(&[]);
        Some(line)
    }
}

/// Returns what follows the first line.
pub(super) fn after_line(text: &[u8]) -> &[u8] {
    let mut lines = Lines::of(text);
    lines.next();
    lines.rest()
}

/// The parts of a multipart body.
#[derive(Debug)]
pub(super) struct Split<'a> {
    /// The parts, each without the line end before its closing boundary.
    pub(super) parts: Vec<&'a [u8]>,
    /// Whether the closing boundary was found.
    pub(super) closed: bool,
}

/// Splits a body at its boundary lines into at most `limit` parts; preamble and epilogue are left out.
pub(super) fn split<'a>(body: &'a [u8], boundary: &str, limit: usize) -> Split<'a> {
    let mut split = Split { parts: Vec::new(), closed: false };
    if boundary.is_empty() || boundary.len() > 70 {
        return split;
    }
    let mut lines = Lines::of(body);
    let mut begun: Option<&[u8]> = None;
    loop {
        let before = lines.rest();
        let Some(line) = lines.next() else { break };
        let Some(closing) = delimiter(line, boundary) else { continue };
        if let Some(part) = begun {
            let length = part.len().saturating_sub(before.len());
            split.parts.push(without_line_end(part.get(..length).unwrap_or(&[])));
        }
        begun = Some(lines.rest());
        split.closed = closing;
        if closing || split.parts.len() >= limit {
            return split;
        }
    }
    // A part that nothing closes still counts, so that the number of parts is right; `closed` tells the rest.
    split.parts.extend(begun);
    split
}

/// Returns whether a line is a boundary, and if so whether it is the closing one.
fn delimiter(line: &[u8], boundary: &str) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary.as_bytes())?;
    let (closing, rest) = rest.strip_prefix(b"--").map_or((false, rest), |rest| (true, rest));
    rest.iter().all(|b| matches!(b, b' ' | b'\t')).then_some(closing)
}

fn without_line_end(part: &[u8]) -> &[u8] {
    part.strip_suffix(b"\r\n").or_else(|| part.strip_suffix(b"\n")).or_else(|| part.strip_suffix(b"\r")).unwrap_or(part)
}

/// Undoes quoted-printable, or returns `None` where it is not well formed.
pub(super) fn quoted_printable(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    for line in Lines::of(text) {
        let mut rest = line.trim_ascii_end();
        let mut soft = false;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                b'=' if after.is_empty() => soft = true,
                b'=' => {
                    let (digits, after) = after.split_at_checked(2)?;
                    decoded.extend(hex::decode(digits).ok()?);
                    rest = after;
                }
                b'\t' | b' '..=b'~' => decoded.push(byte),
                _ => return None,
            }
        }
        if !soft {
            decoded.push(b'\n');
        }
    }
    Some(decoded)
}
