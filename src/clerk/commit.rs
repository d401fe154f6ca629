//! The commit: sign, append, index, move the originals, queue, in this order.
//!
//! The synced log line is the commit. What comes after it is done again at the next start if a crash swallows it.

use rayon::prelude::*;

use super::batch::{Batch, Bytes, Pending};
use super::sealing::{Queued, ToSeal};
use super::{Clerk, ClerkError};
use crate::ledger::{self, Mark, Recorded, Seal};
use crate::maildir;
use crate::outbox::queue::{Label, Queue};
use crate::pgp::{Certificate, Signature};
use crate::trade::{Body, Entry, Key, Letter, Moment};

impl Batch<'_> {
    /// Writes what was gathered.
    pub(super) fn commit(&mut self) -> Result<(), ClerkError> {
        self.sign()?;
        for (key, certificate) in &self.new_certificates {
            // Older entries verify with what is there.
            let there = self.clerk.ledger.certificate(key)?;
            let there = there.and_then(|bytes| Certificate::from_bytes(&bytes).ok());
            let whole = there.and_then(|there| there.union(certificate).or_else(|_| there.merge(certificate)).ok());
            let armored = whole.as_ref().unwrap_or(certificate).to_armored();
            self.clerk.ledger.put_certificate(key, armored.as_ref())?;
        }
        let drafts: Vec<ledger::Draft<'_>> = self.pending.iter().map(draft).collect();
        let writer = self.writer.as_mut();
        let writer =
            writer.ok_or_else(|| ClerkError::Settings("a batch without the lock writes nothing".to_owned()))?;
        let lines = writer.append(&drafts)?;
        drop(drafts);
        let mark = writer.mark().clone();
        let (entries, bytes): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.pending).into_iter().map(|pending| (pending.entry, pending.bytes)).unzip();
        let entries: Vec<Recorded> =
            entries.into_iter().zip(lines).map(|(entry, line)| Recorded { entry, line }).collect();
        match self.after_commit(&entries, &bytes, &mark) {
            // A person who reads of a failure does it again; but it is done.
            Err(error) if self.by_person => {
                let text =
                    "this is entered in the ledger and will be sent; what is left is made up for by the next command";
                self.clerk.notes.push(format!("{text}: {error}"));
                Ok(())
            }
            other => other,
        }
    }

    /// Does what follows from entries that are in the ledger. What fails here, the next command makes up for.
    ///
    /// `mark` is the log's end behind them.
    fn after_commit(&mut self, entries: &[Recorded], bytes: &[Bytes], mark: &Mark) -> Result<(), ClerkError> {
        let now = self.now;
        let changed: Vec<Key> = self.changed.iter().cloned().collect();
        let Clerk { index, ledger, queue, .. } = &mut *self.clerk;
        // Once its original is moved nothing in the spool tells any more which mail of its mailbox it was.
        let ours: Vec<&str> = self.originals.iter().filter_map(|(path, _)| maildir::name_of(path)).collect();
        index.judged(&[], &ours)?;
        let adopt_and_queue = || {
            ledger.adopt_originals(&self.originals)?;
            queue_new(queue, entries, bytes)
        };
        // Neither needs the other, and the disk is slow.
        let (indexed, queued) = rayon::join(|| index.apply(entries, mark, &self.book, &changed), adopt_and_queue);
        if indexed? || !self.new_certificates.is_empty() {
            self.clerk.certificates.clear();
        }
        // The lock is held until all is queued: another process would take these letters for owed ones.
        for (entry, error) in queued? {
            self.clerk.wait_for_key(entry.position, entry.letter(), &error)?;
        }
        self.clerk.queue_again(&self.resend, now)?;
        Ok(self.clerk.queue.set_written(mark.entries())?)
    }

    /// Signs the letters out that are not signed yet, on all cores.
    fn sign(&mut self) -> Result<(), ClerkError> {
        self.pending.par_iter_mut().try_for_each(|pending| {
            let Some(sealing) = &pending.bytes.sealing else { return Ok(()) };
            let signed = sealing.signed()?;
            pending.bytes.signature = Some((signed.armored.clone(), signed.micalg()));
            Ok(())
        })
    }
}

fn draft(pending: &Pending) -> ledger::Draft<'_> {
    let bytes = &pending.bytes;
    let seal = bytes.signed.as_deref().zip(bytes.signature.as_ref()).map(|(signed, (signature, micalg))| Seal {
        signed,
        signature,
        micalg,
    });
    ledger::Draft { entry: &pending.entry, seal, first: pending.first }
}

fn unsent(position: u64, error: &ClerkError) -> String {
    format!("the letter of entry {position} is not sent: {error}")
}

