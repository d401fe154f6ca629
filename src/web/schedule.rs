//! The schedule: which orders are asked about without a word, when next, and what came of it; what rules do; and the returns
//! that are ready (figure 18; P90-P92).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Redirect;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::act::find;
use super::fault::Fault;
use super::form::Form;
use super::pages::{self, Page};
use super::visit::Visit;
use super::{Web, drafts};
use crate::clerk::Clerk;
use crate::role::timetable::Timetable;
use crate::rules::query::Query;
use crate::trade::{Moment, OrderId, Schedule, ScheduleName, Target};
use crate::view::schedules::{NEXT, Prepared, Schedules, Shown, ShownRule};
use crate::view::{short, text};

/// The days of the week, as timetables and words have them.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The form for a new schedule, as it is shown and filled in.
#[derive(Debug, Clone)]
struct Filled {
    name: String,
    query: String,
    /// Chosen orders, which take the place of the query.
    orders: Vec<String>,
    /// One of `daily`, `due`, `six`, `words`.
    when: String,
    time: String,
    words: String,
    in_turn: bool,
}

/// What is said beside the form: what is wrong, or when its time would come.
#[derive(Debug, Default)]
struct Beside {
    /// What is wrong, and with which field.
    fault: Option<(&'static str, String)>,
    next: Option<Vec<Moment>>,
}

/// A schedule that is being written: its form, and why it is not set, if it was to be.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    filled: Filled,
    /// What is wrong, and with which field; without it the next times are asked for.
    fault: Option<(&'static str, String)>,
}

impl Draft {
    /// Returns what is said beside the form.
    fn beside(&self, visit: &Visit) -> Beside {
        let fault = |fault| Beside { fault: Some(fault), next: None };
        match (&self.fault, self.filled.timetable()) {
            (Some(wrong), _) => fault(wrong.clone()),
            (None, Ok(table)) => Beside { next: Some(table.next(&visit.now, &visit.zone, NEXT)), fault: None },
            (None, Err(why)) => fault((self.filled.timed_by(), why)),
        }
    }
}

/// Shows all of it, with an empty form, or one as it was filled in; orders that were ticked in the list stand in it.
pub(super) async fn show(State(web): State<Arc<Web>>, visit: Visit) -> Result<Page, Fault> {
    let shared = Arc::clone(&web);
    let draft = visit.asked("draft").map(|key| shared.draft(key)).transpose()?;
    web.desk(move |clerk| {
        let orders = visit.each("txn").map(str::to_owned).collect();
        let (filled, beside) = match draft {
            Some(drafts::Draft::Schedule(draft)) => {
                let beside = draft.beside(&visit);
                (draft.filled, beside)
            }
            Some(drafts::Draft::Order(_)) => return Err(drafts::gone()),
            None => (Filled { orders, ..Filled::empty() }, Beside::default()),
        };
        let shows = schedule(clerk, &visit, &filled, beside)?;
        visit.page(&shared, clerk, "schedule.html", shows)
    })
    .await
}

/// Sets a schedule, keeps one to show when its time would come, or acts on those there are.
pub(super) async fn act(State(web): State<Arc<Web>>, visit: Visit, form: Form) -> Result<Redirect, Fault> {
    match form.get("act") {
        Some("add") => add(&web, &visit, &form).await,
        Some("next") => keep(&web, &form, Draft { filled: Filled::of(&form), fault: None }),
        Some(act) => change(&web, &form, act).await,
        None => Err(nothing_known()),
    }
}

/// Keeps a form that sets nothing, and leads to its page.
fn keep(web: &Arc<Web>, form: &Form, draft: Draft) -> Result<Redirect, Fault> {
    web.keep(form, drafts::Draft::Schedule(draft), "/schedule", "")
}

fn nothing_known() -> Fault {
    Fault::wrong("The form asks for nothing that is known here.")
}

/// Sets a schedule; where it cannot be, the form is shown again as it was filled in.
async fn add(web: &Arc<Web>, visit: &Visit, form: &Form) -> Result<Redirect, Fault> {
    let filled = Filled::of(form);
    let (shared, written) = (Arc::clone(web), filled.clone());
    let set = web
        .once(form, async move {
            let set = move |clerk: &mut Clerk| {
                let schedule = written.schedule(clerk)?;
                Ok(clerk.put_schedule(schedule, false)?)
            };
            shared.desk(set).await?;
            Ok("/schedule?said=schedule-set".to_owned())
        })
        .await;
    set.or_else(|fault| {
        let text = fault.refused().map(str::to_owned).ok_or(fault)?;
        let fault = Some((filled.wrong_field(visit.today()), text));
        keep(web, form, Draft { filled, fault })
    })
}

/// Runs, pauses, resumes or removes.
async fn change(web: &Arc<Web>, form: &Form, act: &str) -> Result<Redirect, Fault> {
    let name =
        form.get("name").map(ScheduleName::parse).transpose().map_err(|error| Fault::wrong(error.to_string()))?;
    let (shared, act) = (Arc::clone(web), act.to_owned());
    web.once(form, async move {
        let work = move |clerk: &mut Clerk| match (act.as_str(), name) {
            ("run", name) => {
                let went = match name {
                    Some(name) => clerk.run_schedule(&name)?,
                    None => clerk.run_due()?,
                };
                let any = went.iter().any(|one| !one.letters.is_empty());
                Ok(if any { "schedule-ran" } else { "schedule-nothing" })
            }
            ("pause", Some(name)) => Ok(clerk.pause_schedule(&name, true).map(|()| "schedule-paused")?),
            ("resume", Some(name)) => Ok(clerk.pause_schedule(&name, false).map(|()| "schedule-resumed")?),
            ("remove", Some(name)) => Ok(clerk.remove_schedule(&name).map(|()| "schedule-removed")?),
            _ => Err(nothing_known()),
        };
        let said = shared.desk(work).await?;
        shared.post.send();
        Ok(format!("/schedule?said={said}"))
    })
    .await
}

impl Filled {
    fn empty() -> Self {
        Self {
            name: String::new(),
            query: "undelivered".to_owned(),
            orders: Vec::new(),
            when: "daily".to_owned(),
            time: "09:00".to_owned(),
            words: String::new(),
            in_turn: false,
        }
    }

