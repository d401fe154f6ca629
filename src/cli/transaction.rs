//! Finds the transaction a person means: a unique beginning of its ID or number, or SHOP:NUMBER.

use std::collections::BTreeSet;

use super::failure::Failure;
use crate::clerk::Clerk;
use crate::trade::{Key, Role, Transaction};

/// How many candidates a message names.
const NAMED: u32 = 6;

/// Finds the one transaction that `text` means, in one of the parts `roles`; any part where it is empty, and the first
/// one where several parts at this address know it.
pub(super) fn find(clerk: &mut Clerk, text: &str, roles: &[Role]) -> Result<Transaction, Failure> {
    clerk.catch_up()?;
    let index = clerk.index();
    let all = index.find_prefix(text, NAMED.saturating_mul(8)).map_err(crate::clerk::ClerkError::from)?;
    let fitting = |key: &&Key| roles.is_empty() || roles.contains(&key.role);
    let mut keys: Vec<Key> = all.iter().filter(fitting).cloned().collect();
    if keys.len() > 1 {
        // What is written out in full is meant, even where others begin with it.
        let exact = exact(clerk, &keys, text)?;
        if exact.len() == 1 {
            keys = exact;
        }
        if is_one_transaction(clerk, &keys)? {
            keys.sort_by_key(|key| key.role);
            keys.truncate(1);
        }
    }
    match keys.as_slice() {
        [] => {
            let text = format!("no transaction's ID or number begins with {text:?}");
            Err(Failure::data(text).hint("mailorder list"))
        }
        [key] => {
            let found = clerk.index().load_key(key).map_err(crate::clerk::ClerkError::from)?;
            found.ok_or_else(|| Failure::bug("a transaction that was just found is gone"))
        }
        several => {
            let ids: Vec<String> = several.iter().take(5).map(|key| key.id.to_string()).collect();
            let text = format!("{text:?} is the beginning of several transactions: {}", ids.join(", "));
            Err(Failure::data(text).hint("write more of it, or SHOP:NUMBER"))
        }
    }
}

/// Returns whether all keys are one transaction, known to several parts played at this address (P6).
fn is_one_transaction(clerk: &Clerk, keys: &[Key]) -> Result<bool, Failure> {
    let mut numbers = BTreeSet::new();
    for key in keys {
        let known = clerk.index().load_key(key).map_err(crate::clerk::ClerkError::from)?;
        let Some(number) = known.and_then(|known| known.number) else { return Ok(false) };
        numbers.insert((key.shop.clone(), number.to_string()));
    }
    let parts: BTreeSet<Role> = keys.iter().map(|key| key.role).collect();
    Ok(numbers.len() == 1 && parts.len() == keys.len())
}

fn exact(clerk: &Clerk, keys: &[Key], text: &str) -> Result<Vec<Key>, Failure> {
    let mut exact = Vec::new();
    for key in keys {
        let known = clerk.index().load_key(key).map_err(crate::clerk::ClerkError::from)?;
        let number = known.and_then(|known| known.number).map(|number| number.to_string());
        let named = number.as_ref().map(|number| format!("{}:{number}", key.shop));
        if number.as_deref() == Some(text) || named.as_deref() == Some(text) || key.id.as_str() == text {
            exact.push(key.clone());
        }
    }
    Ok(exact)
}

/// Returns the part of an ID that people are shown.
pub(super) fn short(id: &str) -> &str {
    id.get(..6).unwrap_or(id)
}
