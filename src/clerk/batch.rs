//! One batch: what is entered under one hold of the lock, written and synced together.
//!
//! The book holds the transactions the batch touches, loaded from the index when they are first asked for and folded
//! on as entries are added.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::sealing::{Sealer, Sealing};
use super::{Clerk, ClerkError, LOCK_WAIT, chance};
use crate::ledger::{Mark, Writer};
use crate::maildir;
use crate::pgp::{Certificate, KeyFault};
use crate::role::{self, Desk};
use crate::rules::Folding;
use crate::trade::status::Shipment;
use crate::trade::{
    Act, Address, Body, Book, Digest, Entry, Fingerprint, Key, Moment, Names, Number, Owed, Party, PinnedBy, Role,
    Transaction,
};

/// An entry not yet written, with the bytes that belong to it.
pub(super) struct Pending {
    pub(super) entry: Entry,
    pub(super) bytes: Bytes,
    pub(super) first: Option<u64>,
}

/// What is known of a key before the batch.
#[derive(Clone)]
pub(super) struct Signer {
    /// The address it is pinned with.
    pub(super) address: Option<Address>,
    /// Whether it is pinned, or was once.
    pub(super) was_pinned: bool,
    /// Whether a person blocked it.
    pub(super) blocked: bool,
}

/// How many letters the transactions kept between two batches may have.
const AT_HAND_MAX: usize = 8_192;

/// The transactions of the last batch: what was looked up for it need not be looked up for the next one, as long as
/// nobody else has written in between.
#[derive(Default)]
pub(super) struct AtHand {
    /// The log's end for which they are true.
    mark: Mark,
    book: Book,
    asked: BTreeSet<(Role, Names)>,
}

impl AtHand {
    fn is_large(&self) -> bool {
        self.book.iter().map(|transaction| transaction.kept.len()).sum::<usize>() > AT_HAND_MAX
    }
}

/// Entries gathered under the lock, and the book they are folded into.
pub struct Batch<'a> {
    pub(super) clerk: &'a mut Clerk,
    /// The lock; a batch that only foresees what would happen has none, and writes nothing.
    pub(super) writer: Option<Writer>,
    /// Entries in the log as it stood when the batch began.
    size: u64,
    /// Root of the log as it stood when the batch began.
    pub(super) root: Digest,
    pub(super) now: Moment,
    pub(super) book: Book,
    /// What was looked up in the index already.
    pub(super) asked: BTreeSet<(Role, Names)>,
    pub(super) pending: Vec<Pending>,
    pub(super) changed: BTreeSet<Key>,
    /// What folds of transactions with many letters found.
    pub(super) folds: BTreeMap<Key, Folding>,
    pub(super) pins: BTreeMap<Address, (Fingerprint, PinnedBy)>,
    /// What the index says of those who signed letters of this batch, asked once for each.
    pub(super) signers: BTreeMap<Fingerprint, Signer>,
    /// Strangers who wait for room, and until when, once somebody asked.
    pub(super) strangers: Option<BTreeMap<Fingerprint, Moment>>,
    pub(super) new_certificates: BTreeMap<Fingerprint, Certificate>,
    pub(super) handed_over: BTreeMap<Fingerprint, Certificate>,
    /// Which shop named which key for whom in terms that count.
    pub(super) named: Vec<(Address, Party)>,
    pub(super) contents: BTreeSet<(Fingerprint, Digest)>,
    pub(super) originals: Vec<(PathBuf, Digest)>,
    pub(super) resend: BTreeSet<u64>,
    /// How many answers with a limit this batch writes to each key.
    pub(super) answered: BTreeMap<Fingerprint, usize>,
    /// Files that go with letters of this batch, by their digest.
    pub(super) files: BTreeMap<Digest, Vec<u8>>,
    /// Whether a person waits for the letters: then one that cannot be written ends the batch. An answer that cannot be
    /// written is told of, and the other letters of the batch are entered.
    pub(super) by_person: bool,
    /// How many answers could not be written.
    pub(super) unwritten: usize,
    /// Why nothing can be signed with our key, if so.
    pub(super) key_fault: Option<KeyFault>,
    /// What its letters are signed and sealed with, from the first of them on.
    pub(super) sealer: Option<Arc<Sealer>>,
}

