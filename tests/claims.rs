//! One test for each claim of the patent, through the program as people run it; the screens are commands.
//!
//! That of claim 5 (requests made by a schedule) needs the clock moved and stands at the end.

use std::fs;

use super::support::accounts::files;
use super::support::program::{Town, letters};

#[test]
fn claim_01_a_status_is_applied_only_where_it_agrees_with_what_is_stored() {
    // P26-P36, P64-P70
    let town = Town::played();
    let (id, number) = town.confirmed();
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.settle();
    let shown = town.show("buyer", &id);
    assert!(shown["legs"].as_array().unwrap().iter().any(|leg| leg["leg"] == "order" && leg["done"] == true));
    // The play left one status with a wrong amount and one by a stranger: both are warnings, neither is applied.
    let warnings = town.does("buyer", &["warnings", "--json"]).json();
    let findings: Vec<_> = warnings["warnings"].as_array().unwrap().iter().map(|one| one["finding"].clone()).collect();
    assert_eq!(findings, ["amount-differs", "unknown-signer"]);
    // What is late stands in the list, and is named when asked for.
    let late = town.does("buyer", &["warnings", "--late", "--json"]).json();
    assert!(late["warnings"].as_array().unwrap().iter().any(|one| one["finding"] == "silent"), "{late}");
    let warned = warnings["warnings"][0]["number"].as_str().unwrap();
    let shown = town.show("buyer", warned);
    assert_eq!(shown["unpaid"], serde_json::json!({"amount": "6600", "currency": "JPY"}));
    let legs = shown["legs"].as_array().unwrap();
    assert!(legs.iter().any(|leg| leg["leg"] == "delivery" && leg["done"] == false));
}

#[test]
fn claim_02_a_request_goes_to_the_address_in_the_terms_and_is_answered() {
    // P86-P89
    let town = Town::played();
    let (id, _) = town.confirmed();
    let before = letters(&town.show("buyer", &id), "in", "order-status").len();
    town.does("buyer", &["ask", &id, "--leg", "order"]);
    town.settle();
    let shown = town.show("buyer", &id);
    let asked = letters(&shown, "out", "status-request");
    assert_eq!(asked.len(), 1);
    let named = shown["legs"].as_array().unwrap().iter().find(|leg| leg["leg"] == "order").unwrap();
    assert_eq!(asked[0]["peer"], named["agent"]["address"]);
    assert_eq!(letters(&shown, "in", "order-status").len(), before + 1);
}

#[test]
fn claim_03_statuses_carry_dates_and_amounts() {
    // P47, P58, P59, P85
    let town = Town::played();
    let done = town.in_state("completed");
    for leg in ["order", "delivery", "payment"] {
        assert_eq!(done[leg]["done"], true, "{leg}");
        assert!(done[leg]["date"].as_str().unwrap().contains('T'), "{leg}");
    }
    let open = town.in_state("open");
    assert_eq!(open["delivery"]["done"], false);
    assert!(open["delivery"]["date"].is_string() && open["payment"]["date"].is_string());
    let shown = town.show("buyer", done["id"].as_str().unwrap());
    assert_eq!(shown["paid"], done["total"]);
    // The screen has all of it in one row: day, shop, goods with quantity, amount, and each state with its day.
    let list = town.does("buyer", &["list"]).out;
    let row = |state: &str| list.lines().find(|line| line.ends_with(state)).unwrap().to_owned();
    let head = list.lines().next().unwrap();
    let columns = ["DATE", "SHOP", "ITEMS", "TOTAL", "ORDER", "DELIVERY", "PAYMENT", "STATE"];
    assert!(columns.iter().all(|column| head.contains(column)), "{head}");
    let row_done = row("completed");
    let parts = [&done["date"].as_str().unwrap()[..10], "日立物産", "シャツ 白 41 ×1", "JPY 4,800"];
    assert!(parts.iter().all(|part| row_done.contains(part)) && row_done.matches('✓').count() == 3, "{row_done}");
    // And of what is to be paid, how much and when.
    for one in town.list(&["--unpaid"]) {
        let id = one["id"].as_str().unwrap();
        let shown = town.show("buyer", id);
        assert!(shown["unpaid"]["amount"].is_string(), "{shown}");
        let due = one["payment"]["date"].as_str().unwrap();
        let day = &due[5..10];
        let line = list.lines().find(|line| line.starts_with(&id[..6])).unwrap();
        assert!(line.contains(&format!("due {day}")) && line.contains("JPY"), "{line}");
        let text = town.does("buyer", &["show", id]).out;
        let paid = text.lines().find(|line| line.starts_with("payment")).unwrap();
        assert!(paid.contains(&due[..10]) && text.contains("total"), "{text}");
    }
}

