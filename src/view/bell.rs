//! What is rung for, on a terminal and on the page: warnings that come up, each once, and what strangers cause once an hour at most,
//! by the rule that also says what a program of the owner's is told ([`crate::rules::alerted`]).

use super::warnings::{self, Which};
use crate::clerk::{Clerk, ClerkError};
use crate::rules::alerted::{Alerted, Open};
use crate::trade::Moment;

/// What a bell found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// Whether it is to ring for what has come up since it was asked last.
    pub is_due: bool,
    /// How many warnings are open.
    pub open: usize,
}

/// A bell: it knows what it rang for.
pub struct Bell {
    alerted: Alerted,
    which: Which,
}

impl Bell {
    /// Makes a bell for some of the warnings. For what is open now it does not ring: that was there before.
    ///
    /// # Errors
    /// What keeps the warnings from being read.
    pub fn new(clerk: &Clerk, which: Which) -> Result<Self, ClerkError> {
        let mut bell = Self { alerted: Alerted::default(), which };
        let open = bell.open(clerk)?;
        bell.alerted.know(&open);
        Ok(bell)
    }

    /// Looks for what has come up since it was asked last.
    ///
    /// # Errors
    /// What keeps the warnings from being read.
    pub fn hear(&mut self, clerk: &Clerk, now: &Moment) -> Result<Heard, ClerkError> {
        let open = self.open(clerk)?;
        self.alerted.keep(&open);
        let due = self.alerted.due(&open, now);
        for alert in &due {
            self.alerted.try_to(alert, now);
            self.alerted.told(alert);
        }
        Ok(Heard { is_due: !due.is_empty(), open: open.len() })
    }

    /// Returns the open warnings; who caused one is looked up where it is new.
    fn open(&self, clerk: &Clerk) -> Result<Vec<Open>, ClerkError> {
        warnings::open(clerk, self.which, |id| self.alerted.has_told(id))
    }
}
