//! What charts need of a long ledger: what was bought between two moments, how what is owed changed, and the sums of days,
//! which are kept once they were reckoned and forgotten as soon as a transaction of such a day changes. What a day's sums are
//! is the caller's matter.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Rows, params};

use super::list::money;
use super::query::{Found, json, value};
use super::row::{RowItem, RowOwing};
use super::{Index, IndexError, Row, placed};
use crate::trade::{Currency, Money, Role, When};

/// How long before a moment the day may have begun that it belongs to: a day without an hour counts to its end in UTC.
const LENGTH: i64 = 48 * 60 * 60;

/// What was spent on one order that a buyer agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// When it was ordered.
    pub date: When,
    /// What the shop calls itself, else its address.
    pub shop: String,
    /// The agreed total, without what of it came back.
    pub total: Money,
}

/// A change of what a buyer owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owing {
    /// When.
    pub at: Timestamp,
    /// `bought`, `paid`; `dropped`: it is not to be paid any more; `raised`: it was billed above the agreement.
    pub what: String,
    /// Whether the order stands: nothing took it back.
    pub stands: bool,
    /// By how much.
    pub change: Money,
    /// What the shop calls itself, else its address.
    pub shop: String,
    /// The goods, as their row has them: most changes are only added up, and nobody reads them.
    items: String,
}

impl Owing {
    /// Returns the first of the goods.
    ///
    /// # Errors
    /// Where the row is not what was written.
    pub fn item(&self) -> Found<String> {
        let items: Vec<RowItem> = json(&self.items)?;
        Ok(items.into_iter().next().map(|item| item.name).unwrap_or_default())
    }
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

impl Index {
    /// Returns the orders that a buyer agreed to and nothing took back, ordered from one second on and before another.
    pub fn spent(&self, from: i64, until: i64) -> Found<Vec<Spent>> {
        let mut find = self.db.prepare_cached(
            "SELECT date, shop_name, shop, currency, total, state, back_currency, back FROM transactions \
             WHERE role = 'buyer' AND begun AND date_at >= ?1 AND date_at < ?2 ORDER BY date_at, id",
        )?;
        let mut rows = find.query([from, until])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let (Some(date), Some(total)) = (row.get::<_, Option<String>>(0)?, money(row, 3, 4)?) else {
                continue;
            };
            if !stands(row.get_ref(5)?.as_str().unwrap_or_default()) {
                continue;
            }
            let back = money(row, 6, 7)?;
            let total = back.and_then(|back| total.minus(&back).ok()).unwrap_or(total);
            found.push(Spent { date: value(&date, When::parse)?, shop: shop(row.get(1)?, row.get(2)?), total });
        }
        Ok(found)
    }

    /// Returns how what a buyer owes changed from one second on and before another, oldest first: of all orders that were agreed
    /// to, taken back since or not.
    pub fn owing(&self, from: i64, until: i64) -> Found<Vec<Owing>> {
        let sql = format!("{CHANGES} WHERE o.at >= ?1 AND o.at < ?2 ORDER BY o.at, o.id, o.place");
        changes(self.db.prepare_cached(&sql)?.query([from, until])?)
    }

    /// Returns the newest changes of what a buyer owes in a currency from one second on, at most so many, oldest first.
    pub fn newest_owing(&self, currency: Currency, from: i64, most: usize) -> Found<Vec<Owing>> {
        let sql = format!(
            "{CHANGES} WHERE o.at >= ?1 AND o.currency = ?2 ORDER BY o.at DESC, o.id DESC, o.place DESC LIMIT ?3"
        );
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut newest = changes(self.db.prepare_cached(&sql)?.query(params![from, currency.code(), most])?)?;
        newest.reverse();
        Ok(newest)
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

/// Reads changes with the orders they are of.
const CHANGES: &str = "SELECT o.at, o.what, o.currency, o.amount, shop_name, shop, items, state \
                       FROM owing o JOIN transactions t ON t.id = o.id";

fn changes(mut rows: Rows<'_>) -> Found<Vec<Owing>> {
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let at = Timestamp::from_second(row.get(0)?).map_err(|error| IndexError::Row(error.to_string()))?;
        let Some(change) = money(row, 2, 3)? else { continue };
        let stands = stands(row.get_ref(7)?.as_str().unwrap_or_default());
        let (shop, items) = (shop(row.get(4)?, row.get(5)?), row.get(6)?);
        found.push(Owing { at, what: row.get(1)?, stands, change, shop, items });
    }
    Ok(found)
}

/// Returns whether an order of this state was agreed to, and nothing took it back.
fn stands(state: &str) -> bool {
    matches!(state, "open" | "completed")
}

/// Returns what a shop calls itself, else its address.
fn shop(name: String, address: String) -> String {
    if name.is_empty() { address } else { name }
}

/// Notes how what is owed for an order changed, and forgets the days that a transaction was in and is in now; `row` is none where
/// it is gone.
pub(super) fn changed(db_tx: &Connection, id: i64, role: Role, row: Option<&Row>) -> Found<()> {
    if role != Role::Buyer {
        return Ok(());
    }
    let moments = note_owing(db_tx, id, row)?;
    // Nobody looked at charts since the index was made.
    if !db_tx.prepare_cached("SELECT 1 FROM days LIMIT 1")?.exists([])? {
        return Ok(());
    }
    let mut find = db_tx.prepare_cached("SELECT date_at FROM transactions WHERE id = ?1")?;
    let before: Option<i64> = find.query_row([id], |row| row.get(0)).optional()?;
    let ordered = row.and_then(|row| row.date.as_ref()).map(placed::seconds);
    for at in moments.into_iter().chain(before).chain(ordered) {
        let mut forget = db_tx.prepare_cached("DELETE FROM days WHERE begins > ?1 AND begins <= ?2")?;
        forget.execute([at.saturating_sub(LENGTH), at])?;
    }
    Ok(())
}

/// Keeps how what is owed for an order changed; returns the seconds of these changes and of those that were known before. Most
/// letters change nothing of it, and then nothing is written.
fn note_owing(db_tx: &Connection, id: i64, row: Option<&Row>) -> Found<Vec<i64>> {
    type Kept = (i64, String, String, String);
    let kept = |one: &RowOwing| -> Kept {
        let (currency, amount) = (one.change.currency().code().to_owned(), one.change.plain());
        (one.at.instant().as_second(), one.what.to_owned(), currency, amount)
    };
    let now: Vec<Kept> = row.map(|row| row.owing.iter().map(kept).collect()).unwrap_or_default();
    let mut find = db_tx.prepare_cached("SELECT at, what, currency, amount FROM owing WHERE id = ?1 ORDER BY place")?;
    let known = find.query_map([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let known: Vec<Kept> = known.collect::<Result<_, _>>()?;
    if known != now {
        db_tx.prepare_cached("DELETE FROM owing WHERE id = ?1")?.execute([id])?;
        let mut put = db_tx.prepare_cached("INSERT INTO owing VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        for (place, (at, what, currency, amount)) in (0_i64..).zip(&now) {
            put.execute(params![id, place, at, what, currency, amount])?;
        }
    }
    Ok(known.into_iter().chain(now).map(|(at, ..)| at).collect())
}
