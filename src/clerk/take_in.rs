//! The way in: from the spool to the ledger.
//!
//! Opening and reading, which cost most, run on all cores; judging and entering follow one by one, because each letter
//! may depend on the one before.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use rayon::prelude::*;

use super::aside::{Aside, AsideReason};
use super::batch::{Batch, Bytes};
use super::certificates::Certificates;
use super::spool::Spooled;
use super::{Clerk, ClerkError};
use crate::clock::system_time;
use crate::config::TrustPolicy;
use crate::index::Index;
use crate::mail;
use crate::pgp::{self, Opened, OwnKey, SetAside};
use crate::role;
use crate::rules::{Judgement, Reader, reconcile};
use crate::trade::document::{Receipt, Received as ReceivedLine};
use crate::trade::{
    Address, Body, Code, Digest, Document, Finding, Fingerprint, Kind, Letter, Measured, Moment, Names, Party,
    Received, Role, Verdict,
};

/// How many mails are handled under one hold of the lock.
const BATCH: usize = 512;
/// How many letters one receipt names.
const RECEIPT_MAX: usize = 500;
/// How many keys a shop takes at first contact within an hour.
const STRANGERS_MAX: usize = 60;

/// What became of one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// Its findings, or the reason it was set aside.
    pub findings: Vec<Finding>,
    /// The reason it was set aside.
    pub aside: Option<AsideReason>,
}

/// What became of the mails taken in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakenIn {
    /// How many of each verdict.
    pub counts: BTreeMap<Verdict, u64>,
    /// What is to be told a person: warnings and mails set aside.
    pub news: Vec<Outcome>,
}

impl TakenIn {
    fn add(&mut self, outcome: Outcome) {
        let count = self.counts.entry(outcome.verdict).or_insert(0);
        *count = count.saturating_add(1);
        if matches!(outcome.verdict, Verdict::Warned | Verdict::SetAside) {
            self.news.push(outcome);
        }
    }

    /// Returns how many mails were taken in.
    pub fn total(&self) -> u64 {
        self.counts.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Adds what another pass brought.
    pub fn join(&mut self, other: Self) {
        for (verdict, count) in other.counts {
            let sum = self.counts.entry(verdict).or_insert(0);
            *sum = sum.saturating_add(count);
        }
        self.news.extend(other.news);
    }
}

/// A letter as `inspect` shows it: what it is, and what it would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The letter, if it could be opened and read.
    pub received: Option<Received>,
    /// What would become of it.
    pub outcome: Outcome,
    /// The outer `From`.
    pub outer_from: Option<Address>,
}

/// Why a mail is no letter that can be judged.
pub(super) enum Unread {
    /// It could not be opened, or its signer is not known.
    Closed(SetAside),
    /// It opened well and is not written as letters are.
    Shapeless(mail::ReadError),
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
            Unread::Shapeless(error) => Self { code: error.word().to_owned(), text: error.to_string() },
        }
    }
}

/// A mail after opening and reading: a letter, or why it is none.
struct Examined {
    spooled: Spooled,
    raw: Vec<u8>,
    result: Result<OpenLetter, Unread>,
}

/// A letter opened and read, with the bytes its entry needs.
pub(super) struct OpenLetter {
    pub(super) received: Received,
    pub(super) opened: Opened,
}

impl Clerk {
    /// Puts mails into the spool, durably.
    pub fn spool(&self, mails: &[Vec<u8>]) -> Result<(), ClerkError> {
        self.spool.put(mails, &self.clock.now())
    }

    /// Takes in everything in the spool, and what was set aside and may be read now.
    pub fn take_in(&mut self) -> Result<TakenIn, ClerkError> {
        let mut all = TakenIn::default();
        loop {
            // Held until the batch is through: two processes must not look at one mail.
            let _lock = self.spool.lock()?;
            self.bring_back()?;
            let mails = self.spool.next(BATCH)?;
            if mails.is_empty() {
                return Ok(all);
            }
            all.join(self.take_in_batch(mails)?);
        }
    }

