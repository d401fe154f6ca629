//! The calendar (RFC 5545): planned deliveries, payments and refunds of what is open, each an event that keeps its name.
//!
//! What is done is left out: a calendar says what is to come. A program that subscribes or imports anew sees an event with the
//! same UID as the same one.

use jiff::Span;
use jiff::tz::TimeZone;

use super::{Wanted, goods};
use crate::index::{Listed, RowLeg};
use crate::trade::{Role, When};
use crate::view::harmless::escape;
use crate::view::{short, text};

/// Most bytes of a line without its end (RFC 5545 section 3.1).
const LINE: usize = 75;

/// What the events are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// Goods are to arrive.
    pub delivery: String,
    /// Money is to be paid.
    pub payment: String,
    /// Money is to come back.
    pub refund: String,
}

impl Default for Labels {
    fn default() -> Self {
        let [delivery, payment, refund] = ["Delivery", "Payment due", "Refund due"].map(str::to_owned);
        Self { delivery, payment, refund }
    }
}

/// A calendar under way.
#[derive(Debug)]
pub(super) struct Calendar {
    /// When it is made, which each event repeats.
    stamp: String,
}

/// One event.
struct Event<'a> {
    kind: &'static str,
    label: &'a str,
    when: When,
    amount: Option<String>,
}

impl Calendar {
    pub(super) fn new(wanted: &Wanted) -> Self {
        Self { stamp: moment(&When::Moment(wanted.now)) }
    }

    pub(super) fn head(&self, out: &mut Vec<u8>) {
        let version = concat!("PRODID:-//mailorder//mailorder ", env!("CARGO_PKG_VERSION"), "//EN");
        for line in ["BEGIN:VCALENDAR", "VERSION:2.0", version, "CALSCALE:GREGORIAN"] {
            fold(line, out);
        }
    }

    pub(super) fn foot(&self, out: &mut Vec<u8>) {
        fold("END:VCALENDAR", out);
    }

    /// Writes what is to come of one transaction.
    pub(super) fn events(&self, one: &Listed, wanted: &Wanted, out: &mut Vec<u8>) {
        let (row, labels) = (&one.row, &wanted.labels);
        let planned = |leg: &RowLeg| leg.date.filter(|_| row.open && !leg.done && !leg.failed);
        let pays = row.unpaid.as_ref().zip(row.payment.date.filter(|_| !row.payment.done && !row.payment.failed));
        let back = row.refund.as_ref().zip(row.payment.more.refund);
        let arrival = planned(&row.delivery).filter(|_| row.undelivered);
        let events = [
            arrival.map(|when| Event { kind: "delivery", label: &labels.delivery, when, amount: None }),
            pays.map(|(sum, when)| {
                let amount = Some(text::amount(sum));
                Event { kind: "payment", label: &labels.payment, when, amount }
            }),
            back.map(|(sum, when)| {
                let amount = Some(text::amount(sum));
                Event { kind: "refund", label: &labels.refund, when, amount }
            }),
        ];
        for event in events.into_iter().flatten() {
            self.event(&event, one, out);
        }
    }

    fn event(&self, event: &Event<'_>, one: &Listed, out: &mut Vec<u8>) {
        let row = &one.row;
        let role = one.key.role;
        let shop = if row.shop_name.is_empty() { row.shop.as_str() } else { &row.shop_name };
        let with = if role == Role::Buyer || row.buyer.is_empty() { shop } else { &row.buyer };
        let amount = event.amount.as_deref().map(|amount| format!(" {amount}")).unwrap_or_default();
        let goods = goods(one, ", ");
        let number = row.number.as_ref().map_or_else(|| short(one.key.id.as_str()), |number| number.as_str());
        fold("BEGIN:VEVENT", out);
        fold(&format!("UID:{}-{role}-{}@mailorder.invalid", one.key.id, event.kind), out);
        fold(&format!("DTSTAMP:{}", self.stamp), out);
        match event.when {
            When::Moment(_) => fold(&format!("DTSTART:{}", moment(&event.when)), out),
            When::Day(day) => {
                fold(&format!("DTSTART;VALUE=DATE:{}", day.strftime("%Y%m%d")), out);
                let next = day.saturating_add(Span::new().days(1));
                fold(&format!("DTEND;VALUE=DATE:{}", next.strftime("%Y%m%d")), out);
            }
        }
        fold(&format!("SUMMARY:{}", escaped(&format!("{}{amount}: {goods} ({with})", event.label))), out);
        let about = format!("{number}\n{goods}\n{shop} <{}>", row.shop);
        fold(&format!("DESCRIPTION:{}", escaped(&about)), out);
        fold(&format!("CATEGORIES:{}", event.kind.to_ascii_uppercase()), out);
        // Nobody is busy while he waits for a parcel.
        fold("TRANSP:TRANSPARENT", out);
        fold("END:VEVENT", out);
    }
}

/// Writes a moment in UTC.
fn moment(when: &When) -> String {
    match when {
        When::Moment(moment) => moment.instant().to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string(),
        When::Day(day) => day.strftime("%Y%m%d").to_string(),
    }
}

/// Writes a text as a value (RFC 5545 section 3.3.11); signs that steer, turn or hide are written as codes, and marks upon marks
/// are cut.
fn escaped(text: &str) -> String {
    let text = text.replace('\r', "");
    let lines: Vec<String> = text.split('\n').map(escape).collect();
    let mut safe = String::with_capacity(text.len());
    for c in lines.join("\n").chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            // The backslash of a code is doubled, as any other.
            '\\' | ';' | ',' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}

/// Writes a line, parted after at most 75 bytes and inside of no character.
fn fold(line: &str, out: &mut Vec<u8>) {
    let mut used = 0_usize;
    for c in line.chars() {
        if used.saturating_add(c.len_utf8()) > LINE {
            out.extend_from_slice(b"\r\n ");
            used = 1;
        }
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        used = used.saturating_add(c.len_utf8());
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_at_75_bytes_and_inside_of_no_character() {
        for line in ["SUMMARY:".to_owned() + &"シャツ".repeat(40), "x".repeat(75), "x".repeat(76), "é".repeat(200)]
        {
            let mut out = Vec::new();
            fold(&line, &mut out);
            let text = String::from_utf8(out).unwrap();
            assert!(text.split("\r\n").all(|line| line.len() <= LINE), "{text}");
            assert_eq!(text.strip_suffix("\r\n").unwrap().replace("\r\n ", ""), line);
        }
    }

    #[test]
    fn a_name_is_a_value_and_nothing_else() {
        let name = "a;b,c\\d\r\nEND:VEVENT\u{1b}[2J\u{202e}";
        assert_eq!(escaped(name), "a\\;b\\,c\\\\d\\nEND:VEVENT\\\\u{1b}[2J\\\\u{202e}");
        assert_eq!(escaped(&format!("e{}", "\u{301}".repeat(100))), "e\u{301}\u{301}\u{301}");
    }
}
