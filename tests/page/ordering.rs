//! The order form: shops to choose from, their articles as rows with quantities, and what is wrong in the words of a page
//! (figure 5; P10-P16).

use super::served::{Served, Visitor, value};
use crate::commands::ordering::with_changed_prices;
use crate::flows::catalog::{CATALOG, SHOP, catalog, count, town};
use crate::flows::quantities::by_measure;
use crate::support::program::Town;

/// Starts the page of the buyer of a town.
fn served(town: &Town) -> Served {
    Served::start(&town.path("buyer/config.toml"))
}

/// Sends the form of an order as a browser does; returns the page that comes.
fn sends(visitor: &Visitor<'_>, fields: &[(&str, &str)]) -> String {
    let (token, once) = visitor.hidden("/order");
    let own = [("token", token.as_str()), ("once", once.as_str()), ("shop", SHOP)];
    visitor.fills("/order", &[&own[..], fields].concat())
}

/// Returns the row of an article.
fn row<'a>(page: &'a str, sku: &str) -> &'a str {
    let field = format!("name=\"pick-{sku}\"");
    page.split("<tr>").find(|row| row.contains(&field)).unwrap_or_else(|| panic!("{sku} is shown: {page}"))
}

#[test]
fn a_person_orders_from_a_shops_articles_without_knowing_their_numbers_p10() {
    let town = town(CATALOG, "");
    let all = catalog(&town, &[]);
    let served = served(&town);
    let visitor = served.visit();
    let first = visitor.page("/order");
    assert!(first.contains("choose a shop first") && !first.contains("none has come yet"), "{first}");
    let link = "href=\"/order?shop=shop%40demo.test\"";
    assert!(first.contains(link) && first.contains("<bdi>日立物産</bdi>"), "the shop can be chosen: {first}");
    let page = visitor.page("/order?shop=shop%40demo.test");
    for article in all["articles"].as_array().unwrap() {
        let row = row(&page, article["sku"].as_str().unwrap());
        assert!(row.contains(article["name"].as_str().unwrap()), "{row}");
        let digits: String = row.chars().filter(char::is_ascii_digit).collect();
        assert!(digits.contains(article["price"]["amount"].as_str().unwrap()), "{article} {row}");
    }
    assert!(row(&page, "CUP").contains("parcel, pick-up") && row(&page, "SONG").contains("download"), "{page}");
    // Quantities alone are written.
    // A Japanese keyboard writes digits of full width.
    let wish = [("pick-CUP", "２"), ("pick-POT", "1"), ("pick-SONG", "０"), ("pay", "invoice"), ("deliver", "parcel")];
    let check = sends(&visitor, &[&wish[..], &[("do", "check")]].concat());
    assert!(check.contains("value=\"send\"") && check.contains("急須") && check.contains("5,500"), "{check}");
    assert!(check.contains("<span>Send to shop@demo.test: <span"), "the words of the button stay together: {check}");
    let (token, once) = (value(&check, "token"), value(&check, "once"));
    let own = [("token", token.as_str()), ("once", once.as_str()), ("shop", SHOP), ("do", "send")];
    let kept = [("pick-CUP", value(&check, "pick-CUP")), ("pick-POT", value(&check, "pick-POT"))];
    let kept: Vec<(&str, &str)> = kept.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let ways = [("pay", "invoice"), ("deliver", "parcel")];
    let sent = visitor.post("/order", &[&own[..], &kept, &ways].concat());
    assert_eq!(sent.status, 303, "{}", sent.body);
    let id = sent.header("location").unwrap().strip_prefix("/txn/").unwrap().split('?').next().unwrap().to_owned();
    let lines = town.show("buyer", &id)["order"]["lines"].clone();
    let ordered: Vec<(&str, &str)> = lines
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["item"]["sku"].as_str().unwrap(), line["quantity"].as_str().unwrap()))
        .collect();
    assert_eq!(ordered, [("CUP", "2"), ("POT", "1")]);
}

