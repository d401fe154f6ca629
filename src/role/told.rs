//! Whether a report says anything that was not told already: exports say how all things stand, again and again, and only
//! what changed is written about.

use super::{Action, Notice, agent, delivery, payment, shop, shop_export};
use crate::trade::item::LineQuantity;
use crate::trade::status::{Parcel, Payment, PaymentState, PaymentStatus, Shipment, Step};
use crate::trade::{Direction, Download, Moment, Money, Role, Transaction, When};

/// Returns whether our last status about the leg says all of `notice` already.
///
/// With `any_time`, when it was done does not matter: the report had no moment of its own.
pub fn is_told(transaction: &Transaction, notice: &Notice, any_time: bool) -> bool {
    let asked = Asked { notice, any_time };
    match transaction.key.role {
        Role::Buyer => false,
        Role::Shop => asked.of_shop(transaction),
        Role::Payment => asked.of_payment(transaction),
        Role::Delivery => asked.of_delivery(transaction),
    }
}

/// Returns when our last status says that the leg, or of the parcels that the report names one, was done last; `None` where
/// nothing of it was.
pub fn told_done(transaction: &Transaction, notice: &Notice) -> Option<Moment> {
    let asked = Asked { notice, any_time: true };
    let is_meant = |seen: &Seen<'_>| asked.means(seen.id, seen.tracking);
    let done = |seen: Seen<'_>| seen.step.done().filter(|_| is_meant(&seen));
    match transaction.key.role {
        Role::Buyer => None,
        Role::Shop => shop::status_now(transaction).shipments.iter().map(Seen::from).filter_map(done).max(),
        Role::Delivery => delivery::status_now(transaction)?.parcels.iter().map(Seen::from).filter_map(done).max(),
        Role::Payment => {
            let status = payment::status_now(transaction)?;
            status.payments.iter().filter(|payment| !payment.refund).filter_map(|paid| paid.step.done()).max()
        }
    }
}

/// Returns whether any of the letters to be written says something else than the last one of its leg to the same reader.
pub fn brings_news(transaction: &Transaction, actions: &[Action]) -> bool {
    actions.iter().any(|action| {
        let Action::Send(draft) = action else { return true };
        let Some(leg) = draft.document.kind().status_of() else { return true };
        let ours = transaction.kept.iter().rev().filter(|kept| kept.direction == Direction::Out);
        let mut about = ours.filter(|kept| kept.letter.to == draft.to && kept.letter.kind().status_of() == Some(leg));
        about.next().is_none_or(|last| last.letter.document != draft.document || last.letter.terms != draft.terms)
    })
}

/// What is looked for in a status.
struct Asked<'a> {
    notice: &'a Notice,
    any_time: bool,
}

/// How one parcel stands, as shop and carrier alike tell of it.
struct Seen<'a> {
    id: &'a str,
    lines: &'a [LineQuantity],
    tracking: Option<&'a str>,
    step: &'a Step,
    planned: Option<When>,
    file: Option<&'a Download>,
}

impl<'a> From<&'a Shipment> for Seen<'a> {
    fn from(shipment: &'a Shipment) -> Self {
        let Shipment { parcel, lines, tracking, step } = shipment;
        Self { id: parcel, lines, tracking: tracking.as_deref(), step, planned: step.planned(), file: None }
    }
}

impl<'a> From<&'a Parcel> for Seen<'a> {
    fn from(parcel: &'a Parcel) -> Self {
        let Parcel { id, lines, tracking, step, expected_until, download, .. } = parcel;
        let planned = step.planned().and(*expected_until);
        Self { id, lines, tracking: tracking.as_deref(), step, planned, file: download.as_ref() }
    }
}

