//! The clerk at work: real keys and ledgers, a played clock, a post that loses, doubles and swaps.

use mailorder::index::Filter;
use mailorder::role::{Notice, buyer, payment};
use mailorder::rules::{Standing, State};
use mailorder::trade::document::Cancellation;
use mailorder::trade::{Code, Direction, Document, Kind, Leg, Letter, MessageId, OrderId, Role, Settlement, Verdict};

use crate::support::trade::{jpy, letter};
use crate::support::world::{BANK, BUYER, Mail, SHOP, World, sealed, sealed_bytes};

const ALL_STEPS: &str = r#"["authorize", "terms", "confirmation", "payment", "delivery"]"#;
const AT_ONCE: &str = r#"["authorize", "terms", "payment", "delivery"]"#;

fn count(world: &mut World, at: usize, direction: &str, kind: &str) -> usize {
    world.entries(at).iter().filter(|(way, what)| way == direction && what == kind).count()
}

fn confirm(world: &mut World, at: usize, id: &OrderId) {
    let key = world.key(Role::Buyer, id);
    world.decide(at, &key, |known, desk| Ok(vec![buyer::confirm(known, desk)?.into()]));
}

fn bytes(mails: Vec<Mail>) -> Vec<Vec<u8>> {
    mails.into_iter().map(|mail| mail.bytes).collect()
}

#[test]
fn a_cancellation_that_overtook_its_order_is_known_before_the_order_is_answered() {
    // B107: both end in the same state; the shop makes no terms for what is cancelled.
    let mut world = World::new(ALL_STEPS);
    world.order(BUYER, |_| {});
    world.settle();
    let before = world.entries(SHOP);
    let id = world.order(BUYER, |_| {});
    let order = bytes(world.send(BUYER));
    world.buyer_writes(BUYER, &id, |known| buyer::cancel(known, None).unwrap());
    let cancellation = bytes(world.send(BUYER));
    world.deliver(SHOP, &cancellation);
    world.deliver(SHOP, &order);
    world.settle();
    let since = world.entries(SHOP).split_off(before.len());
    assert!(since.iter().all(|(_, kind)| kind != "authorization-request" && kind != "transaction-info"), "{since:?}");
    for (at, role) in [(BUYER, Role::Buyer), (SHOP, Role::Shop)] {
        assert_eq!(Standing::of(&world.transaction(at, role, &id)).state, State::Cancelled, "{role}");
    }
}

#[test]
fn what_comes_twice_is_answered_by_the_same_letters() {
    // B101: the same terms again, byte-identical, and no second procedure; four times a day at most (A9).
    let mut world = World::new(ALL_STEPS);
    world.order(BUYER, |_| {});
    let order = bytes(world.send(BUYER));
    world.deliver(SHOP, &order);
    world.settle();
    let entries = world.entries(SHOP);
    let mut times = 0;
    for _ in 0..7 {
        let taken = world.deliver(SHOP, &order);
        assert_eq!(taken.counts.get(&Verdict::Repeat), Some(&1));
        let again = world.send(SHOP);
        times += again.len();
        for mail in again {
            assert_eq!(mail.to, BUYER);
            let taken = world.deliver(BUYER, &[mail.bytes]);
            assert_eq!(taken.counts.get(&Verdict::Repeat), Some(&1), "the same terms");
        }
    }
    assert_eq!(times, 4);
    assert_eq!(world.entries(SHOP), entries, "a repeat is no entry, and nothing new is written");
    world.pass_hours(24);
    world.deliver(SHOP, &order);
    assert_eq!(world.send(SHOP).len(), 1);
}

