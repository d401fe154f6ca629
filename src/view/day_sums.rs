//! The sums of days: what a buyer ordered on each, and how what he owes changed, by shop and currency. Those of days that are over are kept in the
//! index; they are reckoned in pieces, so that a long ledger takes no more memory than a short one.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::text;
use crate::index::{Index, IndexError, KeptDay, Owing};
use crate::trade::{Currency, Money};

/// Most days that are reckoned at a time.
const PIECE: i64 = 7;

/// What was ordered on a day at one shop, and how what is owed to it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySum {
    /// What the shop calls itself, else its address.
    pub shop: String,
    /// The sum of the totals of orders that nothing took back, and of what was billed above them and accepted.
    pub bought: Money,
    /// How many orders.
    pub orders: u32,
    /// By how much more or less was owed at the end of the day, as was known then: of orders taken back later, too.
    pub owed: Money,
    /// In how many changes.
    pub changes: u32,
    /// By how much more was owed in this currency at all shops together when it was most, than at the beginning of the day.
    pub peak: Money,
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
    let mut days = kept(index, first, today, zone)?;
    while let Some(missing) = missing(&days, first, today) {
        piece(index, &mut days, missing, today, zone)?;
    }
    Ok(days)
}

/// Reckons a piece of what [`load`] would have to; returns whether there was any. What is of today is not kept.
///
/// # Errors
/// What keeps the index from being read or kept.
pub fn prepare(index: &Index, first: Date, today: Date, zone: &TimeZone) -> Result<bool, IndexError> {
    let mut days = kept(index, first, today, zone)?;
    let missing = missing(&days, first, before(today));
    missing.map(|missing| piece(index, &mut days, missing, today, zone)).transpose().map(|done| done.is_some())
}

/// Returns the sums that are kept of days before today, in this zone.
fn kept(index: &Index, first: Date, today: Date, zone: &TimeZone) -> Result<BTreeMap<Date, Vec<DaySum>>, IndexError> {
    let mut days = BTreeMap::new();
    for kept in index.kept_days(first, before(today))? {
        if (kept.begins, kept.ends) == (seconds(kept.day, zone), seconds(after(kept.day), zone)) {
            days.insert(kept.day, serde_json::from_str(&kept.sums).map_err(unreadable)?);
        }
    }
    Ok(days)
}

fn unreadable(error: serde_json::Error) -> IndexError {
    IndexError::Row(error.to_string())
}

/// Returns the first day that is not among `days`.
fn missing(days: &BTreeMap<Date, Vec<DaySum>>, first: Date, last: Date) -> Option<Date> {
    let mut day = first;
    while days.contains_key(&day) {
        day = after(day);
    }
    (day <= last).then_some(day)
}

/// Reckons some days from `missing` on, up to one that is known, and keeps those that are over.
fn piece(
    index: &Index,
    days: &mut BTreeMap<Date, Vec<DaySum>>,
    missing: Date,
    today: Date,
    zone: &TimeZone,
) -> Result<(), IndexError> {
    let most = missing.saturating_add(Span::new().days(PIECE.saturating_sub(1))).min(today);
    let next_kept = days.range(missing..).next().map_or(today, |(day, _)| before(*day));
    index.keeping(|| {
        let sums = reckon(index, missing, most.min(next_kept), today, zone)?;
        for (day, sums) in sums.range(..today) {
            let sums = serde_json::to_string(sums).map_err(unreadable)?;
            let (begins, ends) = (seconds(*day, zone), seconds(after(*day), zone));
            index.keep_day(&KeptDay { day: *day, begins, ends, sums })?;
        }
        days.extend(sums);
        Ok(())
    })
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
    for one in index.spent(from, until)? {
        let Ok(day) = text::day(&one.date, zone).parse::<Date>() else { continue };
        add(&mut sums, day.min(today), &one.shop, one.total.currency(), |sum| {
            sum.orders = sum.orders.saturating_add(1);
            sum.bought = sum.bought.saturating_plus(&one.total);
        });
    }
    let mut owed: BTreeMap<(Date, Currency), Owed> = BTreeMap::new();
    for one in index.owing(from, until)? {
        let (day, currency) = (day_of(&one, zone).min(today), one.change.currency());
        owed.entry((day, currency)).or_insert_with(|| Owed::of(Money::zero(currency))).add(&one.change);
        add(&mut sums, day, &one.shop, currency, |sum| {
            sum.changes = sum.changes.saturating_add(1);
            sum.owed = sum.owed.saturating_plus(&one.change);
            if one.what == "raised" && one.stands {
                sum.bought = sum.bought.saturating_plus(&one.change);
            }
        });
    }
    for (day, sums) in &mut sums {
        for ((_, currency), sum) in sums {
            sum.peak = owed.get(&(*day, *currency)).map_or(sum.peak, |owed| owed.most);
        }
    }
    Ok(sums.into_iter().map(|(day, sums)| (day, sums.into_values().collect())).collect())
}

/// By how much more is owed than at the beginning of a day, and when it was most.
struct Owed {
    now: Money,
    most: Money,
}

impl Owed {
    const fn of(zero: Money) -> Self {
        Self { now: zero, most: zero }
    }

    fn add(&mut self, change: &Money) {
        self.now = self.now.saturating_plus(change);
        if self.now.exceeds(&self.most).unwrap_or(false) {
            self.most = self.now;
        }
    }
}

/// Returns the day on which what is owed changed.
pub fn day_of(one: &Owing, zone: &TimeZone) -> Date {
    one.at.to_zoned(zone.clone()).date()
}

/// Adds to the sum of a day, if it is one of those that are reckoned.
fn add(sums: &mut Sums, day: Date, shop: &str, currency: Currency, change: impl FnOnce(&mut DaySum)) {
    let Some(day) = sums.get_mut(&day) else { return };
    let zero = Money::zero(currency);
    let new = || DaySum { shop: shop.to_owned(), bought: zero, orders: 0, owed: zero, changes: 0, peak: zero };
    change(day.entry((shop.to_owned(), currency)).or_insert_with(new));
}
