//! Wrong usage in the reader's language: each part of what the parser would say in English, made anew of what it names.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::words::Words;

/// What stands before the lines that belong to the one above them.
const INDENT: &str = "  ";
/// What the parser writes before a command's usage.
const USAGE: &str = "Usage: ";

/// Returns what is wrong with the arguments, what may have been meant, how the command is used and where more is said;
/// `None` for what this program's arguments cannot do.
pub(super) fn said(error: &clap::Error, words: Words) -> Option<String> {
    let wrong = Wrong { error, words };
    let mut blocks = vec![words.fill("usage.error", &[("what", &wrong.what()?)])];
    let tips: Vec<String> =
        wrong.tips().iter().map(|tip| format!("{INDENT}{}", words.fill("usage.tip", &[("what", tip)]))).collect();
    blocks.extend((!tips.is_empty()).then(|| tips.join("\n")));
    blocks.extend(wrong.usage());
    blocks.push(words.fill("usage.more", &[("flag", &"--help")]));
    Some(format!("{}\n", blocks.join("\n\n")))
}

struct Wrong<'a> {
    error: &'a clap::Error,
    words: Words,
}

impl Wrong<'_> {
    fn text(&self, kind: ContextKind) -> Option<&str> {
        match self.error.get(kind)? {
            ContextValue::String(text) => Some(text),
            _ => None,
        }
    }

    fn texts(&self, kind: ContextKind) -> Vec<&str> {
        match self.error.get(kind) {
            Some(ContextValue::Strings(texts)) => texts.iter().map(String::as_str).collect(),
            Some(ContextValue::String(text)) => vec![text],
            _ => Vec::new(),
        }
    }

    /// Says what is wrong.
    fn what(&self) -> Option<String> {
        let one = self.text(ContextKind::InvalidArg);
        let of = |key: &str, one: &str| self.words.fill(key, &[("one", &one)]);
        Some(match self.error.kind() {
            ErrorKind::UnknownArgument => of("usage.unknown", one?),
            ErrorKind::InvalidSubcommand => of("usage.no-command", self.text(ContextKind::InvalidSubcommand)?),
            ErrorKind::MissingSubcommand => {
                let needs = of("usage.needs-command", self.text(ContextKind::InvalidSubcommand)?);
                needs + &self.known("usage.commands", ContextKind::ValidSubcommand)
            }
            ErrorKind::MissingRequiredArgument => {
                below(self.words.say("usage.missing"), &self.texts(ContextKind::InvalidArg))
            }
            ErrorKind::ArgumentConflict => self.conflict()?,
            ErrorKind::InvalidValue if self.text(ContextKind::InvalidValue)?.is_empty() => {
                of("usage.valueless", one?) + &self.known("usage.values", ContextKind::ValidValue)
            }
            ErrorKind::InvalidValue => {
                self.value("usage.value")? + &self.known("usage.values", ContextKind::ValidValue)
            }
            ErrorKind::ValueValidation => match self.error.source() {
                Some(why) => {
                    let (value, why) = (self.text(ContextKind::InvalidValue)?, self.words.sentence(&why.to_string()));
                    self.words.fill("usage.value-why", &[("one", &one?), ("value", &value), ("why", &why)])
                }
                None => self.value("usage.value")?,
            },
            ErrorKind::TooManyValues => self.value("usage.too-many")?,
            ErrorKind::InvalidUtf8 => self.words.say("usage.utf8"),
            _ => return None,
        })
    }

    /// Fills a text about an argument and its value.
    fn value(&self, key: &str) -> Option<String> {
        let (one, value) = (self.text(ContextKind::InvalidArg)?, self.text(ContextKind::InvalidValue)?);
        Some(self.words.fill(key, &[("one", &one), ("value", &value)]))
    }

    /// Returns a line that lists what could stand there; nothing where the parser knows of nothing.
    fn known(&self, key: &str, kind: ContextKind) -> String {
        let quoted =
            |text: &&str| if text.contains(char::is_whitespace) { format!("{text:?}") } else { (*text).to_owned() };
        let known: Vec<String> = self.texts(kind).iter().map(quoted).collect();
        if known.is_empty() {
            return String::new();
        }
        format!("\n{INDENT}{}", self.words.fill(key, &[("values", &known.join(", "))]))
    }

    /// Says which arguments exclude each other.
    fn conflict(&self) -> Option<String> {
        let others = self.texts(ContextKind::PriorArg);
        let Some(one) = self.text(ContextKind::InvalidArg) else {
            let one = self.text(ContextKind::InvalidSubcommand)?;
            return Some(below(self.words.fill("usage.command-with", &[("one", &one)]), &others));
        };
        match others.as_slice() {
            [other] if *other == one => Some(self.words.fill("usage.twice", &[("one", &one)])),
            [other] => Some(self.words.fill("usage.with", &[("one", &one), ("other", other)])),
            others => Some(below(self.words.fill("usage.with-all", &[("one", &one)]), others)),
        }
    }

    /// Says what may have been meant.
    fn tips(&self) -> Vec<String> {
        let alike = [
            (ContextKind::SuggestedSubcommand, "usage.like-command", "usage.like-commands"),
            (ContextKind::SuggestedArg, "usage.like-argument", "usage.like-arguments"),
            (ContextKind::SuggestedValue, "usage.like-value", "usage.like-values"),
        ];
        let tip = |(kind, one, several): (ContextKind, &str, &str)| match self.texts(kind).as_slice() {
            [] => None,
            [near] => Some(self.words.fill(one, &[("near", near)])),
            near => {
                let near: Vec<String> = near.iter().map(|near| format!("'{near}'")).collect();
                Some(self.words.fill(several, &[("near", &near.join(", "))]))
            }
        };
        let mut tips: Vec<String> = alike.into_iter().filter_map(tip).collect();
        if let Some(ContextValue::StyledStrs(others)) = self.error.get(ContextKind::Suggested) {
            tips.extend(others.iter().map(|other| self.words.sentence(&other.to_string())));
        }
        tips
    }

    /// Returns how the command is used, its further lines below the first.
    fn usage(&self) -> Option<String> {
        let Some(ContextValue::StyledStr(usage)) = self.error.get(ContextKind::Usage) else { return None };
        let usage = usage.to_string();
        let lines: Vec<&str> = usage.trim_start_matches(USAGE).lines().map(str::trim).collect();
        let head = self.words.say("usage.usage");
        let gap = format!("\n{}", " ".repeat(unicode_width::UnicodeWidthStr::width(head.as_str())));
        Some(format!("{head}{}", lines.join(&gap)))
    }
}

