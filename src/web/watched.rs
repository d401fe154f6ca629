//! The configuration file, looked at again: what a page was started with may not be what the file says now.

use std::path::PathBuf;

use crate::files;
use crate::trade::Digest;

/// A file, and what it held when the page was started.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) file: PathBuf,
    digest: Option<Digest>,
}

impl Watched {
    /// Looks at a file for the first time.
    pub(super) fn new(file: PathBuf) -> Self {
        let digest = digest(&file);
        Self { file, digest }
    }

    /// Returns whether it holds what it held then.
    pub(super) fn is_same(&self) -> bool {
        digest(&self.file) == self.digest
    }
}

/// Returns the digest of what a file holds; nothing of one that cannot be read.
fn digest(file: &std::path::Path) -> Option<Digest> {
    files::read_text(file, files::SMALL).ok().map(|text| Digest::of(text.as_bytes()))
}
