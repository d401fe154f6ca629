//! Status requests by the buyer's schedules (P90-P92): what `ask` does by hand, done when its time has come.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::batch::Batch;
use super::{Clerk, ClerkError};
use crate::index::{CausedLetter, Filter};
use crate::ledger::recordable;
use crate::role::schedule::Come;
use crate::role::silence::PATIENCE;
use crate::role::{Action, Draft, Refused, Scheduled};
use crate::rules::query::{Condition, Query};
use crate::trade::{
    Act, Address, Body, Cause, Deed, Document, Key, Kind, Leg, Moment, Names, OrderId, Role, Schedule, ScheduleName,
    Target, Transaction,
};

/// How many transactions are asked about under one hold of the lock.
pub(super) const AT_ONCE: usize = 256;

/// What a schedule did when its time had come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// The moment that had come.
    pub moment: Moment,
    /// When it was done.
    pub at: Moment,
    /// How many letters were written.
    pub letters: usize,
    /// How many could not be.
    pub unwritten: usize,
    /// How many were answered since.
    #[serde(default)]
    pub answered: usize,
}

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
    /// Returns the schedules, those of the configuration first.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn schedules(&self) -> Result<Vec<Scheduled>, ClerkError> {
        let buyer = self.settings.practice.buyer.as_ref();
        let mut found = buyer.map(|buyer| buyer.schedules.clone()).unwrap_or_default();
        let today = self.clock.now().day();
        for kept in self.index.schedules()? {
            // One that a later version wrote in words not known here waits for it.
            found.extend(Scheduled::settle(kept.schedule, Some(kept.since), today));
        }
        Ok(found)
    }

    /// Returns what a schedule did last, as far as it is known: what found nothing to ask is known to the index alone.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn last_run(&self, name: &ScheduleName) -> Result<Option<Ran>, ClerkError> {
        let noted = self.index.cursor(&cursor(name))?;
        let noted: Option<Ran> = noted.and_then(|text| serde_json::from_str(&text).ok());
        let written = self.index.caused_by_schedule(name)?;
        let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let written = written.map(|caused| Ran {
            moment: caused.at,
            at: caused.at,
            letters: count(caused.letters),
            unwritten: 0,
            answered: count(caused.answered),
        });
        Ok(match (noted, written) {
            (Some(noted), Some(written)) if written.at > noted.at => Some(written),
            (Some(noted), Some(written)) if noted.letters > 0 => Some(Ran { answered: written.answered, ..noted }),
            (noted, written) => noted.or(written),
        })
    }

    /// Returns how many days without news the next step of silence waits.
    pub fn patience(&self) -> u16 {
        self.settings.practice.buyer.as_ref().map_or(PATIENCE, |buyer| buyer.silence_days)
    }

    /// Makes a schedule, or puts another in the place of one.
    ///
    /// # Errors
    /// Where there is one of this name already and it is not to be replaced, or it cannot be.
    pub fn put_schedule(&mut self, schedule: Schedule, replace: bool) -> Result<(), ClerkError> {
        let today = self.clock.now().day();
        let settled = Scheduled::settle(schedule, None, today).map_err(|error| Refused::new(error.to_string()))?;
        let schedule = settled.schedule;
        if let Target::Query(text) = &schedule.target {
            let query = self.query(text, &self.clock.now())?;
            if let Some((word, near)) = query.meant() {
                let text =
                    format!("{word:?} would be looked for in names; did you mean {near:?}? Else write it in quotes");
                return Err(Refused::new(text).into());
            }
        }
        let name = schedule.name.clone();
        if name.is_of_config() {
            let text = format!("{name} is kept for a timetable of the configuration; choose another name");
            return Err(Refused::new(text).into());
        }
        self.act_on_schedules(|known| {
            if !replace && known.iter().any(|one| one.name == name) {
                let text = format!("there is a schedule {name} already; remove it first, or choose another name");
                return Err(Refused::new(text));
            }
            Ok(Act::Schedule { schedule })
        })?;
        Ok(self.index.set_cursor(&cursor(&name), "")?)
    }

    /// Pauses a schedule or resumes it: what would have come meanwhile is not made up for.
    ///
    /// # Errors
    /// Where there is none of this name.
    pub fn pause_schedule(&mut self, name: &ScheduleName, paused: bool) -> Result<(), ClerkError> {
        self.act_on_schedules(|known| {
            let one = known.into_iter().find(|one| one.name == *name).ok_or_else(|| missing(name))?;
            Ok(Act::Schedule { schedule: Schedule { paused, ..one } })
        })
    }

    /// Removes a schedule.
    ///
    /// # Errors
    /// Where there is none of this name.
    pub fn remove_schedule(&mut self, name: &ScheduleName) -> Result<(), ClerkError> {
        self.act_on_schedules(|known| {
            let one = known.into_iter().find(|one| one.name == *name).ok_or_else(|| missing(name))?;
            Ok(Act::Unschedule { name: one.name })
        })
    }

    /// Enters what is decided about the schedules as the ledger has them.
    fn act_on_schedules(
        &mut self,
        decide: impl FnOnce(Vec<Schedule>) -> Result<Act, Refused>,
    ) -> Result<(), ClerkError> {
        self.batch(|batch| {
            let known = batch.clerk.index.schedules()?.into_iter().map(|kept| kept.schedule).collect();
            batch.act(Some(Role::Buyer), decide(known)?, Names::default(), Vec::new())
        })
    }

    /// Makes the status requests that are due. What the index remembers of it only spares a look; the ledger decides.
    pub(super) fn ask_by_schedules(&mut self, now: &Moment) -> Result<(), ClerkError> {
        if self.key_fault().is_some() {
            return Ok(());
        }
        for scheduled in self.schedules()? {
            let Some((come, moment)) = self.come(&scheduled, now) else { continue };
            let noted = self.index.cursor(&cursor(scheduled.name()))?;
            let noted: Option<Ran> = noted.and_then(|text| serde_json::from_str(&text).ok());
            if noted.is_none_or(|ran| ran.moment != moment) {
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

    /// Returns the schedule of this name.
    ///
    /// # Errors
    /// Where there is none.
    pub fn schedule_called(&self, name: &ScheduleName) -> Result<Scheduled, ClerkError> {
        let found = self.schedules()?.into_iter().find(|one| one.name() == name);
        found.ok_or_else(|| missing(name).into())
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
                let mut drafts = self.requests(&scheduled, &known, &now, &come);
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

    fn requests(&self, scheduled: &Scheduled, known: &Transaction, now: &Moment, come: &Come) -> Vec<Draft> {
        let made = |position: u64| self.index.moment_of(scheduled.name(), position).unwrap_or_default();
        scheduled.requests(known, now, come, self.patience(), &made)
    }

    /// Returns the purchases that a target finds now and that something is still to be done about.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn found_by(&self, target: &Target, now: &Moment) -> Result<Vec<Key>, ClerkError> {
        match target {
            Target::Query(text) => self.found_by_query(text, now, true),
            Target::Chosen(orders) => {
                let mut keys = Vec::new();
                for order in orders {
                    keys.extend(self.index.keys_called(Role::Buyer, None, order.as_str())?);
                }
                Ok(keys)
            }
        }
    }

    /// Returns how many purchases a target finds now.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn count_found(&self, target: &Target, now: &Moment) -> Result<usize, ClerkError> {
        if let Target::Query(text) = target {
            let query = self.query(text, now)?;
            if query.conditions.iter().all(Condition::is_indexed) {
                let count = self.index.count(&self.filter(&query, now, true))?;
                return Ok(usize::try_from(count).unwrap_or(usize::MAX));
            }
        }
        Ok(self.found_by(target, now)?.len())
    }

    fn query(&self, text: &str, now: &Moment) -> Result<Query, ClerkError> {
        let today = now.instant().to_zoned(self.clock.zone().clone()).date();
        Query::parse(text, today).map_err(|error| ClerkError::Settings(error.to_string()))
    }

    fn filter(&self, query: &Query, now: &Moment, open: bool) -> Filter {
        let filter = Filter::of(query, Role::Buyer, now, self.clock.zone());
        let open = filter.open.or(open.then_some(true));
        Filter { open, ..filter }
    }

    /// Returns the purchases that a query finds now; `open` where only what is not over can be meant.
    pub(super) fn found_by_query(&self, text: &str, now: &Moment, open: bool) -> Result<Vec<Key>, ClerkError> {
        let query = self.query(text, now)?;
        let filter = self.filter(&query, now, open);
        let listed = self.index.list(&filter)?.into_iter();
        Ok(listed.filter(|one| one.answers(&query, now)).map(|one| one.key).collect())
    }

    fn ask_now(&mut self, scheduled: &Scheduled, now: &Moment, come: &Come, moment: Moment) -> Result<Ran, ClerkError> {
        let mut ran = Ran { moment, at: recordable(now), letters: 0, unwritten: 0, answered: 0 };
        let cause = Cause::Schedule { name: scheduled.name().clone(), moment };
        let keys = self.found_by(&scheduled.schedule.target, now)?;
        for keys in keys.chunks(AT_ONCE) {
            let mut wanted = Vec::new();
            for key in keys {
                let known = self.index.load_key(key)?;
                if known.is_some_and(|known| !self.requests(scheduled, &known, now, come).is_empty()) {
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
                    let requests = batch.clerk.requests(scheduled, &known, now, come);
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

fn missing(name: &ScheduleName) -> Refused {
    if name.is_of_config() {
        return Refused::new(format!("{name} stands in the configuration, and is changed there alone"));
    }
    Refused::new(format!("there is no schedule {name}; `mailorder schedule list` has those there are"))
}

/// Returns under which name the index keeps what a schedule did last.
fn cursor(name: &ScheduleName) -> String {
    format!("schedule {name}")
}
