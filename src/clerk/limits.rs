//! Answers within their limits: what a part decided about a letter that came is done as far as they go.

use super::ClerkError;
use super::batch::Batch;
use super::write::Written;
use crate::role::{Action, Draft};
use crate::rules::limits::{Counted, HOUR};
use crate::trade::{Names, Role};

impl Batch<'_> {
    /// Does what a part decided about a letter of `names`; answers beyond the limits are left out. Their letter is entered,
    /// and acknowledged with the others of its pass.
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

    /// Returns whether an answer is within the limits, and counts it. What stays at this address has none.
    fn is_within(&mut self, role: Role, names: &Names, draft: &Draft) -> Result<bool, ClerkError> {
        let to = &draft.to.fingerprint;
        let known = self.book.find(role, names);
        let counted = Counted::within(known, draft.document.kind(), draft.answers.as_ref());
        let Some(counted) = counted.filter(|_| *to != self.clerk.me.fingerprint) else { return Ok(true) };
        let limits = self.clerk.settings.practice.answers;
        let about = known.map_or(0, |known| counted.written(known, to, &self.now));
        let before = self.clerk.index.answered_since(to, &self.now.plus_seconds(-HOUR))?;
        let now = self.answered.entry(to.clone()).or_insert(0);
        if about >= limits.per_transaction || before.saturating_add(*now) >= limits.per_peer {
            return Ok(false);
        }
        *now = now.saturating_add(1);
        Ok(true)
    }
}
