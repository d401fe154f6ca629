//! `inspect`: what is said of a mail, and that nothing changes by it.

use std::fs;
use std::path::PathBuf;

use mailorder::clock::{Clock, system_time};
use mailorder::pgp::{self, Certificate, OwnKey, mime};

use super::{account, large, warnings};
use crate::support::accounts::{field, fields, files};
use crate::support::program::Town;

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
    for party in ["shop", "pay", "shop"] {
        town.does(party, &["sync"]);
    }
    let new = files(&town.path("mail/buyer@demo.test/new"));
    let kind =
        |file: &PathBuf| town.does("buyer", &["inspect", "--json", file.to_str().unwrap()]).json()["kind"].clone();
    let mail = fs::read(new.iter().find(|file| kind(file) == "transaction-info").unwrap()).unwrap();
    // A crash left letters unqueued: the next batch would queue them.
    fs::write(town.path("buyer/outbox/written"), "0\n").unwrap();
    let before = account(&town.path("buyer"));
    let shown = town.fed("buyer", &["inspect", "--json", "-"], &mail).json();
    assert_eq!((shown["verdict"].as_str(), shown["kind"].as_str()), (Some("applied"), Some("transaction-info")));
    assert!(account(&town.path("buyer")) == before, "inspect changed a file");
    town.does("buyer", &["sync"]);
    assert_ne!(fs::read_to_string(town.path("buyer/outbox/written")).unwrap(), "0\n");
}
