//! Mail that is handed over, set aside, or only noted.

use std::fs;
use std::path::{Path, PathBuf};

use super::{holding, large, warnings};
use crate::support::accounts::{field, fields, files};
use crate::support::program::{Town, letters};

#[test]
fn a_mail_too_large_for_a_letter_is_kept_by_receive_in_silence() {
    // B7, B8
    let town = Town::played();
    let before = warnings(&town).len();
    let people = large(false, 5_000_000);
    let run = town.fed("buyer", &["receive"], &people);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), "", ""));
    assert_eq!(holding(&town.path("buyer/spool/cur"), &people).len(), 1, "the only copy there may be");
    assert_eq!(warnings(&town).len(), before);

    let letter = large(true, 5_000_000);
    for _ in 0..2 {
        let run = town.fed("buyer", &["receive"], &letter);
        assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), "", ""));
        let listed = warnings(&town);
        let found: Vec<_> = listed.iter().filter(|one| one["finding"] == "too-large").collect();
        assert_eq!((found.len(), listed.len()), (1, before + 1), "{listed:?}");
        assert!(found[0]["entry"].is_null());
    }
    assert_eq!(holding(&town.path("buyer/set-aside/new"), &letter).len(), 1);
    // The folder has room for letters still, and the next large mail is kept elsewhere.
    let huge = large(true, 60_000_000);
    assert_eq!(town.fed("buyer", &["receive"], &huge).code, Some(0));
    assert_eq!(holding(&town.path("buyer/spool/cur"), &huge).len(), 1);
    for folder in ["spool/tmp", "set-aside/tmp", "spool/new"] {
        assert_eq!(files(&town.path("buyer").join(folder)), [] as [PathBuf; 0], "{folder}");
    }
}

#[test]
fn a_mail_server_is_never_told_to_bounce_a_mail_that_is_on_disk() {
    let town = Town::played();
    // Something after the spool is broken: the queue cannot be read.
    let written = town.path("buyer/outbox/written");
    let away = town.path("buyer/outbox/away");
    fs::rename(&written, &away).unwrap();
    fs::create_dir(&written).unwrap();
    let mail = large(true, 1000);
    let run = town.fed("buyer", &["receive"], &mail);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.err.starts_with("mailorder: ") && run.err.contains("outbox/written"), "{run:?}");
    assert_eq!(holding(&town.path("buyer/spool/new"), &mail).len(), 1);
    // Put right, the next pass goes on with it.
    fs::remove_dir(&written).unwrap();
    fs::rename(&away, &written).unwrap();
    town.does("buyer", &["sync"]);
    assert_eq!(holding(&town.path("buyer/set-aside/new"), &mail).len(), 1);

    // Before the mail is on disk, the server is asked to try again, in the words it reads.
    fs::rename(town.path("buyer/keys/own.asc"), town.path("buyer/keys/away.asc")).unwrap();
    let run = town.fed("buyer", &["receive"], &mail);
    assert_eq!(run.code, Some(75), "{run:?}");
    assert!(run.err.starts_with("4.3.0 "), "{run:?}");
}

