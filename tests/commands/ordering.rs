//! Orders written in answer to questions, and orders repeated with other fields and prices; on a terminal and by scripts.

use std::fs;

use crate::flows::catalog::{CATALOG, SHOP, catalog, town};
use crate::support::program::{Run, Town};

fn orders(town: &Town) -> usize {
    town.lists("buyer", &[]).len()
}

/// Returns the newest order as it was written.
fn newest(town: &Town) -> serde_json::Value {
    let id = town.lists("buyer", &[])[0]["id"].as_str().unwrap().to_owned();
    town.show("buyer", &id)["order"].clone()
}

/// A town whose buyer has the shop's catalog.
fn with_catalog() -> Town {
    let town = town(CATALOG, "");
    catalog(&town, &[]);
    town
}

#[test]
fn an_order_is_asked_for_article_by_article_from_the_catalog_p10_to_p16() {
    let town = with_catalog();
    let mut screen = town.types("buyer", &["order"]);
    // The one known shop, two articles (one by a part of its name), card, parcel, the configured address.
    screen.waits_for("catalog of").answers("Shop (number or address)", "");
    screen.waits_for("TEA-200").answers("Article:", "cup");
    screen.waits_for("Old cup").answers("Article:", "1").answers("How many of Cup?", "2");
    screen.answers("Article:", "POT").answers("How many of 急須?", "many").answers("How many of 急須?", "");
    screen.answers("Article:", "").answers("How you pay", "1");
    screen.waits_for("Parcel delivery JPY 500").answers("How it travels", "1");
    // What is neither yes nor no sends nothing anywhere.
    screen.answers("Deliver to 小野 賢治, 千代田1-1-1", "nope");
    screen.answers("Deliver to 小野 賢治, 千代田1-1-1", "").answers("A word to the shop", "ring twice");
    screen.waits_for("remarks       ring twice");
    let run = screen.answers("Send this order to shop@demo.test for JPY 5,500? [y/N]", "y").ends();
    assert_eq!(run.code, Some(0), "{run:?}");
    let order = newest(&town);
    let line = |place: usize| (order["lines"][place]["item"]["sku"].clone(), order["lines"][place]["quantity"].clone());
    assert_eq!((line(0), line(1)), (("CUP".into(), "2".into()), ("POT".into(), "1".into())), "{order}");
    assert_eq!((&order["payment_method"], &order["delivery_method"]), (&"card".into(), &"parcel".into()));
    assert_eq!((&order["deliver_to"]["locality"], &order["remarks"]), (&"千代田区".into(), &"ring twice".into()));
    town.settle();
    town.check_stands("buyer", town.lists("buyer", &[])[0]["id"].as_str().unwrap(), "offered", [false; 3]);
}

#[test]
fn a_number_that_is_not_in_the_list_is_refused_and_the_list_shown_again_p12() {
    let town = with_catalog();
    let mut screen = town.types("buyer", &["order", "--shop", SHOP]);
    screen.answers("Article:", "99").waits_for("there is no 99 in the list").waits_for("TEA-200");
    screen.answers("Article:", "CUP").answers("How many of Cup?", "1").answers("Article:", "");
    for wrong in ["9", "0", "12"] {
        screen
            .answers("How you pay", wrong)
            .waits_for(&format!("there is no {wrong} in the list"))
            .waits_for("1  card");
    }
    screen.answers("How you pay", "invoice");
    screen.answers("How it travels", "7").waits_for("there is no 7 in the list").answers("How it travels", "parcel");
    screen.answers("Deliver to", "").answers("A word to the shop", "");
    let run = screen.answers("[y/N]", "y").ends();
    assert_eq!(run.code, Some(0), "{run:?}");
    let order = newest(&town);
    assert_eq!((&order["payment_method"], &order["delivery_method"]), (&"invoice".into(), &"parcel".into()));
}

