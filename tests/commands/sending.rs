//! Sending: what a server refuses, and how long a command tries.

use std::fs;
use std::sync::{Arc, Mutex};

use crate::support::accounts::files;
use crate::support::program::Town;
use crate::support::smtp::{Lies, Seen, start};

/// Starts a scripted SMTP server and makes it a party's way out; it answers as long as the runtime is kept.
fn smtp(town: &Town, party: &str, lies: Lies) -> (tokio::runtime::Runtime, Arc<Mutex<Seen>>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (port, seen) = runtime.block_on(start(lies));
    let config = town.path(party).join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let server = format!("smtp = {{ host = \"127.0.0.1\", port = {port}, tls = \"none\" }}");
    let changed = text.replace("[outbox]\nmaildir = \"../mail/{to}\"", &format!("[outbox]\n{server}"));
    assert_ne!(changed, text);
    fs::write(&config, changed).unwrap();
    (runtime, seen)
}

fn outbox(town: &Town, party: &str) -> Vec<serde_json::Value> {
    town.does(party, &["outbox", "list", "--json"]).json()["letters"].as_array().unwrap().clone()
}

#[test]
fn a_letter_refused_for_good_ends_the_command_that_sends_it_with_69() {
    // F29
    let town = Town::played();
    let (_server, seen) = smtp(&town, "buyer", vec![("RCPT TO:<shop@", "550 5.1.1 nobody\r\n")]);
    let known = town.in_state("open")["id"].as_str().unwrap().to_owned();
    let run = town.run("buyer", &["ask", "--json", &known]);
    assert_eq!(run.code, Some(69), "{run:?}");
    // It did what it was told, and says so; the letters to the agents went out.
    let told: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(told["transactions"][0]["letters"], 3);
    assert!(run.err.contains("550") && run.err.contains("1 letter was refused for good"), "{run:?}");
    assert_eq!(seen.lock().unwrap().mails.len(), 2);
    let states: Vec<_> = outbox(&town, "buyer").iter().map(|letter| letter["state"].clone()).collect();
    assert_eq!(states, ["refused"]);
    // What is refused is not tried again, and fails nothing any more.
    assert_eq!(town.run("buyer", &["sync"]).code, Some(0));
    assert_eq!(town.run("buyer", &["outbox", "retry"]).code, Some(69));
    town.does("buyer", &["ask", "--offline", &known, "--leg", "order"]);
    assert_eq!(town.run("buyer", &["sync"]).code, Some(69));
}

#[test]
fn letters_are_not_sent_into_a_folder_that_is_not_there() {
    let town = Town::played();
    let known = town.in_state("open")["id"].as_str().unwrap().to_owned();
    let nowhere = town.path("nowhere");
    let pattern = format!("maildir = \"{}/{{to}}\"", nowhere.display());
    let config = town.path("buyer/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("maildir = \"../mail/{to}\"", &pattern)).unwrap();
    assert_eq!(town.run("buyer", &["config", "check"]).code, Some(78));
    let run = town.run("buyer", &["ask", &known]);
    assert!(run.err.contains("queued and not sent yet") && run.err.contains("nowhere"), "{run:?}");
    assert_eq!(run.err.matches("not sent yet").count(), 1, "{run:?}");
    assert_eq!(town.run("buyer", &["sync"]).code, Some(78));
    assert!(!nowhere.exists());
    assert_eq!(outbox(&town, "buyer").len(), 3);
    // Once it is there they go.
    fs::create_dir(&nowhere).unwrap();
    town.does("buyer", &["sync"]);
    assert_eq!(files(&nowhere.join("shop@demo.test/new")).len(), 1);
}

#[test]
fn a_mail_that_was_taken_over_is_no_failure_where_its_answer_is_refused() {
    let town = Town::played();
    town.order();
    let mail = files(&town.path("mail/shop@demo.test/new")).pop().unwrap();
    let (_server, _) = smtp(&town, "shop", vec![("RCPT", "550 5.1.1 nobody\r\n")]);
    let run = town.fed("shop", &["receive"], &fs::read(mail).unwrap());
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.err.contains("refused for good"), "{run:?}");
    assert_eq!(outbox(&town, "shop")[0]["state"], "refused");
}