#[test]
fn a_mail_set_aside_is_open_until_it_was_seen() {
    let town = Town::played();
    let status = || town.run("buyer", &["status", "--json"]).json()["warnings"].clone();
    let open = status();
    assert_eq!(town.fed("buyer", &["receive"], &large(true, 1000)).code, Some(0));
    assert_eq!(status(), open.as_u64().unwrap() + 1);
    let listed = warnings(&town);
    let junk = listed.iter().find(|one| one["finding"] == "bad-shape").unwrap();
    let id = junk["id"].as_str().unwrap();
    for wrong in [&["warnings", "accept", id, "--reason", "x"][..], &["warnings", "block", id]] {
        let run = town.run("buyer", wrong);
        assert_eq!(run.code, Some(65), "{run:?}");
        assert!(run.err.contains("set aside") && run.err.contains("hint: mailorder"), "{run:?}");
    }
    assert_eq!(town.run("buyer", &["warnings", "ack", "S-0123456789"]).code, Some(65));
    assert_eq!(status(), open.as_u64().unwrap() + 1);

    town.does("buyer", &["warnings", "ack", id]);
    assert_eq!(status(), open);
    assert_eq!(town.list(&[]).len(), 6);
    assert!(warnings(&town).iter().all(|one| one["id"] != id));
    let all = town.does("buyer", &["warnings", "--all", "--json"]).json();
    let seen = all["warnings"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap();
    assert_eq!(seen["settled"], "ack");
    // The same junk again is no news.
    assert_eq!(town.fed("buyer", &["receive"], &large(true, 1000)).code, Some(0));
    assert_eq!(status(), open);
}

/// Puts one mail among those set aside that is as large as the folder may be, as far as its note says; returns its name.
fn fill(aside: &Path) -> String {
    let name = "0".repeat(64);
    let note = serde_json::json!({
        "name": name, "reason": {"code": "unknown-signer", "text": "unknown"}, "at": "2026-01-02T03:04:05Z", "from": null,
        "message_id": null, "size": 100 * 1024 * 1024,
    });
    fs::write(aside.join(format!("cur/{name}.json")), note.to_string()).unwrap();
    fs::write(aside.join(format!("new/{name}.eml")), "x").unwrap();
    name
}

#[test]
fn what_finds_no_room_stays_in_the_mailbox_it_came_from() {
    // Also where handled mail is removed from it: there it is the only copy.
    let town = Town::played();
    assert!(fs::read_to_string(town.path("buyer/config.toml")).unwrap().contains("handled = \"remove\""));
    fill(&town.path("buyer/set-aside"));
    let junk = large(true, 1000);
    let mailbox = town.path("mail/buyer@demo.test");
    fs::write(mailbox.join("new/1700000001.M1.here"), &junk).unwrap();
    for _ in 0..2 {
        town.does("buyer", &["sync"]);
        assert_eq!(holding(&mailbox.join("new"), &junk).len() + holding(&mailbox.join("cur"), &junk).len(), 1);
        assert_eq!(town.does("buyer", &["status", "--json"]).json()["not_kept"], 1);
    }
}

/// Needs a terminal, which `script` plays.
mod real {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_warning_rings_the_bell_of_a_terminal_p2() {
        let town = Town::played();
        let watch = || {
            let program = env!("CARGO_BIN_EXE_mailorder");
            let words = format!("{program} -c {} watch --seconds 3", town.path("buyer/config.toml").display());
            let output = Command::new("script").args(["-qec", &words, "/dev/null"]).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            output.stdout.contains(&7)
        };
        assert!(!watch(), "nothing came");
        fs::write(town.path("mail/buyer@demo.test/new/1700000001.M1.here"), large(true, 1000)).unwrap();
        assert!(watch());
        assert!(!watch(), "once");
    }
}

#[test]
fn an_import_looks_at_all_its_names_before_it_takes_anything_in() {
    let town = Town::played();
    town.order();
    let mail = files(&town.path("mail/shop@demo.test/new")).remove(0);
    let (good, entries) = (mail.to_str().unwrap(), town.texts("shop").len());
    let folder = town.path("shop/ledger/certs");
    for wrong in ["/nowhere/at/all", folder.to_str().unwrap()] {
        assert_eq!(town.run("shop", &["import", good, wrong]).code, Some(65), "{wrong}");
        assert_eq!(town.texts("shop").len(), entries, "{wrong}");
    }
    // What is too large to be a letter is told of.
    let huge = town.path("huge.eml");
    fs::write(&huge, large(true, 5_000_000)).unwrap();
    let run = town.does("shop", &["import", huge.to_str().unwrap(), good]);
    assert!(run.err.contains("1 mail is larger than any letter may be"), "{run:?}");
    assert!(town.texts("shop").len() > entries);
}

#[test]
fn a_delivery_report_makes_a_letter_doubtful_and_nothing_else_b60() {
    let town = Town::played();
    town.order();
    let order = town.texts("buyer").pop().unwrap();
    let id = field(&fields(order.as_bytes()), "Mailorder-Letter").to_owned();
    let id = id.trim_matches(['<', '>']);
    let report = |id: &str| {
        format!(
            "From: MAILER-DAEMON@mx.test\r\nMessage-ID: <r@mx.test>\r\nContent-Type: multipart/report; \
             report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
             Action: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{id}>\r\n\r\n\
             --b--\r\n"
        )
    };
    let mailbox = town.path("mail/buyer@demo.test");
    let (entries, open) = (town.texts("buyer").len(), warnings(&town).len());
    // One about nothing of ours says nothing.
    fs::write(mailbox.join("new/1700000001.M1.here"), report("else@elsewhere.test")).unwrap();
    let run = town.does("buyer", &["sync"]);
    assert!(run.err.is_empty() && warnings(&town).len() == open, "{run:?}");
    fs::write(mailbox.join("new/1700000002.M1.here"), report(id)).unwrap();
    for told in [true, false] {
        let run = town.does("buyer", &["sync"]);
        assert_eq!(run.err.contains("was not delivered"), told, "once: {run:?}");
        let doubted: Vec<_> = warnings(&town).into_iter().filter(|one| one["finding"] == "delivery-doubtful").collect();
        assert!(doubted.len() == 1 && doubted[0]["text"].as_str().unwrap().starts_with("order to shop@demo.test"));
    }
    let queue = town.does("buyer", &["outbox", "list", "--json"]).json();
    assert_eq!(
        (&queue["letters"][0]["state"], &queue["letters"][0]["kind"]),
        (&"delivery-doubtful".into(), &"order".into())
    );
    let known = town.in_state("ordered")["id"].as_str().unwrap().to_owned();
    assert!(town.does("buyer", &["show", &known]).out.contains("delivery doubtful"));
    assert_eq!(town.run("buyer", &["status", "--exit-code"]).code, Some(1));
    // Nothing was entered or done, and the reports lie where they lay.
    assert_eq!((town.texts("buyer").len(), files(&mailbox.join("new")).len()), (entries, 2));
    assert_eq!(files(&town.path("mail/shop@demo.test/new")).len(), 1);
    files(&mailbox.join("new")).iter().for_each(|report| fs::remove_file(report).unwrap());
    // By pipe it is the same; and when the letter is acknowledged, nothing is doubtful.
    assert_eq!(town.fed("buyer", &["receive"], report(id).as_bytes()).code, Some(0));
    assert_eq!(warnings(&town).len(), open + 1);
    town.settle();
    assert_eq!(warnings(&town).len(), open);
    assert_eq!(town.does("buyer", &["outbox", "list", "--json"]).json()["letters"], serde_json::json!([]));
}

#[test]
fn a_forgery_that_bears_a_known_address_is_called_one_and_its_key_not_asked_for() {
    // B17: the demonstration has one that says it comes from the carrier that the terms name.
    let town = Town::played();
    let run = town.does("buyer", &["warnings"]);
    let text = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("bears the address ship@demo.test") && text.contains("ask its owner"), "{text}");
    assert!(text.contains(&town.fingerprint("ship")), "{text}");
    assert!(!run.err.contains("key import"), "{}", run.err);
    let forged = warnings(&town).into_iter().find(|one| one["finding"] == "unknown-signer").unwrap();
    let refused = town.run("buyer", &["warnings", "accept", forged["id"].as_str().unwrap()]);
    assert!(refused.code == Some(65) && !refused.err.contains("key import"), "{refused:?}");
    // The same by somebody of whom nothing is known may be a letter of one whose key is to be imported.
    let mails = files(&town.path("buyer/set-aside/new"));
    let mail = mails.iter().map(|mail| fs::read_to_string(mail).unwrap()).find(|mail| mail.contains("ship@demo.test"));
    let other = mail.unwrap().replace("ship@demo.test", "carrier@elsewhere.test");
    assert_eq!(town.fed("buyer", &["receive"], other.as_bytes()).code, Some(0));
    let run = town.does("buyer", &["warnings"]);
    assert!(run.out.contains("a certificate with that key is imported") && run.err.contains("key import"), "{run:?}");
    let stranger = warnings(&town).into_iter().find(|one| one["from"] == "carrier@elsewhere.test").unwrap();
    let refused = town.run("buyer", &["warnings", "accept", stranger["id"].as_str().unwrap(), "--reason", "x"]);
    assert!(refused.code == Some(65) && refused.err.contains(" key accept ADDRESS"), "{refused:?}");
}

