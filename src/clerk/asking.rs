//! Status requests by the buyer's schedules (P90-P92): what `ask` does by hand, done when its time has come.

use std::collections::BTreeSet;

use super::batch::Batch;
use super::lookups::Lookups;
use super::schedules::{Ran, cursor};
use super::{Clerk, ClerkError};
use crate::index::CausedLetter;
use crate::ledger::recordable;
use crate::role::schedule::Come;
use crate::role::silence::PATIENCE;
use crate::role::{Action, Draft, Scheduled};
use crate::trade::{
    Address, Body, Cause, Deed, Document, Key, Kind, Leg, Moment, OrderId, Role, ScheduleName, Transaction,
};

/// How many transactions are asked about under one hold of the lock.
pub(super) const AT_ONCE: usize = 256;

/// What is to be done without a word from a person: letters that would go, or why none does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseeing {
    /// What would have them written.
    pub by: By,
    /// The order they are about.
    pub order: OrderId,
    /// Kind and reader of each letter.
    pub letters: Vec<(Kind, Address)>,
    /// Why none goes, though it was found.
    pub held: Option<String>,
}

/// What acts without a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// A schedule.
    Schedule(ScheduleName),
    /// A rule: what it does, and when.
    Rule(Deed, String),
}

impl Foreseeing {
    pub(super) fn letters(by: By, key: &Key, drafts: &[Draft]) -> Self {
        let letters = drafts.iter().map(|draft| (draft.document.kind(), draft.to.address.clone())).collect();
        Self { by, order: key.id.clone(), letters, held: None }
    }

    /// Returns what was written, as the ledger has it.
    fn written(letter: CausedLetter) -> Self {
        let by = match letter.cause {
            Cause::Schedule { name, .. } => By::Schedule(name),
            Cause::Rule { deed, when, .. } => By::Rule(deed, when),
        };
        Self { by, order: letter.order, letters: vec![(letter.kind, letter.to)], held: None }
    }
}

impl Clerk {
    /// Returns how many days without news the next step of silence waits.
    pub fn patience(&self) -> u16 {
        self.settings.practice.buyer.as_ref().map_or(PATIENCE, |buyer| buyer.silence_days)
    }

    /// Makes the status requests that are due. What the index remembers of it only spares a look; the ledger decides.
    pub(super) fn ask_by_schedules(&mut self, now: &Moment) -> Result<(), ClerkError> {
        if self.key_fault().is_some() {
            return Ok(());
        }
        for scheduled in self.schedules()? {
            let Some((come, moment)) = self.come(&scheduled, now) else { continue };
            if self.noted_run(scheduled.name())?.is_none_or(|ran| ran.moment != moment) {
                self.ask_now(&scheduled, now, &come, moment)?;
            }
        }
        Ok(())
    }

    /// Does what schedules and rules say whose time has come; returns the letters that were written, and what is held back.
    ///
    /// # Errors
    /// What keeps the ledger from being read or written.
    pub fn run_due(&mut self) -> Result<Vec<Foreseeing>, ClerkError> {
        self.catch_up()?;
        let (now, begin) = (self.clock.now(), self.index.mark().entries());
        self.ask_by_schedules(&now)?;
        self.act_by_rules_now(&now)?;
        let mut found = self.written_since(begin)?;
        found.extend(self.foresee_rules()?.into_iter().filter(|one| one.held.is_some()));
        Ok(found)
    }

    /// Has a schedule ask at once, whether its time has come or not; returns the letters that were written.
    ///
    /// # Errors
    /// Where there is none of this name, or nothing can be written.
    pub fn run_schedule(&mut self, name: &ScheduleName) -> Result<Vec<Foreseeing>, ClerkError> {
        self.catch_up()?;
        let (now, begin) = (self.clock.now(), self.index.mark().entries());
        let scheduled = self.schedule_called(name)?;
        self.ask_now(&scheduled, &now, &Come::Moment(now, 0), recordable(&now))?;
        self.written_since(begin)
    }

    fn written_since(&self, begin: u64) -> Result<Vec<Foreseeing>, ClerkError> {
        Ok(self.index.caused_since(begin)?.into_iter().map(Foreseeing::written).collect())
    }

