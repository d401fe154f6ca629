//! Maildir folders: deliver durably, list, find, sweep.
//!
//! Files and folders are made no more open to others than the folder they are made in.
//!
//! A file is complete from the moment it has its name in `new/` or `cur/`: it is written to `tmp/`, synced, given its
//! name without replacing anything, and the folder is synced before the call returns. This module knows nothing of
//! trade or of what the files say, and it never changes or removes a delivered file by itself.
//!
//! A failed sync is never tried again on the same file: the kernel may have dropped the unwritten pages and would then
//! answer "done" (hard-cases 2.6). The file counts as lost; the next attempt writes a new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::files;

/// How many files this process has written to `tmp` folders.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// From how many files on one sync of the whole file system, and one look at the folders, is cheaper than one of each.
const TOGETHER: usize = 8;

/// How many files are worth a second core.
const AT_LEAST: usize = 32;

/// How long an abandoned file may lie in `tmp/` before it is swept (maildir(5)).
pub const TMP_AGE: Duration = Duration::from_secs(36 * 3600);

/// A file operation that failed: what was tried, on which path, and why.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused.
    #[error("cannot {what} {path}: {cause}")]
    Io {
        /// What was tried, as a verb.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        cause: io::Error,
    },
    /// The name is taken by other bytes.
    #[error("{path} exists with other content; it is left as it is")]
    NameTaken {
        /// The file that has the name.
        path: PathBuf,
    },
    /// The name would lead out of the folder or would be hidden.
    #[error("{name:?} cannot be the name of a file in a Maildir (one path component, no ':', not beginning with '.')")]
    BadName {
        /// The name as asked for.
        name: String,
    },
}

impl Error {
    fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |cause| Self::Io { what, path, cause }
    }

    /// Returns the system's error kind, where there is one (`StorageFull`, `PermissionDenied`, ...).
    pub fn kind(&self) -> Option<io::ErrorKind> {
        match self {
            Self::Io { cause, .. } => Some(cause.kind()),
            Self::NameTaken { .. } | Self::BadName { .. } => None,
        }
    }
}

/// Makes `folder` with its `tmp`, `new` and `cur`; what exists is left alone (F10).
pub fn create(folder: &Path) -> Result<(), Error> {
    for part in ["tmp", "new", "cur"] {
        let path = folder.join(part);
        if !path.is_dir() {
            files::make_alike(&path).map_err(Error::io("make folder", &path))?;
            sync_dir(folder)?;
        }
    }
    Ok(())
}

/// Delivers one file to `new/` and returns its path: durable when it returns.
///
/// The same bytes under the same name in `new/` or `cur/` are taken as delivered already. Other bytes under that name
/// are an error and stay as they are.
pub fn deliver(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
    check_name(name)?;
    if let Some(path) = find(folder, name)? {
        repeated(&path, bytes)?;
        return Ok(path);
    }
    deliver_new(folder, &[(name, bytes)])?;
    Ok(folder.join("new").join(name))
}

/// Delivers many files to `new/` under names that nobody ever used, with one sync of the folder for all of them.
///
/// The content of every file is durable before the first of them gets its name. After an error some of the files may be
/// there. A name that is taken in `new/` all the same is an error, unless by the same bytes.
pub fn deliver_new(folder: &Path, files: &[(&str, &[u8])]) -> Result<(), Error> {
    let (tmp, new) = (folder.join("tmp"), folder.join("new"));
    let written = write_tmp_all(&tmp, files)?;
    for (tmp, (name, _)) in written.iter().zip(files) {
        claim(tmp, &new.join(name))?;
    }
    sync_dir(&new)
}

/// Makes sure that a file that is there already has these bytes, durably.
fn repeated(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if files::read_kept(path).map_err(Error::io("read", path))? != bytes {
        return Err(Error::NameTaken { path: path.to_owned() });
    }
    // Whoever wrote it may have died before the sync of the folder that `cur/` or `new/` needs.
    path.parent().map_or(Ok(()), sync_dir)
}

