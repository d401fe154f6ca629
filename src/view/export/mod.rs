//! Transactions for other programs: a table, JSON Lines, a journal of plain-text accounting, a calendar.
//!
//! An export is made part by part, so that neither the memory nor whoever else needs the account waits for all of a long
//! ledger: [`Export::begin`] notes which transactions are asked for, each [`Export::next`] writes some of them.

mod calendar;
mod journal;
mod lines;
mod table;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::clerk::{Clerk, ClerkError, ShopNames, open_of_each};
use crate::index::{Listed, Row};
use crate::rules::query::{Condition, Query};
use crate::trade::{Key, Moment, Role, Transaction};
use crate::view::orders::{add_standing, unconfirmed};

use calendar::Calendar;
pub use calendar::Labels;
use journal::Journal;
use table::Table;

/// How many transactions are written at a time.
const PART: usize = 200;

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table: comma-separated values (RFC 4180), a row for each transaction.
    Csv,
    /// JSON Lines: a document for each transaction.
    Jsonl,
    /// A journal that hledger and ledger read.
    Hledger,
    /// A calendar (RFC 5545) of planned deliveries and payments.
    Ics,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Jsonl, Self::Hledger, Self::Ics];

    /// Reads its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }

    /// Returns its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Hledger => "hledger",
            Self::Ics => "ics",
        }
    }

    /// Returns how the names of such files end, without the point.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Hledger => "journal",
            other => other.word(),
        }
    }

    /// Returns its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Jsonl => "application/jsonl; charset=utf-8",
            Self::Hledger => "text/plain; charset=utf-8",
            Self::Ics => "text/calendar; charset=utf-8",
        }
    }

    /// Returns whether a part has something to export so: an agent's money is not its own, and it sees no terms.
    pub const fn is_for(self, role: Role) -> bool {
        !matches!((self, role), (Self::Hledger, Role::Payment | Role::Delivery))
    }
}

/// What is exported.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The part played.
    pub role: Role,
    /// What must hold of a transaction.
    pub query: Query,
    /// The form.
    pub format: Format,
    /// Whether a table is for a spreadsheet: it begins with a mark that says that it is UTF-8.
    pub spreadsheet: bool,
    /// The words of a calendar.
    pub labels: Labels,
    /// When it is made.
    pub now: Moment,
    /// Whose days are written.
    pub zone: TimeZone,
}

/// An export under way.
#[derive(Debug)]
pub struct Export {
    wanted: Wanted,
    ids: std::vec::IntoIter<i64>,
    standing: BTreeMap<Key, u32>,
    names: ShopNames,
    form: Form,
    begun: bool,
    ended: bool,
    written: u64,
}

/// What a form remembers from one transaction to the next.
#[derive(Debug)]
enum Form {
    Table(Table),
    Lines,
    Journal(Journal),
    Calendar(Calendar),
}

impl Export {
    /// Notes which transactions are asked for, oldest first.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn begin(clerk: &Clerk, wanted: Wanted) -> Result<Self, ClerkError> {
        let filter = clerk.filter(&wanted.query, wanted.role, &wanted.now, &wanted.zone)?;
        let standing = open_of_each(&clerk.standing_warnings()?);
        Ok(Self { standing, ..Self::new(clerk.index().ids(&filter)?, wanted) })
    }

    /// Returns these transactions, which are at hand, as one export.
    pub fn of(transactions: &[Transaction], wanted: Wanted) -> Vec<u8> {
        let (mut export, mut out) = (Self::new(Vec::new(), wanted), Vec::new());
        export.head(&mut out);
        for known in transactions {
            let one = Listed { key: known.key.clone(), row: Row::of(known) };
            export.put(&one, known, &mut out);
        }
        export.foot(&mut out);
        out
    }

    fn new(ids: Vec<i64>, wanted: Wanted) -> Self {
        let ids = ids.into_iter();
        let form = match wanted.format {
            Format::Csv => Form::Table(Table::new(wanted.spreadsheet)),
            Format::Jsonl => Form::Lines,
            Format::Hledger => Form::Journal(Journal::new(wanted.role)),
            Format::Ics => Form::Calendar(Calendar::new(&wanted)),
        };
        Self {
            wanted,
            ids,
            standing: BTreeMap::new(),
            names: ShopNames::default(),
            form,
            begun: false,
            ended: false,
            written: 0,
        }
    }

    /// Writes the next part to the end of `out`; returns whether there may be more.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn next(&mut self, clerk: &Clerk, out: &mut Vec<u8>) -> Result<bool, ClerkError> {
        if self.ended {
            return Ok(false);
        }
        if !self.begun {
            self.begun = true;
            self.head(out);
        }
        for _ in 0..PART {
            let Some(id) = self.ids.next() else {
                self.ended = true;
                self.foot(out);
                return Ok(false);
            };
            let Some(mut one) = clerk.index().listed(id)? else { continue };
            self.names.put_into(&mut one, clerk)?;
            if self.is_asked(clerk, &one)? {
                add_standing([&mut one], &self.standing);
                self.one(clerk, &one, out)?;
                self.written = self.written.saturating_add(1);
            }
        }
        Ok(true)
    }

    /// Returns how many transactions were written so far; of a calendar, how many were looked at.
    pub fn written(&self) -> u64 {
        self.written
    }

    fn is_asked(&self, clerk: &Clerk, one: &Listed) -> Result<bool, ClerkError> {
        let Wanted { query, now, .. } = &self.wanted;
        if !one.answers(query, now) {
            return Ok(false);
        }
        let waits = query.conditions.contains(&Condition::Unconfirmed);
        Ok(!waits || !unconfirmed(clerk, std::slice::from_ref(one), now)?.is_empty())
    }

    fn head(&mut self, out: &mut Vec<u8>) {
        match &mut self.form {
            Form::Table(table) => table.head(out),
            Form::Lines => {}
            Form::Journal(journal) => journal.head(&self.wanted, out),
            Form::Calendar(calendar) => calendar.head(out),
        }
    }

    fn one(&mut self, clerk: &Clerk, one: &Listed, out: &mut Vec<u8>) -> Result<(), ClerkError> {
        match &self.form {
            Form::Table(table) => table.row(one, &self.wanted, out),
            Form::Calendar(calendar) => calendar.events(one, &self.wanted, out),
            Form::Lines | Form::Journal(_) => {
                if let Some(known) = clerk.index().load_key(&one.key)? {
                    self.put(one, &known, out);
                }
            }
        }
        Ok(())
    }

    fn put(&mut self, one: &Listed, known: &Transaction, out: &mut Vec<u8>) {
        match &mut self.form {
            Form::Table(table) => table.row(one, &self.wanted, out),
            Form::Calendar(calendar) => calendar.events(one, &self.wanted, out),
            Form::Lines => lines::line(one, known, &self.wanted, out),
            Form::Journal(journal) => journal.entries(one, known, &self.wanted, out),
        }
    }

    fn foot(&mut self, out: &mut Vec<u8>) {
        if let Form::Calendar(calendar) = &mut self.form {
            calendar.foot(out);
        }
    }
}

/// Returns what was bought, in one line.
fn goods(one: &Listed, between: &str) -> String {
    let items: Vec<String> = one.row.items.iter().map(|item| format!("{} ×{}", item.name, item.quantity)).collect();
    items.join(between)
}
