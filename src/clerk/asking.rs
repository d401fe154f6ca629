//! Status requests by the buyer's timetable (P90-P92): what `ask` does by hand, done when its time has come.

use super::{Clerk, ClerkError};
use crate::index::Filter;
use crate::role::Action;
use crate::role::timetable::{Timetable, Which};
use crate::trade::{Key, Moment, Role};

/// How many transactions are asked about under one hold of the lock.
const AT_ONCE: usize = 256;

impl Clerk {
    /// Makes the status requests that are due. What the index remembers of it only spares a look; the ledger decides.
    pub(super) fn ask_by_timetable(&mut self, now: &Moment) -> Result<(), ClerkError> {
        let buyer = self.settings.practice.buyer.as_ref();
        let timetables = buyer.map(|buyer| buyer.timetables.clone()).unwrap_or_default();
        for (place, timetable) in timetables.iter().enumerate() {
            let Some(since) = timetable.last(now, self.clock.zone()) else { continue };
            let name = format!("timetable {place}");
            let done = serde_json::to_string(&since).map_err(|error| ClerkError::Write(error.to_string()))?;
            if self.index.cursor(&name)?.as_ref() == Some(&done) {
                continue;
            }
            self.ask_at(timetable, now, &since)?;
            self.index.set_cursor(&name, &done)?;
        }
        Ok(())
    }

    fn ask_at(&mut self, timetable: &Timetable, now: &Moment, since: &Moment) -> Result<(), ClerkError> {
        let open = Filter { role: Some(Role::Buyer), open: Some(true), ..Filter::default() };
        let filter = match timetable.which {
            Which::Open => open,
            Which::Undelivered => Filter { undelivered: Some(true), ..open },
            Which::Unpaid => Filter { unpaid: Some(true), ..open },
            Which::Late => Filter { due_before: Some(now.instant().as_second()), ..open },
        };
        let keys: Vec<Key> = self.index.list(&filter)?.into_iter().map(|listed| listed.key).collect();
        for keys in keys.chunks(AT_ONCE) {
            let mut wanted = Vec::new();
            for key in keys {
                let known = self.index.load_key(key)?;
                if known.is_some_and(|known| !timetable.requests(&known, now, since).is_empty()) {
                    wanted.push(key);
                }
            }
            if wanted.is_empty() {
                continue;
            }
            self.batch(|batch| {
                batch.by_person = false;
                for key in wanted {
                    // Another process may have asked meanwhile.
                    let Some(known) = batch.load_key(key)? else { continue };
                    let requests = timetable.requests(&known, now, since);
                    batch.perform(requests.into_iter().map(Action::from).collect())?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}
