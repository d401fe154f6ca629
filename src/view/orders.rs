//! The list of transactions: what was bought, and what of it is shipped, delivered and paid (P72-P80).

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::late::{Failed, Late};
use super::transaction::unanswered;
use super::{text, warnings};
use crate::clerk::{Clerk, ClerkError, ComputedWarning, ShopNames, open_of_each};
use crate::index::{Filter, Listed, Row, RowLeg};
use crate::rules::agreement::compare;
use crate::rules::query::{Condition, Query};
use crate::rules::{Pending, Standing};
use crate::trade::{Key, Moment, Money, OrderId, Role, Transaction, When};

/// The word for what was offered and can be accepted no more. It is no state: nothing was said or written, time has passed.
pub const EXPIRED: &str = "expired";

/// Of how many late orders it is looked whom to ask.
const LATE_MAX: usize = 20;

/// Which transactions are asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The part played.
    pub role: Role,
    /// What must hold.
    pub query: Query,
    /// At most so many, newest first.
    pub limit: Option<u32>,
    /// Only those that stand after this one.
    pub after: Option<Key>,
}

/// Terms that wait for the buyer's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// Of which order.
    pub order: OrderId,
    /// The entry of their letter.
    pub entry: u64,
    /// What the order would cost.
    pub total: Money,
    /// In how many points they differ from the order.
    pub differs: usize,
}

impl Awaited {
    /// Returns the terms of a transaction that wait, if some do.
    pub fn of(known: &Transaction, now: &Moment) -> Option<Self> {
        let (kept, terms) = unanswered(known, &Standing::of(known), now)?;
        let differs = known.order().map_or(0, |(_, order)| compare(order, terms).len());
        Some(Self { order: known.key.id.clone(), entry: kept.position, total: terms.total, differs })
    }
}

/// Transactions, newest first, and what stands below them.
#[derive(Debug, Clone)]
pub struct Orders {
    /// The part played.
    pub role: Role,
    /// When they were looked at.
    pub now: Moment,
    /// The transactions.
    pub listed: Vec<Listed>,
    /// The offers among them that wait for the buyer's answer.
    pub offers: Vec<Awaited>,
    /// What is late among them, and whom to ask.
    pub late: Vec<Late>,
    /// What of it failed, and whom to ask.
    pub failed: Vec<Failed>,
    /// The buyer's limits that what is unpaid in all has reached (P81).
    pub over: Vec<Money>,
    /// Sums: of what is listed; of all there is where nothing was asked for.
    pub summary: Summary,
    /// How many there are in all, where nothing was asked for and not all are listed.
    pub of_all: Option<u64>,
    /// Whether older ones were asked for, too, and are not listed: the sums of what was asked for are of these alone.
    pub is_cut: bool,
}

