//! Dates as other systems write them. A moment needs a zone: from its own text, or from whoever knows where the file was
//! made.

use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use crate::trade::{Moment, When};

/// How dates are read.
#[derive(Debug, Clone, Default)]
pub(super) struct Dates {
    /// Forms besides RFC 3339, as strftime(3) writes them.
    pub(super) forms: Vec<String>,
    /// The zone of dates that name none.
    pub(super) zone: Option<TimeZone>,
}

/// The forms that are understood where none is named.
const PLAIN: [&str; 4] = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"];

/// When something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// Whenever it is read.
    Now,
    /// Then.
    At(Moment),
    /// On this day, which begins then.
    On(Moment),
}

/// Returns the zone of a name, or of an offset like `+09:00`, of less than a day as RFC 3339 has them.
pub(super) fn zone(name: &str) -> Option<TimeZone> {
    if let Ok(fields) = BrokenDownTime::parse("%:z", name) {
        return fields.offset().filter(|offset| offset.seconds().unsigned_abs() < 86_400).map(TimeZone::fixed);
    }
    TimeZone::get(name).ok()
}

/// Refuses a form that no date can be read by.
pub(super) fn check_form(form: &str) -> Result<(), String> {
    let sample = jiff::civil::date(2026, 11, 8).at(17, 40, 0, 0).to_zoned(TimeZone::UTC);
    let wrong = |error: Option<jiff::Error>| {
        let error = error.map(|error| format!(": {error}")).unwrap_or_default();
        format!("is no form of dates as strftime(3) has them, like \"%d.%m.%Y %H:%M\"{error}")
    };
    let written = sample.and_then(|sample| strtime::format(form, &sample)).map_err(|error| wrong(Some(error)))?;
    let read = strtime::parse(form, &written).map_err(|error| wrong(Some(error)))?;
    read.to_date().map(|_| ()).map_err(|_| "has no day, month and year to read a date by".to_owned())
}

/// What a text gives: its parts, and the offset if it names one.
struct Parts {
    day: jiff::civil::Date,
    time: Option<jiff::civil::Time>,
    offset: Option<Offset>,
}

impl Dates {
    /// Reads when something was done: `now`, a moment, or a date and time of the zone.
    pub(super) fn given(&self, text: &str) -> Result<Given, String> {
        if ["now", "true", "yes"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
            return Ok(Given::Now);
        }
        if let Ok(moment) = Moment::parse(text) {
            return Ok(Given::At(moment));
        }
        let parts = self.parts(text)?;
        let of = if parts.time.is_some() { Given::At } else { Given::On };
        self.settle(text, &parts).map(of)
    }

    /// Reads a moment; a day without a time begins then.
    pub(super) fn moment(&self, text: &str) -> Result<Moment, String> {
        Moment::parse(text).or_else(|_| self.settle(text, &self.parts(text)?))
    }

    /// Reads when something is planned: a moment, or a day.
    pub(super) fn when(&self, text: &str) -> Result<When, String> {
        if let Ok(when) = When::parse(text) {
            return Ok(when);
        }
        let parts = self.parts(text)?;
        match parts.time {
            None => checked_day(text, parts.day),
            Some(_) => self.settle(text, &parts).map(When::Moment),
        }
    }

    fn parts(&self, text: &str) -> Result<Parts, String> {
        let forms = self.forms.iter().map(String::as_str).chain(PLAIN);
        let read = |form: &str| {
            let fields = strtime::parse(form, text).ok()?;
            let day = fields.to_date().ok()?;
            Some(Parts {
                day,
                time: fields.to_time().ok().filter(|_| fields.hour().is_some()),
                offset: fields.offset(),
            })
        };
        let shown: String = text.chars().take(60).collect();
        let known = if self.forms.is_empty() {
            String::new()
        } else {
            format!(" and not of the form {}", self.forms.join(" or "))
        };
        forms
            .map(read)
            .find_map(|parts| parts)
            .ok_or_else(|| format!("{shown:?} is no date like 2026-11-08T17:40:00+09:00{known}"))
    }

    /// Makes a moment of a time of the day. One that came twice, when clocks were put back, is the first.
    fn settle(&self, text: &str, parts: &Parts) -> Result<Moment, String> {
        let zone = parts.offset.map(TimeZone::fixed).or_else(|| self.zone.clone());
        let zone = zone.ok_or_else(|| {
            format!("{text:?} has no zone; write an offset behind it, like 2026-11-08T17:40:00+09:00, or name the zone: --zone Asia/Tokyo, or `zone` in the map")
        })?;
        let at = zone.to_ambiguous_zoned(parts.day.to_datetime(parts.time.unwrap_or_default()));
        if parts.time.is_some() && matches!(at.offset(), AmbiguousOffset::Gap { .. }) {
            let zone = zone.iana_name().unwrap_or_default();
            return Err(format!(
                "{text:?} never was in {zone}, where clocks were put forward over it; is that the zone of the file?"
            ));
        }
        let zoned = at.compatible().map_err(|error| format!("{text:?}: {error}"))?;
        let moment = Moment::new(zoned.timestamp(), zoned.offset());
        // Within the years a moment may have.
        Moment::parse(&moment.to_string()).map_err(|error| error.to_string())
    }
}

