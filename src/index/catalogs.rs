//! Catalogs by mail: how many were asked for and went out lately, and which came from a shop.

use rusqlite::{OptionalExtension, params};

use super::Index;
use super::apply::milliseconds;
use super::query::{Found, position, value};
use crate::trade::{Address, Moment};

impl Index {
    /// Returns how many catalogs were sent since `moment` and not later than `now`.
    pub fn catalogs_sent_since(&self, moment: &Moment, now: &Moment) -> Found<usize> {
        let sql = "SELECT count(*) FROM entries INDEXED BY entries_catalogs
                   WHERE kind = 'catalog' AND recorded_at BETWEEN ?1 AND ?2 AND direction = 'out'";
        let count: i64 =
            self.db.prepare_cached(sql)?.query_row([milliseconds(moment), milliseconds(now)], |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Returns how many requests for the catalog came from an address since `moment` and not later than `now`.
    pub fn catalog_requests_since(&self, moment: &Moment, now: &Moment, from: &Address) -> Found<usize> {
        let sql = "SELECT count(*) FROM entries
                   WHERE kind = 'catalog-request' AND peer = ?1 AND recorded_at BETWEEN ?2 AND ?3 AND direction = 'in'";
        let values = params![from.as_str(), milliseconds(moment), milliseconds(now)];
        let count: i64 = self.db.prepare_cached(sql)?.query_row(values, |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Returns the entries of the catalogs that came from a shop and count, the one entered last first, at most `most`.
    pub fn catalogs_of(&self, shop: &Address, most: u32) -> Found<Vec<u64>> {
        let mut find = self.db.prepare_cached(
            "SELECT position FROM entries WHERE kind = 'catalog' AND peer = ?1 AND direction = 'in'
               AND standing = 'applied' ORDER BY position DESC LIMIT ?2",
        )?;
        let rows = find.query_map(params![shop.as_str(), most], |row| row.get::<_, i64>(0))?;
        rows.map(|row| Ok(position(row?))).collect()
    }

    /// Returns when a shop was last asked for its catalog, if nothing has come from it since.
    pub fn catalog_awaited(&self, shop: &Address) -> Found<Option<Moment>> {
        let mut find = self.db.prepare_cached(
            "SELECT recorded FROM entries asked WHERE kind = 'catalog-request' AND peer = ?1 AND direction = 'out'
               AND NOT EXISTS (SELECT 1 FROM entries came WHERE came.kind = 'catalog' AND came.peer = ?1
                 AND came.direction = 'in' AND came.position > asked.position)
             ORDER BY position DESC LIMIT 1",
        )?;
        let recorded: Option<String> = find.query_row([shop.as_str()], |row| row.get(0)).optional()?;
        recorded.map(|recorded| value(&recorded, Moment::parse)).transpose()
    }
}
