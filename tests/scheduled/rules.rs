//! The buyer's rules: asked, given back and ordered again by the program, once, and never for another price, another agent or
//! more than was allowed.

use std::fs;

use mailorder::role::rule::{Market, Rule};
use mailorder::trade::catalog::{Offer, Way, Words};
use mailorder::trade::item::{Item, Stock};
use mailorder::trade::{
    Address, Agent, Catalog, Deed, Fingerprint, Kind, Leg, Money, OrderId, Party, Quantity, Role, Sealed, Transaction,
};

use super::{STEPS, asked};
use crate::support::accounts::files;
use crate::support::trade::{Desk, at, bank, content, courier, jpy, lines, shop};
use crate::support::world::{BANK, BUYER, COURIER, SHOP, World};

pub const RETURN: &str = "[[buyer.rule]]\nwhen = \"undelivered late:14d\"\ndo = \"return\"\n";
pub const ASK: &str = "[[buyer.rule]]\nwhen = \"late:2d\"\ndo = \"ask\"\n";
pub const REORDER: &str =
    "[[buyer.rule]]\nwhen = \"item:shirt delivered:30d\"\ndo = \"reorder\"\nat_most = \"JPY 5000\"\n";

/// Lets the buyer's program look a day before and then: of a clock that leaps by weeks a return or an order waits so long.
pub fn look(world: &mut World, time: &str) {
    super::look(world, &at(time).plus_seconds(-86_400).to_string());
    super::look(world, time);
}

/// Returns how many entries of the buyer's ledger have this line.
pub fn entries_with(world: &World, line: &str) -> usize {
    let texts = files(&world.folder(BUYER).join("ledger/cur")).into_iter();
    texts.filter(|file| fs::read_to_string(file).unwrap().lines().any(|one| one == line)).count()
}

/// Has everybody do his part of an order now.
pub fn complete(world: &mut World, id: &OrderId) {
    report(world, id, &[(SHOP, Role::Shop), (COURIER, Role::Delivery), (BANK, Role::Payment)]);
}

/// Has these say that their parts are done.
pub fn report(world: &mut World, id: &OrderId, parts: &[(usize, Role)]) {
    let number = world.transaction(BUYER, Role::Buyer, id).number;
    for &(at, role) in parts {
        let all = world.clerks[at].index().load_all(Some(role)).unwrap();
        let key = all.into_iter().find(|one| one.number == number).unwrap().key;
        let notice = mailorder::role::Notice { done: Some(world.now()), ..Default::default() };
        world.decide(at, &key, |known, desk| mailorder::role::notify(known, &notice, desk));
        world.settle();
    }
}

pub fn orders(world: &mut World) -> Vec<Transaction> {
    world.clerks[BUYER].catch_up().unwrap();
    world.clerks[BUYER].index().load_all(Some(Role::Buyer)).unwrap()
}

#[test]
fn without_a_rule_nothing_is_given_back_or_ordered() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    look(&mut world, "2026-10-01T09:00:00Z");
    let known = world.transaction(BUYER, Role::Buyer, &id);
    assert_eq!(known.sent(Kind::ReturnRequest).count() + known.sent(Kind::StatusRequest).count(), 0);
    assert_eq!(orders(&mut world).len(), 1);
}

#[test]
fn what_is_late_for_a_fortnight_is_given_back_once_and_the_entry_names_the_rule() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    world.configure(BUYER, RETURN);
    let returns = |world: &mut World| world.transaction(BUYER, Role::Buyer, &id).sent(Kind::ReturnRequest).count();
    // It was to leave on the 13th.
    look(&mut world, "2026-07-27T23:00:00Z");
    assert_eq!(returns(&mut world), 0);
    let foreseen = world.clerks[BUYER].foresee_rules().unwrap();
    assert!(foreseen.is_empty(), "{foreseen:?}");
    world.clock.set(at("2026-07-28T09:00:00Z"));
    let foreseen = world.clerks[BUYER].foresee_rules().unwrap();
    assert_eq!(foreseen[0].letters, [(Kind::ReturnRequest, shop().address)]);
    assert_eq!(returns(&mut world), 0, "what is foreseen is not sent");
    for _ in 0..3 {
        look(&mut world, "2026-07-28T09:00:00Z");
        world.settle();
    }
    look(&mut world, "2026-09-27T09:00:00Z");
    assert_eq!(returns(&mut world), 1);
    assert_eq!(entries_with(&world, &format!("Mailorder-Cause: return {id} undelivered late:14d")), 1);
    let grown = world.clerks[BUYER].index().dump().unwrap();
    world.clerks[BUYER].reindex().unwrap();
    assert_eq!(world.clerks[BUYER].index().dump().unwrap(), grown);
}

