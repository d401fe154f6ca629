//! What will not happen as it was promised: a payment declined, a parcel refused or lost, an instruction not taken.
//!
//! Such a letter agrees with the terms and is applied; that something is to be done about it is reckoned from how the
//! transaction stands, never entered.

use super::leg::{LegState, Part};
use super::pending::wishes_end;
use super::stopping::{stands_stopped, stop_sent};
use super::{Standing, State, returned};
use crate::trade::document::RefundInstruction;
use crate::trade::item::LineQuantity;
use crate::trade::status::{DeliveryStatus, PaymentStatus, Reason, STOPPED, Step};
use crate::trade::{Document, Kept, Kind, Leg, Moment, Money, Role, Settlement, Transaction};

/// Something that will not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The leg.
    pub leg: Leg,
    /// What failed, why, and who says so.
    pub text: String,
    /// When it was said.
    pub since: Moment,
}

impl Failure {
    /// Returns what a settlement names it by: the same said again later is another matter.
    pub fn subject(&self, transaction: &Transaction) -> String {
        let key = &transaction.key;
        format!("failed {} {} {} {} {}", key.role, key.shop, key.id, self.leg.word(), self.since)
    }
}

/// Returns what failed in a transaction that stands so, as its buyer or shop sees it; an agent knows what it said itself.
pub fn failures(transaction: &Transaction, standing: &Standing) -> Vec<Failure> {
    match transaction.key.role {
        Role::Buyer | Role::Shop => found(transaction, standing),
        Role::Payment | Role::Delivery => Vec::new(),
    }
}

/// Returns the legs of which something failed, whoever says so: lists mark them.
pub fn failed_legs(transaction: &Transaction, standing: &Standing) -> Vec<Leg> {
    found(transaction, standing).into_iter().map(|failure| failure.leg).collect()
}

fn found(transaction: &Transaction, standing: &Standing) -> Vec<Failure> {
    let mut found: Vec<Failure> = came_nonetheless(transaction, standing).into_iter().collect();
    if matches!(standing.state, State::Rejected | State::Refunded) {
        return found;
    }
    // What goes back is not paid and not brought any more; its money may still fail to come back.
    let over = matches!(standing.state, State::Returned | State::Cancelled);
    for leg in Leg::ALL {
        let said = standing.legs.get(leg).content.and_then(|content| transaction.by_content(&content));
        let reasons = match said.map(|kept| &kept.letter.document) {
            Some(Document::PaymentStatus(status)) => declined(status, over),
            Some(Document::DeliveryStatus(status)) if !over && !standing.mark(leg).done => {
                refused(status, said.is_some_and(|said| tells_of_stop(transaction, said)))
            }
            _ => Vec::new(),
        };
        let Some(said) = said else { continue };
        found.extend(reasons.into_iter().map(|text| failure(leg, text, said)));
    }
    found.extend(not_given_back(transaction, standing));
    let refunds = refused_refunds(transaction).into_iter();
    found.extend(refunds.filter_map(|(refusal, refund)| refund_not_taken(refusal, refund)));
    if transaction.key.role == Role::Shop && standing.state == State::Open {
        let legs = [(Leg::Payment, Kind::PaymentInstruction), (Leg::Delivery, Kind::DeliveryInstruction)];
        found.extend(legs.into_iter().filter_map(|(leg, kind)| not_taken(transaction, leg, kind)));
        found.extend(legs.into_iter().filter_map(|(leg, _)| left_stopped(transaction, standing, leg)));
    }
    found
}

