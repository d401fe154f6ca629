//! Whether an account is in order: configuration, folders, clock, keys, mail and ledger, line by line, and what mends each.
//!
//! `doctor` and the page's health show the same lines. No server is asked here: that takes its time, and `doctor` does it.

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::clerk::{self, Clerk, ClerkError, Fetch, KEY_SOON, KeyRecord};
use crate::outbox::queue::{Contents, Damaged};
use crate::trade::Moment;
use crate::words::Words;
use crate::{config, files, pgp};

use super::text;

/// Seconds after which mail is said not to have been fetched for long.
const DAY: i64 = 24 * 60 * 60;
/// How many seconds our newest entry may be later than now: clocks are set by as much without a word.
const BEHIND: i64 = 120;

/// Entries up to which a page reads the whole log and looks for each file: of more of them it would make its reader wait.
const AT_ONCE: u64 = 10_000;

/// How much of a ledger is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// All of it.
    Whole,
    /// What a page has time for.
    Page,
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It is in order.
    Good,
    /// A person should look at it.
    Look,
    /// It is wrong.
    Bad,
}

impl Mark {
    /// Returns its sign on pages, and the key of its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "done",
            Self::Look => "late",
            Self::Bad => "no",
        }
    }
}

/// One line: how it stands, what it is, what was found, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How it stands.
    pub mark: Mark,
    /// What it is: a key of `health-what`.
    pub what: &'static str,
    /// What was found: a key of `health`, with places for the values.
    pub found: &'static str,
    /// The values; of words of ours the English ones.
    pub values: Map<String, Value>,
    /// The moment that it is about, which stands in the place `at`.
    pub at: Option<Moment>,
    /// The command that mends it.
    pub mend: Option<String>,
}

impl Line {
    /// Makes a line without a moment.
    pub fn new(mark: Mark, what: &'static str, found: &'static str, values: Value, mend: Option<&str>) -> Self {
        let Value::Object(values) = values else { return Self::new(mark, what, found, json!({}), mend) };
        Self { mark, what, found, values, at: None, mend: mend.map(str::to_owned) }
    }

    /// Makes a line of what is wrong, in the words of whoever found it.
    pub fn fault(what: &'static str, found: &'static str, fault: &str, mend: Option<&str>) -> Self {
        Self::new(Mark::Bad, what, found, json!({"fault": fault}), mend)
    }

    /// Names the moment.
    #[must_use]
    pub fn at(self, at: Moment) -> Self {
        Self { at: Some(at), ..self }
    }

    /// Returns what was found, for people; what others wrote is not escaped yet.
    pub fn says(&self, words: Words, zone: &TimeZone) -> String {
        let mut places: Vec<(&str, String)> = Vec::new();
        for (name, value) in &self.values {
            places.push((name, value.as_str().map_or_else(|| value.to_string(), |text| words.sentence(text))));
        }
        places.extend(self.at.iter().map(|at| ("at", text::minute(at, zone))));
        let places: Vec<(&str, &dyn std::fmt::Display)> =
            places.iter().map(|(name, value)| (*name, value as &dyn std::fmt::Display)).collect();
        words.fill(&format!("health.{}", self.found), &places)
    }
}

/// What was found, in the order in which it is told.
#[derive(Debug, Clone, Default)]
pub struct Health {
    /// Of configuration, folders and clock.
    pub account: Vec<Line>,
    /// Of keys.
    pub keys: Vec<Line>,
    /// Of mail in and out.
    pub mail: Vec<Line>,
    /// Of entries and their log.
    pub ledger: Vec<Line>,
    /// What is in the queue, as far as it could be read.
    pub queue: Contents,
}

