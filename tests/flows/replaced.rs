//! Terms that replace others, between four programs: a price and a date changed after the OK and before it.

use crate::page::served::Served;
use crate::support::program::Town;

/// Returns the digest of the terms that a party has in force.
fn in_force(town: &Town, party: &str, name: &str) -> String {
    town.show(party, name)["terms"]["content"].as_str().unwrap().to_owned()
}

#[test]
fn new_terms_change_nothing_before_the_ok_and_have_all_begin_anew_after_it() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 2, &["--pay", "card"]);
    let old = in_force(&town, "buyer", &id);
    town.does("shop", &["shop", "change", &number, "--price", "1=JPY 4000", "--arrives", "2099-01-20"]);
    town.settle();
    // A price that differs from the order is a warning, and a next step; what is agreed on stays.
    let shown = town.show("buyer", &id);
    assert_eq!((&shown["state"], &shown["change"]["applied"]), (&"open".into(), &false.into()), "{shown}");
    assert_eq!((in_force(&town, "buyer", &id), in_force(&town, "shop", &number)), (old.clone(), old.clone()));
    assert_eq!(town.count("shop", &number, "out", "payment-instruction"), 1);
    let next = town.does("buyer", &["show", &id]).err;
    assert!(next.contains("new terms wait for your answer") && next.contains("confirm"), "{next}");
    assert!(!next.contains("warnings accept"), "one question is enough: {next}");
    assert!(town.does("buyer", &["list"]).err.contains("terms wait for your answer"));
    assert_eq!(town.does("buyer", &["status", "--json"]).json()["waiting_for_you"], 1);
    let looked = town.does("buyer", &["confirm", &id, "--dry-run"]).out;
    // What changes is told once, though it differs from the order as well.
    assert!(looked.contains("new terms: 3 points change") && !looked.contains("your order,"), "{looked}");
    assert_eq!((looked.matches("line 1 price").count(), looked.matches("point").count()), (1, 1), "{looked}");
    let refused = town.run("buyer", &["--no-input", "confirm", &id]);
    assert_eq!(refused.code, Some(65), "they wait for a person's word");
    let warning = town.does("buyer", &["warnings", "--json"]).json()["warnings"][0]["id"].as_str().unwrap().to_owned();
    let ways = [
        format!("confirm {}`", &id[..6]),
        format!("warnings accept {warning} --reason"),
        format!("cancel {}`", &id[..6]),
    ];
    assert!(ways.iter().all(|way| refused.err.contains(way)), "{refused:?}");
    town.does("buyer", &["warnings", "accept", &warning, "--reason", "agreed by telephone"]);
    let said = town.does("buyer", &["confirm", &id]).out;
    assert!(said.contains("confirmed: JPY 8,500"), "the sum of what is accepted, not of what was: {said}");
    town.settle();
    // All go by the new terms.
    let new = in_force(&town, "buyer", &id);
    assert!(new != old && in_force(&town, "shop", &number) == new);
    for party in ["buyer", "shop"] {
        let shown = town.show(party, &number);
        assert_eq!(
            (&shown["unpaid"]["amount"], &shown["change"]),
            (&"8500".into(), &serde_json::Value::Null),
            "{party}"
        );
    }
    assert_eq!(town.count("shop", &number, "out", "stop"), 2);
    assert_eq!(town.count("shop", &number, "out", "payment-instruction"), 2);
    assert_eq!(town.count("shop", &number, "out", "delivery-instruction"), 2);
    assert!(town.letter("pay", "out", "payment-status").contains(&new), "the agent names the new terms");
    town.reports(&number, &[("shop", "--shipped")]);
    town.reports(&number, &[("ship", "--delivered"), ("pay", "--paid")]);
    town.check_stands("buyer", &id, "completed", [true; 3]);
    assert_eq!(town.show("buyer", &id)["paid"]["amount"], "8500");
    assert_eq!(town.run("shop", &["shop", "change", &number, "--price", "1=JPY 1"]).code, Some(65), "over");
    town.check_peace();
}

