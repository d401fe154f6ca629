//! The loop all parts share: opens the post, has it judged, enters it, writes the answers, posts them. It decides
//! nothing.
//!
//! Order of effects: **ledger, then outbox, then mark the mail done.** An entry names the letters it owes; what a crash
//! swallowed is written again with the same Message-ID.

mod again;
mod alerted;
mod aside;
mod asking;
mod batch;
mod bounce;
mod catalog;
mod certificates;
mod checkpoint;
mod commit;
mod compromised;
mod computed;
mod error;
mod examine;
mod hooks;
mod inspect;
mod judge;
mod keys;
mod large;
mod limits;
mod lookups;
mod mended;
mod names;
mod news;
mod on_time;
mod open;
mod own_key;
mod payment_data;
mod posting;
mod receipts;
mod received;
mod redact;
mod report;
mod rounds;
mod rules;
mod schedules;
mod sealing;
mod settle;
mod spool;
mod strangers;
mod take_in;
mod told;
mod transport;
mod unacknowledged;
mod writable;
mod write;

use std::path::PathBuf;
use std::time::Duration;

pub use again::Tended;
pub use alerted::AlertedFile;
pub use aside::{Aside, AsideReason};
pub use asking::{By, Foreseeing};
pub use batch::Batch;
pub use catalog::KnownCatalog;
pub use computed::{ComputedWarning, open_of_each, warning_id};
pub use error::ClerkError;
pub use inspect::Preview;
pub use keys::{KEY_SOON, KeyRecord};
pub use names::ShopNames;
pub use open::{create, go_on_with_cut_log, has_lost_ledger, is_made, open_to_readers};
pub use own_key::file as key_file;
pub use posting::{Fetch, Posted};
pub use redact::{Erased, ErasedLetter};
pub use report::{Came, Foreseen, Foresight, Reporting, Sort, name_of};
pub use schedules::Ran;
pub use take_in::{Outcome, TakenIn};
pub use transport::{inbox, outbox};
pub use unacknowledged::Unacknowledged;
pub use writable::{Closed, unwritable};
pub use write::Written;

use crate::clock::Clock;
use crate::config::Settings;
use crate::index::Index;
use crate::ledger::Ledger;
use crate::mail::Texts;
use crate::outbox::queue::Queue;
use crate::pgp::{OwnKey, autocrypt};
use crate::trade::{Entry, Party};

/// How long a command waits for another process that holds the ledger, at most.
const LOCK_WAIT: Duration = Duration::from_secs(60);

/// Returns random bytes of the system.
pub(crate) fn chance<const N: usize>() -> Result<[u8; N], ClerkError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| ClerkError::Settings(format!("no random numbers: {error}")))?;
    Ok(bytes)
}

/// One account at work: its keys, ledger, index and queues.
pub struct Clerk {
    settings: Settings,
    clock: Clock,
    keys: std::sync::Arc<[OwnKey]>,
    me: Party,
    /// The header that hands our certificate on, once it was needed.
    autocrypt: std::sync::OnceLock<autocrypt::Header>,
    ledger: Ledger,
    index: Index,
    texts: Texts,
    queue: Queue,
    spool: spool::Spool,
    aside: aside::AsideFolder,
    certificates: certificates::Certificates,
    /// What the next batch need not look up.
    at_hand: batch::AtHand,
    notes: Vec<String>,
    /// The shop's articles and the state of their file.
    loaded: catalog::Loaded,
    /// Whether leftovers were looked for since the start.
    swept: bool,
}

impl Clerk {
    /// Returns the settings the account works by.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the account's address and key.
    pub fn me(&self) -> &Party {
        &self.me
    }

    /// Returns the account's key.
    pub fn key(&self) -> Option<&OwnKey> {
        self.keys.first()
    }

    /// Returns the ledger, for reading.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns the index, for reading.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Reads one entry from the ledger; where it was erased, what is left of it.
    pub(super) fn entry(&self, position: u64) -> Result<Entry, ClerkError> {
        if let Some(by) = self.index.erased_by(position)?
            && let Some(entry) = self.ledger.erased_by(by)?
        {
            return Ok(entry);
        }
        let file = self.ledger.read(position)?;
        let read = crate::ledger::form::parse(&file, &open::reread);
        read.map(|read| read.entry).map_err(|error| ClerkError::Write(format!("entry {position}: {error}")))
    }

    /// Returns the queue of letters to be sent.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Returns what was set aside.
    pub fn set_aside(&self) -> Result<Vec<Aside>, ClerkError> {
        self.aside.list()
    }

    /// Returns how many mails were not even set aside, because there was no room for them.
    pub fn not_kept(&self) -> u64 {
        self.aside.not_kept()
    }

    /// Takes what there is to tell that is no error: an index rebuilt, a crash put right.
    pub fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Returns the file a set-aside mail lies in.
    pub fn set_aside_file(&self, name: &str) -> PathBuf {
        self.aside.path(name)
    }
}
