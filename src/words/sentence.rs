//! Sentences written in English, found again by their words: those of findings, which entries keep as they were written,
//! and messages of the layers below, which know no language.
//!
//! The English of a sentence is a pattern, `{what}: agreed {agreed}, stated {stated}`. What stands in its places is taken over
//! as it is, since it may be another's word, but for places of these names: `what`, `cause` and `count` hold a sentence of
//! ours, `also` one that may be missing, `why` one of ours or another's, `leg`, `role`, `part`, `kind` and `state` a word of
//! the wire format, `deed` what is done with a file, `field` no blank, and what is compared may be nothing. A place between
//! double quotes may be empty, and holds no double quote but behind a backslash, as Rust writes texts, a value no colon and blank, and no place a
//! bracket without its other half, so that the sentence around another is not taken for a part of it; where a sentence is of
//! no pattern that way, it is looked for without this.

use std::collections::BTreeMap;

use super::{Part, Words, parts};

/// Places that hold a sentence of ours again.
const SENTENCES: [&str; 4] = ["what", "cause", "count", ADDED];
/// The place that holds a sentence of ours or nothing, wherever it stands.
const ADDED: &str = "also";
/// The place that holds a sentence of ours or another's.
const REASON: &str = "why";
/// The place that holds a number.
const NUMBER: &str = "n";
/// The place that holds the name of a field, as a person or a program wrote it: it has no blank and stays what it is.
const FIELD: &str = "field";
/// Of a sentence with fewer bytes of its own than this, one in it must be known: `{n} {what}s` would be found anywhere.
const LIGHT: usize = 6;
/// Places that hold a word, and the table that has it.
const WORDS: [(&str, &str); 6] =
    [("leg", "leg"), ("role", "role"), ("part", "role"), ("kind", "kind"), ("state", "standing"), ("deed", "deed")];
/// Places that may hold a word for nothing, of which there is a table.
const COMPARED: [&str; 6] = ["agreed", "stated", "ordered", "offered", "number", "one"];
/// The table of words for nothing.
const NOTHING: &str = "nothing.";
/// What an addition begins with: a place behind another, `item {n}{name}`, which may be empty.
const ADDITIONS: [&str; 3] = [" (", ", ", ": "];
/// What stands between a sentence and the one around it.
const AROUND: &str = ": ";
/// How deep sentences stand in each other at most.
const DEPTH: usize = 4;
/// In how many ways a sentence is taken apart at most.
const WAYS: usize = 32;
/// How many ends of places are tried at most.
const TRIES: usize = 1000;

/// All sentences.
#[derive(Debug)]
pub(super) struct Sentences {
    /// Those that say most themselves stand first.
    patterns: Vec<Pattern>,
    /// Words for nothing.
    nothing: BTreeMap<String, String>,
}

/// One sentence: its English in parts, and the text of the other language.
#[derive(Debug)]
struct Pattern {
    english: Vec<Piece>,
    other: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(String),
}

/// What stands in the places of a pattern, by their names.
type Values<'p, 'a> = Vec<(&'p str, &'a str)>;

impl Pattern {
    /// Makes a pattern, and one more where it may have an addition or none.
    fn all(english: &str, other: &str) -> Vec<Self> {
        let pieces = parts(english).filter_map(|part| match part {
            Part::Text("") => None,
            Part::Text(text) => Some(Piece::Text(text.to_owned())),
            Part::Place(name) => Some(Piece::Place(name.to_owned())),
        });
        let pieces: Vec<Piece> = pieces.collect();
        let mut bare = pieces.clone();
        bare.dedup_by(|one, before| matches!((one, before), (Piece::Place(_), Piece::Place(_))));
        let has_addition = bare.len() < pieces.len();
        let pattern = |english| Self { english, other: other.to_owned() };
        std::iter::once(pieces).chain(has_addition.then_some(bare)).map(pattern).collect()
    }

