//! Messages that unpack to more than they are, and plaintexts larger than is held (hard-cases 5.2).

use std::io::Read as _;

use sequoia_openpgp::parse::{PacketParser, PacketParserResult};

use super::layers::compress;
use super::*;

/// Returns a stored block of DEFLATE that announces so many bytes (RFC 1951 section 3.2.4).
fn stored(length: u8) -> Vec<u8> {
    vec![0, length, 0, !length, 0xff]
}

/// Makes a compressed packet whose content is that very packet. After Russ Cox, "Zip Files All The Way Down": blocks that
/// say what follows, and blocks that repeat what was said, all of five bytes, so that each can be said in its turn.
fn quine() -> Vec<u8> {
    /// Repeats the last 20 bytes.
    const REPEAT_20: [u8; 5] = [0x42, 0x88, 0x21, 0xc4, 0x00];
    /// Repeats the last 11 bytes.
    const REPEAT_11: [u8; 5] = [0x02, 0x33, 0x21, 0x4c, 0x00];
    /// Says nothing more: the last block.
    const END: [u8; 5] = [1, 0, 0, 0xff, 0xff];
    let (r20, r11) = (REPEAT_20.to_vec(), REPEAT_11.to_vec());
    let (say_0, say_5, say_11, say_20) = (stored(0), stored(5), stored(11), stored(20));
    let (r20s, end) =
        ([r20.clone(), say_20.clone()].concat(), [r20, say_0.clone(), say_0.clone(), END.to_vec()].concat());
    let with_head = |head: &[u8]| {
        let begin = [head, &say_11, head, &say_11, &r11].concat();
        let middle = [&say_5[..], &r11, &say_0, &say_20].concat();
        [&begin[..], &middle, &middle, &r20s.repeat(4), &end, &end].concat()
    };
    // A packet of the old format with a length of four bytes, compressed by ZIP.
    let body = with_head(&[0; 6]).len() - 5;
    let length = u32::try_from(body).unwrap().to_be_bytes();
    with_head(&[&[0xa2][..], &length, &[1]].concat())
}

#[test]
fn a_compressed_packet_that_holds_itself_is_refused_b26() {
    let quine = quine();
    let PacketParserResult::Some(mut packet) = PacketParser::from_bytes(&quine).unwrap() else { panic!("a packet") };
    assert!(matches!(packet.packet, Packet::CompressedData(_)));
    let mut content = Vec::new();
    packet.read_to_end(&mut content).unwrap();
    assert_eq!(content, quine, "unpacked it is what it was");
    for inside in [
        quine.clone(),
        compress(&quine, 1),
        [well_signed(), quine.clone()].concat(),
        [quine.clone(), well_signed()].concat(),
    ] {
        let mail = mail_of(&encrypt(|message| message.write_all(&inside).unwrap()));
        assert_eq!(code(&open(&mail)), "bad-shape", "{} bytes", inside.len());
    }
}

/// A letter well signed by the shop.
fn well_signed() -> Vec<u8> {
    signed(LETTER, &cert(&People::get().shop), now(), &[])
}

#[test]
fn of_a_plaintext_beyond_the_limit_nothing_is_released_wherever_it_was_changed_b28() {
    // 60 MB, well signed, in a mail that is small enough to be looked at; whole, and with a bit flipped in the last bytes,
    // in those that vouch for the whole, and in the middle.
    const LINE: &[u8] = b"a line that nobody may see\r\n";
    let long = LINE.repeat(60_000_000 / LINE.len());
    let inside = compress(&signed(&long, &cert(&People::get().shop), now(), &[]), 1);
    let sealed = encrypt(|message| message.write_all(&inside).unwrap());
    let at = [None, Some(sealed.len() - 1), Some(sealed.len() - 30), Some(sealed.len() / 2)];
    for at in at {
        let mut sealed = sealed.clone();
        if let Some(at) = at {
            sealed[at] ^= 1;
        }
        let mail = mail_of(&sealed);
        assert!(mail.len() < pgp::MAIL_MAX, "{} bytes", mail.len());
        let outcome = open(&mail);
        assert!(matches!(code(&outcome), "too-large" | "bad-shape"), "{at:?}: {}", code(&outcome));
        assert!(!format!("{outcome:?}").contains("nobody may see"), "{outcome:?}");
    }
    // The same where the whole would be held: what was changed at the end is refused, all of it.
    let short = LINE.repeat(30_000);
    let inside = signed(&short, &cert(&People::get().shop), now(), &[]);
    let mut sealed = encrypt(|message| message.write_all(&inside).unwrap());
    assert_eq!(open(&mail_of(&sealed)).unwrap().signed_bytes(), short);
    *sealed.last_mut().unwrap() ^= 1;
    assert_eq!(code(&open(&mail_of(&sealed))), "bad-shape");
}