#[test]
fn a_receipt_that_was_lost_is_sent_again() {
    let mut world = World::new(ALL_STEPS);
    world.accepted_order();
    let key = world.clerks[BANK].index().load_all(Some(Role::Payment)).unwrap()[0].key.clone();
    world.decide(BANK, &key, |known, desk| {
        payment::notify(known, &Notice { done: Some(desk.now), ..Notice::default() }, desk)
    });
    let status: Vec<Mail> = world.send(BANK).into_iter().filter(|mail| mail.to == SHOP).collect();
    let status = bytes(status);
    assert_eq!(status.len(), 1);
    world.deliver(SHOP, &status);
    let lost = world.send(SHOP);
    assert_eq!(lost.len(), 1, "a receipt");
    let entries = world.entries(SHOP);
    world.deliver(SHOP, &status);
    let again = world.send(SHOP);
    assert_eq!((again.len(), again[0].to), (1, BANK));
    assert_eq!(world.entries(SHOP), entries);
    world.deliver(BANK, &bytes(again));
    world.pass_hours(24 * 4);
    world.tend();
    assert!(world.send(BANK).iter().all(|mail| mail.to != SHOP), "what is acknowledged is not sent again");
}

#[test]
fn a_letter_nobody_acknowledges_goes_out_five_times() {
    // I9, I11: the order is lost again and again, until it comes.
    let mut world = World::new(ALL_STEPS);
    world.order(BUYER, |_| {});
    assert_eq!(world.send(BUYER).len(), 1, "lost");
    let mut sent = Vec::new();
    for day in 1..=60 {
        world.pass_hours(24);
        world.tend();
        let again = world.send(BUYER);
        if !again.is_empty() {
            sent.push(day);
        }
    }
    assert_eq!(sent, [3, 7, 14, 28]);
}

#[test]
fn a_lost_order_heals_by_itself() {
    let mut world = World::new(ALL_STEPS);
    let id = world.order(BUYER, |_| {});
    world.send(BUYER);
    world.pass_hours(24 * 3 + 1);
    world.tend();
    world.settle();
    assert_eq!(Standing::of(&world.transaction(BUYER, Role::Buyer, &id)).state, State::Offered);
    let grown = world.clerks[BUYER].index().dump().unwrap();
    world.clerks[BUYER].reindex().unwrap();
    assert_eq!(world.clerks[BUYER].index().dump().unwrap(), grown, "what is unheard is reckoned from the ledger");
}

#[test]
fn a_stranger_says_ok_before_anything_begins() {
    // Design 4, first contact: only who reads the mailbox knows the digest of the terms, whatever the procedure.
    let mut world = World::new(AT_ONCE);
    let id = world.order(BUYER, |_| {});
    world.settle();
    assert_eq!(count(&mut world, SHOP, "out", "transaction-info"), 1);
    assert_eq!(count(&mut world, SHOP, "out", "payment-instruction"), 0, "after the authorisation, too");
    let second = world.order(BUYER, |_| {});
    world.settle();
    assert_eq!(count(&mut world, SHOP, "out", "delivery-instruction"), 0, "a second order makes him no friend");
    confirm(&mut world, BUYER, &id);
    world.settle();
    assert_eq!(count(&mut world, SHOP, "out", "payment-instruction"), 1);
    world.order(BUYER, |_| {});
    world.settle();
    assert_eq!(count(&mut world, SHOP, "out", "payment-instruction"), 2, "who has said OK once is known");
    assert_eq!(Standing::of(&world.transaction(BUYER, Role::Buyer, &second)).state, State::Offered);
}

#[test]
fn an_order_that_cannot_be_answered_keeps_no_other_back() {
    let mut world = World::new(ALL_STEPS);
    world.accept(SHOP, BUYER);
    let long = world.order(BUYER, |order| order.buyer.name = "N".repeat(979));
    let plain = world.order(BUYER, |_| {});
    let both = bytes(world.send(BUYER));
    assert_eq!(both.len(), 2);
    world.deliver(SHOP, &both);
    world.settle();
    let state = |world: &mut World, id: &OrderId| Standing::of(&world.transaction(BUYER, Role::Buyer, id)).state;
    assert_eq!(state(&mut world, &plain), State::Offered);
    assert_eq!(state(&mut world, &long), State::Rejected);
    assert!(world.clerks[SHOP].set_aside().unwrap().is_empty());
}

