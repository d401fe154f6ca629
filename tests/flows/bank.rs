//! The payment agent's own program: it authorises payments, a person does where it does not, and what the shop stops is
//! taken back (figure 7).

use std::fs;

use serde_json::Value;

use super::parties::until;
use crate::support::accounts::{files, install};
use crate::support::program::Town;

/// The example that payment agents are shown.
const BANK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bank");

/// What nobody's disk may have, nor a program's environment or arguments.
const SECRETS: [&str; 3] = ["4556737586899855", "08 / 31", "ONO KENJI"];

/// A town whose buyer knows the payment agent's key and has a card; the agent has a hook of this command.
fn town(command: &str, payment: &str, hook: &str) -> Town {
    let town = Town::acquainted();
    town.accept("buyer", "pay");
    fs::write(town.path("../card"), "number = 4556737586899855\nexpiry = 08 / 31\nname = ONO KENJI\n").unwrap();
    let books = town.path("../books");
    fs::create_dir_all(&books).unwrap();
    fs::copy(format!("{BANK}/accounts"), books.join("accounts")).unwrap();
    town.configure("pay", |text| {
        let keys = format!("debit_days = 12\n{payment}");
        format!("{}\n[hook.bank]\ncommand = {command}\n{hook}", text.replace("debit_days = 12\n", &keys))
    });
    town.does("pay", &["config", "check"]);
    town
}

/// The bank's program as it is, with its books beside the town.
fn example() -> String {
    format!("[\"{BANK}/bank\", \"../../books\"]")
}

/// A hook of a script.
fn scripted(script: &str, payment: &str, hook: &str) -> Town {
    let town = town("[\"/bin/sh\", \"hook.sh\"]", payment, hook);
    install(&town.path("pay/hook.sh"), format!("{script}\n").as_bytes());
    town
}

/// Orders by card; returns the order's ID.
fn ordered(town: &Town, article: &str) -> String {
    let file = town.path("../card");
    let card = ["--pay", "card", "--payment-agent", "pay@demo.test", "--payment-data", file.to_str().unwrap()];
    town.orders("buyer", article, 1, &card)
}

/// Runs the bank's program for its own people.
fn books(town: &Town) -> String {
    let run =
        std::process::Command::new(format!("{BANK}/bank")).arg(town.path("../books")).arg("show").output().unwrap();
    assert!(run.status.success(), "{run:?}");
    String::from_utf8(run.stdout).unwrap()
}

fn inbox(town: &Town) -> Vec<Value> {
    town.does("pay", &["pay", "inbox", "--json"]).json()["items"].as_array().unwrap().clone()
}

fn check_no_card_anywhere(town: &Town) {
    for secret in SECRETS {
        super::private::check_nowhere(&town.path(""), secret);
    }
}

#[test]
fn figure_7_a_program_of_the_agents_authorises_the_card_or_refuses_it_p24_p108() {
    let town = town(&example(), "authorize = \"bank\"\n", "");
    let id = ordered(&town, "SH-41");
    town.sync(&["shop", "pay"]);
    let number = town.number("shop", &id);
    town.check_letters("pay", &number, &["in authorization-request shop", "out authorization-result shop"]);
    assert!(books(&town).contains("left   9855 JPY 15200") && books(&town).contains(" held 4800"), "{}", books(&town));
    town.sync(&["shop", "buyer"]);
    town.check_stands("buyer", &id, "offered", [false; 3]);
    // The limit permits it, and the account does not cover it.
    let refused = ordered(&town, "KETTLE");
    town.settle();
    town.check_stands("buyer", &refused, "rejected", [false; 3]);
    let result = town.letter("pay", "out", "authorization-result");
    assert!(result.contains("\"insufficient-funds\"") && result.contains("does not cover it"), "{result}");
    assert!(books(&town).contains("left   9855 JPY 15200"), "{}", books(&town));
    // What is above the limit never comes to the program.
    let works = files(&town.path("../books/moves")).len();
    town.configure("pay", |text| text.replace("JPY 100000", "JPY 2000"));
    let over = ordered(&town, "TEA-200");
    town.settle();
    town.check_stands("buyer", &over, "rejected", [false; 3]);
    assert_eq!(files(&town.path("../books/moves")).len(), works);
    assert!(inbox(&town).is_empty());
    check_no_card_anywhere(&town);
    town.check_peace();
}