/// Writes files in `tmp` as [`write_tmp`] does, all of them durable when it returns: many with one sync of the file
/// system, few with a sync each. After an error none of them is there.
pub fn write_tmp_all(tmp: &Path, files: &[(&str, &[u8])]) -> Result<Vec<PathBuf>, Error> {
    let together = files.len() >= TOGETHER && cfg!(target_os = "linux");
    let mode = files::mode_in(tmp);
    let write = |(name, bytes): &(&str, &[u8])| write_in(tmp, name, bytes, mode, !together);
    let made: Vec<Result<PathBuf, Error>> = files.par_iter().with_min_len(AT_LEAST).map(write).collect();
    let (mut written, mut fault) = (Vec::with_capacity(made.len()), None);
    for one in made {
        match one {
            Ok(path) => written.push(path),
            Err(error) => fault = fault.or(Some(error)),
        }
    }
    let synced = || if together { sync_file_system(tmp) } else { Ok(()) };
    if let Err(error) = fault.map_or_else(synced, Err) {
        // A full disk needs the room; and what a failed sync left is lost, whatever it looks like.
        for path in &written {
            let _ = fs::remove_file(path);
        }
        return Err(error);
    }
    Ok(written)
}

/// Makes everything written to the file system of `folder` durable; Linux reports errors of it since 5.8.
#[cfg(target_os = "linux")]
fn sync_file_system(folder: &Path) -> Result<(), Error> {
    let open = File::open(folder).map_err(Error::io("open folder", folder))?;
    rustix::fs::syncfs(&open).map_err(|error| Error::io("sync", folder)(error.into()))
}

#[cfg(not(target_os = "linux"))]
fn sync_file_system(_folder: &Path) -> Result<(), Error> {
    Ok(())
}

/// Gives the name of each file of a folder, where it is UTF-8, to `each`; a folder that is missing has none.
fn each_name(folder: &Path, mut each: impl FnMut(&str)) -> Result<(), Error> {
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(Error::io("list", folder))?,
    };
    for entry in entries {
        let name = entry.map_err(Error::io("list", folder))?.file_name();
        name.to_str().into_iter().for_each(&mut each);
    }
    Ok(())
}

/// Writes and syncs a file in the `tmp` folder under a name that nobody else uses, and returns its path.
///
/// The name has the process and a count in it: two processes that deliver one name must not meet in `tmp`, where one
/// could give the other's half-written file its final name. A leftover of a dead process with our number is removed.
pub fn write_tmp(tmp: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
    write_in(tmp, name, bytes, files::mode_in(tmp), true)
}

/// The same; `mode` is that of a new file in the folder, as far as it is there.
fn write_in(tmp: &Path, name: &str, bytes: &[u8], mode: u32, sync: bool) -> Result<PathBuf, Error> {
    check_name(name)?;
    let count = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let path = tmp.join(format!("{name}.{}-{count}", std::process::id()));
    let open = |mode: u32| OpenOptions::new().write(true).create_new(true).mode(mode).open(&path);
    let mut file = match open(mode) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(&path).map_err(Error::io("remove leftover", &path))?;
            open(mode)
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            files::make_alike(tmp).map_err(Error::io("make folder", tmp))?;
            open(files::mode_in(tmp))
        }
        other => other,
    }
    .map_err(Error::io("create", &path))?;
    let written = file.write_all(bytes).map_err(Error::io("write", &path));
    let synced = written.and_then(|()| if sync { file.sync_all().map_err(Error::io("sync", &path)) } else { Ok(()) });
    if let Err(error) = synced {
        // The file is lost, whatever it looks like; nothing may find it later.
        let _ = fs::remove_file(&path);
        return Err(error);
    }
    Ok(path)
}