/// A letter by the payment agent to the buyer.
fn by_the_bank(world: &World, document: Document) -> Letter {
    let (from, to) = (world.clerks[BANK].me().clone(), world.clerks[BUYER].me().clone());
    let shop = world.clerks[SHOP].me().address.clone();
    Letter { date: world.now(), shop: Some(shop), ..letter(&from, &to, document) }
}

#[test]
fn a_key_handed_over_speaks_for_its_part_alone_and_a_mail_is_brought_back_once() {
    let mut world = World::new(ALL_STEPS);
    world.accepted_order();
    let cancellation = by_the_bank(&world, Document::Cancellation(Cancellation { reason: None }));
    let key = world.clerks[BANK].key().unwrap();
    let mail = sealed(&cancellation, key, &world.certificate(BUYER), &world.now());
    // The bank's certificate is known, but no person pinned it: the mail waits, and does not keep us for ever.
    for _ in 0..2 {
        world.deliver(BUYER, std::slice::from_ref(&mail));
        let aside = world.clerks[BUYER].set_aside().unwrap();
        assert_eq!((aside.len(), aside[0].reason.code.as_str()), (1, "unknown-signer"));
    }
    assert!(world.send(BUYER).is_empty(), "nothing set aside is answered");
    world.accept(BUYER, BANK);
    let taken = world.deliver(BUYER, &[]);
    assert_eq!(taken.total(), 1, "a pin brings it back: {taken:?}");
    assert!(world.clerks[BUYER].set_aside().unwrap().is_empty());
}

#[test]
fn nothing_is_written_to_an_address_that_is_not_the_signers() {
    // B105, claim 12: the bank's key was handed over for the bank's address.
    let mut world = World::new(ALL_STEPS);
    let id = world.accepted_order();
    let number = world.transaction(BUYER, Role::Buyer, &id).number;
    let status = crate::support::trade::payment_status(jpy(4800), Vec::new());
    let mut lie = Letter {
        terms: Some(mailorder::trade::Digest::of(b"any")),
        transaction: number,
        as_of: Some(world.now()),
        done: Some(false),
        ..by_the_bank(&world, status)
    };
    lie.from.address = mailorder::trade::Address::parse("victim@elsewhere.example").unwrap();
    let key = world.clerks[BANK].key().unwrap();
    let mail = sealed(&lie, key, &world.certificate(BUYER), &world.now());
    let taken = world.deliver(BUYER, &[mail]);
    assert_eq!(taken.counts.get(&Verdict::Warned), Some(&1), "{taken:?}");
    let queued = world.clerks[BUYER].queue().list().unwrap();
    assert!(queued.is_empty(), "{queued:?}");
}

#[test]
fn a_blocked_sender_is_heard_no_more_until_the_warning_is_settled_otherwise() {
    let mut world = World::new(ALL_STEPS);
    let id = world.accepted_order();
    let known = world.transaction(BUYER, Role::Buyer, &id);
    let (terms, _) = known.terms().unwrap();
    let wrong = |world: &World, seq: u32| {
        let status = crate::support::trade::payment_status(jpy(9999), Vec::new());
        Letter {
            transaction: known.number.clone(),
            terms: Some(terms.content),
            seq: Some(seq),
            as_of: Some(world.now()),
            done: Some(false),
            id: MessageId::parse(&format!("{seq}@bank.example")).unwrap(),
            ..by_the_bank(world, status)
        }
    };
    let mail = |world: &World, seq: u32| {
        sealed(&wrong(world, seq), world.clerks[BANK].key().unwrap(), &world.certificate(BUYER), &world.now())
    };
    let first = mail(&world, 5);
    world.deliver(BUYER, &[first]);
    let position = world.clerks[BUYER].index().warnings(true).unwrap()[0].position;
    world.clerks[BUYER].settle(position, Settlement::Block, None).unwrap();
    let second = mail(&world, 6);
    world.deliver(BUYER, &[second]);
    let aside = world.clerks[BUYER].set_aside().unwrap();
    assert_eq!((aside.len(), aside[0].reason.code.as_str()), (1, "blocked"));
    world.clerks[BUYER].settle(position, Settlement::Ack, None).unwrap();
    let third = mail(&world, 7);
    let taken = world.deliver(BUYER, &[third]);
    // What came in the meantime is read now, too, and is set aside no more.
    assert_eq!(taken.counts.get(&Verdict::Warned), Some(&2));
    assert_eq!(world.clerks[BUYER].set_aside().unwrap(), []);
}

