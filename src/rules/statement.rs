//! What one status says, checked against the terms and against what its sender said before.
//!
//! Each check returns findings; none means the statement may be applied.

use std::collections::{BTreeMap, BTreeSet};

use super::leg::Legs;
use crate::trade::item::{Line, LineQuantity};
use crate::trade::status::{
    DeliveryStatus, OrderState, OrderStatus, Parcel, Payment, PaymentState, PaymentStatus, Step,
};
use crate::trade::{Code, Document, Download, Finding, Kept, Leg, Moment, Money, Place, Quantity, Role, Terms, When};

/// Grace between the clocks of two parties, in seconds.
const CLOCK_GRACE: i64 = 3600;
/// How far ahead of our clock a done date may lie, in seconds.
pub(super) const AHEAD: i64 = 1800;

/// What a statement is checked against.
pub(super) struct Check<'a> {
    /// The terms in force.
    pub(super) terms: &'a Terms,
    /// The sender's statement in force before this one.
    pub(super) before: Option<&'a Document>,
    /// The legs as they stand: those folded before this one are complete.
    pub(super) legs: &'a Legs,
    /// How much may go back to the buyer, as the shop agreed.
    pub(super) refundable: Option<Money>,
    /// The entry by which the cancellation came, where it stands.
    cancelled_by: Option<u64>,
    /// Since when all of it was delivered and paid, where this reader knew it before the letter came and wished no end of it.
    completed: Option<Moment>,
    findings: Vec<Finding>,
}

impl<'a> Check<'a> {
    pub(super) fn new(
        terms: &'a Terms,
        before: Option<&'a Document>,
        legs: &'a Legs,
        refundable: Option<Money>,
    ) -> Self {
        Self { terms, before, legs, refundable, cancelled_by: None, completed: None, findings: Vec::new() }
    }

    /// Names the entry by which the cancellation came: what was entered before it is not held against it.
    pub(super) fn cancelled_by(self, entry: Option<u64>) -> Self {
        Self { cancelled_by: entry, ..self }
    }

    /// Names the moment at which all was delivered and paid: nobody ends that any more.
    pub(super) fn completed(self, since: Option<Moment>) -> Self {
        Self { completed: since, ..self }
    }

    /// Returns the findings of one status, in order of precedence.
    pub(super) fn run(mut self, kept: &Kept) -> Vec<Finding> {
        match &kept.letter.document {
            Document::OrderStatus(status) => self.order_status(status, kept),
            Document::PaymentStatus(status) => self.payment_status(status, kept),
            Document::DeliveryStatus(status) => self.delivery_status(status, kept),
            _ => {}
        }
        self.as_of(kept);
        self.findings.sort();
        self.findings
    }

    /// Checks the moment that the whole statement holds for.
    fn as_of(&mut self, kept: &Kept) {
        self.findings.extend(moment(kept, &self.terms.date));
    }

    fn push(&mut self, code: Code, text: String) {
        self.findings.push(Finding::new(code, text));
    }

    fn order_status(&mut self, status: &OrderStatus, kept: &Kept) {
        self.named_once("parcel", status.shipments.iter().map(|shipment| &shipment.parcel));
        self.goods(status.shipments.iter().flat_map(|shipment| &shipment.lines));
        let before = match self.before {
            Some(Document::OrderStatus(before)) => before.shipments.as_slice(),
            _ => &[],
        };
        for old in before {
            let now = status.shipments.iter().find(|shipment| shipment.parcel == old.parcel);
            self.not_undone(&format!("parcel {}", old.parcel), &old.step, now.map(|s| &s.step));
            self.same_contents(&old.parcel, &old.step, &old.lines, now.map(|s| s.lines.as_slice()));
        }
        for shipment in &status.shipments {
            let what = format!("parcel {} left", shipment.parcel);
            let known = before.iter().any(|old| old.parcel == shipment.parcel && old.step.done().is_some());
            self.time(&what, &shipment.step, kept, known);
            self.before_order(&what, &shipment.step);
        }
        let all = self.covers(status.shipments.iter().filter(|s| s.step.done().is_some()).flat_map(|s| &s.lines));
        let over = matches!(status.state, OrderState::Cancelled | OrderState::Returned);
        if let Some(cancelled) = self.legs.cancelled.filter(|_| !over) {
            let text = format!("the order is said to go on, it was cancelled {cancelled}");
            self.push(Code::StatusAfterCancel, text);
        }
        if let Some(since) = self.completed.filter(|_| over) {
            let text = format!("the order is said to be over, all of it was delivered and paid {since}");
            self.push(Code::AnswerTakenBack, text);
        }
        self.done_flag(kept, Leg::Order, all || over, Code::GoodsDiffer);
    }

