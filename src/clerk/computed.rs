//! Warnings that nobody wrote: what is late, who is silent, what failed, what was never acknowledged, a limit that is
//! reached. They are reckoned from
//! the index when asked for; only what a person says to them is entered.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::open::reread;
use super::{Clerk, ClerkError};
use crate::index::{EntryRow, Filter, Unheard};
use crate::ledger::Claim;
use crate::role::Refused;
use crate::rules::crowd::{Crowd, crowds};
use crate::rules::failed::failures;
use crate::rules::limits::DAY;
use crate::rules::overdue::overdue;
use crate::rules::query::Query;
use crate::rules::unheard::{TIMES, TOLD};
use crate::rules::{Standing, received, unconfirmed};
use crate::trade::{
    Act, Address, Code, Digest, Finding, Key, Leg, Moment, Money, Names, Number, OrderId, Role, Settlement,
    Transaction, When,
};

/// A warning that is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComputedWarning {
    /// What it is settled by: `C-` and eight hexadecimal digits.
    pub id: String,
    /// What is wrong.
    pub code: Code,
    /// The sentence.
    pub text: String,
    /// The shop, where it is about a transaction.
    pub shop: Option<Address>,
    /// The transaction's number.
    pub number: Option<Number>,
    /// The buyer's order ID, where there is no number yet.
    pub order: Option<OrderId>,
    /// The transaction it is about, where that is known here.
    pub about: Option<Key>,
    /// The leg it is about, where it is about one.
    pub leg: Option<Leg>,
    /// Since when.
    pub since: Moment,
    /// The same as it was promised: a plain day stays one.
    pub date: When,
    /// What a person said to it.
    pub settled: Option<Settlement>,
    pub(super) subject: String,
}

/// What is said about a leg of a transaction: what a settlement names it by, since when it is so, and what it is.
type Said = (String, When, Finding, Leg);

impl Clerk {
    /// Returns the computed warnings as of now, those of transactions first.
    pub fn computed_warnings(&self) -> Result<Vec<ComputedWarning>, ClerkError> {
        let now = self.clock.now();
        let due = Filter { due_before: Some(now.instant().as_second()), ..Filter::default() };
        let mut found = self.about_each(&due, &|known| {
            let late = overdue(known, &now).into_iter();
            late.map(|one| (one.subject(known), one.promised, one.finding, one.leg)).collect()
        })?;
        found.extend(self.standing_warnings()?);
        Ok(found)
    }

    /// Returns the warnings that hold whatever was promised: what failed, letters nobody acknowledged, and limits that are
    /// reached.
    pub fn standing_warnings(&self) -> Result<Vec<ComputedWarning>, ClerkError> {
        let amiss = Filter { amiss: true, ..Filter::default() };
        let mut found = self.about_each(&amiss, &|known| {
            let failed = failures(known, &Standing::of(known)).into_iter();
            let failed = failed.map(|one| {
                (one.subject(known), When::Moment(one.since), Finding::new(Code::Failed, one.text), one.leg)
            });
            failed.chain(short(known)).chain(not_confirmed(known)).collect()
        })?;
        found.extend(self.unheard_warnings()?);
        found.extend(self.doubt_warnings()?);
        found.extend(self.compromised_warnings()?);
        found.extend(self.crowd_warnings()?);
        found.extend(self.limit_warnings()?);
        Ok(found)
    }

