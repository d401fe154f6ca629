//! From a draft to an entry: the letter gets its number, date, Message-ID, tree head and certificates, and its bytes.
//!
//! It is signed and sealed when the batch is committed.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::ClerkError;
use super::batch::{Batch, Bytes};
use super::chance;
use super::judge::MANY;
use crate::clock::system_time;
use crate::mail;
use crate::pgp::Certificate;
use crate::role::{self, Action, Draft};
use crate::rules::rejudge_on;
use crate::trade::{
    Act, Address, Body, Digest, Direction, Document, Download, Fingerprint, Kept, Kind, Letter, Measured, MessageId,
    Moment, Names, Owed, Party, Role, Transaction, Verdict,
};

/// A letter that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What the entry that caused it owes.
    pub owed: Owed,
    /// Content digest.
    pub content: Digest,
    /// Whether it travels; a letter between two parts at one address is an entry alone.
    pub travels: bool,
}

impl Batch<'_> {
    /// Does what a part decided; returns the letters written, those that follow from them included.
    pub fn perform(&mut self, actions: Vec<Action>) -> Result<Vec<Written>, ClerkError> {
        let mut written = Vec::new();
        for action in actions {
            match action {
                Action::Send(draft) => self.try_to_send(*draft, &mut written)?,
                Action::Give { role, names, task } => self.give(role, &names, task)?,
                Action::End { role, names, key, said } => self.end(role, &names, key, said)?,
                Action::Resend(content) => {
                    if let Some(position) = self.clerk.index.sent_content(&content)? {
                        self.send_again(position)?;
                    }
                }
            }
        }
        Ok(written)
    }

    /// Writes a letter; one that cannot be written is told of, unless a person waits for it.
    fn try_to_send(&mut self, draft: Draft, written: &mut Vec<Written>) -> Result<(), ClerkError> {
        let (kind, to) = (draft.document.kind(), draft.to.address.clone());
        match self.send(draft, written) {
            Err(error) if error.is_about_letter() && !self.by_person => {
                self.unwritten = self.unwritten.saturating_add(1);
                self.clerk.notes.push(format!("{kind} to {to}: {error}"));
                Ok(())
            }
            other => other,
        }
    }

    /// Writes a letter, and what follows from it: what was judged without it is judged again, the part that wrote it goes
    /// on, and the part at this address that it is for, if it is for one, answers.
    fn send(&mut self, draft: Draft, written: &mut Vec<Written>) -> Result<(), ClerkError> {
        let role = draft.role;
        let letter = self.letter(draft)?;
        let names = letter.names();
        let reader = letter.stays_here().then(|| letter.addressee());
        let one = self.write(role, letter)?;
        let content = one.content;
        written.push(one);
        for newly in self.judge_again(role, &names)? {
            written.extend(self.answer(role, &names, newly)?);
        }
        if let Some((transaction, kept)) = self.kept(role, &names, content, Direction::Out) {
            let actions = role::follow_up(&transaction, &kept, &self.desk(&transaction)?);
            written.extend(self.perform(actions)?);
        }
        if let Some(reader) = reader {
            self.judge_again(reader, &names)?;
            written.extend(self.answer(reader, &names, content)?);
        }
        Ok(())
    }

    /// Returns a letter with the transaction that keeps it.
    pub(super) fn kept(
        &self,
        role: Role,
        names: &Names,
        content: Digest,
        direction: Direction,
    ) -> Option<(Transaction, Kept)> {
        let transaction = self.book.find(role, names)?;
        let kept = transaction.kept.iter().rev().find(|kept| kept.content == content && kept.direction == direction)?;
        Some((transaction.clone(), kept.clone()))
    }

    /// Returns the number for our next letter to `to`: above what the ledger has, and what `to` has acknowledged.
    fn next_seq(&self, role: Role, names: &Names, to: &Fingerprint) -> Result<u32, ClerkError> {
        let known = self.book.find(role, names);
        let number = names.number.clone().or_else(|| known.and_then(|known| known.number.clone()));
        let claimed = match (&names.shop, number) {
            (Some(shop), Some(number)) => self.clerk.index.claimed(to, shop, &number)?,
            _ => 0,
        };
        let lost = known.map_or(0, |known| known.lost_to(to));
        Ok(self.book.next_seq(names, to).max(claimed.saturating_add(lost).saturating_add(1)))
    }

    /// Turns a draft into a letter.
    fn letter(&mut self, draft: Draft) -> Result<Letter, ClerkError> {
        let mut names = draft.names;
        self.load_all_parts(&names)?;
        let numbered = draft.document.kind().is_numbered();
        let seq = self.next_seq(draft.role, &names, &draft.to.fingerprint)?;
        let transaction = self.book.find(draft.role, &names);
        let mut references: Vec<MessageId> = Vec::new();
        if let Some(known) = transaction {
            // Of what others wrote to each other its reader learns nothing, least of all that it is known here (P53).
            let between = |kept: &&Kept| kept.letter.from == draft.to || kept.letter.to == draft.to;
            references.extend(known.kept.iter().find(between).map(|kept| kept.letter.id.clone()));
            let answered = draft.answers.and_then(|content| known.by_content(&content));
            references.extend(answered.map(|kept| kept.letter.id.clone()).filter(|id| references.first() != Some(id)));
        }
        if names.order.is_none() && names.number.is_none() && !draft.document.kind().is_about_shop() {
            names.shop = None;
        }
        Ok(Letter {
            from: self.clerk.me.clone(),
            to: draft.to,
            date: self.now.whole_second(),
            id: self.message_id()?,
            references,
            shop: names.shop,
            transaction: names.number,
            order: names.order,
            seq: numbered.then_some(seq),
            terms: draft.terms,
            answers: draft.answers,
            replaces: draft.replaces,
            as_of: draft.as_of.map(|moment| moment.whole_second()),
            done: draft.done,
            head: Some(self.root),
            document: self.with_certificates(draft.document)?,
        })
    }

    /// Brings the transaction into the book as every part at this address knows it, by order ID and by number: letters
    /// to one recipient are counted over all parts.
    fn load_all_parts(&mut self, names: &Names) -> Result<(), ClerkError> {
        let parts: Vec<Role> = Role::ALL.into_iter().filter(|role| self.clerk.settings.practice.plays(*role)).collect();
        for role in &parts {
            self.load(*role, names)?;
        }
        let known = parts.iter().find_map(|role| self.book.find(*role, names)?.number.clone());
        if let Some(number) = known.filter(|number| names.number.as_ref() != Some(number)) {
            let by_number = Names { number: Some(number), order: None, shop: names.shop.clone() };
            for role in &parts {
                self.load(*role, &by_number)?;
            }
        }
        Ok(())
    }

    /// Makes a random Message-ID: no transaction number, no host name.
    fn message_id(&self) -> Result<MessageId, ClerkError> {
        let chance: [u8; 16] = chance()?;
        let domain = self.clerk.me.address.as_str().split_once('@').map_or("mailorder.invalid", |(_, domain)| domain);
        let text = format!("{}@{domain}", hex::encode(chance));
        MessageId::parse(&text).map_err(|error| ClerkError::Settings(error.to_string()))
    }

    /// Adds the certificates of the parties a letter names, so that its reader can seal to them and check them.
    fn with_certificates(&self, mut document: Document) -> Result<Document, ClerkError> {
        let now = system_time(&self.now);
        let offers = matches!(document, Document::TransactionInfo(_));
        for agent in document.agents_mut() {
            if agent.party.fingerprint == self.clerk.me.fingerprint {
                continue;
            }
            let certificate = self.certificate(&agent.party.fingerprint)?;
            let minimal = certificate.and_then(|known| known.to_minimal_binary(&agent.party.address, now).ok());
            // Terms that name an agent nobody can write to would never be done.
            if minimal.is_none() && offers {
                return Err(ClerkError::NoCertificate(agent.party.address.to_string()));
            }
            agent.certificate = minimal.map(|bytes| STANDARD.encode(bytes));
        }
        Ok(document)
    }

    /// Puts a letter in words and enters it.
    fn write(&mut self, role: Role, letter: Letter) -> Result<Written, ClerkError> {
        if let Some(fault) = &self.key_fault {
            return Err(ClerkError::OwnKey(fault.clone()));
        }
        let recipient = self.certificate(&letter.to.fingerprint)?;
        let recipient = recipient.ok_or_else(|| ClerkError::NoCertificate(letter.to.address.to_string()))?;
        // What happened in a transaction is entered, and waits for the key (F37); nothing is begun with one that is none.
        if self.by_person && matches!(letter.kind(), Kind::Order | Kind::CatalogRequest) {
            check_usable(&recipient, &letter.to.address, &self.now)?;
        }
        let file = |digest: &Digest| self.files.get(digest).map(Vec::as_slice);
        let signed = mail::write_with(&letter, &self.clerk.texts, &file);
        let signed = signed.map_err(|error| ClerkError::Write(error.to_string()))?;
        let content = Measured::of(&signed);
        let owed = Owed { id: letter.id.clone(), kind: letter.kind(), to: letter.to.address.clone() };
        let travels = !letter.stays_here();
        let sealer = self.sealer()?;
        let bytes = Bytes { signed: Some(signed.into()), ..Bytes::default() };
        let place = self.enter(Some(role), Body::Out { letter: Arc::new(letter), content }, bytes)?;
        if let Some(sealer) = sealer {
            self.begin_sealing(place, sealer, recipient);
        }
        Ok(Written { owed, content: content.digest, travels })
    }

    /// Enters the verdicts that changed; returns the letters that count only now. One of them may be what another waits for, so
    /// it is looked again until nothing changes, at most once for each letter.
    pub(super) fn judge_again(&mut self, role: Role, names: &Names) -> Result<Vec<Digest>, ClerkError> {
        let mut newly = Vec::new();
        let letters = self.book.find(role, names).map_or(0, |known| known.kept.len());
        for _ in 0..letters {
            let Some(transaction) = self.book.find(role, names) else { break };
            let is_long = transaction.kept.len() >= MANY;
            let folding = is_long.then(|| self.folds.entry(transaction.key.clone()).or_default());
            let acts = rejudge_on(transaction, folding);
            if acts.is_empty() {
                break;
            }
            let transaction = transaction.clone();
            for act in acts {
                if let Act::Verdict { content, verdict: Verdict::Applied, .. } = &act {
                    newly.push(*content);
                }
                self.act_on(&transaction, act)?;
            }
        }
        Ok(newly)
    }

    /// Lets a part decide about a transaction, and writes what it decided.
    pub(super) fn decided(
        &mut self,
        key: &crate::trade::Key,
        decide: impl FnOnce(&Transaction, &role::Desk<'_>) -> Result<Vec<Action>, role::Refused>,
    ) -> Result<Vec<Written>, ClerkError> {
        let known = self.still(key)?;
        let actions = decide(&known, &self.desk(&known)?)?;
        self.perform(actions)
    }

    /// Returns a transaction that was found before the batch began.
    pub(super) fn still(&mut self, key: &crate::trade::Key) -> Result<Transaction, ClerkError> {
        let known = self.load_key(key)?;
        Ok(known.ok_or_else(|| role::Refused::new("the transaction is not in the ledger any more"))?)
    }

    /// Enters an act about a letter of a transaction.
    pub(super) fn act_on(&mut self, transaction: &Transaction, act: Act) -> Result<(), ClerkError> {
        let content = match &act {
            Act::Verdict { content, .. } => Some(*content),
            Act::Settle { content, .. } => *content,
            Act::Give { task } => task.about,
            Act::Said { .. }
            | Act::Received { .. }
            | Act::Genesis { .. }
            | Act::Pin { .. }
            | Act::Schedule { .. }
            | Act::Unschedule { .. }
            | Act::Redaction(_) => None,
        };
        let about = content.and_then(|content| transaction.by_content(&content)).map(|kept| kept.position);
        self.act(Some(transaction.key.role), act, transaction.names(), about.into_iter().collect())
    }

    /// Lets the part answer a letter that counts.
    pub(super) fn answer(&mut self, role: Role, names: &Names, content: Digest) -> Result<Vec<Written>, ClerkError> {
        let Some((transaction, kept)) = self.kept(role, names, content, Direction::In) else { return Ok(Vec::new()) };
        let payment_data = self.present(role, &kept)?;
        let desk = role::Desk { payment_data, ..self.desk(&transaction)? };
        let actions = role::answer(&transaction, &kept, &desk);
        let actions = self.unless_unseen(&transaction, actions)?;
        self.perform_within(role, names, actions)
    }
}

