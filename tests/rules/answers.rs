//! What the shop answers, against what it was asked and what it answered before.

use mailorder::rules::State;
use mailorder::trade::document::{Confirmation, Refusal, Rejection, ReturnAnswer, ReturnRequest};
use mailorder::trade::item::LineQuantity;
use mailorder::trade::status::{Reason, Step};
use mailorder::trade::{Code, Digest, Document, Letter, Money, Role, Verdict};

use super::{check, refused_or_applied, row};
use crate::support::trade::*;

fn reason(code: &str) -> Reason {
    Reason { code: code.to_owned(), text: "No.".to_owned() }
}

/// The shop refuses the order.
fn rejection(seq: u32, answers: Digest) -> Letter {
    let document = Document::OrderRejection(Rejection { reasons: vec![reason("OTH")], lines: Vec::new() });
    let rejected = Letter { seq: Some(seq), order: Some(order_id()), ..letter(&shop(), &buyer(), document) };
    Letter { answers: Some(answers), ..rejected }
}

fn paid() -> Letter {
    status(&bank(), 1, "2026-07-21", true, payment_status(jpy(0), vec![payment("1", jpy(4800), done("2026-07-21"))]))
}

fn delivered() -> Letter {
    status(&courier(), 1, "2026-07-21", true, delivery_status(vec![parcel("1", all_goods(), done("2026-07-21"))]))
}

#[test]
fn an_order_is_refused_before_there_are_terms_or_not_at_all() {
    let ordered = content(&order_letter());
    let late = Letter { seq: Some(2), ..terms_letter(terms()) };
    check(
        Desk::buyer_ordered,
        vec![
            row("in answer to the order", &[], rejection(1, ordered), &[]),
            row("in answer to another", &[], rejection(1, offer()), &[Code::NotAskedFor]),
            row("behind terms", &[&terms_letter(terms())], rejection(2, ordered), &[Code::AnswerTakenBack]),
            row("terms behind it", &[&rejection(1, ordered)], late, &[Code::AnswerTakenBack]),
        ],
    );
    for before in [vec![], vec![paid()], vec![delivered(), paid()]] {
        let mut desk = Desk::buyer_open();
        before.iter().for_each(|letter| drop(desk.takes(letter)));
        let standing = desk.standing();
        refused_or_applied(&mut desk, "behind the OK", &rejection(2, ordered), &[Code::AnswerTakenBack]);
        assert_eq!(desk.standing(), standing, "nothing of what was bought is lost");
    }
}

#[test]
fn what_is_paid_for_a_refused_order_is_warned_of() {
    let mut desk = Desk::buyer_ordered();
    desk.takes(&rejection(1, content(&order_letter())));
    assert_eq!(desk.standing().state, State::Rejected);
    let early = Letter { terms: None, order: Some(order_id()), ..paid() };
    let planned = payment_status(jpy(4800), vec![payment("1", jpy(4800), planned("2026-07-30"))]);
    let plan = Letter { order: Some(order_id()), ..status(&bank(), 1, "2026-07-20", false, planned) };
    assert_eq!(desk.takes(&plan).verdict, Verdict::Held, "nothing is done yet");
    let judgement = desk.takes(&Letter { seq: Some(2), ..early });
    assert_eq!(judgement.verdict, Verdict::Warned);
    assert!(judgement.findings.iter().any(|finding| finding.code == Code::StatusAfterCancel), "{judgement:?}");
    assert_eq!(desk.standing().state, State::Rejected);
}

fn refusal_of(ok: &Letter) -> Letter {
    let document = Document::Refusal(Refusal { reason: reason("offer-expired") });
    Letter { answers: Some(content(ok)), ..letter(&shop(), &buyer(), document) }
}

/// Returns the shop's new terms, JPY 300 less, and the buyer's OK to them.
fn replaced() -> (Letter, Letter) {
    let mut new = terms();
    (new.lines[0].unit_price, new.total) = (jpy(900), jpy(4500));
    let new = Letter { seq: Some(2), replaces: Some(offer()), ..terms_letter(new) };
    let document = Document::Confirmation(Confirmation { total: jpy(4500) });
    let ok = Letter { seq: Some(3), document, ..confirmation() };
    let ok = Letter { terms: Some(content(&new)), answers: Some(content(&new)), ..ok };
    (new, ok)
}

