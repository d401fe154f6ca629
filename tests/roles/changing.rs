//! Terms that replace others: offered by the shop, nothing before the buyer's OK, agents instructed anew after it.

use mailorder::role::buyer;
use mailorder::role::shop_change::{Change, change};
use mailorder::rules::replacing;
use mailorder::trade::document::{Cancellation, Confirmation, Stop};
use mailorder::trade::{Code, Quantity, Settlement, Terms, When};

use super::*;

/// The shirts for JPY 900 each.
fn cheaper() -> Change {
    Change { prices: vec![("1".to_owned(), jpy(900))], ..Change::default() }
}

/// Has the shop offer new terms; returns the letter.
fn offers(desk: &mut Desk, what: &Change) -> Result<Letter, String> {
    let said = acts(desk, &selling(), |known, at| change(known, what, at))?;
    assert_eq!(kinds(&said), [Kind::TransactionInfo]);
    Ok((*desk.transaction().sent(Kind::TransactionInfo).last().unwrap().letter).clone())
}

fn terms_in(letter: &Letter) -> &Terms {
    match &letter.document {
        Document::TransactionInfo(terms) => terms,
        other => panic!("{other:?}"),
    }
}

/// The buyer's OK to these terms.
pub(super) fn ok_to(terms: &Letter, seq: u32) -> Letter {
    let (digest, total) = (Some(content(terms)), terms_in(terms).total);
    let document = Document::Confirmation(Confirmation { total });
    Letter { seq: Some(seq), terms: digest, answers: digest, ..letter(&buyer(), &shop(), document) }
}

/// An agent's answer to the last letter it got: stopped, or what it had done already.
fn answers_stop(desk: &Desk, agent: &Party, seq: u32, done: Option<Document>) -> Letter {
    let told = desk.transaction().kept.iter().rfind(|kept| kept.letter.to == *agent).unwrap();
    assert_eq!(told.letter.kind(), Kind::Stop);
    let failed =
        || Step::Failed { reason: Reason { code: "stopped".to_owned(), text: "Stopped.".to_owned() }, at: None };
    let is_done = done.is_some();
    let document = done.unwrap_or_else(|| match agent == &bank() {
        true => payment_status(jpy(0), vec![payment("1", jpy(4800), failed())]),
        false => delivery_status(vec![parcel("1", all_goods(), failed())]),
    });
    Letter { answers: Some(told.content), ..to_shop(agent, seq, is_done, document) }
}

fn in_force(desk: &Desk) -> Digest {
    desk.transaction().terms().unwrap().0.content
}

#[test]
fn new_terms_name_what_they_replace_and_change_nothing_before_the_ok() {
    let mut desk = started();
    let before = desk.standing();
    let new = offers(&mut desk, &cheaper()).unwrap();
    assert_eq!(new.replaces, Some(offer()));
    assert_eq!((terms_in(&new).total, terms_in(&new).date), (jpy(4500), terms().date));
    assert!(terms_in(&new).valid_through > terms().valid_through, "the new offer has a time of its own");
    assert_eq!((desk.standing(), in_force(&desk)), (before, offer()));
    // The agents' words under the old terms count on.
    answers(&mut desk, &selling(), &to_shop(&bank(), 1, false, payment_status(jpy(4800), Vec::new())));
    assert_eq!(desk.legs().remaining, Some(jpy(4800)));
}

