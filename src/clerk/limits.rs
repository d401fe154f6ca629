//! Answers within their limits: what a part decided is done as far as they go.

use super::batch::Batch;
use super::write::Written;
use super::{Clerk, ClerkError};
use crate::role::{Action, Draft};
use crate::rules::limits::{Counted, HOUR};
use crate::trade::{Moment, Names, Role, Transaction};

impl Batch<'_> {
    /// Does what a part decided about a letter of `names`, or because its time has come; answers beyond the limits are left
    /// out. Their letter is entered, and acknowledged with the others of its pass. It stays without an answer then: a
    /// refusal goes out when there is room again ([`crate::role::on_time`]).
    pub(super) fn perform_within(
        &mut self,
        role: Role,
        names: &Names,
        actions: Vec<Action>,
    ) -> Result<Vec<Written>, ClerkError> {
        let mut written = Vec::new();
        for action in actions {
            let within = match &action {
                Action::Send(draft) => self.is_within(role, names, draft)?,
                Action::Resend(_) | Action::Give { .. } | Action::End { .. } => true,
            };
            if within {
                written.extend(self.perform(vec![action])?);
            }
        }
        Ok(written)
    }

    /// Returns whether an answer is within the limits, and counts it.
    fn is_within(&mut self, role: Role, names: &Names, draft: &Draft) -> Result<bool, ClerkError> {
        let to = &draft.to.fingerprint;
        let known = self.book.find(role, names);
        let Some(counted) = self.clerk.counted(known, draft) else { return Ok(true) };
        let room = self.clerk.room(counted, known, draft, &self.now)?;
        let now = self.answered.entry(to.clone()).or_insert(0);
        // What this batch wrote in the transaction is in the book already; what it wrote to this party, not in the index.
        if !room.holds(*now) {
            return Ok(false);
        }
        *now = now.saturating_add(1);
        Ok(true)
    }
}

/// How many more answers of a sort may be written.
struct Room {
    /// In the transaction.
    about: usize,
    /// To the party.
    to: usize,
}

impl Room {
    /// Returns whether another answer has room after so many to its party that the index does not know yet.
    fn holds(&self, meanwhile: usize) -> bool {
        self.about > 0 && self.to > meanwhile
    }
}

impl Clerk {
    /// Returns whether an answer may be written now.
    pub(super) fn has_room(&self, known: &Transaction, draft: &Draft, now: &Moment) -> Result<bool, ClerkError> {
        match self.counted(Some(known), draft) {
            Some(counted) => Ok(self.room(counted, Some(known), draft, now)?.holds(0)),
            None => Ok(true),
        }
    }

    /// Returns what an answer counts as. What stays at this address has no limit, nor has what others wait for.
    fn counted(&self, known: Option<&Transaction>, draft: &Draft) -> Option<Counted> {
        let (kind, answers) = (draft.document.kind(), draft.answers.as_ref());
        let has_none = draft.to.fingerprint == self.me.fingerprint
            || known.is_some_and(|known| Counted::is_due(known, kind, answers));
        Counted::within(known, kind, answers).filter(|_| !has_none)
    }

    fn room(
        &self,
        counted: Counted,
        known: Option<&Transaction>,
        draft: &Draft,
        now: &Moment,
    ) -> Result<Room, ClerkError> {
        let to = &draft.to.fingerprint;
        let limits = self.settings.practice.answers;
        let about = known.map_or(0, |known| counted.written(known, to, now));
        let before = self.index.answered_since(to, &now.plus_seconds(-HOUR), now)?;
        Ok(Room { about: limits.per_transaction.saturating_sub(about), to: limits.per_peer.saturating_sub(before) })
    }
}
