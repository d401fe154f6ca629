//! Points in time and plain days, as the trade states them.
//!
//! A moment carries the offset it was stated with, because "18 July, 17:30 in Tokyo" is what the parties agreed; two
//! moments compare by the instant alone. A planned day may be a plain date, which is over when it has ended in the
//! reader's zone.

use std::cmp::Ordering;
use std::fmt;

use jiff::civil::{Date, Time};
use jiff::fmt::temporal::{DateTimeParser, DateTimePrinter};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Unit};

use super::as_text::as_text;

/// Returns whether what was put off until the second `until` still waits at the second `now`, where nothing of its sort is put
/// off for more than `longest` seconds.
///
/// The one rule for a clock that was ahead and is right again (F39): what lies further ahead than it can have been put off was
/// written by that clock, and is not believed. It is done now.
pub const fn is_put_off(until: i64, now: i64, longest: i64) -> bool {
    let left = until.saturating_sub(now);
    0 < left && left <= longest
}

/// A text that is neither a moment nor, where allowed, a day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a moment with offset (RFC 3339, like 2026-07-18T17:30:00+09:00){hint}", hint = if *.1 { " or a day (like 2026-07-18)" } else { "" })]
pub struct InvalidMoment(String, bool);

/// An instant, to the second or finer, with the offset from UTC it was stated with.
#[derive(Clone, Copy)]
pub struct Moment {
    instant: Timestamp,
    offset: Offset,
}

impl Moment {
    /// Takes an instant and the offset to show it with, to the minute: RFC 3339 knows no finer one.
    pub fn new(instant: Timestamp, offset: Offset) -> Self {
        Self { instant, offset: offset.round(Unit::Minute).unwrap_or(Offset::UTC) }
    }

    /// Reads RFC 3339 with an offset; years 1971 to 9998. A leap second is not read: there is none in what is kept.
    pub fn parse(text: &str) -> Result<Self, InvalidMoment> {
        let invalid = || InvalidMoment(text.chars().take(60).collect(), false);
        if text.len() > 40 || !is_rfc3339(text) {
            return Err(invalid());
        }
        let pieces = DateTimeParser::new().parse_pieces(text).map_err(|_| invalid())?;
        let offset = match pieces.offset().ok_or_else(invalid)? {
            jiff::fmt::temporal::PiecesOffset::Zulu => Offset::UTC,
            jiff::fmt::temporal::PiecesOffset::Numeric(numeric) => numeric.offset(),
            _ => return Err(invalid()),
        };
        let time = pieces.time().ok_or_else(invalid)?;
        let instant = offset.to_timestamp(pieces.date().to_datetime(time)).map_err(|_| invalid())?;
        if (1971..=9998).contains(&pieces.date().year()) { Ok(Self { instant, offset }) } else { Err(invalid()) }
    }

    /// Returns the instant.
    pub fn instant(&self) -> Timestamp {
        self.instant
    }

    /// Returns the offset it is shown with.
    pub fn offset(&self) -> Offset {
        self.offset
    }

    /// Returns the day at the stated offset.
    pub fn day(&self) -> Date {
        self.day_at(self.offset)
    }

    /// Returns the day at another offset.
    pub fn day_at(&self, offset: Offset) -> Date {
        offset.to_datetime(self.instant).date()
    }

    /// Returns the last moment that this may mean: who knows the day alone writes its beginning, as exports of banks and carriers do.
    pub fn latest_meant(&self) -> Self {
        let local = self.offset.to_datetime(self.instant);
        if local.time() == Time::midnight() { self.plus_seconds(24 * 60 * 60 - 1) } else { *self }
    }

    /// Returns this moment cut to whole seconds, as letters carry it.
    pub fn whole_second(&self) -> Self {
        let instant = Timestamp::from_second(self.instant.as_second()).unwrap_or(self.instant);
        Self { instant, offset: self.offset }
    }

    /// Returns the moment `seconds` later (earlier if negative), held at the ends of time.
    pub fn plus_seconds(&self, seconds: i64) -> Self {
        let instant = self.instant.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(self.instant);
        Self { instant, offset: self.offset }
    }