impl Asked<'_> {
    fn of_shop(&self, transaction: &Transaction) -> bool {
        if self.notice.is_of_order() {
            return shop_export::is_told(transaction, self.notice);
        }
        if agent::last_status(transaction, crate::trade::Leg::Order).is_none() {
            return false;
        }
        let status = shop::status_now(transaction);
        let all = transaction.terms().is_some_and(|(_, terms)| shop::covers(terms, &status.shipments));
        let parcels: Vec<Seen<'_>> = status.shipments.iter().map(Seen::from).collect();
        self.notice.event.is_none() && self.says(&parcels, all)
    }

    fn of_delivery(&self, transaction: &Transaction) -> bool {
        let Some(status) = delivery::status_now(transaction) else { return false };
        let parcels: Vec<Seen<'_>> = status.parcels.iter().map(Seen::from).collect();
        let happened = self.notice.event.as_ref().is_none_or(|(name, place)| {
            let among = status.parcels.iter().filter(|parcel| self.means(&parcel.id, parcel.tracking.as_deref()));
            let mut events = among.flat_map(|parcel| &parcel.events);
            let at = self.notice.event_at.or(self.notice.done);
            events.any(|event| event.name == *name && event.place == *place && at.is_none_or(|at| at == event.at))
        });
        happened && self.says(&parcels, true)
    }

    /// Returns whether a parcel of this number and tracking number is one the report is about.
    fn means(&self, id: &str, tracking: Option<&str>) -> bool {
        match (&self.notice.parcel, &self.notice.tracking) {
            (Some(wanted), _) => wanted == id,
            (None, Some(wanted)) => tracking == Some(wanted),
            (None, None) => true,
        }
    }

    /// Returns whether the parcels that are meant stand as reported. `all` is whether the parcels hold all there is.
    fn says(&self, parcels: &[Seen<'_>], all: bool) -> bool {
        let Notice { planned, failed, parcel, lines, tracking, .. } = self.notice;
        let meant: Vec<&Seen<'_>> = parcels.iter().filter(|seen| self.means(seen.id, seen.tracking)).collect();
        let whole = parcel.is_none() && tracking.is_none() && lines.is_empty();
        if meant.is_empty() || (whole && self.notice.done.is_some() && !all) {
            return false;
        }
        let last = meant.iter().filter_map(|seen| seen.step.done()).max();
        let done = self.notice.done.is_none()
            || (meant.iter().all(|seen| seen.step.done().is_some()) && last.is_some_and(|last| self.at(last)));
        let open = || meant.iter().filter(|seen| seen.step.done().is_none());
        let planned = self.notice.done.is_some()
            || planned.is_none_or(|at| open().next().is_some() && open().all(|seen| seen.planned == Some(at)));
        let failed = failed.as_ref().is_none_or(|why| {
            meant.iter().all(|seen| matches!(seen.step, Step::Failed { reason, .. } if reason == why))
        });
        let held = lines.is_empty() || meant.iter().any(|seen| same_goods(seen.lines, lines));
        let tracked = tracking.as_deref().is_none_or(|wanted| meant.iter().all(|seen| seen.tracking == Some(wanted)));
        let sent = self
            .notice
            .download
            .as_ref()
            .is_none_or(|file| meant.iter().all(|seen| seen.file.is_some_and(|seen| seen.is_same(file))));
        done && planned && failed && held && tracked && sent
    }

    fn of_payment(&self, transaction: &Transaction) -> bool {
        let Some(status) = payment::status_now(transaction) else { return false };
        let Notice { done, planned, failed, amount, refund, reference, .. } = self.notice;
        let of_kind = |payment: &&Payment| payment.refund == *refund;
        let sums = |payment: &&Payment| amount.is_none_or(|amount| amount == payment.amount);
        let made: Vec<Moment> =
            status.payments.iter().filter(of_kind).filter(sums).filter_map(|payment| payment.step.done()).collect();
        let open = || status.payments.iter().filter(of_kind).filter(|p| p.step.done().is_none() && !p.step.failed());
        // Where no amount is given, all that was owed is meant.
        let whole = *refund || status.remaining.is_zero();
        let done = done.is_none()
            || match amount {
                Some(amount) => made.iter().any(|at| self.at(*at)) || (*refund && gave_back(&status, *amount)),
                None => whole && open().next().is_none() && made.iter().max().is_some_and(|at| self.at(*at)),
            };
        let planned = self.notice.done.is_some()
            || planned.is_none_or(|at| open().next().is_some() && open().all(|p| p.step.planned() == Some(at)));
        let declined = failed.as_ref().is_none_or(|why| {
            let last = status.payments.iter().rfind(|p| !p.refund);
            let known = last.is_some_and(|p| matches!(&p.step, Step::Failed { reason, .. } if reason == why));
            status.state == PaymentState::Declined && known
        });
        // Of what was declined, or went back, no reference is kept.
        let referred = reference.is_none() || failed.is_some() || *refund || status.confirmation == *reference;
        done && planned && declined && referred
    }

    /// Returns whether something was done at the moment reported, or at any; of a day alone, at any hour of it.
    fn at(&self, moment: Moment) -> bool {
        let on_day = |done: &Moment| moment.day_at(done.offset()) == done.day();
        let is_meant = |done: &Moment| *done == moment || (self.notice.whole_day && on_day(done));
        self.any_time || self.notice.done.as_ref().is_none_or(is_meant)
    }
}

/// Returns whether the refunds that were made come to this much together.
fn gave_back(status: &PaymentStatus, amount: Money) -> bool {
    let made = status.payments.iter().filter(|payment| payment.refund && payment.step.done().is_some());
    Money::sum(made.map(|payment| &payment.amount)).ok().flatten() == Some(amount)
}

/// Returns whether two parcels hold the same.
fn same_goods(one: &[LineQuantity], other: &[LineQuantity]) -> bool {
    let within = |a: &[LineQuantity], b: &[LineQuantity]| a.iter().all(|part| b.contains(part));
    one.len() == other.len() && within(one, other) && within(other, one)
}
