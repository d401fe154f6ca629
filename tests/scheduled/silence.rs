//! A promised date passed and nothing was heard: the agent in charge is asked, then the shop, then the return is ready.

use mailorder::role::{Notice, buyer, notify, silence};
use mailorder::trade::{Act, Arrival, Document, Kind, Leg, Role, Schedule, ScheduleName, Target};
use mailorder::view::schedules::{PRESETS, prepared};

use super::{STEPS, asked, look};
use crate::support::trade::{at, day};
use crate::support::world::{BANK, BUYER, COURIER, SHOP, World};

fn late_preset() -> Schedule {
    let preset = PRESETS.iter().find(|preset| preset.name == "late").unwrap();
    Schedule {
        name: ScheduleName::parse(preset.name).unwrap(),
        target: Target::Query(preset.query.to_owned()),
        when: preset.when.to_owned(),
        legs: Vec::new(),
        in_turn: preset.in_turn,
        paused: false,
    }
}

#[test]
fn agent_then_shop_are_asked_and_then_the_return_is_ready_and_not_sent() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    // The shop ships at once; the goods are promised for the 17th. Paid is on its day.
    let (shop_key, pay_key) =
        (world.key(Role::Shop, &id), world.clerks[BANK].index().load_all(None).unwrap()[0].key.clone());
    for (at, key) in [(SHOP, shop_key), (BANK, pay_key)] {
        let notice = Notice { done: Some(world.now()), ..Notice::default() };
        world.decide(at, &key, |known, desk| notify(known, &notice, desk));
    }
    world.settle();
    world.clerks[BUYER].put_schedule(late_preset(), false).unwrap();
    let mut step = |time: &str| {
        look(&mut world, time);
        let ready = prepared(&world.clerks[BUYER], &world.now()).unwrap();
        (asked(&mut world, &id), ready.len())
    };
    assert_eq!(step("2026-07-17T09:00:00Z"), (vec![], 0), "the promised day is not over");
    assert_eq!(step("2026-07-18T09:00:00Z"), (vec![Leg::Delivery], 0), "the agent in charge");
    assert_eq!(step("2026-07-20T09:00:00Z"), (vec![Leg::Delivery], 0));
    assert_eq!(step("2026-07-21T09:00:00Z"), (vec![Leg::Delivery, Leg::Order], 0), "then the shop");
    assert_eq!(step("2026-07-23T23:00:00Z"), (vec![Leg::Delivery, Leg::Order], 0));
    assert_eq!(step("2026-07-24T00:30:00Z"), (vec![Leg::Delivery, Leg::Order], 1), "then the return is ready");
    assert_eq!(step("2026-08-19T09:00:00Z"), (vec![Leg::Delivery, Leg::Order], 1));
    let known = world.transaction(BUYER, Role::Buyer, &id);
    assert_eq!(known.sent(Kind::ReturnRequest).count(), 0, "nobody but the buyer sends it");
    // What has come meanwhile, as the buyer says, is not to be given back for being late.
    let came = buyer::Came { whole: true, lines: Vec::new(), at: mailorder::trade::When::Moment(world.now()) };
    let mut without = known.clone();
    let Act::Received { lines, at } = buyer::received(&known, &came, &world.now()).unwrap() else { unreachable!() };
    without.arrivals.push(Arrival { position: 99, recorded: world.now(), at, lines });
    assert!(silence::prepared(&without, &world.now(), 3).is_none());
    // One keystroke: what is prepared is a return of all of it, with its reason.
    let (found, draft) = silence::prepared(&known, &world.now(), 3).unwrap();
    assert_eq!((found.leg, found.promised.to_string().as_str()), (Leg::Delivery, "2026-07-17"));
    let Document::ReturnRequest(request) = &draft.document else { panic!("{draft:?}") };
    assert_eq!(request.lines.len(), 2);
    assert!(request.reason.text.contains("promised for 2026-07-17"), "{:?}", request.reason);
    world.buyer_writes(BUYER, &id, |_| draft);
    assert!(prepared(&world.clerks[BUYER], &world.now()).unwrap().is_empty(), "it is asked for once");
}

#[test]
fn news_begins_the_wait_anew_and_another_date_is_no_more_than_news() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    let key = world.key(Role::Buyer, &id);
    world.clock.set(at("2026-07-19T09:00:00Z"));
    let due = |world: &mut World, now: &str| {
        world.clock.set(at(now));
        let known = world.transaction(BUYER, Role::Buyer, &id);
        let all = silence::silences(&known, &world.now(), 3);
        all.into_iter().filter(|one| one.leg == Leg::Delivery).map(|one| (one.step, one.from.to_string())).next()
    };
    assert_eq!(due(&mut world, "2026-07-19T09:00:00Z"), Some((silence::Step::Agent, "2026-07-17".to_owned())));
    world
        .decide(BUYER, &key, |known, _| Ok(buyer::ask(known, &[Leg::Delivery])?.into_iter().map(Into::into).collect()));
    assert_eq!(due(&mut world, "2026-07-19T10:00:00Z"), Some((silence::Step::Shop, "2026-07-22".to_owned())));
    // The courier answers, with the date that passed: that is news, and no help.
    world.clock.set(at("2026-07-20T09:00:00Z"));
    world.settle();
    assert_eq!(due(&mut world, "2026-07-20T10:00:00Z"), Some((silence::Step::Shop, "2026-07-23".to_owned())));
    // Another date is no more than that: what was agreed on has passed.
    let courier = world.clerks[COURIER].index().load_all(None).unwrap()[0].key.clone();
    let planned = Notice { planned: Some(day("2026-07-25")), ..Notice::default() };
    world.decide(COURIER, &courier, |known, desk| notify(known, &planned, desk));
    world.settle();
    for now in ["2026-07-21T10:00:00Z", "2026-07-26T10:00:00Z"] {
        assert_eq!(due(&mut world, now), Some((silence::Step::Shop, "2026-07-23".to_owned())));
    }
}
