//! What was spent by month and shop, and how much was unpaid day by day, in one currency (P77, P80, P81).

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

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

/// Spending in one currency.
#[derive(Debug, Clone)]
pub struct Spending {
    /// The currency.
    pub currency: Currency,
    /// All currencies of agreed orders, most used first.
    pub currencies: Vec<Currency>,
    /// The shops with a series: the name, `None` for all others, and the sum of each.
    pub shops: Vec<(Option<String>, Decimal)>,
    /// The months, oldest first: `2026-11`, and what was spent at each of `shops`.
    pub months: Vec<(String, Vec<Decimal>)>,
    /// What was unpaid, day by day where it changed, oldest first.
    pub steps: Vec<Step>,
    /// What is unpaid and when it will be paid, as far as promised: the day, and what is unpaid after it.
    pub ahead: Vec<(Date, Decimal)>,
    /// The limit that the buyer set himself.
    pub limit: Option<Money>,
}

/// A change of what is unpaid.
#[derive(Debug, Clone)]
pub struct Step {
    /// The day.
    pub day: Date,
    /// By how much: above zero where something was bought, below where it was paid; `None` for what was unpaid before.
    pub change: Option<Decimal>,
    /// What is unpaid after it.
    pub unpaid: Decimal,
    /// What was bought, and where.
    pub what: Option<(String, String)>,
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
        let all = clerk.index().list(&Filter { role: Some(Role::Buyer), ..Filter::default() })?;
        let agreed: Vec<Listed> =
            all.into_iter().filter(|one| matches!(one.row.state.as_str(), "open" | "completed")).collect();
        let currencies = currencies(&agreed);
        let Some(currency) = currency.or_else(|| currencies.first().copied()) else { return Ok(None) };
        let limits = clerk.settings().practice.buyer.as_ref().map(|buyer| buyer.unpaid_limits.as_slice());
        let limit = limits.unwrap_or_default().iter().find(|limit| limit.currency() == currency).copied();
        let orders: Vec<Bought<'_>> = agreed.iter().filter_map(|one| Bought::of(one, currency, zone)).collect();
        let today = now.instant().to_zoned(zone.clone()).date();
        let shops = shops(&orders, today);
        let months = months(&orders, &shops, today);
        let totals = |place: usize| months.iter().filter_map(|(_, sums)| sums.get(place)).sum();
        let shops = shops.into_iter().enumerate().map(|(place, shop)| (shop, totals(place))).collect();
        let (steps, ahead) = (steps(&orders, today), ahead(&orders, today));
        Ok(Some(Self { currency, currencies, shops, months, steps, ahead, limit }))
    }
}

/// An order that was agreed to, in the currency of interest.
struct Bought<'a> {
    day: Date,
    total: Decimal,
    shop: &'a str,
    item: &'a str,
    unpaid: Decimal,
    /// When it was paid, or will be.
    payment: Option<Date>,
    paid: bool,
}

impl<'a> Bought<'a> {
    fn of(one: &'a Listed, currency: Currency, zone: &TimeZone) -> Option<Self> {
        let row = &one.row;
        let total = row.total.filter(|total| total.currency() == currency)?;
        let day = |when: When| text::day(&when, zone).parse().ok();
        Some(Self {
            day: day(row.date?)?,
            total: total.decimal(),
            shop: if row.shop_name.is_empty() { row.shop.as_str() } else { &row.shop_name },
            item: row.items.first().map(|item| item.name.as_str()).unwrap_or_default(),
            unpaid: row.unpaid.map(|unpaid| unpaid.decimal()).unwrap_or_default(),
            payment: row.payment.date.and_then(day),
            paid: row.payment.done,
        })
    }
}

