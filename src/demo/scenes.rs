//! The scenes: each an order, from the wish to its end, or to where it stands today.

use super::{DemoError, Stage, warehouse};
use crate::role::{Action, Draft, Notice, buyer, delivery, payment, shop, shop_catalog};
use crate::rules::{Standing, State};
use crate::trade::catalog::{CatalogRequest, Words};
use crate::trade::item::{Charge, Item, Line, total};
use crate::trade::status::{Payment, PaymentState, PaymentStatus, Step};
use crate::trade::{
    DeliveryMethod, Document, Key, Kind, Leg, Money, Order, OrderId, Party, PaymentMethod, Quantity, Role, Schedule,
    ScheduleName, StatusReason, Target, Transaction, When,
};
use crate::view::schedules::PRESETS;

/// Plays all scenes, in the order of their days; returns the order about which a wrong amount was stated.
pub(super) fn play(stage: &mut Stage, told: &mut dyn FnMut(&str)) -> Result<Key, DemoError> {
    asked_what_is_sold(stage, 0)?;
    let done = ordered(stage, (1, 9), &[("SH-41", 1)], "card")?;
    shipped(stage, &done, 3)?;
    delivered(stage, &done, 5)?;
    paid(stage, &done, 13)?;
    expect(stage, &done, State::Completed)?;
    told("an order was shipped, delivered and paid");

    let late = ordered(stage, (8, 9), &[("TEA-200", 2)], "invoice")?;
    told("the warehouse released an order when it was asked to");
    warehouse::packs(stage, &late, 10)?;
    told("asked again, it said that the goods have left, and the buyer was told");
    delivered(stage, &late, 12)?;
    told("one was delivered, but is not paid, and late");

    let returned = ordered(stage, (14, 9), &[("SH-41", 2)], "card")?;
    shipped(stage, &returned, 15)?;
    delivered(stage, &returned, 17)?;
    paid(stage, &returned, 18)?;
    given_back(stage, &returned, 20)?;
    expect(stage, &returned, State::Refunded)?;
    told("one was returned and its money refunded");

    refused(stage, 25)?;
    told("one was refused by the payment agent");

    cancelled(stage, 30)?;
    told("one was cancelled before it left the shop");

    let open = ordered(stage, (41, 9), &[("TEA-200", 1), ("SH-41", 1)], "invoice")?;
    warehouse::packs_and_tells(stage, &open, 43)?;
    told("one has left the shop and is on its way: the warehouse told of it by itself");

    wrong_amount(stage, &open, (44, 8))?;
    told("a status with a wrong amount came, honestly signed: a warning, nothing applied");
    forged(stage, &open)?;
    told("a status forged by a stranger came: set aside, nothing applied");
    expect(stage, &open, State::Open)?;
    Ok(open)
}

/// The buyer asks the shop what it sells, and gets its catalog.
fn asked_what_is_sold(stage: &mut Stage, day: i64) -> Result<(), DemoError> {
    stage.at(day, 9);
    let shop = stage.shop.clerk.me().clone();
    stage.buyer.clerk.post(vec![shop_catalog::ask(CatalogRequest { words: Words::default() }, shop)])?;
    stage.settle()
}

/// Sets the buyer's schedules: what is late is asked about each morning; the tea on its way, when the buyer resumes it.
pub(super) fn schedules(stage: &mut Stage, told: &mut dyn FnMut(&str)) -> Result<(), DemoError> {
    let plot = |error: &dyn std::fmt::Display| DemoError::Plot(error.to_string());
    let tea = ("煎茶", "undelivered item:煎茶", "every 6h", false, vec![Leg::Delivery]);
    let late = PRESETS.iter().find(|preset| preset.name == "late");
    let late = late.map(|late| (late.name, late.query, late.when, late.in_turn, Vec::new()));
    for (name, query, when, in_turn, legs) in late.into_iter().chain([tea]) {
        let paused = !in_turn;
        let name = ScheduleName::parse(name).map_err(|error| plot(&error))?;
        let (target, when) = (Target::Query(query.to_owned()), when.to_owned());
        stage.buyer.clerk.put_schedule(Schedule { name, target, when, legs, in_turn, paused }, false)?;
    }
    told("the buyer's program asks by itself about what is late, each morning at nine");
    Ok(())
}

/// How an order is paid and how its goods travel.
#[derive(Clone, Copy)]
pub(super) struct Ways {
    pub(super) method: &'static str,
    pub(super) travel: &'static str,
}

