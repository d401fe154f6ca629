//! Keys as the ledger tells of them: pins, certificates, which key a shop named for whom, and letters that wait for one.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::apply::{integer, word};
use super::query::{Found, json, position, value};
use super::{Index, IndexError};
use crate::trade::{Address, Digest, Document, Fingerprint, Letter, Moment, Party, PinnedBy};

/// A certificate that speaks, or spoke, for an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The address.
    pub address: Address,
    /// Its key.
    pub fingerprint: Fingerprint,
    /// The certificate, in base64.
    pub certificate: String,
    /// How it came to be.
    pub by: PinnedBy,
    /// The entry that pinned it.
    pub position: u64,
    /// Whether it still is the one that holds for the address.
    pub current: bool,
}

/// A letter that is not sealed yet, because its reader's key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsealed {
    /// Its entry.
    pub position: u64,
    /// The key.
    pub recipient: Fingerprint,
    /// What is wrong with it.
    pub reason: String,
}

/// A key that was revoked as compromised, and what it signed before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compromised {
    /// The key.
    pub key: Fingerprint,
    /// Since when.
    pub since: Moment,
    /// Who signed letters with it that count.
    pub peer: Address,
    /// How many those are.
    pub letters: u64,
}

/// Enters that a certificate speaks for an address. A merge makes no pin: it renews the certificate of those there are,
/// and how they came to be stays.
pub(super) fn pin(
    db_tx: &Connection,
    party: &Party,
    certificate: &str,
    by: PinnedBy,
    at: u64,
) -> Result<(), IndexError> {
    let (address, key) = (party.address.as_str(), party.fingerprint.as_str());
    if by == PinnedBy::Merge {
        let mut put = db_tx.prepare_cached("UPDATE pins SET certificate = ?2 WHERE fingerprint = ?1")?;
        put.execute(params![key, certificate])?;
    } else {
        let mut put = db_tx.prepare_cached("INSERT OR REPLACE INTO pins VALUES (?1, ?2, ?3, ?4, ?5)")?;
        put.execute(params![address, key, word(&by)?, integer(at), certificate])?;
    }
    Ok(())
}

/// Notes which keys a shop names in terms that count.
pub(super) fn name(db_tx: &Connection, letter: &Letter, at: u64) -> Result<(), IndexError> {
    let Document::TransactionInfo(terms) = &letter.document else { return Ok(()) };
    for party in terms.agents.iter().map(|agent| &agent.party) {
        let mut put = db_tx.prepare_cached("INSERT OR REPLACE INTO named VALUES (?1, ?2, ?3, ?4)")?;
        let (address, shop) = (party.address.as_str(), letter.from.address.as_str());
        put.execute(params![address, shop, party.fingerprint.as_str(), integer(at)])?;
    }
    Ok(())
}

impl Index {
    /// Returns all certificates, in base64, that have a key of one of these handles.
    pub fn certificates(&self, handles: &[String]) -> Found<Vec<String>> {
        let mut find = self.db.prepare_cached(
            "SELECT c.id, c.certificate FROM handles JOIN certificates c ON c.id = handles.certificate \
             WHERE handle = ?1 ORDER BY c.id",
        )?;
        let mut found = BTreeMap::new();
        for handle in handles {
            let mut rows = find.query([handle.to_ascii_uppercase()])?;
            while let Some(row) = rows.next()? {
                found.insert(row.get::<_, i64>(0)?, row.get(1)?);
            }
        }
        Ok(found.into_values().collect())
    }

