//! From a draft to an entry: the letter gets its number, date, Message-ID, tree head and certificates, and its bytes.
//!
//! It is signed and sealed when the batch is committed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::ClerkError;
use super::batch::{Batch, Bytes};
use crate::clock::system_time;
use crate::mail;
use crate::role::{self, Action, Draft};
use crate::trade::{Body, Digest, Document, Letter, Measured, MessageId, Owed, Role, Verdict};

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
    pub fn perform(&mut self, actions: Vec<Action>, stranger: bool) -> Result<Vec<Written>, ClerkError> {
        let mut written = Vec::new();
        for action in actions {
            match action {
                Action::Send(draft) => self.send(*draft, stranger, &mut written)?,
                Action::Resend(content) => {
                    if let Some(position) = self.clerk.index.by_content(&content)? {
                        self.resend.insert(position);
                    }
                }
            }
        }
        Ok(written)
    }

    fn send(&mut self, draft: Draft, stranger: bool, written: &mut Vec<Written>) -> Result<(), ClerkError> {
        let role = draft.role;
        let letter = self.letter(draft)?;
        let names = letter.names();
        let stays = letter.stays_here();
        let addressee = letter.addressee();
        let one = self.write(role, letter)?;
        let content = one.content;
        written.push(one);
        // What follows from our own letter, and what the part at this address that it is for does about it.
        let parts = if stays { vec![role, addressee] } else { vec![role] };
        for (place, part) in parts.into_iter().enumerate() {
            let Some(transaction) = self.book.find(part, &names).cloned() else { continue };
            let arrived = place == 1;
            let direction = if arrived { crate::trade::Direction::In } else { crate::trade::Direction::Out };
            let kept =
                transaction.kept.iter().rev().find(|kept| kept.content == content && kept.direction == direction);
            let Some(kept) = kept else { continue };
            let desk = self.desk(stranger)?;
            let actions = if arrived {
                role::answer(&transaction, kept, &desk)
            } else {
                role::follow_up(&transaction, kept, &desk)
            };
            written.extend(self.perform(actions, stranger)?);
        }
        Ok(())
    }

    /// Turns a draft into a letter.
    fn letter(&mut self, draft: Draft) -> Result<Letter, ClerkError> {
        let mut names = draft.names;
        self.load_all_parts(&names)?;
        // One address may play several parts: its letters to one recipient are counted together.
        let numbered = draft.document.kind().is_numbered();
        let of_all = Role::ALL.into_iter().filter_map(|role| self.book.find(role, &names));
        let seq = of_all.map(|known| known.next_seq(&draft.to.fingerprint)).max().unwrap_or(1);
        let transaction = self.book.find(draft.role, &names);
        let mut references: Vec<MessageId> = Vec::new();
        if let Some(known) = transaction {
            references.extend(known.kept.first().map(|kept| kept.letter.id.clone()));
            let answered = draft.answers.and_then(|content| known.by_content(&content));
            references.extend(answered.map(|kept| kept.letter.id.clone()).filter(|id| references.first() != Some(id)));
        }
        if names.order.is_none() && names.number.is_none() {
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
            replaces: None,
            as_of: draft.as_of.map(|moment| moment.whole_second()),
            done: draft.done,
            head: Some(self.root),
            document: self.with_certificates(draft.document)?,
        })
    }

    fn load_all_parts(&mut self, names: &crate::trade::Names) -> Result<(), ClerkError> {
        for role in Role::ALL {
            if self.clerk.settings.practice.plays(role) {
                self.load(role, names)?;
            }
        }
        Ok(())
    }

    /// Makes a random Message-ID: no transaction number, no host name.
    fn message_id(&self) -> Result<MessageId, ClerkError> {
        let mut chance = [0; 16];
        getrandom::fill(&mut chance).map_err(|error| ClerkError::Settings(format!("no random numbers: {error}")))?;
        let domain = self.clerk.me.address.as_str().split_once('@').map_or("mailorder.invalid", |(_, domain)| domain);
        let text = format!("{}@{domain}", hex::encode(chance));
        MessageId::parse(&text).map_err(|error| ClerkError::Settings(error.to_string()))
    }

    /// Adds the certificates of the parties a letter names, so that its reader can seal to them and check them.
    fn with_certificates(&self, mut document: Document) -> Result<Document, ClerkError> {
        let now = system_time(&self.now);
        for agent in document.agents_mut() {
            if agent.party.fingerprint == self.clerk.me.fingerprint {
                continue;
            }
            let certificate = self.certificate(&agent.party.fingerprint)?;
            let minimal = certificate.and_then(|known| known.to_minimal_binary(&agent.party.address, now).ok());
            agent.certificate = minimal.map(|bytes| STANDARD.encode(bytes));
        }
        Ok(document)
    }

    /// Puts a letter in words and enters it.
    fn write(&mut self, role: Role, letter: Letter) -> Result<Written, ClerkError> {
        let recipient = self.certificate(&letter.to.fingerprint)?;
        let recipient = recipient.ok_or_else(|| ClerkError::NoCertificate(letter.to.address.to_string()))?;
        let signed = mail::write(&letter, &self.clerk.texts).map_err(|error| ClerkError::Write(error.to_string()))?;
        let content = Measured::of(&signed);
        let owed = Owed { id: letter.id.clone(), kind: letter.kind(), to: letter.to.address.clone() };
        let travels = !letter.stays_here();
        let bytes = Bytes { signed: Some(signed), signature: None, recipient: Some(recipient) };
        self.enter(Some(role), Body::Out { letter: Box::new(letter), content }, bytes)?;
        Ok(Written { owed, content: content.digest, travels })
    }

    /// Enters the verdicts that changed, and lets the part answer what counts now.
    pub(super) fn rejudge(&mut self, role: Role, names: &crate::trade::Names) -> Result<Vec<Written>, ClerkError> {
        let mut written = Vec::new();
        let Some(transaction) = self.book.find(role, names).cloned() else { return Ok(written) };
        for act in crate::rules::rejudge(&transaction) {
            let crate::trade::Act::Verdict { content, verdict, .. } = &act else { continue };
            let (content, verdict) = (*content, *verdict);
            let about = transaction.by_content(&content).map(|kept| kept.position).into_iter().collect();
            let names = crate::trade::Names {
                shop: Some(transaction.key.shop.clone()),
                number: transaction.number.clone(),
                order: Some(transaction.key.id.clone()),
            };
            self.act(Some(role), act, names.clone(), about)?;
            if verdict == Verdict::Applied {
                written.extend(self.answer(role, &names, content, false)?);
            }
        }
        Ok(written)
    }

    /// Lets the part answer a letter that counts.
    pub(super) fn answer(
        &mut self,
        role: Role,
        names: &crate::trade::Names,
        content: Digest,
        stranger: bool,
    ) -> Result<Vec<Written>, ClerkError> {
        let Some(transaction) = self.book.find(role, names).cloned() else { return Ok(Vec::new()) };
        let Some(kept) = transaction.by_content(&content) else { return Ok(Vec::new()) };
        let actions = role::answer(&transaction, kept, &self.desk(stranger)?);
        self.perform(actions, stranger)
    }
}

