//! Keys over the years: renewed, learnt of by letters and files, revoked, replaced by the user's yes (F36, F37, B58).

use std::os::unix::fs::PermissionsExt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mailorder::clerk::{Clerk, ClerkError};
use mailorder::clock::system_time;
use mailorder::pgp::{Certificate, OwnKey, verify};
use mailorder::role::{Notice, buyer, payment};
use mailorder::rules::{Standing, State};
use mailorder::trade::{Address, Code, Kind, Letter, OrderId, PinnedBy, Role, Settlement, Verdict};
use mailorder::view::transaction::{Unsure, document};
use sequoia_openpgp::cert::prelude::*;
use sequoia_openpgp::parse::Parse as _;
use sequoia_openpgp::serialize::SerializeInto as _;
use sequoia_openpgp::types::ReasonForRevocation;
use sequoia_openpgp::{Cert, packet::UserID, packet::signature::SignatureBuilder, types::SignatureType};

mod renewed;

use crate::support::trade::{jpy, letter, payment_status};
use crate::support::world::{BANK, BUYER, COURIER, Mail, SHOP, World, sealed};

const ALL_STEPS: &str = r#"["authorize", "terms", "confirmation", "payment", "delivery"]"#;

/// Days a new key is valid.
const LIFE: i64 = 3 * 365;

fn pass_days(world: &World, days: i64) {
    world.pass_hours(24 * days);
}

/// A world that has traded once, and whose keys have all ended since.
fn lapsed() -> World {
    let mut world = World::new(ALL_STEPS);
    world.accept(SHOP, BUYER);
    world.order(BUYER, |_| {});
    world.settle();
    pass_days(&world, LIFE + 10);
    world
}

fn state(world: &mut World, id: &OrderId) -> State {
    Standing::of(&world.transaction(BUYER, Role::Buyer, id)).state
}

fn pins(world: &mut World, at: usize) -> usize {
    world.entries(at).iter().filter(|(_, kind)| kind == "pin").count()
}

/// Checks that the index of an account comes out the same when it is built again.
fn check_replay(world: &mut World, at: usize) {
    world.clerks[at].catch_up().unwrap();
    let grown = world.clerks[at].index().dump().unwrap();
    world.clerks[at].reindex().unwrap();
    assert_eq!(world.clerks[at].index().dump().unwrap(), grown);
}

/// Checks the signature of every letter in a ledger with the certificates that lie beside it; returns how many there are.
fn check_signatures(world: &mut World, at: usize) -> usize {
    let entries = world.entries(at).len();
    let (ledger, now) = (world.clerks[at].ledger(), system_time(&world.now()));
    let reread = |bytes: &[u8]| mailorder::mail::reread(bytes).map_err(|error| error.to_string());
    let mut checked = 0;
    for position in 0..u64::try_from(entries).unwrap() {
        let file = ledger.read(position).unwrap();
        let read = mailorder::ledger::form::parse(&file, &reread).unwrap();
        let (Some(letter), Some(seal)) = (read.entry.letter(), read.seal) else { continue };
        let certificate = ledger.certificate(&letter.from.fingerprint).unwrap().unwrap();
        let certificate = Certificate::from_bytes(&certificate).unwrap();
        let verified = verify::verify_detached(seal.signed, seal.signature, &certificate, now);
        assert!(verified.is_ok(), "entry {position}: {verified:?}");
        checked += 1;
    }
    checked
}

fn bytes(mails: Vec<Mail>) -> Vec<Vec<u8>> {
    mails.into_iter().map(|mail| mail.bytes).collect()
}

/// The library's view of a key, with its secrets.
fn library(key: &OwnKey) -> Cert {
    use secrecy::ExposeSecret as _;
    Cert::from_bytes(key.to_armored().expose_secret().as_bytes()).unwrap()
}

