//! What of the arguments counts before they are parsed: the parser writes its own help and errors.

use std::path::PathBuf;

use super::language;
use crate::config::Environment;
use crate::mail::Language;
use crate::words::Words;

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
