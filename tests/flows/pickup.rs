//! The delivery agent's own program has the goods fetched at the shop: asked until it has them, called off with a stop.

use serde_json::Value;

use crate::support::accounts::install;
use crate::support::program::Town;

const COURIER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/courier/courier");

/// Gives the carrier a hook that fetches, and further settings.
fn town(command: &str, delivery: &str, hook: &str) -> Town {
    let town = Town::fresh();
    install(&town.path("ship/hook.sh"), b"#!/bin/sh\n");
    town.configure("ship", |text| {
        let text = text.replace("transit_days = 3\n", &format!("transit_days = 3\ncollect = \"courier\"\n{delivery}"));
        format!("{text}\n[hook.courier]\ncommand = {command}\n{hook}")
    });
    town.does("ship", &["config", "check"]);
    town
}

fn example(hook: &str) -> Town {
    town(&format!("[\"{COURIER}\", \"desk\"]"), "", hook)
}

fn scripted(script: &str, delivery: &str, hook: &str) -> Town {
    let town = town("[\"./hook.sh\"]", delivery, hook);
    install(&town.path("ship/hook.sh"), format!("#!/bin/sh\n{script}\n").as_bytes());
    town
}

/// Runs a word of the people at the carrier's desk.
fn desk(town: &Town, words: &[&str]) -> String {
    let output = std::process::Command::new(COURIER).arg(town.path("ship/desk")).args(words).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn inbox(town: &Town) -> Vec<Value> {
    town.does("ship", &["ship", "inbox", "--json"]).json()["items"].as_array().unwrap().clone()
}

#[test]
fn the_carriers_program_fetches_the_goods_and_both_sides_are_told_when_it_has_them_p56() {
    let town = example("ask_minutes = 5\n");
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    assert_eq!(desk(&town, &["show"]), format!("{number} open \n"));
    let items = inbox(&town);
    assert_eq!(
        (items.len(), &items[0]["work"], &items[0]["state"]),
        (1, &"collect".into(), &"tried".into()),
        "{items:?}"
    );
    assert!(town.does("ship", &["ship", "inbox"]).out.contains("it has no answer yet"));
    // The driver is on his way for a while, which is no failure; then he has it.
    assert_eq!(town.at("+25m", "ship", &["sync"]).code, Some(0));
    assert_eq!(inbox(&town)[0]["state"], "tried");
    desk(&town, &["fetched", &number, "EP-7"]);
    town.does("ship", &["ship", "retry", &number]);
    town.settle();
    assert!(inbox(&town).is_empty());
    for party in ["buyer", "shop"] {
        let shown = town.does(party, &["show", &number]).out;
        assert!(shown.contains("Collected") && shown.contains("EP-7"), "{party}: {shown}");
    }
    // What is in the courier's hands is not stopped by a program.
    town.does("buyer", &["cancel", &id]);
    town.settle();
    assert!(town.letter("buyer", "in", "refusal").contains("too late"));
    assert_eq!(desk(&town, &["show"]), format!("{number} fetched EP-7\n"));
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")]);
    town.check_stands("buyer", &id, "completed", [true; 3]);
    town.check_peace();
}

#[test]
fn a_stop_calls_the_driver_off_and_what_he_did_meanwhile_is_told_to_a_person() {
    let town = example("");
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    town.does("buyer", &["cancel", &id]);
    town.settle();
    assert_eq!(desk(&town, &["show"]), format!("{number} off \n"));
    assert!(inbox(&town).is_empty());
    for party in ["buyer", "shop", "ship"] {
        town.check_stands(party, &number, "cancelled", [false; 3]);
    }
    town.check_peace();
}

#[test]
fn what_could_not_be_fetched_waits_for_a_person_and_is_told_to_nobody() {
    let town = example("");
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    let told = town.count("buyer", &id, "in", "delivery-status");
    desk(&town, &["missed", &number, "nobody was there"]);
    let run = town.does("ship", &["ship", "retry", &number]);
    town.settle();
    let items = inbox(&town);
    assert_eq!((items.len(), &items[0]["state"]), (1, &"untold".into()), "{items:?} {run:?}");
    assert!(items[0]["about"].as_str().unwrap().contains("the goods are not fetched: nobody was there"), "{items:?}");
    assert_eq!(town.count("buyer", &id, "in", "delivery-status"), told);
    // A person says how it goes on.
    town.does("ship", &["ship", "notify", &number, "--planned", "2030-01-15"]);
    town.settle();
    assert!(inbox(&town).is_empty());
    assert_eq!(town.count("buyer", &id, "in", "delivery-status"), told + 1);
    town.check_peace();
}

#[test]
fn goods_are_fetched_once_their_day_is_told_and_no_more_when_a_person_reports_them() {
    let script = "echo \"$MAILORDER_WORK $MAILORDER_KEY\" >>works\n\
                  [ $MAILORDER_WORK = plan ] && echo '{\"actionStatus\": \"ActiveActionStatus\", \"endTime\": \"2030-01-04\"}'\n\
                  cat >told; exit 0";
    let town = scripted(script, "dates = \"courier\"\n", "ask_minutes = 1\n");
    let works = |town: &Town| -> Vec<String> {
        let text = std::fs::read_to_string(town.path("ship/works")).unwrap();
        text.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
    };
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    assert_eq!(works(&town)[..2], ["plan", "collect"], "first the day, then the goods");
    let told = std::fs::read_to_string(town.path("ship/told")).unwrap();
    assert!(told.contains("ReceiveAction") && told.contains("千代田区") && !told.contains("4800"), "{told}");
    town.does("ship", &["ship", "notify", &number, "--event", "Sorted"]);
    town.settle();
    assert!(inbox(&town).is_empty(), "who sorts goods has them");
    let before = works(&town).len();
    assert_eq!(town.at("+2h", "ship", &["sync"]).code, Some(0));
    assert_eq!(works(&town).len(), before);
    town.check_stands("buyer", &id, "open", [false; 3]);
    town.check_peace();
}
