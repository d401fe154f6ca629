//! What a shop sells: articles in their order, each found by its number at once, however many there are.

use std::collections::HashMap;

use crate::trade::item::{Item, Stock};
use crate::trade::{DeliveryMethod, Money, Quantity};

/// Something the shop sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// The thing; its article number is what orders name.
    pub item: Item,
    /// Price of one.
    pub price: Money,
    /// The least that is sold of it: orders name so much, or whole multiples.
    pub increment: Quantity,
    /// How many there are, as the shop's own system says: the most that one order gets.
    pub stock: Stock,
    /// How it can travel; in any way the shop has a procedure for where none is named.
    pub delivery_methods: Vec<DeliveryMethod>,
    /// What the seller says about it beside the shop's conditions.
    pub conditions: Option<String>,
}

impl Article {
    /// Makes an article that is sold in whole pieces, that nobody counts, and that travels in any way.
    pub fn plain(item: Item, price: Money) -> Self {
        let (increment, stock) = (Quantity::ONE, Stock::Uncounted);
        Self { item, price, increment, stock, delivery_methods: Vec::new(), conditions: None }
    }

    /// Returns whether it can travel so.
    pub fn travels_by(&self, method: &DeliveryMethod) -> bool {
        self.delivery_methods.is_empty() || self.delivery_methods.contains(method)
    }
}

/// All that is sold: the articles of the configuration itself, and behind them those of its catalog file.
#[derive(Debug, Clone, Default)]
pub struct Articles {
    list: Vec<Article>,
    /// How many of them the configuration has.
    own: usize,
    places: HashMap<String, usize>,
}

impl PartialEq for Articles {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list && self.own == other.own
    }
}

impl Eq for Articles {}

impl Articles {
    /// Takes the articles of the configuration. Of two with one number the first counts; who reads them sees to it that
    /// there are none.
    pub fn own(list: Vec<Article>) -> Self {
        let own = list.len();
        Self::of(list, own)
    }

    /// Returns the articles of the configuration with those of the catalog file, which take the place of the file's
    /// before.
    #[must_use]
    pub fn with_file(&self, file: Vec<Article>) -> Self {
        let mut list: Vec<Article> = self.list.iter().take(self.own).cloned().collect();
        list.extend(file);
        Self::of(list, self.own)
    }

    fn of(list: Vec<Article>, own: usize) -> Self {
        let mut places = HashMap::with_capacity(list.len());
        for (place, article) in list.iter().enumerate() {
            if let Some(sku) = &article.item.sku {
                places.entry(sku.clone()).or_insert(place);
            }
        }
        Self { list, own, places }
    }

    /// Returns all articles, in their order.
    pub fn list(&self) -> &[Article] {
        &self.list
    }

    /// Returns those that the configuration itself has.
    pub fn of_configuration(&self) -> &[Article] {
        self.list.get(..self.own).unwrap_or_default()
    }

    /// Returns the article with this number.
    pub fn find(&self, sku: &str) -> Option<&Article> {
        self.places.get(sku).and_then(|place| self.list.get(*place))
    }

    /// Returns whether nothing is sold.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(sku: &str, price: &str) -> Article {
        let item = Item { sku: Some(sku.to_owned()), name: format!("Article {sku}") };
        Article::plain(item, Money::parse_line(price).unwrap())
    }

    #[test]
    fn a_file_takes_the_place_of_the_file_before_and_leaves_the_configurations_articles() {
        let own = Articles::own(vec![article("A", "JPY 1")]);
        let first = own.with_file(vec![article("B", "JPY 2"), article("C", "JPY 3")]);
        let second = first.with_file(vec![article("C", "JPY 4")]);
        let skus: Vec<_> = second.list().iter().filter_map(|one| one.item.sku.as_deref()).collect();
        assert_eq!(skus, ["A", "C"]);
        assert_eq!(second.find("C").unwrap().price.to_string(), "JPY 4");
        assert!(second.find("B").is_none() && second.find("c").is_none());
        assert_eq!(second.of_configuration().len(), 1);
    }
}
