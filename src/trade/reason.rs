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

/// What goods are given back for: the codes of the list that are about goods (P94).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnReason {
    /// They are broken, or not good enough.
    Quality,
    /// They are not what was ordered.
    WrongItem,
    /// They came too late, or not at all.
    Delivery,
    /// Anything else.
    Other,
}

impl ReturnReason {
    /// All of them, as commands and forms list them.
    pub const ALL: [Self; 4] = [Self::Quality, Self::WrongItem, Self::Delivery, Self::Other];

    /// Returns the word by which commands and forms name it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Quality => "quality",
            Self::WrongItem => "wrong-item",
            Self::Delivery => "delivery",
            Self::Other => "other",
        }
    }

    /// Reads the word of one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }

    /// Returns the code of the list.
    pub const fn code(self) -> StatusReason {
        match self {
            Self::Quality => StatusReason::Quality,
            Self::WrongItem => StatusReason::Item,
            Self::Delivery => StatusReason::Delivery,
            Self::Other => StatusReason::Other,
        }
    }

    /// Returns what is said of it where the buyer writes nothing.
    const fn text(self) -> &'static str {
        match self {
            Self::Quality => "broken, or not good enough",
            Self::WrongItem => "not what was ordered",
            Self::Delivery => "delivered too late, or not at all",
            Self::Other => "not wanted any more",
        }
    }

    /// Makes a reason of it and the buyer's own words; where he writes none, of what the code says.
    pub fn because(self, words: Option<&str>) -> Reason {
        let words = words.map(str::trim).filter(|words| !words.is_empty());
        self.code().because(words.unwrap_or_else(|| self.text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_without_words_says_what_its_code_says_and_no_two_say_the_same() {
        for one in ReturnReason::ALL {
            assert_eq!(ReturnReason::parse(one.word()), Some(one));
            for nothing in [None, Some(""), Some("  ")] {
                assert_eq!(one.because(nothing), one.code().because(one.text()), "{one:?}");
            }
            assert_eq!(one.because(Some(" too small ")), one.code().because("too small"), "{one:?}");
            let alike = ReturnReason::ALL.into_iter().filter(|other| other.because(None) == one.because(None));
            assert_eq!(alike.count(), 1, "{one:?}");
        }
        assert_eq!(ReturnReason::parse("QUA"), None);
    }
}
