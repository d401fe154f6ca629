//! The front page: what has arrived, what is unpaid and how much, what is late and whom to ask (figure 16; P72-P89).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Redirect;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::Web;
use super::act;
use super::export;
use super::fault::Fault;
use super::form::Form;
use super::pages::{self, Page};
use super::several;
use super::sorting::Sorting;
use super::sums::{self, Summed};
use super::transaction::Marked;
use super::visit::Visit;
use crate::clerk::Clerk;
use crate::index::{Listed, Row, RowItem, RowLeg};
use crate::rules::query::Query;
use crate::trade::{Key, Moment, Money, Quantity, Role, When};
use crate::view::late::{Failed, Late};
use crate::view::orders::{Asked, Awaited, EXPIRED, Orders, awaiting, refund_due, unpaid};
use crate::view::warnings::open_letters;
use crate::view::{short, text};

/// Most orders on one page.
const SHOWN: u32 = 100;
/// So many legs that are late or failed are named over the list, with whom to ask; those of one order all together.
const NAMED: usize = 3;
/// Queries that stand over the list, as words of `view.`.
const VIEWS: [(&str, &str); 7] = [
    ("all", ""),
    ("undelivered", "undelivered"),
    ("unpaid", "unpaid"),
    ("late", "late"),
    ("warned", "warned"),
    ("unconfirmed", "unconfirmed"),
    ("closed", "closed"),
];
/// The field of the address that names the order after which the page goes on.
const AFTER: &str = "after";
/// What the fields below the search box add to the query, by their names.
const FIELDS: [&str; 5] = ["order", "payment", "delivery", "month", "shop"];

pub(super) async fn show(State(web): State<Arc<Web>>, visit: Visit) -> Result<Page, Fault> {
    let shared = Arc::clone(&web);
    web.desk(move |clerk| {
        let told = several::told(clerk, &visit)?;
        let mut shows = list(clerk, &visit)?;
        shows.extend(told);
        visit.page(&shared, clerk, "list.html", shows)
    })
    .await
}

/// Acts on the ticked orders.
pub(super) async fn act(State(web): State<Arc<Web>>, form: Form) -> Result<Redirect, Fault> {
    let ticked: Vec<String> = form.all("txn").map(str::to_owned).collect();
    let act = form.get("act").unwrap_or_default().to_owned();
    let shared = Arc::clone(&web);
    web.once(&form, async move {
        match (act.as_str(), ticked.as_slice()) {
            (_, []) => Err(Fault::wrong(several::NONE_TICKED)),
            ("ask", _) => act::ask_each(&shared, ticked).await,
            ("return", [one]) => {
                let id = one.clone();
                shared.desk(move |clerk| act::may_give_back(&act::find(clerk, &id)?)).await?;
                Ok(format!("/txn/{one}?act=return#return"))
            }
            ("reorder", [one]) => Ok(format!("/order?again={one}")),
            ("return", _) => Ok(several::place("/return", &ticked)),
            ("reorder", _) => Ok(several::place("/again", &ticked)),
            ("schedule", _) => Ok(several::place("/schedule", &ticked) + "#new"),
            _ => Err(Fault::wrong("The form asks for nothing that is known here.")),
        }
    })
    .await
}

