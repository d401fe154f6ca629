//! Orders to stop, and what agents say to them: late, wrongly, or with a clock that was wrong.

use mailorder::role::{Notice, buyer as buyer_part, delivery, payment};
use mailorder::rules::failed::failed_legs;
use mailorder::trade::Moment;
use mailorder::trade::document::{Cancellation, DeliveryInstruction, RefundInstruction, Stop};
use mailorder::trade::status::{PaymentState, STOPPED};

use super::*;

fn failed() -> Step {
    let reason = Reason { code: STOPPED.to_owned(), text: "Stopped by the shop.".to_owned() };
    Step::Failed { reason, at: None }
}

fn cancellation(seq: u32) -> Letter {
    let document = Document::Cancellation(Cancellation { reason: None });
    Letter { seq: Some(seq), terms: Some(offer()), ..letter(&buyer(), &shop(), document) }
}

/// The shop's desk with a cancellation in, and both agents told to stop.
fn stopping() -> Desk {
    let mut desk = started();
    desk.now = at("2026-07-21");
    assert_eq!(kinds(&answers(&mut desk, &selling(), &cancellation(3))), [Kind::Stop, Kind::Stop]);
    desk
}

/// What an agent says in answer to the order to stop.
fn to_stop(desk: &Desk, agent: &Party, seq: u32, done: bool, document: Document) -> Letter {
    let stop = desk.transaction().sent(Kind::Stop).find(|kept| kept.letter.to == *agent).unwrap();
    Letter { answers: Some(stop.content), ..to_shop(agent, seq, done, document) }
}

fn is_warned(desk: &mut Desk, letter: &Letter) {
    assert_eq!(desk.takes(letter).verdict, Verdict::Warned);
}

#[test]
fn a_cancellation_is_settled_when_a_wrong_date_in_the_answer_to_a_stop_is_corrected() {
    // The goods came, it is said, before the order: nobody believes it, until a date is said that can be.
    let mut desk = stopping();
    let stopped = payment_status(jpy(0), vec![payment("1", jpy(4800), failed())]);
    let stopped = to_stop(&desk, &bank(), 1, false, stopped);
    answers(&mut desk, &selling(), &stopped);
    let came = |on: &str| delivery_status(vec![parcel("1", all_goods(), done(on))]);
    let wrong = to_stop(&desk, &courier(), 1, true, came("2026-07-01"));
    is_warned(&mut desk, &wrong);
    let right = answers(&mut desk, &selling(), &to_shop(&courier(), 2, true, came("2026-07-20")));
    assert_eq!(kinds(&right), [Kind::Refusal, Kind::PaymentInstruction], "too late, and what came is paid");
}

#[test]
fn a_cancellation_is_settled_when_a_wrong_date_of_the_payment_is_corrected() {
    let mut desk = stopping();
    let paid = |on: &str| payment_status(jpy(0), vec![payment("1", jpy(4800), done(on))]);
    let wrong = to_stop(&desk, &bank(), 1, true, paid("2026-07-01"));
    is_warned(&mut desk, &wrong);
    let goods = delivery_status(vec![parcel("1", all_goods(), failed())]);
    let goods = to_stop(&desk, &courier(), 1, false, goods);
    assert_eq!(kinds(&answers(&mut desk, &selling(), &goods)), [], "the money is not known of");
    let right = answers(&mut desk, &selling(), &to_shop(&bank(), 2, true, paid("2026-07-20")));
    assert_eq!(kinds(&right), [Kind::OrderStatus, Kind::RefundInstruction]);
    assert_eq!(desk.standing().state, State::Cancelled);
}

