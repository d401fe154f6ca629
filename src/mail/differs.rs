//! Does the human text say an amount, or a transaction's number, that the data lacks?
//!
//! The text is searched, never read into values: what is found here is noted beside the letter and changes nothing.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use memchr::memmem;

use super::jsonld::{Graph, Node};
use super::shape::Parts;
use crate::trade::{Code, Currency, Finding, Letter, Money, Number, Quantity};

/// Words after which a transaction's number stands.
const LABELS: [&str; 5] = ["transaction number", "transaction", "order number", "取引番号", "注文番号"];
/// Signs that mean one currency.
const SIGNS: [(&str, &str); 5] = [("¥", "JPY"), ("￥", "JPY"), ("円", "JPY"), ("€", "EUR"), ("£", "GBP")];

/// Compares the human text with the data (B88).
pub(super) fn text<'a>(parts: &Parts, letter: &Letter, graph: &'a Graph<'a>) -> Vec<Finding> {
    let in_machine = |words: &str| memmem::find(&parts.machine, words.as_bytes()).is_some();
    let amounts = amounts_in(&parts.text);
    let known = if amounts.is_empty() { HashSet::new() } else { amounts_of(graph) };
    let mut found = BTreeSet::new();
    for (money, words) in amounts {
        if !known.contains(&money) && !in_machine(&words) {
            found.insert(format!("the text has {money}, the data has no such amount"));
        }
    }
    for number in numbers_in(&parts.text) {
        let same = letter.transaction.as_ref().is_some_and(|known| known.as_str() == number);
        if !same && !in_machine(&number) {
            found.insert(format!("the text speaks of transaction {number:?}, the data does not"));
        }
    }
    found.into_iter().map(|text| Finding::new(Code::TextDiffersFromData, text)).collect()
}

/// Returns every amount of the data, the prices of whole lines included.
fn amounts_of<'a>(graph: &'a Graph<'a>) -> HashSet<Money> {
    let mut known = HashSet::new();
    for node in graph.every() {
        if node.raw("price").is_some() {
            known.extend([node.price().ok(), whole_line(&node)].into_iter().flatten());
        }
        if node.raw("currency").is_some() {
            known.extend(node.money("value", "currency").ok());
        }
    }
    known
}

fn whole_line(node: &Node) -> Option<Money> {
    let quantity: Quantity = node.node("eligibleQuantity").ok()??.read("value").ok()??;
    node.price().ok()?.times(quantity).ok()
}

/// Returns the amounts with currency in a text, each with the words that say so.
fn amounts_in(text: &str) -> Vec<(Money, String)> {
    let apart = |c: char| {
        let ascii = matches!(c, '(' | ')' | '[' | ']' | '<' | '>' | '=' | ':' | ';' | '"' | '\'');
        let wide = matches!(c, '（' | '）' | '「' | '」' | '：' | '；' | '、' | '。');
        ascii || wide || c.is_whitespace()
    };
    let words: Vec<&str> = text.split(apart).filter(|word| !word.is_empty()).collect();
    let mut found = Vec::new();
    let mut last = "";
    for (place, word) in words.iter().enumerate() {
        let next = words.get(place.saturating_add(1)).copied().unwrap_or_default();
        if is_code(word) {
            if let Some(money) = money(next, word) {
                found.push((money, format!("{word} {next}")));
            } else if let Some(money) = money(last, word) {
                found.push((money, format!("{last} {word}")));
            }
        } else if let Some(money) = in_one_word(word) {
            found.push((money, (*word).to_owned()));
        }
        last = word;
    }
    found
}

fn is_code(word: &str) -> bool {
    word.len() == 3 && word.bytes().all(|b| b.is_ascii_uppercase()) && Currency::parse(word).is_ok()
}

/// Reads `JPY4800`, `4800JPY`, `¥4,800` and `4,800円`.
fn in_one_word(word: &str) -> Option<Money> {
    let digit = |c: char| c.is_ascii_digit();
    let first = word.find(digit)?;
    let after = word.rfind(digit)?.saturating_add(1);
    let (before, number, behind) = (word.get(..first)?, word.get(first..after)?, word.get(after..)?);
    let behind = behind.trim_end_matches([',', '.']);
    let code = |sign: &str| match SIGNS.iter().find(|(known, _)| *known == sign) {
        Some((_, code)) => Some((*code).to_owned()),
        None => is_code(sign).then(|| sign.to_owned()),
    };
    let code = if behind.is_empty() { code(before.trim_end_matches('-'))? } else { code(behind)? };
    money(number, &code)
}

/// Reads a number as people write it, with commas between thousands and a full stop behind.
fn money(number: &str, code: &str) -> Option<Money> {
    let plain = number.trim_end_matches([',', '.']).replace(',', "");
    Money::parse(&plain, code).ok()
}

/// Returns what stands where a transaction's number would.
fn numbers_in(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        let Some(behind) = behind_label(line) else { continue };
        let rest = line.get(behind..).unwrap_or_default();
        let rest = rest.trim_start_matches([' ', ':', '：', '#', '\u{3000}']);
        let word: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).collect();
        let word = word.trim_end_matches('.');
        if word.len() >= 4 && word.bytes().any(|b| b.is_ascii_digit()) && Number::parse(word).is_ok() {
            found.push(word.to_owned());
        }
    }
    found
}

/// Returns where a line goes on behind the first of the labels that it has.
fn behind_label(line: &str) -> Option<usize> {
    static FINDERS: LazyLock<Vec<memmem::Finder<'static>>> =
        LazyLock::new(|| LABELS.iter().map(memmem::Finder::new).collect());
    let lower = line.to_ascii_lowercase();
    let find =
        |finder: &memmem::Finder<'_>| finder.find(lower.as_bytes()).map(|at| at.saturating_add(finder.needle().len()));
    FINDERS.iter().find_map(find)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_found_however_people_write_them() {
        for (text, expected) in [
            ("Total: JPY 4800", "JPY 4800"),
            ("2 x JPY 4,800.", "JPY 4800"),
            ("it is 4800 JPY in all", "JPY 4800"),
            ("合計は4,800円です 4,800円", "JPY 4800"),
            ("EUR19.90", "EUR 19.90"),
            ("pay €19.90, please", "EUR 19.90"),
        ] {
            let found = amounts_in(text);
            assert!(found.iter().any(|(money, _)| money.to_string() == expected), "{text}: {found:?}");
        }
        assert!(amounts_in("3 parcels, the line 12, on 2026-07-18 JPY").is_empty());
    }

    #[test]
    fn numbers_are_found_behind_their_label() {
        assert_eq!(numbers_in("Transaction:   2026-0710-1234\n取引番号: K7M2QX9P."), ["2026-0710-1234", "K7M2QX9P"]);
        assert!(numbers_in("This transaction was recorded.").is_empty());
    }
}
