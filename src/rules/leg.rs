//! How the legs of a transaction stand: the fold of their speakers' statuses in the order of their numbers.
//!
//! The result depends on the set of letters alone, never on the order in which the mail brought them (I6).

use std::collections::BTreeMap;

use super::authority;
use super::folding::{Folded, Folding, Ground, Run};
use super::other_terms;
use super::pending::wishes_end;
use super::returned;
use super::statement::{self, Check};
use crate::trade::item::LineQuantity;
use crate::trade::status::{OrderState, Payment, PaymentState, Step};
use crate::trade::{
    Code, Digest, Direction, Document, Finding, Kept, Kind, Leg, Moment, Money, Role, Settlement, Terms, Transaction,
    Verdict, When,
};

/// A parcel or payment as its speaker's last statement has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// When it was done.
    pub done: Option<Moment>,
    /// Whether it was stopped, refused or lost.
    pub failed: bool,
    /// When it is to be done, where it neither was nor failed.
    pub planned: Option<When>,
    /// What is in it.
    pub lines: Vec<LineQuantity>,
}

impl Part {
    fn new(step: &Step, planned: Option<When>, lines: &[LineQuantity]) -> Self {
        Self { done: step.done(), failed: step.failed(), planned, lines: lines.to_vec() }
    }
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

impl LegState {
    /// Returns when the last parcel that is done was done; `None` where none is.
    pub fn done_in_part(&self) -> Option<Moment> {
        self.parcels.values().filter_map(|part| part.done).max()
    }

    /// Returns when the next parcel that is under way is to be done.
    pub fn next(&self) -> Option<When> {
        let planned = self.parcels.values().filter_map(|part| part.planned);
        planned.min_by_key(|date| date.end(jiff::tz::Offset::UTC))
    }

    /// Returns whether nothing more of the goods is to come: all have arrived, or it is said which will not.
    pub fn is_brought(&self) -> bool {
        self.done.is_some() || self.missing().is_some()
    }

    /// Returns the goods that will not come though others came: [`lost`](Self::lost), where anything is done.
    pub fn missing(&self) -> Option<Vec<LineQuantity>> {
        self.lost().filter(|_| self.done_in_part().is_some())
    }

    /// Returns the goods that will not come: what is in failed parcels, once no parcel is under way.
    ///
    /// `None` where nothing failed, or something may still come.
    pub fn lost(&self) -> Option<Vec<LineQuantity>> {
        let over = self.parcels.values().all(|part| part.done.is_some() || part.failed);
        let failed = self.parcels.values().filter(|part| part.failed && part.done.is_none());
        let lines: Vec<LineQuantity> = failed.flat_map(|part| part.lines.iter().cloned()).collect();
        Some(lines).filter(|lines| over && !lines.is_empty())
    }
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
    /// What is still to go back.
    pub refunding: Option<Money>,
    /// When the payment agent means to give it back.
    pub refund_planned: Option<When>,
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
    let mut judged = Vec::new();
    let legs = fold_each(transaction, None, None, &mut |kept, verdict, findings| {
        judged.push(Judged { content: kept.content, verdict, findings: findings.to_vec() });
    });
    (legs, judged)
}

/// Hears of each status received what becomes of it, leg by leg, in the order of their numbers.
pub(super) type Each<'a> = dyn FnMut(&Kept, Verdict, &[Finding]) + 'a;

/// Folds all statuses of a transaction, and `new` with them, which is none of its letters yet. What `folding` remembers of
/// the same transaction is not judged again.
pub(super) fn fold_each(
    transaction: &Transaction,
    new: Option<&Kept>,
    folding: Option<&mut Folding>,
    each: &mut Each<'_>,
) -> Legs {
    let mut legs = Legs::default();
    let mut cancelled_by = None;
    let known = Known {
        transaction,
        terms: transaction.terms(),
        all_terms: transaction.all_terms().map(|(kept, _)| kept.content).collect(),
        new,
    };
    // What is paid is held against what left and arrived, what arrived against what left.
    let [order, delivery, payment] = folding.map_or([None, None, None], |folding| folding.runs().map(Some));
    for (leg, run) in [(Leg::Order, order), (Leg::Delivery, delivery), (Leg::Payment, payment)] {
        cancelled_by = fold_leg(&known, leg, run, (&mut legs, cancelled_by), each);
    }
    legs
}

/// What does not change while a transaction is folded.
struct Known<'a> {
    transaction: &'a Transaction,
    terms: Option<(&'a Kept, &'a Terms)>,
    all_terms: Vec<Digest>,
    new: Option<&'a Kept>,
}

