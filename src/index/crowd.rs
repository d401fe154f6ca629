//! Parties that write very much about one transaction.

use rusqlite::{OptionalExtension, params};

use super::Index;
use super::query::{Found, optional, position, value, word};
use crate::trade::{Address, Moment, Names, Number, Role};

/// How many of the newest entries are looked at.
const NEWEST: u32 = 10_000;

/// The statuses of one party about one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crowd {
    /// The part that got them.
    pub role: Role,
    /// What they are about.
    pub names: Names,
    /// Whose they are.
    pub peer: Address,
    /// How many came.
    pub letters: u64,
    /// When the last came.
    pub last: Moment,
}

impl Index {
    /// Returns who sent at least so many statuses about one transaction since a moment, among the newest entries. Where fewer
    /// entries than that were written since, nothing is counted.
    pub fn crowds(&self, since: &Moment, least: u32) -> Found<Vec<Crowd>> {
        let since = crate::ledger::recordable(since).to_string();
        let mut busy = self.db.prepare_cached(
            "SELECT 1 FROM entries WHERE position = (SELECT max(position) FROM entries) - ?2 AND recorded >= ?1",
        )?;
        let busy: Option<i64> = busy.query_row(params![since, least.saturating_sub(1)], |row| row.get(0)).optional()?;
        if busy.is_none() {
            return Ok(Vec::new());
        }
        let mut find = self.db.prepare_cached(
            "SELECT role, shop, number, peer, count(*), max(recorded) FROM
               (SELECT * FROM entries ORDER BY position DESC LIMIT ?3)
             WHERE direction = 'in' AND recorded >= ?1 AND kind IN ('order-status', 'payment-status', 'delivery-status')
             GROUP BY role, shop, number, peer HAVING count(*) >= ?2 ORDER BY role, shop, number, peer",
        )?;
        let mut rows = find.query(params![since, least, NEWEST])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let names = Names {
                shop: optional(row.get(1)?, Address::parse)?,
                number: optional(row.get(2)?, Number::parse)?,
                order: None,
            };
            found.push(Crowd {
                role: word(&row.get::<_, String>(0)?, Role::parse)?,
                names,
                peer: value(&row.get::<_, String>(3)?, Address::parse)?,
                letters: position(row.get(4)?),
                last: value(&row.get::<_, String>(5)?, Moment::parse)?,
            });
        }
        Ok(found)
    }
}
