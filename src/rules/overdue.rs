//! What time alone brings up: a promised date that passed (late), and nobody who said why (silent). Computed when asked
//! for, never entered; what a person says to it is.

use super::Standing;
use crate::trade::{Code, Direction, Finding, Leg, Moment, Transaction, When};

/// A finding that comes of the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    /// What is said.
    pub finding: Finding,
    /// The leg.
    pub leg: Leg,
    /// The date that passed.
    pub promised: When,
}

impl Overdue {
    /// Returns what a settlement names it by: the same leg late for another date is another matter.
    pub fn subject(&self, transaction: &Transaction) -> String {
        let key = &transaction.key;
        format!("{} {} {} {} {}", self.finding.code.word(), key.role, key.shop, key.id, self.leg.word())
            + &format!(" {}", self.promised)
    }
}

/// Returns what is overdue in a transaction at `now` (P84): each late leg, and again where its speaker has not been heard
/// since the date.
pub fn overdue(transaction: &Transaction, now: &Moment) -> Vec<Overdue> {
    let standing = Standing::of(transaction);
    let mut found = Vec::new();
    for leg in standing.late(now) {
        let Some(promised) = standing.mark(leg).date else { continue };
        let make = |code: Code, text: String| Overdue { finding: Finding::new(code, text), leg, promised };
        found.push(make(Code::Late, format!("{leg} was promised for {promised} and is not done")));
        let end = promised.end(now.offset());
        let speaks = |kept: &&crate::trade::Kept| {
            kept.direction == Direction::In && kept.letter.kind().status_of() == Some(leg) && kept.counts()
        };
        let heard = transaction.kept.iter().filter(speaks).map(|kept| kept.recorded).max();
        if heard.is_none_or(|heard| heard <= end) {
            let last = heard.map_or_else(|| "ever".to_owned(), |heard| format!("since {}", heard.day()));
            found.push(make(
                Code::Silent,
                format!("{leg} was promised for {promised}, and nobody has said a word {last}"),
            ));
        }
    }
    found
}
