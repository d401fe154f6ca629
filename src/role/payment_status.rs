//! What becomes of a payment status: planned, paid in whole or part, stopped, taken back, refunded (P54, P55, P59).

use super::{Desk, Notice, Refused, notice};
use crate::trade::document::PaymentInstruction;
use crate::trade::status::{Payment, PaymentState, PaymentStatus, Reason, STOPPED, Step};
use crate::trade::{Moment, Money, When};

/// Returns the first status of a payment.
pub(super) fn first(instruction: &PaymentInstruction, planned: Option<When>) -> PaymentStatus {
    let step = Step::Planned { at: planned };
    PaymentStatus {
        state: PaymentState::Due,
        remaining: instruction.amount,
        due: instruction.due,
        scheduled: planned,
        confirmation: None,
        payment_id: instruction.payment_id.clone(),
        payments: vec![Payment { id: "1".to_owned(), amount: instruction.amount, refund: false, step }],
    }
}

/// Returns whether a payment is still to be made.
pub(super) fn is_open(payment: &Payment) -> bool {
    !payment.refund && payment.step.done().is_none() && !payment.step.failed()
}

/// Returns what was paid so far; `None` where nothing was.
pub(super) fn paid(status: &PaymentStatus) -> Option<Money> {
    let made = status.payments.iter().filter(|payment| !payment.refund && payment.step.done().is_some());
    Money::sum(made.map(|payment| &payment.amount)).ok().flatten()
}

pub(super) fn stopped_by_shop() -> Reason {
    Reason { code: STOPPED.to_owned(), text: "Stopped by the shop.".to_owned() }
}

/// Returns whether the shop had stopped what was to be paid, or the rest of it.
pub(super) fn is_all_stopped(status: &PaymentStatus) -> bool {
    let stopped = status.payments.iter().any(|payment| !payment.refund && is_stopped_step(&payment.step));
    stopped && !status.payments.iter().any(is_open)
}

/// Makes what was stopped of `amount` one payment that is still to come.
pub(super) fn reopen(status: &mut PaymentStatus, amount: Money) {
    if paid(status).is_none() {
        status.remaining = amount;
    }
    if status.remaining.is_zero() || status.payments.iter().any(is_open) {
        return;
    }
    let (id, amount) = (next_id(status), status.remaining);
    status.payments.push(Payment { id, amount, refund: false, step: Step::Planned { at: None } });
    status.state = PaymentState::Due;
}

/// Stops what was not paid yet. What was declined before is stopped with the rest: it is not tried again.
pub(super) fn stop_open(status: &mut PaymentStatus, desk: &Desk<'_>) {
    let reason = stopped_by_shop();
    let left = |p: &&mut Payment| !p.refund && p.step.done().is_none() && !is_stopped_step(&p.step);
    for payment in status.payments.iter_mut().filter(left) {
        payment.step = Step::Failed { reason: reason.clone(), at: Some(desk.now) };
    }
    if status.payments.iter().all(|payment| payment.refund || payment.step.done().is_none()) {
        status.remaining = Money::zero(status.remaining.currency());
        status.state = PaymentState::Declined;
        status.scheduled = None;
        // Nothing goes back of what was never paid.
        for refund in status.payments.iter_mut().filter(|p| p.refund && p.step.done().is_none()) {
            refund.step = Step::Failed { reason: reason.clone(), at: Some(desk.now) };
        }
    }
}

/// Makes payments that we said were made at a time that has not come, ones that are still to come; returns whether there
/// were any.
pub(super) fn not_yet_made(status: &mut PaymentStatus, desk: &Desk<'_>) -> bool {
    let ahead = |p: &Payment| !p.refund && p.step.done().is_some_and(|at| at.seconds_since(&desk.now) > notice::AHEAD);
    let Some(at) = status.payments.iter().filter(|p| ahead(p)).find_map(|p| p.step.done()) else { return false };
    let amounts = status.payments.iter().filter(|p| ahead(p)).map(|p| &p.amount);
    let Some(remaining) = Money::sum(amounts.chain([&status.remaining])).ok().flatten() else { return false };
    for payment in status.payments.iter_mut().filter(|payment| ahead(payment)) {
        payment.step = Step::Planned { at: payment.step.done().map(|at| When::Day(at.day())) };
    }
    (status.remaining, status.state, status.scheduled) = (remaining, PaymentState::Due, Some(When::Day(at.day())));
    true
}

