//! Many reports in one batch: rows of exports become statuses, each row at most once.
//!
//! A row that cannot be followed is said to be so and does not keep the others back. What a row made is entered with the
//! row's id and content, so that the ledger knows it when it comes again.

use std::collections::{BTreeMap, BTreeSet};

use super::batch::Batch;
use super::{Clerk, ClerkError, Written};
use crate::feed::{Field, Report};
use crate::role::{self, Action};
use crate::trade::{Address, Body, Book, Digest, Event, Key, Kind, Moment, Names, Role, Transaction};

/// How long other processes that wait for the ledger are given before the next batch: more than they wait between two
/// looks at its lock.
const GIVE_WAY: std::time::Duration = std::time::Duration::from_millis(6);

/// What rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Each tells of something that happened, and is followed once.
    Events,
    /// Each says how something stands, and only those are followed that say something new.
    States,
    /// A person reports, and knows what was reported before.
    ByHand,
}

/// How rows are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reporting {
    /// The part that reports.
    pub role: Role,
    /// What they are.
    pub sort: Sort,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// Letters were written, those that follow from them included.
    Written(Vec<Written>),
    /// The same row had letters written before.
    Known,
    /// It says what was told already.
    Told,
    /// It says that nothing is done yet, and nothing was told to be.
    Nothing,
    /// Its transaction is not known here, and it need not be.
    Other,
    /// It cannot be followed, for this reason; nothing was written.
    Refused(String),
}

/// A letter as it would be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// What kind.
    pub kind: Kind,
    /// Where it would go.
    pub to: Address,
    /// The bytes to be signed.
    pub signed: Vec<u8>,
}

/// What rows before would have done: where nothing is written, the next rows are judged by it.
#[derive(Default)]
pub struct Foresight {
    book: Book,
    asked: BTreeSet<(Role, Names)>,
    entries: u64,
    rows: Rows,
}

/// The rows of this batch, which the index does not have yet.
#[derive(Default)]
struct Rows {
    ids: BTreeMap<String, Digest>,
    contents: BTreeSet<Digest>,
}

impl Rows {
    /// Returns what is to be said of a row that came before in this batch.
    fn came(&self, event: &Event) -> Option<Came> {
        match &event.id {
            None => self.contents.contains(&event.content).then_some(Came::Known),
            Some(id) => self.ids.get(id).map(|known| again(id, *known, event.content)),
        }
    }
}

/// A row that is to be followed.
struct Row {
    /// The transaction it means.
    key: Key,
    /// What it is known by when it comes again.
    event: Event,
    /// Whether it is remembered.
    remembered: bool,
}

impl Clerk {
    /// Writes what rows report, in one batch; returns what became of each.
    ///
    /// # Errors
    /// What keeps the account from writing at all; then nothing of these rows is written.
    pub fn report(&mut self, how: Reporting, reports: &[Report]) -> Result<Vec<Came>, ClerkError> {
        let mut unwritable: BTreeMap<usize, String> = BTreeMap::new();
        loop {
            let mut at = None;
            let came = self.batch(|batch| {
                let mut rows = Rows::default();
                let mut all = Vec::with_capacity(reports.len());
                let looked_up = batch.look_up_all(how, reports)?;
                for (place, (report, row)) in reports.iter().zip(looked_up).enumerate() {
                    if let Some(why) = unwritable.get(&place) {
                        all.push(Came::Refused(why.clone()));
                        continue;
                    }
                    at = Some(place);
                    all.push(batch.report(how, report, row, &mut rows)?);
                }
                at = None;
                Ok(all)
            });
            match (came, at) {
                // Half a row is never written: the batch is begun anew without it.
                (Err(error), Some(place)) if error.is_about_letter() && !matches!(error, ClerkError::OwnKey(_)) => {
                    unwritable.insert(place, error.to_string());
                }
                (came, _) => return came,
            }
        }
    }

