//! The figures of each screen, against those of the commands: sums by month and currency, what is late and waits, terms, the
//! outbox, and what the charts draw; of a buyer who owes in two currencies.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use super::served::{Served, Visitor, value};
use crate::export::real::traded;
use crate::support::program::Town;

/// A buyer who owes yen and euros, with a limit for each, and his page.
fn desk() -> (Town, Served) {
    let town = traded();
    town.configure("buyer", |text| {
        let limits = "[buyer]\nunpaid_limits = [\"JPY 10000\", \"EUR 300\"]\n";
        assert!(text.contains("[buyer]\n") && !text.contains("\nunpaid_limits"), "{text}");
        text.replacen("[buyer]\n", limits, 1)
    });
    let served = Served::start(&town.path("buyer/config.toml"));
    (town, served)
}

/// Returns the parts of a page between two texts, each.
pub(super) fn parts<'a>(page: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    page.split(begin).skip(1).map(|part| part.split(end).next().unwrap()).collect()
}

pub(super) fn part<'a>(page: &'a str, begin: &str, end: &str) -> &'a str {
    parts(page, begin, end).first().unwrap_or_else(|| panic!("no {begin} in {page}"))
}

/// Returns the words of a part of a page, without marks.
pub(super) fn words(part: &str) -> String {
    let inside = part
        .split('<')
        .enumerate()
        .map(|(place, piece)| if place == 0 { piece } else { piece.split_once('>').map_or("", |(_, text)| text) });
    inside.collect::<Vec<&str>>().join(" ").split_whitespace().collect::<Vec<&str>>().join(" ")
}

/// Returns the figures of a part, without commas.
pub(super) fn figures(part: &str) -> Vec<String> {
    let digits = |word: &str| {
        word.chars().all(|c| c.is_ascii_digit() || c == '.') && word.contains(|c: char| c.is_ascii_digit())
    };
    words(part)
        .replace(',', "")
        .replace(['¥', '€'], " ")
        .split_whitespace()
        .filter(|word| digits(word))
        .map(str::to_owned)
        .collect()
}

pub(super) fn amount(money: &Value) -> String {
    money["amount"].as_str().unwrap_or_else(|| panic!("{money} is an amount")).to_owned()
}

/// Adds up money in hundredths.
pub(super) fn hundredths(amount: &str) -> i64 {
    let (whole, part) = amount.split_once('.').unwrap_or((amount, "00"));
    whole.parse::<i64>().unwrap() * 100 + part.parse::<i64>().unwrap()
}

/// Returns the sums of what was agreed to and not taken back, by what `of` names.
pub(super) fn sums(rows: &[Value], of: impl Fn(&Value) -> String) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for one in rows.iter().filter(|one| ["open", "completed"].contains(&one["state"].as_str().unwrap())) {
        *sums.entry(of(one)).or_default() += hundredths(&amount(&one["total"]));
    }
    sums
}

pub(super) fn currency(one: &Value) -> String {
    one["total"]["currency"].as_str().unwrap().to_owned()
}

