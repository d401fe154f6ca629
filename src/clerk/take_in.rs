//! The way in: from the spool to the ledger.
//!
//! Opening and reading, which cost most, run on all cores; judging and entering follow one by one, because each letter
//! may depend on the one before.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;

use super::aside::{Aside, AsideReason, Expired};
use super::batch::Batch;
use super::examine::{Examined, Unread};
use super::lookups::Lookups;
use super::receipts::Receipts;
use super::spool::Spooled;
use super::strangers::TOO_MANY;
use super::{Clerk, ClerkError};
use crate::config::InboxSettings;
use crate::config::written::Handled;
use crate::index::Fetched;
use crate::pgp::{Certificate, SetAside};
use crate::trade::{Digest, Finding, Verdict};

/// How many mails are handled under one hold of the lock.
const BATCH: usize = 512;

/// How many mails set aside are brought back to the spool with one sync.
const BROUGHT_BACK: usize = 64;

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
    /// Why a file was passed over, the first of them: it could not be read, or not be kept.
    pub passed_over: Option<ErrorKind>,
}

impl Outcome {
    /// Returns an outcome that needs no words.
    pub(super) fn plain(verdict: Verdict) -> Self {
        Self { verdict, findings: Vec::new(), aside: None }
    }

    /// Returns the outcome of a mail that is no letter to be judged: set aside, or ordinary.
    pub(super) fn aside(reason: &Unread) -> Self {
        if reason.is_ordinary() {
            return Self::plain(Verdict::NotOurs);
        }
        Self { verdict: Verdict::SetAside, findings: Vec::new(), aside: Some(reason.into()) }
    }
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
        self.passed_over = self.passed_over.or(other.passed_over);
    }
}

impl Clerk {
    /// Puts mails into the spool, durably.
    pub fn spool(&self, mails: &[Vec<u8>]) -> Result<(), ClerkError> {
        self.spool.put(&self.spool.names(mails.len(), &self.clock.now())?, mails)
    }

    /// Takes in everything in the spool, and what was set aside and may be read now.
    pub fn take_in(&mut self) -> Result<TakenIn, ClerkError> {
        let mut all = TakenIn::default();
        let mut tried = BTreeSet::new();
        self.spool.begin_pass();
        loop {
            // Held until the batch is through: two processes must not look at one mail.
            let _lock = self.spool.lock()?;
            self.look_again()?;
            self.look_at_catalog()?;
            let unreadable = self.bring_back(&mut tried)?;
            all.passed_over = all.passed_over.or(unreadable);
            let mails = self.spool.next(BATCH)?;
            all.passed_over = all.passed_over.or(self.spool.amiss());
            self.notes.extend(self.spool.take_notes());
            if mails.is_empty() {
                return Ok(all);
            }
            let taken = self.take_in_batch(mails);
            if taken.as_ref().is_err_and(|error| !error.is_about_letter()) {
                // Disk, lock or network are no fault of these mails: they were not looked at in vain.
                self.spool.end(&[])?;
            }
            all.join(taken?);
        }
    }

    /// Puts set-aside mails that may be read now back into the spool, each once for one call of [`Clerk::take_in`]: one
    /// that cannot be read all the same must not keep us for ever. Returns why a file of them was passed over.
    fn bring_back(&mut self, tried: &mut BTreeSet<String>) -> Result<Option<ErrorKind>, ClerkError> {
        let lookups = Lookups::default();
        let stored = |handle: &str| Ok(self.index.certificates(&[handle.to_owned()])?);
        let found = |issuers: &[String]| lookups.answer(self.certificates.find(&stored, issuers));
        let pinned = |key: &_| lookups.answer(self.index.pin_by_fingerprint(key)).iter().any(|pin| pin.current);
        let blocked = |key: &_| lookups.answer_or(self.index.is_blocked(key), true);
        let renewed = |expired: &Expired| {
            let now = lookups.answer(self.certificates.get(&self.index, &expired.signer));
            now.is_some_and(|now| digest_of(&now) != expired.certificate)
        };
        let known = |aside: &Aside| match &aside.unpinned {
            // Whether its key counts is seen when it is read.
            Some(key) if aside.reason.code == "blocked" => !blocked(key),
            _ if aside.expired.is_some() => aside.expired.as_ref().is_some_and(renewed),
            Some(key) => pinned(key) && !blocked(key),
            None => !aside.issuers.is_empty() && !found(&aside.issuers).is_empty(),
        };
        let now = self.clock.now();
        let (kept, faults) = self.aside.list_all()?;
        let let_in = self.strangers_to_let_in(&kept, &now)?;
        let comes = |aside: &Aside| match &aside.unpinned {
            Some(key) if aside.reason.code == TOO_MANY => let_in.contains(key),
            _ => aside.not_before.is_some_and(|moment| moment <= now),
        };
        let mut ready = Vec::new();
        for aside in kept {
            if (comes(&aside) || known(&aside)) && tried.insert(aside.name.clone()) {
                ready.push(aside);
            }
        }
        lookups.end()?;
        let mut unreadable = faults.iter().find_map(ClerkError::io_kind);
        faults.iter().for_each(|fault| self.spool.tell_once(fault));
        for some in ready.chunks(BROUGHT_BACK) {
            let fault = self.spool_again(some)?;
            unreadable = unreadable.or(fault);
        }
        Ok(unreadable)
    }