#[test]
fn what_is_said_again_is_one_warning_and_settled_with_it() {
    let mut world = World::new(ALL_STEPS);
    let id = world.accepted_order();
    let known = world.transaction(BUYER, Role::Buyer, &id);
    let (terms, _) = known.terms().unwrap();
    let say = |world: &mut World, seq: u32, amount: i64| {
        let status = crate::support::trade::payment_status(jpy(amount), Vec::new());
        let letter = Letter {
            transaction: known.number.clone(),
            terms: Some(terms.content),
            seq: Some(seq),
            as_of: Some(world.now()),
            done: Some(false),
            id: MessageId::parse(&format!("{seq}@bank.example")).unwrap(),
            ..by_the_bank(world, status)
        };
        let mail = sealed(&letter, world.clerks[BANK].key().unwrap(), &world.certificate(BUYER), &world.now());
        let taken = world.deliver(BUYER, &[mail]);
        assert_eq!(taken.counts.get(&Verdict::Warned), Some(&1), "{taken:?}");
    };
    let open = |world: &World| -> Vec<u64> {
        world.clerks[BUYER].index().warnings(true).unwrap().iter().map(|warning| warning.position).collect()
    };
    let counted = |world: &World| {
        let asked = Filter { role: Some(Role::Buyer), ..Filter::default() };
        world.clerks[BUYER].index().list(&asked).unwrap()[0].row.warnings
    };
    say(&mut world, 5, 9999);
    let first = open(&world);
    say(&mut world, 6, 9999);
    assert_eq!(open(&world), first, "the same said again");
    assert_eq!(counted(&world), 1, "and the list counts it once");
    // Seen once, it is seen; something else is another warning.
    world.clerks[BUYER].settle(first[0], Settlement::Ack, None).unwrap();
    say(&mut world, 7, 9999);
    assert_eq!((open(&world), counted(&world)), (Vec::<u64>::new(), 0));
    say(&mut world, 8, 8888);
    let second = open(&world);
    assert!(!second.is_empty() && second != first);
    say(&mut world, 9, 8888);
    assert_eq!(open(&world), second);
    // One acceptance is for all of them.
    world.clerks[BUYER].settle(second[0], Settlement::Accept, Some("told by telephone".to_owned())).unwrap();
    assert_eq!(open(&world), Vec::<u64>::new());
    // So is one block: nothing that was said again stands up in its place, and one word lifts it.
    say(&mut world, 10, 7777);
    let third = open(&world);
    say(&mut world, 11, 7777);
    world.clerks[BUYER].settle(third[0], Settlement::Block, None).unwrap();
    assert_eq!(open(&world), Vec::<u64>::new());
    world.clerks[BUYER].settle(third[0], Settlement::Ack, None).unwrap();
    say(&mut world, 12, 7777);
    assert_eq!((open(&world), counted(&world)), (Vec::<u64>::new(), 0), "seen, and heard again");
    let grown = world.clerks[BUYER].index().dump().unwrap();
    world.clerks[BUYER].reindex().unwrap();
    assert_eq!(world.clerks[BUYER].index().dump().unwrap(), grown);
}

