//! The file that is written, refusals, and what a terminal gets to see.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::support::program::Town;

#[test]
fn a_file_is_private_whole_and_over_no_other() {
    let town = Town::played();
    let file = town.path("orders.csv");
    let path = file.to_str().unwrap();
    let export = ["export", "--format", "csv", "--output", path];
    let run = town.does("buyer", &export);
    assert_eq!(run.out, "");
    let written = fs::read(&file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(written, town.does("buyer", &["export", "--format", "csv"]).out.as_bytes());
    fs::write(&file, "mine").unwrap();
    let again = town.run("buyer", &export);
    assert_eq!(again.code, Some(65), "{again:?}");
    assert!(again.err.contains("is there already") && again.err.contains("--overwrite"), "{again:?}");
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    town.does("buyer", &[&export[..], &["--overwrite"]].concat());
    assert_eq!(fs::read(&file).unwrap(), written);
    // A link is something that is there; written over, it is the link that is replaced.
    let (link, target) = (town.path("link.csv"), town.path("target"));
    fs::write(&target, "theirs").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let through = ["export", "--format", "csv", "--output", link.to_str().unwrap()];
    assert_eq!(town.run("buyer", &through).code, Some(65));
    town.does("buyer", &[&through[..], &["--overwrite"]].concat());
    assert_eq!(fs::read(&target).unwrap(), b"theirs");
    let nowhere = town.path("none/orders.csv");
    assert_eq!(town.run("buyer", &["export", "--format", "csv", "--output", nowhere.to_str().unwrap()]).code, Some(65));
    let left: Vec<String> =
        fs::read_dir(town.path("")).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    assert!(left.iter().all(|name| !name.ends_with(".part")), "{left:?}");
}

#[test]
fn what_cannot_be_exported_is_wrong_usage_that_says_why() {
    let town = Town::played();
    for (party, args, why) in [
        ("buyer", &["export"][..], "--format"),
        ("buyer", &["export", "--format", "xlsx"], "csv, jsonl, hledger, ics"),
        ("buyer", &["export", "--format", "ics", "--spreadsheet"], "--format csv alone"),
        ("buyer", &["export", "--format", "csv", "--json"], "--json is --format jsonl"),
        ("buyer", &["export", "--format", "csv", "mouth:2026"], "did you mean"),
        ("buyer", &["export", "--format", "csv", "--overwrite"], "--output"),
        ("pay", &["export", "--format", "hledger"], "not its own"),
    ] {
        let run = town.run(party, args);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{args:?}: {run:?}");
        assert!(run.err.contains(why), "{args:?}: {}", run.err);
    }
    // Nothing found is an empty file of its form, and no failure.
    let none = ["export", "item:nothing-of-this-name", "--format"];
    let csv = town.does("buyer", &[&none[..], &["csv"]].concat()).out;
    assert_eq!(csv.lines().count(), 1, "{csv}");
    assert_eq!(town.does("buyer", &[&none[..], &["jsonl"]].concat()).out, "");
    assert!(town.does("buyer", &[&none[..], &["ics"]].concat()).out.ends_with("END:VCALENDAR\r\n"));
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let town = Town::played();
    let config = town.path("buyer/config.toml");
    let line = "\"$0\" -c \"$1\" export --format jsonl | true; echo \"${PIPESTATUS[0]}\"";
    let output =
        Command::new("bash").args(["-c", line, env!("CARGO_BIN_EXE_mailorder")]).arg(&config).output().unwrap();
    let code = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    // It may be done before the reader is gone.
    assert!(code == "141" || code == "0", "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