#[test]
fn a_price_without_currency_is_refused_with_the_one_in_which_the_shop_sells() {
    let town = Town::fresh();
    town.configure("shop", |text| {
        let prices = [("JPY 4300", "EUR 43.00"), ("JPY 1800", "EUR 18.00"), ("JPY 36000", "EUR 360.00")];
        prices.iter().fold(text.to_owned(), |text, (yen, euro)| text.replace(yen, euro))
    });
    let refused = |item: &str, charge: &str| {
        let run = town.run("buyer", &["order", "--shop", SHOP, "--item", item, "--charge", charge]);
        assert_eq!((run.code, orders(&town)), (Some(65), 0), "{run:?}");
        run.err
    };
    // Of a shop of which nothing is known there is an example alone.
    assert!(refused("A;Ink;4.50;1", "Post;EUR 5").contains("write it before the amount, like \"EUR 4.50\""));
    catalog(&town, &[]);
    let right = "prices of this shop are in EUR: write \"EUR 4.50\"";
    assert!(
        refused("A;Ink;4.50;1", "Post;EUR 5").contains(&format!("item 1 (Ink): \"4.50\" has no currency; {right}"))
    );
    assert!(
        refused("A;Ink;EUR 3;1", "Post;4.50").contains(&format!("charge 1 (Post): \"4.50\" has no currency; {right}"))
    );
    assert!(refused("A;Ink;EUR 3;1", ";EUR 4.50").contains("charge 1 has no name"));
    let japanese = town.run("buyer", &["--lang", "ja", "order", "--shop", SHOP, "--item", "A;Ink;4.50;1"]).err;
    assert!(japanese.contains("EUR です。\"EUR 4.50\" と書いてください"), "{japanese}");
    // Asked for on a terminal, too.
    let mut screen = town.types("buyer", &["order", "--shop", SHOP]);
    screen.answers("Article:", "A;Ink;4.50;1").waits_for(right).keys("\u{4}").ends();
    assert_eq!(orders(&town), 0);
}

#[test]
fn without_a_catalog_the_currency_named_is_that_of_what_was_bought_there_before() {
    let town = Town::fresh();
    town.orders("buyer", "SH-41", 1, &[]);
    let run = town.run("buyer", &["order", "--shop", SHOP, "--item", "A;Ink;450;1"]);
    assert!(run.err.contains("prices of this shop are in JPY: write \"JPY 450\""), "{run:?}");
    // Bought in two currencies, neither is it.
    town.does("buyer", &["order", "--shop", SHOP, "--item", "B;Pen;EUR 9.90;1"]);
    let run = town.run("buyer", &["order", "--shop", SHOP, "--item", "A;Ink;4.50;1"]);
    assert!(run.err.contains("write it before the amount, like \"EUR 4.50\""), "{run:?}");
}

#[test]
fn an_article_that_is_not_shown_yet_has_no_number() {
    let rows: String = (10..60).map(|n| format!("NO-{n},Thing {n},100,JPY,5,,\n")).collect();
    let town = town(&rows, "");
    catalog(&town, &[]);
    let mut screen = town.types("buyer", &["order", "--shop", SHOP]);
    // Thirty of them are shown; the next ones only where they are looked for.
    screen.waits_for("more: write a part of a name").answers("Article:", "31");
    screen.waits_for("Thing 31").answers("Article:", "1").answers("How many of Thing 31?", "");
    screen.answers("Article:", "nothing").waits_for("nothing of the catalog is called so").waits_for("Thing 31");
    screen.answers("Article:", "2").waits_for("NO-2").keys("\u{4}").ends();
}

