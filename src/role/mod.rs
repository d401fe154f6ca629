//! The four parts played. Each is a set of pure functions: what came, or what a person wishes, in; letters to write,
//! out. Nothing here sees bytes, keys or a clock.
//!
//! All four share one loop, the clerk, which judges a letter first ([`crate::rules::reconcile()`]), enters it, and
//! then asks the part it was addressed to for its answers.

pub mod agent;
mod answered;
pub mod articles;
pub mod asking;
pub mod buyer;
pub mod calendar;
pub mod delivery;
mod expression;
mod given;
mod left_out;
pub mod mandate;
pub mod notice;
mod packing;
pub mod payment;
mod payment_status;
pub mod payment_work;
mod pickup;
pub mod planned;
pub mod practice;
pub mod rule;
pub mod schedule;
pub mod shop;
mod shop_after;
pub mod shop_cancel;
pub mod shop_catalog;
pub mod shop_change;
mod shop_check;
pub mod shop_desk;
mod shop_export;
pub mod shop_held;
mod shop_offer;
mod shop_refund;
mod shop_waiting;
pub mod shop_work;
pub mod silence;
pub mod timetable;
mod told;

pub use mandate::Presented;
pub use notice::Notice;
pub use practice::{Practice, Procedure, Stage};
pub use rule::Rule;
pub use schedule::Scheduled;
pub use shop::shipped;
pub use shop_waiting::AUTHORIZE_WITHIN;
pub use timetable::Timetable;
pub use told::{brings_news, is_told, told_done};

use crate::trade::document::Refusal;
use crate::trade::status::{Reason, Shipment};
use crate::trade::{
    Code, Digest, Document, Finding, Kept, Kind, Letter, Moment, Money, MoneyError, Names, Number, Party, Received,
    Role, Said, Task, TaskKey, Terms, Transaction,
};

/// Who decides, when, and how its owner wants it done.
pub struct Desk<'a> {
    /// Our mailbox and key.
    pub me: &'a Party,
    /// The moment of deciding.
    pub now: Moment,
    /// Random bytes for names made now.
    pub entropy: [u8; 32],
    /// How the owner wants each part played.
    pub practice: &'a Practice,
    /// Whether the buyer's key is known from first contact alone.
    pub stranger: bool,
    /// What came of the payment data in the authorization request that is answered; `None` where it has none.
    pub payment_data: Option<Presented>,
    /// The parcels of the same sale as the shop has reported them, where a delivery agent's shop is at its own address and key.
    pub shipped: Vec<Shipment>,
}

impl<'a> Desk<'a> {
    /// Returns the desk of one who knows the buyer, and has been given no payment data.
    pub fn new(me: &'a Party, now: Moment, entropy: [u8; 32], practice: &'a Practice) -> Self {
        Self { me, now, entropy, practice, stranger: false, payment_data: None, shipped: Vec::new() }
    }

    /// Makes a transaction number (P26). The clerk brings chance that makes a free one.
    pub fn number(&self) -> Number {
        Number::random(self.entropy)
    }
}

/// A letter to be written: the clerk adds number, date, Message-ID, tree head and certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The part we play in writing it.
    pub role: Role,
    /// Who gets it.
    pub to: Party,
    /// The transaction it is about.
    pub names: Names,
    /// The terms it speaks about.
    pub terms: Option<Digest>,
    /// The letter it answers.
    pub answers: Option<Digest>,
    /// The terms it takes the place of.
    pub replaces: Option<Digest>,
    /// The moment a status holds for.
    pub as_of: Option<Moment>,
    /// Whether all of the leg is done.
    pub done: Option<bool>,
    /// What it says.
    pub document: Document,
}

impl Draft {
    /// Begins a draft about `transaction`, in the part it is seen from.
    pub fn new(transaction: &Transaction, to: Party, document: Document) -> Self {
        let names = Names { shop: Some(transaction.key.shop.clone()), number: transaction.number.clone(), order: None };
        Self::outside(transaction.key.role, to, names, document)
    }

    /// Begins a draft that no transaction is known for, or that is about none.
    pub fn outside(role: Role, to: Party, names: Names, document: Document) -> Self {
        Self { role, to, names, terms: None, answers: None, replaces: None, as_of: None, done: None, document }
    }

    /// Names the letter it answers.
    #[must_use]
    pub fn answering(mut self, content: Digest) -> Self {
        self.answers = Some(content);
        self
    }

