//! How the legs of a transaction stand: the fold of their speakers' statuses in the order of their numbers.
//!
//! The result depends on the set of letters alone, never on the order in which the mail brought them (I6).

use std::collections::BTreeMap;

use super::authority;
use super::statement::Check;
use crate::trade::item::LineQuantity;
use crate::trade::status::{OrderState, PaymentState, Step};
use crate::trade::{
    Digest, Direction, Document, Finding, Kept, Kind, Leg, Moment, Money, Settlement, Transaction, Verdict, When,
};

/// A parcel or payment as its speaker's last statement has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// When it was done.
    pub done: Option<Moment>,
    /// What is in it.
    pub lines: Vec<LineQuantity>,
}

/// How one leg stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LegState {
    /// The statement in force.
    pub content: Option<Digest>,
    /// When the speaker was last heard: the statement's own moment.
    pub as_of: Option<Moment>,
    /// When all of it was done.
    pub done: Option<Moment>,
    /// When what is not done is planned.
    pub planned: Option<When>,
    /// Whether all of it was stopped, refused or lost.
    pub failed: bool,
    /// Its parcels, by number.
    pub parcels: BTreeMap<String, Part>,
}

/// How the three legs stand, and what that says about the transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Legs {
    /// Shipped?
    pub order: LegState,
    /// Paid?
    pub payment: LegState,
    /// Delivered?
    pub delivery: LegState,
    /// From when on the shop has confirmed the cancellation.
    pub cancelled: Option<Moment>,
    /// What is paid so far.
    pub paid: Option<Money>,
    /// What remains to be paid, as the payment agent says.
    pub remaining: Option<Money>,
    /// What went back to the buyer.
    pub refunded: Option<Money>,
}

impl Legs {
    /// Returns one leg.
    pub fn get(&self, leg: Leg) -> &LegState {
        match leg {
            Leg::Order => &self.order,
            Leg::Payment => &self.payment,
            Leg::Delivery => &self.delivery,
        }
    }
}

/// What is to become of one letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The letter.
    pub content: Digest,
    /// Its verdict.
    pub verdict: Verdict,
    /// Why.
    pub findings: Vec<Finding>,
}

/// Folds all statuses of a transaction: how its legs stand, and what becomes of each status received.
pub fn fold(transaction: &Transaction) -> (Legs, Vec<Judged>) {
    let mut legs = Legs::default();
    let mut judged = Vec::new();
    for leg in [Leg::Order, Leg::Payment, Leg::Delivery] {
        fold_leg(transaction, leg, &mut legs, &mut judged);
    }
    (legs, judged)
}

fn fold_leg(transaction: &Transaction, leg: Leg, legs: &mut Legs, judged: &mut Vec<Judged>) {
    let mut statuses: Vec<&Kept> =
        transaction.kept.iter().filter(|kept| kept.letter.kind().status_of() == Some(leg)).collect();
    // Our own statuses go to buyer and shop with numbers of their own: they stand in the order of writing.
    statuses.sort_by_key(|kept| match kept.direction {
        Direction::In => (kept.letter.seq, kept.position),
        Direction::Out => (None, kept.position),
    });
    let mut current: Option<&Kept> = None;
    for kept in statuses {
        if kept.direction == Direction::Out {
            current = Some(kept);
            state_of(kept, legs);
            continue;
        }
        let (verdict, findings) = judge(transaction, leg, kept, current, legs);
        if verdict == Verdict::Applied {
            current = Some(kept);
            state_of(kept, legs);
        }
        judged.push(Judged { content: kept.content, verdict, findings });
    }
}

/// Judges one status with those of lower numbers already folded.
fn judge(
    transaction: &Transaction,
    leg: Leg,
    kept: &Kept,
    current: Option<&Kept>,
    legs: &Legs,
) -> (Verdict, Vec<Finding>) {
    let Some(terms) = transaction.terms() else {
        let unknown = kept.findings.iter().filter(|f| f.code == crate::trade::Code::UnknownTransaction).cloned();
        return (Verdict::Held, unknown.collect());
    };
    let all: Vec<Digest> = transaction.all_terms().map(|(kept, _)| kept.content).collect();
    let mut findings: Vec<Finding> = lasting(kept);
    match authority::standing(&kept.letter, leg, terms, &all) {
        authority::Standing::Refused(finding) => findings.push(finding),
        authority::Standing::OtherTerms => return (Verdict::Stale, findings),
        authority::Standing::InForce => {}
    }
    if findings.iter().all(|finding| !finding.code.blocks()) {
        let before = current.map(|kept| &kept.letter.document);
        let check = Check::new(terms.1, before, &legs.order, legs.cancelled, refundable(transaction, legs));
        findings.extend(check.run(kept));
    }
    findings.sort();
    let blocked = findings.iter().any(|finding| finding.code.blocks());
    if blocked && kept.settled != Some(Settlement::Accept) {
        (Verdict::Warned, findings)
    } else {
        (Verdict::Applied, findings)
    }
}

