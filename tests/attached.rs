//! Files in letters: one that is the one its letter names, or none.

use mailorder::mail::{self, Language, ReadError, WriteError};
use mailorder::trade::{Digest, Document, Download, Letter, Place};

use crate::letters;
use crate::mail::{check_bytes, exact, read, texts};

/// A delivery status with a file of this size, and the file.
fn with_file(size: usize) -> (Letter, Vec<u8>) {
    let bytes: Vec<u8> = (0..size).map(|place| u8::try_from(place * 7 % 251).unwrap()).collect();
    let mut letter = letters::under_way();
    letter.done = Some(false);
    let Document::DeliveryStatus(status) = &mut letter.document else { unreachable!("of this kind") };
    status.parcels[0].download = Some(Download {
        name: "本.epub".to_owned(),
        size: u64::try_from(size).unwrap(),
        digest: Digest::of(&bytes),
        place: Place::Attached,
    });
    (letter, bytes)
}

fn file_of(letter: &Letter) -> Download {
    let Document::DeliveryStatus(status) = &letter.document else { unreachable!("of this kind") };
    status.parcels[0].download.clone().unwrap()
}

#[test]
fn a_letter_brings_a_file_and_one_that_is_not_the_one_it_names_is_refused_p22() {
    let texts = texts(Language::En);
    for size in [1, 56, 57, 58, 4_000, 512 * 1024] {
        let (letter, bytes) = with_file(size);
        let signed = mail::write_with(&letter, &texts, &|_| Some(&bytes)).unwrap();
        assert!(signed.len() < 1024 * 1024, "{}", signed.len());
        check_bytes(&signed);
        let signed = String::from_utf8(signed).unwrap();
        let received = read(&letter, &signed).unwrap();
        assert_eq!(exact(received.letter()), exact(&letter));
        assert!(received.remarks().is_empty(), "{:?}", received.remarks());
        assert_eq!(mail::attached_file(signed.as_bytes(), &file_of(&letter)).unwrap(), bytes);
        // Another byte, a byte less, none of it, and no attachment at all.
        let (whole, encoded) = signed.split_once("Content-Disposition: attachment\r\n").unwrap();
        let (head, body) = encoded.split_once("\r\n\r\n").unwrap();
        let first = if body.starts_with('B') { "C" } else { "B" };
        let end = body.find("\r\n--mixed").unwrap();
        let changed = format!("{whole}Content-Disposition: attachment\r\n{head}\r\n\r\n{first}{}", &body[1..]);
        let shorter = format!("{whole}Content-Disposition: attachment\r\n{head}\r\n\r\n{}", &body[end..]);
        for damaged in [changed, shorter] {
            let found = read(&letter, &damaged);
            assert!(matches!(found, Err(ReadError::BadShape(_))), "{size}: {found:?}");
            assert!(mail::attached_file(damaged.as_bytes(), &file_of(&letter)).is_err());
        }
        let alone = signed.replace("application/octet-stream", "message/rfc822");
        assert!(read(&letter, &alone).is_err());
    }
}

#[test]
fn what_is_said_of_a_file_is_one_of_the_few_things_that_can_be() {
    let (letter, bytes) = with_file(100);
    let texts = texts(Language::En);
    let signed = String::from_utf8(mail::write_with(&letter, &texts, &|_| Some(&bytes)).unwrap()).unwrap();
    let hex = file_of(&letter).digest.hex();
    for (from, to) in [
        ("\"contentSize\": \"100\"", "\"contentSize\": \"101\""),
        ("\"contentSize\": \"100\"", "\"contentSize\": \"0100\""),
        ("\"contentSize\": \"100\"", "\"contentSize\": \"0\""),
        ("\"contentSize\": \"100\"", "\"contentSize\": \"-1\""),
        ("\"contentSize\": \"100\"", "\"contentSize\": 100"),
        ("\"contentUrl\": \"cid:", "\"contentUrl\": \"http:"),
        ("\"contentUrl\": \"cid:", "\"contentUrl\": \"javascript:"),
        ("\"contentUrl\": \"cid:", "\"contentUrl\": \"file:///"),
        ("\"sha256\": \"", "\"sha256\": \"0"),
        ("\"name\": \"本.epub\",\r\n", ""),
    ] {
        assert!(signed.contains(from), "{from}");
        let damaged = signed.replacen(from, to, 1);
        assert!(matches!(read(&letter, &damaged), Err(ReadError::BadShape(_))), "{from} {to}");
    }
    // The one of another letter, and one that is too large for a letter.
    let other = signed.replacen(&format!("\"sha256\": \"{hex}\""), &format!("\"sha256\": \"{}\"", "0".repeat(64)), 1);
    assert!(read(&letter, &other).is_err());
    let large = signed.replacen("\"contentSize\": \"100\"", "\"contentSize\": \"524289\"", 1);
    assert!(read(&letter, &large).is_err());
}

#[test]
fn a_file_that_is_not_at_hand_or_too_large_is_not_written() {
    let texts = texts(Language::En);
    let (letter, bytes) = with_file(100);
    assert!(matches!(mail::write(&letter, &texts), Err(WriteError::File(_))));
    assert!(matches!(mail::write_with(&letter, &texts, &|_| Some(&bytes[1..])), Err(WriteError::File(_))));
    let (letter, bytes) = with_file(512 * 1024 + 1);
    assert!(mail::write_with(&letter, &texts, &|_| Some(&bytes)).is_err());
    let (mut twice, bytes) = with_file(100);
    let Document::DeliveryStatus(status) = &mut twice.document else { unreachable!("of this kind") };
    let more = status.parcels[0].clone();
    status.parcels.push(mailorder::trade::status::Parcel { id: "2".to_owned(), ..more });
    assert!(matches!(mail::write_with(&twice, &texts, &|_| Some(&bytes)), Err(WriteError::FileTooLarge)));
}
