//! What a person looks for on the page first: orders by their names, what is due, whom to ask, what is warned of.

use serde_json::Value;

use super::desk::{cell, row};
use super::served::{Served, listed};
use super::shows::list;
use crate::support::program::Town;

#[test]
fn what_went_back_is_called_so_and_a_refund_that_is_due_stands_in_list_and_transaction() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")]);
    town.does("buyer", &["return", &id, "--reason", "too small"]);
    town.settle();
    let one = town.list(&[]).into_iter().find(|one| one["id"] == id.as_str()).unwrap();
    assert_eq!(one["state"], "returned", "{one}");
    let due = town.show("buyer", &id)["refund_due"].clone();
    assert_eq!(one["refund"], due, "{one}");
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let sum = format!("</span>{}</span>", super::desk::grouped(&due["amount"]));
    let page = visitor.page("/");
    let row = row(&page, &id);
    let payment = cell(row, "leg-payment");
    assert!(payment.contains("refund of") && payment.contains(&sum), "{row}");
    assert!(payment.contains(&format!("datetime=\"{}\"", due["date"].as_str().unwrap())), "{row}");
    assert!(cell(row, "goods").contains("returned"), "{row}");
    let shown = visitor.page(&format!("/txn/{id}"));
    let refund = shown.split("<dd id=\"refund\">").nth(1).unwrap().split("</dd>").next().unwrap();
    assert!(refund.contains(&sum), "{refund}");
}

#[test]
fn whatever_warning_is_counted_about_an_order_is_found_as_warned_in_list_and_page() {
    let town = Town::fresh();
    // One whose agent says what did not come, one whose delivery failed, one with a letter that does not agree, and one with both
    // of the last; nothing of the fifth.
    let [short, failed, billed, both, _] = [(); 5].map(|()| town.bought("SH-41", 2, &["--pay", "invoice"]));
    town.reports(&short.1, &[("shop", "--shipped"), ("ship", "--delivered")]);
    town.does("buyer", &["received", &short.0, "--line", "1=1"]);
    for (_, number) in [&failed, &both] {
        town.does("ship", &["ship", "notify", number, "--failed", "fell into the river"]);
    }
    town.settle();
    for (id, _) in [&billed, &both] {
        town.misbills(id, 9_999);
    }
    town.sync(&["buyer"]);
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let check = |expected: &[(&str, u64)]| {
        let mut listed: Vec<(String, u64)> = town
            .lists("buyer", &["warned"])
            .iter()
            .map(|one| (one["id"].as_str().unwrap().to_owned(), one["warnings"].as_u64().unwrap()))
            .collect();
        let mut expected: Vec<(String, u64)> = expected.iter().map(|(id, n)| ((*id).to_owned(), *n)).collect();
        listed.sort();
        expected.sort();
        assert_eq!(listed, expected);
        // All of them together are the open warnings of the account.
        let all: u64 = expected.iter().map(|(_, n)| n).sum();
        assert_eq!(town.does("buyer", &["status", "--json"]).json()["warnings"], all);
        let page = visitor.page("/?q=warned");
        for (id, n) in &expected {
            let said = if *n == 1 { "1 warning".to_owned() } else { format!("{n} warnings") };
            assert!(row(&page, id).contains(&said), "{said}: {}", row(&page, id));
        }
        assert_eq!(page.matches("name=\"txn\"").count(), expected.len(), "{page}");
        let count = format!("With warnings <span class=\"count\">{}<", expected.len());
        assert!(page.contains(&count) && visitor.page("/").contains(&count), "{count}");
    };
    check(&[(&short.0, 1), (&failed.0, 1), (&billed.0, 1), (&both.0, 2)]);
    // What a person has noted as seen is counted nowhere.
    let open = town.does("buyer", &["warnings", "--json"]).json()["warnings"].as_array().unwrap().clone();
    let of = |id: &str, finding: &str| {
        let number = town.number("buyer", id);
        let one = open.iter().find(|one| one["number"] == number.as_str() && one["finding"] == finding);
        one.unwrap_or_else(|| panic!("{finding}: {open:?}"))["id"].as_str().unwrap().to_owned()
    };
    town.does("buyer", &["warnings", "ack", &of(&short.0, "received-differs")]);
    town.does("buyer", &["warnings", "ack", &of(&both.0, "failed")]);
    check(&[(&failed.0, 1), (&billed.0, 1), (&both.0, 1)]);
}

