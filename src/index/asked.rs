//! What a query asks for, as far as SQLite finds it by an index, and the rest row by row.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Span};

use super::{Filter, Listed, Row, RowLeg};
use crate::rules::Pending;
use crate::rules::query::{Condition, Part, Query};
use crate::trade::{Moment, Role};

/// From how many letters on a word is taken for the beginning of an ID or number: as many as lists show of an ID.
const NAME_LEAST: usize = 6;

impl Filter {
    /// Returns the filter that lets everything through that a query may ask for in a part; days are those of `zone`.
    pub fn of(query: &Query, role: Role, now: &Moment, zone: &TimeZone) -> Self {
        let mut filter = Self { role: Some(role), ..Self::default() };
        for condition in &query.conditions {
            filter.narrow(condition, now, zone);
        }
        filter
    }

    fn narrow(&mut self, condition: &Condition, now: &Moment, zone: &TimeZone) {
        match condition {
            Condition::Open(open) => self.narrow_to(*open, now),
            Condition::Done(part, done) => {
                // What is over is not waited for.
                if !*done {
                    self.narrow_to(true, now);
                }
                *self.done(*part) = Some(*done);
            }
            Condition::DoneFor(part, _) => *self.done(*part) = Some(true),
            Condition::Undelivered => self.undelivered = Some(true),
            Condition::Unpaid => self.unpaid = Some(true),
            Condition::Late(_) => self.due_before = Some(now.instant().as_second()),
            Condition::Warned => self.warned = true,
            Condition::Failed => self.failed = true,
            Condition::Differs => self.differs = true,
            Condition::Days(first, last) => {
                let begins = |day: Date| Some(day.to_zoned(zone.clone()).ok()?.timestamp().as_second());
                self.from = self.from.max(first.and_then(begins));
                let end = last.and_then(|last| last.checked_add(Span::new().days(1)).ok()).and_then(begins);
                self.until = [self.until, end].into_iter().flatten().min();
            }
            // One text is looked for by the index, the rest in what it finds.
            Condition::Text(text) | Condition::Item(text) | Condition::Buyer(text) => {
                self.text.get_or_insert_with(|| text.clone());
            }
            Condition::Shop(text) if has_one_case(text) => self.shop_part = Some(text.clone()),
            Condition::State(state) => self.state = Some(state.word().to_owned()),
            Condition::Unconfirmed => self.narrow_to(true, now),
            Condition::Amount(range) => self.amount = Some(*range),
            Condition::Currency(currency) => self.currency = Some(*currency),
            Condition::Shop(_) | Condition::Named(_) => {}
        }
    }

    /// Lets through what is open, or what is not.
    pub fn narrow_to(&mut self, open: bool, now: &Moment) {
        (self.open, self.open_at) = (Some(open), Some(now.instant().as_second()));
    }

    /// Returns the filter for what is open at `now` in a part.
    pub fn open(role: Role, now: &Moment) -> Self {
        let mut filter = Self { role: Some(role), ..Self::default() };
        filter.narrow_to(true, now);
        filter
    }

    fn done(&mut self, part: Part) -> &mut Option<bool> {
        match part {
            Part::Order => &mut self.order_done,
            Part::Delivery => &mut self.delivery_done,
            Part::Payment => &mut self.payment_done,
        }
    }
}

/// Returns whether a word that is none of ours may be the beginning of an ID or number, too: both are plain ASCII, and what is
/// shorter begins too many.
pub(super) fn may_begin_name(text: &str) -> bool {
    text.len() >= NAME_LEAST && text.is_ascii()
}

/// Returns whether SQLite, which knows the small letters of ASCII alone, finds all that a text in small letters is in.
fn has_one_case(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii() || c.to_uppercase().eq(c.to_lowercase()))
}

impl Listed {
    /// Returns whether everything that a query asks for holds now; what [`Filter::of`] sees to may be left out.
    pub fn answers(&self, query: &Query, now: &Moment) -> bool {
        query.conditions.iter().all(|condition| self.fulfils(condition, now))
    }

