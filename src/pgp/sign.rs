//! Signing: one detached signature over a letter's bytes, made once and used in entry and message alike.

use std::time::SystemTime;

use sequoia_openpgp::{
    Packet, PacketPile,
    armor::Kind,
    packet::signature::SignatureBuilder,
    parse::Parse,
    serialize::Serialize,
    types::{HashAlgorithm, SignatureType},
};

use super::{
    armor,
    key::{KeyFault, OwnKey},
};
use crate::trade::id::Fingerprint;

/// A letter could not be signed or sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Our own key cannot sign now.
    #[error("our own key cannot be used: {0}")]
    OwnKey(KeyFault),
    /// The recipient's certificate cannot be encrypted to now; the letter has to wait for another.
    #[error("the recipient's key cannot be used: {0}")]
    RecipientKey(KeyFault),
    /// A stored signature is not one.
    #[error("the stored signature is not one readable OpenPGP signature; check the ledger")]
    Signature,
    /// More than [`super::PLAINTEXT_MAX`] bytes.
    #[error("the letter is larger than 1 MiB; make its attachments smaller, or send a link to them")]
    TooLarge,
    /// A letter's bytes have a bare CR or LF, which no reader would accept.
    #[error("the letter has a line that does not end in CRLF")]
    BareLineEnd,
    /// The library failed.
    #[error("OpenPGP failed: {0}")]
    Library(String),
}

impl SealError {
    pub(super) fn library(error: impl ToString) -> Self {
        Self::Library(error.to_string())
    }
}

/// One OpenPGP signature packet over a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    packet: sequoia_openpgp::packet::Signature,
}

impl Signature {
    pub(super) fn of(packet: sequoia_openpgp::packet::Signature) -> Self {
        Self { packet }
    }

    pub(super) fn packet(&self) -> &sequoia_openpgp::packet::Signature {
        &self.packet
    }

    /// Reads a signature back from its armor, as an entry holds it, to seal the same letter anew.
    pub fn from_armored(text: &str) -> Result<Self, SealError> {
        let binary = armor::read(text.as_bytes(), "PGP SIGNATURE").map_err(|_| SealError::Signature)?;
        let pile = PacketPile::from_bytes(&binary).map_err(|_| SealError::Signature)?;
        let mut packets = pile.into_children();
        match (packets.next(), packets.next()) {
            (Some(Packet::Signature(packet)), None) => Ok(Self { packet }),
            _ => Err(SealError::Signature),
        }
    }

    /// Returns the signature in ASCII armor, lines ending in LF: a file that `gpg --verify` takes.
    pub fn armored(&self) -> String {
        armor::write(Kind::Signature, &self.binary())
    }

    /// Returns the signature packet in binary.
    pub fn binary(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        // Writing to memory does not fail.
        let _ = Packet::from(self.packet.clone()).serialize(&mut bytes);
        bytes
    }

    /// Returns the value of `micalg` for this signature's hash (RFC 3156 section 5), such as `pgp-sha512`.
    pub fn micalg(&self) -> &'static str {
        match self.packet.hash_algo() {
            HashAlgorithm::SHA256 => "pgp-sha256",
            HashAlgorithm::SHA384 => "pgp-sha384",
            HashAlgorithm::SHA512 => "pgp-sha512",
            HashAlgorithm::SHA224 => "pgp-sha224",
            HashAlgorithm::SHA3_256 => "pgp-sha3-256",
            HashAlgorithm::SHA3_512 => "pgp-sha3-512",
            // All others are refused by policy long before anybody asks.
            _ => "pgp-unknown",
        }
    }

    /// Returns the moment the signature bears, in whole seconds.
    pub fn signed_at(&self) -> SystemTime {
        self.packet.signature_creation_time().unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

/// Signs `bytes` for `recipient`: detached, type 0x00, SHA-512, with the recipient's fingerprint as hashed and not
/// critical intended-recipient subpacket (RFC 9580 section 5.2.3.36), so that nobody can pass it on as a letter to
/// somebody else and gpg 2.2 passes over it.
pub fn sign(key: &OwnKey, bytes: &[u8], recipient: &Fingerprint, now: SystemTime) -> Result<Signature, SealError> {
    let mut pair = key.signing_pair(now).map_err(SealError::OwnKey)?;
    let recipient = recipient.as_str().parse().map_err(SealError::library)?;
    let packet = SignatureBuilder::new(SignatureType::Binary)
        .set_hash_algo(HashAlgorithm::SHA512)
        .set_signature_creation_time(now)
        .and_then(|builder| builder.set_intended_recipients([recipient]))
        .and_then(|builder| builder.sign_message(&mut pair, bytes))
        .map_err(SealError::library)?;
    Ok(Signature { packet })
}
