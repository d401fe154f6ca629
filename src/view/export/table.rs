//! The table: comma-separated values as RFC 4180 has them, in UTF-8, a row for each transaction.
//!
//! One row for each line of goods would count the totals several times in every sum; the lines stand in JSON Lines. Columns
//! are only added, at the end. No cell can be taken for a formula, and none steers what shows it (B89, B90, B93): whoever wants
//! the names as they were written takes JSON Lines.

use super::{Wanted, goods};
use crate::index::{Listed, RowLeg};
use crate::trade::{Money, When};
use crate::view::harmless::escape;
use crate::view::orders::is_late;
use crate::view::text;

/// The names of the columns; docs/export.md says what stands in each.
const HEAD: [&str; 25] = [
    "id",
    "role",
    "number",
    "date",
    "shop",
    "shop_name",
    "buyer",
    "goods",
    "currency",
    "total",
    "unpaid",
    "refund_due",
    "state",
    "order_done",
    "order_date",
    "payment_done",
    "payment_date",
    "delivery_done",
    "delivery_date",
    "due",
    "late",
    "failed",
    "undelivered",
    "warnings",
    "refunded",
];

/// What begins a formula in a spreadsheet, the wide signs in a Japanese one.
const COMPUTES: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Says that UTF-8 follows, to programs that take a file for something else.
const MARK: &str = "\u{feff}";

/// A table under way.
#[derive(Debug)]
pub(super) struct Table {
    spreadsheet: bool,
}

impl Table {
    pub(super) fn new(spreadsheet: bool) -> Self {
        Self { spreadsheet }
    }

    pub(super) fn head(&self, out: &mut Vec<u8>) {
        if self.spreadsheet {
            out.extend_from_slice(MARK.as_bytes());
        }
        record(&HEAD, out);
    }

    pub(super) fn row(&self, one: &Listed, wanted: &Wanted, out: &mut Vec<u8>) {
        let row = &one.row;
        let day = |when: Option<&When>| when.map(|when| text::day(when, &wanted.zone)).unwrap_or_default();
        let amount = |money: Option<&Money>| money.map(Money::plain).unwrap_or_default();
        let legs = [("order", &row.order), ("payment", &row.payment), ("delivery", &row.delivery)];
        let failed: Vec<&str> = legs.iter().filter(|(_, leg)| leg.failed).map(|(name, _)| *name).collect();
        let of = |leg: &RowLeg| [truth(leg.done), day(row.date_of(leg).as_ref())];
        let currency = row.total.as_ref().or(row.unpaid.as_ref()).or(row.refund.as_ref());
        let mut cells = vec![
            one.key.id.to_string(),
            row.role.word().to_owned(),
            foreign(row.number.as_ref().map(|number| number.as_str()).unwrap_or_default()),
            day(row.date.as_ref()),
            foreign(row.shop.as_str()),
            foreign(&row.shop_name),
            foreign(&row.buyer),
            foreign(&goods(one, "; ")),
            currency.map(|money| money.currency().code().to_owned()).unwrap_or_default(),
            amount(row.total.as_ref()),
            amount(row.unpaid.as_ref()),
            amount(row.refund.as_ref()),
            row.state.clone(),
        ];
        cells.extend(legs.into_iter().flat_map(|(_, leg)| of(leg)));
        cells.extend([
            day(row.due.as_ref()),
            truth(is_late(row, &wanted.now)),
            failed.join(" "),
            truth(row.undelivered),
            row.warnings.to_string(),
            amount(row.refunded.as_ref()),
        ]);
        record(&cells, out);
    }
}

/// Returns a cell of others' words: signs that steer, turn, hide or break lines are codes, and nothing is taken for a formula,
/// where the cell is read as it is and where a program parts rows at semicolons (B89, B90, B93).
fn foreign(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    let mut begins = true;
    for c in escape(text).chars() {
        if begins && COMPUTES.contains(&c) {
            cell.push('\'');
        }
        begins = c == ';' || (begins && (c.is_whitespace() || c == '"'));
        cell.push(c);
    }
    cell
}

fn truth(is: bool) -> String {
    if is { "true" } else { "false" }.to_owned()
}

/// Writes one record with its line end.
fn record<T: AsRef<str>>(cells: &[T], out: &mut Vec<u8>) {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    // Nothing written to memory fails.
    let _ = writer.write_record(cells.iter().map(|cell| cell.as_ref().as_bytes())).and_then(|()| Ok(writer.flush()?));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_those_of_rfc_4180() {
        let mut out = Vec::new();
        record(&["plain", "a,b", "say \"hi\"", "two\r\nlines", "", "日立"], &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "plain,\"a,b\",\"say \"\"hi\"\"\",\"two\r\nlines\",,日立\r\n");
    }

    #[test]
    fn no_cell_is_a_formula_and_none_steers() {
        // B89, B90, B93
        for (name, cell) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1＋1", "'＝1＋1"),
            (" =1", " '=1"),
            ("\t=1", "\\u{9}=1"),
            ("a;=1; \"=2\";b=3", "a;'=1; \"'=2\";b=3"),
            ("a\r\n=1", "a\\u{d}\\u{a}=1"),
            ("\u{1b}[2J\u{202e}", "\\u{1b}[2J\\u{202e}"),
            ("", ""),
            ("1=1", "1=1"),
            ("a-b, +c", "a-b, +c"),
            ("'=1", "'=1"),
            ("日立", "日立"),
        ] {
            assert_eq!(foreign(name), cell);
        }
    }
}
