//! A key lives on: our own is renewed under its fingerprint, and another's certificate takes over what its owner made
//! of it since.
//!
//! Of a certificate that comes along by itself only packets count that its primary key signed: anybody may have put the
//! others there. This module does not decide when a key is renewed or whose news are listened to.

use std::cmp::Reverse;
use std::time::{Duration, SystemTime};

use sequoia_openpgp::{
    Cert, Packet,
    cert::amalgamation::{
        ValidAmalgamation,
        key::{ValidErasedKeyAmalgamation, ValidSubordinateKeyAmalgamation},
    },
    crypto::KeyPair,
    packet::{
        Signature, UserID,
        key::{PublicParts, SecretParts},
        signature::{SignatureBuilder, subpacket::SubpacketTag},
    },
    policy::StandardPolicy,
    serialize::MarshalInto,
    types::{RevocationStatus, RevocationType, SignatureType},
};

use super::own::VALIDITY;
use super::{CERTIFICATE_MAX, Certificate, KeyError, KeyFault, OwnKey, USER_IDS_MAX, policy};

/// Of the signatures of one kind on one part of a certificate so many of the newest are kept, beside the oldest: enough for
/// the renewals of many years. What was signed before them verifies by the oldest, as long as that says.
const NEWEST: usize = 7;
/// Of the revocations of one part so many are kept: those that hold for all times first.
const REVOCATIONS: usize = 4;

/// What the library answers.
type Made<T> = sequoia_openpgp::Result<T>;

impl OwnKey {
    /// Returns the moment after which a part of the key that can be renewed is expired: the primary key, or a subkey that
    /// is not revoked; `None` where none of them ever is.
    pub fn ends(&self, now: SystemTime) -> Option<SystemTime> {
        let policy = policy(now);
        let keys = self.cert().keys().with_policy(&policy, now).revoked(false).secret();
        keys.filter_map(|key| key.key_expiration_time()).min()
    }

    /// Refuses a key that nothing can be signed with at `now`, or whose certificate nobody can write to, with the reason.
    pub fn usable(&self, now: SystemTime) -> Result<(), KeyFault> {
        self.certificate().usable(now)?;
        self.signing_pair(now).map(drop)
    }

    /// Returns the same key with its validity, and that of its subkeys that are not revoked, to end three years after
    /// `now`. What was signed with it before still verifies.
    ///
    /// # Errors
    /// A key that is revoked, and one without the secret of its primary key.
    pub fn renew(&self, now: SystemTime) -> Result<Self, KeyError> {
        let policy = policy(now);
        if let Err(fault @ (KeyFault::Revoked(_) | KeyFault::NotYetValid)) = self.certificate().alive(&policy, now) {
            return Err(fault.into());
        }
        let until = now.checked_add(VALIDITY).ok_or(KeyFault::NotYetValid)?;
        let secret = self.cert().primary_key().key().clone().parts_into_secret().map_err(|_| KeyError::NoSecret)?;
        let make = |error: sequoia_openpgp::anyhow::Error| KeyError::Make(error.to_string());
        let mut signer = secret.into_keypair().map_err(make)?;
        let renewal = Renewal { policy: &policy, now, until };
        let mut packets = renewal.of_primary(self.cert(), &mut signer).map_err(make)?;
        for key in self.cert().keys().with_policy(&policy, now).subkeys().revoked(false).secret() {
            packets.push(renewal.of_subkey(self.cert(), &key, &mut signer).map_err(make)?);
        }
        let packets = packets.into_iter().map(Packet::from);
        let (cert, _changed) = self.cert().clone().insert_packets(packets).map_err(make)?;
        Self::of(cert)
    }
}

/// The signatures of one renewal; the library would date them by the system's clock.
struct Renewal<'a> {
    policy: &'a StandardPolicy<'a>,
    now: SystemTime,
    until: SystemTime,
}