#[test]
fn articles_are_searched_and_what_is_chosen_stays_in_the_form() {
    let many: String = (0..150).map(|n| format!("N-{n},Needle {n},1{n:03},JPY,9,,\n")).collect();
    let town = town(&format!("{CATALOG}{many}"), "");
    let all = catalog(&town, &[]);
    let count = all["articles"].as_array().unwrap().len();
    assert!(count > 100, "{count}");
    let served = served(&town);
    let visitor = served.visit();
    let page = visitor.page("/order?shop=shop%40demo.test");
    assert_eq!(page.matches("name=\"pick-").count(), 100);
    assert!(page.contains(&format!("{} more articles", count - 100)), "{page}");
    let found = sends(&visitor, &[("find", "cup"), ("pick-N-149", "3"), ("do", "find")]);
    assert!(row(&found, "CUP").contains("<bdi>Cup</bdi>"), "{found}");
    assert!(row(&found, "N-149").contains("value=\"3\""), "what is chosen stays: {found}");
    assert!(!found.contains("name=\"pick-N-1\"") && !found.contains("name=\"pick-POT\""), "{found}");
    assert!(!found.contains("id=\"errors\""), "nothing is wrong with looking: {found}");
}

#[test]
fn what_is_wrong_with_an_order_is_said_in_the_words_of_the_page() {
    let town = town(CATALOG, "");
    catalog(&town, &[]);
    let served = served(&town);
    let visitor = served.visit();
    let faults: [(&[(&str, &str)], &str); 6] = [
        (&[], "say how many of an article you want"),
        (&[("pick-SONG", "1"), ("pay", "card"), ("deliver", "parcel")], "it can be delivered by download"),
        (&[("pick-SONG", "1"), ("pick-CUP", "no"), ("deliver", "download")], "(CUP)"),
        (&[("item", "Tea"), ("price", "JPY -5"), ("quantity", "1"), ("sku", "")], "as a charge below zero"),
        (&[("item", ""), ("price", ""), ("quantity", "1"), ("sku", "NO")], "does not sell"),
        (&[("item", "Tea"), ("price", "1,800"), ("quantity", "1"), ("sku", "")], "in JPY: write &quot;JPY 1800&quot;"),
    ];
    for (fields, text) in faults {
        let page = sends(&visitor, &[fields, &[("do", "check")]].concat());
        let (_, fault) = page.split_once("id=\"errors\"").unwrap_or_else(|| panic!("{fields:?}: {page}"));
        let fault = fault.split("</div>").next().unwrap();
        assert!(fault.contains(text), "{fields:?}: {fault}");
        for flag in ["--item", "--file", "--pay", "--deliver", "--charge"] {
            assert!(!fault.contains(flag), "{fields:?}: {fault}");
        }
    }
    // The terminal says it by flags.
    let said = town.run("buyer", &["order", "--shop", SHOP, "--item", "SONG=1"]);
    assert!(said.err.contains("say --deliver download"), "{}", said.err);
    let said = town.run("buyer", &["order", "--shop", SHOP]);
    assert!(said.err.contains("--item") && said.err.contains("--file"), "{}", said.err);
}

