//! Finds the transaction a person means: a unique beginning of its ID or number, or SHOP:NUMBER.

use super::failure::Failure;
use crate::clerk::{Clerk, ClerkError};
use crate::role::Desk;
use crate::rules::{Standing, State};
use crate::trade::document::{Rejection, ReturnAnswer};
use crate::trade::status::Step;
use crate::trade::{Address, Document, Key, Kind, Moment, Role, Transaction};
use crate::view::short;
use crate::words::Words;

/// How many candidates are looked at: more than that is no beginning of a name, but any letter.
const CANDIDATES: u32 = 48;

/// Finds the one transaction that `text` means in the part a command speaks for.
pub(super) fn find(clerk: &mut Clerk, text: &str, role: Role) -> Result<Transaction, Failure> {
    let keys = candidates(clerk, text, Some(role))?;
    if !keys.is_empty() {
        return one(clerk, text, &keys);
    }
    let others = candidates(clerk, text, None)?;
    let Some(other) = others.first() else { return one(clerk, text, &keys) };
    // Each part of an account has an ID of its own for the same transaction.
    let of_other: Vec<Key> = others.iter().filter(|key| key.role == other.role).cloned().collect();
    let meant = one(clerk, text, &of_other)?;
    let known = clerk.index().load(role, &meant.names()).map_err(ClerkError::from)?;
    known.ok_or_else(|| {
        let text = format!("{text} is known here to the {} alone, and this is for the {role} to do", other.role);
        Failure::data(text)
    })
}

/// Returns the desk at which it is only asked what would be written.
pub(super) fn desk(clerk: &Clerk) -> Desk<'_> {
    let (me, practice) = (clerk.me(), &clerk.settings().practice);
    Desk::new(me, clerk.clock().now(), [0; 32], practice)
}

/// Finds the one transaction that `text` means in any part: in the first of those that know it, in the order buyer,
/// shop, payment, delivery. Returns the other parts of this account that have it, too.
pub(super) fn find_any(clerk: &mut Clerk, text: &str) -> Result<(Transaction, Vec<Role>), Failure> {
    let keys = candidates(clerk, text, None)?;
    first(clerk, text, &keys)
}

/// Finds the one transaction that `text` means as its buyer or its shop: the parts that ask others.
pub(super) fn find_asking(clerk: &mut Clerk, text: &str) -> Result<Transaction, Failure> {
    let mut keys = candidates(clerk, text, Some(Role::Buyer))?;
    keys.extend(candidates(clerk, text, Some(Role::Shop))?);
    if keys.is_empty() { find(clerk, text, Role::Buyer) } else { Ok(first(clerk, text, &keys)?.0) }
}

fn first(clerk: &Clerk, text: &str, keys: &[Key]) -> Result<(Transaction, Vec<Role>), Failure> {
    let first = Role::ALL.into_iter().find(|role| keys.iter().any(|key| key.role == *role));
    let of_first: Vec<Key> = keys.iter().filter(|key| Some(key.role) == first).cloned().collect();
    let found = one(clerk, text, &of_first)?;
    let mut same = vec![found.key.clone()];
    for role in Role::ALL.into_iter().filter(|role| *role != found.key.role) {
        let known = clerk.index().load(role, &found.names()).map_err(ClerkError::from)?;
        same.extend(known.map(|known| known.key));
    }
    // Another transaction, in another part, may be the one that is meant.
    if keys.iter().any(|key| !same.contains(key)) {
        return Err(several(clerk, text, keys)?);
    }
    let others = same.iter().map(|key| key.role).filter(|role| *role != found.key.role).collect();
    Ok((found, others))
}

/// Returns what `text` may mean; where something is written out in full, that alone.
fn candidates(clerk: &mut Clerk, text: &str, role: Option<Role>) -> Result<Vec<Key>, Failure> {
    // All begin with nothing: a script whose variable is not set means none of them.
    if text.trim().is_empty() {
        return Err(Failure::usage("the transaction is not named: its ID or number is empty").hint("mailorder list"));
    }
    clerk.catch_up()?;
    let keys = clerk.index().find_prefix(text, role, CANDIDATES).map_err(ClerkError::from)?;
    if keys.len() < 2 {
        return Ok(keys);
    }
    let exact = exact(clerk, &keys, text)?;
    Ok(if exact.is_empty() { keys } else { exact })
}

