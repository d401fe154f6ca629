//! One transaction as one party knows it, and the book of all that are at hand: folds over entries.
//!
//! A transaction keeps every letter about it. How its legs stand is not stored but reckoned from the letters, by
//! `rules`, so that the state never depends on the order in which the mail brought them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::document::{Document, Kind};
use super::entry::{Act, Body, Entry, Names, Settlement, Verdict};
use super::finding::Finding;
use super::id::{Address, Digest, Fingerprint, Number, OrderId};
use super::item::LineQuantity;
use super::letter::Letter;
use super::moment::{Moment, When};
use super::party::{Party, Role};
use super::redaction::Erasure;
use super::task::{Given, TaskKey, Untold, Work};
use super::terms::{Order, Terms};

/// What a transaction is found by: the part we play, the shop, and the buyer's order ID or its stand-in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// The part we play in it.
    pub role: Role,
    /// The shop.
    pub shop: Address,
    /// The order ID; the stand-in of shop and number where no order is known.
    pub id: OrderId,
}

/// The highest number of a letter of ours that is believed because another says it has it: above it lies no restored
/// backup but a lie.
pub const CLAIMED_MAX: u32 = 1_000_000;

/// Whether a letter came in or went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Received.
    In,
    /// Sent.
    Out,
}

/// A letter kept with a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its entry.
    pub position: u64,
    /// In or out.
    pub direction: Direction,
    /// Content digest.
    pub content: Digest,
    /// When it was recorded.
    pub recorded: Moment,
    /// The letter, shared: a transaction is copied often, what its letters say never changes.
    pub letter: Arc<Letter>,
    /// What became of it; letters out are `applied`.
    pub verdict: Verdict,
    /// Why.
    pub findings: Vec<Finding>,
    /// What a person did about the warning.
    pub settled: Option<Settlement>,
    /// Where and why what it said of people was erased.
    pub erased: Option<Erasure>,
}

impl Kept {
    /// Returns whether it counts: it went out, or came in and was believed.
    pub fn counts(&self) -> bool {
        self.direction == Direction::Out || matches!(self.verdict, Verdict::Applied | Verdict::Stale)
    }
}

/// What the buyer says has come, all of it so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// The entry of his word.
    pub position: u64,
    /// When it was recorded.
    pub recorded: Moment,
    /// How many of which line; what is not named did not come.
    pub lines: Vec<LineQuantity>,
    /// When it came, as he says.
    pub at: When,
}

/// One transaction, seen from the part we play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// What it is found by.
    pub key: Key,
    /// The shop's number, once known.
    pub number: Option<Number>,
    /// Every letter about it, in the order of entries.
    pub kept: Vec<Kept>,
    /// The work given to hooks for it, in the order of entries.
    pub given: Vec<Given>,
    /// What the buyer said of what came, in the order of entries; the last counts.
    pub arrivals: Vec<Arrival>,
}

impl Transaction {
    /// Begins a transaction without letters.
    pub fn new(key: Key) -> Self {
        Self { key, number: None, kept: Vec::new(), given: Vec::new(), arrivals: Vec::new() }
    }

    /// Returns the names it is found by.
    pub fn names(&self) -> Names {
        let (shop, order) = (self.key.shop.clone(), self.key.id.clone());
        Names { shop: Some(shop), number: self.number.clone(), order: Some(order) }
    }

    /// Returns the letters of `kind` that came in and count.
    pub fn received(&self, kind: Kind) -> impl Iterator<Item = &Kept> {
        self.kept.iter().filter(move |k| k.direction == Direction::In && k.letter.kind() == kind && k.counts())
    }

    /// Returns the letters of `kind` that went out.
    pub fn sent(&self, kind: Kind) -> impl Iterator<Item = &Kept> {
        self.kept.iter().filter(move |k| k.direction == Direction::Out && k.letter.kind() == kind)
    }

    /// Returns the letters of `kind` that we wrote or that count.
    pub fn known(&self, kind: Kind) -> impl Iterator<Item = &Kept> {
        self.kept.iter().filter(move |k| k.letter.kind() == kind && k.counts())
    }

    /// Returns the order this transaction began with, with the letter that carried it.
    pub fn order(&self) -> Option<(&Kept, &Order)> {
        self.known(Kind::Order).find_map(|kept| match &kept.letter.document {
            Document::Order(order) => Some((kept, order)),
            _ => None,
        })
    }