#[test]
fn an_ok_that_the_shop_has_acted_on_is_not_refused_any_more() {
    let (new, ok) = replaced();
    let open = |desk: &mut Desk| {
        desk.takes(&new);
        desk.settles(Role::Buyer, &new, mailorder::trade::Settlement::Accept);
        desk.writes(Role::Buyer, &ok);
    };
    let in_force = |desk: &Desk| desk.transaction().terms().unwrap().0.content;
    let plan = order_status(vec![shipment("1", all_goods(), planned("2026-07-15"))]);
    let answer = status(&shop(), 7, "2026-07-12", false, plan);
    let answer = Letter { terms: Some(content(&new)), answers: Some(content(&ok)), ..answer };

    // Behind the shop's word on the order.
    let mut desk = Desk::buyer_open();
    open(&mut desk);
    assert_eq!(desk.takes(&answer).verdict, Verdict::Applied);
    assert_eq!(in_force(&desk), content(&new));
    refused_or_applied(&mut desk, "answered", &refusal_of(&ok), &[Code::AnswerTakenBack]);
    assert_eq!(in_force(&desk), content(&new));

    // Read before it: the answer holds.
    let mut desk = Desk::buyer_open();
    open(&mut desk);
    refused_or_applied(&mut desk, "not answered", &refusal_of(&ok), &[]);
    assert_eq!(in_force(&desk), offer());
    desk.takes(&answer);
    assert_eq!(in_force(&desk), content(&new), "both letters, in whichever order");

    // Behind work under the new terms, which the shop alone can have asked for.
    let mut desk = Desk::buyer_ordered();
    desk.takes(&terms_letter(terms()));
    open(&mut desk);
    let money = payment_status(jpy(0), vec![payment("1", jpy(4500), done("2026-07-21"))]);
    let money = Letter { terms: Some(content(&new)), ..status(&bank(), 1, "2026-07-21", true, money) };
    assert_eq!(desk.takes(&money).verdict, Verdict::Applied);
    refused_or_applied(&mut desk, "worked on", &refusal_of(&ok), &[Code::AnswerTakenBack]);
    assert_eq!((in_force(&desk), desk.legs().paid), (content(&new), Some(jpy(4500))));
}

/// Our wish to give these back.
fn wish(lines: Vec<LineQuantity>) -> Letter {
    let document = Document::ReturnRequest(ReturnRequest { lines, reason: reason("OTH") });
    Letter { seq: Some(3), terms: Some(offer()), ..letter(&buyer(), &shop(), document) }
}

/// The shop's word on what goes back.
fn word(seq: u32, answers: Option<&Letter>, lines: Vec<LineQuantity>, step: Step, refund: Option<Money>) -> Letter {
    let document = Document::ReturnAnswer(ReturnAnswer { lines, step, refund });
    let word = Letter { seq: Some(seq), date: at("2026-07-24"), ..letter(&shop(), &buyer(), document) };
    Letter { terms: Some(offer()), answers: answers.map(content), ..word }
}

fn agreed() -> Step {
    Step::Active { at: None }
}

const AMOUNT: &[Code] = &[Code::AmountDiffers];
const TAKEN_BACK: &[Code] = &[Code::AnswerTakenBack];

fn refused() -> Step {
    Step::Failed { reason: reason("refused"), at: None }
}

/// All delivered and paid, and this asked for.
fn asked(wish: &Letter) -> Desk {
    let mut desk = Desk::buyer_open();
    desk.takes(&delivered());
    desk.takes(&paid());
    desk.writes(Role::Buyer, wish);
    desk
}

