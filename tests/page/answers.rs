//! What waits for the buyer's answer, wherever the page tells of it, and that an answer is given once.

use super::served::{Served, Visitor, listed};
use crate::support::program::Town;

/// Returns the part of a page that is about this order: its row, or its card.
fn part<'a>(page: &'a str, begin: &str, end: &str) -> &'a str {
    page.split_once(begin).unwrap_or_else(|| panic!("no {begin} in {page}")).1.split(end).next().unwrap()
}

/// Sends the form of a page with another answer than before: it must be refused, and say so.
fn is_told_of_the_first(visitor: &Visitor<'_>, path: &str, fields: &[(&str, &str)]) {
    let refused = visitor.post(path, fields);
    assert_eq!(refused.status, 422, "{fields:?}: {refused:?}");
    assert!(refused.body.contains("You have answered on this page already"), "{refused:?}");
    assert!(refused.body.contains("nothing was done now"), "{refused:?}");
}

#[test]
fn an_old_page_does_not_take_another_answer_for_the_first_one() {
    let town = Town::fresh();
    let id = town.orders("buyer", "SH-41", 1, &["--pay", "invoice"]);
    town.settle();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let place = format!("/txn/{id}/confirm");
    let page = visitor.page(&place);
    let field = |name: &str| super::served::value(&page, name);
    let (token, once, terms) = (field("token"), field("once"), field("terms"));
    let answers = |answer| [("token", token.as_str()), ("once", &once), ("terms", &terms), ("answer", answer)];
    let accepted = visitor.post(&place, &answers("accept"));
    let led = format!("/txn/{id}?said=confirmed");
    assert_eq!(accepted.header("location"), Some(led.as_str()), "{accepted:?}");
    let entries = town.entries("buyer").len();
    is_told_of_the_first(&visitor, &place, &answers("cancel"));
    // The same act at another address, and with another field, is another one, too.
    is_told_of_the_first(&visitor, &format!("/txn/{id}"), &answers("accept"));
    is_told_of_the_first(&visitor, &place, &[&answers("accept")[..], &[("reason", "late")]].concat());
    let again = visitor.post(&place, &answers("accept"));
    assert_eq!(again.header("location"), Some(led.as_str()), "the same answer leads to the same page: {again:?}");
    assert_eq!(town.entries("buyer").len(), entries, "nothing was written");
    assert_eq!(town.count("buyer", &id, "out", "confirmation"), 1);
    assert_eq!(town.count("buyer", &id, "out", "cancellation"), 0);
    // Whom the browser's way back leads to the terms again, finds the order.
    let back = visitor.get(&place);
    let order = format!("/txn/{id}?said=no-offer");
    assert_eq!(back.header("location"), Some(order.as_str()), "{back:?}");
    assert!(visitor.page(&order).contains("No terms of this order wait for your answer any more"));
}

