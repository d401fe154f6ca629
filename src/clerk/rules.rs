//! The buyer's rules at work: what they find is asked about, given back or ordered again, once for each transaction.
//!
//! The ledger says what was done: each letter's entry names its rule.

use super::asking::{AT_ONCE, By, Foreseeing};
use super::batch::Batch;
use super::{Clerk, ClerkError, chance};
use crate::index::Filter;
use crate::role::rule::{Held, Market, has_same_agents, is_same_article};
use crate::role::{Action, Draft, Rule, buyer};
use crate::rules::leap::Seen;
use crate::rules::{Standing, State};
use crate::trade::{
    Address, Cause, Deed, Digest, Document, Fingerprint, Key, Kind, Moment, Money, Order, OrderId, Party, Role, Terms,
    Transaction,
};

/// Where the index keeps when rules were last looked at, and behind which entry.
const LOOKED: &str = "rules";
/// How long that holds where no letter came, in seconds.
const PAUSE: i64 = 600;
/// Where the index keeps what was seen of the time.
const SEEN: &str = "time seen";
/// In how many of a shop's newest transactions its conditions are looked for.
const LOOKED_AT: u32 = 50;
/// Said where what is unpaid and ordered is more than any amount.
const TOO_MUCH: &str = "what is unpaid and ordered is more than an amount can be";
/// How many of the newest letters may bear the clock out.
const NEWEST: u32 = 32;

/// When rules are looked at, and whether the clock that says so is in doubt.
#[derive(Clone, Copy)]
struct Look<'a> {
    now: &'a Moment,
    /// By how many days it is ahead of what was seen of the time before.
    ahead: Option<i64>,
}

impl Look<'_> {
    /// Returns why a deed has to wait: whoever is asked a question too early answers it, but a return or an order is not
    /// taken back.
    fn keeps_from(&self, deed: Deed) -> Option<Held> {
        let days = self.ahead.filter(|_| deed != Deed::Ask)?;
        let text =
            format!("the clock went ahead by {days} days at once; it waits a day, or for a letter of these days");
        Some(Held(text))
    }
}

/// What a rule has for one transaction.
enum Found {
    /// Letters to those concerned.
    Letters(Vec<Draft>),
    /// An order like it, to its shop.
    Again(Box<Order>, Party),
}

impl Clerk {
    /// Does what the rules say. Without a rule nothing is looked at; else each time the ledger has grown, and now and then.
    pub(super) fn act_by_rules(&mut self, now: &Moment) -> Result<(), ClerkError> {
        let rules = self.rules();
        if rules.is_empty() {
            return Ok(());
        }
        let looked = self.index.cursor(LOOKED)?;
        if looked.is_some_and(|looked| self.is_lately(&looked, &rules, now)) {
            return Ok(());
        }
        self.act_by_rules_now(now)
    }

    /// The same, however lately it was looked at.
    pub(super) fn act_by_rules_now(&mut self, now: &Moment) -> Result<(), ClerkError> {
        let rules = self.rules();
        if rules.is_empty() || self.key_fault().is_some() {
            return Ok(());
        }
        let seen = self.time_seen(now)?;
        let text = serde_json::to_string(&seen).map_err(|error| ClerkError::Write(error.to_string()))?;
        self.index.set_cursor(SEEN, &text)?;
        for rule in &rules {
            self.act_by(rule, Look { now, ahead: seen.doubt(now) })?;
        }
        Ok(self.index.set_cursor(LOOKED, &self.looked(&rules, now))?)
    }

    /// Returns the buyer's rules, in the order of the configuration.
    pub fn rules(&self) -> Vec<Rule> {
        self.settings.practice.buyer.as_ref().map(|buyer| buyer.rules.clone()).unwrap_or_default()
    }

    /// Returns what is seen of the time now. What was seen before is kept in the index alone: without it the newest entry
    /// tells, and a doubt costs a day.
    fn time_seen(&self, now: &Moment) -> Result<Seen, ClerkError> {
        let kept = self.index.cursor(SEEN)?.and_then(|text| serde_json::from_str::<Seen>(&text).ok());
        let seen = match kept {
            Some(seen) => seen,
            None => Seen::from(self.index.newest_entry()?.unwrap_or(*now)),
        };
        let first = seen.look(now, &[]);
        Ok(if first.leapt.is_none() { first } else { seen.look(now, &self.index.dates_heard(NEWEST)?) })
    }

