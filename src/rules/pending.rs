//! What a buyer asked of his shop and has no answer to: the end of an order, or that goods go back.

use super::standing::State;
use crate::trade::{Direction, Kept, Kind, Role, Transaction};

/// What waits for the shop's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pending {
    /// The cancellation of the order.
    Order,
    /// The return of goods.
    Goods,
}

impl Pending {
    /// Returns what a buyer waits for in a transaction that stands so (P37, P94).
    pub fn waiting(transaction: &Transaction, state: State) -> Option<Self> {
        let asks = |kind: Kind| transaction.sent(kind).any(|sent| !is_answered(transaction, sent));
        let open = matches!(state, State::Ordered | State::Offered | State::Open);
        match transaction.key.role {
            Role::Buyer if open && asks(Kind::Cancellation) => Some(Self::Order),
            Role::Buyer if asks(Kind::ReturnRequest) => Some(Self::Goods),
            _ => None,
        }
    }

    /// Returns the word in the index and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Order => "cancellation",
            Self::Goods => "return",
        }
    }

    /// Returns the word by which lists and pages say how an order stands that waits for it.
    pub const fn standing(self) -> &'static str {
        match self {
            Self::Order => "cancelling",
            Self::Goods => "returning",
        }
    }

    /// Reads the word.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Order, Self::Goods].into_iter().find(|one| one.word() == word)
    }
}

/// Returns whether the buyer whose transaction this is asked for its end, or gave goods back, and was not refused.
pub(super) fn wishes_end(transaction: &Transaction) -> bool {
    let mut wishes = [Kind::Cancellation, Kind::ReturnRequest].into_iter().flat_map(|kind| transaction.sent(kind));
    wishes.any(|wish| !transaction.is_refused(&wish.content))
}

/// Returns whether a letter of ours was answered or refused.
fn is_answered(transaction: &Transaction, sent: &Kept) -> bool {
    let answers = |kept: &Kept| kept.letter.answers.as_ref() == Some(&sent.content);
    let mut known = transaction.kept.iter().filter(|kept| kept.direction == Direction::In && kept.counts());
    known.any(answers) || transaction.is_refused(&sent.content)
}
