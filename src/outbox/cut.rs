//! What becomes of queued letters when the ledger that they belong to was cut back.

use std::fs;
use std::path::PathBuf;

use super::queue::{Queue, QueueError};
use crate::files;
use crate::maildir;

/// Where letters go whose entries the log no longer reaches.
const CUT: &str = "cut";

impl Queue {
    /// Puts the letters of entries from `position` on into the folder `cut`, where nothing sends them, and moves the watermark back:
    /// a ledger that was cut back gives their names to other letters. Returns how many there were.
    pub fn put_cut_off_aside(&self, position: u64) -> Result<usize, QueueError> {
        let is_cut_off = |name: &String| name.parse::<u64>().is_ok_and(|number| number >= position);
        let letters: Vec<String> = self.names()?.into_iter().filter(is_cut_off).collect();
        let folder = self.folder.join(CUT);
        if !letters.is_empty() {
            files::make_private(&folder).map_err(failed("make folder", &folder))?;
        }
        for name in &letters {
            let free = (0_u32..).map(|number| match number {
                0 => name.clone(),
                _ => format!("{name}.{number}"),
            });
            let to = free.map(|name| folder.join(format!("{name}.eml"))).find(|path| !path.exists());
            let to = to.unwrap_or_else(|| folder.join(format!("{name}.eml")));
            // The state first: left behind it would be that of another letter.
            for (from, to) in [(self.json(name), to.with_extension("json")), (self.eml(name), to)] {
                match fs::rename(&from, &to) {
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    moved => moved.map_err(failed("move", &from))?,
                }
            }
        }
        if self.written()? > position {
            self.set_written(position)?;
        }
        Ok(letters.len())
    }
}

fn failed(what: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> QueueError {
    let path: PathBuf = path.to_owned();
    move |cause| maildir::Error::Io { what, path, cause }.into()
}
