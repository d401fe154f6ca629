//! What goes back: each yen that was paid once, whatever it is given back for.

use mailorder::role::shop_desk;
use mailorder::trade::document::Cancellation;
use mailorder::trade::status::{DeliveryStatus, Payment, STOPPED};

use super::*;

/// The shop's desk with all paid and nothing sent, after so much was given back unasked.
fn paid_less(given_back: i64) -> Desk {
    let mut desk = started();
    desk.now = at("2026-07-21");
    let made = payment_status(jpy(0), vec![payment("1", jpy(4800), done("2026-07-20"))]);
    answers(&mut desk, &selling(), &to_shop(&bank(), 1, true, made));
    let given = acts(&mut desk, &selling(), |known, _| shop_desk::refund(known, Some(jpy(given_back)), "Late."));
    assert_eq!(kinds(&given.unwrap()), [Kind::ReturnAnswer, Kind::RefundInstruction]);
    desk
}

fn refunded(id: &str, amount: i64, step: Step) -> Payment {
    Payment { refund: true, ..payment(id, jpy(amount), step) }
}

/// Has both agents answer the order to stop: the goods are stopped, the money had come already.
fn stopped(desk: &mut Desk, refunds: Vec<Payment>) -> Vec<Document> {
    let stops: Vec<_> = desk.transaction().sent(Kind::Stop).map(|kept| (kept.letter.to.clone(), kept.content)).collect();
    let stop_of = |agent: &Party| stops.iter().find(|(to, _)| to == agent).map(|(_, content)| *content);
    let payments = [vec![payment("1", jpy(4800), done("2026-07-20"))], refunds].concat();
    let money = Letter { answers: stop_of(&bank()), ..to_shop(&bank(), 2, true, payment_status(jpy(0), payments)) };
    answers(desk, &selling(), &money);
    let reason = Reason { code: STOPPED.to_owned(), text: "Stopped by the shop.".to_owned() };
    let failed = Step::Failed { reason, at: None };
    let goods = Document::DeliveryStatus(DeliveryStatus { parcels: vec![parcel("1", all_goods(), failed)] });
    let goods = Letter { answers: stop_of(&courier()), ..to_shop(&courier(), 1, false, goods) };
    answers(desk, &selling(), &goods)
}

fn instructed(documents: &[Document]) -> Vec<Money> {
    let refund = |document: &Document| match document {
        Document::RefundInstruction(refund) => Some(refund.amount),
        _ => None,
    };
    documents.iter().filter_map(refund).collect()
}

#[test]
fn a_cancellation_gives_back_what_a_goodwill_refund_left() {
    let mut desk = paid_less(500);
    let cancellation = Document::Cancellation(Cancellation { reason: None });
    let cancellation = Letter { seq: Some(3), terms: Some(offer()), ..letter(&buyer(), &shop(), cancellation) };
    assert_eq!(kinds(&answers(&mut desk, &selling(), &cancellation)), [Kind::Stop, Kind::Stop]);
    let ended = stopped(&mut desk, vec![refunded("2", 500, planned("2026-07-22"))]);
    assert_eq!(instructed(&ended), [jpy(4300)]);
    assert!(acts(&mut desk, &selling(), |known, _| shop_desk::refund(known, None, "Again.")).is_err(), "nothing is left");
    // With the small refund alone the money is not back.
    let both = |second: Step| {
        let first = refunded("2", 500, done("2026-07-21"));
        payment_status(jpy(0), vec![payment("1", jpy(4800), done("2026-07-20")), first, refunded("3", 4300, second)])
    };
    let half = to_shop(&bank(), 3, true, both(planned("2026-07-22")));
    assert_eq!(instructed(&answers(&mut desk, &selling(), &half)), []);
    assert_eq!(desk.standing().state, State::Cancelled);
    let all = to_shop(&bank(), 4, true, both(done("2026-07-21")));
    assert_eq!(instructed(&answers(&mut desk, &selling(), &all)), []);
    assert_eq!(desk.standing().state, State::Refunded);
}

#[test]
fn a_return_before_arrival_promises_and_gives_back_what_a_goodwill_refund_left() {
    let mut desk = paid_less(500);
    assert_eq!(kinds(&answers(&mut desk, &selling(), &return_of(3, all_goods()))), [Kind::Stop, Kind::Stop]);
    let ended = stopped(&mut desk, vec![refunded("2", 500, planned("2026-07-22"))]);
    assert_eq!(word(&ended), (true, Some(jpy(4300))));
    assert_eq!(instructed(&ended), [jpy(4300)]);
    assert_eq!(desk.standing().state, State::Returned);
}

#[test]
fn what_is_paid_after_a_cancellation_goes_back_once() {
    let mut desk = started();
    desk.now = at("2026-07-21");
    let over = Letter { to: buyer(), ..status(&shop(), 2, "2026-07-21", true, cancelled()) };
    desk.writes(Role::Shop, &over);
    let paid = payment_status(jpy(0), vec![payment("1", jpy(4800), done("2026-07-20"))]);
    let back = answers(&mut desk, &selling(), &to_shop(&bank(), 1, true, paid.clone()));
    assert_eq!(instructed(&back), [jpy(4800)]);
    let content = desk.transaction().sent(Kind::RefundInstruction).last().unwrap().content;
    let reason = Reason { code: "no-agreement".to_owned(), text: "No.".to_owned() };
    let refusal = Document::Refusal(mailorder::trade::document::Refusal { reason });
    let refusal = Letter { seq: Some(2), answers: Some(content), ..letter(&bank(), &shop(), refusal) };
    assert_eq!(kinds(&answers(&mut desk, &selling(), &refusal)), [], "who refuses is not told again");
}