    /// Names the terms it speaks about.
    #[must_use]
    pub fn about(mut self, terms: Option<Digest>) -> Self {
        self.terms = terms;
        self
    }

    /// Names the terms it takes the place of.
    #[must_use]
    pub fn replacing(mut self, terms: Digest) -> Self {
        self.replaces = Some(terms);
        self
    }

    /// Names the buyer's order ID, as letters do until there are terms.
    #[must_use]
    pub fn ordered(mut self, order: Option<crate::trade::OrderId>) -> Self {
        self.names.order = order;
        self
    }

    /// Makes it a status that holds now.
    #[must_use]
    pub fn status(mut self, as_of: Moment, done: bool) -> Self {
        self.as_of = Some(as_of);
        self.done = Some(done);
        self
    }
}

/// What a part does: write a letter, send one again, give a hook work, or end it in the hook's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Write this letter.
    Send(Box<Draft>),
    /// Send the letter with this content again, byte for byte.
    Resend(Digest),
    /// Give a hook this work for the transaction of these names.
    Give {
        /// The part that gives it.
        role: Role,
        /// The transaction.
        names: Names,
        /// The work.
        task: Task,
    },
    /// Enter what came of work in the place of its hook.
    End {
        /// The part that gave it.
        role: Role,
        /// The transaction.
        names: Names,
        /// The work.
        key: TaskKey,
        /// What came of it.
        said: Said,
    },
}

impl From<Draft> for Action {
    fn from(draft: Draft) -> Self {
        Self::Send(Box::new(draft))
    }
}

/// Why a part refuses what a person asked of it: one sentence, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl Refused {
    /// Makes a refusal of one sentence.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// Refuses an amount in another currency than that of the payment it is about.
fn in_currency_of(payment: &Money, amount: &Money) -> Result<(), Refused> {
    let (currency, other) = (payment.currency(), amount.currency());
    if currency == other { Ok(()) } else { Err(Refused::new(format!("the payment is in {currency}, not in {other}"))) }
}

impl From<MoneyError> for Refused {
    fn from(error: MoneyError) -> Self {
        Self(error.to_string())
    }
}