    /// Returns all terms known, oldest first, each with the letter that carried it.
    pub fn all_terms(&self) -> impl Iterator<Item = (&Kept, &Terms)> {
        self.known(Kind::TransactionInfo).filter_map(|kept| match &kept.letter.document {
            Document::TransactionInfo(terms) => Some((kept, terms)),
            _ => None,
        })
    }

    /// Returns the shop's refusal of the order, as long as it stands: one behind terms that count takes back an answer, and one
    /// that answers another letter is about nothing of this.
    pub fn rejection(&self) -> Option<&Kept> {
        let (ordered, _) = self.order().filter(|_| self.all_terms().next().is_none())?;
        self.known(Kind::OrderRejection).find(|kept| kept.letter.answers == Some(ordered.content))
    }

    /// Returns this transaction as it would be without one of its letters.
    #[must_use]
    pub fn without(&self, content: &Digest) -> Self {
        let mut without = self.clone();
        without.kept.retain(|kept| kept.content != *content);
        without
    }

    /// Returns the buyer's mailbox and key, where a letter tells.
    pub fn buyer(&self) -> Option<Party> {
        if let Some((kept, _)) = self.order() {
            return Some(kept.letter.from.clone());
        }
        self.kept.iter().filter(|kept| kept.counts()).find_map(|kept| {
            let agents = kept.letter.document.agents();
            agents.iter().find(|agent| agent.role == Role::Buyer).map(|agent| agent.party.clone())
        })
    }

    /// Returns the work that was given last for the hook of this sort, if it was.
    pub fn last_given(&self, work: Work) -> Option<&Given> {
        self.given.iter().rfind(|given| given.task.work == work)
    }

    /// Returns the key of the work by which a payment was authorised, as long as it was not taken back.
    pub fn authorised_by(&self) -> Option<&TaskKey> {
        let last = self.last_given(Work::Authorize).filter(|given| given.is_done())?;
        let back = self.given.iter().any(|given| given.task.work == Work::Withdraw && given.position > last.position);
        (!back).then_some(&last.task.key)
    }

    /// Returns the keys of the work that `withdraw` takes back: of the same hook, given before, done or perhaps done, and
    /// not told as paid.
    pub fn taken_back_by(&self, withdraw: &TaskKey) -> Vec<&TaskKey> {
        let Some(back) = self.given.iter().find(|given| given.task.key == *withdraw) else { return Vec::new() };
        let before = self.given.iter().filter(|given| given.position < back.position);
        let perhaps = |given: &&Given| given.said.is_none() || given.is_stopped();
        let is = |given: &&Given| match given.task.work {
            Work::Release | Work::Authorize | Work::Collect => given.is_done() || perhaps(given),
            Work::Debit => perhaps(given),
            Work::Withdraw | Work::Query | Work::Refund | Work::Plan => false,
        };
        before.filter(|given| given.task.hook == back.task.hook).filter(is).map(|given| &given.task.key).collect()
    }

    /// Returns the letter with this content digest.
    pub fn by_content(&self, content: &Digest) -> Option<&Kept> {
        self.kept.iter().find(|kept| kept.content == *content)
    }

    /// Returns the number for our next letter to `to`: one above the highest so far.
    ///
    /// A ledger that was set back to a backup lacks letters that were numbered, and no number may be given twice: what
    /// `to` says it has of ours counts, and so does each letter it answers and we do not know.
    pub fn next_seq(&self, to: &Fingerprint) -> u32 {
        let has = self.received(Kind::StatusRequest).filter(|k| k.letter.from.fingerprint == *to);
        let has = has.filter_map(|k| match &k.letter.document {
            Document::StatusRequest(request) => Some(request.have).filter(|have| *have <= CLAIMED_MAX),
            _ => None,
        });
        let highest = self.sent_to(to).filter_map(|k| k.letter.seq).chain(has).max().unwrap_or(0);
        highest.saturating_add(self.lost_to(to)).saturating_add(1)
    }

    fn sent_to(&self, to: &Fingerprint) -> impl Iterator<Item = &Kept> {
        self.kept.iter().filter(move |k| k.direction == Direction::Out && k.letter.to.fingerprint == *to)
    }