#[test]
fn what_differs_of_an_offer_that_was_replaced_is_one_statement_each_point_once() {
    let town = Town::fresh();
    let id = town.orders("buyer", "SH-41", 2, &["--pay", "card"]);
    town.settle();
    let number = town.number("buyer", &id);
    // Nothing was agreed to: the order is what the new terms are held against, and what else the shop changed stands apart.
    town.does("shop", &["shop", "change", &number, "--price", "1=JPY 4000", "--arrives", "2099-01-20"]);
    town.settle();
    let looked = town.does("buyer", &["confirm", &id, "--dry-run"]).out;
    let (order, before) = (
        looked.find("✗ 2 points differ from your order").unwrap(),
        looked.find("besides, the shop has changed 1 point of its offer before").unwrap(),
    );
    assert!(order < before, "{looked}");
    assert!(looked.contains("line 1 price  JPY 4,300  JPY 4,000"), "{looked}");
    assert!(!looked.contains("new terms:") && !looked.contains("stay in force"), "{looked}");
    for (what, at) in [("line 1 price", order), ("latest arrival", before)] {
        assert_eq!(looked.matches(what).count(), 1, "{what}: {looked}");
        assert!(looked.find(what).unwrap() > at, "{what}: {looked}");
    }
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let page = visitor.page(&format!("/txn/{id}/confirm"));
    let rows = |id: &str| {
        let table = page.split(&format!("id=\"{id}\"")).nth(1).unwrap().split("</table>").next().unwrap();
        table.matches("<th scope=\"row\">").count()
    };
    assert_eq!((rows("h-differs"), rows("h-change")), (2, 1), "{page}");
    assert!(page.find("id=\"h-differs\"").unwrap() < page.find("id=\"h-change\"").unwrap());
    assert!(page.contains("2 differences from your order") && page.contains("I have seen the 3 differences"), "{page}");
    // What was agreed to before, though it differs from the order, is told apart when it stays.
    let yes = town.types("buyer", &["confirm", &id]).answers("although not all agrees?", "yes").ends();
    assert_eq!(yes.code, Some(0), "{yes:?}");
    town.settle();
    town.check_stands("buyer", &id, "open", [false; 3]);
    town.does("shop", &["shop", "change", &number, "--due", "2099-03-01"]);
    town.settle();
    let looked = town.does("buyer", &["confirm", &id, "--dry-run"]).out;
    let (change, agreed) = (
        looked.find("new terms: 1 point changes").unwrap(),
        looked.find("besides, 2 points differ from your order, as you agreed").unwrap(),
    );
    assert!(change < agreed && looked.contains("stay in force"), "{looked}");
    assert_eq!(looked.matches("line 1 price").count(), 1, "{looked}");
    let page = visitor.page(&format!("/txn/{id}/confirm"));
    assert!(page.contains("Besides, 2 points differ from your order, as you agreed"), "{page}");
    // What would be unpaid has this order once.
    town.configure("buyer", |text| text.replacen("[buyer]\n", "[buyer]\nunpaid_limits = [\"JPY 8500\"]\n", 1));
    let owed = town.does("buyer", &["confirm", &id, "--dry-run", "--json"]).json()["owed"].clone();
    assert_eq!((&owed["now"]["amount"], &owed["then"]["amount"]), (&"8500".into(), &"8500".into()), "{owed}");
}

#[test]
fn refused_new_terms_leave_the_old_ones_in_force() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    let old = in_force(&town, "buyer", &id);
    town.does("shop", &["shop", "change", &number, "--arrives", "2099-01-20"]);
    town.settle();
    let shown = town.show("buyer", &id);
    assert_eq!((&shown["change"]["applied"], &shown["warnings"]), (&true.into(), &serde_json::Value::Null));
    let said = town.does("buyer", &["cancel", &id, "--reason", "too late for me"]);
    assert!(said.out.contains("the new terms are refused") && said.err.contains("--order"), "{said:?}");
    town.settle();
    for party in ["buyer", "shop"] {
        assert_eq!(in_force(&town, party, &number), old, "{party}");
        town.check_stands(party, &number, "open", [false; 3]);
    }
    assert!(town.letter("shop", "in", "refusal").contains("too late for me"));
    assert!(town.show("buyer", &id)["change"].is_null());
    assert_eq!(town.count("shop", &number, "out", "stop"), 0, "nothing was cancelled");
    // The order itself is cancelled by the same command, now that no new terms wait.
    town.does("buyer", &["cancel", &id]);
    town.settle();
    town.check_stands("buyer", &id, "cancelled", [false; 3]);
    town.check_peace();
}