impl Clerk {
    /// Holds the lock, lets `work` gather entries, and writes them. Nothing is written where `work` fails.
    pub fn batch<T>(&mut self, work: impl FnOnce(&mut Batch<'_>) -> Result<T, ClerkError>) -> Result<T, ClerkError> {
        let writer = {
            self.look_again()?;
            self.ledger.lock(LOCK_WAIT, Some(self.index.mark()))?
        };
        self.notes.extend(writer.recovered().iter().cloned());
        self.catch_up_with(&writer)?;
        self.keep_key(&writer);
        self.sweep(&writer);
        self.queue_owed(writer.size())?;
        let head = writer.head();
        let AtHand { mark, book, asked } = std::mem::take(&mut self.at_hand);
        let (book, asked) = if mark == *writer.mark() { (book, asked) } else { Default::default() };
        self.index.begin_reading()?;
        let mut batch =
            Batch { writer: Some(writer), size: head.size, root: head.root, book, asked, ..Batch::dry(self) };
        let result = work(&mut batch);
        batch.clerk.index.end_reading()?;
        let result = result?;
        if !batch.pending.is_empty() || !batch.resend.is_empty() {
            batch.commit()?;
        }
        batch.keep_at_hand();
        Ok(result)
    }
}

impl Clerk {
    /// Removes what crashed writes left behind long ago (F27), once for each start of the program. Where that fails it
    /// is told, and nothing else is kept from being done.
    fn sweep(&mut self, writer: &Writer) {
        if std::mem::replace(&mut self.swept, true) {
            return;
        }
        let now = self.clock.now();
        let folders = [&self.settings.folders.spool, &self.settings.folders.set_aside];
        let ledger = writer.sweep(&now).map_err(ClerkError::from);
        let others = folders.map(|folder| maildir::sweep_tmp(folder, now.instant()).map_err(ClerkError::from));
        let faults = std::iter::once(ledger).chain(others).filter_map(Result::err);
        self.notes.extend(faults.map(|fault| format!("what a crash left is not removed: {fault}")));
    }
}

impl<'a> Batch<'a> {
    /// Begins a batch without the lock, to see what would happen.
    pub(super) fn dry(clerk: &'a mut Clerk) -> Self {
        let now = clerk.clock.now();
        let size = clerk.index.mark().entries();
        let key_fault = clerk.key_fault();
        Self {
            clerk,
            writer: None,
            size,
            // Of an empty log: no letter that names a root is written.
            root: Digest::of(b""),
            now,
            book: Book::default(),
            asked: BTreeSet::new(),
            pending: Vec::new(),
            changed: BTreeSet::new(),
            folds: BTreeMap::new(),
            pins: BTreeMap::new(),
            signers: BTreeMap::new(),
            new_certificates: BTreeMap::new(),
            handed_over: BTreeMap::new(),
            named: Vec::new(),
            contents: BTreeSet::new(),
            originals: Vec::new(),
            resend: BTreeSet::new(),
            answered: BTreeMap::new(),
            files: BTreeMap::new(),
            by_person: true,
            strangers: None,
            unwritten: 0,
            key_fault,
            sealer: None,
        }
    }
}

impl<'a> Batch<'a> {
    /// Begins a batch without the lock, to see what would be written behind a log with this root.
    pub(super) fn foreseeing(clerk: &'a mut Clerk, root: Digest, book: Book, asked: BTreeSet<(Role, Names)>) -> Self {
        Self { root, book, asked, ..Self::dry(clerk) }
    }
}

impl Batch<'_> {
    /// Leaves the place of so many entries that would stand before those of this batch.
    pub(super) fn skip(&mut self, entries: u64) {
        self.size = self.size.saturating_add(entries);
    }

    /// Leaves the transactions, as they are in the ledger now, to the next batch.
    fn keep_at_hand(self) {
        let mark = self.writer.as_ref().map(|writer| writer.mark().clone()).unwrap_or_default();
        let at_hand = AtHand { mark, book: self.book, asked: self.asked };
        if !at_hand.is_large() {
            self.clerk.at_hand = at_hand;
        } else if rayon::current_num_threads() > 1 {
            // To give thousands of letters back takes its time, and nobody waits for it.
            rayon::spawn(move || drop(at_hand));
        }
    }

