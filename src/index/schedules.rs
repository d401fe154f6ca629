//! The buyer's schedules, and the letters that schedules and rules had us write.

use rusqlite::{Connection, OptionalExtension, params};

use super::apply::integer;
use super::list::EASTERN;
use super::query::{Found, json, position, value};
use super::{Index, IndexError, state, written};
use crate::trade::{
    Address, Cause, Deed, Entry, Key, Kind, Letter, Moment, Names, Number, OrderId, Role, Schedule, ScheduleName,
};

/// A schedule as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSchedule {
    /// The schedule.
    pub schedule: Schedule,
    /// When it was made or changed last.
    pub since: Moment,
}

/// What a schedule or rule did last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caused {
    /// When the last of its letters was written.
    pub at: Moment,
    /// How many it wrote for the same moment, or a rule in all.
    pub letters: u64,
    /// How many of these whoever was asked has answered since with a status.
    pub answered: u64,
}

/// A letter that a schedule or a rule had us write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CausedLetter {
    /// What had it written.
    pub cause: Cause,
    /// The order it is about: of a re-order the one that is ordered again.
    pub order: OrderId,
    /// What it is.
    pub kind: Kind,
    /// Who gets it.
    pub to: Address,
}

/// Enters how a schedule is from now on.
pub(super) fn put(db_tx: &Connection, entry: &Entry, schedule: &Schedule) -> Result<(), IndexError> {
    let mut put = db_tx.prepare_cached("INSERT OR REPLACE INTO schedules VALUES (?1, ?2, ?3, ?4)")?;
    let since = entry.recorded.to_string();
    put.execute(params![schedule.name.as_str(), integer(entry.position), since, written(schedule)?])?;
    Ok(())
}

/// Takes out a schedule that was removed.
pub(super) fn remove(db_tx: &Connection, name: &ScheduleName) -> Result<(), IndexError> {
    db_tx.prepare_cached("DELETE FROM schedules WHERE name = ?1")?.execute([name.as_str()])?;
    Ok(())
}

/// Notes what had us write the letter of an entry.
pub(super) fn caused(db_tx: &Connection, entry: &Entry) -> Result<(), IndexError> {
    let Some(cause) = &entry.cause else { return Ok(()) };
    let (by, name, about) = match cause {
        Cause::Schedule { name, moment } => ("schedule", name.as_str(), moment.to_string()),
        Cause::Rule { deed, order, when } => (deed.word(), when.as_str(), order.to_string()),
    };
    let Some(letter) = entry.letter() else { return Ok(()) };
    let Names { shop, number, .. } = entry.names();
    let mut put = db_tx.prepare_cached("INSERT INTO caused VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)")?;
    let (shop, number) = (shop.as_ref().map(Address::as_str), number.as_ref().map(Number::as_str));
    put.execute(params![integer(entry.position), by, name, about, letter.to.address.as_str(), shop, number])?;
    Ok(())
}

/// Notes that a status came of whoever was asked.
pub(super) fn heard(db_tx: &Connection, entry: &Entry, letter: &Letter) -> Result<(), IndexError> {
    let Names { shop: Some(shop), number: Some(number), .. } = entry.names() else { return Ok(()) };
    if entry.role == Some(Role::Buyer) && letter.kind().status_of().is_some() {
        let sql = "UPDATE caused SET heard = 1 WHERE peer = ?1 AND number = ?2 AND shop = ?3 AND NOT heard";
        let peer = letter.from.address.as_str();
        db_tx.prepare_cached(sql)?.execute([peer, number.as_str(), shop.as_str()])?;
    }
    Ok(())
}

