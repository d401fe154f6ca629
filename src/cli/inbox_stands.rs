//! How far goods and money are of an order that somebody wants ended or given back: what its seller must know before he
//! says yes.

use crate::rules::Standing;
use crate::rules::leg::LegState;
use crate::trade::{Money, Transaction};
use crate::view::text;

/// How far goods and money are.
pub(super) struct Stands {
    /// How far the goods are, in a word.
    pub(super) goods: &'static str,
    /// What is paid, less what went back; `None` where that is nothing.
    pub(super) paid: Option<Money>,
    /// Both in sentences.
    pub(super) said: Vec<String>,
}

impl Stands {
    /// Returns how they are by what the shop and its agents said.
    pub(super) fn of(known: &Transaction) -> Self {
        let legs = Standing::of(known).legs;
        let (goods, said) = goods(&legs.order, &legs.delivery);
        let left = |paid: Money| match legs.refunded {
            Some(back) => paid.minus(&back).ok(),
            None => Some(paid),
        };
        let paid = legs.paid.and_then(left).filter(|paid| !paid.is_zero());
        let total = known.terms().map(|(_, terms)| terms.total);
        let money = match (paid, total) {
            (None, _) => "nothing is paid".to_owned(),
            (Some(paid), Some(total)) if paid != total => {
                format!("{} of {} is paid", text::amount(&paid), text::amount(&total))
            }
            (Some(paid), _) => format!("{} is paid", text::amount(&paid)),
        };
        Self { goods, paid, said: vec![said.to_owned(), money] }
    }
}

/// Returns a word and a sentence for how far goods are.
fn goods(order: &LegState, delivery: &LegState) -> (&'static str, &'static str) {
    if delivery.done.is_some() {
        ("delivered", "the goods are delivered")
    } else if delivery.done_in_part().is_some() {
        ("delivered-in-part", "a part of the goods is delivered")
    } else if order.done.is_some() {
        ("left", "the goods have left")
    } else if order.done_in_part().is_some() {
        ("left-in-part", "a part of the goods has left")
    } else {
        ("here", "no goods have left")
    }
}
