//! In what quantities a shop sells, and how many there are: told in its catalogs, and looked at before an order is sent.

use std::fs;

use mailorder::mail::{self, ReadError};
use mailorder::trade::catalog::Offer;
use mailorder::trade::{Document, Letter, Quantity};
use serde_json::{Value, json};

use super::catalog::{SHOP, catalog, count, order, town};
use crate::letters;
use crate::mail::with_machine;
use crate::support::program::Town;

/// A shop that sells cups by six and rope by the half metre, and has no pots; three articles of its configuration are sold by
/// the piece and not counted.
pub fn by_measure() -> Town {
    let town = town("", "");
    let head = "sku,name,price,currency,increment,stock\n";
    let rows = "CUP,Cup,900,JPY,6,18\nROPE,Rope,200,JPY,0.5,2.5\nPOT,急須,3200,JPY,,0\n";
    fs::write(town.path("shop/catalog.csv"), format!("{head}{rows}")).unwrap();
    catalog(&town, &[]);
    town
}

/// Orders these items without sending anything, and returns what it ended with and what was said.
fn tried(town: &Town, items: &[&str]) -> (Option<i32>, String) {
    let items = items.iter().flat_map(|item| ["--item", item]);
    let run = town.run("buyer", &["order", "--dry-run", "--shop", SHOP].into_iter().chain(items).collect::<Vec<_>>());
    (run.code, run.err)
}

