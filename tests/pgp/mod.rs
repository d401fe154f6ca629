//! Seals, with real keys: what is taken, what is set aside and why, and that gpg 2.2 agrees.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "helpers of tests may fail as loudly as tests"
)]

mod bombs;
mod damage;
mod identity;
mod keys;
mod layers;
/// With gpg.
mod real;
mod renewal;
mod shape;

use std::io::Write as _;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use mailorder::pgp::{self, Certificate, Opened, OwnKey, SetAside, autocrypt, mime};
use mailorder::trade::{Address, MessageId};
use sequoia_openpgp::armor::{Kind, Writer};
use sequoia_openpgp::serialize::stream::{Encryptor, LiteralWriter, Message, Signer};
use sequoia_openpgp::{Cert, Packet, Profile, cert::prelude::*, crypto::KeyPair, parse::Parse, policy::StandardPolicy};
use sequoia_openpgp::{packet::UserID, serialize::Serialize as _, types::Features};

/// A letter as it is signed.
const LETTER: &[u8] = b"Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n\r\nJPY 4800\r\n--x--\r\n";

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The present of these tests: 2026-11-22 10:00 UTC, one day after the keys were made.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_341_600)
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// The people of these tests; each key is made once.
struct People {
    buyer: [OwnKey; 1],
    shop: OwnKey,
    stranger: OwnKey,
}

static PEOPLE: LazyLock<People> = LazyLock::new(|| {
    let make = |name, mail| OwnKey::generate(name, &address(mail), now() - DAY).unwrap();
    People {
        buyer: [make("Ono Kenji", "t-yoshi@buyer.example")],
        shop: make("Example Shirts", "shop@example.com"),
        stranger: make("", "stranger@example.net"),
    }
});

impl People {
    fn get() -> &'static Self {
        &PEOPLE
    }

    fn buyer(&self) -> &OwnKey {
        &self.buyer[0]
    }
}

/// Opens a mail as the buyer, who has pinned the certificates given.
fn open_with(mail: &[u8], pinned: &[&Certificate]) -> Result<Opened, SetAside> {
    let find = |handles: &[String]| {
        pinned.iter().filter(|c| handles.iter().any(|h| c.has_key(h))).map(|c| (*c).clone()).collect()
    };
    pgp::open(mail, &People::get().buyer, &find, now())
}

/// Opens a mail as the buyer, who has pinned the shop.
fn open(mail: &[u8]) -> Result<Opened, SetAside> {
    open_with(mail, &[People::get().shop.certificate()])
}

/// The code of the outcome: `opened`, or why not.
fn code(outcome: &Result<Opened, SetAside>) -> &'static str {
    outcome.as_ref().map_or_else(SetAside::code, |_| "opened")
}

/// Wraps an armored message as the shop's mail.
fn wrap(armored: &[u8]) -> Vec<u8> {
    wrap_from("shop@example.com", None, armored)
}

fn wrap_from(from: &str, header: Option<&autocrypt::Header>, armored: &[u8]) -> Vec<u8> {
    let headers = mime::OuterHeaders {
        from: &address(from),
        to: &address("t-yoshi@buyer.example"),
        date: "Sun, 22 Nov 2026 19:00:00 +0900",
        message_id: &MessageId::parse("k5qw3zb7@mailorder.invalid").unwrap(),
        subject: "[...]",
        auto_submitted: Some("auto-generated"),
        autocrypt: header,
    };
    mime::wrap(&headers, "0f1e2d3c4b5a6978", armored).unwrap()
}

/// Seals a letter by `key` to the buyer, as the program does it.
fn letter_by(key: &OwnKey, bytes: &[u8]) -> Vec<u8> {
    let buyer = People::get().buyer();
    let signature = pgp::sign(key, bytes, buyer.fingerprint(), now()).unwrap();
    pgp::seal(bytes, &signature, key.certificate(), buyer.certificate(), now()).unwrap()
}

fn armor(binary: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), Kind::Message).unwrap();
    writer.write_all(binary).unwrap();
    writer.finalize().unwrap()
}

/// A mail around binary packets that were encrypted to the buyer by hand.
fn mail_of(binary: &[u8]) -> Vec<u8> {
    wrap(&armor(binary))
}

/// The library's view of a key of ours.
fn cert(key: &OwnKey) -> Cert {
    use secrecy::ExposeSecret as _;
    Cert::from_bytes(key.to_armored().expose_secret().as_bytes()).unwrap()
}

fn signer_of(cert: &Cert, at: SystemTime) -> KeyPair {
    let policy = StandardPolicy::at(at);
    let keys = cert.keys().with_policy(&policy, at).for_signing().secret();
    keys.last().unwrap().key().clone().into_keypair().unwrap()
}

/// Encrypts what `inside` writes to the buyer's key, with the library alone.
fn encrypt(inside: impl FnOnce(&mut Message<'_>)) -> Vec<u8> {
    encrypt_to(&[&cert(People::get().buyer())], inside)
}

fn encrypt_to(certs: &[&Cert], inside: impl FnOnce(&mut Message<'_>)) -> Vec<u8> {
    let policy = StandardPolicy::at(now());
    let mut sink = Vec::new();
    let keys = certs.iter().flat_map(|c| c.keys().with_policy(&policy, now()).for_transport_encryption());
    let mut message = Encryptor::for_recipients(Message::new(&mut sink), keys).build().unwrap();
    inside(&mut message);
    message.finalize().unwrap();
    sink
}

/// Signs in the library's own way: one-pass signature, literal, signature, as packets in binary.
fn signed(bytes: &[u8], key: &Cert, at: SystemTime, intended: &[&Cert]) -> Vec<u8> {
    let mut sink = Vec::new();
    let mut signer = Signer::new(Message::new(&mut sink), signer_of(key, at)).unwrap().creation_time(at);
    for recipient in intended {
        signer = signer.add_intended_recipient(recipient);
    }
    let mut literal = LiteralWriter::new(signer.build().unwrap()).build().unwrap();
    literal.write_all(bytes).unwrap();
    literal.finalize().unwrap();
    sink
}

fn serialized(packets: impl IntoIterator<Item = Packet>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for packet in packets {
        packet.serialize(&mut bytes).unwrap();
    }
    bytes
}

/// A key builder like the program's own, to be varied.
fn builder(mail: &str) -> CertBuilder<'static> {
    CertBuilder::new()
        .set_profile(Profile::RFC4880)
        .unwrap()
        .set_cipher_suite(CipherSuite::Cv25519)
        .set_features(Features::empty().set_seipdv1())
        .unwrap()
        .set_creation_time(now() - 2 * DAY)
        .add_userid(UserID::from(format!("<{mail}>")))
}

fn public(cert: &Cert) -> Certificate {
    let mut bytes = Vec::new();
    cert.serialize(&mut bytes).unwrap();
    Certificate::from_bytes(&bytes).unwrap()
}
