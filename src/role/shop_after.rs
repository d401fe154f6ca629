//! The shop after the OK: cancellations, returns, refunds (P37, P38, P93-P97).
//!
//! Letters that cross are settled by the shop's answer. Before anything started a cancellation is final; afterwards it
//! is a wish, and the shop answers only after its agents have answered `stop`.

use super::shop::{collect_again, instruction_of, is_started, report, status_now};
use super::{Action, Desk, Draft, agent, terms_of};
use crate::rules::failed::not_taken;
use crate::rules::{Standing, returned};
use crate::trade::document::{RefundInstruction, ReturnAnswer, ReturnRequest, Stop};
use crate::trade::item::LineQuantity;
use crate::trade::status::{OrderState, OrderStatus, Reason, Step};
use crate::trade::{Direction, Document, Kept, Kind, Leg, Money, Transaction};

/// Takes a cancellation in.
pub(super) fn cancel(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Vec<Action> {
    if Standing::of(transaction).legs.delivery.done.is_some() {
        let text = "The goods are delivered; please ask for a return.";
        return vec![agent::refuse(transaction, kept, "too-late", text)];
    }
    if is_instructed(transaction, Leg::Payment) || is_instructed(transaction, Leg::Delivery) {
        return stop_or_settle(transaction, desk);
    }
    report(transaction, cancelled(transaction), desk, Some(kept)).into_iter().collect()
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
    let Some((digest, terms)) = terms_of(transaction) else { return Vec::new() };
    let legs = [Leg::Payment, Leg::Delivery].into_iter();
    let legs = legs.filter(|leg| is_instructed(transaction, *leg) && stop_sent(transaction, *leg).is_none());
    legs.filter_map(|leg| {
        let agent = terms.agent(leg)?;
        let document = Document::Stop(Stop { leg });
        Some(Draft::new(transaction, agent.party.clone(), document).about(Some(digest)).into())
    })
    .collect()
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

/// Returns whether the agent of `leg` has answered the order to stop, or was never told to begin.
fn stop_answered(transaction: &Transaction, leg: Leg) -> bool {
    if !is_instructed(transaction, leg) {
        return true;
    }
    stop_sent(transaction, leg).is_some_and(|stop| {
        transaction
            .kept
            .iter()
            .any(|kept| kept.direction == Direction::In && kept.counts() && kept.letter.answers == Some(stop.content))
    })
}

/// Takes a return in: stops what has not arrived, takes back what came within the time for it, refuses the rest.
pub(super) fn give_back(
    transaction: &Transaction,
    kept: &Kept,
    request: &ReturnRequest,
    desk: &Desk<'_>,
) -> Vec<Action> {
    let standing = Standing::of(transaction);
    let refuse = |text: &str| vec![answer(transaction, kept, request, failed("refused", text, desk), None)];
    let Some(delivered) = standing.legs.delivery.done else {
        if transaction.terms().is_none_or(|(_, terms)| !returned::covers(terms, &request.lines)) {
            return refuse("What has not arrived can be given back as a whole only; for a part, please wait for it.");
        }
        return if is_started(transaction) {
            stop_or_settle(transaction, desk)
        } else {
            closed_return(transaction, kept, request, desk)
        };
    };
    let days = desk.practice.shop.as_ref().map_or(0, |shop| i64::from(shop.return_days));
    let until = delivered.plus_seconds(days.saturating_mul(86_400));
    if days == 0 {
        return refuse("Goods are not taken back without asking; please write to us.");
    }
    if kept.recorded > until {
        return refuse("The time for returns has passed.");
    }
    if transaction.terms().is_none_or(|(_, terms)| !returned::has_room(transaction, terms, &request.lines)) {
        return refuse("More is to be returned than was bought, or it was given back before.");
    }
    agreed_return(transaction, kept, request, desk).unwrap_or_else(refuse)
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

/// Returns what is left of what was paid once the returns agreed to before are paid back; `None` where that is nothing.
fn left_of(transaction: &Transaction, paid: Option<Money>) -> Option<Money> {
    let back = returned::refund(transaction).ok()?;
    let left = match back {
        Some(back) => paid?.minus(&back).ok()?,
        None => paid?,
    };
    Some(left).filter(|left| !left.is_zero() && !left.is_negative())
}

/// A return of what was never started is a cancellation with another name.
fn closed_return(transaction: &Transaction, kept: &Kept, request: &ReturnRequest, desk: &Desk<'_>) -> Vec<Action> {
    let mut actions: Vec<Action> = report(transaction, cancelled(transaction), desk, None).into_iter().collect();
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

fn refund_instruction(transaction: &Transaction, amount: Money, reason: &str) -> Option<Action> {
    let (digest, terms) = terms_of(transaction)?;
    let agent = terms.agent(Leg::Payment)?;
    let document = Document::RefundInstruction(RefundInstruction { amount, reason: reason.to_owned() });
    Some(Draft::new(transaction, agent.party.clone(), document).about(Some(digest)).into())
}

/// Returns the price of the goods given back; charges are given back only with all of the goods.
fn value_of(transaction: &Transaction, lines: &[LineQuantity]) -> Option<Money> {
    let (_, terms) = transaction.terms()?;
    let all =
        terms.lines.iter().all(|line| lines.iter().any(|part| part.line == line.id && part.quantity == line.quantity));
    if all {
        return Some(terms.total);
    }
    let price = |part: &LineQuantity| {
        terms.lines.iter().find(|line| line.id == part.line).and_then(|line| line.unit_price.times(part.quantity).ok())
    };
    let prices: Option<Vec<Money>> = lines.iter().map(price).collect();
    Money::sum(&prices?).ok().flatten()
}

/// Settles what waited for the agents: a cancellation or stopping return once both have answered, a refund once it was
/// made.
pub(super) fn agent_spoke(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let mut actions = settle_stop(transaction, desk);
    actions.extend(settle_refund(transaction, desk));
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
    let answered = stop_answered(transaction, Leg::Payment) && stop_answered(transaction, Leg::Delivery);
    if asked.is_empty() || !answered || !is_started(transaction) {
        return Vec::new();
    }
    let standing = Standing::of(transaction);
    let stopped = standing.legs.delivery.failed || !is_instructed(transaction, Leg::Delivery);
    if !stopped {
        let mut goes_on = true;
        let mut actions = Vec::new();
        for asked in asked {
            match &asked.letter.document {
                Document::ReturnRequest(request) if standing.legs.delivery.done.is_some() => {
                    goes_on = false;
                    actions.extend(give_back(transaction, asked, request, desk));
                }
                _ => {
                    let text = "It was too late to stop the delivery.";
                    actions.push(agent::refuse(transaction, asked, "too-late", text));
                }
            }
        }
        // What arrives is paid: the payment that was stopped with it is to be made after all.
        if goes_on && stop_sent(transaction, Leg::Payment).is_some() && standing.legs.payment.done.is_none() {
            actions.extend(collect_again(transaction));
        }
        return actions;
    }
    let mut actions = Vec::new();
    for asked in asked {
        match &asked.letter.document {
            Document::ReturnRequest(request) => {
                let step = Step::Done { at: desk.now.whole_second() };
                actions.extend(report(transaction, cancelled(transaction), desk, None));
                actions.push(answer(transaction, asked, request, step, standing.legs.paid));
            }
            _ => actions.extend(report(transaction, cancelled(transaction), desk, Some(asked))),
        }
    }
    if let Some(paid) = standing.legs.paid.filter(|_| transaction.sent(Kind::RefundInstruction).next().is_none()) {
        actions.extend(refund_instruction(transaction, paid, "cancelled"));
    }
    actions
}

/// Closes the returns whose refunds were made: in the order in which they were agreed to, as far as the money goes.
fn settle_refund(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let Some(refunded) = Standing::of(transaction).legs.refunded else { return Vec::new() };
    let mut needed = Money::zero(refunded.currency());
    let mut actions = Vec::new();
    for (kept, active) in returned::agreed(transaction) {
        let Some(sum) = active.refund.and_then(|refund| needed.plus(&refund).ok()) else { continue };
        needed = sum;
        if needed.exceeds(&refunded).unwrap_or(true) {
            break;
        }
        let request = kept.letter.answers.and_then(|content| transaction.by_content(&content));
        if let (None, Some(request)) = (active.step.done(), request) {
            let done = ReturnAnswer { step: Step::Done { at: desk.now.whole_second() }, ..active.clone() };
            let terms = terms_of(transaction).map(|(digest, _)| digest);
            let to = request.letter.from.clone();
            let draft = Draft::new(transaction, to, Document::ReturnAnswer(done)).about(terms);
            actions.push(draft.answering(request.content).into());
        }
    }
    actions
}