/// Returns the findings of a letter that no later letter can change: who signed it, what reading it turned up.
fn lasting(kept: &Kept) -> Vec<Finding> {
    use crate::trade::Code;
    let lasts = |code: Code| {
        matches!(
            code,
            Code::FromDiffers
                | Code::KeyChanged
                | Code::WrongRole
                | Code::EnvelopeDiffersFromData
                | Code::NumberReused
                | Code::BelowTrust
                | Code::TextDiffersFromData
        )
    };
    kept.findings.iter().filter(|finding| lasts(finding.code)).cloned().collect()
}

/// Returns how much may go back to the buyer: what a return was agreed for, or all that was paid once cancelled.
fn refundable(transaction: &Transaction, legs: &Legs) -> Option<Money> {
    let agreed = transaction.known(Kind::ReturnAnswer).filter_map(|kept| match &kept.letter.document {
        Document::ReturnAnswer(answer) if !answer.step.failed() => answer.refund,
        _ => None,
    });
    let instructed = transaction.known(Kind::RefundInstruction).filter_map(|kept| match &kept.letter.document {
        Document::RefundInstruction(instruction) => Some(instruction.amount),
        _ => None,
    });
    let total = transaction.terms().map(|(_, terms)| terms.total);
    agreed.chain(instructed).last().or_else(|| total.filter(|_| legs.cancelled.is_some()))
}

/// Takes over what a statement in force says.
fn state_of(kept: &Kept, legs: &mut Legs) {
    let as_of = Some(kept.letter.as_of.unwrap_or(kept.letter.date));
    match &kept.letter.document {
        Document::OrderStatus(status) => {
            let steps: Vec<&Step> = status.shipments.iter().map(|s| &s.step).collect();
            legs.order = leg_state(kept, as_of, &steps);
            for shipment in &status.shipments {
                let part = Part { done: shipment.step.done(), lines: shipment.lines.clone() };
                legs.order.parcels.insert(shipment.parcel.clone(), part);
            }
            legs.cancelled = as_of.filter(|_| status.state == OrderState::Cancelled);
        }
        Document::DeliveryStatus(status) => {
            let steps: Vec<&Step> = status.parcels.iter().map(|p| &p.step).collect();
            legs.delivery = leg_state(kept, as_of, &steps);
            for parcel in &status.parcels {
                let part = Part { done: parcel.step.done(), lines: parcel.lines.clone() };
                legs.delivery.parcels.insert(parcel.id.clone(), part);
                if legs.delivery.planned.is_none() && parcel.step.done().is_none() {
                    legs.delivery.planned = parcel.expected_until.or(parcel.expected_from);
                }
            }
        }
        Document::PaymentStatus(status) => {
            let steps: Vec<&Step> = status.payments.iter().filter(|p| !p.refund).map(|p| &p.step).collect();
            legs.payment = leg_state(kept, as_of, &steps);
            if legs.payment.done.is_none() {
                legs.payment.planned = legs.payment.planned.or(status.scheduled).or(status.due);
            }
            legs.payment.failed |= status.state == PaymentState::Declined;
            let sum = |refund: bool| {
                let made = status.payments.iter().filter(|p| p.refund == refund && p.step.done().is_some());
                Money::sum(made.map(|p| &p.amount)).ok().flatten()
            };
            legs.paid = sum(false);
            legs.refunded = sum(true);
            legs.remaining = Some(status.remaining);
        }
        _ => {}
    }
}

fn leg_state(kept: &Kept, as_of: Option<Moment>, steps: &[&Step]) -> LegState {
    let done = steps.iter().filter_map(|step| step.done()).max();
    let planned = steps.iter().filter_map(|step| step.planned()).next_back();
    LegState {
        content: Some(kept.content),
        as_of,
        done: done.filter(|_| kept.letter.done == Some(true)),
        planned,
        failed: !steps.is_empty() && steps.iter().all(|step| step.failed()),
        parcels: BTreeMap::new(),
    }
}