/// Queues the letters among the entries just written; returns those that cannot be sealed. Their entries stand, and they go
/// out when they are sent again, if there is a key by then (F37).
fn queue_new<'a>(
    queue: &Queue,
    entries: &'a [Recorded],
    bytes: &[Bytes],
) -> Result<Vec<(&'a Entry, ClerkError)>, ClerkError> {
    let sealed: Vec<Result<Option<Queued>, ClerkError>> =
        bytes.par_iter().map(|bytes| bytes.sealing.as_ref().map_or(Ok(None), |sealing| sealing.take())).collect();
    let (mut letters, mut unsealed) = (Vec::new(), Vec::new());
    for (sealed, Recorded { entry, .. }) in sealed.into_iter().zip(entries) {
        match sealed {
            Ok(letter) => letters.extend(letter),
            Err(error) if error.is_about_letter() => unsealed.push((entry, error)),
            Err(error) => return Err(error),
        }
    }
    put_in_queue(queue, &letters)?;
    Ok(unsealed)
}

fn put_in_queue(queue: &Queue, letters: &[Queued]) -> Result<(), ClerkError> {
    let letters: Vec<(&str, &Label, &[u8])> =
        letters.iter().map(|(name, label, mail)| (name.as_str(), label, mail.as_slice())).collect();
    if !letters.is_empty() {
        queue.put_all(&letters)?;
    }
    Ok(())
}

impl Clerk {
    /// Queues again what is to be sent once more: other ciphertext, same letter.
    fn queue_again(&mut self, positions: &std::collections::BTreeSet<u64>, now: Moment) -> Result<(), ClerkError> {
        let day = crate::rules::unheard::day(&now);
        for position in positions {
            self.queue_or_tell(*position, now)?;
            // The queue keeps what it gave up, and takes no other of its name.
            self.queue.revive(&position.to_string())?;
            self.index.note_sending(*position, day)?;
        }
        Ok(())
    }

    /// Queues what entries below `size`, the end of the log, owe and a crash swallowed. A letter that cannot be sealed
    /// any more is told of, and does not keep the others back.
    pub(super) fn queue_owed(&mut self, size: u64) -> Result<(), ClerkError> {
        let written = self.queue.written()?;
        if written >= size {
            return Ok(());
        }
        for position in written..size {
            self.queue_or_tell(position, self.clock.now())?;
        }
        Ok(self.queue.set_written(size)?)
    }

    /// Queues the letter of one entry, or tells why it cannot be sealed now.
    pub(super) fn queue_or_tell(&mut self, position: u64, now: Moment) -> Result<(), ClerkError> {
        match self.queue_position(position, now) {
            Err(error) if error.is_about_letter() => {
                let entry = self.entry(position)?;
                self.wait_for_key(position, entry.letter(), &error)
            }
            Ok(()) => Ok(self.index.forget_unsealed(position)?),
            other => other,
        }
    }

    /// Tells of a letter that is not sealed, and remembers it until its reader's key can be used (F37).
    pub(super) fn wait_for_key(
        &mut self,
        position: u64,
        letter: Option<&Letter>,
        error: &ClerkError,
    ) -> Result<(), ClerkError> {
        self.notes.push(unsent(position, error));
        match letter {
            Some(letter) if error.is_about_reader() => {
                Ok(self.index.note_unsealed(position, &letter.to.fingerprint, &error.to_string())?)
            }
            _ => Ok(()),
        }
    }

    /// Seals the letter of one entry anew and queues it; entries without a letter that travels are passed over.
    fn queue_position(&self, position: u64, now: Moment) -> Result<(), ClerkError> {
        self.sealed_anew(position, now)?.map_or(Ok(()), |queued| put_in_queue(&self.queue, &[queued]))
    }

    /// Seals the letter of one entry anew; none where it has no letter that travels.
    pub(super) fn sealed_anew(&self, position: u64, now: Moment) -> Result<Option<Queued>, ClerkError> {
        if self.index.erased_by(position)?.is_some() {
            return Ok(None);
        }
        let file = self.ledger.read(position)?;
        let parsed = ledger::form::parse(&file, &super::open::reread)
            .map_err(|error| ClerkError::Write(format!("entry {position}: {error}")))?;
        let (Body::Out { letter, content }, Some(seal)) = (&parsed.entry.body, &parsed.seal) else { return Ok(None) };
        if letter.stays_here() {
            return Ok(None);
        }
        let recipient = self.certificates.get(&self.index, &letter.to.fingerprint)?;
        let recipient = recipient.ok_or_else(|| ClerkError::NoCertificate(letter.to.address.to_string()))?;
        let sealed = self.sealer()?.seal(&ToSeal {
            position,
            letter,
            content: content.digest,
            signed: seal.signed,
            signature: &Signature::from_armored(seal.signature)?,
            recipient: &recipient,
            now,
        })?;
        Ok(Some(sealed))
    }
}
