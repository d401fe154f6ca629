//! Goods that are a file, sent by `ship notify` and taken out of a letter by `show --save` (P22).
//!
//! Nothing is ever fetched here: a link is printed, with its host, for a person to follow (B96). What a letter calls a file
//! is never a path: the file is written under a name made of it, only when asked, and never over another.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::failure::Failure;
use super::output;
use crate::clerk::Clerk;
use crate::feed::RowFile;
use crate::files;
use crate::trade::download::{FILE_MAX, LINKED_MAX};
use crate::trade::{Digest, Document, Download, Kept, Kind, Link, Place, Transaction};

/// The flags that say which file is delivered; columns of rows have the same names.
const FLAGS: [&str; 5] = ["file", "link", "size", "sha256", "called"];

/// Which file is delivered, and how.
#[derive(Debug, clap::Args)]
pub(super) struct FileArgs {
    /// The goods are this file, which goes with the letter, to 512 KiB; with --link it is only measured
    #[arg(long, value_name = "FILE", conflicts_with_all = ["failed", "refused", "lost", "planned"])]
    file: Option<PathBuf>,
    /// The goods are a file behind this link, which must begin with https://
    #[arg(long, value_name = "URL", conflicts_with_all = ["failed", "refused", "lost", "planned"])]
    link: Option<String>,
    /// Bytes of the file behind the link, where it is not at hand
    #[arg(long, value_name = "BYTES", requires = "link", conflicts_with = "file", requires = "sha256")]
    size: Option<u64>,
    /// SHA-256 of the file behind the link, where it is not at hand: 64 hexadecimal digits
    #[arg(long, value_name = "HEX", requires = "link", conflicts_with = "file", requires = "size")]
    sha256: Option<String>,
    /// What the file is called; its own name, or the last part of the link, where none is given
    #[arg(long = "called", value_name = "NAME")]
    name: Option<String>,
    /// Whether a row says so, whose columns have the names of the flags.
    #[arg(skip)]
    of_row: bool,
}

/// A file to be delivered: what is said of it, and its bytes where they go with the letter.
pub(super) struct Goods {
    pub(super) download: Download,
    pub(super) bytes: Option<Vec<u8>>,
}

impl FileArgs {
    /// Returns the flags as they are written, or the columns.
    fn flags(&self) -> [String; 5] {
        FLAGS.map(|name| if self.of_row { name.to_owned() } else { format!("--{name}") })
    }

    /// Reads and measures the file that is meant; `None` where the goods are none.
    pub(super) fn read(&self) -> Result<Option<Goods>, Failure> {
        let link = self.link.as_deref().map(Link::parse).transpose();
        let link = link.map_err(|error| Failure::usage(error.to_string()))?;
        match (&self.file, link) {
            (None, None) if self.name.is_some() => {
                let [file, link, .., called] = self.flags();
                Err(Failure::usage(format!("{called} names a file")).hint(format!("give {file} or {link}")))
            }
            (None, None) => Ok(None),
            (Some(file), None) => self.attached(file).map(Some),
            (Some(file), Some(link)) => {
                let (size, digest) = measure(file)?;
                self.linked(link, size, digest).map(Some)
            }
            (None, Some(link)) => {
                let [file, wants, size, sha256, _] = self.flags();
                let wanted = || Failure::usage(format!("{wants} wants {file} FILE, or {size} BYTES and {sha256} HEX"));
                let (size, digest) = self.size.zip(self.sha256.as_deref()).ok_or_else(wanted)?;
                let digest = Digest::parse_hex(&digest.to_ascii_lowercase());
                let digest = digest.map_err(|_| Failure::usage(format!("{sha256} wants 64 hexadecimal digits")))?;
                self.linked(link, size, digest).map(Some)
            }
        }
    }

    /// Reads and measures the file that a row names; a file is looked for below `folder` and nowhere else.
    pub(super) fn of_row(row: RowFile, folder: &Path) -> Result<Goods, String> {
        let RowFile { file, link, size, sha256, called } = row;
        let size = size.map(|text| text.parse::<u64>().map_err(|_| format!("size: {text:?} is no number of bytes")));
        let file = file.map(|file| below(folder, &file)).transpose()?;
        let args = Self { file, link, size: size.transpose()?, sha256, name: called, of_row: true };
        // What is wrong with a row is one line.
        let said = |failure: Failure| match failure.proposes() {
            Some(hint) => format!("{}; {hint}", failure.text()),
            None => failure.text().to_owned(),
        };
        let goods = args.read().map_err(said)?;
        goods.ok_or_else(|| "it names no file".to_owned())
    }