#[test]
fn goods_go_back_that_were_asked_for_and_money_that_was_paid() {
    let all = wish(all_goods());
    let euros = Some(Money::parse("5", "EUR").unwrap());
    let money = |amount| word(2, None, Vec::new(), agreed(), Some(jpy(amount)));
    let takes_all = |refund| word(2, Some(&all), all_goods(), agreed(), refund);
    let promised = takes_all(Some(jpy(4800)));
    check(
        || asked(&all),
        vec![
            row("agreed", &[], promised.clone(), &[]),
            row("done", &[&promised], word(3, Some(&all), all_goods(), done("2026-07-30"), Some(jpy(4800))), &[]),
            row("for nothing, where nothing was paid", &[], takes_all(None), &[]),
            row("refused", &[], word(2, Some(&all), all_goods(), refused(), None), &[]),
            row("money unasked", &[], money(800), &[]),
            row("more of it later", &[&money(800)], word(3, None, Vec::new(), agreed(), Some(jpy(900))), &[]),
            row("goods unasked", &[], word(2, None, all_goods(), done("2026-07-24"), None), &[Code::NotAskedFor]),
            row("nothing is refused unasked", &[], word(2, None, Vec::new(), refused(), None), &[Code::NotAskedFor]),
            row(
                "in answer to another letter",
                &[],
                word(2, Some(&confirmation()), all_goods(), agreed(), Some(jpy(4800))),
                &[Code::NotAskedFor],
            ),
            row("no money", &[], money(0), AMOUNT),
            row("less than none", &[], money(-5), AMOUNT),
            row("more than was paid", &[], money(4801), AMOUNT),
            row("more with what was promised", &[&promised], word(3, None, vec![], agreed(), Some(jpy(1))), AMOUNT),
            row("other money", &[], word(2, None, Vec::new(), agreed(), euros), &[Code::CurrencyDiffers]),
            row(
                "a line of another order",
                &[],
                word(2, Some(&all), goods(&[("99", "5")]), agreed(), None),
                &[Code::GoodsDiffer],
            ),
            row(
                "more than was bought",
                &[],
                word(2, Some(&all), goods(&[("1", "4")]), agreed(), None),
                &[Code::QuantityExceeds],
            ),
            row(
                "less goods than were asked for",
                &[],
                word(2, Some(&all), goods(&[("1", "0.0001")]), agreed(), Some(jpy(1))),
                &[Code::GoodsDiffer, Code::GoodsDiffer],
            ),
            row("less later", &[&promised], word(3, Some(&all), all_goods(), agreed(), Some(jpy(1))), TAKEN_BACK),
            row("no money later", &[&promised], word(3, Some(&all), all_goods(), agreed(), None), TAKEN_BACK),
            row("refused later", &[&promised], word(3, Some(&all), all_goods(), refused(), None), TAKEN_BACK),
        ],
    );
    let tie = wish(goods(&[("2", "1")]));
    let more = word(2, Some(&tie), goods(&[("1", "1"), ("2", "1")]), agreed(), Some(jpy(2300)));
    refused_or_applied(&mut asked(&tie), "more than was asked for", &more, &[Code::NotAskedFor]);
    let mut twice = asked(&tie);
    let back = |seq, wish: &Letter| word(seq, Some(wish), goods(&[("2", "1")]), agreed(), Some(jpy(1300)));
    refused_or_applied(&mut twice, "the tie", &back(2, &tie), &[]);
    let again = Letter { seq: Some(4), ..tie.clone() };
    twice.writes(Role::Buyer, &again);
    refused_or_applied(&mut twice, "the same tie again", &back(3, &again), &[Code::QuantityExceeds]);
}

#[test]
fn an_older_word_on_a_return_that_comes_late_is_history() {
    let mut desk = asked(&wish(all_goods()));
    let money = |seq, amount| word(seq, None, Vec::new(), agreed(), Some(jpy(amount)));
    refused_or_applied(&mut desk, "the newer", &money(5, 4800), &[]);
    refused_or_applied(&mut desk, "the older", &money(4, 800), &[]);
    assert_eq!(mailorder::rules::returned::refund(desk.transaction()), Ok(Some(jpy(4800))));
}

#[test]
fn a_word_on_money_that_overtook_the_terms_waits_for_them() {
    let money = word(3, None, Vec::new(), agreed(), Some(jpy(800)));
    let mut desk = Desk::buyer_ordered();
    let early = Letter { order: Some(order_id()), ..money };
    assert_eq!(desk.takes(&early).verdict, Verdict::Held);
    desk.takes(&terms_letter(terms()));
    assert_eq!(desk.verdict(&early), Verdict::Applied);
}

