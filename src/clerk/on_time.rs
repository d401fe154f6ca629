//! What a part does because its time has come, without a letter or a person: an order that nobody authorised is given up
//! (P24), an offer that ran out holds no money, a debit is made on its day (P55).
//!
//! The index finds what may be due; whether it is, the ledger says, and the part decides.

use super::{Clerk, ClerkError};
use crate::index::Filter;
use crate::role::practice::DebitWord;
use crate::role::{Stage, on_time};
use crate::trade::{Key, Moment, Role};

/// How many transactions are acted on under one hold of the lock.
const AT_ONCE: usize = 256;
/// Where the index keeps when offers were last looked at.
const OFFERS: &str = "expired offers";
/// How often that is done, in seconds.
const DAILY: i64 = 86_400;
/// How much longer than now the time for an OK may have been when an offer was made, in seconds.
const LONGER: i64 = 60 * 86_400;
/// How far the day of a debit may be ahead of the same day in UTC, by which the index keeps it, in seconds.
const ZONES: i64 = 26 * 3600;

impl Clerk {
    /// Does what is due by now.
    pub(super) fn act_on_time(&mut self, now: &Moment) -> Result<(), ClerkError> {
        // Nothing can be said with a key that is none; it is due as well when the key is there.
        if self.key_fault().is_some() {
            return Ok(());
        }
        let mut keys = self.unauthorised()?;
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
                    batch.perform(actions)?;
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
            if self.index.load_key(key)?.is_some_and(|known| !on_time(&known, &desk).is_empty()) {
                due.push(key);
            }
        }
        Ok(due)
    }

    /// Returns whether this shop ever asks for an authorisation.
    fn asks_first(&self) -> bool {
        let shop = self.settings.practice.shop.as_ref();
        shop.is_some_and(|shop| shop.procedures.iter().any(|procedure| procedure.stages.contains(&Stage::Authorize)))
    }

    /// Returns the orders that wait for an authorisation.
    fn unauthorised(&self) -> Result<Vec<Key>, ClerkError> {
        if self.asks_first() { Ok(self.index.waiting(Role::Shop, None)?) } else { Ok(Vec::new()) }
    }

    /// Returns the offers that may have run out, once a day.
    fn expired(&self, now: &Moment) -> Result<Vec<Key>, ClerkError> {
        let Some(shop) = self.settings.practice.shop.as_ref().filter(|_| self.asks_first()) else {
            return Ok(Vec::new());
        };
        let second = now.instant().as_second();
        let last = self.index.cursor(OFFERS)?.and_then(|last| last.parse::<i64>().ok());
        if last.is_some_and(|last| (0..DAILY).contains(&second.saturating_sub(last))) {
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
        let due_before = now.instant().as_second().saturating_add(ZONES);
        let filter = Filter { role: Some(Role::Payment), due_before: Some(due_before), ..Filter::default() };
        Ok(self.index.list(&filter)?.into_iter().map(|listed| listed.key).collect())
    }
}
