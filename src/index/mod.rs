//! The cache: SQLite over the ledger, for everything that must not take longer as the ledger grows.
//!
//! It may be deleted at any time and is built again by the same function that keeps it up to date, to the same rows.
//! Nothing is decided here, and nothing is known here alone but where mailboxes were read to. Who writes holds the
//! ledger's lock; readers never wait.

mod answered;
mod apply;
mod asked;
mod catalogs;
mod crowd;
mod days;
mod dump;
mod events;
mod keys;
mod list;
mod placed;
mod post;
mod query;
mod redacted;
pub mod row;
mod schedules;
mod state;
mod strangers;
mod summary;
mod tasks;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::ledger::{Chunk, Ledger, LedgerError, Mark, Recorded, Reread, Writer};
use crate::trade::{Body, Book, Entry, Key, Moment, Transaction};

pub use days::{KeptDay, Owing, Spent};
pub use keys::{Compromised, Pin, Unsealed};
pub use list::{Filter, Listed};
pub use post::{Doubt, Fetched, Unheard};
pub use query::{EntryRow, Warning};
pub use row::{Row, RowItem, RowLeg, RowMore, RowOwing};
pub use schedules::{Caused, CausedLetter, KeptSchedule};
pub use tasks::{Attempt, OpenTask};

use redacted::Left;

/// Version of schema and of what rows mean; another version is thrown away and built anew.
const VERSION: i64 = 40;

/// Marks the file as an index of ours ("MOix").
const APPLICATION: i64 = 0x4D4F_6978;

/// How long a statement waits for another process's write.
const PATIENCE: Duration = Duration::from_secs(10);

/// Letters kept in memory while the ledger is read again.
const BOOK_MAX: usize = 8_192;

/// Why the index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// SQLite refused.
    #[error("{}", refused(.0))]
    Database(#[from] rusqlite::Error),
    /// A row is not what was written.
    #[error("a row of the index cannot be read: {0}; delete the index, it is built again from the ledger")]
    Row(String),
    /// The file cannot be removed or made.
    #[error("cannot replace the index {}: {source}", path.display())]
    File {
        /// The index.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A batch does not continue what was indexed.
    #[error("the index ends at entry {indexed}, the batch begins with {position}; it is brought up to date first")]
    Gap {
        /// Entries indexed.
        indexed: u64,
        /// First entry of the batch.
        position: u64,
    },
}

/// Says why SQLite refused. A full disk is no fault of the index, and deleting it helps nobody.
fn refused(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => {
            "the disk that the index is on is full; make room, and run it again".to_owned()
        }
        _ => format!("the index cannot be used: {error}; it may be deleted, and is built again from the ledger"),
    }
}

/// What the index asks others to reckon.
#[derive(Debug, Clone, Copy)]
pub struct Reckoning {
    /// Fills the row of a transaction.
    pub row: fn(&Transaction) -> Row,
    /// Returns what is kept of a certificate, given in base64; nothing where it cannot be read.
    pub keys: fn(&str) -> Keys,
    /// Returns one certificate, in base64, with what counts of two copies of it; `None` where they cannot be joined.
    pub join: fn(&str, &str) -> Option<String>,
}

/// What is kept of a certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// The handles (fingerprints and key IDs, upper-case hexadecimal) of all keys in it, the primary key's fingerprint first.
    pub handles: Vec<String>,
    /// Since when its primary key is revoked as compromised.
    pub compromised: Option<Moment>,
}

/// The index of one ledger.
#[derive(Debug)]
pub struct Index {
    db: Connection,
    path: PathBuf,
    ledger: String,
    reckoning: Reckoning,
    mark: Mark,
    letters: state::Shared,
}

impl IndexError {
    /// Returns whether the file itself is damaged: it may be removed, and opening makes it anew.
    pub fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        match self {
            Self::Database(error) => matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase)),
            Self::Row(_) => true,
            Self::File { .. } | Self::Ledger(_) | Self::Gap { .. } => false,
        }
    }
}

impl Index {
    /// Removes the index at `path`; the next `open` makes an empty one.
    pub fn discard(path: &Path) -> Result<(), IndexError> {
        remove(path)
    }

