//! Hooks whose work nobody waits for any more, or which say something else than they said before: nothing is released
//! for an order that is cancelled, what may have been released is taken back, and what a person must know is told.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::hooks::{inbox, scripted};
use crate::support::program::{Run, Town};

/// What a warehouse says whose goods have left.
const GONE: &str = r#"{"actionStatus": "CompletedActionStatus", "trackingNumber": "EP-9"}"#;

/// Writes down each work that is run, with its key and the keys it takes back.
const NOTED: &str = r#"echo "$MAILORDER_WORK $MAILORDER_KEY $MAILORDER_WITHDRAWS" >>works"#;

/// The works that were run, each with its key and what it takes back.
fn works(town: &Town) -> Vec<String> {
    let text = fs::read_to_string(town.path("shop/works")).unwrap_or_default();
    text.lines().map(|line| line.trim().to_owned()).collect()
}

fn released(town: &Town) -> usize {
    works(town).iter().filter(|line| line.starts_with("release")).count()
}

/// Starts a `sync` of the shop and returns it once `file` is there, which its hook makes.
pub(super) fn syncing(town: &Town, file: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailorder"));
    command.arg("-c").arg(town.path("shop/config.toml")).arg("sync").env_clear().env("HOME", town.path(""));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(&town.path("shop").join(file));
    child
}

fn wait_for(file: &Path) {
    let begun = Instant::now();
    while !file.exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{} is not made", file.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn nothing_is_released_any_more_for_an_order_that_is_cancelled() {
    let town = Town::fresh();
    scripted(&town, &format!("{NOTED}; [ $MAILORDER_WORK = withdraw ] || exit 75"), "");
    let (id, _) = town.bought("SH-41", 1, &[]);
    assert_eq!((released(&town), inbox(&town).len()), (1, 1));
    town.does("buyer", &["cancel", &id]);
    town.settle();
    for moved in ["+2m", "+9m", "+25m"] {
        assert_eq!(town.at(moved, "shop", &["sync"]).code, Some(0));
    }
    town.check_stands("buyer", &id, "cancelled", [false; 3]);
    // It may have done it all the same: it is told to undo it.
    let works = works(&town);
    let key = works[0].strip_prefix("release ").unwrap();
    assert_eq!((works.len(), released(&town)), (2, 1), "{works:?}");
    assert!(works[1].starts_with("withdraw ") && works[1].ends_with(&format!(" {key}")), "{works:?}");
    assert!(inbox(&town).is_empty());
    town.check_peace();
}

#[test]
fn goods_that_have_left_when_the_order_was_cancelled_are_told_to_a_person() {
    let town = Town::fresh();
    let waits = "touch begun; while [ ! -e go ]; do sleep 0.05; done";
    scripted(&town, &format!("{NOTED}; [ $MAILORDER_WORK = release ] || exit 0; {waits}; echo '{GONE}'"), "");
    let id = town.orders("buyer", "SH-41", 1, &[]);
    town.settle();
    let number = town.number("buyer", &id);
    town.does("buyer", &["confirm", &id]);
    let first = syncing(&town, "begun");
    // The order is cancelled while the hook runs, and judged by another process.
    town.does("buyer", &["cancel", &id]);
    town.sync(&["shop", "buyer"]);
    town.check_stands("buyer", &id, "cancelled", [false; 3]);
    fs::write(town.path("shop/go"), "").unwrap();
    let run: Run = first.wait_with_output().unwrap().into();
    assert!(run.err.contains("is told to nobody: the goods left on"), "{run:?}");
    let items = inbox(&town);
    assert_eq!((items.len(), &items[0]["state"]), (1, &"untold".into()), "{items:?}");
    assert!(items[0]["about"].as_str().unwrap().contains("the transaction is cancelled"), "{items:?}");
    town.sync(&["shop"]);
    assert_eq!((released(&town), works(&town).len()), (1, 2), "and it is told to take back what it can");
    town.does("shop", &["ledger", "reindex"]);
    town.settle();
    assert_eq!(inbox(&town).len(), 1, "it stands in the ledger: {}", town.show("shop", &number));
    town.does("shop", &["shop", "accept", &number]);
    assert!(inbox(&town).is_empty());
    town.check_peace();
}

