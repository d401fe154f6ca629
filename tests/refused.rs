//! What shop and agents say to whom a transaction does not concern, how often they say it, where their answers go, and that
//! what comes twice is answered by the same letters and has no second effect.

use mailorder::role::shop_desk::{self, Refund};
use mailorder::role::{Notice, buyer, payment};
use mailorder::rules::Standing;
use mailorder::trade::document::StatusRequest;
use mailorder::trade::{
    Address, Direction, Document, Kept, Kind, Leg, Letter, MessageId, Number, OrderId, Role, Transaction, Verdict,
};

use crate::support::accounts::{field, fields};
use crate::support::trade::{jpy, letter};
use crate::support::world::{BANK, BUYER, COURIER, Mail, SHOP, World, sealed, sealed_bytes};

const STEPS: &str = r#"["terms", "confirmation", "payment", "delivery"]"#;

/// Those who are asked, each about its leg.
const ASKED: [(usize, Leg); 3] = [(SHOP, Leg::Order), (BANK, Leg::Payment), (COURIER, Leg::Delivery)];

fn role(at: usize) -> Role {
    match at {
        SHOP => Role::Shop,
        BANK => Role::Payment,
        _ => Role::Delivery,
    }
}

/// A question of one account to another about a transaction that it names as it likes.
fn question(world: &World, from: usize, (to, leg): (usize, Leg), number: &Number, n: usize) -> Letter {
    let [me, reader] = [from, to].map(|at| world.clerks[at].me().clone());
    let asks = Document::StatusRequest(StatusRequest { leg, have: 0 });
    Letter {
        shop: Some(world.clerks[SHOP].me().address.clone()),
        transaction: Some(number.clone()),
        seq: Some(u32::try_from(n).unwrap() + 100),
        id: MessageId::parse(&format!("{n}@asks.example")).unwrap(),
        date: world.now(),
        ..letter(&me, &reader, asks)
    }
}

fn asks(world: &mut World, from: usize, to: (usize, Leg), number: &Number, n: usize) {
    let letter = question(world, from, to, number, n);
    let mail = sealed(&letter, world.clerks[from].key().unwrap(), &world.certificate(to.0), &world.now());
    world.deliver(to.0, &[mail]);
}

/// A number that nobody gave.
fn no_such(n: usize) -> Number {
    Number::parse(&format!("NOSUCH{n:02}")).unwrap()
}

/// Two purchases of two buyers, who know the three as those know them; returns the second buyer, and both numbers.
fn two_purchases(known: bool) -> (World, usize, [Number; 2]) {
    let mut world = World::new(STEPS);
    let first = world.accepted_order();
    let other = world.join("other");
    let second = world.order(other, |_| {});
    world.settle();
    let key = world.key(Role::Buyer, &second);
    world.decide(other, &key, |known, desk| Ok(vec![buyer::confirm(known, desk)?.into()]));
    world.settle();
    if known {
        for at in [SHOP, BANK, COURIER] {
            world.accept(at, other);
            world.accept(at, BUYER);
        }
    }
    let numbers = [first, second].map(|id| world.transaction(SHOP, Role::Shop, &id).number.unwrap());
    (world, other, numbers)
}

/// Returns the letters of one kind that an account wrote, as its ledger has them, oldest first.
fn texts(world: &World, at: usize, kind: &str) -> Vec<String> {
    let index = world.clerks[at].index();
    let rows = (0..).map_while(|position| index.entry(position).unwrap());
    let ours = rows.filter(|row| row.direction == "out" && row.kind == kind).map(|row| row.line.position);
    ours.map(|at_entry| String::from_utf8(world.clerks[at].ledger().read(at_entry).unwrap()).unwrap()).collect()
}

/// Returns what the signed part of a letter says, without what names this one letter: its Message-ID and date, the letters it
/// refers to and answers, the log's root, and the transaction's number. To how many letters it refers stays.
fn without_names(text: &str, number: &Number) -> Vec<String> {
    let signed = text.split_once("\n\n--mailorder-").unwrap().1;
    let signed = signed.split("\n--mailorder-").next().unwrap();
    let own =
        ["Message-ID:", "Date:", "\"mo:answers\"", "\"mo:head\"", "--part-", "boundary=\"part-", "Letter answered:"];
    let names = |line: &str| {
        let line = line.trim_start().trim_start_matches("HP-Outer: ");
        own.iter().any(|begins| line.starts_with(begins)) || line.starts_with("\"identifier\": \"sha256:")
    };
    // The first line is the rest of the boundary.
    let lines = signed.lines().skip(1).filter(|line| !names(line));
    lines.map(|line| without_ids(line).replace(number.as_str(), "NUMBER")).collect()
}

