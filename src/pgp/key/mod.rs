//! Keys: our own with its secret, and the certificates of others.
//!
//! This module reads, makes and judges keys. It does not decide whom a key belongs to, and it stores none.

mod certificate;
mod own;
mod renewal;

pub use certificate::Certificate;
pub use own::OwnKey;

use std::time::SystemTime;

use sequoia_openpgp::{self as openpgp, Cert, cert::CertParser, parse::Parse, policy::StandardPolicy};

use crate::trade::id::Fingerprint;

/// The most bytes a certificate or key may have, alone or merged: 1 MiB (B58).
pub const CERTIFICATE_MAX: usize = 1024 * 1024;

/// The most user IDs a certificate may have: more than anybody has, and few enough to be checked at once (B58).
pub const USER_IDS_MAX: usize = 100;

/// A key that could not be read, made or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// More than [`CERTIFICATE_MAX`] bytes.
    #[error("the key has more than 1 MiB; export it again without the signatures of others")]
    TooLarge,
    /// More than [`USER_IDS_MAX`] user IDs.
    #[error("the key has more than 100 user IDs; ask its owner for one without those he does not use")]
    TooManyNames,
    /// Not OpenPGP, or damaged.
    #[error("this is not a readable OpenPGP key ({0}); export it again with --armor")]
    Unreadable(String),
    /// No key or several, where exactly one was wanted.
    #[error("exactly one key is wanted here; export it alone, by its fingerprint")]
    NotOne,
    /// A private key where a public certificate was wanted.
    #[error("this is a private key, where a public certificate is wanted; never give it away, export the public one")]
    PrivateInside,
    /// A public certificate where a private key was wanted.
    #[error("this is a public certificate, where a private key is wanted; use the private export")]
    NoSecret,
    /// The private key is protected by a passphrase.
    #[error("the private key is locked by a passphrase; remove it and protect the file by its permissions instead")]
    Locked,
    /// A private key whose operations this build would do in variable time (RUSTSEC-2023-0071).
    #[error(
        "the private key is of type {0}, which this build (crypto-rust) uses in no safe way; make a Curve25519 key with \
         `mailorder init`, or use a build with crypto-openssl or crypto-nettle"
    )]
    VariableTime(String),
    /// Two certificates that are not of one primary key.
    #[error("the two certificates have different fingerprints and cannot be merged")]
    OtherKey,
    /// The name for a new key cannot stand in a user ID.
    #[error("the name {0:?} cannot stand in a key's user ID; leave out <, >, quotes, brackets and control characters")]
    Name(String),
    /// The library could not make the key.
    #[error("the key could not be made: {0}")]
    Make(String),
    /// The key cannot be used at this time.
    #[error(transparent)]
    Fault(#[from] KeyFault),
}

/// Why a key cannot be used at a given time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Revoked by its owner, for this reason.
    #[error("the key is revoked ({0}); ask its owner for the new one")]
    Revoked(String),
    /// Its validity has ended.
    #[error("the key has expired; ask its owner to renew it")]
    Expired,
    /// It was made after the time asked about.
    #[error("the key was made later than our clock says; check the clock")]
    NotYetValid,
    /// No valid subkey that can be encrypted to.
    #[error("the key has no valid subkey to encrypt to; ask its owner for a complete one")]
    NoEncryptionKey,
    /// No valid (sub)key that can sign.
    #[error("the key has no valid subkey to sign with; renew it")]
    NoSigningKey,
    /// Rejected by the library's standard policy, for instance for SHA-1 in its own signatures.
    #[error("the key is too weak or not well formed; ask its owner for a new one")]
    Rejected,
}

impl KeyFault {
    /// Returns the stable code of the fault.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Revoked(_) => "revoked",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::NoEncryptionKey => "no-encryption-key",
            Self::NoSigningKey => "no-signing-key",
            Self::Rejected => "rejected",
        }
    }
}

/// Returns the standard policy as of `now`; the library's own clock is never asked.
pub(super) fn policy(now: SystemTime) -> StandardPolicy<'static> {
    StandardPolicy::at(now)
}

/// Returns our form of the library's fingerprint, if it is one of a v4 or v6 key.
pub(super) fn fingerprint_of(cert: &Cert) -> Result<Fingerprint, KeyError> {
    Fingerprint::parse(&cert.fingerprint().to_hex())
        .map_err(|_| KeyError::Unreadable("a key version other than 4 and 6".into()))
}

/// Reads exactly one key, public or private, armored or binary.
fn parse_one(bytes: &[u8]) -> Result<Cert, KeyError> {
    if bytes.len() > CERTIFICATE_MAX {
        return Err(KeyError::TooLarge);
    }
    // The library stops at the end of the first armored block, so a second one would go unseen.
    if bytes.windows(ARMOR_START.len()).filter(|w| *w == ARMOR_START).count() > 1 {
        return Err(KeyError::NotOne);
    }
    let unreadable = |error: openpgp::anyhow::Error| KeyError::Unreadable(error.to_string());
    let mut parser = CertParser::from_bytes(bytes).map_err(unreadable)?;
    let cert = parser.next().ok_or(KeyError::NotOne)?.map_err(unreadable)?;
    if parser.next().is_some() {
        return Err(KeyError::NotOne);
    }
    // Each of them is parsed and its signature checked whenever the certificate is looked at.
    if cert.userids().count() > USER_IDS_MAX { Err(KeyError::TooManyNames) } else { Ok(cert) }
}

const ARMOR_START: &[u8] = b"-----BEGIN PGP";
