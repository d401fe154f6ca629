//! Parties that write very much about one transaction (B100).

use std::collections::BTreeMap;

use super::limits::MANY;
use crate::trade::{Address, Direction, Moment, Transaction};

/// The statuses of one party about one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crowd {
    /// Whose they are.
    pub peer: Address,
    /// How many came.
    pub letters: usize,
    /// When the last came.
    pub last: Moment,
}

/// Returns the moment until which one party has written more than anybody needs: counted from there on, its statuses are
/// [`MANY`]. `None` where nobody wrote so many, whenever.
pub fn crowded_since(transaction: &Transaction) -> Option<Moment> {
    let many = by_peer(transaction)?.into_values();
    many.filter_map(|all| all.get(all.len().checked_sub(MANY)?).copied()).max()
}

/// Returns who wrote so many statuses since a moment.
pub fn crowds(transaction: &Transaction, since: &Moment) -> Vec<Crowd> {
    let of = |(peer, all): (&Address, Vec<Moment>)| {
        let lately = all.iter().filter(|recorded| *recorded >= since);
        Some(Crowd { peer: peer.clone(), letters: lately.count(), last: *all.last()? })
    };
    let crowds = by_peer(transaction).unwrap_or_default().into_iter().filter_map(of);
    crowds.filter(|crowd| crowd.letters >= MANY).collect()
}

/// Returns when each party's statuses came, in their order; `None` where all letters together are too few to matter.
fn by_peer(transaction: &Transaction) -> Option<BTreeMap<&Address, Vec<Moment>>> {
    if transaction.kept.len() < MANY {
        return None;
    }
    let mut peers: BTreeMap<&Address, Vec<Moment>> = BTreeMap::new();
    for kept in transaction.kept.iter().filter(|kept| kept.direction == Direction::In) {
        if kept.letter.kind().status_of().is_some() {
            peers.entry(&kept.letter.from.address).or_default().push(kept.recorded);
        }
    }
    Some(peers)
}
