//! Checkpoints: the owner signs how far the ledger goes, once a day when something was added, or when asked.

use super::{Clerk, ClerkError, LOCK_WAIT};
use crate::clock::system_time;
use crate::ledger::{Checkpoint, Head};
use crate::pgp::verify::clearsign;
use crate::trade::Moment;

/// Seconds between two checkpoints that nobody asked for.
const DAY: i64 = 86_400;

impl Clerk {
    /// Signs a checkpoint of the ledger as it is, and keeps it; returns what it says. Where nothing was added since the
    /// last one, that one is returned.
    pub fn checkpoint(&mut self) -> Result<Checkpoint, ClerkError> {
        self.renew_if_due()?;
        let head = self.ledger.lock(LOCK_WAIT, Some(self.index.mark()))?.head();
        self.checkpoint_at(head)
    }

    /// Signs a checkpoint of this head of the log, unless the last one is of it.
    pub(super) fn checkpoint_at(&self, head: Head) -> Result<Checkpoint, ClerkError> {
        if let Some(last) = self.last_checkpoint()?.filter(|last| last.head == head) {
            return Ok(last);
        }
        let now = self.clock.now();
        let checkpoint = self.ledger.checkpoint(head, now);
        let key = self.key().ok_or_else(|| ClerkError::Settings("there is no key to sign with".to_owned()))?;
        key.usable(system_time(&now)).map_err(ClerkError::OwnKey)?;
        let signed = clearsign(key, &checkpoint.to_string(), system_time(&now))?;
        self.ledger.put_checkpoint(head.size, signed.as_bytes())?;
        Ok(checkpoint)
    }

    /// Signs a checkpoint where something was added and the last one is a day old.
    pub(super) fn checkpoint_daily(&mut self, now: &Moment) -> Result<(), ClerkError> {
        let last = self.last_checkpoint()?;
        let size = self.index.mark().entries();
        let due = last.is_none_or(|last| last.head.size < size && !last.time.is_within(DAY, now));
        if due { self.checkpoint().map(drop) } else { Ok(()) }
    }

    fn last_checkpoint(&self) -> Result<Option<Checkpoint>, ClerkError> {
        let Some(size) = self.ledger.checkpoints()?.pop() else { return Ok(None) };
        Ok(self.ledger.read_checkpoint(size)?)
    }
}
