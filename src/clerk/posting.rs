//! The post itself: mail is fetched into the spool, the queue is sent.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Clerk, ClerkError};
use crate::inbox::{Cursor, Inbox, Kind, Note, Origin};
use crate::index::Fetched;
use crate::outbox::Outbox;
use crate::outbox::queue::{Contents, Report};
use crate::trade::Moment;

/// Seconds after which a letter should have gone out.
const DAY: i64 = 24 * 60 * 60;
/// How many mails are fetched at a time.
const FETCH: usize = 256;
/// The name of the account's mailbox in the index.
const INBOX: &str = "inbox";
/// The names under which the index keeps when mail was fetched last, and when that failed last.
const FETCHED: [&str; 2] = ["fetched", "not fetched"];

/// Something of a mailbox as the index keeps it: how far it was read, or where a mail lies.
#[derive(Serialize, Deserialize)]
struct Kept<T> {
    /// The mailbox, where its numbers mean nothing in another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mailbox: Option<String>,
    #[serde(flatten)]
    what: T,
}

impl<T: Serialize> Kept<T> {
    fn written(inbox: &Inbox, what: T) -> Result<String, ClerkError> {
        json(&Self { mailbox: inbox.name(), what })
    }
}

/// Reads what was kept of this mailbox; `Err` has the name of another one that it is of.
fn kept_of<T: DeserializeOwned>(inbox: &Inbox, text: &str) -> Option<Result<T, String>> {
    let kept: Kept<T> = serde_json::from_str(text).ok()?;
    match kept.mailbox {
        Some(other) if inbox.name().as_ref() != Some(&other) => Some(Err(other)),
        _ => Some(Ok(kept.what)),
    }
}

/// What one pass over the mailbox brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Posted {
    /// Mails fetched into the spool.
    pub fetched: usize,
    /// What was noted on the way: mails too large to be read, a rescan.
    pub notes: Vec<String>,
}

/// A pass over the mailbox, or a mail handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    /// When.
    pub at: Moment,
    /// By which command.
    pub by: String,
    /// Why it failed, if it did.
    pub fault: Option<String>,
}

impl Clerk {
    /// Keeps when mail was fetched last, by which command, and whether that failed. Whoever loses it knows it again after the
    /// next pass.
    pub fn note_fetch(&self, by: &str, fault: Option<String>) -> Result<(), ClerkError> {
        let [done, failed] = FETCHED;
        let name = if fault.is_some() { failed } else { done };
        let fetch = Fetch { at: self.clock.now(), by: by.to_owned(), fault };
        Ok(self.index.set_cursor(name, &json(&fetch)?)?)
    }

    /// Returns since when the oldest letter waits that should have gone out a day ago: no try has sent it, or it cannot be sealed.
    ///
    /// # Errors
    /// Where the index cannot be read.
    pub fn unsent_for_a_day(&self, queue: &Contents) -> Result<Option<Moment>, ClerkError> {
        let now = self.clock.now();
        let tried = queue.unsent_since().map(|since| Moment::new(since, now.offset()));
        let unsealed = self.index.unsealed()?.into_iter().map(|one| one.position).min();
        let unsealed = unsealed.map(|position| self.index.entry(position)).transpose()?.flatten();
        let unsealed = unsealed.and_then(|entry| Moment::parse(&entry.recorded).ok());
        let oldest = tried.into_iter().chain(unsealed).min();
        Ok(oldest.filter(|oldest| *oldest < now.plus_seconds(-DAY)))
    }

    /// Returns when mail was fetched last, and the failure since, if there was one.
    pub fn last_fetches(&self) -> Result<[Option<Fetch>; 2], ClerkError> {
        let [done, failed] = FETCHED.map(|name| self.index.cursor(name));
        let read = |text: Option<String>| text.and_then(|text| serde_json::from_str::<Fetch>(&text).ok());
        let (done, failed) = (read(done?), read(failed?));
        // What is dated later than now was noted while the clock was ahead, and came before all that is not.
        let now = self.clock.now();
        let believed = |fetch: &&Fetch| fetch.at <= now;
        let before = done.as_ref().filter(believed).map(|done| done.at);
        let since = failed.filter(|failed| believed(&failed) && before.is_none_or(|done| failed.at > done));
        Ok([done, since])
    }

    /// Looks whether the mailbox can be read, and changes nothing: what is new in it stays new.
    pub async fn reach(&self, inbox: &mut Inbox) -> Result<(), ClerkError> {
        inbox.fetch(&self.read_to(inbox)?.unwrap_or_default(), 1).await?;
        Ok(())
    }

