//! The charts: where the money goes by month and shop, and what is unpaid against the limit. The drawing is made here; the
//! same numbers stand below it as a table.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use jiff::Span;
use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde_json::{Map, Value, json};

use super::Web;
use super::fault::Fault;
use super::pages::Page;
use super::visit::Visit;
use crate::clerk::Clerk;
use crate::trade::{Currency, Money};
use crate::view::spending::{Change, Spending};
use crate::view::text;

/// Places of the bars in pixels: the upper edge, and the line they stand on.
const BARS: (f64, f64) = (16.0, 236.0);
/// The same of the unpaid sum.
const AREA: (f64, f64) = (14.0, 224.0);
/// Where the drawing begins from the left, and how wide it is, in per cent.
const LEFT: f64 = 13.0;
const WIDE: f64 = 76.8;
/// Days that are drawn after today.
const AHEAD: i64 = 14;

pub(super) async fn show(State(web): State<Arc<Web>>, visit: Visit) -> Result<Page, Fault> {
    let shared = Arc::clone(&web);
    web.desk(move |clerk| {
        let shows = charts(clerk, &visit)?;
        visit.page(&shared, clerk, "chart.html", shows)
    })
    .await
}

/// How many times as long as it reckons it rests.
const REST: u32 = 3;

/// Reckons what charts need before anybody asks for them, a piece at a time and with rests between: a page that is asked for
/// meanwhile waits for one piece at most, and mostly for none.
pub(super) async fn reckon_ahead(web: Arc<Web>) {
    loop {
        let (now, zone) = (web.clock.now(), web.clock.zone().clone());
        let begun = Instant::now();
        let piece = web.desk(move |clerk| Ok(Spending::prepare(clerk, &now, &zone)?));
        // What cannot be reckoned now is when it is asked for, and what is wrong is told then.
        if !piece.await.unwrap_or(false) {
            return;
        }
        tokio::time::sleep(begun.elapsed().saturating_mul(REST)).await;
    }
}

fn charts(clerk: &Clerk, visit: &Visit) -> Result<Map<String, Value>, Fault> {
    let currency = match visit.asked("currency") {
        None => None,
        Some(code) => Some(Currency::parse(code).map_err(|error| Fault::wrong(error.to_string()))?),
    };
    let spending = Spending::load(clerk, currency, &visit.now, &visit.zone)?;
    let mut shows = Map::new();
    shows.insert("page".to_owned(), json!("chart"));
    shows.insert("chart".to_owned(), spending.map_or(Value::Null, |spending| drawn(&spending, visit)));
    Ok(shows)
}

fn drawn(spending: &Spending, visit: &Visit) -> Value {
    let money = |amount: &Decimal| amount_json(*amount, spending.currency);
    let currencies: Vec<Value> = spending
        .currencies
        .iter()
        .map(|currency| json!({"code": currency.code(), "is": *currency == spending.currency}))
        .collect();
    let shops: Vec<Value> = spending.shops.iter().map(|(shop, sum)| json!({"name": shop, "sum": money(sum)})).collect();
    let all: Decimal = spending.shops.iter().map(|(_, sum)| *sum).sum();
    json!({
        "currencies": currencies, "shops": shops, "all": money(&all), "bars": bars(spending), "unpaid": unpaid(spending, visit),
        "limit": spending.limit.as_ref().map(text::money_json), "currency": spending.currency.code(),
    })
}

fn amount_json(amount: Decimal, currency: Currency) -> Value {
    Money::parse(&amount.to_string(), currency.code()).map_or(Value::Null, |money| text::money_json(&money))
}

/// A scale from zero to a round figure above `most`.
struct Scale {
    top: f64,
    edges: (f64, f64),
}

impl Scale {
    fn of(most: Decimal, edges: (f64, f64)) -> Self {
        let most = most.to_f64().unwrap_or_default().max(1.0);
        let power = 10_f64.powf(most.log10().floor());
        let round = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|step| step * power).find(|top| *top >= most);
        Self { top: round.unwrap_or(most), edges }
    }

    fn y(&self, amount: Decimal) -> f64 {
        let share = amount.to_f64().unwrap_or_default() / self.top;
        self.edges.1 - (self.edges.1 - self.edges.0) * share
    }

    /// Returns five lines with their figures.
    fn grid(&self, currency: Currency) -> Vec<Value> {
        let line = |fifth: u8| {
            let amount = Decimal::from_f64_retain(self.top * f64::from(fifth) / 5.0).unwrap_or_default();
            json!({"y": px(self.y(amount)), "amount": amount_json(amount.round_dp(0), currency), "zero": fifth == 0})
        };
        (0..=5).map(line).collect()
    }
}

fn px(place: f64) -> String {
    format!("{place:.1}")
}

fn bars(spending: &Spending) -> Value {
    let total = |sums: &[Decimal]| sums.iter().sum::<Decimal>();
    let most = spending.months.iter().map(|(_, sums)| total(sums)).max().unwrap_or_default();
    let scale = Scale::of(most, BARS);
    let step = WIDE / 12.0;
    let mut left = LEFT + step * 0.25;
    let mut months = Vec::new();
    for (month, sums) in &spending.months {
        let mut below = Decimal::ZERO;
        let mut parts = Vec::new();
        for (place, sum) in sums.iter().enumerate().filter(|(_, sum)| !sum.is_zero()) {
            let (lower, upper) = (scale.y(below), scale.y(below.saturating_add(*sum)));
            parts.push(json!({"series": place.saturating_add(1), "y": px(upper), "height": px((lower - upper - 1.0).max(1.0))}));
            below = below.saturating_add(*sum);
        }
        months.push(json!({
            "month": month, "x": format!("{left:.2}"), "middle": format!("{:.2}", left + step * 0.25), "top": px(scale.y(below) - 6.0),
            "parts": parts, "sums": sums.iter().map(|sum| amount_json(*sum, spending.currency)).collect::<Vec<_>>(),
            "total": amount_json(below, spending.currency), "odd": months.len() % 2 == 0,
        }));
        left += step;
    }
    json!({"grid": scale.grid(spending.currency), "months": months, "width": format!("{:.2}", step * 0.5)})
}

