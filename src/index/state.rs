//! The whole of a transaction: how it stands in one row, its letters in rows of their own.
//!
//! A transaction is written anew with each letter about it, a letter never: so the letters, which are nearly all of
//! it, lie apart under the positions of their entries.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};

use rayon::prelude::*;
use rusqlite::{Connection, OptionalExtension, Statement, params};
use serde::{Deserialize, Serialize};

use super::IndexError;
use super::apply::integer;
use crate::trade::transaction::Direction;
use crate::trade::{
    Arrival, Digest, Erasure, Finding, Given, Kept, Key, Letter, Moment, Number, Settlement, Transaction, Verdict,
};

/// A transaction without its letters.
#[derive(Serialize, Deserialize)]
struct State {
    key: Key,
    number: Option<Number>,
    kept: Vec<Standing>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    given: Vec<Given>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    arrivals: Vec<Arrival>,
}

impl State {
    /// Returns the transaction, with its letters as `letter` returns them by the positions of their entries.
    fn with(self, mut letter: impl FnMut(u64) -> Result<Arc<Letter>, IndexError>) -> Result<Transaction, IndexError> {
        let Self { key, number, kept, given, arrivals } = self;
        let kept = kept.into_iter().map(|standing| letter(standing.position).map(|letter| standing.with(letter)));
        Ok(Transaction { key, number, kept: kept.collect::<Result<Vec<Kept>, IndexError>>()?, given, arrivals })
    }
}

/// How one letter stands.
#[derive(Serialize, Deserialize)]
struct Standing {
    position: u64,
    direction: Direction,
    content: Digest,
    recorded: Moment,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    findings: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    settled: Option<Settlement>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    erased: Option<Erasure>,
}

impl From<&Kept> for Standing {
    fn from(kept: &Kept) -> Self {
        Self {
            position: kept.position,
            direction: kept.direction,
            content: kept.content,
            recorded: kept.recorded,
            verdict: kept.verdict,
            findings: kept.findings.clone(),
            settled: kept.settled,
            erased: kept.erased.clone(),
        }
    }
}

impl Standing {
    fn with(self, letter: Arc<Letter>) -> Kept {
        let Self { position, direction, content, recorded, verdict, findings, settled, erased } = self;
        Kept { position, direction, content, recorded, letter, verdict, findings, settled, erased }
    }
}

/// How many letters are remembered as in use before those that are not any more are left out.
const SHARED_MAX: usize = 8_192;

/// Letters in use, by the positions of their entries: one that several parts of an account keep is read once.
#[derive(Debug, Default)]
pub(super) struct Shared(RefCell<BTreeMap<u64, Weak<Letter>>>);

impl Shared {
    /// Forgets all of them: what an entry says may have changed.
    pub(super) fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    fn find(&self, position: u64) -> Option<Arc<Letter>> {
        self.0.borrow().get(&position).and_then(Weak::upgrade)
    }

    fn note(&self, position: u64, letter: &Arc<Letter>) {
        let mut shared = self.0.borrow_mut();
        if shared.len() >= SHARED_MAX {
            shared.retain(|_, letter| letter.strong_count() > 0);
            // So many are in use only where all transactions are walked through.
            if shared.len() > SHARED_MAX / 2 {
                shared.clear();
            }
        }
        shared.insert(position, Arc::downgrade(letter));
    }
}

fn row_error(error: impl std::fmt::Display) -> IndexError {
    IndexError::Row(error.to_string())
}

/// Reads what a row holds. That it is UTF-8 is seen at once, and not string by string.
fn parsed<T: serde::de::DeserializeOwned>(row: &[u8]) -> Result<T, IndexError> {
    serde_json::from_str(std::str::from_utf8(row).map_err(row_error)?).map_err(row_error)
}

/// Keeps the letter of an entry.
pub(super) fn put_letter(db_tx: &Connection, position: u64, letter: &Letter) -> Result<(), IndexError> {
    // Without a shop a letter belongs to no transaction: a receipt; nor does a catalog, which is read from the ledger.
    if letter.shop.is_none() || letter.kind().is_about_shop() {
        return Ok(());
    }
    let text = serde_json::to_vec(letter).map_err(row_error)?;
    db_tx.prepare_cached("INSERT INTO letters VALUES (?1, ?2)")?.execute(params![integer(position), text])?;
    Ok(())
}

