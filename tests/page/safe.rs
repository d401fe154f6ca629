//! The eight rules by which the page is safe, each attacked.

use super::http::send;
use super::served::{Served, form, value};
use crate::support::program::Town;

fn town() -> (Town, Served) {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    (town, served)
}

#[test]
fn it_listens_on_loopback_alone() {
    let (_town, served) = town();
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap() + &std::fs::read_to_string("/proc/net/tcp6").unwrap();
    let port = format!(":{:04X}", served.port);
    let listening: Vec<&str> = table
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1).filter(|_| line.contains(" 0A ")))
        .filter(|local| local.ends_with(&port))
        .collect();
    assert_eq!(listening, [format!("0100007F{port}")]);
}

#[test]
fn the_link_opens_the_page_once_and_its_cookie_is_kept_from_scripts_and_strangers() {
    let (_town, served) = town();
    let host = served.host();
    let get = |path: &str, cookie: &str| {
        send(served.port, &format!("GET {path}"), &[("Host", &host), ("Cookie", cookie)], "")
    };
    for path in ["/", "/style.css", "/warnings", "/live?since=0", "/txn/AAAAAA"] {
        let refused = get(path, "a=b");
        assert_eq!(refused.status, 401, "{path}: {refused:?}");
        assert!(!refused.body.contains("JPY") && !refused.body.contains("demo.test"), "{refused:?}");
    }
    assert_eq!(get("/open?key=00000000000000000000000000000000", "").status, 403);
    assert_eq!(get("/open", "").status, 403);
    let opened = get(served.opening(), "");
    let cookie = opened.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert!(!cookie.contains(served.opening().split_once('=').unwrap().1), "the link's key is not the session");
    assert_eq!(get(served.opening(), "").status, 403, "a second browser gets nothing by the same link");
    let session = cookie.split(';').next().unwrap();
    assert_eq!(get("/", session).status, 200);
    let (name, secret) = session.split_once('=').unwrap();
    let last = if secret.ends_with('0') { '1' } else { '0' };
    assert_eq!(get("/", &format!("{name}={}{last}", &secret[..31])).status, 401);
}

#[test]
fn another_name_for_this_machine_is_refused_b109() {
    let (_town, served) = town();
    let visitor = served.visit();
    for host in ["evil.example", "evil.example:80", "127.0.0.1", "localhost", "127.0.0.1:1", "0.0.0.0", ""] {
        let headers = [("Host", host), ("Cookie", visitor.cookie.as_str())];
        assert_eq!(send(served.port, "GET /", &headers, "").status, 421, "{host}");
    }
    let ours = format!("localhost:{}", served.port);
    assert_eq!(send(served.port, "GET /", &[("Host", &ours), ("Cookie", &visitor.cookie)], "").status, 200);
    let twice = [("Host", ours.as_str()), ("Host", "evil.example"), ("Cookie", &visitor.cookie)];
    assert!(matches!(send(served.port, "GET /", &twice, "").status, 400 | 421));
}

