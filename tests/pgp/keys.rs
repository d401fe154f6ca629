//! Keys: made, read, judged, merged, renewed; detached, cleartext and sealed things that are no letters.

use mailorder::pgp::{KeyError, KeyFault, sealed, verify};
use secrecy::ExposeSecret as _;
use sequoia_openpgp::serialize::SerializeInto as _;
use sequoia_openpgp::types::{KeyFlags, ReasonForRevocation};

use super::*;

#[test]
fn a_new_key_is_what_gpg_2_2_can_read_and_lives_three_years() {
    let people = People::get();
    let shop = people.shop.certificate();
    assert_eq!(shop.fingerprint().as_str().len(), 40);
    assert_eq!(shop.addresses(), [address("shop@example.com")]);
    assert_eq!(
        shop.signing_handles().len(),
        2,
        "the primary key and the subkey that signs; the one that decrypts is none"
    );
    assert_eq!(shop.signing_handles()[0], shop.fingerprint().as_str());
    assert_eq!(shop.usable(now()), Ok(()));
    assert_eq!(shop.usable(now() + 3 * 365 * DAY), Err(KeyFault::Expired));
    assert_eq!(shop.usable(now() - 2 * DAY), Err(KeyFault::NotYetValid));
    let library = cert(&people.shop);
    let policy = StandardPolicy::at(now());
    let features = library.with_policy(&policy, now()).unwrap().features().unwrap();
    assert!(features.supports_seipdv1() && !features.supports_seipdv2());
    for name in ["a\nb", "a <b@c>", "\"", "x\u{1b}[2J"] {
        let made = OwnKey::generate(name, &address("a@b.c"), now());
        assert!(matches!(made, Err(KeyError::Name(_))), "{name:?}");
    }
}