/// Returns how many days lie between two.
fn days(from: Date, to: Date) -> f64 {
    f64::from(from.until(to).map(|span| span.get_days()).unwrap_or_default())
}

/// Returns where the levels are drawn, in days behind the first: the last of a day on it, those before in the day that leads to it,
/// so that what was for some hours alone is seen, too.
fn placed(levels: &[(Date, Decimal)]) -> Vec<(f64, Decimal)> {
    let Some((first, before)) = levels.first() else { return Vec::new() };
    let mut placed = vec![(0.0, *before)];
    for of_day in levels.get(1..).unwrap_or_default().chunk_by(|(one, _), (other, _)| one == other) {
        let count = f64::from(u32::try_from(of_day.len()).unwrap_or(u32::MAX));
        let mut left = count;
        for (day, unpaid) in of_day {
            left -= 1.0;
            placed.push(((days(*first, *day) - left / count).max(0.0), *unpaid));
        }
    }
    placed
}

fn unpaid(spending: &Spending, visit: &Visit) -> Value {
    let today = visit.today();
    let first = spending.levels.first().map_or(today, |(day, _)| *day);
    let last = today.saturating_add(Span::new().days(AHEAD));
    let whole = days(first, last);
    let wide = |days: f64| WIDE * days / whole.max(1.0);
    let at = |place: f64| format!("{:.2}", LEFT + wide(place));
    let x = |day: Date| at(days(first, day.min(last)));
    let limit = spending.limit.map(|limit| limit.decimal());
    let most = spending.levels.iter().map(|(_, unpaid)| *unpaid).chain(limit).max().unwrap_or_default();
    let scale = Scale::of(most, AREA);
    let now = spending.levels.last().map(|(_, unpaid)| *unpaid).unwrap_or_default();
    let levels = placed(&spending.levels);
    let ends = levels.iter().skip(1).map(|(place, _)| *place).chain([days(first, today)]);
    let part = |((place, unpaid), end): (&(f64, Decimal), f64)| {
        let over = limit.filter(|limit| unpaid > limit);
        json!({
            "x": at(*place), "end": at(end), "width": format!("{:.2}", wide(end - place)), "y": px(scale.y(*unpaid)),
            "height": px(scale.edges.1 - scale.y(*unpaid)),
            "over": over.map(|limit| px(scale.y(limit) - scale.y(*unpaid))),
        })
    };
    let parts: Vec<Value> = levels.iter().zip(ends).map(part).collect();
    let rise = |pair: &[(f64, Decimal)]| match pair {
        [(_, from), (place, to)] => json!({"x": at(*place), "from": px(scale.y(*from)), "to": px(scale.y(*to))}),
        _ => Value::Null,
    };
    let mut ahead = Vec::new();
    let (mut from, mut level) = (today, now);
    for (day, after) in spending.ahead.iter().filter(|(day, _)| *day <= last) {
        ahead.push(json!({"x": x(from), "end": x(*day), "y": px(scale.y(level)), "to": px(scale.y(*after))}));
        (from, level) = (*day, *after);
    }
    let ticks: Vec<Value> = (0..=6)
        .map(|sixth: i64| {
            let day = first.saturating_add(Span::new().days((whole as i64).saturating_mul(sixth) / 6));
            json!({"x": x(day), "day": day.to_string(), "odd": sixth % 2 == 1})
        })
        .collect();
    let row = |step: &Change| {
        let left = limit.map(|limit| limit.saturating_sub(step.unpaid));
        json!({
            "day": step.day.to_string(), "change": step.change.map(|change| amount_json(change, spending.currency)),
            "unpaid": amount_json(step.unpaid, spending.currency),
            "what": step.what.as_ref().map(|what| json!({"word": what.word, "item": what.item, "shop": what.shop})),
            "left": left.filter(|left| !left.is_sign_negative()).map(|left| amount_json(left, spending.currency)),
            "over": left.filter(|left| left.is_sign_negative()).map(|left| amount_json(left.abs(), spending.currency)),
        })
    };
    json!({
        "grid": scale.grid(spending.currency), "parts": parts, "rises": levels.windows(2).map(rise).collect::<Vec<_>>(),
        "ahead": ahead, "ticks": ticks, "limit_y": limit.map(|limit| px(scale.y(limit))), "word_y": limit.map(|limit| px(scale.y(limit) - 6.0)),
        "today_x": x(today), "today_y": px(scale.y(now)), "now": amount_json(now, spending.currency), "base": px(scale.edges.1),
        "tick_y": px(scale.edges.1 + 5.0), "label_y": px(scale.edges.1 + 20.0),
        "left": format!("{LEFT:.1}"), "right": format!("{:.1}", LEFT + WIDE),
        "since": first.to_string(), "rows": spending.changes.iter().rev().map(row).collect::<Vec<_>>(),
    })
}
