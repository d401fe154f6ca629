//! A whole purchase over a real Postfix and a real Dovecot, and what other programs make of it (P1, P4, P5, P107).
//!
//! Four accounts are made by the built program and share nothing but the mail between them. The purchase is played
//! once; the tests look at it from different sides. What is asked of the mail client's side is asked of gpg, notmuch,
//! grep and a shell.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use mailorder::outbox::smtp::{Smtp, SmtpSettings};
use mailorder::outbox::{Envelope, Outbox};

use super::account::Running;
use super::parties::{Parties, SHIRT, mails, until};
use super::witness::{Witness, field, files, signer};
use crate::support::servers::{Servers, login, require};

/// Sends an ordinary mail to the address through Postfix.
fn write_to(servers: &Servers, address: &str, mail: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = servers.server(servers.port("SUBMISSIONS"), mailorder::connect::Tls::Implicit);
    let mut settings = SmtpSettings::new(server, Some(login(address)));
    settings.deadlines.connect = Duration::from_secs(20);
    settings.deadlines.dot = Duration::from_secs(20);
    let envelope = Envelope { from: address.parse().unwrap(), to: address.parse().unwrap() };
    let mail = format!("From: friend@elsewhere.test\nTo: {address}\n{mail}").replace('\n', "\r\n");
    runtime.block_on(async {
        let mut outbox = Outbox::Smtp(Box::new(Smtp::new(settings).unwrap()));
        outbox.send(&envelope, mail.as_bytes(), "1").await.unwrap();
        outbox.close().await;
    });
}

/// A purchase that is over, and the mailboxes it went through.
struct Played {
    parties: Parties,
    id: String,
    number: String,
}

/// Plays the purchase once: by `sync`, command after command.
fn played() -> &'static Played {
    static PLAYED: OnceLock<Played> = OnceLock::new();
    PLAYED.get_or_init(|| {
        let parties = Parties::make("sync.test");
        let (servers, buyer) = (require(), &parties.buyer);
        write_to(servers, &buyer.address, "Subject: ordinary 1\n\nBefore the order: order, JPY 4800, mailorder.\n");
        let id = parties.orders(SHIRT, "card");
        parties.sync_until("terms", || parties.is(&id, "offered"));
        let number = buyer.listed(&id)["number"].as_str().unwrap().to_owned();
        buyer.run(&["confirm", &id]);
        parties.sync_until("instructions", || parties.instructed(&number));
        let html = "Subject: ordinary 2\nContent-Type: text/html\n\n<p>In the middle</p>\n";
        write_to(servers, &buyer.address, html);
        parties.shop.run(&["shop", "notify", &number, "--shipped", "--tracking", "EP-998877"]);
        parties.sync_until("shipped", || buyer.listed(&id)["order"]["done"] == true);
        parties.ship.run(&["ship", "notify", &number, "--delivered"]);
        parties.sync_until("delivered", || buyer.listed(&id)["delivery"]["done"] == true);
        parties.pay.run(&["pay", "notify", &number, "--paid"]);
        parties.sync_until("paid", || parties.is(&id, "completed"));
        parties.settle();
        Played { parties, id, number }
    })
}

/// Returns the buyer's entries: file and text.
fn entries(ledger: &Path) -> Vec<(PathBuf, String)> {
    let all = files(&ledger.join("cur"));
    all.into_iter().map(|file| (file.clone(), fs::read_to_string(file).unwrap())).collect()
}

fn letters(ledger: &Path) -> Vec<(PathBuf, String)> {
    let is_letter = |text: &str| matches!(field(text, "Mailorder-Direction"), Some("in" | "out"));
    entries(ledger).into_iter().filter(|(_, text)| is_letter(text)).collect()
}

#[test]
fn a_purchase_by_sync_is_ordered_delivered_and_paid_in_everybodys_ledger() {
    let Played { parties, id, number } = played();
    let listed = parties.buyer.listed(id);
    for leg in ["order", "delivery", "payment"] {
        assert_eq!(listed[leg]["done"], true, "{listed}");
    }
    assert_eq!(listed["state"], "completed");
    assert_eq!(listed["total"]["amount"], "4800");
    for party in parties.all() {
        let verified = party.json(&["--json", "audit", "verify"]);
        assert_eq!(verified["result"], "clean", "{}: {verified}", party.address);
        let waiting = party.json(&["--json", "outbox", "list"]);
        assert_eq!(waiting["letters"].as_array().map(Vec::len), Some(0), "{}: {waiting}", party.address);
    }
    // Who carries the goods need not know what they cost.
    for party in [&parties.buyer, &parties.shop, &parties.pay] {
        assert_eq!(party.listed(number)["total"]["amount"], "4800", "{}", party.address);
    }
    for party in [&parties.shop, &parties.pay, &parties.ship] {
        let warnings = party.json(&["--json", "warnings"]);
        assert_eq!(warnings["warnings"].as_array().map(Vec::len), Some(0), "{}: {warnings}", party.address);
    }
}

