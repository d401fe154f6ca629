//! `confirm`: the terms against the order, what is asked on a terminal, and what scripts get.

use mailorder::clerk::Clerk;
use mailorder::clock::Clock;
use mailorder::config::{self, Environment};
use mailorder::role::Draft;
use mailorder::trade::{Document, Money, Role, Terms};

use crate::support::program::Town;

/// Terms that are what was ordered: the order's ID.
fn matching(town: &Town) -> String {
    let id = town.orders("buyer", "SH-41", 2, &["--pay", "card"]);
    town.settle();
    id
}

/// Terms for a part of what was ordered: the order's ID.
fn differing(town: &Town) -> String {
    town.configure("shop", |text| text.replacen("[shop]\n", "[shop]\npartial = \"offer\"\n", 1));
    let id = town.orders("buyer", "SH-41", 1, &["--item", "NOSUCH;Lid;JPY 900;1", "--pay", "invoice"]);
    town.settle();
    town.check_stands("buyer", &id, "ordered", [false; 3]);
    id
}

fn oks(town: &Town, id: &str) -> usize {
    town.count("buyer", id, "out", "confirmation")
}

#[test]
fn the_terms_are_shown_against_the_order_and_a_person_is_asked_p34_p35_p36() {
    let town = Town::fresh();
    let id = matching(&town);
    // No, the end of the input and Ctrl-C: nothing is sent.
    let mut screen = town.types("buyer", &["confirm", &id]);
    let no = screen.answers("obligation to pay JPY 9,100? [y/N]", "n").ends();
    assert_eq!(no.code, Some(1), "{no:?}");
    assert!(no.out.contains("nothing is sent"), "{no:?}");
    let ended = town.types("buyer", &["confirm", &id]).waits_for("[y/N]").keys("\u{4}").ends();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("the input ended"), "{ended:?}");
    assert_eq!(town.types("buyer", &["confirm", &id]).waits_for("[y/N]").keys("\u{3}").ends().code, Some(130));
    assert_eq!(oks(&town, &id), 0);
    // The six items of Japanese law, who signed, and how his key stands.
    for part in [
        "✓ they are what you ordered",
        "1 GOODS, 2 PRICE",
        "シャツ 白 41",
        "JPY 8,600",
        "Parcel delivery",
        "3 payment",
        "card",
        "by pay@demo.test",
        "4 delivery",
        "by ship@demo.test",
        "千代田1-1-1",
        "5 withdrawal",
        "Return within 14 days of arrival, unused",
        "6 period",
        "the offer stands until",
        "signed by",
        "which you accepted",
    ] {
        assert!(no.out.contains(part), "{part}: {}", no.out);
    }
    let key = town.fingerprint("shop");
    assert!(no.out.replace(' ', "").contains(&key), "{}", no.out);
    let yes = town.types("buyer", &["confirm", &id]).answers("[y/N]", "y").ends();
    assert_eq!(yes.code, Some(0), "{yes:?}");
    assert!(yes.out.contains("confirmed: JPY 9,100"), "{yes:?}");
    assert_eq!(oks(&town, &id), 1);
    town.settle();
    town.check_stands("buyer", &id, "open", [false; 3]);
    // Nothing is asked where the answer would be refused.
    let again = town.types("buyer", &["confirm", &id]).ends();
    assert_eq!(again.code, Some(65), "{again:?}");
    assert!(!again.out.contains("[y/N]") && again.out.contains("accepted already"), "{again:?}");
}

#[test]
fn a_script_is_not_asked_and_is_told_what_it_was_told_before_p36() {
    let town = Town::fresh();
    for flags in [&[][..], &["--no-input"], &["--yes"]] {
        let id = matching(&town);
        let run = town.does("buyer", &[&["confirm", &id][..], flags].concat());
        assert_eq!(run.out, format!("{}  confirmed: JPY 9,100\n", &id[..6]));
        assert_eq!(oks(&town, &id), 1);
    }
    // On a terminal, too, with either flag.
    for flag in ["--no-input", "--yes"] {
        let id = matching(&town);
        let run = town.types("buyer", &["confirm", &id, flag]).ends();
        assert_eq!((run.code, run.out.contains("[y/N]")), (Some(0), false), "{run:?}");
        assert_eq!(oks(&town, &id), 1);
    }
}

