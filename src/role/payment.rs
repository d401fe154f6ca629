//! The payment agent: authorises, collects, gives back, and tells buyer and shop (P23, P24, P54, P55, P59).

use jiff::civil::{Date, Time};

use super::agent::{self, instruction, last_status};
use super::calendar::later;
use super::payment_status::{
    NO_REFUND, first, is_all_stopped, is_done, is_open, next_id, next_refund, not_yet_made, paid, pay, refund, reopen,
    stop_open, stopped_by_shop, take_back,
};
use super::practice::{DebitWord, PaymentPractice};
use super::{Action, Desk, Draft, Notice, Refused, given, in_currency_of, mandate, payment_work, resend_above};
use crate::trade::document::{AuthorizationRequest, AuthorizationResult, PaymentInstruction};
use crate::trade::status::{Payment, PaymentState, PaymentStatus, Reason, Step};
use crate::trade::{Document, Kept, Kind, Leg, Moment, Money, Party, Said, Task, Transaction, When, Work};

/// Returns what follows from a letter that was entered and applied.
pub fn answer(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Vec<Action> {
    match &kept.letter.document {
        Document::AuthorizationRequest(request) => vec![authorize(transaction, kept, request, desk)],
        Document::PaymentInstruction(instruction) => collect(transaction, kept, instruction, desk),
        Document::RefundInstruction(refund) => give_back(transaction, kept, refund.amount, desk),
        Document::Stop(_) => stop(transaction, kept, desk),
        Document::StatusRequest(request) => {
            let mut actions = resend_above(transaction, &kept.letter, request.have);
            actions.push(current(transaction, kept, desk));
            actions
        }
        _ => Vec::new(),
    }
}

/// Answers an authorization request by the owner's limits (P24), and by what the buyer's payment data allow (P23). Where
/// all of that permits it and the owner has a hook for it, the hook has the last word.
fn authorize(transaction: &Transaction, kept: &Kept, request: &AuthorizationRequest, desk: &Desk<'_>) -> Action {
    let practice = desk.practice.payment.as_ref();
    let works = has_agreement(kept, desk);
    let limits = practice.map(|practice| practice.authorize_limits.as_slice()).unwrap_or_default();
    let limit = limits.iter().find(|limit| limit.currency() == request.total.currency());
    let refused = |code: &str, text: &str| {
        let reason = Reason { code: code.to_owned(), text: text.to_owned() };
        Step::Failed { reason, at: Some(desk.now) }
    };
    let unfit = mandate::objection(transaction, kept, request, desk.payment_data.as_ref());
    // Codes: IOTP section 7.16.2.
    let step = match limit {
        _ if !works => refused("not-allowed", "There is no agreement with this shop."),
        _ if !agent::is_named(transaction, kept) => refused("not-allowed", agent::NOT_NAMED),
        _ if is_nothing(&request.total) => refused("not-allowed", NOTHING),
        _ if names_another_buyer(transaction, request) => refused("not-allowed", ANOTHER_BUYER),
        None => refused("currency-not-supported", "Payments in this currency are not accepted."),
        Some(limit) if request.total.exceeds(limit).unwrap_or(true) => {
            refused("insufficient-funds", "The payment was not authorised.")
        }
        Some(_) => match unfit {
            Some((code, text)) => refused(code, text),
            None => match practice.and_then(|practice| practice.authorize.as_ref()) {
                Some(hook) => return payment_work::ask(transaction, kept, hook),
                None => Step::Done { at: desk.now },
            },
        },
    };
    result(transaction, kept, request.total, step)
}

/// Answers the authorization request `kept`, which asked for `total`.
pub(super) fn result(transaction: &Transaction, kept: &Kept, total: Money, step: Step) -> Action {
    let document = Document::AuthorizationResult(AuthorizationResult { total, step });
    Draft::new(transaction, kept.letter.from.clone(), document)
        .ordered(kept.letter.order.clone())
        .answering(kept.content)
        .into()
}

/// Said of a request that names another buyer than a letter of its number before.
const ANOTHER_BUYER: &str = "This letter names another buyer than the one before it.";

/// Returns whether a request names another buyer than the one who would hear of the payment.
fn names_another_buyer(transaction: &Transaction, request: &AuthorizationRequest) -> bool {
    let payer = request.payer().map(|payer| &payer.party);
    payer.is_some_and(|payer| transaction.buyer().as_ref() != Some(payer))
}

/// Said of a sum of zero or less.
const NOTHING: &str = "Only a sum above zero can be collected or given back.";

fn is_nothing(amount: &Money) -> bool {
    amount.is_zero() || amount.is_negative()
}

/// Returns whether there is an agreement with the shop that wrote.
fn has_agreement(kept: &Kept, desk: &Desk<'_>) -> bool {
    desk.practice.payment.as_ref().is_some_and(|practice| agent::works_for(&practice.shops, kept))
}

/// Follows a payment instruction: plans the debit and tells both sides date and amount (P55).
fn collect(transaction: &Transaction, kept: &Kept, instruction: &PaymentInstruction, desk: &Desk<'_>) -> Vec<Action> {
    let Some(practice) = desk.practice.payment.as_ref().filter(|p| agent::works_for(&p.shops, kept)) else {
        return vec![agent::no_agreement(transaction, kept)];
    };
    if !agent::is_named(transaction, kept) {
        return vec![agent::not_named(transaction, kept)];
    }
    if let Some((code, text)) = objection(transaction, kept, instruction, practice) {
        return vec![agent::refuse(transaction, kept, code, text)];
    }
    if agent::is_overtaken(transaction, kept) {
        // What was paid before the stop is told as it is; no more is asked for by an instruction from before it.
        let made = status_now(transaction).filter(|status| paid(status).is_some());
        let mut status = made.unwrap_or_else(|| first(instruction, None));
        stop_open(&mut status, desk);
        return publish(transaction, status, desk, Some(kept));
    }
    if let Some(reopened) = reopened(transaction, instruction, Some(by_rule(practice, instruction, &desk.now))) {
        return publish(transaction, reopened, desk, Some(kept));
    }
    match &practice.dates {
        // Buyer and shop are told when it has said the day.
        Some(hook) => vec![given::give(transaction, hook, Work::Plan, Some(kept.content))],
        None => {
            publish(transaction, first(instruction, Some(by_rule(practice, instruction, &desk.now))), desk, Some(kept))
        }
    }
}

/// Returns the day on which the owner's rule plans a payment. What the buyer pays by himself is due when the time ends that the
/// shop gives him, where it gives one.
fn by_rule(practice: &PaymentPractice, instruction: &PaymentInstruction, now: &Moment) -> When {
    if let Some(due) = instruction.due.filter(|_| !instruction.payment_method.is_debited()) {
        return due;
    }
    When::Day(practice.rule.planned(now, instruction.due.map(|due| due.day())))
}

/// Tells buyer and shop the day that a hook planned an instruction for; that of the rule where it named none. Where they
/// were told something meanwhile, by a person or because of a stop, that stands.
pub(super) fn planned(transaction: &Transaction, task: &Task, said: &Said, desk: &Desk<'_>) -> Option<Vec<Action>> {
    let kept = transaction.by_content(task.about.as_ref()?)?;
    let Document::PaymentInstruction(instruction) = &kept.letter.document else { return None };
    if last_status(transaction, Leg::Payment).is_some_and(|told| told.position > kept.position) {
        return None;
    }
    let practice = desk.practice.payment.as_ref()?;
    let at = said.step.planned().unwrap_or_else(|| by_rule(practice, instruction, &desk.now));
    Some(publish(transaction, first(instruction, Some(at)), desk, Some(kept)))
}

/// Returns the status of a payment of which a part was made before the shop had it stopped, and whose rest is to be made
/// after all, on the day `at`. Where all of it was made, that is told again.
fn reopened(transaction: &Transaction, instruction: &PaymentInstruction, at: Option<When>) -> Option<PaymentStatus> {
    let mut status = status_now(transaction)?;
    let paid = paid(&status)?;
    let rest = instruction.amount.minus(&paid).ok().filter(|rest| !rest.is_negative())?;
    if rest.is_zero() {
        // By smaller terms no more than was paid may be owed.
        (status.remaining, status.state) = (rest, PaymentState::Complete);
        return Some(status);
    }
    let id = next_id(&status);
    status.payments.push(Payment { id, amount: rest, refund: false, step: Step::Planned { at } });
    (status.remaining, status.state, status.scheduled) = (rest, PaymentState::Due, at);
    Some(status)
}

/// Returns why an instruction is not followed, code and text: another was, nothing was authorised though it was asked
/// for, or more is to be collected than was authorised.
fn objection(
    transaction: &Transaction,
    kept: &Kept,
    instruction: &PaymentInstruction,
    practice: &PaymentPractice,
) -> Option<(&'static str, &'static str)> {
    if is_nothing(&instruction.amount) {
        return Some(("no-amount", NOTHING));
    }
    let authorised = transaction.sent(Kind::AuthorizationResult).filter_map(|sent| match &sent.letter.document {
        Document::AuthorizationResult(result) => result.step.done().map(|_| result.total),
        _ => None,
    });
    // What the buyer's own payment data allow, no other answer widens.
    let authorised = mandate::in_force(transaction).map(|payment| payment.request.total).or(authorised.last());
    let has_data = mandate::authorised(transaction).next().is_some();
    if has_data && instruction.payment_method.is_debited() && mandate::in_force(transaction).is_none() {
        return Some(("not-authorised", "The authorisation was taken back."));
    }
    if authorised.is_some_and(|total| instruction.amount.exceeds(&total).unwrap_or(true)) {
        return Some(("not-authorised", "More is to be collected than was authorised."));
    }
    // Without being asked first, no more is taken from a card or account than would be authorised.
    let limits = &practice.authorize_limits;
    let is_within = |limit: &Money| !instruction.amount.exceeds(limit).unwrap_or(true);
    let is_taken = authorised.is_none() && instruction.payment_method.is_debited();
    if is_taken && !limits.is_empty() && !limits.iter().any(is_within) {
        return Some(("not-authorised", "It was not authorised, and it is more than is collected without that."));
    }
    if mandate::is_declined(transaction) {
        return Some(("not-authorised", "The payment was not authorised."));
    }
    let made = status_now(transaction).is_some_and(|status| paid(&status).is_some());
    // What was paid is not asked for once more, also where the shop had the rest stopped.
    let paid_up = (made && reopened(transaction, instruction, None).is_none()).then_some(agent::NOT_UNDONE);
    agent::objection_to_second(transaction, kept, made).or(paid_up).map(|text| ("already-instructed", text))
}

/// Plans a refund that the shop instructed.
fn give_back(transaction: &Transaction, kept: &Kept, amount: Money, desk: &Desk<'_>) -> Vec<Action> {
    if !has_agreement(kept, desk) {
        return vec![agent::no_agreement(transaction, kept)];
    }
    if is_nothing(&amount) {
        return vec![agent::refuse(transaction, kept, "no-amount", NOTHING)];
    }
    let Some(mut status) = status_now(transaction) else {
        return vec![agent::refuse(transaction, kept, "unknown-transaction", "This transaction is not known here.")];
    };
    let back = status.payments.iter().filter(|p| p.refund && !p.step.failed()).map(|p| &p.amount);
    let back = Money::sum(back.chain([&amount])).ok().flatten();
    if paid(&status).zip(back).is_none_or(|(made, back)| back.exceeds(&made).unwrap_or(true)) {
        return vec![agent::refuse(transaction, kept, "not-paid", "Not so much was paid in this transaction.")];
    }
    let id = next_id(&status);
    let at = desk.practice.payment.as_ref().map(|practice| When::Day(refund_day(practice, &desk.now)));
    status.payments.push(Payment { id, amount, refund: true, step: Step::Planned { at } });
    publish(transaction, status, desk, Some(kept))
}

/// Returns the day on which money is given back that a shop instructs now: a hook does it on this bank day, a person is given the
/// next one.
fn refund_day(practice: &PaymentPractice, now: &Moment) -> Date {
    let calendar = &practice.rule.calendar;
    let (today, _) = calendar.local(now);
    calendar.this_or_next(if matches!(practice.debit, DebitWord::Hook(_)) { today } else { later(today) })
}

/// Takes an authorisation back that nothing was collected by: nothing will come of the order, and no money is held for it.
///
/// The answer is the result once more, failed.
fn release(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Option<Action> {
    let asked = transaction.received(Kind::AuthorizationRequest).last()?;
    let Document::AuthorizationRequest(request) = &asked.letter.document else { return None };
    let step = Step::Failed { reason: stopped_by_shop(), at: Some(desk.now) };
    let document = Document::AuthorizationResult(AuthorizationResult { total: request.total, step });
    let draft = Draft::new(transaction, kept.letter.from.clone(), document);
    Some(draft.ordered(asked.letter.order.clone()).answering(kept.content).into())
}

/// Stops a payment that was not made yet; what was made is told as it is. Before the instruction it is the authorisation
/// that is stopped.
fn stop(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Vec<Action> {
    let Some(mut status) = status_now(transaction) else {
        let unknown = || agent::refuse(transaction, kept, "unknown-transaction", "This transaction is not known here.");
        let mut actions = vec![release(transaction, kept, desk).unwrap_or_else(unknown)];
        actions.extend(payment_work::take_back(transaction, None, desk));
        return actions;
    };
    if agent::is_history(transaction, kept) {
        return vec![current(transaction, kept, desk)];
    }
    let taken_back = payment_work::take_back(transaction, Some(&status), desk);
    // What a clock that was wrong let us report has not come to pass.
    not_yet_made(&mut status, desk);
    stop_open(&mut status, desk);
    let mut actions = publish(transaction, status, desk, Some(kept));
    actions.extend(taken_back);
    actions
}

/// Reports what the owner says about the payment (`pay notify`). Work of hooks about it ends with that.
pub fn notify(transaction: &Transaction, notice: &Notice, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    let status = noted(transaction, notice, desk)?;
    let mut actions = publish(transaction, status, desk, None);
    actions.extend(payment_work::reported(transaction, notice));
    Ok(actions)
}

/// Returns the status that a report is about, where it can be true.
fn reported_on(transaction: &Transaction, notice: &Notice, desk: &Desk<'_>) -> Result<PaymentStatus, Refused> {
    notice.check(&desk.now)?;
    notice.check_since(agent::terms_date(transaction))?;
    status_now(transaction).ok_or_else(|| Refused::new("no payment instruction was received for this number"))
}

/// Returns the status of a payment with what a hook says of the one refund that it was told of.
pub(super) fn refund_noted(
    transaction: &Transaction,
    notice: &Notice,
    desk: &Desk<'_>,
) -> Result<PaymentStatus, Refused> {
    let mut status = reported_on(transaction, notice, desk)?;
    let next = next_refund(&status).ok_or_else(|| Refused::new(NO_REFUND))?;
    refund(&mut status, notice, Some(next))?;
    Ok(status)
}

/// Returns the status of a payment with what is reported of it.
pub(super) fn noted(transaction: &Transaction, notice: &Notice, desk: &Desk<'_>) -> Result<PaymentStatus, Refused> {
    let mut status = reported_on(transaction, notice, desk)?;
    // What the buyer transfers himself may come though it was stopped; that is taken in, and no more is asked for.
    let comes_late = notice.done.is_some() && is_all_stopped(&status);
    let instructed = instructed(transaction).filter(|told| comes_late && !told.payment_method.is_debited());
    let mut taken_back = None;
    let corrected = if notice.correct {
        let before = take_back(&mut status, notice.refund)?;
        taken_back = Some(before.place);
        if !notice.refund && notice.done.is_none() && is_stopped(transaction) {
            // The shop had stopped it while it was said to be made.
            stop_open(&mut status, desk);
            return Ok(status);
        }
        let done = before.made.filter(|_| notice.same_moment).or(notice.done);
        // What nobody names stays as it was.
        let amount = notice.amount.or(before.amount.filter(|_| done.is_some() && !notice.refund));
        Some(Notice { done, amount, ..notice.clone() })
    } else {
        None
    };
    let notice = corrected.as_ref().unwrap_or(notice);
    if notice.refund {
        refund(&mut status, notice, taken_back)?;
        return Ok(status);
    }
    if let Some(told) = instructed {
        reopen(&mut status, told.amount);
    }
    notice.amount.map_or(Ok(()), |amount| in_currency_of(&status.remaining, &amount))?;
    let amount = notice.amount.unwrap_or(status.remaining);
    if amount.is_negative() || (amount.is_zero() && notice.amount.is_some()) {
        return Err(Refused::new(format!("{amount} cannot be paid; name an amount above zero")));
    }
    if notice.done.is_some() && status.remaining.is_zero() && is_done(&status) {
        match paid(&status).zip(notice.amount).filter(|(paid, amount)| paid != amount && !notice.correct) {
            Some((paid, amount)) => {
                let text = format!(
                    "{paid} was reported as paid, and this says {amount}; --correct replaces what was reported"
                );
                return Err(Refused::new(text));
            }
            None => notice.check_change("all of it is paid")?,
        }
    }
    if notice.done.is_some() && amount.exceeds(&status.remaining).unwrap_or(true) {
        return Err(Refused::new(format!("only {} remains to be paid", status.remaining)));
    }
    pay(&mut status, amount, notice)?;
    if instructed.is_some() {
        stop_open(&mut status, desk);
    }
    Ok(status)
}

/// Returns what the instruction in force says.
fn instructed(transaction: &Transaction) -> Option<&PaymentInstruction> {
    match &instruction(transaction)?.letter.document {
        Document::PaymentInstruction(instruction) => Some(instruction),
        _ => None,
    }
}

/// Returns whether the shop had us stop what it instructed last.
fn is_stopped(transaction: &Transaction) -> bool {
    instruction(transaction).is_some_and(|instruction| agent::was_stopped(transaction, instruction))
}

/// Has collected what was planned for a day that has come (P55): by a hook, or by reporting it as collected where the
/// calendar says so instead of the owner.
///
/// Of the second:
/// it is said to have been collected at the beginning of its day, or when it was instructed if that was later; asked any
/// time after, and by however many programs, it is said once. Money that the buyer brings or transfers is never assumed.
/// What was said under a clock that was ahead is taken back as soon as that shows.
pub fn debit_due(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let Some(practice) = desk.practice.payment.as_ref() else { return Vec::new() };
    match &practice.debit {
        DebitWord::Report => return Vec::new(),
        DebitWord::Hook(hook) => return payment_work::due(transaction, hook, practice, desk).into_iter().collect(),
        DebitWord::OnDate => {}
    }
    let Some(asked) = instruction(transaction) else { return Vec::new() };
    let Document::PaymentInstruction(instruction) = &asked.letter.document else { return Vec::new() };
    let Some(mut status) = status_now(transaction).filter(|_| instruction.payment_method.is_debited()) else {
        return Vec::new();
    };
    if not_yet_made(&mut status, desk) {
        return publish(transaction, status, desk, None);
    }
    if is_stopped(transaction) {
        return Vec::new();
    }
    let begins = |when: When| begins(practice, when, &desk.now);
    let open = status.payments.iter().find(|payment| is_open(payment));
    let Some((amount, planned)) = open.and_then(|open| Some((open.amount, begins(open.step.planned()?)))) else {
        return Vec::new();
    };
    if planned > desk.now {
        return Vec::new();
    }
    let made = Notice { done: Some(planned.max(asked.recorded).whole_second()), ..Notice::default() };
    match pay(&mut status, amount, &made) {
        Ok(()) => publish(transaction, status, desk, None),
        // A sum that cannot be reckoned is left to the owner, who is told by `pay notify`.
        Err(_) => Vec::new(),
    }
}

/// Returns the moment at which a day or moment begins where the agent is.
pub(super) fn begins(practice: &PaymentPractice, when: When, now: &Moment) -> Moment {
    match when {
        When::Moment(moment) => moment,
        When::Day(day) => practice.rule.calendar.moment(day, Time::midnight(), now),
    }
}

/// Returns our newest payment status; one without a date where a hook is being asked for it.
pub(super) fn status_now(transaction: &Transaction) -> Option<PaymentStatus> {
    let told = last_status(transaction, Leg::Payment);
    if let Some(kept) = agent::unplanned(transaction, told)
        && let Document::PaymentInstruction(instruction) = &kept.letter.document
    {
        return Some(first(instruction, None));
    }
    match &told?.letter.document {
        Document::PaymentStatus(status) => Some(status.clone()),
        _ => None,
    }
}

pub(super) fn publish(
    transaction: &Transaction,
    status: PaymentStatus,
    desk: &Desk<'_>,
    asked: Option<&Kept>,
) -> Vec<Action> {
    let done = is_done(&status);
    let answers = asked.map(|kept| (kept.content, &kept.letter.from));
    let said = |_: &Party| Document::PaymentStatus(status.clone());
    agent::to_both(transaction, &said, desk.now, done, answers)
}

/// Answers a status request with what is stored (P62).
fn current(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Action {
    match (instruction(transaction), status_now(transaction)) {
        (Some(_), Some(status)) => {
            let done = is_done(&status);
            let to = kept.letter.from.clone();
            agent::to_one(transaction, to, Document::PaymentStatus(status), desk, done, kept.content)
        }
        _ => agent::refuse(transaction, kept, "unknown-transaction", "This transaction is not known here."),
    }
}
