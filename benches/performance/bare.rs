//! The OpenPGP library alone, used as well as it can be: keys and certificates are parsed once and looked at once
//! before the clock runs.

use std::collections::HashMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::SystemTime;

use sequoia_openpgp::crypto::SessionKey;
use sequoia_openpgp::packet::key::{Key, SecretParts, UnspecifiedRole};
use sequoia_openpgp::packet::{PKESK, SKESK};
use sequoia_openpgp::parse::Parse;
use sequoia_openpgp::parse::stream::{
    DecryptionHelper, DecryptorBuilder, MessageLayer, MessageStructure, VerificationHelper,
};
use sequoia_openpgp::policy::StandardPolicy;
use sequoia_openpgp::serialize::stream::{Armorer, Encryptor, LiteralWriter, Message, Signer};
use sequoia_openpgp::types::{HashAlgorithm, SymmetricAlgorithm};
use sequoia_openpgp::{Cert, KeyHandle, Result};

/// Our key, the certificates of others by each handle, and the policy.
pub struct Library {
    policy: StandardPolicy<'static>,
    time: SystemTime,
    own: Cert,
    decryption: Vec<Key<SecretParts, UnspecifiedRole>>,
    certs: HashMap<String, Cert>,
    recipient: Cert,
}

impl Library {
    /// Reads the private key of an account and the certificates beside its ledger.
    pub fn new(key: &Path, certs: &Path, time: SystemTime) -> Self {
        let own = Cert::from_file(key).unwrap();
        let mut by_handle = HashMap::new();
        let mut recipient = None;
        let mut files: Vec<_> = fs::read_dir(certs).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        for file in files {
            let cert = Cert::from_file(&file).unwrap();
            looked_at(&cert);
            for key in cert.keys() {
                by_handle.insert(key.key().fingerprint().to_hex(), cert.clone());
                by_handle.insert(key.key().keyid().to_hex(), cert.clone());
            }
            if cert.fingerprint() != own.fingerprint() {
                recipient = Some(cert);
            }
        }
        looked_at(&own);
        let decryption = own.keys().secret().filter(|key| key.key().pk_algo().for_encryption());
        let decryption = decryption.map(|key| key.key().clone()).collect();
        let policy = StandardPolicy::at(time);
        Self { policy, time, own, decryption, certs: by_handle, recipient: recipient.unwrap() }
    }

    /// Decrypts and verifies a message, armored or not; returns its content.
    pub fn open(&self, message: &[u8]) -> Vec<u8> {
        let helper = Helper(self);
        let mut reader =
            DecryptorBuilder::from_bytes(message).unwrap().with_policy(&self.policy, self.time, helper).unwrap();
        let mut content = Vec::new();
        reader.read_to_end(&mut content).unwrap();
        content
    }

    /// Signs and encrypts to one recipient, armored, in one go as the library means it.
    pub fn seal(&self, content: &[u8]) -> Vec<u8> {
        let keys =
            || self.own.keys().with_policy(&self.policy, self.time).alive().revoked(false).for_signing().secret();
        let pair = keys().next().unwrap().key().clone().into_keypair().unwrap();
        let recipients = self.recipient.keys().with_policy(&self.policy, self.time).alive().revoked(false);
        let recipients = recipients.for_transport_encryption();
        let mut sealed = Vec::new();
        let message = Armorer::new(Message::new(&mut sealed)).build().unwrap();
        let message = Encryptor::for_recipients(message, recipients).build().unwrap();
        let signer = Signer::new(message, pair).unwrap().hash_algo(HashAlgorithm::SHA512).unwrap();
        let signer = signer.creation_time(self.time).add_intended_recipient(&self.recipient);
        let mut literal = LiteralWriter::new(signer.build().unwrap()).build().unwrap();
        literal.write_all(content).unwrap();
        literal.finalize().unwrap();
        sealed
    }
}

/// The library checks a certificate's own signatures when they are first asked for, and remembers the answer.
fn looked_at(cert: &Cert) {
    let ids: usize = cert.userids().map(|id| id.self_signatures().count()).sum();
    let keys: usize = cert.keys().map(|key| key.self_signatures().count()).sum();
    assert!(ids > 0 && keys > 0);
}

struct Helper<'a>(&'a Library);

impl VerificationHelper for Helper<'_> {
    fn get_certs(&mut self, ids: &[KeyHandle]) -> Result<Vec<Cert>> {
        Ok(ids.iter().filter_map(|id| self.0.certs.get(&id.to_hex()).cloned()).collect())
    }

    fn check(&mut self, structure: MessageStructure<'_>) -> Result<()> {
        let good = structure.iter().any(|layer| match layer {
            MessageLayer::SignatureGroup { results } => results.iter().any(std::result::Result::is_ok),
            _ => false,
        });
        assert!(good, "the signature is not good");
        Ok(())
    }
}

impl DecryptionHelper for Helper<'_> {
    fn decrypt(
        &mut self,
        pkesks: &[PKESK],
        _: &[SKESK],
        algorithm: Option<SymmetricAlgorithm>,
        decrypt: &mut dyn FnMut(Option<SymmetricAlgorithm>, &SessionKey) -> bool,
    ) -> Result<Option<Cert>> {
        for pkesk in pkesks {
            for key in
                self.0.decryption.iter().filter(|key| pkesk.recipient().is_some_and(|to| key.key_handle().aliases(to)))
            {
                let mut pair = key.clone().into_keypair()?;
                let opened = pkesk.decrypt(&mut pair, algorithm);
                if opened.is_some_and(|(algorithm, session)| decrypt(algorithm, &session)) {
                    return Ok(None);
                }
            }
        }
        Ok(None)
    }
}

/// Returns the armored message in a mail.
pub fn armored(mail: &[u8]) -> &[u8] {
    let place = |text: &[u8]| mail.windows(text.len()).position(|window| window == text).unwrap();
    let end = b"-----END PGP MESSAGE-----";
    &mail[place(b"-----BEGIN PGP MESSAGE-----")..place(end) + end.len()]
}

/// Returns the message in a mail without its armor.
pub fn binary(mail: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut reader = sequoia_openpgp::armor::Reader::from_bytes(armored(mail), None);
    reader.read_to_end(&mut bytes).unwrap();
    bytes
}
