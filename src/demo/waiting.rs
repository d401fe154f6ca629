//! What the buyer finds waiting when his page is shown: terms to answer, terms that differ, a delivery that failed, what is
//! said again, and rules of his own.

use super::scenes::{answered, expect, ordered, shipped, theirs, wrong_amount};
use super::{DemoError, Stage};
use crate::role::shop_change::{self, Change};
use crate::role::{Notice, delivery};
use crate::rules::State;
use crate::trade::status::Reason;
use crate::trade::{Key, Money, Role};

/// The last day of the scenes.
const LAST: i64 = 44;

/// Plays on where the scenes ended; `doubted` is the order about which a wrong amount was stated.
pub(super) fn play(stage: &mut Stage, doubted: &Key, told: &mut dyn FnMut(&str)) -> Result<(), DemoError> {
    let failed = ordered(stage, (LAST, 15), &[("SH-41", 1)], "card")?;
    shipped(stage, &failed, LAST)?;
    not_delivered(stage, &failed)?;
    told("one could not be delivered");
    wrong_amount(stage, doubted, (LAST, 19))?;
    told("the wrong amount was stated again");
    let offered = answered(stage, (LAST, 20), &[("TEA-200", 1)], "invoice")?;
    expect(stage, &offered, State::Offered)?;
    told("the terms of one wait for the buyer's answer");
    let differs = answered(stage, (LAST, 21), &[("TEA-200", 1)], "invoice")?;
    dearer(stage, &differs)?;
    told("the terms of another differ from its order, and wait too");
    stage.buyer.add(RULES)?;
    told("the buyer has rules by which his program asks, gives back and orders again");
    Ok(())
}

/// Rules of which none finds an order yet.
const RULES: &str = r#"
[[buyer.rule]]
when = "undelivered late:14d"
do = "return"

[[buyer.rule]]
when = "item:煎茶 delivered:60d"
do = "reorder"
at_most = "JPY 5000"
"#;

/// The delivery agent meets nobody.
fn not_delivered(stage: &mut Stage, key: &Key) -> Result<(), DemoError> {
    stage.at(LAST, 18);
    let theirs = theirs(stage, key, Role::Delivery)?;
    let reason = Reason { code: "UNDELIVERABLE".to_owned(), text: "nobody lives at this address".to_owned() };
    let notice = Notice { failed: Some(reason), ..Notice::default() };
    stage.ship.clerk.command(&theirs, |known, desk| delivery::notify(known, &notice, desk))?;
    stage.settle()
}

/// The shop offers new terms, at another price than was ordered.
fn dearer(stage: &mut Stage, key: &Key) -> Result<(), DemoError> {
    let theirs = theirs(stage, key, Role::Shop)?;
    let price = Money::parse("1950", "JPY").map_err(|error| DemoError::Plot(error.to_string()))?;
    let change = Change { prices: vec![("1".to_owned(), price)], ..Change::default() };
    stage.shop.clerk.command(&theirs, |known, desk| shop_change::change(known, &change, desk))?;
    stage.settle()
}