/// Folds one leg; returns the entry by which the cancellation came, as far as it is known behind it.
fn fold_leg(
    known: &Known<'_>,
    leg: Leg,
    run: Option<&mut Option<Run>>,
    (legs, cancelled_by): (&mut Legs, Option<u64>),
    each: &mut Each<'_>,
) -> Option<u64> {
    let is_of_leg = |kept: &&Kept| kept.letter.kind().status_of() == Some(leg);
    let mut statuses: Vec<&Kept> = known.transaction.kept.iter().chain(known.new).filter(is_of_leg).collect();
    // Our own statuses go to buyer and shop with numbers of their own: they stand in the order of writing.
    statuses.sort_by_key(|kept| match kept.direction {
        Direction::In => (kept.letter.seq, kept.position),
        Direction::Out => (None, kept.position),
    });
    let refundable = refundable(known, legs);
    let mut fold = LegFold { known, leg, refundable, current: None, cancelled_by, legs, each };
    // Without terms other letters than statuses decide what becomes of these.
    let Some((run, (terms, _))) = run.zip(known.terms) else {
        for kept in statuses {
            fold.take(kept);
        }
        return fold.cancelled_by;
    };
    let ground = Ground {
        terms: terms.content,
        all_terms: known.all_terms.clone(),
        refundable: fold.refundable,
        cancelled_by,
        legs: fold.legs.clone(),
    };
    let mut memory = run.take().filter(|run| run.leads_to(&ground, &statuses)).unwrap_or_else(|| Run::new(ground));
    fold.go_on(&memory, &statuses);
    let is_new = |kept: &&Kept| known.new.is_some_and(|new| std::ptr::eq(*kept, new));
    let (before, from_new) = statuses.split_at(statuses.iter().position(is_new).unwrap_or(statuses.len()));
    for kept in before.iter().skip(memory.steps.len()) {
        let judged = fold.take(kept);
        memory.steps.push(Folded::of(kept, judged));
    }
    memory.current = fold.current.map(|current| current.position);
    memory.cancelled_by = fold.cancelled_by;
    memory.legs = fold.legs.clone();
    *run = Some(memory);
    for kept in from_new {
        fold.take(kept);
    }
    fold.cancelled_by
}

/// The fold of one leg, as far as it has come.
struct LegFold<'a, 'b> {
    known: &'a Known<'a>,
    leg: Leg,
    refundable: Option<Money>,
    /// The statement in force.
    current: Option<&'a Kept>,
    /// The entry of the letter that first confirmed the cancellation that stands.
    cancelled_by: Option<u64>,
    legs: &'b mut Legs,
    each: &'b mut Each<'b>,
}

