//! The way out by SMTP: submission to the provider's server (RFC 6409), TLS from the first byte as the rule.
//!
//! lettre speaks the protocol; every phase is driven from here. Its own timeout covers the connecting only, and it takes
//! any 2yz or 3yz answer for success (hard-cases 2.2), so each phase has our deadline and each answer must have the
//! one code that means success. A small guard below it sees two things lettre does not tell: whether the final dot
//! left, and whether the server spoke without being asked.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::time::{Instant, timeout, timeout_at};

use super::reply::Passing;
use super::{Envelope, SendError, Sent};
use crate::connect::{ConnectError, Dialer, Login, Secret, Server, Tls, Wire, printable, read_line};

/// Most letters on one connection.
const LETTERS: u32 = 100;
/// A connection that was idle for longer is not used again: servers and middle boxes forget it.
const IDLE: Duration = Duration::from_secs(30);
/// Longest line of an answer (RFC 5321 section 4.5.3.1.5 says 512; lettre takes no more either).
const LINE_LIMIT: usize = 1024;
/// Most lines of one answer: several times those of any server. lettre reads an answer from its beginning again with each
/// line, so its work grows with the square of their number.
const LINES: usize = 128;
/// What is said of an answer with more.
const ENDLESS: &str = "the server's answer does not end";

/// How long each phase may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// Connection, handshake, greeting, EHLO and login together.
    pub connect: Duration,
    /// MAIL and RCPT.
    pub command: Duration,
    /// The permission to send the mail (DATA).
    pub data: Duration,
    /// The mail itself and the answer to the final dot.
    pub dot: Duration,
}

impl Default for Deadlines {
    /// RFC 5321 section 4.5.3.2, but a shorter time for a connection.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(60),
            command: Duration::from_secs(300),
            data: Duration::from_secs(120),
            dot: Duration::from_secs(600),
        }
    }
}

/// Settings of an SMTP outbox.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// The server.
    pub server: Server,
    /// User name and secret; none for a server that trusts this machine.
    pub login: Option<Login>,
    /// How long each phase may take.
    pub deadlines: Deadlines,
}

impl SmtpSettings {
    /// Returns the defaults for a server.
    pub fn new(server: Server, login: Option<Login>) -> Self {
        Self { server, login, deadlines: Deadlines::default() }
    }
}

/// A submission server.
#[derive(Debug)]
pub struct Smtp {
    settings: SmtpSettings,
    dialer: Dialer,
    live: Option<Live>,
    /// Whether the final dot of the letter under way was handed to the connection.
    dot: Arc<AtomicBool>,
    /// Whether the letter under way was begun, after the login.
    begun: bool,
}

/// An open, logged-in connection.
struct Live {
    connection: AsyncSmtpConnection,
    letters: u32,
    used: Instant,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Live({} letters)", self.letters)
    }
}

impl Smtp {
    /// Takes the settings; nothing is connected yet.
    pub fn new(settings: SmtpSettings) -> Result<Self, SendError> {
        if settings.server.tls == Tls::None && settings.login.is_some() {
            let why = "smtp: tls = \"none\" would show the password; use \"implicit\", or no login for a local server";
            return Err(SendError::Config(why.to_owned()));
        }
        let dialer = Dialer::new(settings.server.clone());
        Ok(Self { settings, dialer, live: None, dot: Arc::new(AtomicBool::new(false)), begun: false })
    }

    /// Sends one mail; see [`super::Outbox::send_until`]. A dialogue that is broken off is never taken up again.
    pub async fn send_until(&mut self, envelope: &Envelope, bytes: &[u8], end: Instant) -> Result<Sent, SendError> {
        self.dot.store(false, Ordering::Relaxed);
        self.begun = false;
        if let Ok(result) = timeout_at(end, self.send(envelope, bytes)).await {
            return result;
        }
        let cause = format!("{} had not answered when the time to send was up", self.settings.server);
        if self.dot.load(Ordering::Relaxed) {
            Err(SendError::Ambiguous { cause })
        } else if self.begun {
            Err(SendError::Broken { cause })
        } else {
            Err(SendError::Later { cause, all: true })
        }
    }

    /// Sends one mail; see [`super::Outbox::send`].
    ///
    /// A connection that was used before and turns out dead before the mail itself is replaced once.
    pub async fn send(&mut self, envelope: &Envelope, bytes: &[u8]) -> Result<Sent, SendError> {
        let reusable = |live: &Live| live.letters < LETTERS && live.used.elapsed() < IDLE;
        if !self.live.as_ref().is_some_and(reusable) {
            self.close().await;
        }
        let reused = self.live.is_some();
        match self.attempt(envelope, bytes).await {
            Err(SendError::Broken { .. }) if reused => self.attempt(envelope, bytes).await,
            other => other,
        }
    }

