//! The strict JSON reader: text to a value whose every string and size is within bounds.
//!
//! Ordinary JSON readers let the last of two equal keys win, accept `\u0000` and go as deep as their stack. A machine
//! part is worth money, so this one refuses what two readers could take for two things (B85): equal keys, trailing
//! text, control characters, too much of anything. It knows nothing of letters; what the values mean is said in
//! `jsonld`. The same bounds hold for what we write.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};

use super::tree::{Members, Tree};

/// Most bytes of a machine part.
pub(super) const MOST_BYTES: usize = 256 * 1024;
/// Most levels of arrays and objects.
const MOST_DEPTH: u32 = 32;
/// Most values in all.
const MOST_VALUES: u32 = 10_000;
/// Most bytes of a string.
pub const MOST_STRING: usize = 4 * 1024;
/// Most bytes of the strings that hold OpenPGP data.
const MOST_ARMOR: usize = 16 * 1024;

/// Up to how many members an object's names are compared one by one.
const FEW: usize = 32;

/// Why a text is not JSON within bounds.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum JsonError {
    /// Larger than may be.
    #[error("the machine part has {0} bytes, at most {MOST_BYTES} are read")]
    TooLarge(usize),
    /// Not JSON, or not within the bounds.
    #[error("the machine part is not strict JSON: {0}")]
    Form(String),
}

/// Reads strict JSON.
pub(super) fn parse(bytes: &[u8]) -> Result<Tree<'_>, JsonError> {
    if bytes.len() > MOST_BYTES {
        return Err(JsonError::TooLarge(bytes.len()));
    }
    let form = |e: &dyn fmt::Display| JsonError::Form(e.to_string());
    let text = std::str::from_utf8(bytes).map_err(|e| form(&e))?;
    let count = Cell::new(0);
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict { depth: 0, most: MOST_STRING, count: &count }.deserialize(&mut reader).map_err(|e| form(&e))?;
    reader.end().map_err(|e| form(&e))?;
    Ok(value)
}

/// Returns how long the string under `key` may be.
pub(super) fn most_of(key: &str) -> usize {
    if matches!(key, "mo:certificate" | "mo:sealed") { MOST_ARMOR } else { MOST_STRING }
}

fn count_one(count: &mut u32) -> Result<(), String> {
    *count = count.saturating_add(1);
    if *count > MOST_VALUES { Err(format!("more than {MOST_VALUES} values")) } else { Ok(()) }
}

fn deeper(depth: u32) -> Result<u32, String> {
    if depth < MOST_DEPTH { Ok(depth.saturating_add(1)) } else { Err(format!("deeper than {MOST_DEPTH} levels")) }
}

fn check_text(text: &str, most: usize) -> Result<(), String> {
    if text.len() > most {
        return Err(format!("a string of {} bytes, at most {most} may be", text.len()));
    }
    // Nearly all strings are plain ASCII, and bytes are looked at faster than characters.
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return Ok(());
    }
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        Some(c) => Err(format!("the control character U+{:04X} in a string", u32::from(c))),
        None => Ok(()),
    }
}

/// Reads one value at a depth, with a bound for its strings, counting all values together.
#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: u32,
    most: usize,
    count: &'a Cell<u32>,
}

