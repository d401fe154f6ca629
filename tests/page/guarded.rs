//! The page against other programs and other pages of this machine: what its rules let through on every route, after it was
//! started anew, on the other loopback address, and in a browser that has a stranger's page open.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use mailorder::clerk::Clerk;
use mailorder::clock::Clock;
use mailorder::config::{self, Environment};
use mailorder::web::{self, PagesError};
use mailorder::words::commands::Commands;

use super::http::{Answer, send};
use super::served::{Served, Visitor};
use crate::support::accounts::files;
use crate::support::program::Town;

const ROUTES: &str = include_str!("../../src/web/mod.rs");
/// What asks for an act wherever a form may send it.
const ACTS: &str = "act=ask&do=send&answer=accept&retry=000001&drop=000001&warning=W-1&reason=x&txn=A&name=late";

/// A played town, and the page of its buyer.
pub fn town() -> (Town, Served) {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    (town, served)
}

/// Returns the paths of the router.
fn routes() -> BTreeSet<&'static str> {
    ROUTES.split(".route(\"").skip(1).map(|part| part.split('"').next().unwrap()).collect()
}

/// Returns addresses of every route, as pages and people ask for them, each with its route.
fn addresses(town: &Town) -> Vec<(&'static str, String)> {
    let id = town.in_state("open")["id"].as_str().unwrap().to_owned();
    let offered = town.order();
    town.settle();
    let letter = town.show("buyer", &id)["letters"][0]["entry"].to_string();
    let txn = ["", "?act=return", "?receipts=1"].map(|more| format!("/txn/{id}{more}"));
    let letters = ["text", "data", "raw"].map(|way| format!("/txn/{id}?letter={letter}&as={way}"));
    let mut all: Vec<(&str, String)> = txn.into_iter().chain(letters).map(|path| ("/txn/{id}", path)).collect();
    all.push(("/txn/{id}/confirm", format!("/txn/{offered}/confirm")));
    all.push(("/txn/{id}/confirm", format!("/txn/{id}/confirm")));
    all.push(("/order", format!("/order?again={id}")));
    for route in ["/return", "/again"] {
        all.push((route, format!("{route}?txn={id}&txn={offered}")));
        all.push((route, route.to_owned()));
    }
    for did in ["returned", "reordered"] {
        all.push(("/", format!("/?did={did}&n=1&not={offered}")));
    }
    for path in ["/", "/?q=late", "/?said=asked", "/?sort=amount"] {
        all.push(("/", path.to_owned()));
    }
    for format in ["sheet", "csv", "jsonl", "hledger", "ics"] {
        all.push(("/export", format!("/export?format={format}")));
    }
    for route in
        ["/order", "/schedule", "/warnings", "/chart", "/health", "/style.css", "/script.js", "/open", "/export"]
    {
        all.push((route, route.to_owned()));
    }
    let more =
        [("/order", "/order?shop=shop%40demo.test"), ("/order", "/order?draft=0"), ("/schedule", "/schedule?draft=0")];
    let rest = [("/warnings", "/warnings?late=1"), ("/warnings", "/warnings?settled=1"), ("/live", "/live?since=0")];
    all.extend(more.into_iter().chain(rest).map(|(route, path)| (route, path.to_owned())));
    let acting: Vec<(&str, String)> = all.iter().map(|(route, path)| (*route, with(path, ACTS))).collect();
    all.extend(acting);
    all
}

/// Returns an address with more fields in its query.
fn with(path: &str, fields: &str) -> String {
    format!("{path}{}{fields}", if path.contains('?') { '&' } else { '?' })
}

/// Returns all that tells whether something was done: the log, and the letters that wait.
pub fn done(town: &Town) -> (Vec<u8>, usize) {
    (fs::read(town.path("buyer/ledger/log")).unwrap(), files(&town.path("buyer/outbox")).len())
}