#[test]
fn terms_that_differ_wait_for_the_buyer_on_every_page_that_counts_what_waits() {
    let town = Town::fresh();
    town.configure("shop", |text| text.replacen("[shop]\n", "[shop]\npartial = \"offer\"\n", 1));
    let id = town.orders("buyer", "SH-41", 1, &["--item", "NOSUCH;Lid;JPY 900;1", "--pay", "invoice"]);
    town.settle();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let confirm = format!("href=\"/txn/{id}/confirm\"");
    let page = visitor.page("/");
    let row = part(&page, &format!("name=\"txn\" value=\"{id}\""), "</tr>");
    assert!(row.contains("terms differ: waits for your answer") && row.contains(&confirm), "{row}");
    assert!(part(&page, "<dl class=\"summary\">", "</dl>").contains(&confirm), "{page}");
    assert_eq!(listed(&visitor.page("/?q=unconfirmed")), std::slice::from_ref(&id));
    let tab = part(&page, "?q=unconfirmed\"", "</a>");
    assert!(tab.contains("class=\"count\">1<"), "{tab}");
    let shown = visitor.page(&format!("/txn/{id}"));
    assert!(part(&shown, "class=\"lead\">", "</p>").contains("terms differ from your order"), "{shown}");
    assert!(!shown.contains("no answer yet") && shown.contains(&confirm), "{shown}");
    assert!(part(&visitor.page("/warnings"), "<article", "</article>").contains(&confirm));
    // Why the shop offers less stands beside what differs, as in the command.
    let offer = visitor.page(&format!("/txn/{id}/confirm"));
    let why = part(&offer, "id=\"h-left-out\"", "</section>");
    assert!(why.contains("<bdi>Lid</bdi>") && why.contains("This article is not sold here"), "{why}");
    let japanese = visitor.page(&format!("/txn/{id}/confirm?lang=ja"));
    let why = part(&japanese, "id=\"h-left-out\"", "</section>");
    assert!(why.contains("<bdi>Lid</bdi>") && !why.contains("This article"), "{why}");
    // Once it is answered, it waits for nobody.
    visitor.does(&format!("/txn/{id}/confirm"), &format!("/txn/{id}"), &[("act", "cancel")]);
    assert!(listed(&visitor.page("/?q=unconfirmed")).is_empty());
    assert!(!visitor.page("/warnings").contains(&confirm));
    // Until the shop answers, each list and the order say what was asked of it.
    let said = |words: &str| {
        let page = visitor.page("/");
        let row = part(&page, &format!("name=\"txn\" value=\"{id}\""), "</tr>").contains(words);
        row && part(&visitor.page(&format!("/txn/{id}")), "class=\"lead\">", "</p>").contains(words)
    };
    let listed = || town.list(&[])[0].clone();
    assert!(said("cancellation sent, no answer yet"));
    assert_eq!(listed()["pending"], "cancellation");
    let table = town.does("buyer", &["list"]).out;
    assert!(table.lines().any(|line| line.starts_with(&id[..6]) && line.contains(" cancelling ")), "{table}");
    town.settle();
    assert_eq!((&listed()["pending"], &listed()["state"]), (&serde_json::Value::Null, &"cancelled".into()));
    assert!(!said("no answer yet") && said("cancelled"));
}

#[test]
fn what_new_terms_change_stands_first_as_the_command_has_it_and_they_can_be_refused() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 2, &["--pay", "card"]);
    town.does("shop", &["shop", "change", &number, "--price", "1=JPY 4000", "--arrives", "2099-01-20"]);
    town.settle();
    let told = town.does("buyer", &["--json", "confirm", &id, "--dry-run"]).json();
    let changes = told["replaces"]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 3, "{told}");
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let place = format!("/txn/{id}/confirm");
    let page = visitor.page(&place);
    let whole = page.find("id=\"h-terms\"").unwrap();
    assert!(page.find("id=\"h-change\"").unwrap() < whole && page.contains("3 points change"), "{page}");
    assert!(!page.contains("id=\"h-differs\""), "what changes is not told once more against the order: {page}");
    let table = part(&page, "id=\"h-change\"", "</table>").replace("&#x2f;", "/");
    let rows: Vec<&str> = table.split("<tr>").skip(2).collect();
    assert_eq!(rows.len(), changes.len(), "{table}");
    for (row, change) in rows.iter().zip(changes) {
        match change["what"].as_str().unwrap() {
            "line 1 price" => assert!(row.contains("Unit price") && row.contains("シャツ 白 41"), "{row}"),
            what => assert!(row.to_lowercase().contains(what), "{what}: {row}"),
        }
        for (tag, text) in [("del", "ordered"), ("ins", "offered")] {
            let said = change[text].as_str().unwrap();
            // Amounts and days as everywhere: with the sign of the currency, the month by its name.
            let shown =
                said.strip_prefix("JPY ").map_or(format!("datetime=\"{said}\""), |sum| format!("</span>{sum}<"));
            let cell = part(row, &format!("<{tag}>"), &format!("</{tag}>")).replace(',', "");
            assert!(cell.contains(&shown) && !cell.contains("JPY"), "{shown}: {row}");
        }
    }
    assert!(page.contains("those before them stay in force"), "{page}");
    let terms = super::served::value(&page, "terms");
    let led = visitor.does(&place, &place, &[("answer", "keep"), ("terms", &terms)]);
    assert_eq!(led, format!("/txn/{id}?said=kept"));
    let shown = town.show("buyer", &id);
    assert_eq!((&shown["state"], &shown["change"]), (&"open".into(), &serde_json::Value::Null), "{shown}");
    let back = visitor.get(&place);
    assert_eq!(back.header("location"), Some(format!("/txn/{id}?said=no-offer").as_str()), "nothing waits any more");
    assert!(!visitor.page(&format!("/txn/{id}")).contains(&format!("href=\"{place}\"")));
}

