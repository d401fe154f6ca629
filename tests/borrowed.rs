//! Mails in which one passes for another, after the PGP/MIME files of "Johnny, You Are Fired" (RUB-NDS/Johnny-You-Are-Fired,
//! 03-mime and 04-id), made anew with keys that the buyer knows: none of them counts as another's word (B45).

use mailorder::clerk::TakenIn;
use mailorder::clock::system_time;
use mailorder::mail::{self, Language, Texts};
use mailorder::pgp;
use mailorder::trade::{Direction, Kept, Letter, MessageId, OrderId, Role, Verdict};

use crate::support::trade::{all_goods, letter, order_status, planned, shipment};
use crate::support::world::{BANK, BUYER, SHOP, World, sealed};

const STEPS: &str = r#"["terms", "confirmation", "payment", "delivery"]"#;

/// Who is passed for: the shop, whose certificate the buyer accepted.
const SENDER: &str = "shop@shop.example";
/// Who signs: the payment agent, whose certificate he accepted as well.
const SIGNER: &str = "bank@bank.example";

/// Files of 03-mime, and the mail around what somebody signed: `{part}` stands for that.
const MIME: [(&str, &str); 4] = [
    (
        "m1-pgp-mime",
        "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: text/plain\r\n\r\nAll is cancelled.\r\n\r\n--o\r\n{part}\r\n--o--\r\n",
    ),
    (
        "m2-pgp-mime",
        "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: text/html\r\n\r\n<p>All is cancelled.</p><div \
         style=\"display:none\"><plaintext>\r\n--o\r\n{part}\r\n--o--\r\n",
    ),
    (
        "m3-pgp-mime",
        "Content-Type: multipart/related; boundary=o\r\n\r\n--o\r\nContent-Type: text/html\r\n\r\n<p>All is cancelled.</p><img \
         src=\"cid:p\"><embed src=\"cid:p\">\r\n--o\r\nContent-ID: <p>\r\n{part}\r\n--o--\r\n",
    ),
    (
        "m4-pgp-mime",
        "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: text/plain\r\n\r\nAll is cancelled.\r\n\r\n--o\r\n\
         Content-Disposition: attachment; filename=signature.asc\r\n{part}\r\n--o--\r\n",
    ),
];

/// Files of 04-id, and the fields of their headers.
const ID: [(&str, &str); 15] = [
    ("i1-from-unequals-signer-pgp-mime", "From: {sender}\r\n"),
    ("i2-from-contains-signer-pgp-mime", "From: The Shop <{signer}>\r\nReply-To: {sender}\r\n"),
    ("i2-from-is-empty-pgp-mime", "From: \r\nReply-To: {sender}\r\n"),
    ("i2-from-is-nonexistent-pgp-mime", "Reply-To: {sender}\r\n"),
    ("i2-from-is-only-a-name-pgp-mime", "From: The Shop\r\nReply-To: The Shop <{sender}>\r\n"),
    ("i2-from-is-sender-signer-a-pgp-mime", "From: {sender} <{signer}>\r\nReply-To: {sender}\r\n"),
    ("i2-from-is-sender-signer-b-pgp-mime", "From: {sender}                 . <{signer}>\r\nReply-To: {sender}\r\n"),
    ("i2-from-is-signer-sender-a-pgp-mime", "From: {signer} <{sender}>\r\nReply-To: {sender}\r\n"),
    ("i2-from-is-signer-sender-b-pgp-mime", "From: {signer}                 . <{sender}>\r\nReply-To: {sender}\r\n"),
    (
        "i3-from-is-sender-sender-signer-pgp-mime",
        "From: The Shop <{signer}>, The Shop <{sender}>\r\nReply-To: {sender}\r\n",
    ),
    (
        "i3-from-is-sender-signer-sender-pgp-mime",
        "From: The Shop <{sender}>, The Shop <{signer}>\r\nReply-To: {sender}\r\n",
    ),
    (
        "i3-from-sender-others-signer-pgp-mime",
        "From: {sender}\r\nReturn-Path: <{signer}>\r\nSender: {signer}\r\nReply-To: {signer}\r\n",
    ),
    (
        "i3-from-signer-others-sender-pgp-mime",
        "From: {signer}\r\nReturn-Path: <{sender}>\r\nSender: {sender}\r\nReply-To: {sender}\r\n",
    ),
    ("i3-from1-sender-from2-signer-pgp-mime", "From: {sender}\r\nFrom: {signer}\r\nReply-To: {sender}\r\n"),
    ("i3-from1-signer-from2-sender-pgp-mime", "From: {signer}\r\nFrom: {sender}\r\nReply-To: {sender}\r\n"),
];

/// Says for when the shop plans to ship, in a letter from `from`; `seq` is its number.
fn plans(world: &mut World, id: &OrderId, from: usize, seq: u32) -> Letter {
    let known = world.transaction(BUYER, Role::Buyer, id);
    let (from, to) = (world.clerks[from].me().clone(), world.clerks[BUYER].me().clone());
    Letter {
        date: world.now(),
        shop: Some(known.key.shop.clone()),
        transaction: known.number.clone(),
        terms: known.terms().map(|(terms, _)| terms.content),
        seq: Some(seq),
        as_of: Some(world.now()),
        done: Some(false),
        id: MessageId::parse(&format!("{seq}@mailorder.invalid")).unwrap(),
        ..letter(&from, &to, order_status(vec![shipment("1", all_goods(), planned("2026-08-29"))]))
    }
}

