//! Every document that travels in a letter, and the kinds they are known by.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::catalog::{Catalog, CatalogRequest};
use super::id::{Address, Digest, Number};
use super::item::LineQuantity;
use super::moment::{Moment, When};
use super::money::Money;
use super::party::{Agent, Leg, Person, PostalAddress, Role};
use super::shown::Shown;
use super::status::{DeliveryStatus, OrderStatus, Parcel, PaymentStatus, Reason, Step};
use super::terms::{DeliveryMethod, Order, PaymentMethod, Sealed, Terms};

/// Declares the kinds, their words, and the way from a document to its kind, in one place.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $(($inner:ty))? = $word:literal,)+) => {
        /// What kind of document a letter carries: `mo:kind`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Kind {
            $($(#[$doc])* $kind,)+
        }

        impl Kind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// Returns the word of `mo:kind`, of templates and of ledger headers.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)+
                }
            }
        }

        /// What a letter says.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind", content = "document", rename_all = "kebab-case")]
        #[expect(clippy::large_enum_variant, reason = "letters are held by pointers; a box more is read for each of the terms")]
        pub enum Document {
            $($(#[$doc])* $kind$(($inner))?,)+
        }

        impl Document {
            /// Returns its kind.
            pub const fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind { .. } => Kind::$kind,)+
                }
            }
        }
    };
}

kinds! {
    /// Buyer to shop: what is wished.
    Order(Order) = "order",
    /// Shop to buyer: the order is refused.
    OrderRejection(Rejection) = "order-rejection",
    /// Shop to buyer: the terms.
    TransactionInfo(Terms) = "transaction-info",
    /// Buyer to shop: the OK to the terms.
    Confirmation(Confirmation) = "confirmation",
    /// Buyer to shop: the transaction shall not be.
    Cancellation(Cancellation) = "cancellation",
    /// Shop to an agent: stop what was instructed.
    Stop(Stop) = "stop",
    /// Shop to payment agent: may this be paid?
    AuthorizationRequest(AuthorizationRequest) = "authorization-request",
    /// Payment agent to shop: yes or no.
    AuthorizationResult(AuthorizationResult) = "authorization-result",
    /// Shop to payment agent: collect the money.
    PaymentInstruction(PaymentInstruction) = "payment-instruction",
    /// Shop to delivery agent: bring the goods.
    DeliveryInstruction(DeliveryInstruction) = "delivery-instruction",
    /// Shop to buyer: how the order stands.
    OrderStatus(OrderStatus) = "order-status",
    /// Payment agent to buyer and shop: how the payment stands.
    PaymentStatus(PaymentStatus) = "payment-status",
    /// Delivery agent to buyer and shop: how the delivery stands.
    DeliveryStatus(DeliveryStatus) = "delivery-status",
    /// Buyer or shop to whoever speaks for a leg: how does it stand?
    StatusRequest(StatusRequest) = "status-request",
    /// Buyer to shop: take it back, or stop it.
    ReturnRequest(ReturnRequest) = "return-request",
    /// Shop to buyer: what becomes of the return.
    ReturnAnswer(ReturnAnswer) = "return-answer",
    /// Shop to payment agent: give the money back.
    RefundInstruction(RefundInstruction) = "refund-instruction",
    /// Buyer to shop: what do you sell?
    CatalogRequest(CatalogRequest) = "catalog-request",
    /// Shop to buyer: this is what I sell.
    Catalog(Catalog) = "catalog",
    /// Anybody: what you asked for is not done.
    Refusal(Refusal) = "refusal",
    /// Anybody: these letters were recorded.
    Receipt(Receipt) = "receipt",
}

impl Kind {
    /// Reads the word of a kind.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }

    /// Returns the leg a status of this kind speaks about.
    pub const fn status_of(self) -> Option<Leg> {
        match self {
            Self::OrderStatus => Some(Leg::Order),
            Self::PaymentStatus => Some(Leg::Payment),
            Self::DeliveryStatus => Some(Leg::Delivery),
            _ => None,
        }
    }

    /// Returns whether letters of this kind are numbered, acknowledged and sent again; receipts and refusals are not, nor
    /// is what belongs to no transaction.
    pub const fn is_numbered(self) -> bool {
        !matches!(self, Self::Receipt | Self::Refusal) && !self.is_about_shop()
    }

    /// Returns whether letters of this kind are about a shop, and no transaction of it: who misses the answer asks again.
    pub const fn is_about_shop(self) -> bool {
        matches!(self, Self::CatalogRequest | Self::Catalog)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Document {
    /// Returns the parties it names (`mo:agents`).
    pub fn agents(&self) -> &[Agent] {
        match self {
            Self::TransactionInfo(terms) => &terms.agents,
            Self::AuthorizationRequest(request) => &request.agents,
            Self::PaymentInstruction(instruction) => &instruction.agents,
            Self::DeliveryInstruction(instruction) => &instruction.agents,
            Self::Catalog(catalog) => &catalog.agents,
            _ => &[],
        }
    }

    /// Returns the parties it names, to be completed.
    pub fn agents_mut(&mut self) -> &mut [Agent] {
        match self {
            Self::TransactionInfo(terms) => &mut terms.agents,
            Self::AuthorizationRequest(request) => &mut request.agents,
            Self::PaymentInstruction(instruction) => &mut instruction.agents,
            Self::DeliveryInstruction(instruction) => &mut instruction.agents,
            Self::Catalog(catalog) => &mut catalog.agents,
            _ => &mut [],
        }
    }
}

/// An order is not taken: at least one reason, for all of it or for a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// Why, as far as it concerns the order as a whole.
    pub reasons: Vec<Reason>,
    /// Why, as far as it concerns one line.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub lines: Vec<LineReason>,
}

/// What keeps one line of an order from being taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineReason {
    /// The line's number in the order.
    pub line: String,
    /// Why.
    pub reason: Reason,
}

