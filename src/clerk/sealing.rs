//! Letters out, signed and sealed: by a core that is free while the batch is still gathered, else at its commit.
//!
//! Both take a letter's bytes and keys and nothing else, and cost more than all the rest of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::batch::{Batch, Pending};
use super::{Clerk, ClerkError};
use crate::clock::system_time;
use crate::mail;
use crate::outbox::Envelope;
use crate::outbox::queue::Label;
use crate::pgp::{self, Certificate, OwnKey, SealError, Signature, autocrypt, mime};
use crate::trade::{Body, Digest, Letter, Moment};

/// A letter ready for the queue: its name there, its label and its bytes.
pub(super) type Queued = (String, Label, Vec<u8>);

/// A signature as an entry has it.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    signature: Signature,
    pub(super) armored: String,
}

impl Signed {
    /// Returns the signature's `micalg`.
    pub(super) fn micalg(&self) -> &'static str {
        self.signature.micalg()
    }
}

/// How far the sealing of a letter is.
enum Sealed {
    /// Nobody has begun.
    Open,
    /// It is done, or cannot be.
    Made(Result<Queued, ClerkError>),
    /// The queue has it.
    Taken,
}

/// A letter out that is to be signed and sealed, each once, by whoever comes first.
pub(super) struct Sealing {
    sealer: Arc<Sealer>,
    position: u64,
    letter: Arc<Letter>,
    content: Digest,
    bytes: Arc<[u8]>,
    recipient: Certificate,
    now: Moment,
    signed: OnceLock<Result<Signed, SealError>>,
    sealed: Mutex<Sealed>,
}

impl Sealing {
    /// Returns the letter's signature, made now unless it is there.
    pub(super) fn signed(&self) -> Result<&Signed, ClerkError> {
        let signed = self.signed.get_or_init(|| self.sealer.sign(&self.bytes, &self.letter, self.now));
        signed.as_ref().map_err(|error| error.clone().into())
    }

    /// Returns the letter ready for the queue, made now unless it is there; `None` where it does not travel.
    pub(super) fn take(&self) -> Result<Option<Queued>, ClerkError> {
        if self.letter.stays_here() {
            return Ok(None);
        }
        let mut sealed = self.sealed.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *sealed, Sealed::Taken) {
            Sealed::Made(made) => made.map(Some),
            Sealed::Open | Sealed::Taken => self.seal().map(Some),
        }
    }

    /// Signs and seals it, unless somebody has.
    fn make(&self) {
        let mut sealed = self.sealed.lock().unwrap_or_else(PoisonError::into_inner);
        // What goes wrong is told by who asks for the signature.
        if matches!(*sealed, Sealed::Open) && self.signed().is_ok() && !self.letter.stays_here() {
            *sealed = Sealed::Made(self.seal());
        }
    }

    fn seal(&self) -> Result<Queued, ClerkError> {
        self.sealer.seal(&ToSeal {
            position: self.position,
            letter: &self.letter,
            content: self.content,
            signed: &self.bytes,
            signature: &self.signed()?.signature,
            recipient: &self.recipient,
            now: self.now,
        })
    }
}

/// What signing and sealing take of our own: the key, and the header that hands it on.
pub(super) struct Sealer {
    keys: Arc<[OwnKey]>,
    header: autocrypt::Header,
}

impl Sealer {
    fn own(&self) -> Option<&OwnKey> {
        self.keys.first()
    }

    fn sign(&self, bytes: &[u8], letter: &Letter, now: Moment) -> Result<Signed, SealError> {
        let own = self.own().ok_or(SealError::OwnKey(pgp::KeyFault::NoSigningKey))?;
        let signature = pgp::sign(own, bytes, &letter.to.fingerprint, system_time(&now))?;
        Ok(Signed { armored: signature.armored(), signature })
    }

    /// Seals a signed letter into a mail.
    pub(super) fn seal(&self, one: &ToSeal<'_>) -> Result<Queued, ClerkError> {
        let own = self.own().ok_or(SealError::OwnKey(pgp::KeyFault::NoSigningKey))?;
        let armored = pgp::seal(one.signed, one.signature, own.certificate(), one.recipient, system_time(&one.now))?;
        // Outside stands what the letter says, inside its protection, that stands there.
        let (letter, outer) = (one.letter, mail::outer(one.letter));
        let headers = mime::OuterHeaders {
            from: &letter.from.address,
            to: &letter.to.address,
            date: &outer.date,
            message_id: &letter.id,
            subject: outer.subject,
            auto_submitted: Some(outer.auto_submitted),
            autocrypt: Some(&self.header),
        };
        let token: String = one.content.hex().chars().take(32).collect();
        let mail = mime::wrap(&headers, &token, &armored).map_err(|error| ClerkError::Write(error.to_string()))?;
        Ok((one.position.to_string(), label(letter, &one.now), mail))
    }
}

/// A letter that is sealed.
pub(super) struct ToSeal<'a> {
    /// Its entry.
    pub(super) position: u64,
    /// The letter.
    pub(super) letter: &'a Letter,
    /// Digest of its signed bytes.
    pub(super) content: Digest,
    /// The signed bytes.
    pub(super) signed: &'a [u8],
    /// Their signature.
    pub(super) signature: &'a Signature,
    /// Whose key it is sealed to.
    pub(super) recipient: &'a Certificate,
    /// When.
    pub(super) now: Moment,
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

impl Clerk {
    /// Returns what letters are signed and sealed with now.
    pub(super) fn sealer(&self) -> Result<Sealer, ClerkError> {
        Ok(Sealer { keys: Arc::clone(&self.keys), header: self.autocrypt()?.clone() })
    }
}

impl Batch<'_> {
    /// Returns what the letters of this batch are signed and sealed with; `None` where they are only foreseen.
    pub(super) fn sealer(&mut self) -> Result<Option<Arc<Sealer>>, ClerkError> {
        if self.sealer.is_none() && self.writer.is_some() {
            self.sealer = Some(Arc::new(self.clerk.sealer()?));
        }
        Ok(self.sealer.clone())
    }

    /// Has the letter that was entered at `place` signed and sealed: at once where a core is free, else at the commit.
    pub(super) fn begin_sealing(&mut self, place: usize, sealer: Arc<Sealer>, recipient: Certificate) {
        let now = self.now;
        let Some(Pending { entry, bytes, .. }) = self.pending.get_mut(place) else { return };
        let (Body::Out { letter, content }, Some(signed)) = (&entry.body, &bytes.signed) else { return };
        let sealing = Arc::new(Sealing {
            sealer,
            position: entry.position,
            letter: Arc::clone(letter),
            content: content.digest,
            bytes: Arc::clone(signed),
            recipient,
            now,
            signed: OnceLock::new(),
            sealed: Mutex::new(Sealed::Open),
        });
        // A single thread would only come to it at the commit.
        if rayon::current_num_threads() > 1 {
            // A batch that is given up takes its letters with it.
            let begun = Arc::downgrade(&sealing);
            let make = move || begun.upgrade().iter().for_each(|sealing| sealing.make());
            // What panics here panics again at the commit, where it ends the command and not the whole process.
            rayon::spawn_fifo(move || drop(catch_unwind(AssertUnwindSafe(make))));
        }
        bytes.sealing = Some(sealing);
    }
}
