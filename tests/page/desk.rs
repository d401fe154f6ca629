//! The buyer's desk on the page: what each cell of the list says, how the list is cut, and the acts on ticked orders
//! (figures 16, 17, 20 and 21).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use mailorder::clock::Clock;
use serde_json::Value;

use super::served::{Served, Visitor, form, listed, value};
use crate::support::program::{Town, letters};

/// Names and values of a form.
pub type Fields = Vec<(String, String)>;

/// Starts the page of the buyer of a town.
fn desk(town: &Town) -> Served {
    Served::start(&town.path("buyer/config.toml"))
}

fn id(row: &Value) -> &str {
    row["id"].as_str().unwrap()
}

/// Returns the row of an order.
pub fn row<'a>(page: &'a str, id: &str) -> &'a str {
    let (_, from) =
        page.split_once(&format!("name=\"txn\" value=\"{id}\"")).unwrap_or_else(|| panic!("{id} is listed"));
    from.split("</tr>").next().unwrap()
}

/// Returns the cell of a row with this class.
pub fn cell<'a>(row: &'a str, class: &str) -> &'a str {
    row.split("<td")
        .flat_map(|part| part.split("<th"))
        .find(|cell| cell.split('>').next().unwrap().contains(class))
        .unwrap_or_else(|| panic!("{class}: {row}"))
}

pub fn grouped(amount: &Value) -> String {
    let digits = amount.as_str().unwrap();
    let places = digits.len();
    let points = |(place, digit): (usize, char)| {
        let point = (place > 0 && (places - place).is_multiple_of(3)).then_some(',');
        point.into_iter().chain([digit])
    };
    digits.chars().enumerate().flat_map(points).collect()
}

/// Sends a form with several ticks; returns where it leads.
pub fn ticked(visitor: &Visitor<'_>, act: &str, ids: &[&str]) -> String {
    let fields: Vec<(&str, &str)> = ids.iter().map(|id| ("txn", *id)).chain([("act", act)]).collect();
    visitor.does("/", "/", &fields)
}

#[test]
fn the_page_of_an_order_says_whether_its_bill_agrees_with_it_as_show_does_p66_p85_p118() {
    let town = Town::played();
    let served = desk(&town);
    let visitor = served.visit();
    let mut said = BTreeMap::new();
    for one in town.list(&[]) {
        let id = id(&one);
        let bill = &town.show("buyer", id)["bill"];
        let page = visitor.page(&format!("/txn/{id}"));
        let shown = page.split_once("<div id=\"bill\">").map(|(_, rest)| rest.split_once("</div>").unwrap().0);
        *said.entry(bill["agrees"].to_string()).or_insert(0) += 1;
        let Some(shown) = shown else {
            assert!(bill.is_null(), "{bill}");
            continue;
        };
        let marks = ["state--done", "state--no"].map(|mark| shown.contains(mark));
        assert_eq!(marks, [bill["agrees"] == true, bill["agrees"] == false], "{bill}: {shown}");
        for sum in ["agreed", "stated", "paid", "open"].map(|name| &bill[name]).into_iter().filter(|sum| !sum.is_null())
        {
            assert!(shown.contains(&format!(">{}<", grouped(&sum["amount"]))), "{sum}: {shown}");
        }
    }
    assert!(said["true"] > 0 && said["false"] > 0, "{said:?}");
}

