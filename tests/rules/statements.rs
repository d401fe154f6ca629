//! What statuses say, against the terms and against what their sender said before.

use mailorder::trade::status::{Payment, PaymentState, PaymentStatus, Reason, Step};
use mailorder::trade::{
    Code, Digest, Document, Download, Leg, Letter, Link, Money, PaymentMethod, Place, Role, Terms, Verdict, When,
};

use super::{check, refused_or_applied, row};
use crate::support::trade::*;

fn order_says(seq: u32, done_flag: bool, document: Document) -> Letter {
    status(&shop(), seq, "2026-07-18", done_flag, document)
}

fn bank_says(seq: u32, remaining: i64, payments: Vec<Payment>) -> Letter {
    let all = remaining == 0;
    status(&bank(), seq, "2026-07-21", all, payment_status(jpy(remaining), payments))
}

fn courier_says(seq: u32, done_flag: bool, parcels: Vec<mailorder::trade::status::Parcel>) -> Letter {
    status(&courier(), seq, "2026-07-21", done_flag, delivery_status(parcels))
}

fn refund(id: &str, amount: i64, step: Step) -> Payment {
    Payment { refund: true, ..payment(id, jpy(amount), step) }
}

fn failed() -> Step {
    let reason = Reason { code: "stopped".to_owned(), text: "Stopped by the shop.".to_owned() };
    Step::Failed { reason, at: Some(at("2026-07-20")) }
}

/// The bank says that nothing was paid, and nothing will be.
fn declined() -> Letter {
    status(
        &bank(),
        1,
        "2026-07-21",
        false,
        Document::PaymentStatus(PaymentStatus {
            state: PaymentState::Declined,
            remaining: jpy(0),
            due: None,
            scheduled: None,
            confirmation: None,
            payment_id: None,
            payments: vec![payment("1", jpy(4800), failed())],
        }),
    )
}

#[test]
fn payments_make_the_agreed_total() {
    // B82: 99.99 of 100.00 is a part payment; more, twice, or back without a return is not agreed.
    let paid = |amount: i64| payment("1", jpy(amount), done("2026-07-20"));
    let again = payment("2", jpy(4800), done("2026-07-20"));
    let euro = |amount: &str| Money::parse(amount, "EUR").unwrap();
    let euros = status(
        &bank(),
        1,
        "2026-07-21",
        true,
        payment_status(euro("0"), vec![payment("1", euro("48"), done("2026-07-20"))]),
    );
    let before_terms = payment("1", jpy(4800), done("2026-07-01"));
    let instalments = vec![payment("1", jpy(4000), done("2026-07-20")), payment("2", jpy(800), planned("2026-08-20"))];
    let rest = vec![payment("1", jpy(4000), done("2026-07-20")), payment("2", jpy(800), done("2026-07-21"))];
    let minus = vec![payment("1", jpy(9600), done("2026-07-20")), payment("2", jpy(-4800), done("2026-07-20"))];
    let all = bank_says(1, 0, vec![paid(4800)]);
    const AMOUNT: &[Code] = &[Code::AmountDiffers];
    check(
        Desk::buyer_open,
        vec![
            row("all", &[], all.clone(), &[]),
            row("all but one", &[], bank_says(1, 1, vec![paid(4799)]), &[]),
            row("instalments", &[], bank_says(1, 800, instalments.clone()), &[]),
            row("the last instalment", &[&bank_says(1, 800, instalments)], bank_says(2, 0, rest), &[]),
            row("one too much", &[], bank_says(1, 0, vec![paid(4801)]), AMOUNT),
            row("one too much due", &[], bank_says(1, 2, vec![paid(4799)]), AMOUNT),
            row("twice", &[], bank_says(1, 0, vec![paid(4800), again]), AMOUNT),
            row(
                "planned beside what is paid",
                &[],
                bank_says(1, 0, vec![paid(4800), payment("2", jpy(1), planned("2026-08-01"))]),
                AMOUNT,
            ),
            row("less is claimed", &[], bank_says(1, 4000, Vec::new()), AMOUNT),
            row("negative", &[], bank_says(1, 0, minus), AMOUNT),
            row("nothing paid", &[], bank_says(1, 4800, vec![payment("1", jpy(0), planned("2026-08-01"))]), AMOUNT),
            row(
                "refund without return",
                &[&all],
                bank_says(2, 0, vec![paid(4800), refund("2", 4800, done("2026-07-21"))]),
                AMOUNT,
            ),
            row(
                "another amount for what is done",
                &[&all],
                bank_says(2, 100, vec![paid(4700)]),
                &[Code::AmountDiffers],
            ),
            row("another currency", &[], euros, &[Code::CurrencyDiffers]),
            row("paid before the order", &[], bank_says(1, 0, vec![before_terms]), &[Code::PaidBeforeAccepted]),
            row("stopped before anything was paid", &[], declined(), &[]),
            row(
                "done is said, not shown",
                &[],
                Letter { done: Some(true), ..bank_says(1, 4800, Vec::new()) },
                &[Code::SumDoesNotAddUp],
            ),
        ],
    );
}

