//! The post itself: mail is fetched into the spool, the queue is sent.

use std::time::Duration;

use super::{Clerk, ClerkError};
use crate::inbox::{Cursor, Inbox, Note};
use crate::outbox::Outbox;
use crate::outbox::queue::Report;

/// How many mails are fetched at a time.
const FETCH: usize = 256;

/// What one pass over the mailbox brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Posted {
    /// Mails fetched into the spool.
    pub fetched: usize,
    /// What was noted on the way: mails too large to be read, a rescan.
    pub notes: Vec<String>,
}

impl Clerk {
    /// Fetches what is new into the spool: first on disk, then the cursor, then the mark in the mailbox.
    pub async fn fetch(&mut self, inbox: &mut Inbox) -> Result<Posted, ClerkError> {
        let mut posted = Posted::default();
        let name = "inbox";
        let stored = self.index.cursor(name)?;
        let mut cursor: Cursor = stored.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        loop {
            let batch = inbox.fetch(&cursor, FETCH).await?;
            let mails: Vec<Vec<u8>> = batch.mails.iter().map(|mail| mail.bytes.clone()).collect();
            if !mails.is_empty() {
                self.spool(&mails)?;
            }
            posted.fetched = posted.fetched.saturating_add(mails.len());
            posted.notes.extend(batch.notes.iter().map(told));
            if batch.cursor != cursor {
                let text =
                    serde_json::to_string(&batch.cursor).map_err(|error| ClerkError::Write(error.to_string()))?;
                self.index.set_cursor(name, &text)?;
            }
            let origins: Vec<_> = batch.mails.into_iter().map(|mail| mail.origin).collect();
            if let Err(error) = inbox.done(&origins).await {
                posted.notes.push(format!("handled mail could not be marked: {error}"));
            }
            cursor = batch.cursor;
            if !batch.more {
                return Ok(posted);
            }
        }
    }

    /// Sends what is due, until `budget` has passed.
    pub async fn flush(&mut self, outbox: &mut Outbox, budget: Duration) -> Result<Report, ClerkError> {
        let clock = self.clock.clone();
        Ok(self.queue.flush(outbox, || clock.now().instant(), budget).await?)
    }
}

/// Says what was noted while a mailbox was read.
fn told(note: &Note) -> String {
    match note {
        Note::TooLarge { .. } => "a mail larger than any letter was left unread".to_owned(),
        Note::Unreadable { .. } => "the server could not hand out a mail; it is passed over".to_owned(),
        Note::Alert { .. } => format!("the mail server says: {note:?}"),
        Note::Rescan { .. } => "the mailbox was renumbered by its server and is read anew".to_owned(),
    }
}
