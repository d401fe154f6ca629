//! Amounts, days and moments as people and JSON documents have them.

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::rules::InPart;
use crate::trade::{Moment, Money, When};
use crate::words::Words;

/// Writes an amount for people: thousands parted by commas, the code before it.
pub fn amount(money: &Money) -> String {
    let (sign, digits) = grouped(money);
    format!("{} {sign}{digits}", money.currency())
}

/// Writes an amount as pages have it: the sign of its currency before it.
pub fn signed_amount(money: &Money) -> String {
    let (before, digits) = signed(money);
    before + &digits
}

/// Returns what stands before an amount on a page, and its digits, thousands parted by commas.
pub fn signed(money: &Money) -> (String, String) {
    let (sign, digits) = grouped(money);
    let currency = match money.currency().code() {
        "JPY" => "¥".to_owned(),
        "EUR" => "€".to_owned(),
        "USD" => "US$".to_owned(),
        "GBP" => "£".to_owned(),
        other => format!("{other}\u{a0}"),
    };
    // A minus that is as wide as a digit.
    (format!("{}{currency}", if sign.is_empty() { "" } else { "−" }), digits)
}

/// Returns the sign of an amount, empty where it is none, and its digits, thousands parted by commas.
fn grouped(money: &Money) -> (&'static str, String) {
    let plain = money.plain();
    let (sign, plain) = plain.strip_prefix('-').map_or(("", plain.as_str()), |rest| ("-", rest));
    let (whole, fraction) = plain.split_once('.').map_or((plain, None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && whole.len().saturating_sub(place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let fraction = fraction.map(|digits| format!(".{digits}")).unwrap_or_default();
    (sign, grouped + &fraction)
}

/// Writes a day for people, in their zone.
pub fn day(when: &When, zone: &TimeZone) -> String {
    match when {
        When::Day(day) => day.to_string(),
        When::Moment(moment) => moment.instant().to_zoned(zone.clone()).date().to_string(),
    }
}

/// Writes a moment for people, in their zone, to the minute.
pub fn minute(moment: &Moment, zone: &TimeZone) -> String {
    moment.instant().to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Returns the name of a zone, and how far it is from UTC at a moment.
pub fn zone(zone: &TimeZone, at: &Moment) -> (String, String) {
    let offset = at.instant().to_zoned(zone.clone()).strftime("%:z").to_string();
    (zone.iana_name().filter(|_| !zone.is_unknown()).unwrap_or("UTC").to_owned(), offset)
}

/// Writes a day, or a moment to the minute, for people.
pub fn when(when: &When, zone: &TimeZone) -> String {
    match when {
        When::Day(_) => day(when, zone),
        When::Moment(moment) => minute(moment, zone),
    }
}

/// Writes the amounts in a sentence as `amount` does: letters and entries have them plain.
fn with_amounts(sentence: &str, amount: impl Fn(&Money) -> String) -> String {
    let mut written = String::new();
    let mut rest = sentence;
    while let Some((word, after)) = rest.split_once(' ') {
        let length = after.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap_or(after.len());
        let (digits, behind) = after.split_at_checked(length).unwrap_or((after, ""));
        let plain = digits.trim_end_matches('.');
        let code = word.get(word.len().saturating_sub(3)..).unwrap_or_default();
        let begin = word.strip_suffix(code).unwrap_or_default();
        match Money::parse(plain, code).ok().filter(|_| begin.chars().next_back().is_none_or(|c| !c.is_alphanumeric()))
        {
            Some(money) => {
                written.push_str(&format!(
                    "{begin}{}{}",
                    amount(&money),
                    digits.strip_prefix(plain).unwrap_or_default()
                ));
                rest = behind;
            }
            None => {
                written.push_str(word);
                written.push(' ');
                rest = after;
            }
        }
    }
    written + rest
}

/// Writes a name and, `width` columns and two blanks further on, its value. A Japanese character has two columns.
pub fn labelled(name: &str, width: usize, value: &str) -> String {
    let gap = width.saturating_sub(unicode_width::UnicodeWidthStr::width(name)).saturating_add(2);
    format!("{name}{}{value}", " ".repeat(gap))
}

/// Writes what a warning says for people: in English the sentence, in other languages what its code means before it, since
/// not every sentence has words of its own there. What others wrote is not escaped yet.
pub fn finding(words: Words, code: &str, text: &str, zone: &TimeZone) -> String {
    headed(words, code, sentence(&words.sentence(text), zone))
}

/// Writes for a page what a warning says in one line that begins with its code, or with what that means.
pub fn finding_of_page(words: Words, code: &str, text: &str, zone: &TimeZone) -> String {
    let said = sentence_of_page(&words.sentence(text), zone);
    if words == Words::ENGLISH { format!("{code}: {said}") } else { headed(words, code, said) }
}

/// Writes what a code means before what is said, in other languages than English.
fn headed(words: Words, code: &str, said: String) -> String {
    match words.find(&format!("finding.{code}")).filter(|_| words != Words::ENGLISH) {
        Some(heading) => words.fill("stop.finding", &[("what", &heading), ("text", &said)]),
        None => said,
    }
}

/// Writes the same in one line that begins with the code, where the language says nothing for it.
pub fn finding_line(words: Words, code: &str, text: &str, zone: &TimeZone) -> String {
    match words {
        Words::ENGLISH => format!("{code}: {}", sentence(text, zone)),
        words => finding(words, code, text, zone),
    }
}

/// Writes the moments in a sentence as [`minute`] does, and its amounts as [`amount`] does.
pub fn sentence(text: &str, zone: &TimeZone) -> String {
    with_amounts(&with_moments(text, zone), amount)
}

/// Writes the moments in a sentence of a page as [`minute`] does, and its amounts as the page has them in its columns.
pub fn sentence_of_page(text: &str, zone: &TimeZone) -> String {
    with_amounts(&with_moments(text, zone), signed_amount)
}

fn with_moments(text: &str, zone: &TimeZone) -> String {
    let part = |word: &str| {
        // Japanese has no blanks: a moment stands between its punctuation.
        let core = word.split(['、', '。', '（', '）']).next().unwrap_or(word);
        let core = core.trim_end_matches([',', ';', '.', ':', ')']);
        let rest = word.strip_prefix(core).unwrap_or_default();
        Moment::parse(core).map_or_else(|_| word.to_owned(), |moment| format!("{}{rest}", minute(&moment, zone)))
    };
    let word = |word: &str| word.split_inclusive(['：', '（']).map(part).collect::<String>();
    text.split(' ').map(word).collect::<Vec<String>>().join(" ")
}

/// Writes an amount for JSON.
pub fn money_json(money: &Money) -> Value {
    serde_json::json!({"amount": money.plain(), "currency": money.currency().code()})
}

/// Writes for JSON how much of a leg is done, where not all is: goods in pieces, or money.
pub fn in_part_json(part: Option<&InPart>) -> Value {
    match part {
        None => Value::Null,
        Some(InPart::Goods { done, of }) => serde_json::json!({"done": done, "of": of}),
        Some(InPart::Money { done, of }) => serde_json::json!({"done": money_json(done), "of": money_json(of)}),
    }
}

/// Writes a date for JSON.
pub fn when_json(when: Option<&When>) -> Value {
    when.map_or(Value::Null, |when| Value::String(when.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped() {
        assert_eq!(amount(&Money::parse("1234567", "JPY").unwrap()), "JPY 1,234,567");
        assert_eq!(amount(&Money::parse("19.90", "EUR").unwrap()), "EUR 19.90");
        assert_eq!(amount(&Money::parse("-100", "JPY").unwrap()), "JPY -100");
        for (plain, grouped) in [
            ("agreed JPY 6600, stated JPY 7600.", "agreed JPY 6,600, stated JPY 7,600."),
            ("(EUR 1234.50)", "(EUR 1,234.50)"),
            ("XXJPY 6600 THE 12 JPY 1 2026-11-22 ", "XXJPY 6600 THE 12 JPY 1 2026-11-22 "),
            ("no amount", "no amount"),
        ] {
            assert_eq!(with_amounts(plain, amount), grouped);
        }
        for (plain, signed) in [
            ("agreed JPY 6600, stated JPY -7600.", "agreed ¥6,600, stated −¥7,600."),
            ("(CHF 1234.50)", "(CHF\u{a0}1,234.50)"),
        ] {
            assert_eq!(sentence_of_page(plain, &TimeZone::UTC), signed);
        }
        let said = sentence("left 2026-11-21T17:06:45Z, due 2026-11-24; JPY 4800", &TimeZone::UTC);
        assert_eq!(said, "left 2026-11-21 17:06, due 2026-11-24; JPY 4,800");
        let said = sentence("次回：2026-11-21T17:06:45Z。（2026-11-21T17:06:45Z）", &TimeZone::UTC);
        assert_eq!(said, "次回：2026-11-21 17:06。（2026-11-21 17:06）");
    }
}