#[test]
fn goods_lost_since_they_could_not_be_stopped_are_stopped_once_more_before_the_end_p38() {
    let brought = |step: Step| delivery_status(vec![parcel("1", all_goods(), step)]);
    let reason = Reason { code: "failed".to_owned(), text: "Lost.".to_owned() };
    let lost = brought(Step::Failed { reason, at: None });
    let mut desk = stopping();
    let stopped = payment_status(jpy(0), vec![payment("1", jpy(4800), failed())]);
    let stopped = to_stop(&desk, &bank(), 1, false, stopped);
    let under_way = to_stop(&desk, &courier(), 1, false, brought(planned("2026-07-22")));
    for letter in [&under_way, &to_shop(&courier(), 2, false, lost.clone())] {
        assert_eq!(kinds(&answers(&mut desk, &selling(), letter)), [], "the money is not known of");
    }
    // It may turn up: that it stays lost its carrier says, when he is told to stop once more.
    assert_eq!(kinds(&answers(&mut desk, &selling(), &stopped)), [Kind::Stop]);
    let again = desk.transaction().sent(Kind::Stop).last().unwrap().content;
    let over = Letter { answers: Some(again), ..to_shop(&courier(), 3, false, lost) };
    assert_eq!(kinds(&answers(&mut desk, &selling(), &over)), [Kind::OrderStatus]);
    assert_eq!(desk.standing().state, State::Cancelled);
}

fn delivering() -> Practice {
    let practice = role::practice::DeliveryPractice {
        name: "Courier".to_owned(),
        shops: vec![Client { address: shop().address, fingerprint: None }],
        rule: Default::default(),
        dates: None,
        collect: None,
    };
    Practice { delivery: Some(practice), ..Practice::default() }
}

/// The delivery agent's desk after its instruction.
fn to_bring() -> Desk {
    let document = Document::DeliveryInstruction(DeliveryInstruction {
        buyer: person(&buyer()),
        deliver_to: Some(home()),
        delivery_method: order().delivery_method,
        parcels: vec![parcel("1", all_goods(), planned("2026-07-22"))],
        collect: None,
        terms_date: Some(terms().date),
        shown: Shown::default(),
        agents: [terms().agents, vec![Agent { role: Role::Buyer, party: buyer(), certificate: None }]].concat(),
    });
    let mut desk = Desk::new(&courier());
    desk.now = at("2026-07-21");
    answers(&mut desk, &delivering(), &Letter { terms: Some(offer()), ..letter(&shop(), &courier(), document) });
    desk
}

fn stop(agent: &Party, leg: Leg) -> Letter {
    Letter { seq: Some(9), terms: Some(offer()), ..letter(&shop(), agent, Document::Stop(Stop { leg })) }
}

fn done_at(at: Moment) -> Notice {
    Notice { done: Some(at), ..Notice::default() }
}

#[test]
fn agents_do_not_report_what_was_done_before_the_terms() {
    let mut goods = to_bring();
    let early = done_at(at("2026-07-10T07:59:59Z"));
    let said = acts(&mut goods, &delivering(), |known, desk| delivery::notify(known, &early, desk));
    assert!(said.unwrap_err().contains("is before the terms"));
    let mut money = Desk::new(&bank());
    money.now = at("2026-07-21");
    answers(&mut money, &collecting(), &instruction(1, 4800));
    let said = acts(&mut money, &collecting(), |known, desk| payment::notify(known, &early, desk));
    assert!(said.unwrap_err().contains("is before the terms"));
    // Paid between the OK and the instruction, with an hour between the clocks: readers believe it.
    let fair = done_at(at("2026-07-10T08:00:00Z"));
    assert!(acts(&mut money, &collecting(), |known, desk| payment::notify(known, &fair, desk)).is_ok());
}

#[test]
fn a_carriers_program_stops_no_parcel_that_is_in_its_hands() {
    let mut untouched = to_bring();
    let said = answers(&mut untouched, &delivering(), &stop(&courier(), Leg::Delivery));
    let is_failed = |said: &[Document]| match &said[0] {
        Document::DeliveryStatus(status) => status.parcels[0].step.failed(),
        other => panic!("{other:?}"),
    };
    assert!(is_failed(&said));
    let mut desk = to_bring();
    let collected = Notice { event: Some(("collected".to_owned(), None)), ..Notice::default() };
    acts(&mut desk, &delivering(), |known, desk| delivery::notify(known, &collected, desk)).unwrap();
    let said = answers(&mut desk, &delivering(), &stop(&courier(), Leg::Delivery));
    assert!(!is_failed(&said));
}