    /// Returns what a mail is and what would become of it; changes nothing.
    pub fn inspect(&mut self, raw: &[u8]) -> Result<Preview, ClerkError> {
        self.catch_up()?;
        let outer_from = match pgp::outer::inspect(raw) {
            pgp::outer::Outer::Encrypted(mail) => mail.from,
            _ => None,
        };
        let letter = match self.examiner().examine(raw) {
            Ok(letter) => letter,
            Err(reason) => return Ok(Preview { received: None, outcome: aside_outcome(&reason), outer_from }),
        };
        let received = letter.received.clone();
        let outcome = self.dry(&letter)?;
        Ok(Preview { received: Some(received), outcome, outer_from })
    }

    /// Judges a letter under the lock and enters nothing.
    fn dry(&mut self, letter: &OpenLetter) -> Result<Outcome, ClerkError> {
        let mut outcome = None;
        let stop = self.batch(|batch| -> Result<(), ClerkError> {
            outcome = Some(match batch.refused(letter)? {
                Some(reason) => aside_outcome(&reason),
                None if batch.is_repeat(letter)? => plain(Verdict::Repeat),
                None => {
                    let (_, judgement) = batch.judge(letter)?;
                    Outcome { verdict: judgement.verdict, findings: judgement.findings, aside: None }
                }
            });
            batch.forget();
            Ok(())
        });
        stop?;
        outcome.ok_or_else(|| ClerkError::Settings("the letter was not judged".to_owned()))
    }

    /// Puts set-aside mails that may be read now back into the spool.
    fn bring_back(&mut self) -> Result<(), ClerkError> {
        let stored = |handle: &str| self.index.certificates(&[handle.to_owned()]).unwrap_or_default();
        let known = |issuers: &[String]| !self.certificates.find(&stored, issuers).is_empty();
        let ready = self.aside.ready(&known, &self.clock.now())?;
        for (aside, mail) in ready {
            self.spool.put(&[mail], &self.clock.now())?;
            self.aside.remove(&aside.name)?;
        }
        Ok(())
    }

    /// Gets ready to open and read mail.
    fn examiner(&mut self) -> Examiner<'_> {
        Examiner {
            keys: &self.keys,
            certificates: &self.certificates,
            index: Mutex::new(&mut self.index),
            now: system_time(&self.clock.now()),
            first_use: self.settings.trust == TrustPolicy::FirstUse && self.settings.practice.shop.is_some(),
        }
    }

    fn take_in_batch(&mut self, mails: Vec<Spooled>) -> Result<TakenIn, ClerkError> {
        self.spool.begin(&mails)?;
        let examined = self.examine_all(mails)?;
        let mut taken = TakenIn::default();
        let mut done: Vec<PathBuf> = Vec::new();
        let mut ordinary: Vec<PathBuf> = Vec::new();
        let mut left: Vec<(PathBuf, Digest)> = Vec::new();
        let mut aside: Vec<(Vec<u8>, Aside)> = Vec::new();
        let now = self.clock.now();
        self.batch(|batch| {
            let mut receipts: BTreeMap<(Role, Party), Vec<(usize, ReceivedLine)>> = BTreeMap::new();
            for one in &examined {
                let outcome = match &one.result {
                    Ok(letter) => batch.take(letter, one, &mut receipts)?,
                    Err(reason) => aside_outcome(reason),
                };
                match (&outcome.verdict, &outcome.aside) {
                    (Verdict::SetAside, Some(reason)) => {
                        aside.push((one.raw.clone(), note(one, reason.clone(), now)));
                        done.push(one.spooled.path.clone());
                    }
                    (Verdict::Repeat, _) if batch.is_left_original(one)? => {
                        left.push((one.spooled.path.clone(), Digest::of(&one.raw)));
                    }
                    (Verdict::Repeat, _) => done.push(one.spooled.path.clone()),
                    (Verdict::NotOurs, _) => ordinary.push(one.spooled.path.clone()),
                    _ => {}
                }
                taken.add(outcome);
            }
            batch.acknowledge(receipts)
        })?;
        for (mail, note) in aside {
            self.aside.put(&mail, note)?;
        }
        self.ledger.adopt_originals(&left)?;
        for path in done {
            self.spool.remove(&path)?;
        }
        for path in ordinary {
            self.spool.keep(&path)?;
        }
        let finished: Vec<Spooled> = examined.into_iter().map(|one| one.spooled).collect();
        self.spool.end(&finished)?;
        Ok(taken)
    }

    /// Opens and reads mails on all cores.
    fn examine_all(&mut self, mails: Vec<Spooled>) -> Result<Vec<Examined>, ClerkError> {
        let examiner = self.examiner();
        mails
            .into_par_iter()
            .map(|spooled| {
                let raw = std::fs::read(&spooled.path).map_err(ClerkError::io("read", &spooled.path))?;
                let result = if spooled.poisonous {
                    Err(SetAside::BadShape("the program ended three times while it looked at this mail").into())
                } else {
                    examiner.examine(&raw)
                };
                Ok(Examined { spooled, raw, result })
            })
            .collect()
    }
}