    /// Puts mails that were set aside back into the spool. Where one was fetched from is noted before, as when it was fetched:
    /// it is to end in its mailbox like any other. One that cannot be read stays where it is and keeps no other back.
    fn spool_again(&mut self, some: &[Aside]) -> Result<Option<ErrorKind>, ClerkError> {
        let (mut readable, mut mails, mut unreadable) = (Vec::new(), Vec::new(), None);
        for aside in some {
            match self.aside.read(&aside.name) {
                Ok(mail) => {
                    readable.push(aside);
                    mails.push(mail);
                }
                Err(fault) => {
                    unreadable = unreadable.or(fault.io_kind());
                    self.spool.tell_once(&fault);
                }
            }
        }
        let some = readable;
        // They came before what lies in the spool by now, and keep their turn.
        let came = some.first().map_or_else(|| self.clock.now(), |first| first.at);
        let names = self.spool.names(some.len(), &came)?;
        let from = names.iter().zip(&some).filter_map(|(name, aside)| Some((name, aside.origin.as_ref()?)));
        let from = from.map(|(name, origin)| Fetched { name: name.clone(), origin: origin.clone() });
        self.index.note_fetched(&from.collect::<Vec<_>>())?;
        self.spool.put(&names, &mails)?;
        some.iter().try_for_each(|aside| self.aside.remove(&aside.name))?;
        Ok(unreadable)
    }

    fn take_in_batch(&mut self, mails: Vec<Spooled>) -> Result<TakenIn, ClerkError> {
        self.spool.begin(&mails)?;
        let (examined, unreadable) = self.examine_all(mails);
        let mut taken = TakenIn::default();
        // One that is gone was taken away by somebody since it was listed.
        for (mail, fault) in unreadable.iter().filter(|(_, fault)| fault.io_kind() != Some(ErrorKind::NotFound)) {
            taken.passed_over = taken.passed_over.or(fault.io_kind());
            self.spool.pass_over(mail, fault);
        }
        let mut fates = Vec::with_capacity(examined.len());
        let now = self.clock.now();
        self.batch(|batch| {
            batch.by_person = false;
            let mut receipts = Receipts::new();
            let mut outcomes = Vec::with_capacity(examined.len());
            for one in &examined {
                let outcome = match &one.result {
                    Ok(letter) => batch.take(letter, one, &mut receipts)?,
                    Err(reason) => Outcome::aside(reason),
                };
                fates.push(match (&outcome.verdict, &outcome.aside) {
                    (Verdict::SetAside, Some(reason)) => {
                        let mut note = one.aside(reason.clone(), now);
                        note.expired = batch.expired_signer(one)?;
                        note.not_before = note.not_before.or_else(|| batch.let_in_from(&note));
                        batch.name_impostor(&mut note)?;
                        Fate::Aside(Box::new(note))
                    }
                    (Verdict::Repeat, _) if batch.is_left_original(one)? => Fate::Original,
                    (Verdict::Repeat, _) => Fate::Repeat,
                    (Verdict::NotOurs, _) => Fate::Ordinary,
                    _ => Fate::Entered,
                });
                outcomes.push((outcome, one.result.as_ref().ok()));
            }
            for (outcome, letter) in outcomes {
                taken.add(batch.settled_meanwhile(outcome, letter));
            }
            batch.acknowledge(receipts)
        })?;
        let not_kept = self.clear_spool(examined, fates)?;
        taken.passed_over = taken.passed_over.or(not_kept);
        Ok(taken)
    }

