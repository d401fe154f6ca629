//! Connections to mail servers: name lookup, TCP, TLS, each within a deadline.
//!
//! The other end must prove its name by a certificate that the system, or the account's own CA file, vouches for;
//! there is no switch to accept any other. Plain connections exist for one purpose, a server on this machine. What is
//! said over the connection is none of this module's business.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, crypto};
use rustls_platform_verifier::Verifier;
use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::{Instant, timeout_at};

/// The least time one of several addresses of a host gets, so that a dead one does not use up the whole deadline.
const ADDRESS_LEAST: Duration = Duration::from_secs(5);

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// TLS from the first byte (ports 993 and 465): the default (RFC 8314).
    Implicit,
    /// Plain first, then upgraded; a server that does not offer it gets neither password nor mail (F43).
    StartTls,
    /// Never protected: for servers on this machine only, and never with a password.
    None,
}

/// A server as the settings name it.
#[derive(Debug, Clone)]
pub struct Server {
    /// Host name or address; the certificate must be for it.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// A PEM file with further certificate authorities for this account.
    pub ca_file: Option<PathBuf>,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// What proves who we are to a server.
#[derive(Debug, Clone)]
pub enum Secret {
    /// A password (LOGIN, AUTH PLAIN).
    Password(SecretString),
    /// An OAuth 2 access token (XOAUTH2; OAUTHBEARER, RFC 7628).
    Token(SecretString),
}

/// Fetches the secret when it is needed, so that it is not kept longer than a login takes and may have changed.
pub type SecretSource = Arc<dyn Fn() -> SecretFuture + Send + Sync>;
/// A secret to come: a program of its owner's may have to be waited for.
pub type SecretFuture = Pin<Box<dyn Future<Output = Result<Secret, String>> + Send>>;

/// A user name with the way to its secret.
#[derive(Clone)]
pub struct Login {
    /// The user name.
    pub user: String,
    /// Where the secret comes from.
    pub secret: SecretSource,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({:?})", self.user)
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No address for the name.
    #[error("cannot find the address of {host}: {cause}; check the name and the network")]
    Lookup {
        /// The host name.
        host: String,
        /// The resolver's reason.
        cause: io::Error,
    },
    /// No address answered.
    #[error("cannot connect to {server}: {cause}")]
    Tcp {
        /// Host and port.
        server: String,
        /// The last address's reason.
        cause: io::Error,
    },
    /// The deadline passed.
    #[error("{server} did not answer within {seconds} s")]
    Slow {
        /// Host and port.
        server: String,
        /// The deadline in seconds.
        seconds: u64,
    },
    /// The handshake failed: expired or foreign certificate, wrong name, old protocol (F42).
    #[error("no secure connection to {server}: {cause}; nothing was sent to it")]
    Tls {
        /// Host and port.
        server: String,
        /// The reason.
        cause: io::Error,
    },
    /// The account's CA file cannot be used, or the system has no certificate authorities.
    #[error("cannot load certificate authorities{}: {cause}", .path.as_ref().map(|p| format!(" from {}", p.display())).unwrap_or_default())]
    Authorities {
        /// The account's file, where it is the cause.
        path: Option<PathBuf>,
        /// The reason.
        cause: String,
    },
    /// A plain connection to another machine was asked for.
    #[error(
        "{server} is not on this machine: tls = \"none\" is for local servers only; use \"implicit\" or \"starttls\""
    )]
    PlainAbroad {
        /// Host and port.
        server: String,
    },
}

impl ConnectError {
    /// Tells whether the settings must change before it can get better.
    pub fn is_config(&self) -> bool {
        matches!(self, Self::Authorities { .. } | Self::PlainAbroad { .. })
    }
}

/// What a connection must be able to do.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync + fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync + fmt::Debug> Stream for T {}

/// An open connection of any kind.
#[derive(Debug)]
pub struct Wire(Box<dyn Stream>);

