//! Several ticked orders at once: given back for one reason, or repeated as they were shown, with a letter for each; what could not
//! go with the others is told (figures 20 and 21).

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::card;
use super::desk::{Fields, filled_at, ticked};
use super::figures::{part, words};
use super::served::{Served, Visitor};
use crate::commands::ordering::with_changed_prices;
use crate::flows::catalog::{SHOP, catalog};
use crate::support::program::{Town, letters};

/// Starts the page of the buyer of a town.
fn served(town: &Town) -> Served {
    Served::start(&town.path("buyer/config.toml"))
}

/// Returns the row of an order on a page of several.
fn row<'a>(page: &'a str, id: &str) -> &'a str {
    let link = format!("href=\"/txn/{id}\"");
    let rows = part(page, "<table", "</table>");
    rows.split("<tr").find(|row| row.contains(&link)).unwrap_or_else(|| panic!("{id}: {page}"))
}

/// Sends the form of a page with more fields, as a browser does; returns where it leads.
fn sends(visitor: &Visitor<'_>, path: &str, form: &Fields, more: &[(&str, &str)]) -> String {
    let own: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = visitor.post(path, &[&own[..], more].concat());
    assert_eq!(answer.status, 303, "{path}: {}", answer.body);
    answer.header("location").unwrap().to_owned()
}

/// Presses the button of a form again and again: at once, and once more after the way back; it must lead to one page.
fn presses(visitor: &Visitor<'_>, path: &str, form: &Fields, more: &[(&str, &str)]) -> String {
    let mut places: BTreeSet<String> = std::thread::scope(|scope| {
        let pressed: Vec<_> = (0..3).map(|_| scope.spawn(|| sends(visitor, path, form, more))).collect();
        pressed.into_iter().map(|one| one.join().unwrap()).collect()
    });
    places.insert(sends(visitor, path, form, more));
    assert_eq!(places.len(), 1, "{places:?}");
    places.pop_first().unwrap()
}

/// Returns the letters of a kind that the buyer wrote about an order.
fn written(town: &Town, id: &str, kind: &str) -> Vec<Value> {
    letters(&town.show("buyer", id), "out", kind).into_iter().cloned().collect()
}

/// Returns the part of the list that names the orders that were left out.
fn left<'a>(page: &'a str, word: &str) -> &'a str {
    part(page, &format!("id=\"{word}\""), "</div>")
}

