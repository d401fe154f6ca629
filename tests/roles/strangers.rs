//! Buyers known from first contact alone: nothing is asked of anybody for them before their OK.

use super::*;

/// A shop that has payments authorised and waits for no OK.
fn authorising() -> Practice {
    let mut practice = selling();
    let own = practice.shop.as_mut().unwrap();
    own.procedures[0].stages = vec![Stage::Authorize, Stage::Terms, Stage::Payment, Stage::Delivery];
    practice
}

/// The shop's desk with a stranger's order answered.
fn offered() -> Desk {
    let mut desk = Desk::new(&shop());
    desk.now = at("2026-07-11");
    let said = answers_stranger(&mut desk, &authorising(), &order_letter());
    assert_eq!(kinds(&said), [Kind::TransactionInfo], "an order from any address starts nothing");
    desk
}

/// The OK to the terms that were offered.
fn ok(desk: &Desk) -> Letter {
    let offered = desk.transaction().terms().unwrap().0.content;
    Letter {
        terms: Some(offered),
        answers: Some(offered),
        transaction: desk.transaction().number.clone(),
        ..confirmation()
    }
}

fn result(desk: &Desk, step: Step) -> Letter {
    let asked = desk.transaction().sent(Kind::AuthorizationRequest).last().unwrap().clone();
    let document = Document::AuthorizationResult(AuthorizationResult { total: jpy(4800), step });
    let transaction = desk.transaction().number.clone();
    let said = to_shop(&bank(), 1, false, document);
    Letter { order: Some(order_id()), transaction, answers: Some(asked.content), terms: None, ..said }
}

#[test]
fn nothing_is_authorised_for_a_stranger_before_the_ok() {
    let mut desk = offered();
    let letter = ok(&desk);
    let said = answers_stranger(&mut desk, &authorising(), &letter);
    assert_eq!(kinds(&said), [Kind::OrderStatus, Kind::AuthorizationRequest]);
    let waits = acts(&mut desk, &authorising(), role::shop_desk::instruct);
    assert!(waits.unwrap_err().contains("has not authorised"));
    let yes = result(&desk, done("2026-07-11"));
    let said = answers_stranger(&mut desk, &authorising(), &yes);
    assert_eq!(kinds(&said), [Kind::PaymentInstruction, Kind::DeliveryInstruction]);
}

#[test]
fn what_is_not_authorised_after_the_ok_is_cancelled() {
    let mut desk = offered();
    let letter = ok(&desk);
    answers_stranger(&mut desk, &authorising(), &letter);
    let reason = Reason { code: "insufficient-funds".to_owned(), text: "No.".to_owned() };
    let no = result(&desk, Step::Failed { reason, at: None });
    assert_eq!(kinds(&answers_stranger(&mut desk, &authorising(), &no)), [Kind::OrderStatus]);
    assert_eq!(desk.standing().state, State::Cancelled);
    // So is what nobody authorises in time; the agent is told that nothing is wanted any more.
    let mut desk = offered();
    let letter = ok(&desk);
    answers_stranger(&mut desk, &authorising(), &letter);
    let on_time = |known: &Transaction, desk: &role::Desk<'_>| Ok(role::on_time(known, desk));
    assert_eq!(kinds(&acts(&mut desk, &authorising(), on_time).unwrap()), []);
    desk.now = at("2026-07-14");
    assert_eq!(kinds(&acts(&mut desk, &authorising(), on_time).unwrap()), [Kind::OrderStatus, Kind::Stop]);
    assert_eq!(desk.standing().state, State::Cancelled);
    assert_eq!(kinds(&acts(&mut desk, &authorising(), on_time).unwrap()), []);
}

#[test]
fn who_is_known_is_authorised_before_the_terms() {
    let mut desk = Desk::new(&shop());
    desk.now = at("2026-07-11");
    assert_eq!(kinds(&answers(&mut desk, &authorising(), &order_letter())), [Kind::AuthorizationRequest]);
}