    fn delivery_status(&mut self, status: &DeliveryStatus, kept: &Kept) {
        self.named_once("parcel", status.parcels.iter().map(|parcel| &parcel.id));
        self.goods(status.parcels.iter().flat_map(|parcel| &parcel.lines));
        let before = match self.before {
            Some(Document::DeliveryStatus(before)) => before.parcels.as_slice(),
            _ => &[],
        };
        for old in before {
            let now = status.parcels.iter().find(|parcel| parcel.id == old.id);
            self.not_undone(&format!("parcel {}", old.id), &old.step, now.map(|p| &p.step));
            self.same_contents(&old.id, &old.step, &old.lines, now.map(|p| p.lines.as_slice()));
            self.same_file(old, now);
        }
        for parcel in &status.parcels {
            let what = format!("parcel {} arrived", parcel.id);
            let known = before.iter().any(|old| old.id == parcel.id && old.step.done().is_some());
            self.time(&what, &parcel.step, kept, known);
            self.file_came(parcel, before, kept);
            self.is_file(parcel, before, kept);
            self.before_order(&what, &parcel.step);
            let Some(arrived) = parcel.step.done() else { continue };
            // Only what both say is done is compared: how planned parcels are packed may change on either side.
            let legs = self.legs;
            let shipped = legs.order.parcels.get(&parcel.id);
            let Some((shipped, left)) = shipped.and_then(|s| s.done.map(|left| (s, left))) else { continue };
            if arrived.latest_meant().seconds_since(&left) < -CLOCK_GRACE {
                let text = format!("{what} {arrived}, before it left {left}");
                self.push(Code::DeliveredBeforeDispatched, text);
            }
            if !same_goods(&shipped.lines, &parcel.lines) {
                let text = format!("what parcel {} holds: shop and delivery agent state different goods", parcel.id);
                self.push(Code::TwoAgentsDisagree, text);
            }
        }
        for (id, planned) in status.parcels.iter().filter_map(|parcel| Some((&parcel.id, parcel.planned()?))) {
            let agreed = self.terms.arrival_until.or(self.terms.arrival_from);
            self.planned_late(&format!("arrival of parcel {id}"), agreed, planned);
        }
        let all = self.covers(status.parcels.iter().filter(|p| p.step.done().is_some()).flat_map(|p| &p.lines));
        self.done_flag(kept, Leg::Delivery, all, Code::GoodsDiffer);
    }

    fn payment_status(&mut self, status: &PaymentStatus, kept: &Kept) {
        self.named_once("payment", status.payments.iter().map(|payment| &payment.id));
        let currency = self.terms.total.currency();
        let stated = status.payments.iter().map(|p| &p.amount).chain([&status.remaining]);
        if let Some(other) = stated.map(Money::currency).find(|other| *other != currency) {
            self.findings.push(Finding::differs(Code::CurrencyDiffers, "currency", currency, other));
            return;
        }
        let payments =
            status.payments.iter().map(|p| &p.amount).filter(|amount| amount.is_zero() || amount.is_negative());
        let remaining = Some(&status.remaining).filter(|amount| amount.is_negative());
        if let Some(amount) = payments.chain(remaining).next() {
            self.push(Code::AmountDiffers, format!("{amount} is nothing that can be paid or be due"));
        }
        let before = match self.before {
            Some(Document::PaymentStatus(before)) => before.payments.as_slice(),
            _ => &[],
        };
        for old in before {
            let now = status.payments.iter().find(|payment| payment.id == old.id);
            self.not_undone(&format!("payment {}", old.id), &old.step, now.map(|p| &p.step));
            if let Some(now) = now.filter(|now| old.step.done().is_some() && now.amount != old.amount) {
                self.findings.push(Finding::differs(
                    Code::AmountDiffers,
                    &format!("payment {}", old.id),
                    old.amount,
                    now.amount,
                ));
            }
        }
        for payment in &status.payments {
            let what = if payment.refund { "refund" } else { "payment" };
            let known = before.iter().any(|old| old.id == payment.id && old.step.done().is_some());
            self.time(&format!("{what} {} made", payment.id), &payment.step, kept, known);
            if let Some(paid) = payment.step.done()
                && paid.seconds_since(&self.terms.date) < -CLOCK_GRACE
            {
                let text = format!("{what} {} made {paid}, the terms are of {}", payment.id, self.terms.date);
                self.push(Code::PaidBeforeAccepted, text);
            }
        }
        for payment in status.payments.iter().filter(|payment| !payment.refund) {
            if let Some(planned) = payment.step.planned() {
                self.planned_late(&format!("day of payment {}", payment.id), self.terms.payment_due, planned);
            }
        }
        self.planned_after_end(status, kept);
        self.on_delivery(status);
        if self.sums(status).is_err() {
            self.push(Code::SumDoesNotAddUp, "the amounts of the payments cannot be summed".to_owned());
        }
        // A refund that is still to be made does not make the payment undone.
        let all = status.remaining.is_zero() && status.payments.iter().any(|p| !p.refund && p.step.done().is_some());
        self.as_a_whole(status, all);
        self.done_flag(kept, Leg::Payment, all, Code::SumDoesNotAddUp);
    }

