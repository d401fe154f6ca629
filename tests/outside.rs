//! What stands outside of a letter's seal, who comes unknown, and mails that brought the program down: the clerk with real
//! keys, over a post of our own.

use std::collections::BTreeMap;

use mailorder::role::{self, Notice};
use mailorder::trade::{Address, Digest, Document, Kept, Kind, Leg, Letter, MessageId, OrderId, Party, Role, Verdict};

use crate::support::trade::{jpy, letter, payment_status};
use crate::support::world::{BANK, BUYER, SHOP, World, sealed};

const STEPS: &str = r#"["terms", "confirmation", "payment", "delivery"]"#;

/// Returns the one mail an account sends now.
fn one_mail(world: &mut World, from: usize) -> Vec<u8> {
    let mut mails = world.send(from);
    assert_eq!(mails.len(), 1);
    mails.remove(0).bytes
}

/// Returns a mail with the outer fields of these names replaced, folded lines and all.
fn with_fields(mail: &[u8], names: &[&str], written: &str) -> Vec<u8> {
    let text = String::from_utf8(mail.to_vec()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut kept = Vec::new();
    let mut inside = false;
    for line in head.split("\r\n") {
        if !line.starts_with([' ', '\t']) {
            inside = names.iter().any(|name| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
        }
        if !inside {
            kept.push(line);
        }
    }
    format!("{written}{}\r\n\r\n{body}", kept.join("\r\n")).into_bytes()
}

#[test]
fn what_the_outer_header_claims_is_not_what_the_letter_says_b51() {
    let mut world = World::new(STEPS);
    let id = world.order(BUYER, |_| {});
    let mail = one_mail(&mut world, BUYER);
    let false_ones = "Subject: cancelled\r\nTo: else@elsewhere.example\r\nDate: Thu, 1 Jan 1998 00:00:00 +0000\r\n\
                      In-Reply-To: <1@elsewhere.example>\r\nReferences: <1@elsewhere.example>\r\n";
    let mail = with_fields(&mail, &["subject", "to", "date", "in-reply-to", "references"], false_ones);
    let taken = world.deliver(SHOP, &[mail]);
    assert_eq!(taken.counts.get(&Verdict::Applied), Some(&1), "{taken:?}");
    let (ours, theirs) = (world.transaction(BUYER, Role::Buyer, &id), world.transaction(SHOP, Role::Shop, &id));
    assert_eq!(ours.order().unwrap().0.letter, theirs.order().unwrap().0.letter);
}

#[test]
fn autocrypt_headers_that_are_none_are_passed_over_b54() {
    let mut world = World::new(STEPS);
    world.order(BUYER, |_| {});
    world.settle();
    let whole = "Autocrypt: addr=buyer@buyer.example; prefer-encrypt=mutual; keydata=AAAA\r\n";
    let large = format!("Autocrypt: addr=buyer@buyer.example; keydata={}\r\n", "\r\n A".repeat(10_000));
    let broken = [
        whole.repeat(3),
        "Autocrypt: addr=else@elsewhere.example; keydata=AAAA\r\n".to_owned(),
        "Autocrypt: addr=buyer@buyer.example; keydata=%%%\r\n".to_owned(),
        "Autocrypt: \r\n".to_owned(),
        large,
    ];
    for header in broken {
        world.order(BUYER, |_| {});
        let mail = with_fields(&one_mail(&mut world, BUYER), &["autocrypt"], &header);
        let taken = world.deliver(SHOP, &[mail]);
        assert_eq!(taken.counts.get(&Verdict::Applied), Some(&1), "{header:.60}: {taken:?}");
        world.settle();
    }
}

#[test]
fn a_letter_to_our_key_is_ours_whatever_address_it_names_b59() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    let known = world.transaction(BUYER, Role::Buyer, &id);
    let (from, mut to) = (world.clerks[BANK].me().clone(), world.clerks[BUYER].me().clone());
    to.address = Address::parse("victim@elsewhere.example").unwrap();
    let said = Letter {
        date: world.now(),
        shop: Some(known.key.shop.clone()),
        transaction: known.number.clone(),
        terms: known.terms().map(|(terms, _)| terms.content),
        seq: Some(7),
        as_of: Some(world.now()),
        done: Some(false),
        id: MessageId::parse("7@bank.example").unwrap(),
        ..letter(&from, &to, payment_status(jpy(4800), Vec::new()))
    };
    let mail = sealed(&said, world.clerks[BANK].key().unwrap(), &world.certificate(BUYER), &world.now());
    let taken = world.deliver(BUYER, &[mail]);
    assert_eq!(taken.counts.get(&Verdict::Applied), Some(&1), "{taken:?}");
    // It left a gap, which is asked about: at the address of the terms, as always.
    let queued = world.clerks[BUYER].queue().list().unwrap();
    assert!(!queued.is_empty() && queued.iter().all(|item| item.label.envelope.to == from.address), "{queued:?}");
    let have = known.have(&from.fingerprint);
    assert_eq!(asked(&mut world, &id, &from), [(Leg::Payment, have)]);
}

/// Returns what the buyer asked somebody: about which leg, and which number he said he had.
fn asked(world: &mut World, id: &OrderId, of: &Party) -> Vec<(Leg, u32)> {
    let known = world.transaction(BUYER, Role::Buyer, id);
    let of_theirs = known.sent(Kind::StatusRequest).filter(|sent| sent.letter.to.fingerprint == of.fingerprint);
    let what = |sent: &Kept| match &sent.letter.document {
        Document::StatusRequest(request) => (request.leg, request.have),
        _ => unreachable!("of this kind"),
    };
    of_theirs.map(what).collect()
}

/// Has the payment agent write when it is to be paid; returns the mail to the buyer, which nobody has delivered.
fn planned(world: &mut World, id: &OrderId, day: &str) -> Vec<u8> {
    let number = world.transaction(BUYER, Role::Buyer, id).number;
    let all = world.clerks[BANK].index().load_all(Some(Role::Payment)).unwrap();
    let key = all.into_iter().find(|one| one.number == number).unwrap().key;
    let notice = Notice { planned: Some(crate::support::trade::day(day)), ..Notice::default() };
    world.decide(BANK, &key, |known, desk| role::notify(known, &notice, desk));
    let mut mails: Vec<_> = world.send(BANK).into_iter().filter(|mail| mail.to == BUYER).collect();
    assert_eq!(mails.len(), 1);
    mails.remove(0).bytes
}

#[test]
fn a_gap_in_a_senders_numbers_is_asked_for_once_and_closed_by_what_was_missing() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    let bank = world.clerks[BANK].me().clone();
    let stands = |world: &mut World| {
        let known = world.transaction(BUYER, Role::Buyer, &id);
        (known.have(&bank.fingerprint), known.has_gap(&bank.fingerprint))
    };
    let (have, gap) = stands(&mut world);
    assert!(have > 0 && !gap, "the agent has written already");
    let bring = |world: &mut World, day: &str, arrives: bool| {
        let mail = planned(world, &id, day);
        if arrives {
            world.deliver(BUYER, std::slice::from_ref(&mail));
        }
        mail
    };
    let lost = bring(&mut world, "2026-08-01", false);
    assert_eq!(asked(&mut world, &id, &bank), []);
    bring(&mut world, "2026-08-02", true);
    assert_eq!(stands(&mut world), (have, true));
    assert_eq!(asked(&mut world, &id, &bank), [(Leg::Payment, have)], "what is below the gap is had");
    // The question went to the agent alone, and is in the post once.
    let posted: Vec<_> = world.send(BUYER).into_iter().filter(|mail| mail.to != BUYER).collect();
    assert!(posted.iter().any(|mail| mail.to == BANK), "{}", posted.len());
    // More above the same gap asks no more.
    bring(&mut world, "2026-08-03", true);
    bring(&mut world, "2026-08-04", true);
    assert_eq!(asked(&mut world, &id, &bank).len(), 1, "once for a gap");
    // What was missing closes it, and changes nothing: newer letters count.
    let taken = world.deliver(BUYER, &[lost]);
    assert_eq!(taken.counts.get(&Verdict::Stale), Some(&1), "{taken:?}");
    assert_eq!(stands(&mut world), (have + 4, false));
    assert_eq!(asked(&mut world, &id, &bank).len(), 1);
    // Another gap is another question, with the number that is had now.
    bring(&mut world, "2026-08-05", false);
    bring(&mut world, "2026-08-06", true);
    assert_eq!(asked(&mut world, &id, &bank), [(Leg::Payment, have), (Leg::Payment, have + 4)]);
}

