//! What is late, since when, and whom to ask about it (P117).

use crate::clerk::{Clerk, ClerkError};
use crate::index::Listed;
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
        let legs = [(Leg::Order, &row.order), (Leg::Delivery, &row.delivery), (Leg::Payment, &row.payment)];
        let open = legs.into_iter().filter(|(_, leg)| row.open && !leg.done);
        let over =
            open.filter_map(|(leg, at)| at.date.filter(|date| date.is_over(now)).map(|due| late(Some(leg), due)));
        let found: Vec<Self> = over.collect();
        Ok(if found.is_empty() { row.due.map(|due| late(None, due)).into_iter().collect() } else { found })
    }

    /// Returns the word of what is late.
    pub fn word(&self) -> &'static str {
        self.leg.map_or("refund", Leg::word)
    }
}
