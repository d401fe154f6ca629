//! Certificates at hand: read from the index once, kept parsed, because parsing one costs as much as a letter. Of a key
//! that came more than once the index has all copies joined in one.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::ClerkError;
use crate::clock::moment_of;
use crate::index::{Index, Keys};
use crate::pgp::Certificate;
use crate::trade::{Digest, Fingerprint};

/// Headers remembered, at most.
const HEADERS_MAX: usize = 4096;

/// Certificates kept parsed, at most.
const KEPT_MAX: usize = 4096;

/// A cache in front of the index; shared by the threads that open mail.
#[derive(Default)]
pub(super) struct Certificates {
    by_handle: Mutex<HashMap<String, Vec<Certificate>>>,
    /// The last Autocrypt header of each signer that brought nothing new.
    headers: HashMap<Fingerprint, Digest>,
}

/// Looks stored certificates up by one handle, as the index has them.
pub(super) type Stored<'a> = dyn Fn(&str) -> Result<Vec<String>, ClerkError> + 'a;

impl Certificates {
    /// Returns the certificates that hold any of the keys named by `handles` (fingerprints or key IDs).
    pub(super) fn find(&self, stored: &Stored<'_>, handles: &[String]) -> Result<Vec<Certificate>, ClerkError> {
        let mut found: Vec<Certificate> = Vec::new();
        for handle in handles {
            for certificate in self.one(stored, handle)? {
                if !found.iter().any(|other| other.fingerprint() == certificate.fingerprint()) {
                    found.push(certificate);
                }
            }
        }
        Ok(found)
    }

    fn one(&self, stored: &Stored<'_>, handle: &str) -> Result<Vec<Certificate>, ClerkError> {
        if let Some(known) = self.lock().get(handle) {
            return Ok(known.clone());
        }
        let parsed: Vec<Certificate> = stored(handle)?.iter().filter_map(|text| parse(text)).collect();
        let mut kept = self.lock();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        if !parsed.is_empty() {
            kept.insert(handle.to_owned(), parsed.clone());
        }
        Ok(parsed)
    }

    /// Returns the certificate of a primary key.
    pub(super) fn get(&self, index: &Index, key: &Fingerprint) -> Result<Option<Certificate>, ClerkError> {
        let found = self.find(&|handle| Ok(index.certificates(&[handle.to_owned()])?), &[key.to_string()])?;
        Ok(found.into_iter().find(|certificate| certificate.fingerprint() == key))
    }

    /// Returns whether this was the signer's last header that brought nothing new.
    pub(super) fn is_old_news(&self, signer: &Fingerprint, header: &str) -> bool {
        self.headers.get(signer).is_some_and(|known| *known == Digest::of(header.as_bytes()))
    }

    /// Remembers a header that brought nothing new, or whose news were taken over.
    pub(super) fn note_header(&mut self, signer: &Fingerprint, header: &str) {
        if self.headers.len() >= HEADERS_MAX {
            self.headers.clear();
        }
        self.headers.insert(signer.clone(), Digest::of(header.as_bytes()));
    }

    /// Forgets all certificates, after a certificate was pinned or merged.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<Certificate>>> {
        self.by_handle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Joins two copies of a certificate as the index keeps it; `None` where one cannot be read, or both are too large together:
/// then what was there stays.
pub(super) fn join(known: &str, copy: &str) -> Option<String> {
    let (known, copy) = (parse(known)?, parse(copy)?);
    let binary = known.merge(&copy).ok()?.to_own_binary().ok()?;
    Some(STANDARD.encode(binary))
}

/// Reads a certificate as the index and letters have it: the binary form in base64.
pub(super) fn parse(text: &str) -> Option<Certificate> {
    STANDARD.decode(text).ok().and_then(|bytes| Certificate::from_bytes(&bytes).ok())
}

/// Returns what the index keeps of a certificate given in base64: the fingerprints and key IDs of the keys that it may sign with,
/// and since when it is compromised; nothing where it cannot be read.
pub(super) fn keys(text: &str) -> Keys {
    let Some(certificate) = parse(text) else { return Keys::default() };
    Keys { handles: handles(&certificate), compromised: certificate.compromised().and_then(moment_of) }
}

fn handles(certificate: &Certificate) -> Vec<String> {
    let fingerprints = certificate.signing_handles();
    // A v4 key ID is the end of the fingerprint, a v6 one its beginning (RFC 9580 section 5.5.4).
    let id = |print: &String| match print.len() {
        40 => print.get(24..).map(str::to_owned),
        _ => print.get(..16).map(str::to_owned),
    };
    let ids: Vec<String> = fingerprints.iter().filter_map(id).collect();
    fingerprints.into_iter().chain(ids).collect()
}
