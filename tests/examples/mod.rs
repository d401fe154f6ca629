//! Every example of the help, and every command of the READMEs, is run: in a copy of a town where it has something to do, with real
//! numbers, addresses and files in the place of those it is written with.

mod cases;
mod stands;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::help::{README, README_JAPANESE, commands, examples, words};
use crate::support::accounts::run;
use crate::support::program::Run;
use cases::{CASES, Case, LEFT};
use stands::{Ready, Stand};

/// Runs a line as a shell does that has the program in its path and the configuration of this account.
fn shell(ready: &Ready, party: &str, line: &str, input: &[u8]) -> Run {
    let home = ready.town.home();
    let programs = home.join("programs");
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(home).env_clear().env("HOME", home);
    command.env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
    let config = ready.town.path(party).join("config.toml");
    if config.is_file() && !line.contains(" -c ") {
        command.env("MAILORDER_CONFIG", config);
    }
    run(&mut command, input).into()
}

/// Makes the program one that a shell finds.
fn install(home: &Path) {
    let programs = home.join("programs");
    std::fs::create_dir_all(&programs).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_mailorder"), programs.join("mailorder")).unwrap();
}

/// Returns who gives a command: the part it is named by, else the buyer.
fn party(line: &str) -> &'static str {
    let part = line.split(' ').nth(1).unwrap_or_default();
    ["shop", "pay", "ship"].into_iter().find(|name| *name == part).unwrap_or("buyer")
}

/// Runs one case; says what is wrong, if anything is.
fn fault(case: &Case) -> Option<String> {
    let ready = case.stand.ready();
    install(ready.town.home());
    // What stands behind a pipe is another program's.
    let line = case.line.split(" | ").next().unwrap_or_default();
    let line = ready.real(line);
    let party = if case.party.is_empty() { party(case.line) } else { case.party };
    let run = match case.answers {
        [] => shell(&ready, party, &line, ready.input.as_bytes()),
        answers => {
            let args = words(&line);
            let args: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
            let mut screen = ready.town.types(party, &args);
            for (question, answer) in answers {
                screen.answers(question, answer);
            }
            screen.ends()
        }
    };
    let left = ready.left(&line);
    let shown = case.shows.is_empty() || format!("{}{}", run.out, run.err).contains(case.shows);
    (run.code != Some(case.code) || !left.is_empty() || !shown).then(|| {
        format!(
            "{}\n  as {party}: {line}\n  ended with {:?}, not {}, or says no {:?}; {left:?}\n{}{}",
            case.line, run.code, case.code, case.shows, run.out, run.err
        )
    })
}

/// Runs the cases of these stands.
fn all_of(stands: &[Stand]) {
    let cases: Vec<&Case> = CASES.iter().filter(|case| stands.contains(&case.stand)).collect();
    assert!(!cases.is_empty());
    let faults: Vec<String> = cases.into_iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_example_and_every_command_of_the_readme_is_run_or_named_with_the_reason_why_not() {
    let written: BTreeSet<String> =
        examples().into_iter().chain(commands(README)).chain(commands(README_JAPANESE)).collect();
    let known: BTreeSet<String> =
        CASES.iter().map(|case| case.line).chain(LEFT.iter().map(|(line, _)| *line)).map(str::to_owned).collect();
    let missing: Vec<&String> = written.difference(&known).collect();
    assert!(missing.is_empty(), "neither run nor left out: {missing:#?}");
    let gone: Vec<&String> = known.difference(&written).collect();
    assert!(gone.is_empty(), "no example any more: {gone:#?}");
    assert!(LEFT.len() <= 6 && LEFT.iter().all(|(_, why)| !why.is_empty()));
    assert!(CASES.iter().all(|case| LEFT.iter().all(|(line, _)| *line != case.line)), "one or the other");
}

#[test]
fn examples_before_and_about_an_order_are_run() {
    all_of(&[Stand::New, Stand::Offered, Stand::Open, Stand::Queued]);
}

#[test]
fn examples_of_shops_are_run() {
    all_of(&[Stand::Review, Stand::Refused, Stand::Paid, Stand::Lost]);
}

#[test]
fn examples_of_agents_are_run() {
    all_of(&[Stand::Undecided, Stand::Uncollected, Stand::Download]);
}

#[test]
fn examples_about_what_was_played_are_run() {
    all_of(&[Stand::Played]);
}

#[test]
fn what_is_not_as_its_example_says_is_told() {
    let wrong = |line, code| Case { line, stand: Stand::Played, party: "", code, answers: &[], shows: "" };
    assert_eq!(fault(&wrong("mailorder list", 0)), None);
    assert!(fault(&wrong("mailorder list", 1)).unwrap().contains("ended with Some(0), not 1,"));
    assert!(fault(&wrong("mailorder show NOSUCH", 0)).unwrap().contains("ended with Some(65)"));
    assert!(fault(&Case { shows: "no such words", ..wrong("mailorder list", 0) }).is_some());
    assert!(fault(&wrong("mailorder show AAAAAA --save ~/nowhere", 0)).is_some());
}
