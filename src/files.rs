//! Files that somebody else may have put there, read without hanging and without filling the memory: regular files
//! alone, and never more than a limit.
//!
//! A FIFO waits for a writer, a device may have no end, a folder is no text. None of them is opened for reading. What
//! the files say is not this module's business. And the order of names: numbers in them count as numbers.

use std::cmp::Ordering;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// The most bytes of a file that a person writes or names: settings, a certificate, an order (1 MiB).
pub const SMALL: u64 = 1024 * 1024;

/// The most bytes of a file that a ledger keeps: many times an entry with the mail it came in (64 MiB).
pub const KEPT: u64 = 64 * 1024 * 1024;

/// What others than the owner may do.
const OPEN: u32 = 0o077;

/// Opens a regular file for reading, links followed.
///
/// # Errors
/// The system's; what is no regular file is `InvalidInput`, a folder `IsADirectory`.
pub fn open(path: &Path) -> io::Result<File> {
    opened(path).map(|(file, _)| file)
}

/// Returns why what is at a path is not read, which is there and no regular file by itself.
pub fn no_file(path: &Path) -> io::Error {
    open(path).err().unwrap_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"))
}

/// Opens a regular file, and returns its length in bytes, too.
fn opened(path: &Path) -> io::Result<(File, u64)> {
    // Before it is opened, since opening alone may wake a device.
    check(&std::fs::metadata(path)?)?;
    open_checked(OpenOptions::new().read(true), path)
}

/// Opens a regular file that this program writes to: a lock, a log. With `make`, one that is missing is made.
///
/// # Errors
/// As for [`open`].
pub fn open_own(path: &Path, make: bool) -> io::Result<File> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && make => {}
        found => check(&found?)?,
    }
    open_checked(OpenOptions::new().read(true).append(true).create(make).mode(0o600), path).map(|(file, _)| file)
}

/// Checks, without opening it, that whoever runs this may read and write a file, or list a folder and make files in it.
///
/// # Errors
/// The system's.
pub fn check_use(path: &Path) -> io::Result<()> {
    use rustix::fs::Access;
    let both = Access::READ_OK | Access::WRITE_OK;
    let wanted = if std::fs::metadata(path)?.is_dir() { both | Access::EXEC_OK } else { both };
    Ok(rustix::fs::access(path, wanted)?)
}

/// Removes a file; one that is gone already is no error.
///
/// # Errors
/// The system's.
pub fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Returns the number of the user who runs this.
pub fn own_user() -> u32 {
    rustix::process::getuid().as_raw()
}

/// Makes a folder that is its owner's alone, with those it lies in, where they are missing.
///
/// # Errors
/// The system's.
pub fn make_private(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes a folder, with those it lies in, no more open to others than the one that is there already.
///
/// # Errors
/// The system's.
pub fn make_alike(folder: &Path) -> io::Result<()> {
    let mode = folder.ancestors().skip(1).find_map(|above| std::fs::metadata(above).ok());
    let open = mode.map_or(OPEN, |above| above.mode() & OPEN);
    std::fs::DirBuilder::new().recursive(true).mode(0o700 | open).create(folder)
}

/// Returns the mode of a new file in a folder: no more open to others than the folder.
pub fn mode_in(folder: &Path) -> u32 {
    0o600 | std::fs::metadata(folder).map_or(0, |folder| folder.mode() & OPEN & 0o666)
}

/// Opens what was a regular file a moment ago. It may be another one by now; a FIFO opened so does not wait.
fn open_checked(options: &mut OpenOptions, path: &Path) -> io::Result<(File, u64)> {
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = options.custom_flags(nonblocking).open(path)?;
    let found = file.metadata()?;
    check(&found)?;
    Ok((file, found.len()))
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// As for [`open`]; a file with more bytes is `FileTooLarge`.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let (file, length) = opened(path)?;
    let room = length.min(limit).saturating_add(1);
    read_all(file, usize::try_from(room).unwrap_or_default(), limit)
}

/// Reads a file of a ledger.
///
/// # Errors
/// As for [`read`].
pub fn read_kept(path: &Path) -> io::Result<Vec<u8>> {
    read(path, KEPT)
}

/// Reads a regular file of at most `limit` bytes that must be UTF-8.
///
/// # Errors
/// As for [`read`]; other bytes are `InvalidData`.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    text(read(path, limit)?)
}