#[test]
fn the_foot_of_the_list_and_its_months_add_up_each_currency_p77_p79_p80() {
    let (town, served) = desk();
    let page = served.visit().page("/");
    let list = town.does("buyer", &["--json", "list"]).json();
    let rows = list["transactions"].as_array().unwrap();
    let by_currency = sums(rows, currency);
    assert_eq!(by_currency.keys().collect::<Vec<_>>(), ["EUR", "JPY"]);
    let feet = parts(part(&page, "<tfoot>", "</tfoot>"), "<tr>", "</tr>");
    assert_eq!(feet.len(), 2, "{feet:?}");
    for (code, sum) in &by_currency {
        let foot = feet.iter().find(|foot| words(foot).contains(code)).unwrap_or_else(|| panic!("{code}: {feet:?}"));
        assert_eq!(
            figures(part(foot, "sum-cell", "</td>")).iter().map(|one| hundredths(one)).collect::<Vec<_>>(),
            [*sum],
            "{code}"
        );
        let unpaid = list["unpaid"].as_array().unwrap().iter().find(|one| one["currency"] == code.as_str()).unwrap();
        assert_eq!(figures(part(foot, "class=\"owing\"", "</td>")), [amount(unpaid)], "{code}");
        let of = |what: &dyn Fn(&Value) -> bool| {
            rows.iter().filter(|one| !one["total"].is_null() && currency(one) == *code && what(one)).count()
        };
        let agreed = of(&|one| ["open", "completed"].contains(&one["state"].as_str().unwrap()));
        assert!(words(foot).contains(&format!("{agreed} order")), "{code} {agreed}: {}", words(foot));
        let coming = of(&|one| one["undelivered"] == true);
        assert_eq!(words(foot).contains(&format!("{coming} not delivered")), coming > 0, "{code}: {}", words(foot));
    }
    let by_month = sums(rows, |one| format!("{} {}", &one["date"].as_str().unwrap()[..7], currency(one)));
    let mut shown = BTreeMap::new();
    for group in parts(&page, "scope=\"rowgroup\"", "</tr>") {
        let month = part(group, "datetime=\"", "\"");
        for sum in parts(group, "class=\"sum\"", "</span></span>") {
            let code = if sum.contains('€') || sum.contains("EUR") { "EUR" } else { "JPY" };
            let figure = figures(&format!("<x{sum}")).pop().unwrap_or_else(|| panic!("{sum}"));
            shown.insert(format!("{month} {code}"), hundredths(&figure));
        }
    }
    assert_eq!(shown, by_month);
}

#[test]
fn both_currencies_stand_over_the_list_in_its_text_and_in_the_status_p79_p80_p81() {
    let (town, served) = desk();
    let page = served.visit().page("/");
    let list = town.does("buyer", &["--json", "list"]).json();
    let unpaid: Vec<(String, String)> = list["unpaid"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["currency"].as_str().unwrap().to_owned(), amount(one)))
        .collect();
    assert_eq!(unpaid.len(), 2);
    let boxes = parts(part(&page, "<dl class=\"summary\">", "</dl>"), "<div>", "</div>");
    let owed = words(boxes[0]).replace(',', "");
    // Each with its own limit; one of them is over it.
    let over = list["over_limit"].as_array().unwrap();
    assert_eq!(over.len(), 1, "{over:?}");
    for part in unpaid.iter().map(|(_, sum)| sum.as_str()).chain(["10000", "300"]) {
        assert!(owed.contains(part), "{part}: {owed}");
    }
    assert_eq!(boxes[0].matches("state--late").count(), 1, "{owed}");
    let count: u64 = list["unpaid"].as_array().unwrap().iter().map(|one| one["count"].as_u64().unwrap()).sum();
    assert!(owed.contains(&format!("{count} orders")), "{count}: {owed}");
    assert_eq!(figures(boxes[1])[0], list["undelivered"].to_string());
    let late = list["transactions"].as_array().unwrap().iter().filter(|one| one["late"] == true).count();
    assert_eq!(figures(boxes[2])[0], late.to_string());
    let unconfirmed = town.list(&["unconfirmed"]);
    let terms =
        |one: &Value| town.does("buyer", &["--json", "confirm", one["id"].as_str().unwrap(), "--dry-run"]).json();
    let warnings = town.does("buyer", &["--json", "warnings"]).json();
    let waiting = waiting(&unconfirmed.iter().map(terms).collect::<Vec<_>>(), &warnings);
    assert_eq!(figures(boxes[3])[0], waiting.to_string());
    // The texts of the terminal have the same.
    let status = town.does("buyer", &["--json", "status"]).json();
    assert_eq!((&status["undelivered"], &status["late"]), (&list["undelivered"], &late.into()));
    for text in [town.does("buyer", &["list"]).out, town.does("buyer", &["status"]).out] {
        for (code, sum) in &unpaid {
            assert!(text.replace(',', "").contains(&format!("{code} {sum}")), "{code} {sum}: {text}");
        }
    }
    for (code, sum) in &unpaid {
        let same = |one: &&Value| one["currency"] == code.as_str() && one["amount"] == sum.as_str();
        assert!(status["unpaid"].as_array().unwrap().iter().any(|one| same(&one)), "{status}");
    }
}

