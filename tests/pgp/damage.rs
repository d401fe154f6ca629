//! Damage: whatever is changed, nothing with other content is ever opened (B24, B25).

use super::*;

#[test]
fn no_flipped_bit_changes_what_is_read_b24() {
    let people = People::get();
    let mail = wrap(&letter_by(&people.shop, LETTER));
    let content = open(&mail).unwrap().content();
    let (mut opened, mut set_aside) = (0, 0);
    for bit in 0..mail.len() * 8 {
        let mut damaged = mail.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        match open(&damaged) {
            Ok(letter) => {
                assert_eq!((letter.content(), letter.signer()), (content, people.shop.fingerprint()), "bit {bit}");
                opened += 1;
            }
            Err(_) => set_aside += 1,
        }
    }
    assert!(opened > 0 && set_aside > opened, "{opened} opened, {set_aside} set aside");
}

#[test]
fn no_flipped_bit_of_the_message_itself_is_accepted_b24() {
    let people = People::get();
    let binary = encrypt(|m| m.write_all(&signed(LETTER, &cert(&people.shop), now(), &[])).unwrap());
    let content = open(&mail_of(&binary)).unwrap().content();
    for bit in 0..binary.len() * 8 {
        let mut damaged = binary.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        if let Ok(letter) = open(&mail_of(&damaged)) {
            assert_eq!(letter.content(), content, "bit {bit}");
        }
    }
}

#[test]
fn a_mail_cut_off_anywhere_is_set_aside_b25() {
    let mail = wrap(&letter_by(&People::get().shop, LETTER));
    for length in 0..mail.len() {
        let outcome = open(&mail[..length]);
        // Without its last CR and LF the mail is still whole.
        let whole = length + 2 >= mail.len();
        assert_eq!(outcome.is_ok(), whole, "{length} of {}: {}", mail.len(), code(&outcome));
    }
}

#[test]
fn a_message_cut_off_anywhere_is_set_aside_b25() {
    let people = People::get();
    let binary = encrypt(|m| m.write_all(&signed(LETTER, &cert(&people.shop), now(), &[])).unwrap());
    for length in 0..binary.len() {
        assert!(open(&mail_of(&binary[..length])).is_err(), "{length} of {}", binary.len());
    }
}

#[test]
fn anything_may_stand_inside_the_encryption_b24_b25() {
    // Who has our certificate can encrypt whatever he likes to it, so the inside is as hostile as the outside.
    let people = People::get();
    let inside = signed(LETTER, &cert(&people.shop), now(), &[]);
    let encrypted = |inside: &[u8]| mail_of(&encrypt(|m| m.write_all(inside).unwrap()));
    let content = open(&encrypted(&inside)).unwrap().content();
    for length in 0..inside.len() {
        assert!(open(&encrypted(&inside[..length])).is_err(), "{length} of {}", inside.len());
    }
    // A stride of seven bits touches nearly every byte, and all bit places in turn.
    for bit in (0..inside.len() * 8).step_by(crate::support::tried(7, 1)) {
        let mut damaged = inside.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        if let Ok(letter) = open(&encrypted(&damaged)) {
            assert_eq!((letter.content(), letter.signer()), (content, people.shop.fingerprint()), "bit {bit}");
        }
    }
}
