//! Agents that were told to stop and say nothing: after a week the shop's owner says what comes of it.

use mailorder::role::shop_change::{Change, change};
use mailorder::role::{shop_cancel, shop_desk, shop_held};
use mailorder::rules::failed::failures;
use mailorder::trade::document::{Cancellation, Confirmation};
use mailorder::trade::status::{OrderState, OrderStatus, STOPPED};

use super::*;

const WHY: &str = "The carrier says that it was too late.";

fn accept(desk: &mut Desk) -> Result<Vec<Kind>, String> {
    acts(desk, &selling(), shop_desk::accept).map(|said| kinds(&said))
}

fn reject(desk: &mut Desk) -> Result<Vec<Kind>, String> {
    acts(desk, &selling(), |known, desk| shop_desk::reject(known, WHY, desk)).map(|said| kinds(&said))
}

fn held(desk: &Desk) -> usize {
    shop_held::held(desk.transaction(), &desk.now).len()
}

fn cancellation() -> Letter {
    let document = Document::Cancellation(Cancellation { reason: None });
    Letter { seq: Some(3), terms: Some(offer()), ..letter(&buyer(), &shop(), document) }
}

/// The shop's desk with both agents told to stop on 21 July, for what the buyer asks.
fn stopping(asked: &Letter) -> Desk {
    let mut desk = started();
    desk.now = at("2026-07-21");
    assert_eq!(kinds(&answers(&mut desk, &selling(), asked)), [Kind::Stop, Kind::Stop]);
    desk
}

/// What an agent says in answer to the order to stop.
fn to_stop(desk: &Desk, agent: &Party, seq: u32, document: Document) -> Letter {
    let stop = desk.transaction().sent(Kind::Stop).find(|kept| kept.letter.to == *agent).unwrap();
    Letter { answers: Some(stop.content), ..to_shop(agent, seq, false, document) }
}

fn stopped() -> Step {
    let reason = Reason { code: STOPPED.to_owned(), text: "Stopped by the shop.".to_owned() };
    Step::Failed { reason, at: None }
}

#[test]
fn for_a_week_the_agents_are_waited_for_and_then_the_owner_ends_it() {
    let mut desk = stopping(&cancellation());
    desk.now = at("2026-07-27");
    assert_eq!(held(&desk), 0);
    assert!(accept(&mut desk).unwrap_err().contains("nothing of it waits"));
    assert!(reject(&mut desk).unwrap_err().contains("nothing of it waits"));
    desk.now = at("2026-07-29");
    assert_eq!(held(&desk), 2);
    assert_eq!(accept(&mut desk).unwrap(), [Kind::OrderStatus]);
    assert_eq!((desk.standing().state, held(&desk)), (State::Cancelled, 0));
    assert!(accept(&mut desk).is_err(), "once");
    // The carrier comes back and says that it stopped.
    let said = delivery_status(vec![parcel("1", all_goods(), stopped())]);
    let said = to_stop(&desk, &courier(), 1, said);
    assert_eq!(kinds(&answers(&mut desk, &selling(), &said)), []);
    assert_eq!(desk.standing().state, State::Cancelled);
}

#[test]
fn one_that_is_silent_is_named_and_the_other_ones_word_counts() {
    let mut desk = stopping(&cancellation());
    let said = payment_status(jpy(0), vec![payment("1", jpy(4800), stopped())]);
    let said = to_stop(&desk, &bank(), 1, said);
    answers(&mut desk, &selling(), &said);
    desk.now = at("2026-07-29");
    let silent: Vec<Party> =
        shop_held::held(desk.transaction(), &desk.now).iter().map(|stop| stop.letter.to.clone()).collect();
    assert_eq!(silent, [courier()]);
    let mut other = desk.clone();
    assert_eq!(accept(&mut desk).unwrap(), [Kind::OrderStatus]);
    assert_eq!(desk.standing().state, State::Cancelled);
    // Or the goods come nonetheless: what comes is paid.
    assert_eq!(reject(&mut other).unwrap(), [Kind::Refusal, Kind::PaymentInstruction, Kind::DeliveryInstruction]);
    assert_eq!((other.standing().state, held(&other)), (State::Open, 0));
}

