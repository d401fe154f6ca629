//! A transaction's row: where it is known, and written as it is now.

use rusqlite::{Connection, OptionalExtension, params};

use super::{IndexError, Row, RowItem, RowLeg, RowMore, days, written};
use crate::rules::Pending;
use crate::trade::{Key, Role, Transaction, When};

/// Enters a transaction as it is now; one that was merged into another is gone.
pub(super) fn transaction(
    db_tx: &Connection,
    key: &Key,
    now: Option<&Transaction>,
    reckon: fn(&Transaction) -> Row,
) -> Result<(), IndexError> {
    let sql = "SELECT id, number, date, begun FROM transactions WHERE role = ?1 AND shop = ?2 AND order_id = ?3";
    let mut find = db_tx.prepare_cached(sql)?;
    let names = params![key.role.word(), key.shop.as_str(), key.id.as_str()];
    let placed = |row: &rusqlite::Row<'_>| {
        Ok(Placed { id: row.get(0)?, number: row.get(1)?, date: row.get(2)?, begun: row.get(3)? })
    };
    let known = find.query_row(names, placed).optional()?;
    let was_begun = known.as_ref().is_some_and(|known| known.begun);
    let Some(transaction) = now else {
        tally(db_tx, key.role, was_begun, false)?;
        return known.map_or(Ok(()), |known| remove(db_tx, known.id, key));
    };
    let row = reckon(transaction);
    // What was there before is looked at before it is written over.
    known.as_ref().map_or(Ok(()), |known| days::changed(db_tx, known.id, key.role, Some(&row)))?;
    let id = put_row(db_tx, known.as_ref(), transaction, &row)?;
    tally(db_tx, key.role, was_begun, row.begun)?;
    if known.is_none() {
        days::changed(db_tx, id, key.role, Some(&row))?;
    }
    let mut put = db_tx.prepare_cached("INSERT OR IGNORE INTO shops VALUES (?1, ?2, ?3)")?;
    put.execute(params![key.role.word(), key.shop.as_str(), row.shop_name])?;
    super::state::put(db_tx, id, transaction)?;
    put_search(db_tx, id, &row.search_text())
}

/// Counts a transaction that was listed before or is listed now, and not both.
fn tally(db_tx: &Connection, role: Role, before: bool, now: bool) -> Result<(), IndexError> {
    if before == now {
        return Ok(());
    }
    let mut count = db_tx.prepare_cached(
        "INSERT INTO tally VALUES (?1, ?2) ON CONFLICT (role) DO UPDATE SET listed = listed + excluded.listed",
    )?;
    count.execute(params![role.word(), if now { 1 } else { -1 }])?;
    Ok(())
}

fn remove(db_tx: &Connection, id: i64, key: &Key) -> Result<(), IndexError> {
    days::changed(db_tx, id, key.role, None)?;
    for table in ["transactions WHERE id", "states WHERE id", "search WHERE rowid"] {
        db_tx.prepare_cached(&format!("DELETE FROM {table} = ?1"))?.execute([id])?;
    }
    Ok(())
}

/// Returns the last second of a stated date, days taken to end in UTC.
pub(super) fn seconds(when: &When) -> i64 {
    when.end(jiff::tz::Offset::UTC).instant().as_second()
}

/// A row as it is known before a change: what most of its indexes are made of.
struct Placed {
    id: i64,
    number: Option<String>,
    date: Option<String>,
    begun: bool,
}

impl Placed {
    /// Returns whether a change leaves the row in its place in those indexes, as nearly all letters do.
    fn stays(&self, transaction: &Transaction, row: &Row) -> bool {
        self.number.as_deref() == transaction.number.as_ref().map(|number| number.as_str())
            && self.date == row.date.map(|date| date.to_string())
            && self.begun == row.begun
    }
}

/// Writes a row whole.
const PUT: &str = "INSERT OR REPLACE INTO transactions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, \
                   ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40)";
