//! How often a buyer has asked. Nobody answers more than a few times a day: schedules and rules ask no leg more often, and a
//! person is told when he asked before.

use crate::trade::{Document, Kept, Kind, Leg, Moment, Transaction};

/// How often one leg is asked about in a day without a person, at most.
pub const MOST_A_DAY: usize = 4;
/// Seconds of a day; requests that a wrong clock dated further ahead are none (F39).
const DAY: i64 = 86_400;

/// Returns the requests about a leg, whoever had them written, but for those that a wrong clock dated far ahead.
pub(super) fn requests<'a>(transaction: &'a Transaction, leg: Leg, now: &'a Moment) -> impl Iterator<Item = &'a Kept> {
    transaction.sent(Kind::StatusRequest).filter(move |sent| {
        sent.recorded.seconds_since(now) <= DAY
            && matches!(&sent.letter.document, Document::StatusRequest(request) if request.leg == leg)
    })
}

/// Returns whether a leg was asked about so often within a day that more will not be answered.
pub fn is_enough(transaction: &Transaction, leg: Leg, now: &Moment) -> bool {
    requests(transaction, leg, now).filter(|sent| now.seconds_since(&sent.recorded) < DAY).count() >= MOST_A_DAY
}

/// Returns when anybody was asked last about one of these legs, or any where none is named.
pub fn last(transaction: &Transaction, legs: &[Leg], now: &Moment) -> Option<Moment> {
    let legs = Leg::ALL.into_iter().filter(|leg| legs.is_empty() || legs.contains(leg));
    legs.flat_map(|leg| requests(transaction, leg, now)).map(|sent| sent.recorded).max()
}