#[test]
fn what_acts_must_come_from_a_page_of_ours_by_any_spelling_of_its_path_b109_b110() {
    let (town, served) = town();
    let visitor = served.visit();
    let (token, once) = visitor.hidden("/");
    let id =
        town.does("buyer", &["--json", "list", "open"]).json()["transactions"][0]["id"].as_str().unwrap().to_owned();
    let body = form(&[("token", &token), ("once", &once), ("act", "ask"), ("txn", &id)]);
    let entries = || std::fs::read_dir(town.path("buyer/ledger/cur")).unwrap().count();
    let before = entries();
    let host = served.host();
    let foreign: [&[(&str, &str)]; 5] = [
        &[],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site"), ("Origin", "http://localhost:1")],
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
    ];
    for headers in foreign {
        let several = ["/", "/return", "/%72eturn", "/again", "//again"].map(str::to_owned);
        for path in [format!("/txn/{id}"), format!("/%74xn/{id}"), format!("//txn/{id}")].into_iter().chain(several) {
            let all = [
                &[
                    ("Host", host.as_str()),
                    ("Cookie", &visitor.cookie),
                    ("Content-Type", "application/x-www-form-urlencoded"),
                ],
                headers,
            ]
            .concat();
            let answer = send(served.port, &format!("POST {path}"), &all, &body);
            assert_eq!(answer.status, 403, "{path} {headers:?}: {answer:?}");
        }
    }
    // From our own page, but without the token of this session.
    for wrong in ["", "00000000000000000000000000000000"] {
        for path in [&format!("/txn/{id}"), "/return", "/again"] {
            let fields = [("token", wrong), ("once", &once), ("act", "ask"), ("txn", &id)];
            let answer = visitor.post(path, &fields);
            assert_eq!(answer.status, 403, "{path}: {answer:?}");
        }
    }
    // A token in the address would be told to others; a form is of one type alone, which no other page sends unasked.
    let own = [("Host", host.as_str()), ("Cookie", visitor.cookie.as_str()), ("Sec-Fetch-Site", "same-origin")];
    let kind = |kind| [&own[..], &[("Content-Type", kind)]].concat();
    let named = send(
        served.port,
        &format!("POST /txn/{id}?{body}"),
        &kind("application/x-www-form-urlencoded"),
        &form(&[("once", &once), ("act", "ask")]),
    );
    assert_eq!(named.status, 403, "{named:?}");
    for other in ["text/plain", "multipart/form-data; boundary=x", "application/json"] {
        let answer = send(served.port, &format!("POST /txn/{id}"), &kind(other), &body);
        assert_eq!(answer.status, 422, "{other}: {answer:?}");
    }
    assert_eq!(visitor.get(&format!("/txn/{id}?{body}")).status, 200);
    assert_eq!(entries(), before, "nothing was written");
}

#[test]
fn every_answer_forbids_what_is_from_elsewhere_and_is_not_kept() {
    let (_town, served) = town();
    let visitor = served.visit();
    let refused = send(served.port, "GET /", &[("Host", "evil.example")], "");
    for answer in
        [visitor.get("/"), visitor.get("/style.css"), visitor.get("/nothing"), visitor.get("/txn/ZZZZ"), refused]
    {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        for part in ["frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{}", answer.head);
        }
    }
    for path in ["/", "/warnings", "/chart", "/health"] {
        let page = visitor.page(path);
        for bad in ["<script>", " onclick", " style=\"", "javascript:", "http://demo", "https://"] {
            assert!(!page.contains(bad), "{path}: {bad}");
        }
    }
}

#[test]
fn reading_changes_nothing_and_a_form_counts_once_b110_b112() {
    let (town, served) = town();
    let visitor = served.visit();
    let log = || std::fs::read(town.path("buyer/ledger/log")).unwrap();
    let id =
        town.does("buyer", &["--json", "list", "open"]).json()["transactions"][0]["id"].as_str().unwrap().to_owned();
    let before = log();
    for path in
        ["/", "/warnings", "/chart", "/health", "/?said=asked", &format!("/txn/{id}?act=return"), "/?q=late&act=ask"]
    {
        visitor.page(path);
    }
    assert_eq!(log(), before);
    let page = visitor.page(&format!("/txn/{id}"));
    let (token, once) = (value(&page, "token"), value(&page, "once"));
    let fields = [("token", token.as_str()), ("once", &once), ("act", "ask")];
    let places: Vec<String> = std::thread::scope(|scope| {
        let pressed: Vec<_> = (0..4).map(|_| scope.spawn(|| visitor.post(&format!("/txn/{id}"), &fields))).collect();
        pressed.into_iter().map(|one| one.join().unwrap().header("location").unwrap().to_owned()).collect()
    });
    assert!(places.iter().all(|place| *place == format!("/txn/{id}?said=asked")), "{places:?}");
    let asked = |log: &[u8]| String::from_utf8_lossy(log).lines().count();
    let (then, now) = (asked(&before), asked(&log()));
    assert!((1..=3).contains(&(now - then)), "{then} {now}: one question for each leg, once");
    let once_more = visitor.post(&format!("/txn/{id}"), &fields);
    assert_eq!((once_more.status, asked(&log())), (303, now));
    // A form without its key does nothing.
    let bare = visitor.post(&format!("/txn/{id}"), &[("token", &token), ("act", "ask")]);
    assert_eq!((bare.status, asked(&log())), (422, now));
}