impl Wire {
    /// Takes any stream: a socket, TLS on it, or a pipe in a test.
    pub fn new(stream: impl Stream + 'static) -> Self {
        Self(Box::new(stream))
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Makes connections to one server; keeps the certificate authorities once they are read.
#[derive(Debug)]
pub struct Dialer {
    server: Server,
    config: Option<Arc<ClientConfig>>,
}

impl Dialer {
    /// Takes the server; nothing is looked up or read yet.
    pub const fn new(server: Server) -> Self {
        Self { server, config: None }
    }

    /// Returns the server.
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// Opens a plain TCP connection until `deadline`, trying each address of the host.
    pub async fn tcp(&self, deadline: Instant) -> Result<TcpStream, ConnectError> {
        let start = Instant::now();
        let slow = || ConnectError::Slow {
            server: self.server.to_string(),
            seconds: deadline.saturating_duration_since(start).as_secs(),
        };
        let addresses = timeout_at(deadline, self.lookup()).await.map_err(|_| slow())??;
        if self.server.tls == Tls::None && !addresses.iter().all(|a| a.ip().is_loopback()) {
            return Err(ConnectError::PlainAbroad { server: self.server.to_string() });
        }
        let mut last = None;
        let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
        for address in addresses {
            let remaining = deadline.saturating_duration_since(Instant::now());
            let share = remaining.checked_div(left.max(1)).unwrap_or(remaining).max(ADDRESS_LEAST).min(remaining);
            left = left.saturating_sub(1);
            match tokio::time::timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => {
                    // Dialogues of short lines: waiting to fill packets costs 40 ms a mail (hard-cases 2.2).
                    let _ = tcp.set_nodelay(true);
                    return Ok(tcp);
                }
                Ok(Err(cause)) => last = Some(cause),
                Err(_) => {}
            }
        }
        Err(last.map_or_else(slow, |cause| ConnectError::Tcp { server: self.server.to_string(), cause }))
    }

    /// Puts TLS on a connection until `deadline`; the server must prove its configured name.
    pub async fn secure(&mut self, tcp: TcpStream, deadline: Instant) -> Result<Wire, ConnectError> {
        let config = match &self.config {
            Some(config) => Arc::clone(config),
            None => Arc::clone(self.config.insert(client_config(&self.server)?)),
        };
        let server = self.server.to_string();
        let tls_error = |cause| ConnectError::Tls { server: server.clone(), cause };
        let name = ServerName::try_from(self.server.host.clone()).map_err(|e| tls_error(io::Error::other(e)))?;
        let connector = tokio_rustls::TlsConnector::from(config);
        match timeout_at(deadline, connector.connect(name, tcp)).await {
            Ok(Ok(stream)) => Ok(Wire::new(stream)),
            Ok(Err(cause)) => Err(tls_error(cause)),
            Err(_) => Err(tls_error(io::Error::new(io::ErrorKind::TimedOut, "the handshake was not finished in time"))),
        }
    }

    /// Returns the addresses of the host. Addresses and `localhost` need no resolver (and no second thread).
    async fn lookup(&self) -> Result<Vec<SocketAddr>, ConnectError> {
        let host = self.server.host.as_str();
        let port = self.server.port;
        if let Ok(ip) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        if host.eq_ignore_ascii_case("localhost") {
            return Ok(vec![
                SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port),
                SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port),
            ]);
        }
        let lookup_error = |cause| ConnectError::Lookup { host: host.to_owned(), cause };
        let found = resolve(host, port).await.map_err(lookup_error)?;
        if found.is_empty() {
            return Err(lookup_error(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
        }
        Ok(found)
    }
}

/// Returns whether the process shall have no other thread than this one (`MAILORDER_THREADS=1`).
pub fn is_single_threaded() -> bool {
    Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::CurrentThread)
}

