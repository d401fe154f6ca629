//! Keys are renewed in time, and who writes to each other learns of it.

use super::*;

#[test]
fn a_key_is_renewed_in_its_last_90_days_by_whoever_writes_first() {
    let mut world = World::new(ALL_STEPS);
    world.order(BUYER, |_| {});
    let folder = world.folder(BUYER);
    let (secret, exported) = (folder.join("keys/own.asc"), folder.join("cert.asc"));
    std::fs::write(&exported, world.certificate(BUYER).to_armored()).unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o400)).unwrap();
    let before = std::fs::read(&secret).unwrap();
    let now = system_time(&world.now());
    let old_end = world.clerks[BUYER].key().unwrap().ends(now).unwrap();
    let print = world.certificate(BUYER).fingerprint().clone();

    pass_days(&world, LIFE - 91);
    world.tend();
    assert_eq!(std::fs::read(&secret).unwrap(), before, "a day too early");

    pass_days(&world, 2);
    let mut beside = Clerk::open(world.clerks[BUYER].settings().clone(), world.clock.clone()).unwrap();
    assert!(world.clerks[BUYER].take_notes().is_empty());
    world.clerks[BUYER].tend().unwrap();
    let notes = world.clerks[BUYER].take_notes();
    assert!(notes.len() == 1 && notes[0].starts_with("your key is renewed until 20"), "{notes:?}");
    let key = OwnKey::from_bytes(&std::fs::read(&secret).unwrap()).unwrap();
    let now = system_time(&world.now());
    assert!(key.ends(now).unwrap() > old_end + std::time::Duration::from_secs(900 * 86_400));
    assert_eq!(*key.fingerprint(), print);
    assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o400);
    assert!(!folder.join("keys/own.new").exists());
    for copy in [std::fs::read(&exported).unwrap(), world.clerks[BUYER].ledger().certificate(&print).unwrap().unwrap()]
    {
        assert_eq!(Certificate::from_bytes(&copy).unwrap().usable(old_end + std::time::Duration::from_secs(1)), Ok(()));
    }
    // A process that has the old key in memory takes the new one over, and makes no second one.
    let renewed = std::fs::read(&secret).unwrap();
    beside.tend().unwrap();
    assert!(beside.take_notes().is_empty());
    assert_eq!(std::fs::read(&secret).unwrap(), renewed);
    assert_eq!(beside.key().unwrap().ends(now), key.ends(now));
    // What was signed three years ago verifies with the certificate that lies beside the ledger.
    assert!(check_signatures(&mut world, BUYER) > 0);
}

#[test]
fn those_who_write_to_each_other_learn_of_renewals_by_their_letters() {
    let mut world = World::new(ALL_STEPS);
    let first = world.order(BUYER, |_| {});
    world.settle();
    assert_eq!(state(&mut world, &first), State::Offered);
    let known = pins(&mut world, BUYER);
    pass_days(&world, LIFE - 60);
    world.tend();
    let second = world.order(BUYER, |_| {});
    world.settle();
    assert_eq!(state(&mut world, &second), State::Offered);
    let key = world.key(Role::Buyer, &second);
    world.decide(BUYER, &key, |known, desk| Ok(vec![buyer::confirm(known, desk)?.into()]));
    world.settle();
    // The bank was asked after the OK, and its own letter brought its renewal.
    assert_eq!(pins(&mut world, BUYER), known + 3, "the renewals of shop, bank and courier are entries");
    let (bank, end) = (world.clerks[BANK].me().fingerprint.to_string(), world.now().plus_seconds(200 * 86_400));
    let known = world.clerks[BUYER].find_certificate(&bank).unwrap().unwrap();
    assert_eq!(known.usable(system_time(&end)), Ok(()));
    let shop = world.clerks[SHOP].me().clone();
    let pin = world.clerks[BUYER].index().pin_of(&shop.address).unwrap().unwrap();
    assert_eq!(
        (pin.fingerprint, pin.by),
        (shop.fingerprint.clone(), PinnedBy::User),
        "the pin is the user's as before"
    );
    let stranger = world.clerks[BUYER].me().address.clone();
    let pin = world.clerks[SHOP].index().pin_of(&stranger).unwrap().unwrap();
    assert_eq!(pin.by, PinnedBy::FirstUse, "a renewal makes no friend of a stranger");
    // The old ends have passed, and nobody notices.
    pass_days(&world, 120);
    let third = world.order(BUYER, |_| {});
    world.settle();
    let key = world.key(Role::Buyer, &third);
    world.decide(BUYER, &key, |known, desk| Ok(vec![buyer::confirm(known, desk)?.into()]));
    world.settle();
    assert_eq!(state(&mut world, &third), State::Open);
    let entries = world.entries(BUYER).len();
    world.settle();
    assert_eq!(world.entries(BUYER).len(), entries);
    for at in [BUYER, SHOP, BANK, COURIER] {
        assert!(world.clerks[at].index().unsealed().unwrap().is_empty(), "{at}");
        assert!(world.clerks[at].set_aside().unwrap().is_empty(), "{at}");
        assert!(check_signatures(&mut world, at) > 0);
        check_replay(&mut world, at);
    }
}