    /// Returns how many letters of ours that are not here `from` has answered since the last one that is: each had a
    /// number.
    pub fn lost_to(&self, from: &Fingerprint) -> u32 {
        let last = self.sent_to(from).map(|k| k.position).max();
        let ours = |content: &Digest| self.kept.iter().any(|k| k.direction == Direction::Out && k.content == *content);
        let since = self.kept.iter().filter(|k| k.direction == Direction::In && Some(k.position) > last);
        let theirs = since.filter(|k| k.counts() && !k.letter.stays_here() && k.letter.from.fingerprint == *from);
        let lost: BTreeSet<Digest> = theirs.filter_map(|k| k.letter.answers).filter(|content| !ours(content)).collect();
        u32::try_from(lost.len()).unwrap_or(u32::MAX)
    }

    /// Returns the highest number received from `from` without a gap below it, whatever became of the letters.
    pub fn have(&self, from: &Fingerprint) -> u32 {
        let mut numbers: Vec<u32> = self
            .kept
            .iter()
            .filter(|k| k.direction == Direction::In && k.letter.from.fingerprint == *from)
            .filter_map(|k| k.letter.seq)
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut have: u32 = 0;
        for number in numbers {
            if number == have.saturating_add(1) {
                have = number;
            }
        }
        have
    }

    /// Returns whether `kept` answers a status request of ours: then what is still missing is not asked for at once again,
    /// or two programs would write to each other for ever about a number that was never used.
    pub fn was_asked_for(&self, kept: &Kept) -> bool {
        kept.letter.answers.is_some_and(|content| self.sent(Kind::StatusRequest).any(|asked| asked.content == content))
    }

    /// Returns whether a letter with a number above a gap was received from `from`, and not warned about.
    pub fn has_gap(&self, from: &Fingerprint) -> bool {
        let have = self.have(from);
        let believed = |k: &Kept| k.direction == Direction::In && k.verdict != Verdict::Warned;
        let theirs = |k: &&Kept| believed(k) && k.letter.from.fingerprint == *from;
        self.kept.iter().filter(theirs).any(|k| k.letter.seq.is_some_and(|seq| seq > have))
    }
}

/// The transactions at hand. Holds all of them or those a batch needs; the fold is the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    transactions: BTreeMap<Key, Transaction>,
    numbers: BTreeMap<(Role, Address, Number), Key>,
}

impl Book {
    /// Returns a transaction by its key.
    pub fn get(&self, key: &Key) -> Option<&Transaction> {
        self.transactions.get(key)
    }

