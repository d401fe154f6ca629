//! Every reason to warn: a code that never changes, and the sentence that says what does not agree.
//!
//! The order of the codes is their precedence: of several findings the first one names the warning. Each has a heading
//! in `docs/findings.md`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares the codes in order of precedence.
macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $word:literal,)+) => {
        /// What kind of disagreement it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Code {
            $($(#[$doc])* $code,)+
        }

        impl Code {
            /// All codes, in order of precedence.
            pub const ALL: &'static [Self] = &[$(Self::$code,)+];

            /// Returns the stable word of the code.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$code => $word,)+
                }
            }
        }
    };
}

codes! {
    /// The letter's protected `From` is not the address its key was pinned with.
    FromDiffers = "from-differs",
    /// A key other than the pinned one, or than another shop named, speaks for an address.
    KeyChanged = "key-changed",
    /// The speaker is nobody the terms name for this leg.
    NotAParty = "not-a-party",
    /// The terms name this address, but with another key.
    WrongKey = "wrong-key",
    /// The letter is meant for a part we do not play.
    WrongRole = "wrong-role",
    /// The envelope and the schema.org nodes disagree.
    EnvelopeDiffersFromData = "envelope-differs-from-data",
    /// One number of one sender with two contents.
    NumberReused = "number-reused",
    /// No transaction of this number is known.
    UnknownTransaction = "unknown-transaction",
    /// Terms that answer no order of ours.
    UnsolicitedTerms = "unsolicited-terms",
    /// The terms differ from the order in a line, price, total, currency, method or address.
    TermsDifferFromOrder = "terms-differ-from-order",
    /// The letter speaks about other terms than those in force.
    TermsDigestDiffers = "terms-digest-differs",
    /// The letter proves less than the transaction was made at.
    BelowTrust = "below-trust",
    /// Another currency than agreed.
    CurrencyDiffers = "currency-differs",
    /// Another amount than agreed.
    AmountDiffers = "amount-differs",
    /// Lines, prices and charges do not make the total.
    SumDoesNotAddUp = "sum-does-not-add-up",
    /// Goods that were not agreed on.
    GoodsDiffer = "goods-differ",
    /// More of a line than was agreed on.
    QuantityExceeds = "quantity-exceeds",
    /// What was done is now said to be planned.
    DoneThenPlanned = "done-then-planned",
    /// What was done is now said to have been done at another time.
    DoneDateChanged = "done-date-changed",
    /// Done at a time that has not come.
    DateInTheFuture = "date-in-the-future",
    /// Delivered before it left.
    DeliveredBeforeDispatched = "delivered-before-dispatched",
    /// Paid before the terms were accepted.
    PaidBeforeAccepted = "paid-before-accepted",
    /// Done after the confirmed cancellation.
    StatusAfterCancel = "status-after-cancel",
    /// Two parties state different things about the same.
    TwoAgentsDisagree = "two-agents-disagree",
    /// The human text has an amount or number that the data lacks. Noted, never blocking.
    TextDiffersFromData = "text-differs-from-data",
    /// A sender of first contact has an address that looks like a known one. Noted, never blocking.
    SenderLooksAlike = "sender-looks-alike",
    /// A payment, a delivery or an instruction will not be done, whoever was to do it says.
    Failed = "failed",
    /// Something else came, as the buyer says, than the delivery agent says was delivered.
    ReceivedDiffers = "received-differs",
    /// A promised date has passed.
    Late = "late",
    /// A promised date has passed and nothing was heard.
    Silent = "silent",
    /// A letter of ours went out as often as letters do, and nobody acknowledged it.
    Unheard = "unheard",
    /// A delivery report, which anybody can write, says that a letter of ours did not arrive.
    DeliveryDoubtful = "delivery-doubtful",
    /// One party writes far more statuses about a transaction than anybody needs.
    TooManyLetters = "too-many-letters",
    /// The unpaid total has reached the limit set by the user (P81).
    UnpaidLimitReached = "unpaid-limit-reached",
}

impl Code {
    /// Reads a code's word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.word() == word)
    }

    /// Returns whether a finding of this code doubts who wrote a letter, or to which part: nothing that comes later mends it.
    pub const fn is_about_speaker(self) -> bool {
        matches!(
            self,
            Self::FromDiffers
                | Self::KeyChanged
                | Self::WrongRole
                | Self::EnvelopeDiffersFromData
                | Self::NumberReused
                | Self::BelowTrust
        )
    }

    /// Returns whether a finding of this code keeps its letter from being applied.
    pub const fn blocks(self) -> bool {
        !matches!(
            self,
            Self::TextDiffersFromData
                | Self::SenderLooksAlike
                | Self::Failed
                | Self::ReceivedDiffers
                | Self::Late
                | Self::Silent
                | Self::Unheard
                | Self::DeliveryDoubtful
                | Self::TooManyLetters
                | Self::UnpaidLimitReached
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One disagreement: its code, and a sentence with what was agreed and what was stated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// What kind.
    pub code: Code,
    /// The sentence; values from mail are in it as they came and must be escaped where they are shown.
    pub text: String,
}

impl Finding {
    /// Makes a finding.
    pub fn new(code: Code, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    /// Makes the finding for something agreed on that is stated otherwise.
    pub fn differs(code: Code, what: &str, agreed: impl fmt::Display, stated: impl fmt::Display) -> Self {
        Self { code, text: format!("{what}: agreed {agreed}, stated {stated}") }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.text)
    }
}