/// What opening and reading needs, shared by threads.
struct Examiner<'a> {
    keys: &'a [OwnKey],
    certificates: &'a Certificates,
    index: Mutex<&'a mut Index>,
    now: SystemTime,
    first_use: bool,
}

impl Examiner<'_> {
    fn stored(&self, handle: &str) -> Vec<String> {
        let index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        index.certificates(&[handle.to_owned()]).unwrap_or_default()
    }

    fn examine(&self, raw: &[u8]) -> Result<OpenLetter, Unread> {
        let lookup = |handles: &[String]| self.certificates.find(&|handle| self.stored(handle), handles);
        let opened = if self.first_use {
            pgp::open_or_first_contact(raw, self.keys, &lookup, self.now)?
        } else {
            pgp::open(raw, self.keys, &lookup, self.now)?
        };
        let received = mail::read(opened.signed_bytes(), opened.content(), opened.signer(), opened.recipient())
            .map_err(Unread::Shapeless)?;
        Ok(OpenLetter { received, opened })
    }
}

fn plain(verdict: Verdict) -> Outcome {
    Outcome { verdict, findings: Vec::new(), aside: None }
}

fn aside_outcome(reason: &Unread) -> Outcome {
    if matches!(reason, Unread::Closed(SetAside::NotOurs)) {
        return plain(Verdict::NotOurs);
    }
    Outcome { verdict: Verdict::SetAside, findings: Vec::new(), aside: Some(reason.into()) }
}

fn note(one: &Examined, reason: AsideReason, now: Moment) -> Aside {
    let (from, message_id) = match pgp::outer::inspect(&one.raw) {
        pgp::outer::Outer::Encrypted(mail) => (mail.from, mail.message_id),
        _ => (None, None),
    };
    let issuers = match &one.result {
        Err(Unread::Closed(SetAside::UnknownSigner { issuers, .. })) => issuers.clone(),
        Ok(letter) => vec![letter.received.signer().to_string()],
        Err(_) => Vec::new(),
    };
    let not_before = match &one.result {
        Err(Unread::Closed(SetAside::NotYetValid { .. })) => Some(now.plus_seconds(3600)),
        _ => None,
    };
    Aside {
        name: Digest::of(&one.raw).hex(),
        reason,
        at: now,
        from,
        message_id,
        issuers: if not_before.is_some() { Vec::new() } else { issuers },
        not_before,
        size: u64::try_from(one.raw.len()).unwrap_or(u64::MAX),
    }
}

type Receipts = BTreeMap<(Role, Party), Vec<(usize, ReceivedLine)>>;

