//! Money on its way back, and what is to be done, as people read them: in `show`, `list` and `status`, at every party.

use crate::support::program::Town;

/// Buys a shirt, pays it, and gives it back before it has left; returns ID and number.
fn stopped(town: &Town) -> (String, String) {
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.reports(&number, &[("pay", "--paid")]);
    town.does("buyer", &["return", &id]);
    town.settle();
    (id, number)
}

/// Returns the lines of a command's output that begin with a word.
fn lines(town: &Town, party: &str, words: &[&str], begin: &str) -> Vec<String> {
    let run = town.does(party, words);
    let begins = |line: &&str| line.split_once("  ").is_some_and(|(name, _)| name == begin);
    run.out.lines().filter(begins).map(|line| line[begin.len()..].trim().to_owned()).collect()
}

#[test]
fn a_refund_to_come_is_shown_to_all_it_concerns_and_not_any_more_when_it_was_made() {
    let town = Town::fresh();
    let (id, number) = stopped(&town);
    for (party, name) in [("buyer", &id), ("shop", &number)] {
        let shown = lines(&town, party, &["show", name], "refund");
        assert!(shown.len() == 1 && shown[0].starts_with("JPY 4,800 due 20"), "{party}: {shown:?}");
        assert_eq!(lines(&town, party, &["status"], "refund due"), ["JPY 4,800"], "{party}");
        assert!(town.does(party, &["list"]).out.contains("… refund due "), "{party}");
        assert_eq!(town.show(party, name)["refund_due"]["amount"], "4800", "{party}");
    }
    // The agent is told to pay it, and what it is about, without the goods.
    let shown = town.does("pay", &["show", &number]);
    assert!(shown.out.lines().any(|line| line.starts_with("refund ") && line.contains("4,800")), "{shown:?}");
    assert!(!shown.out.contains("シャツ"), "{shown:?}");
    let run = town.does("pay", &["status"]);
    assert!(run.err.contains("1 refund is to be paid: mailorder"), "{run:?}");
    let waits = town.does("pay", &["pay", "inbox", "--json"]).json()["items"].clone();
    assert_eq!((waits.as_array().unwrap().len(), &waits[0]["what"]), (1, &"refund".into()), "{waits}");
    assert_eq!((&waits[0]["number"], &waits[0]["hook"]), (&number.as_str().into(), &serde_json::Value::Null));
    let run = town.does("pay", &["pay", "inbox"]);
    assert!(run.out.contains(&number) && run.out.contains("JPY 4,800 to be given back by 20"), "{run:?}");
    assert!(run.err.contains("pay notify ITEM --refunded"), "{run:?}");
    assert!(town.does("pay", &["list", "--role", "payment"]).out.contains("… refund due"));
    // Two months later it is late, for whoever looks.
    for (party, name) in [("buyer", &id), ("shop", &number)] {
        let late = town.at("+60d", party, &["list"]);
        assert!(late.out.contains("! refund due ") && late.out.contains(" late"), "{party}: {late:?}");
        let shown = town.at("+60d", party, &["show", name]);
        assert!(shown.out.lines().next().unwrap().ends_with(", late: refund"), "{party}: {shown:?}");
    }
    town.reports(&number, &[("pay", "--refunded")]);
    for (party, name) in [("buyer", &id), ("shop", &number), ("pay", &number)] {
        assert_eq!(lines(&town, party, &["show", name], "refunded"), ["JPY 4,800"], "{party}");
        assert!(lines(&town, party, &["show", name], "refund").is_empty(), "{party}");
        assert!(lines(&town, party, &["status"], "refund due").is_empty(), "{party}");
        assert!(!town.does(party, &["list"]).out.contains("refund due"), "{party}");
        assert!(town.show(party, name)["refund_due"].is_null(), "{party}");
    }
    let run = town.does("pay", &["status"]);
    assert!(!run.err.contains("is to be paid"), "{run:?}");
    assert!(town.does("pay", &["pay", "inbox"]).out.contains("nothing waits"));
}

