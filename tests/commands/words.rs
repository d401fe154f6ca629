//! What people read: errors that say what is true and what to do, hints that can be run as they stand, tables that fit.

use std::fs;
use std::path::Path;
use std::process::Command;

use mailorder::clock::Clock;

use crate::support::program::{Run, Town, mailorder};

/// Runs a command on a terminal of so many columns; what it prints on both outputs is one.
fn on_terminal(folder: &Path, width: u16, words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let line = format!("stty cols {width}; '{}' {}", env!("CARGO_BIN_EXE_mailorder"), quoted.join(" "));
    let output = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", folder)
        .env("TERM", "dumb")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().replace('\r', "")
}

fn says(run: &Run, code: i32, parts: &[&str]) {
    assert_eq!(run.code, Some(code), "{run:?}");
    for part in parts {
        assert!(run.err.contains(part), "{part} is not in {run:?}");
    }
}

const SHOP: [&str; 3] = ["order", "--shop", "shop@demo.test"];

fn order(town: &Town, more: &[&str]) -> Run {
    town.run("buyer", &[&SHOP[..], more].concat())
}

#[test]
fn an_account_that_lost_its_key_is_told_to_restore_it() {
    let town = Town::played();
    let key = town.path("buyer/keys/own.asc");
    fs::rename(&key, town.path("away.asc")).unwrap();
    let key = key.to_str().unwrap();
    for words in [&["list"][..], &["sync"], &["status"], &["confirm", "X"]] {
        says(&town.run("buyer", words), 77, &[key, "is missing", "restore", "backup"]);
    }
    // Nor does `init` make another account in its place, with or without the configuration.
    let folder = town.path("buyer");
    let init = ["init", "--address", "buyer@demo.test", "--name", "B", "--folder", folder.to_str().unwrap()];
    says(&town.run("buyer", &init), 77, &[key, "is missing"]);
    fs::remove_file(town.path("buyer/config.toml")).unwrap();
    says(&town.run("buyer", &init), 77, &[key, "is missing"]);
    assert!(!town.path("buyer/config.toml").exists());
}