#[test]
fn a_stop_that_a_later_instruction_has_overtaken_on_its_way_stops_nothing() {
    // The post swaps the two: the shop had the order go on after the stop.
    let mut goods = to_bring();
    let first = goods.transaction().received(Kind::DeliveryInstruction).next().unwrap().letter.clone();
    answers(&mut goods, &delivering(), &Letter { seq: Some(10), ..(*first).clone() });
    let said = answers(&mut goods, &delivering(), &stop(&courier(), Leg::Delivery));
    let [Document::DeliveryStatus(status)] = &said[..] else { panic!("{said:?}") };
    assert!(!status.parcels[0].step.failed());
    let came = done_at(at("2026-07-21"));
    assert!(acts(&mut goods, &delivering(), |known, desk| delivery::notify(known, &came, desk)).is_ok());
    let (practice, mut money) = debiting();
    answers(&mut money, &practice, &instruction(10, 4800));
    assert_eq!(parts(&answers(&mut money, &practice, &stop(&bank(), Leg::Payment))), [(false, false)]);
    assert_eq!(parts(&on_time(&mut money, &practice, "2026-07-27")), [(true, false)]);
    // One that the shop wrote behind it counts.
    let mut goods = to_bring();
    answers(&mut goods, &delivering(), &Letter { seq: Some(10), ..(*first).clone() });
    let later = Letter { seq: Some(11), ..stop(&courier(), Leg::Delivery) };
    let said = answers(&mut goods, &delivering(), &later);
    assert!(matches!(&said[0], Document::DeliveryStatus(status) if status.parcels[0].step.failed()));
}

#[test]
fn what_was_on_its_way_at_a_stop_goes_on_as_it_was_when_it_is_instructed_again() {
    let mut goods = to_bring();
    let collected = Notice { event: Some(("collected".to_owned(), None)), ..Notice::default() };
    acts(&mut goods, &delivering(), |known, desk| delivery::notify(known, &collected, desk)).unwrap();
    answers(&mut goods, &delivering(), &stop(&courier(), Leg::Delivery));
    let first = goods.transaction().received(Kind::DeliveryInstruction).next().unwrap().letter.clone();
    let said = answers(&mut goods, &delivering(), &Letter { seq: Some(10), ..(*first).clone() });
    let Document::DeliveryStatus(status) = &said[0] else { panic!("{said:?}") };
    assert_eq!(status.parcels[0].events.len(), 1, "what happened to it stays");
}

/// A payment agent whose bank collects on the day, and its desk after an instruction for 26 July.
fn debiting() -> (Practice, Desk) {
    let mut practice = collecting();
    practice.payment.as_mut().unwrap().debit = DebitWord::OnDate;
    let mut desk = Desk::new(&bank());
    desk.now = at("2026-07-21");
    answers(&mut desk, &practice, &instruction(1, 4800));
    (practice, desk)
}

fn on_time(desk: &mut Desk, practice: &Practice, now: &str) -> Vec<Document> {
    desk.now = at(now);
    acts(desk, practice, |known, at| Ok(role::on_time(known, at))).unwrap()
}