#[test]
fn after_the_ok_agents_stop_and_are_instructed_anew() {
    let mut desk = started();
    answers(&mut desk, &selling(), &to_shop(&bank(), 1, false, payment_status(jpy(4800), Vec::new())));
    let new = offers(&mut desk, &cheaper()).unwrap();
    let said = answers(&mut desk, &selling(), &ok_to(&new, 3));
    assert_eq!(kinds(&said), [Kind::Stop, Kind::Stop], "no answer yet");
    assert_eq!(in_force(&desk), offer(), "until it is known that nothing was done");
    let stopped = answers_stop(&desk, &bank(), 2, None);
    assert!(answers(&mut desk, &selling(), &stopped).is_empty(), "one agent of two");
    let refused = acts(&mut desk, &selling(), |known, at| {
        role::notify(known, &role::Notice { done: Some(at.now), ..role::Notice::default() }, at)
    });
    assert!(refused.unwrap_err().contains("have not stopped yet"), "nothing leaves meanwhile");
    let stopped = answers_stop(&desk, &courier(), 1, None);
    let said = answers(&mut desk, &selling(), &stopped);
    assert_eq!(kinds(&said), [Kind::OrderStatus, Kind::PaymentInstruction, Kind::DeliveryInstruction]);
    assert!(matches!(&said[1], Document::PaymentInstruction(told) if told.amount == jpy(4500)));
    let known = desk.transaction();
    assert_eq!(known.sent(Kind::OrderStatus).last().unwrap().letter.answers, Some(content(&ok_to(&new, 3))));
    assert_eq!(known.sent(Kind::PaymentInstruction).last().unwrap().letter.terms, Some(content(&new)));
    assert_eq!(in_force(&desk), content(&new));
    // A status that still names the old terms changes nothing any more.
    assert_eq!(desk.legs().payment.content, None, "what named the old terms is history");
    let late = to_shop(&bank(), 3, false, payment_status(jpy(4800), Vec::new()));
    assert_eq!(desk.takes(&late).verdict, Verdict::Stale);
    // The agents' words under the new terms count, and nothing more comes of the stop.
    let planned =
        Letter { terms: Some(content(&new)), ..to_shop(&bank(), 4, false, payment_status(jpy(4500), Vec::new())) };
    assert!(answers(&mut desk, &selling(), &planned).is_empty());
    assert_eq!(desk.legs().remaining, Some(jpy(4500)));
}

#[test]
fn where_an_agent_had_done_too_much_the_old_terms_stay_for_all() {
    let mut desk = started();
    let new = offers(&mut desk, &cheaper()).unwrap();
    answers(&mut desk, &selling(), &ok_to(&new, 3));
    let stopped = answers_stop(&desk, &courier(), 1, None);
    answers(&mut desk, &selling(), &stopped);
    // The bank had collected the old sum before it was told to stop.
    let paid = payment_status(jpy(0), vec![payment("1", jpy(4800), done("2026-07-11"))]);
    let paid = answers_stop(&desk, &bank(), 1, Some(paid));
    let said = answers(&mut desk, &selling(), &paid);
    assert_eq!(kinds(&said), [Kind::Refusal, Kind::DeliveryInstruction]);
    assert_eq!(in_force(&desk), offer());
    let told = desk.transaction().sent(Kind::DeliveryInstruction).last().unwrap();
    assert_eq!(told.letter.terms, Some(offer()), "the courier goes on by the old terms");
    assert_eq!(desk.legs().paid, Some(jpy(4800)), "what was paid under the old terms counts");
    // Its word on how it goes on makes no end of the transaction.
    let again = to_shop(&courier(), 2, false, delivery_status(vec![parcel("1", all_goods(), planned("2026-07-25"))]));
    assert!(answers(&mut desk, &selling(), &again).is_empty());
    assert_eq!(desk.standing().state, State::Open);
}

#[test]
fn a_cancellation_goes_before_the_new_terms_that_the_agents_are_stopped_for() {
    let mut desk = started();
    let new = offers(&mut desk, &cheaper()).unwrap();
    answers(&mut desk, &selling(), &ok_to(&new, 3));
    let cancel = Document::Cancellation(Cancellation { reason: None });
    let cancel = Letter { seq: Some(4), terms: Some(content(&new)), ..letter(&buyer(), &shop(), cancel) };
    assert!(answers(&mut desk, &selling(), &cancel).is_empty(), "it waits for what the agents say");
    let stopped = answers_stop(&desk, &bank(), 1, None);
    answers(&mut desk, &selling(), &stopped);
    let stopped = answers_stop(&desk, &courier(), 1, None);
    let said = answers(&mut desk, &selling(), &stopped);
    assert_eq!(kinds(&said), [Kind::Refusal, Kind::OrderStatus]);
    assert_eq!((desk.standing().state, in_force(&desk)), (State::Cancelled, offer()));
}