    /// Returns how many entries the index at `path` knows of, whatever became of its ledger: none where there is no index, or it
    /// cannot be read.
    pub fn known_entries(path: &Path) -> u64 {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mark = Connection::open_with_flags(path, flags).and_then(|db| meta(&db, "mark"));
        let mark: Option<Mark> = mark.ok().flatten().and_then(|text| serde_json::from_str(&text).ok());
        mark.map_or(0, |mark| mark.entries())
    }

    /// Opens the index of `ledger`, or makes an empty one.
    ///
    /// One that is damaged, of another version or ledger, or that does not fit the log, is thrown away (F24); the
    /// message says so. Whether it is up to date is for `catch_up`.
    ///
    /// # Errors
    /// [`LedgerError::CutBack`] where it knows of more entries than the log has (F22).
    pub fn open(path: &Path, ledger: &Ledger, reckoning: Reckoning) -> Result<(Self, Option<String>), IndexError> {
        let found = Self::open_as_it_is(path, ledger, reckoning);
        // Of several processes that find none at once one makes it, and the others take that.
        let (found, _making) = match found {
            Err(Unfit::Damaged(_)) => {
                let making = making(path)?;
                (Self::open_as_it_is(path, ledger, reckoning), Some(making))
            }
            found => (found, None),
        };
        match found {
            Ok(index) => Ok((index, None)),
            Err(Unfit::Ahead(error)) => Err(error.into()),
            Err(Unfit::Other(mut index)) => {
                index.clear()?;
                let message = format!("the index {} does not fit the log; it is built again", path.display());
                Ok((*index, Some(message)))
            }
            Err(Unfit::Damaged(why)) => {
                let there = path.exists();
                remove(path)?;
                let made = Self::make(path, ledger, reckoning)?;
                Ok((made, there.then(|| format!("the index {} {why}; it is built again", path.display()))))
            }
        }
    }

