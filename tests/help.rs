//! Help that runs: every example in the help and every command of the pages parses with the program's own parser.

use clap::{ArgMatches, Command, CommandFactory, Parser};
use mailorder::cli::Cli;

use crate::support::program::{Town, mailorder};

pub const README: &str = include_str!("../README.md");
pub const README_JAPANESE: &str = include_str!("../README.ja.md");

/// Parts a line as a shell does, as far as examples go: blanks, single and double quotes, a comment at the end.
/// What follows a redirection, a pipe or `&&` is not ours.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '>' | '<' | '|' | '&' | ';') => break,
            (None, '#') if word.is_none() => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    assert!(quote.is_none(), "a quotation mark is open in {line:?}");
    words.extend(word);
    words
}

/// Returns the subcommands that a parsed line names.
fn named(matches: &ArgMatches) -> Vec<String> {
    let mut path = Vec::new();
    let mut inside = matches;
    while let Some((name, deeper)) = inside.subcommand() {
        path.push(name.to_owned());
        inside = deeper;
    }
    path
}

/// Calls `found` for each subcommand, groups included, with its path.
fn each(command: &Command, path: &[String], found: &mut dyn FnMut(&[String], &Command)) {
    for inner in command.get_subcommands() {
        let mut path = path.to_vec();
        path.push(inner.get_name().to_owned());
        found(&path, inner);
        each(inner, &path, found);
    }
}

/// Returns the examples in the help of a command.
fn of_help(command: &Command) -> (String, Vec<String>) {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let indented = help.lines().filter_map(|line| line.strip_prefix("  "));
    let examples = indented.filter(|line| line.starts_with("mailorder ")).map(str::to_owned).collect();
    (help, examples)
}

/// Returns all examples of the help, those of groups included.
pub fn examples() -> Vec<String> {
    fn below(command: &Command, found: &mut Vec<String>) {
        found.extend(of_help(command).1);
        command.get_subcommands().for_each(|inner| below(inner, found));
    }
    let mut found = Vec::new();
    below(&Cli::command(), &mut found);
    found
}

fn faults_of_help() -> Vec<String> {
    let mut faults = Vec::new();
    let mut count = 0;
    each(&Cli::command(), &[], &mut |path, command| {
        count += 1;
        let (help, examples) = of_help(command);
        if !help.starts_with("Example") || examples.is_empty() {
            faults.push(format!("{path:?} has no example"));
        }
        for example in examples {
            match Cli::command().try_get_matches_from(words(&example)) {
                // An example of a group may be one of its members'.
                Ok(matches) if named(&matches).starts_with(path) => {}
                Ok(_) => faults.push(format!("{path:?} has an example of another command: {example}")),
                Err(error) => faults.push(format!("{path:?}: {example}: {error}")),
            }
        }
    });
    assert!(count > 30, "{count} commands were found");
    faults
}

/// Returns the commands of a page: lines of its code blocks for a shell that begin with the program, after a prompt or
/// the five fields of a crontab.
pub fn commands(page: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut shell = false;
    for line in page.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            shell = !shell && matches!(language, "sh" | "console" | "crontab");
            continue;
        }
        if !shell {
            continue;
        }
        let line = line.strip_prefix("$ ").unwrap_or(line);
        let after_times = line.splitn(6, ' ').nth(5).map(str::trim_start);
        let own = [Some(line), after_times].into_iter().flatten().find(|text| text.starts_with("mailorder "));
        let cargo = line.strip_prefix("cargo run --release -- ").map(|rest| format!("mailorder {rest}"));
        commands.extend(own.map(str::to_owned).or(cargo));
    }
    commands
}