#[test]
fn card_and_account_go_to_the_program_on_standard_input_and_nowhere_else_p12_p23() {
    // It writes down all that can be seen of it, and what it reads.
    let script = "mkdir -p ../../seen; tr '\\0' '\\n' </proc/$$/environ >../../seen/environ; \
                  tr '\\0' '\\n' </proc/$$/cmdline >../../seen/cmdline; ls /proc/$$/fd >../../seen/fd; \
                  cat >../../seen/stdin; echo '{\"actionStatus\": \"CompletedActionStatus\"}'";
    let town = scripted(script, "authorize = \"bank\"\n", "");
    let id = ordered(&town, "SH-41");
    town.settle();
    town.check_stands("buyer", &id, "offered", [false; 3]);
    let seen = |file: &str| fs::read_to_string(town.path("../seen").join(file)).unwrap();
    let told: Value = serde_json::from_str(&seen("stdin")).unwrap();
    let action = &told["action"];
    assert_eq!((&told["work"], &told["role"]), (&"authorize".into(), &"payment".into()));
    assert_eq!((&action["price"], &action["priceCurrency"]), (&"4800".into(), &"JPY".into()), "{told}");
    let card = serde_json::json!({"number": "4556737586899855", "expiry": "08 / 31", "name": "ONO KENJI"});
    assert_eq!(action["instrument"], card);
    assert_eq!(action["object"]["paymentMethodId"], "9855");
    let open = seen("environ") + &seen("cmdline");
    assert!(open.contains("MAILORDER_SHOP=shop@demo.test") && open.contains("MAILORDER_WORK=authorize"), "{open}");
    for secret in SECRETS {
        assert!(!open.contains(secret), "{open}");
    }
    check_no_card_anywhere(&town);
    town.check_peace();
}

#[test]
fn a_program_that_prints_the_card_is_told_of_without_it_p23() {
    for script in [
        // On standard error, as a shell does that is asked to show what it runs.
        "card=$(cat); set -x; : \"$card\"; exit 1",
        "cat >&2; exit 75",
        "cat",
        "printf '{\"actionStatus\": \"FailedActionStatus\", \"error\": \"no money on 4556-7375-8689-9855\"}'",
        "expiry=$(sed -n 's/.*\"expiry\": \"\\(.*\\)\".*/\\1/p'); printf '{\"actionStatus\": \"%s\"}' \"$expiry\"",
    ] {
        let town = scripted(script, "authorize = \"bank\"\n", "");
        let id = ordered(&town, "SH-41");
        town.sync(&["shop"]);
        let run = town.does("pay", &["sync"]);
        let items = inbox(&town);
        assert_eq!(items[0]["state"], "tried", "{script}: {items:?}");
        let listed = town.does("pay", &["outbox", "list", "--json"]).out;
        for secret in SECRETS.into_iter().chain(["4556-7375"]) {
            assert!(!run.err.contains(secret) && !listed.contains(secret), "{script}: {run:?} {listed}");
            assert!(!items[0]["about"].as_str().unwrap().contains(secret), "{script}: {items:?}");
        }
        check_no_card_anywhere(&town);
        town.check_stands("shop", &id, "ordered", [false; 3]);
    }
}

