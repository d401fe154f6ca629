//! Terms that a shop offers in the place of others (`mo:replaces`) and that the buyer has not answered.
//!
//! Until his OK the old ones hold, so nothing about how the transaction stands tells of them.

use super::leg;
use super::standing::State;
use crate::trade::{Direction, Document, Kept, Kind, Role, Terms, Transaction, Verdict};

/// Returns the newest terms that are to take the place of those in force, as long as the buyer has not answered them: such
/// as count, or as wait for his word because they differ from the order.
///
/// `state` is that of the transaction: what is over has no use for new terms.
pub fn waiting(transaction: &Transaction, state: State) -> Option<(&Kept, &Terms)> {
    if transaction.key.role != Role::Buyer || !matches!(state, State::Offered | State::Open) {
        return None;
    }
    let (in_force, _) = transaction.terms()?;
    let newer = transaction.kept.iter().filter(|kept| kept.letter.seq > in_force.letter.seq);
    let newer = newer.filter(|kept| {
        kept.letter.replaces.is_some() && is_offered(transaction, kept) && !transaction.is_replaced(kept)
    });
    let newest = newer.max_by_key(|kept| kept.letter.seq)?;
    let ours = [Kind::Confirmation, Kind::Refusal].into_iter().flat_map(|kind| transaction.sent(kind));
    let mut answers = ours.filter(|sent| sent.letter.answers == Some(newest.content));
    match &newest.letter.document {
        Document::TransactionInfo(terms) if answers.next().is_none() => Some((newest, terms)),
        _ => None,
    }
}

/// Returns the newest terms that we as the shop offer in the place of those in force, as long as the buyer has not answered them.
///
/// `state` is that of the transaction.
pub fn offered(transaction: &Transaction, state: State) -> Option<(&Kept, &Terms)> {
    if transaction.key.role != Role::Shop || !matches!(state, State::Offered | State::Open) {
        return None;
    }
    let (in_force, _) = transaction.terms()?;
    let is_new = |kept: &Kept| kept.letter.replaces.is_some() && kept.letter.seq > in_force.letter.seq;
    let answered = |kept: &Kept| transaction.known(Kind::Confirmation).any(|ok| ok.letter.terms == Some(kept.content));
    transaction.offer().filter(|(kept, _)| is_new(kept) && !answered(kept))
}

/// Returns what was done under the terms in force, so that others cannot take their place any more.
pub fn done(transaction: &Transaction) -> Option<&'static str> {
    let (legs, _) = leg::fold(transaction);
    if legs.delivery.done_in_part().is_some() {
        return Some("goods have arrived");
    }
    if legs.order.done_in_part().is_some() {
        return Some("goods have left");
    }
    legs.paid.is_some().then_some("money was paid")
}

/// Returns whether a letter is the shop's, and counts or waits for a person's word.
pub(super) fn is_offered(transaction: &Transaction, kept: &Kept) -> bool {
    let waits = kept.verdict == Verdict::Warned && kept.settled.is_none();
    let shop = transaction.order().map(|(ordered, _)| &ordered.letter.to);
    kept.direction == Direction::In && (kept.counts() || (waits && shop == Some(&kept.letter.from)))
}
