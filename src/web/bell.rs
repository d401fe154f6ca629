//! How often the page is to have been heard: a page that is open rings where this has grown since it was made (P2).

use crate::clerk::{Clerk, ClerkError};
use crate::trade::Moment;
use crate::view::bell;
use crate::view::warnings::Which;

/// The bell that all open pages share.
pub(super) struct Bell {
    bell: bell::Bell,
    rung: u64,
}

impl Bell {
    /// Makes the bell for what the page counts as open.
    pub(super) fn new(clerk: &Clerk) -> Result<Self, ClerkError> {
        Ok(Self { bell: bell::Bell::new(clerk, Which::default())?, rung: 0 })
    }

    /// Returns how often it has rung, now included, and how many warnings are open.
    pub(super) fn rung(&mut self, clerk: &Clerk, now: &Moment) -> Result<(u64, usize), ClerkError> {
        let heard = self.bell.hear(clerk, now)?;
        if heard.is_due {
            self.rung = self.rung.saturating_add(1);
        }
        Ok((self.rung, heard.open))
    }
}