#[test]
fn where_the_payment_agent_is_silent_the_carriers_word_counts() {
    let mut desk = stopping(&cancellation());
    let under_way = delivery_status(vec![parcel("1", all_goods(), planned("2026-07-30"))]);
    let under_way = to_stop(&desk, &courier(), 1, under_way);
    answers(&mut desk, &selling(), &under_way);
    desk.now = at("2026-07-29");
    assert_eq!(held(&desk), 1);
    assert_eq!(accept(&mut desk).unwrap(), [Kind::Refusal, Kind::PaymentInstruction], "the carrier could not stop");
    assert_eq!((desk.standing().state, held(&desk)), (State::Open, 0));
}

#[test]
fn a_return_that_waits_for_silent_agents_is_ended_or_refused() {
    let mut desk = stopping(&return_of(3, all_goods()));
    desk.now = at("2026-07-29");
    let mut other = desk.clone();
    assert_eq!(accept(&mut desk).unwrap(), [Kind::OrderStatus, Kind::ReturnAnswer]);
    assert_eq!(held(&desk), 0);
    assert_eq!(reject(&mut other).unwrap(), [Kind::ReturnAnswer, Kind::PaymentInstruction, Kind::DeliveryInstruction]);
    assert_eq!((other.standing().state, held(&other)), (State::Open, 0));
}

#[test]
fn what_the_shop_cancelled_itself_is_ended_or_goes_on() {
    let mut desk = started();
    desk.now = at("2026-07-21");
    acts(&mut desk, &selling(), |known, desk| shop_cancel::cancel(known, "Out of stock.", desk)).unwrap();
    desk.now = at("2026-07-29");
    assert_eq!(held(&desk), 2);
    let mut other = desk.clone();
    assert_eq!(accept(&mut desk).unwrap(), [Kind::OrderStatus]);
    assert_eq!(desk.standing().state, State::Cancelled);
    assert_eq!(reject(&mut other).unwrap(), [Kind::OrderStatus, Kind::PaymentInstruction, Kind::DeliveryInstruction]);
    assert_eq!((other.standing().state, held(&other)), (State::Open, 0));
    let told = other.transaction().sent(Kind::OrderStatus).last().unwrap();
    let Document::OrderStatus(status) = &told.letter.document else { panic!("a status") };
    assert_eq!(status.remarks.as_deref(), Some("The order goes on: The carrier says that it was too late."));
}

#[test]
fn an_ok_to_new_terms_that_waits_for_silent_agents_is_refused_alone() {
    let mut desk = started();
    let later = Change { arrives: Some(day("2026-08-30")), ..Change::default() };
    acts(&mut desk, &selling(), |known, desk| change(known, &later, desk)).unwrap();
    let new = desk.transaction().sent(Kind::TransactionInfo).last().unwrap().content;
    let ok = Document::Confirmation(Confirmation { total: terms().total });
    let ok = Letter { seq: Some(3), terms: Some(new), ..letter(&buyer(), &shop(), ok) };
    assert_eq!(kinds(&answers(&mut desk, &selling(), &ok)), [Kind::Stop, Kind::Stop]);
    desk.now = at("2026-07-29");
    assert_eq!(held(&desk), 2);
    assert!(accept(&mut desk).unwrap_err().contains("`shop reject` has the terms before stay"));
    assert_eq!(reject(&mut desk).unwrap(), [Kind::Refusal, Kind::PaymentInstruction, Kind::DeliveryInstruction]);
    assert_eq!(held(&desk), 0);
    assert_eq!(desk.transaction().terms().map(|(kept, _)| kept.content), Some(offer()));
}

/// What is said to have failed, as the owner is told.
fn failed(desk: &Desk) -> Vec<(Leg, String)> {
    let failed = failures(desk.transaction(), &desk.standing());
    failed.into_iter().map(|failure| (failure.leg, failure.text)).collect()
}

fn instruct(desk: &mut Desk) -> Result<Vec<Kind>, String> {
    acts(desk, &selling(), shop_desk::instruct).map(|said| kinds(&said))
}

/// The shop's desk after its owner had the order go on, and the carrier's answer to the order to stop that he reads only then.
fn went_on() -> (Desk, Letter) {
    let mut desk = stopping(&cancellation());
    desk.now = at("2026-07-29");
    let said = to_stop(&desk, &courier(), 1, delivery_status(vec![parcel("1", all_goods(), stopped())]));
    assert!(reject(&mut desk).unwrap().contains(&Kind::DeliveryInstruction));
    (desk, said)
}

