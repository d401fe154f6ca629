//! The shop after the OK: cancellations, returns, refunds (P37, P38, P93-P97).
//!
//! Letters that cross are settled by the shop's answer. Before anything started a cancellation is final; afterwards it
//! is a wish, and the shop answers only after its agents have answered `stop`.

use super::answered::Answered;
use super::practice::Review;
use super::shop::{collect_again, is_started, report, status_now};
use super::shop_refund::{Why, left_of, refund_instruction, settle_overpaid, settle_refund, worth_now};
use super::shop_waiting::release;
use super::{Action, Desk, Draft, agent, shop_cancel, shop_change, shop_work, terms_of};
use crate::rules::stopping::{heard_of, is_instructed, is_stopping, stop_sent, unanswered_stops};
use crate::rules::{Standing, returned};
use crate::trade::document::{AuthorizationResult, ReturnAnswer, ReturnRequest, Stop};
use crate::trade::status::{OrderState, OrderStatus, Step};
use crate::trade::{Direction, Document, Kept, Kind, Leg, Moment, Money, StatusReason, Transaction, When};

/// Seconds within which a letter may have crossed another.
const DAY: i64 = 24 * 60 * 60;
/// How long a letter may have been under way, in seconds, for its own date to be believed where a time ends: a week.
const UNDER_WAY: i64 = 7 * DAY;

