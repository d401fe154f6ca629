//! Who takes part: roles, the legs of a transaction they answer for, and the names people go by.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::id::{Address, Fingerprint};

/// The part somebody plays in one transaction (P5). One address may play several (P6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Orders, accepts the terms, receives.
    Buyer,
    /// Makes the terms, has the goods sent, speaks for the order leg.
    Shop,
    /// Collects the money, speaks for the payment leg.
    Payment,
    /// Carries the goods, speaks for the delivery leg.
    Delivery,
}

impl Role {
    /// All roles, in the order of the enum.
    pub const ALL: [Self; 4] = [Self::Buyer, Self::Shop, Self::Payment, Self::Delivery];

    /// Returns the word used in configuration, ledger headers and output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Buyer => "buyer",
            Self::Shop => "shop",
            Self::Payment => "payment",
            Self::Delivery => "delivery",
        }
    }

    /// Reads the word of a role.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// Returns the leg this role speaks for; the buyer speaks for none.
    pub const fn leg(self) -> Option<Leg> {
        match self {
            Self::Buyer => None,
            Self::Shop => Some(Leg::Order),
            Self::Payment => Some(Leg::Payment),
            Self::Delivery => Some(Leg::Delivery),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One of the three things that must happen to a purchase (P47, P58, P59).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Leg {
    /// The shop hands the goods over: shipped.
    Order,
    /// The money arrives: paid.
    Payment,
    /// The goods arrive: delivered.
    Delivery,
}

impl Leg {
    /// All legs, in the order of the patent's list (fig. 16).
    pub const ALL: [Self; 3] = [Self::Order, Self::Delivery, Self::Payment];

    /// Returns the role that speaks for this leg.
    pub const fn role(self) -> Role {
        match self {
            Self::Order => Role::Shop,
            Self::Payment => Role::Payment,
            Self::Delivery => Role::Delivery,
        }
    }

    /// Returns the word of `mo:role` and of output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Payment => "payment",
            Self::Delivery => "delivery",
        }
    }

    /// Reads its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|leg| leg.word() == word)
    }
}

impl fmt::Display for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A mailbox and the key that speaks for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Party {
    /// Where letters to it go.
    pub address: Address,
    /// Its primary key.
    pub fingerprint: Fingerprint,
}

/// Who plays a role in one transaction, as the shop's signed letters name it (`mo:agents`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Agent {
    /// The role it plays.
    pub role: Role,
    /// Its mailbox and key.
    pub party: Party,
    /// Its minimal certificate (binary OpenPGP in base64), left out where the recipient has it.
    pub certificate: Option<String>,
}

/// An agent as JSON has it, on one level. (`flatten` would read the same with a copy of everything in between.)
#[derive(Serialize, Deserialize)]
struct Written {
    role: Role,
    address: Address,
    fingerprint: Fingerprint,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    certificate: Option<String>,
}

impl From<Written> for Agent {
    fn from(written: Written) -> Self {
        let Written { role, address, fingerprint, certificate } = written;
        Self { role, party: Party { address, fingerprint }, certificate }
    }
}

impl From<Agent> for Written {
    fn from(agent: Agent) -> Self {
        let Agent { role, party: Party { address, fingerprint }, certificate } = agent;
        Self { role, address, fingerprint, certificate }
    }
}

/// A postal address, each field as its owner wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostalAddress {
    /// Who receives there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Street, house, flat.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub street: Option<String>,
    /// Town.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub locality: Option<String>,
    /// State, province or prefecture.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub region: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub postal_code: Option<String>,
    /// Country, by preference its ISO 3166 code.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub country: Option<String>,
}

impl PostalAddress {
    /// Returns the fields that are there, in the order of an envelope.
    pub fn lines(&self) -> Vec<String> {
        [&self.name, &self.street, &self.locality, &self.region, &self.postal_code, &self.country]
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }
}

/// The buyer as a person (P14, P30).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Full name.
    pub name: String,
    /// Mail address.
    pub email: Address,
    /// Telephone number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub telephone: Option<String>,
    /// Home address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<PostalAddress>,
}
