//! What a person at a terminal gets that a pipe does not: a pager for what is longer than the screen, and colours. `script`
//! plays the terminal.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::program::{Run, Town};

/// The most rows of a screen that holds everything here.
const HIGH: u16 = 2000;

/// A pager by which each line shows that it went through it.
const MARKED: (&str, &str) = ("PAGER", "/bin/sed s/^/paged:/");

/// Runs a command of the buyer on a terminal of 300 columns and so many rows, with these variables.
fn on_screen(town: &Town, rows: u16, variables: &[(&str, &str)], words: &[&str]) -> Run {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let (program, config) = (env!("CARGO_BIN_EXE_mailorder"), town.path("buyer/config.toml"));
    let sized = format!("stty rows {rows} cols 300; exec '{program}' -c '{}' {}", config.display(), quoted.join(" "));
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &sized, "/dev/null"]).stdin(Stdio::null());
    with(&mut terminal, town, variables).output().unwrap().into()
}

/// Runs a command of the buyer into a pipe.
fn in_pipe(town: &Town, variables: &[(&str, &str)], words: &[&str]) -> Run {
    let mut program = Command::new(env!("CARGO_BIN_EXE_mailorder"));
    program.arg("-c").arg(town.path("buyer/config.toml")).args(words);
    with(&mut program, town, variables).output().unwrap().into()
}

/// Gives a command this environment and no other.
fn with<'a>(command: &'a mut Command, town: &Town, variables: &[(&str, &str)]) -> &'a mut Command {
    command.env_clear().env("HOME", town.path("buyer")).env("PATH", "/usr/bin:/bin").env("TERM", "xterm");
    command.env("SHELL", "/bin/sh").env("LC_ALL", "C.UTF-8").envs(variables.iter().copied())
}

/// Returns the lines of a screen.
fn lines(run: &Run) -> Vec<String> {
    assert_eq!(run.code, Some(0), "{run:?}");
    run.out.replace('\r', "").lines().map(str::to_owned).collect()
}

fn is_paged(run: &Run) -> bool {
    let lines = lines(run);
    assert!(!lines.is_empty());
    let paged = lines.iter().filter(|line| line.starts_with("paged:")).count();
    assert!(paged == 0 || paged == lines.len(), "{run:?}");
    paged > 0
}

#[test]
fn what_is_longer_than_the_screen_goes_through_the_pager_and_nothing_else_does() {
    let town = Town::played();
    // A line is left for what the shell asks next.
    let listed = |rows: u16| on_screen(&town, rows, &[MARKED, ("NO_COLOR", "1")], &["list"]);
    let whole = lines(&listed(HIGH));
    let length = u16::try_from(whole.len()).unwrap();
    assert!(length > 4);
    assert!(!is_paged(&listed(length + 1)));
    assert!(is_paged(&listed(length)));
    let paged: Vec<String> = lines(&listed(3)).iter().map(|line| line.replacen("paged:", "", 1)).collect();
    assert_eq!(paged, whole, "the same lines, each once");
    // What does work, asks or is no text for people goes without.
    for words in [&["list", "--json"][..], &["list", "--no-pager"], &["sync"], &["status"]] {
        let run = on_screen(&town, 3, &[MARKED], words);
        assert!(run.code == Some(0) && !run.out.contains("paged:"), "{words:?}: {run:?}");
    }
    let id = town.list(&[])[0]["id"].as_str().unwrap().to_owned();
    for words in [&["show", &id][..], &["key", "list"], &["export", "--format", "csv"], &["warnings"]] {
        let run = on_screen(&town, 3, &[MARKED], words);
        assert!(run.code != Some(0) || is_paged(&run), "{words:?}: {run:?}");
    }
    assert!(!is_paged(&in_pipe(&town, &[MARKED], &["list"])), "there is no screen");
}

#[test]
fn the_pager_is_the_one_that_was_named_and_may_be_none() {
    let town = Town::played();
    let own = ("MAILORDER_PAGER", "/bin/sed s/^/own:/");
    let listed = |variables: &[(&str, &str)]| lines(&on_screen(&town, 3, variables, &["list"]));
    assert!(listed(&[MARKED, own]).iter().all(|line| line.starts_with("own:")), "before PAGER");
    let whole = listed(&[("PAGER", "cat")]);
    assert!(whole.len() > 4);
    for none in [&[MARKED, ("MAILORDER_PAGER", "")][..], &[("PAGER", "")], &[("PAGER", "/nowhere/less -R")]] {
        assert_eq!(listed(none), whole, "{none:?}");
    }
    assert_eq!(listed(&[MARKED, ("TERM", "dumb"), ("CLICOLOR_FORCE", "1")]), whole, "such a terminal has no pages");
    // Through no shell.
    assert!(listed(&[("PAGER", "/bin/echo $(id) ; id")]).concat().contains("$(id) ; id"));
    // One that is left at once is no failure, and neither is one that fails.
    for left in ["/bin/true", "/bin/false", "/usr/bin/head -n 1"] {
        let run = on_screen(&town, 3, &[("PAGER", left)], &["list"]);
        assert_eq!(run.code, Some(0), "{run:?}");
    }
}

/// Returns a text without colours; nothing else may steer the terminal.
fn uncoloured(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut plain = parts.next().unwrap().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('m').unwrap();
        assert!(code.starts_with('[') && code[1..].bytes().all(|b| b.is_ascii_digit() || b == b';'), "{code:?}");
        plain.push_str(rest);
    }
    plain
}

