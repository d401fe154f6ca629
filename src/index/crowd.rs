//! Transactions about which somebody writes very much, or somebody who was told to stop nothing.

use super::Index;
use super::list::keys;
use super::query::Found;
use crate::trade::{Key, Moment};

impl Index {
    /// Returns the transactions about which one party has written more than anybody needs since a moment, whole seconds of it.
    pub fn crowded(&self, since: &Moment) -> Found<Vec<Key>> {
        let mut find = self.db.prepare_cached(
            "SELECT role, shop, order_id FROM transactions INDEXED BY transactions_crowded \
             WHERE crowded_at >= ?1 AND crowded_at IS NOT NULL ORDER BY role, shop, number",
        )?;
        keys(find.query([since.instant().as_second()])?)
    }

    /// Returns the open sales in which an agent was told to stop before a moment and has not answered.
    pub fn stopping(&self, before: &Moment) -> Found<Vec<Key>> {
        let mut find = self.db.prepare_cached(
            "SELECT role, shop, order_id FROM transactions INDEXED BY transactions_stopping \
             WHERE stopping_at <= ?1 AND stopping_at IS NOT NULL ORDER BY stopping_at, shop, order_id",
        )?;
        keys(find.query([before.instant().as_second()])?)
    }
}
