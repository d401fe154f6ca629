//! Hooks: the warehouse asked and telling (figures 10 and 11), and programs that hang, fail or are not there.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::accounts::{files, install};
use crate::support::program::Town;

/// The example that merchants are shown.
const WAREHOUSE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/warehouse");

/// Gives the shop a warehouse with its stock, and a step for it before the agents are instructed.
fn stocked(town: &Town, steps: &str, more: &str) {
    let store = town.path("shop/store");
    fs::create_dir_all(&store).unwrap();
    fs::copy(format!("{WAREHOUSE}/stock"), store.join("stock")).unwrap();
    let hook = format!("[hook.warehouse]\ncommand = [\"{WAREHOUSE}/warehouse\", \"store\"]\n{more}\n[trust]");
    town.configure("shop", |text| text.replace("[trust]", &hook));
    let agents = town.agents("pay", "ship");
    town.procedures(&[&format!("steps = [{steps}]\n{agents}")]);
}

const FIRST: &str = r#""terms", "confirmation", "warehouse", "payment", "delivery""#;

/// Makes a hook of a script, in place of the warehouse's program.
pub fn scripted(town: &Town, script: &str, more: &str) {
    let program = town.path("shop/hook.sh");
    install(&program, format!("#!/bin/sh\n{script}\n").as_bytes());
    let hook = format!("[hook.warehouse]\ncommand = [\"./hook.sh\"]\n{more}\n[trust]");
    town.configure("shop", |text| text.replace("[trust]", &hook));
    let agents = town.agents("pay", "ship");
    town.procedures(&[&format!("steps = [{FIRST}]\n{agents}")]);
}

