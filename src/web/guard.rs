//! Who may use the page: whoever got the link that `serve` printed, in the browser that opened it.
//!
//! Loopback is no boundary between the users of a machine, cookies know no ports, and any page in the browser can make it
//! ask this one. So each request must name the host it means, carry the session's cookie, and, where it acts, come from a
//! page of ours and carry its token.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Query, Request, State};
use axum::http::header::{CONNECTION, COOKIE, HOST, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;

use super::Web;
use super::fault::{self, Fault};
use crate::clerk::{ClerkError, chance};
use crate::mail::Language;
use crate::trade::Digest;
use crate::words::Words;

/// Most bytes of a form.
const FORM_MAX: usize = 256 * 1024;
/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What every answer says to the browser: nothing from elsewhere, nothing kept, nothing framed.
const HEADERS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
];

/// The secrets of one session.
pub(super) struct Guard {
    hosts: Vec<String>,
    link: String,
    /// What the link carries; it opens the page once.
    key: String,
    used: AtomicBool,
    cookie: String,
    session: String,
    form: String,
}

impl Guard {
    /// Makes the secrets of a session at this address.
    pub(super) fn new(address: SocketAddr, owner: &str) -> Result<Self, ClerkError> {
        let port = address.port();
        let secret = || chance::<16>().map(hex::encode);
        let key = secret()?;
        // Named by account and port: two pages on one machine do not take each other's cookie away.
        let name = Digest::of(format!("{owner} {port}").as_bytes()).hex();
        Ok(Self {
            hosts: ["127.0.0.1", "[::1]", "localhost"].map(|host| format!("{host}:{port}")).to_vec(),
            link: format!("http://{address}/open?key={key}"),
            key,
            used: AtomicBool::new(false),
            cookie: format!("mailorder-{}", name.get(..8).unwrap_or_default()),
            session: secret()?,
            form: secret()?,
        })
    }

    /// Returns the link that opens the page, once.
    pub(super) fn link(&self) -> String {
        self.link.clone()
    }

    /// Returns the token that forms of this session carry.
    pub(super) fn form_token(&self) -> &str {
        &self.form
    }

    /// Returns whether this is the token of a form of this session.
    pub(super) fn is_form_token(&self, token: &str) -> bool {
        same(token, &self.form)
    }

    fn is_for_us(&self, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok());
        hosts.next().is_none() && host.is_some_and(|host| self.hosts.iter().any(|ours| host.eq_ignore_ascii_case(ours)))
    }

    fn is_open(&self, headers: &HeaderMap) -> bool {
        cookie(headers, &self.cookie).is_some_and(|session| same(session, &self.session))
    }
}

/// Returns whether a browser says from which page a request comes, as each does with what acts; the layer below judges it.
fn says_whence(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site")
}

/// Compares two secrets in a time that tells nothing of them.
fn same(one: &str, other: &str) -> bool {
    Digest::of(one.as_bytes()) == Digest::of(other.as_bytes())
}

/// Returns the value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    all.flat_map(|cookies| cookies.split(';')).find_map(|one| one.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Puts the guard around the whole router.
pub(super) fn around(router: Router, web: Arc<Web>) -> Router {
    router
        .layer(DefaultBodyLimit::max(FORM_MAX))
        .layer(middleware::from_fn(|request, next| in_time(PATIENCE, request, next)))
        .layer(CsrfLayer::new())
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            Fault::bug("The program met a case it does not know; nothing was done.").into_response()
        }))
        .layer(middleware::from_fn_with_state(Arc::clone(&web), fault::page))
        .layer(middleware::from_fn_with_state(web, watch))
}

/// Returns a sentence in every language, for who has not chosen one yet, or where no page can be made.
pub(super) fn in_both(english: &str) -> String {
    match Words::of(Language::Ja).sentence(english) {
        said if said == english => format!("{english}\n"),
        said => format!("{english}\n{said}\n"),
    }
}

/// Answers a request whose own answer does not come within `patience`. What it asked for may be under way, and go on.
async fn in_time(patience: Duration, request: Request, next: Next) -> Response {
    let slow = || {
        let text = "This takes longer than a minute, because other work goes on or the disk is slow. What you asked for may \
                    still be done: wait a little, open the page again, and look before you send anything once more.";
        Fault::slow(text).into_response()
    };
    tokio::time::timeout(patience, next.run(request)).await.unwrap_or_else(|_| slow())
}

async fn watch(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let (headers, path) = (request.headers(), request.uri().path());
    let mut response = if !web.guard.is_for_us(headers) {
        (StatusCode::MISDIRECTED_REQUEST, in_both("This program answers to its own address alone.")).into_response()
    } else if path != "/open" && !web.guard.is_open(headers) {
        let text = "This page is open in the browser that followed the link of `mailorder serve`, and in no other. \
                    End that program and start it again for a new link.";
        // Whoever has no key keeps no connection either.
        (StatusCode::UNAUTHORIZED, [(CONNECTION, "close")], in_both(text)).into_response()
    } else if !request.method().is_safe() && !says_whence(headers) {
        (StatusCode::FORBIDDEN, in_both("No page of this program sent this.")).into_response()
    } else {
        next.run(request).await
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// The link that `serve` printed.
#[derive(serde::Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    key: String,
}

/// Opens the page to the browser that has the link, once.
pub(super) async fn open(State(web): State<Arc<Web>>, headers: HeaderMap, Query(link): Query<Link>) -> Response {
    let guard = &web.guard;
    if guard.is_open(&headers) {
        return Redirect::to("/").into_response();
    }
    if !same(&link.key, &guard.key) || guard.used.swap(true, Ordering::SeqCst) {
        let text = "This link is not valid, or was used already: it opens the page once. \
                    End `mailorder serve` and start it again for a new one.";
        return (StatusCode::FORBIDDEN, in_both(text)).into_response();
    }
    let cookie = format!("{}={}; Path=/; HttpOnly; SameSite=Strict", guard.cookie, guard.session);
    ([(SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::web::connections;

    #[tokio::test]
    async fn what_takes_too_long_is_answered_in_words_that_say_what_to_do() {
        let slow = || async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            "at last"
        };
        let router = Router::new().route("/slow", get(slow)).route("/", get(|| async { "here" }));
        let patience = Duration::from_millis(50);
        let router = router.layer(middleware::from_fn(move |request, next| in_time(patience, request, next)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(connections::serve(listener, router, Duration::from_secs(60), std::future::pending()));
        let said = |path: &'static str| async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        };
        let slow = said("/slow").await;
        assert!(slow.starts_with("HTTP/1.1 503 "), "{slow}");
        for words in ["look before you send anything once more", "もう一度送る前に確かめてください"] {
            assert!(slow.contains(words), "{slow}");
        }
        assert!(said("/").await.ends_with("here"));
    }
}