/// Looks at all of an account, as it is at `now`. A look that cannot be done is a bad line, and ends no other.
pub fn look(clerk: &mut Clerk, depth: Depth, now: &Moment, zone: &TimeZone) -> Health {
    let mut found = Health::default();
    add(&mut found.account, "settings", settings(clerk));
    found.account.extend(access(clerk));
    found.account.push(Line::new(Mark::Good, "seals", "seals", json!({"name": pgp::backend()}), None));
    add(&mut found.ledger, "log", clerk.catch_up().map(|()| None));
    add(&mut found.account, "clock", clock(clerk, now).map(Some));
    add(&mut found.keys, "own", keys(clerk, now, zone));
    match clerk.queue().look().map_err(ClerkError::from) {
        Ok(queue) => {
            found.mail.extend(damaged(clerk, &queue));
            add(&mut found.mail, "aside", mail(clerk, &queue, now));
            found.queue = queue;
        }
        Err(error) => {
            let fault = |what| Line::fault(what, "look-fault", &error.to_string(), None);
            found.mail.extend(["out", "aside"].map(fault));
        }
    }
    let whole = depth == Depth::Whole || clerk.index().mark().entries() <= AT_ONCE;
    add(&mut found.ledger, "log", log(clerk, whole).map(Some));
    let unasked = || Line::new(Mark::Good, "entries", "entries-unasked", json!({}), Some("mailorder doctor"));
    add(&mut found.ledger, "entries", if whole { entries(clerk) } else { Ok(unasked()) }.map(Some));
    found
}

/// Adds what a look found; where it could not be done that is what was found.
fn add(lines: &mut Vec<Line>, what: &'static str, found: Result<impl IntoIterator<Item = Line>, ClerkError>) {
    match found {
        Ok(found) => lines.extend(found),
        Err(error) => lines.push(Line::fault(what, "look-fault", &error.to_string(), None)),
    }
}

/// Says what `config check` says.
fn settings(clerk: &Clerk) -> Result<Vec<Line>, ClerkError> {
    let file = &clerk.settings().folders.config;
    let text = files::read_text(file, files::SMALL).map_err(|cause| ClerkError::Io {
        what: "read",
        file: file.clone(),
        cause,
    })?;
    let line = |fault: String| Line::fault("settings", "settings-wrong", &fault, Some("mailorder config check"));
    let mut wrong: Vec<Line> =
        config::problems(&text, clerk.settings(), Some(clerk)).iter().map(|fault| line(fault.to_string())).collect();
    wrong.extend(clerk::outbox(clerk.settings()).err().map(|error| line(error.to_string())));
    let clean =
        || Line::new(Mark::Good, "settings", "settings-clean", json!({"file": file.display().to_string()}), None);
    Ok(if wrong.is_empty() { vec![clean()] } else { wrong })
}

/// Says what of the account others may read, and what its owner cannot write to.
fn access(clerk: &Clerk) -> Vec<Line> {
    let readers = clerk::open_to_readers(clerk.settings()).into_iter().map(|file| {
        let mend = format!("chmod go-rwx {}", file.display());
        let values = json!({"file": file.display().to_string()});
        Line::new(Mark::Look, "account", "account-open", values, Some(&mend))
    });
    let closed = clerk::unwritable(clerk.settings()).into_iter().map(|closed| {
        let mend = closed.is_ours.then(|| format!("chmod u+rwX {}", closed.path.display()));
        let values = json!({"file": closed.path.display().to_string(), "fault": closed.cause.to_string()});
        Line::new(Mark::Bad, "account", "account-closed", values, mend.as_deref())
    });
    let found: Vec<Line> = readers.chain(closed).collect();
    // It was opened: so nobody else may write to its folders, or read its key.
    let good = || vec![Line::new(Mark::Good, "account", "account-good", json!({}), None)];
    if found.is_empty() { good() } else { found }
}

