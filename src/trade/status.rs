//! Statuses: what a party says about its leg of a transaction.
//!
//! A status is a snapshot, all its sender has to say at one moment, not a change to what was said before.

use serde::{Deserialize, Serialize};

use super::download::Download;
use super::item::{Line, LineQuantity, all_of, rest};
use super::moment::{Moment, When};
use super::money::Money;
use super::{Document, Kind, Transaction};

/// Why something was refused or failed: a stable code and a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable code of lower-case words with hyphens; in rejections, returns and terms one of
    /// [`StatusReason`](super::StatusReason).
    pub code: String,
    /// A sentence for people.
    pub text: String,
}

/// Reason code of what the shop had stopped.
pub const STOPPED: &str = "stopped";

/// How far one action is (schema.org ActionStatusType, IOTP's states).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "lowercase")]
pub enum Step {
    /// Not begun; `at` is when it is planned.
    Planned {
        /// Planned date.
        at: Option<When>,
    },
    /// Begun; `at` is when it is planned to end.
    Active {
        /// Planned end.
        at: Option<When>,
    },
    /// Done.
    Done {
        /// When it was done.
        at: Moment,
    },
    /// Will not happen.
    Failed {
        /// Why.
        reason: Reason,
        /// When that was known.
        at: Option<Moment>,
    },
}

impl Step {
    /// Returns when it was done.
    pub fn done(&self) -> Option<Moment> {
        if let Self::Done { at } = self { Some(*at) } else { None }
    }

    /// Returns the planned date of what is not done.
    pub fn planned(&self) -> Option<When> {
        match self {
            Self::Planned { at } | Self::Active { at } => *at,
            Self::Done { .. } | Self::Failed { .. } => None,
        }
    }

    /// Returns whether it failed.
    pub fn failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }

    /// Returns whether nothing more will become of it.
    pub fn is_over(&self) -> bool {
        self.done().is_some() || self.failed()
    }
}

/// Where the order stands as a whole (schema.org OrderStatus).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderState {
    /// Being made ready.
    Processing,
    /// Waiting for the money.
    PaymentDue,
    /// Handed over to the delivery agent.
    InTransit,
    /// Ready to be fetched.
    PickupAvailable,
    /// Arrived.
    Delivered,
    /// Cancelled.
    Cancelled,
    /// Given back.
    Returned,
    /// Something is wrong.
    Problem,
}

/// One shipment of a shop: which lines left, or will leave, when (P47).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// The shop's parcel number.
    pub parcel: String,
    /// What is in it.
    pub lines: Vec<LineQuantity>,
    /// The delivery agent's tracking number.
    pub tracking: Option<String>,
    /// Whether and when it left.
    pub step: Step,
}

/// What the shop says about the order leg (record 1200).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderStatus {
    /// The order as a whole.
    pub state: OrderState,
    /// Its shipments.
    pub shipments: Vec<Shipment>,
    /// A word to the buyer.
    pub remarks: Option<String>,
}

impl OrderStatus {
    /// Returns the newest one that we wrote about a transaction.
    pub fn sent(transaction: &Transaction) -> Option<&Self> {
        match &transaction.sent(Kind::OrderStatus).last()?.letter.document {
            Document::OrderStatus(status) => Some(status),
            _ => None,
        }
    }

    /// Returns what of these lines has not left.
    pub fn not_left(&self, lines: &[Line]) -> Vec<LineQuantity> {
        let gone = self.shipments.iter().filter(|shipment| shipment.step.done().is_some());
        rest(&all_of(lines), gone.flat_map(|shipment| &shipment.lines))
    }
}

/// Something that happened to a parcel (P56).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelEvent {
    /// What happened.
    pub name: String,
    /// When.
    pub at: Moment,
    /// Where.
    pub place: Option<String>,
}

/// One parcel as its carrier sees it (P57, P58).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// The shop's parcel number.
    pub id: String,
    /// What is in it.
    pub lines: Vec<LineQuantity>,
    /// Tracking number.
    pub tracking: Option<String>,
    /// Page to follow it on; shown as text, never opened.
    pub tracking_url: Option<String>,
    /// Earliest planned arrival.
    pub expected_from: Option<When>,
    /// Latest planned arrival.
    pub expected_until: Option<When>,
    /// What happened so far.
    pub events: Vec<ParcelEvent>,
    /// The file that it is, where the goods go over the network (P22).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download: Option<Download>,
    /// Whether and when it arrived.
    pub step: Step,
}

impl Parcel {
    /// Returns when it is to arrive; `None` where it has, or will not.
    pub fn planned(&self) -> Option<When> {
        self.step.planned().or(self.expected_until).filter(|_| !self.step.is_over())
    }
}

/// What the delivery agent says about the delivery leg (record 1400).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryStatus {
    /// All parcels known so far.
    pub parcels: Vec<Parcel>,
}

impl DeliveryStatus {
    /// Returns whether no parcel is under way any more: each has arrived, or failed.
    pub fn is_over(&self) -> bool {
        self.parcels.iter().all(|parcel| parcel.step.is_over())
    }
}

/// Where the payment stands as a whole (schema.org PaymentStatusType). That a part is paid the payments say; see
/// [`PaymentStatus::is_partly_paid`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentState {
    /// Not paid yet, or not all of it.
    Due,
    /// Not paid in time.
    PastDue,
    /// All paid.
    Complete,
    /// Refused.
    Declined,
}

/// One payment, or one refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The payment agent's number of it, fixed.
    pub id: String,
    /// How much, above zero.
    pub amount: Money,
    /// Whether it goes back to the buyer.
    pub refund: bool,
    /// Whether and when it was made.
    pub step: Step,
}

/// What the payment agent says about the payment leg (record 1500).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentStatus {
    /// The payment as a whole.
    pub state: PaymentState,
    /// What remains to be paid. Completed payments less refunds, and this, make the agreed total.
    pub remaining: Money,
    /// Until when it is to be paid.
    pub due: Option<When>,
    /// When it will be collected.
    pub scheduled: Option<When>,
    /// The agent's own reference.
    pub confirmation: Option<String>,
    /// The last four digits of the card or account.
    pub payment_id: Option<String>,
    /// The payments and refunds.
    pub payments: Vec<Payment>,
}

impl PaymentStatus {
    /// Returns whether something of the sum is paid, and something is not.
    pub fn is_partly_paid(&self) -> bool {
        let made = |refund: bool| {
            let made = self.payments.iter().filter(|one| one.refund == refund && one.step.done().is_some());
            Money::sum(made.map(|one| &one.amount)).ok().flatten()
        };
        let is_paid = match (made(false), made(true)) {
            (Some(paid), Some(back)) => paid.exceeds(&back).unwrap_or(false),
            (paid, _) => paid.is_some(),
        };
        is_paid && self.state != PaymentState::Complete && !self.remaining.is_zero() && !self.remaining.is_negative()
    }
}