impl Index {
    /// Returns the schedules, by name.
    pub fn schedules(&self) -> Found<Vec<KeptSchedule>> {
        let mut find = self.db.prepare_cached("SELECT schedule, since FROM schedules ORDER BY name")?;
        let mut rows = find.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let since = value(&row.get::<_, String>(1)?, Moment::parse)?;
            found.push(KeptSchedule { schedule: json(&row.get::<_, String>(0)?)?, since });
        }
        Ok(found)
    }

    /// Returns for which of its moments a schedule wrote the letter of this entry, if it did.
    pub fn moment_of(&self, schedule: &ScheduleName, at: u64) -> Found<Option<Moment>> {
        let mut find =
            self.db.prepare_cached("SELECT about FROM caused WHERE position = ?1 AND by = 'schedule' AND name = ?2")?;
        let about: Option<String> =
            find.query_row(params![integer(at), schedule.as_str()], |row| row.get(0)).optional()?;
        about.map(|about| value(&about, Moment::parse)).transpose()
    }

    /// Returns what a schedule did last, as far as it wrote letters.
    pub fn caused_by_schedule(&self, schedule: &ScheduleName) -> Found<Option<Caused>> {
        let last = "SELECT about FROM caused WHERE by = ?1 AND name = ?2 ORDER BY position DESC LIMIT 1";
        self.caused(&format!("c.about = ({last})"), "schedule", schedule.as_str())
    }

    /// Returns what a rule did last.
    pub fn caused_by_rule(&self, deed: Deed, when: &str) -> Found<Option<Caused>> {
        self.caused("true", deed.word(), when)
    }

    fn caused(&self, which: &str, by: &str, name: &str) -> Found<Option<Caused>> {
        let mut find = self.db.prepare_cached(&format!(
            "SELECT count(*), coalesce(sum(heard), 0), max(position) FROM caused c WHERE by = ?1 AND name = ?2 AND {which}"
        ))?;
        let found = find.query_row([by, name], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?)))?;
        let (letters, answered, Some(last)) = found else { return Ok(None) };
        let mut find = self.db.prepare_cached("SELECT recorded FROM entries WHERE position = ?1")?;
        let recorded: String = find.query_row([last], |row| row.get(0))?;
        Ok(Some(Caused {
            at: value(&recorded, Moment::parse)?,
            letters: position(letters),
            answered: position(answered),
        }))
    }

    /// Returns the open purchases with a date that may be over before this second, in some time zone, and about which somebody was asked.
    pub fn late_and_asked(&self, before: i64) -> Found<Vec<Key>> {
        let mut find = self.db.prepare_cached(
            // What is late is little, and what was ever asked is much.
            "SELECT t.shop, t.order_id FROM transactions t INDEXED BY transactions_due
             WHERE t.due_at < ?1 AND t.open AND t.role = 'buyer' AND EXISTS
               (SELECT 1 FROM entries e WHERE e.kind = 'status-request' AND e.direction = 'out' AND e.role = t.role
                AND e.shop = t.shop AND e.number = t.number)
             ORDER BY t.due_at, t.order_id",
        )?;
        let mut rows = find.query([before.saturating_add(EASTERN)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let shop = value(&row.get::<_, String>(0)?, Address::parse)?;
            found.push(Key { role: Role::Buyer, shop, id: value(&row.get::<_, String>(1)?, OrderId::parse)? });
        }
        Ok(found)
    }

    /// Returns the letters that schedules and rules had us write since the ledger had so many entries, in their order.
    pub fn caused_since(&self, entries: u64) -> Found<Vec<CausedLetter>> {
        let mut find = self.db.prepare_cached(
            "SELECT c.by, c.name, c.about, e.kind, e.peer, coalesce(e.order_id, (SELECT order_id FROM transactions t
               WHERE t.role = e.role AND t.shop = e.shop AND t.number = e.number))
             FROM caused c JOIN entries e USING (position) WHERE c.position >= ?1 ORDER BY c.position",
        )?;
        let mut rows = find.query([integer(entries)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let text = |place: usize| row.get::<_, String>(place);
            let cause = cause(&text(0)?, text(1)?, &text(2)?)?;
            let order = match &cause {
                Cause::Schedule { .. } => value(&text(5)?, OrderId::parse)?,
                Cause::Rule { order, .. } => order.clone(),
            };
            let kind = value(&text(3)?, |word| Kind::parse(word).ok_or("no kind of letter"))?;
            found.push(CausedLetter { cause, order, kind, to: value(&text(4)?, Address::parse)? });
        }
        Ok(found)
    }

    /// Returns what had us write the letter of an entry, where no person and no other letter did.
    pub fn cause_of(&self, at: u64) -> Found<Option<Cause>> {
        let mut find = self.db.prepare_cached("SELECT by, name, about FROM caused WHERE position = ?1")?;
        let noted = find.query_row([integer(at)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        noted.map(|(by, name, about): (String, String, String)| cause(&by, name, &about)).transpose()
    }

    /// Returns whether a rule has done this about an order: this very rule where `when` is given, else any.
    pub fn was_done(&self, deed: Deed, order: &OrderId, when: Option<&str>) -> Found<bool> {
        let sql = "SELECT 1 FROM caused WHERE about = ?1 AND by = ?2 AND (?3 IS NULL OR name = ?3)";
        Ok(self.db.prepare_cached(sql)?.exists(params![order.as_str(), deed.word(), when])?)
    }

    /// Returns the buyer's orders to a shop after an entry, in their order.
    pub fn ordered_after(&self, shop: &Address, at: u64) -> Found<Vec<OrderId>> {
        let mut find = self.db.prepare_cached(
            "SELECT order_id FROM entries WHERE position > ?1 AND kind = 'order' AND direction = 'out' AND role = 'buyer' \
             AND shop = ?2 AND order_id IS NOT NULL ORDER BY position",
        )?;
        let ids = find.query_map(params![integer(at), shop.as_str()], |row| row.get::<_, String>(0))?;
        ids.map(|id| value(&id?, OrderId::parse)).collect()
    }

    /// Returns when the newest entry was recorded.
    pub fn newest_entry(&self) -> Found<Option<Moment>> {
        let mut find = self.db.prepare_cached("SELECT recorded FROM entries ORDER BY position DESC LIMIT 1")?;
        let recorded: Option<String> = find.query_row([], |row| row.get(0)).optional()?;
        recorded.map(|recorded| value(&recorded, Moment::parse)).transpose()
    }

    /// Returns the dates that others gave the newest of their letters that count, so many at most.
    pub fn dates_heard(&self, most: u32) -> Found<Vec<Moment>> {
        let mut find = self.db.prepare_cached(
            "SELECT position FROM entries WHERE direction = 'in' AND standing = 'applied' ORDER BY position DESC LIMIT ?1",
        )?;
        let places = find.query_map([most], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        let mut dates = Vec::new();
        for place in places {
            dates.extend(state::letter(&self.db, place)?.map(|letter| letter.date));
        }
        Ok(dates)
    }

    /// Returns the order that a rule ordered again by the order of this entry.
    pub fn reordered_by_rule(&self, at: u64) -> Found<Option<OrderId>> {
        let mut find = self.db.prepare_cached("SELECT about FROM caused WHERE position = ?1 AND by = 'reorder'")?;
        let about: Option<String> = find.query_row([integer(at)], |row| row.get(0)).optional()?;
        about.map(|about| value(&about, OrderId::parse)).transpose()
    }
}

/// Reads back what [`caused`] noted.
fn cause(by: &str, name: String, about: &str) -> Found<Cause> {
    if by == "schedule" {
        let name = value(&name, ScheduleName::parse)?;
        return Ok(Cause::Schedule { name, moment: value(about, Moment::parse)? });
    }
    let deed = value(by, |by| Deed::parse(by).ok_or("no deed"))?;
    Ok(Cause::Rule { deed, order: value(about, OrderId::parse)?, when: name })
}