    /// Empties the spool of what was looked at: each mail goes where it belongs now, and the mailbox is told later
    /// which of its mails were ours. Returns why a mail could not be set aside: it stays in the spool.
    fn clear_spool(&mut self, examined: Vec<Examined>, fates: Vec<Fate>) -> Result<Option<ErrorKind>, ClerkError> {
        let mut names: Vec<&str> = examined.iter().map(|one| one.spooled.name.as_str()).collect();
        let fetched = self.index.fetched(&names)?;
        let originals = examined.iter().zip(&fates).filter(|(_, fate)| matches!(fate, Fate::Original));
        let originals: Vec<_> = originals.map(|(one, _)| (one.spooled.path.clone(), one.original.digest)).collect();
        self.ledger.adopt_originals(&originals)?;
        // A Maildir that is ours alone keeps nothing but ordinary mail.
        let alone = matches!(&self.settings.inbox, Some(InboxSettings::Maildir { handled: Handled::Remove, .. }));
        let mut notes = Vec::new();
        let mut ours = Vec::new();
        for (one, fate) in examined.iter().zip(fates) {
            let origin = fetched.get(&one.spooled.name);
            match fate {
                Fate::Aside(note) => notes.push((one, Aside { origin: origin.cloned(), ..*note })),
                // Handed to us, it may be the only copy; what was fetched still lies in its mailbox.
                Fate::Ordinary if origin.is_none() => self.spool.keep(&one.spooled.path)?,
                Fate::Ordinary => self.spool.remove(&one.spooled.path)?,
                Fate::Repeat => {
                    self.spool.remove(&one.spooled.path)?;
                    ours.push(one.spooled.name.as_str());
                }
                Fate::Original => ours.push(one.spooled.name.as_str()),
                // Noted at the commit.
                Fate::Entered => {}
            }
        }
        let kept = self.aside.put_all(notes.iter().map(|(one, note)| (one.raw.as_slice(), note)))?;
        let mut not_kept = None;
        for (one, note) in notes {
            if let Some(fault) = kept.faults.get(&note.name) {
                not_kept = not_kept.or(fault.io_kind());
                self.spool.pass_over(&one.spooled, fault);
                names.retain(|name| *name != one.spooled.name);
                continue;
            }
            self.spool.remove(&one.spooled.path)?;
            // What found no room stays in its mailbox: there it is the only copy.
            ours.extend((alone && kept.names.contains(&note.name)).then_some(one.spooled.name.as_str()));
        }
        if !fetched.is_empty() {
            self.index.judged(&names, &ours)?;
        }
        let finished: Vec<Spooled> = examined.into_iter().map(|one| one.spooled).collect();
        self.spool.end(&finished)?;
        Ok(not_kept)
    }
}

impl Batch<'_> {
    /// Returns whose key had expired when it signed a mail, with the certificate that is known of it now.
    fn expired_signer(&self, one: &Examined) -> Result<Option<Expired>, ClerkError> {
        let Err(Unread::Closed(SetAside::SignerExpired { signer })) = &one.result else { return Ok(None) };
        let known = self.certificate(signer)?;
        Ok(known.map(|known| Expired { signer: signer.clone(), certificate: digest_of(&known) }))
    }

    /// Says of a mail by an unknown key that it bears the address of somebody whose key is known: accepted by a person,
    /// else named in terms. Then its key is none to be imported (B17).
    fn name_impostor(&self, note: &mut Aside) -> Result<(), ClerkError> {
        let Some(from) = note.from.as_ref().filter(|_| !note.issuers.is_empty()) else { return Ok(()) };
        let index = &self.clerk.index;
        let pinned = index.pinned(from)?.map(|(key, _)| key);
        let known = pinned.map_or_else(
            || index.named(from).map(|mut named| named.pop_last().map(|(_, key)| key)),
            |key| Ok(Some(key)),
        )?;
        if let Some(known) = &known {
            let other = note.issuers.iter().max_by_key(|issuer| issuer.len()).map_or("", String::as_str);
            note.reason.text = format!(
                "the letter bears the address {from} and is signed by another key ({other}) than the one known for it \
                 ({known}): it may be forged; ask its owner by another way than mail"
            );
        }
        note.known = known;
        Ok(())
    }
}

/// Returns what tells one state of a certificate from another.
fn digest_of(certificate: &Certificate) -> Digest {
    Digest::of(certificate.to_armored().as_bytes())
}

/// Where a mail goes from the spool.
enum Fate {
    /// Its entry has it as its original already.
    Entered,
    /// It is the original of an entry that was committed before a crash.
    Original,
    /// It was here before: one copy is enough.
    Repeat,
    /// It is set aside.
    Aside(Box<Aside>),
    /// It is ordinary mail.
    Ordinary,
}
