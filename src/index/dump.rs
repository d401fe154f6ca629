//! The whole index as text, to compare one that grew with one that was built anew.

use rusqlite::types::ValueRef;

use super::{Index, IndexError};

/// Every table whose rows are reckoned from the ledger, but `meta`; the sums of `days` are there only once charts were shown.
pub(super) const TABLES: [&str; 25] = [
    "answered",
    "caused",
    "certificates",
    "claimed",
    "copies",
    "days",
    "entries",
    "events",
    "handles",
    "letters",
    "named",
    "owing",
    "pins",
    "redactions",
    "replacing",
    "schedules",
    "search",
    "settlements",
    "shops",
    "states",
    "tally",
    "tasks",
    "transactions",
    "unheard",
    "warnings",
];

/// What each table is shown by: no number that SQLite gave out, so that the order of making does not matter.
const QUERIES: [&str; 22] = [
    "SELECT 'answered', * FROM answered",
    "SELECT 'caused', * FROM caused",
    "SELECT 'certificate', fingerprint, certificate, compromised FROM certificates",
    "SELECT 'claimed', * FROM claimed",
    "SELECT 'copy', * FROM copies",
    "SELECT 'entry', * FROM entries",
    "SELECT 'event', * FROM events",
    "SELECT 'handle', handle, fingerprint FROM handles JOIN certificates c ON c.id = handles.certificate",
    "SELECT 'letter', * FROM letters",
    "SELECT 'named', * FROM named",
    "SELECT 'owing', role, shop, order_id, place, at, what, o.currency, amount FROM owing o JOIN transactions USING (id)",
    "SELECT 'pin', * FROM pins",
    "SELECT 'redaction', * FROM redactions",
    "SELECT 'replacing', * FROM replacing",
    "SELECT 'schedule', * FROM schedules",
    "SELECT 'settlement', * FROM settlements",
    "SELECT 'tally', * FROM tally WHERE listed > 0",
    "SELECT 'task', * FROM tasks",
    "SELECT 'unheard', * FROM unheard",
    "SELECT 'warning', * FROM warnings",
    "SELECT 'search', role, shop, order_id, names FROM search JOIN transactions t ON t.id = search.rowid",
    "SELECT 'transaction', role, shop, order_id, number, shop_name, buyer, date, date_at, items, currency, total, order_done, \
     order_date, delivery_done, delivery_date, payment_done, payment_date, t.state, open, due, due_at, unpaid_currency, \
     unpaid, undelivered, warnings, failed, begun, waits, refund_currency, refund, crowded_at, pending, unanswered, back_currency, back, stopping_at, parts, until, until_at, s.state FROM transactions t JOIN states s ON s.id = t.id",
];

impl Index {
    /// Returns all rows as text, sorted, a line each; what is no part of the ledger is left out.
    pub fn dump(&self) -> Result<String, IndexError> {
        let mut lines = vec![format!("meta\t{}\t{}", self.ledger, self.mark.entries())];
        for query in QUERIES {
            let mut all = self.db.prepare(query)?;
            let columns = all.column_count();
            let mut rows = all.query([])?;
            while let Some(row) = rows.next()? {
                let mut line = Vec::with_capacity(columns);
                for column in 0..columns {
                    line.push(shown(row.get_ref(column)?));
                }
                lines.push(line.join("\t"));
            }
        }
        lines.sort();
        Ok(lines.join("\n"))
    }
}

fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).escape_debug().to_string(),
        ValueRef::Blob(bytes) if bytes.len() == 32 => hex::encode(bytes),
        ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).escape_debug().to_string(),
    }
}
