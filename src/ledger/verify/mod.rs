//! Whether a ledger is what its log says: every file, every digest, every signature, every checkpoint.
//!
//! Nothing is changed and nothing is repaired. Whether the heads inside letters were ever this log's is the caller's
//! question (`Ledger::each_head`), and so is every OpenPGP signature: a closure checks it.

mod checkpoints;
mod report;
mod snapshot;
mod work;

use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher as _;
use std::io::ErrorKind;
use std::path::Path;

use rayon::prelude::*;

use super::LedgerError;
use super::absent::Absent;
use super::log::LogFile;
use crate::trade::Fingerprint;

pub use report::{Outcome, Problem, Report, Signed};

use report::Problems;
use snapshot::Snapshot;
use work::{Looked, Signer, Work};

/// Checks a detached signature: signed bytes, armored signature, primary key, that key's certificate.
pub type CheckSignature<'a> = &'a (dyn Fn(&[u8], &str, &Fingerprint, &[u8]) -> Result<(), String> + Sync);

/// Checks a cleartext-signed file: its bytes, and the folder of certificates.
pub type CheckCheckpoint<'a> = &'a (dyn Fn(&[u8], &Path) -> Result<(), String> + Sync);

/// What is checked beside files and digests.
#[derive(Clone, Copy, Default)]
pub struct Checks<'a> {
    /// The signatures of letters.
    pub signature: Option<CheckSignature<'a>>,
    /// The signatures of checkpoints.
    pub checkpoint: Option<CheckCheckpoint<'a>>,
    /// Whether originals that are there are hashed.
    pub originals: bool,
}

impl std::fmt::Debug for Checks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Checks {{ signature: {}, originals: {} }}", self.signature.is_some(), self.originals)
    }
}

/// Verifies the ledger in `folder`. An error means that it could not be looked at; what was found is in the report.
pub fn verify(folder: &Path, checks: &Checks<'_>) -> Result<Report, LedgerError> {
    if let Err(error) = std::fs::metadata(folder.join("log"))
        && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
    {
        return Err(LedgerError::without_log(folder));
    }
    let mut found = Problems::default();
    let checkpoints = checkpoints::read(folder, checks, &mut found)?;
    let sizes: HashSet<u64> = checkpoints.iter().map(|kept| kept.says.head.size).collect();
    let snapshot = Snapshot::take(folder, &sizes, &mut found)?;
    let ledger = snapshot.ledger_id(folder, &mut found);
    let work = Work { folder, checks, snapshot: &snapshot, ledger: &ledger, certificates: work::certificates(folder)? };
    let mut signers: BTreeMap<Signer, u64> = BTreeMap::new();
    let mut letters = Vec::new();
    let mut absent = Absent::default();
    let log = LogFile::new(folder.join("log"));
    work.each_chunk(&log, &mut found, &mut |lines, found| {
        let looked: Vec<Looked> = lines.par_iter().with_min_len(8).map(|line| work.look(line)).collect();
        for (looked, line) in looked.into_iter().zip(lines) {
            if let Some(signer) = looked.signer {
                let letters = signers.entry(signer).or_default();
                *letters = letters.saturating_add(1);
            }
            looked.problems.into_iter().for_each(|problem| found.add(problem));
            absent.note(line, looked.missing, looked.erases);
            letters.extend(looked.content.map(|content| (snapshot.hasher.hash_one(content), line.position)));
        }
    })?;
    work.doubled(&log, letters, &mut found)?;
    let (erased, unexplained) = absent.explained();
    unexplained.into_iter().for_each(|problem| found.add(problem));
    for checkpoint in &checkpoints {
        checkpoint.compare(&snapshot, &ledger, &mut found);
    }
    let signed = |((address, fingerprint), letters)| Signed { address, fingerprint, letters };
    let signers = signers.into_iter().map(signed).collect();
    Ok(Report { erased, signers, ..found.report(snapshot.mark.head()) })
}
