//! Commands of ours that texts propose: each is one that can be run as it stands, with `-c FILE` where the account needs it.

use std::path::PathBuf;

/// What the program is called in its own messages.
const PROGRAM: &str = "mailorder ";

/// How commands are written for one account.
#[derive(Debug, Clone, Default)]
pub struct Commands {
    names: Vec<String>,
    config: Option<PathBuf>,
}

impl Commands {
    /// Takes the first words of all commands, and the configuration that is named to them, if it must be.
    pub const fn new(names: Vec<String>, config: Option<PathBuf>) -> Self {
        Self { names, config }
    }

    /// Returns a text in which each command of ours names the configuration it is run with: `mailorder sync` becomes
    /// `mailorder -c x.toml sync`.
    pub fn runnable(&self, text: &str) -> String {
        let Some(config) = &self.config else { return text.to_owned() };
        let is_ours = |rest: &str| {
            let word: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
            self.names.contains(&word)
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
}

/// Returns a word as a shell reads it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./~+,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposed_command_names_the_configuration_it_is_run_with() {
        let names = ["key", "order", "sync"].map(str::to_owned).to_vec();
        let commands = Commands::new(names.clone(), Some(PathBuf::from("my shop/config.toml")));
        assert_eq!(
            commands.runnable("run `mailorder key import FILE`, then mailorder order"),
            "run `mailorder -c 'my shop/config.toml' key import FILE`, then mailorder -c 'my shop/config.toml' order"
        );
        assert_eq!(commands.runnable("mailorder knows nothing of it"), "mailorder knows nothing of it");
        assert_eq!(Commands::new(names, None).runnable("mailorder sync"), "mailorder sync");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
