//! What an agent is shown of an order beyond what its part needs, because the shop's procedure says so (P105).

use serde::{Deserialize, Serialize};

use super::item::{Charge, Item};
use super::money::{Money, Quantity};
use super::party::PostalAddress;
use super::terms::Terms;

/// Which parts of an order an agent is shown; payment data are none of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shows {
    /// Names and article numbers of the goods, and how many of each.
    pub items: bool,
    /// What one of each costs, and the charges.
    pub prices: bool,
    /// The sum.
    pub sum: bool,
    /// Where the goods go.
    pub address: bool,
}

impl Shows {
    /// Returns its words, as the configuration has them.
    pub fn words(self) -> Vec<&'static str> {
        let all = [(self.items, "items"), (self.prices, "prices"), (self.sum, "sum"), (self.address, "address")];
        all.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect()
    }
}

/// What is shown; empty where the procedure says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The goods.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub goods: Vec<ShownLine>,
    /// The charges.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub charges: Vec<Charge>,
    /// The sum.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sum: Option<Money>,
    /// Where the goods go.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deliver_to: Option<PostalAddress>,
}

/// One line of the goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownLine {
    /// Line number of the terms.
    pub id: String,
    /// The thing.
    pub item: Item,
    /// How many.
    pub quantity: Quantity,
    /// Price of one, where prices are shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unit_price: Option<Money>,
}

impl Shown {
    /// Returns what is shown of terms.
    pub fn of(terms: &Terms, shows: Shows) -> Self {
        let line = |line: &super::item::Line| ShownLine {
            id: line.id.clone(),
            item: line.item.clone(),
            quantity: line.quantity,
            unit_price: shows.prices.then_some(line.unit_price),
        };
        Self {
            goods: terms.lines.iter().filter(|_| shows.items).map(line).collect(),
            charges: terms.charges.iter().filter(|_| shows.prices).cloned().collect(),
            sum: shows.sum.then_some(terms.total),
            deliver_to: terms.deliver_to.clone().filter(|_| shows.address),
        }
    }

    /// Returns whether nothing is shown.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