impl super::Clerk {
    /// Lets a part decide about one transaction, as the ledger has it now, and writes what it decided.
    ///
    /// # Errors
    /// What the part refuses, and what keeps the letters from being written; then nothing is written.
    pub fn command(
        &mut self,
        key: &crate::trade::Key,
        decide: impl FnOnce(&crate::trade::Transaction, &role::Desk<'_>) -> Result<Vec<Action>, role::Refused>,
    ) -> Result<Vec<Written>, ClerkError> {
        self.batch(|batch| {
            let known = batch.load_key(key)?;
            let known = known.ok_or_else(|| role::Refused::new("the transaction is not in the ledger any more"))?;
            let actions = decide(&known, &batch.desk(false)?)?;
            batch.perform(actions, false)
        })
    }

    /// Lets a part decide about several transactions in one batch. Where one is refused, nothing is written.
    pub fn commands(
        &mut self,
        keys: &[crate::trade::Key],
        decide: impl Fn(&crate::trade::Transaction, &role::Desk<'_>) -> Result<Vec<Action>, role::Refused>,
    ) -> Result<Vec<Written>, ClerkError> {
        self.batch(|batch| {
            let mut written = Vec::new();
            for key in keys {
                let Some(known) = batch.load_key(key)? else { continue };
                let actions = decide(&known, &batch.desk(false)?)?;
                written.extend(batch.perform(actions, false)?);
            }
            Ok(written)
        })
    }

    /// Writes letters that belong to no transaction yet: an order.
    pub fn post(&mut self, drafts: Vec<Draft>) -> Result<Vec<Written>, ClerkError> {
        self.batch(|batch| batch.perform(drafts.into_iter().map(Action::from).collect(), false))
    }
}