#[test]
fn terms_that_differ_count_as_waiting_and_hints_name_the_command_that_answers() {
    let town = Town::fresh();
    town.configure("shop", |text| text.replacen("[shop]\n", "[shop]\npartial = \"offer\"\n", 1));
    let id = town.orders("buyer", "SH-41", 1, &["--item", "NOSUCH;Lid;JPY 900;1", "--pay", "invoice"]);
    town.does("shop", &["sync"]);
    let synced = town.does("buyer", &["sync"]);
    let answer = format!("confirm {}", id.get(..6).unwrap());
    let warned = synced.err.lines().find(|line| line.contains("warning W-")).unwrap();
    assert!(warned.contains(&answer) && !warned.contains("warnings ack"), "{synced:?}");
    let list = town.does("buyer", &["list"]);
    assert!(
        list.err.lines().any(|line| line.contains("terms wait for your answer") && line.ends_with(&answer)),
        "{list:?}"
    );
    assert!(list.out.contains("terms differ"), "{list:?}");
    let listed = town.does("buyer", &["--json", "list", "unconfirmed"]).json();
    assert_eq!(listed["transactions"][0]["id"], id.as_str());
    assert_eq!(listed["transactions"][0]["state"], "ordered", "{listed}");
    assert_eq!(town.does("buyer", &["--json", "status"]).json()["waiting_for_you"], 1);
    // The list of warnings, and whoever accepts one there, is led to the same command.
    let hint = format!("hint: terms wait for your answer: mailorder {answer}");
    let hinted = |run: &crate::support::program::Run| {
        let bare = run.err.replace(&format!(" -c {}", town.path("buyer/config.toml").display()), "");
        assert!(bare.lines().any(|line| line == hint), "{run:?}");
    };
    let warnings = town.does("buyer", &["warnings"]);
    hinted(&warnings);
    let name = warned.split("warning ").nth(1).unwrap().split(':').next().unwrap().to_owned();
    hinted(&town.does("buyer", &["warnings", "accept", &name, "--reason", "agreed by telephone"]));
    town.does("buyer", &["cancel", &id]);
    assert!(
        town.does("buyer", &["--json", "list", "unconfirmed"]).json()["transactions"].as_array().unwrap().is_empty()
    );
    assert_eq!(town.does("buyer", &["--json", "status"]).json()["waiting_for_you"], 0);
}

#[test]
fn what_differs_stands_first_and_is_accepted_only_by_a_written_yes_p35_p118() {
    let town = Town::fresh();
    let id = differing(&town);
    // A script does not accept it, whatever it says.
    for flags in [&[][..], &["--yes"]] {
        let run = town.run("buyer", &[&["confirm", &id][..], flags].concat());
        assert_eq!(run.code, Some(65), "{run:?}");
        assert!(run.err.contains("differ from your order"), "{run:?}");
    }
    let mut screen = town.types("buyer", &["confirm", &id]);
    let no = screen.answers("although not all agrees? Write yes, or nothing to leave it:", "y").ends();
    assert_eq!(no.code, Some(1), "y is not enough: {no:?}");
    let (first, whole) = (no.out.find("points differ from your order").unwrap(), no.out.find("1 GOODS").unwrap());
    assert!(first < whole, "{}", no.out);
    let line = |begin: &str| no.out.lines().find(|line| line.starts_with(begin)).unwrap().to_owned();
    let lid = line("line 2");
    assert!(lid.contains("Lid") && lid.contains("nothing"), "{lid}");
    let total = line("total  ");
    assert!(total.contains("JPY 5,700") && total.contains("JPY 4,800"), "{total}");
    assert_eq!((oks(&town, &id), town.show("buyer", &id)["state"].as_str()), (0, Some("ordered")));
    let yes = town.types("buyer", &["confirm", &id]).answers("although not all agrees?", "yes").ends();
    assert_eq!(yes.code, Some(0), "{yes:?}");
    assert_eq!(oks(&town, &id), 1);
    let shown = town.show("buyer", &id);
    let terms = shown["letters"].as_array().unwrap().iter().find(|one| one["kind"] == "transaction-info").unwrap();
    assert_eq!(terms["settled"], "accept", "{terms}");
    town.settle();
    town.check_stands("buyer", &id, "open", [false; 3]);
}

