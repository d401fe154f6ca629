//! What time alone brings: orders that nobody authorised, offers that ran out, debits on their day; and the dates that
//! agents plan by rule.

use mailorder::rules::{Standing, State};
use mailorder::trade::status::Step;
use mailorder::trade::{Code, Direction, Document, Kind, Leg, OrderId, PaymentMethod, Role, Transaction};

use crate::support::trade::{at, day};
use crate::support::world::{BANK, BUYER, Mail, SHOP, World};

const ASKED_FIRST: &str =
    "[\"authorize\", \"terms\", \"confirmation\", \"payment\", \"delivery\"]\nauthorize_within = 24";
const NOT_ASKED: &str = "[\"terms\", \"confirmation\", \"payment\", \"delivery\"]";
const COURIER_PLAIN: &str = "transit_days = 2";

fn count(world: &mut World, at: usize, direction: &str, kind: &str) -> usize {
    world.entries(at).iter().filter(|(way, what)| way == direction && what == kind).count()
}

fn bytes(mails: Vec<Mail>, to: usize) -> Vec<Vec<u8>> {
    mails.into_iter().filter(|mail| mail.to == to).map(|mail| mail.bytes).collect()
}

fn state(world: &mut World, at: usize, role: Role, id: &OrderId) -> State {
    Standing::of(&world.transaction(at, role, id)).state
}

/// Returns the one payment that the bank knows of.
fn at_bank(world: &mut World) -> Transaction {
    world.clerks[BANK].catch_up().unwrap();
    let all = world.clerks[BANK].index().load_all(Some(Role::Payment)).unwrap();
    assert_eq!(all.len(), 1);
    all.into_iter().next().unwrap()
}

/// Returns the answers of the bank to an authorisation request, in their order: whether each was a yes.
fn results(known: &Transaction) -> Vec<bool> {
    let yes = |document: &Document| match document {
        Document::AuthorizationResult(result) => result.step.done().is_some(),
        _ => unreachable!("of this kind"),
    };
    known.sent(Kind::AuthorizationResult).map(|kept| yes(&kept.letter.document)).collect()
}

fn check_peace(world: &World, accounts: &[usize]) {
    for at in accounts {
        let warnings = world.clerks[*at].index().warnings(true).unwrap();
        assert!(warnings.is_empty(), "{at}: {warnings:?}");
    }
}

#[test]
fn an_order_that_nobody_authorised_in_time_is_rejected_and_a_late_yes_holds_no_money_p24() {
    // The stop may come behind the request it is about, or overtake it.
    for overtakes in [false, true] {
        let mut world = World::new(ASKED_FIRST);
        world.accept(SHOP, BUYER);
        let id = world.order(BUYER, |_| {});
        let order = bytes(world.send(BUYER), SHOP);
        world.deliver(SHOP, &order);
        let request = bytes(world.send(SHOP), BANK);
        assert_eq!(request.len(), 1);
        world.pass_hours(24);
        world.tend();
        assert_eq!(count(&mut world, SHOP, "out", "order-rejection"), 0, "a day is not over before it has ended");
        world.pass_hours(1);
        for _ in 0..3 {
            world.tend();
        }
        for kind in ["order-rejection", "stop"] {
            assert_eq!(count(&mut world, SHOP, "out", kind), 1, "{kind}: once, however often it is looked");
        }
        let sent = world.send(SHOP);
        let (rejection, stop) = (bytes(sent.clone(), BUYER), bytes(sent, BANK));
        world.deliver(BUYER, &rejection);
        assert_eq!(state(&mut world, BUYER, Role::Buyer, &id), State::Rejected);
        let known = world.transaction(BUYER, Role::Buyer, &id);
        let Document::OrderRejection(said) = &known.received(Kind::OrderRejection).next().unwrap().letter.document
        else {
            panic!("a rejection")
        };
        assert_eq!(said.reasons.len(), 1);
        assert!(said.reasons[0].code == "PAY" && said.reasons[0].text.contains("24 hours"), "{said:?}");
        // The bank is back after days.
        world.pass_hours(72);
        let mails = if overtakes { [stop, request] } else { [request, stop] };
        for mail in &mails {
            world.deliver(BANK, mail);
        }
        assert_eq!(results(&at_bank(&mut world)), [true, false], "the yes is taken back");
        assert_eq!(Standing::of(&at_bank(&mut world)).state, State::Rejected);
        world.settle();
        world.tend();
        world.settle();
        assert_eq!(state(&mut world, SHOP, Role::Shop, &id), State::Rejected);
        for kind in ["transaction-info", "payment-instruction"] {
            assert_eq!(count(&mut world, SHOP, "out", kind), 0, "a late answer changes nothing: {kind}");
        }
        assert_eq!(count(&mut world, BUYER, "in", "order-rejection"), 1);
        check_peace(&world, &[BUYER, SHOP, BANK]);
    }
}