    /// Returns how far the mailbox has been read; `Err` has the name of another mailbox that was read before.
    fn read_to(&self, inbox: &Inbox) -> Result<Result<Cursor, String>, ClerkError> {
        let stored = self.index.cursor(INBOX)?;
        Ok(stored.and_then(|text| kept_of(inbox, &text)).unwrap_or_else(|| Ok(Cursor::default())))
    }

    /// Fetches what is new into the spool: first on disk, then the cursor. The mailbox stays as it is until the mails
    /// are judged, because an encrypted mail may be anybody's.
    pub async fn fetch(&mut self, inbox: &mut Inbox) -> Result<Posted, ClerkError> {
        let mut posted = Posted::default();
        let mut cursor = self.read_to(inbox)?.unwrap_or_else(|other| {
            posted.notes.push(format!("the mailbox read before was {other}; this one is read from its beginning"));
            Cursor::default()
        });
        loop {
            let mut batch = inbox.fetch(&cursor, FETCH).await?;
            // A delivery report is looked at and stays ordinary mail.
            for report in batch.mails.extract_if(.., |mail| mail.kind == Kind::Report) {
                posted.notes.extend(self.heed_report(&report.bytes)?);
            }
            let mails: Vec<Vec<u8>> = batch.mails.iter().map(|mail| mail.bytes.clone()).collect();
            posted.fetched = posted.fetched.saturating_add(mails.len());
            posted.notes.extend(batch.notes.iter().map(told));
            if !mails.is_empty() {
                let names = self.spool.names(mails.len(), &self.clock.now())?;
                let origins = names.iter().zip(&batch.mails).map(|(name, mail)| fetched(inbox, name, &mail.origin));
                // Before they are in the spool, where another process may judge them at once.
                self.index.note_fetched(&origins.collect::<Result<Vec<_>, _>>()?)?;
                self.spool.put(&names, &mails)?;
            }
            if batch.cursor != cursor {
                self.index.set_cursor(INBOX, &Kept::written(inbox, &batch.cursor)?)?;
            }
            cursor = batch.cursor;
            if !batch.more {
                return Ok(posted);
            }
        }
    }

    /// Marks in the mailbox the mails that turned out to be ours. Whatever else was fetched stays as it is. A mark is
    /// decoration: one that fails is tried again with the next pass.
    pub async fn mark(&mut self, inbox: &mut Inbox) -> Result<(), ClerkError> {
        let mails = self.index.to_be_marked()?;
        // Mails of a mailbox that was read before stay as they are: the same number is another mail here.
        let origins: Vec<Origin> = mails.iter().filter_map(|mail| kept_of(inbox, &mail.origin)?.ok()).collect();
        if !origins.is_empty() {
            inbox.done(&origins).await?;
        }
        Ok(self.index.marked(&mails)?)
    }

    /// Sends what is due, until `budget` has passed.
    pub async fn flush(&mut self, outbox: &mut Outbox, budget: Duration) -> Result<Report, ClerkError> {
        self.flush_watched(outbox, budget, |_, _| ()).await
    }

    /// The same; `watch` is told how many letters were tried, and how many are due.
    pub async fn flush_watched(
        &mut self,
        outbox: &mut Outbox,
        budget: Duration,
        watch: impl FnMut(usize, usize),
    ) -> Result<Report, ClerkError> {
        let clock = self.clock.clone();
        Ok(self.queue.flush_watched(outbox, || clock.now().instant(), budget, watch).await?)
    }
}

fn fetched(inbox: &Inbox, name: &str, origin: &Origin) -> Result<Fetched, ClerkError> {
    Ok(Fetched { name: name.to_owned(), origin: Kept::written(inbox, origin)? })
}

fn json(value: &impl Serialize) -> Result<String, ClerkError> {
    serde_json::to_string(value).map_err(|error| ClerkError::Write(error.to_string()))
}

/// Says what was noted while a mailbox was read.
fn told(note: &Note) -> String {
    match note {
        Note::TooLarge { .. } => "a mail larger than any letter was left unread".to_owned(),
        Note::Unreadable { origin: Origin::Maildir { name }, cause } => {
            format!("the mail {name} in the inbox cannot be read and is passed over: {cause}")
        }
        Note::Unreadable { .. } => "the server could not hand out a mail; it is passed over".to_owned(),
        Note::NoFile { path } => format!("{} is no regular file; it is passed over", path.display()),
        Note::Alert { .. } => format!("the mail server says: {note:?}"),
        Note::Rescan { .. } => "the mailbox was renumbered by its server and is read anew".to_owned(),
    }
}