#[test]
fn what_the_program_gives_up_a_person_at_the_bank_decides_p24() {
    let town = scripted(
        "echo \"$MAILORDER_KEY $MAILORDER_WORK\" >>../../keys; exit 3",
        "authorize = \"bank\"\n",
        "attempts = 2\n",
    );
    let [yes, no] = [ordered(&town, "SH-41"), ordered(&town, "TEA-200")];
    town.sync(&["shop", "pay"]);
    assert!(inbox(&town).iter().all(|item| item["state"] == "tried"));
    let run = town.at("+2m", "pay", &["sync"]);
    assert!(run.err.contains("it waits for you: mailorder ") && run.err.contains("pay inbox"), "{run:?}");
    let items = inbox(&town);
    assert_eq!(items.len(), 2);
    for item in &items {
        assert_eq!((&item["what"], &item["state"]), (&"task".into(), &"given-up".into()), "{items:?}");
        assert_eq!((&item["work"], &item["shop"]), (&"authorize".into(), &"shop@demo.test".into()), "{items:?}");
    }
    let status = town.run("pay", &["status", "--exit-code"]);
    assert!(status.code == Some(1) && status.err.contains("pay inbox"), "{status:?}");
    let numbers = [&yes, &no].map(|id| town.number("shop", id));
    town.does("pay", &["pay", "accept", &numbers[0]]);
    assert_eq!(town.run("pay", &["pay", "reject", &numbers[1], "--reason", " "]).code, Some(2));
    town.does("pay", &["pay", "reject", &numbers[1], "--reason", "The account is closed."]);
    assert_eq!(town.run("pay", &["pay", "accept", &numbers[0]]).code, Some(65), "it is decided");
    town.settle();
    town.check_stands("buyer", &yes, "offered", [false; 3]);
    town.check_stands("buyer", &no, "rejected", [false; 3]);
    assert!(town.letter("buyer", "in", "order-rejection").contains("The account is closed."));
    // The program may have held the money all the same: it is told to let it go.
    let keys = fs::read_to_string(town.path("../keys")).unwrap();
    assert!(keys.lines().any(|line| line.ends_with(" withdraw")), "{keys}");
    let mut tried: Vec<&str> = keys.lines().filter(|line| line.ends_with(" authorize")).collect();
    tried.sort_unstable();
    tried.dedup();
    assert_eq!(tried.len(), 2, "one key for each, however often it is tried: {keys}");
    town.check_peace();
}

#[test]
fn a_program_that_has_no_answer_yet_is_asked_again_and_not_given_up_p24() {
    let script = "echo \"$MAILORDER_KEY\" >>../../keys; [ -e ../../decided ] && echo '{\"actionStatus\": \"CompletedActionStatus\"}'; true";
    let town = scripted(script, "authorize = \"bank\"\n", "attempts = 1\n");
    let id = ordered(&town, "SH-41");
    town.sync(&["shop", "pay", "pay"]);
    assert_eq!(fs::read_to_string(town.path("../keys")).unwrap().lines().count(), 1, "not before five minutes");
    for moved in ["+6m", "+12m", "+18m"] {
        assert_eq!(town.at(moved, "pay", &["sync"]).code, Some(0));
    }
    let items = inbox(&town);
    assert_eq!((&items[0]["state"], &items[0]["tries"]), (&"tried".into(), &0.into()), "{items:?}");
    fs::write(town.path("../decided"), "").unwrap();
    town.does("pay", &["pay", "retry", &town.number("shop", &id)]);
    town.settle();
    town.check_stands("buyer", &id, "offered", [false; 3]);
    let keys = fs::read_to_string(town.path("../keys")).unwrap();
    assert!(keys.lines().count() == 5 && keys.lines().all(|key| Some(key) == keys.lines().next()), "{keys}");
    town.check_peace();
}

#[test]
fn a_stop_that_crosses_a_running_authorisation_leaves_nothing_held_p24_f3() {
    // It holds the money, and takes its time to say so.
    let script = "case $MAILORDER_WORK in \
                  authorize) echo held >../../hold-$MAILORDER_KEY; touch ../../begun; \
                  for i in $(seq 300); do [ -e ../../stopped ] && break; sleep 0.1; done; \
                  echo '{\"actionStatus\": \"CompletedActionStatus\"}' ;; \
                  withdraw) for key in $MAILORDER_WITHDRAWS; do rm ../../hold-$key; done ;; esac";
    let town = scripted(script, "authorize = \"bank\"\n", "");
    let id = ordered(&town, "SH-41");
    town.sync(&["shop"]);
    let config = town.path("pay/config.toml");
    let mut running =
        std::process::Command::new(env!("CARGO_BIN_EXE_mailorder")).arg("-c").arg(&config).arg("sync").spawn().unwrap();
    until("the program runs", || town.path("../begun").exists());
    town.does("buyer", &["cancel", &id]);
    town.sync(&["shop", "pay"]);
    assert!(running.try_wait().unwrap().is_none(), "the stop came while the program ran");
    let result = town.letter("pay", "out", "authorization-result");
    assert!(result.contains("\"stopped\""), "{result}");
    fs::write(town.path("../stopped"), "").unwrap();
    assert!(running.wait().unwrap().success());
    town.settle();
    let holds = files(&town.path("..")).into_iter().filter(|file| file.to_str().unwrap().contains("hold-"));
    assert_eq!(holds.count(), 0, "the money is held no longer");
    let number = town.number("shop", &id);
    assert_eq!(town.count("pay", &number, "out", "authorization-result"), 1, "and nobody was told that it is");
    for party in ["buyer", "shop"] {
        town.check_stands(party, &id, "cancelled", [false; 3]);
    }
    assert!(inbox(&town).is_empty());
    town.check_peace();
}

