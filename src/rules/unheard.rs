//! Letters of ours that nobody has shown to have: they go out again, the same bytes, until they are acknowledged.
//!
//! Mail is lost. A status that is lost is asked for; an order, an OK or an instruction that is lost can be missed by
//! nobody but its sender. The other end takes a repeat for a repeat and acknowledges it again.

use std::collections::BTreeSet;

use crate::trade::{Digest, Direction, Fingerprint, Kept, Letter, Moment, Transaction};

/// Seconds within which it means nothing that a letter is not acknowledged: many look at their mail once a day.
pub const SOON: i64 = 86_400;
/// Seconds after which a letter that nobody acknowledged goes out again for the first time.
pub const AFTER: i64 = 3 * 86_400;
/// How often a letter is sent at most (I11).
pub const TIMES: usize = 5;
/// Seconds after which the owner is told of a letter that nobody acknowledged, however often it was sent.
pub const TOLD: i64 = 28 * 86_400;
/// Days after the first sending on which a letter goes out again; then its owner is told (I11: five times in all).
const AGAIN: [i64; 4] = [3, 7, 14, 28];

/// Returns the letters we wrote in this transaction that their recipient has neither answered nor receipted. Receipts and
/// refusals are not waited for: who misses one sends its own letter again.
///
/// `receipted` tells whether a receipt signed by this key names this content.
pub fn unheard<'a>(
    transaction: &'a Transaction,
    receipted: &'a dyn Fn(&Fingerprint, &Digest) -> bool,
) -> impl Iterator<Item = &'a Kept> {
    let came = transaction.kept.iter().filter(|kept| kept.direction == Direction::In);
    let answered: BTreeSet<(&Fingerprint, Digest)> =
        came.filter_map(|kept| Some((&kept.letter.from.fingerprint, kept.letter.answers?))).collect();
    transaction.kept.iter().filter(move |kept| {
        let to = &kept.letter.to.fingerprint;
        kept.direction == Direction::Out
            && is_waited_for(&kept.letter)
            && !answered.contains(&(to, kept.content))
            && !receipted(to, &kept.content)
    })
}

/// Returns whether a letter of ours is waited for to be acknowledged.
pub fn is_waited_for(letter: &Letter) -> bool {
    !letter.stays_here() && letter.kind().is_numbered()
}

/// Returns whether a letter first sent at `first` and sent `times` times in all is to go out again.
pub fn is_due(first: &Moment, times: usize, now: &Moment) -> bool {
    let next = times.checked_sub(1).and_then(|repeats| AGAIN.get(repeats));
    next.is_some_and(|days| now.seconds_since(first) >= days.saturating_mul(86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_goes_out_five_times_at_most() {
        let first = Moment::parse("2026-07-01T09:00:00Z").unwrap();
        let after = |days: i64| first.plus_seconds(days * 86_400);
        assert!(!is_due(&first, 1, &after(2)));
        assert!(is_due(&first, 1, &after(3)) && !is_due(&first, 2, &after(3)));
        assert!(is_due(&first, 4, &after(28)));
        assert!(!is_due(&first, 5, &after(1000)));
        assert!(!is_due(&first, 0, &after(1000)), "what was never sent is in the outbox");
    }
}
