//! What is erased of a letter on request, and what stays of its entry: all that replay needs, and nothing about a person
//! but the mail addresses and keys by which the parties know each other.
//!
//! Files are removed by the ledger; whether a letter may be erased is judged by `rules::erasable`.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::entry::{Body, Entry, Event, Measured, Owed, Verdict};
use super::finding::Finding;
use super::id::{Digest, Fingerprint};
use super::letter::Letter;
use super::moment::Moment;
use super::party::Role;
use super::people::{People, Taken, without_people, without_words};
use super::schedule::Cause;

/// What was erased of an entry: one vocabulary everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Names of people.
    Name,
    /// Telephone numbers.
    Telephone,
    /// Postal addresses.
    PostalAddress,
    /// What somebody wrote freely: remarks, reasons, what happened to a parcel and where.
    FreeText,
    /// Tracking numbers of parcels and links to them and to files.
    Tracking,
    /// Last digits of a card or account, and data sealed to the payment agent.
    PaymentData,
    /// The words of findings that quote the letter.
    FindingText,
    /// The part of the letter that people read.
    HumanText,
    /// The bytes that were signed.
    SignedBytes,
    /// The signature over them.
    Signature,
    /// Files that went with the letter.
    AttachedFile,
    /// The mail as it arrived.
    Original,
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 12] = [
        Self::Name,
        Self::Telephone,
        Self::PostalAddress,
        Self::FreeText,
        Self::Tracking,
        Self::PaymentData,
        Self::FindingText,
        Self::HumanText,
        Self::SignedBytes,
        Self::Signature,
        Self::AttachedFile,
        Self::Original,
    ];

    /// Returns its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Telephone => "telephone",
            Self::PostalAddress => "postal-address",
            Self::FreeText => "free-text",
            Self::Tracking => "tracking",
            Self::PaymentData => "payment-data",
            Self::FindingText => "finding-text",
            Self::HumanText => "human-text",
            Self::SignedBytes => "signed-bytes",
            Self::Signature => "signature",
            Self::AttachedFile => "attached-file",
            Self::Original => "original",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The erasing of one entry: which, what of it and why, and what stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redaction {
    /// The entry whose file is removed.
    pub position: u64,
    /// The SHA-256 of that file, as the log has it.
    pub digest: Digest,
    /// What is erased.
    pub erased: Vec<Part>,
    /// Why.
    pub reason: String,
    /// What stays.
    pub remains: Remains,
}

/// What stays of an erased entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remains {
    /// When it was recorded.
    pub recorded: Moment,
    /// The part we play in it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub role: Option<Role>,
    /// Digest and size of the letter's signed bytes.
    pub content: Measured,
    /// What only a letter in has.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub judged: Option<Judged>,
    /// Letters it owes.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub owes: Vec<Owed>,
    /// The row of an export that had us write the letter.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub event: Option<Event>,
    /// The schedule or rule that had us write the letter.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<Cause>,
    /// The letter, without what is erased.
    pub letter: Letter,
}

/// What the entry of a letter in says beside the letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// Who signed it.
    pub signer: Fingerprint,
    /// Digest and size of the mail as it arrived.
    pub original: Measured,
    /// What became of it on arrival.
    pub verdict: Verdict,
    /// Why.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub findings: Vec<Finding>,
}

/// What an erased entry says of its erasing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// The redaction's entry.
    pub by: u64,
    /// When it was recorded.
    pub at: Moment,
    /// Why.
    pub reason: String,
}

impl Redaction {
    /// Returns what is left of an entry, and what of it is erased; `None` where it holds no letter.
    ///
    /// `digest` is that of its file. `people` is what all letters of its transaction say of people: findings that quote any
    /// of it lose their words. Whether there is an original to erase, the caller knows.
    pub fn of(entry: &Entry, digest: Digest, people: &People, has_original: bool, reason: &str) -> Option<Self> {
        let (letter, content) = match &entry.body {
            Body::In { letter, content, .. } | Body::Out { letter, content } => (letter, *content),
            Body::Own { .. } => return None,
        };
        let mut taken = Taken::default();
        let letter = without_people(letter, &mut taken);
        let judged = match &entry.body {
            Body::In { signer, original, verdict, findings, .. } => {
                let findings = findings.iter().map(|finding| without_words(finding, people, &mut taken)).collect();
                Some(Judged { signer: signer.clone(), original: *original, verdict: *verdict, findings })
            }
            _ => None,
        };
        taken.parts.extend([Part::HumanText, Part::SignedBytes, Part::Signature]);
        taken.parts.extend(has_original.then_some(Part::Original));
        let (recorded, role) = (entry.recorded, entry.role);
        let (owes, event, cause) = (entry.owes.clone(), entry.event.clone(), entry.cause.clone());
        Some(Self {
            position: entry.position,
            digest,
            erased: taken.parts.into_iter().collect(),
            reason: reason.to_owned(),
            remains: Remains { recorded, role, content, judged, owes, event, cause, letter },
        })
    }

    /// Returns the erased entry as replay has it; `by` and `at` are the redaction's place and time.
    pub fn entry(&self, by: u64, at: Moment) -> Entry {
        let Remains { recorded, role, content, judged, owes, event, cause, letter } = self.remains.clone();
        let letter = Arc::new(letter);
        let body = match judged {
            Some(Judged { signer, original, verdict, findings }) => {
                Body::In { letter, content, signer, original, verdict, findings }
            }
            None => Body::Out { letter, content },
        };
        let erased = Some(Erasure { by, at, reason: self.reason.clone() });
        Entry { position: self.position, recorded, role, body, owes, event, cause, erased }
    }
}
