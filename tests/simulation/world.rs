//! Four accounts, their owners, who act by the dice, and time.

use std::sync::Arc;

use mailorder::role::articles::{Article, Articles};
use mailorder::role::calendar::Calendar;
use mailorder::role::planned::{ArrivalRule, BankDay, DebitDay, DebitRule};
use mailorder::role::practice::{
    BuyerPractice, Client, DebitWord, DeliveryPractice, Partial, PaymentPractice, ShopPractice,
};
use mailorder::role::shop_change::{self, Change};
use mailorder::role::{Action, Draft, Notice, Practice, Procedure, Stage, buyer, delivery, payment, shop, shop_cancel};
use mailorder::rules::{Standing, replacing};
use mailorder::trade::document::{Confirmation, Refusal};
use mailorder::trade::item::LineQuantity;
use mailorder::trade::status::Reason;
use mailorder::trade::{Document, Key, Kind, Moment, Order, OrderId, PaymentMethod, Role, Shows, Transaction};

use super::chance::Chance;
use super::check::{self, Memory};
use super::party::{Account, Fault};
use super::post::Post;
use crate::support::trade::{self as people, charge, home, jpy, person};

/// Hours between two passes of everybody.
const STEP: i64 = 6 * 3600;

/// The whole of a run.
pub struct World {
    pub post: Post,
    /// Buyer, shop, payment agent, delivery agent.
    pub accounts: [Account; 4],
    pub memory: Memory,
    chance: Chance,
    skews: [i64; 4],
    second: i64,
    method: PaymentMethod,
}

impl World {
    pub fn new(seed: u64, fault: Fault) -> Self {
        let mut chance = Chance::new(seed);
        let method = if chance.once_in(4) { "cash-on-delivery" } else { "card" };
        let accounts = accounts(&mut chance, fault);
        let skews = [0; 4].map(|_: i64| i64::try_from(chance.below(1200)).unwrap() - 600);
        Self {
            post: Post::new(Chance::new(chance.next())),
            accounts,
            memory: Memory::default(),
            skews,
            second: 0,
            method: PaymentMethod::parse(method).unwrap(),
            chance,
        }
    }

    fn now(&self, account: usize) -> Moment {
        people::at("2026-07-10T00:00:00Z").plus_seconds(self.second + self.skews[account])
    }

    /// Days of faults, then three rounds in which everybody asks and sends again what nobody acknowledged.
    pub fn run(&mut self) -> Result<(), String> {
        let days = 30 + self.chance.below(30);
        for pass in 0..days * 4 {
            self.second += STEP;
            self.post.mischief(self.second);
            self.deliver(false);
            self.persons();
            self.passes(false);
            if pass % 6 == 0 {
                check::always(self)?;
            }
        }
        self.post.faulty = false;
        self.second += 31 * 86_400;
        self.settle()?;
        for _ in 0..3 {
            self.second += 86_400;
            self.passes(true);
            self.ask_all();
            self.settle()?;
        }
        check::always(self)?;
        check::agreed(self)
    }

    /// Lets everything arrive until nobody has anything to say.
    fn settle(&mut self) -> Result<(), String> {
        for _ in 0..40 {
            self.second += 60;
            self.deliver(true);
            self.passes_without_resending();
            if self.post.is_empty() {
                return Ok(());
            }
        }
        Err("the post is never empty: letters answer each other for ever".to_owned())
    }

    fn deliver(&mut self, all: bool) {
        for mail in self.post.due(self.second, all) {
            for at in 0..4 {
                if self.accounts[at].me().address == mail.letter.to.address {
                    let now = self.now(at);
                    self.accounts[at].at(now);
                    self.accounts[at].receive(&mail);
                }
            }
        }
    }

    fn passes(&mut self, all: bool) {
        for at in 0..4 {
            let now = self.now(at);
            self.accounts[at].at(now);
            self.accounts[at].tick();
            self.accounts[at].pass(all);
            self.collect(at);
        }
    }

    fn passes_without_resending(&mut self) {
        for at in 0..4 {
            let now = self.now(at);
            self.accounts[at].at(now);
            self.accounts[at].tick();
            self.accounts[at].receipts();
            self.collect(at);
        }
    }