/// Goods went back, all or some of them, they were paid for, and the shop agreed to give back less than they are worth: its payment
/// agent's word may have been lost on the way to it, its conditions may let it keep a part, or it keeps the money.
pub fn not_given_back(transaction: &Transaction, standing: &Standing) -> Option<Failure> {
    if transaction.key.role != Role::Buyer {
        return None;
    }
    let (paid, (_, terms)) = standing.legs.paid.zip(transaction.terms())?;
    let (worth, all) = match standing.state {
        State::Returned => (returned::owed_for_all(terms, paid), true),
        // What is not paid in full is not paid for these goods.
        State::Open | State::Completed if standing.legs.payment.done.is_some() => {
            (returned::worth_of_back(transaction, terms)?, false)
        }
        _ => return None,
    };
    let agreed = returned::refund(transaction).ok()?.unwrap_or_else(|| Money::zero(worth.currency()));
    // What the agent has given back or is about to was agreed to as well, whether its payment came before the return or after it.
    let given = standing.legs.refunded.into_iter().chain(standing.legs.refunding);
    let given = Money::sum(&given.collect::<Vec<_>>()).ok().flatten();
    let agreed = given.filter(|given| given.exceeds(&agreed).unwrap_or(false)).unwrap_or(agreed);
    let (said, _) =
        returned::agreed(transaction).into_iter().next_back().filter(|_| worth.exceeds(&agreed).unwrap_or(false))?;
    let text = if all {
        format!("all goods went back, {paid} was paid, and of it {agreed} is to come back")
    } else {
        format!("goods go back for which {worth} was paid, and of it {agreed} is to come back")
    };
    Some(failure(Leg::Payment, text, said))
}

/// Goods that came though the shop had ended the order: its agent had said nothing to the order to stop, or something else; or though
/// they were paid back as lost. Nobody else would see that they are out, and not paid for.
pub fn came_nonetheless(transaction: &Transaction, standing: &Standing) -> Option<Failure> {
    let delivery = &standing.legs.delivery;
    let said = transaction.by_content(&delivery.content?)?;
    if said.settled == Some(Settlement::Accept) {
        return None;
    }
    let parcels = || delivery.parcels.iter().filter_map(|(id, part)| Some((id, part, part.done?)));
    let text = match standing.legs.cancelled {
        Some(ended) => {
            let (id, _, came) = parcels().next()?;
            format!("parcel {id} arrived {came}, though the order was ended {ended}")
        }
        None => {
            let lines = came_and_paid_back(transaction, delivery)?;
            let holds = |part: &Part| part.lines.iter().any(|part| lines.contains(&part.line.as_str()));
            // What came last is what nobody waited for any more.
            let (id, _, came) = parcels().filter(|(_, part, _)| holds(part)).max_by_key(|(.., came)| *came)?;
            format!("parcel {id} arrived {came}, though it was paid back as lost")
        }
    };
    Some(failure(Leg::Delivery, text, said))
}

/// Returns the lines of which more arrived, with what the shop paid back as lost, than were bought; `None` where it paid nothing back
/// so, as nearly always.
fn came_and_paid_back<'a>(transaction: &'a Transaction, delivery: &LegState) -> Option<Vec<&'a str>> {
    if transaction.key.role != Role::Shop {
        return None;
    }
    // What nobody asked to give back is paid back as lost.
    let answers = returned::agreed(transaction).into_iter().filter(|(kept, _)| kept.letter.answers.is_none());
    let lost: Vec<&LineQuantity> = answers.flat_map(|(_, answer)| &answer.lines).collect();
    let (_, terms) = transaction.terms().filter(|_| !lost.is_empty())?;
    let came = delivery.parcels.values().filter(|part| part.done.is_some()).flat_map(|part| &part.lines);
    let all: Vec<&LineQuantity> = lost.iter().copied().chain(came).collect();
    let exceeds = |line: &&str| {
        let bought = terms.lines.iter().find(|bought| bought.id == *line).map(|bought| bought.quantity);
        returned::sum_of(all.iter().copied(), line) > bought
    };
    Some(lost.iter().map(|part| part.line.as_str()).filter(exceeds).collect())
}

/// A refund that the payment agent was told to make and does not make: only its shop can have it made.
fn refund_not_taken(refusal: &Kept, refund: &RefundInstruction) -> Option<Failure> {
    let Document::Refusal(said) = &refusal.letter.document else { return None };
    Some(failure(Leg::Payment, format!("the refund of {} was refused: {}", refund.amount, said.reason.text), refusal))
}

/// An agent that was instructed again, and says that it was stopped all the same: its answer to an order to stop from before.
fn left_stopped(transaction: &Transaction, standing: &Standing, leg: Leg) -> Option<Failure> {
    let said = stands_stopped(transaction, &standing.legs, leg)?;
    let text = || format!("the {leg} was stopped, though the order goes on");
    stop_sent(transaction, leg).is_none().then(|| failure(leg, text(), said))
}

