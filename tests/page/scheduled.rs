//! The schedule's page: what it shows is what the command says, and each of its forms does what the command does.

use serde_json::Value;

use super::served::Served;
use crate::support::program::{Town, letters};

fn schedules(town: &Town) -> Vec<Value> {
    town.does("buyer", &["--json", "schedule"]).json()["schedules"].as_array().unwrap().clone()
}

fn called(town: &Town, name: &str) -> Option<Value> {
    schedules(town).into_iter().find(|one| one["name"] == name)
}

/// Returns the row of a schedule.
fn row<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("<tr id=\"s-{name}\"")).unwrap_or_else(|| panic!("no {name} in {page}"));
    rest.split_once("</tr>").unwrap().0
}

#[test]
fn the_schedules_of_the_command_are_on_the_page_and_set_there_p90_p91() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let page = visitor.page("/schedule");
    for one in schedules(&town) {
        let row = row(&page, one["name"].as_str().unwrap());
        assert!(row.contains(one["query"].as_str().unwrap()), "{one}: {row}");
        assert!(row.contains(if one["found"] == 1 { "1 order now" } else { "orders now" }), "{one}: {row}");
        match one["next"][0].as_str() {
            Some(next) => assert!(row.contains(&format!("<time datetime=\"{next}\"")), "{one}: {row}"),
            None => assert!(row.contains("none while paused"), "{one}: {row}"),
        }
    }
    let fields =
        [("name", "weekly"), ("query", "unpaid"), ("when", "words"), ("words", "30 8 * * 1-5"), ("time", "9:00")];
    let place = visitor.does("/schedule", "/schedule", &[&fields[..], &[("act", "add")]].concat());
    assert_eq!(place, "/schedule?said=schedule-set");
    assert!(visitor.page(&place).contains("The schedule is set."));
    let set = called(&town, "weekly").unwrap();
    assert_eq!((set["when"].as_str(), set["query"].as_str()), (Some("30 8 * * 1-5"), Some("unpaid")));
    for (when, written) in [("daily", "daily 9:00"), ("due", "due 9:00"), ("six", "every 6h")] {
        let fields = [("name", when), ("query", "undelivered"), ("when", when), ("time", "9:00"), ("act", "add")];
        visitor.does("/schedule", "/schedule", &fields);
        assert_eq!(called(&town, when).unwrap()["when"], written);
    }
    // Said in words, in both languages.
    assert!(row(&visitor.page("/schedule"), "six").contains("every 6 hours"));
    assert!(row(&visitor.page("/schedule?lang=ja"), "six").contains("6時間ごと"));
}

#[test]
fn ticked_orders_are_given_a_schedule_p90() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let ids: Vec<String> =
        town.list(&["open"]).iter().map(|one| one["id"].as_str().unwrap().to_owned()).take(2).collect();
    let ticked: Vec<(&str, &str)> = ids.iter().map(|id| ("txn", id.as_str())).collect();
    let place = visitor.does("/", "/", &[&ticked[..], &[("act", "schedule")]].concat());
    let place = place.strip_suffix("#new").unwrap();
    let page = visitor.page(place);
    assert!(ids.iter().all(|id| page.contains(&format!("name=\"txn\" value=\"{id}\""))), "{page}");
    let fields = [&ticked[..], &[("name", "these"), ("when", "six"), ("act", "add")]].concat();
    visitor.does(place, "/schedule", &fields);
    assert_eq!(called(&town, "these").unwrap()["orders"], serde_json::json!(ids));
}

#[test]
fn asking_pausing_resuming_and_removing_on_the_page_do_what_the_commands_do_p92_p112() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let open = town.in_state("open")["id"].as_str().unwrap().to_owned();
    let asked = || letters(&town.show("buyer", &open), "out", "status-request").len();
    town.does("buyer", &["schedule", "add", "mine", "--query", "item:煎茶 undelivered", "--when", "every 6h"]);
    let foreseen = town.does("buyer", &["--json", "schedule", "run", "mine", "--dry-run"]).json();
    let (before, wanted) = (asked(), foreseen["letters"].as_array().unwrap().len());
    assert!(wanted > 0, "{foreseen}");
    let act = |act: &str| visitor.does("/schedule", "/schedule", &[("name", "mine"), ("act", act)]);
    assert_eq!(act("run"), "/schedule?said=schedule-ran");
    assert_eq!(asked(), before + wanted);
    assert!(row(&visitor.page("/schedule"), "mine").contains(&format!("0 of {wanted} answered")));
    town.settle();
    assert!(row(&visitor.page("/schedule"), "mine").contains(&format!("{wanted} of {wanted} answered")));
    assert_eq!(act("pause"), "/schedule?said=schedule-paused");
    assert_eq!(called(&town, "mine").unwrap()["paused"], true);
    assert_eq!(act("resume"), "/schedule?said=schedule-resumed");
    assert_eq!(called(&town, "mine").unwrap()["paused"], false);
    assert_eq!(act("remove"), "/schedule?said=schedule-removed");
    assert_eq!(called(&town, "mine"), None);
    // All that is due: nothing is.
    assert_eq!(visitor.does("/schedule", "/schedule", &[("act", "run")]), "/schedule?said=schedule-nothing");
}