#[test]
fn claim_04_three_parties_each_speak_for_their_own_leg() {
    // P5, P9, P28, P29, P61, P64
    let town = Town::played();
    let (id, _) = town.confirmed();
    let shown = town.show("buyer", &id);
    for (kind, address) in
        [("order-status", "shop@demo.test"), ("payment-status", "pay@demo.test"), ("delivery-status", "ship@demo.test")]
    {
        let spoken = letters(&shown, "in", kind);
        assert!(!spoken.is_empty(), "{kind}");
        assert!(spoken.iter().all(|letter| letter["peer"] == address && letter["verdict"] != "warned"), "{kind}");
    }
    let agents: Vec<_> =
        shown["legs"].as_array().unwrap().iter().map(|leg| leg["agent"]["address"].as_str().unwrap()).collect();
    assert_eq!(agents, ["shop@demo.test", "ship@demo.test", "pay@demo.test"]);
}

#[test]
fn claim_06_the_list_tells_done_from_not_done() {
    // P72-P78, P115
    let town = Town::played();
    let all = town.list(&[]);
    let undelivered = town.list(&["--undelivered"]);
    let delivered = town.list(&["--delivered"]);
    assert!(!undelivered.is_empty() && !delivered.is_empty());
    assert!(undelivered.iter().all(|one| one["delivery"]["done"] == false));
    assert!(delivered.iter().all(|one| one["delivery"]["done"] == true));
    let unpaid = town.list(&["--unpaid"]);
    assert!(unpaid.iter().all(|one| one["payment"]["done"] == false) && unpaid.len() < all.len());
    let day = |one: &serde_json::Value| one["date"].as_str().unwrap()[..10].to_owned();
    let month = day(&all[0])[..7].to_owned();
    let of_month = town.list(&["--month", &month]);
    assert_eq!(of_month.len(), all.iter().filter(|one| day(one).starts_with(&month)).count());
    assert!(!of_month.is_empty() && of_month.iter().all(|one| day(one).starts_with(&month)));
    // A span of days, its first and last included.
    let (newest, oldest) = (day(&all[1]), day(&all[3]));
    let span = town.list(&["--from", &oldest, "--until", &newest]);
    assert_eq!(span.iter().map(day).collect::<Vec<_>>(), [day(&all[1]), day(&all[2]), day(&all[3])]);
    assert_eq!(town.list(&["--until", &oldest]).len(), all.len() - 3);
    assert_eq!(town.run("buyer", &["list", "--from", "soon"]).code, Some(2));
    assert_eq!(town.list(&["--late"]).len(), 1);
}

#[test]
fn claim_07_the_list_counts_the_undelivered_and_sums_the_unpaid() {
    // P79, P80, P116
    let town = Town::played();
    let document = town.does("buyer", &["list", "--json"]).json();
    assert_eq!(document["undelivered"], 1);
    assert_eq!(document["unpaid"], serde_json::json!([{"amount": "10700", "currency": "JPY", "count": 2}]));
    assert_eq!(document["warnings"], 2);
    // One command: which are unpaid, when each is due, and how much it is in all; the sums are those of what is listed.
    let unpaid = town.does("buyer", &["list", "--unpaid"]).out;
    let rows: Vec<&str> = unpaid.lines().skip(1).take_while(|line| !line.is_empty()).collect();
    assert!(rows.len() == 2 && rows.iter().all(|row| row.contains("due ") && row.contains("JPY")), "{unpaid}");
    assert!(unpaid.contains("unpaid JPY 10,700 in 2"), "{unpaid}");
    let late = town.does("buyer", &["list", "--late", "--json"]).json();
    assert_eq!(late["unpaid"], serde_json::json!([{"amount": "4100", "currency": "JPY", "count": 1}]));
    assert!(town.does("buyer", &["list", "--late"]).out.contains("unpaid JPY 4,100 in 1"));
}

#[test]
fn claim_08_the_unpaid_total_reaching_the_limit_warns() {
    // P81
    let town = Town::played();
    let config = town.path("buyer/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let over = |limit: &str| {
        fs::write(&config, text.replace("JPY 50000", limit)).unwrap();
        town.does("buyer", &["status", "--json"]).json()["over_limit"].clone()
    };
    assert_eq!(over("JPY 10701"), serde_json::json!([]));
    assert_eq!(over("JPY 10700"), serde_json::json!([{"amount": "10700", "currency": "JPY"}]));
    let run = town.run("buyer", &["status", "--exit-code"]);
    assert_eq!(run.code, Some(1));
    assert!(run.out.contains("the limit of JPY 10,700 is reached"), "{run:?}");
    let warnings = town.does("buyer", &["warnings", "--json"]).json();
    let found = warnings["warnings"].as_array().unwrap().iter().find(|one| one["finding"] == "unpaid-limit-reached");
    assert_eq!(found.unwrap()["text"], "JPY 10700 is unpaid in all; your limit is JPY 10700");
}

