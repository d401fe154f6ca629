//! Parties that write very much about one transaction.

use std::sync::Arc;

use mailorder::rules::crowd::{crowded_since, crowds};
use mailorder::rules::limits::{DAY, MANY};
use mailorder::trade::{Direction, Kept, Letter, Moment, Transaction, Verdict};

use crate::support::trade::*;

const NOON: &str = "2026-07-20T12:00:00Z";

fn paid() -> Letter {
    status(&bank(), 1, "2026-07-21", true, payment_status(jpy(0), vec![payment("1", jpy(4800), done("2026-07-21"))]))
}

fn noon() -> Moment {
    Moment::parse(NOON).unwrap()
}

/// Puts so many statuses of a letter's writer into a transaction, one each minute from a moment on.
fn write(known: &mut Transaction, letter: &Letter, from: &Moment, times: usize) {
    for minute in 0..i64::try_from(times).unwrap() {
        let (direction, verdict, letter) = (Direction::In, Verdict::Applied, Arc::new(letter.clone()));
        let (position, content) = (u64::try_from(known.kept.len()).unwrap(), content(&letter));
        let (recorded, findings, settled) = (from.plus_seconds(60 * minute), Vec::new(), None);
        known.kept.push(Kept {
            position,
            direction,
            content,
            recorded,
            letter,
            verdict,
            findings,
            settled,
            erased: None,
        });
    }
}

#[test]
fn a_crowd_is_two_hundred_statuses_of_one_party_within_a_day() {
    // B100.
    let mut known = Desk::buyer_open().transaction().clone();
    write(&mut known, &paid(), &noon(), MANY - 1);
    let delivered = status(&courier(), 1, "2026-07-21", true, delivery_status(vec![]));
    write(&mut known, &delivered, &noon(), MANY - 1);
    assert_eq!(crowded_since(&known), None, "two parties, neither of them too many");
    assert_eq!(crowds(&known, &noon()), []);

    let late = noon().plus_seconds(DAY);
    write(&mut known, &paid(), &late, 1);
    assert_eq!(crowded_since(&known), Some(noon()), "two hundred, counted from the last one back");
    let [crowd] = &crowds(&known, &noon())[..] else { panic!("one party") };
    assert_eq!((&crowd.peer, crowd.letters, crowd.last), (&bank().address, MANY, late));
    assert_eq!(crowds(&known, &noon().plus_seconds(1)), [], "one of them is older than a day");

    write(&mut known, &paid(), &late.plus_seconds(60), 1);
    assert_eq!(crowded_since(&known), Some(noon().plus_seconds(60)), "the newest count");
}

#[test]
fn letters_that_are_no_statuses_make_no_crowd() {
    let mut known = Desk::buyer_open().transaction().clone();
    write(&mut known, &terms_letter(terms()), &noon(), 2 * MANY);
    assert_eq!(crowded_since(&known), None);
}
