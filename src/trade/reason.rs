//! The codes that say why an order, a line of it, or goods are not taken: Peppol's list OPStatusReason, so that other
//! programs read them as we do.

use super::status::Reason;

/// A code of the list. What others write is a text: their codes are read whatever they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusReason {
    /// Nothing is wrong.
    NoIssue,
    /// A reference is wrong, like a line number that stands twice.
    Reference,
    /// It is not what the law wants.
    Legal,
    /// The receiver is not known.
    Receiver,
    /// The quality of an item.
    Quality,
    /// How or when it is delivered.
    Delivery,
    /// A price.
    Price,
    /// A quantity.
    Quantity,
    /// The item is another one.
    Item,
    /// How it is paid.
    Payment,
    /// What was sent is not recognised.
    NotRecognised,
    /// Finance.
    Finance,
    /// Paid in part.
    PartlyPaid,
    /// What no other code says.
    Other,
}

impl StatusReason {
    /// All codes, in the order of the list.
    pub const ALL: [Self; 14] = [
        Self::NoIssue,
        Self::Reference,
        Self::Legal,
        Self::Receiver,
        Self::Quality,
        Self::Delivery,
        Self::Price,
        Self::Quantity,
        Self::Item,
        Self::Payment,
        Self::NotRecognised,
        Self::Finance,
        Self::PartlyPaid,
        Self::Other,
    ];

    /// Returns the code, as `mo:reason` has it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoIssue => "NON",
            Self::Reference => "REF",
            Self::Legal => "LEG",
            Self::Receiver => "REC",
            Self::Quality => "QUA",
            Self::Delivery => "DEL",
            Self::Price => "PRI",
            Self::Quantity => "QTY",
            Self::Item => "ITM",
            Self::Payment => "PAY",
            Self::NotRecognised => "UNR",
            Self::Finance => "FIN",
            Self::PartlyPaid => "PPD",
            Self::Other => "OTH",
        }
    }

    /// Makes a reason of it and a sentence.
    pub fn because(self, text: impl Into<String>) -> Reason {
        Reason { code: self.code().to_owned(), text: text.into() }
    }
}