/// Puts one and the same in the place of each Message-ID.
fn without_ids(line: &str) -> String {
    let mut parts = line.split('<');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |so_far, part| so_far + "<ID>" + part.split_once('>').map_or(part, |(_, rest)| rest))
}

#[test]
fn unknown_and_foreign_transactions_are_refused_by_the_same_letter_at_all_three_p53() {
    let (mut world, other, [foreign, own]) = two_purchases(true);
    for (n, to) in ASKED.into_iter().enumerate() {
        let unknown = Number::parse(&"X".repeat(foreign.as_str().len())).unwrap();
        asks(&mut world, other, to, &foreign, 2 * n);
        asks(&mut world, other, to, &unknown, 2 * n + 1);
        let said = texts(&world, to.0, "refusal");
        let [of_foreign, of_unknown] = &said[..] else { panic!("{}: {said:?}", to.1) };
        for (text, number) in [(of_foreign, &foreign), (of_unknown, &unknown)] {
            assert!(text.contains(number.as_str()) && text.contains("This transaction is not known here."), "{text}");
            assert_eq!(field(&fields(text.as_bytes()), "To"), "other@other.example");
        }
        assert_eq!(without_names(of_foreign, &foreign), without_names(of_unknown, &unknown), "{}", to.1);
        // His own is another matter.
        asks(&mut world, other, to, &own, 50 + n);
        assert_eq!(texts(&world, to.0, "refusal").len(), 2, "{}", to.1);
        // Nothing of it reached the buyer whose purchase it is.
        assert!(world.send(to.0).iter().all(|mail| mail.to == other), "{}", to.1);
    }
}

#[test]
fn whoever_is_known_by_another_purchase_alone_hears_the_same_of_unknown_and_foreign_ones_p53() {
    let (mut world, other, [foreign, _]) = two_purchases(false);
    for (n, to) in ASKED.into_iter().enumerate().skip(1) {
        let before = world.entries(to.0).len();
        asks(&mut world, other, to, &foreign, 2 * n);
        let of_foreign = world.entries(to.0).split_off(before);
        asks(&mut world, other, to, &no_such(n), 2 * n + 1);
        let of_unknown = world.entries(to.0).split_off(before + of_foreign.len());
        assert_eq!(of_foreign, of_unknown, "{}", to.1);
        assert!(of_foreign.iter().all(|(_, kind)| !kind.ends_with("-status")), "{of_foreign:?}");
    }
}

#[test]
fn about_one_transaction_four_letters_a_day_are_refused_at_each_of_the_three() {
    let (mut world, other, [foreign, _]) = two_purchases(true);
    let mut n = 0;
    let mut ask = |world: &mut World, to: (usize, Leg), number: &Number| {
        n += 1;
        asks(world, other, to, number, n);
        texts(world, to.0, "refusal").len()
    };
    for to in ASKED {
        for (number, already) in [(&foreign, 0), (&no_such(1), 4)] {
            let said: Vec<usize> = (0..6).map(|_| ask(&mut world, to, number)).collect();
            assert_eq!(said, [1, 2, 3, 4, 4, 4].map(|so_many| already + so_many), "{} {number}", to.1);
        }
        // Neither a restart nor a new index forgets it.
        world.reopen(to.0);
        world.clerks[to.0].reindex().unwrap();
        assert_eq!(ask(&mut world, to, &foreign), 8, "{}", to.1);
    }
    world.pass_hours(24);
    for to in ASKED {
        assert_eq!(ask(&mut world, to, &foreign), 9, "{}", to.1);
    }
}

