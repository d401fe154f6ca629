//! What a buyer, or an account of several parts, names, asks, accepts and pays with.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mailorder::clock::{Clock, system_time};
use mailorder::pgp::{self, Certificate, OwnKey};

use super::account;
use crate::support::program::{Town, letters};

#[test]
fn an_account_of_several_parts_can_name_what_they_all_have() {
    // P6
    let town = Town::played();
    town.add_merchant();
    let order = ["order", "--json", "--shop", "mart@demo.test", "--item", "MUG;Mug;JPY 900;2"];
    let id = town.does("buyer", &order).json()["id"].as_str().unwrap().to_owned();
    let turn = || {
        town.does("mart", &["sync"]);
        town.does("buyer", &["sync"]);
    };
    turn();
    town.does("buyer", &["confirm", &id]);
    turn();
    turn();
    let number = town.show("buyer", &id)["number"].as_str().unwrap().to_owned();
    // The first part that has it is shown, and one line names the others.
    let run = town.does("mart", &["show", "--json", &number]);
    assert_eq!(run.json()["role"], "shop");
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    assert!(run.err.contains("--role payment") && run.err.contains("--role delivery"), "{}", run.err);
    for role in ["shop", "payment", "delivery"] {
        let run = town.does("mart", &["show", "--json", &number, "--role", role]);
        assert_eq!((run.json()["role"].as_str(), run.err.as_str()), (Some(role), ""));
    }
    assert_eq!(town.run("mart", &["show", &number, "--role", "buyer"]).code, Some(65));
    // Each command speaks for its own part.
    town.does("mart", &["shop", "notify", &number, "--shipped"]);
    town.does("mart", &["ship", "notify", &number, "--delivered"]);
    town.does("mart", &["pay", "notify", &number, "--paid"]);
    turn();
    assert_eq!(town.show("buyer", &id)["state"], "completed");
}

