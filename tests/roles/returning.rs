//! Goods that go back: once each, with what was paid for them.

use super::*;

#[test]
fn goods_go_back_once_and_their_price_with_them() {
    // B107, A9: the same goods are not given back twice, whatever the request is called.
    let mut desk = delivered(4800);
    let first = answers(&mut desk, &selling(), &return_of(3, goods(&[("1", "2")])));
    assert_eq!(word(&first), (true, Some(jpy(2000))));
    assert_eq!(kinds(&first), [Kind::ReturnAnswer, Kind::RefundInstruction]);
    assert_eq!(desk.standing().state, State::Open, "what goes back in part leaves the rest as it stands");
    let again = answers(&mut desk, &selling(), &return_of(4, goods(&[("1", "2")])));
    assert_eq!((word(&again), again.len()), ((false, None), 1), "two of three shirts went back before");
    let third = answers(&mut desk, &selling(), &return_of(5, goods(&[("1", "1")])));
    assert_eq!(word(&third), (true, Some(jpy(1000))));
    let tie = answers(&mut desk, &selling(), &return_of(6, goods(&[("2", "1")])));
    assert_eq!(word(&tie), (true, Some(jpy(1300))));
    assert_eq!(desk.standing().state, State::Returned);
    let more = answers(&mut desk, &selling(), &return_of(7, goods(&[("2", "1")])));
    assert!(!word(&more).0);
}

#[test]
fn each_return_is_closed_when_its_money_is_back() {
    let mut desk = delivered(4800);
    answers(&mut desk, &selling(), &return_of(3, goods(&[("1", "2")])));
    answers(&mut desk, &selling(), &return_of(4, goods(&[("1", "1"), ("2", "1")])));
    let refund = |id: &str, amount: i64| mailorder::trade::status::Payment {
        refund: true,
        ..payment(id, jpy(amount), done("2026-07-24"))
    };
    let paid = || payment("1", jpy(4800), done("2026-07-21"));
    let one = payment_status(jpy(0), vec![paid(), refund("2", 2000)]);
    let closed = answers(&mut desk, &selling(), &to_shop(&bank(), 2, true, one));
    assert_eq!(word(&closed), (true, Some(jpy(2000))));
    assert_eq!(closed.len(), 1, "the second return waits for its own money");
    assert_eq!(desk.standing().state, State::Returned);
    let both = payment_status(jpy(0), vec![paid(), refund("2", 2000), refund("3", 2300)]);
    let closed = answers(&mut desk, &selling(), &to_shop(&bank(), 3, true, both));
    assert_eq!(word(&closed), (true, Some(jpy(2300))));
    assert_eq!(desk.standing().state, State::Refunded);
}

#[test]
fn a_part_of_what_is_not_paid_is_not_taken_back() {
    // The goods that are kept stay to be paid: nothing is stopped.
    let mut desk = delivered(0);
    let part = answers(&mut desk, &selling(), &return_of(3, goods(&[("1", "1")])));
    assert_eq!((word(&part), part.len()), ((false, None), 1));
    assert_eq!(desk.standing().unpaid, Some(jpy(4800)));
    let all = answers(&mut desk, &selling(), &return_of(4, all_goods()));
    assert_eq!(word(&all), (true, None));
    assert!(kinds(&all).contains(&Kind::Stop), "{:?}", kinds(&all));
    assert_eq!(desk.standing().unpaid, None);
}

#[test]
fn what_was_paid_in_part_goes_back_with_all_of_the_goods() {
    let mut desk = delivered(1500);
    let part = answers(&mut desk, &selling(), &return_of(3, goods(&[("1", "2")])));
    assert!(!word(&part).0, "more than was paid");
    let small = answers(&mut desk, &selling(), &return_of(4, goods(&[("1", "1")])));
    assert_eq!(word(&small), (true, Some(jpy(1000))));
    let tie = answers(&mut desk, &selling(), &return_of(5, goods(&[("2", "1")])));
    assert!(!word(&tie).0, "the two shirts that are kept stay to be paid");
    let rest = answers(&mut desk, &selling(), &return_of(6, goods(&[("1", "2"), ("2", "1")])));
    assert_eq!(word(&rest), (true, Some(jpy(500))), "with it all of the goods go back, and what is left of the money");
    assert!(kinds(&rest).contains(&Kind::Stop), "{:?}", kinds(&rest));
    assert_eq!(desk.standing().unpaid, None);
}

