//! One party: what the clerk does, without bytes, files and keys.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use mailorder::role::{self, Action, Draft, Practice, Refused};
use mailorder::rules::unheard::{day, is_due, unheard};
use mailorder::trade::document::{Receipt, Received as Line};
use mailorder::trade::{
    Body, Digest, Direction, Document, Fingerprint, Key, Kind, Letter, Measured, MessageId, Moment, Names, Party,
    Received, Role, Settlement, Transaction, Verdict,
};

use super::chance::Chance;
use crate::support::trade::{Desk, content};

/// A letter on its way, with the key that signed it.
#[derive(Debug, Clone)]
pub struct Mail {
    pub letter: Letter,
    pub signer: Fingerprint,
}

/// How a party is broken on purpose, to see the checker find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// None.
    Sound,
    /// It believes what it was warned about.
    Gullible,
    /// It takes a repeat for a new letter.
    Forgetful,
    /// It never sends a letter again.
    Silent,
    /// It panics when an order comes.
    Panics,
}

/// One account.
pub struct Account {
    pub desk: Desk,
    pub practice: Practice,
    pub fault: Fault,
    pub outbox: Vec<Mail>,
    /// Who signed what came in.
    pub signers: BTreeMap<Digest, Fingerprint>,
    pub set_aside: usize,
    pub transmissions: BTreeMap<Digest, (usize, Date)>,
    /// How much was done because its time had come.
    pub due: usize,
    /// What was due once more when it had been done.
    pub due_again: Option<Key>,
    seen: BTreeSet<(Fingerprint, Digest)>,
    receipts: BTreeSet<(Fingerprint, Digest)>,
    owed: BTreeMap<Party, Vec<Line>>,
    letters: BTreeMap<Digest, Letter>,
    chance: Chance,
}

impl Account {
    pub fn new(me: &Party, practice: Practice, fault: Fault, chance: Chance) -> Self {
        Self {
            desk: Desk::new(me),
            practice,
            fault,
            outbox: Vec::new(),
            signers: BTreeMap::new(),
            set_aside: 0,
            transmissions: BTreeMap::new(),
            due: 0,
            due_again: None,
            seen: BTreeSet::new(),
            receipts: BTreeSet::new(),
            owed: BTreeMap::new(),
            letters: BTreeMap::new(),
            chance,
        }
    }

    pub fn me(&self) -> &Party {
        &self.desk.me
    }

    /// Takes one mail in.
    pub fn receive(&mut self, mail: &Mail) {
        let (letter, signer) = (&mail.letter, &mail.signer);
        assert!(self.fault != Fault::Panics || letter.kind() != Kind::Order, "an order came");
        // `mail::read` takes no letter that names another key than the one that signed it.
        if letter.from.fingerprint != *signer
            || letter.to != self.desk.me
            || !self.desk.pins.values().any(|key| key == signer)
        {
            self.set_aside += 1;
            return;
        }
        let digest = content(letter);
        if self.seen.contains(&(signer.clone(), digest)) && self.fault != Fault::Forgetful {
            return self.repeat(letter, digest);
        }
        self.seen.insert((signer.clone(), digest));
        self.signers.insert(digest, signer.clone());
        if let Document::Receipt(receipt) = &letter.document {
            self.receipts.extend(receipt.received.iter().map(|line| (signer.clone(), line.content)));
            return;
        }
        let before = self.answers_to(&digest);
        self.enter(letter, signer, digest);
        if self.answers_to(&digest) == before {
            self.owe(letter, digest);
        }
    }