/// Said where no refund is left to be made.
pub(super) const NO_REFUND: &str = "the shop has instructed no refund that is still open";

/// Returns the place of the refund that is made next: the one whose day comes first.
pub(super) fn next_refund(status: &PaymentStatus) -> Option<usize> {
    let is_next = |payment: &Payment| payment.refund && payment.step.done().is_none() && !payment.step.failed();
    let open = status.payments.iter().enumerate().filter(|(_, payment)| is_next(payment));
    let day = |payment: &Payment| payment.step.planned().map(|at| at.day());
    open.min_by_key(|(_, payment)| (day(payment).is_none(), day(payment))).map(|(place, _)| place)
}

/// Returns the places of the refunds that are not made and were not stopped: those that failed, or the others.
fn refunds_left(status: &PaymentStatus, failed: bool) -> Vec<usize> {
    let is_left = |payment: &Payment| {
        let stopped = is_stopped_step(&payment.step);
        payment.refund && payment.step.done().is_none() && !stopped && payment.step.failed() == failed
    };
    status.payments.iter().enumerate().filter(|(_, payment)| is_left(payment)).map(|(place, _)| place).collect()
}

/// Returns what the payments and refunds at these places amount to, each.
fn amounts(status: &PaymentStatus, places: &[usize]) -> Vec<Money> {
    places.iter().filter_map(|place| status.payments.get(*place)).map(|payment| payment.amount).collect()
}

/// Returns the first of these choices that makes this amount, else the one place that does.
fn of_amount(status: &PaymentStatus, choices: [&[usize]; 2], amount: Money) -> Option<Vec<usize>> {
    let is_whole = |places: &[usize]| Money::sum(&amounts(status, places)).ok().flatten() == Some(amount);
    if let Some(choice) = choices.into_iter().find(|choice| is_whole(choice)) {
        return Some(choice.to_vec());
    }
    let mut each = choices.into_iter().flatten().copied();
    each.find(|place| is_whole(&[*place])).map(|place| vec![place])
}

/// Enters what became of refunds: of the one at this place, of those of this amount, else of all that are open. What failed
/// before is meant where the amount says so, or nothing else is left.
pub(super) fn refund(status: &mut PaymentStatus, notice: &Notice, place: Option<usize>) -> Result<(), Refused> {
    let (open, failed) = match place {
        Some(place) => (vec![place], Vec::new()),
        None => (refunds_left(status, false), refunds_left(status, true)),
    };
    let all = [open.as_slice(), failed.as_slice()].concat();
    if all.is_empty() {
        return Err(Refused::new(NO_REFUND));
    }
    let meant = match notice.amount {
        None if open.is_empty() => failed,
        None => open,
        Some(amount) => of_amount(status, [&open, &all], amount).ok_or_else(|| {
            let known: Vec<String> = amounts(status, &all).iter().map(ToString::to_string).collect();
            Refused::new(format!("the refund instructed is {}", known.join(" and ")))
        })?,
    };
    for place in meant {
        if let Some(payment) = status.payments.get_mut(place) {
            payment.step = notice.step(&payment.step);
        }
    }
    Ok(())
}

/// What was reported of a payment, or refund, before it was taken back.
pub(super) struct Reported {
    /// Its place among the payments.
    pub place: usize,
    /// When it was said to be made.
    pub made: Option<Moment>,
    /// How much it was said to be.
    pub amount: Option<Money>,
}

