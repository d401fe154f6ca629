//! Sentences written in English, found again by their words: those of findings, which entries keep as they were written,
//! and messages of the layers below, which know no language.
//!
//! The English of a sentence is a pattern, `{what}: agreed {agreed}, stated {stated}`. What stands in its places is taken over
//! as it is, but for places of these names: `what`, `cause` and `count` hold a sentence of ours, `leg`, `role`, `kind`,
//! `state` and `verdict` a word of the wire format.

use std::collections::BTreeMap;

use super::{Part, Words, parts};

/// Places that hold a sentence of ours again.
const SENTENCES: [&str; 3] = ["what", "cause", "count"];
/// Places that hold a word, which the table of their name has.
const WORDS: [&str; 5] = ["leg", "role", "kind", "state", "verdict"];
/// How deep sentences stand in each other at most.
const DEPTH: usize = 4;

/// All sentences.
#[derive(Debug)]
pub(super) struct Sentences(Vec<Pattern>);

/// One sentence: its English in parts, the characters of these that are no places, and the other language's text.
#[derive(Debug)]
struct Pattern {
    english: Vec<Piece>,
    weight: usize,
    other: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(String),
}

impl Sentences {
    /// Makes patterns of the English texts, each with the text of the same key in the other language; those that say most
    /// themselves stand first.
    pub(super) fn of(english: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> Self {
        let pattern = |(key, text): (&String, &String)| {
            let pieces = parts(text).filter_map(|part| match part {
                Part::Text("") => None,
                Part::Text(text) => Some(Piece::Text(text.to_owned())),
                Part::Place(name) => Some(Piece::Place(name.to_owned())),
            });
            let english: Vec<Piece> = pieces.collect();
            let weight = english.iter().map(|piece| if let Piece::Text(text) = piece { text.len() } else { 0 }).sum();
            Some(Pattern { english, weight, other: other.get(key)?.clone() })
        };
        let mut patterns: Vec<Pattern> = english.iter().filter_map(pattern).collect();
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.weight));
        Self(patterns)
    }

    /// Returns an English sentence in the other language, if it is known.
    pub(super) fn say(&self, words: Words, english: &str) -> Option<String> {
        self.deep(words, english, DEPTH)
    }

    fn deep(&self, words: Words, english: &str, depth: usize) -> Option<String> {
        let (pattern, values) = self.0.iter().find_map(|one| Some((one, taken(&one.english, english)?)))?;
        let value = |name: &str| {
            let value = values.iter().find(|(place, _)| *place == name).map_or("", |(_, value)| *value);
            if WORDS.contains(&name) {
                return words.name(name, value);
            }
            let ours = SENTENCES.contains(&name) && depth > 0;
            let said = if ours { self.deep(words, value, depth.saturating_sub(1)) } else { None };
            said.unwrap_or_else(|| value.to_owned())
        };
        let filled = parts(&pattern.other).map(|part| match part {
            Part::Text(text) => text.to_owned(),
            Part::Place(name) => value(name),
        });
        Some(filled.collect())
    }
}

/// Takes what stands in the places of a pattern out of a text: of each as little as will do.
fn taken<'a, 'p>(pattern: &'p [Piece], text: &'a str) -> Option<Vec<(&'p str, &'a str)>> {
    match pattern.split_first() {
        None => text.is_empty().then(Vec::new),
        Some((Piece::Text(literal), rest)) => taken(rest, text.strip_prefix(literal.as_str())?),
        Some((Piece::Place(name), rest)) => {
            let found = |value: &'a str, mut after: Vec<(&'p str, &'a str)>| {
                after.push((name.as_str(), value));
                after
            };
            let Some(Piece::Text(next)) = rest.first() else {
                // Two places behind each other would have no border.
                return (rest.is_empty() && !text.is_empty()).then(|| found(text, Vec::new()));
            };
            let ends = text.match_indices(next.as_str()).filter(|(end, _)| *end > 0);
            let mut tried = ends.filter_map(|(end, _)| text.split_at_checked(end));
            tried.find_map(|(value, behind)| Some(found(value, taken(rest, behind)?)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Language;

    fn said(english: &str) -> Option<String> {
        let map = |texts: &[(&str, &str)]| texts.iter().map(|(k, t)| ((*k).to_owned(), (*t).to_owned())).collect();
        let english_texts: BTreeMap<String, String> = map(&[
            ("a", "{what}: agreed {agreed}, stated {stated}"),
            ("b", "currency"),
            ("c", "{who} spoke about {leg}"),
            ("d", "currency: agreed nothing, stated {stated}"),
        ]);
        let other: BTreeMap<String, String> = map(&[
            ("a", "{what}は合意では {agreed}、手紙では {stated}"),
            ("b", "通貨"),
            ("c", "{who} が{leg}について"),
            ("d", "通貨の合意なし、{stated}"),
        ]);
        Sentences::of(&english_texts, &other).say(Words::of(Language::Ja), english)
    }

    #[test]
    fn a_sentence_is_found_again_by_its_words_with_its_values() {
        let stated = said("currency: agreed JPY, stated EUR").unwrap();
        assert_eq!(stated, "通貨は合意では JPY、手紙では EUR");
        assert_eq!(said("x@y.example spoke about payment").unwrap(), "x@y.example が決済について");
        // What says more itself goes first, and values are what they were.
        assert_eq!(said("currency: agreed nothing, stated EUR").unwrap(), "通貨の合意なし、EUR");
        assert_eq!(said("a: agreed b, stated c, stated d").unwrap(), "aは合意では b、手紙では c, stated d");
        assert_eq!(said("currency: agreed , stated EUR"), None, "a place holds something");
        assert_eq!(said("something else"), None);
    }
}