#[test]
fn a_card_written_at_the_terminal_is_sealed_and_shown_or_kept_nowhere_p12() {
    let town = with_catalog();
    town.accept("buyer", "pay");
    let mut screen = town.types("buyer", &["order", "--shop", SHOP]);
    screen.answers("Article:", "CUP").answers("How many of Cup?", "2").answers("Article:", "");
    screen.answers("How you pay", "card").answers("How it travels", "parcel");
    screen.answers("Deliver to", "").answers("A word to the shop", "");
    screen.answers("Send card or account along, sealed to pay@demo.test", "y").waits_for("what you write is not shown");
    let secrets = ["4556737586899855", "2031-08", "KENJI ONO"];
    for (what, secret) in ["Number of the card", "Valid until", "Name of its owner"].into_iter().zip(secrets) {
        screen.answers(what, secret);
    }
    screen.waits_for("...9855").waits_for("sealed to the payment agent");
    let run = screen.answers("Send this order", "y").ends();
    assert_eq!(run.code, Some(0), "{run:?}");
    // What was typed is not on the screen, and in no file of anybody: neither ledger nor index, queue or a history.
    town.settle();
    for secret in secrets {
        assert!(!run.out.contains(secret), "{secret}: {}", run.out);
        crate::flows::private::check_nowhere(&town.path(""), secret);
    }
    let order = newest(&town);
    assert_eq!((&order["payment_id"], &order["payment_method"]), (&"9855".into(), &"card".into()));
    assert!(order["sealed"].as_str().is_some_and(|sealed| sealed.len() > 100), "{order}");
    assert!(!order.to_string().contains("4556"), "{order}");
    // Nobody is asked for a number that an invoice has not.
    let mut screen = town.types("buyer", &["order", "--shop", SHOP, "--pay", "invoice"]);
    screen.answers("Article:", "CUP").answers("How many of Cup?", "1").answers("Article:", "");
    screen.answers("How it travels", "parcel").answers("Deliver to", "").answers("A word to the shop", "");
    let run = screen.answers("Send this order", "n").ends();
    assert!(!run.out.contains("Send card"), "{run:?}");
}

#[test]
fn without_a_catalog_goods_are_described_and_wrong_answers_are_asked_again() {
    let town = Town::fresh();
    let mut screen = town.types("buyer", &["order", "--shop", SHOP, "--pay", "invoice"]);
    // What a flag says is not asked.
    screen.answers("Goods: name", "").answers("Goods: name", "シャツ 白 41").answers("Article number", "SH-41");
    screen.answers("Price of one", "4300").waits_for("has no currency").answers("Price of one", "JPY 4300");
    screen.answers("How many of", "").answers("Goods: name", "TEA-200;煎茶 200g;1800 JPY;1");
    screen.waits_for("currency behind it").answers("Goods: name", "TEA-200;煎茶 200g;JPY 1800;3");
    screen.answers("Goods: name", "").answers("How it travels", "parcel").answers("Deliver to 小野", "n");
    for (what, text) in [
        ("Deliver to whom", "Mother"),
        ("Street", "2-2 Umeda"),
        ("Town", "Osaka"),
        ("State", ""),
        ("Postal code", "530-0001"),
        ("Country", "JP"),
    ] {
        screen.answers(what, text);
    }
    let run = screen.answers("A word to the shop", "").answers("for JPY 9,700? [y/N]", "yes").ends();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(!run.out.contains("How you pay") && !run.out.contains("Shop (number"), "{run:?}");
    let order = newest(&town);
    assert_eq!((&order["payment_method"], &order["lines"][1]["quantity"]), (&"invoice".into(), &"3".into()));
    assert_eq!(
        (&order["deliver_to"]["street"], &order["deliver_to"]["region"]),
        (&"2-2 Umeda".into(), &serde_json::Value::Null)
    );
}

