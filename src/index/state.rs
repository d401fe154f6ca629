//! The whole of a transaction: how it stands in one row, its letters in rows of their own.
//!
//! A transaction is written anew with each letter about it, a letter never: so the letters, which are nearly all of
//! it, lie apart under the positions of their entries.

use std::sync::Arc;

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

fn row_error(error: serde_json::Error) -> IndexError {
    IndexError::Row(error.to_string())
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
    let text: Option<Vec<u8>> = question.query_row([position], |row| row.get(0)).optional()?;
    text.map(|text| serde_json::from_slice(&text).map_err(row_error)).transpose()
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
pub(super) fn read(db: &Connection, state: &[u8]) -> Result<Transaction, IndexError> {
    let State { key, number, kept, given, arrivals } = serde_json::from_slice(state).map_err(row_error)?;
    let mut question = db.prepare_cached(LETTER)?;
    let mut letter = |position: u64| -> Result<Letter, IndexError> {
        let missing = || IndexError::Row(format!("the letter of entry {position} is missing"));
        find(&mut question, integer(position))?.ok_or_else(missing)
    };
    let kept = kept.into_iter().map(|standing| letter(standing.position).map(|letter| standing.with(Arc::new(letter))));
    Ok(Transaction { key, number, kept: kept.collect::<Result<Vec<Kept>, IndexError>>()?, given, arrivals })
}
