//! What goes back: each yen that was paid once, whatever it is given back for.

use mailorder::role::shop_desk::{self, Refund};
use mailorder::role::{Notice, payment, payment_work};
use mailorder::trade::document::{Cancellation, Confirmation, RefundInstruction, Stop};
use mailorder::trade::item::Charge;
use mailorder::trade::status::{DeliveryStatus, Payment, STOPPED};
use mailorder::trade::{HookName, Said, Task, TaskKey, Work};

use super::*;

/// The shop's desk with all paid and nothing sent, after so much was given back unasked.
fn paid_less(given_back: i64) -> Desk {
    let mut desk = started();
    desk.now = at("2026-07-21");
    let made = payment_status(jpy(0), vec![payment("1", jpy(4800), done("2026-07-20"))]);
    answers(&mut desk, &selling(), &to_shop(&bank(), 1, true, made));
    let given = acts(&mut desk, &selling(), |known, _| {
        shop_desk::refund(known, Refund { amount: Some(jpy(given_back)), ..Refund::default() }, "Late.")
    });
    assert_eq!(kinds(&given.unwrap()), [Kind::ReturnAnswer, Kind::RefundInstruction]);
    desk
}

fn refunded(id: &str, amount: i64, step: Step) -> Payment {
    Payment { refund: true, ..payment(id, jpy(amount), step) }
}

