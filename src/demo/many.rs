//! Many more transactions, wave by wave: all order, all confirm, most ship, many arrive, some pay.

use super::scenes::{Ways, order};
use super::{DemoError, Stage};
use crate::role::{Notice, buyer, delivery, payment, shop};
use crate::trade::{Key, Names, Role};

/// How many transactions go through the post together.
const WAVE: u32 = 250;

/// Plays `count` transactions through the whole way.
pub(super) fn play(stage: &mut Stage, count: u32, told: &mut dyn FnMut(&str)) -> Result<(), DemoError> {
    let mut played = 0_u32;
    while played < count {
        let wave = WAVE.min(count.saturating_sub(played));
        // The waves spread over the weeks that are left before the last scenes.
        let day = 2_i64.saturating_add(i64::from(played.checked_div(WAVE).unwrap_or(0) % 24));
        self::wave(stage, played, wave, day)?;
        played = played.saturating_add(wave);
        told(&format!("{played} of {count} further transactions"));
    }
    Ok(())
}

fn wave(stage: &mut Stage, first: u32, count: u32, day: i64) -> Result<(), DemoError> {
    stage.at(day, 9);
    let mut keys = Vec::new();
    let mut drafts = Vec::new();
    for number in first..first.saturating_add(count) {
        let method = if number.is_multiple_of(3) { "card" } else { "invoice" };
        let sku = if number.is_multiple_of(2) { "SH-41" } else { "TEA-200" };
        let (key, draft) =
            order(stage, &[(sku, number.rem_euclid(4).saturating_add(1))], Ways { method, travel: "locker" })?;
        keys.push(key);
        drafts.push(draft);
    }
    stage.buyer.clerk.post(drafts)?;
    stage.settle()?;
    stage.at(day, 12);
    stage.buyer.clerk.commands(&keys, |known, desk| Ok(vec![buyer::confirm(known, desk)?.into()]))?;
    stage.settle()?;
    // Of ten transactions nine are shipped, eight delivered, seven paid.
    let part =
        |below: usize| keys.iter().enumerate().filter(|(n, _)| n % 10 < below).map(|(_, key)| key.clone()).collect();
    stage.at(day.saturating_add(1), 17);
    let notice = Notice { done: Some(stage.clock.now()), ..Notice::default() };
    let theirs = numbers(stage, Role::Shop, part(9))?;
    stage.shop.clerk.commands(&theirs, |known, desk| shop::notify(known, &notice, desk))?;
    stage.settle()?;
    stage.at(day.saturating_add(3), 11);
    let notice = Notice { done: Some(stage.clock.now()), ..Notice::default() };
    let theirs = numbers(stage, Role::Delivery, part(8))?;
    stage.ship.clerk.commands(&theirs, |known, desk| delivery::notify(known, &notice, desk))?;
    stage.settle()?;
    stage.at(day.saturating_add(9), 3);
    let notice = Notice { done: Some(stage.clock.now()), ..Notice::default() };
    let theirs = numbers(stage, Role::Payment, part(7))?;
    stage.pay.clerk.commands(&theirs, |known, desk| payment::notify(known, &notice, desk))?;
    stage.settle()
}

/// Returns what the transactions are found by at another party.
fn numbers(stage: &Stage, role: Role, keys: Vec<Key>) -> Result<Vec<Key>, DemoError> {
    let fault = crate::clerk::ClerkError::from;
    let clerk = match role {
        Role::Shop => &stage.shop.clerk,
        Role::Payment => &stage.pay.clerk,
        Role::Delivery | Role::Buyer => &stage.ship.clerk,
    };
    let mut theirs = Vec::with_capacity(keys.len());
    for key in keys {
        let known = stage.buyer.clerk.index().load_key(&key).map_err(fault)?;
        let number = known.and_then(|known| known.number);
        let names = Names { shop: Some(key.shop.clone()), number, order: None };
        let found = clerk.index().load(role, &names).map_err(fault)?;
        theirs.extend(found.map(|known| known.key));
    }
    Ok(theirs)
}