    /// Returns whole seconds from `other` to this moment, negative if it is earlier.
    pub fn seconds_since(&self, other: &Self) -> i64 {
        self.instant.as_second().saturating_sub(other.instant.as_second())
    }

    /// Returns whether what was put off until this still waits at `now` ([`is_put_off`]).
    pub fn is_awaited(&self, now: &Self, longest: i64) -> bool {
        is_put_off(self.instant.as_second(), now.instant.as_second(), longest)
    }

    /// Returns whether this lies in the span of so many seconds that ends with `now`. A moment later than now does not: what it
    /// holds back would wait for it ([`is_put_off`]).
    pub fn is_within(&self, span: i64, now: &Self) -> bool {
        self.plus_seconds(span).is_awaited(now, span)
    }

    /// Returns the date and time as RFC 5322 section 3.3 writes them.
    pub fn rfc5322(&self) -> String {
        let zoned = self.instant.to_zoned(TimeZone::fixed(self.offset));
        jiff::fmt::rfc2822::DateTimePrinter::new().zoned_to_string(&zoned).unwrap_or_default()
    }
}

/// Returns whether a text has the shape of RFC 3339 section 5.6. The reader behind it takes more: offsets up to 25:59:59,
/// times without minutes, and 60 seconds for 59, which would all be signed as another moment, or as none.
fn is_rfc3339(text: &str) -> bool {
    let Some((start, rest)) = text.split_at_checked("2026-07-18T17:30:00".len()) else { return false };
    let offset = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let has_digits = !rest.starts_with('.') || offset.len().saturating_add(1) < rest.len();
    let is_numeric = (has_form(offset, "+00:00") || has_form(offset, "-00:00"))
        && offset.get(1..3).is_some_and(|hours| hours <= "23")
        && offset.get(4..6).is_some_and(|minutes| minutes <= "59");
    has_form(start, "0000-00-00T00:00:00")
        && start.get(17..).is_some_and(|seconds| seconds <= "59")
        && has_digits
        && (is_numeric || has_form(offset, "Z"))
}

/// Returns whether a text has a digit where the form has `0`, and else what the form has, in either case.
fn has_form(text: &str, form: &str) -> bool {
    let fits = |(byte, form): (u8, u8)| match form {
        b'0' => byte.is_ascii_digit(),
        other => byte.eq_ignore_ascii_case(&other),
    };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let printed = if self.offset == Offset::UTC {
            DateTimePrinter::new().print_timestamp(&self.instant, &mut text)
        } else {
            DateTimePrinter::new().print_timestamp_with_offset(&self.instant, self.offset, &mut text)
        };
        printed.map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl PartialEq for Moment {
    fn eq(&self, other: &Self) -> bool {
        self.instant == other.instant
    }
}

impl Eq for Moment {}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> Ordering {
        self.instant.cmp(&other.instant)
    }
}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

as_text!(Moment, InvalidMoment);

/// A stated date: an exact moment, or a plain day.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// An exact moment.
    Moment(Moment),
    /// A plain day, in whatever zone its reader lives.
    Day(Date),
}

impl When {
    /// Reads a moment with offset or a plain day.
    pub fn parse(text: &str) -> Result<Self, InvalidMoment> {
        if let Ok(moment) = Moment::parse(text) {
            return Ok(Self::Moment(moment));
        }
        let invalid = || InvalidMoment(text.chars().take(60).collect(), true);
        if text.len() != 10 {
            return Err(invalid());
        }
        let day: Date = text.parse().map_err(|_| invalid())?;
        if (1971..=9998).contains(&day.year()) { Ok(Self::Day(day)) } else { Err(invalid()) }
    }

    /// Returns the day as stated.
    pub fn day(&self) -> Date {
        match self {
            Self::Moment(moment) => moment.day(),
            Self::Day(day) => *day,
        }
    }

    /// Returns whether this date has passed: a moment when `now` is later, a day when it has ended at the offset of
    /// `now`.
    pub fn is_over(&self, now: &Moment) -> bool {
        match self {
            Self::Moment(moment) => moment < now,
            Self::Day(day) => *day < now.day(),
        }
    }