/// Runs a word of the warehouse's own people, who tell the buyer by `shop notify`.
fn warehouse(town: &Town, words: &[&str]) -> String {
    let output = std::process::Command::new(format!("{WAREHOUSE}/warehouse"))
        .arg(town.path("shop/store"))
        .args(words)
        .env("MAILORDER", env!("CARGO_BIN_EXE_mailorder"))
        .env("MAILORDER_CONFIG", town.path("shop/config.toml"))
        .env("HOME", town.path(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

pub(super) fn inbox(town: &Town) -> Vec<Value> {
    town.does("shop", &["shop", "inbox", "--json"]).json()["items"].as_array().unwrap().clone()
}

/// How often a kind of letter went out of the shop.
pub(super) fn sent(town: &Town, number: &str, kind: &str) -> usize {
    town.count("shop", number, "out", kind)
}

#[test]
fn figure_10_the_warehouse_releases_the_goods_before_the_agents_are_instructed_p39_p40_p109() {
    for (steps, first, second) in [
        (FIRST, "payment-instruction", "delivery-instruction"),
        (
            r#""terms", "confirmation", "warehouse", "delivery", "payment""#,
            "delivery-instruction",
            "payment-instruction",
        ),
    ] {
        let town = Town::fresh();
        stocked(&town, steps, "");
        let (id, number) = town.bought("SH-41", 2, &[]);
        let shown = town.show("shop", &number);
        let kinds: Vec<&str> =
            shown["letters"].as_array().unwrap().iter().map(|l| l["kind"].as_str().unwrap()).collect();
        let at = |kind: &str| kinds.iter().position(|one| *one == kind).unwrap_or_else(|| panic!("{kind}: {kinds:?}"));
        assert!(at(first) < at(second), "{kinds:?}");
        let plans = files(&town.path("shop/store/plan"));
        assert_eq!(plans.len(), 1);
        let plan = fs::read_to_string(&plans[0]).unwrap();
        assert!(plan.contains(&format!("number {number}")) && plan.contains("item SH-41 2"), "{plan}");
        // What the warehouse plans is told to the buyer at once.
        let tomorrow = plan.lines().find_map(|line| line.strip_prefix("when ")).unwrap().to_owned();
        let row = town.lists("buyer", &[]).into_iter().find(|row| row["id"] == id.as_str()).unwrap();
        assert_eq!(row["order"]["date"], tomorrow.as_str(), "{row}");
        assert!(inbox(&town).is_empty());
        town.check_peace();
    }
}

/// Has the one order leave the warehouse, which writes it down and tells nobody; returns when.
fn leaves(town: &Town) -> String {
    let plan = files(&town.path("shop/store/plan")).remove(0);
    let text = fs::read_to_string(&plan).unwrap();
    let gone = text.replace("state planned", "state gone");
    // Nothing leaves before it was ordered.
    let when = jiff::Timestamp::from_second(mailorder::clock::Clock::system().now().instant().as_second())
        .unwrap()
        .to_string();
    let lines: Vec<String> =
        gone.lines().map(|l| if l.starts_with("when ") { format!("when {when}") } else { l.to_owned() }).collect();
    fs::write(&plan, format!("{}\ntracking EP-77\n", lines.join("\n"))).unwrap();
    when
}

#[test]
fn figure_11_the_warehouse_is_asked_and_the_buyer_told_what_it_says_p45_p110() {
    let town = Town::fresh();
    stocked(&town, FIRST, "ask_minutes = 1\n");
    let (id, number) = town.bought("SH-41", 1, &[]);
    let when = leaves(&town);
    let before = sent(&town, &number, "order-status");
    town.does("shop", &["sync"]);
    assert_eq!(sent(&town, &number, "order-status"), before, "it was asked within this minute");
    let run = town.at("+2m", "shop", &["sync"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    town.settle();
    let row = town.lists("buyer", &[]).into_iter().find(|row| row["id"] == id.as_str()).unwrap();
    assert_eq!(row["order"]["done"], true, "{row}");
    assert!(row["order"]["date"].as_str().unwrap().starts_with(&when[..10]), "{row}");
    assert_eq!(sent(&town, &number, "order-status"), before + 1);
    // What it said before is no news.
    let run = town.at("+9m", "shop", &["sync"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(sent(&town, &number, "order-status"), before + 1);
    town.check_peace();
}

#[test]
fn the_warehouse_is_asked_and_the_buyer_told_while_the_mailbox_cannot_be_reached() {
    let town = Town::fresh();
    stocked(&town, FIRST, "ask_minutes = 1\n");
    let (_, number) = town.bought("SH-41", 1, &[]);
    leaves(&town);
    let (before, post) = (sent(&town, &number, "order-status"), town.post("buyer").len());
    town.cuts_off("shop");
    let run = town.at("+2m", "shop", &["watch", "--seconds", "4"]);
    assert!(run.code == Some(0) && run.err.contains("127.0.0.1"), "{run:?}");
    assert_eq!((sent(&town, &number, "order-status"), town.post("buyer").len()), (before + 1, post + 1), "{run:?}");
}

#[test]
fn figure_11_the_warehouse_tells_of_each_step_itself_p46_p110() {
    let town = Town::fresh();
    stocked(&town, FIRST, "");
    let (id, number) = town.bought("TEA-200", 3, &[]);
    warehouse(&town, &["pack", &number, "EP-998877"]);
    town.settle();
    town.check_stands("buyer", &id, "open", [true, false, false]);
    assert!(warehouse(&town, &["show"]).contains("left   TEA-200 37"));
    let letter = town.letter("buyer", "in", "order-status");
    assert!(letter.contains("EP-998877"), "{letter}");
    town.check_peace();
}

#[test]
fn what_is_not_in_stock_waits_for_a_person_who_cancels_it() {
    let town = Town::fresh();
    stocked(&town, FIRST, "");
    let (id, number) = town.bought("KETTLE", 1, &[]);
    let items = inbox(&town);
    assert_eq!(items.len(), 1, "{items:?}");
    assert_eq!((items[0]["what"].as_str(), items[0]["state"].as_str()), (Some("task"), Some("refused")));
    assert!(items[0]["about"].as_str().unwrap().contains("not enough of KETTLE"), "{items:?}");
    assert_eq!(sent(&town, &number, "payment-instruction"), 0, "nothing is begun");
    assert_eq!(town.run("shop", &["status", "--exit-code"]).code, Some(1));
    // Refused stays refused; the same task is not tried by itself.
    town.settle();
    assert_eq!(inbox(&town).len(), 1);
    // Stock comes in, and a person has it tried again: another run, another key.
    let store = town.path("shop/store/stock");
    fs::write(&store, "KETTLE 1\n").unwrap();
    let (other, second) = town.bought("KETTLE", 1, &[]);
    assert_eq!(sent(&town, &second, "payment-instruction"), 1, "there is one now");
    town.does("shop", &["shop", "instruct", &number]);
    town.settle();
    assert_eq!(inbox(&town).len(), 1, "and it is gone again");
    fs::write(&store, "KETTLE 2\n").unwrap();
    town.does("shop", &["shop", "instruct", &number]);
    town.settle();
    assert!(inbox(&town).is_empty());
    assert_eq!(sent(&town, &number, "payment-instruction"), 1);
    town.check_stands("buyer", &id, "open", [false; 3]);
    town.check_stands("buyer", &other, "open", [false; 3]);
    town.check_peace();
}

#[test]
fn a_shop_that_cannot_deliver_says_so_and_the_order_ends() {
    let town = Town::fresh();
    stocked(&town, FIRST, "");
    let (id, number) = town.bought("KETTLE", 2, &[]);
    town.does("shop", &["shop", "reject", &number, "--reason", "The kettle is not made any more."]);
    town.settle();
    town.check_stands("buyer", &id, "cancelled", [false; 3]);
    assert!(town.letter("buyer", "in", "order-status").contains("not made any more"));
    assert!(inbox(&town).is_empty());
    assert_eq!(town.run("shop", &["shop", "accept", &number]).code, Some(65), "nothing waits");
    town.check_peace();
}

#[test]
fn a_cancelled_transaction_is_taken_back_from_the_warehouse() {
    let town = Town::fresh();
    stocked(&town, FIRST, "");
    let (id, _) = town.bought("SH-41", 5, &[]);
    assert!(warehouse(&town, &["show"]).contains("left   SH-41 7"));
    town.does("buyer", &["cancel", &id]);
    town.settle();
    town.settle();
    town.check_stands("buyer", &id, "cancelled", [false; 3]);
    let shown = warehouse(&town, &["show"]);
    assert!(shown.contains("left   SH-41 12") && shown.contains(" back "), "{shown}");
    town.check_peace();
}

#[test]
fn a_hook_gets_the_same_key_however_often_it_is_tried_f3_f47() {
    let town = Town::fresh();
    let script = "cat >>told; echo \"$MAILORDER_KEY $MAILORDER_WORK\" >>told-keys; [ -e works ] || { echo no stock list >&2; exit 3; }; echo '{}'";
    scripted(&town, script, "attempts = 3\n");
    let (_, number) = town.bought("SH-41", 1, &[]);
    let items = inbox(&town);
    assert_eq!(items[0]["state"], "tried", "{items:?}");
    assert!(items[0]["about"].as_str().unwrap().contains("exit code 3: no stock list"), "{items:?}");
    let shown =
        |town: &Town| town.does("shop", &["shop", "inbox"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown(&town).contains("no stock list; tried once, again at 20"), "{}", shown(&town));
    for (moved, state) in [("+2m", "tried"), ("+9m", "given-up")] {
        let run = town.at(moved, "shop", &["sync"]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_eq!(inbox(&town)[0]["state"], state);
    }
    let run = town.at("+25m", "shop", &["sync"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let keys = fs::read_to_string(town.path("shop/told-keys")).unwrap();
    assert_eq!(keys.lines().count(), 3, "given up after three tries: {keys}");
    assert!(shown(&town).contains("tried 3 times") && !shown(&town).contains("again at"), "{}", shown(&town));
    fs::write(town.path("shop/works"), "").unwrap();
    town.does("shop", &["shop", "instruct", &number]);
    town.settle();
    assert!(inbox(&town).is_empty());
    assert_eq!(sent(&town, &number, "payment-instruction"), 1);
    let keys = fs::read_to_string(town.path("shop/told-keys")).unwrap();
    let first = keys.lines().next().unwrap();
    assert!(keys.lines().count() == 4 && keys.lines().all(|line| line == first), "{keys}");
    // The warehouse is told goods and place, and nothing of money or cards (P105).
    let told = fs::read_to_string(town.path("shop/told")).unwrap();
    assert!(told.contains("シャツ 白 41") && told.contains("千代田区") && told.contains(&number), "{told}");
    for private in ["JPY", "paymentMethod"] {
        assert!(!told.contains(private), "{private}: {told}");
    }
    // Whole numbers: the digits of a moment may hold any.
    let numbers: Vec<&str> = told.split(|sign: char| !sign.is_ascii_digit()).collect();
    assert!(["4300", "4800"].iter().all(|amount| !numbers.contains(amount)), "{told}");
    town.check_peace();
}

#[test]
fn hooks_that_hang_shout_or_are_missing_are_told_of_and_keep_nothing_up_f47() {
    for (script, seconds, why) in [
        ("sleep 300", 1, "did not end within 1 s"),
        ("yes", 30, "printed more than 64 KiB"),
        ("(sleep 300 &) ; echo '{\"actionStatus\": \"Perhaps\"}'", 30, "none of schema.org's"),
        ("echo done", 30, "printed what is no answer: it must be an object, in braces"),
        ("printf '\\377'", 30, "printed what is no answer: it is no UTF-8"),
        ("kill -9 $$", 30, "signal 9"),
        ("rm -- \"$0\"; exit 75", 30, "asks to be tried again"),
    ] {
        let town = Town::fresh();
        scripted(&town, script, &format!("seconds = {seconds}\n"));
        let begun = std::time::Instant::now();
        let (_, number) = town.bought("SH-41", 1, &[]);
        let items = inbox(&town);
        assert!(items[0]["about"].as_str().unwrap().contains(why), "{script}: {items:?}");
        assert_eq!(sent(&town, &number, "payment-instruction"), 0, "{script}");
        assert!(begun.elapsed() < std::time::Duration::from_secs(40), "{script}");
        if !Path::new(&town.path("shop/hook.sh")).exists() {
            let checked = town.run("shop", &["shop", "procedure", "check"]);
            assert_eq!(checked.code, Some(78), "{checked:?}");
            assert!(checked.err.contains("is not there"), "{checked:?}");
        }
        town.check_peace();
    }
}

#[test]
fn what_the_warehouse_says_and_does_not_fit_waits_for_a_person_p45() {
    let town = Town::fresh();
    scripted(&town, "cat says", "ask_minutes = 1\n");
    let says = |text: &str| fs::write(town.path("shop/says"), text).unwrap();
    let left = |at: &str| {
        let when = format!("\"endTime\": \"{at}\", \"identifier\": \"1\", \"trackingNumber\": \"EP-1\"");
        format!("{{\"actionStatus\": \"CompletedActionStatus\", {when}}}")
    };
    says("{\"actionStatus\": \"ActiveActionStatus\", \"endTime\": \"2030-01-04\"}");
    let (id, number) = town.bought("SH-41", 2, &[]);
    let ordered = mailorder::clock::Clock::system().now().instant();
    let [first, other] = [0, 60].map(|later| {
        let at = jiff::Timestamp::from_second(ordered.as_second() + later).unwrap();
        at.in_tz("Asia/Tokyo").unwrap().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    });
    let when = ["--shipped", &first, "--tracking", "EP-1", "--line", "1=1"];
    town.does("shop", &[&["shop", "notify", &number, "--parcel", "1"][..], &when].concat());
    town.settle();
    let told = sent(&town, &number, "order-status");
    // What was reported already is no news, and no contradiction.
    says(&left(&first));
    assert_eq!(town.at("+2m", "shop", &["sync"]).code, Some(0));
    assert!(inbox(&town).is_empty());
    // That the parcel left at another time is.
    says(&left(&other));
    let run = town.at("+4m", "shop", &["sync"]);
    assert!(run.err.contains("is told to nobody: parcel 1 has left already"), "{run:?}");
    let items = inbox(&town);
    assert_eq!((items.len(), &items[0]["state"]), (1, &"untold".into()), "{items:?}");
    assert!(items[0]["about"].as_str().unwrap().contains("parcel 1 has left already"), "{items:?}");
    let entries = town.entries("shop").len();
    assert_eq!(town.at("+6m", "shop", &["sync"]).code, Some(0));
    assert_eq!((town.entries("shop").len(), inbox(&town).len()), (entries, 1), "it is entered once");
    assert_eq!(town.run("shop", &["shop", "reject", &number, "--reason", "no"]).code, Some(65));
    town.does("shop", &["shop", "accept", &number]);
    assert!(inbox(&town).is_empty());
    town.does("shop", &["ledger", "reindex"]);
    assert!(inbox(&town).is_empty());
    assert_eq!(sent(&town, &number, "order-status"), told, "and the buyer was told nothing of it");
    town.check_stands("buyer", &id, "open", [false; 3]);
    town.check_peace();
}

#[test]
fn work_is_not_kept_waiting_by_a_clock_that_was_ahead_f39() {
    let town = Town::fresh();
    scripted(&town, "echo \"$MAILORDER_KEY\" >>told-keys; exit 1", "");
    town.bought("SH-41", 1, &[]);
    assert_eq!(town.at("+400d", "shop", &["sync"]).code, Some(0));
    let tries = || fs::read_to_string(town.path("shop/told-keys")).unwrap().lines().count();
    let before = tries();
    assert!(before >= 2);
    town.does("shop", &["sync"]);
    assert_eq!(tries(), before + 1, "the clock is right again");
    town.does("shop", &["sync"]);
    assert_eq!(tries(), before + 1, "and what is tried waits as before");
}