/// Gives a file its name for good without replacing anything: a rename that refuses a taken name, else, where the
/// system has none, hard link and unlink of the old name.
///
/// On file systems without either the file is renamed when the name is free; two deliverers of one name at the same
/// moment are then told apart by nothing, so names must be unique there.
pub fn claim(from: &Path, to: &Path) -> Result<(), Error> {
    match rename_new(from, to) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => claim_taken(from, to),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let Some(parent) = to.parent().filter(|p| !p.is_dir() && from.exists()) else {
                return Err(Error::io("rename to", to)(e));
            };
            files::make_alike(parent).map_err(Error::io("make folder", parent))?;
            fs::rename(from, to).map_err(Error::io("rename to", to))
        }
        Err(_) => claim_by_link(from, to),
    }
}

/// Renames without replacing (`renameat2`).
#[cfg(target_os = "linux")]
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

#[cfg(not(target_os = "linux"))]
fn rename_new(_from: &Path, _to: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn claim_by_link(from: &Path, to: &Path) -> Result<(), Error> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from).map_err(Error::io("remove", from)),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => claim_taken(from, to),
        Err(e) if matches!(e.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) && !to.exists() => {
            fs::rename(from, to).map_err(Error::io("rename to", to))
        }
        Err(e) => Err(Error::io("link to", to)(e)),
    }
}

/// Settles a name that is taken: by the same bytes it is a repeat, by others an error.
fn claim_taken(from: &Path, to: &Path) -> Result<(), Error> {
    let read = |path: &Path| files::read_kept(path).map_err(Error::io("read", path));
    let same = read(from)? == read(to)?;
    if !same {
        return Err(Error::NameTaken { path: to.to_owned() });
    }
    fs::remove_file(from).map_err(Error::io("remove", from))
}

/// Replaces the file `path` by these bytes in one step, durably; `tmp` is a folder on the same file system.
pub fn replace(tmp: &Path, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let written = write_tmp(tmp, name, bytes)?;
    fs::rename(&written, path).map_err(Error::io("rename to", path))?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// Syncs a folder, so that names given and removed in it survive a power failure.
pub fn sync_dir(folder: &Path) -> Result<(), Error> {
    let dir = File::open(folder).map_err(Error::io("open folder", folder))?;
    dir.sync_all().map_err(Error::io("sync folder", folder))
}

/// Returns the part of a file name that mail readers leave alone: what stands before `:2,`.
pub fn stable(name: &str) -> &str {
    name.split_once(":2,").map_or(name, |(stable, _)| stable)
}

/// Returns the files of `new/` in the order of their names; numbers in them count as numbers.
pub fn list_new(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    list_part(&folder.join("new"))
}

/// Returns the files of `new/` and `cur/` in the order of their names; numbers in them count as numbers.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = list_part(&folder.join("new"))?;
    files.append(&mut list_part(&folder.join("cur"))?);
    files.sort_by(|a, b| files::by_number(name_of(a).unwrap_or_default(), name_of(b).unwrap_or_default()));
    Ok(files)
}

/// Returns the files of one of the three folders in the order of their names; hidden ones and names that are not UTF-8
/// are passed over, a folder that is missing has none.
pub fn list_part(part: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut names: Vec<String> = Vec::new();
    each_name(part, |name| {
        if !name.starts_with('.') {
            names.push(name.to_owned());
        }
    })?;
    names.sort_unstable_by(|a, b| files::by_number(a, b));
    Ok(names.into_iter().map(|name| part.join(name)).collect())
}

/// Returns the file name of a path, where it is UTF-8.
pub fn name_of(path: &Path) -> Option<&str> {
    path.file_name().and_then(|name| name.to_str())
}