    /// Returns all transactions, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = &Transaction> {
        self.transactions.values()
    }

    /// Puts a transaction in, as it was reckoned before.
    pub fn insert(&mut self, transaction: Transaction) {
        if let Some(number) = &transaction.number {
            let name = (transaction.key.role, transaction.key.shop.clone(), number.clone());
            self.numbers.insert(name, transaction.key.clone());
        }
        self.transactions.insert(transaction.key.clone(), transaction);
    }

    /// Finds the transaction that `names` mean in the part `role`: by order ID where it is given, else by number.
    pub fn find(&self, role: Role, names: &Names) -> Option<&Transaction> {
        self.key_of(role, names).and_then(|key| self.transactions.get(&key))
    }

    /// Returns whether an order of `shop` has this number already: a shop makes another one then, and a buyer does not
    /// believe terms that use it again.
    pub fn has_number(&self, role: Role, shop: &Address, number: &Number, except: Option<&OrderId>) -> bool {
        let key = self.numbers.get(&(role, shop.clone(), number.clone()));
        key.is_some_and(|key| !is_stub(key, number) && except != Some(&key.id))
    }

    /// Returns the number for our next letter to `to` about the transaction of these names: one above the highest so
    /// far, in whatever part we wrote it.
    ///
    /// A shop that is its own payment agent writes to the buyer in two parts, and the buyer sees one sender.
    pub fn next_seq(&self, names: &Names, to: &Fingerprint) -> u32 {
        let ours = Role::ALL.into_iter().filter_map(|role| self.find(role, names));
        // The parts may know the transaction by different names: what one calls by order ID, the other has by number.
        let number = names.number.clone().or_else(|| ours.clone().find_map(|known| known.number.clone()));
        let by_number = Names { number, order: None, shop: names.shop.clone() };
        let others = Role::ALL.into_iter().filter_map(|role| self.find(role, &by_number));
        ours.chain(others).map(|known| known.next_seq(to)).max().unwrap_or(1)
    }

    fn key_of(&self, role: Role, names: &Names) -> Option<Key> {
        let shop = names.shop.clone()?;
        if let Some(id) = names.order.clone().filter(|_| knows_orders(role)) {
            let key = Key { role, shop: shop.clone(), id };
            if self.transactions.contains_key(&key) {
                return Some(key);
            }
        }
        self.numbers.get(&(role, shop, names.number.clone()?)).cloned()
    }

    /// Enters one entry and returns the keys whose transaction changed: the one it belongs to, and one that was
    /// merged into it.
    ///
    /// The same function serves a letter that has just come and one read again from the ledger.
    pub fn apply(&mut self, entry: &Entry) -> Vec<Key> {
        let Some(role) = entry.role else { return Vec::new() };
        match &entry.body {
            Body::In { letter, verdict, findings, content, .. } => {
                let kept = keep(entry, Direction::In, letter, content.digest, *verdict, findings.clone());
                self.enter(role, &entry.names(), kept)
            }
            Body::Out { letter, content } => {
                let kept = keep(entry, Direction::Out, letter, content.digest, Verdict::Applied, Vec::new());
                let mut changed = self.enter(role, &entry.names(), kept.clone());
                if letter.stays_here() {
                    let arrived = Kept { direction: Direction::In, ..kept };
                    changed.extend(self.enter(letter.addressee(), &entry.names(), arrived));
                }
                changed
            }
            Body::Own { act, names, .. } => self.decide(role, names, act, entry),
        }
    }

    /// Has a letter that was erased as what is left of it, in each part that keeps it, with these findings where there are
    /// some; returns the keys whose transaction changed.
    pub fn erase(&mut self, left: &Entry, findings: &[Finding]) -> Vec<Key> {
        let (Body::In { letter, .. } | Body::Out { letter, .. }) = &left.body else { return Vec::new() };
        let parts = left.role.into_iter().chain(letter.stays_here().then(|| letter.addressee()));
        let mut changed = Vec::new();
        for role in parts {
            let Some(key) = self.key_of(role, &left.names()) else { continue };
            let Some(transaction) = self.transactions.get_mut(&key) else { continue };
            for kept in transaction.kept.iter_mut().filter(|k| k.position == left.position && k.erased.is_none()) {
                kept.letter = Arc::clone(letter);
                kept.erased.clone_from(&left.erased);
                if !findings.is_empty() {
                    kept.findings = findings.to_vec();
                }
                changed.push(key.clone());
            }
        }
        changed
    }

    fn enter(&mut self, role: Role, names: &Names, kept: Kept) -> Vec<Key> {
        let Some(shop) = names.shop.clone() else { return Vec::new() };
        let Some(key) = self.key_of(role, names).or_else(|| new_key(role, &shop, names)) else { return Vec::new() };
        let gives_number = gives_number(&key, &kept);
        let transaction = self.transactions.entry(key.clone()).or_insert_with(|| Transaction::new(key.clone()));
        transaction.kept.push(kept);
        let mut changed = vec![key.clone()];
        if let Some(number) = names.number.clone().filter(|_| gives_number) {
            changed.extend(self.number(&key, number));
        }
        changed
    }

    /// Gives a transaction its number, if it has none yet; returns the key of what was known by number alone before.
    ///
    /// A number that another order has already stays with that order: two orders are never made one.
    fn number(&mut self, key: &Key, number: Number) -> Option<Key> {
        let name = (key.role, key.shop.clone(), number);
        let before = self.numbers.get(&name).filter(|before| *before != key).cloned();
        if before.as_ref().is_some_and(|before| !is_stub(before, &name.2)) {
            return None;
        }
        let transaction = self.transactions.get_mut(key).filter(|transaction| transaction.number.is_none())?;
        transaction.number = Some(name.2.clone());
        self.numbers.insert(name, key.clone());
        before.filter(|stub| self.merge(stub, key))
    }

    /// Moves the letters of a transaction known by number alone into the one its terms belong to.
    fn merge(&mut self, stub: &Key, key: &Key) -> bool {
        let Some(early) = self.transactions.remove(stub) else { return false };
        if let Some(transaction) = self.transactions.get_mut(key) {
            transaction.kept.extend(early.kept);
            transaction.kept.sort_by_key(|kept| kept.position);
            transaction.given.extend(early.given);
            transaction.given.sort_by_key(|given| given.position);
            transaction.arrivals.extend(early.arrivals);
            transaction.arrivals.sort_by_key(|arrival| arrival.position);
        }
        true
    }

    fn decide(&mut self, role: Role, names: &Names, act: &Act, entry: &Entry) -> Vec<Key> {
        let Some(key) = self.key_of(role, names) else { return Vec::new() };
        let Some(transaction) = self.transactions.get_mut(&key) else { return Vec::new() };
        let mut number = None;
        match act {
            Act::Verdict { content, verdict, findings } => {
                for kept in transaction.kept.iter_mut().filter(|k| k.content == *content) {
                    kept.verdict = *verdict;
                    kept.findings.clone_from(findings);
                    number = kept.letter.transaction.clone().filter(|_| gives_number(&key, kept));
                }
            }
            Act::Settle { content: Some(content), how, .. } => {
                for kept in transaction.kept.iter_mut().filter(|k| k.content == *content) {
                    kept.settled = Some(*how);
                }
            }
            Act::Received { lines, at } => transaction.arrivals.push(Arrival {
                position: entry.position,
                recorded: entry.recorded,
                lines: lines.clone(),
                at: *at,
            }),
            Act::Give { task } => {
                let (position, since) = (entry.position, entry.recorded);
                transaction.given.push(Given {
                    task: task.clone(),
                    position,
                    since,
                    said: None,
                    asked: None,
                    untold: None,
                });
            }
            Act::Said { key, said, untold } => {
                let position = entry.position;
                for given in transaction.given.iter_mut().filter(|given| given.task.key == *key) {
                    given.take(said);
                    given.untold = untold.clone().map(|why| Untold { why, position });
                }
            }
            Act::Settle { .. }
            | Act::Genesis { .. }
            | Act::Pin { .. }
            | Act::Schedule { .. }
            | Act::Unschedule { .. }
            // What it erased was read without it.
            | Act::Redaction(_) => return Vec::new(),
        }
        let stub = number.and_then(|number| self.number(&key, number));
        [Some(key), stub].into_iter().flatten().collect()
    }
}