#[test]
fn a_private_key_is_kept_and_never_shown() {
    let people = People::get();
    let armored = people.shop.to_armored();
    let again = OwnKey::from_bytes(armored.expose_secret().as_bytes()).unwrap();
    assert_eq!(again.fingerprint(), people.shop.fingerprint());
    assert_eq!(format!("{again:?}"), format!("OwnKey({})", again.fingerprint()));
    let refused = Certificate::from_bytes(armored.expose_secret().as_bytes());
    assert_eq!(refused.unwrap_err(), KeyError::PrivateInside);
    let public = people.shop.certificate().to_armored();
    assert!(public.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"));
    assert_eq!(OwnKey::from_bytes(public.as_bytes()).unwrap_err(), KeyError::NoSecret);
    assert_eq!(Certificate::from_bytes(public.as_bytes()).unwrap(), *people.shop.certificate());
}

#[test]
fn exactly_one_key_of_a_moderate_size_is_read_b58() {
    let people = People::get();
    let (one, other) = (people.shop.certificate().to_armored(), people.stranger.certificate().to_armored());
    for bad in [format!("{one}{other}"), format!("{one}{one}")] {
        assert_eq!(Certificate::from_bytes(bad.as_bytes()).unwrap_err(), KeyError::NotOne);
    }
    let binary = [cert(&people.shop).to_vec().unwrap(), cert(&people.stranger).to_vec().unwrap()].concat();
    assert_eq!(Certificate::from_bytes(&binary).unwrap_err(), KeyError::NotOne);
    for bad in [&b""[..], b"hello", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", &[0xff; 99]] {
        assert!(Certificate::from_bytes(bad).is_err(), "{bad:?}");
    }
    assert_eq!(Certificate::from_bytes(&vec![b'a'; 1024 * 1024 + 1]).unwrap_err(), KeyError::TooLarge);
}

#[test]
fn secrets_the_backend_cannot_keep_are_refused() {
    let (rsa, _) = builder("a@b.c")
        .set_cipher_suite(CipherSuite::RSA2k)
        .add_signing_subkey()
        .add_transport_encryption_subkey()
        .generate()
        .unwrap();
    let secret = rsa.as_tsk().to_vec().unwrap();
    let read = OwnKey::from_bytes(&secret);
    if pgp::backend() == "crypto-rust" {
        let error = read.unwrap_err();
        assert!(matches!(error, KeyError::VariableTime(_)) && error.to_string().contains("crypto-openssl"), "{error}");
    } else {
        assert!(read.is_ok());
    }
    // A peer may have such a key: it is verified and encrypted to.
    let inside = signed(LETTER, &rsa, now(), &[]);
    let mail = mail_of(&encrypt(|m| m.write_all(&inside).unwrap()));
    assert_eq!(code(&open_with(&mail, &[&public(&rsa)])), "opened");
    let (shop, peer) = (&People::get().shop, public(&rsa));
    let signature = pgp::sign(shop, LETTER, peer.fingerprint(), now()).unwrap();
    assert!(pgp::seal(LETTER, &signature, shop.certificate(), &peer, now()).is_ok());
}

#[test]
fn a_locked_key_is_refused_f35() {
    let (locked, _) = builder("a@b.c").set_password(Some("secret".into())).add_signing_subkey().generate().unwrap();
    assert_eq!(OwnKey::from_bytes(&locked.as_tsk().to_vec().unwrap()).unwrap_err(), KeyError::Locked);
}

#[test]
fn certificates_that_cannot_be_encrypted_to_say_why_f37() {
    let people = People::get();
    let (no_encryption, _) = builder("a@b.c").add_signing_subkey().generate().unwrap();
    let (key, revocation) = builder("a@b.c").add_transport_encryption_subkey().generate().unwrap();
    let (revoked, _) = key.clone().insert_packets(revocation).unwrap();
    let (expired, _) = builder("a@b.c").set_validity_period(DAY).add_transport_encryption_subkey().generate().unwrap();
    for (key, expected) in [(no_encryption, "no-encryption-key"), (revoked, "revoked"), (expired, "expired")] {
        let certificate = public(&key);
        let fault = certificate.usable(now()).unwrap_err();
        assert_eq!(fault.code(), expected);
        let signature = pgp::sign(&people.shop, LETTER, certificate.fingerprint(), now()).unwrap();
        let sealed = pgp::seal(LETTER, &signature, people.shop.certificate(), &certificate, now());
        assert_eq!(sealed, Err(pgp::SealError::RecipientKey(fault)));
    }
    assert_eq!(public(&key).usable(now()), Ok(()));
}

#[test]
fn a_certificate_takes_over_a_new_expiry_and_a_revocation_b58() {
    let people = People::get();
    let renewed = people.shop.renew(now() + 1000 * DAY).unwrap();
    assert_eq!(renewed.fingerprint(), people.shop.fingerprint());
    let late = now() + 2000 * DAY;
    assert_eq!(people.shop.certificate().usable(late), Err(KeyFault::Expired));
    let merged = people.shop.certificate().merge(renewed.certificate()).unwrap();
    assert_eq!(merged.usable(late), Ok(()));
    assert!(pgp::sign(&renewed, LETTER, people.buyer().fingerprint(), late).is_ok());
    assert!(pgp::sign(&people.shop, LETTER, people.buyer().fingerprint(), late).is_err());

    let library = cert(&people.shop);
    let mut primary = library.primary_key().key().clone().parts_into_secret().unwrap().into_keypair().unwrap();
    let revocation = CertRevocationBuilder::new()
        .set_signature_creation_time(now())
        .unwrap()
        .set_reason_for_revocation(ReasonForRevocation::KeySuperseded, b"\x1b[2J")
        .unwrap()
        .build(&mut primary, &library, None)
        .unwrap();
    let revoked = public(&library.insert_packets(revocation).unwrap().0);
    let merged = merged.merge(&revoked).unwrap();
    assert!(matches!(merged.usable(now()), Err(KeyFault::Revoked(reason)) if !reason.contains('\u{1b}')));
    let other = people.stranger.certificate();
    assert_eq!(merged.merge(other).unwrap_err(), KeyError::OtherKey);
}

#[test]
fn addresses_must_be_signed_by_the_key_itself() {
    let people = People::get();
    let added = cert(&people.stranger).insert_packets(UserID::from("<shop@example.com>")).unwrap().0;
    assert_eq!(public(&added).addresses(), [address("stranger@example.net")]);
}

#[test]
fn the_minimal_certificate_is_small_and_enough() {
    let (key, _) = builder("first@b.c")
        .add_userid(UserID::from("Second <second@b.c>"))
        .add_signing_subkey()
        .add_subkey(KeyFlags::empty().set_transport_encryption(), None, None)
        .generate()
        .unwrap();
    let whole = public(&key);
    let minimal = Certificate::from_bytes(&whole.to_minimal_binary(&address("second@b.c"), now()).unwrap()).unwrap();
    assert_eq!(minimal.addresses(), [address("second@b.c")]);
    assert_eq!(minimal.signing_handles(), whole.signing_handles());
    assert_eq!(minimal.usable(now()), Ok(()));
    let mail = mail_of(&encrypt(|m| m.write_all(&signed(LETTER, &key, now(), &[])).unwrap()));
    assert_eq!(code(&open_with(&mail, &[&minimal])), "opened");

    let header = autocrypt::Header::of(&whole, &address("second@b.c"), now()).unwrap();
    let (named, read) = autocrypt::parse(header.as_str()).unwrap();
    assert_eq!((named, &read), (address("second@b.c"), &minimal));
    for bad in ["", "addr=a@b.c", "keydata=AAAA", "addr=a@b.c; keydata=AAAA", "addr=a@b.c; addr=a@b.c; keydata=AAAA"] {
        assert_eq!(autocrypt::parse(bad), None, "{bad}");
    }
    assert_eq!(autocrypt::parse(&format!("{}{}", header.as_str(), "A".repeat(64 * 1024))), None);
}

#[test]
fn a_detached_signature_is_verified_without_any_private_key() {
    let people = People::get();
    let shop = people.shop.certificate();
    let opened = open(&wrap(&letter_by(&people.shop, LETTER))).unwrap();
    let armored = opened.signature_armored();
    let verified = verify::verify_detached(LETTER, armored, shop, now() + 5 * 365 * DAY);
    assert_eq!(verified.unwrap(), now());
    let code =
        |bytes, armored, certificate| verify::verify_detached(bytes, armored, certificate, now()).unwrap_err().code();
    assert_eq!(code(b"JPY 1", armored, shop), "bad-signature");
    assert_eq!(code(LETTER, armored, people.stranger.certificate()), "unknown-signer");
    assert_eq!(code(LETTER, "", shop), "bad-shape");
    assert_eq!(code(LETTER, &armored.repeat(2), shop), "bad-shape");
}

#[test]
fn a_later_revocation_does_not_undo_what_was_said_before() {
    let people = People::get();
    let opened = open(&wrap(&letter_by(&people.shop, LETTER))).unwrap();
    let armored = opened.signature_armored();
    for reason in [ReasonForRevocation::KeySuperseded, ReasonForRevocation::KeyCompromised] {
        let revoked = public(&identity::revoked(&cert(&people.shop), reason, now() + DAY));
        let later = now() + 2 * DAY;
        assert!(verify::verify_detached(LETTER, armored, &revoked, later).is_err(), "a new letter is refused");
        assert_eq!(verify::verify_evidence(LETTER, armored, &revoked, later).unwrap(), now());
        assert!(verify::verify_evidence(b"JPY 1", armored, &revoked, later).is_err());
    }
}

#[test]
fn a_checkpoint_is_signed_as_cleartext_and_read_back() {
    let people = People::get();
    let text = "mailorder checkpoint 1\nledger 0f1e\nsize 412\n- dash\ntime 2026-11-22T10:00:00Z\n";
    let signed = verify::clearsign(&people.shop, text, now()).unwrap();
    let (read, at) = verify::verify_clearsigned(&signed, people.shop.certificate(), now()).unwrap();
    assert_eq!((read.as_str(), at), (text, now()));
    let code =
        |signed: &str, key: &OwnKey| verify::verify_clearsigned(signed, key.certificate(), now()).unwrap_err().code();
    assert_eq!(code(&signed.replace("412", "413"), &people.shop), "bad-signature");
    assert_eq!(code(&signed, &people.stranger), "unknown-signer");
    for bad in [format!("size 9\n{signed}"), format!("{signed}size 9\n"), signed.repeat(2), text.to_owned()] {
        assert_eq!(code(&bad, &people.shop), "bad-shape");
    }
}

#[test]
fn payment_data_is_for_the_agents_eyes_alone() {
    let people = People::get();
    let card = b"{\"shop\":\"shop@example.com\",\"instrument\":{\"number\":\"4111\"}}\n";
    // The stranger pays by way of the agent, whom the buyer's key stands in for here.
    let agent = people.buyer().certificate();
    let sealed = sealed::seal_data(card, &people.stranger, agent, now()).unwrap();
    assert!(sealed.len() < 16 * 1024 && !sealed.windows(4).any(|w| w == b"4111"));
    let opened = sealed::open_data(&sealed, &people.buyer, people.stranger.certificate(), now()).unwrap();
    assert_eq!(opened.bytes(), card);
    assert!(!format!("{opened:?}").contains("52, 49, 49, 49"), "{opened:?}");
    assert_eq!(opened.signer(), people.stranger.fingerprint());
    let code = |bytes: &[u8], own: &[OwnKey], signer: &OwnKey| {
        sealed::open_data(bytes, own, signer.certificate(), now()).unwrap_err().code()
    };
    assert_eq!(code(&sealed, &people.buyer, &people.shop), "unknown-signer");
    assert_eq!(code(&sealed, std::slice::from_ref(&people.shop), &people.stranger), "not-for-us");
    // Data that names no recipient could have been sealed again by anybody who once opened it.
    let unnamed = encrypt(|m| m.write_all(&signed(card, &cert(&people.stranger), now(), &[])).unwrap());
    assert_eq!(code(&unnamed, &people.buyer, &people.stranger), "not-for-us");
}

#[test]
fn a_certificate_with_more_names_than_anybody_has_is_refused_b58() {
    let named = |count: usize| {
        let names = (0..count).map(|number| format!("a{number} <a{number}@example.com>"));
        let builder = names.fold(CertBuilder::new(), |builder, name| builder.add_userid(name));
        builder.set_creation_time(now()).generate().unwrap().0
    };
    let most = named(pgp::USER_IDS_MAX);
    let known = Certificate::from_bytes(&most.to_vec().unwrap()).unwrap();
    assert_eq!(known.addresses().len(), pgp::USER_IDS_MAX);
    let more = named(pgp::USER_IDS_MAX + 1);
    assert_eq!(Certificate::from_bytes(&more.to_vec().unwrap()).unwrap_err(), KeyError::TooManyNames);
}
