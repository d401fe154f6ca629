//! Files that are not there when a ledger is verified, and the redactions that stand for them.

use std::collections::BTreeMap;

use super::log::Line;
use super::verify::Problem;
use crate::trade::Digest;

/// An entry whose file was removed on request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// The entry.
    pub entry: u64,
    /// The redaction that names its position and its digest in the log.
    pub by: u64,
}

/// Files that are not there, and what redactions say of them: a redaction comes behind what it erases.
#[derive(Default)]
pub(super) struct Absent {
    /// By position: the line, and what is to be said where nothing explains it.
    missing: BTreeMap<u64, (Line, String)>,
    /// By position of what is erased: the redaction, and the digest it names.
    redactions: BTreeMap<u64, (u64, Digest)>,
}

impl Absent {
    /// Notes what the look at one line's file showed.
    pub(super) fn note(&mut self, line: &Line, missing: Option<String>, erases: Option<(u64, Digest)>) {
        if let Some(what) = missing {
            self.missing.insert(line.position, (line.clone(), what));
        }
        if let Some((position, digest)) = erases.filter(|(position, _)| *position < line.position) {
            self.redactions.entry(position).or_insert((line.position, digest));
        }
    }

    /// Returns the missing files that a redaction stands for, and what is wrong: with the others, and with a file that is
    /// there although it was erased.
    pub(super) fn explained(mut self) -> (Vec<Erased>, Vec<Problem>) {
        let (mut erased, mut wrong) = (Vec::new(), Vec::new());
        let missing = |line: &Line, what: String| {
            let file = Some(format!("cur/{}", line.file_name()));
            Problem { entry: Some(line.position), file, what }
        };
        for (entry, (by, digest)) in self.redactions {
            match self.missing.remove(&entry) {
                Some((line, _)) if line.digest == digest => erased.push(Erased { entry, by }),
                Some((line, what)) => {
                    let what = format!("{what}, and the redaction of entry {by} names another file");
                    wrong.push(missing(&line, what));
                }
                None => {
                    let what = format!("is still there, though entry {by} says it was erased");
                    wrong.push(Problem { entry: Some(entry), file: None, what });
                }
            }
        }
        wrong.extend(self.missing.into_values().map(|(line, what)| missing(&line, what)));
        (erased, wrong)
    }
}