#[test]
fn an_offer_is_replaced_before_the_ok_and_an_ok_that_crosses_it_is_refused() {
    let town = Town::fresh();
    let id = town.orders("buyer", "SH-41", 1, &["--pay", "card"]);
    town.settle();
    let number = town.number("buyer", &id);
    // They cross: the buyer has not fetched the new terms when he says OK to the old ones.
    town.does("shop", &["shop", "change", &number, "--due", "2099-03-01"]);
    town.does("buyer", &["confirm", &id]);
    town.settle();
    assert!(town.letter("buyer", "in", "refusal").contains("offer-replaced"));
    town.check_stands("buyer", &id, "offered", [false; 3]);
    assert_eq!(town.count("shop", &number, "out", "payment-instruction"), 0);
    town.does("buyer", &["confirm", &id]);
    town.settle();
    town.check_stands("buyer", &id, "open", [false; 3]);
    assert_eq!(in_force(&town, "buyer", &id), in_force(&town, "shop", &number));
    assert_eq!(town.show("shop", &number)["terms"]["terms"]["payment_due"], "2099-03-01");
    town.check_peace();
}

/// Returns the texts of a party's open warnings, each with its code and name.
fn warned(town: &Town, party: &str) -> Vec<[String; 3]> {
    let said = town.does(party, &["warnings", "--json"]).json();
    let text = |one: &serde_json::Value, name: &str| one[name].as_str().unwrap().to_owned();
    let of = |one| [text(one, "id"), text(one, "finding"), text(one, "text")];
    said["warnings"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn an_offer_that_another_replaced_never_counts_again() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    let old = in_force(&town, "buyer", &id);
    for price in ["1=JPY 4100", "1=JPY 3900"] {
        town.does("shop", &["shop", "change", &number, "--price", price]);
        town.settle();
    }
    // Both came: nothing is unknown of what the second replaces.
    let open = warned(&town, "buyer");
    assert!(open.iter().all(|[_, code, _]| code == "terms-differ-from-order"), "{open:?}");
    let looked = town.does("buyer", &["confirm", &id, "--dry-run"]).out;
    assert!(looked.contains("new terms: 2 points change") && looked.contains("JPY 3,900"), "{looked}");
    assert!(!looked.contains("unknown") && !looked.contains("sha256") && !looked.contains("4,100"), "{looked}");
    // The newest is refused: what was agreed on stays, and the one before is over.
    town.does("buyer", &["cancel", &id]);
    town.settle();
    let gone = |town: &Town| {
        for party in ["buyer", "shop"] {
            assert_eq!(in_force(town, party, &number), old, "{party}");
            assert!(town.show(party, &number)["change"].is_null(), "{party}");
        }
        assert!(!town.does("buyer", &["list"]).err.contains("terms wait for your answer"));
        assert_eq!(town.does("buyer", &["status", "--json"]).json()["waiting_for_you"], 0);
        for args in [&["confirm", &id, "--dry-run"][..], &["--no-input", "confirm", &id]] {
            let run = town.run("buyer", args);
            assert_eq!(run.code, Some(65), "{run:?}");
            assert!(!run.out.contains("4,100"), "{run:?}");
        }
    };
    gone(&town);
    let replaced = town.show("buyer", &id)["letters"].as_array().unwrap().clone();
    let replaced = replaced.iter().filter(|one| one["kind"] == "transaction-info").nth(1).unwrap()["entry"].clone();
    town.does("buyer", &["warnings", "accept", &format!("W-{replaced}"), "--reason", "a mistake"]);
    gone(&town);
    assert_eq!(town.count("buyer", &id, "out", "confirmation"), 1);
    assert_eq!(town.count("shop", &number, "out", "payment-instruction"), 1);
    // What the shop changes next is what was agreed on.
    town.does("shop", &["shop", "change", &number, "--arrives", "2099-01-20"]);
    town.settle();
    let change = town.show("buyer", &id)["change"].clone();
    assert_eq!((&change["terms"]["total"]["amount"], &change["applied"]), (&"4800".into(), &true.into()), "{change}");
    let looked = town.does("buyer", &["confirm", &id, "--dry-run"]).out;
    assert!(looked.contains("new terms: 1 point changes") && looked.contains("latest arrival"), "{looked}");
    let shown = town.does("buyer", &["show", &id]).out;
    assert!(shown.lines().any(|line| line.starts_with("latest arrival") && line.contains("2099-01-20")), "{shown}");
    town.does("buyer", &["confirm", &id]);
    town.settle();
    for party in ["buyer", "shop"] {
        assert_eq!(town.show(party, &number)["terms"]["terms"]["total"]["amount"], "4800", "{party}");
    }
    assert_eq!(in_force(&town, "buyer", &id), in_force(&town, "shop", &number));
    for party in ["pay", "ship"] {
        let told = town.show(party, &number)["instruction"].to_string();
        assert!(!told.contains("4600") && !told.contains("4400"), "{party}: {told}");
    }
}

#[test]
fn each_offer_names_all_that_differs_whatever_was_refused_or_open_before() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 2, &["--pay", "card"]);
    let differs = |parts: &[&str]| {
        town.settle();
        let open = warned(&town, "buyer");
        let newest = town.show("buyer", &id)["change"]["entry"].to_string();
        let texts: Vec<&String> =
            open.iter().filter(|[name, ..]| *name == format!("W-{newest}")).map(|[.., text]| text).collect();
        assert_eq!(texts.len(), parts.len(), "{open:?}");
        assert!(parts.iter().all(|part| texts.iter().any(|text| text.starts_with(part))), "{parts:?}: {open:?}");
        assert_eq!(open.len(), parts.len(), "what was replaced or refused waits for nobody: {open:?}");
        let row = town.lists("buyer", &[]).into_iter().find(|one| one["id"] == id.as_str()).unwrap();
        assert_eq!(row["warnings"], u32::from(!parts.is_empty()), "{row}");
    };
    let change = |what: &[&str]| town.does("shop", &[&["shop", "change", &number][..], what].concat());
    change(&["--line", "1=1"]);
    differs(&["line 1 quantity", "total"]);
    town.does("buyer", &["cancel", &id]);
    town.settle();
    // The same once more is another question.
    change(&["--line", "1=1"]);
    differs(&["line 1 quantity", "total"]);
    town.does("buyer", &["cancel", &id]);
    town.settle();
    change(&["--line", "1=1", "--price", "1=JPY 4000"]);
    differs(&["line 1 quantity", "line 1 price", "total"]);
    // One that replaces another before it is answered names all, too, and stands for both.
    change(&["--price", "1=JPY 3900"]);
    differs(&["line 1 quantity", "line 1 price", "total"]);
    // What is accepted is not found again.
    let yes = town.types("buyer", &["confirm", &id]).answers("although not all agrees?", "yes").ends();
    assert_eq!(yes.code, Some(0), "{yes:?}");
    town.settle();
    change(&["--arrives", "2099-01-20"]);
    differs(&[]);
}