#[test]
fn what_a_hook_will_not_take_back_is_told_to_a_person() {
    let town = Town::fresh();
    let no = r#"{"actionStatus": "FailedActionStatus", "error": "it has left"}"#;
    scripted(&town, &format!("{NOTED}; [ $MAILORDER_WORK = release ] || echo '{no}'"), "");
    let (id, number) = town.bought("SH-41", 1, &[]);
    town.does("buyer", &["cancel", &id]);
    town.settle();
    town.settle();
    let items = inbox(&town);
    assert_eq!((items.len(), &items[0]["work"]), (1, &"withdraw".into()), "{items:?}");
    assert!(items[0]["about"].as_str().unwrap().contains("is not taken back: it has left"), "{items:?}");
    town.does("shop", &["shop", "accept", &number]);
    assert!(inbox(&town).is_empty());
    town.check_peace();
}

#[test]
fn what_was_given_up_is_taken_back_when_the_order_is_cancelled_and_never_released_again() {
    let town = Town::fresh();
    scripted(&town, &format!("{NOTED}; [ $MAILORDER_WORK = withdraw ] || exit 1"), "attempts = 1\n");
    let (id, number) = town.bought("SH-41", 1, &[]);
    assert_eq!(inbox(&town)[0]["state"], "given-up");
    town.does("buyer", &["cancel", &id]);
    town.settle();
    town.check_stands("buyer", &id, "cancelled", [false; 3]);
    assert!(works(&town).last().unwrap().starts_with("withdraw"), "{:?}", works(&town));
    assert!(inbox(&town).is_empty());
    assert_eq!(town.run("shop", &["shop", "instruct", &number]).code, Some(65));
    assert_eq!((released(&town), works(&town).len()), (1, 2), "{:?}", works(&town));
    town.check_peace();
}

#[test]
fn a_person_rejects_what_a_hook_gave_up() {
    let town = Town::fresh();
    scripted(&town, &format!("{NOTED}; [ $MAILORDER_WORK = withdraw ] || exit 1"), "attempts = 1\n");
    let (id, number) = town.bought("SH-41", 1, &[]);
    let listed = town.does("shop", &["shop", "inbox"]);
    assert!(listed.out.contains("given-up"), "{listed:?}");
    town.does("shop", &["shop", "reject", &number, "--reason", "The warehouse has burnt down."]);
    town.settle();
    town.check_stands("buyer", &id, "cancelled", [false; 3]);
    assert!(town.letter("buyer", "in", "order-status").contains("has burnt down"));
    assert!(works(&town).last().unwrap().starts_with("withdraw"), "{:?}", works(&town));
    assert!(inbox(&town).is_empty());
    assert_eq!(town.run("shop", &["shop", "reject", &number, "--reason", "no"]).code, Some(65), "once");
    town.check_peace();
}