#[test]
fn terms_replaced_before_the_ok_are_the_ones_that_wait_on_every_page_and_in_every_command() {
    let town = Town::fresh();
    let id = town.orders("buyer", "SH-41", 2, &["--pay", "invoice"]);
    town.settle();
    let number = town.number("buyer", &id);
    town.does("shop", &["shop", "change", &number, "--price", "1=JPY 4000"]);
    town.settle();
    let terms = town.does("buyer", &["--json", "confirm", &id, "--dry-run"]).json();
    let (total, warning) = (terms["total"]["amount"].as_str().unwrap(), format!("W-{}", terms["entry"]));
    assert_eq!(terms["applied"], false, "{terms}");
    assert_ne!(terms["total"], terms["ordered_total"]);
    // The commands: list, show, warnings.
    let listed = town.list(&["unconfirmed"])[0].clone();
    assert_eq!((&listed["id"], &listed["state"]), (&id.as_str().into(), &"offered".into()), "{listed}");
    assert_eq!(listed["total"], terms["total"], "{listed}");
    let table = town.does("buyer", &["list"]);
    let row = table.out.lines().find(|line| line.starts_with(&id[..6])).unwrap();
    assert!(row.contains("terms differ") && row.replace(',', "").contains(total), "{row}");
    let shown = town.show("buyer", &id);
    assert_eq!((&shown["change"]["content"], &shown["change"]["applied"]), (&terms["digest"], &false.into()));
    assert!(town.does("buyer", &["show", &id]).out.replace(',', "").contains(total));
    let confirm = format!("confirm {}", &id[..6]);
    for words in [&["warnings"][..], &["warnings", "show", &warning]] {
        let told = town.does("buyer", words);
        assert!(told.err.lines().any(|line| line.ends_with(&confirm)), "{words:?}: {told:?}");
    }
    // The pages.
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let link = format!("href=\"/txn/{id}/confirm\"");
    let list = visitor.page("/");
    let row = part(&list, &format!("name=\"txn\" value=\"{id}\""), "</tr>");
    assert!(row.contains("terms differ: waits for your answer") && row.contains(&link), "{row}");
    assert!(row.replace(',', "").contains(&format!("</span>{total}<")), "{row}");
    let points = terms["differs"].as_array().unwrap().len();
    assert!(row.contains(&format!("{points} differences from your order")), "{row}");
    let head = part(&list, "<dl class=\"summary\">", "</dl>");
    let waiting = part(part(head, "Waiting for you", "</div>"), "class=\"figure\">", "<");
    assert_eq!(waiting, "1", "terms and what was found about them are one matter: {head}");
    assert!(head.contains(&link) && !head.contains("Settle"), "{head}");
    let order = visitor.page(&format!("/txn/{id}"));
    assert!(part(&order, "class=\"lead\">", "</p>").contains("terms differ from your order"), "{order}");
    let slip = part(&order, "<tfoot>", "</tfoot>").replace(',', "");
    assert!(slip.contains(&format!("</span>{total}<")), "{slip}");
    let article = visitor.page("/warnings");
    let article = part(&article, &format!("id=\"{}\"", warning.to_lowercase()), "</article>");
    assert!(article.contains(&link) && !article.contains("value=\"accept\""), "{article}");
    // What the page takes is what all of them showed.
    let page = visitor.page(&format!("/txn/{id}/confirm"));
    assert_eq!(super::served::value(&page, "terms"), terms["digest"].as_str().unwrap());
}
