//! The steps of a procedure after the terms, in its order: instructions to agents, and work for hooks (P39-P46).
//!
//! A step that a hook does is done when the hook has said so; what comes after it waits.

use super::given::{give, open, stop};
use super::practice::Stage;
use super::shop::{delivery_instruction, notify, payment_instruction, procedure, status_now};
use super::shop_refund::told_again;
use super::{Action, Desk, Notice, Refused, shop_after, shop_cancel, shop_change, terms_of};
use crate::rules::stopping::{is_instructed, stands_stopped};
use crate::rules::{Standing, State};
use crate::trade::status::{OrderState, Step};
use crate::trade::{Document, Given, HookName, Leg, Moment, Said, Task, Transaction, Work};

/// Goes on with the procedure: writes the instructions that were not written or were refused, and gives hooks their
/// work, up to the first that has not done it. Work that a hook would not do is given again where a person says so, and an agent
/// that says it was stopped is instructed again.
pub(super) fn go_on(transaction: &Transaction, desk: &Desk<'_>, by_person: bool) -> Vec<Action> {
    let Some((_, terms)) = terms_of(transaction) else { return Vec::new() };
    let Some(procedure) = procedure(terms, desk) else { return Vec::new() };
    let lacks = |leg: Leg| !is_instructed(transaction, leg) || (by_person && is_left_stopped(transaction, leg));
    let mut actions = Vec::new();
    for stage in &procedure.stages {
        match stage {
            Stage::Payment if lacks(Leg::Payment) => {
                actions.extend(payment_instruction(transaction, terms, desk).map(Action::from));
            }
            Stage::Delivery if lacks(Leg::Delivery) => {
                actions.extend(delivery_instruction(transaction, terms, desk).map(Action::from));
            }
            Stage::Hook(hook) => match last(transaction, hook, Work::Release) {
                Some(given) if given.is_done() => {}
                Some(given) if !(by_person && given.failed()) => return actions,
                _ => {
                    actions.push(give(transaction, hook, Work::Release, None));
                    return actions;
                }
            },
            Stage::Authorize | Stage::Terms | Stage::Confirmation | Stage::Payment | Stage::Delivery => {}
        }
    }
    actions
}

/// Returns whether an agent says that it was stopped, and nothing waits for that: the order goes on.
fn is_left_stopped(transaction: &Transaction, leg: Leg) -> bool {
    let standing = Standing::of(transaction);
    let waits = shop_change::is_settling(transaction)
        || shop_cancel::is_cancelling(transaction)
        || !shop_after::unanswered(transaction).is_empty();
    standing.state == State::Open && !waits && stands_stopped(transaction, &standing.legs, leg).is_some()
}

/// Goes on once more (`shop instruct`): agents that refused or could not be written to, hooks that would not work.
pub fn instruct_again(transaction: &Transaction, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    let (_, terms) = terms_of(transaction).ok_or_else(|| Refused::new("no terms were sent for this number"))?;
    let waits = procedure(terms, desk).is_none_or(super::Procedure::waits_for_confirmation);
    if waits && transaction.accepted().next().is_none() {
        return Err(Refused::new("the buyer has not said OK to the terms yet"));
    }
    let mut actions = told_again(transaction);
    if matches!(Standing::of(transaction).state, State::Open | State::Offered) {
        actions.extend(go_on(transaction, desk, true));
    } else if actions.is_empty() {
        return Err(Refused::new("nothing is to be done: all is over"));
    }
    if actions.is_empty() {
        return Err(Refused::new("every agent of the procedure was instructed, and none refused or stands stopped"));
    }
    Ok(actions)
}

/// Returns the last time this work was given to a hook.
fn last<'a>(transaction: &'a Transaction, hook: &HookName, work: Work) -> Option<&'a Given> {
    transaction.given.iter().rfind(|given| given.task.hook == *hook && given.task.work == work)
}

/// Returns whether a hook was given work of this transaction.
pub(super) fn is_begun(transaction: &Transaction) -> bool {
    transaction.given.iter().any(|given| given.task.work == Work::Release)
}

/// Returns whether a hook was given work that it has not ended: it has not been run, failed each time, or runs now.
pub(super) fn is_open(transaction: &Transaction) -> bool {
    open(transaction, &[Work::Release]).next().is_some()
}