impl Strict<'_> {
    fn deeper<E: serde::de::Error>(self, most: usize) -> Result<Self, E> {
        Ok(Self { depth: deeper(self.depth).map_err(E::custom)?, most, count: self.count })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Tree<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Tree<'de>, D::Error> {
        let mut count = self.count.get();
        count_one(&mut count).map_err(D::Error::custom)?;
        self.count.set(count);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Tree<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree<'de>, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree<'de>, E> {
        // Only numbers below zero come this way, and nobody reads those.
        #[expect(clippy::cast_precision_loss, reason = "a member that nobody reads")]
        Ok(u64::try_from(value).map_or(Tree::Number(value as f64), Tree::Count))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree<'de>, E> {
        Ok(Tree::Count(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree<'de>, E> {
        // Kept for members nobody reads; no amount is ever a number.
        Ok(Tree::Number(value))
    }

    fn visit_unit<E>(self) -> Result<Tree<'de>, E> {
        Ok(Tree::Null)
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Tree<'de>, E> {
        check_text(text, self.most).map_err(E::custom)?;
        Ok(Tree::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Tree<'de>, E> {
        check_text(text, self.most).map_err(E::custom)?;
        Ok(Tree::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree<'de>, A::Error> {
        let inner = self.deeper(self.most)?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tree<'de>, A::Error> {
        let (mut read, mut names) = (Members::default(), BTreeSet::new());
        while let Some(name) = members.next_key_seed(Name)? {
            check_text(&name, MOST_STRING).map_err(A::Error::custom)?;
            // Few names are looked through faster than they are sorted.
            let twice = if read.len() < FEW { read.get(&name).is_some() } else { false };
            if read.len() == FEW {
                names.extend(read.iter().map(|(name, _)| name.to_owned()));
            }
            if twice || (read.len() >= FEW && !names.insert(name.to_string())) {
                return Err(A::Error::custom(format!("the key {name:?} stands twice in one object")));
            }
            let value = members.next_value_seed(self.deeper(most_of(&name))?)?;
            read.push(name, value);
        }
        Ok(Tree::Object(read))
    }
}

/// Reads the name of a member, as it stands in the text where it has no escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_readers_could_take_for_two_things_is_refused() {
        // B85
        let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
        let abyss = "[".repeat(200_000);
        let long = format!("\"{}\"", "a".repeat(4097));
        let many = format!("[{}0]", "0,".repeat(10_000));
        let members: Vec<String> = (0..100).map(|number| format!("\"{number}\":0")).collect();
        let twice = |number: u32| format!("{{{},\"{number}\":1}}", members.join(","));
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":{"b":[{"c":1,"c":2}]}}"#,
            "{} x",
            "{}{}",
            "\u{feff}{}",
            r#"{"a":"\u0000"}"#,
            r#"{"a":"\u001b[2J"}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":NaN}"#,
            r#"{"a":1,}"#,
            "{'a':1}",
            "",
            &deep,
            &abyss,
            &long,
            &many,
            &twice(0),
            &twice(31),
            &twice(32),
            &twice(99),
            r#"{"a":1,"\u0061":1}"#,
        ] {
            assert!(
                matches!(parse(bad.as_bytes()), Err(JsonError::Form(_))),
                "{}",
                bad.chars().take(40).collect::<String>()
            );
        }
        assert!(matches!(parse(b"\xff\xfe{\0}\0"), Err(JsonError::Form(_))), "UTF-16");
        assert!(matches!(parse(&vec![b' '; MOST_BYTES + 1]), Err(JsonError::TooLarge(_))));
        assert!(parse(format!("{}{}", "[".repeat(32), "]".repeat(32)).as_bytes()).is_ok());
        assert!(parse(twice(100).as_bytes()).is_ok());
    }

    #[test]
    fn openpgp_data_may_be_longer_than_other_strings() {
        let text = |key: &str, size: usize| format!(r#"{{"{key}":"{}"}}"#, "A".repeat(size));
        assert!(parse(text("mo:certificate", 16_384).as_bytes()).is_ok());
        assert!(parse(text("mo:certificate", 16_385).as_bytes()).is_err());
        assert!(parse(text("name", 4_097).as_bytes()).is_err());
    }

    #[test]
    fn what_is_written_is_held_to_the_same_bounds() {
        let text = |value: serde_json::Value| value.to_string();
        assert!(parse(text(serde_json::json!({"name": "日立 \"x\"\n\t😀"})).as_bytes()).is_ok());
        assert!(parse(text(serde_json::json!({"name": "\u{9b}31m"})).as_bytes()).is_err());
        assert!(parse(text(serde_json::json!(["a".repeat(4097)])).as_bytes()).is_err());
    }
}