#[test]
fn letters_that_the_post_swapped_are_taken_in_their_numbers_and_nothing_is_asked_for() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    let bank = world.clerks[BANK].me().clone();
    let mut mails: Vec<_> = ["2026-08-01", "2026-08-02", "2026-08-03"].map(|day| planned(&mut world, &id, day)).into();
    mails.reverse();
    let taken = world.deliver(BUYER, &mails);
    assert_eq!(taken.counts, BTreeMap::from([(Verdict::Applied, 3)]));
    assert_eq!(asked(&mut world, &id, &bank), []);
    assert!(!world.transaction(BUYER, Role::Buyer, &id).has_gap(&bank.fingerprint));
}

#[test]
fn sixty_strangers_an_hour_are_let_in_and_no_more() {
    let mut world = World::new(STEPS);
    let mut mails = Vec::new();
    for number in 0..61 {
        let stranger = world.join(&format!("b{number}"));
        world.order(stranger, |_| {});
        mails.push(one_mail(&mut world, stranger));
    }
    let taken = world.deliver(SHOP, &mails);
    assert_eq!((taken.counts.get(&Verdict::Applied), taken.counts.get(&Verdict::SetAside)), (Some(&60), Some(&1)));
    // Who has been let in goes on; a new one waits until the hour is over.
    world.order(BUYER, |_| {});
    let mail = one_mail(&mut world, BUYER);
    assert_eq!(world.deliver(SHOP, &[mail]).counts.get(&Verdict::SetAside), Some(&1));
    world.order(BUYER + 4, |_| {});
    let mail = one_mail(&mut world, BUYER + 4);
    assert_eq!(world.deliver(SHOP, &[mail]).counts.get(&Verdict::Applied), Some(&1));
    let codes = |world: &World| {
        let aside = world.clerks[SHOP].set_aside().unwrap();
        aside.into_iter().map(|aside| aside.reason.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(&world), ["too-many-strangers"; 2], "their keys are not unknown: there is no room for them");
    // Then those who wait are read with the next mail that comes, and nothing of it is set aside again.
    world.pass_hours(2);
    world.order(BUYER, |_| {});
    let mail = one_mail(&mut world, BUYER);
    let taken = world.deliver(SHOP, &[mail]);
    assert_eq!((taken.counts.get(&Verdict::Applied), taken.counts.get(&Verdict::SetAside)), (Some(&3), None));
    assert_eq!(codes(&world), [""; 0]);
}

#[test]
fn a_mail_at_which_the_program_ended_three_times_is_set_aside_unread() {
    for (ends, code) in [(2, None), (3, Some("bad-shape"))] {
        let mut world = World::new(STEPS);
        world.order(BUYER, |_| {});
        let mail = one_mail(&mut world, BUYER);
        world.clerks[SHOP].spool(std::slice::from_ref(&mail)).unwrap();
        let spool = world.folder(SHOP).join("spool");
        let file = crate::support::accounts::files(&spool.join("new")).remove(0);
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        std::fs::write(spool.join("handling"), format!("{ends} {name}\n")).unwrap();
        world.reopen(SHOP);
        // What else lies there is taken in as ever.
        let other = world.join("other");
        world.order(other, |_| {});
        let good = one_mail(&mut world, other);
        let taken = world.deliver(SHOP, &[good]);
        let aside = world.clerks[SHOP].set_aside().unwrap();
        assert_eq!(aside.first().map(|aside| aside.reason.code.as_str()), code, "{ends}");
        let applied = if code.is_some() { 1 } else { 2 };
        assert_eq!(taken.counts.get(&Verdict::Applied), Some(&applied), "{taken:?}");
        assert!(!spool.join("handling").exists() || std::fs::read(spool.join("handling")).unwrap().is_empty());
        if code.is_some() {
            assert!(aside[0].reason.text.contains("three times") && aside[0].name == Digest::of(&mail).hex());
        }
    }
}
