//! Opening: an arrived mail becomes [`Opened`], or is set aside with its reason.
//!
//! The steps of hard-cases 4, each with its own limit: size, outer shape, session keys, decryption and verification of
//! the whole, layers, signer, intended recipient, time, line ends. A missing intended-recipient subpacket alone does
//! not refuse a letter (gpg 2.2 cannot write one; the machine part names us too), one that names only others does.

use std::cell::Cell;
use std::time::SystemTime;

use super::{
    MAIL_MAX, SetAside, autocrypt,
    key::{Certificate, OwnKey},
    message::{self, Lookup, has_bare_line_end},
    outer::{self, Encrypted, Outer},
};
use crate::trade::Measured;
use crate::trade::id::{Address, Digest, Fingerprint, MessageId};

/// A letter's bytes with the proof of who signed them for us. It can be made by this module only.
#[derive(Debug)]
pub struct Opened {
    message: message::Message,
    signature_armored: String,
    content: Digest,
    outer: Encrypted,
    first_contact: bool,
}

impl Opened {
    /// Returns the inner MIME entity, byte for byte as it was signed; every line ends in CRLF.
    pub fn signed_bytes(&self) -> &[u8] {
        &self.message.bytes
    }

    /// Returns the signature as a detached one in armor: `gpg --verify` takes it for [`Self::signed_bytes`].
    pub fn signature_armored(&self) -> &str {
        &self.signature_armored
    }

    /// Returns the `micalg` of the signature for a `multipart/signed` (RFC 3156 section 5).
    pub fn micalg(&self) -> &'static str {
        self.message.signature.micalg()
    }

    /// Returns the fingerprint of the signer's primary key: he is the speaker, whatever From says.
    pub fn signer(&self) -> &Fingerprint {
        self.message.certificate.fingerprint()
    }

    /// Returns the upper-case hexadecimal fingerprint of the (sub)key that signed.
    pub fn signing_key(&self) -> &str {
        &self.message.signing_key
    }

    /// Returns the moment the signature bears; at most 30 minutes ahead of the time of opening.
    pub fn signed_at(&self) -> SystemTime {
        self.message.signature.signed_at()
    }

    /// Returns the fingerprint of our key that the letter was decrypted with.
    pub fn recipient(&self) -> &Fingerprint {
        &self.message.recipient
    }

    /// Returns the certificate the signature was verified with.
    pub fn certificate(&self) -> &Certificate {
        &self.message.certificate
    }

    /// Returns the content digest: SHA-256 of the signed bytes, a letter's only identity (design 3.1).
    pub fn content(&self) -> Digest {
        self.content
    }

    /// Returns the content digest with the size of the signed bytes.
    pub fn measured(&self) -> Measured {
        Measured { digest: self.content, size: u64::try_from(self.signed_bytes().len()).unwrap_or(u64::MAX) }
    }

    /// Returns whether the certificate came from the mail's own header and is not pinned.
    pub fn is_first_contact(&self) -> bool {
        self.first_contact
    }

    /// Returns the outer From, if it is one plain address. Anybody can write it: a hint, no proof.
    pub fn outer_from(&self) -> Option<&Address> {
        self.outer.from.as_ref()
    }

    /// Returns the outer Message-ID. Anybody can write it: a hint, no proof.
    pub fn outer_message_id(&self) -> Option<&MessageId> {
        self.outer.message_id.as_ref()
    }

    /// Returns the values of the outer Autocrypt headers, unparsed, for a cheap comparison with what is known.
    pub fn autocrypt_headers(&self) -> &[String] {
        &self.outer.autocrypt
    }

    /// Parses the outer Autocrypt header: exactly one, for the outer From. Not covered by the signature; it may
    /// extend a pinned certificate of the same fingerprint and is a reason to warn when it has another.
    pub fn header_certificate(&self) -> Option<Certificate> {
        autocrypt::of_mail(&self.outer.autocrypt, self.outer.from.as_ref())
    }
}

/// Opens a mail as it arrived with one of `own`, verifying with the pinned certificates that `certificates` finds by
/// the handles of the signing keys.
pub fn open(raw: &[u8], own: &[OwnKey], certificates: Lookup<'_>, now: SystemTime) -> Result<Opened, SetAside> {
    open_outer(inspect(raw)?, own, certificates, false, now)
}

