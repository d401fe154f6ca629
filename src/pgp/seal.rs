//! Sealing: signed bytes and their finished signature, encrypted to one recipient as one OpenPGP message.
//!
//! The message is what a sign-then-encrypt in one go would give (RFC 3156 section 6.2): encrypted session key,
//! SEIPD{one-pass signature, literal, signature}, without compression (hard-cases 4.14). It needs no private key, so
//! a letter lost on the way is sealed anew from its entry by anybody who has the certificates.

use std::io::Write as _;
use std::time::SystemTime;

use sequoia_openpgp::{
    Packet,
    armor::Kind,
    cert::Preferences,
    packet::{Literal, OnePassSig, one_pass_sig::OnePassSig3},
    policy::Policy,
    serialize::{
        Serialize,
        stream::{Encryptor, Message, Recipient},
    },
    types::{DataFormat, Features},
};

use super::{
    PLAINTEXT_MAX, armor,
    key::{Certificate, policy},
    message::has_bare_line_end,
    sign::{SealError, Signature},
};

/// Seals a letter's `bytes` with their `signature` to `recipient` and returns the message in ASCII armor.
///
/// SEIPDv2 is used only where both certificates ask for it, SEIPDv1 otherwise (gpg 2.2 reads no other). Refuses a
/// letter over 1 MiB, one with a bare CR or LF, and a certificate that is revoked, expired or without encryption key.
pub fn seal(
    bytes: &[u8],
    signature: &Signature,
    signer: &Certificate,
    recipient: &Certificate,
    now: SystemTime,
) -> Result<Vec<u8>, SealError> {
    if has_bare_line_end(bytes) {
        return Err(SealError::BareLineEnd);
    }
    let binary = seal_binary(bytes, signature, signer, recipient, now)?;
    Ok(armor::write(Kind::Message, &binary).into_bytes())
}

/// As [`seal`], for any bytes, without armor.
pub(super) fn seal_binary(
    bytes: &[u8],
    signature: &Signature,
    signer: &Certificate,
    recipient: &Certificate,
    now: SystemTime,
) -> Result<Vec<u8>, SealError> {
    if bytes.len() > PLAINTEXT_MAX {
        return Err(SealError::TooLarge);
    }
    let policy = policy(now);
    recipient.usable(now).map_err(SealError::RecipientKey)?;
    let keys = recipient.encryption_keys(&policy, now);
    let both_ask = [signer, recipient].iter().all(|certificate| asks_for_seipdv2(certificate, &policy, now));
    let features = Features::empty().set_seipdv1();
    let features = if both_ask { features.set_seipdv2() } else { features };
    let recipients =
        keys.iter().map(|key| Recipient::new(features.clone(), key.key().key_handle(), key.key())).collect();
    let mut sealed = Vec::with_capacity(bytes.len().saturating_add(1024));
    write_message(&mut sealed, recipients, bytes, signature).map_err(SealError::library)?;
    Ok(sealed)
}

fn write_message(
    sink: &mut Vec<u8>,
    recipients: Vec<Recipient<'_>>,
    bytes: &[u8],
    signature: &Signature,
) -> sequoia_openpgp::Result<()> {
    let one_pass = match signature.packet().version() {
        // `OnePassSig::try_from` leaves the mark of the last one-pass signature unset.
        4 => {
            let mut packet = OnePassSig3::try_from(signature.packet())?;
            packet.set_last(true);
            OnePassSig::from(packet)
        }
        _ => {
            let mut packet = sequoia_openpgp::packet::one_pass_sig::OnePassSig6::try_from(signature.packet())?;
            packet.set_last(true);
            OnePassSig::from(packet)
        }
    };
    let mut literal = Literal::new(DataFormat::Binary);
    literal.set_body(bytes.to_vec());
    let mut message = Encryptor::for_recipients(Message::new(sink), recipients).build()?;
    Packet::from(one_pass).serialize(&mut message)?;
    Packet::from(literal).serialize(&mut message)?;
    Packet::from(signature.packet().clone()).serialize(&mut message)?;
    message.flush()?;
    message.finalize()
}

fn asks_for_seipdv2(certificate: &Certificate, policy: &dyn Policy, now: SystemTime) -> bool {
    let valid = certificate.cert().with_policy(policy, now);
    valid.ok().and_then(|cert| cert.features()).is_some_and(|features| features.supports_seipdv2())
}
