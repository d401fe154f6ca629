//! What the clerk has to remember of the post: letters nobody acknowledged, how often one went out, and where fetched
//! mail lies in its mailbox.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};

use super::apply::{integer, milliseconds};
use super::query::{Found, digest, names, position, value, word};
use super::{Index, IndexError};
use crate::rules::unheard::{AFTER, LAST, is_waited_for};
use crate::trade::document::Received;
use crate::trade::transaction::CLAIMED_MAX;
use crate::trade::{Address, Digest, Document, Entry, Fingerprint, Letter, Moment, Names, Number, Role};

/// Notes a letter that waits to be acknowledged. Receipts and refusals are not waited for: who misses one sends its
/// letter again.
pub(super) fn wrote(db_tx: &Connection, entry: &Entry, letter: &Letter, content: &Digest) -> Result<(), IndexError> {
    if !is_waited_for(letter) {
        return Ok(());
    }
    let mut put = db_tx.prepare_cached("INSERT INTO unheard VALUES (?1, ?2, ?3, ?4)")?;
    put.execute(params![
        integer(entry.position),
        content.as_bytes(),
        letter.to.fingerprint.as_str(),
        milliseconds(&entry.recorded)
    ])?;
    Ok(())
}

/// Notes which letters of ours a letter signed by `signer` shows to have arrived: the one it answers, those it receipts.
pub(super) fn heard(db_tx: &Connection, signer: &Fingerprint, letter: &Letter) -> Result<(), IndexError> {
    let mut forget = db_tx.prepare_cached("DELETE FROM unheard WHERE content = ?1 AND recipient = ?2")?;
    if let Some(content) = &letter.answers {
        forget.execute(params![content.as_bytes(), signer.as_str()])?;
    }
    let Document::Receipt(receipt) = &letter.document else { return Ok(()) };
    for line in &receipt.received {
        if forget.execute(params![line.content.as_bytes(), signer.as_str()])? == 0 {
            claimed(db_tx, signer, line)?;
        }
    }
    Ok(())
}

/// Notes the number of a letter that its reader has and our ledger does not: it was set back, and the numbers go on above.
fn claimed(db_tx: &Connection, signer: &Fingerprint, line: &Received) -> Result<(), IndexError> {
    let (Some(shop), Some(number), Some(seq)) = (&line.shop, &line.transaction, line.seq) else { return Ok(()) };
    let mut ours = db_tx.prepare_cached("SELECT 1 FROM entries WHERE content = ?1 AND direction = 'out'")?;
    if seq > CLAIMED_MAX || ours.exists([line.content.as_bytes()])? {
        return Ok(());
    }
    let mut put = db_tx.prepare_cached(
        "INSERT INTO claimed VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (recipient, shop, number) DO UPDATE SET seq = max(seq, excluded.seq)",
    )?;
    put.execute(params![signer.as_str(), shop.as_str(), number.as_str(), seq])?;
    Ok(())
}

/// A letter of ours that nobody acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unheard {
    /// Its entry.
    pub position: u64,
    /// Its content.
    pub content: Digest,
    /// The part that wrote it.
    pub role: Role,
    /// The transaction it is about.
    pub names: Names,
    /// When it was first sent.
    pub recorded: Moment,
    /// How often it was sent, the first time included.
    pub times: usize,
    /// The day on which it was sent again last, as far as that is known.
    pub last: Option<Date>,
}

/// A letter of ours that a delivery report says was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// Its entry.
    pub position: u64,
    /// When that was first said.
    pub since: Moment,
}

/// A mail that was fetched into the spool, and where it lies in its mailbox, as the mailbox's reader writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its name in the spool.
    pub name: String,
    /// Where it lies.
    pub origin: String,
}

impl Index {
    /// Returns the letters recorded at or before `moment` that nobody acknowledged and that were sent fewer than `times`
    /// times, oldest first.
    pub fn unheard(&self, moment: &Moment, times: usize) -> Found<Vec<Unheard>> {
        let condition = "u.recorded_at <= ?1 AND coalesce(s.times, 0) + 1 < ?2";
        self.find_unheard(condition, "ORDER BY u.position", moment, times)
    }

