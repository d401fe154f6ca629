//! Where a transaction stands as a whole: ordered, offered, open, completed, ... and whether it is late (P70, P84).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::leg::{self, Legs};
use super::{replacing, returned};
use crate::trade::status::{STOPPED, Step};
use crate::trade::{Document, Kept, Kind, Leg, Moment, Money, Role, Terms, Transaction, When};

/// The state of a transaction, as `list` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The order is out, no terms yet.
    Ordered,
    /// The terms are there, not yet accepted.
    Offered,
    /// Accepted, not all done.
    Open,
    /// Shipped, delivered and paid.
    Completed,
    /// The shop refused the order, or an OK that came too late.
    Rejected,
    /// The shop confirmed the cancellation.
    Cancelled,
    /// The goods went back.
    Returned,
    /// The money went back.
    Refunded,
}

impl State {
    /// All of them, in the order in which an order may come to them.
    pub const ALL: [Self; 8] = [
        Self::Ordered,
        Self::Offered,
        Self::Open,
        Self::Completed,
        Self::Rejected,
        Self::Cancelled,
        Self::Returned,
        Self::Refunded,
    ];

    /// Returns its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Offered => "offered",
            Self::Open => "open",
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Returned => "returned",
            Self::Refunded => "refunded",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A leg for the list: done or not, and the date of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Whether all of it is done.
    pub done: bool,
    /// When it was done, or is planned.
    pub date: Option<When>,
    /// The day that it is late after: the one agreed on, else the one planned. A plan puts off nothing that was agreed on, and
    /// nothing is late before it.
    pub promised: Option<When>,
}

impl Mark {
    /// Returns the day agreed on, where it is planned for a later one.
    pub fn agreed_before(&self) -> Option<When> {
        let (planned, promised) = (self.date?, self.promised?);
        (!self.done && planned.day() > promised.day()).then_some(promised)
    }
}

/// Where a transaction stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// The legs as folded.
    pub legs: Legs,
    /// What is still to be paid; `None` before the terms, or when nothing is owed any more.
    pub unpaid: Option<Money>,
    role: Role,
    /// Whether a payment agent had to stop what was paid in part: the rest is not expected any more.
    collects_no_more: bool,
    terms_due: Option<When>,
    terms_arrival: Option<When>,
}

impl Standing {
    /// Reckons where a transaction stands.
    pub fn of(transaction: &Transaction) -> Self {
        let (mut legs, _) = leg::fold(transaction);
        // What is missing of a delivery and paid back, or not to be paid, keeps nobody waiting.
        if legs.delivery.done.is_none()
            && legs.delivery.missing().is_some_and(|missing| returned::makes_good(transaction, &missing))
        {
            legs.delivery.done = legs.delivery.done_in_part();
        }
        let state = state(transaction, &legs);
        let terms = transaction.terms().map(|(_, terms)| terms);
        let collects_no_more = transaction.key.role == Role::Payment && is_stopped_in_part(transaction, &legs);
        let owed = matches!(state, State::Open | State::Completed) && legs.payment.done.is_none() && !collects_no_more;
        let unpaid = legs.remaining.or(terms.map(|terms| terms.total)).filter(|_| owed);
        Self {
            state,
            role: transaction.key.role,
            collects_no_more,
            unpaid: unpaid.filter(|unpaid| !unpaid.is_zero()),
            terms_due: terms.and_then(|terms| terms.payment_due),
            terms_arrival: terms.and_then(|terms| terms.arrival_until.or(terms.arrival_from)),
            legs,
        }
    }

    /// Returns the mark of one leg: what its speaker says, beside what the terms promise.
    pub fn mark(&self, leg: Leg) -> Mark {
        let state = self.legs.get(leg);
        if let Some(done) = state.done {
            return Mark { done: true, date: Some(When::Moment(done)), promised: None };
        }
        if leg == Leg::Payment && self.collects_no_more {
            return Mark { done: false, date: None, promised: None };
        }
        let agreed = match leg {
            Leg::Order => None,
            Leg::Payment => self.terms_due,
            Leg::Delivery => self.terms_arrival,
        };
        Mark { done: false, date: state.planned.or(agreed), promised: agreed.or(state.planned) }
    }

    /// Returns the legs whose promised date has passed without their being done (P84).
    pub fn late(&self, now: &Moment) -> Vec<Leg> {
        if self.state != State::Open {
            return Vec::new();
        }
        let late = |leg: &Leg| {
            let mark = self.mark(*leg);
            !mark.done && mark.promised.is_some_and(|date| date.is_over(now))
        };
        Leg::ALL.into_iter().filter(late).collect()
    }

    /// Returns whether goods are still to arrive; a payment agent brings none.
    pub fn undelivered(&self) -> bool {
        self.role != Role::Payment && self.state == State::Open && self.legs.delivery.done.is_none()
    }
}

