//! Transactions about which somebody writes very much.

use rusqlite::params;

use super::Index;
use super::list::key;
use super::query::Found;
use crate::trade::{Key, Moment};

impl Index {
    /// Returns the transactions about which one party has written more than anybody needs since a moment, whole seconds of it.
    pub fn crowded(&self, since: &Moment) -> Found<Vec<Key>> {
        let mut find = self.db.prepare_cached(
            "SELECT role, shop, order_id FROM transactions INDEXED BY transactions_crowded \
             WHERE crowded_at >= ?1 AND crowded_at IS NOT NULL ORDER BY role, shop, number",
        )?;
        let mut rows = find.query(params![since.instant().as_second()])?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next()? {
            keys.push(key(row)?);
        }
        Ok(keys)
    }
}