    /// The word on the payment as a whole agrees with the payments: all is paid where all of them are made, and only there.
    fn as_a_whole(&mut self, status: &PaymentStatus, all: bool) {
        let wrong = match status.state {
            PaymentState::Complete => !all,
            PaymentState::Declined | PaymentState::Due | PaymentState::PastDue => all,
        };
        if wrong {
            let text = "the payment as a whole is said to stand otherwise than its payments do";
            self.push(Code::SumDoesNotAddUp, text.to_owned());
        }
    }

    /// Each parcel and payment stands in a status once: of two of one number one would hide the other.
    fn named_once<'b>(&mut self, what: &str, ids: impl Iterator<Item = &'b String>) {
        let mut seen = BTreeSet::new();
        for id in ids.filter(|id| !seen.insert(*id)) {
            let one = format!("{what} {id}");
            self.push(Code::GoodsDiffer, format!("{one} stands twice in one status"));
        }
    }

    /// What is to be collected of a cancelled order is said after its end, and is no plan from before it that crossed it: who collects was
    /// told to stop, or never to begin.
    fn planned_after_end(&mut self, status: &PaymentStatus, kept: &Kept) {
        let said = kept.letter.as_of.unwrap_or(kept.letter.date);
        let Some(cancelled) = self.legs.cancelled.filter(|at| said.seconds_since(at) > CLOCK_GRACE) else { return };
        let is_open = |payment: &&Payment| !payment.refund && !payment.step.is_over();
        let after = self.cancelled_by.is_none_or(|entry| kept.position > entry);
        if let Some(payment) = status.payments.iter().find(is_open).filter(|_| after) {
            let text = format!("payment {} is planned, the transaction was cancelled {cancelled}", payment.id);
            self.push(Code::StatusAfterCancel, text);
        }
    }

    /// Cash on delivery is paid when the goods arrive, not before; only stated dates are compared.
    fn on_delivery(&mut self, status: &PaymentStatus) {
        if self.terms.payment_method.as_str() != "cash-on-delivery" {
            return;
        }
        let first = self.legs.delivery.parcels.values().filter_map(|parcel| parcel.done).min();
        let Some(arrived) = first else { return };
        for payment in status.payments.iter().filter(|payment| !payment.refund) {
            let early = |paid: &Moment| paid.latest_meant().seconds_since(&arrived) < -CLOCK_GRACE;
            if let Some(paid) = payment.step.done().filter(early) {
                let text = format!("cash on delivery paid {paid}, the delivery agent says delivered {arrived}");
                self.push(Code::TwoAgentsDisagree, text);
            }
        }
    }

    /// Checks that payments made and what remains are the agreed total, and that nothing more is planned or given back.
    ///
    /// A refund lowers what was agreed by as much as it gives back, so it is held against what the shop agreed to
    /// give back, not against the total.
    fn sums(&mut self, status: &PaymentStatus) -> Result<(), crate::trade::MoneyError> {
        let total = self.terms.total;
        let zero = Money::zero(total.currency());
        let sum = |wanted: &dyn Fn(&Payment) -> bool| {
            Money::sum(status.payments.iter().filter(|p| wanted(p)).map(|p| &p.amount)).map(|s| s.unwrap_or(zero))
        };
        let paid = sum(&|p| !p.refund && p.step.done().is_some())?;
        let claimed = sum(&|p| !p.refund && !p.step.failed())?;
        let refunded = sum(&|p| p.refund && !p.step.failed())?;
        let mut payments = status.payments.iter().filter(|p| !p.refund).peekable();
        let stopped = payments.peek().is_some() && payments.all(|p| p.step.failed());
        let covered = paid.plus(&status.remaining)?;
        let wrong = if claimed.exceeds(&total)? { claimed } else { covered };
        if (covered != total && !(stopped && status.remaining.is_zero())) || claimed.exceeds(&total)? {
            self.findings.push(Finding::differs(Code::AmountDiffers, "paid and due together", total, wrong));
        }
        // Nothing goes back that was not paid, whatever was agreed.
        let refundable = self.refundable.unwrap_or(zero);
        let refundable = if refundable.exceeds(&paid)? { paid } else { refundable };
        if refunded.exceeds(&refundable)? {
            self.findings.push(Finding::differs(Code::AmountDiffers, "given back", refundable, refunded));
        }
        Ok(())
    }

    /// Checks that only agreed goods are named, and not more of them than agreed.
    fn goods<'b>(&mut self, lines: impl Iterator<Item = &'b LineQuantity>) {
        for (line, quantity) in sum_by_line(lines) {
            match self.terms.lines.iter().find(|agreed| agreed.id == line) {
                None => self.push(Code::GoodsDiffer, format!("line {line} is not in the terms")),
                Some(agreed) => match quantity {
                    Some(quantity) if quantity <= agreed.quantity => {}
                    Some(quantity) => {
                        let what = format!("quantity of line {line}");
                        self.findings.push(Finding::differs(Code::QuantityExceeds, &what, agreed.quantity, quantity));
                    }
                    None => self.push(Code::QuantityExceeds, format!("quantity of line {line} is out of range")),
                },
            }
        }
    }

    /// Returns whether `lines` are all of the agreed goods.
    fn covers<'b>(&self, lines: impl Iterator<Item = &'b LineQuantity>) -> bool {
        covers(Some(self.terms), lines)
    }

    /// What is done stays done, at the time it was done.
    fn not_undone(&mut self, what: &str, before: &Step, now: Option<&Step>) {
        let Some(done) = before.done() else { return };
        match now.and_then(Step::done) {
            None => self.push(Code::DoneThenPlanned, format!("{what} was done {done}, now it is said not to be")),
            Some(at) if at != done => self.findings.push(Finding::differs(Code::DoneDateChanged, what, done, at)),
            Some(_) => {}
        }
    }

    /// What left or arrived stays what it was.
    fn same_contents(&mut self, id: &str, before: &Step, was: &[LineQuantity], now: Option<&[LineQuantity]>) {
        if before.done().is_some() && now.is_some_and(|now| !same_goods(was, now)) {
            let text = format!("parcel {id} is done, and now it is said to have held other goods");
            self.push(Code::GoodsDiffer, text);
        }
    }

    /// A file that was delivered stays that file.
    fn same_file(&mut self, before: &Parcel, now: Option<&Parcel>) {
        let was = before.download.as_ref().filter(|_| before.step.done().is_some());
        let is = now.and_then(|now| now.download.as_ref());
        if let (Some(was), Some(now)) = (was, now)
            && !is.is_some_and(|is| is.is_same(was))
        {
            let is = is.map_or_else(|| "none".to_owned(), file_name);
            self.findings.push(Finding::differs(
                Code::GoodsDiffer,
                &format!("file of parcel {}", now.id),
                file_name(was),
                is,
            ));
        }
    }

    /// A file that is said to be delivered, and is behind no link, came to the buyer with this letter or with one before.
    fn file_came(&mut self, parcel: &Parcel, before: &[Parcel], kept: &Kept) {
        let Some(file) = parcel.download.as_ref().filter(|file| file.place == Place::Elsewhere) else { return };
        let told = before.iter().any(|old| {
            old.id == parcel.id
                && old.step.done().is_some()
                && old.download.as_ref().is_some_and(|old| old.is_same(file))
        });
        if parcel.step.done().is_some() && !told && kept.letter.addressee() == Role::Buyer {
            let text =
                format!("parcel {} is said to be delivered as {}, which no letter brought", parcel.id, file_name(file));
            self.push(Code::GoodsDiffer, text);
        }
    }

    /// Goods that are to be a file are delivered with one: with this letter or with one before.
    fn is_file(&mut self, parcel: &Parcel, before: &[Parcel], kept: &Kept) {
        let told = before.iter().any(|old| old.id == parcel.id && old.step.done().is_some());
        let missing = self.terms.delivery_method.is_download() && parcel.download.is_none();
        if missing && !told && parcel.step.done().is_some() && kept.letter.addressee() == Role::Buyer {
            self.push(Code::GoodsDiffer, format!("parcel {} is said to be delivered, without file or link", parcel.id));
        }
    }

    /// A plan may move, but a reader is told where it is for a later day than was agreed on.
    fn planned_late(&mut self, what: &str, agreed: Option<When>, planned: When) {
        if let Some(agreed) = agreed.filter(|agreed| planned.day() > agreed.day()) {
            self.findings.push(Finding::differs(Code::PlannedLate, what, agreed, planned));
        }
    }

    /// Goods that left or arrived before the terms were made are not those of this order.
    fn before_order(&mut self, what: &str, step: &Step) {
        if let Some(done) = step.done().filter(|done| done.seconds_since(&self.terms.date) < -CLOCK_GRACE) {
            let text = format!("{what} {done}, the order was taken in {}", self.terms.date);
            self.push(Code::DeliveredBeforeDispatched, text);
        }
    }

    /// Checks one done date against our clock and against the cancellation, which undoes nothing that was `known` to be done,
    /// or told, before it came.
    fn time(&mut self, what: &str, step: &Step, kept: &Kept, known: bool) {
        let Some(done) = step.done() else { return };
        if done.seconds_since(&kept.recorded) > AHEAD {
            self.push(Code::DateInTheFuture, format!("{what} {done}, which had not come on {}", kept.recorded));
        }
        if let Some(cancelled) = self.legs.cancelled.filter(|at| done.seconds_since(at) > CLOCK_GRACE)
            && !what.starts_with("refund")
            && !known
            && self.cancelled_by.is_none_or(|entry| kept.position > entry)
        {
            self.push(Code::StatusAfterCancel, format!("{what} {done}, the transaction was cancelled {cancelled}"));
        }
    }

    /// Who says that all is done must show all of it done; and who said so does not say otherwise while he shows the same.
    fn done_flag(&mut self, kept: &Kept, leg: Leg, all: bool, code: Code) {
        let says_all = kept.letter.done == Some(true);
        if says_all && !all {
            self.push(code, "all is said to be done, but not all of what was agreed on is".to_owned());
        }
        if let Some(done) = self.legs.get(leg).done.filter(|_| all && !says_all) {
            let what = format!("all of the {leg}");
            self.push(Code::DoneThenPlanned, format!("{what} was done {done}, now it is said not to be"));
        }
    }
}

