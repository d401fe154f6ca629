//! Commands that messages propose: each is one that can be run as it stands, with `-c FILE` where this one had it.

use std::path::{Path, PathBuf};

use clap::CommandFactory;

use super::Shell;
use super::args::Cli;
use super::failure::Failure;
use crate::words::commands::Commands;

pub(super) use crate::words::commands::quoted;

/// Returns how commands are written for an account of this configuration.
fn commands(config: Option<PathBuf>) -> Commands {
    let names = Cli::command().get_subcommands().map(|one| one.get_name().to_owned()).collect();
    Commands::new(names, config)
}

/// Returns a text in which each command of ours names the configuration it is run with.
pub(super) fn with_config(text: &str, config: Option<&Path>) -> String {
    let Some(config) = config else { return text.to_owned() };
    commands(Some(config.to_owned())).runnable(text)
}

impl Shell {
    /// Proposes a command on standard error.
    pub(super) fn hint(&self, text: &str) {
        self.output.message(format!("{}{}", self.words.say("terminal.hint"), self.said(text)));
    }

    /// Says on standard error what comes next.
    pub(super) fn next(&self, text: &str) {
        self.output.message(format!("{}{}", self.words.say("terminal.next"), self.said(text)));
    }

    /// Tells a person something that no standard output is for.
    pub(super) fn tell(&self, text: &str) {
        self.output.message(format!("mailorder: {}", super::output::escape(&self.said(text))));
    }

    /// Prints a sentence on standard output, in the language of the terminal and in as many lines as it needs there. What others
    /// wrote is made harmless before.
    pub(super) fn line(&self, english: &str) -> Result<(), Failure> {
        self.output.paragraph(&self.words.sentence(english))
    }

    /// Says in one line what was done, where a person looks on.
    pub(super) fn done(&self, text: impl AsRef<str>) {
        self.output.done(super::output::escape(&self.said(text.as_ref())));
    }

    /// Returns how commands are written that are read elsewhere than in the folder this one is run in, and without its environment.
    pub(super) fn commands_anywhere(&self) -> Result<Commands, Failure> {
        let named = self.global.config.clone().or(self.environment.config.clone());
        let whole = |file| std::path::absolute(file).map_err(|error| Failure::io(error.to_string()));
        Ok(commands(named.map(whole).transpose()?))
    }

    /// Returns a sentence as a person reads it: in the language of the terminal, its commands with their configuration.
    pub(super) fn said(&self, english: &str) -> String {
        with_config(&self.words.sentence(english), self.global.config.as_deref())
    }
}
