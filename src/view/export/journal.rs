//! The journal of plain-text accounting that hledger and ledger read: each order, payment and refund is an entry, and the
//! balance of `liabilities:unpaid` is what lists show as unpaid, in each currency (P80).
//!
//! ```text
//! 2026-07-10 ! (2026-0710-1234) 日立物産 | シャツ ×1
//!     ; id: K5QW3Z...
//!     expenses:goods:shop@example.com         JPY 4300
//!     expenses:charges:shop@example.com       JPY 500
//!     liabilities:unpaid:shop@example.com     JPY -4800
//! ```
//!
//! Others' words stand in descriptions alone, where nothing of them can begin a comment, a tag, another line or a posting.
//! Accounts are made of our words and of addresses and methods, whose form is checked where they are read.

use std::collections::BTreeSet;

use super::{Wanted, goods};
use crate::index::Listed;
use crate::rules::Standing;
use crate::rules::booking::{Booked, Booking, bookings};
use crate::trade::{Currency, Moment, Money, Role, Transaction, When};
use crate::view::harmless::escape;
use crate::view::{short, text};

/// Most characters of a description that are others' words.
const WORDS: usize = 120;

/// A journal under way: what was declared so far.
#[derive(Debug)]
pub(super) struct Journal {
    role: Role,
    accounts: BTreeSet<String>,
    currencies: BTreeSet<Currency>,
}

/// The accounts that a transaction is booked in.
struct Accounts {
    goods: String,
    charges: String,
    /// What is owed for what was bought.
    owed: String,
    /// Where money goes out of, or comes in.
    money: String,
    /// What is to go back.
    refunds: String,
    /// Whether the amounts are a buyer's; a shop's are the same with the other sign.
    buys: bool,
}

impl Accounts {
    fn of(role: Role, one: &Listed, known: &Transaction) -> Self {
        let method = known.terms().map_or("other", |(_, terms)| terms.payment_method.as_str());
        if role == Role::Buyer {
            let shop = one.row.shop.as_str();
            return Self {
                goods: format!("expenses:goods:{shop}"),
                charges: format!("expenses:charges:{shop}"),
                owed: format!("liabilities:unpaid:{shop}"),
                money: format!("assets:paid:{method}"),
                refunds: format!("assets:refunds:{shop}"),
                buys: true,
            };
        }
        let buyer = known.buyer().map_or_else(|| "unknown".to_owned(), |party| party.address.to_string());
        Self {
            goods: "income:goods".to_owned(),
            charges: "income:charges".to_owned(),
            owed: format!("assets:unpaid:{buyer}"),
            money: format!("assets:received:{method}"),
            refunds: format!("liabilities:refunds:{buyer}"),
            buys: false,
        }
    }

    /// Returns what an entry moves: accounts and amounts that make nothing together. `goods` is what of the goods was not
    /// taken back by entries before.
    fn postings(&self, booking: &Booking, goods: &mut Money) -> Vec<(&str, Money)> {
        let zero = Money::zero(booking.amount.currency());
        let less = |one: &Money, other: &Money| one.minus(other).unwrap_or(zero);
        let amount = booking.amount;
        let minus = less(&zero, &amount);
        let postings = match &booking.what {
            Booked::Bought { charges } => {
                *goods = less(&amount, charges);
                vec![(&self.goods, *goods), (&self.charges, *charges), (&self.owed, minus)]
            }
            Booked::Raised => vec![(&self.charges, amount), (&self.owed, minus)],
            Booked::Paid { .. } => vec![(&self.owed, amount), (&self.money, minus)],
            Booked::Dropped | Booked::DueBack => {
                let account = if booking.what == Booked::Dropped { &self.owed } else { &self.refunds };
                // Charges go back last: a shop keeps them where the goods come back.
                let of_goods = if amount.exceeds(goods).unwrap_or(false) { *goods } else { amount };
                *goods = less(goods, &of_goods);
                let of_charges = less(&amount, &of_goods);
                vec![
                    (account, amount),
                    (&self.goods, less(&zero, &of_goods)),
                    (&self.charges, less(&zero, &of_charges)),
                ]
            }
            Booked::Back { .. } => vec![(&self.money, amount), (&self.refunds, minus)],
        };
        let signed = |amount: Money| if self.buys { amount } else { less(&zero, &amount) };
        let moved = postings.into_iter().filter(|(_, amount)| !amount.is_zero());
        moved.map(|(account, amount)| (account.as_str(), signed(amount))).collect()
    }
}

impl Journal {
    pub(super) fn new(role: Role) -> Self {
        Self { role, accounts: BTreeSet::new(), currencies: BTreeSet::new() }
    }

