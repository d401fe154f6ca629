//! What buyer and shop agree on: the order as wished, the terms as signed.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::document::LineReason;
use super::id::{Fingerprint, InvalidId, Number};
use super::item::{Charge, Line, Tax};
use super::moment::{Moment, When};
use super::money::Money;
use super::party::{Agent, Leg, Person, PostalAddress, Role};

/// Makes a word of lower-case letters, digits and hyphens, at most 40 characters: a key of procedures.
macro_rules! method {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Reads the word: 1 to 40 of a-z, 0-9 and hyphen.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
                if (1..=40).contains(&text.len()) && text.bytes().all(plain) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId { expected: $what, text: text.chars().take(80).collect() })
                }
            }

            /// Returns the word.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        crate::trade::as_text::as_text!($name, InvalidId);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

method!(
    /// How the buyer pays (P12, P21): `card`, `e-money`, `bank-transfer`, `invoice`, `cash-on-delivery`, or a word the
    /// shop has a procedure for.
    PaymentMethod,
    "a payment method (1 to 40 of a-z 0-9 -, like card)"
);
method!(
    /// How the goods travel (P13, P22): `parcel`, `pickup`, `locker`, `download`, or a word the shop has a procedure
    /// for.
    DeliveryMethod,
    "a delivery method (1 to 40 of a-z 0-9 -, like parcel)"
);

impl DeliveryMethod {
    /// Returns whether the goods are a file that goes over the network (P22).
    pub fn is_download(&self) -> bool {
        self.0 == "download"
    }
}

impl PaymentMethod {
    /// Returns whether the agent takes the money by itself on the day it planned, from the card or account whose data the buyer
    /// sealed to it. What the buyer hands over or has to transfer comes when he does so, if he does.
    pub fn is_debited(&self) -> bool {
        !matches!(self.0.as_str(), "cash-on-delivery" | "bank-transfer" | "invoice")
    }
}

/// Payment data sealed to the payment agent's key, in base64: nobody else can read it (wire format 1.4).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(pub String);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} characters)", self.0.len())
    }
}

/// What the buyer wishes to buy (P11-P16).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Who orders.
    pub buyer: Person,
    /// What is ordered, at the prices the buyer saw.
    pub lines: Vec<Line>,
    /// Charges the buyer expects.
    pub charges: Vec<Charge>,
    /// Sum of lines and charges.
    pub total: Money,
    /// How the buyer pays.
    pub payment_method: PaymentMethod,
    /// The last four digits of the card or account.
    pub payment_id: Option<String>,
    /// Payment data for the payment agent alone.
    pub sealed: Option<Sealed>,
    /// How the goods shall travel.
    pub delivery_method: DeliveryMethod,
    /// Where to.
    pub deliver_to: Option<PostalAddress>,
    /// Where the bill goes, if elsewhere.
    pub billing: Option<PostalAddress>,
    /// The transaction this order repeats (P98).
    pub reorder_of: Option<Number>,
    /// A word to the shop.
    pub remarks: Option<String>,
}

/// What the shop offers and signs: record 800 of the patent (P26-P31). Its content digest is what everybody names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// When the order was taken in.
    pub date: Moment,
    /// The shop's name.
    pub seller: String,
    /// The shop's tax number.
    pub vat_id: Option<String>,
    /// Who buys.
    pub buyer: Person,
    /// What is bought.
    pub lines: Vec<Line>,
    /// The lines of the order that are left out, or of which there is less, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub short: Vec<LineReason>,
    /// Charges, discounts and taxes on top.
    pub charges: Vec<Charge>,
    /// Taxes contained in the prices.
    pub taxes: Vec<Tax>,
    /// Sum of lines and charges.
    pub total: Money,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// The last four digits of the card or account.
    pub payment_id: Option<String>,
    /// Until when it is to be paid.
    pub payment_due: Option<When>,
    /// How it travels.
    pub delivery_method: DeliveryMethod,
    /// Where to.
    pub deliver_to: Option<PostalAddress>,
    /// Where the bill goes.
    pub billing: Option<PostalAddress>,
    /// Earliest planned arrival.
    pub arrival_from: Option<When>,
    /// Latest planned arrival.
    pub arrival_until: Option<When>,
    /// Until when the buyer's OK counts.
    pub valid_through: Option<Moment>,
    /// Withdrawal, returns, contact: what must be seen before the OK.
    pub conditions: Option<String>,
    /// Who speaks for order, payment and delivery, each exactly once.
    pub agents: Vec<Agent>,
}

impl Terms {
    /// Returns whether an OK that is given at `at` would come too late.
    pub fn has_run_out(&self, at: &Moment) -> bool {
        self.valid_through.is_some_and(|until| *at > until)
    }

    /// Returns who speaks for `leg`.
    pub fn agent(&self, leg: Leg) -> Option<&Agent> {
        self.agents.iter().find(|agent| agent.role == leg.role())
    }

    /// Returns whether each of the three legs has exactly one agent and nobody else is named.
    pub fn agents_are_complete(&self) -> bool {
        let count = |role: Role| self.agents.iter().filter(|agent| agent.role == role).count();
        self.agents.len() == 3 && Leg::ALL.into_iter().all(|leg| count(leg.role()) == 1)
    }

    /// Returns the legs for which `signer` may speak.
    pub fn legs_of(&self, signer: &Fingerprint) -> Vec<Leg> {
        Leg::ALL
            .into_iter()
            .filter(|leg| self.agent(*leg).is_some_and(|agent| agent.party.fingerprint == *signer))
            .collect()
    }
}
