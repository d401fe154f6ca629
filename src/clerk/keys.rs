//! Keys of others: certificates seen, and pinned by the user's yes or at first contact.
//!
//! A certificate that was only seen speaks for nobody. It lies in `keys/seen` until the user accepts it.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::batch::Batch;
use super::examine::OpenLetter;
use super::{Clerk, ClerkError};
use crate::clock::system_time;
use crate::maildir;
use crate::pgp::{Certificate, KeyFault};
use crate::trade::{Act, Address, Fingerprint, Names, Party, PinnedBy};

/// A key that is known, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The address it speaks for, or says it does.
    pub address: Option<Address>,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// How it came to be pinned; `None` for one that waits for a yes.
    pub by: Option<PinnedBy>,
    /// What keeps it from being used.
    pub fault: Option<String>,
}

impl Clerk {
    fn seen_folder(&self) -> PathBuf {
        self.settings.folders.keys.join("seen")
    }

    /// Keeps a certificate as seen; it speaks for nobody until it is accepted.
    pub fn remember(&self, bytes: &[u8]) -> Result<Certificate, ClerkError> {
        let folder = self.seen_folder();
        let certificate =
            Certificate::from_bytes(bytes).map_err(|cause| ClerkError::Key { file: folder.clone(), cause })?;
        maildir::create(&folder)?;
        let file = folder.join(format!("{}.asc", certificate.fingerprint()));
        maildir::replace(&folder.join("tmp"), &file, certificate.to_armored().as_ref())?;
        Ok(certificate)
    }

    /// Returns the certificates seen and not pinned.
    pub fn seen(&self) -> Result<Vec<Certificate>, ClerkError> {
        let folder = self.seen_folder();
        let files = match std::fs::read_dir(&folder) {
            Ok(files) => files,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(ClerkError::io("read", &folder)(error)),
        };
        let mut seen: Vec<Certificate> = files
            .flatten()
            .filter(|file| file.path().extension().is_some_and(|extension| extension == "asc"))
            .filter_map(|file| std::fs::read(file.path()).ok())
            .filter_map(|bytes| Certificate::from_bytes(&bytes).ok())
            .collect();
        seen.sort_by_key(|certificate| certificate.fingerprint().clone());
        Ok(seen)
    }

    /// Returns every key that is pinned or seen.
    pub fn keys(&mut self) -> Result<Vec<KeyRecord>, ClerkError> {
        self.catch_up()?;
        let now = system_time(&self.clock.now());
        let fault = |certificate: &Certificate| certificate.usable(now).err().map(|fault: KeyFault| fault.to_string());
        let mut records = Vec::new();
        for pin in self.index.pins()? {
            let certificate = self.certificates.get(&self.index, &pin.fingerprint)?;
            records.push(KeyRecord {
                address: Some(pin.address),
                fault: certificate.as_ref().and_then(&fault),
                fingerprint: pin.fingerprint,
                by: Some(pin.by),
            });
        }
        for certificate in self.seen()? {
            let fingerprint = certificate.fingerprint().clone();
            if !records.iter().any(|record| record.fingerprint == fingerprint) {
                let address = certificate.addresses().into_iter().next();
                records.push(KeyRecord { address, fault: fault(&certificate), fingerprint, by: None });
            }
        }
        Ok(records)
    }

    /// Returns the certificate of a key that is pinned, seen or our own.
    pub fn find_certificate(&mut self, wanted: &str) -> Result<Option<Certificate>, ClerkError> {
        self.catch_up()?;
        let own = self.keys.iter().map(|key| key.certificate().clone());
        let pinned: Result<Vec<_>, ClerkError> =
            self.index.pins()?.into_iter().map(|pin| self.certificates.get(&self.index, &pin.fingerprint)).collect();
        let all: Vec<Certificate> = own.chain(pinned?.into_iter().flatten()).chain(self.seen()?).collect();
        let wanted_key = Fingerprint::parse(wanted).ok();
        let wanted_address = Address::parse(wanted).ok();
        Ok(all.into_iter().find(|certificate| {
            wanted_key.as_ref() == Some(certificate.fingerprint())
                || wanted_address.as_ref().is_some_and(|address| certificate.addresses().contains(address))
        }))
    }