#[test]
fn nothing_is_sent_where_the_person_stops_anywhere() {
    let town = Town::fresh();
    let entries = town.entries("buyer").len();
    let stops = |keys: &str, at: usize| -> Run {
        let mut screen = town.types("buyer", &["order", "--shop", SHOP]);
        let steps = [
            ("Goods: name", "SH-41;Shirt;JPY 4300;1"),
            ("Goods: name", ""),
            ("How you pay", "invoice"),
            ("How it travels", "pickup"),
            ("A word to the shop", ""),
        ];
        for (question, answer) in steps.into_iter().take(at) {
            screen.answers(question, answer);
        }
        let next = ["Goods", "Goods", "How you pay", "How it travels", "A word", "[y/N]"][at];
        screen.waits_for(next).keys(keys).ends()
    };
    for at in [0, 2, 5] {
        let interrupted = stops("\u{3}", at);
        assert_eq!(interrupted.code, Some(130), "{at}: {interrupted:?}");
        let ended = stops("\u{4}", at);
        assert_eq!(ended.code, Some(1), "{at}: {ended:?}");
        assert!(ended.out.contains("the input ended before an answer; nothing is sent"), "{ended:?}");
    }
    assert_eq!(stops("n\n", 5).code, Some(1));
    assert_eq!(town.entries("buyer").len(), entries);
    assert_eq!(orders(&town), 0);
}

#[test]
fn nobody_is_asked_off_a_terminal_and_the_error_names_the_flag() {
    let town = Town::fresh();
    let says = |run: &Run, part: &str| {
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(format!("{}{}", run.err, run.out).contains(part), "{part}: {run:?}");
    };
    says(&town.run("buyer", &["order"]), "--shop ADDRESS");
    says(&town.run("buyer", &["order", "--shop", SHOP]), "--item");
    for flag in ["--no-input", "--json"] {
        says(&town.types("buyer", &["order", flag]).ends(), "--shop ADDRESS");
        says(&town.types("buyer", &["order", "--shop", SHOP, flag]).ends(), "--item");
    }
    assert_eq!(orders(&town), 0);
}

#[test]
fn an_order_whose_flags_say_all_is_shown_on_a_terminal_and_asked_about_and_sent_at_once_by_scripts() {
    let town = Town::fresh();
    let item = ["order", "--shop", SHOP, "--item", "SH-41;シャツ 白 41;JPY 4300;1"];
    let no = town.types("buyer", &item).answers("Send this order to shop@demo.test for JPY 4,300? [y/N]", "n").ends();
    assert_eq!((no.code, orders(&town)), (Some(1), 0), "{no:?}");
    assert!(no.out.contains("シャツ 白 41 ×1") && no.out.contains("nothing is sent"), "{no:?}");
    let yes = town.types("buyer", &item).answers("[y/N]", "y").ends();
    assert_eq!((yes.code, orders(&town)), (Some(0), 1), "{yes:?}");
    for flag in ["--yes", "--no-input"] {
        let run = town.types("buyer", &[&item[..], &[flag]].concat()).ends();
        assert_eq!((run.code, run.out.contains("[y/N]")), (Some(0), false), "{run:?}");
    }
    town.does("buyer", &item);
    assert_eq!(orders(&town), 4);
}