/// Returns a line with others below it.
fn below(head: String, others: &[&str]) -> String {
    others.iter().fold(head, |said, other| format!("{said}\n{INDENT}{other}"))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;
    use crate::cli::Cli;
    use crate::mail::Language;

    /// Wrong usage of each kind there is.
    const WRONG: [&str; 20] = [
        "list --undelivred",
        "list --no-such-thing",
        "confirm K5QW3Z more",
        "lsit",
        "frobnicate",
        "shop notfy K5QW3Z",
        "order --item",
        "show",
        "ledger redact 42",
        "shop procedure run order.toml",
        "list --role seller",
        "list --limit 0",
        "list --from yesterday --month 2026-11",
        "list --from 2026-11-08 --month 2026-11",
        "--color sometimes list",
        "--color allways list",
        "--lang fr list",
        "demo --transactions 5001",
        "demo --transactions many",
        "serve --port 1 --port 2",
    ];

    fn error(line: &str) -> clap::Error {
        Cli::try_parse_from(std::iter::once("mailorder").chain(line.split(' '))).expect_err(line)
    }

    #[test]
    fn in_english_it_would_be_what_the_parser_says() {
        for line in WRONG {
            let error = error(line);
            assert_eq!(said(&error, Words::ENGLISH).unwrap(), error.render().to_string(), "{line}");
        }
    }

    #[test]
    fn in_japanese_no_word_of_the_parser_is_left() {
        for line in WRONG {
            let told = said(&error(line), Words::of(Language::Ja)).unwrap();
            for word in
                ["error", "argument", "value", "tip", "Usage", "More", "exists", "found", "required", "is not", "digit"]
            {
                let ours = |part: &str| part.contains(word) && !part.contains('<') && !part.starts_with('\'');
                assert!(!told.lines().any(ours), "{word}: {told}");
            }
            assert!(told.starts_with("エラー：") && told.ends_with("'--help' にあります。\n"), "{told}");
        }
        let told = said(&error("list --undelivred"), Words::of(Language::Ja)).unwrap();
        assert_eq!(
            told,
            "エラー：引数 '--undelivred' はここでは使えません\n\n  ヒント：似た引数があります：'--undelivered'\n\n\
             使い方：mailorder list --undelivered [QUERY]...\n\n詳しくは '--help' にあります。\n"
        );
    }

    #[test]
    fn no_argument_can_be_wrong_in_a_way_that_is_not_told() {
        let mut command = Cli::command();
        command.build();
        let mut below = vec![&command];
        while let Some(command) = below.pop() {
            for argument in command.get_arguments() {
                let many = argument.get_num_args().unwrap_or_default();
                assert!(many.min_values() < 2 && !argument.is_require_equals_set(), "{argument}");
            }
            below.extend(command.get_subcommands());
        }
    }
}