#[test]
fn claim_09_a_return_goes_to_the_shop_of_the_terms() {
    // P93-P97, P113
    let town = Town::played();
    let late = town.list(&["--late"])[0]["id"].as_str().unwrap().to_owned();
    town.does("buyer", &["return", &late, "--reason", "too late"]);
    town.settle();
    let shown = town.show("buyer", &late);
    let asked = letters(&shown, "out", "return-request");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["peer"], "shop@demo.test");
    assert!(!letters(&shown, "in", "return-answer").is_empty(), "{shown}");
}

#[test]
fn claim_10_an_order_is_made_again_from_the_terms() {
    // P98-P102, P114
    let town = Town::played();
    let done = town.in_state("completed");
    town.does("buyer", &["reorder", done["id"].as_str().unwrap()]);
    town.settle();
    let again = town.in_state("offered");
    assert_eq!(again["items"], done["items"]);
    assert_eq!(again["total"], done["total"]);
    let shown = town.show("buyer", again["id"].as_str().unwrap());
    assert_eq!(shown["order"]["reorder_of"], done["number"]);
    assert_eq!(letters(&shown, "out", "order")[0]["peer"], "shop@demo.test");
}

#[test]
fn claim_11_the_shop_works_by_its_procedure_without_a_person() {
    // P17-P20, P32, P48, P52
    let town = Town::played();
    let (_, number) = town.confirmed();
    let shown = town.show("shop", &number);
    for kind in ["authorization-request", "transaction-info", "payment-instruction", "delivery-instruction"] {
        assert_eq!(letters(&shown, "out", kind).len(), 1, "{kind}");
    }
    // Card: first the authorisation, then the terms (P23, P24).
    let place = |direction: &str, kind: &str| letters(&shown, direction, kind)[0]["entry"].as_u64().unwrap();
    assert!(place("in", "authorization-result") < place("out", "transaction-info"));
}

#[test]
fn claim_12_the_answer_goes_to_the_stored_address() {
    // P49-P51
    let town = Town::played();
    let (id, number) = town.confirmed();
    fs::create_dir_all(town.path("mail/other@elsewhere.test/new")).unwrap();
    let sent = |town: &Town| letters(&town.show("shop", &number), "out", "order-status").len();
    let before = sent(&town);
    // A mail that says it is from another address, and wants the answer there, is answered at the stored one.
    town.does("buyer", &["ask", &id, "--leg", "order"]);
    let mail = town.post("shop").remove(0);
    let asked = fs::read_to_string(&mail).unwrap();
    let from = "From: buyer@demo.test\r\n";
    assert!(asked.contains(from), "{asked}");
    let other = "From: other@elsewhere.test\r\nReply-To: other@elsewhere.test\r\nSender: other@elsewhere.test\r\n";
    fs::write(&mail, asked.replacen(from, other, 1)).unwrap();
    town.settle();
    assert_eq!(sent(&town), before + 1, "the request is answered, once");
    // One that bears the other address within its seal, signed by the key that is known, is answered nowhere.
    town.asks_from("other@elsewhere.test", &id);
    town.settle();
    let shown = town.show("shop", &number);
    let requests = letters(&shown, "in", "status-request");
    assert_eq!((requests.len(), &requests[1]["findings"][0]["code"]), (2, &"from-differs".into()), "{shown}");
    assert_eq!(sent(&town), before + 1);
    let stored = shown["order"]["buyer"]["email"].clone();
    let statuses = letters(&shown, "out", "order-status");
    assert!(stored == "buyer@demo.test" && statuses.iter().all(|letter| letter["peer"] == stored), "{shown}");
    assert_eq!(town.post("buyer").len() + files(&town.path("mail/other@elsewhere.test/new")).len(), 0);
}