/// Returns the total of a transaction in each row that a party's list, its JSON and its CSV have of it.
fn listed_totals(town: &Town, party: &str, number: &str) -> Vec<String> {
    let rows = town.lists(party, &[]);
    let of = rows.iter().filter(|one| one["number"] == number && !one["total"].is_null());
    let mut totals: Vec<String> = of.map(|one| one["total"]["amount"].as_str().unwrap().to_owned()).collect();
    let table = town.does(party, &["export", "--format", "csv"]).out;
    let mut lines = table.lines();
    let total = lines.next().unwrap().split(',').position(|name| name == "total").unwrap();
    let cells = lines.filter(|line| line.contains(number)).map(|line| line.split(',').nth(total).unwrap().to_owned());
    totals.extend(cells.filter(|cell| !cell.is_empty()));
    totals
}

#[test]
fn agents_list_what_they_are_instructed_to_collect_now() {
    let town = Town::fresh();
    let more = "[payment]\nshops = [\"shop@demo.test\"]\n[delivery]\nshops = [\"shop@demo.test\"]\n";
    town.join("van", "Door to Door", &["payment", "delivery"], more);
    for (one, other) in [("shop", "van"), ("van", "shop")] {
        town.accept(one, other);
    }
    let agents = [town.agents("pay", "ship"), town.agents("van", "van")];
    let steps = "steps = [\"terms\", \"confirmation\", \"delivery\", \"payment\"]";
    town.procedures(&[
        &format!("payment = \"cash-on-delivery\"\n{steps}\n{}", agents[1]),
        &format!("{steps}\n{}", agents[0]),
    ]);
    for (pay, party) in [("invoice", "pay"), ("cash-on-delivery", "van")] {
        let (id, number) = town.bought("SH-41", 2, &["--pay", pay]);
        let before = listed_totals(&town, party, &number);
        assert!(!before.is_empty() && before.iter().all(|one| one == "9100"), "{party}: {before:?}");
        town.does("shop", &["shop", "change", &number, "--price", "1=JPY 4000"]);
        town.settle();
        assert_eq!(listed_totals(&town, party, &number), before, "nothing before the OK");
        let yes = town.types("buyer", &["confirm", &id]).answers("although not all agrees?", "yes").ends();
        assert_eq!(yes.code, Some(0), "{yes:?}");
        town.settle();
        let after = listed_totals(&town, party, &number);
        assert_eq!((after.len(), after.iter().all(|one| one == "8500")), (before.len(), true), "{party}: {after:?}");
        assert!(town.does(party, &["list"]).out.contains("8,500"), "{party}");
        let row = town.lists(party, &[]).into_iter().find(|one| one["number"] == number.as_str()).unwrap();
        assert_eq!(row["unpaid"]["amount"], "8500", "{row}");
    }
}

