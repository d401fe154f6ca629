//! Which transactions are asked about without a word from the buyer, and about which of their legs (P90-P92).
//!
//! Whether a request is due is read from the ledger alone: one that was made since the schedule's last moment is not made
//! again, so that a lost index, a clock that jumps or two programs beside each other ask once (F39, F40).

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::timetable::{InvalidTimetable, Timetable};
use super::{Draft, asking, buyer, silence};
use crate::rules::query::{Condition, InvalidQuery, Query};
use crate::rules::{Standing, State};
use crate::trade::{Leg, Moment, Role, Schedule, ScheduleName, Target, Transaction};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Why a schedule cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSchedule {
    /// Its query is none.
    #[error(transparent)]
    Query(#[from] InvalidQuery),
    /// Its timetable is none.
    #[error(transparent)]
    When(#[from] InvalidTimetable),
    /// Nothing was chosen.
    #[error("no transaction is chosen")]
    Nothing,
}

/// A schedule that cannot be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// As it is kept.
    pub schedule: Schedule,
    /// When (screen 1802).
    pub when: Timetable,
    /// Since when its moments count; all of them where it stands in the configuration.
    pub since: Option<Moment>,
}

/// What has come: a moment of the timetable, or the promised day of each transaction, at this time in this zone.
#[derive(Debug, Clone)]
pub enum Come {
    /// This moment, and the seconds from the one before it.
    Moment(Moment, i64),
    /// The days that were promised.
    Days(Time, TimeZone),
}

impl Scheduled {
    /// Settles a schedule; `today` is a day to read its query by.
    ///
    /// # Errors
    /// A query or timetable that is none.
    pub fn settle(schedule: Schedule, since: Option<Moment>, today: Date) -> Result<Self, InvalidSchedule> {
        match &schedule.target {
            Target::Query(query) => drop(Query::parse(query, today)?),
            Target::Chosen(orders) if orders.is_empty() => return Err(InvalidSchedule::Nothing),
            Target::Chosen(_) => {}
        }
        let when = Timetable::parse(&schedule.when)?;
        Ok(Self { schedule: Schedule { when: when.to_string(), ..schedule }, when, since })
    }

    /// Returns its name.
    pub const fn name(&self) -> &ScheduleName {
        &self.schedule.name
    }

    /// Returns what has come by now; `None` where nothing has since it was made.
    pub fn come(&self, now: &Moment, zone: &TimeZone) -> Option<Come> {
        if self.schedule.paused {
            return None;
        }
        match self.when.due() {
            // Days before it was made do not count; see below.
            Some(time) => Some(Come::Days(time, zone.clone())),
            None => {
                let last = self.when.last(now, zone).filter(|last| self.counts(last, now))?;
                let before = self.when.last(&last.plus_seconds(-1), zone);
                Some(Come::Moment(last, before.map_or(0, |before| last.seconds_since(&before))))
            }
        }
    }

    /// Returns whether a moment is none of before it was made. What a wrong clock dated ahead does not hold it up.
    fn counts(&self, moment: &Moment, now: &Moment) -> bool {
        self.since.is_none_or(|since| *moment > since || since.seconds_since(now) > DAY)
    }

    /// Returns the requests that are due about a transaction that its target finds. `made` tells for which of its moments
    /// it wrote the letter of an entry, if it did; `patience` is for what is asked in turn.
    pub fn requests(
        &self,
        transaction: &Transaction,
        now: &Moment,
        come: &Come,
        patience: u16,
        made: &dyn Fn(u64) -> Option<Moment>,
    ) -> Vec<Draft> {
        let standing = Standing::of(transaction);
        let open = transaction.key.role == Role::Buyer && standing.state == State::Open;
        let Some(begun) = transaction.accepted().map(|ok| ok.recorded).min().filter(|_| open) else {
            return Vec::new();
        };
        if self.schedule.in_turn {
            return silence::questions(transaction, now, patience);
        }
        let is_due = |leg: &Leg| {
            let Some(since) = self.moment(&standing, *leg, [&begun, now], come) else { return false };
            // What was bought after it has its turn with the next one.
            let asked = Asked { transaction, leg: *leg, now, made };
            begun <= since && !asked.since(&since, come.slack()) && !asking::is_enough(transaction, *leg, now)
        };
        let wanted = self.legs(&standing, now);
        let legs: Vec<Leg> = wanted.into_iter().filter(is_due).collect();
        if legs.is_empty() { Vec::new() } else { buyer::ask(transaction, &legs).unwrap_or_default() }
    }

    /// Returns the moment of a leg that has come by now, of a purchase agreed to at `begun`: on the promised day, or on the first
    /// one after the OK where that came later.
    fn moment(&self, standing: &Standing, leg: Leg, [begun, now]: [&Moment; 2], come: &Come) -> Option<Moment> {
        match come {
            Come::Moment(moment, _) => Some(*moment),
            Come::Days(time, zone) => {
                let promised = standing.mark(leg).date.filter(|_| !standing.mark(leg).done)?;
                let on = |day: Date| {
                    let zoned = day.to_datetime(*time).to_zoned(zone.clone()).ok()?;
                    Some(Moment::new(zoned.timestamp(), zoned.offset()))
                };
                let agreed = begun.instant().to_zoned(zone.clone()).date();
                let days = [Some(promised.day()), Some(agreed), agreed.tomorrow().ok()];
                let mut moments = days.into_iter().flatten().filter(|day| *day >= promised.day()).filter_map(on);
                let moment = moments.find(|moment| begun <= moment)?;
                (moment <= *now && self.counts(&moment, now)).then_some(moment)
            }
        }
    }

    /// Returns the legs that are asked about: those named, else of late ones those that are late, else those not done.
    fn legs(&self, standing: &Standing, now: &Moment) -> Vec<Leg> {
        if !self.schedule.legs.is_empty() {
            return self.schedule.legs.clone();
        }
        if self.is_about_late(now.day()) {
            return standing.late(now);
        }
        Leg::ALL.into_iter().filter(|leg| standing.legs.get(*leg).done.is_none()).collect()
    }

    fn is_about_late(&self, today: Date) -> bool {
        let Target::Query(query) = &self.schedule.target else { return false };
        let query = Query::parse(query, today);
        query.is_ok_and(|query| query.conditions.iter().any(|one| matches!(one, Condition::Late(_))))
    }
}

impl Come {
    /// Returns how many seconds apart two of its moments are the same one, as another zone has it: a change of zone neither
    /// doubles nor swallows a day's request (F40).
    const fn slack(&self) -> i64 {
        match self {
            Self::Moment(_, apart) => apart.saturating_div(2),
            Self::Days(..) => 0,
        }
    }
}

/// What was asked about a leg.
struct Asked<'a> {
    transaction: &'a Transaction,
    leg: Leg,
    now: &'a Moment,
    made: &'a dyn Fn(u64) -> Option<Moment>,
}

impl Asked<'_> {
    /// Returns whether it was asked about for this moment, or by anybody since.
    fn since(&self, moment: &Moment, slack: i64) -> bool {
        asking::requests(self.transaction, self.leg, self.now).any(|sent| match (self.made)(sent.position) {
            Some(made) => made >= *moment || moment.seconds_since(&made) < slack,
            None => sent.recorded >= *moment,
        })
    }
}