fn failure(leg: Leg, text: String, said: &Kept) -> Failure {
    Failure { leg, text: format!("{text} (says {})", said.letter.from.address), since: said.letter.date }
}

fn reason(step: &Step) -> Option<&Reason> {
    match step {
        Step::Failed { reason, .. } if reason.code != STOPPED => Some(reason),
        _ => None,
    }
}

/// A payment that could not be made, unless another is planned in its place; a refund that could not be made.
fn declined(status: &PaymentStatus, over: bool) -> Vec<String> {
    let open = status
        .payments
        .iter()
        .any(|payment| !payment.refund && !payment.step.failed() && payment.step.done().is_none());
    let last = |refund: bool| status.payments.iter().rfind(|payment| payment.refund == refund);
    let text = |refund: bool, what: &str| {
        let payment = last(refund)?;
        reason(&payment.step).map(|reason| format!("{what} of {} failed: {}", payment.amount, reason.text))
    };
    // Who says that nothing remains has been paid, or collects no more of what was declined; nothing was paid in either word.
    let paid = status.payments.iter().any(|payment| !payment.refund && payment.step.done().is_some());
    let settled = paid && status.remaining.is_zero();
    let payment = text(false, "payment").filter(|_| !over && !open && !settled);
    payment.into_iter().chain(text(true, "refund")).collect()
}

/// Returns whether a stop that this letter tells of is news to its reader: to a buyer who asked neither for the end of the order,
/// nor to give it back, nor said OK to other terms since. A shop has its agents stop, and an agent knows what it stopped.
fn tells_of_stop(transaction: &Transaction, said: &Kept) -> bool {
    let ok = transaction.sent(Kind::Confirmation).last();
    let renewed = ok.is_some_and(|ok| ok.letter.terms != said.letter.terms);
    transaction.key.role == Role::Buyer && !renewed && !wishes_end(transaction)
}

/// Parcels that were refused or lost, and those that the shop had stopped where that is `told`.
fn refused(status: &DeliveryStatus, told: bool) -> Vec<String> {
    let why = |step: &Step| match step {
        Step::Failed { reason, .. } if told || reason.code != STOPPED => Some(reason.clone()),
        _ => None,
    };
    let parcels = status.parcels.iter().filter_map(|parcel| Some((parcel, why(&parcel.step)?)));
    parcels.map(|(parcel, reason)| format!("parcel {} failed: {}", parcel.id, reason.text)).collect()
}

/// Returns the refusal of the newest instruction about a leg, from an agent that has never said how the leg stands: who
/// has, follows one, whatever it refuses.
pub fn not_taken(transaction: &Transaction, leg: Leg, kind: Kind) -> Option<Failure> {
    let instruction = transaction.sent(kind).last()?;
    let speaks = |kept: &Kept| kept.letter.kind().status_of() == Some(leg) && kept.counts();
    if transaction.kept.iter().any(speaks) {
        return None;
    }
    let refusal = refusal_of(transaction, instruction)?;
    let Document::Refusal(said) = &refusal.letter.document else { return None };
    Some(failure(leg, format!("the {kind} was refused: {}", said.reason.text), refusal))
}

/// Returns the refunds that the shop's payment agent refused and that it was not told of once more for that: the refusal, and what
/// was to go back.
pub fn refused_refunds(transaction: &Transaction) -> Vec<(&Kept, &RefundInstruction)> {
    let told = || transaction.sent(Kind::RefundInstruction);
    let again = |refusal: &Kept| told().any(|kept| kept.letter.answers == Some(refusal.content));
    let open = told().filter_map(|kept| match &kept.letter.document {
        Document::RefundInstruction(refund) => {
            Some((refusal_of(transaction, kept).filter(|refusal| !again(refusal))?, refund))
        }
        _ => None,
    });
    open.collect()
}

/// Returns the refusal of a letter of ours.
fn refusal_of<'a>(transaction: &'a Transaction, sent: &Kept) -> Option<&'a Kept> {
    transaction.received(Kind::Refusal).find(|refusal| refusal.letter.answers == Some(sent.content))
}
