//! Payments that are authorised before anything goes: for whom, how much, and for how long.

use mailorder::role::shop_change::{Change, change};
use mailorder::role::shop_desk;

use super::changing::ok_to;
use super::*;

#[test]
fn a_request_that_names_another_buyer_than_the_one_before_it_is_refused() {
    // Its statuses would go to the first.
    let mut desk = Desk::new(&bank());
    let naming = |seq: u32, buyer: Party| {
        let mut asked = request("N-1", 4800);
        let Document::AuthorizationRequest(request) = &mut asked.document else { panic!("a request") };
        request
            .agents
            .iter_mut()
            .filter(|agent| agent.role == Role::Buyer)
            .for_each(|agent| agent.party = buyer.clone());
        request.sealed = (seq > 1).then(|| Sealed("AAAA".to_owned()));
        Letter { seq: Some(seq), ..asked }
    };
    assert_eq!(refused(&mut desk, &naming(1, party("other")), None), None);
    let data = || Some(Presented::Opened { mandate: mandate(), used: false });
    assert_eq!(refused(&mut desk, &naming(2, buyer()), data()).as_deref(), Some("not-allowed"));
    assert!(role::mandate::in_force(desk.transaction()).is_none());
}

#[test]
fn what_is_authorised_last_is_the_most_that_is_collected() {
    let mut desk = Desk::new(&bank());
    for (seq, total) in [(1, 4800), (2, 5100)] {
        let mut asked = request("2026-0710-1234", total);
        let Document::AuthorizationRequest(request) = &mut asked.document else { panic!("a request") };
        request.sealed = None;
        assert_eq!(refused(&mut desk, &Letter { seq: Some(seq), ..asked }, None), None);
    }
    assert_eq!(kinds(&answers(&mut desk, &collecting(), &instruction(3, 5200))), [Kind::Refusal]);
    assert!(kinds(&answers(&mut desk, &collecting(), &instruction(4, 5100))).contains(&Kind::PaymentStatus));
}

/// A shop that has payments authorised before it makes its terms.
fn authorising() -> Practice {
    let mut practice = selling();
    practice.shop.as_mut().unwrap().procedures[0].stages.insert(0, Stage::Authorize);
    practice
}

/// What the payment agent says to the last letter it got.
fn says(desk: &Desk, seq: u32, step: Step) -> Letter {
    let asked = desk.transaction().kept.iter().rfind(|kept| kept.letter.to == bank()).unwrap();
    let document = Document::AuthorizationResult(AuthorizationResult { total: jpy(4800), step });
    let (order, transaction) = (Some(order_id()), asked.letter.transaction.clone());
    Letter { order, transaction, seq: Some(seq), answers: Some(asked.content), ..letter(&bank(), &shop(), document) }
}

fn no(code: &str) -> Step {
    Step::Failed { reason: Reason { code: code.to_owned(), text: "No.".to_owned() }, at: None }
}

/// An offer whose payment was authorised; the terms say so.
fn authorised_offer() -> (Practice, Desk) {
    let practice = authorising();
    let mut desk = Desk::new(&shop());
    desk.now = at("2026-07-11");
    assert_eq!(kinds(&answers(&mut desk, &practice, &order_letter())), [Kind::AuthorizationRequest]);
    let yes = says(&desk, 1, done("2026-07-11"));
    assert_eq!(kinds(&answers(&mut desk, &practice, &yes)), [Kind::TransactionInfo]);
    (practice, desk)
}

/// Has the shop change its offer, and the buyer say OK to that; returns what the shop says.
fn changed(desk: &mut Desk, practice: &Practice, what: &Change) -> Vec<Document> {
    acts(desk, practice, |known, at| change(known, what, at)).unwrap();
    let new = (*desk.transaction().sent(Kind::TransactionInfo).last().unwrap().letter).clone();
    let ok = Letter { transaction: new.transaction.clone(), ..ok_to(&new, 2) };
    answers(desk, practice, &ok)
}

#[test]
fn an_offer_that_ran_out_and_is_changed_is_authorised_anew_before_anything_goes() {
    let ask_again = || {
        let (practice, mut desk) = authorised_offer();
        desk.now = at("2026-10-11");
        let released = acts(&mut desk, &practice, |known, at| Ok(role::on_time(known, at))).unwrap();
        assert_eq!(kinds(&released), [Kind::Stop]);
        let back = says(&desk, 2, no("stopped"));
        let later = Change { arrives: Some(day("2026-12-20")), ..Change::default() };
        let said = changed(&mut desk, &practice, &later);
        assert_eq!(kinds(&said), [Kind::OrderStatus, Kind::AuthorizationRequest]);
        let asked = desk.transaction().sent(Kind::AuthorizationRequest).last().unwrap().content;
        // What the agent says of the release comes late, and decides nothing.
        assert_eq!(kinds(&answers(&mut desk, &practice, &back)), []);
        (practice, desk, asked)
    };
    let (practice, mut desk, asked) = ask_again();
    let yes = Letter { answers: Some(asked), ..says(&desk, 3, done("2026-10-11")) };
    assert_eq!(kinds(&answers(&mut desk, &practice, &yes)), [Kind::PaymentInstruction, Kind::DeliveryInstruction]);
    let (practice, mut desk, asked) = ask_again();
    let refused = Letter { answers: Some(asked), ..says(&desk, 3, no("insufficient-funds")) };
    assert_eq!(kinds(&answers(&mut desk, &practice, &refused)), [Kind::OrderStatus]);
    assert_eq!(desk.standing().state, State::Cancelled);
    let again = acts(&mut desk, &practice, shop_desk::instruct);
    assert!(again.is_err(), "nobody is asked once more");
}

#[test]
fn an_authorisation_that_its_agent_takes_back_is_asked_for_anew_at_the_ok() {
    let (practice, mut desk) = authorised_offer();
    let asked = desk.transaction().sent(Kind::AuthorizationRequest).last().unwrap().content;
    let back = Letter { answers: Some(asked), ..says(&desk, 2, no("unspecified")) };
    assert_eq!(kinds(&answers(&mut desk, &practice, &back)), []);
    // A dearer offer is not held against a yes that holds no more.
    let dearer = Change { prices: vec![("1".to_owned(), jpy(1100))], ..Change::default() };
    let said = changed(&mut desk, &practice, &dearer);
    assert_eq!(kinds(&said), [Kind::OrderStatus, Kind::AuthorizationRequest]);
    assert!(matches!(&said[1], Document::AuthorizationRequest(asked) if asked.total == jpy(5100)), "{said:?}");
}