    /// Returns those of them that may have to go out again at `now`, and those that are dated later than that, oldest first.
    pub fn unheard_lately(&self, now: &Moment, times: usize) -> Found<Vec<Unheard>> {
        let [after, last] = [AFTER, LAST].map(|seconds| seconds.saturating_mul(1_000));
        let condition = format!(
            "(u.recorded_at BETWEEN ?1 - {last} AND ?1 - {after} OR u.recorded_at > ?1) AND coalesce(s.times, 0) + 1 < ?2"
        );
        self.find_unheard(&condition, "ORDER BY u.position", now, times)
    }

    /// Returns when an entry was recorded.
    pub fn recorded(&self, at: u64) -> Found<Option<Moment>> {
        let mut find = self.db.prepare_cached("SELECT recorded FROM entries WHERE position = ?1")?;
        let recorded: Option<String> = find.query_row([integer(at)], |row| row.get(0)).optional()?;
        recorded.map(|recorded| value(&recorded, Moment::parse)).transpose()
    }

    /// Returns when the next entry after one was recorded that is not dated later than `now`.
    pub fn recorded_after(&self, at: u64, now: &Moment) -> Found<Option<Moment>> {
        let mut find = self.db.prepare_cached(
            "SELECT recorded FROM entries WHERE position > ?1 AND recorded_at <= ?2 ORDER BY position LIMIT 1",
        )?;
        let recorded: Option<String> =
            find.query_row(params![integer(at), milliseconds(now)], |row| row.get(0)).optional()?;
        recorded.map(|recorded| value(&recorded, Moment::parse)).transpose()
    }

    /// Returns the letters that nobody acknowledged and that were sent `times` times, or recorded at or before `moment`,
    /// oldest first: the newest thousand of them.
    pub fn unheard_in_vain(&self, moment: &Moment, times: usize) -> Found<Vec<Unheard>> {
        let condition = "(u.recorded_at <= ?1 OR coalesce(s.times, 0) + 1 >= ?2)";
        let mut found = self.find_unheard(condition, "ORDER BY u.position DESC LIMIT 1000", moment, times)?;
        found.reverse();
        Ok(found)
    }

