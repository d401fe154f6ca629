//! What was agreed for one order, billed, paid, and is open of it, and whether the bill agrees with the order (P66, P80, P85).

use serde_json::{Value, json};

use super::text;
use crate::rules::said_again::listed_under;
use crate::rules::{Standing, State, unconfirmed};
use crate::trade::status::PaymentStatus;
use crate::trade::{Code, Direction, Document, Kept, Kind, Leg, Money, Role, Settlement, Transaction, When};

/// The money of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// The total of the terms.
    pub agreed: Money,
    /// What the newest bill comes to; `None` where nobody has billed anything.
    pub stated: Option<Money>,
    /// What was paid.
    pub paid: Money,
    /// What is still to be paid.
    pub open: Money,
    /// Until when.
    pub due: Option<When>,
    /// Whether the buyer has said OK to the terms; a shop may have begun without.
    pub confirmed: bool,
    /// The letter that bills something else than was agreed, if the newest does.
    pub differs: Option<Differs>,
}

/// A letter that bills something else than was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Differs {
    /// The entry that its warning is listed under: of what was said of several letters, the first one's.
    pub position: u64,
    /// Whether a person accepted it.
    pub accepted: bool,
}

impl Differs {
    fn of(known: &Transaction, kept: &Kept) -> Self {
        let accepted = kept.settled == Some(Settlement::Accept);
        let position = if accepted { kept.position } else { listed_under(known, kept, is_of_money) };
        Self { position, accepted }
    }
}

impl Bill {
    /// Reckons it for buyer or shop, once the terms are agreed to; `None` for what has no bill.
    pub fn of(known: &Transaction, standing: &Standing) -> Option<Self> {
        if !matches!(known.key.role, Role::Buyer | Role::Shop) {
            return None;
        }
        let (_, terms) = known.terms()?;
        let legs = &standing.legs;
        let counts = match standing.state {
            State::Open | State::Completed | State::Returned | State::Refunded => true,
            State::Cancelled => legs.paid.is_some_and(|paid| !paid.is_zero()),
            State::Ordered | State::Offered | State::Rejected => false,
        };
        let zero = Money::zero(terms.total.currency());
        let in_force = legs.payment.content.and_then(|content| known.by_content(&content));
        let newest = unsettled(known, in_force).or(in_force);
        let open = standing.unpaid.unwrap_or(zero);
        counts.then(|| Self {
            agreed: terms.total,
            stated: newest.and_then(status).map(stated),
            paid: legs.paid.unwrap_or(zero),
            open,
            confirmed: !unconfirmed::is_begun(known, standing.state),
            due: standing.mark(Leg::Payment).date.filter(|_| !open.is_zero()),
            differs: newest.filter(|kept| is_about_money(kept)).map(|kept| Differs::of(known, kept)),
        })
    }

    /// Returns whether the bill agrees with the order; `None` where there is none, no OK was said to
    /// the terms, or goods that went back changed it.
    pub fn agrees(&self) -> Option<bool> {
        match (&self.differs, self.stated) {
            (Some(_), _) => Some(false),
            (None, Some(stated)) if stated == self.agreed && self.confirmed => Some(true),
            (None, _) => None,
        }
    }

    /// Returns it as JSON.
    pub fn json(&self) -> Value {
        json!({
            "agreed": text::money_json(&self.agreed), "stated": self.stated.as_ref().map(text::money_json),
            "paid": text::money_json(&self.paid), "open": text::money_json(&self.open),
            "due": text::when_json(self.due.as_ref()), "agrees": self.agrees(),
            "warning": self.differs.map(|differs| format!("W-{}", differs.position)),
            "accepted": self.differs.is_some_and(|differs| differs.accepted),
        })
    }
}

/// Returns the newest bill that was warned about after the one in force, and that nobody has settled.
fn unsettled<'a>(known: &'a Transaction, in_force: Option<&Kept>) -> Option<&'a Kept> {
    let since = in_force.map_or(0, |kept| kept.position);
    let open = |kept: &&Kept| {
        kept.letter.kind() == Kind::PaymentStatus
            && kept.direction == Direction::In
            && !kept.counts()
            && kept.settled.is_none()
            && kept.position >= since
            && is_about_money(kept)
    };
    known.kept.iter().filter(open).max_by_key(|kept| kept.position)
}

/// Returns whether a letter was found to say something else about the money than was agreed.
fn is_about_money(kept: &Kept) -> bool {
    kept.findings.iter().any(|finding| is_of_money(finding.code))
}

fn is_of_money(code: Code) -> bool {
    [Code::AmountDiffers, Code::CurrencyDiffers, Code::SumDoesNotAddUp].contains(&code)
}

fn status(kept: &Kept) -> Option<&PaymentStatus> {
    match &kept.letter.document {
        Document::PaymentStatus(status) => Some(status),
        _ => None,
    }
}

/// Returns what a payment agent says was paid and remains together.
fn stated(status: &PaymentStatus) -> Money {
    let made = status.payments.iter().filter(|payment| !payment.refund && payment.step.done().is_some());
    let made = Money::sum(made.map(|payment| &payment.amount)).ok().flatten();
    made.and_then(|made| made.plus(&status.remaining).ok()).unwrap_or(status.remaining)
}