#[test]
fn several_ticked_orders_go_back_for_one_reason_with_a_letter_for_each_p82_p83_p93_p94_p95() {
    let town = Town::fresh();
    let (early, _) = town.bought("SH-41", 2, &["--pay", "card"]);
    let (came, number) = town.bought("TEA-200", 1, &["--pay", "card"]);
    town.reports(&number, &[("shop", "--shipped"), ("pay", "--paid"), ("ship", "--delivered")]);
    let (asked, _) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.does("buyer", &["return", &asked, "--because", "delivery"]);
    let waiting = town.orders("buyer", "SH-41", 1, &["--pay", "invoice"]);
    let served = served(&town);
    let mut visitor = served.visit();
    let entries = || town.entries("buyer").len();
    let before = entries();
    let place = ticked(&visitor, "return", &[&early, &waiting, &came, &asked, &early]);
    assert_eq!(place, format!("/return?txn={early}&txn={waiting}&txn={came}&txn={asked}&txn={early}"));
    let page = visitor.page(&place);
    assert_eq!(part(&page, "<tbody>", "</tbody>").matches("<tr").count(), 4, "each once: {page}");
    for (id, goods, total) in [(&early, "シャツ 白 41", "9,100"), (&came, "煎茶 200g", "2,300")] {
        let row = row(&page, id);
        assert!(row.contains(&format!("<bdi>{goods}</bdi>")) && row.contains(total) && row.contains(SHOP), "{row}");
        assert!(row.contains(&id[..6]) && words(row).contains("yes, all of it"), "{row}");
    }
    for (id, why) in [(&waiting, "nothing can be given back"), (&asked, "a return is asked for already")] {
        assert!(row(&page, id).contains(why) && !words(row(&page, id)).contains("yes"), "{}", row(&page, id));
    }
    assert!(part(&page, "<caption>", "</caption>").starts_with("2 of them"), "{page}");
    assert_eq!(entries(), before, "nothing is written by looking");
    let form = filled_at(&page, "/return");
    let place = presses(&visitor, "/return", &form, &[("because", "quality"), ("act", "return")]);
    assert_eq!(place, format!("/?did=returned&n=2&not={waiting}&not={asked}"));
    // One letter for each, to its shop, with the code and what it says, written together.
    let mut places = Vec::new();
    for id in [&early, &came] {
        let asked = written(&town, id, "return-request");
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert_eq!(asked[0]["peer"], SHOP);
        places.push(asked[0]["entry"].as_u64().unwrap());
        let page = visitor.page(&format!("/txn/{id}?letter={}&as=data", asked[0]["entry"]));
        assert!(page.contains("QUA") && page.contains("broken, or not good enough"), "{page}");
    }
    assert_eq!(places[0] + 1, places[1]);
    assert_eq!((town.check_reasons(), entries()), (vec!["DEL", "QUA"], before + 2));
    assert_eq!(written(&town, &waiting, "return-request"), Vec::<Value>::new());
    // The list says how many, and names the others with why.
    let list = visitor.page(&place);
    assert!(part(&list, "id=\"returned\"", "</div>").contains("2 returns are asked for"), "{list}");
    let told = left(&list, "unreturned");
    assert!(told.contains(&waiting[..6]) && told.contains("nothing can be given back"), "{told}");
    assert!(told.contains(&asked[..6]) && told.contains("asked for already"), "{told}");
    assert!(!told.contains(&early[..6]) && !told.contains(&came[..6]), "{told}");
    let plain = visitor.page("/");
    assert!(!plain.contains("id=\"returned\"") && !plain.contains("id=\"unreturned\""), "{plain}");
    visitor.language = "ja";
    assert!(visitor.page(&place).contains("2件の返品を申し出ました"));
    visitor.language = "en";
    // Both shops' answers come as to any return.
    town.settle();
    for id in [&early, &came] {
        assert_eq!(written(&town, id, "return-request").len(), 1);
        assert_eq!(town.count("buyer", id, "in", "return-answer"), 1);
    }
}

#[test]
fn what_none_of_several_can_do_is_said_and_nothing_is_written_p82_p94() {
    let town = Town::played();
    let waiting = [town.order(), town.order()];
    let served = served(&town);
    let visitor = served.visit();
    let entries = || town.entries("buyer").len();
    let before = entries();
    let [one, other] = [waiting[0].as_str(), waiting[1].as_str()];
    let page = visitor.page(&ticked(&visitor, "return", &[one, other]));
    assert!(page.contains("None of them can be given back now") && !page.contains("action=\"/return\""), "{page}");
    let (token, once) = visitor.hidden("/");
    let own = [("token", token.as_str()), ("once", once.as_str())];
    let post = |path: &str, fields: &[(&str, &str)]| visitor.post(path, &[&own[..], fields].concat());
    for path in ["/return", "/again"] {
        assert_eq!(visitor.get(path).status, 404, "{path}");
        assert_eq!(visitor.get(&format!("{path}?txn=NOPE&txn={one}")).status, 404, "{path}");
        let none = post(path, &[]);
        assert!(none.status == 422 && none.body.contains("No order is ticked"), "{none:?}");
        assert_eq!(visitor.post(path, &[("token", &token), ("txn", one)]).status, 422, "without its key");
        assert_eq!(visitor.post(path, &[("once", &once), ("txn", one)]).status, 403, "without the token");
    }
    assert_eq!(post("/return", &[("txn", one), ("because", "QUA")]).status, 422);
    let place = post("/return", &[("txn", one), ("txn", other)]).header("location").unwrap().to_owned();
    assert_eq!(place, format!("/?did=returned&n=0&not={one}&not={other}"));
    let list = visitor.page(&place);
    assert!(!list.contains("id=\"returned\"") && left(&list, "unreturned").contains(&one[..6]), "{list}");
    // The form counts once: another answer of the same page does nothing.
    assert_eq!(post("/again", &[("txn", one)]).status, 422);
    assert_eq!(entries(), before);
}

