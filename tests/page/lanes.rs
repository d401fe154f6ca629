//! The timeline of an order: in which of the four lanes a letter and a promised date stand (P84, P85).

use serde_json::Value;

use super::served::Served;
use crate::support::program::Town;

/// The lanes from left to right: their words, and where each is drawn.
const LANES: [(&str, &str); 4] = [("you", "12.5%"), ("shop", "37.5%"), ("courier", "62.5%"), ("pay", "87.5%")];

/// Returns the word of the lane that is drawn here.
fn lane(at: &str) -> &'static str {
    LANES.iter().find(|(_, place)| *place == at).unwrap_or_else(|| panic!("{at} is no lane")).0
}

/// Returns what stands behind some words up to a quotation mark.
fn behind<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    text.split_once(words)?.1.split('"').next()
}

/// Returns the lines of the timeline on a page: what each says to who does not see it, and the lanes in which it is drawn.
fn drawn(page: &str) -> Vec<(String, Vec<&'static str>)> {
    let table = page.split("<table class=\"timeline\">").nth(1).unwrap().split("</table>").next().unwrap();
    let heads: String = LANES.iter().map(|(word, _)| format!("<span>{word}</span>")).collect::<Vec<_>>().concat();
    assert!(table.contains(&format!("<th scope=\"col\" class=\"lanes\">{heads}</th>")), "{table}");
    let cell = |cell: &str| {
        let said = behind(cell, "<span class=\"hidden").map(|_| cell.split_once("hidden\">").unwrap().1);
        let said = said.unwrap().split('<').next().unwrap().to_owned();
        let from = behind(cell, "class=\"lane-dot\" cx=\"");
        let to = behind(cell, "<svg class=\"lane-end\" x=\"");
        let point = behind(cell, "class=\"lane-planned\" cx=\"").or(behind(cell, "class=\"lane-missed\" cx=\""));
        if let Some((from, to)) = from.zip(to) {
            // The line goes from one to the other.
            assert!(cell.contains(&format!("x1=\"{from}\" x2=\"{to}\"")), "{cell}");
            return (said, vec![lane(from), lane(to)]);
        }
        (said, vec![lane(point.unwrap_or_else(|| panic!("{cell}")))])
    };
    table.split("<td class=\"lanes\">").skip(1).map(|part| cell(part.split("</td>").next().unwrap())).collect()
}

/// Returns the lines of an order's timeline, receipts included; each says in words where it is drawn.
fn timeline(town: &Town, id: &str) -> Vec<Vec<&'static str>> {
    let served = Served::start(&town.path("buyer/config.toml"));
    let lines = drawn(&served.visit().page(&format!("/txn/{id}?receipts=1")));
    for (said, lanes) in &lines {
        assert_eq!(*said, lanes.join(" to "));
    }
    lines.into_iter().map(|(_, lanes)| lanes).collect()
}

/// Returns the lanes of each letter of an order, by who wrote it to whom.
fn expected(town: &Town, id: &str, lane_of: &dyn Fn(&Value) -> &'static str) -> Vec<Vec<&'static str>> {
    let shown = town.show("buyer", id);
    let lanes = |letter: &Value| match letter["direction"].as_str().unwrap() {
        "in" => vec![lane_of(letter), "you"],
        _ => vec!["you", lane_of(letter)],
    };
    shown["letters"].as_array().unwrap().iter().map(lanes).collect()
}

#[test]
fn each_letter_stands_between_the_lanes_of_who_wrote_it_and_who_reads_it_p84_p85() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.does("buyer", &["ask", &id]);
    town.settle();
    town.reports(&number, &[("shop", "--shipped")]);
    // A letter that does not agree stands in the lane of its writer, too.
    town.misbills(&id, 9_999);
    town.sync(&["buyer"]);
    let by_peer = |letter: &Value| match letter["peer"].as_str().unwrap() {
        "shop@demo.test" => "shop",
        "ship@demo.test" => "courier",
        "pay@demo.test" => "pay",
        other => panic!("{other}"),
    };
    let letters = expected(&town, &id, &by_peer);
    for (from, to) in
        [("shop", "you"), ("courier", "you"), ("pay", "you"), ("you", "shop"), ("you", "courier"), ("you", "pay")]
    {
        assert!(letters.contains(&vec![from, to]), "{from} to {to}: {letters:?}");
    }
    let drawn = timeline(&town, &id);
    assert_eq!(drawn[..letters.len()], letters);
    // Behind them stands what is still to come: the goods have left, payment and delivery are promised.
    let mut ahead = drawn[letters.len()..].concat();
    ahead.sort_unstable();
    assert_eq!(ahead, ["courier", "pay"]);
}

