//! In which order the list stands: newest first, or by another column, as the link in its head says.
//!
//! What is put in order are the rows that are shown; which ones these are, the query says, and the newest of them where there
//! are more. So it takes the same time in any ledger.

use std::cmp::Ordering;

use jiff::tz::Offset;
use serde_json::{Map, Value, json};

use super::orders::shop_name;
use super::visit::Visit;
use crate::index::{Listed, Row, RowLeg};
use crate::trade::Moment;

/// The field of the query that names it.
const FIELD: &str = "sort";

/// A column by which orders can be put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Date,
    Shop,
    Amount,
    Order,
    Payment,
    Delivery,
}

/// A column, and whether what is greatest in it stands first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sorting {
    column: Column,
    down: bool,
}

impl Column {
    const ALL: [Self; 6] = [Self::Date, Self::Shop, Self::Amount, Self::Order, Self::Payment, Self::Delivery];

    const fn word(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Shop => "shop",
            Self::Amount => "amount",
            Self::Order => "order",
            Self::Payment => "payment",
            Self::Delivery => "delivery",
        }
    }

    /// Returns whether the first press of its head puts what is greatest first.
    const fn begins_down(self) -> bool {
        matches!(self, Self::Date | Self::Amount)
    }

    /// Returns how two orders stand to each other in this column.
    fn compare(self, one: &Row, other: &Row, Direction { down, zone }: Direction) -> Ordering {
        let of_leg = |leg: fn(&Row) -> &RowLeg| ordered(day(one, leg(one), zone), day(other, leg(other), zone), down);
        match self {
            Self::Date => ordered(one.date.map(|date| date.end(zone)), other.date.map(|date| date.end(zone)), down),
            Self::Shop => ordered(Some(shop_name(one)), Some(shop_name(other)), down),
            // Sums in different currencies are not held against each other: each currency has its place.
            Self::Amount => {
                let sum = |row: &Row| row.total.map(|total| (total.currency().code().to_owned(), total.decimal()));
                ordered(sum(one), sum(other), down)
            }
            Self::Order => of_leg(|row| &row.order),
            Self::Payment => of_leg(|row| &row.payment),
            Self::Delivery => of_leg(|row| &row.delivery),
        }
    }
}

impl Sorting {
    /// The usual order.
    const NEWEST: Self = Self { column: Column::Date, down: true };

    /// Returns the order that a request asks for: the word of a column, with a `-` before it from the greatest on.
    pub(super) fn of(visit: &Visit) -> Self {
        let asked = visit.asked(FIELD).unwrap_or_default();
        let (word, down) = asked.strip_prefix('-').map_or((asked, false), |word| (word, true));
        let column = Column::ALL.into_iter().find(|column| column.word() == word);
        column.map_or(Self::NEWEST, |column| Self { column, down })
    }

    /// Returns whether months follow on each other.
    pub(super) fn is_by_date(self) -> bool {
        self.column == Column::Date
    }

    fn word(self) -> String {
        format!("{}{}", if self.down { "-" } else { "" }, self.column.word())
    }

    /// Puts orders, newest first, in this order; what is alike in it stays newest first.
    pub(super) fn put(self, listed: &mut [Listed], now: &Moment) {
        if self != Self::NEWEST {
            let direction = Direction { down: self.down, zone: now.offset() };
            listed.sort_by(|one, other| self.column.compare(&one.row, &other.row, direction));
        }
    }

    /// Returns what the heads of the columns show: where each leads, and which way the list stands by it; and all ways to choose
    /// from.
    pub(super) fn shows(self, visit: &Visit) -> Value {
        let head = |column: Column| {
            let is = column == self.column;
            let next = Self { column, down: if is { !self.down } else { column.begins_down() } };
            let word = if next == Self::NEWEST { String::new() } else { next.word() };
            let way = is.then_some(if self.down { "descending" } else { "ascending" });
            (column.word().to_owned(), json!({"link": visit.with(FIELD, &word), "way": way}))
        };
        let heads: Map<String, Value> = Column::ALL.into_iter().map(head).collect();
        let ways = Column::ALL
            .into_iter()
            .flat_map(|column| [column.begins_down(), !column.begins_down()].map(|down| Self { column, down }));
        let way =
            |way: Self| json!({"word": way.word(), "column": way.column.word(), "down": way.down, "is": way == self});
        json!({
            "heads": heads, "ways": ways.map(way).collect::<Vec<Value>>(), "column": self.column.word(), "down": self.down,
            "usual": self == Self::NEWEST,
        })
    }
}

/// Which way values are compared, and where a plain day ends.
#[derive(Clone, Copy)]
struct Direction {
    down: bool,
    zone: Offset,
}

/// Compares two values; what is not there stands after all others, whichever way.
fn ordered<T: Ord>(one: Option<T>, other: Option<T>, down: bool) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) if down => other.cmp(&one),
        (Some(one), Some(other)) => one.cmp(&other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    }
}

/// Returns the date of a leg, where the list shows one: what was not agreed to has none.
fn day(row: &Row, leg: &RowLeg, zone: Offset) -> Option<Moment> {
    let has_legs = !matches!(row.state.as_str(), "ordered" | "offered" | "rejected" | "cancelled");
    leg.date.filter(|_| has_legs).map(|date| date.end(zone))
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::ordered;

    #[test]
    fn what_has_no_value_stands_last_whichever_way_the_others_stand() {
        for down in [false, true] {
            let mut values = [None, Some(2), None, Some(1)];
            values.sort_by(|one, other| ordered(*one, *other, down));
            assert_eq!(values, if down { [Some(2), Some(1), None, None] } else { [Some(1), Some(2), None, None] });
        }
        assert_eq!(ordered::<u8>(None, None, true), Ordering::Equal);
    }
}
