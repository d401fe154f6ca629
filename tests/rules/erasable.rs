//! When what letters say of people may be erased: once nothing is waited for.

use mailorder::rules::erasable::{Needed, needed};
use mailorder::rules::{Standing, State};
use mailorder::trade::document::Cancellation;
use mailorder::trade::{Document, Letter, Role, Settlement, Verdict};

use crate::support::trade::*;

const NOW: &str = "2026-09-01";

fn why(desk: &Desk) -> Option<Needed> {
    needed(desk.transaction(), &at(NOW))
}

fn paid() -> Letter {
    let payment = payment("1", jpy(4800), done("2026-07-21"));
    status(&bank(), 1, "2026-07-21", true, payment_status(jpy(0), vec![payment]))
}

fn shipped() -> Letter {
    status(&shop(), 2, "2026-07-18", true, order_status(vec![shipment("1", all_goods(), done("2026-07-18"))]))
}

fn delivered() -> Letter {
    status(&courier(), 1, "2026-07-21", true, delivery_status(vec![parcel("1", all_goods(), done("2026-07-21"))]))
}

#[test]
fn an_order_that_is_done_may_be_erased_and_not_a_step_before() {
    assert_eq!(why(&Desk::buyer_ordered()), Some(Needed::Open(State::Ordered)));
    let mut desk = Desk::buyer_open();
    for letter in [shipped(), delivered(), paid()] {
        assert_eq!(why(&desk), Some(Needed::Open(State::Open)));
        assert_eq!(desk.takes(&letter).verdict, Verdict::Applied);
    }
    assert_eq!((desk.standing().state, why(&desk)), (State::Completed, None));
}

#[test]
fn an_offer_may_be_erased_when_its_time_has_run_out() {
    let desk = Desk::shop_offered();
    assert_eq!(needed(desk.transaction(), &at("2026-07-16")), Some(Needed::Open(State::Offered)));
    assert_eq!(why(&desk), None);
}

#[test]
fn a_warning_that_nobody_settled_keeps_the_letters() {
    let mut desk = Desk::buyer_open();
    for letter in [shipped(), delivered(), paid()] {
        desk.takes(&letter);
    }
    let too_much = payment("1", jpy(9600), done("2026-07-22"));
    let wrong = status(&bank(), 2, "2026-07-22", true, payment_status(jpy(0), vec![too_much]));
    assert_eq!(desk.takes(&wrong).verdict, Verdict::Warned);
    let entry = desk.transaction().kept.last().unwrap().position;
    assert_eq!(why(&desk), Some(Needed::Warned(entry)));
    assert!(why(&desk).unwrap().to_string().ends_with(&format!("W-{entry}")));
    desk.settles(Role::Buyer, &wrong, Settlement::Ack);
    assert_eq!(why(&desk), None);
}

#[test]
fn money_that_is_to_go_back_and_a_request_without_answer_keep_them() {
    let mut desk = Desk::buyer_open();
    desk.takes(&paid());
    desk.takes(&status(&shop(), 2, "2026-07-22", false, cancelled()));
    assert_eq!((desk.standing().state, why(&desk)), (State::Cancelled, Some(Needed::Refund)));
    // At the shop, what the buyer asked for and nobody answered.
    let mut shops = Desk::shop_offered();
    let cancel = Document::Cancellation(Cancellation { reason: None });
    let cancel =
        Letter { seq: Some(2), order: Some(order_id()), terms: Some(offer()), ..letter(&buyer(), &shop(), cancel) };
    assert_eq!(shops.takes(&cancel).verdict, Verdict::Applied);
    let waits = shops.transaction().kept.last().unwrap().position;
    assert_eq!(Standing::of(shops.transaction()).state, State::Offered);
    assert_eq!(why(&shops), Some(Needed::Waits(waits)));
}