#[test]
fn an_ok_that_is_overtaken_or_late_is_refused_and_changes_nothing() {
    // The offer was replaced before its OK came.
    let mut desk = Desk::new(&shop());
    desk.now = at("2026-07-11");
    desk.takes(&order_letter());
    desk.writes(Role::Shop, &terms_letter(terms()));
    let new = offers(&mut desk, &cheaper()).unwrap();
    let said = answers(&mut desk, &selling(), &confirmation());
    assert!(matches!(&said[..], [Document::Refusal(refusal)] if refusal.reason.code == "offer-replaced"), "{said:?}");
    // The new one begins as the old one would have.
    let said = answers(&mut desk, &selling(), &ok_to(&new, 3));
    assert_eq!(kinds(&said), [Kind::OrderStatus, Kind::PaymentInstruction, Kind::DeliveryInstruction]);
    // Goods left before the OK to other terms came.
    let newer = offers(&mut desk, &Change { arrives: Some(day("2026-08-30")), ..Change::default() }).unwrap();
    assert_eq!(newer.replaces, Some(content(&new)));
    let left = role::Notice { done: Some(at("2026-07-11")), ..role::Notice::default() };
    acts(&mut desk, &selling(), |known, at| role::notify(known, &left, at)).unwrap();
    let said = answers(&mut desk, &selling(), &ok_to(&newer, 4));
    assert!(matches!(&said[..], [Document::Refusal(refusal)] if refusal.reason.code == "too-late"), "{said:?}");
    assert_eq!(in_force(&desk), content(&new));
    // Its time had passed.
    let mut desk = started();
    let new = offers(&mut desk, &cheaper()).unwrap();
    desk.now = at("2026-12-01");
    let said = answers(&mut desk, &selling(), &ok_to(&new, 3));
    assert!(matches!(&said[..], [Document::Refusal(refusal)] if refusal.reason.code == "offer-expired"), "{said:?}");
    assert_eq!(in_force(&desk), offer());
}

#[test]
fn terms_that_cannot_be_changed_any_more_stay() {
    let refused = |desk: &mut Desk, what: &Change| offers(desk, what).unwrap_err();
    assert!(refused(&mut delivered(0), &cheaper()).contains("goods have arrived"));
    let mut desk = started();
    let made = payment_status(jpy(0), vec![payment("1", jpy(4800), done("2026-07-11"))]);
    answers(&mut desk, &selling(), &to_shop(&bank(), 1, true, made));
    assert!(refused(&mut desk, &cheaper()).contains("money was paid"));
    let mut desk = started();
    for (what, why) in [
        (Change { prices: vec![("1".to_owned(), jpy(1000))], ..Change::default() }, "say already"),
        (Change { prices: vec![("9".to_owned(), jpy(1000))], ..Change::default() }, "line 9 is not in the terms"),
        (Change { charges: vec![("Voucher".to_owned(), jpy(-4800))], ..Change::default() }, "they would make no sum"),
        (Change { arrives: Some(day("2026-07-01")), ..Change::default() }, "over already"),
        (
            Change { quantities: vec![("1".to_owned(), None), ("2".to_owned(), None)], ..Change::default() },
            "nothing would",
        ),
    ] {
        let said = refused(&mut desk, &what);
        assert!(said.contains(why), "{said}");
    }
    // While the buyer's cancellation waits, and while the agents have not taken what he said OK to.
    let new = offers(&mut desk, &cheaper()).unwrap();
    answers(&mut desk, &selling(), &ok_to(&new, 3));
    assert!(refused(&mut desk, &cheaper()).contains("have not stopped yet"));
}