    fn looked(&self, rules: &[Rule], now: &Moment) -> String {
        let written = format!("{rules:?}");
        let entries = self.index.mark().entries();
        format!("{} {entries} {}", now.instant().as_second(), Digest::of(written.as_bytes()))
    }

    fn is_lately(&self, looked: &str, rules: &[Rule], now: &Moment) -> bool {
        let (Some((second, rest)), current) = (looked.split_once(' '), self.looked(rules, now)) else { return false };
        let age = second.parse::<i64>().ok().map(|second| now.instant().as_second().saturating_sub(second));
        age.is_some_and(|age| (0..PAUSE).contains(&age)) && current.split_once(' ').is_some_and(|(_, now)| now == rest)
    }

    /// Returns what the rules would do now, and what keeps them from doing anything about what they find.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn foresee_rules(&mut self) -> Result<Vec<Foreseeing>, ClerkError> {
        self.catch_up()?;
        let now = self.clock.now();
        let mut all = Vec::new();
        let rules = self.rules();
        if rules.is_empty() {
            return Ok(all);
        }
        let look = Look { now: &now, ahead: self.time_seen(&now)?.doubt(&now) };
        for rule in rules {
            for key in self.meant_by(&rule, &now)? {
                let by = By::Rule(rule.deed, rule.when.clone());
                all.push(match self.find_for(&rule, &key, look)? {
                    Some(Ok(Found::Letters(drafts))) => Foreseeing::letters(by, &key, &drafts),
                    Some(Ok(Found::Again(_, shop))) => {
                        let letters = vec![(Kind::Order, shop.address)];
                        Foreseeing { by, order: key.id.clone(), letters, held: None }
                    }
                    Some(Err(Held(why))) => {
                        Foreseeing { by, order: key.id.clone(), letters: Vec::new(), held: Some(why) }
                    }
                    None => continue,
                });
            }
        }
        Ok(all)
    }

    /// Returns the purchases that a rule finds and has done nothing about yet.
    fn meant_by(&self, rule: &Rule, now: &Moment) -> Result<Vec<Key>, ClerkError> {
        let mut keys = Vec::new();
        for key in self.found_by_query(&rule.when, now, rule.deed == Deed::Ask)? {
            if !self.was_done(rule, &key.id)? {
                keys.push(key);
            }
        }
        Ok(keys)
    }

    /// Returns whether it was done: a question by this rule, a return or a re-order by any.
    fn was_done(&self, rule: &Rule, order: &OrderId) -> Result<bool, ClerkError> {
        let when = (rule.deed == Deed::Ask).then_some(rule.when.as_str());
        Ok(self.index.was_done(rule.deed, order, when)?)
    }

    /// Returns what a rule has for a transaction, as the index has it now.
    fn find_for(&mut self, rule: &Rule, key: &Key, look: Look<'_>) -> Result<Option<Result<Found, Held>>, ClerkError> {
        let Some(known) = self.index.load_key(key)? else { return Ok(None) };
        let found = match rule.deed {
            Deed::Reorder => {
                self.again(rule, &known, look.now)?.map(|(order, shop)| Found::Again(Box::new(order), shop))
            }
            Deed::Ask | Deed::Return => rule.letters(&known, look.now).map(Found::Letters),
        };
        // What it would not do anyway has its own reason.
        Ok(Some(found.and_then(|found| look.keeps_from(rule.deed).map_or(Ok(found), Err))))
    }

    fn act_by(&mut self, rule: &Rule, look: Look<'_>) -> Result<(), ClerkError> {
        let keys = self.meant_by(rule, look.now)?;
        // What is unpaid grows with each order: the next one is looked at behind it.
        let at_once = if rule.deed == Deed::Reorder { 1 } else { AT_ONCE };
        for keys in keys.chunks(at_once) {
            let mut wanted = Vec::new();
            for key in keys {
                if let Some(Ok(_)) = self.find_for(rule, key, look)? {
                    wanted.push(key);
                }
            }
            if wanted.is_empty() {
                continue;
            }
            self.batch(|batch| {
                batch.by_person = false;
                for key in wanted {
                    // Another process, or the buyer, may have done it while the lock was waited for: it is looked at again.
                    if batch.clerk.was_done(rule, &key.id)? {
                        continue;
                    }
                    if let Some(Ok(found)) = batch.clerk.find_for(rule, key, look)? {
                        batch.act_by(rule, key, found)?;
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Returns the order that repeats a purchase, or why there is none.
    fn again(
        &mut self,
        rule: &Rule,
        known: &Transaction,
        now: &Moment,
    ) -> Result<Result<(Order, Party), Held>, ClerkError> {
        let catalogs: Vec<_> = self.catalogs(&known.key.shop)?.into_iter().map(|one| one.catalog).collect();
        let agents = known.terms().map(|(_, terms)| terms.agents.clone()).unwrap_or_default();
        let addresses = agents.iter().map(|agent| &agent.party.address).chain([&known.key.shop]);
        let mut pins: Vec<(Address, Fingerprint)> = Vec::new();
        for address in addresses {
            pins.extend(self.index.pin_of(address)?.map(|pin| (pin.address, pin.fingerprint)));
        }
        let pinned = |address: &Address| pins.iter().find(|(known, _)| known == address).map(|(_, key)| key.clone());
        let total = known.terms().map(|(_, terms)| terms.total);
        let market = Market {
            catalogs: &catalogs,
            pinned: &pinned,
            may_collect: &|agent| self.settings.allows_payment_agent(agent, &pinned),
            unpaid: match total.map(|total| self.unpaid_with_orders(&total, now)).transpose()? {
                Some(None) => return Ok(Err(Held(TOO_MUCH.to_owned()))),
                unpaid => unpaid.flatten(),
            },
            limit: total.and_then(|total| self.settings.practice.unpaid_limit(total.currency())),
            ordered_since: self.was_ordered_since(known)?,
        };
        let found = rule.again(known, &market, now);
        let home = self.settings.practice.buyer.as_ref().and_then(|buyer| buyer.deliver_to.as_ref());
        Ok(found.and_then(|(order, shop)| match order.deliver_to.as_ref() == home {
            true => Ok((order, shop)),
            false => Err(Held("it went to another address than the one of the configuration".to_owned())),
        }))
    }

    /// Returns what is unpaid in the currency of an amount, with what is ordered and not agreed to yet, as long as it can be, as
    /// the buyer ordered it: what a shop asks for instead is no matter of his yet. `None` for more than an amount can be.
    fn unpaid_with_orders(&self, amount: &Money, now: &Moment) -> Result<Option<Money>, ClerkError> {
        let mut sums = self.index.unpaid(&Filter { role: Some(Role::Buyer), ..Filter::default() })?;
        for state in ["ordered", "offered"] {
            let filter = Filter { state: Some(state.to_owned()), ..Filter::open(Role::Buyer, now) };
            for listed in self.index.list(&filter)? {
                let known = self.index.load_key(&listed.key)?;
                sums.extend(known.as_ref().and_then(Transaction::order).map(|(_, order)| order.total));
            }
        }
        sums.retain(|sum| sum.currency() == amount.currency());
        let zero = Money::zero(amount.currency());
        Ok(Money::sum(sums.iter().chain([&zero])).ok().flatten())
    }

    /// Returns whether what is unpaid, these terms included, stays below the buyer's limit.
    fn is_within_limit(&self, terms: &Terms, now: &Moment) -> Result<bool, ClerkError> {
        let Some(limit) = self.settings.practice.unpaid_limit(terms.total.currency()) else { return Ok(true) };
        let unpaid = self.unpaid_with_orders(&terms.total, now)?;
        Ok(unpaid.is_some_and(|unpaid| limit.exceeds(&unpaid).unwrap_or(false)))
    }

    /// Returns whether the shop states no conditions, or those of a purchase from it that was agreed to before.
    fn has_agreed_to_conditions(&self, key: &Key, terms: &Terms) -> Result<bool, ClerkError> {
        let Some(conditions) = &terms.conditions else { return Ok(true) };
        let of_shop =
            Filter { role: Some(key.role), shop: Some(key.shop.clone()), limit: Some(LOOKED_AT), ..Filter::default() };
        for listed in self.index.list(&of_shop)?.into_iter().filter(|listed| listed.key != *key) {
            let known = self.index.load_key(&listed.key)?;
            let agreed = known.as_ref().filter(|known| known.accepted().next().is_some()).and_then(Transaction::terms);
            if agreed.is_some_and(|(_, agreed)| agreed.conditions.as_ref() == Some(conditions)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns whether any of the goods were ordered from the shop again since: by the places of both orders in our own ledger,
    /// whatever dates they have.
    fn was_ordered_since(&self, known: &Transaction) -> Result<bool, ClerkError> {
        let Some((kept, order)) = known.order() else { return Ok(false) };
        let has = |other: &Order| {
            other.lines.iter().any(|one| order.lines.iter().any(|line| is_same_article(&line.item, &one.item)))
        };
        for id in self.index.ordered_after(&known.key.shop, kept.position)? {
            let other = self.index.load_key(&Key { id, ..known.key.clone() })?;
            let taken = other.as_ref().filter(|other| Standing::of(other).state != State::Rejected);
            if taken.and_then(Transaction::order).is_some_and(|(_, other)| has(other)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Batch<'_> {
    fn act_by(&mut self, rule: &Rule, key: &Key, found: Found) -> Result<(), ClerkError> {
        let begin = self.pending.len();
        let cause = Cause::Rule { deed: rule.deed, order: key.id.clone(), when: rule.when.clone() };
        let drafts = match found {
            Found::Letters(drafts) => drafts,
            Found::Again(order, shop) => vec![buyer::order(*order, OrderId::from_bytes(chance()?), shop)],
        };
        self.perform(drafts.into_iter().map(Action::from).collect())?;
        self.because(begin, &cause);
        Ok(())
    }

    /// Takes the OK out of what is answered to terms by itself, where a person is to see them first: what is unpaid would reach
    /// the limit, the shop's conditions are none that were agreed to before, or a rule ordered again and something changed.
    pub(super) fn unless_unseen(
        &self,
        transaction: &Transaction,
        actions: Vec<Action>,
    ) -> Result<Vec<Action>, ClerkError> {
        let is_ok = |action: &Action| matches!(action, Action::Send(draft) if matches!(draft.document, Document::Confirmation(_)));
        if transaction.key.role != Role::Buyer || !actions.iter().any(is_ok) {
            return Ok(actions);
        }
        // Those that it says OK to, not those that are in force.
        let Some((_, terms)) = buyer::offered(transaction) else { return Ok(actions) };
        let may = self.clerk.is_within_limit(terms, &self.now)?
            && self.clerk.has_agreed_to_conditions(&transaction.key, terms)?
            && self.is_as_before(transaction, terms)?;
        Ok(if may { actions } else { actions.into_iter().filter(|action| !is_ok(action)).collect() })
    }

    /// Returns whether agents and total are those of the purchase that a rule ordered again; of what a person ordered they are
    /// none of before.
    fn is_as_before(&self, transaction: &Transaction, terms: &Terms) -> Result<bool, ClerkError> {
        let Some((kept, _)) = transaction.order() else { return Ok(true) };
        let written = self.pending.iter().find(|one| one.entry.position == kept.position);
        let source = match written.map(|one| &one.entry.cause) {
            Some(Some(Cause::Rule { deed: Deed::Reorder, order, .. })) => Some(order.clone()),
            Some(_) => None,
            None => self.clerk.index.reordered_by_rule(kept.position)?,
        };
        let Some(id) = source else { return Ok(true) };
        let before = self.clerk.index.load_key(&Key { id, ..transaction.key.clone() })?;
        let before = before.as_ref().and_then(|known| known.terms());
        Ok(before.is_some_and(|(_, before)| has_same_agents(terms, before) && terms.total == before.total))
    }
}
