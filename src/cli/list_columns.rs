//! The columns of `list` for each part, and what of them gives way on a narrow terminal.
//!
//! The goods are cut first, then what a sign or another column says; then a buyer's goods stand below their row, with the shop and
//! the day of the order. Days of legs go last. A word for what is wrong (late, failed, warned, differs) is never left out, nor the
//! day of a buyer's order; where even that does not fit, the rows are blocks of lines.

use super::table::Fit;
use crate::trade::Role;

/// Words of a leg that is planned, which its sign says, too, in both languages.
const SAID_BY_SIGN: [&str; 2] = ["due", "予定"];

/// The columns of one list.
pub(super) struct Columns {
    /// Their names.
    pub(super) head: &'static [&'static str],
    /// Which of them end at the right.
    pub(super) right: [usize; 2],
    /// What is done where a row does not fit.
    pub(super) fit: &'static [Fit],
}

impl Columns {
    /// Returns those of a part's list; a buyer's has others where these do not fit.
    pub(super) fn of(role: Role, narrow: bool) -> Self {
        match role {
            Role::Buyer if narrow => Self { head: &NARROW, right: [1, 2], fit: &NARROW_FIT },
            Role::Buyer => Self { head: &BOUGHT, right: [4, 5], fit: &BOUGHT_FIT },
            Role::Shop => Self { head: &TRADED, right: [6, 7], fit: &TRADED_FIT },
            Role::Payment | Role::Delivery => Self { head: &TRADED, right: [6, 7], fit: &AGENT_FIT },
        }
    }
}

/// The columns of a buyer's list, and what gives way. With less room for goods, a word of them would be left.
const BOUGHT: [&str; 10] = ["id", "date", "shop", "items", "total", "unpaid", "order", "delivery", "payment", "state"];
const BOUGHT_FIT: [Fit; 4] = [Fit::Cut(3, 20), Fit::Cut(2, 10), Fit::Short(&[6, 7, 8], short_leg), Fit::Cut(3, 12)];
/// The columns where that is too wide: when and where it was bought, and what, stand below the row.
const NARROW: [&str; 8] = ["id", "total", "unpaid", "order", "delivery", "payment", "state", "bought"];
const NARROW_FIT: [Fit; 3] = [Fit::Short(&[3, 4, 5], short_leg), Fit::Short(&[3, 4, 5], dateless_leg), Fit::Drop(2)];
/// The same of all other parts, who know a transaction by its number.
const TRADED: [&str; 12] =
    ["number", "id", "date", "buyer", "shop", "items", "total", "unpaid", "order", "delivery", "payment", "state"];
const TRADED_FIT: [Fit; 12] = [
    Fit::Cut(5, 12),
    Fit::Cut(3, 10),
    Fit::Cut(4, 10),
    Fit::Short(&[8, 9, 10], short_leg),
    Fit::Drop(1),
    Fit::Drop(4),
    Fit::Drop(2),
    Fit::Cut(5, 7),
    Fit::Cut(3, 6),
    Fit::Short(&[8, 9, 10], dateless_leg),
    Fit::Drop(7),
    Fit::Drop(5),
];

/// The same of agents, who may work for several shops with the same numbers.
const AGENT_FIT: [Fit; 12] = [
    Fit::Cut(5, 12),
    Fit::Cut(3, 10),
    Fit::Cut(4, 10),
    Fit::Short(&[8, 9, 10], short_leg),
    Fit::Drop(1),
    Fit::Drop(2),
    Fit::Cut(5, 7),
    Fit::Cut(3, 6),
    Fit::Short(&[8, 9, 10], dateless_leg),
    Fit::Drop(7),
    Fit::Drop(5),
    Fit::Drop(4),
];

/// Returns a leg as a narrow terminal has it: of what is planned the sign tells.
fn short_leg(cell: &str) -> String {
    words_but(cell, |word| SAID_BY_SIGN.contains(&word))
}

/// Returns a leg as a still narrower one has it: what is late or failed is said, not of which day it is.
fn dateless_leg(cell: &str) -> String {
    words_but(cell, |word| {
        let mut parts = word.trim_end_matches(',').split('-');
        word.contains('-') && parts.all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    })
}

fn words_but(cell: &str, is_left_out: impl Fn(&str) -> bool) -> String {
    let left = cell.split(' ').filter(|word| !is_left_out(word)).collect::<Vec<_>>().join(" ");
    left.trim_end_matches(',').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_leg_keeps_the_word_for_what_is_wrong() {
        for (whole, short, dateless) in [
            ("… due 11-20", "… 11-20", "…"),
            ("! due 11-20 late", "! 11-20 late", "! late"),
            ("! due 2027-11-20 late ! differs", "! 2027-11-20 late ! differs", "! late ! differs"),
            ("✓ 11-20, JPY 1,300 back", "✓ 11-20, JPY 1,300 back", "✓ JPY 1,300 back"),
            ("✗ failed", "✗ failed", "✗ failed"),
            ("… 11-20 予定", "… 11-20", "…"),
            ("! 11-20 期限超過", "! 11-20 期限超過", "! 期限超過"),
            ("! 11-20 返金遅延", "! 11-20 返金遅延", "! 返金遅延"),
            ("◐ 1 of 2, due 11-20", "◐ 1 of 2, 11-20", "◐ 1 of 2"),
            ("! 1 of 2, due 11-20 late", "! 1 of 2, 11-20 late", "! 1 of 2, late"),
            ("◐ 4,800中2,000 11-20 予定", "◐ 4,800中2,000 11-20", "◐ 4,800中2,000"),
            ("↩ 11-20", "↩ 11-20", "↩"),
            ("–", "–", "–"),
        ] {
            assert_eq!((short_leg(whole).as_str(), dateless_leg(&short_leg(whole)).as_str()), (short, dateless));
        }
    }
}