#[test]
fn goods_are_those_agreed_on_and_no_more() {
    let gone = |lines| vec![shipment("1", lines, done("2026-07-18"))];
    let part = goods(&[("1", "2")]);
    let rest = goods(&[("1", "1"), ("2", "1")]);
    let parcels = vec![shipment("1", part.clone(), done("2026-07-18")), shipment("2", rest, planned("2026-07-20"))];
    let first = order_says(2, false, order_status(parcels.clone()));
    let mut both = parcels.clone();
    both[1].step = done("2026-07-18T09:00:00Z");
    let emptied = vec![shipment("1", goods(&[("1", "1")]), done("2026-07-18"))];
    check(
        Desk::buyer_open,
        vec![
            row("all in one parcel", &[], order_says(2, true, order_status(gone(all_goods()))), &[]),
            row("part of a line", &[], order_says(2, false, order_status(gone(part.clone()))), &[]),
            row("several parcels", &[], first.clone(), &[]),
            row("the second parcel too", &[&first], order_says(3, true, order_status(both)), &[]),
            row(
                "another line",
                &[],
                order_says(2, false, order_status(gone(goods(&[("9", "1")])))),
                &[Code::GoodsDiffer],
            ),
            row(
                "too many",
                &[],
                order_says(2, false, order_status(gone(goods(&[("1", "4")])))),
                &[Code::QuantityExceeds],
            ),
            row(
                "too many in all",
                &[],
                order_says(
                    2,
                    false,
                    order_status(vec![
                        shipment("1", part.clone(), done("2026-07-18")),
                        shipment("2", part.clone(), planned("2026-07-20")),
                    ]),
                ),
                &[Code::QuantityExceeds],
            ),
            row(
                "quantities beyond every range",
                &[],
                order_says(
                    2,
                    false,
                    order_status(vec![
                        shipment("1", goods(&[("1", "999999999999")]), planned("2026-07-20")),
                        shipment("2", goods(&[("1", "999999999999")]), planned("2026-07-20")),
                    ]),
                ),
                &[Code::QuantityExceeds],
            ),
            row("all is said, part is shown", &[], order_says(2, true, order_status(gone(part))), &[Code::GoodsDiffer]),
            row(
                "goods taken out of what left",
                &[&first],
                order_says(3, false, order_status(emptied)),
                &[Code::GoodsDiffer],
            ),
        ],
    );
}

#[test]
fn the_carrier_brings_what_was_agreed_on() {
    check(
        Desk::buyer_open,
        vec![
            row(
                "the carrier brings another line",
                &[],
                courier_says(1, false, vec![parcel("1", goods(&[("9", "1")]), planned("2026-07-21"))]),
                &[Code::GoodsDiffer],
            ),
            row(
                "the carrier brings too much",
                &[],
                courier_says(1, false, vec![parcel("1", goods(&[("2", "2")]), planned("2026-07-21"))]),
                &[Code::QuantityExceeds],
            ),
        ],
    );
}