#[test]
fn an_answer_within_the_time_goes_on_as_before() {
    let mut world = World::new(ASKED_FIRST);
    let id = world.accepted_order();
    world.pass_hours(24 * 30);
    world.tend();
    for kind in ["order-rejection", "stop"] {
        assert_eq!(count(&mut world, SHOP, "out", kind), 0, "{kind}");
    }
    assert_eq!(state(&mut world, SHOP, Role::Shop, &id), State::Open);
}

#[test]
fn no_money_is_held_for_an_offer_that_ran_out_or_was_cancelled() {
    for cancels in [false, true] {
        let mut world = World::new(ASKED_FIRST);
        world.accept(SHOP, BUYER);
        let id = world.order(BUYER, |_| {});
        world.settle();
        assert_eq!(
            (state(&mut world, BUYER, Role::Buyer, &id), results(&at_bank(&mut world))),
            (State::Offered, vec![true])
        );
        if cancels {
            world.buyer_writes(BUYER, &id, |known| mailorder::role::buyer::cancel(known, None).unwrap());
        } else {
            world.pass_hours(24 * 6);
            world.tend();
            assert_eq!(count(&mut world, SHOP, "out", "stop"), 0, "the offer stands for seven days");
            world.pass_hours(24 * 2);
            world.tend();
        }
        world.settle();
        assert_eq!(results(&at_bank(&mut world)), [true, false], "cancelled: {cancels}");
        world.pass_hours(24 * 2);
        world.tend();
        world.settle();
        assert_eq!(count(&mut world, SHOP, "out", "stop"), 1);
        assert_eq!(count(&mut world, BANK, "in", "payment-instruction"), 0);
        let ended = if cancels { State::Cancelled } else { State::Offered };
        assert_eq!(state(&mut world, SHOP, Role::Shop, &id), ended);
        check_peace(&world, &[BUYER, SHOP, BANK]);
    }
}

#[test]
fn a_debit_is_made_on_its_day_without_a_word_and_once_p55() {
    let mut world = World::with_agents(NOT_ASKED, "debit_days = 5\ndebit = \"on-date\"", COURIER_PLAIN);
    let id = world.accepted_order();
    let planned = Standing::of(&world.transaction(BUYER, Role::Buyer, &id)).mark(Leg::Payment);
    assert_eq!((planned.done, planned.date), (false, Some(day("2026-07-15"))));
    world.clock.set(at("2026-07-14T23:59:59Z"));
    world.tend();
    assert_eq!(count(&mut world, BANK, "out", "payment-status"), 2, "the plan alone, to both");
    // The machine was off for days; what was planned is said to have been made on its day.
    world.clock.set(at("2026-07-20T08:00:00Z"));
    world.tend();
    world.reopen(BANK);
    world.tend();
    world.settle();
    world.tend();
    assert_eq!(count(&mut world, BANK, "out", "payment-status"), 4, "once, to both");
    for (who, role) in [(BUYER, Role::Buyer), (SHOP, Role::Shop)] {
        let standing = Standing::of(&world.transaction(who, role, &id));
        assert_eq!(standing.legs.payment.done, Some(at("2026-07-15T00:00:00Z")), "{role}");
        assert_eq!(standing.unpaid, None, "{role}");
    }
    assert_eq!(Standing::of(&at_bank(&mut world)).state, State::Completed);
    let grown = world.clerks[BANK].index().dump().unwrap();
    world.clerks[BANK].reindex().unwrap();
    assert_eq!(world.clerks[BANK].index().dump().unwrap(), grown);
    check_peace(&world, &[BUYER, SHOP, BANK]);
}