/// An agent sees no terms: what it was instructed to do is open until it is done, and what it refused is not. To the shop
/// that it says so to, the order stands until the buyer is told.
fn state_at_agent(transaction: &Transaction, legs: &Legs) -> State {
    let refused =
        |document: &Document| matches!(document, Document::AuthorizationResult(result) if result.step.failed());
    let taken = [Kind::PaymentInstruction, Kind::DeliveryInstruction]
        .into_iter()
        .flat_map(|kind| transaction.known(kind))
        .any(|instruction| !transaction.is_refused(&instruction.content));
    let instructed = transaction.known(Kind::PaymentInstruction).chain(transaction.known(Kind::DeliveryInstruction));
    if !taken {
        let declined = transaction.key.role == Role::Payment
            && transaction.known(Kind::AuthorizationResult).last().is_some_and(|k| refused(&k.letter.document));
        return if declined || instructed.count() > 0 { State::Rejected } else { State::Ordered };
    }
    let brought = legs.delivery.is_brought();
    let stopped_in_part = is_stopped_in_part(transaction, legs);
    let own = legs.payment.done.is_some() || brought || stopped_in_part;
    match own {
        true if legs.refunding.is_some() => State::Open,
        true if legs.refunded.is_some() && legs.refunded == legs.paid => State::Refunded,
        true if stopped_in_part => State::Cancelled,
        true => State::Completed,
        // What was declined is still owed, unless the shop had it stopped.
        false if legs.payment.failed && legs.remaining.is_none_or(|remaining| remaining.is_zero()) => State::Cancelled,
        // What was refused or lost may still be brought, unless the shop had us stop.
        false if legs.delivery.failed && transaction.known(Kind::Stop).next().is_some() => State::Cancelled,
        false => State::Open,
    }
}

/// Returns whether a payment was made in part, and the shop had the rest stopped.
fn is_stopped_in_part(transaction: &Transaction, legs: &Legs) -> bool {
    let said = legs.payment.content.and_then(|content| transaction.by_content(&content));
    let Some(Document::PaymentStatus(status)) = said.map(|kept| &kept.letter.document) else { return false };
    let stopped = |step: &Step| matches!(step, Step::Failed { reason, .. } if reason.code == STOPPED);
    let payments: Vec<&Step> = status.payments.iter().filter(|p| !p.refund).map(|p| &p.step).collect();
    payments.iter().any(|step| step.done().is_some())
        && payments.iter().any(|step| stopped(step))
        && payments.iter().all(|step| step.is_over())
}

fn state(transaction: &Transaction, legs: &Legs) -> State {
    if transaction.rejection().is_some() {
        return State::Rejected;
    }
    // What goes back in part leaves the rest as it stands.
    if let Some((_, terms)) = transaction.terms().filter(|(_, terms)| returned::is_all(transaction, terms)) {
        return if is_paid_back(transaction, terms, legs) { State::Refunded } else { State::Returned };
    }
    if legs.cancelled.is_some() {
        return if all_is_back(legs) { State::Refunded } else { State::Cancelled };
    }
    if transaction.terms().is_none() {
        return state_at_agent(transaction, legs);
    }
    if Leg::ALL.into_iter().all(|leg| legs.get(leg).done.is_some()) {
        return if all_is_back(legs) { State::Refunded } else { State::Completed };
    }
    // A shop that is asked about an offer answers that nothing is shipped: that starts nothing.
    let started = legs.payment.content.is_some() || legs.delivery.content.is_some() || !legs.order.parcels.is_empty();
    if transaction.accepted().next().is_some() || started {
        return State::Open;
    }
    if is_refused(transaction) { State::Rejected } else { State::Offered }
}

/// Returns whether what the shop agreed to has gone back for all of the goods, and no less than they are worth.
fn is_paid_back(transaction: &Transaction, terms: &Terms, legs: &Legs) -> bool {
    let agreed = returned::refund(transaction).ok().flatten();
    let is_back = |(back, agreed): (Money, Money)| {
        let least = legs.paid.map(|paid| returned::owed_for_all(terms, paid));
        !agreed.exceeds(&back).unwrap_or(true) && least.is_none_or(|least| !least.exceeds(&back).unwrap_or(true))
    };
    legs.refunded.zip(agreed).is_some_and(is_back)
}

/// Returns whether something was paid and all of it has gone back.
fn all_is_back(legs: &Legs) -> bool {
    let back = legs.refunded.zip(legs.paid);
    back.is_some_and(|(back, paid)| !paid.is_zero() && !paid.exceeds(&back).unwrap_or(true))
}

/// Returns whether the newest terms were answered by an OK that the shop refused: nothing will come of them. Terms that differ
/// from the order and wait for the buyer's word are the newest, too; such as others replaced are over, and nothing follows from them.
fn is_refused(transaction: &Transaction) -> bool {
    let stands = |kept: &&Kept| kept.counts() || replacing::is_offered(transaction, kept);
    let terms = transaction.kept.iter().filter(|kept| kept.letter.kind() == Kind::TransactionInfo);
    let standing = terms.filter(stands).filter(|kept| !transaction.is_replaced(kept));
    let newest = standing.max_by_key(|kept| kept.letter.seq).map(|kept| kept.content);
    newest.is_some() && transaction.known(Kind::Confirmation).any(|ok| ok.letter.terms == newest)
}
