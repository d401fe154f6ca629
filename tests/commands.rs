//! Commands at their edges, run as programs outside see them: exit codes, silence, and what is left on disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mailorder::clock::{Clock, system_time};
use mailorder::pgp::{self, Certificate, OwnKey, mime};

use super::support::accounts::{field, fields, files};
use super::support::program::{Town, letters, mailorder};
use super::support::smtp::{Lies, Seen, start};

/// A mail of at least `size` bytes, of people or in the shape of a letter.
fn large(letter: bool, size: usize) -> Vec<u8> {
    let head: &[u8] = if letter {
        b"From: a@stranger.test\r\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n"
    } else {
        b"From: a@stranger.test\r\nContent-Type: text/plain\r\n\r\n"
    };
    [head, b"0123456789abcdef\r\n".repeat(size / 18 + 1).as_slice()].concat()
}

fn warnings(town: &Town) -> Vec<serde_json::Value> {
    town.does("buyer", &["warnings", "--json"]).json()["warnings"].as_array().unwrap().clone()
}

/// Returns the files of a Maildir's folder that hold exactly these bytes.
fn holding(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    files(folder).into_iter().filter(|file| fs::read(file).unwrap() == bytes).collect()
}

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
    let stranger = listed.iter().find(|one| one["finding"] == "unknown-signer").unwrap()["id"].as_str().unwrap();
    let run = town.run("buyer", &["warnings", "accept", stranger, "--reason", "x"]);
    assert!(run.err.contains("mailorder key accept"), "{run:?}");
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

#[test]
fn what_finds_no_room_among_the_mails_set_aside_is_counted() {
    let town = Town::played();
    let count = || town.does("buyer", &["status", "--json"]).json()["not_kept"].clone();
    let aside = town.path("buyer/set-aside");
    assert_eq!(count(), 0);
    // One mail that is as large as the folder may be, as far as its note says.
    let name = "0".repeat(64);
    let note = serde_json::json!({
        "name": name, "reason": {"code": "unknown-signer", "text": "unknown"}, "at": "2026-01-02T03:04:05Z", "from": null,
        "message_id": null, "size": 100 * 1024 * 1024,
    });
    fs::write(aside.join(format!("cur/{name}.json")), note.to_string()).unwrap();
    fs::write(aside.join(format!("new/{name}.eml")), "x").unwrap();
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
    let open = warnings(&town).len();
    let (id, number) = town.confirmed();
    town.does("shop", &["shop", "notify", &number, "--shipped"]);
    town.settle();
    let shown = town.show("buyer", &id);
    let noted = letters(&shown, "in", "order-status");
    assert_eq!(noted.last().unwrap()["findings"][0]["code"], "text-differs-from-data", "{shown}");
    assert!(noted.iter().all(|letter| letter["verdict"] == "applied"), "{shown}");
    assert_eq!(shown["legs"][0]["done"], true);

    assert_eq!(warnings(&town).len(), open);
    assert_eq!(town.does("buyer", &["list", "--json"]).json()["warnings"], open);
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
    let run = town.does("buyer", &["ask", "--json", &known, &late, &known[..8], "--leg", "order"]);
    assert_eq!(
        run.json()["transactions"],
        serde_json::json!([{"id": known, "letters": 1}, {"id": late, "letters": 1}])
    );
    assert_eq!(asked(&known), before + 1);
}