#[test]
fn the_owner_says_how_often_about_one_transaction_and_how_often_to_one_party() {
    let (mut world, other, [foreign, own]) = two_purchases(true);
    for (at, _) in ASKED {
        world.configure(at, "\n[answers]\nper_transaction = 2\nper_peer = 5\n");
    }
    let mut n = 0;
    let mut ask = |world: &mut World, to: (usize, Leg), number: &Number| {
        n += 1;
        asks(world, other, to, number, n);
    };
    for to in ASKED {
        let status = match to.1 {
            Leg::Order => "order-status",
            Leg::Payment => "payment-status",
            Leg::Delivery => "delivery-status",
        };
        let said = |world: &World| (texts(world, to.0, "refusal").len(), texts(world, to.0, status).len());
        let (_, before) = said(&world);
        // Two about each transaction, and each sort by itself,
        for _ in 0..3 {
            ask(&mut world, to, &foreign);
            ask(&mut world, to, &own);
        }
        assert_eq!(said(&world), (2, before + 2), "{}", to.1);
        // five to one party, whatever they are about,
        for unknown in 1..=3 {
            ask(&mut world, to, &no_such(unknown));
        }
        assert_eq!(said(&world), (3, before + 2), "{}", to.1);
        // and an hour later five more.
        world.pass_hours(1);
        for unknown in 4..=9 {
            ask(&mut world, to, &no_such(unknown));
        }
        assert_eq!(said(&world), (8, before + 2), "{}", to.1);
    }
}

/// Takes out of the mails those for one account.
fn for_one(mails: &[Mail], to: usize) -> Vec<Mail> {
    mails.iter().filter(|mail| mail.to == to).cloned().collect()
}

fn brings(world: &mut World, mails: &[Mail]) {
    for mail in mails {
        world.deliver(mail.to, std::slice::from_ref(&mail.bytes));
    }
}