#[test]
fn a_form_leads_to_what_is_wrong_with_it_and_marks_the_field() {
    let town = town(CATALOG, "");
    catalog(&town, &[]);
    let served = served(&town);
    let visitor = served.visit();
    let own = |sku, item, price, quantity| [("sku", sku), ("item", item), ("price", price), ("quantity", quantity)];
    let lid = own("", "Lid", "JPY 900", "1");
    type Fields<'a> = Vec<(&'a str, &'a str)>;
    let faults: [(Fields<'_>, &str, &str); 8] = [
        (vec![("pick-CUP", "x")], "x", "name=\"pick-CUP\""),
        (vec![("pick-POT", "1"), ("pick-NONE", "1")], "1", "name=\"pick-NONE\""),
        ([&lid[..], &own("", "Tea", "JPY 5", "x")].concat(), "x", "name=\"quantity\""),
        ([&[("pick-POT", "1")], &own("", "Tea", "5", "1")[..]].concat(), "5", "name=\"price\""),
        ([&lid[..], &own("NO", "", "", "1")].concat(), "NO", "name=\"sku\""),
        ([&lid[..], &[("charge", "Gift"), ("charge-price", "y")]].concat(), "y", "name=\"charge-price\""),
        (vec![], "", ""),
        (lid.to_vec(), "", ""),
    ];
    for (fields, value_of, name) in faults {
        for what in ["check", "total", "shop"] {
            let (token, once) = visitor.hidden("/order");
            let all =
                [&[("token", token.as_str()), ("once", &once), ("shop", SHOP), ("do", what)], &fields[..]].concat();
            let place = visitor.post("/order", &all).header("location").unwrap().to_owned();
            let page = visitor.page(place.split('#').next().unwrap());
            let is_wrong = what != "shop" && (fields.is_empty() || !name.is_empty());
            assert_eq!(place.ends_with("#errors"), is_wrong, "{fields:?} {what}: {place}");
            assert_eq!(page.contains("id=\"errors\""), is_wrong, "{fields:?} {what}: {page}");
            let marked: Vec<&str> = page.split('<').filter(|tag| tag.contains("aria-invalid=\"true\"")).collect();
            assert_eq!(marked.len(), usize::from(is_wrong && !name.is_empty()), "{fields:?} {what}: {marked:?}");
            for tag in marked {
                assert!(tag.contains(name) && tag.contains(&format!("value=\"{value_of}\"")), "{fields:?}: {tag}");
                assert!(tag.contains("aria-describedby=\"fault\""), "{tag}");
            }
        }
    }
    let (token, once) = visitor.hidden("/order");
    let stranger = [("token", token.as_str()), ("once", &once), ("shop", "nobody@demo.test"), ("do", "check")];
    let page = visitor.fills("/order", &[&stranger[..], &lid].concat());
    assert!(page.contains("aria-invalid=\"true\" aria-describedby=\"fault shop-catalog\""), "{page}");
}

#[test]
fn the_form_shows_in_what_steps_and_of_how_many_is_sold_and_marks_what_is_no_multiple() {
    let town = by_measure();
    let served = served(&town);
    let visitor = served.visit();
    let page = visitor.page("/order?shop=shop%40demo.test");
    let heads = page.split("id=\"articles\"").nth(1).unwrap().split("</thead>").next().unwrap();
    assert!(heads.contains(">Steps of</th>") && heads.contains(">In stock</th>"), "{heads}");
    let cells = |page: &str, sku| {
        let row = row(page, sku).split("</tr>").next().unwrap();
        row.split("<td class=\"num\"")
            .skip(1)
            .take(2)
            .map(|cell| cell.split(['>', '<']).nth(1).unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (cells(&page, "CUP"), cells(&page, "KETTLE")),
        (vec!["6".into(), "18".into()], vec!["1".into(), "–".to_owned()])
    );
    // What is no multiple is an error, said of its field.
    let own = [("sku", "ROPE"), ("item", "Rope"), ("price", "JPY 200"), ("quantity", "0.7")];
    for (fields, name, said) in [
        (
            vec![("pick-ROPE", "1"), ("pick-CUP", "8")],
            "name=\"pick-CUP\"",
            "multiples of 6, not in 8; the nearest are 6 and 12",
        ),
        (own.to_vec(), "name=\"quantity\"", "multiples of 0.5, not in 0.7; the nearest are 0.5 and 1"),
    ] {
        let page = sends(&visitor, &[&fields[..], &[("do", "check")]].concat());
        assert!(page.contains("id=\"errors\"") && page.contains(said) && !page.contains("value=\"send\""), "{page}");
        let marked: Vec<&str> = page.split('<').filter(|tag| tag.contains("aria-invalid=\"true\"")).collect();
        assert!(marked.len() == 1 && marked[0].contains(name), "{marked:?}");
    }
    assert_eq!(count(&town, "buyer", "out", "order"), 0);
    // More than there was is told beside its line, and can be sent.
    let slip = |cups: &str| {
        let check = sends(&visitor, &[("pick-CUP", cups), ("pick-ROPE", "1"), ("deliver", "parcel"), ("do", "check")]);
        assert!(check.contains("value=\"send\""), "{check}");
        check.split("id=\"h-sum\"").nth(1).unwrap().split("</section>").next().unwrap().to_owned()
    };
    let short = slip("24");
    assert!(short.contains("of Cup the shop had no more than 18, by its catalog of "), "{short}");
    assert_eq!(short.matches("the shop had").count(), 1, "{short}");
    assert!(!slip("18").contains("the shop had"));
}

#[test]
fn a_catalog_that_says_neither_steps_nor_stock_has_no_columns_for_them() {
    let town = town("LID,Lid,900,JPY,,,\n", "");
    catalog(&town, &[]);
    let served = served(&town);
    let page = served.visit().page("/order?shop=shop%40demo.test");
    row(&page, "LID");
    assert!(!page.contains("Steps of") && !page.contains("In stock"), "{page}");
}

#[test]
fn a_shop_is_asked_for_its_catalog_on_the_page_and_once() {
    let town = town(CATALOG, "");
    let served = served(&town);
    let visitor = served.visit();
    assert!(!visitor.page("/order").contains("value=\"ask\""), "no shop is chosen yet");
    let page = visitor.page("/order?shop=shop%40demo.test");
    assert!(page.contains("none has come yet") && page.contains("value=\"ask\""), "{page}");
    let asks = |shop: &str| {
        let (token, once) = visitor.hidden("/order");
        let own = [("token", token.as_str()), ("once", once.as_str()), ("shop", shop), ("do", "ask")];
        visitor.post("/order", &own)
    };
    for _ in 0..2 {
        let asked = asks(SHOP);
        assert_eq!(
            (asked.status, asked.header("location")),
            (303, Some("/order?shop=shop%40demo.test")),
            "{}",
            asked.body
        );
    }
    assert_eq!(count(&town, "buyer", "out", "catalog-request"), 1, "what is not answered yet is not asked again");
    let page = visitor.page("/order?shop=shop%40demo.test");
    assert!(page.contains("asked for on") && !page.contains("value=\"ask\""), "{page}");
    let unknown = asks("nobody@demo.test");
    assert!(unknown.status == 422 && unknown.body.contains("nobody@demo.test"), "{unknown:?}");
    town.sync(&["shop", "buyer"]);
    row(&visitor.page("/order?shop=shop%40demo.test"), "CUP");
}

/// Returns what a row of the shop's articles has: its quantity, and whether its price is marked as another one.
fn chosen(page: &str, sku: &str) -> (String, bool) {
    let row = row(page, sku).split("</tr>").next().unwrap().to_owned();
    let field = row.split("<input").nth(1).unwrap().split('>').next().unwrap();
    (value(field, &format!("pick-{sku}")), row.contains("class=\"second\"><span class=\"state"))
}

#[test]
fn an_order_again_has_its_quantities_in_the_shops_rows_and_marks_changed_prices_p98_p100() {
    let (town, id) = with_changed_prices("CUP,Cup,950,JPY,9\nPOT,急須,3200,JPY,9\n");
    let served = served(&town);
    let visitor = served.visit();
    let page = visitor.page(&format!("/order?again={id}"));
    assert_eq!(chosen(&page, "CUP"), ("2".to_owned(), true));
    assert_eq!(chosen(&page, "POT"), ("1".to_owned(), false));
    let slip = page.split("id=\"h-sum\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(
        slip.contains("5,600") && slip.contains("was <span"),
        "its sum stands there before anything is pressed: {slip}"
    );
    assert!(
        !page.contains("name=\"sku\" value=\"CUP\"") && !page.contains("<details class=\"other-goods\" open"),
        "{page}"
    );
    let fields = [
        ("again", id.as_str()),
        ("pick-CUP", "2"),
        ("pick-POT", "1"),
        ("charge", "Parcel delivery"),
        ("charge-price", "JPY 500"),
        ("pay", "card"),
        ("deliver", "parcel"),
    ];
    let check = sends(&visitor, &[&fields[..], &[("do", "check")]].concat());
    let slip = check.split("id=\"h-sum\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert_eq!(slip.matches("was <span").count(), 1, "the cup alone: {slip}");
    assert!(slip.contains("5,600") && slip.contains("</span>900</span>"), "{slip}");
    let sent = {
        let own = [("token", value(&check, "token")), ("once", value(&check, "once"))];
        let own: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
        visitor.post("/order", &[&own[..], &[("shop", SHOP), ("do", "send")], &fields].concat())
    };
    let led = sent.header("location").unwrap_or_else(|| panic!("{}", sent.body));
    let order = town.show("buyer", led.strip_prefix("/txn/").unwrap().split('?').next().unwrap());
    let before = town.show("buyer", &id);
    assert_eq!(order["order"]["reorder_of"], before["number"]);
    assert_eq!(order["order"]["lines"][0]["unit_price"]["amount"], "950", "{}", order["order"]);
    assert_eq!(order["order"]["total"]["amount"], "5600");
}

#[test]
fn what_is_not_sold_any_more_stands_in_an_order_again_in_words_of_its_own_p100() {
    let (town, id) = with_changed_prices("CUP,Cup,900,JPY,9\n");
    let served = served(&town);
    let page = served.visit().page(&format!("/order?again={id}"));
    assert_eq!(chosen(&page, "CUP"), ("2".to_owned(), false));
    let (_, others) = page.split_once("<details class=\"other-goods\" open").expect("it is open");
    let row = others.split("<tr>").find(|row| row.contains("value=\"急須\"")).unwrap();
    assert!(row.contains("value=\"POT\"") && row.contains("not sold any more"), "{row}");
}

#[test]
fn a_way_that_the_catalog_does_not_have_is_told_before_goods_in_own_words_are_ordered() {
    let town = town(CATALOG, "");
    let any = "[[shop.procedure]]\nsteps = ";
    town.configure("shop", |text| text.replacen(any, "[[shop.procedure]]\ndelivery = \"parcel\"\nsteps = ", 1));
    let words = ["--item", "LID;Lid;JPY 900;1", "--pay", "invoice", "--deliver", "balloon", "--dry-run"];
    let order = || town.does("buyer", &[&["order", "--shop", SHOP][..], &words].concat());
    assert!(!order().err.contains("does not offer"), "nothing is known of its ways yet");
    catalog(&town, &[]);
    let doubt = "shop@demo.test does not offer payment by invoice with delivery by balloon, by its catalog of ";
    let told = order();
    assert!(told.err.contains(&format!("warning: {doubt}")) && told.err.contains("deliver parcel"), "{told:?}");
    assert!(told.out.contains("balloon"), "it is a warning: {told:?}");
    let known = town.does("buyer", &["order", "--shop", SHOP, "--item", "LID;Lid;JPY 900;1", "--dry-run"]);
    assert!(!known.err.contains("does not offer"), "{known:?}");
    let served = served(&town);
    let visitor = served.visit();
    let lid = [("item", "Lid"), ("sku", "LID"), ("price", "JPY 900"), ("quantity", "1"), ("pay", "invoice")];
    for (way, is_told) in [("balloon", true), ("parcel", false)] {
        let check = sends(&visitor, &[&lid[..], &[("deliver", way), ("do", "check")]].concat());
        assert!(check.contains("value=\"send\""), "{check}");
        assert_eq!(check.contains(doubt), is_told, "{way}: {check}");
    }
}

#[test]
fn every_form_leads_to_a_page_of_its_own_so_that_the_way_back_asks_for_nothing() {
    let town = town(CATALOG, "");
    catalog(&town, &[]);
    let served = served(&town);
    let visitor = served.visit();
    let orders = || count(&town, "buyer", "out", "order");
    let filled = [("item", "Lid"), ("sku", "LID"), ("price", "JPY 900"), ("quantity", "3"), ("deliver", "parcel")];
    for what in ["shop", "find", "total", "check", "edit"] {
        let (token, once) = visitor.hidden("/order");
        let own = [("token", token.as_str()), ("once", once.as_str()), ("shop", SHOP), ("do", what)];
        let answer = visitor.post("/order", &[&own[..], &filled].concat());
        let place = answer.header("location").unwrap_or_else(|| panic!("{what}: {answer:?}")).to_owned();
        assert_eq!((answer.status, place.as_str()), (303, format!("/order?draft={once}").as_str()), "{what}");
        // Loaded anew it is the same, in the other language as well, and sends nothing.
        for path in [&place, &place, &format!("{place}&lang=ja")] {
            let page = visitor.page(path);
            assert!(page.contains("value=\"Lid\"") && page.contains("value=\"3\""), "{what}: {page}");
            assert_eq!(page.contains("value=\"send\""), what == "check", "{what}");
        }
    }
    assert_eq!(orders(), 0);
    assert_eq!(visitor.get("/order?draft=0123456789abcdef0123456789abcdef").status, 404);
    let one = {
        let (token, once) = visitor.hidden("/schedule");
        visitor.fills(
            "/schedule",
            &[("token", &token), ("once", &once), ("act", "next"), ("when", "daily"), ("time", "09:00")],
        );
        once
    };
    assert_eq!(visitor.get(&format!("/order?draft={one}")).status, 404, "a schedule is no order");
    assert_eq!(visitor.get(&format!("/schedule?draft={one}")).status, 200);
}

#[test]
fn an_order_is_sent_once_from_its_page_however_often_that_is_loaded() {
    let town = town(CATALOG, "");
    catalog(&town, &[]);
    let served = served(&town);
    let visitor = served.visit();
    let wish = [("shop", SHOP), ("pick-CUP", "2"), ("pay", "invoice"), ("deliver", "parcel")];
    let (token, once) = visitor.hidden("/order");
    let checks = || {
        let own = [("token", token.as_str()), ("once", once.as_str()), ("do", "check")];
        let led = visitor.post("/order", &[&own[..], &wish].concat());
        led.header("location").unwrap_or_else(|| panic!("{led:?}")).to_owned()
    };
    let sends_it = |place: &str| {
        let page = visitor.page(place);
        let once = value(&page, "once");
        let own = [("token", token.as_str()), ("once", once.as_str()), ("do", "send")];
        let sent = visitor.post("/order", &[&own[..], &wish].concat());
        sent.header("location").unwrap_or_else(|| panic!("{sent:?}")).to_owned()
    };
    let place = checks();
    let first = sends_it(&place);
    assert_eq!(sends_it(&place), first, "the way back, or the page loaded anew");
    assert_eq!(count(&town, "buyer", "out", "order"), 1);
    // Whoever has it checked once more means another order.
    assert_ne!(sends_it(&checks()), first);
    assert_eq!(count(&town, "buyer", "out", "order"), 2);
}

#[test]
fn an_order_that_does_not_say_how_is_paid_and_travels_alike_by_command_and_page_p16() {
    let (unknown, known) = (Town::fresh(), town(CATALOG, ""));
    catalog(&known, &[]);
    for town in [&unknown, &known] {
        let order = ["order", "--dry-run", "--json", "--shop", SHOP, "--item", "LID;Lid;JPY 900;1"];
        let order = town.does("buyer", &order).json()["order"].clone();
        assert_eq!(
            (&order["payment_method"], &order["delivery_method"]),
            (&"invoice".into(), &"parcel".into()),
            "{order}"
        );
        let served = served(town);
        let page = served.visit().page("/order?shop=shop%40demo.test");
        for (field, word) in [("pay", "invoice"), ("deliver", "parcel")] {
            let name = format!("name=\"{field}\"");
            let fields = page.split('<').filter(|tag| tag.contains(&name) && tag.contains(" checked"));
            let checked: Vec<&str> = fields.collect();
            assert!(checked.len() == 1 && checked[0].contains(&format!("value=\"{word}\"")), "{checked:?}");
        }
    }
}
