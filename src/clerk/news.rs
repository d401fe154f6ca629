//! What is new about keys that are known: a new expiry, subkey or revocation comes with a letter, or from a file.
//!
//! It counts when the primary key signed it, whoever brought it. It founds no pin, replaces none, and widens none: no
//! address is added by it. A certificate of another fingerprint is never news of a key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::batch::Batch;
use super::examine::OpenLetter;
use super::{Clerk, ClerkError, LOCK_WAIT, certificates};
use crate::clock::system_time;
use crate::pgp::{Certificate, MAIL_MAX};
use crate::trade::{Act, Body, Document, Fingerprint, Names, Party, PinnedBy, Verdict};

/// The most bytes a certificate may grow to by what its owner's letters bring.
const GROWN_MAX: usize = 64 * 1024;
/// How many bytes of revocations are let in beyond that.
const REVOCATIONS: usize = 16 * 1024;
/// How often in a day headers may bring news of a key, beside revocations.
const MERGES_A_DAY: usize = 4;

impl Batch<'_> {
    /// Notes the certificates a letter hands over, so that the parties it names can be answered in the same batch.
    pub(super) fn note_handed_over(&mut self, letter: &OpenLetter) -> Result<(), ClerkError> {
        for agent in letter.received.letter().document.agents() {
            let Some(text) = &agent.certificate else { continue };
            if self.clerk.index.has_certificate(text)? {
                continue;
            }
            let certificate = certificates::parse(text);
            let fingerprint = &agent.party.fingerprint;
            let Some(certificate) = certificate.filter(|known| known.fingerprint() == fingerprint) else { continue };
            let whole = match self.certificate(fingerprint)? {
                Some(known) => known.merge(&certificate).unwrap_or(known),
                None => certificate,
            };
            if self.clerk.ledger.certificate_path(fingerprint).exists() {
                self.new_certificates.insert(fingerprint.clone(), whole.clone());
            }
            self.handed_over.insert(fingerprint.clone(), whole);
        }
        Ok(())
    }

    /// Notes which keys a shop named in terms that count.
    pub(super) fn note_named(&mut self, letter: &OpenLetter, verdict: Verdict) {
        let letter = letter.received.letter();
        if let (Verdict::Applied, Document::TransactionInfo(terms)) = (verdict, &letter.document) {
            let named = terms.agents.iter().map(|agent| (letter.from.address.clone(), agent.party.clone()));
            self.named.extend(named);
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

    /// Takes over what the header of a letter that was let in says that is new about its signer's own key.
    pub(super) fn hear_news(&mut self, letter: &OpenLetter) -> Result<(), ClerkError> {
        let signer = letter.received.signer();
        let [header] = letter.opened.autocrypt_headers() else { return Ok(()) };
        if self.clerk.certificates.is_old_news(signer, header) {
            return Ok(());
        }
        let same = header.split_once("keydata=").map(|(_, text)| text.split_whitespace().collect::<String>());
        if !same.is_some_and(|text| self.clerk.index.has_certificate(&text).unwrap_or(false))
            && let Some(offered) = letter.opened.header_certificate().filter(|one| one.fingerprint() == signer)
        {
            let party = Party { address: letter.received.letter().from.address.clone(), fingerprint: signer.clone() };
            self.renew_certificate(party, &offered, GROWN_MAX)?;
        }
        self.clerk.certificates.note_header(signer, header);
        Ok(())
    }

    /// Enters what `offered` adds to the certificate of a key that is known, up to `most` bytes; returns whether it adds
    /// anything.
    ///
    /// Where that is too much, or headers brought news of this key too often today, what it revokes counts all the same.
    pub(super) fn renew_certificate(
        &mut self,
        party: Party,
        offered: &Certificate,
        most: usize,
    ) -> Result<bool, ClerkError> {
        let fingerprint = party.fingerprint.clone();
        let Some(known) = self.certificate(&fingerprint)? else { return Ok(false) };
        let often = most == GROWN_MAX && self.merges_today(&fingerprint)? >= MERGES_A_DAY;
        let whole = if often { None } else { addition(&known, offered, most) };
        let revoked = || addition(&known, &offered.revocations().ok()?, most.saturating_add(REVOCATIONS));
        let Some((renewed, binary)) = whole.or_else(revoked) else { return Ok(false) };
        let act = Act::Pin { party, certificate: STANDARD.encode(binary), by: PinnedBy::Merge };
        self.act(None, act, Names::default(), Vec::new())?;
        self.handed_over.remove(&fingerprint);
        self.new_certificates.insert(fingerprint, renewed);
        Ok(true)
    }

    /// Returns how many merges of a key are entered today, those of this batch included.
    fn merges_today(&self, key: &Fingerprint) -> Result<usize, ClerkError> {
        let recorded = crate::ledger::recordable(&self.now).to_string();
        let before = self.clerk.index.merges_on(key, recorded.get(..10).unwrap_or_default())?;
        let is_merge = |body: &Body| matches!(body, Body::Own { act: Act::Pin { party, by: PinnedBy::Merge, .. }, .. } if party.fingerprint == *key);
        let now = self.pending.iter().filter(|pending| is_merge(&pending.entry.body)).count();
        Ok(before.saturating_add(now))
    }
}

/// Returns a certificate with what another copy adds, and its bytes; `None` where it adds nothing, or they are more than
/// `most`.
fn addition(known: &Certificate, offered: &Certificate, most: usize) -> Option<(Certificate, Vec<u8>)> {
    let renewed = known.refresh(offered).ok().filter(|renewed| renewed.adds_to(known))?;
    let binary = renewed.to_own_binary().ok().filter(|binary| binary.len() <= most)?;
    Some((renewed, binary))
}

impl Clerk {
    /// Takes over what a certificate from a file adds to those known of the same key; returns whether it adds anything. A
    /// key that is not known stays so.
    pub fn renew_known(&mut self, offered: &Certificate) -> Result<bool, ClerkError> {
        let fingerprint = offered.fingerprint().clone();
        if fingerprint == self.me.fingerprint {
            return Ok(false);
        }
        self.batch(|batch| {
            let pinned = batch.clerk.index.pin_by_fingerprint(&fingerprint)?.pop().map(|pin| pin.address);
            let address = pinned.or_else(|| offered.addresses().into_iter().next());
            let Some(address) = address else { return Ok(false) };
            batch.renew_certificate(Party { address, fingerprint }, offered, MAIL_MAX)
        })
    }

    /// Seals and queues the letters that wait for their readers' keys, as far as these can be used now (F37).
    pub(super) fn seal_waiting(&mut self) -> Result<(), ClerkError> {
        let now = system_time(&self.clock.now());
        let mut ready = Vec::new();
        for waiting in self.index.unsealed()? {
            let certificate = self.certificates.get(&self.index, &waiting.recipient)?;
            if certificate.is_some_and(|certificate| certificate.usable(now).is_ok()) {
                ready.push(waiting.position);
            }
        }
        if ready.is_empty() || self.key_fault().is_some() {
            return Ok(());
        }
        let _lock = self.ledger.lock(LOCK_WAIT, Some(self.index.mark()))?;
        let now = self.clock.now();
        ready.into_iter().try_for_each(|position| self.queue_or_tell(position, now))
    }
}
