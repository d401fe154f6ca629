//! The OpenPGP layer: which messages are letters (hard-cases 5.2).

use sequoia_openpgp::packet::{
    Literal, Marker, OnePassSig, PKESK, Padding, SKESK, Signature, one_pass_sig::OnePassSig3,
};
use sequoia_openpgp::packet::{pkesk::PKESK3, signature::SignatureBuilder, signature::subpacket, skesk::SKESK4};
use sequoia_openpgp::serialize::stream::Compressor;
use sequoia_openpgp::types::{CompressionAlgorithm, DataFormat, HashAlgorithm, SignatureType, SymmetricAlgorithm};
use sequoia_openpgp::{KeyID, PacketPile, crypto::S2K, crypto::SessionKey};

use super::*;

/// Seals the letter with a signature made by hand.
pub(super) fn letter_by_hand(signature: Signature) -> Vec<u8> {
    let people = People::get();
    let mut writer = Writer::new(Vec::new(), Kind::Signature).unwrap();
    writer.write_all(&serialized([Packet::from(signature)])).unwrap();
    let armored = String::from_utf8(writer.finalize().unwrap()).unwrap();
    let signature = pgp::Signature::from_armored(&armored).unwrap();
    let (signer, buyer) = (people.shop.certificate(), people.buyer().certificate());
    wrap(&pgp::seal(LETTER, &signature, signer, buyer, now()).unwrap())
}

fn signature(typ: SignatureType) -> SignatureBuilder {
    SignatureBuilder::new(typ).set_signature_creation_time(now()).unwrap()
}

fn by_shop(builder: SignatureBuilder, bytes: &[u8]) -> Signature {
    builder.sign_message(&mut signer_of(&cert(&People::get().shop), now()), bytes).unwrap()
}

fn literal(bytes: &[u8]) -> Literal {
    let mut literal = Literal::new(DataFormat::Binary);
    literal.set_body(bytes.to_vec());
    literal
}

/// A message around a well signed letter, and code to put it between other things.
fn well_signed() -> Vec<u8> {
    signed(LETTER, &cert(&People::get().shop), now(), &[])
}

#[test]
fn a_letter_is_opened_with_all_that_is_known_about_it() {
    let people = People::get();
    let opened = open(&wrap(&letter_by(&people.shop, LETTER))).unwrap();
    assert_eq!(opened.signed_bytes(), LETTER);
    assert_eq!(opened.signer(), people.shop.fingerprint());
    assert_eq!(opened.certificate(), people.shop.certificate());
    assert_eq!(opened.recipient(), people.buyer().fingerprint());
    assert_eq!((opened.signed_at(), opened.micalg()), (now(), "pgp-sha512"));
    assert_eq!(opened.content(), mailorder::trade::Digest::of(LETTER));
    assert!(people.shop.certificate().has_key(opened.signing_key()));
    assert_ne!(opened.signing_key(), opened.signer().as_str());
    assert_eq!(opened.outer_from().unwrap().as_str(), "shop@example.com");
    assert_eq!(opened.outer_message_id().unwrap().as_str(), "k5qw3zb7@mailorder.invalid");
    assert!(!opened.is_first_contact());
}

#[test]
fn a_letter_sealed_anew_from_its_entry_is_the_same_letter() {
    let people = People::get();
    let first = open(&wrap(&letter_by(&people.shop, LETTER))).unwrap();
    let stored = pgp::Signature::from_armored(first.signature_armored()).unwrap();
    let (shop, buyer) = (people.shop.certificate(), people.buyer().certificate());
    let again = pgp::seal(first.signed_bytes(), &stored, shop, buyer, now() + DAY).unwrap();
    let again = open(&wrap(&again)).unwrap();
    assert_eq!(again.content(), first.content());
    assert_eq!(again.signature_armored(), first.signature_armored());
}