#[test]
fn what_is_done_stays_done_at_its_time() {
    let arrived = |on: &str| vec![parcel("1", all_goods(), done(on))];
    let on_its_way = vec![parcel("1", all_goods(), planned("2026-07-21"))];
    let first = courier_says(1, true, arrived("2026-07-21"));
    let plan = courier_says(1, false, on_its_way.clone());
    let later = vec![parcel("1", all_goods(), planned("2026-07-22"))];
    let paid = vec![payment("1", jpy(4800), done("2026-07-20"))];
    let money = bank_says(1, 0, paid);
    check(
        Desk::buyer_open,
        vec![
            row("a plan moved later is an update", &[&plan], courier_says(2, false, later), &[]),
            row("arrived after the plan", &[&plan], courier_says(2, true, arrived("2026-07-23")), &[]),
            row("told again", &[&first], courier_says(2, true, arrived("2026-07-21")), &[]),
            row("done, then planned", &[&first], courier_says(2, false, on_its_way), &[Code::DoneThenPlanned]),
            row("done, then gone", &[&first], courier_says(2, false, Vec::new()), &[Code::DoneThenPlanned]),
            row(
                "done at another time",
                &[&first],
                courier_says(2, true, arrived("2026-07-20")),
                &[Code::DoneDateChanged],
            ),
            row("paid, then unpaid", &[&money], bank_says(2, 4800, Vec::new()), &[Code::DoneThenPlanned]),
        ],
    );
}

#[test]
fn dates_follow_each_other() {
    // B67, B68; an hour's grace between two clocks.
    let left = order_says(2, true, order_status(vec![shipment("1", all_goods(), done("2026-07-18T12:00:00Z"))]));
    let arrived = |on: &str| courier_says(1, true, vec![parcel("1", all_goods(), done(on))]);
    let plan = |on| courier_says(1, false, vec![parcel("1", all_goods(), planned(on))]);
    let debit = |on| bank_says(1, 4800, vec![payment("1", jpy(4800), planned(on))]);
    check(
        Desk::buyer_open,
        vec![
            row("delivered after it left", &[&left], arrived("2026-07-18T13:00:00Z"), &[]),
            row("within the grace", &[&left], arrived("2026-07-18T11:30:00Z"), &[]),
            row("a day without an hour is all of that day", &[&left], arrived("2026-07-18T00:00:00Z"), &[]),
            row("and of no other", &[&left], arrived("2026-07-17T00:00:00Z"), &[Code::DeliveredBeforeDispatched]),
            row(
                "delivered before it left",
                &[&left],
                arrived("2026-07-18T10:59:00Z"),
                &[Code::DeliveredBeforeDispatched],
            ),
            row("delivered before the order", &[], arrived("2026-07-01"), &[Code::DeliveredBeforeDispatched]),
            row("the shop has not spoken yet", &[], arrived("2026-07-12"), &[]),
            row("done in three days", &[], arrived("2026-10-03"), &[Code::DateInTheFuture]),
            row("half an hour ahead is a clock", &[], arrived("2026-09-30T12:30:00Z"), &[]),
            row("a plan for the last day agreed on", &[], plan("2026-07-22"), &[]),
            row("a plan for a later day is noted", &[], plan("2028-12-31"), &[Code::PlannedLate]),
            row("a debit within the time for payment", &[], debit("2026-08-31"), &[]),
            row("a debit behind it is noted", &[], debit("2026-09-01"), &[Code::PlannedLate]),
        ],
    );
}

