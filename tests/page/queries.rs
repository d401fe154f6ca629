//! Every word of the query language finds the same orders on the terminal and on the page, and not all of them (P72-P80).

use mailorder::rules::query::{KEYED, PLAIN};
use serde_json::Value;

use super::served::{Served, form, listed};
use super::shows::list;
use crate::support::program::Town;

/// A town whose buyer has an order of each sort: what was played, and beside it an offer, one that failed, one of which less came
/// than was delivered, one that goes back, one of another shop, one under another name, and one in another currency.
fn town() -> Town {
    let town = Town::played();
    town.add_merchant();
    let order = |shop: &str, item: &str| {
        let wish = ["--json", "order", "--shop", shop, "--item", item, "--pay", "invoice"];
        let charge = ["--charge", "Parcel delivery;JPY 500"];
        let charge: &[&str] = if shop == "shop@demo.test" { &charge } else { &[] };
        town.does("buyer", &[&wish, charge].concat()).json()["id"].as_str().unwrap().to_owned()
    };
    let sku = |sku: &str, name: &str, price: u32, count: u32| format!("{sku};{name};JPY {price};{count}");
    order("mart@demo.test", &sku("MUG", "Mug", 900, 1));
    order("mart@demo.test", "LAMP;Lamp;EUR 19.90;1");
    let offer = order("shop@demo.test", &sku("KETTLE", "Iron kettle", 36_000, 1));
    let short = order("shop@demo.test", &sku("SH-41", "シャツ 白 41", 4_300, 2));
    let failed = order("shop@demo.test", &sku("TEA-200", "煎茶 200g", 1_800, 1));
    let back = order("shop@demo.test", &sku("SH-41", "シャツ 白 41", 4_300, 1));
    town.settle();
    for id in [&short, &failed, &back] {
        town.does("buyer", &["confirm", id]);
    }
    town.settle();
    let number = town.show("buyer", &short)["number"].as_str().unwrap().to_owned();
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered")]);
    town.does("buyer", &["received", &short, "--line", "1=1"]);
    let number = town.show("buyer", &back)["number"].as_str().unwrap().to_owned();
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")]);
    town.does("buyer", &["return", &back, "--reason", "too small"]);
    town.settle();
    let number = town.show("buyer", &failed)["number"].as_str().unwrap().to_owned();
    town.does("ship", &["ship", "notify", &number, "--failed", "refused at the door"]);
    // The configuration names who buys.
    town.configure("buyer", |text| {
        let named = text.replace("name = \"小野 賢治\"", "name = \"Yoshi Tanaka\"");
        assert_ne!(named, text, "{text}");
        named
    });
    order("shop@demo.test", &sku("SH-41", "シャツ 白 41", 4_300, 1));
    town.settle();
    assert_eq!(town.show("buyer", &offer)["state"], "offered");
    // One that no shop has seen yet.
    order("mart@demo.test", &sku("PEN", "Pen", 300, 1));
    town
}

/// Returns what is asked for by a word with a value, of these orders.
fn keyed(word: &str, all: &[Value]) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let first = &all[0];
    let value = match word {
        "shop" => "mart".to_owned(),
        "buyer" => "tanaka".to_owned(),
        "item" => "シャツ".to_owned(),
        "txn" => text(&first["id"])[..6].to_owned(),
        "state" => "completed".to_owned(),
        "month" => text(&first["date"])[..7].to_owned(),
        "date" => format!("..{}", &text(&all.last().unwrap()["date"])[..10]),
        "amount" => ">9000".to_owned(),
        "currency" => "EUR".to_owned(),
        "late" => "1d".to_owned(),
        "shipped" | "delivered" | "paid" => "10d".to_owned(),
        _ => panic!("{word}: say what is to be asked for by it"),
    };
    format!("{word}:{value}")
}

#[test]
fn every_word_of_the_query_language_finds_the_same_on_terminal_and_page_p72_to_p80() {
    let town = town();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let ids = |found: &Value| -> Vec<String> {
        found["transactions"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = list(&town, &[]);
    let every = ids(&all);
    assert!(every.len() >= 11, "{all}");
    assert_eq!(listed(&visitor.page("/")), every);
    let orders = all["transactions"].as_array().unwrap();
    let words: Vec<String> = PLAIN
        .iter()
        .map(|(word, _)| (*word).to_owned())
        .chain(KEYED.iter().map(|(word, _)| keyed(word, orders)))
        .chain(["シャツ".to_owned()])
        .collect();
    assert_eq!(words.len(), PLAIN.len() + KEYED.len() + 1);
    for word in &words {
        let found = ids(&list(&town, &[word]));
        assert!(!found.is_empty() && found.len() < every.len(), "{word} finds {} of {}", found.len(), every.len());
        let page = visitor.page(&format!("/?{}", form(&[("q", word)])));
        assert_eq!(listed(&page), found, "{word}");
        assert!(page.contains(&format!("value=\"{}\"", word.replace('>', "&gt;"))), "{word} stays in its field");
    }
    // Two words find what both find; the example of each is a query.
    for pair in words.windows(2) {
        let (one, other) = (ids(&list(&town, &[&pair[0]])), ids(&list(&town, &[&pair[1]])));
        let both: Vec<String> = one.into_iter().filter(|id| other.contains(id)).collect();
        assert_eq!(ids(&list(&town, &[&pair[0], &pair[1]])), both, "{pair:?}");
    }
    for (_, example) in KEYED {
        let found = ids(&list(&town, &[example]));
        assert_eq!(listed(&visitor.page(&format!("/?{}", form(&[("q", example)])))), found, "{example}");
    }
}

#[test]
fn from_is_no_word_of_the_query_language_and_is_told() {
    let town = Town::played();
    let wrong = town.run("buyer", &["list", "from:pay"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("known before a colon: shop, buyer, item"), "{wrong:?}");
}