#[test]
fn a_shop_sees_which_of_its_offers_waits_for_the_buyers_answer() {
    let town = Town::fresh();
    let id = town.orders("buyer", "SH-41", 1, &["--pay", "card"]);
    town.settle();
    let number = town.number("buyer", &id);
    let offers = |due: &str| {
        town.does("shop", &["shop", "change", &number, "--due", due]);
        town.settle();
        let shown = town.show("shop", &number);
        assert_eq!(shown["change"]["terms"]["payment_due"], due, "{shown}");
        assert_ne!(shown["change"]["content"], shown["terms"]["content"]);
        let said = town.does("shop", &["show", &number]);
        assert!(said.out.contains("new terms, which wait for the buyer's answer"), "{said:?}");
        assert!(!said.out.contains("your answer") && !said.err.contains("your answer"), "{said:?}");
    };
    // Before the first OK, and after it.
    offers("2099-03-01");
    town.does("buyer", &["confirm", &id]);
    town.settle();
    let rests = || {
        assert!(town.show("shop", &number)["change"].is_null());
        assert!(!town.does("shop", &["show", &number]).out.contains("which wait for the buyer's answer"));
    };
    rests();
    offers("2099-04-01");
    town.does("buyer", &["cancel", &id]);
    town.settle();
    rests();
}

#[test]
fn what_agents_say_of_the_terms_that_hold_is_no_history_at_the_buyer() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.does("shop", &["shop", "change", &number, "--arrives", "2099-01-20"]);
    town.settle();
    town.does("buyer", &["confirm", &id]);
    // The agents' words come before the shop's answer to the OK, by which the new terms come into force.
    for party in ["shop", "pay", "ship", "shop", "pay", "ship"] {
        town.does(party, &["sync"]);
    }
    let mail = town.path("mail/buyer@demo.test/new");
    let later = town.path("later");
    std::fs::create_dir(&later).unwrap();
    let entries = std::fs::read_dir(&mail).unwrap().map(|one| one.unwrap().path());
    let by_shop: Vec<_> = entries
        .filter(|file| String::from_utf8_lossy(&std::fs::read(file).unwrap()).contains("From: shop@demo.test"))
        .collect();
    assert!(!by_shop.is_empty());
    by_shop.iter().for_each(|file| std::fs::rename(file, later.join(file.file_name().unwrap())).unwrap());
    town.does("buyer", &["sync"]);
    let early = town.texts("buyer").iter().filter(|entry| entry.contains("Mailorder-Verdict: stale")).count();
    assert!(early >= 2, "they came before their terms were in force: {early}");
    by_shop.iter().for_each(|file| std::fs::rename(later.join(file.file_name().unwrap()), file).unwrap());
    town.settle();
    let new = in_force(&town, "buyer", &id);
    assert_eq!(new, in_force(&town, "shop", &number));
    let shown = town.show("buyer", &id);
    for kind in ["payment-status", "delivery-status"] {
        let last = crate::support::program::letters(&shown, "in", kind).last().unwrap()["verdict"].clone();
        assert_eq!(last, "applied", "{kind}: {shown}");
    }
    town.check_peace();
}