#[test]
fn no_route_does_anything_for_being_read_b110() {
    let (town, served) = town();
    let visitor = served.visit();
    let all = addresses(&town);
    assert_eq!(all.iter().map(|(route, _)| *route).collect::<BTreeSet<&str>>(), routes());
    let before = done(&town);
    assert!(!before.0.is_empty());
    let mut answered = 0;
    for (_, path) in &all {
        let (token, once) = ("0".repeat(32), "1".repeat(32));
        for path in [path.clone(), with(path, &format!("token={token}&once={once}"))] {
            let status = visitor.get(&path).status;
            assert!(matches!(status, 200 | 303 | 404), "{path}: {status}");
            answered += usize::from(status == 200);
            assert_eq!(done(&town), before, "{path}");
        }
    }
    assert!(answered > 60, "{answered}");
    // With the session's own token in the address it is no act either, and neither by another method that only reads.
    let token = visitor.hidden("/").0;
    for (_, path) in &all {
        visitor.get(&with(path, &format!("token={token}&once={}", "2".repeat(32))));
    }
    let own = [("Host", served.host()), ("Cookie", visitor.cookie.clone())];
    let own: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for method in ["HEAD", "OPTIONS", "TRACE"] {
        // A HEAD has no body, though it says how long that would be.
        let answer = begun(&served, &format!("{method} /health?{ACTS}"), &own);
        assert!(answer.starts_with("HTTP/1.1 "), "{method}: {answer}");
    }
    assert_eq!(done(&town), before);
}