/// Takes bytes that must be UTF-8.
///
/// # Errors
/// Other bytes are `InvalidData`.
pub fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is no UTF-8 text"))
}

/// Reads what a person names: a regular file, or standard input where the name is `-`.
///
/// # Errors
/// As for [`read`].
pub fn read_named(name: &Path, limit: u64) -> io::Result<Vec<u8>> {
    if name.as_os_str() == "-" { read_all(io::stdin().lock(), 0, limit) } else { read(name, limit) }
}

/// Reads a source of at most `limit` bytes, most likely fewer than `room`, to its end.
fn read_all(source: impl Read, room: usize, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(room);
    source.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {limit} bytes")));
    }
    Ok(bytes)
}

fn check(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let kind = if metadata.is_dir() { io::ErrorKind::IsADirectory } else { io::ErrorKind::InvalidInput };
    let what = if metadata.is_dir() { "it is a folder, where a file is wanted" } else { "it is no regular file" };
    Err(io::Error::new(kind, what))
}

/// Compares two names: runs of digits by their value, all else by its bytes. Names that differ in leading zeros alone
/// are told apart by their bytes, so no two names are equal.
pub fn by_number(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
    while let (Some(a), Some(b)) = (left.as_bytes().first(), right.as_bytes().first()) {
        let by_part = if a.is_ascii_digit() && b.is_ascii_digit() {
            let (number, after) = number_of(left);
            let (other_number, other_after) = number_of(right);
            (left, right) = (after, other_after);
            number.len().cmp(&other_number.len()).then_with(|| number.cmp(other_number))
        } else {
            let ((text, after), (other_text, other_after)) = (text_of(left), text_of(right));
            (left, right) = (after, other_after);
            text.cmp(other_text)
        };
        if by_part.is_ne() {
            return by_part;
        }
    }
    left.len().cmp(&right.len()).then_with(|| one.cmp(other))
}

/// Returns the digits at the beginning without leading zeros, and what follows them.
fn number_of(name: &str) -> (&str, &str) {
    let (digits, after) = split(name, |c| !c.is_ascii_digit());
    (digits.trim_start_matches('0'), after)
}

/// Returns what stands before the first digit, and what follows it.
fn text_of(name: &str) -> (&str, &str) {
    split(name, |c| c.is_ascii_digit())
}

fn split(name: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    name.find(ends).and_then(|end| name.split_at_checked(end)).unwrap_or((name, ""))
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn only_regular_files_are_read_and_only_so_much_of_them() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, b"abc").unwrap();
        assert_eq!(read(&file, 3).unwrap(), b"abc");
        assert_eq!(read(&file, 2).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(read_text(&link, 3).unwrap(), "abc");
        let fifo = dir.path().join("fifo");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR, 0).unwrap();
        assert_eq!(read(&fifo, 3).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(open_own(&fifo, true).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(open_own(dir.path(), true).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        let made = dir.path().join("made");
        assert_eq!(open_own(&made, false).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(open_own(&made, true).is_ok() && made.is_file());
        assert_eq!(read(Path::new("/dev/zero"), 3).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(read(dir.path(), 3).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        assert_eq!(read(&dir.path().join("none"), 3).unwrap_err().kind(), io::ErrorKind::NotFound);
        std::fs::write(&file, b"a\xff").unwrap();
        assert_eq!(read_text(&file, 3).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let names = [
            "1.a",
            "2-9.a",
            "2-10.a",
            "9.f00",
            "010.a",
            "10.a",
            "10.b",
            "99.a",
            "100.a",
            "1795000000.M5P7.host",
            "1795000000.M12P7.host",
            "1795000000.M12P7.host:2,S",
            "99999999999999999999999999.a",
            "a",
            "a1",
            "日1",
        ];
        for (place, one) in names.iter().enumerate() {
            for (other_place, other) in names.iter().enumerate() {
                assert_eq!(by_number(one, other), place.cmp(&other_place), "{one} {other}");
            }
        }
    }
}
