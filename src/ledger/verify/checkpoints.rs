//! Whether the checkpoints that are kept agree with the log.

use std::path::Path;

use super::Checks;
use super::report::Problems;
use super::snapshot::Snapshot;
use crate::files::read_kept;
use crate::ledger::log::Head;
use crate::ledger::{Checkpoint, LedgerError, files, io_error};

/// A checkpoint that is kept.
pub(super) struct Kept {
    file: String,
    pub(super) says: Checkpoint,
}

pub(super) fn read(folder: &Path, checks: &Checks<'_>, found: &mut Problems) -> Result<Vec<Kept>, LedgerError> {
    let inside = folder.join("checkpoints");
    let mut names = if inside.is_dir() { files::names_in(&inside)? } else { Vec::new() };
    names.sort();
    let mut kept = Vec::new();
    for name in names {
        let file = format!("checkpoints/{name}");
        let path = inside.join(&name);
        let bytes = read_kept(&path).map_err(io_error("read", &path))?;
        let Some(says) = Checkpoint::parse_signed(&bytes) else {
            found.file(&file, "is not a checkpoint".to_owned());
            continue;
        };
        if name != format!("{}.asc", says.head.size) {
            found.file(&file, format!("says {} entries, which is not what its name says", says.head.size));
            continue;
        }
        if let Some(check) = checks.checkpoint
            && let Err(why) = check(&bytes, &folder.join("certs"))
        {
            found.file(&file, format!("the signature is bad: {why}"));
            continue;
        }
        kept.push(Kept { file, says });
    }
    Ok(kept)
}

impl Kept {
    pub(super) fn compare(&self, snapshot: &Snapshot, ledger: &str, found: &mut Problems) {
        let Head { size, root } = self.says.head;
        let time = self.says.time;
        let what = if self.says.ledger != ledger {
            format!("is of the ledger {}", self.says.ledger)
        } else if size > snapshot.mark.entries() {
            let now = snapshot.mark.entries();
            format!("says there were {size} entries at {time}, now there are {now}: the log was cut")
        } else if snapshot.roots.get(&size) != Some(&root) {
            format!("the first {size} entries are not those of {time}: the past was changed")
        } else {
            return;
        };
        found.file(&self.file, what);
    }
}