/// Returns a letter as one part of a mail: signed by `by` and not encrypted, or signed and encrypted as letters are.
fn parts(world: &World, said: &Letter, by: usize) -> [String; 2] {
    let key = world.clerks[by].key().unwrap();
    let texts = Texts::load(Language::En, None).unwrap();
    let signed = mail::write(said, &texts).unwrap();
    let reader = world.certificate(BUYER);
    let signature = pgp::sign(key, &signed, reader.fingerprint(), system_time(&world.now())).unwrap();
    let plain = format!(
        "Content-Type: multipart/signed; micalg=pgp-sha512; protocol=\"application/pgp-signature\"; boundary=s\r\n\r\n--s\r\n{}\r\n\
         --s\r\nContent-Type: application/pgp-signature\r\n\r\n{}\r\n--s--\r\n",
        String::from_utf8(signed).unwrap(),
        signature.armored()
    );
    let whole = String::from_utf8(sealed(said, key, &reader, &world.now())).unwrap();
    let at = whole.find("Content-Type: multipart/encrypted").unwrap();
    [plain, whole[at..].to_owned()]
}

/// Returns a mail with these fields in its header.
fn with_header(fields: &str, rest: &str) -> Vec<u8> {
    let fields = fields.replace("{sender}", SENDER).replace("{signer}", SIGNER);
    let common =
        "To: buyer@buyer.example\r\nDate: Fri, 10 Jul 2026 09:00:00 +0000\r\nMessage-ID: <j@elsewhere.example>\r\n";
    format!("{fields}{common}Subject: [...]\r\nMIME-Version: 1.0\r\n{rest}").into_bytes()
}

/// Returns what the buyer has of an order from others.
fn taken_in(world: &mut World, id: &OrderId) -> Vec<Kept> {
    let known = world.transaction(BUYER, Role::Buyer, id);
    known.kept.into_iter().filter(|kept| kept.direction == Direction::In).collect()
}

/// Gives the buyer a mail, of which nothing may count; returns what became of it.
fn check_worthless(world: &mut World, id: &OrderId, mail: Vec<u8>, case: &str) -> TakenIn {
    let before = taken_in(world, id);
    let taken = world.deliver(BUYER, &[mail]);
    assert_eq!(taken.counts.get(&Verdict::Applied), None, "{case}: {taken:?}");
    let after = taken_in(world, id);
    assert!(after.iter().skip(before.len()).all(|kept| !kept.counts()), "{case}");
    let counting = |all: &[Kept]| all.iter().filter(|kept| kept.counts()).map(|kept| kept.content).collect::<Vec<_>>();
    assert_eq!(counting(&before), counting(&after), "{case}");
    taken
}

#[test]
fn what_another_signed_is_not_his_word_in_a_mail_of_another_shape_b45() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    let seq = 1 + world.transaction(BUYER, Role::Buyer, &id).have(&world.clerks[SHOP].me().fingerprint);
    let said = plans(&mut world, &id, SHOP, seq);
    for part in parts(&world, &said, SHOP) {
        for (name, around) in MIME {
            let mail = with_header("From: {sender}\r\n", &around.replace("{part}", &part));
            check_worthless(&mut world, &id, mail, name);
        }
    }
    // Alone and encrypted the same letter counts: it was the mail around it that did not.
    let [plain, encrypted] = parts(&world, &said, SHOP);
    check_worthless(&mut world, &id, with_header("From: {sender}\r\n", &plain), "not encrypted");
    let taken = world.deliver(BUYER, &[with_header("From: {sender}\r\n", &encrypted)]);
    assert_eq!(taken.counts.get(&Verdict::Applied), Some(&1), "{taken:?}");
}

#[test]
fn whoever_the_header_names_the_signer_is_the_one_who_speaks_b45() {
    let mut world = World::new(STEPS);
    world.accept(BUYER, BANK);
    let id = world.accepted_order();
    let bank = world.clerks[BANK].me().clone();
    let mut seq = 1 + world.transaction(BUYER, Role::Buyer, &id).have(&bank.fingerprint);
    for (name, fields) in ID {
        // Inside the seal the signer names himself, or the one he wants to pass for.
        for claims in [BANK, SHOP] {
            let said = plans(&mut world, &id, claims, seq);
            seq += 1;
            let [signed, encrypted] = parts(&world, &said, BANK);
            check_worthless(&mut world, &id, with_header(fields, &signed), &format!("{name}, signed, from {claims}"));
            let read =
                check_worthless(&mut world, &id, with_header(fields, &encrypted), &format!("{name}, from {claims}"));
            // It was looked at: one that names its signer is warned about, one that names another is that or is set aside.
            let told =
                [Verdict::Warned, Verdict::SetAside].map(|verdict| read.counts.get(&verdict).copied().unwrap_or(0));
            assert!(told == [1, 0] || (claims == SHOP && told == [0, 1]), "{name}, from {claims}: {read:?}");
        }
    }
}