#[test]
fn what_is_late_goes_by_the_day_agreed_on_whatever_is_planned() {
    let late = |desk: &Desk, on: &str| -> Vec<(&'static str, When)> {
        let late = mailorder::rules::overdue::overdue(desk.transaction(), &at(on));
        late.into_iter().map(|one| (one.what, one.promised)).collect()
    };
    let plan = |on| courier_says(1, false, vec![parcel("1", all_goods(), planned(on))]);
    let debit = |on| bank_says(1, 4800, vec![payment("1", jpy(4800), planned(on))]);
    let delivery = ("delivery", day("2026-07-22"));
    // Goods are agreed on for 22 July, money for 31 August.
    for (arrives, pays) in [("2028-12-31", "2028-12-31"), ("2026-07-20", "2026-08-02"), ("2026-07-22", "2026-08-31")] {
        let mut desk = Desk::buyer_open();
        desk.takes(&plan(arrives));
        desk.takes(&debit(pays));
        assert_eq!(late(&desk, "2026-07-22"), [], "planned for {arrives}");
        assert_eq!(late(&desk, "2026-07-24"), [delivery], "planned for {arrives}");
        assert_eq!(late(&desk, "2026-08-30"), [delivery], "planned for {pays}");
        assert_eq!(late(&desk, "2026-09-02"), [delivery, ("payment", day("2026-08-31"))], "planned for {pays}");
        let mark = desk.standing().mark(Leg::Delivery);
        assert_eq!((mark.date, mark.promised), (Some(day(arrives)), Some(day("2026-07-22"))), "the plan is shown");
    }
    // Where nothing was agreed on the plan counts.
    let open = Terms { arrival_from: None, arrival_until: None, ..terms() };
    let open = terms_letter(open);
    let mut desk = Desk::buyer_ordered();
    desk.takes(&open);
    let ok = Letter { terms: Some(content(&open)), answers: Some(content(&open)), ..confirmation() };
    desk.writes(Role::Buyer, &ok);
    let judged = desk.takes(&Letter { terms: Some(content(&open)), ..plan("2026-08-05") });
    assert!(judged.verdict == Verdict::Applied && judged.findings.is_empty(), "{judged:?}");
    assert_eq!(late(&desk, "2026-08-04"), []);
    assert_eq!(late(&desk, "2026-08-06"), [("delivery", day("2026-08-05"))]);
}

#[test]
fn shop_and_carrier_agree_about_what_is_done() {
    // two-agents-disagree
    let part = goods(&[("1", "2")]);
    let left = order_says(2, false, order_status(vec![shipment("1", part.clone(), done("2026-07-18"))]));
    let plan = courier_says(1, false, vec![parcel("1", all_goods(), planned("2026-07-21"))]);
    let all = courier_says(1, true, vec![parcel("1", all_goods(), done("2026-07-21"))]);
    let same = courier_says(1, false, vec![parcel("1", part, done("2026-07-21"))]);
    check(
        Desk::buyer_open,
        vec![
            row("the same goods", &[&left], same, &[]),
            row("what is planned may be packed otherwise", &[&left], plan, &[]),
            row("other goods arrived than left", &[&left], all, &[Code::TwoAgentsDisagree]),
        ],
    );
}

#[test]
fn cash_is_paid_when_the_goods_arrive() {
    let cash = || {
        let method = PaymentMethod::parse("cash-on-delivery").unwrap();
        let mut desk = Desk::new(&buyer());
        let (mut order, mut terms) = (order(), terms());
        order.payment_method = method.clone();
        terms.payment_method = method;
        let order = Letter { document: Document::Order(order), ..order_letter() };
        desk.writes(Role::Buyer, &order);
        let terms = Letter { answers: Some(content(&order)), ..terms_letter(terms) };
        desk.takes(&terms);
        (desk, content(&terms))
    };
    let named = cash().1;
    let about = |letter: Letter| Letter { terms: Some(named), ..letter };
    let arrived = about(courier_says(1, true, vec![parcel("1", all_goods(), done("2026-07-21T12:00:00Z"))]));
    let paid = |on: &str| about(bank_says(1, 0, vec![payment("1", jpy(4800), done(on))]));
    check(
        || cash().0,
        vec![
            row("paid at the door", &[&arrived], paid("2026-07-21T12:05:00Z"), &[]),
            row(
                "paid on that day, at an hour that the bank does not know",
                &[&arrived],
                paid("2026-07-21T00:00:00Z"),
                &[],
            ),
            row("paid the day before", &[&arrived], paid("2026-07-20T12:00:00Z"), &[Code::TwoAgentsDisagree]),
            row("the carrier has not spoken yet", &[], paid("2026-07-20T12:00:00Z"), &[]),
        ],
    );
}

