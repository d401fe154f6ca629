//! What is wrong with a configuration, said with file, line, column, key and the nearest right name.

use std::path::{Path, PathBuf};

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file}: {cause}; make one with `mailorder init`, or name another with --config")]
    Read {
        /// The file.
        file: PathBuf,
        /// Why not.
        cause: String,
    },
    /// Nothing says where the user's files lie.
    #[error(
        "HOME is not set to a folder, so there is no place for configuration and data; set HOME, or name a file with \
         --config and in it a folder with [storage] folder"
    )]
    NoHome,
    /// The text is no TOML, or a key or value in it cannot be.
    #[error("{file}:{line}:{column}: {what}")]
    Place {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong.
        what: String,
    },
    /// A value at a byte of the text cannot be; a [`ConfigError::Place`] once the text is looked at.
    #[error("{file}: {what}")]
    At {
        /// The file.
        file: PathBuf,
        /// The byte, from 0.
        at: usize,
        /// What is wrong.
        what: String,
    },
    /// A value does not fit with the others.
    #[error("{file}: {key}: {what}")]
    Value {
        /// The file.
        file: PathBuf,
        /// The key.
        key: String,
        /// What is wrong.
        what: String,
    },
}

impl ConfigError {
    pub(super) fn read(file: &Path, error: &std::io::Error) -> Self {
        Self::Read { file: file.to_owned(), cause: error.to_string() }
    }

    pub(super) fn value(file: &Path, key: &str, what: impl std::fmt::Display) -> Self {
        Self::Value { file: file.to_owned(), key: key.to_owned(), what: what.to_string() }
    }

    pub(super) fn toml(file: &Path, text: &str, error: &toml::de::Error) -> Self {
        place(file, text, error, "config.example.toml has all keys")
    }
}

/// Returns what is wrong in a TOML file, in one line with its place; `known` says where all its keys are shown.
pub fn place(file: &Path, text: &str, error: &toml::de::Error, known: &str) -> ConfigError {
    let (line, column) = line_and_column(text, error.span().map_or(0, |span| span.start));
    ConfigError::Place { file: file.to_owned(), line, column, what: with_nearest(error.message(), known) }
}

/// Returns line and column, each from 1, of a byte of a text.
pub(super) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count().saturating_add(1);
    (line, before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1))
}

/// Returns line and column of a key, like `trust.policy`, or else of the nearest table around it that is there; `None`
/// where it stands more than once, as in tables of which there are several.
pub(super) fn key_at(text: &str, path: &str) -> Option<(usize, usize)> {
    let mut table = String::new();
    let mut best: Vec<(usize, usize, usize)> = Vec::new();
    for (place, line) in text.lines().enumerate() {
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        let content = line.split('#').next().unwrap_or_default().trim();
        let name = if content.starts_with('[') && content.ends_with(']') && !content.contains(['"', ',', '=']) {
            content.trim_matches(['[', ']', ' ']).clone_into(&mut table);
            table.clone()
        } else if let Some((key, _)) = content.split_once('=') {
            if table.is_empty() { key.trim().to_owned() } else { format!("{table}.{}", key.trim()) }
        } else {
            continue;
        };
        let within = path == name || path.strip_prefix(&name).is_some_and(|rest| rest.starts_with('.'));
        if within && !name.is_empty() {
            best.push((name.len(), place.saturating_add(1), indent.saturating_add(1)));
        }
    }
    let nearest = best.iter().map(|(length, ..)| *length).max()?;
    let mut nearest = best.into_iter().filter(|(length, ..)| *length == nearest);
    let (_, line, column) = nearest.next()?;
    nearest.next().is_none().then_some((line, column))
}

/// Turns the library's "unknown field `x`, expected one of ..." into a sentence with the nearest name.
fn with_nearest(message: &str, all: &str) -> String {
    let Some(rest) = message.strip_prefix("unknown field `") else { return message.replace('\n', "; ") };
    let mut quoted = rest.split('`');
    let unknown = quoted.next().unwrap_or_default();
    let known = quoted.skip(1).step_by(2);
    let nearest = known
        .map(|name| (strsim::damerau_levenshtein(unknown, name), name))
        .filter(|(distance, name)| *distance <= name.len().max(3).div_ceil(2))
        .min();
    match nearest {
        Some((_, name)) => format!("unknown key `{unknown}`; did you mean `{name}`?"),
        None => format!("unknown key `{unknown}`; {all}"),
    }
}
