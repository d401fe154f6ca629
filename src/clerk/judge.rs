//! One letter is judged, entered, and answered, in this order: what waited for it is judged again before anybody
//! answers, so that a cancellation that overtook its order is known when the order is looked at.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::ClerkError;
use super::batch::{Batch, Bytes, Signer};
use super::examine::{Examined, OpenLetter, Unread};
use super::lookups::Lookups;
use super::receipts::Receipts;
use super::take_in::Outcome;
use super::write::Written;
use crate::pgp::SetAside;
use crate::role;
use crate::rules::{Folding, Judgement, Reader, reconcile_on};
use crate::trade::{
    Address, Body, Code, Digest, Direction, Finding, Fingerprint, Kept, Key, Kind, Letter, Names, Party, Received,
    Role, Verdict,
};

/// From how many letters on it is remembered what the folds of a transaction found: fewer are folded as fast.
pub(super) const MANY: usize = 16;

impl Batch<'_> {
    /// Judges one letter, enters it, and lets the part it is for answer.
    pub(super) fn take(
        &mut self,
        letter: &OpenLetter,
        one: &Examined,
        receipts: &mut Receipts,
    ) -> Result<Outcome, ClerkError> {
        if let Some(reason) = self.refused(letter)? {
            return Ok(Outcome::aside(&reason));
        }
        if self.is_repeat(letter)? {
            if !self.is_left_original(one)? {
                self.answer_again(&letter.received)?;
            }
            return Ok(Outcome::plain(Verdict::Repeat));
        }
        let is_stranger = self.is_stranger(letter)?;
        if is_stranger {
            self.pin_stranger(letter)?;
        }
        let received = &letter.received;
        let (role, Judgement { verdict, mut findings }) = self.judge(letter)?;
        if is_stranger {
            findings.extend(self.looks_alike(received)?);
            findings.sort();
        }
        self.contents.insert((received.signer().clone(), received.content()));
        let body = Body::In {
            letter: received.shared(),
            content: letter.opened.measured(),
            signer: received.signer().clone(),
            original: one.original,
            verdict,
            findings: findings.clone(),
        };
        let bytes = Bytes {
            signed: Some(letter.opened.signed_bytes().into()),
            signature: Some((letter.opened.signature_armored().to_owned(), letter.opened.micalg())),
            sealing: None,
        };
        let place = self.enter(role, body, bytes)?;
        self.originals.push((one.spooled.path.clone(), one.original.digest));
        self.keep_certificate(letter);
        self.note_handed_over(letter)?;
        self.note_named(letter, verdict);
        self.hear_news(letter)?;
        let answered = match role {
            Some(role) => self.respond(role, letter, verdict, &findings, place)?,
            None => false,
        };
        if !answered {
            self.note_receipt(role, received, place, receipts)?;
        }
        Ok(Outcome { verdict, findings, aside: None })
    }

    /// Returns what became of a letter by the end of the batch: what seemed wrong may agree with what came after it.
    pub(super) fn settled_meanwhile(&self, outcome: Outcome, letter: Option<&OpenLetter>) -> Outcome {
        let Some(letter) = letter.filter(|_| outcome.verdict == Verdict::Warned) else { return outcome };
        let names = letter.received.letter().names();
        let role = self.part_meant(letter.received.letter());
        match self.kept(role, &names, letter.received.content(), Direction::In) {
            Some((_, kept)) if kept.counts() => Outcome { verdict: kept.verdict, findings: kept.findings, ..outcome },
            _ => outcome,
        }
    }

    /// Lets the part answer; returns whether an answer names this letter, and so is its receipt.
    fn respond(
        &mut self,
        role: Role,
        letter: &OpenLetter,
        verdict: Verdict,
        findings: &[Finding],
        place: usize,
    ) -> Result<bool, ClerkError> {
        let received = &letter.received;
        let (names, content) = (received.letter().names(), received.content());
        let unwritten = self.unwritten;
        let newly = self.judge_again(role, &names)?;
        let mut written = match verdict {
            Verdict::Applied if received.letter().kind() == Kind::CatalogRequest => self.tell_catalog(received)?,
            Verdict::Applied => self.answer(role, &names, content)?,
            Verdict::Warned if self.is_proven(received)? => {
                let refusal = role::refuse(role, received, findings);
                self.perform_within(role, &names, refusal.into_iter().collect())?
            }
            _ => Vec::new(),
        };
        for other in newly.into_iter().filter(|other| *other != content) {
            written.extend(self.answer(role, &names, other)?);
        }
        if self.unwritten > unwritten && verdict == Verdict::Applied {
            written.extend(self.reject_unanswerable(role, &names, content)?);
        }
        let answers = |body: &Body| matches!(body, Body::Out { letter, .. } if letter.answers == Some(content));
        let answered = self.pending.iter().skip(place).any(|pending| answers(&pending.entry.body));
        self.owe(place, written.into_iter().filter(|one| one.travels).map(|one| one.owed).collect());
        Ok(answered)
    }

    /// Refuses an order that no terms can be written for: too long, or in words that no letter may hold.
    pub(super) fn reject_unanswerable(
        &mut self,
        role: Role,
        names: &Names,
        content: Digest,
    ) -> Result<Vec<Written>, ClerkError> {
        let Some((transaction, kept)) = self.kept(role, names, content, Direction::In) else { return Ok(Vec::new()) };
        self.perform_within(role, names, role::unanswerable(&transaction, &kept))
    }

    /// Returns whether the sender's address is known to be the signer's: it was pinned with the key, or a letter that
    /// counts names both as a party of the transaction. Nothing is written to any other address (claim 12, B105).
    pub(super) fn is_proven(&mut self, received: &Received) -> Result<bool, ClerkError> {
        let letter = received.letter();
        if let Some(address) = self.signer_address(received.signer())? {
            return Ok(address == letter.from.address);
        }
        let known = self.book.find(self.part_meant(letter), &letter.names());
        let names = |kept: &Kept| kept.letter.document.agents().iter().any(|agent| agent.party == letter.from);
        Ok(known.is_some_and(|known| known.kept.iter().any(|kept| kept.counts() && names(kept))))
    }

    /// Returns why a letter is set aside although its signature is good.
    pub(super) fn refused(&mut self, letter: &OpenLetter) -> Result<Option<Unread>, ClerkError> {
        let received = &letter.received;
        if self.signer(received.signer())?.blocked {
            return Ok(Some(Unread::Blocked));
        }
        let unknown = || SetAside::UnknownSigner {
            issuers: vec![received.signer().to_string()],
            certificate: letter.opened.header_certificate(),
        };
        if self.signer_address(received.signer())?.is_some() {
            return Ok(self.asks_too_often(letter)?.then_some(Unread::TooOften));
        }
        // A key that no user pinned speaks only for what a shop's signed letter handed it over for.
        let kind = received.letter().kind();
        let handed_over = matches!(
            kind,
            Kind::PaymentStatus | Kind::DeliveryStatus | Kind::StatusRequest | Kind::Refusal | Kind::Receipt
        ) && !letter.opened.is_first_contact();
        // A shop's key that a person replaced goes on in the transactions whose terms name it.
        let replaced = kind == Kind::OrderStatus && self.signer(received.signer())?.was_pinned;
        if handed_over || replaced {
            return Ok(None);
        }
        if !self.is_stranger(letter)? {
            return Ok(Some(unknown().into()));
        }
        if self.asks_too_often(letter)? {
            return Ok(Some(Unread::TooOften));
        }
        let most = self.clerk.settings.strangers_per_hour;
        Ok(self.no_room_before(received.signer())?.map(|from| Unread::TooManyStrangers { most, from }))
    }

    pub(super) fn is_repeat(&self, letter: &OpenLetter) -> Result<bool, ClerkError> {
        let (signer, content) = (letter.received.signer(), letter.received.content());
        Ok(self.contents.contains(&(signer.clone(), content))
            || self.clerk.index.has_content(signer, &content)?.is_some())
    }

    /// Returns whether a repeat is the very mail its entry names as original, and that is not in the ledger: the program or
    /// the disk ended between the commit and the move, which is made up for.
    pub(super) fn is_left_original(&self, one: &Examined) -> Result<bool, ClerkError> {
        let is_kept = self.clerk.ledger.has_original(&one.original.digest);
        let Some(letter) = one.result.as_ref().ok().filter(|_| !is_kept) else { return Ok(false) };
        let (signer, content) = (letter.received.signer(), letter.received.content());
        let Some(position) = self.clerk.index.has_content(signer, &content)? else { return Ok(false) };
        if self.clerk.index.erased_by(position)?.is_some() {
            return Ok(false);
        }
        let file = self.clerk.ledger.read(position)?;
        let outline = crate::ledger::form::outline(&file)
            .map_err(|error| ClerkError::Write(format!("entry {position}: {error}")))?;
        Ok(outline.original.is_some_and(|original| original.digest == one.original.digest))
    }

    /// Returns the address a key was pinned with.
    pub(super) fn signer_address(&mut self, signer: &Fingerprint) -> Result<Option<Address>, ClerkError> {
        let new = self.pins.iter().find(|(_, (key, _))| key == signer).map(|(address, _)| address.clone());
        match new {
            Some(address) => Ok(Some(address)),
            None => Ok(self.signer(signer)?.address.clone()),
        }
    }

    /// Returns what was known of a key before the batch.
    fn signer(&mut self, key: &Fingerprint) -> Result<&Signer, ClerkError> {
        match self.signers.entry(key.clone()) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(unknown) => {
                let pins = self.clerk.index.pin_by_fingerprint(key)?;
                let was_pinned = !pins.is_empty();
                let address = pins.into_iter().find(|pin| pin.current).map(|pin| pin.address);
                let blocked = self.clerk.index.is_blocked(key)?;
                Ok(unknown.insert(Signer { address, was_pinned, blocked }))
            }
        }
    }

    /// Judges a letter: the part it is for, where we play it, the verdict and the findings.
    pub(super) fn judge(&mut self, letter: &OpenLetter) -> Result<(Option<Role>, Judgement), ClerkError> {
        let received = &letter.received;
        let role = self.part_meant(received.letter());
        if !self.clerk.settings.practice.plays(role) {
            let text = format!("the letter is for a {role}, a part that is not played here");
            let findings = vec![Finding::new(Code::WrongRole, text)];
            return Ok((None, Judgement { verdict: Verdict::Warned, findings }));
        }
        let names: Names = received.letter().names();
        self.load(role, &names)?;
        let signer_address = self.signer_address(received.signer())?;
        let mut folding = self.remembered(role, &names);
        let lookups = Lookups::default();
        let pinned = |address: &Address| lookups.answer(self.pinned(address));
        let named = |address: &Address| lookups.answer(self.named_for(address));
        let allowed = |agent: &Party| self.clerk.settings.allows_payment_agent(agent, &pinned);
        let reader = Reader {
            role,
            me: &self.clerk.me,
            now: self.now,
            signer_address,
            pinned: &pinned,
            named: &named,
            allowed: &allowed,
        };
        let judgement = reconcile_on(&self.book, received, &reader, folding.as_mut().map(|(_, folding)| folding));
        lookups.end()?;
        self.folds.extend(folding);
        Ok((Some(role), judgement))
    }

    /// Takes out what folds of a transaction with many letters found.
    fn remembered(&mut self, role: Role, names: &Names) -> Option<(Key, Folding)> {
        let known = self.book.find(role, names).filter(|known| known.kept.len() >= MANY)?;
        let folding = self.folds.remove(&known.key).unwrap_or_default();
        Some((known.key.clone(), folding))
    }

    /// Returns which key each shop named for an address last, in this batch or before.
    fn named_for(&self, address: &Address) -> Result<BTreeMap<Address, Fingerprint>, ClerkError> {
        let mut named = self.clerk.index.named(address)?;
        let new = self.named.iter().filter(|(_, party)| party.address == *address);
        named.extend(new.map(|(shop, party)| (shop.clone(), party.fingerprint.clone())));
        Ok(named)
    }

    /// Returns the part a letter is for. Receipts and refusals go to whoever wrote before and do not say which part
    /// that was: the shop and its agents get them as well as buyers do.
    pub(super) fn part_meant(&self, letter: &Letter) -> Role {
        let meant = letter.addressee();
        let practice = &self.clerk.settings.practice;
        if practice.plays(meant) || !matches!(letter.kind(), Kind::Receipt | Kind::Refusal) {
            return meant;
        }
        Role::ALL.into_iter().find(|role| practice.plays(*role)).unwrap_or(meant)
    }
}
