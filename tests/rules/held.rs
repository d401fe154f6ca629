//! Letters that overtake: they wait, and count when what they wait for has come.

use mailorder::rules::waited_in_vain;
use mailorder::trade::document::{Cancellation, PaymentInstruction, RefundInstruction, Stop};
use mailorder::trade::{Code, Document, Leg, Letter, OrderId, Role, Settlement, Shown, Verdict};

use crate::support::trade::*;

fn shipped() -> Letter {
    status(&shop(), 2, "2026-07-18", true, order_status(vec![shipment("1", all_goods(), done("2026-07-18"))]))
}

fn delivered() -> Letter {
    status(&courier(), 1, "2026-07-21", true, delivery_status(vec![parcel("1", all_goods(), done("2026-07-21"))]))
}

fn forged() -> Letter {
    Letter { seq: Some(5), ..Letter { from: party("other"), ..shipped() } }
}

fn instruction() -> Letter {
    let document = Document::PaymentInstruction(PaymentInstruction {
        buyer: person(&buyer()),
        amount: jpy(4800),
        payment_method: order().payment_method,
        payment_id: None,
        due: None,
        terms_date: None,
        shown: Shown::default(),
        agents: terms().agents,
    });
    Letter { terms: Some(offer()), ..letter(&shop(), &bank(), document) }
}

fn to_bank(document: Document) -> Letter {
    Letter { seq: Some(2), terms: Some(offer()), ..letter(&shop(), &bank(), document) }
}

#[test]
fn statuses_before_the_terms_wait_and_then_count_as_if_in_order() {
    // B64: status 3 before status 2 before the terms.
    let mut early = Desk::buyer_ordered();
    for letter in [delivered(), shipped()] {
        let judgement = early.takes(&letter);
        assert_eq!((judgement.verdict, judgement.findings[0].code), (Verdict::Held, Code::UnknownTransaction));
    }
    assert_eq!(early.book.iter().count(), 2, "known by number alone, beside the order");
    early.takes(&terms_letter(terms()));
    assert_eq!((early.verdict(&shipped()), early.verdict(&delivered())), (Verdict::Applied, Verdict::Applied));

    let mut in_order = Desk::buyer_ordered();
    for letter in [terms_letter(terms()), shipped(), delivered()] {
        assert_eq!(in_order.takes(&letter).verdict, Verdict::Applied);
    }
    assert_eq!(early.standing(), in_order.standing());
    assert_eq!(early.legs().delivery.done, Some(at("2026-07-21")));
}

#[test]
fn what_waited_is_judged_and_not_believed_for_waiting() {
    let mut desk = Desk::buyer_ordered();
    assert_eq!(desk.takes(&forged()).verdict, Verdict::Held);
    desk.takes(&terms_letter(terms()));
    assert_eq!(desk.verdict(&forged()), Verdict::Warned);
    assert_eq!(desk.legs().order.content, None);
}

#[test]
fn a_letter_waits_thirty_days_and_is_still_looked_at_later() {
    // B64, B71.
    let mut desk = Desk::buyer_ordered();
    desk.now = at("2026-07-18");
    desk.takes(&shipped());
    let stub = desk.book.find(Role::Buyer, &shipped().names()).unwrap().clone();
    assert!(waited_in_vain(&stub, &at("2026-08-16")).is_empty());
    let acts = waited_in_vain(&stub, &at("2026-08-18"));
    assert_eq!(acts.len(), 1);
    for act in acts {
        let body = mailorder::trade::Body::Own { act, names: shipped().names(), about: Vec::new() };
        desk.enter(Some(Role::Buyer), body);
    }
    assert!(desk.judge_again(Role::Buyer, &shipped().names()).is_empty(), "it stays warned about");
    desk.takes(&terms_letter(terms()));
    assert_eq!(desk.verdict(&shipped()), Verdict::Applied);
}

#[test]
fn a_cancellation_may_overtake_its_order() {
    let cancels = letter(&buyer(), &shop(), Document::Cancellation(Cancellation { reason: None }));
    let cancels = Letter { seq: Some(2), transaction: None, order: Some(order_id()), ..cancels };
    let mut desk = Desk::new(&shop());
    assert_eq!(desk.takes(&cancels).verdict, Verdict::Held);
    assert_eq!(desk.takes(&order_letter()).verdict, Verdict::Applied);
    assert_eq!(desk.verdict(&cancels), Verdict::Applied);
}

#[test]
fn the_answer_to_a_cancellation_before_the_terms_needs_none() {
    let answer = Letter {
        terms: None,
        transaction: None,
        order: Some(order_id()),
        ..status(&shop(), 1, "2026-07-11", true, cancelled())
    };
    let mut desk = Desk::buyer_ordered();
    assert_eq!(desk.takes(&answer).verdict, Verdict::Applied);
    assert_eq!(desk.standing().state, mailorder::rules::State::Cancelled);
    let other = Letter { from: party("other"), ..answer.clone() };
    let mut desk = Desk::buyer_ordered();
    assert_eq!(desk.takes(&other).verdict, Verdict::Held, "another shop's waits for terms");
    assert_eq!(desk.standing().state, mailorder::rules::State::Ordered);
    let foreign = Letter { order: Some(OrderId::from_bytes([1; 26])), transaction: Some(number()), ..answer };
    assert_eq!(desk.takes(&foreign).verdict, Verdict::Held, "it names another order");
}

#[test]
fn a_stop_or_refund_may_overtake_its_instruction() {
    for document in [
        Document::Stop(Stop { leg: Leg::Payment }),
        Document::RefundInstruction(RefundInstruction { amount: jpy(4800), reason: "returned".to_owned() }),
    ] {
        let early = to_bank(document);
        let mut desk = Desk::new(&bank());
        assert_eq!(desk.takes(&early).verdict, Verdict::Held);
        assert_eq!(desk.takes(&instruction()).verdict, Verdict::Applied);
        assert_eq!(desk.verdict(&early), Verdict::Applied);
    }
}

#[test]
fn an_instruction_is_its_own_shops() {
    let other = Letter { from: party("other"), ..instruction() };
    let judgement = Desk::new(&bank()).takes(&other);
    assert_eq!((judgement.verdict, judgement.findings[0].code), (Verdict::Warned, Code::NotAParty));
    let stop = Letter { from: party("other"), ..to_bank(Document::Stop(Stop { leg: Leg::Payment })) };
    let mut desk = Desk::new(&bank());
    desk.takes(&instruction());
    let judgement = desk.takes(&stop);
    assert_eq!((judgement.verdict, judgement.findings[0].code), (Verdict::Warned, Code::NotAParty));
}

#[test]
fn a_person_settles_a_warning() {
    let wrong = Letter { from: shop(), ..delivered() };
    let mut desk = Desk::buyer_open();
    assert_eq!(desk.takes(&wrong).verdict, Verdict::Warned);
    desk.settles(Role::Buyer, &wrong, Settlement::Ack);
    assert_eq!((desk.verdict(&wrong), desk.legs().delivery.done), (Verdict::Warned, None));
    desk.settles(Role::Buyer, &wrong, Settlement::Accept);
    assert_eq!((desk.verdict(&wrong), desk.legs().delivery.done), (Verdict::Applied, Some(at("2026-07-21"))));
    desk.settles(Role::Buyer, &wrong, Settlement::Block);
    assert_eq!(desk.legs().delivery.done, None, "a sender who is not heard is not folded in");
}
