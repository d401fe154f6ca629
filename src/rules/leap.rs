//! Whether a clock that says it is days later than it was can be believed: what nobody has asked for at the moment, and what
//! cannot be taken back, waits until it can.
//!
//! The clock is the machine's own, and one that is weeks ahead for ten minutes is set right again without a word. So time is
//! taken to have passed where it was looked at on the way, where somebody else dates a letter so, or where the clock still says
//! so a day later. Who was away for a month waits for a day at most, and nobody waits for ever.

use serde::{Deserialize, Serialize};

use crate::trade::Moment;

/// A day, in seconds.
const DAY: i64 = 86_400;
/// How much later than at the last look it may be without a doubt, in seconds: as long as a machine is off over a weekend.
const LEAP: i64 = 3 * DAY;
/// How long the clock has to say the same where nobody else bears it out, in seconds.
const WAIT: i64 = DAY;

/// What was seen of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The last time that was believed.
    pub believed: Moment,
    /// When the clock was first found ahead of it, where it is in doubt.
    pub leapt: Option<Moment>,
}

impl Seen {
    /// Begins with a time that is believed.
    pub const fn from(believed: Moment) -> Self {
        Self { believed, leapt: None }
    }

    /// Returns what is seen of the time at `now`; `dates` are those that others have written lately. A clock that was set
    /// back is believed: it only makes things come later.
    #[must_use]
    pub fn look(self, now: &Moment, dates: &[Moment]) -> Self {
        let near = |time: &Moment| now.seconds_since(time) <= LEAP;
        let bears_out = |date: &Moment| near(date) && date.seconds_since(now) <= LEAP;
        let since = self.leapt.filter(|since| since <= now);
        let waited = since.is_some_and(|since| now.seconds_since(&since) >= WAIT);
        if near(&self.believed) || waited || dates.iter().any(bears_out) {
            return Self::from(*now);
        }
        Self { leapt: since.or(Some(*now)), ..self }
    }

    /// Returns by how many days the clock is ahead of what was believed, where it is in doubt.
    pub fn doubt(&self, now: &Moment) -> Option<i64> {
        self.leapt.map(|_| now.seconds_since(&self.believed).div_euclid(DAY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Moment {
        Moment::parse("2026-11-28T12:00:00Z").unwrap().plus_seconds(hours.saturating_mul(3_600))
    }

    /// Looks at these hours, one after the other; returns whether each is in doubt.
    fn doubts(hours: &[i64]) -> Vec<bool> {
        let mut seen = Seen::from(at(0));
        let look = |hour: &i64| {
            seen = seen.look(&at(*hour), &[]);
            seen.doubt(&at(*hour)).is_some()
        };
        hours.iter().map(look).collect()
    }

    #[test]
    fn a_clock_that_leaps_is_in_doubt_for_a_day_and_one_that_is_set_right_again_never_was() {
        assert_eq!(doubts(&[24, 72, 120, 192]), [false; 4], "looked at on the way");
        // Four weeks ahead for an hour.
        assert_eq!(doubts(&[1, 673, 674, 2, 26]), [false, true, true, false, false]);
        // Away for four weeks: a day later it is believed, however often or seldom it was looked at meanwhile.
        assert_eq!(doubts(&[672, 680, 695, 696, 697]), [true, true, true, false, false]);
        assert_eq!(doubts(&[672, 840, 1_008]), [true, false, true], "once a week");
        // A second leap begins anew where the first was taken back in part.
        assert_eq!(doubts(&[672, 400, 420, 424]), [true, true, true, false]);
        assert_eq!(Seen::from(at(0)).look(&at(672), &[]).doubt(&at(672)), Some(28));
    }

    #[test]
    fn what_others_date_now_bears_the_clock_out_and_what_they_date_then_or_far_ahead_does_not() {
        let doubted = |date: i64| Seen::from(at(0)).look(&at(672), &[at(date)]).doubt(&at(672)).is_some();
        assert_eq!([671, 600, 672 + 72].map(doubted), [false; 3]);
        assert_eq!([0, 599, 672 + 73, 99_999].map(doubted), [true; 4]);
    }
}