#[test]
fn a_debit_due_on_the_day_of_its_instruction_is_not_made_before_it() {
    let mut world = World::with_agents(NOT_ASKED, "debit_days = 0\ndebit = \"on-date\"", COURIER_PLAIN);
    let id = world.accepted_order();
    world.pass_hours(1);
    world.tend();
    world.settle();
    let standing = Standing::of(&world.transaction(BUYER, Role::Buyer, &id));
    assert_eq!(standing.legs.payment.done, Some(at("2026-07-10T09:00:00Z")));
    check_peace(&world, &[BUYER, SHOP, BANK]);
}

#[test]
fn what_was_stopped_and_what_the_buyer_brings_himself_is_not_debited() {
    let on_date = "debit_days = 5\ndebit = \"on-date\"";
    for method in ["bank-transfer", "cash-on-delivery", "invoice"] {
        let mut world = World::with_agents(NOT_ASKED, on_date, COURIER_PLAIN);
        world.order(BUYER, |order| order.payment_method = PaymentMethod::parse(method).unwrap());
        world.settle();
        let id = world.clerks[BUYER].index().load_all(Some(Role::Buyer)).unwrap()[0].key.id.clone();
        world.buyer_confirms(&id);
        world.pass_hours(24 * 20);
        world.tend();
        assert_eq!(count(&mut world, BANK, "out", "payment-status"), 2, "{method}");
    }
    let mut world = World::with_agents(NOT_ASKED, on_date, COURIER_PLAIN);
    let id = world.accepted_order();
    world.buyer_writes(BUYER, &id, |known| mailorder::role::buyer::cancel(known, None).unwrap());
    world.settle();
    assert_eq!(state(&mut world, BUYER, Role::Buyer, &id), State::Cancelled);
    world.pass_hours(24 * 20);
    world.tend();
    assert!(Standing::of(&at_bank(&mut world)).legs.paid.is_none());
    // Without the key the owner is waited for.
    let mut world = World::new(NOT_ASKED);
    world.accepted_order();
    world.pass_hours(24 * 20);
    world.tend();
    assert!(Standing::of(&at_bank(&mut world)).legs.paid.is_none());
}

