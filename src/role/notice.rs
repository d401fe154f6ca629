//! What the owner of a leg reports of it: by hand, from cron, from an export (`shop|pay|ship notify`).
//!
//! A notice is a change; the status made of it is a snapshot of the whole leg.

use super::Refused;
use crate::trade::item::LineQuantity;
use crate::trade::status::{Reason, Step};
use crate::trade::{Download, Moment, Money, When};

/// One report about a leg. What is `None` stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notice {
    /// It was done at this moment: shipped, paid, delivered, refunded.
    pub done: Option<Moment>,
    /// It is planned for this date.
    pub planned: Option<When>,
    /// It will not happen.
    pub failed: Option<Reason>,
    /// Which parcel; the only one, or a new one, where `None`.
    pub parcel: Option<String>,
    /// What the parcel holds; all that is not in other parcels where empty.
    pub lines: Vec<LineQuantity>,
    /// The parcel's tracking number.
    pub tracking: Option<String>,
    /// Something that happened to the parcel, and where.
    pub event: Option<(String, Option<String>)>,
    /// The file that the parcel is.
    pub download: Option<Download>,
    /// How much was paid; all that remains where `None`.
    pub amount: Option<Money>,
    /// Whether the money goes back to the buyer.
    pub refund: bool,
    /// The agent's own reference.
    pub reference: Option<String>,
    /// Whether it replaces what was said to be done before.
    pub correct: bool,
    /// Whether what it corrects was done when it was said to be: no other moment was given.
    pub same_moment: bool,
}

/// How far a done date may be ahead of our clock: what the other side lets pass (design, section 5).
const AHEAD: i64 = 30 * 60;

impl Notice {
    /// Refuses what is said to be done at a time that has not come: nobody would believe it.
    pub(super) fn check(&self, now: &Moment) -> Result<(), Refused> {
        match self.done.filter(|done| done.seconds_since(now) > AHEAD) {
            Some(done) => Err(Refused::new(format!("{done} has not come yet; say with --planned what is to come"))),
            None => Ok(()),
        }
    }

    /// Refuses to change what was reported as done, unless it is to be corrected.
    pub(super) fn check_change(&self, what: &str) -> Result<(), Refused> {
        if self.correct {
            return Ok(());
        }
        Err(Refused::new(format!("{what} already; --correct replaces what was reported")))
    }

    /// Returns the step it reports, or `old` where it reports none.
    pub(super) fn step(&self, old: &Step) -> Step {
        if let Some(reason) = &self.failed {
            return Step::Failed { reason: reason.clone(), at: self.done };
        }
        if let Some(at) = self.done {
            return Step::Done { at: old.done().filter(|_| self.same_moment).unwrap_or(at) };
        }
        match self.planned {
            Some(at) => Step::Active { at: Some(at) },
            None => old.clone(),
        }
    }
}
