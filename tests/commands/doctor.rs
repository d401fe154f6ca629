//! `doctor`: a line for each thing that must be in order, what mends it, and nothing changed by looking.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::account;
use crate::support::program::{Run, Town};

/// Returns what is said of one thing: how it stands, what was found, and what mends it.
fn line(run: &Run, what: &str) -> [String; 3] {
    let told: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{run:?}"));
    let lines = told["lines"].as_array().unwrap();
    let line = lines.iter().find(|line| line["what"] == what).unwrap_or_else(|| panic!("no {what}: {told}"));
    ["state", "found", "mend"].map(|name| line[name].as_str().unwrap_or_default().to_owned())
}

#[test]
fn all_that_an_account_needs_is_looked_at_and_left_as_it_is() {
    let town = Town::fresh();
    town.sync(&["buyer"]);
    town.orders("buyer", "SH-41", 1, &["--pay", "invoice"]);
    town.sync(&["shop"]);
    let (before, post) = (account(&town.path("buyer")), town.post("buyer"));
    assert_eq!(post.len(), 1, "the terms wait in the mailbox");
    let run = town.does("buyer", &["doctor"]);
    for words in
        ["✓ Configuration", "✓ Account", "✓ Your key", "✓ Clock", "✓ Mailbox", "✓ Mail out", "✓ Log", "Sequoia"]
    {
        assert!(run.out.contains(words), "{words}: {run:?}");
    }
    assert!(!run.out.contains('✗'), "{run:?}");
    let japanese = town.does("buyer", &["--lang", "ja", "doctor"]).out;
    assert!(japanese.contains("✓ メールボックス") && japanese.contains("✓ 時計"), "{japanese}");
    let told = town.does("buyer", &["--json", "doctor"]);
    assert_eq!(told.json()["bad"], 0);
    assert_eq!(line(&told, "mailbox"), ["good", "mailbox-good", ""]);
    let unasked = town.does("buyer", &["--json", "--offline", "doctor"]).json();
    assert!(unasked["lines"].as_array().unwrap().iter().all(|line| line["what"] != "mailbox"), "{unasked}");
    assert_eq!((account(&town.path("buyer")), town.post("buyer")), (before, post));
}

#[test]
fn what_is_not_in_order_is_named_with_what_mends_it_and_ends_with_1() {
    let town = Town::fresh();
    let doctor = || town.run("buyer", &["--json", "doctor"]);
    town.cuts_off("buyer");
    let run = doctor();
    assert_eq!((run.code, line(&run, "mailbox")[0].as_str()), (Some(1), "bad"), "{run:?}");
    assert!(run.out.contains("127.0.0.1"), "{run:?}");
    town.connects("buyer");
    // What keeps the account from being opened.
    let key = town.path("buyer/keys/own.asc");
    let opens = |mode: u32| fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
    opens(0o644);
    let run = town.run("buyer", &["doctor"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.out.starts_with("✗ Account") && run.out.contains("chmod 600"), "{run:?}");
    opens(0o600);
    let config = town.path("buyer/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n[nonsense]\n")).unwrap();
    let run = doctor();
    assert_eq!((run.code, line(&run, "account")[0].as_str()), (Some(1), "bad"));
    assert!(run.out.contains("nonsense") && run.out.contains("config.toml:"), "{run:?}");
    // What can be read, and cannot be right.
    fs::write(&config, format!("{text}\n[notify]\ncommand = [\"/nowhere/at/all\"]\n")).unwrap();
    let run = doctor();
    assert_eq!(line(&run, "settings"), ["bad", "settings-wrong", "mailorder config check"], "{run:?}");
    assert!(run.code == Some(1) && run.out.contains("/nowhere/at/all"), "{run:?}");
    fs::write(&config, text).unwrap();
    assert_eq!(doctor().code, Some(0));
}

/// Needs `faketime`.
mod real {
    use super::line;
    use crate::support::program::Town;

    #[test]
    fn a_clock_that_is_behind_and_keys_that_end_soon_are_told_of() {
        let town = Town::fresh();
        let doctor = |moved: &str| town.at(moved, "buyer", &["--json", "doctor"]);
        let behind = doctor("-2d");
        assert_eq!((behind.code, line(&behind, "clock")[1].as_str()), (Some(1), "clock-behind"), "{behind:?}");
        // Keys are valid for three years.
        let late = doctor("+1080d");
        assert_eq!(late.code, Some(0), "it is renewed in time: {late:?}");
        assert_eq!(line(&late, "own"), ["look", "own-soon", "mailorder sync"]);
        assert_eq!(line(&late, "theirs"), ["look", "theirs-soon", "mailorder key show shop@demo.test"]);
        let over = doctor("+1200d");
        assert_eq!((over.code, line(&over, "own")[1].as_str()), (Some(1), "own-fault"), "{over:?}");
        assert_eq!(line(&over, "theirs")[1], "theirs");
    }
}