impl Renewal<'_> {
    /// Returns a signature of the same content with new dates, still to be made.
    fn again(&self, old: &Signature, created: SystemTime) -> Made<SignatureBuilder> {
        let validity = self.until.duration_since(created).unwrap_or(Duration::ZERO);
        SignatureBuilder::from(old.clone())
            .set_signature_creation_time(self.now)?
            .set_key_validity_period(Some(validity))
    }

    /// Returns the new signatures on the primary key and on each user ID that is not revoked: older programs read the
    /// validity there.
    fn of_primary(&self, cert: &Cert, signer: &mut KeyPair) -> Made<Vec<Signature>> {
        let valid = cert.with_policy(self.policy, self.now)?;
        let primary = cert.primary_key().key();
        let mut made = Vec::new();
        if let Ok(direct) = valid.direct_key_signature() {
            let mut builder = self.again(direct, primary.creation_time())?;
            builder.hashed_area_mut().remove_all(SubpacketTag::PrimaryUserID);
            made.push(builder.sign_direct_key(signer, None)?);
        }
        let first = valid.primary_userid().ok().map(|id| id.userid().clone());
        for id in valid.userids().revoked(false) {
            let builder = self.again(id.binding_signature(), primary.creation_time())?;
            let builder = builder.set_primary_userid(first.as_ref() == Some(id.userid()))?;
            made.push(builder.sign_userid_binding(signer, primary, id.userid())?);
        }
        Ok(made)
    }

    /// Returns the new signature on a subkey. One that signs must vouch for its new binding itself.
    fn of_subkey(
        &self,
        cert: &Cert,
        key: &ValidSubordinateKeyAmalgamation<'_, SecretParts>,
        signer: &mut KeyPair,
    ) -> Made<Signature> {
        let (primary, subkey) = (cert.primary_key().key(), key.key().clone().parts_into_public());
        let mut builder = self.again(key.binding_signature(), subkey.creation_time())?;
        if key.for_signing() || key.for_certification() || key.for_authentication() {
            let mut own = key.key().clone().into_keypair()?;
            let back = SignatureBuilder::new(SignatureType::PrimaryKeyBinding)
                .set_signature_creation_time(self.now)?
                .set_hash_algo(key.binding_signature().hash_algo())
                .sign_primary_key_binding(&mut own, primary, &subkey)?;
            builder = builder.set_embedded_signature(back)?;
        }
        builder.sign_subkey_binding(signer, primary, &subkey)
    }
}

impl Certificate {
    /// Returns this certificate with what its owner added in `other`: a new expiry, subkeys, user IDs, a revocation.
    /// What the primary key did not sign is left out, and so are signatures between the oldest and the newest ones: however
    /// often a key is renewed, its certificate does not grow for good. The order in which copies come does not matter.
    ///
    /// Both must have the same fingerprint, and the result at most 1 MiB.
    pub fn merge(&self, other: &Self) -> Result<Self, KeyError> {
        self.with(other, |_| true)
    }

    /// As [`Certificate::merge`], but keeps every signature: evidence of whatever age verifies with it.
    pub fn union(&self, other: &Self) -> Result<Self, KeyError> {
        self.all_with(other, |_| true).and_then(Self::of)
    }

    /// Returns what this certificate says to be revoked, and nothing else of it that could be news.
    pub fn revocations(&self) -> Result<Self, KeyError> {
        let primary = self.cert().primary_key();
        let mut packets = vec![Packet::from(primary.key().clone())];
        packets.extend(primary.self_revocations().cloned().map(Packet::from));
        for key in self.cert().keys().subkeys() {
            let binding = key.self_signatures().max_by_key(|one| one.signature_creation_time());
            if let Some(binding) = binding.filter(|_| key.self_revocations().next().is_some()) {
                packets.extend([Packet::from(key.key().clone()), binding.clone().into()]);
                packets.extend(key.self_revocations().cloned().map(Packet::from));
            }
        }
        of_packets(packets).and_then(Self::of)
    }

    /// As [`Certificate::merge`], but takes over no user ID that this certificate does not have: what somebody hands
    /// over never widens for which addresses a key speaks.
    pub fn refresh(&self, other: &Self) -> Result<Self, KeyError> {
        self.with(other, |id| self.cert().userids().any(|known| known.userid() == id))
    }

    fn with(&self, other: &Self, takes: impl Fn(&UserID) -> bool) -> Result<Self, KeyError> {
        let merged = self.all_with(other, takes)?;
        of_packets(own_packets(&merged, Keep::Needed, |_| true)).and_then(Self::of)
    }

    fn all_with(&self, other: &Self, takes: impl Fn(&UserID) -> bool) -> Result<Cert, KeyError> {
        if self.fingerprint() != other.fingerprint() {
            return Err(KeyError::OtherKey);
        }
        let news = of_packets(own_packets(other.cert(), Keep::All, takes))?;
        let merged = self.cert().clone().merge_public(news);
        let merged = merged.map_err(|error| KeyError::Unreadable(error.to_string()))?;
        if merged.serialized_len() > CERTIFICATE_MAX {
            return Err(KeyError::TooLarge);
        }
        if merged.userids().count() > USER_IDS_MAX { Err(KeyError::TooManyNames) } else { Ok(merged) }
    }

    /// Returns whether this certificate has anything by its owner that `known` has not.
    pub fn adds_to(&self, known: &Self) -> bool {
        let needed = known.merge(known);
        known.merge(self).is_ok_and(|merged| needed.is_ok_and(|needed| merged != needed))
    }