#[test]
fn what_is_cancelled_or_given_back_is_shown_with_whom_it_goes_to_and_a_person_is_asked() {
    let town = Town::fresh();
    let (id, _) = town.bought("SH-41", 2, &[]);
    let sent = |kind: &str| town.count("buyer", &id, "out", kind);
    let short = &id[..6];
    for (words, kind, question, says) in [
        (
            &["return", &id, "--reason", "too small"][..],
            "return-request",
            "Give it back",
            "return-request: line 1 ×2: too small",
        ),
        (&["cancel", &id, "--reason", "ordered twice"], "cancellation", "Cancel it", "cancellation: ordered twice"),
    ] {
        let question = format!("{question}: {short} of shop@demo.test for JPY 9,100? [y/N]");
        let no = town.types("buyer", words).answers(&question, "n").ends();
        assert_eq!((no.code, sent(kind)), (Some(1), 0), "{no:?}");
        assert!(no.out.contains("to shop@demo.test") && no.out.contains(says), "{says}: {no:?}");
        let stopped = town.types("buyer", words).waits_for("[y/N]").keys("\u{3}").ends();
        assert_eq!((stopped.code, sent(kind)), (Some(130), 0), "{stopped:?}");
        // It can be looked at by a script, too.
        let run = town.does("buyer", &[words, &["--dry-run"]].concat());
        assert!(run.out.contains(says) && run.out.contains("nothing is sent (--dry-run)"), "{run:?}");
        let dry = town.does("buyer", &[words, &["--dry-run", "--json"]].concat()).json();
        assert_eq!((&dry["kind"], &dry["to"], &dry["dry_run"]), (&kind.into(), &SHOP.into(), &true.into()), "{dry}");
        assert_eq!(sent(kind), 0);
    }
    // Nothing is asked where the answer would be refused.
    let refused = town.types("buyer", &["return", &id, "--line", "9=1"]).ends();
    assert!(refused.code == Some(65) && !refused.out.contains("[y/N]"), "{refused:?}");
    let yes = town.types("buyer", &["return", &id]).answers("[y/N]", "y").ends();
    assert_eq!((yes.code, sent("return-request")), (Some(0), 1), "{yes:?}");
    for (words, flag) in [("cancel", "--no-input"), ("return", "--yes")] {
        let (id, _) = town.bought("SH-41", 1, &[]);
        let run = town.types("buyer", &[words, &id, flag]).ends();
        assert_eq!((run.code, run.out.contains("[y/N]")), (Some(0), false), "{run:?}");
    }
    let (id, _) = town.bought("SH-41", 1, &[]);
    let run = town.does("buyer", &["cancel", &id]);
    assert_eq!(run.out, format!("{}  cancellation written; the shop's answer decides\n", &id[..6]));
}

/// Buys a cup and a pot by the catalog, and has the shop sell them at other prices since.
pub fn with_changed_prices(rows: &str) -> (Town, String) {
    let town = with_catalog();
    let args = ["order", "--json", "--shop", SHOP, "--item", "CUP=2", "--item", "POT", "--pay", "card"];
    let id = town.does("buyer", &args).json()["id"].as_str().unwrap().to_owned();
    town.settle();
    town.does("buyer", &["confirm", &id]);
    town.settle();
    // A catalog tells its date to the second.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    fs::write(town.path("shop/catalog.csv"), format!("sku,name,price,currency,stock\n{rows}")).unwrap();
    catalog(&town, &[]);
    (town, id)
}