#[test]
fn an_order_has_one_box_for_each_warning_that_the_page_of_warnings_has() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    for _ in 0..3 {
        town.misbills(&id, 9_999);
    }
    town.sync(&["buyer"]);
    let warned =
        |shown: &Value| shown["letters"].as_array().unwrap().iter().filter(|one| one["verdict"] == "warned").count();
    assert_eq!(warned(&town.show("buyer", &id)), 3, "{number}");
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let page = visitor.page(&format!("/txn/{id}"));
    let links: Vec<&str> =
        page.split("href=\"/warnings?id=").skip(1).map(|part| part.split(['#', '"']).nth(1).unwrap()).collect();
    assert_eq!(links.len(), 1, "{links:?}");
    assert!(visitor.page("/warnings").contains(&format!("id=\"{}\"", links[0])));
    assert!(visitor.page("/").contains("With warnings <span class=\"count\">1<"));
    // It says which letters it stands for, and is settled as one, whichever of them is named.
    let page = visitor.page("/warnings");
    assert!(page.contains("in 2 later letters, which are settled with this one"), "{page}");
    let shown = town.show("buyer", &id);
    let of_warned = |what: &str| -> Vec<String> {
        let letters = shown["letters"].as_array().unwrap().iter().filter(|one| one["verdict"] == "warned");
        letters.map(|one| one[what].to_string()).collect()
    };
    let last = format!("W-{}", of_warned("entry").last().unwrap());
    let led = visitor.does("/warnings", "/warnings", &[("warning", &last), ("act", "block")]);
    assert_eq!(led, "/warnings?said=blocked");
    let lifts = visitor.page("/warnings?settled=1");
    assert!(lifts.contains(">Hear the sender of W-") && !lifts.contains("aside</button>"), "{lifts}");
    let open = || town.does("buyer", &["warnings", "--json"]).json()["warnings"].as_array().unwrap().len();
    assert_eq!(open(), 0, "no other letter takes its place");
    let settled: Vec<Value> =
        town.show("buyer", &id)["letters"].as_array().unwrap().iter().map(|one| one["settled"].clone()).collect();
    assert_eq!(settled.iter().filter(|one| **one == "block").count(), 1, "one word lifts it: {settled:?}");
    town.does("buyer", &["warnings", "ack", &links[0].to_uppercase()]);
    assert_eq!(open(), 0);
    assert_eq!(visitor.page("/warnings?settled=1").matches("id=\"w-").count(), 2, "one box with its title");
}

#[test]
fn a_beginning_of_an_id_or_number_finds_its_order_as_a_plain_word() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    town.bought("TEA-200", 1, &["--pay", "invoice"]);
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    for word in [id.get(..6).unwrap(), &id.get(..9).unwrap().to_lowercase(), id.as_str(), number.as_str()] {
        let found = list(&town, &[word]);
        assert_eq!(found["transactions"].as_array().unwrap().len(), 1, "{word}: {found}");
        assert_eq!(found["transactions"][0]["id"], id.as_str(), "{word}");
        let path = format!("/?{}", super::served::form(&[("q", word)]));
        assert_eq!(listed(&visitor.page(&path)), std::slice::from_ref(&id), "{word}");
    }
    // Fewer letters begin too many; a name is found as before.
    assert!(list(&town, &[id.get(..5).unwrap()])["transactions"].as_array().unwrap().is_empty());
    assert_eq!(list(&town, &["煎茶"])["transactions"].as_array().unwrap().len(), 1);
}