/// Checks that letters can be sealed to a certificate at `now`.
fn check_usable(certificate: &Certificate, address: &Address, now: &Moment) -> Result<(), ClerkError> {
    let fault = |fault| ClerkError::Unusable { address: address.to_string(), fault };
    certificate.usable(system_time(now)).map_err(fault)
}

impl super::Clerk {
    /// Lets a part decide about one transaction, as the ledger has it now, and writes what it decided.
    ///
    /// # Errors
    /// What the part refuses, and what keeps the letters from being written; then nothing is written.
    pub fn command(
        &mut self,
        key: &crate::trade::Key,
        decide: impl FnOnce(&Transaction, &role::Desk<'_>) -> Result<Vec<Action>, role::Refused>,
    ) -> Result<Vec<Written>, ClerkError> {
        self.command_with_file(key, None, decide)
    }

    /// The same, with the bytes of a file that the part may send with a letter.
    ///
    /// # Errors
    /// As for [`Clerk::command`].
    pub fn command_with_file(
        &mut self,
        key: &crate::trade::Key,
        file: Option<Vec<u8>>,
        decide: impl FnOnce(&Transaction, &role::Desk<'_>) -> Result<Vec<Action>, role::Refused>,
    ) -> Result<Vec<Written>, ClerkError> {
        self.look_at_catalog()?;
        self.batch(|batch| {
            batch.files.extend(file.map(|bytes| (Digest::of(&bytes), bytes)));
            batch.decided(key, decide)
        })
    }

    /// Returns a desk at `now` for what is only to be looked at: it has no chance, so no number made on it is used.
    pub fn desk_to_look(&self, now: &Moment) -> role::Desk<'_> {
        let practice = &self.settings.practice;
        role::Desk::new(&self.me, *now, [0; 32], practice)
    }

    /// Returns a file that goods are, out of the entry of the letter it came or went with.
    ///
    /// # Errors
    /// Where the entry cannot be read, or has no such file.
    pub fn attached(&self, position: u64, download: &Download) -> Result<Vec<u8>, ClerkError> {
        let file = self.ledger.read(position)?;
        let unreadable = |error: &dyn std::fmt::Display| ClerkError::Write(format!("entry {position}: {error}"));
        let entry = crate::ledger::form::parse(&file, &super::open::reread).map_err(|error| unreadable(&error))?;
        let signed = entry.seal.map(|seal| seal.signed).unwrap_or_default();
        mail::attached_file(signed, download).map_err(|error| unreadable(&error))
    }

    /// Returns the human text of a letter, out of its entry: for people, who must not take anything for agreed by it.
    ///
    /// # Errors
    /// Where the entry cannot be read, or is no letter.
    pub fn letter_text(&self, position: u64) -> Result<String, ClerkError> {
        let file = self.ledger.read(position)?;
        let unreadable = |error: &dyn std::fmt::Display| ClerkError::Write(format!("entry {position}: {error}"));
        let entry = crate::ledger::form::parse(&file, &super::open::reread).map_err(|error| unreadable(&error))?;
        let signed = entry.seal.map(|seal| seal.signed).unwrap_or_default();
        mail::human_text(signed).map_err(|error| unreadable(&error))
    }

    /// Lets a part decide about several transactions in one batch. Where one is refused, nothing is written.
    pub fn commands(
        &mut self,
        keys: &[crate::trade::Key],
        decide: impl Fn(&Transaction, &role::Desk<'_>) -> Result<Vec<Action>, role::Refused>,
    ) -> Result<Vec<Written>, ClerkError> {
        self.look_at_catalog()?;
        self.batch(|batch| {
            let mut written = Vec::new();
            for key in keys {
                let Some(known) = batch.load_key(key)? else { continue };
                let actions = decide(&known, &batch.desk(&known)?)?;
                written.extend(batch.perform(actions)?);
            }
            Ok(written)
        })
    }

    /// Checks that something can be begun with a party: that a letter to it can be sealed now.
    ///
    /// # Errors
    /// Where its certificate is missing, or cannot be used any more.
    pub fn check_reader(&self, party: &Party) -> Result<(), ClerkError> {
        let certificate = self.kept_certificate(&party.fingerprint)?;
        let certificate = certificate.ok_or_else(|| ClerkError::NoCertificate(party.address.to_string()))?;
        check_usable(&certificate, &party.address, &self.clock.now())
    }

    /// Writes letters that belong to no transaction yet: an order, or the question what is sold.
    pub fn post(&mut self, drafts: Vec<Draft>) -> Result<Vec<Written>, ClerkError> {
        self.batch(|batch| batch.perform(drafts.into_iter().map(Action::from).collect()))
    }
}