impl Batch<'_> {
    /// Judges one letter, enters it, and lets the part it is for answer.
    fn take(&mut self, letter: &OpenLetter, one: &Examined, receipts: &mut Receipts) -> Result<Outcome, ClerkError> {
        if let Some(reason) = self.refused(letter)? {
            return Ok(aside_outcome(&reason));
        }
        if self.is_repeat(letter)? {
            return Ok(plain(Verdict::Repeat));
        }
        let stranger = self.is_stranger(letter)?;
        if stranger {
            self.pin_stranger(letter)?;
        }
        let received = &letter.received;
        let (role, Judgement { verdict, findings }) = self.judge(letter)?;
        self.contents.insert((received.signer().clone(), received.content()));
        let original = Measured::of(&one.raw);
        let body = Body::In {
            letter: Box::new(received.letter().clone()),
            content: Measured::of(letter.opened.signed_bytes()),
            signer: received.signer().clone(),
            original,
            verdict,
            findings: findings.clone(),
        };
        let bytes = Bytes {
            signed: Some(letter.opened.signed_bytes().to_vec()),
            signature: Some((letter.opened.signature_armored().to_owned(), letter.opened.micalg())),
            recipient: None,
        };
        let place = self.enter(role, body, bytes)?;
        self.originals.push((one.spooled.path.clone(), original.digest));
        self.keep_certificate(letter);
        self.note_handed_over(letter);
        let answered = match role {
            Some(role) => self.respond(role, letter, verdict, &findings, stranger, place)?,
            None => false,
        };
        if !answered {
            self.note_receipt(role, received, place, receipts);
        }
        Ok(Outcome { verdict, findings, aside: None })
    }

    /// Lets the part answer; returns whether an answer names this letter, and so is its receipt.
    fn respond(
        &mut self,
        role: Role,
        letter: &OpenLetter,
        verdict: Verdict,
        findings: &[Finding],
        stranger: bool,
        place: usize,
    ) -> Result<bool, ClerkError> {
        let received = &letter.received;
        let names = received.letter().names();
        let mut written = match verdict {
            Verdict::Applied => self.answer(role, &names, received.content(), stranger)?,
            Verdict::Warned => {
                let refusal = role::refuse(role, received, findings);
                self.perform(refusal.into_iter().collect(), stranger)?
            }
            _ => Vec::new(),
        };
        written.extend(self.rejudge(role, &names)?);
        let answered = written.iter().any(|one| {
            self.pending.iter().any(|pending| {
                pending.entry.content() == Some(one.content)
                    && pending.entry.letter().and_then(|letter| letter.answers) == Some(received.content())
            })
        });
        self.owe(place, written.into_iter().filter(|one| one.travels).map(|one| one.owed).collect());
        Ok(answered)
    }

    /// Returns why a letter is set aside although its signature is good.
    fn refused(&mut self, letter: &OpenLetter) -> Result<Option<Unread>, ClerkError> {
        let received = &letter.received;
        let unknown = || SetAside::UnknownSigner {
            issuers: vec![received.signer().to_string()],
            certificate: letter.opened.header_certificate(),
        };
        if self.signer_address(received.signer())?.is_some() {
            return Ok(None);
        }
        // A key that no user pinned speaks only for what a shop's signed letter handed it over for.
        let handed_over = matches!(
            received.letter().kind(),
            Kind::PaymentStatus | Kind::DeliveryStatus | Kind::StatusRequest | Kind::Refusal | Kind::Receipt
        ) && !letter.opened.is_first_contact();
        if handed_over || self.is_stranger(letter)? {
            return Ok(None);
        }
        Ok(Some(unknown().into()))
    }

    /// Returns whether this is a first contact that the policy allows: an order to a shop, from an address without a
    /// pin.
    fn is_stranger(&mut self, letter: &OpenLetter) -> Result<bool, ClerkError> {
        let received = &letter.received;
        let from = &received.letter().from.address;
        let allowed = self.clerk.settings.trust == TrustPolicy::FirstUse
            && self.clerk.settings.practice.shop.is_some()
            && received.letter().kind() == Kind::Order
            && letter.opened.outer_from() == Some(from)
            && letter.opened.certificate().addresses().contains(from);
        if !allowed || self.signer_address(received.signer())?.is_some() || self.pinned(from)?.is_some() {
            return Ok(false);
        }
        let hour_ago = self.now.plus_seconds(-3600);
        let recent = self.clerk.index.strangers_since(&hour_ago)?.saturating_add(self.pins.len());
        Ok(recent < STRANGERS_MAX)
    }

    fn is_repeat(&self, letter: &OpenLetter) -> Result<bool, ClerkError> {
        let (signer, content) = (letter.received.signer(), letter.received.content());
        Ok(self.contents.contains(&(signer.clone(), content))
            || self.clerk.index.has_content(signer, &content)?.is_some())
    }

    /// Returns whether a repeat is the very mail its entry names as original: the program ended between the commit
    /// and the move into the ledger, which is made up for.
    fn is_left_original(&self, one: &Examined) -> Result<bool, ClerkError> {
        let Some(letter) = one.result.as_ref().ok().filter(|_| one.spooled.interrupted) else { return Ok(false) };
        let (signer, content) = (letter.received.signer(), letter.received.content());
        let Some(position) = self.clerk.index.has_content(signer, &content)? else { return Ok(false) };
        let file = self.clerk.ledger.read(position)?;
        let outline = crate::ledger::form::outline(&file)
            .map_err(|error| ClerkError::Write(format!("entry {position}: {error}")))?;
        Ok(outline.original.is_some_and(|original| original.digest == Digest::of(&one.raw)))
    }

    /// Returns the address a key was pinned with.
    fn signer_address(&self, signer: &Fingerprint) -> Result<Option<Address>, ClerkError> {
        let new = self.pins.iter().find(|(_, key)| *key == signer).map(|(address, _)| address.clone());
        match new {
            Some(address) => Ok(Some(address)),
            None => {
                let pins = self.clerk.index.pin_by_fingerprint(signer)?;
                Ok(pins.into_iter().find(|pin| pin.current).map(|pin| pin.address))
            }
        }
    }

    /// Judges a letter: the part it is for, where we play it, the verdict and the findings.
    fn judge(&mut self, letter: &OpenLetter) -> Result<(Option<Role>, Judgement), ClerkError> {
        let received = &letter.received;
        let role = self.part_meant(received.letter());
        if !self.clerk.settings.practice.plays(role) {
            let text = format!("the letter is for a {role}, a part that is not played here");
            let findings = vec![Finding::new(Code::WrongRole, text)];
            return Ok((None, Judgement { verdict: Verdict::Warned, findings }));
        }
        let names: Names = received.letter().names();
        self.load(role, &names)?;
        let signer_address = self.signer_address(received.signer())?;
        let pinned = |address: &Address| self.pinned(address).ok().flatten();
        let reader = Reader { role, me: &self.clerk.me, now: self.now, signer_address, pinned: &pinned };
        Ok((Some(role), reconcile(&self.book, received, &reader)))
    }

    /// Returns the part a letter is for. Receipts and refusals go to whoever wrote before and do not say which part
    /// that was: the shop and its agents get them as well as buyers do.
    fn part_meant(&self, letter: &Letter) -> Role {
        let meant = letter.addressee();
        let practice = &self.clerk.settings.practice;
        if practice.plays(meant) || !matches!(letter.kind(), Kind::Receipt | Kind::Refusal) {
            return meant;
        }
        Role::ALL.into_iter().find(|role| practice.plays(*role)).unwrap_or(meant)
    }

    /// Notes a letter for the receipt of this pass. No receipt for a receipt, none for a refusal.
    fn note_receipt(&mut self, role: Option<Role>, received: &Received, place: usize, receipts: &mut Receipts) {
        let letter = received.letter();
        let Some(role) = role.filter(|_| letter.kind().is_numbered()) else { return };
        let line = ReceivedLine {
            content: received.content(),
            shop: letter.shop.clone(),
            transaction: letter.transaction.clone(),
            seq: letter.seq,
            head: letter.head,
        };
        receipts.entry((role, letter.from.clone())).or_default().push((place, line));
    }

    /// Writes the receipts of this pass: one letter to each peer.
    fn acknowledge(&mut self, receipts: Receipts) -> Result<(), ClerkError> {
        for ((role, to), lines) in receipts {
            for chunk in lines.chunks(RECEIPT_MAX) {
                if self.certificate(&to.fingerprint)?.is_none() {
                    continue;
                }
                let received = chunk.iter().map(|(_, line)| line.clone()).collect();
                let draft = role::Draft {
                    role,
                    to: to.clone(),
                    names: Names::default(),
                    terms: None,
                    answers: None,
                    as_of: Some(self.now),
                    done: None,
                    document: Document::Receipt(Receipt { received }),
                };
                let written = self.perform(vec![draft.into()], false)?;
                for (place, _) in chunk {
                    self.owe(*place, written.iter().map(|one| one.owed.clone()).collect());
                }
            }
        }
        Ok(())
    }
}
