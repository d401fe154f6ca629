//! What a row can say: the same as the flags of `notify`, under the same names.

use serde::de::{Deserialize, Deserializer, Error};

use crate::trade::Role;

/// One thing a row can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Which transaction.
    Txn,
    /// The row's own name: the same again has no second effect.
    EventId,
    /// One word for what happened.
    Status,
    /// When that was.
    Date,
    /// When it left.
    Shipped,
    /// When it was paid.
    Paid,
    /// When a refund was made.
    Refunded,
    /// When it arrived.
    Delivered,
    /// When it will leave, be collected, or arrive.
    Planned,
    /// Why it could not be collected.
    Declined,
    /// Why it was not delivered.
    Failed,
    /// Why it was not accepted.
    Refused,
    /// In what way it was lost.
    Lost,
    /// Why the shop cancelled the order.
    Cancelled,
    /// Which file the goods are.
    File,
    /// Behind which link it is.
    Link,
    /// How many bytes it has.
    Size,
    /// Its SHA-256.
    Sha256,
    /// What it is called.
    Called,
    /// What happened to a parcel on its way.
    Event,
    /// Where that was.
    Place,
    /// Which parcel.
    Parcel,
    /// What is in it, like `1=2 3=1`.
    Lines,
    /// Its tracking number.
    Tracking,
    /// How much, like `JPY 4800`, or `4800` beside a currency.
    Amount,
    /// The currency of an amount that names none.
    Currency,
    /// The agent's own reference.
    Reference,
    /// Whether it replaces what was reported as done before.
    Correct,
}

impl Field {
    /// All fields.
    pub const ALL: [Self; 28] = [
        Self::Txn,
        Self::EventId,
        Self::Status,
        Self::Date,
        Self::Shipped,
        Self::Paid,
        Self::Refunded,
        Self::Delivered,
        Self::Planned,
        Self::Declined,
        Self::Failed,
        Self::Refused,
        Self::Lost,
        Self::Cancelled,
        Self::File,
        Self::Link,
        Self::Size,
        Self::Sha256,
        Self::Called,
        Self::Event,
        Self::Place,
        Self::Parcel,
        Self::Lines,
        Self::Tracking,
        Self::Amount,
        Self::Currency,
        Self::Reference,
        Self::Correct,
    ];

    /// The names of all fields, in the same order.
    const WORDS: [&str; 28] = [
        "txn",
        "event_id",
        "status",
        "date",
        "shipped",
        "paid",
        "refunded",
        "delivered",
        "planned",
        "declined",
        "failed",
        "refused",
        "lost",
        "cancelled",
        "file",
        "link",
        "size",
        "sha256",
        "called",
        "event",
        "place",
        "parcel",
        "lines",
        "tracking",
        "amount",
        "currency",
        "reference",
        "correct",
    ];

    /// Returns its name.
    pub fn word(self) -> &'static str {
        let place = Self::ALL.iter().position(|field| *field == self);
        place.and_then(|place| Self::WORDS.get(place)).copied().unwrap_or_default()
    }

    /// Returns whether rows of a part can say it.
    pub fn is_for(self, role: Role) -> bool {
        match self {
            Self::Txn | Self::EventId | Self::Status | Self::Date | Self::Planned | Self::Correct => {
                role != Role::Buyer
            }
            Self::Shipped | Self::Cancelled => role == Role::Shop,
            Self::Paid | Self::Refunded | Self::Declined | Self::Amount | Self::Currency | Self::Reference => {
                role == Role::Payment
            }
            Self::Delivered | Self::Failed | Self::Refused | Self::Lost | Self::Event | Self::Place => {
                role == Role::Delivery
            }
            Self::File | Self::Link | Self::Size | Self::Sha256 | Self::Called => role == Role::Delivery,
            Self::Parcel | Self::Lines | Self::Tracking => matches!(role, Role::Shop | Role::Delivery),
        }
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let found = Self::ALL.into_iter().find(|field| field.word() == name);
        found.ok_or_else(|| D::Error::unknown_field(&name, &Self::WORDS))
    }
}

/// What a word of the column `status` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// This happened, or is planned.
    Says(Field),
    /// Nothing is done yet: neither paid nor shipped nor delivered.
    Open,
    /// Nothing is shipped yet, nor delivered; it may be paid.
    Unshipped,
    /// Nothing to report.
    Nothing,
}

impl Meaning {
    /// The fields that a word can stand for.
    pub(super) const FIELDS: [Field; 10] = [
        Field::Shipped,
        Field::Paid,
        Field::Refunded,
        Field::Delivered,
        Field::Planned,
        Field::Declined,
        Field::Failed,
        Field::Refused,
        Field::Lost,
        Field::Cancelled,
    ];
    /// The words for what has not happened yet.
    const NOT_YET: [(&str, Self); 2] = [("open", Self::Open), ("unshipped", Self::Unshipped)];

    /// Returns all words that mean something, for a sentence.
    pub(super) fn known() -> String {
        let fields = Self::FIELDS.into_iter().map(Field::word);
        fields.chain(Self::NOT_YET.map(|(word, _)| word)).collect::<Vec<_>>().join(", ")
    }

    /// Returns whether it says of a part's leg that nothing of it is done.
    pub(super) fn is_not_yet(self, role: Role) -> bool {
        match self {
            Self::Open => true,
            Self::Unshipped => role != Role::Payment,
            Self::Says(_) | Self::Nothing => false,
        }
    }

    /// Reads the name of a field, a word for what has not happened, or nothing.
    pub(super) fn parse(word: &str) -> Option<Self> {
        if word.is_empty() {
            return Some(Self::Nothing);
        }
        if let Some((_, meaning)) = Self::NOT_YET.into_iter().find(|(known, _)| *known == word) {
            return Some(meaning);
        }
        Self::FIELDS.into_iter().find(|field| field.word() == word).map(Self::Says)
    }
}

impl<'de> Deserialize<'de> for Meaning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Self::parse(&word).ok_or_else(|| {
            let known = Self::known();
            D::Error::custom(format!("{word:?} is no report; known are {known}, and \"\" for nothing to report"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_name_and_a_part_that_says_it() {
        let named: Vec<&str> = Field::ALL.iter().map(|field| field.word()).collect();
        assert_eq!(named, Field::WORDS);
        for field in Field::ALL {
            assert!(Role::ALL.into_iter().any(|role| field.is_for(role)), "{field:?}");
            assert!(!field.is_for(Role::Buyer), "{field:?}");
        }
    }
}
