//! What the pages show is what the commands say.

use serde_json::Value;

use super::served::{Served, listed};
use crate::support::accounts::field;
use crate::support::program::Town;

pub fn list(town: &Town, words: &[&str]) -> Value {
    town.does("buyer", &[&["--json", "list"], words].concat()).json()
}

#[test]
fn the_list_has_the_orders_figures_and_views_of_the_command_p72_p77_p79_p80() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    for words in ["", "undelivered", "unpaid", "late", "warned", "closed", "shipped", "month:2026-11", "煎茶"] {
        let all = list(&town, &[words]);
        let ids: Vec<String> =
            all["transactions"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
        let path =
            if words.is_empty() { "/".to_owned() } else { format!("/?{}", super::served::form(&[("q", words)])) };
        let page = visitor.page(&path);
        assert_eq!(listed(&page), ids, "{words}");
    }
    let all = list(&town, &[]);
    let page = visitor.page("/");
    let undelivered = format!("id=\"undelivered\">{}<", all["undelivered"]);
    assert!(page.contains(&undelivered), "{undelivered}");
    for unpaid in all["unpaid"].as_array().unwrap() {
        let amount = unpaid["amount"].as_str().unwrap();
        let grouped = amount.replace(',', "");
        let digits: String = page.replace(',', "");
        assert!(digits.contains(&format!("</span>{grouped}<")), "{amount} unpaid is on the page");
    }
    // What is no query is told, and nothing is shown as its answer.
    let wrong = visitor.page("/?q=mouth%3A2026");
    assert!(wrong.contains("did you mean") && wrong.contains("aria-invalid"), "{wrong}");
    assert!(listed(&wrong).is_empty() && !wrong.contains("<tfoot>"), "{wrong}");
}

#[test]
fn an_order_has_its_letters_verdicts_and_dates_p84_p85() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    for one in list(&town, &[])["transactions"].as_array().unwrap() {
        let id = one["id"].as_str().unwrap();
        let shown = town.does("buyer", &["--json", "show", id]).json();
        let page = visitor.page(&format!("/txn/{id}?receipts=1"));
        for letter in shown["letters"].as_array().unwrap() {
            assert!(page.contains(&format!("id=\"l-{}\"", letter["entry"])), "{id}: {letter}");
        }
        // The letters have a column for who signed: the one beside it is the verdict's alone.
        assert!(page.contains(">Signer</th>") && page.contains(">Verdict</th>") && page.contains(">Look at it</th>"));
        let refused = shown["letters"].as_array().unwrap().iter().filter(|one| one["verdict"] == "warned").count();
        assert!(page.matches("class=\"differs\"").count() >= refused, "{id}");
        let first = shown["letters"][0]["entry"].to_string();
        for way in ["text", "data", "raw"] {
            let letter = visitor.page(&format!("/txn/{id}?letter={first}&as={way}"));
            assert!(letter.contains("class=\"letter-text\""), "{way}");
        }
    }
    // What is cancelled has no day to wait for, and nobody in charge of it.
    let cancelled = list(&town, &["state:cancelled"])["transactions"][0]["id"].as_str().unwrap().to_owned();
    let page = visitor.page(&format!("/txn/{cancelled}"));
    let legs = page.split("<dl class=\"summary").nth(1).unwrap().split("</dl>").next().unwrap();
    assert!(
        legs.matches("none</span>").count() == 3 && !legs.contains("<time") && !legs.contains("in charge"),
        "{legs}"
    );
    assert_eq!(visitor.get("/txn/NOTHING").status, 404);
    assert_eq!(visitor.get("/txn/..%2f..%2fconfig.toml").status, 404);
}

