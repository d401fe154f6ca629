//! A public certificate: read, judged and written.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use sequoia_openpgp::{
    Cert, Packet,
    cert::amalgamation::key::ValidErasedKeyAmalgamation,
    packet::{Signature, key::PublicParts},
    policy::Policy,
    serialize::{Serialize, SerializeInto},
    types::{RevocationStatus, RevocationType, SignatureType},
};

use super::renewal::{binding_packets, latest_two};
use super::{KeyError, KeyFault, fingerprint_of, parse_one, policy};
use crate::trade::id::{Address, Fingerprint};

/// One OpenPGP certificate without any secret. Cloning is cheap; its own signatures are checked once, when it is read.
#[derive(Clone)]
pub struct Certificate {
    cert: Arc<Cert>,
    fingerprint: Fingerprint,
    /// When the first of its keys ends, once that was asked for.
    pub(super) end: Arc<OnceLock<Option<SystemTime>>>,
}

impl Certificate {
    /// Reads exactly one public certificate, armored or binary, of at most 1 MiB.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let cert = parse_one(bytes)?;
        if cert.is_tsk() { Err(KeyError::PrivateInside) } else { Self::of(cert) }
    }

    /// Wraps a certificate of the library after leaving out any secret.
    pub(in crate::pgp) fn of(cert: Cert) -> Result<Self, KeyError> {
        let fingerprint = fingerprint_of(&cert)?;
        let cert = cert.strip_secret_key_material();
        // The library checks self-signatures when they are first looked at and remembers the result in clones. Looking
        // now keeps three signature checks out of the path of each letter.
        let _ = cert.primary_key().self_signatures().count();
        let _ = cert.userids().map(|u| u.self_signatures().count()).max();
        let _ = cert.keys().subkeys().map(|k| k.self_signatures().count()).max();
        Ok(Self { cert: Arc::new(cert), fingerprint, end: Arc::default() })
    }

    /// Returns the certificate as the library knows it.
    pub(in crate::pgp) fn cert(&self) -> &Cert {
        &self.cert
    }

    /// Returns the certificate as it was before anything of it was revoked; `None` where nothing is.
    pub(in crate::pgp) fn without_revocations(&self) -> Option<Self> {
        let revokes = |packet: &Packet| {
            let kind = if let Packet::Signature(signature) = packet { Some(signature.typ()) } else { None };
            matches!(
                kind,
                Some(
                    SignatureType::KeyRevocation
                        | SignatureType::SubkeyRevocation
                        | SignatureType::CertificationRevocation
                )
            )
        };
        let all: Vec<Packet> = Cert::clone(&self.cert).into_packets().collect();
        let kept: Vec<Packet> = all.iter().filter(|packet| !revokes(packet)).cloned().collect();
        if kept.len() == all.len() {
            return None;
        }
        Cert::from_packets(kept.into_iter()).ok().and_then(|cert| Self::of(cert).ok())
    }

    /// Returns the fingerprint of the primary key.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Returns the plain addresses of the user IDs that the key itself signed and did not revoke, without repeats.
    ///
    /// They are what the key's owner says of himself, no more.
    pub fn addresses(&self) -> Vec<Address> {
        let mut addresses = Vec::new();
        // At most USER_IDS_MAX of them: looking through the list each time costs nothing.
        for id in self.cert.userids() {
            if id.self_signatures().next().is_none() || id.self_revocations().next().is_some() {
                continue;
            }
            if let Some(address) = address_of(id.userid())
                && !addresses.contains(&address)
            {
                addresses.push(address);
            }
        }
        addresses
    }

    /// Returns the upper-case hexadecimal fingerprints of the keys that this certificate may sign with: the primary one first,
    /// and each subkey that was ever bound for signing, which takes the subkey's own consent (RFC 9580 section 5.2.1.8).
    /// Anybody can put another's key into his certificate, bound for something else; its signatures are not his by that.
    pub fn signing_handles(&self) -> Vec<String> {
        let signs = |signature: &Signature| signature.key_flags().is_some_and(|flags| flags.for_signing());
        let subkeys = self.cert.keys().subkeys().filter(|key| key.self_signatures().any(signs));
        let subkeys = subkeys.map(|key| key.key().fingerprint().to_hex());
        std::iter::once(self.fingerprint.to_string()).chain(subkeys).collect()
    }

    /// Returns whether `handle` (a fingerprint or a key ID of 16 digits, upper case) names one of the keys.
    pub fn has_key(&self, handle: &str) -> bool {
        self.cert.keys().any(|key| {
            let fingerprint = key.key().fingerprint().to_hex();
            fingerprint == handle || (handle.len() == 16 && key.key().keyid().to_hex() == handle)
        })
    }

    /// Returns the certificate in ASCII armor, lines ending in LF; without the comments, which repeat its user IDs, whatever
    /// those do to a terminal.
    pub fn to_armored(&self) -> String {
        // Armor is ASCII, and writing to memory does not fail.
        let armored = self.cert.armored().to_vec().ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let armored = armored.unwrap_or_default();
        armored.split_inclusive('\n').filter(|line| !line.starts_with("Comment:")).collect()
    }

    /// Returns the smallest certificate that serves to verify and encrypt at `now`, in binary: primary key, the user ID
    /// with `address` (else the primary one), the subkeys that are valid or revoked, and on each the owner's signature in
    /// force and the one before it. For Autocrypt headers and `mo:certificate`.
    pub fn to_minimal_binary(&self, address: &Address, now: SystemTime) -> Result<Vec<u8>, KeyError> {
        self.usable(now)?;
        let policy = policy(now);
        let valid = self.cert.with_policy(&policy, now).map_err(|_| KeyFault::Rejected)?;
        let mut packets = vec![Packet::from(valid.primary_key().key().clone())];
        if let Ok(direct) = valid.direct_key_signature() {
            packets.extend(latest_two(direct, self.cert.primary_key().self_signatures()));
        }
        let user_id = valid
            .userids()
            .find(|id| address_of(id.userid()).as_ref() == Some(address))
            .or(valid.primary_userid().ok());
        if let Some(id) = user_id {
            packets.push(Packet::from(id.userid().clone()));
            packets.extend(latest_two(id.binding_signature(), id.self_signatures()));
        }
        packets.extend(valid.keys().subkeys().flat_map(|key| binding_packets(&key.into())));
        let mut bytes = Vec::with_capacity(1024);
        for packet in packets {
            packet.serialize(&mut bytes).map_err(|error| KeyError::Make(error.to_string()))?;
        }
        Ok(bytes)
    }

    /// Refuses a certificate that cannot be encrypted to at `now`, with the reason.
    pub fn usable(&self, now: SystemTime) -> Result<(), KeyFault> {
        let policy = policy(now);
        self.alive(&policy, now)?;
        if self.encryption_keys(&policy, now).is_empty() { Err(KeyFault::NoEncryptionKey) } else { Ok(()) }
    }

    /// Refuses a certificate that is revoked, expired or rejected at `now`, whatever its subkeys.
    pub(in crate::pgp) fn alive(&self, policy: &dyn Policy, now: SystemTime) -> Result<(), KeyFault> {
        if self.cert.primary_key().key().creation_time() > now {
            return Err(KeyFault::NotYetValid);
        }
        if let RevocationStatus::Revoked(signatures) = self.cert.revocation_status(policy, now) {
            let reason = signatures.first().and_then(|s| s.reason_for_revocation()).map(|(code, _)| code.to_string());
            return Err(KeyFault::Revoked(reason.unwrap_or_else(|| "no reason given".into())));
        }
        let valid = self.cert.with_policy(policy, now).map_err(|_| KeyFault::Rejected)?;
        valid.alive().map_err(|_| KeyFault::Expired)
    }

    /// Returns since when the key is revoked in a way that doubts all it ever signed: as compromised, or without a reason that
    /// says otherwise (RFC 9580 section 5.2.3.31).
    pub fn compromised(&self) -> Option<SystemTime> {
        let doubts = |signature: &&Signature| {
            let reason = signature.reason_for_revocation().map(|(reason, _)| reason.revocation_type());
            reason.is_none_or(|kind| kind == RevocationType::Hard)
        };
        let revocations = self.cert.primary_key().self_revocations().filter(doubts);
        revocations.filter_map(|signature| signature.signature_creation_time()).min()
    }

    /// Returns up to four valid keys to encrypt to: those meant for transport, else those meant for storage.
    pub(in crate::pgp) fn encryption_keys<'a>(
        &'a self,
        policy: &'a dyn Policy,
        now: SystemTime,
    ) -> Vec<ValidErasedKeyAmalgamation<'a, PublicParts>> {
        let keys = || self.cert.keys().with_policy(policy, now).supported().alive().revoked(false);
        let mut found: Vec<_> = keys().for_transport_encryption().take(4).collect();
        if found.is_empty() {
            found = keys().for_storage_encryption().take(4).collect();
        }
        found
    }
}

impl PartialEq for Certificate {
    /// Compares all packets, not the fingerprint alone.
    fn eq(&self, other: &Self) -> bool {
        self.cert == other.cert
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate({})", self.fingerprint)
    }
}

fn address_of(id: &sequoia_openpgp::packet::UserID) -> Option<Address> {
    id.email().ok().flatten().and_then(|email| Address::parse(email).ok())
}