/// The buyer's wish.
pub(super) fn wish(stage: &Stage, items: &[(&str, u32)], ways: Ways) -> Result<Order, DemoError> {
    let Ways { method, travel } = ways;
    let plot = |error: &dyn std::fmt::Display| DemoError::Plot(error.to_string());
    let practice = stage.buyer.clerk.settings().practice.buyer.as_ref();
    let practice = practice.ok_or_else(|| DemoError::Plot("the buyer buys nothing".to_owned()))?;
    let articles = stage.shop.clerk.settings().practice.shop.as_ref().map(|shop| shop.articles.list());
    let articles = articles.unwrap_or_default();
    let mut lines = Vec::new();
    for (place, (sku, quantity)) in items.iter().enumerate() {
        let article = articles.iter().find(|article| article.item.sku.as_deref() == Some(sku));
        let article = article.ok_or_else(|| DemoError::Plot(format!("{sku} is not sold")))?;
        let item: Item = article.item.clone();
        let quantity = Quantity::parse(&quantity.to_string()).map_err(|error| plot(&error))?;
        lines.push(Line { id: place.saturating_add(1).to_string(), item, unit_price: article.price, quantity });
    }
    let charge = Money::parse("500", "JPY").map_err(|error| plot(&error))?;
    let id = lines.len().saturating_add(1).to_string();
    let charges = vec![Charge { id, name: "Parcel delivery".to_owned(), price: charge }];
    let sum = total(&lines, &charges).map_err(|error| plot(&error))?;
    Ok(Order {
        buyer: practice.person.clone(),
        total: sum.ok_or_else(|| DemoError::Plot("nothing is ordered".to_owned()))?,
        lines,
        charges,
        payment_method: PaymentMethod::parse(method).map_err(|error| plot(&error))?,
        payment_id: (method == "card").then(|| "3456".to_owned()),
        sealed: None,
        delivery_method: DeliveryMethod::parse(travel).map_err(|error| plot(&error))?,
        deliver_to: practice.deliver_to.clone(),
        billing: None,
        reorder_of: None,
        remarks: None,
    })
}

/// Writes an order; returns what it is found by.
pub(super) fn order(stage: &mut Stage, items: &[(&str, u32)], ways: Ways) -> Result<(Key, Draft), DemoError> {
    let mut chance = [0; 26];
    getrandom::fill(&mut chance).map_err(|error| DemoError::Plot(error.to_string()))?;
    let id = OrderId::from_bytes(chance);
    let shop: Party = stage.shop.clerk.me().clone();
    let key = Key { role: Role::Buyer, shop: shop.address.clone(), id: id.clone() };
    Ok((key, buyer::order(wish(stage, items, ways)?, id, shop)))
}

/// Orders on this day at this hour, and has the shop answer.
pub(super) fn answered(
    stage: &mut Stage,
    (day, hour): (i64, i64),
    items: &[(&str, u32)],
    method: &'static str,
) -> Result<Key, DemoError> {
    stage.at(day, hour);
    let (key, draft) = order(stage, items, Ways { method, travel: "parcel" })?;
    stage.buyer.clerk.post(vec![draft])?;
    stage.settle()?;
    Ok(key)
}

/// Orders on this day at this hour, and confirms an hour later.
pub(super) fn ordered(
    stage: &mut Stage,
    (day, hour): (i64, i64),
    items: &[(&str, u32)],
    method: &'static str,
) -> Result<Key, DemoError> {
    let key = answered(stage, (day, hour), items, method)?;
    stage.at(day, hour.saturating_add(1));
    stage.buyer.clerk.command(&key, |known, desk| Ok(vec![buyer::confirm(known, desk)?.into()]))?;
    stage.settle()?;
    expect(stage, &key, State::Open)?;
    Ok(key)
}

/// Returns the transaction as a party other than the buyer has it.
pub(super) fn theirs(stage: &Stage, key: &Key, role: Role) -> Result<Key, DemoError> {
    let known = known(stage, key)?;
    let names = crate::trade::Names { shop: Some(key.shop.clone()), number: known.number, order: None };
    let clerk = match role {
        Role::Shop => &stage.shop.clerk,
        Role::Payment => &stage.pay.clerk,
        Role::Delivery => &stage.ship.clerk,
        Role::Buyer => &stage.buyer.clerk,
    };
    let found = clerk.index().load(role, &names).map_err(crate::clerk::ClerkError::from)?;
    found.map(|known| known.key).ok_or_else(|| DemoError::Plot(format!("the {role} knows nothing of {}", key.id)))
}

pub(super) fn known(stage: &Stage, key: &Key) -> Result<Transaction, DemoError> {
    let known = stage.buyer.clerk.index().load_key(key).map_err(crate::clerk::ClerkError::from)?;
    known.ok_or_else(|| DemoError::Plot(format!("the buyer knows nothing of {}", key.id)))
}

fn done_now(stage: &Stage) -> Notice {
    Notice { done: Some(stage.clock.now()), ..Notice::default() }
}