#[test]
fn a_command_tries_to_send_for_ten_seconds_and_no_longer() {
    let try_with = |lies: Lies| {
        let town = Town::played();
        let (_server, _) = smtp(&town, "buyer", lies);
        let known = town.in_state("open")["id"].as_str().unwrap().to_owned();
        let begun = std::time::Instant::now();
        let run = town.run("buyer", &["ask", "--json", &known]);
        let took = begun.elapsed().as_secs();
        let states: Vec<_> = outbox(&town, "buyer").iter().map(|letter| letter["state"].clone()).collect();
        (run, took, states)
    };
    std::thread::scope(|scope| {
        let dead = scope.spawn(|| try_with(vec![("", "{stall}")]));
        let after_the_dot = scope.spawn(|| try_with(vec![(".", "{stall}")]));
        for (tried, first) in [(dead, "queued"), (after_the_dot, "sent?")] {
            let (run, took, states) = tried.join().unwrap();
            // Not yet sent is no failure.
            assert_eq!(run.code, Some(0), "{run:?}");
            assert!(run.err.contains("3 letters are queued and not sent yet"), "{run:?}");
            assert!((9..25).contains(&took), "{took} s: {run:?}");
            assert_eq!(states, [first, "queued", "queued"]);
        }
    });
}

#[test]
fn a_letter_is_shown_flushed_and_sent_again_by_its_name() {
    let town = Town::fresh();
    town.does("buyer", &["order", "--offline", "--shop", "shop@demo.test", "--item", "SH-41;シャツ 白 41;JPY 4300;1"]);
    let [letter] = &outbox(&town, "buyer")[..] else { panic!("one letter waits") };
    let name = letter["name"].as_str().unwrap();
    let shown = town.does("buyer", &["outbox", "show", name]).out;
    for part in ["shop@demo.test", "order", "queued", "シャツ 白 41"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(town.does("buyer", &["outbox", "show", name, "--json"]).json()["state"], "queued");
    let japanese = town.does("buyer", &["--lang", "ja", "outbox", "show", name]).out;
    assert!(japanese.contains("送信待ち") && japanese.contains("宛先"), "{japanese}");
    // Offline nothing is sent; else all that is due, and cron hears nothing of it.
    town.does("buyer", &["--offline", "outbox", "flush"]);
    assert!(town.post("shop").is_empty());
    let run = town.run("buyer", &["outbox", "flush"]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), "", ""));
    assert_eq!((town.post("shop").len(), outbox(&town, "buyer").len()), (1, 0));
    // It went out and nobody has acknowledged it: a person may send it again before its time.
    let times =
        || town.does("buyer", &["outbox", "list", "--all", "--json"]).json()["unacknowledged"][0]["times"].clone();
    assert_eq!(times(), 1);
    town.does("buyer", &["outbox", "retry", name]);
    assert_eq!((town.post("shop").len(), times()), (2, 2.into()));
    town.sync(&["shop", "buyer"]);
    assert_eq!(times(), serde_json::Value::Null, "it is acknowledged");
    let run = town.run("buyer", &["outbox", "show", name]);
    assert!(run.code == Some(65) && run.err.contains("no letter"), "{run:?}");
}

#[test]
fn a_flush_that_is_refused_for_good_ends_with_69_and_shows_on_a_terminal_how_far_it_is() {
    let town = Town::played();
    let known = town.in_state("open")["id"].as_str().unwrap().to_owned();
    town.does("buyer", &["ask", "--offline", &known]);
    let (_server, seen) = smtp(&town, "buyer", vec![("RCPT TO:<shop@", "550 5.1.1 nobody\r\n")]);
    let run = town.types("buyer", &["outbox", "flush"]).ends();
    assert_eq!(run.code, Some(69), "{run:?}");
    assert!(run.out.contains("0 of 3 letters sent") && run.out.contains("3 of 3 letters sent"), "{run:?}");
    assert!(run.out.contains("1 letter was refused for good"), "{run:?}");
    assert_eq!(seen.lock().unwrap().mails.len(), 2);
}
