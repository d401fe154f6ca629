//! The buyer's timetable: which transactions are asked about without a word from him, and when (P90-P92).
//!
//! Whether a request is due is read from the ledger alone: one that was made since the last of the timetable's moments is
//! not made again, so that a lost index, a clock that jumps or two programs beside each other ask once (F39, F40).

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

use super::{Draft, buyer};
use crate::rules::{Standing, State};
use crate::trade::{Document, Kind, Leg, Moment, Role, Transaction};

/// How many days back a moment of the timetable is looked for: a week and the day of a change of clocks.
const DAYS_BACK: i64 = 8;

/// Which transactions a timetable is about; only open ones are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All.
    Open,
    /// Those whose goods are still to come.
    Undelivered,
    /// Those that are not paid.
    Unpaid,
    /// Those with a promised date that has passed.
    Late,
}

impl Which {
    /// All, with their words.
    pub const WORDS: [(&'static str, Self); 4] =
        [("open", Self::Open), ("undelivered", Self::Undelivered), ("unpaid", Self::Unpaid), ("late", Self::Late)];

    /// Reads a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, which)| *which)
    }
}

/// When status requests are made by themselves, and about what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    /// Which transactions (screen 1801).
    pub which: Which,
    /// Which legs of them; those that are not done where empty, and of late ones those that are late.
    pub legs: Vec<Leg>,
    /// At which times of the day, in the zone of this machine (screen 1802).
    pub times: Vec<Time>,
    /// On which days of the week; every day where empty.
    pub days: Vec<Weekday>,
}

impl Timetable {
    /// Returns the last of its moments at or before `now`.
    pub fn last(&self, now: &Moment, zone: &TimeZone) -> Option<Moment> {
        let today = now.instant().to_zoned(zone.clone()).date();
        let days = (0..DAYS_BACK).filter_map(|back| today.checked_sub(jiff::Span::new().days(back)).ok());
        let days = days.filter(|day| self.days.is_empty() || self.days.contains(&day.weekday()));
        // A time that a change of clocks leaves out is the one after it.
        let moments = days.flat_map(|day| self.times.iter().map(move |time| day.to_datetime(*time)));
        let moments = moments.filter_map(|moment| moment.to_zoned(zone.clone()).ok());
        let moments = moments.map(|zoned| Moment::new(zoned.timestamp(), zoned.offset()));
        moments.filter(|moment| moment <= now).max()
    }

    /// Returns the requests that are due about a transaction, where `since` is the timetable's last moment.
    pub fn requests(&self, transaction: &Transaction, now: &Moment, since: &Moment) -> Vec<Draft> {
        let standing = Standing::of(transaction);
        if transaction.key.role != Role::Buyer || standing.state != State::Open {
            return Vec::new();
        }
        // What was bought after it has its turn with the next one.
        if transaction.accepted().map(|ok| ok.recorded).min().is_none_or(|begun| begun > *since) {
            return Vec::new();
        }
        let late = standing.late(now);
        let meant = match self.which {
            Which::Open => true,
            Which::Undelivered => standing.undelivered(),
            Which::Unpaid => standing.unpaid.is_some(),
            Which::Late => !late.is_empty(),
        };
        let wanted = |leg: &Leg| match (self.legs.is_empty(), self.which) {
            (true, Which::Late) => late.contains(leg),
            (true, _) => standing.legs.get(*leg).done.is_none(),
            (false, _) => self.legs.contains(leg),
        };
        let legs: Vec<Leg> =
            Leg::ALL.into_iter().filter(wanted).filter(|leg| !asked(transaction, *leg, since)).collect();
        if !meant || legs.is_empty() {
            return Vec::new();
        }
        buyer::ask(transaction, &legs).unwrap_or_default()
    }
}

/// Returns whether a leg was asked about since a moment.
fn asked(transaction: &Transaction, leg: Leg, since: &Moment) -> bool {
    transaction.sent(Kind::StatusRequest).any(|sent| {
        sent.recorded >= *since
            && matches!(&sent.letter.document, Document::StatusRequest(request) if request.leg == leg)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timetable(times: &[&str], days: &[Weekday]) -> Timetable {
        let times = times.iter().map(|time| time.parse().unwrap()).collect();
        Timetable { which: Which::Open, legs: Vec::new(), times, days: days.to_vec() }
    }

    #[test]
    fn the_last_moment_is_that_of_the_zone_also_where_clocks_change_f40() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let last = |table: &Timetable, now: &str| {
            let moment = table.last(&Moment::parse(now).unwrap(), &zone);
            moment.map(|moment| moment.instant().to_string()).unwrap_or_default()
        };
        let daily = timetable(&["09:00", "18:30"], &[]);
        assert_eq!(last(&daily, "2026-11-22T08:00:00Z"), "2026-11-22T08:00:00Z");
        assert_eq!(last(&daily, "2026-11-22T07:59:59Z"), "2026-11-21T17:30:00Z");
        // On 29 March the clocks go from two to three, on 25 October from three to two.
        let night = timetable(&["02:30"], &[]);
        assert_eq!(last(&night, "2026-03-29T12:00:00Z"), "2026-03-29T01:30:00Z");
        assert_eq!(last(&night, "2026-10-25T12:00:00Z"), "2026-10-25T00:30:00Z");
        let sundays = timetable(&["09:00"], &[Weekday::Sunday]);
        assert_eq!(last(&sundays, "2026-11-21T12:00:00Z"), "2026-11-15T08:00:00Z");
        assert_eq!(last(&timetable(&[], &[]), "2026-11-21T12:00:00Z"), "");
    }
}