#[test]
fn a_date_that_passed_stands_where_it_belongs_among_the_letters() {
    let town = Town::played();
    let late = list(&town, &["late"])["transactions"][0]["id"].as_str().unwrap().to_owned();
    town.does("buyer", &["ask", &late]);
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let page = visitor.page(&format!("/txn/{late}"));
    let table = page.split("<table class=\"timeline\">").nth(1).unwrap().split("class=\"today\"").next().unwrap();
    let days: Vec<&str> =
        table.split("class=\"when\"><time datetime=\"").skip(1).map(|part| part.get(..10).unwrap()).collect();
    assert!(table.contains("lane-missed"), "{table}");
    let (missed, last) = (table.rfind("lane-missed").unwrap(), table.rfind("Asked for the status").unwrap());
    assert!(missed < last, "what was asked today stands below what was due before: {days:?}");
    assert!(days.is_sorted(), "{days:?}");
}

#[test]
fn one_agent_is_asked_about_what_is_late_by_one_letter() {
    let town = Town::played();
    let late = list(&town, &["late"]);
    let (id, ask) = (late["late"][0]["id"].as_str().unwrap(), late["late"][0]["ask"].as_str().unwrap());
    let leg = late["late"][0]["leg"].as_str().unwrap();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let place = format!("/txn/{id}");
    for page in ["/", &place, "/warnings?late=1"] {
        let shown = visitor.page(page);
        let form = shown.split("class=\"ask-one\"").nth(1).unwrap().split("</form>").next().unwrap();
        assert!(form.contains(&format!("Ask {ask}")), "{page}: {form}");
        assert!(form.contains(&format!("name=\"leg\" value=\"{leg}\"")), "{page}: {form}");
        assert!(form.contains(&format!("action=\"{place}\"")), "{page}: {form}");
    }
    let asked = || town.count("buyer", id, "out", "status-request");
    let before = asked();
    let led = visitor.does(&place, &place, &[("act", "ask"), ("leg", leg)]);
    assert_eq!((led, asked() - before), (format!("{place}?said=asked"), 1));
    let shown = town.show("buyer", id);
    assert_eq!(crate::support::program::letters(&shown, "out", "status-request").last().unwrap()["peer"], ask);
}

#[test]
fn account_and_language_stand_in_the_foot_where_the_menu_has_no_room_for_them() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let page = served.visit().page("/");
    let foot = page.split("<footer").nth(1).unwrap();
    let account = foot.split("class=\"account\"").nth(1).unwrap().split("</p>").next().unwrap();
    assert!(account.contains("buyer@demo.test") && account.contains("lang=ja"), "{account}");
    let legs: Vec<usize> =
        ["Order", "Payment", "Delivery"].iter().map(|leg| page.find(&format!("\">{leg}</a></th>")).unwrap()).collect();
    assert!(legs.is_sorted(), "{legs:?}");
}

#[test]
fn the_quantity_of_an_order_is_that_of_all_its_lines_together_p73() {
    let town = Town::fresh();
    let id = town.orders("buyer", "SH-41", 2, &["--item", "TEA;Tea;JPY 900;3", "--pay", "invoice"]);
    let served = Served::start(&town.path("buyer/config.toml"));
    let page = served.visit().page("/");
    let quantity = cell(row(&page, &id), "num qty");
    assert!(quantity.contains(">5<"), "{quantity}");
}

#[test]
fn an_order_with_an_open_warning_is_marked_in_its_row_whatever_its_state() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let page = served.visit().page("/");
    let all = list(&town, &[]);
    let orders = all["transactions"].as_array().unwrap();
    assert!(orders.iter().any(|one| one["state"] == "open" && one["warnings"] == 1), "{all}");
    for one in orders {
        let row = row(&page, one["id"].as_str().unwrap());
        assert_eq!(row.contains("href=\"/warnings\""), one["warnings"] != 0, "{one}: {row}");
    }
}
