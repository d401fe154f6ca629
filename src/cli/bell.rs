//! The bell of `watch`: it rings for what a person has to look at, once for each, and once an hour at most for what strangers
//! cause (P2).
//!
//! A letter that is warned about comes with mail, and is told of there. What comes of a date, a limit, or of silence comes with no
//! mail at all, so it is looked for, and told of, in each turn.

use std::collections::BTreeSet;

use super::Shell;
use crate::clerk::{Clerk, ClerkError, ComputedWarning};
use crate::view::bell;
use crate::view::text;
use crate::view::warnings::Which;

/// The bell of a terminal; elsewhere nothing rings, and nothing is looked for.
pub(super) struct Bell {
    ears: Option<Ears>,
}

/// What was heard of.
struct Ears {
    bell: bell::Bell,
    /// Which warnings that come of how things stand were told of, or were there before.
    told: BTreeSet<String>,
}

impl Bell {
    pub(super) fn new(shell: &Shell, clerk: &Clerk) -> Result<Self, ClerkError> {
        if !shell.output.rings() {
            return Ok(Self { ears: None });
        }
        let told = open(clerk)?.map(|one| one.id).collect();
        let bell = bell::Bell::new(clerk, Which { all: false, late: true })?;
        Ok(Self { ears: Some(Ears { bell, told }) })
    }

    /// Tells of what has come up since with no letter, and rings where that is due.
    pub(super) fn turn(&mut self, shell: &Shell, clerk: &Clerk) -> Result<(), ClerkError> {
        let Some(Ears { bell, told }) = &mut self.ears else { return Ok(()) };
        for ComputedWarning { id, code, text, number, order, .. } in
            open(clerk)?.filter(|one| told.insert(one.id.clone()))
        {
            let about = number.as_ref().map(ToString::to_string).or(order.as_ref().map(ToString::to_string));
            let about = about.map(|about| format!("{about}: ")).unwrap_or_default();
            let sentence = text::finding_line(shell.words, code.word(), &text, shell.clock.zone());
            let sentence = format!("{about}{sentence}");
            shell.tell(&format!(
                "warning {id}: {sentence}; see `mailorder warnings --late`, then `mailorder warnings ack {id}`"
            ));
        }
        if bell.hear(clerk, &shell.clock.now())?.is_due {
            shell.output.ring();
        }
        Ok(())
    }
}

fn open(clerk: &Clerk) -> Result<impl Iterator<Item = ComputedWarning>, ClerkError> {
    Ok(clerk.computed_warnings()?.into_iter().filter(|warning| warning.settled.is_none()))
}
