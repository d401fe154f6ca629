//! Durable files for the ledger: written once, synced in batches, found again under a changed name.
//!
//! A sync that failed is never tried again on the same file: after it the system may call a lost page clean. The
//! caller gives the whole batch up and writes new files. What the files say is no concern of this module.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{LedgerError, io_error};

/// From how many files on one sync of the whole file system is cheaper than one of each file.
const SYNC_TOGETHER: usize = 8;

/// Writes a new file; an error where one of this name is there already. Nothing is synced.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options);
    let mut file = options.open(path).map_err(io_error("create", path))?;
    file.write_all(bytes).map_err(io_error("write", path)).inspect_err(|_| {
        let _ = fs::remove_file(path);
    })
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn private(_options: &mut OpenOptions) {}

/// Makes files and the folders their names are in durable.
///
/// For many files one `syncfs` of the file system takes the place of an `fsync` each; Linux reports the errors of
/// both (syncfs since 5.8).
pub(super) fn sync_batch(files: &[PathBuf], folders: &[PathBuf]) -> Result<(), LedgerError> {
    if files.len() >= SYNC_TOGETHER
        && let Some(folder) = folders.first()
        && sync_file_system(folder)?
    {
        return Ok(());
    }
    for path in files.iter().chain(folders) {
        sync_path(path)?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn sync_file_system(folder: &Path) -> Result<bool, LedgerError> {
    let open = File::open(folder).map_err(io_error("open", folder))?;
    rustix::fs::syncfs(&open).map_err(|error| io_error("sync", folder)(error.into()))?;
    Ok(true)
}

#[cfg(not(target_os = "linux"))]
fn sync_file_system(_folder: &Path) -> Result<bool, LedgerError> {
    Ok(false)
}

/// Syncs one file or folder.
pub(super) fn sync_path(path: &Path) -> Result<(), LedgerError> {
    let open = File::open(path).map_err(io_error("open", path))?;
    open.sync_all().map_err(io_error("sync", path))
}

/// Puts a file in place as a whole: written in `tmp`, synced, renamed, its folder synced.
pub(super) fn put(tmp: &Path, path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    remove_if_there(tmp)?;
    write_new(tmp, bytes)?;
    sync_path(tmp)?;
    fs::rename(tmp, path).map_err(io_error("rename", path))?;
    path.parent().map_or(Ok(()), sync_path)
}

/// Removes a file; one that is gone already is no error.
pub(super) fn remove_if_there(path: &Path) -> Result<(), LedgerError> {
    crate::files::remove(path).map_err(io_error("remove", path))
}

/// Makes a folder readable by its owner alone, where it is not there yet; returns whether it was made.
pub(super) fn make_folder(path: &Path) -> Result<bool, LedgerError> {
    match build_folder(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(false),
        Err(error) => Err(io_error("make the folder", path)(error)),
    }
}

#[cfg(unix)]
fn build_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn build_folder(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

/// Returns the names of the files in a folder, in no order; names that are not Unicode are left out.
pub(super) fn names_in(folder: &Path) -> Result<Vec<String>, LedgerError> {
    let mut names = Vec::new();
    for found in fs::read_dir(folder).map_err(io_error("list", folder))? {
        let found = found.map_err(io_error("list", folder))?;
        if let Ok(name) = found.file_name().into_string() {
            names.push(name);
        }
    }
    Ok(names)
}

/// Returns the part of a Maildir name that never changes: what stands before `:2,`.
pub(super) fn stable_name(file: &str) -> &str {
    file.split_once(":2,").map_or(file, |(stable, _)| stable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_no_part_of_a_name() {
        assert_eq!(stable_name("1784364063.42.0f1e2d3c:2,RS"), "1784364063.42.0f1e2d3c");
        assert_eq!(stable_name("1784364063.42.0f1e2d3c"), "1784364063.42.0f1e2d3c");
    }

    #[test]
    fn a_file_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_new(&path, b"first").unwrap();
        assert!(write_new(&path, b"second").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }
}
