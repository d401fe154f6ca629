//! How much of a leg is done where not all of it is, and when what was done of it went back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::returned;
use super::standing::{Standing, State};
use crate::trade::item::LineQuantity;
use crate::trade::status::Step;
use crate::trade::{Document, Kind, Leg, Money, Quantity, Transaction, When};

/// How much of a leg is done, of how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InPart {
    /// Pieces that left or arrived.
    Goods {
        /// How many.
        done: Quantity,
        /// Of how many.
        of: Quantity,
    },
    /// What was paid.
    Money {
        /// How much.
        done: Money,
        /// Of how much.
        of: Money,
    },
}

/// Returns how much of a leg of what is open is done; `None` where nothing or all of it is.
pub fn in_part(transaction: &Transaction, standing: &Standing, leg: Leg) -> Option<InPart> {
    if standing.state != State::Open || standing.mark(leg).done {
        return None;
    }
    if leg == Leg::Payment {
        let done = standing.legs.paid.filter(|paid| !paid.is_zero())?;
        let remaining = standing.legs.remaining.filter(|remaining| !remaining.is_zero())?;
        return Some(InPart::Money { done, of: done.plus(&remaining).ok()? });
    }
    let parcels = &standing.legs.get(leg).parcels;
    let done = pieces(parcels.values().filter(|parcel| parcel.done.is_some()).flat_map(|parcel| &parcel.lines))?;
    let of = all(transaction).or_else(|| pieces(parcels.values().flat_map(|parcel| &parcel.lines)))?;
    (done < of).then_some(InPart::Goods { done, of })
}

/// Returns how many pieces there are of these lines together.
fn pieces<'a>(lines: impl Iterator<Item = &'a LineQuantity>) -> Option<Quantity> {
    sum(lines.map(|line| line.quantity))
}

fn sum(quantities: impl Iterator<Item = Quantity>) -> Option<Quantity> {
    let mut quantities = quantities;
    let first = quantities.next()?;
    quantities.try_fold(first, Quantity::plus)
}

/// Returns how many pieces are to be brought: by the terms, or by what a delivery agent was instructed to bring.
fn all(transaction: &Transaction) -> Option<Quantity> {
    if let Some((_, terms)) = transaction.terms() {
        return sum(terms.lines.iter().map(|line| line.quantity));
    }
    let mut parcels: BTreeMap<&str, &[LineQuantity]> = BTreeMap::new();
    for kept in transaction.known(Kind::DeliveryInstruction) {
        if let Document::DeliveryInstruction(instruction) = &kept.letter.document {
            parcels.extend(instruction.parcels.iter().map(|parcel| (parcel.id.as_str(), parcel.lines.as_slice())));
        }
    }
    pieces(parcels.into_values().flatten())
}

/// Returns when the goods went back, or the money, of what went back whole: since when the shop has taken the goods back, and when
/// the last of the money was given back. Of what is delivered it stays true that it came.
pub fn back(transaction: &Transaction, standing: &Standing, leg: Leg) -> Option<When> {
    match (leg, standing.state) {
        (Leg::Order, State::Returned | State::Refunded) => goods_back(transaction),
        (Leg::Payment, State::Refunded) => money_back(transaction, standing),
        _ => None,
    }
}

fn goods_back(transaction: &Transaction) -> Option<When> {
    let (_, terms) = transaction.terms()?;
    let answers = returned::agreed(transaction).into_iter();
    let taken = answers.map(|(kept, answer)| answer.step.done().unwrap_or(kept.letter.date)).max();
    taken.filter(|_| returned::is_all(transaction, terms)).map(When::Moment)
}

fn money_back(transaction: &Transaction, standing: &Standing) -> Option<When> {
    let said = transaction.by_content(&standing.legs.payment.content?)?;
    let Document::PaymentStatus(status) = &said.letter.document else { return None };
    let steps = status.payments.iter().filter(|payment| payment.refund).map(|payment| &payment.step);
    steps.filter_map(Step::done).max().map(When::Moment)
}
