//! Whether the heads inside letters were ever this log's: those we sent, and those that come back in receipts.
//!
//! Every letter out carries the root as it stood before it, and its reader names that root in the receipt. So each
//! counterparty is a witness of our past: a log that was cut, changed or written twice shows by what others say of it.

use std::collections::HashMap;

use super::replay::Reread;
use super::verify::Problem;
use super::{Ledger, LedgerError, Mark};
use crate::trade::{Body, Digest, Document, Entry, Letter};

/// Problems listed, at most.
const PROBLEMS_MAX: usize = 100;

impl Ledger {
    /// Returns the entries whose letters name a head that this log never had, or a letter that is not in it.
    pub fn false_heads(&self, reread: Reread<'_>) -> Result<Vec<Problem>, LedgerError> {
        let mut witnesses = Witnesses { roots: HashMap::new(), ours: HashMap::new(), problems: Vec::new() };
        witnesses.roots.insert(Mark::default().head().root, 0);
        self.each_head(&mut |head| {
            witnesses.roots.entry(head.root).or_insert(head.size);
            true
        })?;
        self.replay(&Mark::default(), reread, &mut |entry| witnesses.look(&entry))?;
        Ok(witnesses.problems)
    }
}

struct Witnesses {
    /// Every root of a beginning of the log, with its number of entries.
    roots: HashMap<Digest, u64>,
    /// The letters we wrote, with their entries.
    ours: HashMap<Digest, u64>,
    problems: Vec<Problem>,
}

impl Witnesses {
    fn look(&mut self, entry: &Entry) {
        match &entry.body {
            Body::Out { letter, content } => {
                self.ours.insert(content.digest, entry.position);
                let known = letter.head.is_none_or(|head| self.is_before(&head, entry.position));
                if !known {
                    self.add(
                        entry.position,
                        "the letter carries a head that the log did not have before it".to_owned(),
                    );
                }
            }
            Body::In { letter, .. } => self.receipt(entry.position, letter),
            Body::Own { .. } => {}
        }
    }

    fn receipt(&mut self, position: u64, letter: &Letter) {
        let Document::Receipt(receipt) = &letter.document else { return };
        let peer = &letter.from.address;
        for line in &receipt.received {
            let Some(ours) = self.ours.get(&line.content).copied() else {
                let text = format!("{peer} got a letter that this ledger did not write: {}", line.content);
                self.add(position, text);
                continue;
            };
            if line.head.is_some_and(|head| !self.is_before(&head, ours)) {
                let text = format!("{peer} got the letter of entry {ours} with a head that this log never had");
                self.add(position, text);
            }
        }
    }

    fn is_before(&self, head: &Digest, position: u64) -> bool {
        self.roots.get(head).is_some_and(|size| *size <= position)
    }

    fn add(&mut self, position: u64, what: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { entry: Some(position), file: None, what });
        }
    }
}
