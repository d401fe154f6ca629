//! What is late, since when, or failed, and whom to ask about it (P117).

use crate::clerk::{Clerk, ClerkError};
use crate::index::Listed;
use crate::role::buyer;
use crate::trade::{Address, Leg, Moment, OrderId, When};

/// A promised date that passed, and who speaks for it.
#[derive(Debug, Clone)]
pub struct Late {
    /// The order.
    pub order: OrderId,
    /// The leg; `None` for a refund.
    pub leg: Option<Leg>,
    /// The date that was promised.
    pub due: When,
    /// Whom to ask: who speaks for the leg by the terms, else the shop.
    pub ask: Address,
}

impl Late {
    /// Returns what is late of a transaction, the legs in the order of lists; nothing where all is in time.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn of(clerk: &Clerk, one: &Listed, now: &Moment) -> Result<Vec<Self>, ClerkError> {
        let row = &one.row;
        if row.due.is_none_or(|due| !due.is_over(now)) {
            return Ok(Vec::new());
        }
        let known = clerk.index().load_key(&one.key)?;
        let agent = |leg: Leg| known.as_ref()?.terms()?.1.agent(leg).map(|agent| agent.party.address.clone());
        let late = |leg: Option<Leg>, due: When| {
            let ask = leg.and_then(agent).or_else(|| agent(Leg::Payment)).unwrap_or_else(|| one.key.shop.clone());
            Self { order: one.key.id.clone(), leg, due, ask }
        };
        let over = row.legs().into_iter().filter_map(|(leg, at)| row.overdue(at, now).map(|due| late(Some(leg), due)));
        let found: Vec<Self> = over.collect();
        Ok(if found.is_empty() { row.due.map(|due| late(None, due)).into_iter().collect() } else { found })
    }

    /// Returns the word of what is late.
    pub fn word(&self) -> &'static str {
        self.leg.map_or("refund", Leg::word)
    }
}

/// A leg of which something failed, and who speaks for it.
#[derive(Debug, Clone)]
pub struct Failed {
    /// The order.
    pub order: OrderId,
    /// The leg.
    pub leg: Leg,
    /// Whom to ask.
    pub ask: Address,
}

impl Failed {
    /// Returns the legs of an order of which something failed and whose agents can be asked, in the order of lists; what is late as
    /// well is told as late.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn of(clerk: &Clerk, one: &Listed, now: &Moment) -> Result<Vec<Self>, ClerkError> {
        let row = &one.row;
        let failed = row.legs().into_iter().filter(|(_, leg)| leg.failed && row.overdue(leg, now).is_none());
        let failed: Vec<Leg> = failed.map(|(leg, _)| leg).collect();
        if failed.is_empty() {
            return Ok(Vec::new());
        }
        let Some(known) = clerk.index().load_key(&one.key)? else { return Ok(Vec::new()) };
        let Some((_, terms)) = known.terms().filter(|_| buyer::ask(&known, &[]).is_ok()) else { return Ok(Vec::new()) };
        let agent = |leg: Leg| Some((leg, terms.agent(leg)?.party.address.clone()));
        let failed = failed.into_iter().filter_map(agent);
        Ok(failed.map(|(leg, ask)| Self { order: one.key.id.clone(), leg, ask }).collect())
    }
}