    /// Returns the certificate in binary with all that its owner signed in it, old bindings and revocations included, and
    /// nothing of others.
    pub fn to_own_binary(&self) -> Result<Vec<u8>, KeyError> {
        let own = of_packets(own_packets(self.cert(), Keep::All, |_| true))?;
        own.to_vec().map_err(|error| KeyError::Make(error.to_string()))
    }

    /// Returns whether any part of the certificate that is not revoked has expired at `now`: then news of its owner are
    /// looked for. The end is looked up once.
    pub(in crate::pgp) fn has_lapsed(&self, now: SystemTime) -> bool {
        let end = self.end.get_or_init(|| {
            let policy = policy(now);
            let keys = self.cert().keys().with_policy(&policy, now).revoked(false);
            keys.filter_map(|key| key.key_expiration_time()).min()
        });
        end.is_some_and(|end| end <= now)
    }
}

/// Which of the owner's signatures are kept.
#[derive(Clone, Copy)]
enum Keep {
    All,
    Needed,
}

impl Keep {
    /// Returns those of the signatures and revocations of one part that are kept.
    fn of<'a>(
        self,
        signatures: impl Iterator<Item = &'a Signature>,
        revocations: impl Iterator<Item = &'a Signature>,
    ) -> Vec<Packet> {
        let (mut signatures, mut revocations): (Vec<_>, Vec<_>) = (signatures.collect(), revocations.collect());
        if matches!(self, Self::Needed) {
            let newest_first =
                |one: &&Signature| Reverse((one.signature_creation_time(), MarshalInto::to_vec(*one).ok()));
            signatures.sort_by_cached_key(newest_first);
            let oldest = signatures.split_off(signatures.len().min(NEWEST)).pop();
            signatures.extend(oldest);
            revocations.sort_by_cached_key(|one| (!is_hard(one), newest_first(one)));
            revocations.truncate(REVOCATIONS);
        }
        signatures.into_iter().chain(revocations).cloned().map(Packet::from).collect()
    }
}

/// Returns whether a revocation holds for all times, also for what was signed before it.
fn is_hard(revocation: &Signature) -> bool {
    let reason = revocation.reason_for_revocation();
    reason.is_none_or(|(code, _)| code.revocation_type() == RevocationType::Hard)
}

fn of_packets(packets: Vec<Packet>) -> Result<Cert, KeyError> {
    Cert::from_packets(packets.into_iter()).map_err(|error| KeyError::Unreadable(error.to_string()))
}

/// Returns the packets of a certificate that its primary key vouches for, with the user IDs that `takes` lets through.
fn own_packets(cert: &Cert, keep: Keep, takes: impl Fn(&UserID) -> bool) -> Vec<Packet> {
    let primary = cert.primary_key();
    let mut packets = vec![Packet::from(primary.key().clone())];
    packets.extend(keep.of(primary.self_signatures(), primary.self_revocations()));
    for id in cert.userids().filter(|id| takes(id.userid())) {
        let signatures = keep.of(id.self_signatures(), id.self_revocations());
        if !signatures.is_empty() {
            packets.push(Packet::from(id.userid().clone()));
            packets.extend(signatures);
        }
    }
    for key in cert.keys().subkeys() {
        if key.self_signatures().next().is_some() {
            packets.push(Packet::from(key.key().clone()));
            packets.extend(keep.of(key.self_signatures(), key.self_revocations()));
        }
    }
    packets
}

/// Returns the packets that bind and, where it is revoked, revoke a subkey: the binding in force, and the one before it,
/// without which nothing would verify that was signed before the latest renewal.
pub(super) fn binding_packets(key: &ValidErasedKeyAmalgamation<'_, PublicParts>) -> Vec<Packet> {
    let revoked = matches!(key.revocation_status(), RevocationStatus::Revoked(_));
    if !revoked && key.alive().is_err() {
        return Vec::new();
    }
    let mut packets = vec![Packet::from(key.key().clone().role_into_subordinate())];
    packets.extend(latest_two(key.binding_signature(), key.self_signatures()));
    if revoked {
        packets.extend(key.self_revocations().cloned().map(Packet::from));
    }
    packets
}

/// Returns the signature in force, and the newest of `all` that is older.
pub(super) fn latest_two<'a>(current: &Signature, all: impl Iterator<Item = &'a Signature>) -> Vec<Packet> {
    let made = |signature: &Signature| signature.signature_creation_time();
    let before = all.filter(|one| made(one) < made(current)).max_by_key(|one| made(one));
    let pair = std::iter::once(current).chain(before);
    pair.cloned().map(Packet::from).collect()
}