#[test]
fn a_rule_asks_once_about_what_is_late() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    world.configure(BUYER, ASK);
    look(&mut world, "2026-07-15T23:00:00Z");
    assert_eq!(asked(&mut world, &id), []);
    look(&mut world, "2026-07-16T09:00:00Z");
    // It was to leave on the 13th; delivery is promised for tomorrow, and payment, planned for the 15th, was agreed on for later.
    assert_eq!(asked(&mut world, &id), [Leg::Order]);
    look(&mut world, "2026-08-15T09:00:00Z");
    assert_eq!(asked(&mut world, &id).len(), 1);
    assert_eq!(
        entries_with(&world, &format!("Mailorder-Cause: ask {id} late:2d")),
        1,
        "the letter's entry names the rule"
    );
}

#[test]
fn of_a_payment_that_is_late_nothing_is_given_back() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    report(&mut world, &id, &[(SHOP, Role::Shop), (COURIER, Role::Delivery)]);
    world.configure(BUYER, &RETURN.replace("undelivered ", ""));
    look(&mut world, "2026-11-27T09:00:00Z");
    assert_eq!(world.transaction(BUYER, Role::Buyer, &id).sent(Kind::ReturnRequest).count(), 0);
    let foreseen = world.clerks[BUYER].foresee_rules().unwrap();
    assert!(foreseen[0].held.as_deref().unwrap_or_default().starts_with("only its payment is late"), "{foreseen:?}");
}

#[test]
fn what_was_delivered_a_month_ago_is_ordered_again_once_within_the_limits() {
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    complete(&mut world, &id);
    world.configure(BUYER, REORDER);
    look(&mut world, "2026-08-08T09:00:00Z");
    assert_eq!(orders(&mut world).len(), 1);
    for _ in 0..3 {
        look(&mut world, "2026-08-10T09:00:00Z");
        world.settle();
    }
    let all = orders(&mut world);
    assert_eq!(all.len(), 2, "once");
    let again = all.iter().find(|one| one.key.id != id).unwrap();
    let (kept, order) = again.order().unwrap();
    assert_eq!((order.total, &order.lines), (jpy(4800), &lines()));
    assert_eq!(order.reorder_of, world.transaction(BUYER, Role::Buyer, &id).number);
    assert_eq!(entries_with(&world, &format!("Mailorder-Cause: reorder {id} item:shirt delivered:30d")), 1);
    assert_eq!(world.clerks[BUYER].index().reordered_by_rule(kept.position).unwrap(), Some(id.clone()));
    // The buyer's OK is his own, as for every order.
    assert_eq!(again.sent(Kind::Confirmation).count(), 0);
    // A month after the second one arrived the third is ordered, not another of the first.
    let second = again.key.id.clone();
    world.buyer_confirms(&second);
    complete(&mut world, &second);
    look(&mut world, "2026-09-01T09:00:00Z");
    assert_eq!(orders(&mut world).len(), 2);
    look(&mut world, "2026-09-11T09:00:00Z");
    assert_eq!(orders(&mut world).len(), 3);
}

