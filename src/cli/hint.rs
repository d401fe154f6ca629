//! Commands that messages propose: each is one that can be run as it stands, with `-c FILE` where this one had it.

use std::path::Path;

use clap::CommandFactory;

use super::Shell;
use super::args::Cli;
use super::failure::Failure;

/// What the program is called in its own messages.
const PROGRAM: &str = "mailorder ";

/// Returns a text in which each command of ours names the configuration it is run with: `mailorder sync` becomes
/// `mailorder -c x.toml sync`.
pub(super) fn with_config(text: &str, config: Option<&Path>) -> String {
    let Some(config) = config else { return text.to_owned() };
    let command = Cli::command();
    let is_ours = |rest: &str| {
        let word: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
        command.get_subcommands().any(|one| one.get_name() == word)
    };
    let mut parts = text.split(PROGRAM);
    let mut said = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        said.push_str(PROGRAM);
        if is_ours(part) {
            said.push_str(&format!("-c {} ", quoted(&config.to_string_lossy())));
        }
        said.push_str(part);
    }
    said
}

/// Returns a word as a shell reads it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./~+,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
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

    /// Prints a sentence on standard output, in the language of the terminal. What others wrote is made harmless before.
    pub(super) fn line(&self, english: &str) -> Result<(), Failure> {
        self.output.line(self.words.sentence(english))
    }

    /// Says in one line what was done, where a person looks on.
    pub(super) fn done(&self, text: impl AsRef<str>) {
        self.output.done(super::output::escape(&self.said(text.as_ref())));
    }

    /// Returns a sentence as a person reads it: in the language of the terminal, its commands with their configuration.
    pub(super) fn said(&self, english: &str) -> String {
        with_config(&self.words.sentence(english), self.global.config.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposed_command_names_the_configuration_it_is_run_with() {
        let said = |text: &str| with_config(text, Some(Path::new("my shop/config.toml")));
        assert_eq!(
            said("run `mailorder key import FILE`, then mailorder order"),
            "run `mailorder -c 'my shop/config.toml' key import FILE`, then mailorder -c 'my shop/config.toml' order"
        );
        assert_eq!(said("mailorder knows nothing of it"), "mailorder knows nothing of it");
        assert_eq!(with_config("mailorder sync", None), "mailorder sync");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