/// Has the letter of an entry as what is left of it.
pub(super) fn change_letter(db_tx: &Connection, position: u64, letter: &Letter) -> Result<(), IndexError> {
    let text = serde_json::to_vec(letter).map_err(row_error)?;
    let sql = "UPDATE letters SET letter = ?2 WHERE position = ?1";
    db_tx.prepare_cached(sql)?.execute(params![integer(position), text])?;
    Ok(())
}

/// Returns the letter of an entry; `None` where it belongs to no transaction.
pub(super) fn letter(db: &Connection, position: i64) -> Result<Option<Letter>, IndexError> {
    let mut question = db.prepare_cached(LETTER)?;
    find(&mut question, position)
}

/// The question that [`find`] asks.
const LETTER: &str = "SELECT letter FROM letters WHERE position = ?1";

fn find(question: &mut Statement<'_>, position: i64) -> Result<Option<Letter>, IndexError> {
    let mut rows = question.query([position])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    parsed(row.get_ref(0)?.as_bytes().map_err(rusqlite::Error::from)?).map(Some)
}

/// Keeps how a transaction stands; its letters are kept with their entries.
pub(super) fn put(db_tx: &Connection, id: i64, transaction: &Transaction) -> Result<(), IndexError> {
    let kept = transaction.kept.iter().map(Standing::from).collect();
    let (key, number, given) = (transaction.key.clone(), transaction.number.clone(), transaction.given.clone());
    let arrivals = transaction.arrivals.clone();
    let state = State { key, number, kept, given, arrivals };
    let text = serde_json::to_vec(&state).map_err(row_error)?;
    db_tx.prepare_cached("INSERT OR REPLACE INTO states VALUES (?1, ?2)")?.execute(params![id, text])?;
    Ok(())
}

/// Returns the transaction that a row of `states` tells of.
pub(super) fn read(db: &Connection, state: &[u8], shared: &Shared) -> Result<Transaction, IndexError> {
    let state: State = parsed(state)?;
    let mut question = db.prepare_cached(LETTER)?;
    state.with(|position| {
        if let Some(letter) = shared.find(position) {
            return Ok(letter);
        }
        let letter = Arc::new(find(&mut question, integer(position))?.ok_or_else(|| missing(position))?);
        shared.note(position, &letter);
        Ok(letter)
    })
}

fn missing(position: u64) -> IndexError {
    IndexError::Row(format!("the letter of entry {position} is missing"))
}

/// Returns the transactions that many rows of `states` tell of. The rows of their letters are fetched one after another, and
/// what stands in all these rows is read by all cores.
pub(super) fn read_all(db: &Connection, states: &[Vec<u8>], shared: &Shared) -> Result<Vec<Transaction>, IndexError> {
    let states = states.par_iter().map(|state| parsed(state)).collect::<Result<Vec<State>, IndexError>>()?;
    let positions: BTreeSet<u64> =
        states.iter().flat_map(|state| state.kept.iter().map(|standing| standing.position)).collect();
    let mut letters: BTreeMap<u64, Arc<Letter>> = BTreeMap::new();
    let mut texts: Vec<(u64, Vec<u8>)> = Vec::new();
    let mut question = db.prepare_cached(LETTER)?;
    for position in positions {
        match shared.find(position) {
            Some(letter) => drop(letters.insert(position, letter)),
            None => {
                let text = question.query_row([integer(position)], |row| row.get(0)).optional()?;
                texts.push((position, text.ok_or_else(|| missing(position))?));
            }
        }
    }
    let read = texts.par_iter().map(|(position, text)| Ok((*position, Arc::new(parsed(text)?))));
    for (position, letter) in read.collect::<Result<Vec<(u64, Arc<Letter>)>, IndexError>>()? {
        shared.note(position, &letter);
        letters.insert(position, letter);
    }
    let whole = |state: State| state.with(|position| letters.get(&position).cloned().ok_or_else(|| missing(position)));
    states.into_iter().map(whole).collect()
}