    /// Returns what a schedule would write now: at once where it is named, else where its time has come.
    ///
    /// # Errors
    /// Where there is none of this name, or the index cannot be read.
    pub fn foresee_schedules(&mut self, name: Option<&ScheduleName>) -> Result<Vec<Foreseeing>, ClerkError> {
        self.catch_up()?;
        let now = self.clock.now();
        let all = match name {
            Some(name) => vec![self.schedule_called(name)?],
            None => self.schedules()?,
        };
        let mut found = Vec::new();
        // What one of them asks the next one does not ask again.
        let mut taken: BTreeSet<(OrderId, Leg)> = BTreeSet::new();
        for scheduled in all {
            let come = if name.is_some() {
                Some(Come::Moment(now, 0))
            } else {
                self.come(&scheduled, &now).map(|(come, _)| come)
            };
            let Some(come) = come else { continue };
            for key in self.found_by(&scheduled.schedule.target, &now)? {
                let Some(known) = self.index.load_key(&key)? else { continue };
                let mut drafts = self.requests(&scheduled, &known, &now, &come)?;
                drafts.retain(|draft| match &draft.document {
                    Document::StatusRequest(request) => taken.insert((key.id.clone(), request.leg)),
                    _ => true,
                });
                if !drafts.is_empty() {
                    found.push(Foreseeing::letters(By::Schedule(scheduled.name().clone()), &key, &drafts));
                }
            }
        }
        Ok(found)
    }

    /// Returns what of a schedule has come, and its last moment.
    fn come(&self, scheduled: &Scheduled, now: &Moment) -> Option<(Come, Moment)> {
        let zone = self.clock.zone();
        let moment = recordable(&scheduled.when.last(now, zone)?);
        Some((scheduled.come(now, zone)?, moment))
    }

    fn requests(
        &self,
        scheduled: &Scheduled,
        known: &Transaction,
        now: &Moment,
        come: &Come,
    ) -> Result<Vec<Draft>, ClerkError> {
        let lookups = Lookups::default();
        let made = |position: u64| lookups.answer(self.index.moment_of(scheduled.name(), position));
        let requests = scheduled.requests(known, now, come, self.patience(), &made);
        lookups.end()?;
        Ok(requests)
    }

    fn ask_now(&mut self, scheduled: &Scheduled, now: &Moment, come: &Come, moment: Moment) -> Result<Ran, ClerkError> {
        let mut ran = Ran { moment, at: recordable(now), letters: 0, unwritten: 0, answered: 0 };
        let cause = Cause::Schedule { name: scheduled.name().clone(), moment };
        let keys = self.found_by(&scheduled.schedule.target, now)?;
        for keys in keys.chunks(AT_ONCE) {
            let mut wanted = Vec::new();
            for key in keys {
                let known = self.index.load_key(key)?;
                let requests = known.map(|known| self.requests(scheduled, &known, now, come)).transpose()?;
                if requests.is_some_and(|requests| !requests.is_empty()) {
                    wanted.push(key);
                }
            }
            if wanted.is_empty() {
                continue;
            }
            let (letters, unwritten) = self.batch(|batch| {
                batch.by_person = false;
                let begin = batch.pending.len();
                for key in wanted {
                    // Another process may have asked meanwhile.
                    let Some(known) = batch.load_key(key)? else { continue };
                    let requests = batch.clerk.requests(scheduled, &known, now, come)?;
                    batch.perform(requests.into_iter().map(Action::from).collect())?;
                }
                Ok((batch.because(begin, &cause), batch.unwritten))
            })?;
            ran.letters = ran.letters.saturating_add(letters);
            ran.unwritten = ran.unwritten.saturating_add(unwritten);
        }
        let noted = serde_json::to_string(&ran).map_err(|error| ClerkError::Write(error.to_string()))?;
        self.index.set_cursor(&cursor(scheduled.name()), &noted)?;
        Ok(ran)
    }
}

impl Batch<'_> {
    /// Notes in the letters that the buyer wrote from a place on what had them written; returns how many they are.
    pub(super) fn because(&mut self, begin: usize, cause: &Cause) -> usize {
        let written = self
            .pending
            .iter_mut()
            .skip(begin)
            .filter(|one| one.entry.role == Some(Role::Buyer) && matches!(one.entry.body, Body::Out { .. }));
        written.map(|one| one.entry.cause = Some(cause.clone())).count()
    }
}