    fn of(form: &Form) -> Self {
        let field = |name: &str| form.get(name).unwrap_or_default().to_owned();
        Self {
            name: field("name"),
            query: field("query"),
            orders: form.all("txn").map(str::to_owned).collect(),
            when: field("when"),
            time: field("time"),
            words: field("words"),
            in_turn: form.get("in-turn").is_some(),
        }
    }

    /// Returns the field that says when.
    fn timed_by(&self) -> &'static str {
        match self.when.as_str() {
            "daily" | "due" if self.words.is_empty() => "time",
            _ => "words",
        }
    }

    /// Returns the field because of which no schedule can be set: the first one in which something is wrong by itself, else
    /// the name, which another schedule may have.
    fn wrong_field(&self, today: Date) -> &'static str {
        let query = Query::parse(&self.query, today).ok().filter(|query| !query.is_empty() && query.doubt().is_none());
        let finds = !self.orders.is_empty() || query.is_some();
        if ScheduleName::parse(&self.name).is_err() {
            "name"
        } else if !finds {
            "query"
        } else if self.timetable().is_err() {
            self.timed_by()
        } else {
            "name"
        }
    }

    /// Returns the timetable that the form chose.
    fn timetable(&self) -> Result<Timetable, String> {
        if self.when != "words" && !self.words.is_empty() {
            return Err("another time is chosen than these words: choose them, or leave them out".to_owned());
        }
        let text = match self.when.as_str() {
            "daily" => format!("daily {}", self.time),
            "due" => format!("due {}", self.time),
            "six" => "every 6h".to_owned(),
            _ => self.words.clone(),
        };
        Timetable::parse(&text).map_err(|error| error.to_string())
    }

    fn schedule(&self, clerk: &Clerk) -> Result<Schedule, Fault> {
        let name = ScheduleName::parse(&self.name).map_err(|error| Fault::wrong(error.to_string()))?;
        let orders: Vec<OrderId> =
            self.orders.iter().map(|id| Ok(find(clerk, id)?.key.id)).collect::<Result<_, Fault>>()?;
        let target = match (orders.is_empty(), self.query.as_str()) {
            (false, _) => Target::Chosen(orders),
            (true, "") => return Err(Fault::wrong("Say which orders: in the words of the search, like undelivered.")),
            (true, query) => Target::Query(query.to_owned()),
        };
        let when = self.timetable().map_err(Fault::wrong)?.to_string();
        Ok(Schedule { name, target, when, legs: Vec::new(), in_turn: self.in_turn, paused: false })
    }
}

