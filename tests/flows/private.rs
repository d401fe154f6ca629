//! What a letter lets others see, what becomes of one that was changed on its way, and who learns what of a purchase
//! (P103 to P105).

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::program::Town;

/// Returns all files below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(below(&path)) } else { found.push(path) }
    }
    found
}

/// Returns the files below a folder that contain a text.
pub fn holding(folder: &Path, text: &str) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| fs::read(path).unwrap().windows(text.len()).any(|part| part == text.as_bytes());
    below(folder).into_iter().filter(holds).collect()
}

/// Checks that no byte below a folder is part of this text.
pub fn check_nowhere(folder: &Path, text: &str) {
    let found = holding(folder, text);
    assert!(found.is_empty(), "{text} is in {found:?}");
}

/// Plays every course a purchase can take; each agent has seen all it ever sees.
fn traded() -> Town {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 3, &["--pay", "card"]);
    town.does("shop", &["shop", "notify", &number, "--shipped", "--tracking", "EP-1"]);
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    town.does("pay", &["pay", "notify", &number, "--paid"]);
    town.settle();
    town.does("buyer", &["ask", &id, "--leg", "order", "--leg", "payment", "--leg", "delivery"]);
    town.settle();
    town.does("buyer", &["return", &id, "--line", "1=2", "--reason", "the sleeves are too short"]);
    town.settle();
    town.does("pay", &["pay", "notify", &number, "--refunded"]);
    let (id, _) = town.bought("TEA-200", 2, &["--pay", "invoice", "--remarks", "leave it with the neighbour"]);
    town.does("buyer", &["cancel", &id, "--reason", "ordered twice"]);
    town.orders("buyer", "KETTLE", 3, &["--pay", "card"]);
    town.settle();
    town.check_peace();
    town
}

#[test]
fn every_letter_on_its_way_is_encrypted_and_says_nothing_outside_p103() {
    let town = traded();
    let mut mails = below(&town.path("mail"));
    // The mark of a subfolder (Maildir++) is an empty file.
    mails.retain(|file| !file.ends_with("maildirfolder"));
    assert!(mails.len() > 40, "{} mails", mails.len());
    let number = town.lists("buyer", &[])[0]["number"].clone();
    for file in &mails {
        let mail = fs::read_to_string(file).unwrap();
        assert!(mail.contains("\nContent-Type: multipart/encrypted;"), "{mail}");
        assert!(mail.contains("\r\nSubject: [...]\r\n") || mail.contains("\nSubject: [...]\n"), "{mail}");
        assert!(mail.contains("-----BEGIN PGP MESSAGE-----"), "{mail}");
    }
    // The texts are read by those who may read them, and by nobody who has the mailboxes.
    for text in ["シャツ 白 41", "JPY 13400", "千代田", "+81-3-1234-5678", "小野 賢治", "mo:kind", "sleeves", "EP-1\""]
    {
        check_nowhere(&town.path("mail"), text);
        assert!(!holding(&town.path("shop/ledger/cur"), text).is_empty() || text == "EP-1\"", "{text}");
    }
    if let Value::String(number) = number {
        check_nowhere(&town.path("mail"), &number);
    }
}