    /// Returns the filter that lets everything through that a query may ask for; of which transactions a warning is open that no
    /// letter brought, the index alone does not know, nor what shops are called in orders that do not say it.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn filter(&self, query: &Query, role: Role, now: &Moment, zone: &TimeZone) -> Result<Filter, ClerkError> {
        let filter = Filter::of(query, role, now, zone);
        let standing = if filter.warned { open_of_each(&self.standing_warnings()?) } else { BTreeMap::new() };
        let called = if role == Role::Buyer { self.called(query)? } else { Vec::new() };
        Ok(Filter { standing: standing.into_keys().collect(), called, ..filter })
    }

    /// Returns the warnings about letters of ours that are not sent again and that nobody acknowledged, one for each
    /// transaction and reader. What is still in the queue is told of there.
    fn unheard_warnings(&self) -> Result<Vec<ComputedWarning>, ClerkError> {
        let now = self.clock.now();
        let mut groups: BTreeMap<String, Vec<(Unheard, EntryRow)>> = BTreeMap::new();
        for letter in self.index.unheard_in_vain(&now.plus_seconds(-TOLD), TIMES)? {
            if self.queue.holds(&letter.position.to_string()) {
                continue;
            }
            let Some(entry) = self.index.entry(letter.position)? else { continue };
            let peer = entry.peer.as_ref().map(ToString::to_string).unwrap_or_default();
            let Names { shop, number, order } = &letter.names;
            let name = number.as_ref().map(ToString::to_string).or(order.as_ref().map(ToString::to_string));
            let shop = shop.as_ref().map(ToString::to_string).unwrap_or_default();
            let about = format!("{} {shop} {} {peer}", letter.role, name.unwrap_or_default());
            groups.entry(about).or_default().push((letter, entry));
        }
        groups.into_iter().filter_map(|(about, letters)| self.unheard_warning(&about, &letters).transpose()).collect()
    }

    /// Returns a warning for each party that writes far more about one transaction than anybody needs (B100). Another day is
    /// another matter.
    fn crowd_warnings(&self) -> Result<Vec<ComputedWarning>, ClerkError> {
        let since = self.clock.now().plus_seconds(-DAY);
        let mut found = Vec::new();
        for key in self.index.crowded(&since)? {
            let Some(known) = self.index.load_key(&key)? else { continue };
            let (role, shop, Some(number)) = (key.role, &key.shop, &known.number) else { continue };
            for Crowd { peer, letters, last } in crowds(&known, &since) {
                let subject = format!("{} {role} {shop} {number} {peer} {}", Code::TooManyLetters, last.day());
                let text = format!(
                    "{peer} has sent {letters} statuses about this within a day; each is kept, and the newest counts"
                );
                let (shop, number) = (Some(shop.clone()), Some(number.clone()));
                let warning = self.computed(subject, Code::TooManyLetters, text, shop, number, last)?;
                found.push(ComputedWarning { about: Some(key.clone()), ..warning });
            }
        }
        Ok(found)
    }

    /// Returns the warning about letters of one transaction to one reader. More of them make it another one.
    fn unheard_warning(
        &self,
        about: &str,
        letters: &[(Unheard, EntryRow)],
    ) -> Result<Option<ComputedWarning>, ClerkError> {
        let (Some((first, entry)), Some((last, _))) = (letters.first(), letters.last()) else { return Ok(None) };
        let peer = entry.peer.as_ref().map(ToString::to_string).unwrap_or_default();
        let times = if first.times == 1 { "once".to_owned() } else { format!("{} times", first.times) };
        let more = match letters.len().saturating_sub(1) {
            0 => String::new(),
            1 => ", nor is a later one".to_owned(),
            more => format!(", nor are {more} later ones"),
        };
        let (kind, day) = (&entry.kind, first.recorded.day());
        let text = format!("{kind} of {day} to {peer}, sent {times}, was never acknowledged{more}");
        let subject = format!("{} {about} {}", Code::Unheard.word(), last.position);
        let about = self.key_of(Some(first.role), &first.names)?;
        let Names { shop, number, order } = first.names.clone();
        let warning = self.computed(subject, Code::Unheard, text, shop, number, first.recorded)?;
        Ok(Some(ComputedWarning { order, about, ..warning }))
    }

    /// Returns what `find` has to say about each transaction that a filter lets through.
    fn about_each(
        &self,
        filter: &Filter,
        find: &dyn Fn(&Transaction) -> Vec<Said>,
    ) -> Result<Vec<ComputedWarning>, ClerkError> {
        let mut found = Vec::new();
        for listed in self.index.list(filter)? {
            let Some(known) = self.index.load_key(&listed.key)? else { continue };
            for (subject, date, Finding { code, text }, leg) in find(&known) {
                let (shop, number) = (Some(known.key.shop.clone()), known.number.clone());
                let since = date.end(self.clock.now().offset());
                let warning = self.computed(subject, code, text, shop, number, since)?;
                found.push(ComputedWarning { about: Some(known.key.clone()), leg: Some(leg), date, ..warning });
            }
        }
        Ok(found)
    }

    /// Returns the key of the transaction that these names mean in a part.
    pub(super) fn key_of(&self, role: Option<Role>, names: &Names) -> Result<Option<Key>, ClerkError> {
        let known = role.map(|role| self.index.load(role, names)).transpose()?.flatten();
        Ok(known.map(|known| known.key))
    }

    /// Returns the warnings about limits that are reached.
    fn limit_warnings(&self) -> Result<Vec<ComputedWarning>, ClerkError> {
        let now = self.clock.now();
        let mut found = Vec::new();
        for (limit, total) in self.limits_reached()? {
            let subject = format!("{} {limit} {total}", Code::UnpaidLimitReached.word());
            let text = format!("{total} is unpaid in all; your limit is {limit}");
            found.push(self.computed(subject, Code::UnpaidLimitReached, text, None, None, now)?);
        }
        Ok(found)
    }

    /// Returns the buyer's limits that the unpaid totals have reached, each with its total (P81).
    pub fn limits_reached(&self) -> Result<Vec<(Money, Money)>, ClerkError> {
        let limits = self.settings.practice.unpaid_limits();
        if limits.is_empty() {
            return Ok(Vec::new());
        }
        let totals = self.index.unpaid(&Filter { role: Some(Role::Buyer), ..Filter::default() })?;
        let total = |limit: &Money| totals.iter().find(|total| total.currency() == limit.currency()).copied();
        let reached = |limit: &Money, total: &Money| !limit.exceeds(total).unwrap_or(false);
        let limits = limits.iter().filter_map(|limit| Some((*limit, total(limit)?)));
        Ok(limits.filter(|(limit, total)| reached(limit, total)).collect())
    }

    pub(super) fn computed(
        &self,
        subject: String,
        code: Code,
        text: String,
        shop: Option<Address>,
        number: Option<Number>,
        since: Moment,
    ) -> Result<ComputedWarning, ClerkError> {
        let id = warning_id(&subject);
        let settled = self.index.settled(&subject)?;
        Ok(ComputedWarning {
            id,
            code,
            text,
            shop,
            number,
            order: None,
            about: None,
            leg: None,
            since,
            date: When::Moment(since),
            settled,
            subject,
        })
    }

    /// Notes that a computed warning was seen. It goes by itself when what it is about is done.
    ///
    /// # Errors
    /// Where there is no such warning, or more is wished than to have seen it.
    pub fn settle_computed(&mut self, id: &str, how: Settlement, reason: Option<String>) -> Result<(), ClerkError> {
        self.catch_up()?;
        let known = self.computed_warnings()?.into_iter().find(|warning| warning.id == id);
        let subject = known.map_or_else(|| self.claimed(id), |known| Ok(Some(known.subject)))?;
        let Some(subject) = subject else { return Err(Refused::new(format!("there is no warning {id}")).into()) };
        if how != Settlement::Ack {
            let text = format!("{id} is no letter that could count or be blocked; note that you saw it with ack");
            return Err(Refused::new(text).into());
        }
        let act = Act::Settle { content: None, subject: Some(subject), how, reason };
        self.batch(|batch| batch.act(None, act, Names::default(), Vec::new()))
    }

    /// Returns the subject of the claims of this name, which `audit verify` lists: what a counterparty says it got of us
    /// and the ledger knows nothing of.
    fn claimed(&self, id: &str) -> Result<Option<String>, ClerkError> {
        let testimony = self.ledger.testimony(&reread)?;
        let mut subjects =
            testimony.claims.iter().filter(|claim| !claim.settled).map(|claim| Claim::subject(&claim.peer));
        Ok(subjects.find(|subject| warning_id(subject) == id))
    }
}

