//! What a look at a ledger found.

use crate::files;
use crate::ledger::absent::Erased;
use crate::ledger::log::{Head, Line};
use crate::trade::Fingerprint;

/// Problems named one by one; more are counted.
pub(super) const PROBLEMS_MAX: usize = 10_000;

/// Whether anything was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All is as the log says.
    Clean,
    /// Something was changed, removed or added.
    Broken,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The entry it is about.
    pub entry: Option<u64>,
    /// The file it is about, below the ledger's folder.
    pub file: Option<String>,
    /// What is wrong.
    pub what: String,
}

/// Letters that one key signed. Whose key it is the ledger's owner says, who has put its certificate there: whoever checks his
/// ledger compares it with what he knows from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The address that the letters are from, as the entries say.
    pub address: String,
    /// The fingerprint of the certificate's primary key.
    pub fingerprint: Fingerprint,
    /// How many letters it signed.
    pub letters: u64,
}

impl Report {
    /// Returns how many letters have a good signature.
    pub fn signatures(&self) -> u64 {
        self.signers.iter().map(|signer| signer.letters).fold(0, u64::saturating_add)
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Clean or broken.
    pub result: Outcome,
    /// Lines of the log.
    pub entries: u64,
    /// Who signed letters with a good signature; nobody where signatures were not checked.
    pub signers: Vec<Signed>,
    /// Size and root of the log.
    pub head: Head,
    /// What is wrong, by entry; the first is the first bad entry.
    pub problems: Vec<Problem>,
    /// Further problems that are not named.
    pub more: u64,
    /// Entries whose file was removed on request, as a later entry says; no problem.
    pub erased: Vec<Erased>,
}

/// What is collected while a ledger is looked at.
#[derive(Default)]
pub(super) struct Problems {
    named: Vec<Problem>,
    more: u64,
}

impl Problems {
    /// Counts a problem that is not named.
    pub(super) fn count(&mut self) {
        self.more = self.more.saturating_add(1);
    }

    pub(super) fn add(&mut self, problem: Problem) {
        if self.named.len() < PROBLEMS_MAX {
            self.named.push(problem);
        } else {
            self.count();
        }
    }

    pub(super) fn entry(&mut self, line: &Line, what: String) {
        self.add(Problem { entry: Some(line.position), file: Some(format!("cur/{}", line.file_name())), what });
    }

    pub(super) fn file(&mut self, file: &str, what: String) {
        self.add(Problem { entry: None, file: Some(file.to_owned()), what });
    }

    pub(super) fn report(mut self, head: Head) -> Report {
        // By number, also in names; what concerns no entry comes last.
        self.named.sort_by(|a, b| {
            let file = |problem: &Problem| problem.file.clone().unwrap_or_default();
            let by_entry = a.entry.unwrap_or(u64::MAX).cmp(&b.entry.unwrap_or(u64::MAX));
            by_entry.then_with(|| files::by_number(&file(a), &file(b)))
        });
        let result = if self.named.is_empty() { Outcome::Clean } else { Outcome::Broken };
        Report {
            result,
            entries: head.size,
            signers: Vec::new(),
            head,
            problems: self.named,
            more: self.more,
            erased: Vec::new(),
        }
    }
}
