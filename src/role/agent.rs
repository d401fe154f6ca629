//! What payment and delivery agents have in common: who gets their statuses, and whose instructions they follow.

use super::practice::Client;
use super::{Action, Desk, Draft};
pub use crate::rules::instructed::instruction;
use crate::trade::document::Refusal;
use crate::trade::status::Reason;
use crate::trade::{Agent, Digest, Direction, Document, Given, Kept, Kind, Leg, Moment, Party, Transaction, Work};

/// Returns the date of the terms that the instruction in force names; shops of older programs name none.
pub(super) fn terms_date(transaction: &Transaction) -> Option<Moment> {
    match &instruction(transaction)?.letter.document {
        Document::PaymentInstruction(instruction) => instruction.terms_date,
        Document::DeliveryInstruction(instruction) => instruction.terms_date,
        _ => None,
    }
}

/// Returns whether the shop had us stop after it gave this instruction, whichever of the two came first: another one then begins
/// anew.
pub(super) fn was_stopped(transaction: &Transaction, instruction: &Kept) -> bool {
    let mut stops = transaction.received(Kind::Stop).filter(|stop| !is_history(transaction, stop));
    stops.any(|stop| stop.position > instruction.position) || is_overtaken(transaction, instruction)
}

/// Returns whether we were told to stop before this instruction came, though the shop wrote it before: the post has swapped
/// them, and nothing is begun by it.
pub(super) fn is_overtaken(transaction: &Transaction, instruction: &Kept) -> bool {
    let letter = &instruction.letter;
    let mut stops = transaction.received(Kind::Stop).filter(|stop| !is_history(transaction, stop));
    stops.any(|stop| stop.letter.from == letter.from && stop.letter.seq > letter.seq)
}

/// Returns whether this order to stop came after an instruction that the shop wrote later: the post has swapped them, and
/// nothing is stopped by it.
pub(super) fn is_history(transaction: &Transaction, stop: &Kept) -> bool {
    let of_kind = |kind: Kind| transaction.received(kind);
    let mut later = of_kind(Kind::PaymentInstruction).chain(of_kind(Kind::DeliveryInstruction)).filter(|kept| {
        let (letter, other) = (&kept.letter, &stop.letter);
        letter.from == other.from && letter.seq > other.seq && kept.position < stop.position
    });
    // One that was refused because the same was followed before has us go on with that.
    later.any(|kept| kept.letter.terms == stop.letter.terms || !transaction.is_refused(&kept.content))
}

/// Said of an instruction that the post brings after one that the shop wrote later.
const OUTRUN: &str = "A later instruction was followed before this one came.";

/// Said of an instruction that comes after another was followed for good.
pub(super) const NOT_UNDONE: &str = "An instruction was followed before, and not all of it can be undone.";

/// Returns why a second instruction is not followed. One under other terms is, as long as nothing was done: a buyer's OK
/// to new terms has the agents instructed anew; so is one after a stop. One that the shop wrote before the one in force is history.
pub(super) fn objection_to_second(transaction: &Transaction, kept: &Kept, done: bool) -> Option<&'static str> {
    if instruction(transaction).is_some_and(|newest| newest.letter.seq > kept.letter.seq) {
        return Some(OUTRUN);
    }
    let followed = |other: &&Kept| {
        other.content != kept.content && !transaction.is_refused(&other.content) && !was_stopped(transaction, other)
    };
    let others: Vec<&Kept> = transaction.received(kept.letter.kind()).filter(followed).collect();
    if others.is_empty() {
        return None;
    }
    if done {
        return Some(NOT_UNDONE);
    }
    let same = others.iter().any(|other| other.letter.terms == kept.letter.terms);
    same.then_some("An instruction under these terms was followed before.")
}

/// Returns our newest status about `leg`.
pub(super) fn last_status(transaction: &Transaction, leg: Leg) -> Option<&Kept> {
    transaction.kept.iter().rev().find(|k| k.direction == Direction::Out && k.letter.kind().status_of() == Some(leg))
}

/// Returns the instruction that a hook is being asked for the date of, as long as nothing was told after it.
pub(super) fn unplanned<'a>(transaction: &'a Transaction, told: Option<&Kept>) -> Option<&'a Kept> {
    let kept = instruction(transaction)?;
    let asks = |given: &Given| given.task.work == Work::Plan && given.task.about == Some(kept.content);
    let later = told.is_none_or(|told| told.position < kept.position);
    (later && transaction.given.iter().any(asks)).then_some(kept)
}

/// Writes one status to buyer and shop (P61), both taken from the stored instruction (P51), never from a letter that
/// asked.
///
/// `said` returns what each of them is told; `answers` names the letter answered and who wrote it: only the copy to that
/// party says so.
pub(super) fn to_both(
    transaction: &Transaction,
    said: &dyn Fn(&Party) -> Document,
    as_of: Moment,
    done: bool,
    answers: Option<(Digest, &Party)>,
) -> Vec<Action> {
    let Some(instruction) = instruction(transaction) else { return Vec::new() };
    let shop = instruction.letter.from.clone();
    let terms = instruction.letter.terms;
    let recipients = [transaction.buyer(), Some(shop)].into_iter().flatten();
    recipients
        .map(|to| {
            let draft = Draft::new(transaction, to.clone(), said(&to)).about(terms).status(as_of, done);
            match answers.filter(|(_, asker)| **asker == to) {
                Some((content, _)) => draft.answering(content).into(),
                None => draft.into(),
            }
        })
        .collect()
}

/// Writes one status to one party of the transaction.
pub(super) fn to_one(
    transaction: &Transaction,
    to: Party,
    document: Document,
    desk: &Desk<'_>,
    done: bool,
    answers: Digest,
) -> Action {
    let terms = instruction(transaction).and_then(|kept| kept.letter.terms);
    Draft::new(transaction, to, document).about(terms).status(desk.now, done).answering(answers).into()
}

/// Refuses what `kept` asked for.
pub(super) fn refuse(transaction: &Transaction, kept: &Kept, code: &str, text: &str) -> Action {
    let reason = Reason { code: code.to_owned(), text: text.to_owned() };
    let document = Document::Refusal(Refusal { reason });
    Draft::new(transaction, kept.letter.from.clone(), document).answering(kept.content).into()
}

/// Returns whether an agent works for the shop that wrote: one it has an agreement with, or the shop at its own address.
pub(super) fn works_for(clients: &[Client], kept: &Kept) -> bool {
    kept.letter.stays_here() || clients.iter().any(|client| client.is(&kept.letter.from))
}

/// Said of a letter that gives this agent's part to somebody else, or to nobody.
pub(super) const NOT_NAMED: &str = "This letter does not name this mailbox and key for this part; nothing was done.";

/// Returns whether a shop's letter names this mailbox and key for the part we play.
pub(super) fn is_named(transaction: &Transaction, kept: &Kept) -> bool {
    let named = |agent: &Agent| agent.role == transaction.key.role && agent.party == kept.letter.to;
    kept.letter.document.agents().iter().any(named)
}

/// Refuses an instruction that does not name this agent.
pub(super) fn not_named(transaction: &Transaction, kept: &Kept) -> Action {
    refuse(transaction, kept, "not-named", NOT_NAMED)
}

/// Refuses the instruction of a shop without an agreement.
pub(super) fn no_agreement(transaction: &Transaction, kept: &Kept) -> Action {
    refuse(transaction, kept, "no-agreement", "There is no agreement with this shop.")
}
