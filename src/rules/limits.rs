//! How often status requests are answered, and refusals written: often enough for people and schedules, too seldom for whoever would
//! have mail written without end.
//!
//! What goes beyond is entered and acknowledged as any letter is. A status request gets no answer of its own then; a refusal
//! follows when there is room again. An order has its one answer at once, terms or a rejection: neither has a limit. Letters sent again byte for byte are not counted here: how often one goes out is
//! limited for each. Nothing is remembered for it; the letters themselves are counted.

use crate::trade::{Digest, Direction, Fingerprint, Kept, Kind, Moment, Transaction};

/// Seconds of the span in which the answers about one transaction are counted.
pub const DAY: i64 = 86_400;
/// How many statuses of one party about one transaction, within a day, are more than anybody needs.
pub const MANY: usize = 200;
/// Seconds of the span in which all answers to one peer are counted.
pub const HOUR: i64 = 3_600;

/// A letter that is counted. Each sort has its own room in a transaction, so that who asked too often still hears that
/// his cancellation came too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// A status that answers a status request.
    Status,
    /// A refusal.
    Refusal,
}

impl Counted {
    /// Returns what a letter of this kind counts as that answers a letter of kind `answered`; `None` where it has no limit.
    pub fn of(kind: Kind, answered: Option<Kind>) -> Option<Self> {
        match (kind, answered) {
            (Kind::Refusal, _) => Some(Self::Refusal),
            (kind, Some(Kind::StatusRequest)) if kind.status_of().is_some() => Some(Self::Status),
            _ => None,
        }
    }

    /// Returns what a letter counts as that is written in `transaction`, or where there is none.
    pub fn within(transaction: Option<&Transaction>, kind: Kind, answers: Option<&Digest>) -> Option<Self> {
        let answered = answers.and_then(|content| transaction?.by_content(content));
        Self::of(kind, answered.map(|kept| kept.letter.kind()))
    }

    /// Returns whether a letter refuses an OK that it must answer: the first to its terms, or one for which agents were told to
    /// stop. Until it is written nobody knows whether, or by which terms, the order stands, so it has no limit. Of both there
    /// is one for each offer, and offers are the shop's own.
    pub fn is_due(transaction: &Transaction, kind: Kind, answers: Option<&Digest>) -> bool {
        let ok_of =
            |content: &Digest| transaction.by_content(content).filter(|ok| ok.letter.kind() == Kind::Confirmation);
        let Some(ok) = answers.filter(|_| kind == Kind::Refusal).and_then(ok_of) else { return false };
        let refused = |sent: &Kept| {
            sent.letter.answers.as_ref().and_then(ok_of).is_some_and(|other| other.letter.terms == ok.letter.terms)
        };
        let is_first = !transaction.sent(Kind::Refusal).any(refused);
        is_first || transaction.sent(Kind::Stop).any(|stop| stop.position > ok.position)
    }

    /// Returns how many such letters were written to a peer in this transaction within the day before `now`.
    pub fn written(self, transaction: &Transaction, to: &Fingerprint, now: &Moment) -> usize {
        let lately = transaction.kept.iter().filter(|kept| {
            kept.direction == Direction::Out && kept.letter.to.fingerprint == *to && kept.recorded.is_within(DAY, now)
        });
        let counts =
            |kind: Kind, answers: Option<&Digest>| Self::within(Some(transaction), kind, answers) == Some(self);
        lately.filter(|kept| counts(kept.letter.kind(), kept.letter.answers.as_ref())).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_asked_for_and_refusals_are_counted_and_nothing_else() {
        for kind in Kind::ALL {
            let asked = Counted::of(*kind, Some(Kind::StatusRequest));
            let expected = match kind {
                Kind::OrderStatus | Kind::PaymentStatus | Kind::DeliveryStatus => Some(Counted::Status),
                Kind::Refusal => Some(Counted::Refusal),
                _ => None,
            };
            assert_eq!(asked, expected, "{kind}");
            // A status unasked for, or one that answers a stop or an instruction, has no limit.
            let told = Counted::of(*kind, Some(Kind::Stop));
            assert_eq!(told, expected.filter(|counted| *counted == Counted::Refusal), "{kind}");
            assert_eq!(Counted::of(*kind, None), told, "{kind}");
        }
    }
}