    /// Returns how many letters recorded at or before `moment` nobody has acknowledged.
    pub fn count_unheard(&self, moment: &Moment) -> Found<u64> {
        let sql = "SELECT count(*) FROM unheard u JOIN entries e USING (position)
                   WHERE u.recorded_at <= ?1 AND e.role IS NOT NULL";
        let mut count = self.db.prepare_cached(sql)?;
        let count: i64 = count.query_row([milliseconds(moment)], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Returns whether the letter of entry `at`, recorded at or before `moment`, is one that nobody has acknowledged.
    pub fn is_unheard_since(&self, at: u64, moment: &Moment) -> Found<bool> {
        let sql = "SELECT 1 FROM unheard WHERE position = ?1 AND recorded_at <= ?2";
        Ok(self.db.prepare_cached(sql)?.exists(params![integer(at), milliseconds(moment)])?)
    }

    fn find_unheard(&self, condition: &str, order: &str, moment: &Moment, times: usize) -> Found<Vec<Unheard>> {
        let mut find = self.db.prepare_cached(&format!(
            "SELECT u.position, u.content, e.role, e.shop, e.number, e.order_id, e.recorded, coalesce(s.times, 0) + 1, s.day
             FROM unheard u JOIN entries e USING (position) LEFT JOIN sendings s USING (position)
             WHERE {condition} AND e.role IS NOT NULL {order}",
        ))?;
        let mut rows = find.query(params![milliseconds(moment), i64::try_from(times).unwrap_or(i64::MAX)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(Unheard {
                position: position(row.get(0)?),
                content: digest(&row.get::<_, Vec<u8>>(1)?)?,
                role: word(&row.get::<_, String>(2)?, Role::parse)?,
                names: names(row, 3)?,
                recorded: value(&row.get::<_, String>(6)?, Moment::parse)?,
                times: usize::try_from(row.get::<_, i64>(7)?).unwrap_or(usize::MAX),
                last: row.get::<_, Option<String>>(8)?.and_then(|day| day.parse().ok()),
            });
        }
        Ok(found)
    }

    /// Notes that the letter of entry `at` is said not to be delivered; returns whether that is news. What was
    /// acknowledged, or written more than `heeded` seconds ago, is not doubted.
    pub fn doubt(&self, at: u64, now: &Moment, heeded: i64) -> Found<bool> {
        let mut put = self.db.prepare_cached(
            "INSERT OR IGNORE INTO doubts SELECT position, ?2 FROM unheard WHERE position = ?1 AND recorded_at >= ?3",
        )?;
        let since = milliseconds(&now.plus_seconds(heeded.saturating_neg()));
        Ok(put.execute(params![integer(at), crate::ledger::recordable(now).to_string(), since])? > 0)
    }

    /// Returns the letters that are said not to be delivered and that nobody has acknowledged since, oldest first.
    pub fn doubts(&self) -> Found<Vec<Doubt>> {
        let sql = "SELECT position, since FROM doubts JOIN unheard USING (position) ORDER BY position";
        let mut find = self.db.prepare_cached(sql)?;
        let mut rows = find.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let since = value(&row.get::<_, String>(1)?, Moment::parse)?;
            found.push(Doubt { position: position(row.get(0)?), since });
        }
        Ok(found)
    }

    /// Returns the highest number of a letter about a transaction that `reader` has of us and the ledger does not.
    pub fn claimed(&self, reader: &Fingerprint, shop: &Address, number: &Number) -> Found<u32> {
        let sql = "SELECT seq FROM claimed WHERE recipient = ?1 AND shop = ?2 AND number = ?3";
        let mut find = self.db.prepare_cached(sql)?;
        let names = params![reader.as_str(), shop.as_str(), number.as_str()];
        Ok(find.query_row(names, |row| row.get(0)).optional()?.unwrap_or(0))
    }

    /// Returns whether nobody acknowledged the letter with this content.
    pub fn is_unheard(&self, content: &Digest) -> Found<bool> {
        let mut find = self.db.prepare_cached("SELECT 1 FROM unheard WHERE content = ?1")?;
        Ok(find.exists([content.as_bytes()])?)
    }

    /// Returns the parts and names of transactions with letters that have waited since before `moment` for what makes
    /// them known.
    pub fn waiting_since(&self, moment: &Moment) -> Found<Vec<(Role, Names)>> {
        let mut find = self.db.prepare_cached(
            "SELECT DISTINCT role, shop, number, order_id FROM entries
             WHERE standing = 'held' AND recorded_at < ?1 AND role IS NOT NULL",
        )?;
        let mut rows = find.query([milliseconds(moment)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push((word(&row.get::<_, String>(0)?, Role::parse)?, names(row, 1)?));
        }
        Ok(found)
    }

    /// Returns how often the letter of entry `at` was sent again on `day`.
    pub fn sent_again_on(&self, at: u64, day: Date) -> Found<u32> {
        let mut find = self.db.prepare_cached("SELECT today FROM sendings WHERE position = ?1 AND day = ?2")?;
        Ok(find.query_row(params![integer(at), day.to_string()], |row| row.get(0)).optional()?.unwrap_or(0))
    }

    /// Notes that the letter of entry `at` is sent again on `day`.
    pub fn note_sending(&self, at: u64, day: Date) -> Found<()> {
        let mut put = self.db.prepare_cached(
            "INSERT INTO sendings VALUES (?1, 1, ?2, 1) ON CONFLICT (position) DO UPDATE SET times = times + 1,
               today = CASE WHEN day = excluded.day THEN today + 1 ELSE 1 END, day = excluded.day",
        )?;
        put.execute(params![integer(at), day.to_string()])?;
        Ok(())
    }

    /// Returns the entry of a letter that went out with this content.
    pub fn sent_content(&self, content: &Digest) -> Found<Option<u64>> {
        let sql = "SELECT position FROM entries WHERE content = ?1 AND direction = 'out' ORDER BY 1 LIMIT 1";
        self.one_position(sql, params![content.as_bytes()])
    }

    /// Returns whether the shop has ever got an OK by this key that counts.
    pub fn has_confirmed(&self, key: &Fingerprint) -> Found<bool> {
        let mut find = self.db.prepare_cached(
            "SELECT 1 FROM entries WHERE kind = 'confirmation' AND signer = ?1 AND direction = 'in'
               AND standing = 'applied'",
        )?;
        Ok(find.exists([key.as_str()])?)
    }

    /// Returns where a mailbox was read to.
    pub fn cursor(&self, inbox: &str) -> Found<Option<String>> {
        let mut find = self.db.prepare_cached("SELECT cursor FROM cursors WHERE inbox = ?1")?;
        Ok(find.query_row([inbox], |row| row.get(0)).optional()?)
    }

    /// Keeps where a mailbox was read to, as its reader writes it.
    pub fn set_cursor(&self, inbox: &str, cursor: &str) -> Found<()> {
        let mut put = self.db.prepare_cached("INSERT OR REPLACE INTO cursors VALUES (?1, ?2)")?;
        put.execute(params![inbox, cursor])?;
        Ok(())
    }

    /// Returns whether a person blocked this key, because of a letter it signed.
    pub fn is_blocked(&self, key: &Fingerprint) -> Found<bool> {
        let mut find = self.db.prepare_cached(
            "SELECT 1 FROM warnings w JOIN entries e USING (position) WHERE w.settled = 'block' AND e.signer = ?1",
        )?;
        Ok(find.exists([key.as_str()])?)
    }

    /// Keeps where mails that are about to be spooled lie in their mailbox.
    pub fn note_fetched(&mut self, mails: &[Fetched]) -> Found<()> {
        let db_tx = self.db.transaction()?;
        for mail in mails {
            let mut put = db_tx.prepare_cached("INSERT OR REPLACE INTO origins VALUES (?1, ?2, 0)")?;
            put.execute([&mail.name, &mail.origin])?;
        }
        Ok(db_tx.commit()?)
    }

    /// Returns which of these spooled mails were fetched from a mailbox, and where they still lie there.
    pub fn fetched(&self, names: &[&str]) -> Found<BTreeMap<String, String>> {
        // One lock for all the questions.
        let reading = self.db.unchecked_transaction()?;
        let mut find = reading.prepare_cached("SELECT name, origin FROM origins WHERE name = ?1")?;
        let mut found = BTreeMap::new();
        for name in names {
            found.extend(find.query_row([name], |row| Ok((row.get(0)?, row.get(1)?))).optional()?);
        }
        Ok(found)
    }

    /// Notes what the spooled mails `names` were: `ours` are to be marked in their mailbox, the others stay as they are.
    pub fn judged(&mut self, names: &[&str], ours: &[&str]) -> Found<()> {
        if !self.db.prepare_cached("SELECT 1 FROM origins LIMIT 1")?.exists([])? {
            return Ok(());
        }
        let db_tx = self.db.transaction()?;
        for name in ours {
            db_tx.prepare_cached("UPDATE origins SET ours = 1 WHERE name = ?1")?.execute([name])?;
        }
        for name in names {
            db_tx.prepare_cached("DELETE FROM origins WHERE name = ?1 AND ours = 0")?.execute([name])?;
        }
        Ok(db_tx.commit()?)
    }

    /// Returns the mails that are to be marked in their mailbox.
    pub fn to_be_marked(&self) -> Found<Vec<Fetched>> {
        let mut find = self.db.prepare_cached("SELECT name, origin FROM origins WHERE ours = 1 ORDER BY name")?;
        let rows = find.query_map([], |row| Ok(Fetched { name: row.get(0)?, origin: row.get(1)? }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Forgets mails that were marked.
    pub fn marked(&mut self, mails: &[Fetched]) -> Found<()> {
        let db_tx = self.db.transaction()?;
        for mail in mails {
            db_tx.prepare_cached("DELETE FROM origins WHERE name = ?1")?.execute([&mail.name])?;
        }
        Ok(db_tx.commit()?)
    }
}
