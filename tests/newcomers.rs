//! Many first-time buyers at once: a shop takes so many keys it does not know in an hour; who comes beyond that waits, is let
//! in without anybody's doing, the oldest first, and has his terms in the end (P3).

use std::collections::{BTreeMap, BTreeSet};

use mailorder::clerk::{Aside, TakenIn};
use mailorder::trade::{Kind, OrderId, Role, Verdict};

use crate::support::world::{BUYER, SHOP, World};

const STEPS: &str = r#"["terms", "confirmation", "payment", "delivery"]"#;
/// How many are let in within an hour where nothing else is set.
const AN_HOUR: usize = 60;
const BUYERS: usize = 200;

/// Somebody whose key the shop does not know.
struct Newcomer {
    place: usize,
    address: String,
}

fn newcomer(world: &mut World, name: &str) -> Newcomer {
    let place = world.join(name);
    Newcomer { place, address: format!("{name}@{name}.example") }
}

/// Has somebody order; returns the order and its mail.
fn orders(world: &mut World, who: &Newcomer) -> (OrderId, Vec<u8>) {
    let id = world.order(who.place, |_| {});
    let mut mails = world.send(who.place);
    assert_eq!(mails.len(), 1);
    (id, mails.remove(0).bytes)
}

/// Sets how many are let in within an hour.
pub fn let_in(world: &mut World, most: usize) {
    let file = world.folder(SHOP).join("config.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace("\nstrangers_per_hour = 2\n", "\n");
    let policy = "policy = \"first-use\"\n";
    std::fs::write(&file, text.replacen(policy, &format!("{policy}strangers_per_hour = {most}\n"), 1)).unwrap();
    world.configure(SHOP, "");
}

fn looks(world: &mut World) -> TakenIn {
    world.clerks[SHOP].take_in().unwrap()
}

fn count(taken: &TakenIn, verdict: Verdict) -> usize {
    usize::try_from(taken.counts.get(&verdict).copied().unwrap_or(0)).unwrap()
}

/// Returns who waits for room, as they are listed.
fn waiting(world: &World) -> Vec<Aside> {
    let aside = world.clerks[SHOP].set_aside().unwrap();
    for one in &aside {
        assert_eq!(one.reason.code, "too-many-strangers");
        assert!(one.reason.text.contains("read by itself"), "{}", one.reason.text);
    }
    aside
}

fn names(world: &World) -> BTreeSet<String> {
    waiting(world).iter().map(|aside| aside.from.as_ref().unwrap().to_string()).collect()
}

/// Returns to whom the shop has written terms since it was asked last.
fn told(world: &mut World) -> Vec<usize> {
    let mails = world.send(SHOP);
    let told = mails.iter().map(|mail| mail.to).collect();
    for mail in mails {
        world.deliver(mail.to, &[mail.bytes]);
    }
    told
}

#[test]
fn two_hundred_first_time_buyers_at_once_all_have_their_terms_in_the_end_and_nothing_twice_p3() {
    let mut world = World::new(STEPS);
    let buyers: Vec<Newcomer> = (0..BUYERS).map(|n| newcomer(&mut world, &format!("n{n}"))).collect();
    let (ids, mails): (Vec<OrderId>, Vec<Vec<u8>>) = buyers.iter().map(|who| orders(&mut world, who)).unzip();
    let taken = world.deliver(SHOP, &mails);
    assert_eq!((count(&taken, Verdict::Applied), count(&taken, Verdict::SetAside)), (AN_HOUR, BUYERS - AN_HOUR));
    let mut terms = told(&mut world);
    assert_eq!(terms.len(), AN_HOUR);
    for expected in [60, 60, 20] {
        // Until there is room nothing is opened again, whether the program goes on or begins anew.
        let waits = waiting(&world);
        world.clock.set(world.now().plus_seconds(3_599));
        world.reopen(SHOP);
        assert!(world.clerks[SHOP].reindex().unwrap() > 0);
        assert_eq!(looks(&mut world).total(), 0);
        assert_eq!(waiting(&world), waits);
        // Each was told the moment of his turn.
        let moment = world.now().plus_seconds(1);
        let (turn, left): (Vec<Aside>, Vec<Aside>) =
            waits.into_iter().partition(|one| one.reason.text.contains(&moment.to_string()));
        assert_eq!(turn.len(), usize::try_from(expected).unwrap());
        world.clock.set(moment);
        let taken = looks(&mut world);
        assert_eq!((taken.total(), count(&taken, Verdict::Applied)), (expected, usize::try_from(expected).unwrap()));
        assert_eq!(waiting(&world), left);
        terms.extend(told(&mut world));
    }
    assert!(waiting(&world).is_empty());
    let places: BTreeSet<usize> = terms.iter().copied().collect();
    assert_eq!(
        (terms.len(), places),
        (BUYERS, buyers.iter().map(|who| who.place).collect()),
        "each is written to once"
    );
    let mut kinds: BTreeMap<(String, String), usize> = BTreeMap::new();
    for entry in world.entries(SHOP) {
        *kinds.entry(entry).or_default() += 1;
    }
    let kind = |way: &str, kind: &str| kinds[&(way.to_owned(), kind.to_owned())];
    assert_eq!((kind("in", "order"), kind("out", "transaction-info")), (BUYERS, BUYERS));
    for (who, id) in buyers.iter().zip(&ids) {
        let known = world.transaction(who.place, Role::Buyer, id);
        assert_eq!(known.received(Kind::TransactionInfo).count(), 1, "{}", who.address);
    }
    world.pass_hours(2);
    assert_eq!(looks(&mut world).total(), 0);
    assert!(world.clerks[SHOP].index().warnings(true).unwrap().is_empty() && told(&mut world).is_empty());
}

#[test]
fn who_waits_is_let_in_before_whoever_comes_later_and_with_all_his_letters() {
    let mut world = World::new(STEPS);
    let_in(&mut world, 2);
    let [a, b, c, d, e, f] = ["a", "b", "c", "d", "e", "f"].map(|name| newcomer(&mut world, name));
    let comes = |world: &mut World, who: &Newcomer| {
        let (_, mail) = orders(world, who);
        let taken = world.deliver(SHOP, &[mail]);
        world.clock.set(world.now().plus_seconds(60));
        taken
    };
    for (who, verdict) in [(&a, Verdict::Applied), (&b, Verdict::Applied), (&c, Verdict::SetAside)] {
        assert_eq!(count(&comes(&mut world, who), verdict), 1, "{}", who.address);
    }
    // He orders once more while he waits, which needs no more room.
    for who in [&c, &d, &e] {
        assert_eq!(count(&comes(&mut world, who), Verdict::SetAside), 1, "{}", who.address);
    }
    let of = |all: &[&Newcomer]| all.iter().map(|who| who.address.clone()).collect::<BTreeSet<String>>();
    assert_eq!((waiting(&world).len(), names(&world)), (4, of(&[&c, &d, &e])));
    world.pass_hours(1);
    // One more comes just now: those who waited are first, though his mail was there before they were looked for.
    let taken = comes(&mut world, &f);
    assert_eq!((count(&taken, Verdict::Applied), count(&taken, Verdict::SetAside)), (3, 1), "{taken:?}");
    assert_eq!(names(&world), of(&[&e, &f]));
    world.pass_hours(1);
    assert_eq!(count(&looks(&mut world), Verdict::Applied), 2);
    assert!(waiting(&world).is_empty());
}

#[test]
fn whom_the_owner_accepts_waits_no_longer_and_a_greater_number_holds_at_once() {
    let mut world = World::new(STEPS);
    let_in(&mut world, 2);
    let all = ["a", "b", "c", "d", "e", "f"].map(|name| newcomer(&mut world, name));
    let mails: Vec<Vec<u8>> = all.iter().map(|who| orders(&mut world, who).1).collect();
    let taken = world.deliver(SHOP, &mails);
    assert_eq!((count(&taken, Verdict::Applied), count(&taken, Verdict::SetAside)), (2, 4));
    let left = names(&world);
    let last = all.iter().rfind(|who| left.contains(&who.address)).unwrap();
    world.accept(SHOP, last.place);
    assert_eq!(count(&looks(&mut world), Verdict::Applied), 1);
    assert_eq!(names(&world).len(), 3);
    assert!(!names(&world).contains(&last.address));
    let_in(&mut world, 4);
    assert_eq!(count(&looks(&mut world), Verdict::Applied), 2);
    assert_eq!(names(&world).len(), 1);
    // The same mail again is no second one, neither while it waits nor later.
    assert_eq!(count(&world.deliver(SHOP, &mails), Verdict::Repeat), 5);
    assert_eq!(names(&world).len(), 1);
    world.pass_hours(1);
    looks(&mut world);
    assert_eq!(world.entries(SHOP).iter().filter(|(way, kind)| way == "in" && kind == "order").count(), 6);
    // Somebody else is a stranger like any.
    world.order(BUYER, |_| {});
    let mail = world.send(BUYER).remove(0).bytes;
    assert_eq!(count(&world.deliver(SHOP, &[mail]), Verdict::Applied), 1);
}