#[test]
fn the_mail_shows_nothing_and_passes_every_relay() {
    let people = People::get();
    let header = autocrypt::Header::of(people.shop.certificate(), &address("shop@example.com"), now()).unwrap();
    let mail = wrap_from("shop@example.com", Some(&header), &letter_by(&people.shop, LETTER));
    let text = String::from_utf8(mail).unwrap();
    assert!(text.split("\r\n").all(|line| line.len() <= 76 && !line.contains(['\r', '\n', '\0'])));
    assert!(text.is_ascii() && !text.contains("4800"));
    assert!(open(text.as_bytes()).is_ok());
}

#[test]
fn one_bare_line_end_in_the_signed_bytes_is_refused_going_out_and_coming_in() {
    let people = People::get();
    for bytes in [&b"a\nb\r\n"[..], b"a\r", b"a\rb\r\n"] {
        let signature = pgp::sign(&people.shop, bytes, people.buyer().fingerprint(), now()).unwrap();
        let (shop, buyer) = (people.shop.certificate(), people.buyer().certificate());
        assert_eq!(pgp::seal(bytes, &signature, shop, buyer, now()), Err(pgp::SealError::BareLineEnd));
        let inside = signed(bytes, &cert(&people.shop), now(), &[]);
        assert_eq!(code(&open(&mail_of(&encrypt(|m| m.write_all(&inside).unwrap())))), "bad-shape");
    }
}

#[test]
fn an_unsigned_message_is_not_signed_b15() {
    let plain = encrypt(|m| literal(LETTER).serialize_packet(m));
    assert_eq!(code(&open(&mail_of(&plain))), "not-signed");
    let compressed = encrypt(|m| m.write_all(&compress(&serialized([literal(LETTER).into()]), 1)).unwrap());
    assert_eq!(code(&open(&mail_of(&compressed))), "not-signed");
}

#[test]
fn a_signed_message_without_encryption_is_not_encrypted() {
    assert_eq!(code(&open(&mail_of(&well_signed()))), "not-encrypted");
    assert_eq!(code(&open(&mail_of(&serialized([literal(LETTER).into()])))), "not-encrypted");
}

#[test]
fn intended_recipients_must_include_us_where_there_are_any_b19() {
    let people = People::get();
    let (shop, buyer, other) = (cert(&people.shop), cert(people.buyer()), cert(&people.stranger));
    for (intended, expected) in
        [(vec![], "opened"), (vec![&buyer], "opened"), (vec![&other], "not-for-us"), (vec![&other, &buyer], "opened")]
    {
        let inside = signed(LETTER, &shop, now(), &intended);
        assert_eq!(code(&open(&mail_of(&encrypt(|m| m.write_all(&inside).unwrap())))), expected);
    }
    // For others and changed: the change is the worse of the two, and is what is named.
    let mut inside = signed(LETTER, &shop, now(), &[&other]);
    let at = inside.windows(4).position(|w| w == b"4800").unwrap();
    inside[at] = b'9';
    assert_eq!(code(&open(&mail_of(&encrypt(|m| m.write_all(&inside).unwrap())))), "bad-signature");
}

#[test]
fn a_letter_for_another_key_is_not_for_us() {
    let people = People::get();
    let signature = pgp::sign(&people.shop, LETTER, people.stranger.fingerprint(), now()).unwrap();
    let (shop, stranger) = (people.shop.certificate(), people.stranger.certificate());
    let sealed = pgp::seal(LETTER, &signature, shop, stranger, now()).unwrap();
    assert_eq!(code(&open(&wrap(&sealed))), "not-for-us");
}

