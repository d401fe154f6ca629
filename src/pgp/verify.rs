//! Verifying: the judgement on a signature, detached signatures for the audit, and cleartext signatures for
//! checkpoints.

use std::io::{Read as _, Write as _};
use std::time::SystemTime;

use sequoia_openpgp::{
    Cert, KeyHandle, Result as LibraryResult,
    cert::amalgamation::{ValidAmalgamation, ValidateAmalgamation},
    packet::signature::SignatureBuilder,
    parse::{
        Parse,
        stream::{
            DetachedVerifierBuilder, MessageLayer, MessageStructure, VerificationError, VerificationHelper,
            VerificationResult, VerifierBuilder,
        },
    },
    serialize::stream::{Message, Signer},
    types::{HashAlgorithm, RevocationStatus, SignatureType},
};

use super::{
    SetAside,
    key::{Certificate, OwnKey, policy},
    message::CLOCK_SKEW,
    sign::{SealError, Signature},
};
use crate::trade::id::Fingerprint;

/// A good signature, and who made it.
#[derive(Debug)]
pub(super) struct Good {
    pub(super) signature: Signature,
    pub(super) certificate: Certificate,
    /// Fingerprint of the (sub)key that signed, upper-case hexadecimal.
    pub(super) signing_key: String,
}

/// Verifies a detached signature over `bytes` (a letter's signed bytes in an entry) and returns when it was made.
///
/// A certificate that is revoked at `now` is refused, one that has expired since the signing is not (B35). The
/// intended recipient is not compared: an auditor is none.
pub fn verify_detached(
    bytes: &[u8],
    signature_armored: &str,
    certificate: &Certificate,
    now: SystemTime,
) -> Result<SystemTime, SetAside> {
    let damaged = SetAside::BadShape("the detached signature is not one readable OpenPGP signature");
    let Ok(signature) = Signature::from_armored(signature_armored) else {
        return Err(damaged);
    };
    let policy = policy(now);
    let latest = now.checked_add(CLOCK_SKEW).ok_or(SetAside::BadShape("our own clock is out of range"))?;
    let mut verdict = None;
    let helper = Helper { certificate, now, verdict: &mut verdict };
    let verified = DetachedVerifierBuilder::from_bytes(&signature.binary())
        .and_then(|builder| builder.with_policy(&policy, latest, helper))
        .and_then(|mut verifier| verifier.verify_bytes(bytes));
    match (verified, verdict) {
        (Ok(()), Some(verdict)) => verdict.map(|good| good.signature.signed_at()),
        _ => Err(damaged),
    }
}

/// Verifies a detached signature as evidence: a revocation of its key, which came after the letter was recorded, or it
/// would have been set aside, does not undo what was said before. Otherwise as [`verify_detached`].
pub fn verify_evidence(
    bytes: &[u8],
    signature_armored: &str,
    certificate: &Certificate,
    now: SystemTime,
) -> Result<SystemTime, SetAside> {
    match verify_detached(bytes, signature_armored, certificate, now) {
        Err(reason) => match certificate.without_revocations() {
            Some(before) => verify_detached(bytes, signature_armored, &before, now),
            None => Err(reason),
        },
        good => good,
    }
}

/// Signs `text` (ASCII, lines ending in LF) as cleartext, for a ledger's checkpoint.
pub fn clearsign(key: &OwnKey, text: &str, now: SystemTime) -> Result<String, SealError> {
    let pair = key.signing_pair(now).map_err(SealError::OwnKey)?;
    let template = SignatureBuilder::new(SignatureType::Text);
    let mut sink = Vec::with_capacity(text.len().saturating_add(1024));
    let write = || -> LibraryResult<()> {
        let mut message = Signer::with_template(Message::new(&mut sink), pair, template)?
            .hash_algo(HashAlgorithm::SHA512)?
            .creation_time(now)
            .cleartext()
            .build()?;
        message.write_all(text.as_bytes())?;
        message.finalize()
    };
    write().map_err(SealError::library)?;
    String::from_utf8(sink).map_err(SealError::library)
}

/// Verifies a cleartext-signed text and returns it with the moment of the signature.
///
/// The signed message must be all there is (at most 64 KiB), so that nothing unsigned can be taken for signed. The
/// text comes back with LF line ends, as [`clearsign`] got it.
pub fn verify_clearsigned(
    signed: &str,
    certificate: &Certificate,
    now: SystemTime,
) -> Result<(String, SystemTime), SetAside> {
    let damaged = SetAside::BadShape("this is not one cleartext-signed text with nothing around it");
    let text = signed.trim_end();
    let framed = text.starts_with("-----BEGIN PGP SIGNED MESSAGE-----")
        && text.ends_with("-----END PGP SIGNATURE-----")
        && text.lines().filter(|line| line.starts_with("-----")).count() == 3;
    if !framed || signed.len() > 64 * 1024 {
        return Err(damaged);
    }
    let policy = policy(now);
    let latest = now.checked_add(CLOCK_SKEW).ok_or(SetAside::BadShape("our own clock is out of range"))?;
    let mut verdict = None;
    let helper = Helper { certificate, now, verdict: &mut verdict };
    let mut content = String::new();
    let whole = VerifierBuilder::from_bytes(text.as_bytes())
        .and_then(|builder| builder.with_policy(&policy, latest, helper))
        .is_ok_and(|mut verifier| verifier.message_processed() && verifier.read_to_string(&mut content).is_ok());
    match verdict {
        Some(verdict) if whole => {
            let signed_at = verdict?.signature.signed_at();
            let content = content.replace("\r\n", "\n");
            Ok((content, signed_at))
        }
        _ => Err(damaged),
    }
}