fn schedule(clerk: &mut Clerk, visit: &Visit, filled: &Filled, beside: Beside) -> Result<Map<String, Value>, Fault> {
    let all = Schedules::load(clerk)?;
    let chosen: Vec<Value> =
        filled.orders.iter().map(|id| Ok(named(&find(clerk, id)?.key.id))).collect::<Result<_, Fault>>()?;
    let (zone, offset) = text::zone(&visit.zone, &visit.now);
    let mut shows = Map::new();
    let mut put = |name: &str, value: Value| shows.insert(name.to_owned(), value);
    put("page", json!("schedule"));
    put("zone", json!(zone));
    put("offset", json!(offset));
    put("schedules", all.schedules.iter().map(|shown| row(shown, visit)).collect());
    put("rules", all.rules.iter().map(|shown| rule(shown, visit)).collect());
    put("prepared", all.prepared.iter().map(prepared).collect());
    put("chosen", json!(chosen));
    let (field, fault) = beside.fault.unzip();
    put("fault", json!(fault.map(|fault| visit.said(&fault))));
    put("field", json!(field.unwrap_or_default()));
    put("next", json!(beside.next.map(|next| next.iter().map(|one| moment(one, visit)).collect::<Vec<_>>())));
    let Filled { name, query, when, time, words, in_turn, .. } = filled;
    put(
        "form",
        json!({"name": name, "query": query, "when": when, "time": time, "words": words, "in_turn": in_turn,
               "told": filled.timetable().ok().map(|table| told(table.as_str()))}),
    );
    Ok(shows)
}

fn named(order: &OrderId) -> Value {
    json!({"id": order, "short": short(order.as_str())})
}

/// Returns a moment, and in how many days it is.
fn moment(moment: &Moment, visit: &Visit) -> Value {
    let day = |moment: &Moment| moment.instant().to_zoned(visit.zone.clone()).date();
    let days = day(&visit.now).until(day(moment)).map(|span| span.get_days()).unwrap_or_default();
    json!({"at": pages::moment(moment, &visit.zone), "days": days})
}

fn row(shown: &Shown, visit: &Visit) -> Value {
    let schedule = &shown.scheduled.schedule;
    let (query, orders) = match &schedule.target {
        Target::Query(query) => (Some(query), Vec::new()),
        Target::Chosen(orders) => (None, orders.iter().map(named).collect()),
    };
    let last = shown.last.as_ref().map(|ran| {
        let mark = if ran.answered >= ran.letters { "done" } else { "plan" };
        json!({
            "at": pages::moment(&ran.at, &visit.zone), "letters": ran.letters, "answered": ran.answered,
            "unwritten": ran.unwritten, "mark": mark,
        })
    });
    json!({
        "name": schedule.name, "paused": schedule.paused, "of_config": schedule.name.is_of_config(),
        "query": query, "orders": orders, "legs": schedule.legs.iter().map(|leg| leg.word()).collect::<Vec<_>>(),
        "in_turn": schedule.in_turn, "when": schedule.when, "told": told(&schedule.when), "found": shown.found,
        "next": shown.next.first().map(|next| moment(next, visit)), "last": last,
    })
}

