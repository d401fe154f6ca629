//! What of the arguments counts before they are parsed: the parser writes its own help and errors.

use std::path::PathBuf;

use super::language;
use crate::config::Environment;
use crate::mail::Language;
use crate::words::Words;

/// Options of every command that take a value, which is no command.
const VALUED: [&str; 4] = ["-c", "--config", "--lang", "--color"];
/// What `help` tells of that is a command of its own, and has more to say than its help.
const TOPIC: &str = "exit-codes";

/// The arguments as they were given.
pub(super) struct Early(Vec<String>);

impl Early {
    /// Takes the arguments of the process.
    pub(super) fn of_process() -> Self {
        Self::of(std::env::args_os())
    }

    /// Takes these arguments, the program's name first.
    pub(super) fn of(words: impl Iterator<Item = std::ffi::OsString>) -> Self {
        Self(words.map(|word| word.to_string_lossy().into_owned()).collect())
    }

    /// Returns the arguments of the process for the parser: `help exit-codes` is the command.
    pub(super) fn arguments(&self) -> Vec<std::ffi::OsString> {
        let mut words: Vec<std::ffi::OsString> = std::env::args_os().collect();
        if let Some(help) = self.help_of_topic() {
            words.remove(help);
        }
        words
    }

    /// Returns the place of `help` where the topic is all that it is asked for.
    fn help_of_topic(&self) -> Option<usize> {
        let is_value = |at: usize| {
            at.checked_sub(1).and_then(|before| self.0.get(before)).is_some_and(|word| VALUED.contains(&word.as_str()))
        };
        let is_word = |(at, word): &(usize, &String)| !word.starts_with('-') && !is_value(*at);
        let said: Vec<(usize, &String)> = self.0.iter().enumerate().skip(1).filter(is_word).collect();
        match said.as_slice() {
            [(at, help), (_, topic)] if *help == "help" && *topic == TOPIC => Some(*at),
            _ => None,
        }
    }

    /// Returns what stands behind a flag: `--color never`, `--color=never`.
    pub(super) fn named(&self, flag: &str) -> Option<&str> {
        self.0.iter().enumerate().find_map(|(at, word)| match word.strip_prefix(flag) {
            Some("") => self.0.get(at.saturating_add(1)).map(String::as_str),
            Some(value) => value.strip_prefix('='),
            None => None,
        })
    }

    /// Returns whether nothing but help is asked for, or nothing at all.
    pub(super) fn asks_for_help(&self) -> bool {
        self.0.len() < 2 || self.0.iter().any(|word| matches!(word.as_str(), "-h" | "--help" | "help"))
    }

    /// Returns whether JSON is asked for: what a program reads is the same in every language.
    pub(super) fn asks_for_json(&self) -> bool {
        self.0.iter().any(|word| word == "--json")
    }

    /// Returns the words that people read.
    pub(super) fn words(&self, environment: &Environment) -> Words {
        let config = self.named("--config").or_else(|| self.named("-c")).map(PathBuf::from);
        language::chosen(self.named("--lang").and_then(Language::parse), config, environment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_of_a_topic_is_found_among_the_options_and_nowhere_else() {
        let of = |line: &str| Early::of(line.split(' ').map(Into::into)).help_of_topic();
        assert_eq!(of("mailorder help exit-codes"), Some(1));
        assert_eq!(of("mailorder --lang ja -c help help --json exit-codes"), Some(5));
        for other in ["mailorder exit-codes", "mailorder help", "mailorder help list", "mailorder show help exit-codes"]
        {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
