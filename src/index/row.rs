//! What lists show of a transaction.
//!
//! A row is filled by a function the caller gives: how legs stand is the rules' knowledge, and the index only keeps
//! what they say.

use serde::{Deserialize, Serialize};

use crate::rules::{InPart, Pending};
use crate::trade::{Address, Leg, Moment, Money, Number, Role, Transaction, When};

/// One thing bought, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RowItem {
    /// Its name.
    pub name: String,
    /// How many, as a decimal string.
    pub quantity: String,
}

/// How one leg stands, as lists show it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowLeg {
    /// Whether all of it is done.
    pub done: bool,
    /// When it was done or is planned.
    pub date: Option<When>,
    /// Whether something of it will not happen, as its speaker says.
    pub failed: bool,
    /// How much of it is done, where not all is; and when what was done of it went back.
    pub more: RowMore,
}

/// What lists say of few legs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowMore {
    /// How much of it is done, where something is and not all of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub in_part: Option<InPart>,
    /// When its goods, or its money, went back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub back: Option<When>,
    /// The day that it is late after, where it is planned for another.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub promised: Option<When>,
    /// Of the payment: until when money is to go back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refund: Option<When>,
}

impl RowLeg {
    /// Returns the day that it is late after, where it is not done.
    pub fn promised(&self) -> Option<When> {
        self.more.promised.or(self.date).filter(|_| !self.done)
    }
}

/// One transaction in a list (fig. 16 of the patent, and what is filtered by).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// When it was bought; newest first is the order of lists.
    pub date: Option<When>,
    /// The part we play.
    pub role: Role,
    /// The shop.
    pub shop: Address,
    /// What the shop calls itself.
    pub shop_name: String,
    /// The shop's number.
    pub number: Option<Number>,
    /// What was bought.
    pub items: Vec<RowItem>,
    /// Who buys: the name, else the address; empty where neither is known.
    pub buyer: String,
    /// The agreed total.
    pub total: Option<Money>,
    /// Shipped.
    pub order: RowLeg,
    /// Delivered.
    pub delivery: RowLeg,
    /// Paid.
    pub payment: RowLeg,
    /// The state as a whole, one word.
    pub state: String,
    /// Whether anything is still to be done about it; until its time has passed that is so of an offer, too.
    pub open: bool,
    /// Until when an OK to what was offered counts, where nothing is agreed on yet.
    pub until: Option<Moment>,
    /// The earliest promised date that is still open: of a leg, or of money that is to go back.
    pub due: Option<When>,
    /// When the next parcel is to arrive; in a row that is reckoned, and in none that lists read again.
    pub next: Option<When>,
    /// What remains to be paid; `None` where nothing does.
    pub unpaid: Option<Money>,
    /// Whether something else came, as the buyer says, than the delivery agent says was delivered.
    pub short: bool,
    /// Whether money was collected by terms to which the buyer said no OK.
    pub unconfirmed: bool,
    /// Whether goods are still to come.
    pub undelivered: bool,
    /// Warnings that nobody settled.
    pub warnings: u32,
    /// Whether a letter that begins a transaction counts; before that no list shows it.
    pub begun: bool,
    /// Whether something waits for the owner: of what he sells, pays or brings, or of what he buys terms that
    /// differ from his order, or new ones.
    pub waits: bool,
    /// What is still to go back of what was paid.
    pub refund: Option<Money>,
    /// What went back of what was paid.
    pub refunded: Option<Money>,
    /// What the buyer asked of the shop and has no answer to.
    pub pending: Option<Pending>,
    /// Whether a letter that its part always answers has no answer of ours; in a row that is reckoned, and in none that
    /// lists read again.
    pub unanswered: bool,
    /// Since when one party has written more statuses about it than anybody needs; in a row that is reckoned, and in none
    /// that lists read again.
    pub crowded: Option<Moment>,
    /// Since when an agent that was told to stop has not answered; in a row that is reckoned, and in none that lists read
    /// again.
    pub stopping: Option<Moment>,
    /// How what a buyer owes changed; in a row that is reckoned, and in none that lists read again.
    pub owing: Vec<RowOwing>,
}

/// A change of what a buyer owes for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowOwing {
    /// When, and never before the order.
    pub at: Moment,
    /// `bought`, `paid`, `dropped`, `raised`.
    pub what: &'static str,
    /// By how much.
    pub change: Money,
}

impl Row {
    /// Returns a row of the names alone, everything else empty: the ground a summary starts from.
    pub fn bare(transaction: &Transaction) -> Self {
        Self {
            date: transaction.kept.first().map(|kept| When::Moment(kept.letter.date)),
            role: transaction.key.role,
            shop: transaction.key.shop.clone(),
            shop_name: String::new(),
            number: transaction.number.clone(),
            items: Vec::new(),
            buyer: String::new(),
            total: None,
            order: RowLeg::default(),
            delivery: RowLeg::default(),
            payment: RowLeg::default(),
            state: String::new(),
            open: true,
            until: None,
            due: None,
            next: None,
            unpaid: None,
            short: false,
            unconfirmed: false,
            undelivered: false,
            warnings: 0,
            begun: true,
            waits: false,
            refund: None,
            refunded: None,
            pending: None,
            unanswered: false,
            crowded: None,
            stopping: None,
            owing: Vec::new(),
        }
    }

    /// Returns the legs in the order of lists.
    pub const fn legs(&self) -> [(Leg, &RowLeg); 3] {
        [(Leg::Order, &self.order), (Leg::Delivery, &self.delivery), (Leg::Payment, &self.payment)]
    }

    /// Returns whether nothing will become of a leg any more: the order is over, or went back before it was done.
    pub fn is_void(&self, leg: &RowLeg) -> bool {
        match self.state.as_str() {
            "rejected" | "cancelled" => true,
            "returned" | "refunded" => !leg.done && !leg.failed,
            _ => false,
        }
    }

    /// Returns when a leg was done or is planned; of what will never be there is no date.
    pub fn date_of(&self, leg: &RowLeg) -> Option<When> {
        leg.date.filter(|_| leg.done || !self.is_void(leg))
    }

    /// Returns whether all of it, or all of its money, went back.
    pub fn went_back(&self) -> bool {
        matches!(self.state.as_str(), "returned" | "refunded")
    }

    /// Returns what went back of what was paid, where the state does not say already that all did.
    pub fn refunded_in_part(&self) -> Option<&Money> {
        self.refunded.as_ref().filter(|_| self.state != "refunded")
    }

    /// Returns the day by which a leg of what is open was promised, where that has passed.
    pub fn overdue(&self, leg: &RowLeg, now: &Moment) -> Option<When> {
        leg.promised().filter(|date| self.open && date.is_over(now))
    }

    /// Returns what is searched: names of items and parties, a line each.
    pub fn search_text(&self) -> String {
        let items = self.items.iter().map(|item| item.name.as_str());
        let names: Vec<&str> = items.chain([self.shop_name.as_str(), self.buyer.as_str()]).collect();
        names.join("\n")
    }
}
