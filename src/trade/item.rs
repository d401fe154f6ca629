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

/// How many of an article a shop has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Option<String>", into = "Option<String>")]
pub enum Stock {
    /// Nobody counts: there are always enough, as of a service or a file.
    #[default]
    Uncounted,
    /// There are none now.
    Out,
    /// There are so many.
    Left(Quantity),
}

impl Stock {
    /// Reads a decimal number that is not below zero.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        match Quantity::parse(text) {
            Ok(quantity) => Ok(Self::Left(quantity)),
            Err(MoneyError::Quantity(_)) if !text.starts_with('-') => Ok(Self::Out),
            Err(error) => Err(error),
        }
    }

    /// Returns how many there are, as a decimal number; `None` where nobody counts.
    pub fn count(self) -> Option<String> {
        match self {
            Self::Uncounted => None,
            Self::Out => Some("0".to_owned()),
            Self::Left(quantity) => Some(quantity.to_string()),
        }
    }

    /// Returns how many of `wanted` there are; `None` where there are none.
    pub fn of(self, wanted: Quantity) -> Option<Quantity> {
        match self {
            Self::Uncounted => Some(wanted),
            Self::Out => None,
            Self::Left(quantity) => Some(quantity.min(wanted)),
        }
    }

    /// Returns what is left when `taken` is taken.
    #[must_use]
    pub fn without(self, taken: Quantity) -> Self {
        match self {
            Self::Left(quantity) => quantity.minus(taken).map_or(Self::Out, Self::Left),
            other => other,
        }
    }
}

impl TryFrom<Option<String>> for Stock {
    type Error = MoneyError;
    fn try_from(count: Option<String>) -> Result<Self, MoneyError> {
        count.map_or(Ok(Self::Uncounted), |count| Self::parse(&count))
    }
}

impl From<Stock> for Option<String> {
    fn from(stock: Stock) -> Self {
        stock.count()
    }
}

/// Part of an order: a line's number and how many of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineQuantity {
    /// Line number of the terms.
    pub line: String,
    /// How many of it.
    pub quantity: Quantity,
}

/// Returns all there is of these lines.
pub fn all_of(lines: &[Line]) -> Vec<LineQuantity> {
    lines.iter().map(|line| LineQuantity { line: line.id.clone(), quantity: line.quantity }).collect()
}

/// Returns what of `all` is not in `packed`.
pub fn rest<'a>(all: &[LineQuantity], packed: impl Iterator<Item = &'a LineQuantity>) -> Vec<LineQuantity> {
    let mut rest = all.to_vec();
    for part in packed {
        if let Some(at) = rest.iter().position(|left| left.line == part.line)
            && let Some(left) = rest.get_mut(at)
        {
            match left.quantity.minus(part.quantity) {
                Some(quantity) => left.quantity = quantity,
                None => drop(rest.remove(at)),
            }
        }
    }
    rest
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stock_is_what_there_is_and_never_below_zero() {
        let quantity = |text: &str| Quantity::parse(text).unwrap();
        assert_eq!(Stock::parse("0").unwrap(), Stock::Out);
        assert_eq!(Stock::parse("0.0").unwrap(), Stock::Out);
        for wrong in ["-1", "-0", "", "1,000", "many", "１"] {
            assert!(Stock::parse(wrong).is_err(), "{wrong:?}");
        }
        for (text, stock) in
            [("null", Stock::Uncounted), ("\"0\"", Stock::Out), ("\"2.5\"", Stock::Left(quantity("2.5")))]
        {
            assert_eq!(serde_json::from_str::<Stock>(text).unwrap(), stock);
            assert_eq!(serde_json::to_string(&stock).unwrap(), text);
        }
        let five = Stock::parse("5").unwrap();
        assert_eq!((five.of(quantity("3")), five.of(quantity("9"))), (Some(quantity("3")), Some(quantity("5"))));
        assert_eq!(five.without(quantity("3")), Stock::Left(quantity("2")));
        assert_eq!((five.without(quantity("9")), five.without(quantity("5"))), (Stock::Out, Stock::Out));
        assert_eq!((Stock::Out.of(quantity("1")), Stock::Uncounted.of(quantity("9"))), (None, Some(quantity("9"))));
    }
}
