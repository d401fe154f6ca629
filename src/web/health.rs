//! Is mail flowing, are keys and ledger in order, what waits to be sent: and what mends it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Redirect;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::Web;
use super::fault::Fault;
use super::form::Form;
use super::pages::{self, Page};
use super::visit::Visit;
use crate::clerk::{Clerk, ClerkError, Fetch};
use crate::outbox::queue::{Item, State as Standing};
use crate::trade::Address;

/// Seconds after which mail is said not to have been fetched for long.
const DAY: i64 = 24 * 60 * 60;
/// Letters of the queue on one page.
const SHOWN: usize = 50;
/// How long before its end a key of our own is told of.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

pub(super) async fn show(State(web): State<Arc<Web>>, visit: Visit) -> Result<Page, Fault> {
    let shared = Arc::clone(&web);
    web.desk(move |clerk| {
        let shows = health(&shared, clerk, &visit)?;
        visit.page(&shared, clerk, "health.html", shows)
    })
    .await
}

/// One line: how it stands, what it is, what was found (a key of words and its values), and the command that mends it.
fn line(mark: &str, what: &str, found: &str, values: Value, mend: Option<&str>) -> Value {
    json!({"mark": mark, "what": what, "found": found, "values": values, "mend": mend})
}

fn health(web: &Web, clerk: &mut Clerk, visit: &Visit) -> Result<Map<String, Value>, Fault> {
    let queue = clerk.queue().list().map_err(ClerkError::from)?;
    let lines = [
        ("mail", mail(clerk, &queue, visit)?),
        ("keys", keys(clerk, visit)?),
        ("ledger", ledger(clerk)?),
        ("page", settings(web)),
    ];
    let is_bad = |line: &&Value| line["mark"] != "done";
    let bad: Vec<Value> = lines.iter().flat_map(|(_, lines)| lines.iter()).filter(is_bad).cloned().collect();
    let good = lines.iter().flat_map(|(_, lines)| lines.iter()).filter(|line| !is_bad(line)).count();
    let groups: Vec<Value> = lines
        .into_iter()
        .map(|(name, lines)| json!({"name": name, "lines": lines.iter().filter(|line| !is_bad(line)).collect::<Vec<_>>()}))
        .collect();
    let pins: Vec<Value> = clerk
        .keys()?
        .into_iter()
        .filter(|key| key.by.is_some())
        .map(|key| json!({"address": key.address, "fingerprint": key.fingerprint.grouped(), "by": key.by, "fault": key.fault.map(|fault| visit.words().sentence(&fault))}))
        .collect();
    let mut shows = Map::new();
    shows.insert("page".to_owned(), json!("health"));
    shows.insert("bad".to_owned(), json!(bad));
    shows.insert("good".to_owned(), json!(good));
    shows.insert("groups".to_owned(), json!(groups));
    shows.insert("queue".to_owned(), queue.iter().take(SHOWN).map(|item| letter(item, visit)).collect());
    shows.insert("parties".to_owned(), json!(parties(&queue, visit)));
    shows.insert("queued".to_owned(), json!(queue.len()));
    shows.insert("pins".to_owned(), json!(pins));
    Ok(shows)
}

fn mail(clerk: &Clerk, queue: &[Item], visit: &Visit) -> Result<Vec<Value>, Fault> {
    let failed = queue.iter().filter(|item| item.failed()).count();
    let waiting = queue.iter().filter(|item| item.standing.state.is_open()).count();
    let aside = clerk.set_aside()?;
    let unseen = aside.iter().filter(|aside| aside.seen.is_none()).count();
    let lost = clerk.not_kept();
    let doubts = clerk.index().doubts()?.len();
    let mut lines: Vec<Value> = fetched(clerk, visit)?.into_iter().collect();
    lines.push(match failed {
        0 => line("done", "out", "out-good", json!({"n": waiting}), None),
        _ => line("no", "out", "out-failed", json!({"n": failed}), Some("mailorder outbox list")),
    });
    if doubts > 0 {
        lines.push(line("late", "doubts", "doubts", json!({"n": doubts}), Some("mailorder outbox list")));
    }
    lines.push(match unseen {
        0 => line("done", "aside", "aside-none", json!({"n": aside.len()}), None),
        _ => line("late", "aside", "aside-open", json!({"n": unseen}), Some("mailorder warnings")),
    });
    if lost > 0 {
        lines.push(line("no", "lost", "lost", json!({"n": lost}), Some("mailorder warnings")));
    }
    Ok(lines)
}

/// Returns when mail was fetched last, and by what; nothing where there is no mailbox and no mail was handed over.
fn fetched(clerk: &Clerk, visit: &Visit) -> Result<Option<Value>, Fault> {
    let fetch = Some("mailorder sync");
    let values = |fetch: &Fetch| {
        let why = fetch.fault.as_ref().map(|fault| visit.said(fault));
        json!({"at": pages::moment(&fetch.at, &visit.zone), "by": format!("mailorder {}", fetch.by), "why": why})
    };
    Ok(match clerk.last_fetches()? {
        [_, Some(failed)] => Some(line("no", "in", "in-failed", values(&failed), fetch)),
        [Some(done), None] if done.at < visit.now.plus_seconds(-DAY) => {
            Some(line("late", "in", "in-old", values(&done), fetch))
        }
        [Some(done), None] => Some(line("done", "in", "in-good", values(&done), None)),
        [None, None] if clerk.settings().inbox.is_some() => Some(line("late", "in", "in-never", json!({}), fetch)),
        [None, None] => None,
    })
}