#[test]
fn a_catalog_tells_in_what_steps_an_article_is_sold_and_how_many_there_are() {
    let town = by_measure();
    let listed = town.does("buyer", &["catalog", SHOP]).out;
    let cells = |sku: &str| -> Vec<String> {
        let row = listed.lines().find(|line| line.starts_with(sku)).unwrap_or_else(|| panic!("{sku}: {listed}"));
        row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
    };
    assert_eq!(cells("SKU")[2..5], ["PRICE", "INCREMENT", "STOCK"]);
    assert_eq!(cells("CUP")[2..5], ["JPY 900", "6", "18"]);
    assert_eq!(cells("POT")[2..5], ["JPY 3,200", "1", "0"]);
    assert_eq!(cells("KETTLE")[2..5], ["JPY 36,000", "1", "–"]);
    // Where no article has one there is no column for it.
    let kettle = town.does("buyer", &["catalog", SHOP, "kettle"]).out;
    assert!(!kettle.contains("INCREMENT") && !kettle.contains("STOCK"), "{kettle}");
    let pot = town.does("buyer", &["catalog", SHOP, "pot"]).out;
    assert!(!pot.contains("INCREMENT") && pot.contains("STOCK"), "{pot}");
    let found = town.does("buyer", &["catalog", SHOP, "--json"]).json();
    let said: Vec<Value> = found["articles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["sku"], one["increment"], one["stock"]]))
        .collect();
    for article in [json!(["CUP", "6", "18"]), json!(["ROPE", "0.5", "2.5"]), json!(["KETTLE", "1", null])] {
        assert!(said.contains(&article), "{article}: {said:?}");
    }
    let letter = town.letter("buyer", "in", "catalog");
    for text in ["     sold in multiples of 6", "     in stock: 18"] {
        assert_eq!(letter.lines().filter(|line| *line == text).count(), 1, "people read it, too: {letter}");
    }
    let japanese = town.does("buyer", &["--lang", "ja", "catalog", SHOP]).out;
    assert!(japanese.contains("販売単位") && japanese.contains("在庫"), "{japanese}");
}

#[test]
fn what_is_no_multiple_of_what_is_sold_is_refused_before_it_is_sent() {
    let town = by_measure();
    for (item, said) in [
        ("CUP=8", "item 1 (CUP): it is sold in multiples of 6, not in 8; the nearest are 6 and 12"),
        ("CUP;Cup;JPY 900;8", "item 1 (Cup): it is sold in multiples of 6, not in 8; the nearest are 6 and 12"),
        ("CUP", "it is sold in multiples of 6, not in 1; the nearest is 6"),
        ("ROPE=0.2", "it is sold in multiples of 0.5, not in 0.2; the nearest is 0.5"),
        ("KETTLE=1.5", "it is sold in whole pieces, not in 1.5; the nearest are 1 and 2"),
    ] {
        let (code, err) = tried(&town, &[item]);
        assert!(code == Some(65) && err.contains(said), "{item}: {err}");
    }
    let said = town.run("buyer", &["--lang", "ja", "order", "--shop", SHOP, "--item", "CUP=8"]).err;
    assert!(said.contains("品目 1 (CUP)：6 の倍数での販売です（8 は不可）。近い数量は 6 と 12 です"), "{said}");
    assert_eq!(count(&town, "buyer", "out", "order"), 0);
    // What the catalog does not have is not looked at, and what is a multiple goes.
    assert_eq!(tried(&town, &["LID;Lid;JPY 900;1.5", "ROPE=1.5", "KETTLE=2"]).0, Some(0));
    let id = order(&town, &["--item", "CUP=12"]);
    town.settle();
    town.check_stands("buyer", &id, "offered", [false; 3]);
    // A repeated order is held against it, too.
    town.does("buyer", &["confirm", &id]);
    let run = town.run("buyer", &["reorder", &id, "--quantity", "1=8"]);
    assert!(run.code == Some(65) && run.err.contains("line 1 (Cup): it is sold in multiples of 6"), "{run:?}");
    let said = town.run("buyer", &["--lang", "ja", "reorder", &id, "--quantity", "1=8"]).err;
    assert!(said.contains("明細 1（Cup）：6 の倍数での販売です"), "{said}");
    assert_eq!(town.run("buyer", &["reorder", &id, "--quantity", "1=18"]).code, Some(0));
    // The shop looks at what it would do with any quantity.
    fs::write(town.path("order.toml"), "[[item]]\nsku = \"CUP\"\nquantity = \"8\"\n").unwrap();
    let file = town.path("order.toml");
    let run = town.run("shop", &["shop", "procedure", "run", "--dry-run", file.to_str().unwrap()]);
    assert!(format!("{}{}", run.out, run.err).contains("This article is sold in multiples of 6"), "{run:?}");
}

#[test]
fn who_writes_an_order_at_a_terminal_is_asked_again_for_what_is_no_multiple() {
    let town = by_measure();
    let mut screen = town.types("buyer", &["order", "--shop", SHOP]);
    screen.answers("Article:", "CUP;Cup;JPY 900;7").waits_for("it is sold in multiples of 6, not in 7");
    screen.answers("Article:", "CUP").answers("How many of Cup? [6]", "7").waits_for("the nearest are 6 and 12");
    screen.answers("How many of Cup? [6]", "").answers("Article:", "ROPE").answers("How many of Rope? [1]", "0.5");
    screen.answers("Article:", "").keys("\u{4}").ends();
    assert_eq!(count(&town, "buyer", "out", "order"), 0);
}

#[test]
fn more_than_there_was_is_told_and_keeps_nobody_from_ordering() {
    let town = by_measure();
    let (code, err) = tried(&town, &["CUP=24", "POT=1"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("warning: of Cup the shop had no more than 18, by its catalog of "), "{err}");
    assert!(err.contains("warning: of 急須 the shop had none, by its catalog of "), "{err}");
    // Lines of one article are taken together.
    let (code, err) = tried(&town, &["CUP=12", "CUP=12"]);
    assert_eq!((code, err.matches("of Cup the shop had no more than 18").count()), (Some(0), 1), "{err}");
    for enough in [&["CUP=18"][..], &["CUP=6", "CUP=12", "ROPE=2.5"], &["KETTLE=1000"], &["LID;Lid;JPY 900;99"]] {
        let (code, err) = tried(&town, enough);
        assert!(code == Some(0) && !err.contains("the shop had"), "{enough:?}: {err}");
    }
    let said = town.run("buyer", &["--lang", "ja", "order", "--dry-run", "--shop", SHOP, "--item", "CUP=24"]).err;
    assert!(said.contains("Cup の在庫は 18 です"), "{said}");
    let run = town.does("buyer", &["order", "--shop", SHOP, "--item", "CUP=24"]);
    assert!(run.err.contains("no more than 18"), "{run:?}");
    assert_eq!(count(&town, "buyer", "out", "order"), 1);
}

/// Reads the articles of a catalog that another program wrote.
fn offers(json: &str) -> Result<Vec<Offer>, ReadError> {
    match mail::reread(with_machine(&letters::terms(), json).as_bytes())? {
        Letter { document: Document::Catalog(catalog), .. } => Ok(catalog.offers),
        other => panic!("no catalog: {}", other.kind()),
    }
}

#[test]
fn an_article_of_a_catalog_may_say_neither_steps_nor_stock_and_says_no_nonsense() {
    let catalog = include_str!("../corpus/letters/catalog.json");
    let said: Vec<_> = offers(catalog).unwrap().iter().map(|offer| (offer.increment, offer.stock.count())).collect();
    assert_eq!(said, [(Quantity::parse("6").ok(), Some("0".to_owned())), (None, None)]);
    for (from, to) in [
        ("\"billingIncrement\":\"6\"", "\"billingIncrement\":\"0\""),
        ("\"billingIncrement\":\"6\"", "\"billingIncrement\":6"),
        ("\"value\":\"0\"", "\"value\":\"-1\""),
    ] {
        assert!(catalog.contains(from), "{from}");
        assert!(matches!(offers(&catalog.replacen(from, to, 1)), Err(ReadError::BadShape(_))), "{to}");
    }
}
