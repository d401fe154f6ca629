//! Whether the heads inside letters were ever this log's: those we sent, and those that come back in receipts.
//!
//! Every letter out carries the root as it stood before it, and its reader names that root in the receipt; what answers a letter
//! names that. So each counterparty is a witness of our past: a log that was cut, changed or written twice shows by what
//! others say of it.
//!
//! A witness may lie, and nothing in the ledger can tell. So what our own letters show is a [`Problem`], and what others
//! say is a [`Claim`]: it stands apart until the owner settles it. Nothing is settled here.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, RandomState};

use super::replay::Reread;
use super::verify::Problem;
use super::{Ledger, LedgerError, Mark};
use crate::trade::{Act, Address, Body, Digest, Document, Entry, Kind, Letter};

/// Problems listed, at most.
const PROBLEMS_MAX: usize = 100;

/// What one counterparty says it got of us, and what this ledger knows nothing of. Either he lies or errs, or the ledger
/// was set back and written on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who says so.
    pub peer: Address,
    /// The first of his receipts and answers that say so and are not settled; of settled claims the first of all.
    pub entry: u64,
    /// How many letters of ours they name.
    pub letters: u64,
    /// What the first of them says.
    pub what: String,
    /// Whether the owner has settled all of it.
    pub settled: bool,
}

impl Claim {
    /// Returns what a settlement of all that a counterparty claimed before it is about.
    pub fn subject(peer: &Address) -> String {
        format!("{SUBJECT}{peer}")
    }
}

/// What the subject of a settlement of claims begins with.
const SUBJECT: &str = "claims ";

/// What letters say of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Testimony {
    /// Letters of our own that name a head which the log never had.
    pub problems: Vec<Problem>,
    /// What others claim, one for each of them.
    pub claims: Vec<Claim>,
}

impl Ledger {
    /// Returns the letters of ours that name a head which this log never had, and what others claim they got of us.
    pub fn testimony(&self, reread: Reread<'_>) -> Result<Testimony, LedgerError> {
        let mut witnesses = Witnesses::default();
        witnesses.roots.push((witnesses.number(&Mark::default().head().root), 0));
        self.each_head(&mut |head| {
            witnesses.roots.push((witnesses.number(&head.root), head.size));
            true
        })?;
        witnesses.roots.sort_unstable();
        self.replay(&Mark::default(), reread, &mut |entry| witnesses.look(&entry))?;
        let claims = witnesses.claims.into_iter().map(|(peer, said)| said.claim(peer)).collect();
        Ok(Testimony { problems: witnesses.problems, claims })
    }
}

#[derive(Default)]
struct Witnesses {
    /// Makes a number of a digest with a secret of this run: nobody can make another digest with it.
    hasher: RandomState,
    /// The number of every root of a beginning of the log, with how many entries that has; sorted.
    roots: Vec<(u64, u64)>,
    /// The letters we wrote, by the numbers of their contents: their entries and the numbers of the heads they carry.
    ours: HashMap<u64, (u64, Option<u64>)>,
    problems: Vec<Problem>,
    claims: BTreeMap<Address, Said>,
}

/// What one counterparty claims: before the last settlement, and since.
#[derive(Default)]
struct Said {
    settled: Option<Lines>,
    open: Option<Lines>,
}

/// Lines of receipts, and answers: the first of them with its entry, and how many.
struct Lines {
    entry: u64,
    what: String,
    count: u64,
}

impl Said {
    fn add(&mut self, entry: u64, what: String) {
        let lines = self.open.get_or_insert(Lines { entry, what, count: 0 });
        lines.count = lines.count.saturating_add(1);
    }

    fn settle(&mut self) {
        let Some(open) = self.open.take() else { return };
        let before = self.settled.get_or_insert(Lines { count: 0, ..open });
        before.count = before.count.saturating_add(open.count);
    }

    fn claim(self, peer: Address) -> Claim {
        let settled = self.open.is_none();
        let none = Lines { entry: 0, what: String::new(), count: 0 };
        let Lines { entry, what, count } = self.open.or(self.settled).unwrap_or(none);
        Claim { peer, entry, letters: count, what, settled }
    }
}

impl Witnesses {
    fn look(&mut self, entry: &Entry) {
        match &entry.body {
            Body::Out { letter, content } => {
                let head = letter.head.map(|head| self.number(&head));
                self.ours.insert(self.number(&content.digest), (entry.position, head));
                if letter.head.is_some_and(|head| !self.is_before(&head, entry.position)) {
                    let what = "the letter carries a head that the log did not have before it".to_owned();
                    self.add(entry.position, what);
                }
            }
            Body::In { letter, .. } => {
                self.receipt(entry.position, letter);
                self.answer(entry.position, letter);
            }
            Body::Own { act: Act::Settle { subject: Some(subject), .. }, .. } => {
                let peer = subject.strip_prefix(SUBJECT).and_then(|peer| Address::parse(peer).ok());
                if let Some(said) = peer.and_then(|peer| self.claims.get_mut(&peer)) {
                    said.settle();
                }
            }
            Body::Own { .. } => {}
        }
    }

    fn receipt(&mut self, position: u64, letter: &Letter) {
        let Document::Receipt(receipt) = &letter.document else { return };
        let peer = &letter.from.address;
        for line in &receipt.received {
            let head = line.head.map(|head| self.number(&head));
            let what = match self.ours.get(&self.number(&line.content)) {
                None => format!("{peer} says it got a letter that this ledger did not write: {}", line.content),
                // What our letter carries stands in it; whether it was true is seen with the letter itself.
                Some((ours, carried)) if head.is_some() && head != *carried => {
                    format!("{peer} says it got the letter of entry {ours} with another head than it carries")
                }
                Some(_) => continue,
            };
            self.claims.entry(peer.clone()).or_default().add(position, what);
        }
    }

    /// A letter of a kind that answers nobody but its reader names the letter of ours that it answers.
    fn answer(&mut self, position: u64, letter: &Letter) {
        let answers_us = matches!(
            letter.kind(),
            Kind::TransactionInfo
                | Kind::OrderRejection
                | Kind::AuthorizationResult
                | Kind::ReturnAnswer
                | Kind::Refusal
        );
        let Some(answered) = letter.answers.filter(|_| answers_us) else { return };
        if !self.ours.contains_key(&self.number(&answered)) {
            let peer = letter.from.address.clone();
            let what = format!("{peer} answers a letter that this ledger did not write: {answered}");
            self.claims.entry(peer).or_default().add(position, what);
        }
    }

    fn is_before(&self, head: &Digest, position: u64) -> bool {
        let number = self.number(head);
        let first = self.roots.partition_point(|(root, _)| *root < number);
        self.roots.get(first).is_some_and(|(root, size)| *root == number && *size <= position)
    }

    fn number(&self, digest: &Digest) -> u64 {
        self.hasher.hash_one(digest)
    }

    fn add(&mut self, position: u64, what: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { entry: Some(position), file: None, what });
        }
    }
}