impl<'a> LegFold<'a, '_> {
    /// Goes to where a fold before had come.
    fn go_on(&mut self, memory: &Run, statuses: &[&'a Kept]) {
        for (kept, step) in statuses.iter().zip(&memory.steps) {
            if let Some((verdict, findings)) = &step.judged {
                (self.each)(kept, *verdict, findings);
            }
            if Some(kept.position) == memory.current {
                self.current = Some(kept);
            }
        }
        self.cancelled_by = memory.cancelled_by;
        self.legs.clone_from(&memory.legs);
    }

    /// Takes the next status; returns what becomes of it, if it was received.
    fn take(&mut self, kept: &'a Kept) -> Option<(Verdict, Vec<Finding>)> {
        let judged = match kept.direction {
            Direction::Out => None,
            Direction::In => Some(self.judge(kept)),
        };
        if judged.as_ref().is_none_or(|(verdict, _)| *verdict == Verdict::Applied) {
            self.current = Some(kept);
            state_of(self.known, kept, &kept.letter.document, self.legs);
            self.cancelled_by = self.legs.cancelled.and(self.cancelled_by.or(Some(kept.position)));
        }
        if judged.as_ref().is_some_and(|(verdict, _)| *verdict == Verdict::Stale) {
            self.take_done(kept);
        }
        if let Some((verdict, findings)) = &judged {
            (self.each)(kept, *verdict, findings);
        }
        judged
    }

    /// Takes over what a status by other terms says is done.
    fn take_done(&mut self, kept: &'a Kept) {
        let (said, last) = (&kept.letter.document, self.current.map(|current| &current.letter.document));
        let done = other_terms::done_of(said).filter(|_| other_terms::says_more(said, last));
        let Some((done, (_, terms))) = done.zip(self.known.terms) else { return };
        self.current = Some(kept);
        let cancelled = self.legs.cancelled;
        state_of(self.known, kept, &done, self.legs);
        self.legs.cancelled = cancelled;
        other_terms::hold_against(terms, self.leg, &done, self.legs);
    }

    /// Returns since when a buyer knew that all was delivered and paid before this status came that ends the order, though he wished
    /// no end of it and nothing had ended it before.
    fn completed_before(&self, kept: &Kept) -> Option<Moment> {
        let known = self.known.transaction;
        let is_unasked = known.key.role == Role::Buyer && self.legs.cancelled.is_none();
        // Nearly no status ends an order: what takes time is asked last.
        if !ends(&kept.letter.document) || !is_unasked || wishes_end(known) {
            return None;
        }
        let mut before = known.clone();
        before.kept.retain(|other| other.position < kept.position && !ends(&other.letter.document));
        let (legs, _) = fold(&before);
        legs.delivery.done.zip(legs.payment.done).map(|(delivered, paid)| delivered.max(paid))
    }

    /// Judges one status with those of lower numbers already folded.
    fn judge(&self, kept: &Kept) -> (Verdict, Vec<Finding>) {
        let Self { known, leg, refundable, .. } = *self;
        if kept.settled == Some(Settlement::Block) {
            return (Verdict::Warned, kept.findings.clone());
        }
        let Some(terms) = known.terms else { return before_terms(known.transaction, kept) };
        let mut findings: Vec<Finding> = lasting(kept);
        match authority::standing(&kept.letter, leg, terms, &known.all_terms) {
            authority::Standing::Refused(finding) => findings.push(finding),
            authority::Standing::OtherTerms => {
                // What was done by these or others of them before stays done.
                let before = self.current.filter(|current| Some(terms.0.content) != current.letter.terms);
                return replaced(known, kept, before, findings, refundable);
            }
            authority::Standing::InForce => {}
        }
        if findings.iter().all(|finding| !finding.code.blocks()) {
            let before = self.current.map(|kept| &kept.letter.document);
            let check = Check::new(terms.1, before, self.legs, refundable).cancelled_by(self.cancelled_by);
            findings.extend(check.completed(self.completed_before(kept)).run(kept));
        }
        findings.sort();
        findings.dedup();
        let blocked = findings.iter().any(|finding| finding.code.blocks());
        if blocked && kept.settled != Some(Settlement::Accept) {
            (Verdict::Warned, findings)
        } else {
            (Verdict::Applied, findings)
        }
    }
}

/// Returns whether a status says that the order is over.
fn ends(document: &Document) -> bool {
    matches!(document, Document::OrderStatus(status) if matches!(status.state, OrderState::Cancelled | OrderState::Returned))
}

