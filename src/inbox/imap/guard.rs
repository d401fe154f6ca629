//! A guard between the IMAP server and the parser: it gives out whole responses that passed the watch, and no more of them
//! than were asked for.
//!
//! The parser begins anew with each piece of a response that arrives. Where a server sends it byte by byte, its work grows
//! with the square of the length; so pieces are held back until the response is complete, or there is a good deal of it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::watch::{Violation, Watch};

/// Bytes read from the server at once.
const PIECE: usize = 8 * 1024;
/// From so many bytes on, a response is given out in part.
const HELD: usize = 16 * 1024;
/// Most bytes a login may take.
const LOGIN: u64 = 64 * 1024;

/// A stream whose incoming bytes are watched.
#[derive(Debug)]
pub(super) struct Guarded<T> {
    inner: T,
    watch: Watch,
    violation: Option<Violation>,
    /// How many bytes the server may still send.
    allowed: u64,
    /// Bytes that passed, and how many of them are to be given out.
    held: Vec<u8>,
    ready: usize,
    /// Whether the server closed the connection.
    ended: bool,
}

impl<T> Guarded<T> {
    pub(super) const fn new(inner: T, literal_limit: u64) -> Self {
        let watch = Watch::new(literal_limit);
        Self { inner, watch, violation: None, allowed: LOGIN, held: Vec::new(), ready: 0, ended: false }
    }

    /// Allows the server so many bytes from now on, all it sends by itself included.
    pub(super) const fn allow(&mut self, bytes: u64) {
        self.allowed = bytes;
    }

    /// Returns the watch over what comes.
    pub(super) const fn watch(&mut self) -> &mut Watch {
        &mut self.watch
    }

    /// Takes in bytes of the server.
    fn take(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            self.ended = true;
            self.ready = self.held.len();
            return;
        }
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let Some(left) = self.allowed.checked_sub(length) else {
            self.violation = Some(Violation::Total);
            return;
        };
        self.allowed = left;
        match self.watch.look(bytes, &mut self.held) {
            Ok(complete) => self.ready = complete.unwrap_or(self.ready),
            Err(violation) => self.violation = Some(violation),
        }
        if self.held.len().saturating_sub(self.ready) >= HELD {
            self.ready = self.held.len();
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Guarded<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if let Some(violation) = this.violation {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, violation)));
            }
            if this.ready > 0 || this.ended {
                let now = this.ready.min(buf.remaining());
                buf.put_slice(this.held.get(..now).unwrap_or_default());
                this.held.drain(..now);
                this.ready = this.ready.saturating_sub(now);
                return Poll::Ready(Ok(()));
            }
            let mut room = [0; PIECE];
            let mut piece = ReadBuf::new(&mut room);
            std::task::ready!(Pin::new(&mut this.inner).poll_read(cx, &mut piece))?;
            this.take(piece.filled());
        }
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
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn a_response_that_comes_byte_by_byte_is_given_out_at_once() {
        let (mut server, ours) = tokio::io::duplex(1);
        let mut guarded = Guarded::new(ours, 1000);
        guarded.allow(100_000);
        let line = format!("* OK {}\r\n", "x".repeat(20_000));
        let sent = line.clone();
        let sender = tokio::spawn(async move {
            server.write_all(sent.as_bytes()).await.unwrap();
            server.write_all(b"A1 OK\r\n* 5 EXI").await.unwrap();
        });
        let (mut got, mut reads) = (Vec::new(), 0);
        let mut room = [0; 4096];
        loop {
            let count = guarded.read(&mut room).await.unwrap();
            if count == 0 {
                break;
            }
            got.extend_from_slice(&room[..count]);
            reads += 1;
        }
        sender.await.unwrap();
        assert_eq!(String::from_utf8(got).unwrap(), line + "A1 OK\r\n* 5 EXI", "to the last byte");
        assert!(reads < 12, "{reads} pieces");
    }

    #[tokio::test]
    async fn more_than_was_asked_for_is_an_error() {
        let mut guarded = Guarded::new(&b"* 1 EXISTS\r\n* 2 EXISTS\r\n"[..], 1000);
        guarded.allow(20);
        let error = guarded.read(&mut [0; 100]).await.unwrap_err();
        assert!(error.to_string().contains("larger than all that was asked for"), "{error}");
    }
}