    fn fulfils(&self, condition: &Condition, now: &Moment) -> bool {
        let row = &self.row;
        let within = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
        let named = |text: &str| row.items.iter().any(|item| within(&item.name, text));
        let shop = |text: &str| within(&row.shop_name, text) || within(row.shop.as_str(), text);
        let begins = |text: &str| {
            let begins = |name: &str| name.to_lowercase().starts_with(&text.to_lowercase());
            begins(self.key.id.as_str()) || row.number.as_ref().is_some_and(|number| begins(number.as_str()))
        };
        match condition {
            Condition::Open(open) => row.is_open(now) == *open,
            Condition::Done(part, done) => row.leg(*part).done == *done && (*done || row.is_open(now)),
            Condition::DoneFor(part, age) => row.leg(*part).is_done_for(*age, now),
            Condition::Undelivered => row.undelivered,
            Condition::Unpaid => row.unpaid.is_some(),
            Condition::Late(age) => row.is_late_by(*age, now),
            Condition::Failed => row.has_failed(),
            Condition::Differs => row.short,
            Condition::Unconfirmed => row.may_be_unconfirmed(),
            Condition::Shop(text) => shop(text),
            Condition::Buyer(text) => within(&row.buyer, text),
            Condition::Item(text) => named(text),
            Condition::Named(text) => begins(text),
            Condition::State(state) => row.state == state.word(),
            // The index has looked at them.
            Condition::Days(..) | Condition::Warned => true,
            Condition::Amount(range) => row.total.is_some_and(|total| range.holds(total.decimal())),
            Condition::Currency(currency) => row.total.is_some_and(|total| total.currency() == *currency),
            Condition::Text(text) => {
                shop(text) || within(&row.buyer, text) || named(text) || (may_begin_name(text) && begins(text))
            }
        }
    }
}

impl Row {
    /// Returns whether terms may wait for the buyer's answer: which of them still do, their dates say.
    pub fn may_wait(&self) -> bool {
        let cancels = self.pending == Some(Pending::Order);
        self.role == Role::Buyer && !cancels && (self.state == "offered" || (self.open && self.waits))
    }

    /// Returns whether terms may wait for the buyer's answer, asked by him or by the shop that offers them.
    pub fn may_be_unconfirmed(&self) -> bool {
        self.may_wait() || (self.role == Role::Shop && self.state == "offered")
    }

    /// Returns whether an OK to what was offered would come too late, and nothing else is agreed on.
    pub fn has_run_out(&self, now: &Moment) -> bool {
        self.until.is_some_and(|until| *now > until)
    }

    /// Returns whether anything is still to be done about it.
    pub fn is_open(&self, now: &Moment) -> bool {
        self.open && !self.has_run_out(now)
    }

    /// Returns whether a promised date passed at least `age` ago: of a leg of what is open, or of a refund.
    pub fn is_late_by(&self, age: SignedDuration, now: &Moment) -> bool {
        self.due.is_some_and(|due| due.is_over(now) && due.end(now.offset()).plus_seconds(age.as_secs()) <= *now)
    }

    /// Returns whether something failed of a leg.
    pub fn has_failed(&self) -> bool {
        self.legs().iter().any(|(_, leg)| leg.failed)
    }

    /// Returns how a leg stands.
    pub const fn leg(&self, part: Part) -> &RowLeg {
        match part {
            Part::Order => &self.order,
            Part::Delivery => &self.delivery,
            Part::Payment => &self.payment,
        }
    }
}

impl RowLeg {
    /// Returns whether it was done at least `age` ago.
    fn is_done_for(&self, age: SignedDuration, now: &Moment) -> bool {
        let ended = self.date.filter(|_| self.done).map(|date| date.end(Offset::UTC).plus_seconds(age.as_secs()));
        ended.is_some_and(|ended| ended <= *now)
    }
}
