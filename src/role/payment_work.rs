//! The payment agent's hooks: programs of the owner's say whether a payment is authorised (P24), plan it, collect it on its
//! day and give it back (P55).
//!
//! The limits, the agreement and the buyer's payment data are looked at before a hook is asked. What the shop has stopped
//! is taken back from the hook, whether it had answered or not: no money is held on either side.

use super::agent::instruction;
use super::calendar::later;
use super::given::{end, give, open, stop, withdraw};
use super::payment::{begins, noted, planned, publish, refund_noted, result, status_now};
use super::payment_status::{is_open, next_refund};
use super::practice::PaymentPractice;
use super::{Action, Desk, Notice, Refused};
use crate::rules::waiting;
use crate::trade::document::AuthorizationRequest;
use crate::trade::status::{PaymentStatus, Reason, Step};
use crate::trade::{Document, Given, HookName, Kept, Kind, Money, Said, Task, Transaction, When, Work};

/// Code of a person's no (IOTP section 7.16.2).
const UNSPECIFIED: &str = "unspecified";

/// Asks a hook whether the payment of a request is authorised.
pub(super) fn ask(transaction: &Transaction, kept: &Kept, hook: &HookName) -> Action {
    give(transaction, hook, Work::Authorize, Some(kept.content))
}

/// Returns what follows from what a hook said.
pub(super) fn after(transaction: &Transaction, task: &Task, said: &Said, desk: &Desk<'_>) -> Vec<Action> {
    match task.work {
        Work::Authorize => answered(transaction, task, said.step.clone(), desk).into_iter().collect(),
        Work::Debit | Work::Refund => moved(transaction, task, said, desk).unwrap_or_default(),
        Work::Plan => planned(transaction, task, said, desk).unwrap_or_default(),
        Work::Release | Work::Withdraw | Work::Query | Work::Collect => Vec::new(),
    }
}

/// Returns why what a hook says of money cannot be told: more was paid than remains, for one.
pub(super) fn untold(transaction: &Transaction, task: &Task, said: &Said, desk: &Desk<'_>) -> Option<Refused> {
    let moves = matches!(task.work, Work::Debit | Work::Refund);
    moves.then(|| moved(transaction, task, said, desk).err()).flatten()
}

/// Tells buyer and shop what a hook says of money that it was to move, as `pay notify` does. What is left of a payment that
/// was made in part is collected on the next bank day.
fn moved(transaction: &Transaction, task: &Task, said: &Said, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    let refund = task.work == Work::Refund;
    let notice = Notice { amount: said.amount, reference: said.reference.clone(), refund, ..Notice::default() };
    let notice = match &said.step {
        Step::Done { at } => Notice { done: Some(*at), ..notice },
        Step::Planned { at } | Step::Active { at } => Notice { planned: *at, amount: None, ..notice },
        Step::Failed { reason, .. } => Notice { failed: Some(reason.clone()), amount: None, ..notice },
    };
    let noted = if refund { refund_noted } else { noted };
    let mut status = noted(transaction, &notice, desk)?;
    let calendar = desk.practice.payment.as_ref().map(|practice| &practice.rule.calendar);
    let rest = status.payments.iter_mut().find(|payment| is_open(payment));
    if let Some((rest, calendar)) = rest.zip(calendar).filter(|_| notice.done.is_some() && !refund) {
        let next = calendar.this_or_next(later(calendar.local(&desk.now).0));
        rest.step = Step::Planned { at: Some(When::Day(next)) };
        status.scheduled = Some(When::Day(next));
    }
    Ok(publish(transaction, status, desk, None))
}

/// Gives a hook the payment whose day has come, or else the refund, one at a time. Money that the buyer brings or transfers
/// is never collected; it may be given back.
pub(super) fn due(
    transaction: &Transaction,
    hook: &HookName,
    practice: &PaymentPractice,
    desk: &Desk<'_>,
) -> Option<Action> {
    let is_busy = open(transaction, &[Work::Debit, Work::Refund]).next().is_some();
    // What a hook said of it and nobody was told may well be that it was paid.
    if is_busy || waiting::untold(transaction).next().is_some() {
        return None;
    }
    let status = status_now(transaction)?;
    let has_come = |step: &Step| step.planned().is_some_and(|at| begins(practice, at, &desk.now) <= desk.now);
    let due = |refund: bool| status.payments.iter().any(|payment| payment.refund == refund && has_come(&payment.step));
    let asked = instruction(transaction)?;
    let debited = matches!(&asked.letter.document, Document::PaymentInstruction(i) if i.payment_method.is_debited());
    if debited && due(false) {
        return Some(give(transaction, hook, Work::Debit, Some(asked.content)));
    }
    let refund = transaction.received(Kind::RefundInstruction).last().filter(|_| due(true))?;
    Some(give(transaction, hook, Work::Refund, Some(refund.content)))
}