/// Returns how many matters wait for the buyer: terms, and warnings but those about terms, which the answer settles.
pub fn waiting(terms: &[Value], warnings: &Value) -> usize {
    let of_terms: BTreeSet<String> = terms.iter().map(|one| format!("W-{}", one["entry"])).collect();
    let warnings = warnings["warnings"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned());
    terms.len() + warnings.collect::<BTreeSet<_>>().difference(&of_terms).count()
}

/// Returns the whole numbers and sums that a drawing has in words.
fn drawn(figure: &str, class: &str) -> Vec<String> {
    let texts = parts(figure, "<text class=\"", "</text>");
    texts
        .iter()
        .filter(|text| text.split('"').next().unwrap().split(' ').any(|one| one == class))
        .flat_map(|text| figures(&format!("<text class=\"{text}")))
        .collect()
}

#[test]
fn charts_draw_in_each_currency_what_their_tables_and_the_list_say_p77_p80_p81() {
    let (town, served) = desk();
    let visitor = served.visit();
    let list = town.does("buyer", &["--json", "list"]).json();
    for (code, limit) in [("JPY", "10000"), ("EUR", "300.00")] {
        let page = visitor.page(&format!("/chart?currency={code}"));
        // Both can be chosen, and this one is.
        let tabs = part(&page, "<ul class=\"views\">", "</ul>");
        assert_eq!(tabs.matches("<a href").count(), 2, "{tabs}");
        assert!(tabs.contains(&format!("currency={code}\" aria-current=\"page\"")), "{tabs}");
        let figures_of = parts(&page, "<figure", "</figure>");
        let [bars, area] = &figures_of[..] else { panic!("two drawings") };
        let months: Vec<String> = parts(part(bars, "<tbody>", "</tbody>"), "<tr>", "</tr>")
            .iter()
            .filter_map(|row| figures(row.rsplit("<td class=\"num\">").next().unwrap()).pop())
            .collect();
        assert_eq!(months.len(), 12, "{months:?}");
        let bought: Vec<&String> = months.iter().filter(|sum| hundredths(sum) != 0).collect();
        assert_eq!(
            drawn(bars, "t-total").iter().collect::<Vec<_>>(),
            bought,
            "{code}: over each bar what its row says"
        );
        let all =
            figures(part(bars, "<tfoot>", "</tfoot>").rsplit("<td class=\"num\">").next().unwrap()).pop().unwrap();
        assert_eq!(months.iter().map(|sum| hundredths(sum)).sum::<i64>(), hundredths(&all));
        assert!(hundredths(&all) > 0);
        // What is unpaid now: in the drawing, in the newest step, in the list.
        let unpaid = list["unpaid"].as_array().unwrap().iter().find(|one| one["currency"] == code).unwrap();
        let newest = part(part(&page, "id=\"steps\"", "</table>"), "class=\"num now\">", "</td>");
        assert_eq!(hundredths(figures(newest).last().unwrap()), hundredths(&amount(unpaid)), "{code}");
        assert_eq!(hundredths(drawn(area, "t-strong").last().unwrap()), hundredths(&amount(unpaid)), "{code}");
        // The line of the limit stands at the limit, and what is over it is drawn where it is.
        assert_eq!(
            drawn(area, "limit-word").iter().map(|one| hundredths(one)).collect::<Vec<_>>(),
            [hundredths(limit)],
            "{code}"
        );
        let is_over = hundredths(&amount(unpaid)) >= hundredths(limit);
        assert_eq!(area.contains("class=\"area-over\""), is_over, "{code}");
        let place = |tag: &str, name: &str| part(tag, &format!(" {name}=\""), "\"").parse::<f64>().unwrap();
        let line = place(part(area, "<line class=\"limit\"", "/>"), "y1");
        let dot = place(part(area, "<circle class=\"now-dot\"", "/>"), "cy");
        assert_eq!(dot < line, is_over, "{code}: today stands at {dot}, the limit at {line}");
    }
}