#[test]
fn lines_are_left_out_and_charges_added() {
    let mut desk = started();
    let what = Change {
        quantities: vec![("2".to_owned(), None), ("1".to_owned(), Some(Quantity::parse("2").unwrap()))],
        charges: vec![("Parcel delivery".to_owned(), jpy(600)), ("Discount".to_owned(), jpy(-100))],
        due: Some(day("2026-09-30")),
        arrives: Some(day("2026-08-30")),
        ..Change::default()
    };
    let new = offers(&mut desk, &what).unwrap();
    let new = terms_in(&new);
    assert_eq!((new.lines.len(), new.charges.len(), new.total), (1, 2, jpy(2500)));
    assert!(new.charges.iter().all(|charge| charge.id != new.lines[0].id));
    assert_eq!((new.payment_due, new.arrival_until), (Some(day("2026-09-30")), Some(day("2026-08-30"))));
}

/// The buyer's refusal of these terms.
fn no_to(terms: &Letter) -> Letter {
    let reason = Reason { code: "not-accepted".to_owned(), text: "No.".to_owned() };
    let document = Document::Refusal(mailorder::trade::document::Refusal { reason });
    Letter { answers: Some(content(terms)), ..letter(&buyer(), &shop(), document) }
}

#[test]
fn an_ok_to_terms_that_the_buyer_has_refused_is_refused_and_more_goods_do_not_go_at_the_old_price() {
    let more = Change { quantities: vec![("1".to_owned(), Some(Quantity::parse("6").unwrap()))], ..Change::default() };
    let mut desk = started();
    let new = offers(&mut desk, &more).unwrap();
    assert_eq!(kinds(&answers(&mut desk, &selling(), &no_to(&new))), []);
    let said = answers(&mut desk, &selling(), &ok_to(&new, 3));
    assert!(matches!(&said[..], [Document::Refusal(refusal)] if refusal.reason.code == "offer-refused"), "{said:?}");
    assert_eq!(in_force(&desk), offer());
    let again = answers(&mut desk, &selling(), &ok_to(&new, 4));
    assert!(matches!(&again[..], [Document::Refusal(refusal)] if refusal.reason.code == "offer-refused"), "{again:?}");
    // At the buyer it is the same when he has the shop's answer.
    let (mut buyers, new) = told_of(|terms| terms.arrival_until = Some(When::Day("2026-08-20".parse().unwrap())));
    buyers.writes(Role::Buyer, &no_to(&new));
    let ok = ok_to(&new, 3);
    buyers.writes(Role::Buyer, &ok);
    let reason = Reason { code: "offer-refused".to_owned(), text: "No.".to_owned() };
    let refusal = Document::Refusal(mailorder::trade::document::Refusal { reason });
    buyers.takes(&Letter { answers: Some(content(&ok)), ..letter(&shop(), &buyer(), refusal) });
    assert_eq!((in_force(&buyers), buyers.standing().state), (offer(), State::Open));
}

#[test]
fn an_offer_that_was_replaced_is_over_whatever_becomes_of_the_newer_one() {
    let mut desk = started();
    let first = offers(&mut desk, &cheaper()).unwrap();
    let dearer = Change { prices: vec![("1".to_owned(), jpy(950))], ..Change::default() };
    let second = offers(&mut desk, &dearer).unwrap();
    assert_eq!(second.replaces, Some(content(&first)), "a change goes on from the offer that waits");
    answers(&mut desk, &selling(), &no_to(&second));
    let said = answers(&mut desk, &selling(), &ok_to(&first, 3));
    assert!(matches!(&said[..], [Document::Refusal(refusal)] if refusal.reason.code == "offer-replaced"), "{said:?}");
    assert_eq!((in_force(&desk), desk.standing().state), (offer(), State::Open));
    // What is changed next is what was agreed on.
    let later = offers(&mut desk, &Change { arrives: Some(day("2026-08-30")), ..Change::default() }).unwrap();
    assert_eq!((later.replaces, terms_in(&later).total), (Some(offer()), jpy(4800)));
    // One that has come to the shop before it is replaced is answered as ever; the newer one waits until then.
    assert_eq!(kinds(&answers(&mut desk, &selling(), &ok_to(&later, 4))), [Kind::Stop, Kind::Stop]);
    assert!(offers(&mut desk, &cheaper()).unwrap_err().contains("have not stopped yet"));
}

