//! Addresses that look like one that is known and are another one: a letter exchanged, a digit for a letter, a letter of another
//! script.
//!
//! It is a caution for people and decides nothing: who may speak is a matter of keys.

use std::borrow::Cow;

use crate::trade::Address;

/// Shorter parts differ in one letter too often by themselves, as `shop` and `ship` do.
const LEAST: usize = 5;

/// Characters that are taken for others, by the Latin letter they look like. Those of other scripts come in names of domains,
/// which letters write in Punycode.
const TAKEN_FOR: [(char, &str); 26] = [
    ('a', "4аαàáâãäåąɑ"),
    ('b', "8ьƅ"),
    ('c', "сςçćč"),
    ('d', "ԁďđ"),
    ('e', "3еєèéêëęė"),
    ('f', "ƒ"),
    ('g', "9ɡğ"),
    ('h', "һнħ"),
    ('i', "іιìíîïıį"),
    ('j', "јʝ"),
    ('k', "кκķ"),
    ('l', "1ӏłľļ|"),
    ('m', "мɱ"),
    ('n', "пηñńň"),
    ('o', "0оοσòóôõöøő"),
    ('p', "рρ"),
    ('q', "ԛ"),
    ('r', "гř"),
    ('s', "5ѕśšş"),
    ('t', "тτťţ"),
    ('u', "υùúûüůű"),
    ('v', "νѵ"),
    ('w', "ԝωшŵ"),
    ('x', "хχ"),
    ('y', "уγýÿ"),
    ('z', "2źżž"),
];

/// Returns the known address that another one may be taken for. A known one is taken for none.
pub fn alike<'a>(address: &Address, known: &'a [Address]) -> Option<&'a Address> {
    if known.contains(address) {
        return None;
    }
    let seen = Seen::of(address);
    known.iter().find(|one| seen.may_be(&Seen::of(one)))
}

/// Returns the sentence for people.
pub fn caution(address: &Address, known: &Address) -> String {
    format!("{address} looks like {known}, which is known here, and is another address")
}

/// An address as an eye takes it.
struct Seen {
    local: String,
    domain: String,
}

impl Seen {
    fn of(address: &Address) -> Self {
        let (local, domain) = address.as_str().split_once('@').unwrap_or((address.as_str(), ""));
        let labels: Vec<String> = domain.split('.').map(|label| skeleton(&shown(label))).collect();
        Self { local: skeleton(local), domain: labels.join(".") }
    }

    fn may_be(&self, known: &Self) -> bool {
        match (self.local == known.local, self.domain == known.domain) {
            (true, true) => true,
            (true, false) => near(&self.domain, &known.domain),
            (false, true) => near(&self.local, &known.local),
            (false, false) => false,
        }
    }
}

/// Returns whether two texts differ in one letter, or in two neighbours that changed places.
fn near(one: &str, known: &str) -> bool {
    let (length, known_length) = (one.chars().count(), known.chars().count());
    known_length >= LEAST && length.abs_diff(known_length) <= 1 && strsim::damerau_levenshtein(one, known) == 1
}

/// Returns a label of a domain as programs show it.
fn shown(label: &str) -> Cow<'_, str> {
    let decoded = label.strip_prefix("xn--").and_then(idna::punycode::decode_to_string);
    decoded.map_or(Cow::Borrowed(label), Cow::Owned)
}

/// Returns a text with each character as the Latin letter it looks like, and two that look like one as that.
fn skeleton(text: &str) -> String {
    let letter = |c: char| TAKEN_FOR.iter().find(|(_, others)| others.contains(c)).map_or(c, |(letter, _)| *letter);
    let plain: String = text.to_lowercase().chars().map(letter).collect();
    plain.replace("rn", "m").replace("vv", "w")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn an_address_that_may_be_taken_for_a_known_one_is_found() {
        let known = [address("shop@demo.test"), address("orders@example.com"), address("pay@card.example")];
        let found = |text: &str| alike(&address(text), &known).map(ToString::to_string);
        for (text, meant) in [
            ("shop@dem0.test", "shop@demo.test"),
            ("sh0p@demo.test", "shop@demo.test"),
            ("5h0p@d3mo.test", "shop@demo.test"),
            ("shop@demos.test", "shop@demo.test"),
            ("shop@deno.test", "shop@demo.test"),
            ("shop@dmeo.test", "shop@demo.test"),
            ("shop@derno.test", "shop@demo.test"),
            ("order@example.com", "orders@example.com"),
            ("0rders@examp1e.com", "orders@example.com"),
            ("orders@exampie.com", "orders@example.com"),
            ("Pay@CARD.example", ""),
        ] {
            assert_eq!(found(text).unwrap_or_default(), meant, "{text}");
        }
    }

    #[test]
    fn letters_of_other_scripts_are_taken_for_latin_ones() {
        // "dеmо" and "аррӏе" in Cyrillic, as domains write them.
        for (shown, plain) in [("dеmо", "demo"), ("аррӏе", "apple"), ("ραу", "pay"), ("日立", "日立")] {
            assert_eq!(skeleton(shown), plain);
        }
        let written = format!("shop@xn--{}.test", idna::punycode::encode_str("dеmо").unwrap());
        assert_eq!(
            alike(&address(&written), &[address("shop@demo.test")]),
            Some(&address("shop@demo.test")),
            "{written}"
        );
        // What is no Punycode is what it is.
        assert_eq!(alike(&address("shop@xn--0.test"), &[address("shop@demo.test")]), None);
    }

    #[test]
    fn what_is_known_or_differs_by_more_is_taken_for_nothing() {
        let known = [address("shop@demo.test"), address("ship@demo.test"), address("anna@mail.example")];
        for text in [
            "shop@demo.test",
            "ship@demo.test",
            "shap@demo.test",
            "pay@demo.test",
            "shop@other.test",
            "bank@dem0.test",
            "anne@mail.example",
            "shop@demo.text.example",
        ] {
            let found = alike(&address(text), &known);
            assert_eq!(found, None, "{text}");
        }
    }
}
