//! What stands in the order form: who orders, each field that can be changed, and that leaving it sends nothing (figures 5 and
//! 9; P14, P15, P34, P100).

use std::collections::BTreeSet;

use super::desk::{Fields, filled};
use super::served::{Served, Visitor};
use crate::flows::catalog::{CATALOG, SHOP, catalog, order, town};
use crate::support::program::Town;

/// What the buyer's configuration says of him.
const PERSON: [&str; 3] = ["小野 賢治", "buyer@demo.test", "+81-3-1234-5678"];

fn served(town: &Town) -> Served {
    Served::start(&town.path("buyer/config.toml"))
}

/// A buyer who has the shop's catalog.
fn with_catalog() -> Town {
    let town = town(CATALOG, "");
    catalog(&town, &[]);
    town
}

/// Sends the fields of a form with one of its buttons; returns the page that comes.
fn fills(visitor: &Visitor<'_>, fields: &Fields, what: &str) -> String {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    visitor.fills("/order", &[&fields[..], &[("do", what)]].concat())
}

/// Returns the part of a page that has this id.
fn part<'a>(page: &'a str, id: &str, end: &str) -> &'a str {
    let (_, from) = page.split_once(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id} in {page}"));
    from.split(end).next().unwrap()
}

#[test]
fn the_buyer_stands_on_the_form_where_it_is_checked_and_beside_the_terms_p14_p34() {
    let town = with_catalog();
    let served = served(&town);
    let visitor = served.visit();
    let says = |part: &str| PERSON.iter().all(|one| part.contains(one));
    assert!(says(part(&visitor.page("/order"), "person", "</fieldset>")));
    assert!(part(&visitor.page("/order?lang=ja"), "person", "</fieldset>").contains("注文者"));
    let mut fields = filled(&visitor.page("/order?shop=shop%40demo.test"));
    fields.iter_mut().find(|(name, _)| name == "pick-CUP").unwrap().1 = "2".to_owned();
    let check = fills(&visitor, &fields, "check");
    assert!(check.contains("value=\"send\"") && says(part(&check, "person", "</div>")), "{check}");
    let id = order(&town, &["--item", "CUP=1", "--pay", "invoice"]);
    town.settle();
    let terms = visitor.page(&format!("/txn/{id}/confirm"));
    let buyer = part(&terms, "buyer", "</tr>");
    assert!(says(buyer) && buyer.contains("as ordered"), "{buyer}");
    // The same on the terminal.
    let said = town.does("buyer", &["confirm", &id, "--dry-run"]).out;
    let [name, email, telephone] = PERSON;
    assert!(said.contains(&format!("{name} <{email}>, {telephone}")), "{said}");
    let said = town.does("buyer", &["confirm", &id, "--dry-run", "--json"]).json();
    assert_eq!(said["buyer"], serde_json::json!({"name": name, "email": email, "telephone": telephone, "same": true}));
    let said = town.does("buyer", &["confirm", &id, "--dry-run", "--lang", "ja"]).out;
    assert!(said.lines().any(|line| line.contains("買い手") && line.contains(telephone)), "{said}");
}

#[test]
fn who_has_no_telephone_is_told_that_none_goes_with_the_order_p14() {
    let town = with_catalog();
    town.configure("buyer", |text| text.replace("telephone = \"+81-3-1234-5678\"\n", ""));
    let served = served(&town);
    let page = served.visit().page("/order");
    let person = part(&page, "person", "</fieldset>");
    assert!(person.contains("none</span>") && !person.contains("+81"), "{person}");
}

/// What each field of the form is changed to, beside those in which a browser sends whose form it is.
const CHANGES: [(&str, &str); 17] = [
    ("pick-CUP", "3"),
    ("item", "Lid"),
    ("sku", "LID"),
    ("quantity", "2"),
    ("price", "JPY 250"),
    ("charge", "Gift wrap"),
    ("charge-price", "JPY 300"),
    ("pay", "bank-transfer"),
    ("deliver", "pickup"),
    ("to-name", "小野 花"),
    ("to-street", "本町2-2"),
    ("to-locality", "横浜市"),
    ("to-region", "神奈川県"),
    ("to-postal_code", "220-0000"),
    ("to-country", "JP"),
    ("remarks", "ring twice"),
    ("shop", SHOP),
];

