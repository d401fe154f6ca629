//! `list` by the words of a query, and the question what is late and whom to ask.

use serde_json::Value;

use crate::support::program::Town;

fn listed(town: &Town, words: &[&str]) -> Vec<Value> {
    let run = town.does("buyer", &[&["--json", "list"], words].concat());
    run.json()["transactions"].as_array().unwrap().clone()
}

#[test]
fn what_is_late_is_listed_with_whom_to_ask_and_how_p117() {
    let town = Town::played();
    let run = town.does("buyer", &["--json", "list", "late"]).json();
    let late = run["late"].as_array().unwrap();
    assert_eq!(late.len(), 1, "{run}");
    assert_eq!((late[0]["leg"].as_str(), late[0]["ask"].as_str()), (Some("payment"), Some("pay@demo.test")));
    let id = late[0]["id"].as_str().unwrap();
    assert_eq!(run["transactions"][0]["id"].as_str(), Some(id));
    let said = town.does("buyer", &["list", "late"]).err;
    let hint = said.lines().find(|line| line.contains("pay@demo.test speaks for it")).unwrap();
    // The command that is proposed is one that asks.
    let command = hint.split("mailorder -c ").nth(1).unwrap();
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    assert_eq!(words, ["ask", &id[..6], "--leg", "payment"]);
    town.does("buyer", &words);
    let shown = town.does("buyer", &["--json", "show", id]).json();
    let last = shown["letters"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((last["kind"].as_str(), last["peer"].as_str()), (Some("status-request"), Some("pay@demo.test")));
}

#[test]
fn every_word_of_a_query_must_hold_and_flags_are_words_p72_p73_p74_p77() {
    let town = Town::played();
    let all = listed(&town, &[]);
    let is = |one: &Value, leg: &str| one[leg]["done"].as_bool().unwrap();
    let kept = |which: &dyn Fn(&Value) -> bool| all.iter().filter(|one| which(one)).cloned().collect::<Vec<_>>();
    let open = |one: &Value| ["ordered", "offered", "open"].contains(&one["state"].as_str().unwrap());
    assert_eq!(listed(&town, &["delivered"]), kept(&|one| is(one, "delivery")));
    assert_eq!(listed(&town, &["--delivered"]), listed(&town, &["delivered"]));
    assert_eq!(listed(&town, &["unshipped"]), kept(&|one| open(one) && !is(one, "order")));
    assert_eq!(listed(&town, &["open"]), kept(&open));
    assert_eq!(listed(&town, &["closed"]), kept(&|one| !open(one)));
    assert_eq!(listed(&town, &["unpaid", "delivered"]), kept(&|one| !one["unpaid"].is_null() && is(one, "delivery")));
    assert_eq!(listed(&town, &["late"]), kept(&|one| one["late"] == true));
    assert!(listed(&town, &["late:1d"]).len() == 1 && listed(&town, &["late:3650d"]).is_empty());
    let total = |one: &Value| one["total"]["amount"].as_str().unwrap().parse::<u64>().unwrap();
    assert_eq!(listed(&town, &["amount:>9000"]), kept(&|one| total(one) > 9000));
    assert_eq!(listed(&town, &["amount:4100..9100"]), kept(&|one| (4100..=9100).contains(&total(one))));
    assert_eq!(listed(&town, &["currency:EUR"]), Vec::<Value>::new());
    assert_eq!(listed(&town, &["currency:jpy"]).len(), all.len());
    for word in ["shop:日立", "shop:shop@demo", "item:シャツ", "シャツ", "item:\"シャツ 白\""] {
        let found = listed(&town, &[word]);
        assert!(!found.is_empty() && found.len() <= all.len(), "{word}");
    }
    let first = &all[0];
    let short = &first["id"].as_str().unwrap()[..6];
    assert_eq!(listed(&town, &[&format!("txn:{short}")]), std::slice::from_ref(first));
    let month = &first["date"].as_str().unwrap()[..7];
    assert!(listed(&town, &[&format!("month:{month}")]).contains(first));
    assert_eq!(listed(&town, &["warned"]), kept(&|one| one["warnings"].as_u64() > Some(0)));
    // A limit counts what is asked for, not what an index lets through.
    assert_eq!(listed(&town, &["amount:>9000", "--limit", "1"]).len(), 1);
}

#[test]
fn a_wrong_query_is_told_with_its_word_and_a_likely_one_is_proposed() {
    let town = Town::played();
    let wrong = town.run("buyer", &["list", "mouth:2026-11"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("\"mouth:2026-11\" in the query: did you mean `month:`?"), "{}", wrong.err);
    let meant = town.does("buyer", &["list", "undeliverd"]);
    assert!(meant.out.contains("no transactions") && meant.err.contains("did you mean `undelivered`?"), "{meant:?}");
}

#[test]
fn a_state_that_there_is_not_is_no_query() {
    let town = Town::played();
    assert_eq!(listed(&town, &["state:completed"]).len(), listed(&town, &["state:COMPLETED"]).len());
    for state in ["completed", "cancelled", "rejected", "refunded"] {
        let by_state = listed(&town, &[&format!("state:{state}")]);
        assert_eq!(listed(&town, &[state]), by_state);
        assert!(!by_state.is_empty(), "{state}");
    }
    for (word, says) in
        [("state:complete", "did you mean `state:completed`?"), ("state:foo", "known after `state:`: ordered")]
    {
        let wrong = town.run("buyer", &["list", word]);
        assert_eq!(wrong.code, Some(2), "{wrong:?}");
        assert!(wrong.err.contains(says), "{}", wrong.err);
    }
    let set = town.run("buyer", &["schedule", "add", "x", "--query", "state:foo", "--when", "daily"]);
    assert_eq!(set.code, Some(2), "{set:?}");
}

#[test]
fn who_was_not_heard_of_is_named_where_others_have_written() {
    let town = Town::played();
    let late = town.does("buyer", &["--json", "warnings", "--late"]).json()["warnings"].as_array().unwrap().clone();
    let silent = late.iter().find(|one| one["finding"] == "silent").unwrap()["text"].as_str().unwrap();
    assert!(silent.contains("pay@demo.test has not said a word about it since 20"), "{silent}");
}

#[test]
fn what_is_not_unique_is_said_with_the_numbers_that_make_it_so() {
    let town = Town::played();
    let begins = |text: &str, c: &str| text.starts_with(c);
    let named = |all: &[Value]| -> Vec<(String, String)> {
        let text = |one: &Value, of: &str| one[of].as_str().unwrap_or_default().to_owned();
        all.iter().map(|one| (text(one, "id"), text(one, "number"))).collect()
    };
    // Somewhere an ID begins like the number of another order.
    let (sign, all) = loop {
        let all = named(&town.list(&[]));
        let meant = |c: &str| all.iter().filter(|(id, number)| begins(id, c) || begins(number, c)).count();
        let signs = all.iter().filter(|(id, number)| !number.is_empty() && !begins(id, &number[..1]));
        let sign = signs.map(|(_, number)| number[..1].to_owned()).find(|sign| (2..=5).contains(&meant(sign)));
        match sign {
            Some(sign) => break (sign, all),
            None => drop(town.confirmed()),
        }
    };
    let run = town.run("buyer", &["show", &sign]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(run.err.contains("is the beginning of several IDs or numbers"), "{run:?}");
    for (id, number) in all.iter().filter(|(id, number)| begins(id, &sign) || begins(number, &sign)) {
        let said = if begins(id, &sign) { id.clone() } else { format!("{id} ({number})") };
        assert!(run.err.contains(&said), "{said}: {}", run.err);
        assert!(!begins(id, &sign) || !run.err.contains(&format!("{id} (")), "{}", run.err);
    }
}

#[test]
fn the_words_of_readme_and_help_find_something_in_the_demonstration() {
    let town = Town::played();
    let help = town.does("buyer", &["list", "--help"]).out;
    let pages = [
        include_str!("../../README.md"),
        include_str!("../../README.ja.md"),
        include_str!("../../docs/page.md"),
        &help,
    ];
    let mut looked = 0;
    for page in pages {
        let words = page.split([' ', '`', '\n', '\'']).filter(|word| {
            let value = word.split_once(':').filter(|(key, _)| ["shop", "item"].contains(key)).map(|(_, value)| value);
            value.is_some_and(|value| !value.is_empty() && !value.starts_with('"'))
        });
        for word in words {
            looked += 1;
            assert!(!listed(&town, &[word]).is_empty(), "{word}");
        }
    }
    assert!(looked >= 4, "{looked}");
    assert!(!listed(&town, &["item:\"煎茶 200g\""]).is_empty());
}

#[test]
fn a_cancelled_order_has_no_leg_that_failed() {
    let town = Town::played();
    let table = town.does("buyer", &["export", "--format", "csv"]).out;
    let mut lines = table.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let column = |name: &str| head.iter().rev().position(|one| *one == name).unwrap();
    let cell = |line: &str, name: &str| line.split(',').rev().nth(column(name)).unwrap().to_owned();
    let cancelled: Vec<&str> = lines.filter(|line| line.contains(",cancelled,")).collect();
    assert!(!cancelled.is_empty(), "{table}");
    assert!(
        cancelled.iter().all(|line| cell(line, "failed").is_empty() && cell(line, "state") == "cancelled"),
        "{table}"
    );
}

#[test]
fn what_a_limit_leaves_out_is_counted_or_the_sums_are_named_as_those_of_what_is_listed() {
    let town = Town::played();
    let run = town.does("buyer", &["list", "--limit", "1"]);
    assert!(run.out.contains("1 of 6 listed · of all 1 not delivered · unpaid JPY 10,700 in 2"), "{}", run.out);
    assert!(run.err.contains("was promised for"), "{}", run.err);
    let run = town.does("buyer", &["list", "open", "--limit", "1"]);
    assert!(run.out.contains("the newest 1 listed · of these 1 not delivered · unpaid JPY 6,600 in 1"), "{}", run.out);
    assert!(town.does("buyer", &["list", "--limit", "6"]).out.contains("\n6 listed · "));
}

#[test]
fn days_that_are_turned_round_and_limits_that_are_none_are_wrong_usage() {
    let town = Town::fresh();
    for (words, why) in [
        (&["--limit", "0"][..], "at least 1"),
        (&["--limit", "x"], "at least 1"),
        (&["date:2026-12..2026-10"], "2026-10-31 is before 2026-12-01"),
        (&["--from", "2026-12-01", "--until", "2026-11-01"], "2026-11-01 is before 2026-12-01"),
    ] {
        let run = town.run("buyer", &[&["list"], words].concat());
        assert!(run.code == Some(2) && run.err.contains(why), "{words:?}: {run:?}");
    }
}

#[test]
fn what_is_over_is_not_asked_about_p86() {
    let town = Town::played();
    for state in ["cancelled", "refunded"] {
        let id = town.in_state(state)["id"].as_str().unwrap().to_owned();
        let entries = town.entries("buyer").len();
        let run = town.run("buyer", &["ask", &id]);
        let why = format!("the transaction is {state}; nothing is open to ask about");
        assert!(run.code == Some(65) && run.err.contains(&why), "{run:?}");
        assert_eq!(town.entries("buyer").len(), entries);
    }
    let done = town.in_state("completed")["id"].as_str().unwrap().to_owned();
    let run = town.does("buyer", &["schedule", "add", "done", "--txn", &done, "--when", "every 6h"]);
    assert!(run.err.contains("the transaction is completed; nothing of it is open"), "{run:?}");
    let shown = town.does("buyer", &["--json", "schedule"]).json();
    let shown = shown["schedules"].as_array().unwrap().iter().find(|one| one["name"] == "done").unwrap();
    assert_eq!(shown["found"], 0, "{shown}");
}

#[test]
fn one_offer_that_waits_is_named_in_status_with_the_command_that_answers_it() {
    let town = Town::fresh();
    let id = town.orders("buyer", "SH-41", 1, &[]);
    town.settle();
    let run = town.does("buyer", &["status"]);
    let hint = format!("confirm {}", &id[..6]);
    assert!(run.err.contains("terms wait for your answer") && run.err.contains(&hint), "{run:?}");
}

#[test]
fn a_shop_finds_its_offers_that_wait_for_the_ok_of_the_buyer() {
    let town = Town::played();
    let id = town.order();
    town.settle();
    let found = |words: &[&str]| -> Vec<Value> {
        let all = town.does("shop", &[&["list", "--json"], words].concat()).json()["transactions"].clone();
        all.as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
    };
    assert_eq!(found(&["unconfirmed"]), [Value::from(id.as_str())]);
    let lines = town.does("shop", &["export", "--format", "jsonl", "unconfirmed"]);
    assert_eq!(lines.out.lines().count(), 1, "{lines:?}");
    // It is the buyer who is told how to answer.
    let told = town.does("shop", &["list"]);
    assert!(!told.err.contains("terms wait"), "{told:?}");
    town.does("buyer", &["confirm", &id]);
    town.settle();
    assert!(found(&["unconfirmed"]).is_empty());
}

#[test]
fn an_order_without_terms_has_the_name_of_its_shop_from_another_order_or_a_catalog() {
    let town = Town::played();
    let shop = |one: &Value| one["shop_name"].as_str().unwrap().to_owned();
    assert_eq!(shop(&listed(&town, &["rejected"])[0]), "日立物産");
    let id = town.order();
    assert_eq!(shop(listed(&town, &["ordered"]).iter().find(|one| one["id"] == id.as_str()).unwrap()), "日立物産");
    assert!(!town.does("buyer", &["list"]).out.contains("shop@demo.test"));
    let served = crate::page::served::Served::start(&town.path("buyer/config.toml"));
    let page = served.visit().page("/");
    assert!(!page.split("<table").nth(1).unwrap().contains("shop@demo.test"), "{page}");
    let mut screen = town.types("buyer", &["order"]);
    screen.waits_for("1  日立物産 <shop@demo.test>").keys("\u{4}").ends();
    // Of a shop that has never answered its address is all there is, unless a catalog of it has come.
    let fresh = Town::fresh();
    fresh.order();
    assert_eq!(shop(&listed(&fresh, &[])[0]), "");
    let fresh = Town::fresh();
    crate::flows::catalog::catalog(&fresh, &[]);
    fresh.order();
    assert_eq!(shop(&listed(&fresh, &["ordered"])[0]), "日立物産");
}

#[test]
fn an_order_without_terms_is_found_by_the_name_its_shop_has_elsewhere() {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let town = Town::played();
    let (id, rejected) = (town.order(), text(&listed(&town, &["rejected"])[0]["id"]));
    let served = crate::page::served::Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    // All are of this shop: each word that finds its name finds all, the two without it as well.
    let all: Vec<String> = listed(&town, &[]).iter().map(|one| text(&one["id"])).collect();
    for words in [&["shop:日立"][..], &["日立"], &["日立物"], &["日立物産"], &["shop:日立", "日立物産", "shop:物産"]]
    {
        let found: Vec<String> = listed(&town, words).iter().map(|one| text(&one["id"])).collect();
        assert_eq!(found, all, "{words:?}");
        let lines = town.does("buyer", &[&["export", "--format", "jsonl"], words].concat()).out;
        assert!(lines.contains(&id) && lines.lines().count() == all.len(), "{words:?}: {lines}");
        let page = visitor.page(&format!("/?{}", crate::page::served::form(&[("q", &words.join(" "))])));
        assert_eq!(crate::page::served::listed(&page), all, "{words:?}");
    }
    for words in [&["shop:日立", "ordered"][..], &["日立物産", "ordered"]] {
        assert_eq!(
            listed(&town, words).iter().map(|one| text(&one["id"])).collect::<Vec<_>>(),
            [id.as_str()],
            "{words:?}"
        );
    }
    assert!(listed(&town, &["shop:三菱", "ordered"]).is_empty());
    // The page of each says it as well.
    for id in [&id, &rejected] {
        let page = visitor.page(&format!("/txn/{id}"));
        assert!(page.contains("日立物産"), "{id}: {page}");
    }
    // By a catalog alone; by nothing where none has come.
    let fresh = Town::fresh();
    fresh.order();
    assert!(listed(&fresh, &["shop:日立"]).is_empty());
    let fresh = Town::fresh();
    crate::flows::catalog::catalog(&fresh, &[]);
    let id = fresh.order();
    for words in [&["shop:日立", "ordered"][..], &["日立物産", "ordered"], &["日立", "ordered"]] {
        assert!(listed(&fresh, words).iter().any(|one| one["id"] == id.as_str()), "{words:?}");
    }
}

#[test]
fn the_first_line_of_show_has_shop_address_and_day_of_purchase() {
    let town = Town::played();
    for one in town.list(&[]) {
        let id = one["id"].as_str().unwrap();
        let shown = town.does("buyer", &["show", id]).out;
        let head = shown.lines().next().unwrap();
        let day = &one["date"].as_str().unwrap()[..10];
        for part in [&id[..6], "日立物産 <shop@demo.test>", day] {
            assert!(head.contains(part), "{part}: {head}");
        }
    }
}