    /// Lets a part decide about one transaction, unless it did so before under the name of this event.
    ///
    /// # Errors
    /// As for [`Clerk::command`].
    pub fn command_once(
        &mut self,
        key: &Key,
        event: Event,
        decide: impl FnOnce(&Transaction, &role::Desk<'_>) -> Result<Vec<Action>, role::Refused>,
    ) -> Result<Came, ClerkError> {
        self.look_at_catalog()?;
        self.batch(|batch| {
            if let Some(came) = batch.came_before(key.role, &event)? {
                return Ok(came);
            }
            let begin = batch.pending.len();
            let written = batch.decided(key, decide)?;
            batch.remember(key.role, begin, event, &mut Rows::default());
            Ok(Came::Written(written))
        })
    }

    /// Returns whether a part knows a transaction that a row calls so: `NUMBER`, or `SHOP:NUMBER`.
    pub fn knows(&self, role: Role, name: &str) -> Result<bool, ClerkError> {
        let (shop, name) = match name.split_once(':') {
            Some((shop, number)) => (Address::parse(shop.trim()).ok(), number.trim()),
            None => (None, name),
        };
        Ok(!self.index.keys_called(role, shop.as_ref(), name)?.is_empty())
    }

    /// Lets other processes that wait for the ledger have it.
    pub fn give_way(&self) {
        std::thread::sleep(GIVE_WAY);
    }

    /// Returns what rows would do and the letters that would be signed, but for their Message-IDs and the time; writes
    /// nothing. `before` is what the rows before them would have done.
    pub fn foresee_reports(
        &mut self,
        how: Reporting,
        reports: &[Report],
        before: &mut Foresight,
    ) -> Result<Vec<(Came, Vec<Foreseen>)>, ClerkError> {
        let root = self.ledger.mark_from(Some(self.index.mark()))?.head().root;
        let mut batch =
            Batch::foreseeing(self, root, std::mem::take(&mut before.book), std::mem::take(&mut before.asked));
        batch.skip(before.entries);
        let mut all = Vec::with_capacity(reports.len());
        for report in reports {
            let begin = batch.pending.len();
            let row = batch.look_up(how, report)?;
            let came = match batch.report(how, report, row, &mut before.rows) {
                Err(error) if error.is_about_letter() && !matches!(error, ClerkError::OwnKey(_)) => {
                    Came::Refused(error.to_string())
                }
                came => came?,
            };
            let letters = if matches!(came, Came::Written(_)) { batch.letters_from(begin) } else { Vec::new() };
            all.push((came, letters));
        }
        before.entries = before.entries.saturating_add(u64::try_from(batch.pending.len()).unwrap_or(u64::MAX));
        before.book = batch.book;
        before.asked = batch.asked;
        Ok(all)
    }
}

/// Returns what is to be said of a row whose id came before, for a row that said this.
fn again(id: &str, known: Digest, content: Digest) -> Came {
    if known == content {
        Came::Known
    } else {
        Came::Refused(format!("the event {id} came before and said something else"))
    }
}

/// Says that an export takes back what was told to be done: a status is a snapshot that others rely on, and is lowered by a
/// person's word alone.
fn takes_back(known: &Transaction, (field, word): &(Field, String), at: Moment) -> String {
    let command = match known.key.role {
        Role::Payment => "pay",
        Role::Delivery => "ship",
        Role::Buyer | Role::Shop => "shop",
    };
    let ((_, number), field) = (name_of(known), field.word());
    format!(
        "{field}: {word} takes back what was reported as done at {at}; that stands. Where it was wrong: mailorder {command} notify {number} --planned DAY --correct"
    )
}

/// Says that a row's transaction is not known. A bank may see the money, and a carrier the goods, before the instruction is
/// there.
fn unknown(role: Role, name: &str) -> String {
    let text = format!("no transaction with the number {name} is known here to the {role}");
    match role {
        Role::Buyer | Role::Shop => text,
        Role::Payment | Role::Delivery => {
            format!("{text}; where the shop's instruction is still on its way, run the file again when it has come")
        }
    }
}

impl Batch<'_> {
    /// Looks rows up, and brings the transactions of those that are followed into the book, all at once.
    fn look_up_all(&mut self, how: Reporting, reports: &[Report]) -> Result<Vec<Result<Row, Came>>, ClerkError> {
        let rows = reports.iter().map(|report| self.look_up(how, report)).collect::<Result<Vec<_>, ClerkError>>()?;
        let keys: Vec<&Key> = rows.iter().filter_map(|row| row.as_ref().ok()).map(|row| &row.key).collect();
        self.load_ahead(&keys)?;
        Ok(rows)
    }

    /// Looks a row up in the index: which transaction it means, and whether it came in an earlier batch. Where it is not to
    /// be followed, returns what became of it.
    fn look_up(&self, how: Reporting, report: &Report) -> Result<Result<Row, Came>, ClerkError> {
        let key = match self.meant(how.role, report)? {
            Ok(key) => key,
            Err(came) => return Ok(Err(came)),
        };
        let event = Event { id: report.event.clone(), content: report.content(&key) };
        let remembered = match how.sort {
            Sort::Events => true,
            // One without a name is held against how things stand, however often it came; a person knows what he said.
            Sort::States | Sort::ByHand => event.id.is_some(),
        };
        let came = if remembered { self.came_before(how.role, &event)? } else { None };
        Ok(came.map_or(Ok(Row { key, event, remembered }), Err))
    }