impl LineReason {
    /// Returns the reason as a sentence with the line's number; values from mail are in it as they came.
    pub fn sentence(&self) -> String {
        format!("Line {}: {}", self.line, self.reason.text)
    }
}

impl From<Vec<Reason>> for Rejection {
    fn from(reasons: Vec<Reason>) -> Self {
        Self { reasons, lines: Vec::new() }
    }
}

impl Rejection {
    /// Returns all reasons as sentences, those about a line with its number; values from mail are in them as they came.
    pub fn sentences(&self) -> Vec<String> {
        let lines = self.lines.iter().map(LineReason::sentence);
        self.reasons.iter().map(|reason| reason.text.clone()).chain(lines).collect()
    }
}

/// The buyer's OK. What is accepted is the digest in the envelope; the total is there to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Total of the terms.
    pub total: Money,
}

/// The buyer's wish that the transaction shall not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// Why.
    pub reason: Option<String>,
}

/// Stop what was instructed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Which instruction: payment or delivery.
    pub leg: Leg,
}

/// May this sum be paid in this way? (P23)
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who would pay.
    pub buyer: Person,
    /// How much.
    pub total: Money,
    /// In which way.
    pub payment_method: PaymentMethod,
    /// The last four digits of the card or account.
    pub payment_id: Option<String>,
    /// Payment data, passed on unopened.
    pub sealed: Option<Sealed>,
    /// The buyer, with certificate, and the shop.
    pub agents: Vec<Agent>,
}

impl AuthorizationRequest {
    /// Returns the buyer as the shop names him.
    pub fn payer(&self) -> Option<&Agent> {
        self.agents.iter().find(|agent| agent.role == Role::Buyer)
    }
}

/// The answer to an authorization request (P24).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationResult {
    /// How much was asked for.
    pub total: Money,
    /// Done or failed.
    pub step: Step,
}

/// Collect this sum from the buyer (P41).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentInstruction {
    /// Who pays.
    pub buyer: Person,
    /// How much.
    pub amount: Money,
    /// In which way.
    pub payment_method: PaymentMethod,
    /// The last four digits of the card or account.
    pub payment_id: Option<String>,
    /// Until when.
    pub due: Option<When>,
    /// The date of the terms, before which nothing can have been done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms_date: Option<Moment>,
    /// What the agent is shown beyond what it needs.
    #[serde(default, skip_serializing_if = "Shown::is_empty")]
    pub shown: Shown,
    /// Who is who in this transaction, the buyer with certificate.
    pub agents: Vec<Agent>,
}

/// What a parcel holds, without prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goods {
    /// Line number of the terms.
    pub line: LineQuantity,
    /// Name of the item; left out where the carrier need not know.
    pub name: Option<String>,
}

/// Bring these goods to the buyer (P42).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryInstruction {
    /// Who receives.
    pub buyer: Person,
    /// Where to.
    pub deliver_to: Option<PostalAddress>,
    /// How.
    pub delivery_method: DeliveryMethod,
    /// The parcels, planned.
    pub parcels: Vec<Parcel>,
    /// Cash to be collected on delivery.
    pub collect: Option<Money>,
    /// The date of the terms, before which nothing can have been done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms_date: Option<Moment>,
    /// What the agent is shown beyond what it needs.
    #[serde(default, skip_serializing_if = "Shown::is_empty")]
    pub shown: Shown,
    /// Who is who in this transaction, the buyer with certificate.
    pub agents: Vec<Agent>,
}

/// How does this leg stand? (P86, P87)
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRequest {
    /// Which leg.
    pub leg: Leg,
    /// Highest number received from the one asked, without a gap below it.
    pub have: u32,
}

/// The buyer wishes to give goods back, or to stop what has not arrived (P93-P95).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRequest {
    /// What is given back.
    pub lines: Vec<LineQuantity>,
    /// Why.
    pub reason: Reason,
}

/// What becomes of a return (P96).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnAnswer {
    /// What is taken back.
    pub lines: Vec<LineQuantity>,
    /// Active: agreed, waiting for goods or money; done: closed; failed: refused.
    pub step: Step,
    /// What will be, or was, given back.
    pub refund: Option<Money>,
}

/// Give this sum back to the buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundInstruction {
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: String,
}

/// What was asked for is not done. The letter refused is named in the envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Why; one and the same for unknown and foreign transactions (P53).
    pub reason: Reason,
}

/// One letter that was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Content digest of the letter.
    pub content: Digest,
    /// Its shop.
    pub shop: Option<Address>,
    /// Its transaction.
    pub transaction: Option<Number>,
    /// Its number.
    pub seq: Option<u32>,
    /// The tree head it carried.
    pub head: Option<Digest>,
}

/// These letters were recorded: not agreed to, recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The letters, at most 500.
    pub received: Vec<Received>,
}