fn list(clerk: &Clerk, visit: &Visit) -> Result<Map<String, Value>, Fault> {
    let today = visit.today();
    let written = words(visit);
    let (query, fault) = match Query::parse(&written, today) {
        Ok(query) => (query, None),
        Err(error) => (Query::default(), Some(visit.said(&error.to_string()))),
    };
    // What is no query asks for nothing: a list of all orders would look like its answer.
    let limit = Some(if fault.is_some() { 0 } else { SHOWN });
    let asked = Asked { role: Role::Buyer, query, limit, after: after(clerk, visit)? };
    let mut found = Orders::load(clerk, &asked, visit.now, &visit.zone)?;
    let hint = asked.query.hint().filter(|_| found.listed.is_empty());
    let fault = fault.or(hint.map(|hint| visit.said(&hint)));
    let summed = Summed::of(clerk, &asked, &found, visit)?;
    let sorting = Sorting::of(visit);
    let view = |(name, words): (&str, &str)| -> Result<Value, Fault> {
        let query = Query::parse(words, today).map_err(|error| Fault::bug(error.to_string()))?;
        let is = written == words;
        Ok(json!({"name": name, "query": words, "is": is, "count": count(clerk, query, visit)?}))
    };
    let views: Result<Vec<Value>, Fault> = VIEWS.into_iter().map(view).collect();
    let mut shows = Map::new();
    let mut put = |name: &str, value: Value| shows.insert(name.to_owned(), value);
    put("page", json!("list"));
    put("q", json!(visit.asked("q").unwrap_or_default()));
    put(
        "fields",
        FIELDS.iter().map(|field| ((*field).to_owned(), json!(visit.asked(field).unwrap_or_default()))).collect(),
    );
    put("fault", json!(fault));
    put("exports", json!(export::links(visit)));
    put("views", json!(views?));
    put("summary", summary(clerk, found.summary.warnings, visit)?);
    put("sums", json!({"feet": summed.feet(), "whole": summed.whole}));
    put("listed", json!(found.listed.len()));
    put("older", json!(older(&found, visit)));
    put("newest", json!(asked.after.map(|_| visit.with(AFTER, ""))));
    put("first", json!(found.listed.last().and_then(|one| one.row.date).map(|date| date.to_string())));
    put("last", json!(found.listed.first().and_then(|one| one.row.date).map(|date| date.to_string())));
    sorting.put(&mut found.listed, &visit.now);
    put("sort", sorting.shows(visit));
    put("months", months(&found, &summed, sorting, visit));
    Ok(shows)
}

/// Returns the order after which the page goes on, where it is not the first one.
fn after(clerk: &Clerk, visit: &Visit) -> Result<Option<Key>, Fault> {
    let known = visit.asked(AFTER).map(|id| act::find(clerk, id)).transpose()?;
    Ok(known.map(|known| known.key))
}

/// Returns the address of the page that goes on with older orders, where there are any; those listed still stand newest first.
fn older(found: &Orders, visit: &Visit) -> Option<String> {
    let last = found.listed.last().filter(|_| found.is_cut)?;
    Some(visit.with(AFTER, last.key.id.as_str()))
}

/// Returns the query that search box and fields ask for together.
pub(super) fn words(visit: &Visit) -> String {
    let words = |(field, value): (&'static str, &str)| match field {
        "q" => Some(value.to_owned()),
        field => field_words(field, value),
    };
    asked(visit).into_iter().filter_map(words).collect::<Vec<String>>().join(" ")
}

/// Returns the fields that are filled, the search box first.
pub(super) fn asked(visit: &Visit) -> Vec<(&'static str, &str)> {
    ["q"].into_iter().chain(FIELDS).filter_map(|field| Some((field, visit.asked(field)?))).collect()
}

/// Returns the words of the query that a field stands for.
fn field_words(field: &str, value: &str) -> Option<String> {
    match field {
        "order" | "payment" | "delivery" => value.chars().all(|c| c.is_ascii_lowercase()).then(|| value.to_owned()),
        "month" => Some(format!("month:{value}")),
        _ => Some(format!("shop:\"{}\"", value.replace('"', ""))),
    }
}

fn count(clerk: &Clerk, query: Query, visit: &Visit) -> Result<usize, Fault> {
    let filter = clerk.filter(&query, Role::Buyer, &visit.now, &visit.zone)?;
    if query.is_indexed() {
        return Ok(usize::try_from(clerk.index().count(&filter)?).unwrap_or(usize::MAX));
    }
    let asked = Asked { role: Role::Buyer, query, limit: None, after: None };
    Ok(Orders::select(clerk, &asked, &visit.now, &visit.zone)?.len())
}