#[test]
fn a_debit_whose_day_has_come_waits_for_the_owner_who_reports_it_by_hand() {
    let town = Town::fresh();
    let (_, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.bought("SH-41", 1, &["--pay", "invoice"]);
    let waits = |at: &str| {
        let run = town.at(at, "pay", &["pay", "inbox", "--json"]);
        run.json()["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| (item["number"].clone(), item["what"].clone()))
            .collect::<Vec<_>>()
    };
    assert!(waits("+1d").is_empty());
    assert_eq!(waits("+20d"), [(number.as_str().into(), "debit".into())]);
    let item = town.at("+20d", "pay", &["pay", "inbox", "--json"]).json()["items"][0].clone();
    assert!(item["state"] == "overdue" && item["due"].as_str().is_some_and(|day| day.starts_with("20")), "{item}");
    let run = town.at("+20d", "pay", &["pay", "inbox"]);
    assert!(run.out.contains("JPY 4,800 to be collected on 20") && run.err.contains("--paid"), "{run:?}");
    town.reports(&number, &[("pay", "--paid")]);
    assert!(waits("+20d").is_empty());
}

#[test]
fn a_payment_agent_is_shown_sum_day_and_buyer_and_what_to_report() {
    let town = Town::fresh();
    let (_, number) = town.bought("KETTLE", 1, &["--pay", "invoice"]);
    let shown = town.does("pay", &["show", &number]).out;
    for part in [&number, "shop@demo.test", "JPY 36,500", "invoice", "小野 賢治", "open"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    for private in ["Iron kettle", "KETTLE", "千代田区"] {
        assert!(!shown.contains(private), "{private}: {shown}");
    }
    let next = format!("pay notify {number} --paid");
    let run = town.does("pay", &["show", &number]);
    assert!(run.out.contains(&next) || run.err.contains(&next), "{run:?}");
    town.reports(&number, &[("pay", "--paid")]);
    let run = town.does("pay", &["show", &number]);
    assert!(run.out.contains("completed") && !run.out.contains(&next) && !run.err.contains(&next), "{run:?}");
}

#[test]
fn what_went_back_in_part_stands_beside_the_payment_and_in_the_table() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 2, &["--pay", "card"]);
    town.reports(&number, &[("pay", "--paid"), ("shop", "--shipped"), ("ship", "--delivered")]);
    let table = |party: &str| town.does(party, &["export", "--format", "csv"]).out;
    assert!(table("buyer").lines().nth(1).unwrap().ends_with(",0,"), "{}", table("buyer"));
    town.does("buyer", &["return", &id, "--line", "1=1", "--reason", "too small"]);
    town.settle();
    town.reports(&number, &[("pay", "--refunded")]);
    for party in ["buyer", "shop", "pay"] {
        let one = town.lists(party, &[])[0].clone();
        assert_eq!(
            (&one["state"], &one["refunded"]["amount"]),
            (&"completed".into(), &"4300".into()),
            "{party}: {one}"
        );
        let (head, row) =
            (table(party).lines().next().unwrap().to_owned(), table(party).lines().nth(1).unwrap().to_owned());
        assert!(head.ends_with(",refunded") && row.ends_with(",4300"), "{party}: {row}");
        assert!(town.does(party, &["list"]).out.contains(", JPY 4,300 back"), "{party}");
    }
    let served = crate::page::served::Served::start(&town.path("buyer/config.toml"));
    let page = served.visit().page("/");
    let payment = page.split("leg-payment").nth(1).unwrap().split("</td>").next().unwrap();
    assert!(payment.contains("refunded") && payment.contains("4,300"), "{payment}");
    // All of it is what the state says.
    let (_, number) = stopped(&town);
    town.reports(&number, &[("pay", "--refunded")]);
    let row = town.does("buyer", &["list", "refunded"]);
    assert!(row.out.contains("refunded") && !row.out.contains(" back"), "{row:?}");
}

#[test]
fn a_parcel_whose_day_has_come_stands_in_the_carrier_s_inbox_until_it_is_reported() {
    let town = Town::fresh();
    let (_, number) = town.bought("SH-41", 3, &["--pay", "invoice"]);
    town.bought("SH-41", 1, &["--pay", "invoice"]);
    let items =
        |at: &str| town.at(at, "ship", &["ship", "inbox", "--json"]).json()["items"].as_array().unwrap().clone();
    assert!(items("+1d").is_empty(), "nothing is due yet");
    let today = mailorder::clock::Clock::system().now().day().to_string();
    town.does("ship", &["ship", "notify", &number, "--planned", &today, "--tracking", "EP-1"]);
    let due = items("+0d");
    assert_eq!(due.len(), 1, "{due:?}");
    assert_eq!(
        (&due[0]["what"], &due[0]["number"], &due[0]["due"]),
        (&"parcel".into(), &number.as_str().into(), &today.as_str().into())
    );
    let shown = town.does("ship", &["ship", "inbox"]);
    let line = format!("parcel 1 (EP-1), to arrive on {today}");
    assert!(shown.out.split_whitespace().collect::<Vec<_>>().join(" ").contains(&line), "{shown:?}");
    assert!(shown.err.contains("ship notify ITEM --delivered"), "{shown:?}");
    let late = items("+60d");
    assert_eq!(late.iter().filter(|item| item["state"] == "overdue").count(), 2, "{late:?}");
    town.reports(&number, &[("shop", "--shipped"), ("ship", "--delivered")]);
    assert!(items("+0d").is_empty());
    assert_eq!(items("+60d").len(), 1, "the other one");
}

#[test]
fn of_several_parcels_the_one_whose_day_has_come_is_listed_though_another_comes_later() {
    let town = Town::fresh();
    let (_, number) = town.bought("SH-41", 3, &["--pay", "invoice"]);
    let day = |days: i64| mailorder::clock::Clock::system().now().plus_seconds(days * 86_400).day().to_string();
    for (parcel, line, days) in [("1", "1=2", 0), ("2", "1=1", 40)] {
        let parts = ["--parcel", parcel, "--line", line, "--planned", &day(days)];
        town.does("ship", &[&["ship", "notify", number.as_str()], &parts[..]].concat());
    }
    let due = |at: &str| {
        let items = town.at(at, "ship", &["ship", "inbox", "--json"]).json()["items"].clone();
        items.as_array().unwrap().iter().map(|item| item["about"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let line = |parcel: &str, days| format!("parcel {parcel}, to arrive on {}", day(days));
    assert_eq!(due("+0d"), [line("1", 0)]);
    assert_eq!(due("+41d"), [line("1", 0), line("2", 40)]);
    for (at, count, said) in [("+0d", 1, "1 parcel is to arrive"), ("+41d", 2, "2 parcels are to arrive")] {
        let told = town.at(at, "ship", &["status"]);
        assert!(told.err.contains(&format!("{said} today or overdue: mailorder -c ")), "{told:?}");
        assert_eq!(town.at(at, "ship", &["status", "--json"]).json()["parcels_due"], count);
    }
    town.does("ship", &["ship", "notify", &number, "--delivered", "--parcel", "1"]);
    assert!(due("+0d").is_empty());
    assert_eq!(due("+41d"), [line("2", 40)]);
}

#[test]
fn the_day_of_a_refund_is_the_same_everywhere_while_something_else_is_open_and_the_earliest_of_several() {
    let town = Town::fresh();
    // Delivered and paid; the shop never says that it left.
    let (id, number) = town.bought("SH-41", 3, &["--pay", "card"]);
    town.reports(&number, &[("ship", "--delivered"), ("pay", "--paid")]);
    town.does("buyer", &["return", &id, "--line", "1=1", "--because", "delivery"]);
    town.settle();
    for (party, name) in [("buyer", &id), ("shop", &number)] {
        let due = town.show(party, name)["refund_due"]["date"].clone();
        assert!(due.is_string(), "{party}: {due}");
        assert_eq!(town.lists(party, &[])[0]["refund"]["date"], due, "{party}");
    }
    let calendar = town.does("buyer", &["export", "--format", "ics"]).out;
    assert!(calendar.contains("Refund due"), "{calendar}");
    let hint = town.does("pay", &["show", &number]).err;
    assert!(hint.contains(&format!("pay notify {number} --refunded")), "{hint}");
    // A later refund does not put the earlier one off.
    let first = town.does("pay", &["pay", "inbox", "--json"]).json()["items"][0]["due"].clone();
    town.at("+20d", "shop", &["shop", "refund", &number, "--amount", "JPY 100"]);
    town.at("+20d", "pay", &["sync"]);
    let both = town.at("+20d", "pay", &["pay", "inbox", "--json"]).json()["items"][0].clone();
    assert!(both["about"].as_str().unwrap().contains("4,400") && both["due"] == first, "{both} {first}");
}
