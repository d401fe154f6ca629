//! Fills the row of a transaction from where the rules say it stands.

use super::row::{Row, RowItem, RowLeg, RowMore, RowOwing};
use crate::rules::booking::{Booked, Booking, bookings};
use crate::rules::crowd::crowded_since;
use crate::rules::failed::failed_legs;
use crate::rules::in_part::{back, in_part};
use crate::rules::instructed::{instruction, to_collect};
use crate::rules::overdue::refund;
use crate::rules::said_again::{is_replaced, was_said};
use crate::rules::stopping::stopping_since;
use crate::rules::waiting::waiting_in;
use crate::rules::{Pending, Standing, State, agreement, left_out, offer, received, reconcile, replacing, unconfirmed};
use crate::trade::{Direction, Document, Kept, Leg, Role, ShownLine, Terms, Transaction, Verdict, item::Line};

impl Row {
    /// Reckons the row of a transaction.
    pub fn of(transaction: &Transaction) -> Self {
        let standing = Standing::of(transaction);
        let failed = failed_legs(transaction, &standing);
        // Money that is to come back is waited for whatever the state.
        let refund = refund(transaction, &standing);
        let to_go_back = refund.map(|refund| refund.promised);
        let leg = |leg: Leg| {
            let mark = standing.mark(leg);
            let more = RowMore {
                in_part: in_part(transaction, &standing, leg),
                back: back(transaction, &standing, leg),
                promised: mark.promised.filter(|promised| Some(*promised) != mark.date),
                refund: to_go_back.filter(|_| leg == Leg::Payment),
            };
            RowLeg { done: mark.done, date: mark.date, failed: failed.contains(&leg), more }
        };
        let (order, delivery, payment) = (leg(Leg::Order), leg(Leg::Delivery), leg(Leg::Payment));
        let open = matches!(standing.state, State::Ordered | State::Offered | State::Open);
        let promised = [order, delivery, payment].into_iter().filter_map(|leg| leg.promised());
        let promised = promised.filter(|_| standing.state == State::Open);
        let due = promised.chain(to_go_back).min_by_key(|date| date.end(jiff::tz::Offset::UTC));
        let mut row = Self {
            total: total(transaction, standing.state),
            due,
            next: standing.legs.delivery.next().filter(|_| standing.state == State::Open),
            unpaid: standing.unpaid,
            short: received::differs(transaction, &standing).is_some(),
            unconfirmed: unconfirmed::collected(transaction, &standing).is_some(),
            undelivered: standing.undelivered(),
            state: standing.state.word().to_owned(),
            warnings: warnings(transaction),
            begun: reconcile::begun(transaction).is_some(),
            refund: refund.map(|refund| refund.amount),
            refunded: standing.legs.refunded,
            pending: Pending::waiting(transaction, standing.state),
            waits: !waiting_in(transaction, standing.state).is_empty()
                || replacing::waiting(transaction, standing.state).is_some()
                || agreement::waiting(transaction, standing.state).is_some()
                || (open && unconfirmed::is_begun(transaction, standing.state)),
            unanswered: left_out::unanswered(transaction).next().is_some(),
            crowded: crowded_since(transaction),
            stopping: stopping_since(transaction, standing.state),
            owing: if transaction.key.role == Role::Buyer { owing(transaction, &standing) } else { Vec::new() },
            order,
            delivery,
            payment,
            open,
            until: offer::stands_until(transaction, standing.state),
            ..Self::bare(transaction)
        };
        row.fill_names(transaction, standing.state);
        row
    }

    fn fill_names(&mut self, transaction: &Transaction, state: State) {
        let items = |lines: &[Line]| {
            lines
                .iter()
                .map(|line| RowItem { name: line.item.name.clone(), quantity: line.quantity.to_string() })
                .collect()
        };
        if let Some((_, order)) = transaction.order() {
            self.items = items(&order.lines);
            self.buyer = order.buyer.name.trim().to_owned();
        }
        if self.buyer.is_empty() {
            self.buyer = transaction.buyer().map(|party| party.address.to_string()).unwrap_or_default();
        }
        if self.items.is_empty() {
            self.items = items_shown(transaction);
        }
        if let Some((_, terms)) = terms(transaction, state) {
            self.items = items(&terms.lines);
        }
        if let Some((_, terms)) = transaction.terms() {
            self.shop_name.clone_from(&terms.seller);
        }
    }
}

/// Returns the goods that a shop shows an agent, which sees no terms.
fn items_shown(transaction: &Transaction) -> Vec<RowItem> {
    let counting = transaction.kept.iter().rev().filter(|kept| kept.counts());
    let shown = instruction(transaction).into_iter().chain(counting).find_map(|kept| match &kept.letter.document {
        Document::PaymentInstruction(instruction) => Some(&instruction.shown),
        Document::DeliveryInstruction(instruction) => Some(&instruction.shown),
        _ => None,
    });
    let item = |line: &ShownLine| RowItem { name: line.item.name.clone(), quantity: line.quantity.to_string() };
    shown.into_iter().flat_map(|shown| &shown.goods).map(item).collect()
}

/// Returns how what a buyer owes changed, from the order on: a payment that is dated before it counts for its moment.
fn owing(transaction: &Transaction, standing: &Standing) -> Vec<RowOwing> {
    let bookings = bookings(transaction, standing);
    let Some(first) = bookings.first().map(|booking| booking.at) else { return Vec::new() };
    let change = |booking: &Booking| {
        let what = match booking.what {
            Booked::Bought { .. } => "bought",
            Booked::Paid { .. } => "paid",
            Booked::Dropped => "dropped",
            Booked::Raised => "raised",
            Booked::DueBack | Booked::Back { .. } => return None,
        };
        Some(RowOwing { at: booking.at.max(first), what, change: booking.owed()? })
    };
    bookings.iter().filter_map(change).collect()
}

/// Returns the terms in force; before any are agreed to, those that wait for the buyer's answer, though they count only with it.
fn terms(transaction: &Transaction, state: State) -> Option<(&Kept, &Terms)> {
    let waiting = match state {
        State::Ordered => agreement::waiting(transaction, state),
        State::Offered => replacing::waiting(transaction, state),
        _ => None,
    };
    waiting.or_else(|| transaction.terms())
}

fn total(transaction: &Transaction, state: State) -> Option<crate::trade::Money> {
    let terms = terms(transaction, state).map(|(_, terms)| terms.total);
    let order = transaction.order().map(|(_, order)| order.total);
    // An agent sees no terms, and new ones have it instructed anew.
    terms
        .or(order)
        .or_else(|| to_collect(transaction))
        .or_else(|| transaction.kept.iter().find_map(|kept| crate::ledger::amount(&kept.letter)))
}

/// Counts the letters with a warning nobody settled; what a sender says again in the same kind of letter is one warning, as it is
/// in the list of warnings.
fn warnings(transaction: &Transaction) -> u32 {
    let open = transaction.kept.iter().filter(|kept| {
        kept.direction == Direction::In
            && kept.settled.is_none()
            && matches!(kept.verdict, Verdict::Warned | Verdict::Held)
            && !is_replaced(transaction, kept)
            && kept.findings.iter().any(|finding| finding.code.blocks() && !was_said(transaction, kept, finding))
    });
    u32::try_from(open.count()).unwrap_or(u32::MAX)
}