#[test]
fn each_row_has_what_the_list_has_and_done_is_told_from_not_done_p73_p78_p85() {
    let town = Town::played();
    let served = desk(&town);
    let page = served.visit().page("/");
    let mut marks = [0, 0];
    for one in town.list(&[]) {
        let row = row(&page, id(&one));
        assert!(cell(row, "ordered").contains(&format!("datetime=\"{}\"", one["date"].as_str().unwrap())), "{row}");
        let items = one["items"].as_array().unwrap();
        assert!(cell(row, "goods").contains(&format!("<bdi>{}<", items[0]["name"].as_str().unwrap())), "{row}");
        let pieces: u32 = items.iter().map(|item| item["quantity"].as_str().unwrap().parse::<u32>().unwrap()).sum();
        assert!(cell(row, "num qty").contains(&format!(">{pieces}<")), "{row}");
        if !one["total"].is_null() {
            assert!(cell(row, "amount-cell").contains(&format!(">{}<", grouped(&one["total"]["amount"]))), "{row}");
        }
        if ["ordered", "offered", "cancelled", "rejected"].contains(&one["state"].as_str().unwrap()) {
            assert!(row.contains("leg-answer"), "{row}");
            continue;
        }
        for leg in ["order", "payment", "delivery"] {
            let (cell, known) = (cell(row, &format!("leg-{leg}")), &one[leg]);
            // What went back was done before, and is marked as gone back, with that day.
            let back = known["back"].as_str();
            assert_eq!(cell.contains("state--done"), known["done"] == true && back.is_none(), "{leg} {one}: {cell}");
            assert_eq!(cell.contains("state--back"), back.is_some(), "{leg} {one}: {cell}");
            if let Some(date) = back.or(known["date"].as_str()) {
                assert!(cell.contains(&format!("datetime=\"{date}\"")), "{leg} {date}: {cell}");
            }
            marks[usize::from(known["done"] == true)] += 1;
        }
    }
    assert!(marks[0] > 2 && marks[1] > 2, "both are met: {marks:?}");
}

#[test]
fn the_fields_of_the_page_cut_the_list_as_words_do_p74_p75_p76_p77() {
    let town = Town::played();
    let served = desk(&town);
    let visitor = served.visit();
    let month = Clock::system().now().to_string()[..7].to_owned();
    let mut cuts = BTreeSet::new();
    for (field, choice) in [
        ("order", "shipped"),
        ("order", "unshipped"),
        ("payment", "paid"),
        ("payment", "unpaid"),
        ("delivery", "delivered"),
        ("delivery", "undelivered"),
        ("month", month.as_str()),
        ("month", "1999-12"),
    ] {
        let words = if field == "month" { format!("month:{choice}") } else { choice.to_owned() };
        let ids: Vec<String> = town.list(&[&words]).iter().map(|one| id(one).to_owned()).collect();
        let page = visitor.page(&format!("/?{}", form(&[(field, choice)])));
        assert_eq!(listed(&page), ids, "{field} {choice}");
        cuts.insert(ids);
    }
    assert!(cuts.len() >= 5, "{cuts:?}");
    let both = visitor.page("/?order=shipped&payment=unpaid&delivery=delivered");
    let words = ["shipped", "unpaid", "delivered"];
    assert_eq!(listed(&both), town.list(&words).iter().map(|one| id(one).to_owned()).collect::<Vec<_>>());
}

#[test]
fn an_unpaid_total_at_its_limit_is_warned_of_on_the_page_p81() {
    let town = Town::played();
    let config = town.path("buyer/config.toml");
    let written = fs::read_to_string(&config).unwrap();
    let unpaid = town.does("buyer", &["--json", "list", "unpaid"]).json()["unpaid"][0]["amount"].clone();
    let total: u64 = unpaid.as_str().unwrap().parse().unwrap();
    for (limit, warned) in [(total + 1, false), (total, true), (1, true)] {
        let limited = written.replace("\"JPY 50000\"", &format!("\"JPY {limit}\""));
        assert_ne!(limited, written);
        fs::write(&config, limited).unwrap();
        let page = desk(&town).visit().page("/");
        let figure = page.split("class=\"owed\"").nth(1).unwrap().split("</div>").next().unwrap();
        assert!(figure.contains(&format!(">{}<", grouped(&unpaid))), "{figure}");
        assert_eq!(figure.contains("state--late"), warned, "{limit}: {figure}");
        let over = town.does("buyer", &["--json", "list"]).json()["over_limit"].clone();
        assert_eq!(over.as_array().unwrap().is_empty(), !warned, "{limit}: {over}");
        let told = town.does("buyer", &["list"]).out;
        assert_eq!(
            told.contains(&format!("the limit of JPY {} is reached", grouped(&limit.to_string().into()))),
            warned,
            "{told}"
        );
    }
}

