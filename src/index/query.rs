//! What is asked of the index by name: transactions, letters, warnings. Lists are in `list`, keys in `keys`.

use rusqlite::{OptionalExtension, Params, Row, params};

use super::apply::{integer, milliseconds};
use super::{Index, IndexError, state};
use crate::ledger::Line;
use crate::trade::{
    Address, Book, Code, Digest, Fingerprint, Key, MessageId, Moment, Money, Names, Number, OrderId, Role, Settlement,
    Transaction, Verdict,
};

/// Whether two entries, `e` and `o`, are letters of one sender and kind about one transaction.
const SAME: &str = "o.signer IS e.signer AND o.kind = e.kind AND o.shop IS e.shop AND o.number IS e.number AND \
                    o.order_id IS e.order_id";

/// Whether the letter of a warning `w` offers terms in the place of others: each such offer is answered for itself.
const OFFERS: &str = "EXISTS (SELECT 1 FROM replacing r WHERE r.position = w.position)";

/// Whether the sender of the letter `e` has offered other terms in the place of those in it: nobody is asked about these any more.
const REPLACED: &str = "EXISTS (SELECT 1 FROM replacing r JOIN entries o ON o.position = r.position \
                        WHERE r.content = e.content AND o.signer IS e.signer)";

/// How many rejected orders are told of at once.
const REJECTIONS_MAX: u32 = 20;

/// An entry as the index knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    /// Its line in the log.
    pub line: Line,
    /// The word of its kind.
    pub kind: String,
    /// `in`, `out` or `own`.
    pub direction: String,
    /// The part we play in it.
    pub role: Option<Role>,
    /// The transaction's names.
    pub names: Names,
    /// The other side's address.
    pub peer: Option<Address>,
    /// Who signed it.
    pub signer: Option<Fingerprint>,
    /// The letter's Message-ID.
    pub letter: Option<MessageId>,
    /// The letter's content.
    pub content: Option<Digest>,
    /// What became of it on arrival.
    pub verdict: Option<Verdict>,
    /// What holds now.
    pub standing: Option<Verdict>,
    /// What it is about, as `JPY 4800`.
    pub amount: Option<Money>,
    /// When it was recorded, as written.
    pub recorded: String,
}

/// A finding about a letter, as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The letter's entry.
    pub position: u64,
    /// The letter's content.
    pub content: Digest,
    /// What kind.
    pub code: Code,
    /// The sentence.
    pub text: String,
    /// What a person did about it.
    pub settled: Option<Settlement>,
    /// Why.
    pub reason: Option<String>,
}

/// When and why a warning was settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The entry of the letter it is about.
    pub position: Option<u64>,
    /// What it is about, where it is computed.
    pub subject: Option<String>,
    /// When.
    pub at: Moment,
    /// Why.
    pub reason: Option<String>,
}

pub(super) type Found<T> = Result<T, IndexError>;

/// Turns a stored text into its value.
pub(super) fn value<T, E: std::fmt::Display>(text: &str, read: impl Fn(&str) -> Result<T, E>) -> Found<T> {
    read(text).map_err(|error| IndexError::Row(error.to_string()))
}

/// Returns the text in a column, borrowed: lists read some of thousands of rows.
pub(super) fn text<'a>(row: &'a Row<'_>, column: usize) -> Found<&'a str> {
    row.get_ref(column)?.as_str().map_err(|error| IndexError::Row(error.to_string()))
}

/// Returns the text in a column that may have none.
pub(super) fn text_or_none<'a>(row: &'a Row<'_>, column: usize) -> Found<Option<&'a str>> {
    row.get_ref(column)?.as_str_or_null().map_err(|error| IndexError::Row(error.to_string()))
}

/// Turns the text in a column that may have none into its value.
pub(super) fn optional<T, E: std::fmt::Display>(
    row: &Row<'_>,
    column: usize,
    read: impl Fn(&str) -> Result<T, E>,
) -> Found<Option<T>> {
    text_or_none(row, column)?.map(|text| value(text, read)).transpose()
}

