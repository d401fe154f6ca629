//! The post between the parties, and what strangers and dishonest peers put into it.

use std::collections::{BTreeMap, BTreeSet};

use mailorder::trade::{Digest, Document, Letter, MessageId, Party};

use super::chance::Chance;
use super::party::Mail;
use crate::support::trade::{bank, content, courier, goods, jpy, parcel, party, planned, shipment, stranger};

const HOUR: i64 = 3600;

/// Mail on its way, by the second it arrives.
pub struct Post {
    queue: BTreeMap<(i64, u64), Mail>,
    seen: Vec<Mail>,
    serial: u64,
    /// Letters that nobody wrote in good faith.
    pub forged: BTreeSet<Digest>,
    /// Whether it loses, doubles, delays, replays and forges.
    pub faulty: bool,
    chance: Chance,
}

impl Post {
    pub fn new(chance: Chance) -> Self {
        Self { queue: BTreeMap::new(), seen: Vec::new(), serial: 0, forged: BTreeSet::new(), faulty: true, chance }
    }

    fn put(&mut self, arrival: i64, mail: Mail) {
        self.serial += 1;
        self.queue.insert((arrival, self.serial), mail);
    }

    /// Takes a mail over at second `now`.
    pub fn send(&mut self, mail: Mail, now: i64) {
        if !self.faulty {
            return self.put(now, mail);
        }
        if self.seen.len() < 400 {
            self.seen.push(mail.clone());
        }
        if self.chance.once_in(8) {
            self.arrive(mail.clone(), now);
        }
        if !self.chance.once_in(6) {
            self.arrive(mail, now);
        }
    }

    /// Lets it arrive soon, late or very late, and so in any order.
    fn arrive(&mut self, mail: Mail, now: i64) {
        let delay = match self.chance.below(10) {
            0 => self.chance.below(30 * 24),
            1..=3 => self.chance.below(3 * 24),
            _ => self.chance.below(3),
        };
        self.put(now + i64::try_from(delay).unwrap() * HOUR, mail);
    }

    /// Does what a bad post does besides: an old mail once more, a mail nobody wrote.
    pub fn mischief(&mut self, now: i64) {
        if !self.faulty {
            return;
        }
        if self.chance.once_in(6)
            && let Some(mail) = self.chance.pick(&self.seen).cloned()
        {
            self.arrive(mail, now);
        }
        if self.chance.once_in(4)
            && let Some(mail) = self.chance.pick(&self.seen).cloned()
            && let Some(mail) = self.forge(mail)
        {
            self.forged.insert(content(&mail.letter));
            self.arrive(mail, now);
        }
    }

    /// Returns what has arrived, in the order of arrival; everything where `all` is set.
    pub fn due(&mut self, now: i64, all: bool) -> Vec<Mail> {
        let later = if all { BTreeMap::new() } else { self.queue.split_off(&(now + 1, 0)) };
        std::mem::replace(&mut self.queue, later).into_values().collect()
    }

    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    fn forge(&mut self, mail: Mail) -> Option<Mail> {
        let Mail { mut letter, signer } = mail;
        letter.id = MessageId::parse(&format!("{:016x}@forged.example", self.chance.next())).unwrap();
        // A key that is honest otherwise does not spoil numbers it will use itself.
        let high = 1000 + u32::try_from(self.chance.below(1_000_000)).unwrap();
        let signed_by = |from: Party, letter: Letter| {
            let signer = from.fingerprint.clone();
            (letter.to != from).then_some(Mail { letter: Letter { from, ..letter }, signer })
        };
        let asks = matches!(letter.document, Document::StatusRequest(_) | Document::Receipt(_));
        match self.chance.below(8) {
            0 => signed_by(stranger(), letter),
            // In another's name: the key that signed is not the one the letter names.
            1 => Some(Mail { signer: stranger().fingerprint, letter }),
            2 => Some(Mail { signer: party("mallory").fingerprint, letter }),
            3 if !matches!(letter.document, Document::Receipt(_)) => signed_by(party("mallory"), letter),
            // Another shop, about this shop's transaction, or with this number for one of its own.
            4 if !asks => signed_by(party("other"), letter),
            5 if !asks => signed_by(party("other"), Letter { shop: Some(party("other").address), ..letter }),
            6 if !asks && letter.from != bank() && letter.from != courier() => {
                letter.seq = Some(high);
                let agent = if self.chance.once_in(2) { bank() } else { courier() };
                signed_by(agent, letter)
            }
            _ => {
                letter.seq = Some(high);
                altered(&mut letter.document).then_some(Mail { letter, signer })
            }
        }
    }
}

/// Alters what an honest key signs, so that it cannot agree with the terms.
fn altered(document: &mut Document) -> bool {
    match document {
        Document::PaymentStatus(status) => status.remaining = status.remaining.plus(&jpy(1)).unwrap(),
        Document::DeliveryStatus(status) => {
            status.parcels.push(parcel("77", goods(&[("1", "99")]), planned("2026-08-01")));
        }
        Document::OrderStatus(status) => {
            status.shipments.push(shipment("77", goods(&[("9", "1")]), planned("2026-08-01")));
        }
        Document::Confirmation(confirmation) => confirmation.total = confirmation.total.plus(&jpy(1)).unwrap(),
        Document::TransactionInfo(terms) => {
            terms.lines[0].unit_price = terms.lines[0].unit_price.plus(&jpy(100)).unwrap();
        }
        Document::AuthorizationResult(result) => result.total = result.total.plus(&jpy(1)).unwrap(),
        _ => return false,
    }
    true
}