#[test]
fn terms_and_outbox_have_the_figures_of_their_commands_p34_p118() {
    let (town, served) = desk();
    let visitor = served.visit();
    let offers = town.list(&["unconfirmed"]);
    assert!(!offers.is_empty());
    for offer in &offers {
        let id = offer["id"].as_str().unwrap();
        let terms = town.does("buyer", &["--json", "confirm", id, "--dry-run"]).json();
        let page = visitor.page(&format!("/txn/{id}/confirm"));
        let lines = part(&page, "<table class=\"lines", "</table>");
        let rows = parts(part(lines, "<tbody>", "</tbody>"), "<tr>", "</tr>");
        let told = terms["lines"].as_array().unwrap().iter().chain(terms["charges"].as_array().unwrap());
        assert_eq!(rows.len(), told.clone().count());
        for (row, one) in rows.iter().zip(told) {
            assert!(words(row).contains(one["name"].as_str().unwrap()), "{one}: {row}");
            assert!(figures(row).contains(&amount(&one["price"])), "{one}: {row}");
        }
        assert!(figures(part(lines, "<tfoot>", "</tfoot>")).contains(&amount(&terms["total"])), "{terms}");
        let owed = &terms["owed"];
        let decide = figures(part(&page, "class=\"decide\"", "</form>"));
        for part in ["now", "then", "limit"].into_iter().filter(|_| !owed.is_null()) {
            assert!(decide.contains(&amount(&owed[part])), "{part}: {decide:?}");
        }
        assert!(!owed.is_null(), "the kettle is over the limit: {terms}");
    }
}

/// Presses a button of a letter that waits in the outbox.
fn presses(visitor: &Visitor<'_>, button: &str, letter: &str) -> String {
    visitor.does("/health", "/health", &[(button, letter)])
}

#[test]
fn a_letter_in_the_outbox_is_tried_again_and_dropped_on_the_page() {
    let town = Town::played();
    // Whoever should take them does not, and does not for a while.
    let fails = "sendmail = \"/bin/false\"";
    town.configure("buyer", |text| text.replace("maildir = \"../mail/{to}\"", fails));
    town.run("buyer", &["ask", town.in_state("open")["id"].as_str().unwrap()]);
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let queue = || town.does("buyer", &["--json", "outbox", "list"]).json()["letters"].as_array().unwrap().clone();
    let letter = |name: &str| queue().into_iter().find(|one| one["name"] == name);
    let before = queue();
    assert!(before.len() >= 2 && before.iter().all(|one| one["state"] == "queued"), "{before:?}");
    let name = |at: usize| before[at]["name"].as_str().unwrap().to_owned();
    let page = visitor.page("/health");
    for one in &before {
        assert!(page.contains(&format!("name=\"retry\" value=\"{}\"", one["name"].as_str().unwrap())), "{one}");
    }
    assert!(page.contains(&format!("{} letters", before.len())), "{page}");
    // Tried again, in vain: its tries are counted anew, and the next one is later than it was to be.
    let next = || letter(&name(0)).unwrap()["next_try"].as_str().unwrap_or_default().to_owned();
    let planned = next();
    assert_eq!(presses(&visitor, "retry", &name(0)), "/health?said=retried");
    let begun = std::time::Instant::now();
    while next() <= planned {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "it is tried again");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(visitor.page("/health?said=retried").contains("notice--good"));
    // Dropped: it stays to be seen, and nobody sends it any more.
    assert_eq!(presses(&visitor, "drop", &name(1)), "/health?said=dropped");
    assert_eq!(letter(&name(1)).map(|one| one["state"].clone()), Some("dropped".into()));
    let page = visitor.page("/health");
    assert!(!page.contains(&format!("name=\"drop\" value=\"{}\"", name(1))), "{page}");
    assert!(page.contains(&format!("name=\"drop\" value=\"{}\"", name(0))), "{page}");
    // What does not wait any more is said, and nothing is done.
    let (token, once) = visitor.hidden("/health");
    let gone = visitor.post("/health", &[("token", &token), ("once", &once), ("retry", "999999-nothing")]);
    assert_eq!(gone.status, 404, "{gone:?}");
}