#[test]
fn money_for_goods_that_are_not_said_to_be_lost_waits_and_closes_nothing() {
    let tie = goods(&[("2", "1")]);
    let parts = |step| vec![parcel("1", goods(&[("1", "1")]), done("2026-07-21")), parcel("2", tie.clone(), step)];
    let said = |seq, step| status(&courier(), seq, "2026-07-21", false, delivery_status(parts(step)));
    let back = |seq, lines, refund| word(seq, None, lines, agreed(), Some(jpy(refund)));
    let (first, all) = (back(2, tie.clone(), 1300), back(3, all_goods(), 1301));
    let mut desk = Desk::buyer_open();
    desk.takes(&paid());
    for letter in [said(1, planned("2026-07-25")), first.clone(), all.clone()] {
        desk.takes(&letter);
    }
    assert_eq!([desk.verdict(&first), desk.verdict(&all)], [Verdict::Held; 2]);
    assert_eq!((desk.standing().state, desk.legs().delivery.done), (State::Open, None));
    // The carrier's word lets count what is lost, and no more: a shop cannot call everything returned for one yen.
    desk.takes(&said(2, refused()));
    assert_eq!([desk.verdict(&first), desk.verdict(&all)], [Verdict::Applied, Verdict::Held]);
    assert_eq!(desk.standing().legs.delivery.done, Some(at("2026-07-21")), "nobody waits for the tie");
    let nothing = word(4, None, Vec::new(), agreed(), Some(jpy(1300)));
    refused_or_applied(&mut desk, "fewer goods later", &nothing, TAKEN_BACK);
}

#[test]
fn an_order_is_refunded_once_all_that_its_goods_are_worth_has_gone_back() {
    let all = wish(all_goods());
    let mut desk = asked(&all);
    desk.takes(&word(2, Some(&all), all_goods(), agreed(), Some(jpy(1))));
    let back = |seq, amount| {
        let back = vec![
            payment("1", jpy(4800), done("2026-07-21")),
            mailorder::trade::status::Payment { refund: true, ..payment("2", jpy(amount), done("2026-07-25")) },
        ];
        status(&bank(), seq, "2026-07-26", true, payment_status(jpy(0), back))
    };
    assert_eq!(desk.takes(&back(2, 1)).verdict, Verdict::Applied);
    assert_eq!(desk.standing().state, State::Returned, "JPY 1 is not what was paid");
    let mut desk = asked(&all);
    desk.takes(&word(2, Some(&all), all_goods(), agreed(), Some(jpy(4800))));
    assert_eq!(desk.takes(&back(2, 4800)).verdict, Verdict::Applied);
    assert_eq!(desk.standing().state, State::Refunded);
}

#[test]
fn all_goods_back_for_less_than_they_are_worth_is_told_to_the_buyer_until_the_money_is_agreed_to() {
    let failures = |desk: &Desk| -> Vec<String> {
        let known = desk.transaction();
        mailorder::rules::failed::failures(known, &desk.standing()).into_iter().map(|one| one.text).collect()
    };
    let all = wish(all_goods());
    let done = Step::Done { at: at("2026-07-22") };
    for (promised, of_it) in [(None, "JPY 0"), (Some(jpy(1)), "JPY 1")] {
        let mut desk = asked(&all);
        assert_eq!(failures(&desk), Vec::<String>::new(), "the shop has not answered");
        let answer = word(2, Some(&all), all_goods(), done.clone(), promised);
        assert_eq!(desk.takes(&answer).verdict, Verdict::Applied);
        assert_eq!(desk.standing().state, State::Returned);
        let said = format!(
            "all goods went back, JPY 4800 was paid, and of it {of_it} is to come back (says {})",
            shop().address
        );
        assert_eq!(failures(&desk), [said]);
        // The payment agent knows what was paid and what goes back: it can be asked.
        let asks = mailorder::role::buyer::ask(desk.transaction(), &[]).unwrap();
        assert_eq!(asks.iter().map(|draft| &draft.to).collect::<Vec<_>>(), [&bank()]);
        let agreed = word(3, Some(&all), all_goods(), agreed(), Some(jpy(4300)));
        assert_eq!(desk.takes(&agreed).verdict, Verdict::Applied);
        assert_eq!(failures(&desk), Vec::<String>::new(), "all but the charge, which stays with parts");
    }
}

