//! Is mail flowing, are keys and ledger in order, what waits to be sent: and what mends it.

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
use crate::clerk::{Clerk, ClerkError};
use crate::outbox::queue::{Item, State as Standing};

/// Letters of the queue on one page.
const SHOWN: usize = 50;
/// How long before its end a key of our own is told of.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

pub(super) async fn show(State(web): State<Arc<Web>>, visit: Visit) -> Result<Page, Fault> {
    let shared = Arc::clone(&web);
    web.desk(move |clerk| {
        let shows = health(clerk, &visit)?;
        visit.page(&shared, clerk, "health.html", shows)
    })
    .await
}

/// One line: how it stands, what it is, what was found (a key of words and its values), and the command that mends it.
fn line(mark: &str, what: &str, found: &str, values: Value, mend: Option<&str>) -> Value {
    json!({"mark": mark, "what": what, "found": found, "values": values, "mend": mend})
}

fn health(clerk: &mut Clerk, visit: &Visit) -> Result<Map<String, Value>, Fault> {
    let queue = clerk.queue().list().map_err(ClerkError::from)?;
    let lines = [("mail", mail(clerk, &queue)?), ("keys", keys(clerk, visit)?), ("ledger", ledger(clerk)?)];
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
    shows.insert("queued".to_owned(), json!(queue.len()));
    shows.insert("pins".to_owned(), json!(pins));
    Ok(shows)
}

fn mail(clerk: &Clerk, queue: &[Item]) -> Result<Vec<Value>, Fault> {
    let failed = queue.iter().filter(|item| item.failed()).count();
    let waiting = queue.iter().filter(|item| item.standing.state.is_open()).count();
    let aside = clerk.set_aside()?;
    let unseen = aside.iter().filter(|aside| aside.seen.is_none()).count();
    let lost = clerk.not_kept()?;
    let doubts = clerk.index().doubts()?.len();
    let mut lines = Vec::new();
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

fn letter(item: &Item, visit: &Visit) -> Value {
    let standing = &item.standing;
    let (mark, word) = match standing.state {
        Standing::Queued => ("plan", "queued"),
        Standing::Doubtful => ("late", "doubtful"),
        Standing::Refused => ("no", "refused"),
        Standing::GivenUp => ("no", "given-up"),
        Standing::Dropped => ("none", "dropped"),
    };
    let moment = |at: jiff::Timestamp| {
        let zoned = at.to_zoned(visit.zone.clone());
        pages::moment(&crate::trade::Moment::new(zoned.timestamp(), zoned.offset()), &visit.zone)
    };
    json!({
        "name": item.name, "to": item.label.envelope.to, "kind": item.label.kind, "mark": mark, "word": word,
        "queued": moment(item.label.queued), "tries": standing.tries,
        "error": standing.last_error.as_ref().map(|error| visit.words().sentence(error)),
        "next": standing.next_try.map(moment), "open": standing.state.is_open(),
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