    fn enter(&mut self, letter: &Letter, signer: &Fingerprint, digest: Digest) {
        let (role, names) = (letter.addressee(), letter.names());
        if !self.practice.plays(role) {
            self.set_aside += 1;
            return;
        }
        let received = Received::attest(letter.clone(), digest, signer.clone(), Vec::new());
        let judgement = self.desk.judges(role, letter, signer);
        let measured = Measured::of(&serde_json::to_vec(letter).unwrap());
        self.desk.enter(
            Some(role),
            Body::In {
                letter: Arc::new(letter.clone()),
                content: measured,
                signer: signer.clone(),
                original: measured,
                verdict: judgement.verdict,
                findings: judgement.findings.clone(),
            },
        );
        if self.fault == Fault::Gullible && judgement.verdict == Verdict::Warned {
            self.desk.settles(role, letter, Settlement::Accept);
        }
        // What waited for this letter counts before anybody answers: a cancellation that overtook its order.
        let newly = self.desk.judge_again(role, &names);
        if judgement.verdict == Verdict::Applied {
            self.answer(role, &names, digest);
        } else if judgement.verdict == Verdict::Warned
            && let Some(action) = role::refuse(role, &received, &judgement.findings)
        {
            self.perform(vec![action]);
        }
        for digest in newly.into_iter().filter(|newly| *newly != digest) {
            self.answer(role, &names, digest);
        }
    }

    /// What comes again gets the same answers again, or else is acknowledged again.
    fn repeat(&mut self, letter: &Letter, digest: Digest) {
        let known = self.desk.book.find(letter.addressee(), &letter.names());
        let again = known.map(|known| role::repeat(known, &digest)).unwrap_or_default();
        if again.is_empty() {
            self.owe(letter, digest);
        } else {
            self.perform(again);
        }
    }

    fn owe(&mut self, letter: &Letter, digest: Digest) {
        if letter.kind() != Kind::Receipt {
            let line = Line {
                content: digest,
                shop: letter.shop.clone(),
                transaction: letter.transaction.clone(),
                seq: letter.seq,
                head: None,
            };
            self.owed.entry(letter.from.clone()).or_default().push(line);
        }
    }

    fn answers_to(&self, digest: &Digest) -> usize {
        self.letters.values().filter(|letter| letter.answers.as_ref() == Some(digest)).count()
    }

