//! When something is done without a word: times of the day, days of the week or month, a cron expression, or the promised
//! date of each transaction (screen 1802, P91).
//!
//! Times are those of the owner's zone; what becomes of them where clocks change is said in `role::expression`.

use std::fmt;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

use super::expression::Expression;
use crate::trade::Moment;

/// The hour that is meant where none is named.
const MORNING: Time = jiff::civil::time(9, 0, 0, 0);

/// What a timetable can be written like, for messages.
pub const FORMS: &str = "daily 09:00; weekly 09:00 (on Mondays); monday,thursday 09:00; weekdays 09:00; monthly 1 09:00; \
                         monthly last 09:00; every 6h; due 09:00; or a cron expression of five fields, like 30 8 * * 1-5";

/// Why a text is no timetable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no timetable: {what}")]
pub struct InvalidTimetable {
    text: String,
    what: String,
}

/// When something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// At the moments of these expressions together.
    Calendar(Vec<Expression>),
    /// On the day that was promised, at this time: looked at each day.
    Due(Time, Box<Expression>),
}

impl Timetable {
    /// Reads a timetable: the words of [`FORMS`].
    ///
    /// # Errors
    /// What is none, or would never come.
    pub fn parse(text: &str) -> Result<Self, InvalidTimetable> {
        let plain = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let fault = |what: String| InvalidTimetable { text: text.chars().take(80).collect(), what };
        let kind = kind(&plain).map_err(fault)?;
        let table = Self { text: plain, kind };
        let never = || fault("no such moment ever comes".to_owned());
        let start = jiff::civil::date(2026, 1, 1).to_zoned(TimeZone::UTC).map_err(|_| never())?;
        let comes = table.all().iter().any(|one| one.comes(&start));
        if comes { Ok(table) } else { Err(never()) }
    }

    /// Returns the timetable of these times, on these days of the week or on all.
    pub fn at(times: &[Time], days: &[Weekday]) -> Result<Self, InvalidTimetable> {
        let times: Vec<String> = times.iter().map(|time| time.strftime("%H:%M").to_string()).collect();
        let days: Vec<String> = days.iter().map(|day| format!("{day:?}")).collect();
        let days = if days.is_empty() { "daily".to_owned() } else { days.join(",") };
        Self::parse(&format!("{days} {}", times.join(",")))
    }

    /// Returns it as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the time of the day, where it is about the day that was promised.
    pub const fn due(&self) -> Option<Time> {
        match self.kind {
            Kind::Due(time, _) => Some(time),
            Kind::Calendar(_) => None,
        }
    }

    fn all(&self) -> &[Expression] {
        match &self.kind {
            Kind::Calendar(all) => all,
            Kind::Due(_, daily) => std::slice::from_ref(daily.as_ref()),
        }
    }

    /// Returns the last of its moments at or before `now`: where it is about promised days, the last time they were looked at.
    pub fn last(&self, now: &Moment, zone: &TimeZone) -> Option<Moment> {
        let all = self.all();
        let now = now.whole_second().instant().to_zoned(zone.clone());
        let before = all.iter().filter_map(|one| one.last(&now));
        before.map(|zoned| Moment::new(zoned.timestamp(), zoned.offset())).max()
    }

    /// Returns the next of its moments after `now`, `count` at most.
    pub fn next(&self, now: &Moment, zone: &TimeZone, count: usize) -> Vec<Moment> {
        let all = self.all();
        let now = now.whole_second().instant().to_zoned(zone.clone());
        let moment = |zoned: jiff::Zoned| Moment::new(zoned.timestamp(), zoned.offset());
        let mut found: Vec<Moment> = all.iter().flat_map(|one| one.after(&now, count)).map(moment).collect();
        found.sort();
        found.dedup();
        found.truncate(count);
        found
    }
}