    /// Returns the certificate that a person means who accepts `wanted`. By an address it is the one that was imported
    /// and never held for it so far; where there is none, the one that holds.
    ///
    /// # Errors
    /// Where several were imported for the address: only a fingerprint tells them apart.
    pub fn certificate_to_accept(&mut self, wanted: &str) -> Result<Option<Certificate>, ClerkError> {
        let Ok(address) = Address::parse(wanted) else { return self.find_certificate(wanted) };
        self.catch_up()?;
        let mut new = Vec::new();
        for certificate in self.seen()?.into_iter().filter(|seen| seen.addresses().contains(&address)) {
            let pins = self.index.pin_by_fingerprint(certificate.fingerprint())?;
            if !pins.iter().any(|pin| pin.address == address) {
                new.push(certificate);
            }
        }
        if new.len() > 1 {
            let prints: Vec<String> = new.iter().map(|known| known.fingerprint().to_string()).collect();
            let text =
                format!("several keys of {address} were imported; name one by its fingerprint: {}", prints.join(", "));
            return Err(crate::role::Refused::new(text).into());
        }
        match new.pop() {
            Some(certificate) => Ok(Some(certificate)),
            None => self.find_certificate(wanted),
        }
    }

    /// Pins a certificate for an address: from now on its letters count.
    ///
    /// A key already pinned for the address is replaced only where `replace` says so.
    pub fn accept(&mut self, certificate: &Certificate, address: &Address, replace: bool) -> Result<(), ClerkError> {
        let now = system_time(&self.clock.now());
        if !certificate.addresses().contains(address) {
            let text = format!("the certificate {} does not name {address}", certificate.fingerprint());
            return Err(crate::role::Refused::new(text).into());
        }
        certificate
            .usable(now)
            .map_err(|fault| crate::role::Refused::new(format!("the key cannot be used: {fault}")))?;
        self.batch(|batch| {
            match batch.pinned(address)? {
                Some(pinned) if pinned == *certificate.fingerprint() && !batch.is_first_use(address)? => return Ok(()),
                Some(pinned) if pinned == *certificate.fingerprint() => {}
                Some(pinned) if !replace => {
                    let text = format!("another key ({pinned}) is pinned for {address}; replace it with --replace");
                    return Err(crate::role::Refused::new(text).into());
                }
                Some(_) | None => {}
            }
            batch.pin(certificate, address, PinnedBy::User)
        })
    }
}

impl Batch<'_> {
    /// Pins a certificate for an address.
    pub(super) fn pin(&mut self, certificate: &Certificate, address: &Address, by: PinnedBy) -> Result<(), ClerkError> {
        let file = self.clerk.settings.folders.keys.clone();
        let minimal = certificate
            .to_minimal_binary(address, system_time(&self.now))
            .map_err(|cause| ClerkError::Key { file: file.clone(), cause })?;
        let fingerprint = certificate.fingerprint().clone();
        let party = Party { address: address.clone(), fingerprint: fingerprint.clone() };
        let act = Act::Pin { party, certificate: STANDARD.encode(&minimal), by };
        self.act(None, act, Names::default(), Vec::new())?;
        let minimal = Certificate::from_bytes(&minimal).map_err(|cause| ClerkError::Key { file, cause })?;
        self.pins.insert(address.clone(), (fingerprint.clone(), by));
        self.new_certificates.insert(fingerprint, minimal);
        Ok(())
    }

    /// Returns whether the pin of an address came by first contact: a user's yes is more, and is entered.
    fn is_first_use(&self, address: &Address) -> Result<bool, ClerkError> {
        Ok(self.clerk.index.pin_of(address)?.is_some_and(|pin| pin.by == PinnedBy::FirstUse))
    }

    /// Pins the key of a first contact.
    pub(super) fn pin_stranger(&mut self, letter: &OpenLetter) -> Result<(), ClerkError> {
        let certificate = letter.opened.certificate().clone();
        self.pin(&certificate, &letter.received.letter().from.address, PinnedBy::FirstUse)
    }

    /// Notes the certificates a letter hands over, so that the parties it names can be answered in the same batch.
    pub(super) fn note_handed_over(&mut self, letter: &OpenLetter) {
        for agent in letter.received.letter().document.agents() {
            let bytes = agent.certificate.as_ref().and_then(|text| STANDARD.decode(text).ok());
            let certificate = bytes.and_then(|bytes| Certificate::from_bytes(&bytes).ok());
            if let Some(certificate) = certificate.filter(|known| *known.fingerprint() == agent.party.fingerprint) {
                self.handed_over.insert(agent.party.fingerprint.clone(), certificate);
            }
        }
    }

    /// Keeps the signer's certificate beside the ledger, so that an auditor can check the signature.
    pub(super) fn keep_certificate(&mut self, letter: &OpenLetter) {
        let certificate = letter.opened.certificate();
        let fingerprint = certificate.fingerprint().clone();
        if !self.clerk.ledger.certificate_path(&fingerprint).exists() {
            self.new_certificates.entry(fingerprint).or_insert_with(|| certificate.clone());
        }
    }
}