#[test]
fn what_else_is_wrong_with_the_terms_is_said_with_its_code_and_parted_amounts_p118() {
    let town = Town::fresh();
    let id = town.orders("buyer", "SH-41", 2, &[]);
    town.sync(&["shop"]);
    // A shop's own program, which reckons otherwise.
    let settings = config::load(&town.path("shop/config.toml"), &Environment::of_process()).unwrap();
    let mut shop = Clerk::open(settings, Clock::system()).unwrap();
    let known = shop.index().load_all(Some(Role::Shop)).unwrap().pop().unwrap();
    let ((order, _), (_, terms)) = (known.order().unwrap(), known.terms().unwrap());
    let terms = Terms { total: Money::parse("9200", "JPY").unwrap(), ..terms.clone() };
    let draft = Draft::new(&known, order.letter.from.clone(), Document::TransactionInfo(terms));
    shop.post(vec![draft.ordered(order.letter.order.clone()).answering(order.content)]).unwrap();
    drop(shop);
    // Of the two terms the buyer gets the wrong ones alone.
    let first = town.post("buyer").pop().unwrap();
    std::fs::remove_file(first).unwrap();
    town.sync(&["shop", "buyer"]);
    let run = town.does("buyer", &["confirm", &id, "--dry-run"]);
    let said = "sum-does-not-add-up: lines and charges make JPY 9,100, the total says JPY 9,200";
    assert!(run.out.contains(said), "{run:?}");
}

#[test]
fn the_terms_can_be_looked_at_without_an_answer_p35() {
    let town = Town::fresh();
    let id = matching(&town);
    let before = town.entries("buyer").len();
    let run = town.does("buyer", &["confirm", &id, "--dry-run"]);
    assert!(run.out.contains("they are what you ordered") && run.out.contains("nothing is sent"), "{run:?}");
    let value = town.does("buyer", &["confirm", &id, "--dry-run", "--json"]).json();
    assert_eq!((&value["schema"], &value["id"]), (&"mailorder.confirm/1".into(), &id.as_str().into()));
    assert_eq!((&value["applied"], &value["differs"]), (&true.into(), &serde_json::json!([])));
    assert_eq!(value["signer"]["fingerprint"], town.fingerprint("shop"));
    assert_eq!(value["signer"]["by"], "user");
    let other = differing(&town);
    let value = town.does("buyer", &["confirm", &other, "--dry-run", "--json"]).json();
    assert_eq!((&value["applied"], &value["more"]["amount"]), (&false.into(), &"-900".into()));
    assert!(value["differs"].as_array().unwrap().iter().any(|one| one["what"] == "total"), "{value}");
    assert_eq!(town.count("buyer", &id, "out", "confirmation") + oks(&town, &other), 0);
    let waiting = town.orders("buyer", "SH-41", 1, &[]);
    let run = town.run("buyer", &["confirm", &waiting, "--dry-run"]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(run.err.contains("has not sent its terms yet"), "{run:?}");
    assert!(town.entries("buyer").len() > before);
}

#[test]
fn warnings_are_counted_as_everywhere_and_what_was_found_besides() {
    let town = Town::played();
    town.configure("shop", |text| text.replace("JPY 500", "JPY 900"));
    town.order();
    town.settle();
    let rows = super::warnings(&town);
    let ids: std::collections::BTreeSet<&str> = rows.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert!(rows.len() > ids.len(), "a letter with several findings: {rows:?}");
    for count in [&["list"][..], &["status"]] {
        assert_eq!(town.does("buyer", &[count, &["--json"]].concat()).json()["warnings"], ids.len(), "{count:?}");
    }
    let open = |language: &str| town.does("buyer", &["--lang", language, "warnings"]).out;
    let (said, found) = (open("en"), rows.len());
    assert!(said.contains(&format!("\n{} open, with {found} findings. Nothing of these", ids.len())), "{said}");
    let said = open("ja");
    assert!(said.contains(&format!("\n未処理 {}件（指摘 {found}点）。", ids.len())), "{said}");
    // One finding each needs no second number.
    let played = Town::played().does("buyer", &["warnings"]).out;
    assert!(played.contains(" open. Nothing of these"), "{played}");
}