#[test]
fn what_was_authorised_and_is_stopped_later_is_taken_back_from_the_bank_p24() {
    let town = town(&example(), "authorize = \"bank\"\n", "");
    let id = ordered(&town, "SH-41");
    town.settle();
    town.check_stands("buyer", &id, "offered", [false; 3]);
    assert!(books(&town).contains(" held 4800"), "{}", books(&town));
    // The offer is cancelled before the OK; then one after it.
    town.does("buyer", &["cancel", &id]);
    town.settle();
    assert!(books(&town).contains(" back 4800") && !books(&town).contains(" held "), "{}", books(&town));
    let id = ordered(&town, "TEA-200");
    town.settle();
    town.does("buyer", &["confirm", &id]);
    town.settle();
    assert!(books(&town).contains(" held 2300"), "{}", books(&town));
    town.does("buyer", &["cancel", &id]);
    town.settle();
    town.settle();
    town.check_stands("buyer", &id, "cancelled", [false; 3]);
    assert!(books(&town).contains(" back 2300") && !books(&town).contains(" held "), "{}", books(&town));
    assert!(inbox(&town).is_empty());
    town.check_peace();
}

#[test]
fn data_that_a_program_is_asked_about_are_not_good_for_a_second_payment_p23() {
    let town = scripted("exit 75", "authorize = \"bank\"\n", "");
    let id = ordered(&town, "SH-41");
    town.sync(&["shop", "pay"]);
    assert_eq!(inbox(&town).len(), 1);
    let text = super::payment_data::second_request(&town, &id);
    assert!(text.contains("were used before"), "{text}");
}

/// Has the buyer order by card and say OK, and everybody do what follows; returns ID and number.
fn bought(town: &Town, article: &str) -> (String, String) {
    let id = ordered(town, article);
    town.settle();
    town.does("buyer", &["confirm", &id]);
    town.settle();
    let number = town.number("buyer", &id);
    (id, number)
}

/// Moves the day of debits to today.
fn at_once(town: &Town) {
    town.configure("pay", |text| text.replace("debit_days = 12", "debit_days = 0"));
}

/// Checks how much is paid and unpaid, at buyer and shop.
fn check_paid(town: &Town, number: &str, paid: &str, unpaid: &str) {
    for party in ["buyer", "shop"] {
        let shown = town.show(party, number);
        assert_eq!(shown["paid"], serde_json::json!({"amount": paid, "currency": "JPY"}), "{party}");
        let left = (unpaid != "0").then(|| serde_json::json!({"amount": unpaid, "currency": "JPY"}));
        assert_eq!(shown["unpaid"], left.unwrap_or(Value::Null), "{party}");
    }
}

#[test]
fn on_the_planned_day_the_banks_program_collects_and_later_gives_back_p55_p59() {
    let town = town(&example(), "authorize = \"bank\"\ndebit = \"bank\"\n", "");
    let (id, _) = bought(&town, "SH-41");
    assert!(books(&town).contains(" held 4800"), "not before its day: {}", books(&town));
    at_once(&town);
    let (other, second) = bought(&town, "TEA-200");
    check_paid(&town, &second, "2300", "0");
    town.check_stands("buyer", &other, "open", [false, false, true]);
    town.check_stands("buyer", &id, "open", [false; 3]);
    let said = books(&town);
    assert!(said.contains(" paid 2300") && said.contains(" held 4800") && said.contains("9855 JPY 12900"), "{said}");
    // The bank's own reference is told.
    let status = town.letter("buyer", "in", "payment-status");
    assert!(status.contains("confirmationNumber"), "{status}");
    // It is collected once, however often it is looked for.
    town.settle();
    assert_eq!(town.count("pay", &second, "out", "payment-status"), 4, "planned and paid, to two");
    town.does("shop", &["shop", "refund", &second, "--amount", "JPY 500"]);
    town.settle();
    assert!(books(&town).contains(" returned 500"), "{}", books(&town));
    assert_eq!(town.count("pay", &second, "out", "payment-status"), 8, "planned and given back, to two");
    assert!(books(&town).contains("9855 JPY 13400"), "{}", books(&town));
    assert!(inbox(&town).is_empty());
    check_no_card_anywhere(&town);
    town.check_peace();
}

