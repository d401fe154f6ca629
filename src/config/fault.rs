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
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count().saturating_add(1);
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
        Self::Place { file: file.to_owned(), line, column, what: with_nearest(error.message()) }
    }
}

/// Turns the library's "unknown field `x`, expected one of ..." into a sentence with the nearest name.
fn with_nearest(message: &str) -> String {
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
        None => format!("unknown key `{unknown}`; config.example.toml has all keys"),
    }
}
