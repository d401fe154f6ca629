//! The buyer's schedules as they are kept: made, paused and removed by entries of the ledger, and what each of them finds.

use serde::{Deserialize, Serialize};

use super::{Clerk, ClerkError};
use crate::index::Filter;
use crate::role::{Refused, Scheduled};
use crate::rules::query::Query;
use crate::rules::{Standing, State};
use crate::trade::{Act, Key, Moment, Names, Role, Schedule, ScheduleName, Target};

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
        let noted = self.noted_run(name)?;
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

    /// Returns what the index has noted of a schedule's last run.
    pub(super) fn noted_run(&self, name: &ScheduleName) -> Result<Option<Ran>, ClerkError> {
        Ok(self.index.cursor(&cursor(name))?.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Returns the schedule of this name.
    ///
    /// # Errors
    /// Where there is none.
    pub fn schedule_called(&self, name: &ScheduleName) -> Result<Scheduled, ClerkError> {
        let found = self.schedules()?.into_iter().find(|one| one.name() == name);
        found.ok_or_else(|| missing(name).into())
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
            if let Some(doubt) = query.doubt() {
                return Err(Refused::new(doubt).into());
            }
        }
        let name = schedule.name.clone();
        if name.is_of_config() {
            let text = format!("{name} is kept for a schedule of the configuration; choose another name");
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

    /// Returns how many purchases a target finds now of which something is asked: those that are agreed to and not over.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn count_found(&self, target: &Target, now: &Moment) -> Result<usize, ClerkError> {
        if let Target::Query(text) = target {
            let query = self.query(text, now)?;
            if query.is_indexed() {
                let filter = self.wanted(&query, now, true)?;
                // Of another state nothing is asked.
                if filter.state.as_ref().is_some_and(|state| state != State::Open.word()) {
                    return Ok(0);
                }
                let filter = Filter { state: Some(State::Open.word().to_owned()), ..filter };
                return Ok(usize::try_from(self.index.count(&filter)?).unwrap_or(usize::MAX));
            }
        }
        let mut count = 0_usize;
        for key in self.found_by(target, now)? {
            let known = self.index.load_key(&key)?;
            let open = known.is_some_and(|known| Standing::of(&known).state == State::Open);
            count = count.saturating_add(usize::from(open));
        }
        Ok(count)
    }

    fn query(&self, text: &str, now: &Moment) -> Result<Query, ClerkError> {
        let today = now.instant().to_zoned(self.clock.zone().clone()).date();
        Query::parse(text, today).map_err(|error| ClerkError::Settings(error.to_string()))
    }

    /// Returns the filter for a query of the buyer's; `open` where only what is not over can be meant.
    fn wanted(&self, query: &Query, now: &Moment, open: bool) -> Result<Filter, ClerkError> {
        let mut filter = self.filter(query, Role::Buyer, now, self.clock.zone())?;
        if open && filter.open.is_none() {
            filter.narrow_to(true, now);
        }
        Ok(filter)
    }

    /// Returns the purchases that a query finds now; `open` where only what is not over can be meant.
    pub(super) fn found_by_query(&self, text: &str, now: &Moment, open: bool) -> Result<Vec<Key>, ClerkError> {
        let query = self.query(text, now)?;
        let filter = self.wanted(&query, now, open)?;
        let listed = self.index.list(&filter)?.into_iter();
        Ok(listed.filter(|one| one.answers(&query, now)).map(|one| one.key).collect())
    }
}

fn missing(name: &ScheduleName) -> Refused {
    if name.is_of_config() {
        return Refused::new(format!("{name} stands in the configuration, and is changed there alone"));
    }
    Refused::new(format!("there is no schedule {name}; `mailorder schedule list` has those there are"))
}

/// Returns under which name the index keeps what a schedule did last.
pub(super) fn cursor(name: &ScheduleName) -> String {
    format!("schedule {name}")
}
