//! Answers that were left out because too many refusals went to their reader: made again, when there may be room.
//!
//! What is answered now is what a letter gets that comes now; only what would be refused is looked for, since all else
//! was never left out.

use super::{Action, Desk, shop_after};
use crate::rules::left_out::unanswered;
use crate::trade::{Direction, Kept, Kind, Transaction};

/// Returns the answer to the oldest letter whose refusal was left out.
pub(super) fn answers(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    unanswered(transaction)
        .map(|kept| answer(transaction, kept, desk))
        .find(|actions| !actions.is_empty())
        .unwrap_or_default()
}

fn answer(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Vec<Action> {
    let actions = match kept.letter.kind() {
        // What agents were told to stop for is decided by what they said.
        Kind::Cancellation if stops_after(transaction, kept) => shop_after::settle_stop(transaction, desk),
        _ => super::answer(transaction, kept, desk),
    };
    let is_due = |action: &Action| match action {
        Action::Send(draft) => draft.answers == Some(kept.content) && draft.document.kind() == Kind::Refusal,
        Action::Resend(_) | Action::Give { .. } | Action::End { .. } => false,
    };
    if actions.iter().any(is_due) { actions } else { Vec::new() }
}

fn stops_after(transaction: &Transaction, asked: &Kept) -> bool {
    let ours = transaction.kept.iter().filter(|kept| kept.direction == Direction::Out);
    ours.filter(|kept| kept.letter.kind() == Kind::Stop).any(|stop| stop.position > asked.position)
}