#[test]
fn encryption_inside_a_signature_is_refused_b21() {
    let people = People::get();
    let (shop, buyer) = (cert(&people.shop), cert(people.buyer()));
    let policy = StandardPolicy::at(now());
    let mut sink = Vec::new();
    let signer = Signer::new(Message::new(&mut sink), signer_of(&shop, now())).unwrap().creation_time(now());
    let keys = buyer.keys().with_policy(&policy, now()).for_transport_encryption();
    let message = Encryptor::for_recipients(signer.build().unwrap(), keys).build().unwrap();
    let mut message = LiteralWriter::new(message).build().unwrap();
    message.write_all(LETTER).unwrap();
    message.finalize().unwrap();
    assert_eq!(code(&open(&mail_of(&sink))), "bad-shape");
    // Encrypted twice, signed inside.
    let inner = encrypt(|m| m.write_all(&well_signed()).unwrap());
    assert_eq!(code(&open(&mail_of(&encrypt(|m| m.write_all(&inner).unwrap())))), "bad-shape");
}

#[test]
fn a_downgraded_encryption_packet_is_refused_b22() {
    let sealed = encrypt(|m| m.write_all(&well_signed()).unwrap());
    assert_eq!(code(&open(&mail_of(&sealed))), "opened");
    // Behind the packets with the session key, each of less than 192 bytes.
    let mut at = 0;
    while sealed[at] == 0xc1 {
        at += 2 + usize::from(sealed[at + 1]);
    }
    assert_eq!(sealed[at], 0xd2);
    let mut old = sealed.clone();
    old[at] = 0xc9;
    assert_eq!(code(&open(&mail_of(&old))), "bad-shape");
    let mut damaged = sealed;
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(code(&open(&mail_of(&damaged))), "bad-shape");
}

/// Wraps packets into this many layers of compression.
pub(super) fn compress(packets: &[u8], layers: usize) -> Vec<u8> {
    let mut inside = packets.to_vec();
    for _ in 0..layers {
        let mut sink = Vec::new();
        let mut message = Compressor::new(Message::new(&mut sink)).algo(CompressionAlgorithm::Zip).build().unwrap();
        message.write_all(&inside).unwrap();
        message.finalize().unwrap();
        inside = sink;
    }
    inside
}

#[test]
fn one_layer_of_compression_is_read_and_bombs_are_not_b26() {
    let in_layers = |packets: &[u8], layers| {
        let inside = compress(packets, layers);
        mail_of(&encrypt(|m| m.write_all(&inside).unwrap()))
    };
    assert_eq!(open(&in_layers(&well_signed(), 1)).unwrap().signed_bytes(), LETTER);
    for layers in [2, 3, 15, 20] {
        assert_eq!(code(&open(&in_layers(&well_signed(), layers))), "bad-shape", "{layers}");
    }
    // Much may come of a few bytes, as long as it is one letter.
    let long = "a line that stands there often\r\n".repeat(20_000).into_bytes();
    let mail = in_layers(&signed(&long, &cert(&People::get().shop), now(), &[]), 1);
    assert!(mail.len() < 20_000);
    assert_eq!(open(&mail).unwrap().signed_bytes(), long);
    let bomb = serialized([literal(&vec![b' '; 64 << 20]).into()]);
    for layers in [1, 2, 3] {
        let mail = in_layers(&bomb, layers);
        assert!(mail.len() < 200_000);
        assert_eq!(code(&open(&mail)), "too-large", "{layers}");
    }
}

#[test]
fn a_million_packets_in_a_few_kilobytes_are_not_looked_at_b26() {
    // The library's time grows with the square of their number: this test would not end in a day.
    let mut one_pass = OnePassSig3::new(SignatureType::Binary);
    one_pass.set_hash_algo(HashAlgorithm::SHA512);
    one_pass.set_issuer(KeyID::from_hex("0123456789ABCDEF").unwrap());
    let forged = by_shop(signature(SignatureType::Binary), b"other");
    let floods = [
        (serialized([OnePassSig::from(one_pass).into()]), 1_000_000),
        (serialized([Packet::Marker(Marker::default())]), 3_000_000),
        (serialized([Packet::from(forged)]), 200_000),
    ];
    for (packet, count) in floods {
        for inside in [[packet.repeat(count), well_signed()], [well_signed(), packet.repeat(count)]] {
            let inside = compress(&inside.concat(), 1);
            let mail = mail_of(&encrypt(|m| m.write_all(&inside).unwrap()));
            assert!(mail.len() < 1 << 20, "{}", mail.len());
            assert_eq!(code(&open(&mail)), "bad-shape");
        }
    }
}