impl fmt::Display for Timetable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Reads what a text of small letters with single blanks means.
fn kind(text: &str) -> Result<Kind, String> {
    let words: Vec<&str> = text.split(' ').collect();
    match words.as_slice() {
        [""] => Err(format!("write it like {FORMS}")),
        ["due"] => due(MORNING),
        ["due", at] => due(time(at)?),
        ["hourly"] => cron("0 * * * *").map(|one| Kind::Calendar(vec![one])),
        ["every", hours] => every(hours),
        ["monthly"] => calendar("09:00", "1", "*"),
        ["monthly", at] if at.contains(':') => calendar(at, "1", "*"),
        ["monthly", day] => calendar("09:00", &day_of_month(day)?, "*"),
        ["monthly", day, at] => calendar(at, &day_of_month(day)?, "*"),
        [_, _, _, _, _] => cron(text).map(|one| Kind::Calendar(vec![one])),
        [days, at] => calendar(at, "*", &days_of_week(days)?),
        [days] => calendar("09:00", "*", &days_of_week(days)?),
        _ => Err(format!("write it like {FORMS}")),
    }
}

/// Returns the moments at these times, parted by commas, on these days.
fn calendar(times: &str, of_month: &str, of_week: &str) -> Result<Kind, String> {
    let one = |text: &str| {
        let time = time(text)?;
        cron(&format!("{} {} {of_month} * {of_week}", time.minute(), time.hour()))
    };
    times.split(',').map(one).collect::<Result<_, _>>().map(Kind::Calendar)
}

fn due(time: Time) -> Result<Kind, String> {
    cron(&format!("{} {} * * *", time.minute(), time.hour())).map(|daily| Kind::Due(time, Box::new(daily)))
}

fn every(text: &str) -> Result<Kind, String> {
    let hours = text.strip_suffix('h').and_then(|hours| hours.parse::<u8>().ok());
    let even = hours.filter(|hours| [1, 2, 3, 4, 6, 8, 12].contains(hours));
    let even = even.ok_or("a day has whole parts of 1, 2, 3, 4, 6, 8 or 12 hours: every 6h")?;
    cron(&format!("0 */{even} * * *")).map(|one| Kind::Calendar(vec![one]))
}

fn day_of_month(text: &str) -> Result<String, String> {
    let day = text.parse::<u8>().ok().filter(|day| (1..=28).contains(day));
    match (day, text) {
        (_, "last") => Ok("L".to_owned()),
        (Some(day), _) => Ok(day.to_string()),
        (None, _) => {
            Err("every month has the days 1 to 28, and a last one: monthly 1 09:00, monthly last 09:00".to_owned())
        }
    }
}

/// Returns the fifth field of a cron expression, where Sunday is 0.
fn days_of_week(text: &str) -> Result<String, String> {
    let one = |word: &str| match word {
        "daily" => Some("*".to_owned()),
        "weekdays" => Some("1-5".to_owned()),
        "weekly" => Some("1".to_owned()),
        _ => {
            let named = |day: &Weekday| {
                let name = format!("{day:?}").to_lowercase();
                name == word || name.get(..3) == Some(word)
            };
            let day = Weekday::Monday.cycle_forward().take(7).find(named)?;
            Some(day.to_sunday_zero_offset().to_string())
        }
    };
    let days: Option<Vec<String>> = text.split(',').map(one).collect();
    days.map(|days| days.join(",")).ok_or_else(|| format!("write it like {FORMS}"))
}

fn time(text: &str) -> Result<Time, String> {
    Time::strptime("%H:%M", text).map_err(|_| format!("{text:?} is no time of the day, like 09:00"))
}

