//! What is bought: lines with a unit price and a quantity, and charges on top.

use serde::{Deserialize, Serialize};

use super::money::{Money, MoneyError, Quantity};

/// A thing for sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The shop's article number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sku: Option<String>,
    /// What people call it.
    pub name: String,
}

/// One line of an order or of the terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Line number, unique among lines and charges.
    pub id: String,
    /// The thing.
    pub item: Item,
    /// Price of one.
    pub unit_price: Money,
    /// How many.
    pub quantity: Quantity,
}

impl Line {
    /// Returns unit price times quantity; an error where that is not exact.
    pub fn price(&self) -> Result<Money, MoneyError> {
        self.unit_price.times(self.quantity)
    }
}

/// A charge, a discount (negative) or a tax on top of the lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// Line number, unique among lines and charges.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// How much, negative for a discount.
    pub price: Money,
}

/// A tax contained in the prices: shown and kept, not summed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tax {
    /// Percent, as a decimal string.
    pub rate: String,
    /// The sum it is reckoned from.
    pub base: Money,
    /// The tax itself.
    pub amount: Money,
}

/// Part of an order: a line's number and how many of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineQuantity {
    /// Line number of the terms.
    pub line: String,
    /// How many of it.
    pub quantity: Quantity,
}

/// Returns the sum of lines and charges; `None` where there are neither.
pub fn total(lines: &[Line], charges: &[Charge]) -> Result<Option<Money>, MoneyError> {
    let mut amounts = Vec::with_capacity(lines.len().saturating_add(charges.len()));
    for line in lines {
        amounts.push(line.price()?);
    }
    amounts.extend(charges.iter().map(|charge| charge.price));
    Money::sum(&amounts)
}
