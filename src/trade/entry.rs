//! What the ledger keeps: letters received and sent, and what we ourselves decided.
//!
//! Entries are values without bytes; the ledger adds the signed bytes and writes the file.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::document::Kind;
use super::finding::Finding;
use super::id::{Address, Digest, Fingerprint, MessageId, Number, OrderId};
use super::item::LineQuantity;
use super::letter::Letter;
use super::moment::{Moment, When};
use super::party::{Party, Role};
use super::redaction::{Erasure, Redaction};
use super::schedule::{Cause, Schedule, ScheduleName};
use super::task::{Said, Task, TaskKey};

/// What became of a letter: one vocabulary everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It counts.
    Applied,
    /// It was here before; nothing new.
    Repeat,
    /// A higher number of its sender counts already; kept as history.
    Stale,
    /// It waits for the terms it speaks about.
    Held,
    /// It does not agree with what is known; nothing of it counts.
    Warned,
    /// It is no trustworthy letter; kept aside, unread.
    SetAside,
    /// It is ordinary mail.
    NotOurs,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Self; 7] =
        [Self::Applied, Self::Repeat, Self::Stale, Self::Held, Self::Warned, Self::SetAside, Self::NotOurs];

    /// Returns its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Repeat => "repeat",
            Self::Stale => "stale",
            Self::Held => "held",
            Self::Warned => "warned",
            Self::SetAside => "set-aside",
            Self::NotOurs => "not-ours",
        }
    }

    /// Reads the word of a verdict.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.word() == word)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A digest and the number of bytes it was taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// SHA-256.
    pub digest: Digest,
    /// Length in bytes.
    pub size: u64,
}

impl Measured {
    /// Measures bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { digest: Digest::of(bytes), size: u64::try_from(bytes.len()).unwrap_or(u64::MAX) }
    }
}

/// A letter that an entry owes: it is written again after a crash, with the same Message-ID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// Its Message-ID.
    pub id: MessageId,
    /// Its kind.
    pub kind: Kind,
    /// Where it goes.
    pub to: Address,
}

/// What had us write a letter: one row of what a shop's or an agent's own system exported. The same row again has no second
/// effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its name in that system; `None` where rows have none, and what they say tells them apart.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// SHA-256 of what the row says, and of which transaction.
    pub content: Digest,
}

/// How a certificate came to be pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinnedBy {
    /// The user saw the fingerprint and said yes.
    User,
    /// First contact under the policy `first-use`.
    FirstUse,
    /// A statement signed with the key pinned before.
    OldKey,
    /// The same fingerprint came with a new expiry, subkey or revocation.
    Merge,
}

/// What a person does about a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Settlement {
    /// Seen; nothing changes.
    Ack,
    /// The letter counts all the same.
    Accept,
    /// Its sender is not listened to any more.
    Block,
}

/// What we ourselves decided, with all that replay needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum Act {
    /// The ledger begins.
    Genesis {
        /// The ledger's id: 32 random hexadecimal digits.
        ledger: String,
        /// The account's address and key.
        account: Party,
        /// The account's certificate, base64 of the minimal binary form.
        certificate: String,
    },
    /// A certificate speaks for an address from now on.
    Pin {
        /// The address and its key.
        party: Party,
        /// The certificate, base64 of the minimal binary form.
        certificate: String,
        /// How it came to be.
        by: PinnedBy,
    },
    /// A letter is judged anew, because a letter before it came late or a person settled something.
    Verdict {
        /// The letter.
        content: Digest,
        /// What becomes of it now.
        verdict: Verdict,
        /// Why.
        findings: Vec<Finding>,
    },
    /// A person settles a warning.
    Settle {
        /// The letter warned about; `None` for a computed warning, which `subject` names.
        content: Option<Digest>,
        /// Names a computed warning: its code and what it is about.
        subject: Option<String>,
        /// What is done about it.
        how: Settlement,
        /// Why; required to accept.
        reason: Option<String>,
    },
    /// The buyer says what really came (design 5): all of it so far, so that his last word counts.
    Received {
        /// How many of which line; what is not named did not come.
        lines: Vec<LineQuantity>,
        /// When it came, as he says.
        at: When,
    },
    /// A hook is given work.
    Give {
        /// The work.
        task: Task,
    },
    /// A hook has said what came of its work.
    Said {
        /// The work.
        key: TaskKey,
        /// What came of it.
        said: Box<Said>,
        /// Why that was told to nobody, where it does not fit with what was told before.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        untold: Option<String>,
    },
    /// A schedule is made, changed, paused or resumed.
    Schedule {
        /// How it is from now on.
        schedule: Schedule,
    },
    /// A schedule is removed.
    Unschedule {
        /// Its name.
        name: ScheduleName,
    },
    /// A letter's file is removed, on request; what replay needs of it is kept here.
    Redaction(Box<Redaction>),
}

