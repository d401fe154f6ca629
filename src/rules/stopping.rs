//! Orders to stop that a shop gave its agents, and whether they have answered them.

use super::State;
use super::failed::not_taken;
use super::leg::Legs;
use crate::trade::document::Stop;
use crate::trade::status::{STOPPED, Step};
use crate::trade::{Direction, Document, Kept, Kind, Leg, Moment, Role, Transaction};

/// Returns the kind of the instruction about a leg.
pub const fn instruction_of(leg: Leg) -> Kind {
    if matches!(leg, Leg::Payment) { Kind::PaymentInstruction } else { Kind::DeliveryInstruction }
}

/// Returns whether the agent of `leg` was instructed, and did not refuse.
pub fn is_instructed(transaction: &Transaction, leg: Leg) -> bool {
    let kind = instruction_of(leg);
    transaction.sent(kind).next().is_some() && not_taken(transaction, leg, kind).is_none()
}

/// Returns since when an agent of an open sale has not answered that it was told to stop.
pub fn stopping_since(transaction: &Transaction, state: State) -> Option<Moment> {
    if transaction.key.role != Role::Shop || state != State::Open {
        return None;
    }
    unanswered_stops(transaction).map(|stop| stop.recorded).min()
}

/// Returns the orders to stop that their readers have not answered.
pub fn unanswered_stops(transaction: &Transaction) -> impl Iterator<Item = &Kept> {
    let silent = [Leg::Payment, Leg::Delivery].into_iter().filter(|leg| is_stopping(transaction, *leg));
    silent.filter_map(|leg| stop_sent(transaction, leg))
}

/// Returns the order to stop what the newest instruction about a leg began.
pub fn stop_sent(transaction: &Transaction, leg: Leg) -> Option<&Kept> {
    let begun = transaction.sent(instruction_of(leg)).last()?.position;
    let stops = transaction.sent(Kind::Stop).filter(|kept| kept.position > begun);
    stops.filter(|kept| kept.letter.document == Document::Stop(Stop { leg })).last()
}

/// Returns whether the agent of `leg` was told to stop and has not answered.
pub fn is_stopping(transaction: &Transaction, leg: Leg) -> bool {
    let stop = stop_sent(transaction, leg).filter(|_| is_instructed(transaction, leg));
    stop.is_some_and(|stop| heard_of(transaction, stop).next().is_none())
}

/// Returns what an agent has said of a leg since it was instructed last, where that is that it was stopped, and nothing of it is
/// under way or done.
pub fn stands_stopped<'a>(transaction: &'a Transaction, legs: &Legs, leg: Leg) -> Option<&'a Kept> {
    let instructed = transaction.sent(instruction_of(leg)).last()?.position;
    let said = transaction.by_content(&legs.get(leg).content?).filter(|said| said.position > instructed)?;
    let steps: Vec<&Step> = match &said.letter.document {
        Document::PaymentStatus(status) => status.payments.iter().filter(|p| !p.refund).map(|p| &p.step).collect(),
        Document::DeliveryStatus(status) if legs.delivery.failed => status.parcels.iter().map(|p| &p.step).collect(),
        _ => return None,
    };
    let stopped = |step: &&Step| matches!(step, Step::Failed { reason, .. } if reason.code == STOPPED);
    let over = legs.get(leg).done.is_none() && steps.iter().all(|step| step.is_over());
    (over && steps.iter().any(stopped)).then_some(said)
}

/// Returns the letters that count and that an agent wrote after it had read this order to stop: its answer, and where that
/// was warned about, what it said of the leg since, for each status is all it has to say.
pub fn heard_of<'a>(transaction: &'a Transaction, stop: &'a Kept) -> impl Iterator<Item = &'a Kept> {
    let from_agent = transaction.kept.iter().filter(|kept| kept.direction == Direction::In);
    let from_agent = from_agent.filter(|kept| kept.letter.from == stop.letter.to);
    let answers = |kept: &&Kept| kept.letter.answers == Some(stop.content);
    let answered = from_agent.clone().find(answers).and_then(|kept| kept.letter.seq);
    let leg = match stop.letter.document {
        Document::Stop(Stop { leg }) => Some(leg),
        _ => None,
    };
    let later = move |kept: &Kept| {
        let says = kept.letter.kind().status_of();
        says.is_some() && says == leg && answered.zip(kept.letter.seq).is_some_and(|(answered, seq)| seq > answered)
    };
    // What it says by terms of before does not tell of the instruction that was to be stopped: that has not come yet.
    let about = stop.letter.terms;
    let of_these = move |kept: &Kept| about.is_none() || kept.letter.terms.is_none() || kept.letter.terms == about;
    let heard = move |kept: &&Kept| kept.letter.answers == Some(stop.content) || later(kept);
    from_agent.filter(move |kept| kept.counts() && of_these(kept)).filter(heard)
}