fn keys(clerk: &mut Clerk, visit: &Visit) -> Result<Vec<Value>, Fault> {
    let mut lines = Vec::new();
    let print = clerk.me().fingerprint.grouped();
    let ends = clerk.key().and_then(|key| key.ends(crate::clock::system_time(&visit.now)));
    let ends = ends.and_then(|ends| jiff::Timestamp::try_from(ends).ok());
    let soon = visit.now.instant().checked_add(SOON).ok();
    lines.push(match (clerk.key_fault(), ends) {
        (Some(fault), _) => line(
            "no",
            "own",
            "own-fault",
            json!({"key": print, "fault": visit.words().sentence(&fault.to_string())}),
            Some("mailorder key list"),
        ),
        (None, Some(ends)) if soon.is_some_and(|soon| ends < soon) => {
            let day = ends.to_zoned(visit.zone.clone()).date().to_string();
            line("late", "own", "own-soon", json!({"key": print, "day": day}), Some("mailorder sync"))
        }
        (None, Some(ends)) => {
            let day = ends.to_zoned(visit.zone.clone()).date().to_string();
            line("done", "own", "own-good", json!({"key": print, "day": day}), None)
        }
        (None, None) => line("done", "own", "own-endless", json!({"key": print}), None),
    });
    let known = clerk.keys()?;
    let pinned = known.iter().filter(|key| key.by.is_some()).count();
    lines.push(line("done", "pinned", "pinned", json!({"n": pinned}), None));
    for key in known.iter().filter(|key| key.by.is_some() && key.fault.is_some()) {
        let address = key.address.as_ref().map(ToString::to_string).unwrap_or_default();
        let fault = key.fault.as_ref().map(|fault| visit.words().sentence(fault));
        let (values, mend) = (json!({"who": address, "fault": fault}), format!("mailorder key show {address}"));
        lines.push(line("late", "theirs", "theirs", values, Some(&mend)));
    }
    Ok(lines)
}

fn ledger(clerk: &Clerk) -> Result<Vec<Value>, Fault> {
    let mark = clerk.index().mark();
    let head = clerk.ledger().mark_from(Some(mark)).map_err(ClerkError::from)?.head();
    let same = head == mark.head();
    let values = json!({"n": head.size, "head": head.root.hex().get(..16).unwrap_or_default()});
    Ok(vec![if same {
        line("done", "log", "log-good", values, None)
    } else {
        line("late", "log", "log-grows", values, Some("mailorder status"))
    }])
}

/// Says whether the configuration is what it was when the page was started: rules and limits of a later one do not hold here.
fn settings(web: &Web) -> Vec<Value> {
    let values = json!({"file": web.config.file.display().to_string()});
    vec![if web.config.is_same() {
        line("done", "settings", "settings-same", values, None)
    } else {
        line("late", "settings", "settings-changed", values, Some("mailorder serve"))
    }]
}

/// Returns for each party with letters in the queue how many wait, how many are not sent, and when the next one is tried.
fn parties(queue: &[Item], visit: &Visit) -> Vec<Value> {
    let mut parties: BTreeMap<&Address, Vec<&Item>> = BTreeMap::new();
    for item in queue {
        parties.entry(&item.label.envelope.to).or_default().push(item);
    }
    let party = |(address, items): (&Address, Vec<&Item>)| {
        let open = || items.iter().filter(|item| item.standing.state.is_open());
        let next = open().filter_map(|item| item.next_try(visit.now.instant())).min();
        json!({
            "address": address, "open": open().count(), "failed": items.iter().filter(|item| item.failed()).count(),
            "next": next.map(|next| moment(next, visit)),
        })
    };
    parties.into_iter().map(party).collect()
}

/// Writes a moment in the zone of the pages.
fn moment(at: jiff::Timestamp, visit: &Visit) -> String {
    let zoned = at.to_zoned(visit.zone.clone());
    pages::moment(&crate::trade::Moment::new(zoned.timestamp(), zoned.offset()), &visit.zone)
}

fn letter(item: &Item, visit: &Visit) -> Value {
    let standing = &item.standing;
    let (mark, word) = match standing.state {
        Standing::Queued => ("plan", "queued"),
        Standing::Doubtful => ("late", "doubtful"),
        Standing::Refused => ("no", "refused"),
        Standing::GivenUp => ("no", "given-up"),
        Standing::Dropped => ("none", "dropped"),
    };
    json!({
        "name": item.name, "to": item.label.envelope.to, "kind": item.label.kind, "mark": mark, "word": word,
        "queued": moment(item.label.queued, visit), "tries": standing.tries,
        "error": standing.last_error.as_ref().map(|error| visit.words().sentence(error)),
        "next": item.next_try(visit.now.instant()).map(|next| moment(next, visit)), "open": standing.state.is_open(),
    })
}

/// Has one letter of the queue tried again now, or not sent any more.
pub(super) async fn act(State(web): State<Arc<Web>>, form: Form) -> Result<Redirect, Fault> {
    let (retry, drop) = (form.get("retry").map(str::to_owned), form.get("drop").map(str::to_owned));
    let shared = Arc::clone(&web);
    web.once(&form, async move {
        let said = if retry.is_some() { "retried" } else { "dropped" };
        let name = retry.clone().or(drop).ok_or_else(|| Fault::wrong("The form names no letter."))?;
        let work = move |clerk: &mut Clerk| {
            let items = clerk.queue().list().map_err(ClerkError::from)?;
            let item = items.iter().find(|item| item.name == name);
            let item = item.ok_or_else(|| Fault::none("This letter does not wait any more."))?;
            let done = if retry.is_some() { clerk.queue().mark_due(&name) } else { clerk.queue().drop_letter(item) };
            Ok(done.map_err(ClerkError::from)?)
        };
        shared.desk(work).await?;
        shared.post.send();
        Ok(format!("/health?said={said}"))
    })
    .await
}
