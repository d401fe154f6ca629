//! Mail that was set aside and is read later: it ends where any letter ends, in its mailbox too.

use mailorder::inbox::Inbox;
use mailorder::trade::document::Cancellation;
use mailorder::trade::{Document, Letter, Verdict};

use crate::support::imap::{self, Shared, mailbox};
use crate::support::trade::letter;
use crate::support::world::{BANK, BUYER, SHOP, World, sealed};

const ALL_STEPS: &str = r#"["authorize", "terms", "confirmation", "payment", "delivery"]"#;

/// A letter to the buyer that is no status.
fn mail_by(world: &World, writer: usize) -> Vec<u8> {
    let (from, to) = (world.clerks[writer].me().clone(), world.clerks[BUYER].me().clone());
    let shop = world.clerks[SHOP].me().address.clone();
    let document = Document::Cancellation(Cancellation { reason: None });
    let said = Letter { date: world.now(), shop: Some(shop), ..letter(&from, &to, document) };
    sealed(&said, world.clerks[writer].key().unwrap(), &world.certificate(BUYER), &world.now())
}

/// A letter of the bank, whose key the buyer knows from terms and has not accepted.
fn mail_of_the_bank(world: &mut World) -> Vec<u8> {
    world.accepted_order();
    mail_by(world, BANK)
}

/// Has the buyer read his mailbox on the server, judge what came, and mark it there.
fn pass(world: &mut World, shared: &Shared) -> Vec<Verdict> {
    pass_in(world, shared, "me")
}

/// The same in the mailbox of this user.
fn pass_in(world: &mut World, shared: &Shared, user: &str) -> Vec<Verdict> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let buyer = &mut world.clerks[BUYER];
    runtime.block_on(async {
        let mut settings = imap::settings();
        settings.largest = 100_000;
        settings.login.user = user.to_owned();
        let mut inbox = Inbox::Imap(Box::new(imap::inbox(shared, settings)));
        buyer.fetch(&mut inbox).await.unwrap();
        let taken = buyer.take_in().unwrap();
        buyer.mark(&mut inbox).await.unwrap();
        taken.counts.keys().copied().collect()
    })
}

fn marked(shared: &Shared) -> Vec<String> {
    shared.lock().unwrap().marked.clone()
}

#[test]
fn a_mail_set_aside_is_marked_in_its_mailbox_once_it_is_read() {
    let mut world = World::new(ALL_STEPS);
    let mail = mail_of_the_bank(&mut world);
    let shared = mailbox([(3, imap::ordinary(3)), (4, mail)]);
    assert_eq!(pass(&mut world, &shared), [Verdict::SetAside]);
    assert_eq!(marked(&shared), Vec::<String>::new(), "what is not read stays as it is");
    // Another start of the program, before the key is accepted.
    world.reopen(BUYER);
    assert_eq!(pass(&mut world, &shared), Vec::<Verdict>::new());
    world.accept(BUYER, BANK);
    let read = pass(&mut world, &shared);
    assert!(read.len() == 1 && read[0] != Verdict::SetAside, "{read:?}");
    assert_eq!(marked(&shared), ["UID STORE 4 +FLAGS.SILENT ($Mailorder)"]);
    assert_eq!(world.clerks[BUYER].set_aside().unwrap(), []);
    assert_eq!(pass(&mut world, &shared), Vec::<Verdict>::new());
    assert_eq!(marked(&shared).len(), 1, "once");
}

#[test]
fn where_a_mailbox_was_renumbered_the_mail_is_marked_where_it_lies_now() {
    let mut world = World::new(ALL_STEPS);
    let mail = mail_of_the_bank(&mut world);
    let shared = mailbox([(4, mail.clone())]);
    assert_eq!(pass(&mut world, &shared), [Verdict::SetAside]);
    {
        let mut mailbox = shared.lock().unwrap();
        (mailbox.uid_validity, mailbox.uid_next) = (Some(8), Some(12));
        mailbox.mails = [(11, mail)].into();
    }
    assert_eq!(pass(&mut world, &shared), [Verdict::SetAside]);
    assert_eq!(world.clerks[BUYER].set_aside().unwrap().len(), 1, "it is kept once");
    world.accept(BUYER, BANK);
    pass(&mut world, &shared);
    assert_eq!(marked(&shared), ["UID STORE 11 +FLAGS.SILENT ($Mailorder)"]);
}

#[test]
fn another_mailbox_with_the_same_numbers_is_read_from_its_beginning_and_nothing_in_it_marked_for_the_other() {
    let mut world = World::new(ALL_STEPS);
    let mail = mail_of_the_bank(&mut world);
    let shared = mailbox([(4, mail)]);
    assert_eq!(pass(&mut world, &shared), [Verdict::SetAside]);
    // The owner moves to another account; its server gave it the same UIDVALIDITY, and his own mail the same number.
    let other = mailbox([(2, mail_by(&world, SHOP)), (4, imap::ordinary(4)), (5, imap::ordinary(5))]);
    world.accept(BUYER, BANK);
    // What was set aside, and what lies below the number read before.
    assert_eq!(pass_in(&mut world, &other, "you"), [Verdict::Warned]);
    assert_eq!(marked(&other), ["UID STORE 2 +FLAGS.SILENT ($Mailorder)"]);
    assert_eq!(marked(&shared), Vec::<String>::new());
}

#[test]
fn a_mail_that_is_read_and_set_aside_again_keeps_its_place_in_the_mailbox() {
    let mut world = World::new(ALL_STEPS);
    let mail = mail_by(&world, BANK);
    let shared = mailbox([(4, mail)]);
    assert_eq!(pass(&mut world, &shared), [Verdict::SetAside]);
    let aside = world.clerks[BUYER].set_aside().unwrap();
    let place = r#"{"mailbox":"me@fake/INBOX","in":"imap","uid_validity":7,"uid":4}"#;
    assert_eq!((aside[0].origin.as_deref(), aside[0].unpinned.is_none()), (Some(place), true));
    // With the terms its key has come, so the letter is read; but nobody accepted the key for what it says.
    world.accepted_order();
    let aside = world.clerks[BUYER].set_aside().unwrap();
    assert_eq!((aside[0].origin.as_deref(), aside[0].unpinned.is_some()), (Some(place), true));
    pass(&mut world, &shared);
    assert_eq!(marked(&shared), Vec::<String>::new());
    world.accept(BUYER, BANK);
    pass(&mut world, &shared);
    assert_eq!(marked(&shared), ["UID STORE 4 +FLAGS.SILENT ($Mailorder)"]);
}