#[test]
fn what_people_write_to_each_other_is_no_business_of_ours() {
    let mut world = World::new(ALL_STEPS);
    let chat = b"Content-Type: text/plain; charset=utf-8\r\n\r\nTea at four?\r\n";
    let outside = by_the_bank(&world, Document::Cancellation(Cancellation { reason: None }));
    world.accept(BUYER, BANK);
    let mail = sealed_bytes(chat, &outside, world.clerks[BANK].key().unwrap(), &world.certificate(BUYER), &world.now());
    let taken = world.deliver(BUYER, &[mail]);
    assert_eq!(taken.counts.get(&Verdict::NotOurs), Some(&1), "{taken:?}");
    assert!(world.clerks[BUYER].set_aside().unwrap().is_empty());
    assert!(world.folder(BUYER).join("ledger").exists());
}

#[test]
fn letters_that_waited_in_vain_are_warned_about() {
    // B64, B71: a status about nothing we know waits 30 days.
    let mut world = World::new(ALL_STEPS);
    let other = world.join("other");
    let id = world.order(other, |_| {});
    world.settle();
    confirm(&mut world, other, &id);
    world.settle();
    let number = world.transaction(other, Role::Buyer, &id).number;
    world.accept(BUYER, BANK);
    let status = crate::support::trade::payment_status(jpy(4800), Vec::new());
    let stray = Letter {
        terms: Some(mailorder::trade::Digest::of(b"any")),
        transaction: number,
        as_of: Some(world.now()),
        done: Some(false),
        ..by_the_bank(&world, status)
    };
    let mail = sealed(&stray, world.clerks[BANK].key().unwrap(), &world.certificate(BUYER), &world.now());
    let taken = world.deliver(BUYER, &[mail]);
    assert_eq!(taken.counts.get(&Verdict::Held), Some(&1));
    let filter = Filter::default();
    assert!(world.clerks[BUYER].index().list(&filter).unwrap().is_empty(), "nothing has begun");
    world.pass_hours(24 * 29);
    assert_eq!(world.clerks[BUYER].tend().unwrap().in_vain, 0);
    world.pass_hours(48);
    assert_eq!(world.clerks[BUYER].tend().unwrap().in_vain, 1);
    assert_eq!(world.clerks[BUYER].tend().unwrap().in_vain, 0);
    let known = world.clerks[BUYER].index().load_all(Some(Role::Buyer)).unwrap();
    let kept = known[0].kept.iter().find(|kept| kept.direction == Direction::In).unwrap();
    assert_eq!((kept.verdict, kept.letter.kind()), (Verdict::Warned, Kind::PaymentStatus));
}

#[test]
fn the_owner_signs_each_day_how_far_the_ledger_goes() {
    let mut world = World::new(ALL_STEPS);
    world.tend();
    let first = world.clerks[SHOP].ledger().checkpoints().unwrap();
    assert_eq!(first.len(), 1);
    world.order(BUYER, |_| {});
    world.settle();
    world.pass_hours(23);
    world.tend();
    assert_eq!(world.clerks[SHOP].ledger().checkpoints().unwrap(), first, "not twice a day");
    world.pass_hours(2);
    world.tend();
    let ledger = world.clerks[SHOP].ledger();
    let sizes = ledger.checkpoints().unwrap();
    assert_eq!((sizes.len(), sizes[1]), (2, ledger.head().unwrap().size));
    let signed = String::from_utf8(ledger.signed_checkpoint(sizes[1]).unwrap().unwrap()).unwrap();
    let time = mailorder::clock::system_time(&world.now());
    let (text, _) = mailorder::pgp::verify::verify_clearsigned(&signed, &world.certificate(SHOP), time).unwrap();
    assert_eq!(text, ledger.read_checkpoint(sizes[1]).unwrap().unwrap().to_string());
    world.pass_hours(48);
    world.tend();
    assert_eq!(world.clerks[SHOP].ledger().checkpoints().unwrap(), sizes, "nothing was added");
}