#[test]
fn who_plays_several_parts_stands_in_the_lane_of_the_leg_that_a_letter_is_about_p84() {
    let town = Town::fresh();
    // The shop brings the goods itself, and has no other address for that.
    let delivery = town.agents("pay", "shop");
    town.configure("shop", |text| text.replacen("roles = [\"shop\"]", "roles = [\"shop\", \"delivery\"]", 1));
    town.procedures(&[&format!("steps = [\"terms\", \"confirmation\", \"payment\", \"delivery\"]\n{delivery}")]);
    let (id, _) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.does("buyer", &["ask", &id]);
    town.settle();
    let by_kind = |letter: &Value| {
        let says = letter["says"].to_string();
        match (letter["peer"].as_str().unwrap(), letter["kind"].as_str().unwrap()) {
            ("pay@demo.test", _) => "pay",
            (_, "delivery-status") => "courier",
            (_, "status-request") if says.contains("delivery") => "courier",
            _ => "shop",
        }
    };
    let letters = expected(&town, &id, &by_kind);
    assert!(letters.contains(&vec!["courier", "you"]) && letters.contains(&vec!["shop", "you"]), "{letters:?}");
    assert_eq!(timeline(&town, &id)[..letters.len()], letters);
}

#[test]
fn a_letter_that_a_schedule_had_written_says_so_on_the_timeline_and_in_show() {
    let town = Town::played();
    let open = town.in_state("open")["id"].as_str().unwrap().to_owned();
    let set = ["schedule", "add", "six", "--query", "undelivered item:煎茶", "--when", "every 6h", "--leg", "delivery"];
    town.does("buyer", &set);
    town.does("buyer", &["schedule", "run", "six"]);
    let shown = town.show("buyer", &open);
    let letters = shown["letters"].as_array().unwrap().iter();
    let caused: Vec<&Value> = letters.filter(|letter| !letter["cause"].is_null()).collect();
    let [asked] = caused[..] else { panic!("{caused:?}") };
    assert_eq!(asked["kind"], "status-request");
    assert_eq!((&asked["cause"]["by"], &asked["cause"]["name"]), (&"schedule".into(), &"six".into()), "{asked}");
    let told = town.does("buyer", &["show", &open]).out;
    assert_eq!(told.matches("by schedule \"six\"").count(), 1, "{told}");
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    for (language, words) in [("en", "by schedule &quot;six&quot;"), ("ja", "定期照会「six」による")] {
        let page = visitor.page(&format!("/txn/{open}?lang={language}"));
        let rows: Vec<&str> = page.split("<td class=\"lanes\">").filter(|row| row.contains(words)).collect();
        let [row] = rows[..] else { panic!("{language}: {} rows", rows.len()) };
        assert!(row.contains(&format!("#l-{}", asked["entry"])), "{row}");
    }
}

#[test]
fn money_that_nobody_asked_for_is_a_refund_and_no_return() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.reports(&number, &[("pay", "--paid")]);
    town.does("shop", &["shop", "refund", &number, "--amount", "JPY 500"]);
    town.settle();
    let served = Served::start(&town.path("buyer/config.toml"));
    let page = served.visit().page(&format!("/txn/{id}"));
    assert!(page.contains("Refund of <") && !page.contains("Return agreed"), "{page}");
}