#[test]
fn what_was_done_by_terms_that_were_replaced_stays_done_and_is_not_done_twice() {
    // The shop puts the arrival off, and answers the OK to that only when the agents have done their work by the terms before.
    let new = Letter {
        seq: Some(2),
        replaces: Some(offer()),
        ..terms_letter(mailorder::trade::Terms { arrival_until: Some(day("2026-07-30")), ..terms() })
    };
    let ok = Letter { seq: Some(3), terms: Some(content(&new)), answers: Some(content(&new)), ..confirmation() };
    let plan = order_status(vec![shipment("1", all_goods(), planned("2026-07-15"))]);
    let answer = status(&shop(), 7, "2026-07-22", false, plan);
    let answer = Letter { terms: Some(content(&new)), answers: Some(content(&ok)), ..answer };
    let by_new = |letter: Letter, seq| Letter { terms: Some(content(&new)), seq: Some(seq), ..letter };
    let stands = |desk: &Desk| {
        let standing = desk.standing();
        let legs = &standing.legs;
        (legs.paid, legs.remaining, standing.unpaid, legs.payment.done, legs.delivery.done)
    };
    let day = Some(at("2026-07-21"));
    let done_once = (Some(jpy(4800)), Some(jpy(0)), None, day, day);
    let second = payment_status(jpy(0), vec![payment("2", jpy(4800), done("2026-07-23"))]);
    let second = by_new(status(&bank(), 2, "2026-07-23", true, second), 2);
    let parcel_again = delivery_status(vec![parcel("1", all_goods(), planned("2026-07-29"))]);
    let parcel_again = by_new(status(&courier(), 2, "2026-07-23", false, parcel_again), 2);
    for late in [false, true] {
        let mut desk = Desk::buyer_open();
        desk.takes(&new);
        desk.writes(Role::Buyer, &ok);
        let mut letters = vec![paid(), delivered(), answer.clone()];
        letters.rotate_right(usize::from(late));
        for letter in letters {
            assert!(matches!(desk.takes(&letter).verdict, Verdict::Applied | Verdict::Stale));
        }
        assert_eq!(desk.transaction().terms().unwrap().0.content, content(&new));
        assert_eq!(stands(&desk), done_once, "the answer came first: {late}");
        refused_or_applied(&mut desk.clone(), "another payment instead", &second, &[Code::DoneThenPlanned]);
        let both = vec![payment("1", jpy(4800), done("2026-07-21")), payment("2", jpy(4800), done("2026-07-23"))];
        let both = by_new(status(&bank(), 2, "2026-07-23", true, payment_status(jpy(0), both)), 2);
        refused_or_applied(&mut desk.clone(), "another payment beside it", &both, AMOUNT);
        refused_or_applied(&mut desk.clone(), "to be brought again", &parcel_again, &[Code::DoneThenPlanned]);
        // An honest agent that is instructed anew says what was paid already, by the new terms.
        refused_or_applied(&mut desk, "told again", &by_new(paid(), 2), &[]);
        refused_or_applied(&mut desk, "told again", &by_new(delivered(), 2), &[]);
        assert_eq!(stands(&desk), done_once);
    }
    // Paid by the new terms while their OK is not answered: it is no less paid.
    let mut desk = Desk::buyer_open();
    desk.takes(&new);
    desk.writes(Role::Buyer, &ok);
    desk.takes(&by_new(paid(), 1));
    assert_eq!(desk.legs().paid, Some(jpy(4800)));
    let again = Letter { seq: Some(2), ..second };
    refused_or_applied(
        &mut desk,
        "and again by the old",
        &Letter { terms: Some(offer()), ..again },
        &[Code::DoneThenPlanned],
    );
    desk.takes(&answer);
    assert_eq!(desk.legs().paid, Some(jpy(4800)));
}

