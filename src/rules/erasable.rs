//! May what a letter says of people be erased? Only where nothing is waited for any more: what is still to be sent, answered,
//! paid, brought or argued about needs the letter as it was signed.
//!
//! Whether its owner should, by law or promise, is for him to know.

use std::fmt;

use super::overdue::refund;
use super::waiting::waiting_in;
use super::{Standing, State, reconcile};
use crate::trade::{Direction, Document, Kept, Kind, Moment, Transaction, Verdict};

/// Why it may not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needed {
    /// The transaction is not over.
    Open(State),
    /// Money is still to go back.
    Refund,
    /// A letter of the transaction was warned about, and nobody settled that: its entry.
    Warned(u64),
    /// A letter of the transaction waits for the owner: its entry.
    Waits(u64),
    /// A hook has work for the transaction.
    Work,
}

impl fmt::Display for Needed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(state) => write!(f, "its transaction is not over, it is {state}"),
            Self::Refund => f.write_str("money is still to go back"),
            Self::Warned(entry) => write!(f, "nobody has settled the warning W-{entry}"),
            Self::Waits(entry) => write!(f, "entry {entry} of its transaction waits for an answer"),
            Self::Work => f.write_str("a hook still has work for it"),
        }
    }
}

/// Returns why a letter of this transaction is still needed, as it stands at `now`; `None` where it may be erased.
pub fn needed(transaction: &Transaction, now: &Moment) -> Option<Needed> {
    let standing = Standing::of(transaction);
    let warned = transaction.kept.iter().find_map(disputed);
    // Letters that nobody believed begin nothing that could be open.
    if reconcile::begun(transaction).is_none() {
        return warned;
    }
    let open = match standing.state {
        State::Ordered | State::Open => true,
        State::Offered => !has_run_out(transaction, now),
        State::Completed | State::Rejected | State::Cancelled | State::Returned | State::Refunded => false,
    };
    let waits = || waiting_in(transaction, standing.state).first().map(|one| Needed::Waits(one.position()));
    let works = transaction.given.iter().any(|given| given.said.is_none());
    open.then_some(Needed::Open(standing.state))
        .or_else(|| refund(transaction, &standing).map(|_| Needed::Refund))
        .or(warned)
        .or_else(waits)
        .or_else(|| works.then_some(Needed::Work))
}

/// Returns what is still to be said about a letter that does not count.
fn disputed(kept: &Kept) -> Option<Needed> {
    let open = kept.direction == Direction::In && kept.settled.is_none();
    match kept.verdict {
        Verdict::Held if open => Some(Needed::Waits(kept.position)),
        Verdict::Warned if open => Some(Needed::Warned(kept.position)),
        _ => None,
    }
}

/// Returns whether an OK to anything that was offered would come too late.
fn has_run_out(transaction: &Transaction, now: &Moment) -> bool {
    transaction.known(Kind::TransactionInfo).all(|kept| match &kept.letter.document {
        Document::TransactionInfo(terms) => terms.has_run_out(now),
        _ => true,
    })
}