/// Makes the last payment, or refund, one that is still to come: it was reported wrongly. Returns what was reported.
pub(super) fn take_back(status: &mut PaymentStatus, refund: bool) -> Result<Reported, Refused> {
    let made = |payment: &Payment| payment.refund == refund && payment.step.done().is_some();
    let Some(last) = status.payments.iter().rposition(made) else {
        return Err(Refused::new("nothing was reported as done that --correct could replace"));
    };
    let amount = status.payments.get(last).map(|payment| payment.amount);
    if !refund {
        let rest = status.payments.iter().filter(|payment| is_open(payment)).map(|payment| payment.amount);
        let amounts: Vec<Money> = rest.chain(amount).collect();
        let whole = Money::sum(&amounts)?.unwrap_or(status.remaining);
        if let Some(payment) = status.payments.get_mut(last) {
            status.remaining = status.remaining.plus(&payment.amount)?;
            payment.amount = whole;
        }
        status.state = PaymentState::Due;
        status.payments.retain(|payment| !is_open(payment));
    }
    // Payments that were still open are gone, and stood where they did: what was made may have another place now.
    let place = status.payments.iter().rposition(made).unwrap_or(last);
    let payment = status.payments.get_mut(place);
    let made = payment.and_then(|payment| std::mem::replace(&mut payment.step, Step::Planned { at: None }).done());
    Ok(Reported { place, made, amount })
}

/// Enters one payment: the open one as far as it goes, the rest stays planned.
pub(super) fn pay(status: &mut PaymentStatus, amount: Money, notice: &Notice) -> Result<(), Refused> {
    if status.payments.iter().any(|payment| !payment.refund && is_stopped_step(&payment.step))
        && !status.payments.iter().any(is_open)
    {
        return Err(Refused::new("the shop had this payment stopped; ask the shop"));
    }
    if !status.payments.iter().any(is_open) && !status.remaining.is_zero() {
        // What was declined is still owed and may be paid after all.
        let (id, amount) = (next_id(status), status.remaining);
        status.payments.push(Payment { id, amount, refund: false, step: Step::Planned { at: notice.planned } });
        status.state = PaymentState::Due;
    }
    let next = next_id(status);
    let payment = status.payments.iter_mut().find(|p| is_open(p));
    let payment = payment.ok_or_else(|| Refused::new("nothing remains to be paid"))?;
    let planned = payment.step.clone();
    payment.step = notice.step(&planned);
    if payment.step.failed() {
        status.state = PaymentState::Declined;
        return Ok(());
    }
    status.confirmation = notice.reference.clone().or(status.confirmation.take());
    if payment.step.done().is_none() {
        status.scheduled = payment.step.planned();
        return Ok(());
    }
    let paid = payment.step.done().map(|paid| When::Day(paid.day()));
    let rest = payment.amount.minus(&amount)?;
    payment.amount = amount;
    status.remaining = status.remaining.minus(&amount)?;
    if !rest.is_zero() && !rest.is_negative() {
        status.payments.push(Payment { id: next, amount: rest, refund: false, step: planned });
    }
    // What is scheduled is the next payment, or the one just made.
    let next = status.payments.iter().filter(|payment| !payment.refund).find_map(|payment| payment.step.planned());
    status.scheduled = next.or(paid);
    if status.remaining.is_zero() {
        status.state = PaymentState::Complete;
    }
    Ok(())
}

/// Returns whether the shop had a payment or refund stopped.
fn is_stopped_step(step: &Step) -> bool {
    matches!(step, Step::Failed { reason, .. } if reason.code == STOPPED)
}

pub(super) fn next_id(status: &PaymentStatus) -> String {
    // One that was taken back may have left a gap below a number that is given.
    let is_free = |id: &String| status.payments.iter().all(|payment| payment.id != *id);
    (status.payments.len().saturating_add(1)..).map(|id| id.to_string()).find(is_free).unwrap_or_default()
}

pub(super) fn is_done(status: &PaymentStatus) -> bool {
    // A refund that is still to be made does not make the payment undone.
    status.remaining.is_zero() && status.payments.iter().any(|p| !p.refund && p.step.done().is_some())
}
