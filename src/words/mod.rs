//! What people read on pages and on the terminal, in their language: one catalogue for each, built into the program.
//!
//! Words are said by their key (`list.title`) or, where a sentence was written in English below or long ago, found again
//! by it (`sentence`). Letters have texts of their own, which the owner may replace: see `mail`.

pub mod commands;
mod sentence;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::LazyLock;

use crate::mail::Language;
use sentence::Sentences;

/// The files of a catalogue: keyed words of the pages and of the terminal.
const ENGLISH: [&str; 2] =
    [include_str!("../../templates/words/en/page.toml"), include_str!("../../templates/words/en/terminal.toml")];
const JAPANESE: [&str; 2] =
    [include_str!("../../templates/words/ja/page.toml"), include_str!("../../templates/words/ja/terminal.toml")];
/// The sentences, each under the same key in both languages.
const SENTENCES: [&str; 2] =
    [include_str!("../../templates/words/en/sentences.toml"), include_str!("../../templates/words/ja/sentences.toml")];

static CATALOGUES: LazyLock<[BTreeMap<String, String>; 2]> = LazyLock::new(|| [keyed(&ENGLISH), keyed(&JAPANESE)]);
static KNOWN: LazyLock<Sentences> = LazyLock::new(|| Sentences::of(&flat(SENTENCES[0]), &flat(SENTENCES[1])));

/// The words of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words(Language);

/// A part of a text: as it stands, or the name of a place to be filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    Text(&'a str),
    Place(&'a str),
}

impl Words {
    /// The words that programs are told in and the ledger keeps.
    pub const ENGLISH: Self = Self(Language::En);

    /// Returns the words of a language.
    pub const fn of(language: Language) -> Self {
        Self(language)
    }

    /// Returns the language.
    pub const fn language(self) -> Language {
        self.0
    }

    /// Returns the text of a key as the catalogue has it, with its places, if it has any.
    pub fn find(self, key: &str) -> Option<&'static str> {
        let [english, japanese] = &*CATALOGUES;
        let catalogue = match self.0 {
            Language::En => english,
            Language::Ja => japanese,
        };
        catalogue.get(key).map(String::as_str)
    }

    /// Returns the words of a key that has no places; an unknown key, which a test finds, speaks for itself.
    pub fn say(self, key: &str) -> String {
        self.find(key).unwrap_or(key).to_owned()
    }

    /// Returns the words of `table.word`, or the word itself where there are none: for words of the wire format.
    pub fn name(self, table: &str, word: &str) -> String {
        self.find(&format!("{table}.{word}")).unwrap_or(word).to_owned()
    }

    /// Returns a method of payment or delivery: in English its word, which commands take, else its name.
    pub fn method(self, word: &str) -> String {
        if self.0 == Language::En { word.to_owned() } else { self.name("method", word) }
    }

    /// Returns the words of a key with its places filled. Of a text with two forms, `1 order|{n} orders`, the first is for
    /// an `n` of one.
    pub fn fill(self, key: &str, places: &[(&str, &dyn Display)]) -> String {
        let value = |name: &str| places.iter().find(|(place, _)| *place == name).map(|(_, value)| value.to_string());
        let text = form(self.find(key).unwrap_or(key), value("n").as_deref() == Some("1"));
        let filled = parts(text).map(|part| match part {
            Part::Text(text) => text.to_owned(),
            Part::Place(name) => value(name).unwrap_or_else(|| name.to_owned()),
        });
        filled.collect()
    }

    /// Returns an English sentence of the program's own in this language: found again by its words, with the values that
    /// stand in it. One that is not known stays as it is.
    pub fn sentence(self, english: &str) -> String {
        match self.0 {
            Language::En => english.to_owned(),
            Language::Ja => KNOWN.say(self, english).unwrap_or_else(|| english.to_owned()),
        }
    }
}

/// Returns the form of a text for one, or for more.
pub(crate) fn form(text: &str, one: bool) -> &str {
    match text.split_once('|') {
        Some((first, _)) if one => first,
        Some((_, second)) => second,
        None => text,
    }
}

/// Takes a text apart at its places, `{name}`.
pub(crate) fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    text.split('{')
        .enumerate()
        .flat_map(|(place, part)| match part.split_once('}') {
            Some((name, rest)) if place > 0 => [Some(Part::Place(name)), Some(Part::Text(rest))],
            _ => [Some(Part::Text(part)), None],
        })
        .flatten()
}

/// Reads files of a catalogue: tables of texts, their keys joined by points.
fn keyed(files: &[&str]) -> BTreeMap<String, String> {
    files.iter().flat_map(|file| flat(file)).collect()
}