/// Whether each payment and refund of a status is done, and whether it failed.
fn parts(documents: &[Document]) -> Vec<(bool, bool)> {
    match documents.first() {
        Some(Document::PaymentStatus(status)) => {
            status.payments.iter().map(|part| (part.step.done().is_some(), part.step.failed())).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_correction_does_not_make_a_stop_forgotten() {
    let (practice, mut desk) = debiting();
    let by_mistake = done_at(at("2026-07-21"));
    acts(&mut desk, &practice, |known, desk| payment::notify(known, &by_mistake, desk)).unwrap();
    answers(&mut desk, &practice, &stop(&bank(), Leg::Payment));
    let refund = RefundInstruction { amount: jpy(4800), reason: "cancelled".to_owned() };
    let refund =
        Letter { seq: Some(10), terms: Some(offer()), ..letter(&shop(), &bank(), Document::RefundInstruction(refund)) };
    answers(&mut desk, &practice, &refund);
    let planned = Notice { planned: Some(day("2026-07-30")), correct: true, ..Notice::default() };
    let said = acts(&mut desk, &practice, |known, desk| payment::notify(known, &planned, desk)).unwrap();
    assert_eq!(parts(&said), [(false, true), (false, true)], "neither the payment nor its refund will come");
    assert_eq!(desk.standing().state, State::Cancelled);
    assert_eq!(on_time(&mut desk, &practice, "2026-08-10"), []);
    let pays = acts(&mut desk, &practice, |known, at| payment::notify(known, &done_at(at.now), at));
    assert!(pays.unwrap_err().contains("stopped"));
}

#[test]
fn what_a_clock_that_was_ahead_had_collected_is_taken_back_and_can_be_stopped() {
    let (practice, desk) = debiting();
    let ahead = || {
        let mut desk = desk.clone();
        assert_eq!(parts(&on_time(&mut desk, &practice, "2027-07-21")), [(true, false)]);
        desk.now = at("2026-07-22");
        desk
    };
    // The clock is right again, and somebody looks.
    let mut looked = ahead();
    assert_eq!(parts(&on_time(&mut looked, &practice, "2026-07-22")), [(false, false)]);
    assert_eq!(on_time(&mut looked, &practice, "2026-07-22"), [], "once");
    assert_eq!(parts(&on_time(&mut looked, &practice, "2026-07-27")), [(true, false)], "on its day");
    // Or the order to stop comes first.
    let mut stopped = ahead();
    assert_eq!(parts(&answers(&mut stopped, &practice, &stop(&bank(), Leg::Payment))), [(false, true)]);
}

#[test]
fn what_a_carrier_could_not_bring_is_open_and_marked_until_it_is_stopped() {
    let mut desk = to_bring();
    let reason = Reason { code: "failed".to_owned(), text: "Nobody at home.".to_owned() };
    let lost = Notice { failed: Some(reason), ..Notice::default() };
    acts(&mut desk, &delivering(), |known, desk| delivery::notify(known, &lost, desk)).unwrap();
    assert_eq!(desk.standing().state, State::Open);
    assert_eq!(failed_legs(desk.transaction(), &desk.standing()), [Leg::Delivery]);
    answers(&mut desk, &delivering(), &stop(&courier(), Leg::Delivery));
    assert_eq!(desk.standing().state, State::Cancelled);
}

#[test]
fn a_payment_that_was_declined_is_marked_at_its_agent() {
    let (practice, mut desk) = debiting();
    let reason = Reason { code: "declined".to_owned(), text: "No funds.".to_owned() };
    let declined = Notice { failed: Some(reason), ..Notice::default() };
    acts(&mut desk, &practice, |known, desk| payment::notify(known, &declined, desk)).unwrap();
    assert_eq!(desk.standing().state, State::Open);
    assert_eq!(failed_legs(desk.transaction(), &desk.standing()), [Leg::Payment]);
}

#[test]
fn payment_data_are_not_in_force_any_more_when_the_authorisation_was_taken_back() {
    let mut desk = Desk::new(&bank());
    let asked = request("N-1", 4800);
    assert_eq!(refused(&mut desk, &asked, Some(Presented::Opened { mandate: mandate(), used: false })), None);
    assert!(role::mandate::in_force(desk.transaction()).is_some());
    let again = Some(Presented::Opened { mandate: mandate(), used: true });
    let second = Letter { seq: Some(2), ..request("N-1", 10) };
    assert!(refused(&mut desk, &second, again).is_some());
    assert!(role::mandate::in_force(desk.transaction()).is_some(), "another no changes nothing");
    let stop =
        Letter { order: Some(order_id()), terms: None, transaction: asked.transaction, ..stop(&bank(), Leg::Payment) };
    assert_eq!(kinds(&answers(&mut desk, &collecting(), &stop)), [Kind::AuthorizationResult]);
    assert!(role::mandate::in_force(desk.transaction()).is_none(), "the card is shown to nobody");
    assert!(role::mandate::is_used(desk.transaction(), &buyer().fingerprint, &order_id()), "but the data are used up");
}

#[test]
fn beside_the_buyers_own_payment_data_nothing_is_authorised() {
    let without = |seq: u32, amount: i64| {
        let mut letter = Letter { seq: Some(seq), ..request("N-1", amount) };
        let Document::AuthorizationRequest(request) = &mut letter.document else { panic!("a request") };
        request.sealed = None;
        letter
    };
    let mut desk = Desk::new(&bank());
    let presented = Some(Presented::Opened { mandate: mandate(), used: false });
    assert_eq!(refused(&mut desk, &request("N-1", 4800), presented), None);
    let code = |desk: &mut Desk, letter: &Letter| refused(desk, letter, None);
    assert_eq!(code(&mut desk, &without(2, 9600)).as_deref(), Some("instrument-not-valid"), "for more");
    assert_eq!(code(&mut desk, &without(3, 4800)).as_deref(), Some("instrument-not-valid"), "for the same once more");
    let asked = request("N-1", 4800);
    let stop =
        Letter { order: Some(order_id()), terms: None, transaction: asked.transaction, ..stop(&bank(), Leg::Payment) };
    answers(&mut desk, &collecting(), &stop);
    assert_eq!(code(&mut desk, &without(5, 4800)).as_deref(), Some("instrument-not-valid"), "after it was taken back");
    assert!(role::mandate::in_force(desk.transaction()).is_none());
    // Where no data came at all, a request is as good as the agent's limit.
    assert_eq!(code(&mut Desk::new(&bank()), &without(1, 9600)), None);
}

#[test]
fn who_was_refused_a_cancellation_may_ask_again() {
    let mut desk = Desk::buyer_open();
    let cancel = |known: &Transaction, _: &role::Desk<'_>| Ok(vec![buyer_part::cancel(known, None)?.into()]);
    let practice = Practice::default();
    acts(&mut desk, &practice, cancel).unwrap();
    assert!(acts(&mut desk, &practice, cancel).unwrap_err().contains("has not answered yet"));
    let asked = desk.transaction().sent(Kind::Cancellation).last().unwrap().content;
    let reason = Reason { code: "too-late".to_owned(), text: "The goods have left.".to_owned() };
    let refusal = Document::Refusal(mailorder::trade::document::Refusal { reason });
    desk.takes(&Letter { seq: Some(2), answers: Some(asked), ..letter(&shop(), &buyer(), refusal) });
    assert_eq!(kinds(&acts(&mut desk, &practice, cancel).unwrap()), [Kind::Cancellation]);
}

#[test]
fn what_was_paid_is_not_asked_for_once_more_after_a_stop() {
    let (practice, mut desk) = debiting();
    assert_eq!(parts(&on_time(&mut desk, &practice, "2026-07-27")), [(true, false)]);
    assert_eq!(parts(&answers(&mut desk, &practice, &stop(&bank(), Leg::Payment))), [(true, false)], "too late");
    // Less of it is refused, and so is what cannot be held against it; the same sum is told as paid.
    assert_eq!(kinds(&answers(&mut desk, &practice, &instruction(10, 4000))), [Kind::Refusal]);
    let mut dollars = instruction(11, 4800);
    let Document::PaymentInstruction(told) = &mut dollars.document else { panic!("an instruction") };
    told.amount = Money::parse("48.00", "USD").unwrap();
    assert_eq!(kinds(&answers(&mut desk, &practice, &dollars)), [Kind::Refusal]);
    assert_eq!(parts(&answers(&mut desk, &practice, &instruction(12, 4800))), [(true, false)]);
    assert_eq!(on_time(&mut desk, &practice, "2026-12-24"), []);
    assert_eq!(desk.legs().paid, Some(jpy(4800)));
}

#[test]
fn of_what_was_paid_in_part_before_a_stop_no_more_than_the_rest_is_asked_for() {
    let paid_in_part = || {
        let (practice, mut desk) = debiting();
        let part = Notice { amount: Some(jpy(1000)), ..done_at(at("2026-07-21")) };
        acts(&mut desk, &practice, |known, desk| payment::notify(known, &part, desk)).unwrap();
        answers(&mut desk, &practice, &stop(&bank(), Leg::Payment));
        (practice, desk)
    };
    for (amount, then) in [(900, None), (1000, Some(vec![(true, false), (false, true)]))] {
        let (practice, mut desk) = paid_in_part();
        let said = answers(&mut desk, &practice, &instruction(10, amount));
        match then {
            Some(then) => {
                assert_eq!(parts(&said), then, "{amount}");
                let [Document::PaymentStatus(told), ..] = &said[..] else { panic!("{said:?}") };
                assert_eq!((told.remaining, told.state), (jpy(0), PaymentState::Complete), "no more is owed");
            }
            None => assert_eq!(kinds(&said), [Kind::Refusal], "{amount}"),
        }
        assert_eq!(on_time(&mut desk, &practice, "2026-12-24"), [], "{amount}");
    }
    let (practice, mut desk) = paid_in_part();
    let said = answers(&mut desk, &practice, &instruction(10, 4800));
    assert_eq!(parts(&said), [(true, false), (false, true), (false, false)], "the rest is to be made after all");
    assert_eq!(parts(&on_time(&mut desk, &practice, "2026-12-24")).last(), Some(&(true, false)), "and is");
    // Without a day from the shop, as of cards, it is made on that of the rule.
    let (practice, mut desk) = paid_in_part();
    let mut undated = instruction(10, 4800);
    let Document::PaymentInstruction(told) = &mut undated.document else { panic!("an instruction") };
    told.due = None;
    answers(&mut desk, &practice, &undated);
    assert_eq!(parts(&on_time(&mut desk, &practice, "2026-12-24")).last(), Some(&(true, false)));
}

#[test]
fn of_what_was_paid_in_part_nothing_more_is_asked_for_by_an_instruction_that_a_stop_has_overtaken() {
    let (practice, mut desk) = debiting();
    let part = Notice { amount: Some(jpy(1000)), ..done_at(at("2026-07-21")) };
    acts(&mut desk, &practice, |known, desk| payment::notify(known, &part, desk)).unwrap();
    answers(&mut desk, &practice, &stop(&bank(), Leg::Payment));
    // The shop had it collected after all, and stopped that, too: the post has swapped the two.
    let second = Letter { seq: Some(11), ..stop(&bank(), Leg::Payment) };
    answers(&mut desk, &practice, &second);
    let said = answers(&mut desk, &practice, &instruction(10, 4800));
    assert_eq!(parts(&said), [(true, false), (false, true)], "what was paid, and that the rest is stopped");
    assert_eq!(on_time(&mut desk, &practice, "2026-12-24"), []);
    assert_eq!(desk.legs().paid, Some(jpy(1000)));
    // One that is newer than the stop counts.
    let said = answers(&mut desk, &practice, &instruction(12, 4800));
    assert_eq!(parts(&said), [(true, false), (false, true), (false, false)]);
}

#[test]
fn an_instruction_that_a_later_one_has_overtaken_is_history() {
    let mut practice = collecting();
    practice.payment.as_mut().unwrap().debit = DebitWord::OnDate;
    let mut desk = Desk::new(&bank());
    desk.now = at("2026-07-21");
    answers(&mut desk, &practice, &instruction(3, 4800));
    let before = Letter { terms: Some(content(&order_letter())), ..instruction(1, 4000) };
    assert_eq!(kinds(&answers(&mut desk, &practice, &before)), [Kind::Refusal]);
    on_time(&mut desk, &practice, "2026-07-27");
    assert_eq!(desk.legs().paid, Some(jpy(4800)), "the later sum");

    let mut goods = to_bring();
    let first = goods.transaction().received(Kind::DeliveryInstruction).next().unwrap().letter.clone();
    let second = Letter { seq: Some(3), terms: Some(content(&order_letter())), ..(*first).clone() };
    answers(&mut goods, &delivering(), &second);
    let late = Letter { seq: Some(2), terms: Some(content(&confirmation())), ..(*first).clone() };
    assert_eq!(kinds(&answers(&mut goods, &delivering(), &late)), [Kind::Refusal]);
}

#[test]
fn what_was_delivered_is_not_delivered_once_more_after_a_stop() {
    let mut desk = to_bring();
    let came = done_at(at("2026-07-21"));
    acts(&mut desk, &delivering(), |known, desk| delivery::notify(known, &came, desk)).unwrap();
    answers(&mut desk, &delivering(), &stop(&courier(), Leg::Delivery));
    let first = desk.transaction().received(Kind::DeliveryInstruction).next().unwrap().letter.clone();
    let again = Letter { seq: Some(10), ..(*first).clone() };
    assert_eq!(kinds(&answers(&mut desk, &delivering(), &again)), [Kind::Refusal]);
    assert!(desk.standing().legs.delivery.done.is_some());
}

/// A payment agent that was told to stop what the buyer transfers himself.
fn transferring() -> Desk {
    let mut desk = Desk::new(&bank());
    desk.now = at("2026-07-21");
    let mut told = instruction(1, 4800);
    let Document::PaymentInstruction(instruction) = &mut told.document else { panic!("an instruction") };
    instruction.payment_method = PaymentMethod::parse("bank-transfer").unwrap();
    answers(&mut desk, &collecting(), &told);
    assert_eq!(parts(&answers(&mut desk, &collecting(), &stop(&bank(), Leg::Payment))), [(false, true)]);
    desk
}

#[test]
fn a_transfer_that_crosses_a_stop_is_entered_and_goes_back() {
    let mut desk = transferring();
    let notify = |desk: &mut Desk, notice: Notice| {
        acts(desk, &collecting(), |known, desk| payment::notify(known, &notice, desk))
    };
    let planned = Notice { planned: Some(day("2026-07-30")), ..Notice::default() };
    assert!(notify(&mut desk, planned).unwrap_err().contains("stopped"), "nothing is asked for any more");
    let too_much = Notice { amount: Some(jpy(4801)), ..done_at(at("2026-07-21")) };
    assert!(notify(&mut desk, too_much).unwrap_err().contains("JPY 4800 remains"));
    let said = notify(&mut desk, done_at(at("2026-07-21"))).unwrap();
    assert_eq!(parts(&said), [(false, true), (true, false)]);
    assert_eq!((desk.legs().paid, desk.legs().remaining), (Some(jpy(4800)), Some(jpy(0))));
    assert!(notify(&mut desk, done_at(at("2026-07-21"))).is_err(), "once");
    let refund = RefundInstruction { amount: jpy(4800), reason: "cancelled".to_owned() };
    let refund =
        Letter { seq: Some(10), terms: Some(offer()), ..letter(&shop(), &bank(), Document::RefundInstruction(refund)) };
    let said = answers(&mut desk, &collecting(), &refund);
    assert_eq!(parts(&said), [(false, true), (true, false), (false, false)]);
    assert_eq!(desk.standing().state, State::Open);
}

#[test]
fn of_a_transfer_that_crosses_a_stop_nothing_more_is_asked_for() {
    let mut desk = transferring();
    let part = |amount: i64| Notice { amount: Some(jpy(amount)), ..done_at(at("2026-07-21")) };
    let notify = |desk: &mut Desk, notice: &Notice| {
        acts(desk, &collecting(), |known, desk| payment::notify(known, notice, desk))
    };
    assert_eq!(parts(&notify(&mut desk, &part(3000)).unwrap()), [(false, true), (true, false), (false, true)]);
    assert_eq!((desk.standing().state, desk.standing().unpaid), (State::Cancelled, None));
    assert!(notify(&mut desk, &part(1801)).is_err(), "more than the shop had asked for");
    assert_eq!(desk.legs().paid, Some(jpy(3000)));
    let right = Notice { correct: true, ..part(2000) };
    assert!(notify(&mut desk, &right).is_ok());
    assert_eq!((desk.legs().paid, desk.legs().remaining), (Some(jpy(2000)), Some(jpy(2800))));
    // Whoever corrects the day alone has not said that more was paid.
    let other_day = Notice { correct: true, ..done_at(at("2026-07-20")) };
    assert!(notify(&mut desk, &other_day).is_ok());
    assert_eq!((desk.legs().paid, desk.legs().remaining), (Some(jpy(2000)), Some(jpy(2800))));
    let said = notify(&mut desk, &part(2800)).unwrap();
    assert!(parts(&said).iter().all(|(made, stopped)| made != stopped), "{said:?}");
    assert_eq!(desk.legs().paid, Some(jpy(4800)));
}
