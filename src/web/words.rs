//! The words of the pages, from one catalogue for each language; a folder of the user's may have its own.

use std::collections::BTreeMap;

use minijinja::value::{Kwargs, Rest, ValueKind};
use minijinja::{Error, ErrorKind, HtmlEscape, State, Value};

pub(super) use crate::mail::Language;
use crate::view::harmless::escape_lines;

const ENGLISH: &str = include_str!("../../templates/web/words/en.toml");
const JAPANESE: &str = include_str!("../../templates/web/words/ja.toml");

/// All words, by language and key: `list.title`.
#[derive(Debug, Clone)]
pub(super) struct Words {
    english: BTreeMap<String, String>,
    japanese: BTreeMap<String, String>,
}

impl Words {
    /// Reads the catalogues.
    pub(super) fn load() -> Result<Self, toml::de::Error> {
        Ok(Self { english: flat(ENGLISH)?, japanese: flat(JAPANESE)? })
    }

    fn of(&self, language: Language) -> &BTreeMap<String, String> {
        match language {
            Language::En => &self.english,
            Language::Ja => &self.japanese,
        }
    }

    /// Returns a message with its places filled: `{name}` by the argument of that name, as it is where it is markup of ours
    /// and else escaped. Of a message with two forms, `1 order|{n} orders`, the first is for an `n` of one.
    fn say(&self, language: Language, key: &str, arguments: &Kwargs) -> Result<Value, Error> {
        let missing = || Error::new(ErrorKind::UndefinedError, format!("no words for {key:?} in {language:?}"));
        let text = self.of(language).get(key).ok_or_else(missing)?;
        let one = arguments.peek::<i64>("n").is_ok_and(|n| n == 1);
        let text = match text.split_once('|') {
            Some((first, _)) if one => first,
            Some((_, second)) => second,
            None => text,
        };
        let mut said = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').ok_or_else(missing)?;
            said.push_str(&HtmlEscape(before).to_string());
            let value: Value = arguments.get(name)?;
            if value.is_safe() {
                said.push_str(value.as_str().unwrap_or_default());
            } else {
                said.push_str(&HtmlEscape(&escape_lines(&value.to_string())).to_string());
            }
            rest = behind;
        }
        said.push_str(&HtmlEscape(rest).to_string());
        Ok(Value::from_safe_string(said))
    }

    /// Returns whether there are words for this.
    fn has(&self, language: Language, key: &str) -> bool {
        self.of(language).contains_key(key)
    }
}

/// Returns the language a template is filled in.
pub(super) fn language(state: &State<'_, '_>) -> Language {
    let word = state.lookup("lang").and_then(|word| Language::parse(word.as_str()?));
    word.unwrap_or(Language::En)
}

/// The functions of templates: `t('list.title', n=3)`, and `says('finding.' ~ code)`, whether there are such words.
pub(super) fn add_to(environment: &mut minijinja::Environment<'static>, words: &Words) {
    let known = words.clone();
    environment.add_function("t", move |state: &State<'_, '_>, key: &str, rest: Rest<Value>, arguments: Kwargs| {
        if rest.iter().any(|value| value.kind() != ValueKind::Undefined) {
            return Err(Error::new(ErrorKind::TooManyArguments, "values are given by name"));
        }
        known.say(language(state), key, &arguments)
    });
    let known = words.clone();
    environment.add_function("says", move |state: &State<'_, '_>, key: &str| known.has(language(state), key));
}

/// Reads a catalogue: tables of texts, their keys joined by points.
fn flat(text: &str) -> Result<BTreeMap<String, String>, toml::de::Error> {
    let tables: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(text)?;
    let keyed = |(table, words): (String, BTreeMap<String, String>)| {
        words.into_iter().map(move |(key, text)| (format!("{table}.{key}"), text))
    };
    Ok(tables.into_iter().flat_map(keyed).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the places of a message, in the order of their names, and whether it has two forms.
    fn places(text: &str) -> Vec<String> {
        let mut places: Vec<String> =
            text.split('{').skip(1).map(|part| part.split('}').next().unwrap().to_owned()).collect();
        places.sort();
        places.dedup();
        places
    }

    #[test]
    fn both_languages_have_the_same_keys_and_places() {
        let words = Words::load().unwrap();
        let keys = |of: &BTreeMap<String, String>| of.keys().cloned().collect::<Vec<String>>();
        assert_eq!(keys(&words.english), keys(&words.japanese));
        assert!(words.english.len() > 100);
        for (key, english) in &words.english {
            let japanese = &words.japanese[key];
            assert_eq!(places(english), places(japanese), "{key}: {english} / {japanese}");
            assert!(!japanese.trim().is_empty() && !english.trim().is_empty(), "{key}");
        }
    }
}
