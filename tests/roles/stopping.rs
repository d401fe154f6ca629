//! Orders to stop, and what agents say to them: late, wrongly, or with a clock that was wrong.

use mailorder::role::{Notice, delivery, payment};
use mailorder::trade::Moment;
use mailorder::trade::document::{Cancellation, DeliveryInstruction, Stop};
use mailorder::trade::status::STOPPED;

use super::*;

fn failed() -> Step {
    let reason = Reason { code: STOPPED.to_owned(), text: "Stopped by the shop.".to_owned() };
    Step::Failed { reason, at: None }
}

fn cancellation(seq: u32) -> Letter {
    let document = Document::Cancellation(Cancellation { reason: None });
    Letter { seq: Some(seq), terms: Some(offer()), ..letter(&buyer(), &shop(), document) }
}

/// The shop's desk with a cancellation in, and both agents told to stop.
fn stopping() -> Desk {
    let mut desk = started();
    desk.now = at("2026-07-21");
    assert_eq!(kinds(&answers(&mut desk, &selling(), &cancellation(3))), [Kind::Stop, Kind::Stop]);
    desk
}

/// What an agent says in answer to the order to stop.
fn to_stop(desk: &Desk, agent: &Party, seq: u32, done: bool, document: Document) -> Letter {
    let stop = desk.transaction().sent(Kind::Stop).find(|kept| kept.letter.to == *agent).unwrap();
    Letter { answers: Some(stop.content), ..to_shop(agent, seq, done, document) }
}

fn is_warned(desk: &mut Desk, letter: &Letter) {
    assert_eq!(desk.takes(letter).verdict, Verdict::Warned);
}

#[test]
fn a_cancellation_is_settled_when_a_wrong_date_in_the_answer_to_a_stop_is_corrected() {
    // The goods came, it is said, before the order: nobody believes it, until a date is said that can be.
    let mut desk = stopping();
    let stopped = payment_status(jpy(0), vec![payment("1", jpy(4800), failed())]);
    answers(&mut desk, &selling(), &to_stop(&desk.clone(), &bank(), 1, false, stopped));
    let came = |on: &str| delivery_status(vec![parcel("1", all_goods(), done(on))]);
    let wrong = to_stop(&desk, &courier(), 1, true, came("2026-07-01"));
    is_warned(&mut desk, &wrong);
    let right = answers(&mut desk, &selling(), &to_shop(&courier(), 2, true, came("2026-07-20")));
    assert_eq!(kinds(&right), [Kind::Refusal, Kind::PaymentInstruction], "too late, and what came is paid");
}

#[test]
fn a_cancellation_is_settled_when_a_wrong_date_of_the_payment_is_corrected() {
    let mut desk = stopping();
    let paid = |on: &str| payment_status(jpy(0), vec![payment("1", jpy(4800), done(on))]);
    let wrong = to_stop(&desk, &bank(), 1, true, paid("2026-07-01"));
    is_warned(&mut desk, &wrong);
    let goods = delivery_status(vec![parcel("1", all_goods(), failed())]);
    let goods = to_stop(&desk, &courier(), 1, false, goods);
    assert_eq!(kinds(&answers(&mut desk, &selling(), &goods)), [], "the money is not known of");
    let right = answers(&mut desk, &selling(), &to_shop(&bank(), 2, true, paid("2026-07-20")));
    assert_eq!(kinds(&right), [Kind::OrderStatus, Kind::RefundInstruction]);
    assert_eq!(desk.standing().state, State::Cancelled);
}

fn delivering() -> Practice {
    let practice = mailorder::role::practice::DeliveryPractice {
        name: "Courier".to_owned(),
        shops: vec![Client { address: shop().address, fingerprint: None }],
        rule: Default::default(),
    };
    Practice { delivery: Some(practice), ..Practice::default() }
}

/// The delivery agent's desk after its instruction.
fn to_bring() -> Desk {
    let document = Document::DeliveryInstruction(DeliveryInstruction {
        buyer: person(&buyer()),
        deliver_to: Some(home()),
        delivery_method: order().delivery_method,
        parcels: vec![parcel("1", all_goods(), planned("2026-07-22"))],
        collect: None,
        terms_date: Some(terms().date),
        agents: [terms().agents, vec![Agent { role: Role::Buyer, party: buyer(), certificate: None }]].concat(),
    });
    let mut desk = Desk::new(&courier());
    desk.now = at("2026-07-21");
    answers(&mut desk, &delivering(), &Letter { terms: Some(offer()), ..letter(&shop(), &courier(), document) });
    desk
}

fn stop(agent: &Party, leg: Leg) -> Letter {
    Letter { seq: Some(9), terms: Some(offer()), ..letter(&shop(), agent, Document::Stop(Stop { leg })) }
}

fn done_at(at: Moment) -> Notice {
    Notice { done: Some(at), ..Notice::default() }
}

#[test]
fn agents_do_not_report_what_was_done_before_the_terms() {
    let mut goods = to_bring();
    let early = done_at(at("2026-07-10T07:59:59Z"));
    let said = acts(&mut goods, &delivering(), |known, desk| delivery::notify(known, &early, desk));
    assert!(said.unwrap_err().contains("is before the terms"));
    let mut money = Desk::new(&bank());
    money.now = at("2026-07-21");
    answers(&mut money, &collecting(), &instruction(1, 4800));
    let said = acts(&mut money, &collecting(), |known, desk| payment::notify(known, &early, desk));
    assert!(said.unwrap_err().contains("is before the terms"));
    // Paid between the OK and the instruction, with an hour between the clocks: readers believe it.
    let fair = done_at(at("2026-07-10T08:00:00Z"));
    assert!(acts(&mut money, &collecting(), |known, desk| payment::notify(known, &fair, desk)).is_ok());
}

#[test]
fn a_carriers_program_stops_no_parcel_that_is_in_its_hands() {
    let mut untouched = to_bring();
    let said = answers(&mut untouched, &delivering(), &stop(&courier(), Leg::Delivery));
    let is_failed = |said: &[Document]| match &said[0] {
        Document::DeliveryStatus(status) => status.parcels[0].step.failed(),
        other => panic!("{other:?}"),
    };
    assert!(is_failed(&said));
    let mut desk = to_bring();
    let collected = Notice { event: Some(("collected".to_owned(), None)), ..Notice::default() };
    acts(&mut desk, &delivering(), |known, desk| delivery::notify(known, &collected, desk)).unwrap();
    let said = answers(&mut desk, &delivering(), &stop(&courier(), Leg::Delivery));
    assert!(!is_failed(&said));
}