#[test]
fn nothing_is_done_after_the_confirmed_cancellation() {
    // status-after-cancel; B82: paid after cancelled.
    let over = order_says(2, true, cancelled());
    let on = order_says(3, false, order_status(vec![shipment("1", all_goods(), planned("2026-07-25"))]));
    let paid = |on: &str| bank_says(1, 0, vec![payment("1", jpy(4800), done(on))]);
    let money = paid("2026-07-17");
    let plan = |seq, on: &str| as_of(bank_says(seq, 4800, vec![payment("1", jpy(4800), planned("2026-07-30"))]), on);
    let back = vec![payment("1", jpy(4800), done("2026-07-17")), refund("2", 4800, done("2026-07-21"))];
    let too_much = vec![payment("1", jpy(4800), done("2026-07-17")), refund("2", 4801, done("2026-07-21"))];
    check(
        Desk::buyer_open,
        vec![
            row("paid before it", &[&over], paid("2026-07-18T11:00:00Z"), &[]),
            row("paid after it", &[&over], paid("2026-07-19"), &[Code::StatusAfterCancel]),
            row("a debit planned before it", &[&over], plan(1, "2026-07-18T12:30:00Z"), &[]),
            row("a debit planned after it", &[&over], plan(1, "2026-07-18T14:00:00Z"), &[Code::StatusAfterCancel]),
            row("the order goes on", &[&over], on, &[Code::StatusAfterCancel]),
            row("the money goes back", &[&over, &money], bank_says(2, 0, back), &[]),
            row("too much goes back", &[&over, &money], bank_says(2, 0, too_much), &[Code::AmountDiffers]),
        ],
    );
}

#[test]
fn a_file_that_no_letter_brought_is_not_delivered_and_one_that_was_stays_what_it_was() {
    // P22: the agent says that it was delivered, and it was not.
    let file =
        |name: &str, place: Place| Download { name: name.to_owned(), size: 5, digest: Digest::of(b"goods"), place };
    let sent = |seq: u32, file: Download| {
        let arrived = parcel("1", all_goods(), done("2026-07-20"));
        courier_says(seq, true, vec![mailorder::trade::status::Parcel { download: Some(file), ..arrived }])
    };
    let codes = |desk: &mut Desk, letter: &Letter| -> Vec<Code> {
        desk.takes(letter).findings.iter().map(|finding| finding.code).collect()
    };
    let mut desk = Desk::buyer_open();
    assert_eq!(codes(&mut desk, &sent(1, file("a", Place::Elsewhere))), [Code::GoodsDiffer]);
    let mut desk = Desk::buyer_open();
    assert_eq!(codes(&mut desk, &sent(1, file("a", Place::Attached))), []);
    assert_eq!(codes(&mut desk, &sent(2, file("a", Place::Elsewhere))), [], "it came before");
    assert_eq!(codes(&mut desk, &sent(3, file("b", Place::Attached))), [Code::GoodsDiffer]);
    let link = Place::Link(Link::parse("https://files.example/a").unwrap());
    let mut desk = Desk::buyer_open();
    assert_eq!(codes(&mut desk, &sent(1, file("a", link))), []);
    // What overtook the letter with the file waits for nothing once that is there.
    let mut desk = Desk::buyer_open();
    let later = sent(2, file("a", Place::Elsewhere));
    assert_eq!(codes(&mut desk, &later), [Code::GoodsDiffer]);
    assert_eq!(codes(&mut desk, &sent(1, file("a", Place::Attached))), []);
    assert!(desk.transaction().by_content(&content(&later)).unwrap().counts());
    // The shop is told what it was, and gets nothing.
    let mut desk = Desk::shop_offered();
    let told = sent(1, file("a", Place::Elsewhere));
    assert_eq!(codes(&mut desk, &Letter { to: shop(), ..told }), []);
}