/// Reads a transaction's names from three columns that begin at `first`.
pub(super) fn names(row: &Row<'_>, first: usize) -> Found<Names> {
    let column = |ordinal: usize| first.saturating_add(ordinal);
    Ok(Names {
        shop: optional(row, column(0), Address::parse)?,
        number: optional(row, column(1), Number::parse)?,
        order: optional(row, column(2), OrderId::parse)?,
    })
}

/// Reads a word of one of the trade's enumerations.
pub(super) fn word<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Found<T> {
    read(text).ok_or_else(|| IndexError::Row(format!("{text:?} is no word of ours")))
}

pub(super) fn json<T: serde::de::DeserializeOwned>(text: &str) -> Found<T> {
    value(text, |text| serde_json::from_str(text))
}

pub(super) fn digest(bytes: &[u8]) -> Found<Digest> {
    let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| IndexError::Row("a digest has not 32 bytes".to_owned()))?;
    Ok(Digest::from_bytes(bytes))
}

pub(super) fn position(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

impl Index {
    /// Returns the transaction that `names` mean in the part `role`: by order ID, else by number.
    pub fn load(&self, role: Role, names: &Names) -> Found<Option<Transaction>> {
        let mut book = Book::default();
        self.load_into(role, names, &mut book)?;
        Ok(book.find(role, names).cloned())
    }

    /// Puts every transaction that `names` may mean into `book`, unless it is there: the one of the order ID, and the
    /// one of the number, which may be another as long as nobody has told that they are the same.
    pub fn load_into(&self, role: Role, names: &Names, book: &mut Book) -> Found<()> {
        let Some(shop) = &names.shop else { return Ok(()) };
        if let Some(id) = &names.order {
            let key = Key { role, shop: shop.clone(), id: id.clone() };
            if book.get(&key).is_none()
                && let Some(found) = self.load_key(&key)?
            {
                book.insert(found);
            }
        }
        let by_number = Names { shop: Some(shop.clone()), number: names.number.clone(), order: None };
        if let Some(number) = &names.number
            && book.find(role, &by_number).is_none()
            && let Some(found) = self.load_number(role, shop, number)?
            && book.get(&found.key).is_none()
        {
            book.insert(found);
        }
        Ok(())
    }

    /// Returns a transaction by its key.
    pub fn load_key(&self, key: &Key) -> Found<Option<Transaction>> {
        self.read_state(self.state_of_key(key)?)
    }

    /// Returns the transactions of these keys, as far as there are any, read by all cores.
    pub fn load_keys(&self, keys: &[&Key]) -> Found<Vec<Transaction>> {
        let states = keys.iter().map(|key| self.state_of_key(key)).collect::<Found<Vec<_>>>()?;
        state::read_all(&self.db, &states.into_iter().flatten().collect::<Vec<_>>(), &self.letters)
    }

    /// Returns the transactions that parts know by these numbers of shops, as far as there are any, read by all cores.
    pub fn load_numbers(&self, names: &[(Role, Names)]) -> Found<Vec<Transaction>> {
        let mut states = Vec::new();
        for (role, names) in names {
            if let (Some(shop), Some(number)) = (&names.shop, &names.number) {
                states.extend(self.state_of_number(*role, shop, number)?);
            }
        }
        state::read_all(&self.db, &states, &self.letters)
    }

    fn load_number(&self, role: Role, shop: &Address, number: &Number) -> Found<Option<Transaction>> {
        self.read_state(self.state_of_number(role, shop, number)?)
    }

    fn state_of_key(&self, key: &Key) -> Found<Option<Vec<u8>>> {
        self.state(
            "SELECT s.state FROM transactions t JOIN states s ON s.id = t.id \
             WHERE role = ?1 AND shop = ?2 AND order_id = ?3",
            params![key.role.word(), key.shop.as_str(), key.id.as_str()],
        )
    }

    fn state_of_number(&self, role: Role, shop: &Address, number: &Number) -> Found<Option<Vec<u8>>> {
        self.state(
            "SELECT s.state FROM transactions t JOIN states s ON s.id = t.id \
             WHERE role = ?1 AND shop = ?2 AND number = ?3 ORDER BY t.id DESC LIMIT 1",
            params![role.word(), shop.as_str(), number.as_str()],
        )
    }

    fn state(&self, sql: &str, names: impl Params) -> Found<Option<Vec<u8>>> {
        Ok(self.db.prepare_cached(sql)?.query_row(names, |row| row.get(0)).optional()?)
    }

    fn read_state(&self, state: Option<Vec<u8>>) -> Found<Option<Transaction>> {
        state.map(|state| state::read(&self.db, &state, &self.letters)).transpose()
    }

    /// Returns all transactions of a part, or of all parts, in the order of their keys.
    pub fn load_all(&self, role: Option<Role>) -> Found<Vec<Transaction>> {
        let mut all = Vec::new();
        self.load_each(role, &mut |transaction| all.push(transaction))?;
        Ok(all)
    }

    /// Gives every transaction of a part, or of all parts, to `each`, in the order of their keys.
    pub fn load_each(&self, role: Option<Role>, each: &mut dyn FnMut(Transaction)) -> Found<()> {
        let mut all = self.db.prepare_cached(
            "SELECT s.state FROM transactions t JOIN states s ON s.id = t.id \
             WHERE ?1 IS NULL OR role = ?1 ORDER BY role, shop, order_id",
        )?;
        let mut rows = all.query([role.map(|role| role.word())])?;
        while let Some(row) = rows.next()? {
            each(state::read(&self.db, &row.get::<_, Vec<u8>>(0)?, &self.letters)?);
        }
        Ok(())
    }

    /// Returns the entry of a letter of `peer` with this content: what makes a repeat a repeat.
    pub fn has_content(&self, peer: &Fingerprint, content: &Digest) -> Found<Option<u64>> {
        self.one_position(
            "SELECT position FROM entries WHERE content = ?1 AND signer = ?2 AND direction = 'in' ORDER BY 1 LIMIT 1",
            params![content.as_bytes(), peer.as_str()],
        )
    }

    /// Returns the entry of a letter that went out under this Message-ID.
    pub fn out(&self, letter: &MessageId) -> Found<Option<u64>> {
        let sql = "SELECT position FROM entries WHERE letter = ?1 AND direction = 'out' ORDER BY 1 LIMIT 1";
        self.one_position(sql, [letter.as_str()])
    }

    pub(super) fn one_position(&self, sql: &str, names: impl Params) -> Found<Option<u64>> {
        let found: Option<i64> = self.db.prepare_cached(sql)?.query_row(names, |row| row.get(0)).optional()?;
        Ok(found.map(position))
    }

    /// Returns the entries of letters that wait for the terms of this number, in order.
    pub fn held(&self, shop: &Address, number: &Number) -> Found<Vec<u64>> {
        let mut find = self.db.prepare_cached(
            "SELECT position FROM entries WHERE standing = 'held' AND shop = ?1 AND number = ?2 ORDER BY 1",
        )?;
        let rows = find.query_map([shop.as_str(), number.as_str()], |row| row.get(0))?;
        Ok(rows.collect::<Result<Vec<i64>, _>>()?.into_iter().map(position).collect())
    }

    /// Returns the numbers under which this shop was answered about the payment of one order of a buyer, in order.
    pub fn authorised_numbers(&self, shop: &Address, order: &OrderId) -> Found<Vec<Number>> {
        let mut find = self.db.prepare_cached(
            "SELECT number FROM entries WHERE kind = 'authorization-result' AND shop = ?1 AND order_id = ?2
               AND direction = 'out' AND number IS NOT NULL ORDER BY position",
        )?;
        let rows = find.query_map([shop.as_str(), order.as_str()], |row| row.get::<_, String>(0))?;
        rows.map(|number| value(&number?, Number::parse)).collect()
    }

    /// Returns what the index knows of an entry.
    pub fn entry(&self, at: u64) -> Found<Option<EntryRow>> {
        let mut find = self.db.prepare_cached("SELECT * FROM entries WHERE position = ?1")?;
        let mut rows = find.query([integer(at)])?;
        rows.next()?.map(entry_row).transpose()
    }

    /// Returns the warnings, the newest letters first; what a sender says again of the same transaction, in the same kind of
    /// letter, is the same warning as long as the first is open or was seen. But each offer of other terms says all that is found
    /// of it, and stands in the place of those before.
    pub fn warnings(&self, open_only: bool) -> Found<Vec<Warning>> {
        let condition = if open_only { "settled IS NULL AND" } else { "" };
        let mut find = self.db.prepare_cached(&format!(
            "SELECT w.position, w.content, w.code, w.text, w.settled, w.reason \
             FROM warnings w JOIN entries e ON e.position = w.position WHERE {condition} \
             (w.settled IS NOT NULL OR NOT {REPLACED}) AND ({OFFERS} OR NOT EXISTS \
             (SELECT 1 FROM warnings f JOIN entries o ON o.position = f.position WHERE f.code = w.code AND f.text = w.text \
             AND f.position < w.position AND (f.settled IS NULL OR f.settled = 'ack') AND {SAME})) \
             ORDER BY w.position DESC, w.ordinal"
        ))?;
        let mut rows = find.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(Warning {
                position: position(row.get(0)?),
                content: digest(&row.get::<_, Vec<u8>>(1)?)?,
                code: word(&row.get::<_, String>(2)?, Code::parse)?,
                text: row.get(3)?,
                settled: settlement(row.get(4)?)?,
                reason: row.get(5)?,
            });
        }
        Ok(found)
    }

    /// Returns the earliest open letter in which the sender of that of `position` says all that is open of it, if there is one: it
    /// stands for both.
    pub fn said_before(&self, position: u64) -> Found<Option<u64>> {
        let mut find = self.db.prepare_cached(&format!(
            "SELECT f.position FROM warnings w JOIN entries e ON e.position = w.position \
             JOIN warnings f ON f.code = w.code AND f.text = w.text AND f.position < w.position AND f.settled IS NULL \
             JOIN entries o ON o.position = f.position AND {SAME} WHERE w.position = ?1 AND w.settled IS NULL AND NOT {OFFERS} AND NOT EXISTS \
             (SELECT 1 FROM warnings m WHERE m.position = ?1 AND NOT EXISTS \
             (SELECT 1 FROM warnings s WHERE s.position = f.position AND s.code = m.code AND s.text = m.text)) \
             ORDER BY f.position LIMIT 1"
        ))?;
        let found: Option<i64> = find.query_row([integer(position)], |row| row.get(0)).optional()?;
        Ok(found.map(self::position))
    }

    /// Returns the open letters after that of `position` in which its sender says the same again, with no other warning.
    pub fn said_again(&self, position: u64) -> Found<Vec<Digest>> {
        let mut find = self.db.prepare_cached(&format!(
            "SELECT DISTINCT w.content FROM warnings w JOIN entries e ON e.position = w.position \
             JOIN entries o ON o.position = ?1 AND {SAME} WHERE w.position > ?1 AND w.settled IS NULL AND NOT {OFFERS} \
             AND NOT EXISTS \
             (SELECT 1 FROM warnings m WHERE m.position = w.position AND NOT EXISTS \
             (SELECT 1 FROM warnings f WHERE f.position = ?1 AND f.code = m.code AND f.text = m.text))"
        ))?;
        let found = find.query_map([integer(position)], |row| row.get::<_, Vec<u8>>(0))?;
        found.map(|content| digest(&content?)).collect()
    }

    /// Returns the entries, from position `from` and moment `since` on, by which orders were rejected: those of ours by
    /// shops, or, `by_us`, those of others by this shop. The newest of them, oldest first.
    pub fn rejections(&self, by_us: bool, from: u64, since: Option<&Moment>) -> Found<Vec<u64>> {
        let direction = if by_us { "out" } else { "in" };
        self.said_no("entries_rejected", "kind = 'order-rejection'", direction, (from, since))
    }

    /// Returns the entries, from position `from` and moment `since` on, by which others answered what was asked of them, or refused
    /// it. The newest of them, oldest first.
    pub fn refusals(&self, from: u64, since: Option<&Moment>) -> Found<Vec<u64>> {
        self.said_no("entries_refused", "kind IN ('refusal', 'return-answer')", "in", (from, since))
    }

    fn said_no(
        &self,
        way: &str,
        kinds: &str,
        direction: &str,
        (from, since): (u64, Option<&Moment>),
    ) -> Found<Vec<u64>> {
        // Left to itself SQLite walks through all entries for the sake of their order.
        let way = since.map_or_else(|| "NOT INDEXED".to_owned(), |_| format!("INDEXED BY {way}"));
        let mut find = self.db.prepare_cached(&format!(
            "SELECT position FROM entries {way} WHERE {kinds} AND direction = ?3 AND (?3 = 'out' OR standing = 'applied') \
             AND position >= ?1 AND recorded_at >= ?2 ORDER BY position DESC LIMIT {REJECTIONS_MAX}",
        ))?;
        let since = since.map_or(i64::MIN, milliseconds);
        let found = find.query_map(params![integer(from), since, direction], |row| row.get(0))?;
        let mut found = found.map(|at| Ok(position(at?))).collect::<Found<Vec<u64>>>()?;
        found.reverse();
        Ok(found)
    }

    /// Returns when and why warnings were settled.
    pub fn settlements(&self) -> Found<Vec<Settled>> {
        let mut find = self.db.prepare_cached(
            "SELECT w.position, NULL, e.recorded, w.reason FROM warnings w JOIN entries e ON e.position = w.settling \
             WHERE w.settled IS NOT NULL \
             UNION ALL SELECT NULL, s.subject, e.recorded, s.reason FROM settlements s JOIN entries e USING (position)",
        )?;
        let mut rows = find.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(Settled {
                position: row.get::<_, Option<i64>>(0)?.map(position),
                subject: row.get(1)?,
                at: value(&row.get::<_, String>(2)?, Moment::parse)?,
                reason: row.get(3)?,
            });
        }
        Ok(found)
    }

    /// Returns what was done about a computed warning.
    pub fn settled(&self, subject: &str) -> Found<Option<Settlement>> {
        let mut find = self.db.prepare_cached("SELECT settled FROM settlements WHERE subject = ?1")?;
        settlement(find.query_row([subject], |row| row.get(0)).optional()?)
    }
}

fn settlement(text: Option<String>) -> Found<Option<Settlement>> {
    text.map(|text| json(&format!("\"{text}\""))).transpose()
}

fn entry_row(row: &Row<'_>) -> Found<EntryRow> {
    let verdict = |text: Option<String>| text.map(|text| word(&text, Verdict::parse)).transpose();
    Ok(EntryRow {
        line: Line {
            position: position(row.get(0)?),
            digest: digest(&row.get::<_, Vec<u8>>(1)?)?,
            size: position(row.get(2)?),
            name: row.get(3)?,
        },
        kind: row.get(4)?,
        direction: row.get(5)?,
        role: row.get::<_, Option<String>>(6)?.map(|text| word(&text, Role::parse)).transpose()?,
        names: names(row, 7)?,
        peer: optional(row, 10, Address::parse)?,
        signer: optional(row, 11, Fingerprint::parse)?,
        letter: optional(row, 12, MessageId::parse)?,
        content: row.get::<_, Option<Vec<u8>>>(13)?.map(|bytes| digest(&bytes)).transpose()?,
        verdict: verdict(row.get(14)?)?,
        standing: verdict(row.get(15)?)?,
        amount: optional(row, 16, Money::parse_line)?,
        recorded: row.get(17)?,
    })
}