#[test]
fn every_subcommand_has_an_example_and_every_example_parses() {
    let faults = faults_of_help();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_command_of_the_readme_parses() {
    let commands = commands(README);
    let japanese = self::commands(README_JAPANESE);
    assert!(commands.len() >= 20 && japanese.len() >= 10, "{commands:?} {japanese:?}");
    let faults: Vec<String> = commands
        .iter()
        .chain(&japanese)
        .filter_map(|line| Cli::try_parse_from(words(line)).err().map(|error| format!("{line}: {error}")))
        .collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn the_readme_makes_an_account_for_every_part() {
    let inits: Vec<String> = commands(README).into_iter().filter(|line| line.starts_with("mailorder init ")).collect();
    for part in ["shop", "payment", "delivery"] {
        let role = format!("--role {part} ");
        assert!(inits.iter().any(|line| line.contains(&role)), "{part}: {inits:?}");
        let alone = |line: &&String| line.contains(&role) && line.matches("--role").count() == 1;
        assert!(part == "shop" || inits.iter().any(|line| alone(&line)), "{part} alone: {inits:?}");
    }
}

#[test]
fn the_readme_names_every_subcommand() {
    let missing: Vec<String> = Cli::command()
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .filter(|name| !README.contains(&format!("`{name}`")) && !README.contains(&format!("mailorder {name}")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_order_file_of_the_help_can_be_ordered_by() {
    let command = Cli::command();
    let help = command.find_subcommand("order").unwrap().get_after_help().unwrap().to_string();
    let (_, file) = help.split_once("order.toml, of which").unwrap();
    let file: String = file.lines().skip(1).map(|line| format!("{}\n", line.trim())).collect();
    let town = Town::played();
    std::fs::write(town.path("order.toml"), &file).unwrap();
    let path = town.path("order.toml");
    let args = ["order", "--shop", "shop@demo.test", "--dry-run", "--json", "--file", path.to_str().unwrap()];
    let order = &town.does("buyer", &args).json()["order"];
    assert_eq!(order["total"]["amount"], "4800", "{order}");
    for (key, value) in [("payment_method", "card"), ("delivery_method", "parcel"), ("remarks", "Please ring twice")] {
        assert_eq!(order[key], value, "{order}");
    }
    assert_eq!(order["deliver_to"].as_object().unwrap().len(), 6, "{order}");
}

#[test]
fn help_is_a_word_too() {
    let folder = tempfile::tempdir().unwrap();
    let all = mailorder(folder.path(), &["help"]);
    assert_eq!((all.code, all.out), (Some(0), mailorder(folder.path(), &["--help"]).out));
    let order = mailorder(folder.path(), &["help", "order"]);
    assert_eq!(order.code, Some(0));
    assert!(order.out.contains("[[item]]"), "{}", order.out);
}

#[test]
fn exit_codes_are_a_topic_of_help_a_command_and_the_table_of_the_readme() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| mailorder(folder.path(), args);
    let (_, table) = README.split_once("## Exit codes").unwrap();
    let rows: Vec<(&str, &str)> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "))
        .filter(|(code, _)| *code != "code")
        .collect();
    let json = run(&["--json", "exit-codes"]).json();
    let codes = json["codes"].as_array().unwrap();
    let printed: Vec<(String, &str)> =
        codes.iter().map(|one| (one["code"].to_string(), one["meaning"].as_str().unwrap())).collect();
    assert!(rows.len() > 10, "{rows:?}");
    assert_eq!(printed.iter().map(|(code, meaning)| (code.as_str(), *meaning)).collect::<Vec<_>>(), rows);
    let said = run(&["help", "exit-codes"]);
    assert_eq!((said.code, &said.out), (Some(0), &run(&["exit-codes"]).out));
    assert!(said.out.contains("75    try again later"), "{said:?}");
    let japanese = run(&["--lang", "ja", "help", "exit-codes"]);
    assert!(japanese.code == Some(0) && japanese.out.contains("75    後で再試行"), "{japanese:?}");
}

#[test]
fn the_parser_itself_has_no_contradiction() {
    Cli::command().debug_assert();
}

#[test]
fn the_check_of_examples_can_fail() {
    assert_eq!(words("mailorder order --item 'a;b c' > x # y"), ["mailorder", "order", "--item", "a;b c"]);
    assert_eq!(words("mailorder show \"\""), ["mailorder", "show", ""]);
    let page = "```sh\n$ mailorder list\n*/5 * * * *  mailorder sync\ncargo run --release -- demo\n```\n```text\nmailorder x\n```\n";
    assert_eq!(commands(page), ["mailorder list", "mailorder sync", "mailorder demo"]);
    for wrong in ["mailorder lst", "mailorder list --undeliverd", "mailorder confirm"] {
        assert!(Cli::try_parse_from(words(wrong)).is_err(), "{wrong}");
    }
}
