//! What is missing is said with what there is.

use std::fs;

use crate::support::program::{Run, Town};

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