/// Finds a delivered file by the stable part of its name, whatever a mail reader did to its flags.
///
/// The two likely places are looked at first; the folders are searched only when it is in neither.
pub fn find(folder: &Path, name: &str) -> Result<Option<PathBuf>, Error> {
    let name = stable(name);
    for likely in [folder.join("new").join(name), folder.join("cur").join(format!("{name}:2,S"))] {
        if likely.is_file() {
            return Ok(Some(likely));
        }
    }
    // A reader may move the file from `new` to `cur` while we look: `new` first, then `cur`, finds it in either case.
    for part in ["new", "cur"] {
        let part = folder.join(part);
        let mut found: Option<String> = None;
        each_name(&part, |other| {
            if stable(other) == name && !other.starts_with('.') && found.as_deref().is_none_or(|first| other < first) {
                found = Some(other.to_owned());
            }
        })?;
        if let Some(found) = found {
            return Ok(Some(part.join(found)));
        }
    }
    Ok(None)
}

/// Reads at most `limit` bytes from the beginning of a regular file.
pub fn read_head(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let mut head = Vec::new();
    let file = files::open(path).map_err(Error::io("open", path))?;
    file.take(limit).read_to_end(&mut head).map_err(Error::io("read", path))?;
    Ok(head)
}

/// Removes what was abandoned in `tmp/` more than 36 hours before `now`, and returns how many files it were (F27).
///
/// A file with a date in the future stays: the clock may be wrong, and nothing is lost by waiting.
pub fn sweep_tmp(folder: &Path, now: Timestamp) -> Result<usize, Error> {
    let now = SystemTime::from(now);
    let mut swept = 0_usize;
    for path in list_part(&folder.join("tmp"))? {
        let Ok(meta) = fs::symlink_metadata(&path) else { continue };
        let old = meta.modified().ok().and_then(|then| now.duration_since(then).ok()).is_some_and(|age| age > TMP_AGE);
        if meta.is_file() && old {
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
            swept = swept.saturating_add(1);
        }
    }
    Ok(swept)
}

