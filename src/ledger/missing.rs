//! Entry files that the log names and that are gone, found by their names alone: the log is read once and the folders are listed
//! once, however many entries there are. Whether a file is what the log says is asked by `verify`.

use std::hash::{BuildHasher as _, RandomState};

use super::places::{Places, each_file, position_of, stable_of, usual};
use super::{Ledger, LedgerError, Line, Mark};

impl Ledger {
    /// Returns the lines of the log whose files are not there, in their order; those of erased entries are among them.
    pub fn missing(&self) -> Result<Vec<Line>, LedgerError> {
        // A number of each name, made with a secret of this run, so that millions of them have room. The log is read first: the
        // file of a line was there before it.
        let (mut names, hasher) = (Vec::new(), RandomState::new());
        self.log.each::<LedgerError>(&mut Mark::default(), |line, _| {
            names.push(hasher.hash_one(&line.name));
            Ok(())
        })?;
        let mut there = vec![false; names.len()];
        each_file(&self.folder, |place| {
            let stable = stable_of(place);
            let at = position_of(stable).and_then(|position| usize::try_from(position).ok());
            let at = at.filter(|at| names.get(*at) == Some(&hasher.hash_one(stable)));
            if let Some(there) = at.and_then(|at| there.get_mut(at)) {
                *there = true;
            }
        })?;
        let gone: Vec<u64> = (0..).zip(there).filter(|(_, there)| !there).map(|(position, _)| position).collect();
        self.still_missing(&gone)
    }

    /// Looks for these once more: a mail reader may have moved them while the folders were listed.
    fn still_missing(&self, gone: &[u64]) -> Result<Vec<Line>, LedgerError> {
        let mut missing = Vec::new();
        if gone.is_empty() {
            return Ok(missing);
        }
        let places = Places::list(&self.folder)?;
        for position in gone {
            let Some(line) = self.line(*position)? else { continue };
            if places.of(&line.name).next().is_none() && !self.folder.join(usual(&line)).exists() {
                missing.push(line);
            }
        }
        Ok(missing)
    }
}
