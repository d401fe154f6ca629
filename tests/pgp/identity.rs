//! Who signed, when, and with which key (hard-cases 5.2 and 5.3).

use sequoia_openpgp::cert::amalgamation::ValidateAmalgamation as _;
use sequoia_openpgp::packet::signature::SignatureBuilder;
use sequoia_openpgp::packet::{Key, key::Key4};
use sequoia_openpgp::types::{KeyFlags, ReasonForRevocation, SignatureType};

use super::*;

/// A mail to the buyer with the library's own signature by `key` at this time.
fn mail_by(key: &Cert, at: SystemTime) -> Vec<u8> {
    let inside = signed(LETTER, key, at, &[]);
    mail_of(&encrypt(|m| m.write_all(&inside).unwrap()))
}

pub(super) fn revoked(cert: &Cert, reason: ReasonForRevocation, at: SystemTime) -> Cert {
    let mut primary = cert.primary_key().key().clone().parts_into_secret().unwrap().into_keypair().unwrap();
    let signature = CertRevocationBuilder::new()
        .set_signature_creation_time(at)
        .unwrap()
        .set_reason_for_revocation(reason, b"")
        .unwrap()
        .build(&mut primary, cert, None)
        .unwrap();
    cert.clone().insert_packets(signature).unwrap().0
}

#[test]
fn an_unknown_signer_is_named_so_that_the_letter_is_read_again_b16_b17() {
    let people = People::get();
    // The stranger claims the shop's address: the key counts, not the address.
    let impostor = OwnKey::generate("Example Shirts", &address("shop@example.com"), now() - DAY).unwrap();
    for key in [&people.stranger, &impostor] {
        let mail = wrap(&letter_by(key, LETTER));
        let aside = open(&mail);
        assert!(aside.as_ref().unwrap_err().to_string().contains("one whose signing part is "));
        let Err(SetAside::UnknownSigner { issuers, certificate: None }) = aside else { panic!() };
        assert!(!issuers.is_empty() && issuers.iter().all(|handle| key.certificate().has_key(handle)));
        assert!(key.certificate().signing_handles().iter().any(|handle| issuers.contains(handle)));
        assert_eq!(code(&open_with(&mail, &[key.certificate()])), "opened");
        // Where the mail's header has the certificate, people are told the fingerprint that its owner reads out.
        let whole = SetAside::UnknownSigner { issuers: issuers.clone(), certificate: Some(key.certificate().clone()) };
        assert!(whole.to_string().contains(&format!("unknown key ({})", key.fingerprint())), "{whole}");
        let other = SetAside::UnknownSigner { issuers, certificate: Some(people.shop.certificate().clone()) };
        assert!(!other.to_string().contains(people.shop.fingerprint().as_str()), "that is another's: {other}");
    }
}

#[test]
fn a_certificate_found_under_the_wrong_handle_proves_nothing() {
    let people = People::get();
    let mail = wrap(&letter_by(&people.stranger, LETTER));
    let wrong = |_: &[String]| vec![people.shop.certificate().clone()];
    assert_eq!(code(&pgp::open(&mail, &people.buyer, &wrong, now())), "unknown-signer");
}

#[test]
fn keys_that_are_not_meant_to_sign_do_not_b34() {
    let people = People::get();
    // The primary key of our own profile certifies only.
    let shop = cert(&people.shop);
    let mut primary = shop.primary_key().key().clone().parts_into_secret().unwrap().into_keypair().unwrap();
    let mut sink = Vec::new();
    let builder = SignatureBuilder::new(SignatureType::Binary);
    let signer = Signer::with_template(Message::new(&mut sink), primary.clone(), builder).unwrap();
    let mut message = LiteralWriter::new(signer.creation_time(now()).build().unwrap()).build().unwrap();
    message.write_all(LETTER).unwrap();
    message.finalize().unwrap();
    assert_eq!(code(&open(&mail_of(&encrypt(|m| m.write_all(&sink).unwrap())))), "bad-signature");

    // A subkey that did not sign its binding (no back signature) may be anybody's.
    let key: Key<_, _> = Key4::generate_ecc(true, sequoia_openpgp::types::Curve::Ed25519).unwrap().into();
    let mut key: Key<_, sequoia_openpgp::packet::key::SubordinateRole> = key;
    key.set_creation_time(now() - DAY).unwrap();
    let builder = SignatureBuilder::new(SignatureType::SubkeyBinding)
        .set_signature_creation_time(now() - DAY)
        .unwrap()
        .set_key_flags(KeyFlags::empty().set_signing())
        .unwrap();
    let binding = key.bind(&mut primary, &shop, builder).unwrap();
    let packets = [Packet::from(key.clone()), binding.into()];
    let with_subkey = shop.insert_packets(packets).unwrap().0;
    let pair = key.into_keypair().unwrap();
    let mut sink = Vec::new();
    let signer = Signer::new(Message::new(&mut sink), pair).unwrap().creation_time(now());
    let mut message = LiteralWriter::new(signer.build().unwrap()).build().unwrap();
    message.write_all(LETTER).unwrap();
    message.finalize().unwrap();
    let mail = mail_of(&encrypt(|m| m.write_all(&sink).unwrap()));
    assert_eq!(code(&open_with(&mail, &[&public(&with_subkey)])), "bad-signature");
}

