//! Keys that live on: renewed under their fingerprint, and what a copy of a certificate may add to it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mailorder::pgp::{KeyError, KeyFault};
use sequoia_openpgp::packet::key::{Key4, PrimaryRole, SecretParts, SubordinateRole};
use sequoia_openpgp::packet::{Key, signature::SignatureBuilder};
use sequoia_openpgp::types::{KeyFlags, ReasonForRevocation, SignatureType};

use super::*;

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

fn minimal(key: &OwnKey, at: SystemTime) -> Certificate {
    let address = key.certificate().addresses().remove(0);
    Certificate::from_bytes(&key.certificate().to_minimal_binary(&address, at).unwrap()).unwrap()
}

fn primary(cert: &Cert) -> KeyPair {
    cert.primary_key().key().clone().parts_into_secret().unwrap().into_keypair().unwrap()
}

/// A subkey for signing that `by` binds to `cert`, as its owner or a forger does; with the subkey's own consent.
fn subkey_bound_by(by: &Cert, cert: &Cert) -> Vec<Packet> {
    let mut subkey: Key<SecretParts, SubordinateRole> =
        Key4::generate_ecc(true, sequoia_openpgp::types::Curve::Ed25519).map(Key::from).unwrap();
    subkey.set_creation_time(now() - DAY).unwrap();
    let owner: &Key<_, PrimaryRole> = cert.primary_key().key();
    let mut own = subkey.clone().into_keypair().unwrap();
    let back = SignatureBuilder::new(SignatureType::PrimaryKeyBinding)
        .set_signature_creation_time(now())
        .unwrap()
        .sign_primary_key_binding(&mut own, owner, &subkey)
        .unwrap();
    let binding = SignatureBuilder::new(SignatureType::SubkeyBinding)
        .set_signature_creation_time(now())
        .unwrap()
        .set_key_flags(KeyFlags::empty().set_signing())
        .unwrap()
        .set_embedded_signature(back)
        .unwrap()
        .sign_subkey_binding(&mut primary(by), owner, &subkey)
        .unwrap();
    vec![Packet::from(subkey.parts_into_public()), Packet::from(binding)]
}

#[test]
fn a_key_is_renewed_by_the_time_it_is_told_and_keeps_what_it_signed() {
    let people = People::get();
    let early = now();
    let old = pgp::sign(&people.shop, LETTER, people.buyer().fingerprint(), early).unwrap();
    let ends = people.shop.ends(early).unwrap();
    assert!(ends > early + 2 * YEAR && ends < early + 4 * YEAR);
    // Before its end, or after it.
    for at in [early + 2 * YEAR, early + 5 * YEAR] {
        let renewed = people.shop.renew(at).unwrap();
        assert_eq!(renewed.fingerprint(), people.shop.fingerprint());
        assert_eq!(renewed.usable(at + 2 * YEAR), Ok(()));
        assert_eq!(renewed.usable(at + 4 * YEAR), Err(KeyFault::Expired));
        assert_eq!(renewed.ends(at).unwrap(), at + 3 * YEAR);
        let new = pgp::sign(&renewed, LETTER, people.buyer().fingerprint(), at).unwrap();
        for certificate in [renewed.certificate().clone(), minimal(&renewed, at)] {
            for signature in [&old, &new] {
                let verified = pgp::verify::verify_detached(LETTER, &signature.armored(), &certificate, at);
                assert!(verified.is_ok(), "{verified:?}");
            }
        }
        // Once more: the two latest bindings are what travels.
        let twice = renewed.renew(at + 2 * YEAR).unwrap();
        let verified =
            pgp::verify::verify_detached(LETTER, &new.armored(), &minimal(&twice, at + 2 * YEAR), at + 2 * YEAR);
        assert!(verified.is_ok(), "{verified:?}");
        let last = minimal(&twice, at + 2 * YEAR);
        assert_eq!((last.signing_handles().len(), last.usable(at + 2 * YEAR)), (2, Ok(())));
    }
}

#[test]
fn a_revoked_key_is_not_renewed_f36() {
    let (key, revocation) = builder("a@b.c").add_signing_subkey().add_transport_encryption_subkey().generate().unwrap();
    let (revoked, _) = key.insert_packets(revocation).unwrap();
    let secret = sequoia_openpgp::serialize::SerializeInto::to_vec(&revoked.as_tsk()).unwrap();
    let key = OwnKey::from_bytes(&secret).unwrap();
    assert!(matches!(key.usable(now()), Err(KeyFault::Revoked(_))));
    assert!(matches!(key.renew(now()), Err(KeyError::Fault(KeyFault::Revoked(_)))));
}

