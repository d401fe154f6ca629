//! The columns of a catalog, and what may stand in their cells.

use crate::role::articles::Article;
use crate::trade::item::{Item, Stock};
use crate::trade::{DeliveryMethod, Money, MoneyError, Quantity};

/// The most bytes of an article number.
const SKU_MAX: usize = 100;
/// The most bytes of a name: it must fit into a line of mail.
const NAME_MAX: usize = 400;
/// The most bytes of the conditions of one article.
const CONDITIONS_MAX: usize = 2000;
/// The most bytes of any other cell.
const CELL_MAX: usize = 200;

/// A column of a catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Sku,
    Name,
    Price,
    Currency,
    Increment,
    Stock,
    Delivery,
    Conditions,
}

impl Column {
    /// All columns.
    pub(super) const ALL: [Self; 8] = [
        Self::Sku,
        Self::Name,
        Self::Price,
        Self::Currency,
        Self::Increment,
        Self::Stock,
        Self::Delivery,
        Self::Conditions,
    ];

    /// Returns its name, in the first row and as a member.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Sku => "sku",
            Self::Name => "name",
            Self::Price => "price",
            Self::Currency => "currency",
            Self::Increment => "increment",
            Self::Stock => "stock",
            Self::Delivery => "delivery",
            Self::Conditions => "conditions",
        }
    }

    /// Returns its place in [`Column::ALL`].
    pub(super) const fn place(self) -> usize {
        self as usize
    }

    /// Returns whether each article must have it.
    pub(super) const fn is_needed(self) -> bool {
        matches!(self, Self::Sku | Self::Name | Self::Price | Self::Currency)
    }

    const fn most(self) -> usize {
        match self {
            Self::Sku => SKU_MAX,
            Self::Name => NAME_MAX,
            Self::Conditions => CONDITIONS_MAX,
            _ => CELL_MAX,
        }
    }

    /// Reads the name of a column; else says which are known.
    pub(super) fn parse(word: &str) -> Result<Self, String> {
        let word = word.trim();
        Self::ALL.into_iter().find(|column| column.word().eq_ignore_ascii_case(word)).ok_or_else(|| {
            let known = Self::ALL.map(Self::word).join(", ");
            let word: String = word.chars().take(40).collect();
            format!("{word:?} is no column of a catalog ({known})")
        })
    }
}

/// The cells of one article, by their columns; blanks around them are not theirs.
#[derive(Debug, Default)]
pub(super) struct Cells<'a>([Option<&'a str>; Column::ALL.len()]);

impl<'a> Cells<'a> {
    /// Puts a text into a cell; an empty one is as if it were not there.
    pub(super) fn put(&mut self, column: Column, text: &'a str) {
        if let Some(cell) = self.0.get_mut(column.place()) {
            *cell = Some(text.trim()).filter(|text| !text.is_empty());
        }
    }

    fn cell(&self, column: Column) -> Option<&'a str> {
        self.0.get(column.place()).copied().flatten()
    }

    /// Makes an article of the cells, or says what is wrong with them, each with its column.
    pub(super) fn article(&self) -> Result<Article, Vec<(Column, String)>> {
        let mut faults = Vec::new();
        for column in Column::ALL {
            match self.cell(column) {
                None if column.is_needed() => faults.push((column, format!("the {} is missing", column.word()))),
                Some(text) => faults.extend(form(column, text).map(|what| (column, what))),
                None => {}
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let text = |column: Column| self.cell(column).unwrap_or_default();
        let mut fault = |column: Column, what: String| faults.push((column, what));
        let price = match Money::parse(text(Column::Price), text(Column::Currency)) {
            Ok(price) if price.is_negative() => {
                fault(Column::Price, format!("the price {price} is below zero"));
                None
            }
            Ok(price) => Some(price),
            Err(error) => {
                let column = if matches!(error, MoneyError::Currency(_)) { Column::Currency } else { Column::Price };
                fault(column, error.to_string());
                None
            }
        };
        let increment = self.cell(Column::Increment).map_or(Ok(Quantity::ONE), Quantity::parse);
        let increment = increment.map_err(|error| fault(Column::Increment, format!("increment: {error}"))).ok();
        let stock = self.cell(Column::Stock).map_or(Ok(Stock::Uncounted), Stock::parse);
        let stock = stock.map_err(|error| fault(Column::Stock, stock_fault(text(Column::Stock), &error))).ok();
        let mut delivery_methods = Vec::new();
        for word in text(Column::Delivery).split([' ', '|', ',', ';']).filter(|word| !word.is_empty()) {
            match DeliveryMethod::parse(word) {
                Ok(method) if !delivery_methods.contains(&method) => delivery_methods.push(method),
                Ok(_) => {}
                Err(error) => fault(Column::Delivery, error.to_string()),
            }
        }
        let (Some(price), Some(increment), Some(stock), true) = (price, increment, stock, faults.is_empty()) else {
            return Err(faults);
        };
        Ok(Article {
            item: Item { sku: Some(text(Column::Sku).to_owned()), name: text(Column::Name).to_owned() },
            price,
            increment,
            stock,
            delivery_methods,
            conditions: self.cell(Column::Conditions).map(str::to_owned),
        })
    }
}

/// Says what is wrong with the form of a cell.
fn form(column: Column, text: &str) -> Option<String> {
    if text.len() > column.most() {
        let (length, most) = (text.len(), column.most());
        return Some(format!("the {} has {length} bytes, where at most {most} may be", column.word()));
    }
    let broken = |c: char| c.is_control() && !(column == Column::Conditions && c == '\n');
    let found = text.replace("\r\n", "\n").chars().find(|c| broken(*c))?;
    Some(format!("the {} has the control character U+{:04X}", column.word(), u32::from(found)))
}

fn stock_fault(text: &str, error: &MoneyError) -> String {
    if text.starts_with('-') {
        return format!("the stock {text:?} is below zero; write 0 for none, and nothing where it is not counted");
    }
    format!("stock: {error}")
}
