//! Answers have limits: who asks and asks is answered as often as people need, and costs no more than an entry then.

use std::collections::BTreeSet;

use mailorder::clerk::ComputedWarning;
use mailorder::index::IndexError;
use mailorder::role::{Action, Notice, buyer, delivery, notify, shop, shop_catalog};
use mailorder::rules::{Standing, State};
use mailorder::trade::catalog::{CatalogRequest, Words};
use mailorder::trade::document::StatusRequest;
use mailorder::trade::{
    Code, Document, Kind, Leg, Letter, MessageId, Number, OrderId, Role, Settlement, Verdict, When,
};

use crate::support::trade::{jpy, letter};
use crate::support::world::{BANK, BUYER, COURIER, Mail, SHOP, World, sealed};

const STEPS: &str = r#"["terms", "confirmation", "payment", "delivery"]"#;

fn count(world: &mut World, at: usize, direction: &str, kind: &str) -> usize {
    world.entries(at).iter().filter(|(way, what)| way == direction && what == kind).count()
}

/// Has the buyer ask the payment agent how the payment stands, and brings the question to it.
fn asks(world: &mut World, id: &OrderId) {
    let key = world.key(Role::Buyer, id);
    world.decide(BUYER, &key, |known, _| Ok(vec![buyer::ask(known, &[Leg::Payment])?.remove(0).into()]));
    let mails = world.send(BUYER);
    assert!(mails.iter().any(|mail| mail.to == BANK), "{}", mails.len());
    for mail in mails {
        world.deliver(mail.to, &[mail.bytes]);
    }
}

/// Brings what the payment agent writes to its readers; returns how many went to the buyer.
fn brings(world: &mut World) -> usize {
    let mails: Vec<Mail> = world.send(BANK);
    for mail in &mails {
        world.deliver(mail.to, std::slice::from_ref(&mail.bytes));
    }
    mails.iter().filter(|mail| mail.to == BUYER).count()
}

/// Returns how many entries of the payment agent are statuses, and how many receipts.
fn said(world: &mut World) -> (usize, usize) {
    (count(world, BANK, "out", "payment-status"), count(world, BANK, "out", "receipt"))
}

#[test]
fn about_one_transaction_four_questions_a_day_are_answered_and_the_rest_is_entered_and_acknowledged() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    let (statuses, receipts) = said(&mut world);
    let asked = count(&mut world, BANK, "in", "status-request");
    for n in 1..=4 {
        asks(&mut world, &id);
        assert_eq!(brings(&mut world), 1);
        assert_eq!(said(&mut world), (statuses + n, receipts));
    }
    for n in 1..=3 {
        asks(&mut world, &id);
        // It was recorded, and that is all it is told.
        assert_eq!(brings(&mut world), 1);
        assert_eq!(said(&mut world), (statuses + 4, receipts + n));
        // Neither a restart nor a new index makes it forget what it answered.
        match n {
            1 => world.reopen(BANK),
            _ => assert!(world.clerks[BANK].reindex().unwrap() > 0),
        }
    }
    assert_eq!(count(&mut world, BANK, "in", "status-request"), asked + 7, "nothing is lost");
    // The shop has room of its own.
    let key = world.key(Role::Shop, &id);
    world.decide(SHOP, &key, |known, _| Ok(vec![shop::ask(known, &[Leg::Payment])?.remove(0).into()]));
    world.settle();
    assert_eq!(said(&mut world).0, statuses + 5);
    // A day later it is answered again, and what was acknowledged is not asked a second time.
    world.pass_hours(24);
    world.tend();
    assert_eq!(world.send(BUYER).len(), 0);
    asks(&mut world, &id);
    assert_eq!(brings(&mut world), 1);
    assert_eq!(said(&mut world).0, statuses + 6);
    world.settle();
    world.pass_hours(24 * 5);
    world.tend();
    assert_eq!(world.send(BUYER).len(), 0, "every question was acknowledged");
}