#[test]
fn gpg_opens_the_mails_with_the_right_secret_key_and_no_other() {
    let Played { parties, .. } = played();
    let captured = mails(&require().maildir(&parties.buyer.address), ".Mailorder");
    let certificates = files(&parties.buyer.path("ledger").join("certs"));
    let (buyer, stranger) = (Witness::new(), Witness::new());
    buyer.import(&[parties.buyer.path("keys").join("own.asc")]);
    stranger.import(&[parties.ship.path("keys").join("own.asc")]);
    for gpg in [&buyer, &stranger] {
        gpg.import(&certificates);
    }
    assert!(captured.len() >= 5, "{} letters", captured.len());
    for (file, text) in captured {
        assert!(!text.contains("4800") && !text.contains("シャツ"), "{text}");
        let file = file.display().to_string();
        let said = buyer.run("gpg", &["--decrypt", &file]);
        let from = field(&text, "From").unwrap();
        let sender = parties.all().into_iter().find(|party| from.contains(&party.address)).unwrap();
        assert_eq!(signer(&said), Some(sender.fingerprint.as_str()), "{said}");
        assert!(said.contains("GOODMDC") && said.contains("application/ld+json"), "{said}");
        let refused = stranger.output("gpg", &["--decrypt", &file]);
        assert!(!refused.status.success() && !String::from_utf8_lossy(&refused.stdout).contains("ld+json"));
    }
}