#[test]
fn asking_about_several_is_done_for_all_or_for_none() {
    let town = Town::played();
    let known = town.in_state("open")["id"].as_str().unwrap().to_owned();
    let waiting = town
        .does("buyer", &["order", "--json", "--offline", "--shop", "shop@demo.test", "--item", "SH-41;x;JPY 4300;1"]);
    let waiting = waiting.json()["id"].as_str().unwrap().to_owned();
    let asked = |id: &str| letters(&town.show("buyer", id), "out", "status-request").len();
    let before = asked(&known);
    let run = town.run("buyer", &["ask", &known, &waiting]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(run.err.contains(&waiting[..6]), "{run:?}");
    assert_eq!(asked(&known), before);
    let late = town.list(&["--late"])[0]["id"].as_str().unwrap().to_owned();
    // Named twice is asked once.
    let run = town.does("buyer", &["ask", "--json", &known, &late, &known[..8], "--leg", "order"]).json();
    let counts: Vec<_> =
        run["transactions"].as_array().unwrap().iter().map(|one| (&one["id"], &one["letters"])).collect();
    assert_eq!(counts, [(&known.into(), &1.into()), (&late.into(), &1.into())], "{run}");
    assert_eq!(asked(counts[0].0.as_str().unwrap()), before + 1);
}

#[test]
fn who_asks_again_is_told_when_he_asked_before_and_when_more_is_not_answered() {
    let town = Town::fresh();
    let (id, _) = town.bought("SH-41", 1, &[]);
    let ask = |leg: &str| town.does("buyer", &["ask", &id, "--leg", leg]).out;
    assert_eq!(ask("order"), format!("{}  asked in 1 letter\n", &id[..6]));
    assert_eq!(ask("delivery"), format!("{}  asked in 1 letter\n", &id[..6]), "that is another one");
    for _ in 0..3 {
        let again = ask("order");
        assert!(again.contains("asked in 1 letter; last before at 20") && !again.contains("seldom"), "{again}");
    }
    let fifth = ask("order");
    assert!(fifth.contains("and 4 times within a day: more is seldom answered"), "{fifth}");
    let told = town.does("buyer", &["ask", "--json", &id, "--leg", "payment"]).json();
    assert_eq!(told["transactions"][0]["asked_before"], serde_json::Value::Null);
    let told = town.does("buyer", &["ask", "--json", &id, "--leg", "payment"]).json();
    assert!(told["transactions"][0]["asked_before"].is_string(), "{told}");
    assert_eq!(town.count("buyer", &id, "out", "status-request"), 8);
}

#[test]
fn no_more_than_was_bought_can_be_given_back_and_that_is_said_in_words_for_one_and_many() {
    let town = Town::fresh();
    let (id, _) = town.bought("SH-41", 1, &[]);
    let run = town.run("buyer", &["return", &id, "--line", "1=2"]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(run.err.contains("no more than 1 of line 1 can be given back: so many were bought"), "{run:?}");
}

#[test]
fn the_limit_of_a_list_counts_what_is_listed() {
    let town = Town::played();
    let late = town.list(&["--late"]);
    assert_eq!(late.len(), 1);
    // It is not the newest of the open ones.
    assert_ne!(town.list(&["--open", "--limit", "1"]), late);
    assert_eq!(town.list(&["--late", "--limit", "1"]), late);
}

#[test]
fn the_key_accepted_by_an_address_is_the_one_that_was_imported() {
    let town = Town::played();
    // The shop has made two new keys, one after the other.
    let made = |name: &str| {
        let folder = town.path(name);
        let who = ["init", "--address", "shop@demo.test", "--name", "Shop", "--folder", folder.to_str().unwrap()];
        town.does(name, &who);
        let certificate = town.path(&format!("{name}/cert.asc"));
        fs::write(&certificate, town.does(name, &["key", "export"]).out).unwrap();
        certificate.to_str().unwrap().to_owned()
    };
    let pinned = || town.does("buyer", &["key", "show", "--json", "shop@demo.test"]).json()["fingerprint"].clone();
    let fingerprint = |file: &str| town.does("buyer", &["key", "import", "--json", file]).json()["fingerprint"].clone();
    let (old, first) = (pinned(), made("new"));
    let first = fingerprint(&first);
    // Another key counts, and stays until it is replaced.
    let run = town.run("buyer", &["key", "accept", "shop@demo.test", "--yes"]);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(run.err.contains("--replace"), "{run:?}");
    town.does("buyer", &["key", "accept", "shop@demo.test", "--yes", "--replace"]);
    assert_eq!(pinned(), first);
    // The old one, which held before, is not taken again by the address; a third one is.
    town.does("buyer", &["key", "accept", "shop@demo.test", "--yes", "--replace"]);
    assert_eq!(pinned(), first);
    let second = fingerprint(&made("newer"));
    let third = fingerprint(&made("newest"));
    let run = town.run("buyer", &["key", "accept", "shop@demo.test", "--yes", "--replace"]);
    assert_eq!(run.code, Some(65), "{run:?}");
    for key in [&second, &third] {
        assert!(run.err.contains(key.as_str().unwrap()), "{run:?}");
    }
    town.does("buyer", &["key", "accept", third.as_str().unwrap(), "--yes", "--replace"]);
    assert_eq!(pinned(), third);
    assert_ne!(old, third);
}

/// A card whose number must be nowhere but in what is sealed.
const CARD: &str = "number = 4111 1111 1111 1234\nexpires = 2029-04\nname = A. Buyer\n";

/// Returns a town whose buyer knows the payment agent, and the words of an order paid through it.
fn town_with_card() -> (Town, Vec<&'static str>) {
    let town = Town::played();
    let agent = town.path("pay/cert.asc");
    town.does("buyer", &["key", "import", agent.to_str().unwrap()]);
    town.does("buyer", &["key", "accept", "pay@demo.test", "--yes"]);
    let item = ["--item", "SH-41;x;JPY 4300;1", "--charge", "Parcel delivery;JPY 500"];
    let pay = ["--pay", "card", "--payment-agent", "pay@demo.test"];
    (town, [&["order", "--shop", "shop@demo.test"][..], &item, &pay].concat())
}

/// Returns what an order printed by a dry run has sealed, opened by the payment agent.
fn opened(town: &Town, order: &serde_json::Value) -> serde_json::Value {
    assert!(!order.to_string().contains("4111"), "{order}");
    assert_eq!(order["order"]["payment_id"], "1234");
    let key = OwnKey::from_bytes(&fs::read(town.path("pay/keys/own.asc")).unwrap()).unwrap();
    let buyer = Certificate::from_bytes(&fs::read(town.path("buyer/cert.asc")).unwrap()).unwrap();
    let sealed = STANDARD.decode(order["order"]["sealed"].as_str().unwrap()).unwrap();
    let now = system_time(&Clock::system().now());
    let data = pgp::sealed::open_data(&sealed, &[key], &buyer, now).unwrap();
    serde_json::from_slice(data.bytes()).unwrap()
}

#[test]
fn payment_data_come_from_a_file_standard_input_or_a_command() {
    let (town, order) = town_with_card();
    let dry = [&order[..], &["--dry-run", "--json"]].concat();
    let card = town.path("card");
    fs::write(&card, CARD).unwrap();
    let flag = |from: &'static str| [&dry[..], &["--payment-data", from]].concat();
    let by_file: Vec<&str> = [&dry[..], &["--payment-data", card.to_str().unwrap()]].concat();
    let instrument = serde_json::json!({"number": "4111 1111 1111 1234", "expires": "2029-04", "name": "A. Buyer"});
    let from_file = opened(&town, &town.does("buyer", &by_file).json());
    assert_eq!((&from_file["instrument"], &from_file["shop"]), (&instrument, &"shop@demo.test".into()));
    assert_eq!(opened(&town, &town.fed("buyer", &flag("-"), CARD.as_bytes()).json())["instrument"], instrument);
    // Nobody to ask: the flag that is missing is named, and nothing is ordered.
    for words in [&dry[..], &order[..], &[&order[..], &["--no-input"]].concat()] {
        let run = town.fed("buyer", words, CARD.as_bytes());
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.err.contains("--payment-data") && run.err.contains("payment_data_command"), "{run:?}");
    }
    let config = town.path("buyer/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let command = |argv: &str| {
        fs::write(&config, text.replace("[buyer]\n", &format!("[buyer]\npayment_data_command = {argv}\n"))).unwrap();
        town.run("buyer", &dry)
    };
    let printed = command(&format!("[\"cat\", {:?}]", card.to_str().unwrap()));
    assert_eq!(opened(&town, &printed.json())["instrument"], instrument);
    assert_eq!(command("[\"false\"]").code, Some(77));
    assert_eq!(command("[]").code, Some(78));
    let run = command("[\"echo\", \"4111111111111234\"]");
    assert_eq!(run.code, Some(65));
    assert!(!run.err.contains("4111"), "{run:?}");
    // What is ordered in earnest leaves no number in any file of buyer or shop.
    command(&format!("[\"cat\", {:?}]", card.to_str().unwrap()));
    town.does("buyer", &order);
    town.settle();
    for party in ["buyer", "shop"] {
        let telling = |bytes: &[u8]| bytes.windows(9).any(|part| part == b"4111 1111");
        let told: Vec<_> = account(&town.path(party)).into_iter().filter(|(_, bytes)| telling(bytes)).collect();
        assert_eq!(told.len(), 0, "{party}: {:?}", told[0].0);
    }
}

#[test]
fn a_prompt_for_payment_data_shows_nothing_of_them() {
    use std::io::{Read, Write};
    use std::process::{Command, Stdio};
    let (town, order) = town_with_card();
    let quoted = |word: &&str| format!("'{word}'");
    let words: Vec<String> = order.iter().map(quoted).collect();
    let program = env!("CARGO_BIN_EXE_mailorder");
    let line = format!("'{program}' -c '{}' {}", town.path("buyer/config.toml").display(), words.join(" "));
    // `script` gives it a terminal.
    let mut child = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", town.path("buyer"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut screen = Vec::new();
    for (asked, answer) in [("Number", "4111 1111 1111 1234"), ("Valid until", "2029-04"), ("Name", "A. Buyer")] {
        let mut byte = [0];
        while !String::from_utf8_lossy(&screen).lines().any(|line| line.starts_with(asked) && line.ends_with(':')) {
            assert_eq!(stdout.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&screen));
            screen.push(byte[0]);
        }
        stdin.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }
    stdin.write_all(b"y\n").unwrap();
    stdout.read_to_end(&mut screen).unwrap();
    assert!(child.wait().unwrap().success());
    let screen = String::from_utf8(screen).unwrap();
    let id = screen.split("  ordered from").next().unwrap().split_whitespace().last().unwrap();
    let data = opened(&town, &town.show("buyer", id));
    assert_eq!(data["instrument"]["number"], "4111 1111 1111 1234");
    assert_eq!(data["instrument"]["expires"], "2029-04");
    assert!(!screen.contains("4111") && !screen.contains("A. Buyer"), "{screen}");
}