#[test]
fn two_returns_that_waited_for_the_goods_do_not_both_get_the_same_back() {
    // B107
    let mut desk = started();
    desk.now = at("2026-07-20");
    let left = order_status(vec![shipment("1", all_goods(), done("2026-07-20"))]);
    desk.writes(Role::Shop, &status(&shop(), 2, "2026-07-20", true, left));
    let made = payment_status(jpy(0), vec![payment("1", jpy(4800), done("2026-07-20"))]);
    answers(&mut desk, &selling(), &to_shop(&bank(), 1, true, made));
    for (seq, lines) in [(3, goods(&[("1", "2")])), (4, goods(&[("1", "2")])), (5, goods(&[("1", "1"), ("2", "1")]))] {
        assert_eq!(answers(&mut desk, &selling(), &return_of(seq, lines)), [], "it waits for the goods");
    }
    desk.now = at("2026-07-25");
    let arrived = delivery_status(vec![parcel("1", all_goods(), done("2026-07-24"))]);
    let said = answers(&mut desk, &selling(), &to_shop(&courier(), 1, true, arrived));
    let words = said.iter().filter_map(|document| match document {
        Document::ReturnAnswer(answer) => Some((!answer.step.failed(), answer.refund)),
        _ => None,
    });
    assert_eq!(words.collect::<Vec<_>>(), [(true, Some(jpy(2000))), (false, None), (true, Some(jpy(2300)))]);
    assert_eq!(kinds(&said).iter().filter(|kind| **kind == Kind::RefundInstruction).count(), 2);
}

#[test]
fn the_time_for_returns_ends_with_its_last_day_and_holds_for_when_the_letter_was_written() {
    // Thirty days after the 21st of July.
    for (written, read, taken) in [
        ("2026-08-20T23:59:59Z", "2026-08-20T23:59:59Z", true),
        ("2026-08-20T23:00:00Z", "2026-08-26T12:00:00Z", true),
        ("2026-08-21T00:00:01Z", "2026-08-21T00:00:01Z", false),
        // Nobody dates a letter back at will.
        ("2026-08-01T12:00:00Z", "2026-08-28T12:00:00Z", false),
    ] {
        let mut desk = delivered(4800);
        desk.now = at(read);
        let request = Letter { date: at(written), ..return_of(3, goods(&[("1", "1")])) };
        let said = answers(&mut desk, &selling(), &request);
        assert_eq!(word(&said).0, taken, "written {written}, read {read}");
    }
}

#[test]
fn a_part_of_what_has_not_arrived_stops_nothing() {
    let mut desk = started();
    let part = answers(&mut desk, &selling(), &return_of(3, goods(&[("1", "1")])));
    assert_eq!((word(&part), part.len()), ((false, None), 1));
    let all = answers(&mut desk, &selling(), &return_of(4, all_goods()));
    assert_eq!(kinds(&all), [Kind::Stop, Kind::Stop], "P95");
}

#[test]
fn what_is_paid_while_it_is_being_stopped_goes_back_with_the_goods() {
    let mut desk = delivered(0);
    let all = answers(&mut desk, &selling(), &return_of(3, all_goods()));
    assert_eq!(word(&all), (true, None));
    let crossed = payment_status(jpy(0), vec![payment("1", jpy(4800), done("2026-07-21"))]);
    let back = answers(&mut desk, &selling(), &to_shop(&bank(), 1, true, crossed));
    assert_eq!(
        (word(&back), kinds(&back)),
        ((true, Some(jpy(4800))), vec![Kind::ReturnAnswer, Kind::RefundInstruction])
    );
    assert_eq!(desk.standing().state, State::Returned, "until the money is back");
}

#[test]
fn an_agent_that_does_not_say_that_it_brings_no_more_is_told_once_for_each_return() {
    let mut desk = started();
    desk.now = at("2026-07-25");
    let reason = Reason { code: "failed".to_owned(), text: "Lost.".to_owned() };
    let lost = Step::Failed { reason: reason.clone(), at: None };
    let said = || {
        let first = parcel("1", goods(&[("1", "3")]), done("2026-07-21"));
        delivery_status(vec![first, parcel("2", goods(&[("2", "1")]), lost.clone())])
    };
    answers(&mut desk, &selling(), &to_shop(&courier(), 1, false, said()));
    let asked = answers(&mut desk, &selling(), &return_of(3, goods(&[("2", "1")])));
    assert_eq!(kinds(&asked), [Kind::Stop]);
    let stop = desk.transaction().kept.last().unwrap().content;
    let refusal = Document::Refusal(mailorder::trade::document::Refusal { reason });
    let refusal = Letter { seq: Some(2), answers: Some(stop), ..letter(&courier(), &shop(), refusal) };
    let then = answers(&mut desk, &selling(), &refusal);
    assert_eq!((word(&then), then.len()), ((false, None), 1));
    let more = answers(&mut desk, &selling(), &to_shop(&courier(), 3, false, said()));
    assert_eq!(kinds(&more), [], "two programs do not write to each other for ever");
}