#[test]
fn the_limit_of_a_list_counts_what_is_listed() {
    let town = Town::played();
    let late = town.list(&["--late"]);
    assert_eq!(late.len(), 1);
    // It is not the newest of the open ones.
    assert_ne!(town.list(&["--open", "--limit", "1"]), late);
    assert_eq!(town.list(&["--late", "--limit", "1"]), late);
    assert_eq!(town.list(&["--late", "--limit", "0"]).len(), 0);
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

/// Seals bytes as one party of the play, well signed, to the buyer.
fn sealed(town: &Town, party: &str, bytes: &[u8]) -> Vec<u8> {
    let read = |file: &str| fs::read(town.path(file)).unwrap();
    let key = OwnKey::from_bytes(&read(&format!("{party}/keys/own.asc"))).unwrap();
    let buyer = Certificate::from_bytes(&read("buyer/cert.asc")).unwrap();
    let now = system_time(&Clock::system().now());
    let signature = pgp::sign(&key, bytes, buyer.fingerprint(), now).unwrap();
    let armored = pgp::seal(bytes, &signature, key.certificate(), &buyer, now).unwrap();
    let headers = mime::OuterHeaders {
        from: &format!("{party}@demo.test").parse().unwrap(),
        to: &"buyer@demo.test".parse().unwrap(),
        date: "Sun, 22 Nov 2026 19:00:00 +0900",
        message_id: &"1@demo.test".parse().unwrap(),
        subject: "[...]",
        auto_submitted: None,
        autocrypt: None,
    };
    mime::wrap(&headers, "0f1e2d3c", &armored).unwrap()
}

/// Returns the signed bytes of the last letter of a kind in a party's ledger.
fn signed_bytes(town: &Town, party: &str, kind: &str) -> Vec<u8> {
    let named = |entry: &[u8]| {
        let head = fields(entry);
        field(&head, "Mailorder-Kind") == kind && field(&head, "Mailorder-Direction") == "out"
    };
    let mut entries = files(&town.path(party).join("ledger/cur")).into_iter().map(|file| fs::read(file).unwrap());
    let entry = entries.rfind(|entry| named(entry)).unwrap();
    let size: usize = field(&fields(&entry), "Mailorder-Content").split_once(' ').unwrap().1.parse().unwrap();
    let at = entry.windows(13).position(|bytes| bytes == b"\n--mailorder-").unwrap() + 1;
    let begin = at + entry[at..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    entry[begin..begin + size].to_vec()
}

/// Returns every file of an account but the index, with what is in it.
fn account(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        match (path.is_dir(), name.starts_with("index.sqlite")) {
            (true, _) => found.extend(account(&path)),
            (false, true) => {}
            (false, false) => found.push((path.clone(), fs::read(&path).unwrap())),
        }
    }
    found.sort();
    found
}

#[test]
fn inspect_says_what_is_known_of_a_mail_that_does_not_count() {
    let town = Town::played();
    let look = |mail: &[u8]| town.fed("buyer", &["inspect", "--json", "-"], mail).json();
    let facts = |shown: &serde_json::Value| {
        let known = ["encrypted", "signed", "signer", "verdict"].map(|name| shown[name].clone());
        serde_json::Value::from(known.to_vec())
    };
    let stranger = warnings(&town).into_iter().find(|one| one["finding"] == "unknown-signer").unwrap();
    let aside = files(&town.path("buyer/set-aside/new")).pop().unwrap();
    let shown = look(&fs::read(aside).unwrap());
    assert_eq!(facts(&shown), serde_json::json!([true, true, stranger["signer"], "set-aside"]));
    assert_eq!(shown["signer"].as_str().unwrap().len(), 40);
    assert_eq!(shown["findings"], serde_json::json!(["unknown-signer"]));

    let shop = town.does("buyer", &["key", "show", "--json", "shop@demo.test"]).json()["fingerprint"].clone();
    let letter = signed_bytes(&town, "shop", "order-status");
    let text = String::from_utf8(letter.clone()).unwrap();
    assert!(text.contains("\"mo:kind\""), "{text}");
    let bad = look(&sealed(&town, "shop", text.replace("\"mo:kind\"", "\"mo:kint\"").as_bytes()));
    assert_eq!(facts(&bad), serde_json::json!([true, true, shop, "set-aside"]));
    assert_eq!(bad["findings"], serde_json::json!(["bad-shape"]));
    let good = look(&sealed(&town, "shop", &letter));
    assert_eq!(facts(&good), serde_json::json!([true, true, shop, "repeat"]));
    let people = look(&sealed(&town, "shop", b"Content-Type: text/plain\r\n\r\nHello\r\n"));
    assert_eq!(facts(&people), serde_json::json!([true, true, shop, "not-ours"]));

    assert_eq!(facts(&look(&large(false, 3_000_000))), serde_json::json!([false, false, null, "not-ours"]));
    let shown = look(&large(true, 3_000_000));
    assert_eq!(facts(&shown), serde_json::json!([true, false, null, "set-aside"]));
    assert_eq!(shown["findings"], serde_json::json!(["too-large"]));
}

#[test]
fn inspect_changes_nothing() {
    let town = Town::played();
    town.order();
    town.does("shop", &["sync"]);
    let mail = fs::read(files(&town.path("mail/buyer@demo.test/new")).pop().unwrap()).unwrap();
    // A crash left letters unqueued: the next batch would queue them.
    fs::write(town.path("buyer/outbox/written"), "0\n").unwrap();
    let before = account(&town.path("buyer"));
    let shown = town.fed("buyer", &["inspect", "--json", "-"], &mail).json();
    assert_eq!((shown["verdict"].as_str(), shown["kind"].as_str()), (Some("applied"), Some("transaction-info")));
    assert!(account(&town.path("buyer")) == before, "inspect changed a file");
    town.does("buyer", &["sync"]);
    assert_ne!(fs::read_to_string(town.path("buyer/outbox/written")).unwrap(), "0\n");
}

#[test]
fn an_account_that_was_made_in_part_is_finished_by_the_same_init() {
    let home = tempfile::tempdir().unwrap();
    let init = ["-c", "config.toml", "init", "--address", "a@example.org", "--name", "A", "--folder", "account"];
    let at = |name: &str| home.path().join(name);
    let made = mailorder(home.path(), &init);
    assert_eq!(made.code, Some(0), "{made:?}");
    let key = fs::read(at("account/keys/own.asc")).unwrap();
    let fingerprint = || mailorder(home.path(), &["-c", "config.toml", "key", "list", "--json"]).json()["own"].clone();
    let own = fingerprint();
    let log = fs::read(at("account/ledger/log")).unwrap();
    // Each row: how far it came when it was killed. Every other command says what to do.
    for left in ["key", "no log line", "half a log line"] {
        match left {
            "key" => fs::remove_dir_all(at("account/ledger")).unwrap(),
            "no log line" => fs::write(at("account/ledger/log"), "").unwrap(),
            _ => fs::write(at("account/ledger/log"), &log[..20]).unwrap(),
        }
        let run = mailorder(home.path(), &["-c", "config.toml", "list"]);
        assert_eq!(run.code, Some(78), "{left}: {run:?}");
        assert!(run.err.contains("mailorder init"), "{left}: {run:?}");
        // Other words are another account.
        let other = ["-c", "config.toml", "init", "--address", "b@example.org", "--name", "B", "--folder", "account"];
        assert_eq!(mailorder(home.path(), &other).code, Some(65), "{left}");
        let run = mailorder(home.path(), &init);
        assert_eq!(run.code, Some(0), "{left}: {run:?}");
        assert_eq!(fs::read(at("account/keys/own.asc")).unwrap(), key, "{left}");
        assert_eq!(fingerprint(), own, "{left}");
        let run = mailorder(home.path(), &["-c", "config.toml", "audit", "verify"]);
        assert_eq!(run.code, Some(0), "{left}: {run:?}");
        // Once it is made, it stays as it is.
        assert_eq!(mailorder(home.path(), &init).code, Some(65), "{left}");
    }
    fs::remove_file(at("config.toml")).unwrap();
    fs::remove_dir_all(at("account")).unwrap();
    assert_eq!(mailorder(home.path(), &init).code, Some(0));
}

#[test]
fn a_ledger_that_lost_its_log_is_never_made_anew() {
    let town = Town::played();
    let entries = files(&town.path("pay/ledger/cur")).len();
    fs::remove_file(town.path("pay/ledger/log")).unwrap();
    let run = town.run("pay", &["list"]);
    assert_ne!(run.code, Some(0));
    assert!(!run.err.contains("mailorder init"), "{run:?}");
    let config = town.path("pay/config.toml");
    fs::remove_file(&config).unwrap();
    let folder = town.path("pay");
    let who = ["init", "--address", "pay@demo.test", "--name", "Pay", "--folder", folder.to_str().unwrap()];
    let run = town.run("pay", &who);
    assert_eq!(run.code, Some(65), "{run:?}");
    assert!(!config.exists());
    assert_eq!(files(&town.path("pay/ledger/cur")).len(), entries);
}

#[test]
fn what_crashed_writes_left_is_swept_after_a_day_and_a_half() {
    // F27
    let town = Town::played();
    let left = ["ledger/tmp", "spool/tmp", "set-aside/tmp"].map(|folder| town.path("buyer").join(folder));
    let hours = |hours: u64| Clock::system().now().plus_seconds(-3600 * i64::try_from(hours).unwrap());
    for folder in &left {
        for (name, age) in [("old", 40), ("young", 30)] {
            let file = fs::File::create(folder.join(name)).unwrap();
            file.set_modified(system_time(&hours(age))).unwrap();
        }
    }
    town.order();
    for folder in &left {
        assert!(!folder.join("old").exists(), "{}", folder.display());
        assert!(folder.join("young").exists(), "{}", folder.display());
    }
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
    let words: Vec<String> = order.iter().chain(&["--dry-run"]).map(quoted).collect();
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
    stdout.read_to_end(&mut screen).unwrap();
    assert!(child.wait().unwrap().success());
    let screen = String::from_utf8(screen).unwrap();
    let begin = screen.find('{').unwrap();
    let shown = serde_json::from_str(&screen[begin..]).unwrap();
    let data = opened(&town, &shown);
    assert_eq!(data["instrument"]["number"], "4111 1111 1111 1234");
    assert_eq!(data["instrument"]["expires"], "2029-04");
    assert!(!screen.contains("4111") && !screen.contains("A. Buyer"), "{screen}");
}