    fn attached(&self, file: &Path) -> Result<Goods, Failure> {
        let bytes = files::read(file, FILE_MAX).map_err(|error| match error.kind() {
            ErrorKind::FileTooLarge => Failure::data(format!(
                "{} is larger than the {} KiB that go with a letter",
                file.display(),
                FILE_MAX / 1024
            ))
            .hint("put it on a server of yours: mailorder ship notify TXN --link https://HOST/PATH --file FILE"),
            _ => Failure::unreadable(file, &error),
        })?;
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let name = self.called(file.file_name().and_then(|name| name.to_str()))?;
        let download = Download { name, size: not_empty(size)?, digest: Digest::of(&bytes), place: Place::Attached };
        Ok(Goods { download, bytes: Some(bytes) })
    }

    fn linked(&self, link: Link, size: u64, digest: Digest) -> Result<Goods, Failure> {
        if size > LINKED_MAX {
            let [.., size, _, _] = self.flags();
            return Err(Failure::usage(format!("{size} is more than {LINKED_MAX} bytes")));
        }
        let path = link.as_str().split(['?', '#']).next().unwrap_or_default();
        let last = path.rsplit('/').next().filter(|last| !last.is_empty() && *last != link.host());
        let of_file = self.file.as_ref().and_then(|file| file.file_name()?.to_str());
        let name = self.called(of_file.or(last))?;
        let download = Download { name, size: not_empty(size)?, digest, place: Place::Link(link) };
        Ok(Goods { download, bytes: None })
    }

    /// Returns the name the file is sent under.
    fn called(&self, own: Option<&str>) -> Result<String, Failure> {
        let [.., called] = self.flags();
        let Some(name) = self.name.as_deref().or(own) else {
            let failure = Failure::usage("the file has no name that can be sent");
            return Err(failure.hint(format!("give it one with {called}")));
        };
        match Download::fault_of_name(name) {
            None => Ok(name.to_owned()),
            Some(fault) => {
                let failure = Failure::usage(format!("the file cannot be sent: {fault}"));
                Err(failure.hint(format!("give it another name with {called}")))
            }
        }
    }
}

/// Returns the place of a file that a row names below a folder. What another system wrote into a cell leads nowhere
/// else: neither by its words nor by a link of the file system.
fn below(folder: &Path, named: &str) -> Result<PathBuf, String> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let outside = || {
        format!(
            "file: {named:?} is not below {}, the folder that files of rows are taken from (--files)",
            folder.display()
        )
    };
    let plain = Path::new(named).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !plain {
        return Err(outside());
    }
    let found = folder.join(named).canonicalize().map_err(|error| format!("file: {named:?}: {error}"))?;
    let root = folder.canonicalize().map_err(|error| format!("file: {}: {error}", folder.display()))?;
    if found.starts_with(root) { Ok(found) } else { Err(outside()) }
}

fn not_empty(size: u64) -> Result<u64, Failure> {
    if size == 0 { Err(Failure::data("the file is empty: nothing would be delivered")) } else { Ok(size) }
}

/// Measures a file of any size without holding it in memory.
fn measure(path: &Path) -> Result<(u64, Digest), Failure> {
    let fault = |error: std::io::Error| Failure::unreadable(path, &error);
    let mut file = files::open(path).map_err(fault)?;
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0_u64, vec![0; 64 * 1024]);
    loop {
        let read = file.read(&mut buffer).map_err(fault)?;
        if read == 0 {
            return Ok((size, Digest::from_bytes(hash.finalize().into())));
        }
        hash.update(buffer.get(..read).unwrap_or_default());
        size = size.saturating_add(u64::try_from(read).unwrap_or_default());
    }
}

/// Returns the files of a transaction, newest statement of each parcel last: those that came or went with a letter that
/// counts, and those behind links.
fn files_of(known: &Transaction) -> Vec<(&Kept, &Download)> {
    let mut found: Vec<(&Kept, &Download)> = Vec::new();
    for kept in known.known(Kind::DeliveryStatus) {
        let Document::DeliveryStatus(status) = &kept.letter.document else { continue };
        let files = status.parcels.iter().filter_map(|parcel| parcel.download.as_ref());
        for file in files.filter(|file| file.place != Place::Elsewhere) {
            // The same file, said again, is one.
            if !found.iter().any(|(_, known)| known.is_same(file) && known.place == file.place) {
                found.push((kept, file));
            }
        }
    }
    found
}

