//! Connections to the page: each is accepted, answered, and closed once it does not say in time what it wants.
//!
//! Any program of this machine may connect, and a browser opens connections ahead. Without a limit those that send half a
//! request, or nothing, would be held for ever, and at the end waited for.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// How long a connection has for the head of a request, from its first moment or its last answer on.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Most connections at a time: the ledger's files need descriptors, too. Further ones wait.
const MOST: usize = 256;

/// Answers whoever connects, until `end`; then no more are accepted, and what is under way is answered. A connection that has not
/// sent the whole head of a request within `patience` is closed.
pub(super) async fn serve(
    mut listener: TcpListener,
    router: Router,
    patience: Duration,
    end: impl Future<Output = ()>,
) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(patience);
    let open = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(MOST));
    let mut end = pin!(end);
    loop {
        let accepted = async {
            let place = Arc::clone(&room).acquire_owned().await;
            // It waits by itself where the system has no more connections to give.
            let (stream, _) = Listener::accept(&mut listener).await;
            (stream, place)
        };
        let (stream, place) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut end => break,
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = open.watch(builder.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // Who left, or said nothing in time, has nobody who could be told.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    open.shutdown().await;
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;

    use super::*;

    /// Long enough for what must not happen: a test that waits for it fails.
    const NEVER: Duration = Duration::from_secs(60);
    /// What is waited for, as short as can be.
    const SOON: Duration = Duration::from_millis(20);
    const WHOLE: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    /// Serves a page of one word; returns how it is reached and ended, and the end of it.
    async fn served(patience: Duration) -> (std::net::SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "here" }));
        let (end, ended) = oneshot::channel();
        let server = tokio::spawn(serve(listener, router, patience, async move { drop(ended.await) }));
        (address, end, server)
    }

    /// Sends this; returns all that comes until the other side closes.
    async fn sent(address: std::net::SocketAddr, text: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(NEVER, stream.read_to_end(&mut answer)).await;
        // One that was closed with something unread is cut off.
        drop(read.unwrap_or_else(|_| panic!("{text:?} is held for ever")));
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn a_connection_that_does_not_say_what_it_wants_is_closed() {
        let (address, _end, _server) = served(SOON).await;
        for half in ["", "GET / HTTP/1.1\r\nHost: x", "GET / HTTP/1.1\r\nHost: x\r\n"] {
            assert!(!sent(address, half).await.contains("here"), "{half:?}");
        }
        // Nor is one kept for ever for what might come after an answer.
        for more in ["", "GET / HTTP"] {
            sent(address, &format!("GET / HTTP/1.1\r\nHost: x\r\n\r\n{more}")).await;
        }
    }

    #[tokio::test]
    async fn further_connections_wait_until_there_is_room() {
        let (address, _end, _server) = served(NEVER).await;
        let mut held = Vec::new();
        for _ in 0..MOST {
            held.push(TcpStream::connect(address).await.unwrap());
        }
        let waits = tokio::spawn(async move { sent(address, WHOLE).await });
        tokio::time::sleep(SOON).await;
        assert!(!waits.is_finished());
        held.clear();
        assert!(waits.await.unwrap().ends_with("here"));
    }

    #[tokio::test]
    async fn what_is_whole_is_answered() {
        let (address, _end, _server) = served(NEVER).await;
        assert!(sent(address, WHOLE).await.ends_with("\r\n\r\nhere"));
    }

    #[tokio::test]
    async fn at_the_end_half_a_request_is_not_waited_for_longer_than_that() {
        let (address, end, server) = served(SOON).await;
        let mut half = TcpStream::connect(address).await.unwrap();
        half.write_all(b"GET / HT").await.unwrap();
        // Connections are accepted in their order: the first is one of the page's by now.
        sent(address, WHOLE).await;
        end.send(()).unwrap();
        tokio::time::timeout(NEVER, server).await.unwrap().unwrap();
    }
}
