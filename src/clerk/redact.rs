//! Letters erased on request: judged, entered, removed, signed for, and nothing of them left in the index.
//!
//! The redaction is the commit. What comes after it, a start that finds it not done does: files removed, checkpoint signed,
//! index rid of it (`catch_up_with`).

use std::collections::{BTreeMap, BTreeSet};

use super::{Clerk, ClerkError, LOCK_WAIT};
use crate::ledger::{Draft, Writer};
use crate::outbox::queue::State;
use crate::role::Refused;
use crate::rules::erasable::needed;
use crate::rules::unheard::TIMES;
use crate::trade::redaction::Part;
use crate::trade::{
    Act, Address, Body, Direction, Entry, Key, Kind, Letter, Moment, Names, People, Redaction, Role, Transaction,
};

/// A letter that is erased, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasedLetter {
    /// Its entry.
    pub position: u64,
    /// Its kind.
    pub kind: Kind,
    /// Whether it came in or went out.
    pub direction: Direction,
    /// The other side.
    pub peer: Address,
    /// When it was recorded.
    pub recorded: Moment,
    /// What of it is erased.
    pub parts: Vec<Part>,
    /// The redaction's entry; `None` where it was only looked at.
    pub by: Option<u64>,
}

/// What was erased, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erased {
    /// The letters.
    pub letters: Vec<ErasedLetter>,
    /// Entries of the same transactions that repeat some of what these letters say of people.
    pub repeated_in: Vec<u64>,
}

/// A redaction to be entered.
struct Planned {
    redaction: Redaction,
    role: Option<Role>,
    names: Names,
    /// The transaction's first entry.
    first: Option<u64>,
    told: ErasedLetter,
}

impl Clerk {
    /// Returns what would be erased, without erasing it.
    ///
    /// # Errors
    /// Where an entry is none that may be erased, with the reason.
    pub fn foresee_redaction(&mut self, positions: &[u64]) -> Result<Erased, ClerkError> {
        self.catch_up()?;
        let planned = self.plan_redactions(positions, "")?;
        self.erased(planned.into_iter().map(|planned| planned.told).collect(), positions)
    }