/// Returns the first shell text below a heading of `docs/ledger-format.md`.
fn recipe(heading: &str) -> String {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ledger-format.md")).unwrap();
    let below = page.split_once(&format!("\n## {heading}\n")).unwrap().1;
    below.split_once("```sh\n").unwrap().1.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_recipes_of_the_page_hold_with_public_certificates_alone() {
    let Played { parties, .. } = played();
    for party in parties.all() {
        let ledger = party.path("ledger");
        let auditor = Witness::new();
        auditor.import(&files(&ledger.join("certs")));
        let letters = letters(&ledger);
        assert!(letters.len() >= 3, "{}: {} letters", party.address, letters.len());
        for (file, text) in letters {
            let content = field(&text, "Mailorder-Content").unwrap();
            let (digest, size) = content.strip_prefix("sha256:").unwrap().split_once(' ').unwrap();
            let script = recipe("Checking one entry").replace("ENTRY", &file.display().to_string());
            // The scratch folder is the auditor's home: its gpg prints what it found for the test, too.
            let script = script.replace("SIZE", size).replace("$(mktemp -d)", "$HOME");
            let said = auditor.run("sh", &["-e", "-c", &format!("cd '{}'\n{script}", ledger.display())]);
            assert!(said.contains(&format!("{digest}  {}\n", auditor.path("part").display())), "{said}");
            assert_eq!(signer(&said), field(&text, "Mailorder-Signer"), "{said}");
            assert_eq!(fs::metadata(auditor.path("part")).unwrap().len().to_string(), size);
        }
        let script = format!("cd '{}'\n{}", ledger.display(), recipe("Checking all files against the log"));
        assert_eq!(auditor.run("bash", &["-o", "pipefail", "-c", &script]), "");
    }
}

#[test]
fn notmuch_and_grep_find_entries_and_notmuch_calls_the_signatures_good() {
    let Played { parties, number, .. } = played();
    let ledger = parties.buyer.path("ledger");
    let auditor = Witness::new();
    auditor.import(&files(&ledger.join("certs")));
    auditor.run("cp", &["-r", &ledger.display().to_string(), "copy"]);
    let copy = auditor.path("copy");
    fs::write(auditor.path("notmuch"), format!("[database]\npath={}\n", copy.display())).unwrap();
    auditor.run("notmuch", &["config", "set", "index.header.Amount", "Mailorder-Amount"]);
    auditor.run("notmuch", &["new"]);
    let lines = |text: String| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let cur = copy.join("cur").display().to_string();
    let notmuch = |query: &str| lines(auditor.run("notmuch", &["search", "--output=files", query]));
    let grep = |text: &str| lines(auditor.run("grep", &["-rlF", text, &cur]));
    for (query, text) in [
        (format!("subject:{number}"), format!(" {number} {}", parties.shop.address)),
        ("Amount:\"JPY 4800\"".to_owned(), "Mailorder-Amount: JPY 4800".to_owned()),
    ] {
        let (by_notmuch, by_grep) = (notmuch(&query), grep(&text));
        assert!(by_notmuch.len() >= 2, "{query}: {by_notmuch:?}");
        assert_eq!(by_notmuch, by_grep, "{query}");
    }
    for word in [number.as_str(), "シャツ", "千代田区", "日立物産"] {
        let (by_notmuch, by_grep) = (notmuch(word), grep(word));
        assert!(!by_notmuch.is_empty(), "{word}");
        // grep sees the machine's part as well.
        assert!(by_notmuch.iter().all(|file| by_grep.contains(file)), "{word}: {by_notmuch:?} {by_grep:?}");
    }
    for (file, text) in letters(&copy) {
        let id = field(&text, "Message-ID").unwrap().trim_matches(['<', '>']);
        let shown = auditor
            .run("notmuch", &["show", "--verify", "--format=json", "--entire-thread=false", &format!("id:{id}")]);
        let json = shown.lines().find(|line| line.starts_with("[[")).unwrap().replace(' ', "");
        // Only the entry asked for is shown; what stands before it in its thread is null.
        let statuses: Vec<&str> = json.split("\"sigstatus\":[{\"status\":\"").skip(1).collect();
        assert!(statuses.len() == 1 && statuses[0].starts_with("good\""), "{}: {json}", file.display());
    }
}

#[test]
fn an_ordinary_mailbox_stays_ordinary() {
    let Played { parties, .. } = played();
    let maildir = require().maildir(&parties.buyer.address);
    let inbox = mails(&maildir, "");
    let mut subjects: Vec<&str> = inbox.iter().filter_map(|(_, text)| field(text, "Subject")).collect();
    subjects.sort_unstable();
    assert_eq!(subjects, ["ordinary 1", "ordinary 2"]);
    for (file, _) in &inbox {
        let name = file.file_name().unwrap().to_string_lossy();
        let flags = name.split_once(":2,").map_or("", |(_, flags)| flags);
        assert_eq!(flags, "", "{name} was marked");
    }
    // Each letter that counts was moved out of the way.
    let letters = letters(&parties.buyer.path("ledger"));
    let came = letters.iter().filter(|(_, text)| field(text, "Mailorder-Direction") == Some("in")).count();
    assert_eq!(mails(&maildir, ".Mailorder").len(), came);
}

#[test]
fn watch_enters_a_letter_within_seconds_while_commands_run_beside() {
    let parties = Parties::make("watch.test");
    let watches: Vec<Running> = parties.all().map(|party| party.start(&["watch", "--seconds", "600"])).into();
    let (buyer, id) = (&parties.buyer, parties.orders(SHIRT, "card"));
    let terms = until("terms", || parties.is(&id, "offered"));
    let number = buyer.listed(&id)["number"].as_str().unwrap().to_owned();
    buyer.run_beside(&["confirm", &id]);
    let instructions = until("instructions", || parties.instructed(&number));
    let mut news = Vec::new();
    for (party, notice, leg) in [
        (&parties.shop, ["shop", "notify", &number, "--shipped"], "order"),
        (&parties.ship, ["ship", "notify", &number, "--delivered"], "delivery"),
        (&parties.pay, ["pay", "notify", &number, "--paid"], "payment"),
    ] {
        party.run_beside(&notice);
        news.push(until(leg, || buyer.listed(&id)[leg]["done"] == true));
    }
    println!("terms {terms:?} after the order; instructions {instructions:?} after the confirmation; news {news:?}");
    // Without IDLE, a letter would lie for up to a minute.
    assert!(news.iter().all(|one| *one < Duration::from_secs(20)), "{news:?}");
    assert!(parties.is(&id, "completed"), "{}", buyer.listed(&id));
    watches.into_iter().for_each(Running::end);
    parties.settle();
    for party in parties.all() {
        assert_eq!(party.json(&["--json", "audit", "verify"])["result"], "clean", "{}", party.address);
        assert_eq!(party.json(&["--json", "warnings"])["warnings"].as_array().map(Vec::len), Some(0));
    }
}