#[test]
fn what_finds_no_room_among_the_mails_set_aside_is_counted() {
    let town = Town::played();
    let count = || town.does("buyer", &["status", "--json"]).json()["not_kept"].clone();
    let aside = town.path("buyer/set-aside");
    assert_eq!(count(), 0);
    let name = fill(&aside);
    let junk = large(true, 1000);
    assert_eq!(town.fed("buyer", &["receive"], &junk).code, Some(0));
    assert_eq!(holding(&aside.join("new"), &junk).len(), 0);
    assert_eq!(count(), 1);
    let said = town.does("buyer", &["warnings"]).err;
    assert!(said.contains("1 mail is lost"), "{said}");
    // What was seen gives way.
    town.does("buyer", &["warnings", "ack", &format!("S-{name}")]);
    assert_eq!(town.fed("buyer", &["receive"], &junk).code, Some(0));
    assert_eq!(holding(&aside.join("new"), &junk).len(), 1);
    assert!(!aside.join(format!("new/{name}.eml")).exists());
    assert_eq!(count(), 1);
}

#[test]
fn what_is_only_noted_is_no_warning() {
    let town = Town::played();
    let config = town.path("shop/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("folder = \".\"\n", "folder = \".\"\ntemplates = \"words\"\n")).unwrap();
    for language in ["en", "ja"] {
        let folder = town.path("shop/words/mail").join(language);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("order-status.txt"), "You owe us JPY 987654.\n").unwrap();
    }
    let count = || town.does("buyer", &["list", "--json"]).json()["warnings"].clone();
    let (listed, open) = (warnings(&town).len(), count());
    let (id, number) = town.confirmed();
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.settle();
    let shown = town.show("buyer", &id);
    let noted = letters(&shown, "in", "order-status");
    assert_eq!(noted.last().unwrap()["findings"][0]["code"], "text-differs-from-data", "{shown}");
    assert!(noted.iter().all(|letter| letter["verdict"] == "applied"), "{shown}");
    assert_eq!(shown["legs"][0]["done"], true);

    assert_eq!((warnings(&town).len(), count()), (listed, open.clone()));
    let printed = town.does("buyer", &["warnings"]).out;
    let (above, below) = printed.split_once("Only noted").unwrap();
    assert!(above.contains(&format!("{open} open.")) && !above.contains("text-differs-from-data"), "{printed}");
    let note = below.lines().find(|line| line.contains("JPY 987654")).unwrap();
    // A note can be put away, too.
    for line in below.lines().filter(|line| line.starts_with("W-")) {
        town.does("buyer", &["warnings", "ack", line.split_whitespace().next().unwrap()]);
    }
    assert!(note.contains("text-differs-from-data"));
    assert!(!town.does("buyer", &["warnings"]).out.contains("Only noted"));
}

