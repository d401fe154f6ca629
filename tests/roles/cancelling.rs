//! The shop cancels what it cannot deliver.

use mailorder::role::shop_change::{Change, change};
use mailorder::role::{Notice, shop as shop_part, shop_cancel};
use mailorder::trade::document::Confirmation;
use mailorder::trade::status::{STOPPED, Shipment};

use super::*;

const WHY: &str = "Out of stock.";

fn cancels(desk: &mut Desk) -> Result<Vec<Document>, String> {
    acts(desk, &selling(), |known, desk| shop_cancel::cancel(known, WHY, desk))
}

/// What an agent says in answer to the order to stop.
fn to_stop(desk: &Desk, agent: &Party, done: bool, document: Document) -> Letter {
    let stop = desk.transaction().sent(Kind::Stop).filter(|kept| kept.letter.to == *agent).last().unwrap();
    Letter { answers: Some(stop.content), ..to_shop(agent, 1, done, document) }
}

fn failed() -> Step {
    let reason = Reason { code: STOPPED.to_owned(), text: "Stopped by the shop.".to_owned() };
    Step::Failed { reason, at: None }
}

fn remarks(documents: &[Document]) -> Option<&str> {
    documents.iter().find_map(|document| match document {
        Document::OrderStatus(status) => status.remarks.as_deref(),
        _ => None,
    })
}

#[test]
fn an_order_is_rejected_and_an_offer_cancelled_with_the_reason() {
    let mut desk = Desk::new(&shop());
    desk.now = at("2026-07-11");
    desk.takes(&order_letter());
    let said = cancels(&mut desk).unwrap();
    let [Document::OrderRejection(rejection)] = &said[..] else { panic!("{said:?}") };
    assert_eq!(rejection.reasons[0].text, WHY);
    assert!(cancels(&mut desk).unwrap_err().contains("is rejected"));
    let mut desk = Desk::shop_offered();
    let said = cancels(&mut desk).unwrap();
    assert_eq!((kinds(&said), remarks(&said)), (vec![Kind::OrderStatus], Some(WHY)));
    assert_eq!(desk.standing().state, State::Cancelled);
}

#[test]
fn what_was_instructed_is_cancelled_when_the_agents_have_stopped_and_its_money_goes_back() {
    let mut desk = started();
    desk.now = at("2026-07-21");
    let said = cancels(&mut desk).unwrap();
    assert_eq!((kinds(&said), remarks(&said)), (vec![Kind::OrderStatus, Kind::Stop, Kind::Stop], Some(WHY)));
    assert!(cancels(&mut desk).unwrap_err().contains("told to stop already"));
    let paid = payment_status(jpy(0), vec![payment("1", jpy(4800), done("2026-07-20"))]);
    let paid = to_stop(&desk, &bank(), true, paid);
    assert_eq!(kinds(&answers(&mut desk, &selling(), &paid)), []);
    let stopped = to_stop(&desk, &courier(), false, delivery_status(vec![parcel("1", all_goods(), failed())]));
    let ended = answers(&mut desk, &selling(), &stopped);
    assert_eq!((kinds(&ended), remarks(&ended)), (vec![Kind::OrderStatus, Kind::RefundInstruction], Some(WHY)));
    assert_eq!(desk.standing().state, State::Cancelled);
}

#[test]
fn goods_that_came_nonetheless_are_paid_and_the_buyer_is_told_once() {
    let mut desk = started();
    desk.now = at("2026-07-21");
    cancels(&mut desk).unwrap();
    let unpaid = payment_status(jpy(0), vec![payment("1", jpy(4800), failed())]);
    let unpaid = to_stop(&desk, &bank(), false, unpaid);
    answers(&mut desk, &selling(), &unpaid);
    let came = || delivery_status(vec![parcel("1", all_goods(), done("2026-07-20"))]);
    let late = to_stop(&desk, &courier(), true, came());
    let said = answers(&mut desk, &selling(), &late);
    assert_eq!(kinds(&said), [Kind::OrderStatus, Kind::PaymentInstruction]);
    assert!(remarks(&said).unwrap().contains("too late"));
    assert_eq!(kinds(&answers(&mut desk, &selling(), &to_shop(&courier(), 2, true, came()))), []);
    assert_eq!(desk.standing().state, State::Open);
}

#[test]
fn goods_that_have_left_are_not_cancelled_by_the_shop() {
    let mut desk = started();
    desk.now = at("2026-07-21");
    let left = Notice { done: Some(desk.now), ..Notice::default() };
    acts(&mut desk, &selling(), |known, desk| shop_part::notify(known, &left, desk)).unwrap();
    assert!(cancels(&mut desk).unwrap_err().contains("goods have left"));
}

#[test]
fn goods_do_not_leave_before_the_order_was_taken_in() {
    let mut desk = started();
    let early = Notice { done: Some(at("2026-07-10T07:59:59Z")), ..Notice::default() };
    let said = acts(&mut desk, &selling(), |known, desk| shop_part::notify(known, &early, desk));
    assert!(said.unwrap_err().contains("before the terms"));
    // A buyer believes it of no program either.
    let mut buyers = Desk::buyer_open();
    let gone = |on: &str| -> Vec<Shipment> { vec![shipment("1", all_goods(), Step::Done { at: at(on) })] };
    let letter = status(&shop(), 2, "2026-07-20", true, order_status(gone("2026-07-10T07:59:59Z")));
    let judged = buyers.takes(&letter);
    assert_eq!((judged.verdict, judged.findings[0].code.word()), (Verdict::Warned, "delivered-before-dispatched"));
    let letter = status(&shop(), 3, "2026-07-20", true, order_status(gone("2026-07-10T08:00:00Z")));
    assert_eq!(buyers.takes(&letter).verdict, Verdict::Applied);
}

#[test]
fn an_ok_to_new_terms_that_crosses_a_cancellation_of_the_shops_is_refused_and_undoes_nothing() {
    let mut desk = started();
    let dearer = Change { prices: vec![("1".to_owned(), jpy(1100))], ..Change::default() };
    acts(&mut desk, &selling(), |known, at| change(known, &dearer, at)).unwrap();
    let new = desk.transaction().sent(Kind::TransactionInfo).last().unwrap().content;
    assert_eq!(kinds(&cancels(&mut desk).unwrap()), [Kind::OrderStatus, Kind::Stop, Kind::Stop]);
    let document = Document::Confirmation(Confirmation { total: jpy(5100) });
    let ok = Letter { seq: Some(3), terms: Some(new), answers: Some(new), ..letter(&buyer(), &shop(), document) };
    let said = answers(&mut desk, &selling(), &ok);
    assert!(matches!(&said[..], [Document::Refusal(refusal)] if refusal.reason.code == "cancelled"), "{said:?}");
    let unpaid = to_stop(&desk, &bank(), false, payment_status(jpy(0), vec![payment("1", jpy(4800), failed())]));
    assert_eq!(kinds(&answers(&mut desk, &selling(), &unpaid)), []);
    let stopped = to_stop(&desk, &courier(), false, delivery_status(vec![parcel("1", all_goods(), failed())]));
    assert_eq!(kinds(&answers(&mut desk, &selling(), &stopped)), [Kind::OrderStatus]);
    assert_eq!(desk.standing().state, State::Cancelled);
}