    /// Returns the keys that were revoked as compromised and with which letters were signed that count, by key.
    pub fn compromised(&self) -> Found<Vec<Compromised>> {
        // The keys first: there is hardly ever one, and then no entry is looked at.
        let mut find = self.db.prepare_cached(
            "SELECT c.fingerprint, c.compromised, max(e.peer), count(*)
             FROM certificates c INDEXED BY certificates_compromised CROSS JOIN entries e ON e.signer = c.fingerprint
             WHERE c.compromised IS NOT NULL AND e.direction = 'in' AND e.standing IN ('applied', 'stale')
               AND e.kind <> 'receipt' AND e.peer IS NOT NULL
             GROUP BY c.id ORDER BY c.fingerprint",
        )?;
        let mut rows = find.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(Compromised {
                key: value(&row.get::<_, String>(0)?, Fingerprint::parse)?,
                since: value(&row.get::<_, String>(1)?, Moment::parse)?,
                peer: value(&row.get::<_, String>(2)?, Address::parse)?,
                letters: position(row.get(3)?),
            });
        }
        Ok(found)
    }

    /// Returns the key that holds for an address, and how it came to be pinned: what each letter asks, without the
    /// certificate.
    pub fn pinned(&self, address: &Address) -> Found<Option<(Fingerprint, PinnedBy)>> {
        let sql = "SELECT fingerprint, by FROM pins WHERE address = ?1 ORDER BY position DESC LIMIT 1";
        let mut find = self.db.prepare_cached(sql)?;
        let found: Option<(String, String)> =
            find.query_row([address.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        found.map(|(key, by)| Ok((value(&key, Fingerprint::parse)?, json(&format!("\"{by}\""))?))).transpose()
    }

    /// Returns the addresses whose key came by more than first contact: few, however many strangers have written.
    pub fn vouched(&self) -> Found<Vec<Address>> {
        let sql = "SELECT DISTINCT address FROM pins INDEXED BY pins_vouched WHERE by <> 'first-use' ORDER BY address";
        let mut find = self.db.prepare_cached(sql)?;
        let mut rows = find.query([])?;
        let mut addresses = Vec::new();
        while let Some(row) = rows.next()? {
            addresses.push(value(&row.get::<_, String>(0)?, Address::parse)?);
        }
        Ok(addresses)
    }

    /// Returns whether a person ever said that a key is that of an address.
    pub fn is_accepted(&self, address: &Address) -> Found<bool> {
        let mut find =
            self.db.prepare_cached("SELECT EXISTS (SELECT 1 FROM pins WHERE address = ?1 AND by = 'user')")?;
        Ok(find.query_row([address.as_str()], |row| row.get(0))?)
    }

    /// Returns the pin that holds for an address.
    pub fn pin_of(&self, address: &Address) -> Found<Option<Pin>> {
        Ok(self.pins_of(address)?.pop())
    }

    /// Returns the pins of an address, the one that holds last.
    pub fn pins_of(&self, address: &Address) -> Found<Vec<Pin>> {
        self.pins_where("address = ?1", address.as_str())
    }

    /// Returns the pins of a key, those that no longer hold included, the newest last.
    pub fn pin_by_fingerprint(&self, key: &Fingerprint) -> Found<Vec<Pin>> {
        self.pins_where("fingerprint = ?1", key.as_str())
    }

    /// Returns all pins that hold, by address.
    pub fn pins(&self) -> Found<Vec<Pin>> {
        let mut pins = self.pins_where("?1 = ''", "")?;
        pins.retain(|pin| pin.current);
        pins.sort_by(|a, b| a.address.cmp(&b.address));
        Ok(pins)
    }

    fn pins_where(&self, condition: &str, name: &str) -> Found<Vec<Pin>> {
        let sql = format!(
            "SELECT address, fingerprint, certificate, by, position, position = (SELECT max(position) FROM pins later \
             WHERE later.address = pins.address) FROM pins WHERE {condition} ORDER BY position"
        );
        let mut find = self.db.prepare_cached(&sql)?;
        let mut rows = find.query([name])?;
        let mut pins = Vec::new();
        while let Some(row) = rows.next()? {
            pins.push(Pin {
                address: value(&row.get::<_, String>(0)?, Address::parse)?,
                fingerprint: value(&row.get::<_, String>(1)?, Fingerprint::parse)?,
                certificate: row.get(2)?,
                by: json(&format!("\"{}\"", row.get::<_, String>(3)?))?,
                position: position(row.get(4)?),
                current: row.get(5)?,
            });
        }
        Ok(pins)
    }

    /// Returns how many copies of a key's certificate came by a merge on a day, given as `2026-11-22`.
    pub fn merges_on(&self, key: &Fingerprint, day: &str) -> Found<usize> {
        let mut find = self.db.prepare_cached("SELECT count(*) FROM copies WHERE fingerprint = ?1 AND merged = ?2")?;
        let count: i64 = find.query_row([key.as_str(), day], |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Returns whether this copy of a certificate, in base64, is known.
    pub fn has_certificate(&self, text: &str) -> Found<bool> {
        let mut find = self.db.prepare_cached("SELECT 1 FROM copies WHERE digest = ?1")?;
        Ok(find.exists([Digest::of(text.as_bytes()).as_bytes()])?)
    }

    /// Returns which key each shop named for an address in its latest terms that count.
    pub fn named(&self, address: &Address) -> Found<BTreeMap<Address, Fingerprint>> {
        let mut find =
            self.db.prepare_cached("SELECT shop, fingerprint FROM named WHERE address = ?1 ORDER BY position")?;
        let mut rows = find.query([address.as_str()])?;
        let mut named = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let shop = value(&row.get::<_, String>(0)?, Address::parse)?;
            named.insert(shop, value(&row.get::<_, String>(1)?, Fingerprint::parse)?);
        }
        Ok(named)
    }

    /// Notes that the letter of an entry is not sealed, and why.
    pub fn note_unsealed(&self, at: u64, recipient: &Fingerprint, reason: &str) -> Found<()> {
        let mut put = self.db.prepare_cached("INSERT OR REPLACE INTO unsealed VALUES (?1, ?2, ?3)")?;
        put.execute(params![integer(at), recipient.as_str(), reason])?;
        Ok(())
    }

    /// Forgets that the letter of an entry is not sealed.
    pub fn forget_unsealed(&self, at: u64) -> Found<()> {
        self.db.prepare_cached("DELETE FROM unsealed WHERE position = ?1")?.execute([integer(at)])?;
        Ok(())
    }

    /// Returns the letters that are not sealed, oldest first.
    pub fn unsealed(&self) -> Found<Vec<Unsealed>> {
        let mut find = self.db.prepare_cached("SELECT position, recipient, reason FROM unsealed ORDER BY position")?;
        let mut rows = find.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let recipient = value(&row.get::<_, String>(1)?, Fingerprint::parse)?;
            found.push(Unsealed { position: position(row.get(0)?), recipient, reason: row.get(2)? });
        }
        Ok(found)
    }
}
