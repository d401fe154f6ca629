//! The table: comma-separated values as RFC 4180 has them, in UTF-8, a row for each transaction.
//!
//! One row for each line of goods would count the totals several times in every sum; the lines stand in JSON Lines. Columns
//! are only added, at the end. Raw cells stay what they are; for a spreadsheet none can be taken for a formula (B93).

use super::{Wanted, goods};
use crate::index::{Listed, RowLeg};
use crate::trade::{Money, When};
use crate::view::orders::is_late;
use crate::view::text;

/// The names of the columns; docs/export.md says what stands in each.
const HEAD: [&str; 24] = [
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
];

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
        let of = |leg: &RowLeg| [truth(leg.done), day(leg.date.as_ref())];
        let currency = row.total.as_ref().or(row.unpaid.as_ref()).or(row.refund.as_ref());
        let mut cells = vec![
            one.key.id.to_string(),
            row.role.word().to_owned(),
            self.foreign(row.number.as_ref().map(|number| number.as_str()).unwrap_or_default()),
            day(row.date.as_ref()),
            self.foreign(row.shop.as_str()),
            self.foreign(&row.shop_name),
            self.foreign(&row.buyer),
            self.foreign(&goods(one, "; ")),
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
        ]);
        record(&cells, out);
    }

    /// Returns a cell of others' words: for a spreadsheet one that would be taken for a formula begins with an apostrophe.
    fn foreign(&self, text: &str) -> String {
        let first = text.chars().next();
        let runs = first.is_some_and(|c| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n'));
        if self.spreadsheet && runs { format!("'{text}") } else { text.to_owned() }
    }
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
    fn only_for_a_spreadsheet_a_formula_is_disarmed() {
        // B93
        let (raw, sheet) = (Table::new(false), Table::new(true));
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(raw.foreign(formula), formula);
            assert_eq!(sheet.foreign(formula), format!("'{formula}"));
        }
        for plain in ["", "1=1", "a-b", "'=1", "日立", " =1"] {
            assert_eq!(sheet.foreign(plain), plain);
        }
    }
}
