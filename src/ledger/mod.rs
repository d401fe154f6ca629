//! The truth: an append-only Maildir of plain, grep-able files, a log over them, and nothing else.
//!
//! ```text
//! cur/ new/ tmp/       the entries, one file each (see `form`)
//! log                  one line for each entry (see `log`): a synced line is the commit
//! lock                 held by the one writer for one batch; its text tells of an interrupted one
//! checkpoints/ certs/ originals/
//! ```
//!
//! Any number of readers work beside one [`Writer`]. What is known here can be read by `grep`, `sha256sum`, `gpg` and
//! any mail reader; the index and everything else is reckoned from it. The ledger does not know what letters mean,
//! makes no signatures, and asks nobody for the time.

mod absent;
pub mod checkpoint;
mod erased;
mod files;
pub mod form;
pub mod log;
mod missing;
mod places;
mod recover;
mod replay;
mod store;
mod verify;
mod witness;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::files::read_kept;
use crate::trade::{Act, Address, Body, Entry};

pub use absent::Erased;
pub use checkpoint::Checkpoint;
pub use form::{FormError, Seal, amount, recordable};
pub use log::{Head, Line, Mark, Tree};
pub use replay::{Chunk, Recorded, Reread};
pub use verify::{CheckCheckpoint, CheckSignature, Checks, Outcome, Problem, Report, Signed, verify};
pub use witness::{Claim, Testimony};
pub use writer::{BATCH_MAX, Draft, Writer};

use erased::{Found, Redactions};
use files::{make_folder, sync_path};
use log::LogFile;
use places::Places;

/// The folders of a ledger that are made again where they are missing.
const FOLDERS: [&str; 6] = ["cur", "new", "tmp", "checkpoints", "certs", "originals"];

/// Why a ledger cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The system refused.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process writes and did not finish in time.
    #[error("another mailorder is writing to {} and did not finish within {} s; try again", folder.display(), waited.as_secs())]
    Busy {
        /// The ledger.
        folder: PathBuf,
        /// How long it was waited.
        waited: Duration,
    },
    /// There is no ledger.
    #[error("{} is not a ledger: {what}", folder.display())]
    NoLedger {
        /// Where one was looked for.
        folder: PathBuf,
        /// What is missing.
        what: String,
    },
    /// A ledger is there already.
    #[error("{} has a ledger already; it is left as it is", .0.display())]
    Exists(PathBuf),
    /// Something was changed that is never changed by this program.
    #[error("the ledger is damaged: {what}; `mailorder audit verify` tells more, and a backup has what was there")]
    Damaged {
        /// What and where.
        what: String,
    },
    /// An entry's file was removed on request; a later entry says so and has what is left of it.
    #[error("entry {position} was erased on {on}: {reason}")]
    Erased {
        /// Its position.
        position: u64,
        /// The day.
        on: String,
        /// Why.
        reason: String,
    },
    /// The log has fewer entries than were known to be in it.
    #[error(
        "the log has {found} entries, but {known} were recorded: restore it from a backup, or run `mailorder ledger reindex` to go on with what is left"
    )]
    CutBack {
        /// Entries in the log.
        found: u64,
        /// Entries known from the index, or, where that is built anew, from the entry files.
        known: u64,
    },
    /// An entry's file cannot be read.
    #[error("{}: {source}", file.display())]
    Form {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: FormError,
    },
    /// An entry cannot be written as it is.
    #[error("entry {position} cannot be written: {source}")]
    Draft {
        /// Its position.
        position: u64,
        /// What is wrong with it.
        source: FormError,
    },
    /// A batch does not continue the log.
    #[error(
        "a batch of {length} entries from {position} does not continue a log of {size} entries (at most {BATCH_MAX} at once)"
    )]
    Batch {
        /// Position of the first entry that does not fit.
        position: u64,
        /// Entries in the batch.
        length: usize,
        /// Entries in the log.
        size: u64,
    },
    /// A write failed before; the ledger must be locked anew.
    #[error("a write failed before; nothing more is written until the ledger is opened again")]
    Broken,
}

impl LedgerError {
    /// Says that a folder is no ledger, since it has no log.
    fn without_log(folder: &Path) -> Self {
        let what = "it has no file `log`; if it had one, restore it from a backup".to_owned();
        Self::NoLedger { folder: folder.to_owned(), what }
    }
}

/// Returns what turns an error of the system into one that says what was tried on what.
fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LedgerError {
    let path = path.to_owned();
    move |source| LedgerError::Io { what, path, source }
}