fn one(clerk: &Clerk, text: &str, keys: &[Key]) -> Result<Transaction, Failure> {
    match keys {
        [] => {
            let text = format!("no transaction's ID or number begins with {text:?}");
            Err(Failure::data(text).hint("mailorder list"))
        }
        [key] => {
            let found = clerk.index().load_key(key).map_err(ClerkError::from)?;
            found.ok_or_else(|| Failure::bug("a transaction that was just found is gone"))
        }
        keys => Err(several(clerk, text, keys)?),
    }
}

/// Says which transactions may be meant: those whose ID begins so by their ID, and those whose number does by that, too.
fn several(clerk: &Clerk, text: &str, keys: &[Key]) -> Result<Failure, Failure> {
    let mut all = Vec::new();
    for key in keys.iter().take(5) {
        let known = if begins(key, text) { None } else { clerk.index().load_key(key).map_err(ClerkError::from)? };
        let id = &key.id;
        all.push(match known.and_then(|known| known.number) {
            Some(number) => format!("{id} ({number})"),
            None => id.to_string(),
        });
    }
    let text = format!("{text:?} is the beginning of several IDs or numbers: {}", all.join(", "));
    Ok(Failure::data(text).hint("write more of it, or SHOP:NUMBER"))
}

/// Returns those of which `text` is a whole name. A buyer's numbers are chosen by his shops: one that is also how the ID of
/// another order of his begins is no name of either, since the list names his orders by such beginnings.
fn exact(clerk: &Clerk, keys: &[Key], text: &str) -> Result<Vec<Key>, Failure> {
    let mut exact = Vec::new();
    let is_another = |key: &Key, other: &Key| other != key && other.role == Role::Buyer && begins(other, text);
    for key in keys {
        let known = clerk.index().load_key(key).map_err(ClerkError::from)?;
        let number = known.and_then(|known| known.number).map(|number| number.to_string());
        let named = number.as_ref().map(|number| format!("{}:{number}", key.shop));
        let misleads = key.role == Role::Buyer && keys.iter().any(|other| is_another(key, other));
        let by_number = number.as_deref() == Some(text) && !misleads;
        if by_number || named.as_deref() == Some(text) || key.id.as_str() == text {
            exact.push(key.clone());
        }
    }
    Ok(exact)
}

/// Returns whether a transaction's ID begins so, in capitals or not.
fn begins(key: &Key, text: &str) -> bool {
    key.id.as_str().to_lowercase().starts_with(&text.to_lowercase())
}

/// Refuses to go on with an order that the shop did not take, and says why it did not.
pub(super) fn is_not_rejected(known: &Transaction) -> Result<(), Failure> {
    if Standing::of(known).state != State::Rejected {
        return Ok(());
    }
    let (shop, id) = (&known.key.shop, short(known.key.id.as_str()));
    let text = match joined(&why_rejected(known), Words::ENGLISH) {
        why if why.is_empty() => format!("{shop} rejected the order {id}; there is nothing more to say to it"),
        why => format!("{shop} rejected the order {id}: {why}; there is nothing more to say to it"),
    };
    Err(Failure::data(text).hint(format!("mailorder reorder {id}")))
}

/// Returns the shop's reasons for not taking an order or the OK to its terms; mail's own words, not escaped yet.
fn why_rejected(known: &Transaction) -> Vec<String> {
    let rejected = known.received(Kind::OrderRejection).find_map(|kept| match &kept.letter.document {
        Document::OrderRejection(rejection) => Some(rejection.sentences()),
        _ => None,
    });
    let refusals = known.received(Kind::Refusal).filter_map(|kept| match &kept.letter.document {
        Document::Refusal(refusal) => Some(refusal.reason.text.clone()),
        _ => None,
    });
    rejected.unwrap_or_else(|| refusals.collect())
}

/// Puts sentences that end with a full stop, or do not, behind each other, those of our own in the reader's language; the
/// last has none.
pub(super) fn joined(all: &[String], words: Words) -> String {
    let all: Vec<String> = all.iter().map(|one| words.sentence(one.trim().trim_end_matches('.'))).collect();
    all.join("; ")
}

/// An order that its shop did not take.
pub(super) struct Rejected {
    /// The short ID.
    pub(super) id: String,
    /// The shop.
    pub(super) shop: Address,
    /// Its reasons, in its own words, not escaped yet.
    pub(super) why: Vec<String>,
}