#[test]
fn nothing_is_ordered_over_at_most_or_the_unpaid_limit_or_what_was_ordered_since() {
    for (rule, limit, held) in [
        (REORDER.replace("5000", "4799"), "", "the rule allows JPY 4799"),
        (REORDER.replace("JPY 5000", "EUR 50.00"), "", "another currency"),
        (REORDER.to_owned(), "JPY 9600", "with it JPY 9600 would be unpaid; your limit is JPY 9600"),
    ] {
        let mut world = World::new(STEPS);
        let id = world.accepted_order();
        complete(&mut world, &id);
        // Another order is out, of other goods, and nobody has said OK to it yet: it will have to be paid.
        world.order(BUYER, |order| {
            order.lines.truncate(1);
            order.lines[0].item = Item { sku: None, name: "Hat".to_owned() };
            order.lines[0].unit_price = jpy(4300);
            order.lines[0].quantity = Quantity::parse("1").unwrap();
            order.total = jpy(4800);
        });
        world.configure(BUYER, &rule);
        if !limit.is_empty() {
            let file = world.clerks[BUYER].settings().folders.config.clone();
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, text.replace("[buyer]\n", &format!("[buyer]\nunpaid_limits = [\"{limit}\"]\n"))).unwrap();
            world.configure(BUYER, "");
        }
        look(&mut world, "2026-08-10T09:00:00Z");
        assert_eq!(orders(&mut world).len(), 2, "{held}");
        let foreseen = world.clerks[BUYER].foresee_rules().unwrap();
        let why = foreseen[0].held.clone().unwrap_or_default();
        assert!(why.contains(held), "{held}: {foreseen:?}");
    }
    // Nor what is more than any amount, which keeps nothing else from being done.
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    complete(&mut world, &id);
    for _ in 0..2 {
        world.order(BUYER, |order| {
            order.lines.truncate(1);
            order.lines[0].item = Item { sku: None, name: "Hat".to_owned() };
            order.lines[0].unit_price = jpy(900_000_000_000);
            order.lines[0].quantity = Quantity::parse("1").unwrap();
            order.charges.clear();
            order.total = jpy(900_000_000_000);
        });
    }
    world.configure(BUYER, REORDER);
    look(&mut world, "2026-08-10T09:00:00Z");
    assert_eq!(orders(&mut world).len(), 3);
    let foreseen = world.clerks[BUYER].foresee_rules().unwrap();
    let why = foreseen[0].held.clone().unwrap_or_default();
    assert!(why.contains("more than an amount can be"), "{foreseen:?}");
    // What was ordered again by hand meanwhile is not ordered once more.
    let mut world = World::new(STEPS);
    let id = world.accepted_order();
    complete(&mut world, &id);
    world.pass_hours(24);
    world.order(BUYER, |_| {});
    world.configure(BUYER, REORDER);
    look(&mut world, "2026-08-10T09:00:00Z");
    assert_eq!(orders(&mut world).len(), 2);
}

/// A purchase that is open, and what its buyer's program knows.
struct Shopping {
    desk: Desk,
    catalogs: Vec<Catalog>,
    pins: Vec<Party>,
    collects: bool,
}

impl Shopping {
    fn new() -> Self {
        let offer = |line: &mailorder::trade::item::Line| Offer {
            item: line.item.clone(),
            price: line.unit_price,
            increment: Some(Quantity::ONE),
            stock: Stock::Uncounted,
            payment_methods: Vec::new(),
            delivery_methods: Vec::new(),
            conditions: None,
        };
        let agent = |role: Role, party: Party| Agent { role, party, certificate: None };
        let catalog = Catalog {
            seller: "Example Shirts".to_owned(),
            words: Words::default(),
            matching: 1,
            offers: lines().iter().map(offer).collect(),
            ways: vec![Way {
                payment_method: None,
                delivery_method: None,
                charge: Some(("Parcel delivery".to_owned(), jpy(500))),
                payment_agent: Some(bank().address),
                delivery_agent: Some(courier().address),
            }],
            conditions: None,
            agents: vec![agent(Role::Payment, bank()), agent(Role::Delivery, courier())],
        };
        Self { desk: Desk::buyer_open(), catalogs: vec![catalog], pins: vec![shop(), bank()], collects: true }
    }

    fn again(&self) -> Result<Money, String> {
        self.again_after(40)
    }