#[test]
fn ticked_orders_are_asked_about_at_the_addresses_of_their_terms_p82_p83_p87_p88_p89() {
    let town = Town::played();
    let (first, _) = town.confirmed();
    let (second, _) = town.confirmed();
    let served = desk(&town);
    let visitor = served.visit();
    assert_eq!(ticked(&visitor, "ask", &[&first, &second]), "/?said=asked");
    for id in [&first, &second] {
        let shown = town.show("buyer", id);
        let asked = letters(&shown, "out", "status-request");
        let mut to: Vec<&str> = asked.iter().map(|one| one["peer"].as_str().unwrap()).collect();
        to.sort_unstable();
        to.dedup();
        assert_eq!(to, ["pay@demo.test", "ship@demo.test", "shop@demo.test"], "{shown}");
        for letter in asked {
            let page = visitor.page(&format!("/txn/{id}?letter={}&as=data", letter["entry"]));
            assert!(page.contains(shown["number"].as_str().unwrap()), "the request names its transaction: {page}");
        }
    }
    let before = letters(&town.show("buyer", &first), "in", "payment-status").len();
    town.settle();
    let shown = town.show("buyer", &first);
    assert!(letters(&shown, "in", "payment-status").len() > before, "{shown}");
    let page = visitor.page(&format!("/txn/{first}"));
    for letter in letters(&shown, "in", "payment-status") {
        assert!(page.contains(&format!("id=\"l-{}\"", letter["entry"])), "{letter}");
    }
    // No tick, and what is known to no button.
    let (token, once) = visitor.hidden("/");
    for (act, ids) in [("ask", vec![]), ("return", vec![]), ("reorder", vec![]), ("pay", vec![&first, &second])] {
        let ticks = ids.iter().map(|id| ("txn", id.as_str()));
        let fields: Vec<(&str, &str)> =
            ticks.chain([("act", act), ("token", token.as_str()), ("once", once.as_str())]).collect();
        assert_eq!(visitor.post("/", &fields).status, 422, "{act}");
    }
}

#[test]
fn goods_given_back_on_the_page_are_stopped_before_they_come_and_refunded_after_p93_p95_p96_p97() {
    let town = Town::played();
    let served = desk(&town);
    let visitor = served.visit();
    let gives_back = |id: &str| {
        let place = ticked(&visitor, "return", &[id]);
        assert_eq!(place, format!("/txn/{id}?act=return#return"));
        let page = format!("/txn/{id}");
        visitor.does(&page, &page, &[("act", "return"), ("what", "all"), ("reason", "no longer wanted")]);
        let shown = town.show("buyer", id);
        let asked = letters(&shown, "out", "return-request");
        assert!(asked.iter().all(|one| one["peer"] == "shop@demo.test") && !asked.is_empty(), "{shown}");
    };
    // Before anything is shipped: stopped.
    let (early, _) = town.confirmed();
    gives_back(&early);
    let waits = || visitor.page(&format!("/txn/{early}")).contains("return asked for, no answer yet");
    assert!(waits() && row(&visitor.page("/"), &early).contains("return asked for, no answer yet"));
    assert!(town.list(&[]).iter().any(|one| id(one) == early && one["pending"] == "return"));
    town.settle();
    assert!(!waits());
    let stopped = town.show("buyer", &early);
    assert!(["cancelled", "stopped", "returned"].contains(&stopped["state"].as_str().unwrap()), "{stopped}");
    assert!(letters(&stopped, "in", "return-answer").len() == 1, "{stopped}");
    assert!(!listed(&visitor.page("/?q=undelivered")).contains(&early));
    // From the view of what is late.
    let late = town.list(&["late"]);
    let late = id(&late[0]);
    assert!(listed(&visitor.page("/?q=late")).iter().any(|one| one == late));
    gives_back(late);
    // After it came and was paid: the money comes back.
    let (paid, number) = town.confirmed();
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.settle();
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.does("pay", &["pay", "notify", &number, "--paid"]);
    town.settle();
    assert_eq!(town.show("buyer", &paid)["state"], "completed");
    gives_back(&paid);
    town.settle();
    let shown = town.show("buyer", &paid);
    assert_eq!(letters(&shown, "in", "return-answer").len(), 1, "{shown}");
    let page = visitor.page(&format!("/txn/{paid}"));
    assert!(page.contains(&format!("id=\"l-{}\"", letters(&shown, "in", "return-answer")[0]["entry"])), "{page}");
    assert!(["returned", "refunded"].contains(&shown["state"].as_str().unwrap()), "{shown}");
}

