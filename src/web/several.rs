//! Several ticked orders: found, told apart in a few words each, and what came of them, for the list to say (P82, P83).

use std::fmt::Display;

use serde_json::{Map, Value, json};

use super::act::{find, may_ask};
use super::fault::Fault;
use super::visit::Visit;
use super::{again, pages, returns, transaction};
use crate::clerk::Clerk;
use crate::rules::Standing;
use crate::trade::{OrderId, Transaction};
use crate::view::{self, short};

/// Said where nothing is ticked.
pub(super) const NONE_TICKED: &str = "No order is ticked: tick one or more, then press the button again.";
/// How many orders the list names at most: as many as can be ticked on it.
const NAMED: usize = 200;

/// What was done to several orders, as addresses of the list name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Asked,
    Returned,
    Reordered,
}

impl Done {
    const fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Returned => "returned",
            Self::Reordered => "reordered",
        }
    }

    /// Returns the word for what was left out.
    const fn left(self) -> &'static str {
        match self {
            Self::Asked => "unasked",
            Self::Returned => "unreturned",
            Self::Reordered => "unreordered",
        }
    }

    /// Returns what the list was told.
    fn of(visit: &Visit) -> Self {
        let said = visit.asked("did");
        [Self::Returned, Self::Reordered].into_iter().find(|done| said == Some(done.word())).unwrap_or(Self::Asked)
    }

    /// Returns why nothing of the kind was written about an order, if so.
    fn fault(self, clerk: &mut Clerk, known: &Transaction) -> Option<Fault> {
        match self {
            Self::Asked => may_ask(known).err(),
            Self::Returned => returns::may_return(known).err(),
            Self::Reordered => Some(again::why_not(clerk, known)),
        }
    }
}

/// Returns the address of a page that is about these orders.
pub(super) fn place<Id: Display>(path: &str, ids: &[Id]) -> String {
    let fields: Vec<String> = ids.iter().map(|id| format!("txn={}", pages::encoded(&id.to_string()))).collect();
    format!("{path}?{}", fields.join("&"))
}

/// Returns the address of the list that says about how many orders a letter was written, and about which none.
pub(super) fn list_after(done: Done, written: usize, left: &[OrderId]) -> String {
    let said = match done {
        // As of one order: how many letters that were nobody is told.
        Done::Asked => (written > 0).then(|| "said=asked".to_owned()),
        Done::Returned | Done::Reordered => Some(format!("did={}&n={written}", done.word())),
    };
    let fields: Vec<String> = said.into_iter().chain(left.iter().map(|id| format!("not={id}"))).collect();
    format!("/?{}", fields.join("&"))
}

/// Finds the orders that are named, each once.
pub(super) fn find_each<'a>(clerk: &Clerk, ids: impl Iterator<Item = &'a str>) -> Result<Vec<Transaction>, Fault> {
    let mut found: Vec<Transaction> = Vec::new();
    for id in ids {
        let known = find(clerk, id)?;
        if found.iter().all(|other| other.key != known.key) {
            found.push(known);
        }
    }
    Ok(found)
}

/// Finds the orders that the address of a page names.
pub(super) fn ticked(clerk: &Clerk, visit: &Visit) -> Result<Vec<Transaction>, Fault> {
    let found = find_each(clerk, visit.each("txn"))?;
    if found.is_empty() { Err(Fault::none(NONE_TICKED)) } else { Ok(found) }
}

/// Returns what an order is called on a page of several: its goods, as agreed on or else as ordered, and its shop.
pub(super) fn row(clerk: &Clerk, known: &Transaction) -> Result<Map<String, Value>, Fault> {
    let id = known.key.id.as_str();
    let terms = view::transaction::shown(known, &Standing::of(known));
    let row = json!({
        "id": id, "short": short(id), "shop": transaction::shop(clerk, known)?, "address": known.key.shop,
        "goods": transaction::goods(known, terms),
    });
    match row {
        Value::Object(row) => Ok(row),
        _ => Err(Fault::bug("a row is an object")),
    }
}

/// Returns what the list says of an act on several orders: about how many a letter was written, and about which none, and why.
pub(super) fn told(clerk: &mut Clerk, visit: &Visit) -> Result<Map<String, Value>, Fault> {
    let done = Done::of(visit);
    let mut left = Vec::new();
    for id in visit.each("not").take(NAMED) {
        let known = find(clerk, id)?;
        if let Some(fault) = done.fault(clerk, &known) {
            let id = known.key.id.as_str();
            left.push(json!({"id": id, "short": short(id), "why": fault.told(visit)?}));
        }
    }
    let written = visit.asked("n").and_then(|n| n.parse::<u16>().ok()).filter(|n| *n > 0 && done != Done::Asked);
    let mut told = Map::new();
    told.insert("did".to_owned(), json!(written.map(|n| json!({"word": done.word(), "n": n}))));
    told.insert("left".to_owned(), json!({"word": done.left(), "orders": left}));
    Ok(told)
}