impl Orders {
    /// Loads what is asked for, as it stands at `now`; days are those of `zone`.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn load(clerk: &Clerk, asked: &Asked, now: Moment, zone: &TimeZone) -> Result<Self, ClerkError> {
        let standing = clerk.standing_warnings()?;
        let one_more = Asked { limit: asked.limit.map(|most| most.saturating_add(1)), ..asked.clone() };
        let mut listed = Self::select(clerk, &one_more, &now, zone)?;
        let most = asked.limit.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        let is_cut = listed.len() > most;
        listed.truncate(most);
        add_standing(&mut listed, &open_of_each(&standing));
        let mut names = ShopNames::default();
        listed.iter_mut().try_for_each(|one| names.put_into(one, clerk))?;
        let offers = awaiting(clerk, &listed, &now)?;
        let all = asked.query.is_empty();
        let due = Some(now.instant().as_second());
        // What is late or failed is told of, listed or not.
        let told_of = |filter: Filter, is: &dyn Fn(&Row) -> bool| -> Result<Vec<Listed>, ClerkError> {
            let beyond = match all && is_cut {
                true => Some(clerk.index().list(&Filter { role: Some(asked.role), ..filter })?),
                false => None,
            };
            let among = beyond.as_ref().unwrap_or(&listed).iter();
            let mine = among.filter(|one| one.key.role == Role::Buyer && is(&one.row));
            Ok(mine.take(LATE_MAX).cloned().collect())
        };
        let (mut late, mut failed) = (Vec::new(), Vec::new());
        for one in &told_of(Filter { due_before: due, ..Filter::default() }, &|row| is_late(row, &now))? {
            late.extend(Late::of(clerk, one, &now)?);
        }
        for one in &told_of(Filter { failed: true, ..Filter::default() }, &Row::has_failed)? {
            failed.extend(Failed::of(clerk, one, &now)?);
        }
        let summary = Summary::with(clerk, asked.role, &standing)?;
        let summary = if all { summary } else { summary.of_listed(&listed) };
        let count = clerk.index().count(&Filter { role: Some(asked.role), ..Filter::default() })?;
        let of_all = Some(count).filter(|count| all && usize::try_from(*count).is_ok_and(|count| count > listed.len()));
        let limits = if asked.role == Role::Buyer { clerk.limits_reached()? } else { Vec::new() };
        let over = limits.into_iter().map(|(limit, _)| limit).collect();
        Ok(Self { role: asked.role, now, listed, offers, late, failed, over, summary, of_all, is_cut })
    }

    /// Returns the terms of an order that wait for the buyer's answer, if some do.
    pub fn awaited(&self, order: &OrderId) -> Option<&Awaited> {
        self.offers.iter().find(|offer| offer.order == *order)
    }

    /// Returns the transactions asked for alone, newest first.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn select(clerk: &Clerk, asked: &Asked, now: &Moment, zone: &TimeZone) -> Result<Vec<Listed>, ClerkError> {
        let filter = clerk.filter(&asked.query, asked.role, now, zone)?;
        let filter = Filter { after: asked.after.clone(), ..filter };
        // Of what is offered the index does not know what still waits.
        let waits = asked.query.conditions.contains(&Condition::Unconfirmed);
        let most = asked.limit.filter(|_| !waits);
        let mut listed = clerk.index().select(&filter, most, |one| one.answers(&asked.query, now))?;
        if waits {
            let offers = unconfirmed(clerk, &listed, now)?;
            listed.retain(|one| offers.iter().any(|offer| offer.order == one.key.id));
            listed.truncate(asked.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX));
        }
        Ok(listed)
    }
}

/// Counts and sums of transactions.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Those whose goods are still to come.
    pub undelivered: u64,
    /// What remains to be paid, a sum for each currency, and of how many.
    pub unpaid: Vec<(Money, u64)>,
    /// Open warnings of the account.
    pub warnings: u64,
}

impl Summary {
    /// Sums up everything of a part.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn of(clerk: &Clerk, role: Role) -> Result<Self, ClerkError> {
        Self::with(clerk, role, &clerk.standing_warnings()?)
    }

    /// The same, with the warnings that no letter brought.
    fn with(clerk: &Clerk, role: Role, standing: &[ComputedWarning]) -> Result<Self, ClerkError> {
        let undelivered = Filter { role: Some(role), undelivered: Some(true), ..Filter::default() };
        Ok(Self {
            undelivered: clerk.index().count(&undelivered)?,
            unpaid: unpaid(clerk, role)?,
            warnings: warnings::open_count(clerk, standing)?,
        })
    }

    /// Returns the same of these transactions alone; warnings are those of the account.
    fn of_listed(self, listed: &[Listed]) -> Self {
        let mut sums = crate::rules::summary::Summary::default();
        for one in listed {
            sums.add_parts(one.row.undelivered, one.row.unpaid);
        }
        let unpaid = sums.unpaid.into_values().map(|unpaid| (unpaid.total, unpaid.count)).collect();
        Self { undelivered: sums.undelivered, unpaid, warnings: self.warnings }
    }
}

/// Returns what of a part remains to be paid, a sum for each currency, and of how many.
///
/// # Errors
/// What keeps the index from being read.
pub fn unpaid(clerk: &Clerk, role: Role) -> Result<Vec<(Money, u64)>, ClerkError> {
    let unpaid = Filter { role: Some(role), unpaid: Some(true), ..Filter::default() };
    let mut sums = crate::rules::summary::Summary::default();
    for one in clerk.index().list(&unpaid)? {
        sums.add_parts(false, one.row.unpaid);
    }
    Ok(sums.unpaid.into_values().map(|unpaid| (unpaid.total, unpaid.count)).collect())
}

/// Counts the warnings that no letter brought to those of the letters of each transaction.
pub(super) fn add_standing<'a>(listed: impl IntoIterator<Item = &'a mut Listed>, standing: &BTreeMap<Key, u32>) {
    for one in listed {
        let standing = standing.get(&one.key).copied().unwrap_or_default();
        one.row.warnings = one.row.warnings.saturating_add(standing);
    }
}

