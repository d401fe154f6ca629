//! What pages tell: commands that can be run, counts that agree, how it stands with the mail, and what to do next.

use std::fs;

use super::served::{Served, Visitor, form, value};
use crate::support::program::Town;

/// Starts the page of the buyer of a town.
fn served(town: &Town) -> Served {
    Served::start(&town.path("buyer/config.toml"))
}

/// Commands that pages speak of.
const COMMANDS: [&str; 8] = ["catalog", "key", "outbox", "serve", "status", "sync", "warnings", "watch"];

/// Returns what a page says of an address that has none.
fn missing(visitor: &Visitor<'_>, path: &str) -> String {
    let answer = visitor.get(path);
    assert_eq!(answer.status, 404, "{path}");
    answer.body
}

#[test]
fn every_command_that_a_page_quotes_can_be_run_as_it_stands() {
    let town = Town::played();
    let config = town.path("buyer/config.toml").to_str().unwrap().to_owned();
    // A letter that is not sent, and a key of an unknown shop.
    town.configure("buyer", |text| text.replace("maildir = \"../mail/{to}\"", "maildir = \"../nowhere/{to}/x\""));
    town.does("buyer", &["--offline", "ask", town.in_state("open")["id"].as_str().unwrap()]);
    let served = served(&town);
    let visitor = served.visit();
    let order = "/order?shop=shop%40demo.test";
    let (token, once) = visitor.hidden(order);
    let fields =
        [("token", token.as_str()), ("once", &once), ("shop", "nobody@demo.test"), ("sku", "X"), ("do", "check")];
    let mut pages: Vec<String> = ["/", order, "/schedule", "/warnings", "/warnings?late=1", "/chart", "/health"]
        .map(|path| visitor.page(path))
        .into();
    pages.push(visitor.post("/order", &fields).body);
    let mut quoted = 0;
    for page in &pages {
        let page = page.replace("&#x2f;", "/").replace("&#x27;", "'");
        for command in COMMANDS {
            assert!(!page.contains(&format!("mailorder {command}")), "{command}: {page}");
        }
        quoted += page.matches(&format!("mailorder -c {config} ")).count();
    }
    assert!(quoted > 4, "{quoted}");
    let line = pages[1].replace("&#x2f;", "/");
    assert!(line.contains(&format!("mailorder -c {config} catalog shop@demo.test --ask")), "{line}");
    assert!(!pages.iter().any(|page| page.contains("S-...")), "no command is half one");
}