    /// Erases letters, all of them or none.
    ///
    /// # Errors
    /// Where an entry is none that may be erased: then nothing is.
    pub fn redact(&mut self, positions: &[u64], reason: &str) -> Result<Erased, ClerkError> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Refused::new("to erase letters, say why with --reason").into());
        }
        self.look_again()?;
        let mut writer = self.ledger.lock(LOCK_WAIT, Some(self.index.mark()))?;
        self.notes.extend(writer.recovered().iter().cloned());
        self.catch_up_with(&writer)?;
        let planned = self.plan_redactions(positions, reason)?;
        // Who repeats it is found while it is known what it is.
        let mut erased = self.erased(planned.iter().map(|planned| planned.told.clone()).collect(), positions)?;
        self.enter_redactions(&mut writer, &planned, &mut erased)?;
        writer.erase(&planned.iter().map(|planned| &planned.redaction).collect::<Vec<_>>())?;
        for position in positions {
            // One that was dropped keeps its place in the queue, which nobody takes any more.
            self.queue.remove(&position.to_string())?;
        }
        self.sign_for(&writer);
        self.catch_up_with(&writer)?;
        Ok(erased)
    }

    /// Returns the letters of a transaction that are not erased yet, in every part of this account that has it.
    pub fn letters_of(&mut self, known: &Transaction) -> Result<Vec<u64>, ClerkError> {
        let mut positions = BTreeSet::new();
        for role in Role::ALL {
            let Some(same) = self.index.load(role, &known.names())? else { continue };
            positions.extend(same.kept.iter().filter(|kept| kept.erased.is_none()).map(|kept| kept.position));
        }
        Ok(positions.into_iter().collect())
    }

    fn enter_redactions(
        &mut self,
        writer: &mut Writer,
        planned: &[Planned],
        erased: &mut Erased,
    ) -> Result<(), ClerkError> {
        let recorded = crate::ledger::recordable(&self.clock.now());
        let entries: Vec<Entry> = (writer.size()..)
            .zip(planned)
            .map(|(position, Planned { redaction, role, names, .. })| {
                let about = vec![redaction.position];
                let act = Act::Redaction(Box::new(redaction.clone()));
                let body = Body::Own { act, names: names.clone(), about };
                let (owes, event, cause, erased) = (Vec::new(), None, None, None);
                Entry { position, recorded, role: *role, body, owes, event, cause, erased }
            })
            .collect();
        let firsts = planned.iter().map(|planned| planned.first);
        let drafts: Vec<Draft<'_>> =
            entries.iter().zip(firsts).map(|(entry, first)| Draft { entry, seal: None, first }).collect();
        writer.append(&drafts)?;
        for (letter, entry) in erased.letters.iter_mut().zip(&entries) {
            letter.by = Some(entry.position);
        }
        Ok(())
    }

    /// Judges each entry, and makes of it what would stay.
    fn plan_redactions(&self, positions: &[u64], reason: &str) -> Result<Vec<Planned>, ClerkError> {
        let mut known = Known::default();
        let mut planned = Vec::new();
        for position in positions.iter().collect::<BTreeSet<_>>() {
            planned.push(self.plan_redaction(*position, reason, &mut known)?);
        }
        Ok(planned)
    }

    fn plan_redaction(&self, position: u64, reason: &str, known: &mut Known) -> Result<Planned, ClerkError> {
        let refused = |why: String| ClerkError::from(Refused::new(format!("entry {position} cannot be erased: {why}")));
        let Some(row) = self.index.entry(position)? else {
            return Err(Refused::new(format!("there is no entry {position}")).into());
        };
        if row.direction == "own" {
            return Err(refused(format!("it is a {} of your own, and no letter", row.kind)));
        }
        if let Some(by) = self.index.erased_by(position)? {
            return Err(Refused::new(format!("entry {position} was erased already, by entry {by}")).into());
        }
        let entry = self.entry(position)?;
        let Some(letter) = entry.letter() else { return Err(refused("it is no letter".to_owned())) };
        if letter.shop.is_none() || letter.kind().is_about_shop() {
            return Err(refused(format!("a {} belongs to no order, and says nothing of people", letter.kind())));
        }
        let transactions = self.transactions_of(&entry, letter, known)?;
        let now = self.clock.now();
        for transaction in &transactions {
            if let Some(why) = needed(transaction, &now) {
                return Err(refused(why.to_string()));
            }
        }
        if let Some(why) = self.not_sent(position, &entry)? {
            return Err(refused(why));
        }
        if transactions.is_empty() && self.index.warnings(true)?.iter().any(|open| open.position == position) {
            return Err(refused(format!("nobody has settled the warning W-{position}")));
        }
        let people = People::of(
            transactions
                .iter()
                .flat_map(|one| &one.kept)
                .map(|kept| kept.letter.as_ref())
                .chain(std::iter::once(letter)),
        );
        let has_original = match &entry.body {
            Body::In { original, .. } => self.ledger.original_path(&original.digest).is_file(),
            _ => false,
        };
        let redaction = Redaction::of(&entry, row.line.digest, &people, has_original, reason);
        let redaction = redaction.ok_or_else(|| refused("it is no letter".to_owned()))?;
        let first = transactions.iter().filter_map(|one| one.kept.first()).map(|kept| kept.position).min();
        Ok(Planned {
            told: told(&entry, letter, &redaction),
            role: entry.role,
            names: letter.names(),
            first,
            redaction,
        })
    }

    /// Returns why a letter of ours may still have to be sent, if so.
    fn not_sent(&self, position: u64, entry: &Entry) -> Result<Option<String>, ClerkError> {
        let Body::Out { content, .. } = &entry.body else { return Ok(None) };
        let name = position.to_string();
        let queued = self.queue.list()?;
        if queued.iter().any(|item| item.name == name && item.standing.state != State::Dropped) {
            return Ok(Some(format!("it is in the outbox; `mailorder outbox drop {position}` gives it up")));
        }
        if self.index.unsealed()?.iter().any(|one| one.position == position) {
            return Ok(Some("it waits for a key it can be sealed to".to_owned()));
        }
        if !self.index.is_unheard(&content.digest)? {
            return Ok(None);
        }
        let again = self.index.unheard(&self.clock.now(), TIMES)?;
        let is_due = again.iter().any(|one| one.position == position);
        Ok(is_due.then(|| "nobody has acknowledged it, and it may have to be sent again".to_owned()))
    }

    /// Returns the transactions a letter is kept with: one, or both of one that a part of this address wrote to another.
    fn transactions_of(
        &self,
        entry: &Entry,
        letter: &Letter,
        known: &mut Known,
    ) -> Result<Vec<Transaction>, ClerkError> {
        let parts = entry.role.into_iter().chain(letter.stays_here().then(|| letter.addressee()));
        let mut found = Vec::new();
        for role in parts.collect::<BTreeSet<_>>() {
            let Some(transaction) = self.index.load(role, &letter.names())? else { continue };
            found.push(known.entry(transaction.key.clone()).or_insert(transaction).clone());
        }
        Ok(found)
    }

    /// Adds to letters which other entries of their transactions repeat what they say of people.
    fn erased(&self, letters: Vec<ErasedLetter>, positions: &[u64]) -> Result<Erased, ClerkError> {
        let (mut said, mut about) = (Vec::new(), BTreeSet::new());
        for position in positions {
            let entry = self.entry(*position)?;
            about.insert(entry.names());
            said.extend(entry.letter().cloned());
        }
        let people = People::of(said.iter());
        let mut others = BTreeSet::new();
        for names in &about {
            others.extend(self.index.entries_about(names)?);
        }
        let mut repeated_in = Vec::new();
        for position in others.into_iter().filter(|other| !positions.contains(other)) {
            if self.index.erased_by(position)?.is_some() {
                continue;
            }
            if people.are_in(&String::from_utf8_lossy(&self.ledger.read(position)?)) {
                repeated_in.push(position);
            }
        }
        Ok(Erased { letters, repeated_in })
    }

    /// Signs for the ledger as it is behind a redaction. A key that cannot sign keeps nothing from being erased.
    pub(super) fn sign_for(&mut self, writer: &Writer) {
        if let Err(error) = self.checkpoint_at(writer.head()) {
            self.notes.push(format!("no checkpoint was signed: {error}"));
        }
    }

    /// Leaves nothing of what was erased in the index. What keeps it from that is told: the next command does it.
    pub(super) fn scrub_index(&mut self) {
        let why = match self.index.scrub() {
            Ok(true) => return,
            Ok(false) => "another process reads it".to_owned(),
            Err(error) => error.to_string(),
        };
        self.notes.push(format!(
            "the index still has what was erased in its file, and the next command writes it anew: {why}"
        ));
    }
}

/// Transactions that were looked up already.
type Known = BTreeMap<Key, Transaction>;

fn told(entry: &Entry, letter: &Letter, redaction: &Redaction) -> ErasedLetter {
    let (direction, peer) = match &entry.body {
        Body::In { .. } => (Direction::In, &letter.from.address),
        _ => (Direction::Out, &letter.to.address),
    };
    ErasedLetter {
        position: entry.position,
        kind: letter.kind(),
        direction,
        peer: peer.clone(),
        recorded: entry.recorded,
        parts: redaction.erased.clone(),
        by: None,
    }
}
