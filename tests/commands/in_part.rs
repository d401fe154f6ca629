//! What is done in part and what went back: seen by mark and word, on the terminal and on the page, by each party.

use serde_json::{Value, json};

use crate::page::served::Served;
use crate::support::program::Town;

/// Returns an order as the list of a party has it.
fn listed(town: &Town, party: &str, name: &str) -> Value {
    let found = town.lists(party, &[&format!("txn:{name}")]);
    found.first().unwrap_or_else(|| panic!("{party} has no {name}")).clone()
}

/// Returns the line of an order in the list of a party.
fn line(town: &Town, party: &str, name: &str, words: &[&str]) -> String {
    let list = town.does(party, &[words, &["list"]].concat()).out;
    list.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {list}")).to_owned()
}

/// Returns the row of an order on the page.
fn row(town: &Town, id: &str, language: &str) -> String {
    let served = Served::start(&town.path("buyer/config.toml"));
    let page = served.visit().page(&format!("/?lang={language}"));
    let row = page.split("<tr").find(|row| row.contains(&format!("value=\"{id}\""))).unwrap();
    row.split("</tr>").next().unwrap().to_owned()
}

fn parts(one: &Value) -> [Value; 3] {
    ["order", "delivery", "payment"].map(|leg| one[leg]["in_part"].clone())
}

/// Returns an order of two shirts of which one has left.
fn shipped_in_part() -> (Town, String, String) {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 2, &["--pay", "invoice"]);
    town.does("shop", &["shop", "notify", &number, "--shipped", "--parcel", "1", "--line", "1=1"]);
    town.does("shop", &["shop", "notify", &number, "--planned", "2040-12-04", "--parcel", "2", "--line", "1=1"]);
    town.settle();
    (town, id, number)
}

#[test]
fn one_of_two_shipped_delivered_and_half_of_the_money_paid_is_said_as_that() {
    let (town, id, number) = shipped_in_part();
    let short = &id[..6];
    let one_of_two = json!({"done": "1", "of": "2"});
    let one = listed(&town, "buyer", short);
    assert_eq!(parts(&one), [one_of_two.clone(), Value::Null, Value::Null]);
    assert_eq!((&one["order"]["done"], &one["order"]["date"]), (&json!(false), &json!("2040-12-04")));
    assert!(line(&town, "buyer", short, &[]).contains("◐ 1 of 2, due 2040-12-04  … due "));
    assert!(line(&town, "buyer", short, &["--lang", "ja"]).contains("◐ 2点中1点 2040-12-04 予定"));
    assert!(line(&town, "shop", &number, &[]).contains("◐ 1 of 2, due 2040-12-04"));
    for (language, said) in
        [("en", ["shipped 1 of 2</span>", "rest <time"]), ("ja", ["2点中1点発送</span>", "残り <time"])]
    {
        let row = row(&town, &id, language);
        assert!(row.matches("#m-part").count() == 1 && said.iter().all(|said| row.contains(said)), "{row}");
    }
    town.does("ship", &["ship", "notify", &number, "--delivered", "--parcel", "1", "--line", "1=1"]);
    town.does("pay", &["pay", "notify", &number, "--paid", "--amount", "JPY 2000"]);
    town.settle();
    let money = |yen: &str| json!({"amount": yen, "currency": "JPY"});
    let paid = json!({"done": money("2000"), "of": money("9100")});
    assert_eq!(parts(&listed(&town, "buyer", short)), [one_of_two.clone(), one_of_two.clone(), paid.clone()]);
    let said = line(&town, "buyer", short, &[]);
    assert!(said.matches("◐ 1 of 2, due ").count() == 2 && said.contains("◐ 2,000 of 9,100, due "), "{said}");
    assert!(line(&town, "ship", &number, &[]).contains("◐ 1 of 2"), "{}", line(&town, "ship", &number, &[]));
    assert!(line(&town, "pay", &number, &[]).contains("◐ 2,000 of 9,100"), "{}", line(&town, "pay", &number, &[]));
    let row = row(&town, &id, "en");
    assert!(row.matches("#m-part").count() == 3 && row.contains("delivered 1 of 2</span>"), "{row}");
    assert!(row.contains("paid <span class=\"amount"), "{row}");
    let shown = town.does("buyer", &["show", &id]).out;
    assert!(shown.contains("1 of 2, due 2040-12-04") && shown.contains("JPY 2,000 of JPY 9,100, due "), "{shown}");
    let legs = town.show("buyer", &id)["legs"].clone();
    assert_eq!(
        ["order", "delivery", "payment"]
            .map(|leg| { legs.as_array().unwrap().iter().find(|one| one["leg"] == leg).unwrap()["in_part"].clone() }),
        [one_of_two.clone(), one_of_two, paid]
    );
    // The index built anew says the same; done whole, nothing is in part.
    let before = town.lists("buyer", &[]);
    town.does("buyer", &["ledger", "reindex"]);
    assert_eq!(town.lists("buyer", &[]), before);
    town.does("shop", &["shop", "notify", &number, "--shipped", "--parcel", "2"]);
    town.settle();
    town.does("ship", &["ship", "notify", &number, "--delivered", "--parcel", "2"]);
    town.reports(&number, &[("pay", "--paid")]);
    let one = listed(&town, "buyer", short);
    assert_eq!((parts(&one), &one["state"]), ([Value::Null, Value::Null, Value::Null], &json!("completed")));
    assert!(!line(&town, "buyer", short, &[]).contains('◐'));
}

