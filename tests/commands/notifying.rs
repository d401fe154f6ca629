//! `[notify] command`: each warning reaches its program once, whatever becomes of it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::large;
use crate::support::program::{Run, Town};

const DOC: &str = include_str!("../../docs/notifications.md");

/// A town whose buyer has warnings, with a program that is told of them.
fn telling(script: &str) -> Town {
    let town = acquainted();
    tells(&town, script);
    town
}

/// A town whose buyer has accepted the keys of the agents, which the shop handed over to him before.
fn acquainted() -> Town {
    let town = Town::played();
    town.accept("buyer", "pay");
    town.accept("buyer", "ship");
    town
}

/// Has the buyer told of warnings by this script of the shell.
fn tells(town: &Town, script: &str) {
    tells_to(town, "buyer", script);
}

/// Has a party told of warnings by this script of the shell.
fn tells_to(town: &Town, party: &str, script: &str) {
    let file = town.path("tell");
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o700)).unwrap();
    let table = format!("\n[notify]\ncommand = [\"{}\", \"an argument\"]\nseconds = 2\n", file.display());
    town.configure(party, |text| format!("{}{table}", text.split("\n[notify]").next().unwrap()));
}

/// The script that keeps all it is told.
fn keep(town: &Town) -> String {
    format!("cat >>'{}'", town.path("told").display())
}

