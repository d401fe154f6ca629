//! Letters of ours that nobody has shown to have: they go out again, the same bytes, until they are acknowledged.
//!
//! Mail is lost. A status that is lost is asked for; an order, an OK or an instruction that is lost can be missed by
//! nobody but its sender. The other end takes a repeat for a repeat and acknowledges it again.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::Offset;

use crate::trade::{Digest, Direction, Fingerprint, Kept, Letter, Moment, Transaction};

/// Seconds within which it means nothing that a letter is not acknowledged: many look at their mail once a day.
pub const SOON: i64 = 86_400;
/// Seconds after which a letter that nobody acknowledged goes out again for the first time.
pub const AFTER: i64 = 3 * 86_400;
/// How often a letter is sent at most (I11).
pub const TIMES: usize = 5;
/// Seconds after which the owner is told of a letter that nobody acknowledged, however often it was sent.
pub const TOLD: i64 = 28 * 86_400;
/// A day, in seconds.
const DAY: i64 = 86_400;
/// Days after the first sending on which a letter goes out again; then its owner is told (I11: five times in all).
const AGAIN: [i64; 4] = [3, 7, 14, 28];
/// Seconds after the first sending from which on a letter does not go out again. Who looks at his mail once a week does not
/// miss its last day.
pub const LAST: i64 = 35 * DAY;
/// Seconds within which a letter that comes again is answered again: its writer sends it until [`LAST`], and a mail is five days
/// on its way at most. What is older is read again from an old mailbox, and nobody waits for an answer.
pub const ANSWERED: i64 = LAST + 5 * DAY;

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

/// Returns whether a letter first sent at `first` and sent `times` times in all, the last time again on the day `last`, is to go
/// out again.
///
/// On each of its days it goes out once, and what was missed is not made up for: who was away, or has lost the count with the
/// index, sends it once and not four times. A day later than now is of a clock that was ahead, and tells nothing.
pub fn is_due(first: &Moment, times: usize, last: Option<Date>, now: &Moment) -> bool {
    let age = now.seconds_since(first);
    let come = AGAIN.iter().rev().map(|days| days.saturating_mul(DAY)).find(|after| age >= *after);
    let Some(after) = come.filter(|_| age < LAST && (1..TIMES).contains(&times)) else { return false };
    let last = last.filter(|last| *last <= day(now));
    last.is_none_or(|last| last < day(&first.plus_seconds(after)))
}

/// Returns the day of a moment, as sendings are counted by: the same wherever the machine is.
pub fn day(moment: &Moment) -> Date {
    Offset::UTC.to_datetime(moment.instant()).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_goes_out_five_times_at_most() {
        let first = Moment::parse("2026-07-01T09:00:00Z").unwrap();
        let after = |days: i64| first.plus_seconds(days * 86_400);
        let mut sent = Vec::new();
        let mut last = None;
        for hour in 0..60 * 24 {
            let now = first.plus_seconds(hour * 3_600);
            if is_due(&first, sent.len() + 1, last, &now) {
                sent.push(hour);
                last = Some(day(&now));
            }
        }
        assert_eq!(sent, AGAIN.map(|days| days * 24));
        assert!(!is_due(&first, 5, None, &after(28)));
        assert!(!is_due(&first, 0, None, &after(28)), "what was never sent is in the outbox");
    }

    #[test]
    fn what_was_missed_is_not_made_up_for_and_what_is_old_is_not_sent() {
        let first = Moment::parse("2026-07-01T09:00:00Z").unwrap();
        let after = |days: i64| first.plus_seconds(days * DAY);
        // Looked at seldom, or the count was lost: once on each day that has come, however many were missed.
        for (days, due) in
            [(2, false), (3, true), (6, true), (9, true), (20, true), (28, true), (34, true), (35, false)]
        {
            assert_eq!(is_due(&first, 1, None, &after(days)), due, "{days}");
            assert!(!is_due(&first, 2, Some(day(&after(days))), &after(days)), "{days}: twice on one day");
        }
        assert!(
            !is_due(&first, 2, Some(day(&after(9))), &after(13)) && is_due(&first, 2, Some(day(&after(9))), &after(14))
        );
        // A clock that was ahead: what it says of the last time is not believed.
        assert!(is_due(&first, 2, Some(day(&after(400))), &after(7)));
        assert!(!is_due(&first, 1, None, &after(400)));
    }
}
