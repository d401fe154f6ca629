//! What charts need of a long ledger: what was bought and paid between two moments, and the sums of days, which are kept once
//! they were reckoned and forgotten as soon as a transaction of such a day changes. What a day's sums are is the caller's
//! matter.

use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};

use super::list::{COLUMNS, listed, money};
use super::query::{Found, optional, value};
use super::{Index, IndexError, Listed, Row, placed};
use crate::trade::{Money, Role, When};

/// How long before a moment the day may have begun that it belongs to: a day without an hour counts to its end in UTC.
const LENGTH: i64 = 48 * 60 * 60;

/// What was spent on one order that a buyer agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// When it was ordered.
    pub date: When,
    /// What the shop calls itself, else its address.
    pub shop: String,
    /// The agreed total.
    pub total: Money,
    /// What of it is unpaid.
    pub unpaid: Option<Money>,
    /// When all of it was paid, once it was.
    pub paid: Option<When>,
}

/// The sums of a day that was reckoned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDay {
    /// The day.
    pub day: Date,
    /// The second at which it begins: in another time zone it is another day.
    pub begins: i64,
    /// The second at which the next one begins.
    pub ends: i64,
    /// Its sums, as who reckoned them wrote them.
    pub sums: String,
}

/// Which of two moments of an order is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// When it was ordered.
    Order,
    /// When it was paid.
    Payment,
}

impl By {
    /// Returns the condition for orders of a buyer between two seconds, the second one excluded.
    const fn condition(self) -> &'static str {
        match self {
            Self::Order => "role = 'buyer' AND begun AND date_at >= ?1 AND date_at < ?2 ORDER BY date_at, id",
            Self::Payment => {
                "id IN (SELECT id FROM paid WHERE at >= ?1 AND at < ?2) AND begun AND role = 'buyer' ORDER BY date_at, id"
            }
        }
    }
}

impl Index {
    /// Returns the orders that a buyer agreed to and nothing took back, ordered or paid from one second on and before another.
    pub fn spent(&self, by: By, from: i64, until: i64) -> Found<Vec<Spent>> {
        let sql = format!(
            "SELECT date, shop_name, shop, currency, total, unpaid_currency, unpaid, payment_done, payment_date, state \
             FROM transactions WHERE {}",
            by.condition()
        );
        let mut find = self.db.prepare_cached(&sql)?;
        let mut rows = find.query([from, until])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let (Some(date), Some(total)) = (row.get::<_, Option<String>>(0)?, money(row.get(3)?, row.get(4)?)?) else {
                continue;
            };
            if !matches!(row.get_ref(9)?.as_str().unwrap_or_default(), "open" | "completed") {
                continue;
            }
            let shop: String = row.get(1)?;
            let done: bool = row.get(7)?;
            found.push(Spent {
                date: value(&date, When::parse)?,
                shop: if shop.is_empty() { row.get(2)? } else { shop },
                total,
                unpaid: money(row.get(5)?, row.get(6)?)?,
                paid: if done { optional(row.get(8)?, When::parse)? } else { None },
            });
        }
        Ok(found)
    }

    /// Returns the same orders, and others of these days, as lists have them.
    pub fn ordered_or_paid(&self, by: By, from: i64, until: i64) -> Found<Vec<Listed>> {
        let mut find =
            self.db.prepare_cached(&format!("SELECT {COLUMNS} FROM transactions WHERE {}", by.condition()))?;
        let mut rows = find.query([from, until])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(listed(row)?);
        }
        Ok(found)
    }

    /// Returns the sums that are kept of days, both named ones included, in whatever zone.
    pub fn kept_days(&self, first: Date, last: Date) -> Found<Vec<KeptDay>> {
        let mut find = self.db.prepare_cached("SELECT * FROM days WHERE day >= ?1 AND day <= ?2")?;
        let mut rows = find.query([first.to_string(), last.to_string()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let day = value(&row.get::<_, String>(0)?, str::parse::<Date>)?;
            found.push(KeptDay { day, begins: row.get(1)?, ends: row.get(2)?, sums: row.get(3)? });
        }
        Ok(found)
    }

    /// Keeps the sums of a day.
    pub fn keep_day(&self, kept: &KeptDay) -> Found<()> {
        let mut put = self.db.prepare_cached("INSERT OR REPLACE INTO days VALUES (?1, ?2, ?3, ?4)")?;
        put.execute(params![kept.day.to_string(), kept.begins, kept.ends, kept.sums])?;
        Ok(())
    }

    /// Does work that reads and keeps, all on one state of the index: nobody else writes meanwhile.
    ///
    /// # Errors
    /// What the work says, of which nothing is kept then, and what keeps the index from being written to.
    pub fn keeping<T, E: From<IndexError>>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let run = |sql: &str| self.db.execute_batch(sql).map_err(IndexError::from);
        run("BEGIN IMMEDIATE")?;
        let done = work();
        run(if done.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        done
    }
}

/// Notes when an order was paid, and forgets the days that a transaction was in and is in now; `row` is none where it is gone.
pub(super) fn changed(db_tx: &Connection, id: i64, role: Role, row: Option<&Row>) -> Found<()> {
    if role != Role::Buyer {
        return Ok(());
    }
    let at = row.filter(|row| row.payment.done).and_then(|row| row.payment.date.as_ref()).map(placed::seconds);
    let mut find = db_tx.prepare_cached("SELECT at FROM paid WHERE id = ?1")?;
    let known: Option<i64> = find.query_row([id], |row| row.get(0)).optional()?;
    match at {
        at if at == known => {}
        Some(at) => {
            db_tx.prepare_cached("INSERT OR REPLACE INTO paid VALUES (?1, ?2)")?.execute([id, at])?;
        }
        None => {
            db_tx.prepare_cached("DELETE FROM paid WHERE id = ?1")?.execute([id])?;
        }
    }
    // Nobody looked at charts since the index was made.
    if !db_tx.prepare_cached("SELECT 1 FROM days LIMIT 1")?.exists([])? {
        return Ok(());
    }
    let mut find = db_tx.prepare_cached("SELECT date_at FROM transactions WHERE id = ?1")?;
    let before: Option<i64> = find.query_row([id], |row| row.get(0)).optional()?;
    let ordered = row.and_then(|row| row.date.as_ref()).map(placed::seconds);
    for at in [before, ordered, known, at].into_iter().flatten() {
        let mut forget = db_tx.prepare_cached("DELETE FROM days WHERE begins > ?1 AND begins <= ?2")?;
        forget.execute([at.saturating_sub(LENGTH), at])?;
    }
    Ok(())
}