/// Takes a cancellation in; one of what was begun may wait for a person, and what has left is not called back without one.
///
/// While agents are being stopped for new terms it waits for what they say.
pub(super) fn cancel(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Vec<Action> {
    if shop_change::is_settling(transaction) {
        return Vec::new();
    }
    let begun = is_started(transaction) || shop_work::is_begun(transaction);
    if begun && review(desk).cancellations {
        return Vec::new();
    }
    if is_on_its_way(transaction) {
        let text = "It is too late: the goods have left. Please ask for a return.";
        return vec![agent::refuse(transaction, kept, "too-late", text)];
    }
    cancel_now(transaction, kept, desk)
}

/// Returns whether goods have left that are not said to be delivered, refused or lost: a program cannot call them back.
fn is_on_its_way(transaction: &Transaction) -> bool {
    let delivery = Standing::of(transaction).legs.delivery;
    is_away(transaction) && delivery.done_in_part().is_none()
}

/// Returns whether goods have left that did not all fail to arrive: what was lost or refused altogether is out no more.
pub(super) fn is_away(transaction: &Transaction) -> bool {
    has_left(transaction) && !Standing::of(transaction).legs.delivery.failed
}

/// Returns whether any of the goods have left, by our own word.
pub(super) fn has_left(transaction: &Transaction) -> bool {
    status_now(transaction).shipments.iter().any(|shipment| shipment.step.done().is_some())
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
pub(super) fn end(transaction: &Transaction, desk: &Desk<'_>, asked: Option<&Kept>) -> Vec<Action> {
    let told = report(transaction, cancelled(transaction), desk, asked);
    told.into_iter().chain(release(transaction)).chain(shop_work::withdraw(transaction, desk)).collect()
}

fn cancelled(transaction: &Transaction) -> OrderStatus {
    let mut status = status_now(transaction);
    status.state = OrderState::Cancelled;
    status.shipments.retain(|shipment| shipment.step.done().is_some());
    status
}

/// Goes on after the answer to an authorisation that was put off until the OK: the instructions, or the end.
pub(super) fn authorised(transaction: &Transaction, result: &AuthorizationResult, desk: &Desk<'_>) -> Vec<Action> {
    if is_started(transaction) || status_now(transaction).state == OrderState::Cancelled {
        return Vec::new();
    }
    match &result.step {
        Step::Done { .. } => shop_work::go_on(transaction, desk, false),
        Step::Failed { reason, .. } => {
            give_up(transaction, format!("The payment was not authorised: {}", reason.text), desk)
        }
        Step::Planned { .. } | Step::Active { .. } => Vec::new(),
    }
}

/// Ends by the shop's own word what no agent was instructed for.
pub(super) fn give_up(transaction: &Transaction, why: String, desk: &Desk<'_>) -> Vec<Action> {
    let status = OrderStatus { remarks: Some(why), ..cancelled(transaction) };
    let told = report(transaction, status, desk, None);
    told.into_iter().chain(release(transaction)).chain(shop_work::withdraw(transaction, desk)).collect()
}

/// Tells the agents to stop; where they were told before and have answered, settles at once.
fn stop_or_settle(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let stops = stop_agents(transaction);
    if stops.is_empty() { settle_stop(transaction, desk) } else { stops }
}

/// Tells the agents that were instructed to stop, once.
pub(super) fn stop_agents(transaction: &Transaction) -> Vec<Action> {
    let legs = [Leg::Payment, Leg::Delivery].into_iter();
    let legs = legs.filter(|leg| is_instructed(transaction, *leg) && stop_sent(transaction, *leg).is_none());
    legs.filter_map(|leg| stop_agent(transaction, leg)).collect()
}

/// Tells the agent of `leg` to stop.
pub(super) fn stop_agent(transaction: &Transaction, leg: Leg) -> Option<Action> {
    let (digest, terms) = terms_of(transaction)?;
    let document = Document::Stop(Stop { leg });
    Some(Draft::new(transaction, terms.agent(leg)?.party.clone(), document).about(Some(digest)).into())
}

/// Returns whether the delivery agent has answered an order to stop with nothing under way any more: it will bring no
/// more. What it lost after an answer that said otherwise may turn up.
pub(super) fn is_closed(transaction: &Transaction) -> bool {
    let is_over = |kept: &Kept| matches!(&kept.letter.document, Document::DeliveryStatus(status) if status.is_over());
    let answer = |stop: &Kept| transaction.kept.iter().find(|kept| kept.letter.answers == Some(stop.content));
    // What an agent said before it was instructed again says nothing of what it does now.
    let begun = transaction.sent(Kind::DeliveryInstruction).last().map(|kept| kept.position);
    let of_delivery = |kept: &&Kept| kept.letter.document == Document::Stop(Stop { leg: Leg::Delivery });
    let stops = transaction.sent(Kind::Stop).filter(|kept| Some(kept.position) > begun);
    let mut stops = stops.filter(of_delivery);
    stops.any(|stop| answer(stop).is_some_and(is_over) && heard_of(transaction, stop).any(is_over))
}

/// Takes a return in, unless returns wait for a person. One of goods on their way waits for one in any case, or for the
/// goods to arrive.
pub(super) fn give_back(
    transaction: &Transaction,
    kept: &Kept,
    request: &ReturnRequest,
    desk: &Desk<'_>,
) -> Vec<Action> {
    let settling = shop_change::is_settling(transaction);
    let waits = settling || review(desk).returns || is_on_its_way(transaction);
    if waits { Vec::new() } else { take_back(transaction, kept, request, desk, false) }
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
    let refuse = |(code, text): Why| vec![refuse_return(transaction, kept, request, (code, text), desk)];
    let by_delivery = |text: &'static str| refuse((StatusReason::Delivery, text));
    let missing = delivery.missing().unwrap_or_default();
    let Some(delivered) = delivery.done.or(delivery.done_in_part().filter(|_| !missing.is_empty())) else {
        if delivery.done_in_part().is_some() {
            return by_delivery("A part has arrived, so the rest cannot be stopped any more; please wait for it.");
        }
        if transaction.terms().is_none_or(|(_, terms)| !returned::covers(terms, &request.lines)) {
            return by_delivery(
                "What has not arrived can be given back as a whole only; for a part, please wait for it.",
            );
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
            (false, true) => {
                by_delivery("The delivery agent has not said yet that it brings no more; please ask again.")
            }
            (false, false) => stop_agent(transaction, Leg::Delivery).into_iter().collect(),
        };
    }
    if !by_person
        && !returned::only_missing(transaction, &missing, &request.lines)
        && let Some(text) = over_time(kept, &delivered, desk)
    {
        return refuse((StatusReason::Other, text));
    }
    if transaction.terms().is_none_or(|(_, terms)| !returned::has_room(transaction, terms, &request.lines)) {
        let text = "More is to be returned than was bought, or it was given back before.";
        return refuse((StatusReason::Quantity, text));
    }
    if !by_person && may_mean_lost(transaction, kept, request) {
        return Vec::new();
    }
    agreed_return(transaction, kept, request, desk).unwrap_or_else(refuse)
}

/// Returns whether a return may be meant for goods that will not come, and were paid back before its buyer can have read of it:
/// of the same line, and written within a day of that. Whether he means what he has, a person asks him.
fn may_mean_lost(transaction: &Transaction, kept: &Kept, request: &ReturnRequest) -> bool {
    transaction.sent(Kind::ReturnAnswer).filter(|said| said.letter.answers.is_none()).any(|said| {
        let Document::ReturnAnswer(answer) = &said.letter.document else { return false };
        let same = answer.lines.iter().any(|lost| request.lines.iter().any(|part| part.line == lost.line));
        same && kept.letter.date < said.letter.date.plus_seconds(DAY)
    })
}

/// Returns why goods that arrived at `delivered` are not taken back any more, if so: the time ends with its last day.
fn over_time(kept: &Kept, delivered: &Moment, desk: &Desk<'_>) -> Option<&'static str> {
    let days = desk.practice.shop.as_ref().map_or(0, |shop| i64::from(shop.return_days));
    if days == 0 {
        return Some("Goods are not taken back without asking; please write to us.");
    }
    let last = delivered.plus_seconds(days.saturating_mul(DAY));
    let until = When::Day(last.day()).end(last.offset());
    // When it was written counts; but nobody dates a letter back at will.
    let written = kept.letter.date.max(kept.recorded.plus_seconds(-UNDER_WAY)).min(kept.recorded);
    (written > until).then_some("The time for returns has passed.")
}

/// Refuses a return, and says why.
pub(super) fn refuse_return(
    transaction: &Transaction,
    kept: &Kept,
    request: &ReturnRequest,
    (code, text): (StatusReason, &str),
    desk: &Desk<'_>,
) -> Action {
    let step = Step::Failed { reason: code.because(text), at: Some(desk.now) };
    answer(transaction, kept, request, step, None)
}

/// Agrees to a return: the refund is instructed, or nothing is owed because nothing was paid.
///
/// With all of the goods goes back what was paid, and the rest is not collected any more. A part goes back only when it
/// is paid: terms cannot be made smaller after the OK, so what is owed would stay owed. Once all is paid, no more goes
/// back than is left of it; goods that cost nothing go back for nothing.
fn agreed_return(
    transaction: &Transaction,
    kept: &Kept,
    request: &ReturnRequest,
    desk: &Desk<'_>,
) -> Result<Vec<Action>, Why> {
    let Some((_, terms)) = transaction.terms() else {
        return Err((StatusReason::Other, "There are no terms yet."));
    };
    let legs = Standing::of(transaction).legs;
    let left = left_of(transaction, legs.paid);
    let value = worth_now(transaction, terms, &request.lines)?;
    let covered = left.is_some_and(|left| !value.exceeds(&left).unwrap_or(true));
    let settled = covered || legs.payment.done.is_some() || value.is_zero();
    let all = returned::agreed(transaction).into_iter().flat_map(|(_, answer)| &answer.lines).chain(&request.lines);
    if !settled && !returned::covers(terms, &all.cloned().collect::<Vec<_>>()) {
        return Err((StatusReason::Payment, "Please pay first; what you give back is refunded then."));
    }
    let refund = if covered { Some(value) } else { left.filter(|_| !value.is_zero()) };
    let refund = refund.filter(|refund| !refund.is_zero());
    let mut actions = if settled { Vec::new() } else { stop_agents(transaction) };
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
    if shop_change::is_settling(transaction) {
        return shop_change::settle(transaction, desk);
    }
    let mut actions = settle_stop(transaction, desk);
    actions.extend(settle_arrived(transaction, desk));
    actions.extend(shop_cancel::settle(transaction, &unanswered(transaction), desk));
    let overpaid = settle_overpaid(transaction);
    // What is promised anew is not closed in the same breath.
    actions.extend(if overpaid.is_empty() { settle_refund(transaction, desk) } else { overpaid });
    actions
}

/// Answers the returns that waited for goods on their way, once all have arrived or are said not to.
fn settle_arrived(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let delivery = Standing::of(transaction).legs.delivery;
    if !has_left(transaction)
        || !(delivery.is_brought() || delivery.failed)
        || stop_sent(transaction, Leg::Delivery).is_some()
    {
        return Vec::new();
    }
    let waiting = unanswered(transaction).into_iter().filter_map(|kept| match &kept.letter.document {
        Document::ReturnRequest(request) => Some((kept, request)),
        _ => None,
    });
    let mut answered = Answered::new(transaction);
    for (kept, request) in waiting {
        answered.add(kept, give_back(&answered.known, kept, request, desk), desk);
    }
    answered.actions
}

/// Returns the cancellations and returns that have no answer yet.
pub(super) fn unanswered(transaction: &Transaction) -> Vec<&Kept> {
    let answered = |asked: &&Kept| {
        let ours = |kept: &&Kept| kept.direction == Direction::Out && kept.letter.answers == Some(asked.content);
        transaction.kept.iter().any(|kept| ours(&kept))
    };
    let asked = transaction.received(Kind::Cancellation).chain(transaction.received(Kind::ReturnRequest));
    asked.filter(|asked| !answered(asked)).collect()
}

/// Answers what waited until the agents said whether it was too late.
pub(super) fn settle_stop(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    settle_stop_as(transaction, desk, false)
}

/// The same; `given_up` takes agents that were told to stop and say nothing as stopped (`shop_held`).
pub(super) fn settle_stop_as(transaction: &Transaction, desk: &Desk<'_>, given_up: bool) -> Vec<Action> {
    let asked = unanswered(transaction);
    // The delivery agent is always told to stop, the payment agent not where only lost goods are given back.
    let told = stop_sent(transaction, Leg::Delivery).is_some() || !is_instructed(transaction, Leg::Delivery);
    let waits = !told || (!given_up && unanswered_stops(transaction).next().is_some());
    if asked.is_empty() || waits || !is_started(transaction) {
        return Vec::new();
    }
    let standing = Standing::of(transaction);
    let taken_as_stopped = given_up && shop_cancel::may_be_stopped(transaction);
    let stopped = taken_as_stopped || standing.legs.delivery.failed || !is_instructed(transaction, Leg::Delivery);
    if standing.legs.delivery.failed
        && is_instructed(transaction, Leg::Delivery)
        && !is_closed(transaction)
        && !taken_as_stopped
    {
        // It was under way when it was to be stopped, and is lost since: the agent says first that it stays so.
        return stop_agent(transaction, Leg::Delivery).into_iter().collect();
    }
    if !stopped {
        return settle_too_late(transaction, &asked, desk);
    }
    let left = left_of(transaction, standing.legs.paid);
    let mut promised = left;
    let mut actions = Vec::new();
    for asked in asked {
        match &asked.letter.document {
            Document::ReturnRequest(request) => {
                let step = Step::Done { at: desk.now.whole_second() };
                actions.extend(end(transaction, desk, None));
                // Two who ask for the same money are not both promised it.
                actions.push(answer(transaction, asked, request, step, promised.take()));
            }
            _ => actions.extend(end(transaction, desk, Some(asked))),
        }
    }
    actions.extend(left.and_then(|left| refund_instruction(transaction, left, "cancelled")));
    actions
}

/// Answers what waited where the goods come nonetheless: a return is taken as one of goods that arrived, all else was
/// too late.
fn settle_too_late(transaction: &Transaction, asked: &[&Kept], desk: &Desk<'_>) -> Vec<Action> {
    let standing = Standing::of(transaction);
    let mut answered = Answered::new(transaction);
    for asked in asked {
        let actions = match &asked.letter.document {
            Document::ReturnRequest(request) if standing.legs.delivery.is_brought() => {
                take_back(&answered.known, asked, request, desk, false)
            }
            _ => {
                let text = "It was too late to stop the delivery; please ask for a return when it is over.";
                vec![agent::refuse(transaction, asked, "too-late", text)]
            }
        };
        answered.add(asked, actions, desk);
    }
    let Answered { known, mut actions } = answered;
    // What arrives is paid: the payment that was stopped with it is to be made after all, unless everything goes back.
    let stopped = stop_sent(transaction, Leg::Payment).is_some() && standing.legs.payment.done.is_none();
    let all_go_back = terms_of(&known).is_some_and(|(_, terms)| returned::is_all(&known, terms));
    if stopped && !all_go_back {
        actions.extend(collect_again(transaction, desk));
    }
    actions
}
