//! The shop after the OK: cancellations, returns, refunds (P37, P38, P93-P97).
//!
//! Letters that cross are settled by the shop's answer. Before anything started a cancellation is final; afterwards it
//! is a wish, and the shop answers only after its agents have answered `stop`.

use super::shop::{is_started, report, status_now};
use super::{Action, Desk, Draft, agent, terms_of};
use crate::rules::Standing;
use crate::trade::document::{RefundInstruction, ReturnAnswer, ReturnRequest, Stop};
use crate::trade::item::LineQuantity;
use crate::trade::status::{OrderState, OrderStatus, Reason, Step};
use crate::trade::{Direction, Document, Kept, Kind, Leg, Money, Quantity, Transaction};

/// Takes a cancellation in.
pub(super) fn cancel(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Vec<Action> {
    if Standing::of(transaction).legs.delivery.done.is_some() {
        let text = "The goods are delivered; please ask for a return.";
        return vec![agent::refuse(transaction, kept, "too-late", text)];
    }
    if is_started(transaction) {
        return stop_agents(transaction);
    }
    report(transaction, cancelled(transaction), desk, Some(kept)).into_iter().collect()
}

fn cancelled(transaction: &Transaction) -> OrderStatus {
    let mut status = status_now(transaction);
    status.state = OrderState::Cancelled;
    status.shipments.retain(|shipment| shipment.step.done().is_some());
    status
}

/// Tells both agents to stop, once.
fn stop_agents(transaction: &Transaction) -> Vec<Action> {
    let Some((digest, terms)) = terms_of(transaction) else { return Vec::new() };
    let legs = [Leg::Payment, Leg::Delivery].into_iter().filter(|leg| stop_sent(transaction, *leg).is_none());
    legs.filter_map(|leg| {
        let agent = terms.agent(leg)?;
        let document = Document::Stop(Stop { leg });
        Some(Draft::new(transaction, agent.party.clone(), document).about(Some(digest)).into())
    })
    .collect()
}

fn stop_sent(transaction: &Transaction, leg: Leg) -> Option<&Kept> {
    transaction.sent(Kind::Stop).find(|kept| kept.letter.document == Document::Stop(Stop { leg }))
}

/// Returns whether the agent of `leg` has answered the order to stop.
fn stop_answered(transaction: &Transaction, leg: Leg) -> bool {
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
    let Some(delivered) = standing.legs.delivery.done else {
        return if is_started(transaction) {
            stop_agents(transaction)
        } else {
            closed_return(transaction, kept, request, desk)
        };
    };
    let days = desk.practice.shop.as_ref().map_or(0, |shop| i64::from(shop.return_days));
    let until = delivered.plus_seconds(days.saturating_mul(86_400));
    let reason = if days == 0 {
        Some("Goods are not taken back without asking; please write to us.")
    } else if kept.recorded > until {
        Some("The time for returns has passed.")
    } else if too_much(transaction, &request.lines) {
        Some("More is to be returned than was bought.")
    } else {
        None
    };
    if let Some(text) = reason {
        return vec![answer(transaction, kept, request, failed("refused", text, desk), None)];
    }
    agreed_return(transaction, kept, request, desk)
}

fn failed(code: &str, text: &str, desk: &Desk<'_>) -> Step {
    Step::Failed { reason: Reason { code: code.to_owned(), text: text.to_owned() }, at: Some(desk.now) }
}

/// Agrees to a return: the refund is instructed, or nothing is owed because nothing was paid.
fn agreed_return(transaction: &Transaction, kept: &Kept, request: &ReturnRequest, desk: &Desk<'_>) -> Vec<Action> {
    let value = value_of(transaction, &request.lines);
    let paid = Standing::of(transaction).legs.paid;
    let refund = value.filter(|value| paid.is_some_and(|paid| !value.exceeds(&paid).unwrap_or(true)));
    match refund {
        Some(refund) => {
            let mut actions = vec![answer(transaction, kept, request, Step::Active { at: None }, Some(refund))];
            actions.extend(refund_instruction(transaction, refund, "returned"));
            actions
        }
        None => stop_agents(transaction)
            .into_iter()
            .chain([answer(transaction, kept, request, Step::Done { at: desk.now.whole_second() }, None)])
            .collect(),
    }
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

fn too_much(transaction: &Transaction, lines: &[LineQuantity]) -> bool {
    let Some((_, terms)) = transaction.terms() else { return true };
    lines.iter().any(|part| {
        let asked: Option<Quantity> = lines
            .iter()
            .filter(|other| other.line == part.line)
            .map(|p| p.quantity)
            .reduce(|a, b| a.plus(b).unwrap_or(a));
        !terms.lines.iter().any(|line| line.id == part.line && asked.is_some_and(|asked| asked <= line.quantity))
    })
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

/// Returns the oldest request of `kind` that has no answer yet.
fn unanswered(transaction: &Transaction, kind: Kind) -> Option<&Kept> {
    transaction.received(kind).find(|request| {
        !transaction
            .kept
            .iter()
            .any(|kept| kept.direction == Direction::Out && kept.letter.answers == Some(request.content))
    })
}

fn settle_stop(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let cancellation = unanswered(transaction, Kind::Cancellation);
    let returned = unanswered(transaction, Kind::ReturnRequest);
    let Some(asked) = cancellation.or(returned) else { return Vec::new() };
    if !stop_answered(transaction, Leg::Payment) || !stop_answered(transaction, Leg::Delivery) {
        return Vec::new();
    }
    let standing = Standing::of(transaction);
    if !standing.legs.delivery.failed {
        return match &asked.letter.document {
            Document::ReturnRequest(request) if standing.legs.delivery.done.is_some() => {
                give_back(transaction, asked, request, desk)
            }
            _ => vec![agent::refuse(transaction, asked, "too-late", "It was too late to stop the delivery.")],
        };
    }
    let mut actions: Vec<Action> = match &asked.letter.document {
        Document::ReturnRequest(request) => {
            let step = Step::Done { at: desk.now.whole_second() };
            let answer = answer(transaction, asked, request, step, standing.legs.paid);
            report(transaction, cancelled(transaction), desk, None).into_iter().chain([answer]).collect()
        }
        _ => report(transaction, cancelled(transaction), desk, Some(asked)).into_iter().collect(),
    };
    if let Some(paid) = standing.legs.paid.filter(|_| transaction.sent(Kind::RefundInstruction).next().is_none()) {
        actions.extend(refund_instruction(transaction, paid, "cancelled"));
    }
    actions
}

/// Closes a return once its refund was made.
fn settle_refund(transaction: &Transaction, desk: &Desk<'_>) -> Option<Action> {
    Standing::of(transaction).legs.refunded?;
    let answers = transaction.sent(Kind::ReturnAnswer).filter_map(|kept| match &kept.letter.document {
        Document::ReturnAnswer(answer) => Some((kept, answer)),
        _ => None,
    });
    let answers: Vec<_> = answers.collect();
    let (first, active) = answers.iter().find(|(_, answer)| matches!(answer.step, Step::Active { .. }))?;
    if answers.iter().any(|(_, answer)| answer.step.done().is_some()) {
        return None;
    }
    let request = transaction.by_content(&first.letter.answers?)?;
    let done = ReturnAnswer { step: Step::Done { at: desk.now.whole_second() }, ..(*active).clone() };
    let terms = terms_of(transaction).map(|(digest, _)| digest);
    let to = request.letter.from.clone();
    let draft = Draft::new(transaction, to, Document::ReturnAnswer(done)).about(terms).answering(request.content);
    Some(draft.into())
}