#[test]
fn what_others_got_from_us_bears_witness_of_our_ledger() {
    // I10: a past that was rewritten shows by the heads that others name in their receipts.
    let mut world = World::new(ALL_STEPS);
    world.accept(SHOP, BUYER);
    let before = world.folder(BUYER).join("ledger");
    let copy = world.folder(BUYER).join("before");
    let kept = std::process::Command::new("cp").arg("-a").arg(&before).arg(&copy).status().unwrap();
    assert!(kept.success());
    let reread = |bytes: &[u8]| mailorder::mail::reread(bytes).map_err(|error| error.to_string());
    world.order(BUYER, |_| {});
    world.settle();
    let nothing = mailorder::ledger::Testimony::default();
    assert_eq!(world.clerks[BUYER].ledger().testimony(&reread).unwrap(), nothing);
    assert_eq!(world.clerks[SHOP].ledger().testimony(&reread).unwrap(), nothing);
    assert!(
        count(&mut world, BUYER, "in", "receipt") > 0,
        "the shop acknowledges the order before the terms are there"
    );
    // The owner goes back to an old copy and writes on: the receipt for what he wrote in between still comes.
    let shop = world.clerks[SHOP].me().address.clone();
    let receipts = receipts_of(&mut world, SHOP, BUYER);
    assert!(!receipts.is_empty(), "{shop}");
    std::fs::remove_dir_all(&before).unwrap();
    std::fs::rename(&copy, &before).unwrap();
    std::fs::remove_dir_all(world.folder(BUYER).join("outbox")).unwrap();
    // The index knows how long the log was: an account that has it does not go on (F22).
    for side in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(world.folder(BUYER).join(format!("index.sqlite{side}")));
    }
    world.reopen(BUYER);
    world.deliver(BUYER, &receipts);
    // The log agrees in itself, and what the shop says stands apart: whether it lies, only the owner can tell.
    let claims = |world: &World| {
        let said = world.clerks[BUYER].ledger().testimony(&reread).unwrap();
        assert_eq!(said.problems, []);
        said.claims
    };
    let [claim] = &claims(&world)[..] else { panic!("{:?}", claims(&world)) };
    assert!(!claim.settled && claim.peer == shop && claim.what.contains("did not write"), "{claim:?}");
    let id = mailorder::clerk::warning_id(&mailorder::ledger::Claim::subject(&shop));
    assert!(world.clerks[BUYER].settle_computed(&id, Settlement::Accept, Some("so be it".to_owned())).is_err());
    world.clerks[BUYER].settle_computed(&id, Settlement::Ack, None).unwrap();
    assert!(claims(&world)[0].settled);
    assert!(world.clerks[BUYER].settle_computed(&id, Settlement::Ack, None).is_err(), "settled once");
}

/// Sets an account back to a copy of its ledger, as a backup would, and forgets what stood beside it.
fn restore(world: &mut World, at: usize, copy: &std::path::Path) {
    let ledger = world.folder(at).join("ledger");
    std::fs::remove_dir_all(&ledger).unwrap();
    std::fs::rename(copy, &ledger).unwrap();
    std::fs::remove_dir_all(world.folder(at).join("outbox")).unwrap();
    for side in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(world.folder(at).join(format!("index.sqlite{side}")));
    }
    world.reopen(at);
}