#[test]
fn a_letter_may_have_1_mib_and_not_a_byte_more_b28() {
    let people = People::get();
    let full = vec![b'a'; pgp::PLAINTEXT_MAX];
    assert_eq!(open(&wrap(&letter_by(&people.shop, &full))).unwrap().signed_bytes(), full);
    let over = vec![b'a'; pgp::PLAINTEXT_MAX + 1];
    let signature = pgp::sign(&people.shop, &over, people.buyer().fingerprint(), now()).unwrap();
    let (shop, buyer) = (people.shop.certificate(), people.buyer().certificate());
    assert_eq!(pgp::seal(&over, &signature, shop, buyer, now()), Err(pgp::SealError::TooLarge));
    let inside = signed(&over, &cert(&people.shop), now(), &[]);
    assert_eq!(code(&open(&mail_of(&encrypt(|m| m.write_all(&inside).unwrap())))), "too-large");
    assert_eq!(code(&open(&vec![b'a'; pgp::MAIL_MAX + 1])), "too-large");
}

#[test]
fn names_and_dates_of_the_literal_are_ignored_b29() {
    let (shop, signature) = (cert(&People::get().shop), by_shop(signature(SignatureType::Binary), LETTER));
    for name in ["../../x", "\u{1b}]0;", "_CONSOLE"] {
        for format in [DataFormat::Binary, DataFormat::Unicode, DataFormat::Unknown(b'm')] {
            let mut literal = literal(LETTER);
            literal.set_format(format);
            literal.set_filename(name).unwrap();
            literal.set_date(now() + 26_000 * DAY).unwrap();
            let mut one_pass = OnePassSig3::try_from(&signature).unwrap();
            one_pass.set_last(true);
            let packets = [OnePassSig::from(one_pass).into(), literal.into(), signature.clone().into()];
            let sealed = encrypt(|m| m.write_all(&serialized(packets)).unwrap());
            assert_eq!(open(&mail_of(&sealed)).unwrap().signed_bytes(), LETTER, "{name:?}");
        }
    }
    assert_eq!(shop.fingerprint().to_hex(), People::get().shop.fingerprint().as_str());
}

/// Session keys for a stranger, to be put before ours.
fn foreign_session_keys(count: usize, hidden: bool) -> Vec<u8> {
    let stranger = cert(&People::get().stranger);
    let policy = StandardPolicy::at(now());
    let key = stranger.keys().with_policy(&policy, now()).for_transport_encryption().next().unwrap();
    let session = SessionKey::from(vec![7; 32]);
    let mut pkesk = PKESK3::for_recipient(SymmetricAlgorithm::AES256, &session, key.key()).unwrap();
    let handle: KeyID = key.key().keyid();
    pkesk.set_recipient((!hidden).then_some(handle));
    serialized(std::iter::repeat_n(Packet::PKESK(PKESK::from(pkesk)), count))
}

#[test]
fn only_a_few_session_keys_are_tried_b30() {
    let ours = encrypt(|m| m.write_all(&well_signed()).unwrap());
    let mut packets: Vec<Packet> = PacketPile::from_bytes(&ours).unwrap().into_children().collect();
    let Some(Packet::PKESK(PKESK::V3(pkesk))) = packets.first_mut() else { panic!() };
    pkesk.set_recipient(None);
    let ours_hidden = serialized(packets);
    for (count, hidden, message, expected) in [
        (15, false, &ours, "opened"),
        (16, false, &ours, "not-for-us"),
        (500, false, &ours, "not-for-us"),
        (3, true, &ours_hidden, "opened"),
        (4, true, &ours_hidden, "not-for-us"),
        (4, true, &ours, "opened"),
        (100, true, &ours, "not-for-us"),
    ] {
        let mail = mail_of(&[foreign_session_keys(count, hidden), message.clone()].concat());
        assert_eq!(code(&open(&mail)), expected, "{count} {hidden}");
    }
}

