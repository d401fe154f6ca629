//! The list in figures: how many undelivered, how much unpaid (P79, P80).

use std::collections::BTreeMap;

use super::standing::Standing;
use crate::trade::{Currency, Money};

/// What is unpaid in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpaid {
    /// How much.
    pub total: Money,
    /// In how many transactions.
    pub count: u64,
}

/// Counts and totals over transactions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Transactions whose goods are still to arrive.
    pub undelivered: u64,
    /// Totals still to be paid, one per currency, in the order of the codes.
    pub unpaid: BTreeMap<Currency, Unpaid>,
}

impl Summary {
    /// Adds one transaction. A total that leaves the range of money stands at its end.
    pub fn add(&mut self, standing: &Standing) {
        self.add_parts(standing.undelivered(), standing.unpaid);
    }

    /// Adds one transaction of which only these two are at hand.
    pub fn add_parts(&mut self, undelivered: bool, unpaid: Option<Money>) {
        self.undelivered = self.undelivered.saturating_add(u64::from(undelivered));
        let Some(unpaid) = unpaid else { return };
        let zero = Unpaid { total: Money::zero(unpaid.currency()), count: 0 };
        let entry = self.unpaid.entry(unpaid.currency()).or_insert(zero);
        entry.total = entry.total.saturating_plus(&unpaid);
        entry.count = entry.count.saturating_add(1);
    }
}