/// Returns the orders of ours that were rejected from entry `from` and moment `since` on.
pub(super) fn rejected(clerk: &Clerk, from: u64, since: Option<&Moment>) -> Result<Vec<Rejected>, Failure> {
    let mut found = Vec::new();
    for position in clerk.index().rejections(false, from, since).map_err(ClerkError::from)? {
        let Some(entry) = clerk.index().entry(position).map_err(ClerkError::from)? else { continue };
        let known = clerk.index().load(Role::Buyer, &entry.names).map_err(ClerkError::from)?;
        let Some(known) = known.filter(|known| Standing::of(known).state == State::Rejected) else { continue };
        let id = short(known.key.id.as_str()).to_owned();
        found.push(Rejected { id, shop: known.key.shop.clone(), why: why_rejected(&known) });
    }
    Ok(found)
}

/// Something that the buyer asked for and whose answer is no.
pub(super) struct NotGranted {
    /// The short ID of the order.
    pub(super) id: String,
    /// Who said no.
    pub(super) who: Address,
    /// What was asked: a cancellation or a return.
    pub(super) asked: Kind,
    /// Why not, in words of whoever said it, not escaped yet.
    pub(super) why: String,
}

/// Returns the cancellations and returns of ours that were refused from entry `from` and moment `since` on.
pub(super) fn not_granted(clerk: &Clerk, from: u64, since: Option<&Moment>) -> Result<Vec<NotGranted>, Failure> {
    let mut found = Vec::new();
    for position in clerk.index().refusals(from, since).map_err(ClerkError::from)? {
        let Some(entry) = clerk.index().entry(position).map_err(ClerkError::from)? else { continue };
        let known = clerk.index().load(Role::Buyer, &entry.names).map_err(ClerkError::from)?;
        let Some(known) = known.filter(|known| Standing::of(known).state != State::Rejected) else { continue };
        let Some(said) = known.kept.iter().find(|kept| kept.position == position) else { continue };
        let why = match &said.letter.document {
            Document::Refusal(refusal) => &refusal.reason.text,
            Document::ReturnAnswer(ReturnAnswer { step: Step::Failed { reason, .. }, .. }) => &reason.text,
            _ => continue,
        };
        let asked = said.letter.answers.and_then(|content| known.by_content(&content)).map(|kept| kept.letter.kind());
        let Some(asked @ (Kind::Cancellation | Kind::ReturnRequest)) = asked else { continue };
        let (id, who) = (short(known.key.id.as_str()).to_owned(), said.letter.from.address.clone());
        found.push(NotGranted { id, who, asked, why: why.trim().trim_end_matches('.').to_owned() });
    }
    Ok(found)
}

/// An order that this shop did not take by itself, without a person's word.
pub(super) struct TurnedAway {
    /// The short ID.
    pub(super) id: String,
    /// Whose it was.
    pub(super) buyer: String,
    /// Why not: mail's own words may be among them, not escaped yet.
    pub(super) why: Vec<String>,
}

/// Returns the orders that this shop rejected by itself from entry `from` and moment `since` on.
pub(super) fn turned_away(clerk: &Clerk, from: u64, since: Option<&Moment>) -> Result<Vec<TurnedAway>, Failure> {
    let mut found = Vec::new();
    for position in clerk.index().rejections(true, from, since).map_err(ClerkError::from)? {
        let Some(entry) = clerk.index().entry(position).map_err(ClerkError::from)? else { continue };
        let known = clerk.index().load(Role::Shop, &entry.names).map_err(ClerkError::from)?;
        let Some(known) = known else { continue };
        let sent = known.sent(Kind::OrderRejection).find_map(|kept| match &kept.letter.document {
            Document::OrderRejection(rejection) => Some(rejection),
            _ => None,
        });
        // What a person rejects has a reason of his own, under the code for what no code says.
        let by_itself = |why: &Rejection| !why.lines.is_empty() || why.reasons.iter().any(|one| one.code != "OTH");
        let Some(rejection) = sent.filter(|rejection| by_itself(rejection)) else { continue };
        found.push(TurnedAway {
            id: short(known.key.id.as_str()).to_owned(),
            buyer: known.buyer().map(|party| party.address.to_string()).unwrap_or_default(),
            why: rejection.sentences(),
        });
    }
    Ok(found)
}