/// Returns what is wrong with the moment that a status holds for: the order was taken in later, or it has not come.
pub(super) fn moment(kept: &Kept, taken_in: &Moment) -> Option<Finding> {
    let said = kept.letter.as_of.unwrap_or(kept.letter.date);
    let what = "status as of";
    if said.seconds_since(&kept.recorded) > AHEAD {
        let text = format!("{what} {said}, which had not come on {}", kept.recorded);
        return Some(Finding::new(Code::DateInTheFuture, text));
    }
    let early = said.seconds_since(taken_in) < -CLOCK_GRACE;
    let text = || format!("{what} {said}, the order was taken in {taken_in}");
    early.then(|| Finding::new(Code::DatedBeforeOrder, text()))
}

/// Returns what a file is known by, for a sentence.
fn file_name(file: &Download) -> String {
    format!("{:?} ({} bytes, {})", file.name, file.size, file.digest)
}

/// Returns whether `lines` are all of the goods agreed on.
pub(super) fn covers<'a>(terms: Option<&Terms>, lines: impl Iterator<Item = &'a LineQuantity>) -> bool {
    let sums = sum_by_line(lines);
    let all = |line: &Line| sums.get(line.id.as_str()).copied().flatten() == Some(line.quantity);
    terms.is_some_and(|terms| terms.lines.iter().all(all))
}

/// Sums quantities by line; `None` where a sum leaves the range.
fn sum_by_line<'a>(lines: impl Iterator<Item = &'a LineQuantity>) -> BTreeMap<&'a str, Option<Quantity>> {
    let mut sums: BTreeMap<&str, Option<Quantity>> = BTreeMap::new();
    for part in lines {
        let entry = sums.entry(part.line.as_str());
        entry.and_modify(|sum| *sum = sum.and_then(|s| s.plus(part.quantity))).or_insert(Some(part.quantity));
    }
    sums
}

fn same_goods(one: &[LineQuantity], other: &[LineQuantity]) -> bool {
    sum_by_line(one.iter()) == sum_by_line(other.iter())
}
