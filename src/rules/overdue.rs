//! What time alone brings up: a promised date that passed, about which somebody spoke since (late) or nobody did (silent).
//! Computed when asked for, never entered; what a person says to it is.

use super::{Standing, returned};
use crate::trade::{Code, Direction, Finding, Kind, Leg, Moment, Money, Role, Transaction, When};

/// Days within which money is expected that the shop agreed to give back, where its agent names no day for it.
const REFUND_DAYS: i64 = 14;

/// A finding that comes of the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    /// What is said.
    pub finding: Finding,
    /// What is overdue: the word of a leg, or `refund`.
    pub what: &'static str,
    /// The leg whose speaker is in charge of it.
    pub leg: Leg,
    /// The date that passed.
    pub promised: When,
}

impl Overdue {
    /// Returns what a settlement names it by: the same leg late for another date is another matter, and a word of its speaker
    /// that it is not done is none.
    pub fn subject(&self, transaction: &Transaction) -> String {
        let key = &transaction.key;
        format!("{} {} {} {} {} {}", Code::Late, key.role, key.shop, key.id, self.what, self.promised)
    }
}

/// Money that is to go back to the buyer and has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refund {
    /// How much.
    pub amount: Money,
    /// Until when: the payment agent's day, else two weeks after the shop's word.
    pub promised: When,
}

/// Returns what is overdue in a transaction at `now` (P84): each late leg and a late refund, once, as silent where the one who
/// speaks for it has not been heard since the date.
pub fn overdue(transaction: &Transaction, now: &Moment) -> Vec<Overdue> {
    let standing = Standing::of(transaction);
    let mut found = Vec::new();
    for leg in standing.late(now) {
        let Some(promised) = standing.mark(leg).promised else { continue };
        found.push(passed(transaction, (leg, leg.word()), leg.word(), promised, now));
    }
    if let Some(refund) = refund(transaction, &standing).filter(|refund| refund.promised.is_over(now)) {
        let name = format!("the refund of {}", refund.amount);
        found.push(passed(transaction, (Leg::Payment, "refund"), &name, refund.promised, now));
    }
    found
}

/// Says that the date of something has passed, or that its speaker has been silent since, which says that, too.
fn passed(
    transaction: &Transaction,
    (leg, what): (Leg, &'static str),
    name: &str,
    promised: When,
    now: &Moment,
) -> Overdue {
    let make = |code: Code, text: String| Overdue { finding: Finding::new(code, text), what, leg, promised };
    let late = || make(Code::Late, format!("{name} was promised for {promised} and is not done"));
    let statuses = transaction.kept.iter().filter(|kept| kept.letter.kind().status_of() == Some(leg));
    if statuses.clone().any(|kept| kept.direction == Direction::Out) {
        // Nobody waits for word from himself.
        return late();
    }
    let heard = statuses.filter(|kept| kept.counts()).map(|kept| kept.recorded).max();
    if heard.is_some_and(|heard| heard > promised.end(now.offset())) {
        return late();
    }
    let last = heard.map_or_else(|| "ever".to_owned(), |heard| format!("since {}", heard.day()));
    let who = transaction.terms().and_then(|(_, terms)| terms.agent(leg).map(|agent| agent.party.address.clone()));
    let who = who.unwrap_or_else(|| transaction.key.shop.clone());
    make(Code::Silent, format!("{name} was promised for {promised}, and {who} has not said a word about it {last}"))
}

/// Returns what is still to go back of what was paid: all of it once the order is cancelled, what the shop agreed to for
/// returns. A delivery agent knows nothing of it.
pub fn refund(transaction: &Transaction, standing: &Standing) -> Option<Refund> {
    let legs = &standing.legs;
    let amount = match transaction.key.role {
        Role::Delivery => None,
        Role::Payment => legs.refunding,
        Role::Buyer | Role::Shop => {
            let agreed = returned::refund(transaction).ok().flatten();
            let owed = legs.paid.filter(|_| legs.cancelled.is_some()).or(agreed)?;
            legs.refunded.map_or(Some(owed), |back| owed.minus(&back).ok())
        }
    };
    let amount = amount.filter(|amount| !amount.is_zero() && !amount.is_negative())?;
    // A date that a letter gives itself puts nothing off.
    let said = transaction.known(Kind::ReturnAnswer).map(|kept| kept.letter.date.min(kept.recorded)).max();
    let word = legs.cancelled.into_iter().chain(said).max();
    let expected = word.map(|word| When::Day(word.plus_seconds(REFUND_DAYS.saturating_mul(86_400)).day()));
    Some(Refund { amount, promised: legs.refund_planned.or(expected)? })
}
