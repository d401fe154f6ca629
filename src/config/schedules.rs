//! What the buyer's program does by itself: schedules, rules, and how long silence is borne.

use jiff::civil::{Date, date};
use toml::Spanned;

use super::ConfigError;
use super::settle::Place;
use super::written;
use crate::role::rule::InvalidRule;
use crate::role::silence::PATIENCE;
use crate::role::timetable::Timetable;
use crate::role::{Rule, Scheduled};
use crate::trade::{Deed, Leg, Money, Schedule, ScheduleName, Target};

/// What a schedule of the configuration may be about.
const WHICH: [&str; 4] = ["open", "undelivered", "unpaid", "late"];
/// A day to read queries by: what they find is looked for on the day it is asked.
const ANY_DAY: Date = date(2026, 11, 28);

impl Place<'_> {
    /// Settles the schedules; their names are their places.
    pub(super) fn schedules(&self, written: &[written::ScheduleWritten]) -> Result<Vec<Scheduled>, ConfigError> {
        (1..).zip(written).map(|(place, one)| self.schedule(place, one)).collect()
    }

    fn schedule(&self, place: usize, written: &written::ScheduleWritten) -> Result<Scheduled, ConfigError> {
        if !WHICH.contains(&written.which.as_str()) {
            let words = WHICH.join(", ");
            return Err(self.fault("buyer.schedule.which", format!("{:?} is none of {words}", written.which)));
        }
        if written.at.is_empty() {
            return Err(self.fault("buyer.schedule.at", "at least one time is needed, like \"09:00\""));
        }
        let times: Result<Vec<_>, _> = written.at.iter().map(|text| self.time("buyer.schedule.at", text)).collect();
        let days: Result<Vec<_>, _> =
            written.days.iter().map(|text| self.weekday("buyer.schedule.days", text)).collect();
        let leg = |text: &String| {
            let wrong = || self.fault("buyer.schedule.legs", format!("{text:?} is none of order, payment, delivery"));
            Leg::parse(text).ok_or_else(wrong)
        };
        let legs = written.legs.iter().map(leg).collect::<Result<_, _>>()?;
        let when = Timetable::at(&times?, &days?).map_err(|error| self.fault("buyer.schedule", error))?;
        let schedule = Schedule {
            name: ScheduleName::of_config(place),
            target: Target::Query(written.which.clone()),
            when: when.to_string(),
            legs,
            in_turn: false,
            paused: false,
        };
        Scheduled::settle(schedule, None, ANY_DAY).map_err(|error| self.fault("buyer.schedule", error))
    }

    /// Settles the rules.
    pub(super) fn rules(&self, written: &[written::RuleWritten]) -> Result<Vec<Rule>, ConfigError> {
        written.iter().map(|one| self.rule(one)).collect()
    }

    fn rule(&self, written: &written::RuleWritten) -> Result<Rule, ConfigError> {
        let at = |spanned: &Spanned<String>, key: &str, what: String| self.fault_at(spanned.span().start, key, what);
        let words = Deed::ALL.map(Deed::word).join(", ");
        let deed = written.deed.get_ref();
        let deed = Deed::parse(deed)
            .ok_or_else(|| at(&written.deed, "buyer.rule.do", format!("{deed:?} is none of {words}")))?;
        let at_most = written.at_most.as_ref().map(|most| self.most(most)).transpose()?;
        Rule::settle(written.when.get_ref(), deed, at_most, ANY_DAY).map_err(|error| match &error {
            InvalidRule::When(_) | InvalidRule::NoAge => at(&written.when, "buyer.rule.when", error.to_string()),
            InvalidRule::NoMost => at(&written.deed, "buyer.rule.do", error.to_string()),
            InvalidRule::Most(_) => {
                at(written.at_most.as_ref().unwrap_or(&written.deed), "buyer.rule.at_most", error.to_string())
            }
        })
    }

    fn most(&self, written: &Spanned<String>) -> Result<Money, ConfigError> {
        let fault = |what: String| self.fault_at(written.span().start, "buyer.rule.at_most", what);
        let most = self.money_at("buyer.rule.at_most", written)?;
        if most.is_zero() || most.is_negative() { Err(fault("it must be above zero".to_owned())) } else { Ok(most) }
    }

    /// Settles how many days without news the next step about something late waits.
    pub(super) fn silence_days(&self, written: Option<&Spanned<u16>>) -> Result<u16, ConfigError> {
        match written {
            Some(days) if !(1..=365).contains(days.get_ref()) => {
                let what = format!("{} is none of 1 to 365 days", days.get_ref());
                Err(self.fault_at(days.span().start, "buyer.silence_days", what))
            }
            days => Ok(days.map_or(PATIENCE, |days| *days.get_ref())),
        }
    }
}