    fn collect(&mut self, at: usize) {
        for mail in std::mem::take(&mut self.accounts[at].outbox) {
            self.post.send(mail, self.second);
        }
    }

    fn ask_all(&mut self) {
        for key in self.accounts[0].keys(Role::Buyer) {
            self.accounts[0]
                .decide(&key, |known, _| Ok(buyer::ask(known, &[])?.into_iter().map(Action::from).collect()));
        }
        for key in self.accounts[1].keys(Role::Shop) {
            self.accounts[1]
                .decide(&key, |known, _| Ok(shop::ask(known, &[])?.into_iter().map(Action::from).collect()));
        }
        for at in 0..4 {
            self.collect(at);
        }
    }

    fn persons(&mut self) {
        for at in 0..4 {
            let now = self.now(at);
            self.accounts[at].at(now);
        }
        self.buyer_acts();
        self.shop_acts();
        self.agents_act();
        for at in 0..4 {
            self.collect(at);
        }
    }

    fn buyer_acts(&mut self) {
        let orders = self.accounts[0].keys(Role::Buyer).len();
        if orders < 3 && self.chance.once_in(12) {
            let entropy = self.chance.entropy();
            let mut bytes = [0; 26];
            bytes.copy_from_slice(&entropy[..26]);
            let order = Order { payment_method: self.method.clone(), ..people::order() };
            let draft = buyer::order(order, OrderId::from_bytes(bytes), people::shop());
            self.accounts[0].order(draft);
        }
        for key in self.accounts[0].keys(Role::Buyer) {
            let dice = self.chance.below(60);
            let entire = self.chance.once_in(2);
            self.accounts[0].decide(&key, |known, desk| {
                Ok(match dice {
                    0..=15 => vec![buyer::confirm(known, desk)?.into()],
                    16 => vec![buyer::cancel(known, None)?.into()],
                    17..=19 => {
                        let reason = Reason { code: "unwanted".to_owned(), text: "Too small.".to_owned() };
                        let lines = if entire { Vec::new() } else { people::goods(&[("1", "1")]) };
                        vec![buyer::give_back(known, lines, reason)?.into()]
                    }
                    20..=22 => buyer::ask(known, &[])?.into_iter().map(Action::from).collect(),
                    23 if replacing::waiting(known, Standing::of(known).state)
                        .is_some_and(|(kept, _)| kept.counts()) =>
                    {
                        vec![buyer::keep(known, None)?.into()]
                    }
                    24..=25 => contradict(known),
                    _ => Vec::new(),
                })
            });
        }
    }

    fn shop_acts(&mut self) {
        for key in self.accounts[1].keys(Role::Shop) {
            let (dice, part) = (self.chance.below(40), self.chance.once_in(3));
            self.accounts[1].decide(&key, |known, desk| {
                Ok(match dice {
                    0..=3 => {
                        let lines = if part { people::goods(&[("1", "1")]) } else { Vec::new() };
                        shop::notify(known, &Notice { done: Some(desk.now), lines, ..Notice::default() }, desk)?
                    }
                    4..=5 => {
                        let planned = Some(mailorder::trade::When::Day(desk.now.plus_seconds(5 * 86_400).day()));
                        shop::notify(known, &Notice { planned, ..Notice::default() }, desk)?
                    }
                    6 => shop::ask(known, &[])?.into_iter().map(Action::from).collect(),
                    7 => {
                        let later = mailorder::trade::When::Day(desk.now.plus_seconds(12 * 86_400).day());
                        shop_change::change(known, &Change { arrives: Some(later), ..Change::default() }, desk)?
                    }
                    8 if part => shop_cancel::cancel(known, "Out of stock.", desk)?,
                    _ => Vec::new(),
                })
            });
        }
    }