/// Returns the figures over the list: unpaid with the limits, not delivered, late with whom to ask, what waits.
fn summary(clerk: &Clerk, warnings: u64, visit: &Visit) -> Result<Value, Fault> {
    let select = |words: &str| -> Result<Vec<Listed>, Fault> {
        let query = Query::parse(words, visit.today()).map_err(|error| Fault::bug(error.to_string()))?;
        let asked = Asked { role: Role::Buyer, query, limit: None, after: None };
        Ok(Orders::select(clerk, &asked, &visit.now, &visit.zone)?)
    };
    let (undelivered, late, open) = (select("undelivered")?, select("late")?, select("open")?);
    let unpaid = unpaid(clerk, Role::Buyer)?;
    let unpaid_orders: u64 = unpaid.iter().map(|(_, count)| count).sum();
    let limit = |total: &Money| clerk.settings().practice.unpaid_limit(total.currency());
    let owed: Vec<Value> = unpaid.iter().map(|(total, count)| owed(total, *count, limit(total).as_ref())).collect();
    let due = |one: &&Listed| one.row.delivery.date.filter(|date| !date.is_over(&visit.now));
    let next = undelivered
        .iter()
        .filter(|one| due(one).is_some())
        .min_by_key(|one| due(one).map(|date| date.end(visit.now.offset())));
    let next =
        next.map(|one| json!({"date": text::when_json(one.row.delivery.date.as_ref()), "shop": shop_name(&one.row)}));
    let late_count = late.len();
    let (mut told, mut late_more) = (Vec::new(), late_count);
    for one in &late {
        if told.len() >= NAMED {
            break;
        }
        told.extend(Late::of(clerk, one, &visit.now)?);
        late_more = late_more.saturating_sub(1);
    }
    let mut failed = Vec::new();
    for one in select("failed")?.iter().take(NAMED) {
        failed.extend(Failed::of(clerk, one, &visit.now)?);
    }
    let failed: Vec<Value> = failed.iter().map(failed_one).collect();
    let offers = awaiting(clerk, &open, &visit.now)?;
    // The answer to terms settles what was found about them: that is one matter.
    let letters = open_letters(clerk)?;
    let answered = offers.iter().filter(|offer| letters.contains(&offer.entry)).count();
    let warnings = warnings.saturating_sub(u64::try_from(answered).unwrap_or_default());
    let offer = |one: &Awaited| json!({"id": one.order, "short": short(one.order.as_str())});
    let offers: Vec<Value> = offers.iter().map(offer).collect();
    Ok(json!({
        "owed": owed, "unpaid_orders": unpaid_orders, "undelivered": undelivered.len(), "next": next,
        "late": told.iter().map(|late| late_one(late, visit)).collect::<Vec<_>>(), "late_count": late_count, "late_more": late_more, "failed": failed,
        "offers": offers, "warnings": warnings,
    }))
}

/// Returns what is owed in one currency beside its limit, where there is one.
fn owed(total: &Money, count: u64, limit: Option<&Money>) -> Value {
    let over = limit.and_then(|limit| total.minus(limit).ok()).filter(|over| !over.is_negative());
    let share = limit.map(|limit| share(limit, total));
    json!({
        "total": text::money_json(total), "count": count, "limit": limit.map(text::money_json),
        "over": over.as_ref().map(text::money_json), "share": share,
    })
}

/// Returns where on a line the limit stands and how far the total goes, in per cent of the larger of both.
fn share(limit: &Money, total: &Money) -> Value {
    let whole = limit.decimal().max(total.decimal());
    let part = |amount: &Money| {
        let hundred = rust_decimal::Decimal::ONE_HUNDRED;
        let part = amount.decimal().checked_mul(hundred).and_then(|part| part.checked_div(whole)).unwrap_or_default();
        part.round_dp(1).to_string()
    };
    let over = total.minus(limit).ok().filter(|over| !over.is_negative());
    json!({
        "limit": part(limit), "filled": part(if over.is_some() { limit } else { total }),
        "over": over.as_ref().map(part),
    })
}

/// Returns what is late of an order, since when, and whom to ask about it.
fn late_one(late: &Late, visit: &Visit) -> Value {
    let order = late.order.as_str();
    json!({
        "id": order, "short": short(order), "leg": late.word(), "ask": late.ask,
        "days": days_since(&late.due, &visit.now, &visit.zone),
    })
}

/// Returns what failed of an order, and whom to ask about it.
fn failed_one(failed: &Failed) -> Value {
    let order = failed.order.as_str();
    json!({"id": order, "short": short(order), "leg": failed.leg.word(), "ask": failed.ask})
}

/// Returns how many days ago a date was, in this zone.
pub(super) fn days_since(due: &When, now: &Moment, zone: &TimeZone) -> i32 {
    let today = now.instant().to_zoned(zone.clone()).date();
    let day = match due {
        When::Day(day) => *day,
        When::Moment(moment) => moment.instant().to_zoned(zone.clone()).date(),
    };
    day.until(today).map(|span| span.get_days()).unwrap_or_default()
}