#[test]
fn the_buyer_says_ok_to_no_offer_that_another_replaced() {
    let dearer = |price: i64| {
        move |terms: &mut Terms| {
            terms.lines[0].unit_price = jpy(price);
            terms.total = jpy(1800 + 3 * price);
        }
    };
    let (mut desk, first) = told_of(dearer(1100));
    desk.now = at("2026-07-11");
    let mut terms = terms();
    dearer(1050)(&mut terms);
    let second = Letter { seq: Some(3), replaces: Some(content(&first)), ..terms_letter(terms) };
    let judged = desk.takes(&second);
    assert!(judged.findings.iter().all(|one| one.code == Code::TermsDifferFromOrder), "{judged:?}");
    let offered = |desk: &Desk| mailorder::view::confirm::offered(desk.transaction()).map(|(kept, _)| kept.content);
    assert_eq!(offered(&desk), Some(content(&second)));
    // A person who accepts the warning about the first has no word in it any more.
    desk.settles(Role::Buyer, &first, Settlement::Accept);
    let confirm =
        |desk: &mut Desk| acts(desk, &Practice::default(), |known, at| Ok(vec![buyer::confirm(known, at)?.into()]));
    assert_eq!(offered(&desk), Some(content(&second)));
    assert!(confirm(&mut desk).unwrap_err().contains("differ from your order"));
    acts(&mut desk, &Practice::default(), |known, _| Ok(vec![buyer::keep(known, None)?.into()])).unwrap();
    assert_eq!(offered(&desk), None);
    assert!(confirm(&mut desk).is_err());
    assert_eq!((in_force(&desk), desk.standing().state), (offer(), State::Open));
    // Noted as seen the second does not bring back the first either.
    let (mut desk, first) = told_of(dearer(1100));
    let second = Letter { replaces: Some(content(&first)), ..second };
    desk.takes(&second);
    desk.settles(Role::Buyer, &second, Settlement::Ack);
    assert_eq!(offered(&desk), None);
}

#[test]
fn a_refusal_behind_the_ok_to_the_same_terms_changes_nothing() {
    let mut desk = started();
    let new = offers(&mut desk, &cheaper()).unwrap();
    assert_eq!(kinds(&answers(&mut desk, &selling(), &ok_to(&new, 3))), [Kind::Stop, Kind::Stop]);
    assert_eq!(kinds(&answers(&mut desk, &selling(), &no_to(&new))), []);
    let stopped = answers_stop(&desk, &bank(), 1, None);
    answers(&mut desk, &selling(), &stopped);
    let stopped = answers_stop(&desk, &courier(), 1, None);
    let said = answers(&mut desk, &selling(), &stopped);
    assert_eq!(kinds(&said), [Kind::OrderStatus, Kind::PaymentInstruction, Kind::DeliveryInstruction]);
    assert_eq!(in_force(&desk), content(&new));
    // The buyer reads the shop's answer alike, whatever he has sent behind his OK.
    let (mut buyers, new) = told_of(|terms| terms.arrival_until = Some(When::Day("2026-08-20".parse().unwrap())));
    let ok = ok_to(&new, 3);
    buyers.writes(Role::Buyer, &ok);
    buyers.writes(Role::Buyer, &no_to(&new));
    let taken = Letter {
        terms: Some(content(&new)),
        answers: Some(content(&ok)),
        ..status(&shop(), 3, "2026-07-12", false, order_status(Vec::new()))
    };
    buyers.takes(&taken);
    assert_eq!(in_force(&buyers), content(&new));
}

/// A buyer whose order has begun, and to whom these terms come instead.
fn told_of(change: impl Fn(&mut Terms)) -> (Desk, Letter) {
    let mut desk = Desk::buyer_open();
    let mut new = terms();
    change(&mut new);
    let new = Letter { seq: Some(2), replaces: Some(offer()), ..terms_letter(new) };
    desk.takes(&new);
    (desk, new)
}