#[test]
fn what_an_agent_says_late_to_a_stop_holds_nothing_up_where_the_order_goes_on() {
    let (mut desk, said) = went_on();
    assert_eq!(kinds(&answers(&mut desk, &selling(), &said)), []);
    // Then it reads the instruction behind it.
    let anew = desk.transaction().sent(Kind::DeliveryInstruction).last().unwrap().content;
    let again = delivery_status(vec![parcel("1", all_goods(), planned("2026-08-02"))]);
    let again = Letter { answers: Some(anew), ..to_shop(&courier(), 2, false, again) };
    assert_eq!(kinds(&answers(&mut desk, &selling(), &again)), []);
    assert_eq!((desk.standing().state, failed(&desk)), (State::Open, Vec::new()));
    assert!(instruct(&mut desk).is_err(), "nothing is stopped");
    let came = delivery_status(vec![parcel("1", all_goods(), done("2026-07-28"))]);
    answers(&mut desk, &selling(), &to_shop(&courier(), 3, true, came));
    assert!(desk.legs().delivery.done.is_some() && failed(&desk).is_empty());
}

#[test]
fn an_agent_that_stays_stopped_though_the_order_goes_on_is_told_of_and_can_be_instructed() {
    let (mut desk, said) = went_on();
    answers(&mut desk, &selling(), &said);
    let [(leg, text)] = &failed(&desk)[..] else { panic!("{:?}", failed(&desk)) };
    assert_eq!(*leg, Leg::Delivery);
    assert!(text.contains("stopped, though the order goes on") && text.contains("courier"), "{text}");
    assert_eq!(instruct(&mut desk).unwrap(), [Kind::DeliveryInstruction]);
    // While the agents are being stopped for somebody, nobody is instructed.
    let mut desk = stopping(&cancellation());
    let said = to_stop(&desk, &courier(), 1, delivery_status(vec![parcel("1", all_goods(), stopped())]));
    answers(&mut desk, &selling(), &said);
    assert!(instruct(&mut desk).is_err());
    assert_eq!(failed(&desk), []);
}

#[test]
fn where_the_carrier_had_stopped_and_the_payment_agent_is_silent_both_are_instructed_again() {
    let mut desk = stopping(&cancellation());
    let said = to_stop(&desk, &courier(), 1, delivery_status(vec![parcel("1", all_goods(), stopped())]));
    answers(&mut desk, &selling(), &said);
    desk.now = at("2026-07-29");
    assert_eq!(reject(&mut desk).unwrap(), [Kind::Refusal, Kind::PaymentInstruction, Kind::DeliveryInstruction]);
    assert_eq!((desk.standing().state, held(&desk)), (State::Open, 0));
}

#[test]
fn goods_that_come_though_the_order_was_ended_are_told_of_on_both_sides() {
    for asked in [cancellation(), return_of(3, all_goods())] {
        let mut desk = stopping(&asked);
        desk.now = at("2026-07-29");
        accept(&mut desk).unwrap();
        assert_eq!(failed(&desk), []);
        // Before the end or behind it, as far as the carrier's date goes.
        let came = delivery_status(vec![parcel("1", all_goods(), done("2026-07-25"))]);
        answers(&mut desk, &selling(), &to_shop(&courier(), 1, true, came));
        let [(leg, text)] = &failed(&desk)[..] else { panic!("{:?}", failed(&desk)) };
        assert_eq!(*leg, Leg::Delivery);
        assert!(text.starts_with("parcel 1 arrived 2026-07-25") && text.contains("was ended"), "{text}");
    }
    let mut buyers = Desk::buyer_open();
    buyers.now = at("2026-07-29");
    let over = OrderStatus { state: OrderState::Cancelled, shipments: Vec::new(), remarks: None };
    let over = status(&shop(), 3, "2026-07-28", true, Document::OrderStatus(over));
    assert_eq!(buyers.takes(&over).verdict, Verdict::Applied);
    let came = delivery_status(vec![parcel("1", all_goods(), done("2026-07-25"))]);
    assert_eq!(buyers.takes(&status(&courier(), 1, "2026-07-28", true, came)).verdict, Verdict::Applied);
    assert_eq!((buyers.standing().state, failed(&buyers).len()), (State::Cancelled, 1));
    // Goods that came, and go back as they should, are no news.
    let mut ordinary = delivered(4800);
    answers(&mut ordinary, &selling(), &return_of(3, all_goods()));
    assert_eq!((ordinary.standing().state, failed(&ordinary)), (State::Returned, Vec::new()));
}
