//! What may reach the parser of an IMAP server's responses: limits on text, literals and nesting.
//!
//! imap-proto recurses over nested parentheses until the stack ends, which aborts the process, and reserves what a
//! literal announces (hard-cases 2.1). Our commands have answers with a handful of parentheses and literals of known
//! size, so everything beyond is refused before the parser sees it. The watch must never take for harmless what the
//! parser takes for structure: it knows a literal only where the parser does, in a FETCH response.
//!
//! The one answer that may be long, that of SEARCH, is read here and never given to the parser, which would begin anew
//! with each piece that arrives.

/// Most bytes of one response outside its literals.
const TEXT_LIMIT: u64 = 64 * 1024;
/// Most UIDs that one search may bring.
const FOUND_LIMIT: usize = 1_000_000;
/// Most opening parentheses in one response, quoted ones included.
const PARENTHESES: u32 = 64;
/// Longest text that can matter at the beginning or at the end of a line: `* 4294967295 FETCH `, `{4294967295}`.
const EDGE: usize = 24;
/// What the answer to a search begins with.
const SEARCH: &[u8] = b"* SEARCH";
/// Most bytes kept of an answer with a tag: enough for the server's reason.
const SAID_LIMIT: usize = 512;

/// Why a response was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Violation {
    #[error("has a response of over {TEXT_LIMIT} bytes")]
    Text,
    #[error("announces a literal of {0} bytes, more than was asked for")]
    Literal(u64),
    #[error("nests too many parentheses")]
    Nesting,
    #[error("has a line end inside quotes")]
    Quote,
    #[error("is larger than all that was asked for")]
    Total,
    #[error("names something that is no UID")]
    Uid,
}

/// Watches the bytes of a server's responses.
#[derive(Debug)]
pub(super) struct Watch {
    /// Largest literal allowed, in bytes; all those of one response together have no more.
    literal_limit: u64,
    /// Bytes of the current literal still to come.
    literal: u64,
    /// Bytes of the current response so far, outside its literals.
    text: u64,
    /// Bytes of the current response's literals.
    literals: u64,
    /// Whether the current response is a FETCH.
    fetch: bool,
    /// The number under way, where the current response is the answer to a search.
    search: Option<Option<u32>>,
    parentheses: u32,
    quoted: bool,
    escaped: bool,
    head: Vec<u8>,
    tail: Vec<u8>,
    /// What searches found.
    found: Vec<u32>,
    /// The last response with a tag, cut.
    said: Vec<u8>,
}

impl Watch {
    pub(super) const fn new(literal_limit: u64) -> Self {
        Self {
            literal_limit,
            literal: 0,
            text: 0,
            literals: 0,
            fetch: false,
            search: None,
            parentheses: 0,
            quoted: false,
            escaped: false,
            head: Vec::new(),
            tail: Vec::new(),
            found: Vec::new(),
            said: Vec::new(),
        }
    }

    /// Looks at the next bytes and adds those the parser may see to `out`; returns where in it the last complete response
    /// ends, where one does.
    pub(super) fn look(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<Option<usize>, Violation> {
        let mut complete = None;
        while let Some(byte) = bytes.first().copied() {
            if self.literal > 0 {
                let skip = usize::try_from(self.literal).unwrap_or(usize::MAX).min(bytes.len());
                let (inside, rest) = bytes.split_at_checked(skip).unwrap_or((bytes, &[]));
                self.literal = self.literal.saturating_sub(skip as u64);
                out.extend_from_slice(inside);
                bytes = rest;
                continue;
            }
            bytes = bytes.get(1..).unwrap_or_default();
            if self.search.is_some() {
                self.search_byte(byte)?;
            } else {
                out.push(byte);
                self.byte(byte, out)?;
            }
            if self.text == 0 {
                complete = Some(out.len());
            }
        }
        Ok(complete)
    }

    /// Returns what searches found since this was asked last.
    pub(super) fn take_found(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.found)
    }