#[test]
fn several_ticked_orders_are_repeated_as_shown_at_the_prices_of_now_p82_p83_p98_p99_p101_p102() {
    let (town, cups) = with_changed_prices("CUP,Cup,950,JPY,9\nPOT,急須,3200,JPY,9\n");
    let (shirt, _) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    let served = served(&town);
    let visitor = served.visit();
    let before = town.list(&[]).len();
    let place = ticked(&visitor, "reorder", &[&cups, &shirt]);
    assert_eq!(place, format!("/again?txn={cups}&txn={shirt}"));
    let page = visitor.page(&place);
    let (first, second) = (words(row(&page, &cups)), words(row(&page, &shirt)));
    for said in ["Cup", "2 × ¥ 950", "was ¥ 900", "急須", "1 × ¥ 3,200", "Parcel delivery", "5,600", "card", SHOP]
    {
        assert!(first.contains(said), "{said}: {first}");
    }
    for said in ["シャツ 白 41", "1 × ¥ 4,300", "4,800", "invoice", "parcel", "千代田", "as it stands"] {
        assert!(second.contains(said), "{said}: {second}");
    }
    assert_eq!((first.matches("was ").count(), second.matches("was ").count()), (1, 0), "{first} {second}");
    assert!(words(part(&page, "class=\"sum\"", "</p>")).contains("10,400"), "{page}");
    let place = presses(&visitor, "/again", &filled_at(&page, "/again"), &[("do", "send")]);
    assert_eq!(place, "/?did=reordered&n=2");
    let list = town.list(&[]);
    assert_eq!(list.len(), before + 2, "pressed again and again, each is ordered once");
    let part_of = |shown: &Value, name: &str| shown["order"][name].clone();
    let mut totals = BTreeSet::new();
    for id in list[..2].iter().map(|one| one["id"].as_str().unwrap()) {
        let again = town.show("buyer", id);
        let old = [&cups, &shirt].map(|old| town.show("buyer", old));
        let old = old.iter().find(|old| old["number"] == again["order"]["reorder_of"]).unwrap();
        for name in ["payment_method", "delivery_method", "deliver_to", "charges", "buyer"] {
            assert_eq!(part_of(&again, name), part_of(old, name), "{name}");
        }
        totals.insert(again["order"]["total"]["amount"].as_str().unwrap().to_owned());
        assert_eq!(written(&town, id, "order")[0]["peer"], SHOP);
    }
    assert_eq!(totals.into_iter().collect::<Vec<_>>(), ["4800", "5600"]);
    assert!(part(&visitor.page(&place), "id=\"reordered\"", "</div>").contains("2 orders go to their shops"));
    // The shop takes them as any other.
    town.settle();
    assert!(town.list(&[])[..2].iter().all(|one| one["state"] == "offered"));
}

/// Has the shop sell at other prices, and tell the buyer.
fn sells(town: &Town, rows: &str) {
    // A catalog tells its date to the second.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    fs::write(town.path("shop/catalog.csv"), format!("sku,name,price,currency,stock\n{rows}")).unwrap();
    catalog(town, &[]);
}