fn checked_day(text: &str, day: jiff::civil::Date) -> Result<When, String> {
    When::parse(&day.to_string()).map_err(|_| format!("{text:?} is no date of our time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(forms: &[&str], name: Option<&str>) -> Dates {
        Dates { forms: forms.iter().map(|form| (*form).to_owned()).collect(), zone: name.and_then(zone) }
    }

    #[test]
    fn a_date_without_zone_is_a_moment_only_where_the_zone_is_known() {
        let tokyo = dates(&["%d.%m.%Y %H:%M", "%m/%d/%Y"], Some("Asia/Tokyo"));
        for (text, moment) in [
            ("2026-11-08T17:40:00+09:00", "2026-11-08T17:40:00+09:00"),
            ("2026-11-08T08:40:00Z", "2026-11-08T08:40:00Z"),
            ("2026-11-08 17:40:00", "2026-11-08T17:40:00+09:00"),
            ("2026-11-08", "2026-11-08T00:00:00+09:00"),
            ("08.11.2026 17:40", "2026-11-08T17:40:00+09:00"),
            ("11/08/2026", "2026-11-08T00:00:00+09:00"),
        ] {
            assert_eq!(tokyo.moment(text).unwrap().to_string(), moment, "{text}");
        }
        let nowhere = dates(&["%d.%m.%Y %H:%M %z"], None);
        let error = nowhere.given("2026-11-08 17:40:00").unwrap_err();
        assert!(error.contains("has no zone") && error.contains("--zone Asia/Tokyo"), "{error}");
        assert_eq!(nowhere.moment("08.11.2026 17:40 +0900").unwrap().to_string(), "2026-11-08T17:40:00+09:00");
        for now in ["now", "Now", "TRUE", "yes"] {
            assert_eq!(nowhere.given(now), Ok(Given::Now), "{now}");
        }
        assert!(nowhere.given("yesterday").unwrap_err().contains("is no date like"));
        assert!(tokyo.given("31.02.2026 10:00").unwrap_err().contains("%d.%m.%Y %H:%M"));
        assert!(tokyo.given("0001-01-01").is_err());
        // An offset that no clock has is none in any form, and one with seconds stays the same instant.
        for offset in ["+2500", "-2400", "+2559"] {
            assert!(nowhere.moment(&format!("08.11.2026 17:40 {offset}")).is_err(), "{offset}");
        }
        for text in
            ["2026-11-08T17:40:00+25:59", "2026-11-08T17:40:00+09:00:30", "20261108T174000+0900", "2026-11-08T17+09:00"]
        {
            assert!(tokyo.moment(text).is_err() && tokyo.when(text).is_err(), "{text}");
        }
    }

    #[test]
    fn however_a_form_writes_the_hour_it_counts() {
        for form in ["%-d.%-m.%Y %-H:%M", "%-d.%-m.%Y %_H:%M", "%-d.%-m.%Y %k:%M", "%e.%-m.%Y %0H:%M"] {
            let read = dates(&[form], Some("Asia/Tokyo")).moment("1.12.2026 9:40");
            assert_eq!(read.unwrap().to_string(), "2026-12-01T09:40:00+09:00", "{form}");
        }
        let twelve = dates(&["%d.%m.%Y %-I:%M %p"], Some("Asia/Tokyo"));
        assert_eq!(twelve.moment("01.12.2026 9:40 PM").unwrap().to_string(), "2026-12-01T21:40:00+09:00");
    }

    #[test]
    fn a_planned_day_needs_no_zone() {
        let nowhere = dates(&["%d.%m.%Y", "%d.%m.%Y %H:%M"], None);
        assert_eq!(nowhere.when("2026-11-08"), nowhere.when("08.11.2026"));
        assert_eq!(nowhere.when("08.11.2026").unwrap().to_string(), "2026-11-08");
        assert!(nowhere.when("08.11.2026 12:00").unwrap_err().contains("has no zone"));
    }

    #[test]
    fn a_zone_is_a_name_or_an_offset() {
        let berlin = dates(&[], Some("Europe/Berlin"));
        assert_eq!(berlin.moment("2026-07-01 12:00").unwrap().to_string(), "2026-07-01T12:00:00+02:00");
        assert_eq!(berlin.moment("2026-12-01 12:00").unwrap().to_string(), "2026-12-01T12:00:00+01:00");
        // An hour that came twice is the first; one that never came is an error, but days begin when they do.
        assert_eq!(berlin.moment("2026-10-25 02:30").unwrap().to_string(), "2026-10-25T02:30:00+02:00");
        let never = berlin.moment("2026-03-29 02:30").unwrap_err();
        assert!(never.contains("never was in Europe/Berlin"), "{never}");
        assert_eq!(berlin.when("2026-03-29 02:30"), Err(never));
        let cairo = dates(&[], Some("Africa/Cairo"));
        assert_eq!(cairo.moment("2026-04-24").unwrap().to_string(), "2026-04-24T01:00:00+03:00");
        let fixed = dates(&[], Some("-05:00"));
        assert_eq!(fixed.moment("2026-07-01 12:00").unwrap().to_string(), "2026-07-01T12:00:00-05:00");
        assert!(zone("+25:00").is_none() && zone("-24:00").is_none());
        assert!(zone("Asia/Tokio").is_none() && zone("").is_none());
    }
}