/// The mail without its Autocrypt header, or with another one.
fn reheaded(mail: &[u8], header: Option<(&str, &[u8])>) -> Vec<u8> {
    let text = String::from_utf8(mail.to_vec()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = Vec::new();
    let mut dropped = false;
    for line in head.split("\r\n") {
        dropped = line.starts_with("Autocrypt:") || (dropped && line.starts_with(' '));
        if !dropped {
            lines.push(line.to_owned());
        }
    }
    assert!(lines.len() < head.split("\r\n").count(), "there was a header");
    if let Some((address, certificate)) = header {
        lines.push(format!("Autocrypt: addr={address}; keydata=\r\n {}", STANDARD.encode(certificate)));
    }
    format!("{}\r\n\r\n{body}", lines.join("\r\n")).into_bytes()
}

fn revoked(key: &OwnKey, at: std::time::SystemTime) -> Cert {
    revoked_as(key, at, ReasonForRevocation::KeyRetired)
}

fn revoked_as(key: &OwnKey, at: std::time::SystemTime, reason: ReasonForRevocation) -> Cert {
    let cert = library(key);
    let mut primary = cert.primary_key().key().clone().parts_into_secret().unwrap().into_keypair().unwrap();
    let revocation = CertRevocationBuilder::new()
        .set_signature_creation_time(at)
        .unwrap()
        .set_reason_for_revocation(reason, b"")
        .unwrap()
        .build(&mut primary, &cert, None)
        .unwrap();
    cert.insert_packets(revocation).unwrap().0
}

#[test]
fn an_answer_waits_until_its_readers_key_can_be_used_f37() {
    // The shop waits for the answer as long as the test takes: seven years.
    let mut world = World::new(&format!("{ALL_STEPS}\nauthorize_within = 65535"));
    world.accept(SHOP, BUYER);
    let id = world.order(BUYER, |_| {});
    let order = bytes(world.send(BUYER));
    world.deliver(SHOP, &order);
    let request = bytes(world.send(SHOP).into_iter().filter(|mail| mail.to == BANK).collect());
    assert_eq!(request.len(), 1, "an authorization request");
    pass_days(&world, LIFE + 10);
    // The bank reads what was sealed to it before its key ended, and writes with it renewed.
    world.reopen(BANK);
    assert!(world.clerks[BANK].key_fault().is_some());
    let taken = world.deliver(BANK, &request);
    assert_eq!(taken.counts.get(&Verdict::Applied), Some(&1), "{taken:?}");
    assert_eq!(world.clerks[BANK].key_fault(), None);
    let shop = world.clerks[SHOP].me().fingerprint.clone();
    let waiting = world.clerks[BANK].index().unsealed().unwrap();
    assert_eq!((waiting.len(), &waiting[0].recipient), (1, &shop));
    assert!(waiting[0].reason.contains("expired"), "{waiting:?}");
    assert!(world.clerks[BANK].queue().list().unwrap().is_empty());
    let notes = world.clerks[BANK].take_notes();
    assert!(notes.iter().any(|note| note.contains("is not sent")), "{notes:?}");
    world.clerks[BANK].tend().unwrap();
    assert!(world.clerks[BANK].queue().list().unwrap().is_empty(), "still waiting");
    world.clerks[SHOP].tend().unwrap();
    world.clerks[COURIER].tend().unwrap();
    let (file, courier) = (world.certificate(SHOP), world.certificate(COURIER));
    assert!(world.clerks[SHOP].renew_known(&courier).unwrap(), "no terms name an agent nobody can write to");
    assert!(world.clerks[BANK].renew_known(&file).unwrap());
    world.clerks[BANK].tend().unwrap();
    assert!(world.clerks[BANK].index().unsealed().unwrap().is_empty());
    let answers = bytes(world.send(BANK));
    assert_eq!(answers.len(), 1);
    world.deliver(SHOP, &answers);
    let waiting = world.clerks[SHOP].index().unsealed().unwrap();
    let me = world.clerks[BUYER].me().fingerprint.clone();
    assert!(waiting.iter().any(|one| one.recipient == me), "the buyer's key has ended, too: {waiting:?}");
    world.clerks[BUYER].tend().unwrap();
    let file = world.certificate(BUYER);
    assert!(world.clerks[SHOP].renew_known(&file).unwrap());
    world.tend();
    world.settle();
    assert_eq!(state(&mut world, &id), State::Offered);
}

#[test]
fn a_header_changes_nothing_that_the_key_itself_did_not_sign_b53() {
    let mut world = World::new(ALL_STEPS);
    let mallory = world.join("mallory");
    let shop = world.clerks[SHOP].me().clone();
    let (key, forger) = (library(world.clerks[SHOP].key().unwrap()), library(world.clerks[mallory].key().unwrap()));
    let time = system_time(&world.now());
    let signer = |cert: &Cert| cert.primary_key().key().clone().parts_into_secret().unwrap().into_keypair().unwrap();
    let public = |cert: Cert| cert.strip_secret_key_material().to_vec().unwrap();
    let bind = |by: &Cert| {
        // The forger's own encryption subkey, said to be the shop's.
        let subkey = forger.keys().subkeys().last().unwrap().key().clone().parts_into_public();
        let binding = SignatureBuilder::new(SignatureType::SubkeyBinding)
            .set_signature_creation_time(time)
            .unwrap()
            .set_key_flags(sequoia_openpgp::types::KeyFlags::empty().set_transport_encryption())
            .unwrap()
            .sign_subkey_binding(&mut signer(by), key.primary_key().key(), &subkey)
            .unwrap();
        public(key.clone().insert_packets([sequoia_openpgp::Packet::from(subkey), binding.into()]).unwrap().0)
    };
    let id = UserID::from("<bank@bank.example>");
    let named = SignatureBuilder::new(SignatureType::PositiveCertification)
        .set_signature_creation_time(time)
        .unwrap()
        .sign_userid_binding(&mut signer(&key), key.primary_key().key(), &id)
        .unwrap();
    let widened = public(key.clone().insert_packets([sequoia_openpgp::Packet::from(id), named.into()]).unwrap().0);
    let revoked_by_mallory = {
        let revocation = CertRevocationBuilder::new()
            .set_signature_creation_time(time)
            .unwrap()
            .build(&mut signer(&forger), &key, None)
            .unwrap();
        public(key.clone().insert_packets(revocation).unwrap().0)
    };
    let headers = [bind(&forger), widened, revoked_by_mallory, public(forger.clone()), b"no key".to_vec()];
    let before = world.certificate(SHOP);
    let foreign = forger.keys().subkeys().last().unwrap().key().fingerprint().to_hex();
    let known = pins(&mut world, BUYER);
    let offered = |world: &mut World, header: &[u8]| {
        world.order(BUYER, |_| {});
        let mut told = 0;
        for _ in 0..6 {
            for at in [BUYER, SHOP, BANK] {
                for mail in world.send(at) {
                    if mail.to != BUYER {
                        world.deliver(mail.to, &[mail.bytes]);
                        continue;
                    }
                    let mail = reheaded(&mail.bytes, Some((shop.address.as_str(), header)));
                    let taken = world.deliver(BUYER, &[mail]);
                    assert_eq!(taken.counts.get(&Verdict::Applied), Some(&1), "{taken:?}");
                    told += 1;
                }
            }
        }
        assert!(told > 0, "the shop's terms came");
    };
    for (at, header) in headers.iter().enumerate() {
        offered(&mut world, header);
        assert_eq!(pins(&mut world, BUYER), known, "header {at}");
        let now = world.clerks[BUYER].find_certificate(shop.fingerprint.as_str()).unwrap().unwrap();
        let names = |one: &Certificate| (one.signing_handles(), one.addresses(), one.has_key(&foreign));
        assert_eq!(names(&now), names(&before), "header {at}");
        assert_eq!(now.usable(system_time(&world.now())), Ok(()), "header {at}");
    }
    // The same subkey bound by the shop itself is news.
    offered(&mut world, &bind(&key));
    assert_eq!(pins(&mut world, BUYER), known + 1);
    let now = world.clerks[BUYER].find_certificate(shop.fingerprint.as_str()).unwrap().unwrap();
    assert!(now.has_key(&foreign) && !before.has_key(&foreign));
    assert_eq!(now.signing_handles(), before.signing_handles(), "it is none to sign with");
    check_replay(&mut world, BUYER);
}

#[test]
fn a_key_that_is_signed_anew_in_each_letter_does_not_grow_for_good_b58() {
    let mut world = World::new(ALL_STEPS);
    let me = world.clerks[BUYER].me().clone();
    let print = me.fingerprint.to_string();
    world.order(BUYER, |_| {});
    let first = bytes(world.send(BUYER));
    world.deliver(SHOP, &first);
    let known = pins(&mut world, SHOP);
    let begun = world.now();
    let mut key = OwnKey::from_bytes(&std::fs::read(world.folder(BUYER).join("keys/own.asc")).unwrap()).unwrap();
    let order_with = |world: &mut World, header: &[u8]| {
        world.order(BUYER, |_| {});
        let mails = bytes(world.send(BUYER));
        assert!(!mails.is_empty());
        for mail in mails {
            world.deliver(SHOP, &[reheaded(&mail, Some((me.address.as_str(), header)))]);
        }
    };
    for letter in 0..36 {
        world.pass_hours(i64::from(letter < 30));
        let now = system_time(&world.now()) + std::time::Duration::from_secs(letter);
        key = key.renew(now).unwrap();
        order_with(&mut world, &key.certificate().to_minimal_binary(&me.address, now).unwrap());
    }
    let entered = pins(&mut world, SHOP) - known;
    let days = (world.now().instant().as_second() - begun.instant().as_second()) / 86_400 + 2;
    assert!(entered >= 4 && entered <= usize::try_from(4 * days).unwrap(), "{entered} merges in {days} days");
    world.clerks[SHOP].catch_up().unwrap();
    let copies = world.clerks[SHOP].index().certificates(std::slice::from_ref(&print)).unwrap();
    assert_eq!(copies.len(), 1, "one certificate for each key");
    assert!(copies[0].len() < 24 * 1024, "{} characters", copies[0].len());
    // Every letter that is in the ledger verifies with what lies beside it, the first one too.
    assert!(check_signatures(&mut world, SHOP) > 36);
    // However much was heard today, a revocation counts at once.
    let now = system_time(&world.now());
    order_with(&mut world, &revoked(&key, now).strip_secret_key_material().to_vec().unwrap());
    let known = world.clerks[SHOP].find_certificate(&print).unwrap().unwrap();
    assert!(known.usable(now).unwrap_err().to_string().contains("revoked"));
    check_replay(&mut world, SHOP);
}

#[test]
fn a_revocation_counts_from_the_letter_that_brings_it() {
    let mut world = World::new(ALL_STEPS);
    world.order(BUYER, |_| {});
    let order = bytes(world.send(BUYER));
    world.deliver(SHOP, &order);
    let certificate = revoked(world.clerks[BUYER].key().unwrap(), system_time(&world.now()));
    let certificate = certificate.strip_secret_key_material().to_vec().unwrap();
    world.order(BUYER, |_| {});
    world.order(BUYER, |_| {});
    let orders = bytes(world.send(BUYER));
    let address = world.clerks[BUYER].me().address.to_string();
    world.pass_hours(1);
    world.deliver(SHOP, &[reheaded(&orders[0], Some((&address, &certificate)))]);
    world.deliver(SHOP, &orders[1..]);
    let aside = world.clerks[SHOP].set_aside().unwrap();
    assert_eq!((aside.len(), aside[0].reason.code.as_str()), (1, "signer-revoked"));
    // An older copy of the certificate does not take it back.
    let old = world.certificate(BUYER);
    assert!(!world.clerks[SHOP].renew_known(&old).unwrap());
    let known = world.clerks[SHOP].find_certificate(old.fingerprint().as_str()).unwrap().unwrap();
    assert!(known.usable(system_time(&world.now())).is_err());
    let address = Address::parse(&address).unwrap();
    let refused = world.clerks[SHOP].accept(&old, &address, false);
    assert!(matches!(refused, Err(ClerkError::Refused(_))), "{refused:?}");
    check_replay(&mut world, SHOP);
}

#[test]
fn letters_of_a_key_that_is_revoked_as_compromised_are_marked_and_stay_applied_b37() {
    let mut world = World::new(ALL_STEPS);
    let id = world.order(BUYER, |_| {});
    world.settle();
    let before = world.transaction(SHOP, Role::Shop, &id);
    let mut marked = Vec::new();
    for reason in [ReasonForRevocation::KeyRetired, ReasonForRevocation::KeyCompromised] {
        world.pass_hours(1);
        let now = world.now();
        let revoked = revoked_as(world.clerks[BUYER].key().unwrap(), system_time(&now), reason);
        let revoked = revoked.strip_secret_key_material().to_vec().unwrap();
        assert!(world.clerks[SHOP].renew_known(&Certificate::from_bytes(&revoked).unwrap()).unwrap());
        let clerk = &world.clerks[SHOP];
        let known = clerk.index().load_key(&before.key).unwrap().unwrap();
        assert_eq!(known.kept, before.kept, "nothing is judged anew");
        let unsure = Unsure::of(clerk, &known, &now).unwrap();
        let shown = document(&known, &Standing::of(&known), &now, &unsure);
        let letters = shown["letters"].as_array().unwrap();
        let of_buyer =
            letters.iter().filter(|letter| letter["direction"] == "in" && letter["peer"] == "buyer@buyer.example");
        assert_eq!(of_buyer.clone().count(), 1);
        marked.push(of_buyer.filter(|letter| letter["signer_compromised"] == true).count());
        assert_eq!(
            letters.iter().filter(|letter| letter["signer_compromised"] == true).count(),
            marked[marked.len() - 1]
        );
        let warnings = clerk.standing_warnings().unwrap();
        let told = warnings.iter().filter(|one| one.code == Code::SignerCompromised);
        assert_eq!(told.clone().count(), marked[marked.len() - 1], "{warnings:?}");
        for one in told {
            assert!(one.text.starts_with("letters of buyer@buyer.example that count (1) "), "{}", one.text);
            assert_eq!((one.since.seconds_since(&now), one.settled), (0, None));
        }
    }
    assert_eq!(marked, [0, 1], "a key that was retired signed well before");
    let warning = |world: &World| {
        let warnings = world.clerks[SHOP].standing_warnings().unwrap();
        warnings.into_iter().find(|one| one.code == Code::SignerCompromised).unwrap()
    };
    let id = warning(&world).id;
    world.clerks[SHOP].settle_computed(&id, Settlement::Ack, None).unwrap();
    assert_eq!(warning(&world).settled, Some(Settlement::Ack));
    check_replay(&mut world, SHOP);
}

#[test]
fn with_a_revoked_own_key_nothing_is_written_and_everything_read_f36() {
    let mut world = World::new(ALL_STEPS);
    let id = world.order(BUYER, |_| {});
    world.settle();
    let revoked = revoked(world.clerks[BUYER].key().unwrap(), system_time(&world.now()));
    let own = world.folder(BUYER).join("keys/own.asc");
    std::fs::write(&own, revoked.as_tsk().armored().to_vec().unwrap()).unwrap();
    world.pass_hours(1);
    let number = world.transaction(SHOP, Role::Shop, &id).number.unwrap();
    world.reopen(BUYER);
    let key = world.key(Role::Buyer, &id);
    let confirmed = world.clerks[BUYER].command(&key, |known, desk| Ok(vec![buyer::confirm(known, desk)?.into()]));
    assert!(matches!(confirmed, Err(ClerkError::OwnKey(_))), "{confirmed:?}");
    assert!(confirmed.unwrap_err().to_string().contains("your own key is revoked"));
    // The shop does not know yet.
    let (shop, me) = (world.clerks[SHOP].me().clone(), world.clerks[BUYER].me().clone());
    let status = crate::support::trade::order_status(Vec::new());
    let terms = world.transaction(BUYER, Role::Buyer, &id).terms().unwrap().0.content;
    let told = Letter {
        date: world.now(),
        shop: Some(shop.address.clone()),
        transaction: Some(number),
        terms: Some(terms),
        seq: Some(2),
        as_of: Some(world.now()),
        done: Some(false),
        ..letter(&shop, &me, status)
    };
    let signer = world.clerks[SHOP].key().unwrap();
    let reader = world.clerks[SHOP].ledger().certificate(&me.fingerprint).unwrap().unwrap();
    let mail = sealed(&told, signer, &Certificate::from_bytes(&reader).unwrap(), &world.now());
    let before = world.entries(BUYER).len();
    let taken = world.deliver(BUYER, &[mail]);
    assert_eq!(taken.counts.get(&Verdict::Applied), Some(&1), "{taken:?}");
    world.clerks[BUYER].tend().unwrap();
    assert_eq!(world.entries(BUYER).len(), before + 1, "the letter alone: no receipt is written");
    assert!(world.clerks[BUYER].queue().list().unwrap().is_empty());
    assert_eq!(world.clerks[BUYER].index().list(&mailorder::index::Filter::default()).unwrap().len(), 1);
}

#[test]
fn a_pinned_key_is_replaced_by_the_users_yes_and_running_transactions_keep_theirs() {
    let mut world = World::new(ALL_STEPS);
    let id = world.accepted_order();
    world.accept(BUYER, BANK);
    let bank = world.clerks[BANK].me().clone();
    let new = OwnKey::generate("bank", &bank.address, system_time(&world.now())).unwrap();
    let known = world.transaction(BUYER, Role::Buyer, &id);
    let status = |world: &World, key: &OwnKey, seq: u32| {
        let from = mailorder::trade::Party { fingerprint: key.fingerprint().clone(), ..bank.clone() };
        let status = Letter {
            date: world.now(),
            shop: Some(world.clerks[SHOP].me().address.clone()),
            transaction: known.number.clone(),
            terms: Some(known.terms().unwrap().0.content),
            seq: Some(seq),
            as_of: Some(world.now()),
            done: Some(false),
            ..letter(&from, world.clerks[BUYER].me(), payment_status(jpy(4800), Vec::new()))
        };
        sealed(&status, key, &world.certificate(BUYER), &world.now())
    };
    let mail = status(&world, &new, 1);
    world.deliver(BUYER, &[mail]);
    let aside = world.clerks[BUYER].set_aside().unwrap();
    assert_eq!((aside.len(), aside[0].reason.code.as_str()), (1, "unknown-signer"));
    world.clerks[BUYER].remember(new.certificate().to_armored().as_ref()).unwrap();
    let found = world.clerks[BUYER].certificate_to_accept(bank.address.as_str()).unwrap().unwrap();
    assert_eq!(found.fingerprint(), new.fingerprint());
    let refused = world.clerks[BUYER].accept(&found, &bank.address, false).unwrap_err().to_string();
    assert!(refused.contains(bank.fingerprint.as_str()) && refused.contains("--replace"), "{refused}");
    world.clerks[BUYER].accept(&found, &bank.address, true).unwrap();
    assert_eq!(world.clerks[BUYER].pinned_key(&bank.address).unwrap().as_ref(), Some(new.fingerprint()));
    // What was set aside is read now; but the terms name the old key.
    let taken = world.deliver(BUYER, &[]);
    assert_eq!(taken.counts.get(&Verdict::Warned), Some(&1), "{taken:?}");
    assert_eq!(taken.news[0].findings[0].code, Code::WrongKey);
    let bank_key = world.clerks[BANK].index().load_all(Some(Role::Payment)).unwrap()[0].key.clone();
    let paid = Notice { done: Some(world.now()), ..Notice::default() };
    world.decide(BANK, &bank_key, |known, desk| payment::notify(known, &paid, desk));
    world.settle();
    let last = world.transaction(BUYER, Role::Buyer, &id);
    let last = last.received(Kind::PaymentStatus).last().unwrap().clone();
    assert_eq!((last.letter.from.clone(), last.letter.done), (bank.clone(), Some(true)), "the old one still speaks");
    // Terms that name the old key now are a warning.
    let next = world.order(BUYER, |_| {});
    world.settle();
    assert!(world.transaction(BUYER, Role::Buyer, &next).terms().is_none());
    let warnings = world.clerks[BUYER].index().warnings(true).unwrap();
    assert!(warnings.iter().any(|warning| warning.code == Code::KeyChanged), "{warnings:?}");
    check_replay(&mut world, BUYER);
}

#[test]
fn a_certificate_handed_over_by_a_shop_takes_nothing_from_the_one_pinned() {
    // Design 4: it never replaces or founds a pin; a revocation that is known stays known.
    let mut world = World::new(ALL_STEPS);
    world.accept(BUYER, BANK);
    let bank = world.clerks[BANK].me().clone();
    let gone = revoked(world.clerks[BANK].key().unwrap(), system_time(&world.now()));
    let gone = Certificate::from_bytes(&gone.strip_secret_key_material().to_vec().unwrap()).unwrap();
    world.pass_hours(1);
    assert!(world.clerks[BUYER].renew_known(&gone).unwrap());
    let id = world.order(BUYER, |_| {});
    world.settle();
    // The shop's terms bring the bank's certificate as it was before.
    assert_eq!(state(&mut world, &id), State::Offered);
    let known = world.clerks[BUYER].find_certificate(bank.fingerprint.as_str()).unwrap().unwrap();
    assert!(known.usable(system_time(&world.now())).is_err());
    let pin = world.clerks[BUYER].index().pin_of(&bank.address).unwrap().unwrap();
    assert_eq!((pin.fingerprint, pin.by), (bank.fingerprint, PinnedBy::User));
    let courier = world.clerks[COURIER].me().address.clone();
    assert_eq!(world.clerks[BUYER].index().pin_of(&courier).unwrap(), None);
    check_replay(&mut world, BUYER);
}

#[test]
fn what_shops_name_is_kept_and_held_against_each_other() {
    let mut world = World::new(ALL_STEPS);
    let id = world.order(BUYER, |_| {});
    world.settle();
    assert_eq!(state(&mut world, &id), State::Offered);
    let (bank, shop) = (world.clerks[BANK].me().clone(), world.clerks[SHOP].me().address.clone());
    let named = world.clerks[BUYER].index().named(&bank.address).unwrap();
    assert_eq!(named.into_iter().collect::<Vec<_>>(), [(shop, bank.fingerprint)]);
    assert!(world.clerks[BUYER].index().named(&Address::parse("no@body.example").unwrap()).unwrap().is_empty());
    check_replay(&mut world, BUYER);
}
