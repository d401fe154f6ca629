//! What a part does because its time has come, without a letter or a person: an order that nobody authorised is given up
//! (P24), one that stands without an answer is rejected, and a letter refused whose refusal was beyond the limits; an offer that ran out
//! holds no money, a debit is made on its day (P55).
//!
//! The index finds what may be due; whether it is, the ledger says, and the part decides.

use super::batch::Batch;
use super::{Clerk, ClerkError};
use crate::index::Filter;
use crate::role::practice::DebitWord;
use crate::role::{Action, Stage, on_time};
use crate::trade::moment::is_put_off;
use crate::trade::{Key, Moment, Role, Transaction};

/// How many transactions are acted on under one hold of the lock.
const AT_ONCE: usize = 256;
/// How many transactions with something unanswered are looked at in one pass; where there are more, the next goes on with them.
const UNANSWERED: usize = 1_024;
/// Where the index keeps how far orders without an answer were looked at,
const ORDERS: &str = "orders without an answer";
/// and transactions with another letter without one.
const LETTERS: &str = "letters without an answer";
/// Where the index keeps when offers were last looked at.
const OFFERS: &str = "expired offers";
/// A day, in seconds.
const DAY: i64 = 86_400;
/// How much longer than now the time for an OK may have been when an offer was made, in seconds.
const LONGER: i64 = 60 * DAY;

impl Clerk {
    /// Does what is due by now.
    pub(super) fn act_on_time(&mut self, now: &Moment) -> Result<(), ClerkError> {
        // Nothing can be said with a key that is none; it is due as well when the key is there.
        if self.key_fault().is_some() {
            return Ok(());
        }
        let mut keys = self.unanswered_orders()?;
        keys.extend(self.in_turn(self.index.unanswered()?, LETTERS)?);
        keys.extend(self.expired(now)?);
        keys.extend(self.debits(now)?);
        for keys in keys.chunks(AT_ONCE) {
            let due = self.has_come(keys, now)?;
            if due.is_empty() {
                continue;
            }
            self.batch(|batch| {
                batch.by_person = false;
                for key in due {
                    // Another process may have done it meanwhile.
                    let Some(known) = batch.load_key(key)? else { continue };
                    let actions = on_time(&known, &batch.desk(&known)?);
                    batch.perform_in_time(&known, actions)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Returns those of these transactions that a part does something about now.
    fn has_come<'a>(&self, keys: &'a [Key], now: &Moment) -> Result<Vec<&'a Key>, ClerkError> {
        let desk = self.desk_to_look(now);
        let mut due = Vec::new();
        for key in keys {
            let Some(known) = self.index.load_key(key)? else { continue };
            for action in on_time(&known, &desk) {
                if self.may_be_done(&known, &action, now)? {
                    due.push(key);
                    break;
                }
            }
        }
        Ok(due)
    }

    /// Returns whether there is room within the limits for what a part would do.
    fn may_be_done(&self, known: &Transaction, action: &Action, now: &Moment) -> Result<bool, ClerkError> {
        match action {
            Action::Send(draft) => self.has_room(known, draft, now),
            Action::Resend(_) | Action::Give { .. } | Action::End { .. } => Ok(true),
        }
    }

    /// Returns whether this shop ever asks for an authorisation.
    fn asks_first(&self) -> bool {
        let shop = self.settings.practice.shop.as_ref();
        shop.is_some_and(|shop| shop.procedures.iter().any(|procedure| procedure.stages.contains(&Stage::Authorize)))
    }

    /// Returns the orders that have neither terms nor a rejection, unless all of them wait for a person.
    fn unanswered_orders(&self) -> Result<Vec<Key>, ClerkError> {
        let Some(shop) = self.settings.practice.shop.as_ref() else { return Ok(Vec::new()) };
        if shop.review.orders && !self.asks_first() {
            return Ok(Vec::new());
        }
        self.in_turn(self.index.waiting(Role::Shop, None)?, ORDERS)
    }

    /// Returns as many of these as are looked at in one pass, each in its turn: who writes very many letters makes no pass
    /// longer.
    fn in_turn(&self, keys: Vec<Key>, looked_at: &str) -> Result<Vec<Key>, ClerkError> {
        if keys.len() <= UNANSWERED {
            return Ok(keys);
        }
        let last = self.index.cursor(looked_at)?.and_then(|last| last.parse().ok());
        let (keys, next) = part(keys, last.unwrap_or(0), UNANSWERED);
        self.index.set_cursor(looked_at, &next.to_string())?;
        Ok(keys)
    }

    /// Returns the offers that may have run out, once a day.
    fn expired(&self, now: &Moment) -> Result<Vec<Key>, ClerkError> {
        let Some(shop) = self.settings.practice.shop.as_ref().filter(|_| self.asks_first()) else {
            return Ok(Vec::new());
        };
        let second = now.instant().as_second();
        let last = self.index.cursor(OFFERS)?.and_then(|last| last.parse::<i64>().ok());
        if last.is_some_and(|last| is_put_off(last.saturating_add(DAY), second, DAY)) {
            return Ok(Vec::new());
        }
        let valid = i64::from(shop.valid_days).saturating_mul(86_400);
        let from = last.map_or(i64::MIN, |last| last.saturating_sub(valid.saturating_add(LONGER)));
        let keys = self.index.waiting(Role::Shop, Some(from))?;
        self.index.set_cursor(OFFERS, &second.to_string())?;
        Ok(keys)
    }

    /// Returns the payments whose day may have come, where somebody else than the owner sees to them.
    fn debits(&self, now: &Moment) -> Result<Vec<Key>, ClerkError> {
        let payment = self.settings.practice.payment.as_ref();
        if payment.is_none_or(|payment| payment.debit == DebitWord::Report) {
            return Ok(Vec::new());
        }
        // The index keeps when a day ends, and it is debited when it begins.
        let due_before = now.instant().as_second().saturating_add(DAY);
        let filter = Filter { role: Some(Role::Payment), due_before: Some(due_before), ..Filter::default() };
        Ok(self.index.list(&filter)?.into_iter().map(|listed| listed.key).collect())
    }
}

/// Returns so many of these from a place on, round and round, and the place from which the next are taken.
fn part<T>(mut all: Vec<T>, from: usize, size: usize) -> (Vec<T>, usize) {
    let from = from.checked_rem(all.len()).unwrap_or(0);
    all.rotate_left(from);
    all.truncate(size);
    (all, from.saturating_add(size))
}

impl Batch<'_> {
    /// Does what is due in a transaction, within the limits. An order whose answer cannot be written is rejected in words
    /// that can.
    fn perform_in_time(&mut self, known: &Transaction, actions: Vec<Action>) -> Result<(), ClerkError> {
        let (role, names, unwritten) = (known.key.role, known.names(), self.unwritten);
        self.perform_within(role, &names, actions)?;
        if self.unwritten > unwritten
            && let Some((kept, _)) = known.order()
        {
            self.reject_unanswerable(role, &names, kept.content)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn of_more_than_is_looked_at_in_one_pass_each_has_its_turn() {
        let mut seen = Vec::new();
        let mut from = 0;
        for left in [7, 7, 5, 5] {
            let (some, next) = part((0..left).collect(), from, 3);
            seen.push(some);
            from = next;
        }
        assert_eq!(seen, [[0, 1, 2], [3, 4, 5], [1, 2, 3], [4, 0, 1]]);
        assert_eq!(part(Vec::<u8>::new(), 9, 3), (Vec::new(), 3));
    }
}
