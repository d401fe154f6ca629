//! Is mail flowing, are keys and ledger in order, what waits to be sent: and what mends it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::Redirect;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::Web;
use super::fault::Fault;
use super::form::Form;
use super::pages::{self, Page};
use super::visit::Visit;
use crate::clerk::{Clerk, ClerkError};
use crate::outbox::queue::{Contents, Damaged, Item, State as Standing};
use crate::trade::{Address, Moment};
use crate::view::health::{self as view, Health, Line, Mark};

/// Letters of the queue on one page.
const SHOWN: usize = 50;

/// How long it is at least until all of it is looked at again for the menu,
const TURN: Duration = Duration::from_secs(60);
/// and how many times longer than looking took: however much there is to look at, that is all the time it may take.
const REST: u32 = 100;

/// Looks for the menu how much is to be mended, again and again: no page waits for it, and none has it older than that.
pub(super) async fn look_ahead(web: Arc<Web>) {
    loop {
        let begun = Instant::now();
        let (shared, now, zone) = (Arc::clone(&web), web.clock.now(), web.clock.zone().clone());
        let looked = web.desk(move |clerk| {
            looked_at(&shared, clerk, &now, &zone);
            Ok(())
        });
        // What keeps it from being looked at is told where a page is asked for.
        let _ = looked.await;
        tokio::time::sleep(TURN.max(begun.elapsed().saturating_mul(REST))).await;
    }
}

/// Looks at all that a page has time for, and keeps for the menu how much of it is to be mended.
fn looked_at(
    web: &Web,
    clerk: &mut Clerk,
    now: &Moment,
    zone: &TimeZone,
) -> ([(&'static str, Vec<Line>); 5], Contents) {
    let Health { account, keys, mail, ledger, queue } = view::look(clerk, view::Depth::Page, now, zone);
    let lines =
        [("account", account), ("mail", mail), ("keys", keys), ("ledger", ledger), ("page", vec![settings(web)])];
    let to_mend = lines.iter().flat_map(|(_, lines)| lines).filter(|line| line.mark != Mark::Good).count();
    web.to_mend.store(to_mend, Ordering::Relaxed);
    (lines, queue)
}

pub(super) async fn show(State(web): State<Arc<Web>>, visit: Visit) -> Result<Page, Fault> {
    let shared = Arc::clone(&web);
    web.desk(move |clerk| {
        let shows = health(&shared, clerk, &visit)?;
        visit.page(&shared, clerk, "health.html", shows)
    })
    .await
}

/// Returns a line as the page shows it.
fn shown(line: &Line, visit: &Visit) -> Value {
    let mut values = line.values.clone();
    for name in ["why", "fault"] {
        if let Some(said) = values.get_mut(name) {
            *said = json!(said.as_str().map(|text| visit.said(text)));
        }
    }
    let at = line.at.map(|at| pages::moment(&at, &visit.zone));
    json!({
        "mark": line.mark.word(), "what": line.what, "found": line.found, "values": values, "at": at, "mend": line.mend,
    })
}

fn health(web: &Web, clerk: &mut Clerk, visit: &Visit) -> Result<Map<String, Value>, Fault> {
    let (lines, queue) = looked_at(web, clerk, &visit.now, &visit.zone);
    let lines = lines.map(|(name, lines)| (name, lines.iter().map(|line| shown(line, visit)).collect::<Vec<Value>>()));
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
    let damaged = queue.damaged.iter().map(|one| damaged(clerk, one, visit));
    let letters = damaged.chain(queue.items.iter().map(|item| letter(item, visit)));
    shows.insert("queue".to_owned(), letters.take(SHOWN).collect());
    shows.insert("parties".to_owned(), json!(parties(&queue.items, visit)));
    shows.insert("queued".to_owned(), json!(queue.items.len().saturating_add(queue.damaged.len())));
    shows.insert("pins".to_owned(), json!(pins));
    Ok(shows)
}

/// Says whether the configuration is what it was when the page was started: rules and limits of a later one do not hold here.
fn settings(web: &Web) -> Line {
    let values = json!({"file": web.config.file.display().to_string()});
    if web.config.is_same() {
        Line::new(Mark::Good, "settings", "settings-same", values, None)
    } else {
        Line::new(Mark::Look, "settings", "settings-changed", values, Some("mailorder serve"))
    }
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
    pages::moment(&Moment::new(zoned.timestamp(), zoned.offset()), &visit.zone)
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

/// Returns a file of the queue that is no letter; of the letter that belongs there as much as its entry says.
fn damaged(clerk: &Clerk, damaged: &Damaged, visit: &Visit) -> Value {
    let owed = clerk.owed_by(&damaged.name).map(|(_, letter)| letter);
    json!({
        "name": damaged.name, "to": owed.as_ref().map(|letter| &letter.to.address), "kind": owed.as_ref().map(|letter| letter.kind()),
        "mark": "no", "word": "damaged", "queued": owed.as_ref().map(|letter| pages::moment(&letter.date, &visit.zone)), "tries": 0,
        "error": visit.words().sentence(&damaged.cause), "next": null, "open": owed.is_some(),
    })
}

/// Has the letter whose file is damaged written anew, to be sent, or not sent any more.
fn mend(clerk: &mut Clerk, name: &str, retries: bool) -> Result<(), Fault> {
    if !retries {
        return Ok(clerk.drop_damaged(name)?);
    }
    clerk.write_anew(name)?;
    let queue = clerk.queue().look().map_err(ClerkError::from)?;
    match queue.damaged.iter().find(|one| one.name == name) {
        Some(one) => Err(Fault::wrong(one.unmended())),
        None => Ok(()),
    }
}

/// Has one letter of the queue tried again now, or not sent any more.
pub(super) async fn act(State(web): State<Arc<Web>>, form: Form) -> Result<Redirect, Fault> {
    let (retry, drop) = (form.get("retry").map(str::to_owned), form.get("drop").map(str::to_owned));
    let shared = Arc::clone(&web);
    web.once(&form, async move {
        let said = if retry.is_some() { "retried" } else { "dropped" };
        let name = retry.clone().or(drop).ok_or_else(|| Fault::wrong("The form names no letter."))?;
        let work = move |clerk: &mut Clerk| {
            let queue = clerk.queue().look().map_err(ClerkError::from)?;
            if queue.damaged.iter().any(|one| one.name == name) {
                return mend(clerk, &name, retry.is_some());
            }
            let item = queue.items.iter().find(|item| item.name == name);
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
