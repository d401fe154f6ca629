//! Which entries were erased, and by which redactions: so that nobody who wants one looks through the ledger for them.

use rusqlite::{Connection, OptionalExtension, params};

use super::apply::integer;
use super::query::{Found, position};
use super::{Index, IndexError};
use crate::ledger::{Chunk, LedgerError, Mark, Writer};
use crate::trade::{Names, Redaction};

/// Enters that the entry `erased` was erased by the redaction `by`; of two, the first did.
pub(super) fn put(db_tx: &Connection, erased: u64, by: u64) -> Result<(), IndexError> {
    let mut put = db_tx.prepare_cached("INSERT OR IGNORE INTO redactions VALUES (?1, ?2)")?;
    put.execute(params![integer(erased), integer(by)])?;
    Ok(())
}

/// Notes that the file has pages of rows that are gone.
pub(super) fn note_unclean(db_tx: &Connection) -> Result<(), IndexError> {
    db_tx.execute("INSERT INTO meta VALUES ('unscrubbed', '')", [])?;
    Ok(())
}

impl Index {
    /// Returns the last redaction of a ledger whose index was emptied and filled again: what it erased may still stand in
    /// pages that are free now. `None` where nothing was erased, or nothing is left of it.
    pub fn unscrubbed(&self) -> Found<Option<u64>> {
        let sql = "SELECT max(by) FROM redactions WHERE EXISTS (SELECT 1 FROM meta WHERE name = 'unscrubbed')";
        let last: Option<i64> = self.db.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(last.map(position))
    }

    /// Writes the file anew without what rows that are gone have left in it; returns false where another process that reads
    /// it keeps the old pages alive.
    pub fn scrub(&self) -> Found<bool> {
        self.db.flush_prepared_statement_cache();
        self.db.execute_batch("VACUUM")?;
        let busy: i64 = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if busy == 0 {
            self.db.execute("DELETE FROM meta WHERE name = 'unscrubbed'", [])?;
        }
        Ok(busy == 0)
    }

    /// Returns the redaction by which an entry was erased.
    pub fn erased_by(&self, at: u64) -> Found<Option<u64>> {
        let mut find = self.db.prepare_cached("SELECT by FROM redactions WHERE position = ?1")?;
        Ok(find.query_row([integer(at)], |row| row.get(0)).optional()?.map(position))
    }

    /// Returns all entries about a transaction, ours included, in whatever part.
    pub fn entries_about(&self, names: &Names) -> Found<Vec<u64>> {
        let mut find = self.db.prepare_cached(
            "SELECT position FROM entries WHERE shop = ?1 AND (number = ?2 OR order_id = ?3) ORDER BY position",
        )?;
        let Names { shop, number, order } = names;
        let shop = shop.as_ref().map(|shop| shop.as_str());
        let (number, order) = (number.as_ref().map(|one| one.as_str()), order.as_ref().map(|one| one.as_str()));
        let rows = find.query_map(params![shop, number, order], |row| row.get(0))?;
        Ok(rows.map(|at| at.map(position)).collect::<Result<_, _>>()?)
    }
}

/// Why reading the ledger ended before its end.
pub(super) enum Stop {
    /// Rows were made of what a redaction erases.
    Stale,
    /// It cannot be read, or the index not be written.
    Error(IndexError),
}

impl From<IndexError> for Stop {
    fn from(error: IndexError) -> Self {
        Self::Error(error)
    }
}

impl From<LedgerError> for Stop {
    fn from(error: LedgerError) -> Self {
        Self::Error(error.into())
    }
}

impl From<Stop> for IndexError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Error(error) => error,
            Stop::Stale => Self::Row("what was erased is there again".to_owned()),
        }
    }
}

/// Removes what redactions in a chunk erase, if it is still there. The chunk was read behind `from`.
pub(super) fn erase(chunk: &Chunk, from: &Mark, writer: &Writer) -> Result<(), Stop> {
    let redactions: Vec<&Redaction> = chunk.entries.iter().filter_map(|one| one.entry.redaction()).collect();
    if redactions.is_empty() {
        return Ok(());
    }
    let was_there = writer.erase(&redactions)? > 0;
    let was_read = redactions.iter().any(|redaction| redaction.position < from.entries());
    if was_there || was_read { Err(Stop::Stale) } else { Ok(()) }
}
