//! What is wrong with a configuration, said with file, line, column, key and the nearest right name.

use std::path::{Path, PathBuf};

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file}: {cause}")]
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
    /// Several values cannot be; the first is told where only one is asked for.
    #[error("{}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Several(Vec<Self>),
}

impl ConfigError {
    /// Returns each fault by itself, in the order they were found.
    pub fn all(self) -> Vec<Self> {
        match self {
            Self::Several(faults) => faults.into_iter().flat_map(Self::all).collect(),
            one => vec![one],
        }
    }

    /// Puts a fault of a value at its byte of the text.
    pub(super) fn at(self, at: usize) -> Self {
        match self {
            Self::Value { file, key, what } => Self::At { file, at, what: format!("{key}: {what}") },
            other => other,
        }
    }

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

/// Faults as they are found, where the first keeps no other back.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<ConfigError>);

impl Faults {
    pub(super) fn add(&mut self, fault: ConfigError) {
        self.0.push(fault);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes a settled value; where it could not be, its fault, and anything in its place.
    pub(super) fn take<T: Default>(&mut self, settled: Result<T, ConfigError>) -> T {
        settled.unwrap_or_else(|fault| {
            self.add(fault);
            T::default()
        })
    }

    /// Returns the value, if there is no fault.
    pub(super) fn or<T>(mut self, value: T) -> Result<T, ConfigError> {
        if self.0.len() > 1 {
            return Err(ConfigError::Several(self.0));
        }
        self.0.pop().map_or(Ok(value), Err)
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

/// Turns the library's words about types of the program's into words about what is written.
fn plain(message: &str) -> String {
    let quoted = |text: &str| text.split('`').nth(1).map(str::to_owned);
    if let Some((got, wanted)) = message.strip_prefix("invalid type: ").and_then(|rest| rest.rsplit_once(", expected "))
    {
        return format!("{} is wanted here, not {}", kind(wanted), written_as(got));
    }
    if let Some((got, wanted)) =
        message.strip_prefix("invalid value: ").and_then(|rest| rest.rsplit_once(", expected "))
    {
        return format!("{} cannot be; {} is wanted here", written_as(got), kind(wanted));
    }
    if let Some(name) = message.strip_prefix("missing field ").and_then(quoted) {
        return format!("the key `{name}` is missing");
    }
    if let Some(rest) = message.strip_prefix("unknown variant `") {
        let mut quoted = rest.split('`');
        let got = quoted.next().unwrap_or_default();
        let known: Vec<&str> = quoted.skip(1).step_by(2).collect();
        return format!("{got:?} is none of {}", known.join(", "));
    }
    message.to_owned()
}

/// Names a kind of value by the library's word for it.
fn kind(word: &str) -> String {
    let most = match word {
        "u8" => Some("255"),
        "u16" => Some("65535"),
        "u32" | "u64" | "usize" => Some("4294967295"),
        _ => None,
    };
    match (word, most) {
        (_, Some(most)) => format!("a whole number from 0 to {most}"),
        ("i8" | "i16" | "i32" | "i64", _) => "a whole number".to_owned(),
        ("a sequence", _) => "a list, [...],".to_owned(),
        ("a string", _) => "a text, \"...\",".to_owned(),
        ("a boolean", _) => "true or false".to_owned(),
        ("a map", _) => "a table".to_owned(),
        (other, _) if other.starts_with("struct ") => "a table, { key = value, ... },".to_owned(),
        (other, _) => other.to_owned(),
    }
}

/// Names what is written by the library's words for it, like "string \"x\"" or "integer `5`".
fn written_as(words: &str) -> String {
    match words.split_once(' ') {
        Some(("string", text)) => format!("the text {text}"),
        Some(("integer" | "boolean", value)) => value.trim_matches('`').to_owned(),
        Some(("floating", value)) => value.trim_start_matches("point ").trim_matches('`').to_owned(),
        _ if words == "sequence" => "a list".to_owned(),
        _ if words == "map" => "a table".to_owned(),
        _ => words.to_owned(),
    }
}

/// Turns the library's "unknown field `x`, expected one of ..." into a sentence with the nearest name.
fn with_nearest(message: &str, all: &str) -> String {
    let Some(rest) = message.strip_prefix("unknown field `") else { return plain(&message.replace('\n', "; ")) };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_library_are_put_into_those_of_who_writes_the_file() {
        for (said, put) in [
            ("invalid type: string \"a\", expected a sequence", "a list, [...], is wanted here, not the text \"a\""),
            (
                "invalid type: string \"two\", expected u16",
                "a whole number from 0 to 65535 is wanted here, not the text \"two\"",
            ),
            (
                "invalid type: string \"a@b\", expected struct PartyWritten",
                "a table, { key = value, ... }, is wanted here, not the text \"a@b\"",
            ),
            (
                "invalid value: integer `70000`, expected u16",
                "70000 cannot be; a whole number from 0 to 65535 is wanted here",
            ),
            ("unknown variant `merchant`, expected one of `buyer`, `shop`", "\"merchant\" is none of buyer, shop"),
            ("missing field `fingerprint`", "the key `fingerprint` is missing"),
            ("duplicate key", "duplicate key"),
        ] {
            assert_eq!(with_nearest(said, "all"), put);
        }
        assert_eq!(
            with_nearest("unknown field `colour`, expected `color`", "all"),
            "unknown key `colour`; did you mean `color`?"
        );
    }
}