#[test]
fn what_is_to_be_downloaded_is_not_delivered_without_file_or_link() {
    let arrived = |seq: u32| courier_says(seq, true, vec![parcel("1", all_goods(), done("2026-07-20"))]);
    let codes = |desk: &mut Desk, letter: &Letter| -> Vec<Code> {
        desk.takes(letter).findings.iter().map(|finding| finding.code).collect()
    };
    let of = |method: &str| {
        let method = mailorder::trade::DeliveryMethod::parse(method).unwrap();
        let mut order = order_letter();
        let Document::Order(wanted) = &mut order.document else { unreachable!() };
        wanted.delivery_method = method.clone();
        let mut desk = Desk::new(&buyer());
        desk.now = at("2026-07-21");
        desk.writes(Role::Buyer, &order);
        let offered = terms_letter(Terms { delivery_method: method, ..terms() });
        let offered = Letter { answers: Some(content(&order)), ..offered };
        assert_eq!(desk.takes(&offered).findings, []);
        let about = Some(content(&offered));
        desk.writes(Role::Buyer, &Letter { terms: about, answers: about, ..confirmation() });
        (desk, content(&offered))
    };
    for (method, found) in [("download", GOODS_DIFFER), ("parcel", &[] as &[Code])] {
        let (mut desk, terms) = of(method);
        let missing =
            |codes: Vec<Code>| codes.into_iter().filter(|code| *code == Code::GoodsDiffer).collect::<Vec<_>>();
        let told = Letter { terms: Some(terms), ..arrived(1) };
        assert_eq!(missing(codes(&mut desk, &told)), found, "{method}");
    }
}

const EARLY: &[Code] = &[Code::DatedBeforeOrder];
const AHEAD: &[Code] = &[Code::DateInTheFuture];
const UNDONE: &[Code] = &[Code::DoneThenPlanned];
const SUM: &[Code] = &[Code::SumDoesNotAddUp];
const GOODS_DIFFER: &[Code] = &[Code::GoodsDiffer];

/// A status that says it is of this moment.
fn as_of(letter: Letter, on: &str) -> Letter {
    Letter { as_of: Some(at(on)), ..letter }
}

#[test]
fn a_status_holds_for_a_moment_since_the_order_was_taken_in_that_has_come() {
    let over = |on| as_of(order_says(2, true, cancelled()), on);
    let money = |on| as_of(bank_says(1, 4800, Vec::new()), on);
    let goods = |on| as_of(courier_says(1, false, vec![parcel("1", all_goods(), planned("2026-07-21"))]), on);
    check(
        Desk::buyer_open,
        vec![
            row("as the terms were made", &[], over("2026-07-10T09:00:00Z"), &[]),
            row("within the grace of an hour", &[], over("2026-07-10T08:01:00Z"), &[]),
            row("cancelled years before the terms", &[], over("1971-01-02T00:00:00Z"), EARLY),
            row("cancelled the day before the terms", &[], over("2026-07-09T09:00:00Z"), EARLY),
            row("cancelled half an hour ahead", &[], over("2026-09-30T12:29:00Z"), &[]),
            row("cancelled in years", &[], over("2098-01-01T00:00:00Z"), AHEAD),
            row("money before the terms", &[], money("2026-07-01T00:00:00Z"), EARLY),
            row("money tomorrow", &[], money("2026-10-01T12:00:00Z"), AHEAD),
            row("goods before the terms", &[], goods("2026-07-01T00:00:00Z"), EARLY),
            row("goods tomorrow", &[], goods("2026-10-01T12:00:00Z"), AHEAD),
        ],
    );
    // Before the terms the order itself says since when.
    let early = |on| Letter { terms: None, order: Some(order_id()), seq: Some(1), ..over(on) };
    check(
        Desk::buyer_ordered,
        vec![
            row("cancelled before there were terms", &[], early("2026-07-10T12:00:00Z"), &[]),
            row("cancelled before it was ordered", &[], early("1971-01-02T00:00:00Z"), EARLY),
            row("cancelled in years", &[], early("2098-01-01T00:00:00Z"), AHEAD),
        ],
    );
}