#[test]
fn a_delivery_that_the_shop_stopped_has_failed_for_a_buyer_who_did_not_ask_for_it() {
    let stop = Step::Failed {
        reason: Reason { code: "stopped".to_owned(), text: "Stopped by the shop.".to_owned() },
        at: Some(at("2026-07-20")),
    };
    let stopped =
        status(&courier(), 1, "2026-07-20", false, delivery_status(vec![parcel("1", all_goods(), stop.clone())]));
    let failed = |desk: &Desk| -> Vec<String> {
        mailorder::rules::failed::failures(desk.transaction(), &desk.standing())
            .into_iter()
            .map(|one| one.text)
            .collect()
    };
    let told = [format!("parcel 1 failed: Stopped by the shop. (says {})", courier().address)];
    let mut desk = Desk::buyer_open();
    desk.takes(&paid());
    assert_eq!(desk.takes(&stopped).verdict, Verdict::Applied);
    assert_eq!(failed(&desk), told);
    // The shop says that the order is over: the money is owed then.
    desk.takes(&status(&shop(), 2, "2026-07-22", true, cancelled()));
    assert_eq!(failed(&desk), Vec::<String>::new());
    // He wanted it.
    let cancels = Document::Cancellation(mailorder::trade::document::Cancellation { reason: None });
    let cancels = Letter { seq: Some(3), terms: Some(offer()), ..letter(&buyer(), &shop(), cancels) };
    for wish in [cancels, wish(all_goods()), replaced().1] {
        let mut desk = Desk::buyer_open();
        desk.takes(&replaced().0);
        desk.writes(Role::Buyer, &wish);
        desk.takes(&stopped);
        assert_eq!(failed(&desk), Vec::<String>::new(), "{:?}", wish.document);
    }
}

#[test]
fn a_part_of_the_goods_back_for_less_than_was_paid_for_it_is_told_to_the_buyer() {
    let failures = |desk: &Desk| -> Vec<String> {
        let known = desk.transaction();
        mailorder::rules::failed::failures(known, &desk.standing()).into_iter().map(|one| one.text).collect()
    };
    let shirts = wish(goods(&[("1", "2")]));
    let takes = |seq, step, refund| word(seq, Some(&shirts), goods(&[("1", "2")]), step, refund);
    let came = Step::Done { at: at("2026-07-22") };
    let said = |of_it| {
        let who = shop().address;
        [format!("goods go back for which JPY 2000 was paid, and of it {of_it} is to come back (says {who})")]
    };
    for (step, refund, of_it) in
        [(agreed(), Some(jpy(1)), "JPY 1"), (came.clone(), None, "JPY 0"), (came, Some(jpy(1999)), "JPY 1999")]
    {
        let mut desk = asked(&shirts);
        assert_eq!(failures(&desk), Vec::<String>::new(), "the shop has not answered");
        assert_eq!(desk.takes(&takes(2, step, refund)).verdict, Verdict::Applied, "conditions may allow it");
        assert_eq!(failures(&desk), said(of_it));
        desk.takes(&takes(3, agreed(), Some(jpy(2000))));
        assert_eq!(failures(&desk), Vec::<String>::new(), "it agrees to the rest");
    }
    // What was given back unasked before counts, and who has not paid misses nothing.
    let mut desk = asked(&shirts);
    desk.takes(&word(2, None, Vec::new(), agreed(), Some(jpy(4000))));
    desk.takes(&takes(3, agreed(), Some(jpy(800))));
    assert_eq!(failures(&desk), Vec::<String>::new());
    let mut desk = Desk::buyer_open();
    desk.takes(&delivered());
    desk.writes(Role::Buyer, &shirts);
    desk.takes(&takes(2, agreed(), None));
    assert_eq!(failures(&desk), Vec::<String>::new());
}