/// A hook that says of a debit what stands in a file, and writes down the keys it was asked under.
const SAYS: &str = "echo \"$MAILORDER_KEY\" >>../../keys; cat ../../says 2>/dev/null";

fn says(town: &Town, text: &str) {
    fs::write(town.path("../says"), text).unwrap();
}

fn asked(town: &Town) -> usize {
    fs::read_to_string(town.path("../keys")).unwrap_or_default().lines().count()
}

#[test]
fn a_debit_is_made_in_part_put_off_or_fails_as_the_program_says_p55_p59() {
    let town = scripted(SAYS, "debit = \"bank\"\n", "");
    at_once(&town);
    says(&town, "{\"actionStatus\": \"CompletedActionStatus\", \"price\": \"3000\", \"priceCurrency\": \"JPY\"}");
    let (id, part) = bought(&town, "SH-41");
    check_paid(&town, &part, "3000", "1800");
    town.check_stands("buyer", &id, "open", [false; 3]);
    assert_eq!(asked(&town), 1, "the rest is collected on the next bank day");
    says(&town, "{\"actionStatus\": \"ActiveActionStatus\", \"endTime\": \"2030-01-04\"}");
    let (id, _) = bought(&town, "TEA-200");
    let row = town.lists("buyer", &[]).into_iter().find(|row| row["id"] == id.as_str()).unwrap();
    assert_eq!(row["payment"]["date"], "2030-01-04");
    assert_eq!(asked(&town), 2);
    says(
        &town,
        "{\"actionStatus\": \"FailedActionStatus\", \"error\": {\"errorCode\": \"insufficient-funds\", \"description\": \"No money.\"}}",
    );
    let (id, failed) = bought(&town, "TEA-200");
    assert!(town.letter("buyer", "in", "payment-status").contains("PaymentDeclined"));
    let status = town.letter("shop", "in", "payment-status");
    assert!(status.contains("insufficient-funds") && status.contains("No money."), "{status}");
    town.settle();
    assert_eq!(asked(&town), 3, "what failed is not tried by itself");
    // A person has it collected after all.
    says(&town, "{\"actionStatus\": \"CompletedActionStatus\"}");
    let day = mailorder::clock::Clock::system().now().day().to_string();
    let today = town.does("pay", &["pay", "notify", &failed, "--planned", &day]);
    assert_eq!(today.code, Some(0));
    town.settle();
    town.check_stands("buyer", &id, "open", [false, false, true]);
    assert_eq!(asked(&town), 4);
    assert!(inbox(&town).is_empty());
}

#[test]
fn what_the_program_says_and_cannot_be_waits_for_a_person_and_is_not_collected_again_p55() {
    let town = scripted(SAYS, "debit = \"bank\"\n", "");
    at_once(&town);
    says(&town, "{\"actionStatus\": \"CompletedActionStatus\", \"price\": \"5000\", \"priceCurrency\": \"JPY\"}");
    let (id, number) = bought(&town, "SH-41");
    town.settle();
    assert_eq!(asked(&town), 1, "it may well have been paid");
    let items = inbox(&town);
    assert_eq!((items.len(), &items[0]["state"]), (1, &"untold".into()), "{items:?}");
    assert!(items[0]["about"].as_str().unwrap().contains("only JPY 4800 remains"), "{items:?}");
    assert_eq!(town.run("pay", &["status", "--exit-code"]).code, Some(1));
    town.check_stands("buyer", &id, "open", [false; 3]);
    let run = town.run("pay", &["pay", "accept", &number]);
    assert!(run.code == Some(65) && run.err.contains("pay notify"), "{run:?}");
    // The entry has what it said.
    let said = town.texts("pay").into_iter().filter(|text| text.contains("told to nobody")).count();
    assert_eq!(said, 1);
    town.does("pay", &["ledger", "reindex"]);
    assert_eq!(inbox(&town).len(), 1);
    town.does("pay", &["pay", "notify", &number, "--paid"]);
    town.settle();
    assert!(inbox(&town).is_empty());
    town.check_stands("buyer", &id, "open", [false, false, true]);
    assert_eq!(asked(&town), 1);
    town.check_peace();
}

