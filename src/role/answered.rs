//! Several letters answered in one breath: each is judged as if the answers to those before it were written already.

use std::sync::Arc;

use super::{Action, Desk, Draft};
use crate::trade::{Digest, Direction, Kept, Letter, Transaction, Verdict};

/// What was decided so far.
pub(super) struct Answered {
    /// The transaction with what was decided; nothing else may be done with it than to decide the next.
    pub known: Transaction,
    /// What is to be done.
    pub actions: Vec<Action>,
}

impl Answered {
    /// Begins with nothing decided.
    pub(super) fn new(transaction: &Transaction) -> Self {
        Self { known: transaction.clone(), actions: Vec::new() }
    }

    /// Adds what follows from the letter `asked`.
    pub(super) fn add(&mut self, asked: &Kept, actions: Vec<Action>, desk: &Desk<'_>) {
        for action in &actions {
            if let Action::Send(draft) = action {
                let kept = written(&self.known, asked, draft, desk);
                self.known.kept.push(kept);
            }
        }
        self.actions.extend(actions);
    }
}

/// Returns a draft as the letter that it will be, behind all others.
fn written(known: &Transaction, asked: &Kept, draft: &Draft, desk: &Desk<'_>) -> Kept {
    let position = known.kept.iter().map(|kept| kept.position).max().map_or(0, |last| last.saturating_add(1));
    let letter = Letter {
        from: asked.letter.to.clone(),
        to: draft.to.clone(),
        date: desk.now,
        id: asked.letter.id.clone(),
        references: Vec::new(),
        shop: draft.names.shop.clone(),
        transaction: draft.names.number.clone(),
        order: draft.names.order.clone(),
        seq: Some(u32::MAX),
        terms: draft.terms,
        answers: draft.answers,
        replaces: draft.replaces,
        as_of: draft.as_of,
        done: draft.done,
        head: None,
        document: draft.document.clone(),
    };
    Kept {
        position,
        direction: Direction::Out,
        content: Digest::of(&position.to_be_bytes()),
        recorded: desk.now,
        letter: Arc::new(letter),
        verdict: Verdict::Applied,
        findings: Vec::new(),
        settled: None,
        erased: None,
    }
}
