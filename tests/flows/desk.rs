//! What a shop's owner decides himself: orders, cancellations and returns that wait, money given back, and what he sees of
//! his procedures beforehand.

use std::fs;

use serde_json::Value;

use crate::support::program::Town;

/// Has these wait for a person.
fn reviewing(town: &Town, review: &str) {
    town.configure("shop", |text| text.replace("return_days = 14", &format!("return_days = 14\nreview = [{review}]")));
}

fn inbox(town: &Town) -> Vec<Value> {
    town.does("shop", &["shop", "inbox", "--json"]).json()["items"].as_array().unwrap().clone()
}

fn whats(town: &Town) -> Vec<String> {
    inbox(town).iter().map(|item| item["what"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_order_waits_until_a_person_takes_it_or_not() {
    let town = Town::fresh();
    reviewing(&town, "\"orders\"");
    let taken = town.orders("buyer", "SH-41", 1, &[]);
    let left = town.orders("buyer", "TEA-200", 2, &[]);
    town.settle();
    let items = inbox(&town);
    assert_eq!(items.len(), 2, "{items:?}");
    assert!(items.iter().all(|item| item["what"] == "order" && item["state"] == "waits"), "{items:?}");
    assert!(items[0]["about"].as_str().unwrap().contains("シャツ 白 41"), "{items:?}");
    town.check_stands("buyer", &taken, "ordered", [false; 3]);
    assert_eq!(town.run("shop", &["status", "--exit-code"]).code, Some(1));
    town.does("shop", &["shop", "accept", &taken]);
    town.does("shop", &["shop", "reject", &left, "--reason", "The tea is sold out until spring."]);
    town.settle();
    town.check_stands("buyer", &taken, "offered", [false; 3]);
    town.check_stands("buyer", &left, "rejected", [false; 3]);
    assert!(town.letter("buyer", "in", "order-rejection").contains("sold out until spring"));
    assert!(inbox(&town).is_empty());
    // A yes cannot be said twice, nor a no to what was answered.
    for args in [&["shop", "accept", taken.as_str()][..], &["shop", "reject", left.as_str(), "--reason", "no"]] {
        let run = town.run("shop", args);
        assert_eq!(run.code, Some(65), "{run:?}");
        assert!(run.err.contains("shop inbox"), "{run:?}");
    }
    town.check_peace();
}

#[test]
fn who_takes_a_part_of_an_order_is_told_what_is_left_out() {
    let town = Town::fresh();
    reviewing(&town, "\"orders\"");
    town.configure("shop", |text| text.replacen("[shop]\n", "[shop]\npartial = \"offer\"\n", 1));
    let [lid, tea] = ["NOSUCH;Lid;JPY 900;1", "TEA-200;煎茶 200g;JPY 1800;1"];
    let id = town.orders("buyer", "SH-41", 1, &["--item", lid, "--item", tea]);
    town.settle();
    let left = "2 of 3 lines; Line 2: This article is not sold here";
    assert!(inbox(&town)[0]["about"].as_str().unwrap().ends_with(left), "{:?}", inbox(&town));
    let shown = town.does("shop", &["shop", "inbox"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("2 of 3 lines;"), "{shown}");
    let accepted = town.does("shop", &["shop", "accept", &id]);
    assert!(accepted.out.contains(left), "{accepted:?}");
    town.settle();
    assert_eq!(town.check_reasons(), ["ITM"]);
    // Where all can be had nothing is said.
    let id = town.orders("buyer", "SH-41", 1, &[]);
    town.settle();
    assert!(!inbox(&town)[0]["about"].as_str().unwrap().contains("lines"), "{:?}", inbox(&town));
    let accepted = town.does("shop", &["shop", "accept", &id]);
    assert!(!accepted.out.contains("lines"), "{accepted:?}");
}

#[test]
fn what_the_catalog_file_has_too_little_of_is_said_before_less_is_offered() {
    let town = Town::fresh();
    reviewing(&town, "\"orders\"");
    town.configure("shop", |text| {
        text.replacen("[shop]\n", "[shop]\npartial = \"offer\"\ncatalog = \"catalog.csv\"\n", 1)
    });
    fs::write(town.path("shop/catalog.csv"), "sku,name,price,currency,stock\nROPE,Rope,150,JPY,120\n").unwrap();
    let rope = "ROPE;Rope;JPY 150;500";
    let id = town.orders("buyer", "TEA-200", 1, &["--item", rope]);
    town.settle();
    let about = inbox(&town)[0]["about"].as_str().unwrap().to_owned();
    assert!(about.contains("2 of 2 lines; Line 2: ") && about.contains("120"), "{about}");
    let shown = town.does("shop", &["shop", "inbox"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("2 of 2 lines;") && shown.contains("120"), "{shown}");
    let accepted = town.does("shop", &["shop", "accept", &id]);
    assert!(accepted.out.contains("2 of 2 lines; Line 2: "), "{accepted:?}");
}

#[test]
fn a_reason_is_a_line_of_at_most_500_characters_whoever_says_it() {
    let town = Town::fresh();
    let long = "x".repeat(501);
    for command in [["shop", "reject"], ["shop", "cancel"], ["shop", "refund"], ["pay", "reject"]] {
        for (reason, why) in
            [(long.as_str(), "more than 500 characters"), (" ", "in one line"), ("a\nb", "in one line")]
        {
            let run = town.run(command[0], &[command[0], command[1], "NOSUCH", "--reason", reason]);
            assert_eq!(run.code, Some(2), "{run:?}");
            assert!(run.err.contains(why), "{command:?}: {run:?}");
        }
    }
}

#[test]
fn an_order_that_cannot_be_taken_waits_for_nobody_and_a_wrong_one_is_not_taken_by_mistake() {
    let town = Town::fresh();
    reviewing(&town, "\"orders\"");
    let wrong = ["order", "--json", "--shop", "shop@demo.test", "--item", "SH-41;シャツ 白 41;JPY 1;1"];
    let id = town.does("buyer", &wrong).json()["id"].as_str().unwrap().to_owned();
    let right = town.orders("buyer", "SH-41", 1, &[]);
    town.settle();
    town.check_stands("buyer", &id, "rejected", [false; 3]);
    assert_eq!(whats(&town), ["order"]);
    // The price changes while the order waits.
    town.configure("shop", |text| text.replace("price = \"JPY 4300\"", "price = \"JPY 4500\""));
    let run = town.run("shop", &["shop", "accept", &right]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(run.err.contains("4500") && run.err.contains("Reject it"), "{run:?}");
    town.check_stands("shop", &right, "ordered", [false; 3]);
}

#[test]
fn a_cancellation_of_what_was_begun_waits_and_one_of_an_offer_does_not() {
    let town = Town::fresh();
    reviewing(&town, "\"cancellations\"");
    let offered = town.orders("buyer", "SH-41", 1, &[]);
    town.settle();
    town.does("buyer", &["cancel", &offered]);
    town.settle();
    town.check_stands("buyer", &offered, "cancelled", [false; 3]);
    let (granted, _) = town.bought("SH-41", 1, &[]);
    let (denied, _) = town.bought("TEA-200", 1, &[]);
    for id in [&granted, &denied] {
        town.does("buyer", &["cancel", id]);
    }
    town.settle();
    assert_eq!(whats(&town), ["cancellation", "cancellation"]);
    town.does("shop", &["shop", "accept", &granted]);
    town.does("shop", &["shop", "reject", &denied, "--reason", "It is in the van already."]);
    town.settle();
    town.check_stands("buyer", &granted, "cancelled", [false; 3]);
    town.check_stands("buyer", &denied, "open", [false; 3]);
    assert!(town.letter("buyer", "in", "refusal").contains("in the van"));
    assert!(inbox(&town).is_empty());
}

#[test]
fn a_cancellation_that_waits_says_whether_goods_have_left_and_money_came() {
    let town = Town::fresh();
    reviewing(&town, "\"cancellations\"");
    let (id, number) = town.bought("SH-41", 2, &["--pay", "invoice"]);
    town.does("buyer", &["cancel", &id]);
    town.settle();
    let stands = |goods: &str, paid: Value, said: &str| {
        let item = inbox(&town).remove(0);
        assert_eq!((&item["goods"], &item["paid"]), (&goods.into(), &paid), "{item}");
        assert!(item["about"].as_str().unwrap().ends_with(said), "{item}");
        let shown = town.does("shop", &["shop", "inbox"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(said), "{said}: {shown}");
    };
    stands("here", Value::Null, "no reason was given; no goods have left; nothing is paid");
    town.does("shop", &["shop", "notify", &number, "--shipped", "--parcel", "1", "--line", "1=1"]);
    town.does("pay", &["pay", "notify", &number, "--paid", "--amount", "JPY 1000"]);
    town.settle();
    let paid = |amount: &str| serde_json::json!({"amount": amount, "currency": "JPY"});
    let (total, of) = ("9100", "9,100");
    stands("left-in-part", paid("1000"), &format!("a part of the goods has left; JPY 1,000 of JPY {of} is paid"));
    town.does("shop", &["shop", "notify", &number, "--shipped", "--parcel", "2"]);
    town.reports(&number, &[("pay", "--paid")]);
    stands("left", paid(total), &format!("the goods have left; JPY {of} is paid"));
    for (parcel, goods, said) in
        [("1", "delivered-in-part", "a part of the goods is delivered"), ("2", "delivered", "the goods are delivered")]
    {
        town.does("ship", &["ship", "notify", &number, "--delivered", "--parcel", parcel, "--line", "1=1"]);
        town.settle();
        stands(goods, paid(total), &format!("{said}; JPY {of} is paid"));
    }
    let japanese = town.does("shop", &["--lang", "ja", "shop", "inbox"]).out;
    assert!(japanese.contains("配達済み") && !japanese.contains("delivered"), "{japanese}");
}

#[test]
fn a_return_waits_and_may_be_taken_after_the_time_for_it() {
    let town = Town::fresh();
    reviewing(&town, "\"returns\"");
    let (id, number) = town.bought("SH-41", 2, &[]);
    let (other, second) = town.bought("TEA-200", 1, &[]);
    for number in [&number, &second] {
        town.reports(number, &[("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")]);
    }
    town.does("buyer", &["return", &id, "--line", "1=1", "--reason", "a hole"]);
    town.does("buyer", &["return", &other, "--reason", "not my taste"]);
    town.settle();
    let items = inbox(&town);
    assert_eq!(whats(&town), ["return", "return"]);
    let hole = items.iter().find(|item| item["number"] == number.as_str()).unwrap();
    assert!(hole["about"].as_str().unwrap().contains("1 of line 1: a hole"), "{items:?}");
    assert_eq!(town.count("shop", &number, "out", "return-answer"), 0);
    town.does("shop", &["shop", "accept", &id]);
    town.does("shop", &["shop", "reject", &other, "--reason", "Opened tea is not taken back."]);
    town.settle();
    assert_eq!(town.count("pay", &number, "in", "refund-instruction"), 1);
    assert_eq!(town.count("pay", &second, "in", "refund-instruction"), 0);
    town.does("pay", &["pay", "notify", &number, "--refunded"]);
    town.settle();
    assert!(inbox(&town).is_empty());
    town.check_peace();
}

#[test]
fn money_is_given_back_unasked_and_the_buyer_expects_it() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &[]);
    let unpaid = town.run("shop", &["shop", "refund", &number, "--amount", "JPY 500"]);
    assert_eq!(unpaid.code, Some(65), "{unpaid:?}");
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")]);
    for (amount, why) in [("JPY 9999", "only JPY 4800"), ("EUR 5", "EUR"), ("JPY 0", "above zero")] {
        let run = town.run("shop", &["shop", "refund", &number, "--amount", amount]);
        assert_eq!(run.code, Some(65), "{run:?}");
        assert!(run.err.contains(why), "{run:?}");
    }
    for reason in ["", "a\u{1b}[31mb", &"x".repeat(501)] {
        let run = town.run("shop", &["shop", "refund", &number, "--amount", "JPY 500", "--reason", reason]);
        assert_eq!(run.code, Some(2), "{run:?}");
    }
    for amount in ["JPY 500", "JPY 300"] {
        town.does("shop", &["shop", "refund", &number, "--amount", amount, "--reason", "late by a week"]);
        town.settle();
        town.does("pay", &["pay", "notify", &number, "--refunded"]);
        town.settle();
    }
    let shown = town.show("buyer", &id);
    assert_eq!(shown["state"], "completed", "{shown}");
    let paid = town.letter("buyer", "in", "payment-status");
    assert!(paid.contains("\"500\"") && paid.contains("\"300\""), "{paid}");
    town.check_peace();
}

#[test]
fn procedures_are_listed_checked_and_tried_before_anybody_orders() {
    let town = Town::fresh();
    let listed = town.does("shop", &["shop", "procedure", "list", "--json"]).json();
    let steps = &listed["procedures"][0]["steps"];
    assert_eq!(*steps, serde_json::json!(["authorize", "terms", "confirmation", "payment", "delivery"]));
    let within = |place: usize| listed["procedures"][place]["authorize_within"].clone();
    assert_eq!((within(0), within(1)), (72.into(), Value::Null), "only where the agent is asked first");
    assert!(town.does("shop", &["shop", "procedure", "list"]).out.contains("authorize (within 72 h), terms"));
    let checked = town.does("shop", &["shop", "procedure", "check"]);
    assert!(checked.out.contains("2 procedures, nothing wrong"), "{checked:?}");
    let order = town.path("order.toml");
    let text =
        "pay = \"card\"\n[[item]]\nsku = \"SH-41\"\nname = \"シャツ 白 41\"\nprice = \"JPY 4300\"\nquantity = \"1\"\n";
    fs::write(&order, text).unwrap();
    let order = order.to_str().unwrap();
    let dry = ["shop", "procedure", "run", "--dry-run", order];
    let shown = town.does("shop", &dry).out;
    for words in ["authorize", "asks pay@demo.test whether", "4,800", "waits for the buyer's OK", "ship@demo.test"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    fs::write(order, text.replace("4300", "43")).unwrap();
    let run = town.run("shop", &[&dry[..], &["--json"]].concat());
    assert_eq!(run.code, Some(1), "{run:?}");
    let foreseen: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(foreseen["rejected"][0]["code"], "PRI", "{foreseen}");
    let usage = town.run("shop", &["shop", "procedure", "run", order]);
    assert_eq!(usage.code, Some(2), "{usage:?}");
    assert!(town.lists("shop", &[]).is_empty(), "nothing was entered by looking");
    // An order that came can be looked at, too.
    let id = town.orders("buyer", "TEA-200", 1, &[]);
    town.settle();
    let shown = town.does("shop", &["shop", "procedure", "run", "--dry-run", &id]).out;
    assert!(shown.contains("buyer@demo.test"), "{shown}");
}

#[test]
fn whether_terms_would_be_what_was_ordered_is_said_before_they_are_made() {
    let town = Town::fresh();
    let dry = |order: &str, more: &[&str]| {
        town.does("shop", &[&["shop", "procedure", "run", "--dry-run", order], more].concat())
    };
    let same = town.orders("buyer", "SH-41", 1, &[]);
    let less = town.orders("buyer", "SH-41", 1, &["--item", "NOSUCH;Lid;JPY 900;1"]);
    town.settle();
    let foreseen = dry(&same, &["--json"]).json();
    assert_eq!((&foreseen["differs"], &foreseen["waits"]), (&serde_json::json!([]), &false.into()), "{foreseen}");
    assert!(!dry(&same, &[]).out.contains("not be what was ordered"));
    town.configure("shop", |text| text.replacen("[shop]\n", "[shop]\npartial = \"offer\"\n", 1));
    reviewing(&town, "\"orders\"");
    let foreseen = dry(&less, &["--json"]).json();
    let points: Vec<&str> =
        foreseen["differs"].as_array().unwrap().iter().map(|one| one["what"].as_str().unwrap()).collect();
    assert_eq!((points, &foreseen["waits"]), (vec!["line 2", "total"], &true.into()), "{foreseen}");
    let shown = dry(&less, &[]).out;
    for part in [
        "the order would wait for you first: mailorder -c ",
        "the terms would not be what was ordered, so the buyer must say himself whether he takes them:",
        "  line 2: ordered Lid, offered nothing",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let japanese = town.does("shop", &["--lang", "ja", "shop", "procedure", "run", "--dry-run", &less]).out;
    assert!(japanese.contains("明細 2：注文は Lid") && !japanese.contains("ordered"), "{japanese}");
}

#[test]
fn what_is_wrong_with_procedures_is_said_with_its_place() {
    let town = Town::fresh();
    let agents = town.agents("pay", "ship");
    let file = town.path("shop/config.toml");
    let good = fs::read_to_string(&file).unwrap();
    let with = |steps: &str| {
        let before = good.split_once("[[shop.procedure]]").unwrap().0;
        fs::write(&file, format!("{before}[[shop.procedure]]\nsteps = [{steps}]\n{agents}")).unwrap();
        let run = town.run("shop", &["shop", "procedure", "check"]);
        assert_eq!(run.code, Some(78), "{steps}: {run:?}");
        run.err
    };
    let line = good.lines().position(|line| line == "[[shop.procedure]]").unwrap() + 2;
    let at = |column: usize| format!("config.toml:{line}:{column}: ");
    let err = with(r#""terms", "confirmatoin", "payment", "delivery""#);
    assert!(err.contains(&at(19)) && err.contains("did you mean \"confirmation\"?"), "{err}");
    let err = with(r#""terms", "warehouse", "payment", "delivery""#);
    assert!(err.contains(&at(19)) && err.contains("nor a hook of yours"), "{err}");
    let err = with(r#""payment", "terms", "delivery""#);
    assert!(err.contains(&at(10)) && err.contains("must follow \"terms\""), "{err}");
    let err = with(r#""terms", "payment", "confirmation", "delivery""#);
    assert!(err.contains(&at(19)) && err.contains("nothing is begun before"), "{err}");
    let err = with(r#""terms", "payment", "payment", "delivery""#);
    assert!(err.contains(&at(30)) && err.contains("stands twice"), "{err}");
    let twice = format!("[[shop.procedure]]\nsteps = [\"terms\", \"payment\", \"delivery\"]\n{agents}");
    let before = good.split_once("[[shop.procedure]]").unwrap().0;
    fs::write(&file, format!("{before}{twice}{twice}")).unwrap();
    let run = town.run("shop", &["shop", "procedure", "check"]);
    assert!(run.code == Some(78) && run.err.contains("procedure 2 is never taken"), "{run:?}");
    for (hook, why) in [
        ("[hook.Pack]\ncommand = [\"/bin/true\"]", "not a hook"),
        ("[hook.terms]\ncommand = [\"/bin/true\"]", "means something of its own"),
        ("[hook.pack]\ncommand = []", "a list of program and arguments"),
        ("[hook.pack]\ncommand = [\"/bin/true\"]\nseconds = 0", "hook.pack.seconds: it must be from 1 to 3600"),
        ("[hook.pack]\ncommand = [\"/bin/true\"]\nattempts = 0", "hook.pack.attempts: it must be at least 1"),
        ("[hook.pack]\ncommand = [\"/bin/true\"]\nask_minutes = 0", "hook.pack.ask_minutes: it must be at least 1"),
        ("[hook.pack]\ncommand = \"/bin/true\"", "config.toml:"),
        ("[hook.pack]\ncommand = [\"/bin/true\"]\nsecnds = 1", "did you mean `seconds`?"),
        ("[hook.pack]\ncommand = [\"/bin/nothing-there\"]", "is not there, or is no program"),
    ] {
        fs::write(&file, format!("{good}\n{hook}\n")).unwrap();
        let run = town.run("shop", &["shop", "procedure", "check"]);
        assert!(run.code == Some(78) && run.err.contains(why) && run.err.contains("config.toml:"), "{hook}: {run:?}");
    }
}

/// Returns line and column, each from 1, of what stands last in a text.
fn last_place(text: &str, what: &str) -> String {
    let before = &text[..text.rfind(what).unwrap()];
    let line = before.rsplit('\n').next().unwrap();
    format!("{}:{}", before.matches('\n').count() + 1, line.chars().count() + 1)
}

#[test]
fn a_missing_key_of_an_agent_is_said_at_its_fingerprint_in_its_own_procedure() {
    let town = Town::fresh();
    let file = town.path("shop/config.toml");
    let good = fs::read_to_string(&file).unwrap();
    let before = good.split_once("[[shop.procedure]]").unwrap().0;
    let agent = |leg: &str, name: &str, key: &str| {
        format!("{leg}_agent = {{ address = \"{name}@demo.test\", fingerprint = \"{key}\" }}\n")
    };
    let [pay, ship] = ["pay", "ship"].map(|name| town.fingerprint(name));
    let new = "0123456789ABCDEF0123456789ABCDEF01234567";
    let steps = "steps = [\"terms\", \"confirmation\", \"payment\", \"delivery\"]\n";
    // The same digits stand above: in a remark, in a procedure that is one, and as the key of another leg.
    let first = format!(
        "# [[shop.procedure]] with {new} some day\n[[shop.procedure]]\npayment = \"card\"\n{steps}{}{}",
        agent("payment", "pay", &pay),
        agent("delivery", "ship", &ship)
    );
    for (second, leg, name, key) in [
        (agent("payment", "pay", &pay) + &agent("delivery", "new", new), "delivery", "new", new),
        (agent("payment", "new", new) + &agent("delivery", "ship", &ship), "payment", "new", new),
        (agent("payment", "pay", &ship) + &agent("delivery", "ship", &ship), "payment", "pay", ship.as_str()),
    ] {
        let text = format!("{before}{first}[[shop.procedure]]\n{steps}{second}");
        fs::write(&file, &text).unwrap();
        let run = town.run("shop", &["shop", "procedure", "check"]);
        assert_eq!(run.code, Some(78), "{second}: {run:?}");
        let stated = &text[..text.rfind(&format!("{leg}_agent")).unwrap()];
        let line = &text[stated.len()..].lines().next().unwrap();
        let column = line[..line.find(key).unwrap()].chars().count() + 1;
        let place = format!("config.toml:{}:{column}: ", stated.matches('\n').count() + 1);
        let [said] = run.err.lines().filter(|line| line.contains(&place)).collect::<Vec<_>>()[..] else {
            panic!("{place}: {run:?}")
        };
        assert!(said.contains(&format!("the {leg}_agent {name}@demo.test")), "{said}");
    }
}

#[test]
fn a_catalog_with_a_way_that_no_procedure_is_for_is_said_at_its_cell() {
    let town = Town::fresh();
    let steps = "steps = [\"terms\", \"confirmation\", \"payment\", \"delivery\"]";
    town.procedures(&[&format!("delivery = \"parcel\"\n{steps}\n{}", town.agents("pay", "ship"))]);
    town.configure("shop", |text| text.replacen("[shop]\n", "[shop]\ncatalog = \"catalog.csv\"\n", 1));
    let rows = "sku,name,price,currency,delivery\nA-1,煎茶,100,JPY,parcel\nA-2,煎茶 100g,900,JPY,parcel drone\n";
    fs::write(town.path("shop/catalog.csv"), rows).unwrap();
    let run = town.run("shop", &["shop", "procedure", "check"]);
    assert_eq!(run.code, Some(78), "{run:?}");
    let place = format!("catalog.csv:{}: ", last_place(rows, "parcel drone"));
    assert!(run.err.contains(&place), "{place}: {run:?}");
    assert!(run.err.contains("no [[shop.procedure]] is for the delivery method \"drone\""), "{run:?}");
    fs::write(town.path("shop/catalog.csv"), rows.replace(" drone", "")).unwrap();
    assert!(town.does("shop", &["shop", "procedure", "check"]).out.contains("1 procedure, nothing wrong"));
}

#[test]
fn the_seller_sees_what_the_buyer_wrote_and_which_orders_were_turned_away() {
    let town = Town::fresh();
    reviewing(&town, "\"orders\"");
    let id = town.orders("buyer", "SH-41", 1, &["--remarks", "Please ring twice"]);
    town.settle();
    assert!(inbox(&town)[0]["about"].as_str().unwrap().ends_with("; remarks: Please ring twice"), "{:?}", inbox(&town));
    for party in ["buyer", "shop"] {
        let shown = town.does(party, &["show", &id]);
        assert!(shown.out.contains("\nremarks   Please ring twice\n"), "{party}: {shown:?}");
    }
    // What is to be done next is said to sellers, too.
    let shown = town.does("shop", &["show", &id]);
    let next = format!("shop accept {}, or mailorder -c", &id[..6]);
    assert!(shown.err.contains("next: ") && shown.err.contains(&next), "{shown:?}");
    // As long as it has no number, its ID stands in its place.
    assert!(town.does("shop", &["list"]).out.contains(&format!("\n{}  {}  ", &id[..6], &id[..6])));
    town.does("shop", &["shop", "reject", &id, "--reason", "Not today."]);
    let status = town.does("shop", &["status", "--json"]).json();
    assert_eq!(status["turned_away"], serde_json::json!([]), "that was a person's own word");
    let wrong = ["order", "--json", "--shop", "shop@demo.test", "--item", "SH-41;シャツ 白 41;JPY 4400;1"];
    let id = town.does("buyer", &wrong).json()["id"].as_str().unwrap().to_owned();
    town.settle();
    let status = town.does("shop", &["status", "--json"]).json();
    let away = &status["turned_away"][0];
    assert_eq!((&away["id"], &away["buyer"]), (&id[..6].into(), &"buyer@demo.test".into()), "{status}");
    assert_eq!(away["why"], "Line 1: The price is JPY 4300, not JPY 4400");
    assert_eq!(town.run("shop", &["status", "--exit-code"]).code, Some(1));
    assert!(town.does("shop", &["status"]).out.contains(&format!("turned away    {} of buyer@demo.test", &id[..6])));
    town.check_peace();
}

#[test]
fn an_account_of_several_parts_is_told_of_all_and_names_a_transaction_by_any_of_its_ids() {
    let town = Town::played();
    town.add_merchant();
    let item = ["order", "--json", "--shop", "mart@demo.test", "--item", "MUG;Mug;JPY 900;1"];
    let id = town.does("buyer", &item).json()["id"].as_str().unwrap().to_owned();
    town.settle();
    town.does("buyer", &["confirm", &id]);
    town.settle();
    let status = town.does("mart", &["status", "--json"]).json();
    let parts: Vec<(&str, u64)> = status["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| (part["role"].as_str().unwrap(), part["undelivered"].as_u64().unwrap()))
        .collect();
    assert_eq!(parts, [("shop", 1), ("payment", 0), ("delivery", 1)], "who collects learns no goods: {status}");
    assert!(town.does("mart", &["status"]).out.contains("\nas delivery"));
    // The shop's ID will do for the other parts, which have IDs of their own.
    let shown = |role: &str| town.does("mart", &["show", &id, "--role", role, "--json"]).json();
    assert_eq!((&shown("delivery")["role"], &shown("payment")["role"]), (&"delivery".into(), &"payment".into()));
    assert_ne!(shown("delivery")["id"], id.as_str());
    // Agents alone, of which the first is listed: the list says how to see the other.
    town.configure("mart", |text| text.replace("[\"shop\", \"payment\", \"delivery\"]", "[\"delivery\", \"payment\"]"));
    let listed = town.does("mart", &["list"]);
    assert!(listed.err.contains("list --role delivery"), "{listed:?}");
    let status = town.does("mart", &["status", "--json"]).json();
    assert_eq!((&status["role"], &status["parts"][1]["undelivered"]), (&"payment".into(), &1.into()), "{status}");
}

#[test]
fn a_shop_cancels_an_offer_that_the_buyer_has_not_taken_and_it_is_over_for_both() {
    let town = Town::fresh();
    town.configure("shop", |text| text.replacen("[shop]\n", "[shop]\npartial = \"offer\"\n", 1));
    let as_ordered = town.orders("buyer", "SH-41", 1, &["--pay", "invoice"]);
    let differs = town.orders("buyer", "SH-41", 1, &["--item", "NOSUCH;Lid;JPY 900;1", "--pay", "invoice"]);
    town.settle();
    for row in town.lists("shop", &[]) {
        town.does("shop", &["shop", "cancel", row["number"].as_str().unwrap(), "--reason", "sold out"]);
    }
    town.settle();
    for id in [&as_ordered, &differs] {
        assert_eq!(town.show("buyer", id)["state"], "cancelled");
    }
    let states =
        |party: &str| -> Vec<Value> { town.lists(party, &[]).into_iter().map(|mut row| row["state"].take()).collect() };
    assert_eq!((states("shop"), states("buyer")), (vec!["cancelled".into(); 2], vec!["cancelled".into(); 2]));
    let warnings = town.does("buyer", &["--json", "warnings"]).json();
    let found: Vec<&Value> = warnings["warnings"].as_array().unwrap().iter().map(|one| &one["finding"]).collect();
    assert_eq!(found, ["terms-differ-from-order", "terms-differ-from-order"], "{warnings}");
}
