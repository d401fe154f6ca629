//! The commit: sign, append, index, move the originals, queue, in this order.
//!
//! The synced log line is the commit. What comes after it is done again at the next start if a crash swallows it.

use rayon::prelude::*;

use super::batch::{Batch, Bytes, Pending};
use super::{Clerk, ClerkError};
use crate::clock::system_time;
use crate::ledger::{self, Mark, Recorded, Seal};
use crate::mail;
use crate::maildir;
use crate::outbox::Envelope;
use crate::outbox::queue::Label;
use crate::pgp::{self, Certificate, OwnKey, Signature, autocrypt, mime};
use crate::trade::{Body, Key, Letter, Measured, Moment};

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
        let Clerk { index, ledger, .. } = &mut *self.clerk;
        // Once its original is moved nothing in the spool tells any more which mail of its mailbox it was.
        let ours: Vec<&str> = self.originals.iter().filter_map(|(path, _)| maildir::name_of(path)).collect();
        index.judged(&[], &ours)?;
        // Neither needs the other, and the disk is slow.
        let (indexed, adopted) = rayon::join(
            || index.apply(entries, mark, &self.book, &changed),
            || ledger.adopt_originals(&self.originals),
        );
        let certified = indexed?;
        adopted?;
        if certified || !self.new_certificates.is_empty() {
            self.clerk.certificates.clear();
        }
        // The lock is held until all is queued: another process would take these letters for owed ones.
        self.clerk.queue_new(entries, bytes, now)?;
        self.clerk.queue_again(&self.resend, now)?;
        Ok(self.clerk.queue.set_written(mark.entries())?)
    }

    /// Signs the letters out, on all cores.
    fn sign(&mut self) -> Result<(), ClerkError> {
        let now = system_time(&self.now);
        let keys = &self.clerk.keys;
        let sign = |pending: &mut Pending| -> Result<(), ClerkError> {
            let (Body::Out { letter, .. }, Some(signed)) = (&pending.entry.body, &pending.bytes.signed) else {
                return Ok(());
            };
            let key = keys.first().ok_or_else(|| ClerkError::Settings("there is no key to sign with".to_owned()))?;
            let signature = pgp::sign(key, signed, &letter.to.fingerprint, now)?;
            pending.bytes.signature = Some((signature.armored(), signature.micalg()));
            Ok(())
        };
        self.pending.par_iter_mut().try_for_each(sign)
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

/// A letter ready for the queue: its name there, its label and its bytes.
type Queued = (String, Label, Vec<u8>);

impl Clerk {
    fn sealer(&self) -> Result<Sealer<'_>, ClerkError> {
        let own = self.keys.first();
        let own = own.ok_or_else(|| ClerkError::Settings("there is no key to write letters with".to_owned()))?;
        Ok(Sealer { own, header: self.autocrypt()? })
    }

    /// Queues the letters among the entries just written.
    fn queue_new(&mut self, entries: &[Recorded], bytes: &[Bytes], now: Moment) -> Result<(), ClerkError> {
        if !bytes.iter().any(|bytes| bytes.recipient.is_some()) {
            return Ok(());
        }
        let sealer = self.sealer()?;
        let sealed: Vec<Result<Option<Queued>, ClerkError>> = entries
            .par_iter()
            .zip(bytes)
            .map(|(Recorded { entry, .. }, bytes)| {
                let (Body::Out { letter, .. }, Some(signed), Some((signature, _)), Some(recipient)) =
                    (&entry.body, &bytes.signed, &bytes.signature, &bytes.recipient)
                else {
                    return Ok(None);
                };
                if letter.stays_here() {
                    return Ok(None);
                }
                let signature = Signature::from_armored(signature)?;
                sealer.seal(entry.position, letter, signed, &signature, recipient, now).map(Some)
            })
            .collect();
        let mut letters = Vec::new();
        let mut unsealed = Vec::new();
        for (sealed, Recorded { entry, .. }) in sealed.into_iter().zip(entries) {
            match sealed {
                Ok(letter) => letters.extend(letter),
                // Its entry stands; it goes out when it is sent again, if there is a key by then (F37).
                Err(error) if error.is_about_letter() => unsealed.push((entry, error)),
                Err(error) => return Err(error),
            }
        }
        self.put_in_queue(letters)?;
        for (entry, error) in unsealed {
            self.wait_for_key(entry.position, entry.letter(), &error)?;
        }
        Ok(())
    }

    fn put_in_queue(&self, letters: Vec<Queued>) -> Result<(), ClerkError> {
        let letters: Vec<(&str, &Label, &[u8])> =
            letters.iter().map(|(name, label, mail)| (name.as_str(), label, mail.as_slice())).collect();
        if !letters.is_empty() {
            self.queue.put_all(&letters)?;
        }
        Ok(())
    }

    /// Queues again what is to be sent once more: other ciphertext, same letter.
    fn queue_again(&mut self, positions: &std::collections::BTreeSet<u64>, now: Moment) -> Result<(), ClerkError> {
        let day = super::again::day(&now);
        for position in positions {
            self.queue_or_tell(*position, now)?;
            self.index.note_sending(*position, &day)?;
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
    fn wait_for_key(&mut self, position: u64, letter: Option<&Letter>, error: &ClerkError) -> Result<(), ClerkError> {
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
        if self.index.erased_by(position)?.is_some() {
            return Ok(());
        }
        let file = self.ledger.read(position)?;
        let parsed = ledger::form::parse(&file, &super::open::reread)
            .map_err(|error| ClerkError::Write(format!("entry {position}: {error}")))?;
        let (Body::Out { letter, .. }, Some(sealed)) = (&parsed.entry.body, &parsed.seal) else { return Ok(()) };
        if letter.stays_here() {
            return Ok(());
        }
        let recipient = self.certificates.get(&self.index, &letter.to.fingerprint)?;
        let recipient = recipient.ok_or_else(|| ClerkError::NoCertificate(letter.to.address.to_string()))?;
        let signature = Signature::from_armored(sealed.signature)?;
        let queued = self.sealer()?.seal(position, letter, sealed.signed, &signature, &recipient, now)?;
        self.put_in_queue(vec![queued])
    }
}

/// Returns what the queue says of a letter.
pub(super) fn label(letter: &Letter, now: &Moment) -> Label {
    Label {
        envelope: Envelope { from: letter.from.address.clone(), to: letter.to.address.clone() },
        message_id: letter.id.clone(),
        kind: letter.kind().word().to_owned(),
        queued: now.instant(),
    }
}

/// What sealing takes of our own: the key, and the header that hands it on.
struct Sealer<'a> {
    own: &'a OwnKey,
    header: &'a autocrypt::Header,
}

impl Sealer<'_> {
    /// Seals a signed letter into a mail.
    fn seal(
        &self,
        position: u64,
        letter: &Letter,
        signed: &[u8],
        signature: &Signature,
        recipient: &Certificate,
        now: Moment,
    ) -> Result<Queued, ClerkError> {
        let armored = pgp::seal(signed, signature, self.own.certificate(), recipient, system_time(&now))?;
        // Outside stands what the letter says, inside its protection, that stands there.
        let outer = mail::outer(letter);
        let headers = mime::OuterHeaders {
            from: &letter.from.address,
            to: &letter.to.address,
            date: &outer.date,
            message_id: &letter.id,
            subject: outer.subject,
            auto_submitted: Some(outer.auto_submitted),
            autocrypt: Some(self.header),
        };
        let token = Measured::of(signed).digest.hex();
        let token: String = token.chars().take(32).collect();
        let mail = mime::wrap(&headers, &token, &armored).map_err(|error| ClerkError::Write(error.to_string()))?;
        Ok((position.to_string(), label(letter, &now), mail))
    }
}
