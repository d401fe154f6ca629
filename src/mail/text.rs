//! The human part of a letter, from templates.
//!
//! The templates are built in; a file of the same relative name (`mail/en/order.txt`) in the user's folder takes the
//! place of the built-in one and is read once. Values from letters are data and never template source (B97). Nothing
//! is ever read back from this text.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, escape_formatter};

use super::variables::Variables;
use super::words::{Language, Word};
use crate::trade::{Kind, Letter};

/// Bytes after which a line of text is broken; mail allows 998.
const WIDE: usize = 900;
/// How a further line of a value begins: set in, since what others wrote must not look like a line of ours.
const SET_IN: &str = "\n    ";
/// Most bytes of a template of the user's.
const MOST_TEMPLATE: u64 = 256 * 1024;

/// Why the human text cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TextsError {
    /// A template of the user's cannot be read.
    #[error("cannot read the template {path}: {source}")]
    Unreadable {
        /// Its file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A template is wrong.
    #[error("the template {name} is wrong: {text}; correct it, or remove it to have the built-in one")]
    Template {
        /// Its file, or the relative name of a built-in one.
        name: String,
        /// What is wrong, with the line.
        text: String,
    },
}

/// Lists the built-in templates of one language.
macro_rules! built_in {
    ($language:literal, $($kind:literal),+ $(,)?) => {
        &[$(($kind, include_str!(concat!("../../templates/mail/", $language, "/", $kind, ".txt")))),+]
    };
}

/// Lists the built-in templates of every language.
macro_rules! languages {
    ($($language:literal => $name:ident),+) => {
        $(const $name: &[(&str, &str)] = built_in!(
            $language,
            "order",
            "order-rejection",
            "transaction-info",
            "confirmation",
            "cancellation",
            "stop",
            "authorization-request",
            "authorization-result",
            "payment-instruction",
            "delivery-instruction",
            "order-status",
            "payment-status",
            "delivery-status",
            "status-request",
            "return-request",
            "return-answer",
            "refund-instruction",
            "catalog-request",
            "catalog",
            "refusal",
            "receipt",
        );)+
    };
}

languages!("en" => ENGLISH, "ja" => JAPANESE);

/// The templates of one language, ready to be filled.
#[derive(Debug)]
pub struct Texts {
    language: Language,
    environment: Environment<'static>,
}

impl Texts {
    /// Takes the built-in templates of `language`, and the user's own where `folder` has `mail/LANGUAGE/KIND.txt`.
    ///
    /// A template of the user's that cannot be read, parsed, or filled for want of a variable, is an error.
    pub fn load(language: Language, folder: Option<&Path>) -> Result<Self, TextsError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_formatter(|out, state, value| match value.as_str().filter(|text| text.contains('\n')) {
            Some(text) => escape_formatter(out, state, &Value::from(text.replace('\n', SET_IN))),
            None => escape_formatter(out, state, value),
        });
        let built_in = match language {
            Language::En => ENGLISH,
            Language::Ja => JAPANESE,
        };
        for (kind, source) in built_in {
            let own = match folder {
                Some(folder) => own(&folder.join("mail").join(language.word()).join(format!("{kind}.txt")))?,
                None => None,
            };
            let (name, source) = match own {
                Some((path, source)) => (path.display().to_string(), source),
                None => (format!("mail/{}/{kind}.txt", language.word()), (*source).to_owned()),
            };
            let wrong = |e: minijinja::Error| TextsError::Template { name: name.clone(), text: e.to_string() };
            environment.add_template_owned(*kind, source).map_err(wrong)?;
            let template = environment.get_template(kind).map_err(wrong)?;
            template.render(Serde(Variables::default())).map_err(wrong)?;
        }
        Ok(Self { language, environment })
    }

    /// Returns the language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Returns the subject of a letter: its kind in words, and the number of its transaction or, before there is one,
    /// the order ID.
    pub fn subject(&self, letter: &Letter) -> String {
        let words = Word::subject(letter.kind()).say(self.language);
        let number = letter.transaction.as_ref().map(ToString::to_string);
        match number.or_else(|| letter.order.as_ref().map(ToString::to_string)) {
            Some(number) => format!("{words} {number}"),
            None => words.to_owned(),
        }
    }

    /// Fills the template of a letter's kind: lines end in LF, none is longer than mail allows, none has a control
    /// character.
    pub fn render(&self, letter: &Letter) -> Result<String, TextsError> {
        let kind: Kind = letter.kind();
        let wrong = |e: minijinja::Error| TextsError::Template { name: kind.to_string(), text: e.to_string() };
        let template = self.environment.get_template(kind.word()).map_err(wrong)?;
        let variables = Serde(Variables::of(letter, self.language));
        Ok(tidy(&template.render(variables).map_err(wrong)?))
    }
}

/// Reads a template of the user's, where there is one.
fn own(path: &Path) -> Result<Option<(PathBuf, String)>, TextsError> {
    let failed = |source| TextsError::Unreadable { path: path.to_owned(), source };
    match std::fs::metadata(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed(e)),
        Ok(_) => (),
    }
    Ok(Some((path.to_owned(), crate::files::read_text(path, MOST_TEMPLATE).map_err(failed)?)))
}

/// Escapes what could act on a terminal or turn the reading direction, cuts blanks at line ends, breaks long lines.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    for line in text.split('\n') {
        let mut room = WIDE;
        for c in line.trim_end().chars() {
            if room < 12 {
                tidy.push('\n');
                room = WIDE;
            }
            let before = tidy.len();
            match c {
                '\t' => tidy.push(' '),
                c if is_active(c) => {
                    // Writing to a String cannot fail.
                    let _ = write!(tidy, "\\u{{{:x}}}", u32::from(c));
                }
                c => tidy.push(c),
            }
            room = room.saturating_sub(tidy.len().saturating_sub(before));
        }
        tidy.push('\n');
    }
    tidy.truncate(tidy.trim_end_matches('\n').len());
    tidy.push('\n');
    tidy
}

fn is_active(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_end_in_a_value_begins_no_line_of_ours() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("mail/en");
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join("order.txt"), "Buyer: {{ buyer_name }}\n{{ 'a\nTotal: JPY 1' }}\n").unwrap();
        let texts = Texts::load(Language::En, Some(folder.path())).unwrap();
        let made = texts.environment.get_template("order").unwrap().render(Serde(Variables::default())).unwrap();
        assert_eq!(made.lines().nth(2), Some("    Total: JPY 1"), "{made}");
    }

    #[test]
    fn text_has_short_lines_and_nothing_that_acts() {
        assert_eq!(tidy("a\u{1b}[2J\u{9b}b \t\n\u{202e}c\n\n\n"), "a\\u{1b}[2J\\u{9b}b\n\\u{202e}c\n");
        let long = tidy(&"日".repeat(1000));
        assert!(long.lines().all(|line| line.len() <= WIDE));
        assert_eq!(long.replace('\n', "").chars().count(), 1000);
    }

    #[test]
    fn a_template_of_the_users_takes_the_place_of_the_built_in_one_and_must_be_right() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Texts::load(Language::En, Some(folder.path())).is_ok());
        let mail = folder.path().join("mail/en");
        std::fs::create_dir_all(&mail).unwrap();
        for (source, right) in [("Hello {{ shop }}", true), ("{{ no_such }}", false), ("{% if %}", false)] {
            std::fs::write(mail.join("order.txt"), source).unwrap();
            assert_eq!(Texts::load(Language::En, Some(folder.path())).is_ok(), right, "{source}");
        }
        assert!(Texts::load(Language::Ja, Some(folder.path())).is_ok(), "another language has its own");
    }
}