#[test]
fn who_missed_the_renewal_learns_of_it_from_the_letter_or_from_a_file() {
    let mut world = lapsed();
    // F37: to a key that has ended nothing is written, and the person is told.
    let id = OrderId::from_bytes([7; 26]);
    let shop = world.clerks[SHOP].me().clone();
    let person = crate::support::trade::person(&world.clerks[BUYER].me().clone());
    let order = mailorder::trade::Order { buyer: person, total: jpy(4800), ..crate::support::trade::order() };
    let refused = world.clerks[BUYER].post(vec![buyer::order(order, id, shop.clone())]);
    assert!(matches!(refused, Err(ClerkError::Unusable { .. })), "{refused:?}");
    world.clerks[SHOP].tend().unwrap();
    let file = world.certificate(SHOP);
    assert!(world.clerks[BUYER].renew_known(&file).unwrap());
    assert!(!world.clerks[BUYER].renew_known(&file).unwrap(), "a second time it says nothing new");
    let stranger = OwnKey::generate("", &Address::parse("a@b.example").unwrap(), system_time(&world.now())).unwrap();
    assert!(!world.clerks[BUYER].renew_known(stranger.certificate()).unwrap(), "an unknown key stays unknown");

    // The shop has the buyer's old certificate. The header tells; without it the letter waits for a file.
    let one = world.order(BUYER, |_| {});
    let other = world.order(BUYER, |_| {});
    let mails = bytes(world.send(BUYER));
    assert_eq!(mails.len(), 2);
    let bare = reheaded(&mails[1], None);
    world.deliver(SHOP, &[bare]);
    let aside = world.clerks[SHOP].set_aside().unwrap();
    assert_eq!((aside.len(), aside[0].reason.code.as_str()), (1, "signer-expired"));
    for _ in 0..2 {
        assert_eq!(world.deliver(SHOP, &[]).total(), 0, "nothing new is known of the key");
    }
    let file = world.certificate(BUYER);
    assert!(world.clerks[SHOP].renew_known(&file).unwrap());
    assert_eq!(world.deliver(SHOP, &[]).counts.get(&Verdict::Applied), Some(&1));
    assert!(world.clerks[SHOP].set_aside().unwrap().is_empty());
    world.deliver(SHOP, &mails[..1]);
    check_replay(&mut world, SHOP);
    world.tend();
    for (reader, owner) in [(SHOP, BANK), (SHOP, COURIER), (BANK, SHOP)] {
        let file = world.certificate(owner);
        world.clerks[reader].renew_known(&file).unwrap();
    }
    world.tend();
    world.settle();
    for id in [one, other] {
        assert_eq!(state(&mut world, &id), State::Offered);
    }
    check_signatures(&mut world, SHOP);
}

#[test]
fn what_another_process_learns_of_a_key_is_known_to_this_one() {
    let mut world = lapsed();
    world.clerks[SHOP].tend().unwrap();
    let file = world.certificate(SHOP);
    world.clerks[BUYER].renew_known(&file).unwrap();
    world.order(BUYER, |_| {});
    let bare = reheaded(&bytes(world.send(BUYER))[0], None);
    world.deliver(SHOP, &[bare]);
    assert_eq!(world.clerks[SHOP].set_aside().unwrap()[0].reason.code, "signer-expired");
    // `key import` runs beside a `watch` that has looked at the old certificate just now.
    let settings = world.clerks[SHOP].settings().clone();
    let mut beside = Clerk::open(settings, world.clerks[SHOP].clock().clone()).unwrap();
    assert!(beside.renew_known(&world.certificate(BUYER)).unwrap());
    assert_eq!(world.deliver(SHOP, &[]).counts.get(&Verdict::Applied), Some(&1));
    assert!(world.clerks[SHOP].set_aside().unwrap().is_empty());
}

#[test]
fn a_header_alone_brings_a_renewal_to_one_who_missed_it() {
    let mut world = lapsed();
    world.clerks[SHOP].tend().unwrap();
    let file = world.certificate(SHOP);
    world.clerks[BUYER].renew_known(&file).unwrap();
    let known = pins(&mut world, SHOP);
    world.order(BUYER, |_| {});
    let mails = bytes(world.send(BUYER));
    let taken = world.deliver(SHOP, &mails);
    assert_eq!(taken.counts.get(&Verdict::Applied), Some(&1), "{taken:?}");
    assert_eq!(pins(&mut world, SHOP), known + 1);
    check_replay(&mut world, SHOP);
    world.reopen(SHOP);
    let now = system_time(&world.now());
    let buyer = world.certificate(BUYER).fingerprint().to_string();
    let known = world.clerks[SHOP].find_certificate(&buyer).unwrap().unwrap();
    assert_eq!(known.usable(now), Ok(()));
}