    /// The carrier brings what has left the shop; the payment agent collects, cash only for what has arrived.
    fn agents_act(&mut self) {
        for at in 1..4 {
            for key in self.accounts[at].keys(Role::Delivery) {
                let dice = self.chance.below(24);
                let left = if dice < 8 { self.left_the_shop(&key) } else { Vec::new() };
                self.accounts[at].decide(&key, |known, desk| match dice {
                    0..=4 => bring(known, &left, desk),
                    6..=7 => lose(known, &left, desk),
                    5 => {
                        let event = Some(("Sorted".to_owned(), None));
                        delivery::notify(known, &Notice { event, ..Notice::default() }, desk)
                    }
                    _ => Ok(Vec::new()),
                });
            }
            for key in self.accounts[at].keys(Role::Payment) {
                let dice = self.chance.below(24);
                if dice > 8 || (self.method.as_str() == "cash-on-delivery" && !self.has_arrived(&key)) {
                    continue;
                }
                self.accounts[at].decide(&key, |known, desk| {
                    let done = Some(desk.now);
                    match dice {
                        0..=2 => payment::notify(known, &Notice { done, ..Notice::default() }, desk),
                        3 => {
                            payment::notify(known, &Notice { done, amount: Some(jpy(1000)), ..Notice::default() }, desk)
                        }
                        4 => {
                            let reason = Reason { code: "declined".to_owned(), text: "No funds.".to_owned() };
                            payment::notify(known, &Notice { failed: Some(reason), ..Notice::default() }, desk)
                        }
                        5..=8 => payment::notify(known, &Notice { done, refund: true, ..Notice::default() }, desk),
                        _ => Ok(Vec::new()),
                    }
                });
            }
        }
    }

    fn of_shop(&self, agents: &Key) -> Option<&Transaction> {
        let shop = &self.accounts[1].desk.book;
        let mut known = shop.iter().filter(|known| known.key.role == Role::Shop);
        known.find(|known| {
            let stand_in = known.number.as_ref().map(|number| OrderId::stand_in(&known.key.shop, number));
            stand_in.as_ref() == Some(&agents.id)
        })
    }

    fn left_the_shop(&self, key: &Key) -> Vec<(String, Vec<LineQuantity>)> {
        let Some(known) = self.of_shop(key) else { return Vec::new() };
        let parcels = Standing::of(known).legs.order.parcels;
        let left = parcels.into_iter().filter(|(_, parcel)| parcel.done.is_some());
        left.map(|(id, parcel)| (id, parcel.lines)).collect()
    }

    fn has_arrived(&self, key: &Key) -> bool {
        let agents = self.accounts.iter().flat_map(|account| account.desk.book.iter());
        let mut same = agents.filter(|known| known.key.role == Role::Delivery && known.key.id == key.id);
        same.any(|known| Standing::of(known).legs.delivery.done.is_some())
    }
}

/// Says of new terms the other thing, too: OK to those he refused, no to those he said OK to, as who uses two machines may.
fn contradict(known: &Transaction) -> Vec<Action> {
    let Some((new, terms)) = known.all_terms().filter(|(kept, _)| kept.letter.replaces.is_some()).last() else {
        return Vec::new();
    };
    let said = |kind: Kind| known.sent(kind).any(|sent| sent.letter.answers == Some(new.content));
    let to_shop = |document: Document| Draft::new(known, people::shop(), document).answering(new.content);
    match (said(Kind::Confirmation), said(Kind::Refusal)) {
        (false, true) => {
            let ok = Document::Confirmation(Confirmation { total: terms.total });
            vec![to_shop(ok).about(Some(new.content)).into()]
        }
        (true, false) => {
            let reason = Reason { code: "not-accepted".to_owned(), text: "No.".to_owned() };
            vec![to_shop(Document::Refusal(Refusal { reason })).into()]
        }
        _ => Vec::new(),
    }
}

/// Brings the first parcel that has left and not arrived, as the shop packed it.
fn bring(
    known: &Transaction,
    left: &[(String, Vec<LineQuantity>)],
    desk: &mailorder::role::Desk<'_>,
) -> Result<Vec<Action>, mailorder::role::Refused> {
    let arrived = Standing::of(known).legs.delivery.parcels;
    let next = left.iter().find(|(id, _)| arrived.get(id).is_none_or(|parcel| parcel.done.is_none()));
    let Some((id, lines)) = next else { return Ok(Vec::new()) };
    let notice = Notice { done: Some(desk.now), parcel: Some(id.clone()), lines: lines.clone(), ..Notice::default() };
    delivery::notify(known, &notice, desk)
}