    fn open_as_it_is(path: &Path, ledger: &Ledger, reckoning: Reckoning) -> Result<Self, Unfit> {
        if !path.is_file() {
            return Err(Unfit::Damaged("is missing".to_owned()));
        }
        let damaged = |error: rusqlite::Error| Unfit::Damaged(format!("cannot be read ({error})"));
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags).map_err(damaged)?;
        prepare(&db).map_err(damaged)?;
        let pragma = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
        if pragma("application_id").map_err(damaged)? != APPLICATION {
            return Err(Unfit::Damaged("is no index".to_owned()));
        }
        let version = pragma("user_version").map_err(damaged)?;
        if version != VERSION {
            return Err(Unfit::Damaged(format!("has version {version}, not {VERSION}")));
        }
        // A page that is gone shows only when it is read: the tree of pages is checked against the file's length.
        let pages = pragma("page_count").map_err(damaged)?.saturating_mul(pragma("page_size").map_err(damaged)?);
        let length = fs::metadata(path).map(|meta| meta.len()).unwrap_or(0);
        if i64::try_from(length).is_ok_and(|length| length < pages) && !wal(path).is_file() {
            return Err(Unfit::Damaged("is cut short".to_owned()));
        }
        let id = meta(&db, "ledger").map_err(damaged)?.unwrap_or_default();
        let mark = meta(&db, "mark").map_err(damaged)?.and_then(|text| serde_json::from_str(&text).ok());
        let mark: Mark = mark.ok_or_else(|| Unfit::Damaged("has no mark".to_owned()))?;
        let letters = state::Shared::default();
        let index = Self { db, path: path.to_owned(), ledger: id, reckoning, mark, letters };
        if index.ledger != ledger.id() {
            return Err(Unfit::Damaged(format!("is of the ledger {}", index.ledger)));
        }
        // It is known that there was more: numbers given out then must not be given out again.
        ledger.check_length(&index.mark).map_err(Unfit::Ahead)?;
        if !ledger.fits(&index.mark).unwrap_or(false) {
            return Err(Unfit::Other(Box::new(index)));
        }
        Ok(index)
    }

    fn make(path: &Path, ledger: &Ledger, reckoning: Reckoning) -> Result<Self, IndexError> {
        private(path)?;
        let mut db = Connection::open(path)?;
        prepare(&db)?;
        db.pragma_update(None, "application_id", APPLICATION)?;
        let db_tx = db.transaction()?;
        begin(&db_tx, ledger.id())?;
        db_tx.commit()?;
        let (path, ledger, mark) = (path.to_owned(), ledger.id().to_owned(), Mark::default());
        Ok(Self { db, path, ledger, reckoning, mark, letters: state::Shared::default() })
    }

    /// Empties every table but the cursors. The file stays, since another process may have it open.
    fn clear(&mut self) -> Result<(), IndexError> {
        let db_tx = self.db.transaction()?;
        for table in dump::TABLES.into_iter().chain(["meta"]) {
            db_tx.execute_batch(&format!("DROP TABLE IF EXISTS {table}"))?;
        }
        begin(&db_tx, &self.ledger)?;
        redacted::note_unclean(&db_tx)?;
        db_tx.commit()?;
        self.mark = Mark::default();
        self.letters.clear();
        Ok(())
    }

    /// Returns the mark up to which the ledger was read: for `Ledger::lock`.
    pub fn mark(&self) -> &Mark {
        &self.mark
    }

    /// Returns the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins to read: until [`Index::end_reading`] every question is answered from one state of the database, and
    /// costs no lock of its own. Nothing may be written meanwhile.
    pub fn begin_reading(&self) -> Result<(), IndexError> {
        Ok(self.db.execute_batch("BEGIN")?)
    }

    /// Ends what [`Index::begin_reading`] began, if it did.
    pub fn end_reading(&self) -> Result<(), IndexError> {
        if self.db.is_autocommit() { Ok(()) } else { Ok(self.db.execute_batch("COMMIT")?) }
    }

    /// Enters what was appended, in one database transaction: the batch, and the transactions it changed.
    ///
    /// `book` has been through the batch; `changed` are the keys it named. `mark` is the writer's behind the batch. Returns
    /// whether the batch brought something new of a certificate.
    pub fn apply(&mut self, batch: &[Recorded], mark: &Mark, book: &Book, changed: &[Key]) -> Result<bool, IndexError> {
        self.enter(batch, mark, book, changed, &[])
    }

    /// The same; what is left of letters that the batch erases takes their place, in the same database transaction.
    fn enter(
        &mut self,
        batch: &[Recorded],
        mark: &Mark,
        book: &Book,
        changed: &[Key],
        left: &[Left],
    ) -> Result<bool, IndexError> {
        if let Some(first) = batch.first()
            && first.entry.position != self.mark.entries()
        {
            return Err(IndexError::Gap { indexed: self.mark.entries(), position: first.entry.position });
        }
        let db_tx = self.db.transaction()?;
        let mut certified = false;
        for recorded in batch {
            certified |= apply::entry(&db_tx, recorded, &self.reckoning)?;
        }
        redacted::put_left(&db_tx, left)?;
        let mut keys: Vec<&Key> = changed.iter().collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            placed::transaction(&db_tx, key, book.get(key), self.reckoning.row)?;
        }
        set_mark(&db_tx, mark)?;
        db_tx.commit()?;
        self.mark = mark.clone();
        Ok(certified)
    }

    /// Reads what the ledger has beyond the index (F25); returns how many entries that were.
    ///
    /// Asks for the writer, because only who holds the lock knows that the log ends with a whole batch. Where it meets a
    /// redaction, the file that one erases is removed, if a crash left it; and where rows were made of that file, they are made
    /// of what is left.
    pub fn catch_up(&mut self, writer: &Writer, reread: Reread<'_>) -> Result<u64, IndexError> {
        self.refresh()?;
        let from = self.mark.clone();
        let mut book = Book::default();
        writer.ledger().replay_chunks::<IndexError>(&from, reread, &mut |chunk: Chunk| {
            if book.iter().map(|transaction| transaction.kept.len()).sum::<usize>() > BOOK_MAX {
                book = Book::default();
            }
            let mut changed = Vec::new();
            for recorded in &chunk.entries {
                self.load_for(&recorded.entry, &mut book)?;
                changed.extend(book.apply(&recorded.entry));
            }
            let left = self.erase(&chunk, writer, &mut book, reread)?;
            changed.extend(left.iter().flat_map(|one| one.changed.iter().cloned()));
            self.enter(&chunk.entries, &chunk.mark, &book, &changed, &left)?;
            Ok(())
        })?;
        Ok(self.mark.entries().saturating_sub(from.entries()))
    }

    /// Builds every row again from the ledger's beginning; cursors stay.
    pub fn rebuild(&mut self, writer: &Writer, reread: Reread<'_>) -> Result<u64, IndexError> {
        self.clear()?;
        self.catch_up(writer, reread)
    }

    /// Takes note of what another process has entered meanwhile.
    pub fn refresh(&mut self) -> Result<(), IndexError> {
        let text = meta(&self.db, "mark")?.ok_or_else(|| IndexError::Row("no mark".to_owned()))?;
        let mark: Mark = serde_json::from_str(&text).map_err(|error| IndexError::Row(error.to_string()))?;
        if mark != self.mark {
            // One of them may have been erased.
            self.letters.clear();
        }
        self.mark = mark;
        Ok(())
    }

    /// Puts into `book` every transaction that an entry may be about and that is not in it yet.
    pub fn load_for(&self, entry: &Entry, book: &mut Book) -> Result<(), IndexError> {
        let Some(role) = entry.role else { return Ok(()) };
        if let Body::Own { act: crate::trade::Act::Genesis { .. } | crate::trade::Act::Pin { .. }, .. } = &entry.body {
            return Ok(());
        }
        self.load_into(role, &entry.names(), book)?;
        // One that a part of this address wrote to another is kept by both.
        match entry.letter().filter(|letter| letter.stays_here()) {
            Some(letter) => self.load_into(letter.addressee(), &entry.names(), book),
            None => Ok(()),
        }
    }
}