    /// Returns the last response with a tag, cut where it is long.
    pub(super) fn said(&self) -> &[u8] {
        &self.said
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) -> Result<(), Violation> {
        self.text = self.text.saturating_add(1);
        if self.text > TEXT_LIMIT {
            return Err(Violation::Text);
        }
        if byte == b'\n' {
            return self.line_end();
        }
        if self.head.len() < SAID_LIMIT && self.literals == 0 {
            self.head.push(byte);
            if self.head.len() <= EDGE {
                self.fetch = is_fetch(&self.head);
            }
            if is_search(&self.head) {
                // All of it is still here: no response is given out in part before it is much longer.
                out.truncate(out.len().saturating_sub(self.head.len()));
                self.search = Some(None);
            }
        }
        if self.tail.len() >= EDGE {
            self.tail.remove(0);
        }
        self.tail.push(byte);
        if byte == b'(' {
            self.parentheses = self.parentheses.saturating_add(1);
            if self.parentheses > PARENTHESES {
                return Err(Violation::Nesting);
            }
        }
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' && self.quoted {
            self.escaped = true;
        } else if byte == b'"' {
            self.quoted = !self.quoted;
        }
        Ok(())
    }

    /// Reads on in the answer to a search: numbers with blanks between, until the line ends.
    fn search_byte(&mut self, byte: u8) -> Result<(), Violation> {
        let number = self.search.flatten();
        if byte.is_ascii_digit() {
            let digit = u32::from(byte.saturating_sub(b'0'));
            let longer = number.unwrap_or(0).checked_mul(10).and_then(|number| number.checked_add(digit));
            self.search = Some(Some(longer.ok_or(Violation::Uid)?));
            return Ok(());
        }
        if let Some(uid) = number {
            if self.found.len() >= FOUND_LIMIT {
                return Err(Violation::Total);
            }
            self.found.push(uid);
        }
        self.search = Some(None);
        match byte {
            b' ' | b'\r' => Ok(()),
            b'\n' => {
                self.end();
                Ok(())
            }
            _ => Err(Violation::Uid),
        }
    }

    fn line_end(&mut self) -> Result<(), Violation> {
        let announced = if self.fetch {
            if self.quoted {
                return Err(Violation::Quote);
            }
            literal_size(&self.tail)
        } else {
            None
        };
        self.quoted = false;
        self.escaped = false;
        self.tail.clear();
        if let Some(size) = announced {
            if size > self.literal_limit {
                return Err(Violation::Literal(size));
            }
            self.literal = size;
            self.literals = self.literals.saturating_add(size);
            if self.literals > self.literal_limit {
                return Err(Violation::Total);
            }
            return Ok(());
        }
        if !self.head.starts_with(b"*") && !self.head.starts_with(b"+") {
            self.said.clone_from(&self.head);
        }
        self.end();
        Ok(())
    }

    /// Gets ready for the next response.
    fn end(&mut self) {
        self.text = 0;
        self.literals = 0;
        self.fetch = false;
        self.search = None;
        self.parentheses = 0;
        self.head.clear();
        self.tail.clear();
    }
}

/// Tells whether this is the beginning of the answer to a search and nothing more: one blank behind the word, as the
/// parser wants it, or the end of the line, where nothing was found.
fn is_search(head: &[u8]) -> bool {
    let Some((last, word)) = head.split_last() else { return false };
    matches!(last, b' ' | b'\r') && word.eq_ignore_ascii_case(SEARCH)
}

/// Tells whether a response begins with `* NUMBER FETCH `, exactly as the parser reads it.
fn is_fetch(head: &[u8]) -> bool {
    let Some(rest) = head.strip_prefix(b"* ") else { return false };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    digits > 0 && rest.get(digits..digits.saturating_add(7)).is_some_and(|word| word.eq_ignore_ascii_case(b" FETCH "))
}

