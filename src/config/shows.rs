//! What a procedure shows an agent beyond what it needs, settled: each fault with its line and column.

use super::ConfigError;
use super::fault::Faults;
use super::procedure::nearest;
use super::settle::Place;
use super::written::AgentWritten;
use crate::trade::{Leg, Shows};

/// The words of what the agent of each leg may be shown; the rest of them it is told in any case.
const PAYMENT: [&str; 3] = ["items", "prices", "address"];
const DELIVERY: [&str; 3] = ["items", "prices", "sum"];

impl Place<'_> {
    /// Settles what the agent of `leg` is shown.
    pub(super) fn shows(&self, leg: Leg, agent: Option<&AgentWritten>) -> Result<Shows, ConfigError> {
        let mut shows = Shows::default();
        let Some(agent) = agent else { return Ok(shows) };
        let key = format!("shop.procedure.{}_agent.shows", leg.word());
        let mut faults = Faults::default();
        for word in &agent.shows {
            let twice = || format!("{:?} stands twice", word.as_ref());
            let seen = place(&mut shows, leg, word.as_ref()).map(|place| std::mem::replace(place, true));
            if let Some(what) = seen.map_or_else(Some, |seen| seen.then(twice)) {
                faults.add(self.fault_at(word.span().start, &key, what));
            }
        }
        let prices = agent.shows.iter().find(|word| word.as_ref() == "prices");
        if let Some(word) = prices.filter(|_| !shows.items && faults.is_empty()) {
            let what = "\"prices\" are those of the items: write \"items\", too";
            faults.add(self.fault_at(word.span().start, &key, what));
        }
        faults.or(shows)
    }
}

/// Returns what a word switches on, or what is wrong with it.
fn place<'a>(shows: &'a mut Shows, leg: Leg, word: &str) -> Result<&'a mut bool, String> {
    let known = if leg == Leg::Payment { PAYMENT } else { DELIVERY };
    match word {
        "items" => Ok(&mut shows.items),
        "prices" => Ok(&mut shows.prices),
        "sum" if leg == Leg::Delivery => Ok(&mut shows.sum),
        "address" if leg == Leg::Payment => Ok(&mut shows.address),
        "sum" | "address" => Err(format!("the {leg}_agent is told the {word} in any case", leg = leg.word())),
        _ => {
            let all = known.join(", ");
            let near = nearest(word, known.into_iter());
            Err(format!("{word:?} is none of {all}{near}; payment data go sealed to the payment agent alone"))
        }
    }
}