/// A file that was written.
pub(super) struct Saved {
    path: PathBuf,
    download: Download,
}

impl Saved {
    /// Returns the line a person reads.
    pub(super) fn line(&self) -> String {
        let (path, size) = (output::escape(&self.path.display().to_string()), self.download.size);
        format!("saved {path}  {size} bytes, SHA-256 {}", self.download.digest.hex())
    }

    /// Returns what a program reads.
    pub(super) fn json(&self) -> Value {
        let (path, file) = (self.path.display().to_string(), &self.download);
        json!({"path": path, "name": file.name, "size": file.size, "sha256": file.digest.hex()})
    }
}

/// Writes the files of a transaction into `folder`, each under a safe name and over nothing; its digest was checked against
/// the signed statement.
///
/// # Errors
/// Where there is none, the folder is none, or a file of that name is there already: then nothing more is written.
pub(super) fn save(clerk: &Clerk, known: &Transaction, folder: &Path) -> Result<Vec<Saved>, Failure> {
    if !folder.is_dir() {
        let failure = Failure::data(format!("{} is no folder", folder.display()));
        return Err(if folder.exists() { failure } else { failure.hint(format!("mkdir {}", folder.display())) });
    }
    let files = files_of(known);
    let attached = files.iter().filter(|(_, file)| file.place == Place::Attached);
    let mut taken = BTreeSet::new();
    let mut saved = Vec::new();
    for (kept, file) in attached {
        let bytes = clerk.attached(kept.position, file)?;
        let path = folder.join(free_name(&file.safe_name(), &mut taken));
        write_new(&path, &bytes)?;
        saved.push(Saved { path, download: (*file).clone() });
    }
    if !saved.is_empty() {
        return Ok(saved);
    }
    let linked = files.iter().find_map(|(_, file)| match &file.place {
        Place::Link(link) => Some((link, file)),
        _ => None,
    });
    if let Some(erased) = files.iter().find_map(|(kept, _)| kept.erased.as_ref()) {
        let text = format!("nothing to save: the letter was erased on {}: {}", erased.at.day(), erased.reason);
        return Err(Failure::data(text));
    }
    Err(match linked {
        Some((link, file)) => {
            let text = format!("nothing to save: the file is on {}, and links are never opened here", link.host());
            let (size, digest) = (file.size, file.digest.hex());
            let hint = format!("fetch {link} yourself, and compare: {size} bytes, SHA-256 {digest}");
            Failure::data(text).hint(output::escape(&hint))
        }
        None => Failure::data("nothing to save: no letter of this transaction that counts has brought a file"),
    })
}

/// Returns a name that no other file of this transaction was written under, whatever case it is in.
fn free_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2_u32..).map(|number| format!("{number}-{name}"));
    let free = std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken.contains(&name.to_lowercase()));
    let free = free.unwrap_or_else(|| name.to_owned());
    taken.insert(free.to_lowercase());
    free
}

/// Writes a file that is not there yet, for its owner's eyes alone and never to be run. What is cut short is removed.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let text = format!("{} is there already, and nothing is written over it", path.display());
            return Err(Failure::data(text).hint("name another folder"));
        }
        Err(error) => return Err(Failure::io(format!("cannot write {}: {error}", path.display()))),
    };
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| {
        let failure = Failure::io(format!("cannot write {}: {error}", path.display()));
        match std::fs::remove_file(path) {
            Ok(()) => failure,
            Err(error) => failure.hint(format!("what is left of it stays: {error}")),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn files_are_written_anew_and_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write_new(&path, b"one").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(write_new(&path, b"two").unwrap_err().code(), 65);
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        // A link that leads elsewhere is something that is there.
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &link).unwrap();
        assert_eq!(write_new(&link, b"three").unwrap_err().code(), 65);
        assert!(!folder.path().join("elsewhere").exists());
        let mut taken = BTreeSet::new();
        let names: Vec<String> = ["a.txt", "A.TXT", "a.txt"].iter().map(|name| free_name(name, &mut taken)).collect();
        assert_eq!(names, ["a.txt", "2-A.TXT", "3-a.txt"]);
    }

    #[test]
    fn a_large_file_is_measured_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        let bytes = vec![7; 200_001];
        std::fs::write(&path, &bytes).unwrap();
        let (size, digest) = measure(&path).unwrap();
        assert_eq!((size, digest), (200_001, Digest::of(&bytes)));
    }
}