/// Reads `{SIZE}` and CR at the end of a line.
fn literal_size(tail: &[u8]) -> Option<u64> {
    let inner = tail.strip_suffix(b"}\r")?;
    let digits = inner.get(inner.iter().rposition(|b| *b == b'{')?.saturating_add(1)..)?;
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Too many digits for a number are too many bytes for us.
    Some(std::str::from_utf8(digits).ok()?.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(bytes: &[u8]) -> Result<(), Violation> {
        // Byte by byte and in one piece must come to the same.
        let (mut out, mut pieced) = (Vec::new(), Vec::new());
        let whole = Watch::new(1000).look(bytes, &mut out).map(drop);
        let mut watch = Watch::new(1000);
        let pieces = bytes.chunks(1).try_for_each(|b| watch.look(b, &mut pieced).map(drop));
        assert_eq!((whole, out), (pieces, pieced));
        whole
    }

    #[test]
    fn what_a_search_found_is_read_here_and_the_parser_sees_the_rest() {
        let text = b"* 3 EXISTS\r\n* SEARCH 1 22 4294967295\r\n* search\r\n* SEARCHING 5\r\nA1 OK done\r\nA2 N";
        let (mut watch, mut out) = (Watch::new(1000), Vec::new());
        let complete = watch.look(text, &mut out).unwrap();
        assert_eq!(watch.take_found(), [1, 22, u32::MAX]);
        assert_eq!(out, b"* 3 EXISTS\r\n* SEARCHING 5\r\nA1 OK done\r\nA2 N");
        assert_eq!((complete, watch.said()), (Some(out.len() - 4), &b"A1 OK done\r"[..]));
        assert_eq!(look(b"* SEARCH 4294967296\r\n"), Err(Violation::Uid));
        assert_eq!(look(b"* SEARCH 1 x\r\n"), Err(Violation::Uid));
        assert_eq!(look(&[b"* SEARCH".to_vec(), b" 7".repeat(1_000_001)].concat()), Ok(()));
        assert_eq!(look(&[b"* SEARCH".to_vec(), b" 7".repeat(1_000_002)].concat()), Err(Violation::Total));
    }

    #[test]
    fn an_honest_session_passes() {
        let body = "((((\"".repeat(100);
        let text = format!(
            "* OK [CAPABILITY IMAP4rev1 IDLE] ready \"(:\r\n* SEARCH 1 2 3\r\n* 1 FETCH (UID 1 RFC822.SIZE 500 \
             BODY[HEADER.FIELDS (CONTENT-TYPE)] {{{}}}\r\n{body})\r\nA0001 OK done {{5}}\r\n* 2 EXISTS\r\n",
            body.len()
        );
        assert_eq!(look(text.as_bytes()), Ok(()));
    }

    #[test]
    fn hostile_responses_are_refused_before_the_parser_sees_them() {
        // F15
        assert_eq!(look(b"* 1 FETCH (BODY[] {500000000}\r\n"), Err(Violation::Literal(500_000_000)));
        assert_eq!(look(b"* 1 FETCH (BODY[] {99999999999999999999}\r\n"), Err(Violation::Literal(u64::MAX)));
        assert_eq!(look("(".repeat(100_000).as_bytes()), Err(Violation::Nesting));
        assert_eq!(look(&vec![b'a'; 3 * 1024 * 1024]), Err(Violation::Text));
        let many =
            "* 1 FETCH (BODY[] {1000}\r\n".to_owned() + &format!("{} {{1000}}\r\n", "x".repeat(1000)).repeat(9999);
        assert_eq!(look(many.as_bytes()), Err(Violation::Total));
    }

    #[test]
    fn nesting_cannot_hide_where_the_parser_would_still_see_it() {
        let deep = "(".repeat(100);
        // Behind a literal that is none, in human text.
        assert!(look(format!("* OK full {{900}}\r\n* 1 FETCH (BODYSTRUCTURE {deep}").as_bytes()).is_err());
        assert!(look(format!("* OK 1 FETCH {{900}}\r\n* 1 FETCH (BODYSTRUCTURE {deep}").as_bytes()).is_err());
        // Across lines joined by a quoted line end, which imap-proto accepts.
        let line = format!("{} \"a\r\n\" ", "(".repeat(60));
        assert_eq!(look(format!("* 1 FETCH (BODYSTRUCTURE {}", line.repeat(5)).as_bytes()), Err(Violation::Quote));
        // Closed in quotes, opened outside.
        assert!(look(format!("* 1 FETCH {}", "(\")\"".repeat(100)).as_bytes()).is_err());
        // Across literals of one response.
        assert!(look(format!("* 1 FETCH {}", "((( {1}\r\nx".repeat(100)).as_bytes()).is_err());
    }
}