fn check_name(name: &str) -> Result<(), Error> {
    let bad = |b: u8| b == b'/' || b == b':' || b.is_ascii_control();
    if name.is_empty() || name.starts_with('.') || name.len() > 200 || name.bytes().any(bad) {
        return Err(Error::BadName { name: name.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        create(dir.path()).unwrap();
        dir
    }

    #[test]
    fn a_repeated_delivery_is_the_same_delivery() {
        let dir = folder();
        let path = deliver(dir.path(), "1.a", b"one").unwrap();
        assert_eq!(deliver(dir.path(), "1.a", b"one").unwrap(), path);
        // A mail reader has moved and flagged it meanwhile.
        let read = dir.path().join("cur/1.a:2,FRS");
        fs::rename(&path, &read).unwrap();
        assert_eq!(deliver(dir.path(), "1.a", b"one").unwrap(), read);
        assert_eq!(list(dir.path()).unwrap(), [read]);
        assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn a_taken_name_is_never_overwritten() {
        let dir = folder();
        let path = deliver(dir.path(), "1.a", b"one").unwrap();
        assert!(matches!(deliver(dir.path(), "1.a", b"two"), Err(Error::NameTaken { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"one");
        // The same between the look at the folders and `claim`: two deliverers at once.
        for claim in [claim, claim_by_link] {
            let tmp = write_tmp(&dir.path().join("tmp"), "1.a", b"two").unwrap();
            assert!(matches!(claim(&tmp, &path), Err(Error::NameTaken { .. })));
            fs::remove_file(&tmp).unwrap();
            let tmp = write_tmp(&dir.path().join("tmp"), "1.a", b"one").unwrap();
            claim(&tmp, &path).unwrap();
            assert!(!tmp.exists());
        }
        assert_eq!(fs::read(&path).unwrap(), b"one");
    }

    #[test]
    fn many_are_delivered_together_and_replace_nothing() {
        let dir = folder();
        let names: Vec<String> = (0..20).map(|number| format!("{number:02}.a")).collect();
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), name.as_bytes())).collect();
        // The same again is the same twenty files.
        for _ in 0..2 {
            deliver_new(dir.path(), &files).unwrap();
            let there = list(dir.path()).unwrap();
            assert_eq!(there.len(), 20);
            assert!(there.iter().zip(&names).all(|(path, name)| fs::read(path).unwrap() == name.as_bytes()));
            assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
        }
        let taken: [(&str, &[u8]); 2] = [("20.a", b"20.a"), ("19.a", b"other")];
        assert!(matches!(deliver_new(dir.path(), &taken), Err(Error::NameTaken { .. })));
        assert!(matches!(deliver_new(dir.path(), &[("../x", b"x")]), Err(Error::BadName { .. })));
        assert_eq!(fs::read(dir.path().join("new/19.a")).unwrap(), b"19.a");
    }

    #[test]
    fn names_that_lead_out_are_refused() {
        let dir = folder();
        for bad in ["", ".", "..", "../x", "a/b", ".hidden", "a:2,S", "a\nb"] {
            assert!(matches!(deliver(dir.path(), bad, b""), Err(Error::BadName { .. })), "{bad:?}");
        }
    }

    #[test]
    fn a_leftover_in_tmp_does_not_stand_in_the_way() {
        let dir = folder();
        let next = WRITTEN.load(Ordering::Relaxed);
        for count in next..next.saturating_add(50) {
            fs::write(dir.path().join(format!("tmp/1.a.{}-{count}", std::process::id())), b"torn").unwrap();
        }
        let path = deliver(dir.path(), "1.a", b"whole").unwrap();
        assert_eq!(fs::read(path).unwrap(), b"whole");
    }

    #[test]
    fn missing_folders_are_made_again() {
        // F10
        let dir = folder();
        fs::remove_dir(dir.path().join("tmp")).unwrap();
        deliver(dir.path(), "1.a", b"x").unwrap();
        assert!(matches!(list_part(&dir.path().join("nowhere")), Ok(v) if v.is_empty()));
    }

    #[test]
    fn lists_are_in_the_order_of_names_across_both_folders() {
        let dir = folder();
        for name in ["3", "10.a", "1", "2"] {
            deliver(dir.path(), name, b"x").unwrap();
        }
        fs::rename(dir.path().join("new/2"), dir.path().join("cur/2:2,S")).unwrap();
        fs::write(dir.path().join("new/.hidden"), b"").unwrap();
        let names: Vec<String> =
            list(dir.path()).unwrap().iter().filter_map(|p| name_of(p).map(str::to_owned)).collect();
        assert_eq!(names, ["1", "2:2,S", "3", "10.a"]);
        assert_eq!(list_new(dir.path()).unwrap().len(), 3);
        assert_eq!(find(dir.path(), "2:2,").unwrap().unwrap(), dir.path().join("cur/2:2,S"));
        assert_eq!(find(dir.path(), "4").unwrap(), None);
    }

    #[test]
    fn only_old_leftovers_are_swept() {
        // F27
        let dir = folder();
        let now = Timestamp::from_second(2_000_000_000).unwrap();
        let age = |name: &str, hours: u64| {
            let file = File::create(dir.path().join("tmp").join(name)).unwrap();
            file.set_modified(SystemTime::from(now) - Duration::from_secs(hours * 3600)).unwrap();
        };
        age("old", 37);
        age("young", 35);
        let future = File::create(dir.path().join("tmp/future")).unwrap();
        future.set_modified(SystemTime::from(now) + Duration::from_secs(3600)).unwrap();
        assert_eq!(sweep_tmp(dir.path(), now).unwrap(), 1);
        assert!(!dir.path().join("tmp/old").exists() && dir.path().join("tmp/young").exists());
    }

    #[test]
    fn errors_name_the_path_and_the_cause() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, b"").unwrap();
        let error = deliver(&file, "1", b"").unwrap_err();
        assert!(error.to_string().contains("file") && error.kind() == Some(io::ErrorKind::NotADirectory), "{error}");
    }
}
