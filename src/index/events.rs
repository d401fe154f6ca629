//! The rows of exports that had us write letters: what makes the same row again a repeat. And the exact names of
//! transactions, which such rows give.

use rusqlite::{Connection, OptionalExtension, params};

use super::apply::integer;
use super::query::{Found, digest, value};
use super::{Index, IndexError};
use crate::trade::{Address, Digest, Entry, Event, Key, OrderId, Role};

/// The most transactions of one name that are told of.
const NAMED_MAX: u32 = 4;

/// Notes which row an entry's letter came of.
pub(super) fn put(db_tx: &Connection, entry: &Entry) -> Result<(), IndexError> {
    let (Some(Event { id, content }), Some(role)) = (&entry.event, entry.role) else { return Ok(()) };
    let mut put = db_tx.prepare_cached("INSERT OR IGNORE INTO events VALUES (?1, ?2, ?3, ?4)")?;
    let id = id.as_deref().unwrap_or_default();
    put.execute(params![role.word(), content.as_bytes(), id, integer(entry.position)])?;
    Ok(())
}

impl Index {
    /// Returns what the row with this id said, when it came first.
    pub fn event(&self, role: Role, id: &str) -> Found<Option<Digest>> {
        // Named, since SQLite takes the table's own key otherwise: of that the part alone is known, and all rows are walked.
        let sql = "SELECT content FROM events INDEXED BY events_id \
                   WHERE role = ?1 AND id = ?2 AND id <> '' ORDER BY position LIMIT 1";
        let content: Option<Vec<u8>> =
            self.db.prepare_cached(sql)?.query_row([role.word(), id], |row| row.get(0)).optional()?;
        content.map(|content| digest(&content)).transpose()
    }

    /// Returns whether a row that said this had us write letters.
    pub fn has_event(&self, role: Role, content: &Digest) -> Found<bool> {
        let sql = "SELECT 1 FROM events WHERE role = ?1 AND content = ?2";
        Ok(self.db.prepare_cached(sql)?.exists(params![role.word(), content.as_bytes()])?)
    }

    /// Returns the transactions of a part whose number or order ID is exactly `name`, of one shop or of any; where none is,
    /// those whose name differs in capitals alone.
    pub fn keys_called(&self, role: Role, shop: Option<&Address>, name: &str) -> Found<Vec<Key>> {
        let mut find = self.db.prepare_cached(
            "SELECT shop, order_id, coalesce(number = ?2, 0) OR order_id = ?2 FROM (
               SELECT id FROM transactions WHERE number = ?2 COLLATE NOCASE AND number IS NOT NULL
               UNION SELECT id FROM transactions WHERE order_id = ?2 COLLATE NOCASE)
             CROSS JOIN transactions USING (id) WHERE role = ?1 AND (?3 IS NULL OR shop = ?3) ORDER BY 3 DESC LIMIT ?4",
        )?;
        let shop = shop.map(|shop| shop.as_str());
        let mut rows = find.query(params![role.word(), name, shop, NAMED_MAX])?;
        let mut found: Vec<(Key, bool)> = Vec::new();
        while let Some(row) = rows.next()? {
            let shop = value(&row.get::<_, String>(0)?, Address::parse)?;
            let id = value(&row.get::<_, String>(1)?, OrderId::parse)?;
            found.push((Key { role, shop, id }, row.get(2)?));
        }
        let exact = found.iter().any(|(_, exact)| *exact);
        Ok(found.into_iter().filter(|(_, one)| *one == exact).map(|(key, _)| key).collect())
    }
}