fn cron(text: &str) -> Result<Expression, String> {
    // What the parser says is in its own words, which no catalogue has.
    Expression::parse(text).ok_or_else(|| format!(
            "a cron expression has minutes 0-59, hours 0-23, days 1-31, months 1-12 and days of the week 0-7; write it like {FORMS}"
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(text: &str, now: &str, zone: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        let moment = Timetable::parse(text).unwrap().last(&Moment::parse(now).unwrap(), &zone);
        moment.map(|moment| moment.instant().to_string()).unwrap_or_default()
    }

    fn next(text: &str, now: &str, zone: &str) -> Vec<String> {
        let zone = TimeZone::get(zone).unwrap();
        let moments = Timetable::parse(text).unwrap().next(&Moment::parse(now).unwrap(), &zone, 3);
        moments.iter().map(|moment| moment.instant().to_string()).collect()
    }

    fn wrong(text: &str) -> String {
        Timetable::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn presets_and_expressions_have_the_moments_of_the_zone_p91() {
        for (text, moments) in [
            ("daily 09:00", ["2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z", "2026-11-30T00:00:00Z"]),
            ("Daily  18:30,09:00", ["2026-11-27T09:30:00Z", "2026-11-28T00:00:00Z", "2026-11-28T09:30:00Z"]),
            ("weekdays 09:00", ["2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"]),
            ("mon,thursday 09:00", ["2026-11-30T00:00:00Z", "2026-12-03T00:00:00Z", "2026-12-07T00:00:00Z"]),
            ("sunday", ["2026-11-29T00:00:00Z", "2026-12-06T00:00:00Z", "2026-12-13T00:00:00Z"]),
            ("monthly 1 09:00", ["2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"]),
            ("monthly", ["2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"]),
            ("weekly 09:00", ["2026-11-30T00:00:00Z", "2026-12-07T00:00:00Z", "2026-12-14T00:00:00Z"]),
            ("monthly last 00:00", ["2026-11-29T15:00:00Z", "2026-12-30T15:00:00Z", "2027-01-30T15:00:00Z"]),
            ("every 6h", ["2026-11-27T09:00:00Z", "2026-11-27T15:00:00Z", "2026-11-27T21:00:00Z"]),
            ("30 8 * * 1-5", ["2026-11-29T23:30:00Z", "2026-11-30T23:30:00Z", "2026-12-01T23:30:00Z"]),
        ] {
            // Friday, a quarter past five in the afternoon in Tokyo.
            assert_eq!(next(text, "2026-11-27T08:15:00Z", "Asia/Tokyo"), moments, "{text}");
        }
        assert_eq!(Timetable::parse("due").unwrap().due(), Some(MORNING));
    }

    #[test]
    fn what_is_no_timetable_is_told_with_the_forms() {
        for text in
            ["", "sometimes", "daily 25:00", "every 5h", "every day", "monthly 31 09:00", "1 2 3 4", "* * * * * *"]
        {
            assert!(wrong(text).contains("is no timetable"), "{text}: {}", wrong(text));
        }
        for text in ["61 * * * *", "0 8 * * x", "0 25 * * *", "0 8 32 * *", "0 8 * 13 *"] {
            assert!(wrong(text).contains("a cron expression has minutes 0-59"), "{text}: {}", wrong(text));
            assert!(!wrong(text).contains("Component"), "{text}: {}", wrong(text));
        }
        assert!(wrong("0 0 31 2 *").contains("no such moment ever comes"), "{}", wrong("0 0 31 2 *"));
    }

    #[test]
    fn the_last_moment_is_that_of_the_zone_also_where_clocks_change_f40() {
        let berlin = "Europe/Berlin";
        assert_eq!(last("daily 09:00,18:30", "2026-11-22T08:00:00Z", berlin), "2026-11-22T08:00:00Z");
        assert_eq!(last("daily 09:00,18:30", "2026-11-22T07:59:59Z", berlin), "2026-11-21T17:30:00Z");
        assert_eq!(last("sunday 09:00", "2026-11-21T12:00:00Z", berlin), "2026-11-15T08:00:00Z");
        // On 29 March the clocks go from two to three: half past two is three o'clock, once.
        assert_eq!(last("daily 02:30", "2026-03-29T00:59:59Z", berlin), "2026-03-28T01:30:00Z");
        assert_eq!(last("daily 02:30", "2026-03-29T12:00:00Z", berlin), "2026-03-29T01:00:00Z");
        assert_eq!(
            next("daily 02:30", "2026-03-28T12:00:00Z", berlin),
            ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"]
        );
        // On 25 October from three to two: half past two comes twice, and counts the first time.
        assert_eq!(last("daily 02:30", "2026-10-25T00:45:00Z", berlin), "2026-10-25T00:30:00Z");
        assert_eq!(last("daily 02:30", "2026-10-25T01:45:00Z", berlin), "2026-10-25T00:30:00Z");
        assert_eq!(
            next("daily 02:30", "2026-10-24T12:00:00Z", berlin),
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z", "2026-10-27T01:30:00Z"]
        );
    }

    /// Returns the moments from midnight until six o'clock in Berlin, as `next` has them and as `last` does minute by minute.
    fn night(text: &str, [begin, end]: [&str; 2]) -> Vec<String> {
        let (zone, table) = (TimeZone::get("Europe/Berlin").unwrap(), Timetable::parse(text).unwrap());
        let [begin, end] = [begin, end].map(|moment| Moment::parse(moment).unwrap());
        let before = begin.plus_seconds(-1);
        let within = |moment: &Moment| before.instant() < moment.instant() && moment.instant() <= end.instant();
        let next: Vec<Moment> = table.next(&before, &zone, 100).into_iter().filter(within).collect();
        let minutes = std::iter::successors(Some(begin), |moment| Some(moment.plus_seconds(60)).filter(within));
        let mut last: Vec<Moment> = minutes.map(|now| table.last(&now, &zone).unwrap()).filter(within).collect();
        last.dedup();
        assert_eq!(next, last, "{text}: what comes is what came");
        next.iter().map(|moment| moment.instant().strftime("%H:%M").to_string()).collect()
    }

    #[test]
    fn each_moment_comes_once_in_both_nights_in_which_clocks_change_f40() {
        let (on, back) =
            (["2027-03-27T23:00:00Z", "2027-03-28T04:00:00Z"], ["2026-10-24T22:00:00Z", "2026-10-25T05:00:00Z"]);
        let half_past = (&["01:00"][..], &["00:30"][..]);
        let tens = &["00:00", "00:10", "00:20", "00:30", "00:40", "00:50"][..];
        // What is done each hour is done in each that passes: five of them in one night, seven in the other.
        let hours = (
            &["23:00", "00:00", "01:00", "02:00", "03:00", "04:00"][..],
            &["22:00", "23:00", "00:00", "01:00", "02:00", "03:00", "04:00", "05:00"][..],
        );
        for (text, (forth, behind)) in [
            ("30 2 * * *", half_past),
            ("daily 02:30", half_past),
            ("due 02:30", half_past),
            ("daily 02:30,02:45", (&["01:00"], &["00:30", "00:45"])),
            ("sunday 02:30", half_past),
            ("*/10 2 * * *", (&["01:00"], tens)),
            ("0-50/10 2 * * 0", (&["01:00"], tens)),
            ("0 1,2,3 * * *", (&["00:00", "01:00"], &["23:00", "00:00", "02:00"])),
            ("hourly", hours),
            ("0 * * * *", hours),
            ("every 1h", hours),
            ("every 2h", (&["23:00", "01:00", "02:00", "04:00"], &["22:00", "00:00", "03:00", "05:00"])),
            ("every 6h", (&["23:00", "04:00"], &["22:00", "05:00"])),
        ] {
            assert_eq!(night(text, on), forth, "{text}");
            assert_eq!(night(text, back), behind, "{text}");
        }
        // Half an hour is left out and comes twice on Lord Howe Island.
        let howe = "Australia/Lord_Howe";
        assert_eq!(next("15 2 * * *", "2026-10-03T12:00:00Z", howe)[0], "2026-10-03T15:30:00Z");
        assert_eq!(last("45 1 * * *", "2027-04-03T15:10:00Z", howe), "2027-04-03T14:45:00Z");
    }

    #[test]
    fn a_clock_without_a_battery_has_a_last_moment_too_f39() {
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        let start = Moment::new(jiff::Timestamp::UNIX_EPOCH, jiff::tz::Offset::UTC);
        let table = Timetable::parse("daily 10:00").unwrap();
        assert_eq!(table.last(&start, &zone).unwrap().instant().to_string(), "1969-12-31T01:00:00Z");
    }
}