#[test]
fn a_copy_adds_only_what_the_owner_signed_b58() {
    let people = People::get();
    let (shop, mallory) = (cert(&people.shop), cert(&people.stranger));
    let known = people.shop.certificate();
    let with = |packets: Vec<Packet>| public(&shop.clone().insert_packets(packets).unwrap().0);
    let forged = with(subkey_bound_by(&mallory, &shop));
    let id = UserID::from("<victim@elsewhere.example>");
    let vouched = SignatureBuilder::new(SignatureType::PositiveCertification)
        .set_signature_creation_time(now())
        .unwrap()
        .sign_userid_binding(&mut primary(&mallory), shop.primary_key().key(), &id)
        .unwrap();
    let foreign_id = with(vec![id.clone().into(), vouched.into()]);
    for nothing in [&forged, &foreign_id, known, &minimal(&people.shop, now())] {
        assert!(!nothing.adds_to(known));
        let merged = known.merge(nothing).unwrap();
        assert_eq!(merged.signing_handles(), known.signing_handles());
        assert_eq!(merged.addresses(), known.addresses());
        assert_eq!(merged.to_own_binary().unwrap(), known.to_own_binary().unwrap());
    }
    assert_eq!(forged.signing_handles(), known.signing_handles(), "a forged copy alone has no more keys, either");

    let new = with(subkey_bound_by(&shop, &shop));
    assert!(new.adds_to(known));
    let refreshed = known.refresh(&new).unwrap();
    assert_eq!(refreshed.signing_handles().len(), known.signing_handles().len() + 1);
    assert!(!new.adds_to(&refreshed) && !known.adds_to(&refreshed), "nothing is lost and nothing comes twice");

    // A user ID of the owner's own: a person may take it over, what merely came along may not.
    let own = SignatureBuilder::new(SignatureType::PositiveCertification)
        .set_signature_creation_time(now())
        .unwrap()
        .sign_userid_binding(&mut primary(&shop), shop.primary_key().key(), &id)
        .unwrap();
    let widened = with(vec![id.into(), own.into()]);
    assert_eq!(known.refresh(&widened).unwrap().addresses(), known.addresses());
    assert_eq!(known.merge(&widened).unwrap().addresses().len(), 2);
    assert_eq!(known.refresh(people.stranger.certificate()).unwrap_err(), KeyError::OtherKey);
}

#[test]
fn a_subkey_that_is_revoked_stays_so_in_the_smallest_certificate() {
    let (key, _) = builder("a@b.c").add_signing_subkey().add_transport_encryption_subkey().generate().unwrap();
    let known = public(&key);
    let signing = key.keys().subkeys().next().unwrap();
    let revocation = SubkeyRevocationBuilder::new()
        .set_reason_for_revocation(ReasonForRevocation::KeyCompromised, b"")
        .unwrap()
        .build(&mut primary(&key), &key, signing.key(), None)
        .unwrap();
    let revoked = public(&key.clone().insert_packets(revocation).unwrap().0);
    let travels = Certificate::from_bytes(&revoked.to_minimal_binary(&address("a@b.c"), now() + DAY).unwrap()).unwrap();
    let merged = known.refresh(&travels).unwrap();
    let mail = mail_of(&encrypt(|m| m.write_all(&signed(LETTER, &key, now(), &[])).unwrap()));
    assert_eq!(code(&open_with(&mail, &[&known])), "opened");
    let late = pgp::open(&mail, &People::get().buyer, &|_: &[String]| vec![merged.clone()], now() + DAY);
    assert_eq!(code(&late), "signer-revoked");
}

/// The mail with this certificate in its header, whoever it is by.
fn with_header(armored: &[u8], from: &str, certificate: &[u8]) -> Vec<u8> {
    let header = format!("Autocrypt: addr={from}; keydata=\r\n {}\r\n", STANDARD.encode(certificate));
    [header.as_bytes(), &wrap_from(from, None, armored)].concat()
}

#[test]
fn a_letter_brings_along_that_its_signers_key_was_renewed() {
    let people = People::get();
    let late = now() + 4 * YEAR;
    let (renewed, buyer) = (people.shop.renew(late).unwrap(), people.buyer().renew(late).unwrap());
    let signature = pgp::sign(&renewed, LETTER, buyer.fingerprint(), late).unwrap();
    let armored = pgp::seal(LETTER, &signature, renewed.certificate(), buyer.certificate(), late).unwrap();
    let pinned = [people.shop.certificate().clone()];
    let open = |mail: &[u8]| {
        let find = |handles: &[String]| {
            pinned.iter().filter(|one| handles.iter().any(|handle| one.has_key(handle))).cloned().collect()
        };
        pgp::open_or_first_contact(mail, std::slice::from_ref(&buyer), &find, late)
    };
    assert_eq!(code(&open(&wrap(&armored))), "signer-expired");
    let stranger = minimal(&people.stranger, now());
    let others = [stranger.to_own_binary().unwrap(), people.shop.certificate().to_own_binary().unwrap()];
    for other in others {
        assert_eq!(code(&open(&with_header(&armored, "shop@example.com", &other))), "signer-expired");
    }
    let news = minimal(&renewed, late).to_own_binary().unwrap();
    let opened = open(&with_header(&armored, "shop@example.com", &news)).unwrap();
    assert!(!opened.is_first_contact());
    assert_eq!(opened.signer(), people.shop.fingerprint());
    assert_eq!(opened.certificate().usable(late), Ok(()));
    // Nothing of it makes another's letter good.
    let signature = pgp::sign(&people.stranger.renew(late).unwrap(), LETTER, buyer.fingerprint(), late).unwrap();
    let armored = pgp::seal(LETTER, &signature, renewed.certificate(), buyer.certificate(), late).unwrap();
    assert_eq!(code(&open(&with_header(&armored, "shop@example.com", &news))), "unknown-signer");
}