/// Judges a status about terms that are not in force: it is history, but what does not fit even with those is no honest word.
fn replaced(
    known: &Known<'_>,
    kept: &Kept,
    before: Option<&Kept>,
    mut findings: Vec<Finding>,
    refundable: Option<Money>,
) -> (Verdict, Vec<Finding>) {
    let named = known.transaction.all_terms().find(|(other, _)| kept.letter.terms == Some(other.content));
    if let Some((_, terms)) = named {
        let before = before.map(|before| &before.letter.document);
        let found = Check::new(terms, before, &Legs::default(), refundable).run(kept);
        // Whether what was planned then fits is of no interest any more.
        findings.extend(found.into_iter().filter(|finding| finding.code != Code::PlannedLate));
    }
    findings.sort();
    findings.dedup();
    let blocked = findings.iter().any(|finding| finding.code.blocks());
    let warned = blocked && kept.settled != Some(Settlement::Accept);
    (if warned { Verdict::Warned } else { Verdict::Stale }, findings)
}

/// Judges a status while there are no terms: it waits for them.
///
/// But the shop's answer to a cancellation that came before the terms, or before they were taken, names the order too, and
/// no terms will follow.
fn before_terms(transaction: &Transaction, kept: &Kept) -> (Verdict, Vec<Finding>) {
    let mut findings = lasting(kept);
    if findings.iter().any(|finding| finding.code.blocks()) && kept.settled != Some(Settlement::Accept) {
        return (Verdict::Warned, findings);
    }
    let cancels = matches!(
        &kept.letter.document,
        Document::OrderStatus(status) if status.state == OrderState::Cancelled && status.shipments.is_empty()
    );
    let by_shop = transaction.order().is_some_and(|(ordered, _)| {
        ordered.letter.to == kept.letter.from
            && kept.letter.order.is_some()
            && kept.letter.order == ordered.letter.order
    });
    let offered = |terms: Digest| {
        transaction.by_content(&terms).is_some_and(|offer| offer.letter.kind() == Kind::TransactionInfo)
    };
    if cancels && by_shop && kept.letter.terms.is_none_or(offered) {
        let ordered = transaction.order().map(|(ordered, _)| ordered.letter.date);
        findings.extend(ordered.and_then(|ordered| statement::moment(kept, &ordered)));
        let warned = findings.iter().any(|finding| finding.code.blocks()) && kept.settled != Some(Settlement::Accept);
        return (if warned { Verdict::Warned } else { Verdict::Applied }, findings);
    }
    findings.extend(kept.findings.iter().filter(|f| f.code == Code::UnknownTransaction).cloned());
    if let Some((what, at)) = done_in(&kept.letter.document)
        && let Some(rejection) = transaction.rejection()
        && kept.settled != Some(Settlement::Accept)
    {
        let text = format!("{what} {at}, the shop had refused the order {}", rejection.letter.date);
        findings.push(Finding::new(Code::StatusAfterCancel, text));
        return (Verdict::Warned, findings);
    }
    (Verdict::Held, findings)
}

/// Returns the first thing that an agent says is done, in words, and when it was.
fn done_in(document: &Document) -> Option<(String, Moment)> {
    match document {
        Document::PaymentStatus(status) => status.payments.iter().find_map(|payment| {
            let what = if payment.refund { "refund" } else { "payment" };
            Some((format!("{what} {} made", payment.id), payment.step.done()?))
        }),
        Document::DeliveryStatus(status) => status
            .parcels
            .iter()
            .find_map(|parcel| Some((format!("parcel {} arrived", parcel.id), parcel.step.done()?))),
        _ => None,
    }
}

