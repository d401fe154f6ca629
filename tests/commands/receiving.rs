//! `received`: what really came, in the buyer's word, against what the delivery agent says.

use serde_json::{Value, json};

use crate::support::program::Town;

/// Three shirts and their delivery, which the agent says is done: the order's ID and number.
fn delivered() -> (Town, String, String) {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 3, &["--pay", "invoice", "--item", "KETTLE;Iron kettle;JPY 36000;1"]);
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered")]);
    (town, id, number)
}

fn warnings(town: &Town) -> Vec<Value> {
    town.does("buyer", &["warnings", "--json"]).json()["warnings"].as_array().unwrap().clone()
}

fn line(of: &Value, place: usize) -> [String; 3] {
    ["agreed", "delivered", "received"].map(|what| of["lines"][place][what].as_str().unwrap().to_owned())
}

#[test]
fn fewer_pieces_than_the_agent_says_are_a_warning_in_show_list_and_warnings_p84() {
    let (town, id, _) = delivered();
    let entries = town.entries("buyer").len();
    let run = town.does("buyer", &["received", &id, "--line", "1=2", "--line", "2=1"]);
    for part in
        ["AGREED", "! 2", "line 1 (シャツ 白 41): delivered 3 says ship@demo.test, received 2", "--leg delivery"]
    {
        assert!(format!("{}{}", run.out, run.err).contains(part), "{part}: {run:?}");
    }
    // One entry of our own, a letter to nobody.
    let texts = town.texts("buyer");
    assert_eq!(texts.len(), entries + 1);
    let entry = texts.last().unwrap();
    assert!(entry.contains("Mailorder-Kind: act") && entry.contains("Received so far, by"), "{entry}");
    assert!(entry.contains("line 1 ×2, line 2 ×1"), "{entry}");
    let shown = town.show("buyer", &id);
    assert_eq!(line(&shown["received"], 0), ["3", "3", "2"]);
    assert_eq!(line(&shown["received"], 1), ["1", "1", "1"]);
    let differs = [&shown["received"]["lines"][0]["differs"], &shown["received"]["lines"][1]["differs"]];
    assert_eq!(differs, [&json!(true), &json!(false)]);
    let run = town.does("buyer", &["show", &id]);
    let text = format!("{}{}", run.out, run.err);
    assert!(text.contains("received, as you said of") && text.contains("✗ received-differs"), "{text}");
    assert!(text.contains("--line 1=1 --reason 'did not come'"), "{text}");
    let open = warnings(&town);
    assert_eq!((open.len(), open[0]["finding"].as_str()), (1, Some("received-differs")), "{open:?}");
    assert_eq!(open[0]["number"], shown["number"]);
    assert_eq!(town.run("buyer", &["status", "--exit-code"]).code, Some(1));
    assert!(town.does("buyer", &["list"]).out.contains(" ! differs"));
    // No leg failed: what was received otherwise is a warning, and a mark in the list.
    assert_eq!(town.lists("buyer", &["failed"]).len(), 0);
    // A word finds what is marked, and no other.
    town.bought("SH-41", 1, &["--pay", "invoice"]);
    let marked = |town: &Town| {
        let found = town.lists("buyer", &["differs"]);
        found.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(marked(&town), std::slice::from_ref(&id));
    // It is an open warning of the order, as one about a letter would be.
    let warned = |town: &Town| {
        let found = town.lists("buyer", &["warned"]);
        found.iter().map(|one| (one["id"].as_str().unwrap().to_owned(), one["warnings"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(warned(&town), [(id.clone(), json!(1))]);
    assert!(town.does("buyer", &["list", "warned"]).out.contains("! warned"));
    let exported = town.does("buyer", &["export", "warned", "--format", "jsonl"]).out;
    let exported: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((exported.len(), &exported[0]["id"], &exported[0]["warnings"]), (1, &json!(id), &json!(1)));
    town.does("buyer", &["schedule", "add", "doubts", "--query", "warned", "--when", "daily 09:00"]);
    let foreseen = town.does("buyer", &["schedule", "run", "doubts", "--dry-run", "--json"]).json();
    assert!(foreseen.to_string().contains(&id), "{foreseen}");
    // The agent's leg is as the agent says: nobody speaks for another.
    town.check_stands("buyer", &id, "open", [true, true, false]);
    // The index is a cache of this, too.
    town.does("buyer", &["ledger", "reindex"]);
    assert_eq!(warnings(&town), open);
    assert_eq!(town.show("buyer", &id)["received"], shown["received"]);
    assert_eq!(town.lists("buyer", &["failed"]).len(), 0);
    assert_eq!(marked(&town), std::slice::from_ref(&id));
    town.does("buyer", &["audit", "verify"]);
    // Seen, it is no open warning; said otherwise, it is none at all.
    town.does("buyer", &["warnings", "ack", open[0]["id"].as_str().unwrap()]);
    assert_eq!((warnings(&town), warned(&town)), (Vec::new(), Vec::new()));
    let run = town.does("buyer", &["received", &id, "--all"]);
    assert!(run.out.contains("noted as received"), "{run:?}");
    assert_eq!(town.show("buyer", &id)["received"]["differs"], Value::Null);
    assert_eq!(marked(&town), Vec::<String>::new());
    assert_eq!(town.lists("buyer", &["failed"]).len(), 0);
}

#[test]
fn none_of_a_line_is_said_as_none_and_what_nobody_said_is_left_open() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 3, &["--pay", "invoice", "--item", "KETTLE;Iron kettle;JPY 36000;1"]);
    let run = town.does("buyer", &["received", &id, "--line", "1=3", "--line", "2=0"]);
    let row = |run: &str| -> Vec<String> {
        let row = run.lines().find(|row| row.contains("Iron kettle")).unwrap();
        row.split("Iron kettle").nth(1).unwrap().split_whitespace().map(str::to_owned).collect()
    };
    assert_eq!(row(&run.out), ["1", "–", "0"], "{run:?}");
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered")]);
    let run = town.does("buyer", &["show", &id]);
    assert_eq!(row(run.out.split("RECEIVED").nth(1).unwrap()), ["1", "1", "!", "0"], "{run:?}");
}

#[test]
fn what_comes_before_the_agent_speaks_is_compared_once_it_speaks() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 3, &["--pay", "invoice"]);
    town.reports(&number, &[("shop", "--shipped")]);
    let said = town.does("buyer", &["received", &id, "--line", "1=2", "--json"]).json();
    assert_eq!((line(&said, 0), &said["differs"]), (["3", "0", "2"].map(str::to_owned), &Value::Null), "{said}");
    assert_eq!(warnings(&town), Vec::<Value>::new());
    town.reports(&number, &[("ship", "--delivered")]);
    assert_eq!(warnings(&town).len(), 1);
    town.reports(&number, &[("pay", "--paid")]);
    // What is missing is asked for as a return, which settles it once the shop agrees.
    town.does("buyer", &["return", &id, "--line", "1=1", "--reason", "did not come"]);
    town.settle();
    let shown = town.show("buyer", &id);
    assert_eq!(town.count("buyer", &id, "out", "return-request"), 1, "{shown}");
    assert_eq!(
        (&shown["received"]["lines"][0]["received"], &shown["received"]["differs"]),
        (&json!("2"), &Value::Null)
    );
    assert_eq!(warnings(&town), Vec::<Value>::new());
}

#[test]
fn wrong_words_about_what_came_enter_nothing_and_say_why() {
    let (town, id, _) = delivered();
    let entries = town.entries("buyer").len();
    for (words, code, why) in [
        (&[][..], 2, "--all, --line LINE=QUANTITY or --nothing"),
        (&["--line", "7=1"], 65, "line 7 is not in the terms"),
        (&["--line", "1=1", "--line", "1=2"], 65, "line 1 is named twice"),
        (&["--line", "1"], 2, "LINE=QUANTITY"),
        (&["--line", "1=-2"], 2, "-2"),
        (&["--line", "1=many"], 2, "many"),
        (&["--all", "--nothing"], 2, "--nothing"),
        (&["--all", "--date", "2031-01-01"], 65, "no date on which it can have come"),
        (&["--all", "--date", "1999-01-01"], 65, "no date on which it can have come"),
        (&["--all", "--date", "yesterday"], 2, "2026-11-28"),
    ] {
        let run = town.run("buyer", &[&["received", &id][..], words].concat());
        assert_eq!(run.code, Some(code), "{words:?}: {run:?}");
        assert!(run.err.contains(why), "{words:?}: {run:?}");
    }
    let waiting = town.orders("buyer", "SH-41", 1, &[]);
    let run = town.run("buyer", &["received", &waiting, "--all"]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(run.err.contains("nothing is agreed on"), "{run:?}");
    assert_eq!(town.entries("buyer").len(), entries + 1, "the order alone");
}

#[test]
fn more_than_was_agreed_on_and_nothing_at_all_are_said_too() {
    let (town, id, _) = delivered();
    let run = town.does("buyer", &["received", &id, "--all", "--line", "1=4"]);
    assert!(run.err.contains("シャツ 白 41: 4 came, and 3 were agreed on"), "{run:?}");
    // A slip of the hand is asked about where somebody can be.
    let before = town.entries("buyer").len();
    let mut screen = town.types("buyer", &["received", &id, "--all", "--line", "1=40"]);
    let run = screen.answers("Is that so? [y/N]", "n").ends();
    assert_eq!((run.code, town.entries("buyer").len()), (Some(1), before), "{run:?}");
    let more = town.show("buyer", &id)["received"]["differs"].as_str().unwrap().to_owned();
    assert_eq!(more, "line 1 (シャツ 白 41): agreed 3, received 4");
    town.does("buyer", &["received", &id, "--nothing"]);
    let none = town.show("buyer", &id)["received"].clone();
    assert_eq!((&none["lines"][0]["received"], &none["lines"][1]["received"]), (&json!("0"), &json!("0")));
    assert!(none["differs"].as_str().unwrap().contains("received none"), "{none}");
}

#[test]
fn on_a_terminal_each_line_is_asked_for_with_what_the_agent_says_as_the_answer() {
    let (town, id, _) = delivered();
    let mut screen = town.types("buyer", &["received", &id]);
    screen.answers("How many of シャツ 白 41 came, of 3? [3]", "lots").answers("How many of シャツ 白 41", "2");
    let run = screen.answers("How many of Iron kettle came, of 1? [1]", "").ends();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(line(&town.show("buyer", &id)["received"], 0), ["3", "3", "2"]);
    assert_eq!(line(&town.show("buyer", &id)["received"], 1), ["1", "1", "1"]);
    let before = town.entries("buyer").len();
    let stopped = town.types("buyer", &["received", &id]).waits_for("How many").keys("\u{3}").ends();
    assert_eq!(stopped.code, Some(130), "{stopped:?}");
    assert_eq!(town.entries("buyer").len(), before);
}