#[test]
fn passwords_are_never_tried_b32() {
    let greedy = S2K::Argon2 { salt: [1; 16], t: 255, p: 255, m: 31 };
    let skesk = SKESK::from(SKESK4::new(SymmetricAlgorithm::AES256, greedy, None).unwrap());
    let skesk = serialized([Packet::SKESK(skesk)]);
    let ours = encrypt(|m| m.write_all(&well_signed()).unwrap());
    assert_eq!(code(&open(&mail_of(&[skesk.clone(), ours.clone()].concat()))), "opened");
    let packets: Vec<Packet> = PacketPile::from_bytes(&ours).unwrap().into_children().skip(1).collect();
    assert_eq!(code(&open(&mail_of(&[skesk, serialized(packets)].concat()))), "not-for-us");
}

/// A good letter whose signature, and the packet that announces it, say of their hash that it is another.
fn renamed_hash(hash: HashAlgorithm) -> Vec<u8> {
    let mut packets: Vec<Packet> = PacketPile::from_bytes(&well_signed()).unwrap().into_children().collect();
    let number = u8::from(hash);
    let mut bytes = Vec::new();
    for packet in &mut packets {
        let mut whole = serialized([packet.clone()]);
        // Behind the two bytes of the packet's own header: version, type, hash; in the signature version, type, key, hash.
        match packet {
            Packet::OnePassSig(_) => whole[4] = number,
            Packet::Signature(_) => whole[5] = number,
            _ => {}
        }
        bytes.extend(whole);
    }
    let renamed: Vec<Packet> = PacketPile::from_bytes(&bytes).unwrap().into_children().collect();
    let of = |packet: &Packet| match packet {
        Packet::OnePassSig(one_pass) => Some(one_pass.hash_algo()),
        Packet::Signature(signature) => Some(signature.hash_algo()),
        _ => None,
    };
    assert_eq!(renamed.iter().filter_map(of).collect::<Vec<_>>(), [hash, hash]);
    mail_of(&encrypt(|message| message.write_all(&bytes).unwrap()))
}

#[test]
fn weak_hashes_are_refused_b33() {
    for hash in [HashAlgorithm::SHA1, HashAlgorithm::MD5, HashAlgorithm::RipeMD] {
        assert_eq!(code(&open(&renamed_hash(hash))), "bad-signature", "{hash} by name");
        let mut signer = signer_of(&cert(&People::get().shop), now());
        let builder = signature(SignatureType::Binary).set_hash_algo(hash);
        // What the library cannot even make, it cannot verify either.
        if let Ok(signature) = builder.sign_message(&mut signer, LETTER) {
            assert_eq!(code(&open(&letter_by_hand(signature))), "bad-signature", "{hash}");
        } else {
            assert_ne!(hash, HashAlgorithm::SHA1);
        }
    }
}

#[test]
fn signatures_of_other_types_are_refused_and_text_is_read_b39() {
    for typ in [SignatureType::Binary, SignatureType::Text] {
        assert_eq!(code(&open(&letter_by_hand(by_shop(signature(typ), LETTER)))), "opened", "{typ}");
    }
    let mut signer = signer_of(&cert(&People::get().shop), now());
    let standalone = signature(SignatureType::Standalone).sign_standalone(&mut signer).unwrap();
    assert_eq!(code(&open(&letter_by_hand(standalone))), "bad-signature");
    let shop = cert(&People::get().shop);
    let certification = shop.userids().next().unwrap().self_signatures().next().unwrap().clone();
    assert_eq!(code(&open(&letter_by_hand(certification))), "bad-signature");
}

