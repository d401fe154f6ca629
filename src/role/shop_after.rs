//! The shop after the OK: cancellations, returns, refunds (P37, P38, P93-P97).
//!
//! Letters that cross are settled by the shop's answer. Before anything started a cancellation is final; afterwards it
//! is a wish, and the shop answers only after its agents have answered `stop`.

use super::practice::Review;
use super::shop::{collect_again, instruction_of, is_started, report, status_now};
use super::shop_refund::{left_of, refund_instruction, settle_overpaid, settle_refund, value_of};
use super::shop_waiting::release;
use super::{Action, Desk, Draft, agent, shop_work, terms_of};
use crate::rules::failed::not_taken;
use crate::rules::{Standing, returned};
use crate::trade::document::{ReturnAnswer, ReturnRequest, Stop};
use crate::trade::status::{OrderState, OrderStatus, Reason, Step};
use crate::trade::{Direction, Document, Kept, Kind, Leg, Moment, Money, Transaction};

/// Takes a cancellation in; one of what was begun may wait for a person.
pub(super) fn cancel(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Vec<Action> {
    let begun = is_started(transaction) || shop_work::is_begun(transaction);
    let waits = begun && review(desk).cancellations;
    if waits { Vec::new() } else { cancel_now(transaction, kept, desk) }
}

fn review(desk: &Desk<'_>) -> Review {
    desk.practice.shop.as_ref().map(|shop| shop.review).unwrap_or_default()
}

/// Answers a cancellation, or has the agents say first whether it is too late.
pub(super) fn cancel_now(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Vec<Action> {
    let delivery = Standing::of(transaction).legs.delivery;
    if delivery.done.is_some() {
        let text = "The goods are delivered; please ask for a return.";
        return vec![agent::refuse(transaction, kept, "too-late", text)];
    }
    if delivery.done_in_part().is_some() {
        let text = "A part of the goods has arrived; please ask for a return when the rest has, or is said to be lost.";
        return vec![agent::refuse(transaction, kept, "too-late", text)];
    }
    if is_instructed(transaction, Leg::Payment) || is_instructed(transaction, Leg::Delivery) {
        return stop_or_settle(transaction, desk);
    }
    end(transaction, desk, Some(kept))
}

/// Ends a transaction that nothing is to come of: tells the buyer, and has hooks take back what they were given.
fn end(transaction: &Transaction, desk: &Desk<'_>, asked: Option<&Kept>) -> Vec<Action> {
    let told = report(transaction, cancelled(transaction), desk, asked);
    told.into_iter().chain(release(transaction)).chain(shop_work::withdraw(transaction, desk)).collect()
}

fn cancelled(transaction: &Transaction) -> OrderStatus {
    let mut status = status_now(transaction);
    status.state = OrderState::Cancelled;
    status.shipments.retain(|shipment| shipment.step.done().is_some());
    status
}

/// Tells the agents to stop; where they were told before and have answered, settles at once.
fn stop_or_settle(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let stops = stop_agents(transaction);
    if stops.is_empty() { settle_stop(transaction, desk) } else { stops }
}

/// Tells the agents that were instructed to stop, once.
fn stop_agents(transaction: &Transaction) -> Vec<Action> {
    let legs = [Leg::Payment, Leg::Delivery].into_iter();
    let legs = legs.filter(|leg| is_instructed(transaction, *leg) && stop_sent(transaction, *leg).is_none());
    legs.filter_map(|leg| stop_agent(transaction, leg)).collect()
}

fn stop_agent(transaction: &Transaction, leg: Leg) -> Option<Action> {
    let (digest, terms) = terms_of(transaction)?;
    let document = Document::Stop(Stop { leg });
    Some(Draft::new(transaction, terms.agent(leg)?.party.clone(), document).about(Some(digest)).into())
}

/// Returns whether the agent of `leg` was instructed, and did not refuse.
pub(super) fn is_instructed(transaction: &Transaction, leg: Leg) -> bool {
    let kind = instruction_of(leg);
    transaction.sent(kind).next().is_some() && not_taken(transaction, leg, kind).is_none()
}

/// Returns the order to stop what the newest instruction about a leg began.
fn stop_sent(transaction: &Transaction, leg: Leg) -> Option<&Kept> {
    let begun = transaction.sent(instruction_of(leg)).last()?.position;
    let stops = transaction.sent(Kind::Stop).filter(|kept| kept.position > begun);
    stops.filter(|kept| kept.letter.document == Document::Stop(Stop { leg })).last()
}

/// Returns whether the agent of `leg` was told to stop and has not answered.
fn is_stopping(transaction: &Transaction, leg: Leg) -> bool {
    let stop = stop_sent(transaction, leg).filter(|_| is_instructed(transaction, leg));
    stop.is_some_and(|stop| answers_to(transaction, stop).next().is_none())
}

fn answers_to<'a>(transaction: &'a Transaction, sent: &'a Kept) -> impl Iterator<Item = &'a Kept> {
    let answers = |kept: &&Kept| kept.counts() && kept.letter.answers == Some(sent.content);
    transaction.kept.iter().filter(|kept| kept.direction == Direction::In).filter(answers)
}

/// Returns whether the delivery agent has answered an order to stop with nothing under way any more: it will bring no
/// more.
fn is_closed(transaction: &Transaction) -> bool {
    let stops =
        transaction.sent(Kind::Stop).filter(|kept| kept.letter.document == Document::Stop(Stop { leg: Leg::Delivery }));
    let mut answers = stops.flat_map(|stop| answers_to(transaction, stop)).map(|kept| &kept.letter.document);
    answers.any(|said| matches!(said, Document::DeliveryStatus(status) if status.is_over()))
}

/// Takes a return in, unless returns wait for a person.
pub(super) fn give_back(
    transaction: &Transaction,
    kept: &Kept,
    request: &ReturnRequest,
    desk: &Desk<'_>,
) -> Vec<Action> {
    if review(desk).returns { Vec::new() } else { take_back(transaction, kept, request, desk, false) }
}

/// Answers a return: stops what has not arrived, takes back what came within the time for it, pays for what was lost,
/// refuses the rest. A person may take back what came longer ago.
pub(super) fn take_back(
    transaction: &Transaction,
    kept: &Kept,
    request: &ReturnRequest,
    desk: &Desk<'_>,
    by_person: bool,
) -> Vec<Action> {
    let delivery = Standing::of(transaction).legs.delivery;
    let refuse = |text: &str| vec![refuse_return(transaction, kept, request, text, desk)];
    let missing = delivery.missing().unwrap_or_default();
    let Some(delivered) = delivery.done.or(delivery.done_in_part().filter(|_| !missing.is_empty())) else {
        if delivery.done_in_part().is_some() {
            return refuse("A part has arrived, so the rest cannot be stopped any more; please wait for it.");
        }
        if transaction.terms().is_none_or(|(_, terms)| !returned::covers(terms, &request.lines)) {
            return refuse("What has not arrived can be given back as a whole only; for a part, please wait for it.");
        }
        return if is_started(transaction) {
            stop_or_settle(transaction, desk)
        } else {
            closed_return(transaction, kept, request, desk)
        };
    };
    // What is said to be lost may turn up: the agent says first that it will not be brought any more.
    if delivery.done.is_none() && !is_closed(transaction) {
        let told = stop_sent(transaction, Leg::Delivery).is_some_and(|stop| stop.position > kept.position);
        return match (is_stopping(transaction, Leg::Delivery), told) {
            (true, _) => Vec::new(),
            (false, true) => refuse("The delivery agent has not said yet that it brings no more; please ask again."),
            (false, false) => stop_agent(transaction, Leg::Delivery).into_iter().collect(),
        };
    }
    if !by_person
        && !returned::only_missing(transaction, &missing, &request.lines)
        && let Some(text) = over_time(kept, &delivered, desk)
    {
        return refuse(text);
    }
    if transaction.terms().is_none_or(|(_, terms)| !returned::has_room(transaction, terms, &request.lines)) {
        return refuse("More is to be returned than was bought, or it was given back before.");
    }
    agreed_return(transaction, kept, request, desk).unwrap_or_else(refuse)
}

/// Returns why goods that arrived at `delivered` are not taken back any more, if so.
fn over_time(kept: &Kept, delivered: &Moment, desk: &Desk<'_>) -> Option<&'static str> {
    let days = desk.practice.shop.as_ref().map_or(0, |shop| i64::from(shop.return_days));
    if days == 0 {
        return Some("Goods are not taken back without asking; please write to us.");
    }
    let until = delivered.plus_seconds(days.saturating_mul(86_400));
    (kept.recorded > until).then_some("The time for returns has passed.")
}

/// Refuses a return, and says why.
pub(super) fn refuse_return(
    transaction: &Transaction,
    kept: &Kept,
    request: &ReturnRequest,
    why: &str,
    desk: &Desk<'_>,
) -> Action {
    answer(transaction, kept, request, failed("refused", why, desk), None)
}

fn failed(code: &str, text: &str, desk: &Desk<'_>) -> Step {
    Step::Failed { reason: Reason { code: code.to_owned(), text: text.to_owned() }, at: Some(desk.now) }
}

/// Agrees to a return: the refund is instructed, or nothing is owed because nothing was paid.
///
/// With all of the goods goes back what was paid, and the rest is not collected any more. A part goes back only when it
/// is paid: terms cannot be made smaller after the OK, so what is owed would stay owed.
fn agreed_return(
    transaction: &Transaction,
    kept: &Kept,
    request: &ReturnRequest,
    desk: &Desk<'_>,
) -> Result<Vec<Action>, &'static str> {
    let Some((_, terms)) = transaction.terms() else { return Err("There are no terms yet.") };
    let paid = Standing::of(transaction).legs.paid;
    let left = left_of(transaction, paid);
    let value = value_of(transaction, &request.lines);
    let covered = value.zip(left).is_some_and(|(value, left)| !value.exceeds(&left).unwrap_or(true));
    let all = returned::covers(terms, &request.lines);
    if !covered && !all {
        return Err("Please pay first; what you give back is refunded then.");
    }
    let refund = if covered { value } else { left };
    let mut actions = if covered { Vec::new() } else { stop_agents(transaction) };
    let step = match refund {
        Some(_) => Step::Active { at: None },
        None => Step::Done { at: desk.now.whole_second() },
    };
    actions.push(answer(transaction, kept, request, step, refund));
    actions.extend(refund.and_then(|refund| refund_instruction(transaction, refund, "returned")));
    Ok(actions)
}

/// A return of what was never started is a cancellation with another name.
fn closed_return(transaction: &Transaction, kept: &Kept, request: &ReturnRequest, desk: &Desk<'_>) -> Vec<Action> {
    let mut actions = end(transaction, desk, None);
    actions.push(answer(transaction, kept, request, Step::Done { at: desk.now.whole_second() }, None));
    actions
}

fn answer(
    transaction: &Transaction,
    kept: &Kept,
    request: &ReturnRequest,
    step: Step,
    refund: Option<Money>,
) -> Action {
    let terms = terms_of(transaction).map(|(digest, _)| digest);
    let document = Document::ReturnAnswer(ReturnAnswer { lines: request.lines.clone(), step, refund });
    Draft::new(transaction, kept.letter.from.clone(), document).about(terms).answering(kept.content).into()
}

/// Settles what waited for the agents: a cancellation or stopping return once both have answered, a refund once it was
/// made.
pub(super) fn agent_spoke(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let mut actions = settle_stop(transaction, desk);
    let overpaid = settle_overpaid(transaction);
    // What is promised anew is not closed in the same breath.
    actions.extend(if overpaid.is_empty() { settle_refund(transaction, desk) } else { overpaid });
    actions
}

/// Returns the cancellations and returns that have no answer yet.
fn unanswered(transaction: &Transaction) -> Vec<&Kept> {
    let answered = |asked: &&Kept| {
        let ours = |kept: &&Kept| kept.direction == Direction::Out && kept.letter.answers == Some(asked.content);
        transaction.kept.iter().any(|kept| ours(&kept))
    };
    let asked = transaction.received(Kind::Cancellation).chain(transaction.received(Kind::ReturnRequest));
    asked.filter(|asked| !answered(asked)).collect()
}

/// Answers what waited until the agents said whether it was too late.
fn settle_stop(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let asked = unanswered(transaction);
    // The delivery agent is always told to stop, the payment agent not where only lost goods are given back.
    let told = stop_sent(transaction, Leg::Delivery).is_some() || !is_instructed(transaction, Leg::Delivery);
    let waits = !told || [Leg::Payment, Leg::Delivery].into_iter().any(|leg| is_stopping(transaction, leg));
    if asked.is_empty() || waits || !is_started(transaction) {
        return Vec::new();
    }
    let standing = Standing::of(transaction);
    let stopped = standing.legs.delivery.failed || !is_instructed(transaction, Leg::Delivery);
    if !stopped {
        return settle_too_late(transaction, &asked, desk);
    }
    let mut actions = Vec::new();
    for asked in asked {
        match &asked.letter.document {
            Document::ReturnRequest(request) => {
                let step = Step::Done { at: desk.now.whole_second() };
                actions.extend(end(transaction, desk, None));
                actions.push(answer(transaction, asked, request, step, standing.legs.paid));
            }
            _ => actions.extend(end(transaction, desk, Some(asked))),
        }
    }
    if let Some(paid) = standing.legs.paid.filter(|_| transaction.sent(Kind::RefundInstruction).next().is_none()) {
        actions.extend(refund_instruction(transaction, paid, "cancelled"));
    }
    actions
}

/// Answers what waited where the goods come nonetheless: a return is taken as one of goods that arrived, all else was
/// too late.
fn settle_too_late(transaction: &Transaction, asked: &[&Kept], desk: &Desk<'_>) -> Vec<Action> {
    let standing = Standing::of(transaction);
    let delivery = &standing.legs.delivery;
    let mut actions = Vec::new();
    for asked in asked {
        match &asked.letter.document {
            Document::ReturnRequest(request) if delivery.done.is_some() || delivery.missing().is_some() => {
                actions.extend(take_back(transaction, asked, request, desk, false));
            }
            _ => {
                let text = "It was too late to stop the delivery; please ask for a return when it is over.";
                actions.push(agent::refuse(transaction, asked, "too-late", text));
            }
        }
    }
    // What arrives is paid: the payment that was stopped with it is to be made after all, unless everything goes back.
    let stopped = stop_sent(transaction, Leg::Payment).is_some() && standing.legs.payment.done.is_none();
    if stopped && !actions.iter().any(|action| takes_all_back(transaction, action)) {
        actions.extend(collect_again(transaction));
    }
    actions
}

/// Returns whether an answer written now takes all the goods back.
fn takes_all_back(transaction: &Transaction, action: &Action) -> bool {
    let Action::Send(draft) = action else { return false };
    let Document::ReturnAnswer(answer) = &draft.document else { return false };
    !answer.step.failed() && terms_of(transaction).is_some_and(|(_, terms)| returned::covers(terms, &answer.lines))
}