#[test]
fn money_that_is_collected_without_an_ok_is_told_to_the_buyer_until_he_says_it() {
    let collected = |desk: &Desk| {
        mailorder::rules::unconfirmed::collected(desk.transaction(), &desk.standing()).map(|one| one.text)
    };
    let said =
        format!("JPY 4800 was collected, and you have said OK to no terms of this order (says {})", bank().address);
    let waits = |desk: &Desk| {
        let known = desk.transaction();
        mailorder::view::transaction::unanswered(known, &desk.standing(), &at("2026-07-12"))
            .map(|(kept, _)| kept.content)
    };
    let mut desk = Desk::buyer_ordered();
    desk.takes(&terms_letter(terms()));
    assert_eq!((collected(&desk), waits(&desk)), (None, Some(offer())));
    let plan = payment_status(jpy(4800), vec![payment("1", jpy(4800), planned("2026-08-27"))]);
    desk.takes(&status(&bank(), 1, "2026-07-20", false, plan));
    assert_eq!(desk.standing().state, State::Open, "a shop may begin at once");
    assert_eq!((collected(&desk), waits(&desk)), (None, Some(offer())), "nothing is collected yet");
    assert_eq!(desk.takes(&Letter { seq: Some(2), ..paid() }).verdict, Verdict::Applied, "it is no less collected");
    assert_eq!((collected(&desk), waits(&desk)), (Some(said.clone()), Some(offer())));
    let bill = |desk: &Desk| {
        mailorder::view::bill::Bill::of(desk.transaction(), &desk.standing()).and_then(|bill| bill.agrees())
    };
    assert_eq!(bill(&desk), None);
    let mut agreed = desk.clone();
    agreed.writes(Role::Buyer, &confirmation());
    assert_eq!((collected(&agreed), waits(&agreed), bill(&agreed)), (None, None, Some(true)));
    desk.takes(&delivered());
    desk.takes(&status(
        &shop(),
        2,
        "2026-07-18",
        true,
        order_status(vec![shipment("1", all_goods(), done("2026-07-18"))]),
    ));
    assert_eq!((desk.standing().state, collected(&desk)), (State::Completed, Some(said)));
}

#[test]
fn what_is_delivered_and_paid_is_not_cancelled_by_the_shop() {
    let left = order_status(vec![shipment("1", all_goods(), done("2026-07-18"))]);
    let left = status(&shop(), 2, "2026-07-18", true, left);
    let over = |state| {
        let Document::OrderStatus(status) = cancelled() else { unreachable!("it is one") };
        let shipments = vec![shipment("1", all_goods(), done("2026-07-18"))];
        Document::OrderStatus(mailorder::trade::status::OrderStatus { state, shipments, ..status })
    };
    let completed = || {
        let mut desk = Desk::buyer_open();
        for letter in [&left, &delivered(), &paid()] {
            assert_eq!(desk.takes(letter).verdict, Verdict::Applied);
        }
        assert_eq!(desk.standing().state, State::Completed);
        desk
    };
    for state in [mailorder::trade::status::OrderState::Cancelled, mailorder::trade::status::OrderState::Returned] {
        let mut desk = completed();
        let ended = |seq| status(&shop(), seq, "2026-07-25", true, over(state));
        refused_or_applied(&mut desk, "unasked", &ended(3), TAKEN_BACK);
        refused_or_applied(&mut desk, "again", &ended(4), TAKEN_BACK);
        assert!(mailorder::role::buyer::can_give_back(desk.transaction()).is_ok(), "a return is asked for as before");
        // What the buyer asked for the shop may grant, though it came too late.
        let mut asked = completed();
        asked.writes(Role::Buyer, &wish(all_goods()));
        refused_or_applied(&mut asked, "asked for", &ended(3), &[]);
    }
    // What is not paid, or not there, a shop may end; and what is said of before comes too late to change that.
    let mut desk = Desk::buyer_open();
    desk.takes(&left);
    desk.takes(&paid());
    let ended = status(&shop(), 3, "2026-07-25", true, cancelled());
    let Document::OrderStatus(over) = over(mailorder::trade::status::OrderState::Cancelled) else { unreachable!() };
    let ended = Letter { document: Document::OrderStatus(over), ..ended };
    refused_or_applied(&mut desk, "nothing came", &ended, &[]);
    desk.takes(&delivered());
    assert_eq!(desk.standing().state, State::Cancelled);
}