impl Act {
    /// Returns the word of `Mailorder-Kind`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Genesis { .. } => "genesis",
            Self::Pin { .. } => "pin",
            Self::Verdict { .. } => "verdict",
            Self::Redaction(_) => "redaction",
            Self::Settle { .. }
            | Self::Received { .. }
            | Self::Give { .. }
            | Self::Said { .. }
            | Self::Schedule { .. }
            | Self::Unschedule { .. } => "act",
        }
    }
}

/// The names of a transaction as an envelope or entry gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Names {
    /// The shop.
    pub shop: Option<Address>,
    /// The shop's number.
    pub number: Option<Number>,
    /// The buyer's order ID.
    pub order: Option<OrderId>,
}

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A letter received.
    In {
        /// The letter.
        letter: Arc<Letter>,
        /// Digest and size of its signed bytes.
        content: Measured,
        /// Who signed it.
        signer: Fingerprint,
        /// Digest and size of the mail as it arrived.
        original: Measured,
        /// What became of it on arrival.
        verdict: Verdict,
        /// Why.
        findings: Vec<Finding>,
    },
    /// A letter sent.
    Out {
        /// The letter.
        letter: Arc<Letter>,
        /// Digest and size of its signed bytes.
        content: Measured,
    },
    /// Our own decision.
    Own {
        /// What was decided.
        act: Act,
        /// The transaction it is about, if one.
        names: Names,
        /// Positions of the entries it speaks about.
        about: Vec<u64>,
    },
}

/// One entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Position in the log, from 0.
    pub position: u64,
    /// When it was recorded, in UTC, to the millisecond.
    pub recorded: Moment,
    /// The part we play in it; none for what concerns no transaction.
    pub role: Option<Role>,
    /// What it is about.
    pub body: Body,
    /// Letters it owes.
    pub owes: Vec<Owed>,
    /// The row of an export that had us write the letter in it.
    pub event: Option<Event>,
    /// The schedule or rule that had us write the letter in it.
    pub cause: Option<Cause>,
    /// What says that its file was removed; then the letter lacks what was erased.
    pub erased: Option<Erasure>,
}

impl Entry {
    /// Returns the names of the transaction it belongs to.
    pub fn names(&self) -> Names {
        match &self.body {
            Body::In { letter, .. } | Body::Out { letter, .. } => letter.names(),
            Body::Own { names, .. } => names.clone(),
        }
    }

    /// Returns the letter in it.
    pub fn letter(&self) -> Option<&Letter> {
        match &self.body {
            Body::In { letter, .. } | Body::Out { letter, .. } => Some(letter),
            Body::Own { .. } => None,
        }
    }

    /// Returns the content digest of the letter in it.
    pub fn content(&self) -> Option<Digest> {
        match &self.body {
            Body::In { content, .. } | Body::Out { content, .. } => Some(content.digest),
            Body::Own { .. } => None,
        }
    }

    /// Returns the redaction that it is.
    pub fn redaction(&self) -> Option<&Redaction> {
        match &self.body {
            Body::Own { act: Act::Redaction(redaction), .. } => Some(redaction),
            _ => None,
        }
    }

    /// Returns the word of `Mailorder-Kind`.
    pub fn kind_word(&self) -> &'static str {
        match &self.body {
            Body::In { letter, .. } | Body::Out { letter, .. } => letter.kind().word(),
            Body::Own { act, .. } => act.word(),
        }
    }
}