#[test]
fn the_buyer_answers_new_terms_or_keeps_the_old_ones() {
    let (mut desk, new) = told_of(|terms| terms.arrival_until = Some(When::Day("2026-08-20".parse().unwrap())));
    let waits = |desk: &Desk| {
        let known = desk.transaction();
        replacing::waiting(known, Standing::of(known).state).map(|(kept, _)| kept.content)
    };
    assert_eq!(waits(&desk), Some(content(&new)));
    let keeps =
        |desk: &mut Desk| acts(desk, &Practice::default(), |known, _| Ok(vec![buyer::keep(known, None)?.into()]));
    assert_eq!(kinds(&keeps(&mut desk).unwrap()), [Kind::Refusal]);
    assert_eq!((waits(&desk), in_force(&desk)), (None, offer()));
    assert!(keeps(&mut desk).is_err(), "once");
    let confirm =
        |desk: &mut Desk| acts(desk, &Practice::default(), |known, at| Ok(vec![buyer::confirm(known, at)?.into()]));
    assert!(confirm(&mut desk).unwrap_err().contains("accepted already"));
    // The OK names the new terms.
    let (mut desk, new) = told_of(|terms| terms.arrival_until = Some(When::Day("2026-08-20".parse().unwrap())));
    desk.now = at("2026-07-11");
    confirm(&mut desk).unwrap();
    assert_eq!((waits(&desk), in_force(&desk)), (None, offer()), "the shop's answer decides");
    assert_eq!(desk.transaction().sent(Kind::Confirmation).last().unwrap().letter.terms, Some(content(&new)));
}

#[test]
fn new_terms_that_differ_from_the_order_wait_for_a_persons_word() {
    let (mut desk, new) = told_of(|terms| {
        terms.lines[0].unit_price = jpy(1100);
        terms.total = jpy(5100);
    });
    assert_eq!(desk.verdict(&new), Verdict::Warned);
    let known = desk.transaction();
    assert!(replacing::waiting(known, Standing::of(known).state).is_some());
    let confirm =
        |desk: &mut Desk| acts(desk, &Practice::default(), |known, at| Ok(vec![buyer::confirm(known, at)?.into()]));
    assert!(confirm(&mut desk).unwrap_err().contains("differ from your order"), "no OK to the old ones again");
    assert_eq!(in_force(&desk), offer());
}

#[test]
fn an_instruction_that_a_later_stop_has_overtaken_begins_nothing() {
    let mut desk = Desk::new(&bank());
    let told = |terms: Digest, seq: u32| {
        let instruction = PaymentInstruction {
            buyer: person(&buyer()),
            amount: jpy(4800),
            payment_method: PaymentMethod::parse("card").unwrap(),
            payment_id: None,
            due: Some(day("2026-08-31")),
            terms_date: None,
            shown: Shown::default(),
            agents: vec![Agent { role: Role::Payment, party: bank(), certificate: None }],
        };
        let document = Document::PaymentInstruction(instruction);
        Letter { seq: Some(seq), terms: Some(terms), ..letter(&shop(), &bank(), document) }
    };
    let stop = |terms: Digest, seq: u32| {
        let document = Document::Stop(Stop { leg: Leg::Payment });
        Letter { seq: Some(seq), terms: Some(terms), ..letter(&shop(), &bank(), document) }
    };
    let (old, new) = (offer(), Digest::of(b"new"));
    let stopped = |said: &[Document]| {
        let is =
            |said: &Document| matches!(said, Document::PaymentStatus(s) if s.payments.iter().all(|p| p.step.failed()));
        !said.is_empty() && said.iter().all(is)
    };
    answers(&mut desk, &collecting(), &told(old, 1));
    assert!(stopped(&answers(&mut desk, &collecting(), &stop(old, 2))));
    // The fourth letter comes before the third.
    assert!(stopped(&answers(&mut desk, &collecting(), &stop(new, 4))));
    let said = answers(&mut desk, &collecting(), &told(new, 3));
    assert!(stopped(&said), "{said:?}");
    assert_eq!(desk.transaction().sent(Kind::PaymentStatus).last().unwrap().letter.terms, Some(new));
    // One that was written after the stop is followed.
    let said = answers(&mut desk, &collecting(), &told(Digest::of(b"newer"), 5));
    assert!(!said.is_empty() && !stopped(&said), "{said:?}");
}