/// Names the files of the queue that are no letters. They are sent to nobody; a letter of ours is written anew by whoever sends.
fn damaged(clerk: &Clerk, queue: &Contents) -> Vec<Line> {
    let line = |damaged: &Damaged| {
        let file = clerk.settings().folders.queue.join(format!("{}.eml", damaged.name));
        let values = json!({"file": file.display().to_string(), "fault": damaged.cause});
        let mend = match clerk.owed_by(&damaged.name) {
            Some(_) => format!("mailorder outbox retry {}", damaged.name),
            None => format!("mailorder outbox drop {}", damaged.name),
        };
        Line::new(Mark::Bad, "out", "out-damaged", values, Some(&mend))
    };
    queue.damaged.iter().map(line).collect()
}

/// Says whether mail comes and goes, and what of it was put aside.
fn mail(clerk: &Clerk, queue: &Contents, now: &Moment) -> Result<Vec<Line>, ClerkError> {
    let aside = clerk.set_aside()?;
    let unseen = aside.iter().filter(|aside| aside.seen.is_none()).count();
    let lost = clerk.not_kept();
    let doubts = clerk.index().doubts()?.len();
    let mut lines: Vec<Line> = fetched(clerk, now)?.into_iter().collect();
    lines.push(match queue.failed() {
        0 => Line::new(Mark::Good, "out", "out-good", json!({"n": queue.waiting()}), None),
        failed => Line::new(Mark::Bad, "out", "out-failed", json!({"n": failed}), Some("mailorder outbox list")),
    });
    if let Some(since) = clerk.unsent_for_a_day(queue)? {
        lines.push(Line::new(Mark::Look, "out", "out-unsent", json!({}), Some("mailorder outbox list")).at(since));
    }
    if doubts > 0 {
        let mend = Some("mailorder outbox list");
        lines.push(Line::new(Mark::Look, "doubts", "doubts", json!({"n": doubts}), mend));
    }
    lines.push(match unseen {
        0 => Line::new(Mark::Good, "aside", "aside-none", json!({"n": aside.len()}), None),
        _ => Line::new(Mark::Look, "aside", "aside-open", json!({"n": unseen}), Some("mailorder warnings")),
    });
    if lost > 0 {
        lines.push(Line::new(Mark::Bad, "lost", "lost", json!({"n": lost}), Some("mailorder warnings")));
    }
    Ok(lines)
}

/// Returns when mail was fetched last, and by what; nothing where there is no mailbox and no mail was handed over.
fn fetched(clerk: &Clerk, now: &Moment) -> Result<Option<Line>, ClerkError> {
    let line = |mark: Mark, found: &'static str, fetch: Fetch| {
        let mend = (mark != Mark::Good).then_some("mailorder sync");
        let values = json!({"by": format!("mailorder {}", fetch.by), "why": fetch.fault.unwrap_or_default()});
        Some(Line::new(mark, "in", found, values, mend).at(fetch.at))
    };
    Ok(match clerk.last_fetches()? {
        [_, Some(failed)] => line(Mark::Bad, "in-failed", failed),
        [Some(done), None] if done.at < now.plus_seconds(-DAY) => line(Mark::Look, "in-old", done),
        [Some(done), None] => line(Mark::Good, "in-good", done),
        [None, None] if clerk.settings().inbox.is_some() => {
            Some(Line::new(Mark::Look, "in", "in-never", json!({}), Some("mailorder sync")))
        }
        [None, None] => None,
    })
}

/// Says whether our key can be used and until when, and the same of the accepted keys of others.
fn keys(clerk: &mut Clerk, now: &Moment, zone: &TimeZone) -> Result<Vec<Line>, ClerkError> {
    let mut lines = vec![own_key(clerk, now, zone)];
    let known = clerk.keys()?;
    let accepted = || known.iter().filter(|key| key.by.is_some());
    lines.push(Line::new(Mark::Good, "pinned", "pinned", json!({"n": accepted().count()}), None));
    lines.extend(accepted().filter_map(their_key));
    Ok(lines)
}

