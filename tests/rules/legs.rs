//! Legs are the fold of letters in the order of their numbers, whatever the order of arrival (I6).

use mailorder::rules::{Standing, State};
use mailorder::trade::{Body, Book, Code, Letter, Verdict};

use crate::simulation::chance::Chance;
use crate::support::trade::*;

/// Six statuses of three senders, from the first plan to the last done.
fn statuses() -> Vec<Letter> {
    let whole = |step| vec![parcel("1", all_goods(), step)];
    vec![
        status(&shop(), 2, "2026-07-11", false, order_status(vec![shipment("1", all_goods(), planned("2026-07-18"))])),
        status(&shop(), 3, "2026-07-18", true, order_status(vec![shipment("1", all_goods(), done("2026-07-18"))])),
        status(&courier(), 1, "2026-07-19", false, delivery_status(whole(planned("2026-07-21")))),
        status(&courier(), 2, "2026-07-22", true, delivery_status(whole(done("2026-07-21")))),
        status(
            &bank(),
            1,
            "2026-07-11",
            false,
            payment_status(jpy(4800), vec![payment("1", jpy(4800), planned("2026-08-27"))]),
        ),
        status(
            &bank(),
            2,
            "2026-08-28",
            true,
            payment_status(jpy(0), vec![payment("1", jpy(4800), done("2026-08-27"))]),
        ),
    ]
}

/// Calls `with` for every order of `items` (Heap's algorithm).
fn orders(items: &mut Vec<Letter>, upto: usize, with: &mut impl FnMut(&[Letter])) {
    if upto < 2 {
        return with(items);
    }
    for at in 0..upto {
        orders(items, upto - 1, with);
        items.swap(if upto.is_multiple_of(2) { at } else { 0 }, upto - 1);
    }
}

/// Takes the terms after so many of these letters, and returns how the order stands in the end.
fn ends(letters: &[Letter], early: usize) -> Standing {
    let mut desk = Desk::buyer_ordered();
    letters[..early].iter().for_each(|letter| drop(desk.takes(letter)));
    desk.takes(&terms_letter(terms()));
    letters[early..].iter().for_each(|letter| drop(desk.takes(letter)));
    assert!(desk.transaction().kept.iter().all(|kept| kept.counts()));
    desk.standing()
}

fn below(chance: &mut Chance, end: usize) -> usize {
    usize::try_from(chance.below(u64::try_from(end).unwrap())).unwrap()
}

/// Returns the letters with each of them once, twice or three times: the first where it was, the others anywhere behind it.
fn repeated(letters: &[Letter], chance: &mut Chance) -> Vec<Letter> {
    let mut all: Vec<&Letter> = letters.iter().collect();
    for letter in letters {
        for _ in 0..chance.below(3) {
            let first = all.iter().position(|one| *one == letter).unwrap();
            all.insert(first + 1 + below(chance, all.len() - first), letter);
        }
    }
    all.into_iter().cloned().collect()
}

#[test]
fn every_order_of_six_statuses_each_up_to_three_times_ends_in_one_state() {
    // B69: 720 orders; none before the terms, half of them, and all; and once more with repeats. The clerk enters a repeat once; the fold would bear it.
    let expected = ends(&statuses(), 0);
    assert_eq!(expected.state, State::Completed);
    let mut chance = Chance::new(69);
    let (mut played, mut longest) = (0, 0);
    orders(&mut statuses(), 6, &mut |letters| {
        for early in [0, 3, 6] {
            assert_eq!(ends(letters, early), expected, "{early} before the terms");
            played += 1;
        }
        let often = repeated(letters, &mut chance);
        let early = below(&mut chance, often.len() + 1);
        assert_eq!(ends(&often, early), expected, "{early} of {} before the terms", often.len());
        longest = longest.max(often.len());
        played += 1;
    });
    assert_eq!(played, 4 * 720);
    assert!(longest > 15, "{longest} letters at most");
}

#[test]
fn a_late_lower_number_is_history_and_goes_to_its_place() {
    // B65: "delivered", then the older "on its way".
    let all = statuses();
    let mut desk = Desk::buyer_open();
    assert_eq!(desk.takes(&all[3]).verdict, Verdict::Applied);
    let before = desk.legs();
    assert_eq!(desk.takes(&all[2]).verdict, Verdict::Stale);
    assert_eq!(desk.legs(), before);
}

#[test]
fn what_stands_above_a_late_letter_is_judged_again() {
    // Number 1 says done on the 20th and comes last: number 2, which says another day, is warned about from then on.
    let done_on = |seq, on: &str| {
        status(&courier(), seq, "2026-07-22", true, delivery_status(vec![parcel("1", all_goods(), done(on))]))
    };
    let (first, second) = (done_on(1, "2026-07-20"), done_on(2, "2026-07-21"));
    let mut desk = Desk::buyer_open();
    assert_eq!(desk.takes(&second).verdict, Verdict::Applied);
    desk.takes(&first);
    assert_eq!(desk.verdict(&second), Verdict::Warned);
    assert_eq!(desk.transaction().by_content(&content(&second)).unwrap().findings[0].code, Code::DoneDateChanged);
    assert_eq!(desk.legs().delivery.done, Some(at("2026-07-20")));
}

#[test]
fn a_warning_closes_when_the_other_side_has_spoken() {
    // Money that goes back before the shop's answer has come: the post was slow, not the bank wrong.
    let paid = statuses().remove(5);
    let mut back = payment("2", jpy(4800), done("2026-08-29"));
    back.refund = true;
    let payments = vec![payment("1", jpy(4800), done("2026-08-27")), back];
    let refunded = status(&bank(), 3, "2026-08-29", true, payment_status(jpy(0), payments));
    let mut desk = Desk::buyer_open();
    desk.takes(&paid);
    assert_eq!(desk.takes(&refunded).verdict, Verdict::Warned);
    desk.takes(&status(&shop(), 2, "2026-08-28", true, cancelled()));
    assert_eq!(desk.verdict(&refunded), Verdict::Applied);
    assert_eq!(desk.standing().state, State::Refunded);
}

#[test]
fn a_cancellation_told_again_keeps_its_moment_and_is_no_shipment() {
    let mut desk = Desk::buyer_open();
    let part = vec![shipment("1", goods(&[("1", "1")]), done("2026-07-12"))];
    desk.takes(&status(&shop(), 2, "2026-07-12", false, order_status(part.clone())));
    for (seq, on) in [(3, "2026-07-14"), (4, "2026-07-20")] {
        let mailorder::trade::Document::OrderStatus(mut over) = cancelled() else { unreachable!() };
        over.shipments.clone_from(&part);
        let over = mailorder::trade::Document::OrderStatus(over);
        assert_eq!(desk.takes(&status(&shop(), seq, on, true, over)).verdict, Verdict::Applied);
    }
    assert_eq!(desk.legs().cancelled, Some(at("2026-07-14")));
    assert_eq!(desk.legs().order.done, None);
}

#[test]
fn the_book_is_the_fold_of_its_entries() {
    // I4
    let mut desk = Desk::buyer_ordered();
    let mut letters = statuses();
    letters.insert(3, terms_letter(terms()));
    letters.iter().for_each(|letter| drop(desk.takes(letter)));
    let mut book = Book::default();
    for entry in &desk.entries {
        book.apply(entry);
    }
    assert_eq!(book, desk.book);
    assert!(desk.entries.iter().any(|entry| matches!(entry.body, Body::Own { .. })), "verdicts were entered");
}
