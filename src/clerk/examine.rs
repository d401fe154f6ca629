//! A mail is opened and read: it becomes a letter, or there is a reason why it is none. Nothing is judged here.
//!
//! This costs most of all the way in and needs nothing but keys and certificates, so it runs on all cores.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use rayon::iter::Either;
use rayon::prelude::*;

use super::aside::{Aside, AsideReason};
use super::certificates::Certificates;
use super::lookups::Lookups;
use super::spool::Spooled;
use super::strangers::TOO_MANY;
use super::{Clerk, ClerkError};
use crate::clock::system_time;
use crate::config::TrustPolicy;
use crate::files;
use crate::index::Index;
use crate::mail;
use crate::pgp::{self, Lookup, Opened, OwnKey, SetAside};
use crate::trade::{Fingerprint, Measured, Moment, Received};

/// The most bytes of a file in the spool: what we put there is smaller, and what somebody else did must not fill the
/// memory.
const SPOOLED_MAX: u64 = 256 * 1024 * 1024;

/// Why a mail is no letter that can be judged.
pub(super) enum Unread {
    /// It could not be opened, or its signer is not known.
    Closed(SetAside),
    /// It opened well and is not written as letters are.
    Shapeless {
        /// What is wrong with it.
        error: mail::ReadError,
        /// Who signed it.
        signer: Fingerprint,
    },
    /// A person blocked its signer.
    Blocked,
    /// It asks for the catalog more often than its sender is answered.
    TooOften,
    /// Its signer is a stranger, and as many as are let in within an hour have come: it is read later.
    TooManyStrangers {
        /// How many are let in within an hour.
        most: usize,
        /// From when on there is room again.
        from: Moment,
    },
}

impl Unread {
    /// Returns whether the mail is nothing that would concern us: ordinary mail, or a letter of people to each other.
    pub(super) fn is_ordinary(&self) -> bool {
        matches!(self, Self::Closed(SetAside::NotOurs) | Self::Shapeless { error: mail::ReadError::Ordinary, .. })
    }
}

impl Unread {
    /// Returns the key that signed the mail, as far as it is known.
    pub(super) fn signer(&self) -> Option<&str> {
        match self {
            Self::Closed(reason) => reason.signer(),
            Self::Shapeless { signer, .. } => Some(signer.as_str()),
            Self::Blocked | Self::TooOften | Self::TooManyStrangers { .. } => None,
        }
    }

    /// Returns whether the mail was encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        !matches!(self, Self::Closed(reason) if !reason.is_encrypted())
    }
}

impl From<SetAside> for Unread {
    fn from(reason: SetAside) -> Self {
        Self::Closed(reason)
    }
}

impl From<&Unread> for AsideReason {
    fn from(reason: &Unread) -> Self {
        match reason {
            Unread::Closed(reason) => reason.into(),
            Unread::Shapeless { error, .. } => Self { code: error.word().to_owned(), text: error.to_string() },
            Unread::Blocked => Self {
                code: "blocked".to_owned(),
                text: "its sender was blocked; settle that warning with `mailorder warnings ack` to hear them again"
                    .to_owned(),
            },
            Unread::TooOften => Self {
                code: "too-often".to_owned(),
                text: "it asks for the catalog once more within the hour; nothing is answered".to_owned(),
            },
            Unread::TooManyStrangers { most, from } => Self {
                code: TOO_MANY.to_owned(),
                text: format!(
                    "{most} senders who were not known here were let in within the hour; it is read by itself from {from} \
                     on, the oldest first"
                ),
            },
        }
    }
}

/// A mail after opening and reading: a letter, or why it is none.
pub(super) struct Examined {
    pub(super) spooled: Spooled,
    pub(super) raw: Vec<u8>,
    /// The mail's digest and size.
    pub(super) original: Measured,
    pub(super) result: Result<OpenLetter, Unread>,
}

/// A letter opened and read, with the bytes its entry needs.
pub(super) struct OpenLetter {
    pub(super) received: Received,
    pub(super) opened: Opened,
}

impl Examined {
    /// Returns the note a mail is set aside with.
    pub(super) fn aside(&self, reason: AsideReason, now: Moment) -> Aside {
        let mut aside = Aside::of(&self.raw, reason, now);
        match &self.result {
            Err(Unread::Closed(SetAside::UnknownSigner { issuers, .. })) => aside.issuers.clone_from(issuers),
            // Its time comes by waiting, or because our clock is put right.
            Err(Unread::Closed(SetAside::NotYetValid { signed_at, .. })) => {
                aside.not_before = crate::clock::moment_of(*signed_at);
            }
            // Nobody waits for what was asked too often.
            Ok(_) if aside.reason.code == "too-often" => {}
            Ok(letter) => aside.unpinned = Some(letter.received.signer().clone()),
            Err(_) => {}
        }
        aside
    }
}