#[test]
fn what_went_back_is_marked_as_returned_and_refunded_and_no_more_as_shipped_and_paid() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")]);
    let short = &id[..6];
    let back = || ["order", "delivery", "payment"].map(|leg| !listed(&town, "buyer", short)[leg]["back"].is_null());
    assert!(back() == [false; 3] && !line(&town, "buyer", short, &[]).contains('↩'));
    town.does("buyer", &["return", &id]);
    town.settle();
    assert_eq!((back(), &listed(&town, "buyer", short)["state"]), ([true, false, false], &json!("returned")));
    let said = line(&town, "buyer", short, &[]);
    assert!(said.matches('↩').count() == 2 && said.contains("↩ returned"), "{said}");
    let row_of = |language: &str| row(&town, &id, language);
    assert!(row_of("en").contains("returned</span>") && !row_of("en").contains("shipped"), "{}", row_of("en"));
    town.reports(&number, &[("pay", "--refunded")]);
    let one = listed(&town, "buyer", short);
    assert_eq!((back(), &one["state"]), ([true, false, true], &json!("refunded")));
    // That all was done once is still in the fields that say so.
    assert!(["order", "delivery", "payment"].iter().all(|leg| one[leg]["done"] == true), "{one}");
    let said = line(&town, "buyer", short, &[]);
    assert!(said.matches('↩').count() == 3 && said.matches('✓').count() == 1, "{said}");
    assert!(said.contains("↩ refunded"), "{said}");
    for (language, [goods, money]) in [("en", ["returned", "refunded"]), ("ja", ["返品済", "返金済"])] {
        let row = row_of(language);
        assert_eq!((row.matches("#m-back").count(), row.matches("#m-done").count()), (3, 1), "{row}");
        assert!([goods, money].iter().all(|word| row.contains(&format!("{word}</span>"))), "{row}");
    }
    let shown = town.does("buyer", &["show", &id]).out;
    assert!(shown.contains("  returned 20") && shown.contains("  refunded 20"), "{shown}");
}

/// What needs the clock moved.
mod real {
    use super::{line, shipped_in_part};

    #[test]
    fn what_is_late_says_still_how_much_is_done() {
        let (town, id, number) = shipped_in_part();
        town.does("pay", &["pay", "notify", &number, "--paid", "--amount", "JPY 2000"]);
        town.settle();
        let list = town.at("+60d", "buyer", &["list"]).out;
        let said = list.lines().find(|line| line.starts_with(&id[..6])).unwrap();
        assert!(said.contains("! 2,000 of 9,100, due ") && said.contains(" late"), "{said}");
        assert!(!line(&town, "buyer", &id[..6], &[]).contains(" late"));
    }
}