#[test]
fn a_cancellation_undoes_nothing_that_was_known_before_it_came() {
    let paid = || payment("1", jpy(4800), done("2026-07-20"));
    let money = bank_says(1, 0, vec![paid()]);
    let over = as_of(order_says(2, true, cancelled()), "2026-07-11T00:00:00Z");
    let mut desk = Desk::buyer_open();
    desk.takes(&money);
    desk.takes(&over);
    assert!(desk.transaction().by_content(&content(&money)).unwrap().counts());
    assert_eq!((desk.standing().state, desk.legs().paid), (mailorder::rules::State::Cancelled, Some(jpy(4800))));
    let owed = mailorder::rules::overdue::refund(desk.transaction(), &desk.standing()).unwrap();
    assert_eq!(owed.amount, jpy(4800));
    // The same payment told again is the same payment; one made since is not.
    let back = refund("2", 4800, done("2026-07-25"));
    refused_or_applied(&mut desk, "told again with the refund", &bank_says(2, 0, vec![paid(), back]), &[]);
    let mut desk = Desk::buyer_open();
    desk.takes(&over);
    refused_or_applied(&mut desk, "told after it came", &money, &[Code::StatusAfterCancel]);
}

#[test]
fn the_time_for_a_refund_runs_from_when_the_letter_was_written_at_the_latest() {
    let mut desk = Desk::buyer_open();
    desk.takes(&bank_says(1, 0, vec![payment("1", jpy(4800), done("2026-07-20"))]));
    // It was written a while before it says.
    let over = as_of(order_says(2, true, cancelled()), "2026-09-30T12:20:00Z");
    let over = Letter { date: at("2026-07-21"), ..over };
    refused_or_applied(&mut desk, "dated later than it was written", &over, &[]);
    let owed = mailorder::rules::overdue::refund(desk.transaction(), &desk.standing()).unwrap();
    assert_eq!(owed.promised, day("2026-08-04"));
}

