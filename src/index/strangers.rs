//! When keys came by first contact lately: the cap on strangers.

use super::Index;
use super::apply::milliseconds;
use super::query::{Found, value};
use crate::trade::Moment;

impl Index {
    /// Returns when keys were pinned at first contact after `moment` and not later than `now`, one moment for each, in order. What
    /// a clock that was ahead dated takes nobody's room.
    pub fn strangers_since(&self, moment: &Moment, now: &Moment) -> Found<Vec<Moment>> {
        let mut find = self.db.prepare_cached(
            "SELECT entries.recorded FROM entries JOIN pins USING (position)
             WHERE entries.position > coalesce((SELECT max(position) FROM entries), 0) - 100000
               AND pins.by = 'first-use' AND entries.recorded_at > ?1
               AND entries.recorded_at <= ?2 ORDER BY entries.recorded_at",
        )?;
        let recorded = find.query_map([milliseconds(moment), milliseconds(now)], |row| row.get::<_, String>(0))?;
        recorded.map(|recorded| value(&recorded?, Moment::parse)).collect()
    }
}