/// Asks the system's resolver, which takes its time: no deadline ends it where there is no other thread to ask in.
async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if is_single_threaded() {
        return Ok((host, port).to_socket_addrs()?.take(16).collect());
    }
    Ok(tokio::net::lookup_host((host, port)).await?.take(16).collect())
}

/// Builds the TLS settings: TLS 1.2 or 1.3, the system's authorities and those of the account's file.
fn client_config(server: &Server) -> Result<Arc<ClientConfig>, ConnectError> {
    let provider = Arc::new(crypto::ring::default_provider());
    let mut extra = Vec::new();
    if let Some(path) = &server.ca_file {
        let bad = |cause: String| ConnectError::Authorities { path: Some(path.clone()), cause };
        for certificate in CertificateDer::pem_file_iter(path).map_err(|e| bad(e.to_string()))? {
            extra.push(certificate.map_err(|e| bad(e.to_string()))?);
        }
        if extra.is_empty() {
            return Err(bad("the file has no certificate".to_owned()));
        }
    }
    let bad = |cause: rustls::Error| ConnectError::Authorities { path: None, cause: cause.to_string() };
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider)).map_err(bad)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(bad)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Reads one line of at most `limit` bytes, without its line end, **byte by byte**.
///
/// So nothing that follows the line is taken from the connection: what an attacker put behind the answer to STARTTLS
/// falls into the TLS handshake and breaks it, instead of being read as said under its protection (hard-cases 2.2).
pub async fn read_line(stream: &mut (impl AsyncRead + Unpin), limit: usize) -> io::Result<String> {
    let mut line = Vec::new();
    loop {
        let byte = stream.read_u8().await?;
        if byte == b'\n' {
            break;
        }
        if line.len() >= limit {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a line of the server is too long"));
        }
        line.push(byte);
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// Makes a server's words fit for a log or a screen: control characters and what is not ASCII escaped, 200 characters.
pub fn printable(text: &str) -> String {
    text.chars()
        .take(200)
        .flat_map(|c| {
            let plain = c.is_ascii_graphic() || c == ' ';
            let escaped = (!plain).then(|| c.escape_default());
            plain.then_some(c).into_iter().chain(escaped.into_iter().flatten())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_cannot_reach_the_terminal() {
        assert_eq!(printable("full \x1b[2J\u{9b}é\r\n"), "full \\u{1b}[2J\\u{9b}\\u{e9}\\r\\n");
        assert_eq!(printable(&"x".repeat(500)).len(), 200);
    }

    #[tokio::test]
    async fn a_plain_connection_stays_on_this_machine() {
        let server = Server { host: "192.0.2.1".to_owned(), port: 25, tls: Tls::None, ca_file: None };
        let error = Dialer::new(server).tcp(Instant::now() + Duration::from_secs(1)).await.unwrap_err();
        assert!(matches!(error, ConnectError::PlainAbroad { .. }) && error.is_config());
    }

    #[tokio::test]
    async fn a_line_takes_no_byte_of_the_next() {
        let mut stream: &[u8] = b"220 go\r\n250 injected\r\n";
        assert_eq!(read_line(&mut stream, 100).await.unwrap(), "220 go");
        assert_eq!(stream, b"250 injected\r\n");
        assert!(read_line(&mut &[b'a'; 200][..], 100).await.is_err());
    }

    #[tokio::test]
    async fn a_handshake_that_stalls_ends_with_a_reason() {
        // F42
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Server { host: "localhost".to_owned(), port, tls: Tls::Implicit, ca_file: None };
        let mut dialer = Dialer::new(server);
        dialer.config = Some(Arc::new(
            ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth(),
        ));
        let deadline = Instant::now() + Duration::from_millis(200);
        let tcp = dialer.tcp(deadline).await.unwrap();
        let error = dialer.secure(tcp, deadline).await.unwrap_err();
        assert!(error.to_string().contains("handshake"), "{error}");
    }
}