/// Why an index is not used as it is.
enum Unfit {
    /// It says nothing that can be relied on.
    Damaged(String),
    /// It knows of more entries than the log has.
    Ahead(LedgerError),
    /// It is sound, but of another past of this ledger: its rows go, its cursors stay.
    Other(Box<Index>),
}

/// Sets what every connection works with.
fn prepare(db: &Connection) -> Result<(), rusqlite::Error> {
    db.busy_timeout(PATIENCE)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    // A cache: what a power loss takes is read again from the ledger.
    db.pragma_update(None, "synchronous", "NORMAL")?;
    db.pragma_update(None, "cache_size", -32_768)?;
    // Written back after 32 MiB: each time costs two syncs, and pages that change often are written once.
    db.pragma_update(None, "wal_autocheckpoint", 8_192)?;
    db.pragma_update(None, "trusted_schema", false)?;
    // Plans do not depend on what is asked for; without this, questions with a value are compiled anew each time.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Makes the tables, and notes that nothing was read yet.
fn begin(db_tx: &Connection, ledger: &str) -> Result<(), IndexError> {
    db_tx.execute_batch(include_str!("schema.sql"))?;
    db_tx.pragma_update(None, "user_version", VERSION)?;
    db_tx.execute("INSERT INTO meta VALUES ('ledger', ?1), ('mark', ?2)", [ledger, &written(&Mark::default())?])?;
    Ok(())
}

fn meta(db: &Connection, name: &str) -> Result<Option<String>, rusqlite::Error> {
    let mut find = db.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
    find.query_row([name], |row| row.get(0)).optional()
}

fn set_mark(db: &Connection, mark: &Mark) -> Result<(), IndexError> {
    db.prepare_cached("UPDATE meta SET value = ?1 WHERE name = 'mark'")?.execute([written(mark)?])?;
    Ok(())
}

fn written(value: &impl serde::Serialize) -> Result<String, IndexError> {
    serde_json::to_string(value).map_err(|error| IndexError::Row(error.to_string()))
}

fn wal(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

/// Returns the path with something behind its name.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Waits until no other process makes the index; none does until the file is dropped.
fn making(path: &Path) -> Result<fs::File, IndexError> {
    let path = beside(path, "-making");
    let file = private(&path)?;
    file.lock().map_err(|source| IndexError::File { path, source })?;
    Ok(file)
}

/// Removes the index with its side files.
fn remove(path: &Path) -> Result<(), IndexError> {
    for file in [path.to_owned(), wal(path), beside(path, "-shm")] {
        match fs::remove_file(&file) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(IndexError::File { path: file, source });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Makes the file readable by its owner alone, before SQLite opens it.
fn private(path: &Path) -> Result<fs::File, IndexError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path).map_err(|source| IndexError::File { path: path.to_owned(), source })
}