#[test]
fn files_of_the_outbox_that_are_no_letters_are_listed_written_anew_or_dropped_on_the_page() {
    let town = Town::played();
    town.configure("buyer", |text| text.replace("maildir = \"../mail/{to}\"", "sendmail = \"/bin/false\""));
    town.run("buyer", &["ask", town.in_state("open")["id"].as_str().unwrap()]);
    let letters = || town.does("buyer", &["--json", "outbox", "list"]).json()["letters"].as_array().unwrap().clone();
    let ours = letters()[0]["name"].as_str().unwrap().to_owned();
    let file = |name: &str| town.path(&format!("buyer/outbox/{name}.eml"));
    for name in [ours.as_str(), "999999"] {
        fs::write(file(name), "cut").unwrap();
    }
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let page = visitor.page("/health");
    let row = |name: &str| {
        let rows = part(&page, "id=\"h-outbox\"", "</section>");
        let row = parts(rows, "<tr", "</tr>").into_iter().find(|row| row.contains(&format!(">{name}</td>")));
        row.unwrap_or_else(|| panic!("{name}: {rows}")).to_owned()
    };
    assert!(row(&ours).contains("damaged") && row(&ours).contains("Asked for the status"), "{}", row(&ours));
    assert!(row(&ours).contains("name=\"retry\"") && row(&ours).contains("name=\"drop\""), "{}", row(&ours));
    assert!(
        row("999999").contains("damaged") && !row("999999").contains("name=\"retry\""),
        "no entry owes it: {}",
        row("999999")
    );
    // The lines of `doctor` name them, with what mends each.
    for (name, deed) in [(ours.as_str(), "retry"), ("999999", "drop")] {
        assert!(page.contains(&format!("{name}.eml is no letter")), "{page}");
        let command = format!("outbox {deed} {name}");
        assert!(words(&page).contains(&command), "{command}: {page}");
    }
    assert_eq!(presses(&visitor, "retry", &ours), "/health?said=retried");
    let state = |name: &str| letters().into_iter().find(|one| one["name"] == name).map(|one| one["state"].clone());
    assert_eq!(state(&ours), Some("queued".into()));
    assert_eq!(presses(&visitor, "drop", "999999"), "/health?said=dropped");
    assert!(!file("999999").exists() && state("999999").is_none());
}

#[test]
fn a_warning_is_accepted_on_the_page_with_a_reason_and_its_letter_counts_p67() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let open = town.does("buyer", &["warnings", "--json"]).json()["warnings"].as_array().unwrap().clone();
    let wrong = open.iter().find(|one| one["finding"] == "amount-differs").unwrap();
    let id = wrong["id"].as_str().unwrap();
    let form = part(&visitor.page("/warnings"), &format!("id=\"{}\"", id.to_lowercase()), "</article>").to_owned();
    assert!(form.contains("name=\"reason\" required") && form.contains("value=\"accept\""), "{form}");
    let billed = |town: &Town| town.show("buyer", wrong["number"].as_str().unwrap())["bill"].clone();
    let before = billed(&town);
    // Without a reason nothing is accepted.
    let (token, once) = (value(&form, "token"), value(&form, "once"));
    let own = [("token", token.as_str()), ("once", once.as_str()), ("warning", id), ("act", "accept")];
    let bare = visitor.post("/warnings", &[&own[..], &[("reason", " ")]].concat());
    assert_eq!(bare.status, 422, "{bare:?}");
    assert_eq!(billed(&town), before);
    let why = "agreed by <telephone>";
    let place = visitor.does("/warnings", "/warnings", &[("warning", id), ("act", "accept"), ("reason", why)]);
    assert!(place.starts_with("/warnings?said="), "{place}");
    let all = town.does("buyer", &["warnings", "--all", "--json"]).json()["warnings"].as_array().unwrap().clone();
    let settled = all.iter().find(|one| one["id"] == id).unwrap();
    assert_eq!((&settled["settled"], &settled["reason"]), (&"accept".into(), &why.into()));
    assert!(visitor.page("/warnings?settled=1").contains("agreed by &lt;telephone&gt;"));
    let after = billed(&town);
    assert!(after["accepted"] == true && after != before, "{before} {after}");
    assert!(!visitor.page("/warnings").contains(&format!("id=\"{}\"", id.to_lowercase())));
}
