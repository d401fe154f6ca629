//! Our own key: made, read, and used by the rest of `pgp` to sign and decrypt.

use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use sequoia_openpgp::{
    Cert, KeyHandle, Profile,
    cert::{CertBuilder, CipherSuite},
    crypto::KeyPair,
    packet::{
        UserID,
        key::{Key, SecretParts, UnspecifiedRole},
    },
    serialize::SerializeInto,
    types::{Features, KeyFlags, PublicKeyAlgorithm},
};

use super::{Certificate, KeyError, KeyFault, parse_one, policy};
use crate::trade::id::{Address, Fingerprint};

/// How long a new or renewed key is valid: three years of 365 days.
pub(super) const VALIDITY: Duration = Duration::from_secs(3 * 365 * 24 * 60 * 60);

/// A private key of ours. Its `Debug` shows the fingerprint alone.
pub struct OwnKey {
    cert: Cert,
    certificate: Certificate,
    decryption: Vec<Key<SecretParts, UnspecifiedRole>>,
}

impl OwnKey {
    /// Makes a new key for `address`, valid for three years from `now`, in the profile that gpg 2.2 can read:
    /// version 4, Ed25519 and X25519, SEIPDv1 as only feature (dependencies 4.2). `name` may be empty.
    pub fn generate(name: &str, address: &Address, now: SystemTime) -> Result<Self, KeyError> {
        let make = |error: sequoia_openpgp::anyhow::Error| KeyError::Make(error.to_string());
        let name = name.trim();
        let odd = |c: char| c.is_control() || "<>()\"\\[]".contains(c);
        if name.chars().any(odd) || name.len() > 200 {
            return Err(KeyError::Name(name.chars().take(80).collect()));
        }
        let user_id = if name.is_empty() { format!("<{address}>") } else { format!("{name} <{address}>") };
        let (cert, _revocation) = CertBuilder::new()
            .set_profile(Profile::RFC4880)
            .map_err(make)?
            .set_cipher_suite(CipherSuite::Cv25519)
            .set_features(Features::empty().set_seipdv1())
            .map_err(make)?
            .set_creation_time(now)
            .set_validity_period(VALIDITY)
            .set_primary_key_flags(KeyFlags::empty().set_certification())
            .add_userid(UserID::from(user_id))
            .add_signing_subkey()
            .add_subkey(KeyFlags::empty().set_transport_encryption().set_storage_encryption(), None, None)
            .generate()
            .map_err(make)?;
        Self::of(cert)
    }

    /// Reads exactly one private key, armored or binary, without passphrase.
    ///
    /// In a build with `crypto-rust` keys of RSA, DSA and ElGamal are refused: that backend uses their secrets in
    /// variable time (RUSTSEC-2023-0071).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        Self::of(parse_one(bytes)?)
    }

    /// Returns the key with all its secrets as the library knows it.
    pub(super) fn cert(&self) -> &Cert {
        &self.cert
    }

    pub(super) fn of(cert: Cert) -> Result<Self, KeyError> {
        if !cert.is_tsk() {
            return Err(KeyError::NoSecret);
        }
        let mut decryption = Vec::new();
        for key in cert.keys().secret() {
            if let Some(algorithm) = variable_time(key.key().pk_algo()) {
                return Err(KeyError::VariableTime(algorithm));
            }
            if !key.key().has_unencrypted_secret() {
                return Err(KeyError::Locked);
            }
            if key.key().pk_algo().for_encryption() {
                decryption.push(key.key().clone());
            }
        }
        let certificate = Certificate::of(cert.clone())?;
        Ok(Self { cert, certificate, decryption })
    }

    /// Returns the private key in ASCII armor, to be written to a file that nobody else can read.
    pub fn to_armored(&self) -> SecretString {
        let bytes = self.cert.as_tsk().armored().to_vec().unwrap_or_default();
        // Armor is ASCII; the vector itself becomes the secret, which wipes it when dropped.
        SecretString::from(String::from_utf8(bytes).unwrap_or_default())
    }

    /// Returns the public certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Returns the fingerprint of the primary key.
    pub fn fingerprint(&self) -> &Fingerprint {
        self.certificate.fingerprint()
    }

    /// Returns the key pair to sign with at `now`, or why there is none.
    pub(in crate::pgp) fn signing_pair(&self, now: SystemTime) -> Result<KeyPair, KeyFault> {
        let policy = policy(now);
        self.certificate.alive(&policy, now)?;
        let mut keys = self.cert.keys().with_policy(&policy, now).supported().alive().revoked(false);
        keys = keys.for_signing();
        let key = keys.secret().next().ok_or(KeyFault::NoSigningKey)?;
        key.key().clone().into_keypair().map_err(|_| KeyFault::NoSigningKey)
    }

    /// Returns the private keys a message for `handle` may be opened with: all for the hidden recipient (`None`).
    ///
    /// Expired and revoked ones count too: old mail stays readable while the key is there (F36).
    pub(in crate::pgp) fn decryption_pairs(&self, handle: Option<&KeyHandle>) -> impl Iterator<Item = KeyPair> {
        let asked = handle.cloned();
        self.decryption
            .iter()
            .filter(move |key| asked.as_ref().is_none_or(|handle| key.key_handle().aliases(handle)))
            .filter_map(|key| key.clone().into_keypair().ok())
    }
}

impl std::fmt::Debug for OwnKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OwnKey({})", self.fingerprint())
    }
}

/// Returns the name of an algorithm whose secret this build would use in variable time.
fn variable_time(algorithm: PublicKeyAlgorithm) -> Option<String> {
    #[allow(deprecated, reason = "old keys still name these algorithms")]
    let unsafe_here = cfg!(feature = "crypto-rust")
        && matches!(
            algorithm,
            PublicKeyAlgorithm::RSAEncryptSign
                | PublicKeyAlgorithm::RSAEncrypt
                | PublicKeyAlgorithm::RSASign
                | PublicKeyAlgorithm::DSA
                | PublicKeyAlgorithm::ElGamalEncrypt
                | PublicKeyAlgorithm::ElGamalEncryptSign
        );
    unsafe_here.then(|| algorithm.to_string())
}
