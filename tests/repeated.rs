//! What a letter says twice, and says in two ways.

use mailorder::mail::{self, Language, ReadError};
use mailorder::trade::Letter;

use crate::mail::{read, texts};
use crate::support::trade::{charge, terms, terms_letter};

fn written(letter: &Letter) -> String {
    String::from_utf8(mail::write(letter, &texts(Language::En)).unwrap()).unwrap()
}

/// Puts `to` in the place of the `n`th `from` of a text.
fn nth(text: &str, n: usize, from: &str, to: &str) -> String {
    let (at, _) =
        text.match_indices(from).nth(n).unwrap_or_else(|| panic!("{from:?} is not there {n} times in\n{text}"));
    format!("{}{to}{}", &text[..at], &text[at + from.len()..])
}

#[test]
fn a_shop_that_collects_and_delivers_itself_is_one_firm() {
    let mut own = terms();
    let seller = own.agents[0].party.clone();
    own.agents.iter_mut().for_each(|agent| agent.party = seller.clone());
    let letter = terms_letter(own);
    assert!(read(&letter, &written(&letter)).is_ok(), "{:?}", read(&letter, &written(&letter)));
}

#[test]
fn what_a_letter_says_twice_is_the_same() {
    let letter = terms_letter(terms());
    let signed = written(&letter);
    assert!(read(&letter, &signed).is_ok());
    let shop = "\"merchant\": {";
    let place = signed.find(shop).unwrap_or_else(|| panic!("no merchant in\n{signed}"));
    let merchant = &signed[place..=place + signed[place..].find('}').unwrap()];
    let carrier = signed.find("\"carrier\": {").unwrap();
    let carrier = &signed[carrier..=carrier + signed[carrier..].find('}').unwrap()];
    let firm = |key: &str, more: &str| format!("\"{key}\": {{\"@type\": \"Organization\", {more}}}");
    let other = "\"email\": \"mallory@example.net\"";
    let address = format!("\"email\": \"{}\"", letter.from.address);
    let price = format!("\"price\": \"{}\"", charge().price.plain());
    let dear = "\"price\": \"5000\", \"priceCurrency\": \"JPY\", \"priceSpecification\"";
    let cheap = "\"price\": \"500\", \"priceCurrency\": \"JPY\", \"priceSpecification\"";
    assert!(signed.contains(&price), "{signed}");
    let rows = [
        ("the same merchant written out", signed.replacen(merchant, &firm("merchant", &address), 1), true),
        ("another merchant", signed.replacen(merchant, &firm("merchant", other), 1), false),
        ("a merchant of another name", signed.replacen(merchant, &firm("merchant", "\"name\": \"X\""), 1), false),
        ("another carrier", signed.replacen(carrier, &firm("carrier", other), 1), false),
        ("another item", nth(&signed, 1, "Tie, blue", "Tie, red"), false),
        ("another article number", nth(&signed, 1, "TI-1", "TI-2"), false),
        ("the price of a charge twice", signed.replacen("\"priceSpecification\"", cheap, 1), true),
        ("two prices of a charge", signed.replacen("\"priceSpecification\"", dear, 1), false),
    ];
    for (shows, text, is_read) in rows {
        let found = read(&letter, &text);
        assert_ne!(text, signed, "{shows}");
        assert!(
            is_read == found.is_ok() && (is_read || matches!(found, Err(ReadError::BadShape(_)))),
            "{shows}: {found:?}"
        );
        assert!(mail::reread(text.as_bytes()).is_ok(), "{shows}: what was entered before is read again");
    }
}
