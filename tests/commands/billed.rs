//! Whether the bill agrees with the order: what was agreed, stated, paid and is open, in `list`, `show` and in books.

use serde_json::json;

use crate::support::program::Town;

/// Returns what was shown of the order that the bank of the play bills too high, and the warning about it.
fn billed_too_high(town: &Town) -> (String, String) {
    let open = town.does("buyer", &["warnings", "--json"]).json();
    let warning = open["warnings"].as_array().unwrap().iter().find(|one| one["finding"] == "amount-differs").unwrap();
    let number = warning["number"].as_str().unwrap();
    let id = town.show("buyer", number)["id"].as_str().unwrap()[..6].to_owned();
    (id, warning["id"].as_str().unwrap().to_owned())
}

fn row(town: &Town, id: &str, words: &[&str]) -> String {
    let list = town.does("buyer", &[&["list"], words].concat()).out;
    list.lines().find(|line| line.starts_with(id)).unwrap_or_else(|| panic!("{id}: {list}")).to_owned()
}

fn bill(town: &Town, id: &str) -> String {
    let shown = town.does("buyer", &["show", id]).out;
    shown.lines().find(|line| line.starts_with("bill ")).unwrap_or_else(|| panic!("{shown}")).to_owned()
}

/// Returns the sum of the accounts of a journal in yen that begin so.
fn balance(journal: &str, account: &str) -> i64 {
    let postings = journal.lines().filter(|line| line.trim().starts_with(account));
    postings.filter_map(|line| line.split_once("  JPY ")?.1.trim().parse::<i64>().ok()).sum()
}

#[test]
fn a_higher_bill_is_marked_and_accepted_it_is_booked_as_what_it_is() {
    let town = Town::played();
    let (id, warning) = billed_too_high(&town);
    assert!(row(&town, &id, &[]).contains("! warned"), "{}", row(&town, &id, &[]));
    let said = bill(&town, &id);
    assert!(said.contains("agreed JPY 6,600 · stated JPY 7,600 · paid JPY 0 · open JPY 6,600"), "{said}");
    assert!(said.ends_with(&format!("differs (warning {warning})")), "{said}");
    let before = town.does("buyer", &["export", "--format", "hledger"]).out;
    town.does("buyer", &["warnings", "accept", &warning, "--reason", "gift wrapping, by telephone"]);
    let marked = row(&town, &id, &[]);
    assert!(!marked.contains("! warned") && marked.contains("JPY 6,600  JPY 7,600"), "{marked}");
    let said = bill(&town, &id);
    assert!(said.contains("agreed JPY 6,600 · stated JPY 7,600 · paid JPY 0 · open JPY 7,600"), "{said}");
    assert!(said.ends_with("differs, which you accepted: gift wrapping, by telephone"), "{said}");
    let shown = town.show("buyer", &id);
    assert_eq!((&shown["bill"]["agrees"], &shown["bill"]["accepted"]), (&json!(false), &json!(true)), "{shown}");
    let books = town.does("buyer", &["export", "--format", "hledger"]).out;
    assert!(books.contains("billed above the agreement, accepted"), "{books}");
    let moved = |account: &str| balance(&books, account) - balance(&before, account);
    assert_eq!((moved("expenses:"), moved("liabilities:unpaid")), (1000, -1000), "{books}");
    town.does("buyer", &["ledger", "reindex"]);
    assert_eq!(bill(&town, &id), said);
}

#[test]
fn what_was_said_of_several_letters_is_named_as_the_warning_that_is_listed() {
    let town = Town::fresh();
    let (id, _) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    let bills = |yen: u32| {
        town.misbills(&id, yen);
        town.sync(&["buyer"]);
    };
    let warned = |town: &Town| -> Vec<String> {
        let open = town.does("buyer", &["warnings", "--json"]).json();
        let open = open["warnings"].as_array().unwrap().iter();
        open.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    bills(9_999);
    bills(9_999);
    let letters = town.show("buyer", &id)["letters"].clone();
    let refused = letters.as_array().unwrap().iter().filter(|one| one["verdict"] == "warned").count();
    let listed = warned(&town);
    assert_eq!((refused, listed.len()), (2, 1), "{listed:?}");
    let named = || (town.show("buyer", &id)["bill"]["warning"].clone(), bill(&town, &id));
    let (in_json, said) = named();
    assert_eq!(in_json, json!(listed[0]));
    assert!(said.ends_with(&format!("differs (warning {})", listed[0])), "{said}");
    // What was seen is named on; something else is another warning, and the newest bill counts.
    town.does("buyer", &["warnings", "ack", &listed[0]]);
    assert_eq!(named().0, json!(listed[0]));
    bills(8_888);
    let (in_json, _) = named();
    assert_eq!(warned(&town), [in_json.as_str().unwrap()]);
    assert_ne!(in_json, json!(listed[0]));
}

#[test]
fn what_is_unpaid_stands_in_the_list_where_it_is_not_the_total_or_is_asked_for() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    let short = &id[..6];
    assert!(!row(&town, short, &[]).contains("JPY 4,800  JPY"));
    for words in [&["unpaid"][..], &["--unpaid"]] {
        assert!(row(&town, short, words).contains("JPY 4,800  JPY 4,800"), "{words:?}");
    }
    assert_eq!(town.show("buyer", &id)["bill"]["paid"], json!({"amount": "0", "currency": "JPY"}));
    town.does("pay", &["pay", "notify", &number, "--paid", "--amount", "JPY 2000"]);
    town.settle();
    assert!(row(&town, short, &[]).contains("JPY 4,800  JPY 2,800"), "{}", row(&town, short, &[]));
    let said = bill(&town, &id);
    assert!(said.contains("agreed JPY 4,800 · stated JPY 4,800 · paid JPY 2,000 · open JPY 2,800 due "), "{said}");
    assert!(said.ends_with(" · agrees"), "{said}");
    town.does("pay", &["pay", "notify", &number, "--paid"]);
    town.settle();
    assert!(bill(&town, &id).ends_with("paid JPY 4,800 · open JPY 0 · agrees"), "{}", bill(&town, &id));
    assert!(!row(&town, short, &[]).contains("JPY 2,800"));
}
