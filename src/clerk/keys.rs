//! Keys of others: certificates seen, and pinned by the user's yes or at first contact.
//!
//! A certificate that was only seen speaks for nobody. It lies in `keys/seen` until the user accepts it.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;

use super::batch::Batch;
use super::examine::OpenLetter;
use super::{Clerk, ClerkError};
use crate::clock::system_time;
use crate::config::Keys;
use crate::files;
use crate::maildir;
use crate::pgp::{Certificate, KeyFault, MAIL_MAX};
use crate::rules::alike;
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
    /// Whether it can be used now, and not any more in [`KEY_SOON`], as far as its certificate says today.
    pub ends_soon: bool,
}

/// How long before its end a key is told of, our own and those of others.
pub const KEY_SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Keys for Clerk {
    fn accepted(&self, address: &Address) -> Option<Fingerprint> {
        self.index().pinned(address).ok().flatten().map(|(key, _)| key)
    }

    fn is_known(&self, key: &Fingerprint) -> bool {
        let known = self.index().certificates(&[key.to_string()]).is_ok_and(|found| !found.is_empty());
        known || *key == self.me().fingerprint
    }
}

impl Clerk {
    /// Returns the key pinned for an address.
    pub fn pinned_key(&mut self, address: &Address) -> Result<Option<Fingerprint>, ClerkError> {
        self.catch_up()?;
        Ok(self.index.pinned(address)?.map(|(key, _)| key))
    }

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
            .filter_map(|file| files::read(&file.path(), files::SMALL).ok())
            .filter_map(|bytes| Certificate::from_bytes(&bytes).ok())
            .collect();
        seen.sort_by_key(|certificate| certificate.fingerprint().clone());
        Ok(seen)
    }

    /// Returns every key that is pinned or seen.
    pub fn keys(&mut self) -> Result<Vec<KeyRecord>, ClerkError> {
        self.catch_up()?;
        let [now, soon] = [0, KEY_SOON.as_secs()].map(|seconds| system_time(&self.clock.now().plus_seconds(seconds)));
        let fault = |certificate: &Certificate| certificate.usable(now).err().map(|fault: KeyFault| fault.to_string());
        let ends = |certificate: &Certificate| certificate.usable(now).is_ok() && certificate.usable(soon).is_err();
        let mut records = Vec::new();
        for pin in self.index.pins()? {
            let certificate = self.certificates.get(&self.index, &pin.fingerprint)?;
            records.push(KeyRecord {
                address: Some(pin.address),
                fault: certificate.as_ref().and_then(&fault),
                ends_soon: certificate.as_ref().is_some_and(&ends),
                fingerprint: pin.fingerprint,
                by: Some(pin.by),
            });
        }
        for certificate in self.seen()? {
            let fingerprint = certificate.fingerprint().clone();
            if !records.iter().any(|record| record.fingerprint == fingerprint) {
                let address = certificate.addresses().into_iter().next();
                let (fault, ends_soon) = (fault(&certificate), ends(&certificate));
                records.push(KeyRecord { address, fault, ends_soon, fingerprint, by: None });
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
        // A key that a shop handed over is neither pinned nor seen.
        let handed_over = match &wanted_key {
            Some(key) => self.certificates.get(&self.index, key)?,
            None => None,
        };
        Ok(all.into_iter().chain(handed_over).find(|certificate| {
            wanted_key.as_ref() == Some(certificate.fingerprint())
                || wanted_address.as_ref().is_some_and(|address| certificate.addresses().contains(address))
        }))
    }

    /// Returns the certificate of a key, our own or one that the ledger keeps.
    pub(super) fn kept_certificate(&self, key: &Fingerprint) -> Result<Option<Certificate>, ClerkError> {
        match self.keys.iter().find(|own| own.fingerprint() == key) {
            Some(own) => Ok(Some(own.certificate().clone())),
            None => self.certificates.get(&self.index, key),
        }
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
    /// A key already pinned for the address is replaced only where `replace` says so; one pinned already takes over what is
    /// new in the certificate.
    pub fn accept(&mut self, certificate: &Certificate, address: &Address, replace: bool) -> Result<(), ClerkError> {
        let now = system_time(&self.clock.now());
        if !certificate.addresses().contains(address) {
            let text = format!("the certificate {} does not name {address}", certificate.fingerprint());
            return Err(crate::role::Refused::new(text).into());
        }
        let known = self.find_certificate(certificate.fingerprint().as_str())?;
        let whole = known.map_or(Ok(certificate.clone()), |known| known.merge(certificate));
        let whole = whole.map_err(|cause| ClerkError::Key { file: self.seen_folder(), cause })?;
        whole.usable(now).map_err(|fault| crate::role::Refused::new(format!("the key cannot be used: {fault}")))?;
        self.batch(|batch| {
            match batch.pinned(address)? {
                Some(pinned) if pinned == *certificate.fingerprint() && batch.clerk.was_accepted(address)? => {
                    let party = Party { address: address.clone(), fingerprint: pinned };
                    return batch.renew_certificate(party, certificate, MAIL_MAX).map(drop);
                }
                Some(pinned) if pinned == *certificate.fingerprint() => {}
                Some(pinned) if !replace => {
                    let text = format!("another key ({pinned}) is pinned for {address}; replace it with --replace");
                    return Err(crate::role::Refused::new(text).into());
                }
                Some(_) | None => {}
            }
            batch.pin(&whole, address, PinnedBy::User)
        })
    }

    /// Returns whether the owner knows who speaks for an address, under this key where one is given: it is he himself, or
    /// the key is the one that counts and began with his own yes. A key that a shop handed over, or that came at first
    /// contact, is a stranger's, whatever became of it since.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn is_known(&self, address: &Address, key: Option<&Fingerprint>) -> Result<bool, ClerkError> {
        let is = |known: &Fingerprint| key.is_none_or(|key| key == known);
        if *address == self.me.address && is(&self.me.fingerprint) {
            return Ok(true);
        }
        let counts = self.index.pin_of(address)?;
        Ok(counts.is_some_and(|pin| is(&pin.fingerprint)) && self.was_accepted(address)?)
    }

    /// Returns the addresses that others may be made to look like: our own, and those whose key came by more than first contact.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn vouched(&self) -> Result<Vec<Address>, ClerkError> {
        Ok(std::iter::once(self.me.address.clone()).chain(self.index.vouched()?).collect())
    }

    /// Returns the known address that another one looks like.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn looks_like(&self, address: &Address) -> Result<Option<Address>, ClerkError> {
        if self.index.pinned(address)?.is_some_and(|(_, by)| by != PinnedBy::FirstUse) {
            return Ok(None);
        }
        Ok(alike::alike(address, &self.vouched()?).cloned())
    }

    /// Returns whether the owner ever said yes to a key of an address: what was signed with it since follows from that. His
    /// yes to a key of first contact, or to one that followed it, is more, and is entered.
    fn was_accepted(&self, address: &Address) -> Result<bool, ClerkError> {
        Ok(self.index.pins_of(address)?.iter().any(|pin| pin.by == PinnedBy::User))
    }
}