#[test]
fn an_order_is_worth_something_and_no_price_is_below_zero() {
    let town = Town::played();
    let before = town.list(&[]).len();
    let refused = |items: &[&str], parts: &[&str]| {
        let run = order(&town, items);
        says(&run, 65, parts);
        assert_eq!(run.err.lines().filter(|line| line.starts_with("mailorder: ")).count(), 1, "{run:?}");
    };
    refused(&["--item", "SH-41;Shirt;JPY -4300;1"], &["item 1 (Shirt)", "JPY -4,300 is below zero", "--charge"]);
    refused(&["--item", "SH-41;Shirt;JPY 0;1"], &["total", "JPY 0", "above zero"]);
    refused(&["--item", "SH-41;Shirt;JPY 500;1", "--charge", "Off;JPY -600"], &["total", "JPY -100"]);
    refused(&["--item", "A;x;JPY 1;1", "--item", "B;Cup;4300;1"], &["item 2 (Cup)", "has no currency", "\"JPY 4300\""]);
    refused(&["--item", "B;Cup;JPY 1;1", "--charge", "Post;500"], &["charge 1 (Post)", "has no currency"]);
    refused(&["--item", "B;Cup;JPY 1;none"], &["item 1 (Cup)", "\"none\" is not"]);
    // What no letter can carry is told before one is written, with what it is.
    let long = "e\u{301}".repeat(2_000);
    let parts = ["item 1", "the name has 6000 bytes; a letter takes 4096 at most", "say it shorter"];
    refused(&["--item", &format!("B;{long};JPY 1;1")], &parts);
    refused(&["--item", "B;Cup;JPY 1;1", "--remarks", &long], &["the word to the shop has 6000 bytes"]);
    refused(
        &["--item", "B;Cup;JPY 1;1", "--charge", &format!("{long};JPY 1")],
        &["charge 1", "the name has 6000 bytes"],
    );
    assert_eq!(town.list(&[]).len(), before);
    // A discount is a charge.
    let run = order(&town, &["--dry-run", "--item", "SH-41;Shirt;JPY 500;1", "--charge", "Off;JPY -100"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains("total") && run.out.contains("JPY 400") && !run.out.contains('{'), "{run:?}");
}

#[test]
fn a_parcel_without_an_address_is_warned_of() {
    let town = Town::played();
    let config = town.path("buyer/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let without: String =
        text.lines().filter(|line| !line.starts_with("deliver_to")).flat_map(|line| [line, "\n"]).collect();
    assert_ne!(without, text);
    fs::write(&config, without).unwrap();
    let item = ["--item", "SH-41;シャツ 白 41;JPY 4300;1", "--charge", "Parcel delivery;JPY 500"];
    let run = order(&town, &[&item[..], &["--json"]].concat());
    says(&run, 0, &["no address to deliver to", "[buyer.deliver_to]", "config.toml"]);
    for method in ["pickup", "download"] {
        let run = order(&town, &[&item[..], &["--dry-run", "--deliver", method]].concat());
        assert!(!run.err.contains("address"), "{run:?}");
    }
    // The same again goes to the address of now.
    let id = run.json()["id"].as_str().unwrap().to_owned();
    fs::write(&config, text).unwrap();
    let again = town.does("buyer", &["reorder", "--dry-run", "--json", &id]);
    assert_eq!(again.json()["order"]["deliver_to"]["postal_code"], "100-0001", "{again:?}");
    assert_eq!(again.err, "");
}

#[test]
fn what_is_wrong_in_an_order_file_is_one_line_with_its_place() {
    let town = Town::played();
    let file = town.path("o.toml");
    let said = |text: &str| {
        fs::write(&file, text).unwrap();
        let run = order(&town, &["--file", file.to_str().unwrap()]);
        assert_eq!(run.code, Some(65), "{run:?}");
        assert_eq!(run.err.trim_end().lines().count(), 1, "{run:?}");
        assert!(!run.err.contains("\\u{"), "{run:?}");
        run.err
    };
    assert!(
        said("[[item]]\nname = \"x\"\nprise = \"JPY 1\"\n")
            .contains("o.toml:3:1: unknown key `prise`; did you mean `price`?")
    );
    assert!(said("[[item]]\nname = \"x\n").contains("o.toml:2:"));
    for half in ["name = \"Cup\"", "price = \"JPY 1\"", "quantity = \"1\"", "sku = \"CUP\"\nname = \"Cup\""] {
        assert!(said(&format!("[[item]]\n{half}\n")).contains("name and price belong together"), "{half}");
    }
    assert!(said("[[item]]\nname = 7\nprice = \"JPY 1\"\nquantity = \"1\"\n").contains("o.toml:2:8: "));
}

#[test]
fn the_same_slip_has_the_same_exit_code() {
    let town = Town::played();
    let number = town.in_state("open")["number"].as_str().unwrap().to_owned();
    let amount = town.run("pay", &["pay", "notify", &number, "--paid", "--amount", "4800"]);
    says(&amount, 65, &["--amount", "has no currency"]);
    for words in [
        &["inspect", "nowhere"][..],
        &["import", "nowhere"],
        &["key", "import", "nowhere"],
        &["audit", "verify", "nowhere"],
        &["order", "--shop", "shop@demo.test", "--file", "nowhere"],
    ] {
        says(&town.run("buyer", words), 65, &["nowhere"]);
    }
}

#[test]
fn what_was_bought_and_what_to_do_is_there_to_its_end_on_a_terminal_and_in_a_pipe() {
    let town = Town::played();
    let config = town.path("buyer/config.toml");
    let config = config.to_str().unwrap();
    for columns in [60, 80, 100, 120] {
        let screen = on_terminal(&town.path(""), columns, &["-c", config, "list"]);
        assert_eq!(
            screen.lines().filter(|line| line.contains("JPY") && !line.contains("listed")).count(),
            6,
            "{screen}"
        );
        // What was bought is cut where it stands in the row; below that it is whole.
        let goods = ["煎茶 200g ×1, シャツ 白 41 ×1", "日立物産", "Iron kettle ×3"];
        assert!(columns == 120 || goods.iter().all(|part| screen.contains(part)), "{screen}");
    }
    let piped = town.does("buyer", &["warnings"]).out;
    let row = piped.lines().find(|line| line.contains("unknown-signer")).unwrap();
    let end = row.split("signed by another ").nth(1).unwrap();
    let screen = on_terminal(&town.path(""), 80, &["-c", config, "warnings"]);
    let one_line: Vec<&str> = screen.split_whitespace().collect();
    assert!(one_line.join(" ").contains(end), "{end}\n{screen}");
    let piped = town.does("buyer", &["list"]).out;
    assert!(piped.contains("煎茶 200g ×1, シャツ 白 41 ×1"), "{piped}");
}

#[test]
fn paths_given_to_init_mean_what_they_mean_where_they_are_typed() {
    let home = tempfile::tempdir().unwrap();
    for part in ["cur", "new", "tmp"] {
        fs::create_dir_all(home.path().join("post/a").join(part)).unwrap();
    }
    let init = ["init", "--address", "a@example.org", "--name", "A", "--folder", "alice", "--inbox", "post/a"];
    let run = mailorder(home.path(), &[&init[..], &["--outbox", "post/{to}"]].concat());
    assert_eq!(run.code, Some(0), "{run:?}");
    // Everything is in the folder, the configuration, too; what is proposed names it.
    assert!(run.out.contains("next: mailorder -c alice/config.toml key import"), "{run:?}");
    let paths = mailorder(home.path(), &["-c", "alice/config.toml", "config", "path", "--json"]).json();
    for (name, below) in
        [("config", "alice/config.toml"), ("ledger", "alice/ledger"), ("inbox", "post/a"), ("outbox", "post/{to}")]
    {
        assert_eq!(paths[name].as_str().unwrap(), home.path().join(below).to_str().unwrap(), "{paths}");
    }
    assert_eq!(mailorder(home.path(), &["-c", "alice/config.toml", "sync"]).code, Some(0));
}

#[test]
fn init_says_what_the_part_played_needs_next() {
    let home = tempfile::tempdir().unwrap();
    for (role, parts) in [
        ("buyer", &["[buyer.deliver_to]", "mailorder -c", "order"][..]),
        ("shop", &["[shop]", "config check", "key export"]),
        ("payment", &["[payment] shops", "config check"]),
        ("delivery", &["[delivery] shops", "config check"]),
    ] {
        let run = mailorder(
            home.path(),
            &["init", "--address", "a@example.org", "--name", "A", "--role", role, "--folder", role],
        );
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(parts.iter().all(|part| run.out.contains(part)), "{role}: {}", run.out);
        assert_eq!(run.out.contains("config.toml order"), role == "buyer", "{role}: {}", run.out);
    }
}

#[test]
fn config_check_names_what_would_come_to_nothing() {
    let town = Town::played();
    let config = |party: &str| town.path(party).join("config.toml");
    let change = |party: &str, from: &str, to: &str| {
        let text = fs::read_to_string(config(party)).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(config(party), text.replace(from, to)).unwrap();
        let line = |part: &str| text.replace(from, to).lines().position(|line| line.contains(part)).map(|at| at + 1);
        (line("maildir = \"../nowhere").or(line("[payment]")), text)
    };
    for party in ["buyer", "shop", "pay", "ship"] {
        town.does(party, &["config", "check"]);
    }
    let (line, text) = change("buyer", "../mail/buyer@demo.test", "../nowhere");
    let place = format!("config.toml:{}:1: inbox.maildir", line.unwrap());
    says(&town.run("buyer", &["config", "check"]), 78, &[&place, "is no Maildir", "nowhere/cur"]);
    let ways: String = text
        .lines()
        .filter(|line| !line.contains("../mail") && !line.contains("box]") && !line.contains("handled"))
        .flat_map(|line| [line, "\n"])
        .collect();
    fs::write(config("buyer"), ways).unwrap();
    says(&town.run("buyer", &["config", "check"]), 78, &["neither [inbox] nor [outbox]"]);
    let (line, _) = change("pay", "shops = [\"shop@demo.test\"]\n", "");
    let place = format!("config.toml:{}:1: payment.shops", line.unwrap());
    says(&town.run("pay", &["config", "check"]), 78, &[&place, "names no shop"]);
    // An agent's fingerprint that is not the accepted one: another key of the town.
    let key = |party: &str| {
        town.does(party, &["key", "list", "--json"]).json()["own"]["fingerprint"].as_str().unwrap().to_owned()
    };
    let (right, wrong) = (key("ship"), key("buyer"));
    change("shop", &right, &wrong);
    says(
        &town.run("shop", &["config", "check"]),
        78,
        &["delivery_agent", "ship@demo.test", &right, &wrong, "config.toml:"],
    );
    // An agent whose key was never accepted, and a shop that has nothing to sell.
    change("shop", "ship@demo.test", "new@demo.test");
    let unknown = "0123456789ABCDEF0123456789ABCDEF01234567";
    change("shop", &wrong, unknown);
    says(
        &town.run("shop", &["config", "check"]),
        78,
        &["no key is accepted for the delivery_agent new@demo.test", "key accept new@demo.test", "config.toml:"],
    );
    let empty = town.path("empty");
    let init =
        ["init", "--address", "s@example.org", "--name", "S", "--role", "shop", "--folder", empty.to_str().unwrap()];
    assert_eq!(mailorder(empty.parent().unwrap(), &init).code, Some(0));
    let file = empty.join("config.toml");
    let run = mailorder(empty.parent().unwrap(), &["-c", file.to_str().unwrap(), "config", "check"]);
    says(&run, 78, &["no [[shop.article]]", "no [[shop.procedure]]", "config.toml:"]);
}

#[test]
fn every_warning_is_told_by_the_sync_that_brings_it() {
    let town = Town::played();
    let known = |town: &Town| -> std::collections::BTreeSet<String> {
        let all = town.does("buyer", &["warnings", "--json"]).json();
        let ids = all["warnings"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned());
        ids.filter(|id| id.starts_with("W-")).collect()
    };
    let before = known(&town);
    let id = town.order();
    town.settle();
    let taken = Clock::system().now();
    town.does("buyer", &["confirm", &id]);
    town.settle();
    let number = town.show("buyer", &id)["number"].as_str().unwrap().to_owned();
    std::thread::sleep(std::time::Duration::from_secs(3));
    // It arrived an hour before it left, which the shop says afterwards: the first letter disagrees only then.
    let arrived = taken.plus_seconds(-3598).whole_second().to_string();
    town.does("ship", &["ship", "notify", &number, "--delivered", &arrived]);
    let mut told = town.does("buyer", &["sync"]).err;
    assert_eq!(known(&town), before, "nothing disagrees yet");
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    told += &town.does("buyer", &["sync"]).err;
    let new: Vec<String> = known(&town).difference(&before).cloned().collect();
    assert!(!new.is_empty());
    for id in new {
        assert_eq!(told.matches(&format!("warning {id}: ")).count(), 1, "{id}: {told}");
    }
}

#[test]
fn a_rejected_order_is_told_on_a_terminal_and_by_status() {
    let town = Town::fresh();
    let order = ["order", "--shop", "shop@demo.test", "--item", "NO-1;Nothing;JPY 5;1", "--json"];
    let id = town.does("buyer", &order).json()["id"].as_str().unwrap().to_owned();
    town.does("shop", &["sync"]);
    let run = town.does("buyer", &["sync"]);
    assert_eq!(run.err, "", "cron is told nothing");
    let status = town.does("buyer", &["status"]);
    let line = status.out.lines().find(|line| line.starts_with("rejected")).unwrap_or_else(|| panic!("{status:?}"));
    for part in [&id[..6], "shop@demo.test", "is not sold here"] {
        assert!(line.contains(part), "{line}");
    }
    assert_eq!(town.does("buyer", &["status", "--json"]).json()["rejected"][0]["id"], id[..6]);
    assert_eq!(town.run("buyer", &["status", "--exit-code"]).code, Some(1));
    // `script` gives it a terminal.
    let id = town.does("buyer", &order).json()["id"].as_str().unwrap().to_owned();
    town.does("shop", &["sync"]);
    let program = env!("CARGO_BIN_EXE_mailorder");
    let line = format!("'{program}' -c '{}' sync", town.path("buyer/config.toml").display());
    let screen = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", town.path("buyer"))
        .output()
        .unwrap();
    let screen = String::from_utf8(screen.stdout).unwrap();
    assert!(screen.contains(&format!("{}: shop@demo.test rejected the order: ", &id[..6])), "{screen}");
}

#[test]
fn a_warning_told_by_sync_can_be_looked_up_and_settled() {
    let town = Town::played();
    let (id, number) = town.confirmed();
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.settle();
    // What was believed is said to have been at another time.
    let earlier = jiff::Timestamp::from_second(Clock::system().now().instant().as_second() - 600).unwrap().to_string();
    town.does("ship", &["ship", "notify", &number, "--delivered", &earlier, "--correct"]);
    let run = town.does("buyer", &["sync"]);
    let line = run.err.lines().find(|line| line.contains("warning W-")).unwrap_or_else(|| panic!("{run:?}")).to_owned();
    let warning: String = line.split("warning ").nth(1).unwrap().split(':').next().unwrap().to_owned();
    for part in [&id[..6], "ship@demo.test", "delivery-status", " warnings`", "warnings ack"] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    // The same short ID, and the same count, wherever it is told.
    let listed = town.does("buyer", &["warnings"]);
    let row = listed.out.lines().find(|line| line.starts_with(&warning)).unwrap();
    assert!(row.contains(&id[..6]) && !row.contains(&number), "{row}");
    let open = town.does("buyer", &["list", "--json"]).json()["warnings"].to_string();
    assert!(listed.out.contains(&format!("\n{open} open. ")), "{open}: {}", listed.out);
    assert_eq!(town.does("buyer", &["status", "--json"]).json()["warnings"].to_string(), open);
    // IDs are read in any case; what is settled says how, when and why.
    town.does("buyer", &["warnings", "ack", &warning.to_lowercase(), "--reason", "told by telephone"]);
    let all = town.does("buyer", &["warnings", "--all"]).out;
    let row = all.lines().find(|line| line.starts_with(&warning)).unwrap();
    assert!(row.contains("seen 20") && row.contains(": told by telephone"), "{row}");
    let all = town.does("buyer", &["warnings", "--all", "--json"]).json();
    let one = all["warnings"].as_array().unwrap().iter().find(|one| one["id"] == warning.as_str()).unwrap();
    assert_eq!((&one["settled"], &one["reason"]), (&"ack".into(), &"told by telephone".into()));
    assert!(one["settled_at"].as_str().unwrap().starts_with("20"));
}

#[test]
fn a_merchants_list_shows_the_buyer_and_the_number_that_notify_takes() {
    let town = Town::played();
    let shown = town.in_state("open");
    let number = shown["number"].as_str().unwrap();
    let head = |party: &str| {
        let run = town.does(party, &["list"]);
        let row = run.out.lines().find(|line| line.starts_with(number)).unwrap_or_else(|| panic!("{run:?}")).to_owned();
        (row, run)
    };
    let (row, run) = head("shop");
    assert!(row.contains("小野 賢治"), "{row}");
    assert!(!run.err.contains("mailorder confirm") && !run.err.contains(" confirm "), "{run:?}");
    for agent in ["pay", "ship"] {
        let (row, _) = head(agent);
        assert!(row.contains("buyer@demo.test") || row.contains("小野 賢治"), "{row}");
    }
    // What is offered waits for the buyer, not for the shop.
    let id = town.order();
    town.settle();
    assert_eq!(town.does("shop", &["status", "--json"]).json()["waiting_for_you"], 0);
    assert_eq!(town.does("buyer", &["status", "--json"]).json()["waiting_for_you"], 1);
    for (party, hinted) in [("shop", false), ("buyer", true)] {
        let run = town.does(party, &["list"]);
        assert_eq!(run.err.contains(&format!("confirm {}", &id[..6])), hinted, "{run:?}");
    }
    // What stands below the list is of what is listed.
    let footer = |words: &[&str]| {
        town.does("buyer", words).out.lines().find(|line| line.contains(" listed ")).unwrap().to_owned()
    };
    assert!(footer(&["list", "--delivered"]).contains(" 0 not delivered"), "{}", footer(&["list", "--delivered"]));
    assert!(footer(&["list"]).contains(" 1 not delivered"), "{}", footer(&["list"]));
}

#[test]
fn hints_can_be_run_as_they_stand() {
    let town = Town::played();
    let id = town.order();
    town.settle();
    let run = town.does("buyer", &["show", &id]);
    let config = town.path("buyer/config.toml");
    assert!(run.err.contains(&format!("mailorder -c {} confirm {}", config.display(), &id[..6])), "{run:?}");
    assert!(run.out.contains("the offer stands until 20"), "{run:?}");
    assert!(!run.out.lines().any(|line| line.trim_end().ends_with("due")), "{run:?}");
    // After a cancellation there is nothing to do but wait.
    town.does("buyer", &["cancel", &id]);
    let run = town.does("buyer", &["show", &id]);
    assert!(run.err.contains("waits for the shop's answer") && !run.err.contains("return"), "{run:?}");
    // What was rejected is said to be, and why.
    let rejected = town.in_state("rejected")["id"].as_str().unwrap().to_owned();
    for words in [["confirm", &rejected], ["ask", &rejected]] {
        says(&town.run("buyer", &words), 65, &["rejected the order", "reorder"]);
    }
}

#[test]
fn terms_that_differ_are_shown_beside_the_order() {
    let town = Town::played();
    let config = town.path("shop/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("JPY 500", "JPY 900")).unwrap();
    let id = town.order();
    town.settle();
    let run = town.does("buyer", &["show", &id]);
    let (ordered, offered) = run.out.split_once("not applied (warning W-").unwrap_or_else(|| panic!("{run:?}"));
    assert!(ordered.contains("JPY 4,800") && offered.contains("JPY 5,200"), "{run:?}");
    let next = run.err.lines().last().unwrap();
    assert!(next.contains(&format!(" confirm {}, which shows what differs", &id[..6])), "{run:?}");
    assert!(next.contains(&format!(" cancel {}", &id[..6])) && !next.contains("warnings"), "{run:?}");
}

#[test]
fn notify_says_which_part_is_not_played() {
    let town = Town::played();
    let number = town.in_state("open")["number"].as_str().unwrap().to_owned();
    says(&town.run("shop", &["pay", "notify", &number, "--paid"]), 65, &["does not play the part payment", "roles"]);
    says(&town.run("buyer", &["pay", "data", &number]), 65, &["does not play the part payment"]);
}

#[test]
fn inspect_says_what_it_is_and_what_is_not_known() {
    let town = Town::played();
    let look = |file: &Path| town.does("buyer", &["inspect", file.to_str().unwrap()]).out;
    let files = |folder: &str| crate::support::accounts::files(&town.path(folder));
    let entry = look(&files("buyer/ledger/cur")[3]);
    assert!(entry.contains("entry 3 of a ledger") && entry.contains("audit verify"), "{entry}");
    let originals = |party: &str| {
        let folders = fs::read_dir(town.path(party).join("ledger/originals")).unwrap();
        folders.flat_map(|folder| crate::support::accounts::files(&folder.unwrap().path())).collect::<Vec<_>>()
    };
    let mine: Vec<String> = originals("buyer").iter().map(|file| look(file)).collect();
    let terms = mine.iter().find(|said| said.contains("transaction-info")).unwrap();
    assert!(terms.contains("amount             JPY ") && terms.contains("item  "), "{terms}");
    let theirs = look(&originals("pay")[0]);
    assert!(theirs.contains("signed             not known") && theirs.contains("not-for-us"), "{theirs}");
}

#[test]
fn hashes_alone_say_nothing_of_signatures() {
    let town = Town::played();
    let said = town.does("buyer", &["audit", "verify", "--hashes"]).out;
    assert!(said.contains("signatures not checked") && !said.contains("good"), "{said}");
    // So a script can tell, too.
    let looked = |flags: &[&str]| town.does("buyer", &[&["audit", "verify", "--json"][..], flags].concat()).json();
    assert_eq!(looked(&["--hashes"])["signatures"], serde_json::Value::Null);
    assert_eq!(looked(&["--hashes"])["signers"], serde_json::json!([]));
    let all = looked(&[]);
    assert!(all["signatures"].as_u64().unwrap() > 10);
    // A ledger is as good as the keys in it are those of its parties: they are there to be compared.
    let said = town.does("buyer", &["audit", "verify"]).out;
    for party in ["buyer", "shop", "pay", "ship"] {
        let (address, key) = (format!("{party}@demo.test"), town.fingerprint(party));
        let signer = all["signers"].as_array().unwrap().iter().find(|one| one["address"] == address.as_str()).unwrap();
        assert_eq!(signer["fingerprint"], key.as_str());
        let line = said.lines().find(|line| line.contains(&address)).unwrap();
        assert!(line.contains(&key) && line.ends_with(&format!("{} letters", signer["letters"])), "{line}");
    }
}

#[test]
fn a_person_who_looks_on_is_told_what_was_done_and_cron_is_not() {
    let town = Town::played();
    let number = town.list(&["--late"])[0]["number"].as_str().unwrap().to_owned();
    let pay = town.path("pay/config.toml");
    let words = ["-c", pay.to_str().unwrap(), "pay", "notify", &number, "--paid"];
    let screen = on_terminal(&town.path(""), 100, &words);
    assert!(screen.contains(&format!("{number}  told ")) && screen.contains("shop@demo.test"), "{screen}");
    let ship = town.path("mail/shop@demo.test");
    let shop = town.path("shop/config.toml");
    let screen = on_terminal(&town.path(""), 100, &["-c", shop.to_str().unwrap(), "import", ship.to_str().unwrap()]);
    assert!(screen.contains("imported: 1 applied"), "{screen}");
    let run = town.does("shop", &["import", ship.to_str().unwrap()]);
    assert_eq!((run.out.as_str(), run.err.as_str()), ("", ""));
}

#[test]
fn the_root_by_hand_is_the_one_that_is_verified() {
    let town = Town::played();
    let page = include_str!("../../docs/ledger-format.md");
    let script = page.split("```bash\n").nth(1).unwrap().split("```").next().unwrap();
    let ledger = town.path("ship/ledger");
    let output = Command::new("bash").args(["-c", script]).current_dir(&ledger).output().unwrap();
    let root = String::from_utf8(output.stdout).unwrap();
    let verified = town.does("ship", &["audit", "verify", "--json"]).json();
    assert_eq!(
        format!("sha256:{}", root.trim()),
        verified["head"].as_str().unwrap(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn what_a_blocked_sender_wrote_is_read_when_the_block_is_lifted() {
    let town = Town::played();
    let warned = super::warnings(&town);
    let warning = warned.iter().find(|one| one["from"] == "pay@demo.test").unwrap()["id"].as_str().unwrap();
    let late = town.list(&["--late"])[0].clone();
    let paid = || town.show("buyer", late["id"].as_str().unwrap())["state"] == "completed";
    town.does("buyer", &["warnings", "block", warning]);
    town.does("pay", &["pay", "notify", late["number"].as_str().unwrap(), "--paid"]);
    town.settle();
    let aside = || super::warnings(&town).iter().filter(|one| one["finding"] == "blocked").count();
    assert_eq!((aside(), paid()), (1, false));
    town.does("buyer", &["warnings", "ack", &warning.to_lowercase()]);
    assert_eq!((aside(), paid()), (0, true));
}

#[test]
fn one_warning_is_shown_with_all_that_is_known_of_it_p67() {
    let town = Town::played();
    let all = town.does("buyer", &["warnings", "--late", "--json"]).json();
    let all = all["warnings"].as_array().unwrap();
    let of = |kind: &str| all.iter().find(|one| one["id"].as_str().unwrap().starts_with(kind)).unwrap();
    for (kind, file) in [("W-", Some("ledger/cur/")), ("S-", Some("set-aside/")), ("C-", None)] {
        let one = of(kind);
        let id = one["id"].as_str().unwrap();
        let shown = town.run("buyer", &["warnings", "show", id]);
        let said = ["id", "finding", "text", "from", "signer"].map(|name| one[name].as_str().unwrap_or_default());
        for part in said {
            // People read sums in groups of three digits.
            assert!(shown.out.replace(',', "").contains(&part.replace(',', "")), "{part} in {shown:?}");
        }
        let names = |line: &&str| line.starts_with("file");
        let path = shown.out.lines().find(names).map(|line| line.split_whitespace().nth(1).unwrap().to_owned());
        assert_eq!(path.as_ref().map(|path| Path::new(path).is_file()), file.map(|_| true), "{shown:?}");
        assert!(path.as_deref().unwrap_or_default().contains(file.unwrap_or_default()), "{path:?}");
        assert_eq!(shown.out.contains("Nothing of this letter was applied."), file.is_some(), "{shown:?}");
        assert!(shown.err.contains(&format!("warnings ack {id}")), "what comes next: {shown:?}");
        assert_eq!(shown.err.contains("--reason WHY lets it count"), kind == "W-", "{shown:?}");
        let json = town.does("buyer", &["warnings", "show", &id.to_lowercase(), "--json"]).json();
        assert_eq!((&json["schema"], &json["warnings"][0]["id"]), (&"mailorder.warnings/1".into(), &one["id"]));
        town.does("buyer", &["warnings", "ack", id]);
        let seen = town.does("buyer", &["warnings", "show", id]);
        assert!(seen.out.contains("seen 20") && !seen.err.contains("warnings ack"), "{seen:?}");
    }
    for (name, code) in [("W-99999", 65), ("S-99", 65), ("12", 2)] {
        assert_eq!(town.run("buyer", &["warnings", "show", name]).code, Some(code), "{name}");
    }
}

#[test]
fn an_order_leads_to_its_open_warnings_p67() {
    let town = Town::played();
    let warned = town.list(&[]).into_iter().find(|one| one["warnings"] != 0).unwrap();
    let order = warned["id"].as_str().unwrap();
    let all = town.does("buyer", &["warnings", "--json"]).json();
    let ids = all["warnings"].as_array().unwrap().iter().filter(|one| one["number"] == warned["number"]);
    let id = ids.map(|one| one["id"].as_str().unwrap()).find(|id| id.starts_with("W-")).unwrap();
    for (language, said) in [("en", "does not agree: "), ("ja", "警告のある手紙があります：")] {
        let shown = town.does("buyer", &["--lang", language, "show", order]);
        let leads = |line: &str| line.contains(said) && line.ends_with(&format!(" warnings show {id}"));
        assert_eq!(shown.err.lines().filter(|line| leads(line)).count(), 1, "{shown:?}");
    }
    town.does("buyer", &["warnings", "ack", id]);
    assert!(!town.does("buyer", &["show", order]).err.contains("warnings"), "what was seen is led to no more");
}