#[test]
fn a_letter_changed_on_its_way_has_no_effect_and_is_noted_p104() {
    let town = Town::fresh();
    let (id, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    town.does("ship", &["ship", "notify", &number, "--delivered"]);
    let [mail] = &town.post("buyer")[..] else { panic!("one mail waits") };
    let good = fs::read(mail).unwrap();
    fs::remove_file(mail).unwrap();
    let begin = String::from_utf8_lossy(&good).find("-----BEGIN PGP MESSAGE-----").unwrap() + 40;
    let end = String::from_utf8_lossy(&good).find("-----END PGP MESSAGE-----").unwrap();
    let before = town.entries("buyer").len();
    let places = [begin + 200, begin + (end - begin) / 3, begin + (end - begin) / 2, end - 200];
    // Each copy comes as a mail of its own, as from a server.
    let file = |name: &str| mail.with_file_name(name);
    for place in places {
        let mut bad = good.clone();
        let at = (place..end).find(|at| bad[*at].is_ascii_alphanumeric()).unwrap();
        bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
        fs::write(file(&format!("changed.{place}")), bad).unwrap();
        town.sync(&["buyer"]);
    }
    town.check_stands("buyer", &id, "open", [false; 3]);
    assert_eq!(town.entries("buyer").len(), before);
    let warnings = town.does("buyer", &["warnings", "--json"]).json();
    let warnings = warnings["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), places.len(), "{warnings:?}");
    assert!(warnings.iter().all(|one| one["entry"].is_null()), "{warnings:?}");
    // The letter as it was written still counts.
    fs::write(file("as.written"), good).unwrap();
    town.sync(&["buyer"]);
    town.check_stands("buyer", &id, "open", [false, true, false]);
}

#[test]
fn the_payment_agent_learns_neither_goods_nor_where_they_go_p105() {
    let town = traded();
    assert_eq!(town.lists("pay", &[]).len(), 3);
    let goods = ["シャツ", "SH-41", "煎茶", "TEA-200", "Iron kettle", "KETTLE", "Parcel delivery"];
    let place = ["千代田", "東京都", "100-0001"];
    let said = ["sleeves", "neighbour", "ordered twice", "EP-1\"", "orderQuantity", "orderedItem"];
    for text in goods.iter().chain(&place).chain(&said) {
        check_nowhere(&town.path("pay"), text);
        let somewhere = [town.path("buyer"), town.path("shop"), town.path("ship")];
        assert!(somewhere.iter().any(|folder| !holding(folder, text).is_empty()), "{text}");
    }
}

#[test]
fn the_delivery_agent_learns_no_price_and_nothing_of_the_payment_p105() {
    let town = traded();
    assert_eq!(town.lists("ship", &[]).len(), 2);
    let prices = ["JPY ", "\"JPY\"", "priceCurrency", "totalPaymentDue", "Mailorder-Amount"];
    let goods = ["シャツ", "SH-41", "煎茶", "TEA-200"];
    let said = ["paymentMethod", "sleeves", "neighbour", "ordered twice", "Return within 14 days"];
    for text in prices.iter().chain(&goods).chain(&said) {
        check_nowhere(&town.path("ship"), text);
        assert!(!holding(&town.path("shop/ledger"), text).is_empty(), "{text}");
    }
    // Where it goes, and whom to telephone, it must know.
    for text in ["千代田1-1-1", "100-0001", "+81-3-1234-5678"] {
        assert!(!holding(&town.path("ship/ledger"), text).is_empty(), "{text}");
    }
}

#[test]
fn who_collects_on_delivery_learns_the_sum_and_no_more_p105() {
    let town = Town::fresh();
    let (_, number) = town.bought("SH-41", 2, &["--pay", "cash-on-delivery"]);
    let instruction = town.letter("ship", "in", "delivery-instruction");
    assert!(instruction.contains("9100"), "{instruction}");
    for text in ["JPY 4300", "JPY 8600", "\"4300\"", "\"8600\"", "\"500\"", "シャツ"] {
        check_nowhere(&town.path("ship"), text);
    }
    town.check_stands("ship", &number, "open", [false; 3]);
}

#[test]
fn one_shop_learns_nothing_of_what_is_bought_elsewhere_p105() {
    let town = Town::fresh();
    let (_, number) = town.bought("SH-41", 1, &["--pay", "card"]);
    // Another buyer at the same shop, with the same agents.
    town.join("other", "佐藤 花子", &["buyer"], "\n[buyer]\ntelephone = \"+81-6-9876-5432\"\n");
    town.accept("other", "shop");
    let id = town.orders("other", "TEA-200", 1, &["--pay", "card"]);
    town.settle();
    town.does("other", &["confirm", &id]);
    town.settle();
    let others = town.number("other", &id);
    for (party, text) in [("buyer", others.as_str()), ("buyer", "佐藤"), ("other", number.as_str()), ("other", "小野")]
    {
        check_nowhere(&town.path(party), text);
    }
    // Nor is a stranger to a transaction told anything of it, though it is known where he asks (P53).
    let run = town.run("other", &["ask", &number]);
    assert_eq!(run.code, Some(65), "{run:?}");
    town.check_peace();
}

#[test]
fn what_the_procedure_shows_an_agent_it_sees_and_nothing_beside_it_p105() {
    let town = Town::fresh();
    let agents = town.agents_shown("pay", r#""items""#, "ship", r#""sum""#);
    town.procedures(&[&format!("steps = [\"terms\", \"confirmation\", \"delivery\", \"payment\"]\n{agents}")]);
    let listed = town.does("shop", &["shop", "procedure", "list"]).out;
    assert!(listed.contains("delivery (shows sum), payment (shows items)"), "{listed}");
    let json = town.does("shop", &["--json", "shop", "procedure", "list"]).json();
    assert_eq!(json["procedures"][0]["payment_shows"], serde_json::json!(["items"]));
    town.does("shop", &["shop", "procedure", "check"]);
    let (id, number) = town.bought("SH-41", 2, &["--pay", "card"]);
    // The bank has the goods by name, on its list as well, and neither their prices nor their way.
    let shown = town.does("pay", &["show", &number]).out;
    assert!(shown.contains("シャツ 白 41 ×2"), "{shown}");
    assert_eq!(town.lists("pay", &[])[0]["items"][0]["name"], "シャツ 白 41");
    assert!(!holding(&town.path("pay/ledger"), "SH-41").is_empty());
    for text in ["JPY 4300", "\"4300\"", "\"500\"", "Parcel delivery", "千代田", "100-0001"] {
        check_nowhere(&town.path("pay"), text);
    }
    // The carrier has the sum, and collects nothing; goods and single prices it has not.
    let shown = town.does("ship", &["show", &number]).out;
    assert!(shown.contains("sum") && shown.contains("9,100") && !shown.contains("collect"), "{shown}");
    for text in ["シャツ", "SH-41", "JPY 4300", "\"4300\"", "\"500\"", "totalPaymentDue", "paymentMethod"] {
        check_nowhere(&town.path("ship"), text);
    }
    town.check_stands("buyer", &id, "open", [false; 3]);
    town.check_peace();
}