impl Batch<'_> {
    /// Pins a certificate for an address.
    pub(super) fn pin(&mut self, certificate: &Certificate, address: &Address, by: PinnedBy) -> Result<(), ClerkError> {
        let file = self.clerk.settings.folders.keys.clone();
        let fault = |cause| ClerkError::Key { file: file.clone(), cause };
        let minimal = certificate.to_minimal_binary(address, system_time(&self.now)).map_err(fault)?;
        let fingerprint = certificate.fingerprint().clone();
        let party = Party { address: address.clone(), fingerprint: fingerprint.clone() };
        let act = Act::Pin { party, certificate: STANDARD.encode(&minimal), by };
        self.act(None, act, Names::default(), Vec::new())?;
        let minimal = Certificate::from_bytes(&minimal).map_err(fault)?;
        // Nothing known of the key is lost, a revocation least of all.
        let known = self.certificate(&fingerprint)?.unwrap_or_else(|| minimal.clone());
        let whole = known.merge(&minimal).map_err(fault)?;
        self.pins.insert(address.clone(), (fingerprint.clone(), by));
        self.handed_over.remove(&fingerprint);
        self.new_certificates.insert(fingerprint, whole);
        Ok(())
    }

    /// Pins the key of a first contact.
    pub(super) fn pin_stranger(&mut self, letter: &OpenLetter) -> Result<(), ClerkError> {
        let certificate = letter.opened.certificate().clone();
        self.pin(&certificate, &letter.received.letter().from.address, PinnedBy::FirstUse)
    }
}