impl Clerk {
    /// Gets ready to open and read mail.
    pub(super) fn examiner(&mut self) -> Examiner<'_> {
        Examiner {
            keys: &self.keys,
            certificates: &self.certificates,
            index: Mutex::new(&mut self.index),
            now: system_time(&self.clock.now()),
            first_use: self.settings.trust == TrustPolicy::FirstUse && self.settings.practice.shop.is_some(),
        }
    }

    /// Opens and reads mails on all cores. Returns beside them those whose file cannot be read, each with the fault.
    pub(super) fn examine_all(&mut self, mails: Vec<Spooled>) -> (Vec<Examined>, Vec<(Spooled, ClerkError)>) {
        let examiner = self.examiner();
        let (examined, unreadable) = mails
            .into_par_iter()
            .map(|spooled| {
                let raw = match files::read(&spooled.path, SPOOLED_MAX) {
                    Ok(raw) => raw,
                    Err(error) => {
                        let fault = ClerkError::io("read", &spooled.path)(error);
                        return Either::Right((spooled, fault));
                    }
                };
                let examined = if spooled.poisonous {
                    Ok(Err(SetAside::BadShape("the program ended three times while it looked at this mail").into()))
                } else {
                    examiner.examine(&raw)
                };
                match examined {
                    Ok(result) => Either::Left(Examined { spooled, original: Measured::of(&raw), raw, result }),
                    Err(fault) => Either::Right((spooled, fault)),
                }
            })
            .partition_map(|either| either);
        (in_their_numbers(examined), unreadable)
    }
}

/// Puts what one sender wrote about one transaction in the order of his numbers, as the post swaps what was sent in one breath:
/// nothing is asked for that lies beside it. All other mails stay where they are.
fn in_their_numbers(examined: Vec<Examined>) -> Vec<Examined> {
    let mut groups: BTreeMap<_, Vec<(u32, usize)>> = BTreeMap::new();
    for (place, one) in examined.iter().enumerate() {
        let Ok(OpenLetter { received, .. }) = &one.result else { continue };
        let letter = received.letter();
        let Some((number, seq)) = letter.transaction.as_ref().zip(letter.seq) else { continue };
        groups.entry((received.signer(), letter.shop.as_ref(), number)).or_default().push((seq, place));
    }
    let mut from: Vec<usize> = (0..examined.len()).collect();
    for mut group in groups.into_values() {
        let places: Vec<usize> = group.iter().map(|(_, place)| *place).collect();
        group.sort_unstable();
        for (place, (_, came)) in places.into_iter().zip(group) {
            if let Some(from) = from.get_mut(place) {
                *from = came;
            }
        }
    }
    let mut examined: Vec<Option<Examined>> = examined.into_iter().map(Some).collect();
    from.into_iter().filter_map(|came| examined.get_mut(came)?.take()).collect()
}

/// What opening and reading needs, shared by threads.
pub(super) struct Examiner<'a> {
    keys: &'a [OwnKey],
    certificates: &'a Certificates,
    index: Mutex<&'a mut Index>,
    now: SystemTime,
    first_use: bool,
}

impl Examiner<'_> {
    fn stored(&self, handle: &str) -> Result<Vec<String>, ClerkError> {
        let index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(index.certificates(&[handle.to_owned()])?)
    }

    /// Opens and reads one mail.
    ///
    /// # Errors
    /// Where it could not be looked up whose keys are known; nothing is found out about the mail then.
    pub(super) fn examine(&self, raw: &[u8]) -> Result<Result<OpenLetter, Unread>, ClerkError> {
        let lookups = Lookups::default();
        let find = |handles: &[String]| self.certificates.find(&|handle| self.stored(handle), handles);
        let read = self.read(raw, &|handles: &[String]| lookups.answer(find(handles)));
        lookups.end()?;
        Ok(read)
    }

    fn read(&self, raw: &[u8], lookup: Lookup<'_>) -> Result<OpenLetter, Unread> {
        let opened = if self.first_use {
            pgp::open_or_first_contact(raw, self.keys, lookup, self.now)?
        } else {
            pgp::open(raw, self.keys, lookup, self.now)?
        };
        let received = mail::read(opened.signed_bytes(), opened.content(), opened.signer(), opened.recipient())
            .map_err(|error| Unread::Shapeless { error, signer: opened.signer().clone() })?;
        Ok(OpenLetter { received, opened })
    }
}
