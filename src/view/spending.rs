//! What was spent by month and shop, and how much was unpaid day by day, in one currency (P77, P80, P81).
//!
//! Sums of days that are over come from where the index keeps them, so that charts of a long ledger take no longer than those
//! of a short one; what is unpaid now is exact, and what was before follows from it: on each day what was known then, with what was
//! cancelled or given back later.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::day_sums::{self, DaySum};
use super::text;
use crate::clerk::{Clerk, ClerkError};
use crate::index::{Filter, Listed};
use crate::trade::{Currency, Moment, Money, Role, When};

/// How many months are shown.
const MONTHS: i32 = 12;
/// How many shops have a series of their own; the last one is all others where there are more.
const SHOPS: usize = 4;
/// How many days back the unpaid sum is followed.
const DAYS_BACK: i64 = 90;
/// Most changes of what is unpaid that are told one by one.
const CHANGES: usize = 100;

/// The sums of days, oldest first.
type Days = BTreeMap<Date, Vec<DaySum>>;

/// Spending in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spending {
    /// The currency.
    pub currency: Currency,
    /// All currencies of a year's agreed orders, most used first.
    pub currencies: Vec<Currency>,
    /// The shops with a series: the name, `None` for all others, and the sum of each.
    pub shops: Vec<(Option<String>, Decimal)>,
    /// The months, oldest first: `2026-11`, and what was spent at each of `shops`.
    pub months: Vec<(String, Vec<Decimal>)>,
    /// What was unpaid, oldest first: before all of it, then after each change that is told of; of days whose changes are not all
    /// told, the most that was unpaid, if that was more, and what was at the end.
    pub levels: Vec<(Date, Decimal)>,
    /// The newest changes of what is unpaid, oldest first.
    pub changes: Vec<Change>,
    /// What is unpaid and when it will be paid, as far as promised: the day, and what is unpaid after it.
    pub ahead: Vec<(Date, Decimal)>,
    /// The limit that the buyer set himself.
    pub limit: Option<Money>,
}

/// A change of what is unpaid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The day.
    pub day: Date,
    /// By how much: above zero where something was bought, below where it was paid or is not to be paid any more; `None` for
    /// what was unpaid before.
    pub change: Option<Decimal>,
    /// What is unpaid after it.
    pub unpaid: Decimal,
    /// What happened to what, and where.
    pub what: Option<Happened>,
}

/// What happened to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// `bought`, `paid`, `dropped`, `raised`.
    pub word: String,
    /// The first of its goods.
    pub item: String,
    /// What the shop calls itself, else its address.
    pub shop: String,
}

impl Spending {
    /// Reckons the figures of a buyer's orders that were agreed to; `None` where there is none in this currency.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn load(
        clerk: &Clerk,
        currency: Option<Currency>,
        now: &Moment,
        zone: &TimeZone,
    ) -> Result<Option<Self>, ClerkError> {
        let (begin, today) = followed(now, zone);
        let days = day_sums::load(clerk.index(), first_month(today).min(begin), today, zone)?;
        let open = clerk.index().list(&Filter { role: Some(Role::Buyer), unpaid: Some(true), ..Filter::default() })?;
        let currencies = currencies(&days, &open);
        let Some(currency) = currency.or_else(|| currencies.first().copied()) else { return Ok(None) };
        let limit = clerk.settings().practice.unpaid_limit(currency);
        let shops = shops(&days, currency, today);
        let months = months(&days, currency, &shops, today);
        let totals = |place: usize| months.iter().filter_map(|(_, sums)| sums.get(place)).sum();
        let shops = shops.into_iter().enumerate().map(|(place, shop)| (shop, totals(place))).collect();
        let open: Vec<Open> = open.iter().filter_map(|one| Open::of(one, currency, zone)).collect();
        let unpaid = open.iter().map(|order| order.unpaid).sum();
        let changes = changes(clerk, &days, currency, Since { begin, today, unpaid }, zone)?;
        let levels = levels(&days, currency, Since { begin, today, unpaid }, &changes);
        let ahead = ahead(&open, unpaid, today);
        Ok(Some(Self { currency, currencies, shops, months, levels, changes, ahead, limit }))
    }

    /// Reckons a piece of what charts need, ahead of whoever asks for them; returns whether there was any.
    ///
    /// # Errors
    /// What keeps the index from being read or written to.
    pub fn prepare(clerk: &Clerk, now: &Moment, zone: &TimeZone) -> Result<bool, ClerkError> {
        let (begin, today) = followed(now, zone);
        Ok(day_sums::prepare(clerk.index(), first_month(today).min(begin), today, zone)?)
    }
}