    /// Writes what one row reports.
    fn report(
        &mut self,
        how: Reporting,
        report: &Report,
        row: Result<Row, Came>,
        rows: &mut Rows,
    ) -> Result<Came, ClerkError> {
        let Row { key, event, remembered } = match row {
            Ok(row) => row,
            Err(came) => return Ok(came),
        };
        if remembered && let Some(came) = rows.came(&event) {
            return Ok(came);
        }
        let known = self.still(&key)?;
        if let Some(said) = &report.undone {
            let told = role::told_done(&known, &report.notice);
            return Ok(told.map_or(Came::Nothing, |at| Came::Refused(takes_back(&known, said, at))));
        }
        self.files.extend(report.bytes.iter().map(|bytes| (Digest::of(bytes), bytes.clone())));
        let notice = report.notice(self.now).since(role::terms_date(&known));
        if how.sort == Sort::States && role::is_told(&known, &notice, report.now) {
            return Ok(Came::Told);
        }
        let actions = role::notify(&known, &notice, &self.desk(&known)?);
        let actions = match actions {
            Ok(actions) => actions,
            Err(refused) if how.sort == Sort::ByHand => return Ok(Came::Refused(refused.to_string())),
            // Fields of rows have the names of the flags.
            Err(refused) => return Ok(Came::Refused(refused.to_string().replace("--", ""))),
        };
        // That money went back is no letter of a shop's.
        if actions.is_empty() || how.sort == Sort::States && !role::brings_news(&known, &actions) {
            return Ok(Came::Told);
        }
        if let Some(why) = self.unsealable(&actions)? {
            return Ok(Came::Refused(why));
        }
        let begin = self.pending.len();
        let written = self.perform(actions)?;
        if remembered {
            self.remember(how.role, begin, event, rows);
        }
        Ok(Came::Written(written))
    }

    /// Returns the transaction a row means, or what becomes of it where there is none.
    fn meant(&self, role: Role, report: &Report) -> Result<Result<Key, Came>, ClerkError> {
        let Report { shop, name, .. } = report;
        let keys = self.clerk.index.keys_called(role, shop.as_ref(), name)?;
        let key = match keys.as_slice() {
            [key] => Ok(key.clone()),
            [] if report.skip_unknown => return Ok(Err(Came::Other)),
            [] => Err(unknown(role, name)),
            [first, ..] if keys.iter().all(|key| key.shop == first.shop) => {
                Err(format!("several transactions are called {name} but for capitals; write it as the shop does"))
            }
            [first, ..] => {
                Err(format!("several shops have the number {name}; write SHOP:NUMBER, like {}:{name}", first.shop))
            }
        };
        Ok(key.map_err(Came::Refused))
    }

    /// Returns what is to be said of a row that came in an earlier batch.
    fn came_before(&self, role: Role, event: &Event) -> Result<Option<Came>, ClerkError> {
        match &event.id {
            None => Ok(self.clerk.index.has_event(role, &event.content)?.then_some(Came::Known)),
            Some(id) => Ok(self.clerk.index.event(role, id)?.map(|known| again(id, known, event.content))),
        }
    }

    /// Returns why a letter to one of its readers could not be sealed ever: no certificate is known.
    fn unsealable(&self, actions: &[Action]) -> Result<Option<String>, ClerkError> {
        for action in actions {
            let Action::Send(draft) = action else { continue };
            if self.certificate(&draft.to.fingerprint)?.is_none() {
                return Ok(Some(ClerkError::NoCertificate(draft.to.address.to_string()).to_string()));
            }
        }
        Ok(None)
    }

    /// Enters the row with the letters from `begin` on that its part wrote; what other parts here answered is theirs.
    fn remember(&mut self, role: Role, begin: usize, event: Event, rows: &mut Rows) {
        rows.contents.insert(event.content);
        if let Some(id) = &event.id {
            rows.ids.insert(id.clone(), event.content);
        }
        for pending in self.pending.iter_mut().skip(begin) {
            let ours = pending.entry.role == Some(role) && matches!(pending.entry.body, Body::Out { .. });
            if ours {
                pending.entry.event = Some(event.clone());
            }
        }
    }

    /// Returns the letters entered from `begin` on.
    fn letters_from(&self, begin: usize) -> Vec<Foreseen> {
        let entered = self.pending.iter().skip(begin);
        let letters = entered.filter_map(|pending| Some((pending.entry.letter()?, pending.bytes.signed.as_ref()?)));
        let foreseen = |(letter, signed): (&crate::trade::Letter, &std::sync::Arc<[u8]>)| Foreseen {
            kind: letter.kind(),
            to: letter.to.address.clone(),
            signed: signed.to_vec(),
        };
        letters.map(foreseen).collect()
    }
}

/// Names a transaction as reports do: by its shop, and its number or ID.
pub fn name_of(transaction: &Transaction) -> (Address, String) {
    let number = transaction.number.as_ref().map(ToString::to_string);
    (transaction.key.shop.clone(), number.unwrap_or_else(|| transaction.key.id.to_string()))
}