#[test]
fn each_letter_has_its_signer_and_verdict_in_ledger_command_and_page_p84_p85() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let entries = town.entries("buyer");
    let (mut others, mut refused) = (0, 0);
    for one in list(&town, &[])["transactions"].as_array().unwrap() {
        let id = one["id"].as_str().unwrap();
        let shown = town.show("buyer", id);
        let page = visitor.page(&format!("/txn/{id}?receipts=1"));
        let (brief, full) = (town.does("buyer", &["show", id]).out, town.does("buyer", &["show", id, "--full"]).out);
        let terms = &shown["terms"]["terms"];
        let agents: Vec<&Value> = terms["agents"].as_array().into_iter().flatten().collect();
        let mut lines = brief.lines().skip_while(|line| !line.contains("SIGNED BY")).skip(1);
        let mut whole = full.lines().skip_while(|line| !line.contains("SIGNED BY")).skip(1);
        for letter in shown["letters"].as_array().unwrap() {
            let number = letter["entry"].to_string();
            let entry = entries.iter().find(|entry| field(entry, "Mailorder-Entry") == number).unwrap();
            let key = letter["signer"].as_str().unwrap();
            assert_eq!(key, field(entry, "Mailorder-Signer"), "{letter}");
            let own = letter["direction"] == "out";
            let named = agents.iter().any(|party| party["fingerprint"] == key);
            let expected = if terms.is_null() { Value::Null } else { (own || named).into() };
            assert_eq!(letter["signer_named"], expected, "{letter}");
            let word = match (own, &expected) {
                (true, _) => " yours",
                (_, Value::Bool(true)) => " in terms",
                (_, Value::Bool(false)) => " not in terms",
                _ => "",
            };
            let short = format!("{}…{}", &key[..4], &key[key.len() - 4..]);
            let became = if own { "written".to_owned() } else { letter["verdict"].as_str().unwrap().to_owned() };
            for (line, key) in [(lines.next().unwrap(), short.as_str()), (whole.next().unwrap(), key)] {
                let after = line.split_once(&format!("{key}{word}  ")).unwrap_or_else(|| panic!("{key}{word}: {line}"));
                assert!(after.1.trim_start().starts_with(&became), "{letter}: {line}");
            }
            let row = page.split(&format!("id=\"l-{number}\"")).nth(1).unwrap().split("</tr>").next().unwrap();
            let of_page = match (own, &expected) {
                (true, _) => "yours",
                (_, Value::Bool(true)) => "named in the terms",
                _ => "",
            };
            let cell = format!("<span class=\"mono\">{short}</span> <span class=\"second\">{of_page}</span>");
            assert!(row.contains(&cell), "{cell}: {row}");
            let (peer, me) = (letter["peer"].as_str().unwrap(), "buyer@demo.test");
            assert!(row.contains(&format!("<bdi>{}</bdi>", if own { me } else { peer })), "{row}");
            others += u32::from(!own && named);
            refused += u32::from(letter["verdict"] == "warned");
        }
        assert!(whole.next().is_none_or(|line| !line.contains("yours")), "no letter more: {full}");
    }
    assert!(others > 10 && refused > 0, "{others} {refused}");
}

#[test]
fn a_letter_that_was_erased_is_told_of_on_the_page_and_not_shown() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let id = town.in_state("completed")["id"].as_str().unwrap().to_owned();
    let why = "asked for <b>today</b>";
    let erased = town.does("buyer", &["ledger", "redact", "--transaction", &id, "--reason", why, "--json"]).json();
    let first = &erased["letters"][0];
    let page = visitor.page(&format!("/txn/{id}"));
    let entry = format!("?letter={}#letter\">erased</a>", first["entry"]);
    assert!(page.contains(&entry) && !page.contains("小野"), "{page}");
    assert!(page.contains("asked for &lt;b&gt;today"), "{page}");
    for way in ["text", "data", "raw"] {
        let letter = visitor.page(&format!("/txn/{id}?letter={}&as={way}", first["entry"]));
        assert!(letter.contains("Erased on ") && letter.contains(&format!("in entry {} of", first["by"])), "{letter}");
        assert!(!letter.contains("class=\"letter-text\"") && !letter.contains("<b>today"), "{letter}");
    }
    // The others are shown as before.
    let other = list(&town, &["open"])["transactions"][0]["id"].as_str().unwrap().to_owned();
    let entry = town.show("buyer", &other)["letters"][0]["entry"].to_string();
    assert!(visitor.page(&format!("/txn/{other}?letter={entry}")).contains("class=\"letter-text\""));
}

#[test]
fn asking_confirming_and_giving_back_on_the_page_do_what_the_commands_do_p36_p86_p94() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let open = list(&town, &["open", "undelivered"]);
    let id = open["transactions"][0]["id"].as_str().unwrap();
    let kinds = || -> Vec<String> {
        let shown = town.does("buyer", &["--json", "show", id]).json();
        shown["letters"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
    };
    let before = kinds().len();
    let place = visitor.does("/", "/", &[("act", "ask"), ("txn", id)]);
    assert_eq!(place, "/?said=asked");
    assert!(visitor.page(&place).contains("Asked. The answers come by mail."));
    assert!(kinds()[before..].iter().all(|kind| kind == "status-request") && kinds().len() > before, "{:?}", kinds());
    let place = visitor.does("/", "/", &[("act", "return"), ("txn", id)]);
    assert_eq!(place, format!("/txn/{id}?act=return#return"));
    let page = format!("/txn/{id}");
    // Quantities beside "all of it" are not passed over: one of the two is not meant.
    let line = town.show("buyer", id)["order"]["lines"][0]["id"].as_str().unwrap().to_owned();
    let (token, once) = visitor.hidden(&page);
    let typed = format!("back-{line}");
    let both = [("token", token.as_str()), ("once", &once), ("act", "return"), ("what", "all"), (typed.as_str(), "1")];
    let refused = visitor.post(&page, &both);
    assert_eq!(refused.status, 422, "{refused:?}");
    let place = visitor.does(&page, &page, &[("act", "return"), ("what", "all"), ("reason", "too small")]);
    assert_eq!(place, format!("/txn/{id}?said=returned"));
    assert_eq!(kinds().last().map(String::as_str), Some("return-request"));
    assert_eq!(kinds().iter().filter(|kind| *kind == "return-request").count(), 1);
    // A second one waits for the answer to the first.
    let (token, once) = visitor.hidden(&page);
    let again = visitor.post(&page, &[("token", &token), ("once", &once), ("act", "return"), ("what", "all")]);
    assert_eq!(again.status, 422, "{again:?}");
    assert!(again.body.contains("asked for already"), "{again:?}");
}

