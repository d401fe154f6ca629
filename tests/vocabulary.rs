//! Every word of a letter's data is schema.org's, used as schema.org defines it, or one of ours that `docs/wire-format.md`
//! explains. Nothing is fetched: what schema.org says of the words we use stands in `tests/corpus/vocabulary/`.

use std::collections::{BTreeMap, BTreeSet};

use mailorder::mail::{self, Language};
use mailorder::trade::{Document, Kind};
use serde_json::{Map, Value};

use crate::letters::Chance;
use crate::mail::texts;
use crate::support::tried;

/// What schema.org says of types and properties.
#[derive(Debug, Default)]
struct Vocabulary {
    /// The types directly above each type.
    types: BTreeMap<String, Vec<String>>,
    /// The enumeration of each of its members.
    members: BTreeMap<String, String>,
    /// The types each property belongs to, and those its value may have.
    properties: BTreeMap<String, (Vec<String>, Vec<String>)>,
    /// The names of ours that the wire format explains.
    ours: BTreeSet<String>,
}

impl Vocabulary {
    fn read() -> Self {
        let mut read = Self::default();
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
        let text = include_str!("corpus/vocabulary/schema.org.txt");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, said) = line.split_once(" :").unwrap();
            match name.split_once(' ').unwrap() {
                ("type", name) => drop(read.types.insert(name.to_owned(), words(said))),
                ("member", name) => drop(read.members.insert(name.to_owned(), said.trim().to_owned())),
                ("property", name) => {
                    let (of, values) = said.split_once("->").unwrap();
                    read.properties.insert(name.to_owned(), (words(of), words(values)));
                }
                other => panic!("{other:?}"),
            }
        }
        read.ours = ours(include_str!("../docs/wire-format.md"));
        read
    }

    /// Returns a type with all types above it.
    fn above(&self, name: &str) -> BTreeSet<String> {
        let mut all = BTreeSet::from([name.to_owned()]);
        for parent in self.types.get(name).into_iter().flatten() {
            all.extend(self.above(parent));
        }
        all
    }

    /// Checks one node and all in it.
    fn check(&self, node: &Map<String, Value>, place: &str, faults: &mut Vec<String>) {
        let name = node.get("@type").and_then(Value::as_str);
        let Some(name) = name else {
            // A reference has nothing but the name of the node that is meant.
            if node.keys().any(|key| key != "@id") {
                faults.push(format!("{place}: a node without a type: {:?}", node.keys()));
            }
            return;
        };
        if name.starts_with("mo:") {
            self.check_ours(name, place, faults);
        } else if !self.types.contains_key(name) {
            faults.push(format!("{place}: schema.org has no type {name}"));
        }
        let above = self.above(name);
        for (key, value) in node.iter().filter(|(key, _)| !key.starts_with('@')) {
            let place = format!("{place}.{key}");
            let values = match self.properties.get(key) {
                _ if key.starts_with("mo:") => {
                    self.check_ours(key, &place, faults);
                    None
                }
                Some((of, values)) => {
                    if !of.iter().any(|one| above.contains(one)) {
                        faults.push(format!("{place}: {name} has no {key}, but {of:?}"));
                    }
                    Some(values)
                }
                None => {
                    faults.push(format!("{place}: schema.org has no property {key}"));
                    None
                }
            };
            self.check_value(value, values, &place, faults);
        }
    }

    fn check_value(&self, value: &Value, may_be: Option<&Vec<String>>, place: &str, faults: &mut Vec<String>) {
        match value {
            Value::Array(all) => all.iter().for_each(|one| self.check_value(one, may_be, place, faults)),
            Value::Object(node) => {
                if let (Some(name), Some(may_be)) = (node.get("@type").and_then(Value::as_str), may_be) {
                    let above = self.above(name);
                    if !may_be.iter().any(|one| above.contains(one)) {
                        faults.push(format!("{place}: {name} is none of {may_be:?}"));
                    }
                }
                self.check(node, place, faults);
            }
            Value::String(text) => {
                let Some(term) = text.strip_prefix("https://schema.org/") else { return };
                let enumeration = self.members.get(term);
                if !enumeration.is_some_and(|one| may_be.is_some_and(|may_be| may_be.contains(one))) {
                    faults.push(format!("{place}: {term} of {enumeration:?} is none of {may_be:?}"));
                }
            }
            _ => {}
        }
    }

    fn check_ours(&self, name: &str, place: &str, faults: &mut Vec<String>) {
        if !self.ours.contains(name) {
            faults.push(format!("{place}: docs/wire-format.md does not explain {name}"));
        }
    }
}

