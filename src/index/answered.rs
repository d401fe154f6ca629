//! Which letters out the limits for answers count, and how many went to one reader lately.

use rusqlite::{Connection, OptionalExtension, params};

use super::apply::{integer, milliseconds};
use super::{Index, IndexError};
use crate::rules::limits::Counted;
use crate::trade::{Entry, Fingerprint, Kind, Letter, Moment};

/// Notes a letter out, if it is counted.
pub(super) fn wrote(db_tx: &Connection, entry: &Entry, letter: &Letter) -> Result<(), IndexError> {
    // Nothing else can count, and most letters are spared the question.
    let may = Counted::of(letter.kind(), Some(Kind::StatusRequest)).is_some();
    if !may || letter.stays_here() {
        return Ok(());
    }
    let answered = match &letter.answers {
        Some(content) => db_tx
            .prepare_cached("SELECT kind FROM entries WHERE content = ?1 AND direction = 'in'")?
            .query_row([content.as_bytes()], |row| row.get::<_, String>(0))
            .optional()?,
        None => None,
    };
    if Counted::of(letter.kind(), answered.as_deref().and_then(Kind::parse)).is_none() {
        return Ok(());
    }
    let mut put = db_tx.prepare_cached("INSERT INTO answered VALUES (?1, ?2, ?3)")?;
    put.execute(params![integer(entry.position), letter.to.fingerprint.as_str(), milliseconds(&entry.recorded)])?;
    Ok(())
}

impl Index {
    /// Returns how many letters that are counted were written to a key since `moment` and not later than `now`.
    pub fn answered_since(&self, to: &Fingerprint, moment: &Moment, now: &Moment) -> Result<usize, IndexError> {
        let sql = "SELECT count(*) FROM answered WHERE recipient = ?1 AND recorded_at > ?2 AND recorded_at <= ?3";
        let mut count = self.db.prepare_cached(sql)?;
        let found: i64 =
            count.query_row(params![to.as_str(), milliseconds(moment), milliseconds(now)], |row| row.get(0))?;
        Ok(usize::try_from(found).unwrap_or(usize::MAX))
    }
}