    async fn attempt(&mut self, envelope: &Envelope, bytes: &[u8]) -> Result<Sent, SendError> {
        // Out of `self` while it is in use: a cancelled dialogue is never taken up again.
        let mut live = match self.live.take() {
            Some(live) => live,
            None => self.connect().await?,
        };
        self.begun = true;
        let result = self.transfer(&mut live, envelope, bytes).await;
        live.letters = live.letters.saturating_add(1);
        live.used = Instant::now();
        match &result {
            Ok(_) => self.live = Some(live),
            // The dialogue is in order after a plain refusal; RSET makes sure. Anything else ends it.
            Err(SendError::Refused { .. } | SendError::Passing { .. } | SendError::Later { all: false, .. }) => {
                let reset = timeout(self.settings.deadlines.connect, live.connection.command(Rset)).await;
                if matches!(reset, Ok(Ok(answer)) if answer.has_code(250)) {
                    self.live = Some(live);
                }
            }
            Err(_) => {}
        }
        result
    }

    /// The four phases of one mail (RFC 5321 section 3.3).
    async fn transfer(&self, live: &mut Live, envelope: &Envelope, bytes: &[u8]) -> Result<Sent, SendError> {
        let deadlines = self.settings.deadlines;
        let address =
            |a: &crate::trade::Address| a.as_str().parse::<lettre::Address>().map_err(|e| format!("address {a}: {e}"));
        let from = address(&envelope.from).map_err(SendError::Config)?;
        // Where it goes to is a matter of this letter alone.
        let to = address(&envelope.to).map_err(|text| SendError::Refused { code: 0, text })?;
        let mut parameters = Vec::new();
        if !bytes.is_ascii() {
            if !live.connection.server_info().supports_feature(Extension::EightBitMime) {
                let text = "the letter has 8-bit bytes and the server does not take them (no 8BITMIME)".to_owned();
                return Err(SendError::Refused { code: 0, text });
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let mail = timeout(deadlines.command, live.connection.command(Mail::new(Some(from), parameters))).await;
        expect("MAIL", mail, &[250], deadlines.command)?;
        let rcpt = timeout(deadlines.command, live.connection.command(Rcpt::new(to, Vec::new()))).await;
        expect("RCPT", rcpt, &[250, 251], deadlines.command)?;
        let data = timeout(deadlines.data, live.connection.command(Data)).await;
        expect("DATA", data, &[354], deadlines.data)?;
        self.dot.store(false, Ordering::Relaxed);
        // lettre ends every mail with CRLF, dot, CRLF; without the mail's own last CRLF no empty line is added.
        let body = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
        let end = timeout(deadlines.dot, live.connection.message(body)).await;
        match expect("the final dot", end, &[250], deadlines.dot) {
            Ok(answer) => Ok(Sent { answer: printable(&answer.message().collect::<Vec<_>>().join(" ")) }),
            // A clear no is a no. Everything else after the dot may have been a yes.
            Err(Fault { error: SendError::Broken { cause }, answered: false }) if self.dot.load(Ordering::Relaxed) => {
                Err(SendError::Ambiguous { cause })
            }
            Err(fault) => Err(fault.error),
        }
    }

    async fn connect(&mut self) -> Result<Live, SendError> {
        let patience = self.settings.deadlines.connect;
        let now = Instant::now();
        let end = now.checked_add(patience).unwrap_or(now);
        match timeout_at(end, self.log_in(end)).await {
            Ok(result) => result,
            Err(_) => {
                let cause = format!("{} did not answer within {} s", self.settings.server, patience.as_secs());
                Err(SendError::Later { cause, all: true })
            }
        }
    }

    async fn log_in(&mut self, end: Instant) -> Result<Live, SendError> {
        let server = self.settings.server.to_string();
        let mut tcp = self.dialer.tcp(end).await.map_err(connect_error)?;
        let (wire, prefix) = match self.settings.server.tls {
            Tls::None => (Wire::new(tcp), &b""[..]),
            Tls::Implicit => (self.dialer.secure(tcp, end).await.map_err(connect_error)?, &b""[..]),
            Tls::StartTls => {
                starttls(&mut tcp, &server).await?;
                // lettre waits for a greeting, which the server does not repeat after STARTTLS.
                (self.dialer.secure(tcp, end).await.map_err(connect_error)?, &b"220 protected\r\n"[..])
            }
        };
        let dot = Arc::clone(&self.dot);
        let guarded = Guarded { inner: wire, prefix, line: Vec::new(), lines: 0, answered: false, dot };
        // An address literal instead of this machine's name, which is nobody's business.
        let hello = ClientId::Ipv4(Ipv4Addr::LOCALHOST);
        let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(guarded), &hello)
            .await
            .map_err(|e| not_yet(&server, "greeting", &e))?;
        if let Some(login) = &self.settings.login {
            authenticate(&mut connection, login, &server).await?;
        }
        Ok(Live { connection, letters: 0, used: Instant::now() })
    }

    /// Connects and logs in as for a letter, and ends the connection: nothing is sent.
    pub async fn reach(&mut self) -> Result<(), SendError> {
        self.close().await;
        self.live = Some(self.connect().await?);
        self.close().await;
        Ok(())
    }

    /// Ends the connection politely, without waiting long for the answer.
    pub async fn close(&mut self) {
        if let Some(mut live) = self.live.take() {
            let _ = timeout(self.settings.deadlines.connect.min(Duration::from_secs(5)), live.connection.command(Quit))
                .await;
        }
    }
}

/// An answer that is not the one that means success.
struct Fault {
    error: SendError,
    /// Whether the server clearly said no (4yz or 5yz).
    answered: bool,
}

/// Says that the server did not let us go on at this point, for a while.
fn not_yet(server: &str, phase: &str, error: &lettre::transport::smtp::Error) -> SendError {
    SendError::Later { cause: format!("{server} at {phase}: {}", reason(error)), all: true }
}

/// Logs in on a protected connection.
async fn authenticate(connection: &mut AsyncSmtpConnection, login: &Login, server: &str) -> Result<(), SendError> {
    let cause = |e: String| SendError::Later { cause: format!("no login to {server}: {e}"), all: true };
    let (secret, mechanisms) = match (login.secret)().await.map_err(cause)? {
        Secret::Password(secret) => (secret, &[Mechanism::Plain, Mechanism::Login][..]),
        Secret::Token(secret) => (secret, &[Mechanism::Xoauth2][..]),
    };
    let by_token = mechanisms.contains(&Mechanism::Xoauth2);
    if by_token && connection.server_info().get_auth_mechanism(mechanisms).is_none() {
        return Err(SendError::Login { text: format!("{server} takes no token: it does not offer XOAUTH2") });
    }
    let credentials = Credentials::new(login.user.clone(), secret.expose_secret().to_owned());
    let denied = |e: lettre::transport::smtp::Error| match e.is_permanent() {
        // A server that takes no token may ask back what of it to tell, and the library does not go on from there.
        is_permanent if by_token && (is_permanent || e.is_client()) => SendError::Login {
            text: format!(
                "{server} did not take the token; run the token_command of [outbox.smtp] by hand: it must print an access token for sending mail that has not run out"
            ),
        },
        true => SendError::Login { text: format!("{server}: {}", reason(&e)) },
        false => not_yet(server, "login", &e),
    };
    let answer = connection.auth(mechanisms, &credentials).await.map_err(denied)?;
    if answer.has_code(235) {
        return Ok(());
    }
    Err(SendError::Later { cause: format!("{server} answered {} to the login", answer.code()), all: true })
}

impl From<Fault> for SendError {
    fn from(fault: Fault) -> Self {
        fault.error
    }
}

/// Demands one of the codes that mean success in this phase.
///
/// An answer with another code, none, or none in time leaves the dialogue in an unknown state: it is broken off.
fn expect(
    phase: &str,
    answer: Result<Result<Response, lettre::transport::smtp::Error>, tokio::time::error::Elapsed>,
    codes: &[u16],
    patience: Duration,
) -> Result<Response, Fault> {
    let broken =
        |cause: String| Fault { error: SendError::Broken { cause: format!("{phase}: {cause}") }, answered: false };
    let error = match answer {
        Err(_) => return Err(broken(format!("no answer within {} s", patience.as_secs()))),
        Ok(Ok(answer)) if codes.iter().any(|code| answer.has_code(*code)) => return Ok(answer),
        Ok(Ok(answer)) => return Err(broken(format!("the answer {} makes no sense here", answer.code()))),
        Ok(Err(error)) => error,
    };
    let Some(code) = error.status().and_then(|code| code.to_string().parse::<u16>().ok()) else {
        return Err(broken(reason(&error)));
    };
    let text = reason(&error);
    // 421 ends the connection (RFC 5321 section 3.8). "5.5.0" is what overloaded servers say (hard-cases 1).
    let error = if code == 421 {
        SendError::Broken { cause: format!("{phase}: {code} {text}") }
    } else if error.is_transient() || text.starts_with("5.5.0") {
        SendError::Later { cause: format!("{phase}: {code} {text}"), all: false }
    } else if let Some(passing) = Passing::of(phase, code, &text) {
        SendError::Passing { cause: passing.say(&format!("{phase}: {code} {text}")) }
    } else {
        SendError::Refused { code, text: format!("{phase}: {text}") }
    };
    Err(Fault { error, answered: true })
}

/// Returns the innermost reason of an error: the server's words or the system's, escaped.
fn reason(error: &lettre::transport::smtp::Error) -> String {
    use std::error::Error as _;
    error.source().map_or_else(|| printable(&error.to_string()), |source| printable(&source.to_string()))
}

fn connect_error(error: ConnectError) -> SendError {
    if error.is_config() {
        SendError::Config(error.to_string())
    } else {
        SendError::Later { cause: error.to_string(), all: true }
    }
}

/// Asks for the change to TLS; when this returns, the next byte belongs to the handshake (F43).
async fn starttls(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), server: &str) -> Result<(), SendError> {
    let lost = |e: io::Error| SendError::Later { cause: format!("{server} before STARTTLS: {e}"), all: true };
    for command in ["", "EHLO [127.0.0.1]\r\n", "STARTTLS\r\n"] {
        stream.write_all(command.as_bytes()).await.map_err(lost)?;
        stream.flush().await.map_err(lost)?;
        let (last, offered) = read_answer(stream).await.map_err(lost)?;
        let code = if command.starts_with("EHLO") { "250" } else { "220" };
        if !last.starts_with(code) {
            return Err(SendError::Later {
                cause: format!("{server} before STARTTLS: {}", printable(&last)),
                all: true,
            });
        }
        if command.starts_with("EHLO") && !offered {
            let cause = format!("{server} does not offer STARTTLS (or somebody on the way removed the offer)");
            return Err(SendError::Later { cause, all: true });
        }
    }
    Ok(())
}