/// Reads one file. That each can be read, and that none has a table of another, is tested: they are part of the program.
fn flat(text: &str) -> BTreeMap<String, String> {
    let tables: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(text).unwrap_or_default();
    let keyed = |(table, words): (String, BTreeMap<String, String>)| {
        words.into_iter().map(move |(key, text)| (format!("{table}.{key}"), text))
    };
    tables.into_iter().flat_map(keyed).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Returns the names of the places of a text.
    fn places(text: &str) -> BTreeSet<&str> {
        let place = |part| if let Part::Place(name) = part { Some(name) } else { None };
        parts(text).filter_map(place).collect()
    }

    #[test]
    fn both_languages_have_the_same_keys_and_places() {
        let pairs = ENGLISH.iter().zip(&JAPANESE).chain([(&SENTENCES[0], &SENTENCES[1])]);
        for (english, japanese) in pairs {
            for text in [english, japanese] {
                toml::from_str::<BTreeMap<String, BTreeMap<String, String>>>(text).unwrap();
            }
            let (english, japanese) = (flat(english), flat(japanese));
            assert!(english.keys().eq(japanese.keys()), "{:?}", differing(&english, &japanese));
            for (key, text) in &english {
                let other = &japanese[key];
                assert_eq!(places(text), places(other), "{key}: {text} / {other}");
                assert!(!text.trim().is_empty() && !other.trim().is_empty(), "{key}");
            }
        }
    }

    fn differing<'a>(one: &'a BTreeMap<String, String>, other: &'a BTreeMap<String, String>) -> Vec<&'a String> {
        let missing = one.keys().filter(|key| !other.contains_key(*key));
        missing.chain(other.keys().filter(|key| !one.contains_key(*key))).collect()
    }

    /// Returns whether a sign is of Japanese writing.
    fn is_japanese(sign: char) -> bool {
        matches!(sign, '\u{3000}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
    }

    /// Returns whether a text has a half-width stop where Japanese has its own: behind or before Japanese words, or behind a
    /// place that a blank or the end follows.
    fn has_foreign_stops(text: &str) -> bool {
        let prose: String = text.split('`').step_by(2).collect::<Vec<_>>().join("`");
        let signs: Vec<char> = prose.chars().collect();
        let at = |place: Option<usize>| place.and_then(|place| signs.get(place)).copied();
        prose.chars().any(is_japanese)
            && signs.iter().enumerate().any(|(place, sign)| {
                let (before, after) = (at(place.checked_sub(1)), at(place.checked_add(1)));
                let by_words = before.is_some_and(is_japanese) || after.is_some_and(is_japanese);
                let ends = before == Some('}') && after.is_none_or(|after| after == ' ');
                ",;:?()".contains(*sign) && (by_words || ends)
            })
    }

    #[test]
    fn japanese_has_its_own_stops() {
        for text in ["次: {x}", "{x}: 次", "次(x)", "次?", "次, {x}", "{x}: {y} 次"] {
            assert!(has_foreign_stops(text), "{text}");
        }
        for text in ["次：{x}", "SHOP:NUMBER の次", "`next:` の次", "次（{x}）", "a: b"] {
            assert!(!has_foreign_stops(text), "{text}");
        }
        for file in JAPANESE.iter().chain([&SENTENCES[1]]) {
            let found: Vec<(String, String)> =
                flat(file).into_iter().filter(|(_, text)| has_foreign_stops(text)).collect();
            assert!(found.is_empty(), "{found:?}");
        }
    }

    #[test]
    fn what_failed_is_called_the_same_everywhere_in_japanese() {
        let words = Words::of(Language::Ja);
        let state = words.say("listing.failed");
        let word = state.trim_start_matches("✗ ");
        let hint = "K5QW3Z: payment failed; pay@demo.test speaks for it: mailorder ask K5QW3Z --leg payment";
        let warned = "payment of JPY 4800 failed: too late";
        let keys = ["mark-order.failed", "mark-payment.failed", "mark-delivery.failed", "list.failed-one"];
        for said in keys.map(|key| words.say(key)).into_iter().chain([hint, warned].map(|text| words.sentence(text))) {
            assert!(said.contains(word) && !said.contains("失敗"), "{said} is not {word}");
        }
    }

    #[test]
    fn no_key_stands_in_two_files() {
        for files in [&ENGLISH, &JAPANESE] {
            let keys = files.iter().map(|file| flat(file).len()).sum::<usize>();
            assert_eq!(keyed(files).len(), keys);
        }
    }

    #[test]
    fn places_are_filled_and_counts_have_their_form() {
        let words = Words::of(Language::En);
        assert_eq!(words.fill("list.unpaid", &[("n", &1)]), "Unpaid, 1 order");
        assert_eq!(words.fill("list.unpaid", &[("n", &2)]), "Unpaid, 2 orders");
        assert_eq!(Words::of(Language::Ja).fill("list.unpaid", &[("n", &1)]), "未払い 1件");
        assert_eq!(words.say("no.such"), "no.such");
        assert_eq!(words.name("leg", "no-leg"), "no-leg");
        let taken: Vec<Part<'_>> = parts("a {b} c").collect();
        assert_eq!(taken, [Part::Text("a "), Part::Place("b"), Part::Text(" c")]);
    }
}