#[test]
fn what_stands_outside_a_letter_stands_inside_it() {
    // RFC 9788, RFC 3834 section 5
    let town = Town::played();
    town.order();
    for party in ["shop", "pay", "shop"] {
        town.does(party, &["sync"]);
    }
    let entries: Vec<Vec<u8>> =
        files(&town.path("shop/ledger/cur")).into_iter().map(|file| fs::read(file).unwrap()).collect();
    let mut words = Vec::new();
    for file in files(&town.path("mail/buyer@demo.test/new")) {
        let outside = fields(&fs::read(file).unwrap());
        let id = field(&outside, "Message-ID");
        let entry = entries.iter().find(|entry| field(&fields(entry), "Mailorder-Letter") == id).unwrap();
        let text = String::from_utf8_lossy(entry);
        for name in ["From", "To", "Date", "Message-ID", "Subject", "Auto-Submitted"] {
            let noted = format!("\r\nHP-Outer: {name}: {}\r\n", field(&outside, name));
            assert!(text.contains(&noted), "{noted:?} is not in\n{text}");
        }
        words.push((field(&fields(entry), "Mailorder-Kind"), field(&outside, "Auto-Submitted")));
    }
    words.sort();
    let word = |kind: &str, word: &str| (kind.to_owned(), word.to_owned());
    assert_eq!(words, [word("receipt", "auto-generated"), word("transaction-info", "auto-replied")]);
}