/// Buyers and shops know orders by the buyer's ID; agents know transactions by the shop's number alone.
const fn knows_orders(role: Role) -> bool {
    matches!(role, Role::Buyer | Role::Shop)
}

/// Returns whether `key` stands for a number that no order is known of.
fn is_stub(key: &Key, number: &Number) -> bool {
    key.id == OrderId::stand_in(&key.shop, number)
}

/// Returns whether a letter may give the transaction `key` the number it names.
///
/// A transaction known by number alone has that number. To an order only its shop gives one: by the letter we write as
/// the shop, or by terms or a status of the shop that count. A buyer who names another's number gets nothing by it.
fn gives_number(key: &Key, kept: &Kept) -> bool {
    let letter = &kept.letter;
    if letter.transaction.as_ref().is_some_and(|number| is_stub(key, number)) {
        return true;
    }
    match key.role {
        Role::Shop => kept.direction == Direction::Out,
        Role::Buyer => {
            let by_shop = matches!(letter.kind(), Kind::TransactionInfo | Kind::OrderStatus);
            by_shop && kept.direction == Direction::In && kept.counts()
        }
        Role::Payment | Role::Delivery => false,
    }
}

fn new_key(role: Role, shop: &Address, names: &Names) -> Option<Key> {
    let by_order = names.order.clone().filter(|_| knows_orders(role));
    let id = by_order.or_else(|| names.number.as_ref().map(|number| OrderId::stand_in(shop, number)))?;
    Some(Key { role, shop: shop.clone(), id })
}

fn keep(
    entry: &Entry,
    direction: Direction,
    letter: &Arc<Letter>,
    content: Digest,
    verdict: Verdict,
    findings: Vec<Finding>,
) -> Kept {
    let (position, recorded, letter) = (entry.position, entry.recorded, Arc::clone(letter));
    let erased = entry.erased.clone();
    Kept { position, direction, content, recorded, letter, verdict, findings, settled: None, erased }
}
