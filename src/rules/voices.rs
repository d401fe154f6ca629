//! Whom do terms let speak? The keys they name are held against those the buyer knows: pinned, named by other shops, and
//! on his own list of payment agents (B75).
//!
//! What an agent may say is settled in `authority`.

use super::reconcile::Reader;
use crate::trade::{Code, Document, Finding, Kind, Leg, Letter, Party, Role, Settlement, Terms, Transaction};

/// Returns what is doubtful about the voices in terms of an order of ours, and about a payment agent that the buyer's list
/// does not have.
pub(super) fn doubtful(transaction: Option<&Transaction>, letter: &Letter, reader: &Reader<'_>) -> Vec<Finding> {
    match &letter.document {
        Document::TransactionInfo(terms) if transaction.is_some_and(|known| known.order().is_some()) => {
            let keys = terms.agents.iter().filter_map(|agent| key_changed(&agent.party, letter, reader));
            keys.chain(not_listed_in(terms, reader)).collect()
        }
        // A buyer seals his card to the key that a catalog names only where he accepted it; but he is to learn of another.
        Document::Catalog(catalog) => {
            catalog.agents.iter().filter_map(|agent| key_changed(&agent.party, letter, reader)).collect()
        }
        Document::PaymentStatus(_) if reader.role == Role::Buyer && !accepted(transaction, &letter.from) => {
            not_listed(&letter.from, reader).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// A key named for an address that has another one pinned, or, where none is, that another shop named another one for.
fn key_changed(party: &Party, letter: &Letter, reader: &Reader<'_>) -> Option<Finding> {
    let what = format!("key of {}", party.address);
    if let Some(pinned) = (reader.pinned)(&party.address) {
        let differs = pinned != party.fingerprint;
        return differs.then(|| Finding::differs(Code::KeyChanged, &what, pinned, &party.fingerprint));
    }
    let named = (reader.named)(&party.address);
    let mut others = named.iter().filter(|(shop, key)| **shop != letter.from.address && **key != party.fingerprint);
    let (shop, key) = others.next()?;
    let text = format!("{what}: {shop} named {key}, {} names {}", letter.from.address, party.fingerprint);
    Some(Finding::new(Code::KeyChanged, text))
}

fn not_listed_in(terms: &Terms, reader: &Reader<'_>) -> Option<Finding> {
    terms.agent(Leg::Payment).and_then(|agent| not_listed(&agent.party, reader))
}

fn not_listed(party: &Party, reader: &Reader<'_>) -> Option<Finding> {
    let text = || format!("payment agent {} ({}) is not on your list", party.address, party.fingerprint);
    (!(reader.allowed)(party)).then(|| Finding::new(Code::BelowTrust, text()))
}

/// Returns whether a person took the terms that name this payment agent although the list does not have it.
fn accepted(transaction: Option<&Transaction>, agent: &Party) -> bool {
    transaction.and_then(Transaction::terms).is_some_and(|(kept, terms)| {
        kept.settled == Some(Settlement::Accept)
            && kept.letter.kind() == Kind::TransactionInfo
            && kept.findings.iter().any(|finding| finding.code == Code::BelowTrust)
            && terms.agent(Leg::Payment).is_some_and(|named| named.party == *agent)
    })
}
