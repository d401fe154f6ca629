//! Letters of ours that went out and that nobody has acknowledged: told of long before anything is wrong, and quietly.

use std::collections::BTreeSet;

use super::{Clerk, ClerkError};
use crate::index::{EntryRow, Unheard};
use crate::outbox::queue::Item;

/// A letter that was sent and that its reader has not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unacknowledged {
    /// When it was written, and how often it was sent.
    pub letter: Unheard,
    /// Its entry.
    pub entry: EntryRow,
}

impl Clerk {
    /// Returns the letters sent at least `seconds` ago that nobody has acknowledged, oldest first. What waits to be
    /// sent, and what a report doubts, is told of elsewhere.
    pub fn unacknowledged(&self, seconds: i64) -> Result<Vec<Unacknowledged>, ClerkError> {
        let unheard = self.index.unheard(&self.clock.now().plus_seconds(seconds.saturating_neg()), usize::MAX)?;
        if unheard.is_empty() {
            return Ok(Vec::new());
        }
        let elsewhere = self.told_of_elsewhere()?;
        let mut found = Vec::new();
        for letter in unheard {
            let at = letter.position;
            if elsewhere.contains(&at) || self.queue.holds(&at.to_string()) {
                continue;
            }
            if let Some(entry) = self.index.entry(at)? {
                found.push(Unacknowledged { letter, entry });
            }
        }
        Ok(found)
    }

    /// Returns how many letters that is; `queue` are those that wait to be sent.
    pub fn count_unacknowledged(&self, seconds: i64, queue: &[Item]) -> Result<u64, ClerkError> {
        let before = self.clock.now().plus_seconds(seconds.saturating_neg());
        let mut count = self.index.count_unheard(&before)?;
        if count == 0 {
            return Ok(0);
        }
        let mut elsewhere = self.told_of_elsewhere()?;
        elsewhere.extend(queue.iter().filter_map(|item| item.name.parse::<u64>().ok()));
        for position in elsewhere {
            if self.index.is_unheard_since(position, &before)? {
                count = count.saturating_sub(1);
            }
        }
        Ok(count)
    }

    /// Returns the entries of letters that are not sealed yet, and of those that a report doubts.
    fn told_of_elsewhere(&self) -> Result<BTreeSet<u64>, ClerkError> {
        let unsealed = self.index.unsealed()?.into_iter().map(|one| one.position);
        let doubts = self.index.doubts()?.into_iter().map(|one| one.position);
        Ok(unsealed.chain(doubts).collect())
    }
}