#[test]
fn claim_13_procedures_are_chosen_by_method_and_name_their_agents() {
    // P18-P21, P25, P41-P44
    let town = Town::played();
    let number = town.in_state("refunded")["number"].as_str().unwrap().to_owned();
    assert_eq!(letters(&town.show("shop", &number), "out", "authorization-request").len(), 1, "card");
    let number = town.list(&["--late"])[0]["number"].as_str().unwrap().to_owned();
    let shown = town.show("shop", &number);
    assert!(letters(&shown, "out", "authorization-request").is_empty(), "invoice");
    let place = |kind: &str| letters(&shown, "out", kind)[0]["entry"].as_u64().unwrap();
    assert!(place("delivery-instruction") < place("payment-instruction"), "the order of the procedure");
    for (party, kind) in [("pay", "payment-instruction"), ("ship", "delivery-instruction")] {
        assert_eq!(letters(&town.show(party, &number), "in", kind).len(), 1, "{party}");
    }
    // Each begins its own work with what it got: a date for the debit, a date for the arrival (P54).
    for (party, instruction, status) in
        [("pay", "payment-instruction", "payment-status"), ("ship", "delivery-instruction", "delivery-status")]
    {
        let shown = town.show(party, &number);
        let begun = letters(&shown, "out", status);
        let entry = |letter: &serde_json::Value| letter["entry"].as_u64().unwrap();
        assert!(entry(begun[0]) > entry(letters(&shown, "in", instruction)[0]), "{party}");
        let to: Vec<&str> = begun[..2].iter().map(|letter| letter["peer"].as_str().unwrap()).collect();
        assert_eq!(to, ["buyer@demo.test", "shop@demo.test"], "{party}");
        assert!(begun[0]["says"].to_string().contains("20"), "a date: {}", begun[0]);
    }
}

#[test]
fn claim_14_each_of_the_three_answers_requests() {
    // P50, P62, P111
    let town = Town::played();
    let (id, _) = town.confirmed();
    let kinds = ["order-status", "delivery-status", "payment-status"];
    let count = |shown: &serde_json::Value| kinds.map(|kind| letters(shown, "in", kind).len());
    let before = count(&town.show("buyer", &id));
    town.does("buyer", &["ask", &id]);
    town.settle();
    assert_eq!(count(&town.show("buyer", &id)), before.map(|n| n + 1));
}

#[test]
fn claim_15_order_process_progress_shown() {
    // P106, P107
    let town = Town::played();
    let (id, number) = town.confirmed();
    let state = || town.show("buyer", &id)["state"].as_str().unwrap().to_owned();
    assert_eq!(state(), "open");
    for (party, args) in [
        ("shop", ["shop", "notify", &number, "--shipped"]),
        ("ship", ["ship", "notify", &number, "--delivered"]),
        ("pay", ["pay", "notify", &number, "--paid"]),
    ] {
        assert_eq!(state(), "open");
        town.does(party, &args);
        town.settle();
    }
    assert_eq!(state(), "completed");
    assert_eq!(town.does("buyer", &["audit", "verify", "--json"]).json()["result"], "clean");
}

/// What needs the clock moved.
mod real {
    use std::collections::BTreeSet;

    use mailorder::clock::Clock;

    use crate::support::program::Town;

    #[test]
    fn claim_05_requests_are_made_by_a_schedule() {
        // P90-P92, P112: which transactions, at which times; then without further input.
        let town = Town::fresh();
        let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
        let (other, _) = town.bought("TEA-200", 1, &["--pay", "invoice"]);
        for report in [("shop", "--shipped"), ("ship", "--delivered"), ("pay", "--paid")] {
            town.reports(&number, &[report]);
        }
        let clock = Clock::system();
        let hour_ago =
            clock.now().plus_seconds(-3600).instant().to_zoned(clock.zone().clone()).strftime("%H:%M").to_string();
        let table = format!("\n[[buyer.schedule]]\nwhich = \"undelivered\"\nat = [\"{hour_ago}\"]\n");
        town.configure("buyer", |text| format!("{text}{table}"));
        let asked = |id: &str| town.count("buyer", id, "out", "status-request");
        // Bought after its last moment: nothing is asked today, however often.
        town.sync(&["buyer", "buyer"]);
        assert_eq!((asked(&id), asked(&other)), (0, 0));
        // A day later each leg that is not done is asked about, once a day; what arrived is not asked about.
        for (day, requests) in [("+25h", 3), ("+26h", 3), ("+49h", 6)] {
            assert_eq!(town.at(day, "buyer", &["sync"]).code, Some(0));
            assert_eq!((asked(&id), asked(&other)), (0, requests), "{day}");
        }
        // The index is only a cache of it.
        town.at("+49h", "buyer", &["ledger", "reindex"]);
        let _ = std::fs::remove_file(town.path("buyer/index.sqlite"));
        town.at("+50h", "buyer", &["sync"]);
        assert_eq!(asked(&other), 6);
        // The requests went to the three addresses in the terms, and are answered.
        for party in ["shop", "pay", "ship"] {
            town.at("+50h", party, &["sync"]);
        }
        let before = town.show("buyer", &other)["letters"].as_array().unwrap().len();
        town.at("+50h", "buyer", &["sync"]);
        let letters = town.show("buyer", &other)["letters"].as_array().unwrap().clone();
        let answers: BTreeSet<&str> = letters[before..].iter().map(|letter| letter["kind"].as_str().unwrap()).collect();
        assert!(
            ["order-status", "payment-status", "delivery-status"].iter().all(|kind| answers.contains(kind)),
            "{answers:?}"
        );
    }
}