/// Returns the fields of the form by which an order is written, as a browser sends them, and its hidden ones.
pub fn filled(page: &str) -> Fields {
    filled_at(page, "/order")
}

/// The same of the form that is sent to this path.
pub fn filled_at(page: &str, path: &str) -> Fields {
    let (_, form) = page.split_once(&format!("action=\"{path}\"")).unwrap_or_else(|| panic!("{path}: {page}"));
    let attribute = |tag: &str, name: &str| {
        let from = tag.split_once(&format!(" {name}=\""))?.1;
        Some(from.split('"').next().unwrap().replace("&#x2f;", "/").replace("&amp;", "&").replace("&#x27;", "'"))
    };
    let tags =
        form.split("</form>").next().unwrap().split("<input").skip(1).map(|part| part.split('>').next().unwrap());
    let sent = |tag: &&str| {
        let choice = tag.contains("type=\"radio\"") || tag.contains("type=\"checkbox\"");
        !choice || tag.contains(" checked")
    };
    tags.filter(sent)
        .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default())))
        .collect()
}

#[test]
fn an_order_is_repeated_on_the_page_with_nothing_typed_or_with_changes_p99_p100_p101_p102() {
    let town = Town::played();
    let (old, _) = town.confirmed();
    let served = desk(&town);
    let visitor = served.visit();
    let place = ticked(&visitor, "reorder", &[&old]);
    assert_eq!(place, format!("/order?again={old}"));
    let sends = |change: &dyn Fn(&mut Fields)| -> Value {
        let page = visitor.page(&place);
        let mut fields = filled(&page);
        change(&mut fields);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let check = visitor.fills("/order", &[&fields[..], &[("do", "check")]].concat());
        let again = filled(&check);
        let again: Vec<(&str, &str)> = again.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert!(!value(&check, "once").is_empty());
        let sent = visitor.post("/order", &[&again[..], &[("do", "send")]].concat());
        assert_eq!(sent.status, 303, "{}", sent.body);
        let place = sent.header("location").unwrap().to_owned();
        town.show("buyer", place.strip_prefix("/txn/").unwrap().split('?').next().unwrap())
    };
    let shown = town.show("buyer", &old);
    let same = sends(&|_| ());
    assert_eq!(same["order"]["reorder_of"], shown["number"], "{same}");
    for part in ["lines", "charges", "payment", "delivery", "total"] {
        assert_eq!(same["order"][part], shown["order"][part], "{part}");
    }
    let to: Vec<&Value> = letters(&same, "out", "order").iter().map(|one| &one["peer"]).collect();
    assert_eq!(to, ["shop@demo.test"]);
    let more = sends(&|fields| {
        fields.iter_mut().find(|(name, _)| name == "pick-SH-41").unwrap().1 = "3".to_owned();
    });
    assert_eq!(more["order"]["lines"][0]["quantity"], "3", "{more}");
    town.settle();
    assert_eq!(town.show("buyer", id(&same))["state"], "offered");
    assert_eq!(town.show("buyer", id(&more))["state"], "offered");
}

