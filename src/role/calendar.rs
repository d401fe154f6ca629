//! Days on which an agent works: the days of its week without its holidays, in its zone. Banks call them bank days.
//!
//! Pure arithmetic over civil dates. Which days are holidays its owner says: no list of any country is built in.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use crate::trade::Moment;

/// How far a day of work is looked for: longer than any holidays. A calendar without one in a year and a day has none.
const SEARCH_MAX: u16 = 366;

/// An agent's days of work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Days of the week on which it works; every day where empty.
    pub days: Vec<Weekday>,
    /// Days on which it does not.
    pub holidays: BTreeSet<Date>,
    /// The zone its days and hours are of; that of this machine where `None`.
    pub zone: Option<TimeZone>,
}

impl Calendar {
    /// Returns date and time of a moment where the agent is.
    pub fn local(&self, moment: &Moment) -> (Date, Time) {
        let local = match &self.zone {
            Some(zone) => zone.to_datetime(moment.instant()),
            None => moment.offset().to_datetime(moment.instant()),
        };
        (local.date(), local.time())
    }

    /// Returns the moment of a date and time where the agent is; `near` gives the offset where no zone is set. A time that
    /// a change of clocks leaves out is the one after it, of one that comes twice it is the first.
    pub fn moment(&self, day: Date, time: Time, near: &Moment) -> Moment {
        let local = day.to_datetime(time);
        let zoned = match &self.zone {
            Some(zone) => local.to_zoned(zone.clone()),
            None => local.to_zoned(TimeZone::fixed(near.offset())),
        };
        // A civil time of years 1971 to 9998 has a moment; the end of time has itself.
        zoned.map_or(*near, |zoned| Moment::new(zoned.timestamp(), zoned.offset()))
    }

    /// Returns whether the agent works on a day.
    pub fn works_on(&self, day: Date) -> bool {
        (self.days.is_empty() || self.days.contains(&day.weekday())) && !self.holidays.contains(&day)
    }

    /// Returns `day` if the agent works on it, else the next day on which it does.
    pub fn this_or_next(&self, day: Date) -> Date {
        self.search(day, later)
    }

    /// Returns `day` if the agent works on it, else the last day before on which it did.
    pub fn this_or_previous(&self, day: Date) -> Date {
        self.search(day, earlier)
    }

    /// Returns the day that is `count` days of work after `day`, which counts as none itself.
    pub fn plus(&self, day: Date, count: u16) -> Date {
        (0..count).fold(day, |day, _| self.search(later(day), later))
    }

    fn search(&self, from: Date, step: fn(Date) -> Date) -> Date {
        let mut day = from;
        for _ in 0..SEARCH_MAX {
            if self.works_on(day) {
                return day;
            }
            day = step(day);
        }
        from
    }
}

/// Returns the day after; the end of time is followed by itself.
pub(super) fn later(day: Date) -> Date {
    day.tomorrow().unwrap_or(day)
}

fn earlier(day: Date) -> Date {
    day.yesterday().unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn office(holidays: &[&str]) -> Calendar {
        let days = Weekday::Monday.cycle_forward().take(5).collect();
        Calendar { days, holidays: holidays.iter().map(|day| date(day)).collect(), zone: None }
    }

    #[test]
    fn weekends_and_holidays_are_passed_over() {
        // The turn of the year: 31 December 2026 is a Thursday, Japanese banks open again on Monday 4 January.
        let bank = office(&["2026-12-31", "2027-01-01", "2027-01-02", "2027-01-03"]);
        assert_eq!(bank.this_or_next(date("2026-12-30")), date("2026-12-30"));
        assert_eq!(bank.this_or_next(date("2026-12-31")), date("2027-01-04"));
        assert_eq!(bank.this_or_previous(date("2027-01-03")), date("2026-12-30"));
        assert_eq!(bank.plus(date("2026-12-30"), 1), date("2027-01-04"));
        assert_eq!(bank.plus(date("2026-12-30"), 0), date("2026-12-30"));
        // From a Saturday, one day of work later is the Monday.
        assert_eq!(office(&[]).plus(date("2026-11-28"), 1), date("2026-11-30"));
        assert_eq!(Calendar::default().plus(date("2028-02-28"), 2), date("2028-03-01"), "a leap day is a day");
    }

    #[test]
    fn who_never_works_is_not_waited_for() {
        let holidays = (0..400).scan(date("2026-01-01"), |day, _| {
            *day = later(*day);
            Some(*day)
        });
        let never = Calendar { holidays: holidays.collect(), ..Calendar::default() };
        assert_eq!(never.this_or_next(date("2026-01-02")), date("2026-01-02"));
    }

    #[test]
    fn hours_are_those_of_the_zone_also_where_clocks_change_f40() {
        let berlin = Calendar { zone: TimeZone::get("Europe/Berlin").ok(), ..Calendar::default() };
        let near = Moment::parse("2026-03-28T12:00:00Z").unwrap();
        let at = |day: &str, time: &str| berlin.moment(date(day), time.parse().unwrap(), &near).to_string();
        assert_eq!(at("2026-03-28", "09:00"), "2026-03-28T09:00:00+01:00");
        assert_eq!(at("2026-03-29", "09:00"), "2026-03-29T09:00:00+02:00");
        assert_eq!(at("2026-03-29", "02:30"), "2026-03-29T03:30:00+02:00", "the hour that is left out");
        assert_eq!(at("2026-10-25", "02:30"), "2026-10-25T02:30:00+02:00", "the hour that comes twice");
        let (day, time) = berlin.local(&Moment::parse("2026-03-29T23:30:00+01:00").unwrap());
        assert_eq!((day, time), (date("2026-03-30"), "00:30".parse().unwrap()), "midnight is the agent's");
        let here = Calendar::default();
        let near = Moment::parse("2026-03-28T23:30:00+09:00").unwrap();
        assert_eq!(here.local(&near).0, date("2026-03-28"));
        assert_eq!(
            here.moment(date("2026-03-29"), "09:00".parse().unwrap(), &near).to_string(),
            "2026-03-29T09:00:00+09:00"
        );
    }
}
