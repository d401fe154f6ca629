//! The delivery agent's hook that has goods fetched at the shop: given with the instruction, taken back with a stop.
//!
//! Until it says that the goods are fetched it is asked again, as often as need be. That they are, buyer and shop are told as
//! an event on the way of the parcel: what is in the courier's hands is not stopped by a program.

use super::delivery::notify;
use super::given::{end, give, open, stop, withdraw};
use super::{Action, Desk, Notice, Refused};
use crate::trade::status::Step;
use crate::trade::{Document, Kept, Moment, Said, Task, Transaction, Work};

/// What the event on the way is called.
const COLLECTED: &str = "Collected";

/// Has the goods of an instruction fetched, once; goods that are files are not.
pub(super) fn fetch(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Option<Action> {
    let hook = desk.practice.delivery.as_ref()?.collect.as_ref()?;
    let Document::DeliveryInstruction(instruction) = &kept.letter.document else { return None };
    let is_this = |task: &Task| task.work == Work::Collect && task.about == Some(kept.content);
    let given = transaction.given.iter().any(|given| is_this(&given.task));
    let wanted = !given && !instruction.delivery_method.is_download();
    wanted.then(|| give(transaction, hook, Work::Collect, Some(kept.content)))
}

/// Tells buyer and shop that the goods were fetched, as `ship notify --event` does.
///
/// # Errors
/// Where they were not, for a reason that a person has to know, or where that does not fit with what was told before.
pub(super) fn said(transaction: &Transaction, said: &Said, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    let at = match &said.step {
        Step::Done { at } => *at,
        Step::Failed { reason, .. } => {
            return Err(Refused::new(format!("the goods are not fetched: {}", reason.text)));
        }
        Step::Planned { .. } | Step::Active { .. } => return Ok(Vec::new()),
    };
    let notice = Notice {
        event: Some((COLLECTED.to_owned(), None)),
        event_at: Some(at),
        parcel: said.parcel.clone(),
        tracking: said.tracking.clone(),
        ..Notice::default()
    };
    notify(transaction, &notice, desk)
}

/// Ends the work of hooks of which a person reports what came of it.
pub(super) fn reported(transaction: &Transaction, notice: &Notice, now: Moment) -> Vec<Action> {
    let step = if notice.failed.is_some() { notice.step(&Step::Planned { at: None }) } else { Step::Done { at: now } };
    let is_over = notice.event.is_some() || notice.done.is_some() || notice.failed.is_some();
    let open = open(transaction, &[Work::Collect]).filter(|_| is_over);
    open.map(|given| end(transaction, given, step.clone())).collect()
}

/// Ends what hooks have not done, and has each call off what it did or may have done since the last time.
pub(super) fn take_back(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let ended = open(transaction, &[Work::Collect]);
    let mut actions: Vec<Action> =
        ended.map(|given| stop(transaction, given, "Stopped by the shop.", desk.now)).collect();
    actions.extend(withdraw(transaction, &[Work::Collect]));
    actions
}
