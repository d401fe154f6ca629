//! The bell of `watch`: it rings for what a person has to look at, once for each (P2).
//!
//! A letter that is warned about comes with mail. What comes of a date, a limit, or of silence comes with no mail at all, so it
//! is looked for in each turn.

use std::collections::BTreeSet;

use super::Shell;
use crate::clerk::{Clerk, ClerkError, ComputedWarning};
use crate::view::text;

/// Which warnings that come of how things stand were rung for, or were there before.
pub(super) struct Bell {
    heard: Option<BTreeSet<String>>,
}

impl Bell {
    /// Makes the bell of a terminal; elsewhere nothing rings, and nothing is looked for.
    pub(super) fn new(shell: &Shell, clerk: &Clerk) -> Result<Self, ClerkError> {
        let heard = if shell.output.rings() { Some(open(clerk)?.map(|one| one.id).collect()) } else { None };
        Ok(Self { heard })
    }

    /// Tells of the warnings that have come up since, and returns whether there are any.
    pub(super) fn is_due(&mut self, shell: &Shell, clerk: &Clerk) -> Result<bool, ClerkError> {
        let Some(heard) = &mut self.heard else { return Ok(false) };
        let new: Vec<ComputedWarning> = open(clerk)?.filter(|one| heard.insert(one.id.clone())).collect();
        for ComputedWarning { id, code, text, number, order, .. } in &new {
            let about = number.as_ref().map(ToString::to_string).or(order.as_ref().map(ToString::to_string));
            let about = about.map(|about| format!("{about}: ")).unwrap_or_default();
            let sentence = text::finding_line(shell.words, code.word(), text, shell.clock.zone());
            let sentence = format!("{about}{sentence}");
            shell.tell(&format!(
                "warning {id}: {sentence}; see `mailorder warnings --late`, then `mailorder warnings ack {id}`"
            ));
        }
        Ok(!new.is_empty())
    }
}

fn open(clerk: &Clerk) -> Result<impl Iterator<Item = ComputedWarning>, ClerkError> {
    Ok(clerk.computed_warnings()?.into_iter().filter(|warning| warning.settled.is_none()))
}