/// Returns the head of an answer, without waiting for a body.
fn begun(served: &Served, line: &str, headers: &[(&str, &str)]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    write!(stream, "{line} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// What each answer says to the browser.
const HEADERS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
];

fn check_headers(what: &str, answer: &Answer) {
    for (name, value) in HEADERS {
        assert_eq!(answer.header(name), Some(value), "{what}: {}", answer.head);
    }
    let others = answer.head.to_lowercase();
    assert!(!others.contains("access-control-") && !others.contains("\r\nserver:"), "{what}: {others}");
}

/// Sends a form that says how it comes; returns the answer.
fn posts(visitor: &Visitor<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
    let answer = visitor.post(path, fields);
    check_headers(&format!("POST {path} {}", answer.status), &answer);
    answer
}

#[test]
fn every_answer_of_every_route_has_every_header() {
    let (town, served) = town();
    let visitor = served.visit();
    for (_, path) in addresses(&town) {
        check_headers(&path, &visitor.get(&path));
    }
    let (token, once) = visitor.hidden("/");
    let id = town.in_state("open")["id"].as_str().unwrap().to_owned();
    let own = [("token", token.as_str()), ("once", once.as_str())];
    let mut met = BTreeSet::new();
    // A form that does something, one that asks for nothing, one that no page of ours made.
    let several = [("txn", id.as_str()), ("because", "other")];
    for route in ["/return", "/again"] {
        let (token, once) = visitor.hidden(&format!("{route}?txn={id}"));
        let own = [("token", token.as_str()), ("once", once.as_str())];
        met.insert(posts(&visitor, route, &[&own[..], &several].concat()).status);
    }
    met.insert(posts(&visitor, &format!("/txn/{id}"), &[&own[..], &[("act", "ask")]].concat()).status);
    for route in routes() {
        let path = route.replace("{id}", &id);
        met.insert(posts(&visitor, &path, &own).status);
        met.insert(posts(&visitor, &path, &[("token", "0")]).status);
    }
    assert!([303, 403, 405, 422].iter().all(|status| met.contains(status)), "{met:?}");
    // Who is refused before anything is looked at hears the same.
    let host = served.host();
    let foreign = [("Host", host.as_str()), ("Cookie", visitor.cookie.as_str()), ("Origin", "http://127.0.0.1:1")];
    for (line, headers, status) in [
        ("POST /", &foreign[..], 403),
        ("PUT /", &foreign[..], 403),
        ("GET /nothing", &foreign[..2], 404),
        ("GET /", &[("Host", "evil.example")][..], 421),
        ("GET /", &foreign[..1], 401),
        ("GET /open?key=0", &foreign[..1], 403),
    ] {
        let answer = send(served.port, line, headers, "");
        assert_eq!(answer.status, status, "{line}");
        check_headers(line, &answer);
    }
}

#[test]
fn a_request_that_names_no_host_or_an_empty_one_is_refused_b109() {
    let (_town, served) = town();
    let visitor = served.visit();
    for headers in [vec![], vec![("Host", "")], vec![("X-Forwarded-Host", "127.0.0.1")]] {
        let all = [&headers[..], &[("Cookie", visitor.cookie.as_str())]].concat();
        let answer = send(served.port, "GET /", &all, "");
        assert!(matches!(answer.status, 400 | 421), "{headers:?}: {answer:?}");
        assert!(!answer.body.contains("JPY"), "{answer:?}");
    }
    // One that a proxy would take for another machine's.
    let host = served.host();
    let absolute = [("Host", host.as_str()), ("Cookie", visitor.cookie.as_str())];
    let answer = send(served.port, "GET http://evil.example/", &absolute, "");
    assert!(answer.status != 200 || !answer.body.contains("evil.example"), "{answer:?}");
}

#[test]
fn link_cookie_and_token_of_an_earlier_run_are_refused_b110() {
    let town = Town::played();
    let config = town.path("buyer/config.toml");
    let first = Served::start(&config);
    let (port, link) = (first.port, first.opening().to_owned());
    let visitor = first.visit();
    let (cookie, (token, once)) = (visitor.cookie.clone(), visitor.hidden("/"));
    drop(first);
    // The same address and account: browsers send the old cookie.
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailorder"));
    command.arg("-c").arg(&config).args(["serve", "--port", &port.to_string()]);
    let second = Served::of(&mut command, config.parent().unwrap());
    assert_eq!(second.port, port);
    let host = second.host();
    let get = |path: &str| send(port, &format!("GET {path}"), &[("Host", &host), ("Cookie", &cookie)], "");
    for path in ["/", "/warnings", "/live?since=0"] {
        assert_eq!(get(path).status, 401, "{path}");
    }
    assert_eq!(get(&link).status, 403);
    let visitor = second.visit();
    assert_eq!(visitor.cookie.split('=').next(), cookie.split('=').next(), "it has the same name");
    assert_ne!(visitor.cookie, cookie);
    let before = done(&town);
    let id = town.in_state("open")["id"].as_str().unwrap().to_owned();
    let old = [("token", token.as_str()), ("once", once.as_str()), ("act", "ask")];
    assert_eq!(visitor.post(&format!("/txn/{id}"), &old).status, 403);
    assert_eq!(done(&town), before);
    // With its own token the same form counts.
    let token = visitor.hidden("/").0;
    let new = [("token", token.as_str()), ("once", once.as_str()), ("act", "ask")];
    assert_eq!(visitor.post(&format!("/txn/{id}"), &new).status, 303);
}

#[test]
fn two_accounts_in_one_browser_keep_their_sessions_apart() {
    let town = Town::played();
    town.join("second", "Sato", &["buyer"], "");
    let [first, second] = ["buyer", "second"].map(|party| Served::start(&town.path(party).join("config.toml")));
    let [own, other] = [first.visit(), second.visit()].map(|visitor| visitor.cookie);
    let name = |cookie: &str| cookie.split_once('=').unwrap().0.to_owned();
    assert_ne!(name(&own), name(&other), "a browser keeps both: it does not tell ports apart");
    let status = |served: &Served, cookie: &str| {
        send(served.port, "GET /", &[("Host", &served.host()), ("Cookie", cookie)], "").status
    };
    assert_eq!((status(&first, &own), status(&second, &other)), (200, 200));
    assert_eq!((status(&first, &other), status(&second, &own)), (401, 401));
    // Under the name of the other, too.
    let value = |cookie: &str| cookie.split_once('=').unwrap().1.to_owned();
    assert_eq!(status(&first, &format!("{}={}", name(&own), value(&other))), 401);
    // The browser sends what it has, in whatever order.
    for jar in [format!("{own}; {other}"), format!("{other}; {own}")] {
        assert_eq!((status(&first, &jar), status(&second, &jar)), (200, 200), "{jar}");
    }
}

#[test]
fn a_listener_that_others_could_reach_is_refused() {
    let town = Town::played();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _within = runtime.enter();
    for (address, is_ours) in [("0.0.0.0:0", false), ("[::]:0", false), ("127.0.0.1:0", true)] {
        let config = town.path("buyer/config.toml");
        let settings = config::load(&config, &Environment::default()).unwrap();
        let clerk = Clerk::open(settings, Clock::system()).unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind(address)).unwrap();
        let page = web::page(clerk, listener, Clock::system(), Commands::new(Vec::new(), None), config);
        assert_eq!(page.is_ok(), is_ours, "{address}");
        assert!(is_ours || matches!(page.err(), Some(PagesError::NotLoopback(_))), "{address}");
    }
    // No flag names another address.
    for flag in ["--listen", "--host", "--address", "--bind"] {
        assert_eq!(town.run("buyer", &["serve", flag, "0.0.0.0"]).code, Some(2), "{flag}");
    }
}
