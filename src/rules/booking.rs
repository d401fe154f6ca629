//! What a transaction does to somebody's books: bought, paid, not owed any more, to be given back, given back (P80, P85).
//!
//! The amounts add up: what was bought and what was billed above it, less what was paid and what is not owed any more, is what
//! lists show as unpaid.

use super::overdue::refund;
use super::returned::{self, Promise};
use super::{Standing, State};
use crate::trade::status::{Payment, PaymentStatus};
use crate::trade::{Document, Kept, Kind, Moment, Money, Transaction};

/// One thing to be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// When it happened.
    pub at: Moment,
    /// What happened.
    pub what: Booked,
    /// How much; above zero.
    pub amount: Money,
}

/// What happened to money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Booked {
    /// The terms were agreed to; the amount is their total.
    Bought {
        /// What of the total is not for goods: charges, less discounts.
        charges: Money,
    },
    /// A payment was made.
    Paid {
        /// The payment agent's number of it.
        id: String,
    },
    /// It is not to be paid any more: the order was cancelled, or the goods went back before they were paid.
    Dropped,
    /// More is billed than was agreed, and a person accepted that.
    Raised,
    /// It is to go back: the shop agreed to that.
    DueBack,
    /// It went back.
    Back {
        /// The payment agent's number of it.
        id: String,
    },
}

impl Booking {
    /// Returns by how much it changes what the buyer owes; nothing of what goes back.
    pub fn owed(&self) -> Option<Money> {
        match self.what {
            Booked::Bought { .. } | Booked::Raised => Some(self.amount),
            Booked::Paid { .. } | Booked::Dropped => Money::zero(self.amount.currency()).minus(&self.amount).ok(),
            Booked::DueBack | Booked::Back { .. } => None,
        }
    }
}

/// Returns what a transaction does to the books of its buyer and its shop, in the order in which it is booked; nothing of what
/// was not agreed to, and nothing for agents, who see no terms.
pub fn bookings(transaction: &Transaction, standing: &Standing) -> Vec<Booking> {
    let Some((_, terms)) = transaction.terms() else { return Vec::new() };
    let legs = &standing.legs;
    let zero = Money::zero(terms.total.currency());
    let made = |refund: bool| -> Vec<Booking> {
        let own = |one: &&Payment| one.refund == refund && one.amount.currency() == zero.currency();
        payments(transaction, standing).iter().filter(own).filter_map(booking).collect()
    };
    let (payments, refunds) = (made(false), made(true));
    let sum = |made: &[Booking]| Money::sum(made.iter().map(|one| &one.amount)).ok().flatten().unwrap_or(zero);
    let (paid, back) = (sum(&payments), sum(&refunds));
    let counts = match standing.state {
        State::Open | State::Completed | State::Returned | State::Refunded => true,
        State::Cancelled => transaction.accepted().next().is_some() || !paid.is_zero(),
        State::Ordered | State::Offered | State::Rejected => false,
    };
    if !counts {
        return Vec::new();
    }
    let bought = transaction.kept.first().map_or(terms.date, |kept| kept.letter.date);
    // A claim and the end of one are of the day on which the shop agreed, whenever the money moves.
    let promises = returned::promises(transaction);
    let agreed = promises.iter().map(|promise| promise.since).max();
    let over = legs.cancelled.or(agreed).or(legs.payment.as_of).unwrap_or(bought);
    let goods: Vec<Money> = terms.lines.iter().filter_map(|line| line.price().ok()).collect();
    let goods = Money::sum(&goods).ok().flatten().unwrap_or(terms.total);
    let charges = terms.total.minus(&goods).unwrap_or(zero);
    let mut found = vec![Booking { at: bought, what: Booked::Bought { charges }, amount: terms.total }];
    found.extend(payments);
    let owed = terms.total.minus(&paid).and_then(|rest| rest.minus(&standing.unpaid.unwrap_or(zero)));
    match owed {
        Ok(raised) if raised.is_negative() => {
            let amount = zero.minus(&raised).unwrap_or(zero);
            let at = billed_above(transaction, &terms.total).unwrap_or(bought);
            found.push(Booking { at, what: Booked::Raised, amount });
        }
        Ok(dropped) if !dropped.is_zero() => found.push(Booking { at: over, what: Booked::Dropped, amount: dropped }),
        _ => {}
    }
    found.extend(claims(&promises, due_back(transaction, standing, paid, back), over));
    found.extend(refunds);
    found
}

/// Returns when more than `agreed` was billed for the first time, in a status that counts.
fn billed_above(transaction: &Transaction, agreed: &Money) -> Option<Moment> {
    let above = |kept: &&Kept| match &kept.letter.document {
        Document::PaymentStatus(status) => {
            let paid = status.payments.iter().filter(|payment| !payment.refund && payment.step.done().is_some());
            let paid = Money::sum(paid.map(|payment| &payment.amount)).ok().flatten();
            let stated = paid.map_or(Ok(status.remaining), |paid| paid.plus(&status.remaining));
            stated.is_ok_and(|stated| stated.exceeds(agreed).unwrap_or(false))
        }
        _ => false,
    };
    let first = transaction.known(Kind::PaymentStatus).find(above)?;
    Some(first.letter.as_of.unwrap_or(first.letter.date))
}

/// Returns what is `due` back as claims: for each return what the shop agreed to, on the day on which it did; the rest, of what
/// was cancelled, on the day on which it was `over`.
fn claims(promises: &[Promise], due: Money, over: Moment) -> Vec<Booking> {
    let mut rest = due;
    let mut claims = Vec::new();
    for Promise { since, refund } in promises {
        let Some(amount) = refund.filter(|amount| amount.currency() == due.currency()) else { continue };
        let amount = if amount.exceeds(&rest).unwrap_or(true) { rest } else { amount };
        if !amount.is_zero() && !amount.is_negative() {
            claims.push(Booking { at: *since, what: Booked::DueBack, amount });
            rest = rest.minus(&amount).unwrap_or(rest);
        }
    }
    if !rest.is_zero() {
        claims.push(Booking { at: over, what: Booked::DueBack, amount: rest });
    }
    claims
}

/// Returns all that went back or is to: no more than was paid, but what went back did.
fn due_back(transaction: &Transaction, standing: &Standing, paid: Money, back: Money) -> Money {
    let rest = refund(transaction, standing).and_then(|rest| rest.amount.plus(&back).ok());
    let due = rest.map(|all| if all.exceeds(&paid).unwrap_or(false) { paid } else { all });
    due.filter(|due| due.exceeds(&back).unwrap_or(false)).unwrap_or(back)
}

/// Returns the payments and refunds of the statement in force.
pub fn payments<'a>(transaction: &'a Transaction, standing: &Standing) -> &'a [Payment] {
    let said = standing.legs.payment.content.and_then(|content| transaction.by_content(&content));
    match said.map(|kept| &kept.letter.document) {
        Some(Document::PaymentStatus(PaymentStatus { payments, .. })) => payments,
        _ => &[],
    }
}

fn booking(payment: &Payment) -> Option<Booking> {
    let id = payment.id.clone();
    let what = if payment.refund { Booked::Back { id } } else { Booked::Paid { id } };
    Some(Booking { at: payment.step.done()?, what, amount: payment.amount })
}
