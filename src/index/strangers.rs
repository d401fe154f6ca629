//! How many keys came by first contact lately: the cap on strangers.

use super::apply::milliseconds;
use super::{Index, IndexError};
use crate::trade::Moment;

impl Index {
    /// Returns how many keys were pinned at first contact since `moment`.
    pub fn strangers_since(&self, moment: &Moment) -> Result<usize, IndexError> {
        let mut count = self.db.prepare_cached(
            "SELECT count(*) FROM entries JOIN pins USING (position)
             WHERE entries.position > coalesce((SELECT max(position) FROM entries), 0) - 100000
               AND pins.by = 'first-use' AND entries.recorded_at >= ?1",
        )?;
        let found: i64 = count.query_row([milliseconds(moment)], |row| row.get(0))?;
        Ok(usize::try_from(found).unwrap_or(usize::MAX))
    }
}