/// Returns the names of ours that a document explains: those written `mo:NAME`, and the first column of the envelope's table.
fn ours(page: &str) -> BTreeSet<String> {
    let code = page.split('`').skip(1).step_by(2);
    let mut names: BTreeSet<String> = code.filter(|text| text.starts_with("mo:")).map(str::to_owned).collect();
    let envelope = page.split_once("### Envelope").unwrap().1.split_once("\n### ").unwrap().0;
    for row in envelope.lines().filter(|line| line.starts_with("| `")) {
        let column = row.split('|').nth(1).unwrap();
        names.extend(column.split('`').skip(1).step_by(2).map(|name| format!("mo:{name}")));
    }
    names
}

/// Returns the faults of one letter's data.
fn faults(vocabulary: &Vocabulary, data: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for node in data["@graph"].as_array().unwrap() {
        let node = node.as_object().unwrap();
        vocabulary.check(node, node["@type"].as_str().unwrap_or("?"), &mut faults);
    }
    faults
}

#[test]
fn letters_use_only_words_that_schema_org_defines_or_the_wire_format_explains() {
    let vocabulary = Vocabulary::read();
    let seeds = tried(40, 2000);
    let texts = texts(Language::En);
    let mut found = BTreeSet::new();
    for kind in Kind::ALL {
        for seed in 0..seeds {
            let signed = String::from_utf8(mail::write(&Chance::new(seed).letter(*kind), &texts).unwrap()).unwrap();
            let data: Value = serde_json::from_str(crate::mail::machine(&signed)).unwrap();
            found.extend(faults(&vocabulary, &data).into_iter().map(|fault| format!("{kind}: {fault}")));
        }
    }
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn that_a_part_is_paid_is_read_from_the_payments_whatever_code_stands_beside_them() {
    let mut tried = 0;
    for seed in 0..60 {
        let letter = Chance::new(seed).letter(Kind::PaymentStatus);
        let signed = String::from_utf8(mail::write(&letter, &texts(Language::En)).unwrap()).unwrap();
        let Document::PaymentStatus(status) = &letter.document else { unreachable!() };
        let state = "\"paymentStatus\": ";
        let code = "\"mo:reason\": \"PPD\",";
        assert_eq!(signed.contains(code), status.is_partly_paid(), "{signed}");
        let other = match status.is_partly_paid() {
            true => signed.replace(code, "\"mo:reason\": \"PAID-SOME\","),
            false => signed.replacen(state, &format!("{code} {state}"), 1),
        };
        let read = mail::reread(other.as_bytes()).unwrap();
        assert_eq!(crate::mail::exact(&read), crate::mail::exact(&letter));
        tried += usize::from(status.is_partly_paid());
    }
    assert!(tried > 0, "none of them is paid in part");
}

#[test]
fn the_check_of_the_vocabulary_can_fail() {
    let vocabulary = Vocabulary::read();
    let of = |node: Value| faults(&vocabulary, &serde_json::json!({ "@graph": [node] }));
    let good = serde_json::json!({"@type": "Order", "orderNumber": "1", "orderStatus": "https://schema.org/OrderProblem",
        "seller": {"@type": "Organization", "name": "A"}, "orderDelivery": {"@id": "#p"}});
    assert_eq!(of(good), [""; 0]);
    for (bad, why) in [
        (serde_json::json!({"@type": "Ordering"}), "no type"),
        (serde_json::json!({"@type": "Order", "colour": "red"}), "no property"),
        (serde_json::json!({"@type": "Order", "trackingNumber": "1"}), "Order has no trackingNumber"),
        (serde_json::json!({"@type": "Order", "orderStatus": "https://schema.org/PaymentDue"}), "none of"),
        (serde_json::json!({"@type": "Order", "seller": {"@type": "Invoice"}}), "none of"),
        (serde_json::json!({"@type": "Order", "mo:colour": "red"}), "does not explain"),
        (serde_json::json!({"@type": "Order", "seller": {"name": "A"}}), "without a type"),
    ] {
        let said = of(bad);
        assert!(said.len() == 1 && said[0].contains(why), "{why}: {said:?}");
    }
}