#[test]
fn one_pass_signature_and_signature_must_agree_b40() {
    let sha256 = by_shop(signature(SignatureType::Binary).set_hash_algo(HashAlgorithm::SHA256), LETTER);
    let mut one_pass = OnePassSig3::try_from(&sha256).unwrap();
    one_pass.set_last(true);
    one_pass.set_hash_algo(HashAlgorithm::SHA512);
    let packets = [OnePassSig::from(one_pass).into(), literal(LETTER).into(), sha256.clone().into()];
    let sealed = encrypt(|m| m.write_all(&serialized(packets)).unwrap());
    assert_eq!(code(&open(&mail_of(&sealed))), "bad-signature");
    assert_eq!(open(&letter_by_hand(sha256)).unwrap().micalg(), "pgp-sha256");
}

#[test]
fn what_is_critical_and_unknown_refuses_the_signature_b40() {
    use subpacket::{NotationDataFlags, Subpacket, SubpacketTag, SubpacketValue};
    let notation = |critical| {
        let flags = NotationDataFlags::empty().set_human_readable();
        let builder = signature(SignatureType::Binary).add_notation("x@example.com", b"y", flags, critical).unwrap();
        code(&open(&letter_by_hand(by_shop(builder, LETTER))))
    };
    assert_eq!((notation(false), notation(true)), ("opened", "bad-signature"));
    let unknown = |critical| {
        let value = SubpacketValue::Unknown { tag: SubpacketTag::Private(101), body: vec![1, 2, 3] };
        let builder = signature(SignatureType::Binary).modify_hashed_area(|mut area| {
            area.add(Subpacket::new(value, critical)?)?;
            Ok(area)
        });
        code(&open(&letter_by_hand(by_shop(builder.unwrap(), LETTER))))
    };
    assert_eq!((unknown(false), unknown(true)), ("opened", "bad-signature"));
}

#[test]
fn only_one_literal_and_no_junk_b42() {
    let good = well_signed();
    let second = serialized([literal(b"more\r\n").into()]);
    let marker = serialized([Packet::from(Marker::default())]);
    let padding = serialized([Packet::from(Padding::new(100).unwrap())]);
    let cases: [(&str, Vec<&[u8]>); 6] = [
        ("opened", vec![&good]),
        ("bad-shape", vec![&good, &second]),
        ("bad-shape", vec![&second, &good]),
        ("bad-shape", vec![&good, b"junk"]),
        ("opened", vec![&marker, &good]),
        ("opened", vec![&good, &padding]),
    ];
    for (number, (expected, packets)) in cases.into_iter().enumerate() {
        let sealed = encrypt(|m| m.write_all(&packets.concat()).unwrap());
        assert_eq!(code(&open(&mail_of(&sealed))), expected, "case {number}");
    }
}

#[test]
fn two_messages_in_one_armor_are_refused_b43() {
    let one = encrypt(|m| m.write_all(&well_signed()).unwrap());
    assert_eq!(code(&open(&mail_of(&[one.clone(), one].concat()))), "bad-shape");
}

#[test]
fn of_several_signatures_one_good_one_is_enough() {
    let people = People::get();
    let (shop, stranger) = (cert(&people.shop), cert(&people.stranger));
    let mut sink = Vec::new();
    let signer = Signer::new(Message::new(&mut sink), signer_of(&stranger, now())).unwrap();
    let signer = signer.add_signer(signer_of(&shop, now())).unwrap().creation_time(now());
    let mut message = LiteralWriter::new(signer.build().unwrap()).build().unwrap();
    message.write_all(LETTER).unwrap();
    message.finalize().unwrap();
    let opened = open(&mail_of(&encrypt(|m| m.write_all(&sink).unwrap()))).unwrap();
    assert_eq!(opened.signer(), people.shop.fingerprint());
}

/// Writes a literal as a packet; the library's own writer would frame it anew.
trait SerializePacket {
    fn serialize_packet(self, message: &mut Message<'_>);
}

impl SerializePacket for Literal {
    fn serialize_packet(self, message: &mut Message<'_>) {
        Packet::from(self).serialize(message).unwrap();
    }
}