#[test]
fn a_person_who_reports_a_payment_ends_the_work_of_the_program_p55() {
    let town = scripted("echo \"$MAILORDER_KEY\" >>../../keys; exit 1", "debit = \"bank\"\n", "attempts = 1\n");
    at_once(&town);
    let (id, number) = bought(&town, "SH-41");
    assert_eq!((inbox(&town).len(), &inbox(&town)[0]["work"]), (1, &"debit".into()));
    town.does("pay", &["pay", "notify", &number, "--paid"]);
    town.settle();
    assert!(inbox(&town).is_empty());
    assert_eq!(asked(&town), 1);
    town.check_stands("buyer", &id, "open", [false, false, true]);
    town.check_peace();
}

#[test]
fn programs_of_both_agents_name_the_dates_and_the_rules_do_where_they_cannot_p55_p57() {
    // A day that three of four Februaries have not.
    let day = "echo '{\"actionStatus\": \"ActiveActionStatus\", \"endTime\": \"2032-02-29\"}'";
    let town = scripted(&format!("[ -e ../../broken ] && exit 1; {day}"), "dates = \"bank\"\n", "attempts = 1\n");
    let window = "cat >told; printf '{\"startTime\": \"2030-01-03T09:00:00+09:00\", \"endTime\": \"2030-01-03T12:00:00+09:00\", \"trackingNumber\": \"EP-5\"}'";
    install(&town.path("ship/hook.sh"), format!("[ -e ../../broken ] && exit 1; {window}\n").as_bytes());
    town.configure("ship", |text| {
        let text = text.replace("transit_days = 3\n", "transit_days = 3\ndates = \"courier\"\n");
        format!("{text}\n[hook.courier]\ncommand = [\"/bin/sh\", \"hook.sh\"]\nattempts = 1\n")
    });
    town.does("ship", &["config", "check"]);
    let dates = |id: &str, leg: &str| {
        ["buyer", "shop"].map(|party| {
            let row = town.lists(party, &[]).into_iter().find(|row| row["id"] == id).unwrap();
            row[leg]["date"].as_str().unwrap_or_default().to_owned()
        })
    };
    let (id, number) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    assert_eq!(dates(&id, "payment"), ["2032-02-29"; 2]);
    assert_eq!(dates(&id, "delivery"), ["2030-01-03T12:00:00+09:00"; 2]);
    let told = fs::read_to_string(town.path("ship/told")).unwrap();
    assert!(told.contains("PlanAction") && told.contains("千代田区") && !told.contains("4800"), "{told}");
    let status = town.letter("buyer", "in", "delivery-status");
    assert!(status.contains("EP-5") && status.contains("2030-01-03T09:00:00+09:00"), "{status}");
    for agent in ["pay", "ship"] {
        assert_eq!(
            town.entries(agent).iter().filter(|entry| entry["Mailorder-Kind"][0].ends_with("-status")).count(),
            2
        );
        let mut run = town.run(agent, &["show", &number]);
        run.out.clear();
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    town.check_peace();
    // Where they fail for good the rules name the dates, and the agents are told of it.
    fs::write(town.path("../broken"), "").unwrap();
    let id = town.orders("buyer", "TEA-200", 1, &["--pay", "invoice"]);
    town.settle();
    town.does("buyer", &["confirm", &id]);
    town.sync(&["buyer", "shop"]);
    for agent in ["pay", "ship"] {
        let run = town.does(agent, &["sync"]);
        assert!(run.err.contains("the date is planned by the rule"), "{agent}: {run:?}");
        assert!(town.does(agent, &[agent, "inbox"]).out.contains("nothing waits"), "{agent}");
    }
    town.settle();
    for leg in ["payment", "delivery"] {
        let dates = dates(&id, leg);
        assert!(dates[0].len() == 10 && dates[0].starts_with("202") && dates[0] == dates[1], "{leg}: {dates:?}");
    }
    town.check_peace();
}

#[test]
fn an_instruction_whose_date_is_not_known_yet_can_be_asked_about_and_stopped_p55_p57() {
    let town = scripted("exit 75", "dates = \"bank\"\n", "");
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    assert_eq!(town.count("pay", &number, "out", "payment-status"), 0);
    town.does("buyer", &["ask", &id, "--leg", "payment"]);
    town.settle();
    assert_eq!(town.count("buyer", &id, "in", "payment-status"), 1, "what is known is said");
    check_paid_nothing(&town, &number);
    town.does("buyer", &["cancel", &id]);
    town.settle();
    town.settle();
    town.check_stands("buyer", &id, "cancelled", [false; 3]);
    assert!(inbox(&town).is_empty(), "{:?}", inbox(&town));
    town.check_peace();
}

fn check_paid_nothing(town: &Town, number: &str) {
    let shown = town.show("buyer", number);
    assert_eq!(shown["unpaid"], serde_json::json!({"amount": "4800", "currency": "JPY"}));
}

#[test]
fn keys_that_name_no_hook_are_told_with_their_place_and_the_nearest_name() {
    let town = town(&example(), "", "");
    for (written, key, said) in [
        ("authorize = \"bnak\"", "payment.authorize", "did you mean \"bank\"?"),
        ("debit = \"on-dat\"", "payment.debit", "did you mean \"on-date\"?"),
        ("debit = \"banc\"", "payment.debit", "did you mean \"bank\"?"),
        ("dates = \"nothing\"", "payment.dates", "a hook is a table [hook.NAME]"),
    ] {
        let with = |text: &str| text.replace("debit_days = 12\n", &format!("debit_days = 12\n{written}\n"));
        town.configure("pay", with);
        let text = fs::read_to_string(town.path("pay/config.toml")).unwrap();
        let line = text.lines().position(|line| line == written).unwrap() + 1;
        let column = written.find('"').unwrap() + 1;
        let run = town.run("pay", &["config", "check"]);
        assert_eq!(run.code, Some(78), "{run:?}");
        assert!(
            run.err.contains(&format!("config.toml:{line}:{column}: {key}: ")) && run.err.contains(said),
            "{run:?}"
        );
        town.configure("pay", |text| text.replace(&format!("{written}\n"), ""));
    }
    town.configure("pay", |text| text.replace("[hook.bank]", "[hook.report]"));
    let run = town.run("pay", &["config", "check"]);
    assert!(run.code == Some(78) && run.err.contains("another name"), "{run:?}");
}

#[test]
fn the_page_of_hooks_is_true_word_for_word() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/hooks.md")).unwrap();
    let (_, from) = page.split_once("```sh\nmkdir books\n").unwrap();
    let (script, after) = from.split_once("```").unwrap();
    let printed = after.split_once("```text\n").unwrap().1.split_once("```").unwrap().0;
    let folder = crate::support::accounts::scratch();
    let script = format!("mkdir books\n{}", script.replace("examples/bank", BANK));
    let run =
        std::process::Command::new("sh").args(["-eu", "-c", &script]).current_dir(folder.path()).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    assert_eq!(String::from_utf8(run.stdout).unwrap(), printed);
}

