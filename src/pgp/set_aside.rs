//! Why a mail is not taken: one variant for each reason, with the code that stays the same for ever.
//!
//! Reasons are for the owner of the mailbox alone and never told to the sender: a difference between "not for me" and
//! "damaged" would be an oracle.

use std::time::SystemTime;

use super::key::Certificate;
use crate::trade::id::Fingerprint;

/// The outcome of a mail that was not opened (design section 4). Nothing of its content is in here.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SetAside {
    /// Ordinary mail: it does not have the shape of an encrypted letter and is nobody's business here.
    #[error("this is an ordinary mail, not an encrypted letter")]
    NotOurs,
    /// A letter's signed form sent in clear, or an OpenPGP message without encryption.
    #[error("the letter came without encryption; ask the sender to send it encrypted")]
    NotEncrypted,
    /// Encrypted to us, but nobody signed it.
    #[error("the letter carries no signature, so anybody may have written it")]
    NotSigned,
    /// A signature by a known key that does not hold.
    #[error("the letter's signature does not hold: {0}")]
    BadSignature(&'static str),
    /// A signature by a key that no known certificate has.
    #[error("{}", unknown_signer(issuers, certificate.as_ref()))]
    UnknownSigner {
        /// Upper-case hexadecimal fingerprints or key IDs that the signatures name, to find the letter again by.
        issuers: Vec<String>,
        /// The certificate of the outer Autocrypt header, if there is exactly one, for the outer From. Not verified.
        certificate: Option<Certificate>,
    },
    /// The signing key or its certificate is revoked.
    #[error("the letter's signing key is revoked; ask the sender for the new one")]
    SignerRevoked {
        /// Whose key it is.
        signer: Fingerprint,
    },
    /// The signing key had expired when it signed.
    #[error("the letter's signing key had expired when it signed; ask the sender to renew it")]
    SignerExpired {
        /// Whose key it is.
        signer: Fingerprint,
    },
    /// Encrypted to other keys than ours, or signed for other recipients only.
    #[error("the letter is not meant for any of our keys")]
    NotForUs {
        /// Who signed it well, where it could be decrypted.
        signer: Option<Fingerprint>,
    },
    /// A good signature that is dated more than 30 minutes ahead of our clock.
    #[error("the letter's signature is dated in the future; check the clock, it is tried again later")]
    NotYetValid {
        /// The moment the signature bears.
        signed_at: SystemTime,
        /// Who signed it.
        signer: Fingerprint,
    },
    /// Not the one shape that is read, or damaged on the way.
    #[error("the letter is damaged or not of the one form that is read: {0}")]
    BadShape(&'static str),
    /// Decrypted and well signed, but its bytes are not those of a letter.
    #[error("the letter is damaged or not of the one form that is read: {why}")]
    BadContent {
        /// What is wrong.
        why: &'static str,
        /// Who signed it.
        signer: Fingerprint,
    },
    /// More bytes than a letter may have, packed or unpacked.
    #[error("the letter is larger than 1 MiB")]
    TooLarge,
    /// Made by a newer version of the protocol.
    #[error("the letter is of a newer version; upgrade to read it")]
    NewerVersion,
}

/// Says whose letter it is as far as can be said: people know a key by the fingerprint of the whole, which the signature
/// does not name.
fn unknown_signer(issuers: &[String], certificate: Option<&Certificate>) -> String {
    let names =
        |key: &String| issuers.iter().any(|issuer| key == issuer || (issuer.len() == 16 && key.ends_with(issuer)));
    let whole = certificate.filter(|one| one.signing_handles().iter().any(names));
    let signer = match whole {
        Some(whole) => whole.fingerprint().to_string(),
        None => format!("one whose signing part is {}", issuers.join(", ")),
    };
    format!(
        "the letter is signed by an unknown key ({signer}); it is read again once a certificate with that key is imported \
         and accepted"
    )
}

impl SetAside {
    /// Returns the stable code, as `warnings` lists it and `-Verdict` writes it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotOurs => "not-ours",
            Self::NotEncrypted => "not-encrypted",
            Self::NotSigned => "not-signed",
            Self::BadSignature(_) => "bad-signature",
            Self::UnknownSigner { .. } => "unknown-signer",
            Self::SignerRevoked { .. } => "signer-revoked",
            Self::SignerExpired { .. } => "signer-expired",
            Self::NotForUs { .. } => "not-for-us",
            Self::NotYetValid { .. } => "not-yet-valid",
            Self::BadShape(_) | Self::BadContent { .. } => "bad-shape",
            Self::TooLarge => "too-large",
            Self::NewerVersion => "newer-version",
        }
    }
    /// Returns whether the mail was encrypted, or has at least the outer form of encrypted mail.
    pub const fn is_encrypted(&self) -> bool {
        !matches!(self, Self::NotOurs | Self::NotEncrypted)
    }

    /// Returns the key of the signature, as far as the mail told it: the fingerprint of a known signer's primary key,
    /// of an unknown one what the signature names, the longest first.
    pub fn signer(&self) -> Option<&str> {
        match self {
            Self::UnknownSigner { issuers, .. } => issuers
                .iter()
                .map(String::as_str)
                .reduce(|best, next| if next.len() > best.len() { next } else { best }),
            Self::SignerRevoked { signer }
            | Self::SignerExpired { signer }
            | Self::NotYetValid { signer, .. }
            | Self::BadContent { signer, .. } => Some(signer.as_str()),
            Self::NotForUs { signer } => signer.as_ref().map(Fingerprint::as_str),
            Self::NotOurs
            | Self::NotEncrypted
            | Self::NotSigned
            | Self::BadSignature(_)
            | Self::BadShape(_)
            | Self::TooLarge
            | Self::NewerVersion => None,
        }
    }
}
