//! Letters whose refusal was left out, because too many went to their writer: they have no answer, and get one when there is
//! room again.
//!
//! Only kinds stand here that always get an answer, by their own or another's letter: an agent tells what becomes of an
//! instruction. So nothing is noted of what was left out; the ledger shows it. The refusal of an OK is never left out
//! (`limits::Counted::is_due`).

use crate::trade::{Direction, Kept, Kind, Role, Transaction, Verdict};

/// Returns the letters that a part has not answered though it answers such letters, oldest first. What waits for a
/// person, for an agent or for a hook is among them.
pub fn unanswered(transaction: &Transaction) -> impl Iterator<Item = &Kept> {
    let kinds = answered_kinds(transaction.key.role);
    let asks = |kept: &&Kept| {
        kept.direction == Direction::In
            && kept.verdict == Verdict::Applied
            && kinds.contains(&kept.letter.kind())
            && !kept.letter.stays_here()
    };
    transaction.kept.iter().filter(asks).filter(|kept| !is_answered(transaction, kept))
}

/// Returns the kinds of letters that a part always answers, and refuses where they come too late or must not be followed.
const fn answered_kinds(role: Role) -> &'static [Kind] {
    match role {
        Role::Buyer => &[],
        Role::Shop => &[Kind::Cancellation],
        Role::Payment => &[Kind::PaymentInstruction, Kind::RefundInstruction, Kind::Stop],
        Role::Delivery => &[Kind::DeliveryInstruction, Kind::Stop],
    }
}

fn is_answered(transaction: &Transaction, asked: &Kept) -> bool {
    let answers = |kept: &Kept| kept.direction == Direction::Out && kept.letter.answers == Some(asked.content);
    let given = transaction.given.iter().any(|given| given.task.about == Some(asked.content));
    given || transaction.kept.iter().any(answers)
}