#[test]
fn an_expired_key_speaks_for_the_time_it_was_valid_b35() {
    let (key, _) = builder("shop@example.com").set_validity_period(DAY).add_signing_subkey().generate().unwrap();
    let pinned = public(&key);
    assert_eq!(code(&open_with(&mail_by(&key, now() - DAY - 60 * MINUTE), &[&pinned])), "opened");
    // The library itself would not sign with it later, so the key pair is taken by hand.
    let pair = signer_of(&key, now() - 2 * DAY);
    let mut sink = Vec::new();
    let signer = Signer::new(Message::new(&mut sink), pair).unwrap().creation_time(now());
    let mut message = LiteralWriter::new(signer.build().unwrap()).build().unwrap();
    message.write_all(LETTER).unwrap();
    message.finalize().unwrap();
    let mail = mail_of(&encrypt(|m| m.write_all(&sink).unwrap()));
    let expired = open_with(&mail, &[&pinned]);
    assert_eq!(code(&expired), "signer-expired");
    assert_eq!(expired.unwrap_err().signer(), Some(pinned.fingerprint().as_str()));
}

#[test]
fn a_revoked_key_speaks_no_more_whatever_the_date_b37() {
    let (key, _) = builder("shop@example.com").add_signing_subkey().generate().unwrap();
    let mail = mail_by(&key, now() - DAY);
    assert_eq!(code(&open_with(&mail, &[&public(&key)])), "opened");
    for reason in [ReasonForRevocation::KeyCompromised, ReasonForRevocation::KeyRetired] {
        for at in [now() - 2 * DAY + MINUTE, now() - MINUTE] {
            let revoked = public(&revoked(&key, reason, at));
            let refused = open_with(&mail, &[&revoked]);
            assert_eq!(code(&refused), "signer-revoked", "{reason}");
            assert_eq!(refused.unwrap_err().signer(), Some(revoked.fingerprint().as_str()));
        }
    }
}

#[test]
fn half_an_hour_of_clock_skew_is_allowed_b38() {
    let shop = cert(&People::get().shop);
    for (at, expected) in [
        (now() + 20 * MINUTE, "opened"),
        (now() + 40 * MINUTE, "not-yet-valid"),
        (now() + 2 * DAY, "not-yet-valid"),
        (SystemTime::UNIX_EPOCH + DAY, "bad-signature"),
    ] {
        let mut sink = Vec::new();
        let signer = Signer::new(Message::new(&mut sink), signer_of(&shop, now())).unwrap().creation_time(at);
        let mut message = LiteralWriter::new(signer.build().unwrap()).build().unwrap();
        message.write_all(LETTER).unwrap();
        message.finalize().unwrap();
        let mail = mail_of(&encrypt(|m| m.write_all(&sink).unwrap()));
        let outcome = open(&mail);
        assert_eq!(code(&outcome), expected);
        if let Err(SetAside::NotYetValid { signed_at, signer }) = outcome {
            assert_eq!((signed_at, &signer), (at, People::get().shop.fingerprint()));
            let later = |_: &[String]| vec![People::get().shop.certificate().clone()];
            assert!(pgp::open(&mail, &People::get().buyer, &later, at).is_ok());
        }
    }
}

#[test]
fn the_outer_sender_is_only_noted_b47() {
    let mail = wrap_from("evil@example.net", None, &letter_by(&People::get().shop, LETTER));
    let opened = open(&mail).unwrap();
    assert_eq!(opened.signer(), People::get().shop.fingerprint());
    assert_eq!(opened.outer_from().unwrap().as_str(), "evil@example.net");
}

#[test]
fn a_first_contact_brings_its_own_certificate() {
    let people = People::get();
    let own = address("stranger@example.net");
    let header = autocrypt::Header::of(people.stranger.certificate(), &own, now()).unwrap();
    let mail = wrap_from("stranger@example.net", Some(&header), &letter_by(&people.stranger, LETTER));
    let Err(SetAside::UnknownSigner { certificate: Some(offered), .. }) = open(&mail) else { panic!() };
    assert_eq!(offered.fingerprint(), people.stranger.fingerprint());

    let opened = pgp::first_contact(&mail, &people.buyer, now()).unwrap();
    assert!(opened.is_first_contact());
    assert_eq!(opened.signer(), people.stranger.fingerprint());
    assert_eq!(opened.certificate().addresses(), [own]);

    let nobody = |_: &[String]| Vec::new();
    let pinned = |_: &[String]| vec![people.stranger.certificate().clone()];
    assert!(pgp::open_or_first_contact(&mail, &people.buyer, &nobody, now()).unwrap().is_first_contact());
    assert!(!pgp::open_or_first_contact(&mail, &people.buyer, &pinned, now()).unwrap().is_first_contact());
}