#[test]
fn what_is_no_schedule_is_told_beside_the_form_which_stays_filled_in() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let before = schedules(&town);
    for (name, query, words, text) in [
        ("two words", "late", "daily", "a schedule (1 to 40 letters"),
        ("x", "undeliverd", "daily", "did you mean"),
        ("x", "month:2026-13", "daily", "month"),
        ("x", "", "daily", "Say which orders"),
        ("x", "late", "sometimes", "is no timetable"),
        ("late", "late", "daily", "there is a schedule late already"),
        ("<b>x</b>", "late", "daily", "&lt;b&gt;x"),
    ] {
        for act in ["add", "next"] {
            let (token, once) = visitor.hidden("/schedule");
            let fields = [("token", token.as_str()), ("once", &once), ("name", name), ("query", query)];
            let fields = [&fields[..], &[("when", "words"), ("words", words), ("act", act)]].concat();
            let page = visitor.fills("/schedule", &fields);
            assert!(act == "next" || page.contains(text), "{name} {query} {words}: {page}");
            assert!(!page.contains("<b>x") && page.contains("id=\"s-name\""), "{page}");
        }
    }
    assert_eq!(schedules(&town), before);
    for act in ["remove", "pause", "nonsense"] {
        let (token, once) = visitor.hidden("/schedule");
        let fields = [("token", token.as_str()), ("once", &once), ("name", "nobody"), ("act", act)];
        assert_eq!(visitor.post("/schedule", &fields).status, 422, "{act}");
    }
}

#[test]
fn what_is_wrong_with_a_schedule_stands_at_its_field_which_is_jumped_to() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let before = schedules(&town);
    for (name, query, when, words, field) in [
        ("two words", "late", "daily", "", "s-name"),
        ("late", "undeliverd", "daily", "", "s-query"),
        ("late", "", "daily", "", "s-query"),
        ("late", "late", "words", "sometimes", "s-words"),
        // Another time is chosen than the one that is written.
        ("late", "late", "daily", "every 6h", "s-words"),
        ("late", "late", "six", "every 3h", "s-words"),
    ] {
        let (token, once) = visitor.hidden("/schedule");
        let fields = [("token", token.as_str()), ("once", &once), ("name", name), ("query", query), ("time", "09:00")];
        let page =
            visitor.fills("/schedule", &[&fields[..], &[("when", when), ("words", words), ("act", "add")]].concat());
        let (_, tag) = page.split_once(&format!("id=\"{field}\"")).unwrap();
        let (tag, behind) = tag.split_once('>').unwrap();
        assert!(tag.contains("aria-invalid=\"true\"") && tag.contains(" autofocus"), "{field}: {tag}");
        assert!(tag.contains("aria-describedby=\"fault"), "{field}: {tag}");
        assert!(behind.split("<input").next().unwrap().contains("id=\"fault\""), "{field}: {behind}");
        assert_eq!((page.matches("autofocus").count(), page.matches("id=\"fault\"").count()), (1, 1));
    }
    assert_eq!(schedules(&town), before, "nothing was set");
    let form = visitor.page("/schedule");
    assert!(form.contains("formaction=\"/schedule#new\"") && !form.contains("autofocus"), "{form}");
}

#[test]
fn next_times_are_shown_before_anything_is_set_p91() {
    let town = Town::played();
    let served = Served::start(&town.path("buyer/config.toml"));
    let visitor = served.visit();
    let next = town.does("buyer", &["--json", "schedule", "next", "--when", "30 8 * * 1-5"]).json();
    let (token, once) = visitor.hidden("/schedule");
    let fields = [("token", token.as_str()), ("once", &once), ("when", "words"), ("words", "30 8 * * 1-5")];
    let page = visitor.fills("/schedule", &[&fields[..], &[("act", "next")]].concat());
    let shown: Vec<&str> = page
        .split("<ol class=\"steps\" id=\"next\">")
        .nth(1)
        .unwrap()
        .split("</ol>")
        .next()
        .unwrap()
        .split("datetime=\"")
        .skip(1)
        .collect();
    let shown: Vec<Value> = shown.into_iter().map(|one| Value::from(one.split('"').next().unwrap())).collect();
    assert_eq!(Value::from(shown), next["next"]);
    assert_eq!(next["next"].as_array().unwrap().len(), 5);
}