#[test]
fn what_is_done_is_not_unsaid_by_a_flag_a_double_or_a_word_on_the_whole() {
    let arrived = || parcel("1", all_goods(), done("2026-07-21"));
    let told = courier_says(1, true, vec![arrived()]);
    let left = order_says(2, true, order_status(vec![shipment("1", all_goods(), done("2026-07-18"))]));
    let paid = || payment("1", jpy(4800), done("2026-07-20"));
    let money = bank_says(1, 0, vec![paid()]);
    let unsaid = |letter: &Letter, seq| Letter { seq: Some(seq), done: Some(false), ..letter.clone() };
    let hidden = vec![arrived(), parcel("1", Vec::new(), planned("2026-07-22"))];
    let twice = vec![
        shipment("1", goods(&[("1", "1")]), done("2026-07-18")),
        shipment("1", goods(&[("1", "2"), ("2", "1")]), planned("2026-07-20")),
    ];
    let halves = vec![payment("1", jpy(2400), done("2026-07-20")), payment("1", jpy(2400), done("2026-07-20"))];
    let as_a_whole = |state| {
        let Document::PaymentStatus(status) = payment_status(jpy(0), vec![paid()]) else { unreachable!("it is one") };
        let status = Document::PaymentStatus(PaymentStatus { state, ..status });
        Letter { document: status, ..bank_says(2, 0, vec![paid()]) }
    };
    check(
        Desk::buyer_open,
        vec![
            row("arrived, and not all", &[&told], unsaid(&told, 2), UNDONE),
            row("left, and not all", &[&left], unsaid(&left, 3), UNDONE),
            row("paid, and not all", &[&money], unsaid(&money, 2), UNDONE),
            row("a flag that comes later", &[&unsaid(&told, 1)], Letter { seq: Some(2), ..told.clone() }, &[]),
            row("a second parcel of one number", &[&told], courier_says(2, true, hidden.clone()), GOODS_DIFFER),
            row("not even in the first status", &[], courier_says(1, true, hidden), GOODS_DIFFER),
            row("a second parcel of the shop's", &[], order_says(2, false, order_status(twice)), GOODS_DIFFER),
            row("a second payment of one number", &[], bank_says(1, 0, halves), GOODS_DIFFER),
            row("paid, and declined", &[&money], as_a_whole(PaymentState::Declined), SUM),
            row("paid, and due", &[&money], as_a_whole(PaymentState::Due), SUM),
            row("paid, and complete", &[&money], as_a_whole(PaymentState::Complete), &[]),
        ],
    );
    let Document::PaymentStatus(status) = payment_status(jpy(4800), Vec::new()) else { unreachable!("it is one") };
    let complete = Document::PaymentStatus(PaymentStatus { state: PaymentState::Complete, ..status });
    let all_due = Letter { document: complete, ..bank_says(1, 4800, Vec::new()) };
    refused_or_applied(&mut Desk::buyer_open(), "complete, and all is due", &all_due, SUM);
    let declined = |id: &str, amount| payment(id, jpy(amount), failed());
    let Document::PaymentStatus(status) = payment_status(jpy(0), vec![declined("1", 4800)]) else {
        panic!("it is one")
    };
    let document = Document::PaymentStatus(PaymentStatus { state: PaymentState::Complete, ..status });
    let nothing = Letter { document, ..bank_says(1, 0, Vec::new()) };
    let judged = Desk::buyer_open().takes(&nothing);
    assert!(
        judged.verdict == Verdict::Warned && judged.findings.iter().all(|found| SUM.contains(&found.code)),
        "{judged:?}"
    );
    let due = payment("2", jpy(4799), planned("2026-08-20"));
    let document = payment_status(jpy(0), vec![declined("1", 1), due]);
    let hidden = Letter { document, ..bank_says(1, 0, Vec::new()) };
    let judged = Desk::buyer_open().takes(&hidden);
    assert!(judged.findings.iter().any(|found| found.code == Code::AmountDiffers), "{judged:?}");
}

#[test]
fn a_payment_that_was_declined_has_failed_whatever_is_said_to_remain() {
    let says = |remaining, step: Step| {
        let Document::PaymentStatus(stated) = payment_status(jpy(remaining), vec![payment("1", jpy(4800), step)])
        else {
            unreachable!("it is one")
        };
        let stated = PaymentStatus { state: PaymentState::Declined, ..stated };
        status(&bank(), 1, "2026-07-21", false, Document::PaymentStatus(stated))
    };
    let failed_of = |desk: &Desk| -> Vec<String> {
        let failures = mailorder::rules::failed::failures(desk.transaction(), &desk.standing());
        failures.into_iter().map(|one| one.text).collect()
    };
    let reason = Reason { code: "declined".to_owned(), text: "No funds.".to_owned() };
    let no_funds = || Step::Failed { reason: reason.clone(), at: Some(at("2026-07-20")) };
    let said = format!("payment of JPY 4800 failed: No funds. (says {})", bank().address);
    for remaining in [4800, 0] {
        let mut desk = Desk::buyer_open();
        assert_eq!(desk.takes(&says(remaining, no_funds())).verdict, Verdict::Applied);
        assert_eq!(failed_of(&desk), std::slice::from_ref(&said), "{remaining} remains");
    }
    // The shop had it stopped, and nothing is owed.
    let mut desk = Desk::buyer_open();
    desk.takes(&says(0, failed()));
    assert_eq!(failed_of(&desk), Vec::<String>::new());
    // Paid after all.
    let mut desk = Desk::buyer_open();
    desk.takes(&says(4800, no_funds()));
    let again = vec![payment("1", jpy(4800), no_funds()), payment("2", jpy(4800), done("2026-07-20"))];
    assert_eq!(desk.takes(&bank_says(2, 0, again)).verdict, Verdict::Applied);
    assert_eq!(failed_of(&desk), Vec::<String>::new());
}
