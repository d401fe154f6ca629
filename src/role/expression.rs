//! A cron expression and its moments in a zone, also in the nights in which clocks change (F40).
//!
//! Where an expression names hours, each of its times comes once a day: one that the clocks leave out is the moment they
//! go on from, one that they show twice counts the first time. What is done every hour is done in each hour that passes, of
//! which such nights have one less or one more.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan, Zoned};

/// The hours of an expression that names none.
const EVERY_HOUR: [&str; 3] = ["*", "*/1", "0-23"];

/// When something is done, by a cron expression of five fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expression {
    cron: Cron,
    every_hour: bool,
}

impl Expression {
    /// Reads an expression; `None` where it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(text).ok()?;
        let every_hour = text.split_whitespace().nth(1).is_some_and(|hours| EVERY_HOUR.contains(&hours));
        Some(Self { cron, every_hour })
    }

    /// Returns whether any moment comes after this one.
    pub(super) fn comes(&self, start: &Zoned) -> bool {
        self.cron.find_next_occurrence(start, true).is_ok()
    }

    /// Returns the last moment at or before `now`, which is of a whole second.
    pub(super) fn last(&self, now: &Zoned) -> Option<Zoned> {
        if self.every_hour {
            return self.cron.find_previous_occurrence(now, true).ok();
        }
        let before = self.cron.find_previous_occurrence(&on_a_plain_clock(shown(now))?, true).ok()?;
        first_at(before.datetime(), now.time_zone())
    }

    /// Returns the moments after `now`, which is of a whole second.
    pub(super) fn after(&self, now: &Zoned, count: usize) -> Vec<Zoned> {
        if self.every_hour {
            return self.cron.iter_after(now.clone()).take(count).collect();
        }
        let Some(start) = on_a_plain_clock(shown(now)) else { return Vec::new() };
        let mut found: Vec<Zoned> = Vec::new();
        for time in self.cron.iter_after(start) {
            let Some(moment) = first_at(time.datetime(), now.time_zone()) else { break };
            // Several times that are left out are one moment.
            if moment > *now && found.last() != Some(&moment) {
                found.push(moment);
            }
            if found.len() >= count {
                break;
            }
        }
        found
    }
}

/// Returns a time where no clock is ever changed.
fn on_a_plain_clock(time: DateTime) -> Option<Zoned> {
    time.to_zoned(TimeZone::UTC).ok()
}

/// Returns the latest time that clocks have shown until now: where they were put back, that of before.
fn shown(now: &Zoned) -> DateTime {
    let time = now.datetime();
    match now.time_zone().to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Fold { before, after } if now.offset() == after => {
            let put_back = change(now.time_zone(), now.timestamp());
            put_back.and_then(|at| before.to_datetime(at).checked_sub(1.second()).ok()).unwrap_or(time)
        }
        _ => time,
    }
}

/// Returns the moment at which clocks show a time first, or are put on past it.
fn first_at(time: DateTime, zone: &TimeZone) -> Option<Zoned> {
    let ambiguous = zone.to_ambiguous_timestamp(time);
    let is_left_out = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
    let moment = ambiguous.compatible().ok()?;
    let moment = if is_left_out { change(zone, moment)? } else { moment };
    Some(moment.to_zoned(zone.clone()))
}

/// Returns when the clocks of a zone were changed last, at or before a moment.
fn change(zone: &TimeZone, moment: Timestamp) -> Option<Timestamp> {
    let after = moment.checked_add(1.second()).ok()?;
    zone.preceding(after).next().map(|transition| transition.timestamp())
}