#[test]
fn letters_that_were_lost_are_sent_again_however_often_was_asked() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    for _ in 0..5 {
        asks(&mut world, &id);
        brings(&mut world);
    }
    // Beyond the limit, a status that the buyer lacks still comes when he asks for it.
    let key = world.clerks[BANK].index().load_all(Some(Role::Payment)).unwrap()[0].key.clone();
    world.decide(BANK, &key, |known, desk| {
        mailorder::role::payment::notify(known, &Notice { done: Some(desk.now), ..Notice::default() }, desk)
    });
    let lost = world.send(BANK);
    assert!(lost.iter().any(|mail| mail.to == BUYER), "lost on its way");
    assert!(Standing::of(&world.transaction(BUYER, Role::Buyer, &id)).legs.payment.done.is_none());
    asks(&mut world, &id);
    brings(&mut world);
    world.settle();
    assert!(Standing::of(&world.transaction(BUYER, Role::Buyer, &id)).legs.payment.done.is_some());
}

#[test]
fn who_asked_too_often_still_hears_that_his_cancellation_came_too_late() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    let key = world.clerks[COURIER].index().load_all(Some(Role::Delivery)).unwrap()[0].key.clone();
    world.decide(COURIER, &key, |known, desk| {
        delivery::notify(known, &Notice { done: Some(desk.now), ..Notice::default() }, desk)
    });
    world.settle();
    for _ in 0..6 {
        world.buyer_writes(BUYER, &id, |known| buyer::ask(known, &[Leg::Order]).unwrap().remove(0));
        world.settle();
    }
    assert_eq!(count(&mut world, SHOP, "in", "status-request"), 6);
    world.buyer_writes(BUYER, &id, |known| buyer::cancel(known, None).unwrap());
    world.settle();
    assert_eq!(count(&mut world, BUYER, "in", "refusal"), 1);
    assert_eq!(Standing::of(&world.transaction(BUYER, Role::Buyer, &id)).state, State::Open);
}

/// Seals the buyer's question about a transaction that the shop does not know.
pub(crate) fn unknown(world: &World, number: usize) -> Vec<u8> {
    let [buyer, shop] = [BUYER, SHOP].map(|at| world.clerks[at].me().clone());
    let question = Document::StatusRequest(StatusRequest { leg: Leg::Order, have: 0 });
    let question = Letter {
        shop: Some(shop.address.clone()),
        transaction: Some(Number::parse(&format!("NOSUCH{number}")).unwrap()),
        id: MessageId::parse(&format!("{number}@buyer.example")).unwrap(),
        date: world.now(),
        ..letter(&buyer, &shop, question)
    };
    sealed(&question, world.clerks[BUYER].key().unwrap(), &world.certificate(SHOP), &world.now())
}

#[test]
fn each_bad_order_is_rejected_at_once_and_leaves_the_room_for_refusals_as_it_is() {
    let mut world = World::new(STEPS);
    world.accepted_order();
    let bad = |order: &mut mailorder::trade::Order| {
        order.lines.iter_mut().for_each(|line| line.unit_price = jpy(1));
        order.total = jpy(504);
    };
    let ids: Vec<OrderId> = (0..62).map(|_| world.order(BUYER, bad)).collect();
    world.settle();
    for id in &ids {
        assert_eq!(Standing::of(&world.transaction(BUYER, Role::Buyer, id)).state, State::Rejected);
    }
    assert_eq!(count(&mut world, SHOP, "out", "order-rejection"), 62);
    let mails: Vec<Vec<u8>> = (0..62).map(|n| unknown(&world, n)).collect();
    world.deliver(SHOP, &mails);
    assert_eq!(count(&mut world, SHOP, "out", "refusal"), 60);
    // Nor does it matter to an order how many refusals went out.
    let one_more = world.order(BUYER, bad);
    world.settle();
    assert_eq!(Standing::of(&world.transaction(BUYER, Role::Buyer, &one_more)).state, State::Rejected);
}