#[test]
fn a_first_contact_must_introduce_himself_properly_b54() {
    let people = People::get();
    let sealed = letter_by(&people.stranger, LETTER);
    let header = |key: &OwnKey, mail| autocrypt::Header::of(key.certificate(), &address(mail), now()).unwrap();
    let own = header(&people.stranger, "stranger@example.net");
    let good = wrap_from("stranger@example.net", Some(&own), &sealed);
    let doubled = [format!("Autocrypt: {}\r\n", own.as_str()).into_bytes(), good.clone()].concat();
    let line = format!("Autocrypt: {}\r\n", own.as_str());
    let three = [line.clone().into_bytes(), line.into_bytes(), good.clone()].concat();
    // Two megabytes of key, in lines that a mail server lets through, and on one line.
    let long =
        format!("keydata={}", "\r\n AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".repeat(30_000));
    let folded = String::from_utf8(good.clone()).unwrap().replacen("keydata=", &long, 1);
    let flat =
        String::from_utf8(good.clone()).unwrap().replacen("keydata=", &format!("keydata={}", "A".repeat(2_000_000)), 1);
    let junk = String::from_utf8(good.clone()).unwrap().replacen("keydata=", "keydata=*", 1);
    let critical = String::from_utf8(good).unwrap().replacen("prefer-encrypt=", "new-thing=", 1);
    let mails = [
        wrap(&sealed),
        wrap_from("other@example.net", Some(&own), &sealed),
        // The header agrees with From, but the key does not bear that address.
        wrap_from("other@example.net", Some(&header(&people.stranger, "other@example.net")), &sealed),
        wrap_from("shop@example.com", Some(&header(&people.shop, "shop@example.com")), &sealed),
        doubled,
        three,
        folded.into_bytes(),
        flat.into_bytes(),
        junk.into_bytes(),
        critical.into_bytes(),
    ];
    for (number, mail) in mails.iter().enumerate() {
        let outcome = pgp::first_contact(mail, &people.buyer, now());
        assert_eq!(code(&outcome), "unknown-signer", "case {number}");
        // None of it matters to somebody who has pinned the key.
        assert_eq!(code(&open_with(mail, &[people.stranger.certificate()])), "opened", "case {number}");
    }
}

#[test]
fn a_header_with_another_key_replaces_nothing_b53() {
    let people = People::get();
    let other = OwnKey::generate("", &address("shop@example.com"), now() - DAY).unwrap();
    let header = autocrypt::Header::of(other.certificate(), &address("shop@example.com"), now()).unwrap();
    let opened = open(&wrap_from("shop@example.com", Some(&header), &letter_by(&people.shop, LETTER))).unwrap();
    assert_eq!(opened.signer(), people.shop.fingerprint());
    assert_eq!(opened.header_certificate().unwrap().fingerprint(), other.fingerprint());
}

#[test]
fn the_policy_of_the_given_time_counts_and_not_the_machines_clock() {
    let shop = cert(&People::get().shop);
    let policy = StandardPolicy::at(now());
    assert!(shop.primary_key().with_policy(&policy, now()).is_ok());
    let opened = open(&wrap(&letter_by(&People::get().shop, LETTER))).unwrap();
    assert_eq!(opened.signed_at(), now());
    let pinned = |_: &[String]| vec![People::get().shop.certificate().clone()];
    let mail = wrap(&letter_by(&People::get().shop, LETTER));
    let early = pgp::open(&mail, &People::get().buyer, &pinned, now() - 2 * DAY);
    assert_eq!(code(&early), "not-yet-valid");
}

#[test]
fn anothers_signing_key_in_a_certificate_is_not_its_owners_to_sign_with() {
    // Anybody can bind a public key into his certificate, for anything but signing, which takes the key's own consent.
    let people = People::get();
    let (victim, mallory) = (cert(&people.shop), builder("mallory@example.net").generate().unwrap().0);
    let policy = StandardPolicy::new();
    let signing = victim.keys().with_policy(&policy, now()).subkeys().for_signing().next().unwrap();
    let signing = signing.key().clone().parts_into_public();
    let mut primary = mallory.primary_key().key().clone().parts_into_secret().unwrap().into_keypair().unwrap();
    let flags = KeyFlags::empty().set_transport_encryption();
    let bind = SignatureBuilder::new(SignatureType::SubkeyBinding).set_signature_creation_time(now() - DAY).unwrap();
    let binding = signing.bind(&mut primary, &mallory, bind.set_key_flags(flags).unwrap()).unwrap();
    let adopted = mallory.insert_packets([Packet::from(signing.clone()), binding.into()]).unwrap().0;
    let handle = signing.fingerprint().to_hex();
    assert!(public(&adopted).has_key(&handle), "it is in there");
    assert!(!public(&adopted).signing_handles().contains(&handle), "and not to sign with");
    assert!(people.shop.certificate().signing_handles().contains(&handle));
}