/// Has both agents answer the order to stop: the goods are stopped, the money had come already.
fn stopped(desk: &mut Desk, refunds: Vec<Payment>) -> Vec<Document> {
    let stops: Vec<_> =
        desk.transaction().sent(Kind::Stop).map(|kept| (kept.letter.to.clone(), kept.content)).collect();
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
    assert!(
        acts(&mut desk, &selling(), |known, _| shop_desk::refund(known, Refund::default(), "Again.")).is_err(),
        "nothing is left"
    );
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

#[test]
fn goods_that_cost_nothing_go_back_for_nothing_and_the_return_is_closed() {
    let mut free = terms();
    free.lines[1].unit_price = jpy(0);
    free.total = jpy(3500);
    let offered = terms_letter(free);
    let mut desk = Desk::new(&shop());
    desk.now = at("2026-07-25");
    desk.takes(&order_letter());
    desk.writes(Role::Shop, &offered);
    let about = Some(content(&offered));
    let document = Document::Confirmation(Confirmation { total: jpy(3500) });
    let ok = Letter { terms: about, answers: about, seq: Some(2), ..letter(&buyer(), &shop(), document) };
    answers(&mut desk, &selling(), &ok);
    let arrived = delivery_status(vec![parcel("1", all_goods(), done("2026-07-21"))]);
    answers(&mut desk, &selling(), &Letter { terms: about, ..to_shop(&courier(), 1, true, arrived) });
    let back = answers(&mut desk, &selling(), &Letter { terms: about, ..return_of(3, goods(&[("2", "1")])) });
    assert_eq!((word(&back), kinds(&back)), ((true, None), vec![Kind::ReturnAnswer]));
    let Document::ReturnAnswer(answer) = &back[0] else { panic!("{back:?}") };
    assert!(answer.step.done().is_some(), "there is nothing to wait for");
}

#[test]
fn goods_that_go_back_one_by_one_bring_all_that_was_paid_for_them() {
    // Three for 3000 less 2: a third of 2998 is 999.33, and the last one brings what the others left.
    let mut reduced = terms();
    reduced.lines.truncate(1);
    reduced.charges = vec![Charge { name: "Discount".to_owned(), price: jpy(-2), ..charge() }];
    reduced.total = jpy(2998);
    let offered = terms_letter(reduced);
    let about = Some(content(&offered));
    let mut desk = Desk::new(&shop());
    desk.now = at("2026-07-25");
    desk.takes(&order_letter());
    desk.writes(Role::Shop, &offered);
    let document = Document::Confirmation(Confirmation { total: jpy(2998) });
    let ok = Letter { terms: about, answers: about, seq: Some(2), ..letter(&buyer(), &shop(), document) };
    answers(&mut desk, &selling(), &ok);
    let paid = payment_status(jpy(0), vec![payment("1", jpy(2998), done("2026-07-20"))]);
    answers(&mut desk, &selling(), &Letter { terms: about, ..to_shop(&bank(), 1, true, paid) });
    let arrived = delivery_status(vec![parcel("1", goods(&[("1", "3")]), done("2026-07-21"))]);
    answers(&mut desk, &selling(), &Letter { terms: about, ..to_shop(&courier(), 1, true, arrived) });
    let mut back = |seq: u32| {
        let asked = Letter { terms: about, ..return_of(seq, goods(&[("1", "1")])) };
        instructed(&answers(&mut desk, &selling(), &asked))
    };
    assert_eq!([back(3), back(4), back(5)], [vec![jpy(999)], vec![jpy(999)], vec![jpy(1000)]]);
}

#[test]
fn nothing_goes_back_for_nothing_nor_for_what_has_no_price() {
    let mut desk = delivered(4800);
    let nothing = answers(&mut desk, &selling(), &return_of(3, Vec::new()));
    assert_eq!((word(&nothing), kinds(&nothing)), ((false, None), vec![Kind::ReturnAnswer]));
    // A ten-thousandth of a shirt at 1000 yen costs no amount of yen.
    let crumb = answers(&mut desk, &selling(), &return_of(4, goods(&[("1", "0.0001")])));
    assert_eq!((word(&crumb), kinds(&crumb)), ((false, None), vec![Kind::ReturnAnswer]));
    let half = answers(&mut desk, &selling(), &return_of(5, goods(&[("1", "0.5")])));
    assert_eq!((word(&half), instructed(&half)), ((true, Some(jpy(500))), vec![jpy(500)]));
}

#[test]
fn why_a_return_is_refused_is_said_in_a_code_that_other_programs_know() {
    let code = |mut desk: Desk, now: &str, lines: Vec<LineQuantity>| {
        desk.now = at(now);
        let asked = Letter { date: desk.now, ..return_of(3, lines) };
        let answered = answers(&mut desk, &selling(), &asked);
        match answered.first() {
            Some(Document::ReturnAnswer(ReturnAnswer { step: Step::Failed { reason, .. }, .. })) => reason.code.clone(),
            other => panic!("{other:?}"),
        }
    };
    let shirt = || goods(&[("1", "1")]);
    for (paid, now, lines, expected) in [
        (4800, "2026-07-22", Vec::new(), "QTY"),
        (4800, "2026-07-22", goods(&[("1", "0.0001")]), "QTY"),
        (4800, "2026-07-22", goods(&[("1", "4")]), "QTY"),
        (4800, "2026-12-24", shirt(), "OTH"),
        (0, "2026-07-22", shirt(), "PAY"),
    ] {
        assert_eq!(code(delivered(paid), now, lines.clone()), expected, "{paid} {now} {lines:?}");
    }
    assert_eq!(code(started(), "2026-07-12", shirt()), "DEL", "a part of what has not arrived");
}

#[test]
fn an_order_long_since_over_is_not_given_back_by_a_request_that_names_nothing() {
    let mut desk = delivered(4800);
    desk.now = at("2026-12-24");
    for lines in [Vec::new(), goods(&[("1", "1")])] {
        let seq = 3 + u32::try_from(lines.len()).unwrap();
        let now = desk.now;
        let late = answers(&mut desk, &selling(), &Letter { date: now, ..return_of(seq, lines) });
        assert_eq!((word(&late), kinds(&late)), ((false, None), vec![Kind::ReturnAnswer]));
    }
}

#[test]
fn of_what_was_taken_off_the_sum_each_part_has_its_share() {
    let mut less = terms();
    less.charges.push(Charge { id: "V".to_owned(), name: "Voucher".to_owned(), price: jpy(-2150) });
    less.total = jpy(2650);
    let offered = terms_letter(less);
    let mut desk = Desk::new(&shop());
    desk.now = at("2026-07-25");
    desk.takes(&order_letter());
    desk.writes(Role::Shop, &offered);
    let about = Some(content(&offered));
    let document = Document::Confirmation(Confirmation { total: jpy(2650) });
    answers(
        &mut desk,
        &selling(),
        &Letter { terms: about, answers: about, seq: Some(2), ..letter(&buyer(), &shop(), document) },
    );
    let arrived = delivery_status(vec![parcel("1", all_goods(), done("2026-07-21"))]);
    answers(&mut desk, &selling(), &Letter { terms: about, ..to_shop(&courier(), 1, true, arrived) });
    let made = payment_status(jpy(0), vec![payment("1", jpy(2650), done("2026-07-21"))]);
    answers(&mut desk, &selling(), &Letter { terms: about, ..to_shop(&bank(), 1, true, made) });
    // Half of the goods' 4300 was paid: the tie cost 650 of its 1300, two shirts 1000 of their 2000.
    let tie = answers(&mut desk, &selling(), &Letter { terms: about, ..return_of(3, goods(&[("2", "1")])) });
    assert_eq!(word(&tie), (true, Some(jpy(650))));
    let shirts = answers(&mut desk, &selling(), &Letter { terms: about, ..return_of(4, goods(&[("1", "2")])) });
    assert_eq!(word(&shirts), (true, Some(jpy(1000))));
}

#[test]
fn goods_go_back_though_their_money_was_given_back_before() {
    let mut desk = delivered(4800);
    let left = order_status(vec![shipment("1", all_goods(), done("2026-07-20"))]);
    desk.writes(Role::Shop, &status(&shop(), 2, "2026-07-20", true, left));
    acts(&mut desk, &selling(), |known, _| shop_desk::refund(known, Refund::default(), "Late.")).unwrap();
    assert_eq!(desk.standing().state, State::Completed, "until it is back");
    let back = payment_status(
        jpy(0),
        vec![payment("1", jpy(4800), done("2026-07-21")), refunded("2", 4800, done("2026-07-22"))],
    );
    answers(&mut desk, &selling(), &to_shop(&bank(), 2, true, back));
    assert_eq!(desk.standing().state, State::Refunded);
    let part = answers(&mut desk, &selling(), &return_of(3, goods(&[("1", "1")])));
    assert_eq!((word(&part), kinds(&part)), ((true, None), vec![Kind::ReturnAnswer]));
    let rest = answers(&mut desk, &selling(), &return_of(4, goods(&[("1", "2"), ("2", "1")])));
    assert_eq!((word(&rest), kinds(&rest)), ((true, None), vec![Kind::ReturnAnswer]), "nothing is stopped");
}

/// The payment agent's desk with so much paid of 4800.
fn collected(paid: i64) -> Desk {
    let mut desk = Desk::new(&bank());
    desk.now = at("2026-07-21");
    answers(&mut desk, &collecting(), &instruction(1, 4800));
    let notice = Notice { done: Some(desk.now), amount: Some(jpy(paid)), ..Notice::default() };
    acts(&mut desk, &collecting(), |known, desk| payment::notify(known, &notice, desk)).unwrap();
    desk
}

#[test]
fn who_gives_money_back_is_given_a_bank_day_for_it() {
    use jiff::civil::Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
    let hook = || DebitWord::Hook(HookName::parse("bank").unwrap());
    // A Friday, and a Saturday on which nobody works.
    for (now, by_hand, by_hook) in
        [("2026-07-24T16:00:00Z", "2026-07-27", "2026-07-24"), ("2026-07-25T16:00:00Z", "2026-07-27", "2026-07-27")]
    {
        for (debit, expected) in [(DebitWord::Report, by_hand), (hook(), by_hook)] {
            let mut practice = collecting();
            let agent = practice.payment.as_mut().unwrap();
            agent.rule.calendar.days = vec![Monday, Tuesday, Wednesday, Thursday, Friday];
            agent.debit = debit;
            let mut desk = collected(4800);
            desk.now = at(now);
            let said = answers(&mut desk, &practice, &give_back(2, 1000));
            let Document::PaymentStatus(told) = &said[0] else { panic!("{said:?}") };
            let planned = told.payments.iter().find(|payment| payment.refund).unwrap().step.planned();
            assert_eq!(planned, Some(day(expected)), "{now}");
        }
    }
}

fn to_bank(seq: u32, document: Document) -> Letter {
    Letter { seq: Some(seq), terms: Some(offer()), ..letter(&shop(), &bank(), document) }
}

fn give_back(seq: u32, amount: i64) -> Letter {
    to_bank(seq, Document::RefundInstruction(RefundInstruction { amount: jpy(amount), reason: "returned".to_owned() }))
}

fn reports(desk: &mut Desk, notice: &Notice) -> Result<Vec<Document>, String> {
    acts(desk, &collecting(), |known, desk| payment::notify(known, notice, desk))
}

/// How many refunds of the last status are made, and how many are not.
fn made(desk: &Desk) -> (usize, usize) {
    let last = desk.transaction().sent(Kind::PaymentStatus).last().unwrap();
    let Document::PaymentStatus(status) = &last.letter.document else { panic!("{last:?}") };
    let refunds = || status.payments.iter().filter(|part| part.refund);
    let made = refunds().filter(|part| part.step.done().is_some()).count();
    (made, refunds().count() - made)
}

#[test]
fn all_open_refunds_are_reported_unless_an_amount_names_one() {
    let desk = || {
        let mut desk = collected(4800);
        for (seq, amount) in [(2, 300), (3, 700), (4, 700)] {
            answers(&mut desk, &collecting(), &give_back(seq, amount));
        }
        assert_eq!(made(&desk), (0, 3));
        desk
    };
    let refund = |amount: Option<i64>| Notice {
        done: Some(at("2026-07-21")),
        refund: true,
        amount: amount.map(jpy),
        ..Notice::default()
    };
    for (amount, after) in [(None, (3, 0)), (Some(1700), (3, 0)), (Some(700), (1, 2)), (Some(300), (1, 2))] {
        let mut desk = desk();
        reports(&mut desk, &refund(amount)).unwrap();
        assert_eq!(made(&desk), after, "{amount:?}");
    }
    let unknown = reports(&mut desk(), &refund(Some(400)));
    assert!(unknown.unwrap_err().contains("JPY 300 and JPY 700"));
}

#[test]
fn nothing_and_less_is_neither_collected_nor_given_back() {
    for amount in [0, -500] {
        let mut desk = Desk::new(&bank());
        assert_eq!(kinds(&answers(&mut desk, &collecting(), &instruction(1, amount))), [Kind::Refusal], "{amount}");
        let mut desk = collected(4800);
        assert_eq!(kinds(&answers(&mut desk, &collecting(), &give_back(2, amount))), [Kind::Refusal], "{amount}");
        let mut desk = Desk::new(&bank());
        let asked = request("N-1", amount);
        let said = refused(&mut desk, &asked, Some(Presented::Opened { mandate: mandate(), used: false }));
        assert_eq!(said.as_deref(), Some("not-allowed"), "{amount}");
    }
}

#[test]
fn what_was_paid_in_part_and_stopped_is_over_for_the_agent_when_it_is_back() {
    let mut desk = collected(2000);
    answers(&mut desk, &collecting(), &to_bank(2, Document::Stop(Stop { leg: Leg::Payment })));
    answers(&mut desk, &collecting(), &give_back(3, 2000));
    let standing = desk.standing();
    assert_eq!((standing.state, standing.unpaid), (State::Open, None), "the refund is to be made");
    assert_eq!(standing.late(&at("2027-01-01")), [], "nothing more is collected, so nothing is late");
    let back = Notice { done: Some(desk.now), refund: true, ..Notice::default() };
    reports(&mut desk, &back).unwrap();
    let standing = desk.standing();
    assert_eq!((standing.state, standing.unpaid), (State::Refunded, None));
}

/// The work that a hook is given of a refund, and what it says of it.
fn by_hook(desk: &mut Desk, step: Step) -> (Option<Money>, Vec<Document>) {
    let hook = HookName::parse("bank").unwrap();
    let key = TaskKey::of(&desk.transaction().key, &hook, Work::Refund, 0);
    let task = Task { key, hook, work: Work::Refund, about: None };
    let told = payment_work::sum(desk.transaction(), &task);
    let said = acts(desk, &collecting(), |known, at| Ok(role::after_work(known, &task, &Said::of(step), at)));
    (told, said.unwrap())
}

#[test]
fn what_a_hook_says_of_a_refund_is_entered_for_the_one_that_it_was_told_of() {
    let two = || {
        let mut desk = collected(4800);
        for (seq, amount) in [(2, 1000), (3, 500)] {
            answers(&mut desk, &collecting(), &give_back(seq, amount));
        }
        desk
    };
    let told = |desk: &mut Desk, step: Step| by_hook(desk, step).0;
    let mut desk = two();
    assert_eq!(told(&mut desk, done("2026-07-21")), Some(jpy(1000)));
    assert_eq!((made(&desk), desk.legs().refunded), ((1, 1), Some(jpy(1000))));
    assert_eq!(told(&mut desk, done("2026-07-21")), Some(jpy(500)));
    assert_eq!((made(&desk), desk.legs().refunded), ((2, 0), Some(jpy(1500))));
    assert_eq!(by_hook(&mut desk, done("2026-07-21")), (None, Vec::new()), "none is left");
    // What is put off waits behind the other, and is not asked about before its day.
    let mut desk = two();
    assert_eq!(told(&mut desk, planned("2026-07-25")), Some(jpy(1000)));
    assert_eq!(told(&mut desk, done("2026-07-21")), Some(jpy(500)));
    assert_eq!(desk.legs().refunded, Some(jpy(500)));
    assert_eq!(told(&mut desk, done("2026-07-21")), Some(jpy(1000)));
    assert_eq!(desk.legs().refunded, Some(jpy(1500)));
}

#[test]
fn a_refund_that_failed_is_made_by_hand_and_by_no_other_report() {
    let reason = Reason { code: "unspecified".to_owned(), text: "No such account.".to_owned() };
    let mut desk = collected(4800);
    for (seq, amount) in [(2, 1000), (3, 500), (4, 300)] {
        answers(&mut desk, &collecting(), &give_back(seq, amount));
    }
    assert_eq!(by_hook(&mut desk, Step::Failed { reason, at: None }).0, Some(jpy(1000)));
    assert_eq!(by_hook(&mut desk, done("2026-07-21")).0, Some(jpy(500)), "no hook is asked for it once more");
    assert_eq!(desk.legs().refunded, Some(jpy(500)));
    let by_hand = |amount: Option<i64>| Notice {
        done: Some(at("2026-07-21")),
        refund: true,
        amount: amount.map(jpy),
        ..Notice::default()
    };
    for (amount, back) in [(None, 800), (Some(300), 800), (Some(1000), 1500), (Some(1300), 1800)] {
        let mut desk = desk.clone();
        reports(&mut desk, &by_hand(amount)).unwrap();
        assert_eq!(desk.legs().refunded, Some(jpy(back)), "{amount:?}");
    }
    reports(&mut desk, &by_hand(None)).unwrap();
    reports(&mut desk, &by_hand(None)).unwrap();
    assert_eq!(desk.legs().refunded, Some(jpy(1800)), "nothing else was left");
}

#[test]
fn a_refund_that_the_agent_refuses_is_told_of_and_instructed_once_more() {
    use mailorder::rules::failed::failures;
    let mut desk = paid_less(1000);
    let refuse = |desk: &mut Desk, seq: u32| {
        let told = desk.transaction().sent(Kind::RefundInstruction).last().unwrap().content;
        let reason =
            Reason { code: "no-agreement".to_owned(), text: "There is no agreement with this shop.".to_owned() };
        let refusal = Document::Refusal(mailorder::trade::document::Refusal { reason });
        answers(desk, &selling(), &Letter { seq: Some(seq), answers: Some(told), ..letter(&bank(), &shop(), refusal) });
    };
    let told = |desk: &Desk| -> Vec<String> {
        failures(desk.transaction(), &desk.standing()).into_iter().map(|one| one.text).collect()
    };
    let again = |desk: &mut Desk| acts(desk, &selling(), shop_desk::instruct);
    assert_eq!(told(&desk), Vec::<String>::new());
    for seq in [2, 3] {
        refuse(&mut desk, seq);
        assert_eq!(
            told(&desk),
            [format!(
                "the refund of JPY 1000 was refused: There is no agreement with this shop. (says {})",
                bank().address
            )]
        );
        let said = again(&mut desk).unwrap();
        let back = said.iter().find_map(|document| match document {
            Document::RefundInstruction(refund) => Some(refund.amount),
            _ => None,
        });
        assert_eq!(back, Some(jpy(1000)));
        assert_eq!(told(&desk), Vec::<String>::new(), "it is told once more");
    }
    let nothing = again(&mut desk);
    assert!(nothing.is_err() || !kinds(&nothing.unwrap()).contains(&Kind::RefundInstruction), "once for each refusal");
}
