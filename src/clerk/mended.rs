//! The queue mended: a letter whose file there is damaged is written anew from the ledger.

use std::sync::Arc;

use super::sealing::label;
use super::{Clerk, ClerkError, LOCK_WAIT};
use crate::outbox::queue::Damaged;
use crate::trade::{Body, Letter};

impl Clerk {
    /// Writes anew the letters whose files in the queue are damaged, as far as the ledger has them. One that a person dropped
    /// stays dropped. What cannot be mended stays as it is, and whoever sends is told of it.
    pub(super) fn mend_queue(&mut self) -> Result<(), ClerkError> {
        if self.key_fault().is_some() || self.queue.damaged()?.is_empty() {
            return Ok(());
        }
        let _lock = self.ledger.lock(LOCK_WAIT, Some(self.index.mark()))?;
        // Another process may have mended them since.
        for damaged in self.queue.damaged()? {
            if let Err(error) = self.mend(&damaged) {
                self.notes.push(format!("letter {} cannot be written anew from the ledger: {error}", damaged.name));
            }
        }
        Ok(())
    }

    /// Writes the letter of one file of the queue anew, damaged or not.
    pub fn write_anew(&mut self, name: &str) -> Result<(), ClerkError> {
        let Some((position, _)) = self.owed_by(name) else { return Ok(()) };
        let _lock = self.ledger.lock(LOCK_WAIT, Some(self.index.mark()))?;
        let sealed = self.sealed_anew(position, self.clock.now())?;
        sealed.map_or(Ok(()), |(name, label, mail)| Ok(self.queue.replace(&name, &label, &mail)?))
    }

    /// Has the letter not sent any more whose file in the queue is damaged: its place is kept where an entry owes it, and a
    /// file that no entry owes is removed.
    pub fn drop_damaged(&self, name: &str) -> Result<(), ClerkError> {
        match self.owed_by(name) {
            Some((_, letter)) => self.queue.replace(name, &label(&letter, &self.clock.now()), b"")?,
            None => self.queue.remove(name)?,
        }
        Ok(())
    }

    /// Returns the entry that owes the letter of this name in the queue, and the letter, where both are there to be read.
    pub fn owed_by(&self, name: &str) -> Option<(u64, Arc<Letter>)> {
        let position = name.parse().ok().filter(|position| *position < self.index.mark().entries())?;
        let Body::Out { letter, .. } = self.entry(position).ok()?.body else { return None };
        (!letter.stays_here()).then_some((position, letter))
    }

    fn mend(&mut self, damaged: &Damaged) -> Result<(), ClerkError> {
        let Damaged { name, cause, .. } = damaged;
        let Some((position, letter)) = self.owed_by(name) else { return Ok(()) };
        if self.index.erased_by(position)?.is_some() {
            return Ok(self.queue.remove(name)?);
        }
        if self.queue.was_dropped(name) {
            return self.drop_damaged(name);
        }
        match self.sealed_anew(position, self.clock.now()) {
            Ok(Some((_, label, mail))) => {
                self.queue.replace(name, &label, &mail)?;
                self.notes.push(format!("{cause}; letter {name} was written anew from the ledger"));
            }
            Ok(None) => {}
            // It waits for that key, and no more for a person.
            Err(error) if error.is_about_reader() => {
                self.queue.remove(name)?;
                self.wait_for_key(position, Some(&letter), &error)?;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