    /// Returns whether a sentence of ours stands in it.
    fn has_sentence(&self) -> bool {
        let is_sentence = |piece: &Piece| matches!(piece, Piece::Place(name) if SENTENCES.contains(&name.as_str()));
        self.english.iter().any(is_sentence)
    }

    /// Returns whether it says next to nothing itself, so that a sentence in it must be known.
    fn is_light(&self) -> bool {
        self.weight() < LIGHT && self.has_sentence()
    }

    /// Returns how many bytes of it are no places.
    fn weight(&self) -> usize {
        self.english.iter().map(|piece| if let Piece::Text(text) = piece { text.len() } else { 0 }).sum()
    }
}

impl Sentences {
    /// Makes patterns of the English texts, each with the text of the same key in the other language.
    pub(super) fn of(english: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> Self {
        let pairs = || english.iter().filter_map(|(key, text)| Some((key, text, other.get(key)?)));
        let mut patterns: Vec<Pattern> = pairs().flat_map(|(_, text, other)| Pattern::all(text, other)).collect();
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.weight()));
        let nothing = pairs().filter(|(key, ..)| key.starts_with(NOTHING));
        Self { patterns, nothing: nothing.map(|(_, text, other)| (text.clone(), other.clone())).collect() }
    }

    /// Returns an English sentence in the other language, if it is known.
    pub(super) fn say(&self, words: Words, english: &str) -> Option<String> {
        self.said(words, english, DEPTH)
    }

    /// Finds a sentence also where it lost its full stop, as in a row of several.
    fn said(&self, words: Words, english: &str, depth: usize) -> Option<String> {
        let stops = || english.starts_with(char::is_uppercase) && !english.ends_with('.');
        let whole = self.deep(words, english, depth);
        whole.or_else(|| stops().then(|| self.deep(words, &format!("{english}."), depth)).flatten())
    }

    fn deep(&self, words: Words, english: &str, depth: usize) -> Option<String> {
        let found = |strict| self.patterns.iter().find_map(|one| Some((one, self.best(words, one, english, strict)?)));
        let (pattern, values) = found(true).or_else(|| found(false))?;
        let value = |name: &str| {
            let value = values.iter().find(|(place, _)| *place == name).map_or("", |(_, value)| *value);
            if let Some((_, table)) = WORDS.iter().find(|(place, _)| *place == name) {
                return words.name(table, value);
            }
            let said = match name {
                name if COMPARED.contains(&name) => self.nothing.get(value).cloned(),
                name if (SENTENCES.contains(&name) || name == REASON) && depth > 0 => {
                    self.said(words, value, depth.saturating_sub(1))
                }
                _ => None,
            };
            said.unwrap_or_else(|| value.to_owned())
        };
        let filled = parts(&pattern.other).map(|part| match part {
            Part::Text(text) => text.to_owned(),
            Part::Place(name) => value(name),
        });
        Some(filled.collect())
    }

    /// Takes what stands in the places of a pattern out of a text. Of several ways the one in which most sentences and words of
    /// ours are known goes first, then the one with the shortest values.
    fn best<'p, 'a>(&self, words: Words, pattern: &'p Pattern, text: &'a str, strict: bool) -> Option<Values<'p, 'a>> {
        let mut ways = Apart::of(pattern, text, strict).ways;
        let is_light = pattern.is_light();
        if ways.len() < 2 && !is_light {
            return ways.pop();
        }
        let is_word = |name: &str, value: &str| {
            let table = WORDS.iter().find(|(place, _)| *place == name);
            table.is_some_and(|(_, table)| words.find(&format!("{table}.{value}")).is_some())
        };
        let is_known =
            |(name, value): &&(&str, &str)| (SENTENCES.contains(name) && self.knows(value)) || is_word(name, value);
        let counted = ways.into_iter().map(|way| (way.iter().filter(is_known).count(), way));
        let (known, way) = counted.rev().max_by_key(|(known, _)| *known)?;
        (known > 0 || !is_light).then_some(way)
    }

    /// Returns whether a text is a sentence of ours, by words of its own.
    fn knows(&self, text: &str) -> bool {
        self.patterns.iter().any(|one| !one.is_light() && !Apart::of(one, text, true).ways.is_empty())
    }
}