/// Reads a whole answer; returns its last line, and whether any line offers STARTTLS.
async fn read_answer(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(String, bool)> {
    let mut offered = false;
    for _ in 0..LINES {
        let line = read_line(stream, LINE_LIMIT).await?;
        offered |= line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS"));
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok((line, offered));
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, ENDLESS))
}

/// The stream below lettre.
struct Guarded {
    inner: Wire,
    /// Bytes to be read before those of the server.
    prefix: &'static [u8],
    /// The current line of an answer.
    line: Vec<u8>,
    /// How many lines the answer has so far.
    lines: usize,
    /// Whether the last command has its complete answer.
    answered: bool,
    /// Set as soon as the final dot is handed to the connection.
    dot: Arc<AtomicBool>,
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guarded")
    }
}

impl Guarded {
    /// Looks at bytes of an answer: no endless line, no endless number of them, and nothing beyond the line that ends the
    /// answer.
    fn look(&mut self, bytes: &[u8]) -> io::Result<()> {
        let bad = |why: &str| Err(io::Error::new(io::ErrorKind::InvalidData, why));
        for byte in bytes {
            if self.answered {
                return bad("the server said more than it was asked");
            }
            if *byte == b'\n' {
                self.answered = self.line.get(3) != Some(&b'-');
                self.line.clear();
                self.lines = self.lines.saturating_add(1);
                if !self.answered && self.lines >= LINES {
                    return bad(ENDLESS);
                }
            } else if self.line.len() >= LINE_LIMIT {
                return bad("a line of the server's answer is too long");
            } else {
                self.line.push(*byte);
            }
        }
        Ok(())
    }
}

impl AsyncRead for Guarded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.prefix.is_empty() {
            let (now, later) = this.prefix.split_at(this.prefix.len().min(buf.remaining()));
            buf.put_slice(now);
            this.prefix = later;
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        std::task::ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
        let fresh = buf.filled().get(before..).unwrap_or_default().to_vec();
        Poll::Ready(this.look(&fresh))
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        // lettre writes the dot by itself; dot-stuffing keeps this sequence out of the mail. From here on nobody can
        // tell whether the server got it.
        if buf.ends_with(b"\r\n.\r\n") {
            self.dot.store(true, Ordering::Relaxed);
        }
        self.answered = false;
        self.lines = 0;
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Guarded {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0))
    }
}
