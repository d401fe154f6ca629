//! The queue sent: one letter after the other, each with its state written down before the next.

use std::fs::{File, TryLockError};
use std::io;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

use super::damaged::{Damaged, remove_file};
use super::queue::{Item, Queue, QueueError, Standing, State};
use super::{Outbox, SendError, Sent};
use crate::files;
use crate::maildir;

/// What a flush did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Names of the letters that were taken over.
    pub sent: Vec<String>,
    /// Names of those that will be tried again, with the reason.
    pub later: Vec<(String, String)>,
    /// Names of those that will not, with the reason: to be shown to a person.
    pub failed: Vec<(String, String)>,
    /// Why the file of a letter could be no letter, the first of them: it is among those that failed.
    pub damaged: Option<io::ErrorKind>,
    /// How many of those the other side refused for good in this flush.
    pub refused: usize,
    /// The first letter that the server would not have, for a reason that can pass, and the reason: to be shown to a person once.
    pub doubted: Option<(String, String)>,
    /// Why the flush ended early: the server cannot be used now. Back off before the next.
    pub stopped: Option<SendError>,
    /// Whether another process is sending at this moment; nothing was done.
    pub busy: bool,
    /// When the next letter is due, as far as known.
    pub next_try: Option<Timestamp>,
}

impl Report {
    fn pass_over(&mut self, damaged: Damaged) {
        self.damaged = self.damaged.or(Some(damaged.kind));
        self.failed.push((damaged.name, damaged.cause));
    }
}

/// The file that tells since when no letter could be sent.
const CLOSED: &str = "closed";
/// How long that was found before old letters are given up for it.
const CLOSED_LEAST: SignedDuration = SignedDuration::from_hours(24);
/// Where nobody looked for longer it begins anew: the machine was off, or its clock leapt.
const GAP: SignedDuration = SignedDuration::from_hours(3 * 24);

/// Since when no letter could be sent, and when that was found last.
#[derive(Serialize, Deserialize)]
struct Closed {
    since: Timestamp,
    last: Timestamp,
}

impl Queue {
    /// Sends what is due, in order, those under which the connection broke off before after the others, until `budget` has passed; a letter under way is then broken off.
    ///
    /// Only one process at a time sends; a lock that a dead process held is free. The states are durable before the
    /// next letter is begun.
    pub async fn flush(
        &self,
        outbox: &mut Outbox,
        now: impl Fn() -> Timestamp,
        budget: Duration,
    ) -> Result<Report, QueueError> {
        self.flush_watched(outbox, now, budget, |_, _| ()).await
    }

    /// The same; `watch` is told before the first letter and after each how many were tried, and how many are due.
    pub async fn flush_watched(
        &self,
        outbox: &mut Outbox,
        now: impl Fn() -> Timestamp,
        budget: Duration,
        mut watch: impl FnMut(usize, usize),
    ) -> Result<Report, QueueError> {
        let mut report = Report::default();
        let found = self.look()?;
        let mut due = found.due(now());
        found.damaged.into_iter().for_each(|damaged| report.pass_over(damaged));
        let Some(_lock) = self.lock()? else {
            report.busy = true;
            return Ok(report);
        };
        maildir::sweep_tmp(&self.folder, now())?;
        let end = super::after(budget);
        // Stable: of those that are equal the oldest goes first.
        due.sort_by_key(|item| item.standing.breaks);
        let of = due.len();
        for (tried, item) in due.into_iter().enumerate() {
            watch(tried, of);
            if Instant::now() >= end {
                break;
            }
            let (item, mail) = match self.still_due(&item.name, now()) {
                Ok(Some(found)) => found,
                Ok(None) => continue,
                // A bad block in one file is no reason to keep the others.
                Err(error) => {
                    report.pass_over(Damaged::of(&item.name, &error));
                    continue;
                }
            };
            let result = outbox.send_until(&item.label.envelope, &mail, &item.name, end).await;
            if !self.settle(&item, result, now(), &mut report)? {
                break;
            }
            watch(tried.saturating_add(1), of);
        }
        // To take leave is polite, and no reason to stay.
        let _ = timeout_at(end, outbox.close()).await;
        if !report.sent.is_empty() {
            maildir::sync_dir(&self.folder)?;
        }
        let open = self.list()?.into_iter().filter(|item| item.standing.state.is_open());
        report.next_try = open.map(|item| item.next_try(now()).unwrap_or_else(&now)).min();
        Ok(report)
    }