pub(super) fn shipped(stage: &mut Stage, key: &Key, day: i64) -> Result<(), DemoError> {
    stage.at(day, 17);
    let (theirs, notice) = (theirs(stage, key, Role::Shop)?, done_now(stage));
    let notice = Notice { tracking: Some(format!("EP-{}", &key.id.as_str().get(..6).unwrap_or("0"))), ..notice };
    stage.shop.clerk.command(&theirs, |known, desk| shop::notify(known, &notice, desk))?;
    collected(stage, key)
}

/// The delivery agent has fetched the goods.
pub(super) fn collected(stage: &mut Stage, key: &Key) -> Result<(), DemoError> {
    let theirs = theirs(stage, key, Role::Delivery)?;
    let collected = Notice { event: Some(("Collected".to_owned(), Some("Tokyo".to_owned()))), ..Notice::default() };
    stage.ship.clerk.command(&theirs, |known, desk| delivery::notify(known, &collected, desk))?;
    stage.settle()
}

fn delivered(stage: &mut Stage, key: &Key, day: i64) -> Result<(), DemoError> {
    stage.at(day, 11);
    let (theirs, notice) = (theirs(stage, key, Role::Delivery)?, done_now(stage));
    stage.ship.clerk.command(&theirs, |known, desk| delivery::notify(known, &notice, desk))?;
    stage.settle()
}

fn paid(stage: &mut Stage, key: &Key, day: i64) -> Result<(), DemoError> {
    stage.at(day, 3);
    let (theirs, notice) = (theirs(stage, key, Role::Payment)?, done_now(stage));
    stage.pay.clerk.command(&theirs, |known, desk| payment::notify(known, &notice, desk))?;
    stage.settle()
}

fn given_back(stage: &mut Stage, key: &Key, day: i64) -> Result<(), DemoError> {
    stage.at(day, 12);
    let reason = StatusReason::Other.because("too small");
    stage.buyer.clerk.command(key, |known, _| Ok(vec![buyer::give_back(known, Vec::new(), reason)?.into()]))?;
    stage.settle()?;
    stage.at(day.saturating_add(2), 3);
    let theirs = theirs(stage, key, Role::Payment)?;
    let notice = Notice { refund: true, ..done_now(stage) };
    stage.pay.clerk.command(&theirs, |known, desk| payment::notify(known, &notice, desk))?;
    stage.settle()
}

fn refused(stage: &mut Stage, day: i64) -> Result<(), DemoError> {
    let key = answered(stage, (day, 9), &[("KETTLE", 3)], "card")?;
    expect(stage, &key, State::Rejected)
}

fn cancelled(stage: &mut Stage, day: i64) -> Result<(), DemoError> {
    let key = ordered(stage, (day, 9), &[("KETTLE", 1)], "card")?;
    stage.at(day, 20);
    let reason = Some("ordered twice".to_owned());
    stage.buyer.clerk.command(&key, |known, _| Ok(vec![buyer::cancel(known, reason)?.into()]))?;
    stage.settle()?;
    expect(stage, &key, State::Cancelled)
}

/// The payment agent states more than was agreed: signed by the right key, and yet not true.
pub(super) fn wrong_amount(stage: &mut Stage, key: &Key, (day, hour): (i64, i64)) -> Result<(), DemoError> {
    stage.at(day, hour);
    let theirs = theirs(stage, key, Role::Payment)?;
    let buyer = stage.buyer.clerk.me().clone();
    stage.pay.clerk.command(&theirs, |known, desk| {
        let instruction = known.received(Kind::PaymentInstruction).next();
        let instruction = instruction.ok_or_else(|| crate::role::Refused::new("no instruction"))?;
        let too_much = Money::parse("7600", "JPY").map_err(|error| crate::role::Refused::new(error.to_string()))?;
        let step = Step::Planned { at: Some(When::Day(desk.now.day())) };
        let payment = Payment { id: "1".to_owned(), amount: too_much, refund: false, step };
        let status = PaymentStatus {
            state: PaymentState::Due,
            remaining: too_much,
            due: None,
            scheduled: None,
            confirmation: None,
            payment_id: None,
            payments: vec![payment],
        };
        let draft = Draft::new(known, buyer, Document::PaymentStatus(status))
            .about(instruction.letter.terms)
            .status(desk.now, false);
        Ok(vec![Action::from(draft)])
    })?;
    stage.settle()
}

/// A stranger writes that the goods are delivered.
fn forged(stage: &mut Stage, key: &Key) -> Result<(), DemoError> {
    stage.at(44, 14);
    let known = known(stage, key)?;
    let mail = super::party::forged_status(&known, &stage.buyer.clerk, stage.clock.now())?;
    stage.buyer.deliver(&mail)?;
    stage.settle()
}

pub(super) fn expect(stage: &Stage, key: &Key, wanted: State) -> Result<(), DemoError> {
    let state = Standing::of(&known(stage, key)?).state;
    if state == wanted { Ok(()) } else { Err(DemoError::Plot(format!("{} is {state}, not {wanted}", key.id))) }
}