/// Returns what is to be said about goods that did not come as the delivery agent says.
fn short(known: &Transaction) -> Option<Said> {
    let differs = received::differs(known, &Standing::of(known))?;
    let subject = differs.subject(known);
    Some((subject, When::Moment(differs.since), Finding::new(Code::ReceivedDiffers, differs.text), Leg::Delivery))
}

/// Returns what is to be said about money that was collected by terms to which the buyer said no OK.
fn not_confirmed(known: &Transaction) -> Option<Said> {
    let collected = unconfirmed::collected(known, &Standing::of(known))?;
    let subject = collected.subject(known);
    let finding = Finding::new(Code::NotConfirmed, collected.text);
    Some((subject, When::Moment(collected.since), finding, Leg::Payment))
}

/// Returns how many of these warnings are open about each transaction.
pub fn open_of_each(warnings: &[ComputedWarning]) -> BTreeMap<Key, u32> {
    let mut each: BTreeMap<Key, u32> = BTreeMap::new();
    let open = warnings.iter().filter(|warning| warning.settled.is_none());
    for key in open.filter_map(|warning| warning.about.clone()) {
        let count = each.entry(key).or_default();
        *count = count.saturating_add(1);
    }
    each
}

/// Returns what a computed warning is settled by: `C-` and eight hexadecimal digits.
pub fn warning_id(subject: &str) -> String {
    format!("C-{}", Digest::of(subject.as_bytes()).hex().get(..8).unwrap_or_default())
}