/// Loses the first parcel that has left and not arrived; one that is lost already may still be brought.
fn lose(
    known: &Transaction,
    left: &[(String, Vec<LineQuantity>)],
    desk: &mailorder::role::Desk<'_>,
) -> Result<Vec<Action>, mailorder::role::Refused> {
    let arrived = Standing::of(known).legs.delivery.parcels;
    let under_way = |id: &String| arrived.get(id).is_none_or(|parcel| parcel.done.is_none() && !parcel.failed);
    let Some((id, lines)) = left.iter().find(|(id, _)| under_way(id)) else { return Ok(Vec::new()) };
    let failed = Some(Reason { code: "failed".to_owned(), text: "Lost.".to_owned() });
    delivery::notify(
        known,
        &Notice { failed, parcel: Some(id.clone()), lines: lines.clone(), ..Notice::default() },
        desk,
    )
}

/// Makes the steps of a procedure, in one of the orders in which they make sense.
fn stages(chance: &mut Chance) -> Vec<Stage> {
    let waits = !chance.once_in(3);
    let mut stages = vec![Stage::Terms, Stage::Payment, Stage::Delivery];
    if chance.once_in(2) {
        stages.swap(1, 2);
    }
    if waits {
        stages.insert(1, Stage::Confirmation);
    }
    if chance.once_in(2) {
        stages.insert(0, Stage::Authorize);
    }
    stages
}

fn accounts(chance: &mut Chance, fault: Fault) -> [Account; 4] {
    let stages = stages(chance);
    let own_payment = chance.once_in(6) && !stages.contains(&Stage::Authorize);
    let own_delivery = chance.once_in(6);
    let procedure = Procedure {
        payment_method: None,
        delivery_method: None,
        stages,
        payment_agent: (!own_payment).then(people::bank),
        delivery_agent: (!own_delivery).then(people::courier),
        payment_shows: Shows::default(),
        delivery_shows: Shows::default(),
        authorize_within: 72,
        charge: Some((charge().name, charge().price)),
        payment_days: Some(30),
        dispatch_days: 3,
        arrival_days: 7,
    };
    let articles = people::lines().into_iter().map(|line| Article::plain(line.item, line.unit_price));
    let shops = vec![Client { address: people::shop().address, fingerprint: None }];
    let rule = DebitRule { day: DebitDay::After(5), bank_day: BankDay::Any, calendar: Calendar::default() };
    let bank = PaymentPractice {
        name: "Bank".to_owned(),
        shops: shops.clone(),
        authorize_limits: vec![jpy(if chance.once_in(8) { 1 } else { 100_000 })],
        rule,
        debit: if chance.once_in(3) { DebitWord::OnDate } else { DebitWord::Report },
        authorize: None,
        dates: None,
    };
    let arrival = ArrivalRule { transit_days: 2, ..ArrivalRule::default() };
    let courier = DeliveryPractice { name: "Courier".to_owned(), shops, rule: arrival, dates: None, collect: None };
    let selling = ShopPractice {
        name: "Example Shirts".to_owned(),
        vat_id: None,
        conditions: None,
        articles: Arc::new(Articles::own(articles.collect())),
        partial: Partial::Refuse,
        procedures: vec![procedure],
        valid_days: if chance.once_in(3) { 4 } else { 40 },
        return_days: 30,
        review: Default::default(),
    };
    let buying = BuyerPractice {
        person: person(&people::buyer()),
        deliver_to: Some(home()),
        confirm_matching: chance.once_in(2),
        unpaid_limits: Vec::new(),
        schedules: Vec::new(),
        rules: Vec::new(),
        silence_days: mailorder::role::silence::PATIENCE,
    };
    let sells = Practice {
        shop: Some(selling),
        payment: own_payment.then(|| bank.clone()),
        delivery: own_delivery.then(|| courier.clone()),
        ..Practice::default()
    };
    let mut account = |party, practice| Account::new(&party, practice, fault, Chance::new(chance.next()));
    [
        account(people::buyer(), Practice { buyer: Some(buying), ..Practice::default() }),
        account(people::shop(), sells),
        account(people::bank(), Practice { payment: Some(bank), ..Practice::default() }),
        account(people::courier(), Practice { delivery: Some(courier), ..Practice::default() }),
    ]
}