#[test]
fn to_one_peer_sixty_answers_go_in_an_hour_whatever_they_are_about() -> Result<(), IndexError> {
    let mut world = World::new(STEPS);
    world.accepted_order();
    let refusals = |world: &mut World| count(world, SHOP, "out", "refusal");
    let (mails, more): (Vec<_>, Vec<_>) =
        ((0..50).map(|n| unknown(&world, n)).collect(), (50..70).map(|n| unknown(&world, n)).collect());
    world.deliver(SHOP, &mails);
    assert_eq!(refusals(&mut world), 50);
    world.deliver(SHOP, &more);
    assert_eq!(refusals(&mut world), 60, "as many as there is room for, within one batch, too");
    assert_eq!(count(&mut world, SHOP, "in", "status-request"), 70);
    let buyer = world.clerks[BUYER].me().fingerprint.clone();
    assert_eq!(world.clerks[SHOP].index().answered_since(&buyer, &world.now().plus_seconds(-3600), &world.now())?, 60);
    // The others are not kept waiting for it.
    let bank = world.clerks[BANK].me().fingerprint.clone();
    assert_eq!(world.clerks[SHOP].index().answered_since(&bank, &world.now().plus_seconds(-3600), &world.now())?, 0);
    world.settle();
    world.pass_hours(1);
    let mail = unknown(&world, 70);
    world.deliver(SHOP, &[mail]);
    assert_eq!(refusals(&mut world), 61);
    let answer = world.send(SHOP);
    assert_eq!((answer.len(), answer[0].to), (1, BUYER));
    Ok(())
}

/// Has one account ask the shop so many times what it sells, and lets the shop read all of it; returns how many questions
/// were set aside.
pub(crate) fn asks_for_catalog(world: &mut World, at: usize, times: usize) -> usize {
    let shop = world.clerks[SHOP].me().clone();
    for _ in 0..times {
        let question = shop_catalog::ask(CatalogRequest { words: Words::new(Vec::new()).unwrap() }, shop.clone());
        world.clerks[at].post(vec![question]).unwrap();
    }
    let questions: Vec<Vec<u8>> = world.send(at).into_iter().map(|mail| mail.bytes).collect();
    assert_eq!(questions.len(), times);
    let news = world.deliver(SHOP, &questions).news;
    assert!(news.iter().all(|one| one.aside.as_ref().is_some_and(|aside| aside.code == "too-often")));
    news.len()
}

#[test]
fn in_an_hour_in_which_120_catalogs_went_out_no_stranger_gets_one() {
    let mut world = World::new(STEPS);
    let known: Vec<usize> = (1..=7).map(|n| world.join(&format!("known{n}"))).collect();
    let strangers: Vec<usize> = (1..=3).map(|n| world.join(&format!("stranger{n}"))).collect();
    for at in &known {
        world.accept(SHOP, *at);
    }
    let sent = |world: &mut World| count(world, SHOP, "out", "catalog");
    // Twenty an hour for each whom somebody vouched for: one more is none.
    assert_eq!(asks_for_catalog(&mut world, known[0], 21), 1);
    for at in &known[1..5] {
        assert_eq!(asks_for_catalog(&mut world, *at, 20), 0);
    }
    assert_eq!(asks_for_catalog(&mut world, known[5], 19), 0);
    assert_eq!(sent(&mut world), 119);
    // The last that a stranger gets, and the first that one does not.
    assert_eq!(asks_for_catalog(&mut world, strangers[0], 1), 0);
    assert_eq!(sent(&mut world), 120);
    for again in [false, true] {
        if again {
            world.reopen(SHOP);
            assert!(world.clerks[SHOP].reindex().unwrap() > 0);
        }
        assert_eq!(asks_for_catalog(&mut world, strangers[1], 1), 1);
    }
    assert_eq!((sent(&mut world), count(&mut world, SHOP, "in", "catalog-request")), (120, 120));
    // The others are not kept from it.
    assert_eq!(asks_for_catalog(&mut world, known[6], 1), 0);
    assert_eq!(sent(&mut world), 121);
    world.clock.set(world.now().plus_seconds(3_601));
    assert_eq!(asks_for_catalog(&mut world, strangers[2], 1), 0);
    assert_eq!(sent(&mut world), 122);
}