/// Returns what the shop calls itself, else its address.
pub(super) fn shop_name(row: &Row) -> &str {
    if row.shop_name.is_empty() { row.shop.as_str() } else { &row.shop_name }
}

/// Returns the orders by month of purchase, with the sums of each month; all together where they stand in another order.
fn months(found: &Orders, summed: &Summed, sorting: Sorting, visit: &Visit) -> Value {
    let month = |one: &Listed| sums::month(one, visit).filter(|_| sorting.is_by_date());
    let by_month = summed.by_month(visit);
    let group = |group: &[Listed]| {
        let month = group.first().and_then(month);
        let sums = month.as_ref().and_then(|month| by_month.get(month)).into_iter().flatten();
        let sums: Vec<Value> = sums.map(text::money_json).collect();
        let cut = month.as_ref().is_some_and(|month| summed.is_cut(month));
        let rows: Vec<Value> = group.iter().map(|one| order(one, found, visit)).collect();
        // Rows are many: they are moved, where `json!` would copy them.
        let shown =
            [("month", json!(month)), ("sums", Value::Array(sums)), ("cut", json!(cut)), ("rows", Value::Array(rows))];
        Value::Object(shown.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    Value::Array(found.listed.chunk_by(|one, other| month(one) == month(other)).map(group).collect())
}

/// Returns how many pieces there are of all items together.
fn pieces(items: &[RowItem]) -> Option<String> {
    let mut sum: Option<Quantity> = None;
    for item in items {
        let one = Quantity::parse(&item.quantity).ok()?;
        sum = Some(sum.map_or(Some(one), |sum| sum.plus(one))?);
    }
    sum.map(|sum| sum.to_string())
}

fn order(one: &Listed, found: &Orders, visit: &Visit) -> Value {
    let row = &one.row;
    let quantity = pieces(&row.items).unwrap_or_else(|| row.items.len().to_string());
    let awaited = found.awaited(&one.key.id);
    let change = awaited.filter(|_| row.state == "open");
    json!({
        "id": one.key.id, "short": short(one.key.id.as_str()), "number": row.number,
        "date": row.date.map(|date| match date {
            When::Moment(at) => pages::moment(&at, &visit.zone),
            day => day.to_string(),
        }),
        "item": row.items.first().map(|item| item.name.as_str()), "more": row.items.len().saturating_sub(1),
        "quantity": quantity, "shop": shop_name(row), "total": row.total.as_ref().map(text::money_json),
        "state": row.state, "said": said_of(row, &visit.now), "answer": awaited.is_some() && change.is_none(),
        "differs": awaited.map(|awaited| awaited.differs), "change": change.map(|change| text::money_json(&change.total)), "warnings": row.warnings, "came_otherwise": row.short,
        "refunded": row.refunded_in_part().map(text::money_json),
        "refund": row.refund.as_ref().map(|sum| refund(sum, refund_due(row).as_ref(), visit)),
        "legs": {
            "order": leg(row, &row.order, visit), "payment": leg(row, &row.payment, visit),
            "delivery": leg(row, &row.delivery, visit),
        },
    })
}

/// Returns the word by which a page says how an order stands: what the buyer asked for and has no answer to, or that he answers an
/// offer no more; else its state.
fn said_of<'a>(row: &'a Row, now: &Moment) -> &'a str {
    match row.pending {
        Some(pending) => pending.standing(),
        None if row.has_run_out(now) => EXPIRED,
        None => &row.state,
    }
}

/// Returns what is still to go back, the day it was to do so by, and for how many days it has not.
pub(super) fn refund(sum: &Money, due: Option<&When>, visit: &Visit) -> Value {
    let late = due.filter(|due| due.is_over(&visit.now));
    json!({
        "sum": text::money_json(sum), "date": text::when_json(due),
        "days": late.map(|late| days_since(late, &visit.now, &visit.zone)),
    })
}

/// Returns the mark of a leg, the word to it, and its date.
fn leg(row: &Row, leg: &RowLeg, visit: &Visit) -> Value {
    let late = row.overdue(leg, &visit.now);
    let RowLeg { done, date, failed, more } = *leg;
    Value::Object(Marked { done, failed, over: row.is_void(leg), late, date: late.or(date), more }.shows(visit))
}