    /// Returns the moment of the batch.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// Returns the transaction that `names` mean in the part `role`.
    pub fn find(&mut self, role: Role, names: &Names) -> Result<Option<&Transaction>, ClerkError> {
        self.load(role, names)?;
        Ok(self.book.find(role, names))
    }

    /// Brings what `names` may mean from the index into the book: what is known by order ID and what by number.
    pub(super) fn load(&mut self, role: Role, names: &Names) -> Result<(), ClerkError> {
        let by_order = Names { number: None, ..names.clone() };
        let by_number = Names { order: None, ..names.clone() };
        for names in [by_order, by_number] {
            if names.order.is_none() && names.number.is_none() {
                continue;
            }
            let asked = (role, names);
            if self.asked.contains(&asked) {
                continue;
            }
            self.clerk.index.load_into(role, &asked.1, &mut self.book)?;
            self.asked.insert(asked);
        }
        Ok(())
    }

    /// Brings many transactions into the book at once, as each part at this address knows them, their letters read by all
    /// cores. A single core reads each when it is asked for.
    pub(super) fn load_ahead(&mut self, keys: &[&Key]) -> Result<(), ClerkError> {
        if rayon::current_num_threads() == 1 {
            return Ok(());
        }
        let index = &self.clerk.index;
        let wanted: BTreeSet<&Key> = keys.iter().copied().filter(|key| self.book.get(key).is_none()).collect();
        let wanted: Vec<&Key> = wanted.into_iter().collect();
        index.load_keys(&wanted)?.into_iter().for_each(|found| self.book.insert(found));
        let practice = &self.clerk.settings.practice;
        let mut asked: BTreeSet<(Role, Names)> = BTreeSet::new();
        for known in keys.iter().filter_map(|key| self.book.get(key)) {
            let names = Names { order: None, ..known.names() };
            let parts = Role::ALL.into_iter().filter(|role| names.number.is_some() && practice.plays(*role));
            asked.extend(parts.map(|role| (role, names.clone())));
        }
        asked.retain(|one| !self.asked.contains(one));
        let unknown: Vec<(Role, Names)> =
            asked.iter().filter(|(role, names)| self.book.find(*role, names).is_none()).cloned().collect();
        for found in index.load_numbers(&unknown)? {
            if self.book.get(&found.key).is_none() {
                self.book.insert(found);
            }
        }
        self.asked.append(&mut asked);
        Ok(())
    }

    /// Brings a transaction that was looked up elsewhere into the book, as the ledger has it now.
    pub fn load_key(&mut self, key: &Key) -> Result<Option<Transaction>, ClerkError> {
        if self.book.get(key).is_none()
            && let Some(transaction) = self.clerk.index.load_key(key)?
        {
            self.book.insert(transaction);
        }
        Ok(self.book.get(key).cloned())
    }

    /// Adds an entry and folds it into the book; returns its place among the pending ones.
    pub(super) fn enter(&mut self, role: Option<Role>, body: Body, bytes: Bytes) -> Result<usize, ClerkError> {
        let position = self.size.saturating_add(u64::try_from(self.pending.len()).unwrap_or(u64::MAX));
        let recorded = crate::ledger::recordable(&self.now);
        let entry = Entry { position, recorded, role, body, owes: Vec::new(), event: None, cause: None, erased: None };
        if let Some(role) = role {
            self.load(role, &entry.names())?;
            if let Some(letter) = entry.letter().filter(|letter| letter.stays_here()) {
                self.load(letter.addressee(), &entry.names())?;
            }
        }
        let changed = self.book.apply(&entry);
        let first = changed.first().and_then(|key| self.book.get(key)).and_then(|t| t.kept.first()).map(|k| k.position);
        self.changed.extend(changed);
        self.pending.push(Pending { entry, bytes, first: first.filter(|first| *first != position) });
        Ok(self.pending.len().saturating_sub(1))
    }

    /// Adds an entry of our own about a transaction or a peer.
    pub fn act(&mut self, role: Option<Role>, act: Act, names: Names, about: Vec<u64>) -> Result<(), ClerkError> {
        self.enter(role, Body::Own { act, names, about }, Bytes::default())?;
        Ok(())
    }

