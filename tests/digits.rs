//! Of a card or account nobody but the payment agent is told more than the last four letters or digits, whatever program
//! wrote the letter.

use mailorder::mail::{self, Language, ReadError};
use mailorder::trade::{Kind, Letter, PaymentMethod, Role, Verdict};

use crate::flows::private::check_nowhere;
use crate::letters::{self, Chance};
use crate::mail::{read, texts};
use crate::support::world::{BUYER, SHOP, World};

const CARD: &str = "4556737586893456";

fn written(letter: &Letter) -> String {
    String::from_utf8(mail::write(letter, &texts(Language::En)).unwrap()).unwrap()
}

#[test]
fn of_a_card_or_account_no_letter_says_more_than_four_letters_or_digits() {
    let four = "\"paymentMethodId\": \"3456\"";
    let kinds =
        [Kind::Order, Kind::TransactionInfo, Kind::AuthorizationRequest, Kind::PaymentInstruction, Kind::PaymentStatus];
    for kind in kinds {
        let letters = (0..100).map(|seed| Chance::new(seed).letter(kind)).map(|letter| (written(&letter), letter));
        let (signed, letter) = letters.into_iter().find(|(signed, _)| signed.contains(four)).unwrap();
        for (said, is_read) in [
            ("3456", true),
            ("**** **** **** 3456", true),
            ("", true),
            ("4556737586893456", false),
            ("4556 7375 8689 3456", false),
            ("13456", false),
            ("DE89 3704", false),
            ("\u{ff11}\u{ff12}\u{ff13}\u{ff14}\u{ff15}", false),
        ] {
            let text = signed.replacen(four, &format!("\"paymentMethodId\": \"{said}\""), 1);
            let found = read(&letter, &text);
            let is_bad = matches!(&found, Err(ReadError::BadShape(why)) if !why.contains("4556"));
            assert!(if is_read { found.is_ok() } else { is_bad }, "{kind} {said:?}: {found:?}");
            assert!(mail::reread(text.as_bytes()).is_ok(), "{kind} {said:?}: what was entered before is read again");
        }
    }
    // Wherever it stands, and whatever it is: what nobody reads is kept as it came.
    let letter = letters::terms();
    let signed = written(&letter);
    for elsewhere in ["\"paymentMethodId\": \"4556737586893456\"", "\"paymentMethodId\": 4556737586893456"] {
        let text = signed.replacen("\"totalPaymentDue\"", &format!("{elsewhere}, \"totalPaymentDue\""), 1);
        assert_ne!(text, signed);
        assert!(matches!(read(&letter, &text), Err(ReadError::BadShape(_))), "{:?}", read(&letter, &text));
    }
}

#[test]
fn an_order_of_another_program_with_the_whole_number_is_set_aside_and_the_number_is_nowhere_on_the_shops_disk() {
    let steps = r#"["authorize", "terms", "confirmation", "payment", "delivery"]"#;
    let mut world = World::new(steps);
    world.accept(SHOP, BUYER);
    let by_card = |world: &mut World, ending: &str| {
        world.order(BUYER, |order| {
            order.payment_method = PaymentMethod::parse("card").unwrap();
            order.payment_id = Some(ending.to_owned());
        })
    };
    by_card(&mut world, CARD);
    let mails: Vec<Vec<u8>> = world.send(BUYER).into_iter().map(|mail| mail.bytes).collect();
    let taken = world.deliver(SHOP, &mails);
    assert_eq!(taken.counts.get(&Verdict::SetAside), Some(&1), "{taken:?}");
    let aside = world.clerks[SHOP].set_aside().unwrap();
    assert_eq!((aside.len(), aside[0].reason.code.as_str()), (1, "bad-shape"));
    // The next, with the last four, goes through all of the shop.
    let id = by_card(&mut world, "3456");
    world.settle();
    assert!(world.transaction(SHOP, Role::Shop, &id).terms().is_some());
    assert_eq!(world.clerks[SHOP].set_aside().unwrap().len(), 1);
    check_nowhere(&world.folder(SHOP), CARD);
}