fn currencies(agreed: &[Listed]) -> Vec<Currency> {
    let mut counts: BTreeMap<Currency, usize> = BTreeMap::new();
    for total in agreed.iter().filter_map(|one| one.row.total) {
        let count = counts.entry(total.currency()).or_default();
        *count = count.saturating_add(1);
    }
    let mut currencies: Vec<(Currency, usize)> = counts.into_iter().collect();
    currencies.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    currencies.into_iter().map(|(currency, _)| currency).collect()
}

fn first_month(today: Date) -> Date {
    today.first_of_month().saturating_sub(Span::new().months(MONTHS.saturating_sub(1)))
}

/// Returns the shops with the largest sums, and `None` for all others where there are more.
fn shops(orders: &[Bought<'_>], today: Date) -> Vec<Option<String>> {
    let mut sums: BTreeMap<&str, Decimal> = BTreeMap::new();
    for order in orders.iter().filter(|order| order.day >= first_month(today)) {
        let sum = sums.entry(order.shop).or_default();
        *sum = sum.saturating_add(order.total);
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

fn months(orders: &[Bought<'_>], shops: &[Option<String>], today: Date) -> Vec<(String, Vec<Decimal>)> {
    let first = first_month(today);
    let name = |day: Date| day.strftime("%Y-%m").to_string();
    let mut months: BTreeMap<String, Vec<Decimal>> = (0..MONTHS)
        .map(|month| (name(first.saturating_add(Span::new().months(month))), vec![Decimal::ZERO; shops.len()]))
        .collect();
    for order in orders {
        let place = shops.iter().position(|shop| shop.as_deref() == Some(order.shop));
        let place = place.or_else(|| shops.iter().position(Option::is_none));
        let sum = months.get_mut(&name(order.day)).and_then(|sums| sums.get_mut(place?));
        if let Some(sum) = sum {
            *sum = sum.saturating_add(order.total);
        }
    }
    months.into_iter().collect()
}

/// Returns how what is unpaid changed: what was bought adds to it, what was paid takes from it.
fn steps(orders: &[Bought<'_>], today: Date) -> Vec<Step> {
    let begin = today.saturating_sub(Span::new().days(DAYS_BACK));
    let mut changes: Vec<(Date, Decimal, &Bought<'_>)> = Vec::new();
    for order in orders {
        changes.push((order.day, order.total, order));
        let paid = order.total.saturating_sub(order.unpaid);
        let day = order.payment.filter(|_| order.paid).unwrap_or(order.day).max(order.day).min(today);
        if !paid.is_zero() {
            changes.push((day, Decimal::ZERO.saturating_sub(paid), order));
        }
    }
    changes.sort_by_key(|(day, ..)| *day);
    let mut unpaid = Decimal::ZERO;
    let (before, since): (Vec<_>, Vec<_>) = changes.into_iter().partition(|(day, ..)| *day < begin);
    for (_, change, _) in before {
        unpaid = unpaid.saturating_add(change);
    }
    let mut steps = vec![Step { day: begin, change: None, unpaid, what: None }];
    for (day, change, order) in since {
        unpaid = unpaid.saturating_add(change);
        let what = Some((order.item.to_owned(), order.shop.to_owned()));
        steps.push(Step { day, change: Some(change), unpaid, what });
    }
    steps
}

/// Returns what will be paid on which day to come, as far as it is promised.
fn ahead(orders: &[Bought<'_>], today: Date) -> Vec<(Date, Decimal)> {
    let open = || orders.iter().filter(|order| !order.unpaid.is_zero());
    let mut unpaid: Decimal = open().map(|order| order.unpaid).sum();
    let mut days: BTreeMap<Date, Decimal> = BTreeMap::new();
    for (day, order) in open().filter_map(|order| Some((order.payment.filter(|day| *day > today)?, order))) {
        let sum = days.entry(day).or_default();
        *sum = sum.saturating_add(order.unpaid);
    }
    let after = |(day, paid): (Date, Decimal)| {
        unpaid = unpaid.saturating_sub(paid);
        (day, unpaid)
    };
    days.into_iter().map(after).collect()
}