/// Ends what hooks have not done, and has them take back what they did or may have done, unless all the goods have left: the
/// transaction is cancelled. Whether a hook that failed or never answered did its work nobody can know; it is told to undo it.
pub(super) fn withdraw(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let ended = open(transaction, &[Work::Release]);
    let ended = ended.map(|given| stop(transaction, given, "The transaction is cancelled.", desk.now));
    let mut actions: Vec<Action> = ended.collect();
    let status = status_now(transaction);
    if transaction.terms().is_some_and(|(_, terms)| status.not_left(&terms.lines).is_empty()) {
        return actions;
    }
    let mut hooks: Vec<&HookName> = Vec::new();
    for given in transaction.given.iter().filter(|given| given.task.work == Work::Release && !given.failed()) {
        if !hooks.contains(&&given.task.hook) && last(transaction, &given.task.hook, Work::Withdraw).is_none() {
            hooks.push(&given.task.hook);
        }
    }
    actions.extend(hooks.into_iter().map(|hook| give(transaction, hook, Work::Withdraw, None)));
    actions
}

/// Returns what follows from what a hook said of its work: the buyer is told of the goods, and the procedure goes on.
pub(super) fn after(transaction: &Transaction, task: &Task, said: &Said, desk: &Desk<'_>) -> Vec<Action> {
    if !is_told(transaction, task) {
        return Vec::new();
    }
    let mut actions = tell(transaction, said, desk).unwrap_or_default();
    if task.work == Work::Release && !said.step.failed() {
        actions.extend(go_on(transaction, desk, false));
    }
    actions
}

/// Returns why what a hook said of the goods is not told: it does not fit with what was reported, or is a no to a question.
pub(super) fn untold(transaction: &Transaction, task: &Task, said: &Said, desk: &Desk<'_>) -> Option<Refused> {
    match (task.work, &said.step) {
        (Work::Withdraw, Step::Failed { reason, .. }) => {
            Some(Refused::new(format!("what it released is not taken back: {}", reason.text)))
        }
        (Work::Release | Work::Query, Step::Done { at }) if is_over(transaction) => {
            let text = format!("the goods left on {at}, and the transaction is cancelled");
            (!is_known(transaction, *at, said)).then(|| Refused::new(text))
        }
        (Work::Query, Step::Failed { reason, .. }) if !is_over(transaction) => {
            Some(Refused::new(format!("asked how the goods stand that it released, it says no: {}", reason.text)))
        }
        _ => is_told(transaction, task).then(|| tell(transaction, said, desk).err()).flatten(),
    }
}

fn is_over(transaction: &Transaction) -> bool {
    status_now(transaction).state == OrderState::Cancelled
}

/// Returns whether the buyer is told what comes of this work.
fn is_told(transaction: &Transaction, task: &Task) -> bool {
    !is_over(transaction) && matches!(task.work, Work::Release | Work::Query)
}

/// Returns whether a parcel is reported to have left as a hook says it has.
fn is_known(transaction: &Transaction, at: Moment, said: &Said) -> bool {
    let same = |tracking: &Option<String>| said.tracking.is_none() || *tracking == said.tracking;
    let mut shipments = status_now(transaction).shipments.into_iter();
    shipments.any(|shipment| shipment.step.done() == Some(at) && same(&shipment.tracking))
}

/// Tells the buyer what a hook said of the goods, where that is news.
fn tell(transaction: &Transaction, said: &Said, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    let notice = Notice { parcel: said.parcel.clone(), tracking: said.tracking.clone(), ..Notice::default() };
    let notice = match &said.step {
        Step::Done { at } if is_known(transaction, *at, said) => return Ok(Vec::new()),
        Step::Done { at } => Notice { done: Some(*at), ..notice },
        Step::Planned { at } | Step::Active { at } => Notice { planned: *at, ..notice },
        Step::Failed { .. } => return Ok(Vec::new()),
    };
    if notice.done.is_none() && notice.planned.is_none() && notice.tracking.is_none() {
        return Ok(Vec::new());
    }
    let before = Document::OrderStatus(status_now(transaction));
    let mut actions = notify(transaction, &notice, desk)?;
    actions.retain(|action| !matches!(action, Action::Send(draft) if draft.document == before));
    Ok(actions)
}
