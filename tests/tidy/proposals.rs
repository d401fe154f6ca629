//! Commands that messages propose are commands: each that stands in a catalogue or in the source is given to the program's own
//! parser, with something in each of its places.

use clap::Parser;
use clap::error::ErrorKind;
use mailorder::cli::Cli;
use toml::{Table, Value};

use super::source::Source;
use super::{TextFile, assert_none, files, read};
use crate::help::words;

/// What a place in a sentence stands for, where a command has one.
const PLACES: [(&str, &str); 12] = [
    // One of the parts that have an inbox, in the source too.
    ("{} inbox", "shop inbox"),
    ("mailorder {}", "mailorder sync"),
    ("ADDRESS {what}", "ADDRESS"),
    ("{leg}", "payment"),
    ("{shop}", "shop@example.com"),
    ("{who}", "shop@example.com"),
    ("{n}", "42"),
    ("{command}", "shop"),
    ("{role}", " --role buyer"),
    ("{lines}", " --line 1=1"),
    ("{again}", "W-12"),
    ("{key}", "A5CA1318A31003A41B02A33D03FE392F1B13BEA1"),
];

/// Words by which a sentence goes on behind a command that no sign ends.
const GOES_ON: [&str; 13] =
    ["has", "notes", "shows", "keeps", "orders", "cancels", "erases", "lets", "then", "or", "and", "if", "to"];

/// Where the program itself is meant, and no command of it.
const PROGRAM: [&str; 5] = [
    "another mailorder is writing",
    "a bug in mailorder",
    "別の mailorder が",
    "mailorder checkpoint 1",
    "mailorder row 1",
];

/// Returns the commands in a sentence, with something in their places.
fn proposed(sentence: &str) -> Vec<String> {
    if PROGRAM.iter().any(|words| sentence.contains(words)) {
        return Vec::new();
    }
    let begins = sentence.match_indices("mailorder ").map(|(at, _)| at);
    begins.map(|at| command(&sentence[..at], &sentence[at..])).filter(|command| !command.is_empty()).collect()
}

/// Returns the command that a text begins with. Between backquotes it is all there is; else it ends with a sign, a word by which
/// the sentence goes on, or another script.
fn command(before: &str, text: &str) -> String {
    let quoted = before.matches('`').count() % 2 == 1;
    let text = match quoted {
        true => text.split('`').next().unwrap_or_default().to_owned(),
        false => {
            let ascii = text.split(|c: char| !c.is_ascii()).next().unwrap_or_default();
            let mut told: Vec<&str> = Vec::new();
            for word in ascii.split(' ') {
                if GOES_ON.contains(&word) || word.starts_with(['(', '>', '|']) {
                    break;
                }
                let bare = word.trim_end_matches([',', ';', ':', '.']);
                told.push(if word.ends_with("...") { word } else { bare });
                if bare.len() < word.len() && !word.ends_with("...") {
                    break;
                }
            }
            told.join(" ")
        }
    };
    let filled = PLACES.iter().fold(text, |text, (place, real)| text.replace(place, real));
    let mut plain = String::new();
    let mut rest = filled.as_str();
    while let Some((begin, after)) = rest.split_once('{') {
        let (_, end) = after.split_once('}').unwrap_or(("", ""));
        plain.push_str(begin);
        plain.push_str("K5QW3Z");
        rest = end;
    }
    plain + rest
}

/// Returns a line for each command of a sentence that is none.
fn faults(place: &str, sentence: &str) -> Vec<String> {
    let wrong = |command: &String| Cli::try_parse_from(words(command)).err().map(|error| (command.clone(), error));
    let said = |(command, error): (String, clap::Error)| {
        let is_name = command.split(' ').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()));
        match error.kind() {
            ErrorKind::DisplayHelp => None,
            // A command that is named, and not written out.
            ErrorKind::MissingRequiredArgument if is_name => None,
            _ => Some(format!("{place}: `{command}`: {error}")),
        }
    };
    proposed(sentence).iter().filter_map(wrong).filter_map(said).collect()
}

/// Calls `found` for each text of a catalogue, with its key.
fn each(table: &Table, path: &str, found: &mut dyn FnMut(&str, &str)) {
    for (key, value) in table {
        let path = format!("{path}.{key}");
        match value {
            Value::Table(inner) => each(inner, &path, found),
            Value::String(text) => text.split('|').for_each(|text| found(&path, text)),
            _ => {}
        }
    }
}

#[test]
fn every_command_that_a_catalogue_proposes_is_one() {
    let (mut all, mut count) = (Vec::new(), 0);
    for language in ["en", "ja"] {
        for name in ["sentences", "terminal", "page", "help"] {
            let file = format!("templates/words/{language}/{name}.toml");
            let Some(text) = read(&file) else { continue };
            each(&text.parse().unwrap(), &file, &mut |place, sentence| {
                count += proposed(sentence).len();
                all.extend(faults(place, sentence));
            });
        }
    }
    assert!(count > 150, "{count} commands were found");
    assert_none(&all);
}

#[test]
fn every_command_that_the_source_proposes_by_itself_is_one() {
    let mut count = 0;
    let sources: Vec<TextFile> = files(&["src"]).into_iter().filter(TextFile::is_rust).collect();
    let mut all = Vec::new();
    for file in &sources {
        let program = file.text.split("#[cfg(test)]").next().unwrap_or_default();
        let proposes = |text: &&str| text.len() > "mailorder ".len() && text.starts_with("mailorder ");
        for text in Source::read(program).literals.iter().map(|literal| literal.text.as_str()).filter(proposes) {
            count += 1;
            all.extend(faults(&file.path, text));
        }
    }
    assert!(count > 40, "{count} commands were found");
    assert_none(&all);
}

#[test]
fn the_check_of_proposals_can_fail() {
    assert_eq!(proposed("see `mailorder warnings`, then `mailorder warnings ack {again}`").len(), 2);
    assert_eq!(proposed("mailorder warnings ack ID notes it as seen"), ["mailorder warnings ack ID"]);
    assert_eq!(proposed("mailorder sync: it waits"), ["mailorder sync"]);
    assert_eq!(proposed("{id} は `mailorder ask {id}` で"), ["mailorder ask K5QW3Z"]);
    assert!(faults("here", "mailorder confirm {id}, or mailorder cancel {id}").is_empty());
    for wrong in ["mailorder warnings acknowledge ID", "try mailorder refresh", "`mailorder ask {id} --legs payment`"] {
        assert_eq!(faults("here", wrong).len(), 1, "{wrong}");
    }
}