fn rule(shown: &ShownRule, visit: &Visit) -> Value {
    let held: Vec<Value> = shown
        .held
        .iter()
        .map(|(id, why)| json!({"id": id, "short": short(id.as_str()), "why": visit.told(why)}))
        .collect();
    json!({
        "when": shown.rule.when, "do": shown.rule.deed.word(), "at_most": shown.rule.at_most.as_ref().map(text::money_json),
        "letters": shown.last.map_or(0, |(_, letters)| letters),
        "last": shown.last.map(|(at, _)| pages::moment(&at, &visit.zone)), "held": held,
    })
}

fn prepared(one: &Prepared) -> Value {
    json!({
        "id": one.order, "short": short(one.order.as_str()), "leg": one.leg.word(),
        "promised": one.promised.to_string(), "reason": one.reason,
    })
}

/// Returns what a timetable says in parts, for the words of a language; `kind` is null of a cron expression.
fn told(when: &str) -> Value {
    let words: Vec<&str> = when.split(' ').collect();
    let morning = "09:00";
    let said = |kind: &str, times: &str, more: Value| {
        let kind = (!kind.is_empty()).then_some(kind);
        json!({"kind": kind, "times": times.replace(',', ", "), "more": more})
    };
    match words.as_slice() {
        ["hourly"] => said("hourly", "", Value::Null),
        ["every", hours] => said("every", "", json!(hours.trim_end_matches('h').parse::<u8>().ok())),
        ["due", rest @ ..] => said("due", rest.first().unwrap_or(&morning), Value::Null),
        ["monthly", "last"] => said("last", morning, Value::Null),
        ["monthly", "last", times] => said("last", times, Value::Null),
        ["monthly", day, times] => said("monthly", times, json!(day)),
        ["monthly", times] if times.contains(':') => said("monthly", times, json!("1")),
        ["monthly", rest @ ..] => said("monthly", morning, json!(rest.first().unwrap_or(&"1"))),
        [days, rest @ ..] if rest.len() < 2 => {
            let times = rest.first().unwrap_or(&morning);
            if ["daily", "weekdays"].contains(days) {
                return said(days, times, Value::Null);
            }
            let named = |word: &str| DAYS.into_iter().find(|day| word.starts_with(day));
            let of_week: Vec<&str> = days.split(',').map(|word| named(word).unwrap_or("mon")).collect();
            said("week", times, json!(of_week))
        }
        _ => said("", "", Value::Null),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_timetable_is_told_in_words_or_as_it_is_written() {
        for (when, kind, times) in [
            ("daily 09:00,18:30", Some("daily"), "09:00, 18:30"),
            ("weekdays", Some("weekdays"), "09:00"),
            ("weekly 08:00", Some("week"), "08:00"),
            ("monday,thu 08:00", Some("week"), "08:00"),
            ("monthly", Some("monthly"), "09:00"),
            ("monthly 10:00", Some("monthly"), "10:00"),
            ("monthly last 10:00", Some("last"), "10:00"),
            ("every 6h", Some("every"), ""),
            ("hourly", Some("hourly"), ""),
            ("due", Some("due"), "09:00"),
            ("30 8 * * 1-5", None, ""),
        ] {
            assert!(Timetable::parse(when).is_ok(), "{when}");
            let told = told(when);
            assert_eq!((told["kind"].as_str(), told["times"].as_str()), (kind, Some(times)), "{when}");
        }
        assert_eq!(told("monday,thu 08:00")["more"], json!(["mon", "thu"]));
        assert_eq!(told("weekly")["more"], json!(["mon"]));
        assert_eq!(told("monthly 15 10:00")["more"], "15");
        assert_eq!(told("every 6h")["more"], 6);
    }
}