    /// Returns a letter that was listed as due, with its mail; a person may have dropped it since.
    fn still_due(&self, name: &str, now: Timestamp) -> Result<Option<(Item, Vec<u8>)>, QueueError> {
        let Some(item) = self.item(name)?.filter(|item| item.is_due(now)) else { return Ok(None) };
        Ok(self.mail(name)?.map(|mail| (item, mail)))
    }

    /// Writes down what became of a letter; returns whether the next one may be tried.
    fn settle(
        &self,
        item: &Item,
        result: Result<Sent, SendError>,
        now: Timestamp,
        report: &mut Report,
    ) -> Result<bool, QueueError> {
        let Err(error) = result else {
            if report.sent.is_empty() {
                self.note_open()?;
            }
            self.remove(&item.name)?;
            report.sent.push(item.name.clone());
            return Ok(true);
        };
        let cause = error.to_string();
        if let SendError::Passing { cause } = &error
            && item.standing.tries == 0
        {
            report.doubted.get_or_insert_with(|| (item.name.clone(), cause.clone()));
        }
        let mut standing = item.after(&error, now);
        let is_servers = is_servers_fault(item, &error, report);
        let for_long = is_servers && self.note_closed(now)?;
        if is_servers && (standing.state.is_open() || !for_long) {
            // The server, not the letter, is to blame: that is no attempt, and the letter stays due.
            let Standing { breaks, last_error, .. } = standing;
            standing = Standing { breaks, last_error, ..item.standing.clone() };
            report.stopped = Some(error);
        }
        let dropped = self.item(&item.name)?.is_none_or(|item| item.standing.state == State::Dropped);
        if !dropped {
            self.mark(&item.name, &standing)?;
        }
        report.refused = report.refused.saturating_add(usize::from(standing.state == State::Refused));
        let list = if standing.state.is_open() { &mut report.later } else { &mut report.failed };
        list.push((item.name.clone(), cause));
        Ok(report.stopped.is_none())
    }

    /// Notes that no letter can be sent now; returns whether that has been so for as long as letters can be given up for it.
    fn note_closed(&self, now: Timestamp) -> Result<bool, QueueError> {
        let path = self.folder.join(CLOSED);
        let before =
            files::read(&path, files::SMALL).ok().and_then(|text| serde_json::from_slice::<Closed>(&text).ok());
        let before = before.filter(|before| (SignedDuration::ZERO..=GAP).contains(&now.duration_since(before.last)));
        let since = before.map_or(now, |before| before.since.min(now));
        let text = serde_json::to_vec(&Closed { since, last: now })
            .map_err(|e| QueueError::Damaged { path: path.clone(), cause: e.to_string() })?;
        maildir::replace(&self.folder.join("tmp"), &path, &text)?;
        Ok(now.duration_since(since) >= CLOSED_LEAST)
    }

    /// Notes that letters can be sent.
    fn note_open(&self) -> Result<(), QueueError> {
        remove_file(&self.folder.join(CLOSED))
    }

    /// Takes the lock of the sender; the file stays, the lock ends with the process.
    fn lock(&self) -> Result<Option<File>, QueueError> {
        let path = self.folder.join("lock");
        let failed = |what, cause| maildir::Error::Io { what, path: path.clone(), cause };
        let file = files::open_own(&path, true).map_err(|cause| failed("open", cause))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(cause)) => Err(failed("lock", cause).into()),
        }
    }
}

/// Tells whether the server is to blame for what became of a letter, so that no other need be tried now.
///
/// Where the connection broke off while a letter was under way, nobody knows: the letter is tried after the others the
/// next time. Where these go through and it breaks off once more under this one, the letter has failed as one that had a
/// 451 for its answer (RFC 5321 section 3.8), and keeps nothing else waiting.
fn is_servers_fault(item: &Item, error: &SendError, report: &Report) -> bool {
    match error {
        SendError::Broken { .. } => item.standing.breaks == 0 || report.sent.is_empty(),
        other => other.is_for_all(),
    }
}
