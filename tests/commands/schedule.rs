//! `schedule` as a person types it: set, shown, foreseen, run, paused, removed; rules at work from the command line.

use serde_json::Value;

use crate::support::program::{Town, letters};

fn schedules(town: &Town) -> Vec<Value> {
    town.does("buyer", &["--json", "schedule"]).json()["schedules"].as_array().unwrap().clone()
}

fn asked(town: &Town, id: &str) -> usize {
    letters(&town.show("buyer", id), "out", "status-request").len()
}

#[test]
fn a_schedule_asks_about_what_its_query_finds_when_its_time_has_come_p90_p91_p92_p112() {
    let town = Town::played();
    let open = town.in_state("open")["id"].as_str().unwrap().to_owned();
    let before = asked(&town, &open);
    let set = ["schedule", "add", "six", "--query", "undelivered item:煎茶", "--when", "every 6h", "--leg", "delivery"];
    let run = town.does("buyer", &set);
    assert_eq!((run.out.as_str(), run.err.as_str()), ("", ""), "cron is told nothing");
    let shown = schedules(&town).into_iter().find(|one| one["name"] == "six").unwrap();
    assert_eq!((shown["when"].as_str(), shown["found"].as_u64()), (Some("every 6h"), Some(1)));
    let next: Vec<String> =
        shown["next"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect();
    assert_eq!(next.len(), 5);
    assert!(next.iter().all(|one| ["00", "06", "12", "18"].contains(&&one[11..13])), "{next:?}");
    let told = town.does("buyer", &["schedule", "next", "six"]).out;
    assert_eq!(told.lines().count(), 5, "{told}");
    assert_eq!(told.lines().next().unwrap(), next[0][..16].replace('T', " "));
    // Its time has not come.
    town.does("buyer", &["sync"]);
    assert_eq!(asked(&town, &open), before);
    // Foreseen and not sent; then run at once, and sent; and no more than is answered.
    let foreseen = town.does("buyer", &["--json", "schedule", "run", "six", "--dry-run"]).json();
    assert_eq!(foreseen["letters"].as_array().unwrap().len(), 1, "{foreseen}");
    assert_eq!(foreseen["letters"][0]["id"], Value::from(open.clone()));
    assert_eq!(foreseen["letters"][0]["to"], "ship@demo.test");
    assert_eq!(asked(&town, &open), before);
    let went = town.does("buyer", &["--json", "schedule", "run", "six"]).json();
    assert_eq!(went["letters"], foreseen["letters"]);
    assert_eq!(asked(&town, &open), before + 1);
    let last = schedules(&town).into_iter().find(|one| one["name"] == "six").unwrap()["last"].clone();
    assert_eq!(last["letters"], 1, "{last}");
    town.does("buyer", &["schedule", "pause", "six"]);
    let paused = schedules(&town).into_iter().find(|one| one["name"] == "six").unwrap();
    assert_eq!((paused["paused"].as_bool(), paused["next"].as_array().unwrap().len()), (Some(true), 0));
    town.does("buyer", &["schedule", "resume", "six"]);
    town.does("buyer", &["schedule", "remove", "six"]);
    assert!(schedules(&town).iter().all(|one| one["name"] != "six"));
}

#[test]
fn a_script_hears_of_a_change_where_it_asks_for_json_and_else_nothing() {
    let town = Town::fresh();
    let change = |words: &[&str]| {
        let said = town.does("buyer", &[&["--json", "schedule"][..], words].concat()).json();
        assert_eq!(said["schema"], "mailorder.schedules/1", "{words:?}");
        let one = said["schedules"].as_array().unwrap().iter().find(|one| one["name"] == "six").cloned();
        one.map(|one| one["paused"].as_bool().unwrap())
    };
    let set = ["add", "six", "--query", "undelivered", "--when", "every 6h"];
    assert_eq!(change(&set), Some(false));
    assert_eq!((change(&["pause", "six"]), change(&["resume", "six"])), (Some(true), Some(false)));
    assert_eq!(change(&["remove", "six"]), None);
    for words in [&set[..], &["pause", "six"], &["resume", "six"], &["remove", "six"]] {
        let run = town.does("buyer", &[&["schedule"][..], words].concat());
        assert_eq!((run.out.as_str(), run.err.as_str()), ("", ""), "{words:?}");
    }
}

#[test]
fn chosen_orders_are_named_by_the_beginning_of_their_ids_p90() {
    let town = Town::played();
    let open = town.in_state("open")["id"].as_str().unwrap().to_owned();
    town.does("buyer", &["schedule", "add", "chair", "--txn", &open[..6], "--when", "30 8 * * 1-5"]);
    let shown = schedules(&town).into_iter().find(|one| one["name"] == "chair").unwrap();
    assert_eq!(shown["orders"], serde_json::json!([open]));
    assert_eq!(shown["query"], Value::Null);
    let table = town.does("buyer", &["schedule"]).out;
    let row = table.lines().find(|line| line.starts_with("chair")).unwrap();
    assert!(row.contains(&open[..6]) && row.contains("30 8 * * 1-5"), "{table}");
}

#[test]
fn what_is_no_schedule_is_told_and_nothing_is_set() {
    let town = Town::played();
    let before = schedules(&town);
    for (words, code, text) in [
        (&["add", "x", "--query", "undelivered", "--when", "sometimes"][..], 65, "is no timetable"),
        (&["add", "x", "--query", "undelivered", "--when", "0 0 31 2 *"], 65, "no such moment ever comes"),
        (&["add", "x", "--query", "month:2026-13", "--when", "daily"], 2, "month"),
        (&["add", "x", "--query", "foo:bar", "--when", "daily"], 2, "list --help shows the words of a query"),
        (&["add", "x", "--query", "undeliverd", "--when", "daily"], 2, "list --help shows the words of a query"),
        (&["add", "x", "--query", "undelivered"], 2, "say when"),
        (&["add", "x", "--when", "daily"], 2, "say which transactions"),
        (&["add", "two words", "--query", "late", "--when", "daily"], 2, "a schedule (1 to 40 letters"),
        (&["add", "x", "--txn", "NOSUCH", "--when", "daily"], 65, "NOSUCH"),
        (&["add", "config-1", "--query", "late", "--when", "daily"], 65, "choose another name"),
        (&["add", "--preset", "nonsense"], 2, "presets are: late, due, mornings"),
        (&["remove", "x"], 65, "there is no schedule x"),
        (&["run", "x"], 65, "there is no schedule x"),
        (&["next", "x"], 65, "there is no schedule x"),
        (&["next", "--when", "due"], 2, "the promised day"),
    ] {
        let run = town.run("buyer", &[&["schedule"][..], words].concat());
        assert_eq!(run.code, Some(code), "{words:?}: {run:?}");
        assert!(run.err.contains(text), "{words:?}: {}", run.err);
    }
    assert_eq!(schedules(&town), before);
    let other = town.run("shop", &["schedule"]);
    assert!(other.code != Some(0) && other.err.contains("buyer"), "{other:?}");
}

#[test]
fn what_takes_the_place_of_a_preset_is_said() {
    let town = Town::played();
    let add = |name: &str, more: &[&str]| {
        let run = town.does("buyer", &[&["schedule", "add", name, "--preset", "mornings"][..], more].concat());
        let said = |text: &str| run.err.contains(text);
        (said("asks about \"undelivered\""), said("is for \"daily 09:00\""))
    };
    assert_eq!(add("one", &[]), (false, false));
    assert_eq!(add("two", &["--query", "unpaid"]), (true, false));
    assert_eq!(add("three", &["--when", "every 6h"]), (false, true));
}

#[test]
fn times_are_those_of_the_users_zone_p91_f40() {
    let town = Town::played();
    for (zone, hour) in [("Asia/Tokyo", "+09:00"), ("Asia/Kolkata", "+05:30")] {
        let next = town.within(zone, "buyer", &["--json", "schedule", "next", "--when", "daily 09:00"]).json();
        for moment in next["next"].as_array().unwrap() {
            assert!(moment.as_str().unwrap().ends_with(&format!("T09:00:00{hour}")), "{next}");
        }
        // Which zone that is stands below the table once, and beside the moments for a person alone.
        let listed = town.within(zone, "buyer", &["schedule"]);
        let said = format!("\nTimes in {zone} ({hour}).\n");
        assert_eq!(listed.out.matches(&said).count(), 1, "{listed:?}");
        let next = town.within(zone, "buyer", &["schedule", "next", "--when", "daily 09:00"]);
        assert!(!next.out.contains(zone) && next.err.is_empty(), "{next:?}");
    }
}

#[test]
fn a_rule_does_once_what_it_says_and_what_it_holds_back_is_told() {
    let town = Town::played();
    let rules = "[[buyer.rule]]\nwhen = \"delivered unpaid\"\ndo = \"ask\"\n\n\
                 [[buyer.rule]]\nwhen = \"item:シャツ delivered:1d state:completed\"\ndo = \"reorder\"\nat_most = \"JPY 10\"\n";
    town.configure("buyer", |text| format!("{text}\n{rules}"));
    let late = town.list(&["delivered", "unpaid"])[0]["id"].as_str().unwrap().to_owned();
    let (before, all) = (asked(&town, &late), town.list(&[]).len());
    let foreseen = town.does("buyer", &["--json", "schedule", "run", "--dry-run"]).json();
    assert!(foreseen["letters"].as_array().unwrap().iter().any(|one| one["rule"] == "ask when delivered unpaid"));
    assert!(foreseen["held"][0]["why"].as_str().unwrap().contains("was ordered again since"), "{foreseen}");
    assert_eq!(asked(&town, &late), before);
    for _ in 0..2 {
        town.does("buyer", &["sync"]);
    }
    assert_eq!(asked(&town, &late), before + 1, "once");
    assert_eq!(town.list(&[]).len(), all, "nothing is ordered over at_most");
    let shown = town.does("buyer", &["--json", "schedule"]).json()["rules"].clone();
    assert_eq!((shown[0]["letters"].as_u64(), shown[1]["letters"].as_u64()), (Some(1), Some(0)), "{shown}");
    assert_eq!(shown[1]["at_most"]["amount"], "10");
    let table = town.does("buyer", &["schedule"]).out;
    assert!(table.contains("ask when delivered unpaid") && table.contains("was ordered again since"), "{table}");
}

#[test]
fn a_rule_that_cannot_be_is_told_with_its_place() {
    for (rule, text) in [
        ("when = \"undelivered\"\ndo = \"reorder\"\n", "needs at_most"),
        ("when = \"item:tea open\"\ndo = \"reorder\"\nat_most = \"JPY 5000\"\n", "needs delivered:30d"),
        ("when = \"undelivered\"\ndo = \"pay\"\n", "none of ask, return, reorder"),
        ("when = \"\"\ndo = \"ask\"\n", "say which"),
        ("when = \"late:14x\"\ndo = \"ask\"\n", "late"),
        ("when = \"late\"\ndo = \"ask\"\nat_most = \"JPY 1\"\n", "spends nothing"),
        ("when = \"late\"\ndo = \"reorder\"\nat_most = \"JPY -1\"\n", "buyer.rule.at_most"),
    ] {
        let town = Town::played();
        town.configure("buyer", |written| format!("{written}\n[[buyer.rule]]\n{rule}"));
        let run = town.run("buyer", &["schedule"]);
        assert_eq!(run.code, Some(78), "{rule}: {run:?}");
        assert!(run.err.contains(text) && run.err.contains("config.toml"), "{rule}: {}", run.err);
    }
}

/// What needs the clock moved.
mod real {
    use serde_json::Value;

    use crate::support::accounts::field;
    use crate::support::program::{Town, letters};

    #[test]
    fn what_is_late_is_asked_of_the_agent_then_of_the_shop_and_then_the_return_is_ready_p92() {
        let town = Town::fresh();
        let id = town.awaits_parcel();
        let asked = |at: &str| -> Vec<String> {
            assert_eq!(town.at(at, "buyer", &["sync"]).code, Some(0));
            let shown = town.show("buyer", &id);
            letters(&shown, "out", "status-request")
                .iter()
                .map(|one| one["peer"].as_str().unwrap().to_owned())
                .collect()
        };
        let ready = |at: &str| -> Value {
            serde_json::from_str::<Value>(&town.at(at, "buyer", &["--json", "schedule"]).out).unwrap()["prepared"]
                .clone()
        };
        assert_eq!(asked("+3d"), ["ship@demo.test"]);
        assert_eq!(asked("+4d"), ["ship@demo.test"]);
        assert_eq!(asked("+7d"), ["ship@demo.test", "shop@demo.test"]);
        assert_eq!(ready("+8d"), serde_json::json!([]));
        assert_eq!(asked("+11d"), ["ship@demo.test", "shop@demo.test"]);
        let prepared = ready("+11d");
        assert_eq!((&prepared[0]["id"], &prepared[0]["leg"]), (&Value::from(id.clone()), &Value::from("delivery")));
        assert_eq!(
            letters(&town.show("buyer", &id), "out", "return-request").len(),
            0,
            "nobody but the buyer sends it"
        );
        let told = town.at("+11d", "buyer", &["schedule"]).err;
        let status = town.at("+11d", "buyer", &["status"]).err;
        assert!(status.ends_with(&told), "{status} {told}");
        let hint = told.split("a return is ready: mailorder ").nth(1).unwrap_or_else(|| panic!("{told}"));
        let command = hint.split(" return ").nth(1).unwrap_or_else(|| panic!("{told}"));
        let (name, reason) = command.trim().split_once(" --because delivery --reason ").unwrap();
        let words = ["--because", "delivery", "--reason", reason.trim_matches('\'')];
        let sent = town.at("+11d", "buyer", &[&["return", name][..], &words].concat());
        assert_eq!(sent.code, Some(0), "{sent:?}");
        assert_eq!(town.check_reasons(), ["DEL"]);
        assert_eq!(letters(&town.show("buyer", &id), "out", "return-request").len(), 1);
        assert_eq!(ready("+12d"), serde_json::json!([]), "it is asked for once");
    }

    /// Returns how many entries of the buyer's ledger say that this caused them.
    fn caused(town: &Town, cause: &str) -> usize {
        town.entries("buyer").iter().filter(|entry| field(entry, "Mailorder-Cause") == cause).count()
    }

    /// Returns what would go at this time.
    fn foreseen(town: &Town, at: &str) -> Value {
        let run = town.at(at, "buyer", &["--json", "schedule", "run", "--dry-run"]);
        assert_eq!(run.code, Some(0), "{run:?}");
        serde_json::from_str(&run.out).unwrap()
    }

    fn sync(town: &Town, at: &str) {
        let run = town.at(at, "buyer", &["sync"]);
        assert_eq!(run.code, Some(0), "{run:?}");
    }

    #[test]
    fn a_rule_gives_back_by_sync_once_what_is_late_and_its_entry_names_the_rule() {
        let town = Town::fresh();
        let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
        town.reports(&number, &[("shop", "--shipped")]);
        let tomorrow = mailorder::clock::Clock::system().now().plus_seconds(86_400).day().to_string();
        town.does("ship", &["ship", "notify", &number, "--planned", &tomorrow]);
        town.settle();
        let (rule, cause) = ("return when undelivered late:14d", format!("return {id} undelivered late:14d"));
        let returns = || town.count("buyer", &id, "out", "return-request");
        // Without a rule nothing would go, and nothing goes.
        assert_eq!(foreseen(&town, "+20d")["letters"], serde_json::json!([]));
        town.configure("buyer", |text| {
            format!("{text}\n[[buyer.rule]]\nwhen = \"undelivered late:14d\"\ndo = \"return\"\n")
        });
        assert_eq!(foreseen(&town, "+10d")["letters"], serde_json::json!([]), "not yet");
        // A clock that leaps by weeks is believed a day later.
        sync(&town, "+18d");
        assert_eq!(returns(), 0);
        let would = foreseen(&town, "+20d");
        let [letter] = &would["letters"].as_array().unwrap()[..] else { panic!("{would}") };
        assert_eq!((&letter["rule"], &letter["id"]), (&rule.into(), &id.as_str().into()), "{letter}");
        assert_eq!((&letter["kind"], &letter["to"]), (&"return-request".into(), &"shop@demo.test".into()), "{letter}");
        assert_eq!((returns(), caused(&town, &cause)), (0, 0), "what is foreseen is not sent");
        for at in ["+20d", "+20d", "+40d"] {
            sync(&town, at);
        }
        assert_eq!((returns(), caused(&town, &cause)), (1, 1), "once");
        assert_eq!(foreseen(&town, "+40d")["letters"], serde_json::json!([]));
        let shown = town.show("buyer", &id);
        let sent = letters(&shown, "out", "return-request");
        let said = serde_json::json!({"by": "rule", "deed": "return", "order": id, "when": "undelivered late:14d"});
        assert_eq!(sent[0]["cause"], said);
        let told = town.does("buyer", &["show", &id]).out;
        assert_eq!(told.matches("by rule \"undelivered").count(), 1, "{told}");
    }

    #[test]
    fn a_rule_orders_again_by_sync_once_what_came_a_month_ago_and_its_entry_names_the_rule() {
        let town = Town::fresh();
        let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
        town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")]);
        // Another script would stand encoded in the entry's header.
        let when = "currency:JPY delivered:30d";
        let (rule, cause) = (format!("reorder when {when}"), format!("reorder {id} {when}"));
        town.configure("buyer", |text| {
            format!("{text}\n[[buyer.rule]]\nwhen = \"{when}\"\ndo = \"reorder\"\nat_most = \"JPY 5000\"\n")
        });
        let orders = || town.lists("buyer", &[]).len();
        assert_eq!(foreseen(&town, "+29d")["letters"], serde_json::json!([]), "not yet");
        sync(&town, "+32d");
        assert_eq!(orders(), 1);
        let would = foreseen(&town, "+34d");
        let [letter] = &would["letters"].as_array().unwrap()[..] else { panic!("{would}") };
        assert_eq!((&letter["rule"], &letter["id"]), (&rule.as_str().into(), &id.as_str().into()), "{letter}");
        assert_eq!((&letter["kind"], &letter["to"]), (&"order".into(), &"shop@demo.test".into()), "{letter}");
        assert_eq!((orders(), caused(&town, &cause)), (1, 0), "what is foreseen is not sent");
        for at in ["+34d", "+34d", "+40d"] {
            sync(&town, at);
        }
        let causes: Vec<String> = town.entries("buyer").iter().map(|entry| field(entry, "Mailorder-Cause")).collect();
        assert_eq!((orders(), caused(&town, &cause)), (2, 1), "once: {causes:?}");
        let again = town.lists("buyer", &[])[0]["id"].as_str().unwrap().to_owned();
        let order = town.show("buyer", &again)["order"].clone();
        assert_eq!(
            (&order["reorder_of"], &order["total"]["amount"]),
            (&number.as_str().into(), &"4800".into()),
            "{order}"
        );
        assert_eq!(foreseen(&town, "+40d")["letters"], serde_json::json!([]));
    }

    #[test]
    fn nine_oclock_stays_nine_oclock_when_the_clocks_of_berlin_are_put_on_f40() {
        let town = Town::fresh();
        town.does("buyer", &["schedule", "add", "mornings", "--query", "undelivered", "--when", "daily 09:00"]);
        let next = ["schedule", "next", "mornings"];
        let shown = town.at_within("2027-03-26 12:00:00", "Europe/Berlin", "buyer", &next);
        for day in ["2027-03-27 09:00", "2027-03-28 09:00", "2027-03-29 09:00"] {
            assert!(shown.code == Some(0) && shown.out.contains(day), "{day}: {shown:?}");
        }
        let json = town.at_within("2027-03-26 12:00:00", "Europe/Berlin", "buyer", &[&["--json"][..], &next].concat());
        let moments = json.json()["next"].clone();
        let moments: Vec<&str> = moments.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
        let days = ["2027-03-27T09:00:00+01:00", "2027-03-28T09:00:00+02:00", "2027-03-29T09:00:00+02:00"];
        assert_eq!(moments[..3], days);
    }

    /// A shop's new catalog holds back what the buyer's rule would order: another price, and another payment agent.
    #[test]
    fn what_a_new_catalog_changed_is_not_ordered_again_by_rule_and_schedule_says_why() {
        let town = Town::fresh();
        let (_, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
        town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")]);
        let when = "currency:JPY delivered:30d";
        town.configure("buyer", |text| {
            format!("{text}\n[[buyer.rule]]\nwhen = \"{when}\"\ndo = \"reorder\"\nat_most = \"JPY 5000\"\n")
        });
        let held = |change: &dyn Fn(&str) -> String, why: &str| {
            let town = town.copied();
            town.configure("shop", |text| {
                let changed = change(text);
                assert_ne!(changed, text);
                changed
            });
            town.does("buyer", &["catalog", "shop@demo.test", "--ask"]);
            town.settle();
            for at in ["+32d", "+34d", "+34d"] {
                sync(&town, at);
            }
            assert_eq!(town.lists("buyer", &[]).len(), 1, "{why}");
            let told = town.at("+34d", "buyer", &["schedule"]);
            assert!(told.out.contains(why), "{why}: {told:?}");
            assert!(foreseen(&town, "+34d").to_string().contains(why), "{}", foreseen(&town, "+34d"));
        };
        held(&|text| text.replace("JPY 4300", "JPY 4301"), "costs JPY 4301 now");
        // The courier takes the money as well, from now on.
        let ship = town.fingerprint("ship");
        let collects = |text: &str| {
            let line = |text: &str| text.lines().find(|line| line.starts_with("payment_agent = ")).unwrap().to_owned();
            text.replace(
                &line(text),
                &format!("payment_agent = {{ address = \"ship@demo.test\", fingerprint = \"{ship}\" }}"),
            )
        };
        held(&collects, "the payment agent is another one now");
    }

    #[test]
    fn watch_asks_by_itself_when_the_time_of_a_schedule_has_come_p92_p112() {
        let town = Town::fresh();
        let (id, _) = town.bought("SH-41", 1, &["--pay", "invoice"]);
        let set =
            ["schedule", "add", "mornings", "--query", "undelivered", "--when", "daily 09:00", "--leg", "delivery"];
        town.does("buyer", &set);
        let asked = || letters(&town.show("buyer", &id), "out", "status-request").len();
        town.does("buyer", &["watch", "--seconds", "2"]);
        assert_eq!(asked(), 0, "its time has not come");
        let run = town.at("+25h", "buyer", &["watch", "--seconds", "3"]);
        assert_eq!((run.code, asked()), (Some(0), 1), "{run:?}");
        assert_eq!(town.post("ship").len(), 1, "and it sends what it asks");
        let entry = town.letter("buyer", "out", "status-request");
        assert!(entry.contains("Mailorder-Cause: schedule ") && entry.contains(" mornings\n"), "{entry}");
    }
}
