//! What an agent was instructed to do. It sees no terms: the instruction that it follows is all it goes by.

use crate::trade::{Document, Kept, Kind, Money, Transaction};

/// Returns the instruction in force: the newest payment or delivery instruction that was received and not refused.
pub fn instruction(transaction: &Transaction) -> Option<&Kept> {
    let of_kind = |kind: Kind| transaction.received(kind).filter(|kept| !transaction.is_refused(&kept.content));
    of_kind(Kind::PaymentInstruction).chain(of_kind(Kind::DeliveryInstruction)).max_by_key(|kept| kept.letter.seq)
}

/// Returns the sum that the instruction in force has a payment agent collect.
pub fn to_collect(transaction: &Transaction) -> Option<Money> {
    match &instruction(transaction)?.letter.document {
        Document::PaymentInstruction(instruction) => Some(instruction.amount),
        _ => None,
    }
}