/// Returns the offers among these that wait for the buyer's answer, terms that differ from his order and new terms of what he
/// said OK to included: of what is offered a shop waits for its buyers, and what an OK would come too late for waits for nobody.
pub fn awaiting(clerk: &Clerk, listed: &[Listed], now: &Moment) -> Result<Vec<Awaited>, ClerkError> {
    unanswered_of(clerk, listed.iter().filter(|one| one.row.may_wait()), now)
}

/// Returns those among these whose terms wait for the buyer's answer, for him and for the shop that offers them.
pub fn unconfirmed(clerk: &Clerk, listed: &[Listed], now: &Moment) -> Result<Vec<Awaited>, ClerkError> {
    unanswered_of(clerk, listed.iter().filter(|one| one.row.may_be_unconfirmed()), now)
}

fn unanswered_of<'a>(
    clerk: &Clerk,
    listed: impl Iterator<Item = &'a Listed>,
    now: &Moment,
) -> Result<Vec<Awaited>, ClerkError> {
    let mut found = Vec::new();
    for one in listed {
        let known = clerk.index().load_key(&one.key)?;
        found.extend(known.and_then(|known| Awaited::of(&known, now)));
    }
    Ok(found)
}

/// Returns the part an account plays first.
pub fn first_role(clerk: &Clerk) -> Role {
    Role::ALL.into_iter().find(|role| clerk.settings().practice.plays(*role)).unwrap_or(Role::Buyer)
}

/// Returns whether a promised date has passed: of a leg of what is open, or of a refund.
pub fn is_late(row: &Row, now: &Moment) -> bool {
    row.due.is_some_and(|due| due.is_over(now))
}

/// Returns until when what is still to go back is to do so.
pub fn refund_due(row: &Row) -> Option<When> {
    row.payment.more.refund.filter(|_| row.refund.is_some())
}

/// Returns the document of `list --json`.
pub fn document(orders: &Orders) -> Value {
    let Orders { listed, summary, now, .. } = orders;
    let leg = |leg: &RowLeg| {
        json!({
            "done": leg.done, "date": text::when_json(leg.date.as_ref()), "failed": leg.failed,
            "in_part": text::in_part_json(leg.more.in_part.as_ref()), "back": text::when_json(leg.more.back.as_ref()),
        })
    };
    let transactions: Vec<Value> = listed
        .iter()
        .map(|one| {
            let row = &one.row;
            json!({
                "id": one.key.id,
                "shop": row.shop,
                "shop_name": row.shop_name,
                "order_id": one.key.id,
                "number": row.number,
                "date": text::when_json(row.date.as_ref()),
                "items": row.items,
                "total": row.total.as_ref().map(text::money_json),
                "order": leg(&row.order),
                "delivery": leg(&row.delivery),
                "payment": leg(&row.payment),
                "state": row.state,
                "expired": row.has_run_out(now),
                "late": is_late(row, now),
                "undelivered": row.undelivered,
                "unpaid": row.unpaid.as_ref().map(text::money_json),
                "refund": row.refund.as_ref().map(|refund| json!({
                    "amount": refund.plain(), "currency": refund.currency().code(),
                    "date": text::when_json(refund_due(row).as_ref()),
                })),
                "refunded": row.refunded.as_ref().map(text::money_json),
                "warnings": row.warnings,
                "pending": row.pending.map(Pending::word),
            })
        })
        .collect();
    let unpaid: Vec<Value> = summary
        .unpaid
        .iter()
        .map(|(total, count)| json!({"amount": total.plain(), "currency": total.currency().code(), "count": count}))
        .collect();
    json!({
        "schema": "mailorder.list/1",
        "transactions": transactions,
        "undelivered": summary.undelivered,
        "unpaid": unpaid,
        "over_limit": orders.over.iter().map(text::money_json).collect::<Vec<_>>(),
        "warnings": summary.warnings,
        "late": orders.late.iter().map(|late| json!({
            "id": late.order, "leg": late.word(), "date": late.due.to_string(), "ask": late.ask,
        })).collect::<Vec<_>>(),
        "failed": orders.failed.iter().map(|failed| json!({
            "id": failed.order, "leg": failed.leg.word(), "ask": failed.ask,
        })).collect::<Vec<_>>(),
    })
}