/// A text taken apart in all ways that a pattern allows, those with short values first. A place holds something; the last
/// one, one between quotes, and what may be missing, can be empty.
#[derive(Default)]
struct Apart<'p, 'a> {
    ways: Vec<Values<'p, 'a>>,
    taken: Values<'p, 'a>,
    /// How often a place was given an end: what others wrote may have any number of them.
    tries: usize,
    /// Whether a place between quotes holds no quote, a value nothing that stands around a sentence, and no place half a pair of
    /// brackets.
    strict: bool,
    /// Whether a quote stands before what is taken next.
    quoted: bool,
}

impl<'p, 'a> Apart<'p, 'a> {
    fn of(pattern: &'p Pattern, text: &'a str, strict: bool) -> Self {
        let mut apart = Self { strict, ..Self::default() };
        apart.take(&pattern.english, text);
        apart
    }

    /// Returns whether what stands for numbers is numbers, what stands for names of fields has no blank, a value is a value
    /// alone, and each bracket has its other half beside it.
    fn fits(&self) -> bool {
        let is_alone = |(name, value): &(&str, &str)| {
            let is_sentence = SENTENCES.contains(name) || *name == REASON;
            is_balanced(value) && (is_sentence || !value.contains(AROUND))
        };
        self.taken.iter().all(|(name, value)| match *name {
            NUMBER => value.chars().all(|c| c.is_ascii_digit() || c == ','),
            FIELD => !value.contains(char::is_whitespace),
            _ => true,
        }) && (!self.strict || self.taken.iter().all(is_alone))
    }

    fn take(&mut self, pattern: &'p [Piece], text: &'a str) {
        match pattern {
            [] if text.is_empty() && self.fits() => self.ways.push(self.taken.clone()),
            [] => {}
            [Piece::Text(literal), rest @ ..] => {
                if let Some(after) = text.strip_prefix(literal.as_str()) {
                    self.quoted = self.strict && literal.ends_with('"');
                    self.take(rest, after);
                }
            }
            [Piece::Place(name)] => {
                self.taken.push((name, text));
                self.take(&[], "");
                self.taken.pop();
            }
            [Piece::Place(name), rest @ ..] => {
                let ends_quote = matches!(rest.first(), Some(Piece::Text(next)) if next.starts_with('"'));
                let in_quotes = self.quoted && ends_quote;
                let text_end = if in_quotes { end_of_quote(text) } else { text.len() };
                self.quoted = false;
                let ends: Vec<usize> = match rest.first() {
                    Some(Piece::Text(next)) => {
                        text.match_indices(next.as_str()).map(|(end, _)| end).take(TRIES).collect()
                    }
                    _ => ADDITIONS.iter().filter_map(|begin| text.find(begin)).min().into_iter().collect(),
                };
                for end in ends.into_iter().filter(|end| (*end > 0 || name == ADDED || in_quotes) && *end <= text_end) {
                    self.tries = self.tries.saturating_add(1);
                    if self.tries > TRIES || self.ways.len() >= WAYS {
                        return;
                    }
                    let Some((value, behind)) = text.split_at_checked(end) else { continue };
                    self.taken.push((name, value));
                    self.take(rest, behind);
                    self.taken.pop();
                }
            }
        }
    }
}

/// Returns whether each bracket of a text is closed behind it, and none closed that was not opened.
fn is_balanced(text: &str) -> bool {
    let depth = text.chars().try_fold(0_usize, |depth, c| match c {
        '(' => Some(depth.saturating_add(1)),
        ')' => depth.checked_sub(1),
        _ => Some(depth),
    });
    depth == Some(0)
}