/// The same of the log, and of what lies beside it: where there is no log, there is no ledger any more.
fn log_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LedgerError {
    let path = path.to_owned();
    move |source| match (source.kind(), path.parent()) {
        (io::ErrorKind::NotFound, Some(folder)) if !folder.join("log").exists() => LedgerError::without_log(folder),
        _ => LedgerError::Io { what, path, source },
    }
}

/// A ledger opened for reading.
#[derive(Debug, Clone)]
pub struct Ledger {
    folder: PathBuf,
    id: String,
    account: Address,
    log: LogFile,
}

impl Ledger {
    /// Makes a ledger with its first entry, which must be the genesis at position 0.
    ///
    /// A folder whose making was interrupted is completed. `LedgerError::Exists` where there is a ledger.
    pub fn create(folder: &Path, genesis: &Entry) -> Result<Self, LedgerError> {
        let wrong = |what: &str| LedgerError::NoLedger { folder: folder.to_owned(), what: what.to_owned() };
        let Body::Own { act: Act::Genesis { ledger, account, .. }, .. } = &genesis.body else {
            return Err(wrong("its first entry must be the genesis"));
        };
        if ledger.len() != 32 || !ledger.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Err(wrong("its id must be 32 lower-case hexadecimal digits"));
        }
        if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).map_err(io_error("make the folder", parent))?;
        }
        let log = LogFile::new(folder.join("log"));
        if log.path().is_file() && log.length()? > 0 {
            return Err(LedgerError::Exists(folder.to_owned()));
        }
        make_folder(folder)?;
        let made = Self { folder: folder.to_owned(), id: ledger.clone(), account: account.address.clone(), log };
        made.repair_folders()?;
        if !made.log.path().is_file() {
            files::write_new(made.log.path(), b"")?;
            sync_path(made.log.path())?;
        }
        sync_path(folder)?;
        folder.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync_path)?;
        let mut writer = made.lock(Duration::from_secs(10), None)?;
        writer.append(&[Draft { entry: genesis, seal: None, first: None }])?;
        Ok(made)
    }

    /// Opens a ledger for reading: any number may.
    pub fn open(folder: &Path) -> Result<Self, LedgerError> {
        let log = LogFile::new(folder.join("log"));
        let wrong = |what: &str| LedgerError::NoLedger { folder: folder.to_owned(), what: what.to_owned() };
        if !log.path().is_file() {
            return Err(LedgerError::without_log(folder));
        }
        let genesis = log.line_at(0)?.ok_or_else(|| wrong("its log is empty; `mailorder init` begins it"))?;
        let found = Finder::new(folder).read(&genesis)?;
        let form = |source| LedgerError::Form { file: folder.join("cur").join(genesis.file_name()), source };
        let outline = form::outline(&found).map_err(form)?;
        let account = Address::parse(&outline.from);
        let account = account.map_err(|_| LedgerError::Damaged { what: "entry 0 is by nobody".to_owned() })?;
        Ok(Self { folder: folder.to_owned(), id: outline.ledger, account, log })
    }

    /// Returns the ledger's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the ledger's id: 32 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the account's address.
    pub fn account(&self) -> &Address {
        &self.account
    }

    /// Returns the file of the log: it grows with each entry.
    pub fn log_file(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Returns size and root of the log, reading all of it; `mark_from` reads the end alone.
    pub fn head(&self) -> Result<Head, LedgerError> {
        Ok(self.mark_from(None)?.head())
    }

    /// Reads the log's whole lines behind `known`, or all where it does not fit, and returns the mark at its end.
    pub fn mark_from(&self, known: Option<&Mark>) -> Result<Mark, LedgerError> {
        let mut mark = match known {
            Some(known) if self.log.fits(known)? => known.clone(),
            _ => Mark::default(),
        };
        self.log.each::<LedgerError>(&mut mark, |_, _| Ok(()))?;
        Ok(mark)
    }

    /// Returns whether `mark` was made in this log as it is now.
    pub fn fits(&self, mark: &Mark) -> Result<bool, LedgerError> {
        self.log.fits(mark)
    }

    /// Returns the root of the first `size` lines; `None` where there are fewer.
    pub fn root_at(&self, size: u64) -> Result<Option<Head>, LedgerError> {
        let mut found = (size == 0).then(|| Mark::default().head());
        self.each_head(&mut |head| {
            if head.size == size {
                found = Some(head);
            }
            head.size < size
        })?;
        Ok(found)
    }

    /// Gives the head after each line to `each`, from the first line on, until it returns false.
    ///
    /// One pass tells for any number of roots whether they were ever this log's.
    pub fn each_head(&self, each: &mut dyn FnMut(Head) -> bool) -> Result<(), LedgerError> {
        let mut going = true;
        let stop = || LedgerError::Broken;
        let done = self.log.each::<LedgerError>(&mut Mark::default(), |_, mark| {
            going = going && each(mark.head());
            if going { Ok(()) } else { Err(stop()) }
        });
        match done {
            Err(error) if going => Err(error),
            _ => Ok(()),
        }
    }

    /// Returns the line of an entry; `None` where the log is shorter.
    pub fn line(&self, position: u64) -> Result<Option<Line>, LedgerError> {
        self.log.line_at(position)
    }

    /// Returns the lines behind `mark`, in order, and the mark at the end.
    pub fn lines_from(&self, mark: &Mark) -> Result<(Vec<Line>, Mark), LedgerError> {
        let (mut lines, mut mark) = (Vec::new(), mark.clone());
        self.log.each::<LedgerError>(&mut mark, |line, _| {
            lines.push(line);
            Ok(())
        })?;
        Ok((lines, mark))
    }

    /// Returns the bytes of an entry's file, which always are those the log names.
    pub fn read(&self, position: u64) -> Result<Vec<u8>, LedgerError> {
        let line = self.line(position)?.ok_or_else(|| LedgerError::Damaged {
            what: format!("there is no entry {position} in {}", self.log.path().display()),
        })?;
        self.read_line(&line)
    }

    /// Returns the bytes of the file that `line` names, checked against it.
    pub fn read_line(&self, line: &Line) -> Result<Vec<u8>, LedgerError> {
        Finder::new(&self.folder).read(line)
    }

    fn repair_folders(&self) -> Result<(), LedgerError> {
        let mut made = false;
        for name in FOLDERS {
            made |= make_folder(&self.folder.join(name))?;
        }
        if made { sync_path(&self.folder) } else { Ok(()) }
    }
}

