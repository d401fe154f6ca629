//! The list in another order, by the heads of its columns: each way is that of the figures in `list --json`, whatever else is
//! asked for stays asked for, and no script is needed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::served::{Served, Visitor, form, listed};
use crate::export::real::traded;
use crate::support::program::Town;

fn id(one: &Value) -> String {
    one["id"].as_str().unwrap().to_owned()
}

/// Returns what an order is sorted by: nothing where the list shows nothing of it.
fn key(one: &Value, column: &str) -> Option<String> {
    let agreed = !["ordered", "offered", "rejected", "cancelled"].contains(&one["state"].as_str().unwrap());
    match column {
        "date" => Some(one["date"].as_str().unwrap().to_owned()),
        "shop" => Some(one["shop_name"].as_str().unwrap().to_owned()),
        "amount" => {
            let total = &one["total"];
            Some(format!("{} {:0>12}", total["currency"].as_str()?, total["amount"].as_str()?.replace('.', "")))
        }
        // A plain day is over when it ends.
        leg => one[leg]["date"]
            .as_str()
            .filter(|_| agreed)
            .map(|date| if date.len() > 10 { date.to_owned() } else { format!("{date}T23:59:59") }),
    }
}

/// Returns the orders newest first as the command has them, sorted by a column.
fn sorted(mut all: Vec<Value>, column: &str, down: bool) -> Vec<String> {
    let part = |one: &Value| key(one, column);
    all.sort_by(|one, other| match (part(one), part(other)) {
        (Some(one), Some(other)) if down => other.cmp(&one),
        (Some(one), Some(other)) => one.cmp(&other),
        (one, other) => one.is_none().cmp(&other.is_none()),
    });
    all.iter().map(id).collect()
}

fn open(town: &Town) -> Served {
    Served::start(&town.path("buyer/config.toml"))
}

/// Returns the head of a column: where its link leads, and which way the list stands by it.
fn head(page: &str, column: &str) -> (String, Option<String>) {
    let heads = page.split_once("<thead>").unwrap().1.split("</thead>").next().unwrap();
    let place =
        ["date", "shop", "quantity", "amount", "order", "payment", "delivery"].iter().position(|one| *one == column);
    let head = heads.split("<th ").nth(place.unwrap() + 1).unwrap();
    let value = |name: &str| Some(head.split_once(&format!("{name}=\""))?.1.split('"').next()?.to_owned());
    let link = value("href").unwrap().replace("&amp;", "&").replace("&#x2f;", "/");
    (link, value("aria-sort"))
}

/// Follows the head of a column; returns the page and the way that it says.
fn presses(visitor: &Visitor<'_>, page: &str, column: &str) -> (String, String) {
    let next = visitor.page(&head(page, column).0);
    let way = head(&next, column).1.unwrap_or_else(|| panic!("{column} is not sorted by: {next}"));
    assert_eq!(next.matches("aria-sort=").count(), 1, "by one column alone");
    (next, way)
}

#[test]
fn each_head_puts_the_list_in_its_order_and_turned_round_p72() {
    let town = traded();
    let served = open(&town);
    let visitor = served.visit();
    let all = town.list(&[]);
    let first = visitor.page("/");
    assert_eq!(head(&first, "date").1.as_deref(), Some("descending"), "newest first");
    let mut ways = BTreeSet::new();
    for (column, begins) in [
        ("date", "ascending"),
        ("shop", "ascending"),
        ("amount", "descending"),
        ("order", "ascending"),
        ("payment", "ascending"),
        ("delivery", "ascending"),
    ] {
        let mut page = first.clone();
        for turn in 0..2 {
            let (next, way) = presses(&visitor, &page, column);
            assert_eq!(way == begins, turn == 0, "{column} {way}");
            let ids = listed(&next);
            assert_eq!(ids, sorted(all.clone(), column, way == "descending"), "{column} {way}");
            // Months stand over the orders only where they follow on each other.
            assert_eq!(next.contains("scope=\"rowgroup\""), column == "date");
            ways.insert(ids);
            page = next;
        }
        // In Japanese it is the same, and says so.
        let japanese = visitor.page(&format!("{}&lang=ja", head(&first, column).0));
        assert!(japanese.contains(if column == "date" { "古い順" } else { "順" }), "{column}");
    }
    assert!(ways.len() >= 6, "the orders differ: {}", ways.len());
}

#[test]
fn another_order_keeps_the_query_its_sums_and_its_choice() {
    let town = traded();
    let served = open(&town);
    let visitor = served.visit();
    let asked = format!("/?{}", form(&[("q", "shop:日立 amount:>1000"), ("delivery", "undelivered")]));
    let plain = visitor.page(&asked);
    let (page, _) = presses(&visitor, &plain, "amount");
    let ids = |page: &str| listed(page).into_iter().collect::<BTreeSet<String>>();
    assert!(ids(&plain).len() >= 2 && ids(&page) == ids(&plain), "{page}");
    let foot = |page: &str| page.split_once("<tfoot>").unwrap().1.split("</tfoot>").next().unwrap().to_owned();
    assert_eq!(foot(&page), foot(&plain));
    assert!(page.contains("value=\"undelivered\" selected") && page.contains("value=\"-amount\" selected"), "{page}");
    assert!(page.contains("by Amount, descending"), "{page}");
    // Each other head goes on from there, and what is no column changes nothing.
    assert!(head(&page, "shop").0.contains("delivery=undelivered"));
    for wrong in ["nothing", "-", "--amount", "amount%00"] {
        assert_eq!(listed(&visitor.page(&format!("/?sort={wrong}"))), listed(&visitor.page("/")), "{wrong}");
    }
}

mod real {
    use super::{listed, open, sorted, traded};
    use crate::page::driver::Browser;

    #[test]
    fn the_list_is_put_in_another_order_without_a_script() {
        let town = traded();
        let served = open(&town);
        let browser = Browser::start(1280, 1000);
        browser.open(&served.link);
        browser.scripts(false);
        browser.click("thead th:nth-child(5) a");
        browser.arrives("?sort=-amount");
        browser.click("thead th[aria-sort=descending] a");
        browser.arrives("?sort=amount");
        assert_eq!(listed(&browser.source()), sorted(town.list(&[]), "amount", false));
        // On a telephone, where no heads are seen, the form does it.
        browser.wears(375, "light");
        browser.click(".filter summary");
        browser.click("#f-sort option[value=shop]");
        browser.click(".filter > button");
        browser.arrives("&sort=shop");
        assert_eq!(listed(&browser.source()), sorted(town.list(&[]), "shop", false));
        browser.scripts(true);
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}