/// Opens a mail by a stranger, verifying with the certificate of its own Autocrypt header: exactly one header, at most
/// 64 KiB, for the outer From, with a user ID of that address (design 4, first contact).
pub fn first_contact(raw: &[u8], own: &[OwnKey], now: SystemTime) -> Result<Opened, SetAside> {
    open_outer(inspect(raw)?, own, &|_| Vec::new(), true, now)
}

/// Opens a mail with the pinned certificates and, only where none of them has the signing key, as a first contact; it
/// is decrypted once. [`Opened::is_first_contact`] tells which it was.
pub fn open_or_first_contact(
    raw: &[u8],
    own: &[OwnKey],
    certificates: Lookup<'_>,
    now: SystemTime,
) -> Result<Opened, SetAside> {
    open_outer(inspect(raw)?, own, certificates, true, now)
}

fn inspect(raw: &[u8]) -> Result<Encrypted, SetAside> {
    if raw.len() > MAIL_MAX {
        return Err(SetAside::TooLarge);
    }
    match outer::inspect(raw) {
        Outer::Encrypted(encrypted) => Ok(encrypted),
        Outer::NotOurs => Err(SetAside::NotOurs),
        Outer::Unencrypted => Err(SetAside::NotEncrypted),
        Outer::NewerVersion => Err(SetAside::NewerVersion),
        Outer::Malformed(reason) => Err(SetAside::BadShape(reason)),
    }
}

fn open_outer(
    mut outer: Encrypted,
    own: &[OwnKey],
    certificates: Lookup<'_>,
    strangers: bool,
    now: SystemTime,
) -> Result<Opened, SetAside> {
    let first_contact = Cell::new(false);
    let lookup = |issuers: &[String]| {
        let mut known = certificates(issuers);
        match known.iter().position(|one| one.has_lapsed(now)) {
            Some(place) => {
                // Its owner may have renewed it since; the header tells.
                let renewed = known_to_header(&outer, certificates);
                let slot = known.get_mut(place).zip(renewed);
                if let Some((slot, renewed)) = slot.filter(|(slot, new)| slot.fingerprint() == new.fingerprint()) {
                    *slot = renewed;
                }
                known
            }
            None if !known.is_empty() => known,
            // The signing key may be a new subkey of a key that is known: that is no stranger.
            None => match known_to_header(&outer, certificates) {
                Some(renewed) => vec![renewed],
                None if strangers => {
                    first_contact.set(true);
                    stranger(&outer).into_iter().collect()
                }
                None => Vec::new(),
            },
        }
    };
    let message = match message::read(&outer.message, own, &lookup, now) {
        Err(SetAside::UnknownSigner { issuers, .. }) => {
            let certificate = autocrypt::of_mail(&outer.autocrypt, outer.from.as_ref());
            return Err(SetAside::UnknownSigner { issuers, certificate });
        }
        other => other?,
    };
    if has_bare_line_end(&message.bytes) {
        let signer = message.certificate.fingerprint().clone();
        return Err(SetAside::BadContent { why: "the signed content has a bare CR or LF", signer });
    }
    // The ciphertext has done its duty; an `Opened` may wait for a while.
    outer.message = Vec::new();
    let signature_armored = message.signature.armored();
    let content = Digest::of(&message.bytes);
    Ok(Opened { message, signature_armored, content, outer, first_contact: first_contact.get() })
}

/// Returns the certificate that is known of the key in the mail's header, with what the header adds by that key's own
/// signature; `None` where the key is not known.
fn known_to_header(outer: &Encrypted, certificates: Lookup<'_>) -> Option<Certificate> {
    let offered = autocrypt::of_mail(&outer.autocrypt, outer.from.as_ref())?;
    let found = certificates(&[offered.fingerprint().to_string()]);
    let known = found.into_iter().find(|known| known.fingerprint() == offered.fingerprint())?;
    Some(known.refresh(&offered).unwrap_or(known))
}

/// Returns the certificate a stranger introduces himself with, if it bears his address.
fn stranger(outer: &Encrypted) -> Option<Certificate> {
    let certificate = autocrypt::of_mail(&outer.autocrypt, outer.from.as_ref())?;
    certificate.addresses().iter().any(|address| Some(address) == outer.from.as_ref()).then_some(certificate)
}