/// Returns what the part that `transaction` is seen from does after `kept` was entered and applied.
pub fn answer(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Vec<Action> {
    match transaction.key.role {
        Role::Buyer => buyer::answer(transaction, kept, desk),
        Role::Shop => shop::answer(transaction, kept, desk),
        Role::Payment => payment::answer(transaction, kept, desk),
        Role::Delivery => delivery::answer(transaction, kept, desk),
    }
}

/// Returns what follows from a letter of our own that was entered: the shop starts at once where its procedure waits for
/// nothing.
pub fn follow_up(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Vec<Action> {
    match (transaction.key.role, kept.letter.kind()) {
        (Role::Shop, Kind::TransactionInfo) if kept.letter.replaces.is_none() => {
            shop_offer::after_terms(transaction, desk)
        }
        _ => Vec::new(),
    }
}

/// Returns what follows from what a hook said of its work.
pub fn after_work(transaction: &Transaction, task: &Task, said: &Said, desk: &Desk<'_>) -> Vec<Action> {
    match transaction.key.role {
        Role::Shop => shop_work::after(transaction, task, said, desk),
        Role::Payment => payment_work::after(transaction, task, said, desk),
        Role::Delivery => delivery::after(transaction, task, said, desk),
        Role::Buyer => Vec::new(),
    }
}

/// Returns why what a hook said of its work cannot be told to anybody: it does not fit with what was told before.
pub fn untold(transaction: &Transaction, task: &Task, said: &Said, desk: &Desk<'_>) -> Option<Refused> {
    match transaction.key.role {
        Role::Shop => shop_work::untold(transaction, task, said, desk),
        Role::Payment => payment_work::untold(transaction, task, said, desk),
        Role::Delivery => delivery::untold(transaction, task, said, desk),
        Role::Buyer => None,
    }
}

/// Returns what time alone brings, without a letter or a person: an order that nobody authorised is given up, one that
/// stands without an answer is rejected, and a letter refused whose refusal was left out; money is collected on its day. Once that is
/// done it brings nothing more.
pub fn on_time(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let actions = match transaction.key.role {
        Role::Shop => shop_waiting::on_time(transaction, desk),
        Role::Payment => payment::debit_due(transaction, desk),
        Role::Buyer | Role::Delivery => Vec::new(),
    };
    if actions.is_empty() { left_out::answers(transaction, desk) } else { actions }
}

/// Returns the one answer a letter gets though it was warned about: a request about a transaction that is not known here,
/// or not to its sender, one text for both (P53); an order whose ID stands for another order (B102).
pub fn refuse(role: Role, received: &Received, findings: &[Finding]) -> Option<Action> {
    let has = |code: Code| findings.iter().any(|finding| finding.code == code);
    match received.letter().kind() {
        Kind::StatusRequest if has(Code::UnknownTransaction) => Some(refuse_unknown(role, received)),
        Kind::Order if has(Code::NumberReused) => {
            let text = "This order ID stands for another order; nothing was done.";
            Some(refusal(role, received, "number-used", text))
        }
        _ => None,
    }
}

/// Writes what the owner of a leg reports of it, in the part that `transaction` is seen from.
///
/// # Errors
/// What does not fit with what was reported before; a buyer has nothing to report.
pub fn notify(transaction: &Transaction, notice: &Notice, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    // A hook that is asked how the goods stand says again what it said before, until it is done.
    notice.check_plan(&desk.now)?;
    notice.check_texts()?;
    match transaction.key.role {
        Role::Buyer => Err(Refused::new("a buyer has nothing to report")),
        Role::Shop => shop::notify(transaction, notice, desk),
        Role::Payment => payment::notify(transaction, notice, desk),
        Role::Delivery => delivery::notify(transaction, notice, desk),
    }
}

/// Returns the date of the terms that a part reports about, before which nothing of it can have been done.
pub fn terms_date(transaction: &Transaction) -> Option<Moment> {
    match transaction.key.role {
        Role::Payment | Role::Delivery => agent::terms_date(transaction),
        Role::Buyer | Role::Shop => transaction.terms().map(|(_, terms)| terms.date),
    }
}

/// Returns what is said to a letter that an answer was made for and could not be written: an order is rejected, also one
/// whose payment was authorised, all else is acknowledged.
pub fn unanswerable(transaction: &Transaction, kept: &Kept) -> Vec<Action> {
    let begins = matches!(kept.letter.kind(), Kind::Order | Kind::AuthorizationResult);
    let order = begins && transaction.key.role == Role::Shop;
    if order { shop_offer::reject_unanswerable(transaction) } else { Vec::new() }
}

/// Refuses a request about a transaction that is not known here, or not to its sender: one text for both (P53).
pub fn refuse_unknown(role: Role, received: &Received) -> Action {
    refusal(role, received, "unknown-transaction", "This transaction is not known here.")
}

fn refusal(role: Role, received: &Received, code: &str, text: &str) -> Action {
    let letter = received.letter();
    let reason = Reason { code: code.to_owned(), text: text.to_owned() };
    let names = letter.names();
    let document = Document::Refusal(Refusal { reason });
    Draft::outside(role, letter.from.clone(), names, document).answering(received.content()).into()
}

/// Returns our answers to a letter that has come again: they go out once more, byte for byte (B101).
///
/// Where there are none the clerk acknowledges the repeat as it did the letter.
pub fn repeat(transaction: &Transaction, content: &Digest) -> Vec<Action> {
    let answers = transaction
        .kept
        .iter()
        .filter(|k| k.direction == crate::trade::Direction::Out && k.letter.answers.as_ref() == Some(content));
    answers.map(|kept| Action::Resend(kept.content)).collect()
}

/// Returns the digest of the terms in force and the terms.
fn terms_of(transaction: &Transaction) -> Option<(Digest, &Terms)> {
    transaction.terms().map(|(kept, terms)| (kept.content, terms))
}

/// Returns letters written to the asker above the number it has, to be sent again, oldest first.
fn resend_above(transaction: &Transaction, asker: &Letter, have: u32) -> Vec<Action> {
    let mut missing: Vec<&Kept> = transaction
        .kept
        .iter()
        .filter(|k| k.direction == crate::trade::Direction::Out && k.letter.to == asker.from)
        .filter(|k| k.letter.seq.is_some_and(|seq| seq > have))
        .collect();
    missing.sort_by_key(|kept| kept.letter.seq);
    missing.into_iter().map(|kept| Action::Resend(kept.content)).collect()
}