#[test]
fn what_is_not_what_was_shown_any_more_is_left_out_and_named_p98_p100() {
    let (town, cups) = with_changed_prices("CUP,Cup,950,JPY,9\nPOT,急須,3200,JPY,9\n");
    let (shirt, _) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    let served = served(&town);
    let visitor = served.visit();
    let place = format!("/again?txn={cups}&txn={shirt}");
    let form = filled_at(&visitor.page(&place), "/again");
    sells(&town, "CUP,Cup,990,JPY,9\nPOT,急須,3200,JPY,9\n");
    let before = town.list(&[]).len();
    let led = sends(&visitor, "/again", &form, &[("do", "send")]);
    assert_eq!(led, format!("/?did=reordered&n=1&not={cups}"));
    let list = town.list(&[]);
    assert_eq!(list.len(), before + 1);
    assert_eq!(list[0]["total"]["amount"], "4800");
    let page = visitor.page(&led);
    let told = left(&page, "unreordered");
    assert!(told.contains(&cups[..6]) && told.contains("would not be what the page showed any more"), "{told}");
    assert!(told.contains(&format!("href=\"/order?again={cups}\"")) && !told.contains(&shirt[..6]), "{told}");
    // Looked at again, it goes at the price that is shown then.
    let page = visitor.page(&place);
    assert!(words(row(&page, &cups)).contains("2 × ¥ 990"), "{page}");
    let led = sends(&visitor, "/again", &filled_at(&page, "/again"), &[("do", "send")]);
    assert_eq!(led, "/?did=reordered&n=2");
    assert!(town.list(&[]).iter().any(|one| one["total"]["amount"] == "5680"));
}

/// Checks that the page of several orders does not send one of them, says why, and leads to its own form; the rest goes.
fn check_held(town: &Town, visitor: &Visitor<'_>, [held, other]: [&str; 2], why: &str) {
    let page = visitor.page(&format!("/again?txn={held}&txn={other}"));
    let kept = row(&page, held);
    assert!(kept.contains(why) && kept.contains(&format!("href=\"/order?again={held}\"")), "{why}: {kept}");
    assert!(!page.contains(&format!("name=\"shown-{held}\"")), "{page}");
    assert!(words(row(&page, other)).contains("as it stands"), "{page}");
    let before = town.list(&[]).len();
    let own = format!("shown-{held}");
    let digest = "0".repeat(64);
    let led = sends(visitor, "/again", &filled_at(&page, "/again"), &[("do", "send"), (&own, &digest)]);
    assert_eq!(led, format!("/?did=reordered&n=1&not={held}"));
    assert_eq!(town.list(&[]).len(), before + 1);
    let list = visitor.page(&led);
    let told = left(&list, "unreordered");
    assert!(told.contains(&held[..6]) && told.contains(why) && !told.contains(&other[..6]), "{told}");
}

#[test]
fn what_is_sold_no_more_or_was_paid_by_a_sealed_card_needs_its_own_form_p12_p98_p100() {
    let town = card::with_agent();
    let served = served(&town);
    let visitor = served.visit();
    let sealed = card::ordered(&visitor);
    let (shirt, _) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    check_held(&town, &visitor, [&sealed, &shirt], "sealed card or account data, which nobody repeats for you");
    let args = ["order", "--json", "--shop", SHOP, "--item", "POT", "--pay", "invoice"];
    let pot = town.does("buyer", &args).json()["id"].as_str().unwrap().to_owned();
    town.settle();
    sells(&town, "CUP,Cup,900,JPY,9\n");
    check_held(&town, &visitor, [&pot, &shirt], "some of it is not sold any more");
}

/// What needs the clock moved.
mod real {
    use super::{Served, Town, row, words};

    #[test]
    fn of_a_shop_whose_key_has_ended_nothing_is_ordered_again_with_others() {
        let town = Town::fresh();
        let (one, _) = town.bought("SH-41", 1, &["--pay", "invoice"]);
        let (other, _) = town.bought("TEA-200", 1, &["--pay", "invoice"]);
        let path = format!("/again?txn={one}&txn={other}");
        let seen = |moved: &str| {
            let served = Served::start_at(moved, &town.path("buyer/config.toml"));
            let page = served.visit().page(&path);
            ([&one, &other].map(|id| words(row(&page, id))), page.contains("action=\"/again\""))
        };
        let ([first, second], sends) = seen("+1d");
        assert!(first.contains("as it stands") && second.contains("as it stands") && sends, "{first} {second}");
        let ([first, second], sends) = seen("+1200d");
        for row in [first, second] {
            assert!(row.contains("the key of shop@demo.test cannot be used") && row.contains("not from here"), "{row}");
        }
        assert!(!sends);
    }
}
