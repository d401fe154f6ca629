//! What is given back on the page: why, by one of the codes and in the buyer's own words.

use super::served::{Served, Visitor};
use crate::support::program::Town;

/// The codes: the word of each, its code in the letter, what it says where the buyer writes nothing, and what the page calls it.
const REASONS: [(&str, &str, &str, [&str; 2]); 4] = [
    ("quality", "QUA", "broken, or not good enough", ["broken, or not good enough", "壊れている、または品質が悪い"]),
    ("wrong-item", "ITM", "not what was ordered", ["not what was ordered", "注文と違う品"]),
    (
        "delivery",
        "DEL",
        "delivered too late, or not at all",
        ["too late, or not at all", "届くのが遅い、または届かない"],
    ),
    ("other", "OTH", "not wanted any more", ["not wanted any more, or anything else", "不要になった、その他"]),
];

/// Returns code and text of the last return that the buyer asked for.
fn reason(town: &Town) -> (String, String) {
    let letter = town.letter("buyer", "out", "return-request");
    let value = |name: &str| {
        let from = letter.split_once(&format!("\"{name}\": \"")).unwrap_or_else(|| panic!("{name}: {letter}")).1;
        from.split('"').next().unwrap().to_owned()
    };
    (value("mo:reason"), value("description"))
}

/// Gives an order back from its own page; returns the status of the answer.
fn gives_back(visitor: &Visitor<'_>, id: &str, fields: &[(&str, &str)]) -> u16 {
    let place = format!("/txn/{id}");
    let (token, once) = visitor.hidden(&place);
    let own = [("token", token.as_str()), ("once", &once), ("act", "return"), ("what", "all")];
    visitor.post(&place, &[&own[..], fields].concat()).status
}

#[test]
fn why_goods_go_back_is_chosen_on_the_page_and_said_as_the_command_says_it_p94() {
    let town = Town::played();
    let (id, _) = town.confirmed();
    for (word, code, text, called) in REASONS {
        let [on_page, by_command] = [town.copied(), town.copied()];
        let served = Served::start(&on_page.path("buyer/config.toml"));
        let mut visitor = served.visit();
        for (language, name) in ["en", "ja"].into_iter().zip(called) {
            visitor.language = language;
            let page = visitor.page(&format!("/txn/{id}?act=return"));
            let form = page.split_once("<select id=\"return-because\" name=\"because\">").unwrap().1;
            let choices = form.split("</select>").next().unwrap();
            assert_eq!(choices.matches("<option").count(), REASONS.len(), "{choices}");
            let option = choices.split("<option value=\"").find(|one| one.starts_with(&format!("{word}\""))).unwrap();
            assert!(option.contains(&format!(">{name}</option>")), "{language}: {option}");
            // Where nothing is chosen it is what the command means without --because.
            assert_eq!(option.contains(" selected"), word == "other", "{option}");
        }
        assert_eq!(gives_back(&visitor, &id, &[("because", word), ("reason", "")]), 303);
        by_command.does("buyer", &["return", &id, "--because", word]);
        assert_eq!(reason(&on_page), (code.to_owned(), text.to_owned()));
        assert_eq!(reason(&by_command), reason(&on_page));
    }
}

#[test]
fn the_buyers_own_words_go_with_the_code_and_what_is_no_code_is_refused_p94() {
    let town = Town::played();
    let (id, _) = town.confirmed();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let entries = town.entries("buyer").len();
    for wrong in ["QUA", "none", "quality "] {
        let status = gives_back(&visitor, &id, &[("because", wrong), ("reason", "a lid is missing")]);
        assert_eq!(status == 422, wrong != "quality ", "{wrong}");
        let written = town.entries("buyer").len() - entries;
        assert_eq!(written, usize::from(wrong == "quality "), "{wrong}");
    }
    assert_eq!(reason(&town), ("QUA".to_owned(), "a lid is missing".to_owned()));
}

#[test]
fn a_part_is_offered_once_goods_have_come_and_not_before_p94() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 2, &["--pay", "card"]);
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let form = || {
        let page = visitor.page(&format!("/txn/{id}?act=return"));
        let form = page.split_once("<li id=\"return\">").unwrap_or_else(|| panic!("{page}")).1;
        form.split("</form>").next().unwrap().to_owned()
    };
    let before = form();
    assert!(before.contains("value=\"all\"") && !before.contains("name=\"back-1\""), "{before}");
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered")]);
    let after = form();
    assert!(after.contains("value=\"all\"") && after.contains("name=\"back-1\""), "{after}");
}