/// Writes a row that stays where it is: no index is touched that needs not be.
const CHANGE: &str = "UPDATE transactions SET shop_name = ?6, buyer = ?7, items = ?10, currency = ?11, total = ?12, \
                      order_done = ?13, order_date = ?14, delivery_done = ?15, delivery_date = ?16, payment_done = ?17, \
                      payment_date = ?18, state = ?19, open = ?20, due = ?21, due_at = ?22, unpaid_currency = ?23, \
                      unpaid = ?24, undelivered = ?25, warnings = ?26, failed = ?27, waits = ?29, refund_currency = ?30, \
                      refund = ?31, crowded_at = ?32, pending = ?33, unanswered = ?34, \
                      back_currency = ?35, back = ?36, stopping_at = ?37, parts = ?38, until = ?39, until_at = ?40 WHERE id = ?1";

fn put_row(
    db_tx: &Connection,
    known: Option<&Placed>,
    transaction: &Transaction,
    row: &Row,
) -> Result<i64, IndexError> {
    let id = known.map(|known| known.id);
    let sql = if known.is_some_and(|known| known.stays(transaction, row)) { CHANGE } else { PUT };
    let key = &transaction.key;
    let date = |leg: &RowLeg| leg.date.map(|date| date.to_string());
    let items: &[RowItem] = &row.items;
    db_tx.prepare_cached(sql)?.execute(params![
        id,
        key.role.word(),
        key.shop.as_str(),
        key.id.as_str(),
        transaction.number.as_ref().map(|number| number.as_str()),
        row.shop_name,
        row.buyer,
        row.date.map(|date| date.to_string()),
        row.date.as_ref().map_or(0, seconds),
        written(&items)?,
        row.total.map(|total| total.currency().code()),
        row.total.map(|total| total.plain()),
        row.order.done,
        date(&row.order),
        row.delivery.done,
        date(&row.delivery),
        row.payment.done,
        date(&row.payment),
        row.state,
        row.open,
        row.due.map(|due| due.to_string()),
        row.due.iter().chain(&row.next).map(seconds).min(),
        row.unpaid.map(|unpaid| unpaid.currency().code()),
        row.unpaid.map(|unpaid| unpaid.plain()),
        row.undelivered,
        row.warnings,
        failed_words(row),
        row.begun,
        row.waits,
        row.refund.map(|refund| refund.currency().code()),
        row.refund.map(|refund| refund.plain()),
        row.crowded.map(|since| since.instant().as_second()),
        row.pending.map(Pending::word),
        row.unanswered,
        row.refunded.map(|back| back.currency().code()),
        row.refunded.map(|back| back.plain()),
        row.stopping.map(|since| since.instant().as_second()),
        parts(row)?,
        row.until.map(|until| until.to_string()),
        row.until.map(|until| until.instant().as_second()),
    ])?;
    Ok(id.unwrap_or_else(|| db_tx.last_insert_rowid()))
}

/// The word beside those of failed legs for goods of which fewer came than the delivery agent says.
pub(super) const SHORT: &str = "received";

/// Writes what is said of few legs; nothing where it is said of none.
fn parts(row: &Row) -> Result<String, IndexError> {
    let parts = row.legs().map(|(_, leg)| leg.more);
    if parts == <[RowMore; 3]>::default() { Ok(String::new()) } else { written(&parts) }
}

/// The word beside those for money that was collected by terms to which the buyer said no OK.
pub(super) const UNCONFIRMED: &str = "unconfirmed";

fn failed_words(row: &Row) -> String {
    let failed = row.legs().into_iter().filter(|(_, leg)| leg.failed).map(|(leg, _)| leg.word());
    failed
        .chain(row.short.then_some(SHORT))
        .chain(row.unconfirmed.then_some(UNCONFIRMED))
        .collect::<Vec<&str>>()
        .join(" ")
}

/// Most letters change no name: what is searched is written only when it differs.
fn put_search(db_tx: &Connection, id: i64, names: &str) -> Result<(), IndexError> {
    let mut find = db_tx.prepare_cached("SELECT names FROM search WHERE rowid = ?1")?;
    let known: Option<String> = find.query_row([id], |row| row.get(0)).optional()?;
    match known {
        Some(known) if known == names => return Ok(()),
        Some(_) => {
            db_tx.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([id])?;
        }
        None => {}
    }
    db_tx.prepare_cached("INSERT INTO search (rowid, names) VALUES (?1, ?2)")?.execute(params![id, names])?;
    Ok(())
}