/// Returns the fields with these changes; a field that a form has several times is changed where it stands first.
fn changed(mut fields: Fields) -> Fields {
    for (name, value) in CHANGES {
        let first = fields.iter_mut().find(|(field, _)| field == name);
        first.unwrap_or_else(|| panic!("the form has no {name}")).1 = value.to_owned();
    }
    fields
}

#[test]
fn each_field_of_an_order_again_can_be_changed_on_the_page_p14_p100() {
    let town = with_catalog();
    let old = order(&town, &["--item", "CUP=2", "--pay", "invoice", "--deliver", "parcel"]);
    town.settle();
    town.does("buyer", &["confirm", &old]);
    town.settle();
    let served = served(&town);
    let visitor = served.visit();
    let fields = filled(&visitor.page(&format!("/order?again={old}")));
    // Nothing of the form is left out here: the other articles' quantities are like that of the cup.
    let own = ["token", "once", "again", "find"];
    let names: BTreeSet<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    let names =
        names.into_iter().filter(|name| !own.contains(name) && (!name.starts_with("pick-") || *name == "pick-CUP"));
    assert_eq!(names.collect::<BTreeSet<_>>(), CHANGES.iter().map(|(name, _)| *name).collect());
    let check = fills(&visitor, &changed(fields), "check");
    // What was changed is kept on the way back to the form, and goes out as it stands.
    let form = filled(&fills(&visitor, &filled(&check), "edit"));
    for (name, value) in CHANGES {
        assert!(form.iter().any(|(field, kept)| field == name && kept == value), "{name}: {form:?}");
    }
    let checked: Vec<(String, String)> = filled(&check);
    let checked: Vec<(&str, &str)> = checked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let sent = visitor.post("/order", &[&checked[..], &[("do", "send")]].concat());
    let place = sent.header("location").unwrap_or_else(|| panic!("{}", sent.body));
    let order = town.show("buyer", place.strip_prefix("/txn/").unwrap().split('?').next().unwrap())["order"].clone();
    assert_eq!(order["reorder_of"], town.show("buyer", &old)["number"]);
    let lines: Vec<(&str, &str)> = order["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["item"]["name"].as_str().unwrap(), line["quantity"].as_str().unwrap()))
        .collect();
    assert_eq!(lines, [("Cup", "3"), ("Lid", "2")]);
    assert_eq!((&order["charges"][0]["name"], &order["total"]["amount"]), (&"Gift wrap".into(), &"3500".into()));
    assert_eq!((&order["payment_method"], &order["delivery_method"]), (&"bank-transfer".into(), &"pickup".into()));
    assert_eq!(order["remarks"], "ring twice");
    for (name, value) in CHANGES.iter().filter_map(|(name, value)| Some((name.strip_prefix("to-")?, value))) {
        assert_eq!(order["deliver_to"][name], *value, "{name}");
    }
    assert_eq!((&order["buyer"]["name"], &order["buyer"]["telephone"]), (&PERSON[0].into(), &PERSON[2].into()));
}

mod real {
    use super::{CATALOG, catalog, served, town};
    use crate::page::driver::Browser;

    #[test]
    fn whoever_leaves_the_order_where_it_is_checked_has_sent_nothing_p15() {
        let town = town(CATALOG, "");
        catalog(&town, &[]);
        let served = served(&town);
        let browser = Browser::start(1280, 1000);
        browser.open(&served.link);
        browser.open(&format!("http://{}/order?shop=shop@demo.test", served.host()));
        let before = town.entries("buyer").len();
        browser.write("[name=pick-CUP]", "2");
        browser.click("button[value=check]");
        browser.until("the check", "return !!document.querySelector('button[value=send]')");
        browser.click(".slip a[href='/']");
        browser.arrives("/");
        // Neither on the way back, nor where that page is loaded anew.
        browser.script("history.back()");
        browser.until("the check", "return !!document.querySelector('button[value=send]')");
        browser.script("location.reload()");
        browser.until("the check", "return !!document.querySelector('button[value=send]')");
        assert_eq!(town.entries("buyer").len(), before);
        assert!(town.list(&[]).is_empty() && town.post("shop").is_empty());
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}