#[test]
fn an_example_that_is_handed_half_of_its_work_does_nothing_and_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let whole = "{\n  \"action\": {\n    \"price\": \"4800\"\n  }\n}\n";
    let tried = |program: &str, work: &str, input: &str| {
        let mut command =
            std::process::Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/").to_owned() + program);
        let kept = folder.path().join(program.replace('/', "-"));
        fs::create_dir_all(&kept).unwrap();
        fs::write(kept.join("stock"), "").unwrap();
        command.arg(&kept).env("MAILORDER_WORK", work).env("MAILORDER_KEY", "k1").env("MAILORDER_TRANSACTION", "T");
        command.env("MAILORDER_SHOP", "shop@demo.test").env("MAILORDER_TIME", "2026-12-01T10:00:00Z");
        crate::support::accounts::run(&mut command, input.as_bytes()).status.code()
    };
    for cut in ["", "{\n  \"action\": {\n    \"price\"", "{\n  \"action\": {\n    \"price\": \"4800\"\n  }"] {
        assert_eq!(tried("bank/bank", "refund", cut), Some(75), "{cut}");
        assert_eq!(tried("warehouse/warehouse", "release", cut), Some(75), "{cut}");
    }
    assert_eq!(fs::read_dir(folder.path().join("bank-bank/moves")).unwrap().count(), 0, "nothing was entered");
    assert_eq!(tried("bank/bank", "refund", whole), Some(0));
}