#[test]
fn colours_are_as_the_flag_says_else_the_environment_else_the_terminal() {
    let town = Town::played();
    let screen =
        |variables: &[(&str, &str)], words: &[&str]| on_screen(&town, HIGH, variables, words).out.contains("\u{1b}[");
    let pipe = |variables: &[(&str, &str)], words: &[&str]| in_pipe(&town, variables, words).out.contains("\u{1b}[");
    assert!(screen(&[], &["list"]) && !pipe(&[], &["list"]));
    assert!(!screen(&[("NO_COLOR", "1")], &["list"]) && screen(&[("NO_COLOR", "")], &["list"]));
    assert!(!screen(&[("TERM", "dumb")], &["list"]) && !screen(&[("CLICOLOR", "0")], &["list"]));
    assert!(pipe(&[("CLICOLOR_FORCE", "1")], &["list"]) && !pipe(&[("CLICOLOR_FORCE", "0")], &["list"]));
    assert!(!pipe(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &["list"]));
    assert!(!screen(&[("CLICOLOR_FORCE", "1")], &["list", "--color", "never"]));
    assert!(pipe(&[("NO_COLOR", "1")], &["--color=always", "list"]) && !pipe(&[], &["list", "--color", "auto"]));
    assert!(!screen(&[("CLICOLOR_FORCE", "1")], &["--color", "always", "--json", "list"]), "JSON has no colours");
    // The help as well.
    assert!(pipe(&[], &["--help", "--color", "always"]) && !screen(&[], &["--color", "never", "--help"]));
    let wrong = in_pipe(&town, &[], &["--color", "sometimes", "list"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("auto, always, never"), "{wrong:?}");
    // Through the pager, too.
    let paged = on_screen(&town, 3, &[MARKED], &["list"]);
    assert!(is_paged(&paged) && paged.out.contains("\u{1b}[32m"), "{paged:?}");
}

#[test]
fn without_colours_nothing_is_lost() {
    let town = Town::played();
    let ids: Vec<String> = town.list(&[]).iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    let mut commands: Vec<Vec<&str>> =
        [&["list"][..], &["status"], &["warnings", "--all"], &["key", "list"], &["outbox"], &["list", "late"]]
            .map(<[&str]>::to_vec)
            .to_vec();
    commands.extend(ids.iter().map(|id| vec!["show", id.as_str()]));
    let mut coloured = 0;
    for words in &commands {
        let plain = in_pipe(&town, &[], words);
        let colours = in_pipe(&town, &[], &[&words[..], &["--color", "always"]].concat());
        assert_eq!(uncoloured(&colours.out), plain.out, "{words:?}");
        assert!(!plain.out.contains('\u{1b}'));
        // Each coloured piece is something to be read.
        for piece in colours.out.split("\u{1b}[").filter(|piece| !piece.starts_with("0m")).skip(1) {
            let (_, text) = piece.split_once('m').unwrap();
            assert!(!text.trim().is_empty(), "{words:?}: {piece:?}");
            coloured += 1;
        }
    }
    assert!(coloured > 20, "{coloured}");
    // Late is a word, not only red.
    let late = in_pipe(&town, &[("CLICOLOR_FORCE", "1")], &["list"]).out;
    for red in late.split("\u{1b}[31;1m").skip(1) {
        let text = red.split('\u{1b}').next().unwrap();
        assert!(["late", "failed", "warned"].iter().any(|word| text.contains(word)), "{text:?}");
    }
}

/// Needs less.
mod real {
    use std::io::Read as _;

    use super::*;

    /// What less writes when it waits for a key.
    const PROMPT: &[u8] = b":\x1b[K";

    #[test]
    fn less_shows_what_is_long_until_it_is_left() {
        let town = Town::played();
        let program = env!("CARGO_BIN_EXE_mailorder");
        let config = town.path("buyer/config.toml");
        let line = format!("stty rows 4 cols 150; exec '{program}' -c '{}' list", config.display());
        let mut terminal = Command::new("timeout");
        terminal.args(["60", "script", "-qec", &line, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = with(&mut terminal, &town, &[]).spawn().unwrap();
        let (mut keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut shown = Vec::new();
        let mut wait_for = |what: &[u8]| {
            let from = shown.len();
            let mut byte = [0];
            while !shown[from..].windows(what.len()).any(|part| part == what) {
                assert_eq!(screen.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&shown));
                shown.push(byte[0]);
            }
        };
        // Ctrl-C is for less, which stays, and so do we.
        wait_for(PROMPT);
        keys.write_all(b"\x03").unwrap();
        std::thread::sleep(std::time::Duration::from_millis(300));
        keys.write_all(b" ").unwrap();
        wait_for(PROMPT);
        keys.write_all(b"q").unwrap();
        drop(keys);
        screen.read_to_end(&mut shown).unwrap();
        assert!(child.wait().unwrap().success(), "{}", String::from_utf8_lossy(&shown));
        let shown = String::from_utf8_lossy(&shown);
        let all = lines(&in_pipe(&town, &[], &["list"]));
        let footer = all.last().unwrap();
        assert!(shown.contains("DELIVERY") && !shown.contains(footer.as_str()), "{shown:?}");
    }
}