    /// Looks so many days after the order was written.
    fn again_after(&self, days: i64) -> Result<Money, String> {
        let rule = Rule { when: "delivered:30d".to_owned(), deed: Deed::Reorder, at_most: Some(jpy(5000)) };
        let pinned = |address: &Address| -> Option<Fingerprint> {
            self.pins.iter().find(|one| one.address == *address).map(|one| one.fingerprint.clone())
        };
        let market = Market {
            catalogs: &self.catalogs,
            pinned: &pinned,
            may_collect: &|_| self.collects,
            unpaid: None,
            limit: None,
            ordered_since: false,
        };
        let ordered = self.desk.transaction().order().unwrap().0.recorded;
        let again = rule.again(self.desk.transaction(), &market, &ordered.plus_seconds(days * 86_400));
        again.map(|(order, _)| order.total).map_err(|held| held.to_string())
    }
}

fn other() -> Party {
    crate::support::trade::party("other")
}

#[test]
fn a_price_charge_agent_or_key_that_changed_holds_a_reorder_back() {
    let held = |change: &dyn Fn(&mut Shopping)| {
        let mut shopping = Shopping::new();
        change(&mut shopping);
        shopping.again().expect_err("it is held back")
    };
    assert_eq!(Shopping::new().again(), Ok(jpy(4800)));
    // Whatever an agent says of when it came: what was ordered less than thirty days ago did not come thirty days ago.
    assert_eq!(Shopping::new().again_after(30), Ok(jpy(4800)));
    let soon = Shopping::new().again_after(29).unwrap_err();
    assert_eq!(soon, "it was ordered later than its goods are said to have come");
    let unknown = Shopping { catalogs: Vec::new(), ..Shopping::new() };
    assert_eq!(unknown.again(), Ok(jpy(4800)), "the terms of the new order are held against it, as always");
    for (change, why) in [
        (
            &(|s: &mut Shopping| s.catalogs[0].offers[0].price = jpy(1001)) as &dyn Fn(&mut Shopping),
            "costs JPY 1001 now",
        ),
        (&|s| s.catalogs[0].offers[0].increment = Quantity::parse("0.7").ok(), "is sold in multiples of 0.7 now"),
        (&|s| s.catalogs[0].offers.truncate(1), "not in the shop's catalog any more"),
        (&|s| s.catalogs[0].ways[0].charge = None, "charge is another one"),
        (&|s| s.catalogs[0].ways.clear(), "does not offer these ways"),
        (&|s| s.catalogs[0].ways[0].payment_agent = Some(other().address), "the payment agent is another one now"),
        (&|s| s.catalogs[0].agents[1].party.fingerprint = other().fingerprint, "the delivery agent is another one now"),
        (&|s| s.pins[0].fingerprint = other().fingerprint, "the key accepted for shop@"),
        (&|s| s.pins[1].fingerprint = other().fingerprint, "the key accepted for bank@"),
        (&|s| s.collects = false, "not among your payment agents"),
    ] {
        assert!(held(change).contains(why), "{why}: {}", held(change));
    }
}

#[test]
fn card_data_that_were_sealed_are_not_used_again_without_the_buyer() {
    let mut desk = Desk::new(&crate::support::trade::buyer());
    let mut letter = crate::support::trade::order_letter();
    let mailorder::trade::Document::Order(order) = &mut letter.document else { panic!("an order") };
    order.sealed = Some(Sealed("c2VhbGVk".to_owned()));
    desk.writes(Role::Buyer, &letter);
    let offer = mailorder::trade::Letter {
        answers: Some(content(&letter)),
        ..crate::support::trade::terms_letter(crate::support::trade::terms())
    };
    assert_eq!(desk.takes(&offer).verdict, mailorder::trade::Verdict::Applied);
    let (terms, answers) = (Some(content(&offer)), Some(content(&offer)));
    desk.writes(Role::Buyer, &mailorder::trade::Letter { terms, answers, ..crate::support::trade::confirmation() });
    let shopping = Shopping { desk, ..Shopping::new() };
    assert!(shopping.again().unwrap_err().contains("sealed card or account data"), "{:?}", shopping.again());
}