#[test]
fn dates_planned_by_rule_are_told_to_buyer_and_shop_p55_p57() {
    let bank =
        "closing_day = 15\ndebit_day = 2\nbank_day = \"next\"\nholidays = [\"2026-08-03\"]\nzone = \"Asia/Tokyo\"";
    let courier = "transit_days = 5\nworking_days = [\"monday\", \"tuesday\", \"wednesday\", \"thursday\", \"friday\"]\n\
                   holidays = [\"2026-07-14\"]\ncollect_until = \"10:00\"\narrive_from = \"09:00\"\n\
                   arrive_until = \"12:00\"\nzone = \"Europe/Berlin\"";
    let mut world = World::with_agents(NOT_ASKED, bank, courier);
    let id = world.accepted_order();
    // Bought on Friday 10 July: closed on the 15th, debited on 2 August, a Sunday; the Monday after is a holiday.
    // Instructed at 11 o'clock in Berlin: collected on Monday, the Tuesday is a holiday, the fifth day of work the 21st.
    for (who, role) in [(BUYER, Role::Buyer), (SHOP, Role::Shop)] {
        let known = world.transaction(who, role, &id);
        let standing = Standing::of(&known);
        assert_eq!(standing.mark(Leg::Payment).date, Some(day("2026-08-04")), "{role}");
        assert_eq!(standing.mark(Leg::Delivery).date, Some(day("2026-07-21T12:00:00+02:00")), "{role}");
        let is_status = |kind: Kind| {
            let kept = known.kept.iter().filter(|kept| kept.direction == Direction::In);
            kept.filter(|kept| kept.letter.kind() == kind).map(|kept| kept.letter.document.clone()).next_back().unwrap()
        };
        let Document::DeliveryStatus(delivery) = is_status(Kind::DeliveryStatus) else { panic!("a status") };
        assert_eq!(delivery.parcels[0].expected_from, Some(day("2026-07-21T09:00:00+02:00")));
        assert!(matches!(delivery.parcels[0].step, Step::Planned { .. }));
        let Document::PaymentStatus(payment) = is_status(Kind::PaymentStatus) else { panic!("a status") };
        assert_eq!((payment.scheduled, payment.remaining), (Some(day("2026-08-04")), crate::support::trade::jpy(4800)));
    }
    // He comes four days later than the terms have it, which is noted; nothing else is amiss.
    for (who, noted) in [(BUYER, 1), (SHOP, 1)] {
        let warnings = world.clerks[who].index().warnings(true).unwrap();
        let is_noted = warnings.iter().all(|warning| warning.code == Code::PlannedLate);
        assert!(is_noted && warnings.len() == noted, "{who}: {warnings:?}");
    }
    check_peace(&world, &[BANK]);
}

#[test]
fn what_is_bought_on_the_last_day_of_a_month_is_debited_on_the_last_bank_day_of_the_next() {
    let bank = "closing_day = \"end\"\ndebit_day = \"end\"\nbank_day = \"previous\"\ndebit = \"on-date\"\n\
                zone = \"Asia/Tokyo\"";
    // The last day of February 2027 is a Sunday, that of March a Wednesday. In Tokyo it is the next day from 15 o'clock on.
    for (bought, debited) in [
        ("2027-01-31T14:59:00Z", "2027-02-26"),
        ("2027-01-31T15:00:00Z", "2027-03-31"),
        ("2027-02-28T14:59:00Z", "2027-03-31"),
    ] {
        let mut world = World::with_agents(NOT_ASKED, bank, COURIER_PLAIN);
        world.without_payment_days();
        world.clock.set(at(bought));
        let id = world.accepted_order();
        let known = world.transaction(BUYER, Role::Buyer, &id);
        assert_eq!(
            known.terms().map(|(_, terms)| terms.payment_due),
            Some(None),
            "when a card is debited its bank says"
        );
        for (who, role) in [(BUYER, Role::Buyer), (SHOP, Role::Shop)] {
            let mark = Standing::of(&world.transaction(who, role, &id)).mark(Leg::Payment);
            assert_eq!((mark.done, mark.date), (false, Some(day(debited))), "{bought}, {role}");
        }
        world.clock.set(at(&format!("{debited}T15:01:00Z")));
        world.tend();
        world.settle();
        for (who, role) in [(BUYER, Role::Buyer), (SHOP, Role::Shop)] {
            let standing = Standing::of(&world.transaction(who, role, &id));
            let midnight = at(&format!("{debited}T00:00:00+09:00"));
            assert_eq!((standing.legs.payment.done, standing.unpaid), (Some(midnight), None), "{bought}, {role}");
        }
        check_peace(&world, &[SHOP, BANK]);
    }
    // What the buyer pays himself is to be paid within two weeks, where nothing else is said.
    let mut world = World::with_agents(NOT_ASKED, bank, COURIER_PLAIN);
    world.without_payment_days();
    world.order(BUYER, |order| order.payment_method = PaymentMethod::parse("invoice").unwrap());
    world.settle();
    let all = world.clerks[BUYER].index().load_all(Some(Role::Buyer)).unwrap();
    assert_eq!(all[0].terms().map(|(_, terms)| terms.payment_due), Some(Some(day("2026-07-24"))));
}
