//! Forms that are filled in and not sent yet: each has a page of its own to come back to, so that the browser's way back, a page
//! loaded anew or another language ask for nothing and lose nothing. They are kept in memory, and nothing of a card is in them.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

use axum::response::Redirect;

use super::Web;
use super::fault::Fault;
use super::form::Form;
use super::{order, schedule};

/// How many are kept.
const KEPT: usize = 500;

/// A form as it was filled in, and what was asked for beside it.
#[derive(Debug, Clone)]
pub(super) enum Draft {
    Order(Box<order::Draft>),
    Schedule(schedule::Draft),
}

/// The drafts, each by the key by which its form counts once.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    kept: VecDeque<(String, Draft)>,
}

impl Web {
    /// Keeps a draft and leads to its page, which is at `place`, and there to `part`, such as `#errors`.
    pub(super) fn keep(
        self: &Arc<Self>,
        form: &Form,
        draft: Draft,
        place: &str,
        part: &str,
    ) -> Result<Redirect, Fault> {
        let key = form.once()?;
        let place = format!("{place}?draft={key}{part}");
        let mut drafts = self.drafts.lock().unwrap_or_else(PoisonError::into_inner);
        drafts.kept.retain(|(known, _)| *known != key);
        drafts.kept.push_back((key, draft));
        if drafts.kept.len() > KEPT {
            drafts.kept.pop_front();
        }
        Ok(Redirect::to(&place))
    }

    /// Returns a draft by its key.
    pub(super) fn draft(&self, key: &str) -> Result<Draft, Fault> {
        let drafts = self.drafts.lock().unwrap_or_else(PoisonError::into_inner);
        let found = drafts.kept.iter().find(|(known, _)| known == key).map(|(_, draft)| draft.clone());
        found.ok_or_else(gone)
    }
}

/// Says that a draft is not there.
pub(super) fn gone() -> Fault {
    Fault::none("What was filled in here is not kept any more. Nothing of it was sent; write it anew.")
}