/// Returns the findings of a letter that no later letter can change: who signed it, what reading it turned up.
fn lasting(kept: &Kept) -> Vec<Finding> {
    let noted = [Code::TextDiffersFromData, Code::SenderLooksAlike];
    let lasts = |code: Code| code.is_about_speaker() || noted.contains(&code);
    kept.findings.iter().filter(|finding| lasts(finding.code)).cloned().collect()
}

/// Returns how much may go back to the buyer: what returns were agreed for, or all that was paid once cancelled.
fn refundable(known: &Known<'_>, legs: &Legs) -> Option<Money> {
    let currency = known.terms.map(|(_, terms)| terms.total.currency());
    let is_of_terms = |refund: &Money| currency.is_none_or(|own| refund.currency() == own);
    let answers = returned::agreed(known.transaction).into_iter().filter_map(|(_, answer)| answer.refund);
    let agreed = Money::sum(&answers.filter(is_of_terms).collect::<Vec<_>>()).ok().flatten();
    // An agent knows the instructions alone, the shop both: the larger sum is what the shop agreed to.
    let instructions: Vec<Money> = known
        .transaction
        .known(Kind::RefundInstruction)
        .filter_map(|kept| match &kept.letter.document {
            Document::RefundInstruction(instruction) => Some(instruction.amount).filter(is_of_terms),
            _ => None,
        })
        .collect();
    let instructed = Money::sum(&instructions).ok().flatten();
    let total = known.terms.map(|(_, terms)| terms.total).filter(|_| legs.cancelled.is_some());
    let sums = agreed.into_iter().chain(instructed).chain(total);
    sums.reduce(|a, b| if b.exceeds(&a).unwrap_or(false) { b } else { a })
}

/// Takes over what a statement in force says: its whole document, or what of it counts.
fn state_of(known: &Known<'_>, kept: &Kept, document: &Document, legs: &mut Legs) {
    let as_of = Some(kept.letter.as_of.unwrap_or(kept.letter.date));
    match document {
        Document::OrderStatus(status) => {
            let steps: Vec<&Step> = status.shipments.iter().map(|s| &s.step).collect();
            legs.order = leg_state(kept, as_of, &steps);
            for shipment in &status.shipments {
                let part = Part::new(&shipment.step, shipment.step.planned(), &shipment.lines);
                legs.order.parcels.insert(shipment.parcel.clone(), part);
            }
            // A cancelled order is over, and shipped only if all of it had left.
            let left = status.shipments.iter().filter(|s| s.step.done().is_some()).flat_map(|s| &s.lines);
            legs.order.done = legs.order.done.filter(|_| statement::covers(known.terms.map(|(_, terms)| terms), left));
            // A cancellation holds from when it was first confirmed, however often it is told again, and from no later than
            // when it was written. When it came is not the same on both sides.
            let over = matches!(status.state, OrderState::Cancelled | OrderState::Returned);
            let since = as_of.map(|said| said.min(kept.letter.date));
            legs.cancelled = legs.cancelled.or(since).filter(|_| over);
        }
        Document::DeliveryStatus(status) => {
            let steps: Vec<&Step> = status.parcels.iter().map(|p| &p.step).collect();
            legs.delivery = leg_state(kept, as_of, &steps);
            for parcel in &status.parcels {
                let part = Part::new(&parcel.step, parcel.planned(), &parcel.lines);
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
            let sum = |wanted: &dyn Fn(&Payment) -> bool| {
                Money::sum(status.payments.iter().filter(|p| wanted(p)).map(|p| &p.amount)).ok().flatten()
            };
            legs.paid = sum(&|p| !p.refund && p.step.done().is_some());
            legs.refunded = sum(&|p| p.refund && p.step.done().is_some());
            legs.refunding = sum(&|p| p.refund && p.step.done().is_none() && !p.step.failed());
            let planned = status.payments.iter().filter(|p| p.refund).filter_map(|p| p.step.planned());
            legs.refund_planned = planned.min_by_key(|planned| planned.end(jiff::tz::Offset::UTC));
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
