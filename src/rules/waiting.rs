//! What waits for the owner of a part: an order, a cancellation or a return that the program did not answer by itself, work
//! that a hook would not do, and what a hook said that fits with nothing.
//!
//! It is reckoned from the letters alone: what is answered, or asked of an agent, waits for nobody.

use super::standing::{Standing, State};
use crate::trade::document::AuthorizationResult;
use crate::trade::{Direction, Document, Given, Kept, Kind, Moment, Role, Transaction, Work};

/// Something that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting<'a> {
    /// An order without terms and without a rejection.
    Order(&'a Kept),
    /// A cancellation without an answer.
    Cancellation(&'a Kept),
    /// A return without an answer.
    Return(&'a Kept),
    /// Work that its hook would not do.
    Task(&'a Given),
    /// Work of which its hook said what does not fit with what was told before.
    Untold(&'a Given),
}

impl Waiting<'_> {
    /// Returns its word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Order(_) => "order",
            Self::Cancellation(_) => "cancellation",
            Self::Return(_) => "return",
            Self::Task(_) | Self::Untold(_) => "task",
        }
    }

    /// Returns the entry it came with.
    pub const fn position(&self) -> u64 {
        match self {
            Self::Order(kept) | Self::Cancellation(kept) | Self::Return(kept) => kept.position,
            Self::Task(given) | Self::Untold(given) => given.position,
        }
    }

    /// Returns since when it waits.
    pub const fn since(&self) -> Moment {
        match self {
            Self::Order(kept) | Self::Cancellation(kept) | Self::Return(kept) => kept.recorded,
            Self::Task(given) | Self::Untold(given) => given.since,
        }
    }
}

/// Returns what waits in a transaction, as the part we play in it has it, oldest first.
pub fn waiting(transaction: &Transaction) -> Vec<Waiting<'_>> {
    waiting_in(transaction, Standing::of(transaction).state)
}

/// The same of a transaction whose state is reckoned already.
pub fn waiting_in(transaction: &Transaction, state: State) -> Vec<Waiting<'_>> {
    let mut found: Vec<Waiting<'_>> = untold(transaction).map(Waiting::Untold).collect();
    if transaction.key.role != Role::Shop {
        return found;
    }
    found.extend(order(transaction, state));
    let unanswered = |kind: Kind| transaction.received(kind).filter(|asked| is_unanswered(transaction, asked));
    found.extend(unanswered(Kind::Cancellation).map(Waiting::Cancellation));
    found.extend(unanswered(Kind::ReturnRequest).map(Waiting::Return));
    found.extend(refused_work(transaction, state).map(Waiting::Task));
    found.sort_by_key(Waiting::position);
    found
}

fn order(transaction: &Transaction, state: State) -> Option<Waiting<'_>> {
    let (kept, _) = transaction.order()?;
    let answered = [Kind::OrderRejection, Kind::TransactionInfo];
    let answered = answered.into_iter().any(|kind| transaction.sent(kind).next().is_some());
    // What the agent refused is not begun.
    let asked = transaction.sent(Kind::AuthorizationRequest).next().is_some();
    let refused = authorization_result(transaction).is_some_and(|result| result.step.failed());
    let begun = answered || (asked && !refused);
    let cancelled = transaction.known(Kind::Cancellation).next().is_some();
    let waits = state == State::Ordered && !begun && !cancelled && kept.direction == Direction::In;
    waits.then_some(Waiting::Order(kept))
}

/// Returns the payment agent's last answer to our newest request for an authorisation, if that was a yes or a no.
pub fn authorization_result(transaction: &Transaction) -> Option<&AuthorizationResult> {
    let asked = transaction.sent(Kind::AuthorizationRequest).last()?;
    let answers = transaction.received(Kind::AuthorizationResult);
    let results = answers.filter(|kept| kept.letter.answers == Some(asked.content));
    let results = results.filter_map(|kept| match &kept.letter.document {
        Document::AuthorizationResult(result) => Some((kept.letter.seq, result)),
        _ => None,
    });
    let said = results.filter(|(_, result)| result.step.failed() || result.step.done().is_some());
    said.max_by_key(|(seq, _)| *seq).map(|(_, result)| result)
}

/// Returns whether nobody was told or asked anything since `asked` came.
fn is_unanswered(transaction: &Transaction, asked: &Kept) -> bool {
    let mut ours = transaction.kept.iter().filter(|kept| kept.direction == Direction::Out);
    !ours.any(|kept| {
        let stops = kept.letter.kind() == Kind::Stop && kept.position > asked.position;
        stops || kept.letter.answers == Some(asked.content)
    })
}

/// Returns the work of which hooks said what nobody was told, as long as no status of ours was written after it: that is
/// how a person says what is right. One that only answers a question says nothing new.
pub fn untold(transaction: &Transaction) -> impl Iterator<Item = &Given> {
    let asked = |kept: &Kept| kept.letter.answers.and_then(|content| transaction.by_content(&content));
    let only_asked = |kept: &Kept| asked(kept).is_some_and(|asked| asked.letter.kind() == Kind::StatusRequest);
    let is_status = |kept: &Kept| kept.direction == Direction::Out && kept.letter.kind().status_of().is_some();
    let ours = |kept: &&Kept| is_status(kept) && !only_asked(kept);
    let last = transaction.kept.iter().rfind(ours).map(|kept| kept.position);
    transaction
        .given
        .iter()
        .filter(move |given| given.untold.as_ref().is_some_and(|untold| Some(untold.position) > last))
}

/// Returns the work that hooks would not do and that nobody had done again.
fn refused_work(transaction: &Transaction, state: State) -> impl Iterator<Item = &Given> {
    let open = matches!(state, State::Open | State::Offered);
    transaction.given.iter().enumerate().filter_map(move |(place, given)| {
        let mut later = transaction.given.iter().skip(place.saturating_add(1));
        let again = later.any(|other| other.task.hook == given.task.hook && other.task.work == given.task.work);
        let waits = given.failed() && given.task.work == Work::Release && open && !again;
        waits.then_some(given)
    })
}