/// Ends the work of hooks that a person has reported the end of.
pub(super) fn reported(transaction: &Transaction, notice: &Notice) -> Vec<Action> {
    let works: &[Work] = if notice.refund { &[Work::Refund] } else { &[Work::Debit, Work::Plan] };
    let step = notice.step(&Step::Planned { at: None });
    open(transaction, works).map(|given| end(transaction, given, step.clone())).collect()
}

/// Writes the result of an authorisation to the shop, unless it was answered or stopped meanwhile.
fn answered(transaction: &Transaction, task: &Task, step: Step, desk: &Desk<'_>) -> Option<Action> {
    let (asked, request) = request_of(transaction, task)?;
    let told = transaction.sent(Kind::AuthorizationResult).any(|sent| sent.letter.answers == Some(asked.content));
    let stopped = transaction.received(Kind::Stop).any(|stop| stop.position > asked.position);
    let step = match step {
        Step::Failed { reason, .. } => Step::Failed { reason, at: Some(desk.now) },
        other => other,
    };
    (!told && !stopped).then(|| result(transaction, asked, request.total, step))
}

/// Returns the request that work is about, with the letter that brought it.
fn request_of<'a>(transaction: &'a Transaction, task: &Task) -> Option<(&'a Kept, &'a AuthorizationRequest)> {
    let kept = transaction.by_content(task.about.as_ref()?)?;
    match &kept.letter.document {
        Document::AuthorizationRequest(request) => Some((kept, request)),
        _ => None,
    }
}

/// Takes back from hooks what they were given, because the shop has stopped it: what has not ended is ended, and what was
/// done or may have been done is withdrawn. A payment that was made in full leaves nothing to take back.
pub(super) fn take_back(transaction: &Transaction, status: Option<&PaymentStatus>, desk: &Desk<'_>) -> Vec<Action> {
    let is_made = |status: &PaymentStatus| {
        let mut payments = status.payments.iter().filter(|payment| !payment.refund).peekable();
        payments.peek().is_some() && payments.all(|payment| payment.step.done().is_some())
    };
    if status.is_some_and(is_made) {
        return Vec::new();
    }
    let ended = open(transaction, &[Work::Authorize, Work::Debit, Work::Plan])
        .map(|given| stop(transaction, given, "Stopped by the shop.", desk.now));
    let mut actions: Vec<Action> = ended.collect();
    actions.extend(withdraw(transaction, &[Work::Authorize, Work::Debit]));
    actions
}

/// Returns the question that waits longest for a yes or no.
fn question(transaction: &Transaction) -> Result<&Given, Refused> {
    open(transaction, &[Work::Authorize]).next().ok_or_else(|| {
        let text =
            "no authorisation of it waits; `mailorder pay inbox` lists what does, and `mailorder pay notify` reports";
        Refused::new(text)
    })
}

/// Says yes in the place of a hook (`pay accept`): the payment is authorised.
///
/// # Errors
/// Where no authorisation waits.
pub fn accept(transaction: &Transaction, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    let given = question(transaction)?;
    let yes = Step::Done { at: desk.now };
    let mut actions = vec![end(transaction, given, yes.clone())];
    actions.extend(answered(transaction, &given.task, yes, desk));
    Ok(actions)
}

/// Says no in the place of a hook (`pay reject`), and why. The hook is told to take back what it may have done.
///
/// # Errors
/// Where no authorisation waits.
pub fn reject(transaction: &Transaction, why: &str, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    let given = question(transaction)?;
    let reason = Reason { code: UNSPECIFIED.to_owned(), text: why.to_owned() };
    let mut actions = vec![stop(transaction, given, why, desk.now)];
    actions.extend(answered(transaction, &given.task, Step::Failed { reason, at: Some(desk.now) }, desk));
    actions.push(give(transaction, &given.task.hook, Work::Withdraw, None));
    Ok(actions)
}

/// Returns the sum that work is about; `None` where it moves no money.
pub fn sum(transaction: &Transaction, task: &Task) -> Option<Money> {
    match task.work {
        Work::Authorize => request_of(transaction, task).map(|(_, request)| request.total),
        Work::Debit => status_now(transaction)?.payments.iter().find(|p| is_open(p)).map(|payment| payment.amount),
        // What it says is entered for this one.
        Work::Refund => {
            let status = status_now(transaction)?;
            status.payments.get(next_refund(&status)?).map(|payment| payment.amount)
        }
        Work::Release | Work::Withdraw | Work::Query | Work::Plan | Work::Collect => None,
    }
}
