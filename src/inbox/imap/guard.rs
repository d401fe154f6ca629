//! A guard between the IMAP server and the parser: limits on lines, literals and nesting.
//!
//! imap-proto recurses over nested parentheses until the stack ends, which aborts the process, and reserves what a
//! literal announces (hard-cases 2.1). Our commands have answers with a handful of parentheses and literals of known
//! size, so everything beyond is refused before the parser sees it. The guard must never take for harmless what the
//! parser takes for structure: it knows a literal only where the parser does, in a FETCH response.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Longest line: a SEARCH answer over a window of UIDs is the longest we ask for.
const LINE_LIMIT: u64 = 2 * 1024 * 1024;
/// Most opening parentheses in one response, quoted ones included.
const PARENTHESES: u32 = 64;
/// Longest text that can matter at the beginning or at the end of a line: `* 4294967295 FETCH `, `{4294967295}`.
const EDGE: usize = 24;

/// Why a response was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Violation {
    #[error("has a line over {LINE_LIMIT} bytes")]
    Line,
    #[error("announces a literal of {0} bytes, more than was asked for")]
    Literal(u64),
    #[error("nests too many parentheses")]
    Nesting,
    #[error("has a line end inside quotes")]
    Quote,
    #[error("is larger than all that was asked for")]
    Total,
}

/// Watches the bytes of a server's responses.
#[derive(Debug)]
pub(super) struct Watch {
    /// Largest literal allowed, in bytes.
    literal_limit: u64,
    /// Bytes of the current literal still to come.
    literal: u64,
    /// Bytes of the current line so far.
    line: u64,
    /// Bytes of the current response so far.
    total: u64,
    /// Whether the current response is a FETCH.
    fetch: bool,
    parentheses: u32,
    quoted: bool,
    escaped: bool,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Watch {
    pub(super) const fn new(literal_limit: u64) -> Self {
        Self {
            literal_limit,
            literal: 0,
            line: 0,
            total: 0,
            fetch: false,
            parentheses: 0,
            quoted: false,
            escaped: false,
            head: Vec::new(),
            tail: Vec::new(),
        }
    }

    /// Looks at the next bytes.
    pub(super) fn look(&mut self, mut bytes: &[u8]) -> Result<(), Violation> {
        while let Some(byte) = bytes.first().copied() {
            if self.literal > 0 {
                let skip = usize::try_from(self.literal).unwrap_or(usize::MAX).min(bytes.len());
                self.literal = self.literal.saturating_sub(skip as u64);
                bytes = bytes.get(skip..).unwrap_or_default();
                continue;
            }
            bytes = bytes.get(1..).unwrap_or_default();
            self.byte(byte)?;
        }
        Ok(())
    }

    fn byte(&mut self, byte: u8) -> Result<(), Violation> {
        self.line = self.line.saturating_add(1);
        self.total = self.total.saturating_add(1);
        if self.line > LINE_LIMIT {
            return Err(Violation::Line);
        }
        if byte == b'\n' {
            return self.line_end();
        }
        if self.total <= EDGE as u64 {
            self.head.push(byte);
            self.fetch = is_fetch(&self.head);
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

    fn line_end(&mut self) -> Result<(), Violation> {
        let announced = if self.fetch {
            if self.quoted {
                return Err(Violation::Quote);
            }
            literal_size(&self.tail)
        } else {
            None
        };
        self.line = 0;
        self.quoted = false;
        self.escaped = false;
        self.tail.clear();
        if let Some(size) = announced {
            if size > self.literal_limit {
                return Err(Violation::Literal(size));
            }
            self.literal = size;
            self.total = self.total.saturating_add(size);
            if self.total > self.literal_limit.saturating_add(LINE_LIMIT) {
                return Err(Violation::Total);
            }
            return Ok(());
        }
        self.total = 0;
        self.fetch = false;
        self.parentheses = 0;
        self.head.clear();
        Ok(())
    }
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

/// A stream whose incoming bytes are watched.
#[derive(Debug)]
pub(super) struct Guarded<T> {
    inner: T,
    watch: Watch,
    violation: Option<Violation>,
}

impl<T> Guarded<T> {
    pub(super) const fn new(inner: T, literal_limit: u64) -> Self {
        Self { inner, watch: Watch::new(literal_limit), violation: None }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Guarded<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(violation) = this.violation {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, violation)));
        }
        let before = buf.filled().len();
        std::task::ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
        if let Err(violation) = this.watch.look(buf.filled().get(before..).unwrap_or_default()) {
            buf.set_filled(before);
            this.violation = Some(violation);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, violation)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Guarded<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(bytes: &[u8]) -> Result<(), Violation> {
        // Byte by byte and in one piece must come to the same.
        let whole = Watch::new(1000).look(bytes);
        let mut watch = Watch::new(1000);
        let pieces = bytes.chunks(1).try_for_each(|b| watch.look(b));
        assert_eq!(whole, pieces);
        whole
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
        assert_eq!(look(&vec![b'a'; 3 * 1024 * 1024]), Err(Violation::Line));
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
