//! The sums of days: what a buyer ordered and paid on each, by shop and currency. Those of days that are over are kept in the
//! index; they are reckoned in pieces, so that a long ledger takes no more memory than a short one.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::text;
use crate::index::{By, Index, IndexError, KeptDay, Spent};
use crate::trade::{Currency, Money, When};

/// How long after the end of a day the second of a payment may lie that counts for it: one that names a day without an hour
/// counts to its end in UTC, which is never before the day begins.
const WITHIN: i64 = 14 * 60 * 60;

/// Most days that are reckoned at a time.
const PIECE: i64 = 7;

/// What was ordered and paid on a day at one shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySum {
    /// What the shop calls itself, else its address.
    pub shop: String,
    /// The sum of the totals of orders.
    pub bought: Money,
    /// The sum of what was paid, of orders of any day.
    pub paid: Money,
    /// How many orders.
    pub orders: u32,
    /// How many of which something was paid.
    pub payments: u32,
}

/// Sums in the making: by day, shop and currency.
type Sums = BTreeMap<Date, BTreeMap<(String, Currency), DaySum>>;

/// Returns the sums of the days from `first` to `today`, which ends with what is dated later.
///
/// # Errors
/// What keeps the index from being read or kept.
pub fn load(
    index: &Index,
    first: Date,
    today: Date,
    zone: &TimeZone,
) -> Result<BTreeMap<Date, Vec<DaySum>>, IndexError> {
    let unreadable = |error: serde_json::Error| IndexError::Row(error.to_string());
    let mut days = BTreeMap::new();
    for kept in index.kept_days(first, before(today))? {
        if (kept.begins, kept.ends) == (seconds(kept.day, zone), seconds(after(kept.day), zone)) {
            days.insert(kept.day, serde_json::from_str(&kept.sums).map_err(unreadable)?);
        }
    }
    let mut missing = first;
    while missing <= today {
        if days.contains_key(&missing) {
            missing = after(missing);
            continue;
        }
        let most = missing.saturating_add(Span::new().days(PIECE.saturating_sub(1))).min(today);
        let next_kept = days.range(missing..).next().map_or(today, |(day, _)| before(*day));
        let last = most.min(next_kept);
        index.keeping(|| {
            let sums = reckon(index, missing, last, today, zone)?;
            // Today is not over.
            for (day, sums) in sums.range(..today) {
                let sums = serde_json::to_string(sums).map_err(unreadable)?;
                let (begins, ends) = (seconds(*day, zone), seconds(after(*day), zone));
                index.keep_day(&KeptDay { day: *day, begins, ends, sums })?;
            }
            days.extend(sums);
            Ok::<(), IndexError>(())
        })?;
        missing = after(last);
    }
    Ok(days)
}

/// Returns the day that what is paid of an order counts for: the day it was paid, and never one before the order.
pub fn paid_on(ordered: Date, paid: Option<Date>) -> Date {
    paid.unwrap_or(ordered).max(ordered)
}

/// Returns the second at which a day begins.
pub fn seconds(day: Date, zone: &TimeZone) -> i64 {
    day.to_zoned(zone.clone()).map_or(0, |begin| begin.timestamp().as_second())
}

fn before(day: Date) -> Date {
    day.saturating_sub(Span::new().days(1))
}

fn after(day: Date) -> Date {
    day.saturating_add(Span::new().days(1))
}

/// Reckons the sums of some days, of each of them even where there is nothing.
fn reckon(
    index: &Index,
    first: Date,
    last: Date,
    today: Date,
    zone: &TimeZone,
) -> Result<BTreeMap<Date, Vec<DaySum>>, IndexError> {
    let mut sums = Sums::new();
    let mut day = first;
    while day <= last {
        sums.insert(day, BTreeMap::new());
        day = after(day);
    }
    let from = seconds(first, zone);
    // Clocks that are ahead: what is dated later is of today.
    let until = if last == today { i64::MAX } else { seconds(after(last), zone) };
    let days = |one: &Spent| -> Option<(Date, Date)> {
        let day = |when: &When| text::day(when, zone).parse::<Date>().ok();
        let ordered = day(&one.date)?;
        Some((ordered.min(today), paid_on(ordered, one.paid.as_ref().and_then(day)).min(today)))
    };
    for one in index.spent(By::Order, from, until)? {
        let Some((ordered, paid)) = days(&one) else { continue };
        add(&mut sums, ordered, &one, |sum| {
            sum.orders = sum.orders.saturating_add(1);
            sum.bought = sum.bought.plus(&one.total).unwrap_or(sum.bought);
        });
        if paid <= ordered {
            add(&mut sums, ordered, &one, |sum| pay(sum, &one));
        }
    }
    for one in index.spent(By::Payment, from, until.saturating_add(WITHIN))? {
        if let Some((ordered, paid)) = days(&one)
            && paid > ordered
        {
            add(&mut sums, paid, &one, |sum| pay(sum, &one));
        }
    }
    Ok(sums.into_iter().map(|(day, sums)| (day, sums.into_values().collect())).collect())
}

/// Adds to the sum of a day, if it is one of those that are reckoned.
fn add(sums: &mut Sums, day: Date, one: &Spent, change: impl FnOnce(&mut DaySum)) {
    let Some(day) = sums.get_mut(&day) else { return };
    let currency = one.total.currency();
    let zero = Money::zero(currency);
    let new = || DaySum { shop: one.shop.clone(), bought: zero, paid: zero, orders: 0, payments: 0 };
    change(day.entry((one.shop.clone(), currency)).or_insert_with(new));
}

fn pay(sum: &mut DaySum, one: &Spent) {
    let unpaid = one.unpaid.unwrap_or(Money::zero(one.total.currency()));
    let Ok(paid) = one.total.minus(&unpaid) else { return };
    if !paid.is_zero() {
        sum.payments = sum.payments.saturating_add(1);
        sum.paid = sum.paid.plus(&paid).unwrap_or(sum.paid);
    }
}