/// Returns the days between which the unpaid sum is followed.
fn followed(now: &Moment, zone: &TimeZone) -> (Date, Date) {
    let today = now.instant().to_zoned(zone.clone()).date();
    (today.saturating_sub(Span::new().days(DAYS_BACK)), today)
}

/// What is unpaid of an order in the currency of interest, and when it will be paid.
struct Open {
    unpaid: Decimal,
    payment: Option<Date>,
}

impl Open {
    fn of(one: &Listed, currency: Currency, zone: &TimeZone) -> Option<Self> {
        let unpaid = one.row.unpaid.filter(|unpaid| unpaid.currency() == currency)?;
        let day = |when: When| text::day(&when, zone).parse().ok();
        Some(Self { unpaid: unpaid.decimal(), payment: one.row.payment.date.and_then(day) })
    }
}

/// Returns the sums of one currency, with their days.
fn of(days: &Days, currency: Currency) -> impl Iterator<Item = (Date, &DaySum)> {
    let all = days.iter().flat_map(|(day, sums)| sums.iter().map(|sum| (*day, sum)));
    all.filter(move |(_, sum)| sum.bought.currency() == currency)
}

fn currencies(days: &Days, open: &[Listed]) -> Vec<Currency> {
    let mut counts: BTreeMap<Currency, u64> = BTreeMap::new();
    let counted = days.values().flatten().map(|sum| (sum.bought.currency(), u64::from(sum.orders)));
    // What was ordered longer ago counts as long as it is unpaid.
    let open = open.iter().filter_map(|one| Some((one.row.unpaid?.currency(), 0)));
    for (currency, more) in counted.chain(open) {
        let count = counts.entry(currency).or_default();
        *count = count.saturating_add(more);
    }
    let mut currencies: Vec<(Currency, u64)> = counts.into_iter().collect();
    currencies.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    currencies.into_iter().map(|(currency, _)| currency).collect()
}

fn first_month(today: Date) -> Date {
    today.first_of_month().saturating_sub(Span::new().months(MONTHS.saturating_sub(1)))
}

/// Returns the shops with the largest sums, and `None` for all others where there are more.
fn shops(days: &Days, currency: Currency, today: Date) -> Vec<Option<String>> {
    let mut sums: BTreeMap<&str, Decimal> = BTreeMap::new();
    let first = first_month(today);
    for (_, day) in of(days, currency).filter(|(day, sum)| *day >= first && sum.orders > 0) {
        let sum = sums.entry(&day.shop).or_default();
        *sum = sum.saturating_add(day.bought.decimal());
    }
    let mut shops: Vec<(&str, Decimal)> = sums.into_iter().collect();
    shops.sort_by_key(|shop| std::cmp::Reverse(shop.1));
    let more = shops.len() > SHOPS;
    let mut named: Vec<Option<String>> = shops
        .iter()
        .take(if more { SHOPS.saturating_sub(1) } else { SHOPS })
        .map(|(shop, _)| Some((*shop).to_owned()))
        .collect();
    named.extend(more.then_some(None));
    named
}

fn months(days: &Days, currency: Currency, shops: &[Option<String>], today: Date) -> Vec<(String, Vec<Decimal>)> {
    let first = first_month(today);
    let name = |day: Date| day.strftime("%Y-%m").to_string();
    let mut months: BTreeMap<String, Vec<Decimal>> = (0..MONTHS)
        .map(|month| (name(first.saturating_add(Span::new().months(month))), vec![Decimal::ZERO; shops.len()]))
        .collect();
    for (day, order) in of(days, currency) {
        let place = shops.iter().position(|shop| shop.as_ref() == Some(&order.shop));
        let place = place.or_else(|| shops.iter().position(Option::is_none));
        let sum = months.get_mut(&name(day)).and_then(|sums| sums.get_mut(place?));
        if let Some(sum) = sum {
            *sum = sum.saturating_add(order.bought.decimal());
        }
    }
    months.into_iter().collect()
}

