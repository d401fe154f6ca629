//! The list taken away as a file, by a link that changes nothing.

use serde_json::Value;

use super::http::send;
use super::served::Served;
use crate::support::program::Town;

/// Returns the links of the menu, as a browser follows them.
fn links(page: &str) -> Vec<String> {
    let menu = page.split_once("id=\"export\"").unwrap().1.split_once("</span>").unwrap().0;
    menu.split("href=\"")
        .skip(1)
        .map(|part| part.split('"').next().unwrap().replace("&amp;", "&").replace("&#x2f;", "/"))
        .collect()
}

#[test]
fn the_list_is_exported_as_it_is_shown_and_nothing_changes_p80_p84_p85() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let log = std::fs::read(town.path("buyer/ledger/log")).unwrap();
    for (path, words) in
        [("/", &[][..]), ("/?q=unpaid", &["unpaid"]), ("/?q=shop%3Ademo&payment=paid", &["shop:demo", "paid"])]
    {
        let links = links(&visitor.page(path));
        assert_eq!(links.len(), 5, "{links:?}");
        for (link, format) in links.iter().zip(["sheet", "csv", "jsonl", "hledger", "ics"]) {
            let answer = visitor.get(link);
            assert_eq!(answer.status, 200, "{link}: {}", answer.body);
            let name = answer.header("content-disposition").unwrap();
            let name = name.strip_prefix("attachment; filename=\"mailorder-").unwrap().strip_suffix('"').unwrap();
            assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b)), "{name}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            let typed = answer.header("content-type").unwrap();
            assert!(!typed.contains("html"), "{typed}");
            let args: &[&str] = match format {
                "sheet" => &["--format", "csv", "--spreadsheet"],
                format => &["--format", format],
            };
            let expected = town.does("buyer", &[&["export"], words, args].concat()).out;
            let without_time =
                |text: &str| text.lines().filter(|line| !line.starts_with("DTSTAMP")).collect::<Vec<_>>().join("\n");
            assert_eq!(without_time(&answer.body), without_time(&expected), "{link}");
        }
    }
    assert_eq!(std::fs::read(town.path("buyer/ledger/log")).unwrap(), log);
    assert_eq!(visitor.get("/export?format=xlsx").status, 404);
    // Without a format it leads to where they are, for the same orders.
    for (path, place) in
        [("/export", "/#export"), ("/export?q=shop%3Ademo&payment=paid", "/?q=shop%3Ademo&payment=paid#export")]
    {
        let led = visitor.get(path);
        assert_eq!((led.status, led.header("location")), (303, Some(place)), "{led:?}");
        assert!(visitor.page(place.split('#').next().unwrap()).contains("id=\"export\""));
    }
    assert_eq!(visitor.get("/export?format=csv&q=mouth%3A2026").status, 422);
}

#[test]
fn a_calendar_of_the_japanese_page_is_in_japanese() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let mut visitor = served.visit();
    visitor.language = "ja";
    let page = visitor.page("/");
    assert!(page.contains("この表示を書き出す"));
    let calendar = visitor.page("/export?format=ics");
    assert!(calendar.contains("SUMMARY:支払期日 JPY") && calendar.contains("SUMMARY:配達予定"), "{calendar}");
}

#[test]
fn who_has_not_the_session_gets_no_export() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let host = served.host();
    let answer = send(served.port, "GET /export?format=csv", &[("Host", &host)], "");
    assert_eq!(answer.status, 401, "{answer:?}");
    let id: Value = town.list(&[])[0]["id"].clone();
    assert!(!answer.body.contains(id.as_str().unwrap()));
    let visitor = served.visit();
    assert!(visitor.post("/export?format=csv", &[]).status >= 400);
    let elsewhere = [("Host", "evil.example"), ("Cookie", visitor.cookie.as_str())];
    assert_eq!(send(served.port, "GET /export?format=csv", &elsewhere, "").status, 421);
}
