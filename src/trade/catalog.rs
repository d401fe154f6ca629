//! What a shop sells, as it tells buyers by mail: the question, and the answer from which they order (P10).
//!
//! A catalog is no offer that binds: prices may have changed by the time of the order, and the terms alone are signed
//! for one order. It belongs to no transaction.

use serde::{Deserialize, Serialize};

use super::id::Address;
use super::item::{Item, Stock};
use super::money::{Money, Quantity};
use super::party::{Agent, Role};
use super::terms::{DeliveryMethod, PaymentMethod};

/// The most words of one question.
const WORDS_MAX: usize = 8;
/// The most characters of a word.
const WORD_MAX: usize = 64;

/// What buyers narrow a catalog by: words that must all be in an article's name, or begin its number, whatever their
/// case. No words are all articles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Words(Vec<String>);

impl Words {
    /// Takes at most 8 words of 1 to 64 characters each, none of which steers a terminal.
    pub fn new(words: Vec<String>) -> Result<Self, String> {
        if words.len() > WORDS_MAX {
            return Err(format!("{} words, where {WORDS_MAX} may be", words.len()));
        }
        let fits = |word: &String| {
            let length = word.chars().count();
            (1..=WORD_MAX).contains(&length) && !word.chars().any(char::is_control)
        };
        match words.iter().find(|word| !fits(word)) {
            Some(word) => Err(format!("{:?} is no word of 1 to {WORD_MAX} characters", head(word))),
            None => Ok(Self(words)),
        }
    }

    /// Returns the words.
    pub fn list(&self) -> &[String] {
        &self.0
    }

    /// Returns whether all articles are meant.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what finds the articles that are meant.
    pub fn search(&self) -> Search {
        Search(self.0.iter().map(|word| word.to_lowercase()).collect())
    }
}

/// The beginning of a text, short enough for a message.
fn head(text: &str) -> String {
    text.chars().take(WORD_MAX).collect()
}

impl TryFrom<Vec<String>> for Words {
    type Error = String;
    fn try_from(words: Vec<String>) -> Result<Self, String> {
        Self::new(words)
    }
}

impl From<Words> for Vec<String> {
    fn from(words: Words) -> Self {
        words.0
    }
}

/// Words, ready to be looked for in many articles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search(Vec<String>);

impl Search {
    /// Returns whether an article is meant.
    pub fn finds(&self, item: &Item) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let name = item.name.to_lowercase();
        let sku = item.sku.as_ref().map(|sku| sku.to_lowercase()).unwrap_or_default();
        self.0.iter().all(|word| name.contains(word) || sku.starts_with(word))
    }
}

/// A buyer asks what is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogRequest {
    /// What of it.
    pub words: Words,
}

/// One article of a catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The thing; its article number is what orders name.
    pub item: Item,
    /// Price of one.
    pub price: Money,
    /// The least that is sold of it: orders name so much, or whole multiples. Nothing is known where the shop does not say.
    #[serde(default)]
    pub increment: Option<Quantity>,
    /// How many there were when the shop wrote it: the most that one order got then.
    #[serde(default)]
    pub stock: Stock,
    /// How it can be paid; in any way the shop knows where none is named.
    pub payment_methods: Vec<PaymentMethod>,
    /// How it can travel; in any way the shop knows where none is named.
    pub delivery_methods: Vec<DeliveryMethod>,
    /// What the seller says about this article: guarantee, age, delivery time.
    pub conditions: Option<String>,
}

impl Offer {
    /// Returns in what steps it is sold, where that is said and is not by the piece.
    pub fn step(&self) -> Option<Quantity> {
        self.increment.filter(|increment| *increment != Quantity::ONE)
    }
}

/// One way to pay and to have goods delivered, of those a shop knows, the first that fits first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// For this payment method; any where `None`.
    pub payment_method: Option<PaymentMethod>,
    /// For this delivery method; any where `None`.
    pub delivery_method: Option<DeliveryMethod>,
    /// A charge on top of the goods, with its name.
    pub charge: Option<(String, Money)>,
    /// Who collects the money; the shop itself where `None`. Key and certificate are among the catalog's agents.
    pub payment_agent: Option<Address>,
    /// Who carries the goods; the shop itself where `None`.
    pub delivery_agent: Option<Address>,
}

impl Way {
    /// Returns whether it is for these methods.
    pub fn fits(&self, payment: &PaymentMethod, delivery: &DeliveryMethod) -> bool {
        self.goes_with(Some(payment), Some(delivery))
    }

    /// Returns whether it is for these methods, as far as they are said.
    pub fn goes_with(&self, payment: Option<&PaymentMethod>, delivery: Option<&DeliveryMethod>) -> bool {
        self.payment_method.as_ref().zip(payment).is_none_or(|(method, said)| method == said)
            && self.delivery_method.as_ref().zip(delivery).is_none_or(|(method, said)| method == said)
    }
}

/// What a shop sells, or the part of it that was asked for and fits into one letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// The shop's name.
    pub seller: String,
    /// What was asked for.
    pub words: Words,
    /// How many articles of the shop are meant by the words; more than `offers` where not all have room.
    pub matching: u32,
    /// The articles, in the shop's order.
    pub offers: Vec<Offer>,
    /// The ways to pay and to deliver.
    pub ways: Vec<Way>,
    /// What buyers must see before their OK.
    pub conditions: Option<String>,
    /// The payment and delivery agents of the ways, with their certificates.
    pub agents: Vec<Agent>,
}

impl Catalog {
    /// Returns whether this is all the shop sells: what is not in it, is not sold.
    pub fn is_complete(&self) -> bool {
        self.words.is_empty() && !self.has_more()
    }

    /// Returns whether more articles are meant than are listed.
    pub fn has_more(&self) -> bool {
        usize::try_from(self.matching).is_ok_and(|matching| matching > self.offers.len())
    }

    /// Returns the article with this number.
    pub fn offer(&self, sku: &str) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.item.sku.as_deref() == Some(sku))
    }

    /// Returns the first way for these methods.
    pub fn way(&self, payment: &PaymentMethod, delivery: &DeliveryMethod) -> Option<&Way> {
        self.ways.iter().find(|way| way.fits(payment, delivery))
    }

    /// Returns the agent of this address in this part.
    pub fn agent(&self, role: Role, address: &Address) -> Option<&Agent> {
        self.agents.iter().find(|agent| agent.role == role && agent.party.address == *address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(list: &[&str]) -> Result<Words, String> {
        Words::new(list.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn words_are_few_short_and_plain() {
        assert!(words(&[]).unwrap().is_empty());
        assert!(words(&["tea"; 9]).unwrap_err().contains("9 words"));
        for wrong in ["", "a\nb", "\u{1b}[2J", &"x".repeat(65)] {
            assert!(words(&[wrong]).is_err(), "{wrong:?}");
        }
        assert!(serde_json::from_str::<Words>("[\"\"]").is_err());
    }

    #[test]
    fn every_word_must_be_in_the_name_or_begin_the_number() {
        let item = Item { sku: Some("TEA-200".to_owned()), name: "Green Tea, 煎茶 200g".to_owned() };
        for (list, found) in [
            (&["tea"][..], true),
            (&["TEA", "green"], true),
            (&["煎茶"], true),
            (&["tea-2", "GREEN"], true),
            (&["200"], true),
            (&["ea-200"], false),
            (&["tea", "black"], false),
            (&[], true),
        ] {
            assert_eq!(words(list).unwrap().search().finds(&item), found, "{list:?}");
        }
    }
}
