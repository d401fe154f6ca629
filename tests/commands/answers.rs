//! What is missing is said with what there is.

use std::fs;

use crate::support::program::{Run, Town, mailorder};

fn says(run: &Run, code: i32, parts: &[&str]) {
    assert_eq!(run.code, Some(code), "{run:?}");
    for part in parts {
        assert!(run.err.contains(part), "{part} is not in {run:?}");
    }
}

#[test]
fn config_check_notes_a_return_of_which_the_terms_say_nothing() {
    let town = Town::fresh();
    let checked = || town.does("shop", &["config", "check"]);
    assert!(!checked().err.contains("taken back"), "{:?}", checked());
    town.configure("shop", |text| {
        text.lines().filter(|line| !line.starts_with("conditions = ")).flat_map(|line| [line, "\n"]).collect()
    });
    let run = checked();
    let said = "goods are taken back for 14 days, and the terms say nothing of it";
    assert!(run.out.contains("nothing wrong") && run.err.contains(said), "{run:?}");
    town.configure("shop", |text| text.replace("return_days = 14\n", ""));
    assert!(!checked().err.contains("taken back"), "{:?}", checked());
}

#[test]
fn what_is_missing_is_said_with_what_there_is() {
    let town = Town::played();
    let file = |name: &str, text: &str| {
        let path = town.path(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let odd = file("odd.csv", "Order No,Sent at\n7,now\n");
    let run = town.run("shop", &["shop", "import", &odd]);
    says(&run, 65, &["no column is called \"txn\"", "\"Order No\", \"Sent at\"", "--map FILE"]);
    let map = file("map.toml", "[columns]\ntxn = \"No\"\nshipped = \"Sent at\"\n");
    let run = town.run("shop", &["shop", "import", &odd, "--map", &map]);
    says(&run, 65, &["the file has these columns: \"Order No\", \"Sent at\""]);
    assert!(!run.err.contains("--map FILE"), "{run:?}");
    let run = town.run("shop", &["--lang", "ja", "shop", "import", &odd]);
    says(&run, 65, &["対応表", "Order No"]);
    let id = town.in_state("completed")["id"].as_str().unwrap().to_owned();
    let nowhere = town.path("nowhere");
    says(
        &town.run("buyer", &["show", &id, "--save", nowhere.to_str().unwrap()]),
        65,
        &[&format!("mkdir {}", nowhere.display())],
    );
    let empty = file("empty.asc", "");
    says(&town.run("buyer", &["key", "import", &empty]), 65, &["the file is empty"]);
    let run = town.run("shop", &["shop", "procedure", "run", "--dry-run", "nofile"]);
    says(&run, 65, &["begins with \"nofile\"", "nor is there a file \"nofile\""]);
}

#[test]
fn what_to_do_stands_in_a_line_of_its_own() {
    let town = Town::played();
    let number = town.in_state("open")["number"].as_str().unwrap().to_owned();
    let long = "x".repeat(501);
    let nowhere = town.path("nowhere/config.toml");
    let nowhere = nowhere.to_str().unwrap();
    let faults: [(&str, &[&str], &str, &str); 9] = [
        ("shop", &["order", "--shop", "shop@demo.test", "--item", "SH-41"], "no buyer", "add \"buyer\" to `roles`"),
        ("ship", &["ship", "notify", &number, "--called", "x"], "--called names a file", "give --file or --link"),
        ("ship", &["ship", "notify", &number], "nothing is reported", "say what happened, or when it is planned"),
        ("ship", &["ship", "notify", &number, "--map", "plain"], "about the rows", "name the file with --from"),
        ("shop", &["shop", "refund", &number, "--reason", &long], "more than 500 characters", "say it shorter"),
        ("buyer", &["schedule", "add", "a", "--query", "open"], "say when, with --when", "a timetable is like: "),
        ("buyer", &["schedule", "add", "--preset", "x"], "\"x\" is no preset", "presets are: late"),
        ("buyer", &["ledger", "redact", "1", "--reason", " "], "--reason is empty", "say why it is erased"),
        ("buyer", &["-c", nowhere, "list"], "No such file", "make one with `mailorder "),
    ];
    for (party, words, wrong, todo) in faults {
        let run = match words {
            ["-c", ..] => mailorder(town.home(), words),
            words => town.run(party, words),
        };
        let lines: Vec<&str> = run.err.lines().collect();
        let [text, hint] = lines.as_slice() else { panic!("{words:?}: {run:?}") };
        assert!(text.starts_with("mailorder: ") && text.contains(wrong) && !text.contains(todo), "{words:?}: {run:?}");
        assert!(hint.starts_with(&format!("hint: {todo}")), "{words:?}: {run:?}");
        let run = match words {
            ["-c", ..] => mailorder(town.home(), &[&["--lang", "ja"], words].concat()),
            words => town.run(party, &[&["--lang", "ja"], words].concat()),
        };
        let lines: Vec<&str> = run.err.lines().collect();
        let [text, hint] = lines.as_slice() else { panic!("{words:?}: {run:?}") };
        assert!(!text.contains(wrong) && hint.starts_with("ヒント：") && !hint.contains(todo), "{words:?}: {run:?}");
    }
}