    fn answer(&mut self, role: Role, names: &Names, digest: Digest) {
        let Some(transaction) = self.desk.book.find(role, names) else { return };
        let Some(kept) = transaction.by_content(&digest) else { return };
        let entropy = self.chance.entropy();
        let (me, now) = (&self.desk.me, self.desk.now);
        let desk = role::Desk::new(me, now, entropy, &self.practice);
        let actions = role::answer(transaction, kept, &desk);
        self.perform(actions);
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send(draft) => self.write(*draft),
                Action::Resend(digest) => self.send(&digest),
                Action::Give { task, .. } => unreachable!("no procedure here has a hook, and {task:?} is given"),
                Action::End { key, .. } => unreachable!("no procedure here has a hook, and {key} is ended"),
            }
        }
    }

    fn send(&mut self, digest: &Digest) {
        let letter = self.letters[digest].clone();
        let today = day(&self.desk.now);
        let sent = self.transmissions.entry(*digest).or_insert((0, today));
        *sent = (sent.0 + 1, today);
        if !letter.stays_here() {
            self.outbox.push(Mail { signer: letter.from.fingerprint.clone(), letter });
        }
    }

    /// Writes, enters and sends a letter, and what follows from it.
    fn write(&mut self, draft: Draft) {
        let role = draft.role;
        let letter = self.letter(draft);
        let names = letter.names();
        let digest = self.desk.writes_newly(role, &letter);
        self.letters.insert(digest.0, letter.clone());
        self.send(&digest.0);
        for newly in digest.1 {
            self.answer(role, &names, newly);
        }
        let me = self.desk.me.clone();
        if let Some(transaction) = self.desk.book.find(role, &names).cloned()
            && let Some(kept) = transaction.kept.iter().find(|k| k.content == digest.0 && k.direction == Direction::Out)
        {
            let entropy = self.chance.entropy();
            let desk = role::Desk::new(&me, self.desk.now, entropy, &self.practice);
            let actions = role::follow_up(&transaction, kept, &desk);
            self.perform(actions);
        }
        if letter.stays_here() {
            self.desk.judge_again(letter.addressee(), &names);
            self.answer(letter.addressee(), &names, digest.0);
        }
    }

    fn letter(&mut self, draft: Draft) -> Letter {
        let numbered = draft.document.kind().is_numbered();
        let seq = numbered.then(|| self.desk.book.next_seq(&draft.names, &draft.to.fingerprint));
        let id = format!("{:016x}@sim.example", self.chance.next());
        let known = draft.names.order.is_some() || draft.names.number.is_some();
        Letter {
            from: self.desk.me.clone(),
            to: draft.to,
            date: self.desk.now.whole_second(),
            id: MessageId::parse(&id).unwrap(),
            references: Vec::new(),
            shop: draft.names.shop.filter(|_| known),
            transaction: draft.names.number,
            order: draft.names.order,
            seq,
            terms: draft.terms,
            answers: draft.answers,
            replaces: draft.replaces,
            as_of: draft.as_of.map(|moment| moment.whole_second()),
            done: draft.done,
            head: None,
            document: draft.document,
        }
    }

    /// Lets a person decide about one transaction.
    pub fn decide(
        &mut self,
        key: &Key,
        decide: impl FnOnce(&Transaction, &role::Desk<'_>) -> Result<Vec<Action>, Refused>,
    ) -> bool {
        let Some(transaction) = self.desk.book.get(key) else { return false };
        let entropy = self.chance.entropy();
        let desk = role::Desk::new(&self.desk.me, self.desk.now, entropy, &self.practice);
        let actions = decide(transaction, &desk);
        actions.map(|actions| self.perform(actions)).is_ok()
    }

    /// Writes a letter about no transaction known yet.
    pub fn order(&mut self, draft: Draft) {
        self.write(draft);
    }

    /// Does what is due by now, without a letter or a person: it is due once.
    pub fn tick(&mut self) {
        for key in self.desk.book.iter().map(|known| known.key.clone()).collect::<Vec<Key>>() {
            let on_time = |account: &mut Self| {
                let mut due = 0;
                account.decide(&key, |known, desk| {
                    let actions = role::on_time(known, desk);
                    due = actions.len();
                    Ok(actions)
                });
                due
            };
            let due = on_time(self);
            self.due += due;
            if due > 0 && on_time(self) > 0 {
                self.due_again.get_or_insert(key);
            }
        }
    }

    /// Writes one receipt to each peer for all that was taken in.
    pub fn receipts(&mut self) {
        for (to, received) in std::mem::take(&mut self.owed) {
            let names = Names::default();
            let document = Document::Receipt(Receipt { received });
            let (terms, answers, replaces, as_of, done) = (None, None, None, None, None);
            let draft = Draft { role: Role::Buyer, to, names, terms, answers, replaces, as_of, done, document };
            let letter = self.letter(draft);
            self.outbox.push(Mail { signer: letter.from.fingerprint.clone(), letter });
        }
    }

    /// Ends a pass: receipts; letters nobody acknowledged go out again, at once where `all` is set.
    pub fn pass(&mut self, all: bool) {
        self.receipts();
        if self.fault == Fault::Silent {
            return;
        }
        let receipted = |key: &Fingerprint, content: &Digest| self.receipts.contains(&(key.clone(), *content));
        let mut again = Vec::new();
        for transaction in self.desk.book.iter() {
            for kept in unheard(transaction, &receipted) {
                let sent = self.transmissions.get(&kept.content);
                let (times, last) = sent.map_or((0, None), |(times, last)| (*times, Some(*last)));
                if all || is_due(&kept.recorded, times, last, &self.desk.now) {
                    again.push(kept.content);
                }
            }
        }
        for digest in again {
            self.send(&digest);
        }
    }

    /// Returns the keys of the transactions played in `role`.
    pub fn keys(&self, role: Role) -> Vec<Key> {
        self.desk.book.iter().map(|known| known.key.clone()).filter(|key| key.role == role).collect()
    }

    /// Sets the clock.
    pub fn at(&mut self, now: Moment) {
        self.desk.now = now;
    }
}