    pub(super) fn head(&self, wanted: &Wanted, out: &mut Vec<u8>) {
        let day = text::day(&When::Moment(wanted.now), &wanted.zone);
        push(out, &format!("; mailorder journal 1, made {day}; what its accounts mean: docs/export.md"));
        // ledger's strict checks know no tag that was not declared.
        ["id", "state", "due"].iter().for_each(|tag| push(out, &format!("tag {tag}")));
    }

    pub(super) fn entries(&mut self, one: &Listed, known: &Transaction, wanted: &Wanted, out: &mut Vec<u8>) {
        let standing = Standing::of(known);
        let bookings = bookings(known, &standing);
        let Some(first) = bookings.first() else { return };
        let accounts = Accounts::of(self.role, one, known);
        let mut goods = Money::zero(first.amount.currency());
        let settled = standing.unpaid.is_none();
        for booking in &bookings {
            let postings = accounts.postings(booking, &mut goods);
            self.declare(&postings, out);
            let mark = if settled || !matches!(booking.what, Booked::Bought { .. }) { '*' } else { '!' };
            let (day, code) = (day(&booking.at, wanted), code(one));
            push(out, "");
            push(out, &format!("{day} {mark} ({code}) {} | {}", payee(self.role, one), note(booking, one)));
            push(out, &format!("    ; id: {}", one.key.id));
            if matches!(booking.what, Booked::Bought { .. }) {
                push(out, &format!("    ; state: {}", one.row.state));
                if let Some(due) = one.row.payment.date.filter(|_| !settled) {
                    push(out, &format!("    ; due: {}", text::day(&due, &wanted.zone)));
                }
            }
            for (account, amount) in postings {
                push(out, &format!("    {account:<44}  {amount}"));
            }
        }
    }

    /// Declares what is used for the first time, so that strict checks find a word that nobody meant.
    fn declare(&mut self, postings: &[(&str, Money)], out: &mut Vec<u8>) {
        let mut lines = Vec::new();
        for (account, amount) in postings {
            if self.currencies.insert(amount.currency()) {
                lines.push(format!("commodity {}", amount.currency()));
            }
            if !self.accounts.contains(*account) {
                self.accounts.insert((*account).to_owned());
                lines.push(format!("account {account}"));
            }
        }
        if !lines.is_empty() {
            push(out, "");
            lines.iter().for_each(|line| push(out, line));
        }
    }
}

fn push(out: &mut Vec<u8>, line: &str) {
    out.extend_from_slice(line.as_bytes());
    out.push(b'\n');
}

fn day(at: &Moment, wanted: &Wanted) -> String {
    text::day(&When::Moment(*at), &wanted.zone)
}

/// Returns the shop's number; without one a payee that begins with a bracket would be taken for a code.
fn code(one: &Listed) -> &str {
    one.row.number.as_ref().map_or_else(|| short(one.key.id.as_str()), |number| number.as_str())
}

/// Returns whom the money goes to or comes from.
fn payee(role: Role, one: &Listed) -> String {
    let row = &one.row;
    let name = if role == Role::Buyer { &row.shop_name } else { &row.buyer };
    let name = words(name);
    if name.is_empty() { words(row.shop.as_str()) } else { name }
}

fn note(booking: &Booking, one: &Listed) -> String {
    match &booking.what {
        Booked::Bought { .. } => words(&goods(one, ", ")),
        Booked::Paid { id } => format!("payment {}", words(id)),
        Booked::Dropped => "not to be paid any more".to_owned(),
        Booked::Raised => "billed above the agreement, accepted".to_owned(),
        Booked::DueBack => "to be paid back".to_owned(),
        Booked::Back { id } => format!("refund {}", words(id)),
    }
}

/// Makes others' words fit into a description: on one line, with no sign that ends a description or parts it, and with
/// single blanks, since two of them begin a comment for some programs.
fn words(text: &str) -> String {
    let cut: String = text.chars().take(WORDS).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    let plain: String = cut
        .chars()
        .map(|c| match c {
            ';' => ',',
            '|' => '/',
            c if c.is_whitespace() => ' ',
            c => c,
        })
        .collect();
    let parts: Vec<&str> = plain.split(' ').filter(|part| !part.is_empty()).collect();
    // Now a code of a hidden sign has no blank or mark in it either.
    escape(&parts.join(" ")) + more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_words_stay_on_their_line_and_part_nothing() {
        for (written, meant) in [
            ("日立物産", "日立物産"),
            ("  two  blanks ; note: x | y\n    assets:cash  JPY -9\t", "two blanks , note: x / y assets:cash JPY -9"),
            ("(123) * ! [2020-01-01]", "(123) * ! [2020-01-01]"),
            ("a\u{202e}b\u{1b}[2J\u{3000}c", "a\\u{202e}b\\u{1b}[2J c"),
            (" \u{85} ", ""),
        ] {
            assert_eq!(words(written), meant);
        }
        assert_eq!(words(&"x".repeat(500)).chars().count(), WORDS + 1);
    }
}