#[test]
fn prices_that_changed_since_are_marked_with_old_and_new_and_a_person_is_asked_p98_p100() {
    let (town, id) = with_changed_prices("CUP,Cup,950,JPY,9\nPOT,急須,3200,JPY,9\n");
    let before = orders(&town);
    // A script has to say which prices hold.
    let run = town.run("buyer", &["reorder", &id]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(run.err.contains("Cup JPY 900 → JPY 950") && run.err.contains("--prices now"), "{run:?}");
    assert_eq!(town.run("buyer", &["reorder", &id, "--yes"]).code, Some(65));
    let no = town
        .types("buyer", &["reorder", &id])
        .answers("Order again to shop@demo.test for JPY 5,600? [y/N]", "n")
        .ends();
    assert_eq!(no.code, Some(1), "{no:?}");
    assert!(no.out.contains("was JPY 900, now JPY 950"), "{no:?}");
    assert!(!no.out.contains("was JPY 3,200"), "{no:?}");
    assert_eq!(orders(&town), before);
    // It can be looked at: the prices are those that a person is asked about, the changes stand beside them, and why nothing
    // would be sent without an answer is said.
    for (flags, shown, why) in [
        (&[][..], "JPY 5,600", true),
        (&["--yes"], "JPY 5,600", true),
        (&["--prices", "now"], "JPY 5,600", false),
        (&["--prices", "then"], "JPY 5,500", false),
    ] {
        let looked = town.does("buyer", &[&["reorder", &id, "--dry-run"], flags].concat());
        let mark = if shown == "JPY 5,500" { "! JPY 900 as then, now JPY 950" } else { "! was JPY 900, now JPY 950" };
        assert!(looked.out.contains(shown) && looked.out.contains(mark), "{flags:?}: {looked:?}");
        let said = ["changed prices since: Cup JPY 900 → JPY 950\n", "hint: say which prices hold: --prices now"];
        assert!(said.iter().all(|part| looked.err.contains(part) == why), "{flags:?}: {looked:?}");
    }
    assert_eq!(orders(&town), before);
    let looked = town.does("buyer", &["reorder", &id, "--dry-run", "--json"]).json();
    let money = |amount: &str| serde_json::json!({"amount": amount, "currency": "JPY"});
    assert_eq!(looked["changed"], serde_json::json!([{"name": "Cup", "then": money("900"), "now": money("950")}]));
    assert_eq!(looked["order"]["total"]["amount"], "5600");
    for (which, total) in [("now", "5600"), ("then", "5500")] {
        town.does("buyer", &["reorder", &id, "--prices", which]);
        assert_eq!(newest(&town)["total"]["amount"], total);
    }
    assert_eq!(town.types("buyer", &["reorder", &id]).answers("for JPY 5,600? [y/N]", "y").ends().code, Some(0));
    assert_eq!(newest(&town)["total"]["amount"], "5600");
    assert_eq!(orders(&town), before + 3);
}

#[test]
fn what_is_not_sold_any_more_is_said_and_can_be_left_out_p100() {
    let (town, id) = with_changed_prices("CUP,Cup,900,JPY,9\n");
    let run = town.run("buyer", &["reorder", &id, "--prices", "now"]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(run.err.contains("急須 JPY 3,200 → not sold any more") && run.err.contains("--without 2"), "{run:?}");
    town.does("buyer", &["reorder", &id, "--without", "2"]);
    let order = newest(&town);
    assert_eq!((order["lines"].as_array().unwrap().len(), &order["total"]["amount"]), (1, &"2300".into()), "{order}");
}

#[test]
fn each_field_of_a_repeated_order_can_be_changed_by_a_flag_p100() {
    let town = Town::fresh();
    let (id, _) = town.bought("SH-41", 1, &["--pay", "card", "--item", "KETTLE;Iron kettle;JPY 36000;1"]);
    let goods =
        ["--quantity", "1=3", "--without", "2", "--add", "TEA-200;煎茶 200g;JPY 1800;2", "--charge", "Express;JPY 700"];
    let ways = [
        "--pay",
        "invoice",
        "--deliver",
        "locker",
        "--to",
        "locality=大阪市",
        "--to",
        "region=",
        "--to",
        "postal-code=530-0001",
    ];
    let all = [&["reorder", "--json", &id][..], &goods, &ways, &["--remarks", "soon"]].concat();
    let again = town.does("buyer", &all).json()["id"].as_str().unwrap().to_owned();
    let order = town.show("buyer", &again)["order"].clone();
    let line = |place: usize| {
        let line = &order["lines"][place];
        (line["id"].as_str().unwrap(), line["item"]["sku"].as_str().unwrap(), line["quantity"].as_str().unwrap())
    };
    assert_eq!((line(0), line(1)), (("1", "SH-41", "3"), ("2", "TEA-200", "2")), "{order}");
    assert_eq!((&order["charges"][0]["id"], &order["charges"][0]["name"]), (&"3".into(), &"Express".into()));
    assert_eq!(order["total"]["amount"], "17200");
    assert_eq!((&order["payment_method"], &order["delivery_method"]), (&"invoice".into(), &"locker".into()));
    let place = &order["deliver_to"];
    assert_eq!(
        (&place["locality"], &place["postal_code"], &place["name"]),
        (&"大阪市".into(), &"530-0001".into(), &"小野 賢治".into())
    );
    assert!(place.get("region").is_none(), "{place}");
    assert_eq!(order["remarks"], "soon");
    for (wrong, why) in
        [("--without=9", "line 9 is not in the order"), ("--to=planet=Mars", "planet"), ("--quantity=1=0", "1=0")]
    {
        let run = town.run("buyer", &["reorder", &id, wrong]);
        assert!(matches!(run.code, Some(2 | 65)) && run.err.contains(why), "{run:?}");
    }
}