#[test]
fn goods_that_have_left_are_not_cancelled_by_a_no_to_what_their_hook_refused() {
    let town = Town::fresh();
    scripted(&town, r#"echo '{"actionStatus": "FailedActionStatus", "error": "out of stock"}'"#, "");
    let (id, number) = town.bought("SH-41", 1, &[]);
    assert_eq!(inbox(&town)[0]["state"], "refused");
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    // Both words for a cancellation say the same, and what to do instead.
    for word in ["cancel", "reject"] {
        let run = town.run("shop", &["shop", word, &number, "--reason", "The shelf is empty."]);
        assert_eq!(run.code, Some(65), "{word}: {run:?}");
        assert!(run.err.contains("goods have left") && run.err.contains("`shop refund`"), "{word}: {run:?}");
    }
    town.settle();
    for party in ["buyer", "shop"] {
        town.check_stands(party, &id, "open", [true, false, false]);
    }
}

#[test]
fn what_has_not_left_of_a_cancelled_order_is_taken_back_and_nothing_where_all_has() {
    for (left, taken) in [("1=1", Some("2")), ("1=3", None)] {
        let town = Town::fresh();
        scripted(&town, &format!("{NOTED}; cat >document-$MAILORDER_WORK"), "");
        town.configure("shop", |text| {
            text.replace("return_days = 14", "return_days = 14\nreview = [\"cancellations\"]")
        });
        let (id, number) = town.bought("SH-41", 3, &[]);
        let key = works(&town)[0].strip_prefix("release ").unwrap().to_owned();
        town.does("shop", &["shop", "notify", &number, "--shipped", "--parcel", "1", "--line", left]);
        town.settle();
        town.does("buyer", &["cancel", &id]);
        town.settle();
        town.does("shop", &["shop", "accept", &number]);
        town.settle();
        town.settle();
        town.check_stands("buyer", &id, "cancelled", [taken.is_none(), false, false]);
        let works = works(&town);
        let Some(quantity) = taken else {
            assert_eq!(works.len(), 1, "{works:?}");
            continue;
        };
        assert_eq!(works.len(), 2, "{works:?}");
        assert!(works[1].starts_with("withdraw ") && works[1].ends_with(&format!(" {key}")), "{works:?}");
        let quantities = |work: &str| {
            let text = fs::read_to_string(town.path("shop").join(format!("document-{work}"))).unwrap();
            let document: serde_json::Value = serde_json::from_str(&text).unwrap();
            let items = document["action"]["object"]["orderedItem"].as_array().unwrap().clone();
            items.iter().map(|item| item["orderQuantity"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!((quantities("release"), quantities("withdraw")), (vec!["3".to_owned()], vec![quantity.to_owned()]));
    }
}

#[test]
fn a_no_to_a_question_does_not_undo_what_was_released_p45() {
    let town = Town::fresh();
    let no = r#"{"actionStatus": "FailedActionStatus", "error": "the shelf is empty"}"#;
    scripted(&town, &format!("{NOTED}; [ $MAILORDER_WORK = query ] && cat says; true"), "ask_minutes = 1\n");
    fs::write(town.path("shop/says"), "").unwrap();
    let (id, number) = town.bought("SH-41", 1, &[]);
    fs::write(town.path("shop/says"), no).unwrap();
    let run = town.at("+2m", "shop", &["sync"]);
    assert!(run.err.contains("it says no: the shelf is empty"), "{run:?}");
    let items = inbox(&town);
    assert_eq!((items.len(), &items[0]["state"]), (1, &"untold".into()), "{items:?}");
    let entries = town.entries("shop").len();
    assert_eq!(town.at("+4m", "shop", &["sync"]).code, Some(0));
    assert_eq!(town.entries("shop").len(), entries, "it is entered once");
    assert_eq!(town.run("shop", &["shop", "instruct", &number]).code, Some(65), "it is released");
    town.does("shop", &["shop", "accept", &number]);
    assert_eq!(town.at("+6m", "shop", &["sync"]).code, Some(0));
    assert!(inbox(&town).is_empty(), "a person has seen it");
    town.does("shop", &["ledger", "reindex"]);
    // What was released is taken back.
    town.does("buyer", &["cancel", &id]);
    town.settle();
    town.settle();
    town.check_stands("buyer", &id, "cancelled", [false; 3]);
    let taken: Vec<String> = works(&town).into_iter().filter(|line| line.starts_with("withdraw")).collect();
    assert_eq!((released(&town), taken.len()), (1, 1), "{:?}", works(&town));
    town.check_peace();
}

#[test]
fn the_longest_tracking_number_that_a_hook_may_say_goes_into_a_letter_p45() {
    let town = Town::fresh();
    let tracking = r#"EP\\\""#.repeat(100);
    scripted(&town, &format!("cat <<'END'\n{}\nEND", GONE.replace("EP-9", &tracking)), "");
    let (id, _) = town.bought("SH-41", 1, &[]);
    assert!(inbox(&town).is_empty());
    town.check_stands("buyer", &id, "open", [true, false, false]);
    town.check_peace();
}