#[test]
fn after_a_restore_the_numbers_go_on_above_those_that_others_have() {
    // Design 4: one number never stands for two letters, though the backup does not know the first.
    let highest = |world: &mut World, id: &OrderId| {
        let known = world.transaction(BUYER, Role::Buyer, id);
        let shop = known.order().unwrap().0.letter.to.clone();
        let ours = known.kept.iter().filter(|kept| kept.direction == Direction::Out && kept.letter.to == shop);
        ours.filter_map(|kept| kept.letter.seq).max().unwrap()
    };
    for receipted in [true, false] {
        let mut world = World::new(ALL_STEPS);
        let id = world.order(BUYER, |_| {});
        world.settle();
        confirm(&mut world, BUYER, &id);
        world.settle();
        let copy = world.folder(BUYER).join("before");
        let ledger = world.folder(BUYER).join("ledger");
        assert!(std::process::Command::new("cp").arg("-a").arg(&ledger).arg(&copy).status().unwrap().success());
        // A cancellation is receipted until the agents have spoken; a request is answered at once.
        let ask = |known: &mailorder::trade::Transaction| buyer::ask(known, &[Leg::Order]).unwrap().remove(0);
        for _ in 0..2 {
            world.buyer_writes(BUYER, &id, |known| match receipted {
                true if known.sent(Kind::Cancellation).next().is_none() => buyer::cancel(known, None).unwrap(),
                _ => ask(known),
            });
        }
        let before = highest(&mut world, &id);
        let mails = bytes(world.send(BUYER));
        // The first comes alone: then it is receipted, or answered, by itself.
        let mut back = Vec::new();
        for mail in mails {
            world.deliver(SHOP, &[mail]);
            back.extend(world.send(SHOP).into_iter().filter(|mail| mail.to == BUYER));
        }
        restore(&mut world, BUYER, &copy);
        assert!(highest(&mut world, &id) < before);
        world.deliver(BUYER, &bytes(back));
        world.buyer_writes(BUYER, &id, ask);
        assert_eq!(highest(&mut world, &id), before + 1, "receipted: {receipted}");
        world.settle();
        let shop = world.transaction(SHOP, Role::Shop, &id);
        assert!(shop.kept.iter().all(|kept| kept.verdict != Verdict::Warned), "number-reused");
        let grown = world.clerks[BUYER].index().dump().unwrap();
        world.clerks[BUYER].reindex().unwrap();
        assert_eq!(world.clerks[BUYER].index().dump().unwrap(), grown);
    }
}

#[test]
fn a_counterparty_that_lies_does_not_break_our_ledger_for_good() {
    let mut world = World::new(ALL_STEPS);
    world.order(BUYER, |_| {});
    world.settle();
    let (from, to) = (world.clerks[SHOP].me().clone(), world.clerks[BUYER].me().clone());
    let lie = |world: &World, begin: u32| {
        let line = |number: u32| mailorder::trade::document::Received {
            content: mailorder::trade::Digest::of(&number.to_be_bytes()),
            shop: None,
            transaction: None,
            seq: None,
            head: Some(mailorder::trade::Digest::of(b"never")),
        };
        let received = (begin..begin + 500).map(line).collect();
        let receipt = Document::Receipt(mailorder::trade::document::Receipt { received });
        let lie = Letter { date: world.now(), shop: None, transaction: None, ..letter(&from, &to, receipt) };
        sealed(&lie, world.clerks[SHOP].key().unwrap(), &world.certificate(BUYER), &world.now())
    };
    let audit = |world: &World| {
        let ledger = world.folder(BUYER).join("ledger");
        let run = crate::support::program::mailorder(&ledger, &["--json", "audit", "verify", ledger.to_str().unwrap()]);
        let said: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        // What is open of the claims is a problem; nothing else is one.
        let open = said["claims"].as_array().unwrap().iter().filter(|claim| claim["settled"] == false).count();
        assert_eq!(said["problems"].as_array().unwrap().len(), open, "{said}");
        (run.code.unwrap(), said["result"].as_str().unwrap().to_owned(), said["claims"].clone())
    };
    assert_eq!(audit(&world), (0, "clean".to_owned(), serde_json::json!([])));
    for round in 0..2_u32 {
        let mail = lie(&world, round * 500);
        let taken = world.deliver(BUYER, &[mail]);
        assert_eq!(taken.total(), 1);
        let (code, result, claims) = audit(&world);
        assert_eq!((code, result.as_str(), claims.as_array().unwrap().len()), (1, "broken", 1), "{claims}");
        assert_eq!((&claims[0]["letters"], &claims[0]["settled"]), (&500.into(), &false.into()), "{claims}");
        assert_eq!(claims[0]["peer"], from.address.as_str());
        world.clerks[BUYER].settle_computed(claims[0]["id"].as_str().unwrap(), Settlement::Ack, None).unwrap();
        let (code, result, claims) = audit(&world);
        assert_eq!((code, result.as_str(), &claims[0]["settled"]), (0, "clean", &true.into()), "{claims}");
    }
}