fn at_agent(world: &mut World, at: usize) -> Transaction {
    world.clerks[at].catch_up().unwrap();
    let mut all = world.clerks[at].index().load_all(Some(role(at))).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// Gives a mail to an account for the first time, then again and again: it is answered once and the answer is repeated, by
/// the same bytes; nothing else comes of it. `asker` wrote it.
fn check_twice(world: &mut World, at: usize, asker: usize, mail: &Mail) {
    assert_eq!(mail.to, at);
    let taken = world.deliver(at, std::slice::from_ref(&mail.bytes));
    assert_eq!(taken.counts.get(&Verdict::Applied), Some(&1), "{taken:?}");
    let first = world.send(at);
    for one in &first {
        world.deliver(one.to, std::slice::from_ref(&one.bytes));
    }
    let (entries, known) = (world.entries(at), at_agent(world, at));
    for _ in 0..3 {
        let taken = world.deliver(at, std::slice::from_ref(&mail.bytes));
        assert_eq!(taken.counts.get(&Verdict::Repeat), Some(&1), "{taken:?}");
        let again = world.send(at);
        assert_eq!(again.iter().map(|mail| mail.to).collect::<Vec<_>>(), [asker], "whoever wrote it is answered again");
        let taken = world.deliver(asker, &[again[0].bytes.clone()]);
        assert_eq!(taken.counts.get(&Verdict::Repeat), Some(&1), "its bytes are known: {taken:?}");
        assert_eq!(world.entries(at), entries, "nothing is entered twice");
        assert_eq!(at_agent(world, at), known);
    }
}

#[test]
fn what_comes_twice_to_an_agent_is_answered_by_the_same_bytes_and_done_once_p50_p54() {
    let mut world = World::new(STEPS);
    let id = world.order(BUYER, |_| {});
    world.settle();
    let key = world.key(Role::Buyer, &id);
    world.decide(BUYER, &key, |known, desk| Ok(vec![buyer::confirm(known, desk)?.into()]));
    let ok = world.send(BUYER);
    world.deliver(SHOP, &[ok[0].bytes.clone()]);
    // The instructions.
    let begun = world.send(SHOP);
    for at in [BANK, COURIER] {
        let [instruction] = &for_one(&begun, at)[..] else { panic!("one instruction") };
        check_twice(&mut world, at, SHOP, instruction);
    }
    brings(&mut world, &for_one(&begun, BUYER));
    world.settle();
    // The buyer's questions, and the shop's.
    for (at, leg) in &ASKED[1..] {
        let key = world.key(Role::Buyer, &id);
        world.decide(BUYER, &key, |known, _| Ok(vec![buyer::ask(known, &[*leg])?.remove(0).into()]));
        let asked = for_one(&world.send(BUYER), *at);
        check_twice(&mut world, *at, BUYER, &asked[0]);
        let key = world.key(Role::Shop, &id);
        world.decide(SHOP, &key, |known, _| Ok(vec![mailorder::role::shop::ask(known, &[*leg])?.remove(0).into()]));
        let asked = for_one(&world.send(SHOP), *at);
        check_twice(&mut world, *at, SHOP, &asked[0]);
    }
    // A refund of what was paid.
    let key = at_agent(&mut world, BANK).key;
    world.decide(BANK, &key, |known, desk| {
        payment::notify(known, &Notice { done: Some(desk.now), ..Notice::default() }, desk)
    });
    world.settle();
    let key = world.key(Role::Shop, &id);
    world.decide(SHOP, &key, |known, _| {
        shop_desk::refund(known, Refund { amount: Some(jpy(800)), ..Refund::default() }, "late")
    });
    let refund = world.send(SHOP);
    brings(&mut world, &for_one(&refund, BUYER));
    let [instruction] = &for_one(&refund, BANK)[..] else { panic!("one refund instruction") };
    check_twice(&mut world, BANK, SHOP, instruction);
    let known = at_agent(&mut world, BANK);
    let Document::PaymentStatus(status) = &newest(&known).letter.document else { panic!("a status") };
    let refunds = status.payments.iter().filter(|payment| payment.refund).map(|payment| payment.amount);
    assert_eq!(refunds.collect::<Vec<_>>(), [jpy(800)], "planned once");
    world.settle();
    for at in [BUYER, SHOP, BANK, COURIER] {
        let warnings = world.clerks[at].index().warnings(true).unwrap();
        assert!(warnings.is_empty(), "{at}: {warnings:?}");
    }
    check_alike(&mut world, &id);
}

fn newest(known: &Transaction) -> &Kept {
    let ours = known.kept.iter().filter(|kept| kept.direction == Direction::Out);
    ours.filter(|kept| kept.letter.kind() == Kind::PaymentStatus).max_by_key(|kept| kept.position).unwrap()
}

/// Checks that buyer and shop have heard the same of both agents.
fn check_alike(world: &mut World, id: &OrderId) {
    let [buyers, shops] =
        [(BUYER, Role::Buyer), (SHOP, Role::Shop)].map(|(at, role)| Standing::of(&world.transaction(at, role, id)));
    assert_eq!((buyers.state, buyers.unpaid), (shops.state, shops.unpaid));
}

#[test]
fn answers_go_to_the_address_that_is_stored_whatever_stands_on_the_envelope_p51_p62() {
    let (mut world, other, [number, _]) = two_purchases(false);
    let mallory = Address::parse("other@other.example").unwrap();
    for (n, to) in ASKED.into_iter().enumerate() {
        // The envelope names another sender.
        let asked = question(&world, BUYER, to, &number, n);
        let mut outside = asked.clone();
        outside.from.address = mallory.clone();
        let texts = mailorder::mail::Texts::load(mailorder::mail::Language::En, None).unwrap();
        let signed = mailorder::mail::write(&asked, &texts).unwrap();
        let key = world.clerks[BUYER].key().unwrap();
        let mail = sealed_bytes(&signed, &outside, key, &world.certificate(to.0), &world.now());
        world.deliver(to.0, &[mail]);
        let answers = world.send(to.0);
        assert!(!answers.is_empty() && answers.iter().all(|mail| mail.to == BUYER), "{}: {answers:?}", to.1);
        // The letter names another address for the same key: nothing is told, and nobody is written to there.
        let mut asked = question(&world, BUYER, to, &number, 10 + n);
        asked.from.address = mallory.clone();
        let mail = sealed(&asked, world.clerks[BUYER].key().unwrap(), &world.certificate(to.0), &world.now());
        let taken = world.deliver(to.0, &[mail]);
        assert_eq!(taken.counts.get(&Verdict::Warned), Some(&1), "{}: {taken:?}", to.1);
        assert!(world.send(to.0).iter().all(|mail| mail.to != other), "{}", to.1);
    }
}