#[test]
fn rules_are_shown_with_what_they_did_and_what_they_hold_back() {
    let town = Town::played();
    let rules = "[[buyer.rule]]\nwhen = \"delivered unpaid\"\ndo = \"ask\"\n\n\
                 [[buyer.rule]]\nwhen = \"item:シャツ delivered:1d state:completed\"\ndo = \"reorder\"\nat_most = \"JPY 10\"\n";
    town.configure("buyer", |text| format!("{text}\n{rules}"));
    town.does("buyer", &["sync"]);
    let served = Served::start(&town.path("buyer/config.toml"));
    let page = served.visit().page("/schedule");
    let rules = page.split("class=\"rules cards\"").nth(1).unwrap();
    for text in ["delivered unpaid", "asks how it stands", "1 letter", "orders it again", "ordered again since"] {
        assert!(rules.contains(text), "{text}: {rules}");
    }
}

/// What needs the clock moved.
mod real {
    use super::{Served, Town, letters};

    #[test]
    fn a_return_that_is_ready_waits_on_the_page_for_one_button_p92() {
        let town = Town::fresh();
        let id = town.awaits_parcel();
        for at in ["+3d", "+7d"] {
            assert_eq!(town.at(at, "buyer", &["sync"]).code, Some(0));
        }
        let served = Served::start_at("+11d", &town.path("buyer/config.toml"));
        let visitor = served.visit();
        let ready = format!("A return of {} is ready", &id[..6]);
        let page = visitor.page("/schedule");
        assert!(page.contains(&ready) && page.contains("Agent and shop were asked"), "{page}");
        let reason = page.split("name=\"reason\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert!(reason.contains("delivery was promised for"), "{reason}");
        let returns = || letters(&town.show("buyer", &id), "out", "return-request").len();
        assert_eq!(returns(), 0, "nobody but the buyer sends it");
        let because = page.split("name=\"because\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let fields = [("what", "all"), ("because", because), ("reason", reason.as_str()), ("act", "return")];
        visitor.does("/schedule", &format!("/txn/{id}"), &fields);
        assert_eq!((returns(), town.check_reasons()), (1, vec!["DEL"]));
        assert!(!visitor.page("/schedule").contains(&ready), "it is asked for once");
    }

    #[test]
    fn a_schedule_set_on_the_page_asks_by_sync_when_its_time_has_come_and_the_answer_shows_p92_p112() {
        let town = Town::fresh();
        let (id, _) = town.bought("SH-41", 1, &["--pay", "invoice"]);
        let config = town.path("buyer/config.toml");
        {
            let served = Served::start(&config);
            let visitor = served.visit();
            let fields = [("name", "mornings"), ("query", "undelivered"), ("when", "daily"), ("time", "9:00")];
            visitor.does("/schedule", "/schedule", &[&fields[..], &[("act", "add")]].concat());
            let page = visitor.page("/schedule");
            assert!(!super::row(&page, "mornings").contains("answered"), "{page}");
        }
        let asked = || letters(&town.show("buyer", &id), "out", "status-request").len();
        town.does("buyer", &["sync"]);
        assert_eq!(asked(), 0, "its time has not come");
        let sync = |party: &str| {
            let run = town.at("+25h", party, &["sync"]);
            assert_eq!(run.code, Some(0), "{party}: {run:?}");
        };
        sync("buyer");
        let count = asked();
        assert!(count > 0);
        let waits = {
            let served = Served::start_at("+25h", &config);
            served.visit().page("/schedule")
        };
        assert!(super::row(&waits, "mornings").contains(&format!("0 of {count} answered")), "{waits}");
        ["shop", "pay", "ship", "buyer"].into_iter().for_each(sync);
        let served = Served::start_at("+25h", &config);
        let visitor = served.visit();
        let page = visitor.page("/schedule");
        assert!(super::row(&page, "mornings").contains(&format!("{count} of {count} answered")), "{page}");
        let order = visitor.page(&format!("/txn/{id}"));
        let table = order.split("<table class=\"timeline\">").nth(1).unwrap();
        let table = table.split("class=\"today\"").next().unwrap();
        let question = table.rfind("Asked for the status").unwrap();
        assert!(table[question..].contains("lane-peer"), "the answer stands below the question: {table}");
    }
}