/// The receipts one account wrote to another, sealed once more.
fn receipts_of(world: &mut World, from: usize, to: usize) -> Vec<Vec<u8>> {
    let index = world.clerks[from].index();
    let rows = (0..).map_while(|position| index.entry(position).unwrap());
    let peer = world.clerks[to].me().address.clone();
    let receipts =
        rows.filter(|row| row.kind == "receipt" && row.direction == "out" && row.peer.as_ref() == Some(&peer));
    let key = world.clerks[from].key().unwrap();
    let reread = |bytes: &[u8]| mailorder::mail::reread(bytes).map_err(|error| error.to_string());
    let seal = |position: u64| {
        let file = world.clerks[from].ledger().read(position).unwrap();
        let read = mailorder::ledger::form::parse(&file, &reread).unwrap();
        let signed = read.seal.unwrap().signed;
        sealed_bytes(signed, read.entry.letter().unwrap(), key, &world.certificate(to), &world.now())
    };
    receipts.map(|row| seal(row.line.position)).collect()
}

#[test]
fn what_is_late_is_told_until_it_was_seen() {
    // P81, P84: a promised date passed, nobody said why, and a limit is reached.
    let mut world = World::new(ALL_STEPS);
    let id = world.accepted_order();
    assert_eq!(world.clerks[BUYER].computed_warnings().unwrap(), []);
    world.pass_hours(24 * 40);
    let codes = |world: &World| -> Vec<&str> {
        let open = world.clerks[BUYER].computed_warnings().unwrap();
        open.iter().filter(|warning| warning.settled.is_none()).map(|warning| warning.code.word()).collect()
    };
    assert_eq!(codes(&world), ["silent"; 3], "shipping, delivery and payment, each once: who is silent is late, too");
    let first = world.clerks[BUYER].computed_warnings().unwrap().remove(0);
    let refused = world.clerks[BUYER].settle_computed(&first.id, Settlement::Accept, Some("so be it".to_owned()));
    assert!(refused.is_err(), "what is late cannot be made to count");
    world.clerks[BUYER].settle_computed(&first.id, Settlement::Ack, None).unwrap();
    assert_eq!(codes(&world).len(), 2);
    world.clerks[BUYER].reindex().unwrap();
    assert_eq!(codes(&world).len(), 2, "what a person said is in the ledger");
    // Whoever breaks his silence without a word of when is late still: the same warning says it in other words, and what was
    // seen of it stays seen.
    let payment = |world: &World| {
        let all = world.clerks[BUYER].computed_warnings().unwrap();
        all.into_iter().find(|warning| warning.text.starts_with("payment")).unwrap()
    };
    let before = payment(&world);
    world.buyer_writes(BUYER, &id, |known| buyer::ask(known, &[Leg::Payment]).unwrap().remove(0));
    world.settle();
    let after = payment(&world);
    assert_eq!((before.code, after.code, &before.id), (Code::Silent, Code::Late, &after.id), "{after:?}");
    world.clerks[BUYER].settle_computed(&after.id, Settlement::Ack, None).unwrap();
    assert_eq!(codes(&world).len(), 1);
    let key = world.clerks[BANK].index().load_all(Some(Role::Payment)).unwrap()[0].key.clone();
    world.decide(BANK, &key, |known, desk| {
        payment::notify(known, &Notice { done: Some(desk.now), ..Notice::default() }, desk)
    });
    world.settle();
    let left = world.clerks[BUYER].computed_warnings().unwrap();
    assert!(left.iter().all(|warning| !warning.text.contains("payment")), "it goes when it is done: {left:?}");
}
