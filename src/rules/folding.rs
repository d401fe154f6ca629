//! What a fold found, remembered for the next one: a transaction with many statuses is not judged from its beginning with
//! each that comes.
//!
//! Nothing is decided here, and nothing is believed that may have changed: what is remembered counts only while all that it
//! was judged by is the same. So a fold finds the same with a memory and without one.

use super::leg::Legs;
use crate::trade::{Digest, Finding, Kept, Money, Settlement, Verdict};

/// The memory of one transaction's folds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folding([Option<Run>; 3]);

impl Folding {
    /// Returns the memory of each leg, in the order in which they are folded.
    pub(super) fn runs(&mut self) -> [&mut Option<Run>; 3] {
        self.0.each_mut()
    }
}

/// What the statuses of a leg are judged by, besides each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ground {
    /// The terms in force.
    pub(super) terms: Digest,
    /// All terms there are.
    pub(super) all_terms: Vec<Digest>,
    /// How much may go back to the buyer.
    pub(super) refundable: Option<Money>,
    /// The entry by which the cancellation came.
    pub(super) cancelled_by: Option<u64>,
    /// How the legs stand that are folded before.
    pub(super) legs: Legs,
}

/// How far a leg was folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    ground: Ground,
    /// What became of each status, in the order of their numbers.
    pub(super) steps: Vec<Folded>,
    /// The entry of the statement in force behind them.
    pub(super) current: Option<u64>,
    /// The entry by which the cancellation came, as far as it is known behind them.
    pub(super) cancelled_by: Option<u64>,
    /// How the legs stand behind them.
    pub(super) legs: Legs,
}

impl Run {
    /// Begins where nothing of the leg is folded yet.
    pub(super) fn new(ground: Ground) -> Self {
        let legs = ground.legs.clone();
        let cancelled_by = ground.cancelled_by;
        Self { ground, steps: Vec::new(), current: None, cancelled_by, legs }
    }

    /// Returns whether what was folded on this ground would be the same now, and these statuses begin with it.
    pub(super) fn leads_to(&self, ground: &Ground, statuses: &[&Kept]) -> bool {
        self.ground == *ground
            && self.steps.len() <= statuses.len()
            && self.steps.iter().zip(statuses).all(|(step, kept)| step.is_about(kept))
    }
}

/// What became of one status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folded {
    position: u64,
    content: Digest,
    settled: Option<Settlement>,
    findings: Vec<Finding>,
    /// Its verdict, and why; `None` for a status of our own.
    pub(super) judged: Option<(Verdict, Vec<Finding>)>,
}

impl Folded {
    pub(super) fn of(kept: &Kept, judged: Option<(Verdict, Vec<Finding>)>) -> Self {
        let Kept { position, content, settled, .. } = *kept;
        Self { position, content, settled, findings: kept.findings.clone(), judged }
    }

    fn is_about(&self, kept: &Kept) -> bool {
        self.position == kept.position
            && self.content == kept.content
            && self.settled == kept.settled
            && self.findings == kept.findings
    }
}