/// Finds one good signature among the results of a group, or the reason why there is none.
///
/// `known` are the certificates the library verified with. `recipient` is our key the message was decrypted with: a signature that names other recipients only is not for us.
pub(super) fn judge(
    results: &[VerificationResult<'_>],
    known: &[Certificate],
    recipient: Option<&Fingerprint>,
    now: SystemTime,
) -> Result<Good, SetAside> {
    let mut reason = None;
    let mut issuers = Vec::new();
    for result in results {
        match result {
            Ok(good) => {
                let signer = good.ka.cert().fingerprint().to_hex();
                let Some(certificate) = known.iter().find(|known| known.fingerprint().as_str() == signer) else {
                    return Err(SetAside::BadSignature("it was made by a certificate nobody asked about"));
                };
                if revoked(&good.ka, now) {
                    // Also where it was retired after signing: what is seen first after that is refused (4.12).
                    return Err(SetAside::SignerRevoked { signer: certificate.fingerprint().clone() });
                }
                if !matches!(good.sig.typ(), SignatureType::Binary | SignatureType::Text) {
                    return Err(SetAside::BadSignature("it is not a signature over a document"));
                }
                let signing_key = good.ka.key().fingerprint().to_hex();
                let signature = Signature::of(good.sig.clone());
                return Ok(Good { signature, certificate: certificate.clone(), signing_key });
            }
            Err(VerificationError::MissingKey { sig }) => {
                issuers.extend(sig.get_issuers().iter().map(KeyHandle::to_hex));
            }
            Err(error) => {
                reason.get_or_insert_with(|| fault(error, known, recipient, now));
            }
        }
    }
    Err(reason.unwrap_or(SetAside::UnknownSigner { issuers, certificate: None }))
}

type SigningKey<'a> =
    sequoia_openpgp::cert::amalgamation::key::ValidErasedKeyAmalgamation<'a, sequoia_openpgp::packet::key::PublicParts>;

fn revoked(key: &SigningKey<'_>, now: SystemTime) -> bool {
    let policy = policy(now);
    let is = |status: RevocationStatus<'_>| matches!(status, RevocationStatus::Revoked(_));
    let cert = key.cert();
    is(cert.revocation_status(&policy, now))
        || cert
            .keys()
            .key_handle(key.key().fingerprint())
            .any(|key| key.with_policy(&policy, now).is_ok_and(|key| is(key.revocation_status())))
}

/// Names the fault of a signature whose key is known.
fn fault(
    error: &VerificationError<'_>,
    known: &[Certificate],
    recipient: Option<&Fingerprint>,
    now: SystemTime,
) -> SetAside {
    let named = |print: &str| known.iter().map(Certificate::fingerprint).find(|key| key.as_str() == print).cloned();
    match error {
        VerificationError::BadKey { ka, .. } => {
            let cert = ka.valid_cert();
            let is = |status: RevocationStatus<'_>| matches!(status, RevocationStatus::Revoked(_));
            let revoked = is(cert.revocation_status()) || is(ka.revocation_status());
            match named(&cert.fingerprint().to_hex()) {
                Some(signer) if revoked => SetAside::SignerRevoked { signer },
                Some(signer) if cert.alive().is_err() || ka.alive().is_err() => SetAside::SignerExpired { signer },
                _ => SetAside::BadSignature("it was made by a key that is not meant to sign"),
            }
        }
        VerificationError::BadSignature { sig, ka, .. } => {
            // The library names the date or the recipient before it has looked whether the signature holds at all.
            let holds = sig.verify_document(ka.key()).is_ok();
            let latest = now.checked_add(CLOCK_SKEW).unwrap_or(now);
            match (sig.signature_creation_time(), named(&ka.cert().fingerprint().to_hex())) {
                _ if !holds => SetAside::BadSignature("the content was changed, or the signature was"),
                (Some(signed_at), Some(signer)) if signed_at > latest => SetAside::NotYetValid { signed_at, signer },
                (_, signer) if for_others(sig, recipient) => SetAside::NotForUs { signer },
                _ => SetAside::BadSignature("it has expired, is too weak, or wants what is not known"),
            }
        }
        VerificationError::UnboundKey { .. } => {
            SetAside::BadSignature("it was made by a key that its certificate does not vouch for")
        }
        _ => SetAside::BadSignature("it is damaged"),
    }
}

fn for_others(signature: &sequoia_openpgp::packet::Signature, recipient: Option<&Fingerprint>) -> bool {
    let mut named = signature.intended_recipients().peekable();
    named.peek().is_some() && recipient.is_some_and(|us| named.all(|fingerprint| fingerprint.to_hex() != us.as_str()))
}

struct Helper<'a> {
    certificate: &'a Certificate,
    now: SystemTime,
    verdict: &'a mut Option<Result<Good, SetAside>>,
}

impl VerificationHelper for Helper<'_> {
    fn get_certs(&mut self, _ids: &[KeyHandle]) -> LibraryResult<Vec<Cert>> {
        Ok(vec![self.certificate.cert().clone()])
    }

    fn check(&mut self, structure: MessageStructure<'_>) -> LibraryResult<()> {
        let layers: Vec<&MessageLayer<'_>> = structure.iter().collect();
        *self.verdict = Some(match layers.as_slice() {
            [MessageLayer::SignatureGroup { results }] => {
                judge(results, std::slice::from_ref(self.certificate), None, self.now)
            }
            _ => Err(SetAside::BadShape("there is not exactly one group of signatures")),
        });
        Ok(())
    }
}