#[test]
fn an_order_whose_form_is_sent_twice_is_one_order_b112() {
    let town = Town::played();
    let served = desk(&town);
    let visitor = served.visit();
    let orders = || town.list(&[]);
    let before = orders();
    let bought = before.iter().find(|one| one["state"] == "completed").unwrap();
    let page = visitor.page(&format!("/order?again={}", id(bought)));
    let fields = filled(&page);
    let own = |fields: &Fields, what: &str| -> Fields {
        fields.iter().cloned().chain([("do".to_owned(), what.to_owned())]).collect()
    };
    let post = |fields: &Fields| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        visitor.post("/order", &fields)
    };
    let checked = filled(&visitor.page(post(&own(&fields, "check")).header("location").unwrap()));
    let send = own(&checked, "send");
    // Pressed, and pressed again before the answer came: browsers close the first connection then.
    let sent: Vec<(&str, &str)> = send.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for milliseconds in [0, 3, 10] {
        visitor.post_and_leave("/order", &sent, std::time::Duration::from_millis(milliseconds));
    }
    // Pressed three times at once, and once more after the way back.
    let mut places: Vec<String> = std::thread::scope(|scope| {
        let pressed: Vec<_> = (0..3).map(|_| scope.spawn(|| post(&send))).collect();
        pressed.into_iter().map(|one| one.join().unwrap().header("location").unwrap().to_owned()).collect()
    });
    places.push(post(&send).header("location").unwrap().to_owned());
    places.dedup();
    assert_eq!(places.len(), 1, "{places:?}");
    assert_eq!(orders().len(), before.len() + 1);
}

#[test]
fn each_screen_reckons_as_the_list_does() {
    let town = Town::played();
    let served = desk(&town);
    let visitor = served.visit();
    let all = town.does("buyer", &["--json", "list"]).json();
    let rows = all["transactions"].as_array().unwrap();
    // The total of each order, on its own page and in its terms.
    for one in rows.iter().filter(|one| !one["total"].is_null()) {
        let page = visitor.page(&format!("/txn/{}", id(one)));
        assert!(page.contains(&format!(">{}<", grouped(&one["total"]["amount"]))), "{one}");
    }
    // The last step of the unpaid sum is what is unpaid.
    let chart = visitor.page("/chart?currency=JPY");
    let unpaid = grouped(&all["unpaid"][0]["amount"]);
    let steps = chart.split("id=\"steps\"").nth(1).unwrap();
    assert!(
        cell(steps.split("<tbody>").nth(1).unwrap().split("</tr>").next().unwrap(), "num now").contains(&unpaid),
        "{steps}"
    );
    // Spending is what was bought and not taken back: its table adds up to its last cell.
    let spending = chart.split("id=\"spending\"").nth(1).unwrap().split("</table>").next().unwrap();
    let last = |row: &str| -> u64 {
        let cell = row.rsplit("<td class=\"num\">").next().unwrap().split('<').next().unwrap();
        cell.replace(',', "").parse().unwrap()
    };
    let (body, foot) = spending.split_once("<tfoot>").unwrap();
    let months = body.split("<tbody>").nth(1).unwrap().split("</tr>").filter(|row| row.contains("<td"));
    assert_eq!(months.map(last).sum::<u64>(), last(foot));
    let bought = rows.iter().filter(|one| {
        !["ordered", "offered", "cancelled", "rejected", "expired"].contains(&one["state"].as_str().unwrap())
    });
    let bought: u64 = bought.map(|one| one["total"]["amount"].as_str().unwrap().parse::<u64>().unwrap()).sum();
    assert!(last(foot) <= bought && last(foot) > 0, "{} of {bought}", last(foot));
    // Warnings: as many as the list's row and the command say.
    let warnings = town.does("buyer", &["--json", "warnings", "--late"]).json();
    let ids: BTreeSet<&str> =
        warnings["warnings"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert!(ids.len() > 2, "{warnings}");
    let articles = |path: &str| visitor.page(path).matches("<article").count();
    assert_eq!(articles("/warnings") + articles("/warnings?late=1"), ids.len());
}
