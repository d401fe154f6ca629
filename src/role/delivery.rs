//! The delivery agent: takes goods over, records what happens to them, tells buyer and shop (P54, P56-P58).

use super::agent::{self, instruction, last_status};
use super::{Action, Desk, Notice, Refused, resend_above};
use crate::trade::document::DeliveryInstruction;
use crate::trade::status::{DeliveryStatus, ParcelEvent, Reason, Step};
use crate::trade::{Document, Kept, Leg, Transaction, When};

/// Returns what follows from a letter that was entered and applied.
pub fn answer(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Vec<Action> {
    match &kept.letter.document {
        Document::DeliveryInstruction(instruction) => plan(transaction, kept, instruction, desk),
        Document::Stop(_) => stop(transaction, kept, desk),
        Document::StatusRequest(request) => {
            let mut actions = resend_above(transaction, &kept.letter, request.have);
            actions.push(current(transaction, kept, desk));
            actions
        }
        _ => Vec::new(),
    }
}

/// Follows an instruction: reckons the expected arrival and tells both sides (P57).
fn plan(transaction: &Transaction, kept: &Kept, instruction: &DeliveryInstruction, desk: &Desk<'_>) -> Vec<Action> {
    let Some(practice) = desk.practice.delivery.as_ref().filter(|p| agent::works_for(&p.shops, kept)) else {
        return vec![agent::refuse(transaction, kept, "no-agreement", "There is no agreement with this shop.")];
    };
    let arrival = desk.now.plus_seconds(i64::from(practice.transit_days).saturating_mul(86_400)).day();
    let mut parcels = instruction.parcels.clone();
    for parcel in &mut parcels {
        let wished = parcel.expected_until.map(|until| until.day()).filter(|until| *until > arrival);
        let expected = When::Day(wished.unwrap_or(arrival));
        parcel.expected_until = Some(expected);
        parcel.expected_from = parcel.expected_from.filter(|from| from.day() <= expected.day());
        parcel.step = Step::Planned { at: Some(expected) };
    }
    publish(transaction, DeliveryStatus { parcels }, desk, Some(kept))
}

/// Stops parcels that are not yet delivered; delivered ones are told as they are.
fn stop(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Vec<Action> {
    let Some(mut status) = status_now(transaction) else {
        return vec![agent::refuse(transaction, kept, "unknown-transaction", "This transaction is not known here.")];
    };
    let reason = Reason { code: "stopped".to_owned(), text: "Stopped by the shop.".to_owned() };
    for parcel in status.parcels.iter_mut().filter(|parcel| parcel.step.done().is_none()) {
        parcel.step = Step::Failed { reason: reason.clone(), at: Some(desk.now) };
    }
    publish(transaction, status, desk, Some(kept))
}

/// Reports what the owner says about a parcel (`ship notify`).
pub fn notify(transaction: &Transaction, notice: &Notice, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    let mut status =
        status_now(transaction).ok_or_else(|| Refused::new("no delivery instruction was received for this number"))?;
    let only = status.parcels.first().map(|parcel| parcel.id.clone()).filter(|_| status.parcels.len() == 1);
    let id = notice.parcel.clone().or(only);
    let parcel = status.parcels.iter_mut().find(|parcel| Some(&parcel.id) == id.as_ref());
    let Some(parcel) = parcel else {
        return Err(Refused::new("there are several parcels, or none of this number; name one with --parcel"));
    };
    if parcel.step.done().is_some() && notice.event.is_none() {
        return Err(Refused::new(format!("parcel {} is delivered already", parcel.id)));
    }
    parcel.step = notice.step(&parcel.step);
    if let Some(planned) = notice.planned {
        parcel.expected_until = Some(planned);
        parcel.expected_from = parcel.expected_from.filter(|from| from.day() <= planned.day());
    }
    if let Some(at) = parcel.step.done() {
        parcel.expected_from = parcel.expected_from.filter(|from| from.day() <= at.day());
    }
    parcel.tracking = notice.tracking.clone().or(parcel.tracking.take());
    if let Some((name, place)) = &notice.event {
        let at = notice.done.unwrap_or(desk.now);
        parcel.events.push(ParcelEvent { name: name.clone(), at, place: place.clone() });
    }
    Ok(publish(transaction, status, desk, None))
}

fn status_now(transaction: &Transaction) -> Option<DeliveryStatus> {
    match &last_status(transaction, Leg::Delivery)?.letter.document {
        Document::DeliveryStatus(status) => Some(status.clone()),
        _ => None,
    }
}

fn is_done(status: &DeliveryStatus) -> bool {
    !status.parcels.is_empty() && status.parcels.iter().all(|parcel| parcel.step.done().is_some())
}

fn publish(transaction: &Transaction, status: DeliveryStatus, desk: &Desk<'_>, asked: Option<&Kept>) -> Vec<Action> {
    let done = is_done(&status);
    let answers = asked.map(|kept| (kept.content, &kept.letter.from));
    agent::to_both(transaction, &Document::DeliveryStatus(status), desk.now, done, answers)
}

/// Answers a status request with what is stored (P62).
fn current(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Action {
    match (instruction(transaction), status_now(transaction)) {
        (Some(_), Some(status)) => {
            let done = is_done(&status);
            let to = kept.letter.from.clone();
            agent::to_one(transaction, to, Document::DeliveryStatus(status), desk, done, kept.content)
        }
        _ => agent::refuse(transaction, kept, "unknown-transaction", "This transaction is not known here."),
    }
}