/// How many statuses come at one go: more than anybody needs.
fn flood() -> i64 {
    crate::support::tried(400, 5_000)
}

#[test]
fn hundreds_of_statuses_about_one_transaction_are_all_kept_and_make_one_warning_b100() {
    let mut world = World::new(STEPS);
    let flood = flood();
    let id = world.accepted_order();
    let before = count(&mut world, BUYER, "in", "payment-status");
    let key = world.clerks[BANK].index().load_all(Some(Role::Payment)).unwrap().pop().unwrap().key;
    let last = world.now().plus_seconds(flood * 60);
    world.decide(BANK, &key, |known, desk| {
        let mut all = Vec::new();
        for minute in 1..=flood {
            let planned = Some(When::Moment(desk.now.plus_seconds(minute * 60).whole_second()));
            all.extend(notify(known, &Notice { planned, ..Notice::default() }, desk)?);
        }
        all.retain(|action| matches!(action, Action::Send(draft) if draft.to.address.as_str().starts_with("buyer")));
        Ok(all)
    });
    let mut mails: Vec<Vec<u8>> = world.send(BANK).into_iter().map(|mail| mail.bytes).collect();
    assert_eq!(mails.len() as i64, flood);
    // Somebody else writes in the midst of them.
    let shop = world.clerks[SHOP].index().load_all(Some(Role::Shop)).unwrap().pop().unwrap().key;
    world.decide(SHOP, &shop, |known, desk| notify(known, &Notice { done: Some(desk.now), ..Notice::default() }, desk));
    let [other] = &world.send(SHOP).into_iter().filter(|mail| mail.to == BUYER).collect::<Vec<_>>()[..] else {
        panic!("one letter to the buyer")
    };
    mails.insert(mails.len() / 2, other.bytes.clone());
    let taken = world.deliver(BUYER, &mails);
    let counts: Vec<(Verdict, u64)> = taken.counts.into_iter().collect();
    assert_eq!(counts, [(Verdict::Applied, flood as u64 + 1)], "the shop's is applied with them");
    assert_eq!(count(&mut world, BUYER, "in", "payment-status") as i64, before as i64 + flood, "all evidence is kept");
    let known = world.transaction(BUYER, Role::Buyer, &id);
    let contents: BTreeSet<_> = known.received(Kind::PaymentStatus).map(|kept| kept.content).collect();
    assert_eq!(contents.len() as i64, before as i64 + flood, "no two say the same");
    let standing = Standing::of(&known);
    assert_eq!(standing.mark(Leg::Payment).date, Some(When::Moment(last.whole_second())), "the newest counts");
    assert!(standing.mark(Leg::Order).done, "the shop was heard");
    let warnings = |world: &World| -> Vec<ComputedWarning> {
        let all = world.clerks[BUYER].standing_warnings().unwrap();
        all.into_iter().filter(|one| one.settled.is_none()).collect()
    };
    let [one] = &warnings(&world)[..] else { panic!("{:?}", warnings(&world)) };
    assert_eq!((one.code, &one.number), (Code::TooManyLetters, &known.number));
    assert!(
        one.text.contains(&format!("has sent {} statuses about this within a day", before as i64 + flood)),
        "{one:?}"
    );
    assert_eq!(world.clerks[BUYER].index().warnings(true).unwrap().len(), 0);
    // What was seen is not said again, and it goes by itself.
    let name = one.id.clone();
    world.clerks[BUYER].settle_computed(&name, Settlement::Ack, None).unwrap();
    assert_eq!(warnings(&world).len(), 0);
    world.pass_hours(25);
    assert!(world.clerks[BUYER].standing_warnings().unwrap().iter().all(|one| one.code != Code::TooManyLetters));
}