/// Returns what was unpaid before the first day and how that went since, day by day, from what it is now.
fn levels(days: &Days, currency: Currency, since: Since, told: &[Change]) -> Vec<(Date, Decimal)> {
    let mut moved: BTreeMap<Date, (Decimal, Decimal)> = BTreeMap::new();
    for (day, sum) in of(days, currency).filter(|(day, _)| *day >= since.begin) {
        let (change, peak) = moved.entry(day).or_default();
        *change = change.saturating_add(sum.owed.decimal());
        *peak = (*peak).max(sum.peak.decimal());
    }
    let mut level = since.unpaid.saturating_sub(moved.values().map(|(change, _)| *change).sum());
    let mut levels = vec![(since.begin, level)];
    for (day, (change, peak)) in moved {
        let (most, end) = (level.saturating_add(peak), level.saturating_add(change));
        let steps: Vec<Decimal> =
            told.iter().filter(|one| one.day == day && one.change.is_some()).map(|one| one.unpaid).collect();
        let is_told = steps.iter().any(|unpaid| *unpaid >= most);
        levels.extend((!is_told && most > level && most > end).then_some((day, most)));
        levels.extend(if steps.is_empty() { vec![end] } else { steps }.into_iter().map(|unpaid| (day, unpaid)));
        level = end;
    }
    levels
}

/// From which day on, until when, and to which sum.
#[derive(Clone, Copy)]
struct Since {
    begin: Date,
    today: Date,
    unpaid: Decimal,
}

/// Returns the newest changes: what was bought adds to what is unpaid, what was paid or dropped takes from it.
fn changes(
    clerk: &Clerk,
    days: &Days,
    currency: Currency,
    since: Since,
    zone: &TimeZone,
) -> Result<Vec<Change>, ClerkError> {
    let Since { begin, today, unpaid } = since;
    let mut counts: BTreeMap<Date, usize> = BTreeMap::new();
    for (day, sum) in of(days, currency).filter(|(day, _)| *day >= begin) {
        let count = counts.entry(day).or_default();
        *count = count.saturating_add(usize::try_from(sum.changes).unwrap_or(usize::MAX));
    }
    // The days that have enough of them.
    let mut enough = 0_usize;
    let first = counts.iter().rev().find(|(_, count)| {
        enough = enough.saturating_add(**count);
        enough >= CHANGES
    });
    let first = first.map_or(begin, |(day, _)| *day);
    let found = clerk.index().newest_owing(currency, day_sums::seconds(first, zone), CHANGES)?;
    let mut level = unpaid.saturating_sub(found.iter().map(|one| one.change.decimal()).sum());
    let mut changes = Vec::with_capacity(found.len().saturating_add(1));
    if found.len() < CHANGES {
        changes.push(Change { day: first, change: None, unpaid: level, what: None });
    }
    for one in found {
        let (day, change) = (day_sums::day_of(&one, zone).min(today), one.change.decimal());
        level = level.saturating_add(change);
        let what = Some(Happened { item: one.item()?, word: one.what, shop: one.shop });
        changes.push(Change { day, change: Some(change), unpaid: level, what });
    }
    Ok(changes)
}

/// Returns what will be paid on which day to come, as far as it is promised.
fn ahead(open: &[Open], mut unpaid: Decimal, today: Date) -> Vec<(Date, Decimal)> {
    let mut days: BTreeMap<Date, Decimal> = BTreeMap::new();
    for (day, order) in open.iter().filter_map(|order| Some((order.payment.filter(|day| *day > today)?, order))) {
        let sum = days.entry(day).or_default();
        *sum = sum.saturating_add(order.unpaid);
    }
    let after = |(day, paid): (Date, Decimal)| {
        unpaid = unpaid.saturating_sub(paid);
        (day, unpaid)
    };
    days.into_iter().map(after).collect()
}