/// Returns what was told, and forgets it.
fn told(town: &Town) -> Vec<Value> {
    let text = fs::read_to_string(town.path("told")).unwrap_or_default();
    fs::write(town.path("told"), "").unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ids(told: &[Value]) -> Vec<&str> {
    told.iter().map(|one| one["id"].as_str().unwrap()).collect()
}

/// Settles what strangers sent before.
fn settle_strangers(town: &Town) {
    for one in town.does("buyer", &["warnings", "--json"]).json()["warnings"].as_array().unwrap() {
        if let Some(id) = one["id"].as_str().filter(|id| id.starts_with("S-")) {
            town.does("buyer", &["warnings", "ack", id]);
        }
    }
}

/// Puts a mail of a stranger into the buyer's mailbox, each another one.
fn stranger_writes(town: &Town, bytes: usize) {
    fs::write(town.path(&format!("mail/buyer@demo.test/new/1700000001.M{bytes}.here")), large(true, bytes)).unwrap();
}

fn sync(town: &Town) -> Run {
    town.does("buyer", &["sync"])
}

#[test]
fn each_open_warning_is_told_once_as_one_document_p2_p67() {
    let town = acquainted();
    tells(&town, &keep(&town));
    let open = town.does("buyer", &["warnings", "--late", "--json"]).json()["warnings"].as_array().unwrap().clone();
    let open: Vec<Value> = open.into_iter().filter(|one| one["finding"] != "text-differs-from-data").collect();
    let expected: BTreeSet<&str> = ids(&open).into_iter().collect();
    assert!(expected.iter().any(|id| id.starts_with("W-")) && expected.iter().any(|id| id.starts_with("C-")));
    sync(&town);
    let all = told(&town);
    assert_eq!(ids(&all).into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!(all.len(), expected.len(), "one each");
    for one in &all {
        let is_aside = one["id"].as_str().unwrap().starts_with("S-");
        assert_eq!((&one["account"], &one["stranger"]), (&"buyer@demo.test".into(), &is_aside.into()), "{one}");
        let of = open.iter().find(|warning| warning["id"] == one["id"]).unwrap();
        let finding = one["findings"].as_array().unwrap().iter().find(|found| found["code"] == of["finding"]).unwrap();
        assert_eq!(finding["text"], of["text"]);
        assert!(one["text"].as_str().unwrap().contains(of["finding"].as_str().unwrap()), "{one}");
        assert_eq!(one["number"], of["number"]);
    }
    sync(&town);
    assert_eq!(told(&town), Vec::<Value>::new(), "once");
    // Not even where the index is built anew.
    town.does("buyer", &["ledger", "reindex"]);
    sync(&town);
    assert_eq!(told(&town), Vec::<Value>::new());
}

#[test]
fn what_strangers_send_is_told_once_an_hour() {
    let town = acquainted();
    tells(&town, &keep(&town));
    settle_strangers(&town);
    sync(&town);
    told(&town);
    stranger_writes(&town, 1_000);
    sync(&town);
    let first = told(&town);
    assert_eq!((first.len(), &first[0]["stranger"], &first[0]["more"]), (1, &true.into(), &0.into()), "{first:?}");
    for bytes in [2_000, 3_000] {
        stranger_writes(&town, bytes);
        sync(&town);
    }
    assert_eq!(told(&town), Vec::<Value>::new(), "within the hour");
    assert_eq!(town.at("+3000s", "buyer", &["sync"]).code, Some(0));
    assert_eq!(told(&town), Vec::<Value>::new(), "within the hour");
    stranger_writes(&town, 4_000);
    assert_eq!(town.at("+3700s", "buyer", &["sync"]).code, Some(0));
    let later = told(&town);
    assert_eq!((later.len(), &later[0]["more"]), (1, &2.into()), "{later:?}");
    assert!(later[0]["text"].as_str().unwrap().contains("2 more of strangers"), "{later:?}");
    assert_eq!(town.at("+9000s", "buyer", &["sync"]).code, Some(0));
    assert_eq!(told(&town), Vec::<Value>::new(), "each once");
}

#[test]
fn what_strangers_say_of_an_order_is_told_before_mails_that_anybody_can_write() {
    let town = Town::played();
    tells(&town, &keep(&town));
    stranger_writes(&town, 1_000);
    sync(&town);
    let told = told(&town);
    let strangers: Vec<&Value> = told.iter().filter(|one| one["stranger"] == true).collect();
    assert_eq!((strangers.len(), told.last()), (1, strangers.first().copied()), "whom we know comes first: {told:?}");
    let [first] = strangers[..] else { panic!("{told:?}") };
    assert!(!first["id"].as_str().unwrap().starts_with("S-") && first["from"] == "pay@demo.test", "{first}");
    assert!(first["more"].as_u64().unwrap() > 1, "both mails set aside are counted: {first}");
}

#[test]
fn a_key_that_a_shop_handed_over_is_a_strangers_until_the_owner_accepts_it() {
    let stranger = |town: &Town| -> Value {
        tells(town, &keep(town));
        settle_strangers(town);
        sync(town);
        let told = told(town);
        let of_agent = told.iter().find(|one| one["from"] == "pay@demo.test");
        of_agent.unwrap_or_else(|| panic!("{told:?}"))["stranger"].clone()
    };
    let town = Town::played();
    assert_eq!(stranger(&town), true);
    assert_eq!(stranger(&acquainted()), false);
    // Another key than the one that counts is nobody's whom he accepted.
    let town = acquainted();
    let key = town.path("new-key");
    let who = ["init", "--address", "pay@demo.test", "--name", "Bank", "--folder", key.to_str().unwrap()];
    town.does("new-key", &who);
    fs::write(town.path("new-key/cert.asc"), town.does("new-key", &["key", "export"]).out).unwrap();
    town.does("buyer", &["key", "import", town.path("new-key/cert.asc").to_str().unwrap()]);
    town.does("buyer", &["key", "accept", "pay@demo.test", "--yes", "--replace"]);
    assert_eq!(stranger(&town), true);
}

#[test]
fn what_orders_of_first_contact_bring_about_is_told_once_an_hour_like_all_that_strangers_cause() {
    let town = Town::fresh();
    tells_to(&town, "shop", &keep(&town));
    for _ in 0..2 {
        town.bought("SH-41", 1, &[]);
    }
    let later = |moved: &str| -> Vec<Value> {
        assert_eq!(town.at(moved, "shop", &["sync"]).code, Some(0));
        told(&town)
    };
    // Nothing of it is done, and nobody the shop knows has asked for it.
    let first = later("+90d");
    let others = first[0]["more"].as_u64().unwrap();
    assert_eq!((first.len(), &first[0]["stranger"]), (1, &true.into()), "{first:?}");
    assert!(first[0]["id"].as_str().unwrap().starts_with("C-") && others > 0, "{first:?}");
    // From a customer whose key it has accepted each is told by itself.
    town.accept("shop", "buyer");
    fs::remove_file(town.path("shop/alerted.json")).unwrap();
    let all = later("+90d");
    assert_eq!(all.len() as u64, others + 1, "{all:?}");
    assert!(all.iter().all(|one| one["stranger"] == false), "{all:?}");
}

#[test]
fn whatever_becomes_of_the_program_mail_goes_on_and_it_is_tried_again_later() {
    for (script, says) in [
        ("exit 3", "ended with exit code 3"),
        ("sleep 60", "did not end within 2 s"),
        ("yes", "printed more than"),
        ("echo 'no \\033[2Jbus' >&2; exit 1", "no"),
    ] {
        let town = telling(script);
        let id = town.orders("buyer", "SH-41", 1, &[]);
        let begun = Instant::now();
        let run = town.run("buyer", &["sync"]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{script}");
        assert!(run.err.contains("[notify] command, told of warning") && run.err.contains(says), "{run:?}");
        assert!(!run.err.contains('\u{1b}'), "{run:?}");
        // Letters are taken in, answered and sent all the same.
        town.settle();
        assert_eq!(town.show("buyer", &id)["state"], "offered", "{script}");
        assert!(!sync(&town).err.contains("[notify]"), "it is not tried again at once");
    }
}

#[test]
fn a_program_that_works_again_tells_what_it_missed_and_one_that_never_does_is_given_up() {
    let town = telling("exit 1");
    assert!(sync(&town).err.contains("[notify]"));
    tells(&town, &keep(&town));
    sync(&town);
    assert_eq!(told(&town), Vec::<Value>::new(), "after its pause alone");
    let open: BTreeSet<String> = town.does("buyer", &["warnings", "--late", "--json"]).json()["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["finding"] != "text-differs-from-data")
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(town.at("+90s", "buyer", &["sync"]).code, Some(0));
    assert_eq!(told(&town).len(), open.len());
    // One that is missing is never more than a sentence.
    let town = telling("");
    fs::remove_file(town.path("tell")).unwrap();
    let mut given_up = 0;
    for hours in 1..=60 {
        let run = town.at(&format!("+{hours}h"), "buyer", &["sync"]);
        assert_eq!(run.code, Some(0), "{run:?}");
        given_up += run.err.matches("it is not tried again").count();
        if given_up > 0 && !run.err.contains("[notify]") {
            break;
        }
    }
    assert!(given_up >= open.len(), "{given_up} of {open:?}");
}

#[test]
fn watch_and_receive_tell_too_and_two_commands_never_tell_twice() {
    let town = acquainted();
    tells(&town, &keep(&town));
    settle_strangers(&town);
    town.does("buyer", &["watch", "--seconds", "2"]);
    let count = told(&town).len();
    assert!(count > 0);
    town.fed("buyer", &["receive"], &large(true, 1_000));
    assert_eq!(told(&town).len(), 1);
    // While one tells, the other leaves it to it.
    tells(&town, &format!("sleep 1; {}", keep(&town)));
    fs::remove_file(town.path("buyer/alerted.json")).unwrap();
    std::thread::scope(|scope| {
        let one = scope.spawn(|| sync(&town));
        sync(&town);
        one.join().unwrap();
    });
    sync(&town);
    let all = told(&town);
    let once: BTreeSet<&str> = ids(&all).into_iter().collect();
    assert_eq!(once.len(), all.len(), "{all:?}");
    assert!(all.len() >= count, "{all:?}");
}

#[test]
fn watch_asks_sends_and_tells_of_what_is_late_while_the_mailbox_cannot_be_reached_p92() {
    let town = Town::fresh();
    let (id, _) = town.bought("SH-41", 1, &["--pay", "invoice"]);
    tells(&town, &keep(&town));
    let set = ["--query", "undelivered", "--when", "daily 09:00", "--leg", "delivery"];
    town.does("buyer", &[&["schedule", "add", "mornings"][..], &set].concat());
    sync(&town);
    assert_eq!(told(&town), [] as [Value; 0]);
    town.cuts_off("buyer");
    let run = town.at("+9d", "buyer", &["watch", "--seconds", "8"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.err.matches("127.0.0.1").count(), 1, "said once: {run:?}");
    let asked = crate::support::program::letters(&town.show("buyer", &id), "out", "status-request").len();
    assert_eq!((asked, town.post("ship").len()), (1, 1), "the schedule asked, and the letter went out");
    let late = told(&town);
    assert!(!late.is_empty() && late.iter().all(|one| one["findings"][0]["code"] == "silent"), "{late:?}");
    town.connects("buyer");
    sync(&town);
}

#[test]
fn the_bell_rings_once_for_a_warning_that_comes_with_no_letter_p2() {
    let town = Town::fresh();
    town.configure("buyer", |text| text.replacen("[buyer]\n", "[buyer]\nunpaid_limits = [\"JPY 4000\"]\n", 1));
    let id = town.orders("buyer", "SH-41", 1, &[]);
    town.sync(&["shop"]);
    let mut screen = town.types("buyer", &["watch"]);
    screen.waits_for("came: ");
    assert!(!screen.screen().contains('\u{7}'));
    town.does("buyer", &["confirm", &id]);
    for _ in 0..2 {
        town.sync(&["shop", "pay", "ship"]);
    }
    screen.waits_for("warning C-").waits_for("unpaid-limit-reached").waits_for("\u{7}");
    // News that are no warning ring for nothing.
    let number = town.number("buyer", &id);
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    let run = screen.waits_for("came: ").keys("\u{3}").ends();
    assert_eq!((run.code, run.out.matches('\u{7}').count()), (Some(130), 1), "{run:?}");
    // What was open before is rung for no more.
    let run = town.types("buyer", &["watch", "--seconds", "2"]).ends();
    assert!(!run.out.contains('\u{7}') && !run.out.contains("C-"), "{run:?}");
}

#[test]
fn the_bell_rings_once_an_hour_for_strangers_and_each_time_for_whom_the_buyer_knows_p2() {
    let town = acquainted();
    let open = town.list(&["open", "undelivered"])[0]["id"].as_str().unwrap().to_owned();
    let aside = || super::warnings(&town).iter().filter(|one| one["id"].as_str().unwrap().starts_with("S-")).count();
    let before = aside();
    let mut screen = town.types("buyer", &["watch"]);
    let mut came = |rings: bool, bring: &dyn Fn()| {
        bring();
        screen.waits_for("came: ");
        if rings {
            screen.waits_for("\u{7}");
        }
    };
    came(true, &|| stranger_writes(&town, 1_000));
    came(false, &|| stranger_writes(&town, 2_000));
    came(true, &|| town.misbills(&open, 9_991));
    came(true, &|| town.misbills(&open, 9_992));
    came(false, &|| stranger_writes(&town, 3_000));
    let run = screen.keys("\u{3}").ends();
    assert_eq!((run.code, run.out.matches('\u{7}').count()), (Some(130), 3), "{run:?}");
    assert_eq!(aside(), before + 3, "all are listed");
}

#[test]
fn it_gets_a_clean_environment_and_what_a_desktop_needs() {
    let town = acquainted();
    tells(&town, &format!("cat >/dev/null; env >'{0}'; echo \"$1\" >>'{0}'", town.path("environment").display()));
    sync(&town);
    let text = fs::read_to_string(town.path("environment")).unwrap();
    assert!(text.contains("HOME=") && text.contains("LANG=C.UTF-8") && text.ends_with("an argument\n"), "{text}");
    let session =
        ["HOME", "USER", "LOGNAME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY"];
    for name in text.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name) {
        assert!(
            session.contains(&name) || ["PATH", "LANG", "MAILORDER_RUN", "PWD", "SHLVL", "_", "OLDPWD"].contains(&name),
            "{name}"
        );
    }
}

#[test]
fn the_scripts_of_the_page_show_a_warning_and_mail_one() {
    let scripts: Vec<&str> =
        DOC.split("```sh\n#!/bin/sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [desktop, mail] = scripts[..] else { panic!("{scripts:?}") };
    let town = acquainted();
    let stub = town.path("stub");
    let keeps = town.path("kept");
    fs::write(&stub, format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >>'{0}'\ncat >>'{0}'\n", keeps.display())).unwrap();
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o700)).unwrap();
    let with = |script: &str, program: &str| {
        assert!(script.contains(program), "{script}");
        tells(&town, &script.replace(program, stub.to_str().unwrap()).replace("alice@example.org", "buyer@demo.test"));
        let run = sync(&town);
        assert!(!run.err.contains("[notify]"), "{run:?}");
        let kept = fs::read_to_string(&keeps).unwrap();
        fs::remove_file(&keeps).unwrap();
        fs::remove_file(town.path("buyer/alerted.json")).unwrap();
        kept
    };
    let shown = with(desktop, "notify-send");
    assert!(shown.contains("--app-name=mailorder\n--\nmailorder: warning W-"), "{shown}");
    assert!(shown.contains("amount-differs"), "{shown}");
    let mailed = with(mail, "/usr/sbin/sendmail");
    assert!(mailed.starts_with("-i\n-f\nbuyer@demo.test\n--\nbuyer@demo.test\nFrom: buyer@demo.test\n"), "{mailed}");
    assert!(mailed.contains("\nSubject: mailorder: warning W-") && mailed.contains("\namount-differs\n"), "{mailed}");
    assert!(!mailed.contains("JPY"), "it says nothing of what was bought: {mailed}");
}

#[test]
fn a_program_that_is_not_there_is_found_by_config_check() {
    let town = Town::fresh();
    town.does("buyer", &["config", "check"]);
    for (command, found) in [("./tell-me", false), ("no-such-program-anywhere", false), ("sh", true)] {
        town.configure("buyer", |text| format!("{text}\n[notify]\ncommand = [\"{command}\"]\n"));
        let run = town.run("buyer", &["config", "check"]);
        assert_eq!(run.code == Some(0), found, "{run:?}");
        assert!(found || run.err.contains("is not there") && run.err.contains("notify.command"), "{run:?}");
        town.configure("buyer", |text| text.split("\n[notify]").next().unwrap().to_owned());
    }
}
