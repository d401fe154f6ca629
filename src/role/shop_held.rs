//! An agent that was told to stop and says nothing: its answer is waited for, and nobody is held for ever. After a week the
//! shop's owner sees it, and says himself what comes of it, since he can ask by another way than mail.

use super::shop_after::{refuse_return, settle_stop_as, unanswered};
use super::shop_cancel::{go_on, is_cancelling, resume, settle_as};
use super::{Action, Desk, Refused, agent, shop_change};
use crate::rules::stopping::unanswered_stops;
use crate::rules::{Standing, State};
use crate::trade::{Document, Kept, Moment, Role, StatusReason, Transaction};

/// Seconds within which an agent is expected to answer that it was told to stop: a week.
pub const PATIENCE: i64 = 7 * 86_400;

/// Returns the orders to stop, oldest first, whose readers have said nothing for too long while a cancellation, a return or the
/// OK to new terms waits for it.
pub fn held<'a>(transaction: &'a Transaction, now: &Moment) -> Vec<&'a Kept> {
    if transaction.key.role != Role::Shop || Standing::of(transaction).state != State::Open {
        return Vec::new();
    }
    let waits = !unanswered(transaction).is_empty() || is_cancelling(transaction);
    if !waits && !shop_change::is_settling(transaction) {
        return Vec::new();
    }
    let silent = unanswered_stops(transaction).filter(|stop| now.seconds_since(&stop.recorded) >= PATIENCE);
    let mut stops: Vec<&Kept> = silent.collect();
    stops.sort_by_key(|stop| stop.position);
    stops
}

/// Takes the silent agents as stopped (`shop accept`): what waited for them ends as if they had said so.
///
/// # Errors
/// Where an OK to new terms waits: nobody could be instructed anew.
pub(super) fn accept(transaction: &Transaction, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    if shop_change::is_settling(transaction) {
        let text = "an agent does not say that it has stopped, so nobody can be instructed by the new terms; `shop reject` has \
                    the terms before stay";
        return Err(Refused::new(text));
    }
    let asked = unanswered(transaction);
    let mut actions = settle_stop_as(transaction, desk, true);
    actions.extend(settle_as(transaction, &asked, desk, true));
    if actions.is_empty() {
        Err(Refused::new("nothing can be ended yet; wait for the other agent's answer"))
    } else {
        Ok(actions)
    }
}

/// Takes it as too late (`shop reject`): who asked is refused, the agents are instructed again, and the order goes on.
pub(super) fn reject(transaction: &Transaction, why: &str, desk: &Desk<'_>) -> Vec<Action> {
    if shop_change::is_settling(transaction) {
        return shop_change::give_up(transaction, why, desk);
    }
    let asked = unanswered(transaction);
    if asked.is_empty() {
        return go_on(transaction, why, desk);
    }
    let refuse = |asked: &&Kept| match &asked.letter.document {
        Document::ReturnRequest(request) => {
            refuse_return(transaction, asked, request, (StatusReason::Other, why), desk)
        }
        _ => agent::refuse(transaction, asked, "refused", why),
    };
    asked.iter().map(refuse).chain(resume(transaction, desk)).collect()
}