/// Returns where what stands between double quotes ends: before the first one without a backslash.
fn end_of_quote(text: &str) -> usize {
    let mut escaped = false;
    let end = text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Language;

    fn said(english: &str) -> Option<String> {
        let map = |texts: &[(&str, &str)]| texts.iter().map(|(k, t)| ((*k).to_owned(), (*t).to_owned())).collect();
        let english_texts: BTreeMap<String, String> = map(&[
            ("a.a", "{what}: agreed {agreed}, stated {stated}"),
            ("a.b", "currency"),
            ("a.c", "{who} spoke about {leg}"),
            ("a.d", "currency: agreed nothing, stated {stated}"),
            ("a.e", "{what} {at}, too early"),
            ("a.f", "parcel {id} left"),
            ("a.g", "{who} failed: {why}"),
            ("a.h", "There is none."),
            ("a.i", "item {n}{name}: wrong"),
            ("a.j", "{n} {what}s"),
            ("a.k", "day"),
            ("a.l", "{word} is no hook{also}; a hook is a table"),
            ("a.m", "; did you mean {near}?"),
            ("a.n", "{field}: {cause}"),
            ("a.o", "{what}: {cause}"),
            ("a.p", "{word} in the query: {what}"),
            ("a.q", "\"{text}\" is nothing that we know of"),
            ("a.r", "{sum} has more decimals than {currency}"),
            ("a.s", "item {n}{name}: {cause}"),
            ("a.t", "charge {n} ({name})"),
            ("a.u", "charge {name}"),
            ("nothing.a", "none"),
        ]);
        let other: BTreeMap<String, String> = map(&[
            ("a.a", "{what}は合意では {agreed} 、手紙では {stated}"),
            ("a.b", "通貨"),
            ("a.c", "{who} が{leg}について"),
            ("a.d", "通貨の合意なし、{stated}"),
            ("a.e", "{what}が {at} とは早すぎます"),
            ("a.f", "荷物 {id} の発送"),
            ("a.g", "{who} の不成立: {why}"),
            ("a.h", "ありません"),
            ("a.i", "品目 {n}{name} の誤り"),
            ("a.j", "{n}{what}"),
            ("a.k", "日"),
            ("a.l", "{word} のフックなし{also}。表に書きます"),
            ("a.m", "（{near} か）"),
            ("a.n", "{field}: {cause}"),
            ("a.o", "{what}: {cause}"),
            ("a.p", "検索の {word}：{what}"),
            ("a.q", "\"{text}\" は知りません"),
            ("a.r", "{sum} は {currency} には細かすぎます"),
            ("a.s", "品目 {n}{name}：{cause}"),
            ("a.t", "料金 {n}（{name}）"),
            ("a.u", "料金 {name}"),
            ("nothing.a", "なし"),
        ]);
        Sentences::of(&english_texts, &other).say(Words::of(Language::Ja), english)
    }

    #[test]
    fn a_sentence_is_found_again_by_its_words_with_its_values() {
        assert_eq!(said("currency: agreed JPY, stated EUR").unwrap(), "通貨は合意では JPY 、手紙では EUR");
        assert_eq!(said("x@y.example spoke about payment").unwrap(), "x@y.example が決済について");
        // What says more itself goes first, and values are what they were.
        assert_eq!(said("currency: agreed nothing, stated EUR").unwrap(), "通貨の合意なし、EUR");
        assert_eq!(
            said("a: agreed b, stated c, stated currency").unwrap(),
            "aは合意では b 、手紙では c, stated currency"
        );
        assert_eq!(said("a: agreed none, stated c").unwrap(), "aは合意では なし 、手紙では c");
        assert_eq!(said("sum: agreed , stated EUR"), None, "a place holds something");
        assert_eq!(said("something else"), None);
    }

    #[test]
    fn a_reason_is_ours_or_anothers_and_may_have_lost_its_full_stop() {
        assert_eq!(said("x failed: There is none.").unwrap(), "x の不成立: ありません");
        assert_eq!(said("x failed: There is none").unwrap(), "x の不成立: ありません");
        assert_eq!(said("x failed: too late").unwrap(), "x の不成立: too late");
        assert_eq!(said("there is none"), None);
        // What is added behind a value, or not.
        assert_eq!(said("item 1: wrong").unwrap(), "品目 1 の誤り");
        assert_eq!(said("item 1 (Cup: white): wrong").unwrap(), "品目 1 (Cup: white) の誤り");
    }

    #[test]
    fn an_addition_may_be_missing_and_what_stands_before_a_sentence_stays() {
        assert_eq!(said("a is no hook; a hook is a table").unwrap(), "a のフックなし。表に書きます");
        assert_eq!(
            said("a is no hook; did you mean b?; a hook is a table").unwrap(),
            "a のフックなし（b か）。表に書きます"
        );
        assert_eq!(
            said("/x/y.toml:3:5: a.b: a is no hook; a hook is a table").unwrap(),
            "/x/y.toml:3:5: a.b: a のフックなし。表に書きます"
        );
        assert_eq!(said("/x/y.toml: x failed: too late").unwrap(), "/x/y.toml: x の不成立: too late");
        assert_eq!(said("/x/y.toml: something: else"), None);
        assert_eq!(said("day: There is none.").unwrap(), "day: ありません", "the name of a field is no word");
    }

    #[test]
    fn the_sentence_around_another_is_not_taken_for_a_part_of_it() {
        let unknown = "\"x\" is nothing that we know of";
        assert_eq!(said(unknown).unwrap(), "\"x\" は知りません");
        assert_eq!(said(&format!("\"a:x\" in the query: {unknown}")).unwrap(), "検索の \"a:x\"：\"x\" は知りません");
        // So it is with a value.
        assert_eq!(
            said("item 1 (Cup): 0.5 has more decimals than JPY").unwrap(),
            "品目 1 (Cup)：0.5 は JPY には細かすぎます"
        );
        assert_eq!(said("Cup: 0.5 has more decimals than JPY").unwrap(), "Cup: 0.5 は JPY には細かすぎます");
        // And with brackets, of which each has its other half.
        let wrong = "0.5 has more decimals than JPY allows (0)";
        assert_eq!(
            said(&format!("charge 1 (Box: red): {wrong}")).unwrap(),
            "料金 1（Box: red）: 0.5 は JPY allows (0) には細かすぎます"
        );
        assert_eq!(said("charge 1 (Box :-))").unwrap(), "料金 1（Box :-)）", "half a pair is somebody's own");
        // A quote in what somebody wrote has a backslash; where it has none, the sentence is known all the same.
        assert_eq!(said("\"\" is nothing that we know of").unwrap(), "\"\" は知りません");
        assert_eq!(said("\"a\\\"b\" is nothing that we know of").unwrap(), "\"a\\\"b\" は知りません");
        assert_eq!(said("\"a\"b\" is nothing that we know of").unwrap(), "\"a\"b\" は知りません");
    }

    #[test]
    fn what_others_wrote_is_no_sentence_that_says_next_to_nothing() {
        assert_eq!(said("3 days").unwrap(), "3日");
        for theirs in ["wrong boxes", "3 boxes", "some days"] {
            assert_eq!(said(theirs), None, "{theirs}");
        }
    }

    #[test]
    fn of_several_ways_to_take_a_sentence_apart_the_known_one_counts() {
        assert_eq!(said("parcel 1 2 left 10:00, too early").unwrap(), "荷物 1 2 の発送が 10:00 とは早すぎます");
        let long = format!("{} 10:00, too early", "a ".repeat(10_000));
        assert!(said(&long).is_some(), "a long text takes no long time");
    }
}