    /// Notes that an entry owes letters.
    pub(super) fn owe(&mut self, place: usize, owed: Vec<Owed>) {
        if let Some(pending) = self.pending.get_mut(place) {
            pending.entry.owes.extend(owed);
        }
    }

    /// Returns the desk a part decides at now about `transaction`. The number that comes of its chance is a free one.
    pub(super) fn desk(&self, transaction: &Transaction) -> Result<Desk<'_>, ClerkError> {
        let stranger = self.is_of_stranger(transaction)?;
        let shipped = self.shipped(transaction)?;
        loop {
            let entropy = chance()?;
            let practice = &self.clerk.settings.practice;
            let shipped = shipped.clone();
            let desk = Desk { stranger, shipped, ..Desk::new(&self.clerk.me, self.now, entropy, practice) };
            if transaction.number.is_some() || !self.is_number_used(transaction.key.role, &desk.number())? {
                return Ok(desk);
            }
        }
    }

    /// Returns what the shop that is played here as well has reported of a delivery's parcels.
    fn shipped(&self, delivery: &Transaction) -> Result<Vec<Shipment>, ClerkError> {
        let is_own = delivery.key.role == Role::Delivery && delivery.key.shop == self.clerk.me.address;
        if !is_own || !self.clerk.settings.practice.plays(Role::Shop) {
            return Ok(Vec::new());
        }
        let names = delivery.names();
        let sale = match self.book.find(Role::Shop, &names) {
            Some(sale) => Some(sale.clone()),
            None => self.clerk.index.load(Role::Shop, &names)?,
        };
        Ok(sale.map(|sale| role::shipped(&sale)).unwrap_or_default())
    }

    /// Returns whether an order of ours as the shop has this number already: the short numbers of a large shop meet by
    /// chance.
    fn is_number_used(&self, role: Role, number: &Number) -> Result<bool, ClerkError> {
        if role != Role::Shop {
            return Ok(false);
        }
        let shop = self.clerk.me.address.clone();
        let pending = self.book.has_number(role, &shop, number, None);
        let names = Names { shop: Some(shop), number: Some(number.clone()), order: None };
        Ok(pending || self.clerk.index.load(role, &names)?.is_some())
    }

    /// Returns whether the buyer is known to us from first contact alone: nobody vouched for his key, and he never said
    /// OK to terms that only the reader of his mailbox can know.
    fn is_of_stranger(&self, transaction: &Transaction) -> Result<bool, ClerkError> {
        let Some(buyer) = transaction.buyer().filter(|_| transaction.key.role == Role::Shop) else { return Ok(false) };
        let by = self.pin_by(&buyer.address)?;
        Ok(by == Some(PinnedBy::FirstUse) && !self.clerk.index.has_confirmed(&buyer.fingerprint)?)
    }

    /// Returns how the pin of an address came to be.
    pub(super) fn pin_by(&self, address: &Address) -> Result<Option<PinnedBy>, ClerkError> {
        match self.pins.get(address) {
            Some((_, by)) => Ok(Some(*by)),
            None => Ok(self.clerk.index.pinned(address)?.map(|(_, by)| by)),
        }
    }

    /// Returns the key pinned for an address.
    pub fn pinned(&self, address: &Address) -> Result<Option<Fingerprint>, ClerkError> {
        match self.pins.get(address) {
            Some((pinned, _)) => Ok(Some(pinned.clone())),
            None => Ok(self.clerk.index.pinned(address)?.map(|(key, _)| key)),
        }
    }

    /// Returns the certificate of a key, with all that is known of it.
    pub(super) fn certificate(&self, key: &Fingerprint) -> Result<Option<Certificate>, ClerkError> {
        // Both hold what was known before, too.
        if let Some(certificate) = self.handed_over.get(key).or_else(|| self.new_certificates.get(key)) {
            return Ok(Some(certificate.clone()));
        }
        self.clerk.kept_certificate(key)
    }
}

/// The bytes that belong to an entry with a letter.
#[derive(Default)]
pub(super) struct Bytes {
    /// The signed bytes.
    pub(super) signed: Option<Arc<[u8]>>,
    /// The armored signature and its `micalg`; of letters out from the commit on.
    pub(super) signature: Option<(String, &'static str)>,
    /// How a letter out is signed and sealed.
    pub(super) sealing: Option<Arc<Sealing>>,
}