fn own_key(clerk: &Clerk, now: &Moment, zone: &TimeZone) -> Line {
    let print = clerk.me().fingerprint.grouped();
    if let Some(fault) = clerk.key_fault() {
        let values = json!({"key": print, "fault": fault.to_string()});
        return Line::new(Mark::Bad, "own", "own-fault", values, Some("mailorder key list"));
    }
    let ends = clerk.key().and_then(|key| key.ends(crate::clock::system_time(now)));
    let Some(ends) = ends.and_then(|ends| jiff::Timestamp::try_from(ends).ok()) else {
        return Line::new(Mark::Good, "own", "own-endless", json!({"key": print}), None);
    };
    let values = json!({"key": print, "day": ends.to_zoned(zone.clone()).date().to_string()});
    if now.instant().checked_add(KEY_SOON).is_ok_and(|soon| ends < soon) {
        return Line::new(Mark::Look, "own", "own-soon", values, Some("mailorder sync"));
    }
    Line::new(Mark::Good, "own", "own-good", values, None)
}

/// Returns what is to be said of the key of another.
fn their_key(key: &KeyRecord) -> Option<Line> {
    let who = key.address.as_ref().map(ToString::to_string).unwrap_or_default();
    let mend = format!("mailorder key show {who}");
    if let Some(fault) = &key.fault {
        return Some(Line::new(Mark::Look, "theirs", "theirs", json!({"who": who, "fault": fault}), Some(&mend)));
    }
    let values = json!({"who": who, "days": KEY_SOON.as_hours().checked_div(24)});
    key.ends_soon.then(|| Line::new(Mark::Look, "theirs", "theirs-soon", values, Some(&mend)))
}

/// Says whether the index has all that is in the log; the `whole` log is read from its beginning, since lines that were indexed may
/// have been changed since.
fn log(clerk: &Clerk, whole: bool) -> Result<Line, ClerkError> {
    let indexed = clerk.index().mark().head();
    if whole && clerk.ledger().root_at(indexed.size)? != Some(indexed) {
        return Ok(Line::new(Mark::Bad, "log", "log-changed", json!({}), Some(&verify(clerk))));
    }
    let mark = clerk.index().mark();
    let head = clerk.ledger().mark_from(Some(mark))?.head();
    let values = json!({"n": head.size, "head": head.root.hex().get(..16).unwrap_or_default()});
    Ok(if head == mark.head() {
        Line::new(Mark::Good, "log", "log-good", values, None)
    } else {
        Line::new(Mark::Look, "log", "log-grows", values, Some("mailorder status"))
    })
}

/// Says whether each entry that the log names has its file, but for those that were erased on request.
fn entries(clerk: &Clerk) -> Result<Line, ClerkError> {
    let mut gone = Vec::new();
    for line in clerk.ledger().missing()? {
        if clerk.index().erased_by(line.position)?.is_none() {
            gone.push(line);
        }
    }
    Ok(match gone.first() {
        None => Line::new(Mark::Good, "entries", "entries-good", json!({}), None),
        Some(first) => {
            let values =
                json!({"n": gone.len(), "entry": first.position, "file": format!("cur/{}", first.file_name())});
            Line::new(Mark::Bad, "entries", "entries-missing", values, Some(&verify(clerk)))
        }
    })
}

/// Returns the command that says all that is wrong with a ledger.
fn verify(clerk: &Clerk) -> String {
    format!("mailorder audit verify {}", clerk.settings().folders.ledger.display())
}

/// Says whether the clock can be right: nothing was entered later than now.
fn clock(clerk: &Clerk, now: &Moment) -> Result<Line, ClerkError> {
    let newest = clerk.index().mark().entries().checked_sub(1);
    let newest = newest.map(|position| clerk.index().entry(position)).transpose()?.flatten();
    let recorded = newest.and_then(|entry| Moment::parse(&entry.recorded).ok());
    Ok(match recorded.filter(|recorded| recorded.seconds_since(now) > BEHIND) {
        Some(recorded) => Line::new(Mark::Bad, "clock", "clock-behind", json!({}), None).at(recorded),
        None => Line::new(Mark::Good, "clock", "clock-good", json!({}), None).at(*now),
    })
}
