//! Keys as a person handles them: replaced, revoked, allowed to collect.

use std::fs;

use mailorder::clock::{Clock, system_time};
use mailorder::pgp::OwnKey;
use mailorder::trade::Address;
use secrecy::ExposeSecret as _;
use sequoia_openpgp::Cert;
use sequoia_openpgp::cert::CertRevocationBuilder;
use sequoia_openpgp::parse::Parse as _;
use sequoia_openpgp::serialize::SerializeInto as _;
use sequoia_openpgp::types::ReasonForRevocation;

use super::warnings;
use crate::support::program::{Town, letters};

#[test]
fn a_key_is_replaced_by_a_yes_that_sees_both_fingerprints() {
    let town = Town::played();
    let (running, number) = town.confirmed();
    let pay = |file: &str| town.path("").join(file).to_str().unwrap().to_owned();
    town.does("buyer", &["key", "import", &pay("pay/cert.asc")]);
    town.does("buyer", &["key", "accept", "pay@demo.test", "--yes"]);
    let now = system_time(&Clock::system().now());
    let new = OwnKey::generate("Pay", &Address::parse("pay@demo.test").unwrap(), now).unwrap();
    fs::write(pay("new.asc"), new.certificate().to_armored()).unwrap();
    let old = Cert::from_bytes(&fs::read(pay("pay/cert.asc")).unwrap()).unwrap().fingerprint().to_hex();
    // Imported, it says nothing yet.
    town.does("buyer", &["key", "import", &pay("new.asc")]);
    let entries = town.entries("buyer").len();
    for flags in [&["--yes"][..], &["--replace", "--no-input"]] {
        let run = town.run("buyer", &[&["key", "accept", "pay@demo.test"], flags].concat());
        let code = if flags.len() == 1 { 65 } else { 2 };
        assert_eq!(run.code, Some(code), "{run:?}");
        let said: String = run.err.split_whitespace().collect();
        assert!(said.contains(&old), "the key so far is shown: {run:?}");
    }
    assert_eq!(town.entries("buyer").len(), entries);
    let run = town.does("buyer", &["key", "accept", "pay@demo.test", "--yes", "--replace"]);
    let said: String = run.err.split_whitespace().collect();
    assert!(said.contains(&old) && run.err.contains("running transactions"), "{run:?}");
    let keys = town.does("buyer", &["key", "list", "--json"]).json();
    let accepted: Vec<_> = keys["keys"].as_array().unwrap().iter().filter(|key| key["accepted"] == true).collect();
    let pinned = accepted.iter().find(|key| key["address"] == "pay@demo.test").unwrap();
    assert_eq!(pinned["fingerprint"], new.fingerprint().as_str());
    // A transaction whose terms name the old key goes on with it.
    let before = letters(&town.show("buyer", &running), "in", "payment-status").len();
    let known = warnings(&town).len();
    town.does("pay", &["pay", "notify", &number, "--planned", "2030-01-04"]);
    town.settle();
    let statuses = town.show("buyer", &running);
    let statuses = letters(&statuses, "in", "payment-status");
    assert_eq!(statuses.len(), before + 1);
    assert_eq!(statuses.last().unwrap()["verdict"], "applied");
    assert_eq!(warnings(&town).len(), known);
}

#[test]
fn a_revoked_own_key_writes_nothing_and_reads_on_f36() {
    let town = Town::played();
    let own = town.path("buyer/keys/own.asc");
    let key = OwnKey::from_bytes(&fs::read(&own).unwrap()).unwrap();
    let cert = Cert::from_bytes(key.to_armored().expose_secret().as_bytes()).unwrap();
    let mut primary = cert.primary_key().key().clone().parts_into_secret().unwrap().into_keypair().unwrap();
    let revocation = CertRevocationBuilder::new()
        .set_reason_for_revocation(ReasonForRevocation::KeyRetired, b"")
        .unwrap()
        .build(&mut primary, &cert, None)
        .unwrap();
    let revoked = cert.insert_packets(revocation).unwrap().0;
    let open = town.in_state("open");
    let (id, number) = (open["id"].as_str().unwrap(), open["number"].as_str().unwrap());
    town.does("ship", &["ship", "notify", number, "--planned", "2030-01-03"]);
    fs::write(&own, revoked.as_tsk().armored().to_vec().unwrap()).unwrap();
    let order = ["order", "--shop", "shop@demo.test", "--item", "SH-41;x;JPY 4300;1", "--pay", "invoice"];
    for args in [&order[..], &["ask", id], &["sync"], &["ledger", "checkpoint"]] {
        let run = town.run("buyer", args);
        assert_eq!(run.code, Some(78), "{args:?}: {run:?}");
        assert!(run.err.contains("your own key is revoked"), "{args:?}: {run:?}");
    }
    // What came was read.
    let delivery = town.show("buyer", id);
    let delivery = delivery["legs"].as_array().unwrap().iter().find(|leg| leg["leg"] == "delivery").unwrap().clone();
    assert_eq!(delivery["date"], "2030-01-03");
    for args in [&["list"][..], &["warnings"], &["status"], &["key", "list"], &["key", "export"], &["audit", "verify"]]
    {
        assert_eq!(town.run("buyer", args).code, Some(0), "{args:?}");
    }
    assert!(town.does("buyer", &["key", "list"]).out.contains("own, revoked"));
    // A mail server is not told to keep what is here.
    town.does("ship", &["ship", "notify", number, "--planned", "2030-01-05"]);
    let [mail] = &town.post("buyer")[..] else { panic!("one mail") };
    let run = town.fed("buyer", &["receive"], &fs::read(mail).unwrap());
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn the_buyer_decides_whom_he_pays_b75() {
    let town = Town::played();
    let config = town.path("buyer/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n[trust]\npayment_agents = [\"other@demo.test\"]\n")).unwrap();
    let known = warnings(&town).len();
    let id = town.order();
    town.settle();
    assert_eq!(town.show("buyer", &id)["state"], "ordered", "the terms are not taken");
    let new = warnings(&town);
    assert_eq!(new.len(), known + 1);
    assert_eq!((&new[0]["finding"], &new[0]["from"]), (&"below-trust".into(), &"shop@demo.test".into()));
    assert_eq!(town.run("buyer", &["confirm", &id]).code, Some(65));
    // A person may take these terms all the same.
    let warning = new[0]["id"].as_str().unwrap().to_owned();
    town.does("buyer", &["warnings", "accept", &warning, "--reason", "asked the shop"]);
    town.does("buyer", &["confirm", &id]);
    town.settle();
    let number = town.show("buyer", &id)["number"].as_str().unwrap().to_owned();
    town.does("pay", &["pay", "notify", &number, "--planned", "2030-01-04"]);
    town.settle();
    assert_eq!(warnings(&town).len(), known);
    assert_eq!(letters(&town.show("buyer", &id), "in", "payment-status").last().unwrap()["verdict"], "applied");
}