#[test]
fn what_came_is_said_on_the_page_compared_and_shown_as_by_the_command_p84() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 3, &["--pay", "invoice"]);
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered")]);
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let page = format!("/txn/{id}");
    assert!(visitor.page(&page).contains("name=\"came-1\" inputmode=\"decimal\" required value=\"3\""));
    let before = town.entries("buyer").len();
    for (fields, why) in [
        (&[("act", "received"), ("came-1", "")][..], "say of each line how many came"),
        (&[("act", "received"), ("came-1", "some")], "Line 1"),
        (&[("act", "received"), ("came-1", "1"), ("came-9", "1")], "line 9 is not in the terms"),
        (&[("act", "received"), ("came-1", "1"), ("date", "soon")], "The date is none"),
    ] {
        let (token, once) = visitor.hidden(&page);
        let answer = visitor.post(&page, &[&[("token", token.as_str()), ("once", once.as_str())], fields].concat());
        assert_eq!(answer.status, 422, "{answer:?}");
        assert!(answer.body.contains(why), "{why}: {answer:?}");
    }
    assert_eq!(town.entries("buyer").len(), before);
    let place = visitor.does(&page, &page, &[("act", "received"), ("came-1", "2"), ("date", "")]);
    assert_eq!(place, format!("{page}?said=received"));
    assert_eq!(town.entries("buyer").len(), before + 1);
    let shown = town.show("buyer", &id)["received"].clone();
    assert_eq!(shown["lines"][0]["received"], "2");
    let html = visitor.page(&place);
    for part in ["It is sent to nobody.", shown["differs"].as_str().unwrap(), "id=\"came\"", "value=\"2\""] {
        assert!(html.contains(part), "{part}: {html}");
    }
    // The list marks it, and a word and a choice of the search find it.
    town.bought("SH-41", 1, &["--pay", "invoice"]);
    for query in ["q=differs", "delivery=differs"] {
        assert_eq!(listed(&visitor.page(&format!("/?{query}"))), std::slice::from_ref(&id), "{query}");
    }
    let list = visitor.page("/");
    assert_eq!(list.matches("came otherwise</span>").count(), 1, "{list}");
    let warning = town.does("buyer", &["--json", "warnings"]).json()["warnings"][0]["id"].as_str().unwrap().to_owned();
    assert!(html.contains(&format!("/warnings?id={warning}#{}", warning.to_lowercase())));
    visitor.does("/warnings", "/warnings", &[("warning", &warning), ("act", "ack")]);
    let html = visitor.page(&page);
    assert!(!html.contains("/warnings?id=C-") && html.contains("id=\"came\""), "seen, it is not told again");
}

#[test]
fn warnings_are_those_of_the_command_and_are_settled_on_the_page_p67_p68() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let ids = || -> Vec<String> {
        let all = town.does("buyer", &["--json", "warnings", "--late"]).json();
        let mut ids: Vec<String> =
            all["warnings"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids.dedup();
        ids
    };
    let open = ids();
    assert!(open.len() >= 2, "{open:?}");
    let page = visitor.page("/warnings") + &visitor.page("/warnings?late=1");
    for id in &open {
        assert!(page.contains(&format!("id=\"{}\"", id.to_lowercase())), "{id}");
    }
    let letter = open.iter().find(|id| id.starts_with("W-")).unwrap();
    let place = visitor.does("/warnings", "/warnings", &[("warning", letter), ("act", "ack")]);
    assert_eq!(place, "/warnings?said=seen");
    assert!(!ids().contains(letter));
    assert!(visitor.page("/warnings?settled=1").contains(&format!("id=\"{}\"", letter.to_lowercase())));
}

#[test]
fn pages_speak_both_languages_and_remember_the_choice() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let mut visitor = served.visit();
    for path in ["/", "/warnings", "/chart", "/health"] {
        assert!(visitor.page(path).contains("<html lang=\"en\""), "{path}");
    }
    visitor.language = "ja,en;q=0.5";
    assert!(visitor.page("/").contains("取引一覧"));
    let chosen = visitor.get("/?lang=en");
    assert!(chosen.body.contains("<html lang=\"en\""));
    let cookie = chosen.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    visitor.cookie = format!("{}; {cookie}", visitor.cookie);
    assert!(visitor.page("/").contains("<html lang=\"en\""));
}