/// Finds entry files: under the name they were written with, or, where a mail reader changed their flags or moved
/// them, by the part of the name that never changes. The folders are listed at most once.
struct Finder {
    folder: PathBuf,
    listed: std::sync::OnceLock<Places>,
    erased: std::sync::OnceLock<Redactions>,
}

impl Finder {
    fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), listed: std::sync::OnceLock::new(), erased: std::sync::OnceLock::new() }
    }

    /// Returns the bytes of the file that `line` names; an error where there is none with the digest of the line.
    fn read(&self, line: &Line) -> Result<Vec<u8>, LedgerError> {
        match self.find(line)? {
            Ok(bytes) => Ok(bytes),
            Err(gone) => Err(self.erased(line, gone)?.map_or_else(|| gone.error(line), Found::error)),
        }
    }

    /// Returns the bytes of the file that `line` names, or that there is none with the digest of the line.
    fn find(&self, line: &Line) -> Result<Result<Vec<u8>, Gone>, LedgerError> {
        let expected = self.folder.join("cur").join(line.file_name());
        if let Some(bytes) = read_if(&expected, line)? {
            return Ok(Ok(bytes));
        }
        let mut gone = if expected.is_file() { Gone::Changed } else { Gone::Missing };
        for place in self.places()?.of(&line.name) {
            let path = self.folder.join(place);
            if let Some(bytes) = read_if(&path, line)? {
                return Ok(Ok(bytes));
            }
            if path.is_file() {
                gone = Gone::Changed;
            }
        }
        Ok(Err(gone))
    }

    /// Returns the redaction that stands for a missing file. The ledger is looked through for them at most once.
    fn erased(&self, line: &Line, gone: Gone) -> Result<Option<&Found>, LedgerError> {
        if gone == Gone::Changed {
            return Ok(None);
        }
        if self.erased.get().is_none() {
            let _ = self.erased.set(Redactions::read(self)?);
        }
        Ok(self.erased.get().and_then(|erased| erased.of(line)))
    }

    fn places(&self) -> Result<&Places, LedgerError> {
        let listed = match self.listed.get() {
            Some(_) => None,
            None => Some(Places::list(&self.folder)?),
        };
        Ok(self.listed.get_or_init(|| listed.unwrap_or_default()))
    }
}

/// Why there is no file with the digest of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gone {
    /// There is no file at all.
    Missing,
    /// There is another file.
    Changed,
}

impl Gone {
    fn error(self, line: &Line) -> LedgerError {
        let what = if self == Self::Changed { "was changed" } else { "is missing" };
        LedgerError::Damaged { what: format!("the file of entry {} ({}) {what}", line.position, line.name) }
    }
}

/// Reads a file if it is there and is the one the line names.
fn read_if(path: &Path, line: &Line) -> Result<Option<Vec<u8>>, LedgerError> {
    match read_kept(path) {
        Ok(bytes) => Ok(Some(bytes).filter(|bytes| crate::trade::Digest::of(bytes) == line.digest)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("read", path)(error)),
    }
}