    /// Returns the last moment that still belongs to this date, days taken at `offset`.
    pub fn end(&self, offset: Offset) -> Moment {
        match self {
            Self::Moment(moment) => *moment,
            Self::Day(day) => {
                let instant = offset.to_timestamp(day.at(23, 59, 59, 0)).unwrap_or(Timestamp::MAX);
                Moment::new(instant, offset)
            }
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moment(moment) => moment.fmt(f),
            Self::Day(day) => day.fmt(f),
        }
    }
}

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

as_text!(When, InvalidMoment);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_keep_their_offset_and_compare_by_instant() {
        let tokyo = Moment::parse("2026-07-18T17:30:00+09:00").unwrap();
        assert_eq!(tokyo.to_string(), "2026-07-18T17:30:00+09:00");
        assert_eq!(tokyo, Moment::parse("2026-07-18T08:30:00Z").unwrap());
        assert_eq!(tokyo.rfc5322(), "Sat, 18 Jul 2026 17:30:00 +0900");
        assert_eq!(Moment::parse("2026-07-18T08:30:00Z").unwrap().to_string(), "2026-07-18T08:30:00Z");
        for bad in ["2026-07-18T17:30:00", "2026-07-18", "2026-13-18T17:30:00Z", "0001-01-01T00:00:00Z", "now", ""] {
            assert!(Moment::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_moment_is_read_as_rfc_3339_has_it_and_in_no_other_form() {
        for good in ["2026-11-29T10:00:00+23:59", "2026-11-29T10:00:00-11:30", "2026-11-29T10:00:00.123456789Z"] {
            assert_eq!(Moment::parse(good).unwrap().to_string(), good);
        }
        assert_eq!(Moment::parse("2026-11-29t10:00:00z").unwrap().to_string(), "2026-11-29T10:00:00Z");
        for bad in [
            "2026-11-29T10:00:00+25:59",
            "2026-11-29T10:00:00+24:00",
            "2026-11-29T10:00:00-25:00",
            "2026-11-29T10:00:00+09:60",
            "2026-11-29T10:00:00+09:00:30",
            "2026-11-29T10:00:00+0900",
            "2026-11-29T10:00:00+09",
            "2026-11-29T10+09:00",
            "2026-11-29T10:00+09:00",
            "20300101T100000+0900",
            "20300101T100000Z",
            "+002026-11-29T10:00:00Z",
            "2026-11-29T10:00:60Z",
            "2016-12-31T23:59:60Z",
            "2026-11-29T24:00:00Z",
            "2026-11-29T10:00:00.Z",
            "2026-11-29T10:00:00,5Z",
            "2026-11-29T10:00:00ZZ",
            "2026-11-29 10:00:00Z",
            "２026-11-29T10:00:00Z",
        ] {
            assert!(Moment::parse(bad).is_err(), "{bad}");
            assert!(When::parse(bad).is_err(), "{bad}");
        }
        // What was given in another form is shown with the same instant.
        let odd = Moment::new(Timestamp::from_second(1_800_000_000).unwrap(), Offset::from_seconds(32_430).unwrap());
        assert_eq!(Moment::parse(&odd.to_string()).unwrap().instant(), odd.instant());
    }

    #[test]
    fn what_a_clock_that_was_ahead_put_off_does_not_wait_for_it() {
        assert_eq!(
            [99, 100, 101, 160, 161, i64::MAX].map(|until| is_put_off(until, 100, 60)),
            [false, false, true, true, false, false]
        );
        let now = Moment::parse("2026-11-28T12:00:00Z").unwrap();
        let within = |seconds: i64| now.plus_seconds(seconds).is_within(60, &now);
        assert_eq!([-61, -60, -59, 0, 1, 31_536_000].map(within), [false, false, true, true, false, false]);
    }

    #[test]
    fn a_day_is_over_when_it_has_ended_for_its_reader() {
        let day = When::parse("2026-07-18").unwrap();
        assert!(!day.is_over(&Moment::parse("2026-07-18T23:59:59+09:00").unwrap()));
        assert!(day.is_over(&Moment::parse("2026-07-19T00:00:00+09:00").unwrap()));
        assert!(!day.is_over(&Moment::parse("2026-07-18T20:00:00-05:00").unwrap()));
        assert_eq!(day.end(Offset::UTC).to_string(), "2026-07-18T23:59:59Z");
        assert!(When::parse("2026-7-18").is_err());
    }
}
