//! Every reason to warn: a code that never changes, and the sentence that says what does not agree.
//!
//! The order of the codes is their precedence: of several findings the first one names the warning. Each has a heading
//! in `docs/findings.md`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Money;

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
    /// An answer to what was not asked for.
    NotAskedFor = "not-asked-for",
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
    /// An answer that takes back the one given before.
    AnswerTakenBack = "answer-taken-back",
    /// Said of a time before the order was taken in.
    DatedBeforeOrder = "dated-before-order",
    /// Done, or said, at a time that has not come.
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
    /// Planned for a later day than was agreed on. Noted, never blocking.
    PlannedLate = "planned-late",
    /// Letters that count were signed with a key that was revoked as compromised since.
    SignerCompromised = "signer-compromised",
    /// A payment, a delivery or an instruction will not be done, whoever was to do it says.
    Failed = "failed",
    /// Money was collected by terms to which the buyer said no OK.
    NotConfirmed = "not-confirmed",
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

    /// Returns whether a finding of this code says that a promised date has passed.
    pub const fn is_of_date(self) -> bool {
        matches!(self, Self::Late | Self::Silent)
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
                | Self::PlannedLate
                | Self::SignerCompromised
                | Self::Failed
                | Self::NotConfirmed
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

/// What the sentence of a finding holds against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared<'a> {
    /// The field.
    pub what: &'a str,
    /// What was agreed on, or ordered.
    pub agreed: &'a str,
    /// What the letter says.
    pub stated: &'a str,
}

impl<'a> Compared<'a> {
    /// The words between the parts of a sentence: of statements, and of terms.
    const PARTS: [[&'static str; 2]; 2] = [[": agreed ", ", stated "], [": ordered ", ", offered "]];

    /// Finds the parts of a finding's sentence again; nothing where a value has the words between them in it, so that it could
    /// be read in two ways, or where it compares nothing.
    pub fn of(text: &'a str) -> Option<Self> {
        let [first, second] = Self::PARTS.into_iter().find(|[first, _]| text.contains(first))?;
        let met = |words: &str| text.matches(words).count();
        if Self::PARTS.into_iter().flatten().map(met).sum::<usize>() != 2 {
            return None;
        }
        let (what, rest) = text.split_once(first)?;
        let (agreed, stated) = rest.split_once(second)?;
        let is_whole = ![what, agreed, stated].iter().any(|part| part.trim().is_empty());
        is_whole.then_some(Self { what, agreed, stated })
    }

    /// Returns by how much more is stated than was agreed on, where both are amounts of one currency.
    pub fn difference(&self) -> Option<Money> {
        let [agreed, stated] = [self.agreed, self.stated].map(|text| Money::parse_line(text).ok());
        stated?.minus(&agreed?).ok()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<[&str; 3]> {
        Compared::of(text).map(|found| [found.what, found.agreed, found.stated])
    }

    #[test]
    fn a_sentence_that_compares_has_its_parts_and_an_ambiguous_one_none() {
        let finding = Finding::differs(Code::AmountDiffers, "total", "JPY 4300", "JPY 4800");
        assert_eq!(parts(&finding.text), Some(["total", "JPY 4300", "JPY 4800"]));
        assert_eq!(parts("line 1 price: ordered JPY 1, offered JPY 2"), Some(["line 1 price", "JPY 1", "JPY 2"]));
        for text in [
            "promised for 2026-11-20, and nothing was heard",
            "line 1 item: ordered a, offered b, offered c",
            "line 1 item: ordered a: ordered b, offered c",
            "line 1 item: ordered a, offered b: agreed c, stated d",
            "a: agreed b, stated c, stated d",
            "a: agreed , stated c",
            ", stated c: agreed b",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn a_difference_is_of_amounts_in_one_currency() {
        let of = |text| Compared::of(text).unwrap().difference().map(|money| money.to_string());
        assert_eq!(of("total: agreed JPY 4300, stated JPY 4800").as_deref(), Some("JPY 500"));
        assert_eq!(of("total: agreed JPY 4300, stated JPY 4000").as_deref(), Some("JPY -300"));
        assert_eq!(of("currency: agreed JPY, stated EUR"), None);
        assert_eq!(of("total: agreed JPY 4300, stated EUR 43.00"), None);
    }
}
