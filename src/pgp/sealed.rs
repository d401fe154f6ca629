//! Payment data, sealed past the shop: a binary OpenPGP message by the buyer for the payment agent's eyes alone
//! (wire-format 1.4).
//!
//! What the data says, and whether it fits the order, is judged by whoever opens it.

use std::time::SystemTime;

use secrecy::zeroize::Zeroize as _;

use super::{
    SetAside,
    key::{Certificate, OwnKey},
    message,
    seal::seal_binary,
    sign::{SealError, Signature, sign},
};
use crate::trade::id::Fingerprint;

/// Data that was sealed to one of our keys by the one certificate it was verified with.
/// The data is wiped when this is dropped, and `Debug` does not show it.
#[derive(Debug)]
pub struct OpenedData {
    message: message::Message,
}

impl Drop for OpenedData {
    fn drop(&mut self) {
        self.message.bytes.zeroize();
    }
}

impl OpenedData {
    /// Returns the data as it was signed.
    pub fn bytes(&self) -> &[u8] {
        &self.message.bytes
    }

    /// Returns the fingerprint of the signer's primary key.
    pub fn signer(&self) -> &Fingerprint {
        self.message.certificate.fingerprint()
    }

    /// Returns the moment the signature bears.
    pub fn signed_at(&self) -> SystemTime {
        self.message.signature.signed_at()
    }

    /// Returns the signature, to be kept as evidence.
    pub fn signature(&self) -> &Signature {
        &self.message.signature
    }
}

/// Signs `bytes` and seals them to `recipient` as its only intended recipient; binary, without armor.
pub fn seal_data(bytes: &[u8], key: &OwnKey, recipient: &Certificate, now: SystemTime) -> Result<Vec<u8>, SealError> {
    let signature = sign(key, bytes, recipient.fingerprint(), now)?;
    seal_binary(bytes, &signature, key.certificate(), recipient, now)
}

/// Opens sealed data with one of `own`; only a signature of `signer` counts, and it must name our key as recipient:
/// what was sealed by mailorder always does, so data sealed for somebody else cannot be sealed again to us.
pub fn open_data(bytes: &[u8], own: &[OwnKey], signer: &Certificate, now: SystemTime) -> Result<OpenedData, SetAside> {
    let message = message::read(bytes, own, &|_| vec![signer.clone()], now)?;
    let us = message.recipient.as_str();
    if message.signature.packet().intended_recipients().any(|fingerprint| fingerprint.to_hex() == us) {
        Ok(OpenedData { message })
    } else {
        Err(SetAside::NotForUs { signer: None })
    }
}
