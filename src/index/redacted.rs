//! Which entries were erased, and by which redactions: so that nobody who wants one looks through the ledger for them. And
//! what takes the place of a letter where rows were made of it before it was erased: nothing else is touched.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::apply::integer;
use super::query::{Found, position};
use super::{Index, IndexError};
use crate::ledger::{Chunk, Reread, Writer};
use crate::trade::{Act, Body, Book, Entry, Finding, Key, Names, Redaction, Role};

/// Enters that the entry `erased` was erased by the redaction `by`; of two, the first did.
pub(super) fn put(db_tx: &Connection, erased: u64, by: u64) -> Result<(), IndexError> {
    let mut put = db_tx.prepare_cached("INSERT OR IGNORE INTO redactions VALUES (?1, ?2)")?;
    put.execute(params![integer(erased), integer(by)])?;
    Ok(())
}

/// Notes that the file has pages of rows that are gone.
pub(super) fn note_unclean(db_tx: &Connection) -> Result<(), IndexError> {
    db_tx.execute("INSERT OR REPLACE INTO meta VALUES ('unscrubbed', '')", [])?;
    Ok(())
}

impl Index {
    /// Returns the last redaction of a ledger whose index had rows of what was erased: that may still stand in pages that are
    /// free now. `None` where nothing was erased, or nothing is left of it.
    pub fn unscrubbed(&self) -> Found<Option<u64>> {
        let sql = "SELECT max(by) FROM redactions WHERE EXISTS (SELECT 1 FROM meta WHERE name = 'unscrubbed')";
        let last: Option<i64> = self.db.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(last.map(position))
    }

    /// Writes the file anew without what rows that are gone have left in it, parts of names in the search first; returns false
    /// where another process that reads it keeps the old pages alive.
    pub fn scrub(&self) -> Found<bool> {
        self.db.flush_prepared_statement_cache();
        // Merged into one, the search keeps nothing of a row that was removed (SQLite FTS5, section 6.8).
        self.db.execute_batch("INSERT INTO search (search) VALUES ('optimize'); VACUUM")?;
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
        let mut about: BTreeSet<u64> = self.beside(names)?.into_iter().collect();
        for role in Role::ALL {
            let Some(known) = self.load(role, names)? else { continue };
            about.extend(known.kept.iter().map(|kept| kept.position));
            about.extend(self.beside(&known.names())?);
        }
        Ok(about.into_iter().collect())
    }

    /// Returns the entries about a transaction that are not among its letters: those of our own, and letters for parts that
    /// are not played here.
    fn beside(&self, names: &Names) -> Found<Vec<u64>> {
        let mut find = self.db.prepare_cached(
            "SELECT position FROM entries WHERE (direction = 'own' OR role IS NULL) AND shop = ?1 AND number = ?2
             UNION
             SELECT position FROM entries WHERE (direction = 'own' OR role IS NULL) AND shop = ?1 AND order_id = ?3
             ORDER BY 1",
        )?;
        let Names { shop, number, order } = names;
        let shop = shop.as_ref().map(|shop| shop.as_str());
        let (number, order) = (number.as_ref().map(|one| one.as_str()), order.as_ref().map(|one| one.as_str()));
        let rows = find.query_map(params![shop, number, order], |row| row.get(0))?;
        Ok(rows.map(|at| at.map(position)).collect::<Result<_, _>>()?)
    }

    /// Removes the files that redactions in a chunk erase, if they are still there, and has `book` know their letters as
    /// what is left of them. The chunk has been through the book.
    pub(super) fn erase(
        &self,
        chunk: &Chunk,
        writer: &Writer,
        book: &mut Book,
        reread: Reread<'_>,
    ) -> Result<Vec<Left>, IndexError> {
        let redactions: Vec<(&Entry, &Redaction)> =
            chunk.entries.iter().filter_map(|one| Some((&one.entry, one.entry.redaction()?))).collect();
        if redactions.is_empty() {
            return Ok(Vec::new());
        }
        writer.erase(&redactions.iter().map(|(_, redaction)| *redaction).collect::<Vec<_>>())?;
        let mut left = Vec::new();
        for (by, redaction) in redactions {
            // One that names another file, or comes before what it names, stands for nothing.
            let line = writer.ledger().line(redaction.position)?;
            if redaction.position >= by.position || line.is_none_or(|line| line.digest != redaction.digest) {
                continue;
            }
            let entry = redaction.entry(by.position, by.recorded);
            let Some(letter) = entry.letter() else { continue };
            let parts = entry.role.into_iter().chain(letter.stays_here().then(|| letter.addressee()));
            for role in parts {
                self.load_into(role, &entry.names(), book)?;
            }
            let findings = redaction.remains.judged.as_ref().map(|judged| judged.findings.clone());
            let mut findings = findings.unwrap_or_default();
            if !findings.is_empty() && self.is_judged_again(&entry, chunk, writer, reread)? {
                findings.clear();
            }
            let changed = book.erase(&entry, &findings);
            // Where the file was gone already, rows were made of nothing else.
            if !changed.is_empty() || entry.role.is_none() {
                left.push(Left { entry, findings, changed });
            }
        }
        Ok(left)
    }

    /// Returns whether a later verdict says what the letter of an entry is warned about now.
    fn is_judged_again(
        &self,
        entry: &Entry,
        chunk: &Chunk,
        writer: &Writer,
        reread: Reread<'_>,
    ) -> Result<bool, IndexError> {
        let content = entry.content();
        let is_about = |other: &Entry| match &other.body {
            Body::Own { act: Act::Verdict { content: judged, .. }, .. } => Some(*judged) == content,
            _ => false,
        };
        if chunk.entries.iter().any(|one| is_about(&one.entry)) {
            return Ok(true);
        }
        for position in self.entries_about(&entry.names())? {
            let is_verdict = self.entry(position)?.is_some_and(|row| row.kind == "verdict");
            if is_verdict && writer.ledger().entry(position, reread)?.is_some_and(|other| is_about(&other)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What is left of a letter that was erased after rows were made of it.
pub(super) struct Left {
    entry: Entry,
    /// What it was warned about on arrival, without what is erased; empty where that does not stand any more.
    findings: Vec<Finding>,
    /// The transactions it is kept with.
    pub(super) changed: Vec<Key>,
}

/// Makes the rows of letters anew that were erased.
pub(super) fn put_left(db_tx: &Connection, left: &[Left]) -> Result<(), IndexError> {
    for Left { entry, findings, .. } in left {
        let Some(letter) = entry.letter() else { continue };
        super::state::change_letter(db_tx, entry.position, letter)?;
        for (ordinal, finding) in (0_i64..).zip(findings) {
            let sql = "UPDATE warnings SET code = ?3, text = ?4 WHERE position = ?1 AND ordinal = ?2";
            let warned = params![integer(entry.position), ordinal, finding.code.word(), finding.text];
            db_tx.prepare_cached(sql)?.execute(warned)?;
        }
    }
    if left.is_empty() { Ok(()) } else { note_unclean(db_tx) }
}
