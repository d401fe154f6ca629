//! Lists of transactions: filtered, counted, summed, searched, found by a beginning of their names.

use std::borrow::Cow;

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Rows, params, params_from_iter};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::asked::may_begin_name;
use super::query::{Found, json, optional, position, text, text_or_none, value, word};
use super::{Index, IndexError, Row, RowLeg, RowMore};
use crate::rules::Pending;
use crate::rules::query::Range;
use crate::trade::{Address, Currency, Key, Leg, Moment, Money, Number, OrderId, Role, When};

/// The columns of `transactions` that `listed` reads, in its order.
pub(super) const COLUMNS: &str = "role, shop, order_id, number, shop_name, date, items, currency, total, order_done, order_date, \
                       delivery_done, delivery_date, payment_done, payment_date, state, open, due, unpaid_currency, \
                       unpaid, undelivered, warnings, failed, buyer, waits, \
                       refund_currency, refund, pending, back_currency, back, parts, until";

/// How much earlier than in UTC a day may end elsewhere, in seconds: no offset is of more hours.
pub(super) const EASTERN: i64 = 26 * 3_600;

/// What has a text in its names,
const WITHIN: &str = "SELECT rowid FROM search WHERE names MATCH ?";
/// that, and what is found by the beginning of its ID or number,
const NAMED: &str = "SELECT rowid FROM search WHERE names MATCH ? \
    UNION SELECT id FROM transactions WHERE number COLLATE NOCASE >= ? AND number COLLATE NOCASE < ? AND number IS NOT NULL \
    UNION SELECT id FROM transactions WHERE order_id COLLATE NOCASE >= ? AND order_id COLLATE NOCASE < ?";
/// what has a text too short for the trigrams in them,
const LOOKED: &str = "SELECT rowid FROM search WHERE instr(lower(names), ?)";
/// and orders that have no name of their shop, of these shops.
const UNNAMED: &str = "SELECT id FROM transactions INDEXED BY transactions_unnamed \
    WHERE shop_name = '' AND role = 'buyer' AND begun AND shop IN (SELECT value FROM json_each(?))";

/// What has a warning that nobody settled: about a letter of it, or of those that the index does not know of.
const WARNED: &str = "id IN (SELECT id FROM transactions INDEXED BY transactions_warned WHERE warnings > 0 \
    UNION SELECT t.id FROM json_each(?) AS k CROSS JOIN transactions AS t INDEXED BY transactions_key \
    ON t.role = k.value ->> 0 AND t.shop = k.value ->> 1 AND t.order_id = k.value ->> 2)";

/// What has a text in its shop's name or address, or is of a shop that is called so elsewhere.
const SOLD_BY: &str = "(instr(lower(shop_name) || char(10) || shop, ?) \
    OR (shop_name = '' AND role = 'buyer' AND shop IN (SELECT value FROM json_each(?))))";

/// What stands after a transaction in lists.
const AFTER: &str =
    "(date_at, id) < (SELECT date_at, id FROM transactions WHERE role = ? AND shop = ? AND order_id = ?)";

/// How far a floating-point number may be from the decimal it stands for, as a part of it.
const MARGIN: f64 = 1e-9;

/// From how many transactions on those of a shop are met soon enough on the way through all.
const FEW: i64 = 2_000;

/// What is known of the shops that a word may mean.
enum Shops {
    None,
    /// One, with few transactions.
    Few(Address),
    /// Several, or one with many.
    Many,
}

/// Which transactions a list shows; everything set must hold. Those that nobody has begun are never shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The part we play.
    pub role: Option<Role>,
    /// The shop.
    pub shop: Option<Address>,
    /// Whether anything is still to be done.
    pub open: Option<bool>,
    /// The second at which that is asked: what was offered until before it is not open. Without it every offer is.
    pub open_at: Option<i64>,
    /// Whether the goods were shipped.
    pub order_done: Option<bool>,
    /// Whether the goods arrived.
    pub delivery_done: Option<bool>,
    /// Whether it is paid.
    pub payment_done: Option<bool>,
    /// Something remains to be paid (or nothing does).
    pub unpaid: Option<bool>,
    /// Goods are still to come (or none are).
    pub undelivered: Option<bool>,
    /// There is a warning that nobody settled: about a letter of it, or it is one of `standing`.
    pub warned: bool,
    /// Transactions with warnings that no letter brought, which the index does not know of.
    pub standing: Vec<Key>,
    /// Something of it will not happen.
    pub failed: bool,
    /// Something else came, as the buyer says, than was delivered.
    pub differs: bool,
    /// Something of it will not happen, or something else came than was delivered.
    pub amiss: bool,
    /// Something of it waits for the shop's owner.
    pub waits: bool,
    /// Money of it is still to go back.
    pub refund: bool,
    /// Bought at or after this second.
    pub from: Option<i64>,
    /// Bought before this second.
    pub until: Option<i64>,
    /// A promised date may have passed by this second and is still open: days are kept as they end in UTC, and end earlier
    /// elsewhere. Whether it has passed, who asks sees by the date.
    pub due_before: Option<i64>,
    /// Part of the name of an item or a party, or the beginning of an ID or number.
    pub text: Option<String>,
    /// Part of the shop's name or address, in small letters.
    pub shop_part: Option<String>,
    /// What shops are called that such a text may mean, for their orders in which no name of them stands.
    pub called: Vec<(Address, String)>,
    /// Whether the shop has few transactions, which are then found by its address.
    pub few: bool,
    /// The word of the state.
    pub state: Option<String>,
    /// The currency of the total.
    pub currency: Option<Currency>,
    /// What the total is between; a little more is let through, since SQLite does not reckon exactly.
    pub amount: Option<Range>,
    /// Only those that stand after this one, newest first.
    pub after: Option<Key>,
    /// How many are left out at the beginning.
    pub skip: u32,
    /// How many at most; `None` for all.
    pub limit: Option<u32>,
}

/// A transaction in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What it is found by.
    pub key: Key,
    /// What is shown.
    pub row: Row,
}

impl Index {
    /// Returns the transactions a filter lets through, newest first.
    pub fn list(&self, filter: &Filter) -> Found<Vec<Listed>> {
        self.select(filter, None, |_| true)
    }

    /// Returns those of them that `keep` wants as well, at most `most`, and reads no more than it needs for them.
    pub fn select(&self, filter: &Filter, most: Option<u32>, keep: impl Fn(&Listed) -> bool) -> Found<Vec<Listed>> {
        if let Some(part) = filter.shop_part.as_deref().filter(|_| filter.way().is_empty()) {
            match self.shop_of(filter, part)? {
                Shops::None => return Ok(Vec::new()),
                Shops::Few(shop) => {
                    let of_shop = Filter { shop: Some(shop), shop_part: None, few: true, ..filter.clone() };
                    return self.select(&of_shop, most, keep);
                }
                Shops::Many => {}
            }
        }
        let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        let (conditions, mut values) = filter.sql();
        values.push(Value::Integer(filter.limit.map_or(-1, i64::from)));
        values.push(Value::Integer(i64::from(filter.skip)));
        let (way, order) = (filter.way(), "ORDER BY date_at DESC, id DESC LIMIT ? OFFSET ?");
        let sql = format!("SELECT {COLUMNS} FROM transactions {way} {conditions} {order}");
        let mut find = self.db.prepare_cached(&sql)?;
        let mut rows = find.query(params_from_iter(values))?;
        let mut found = Vec::new();
        while found.len() < most
            && let Some(row) = rows.next()?
        {
            found.extend(Some(filter.named(listed(row)?)).filter(&keep));
        }
        Ok(found)
    }

    /// Looks for the shops that have this in their names or addresses.
    fn shop_of(&self, filter: &Filter, part: &str) -> Found<Shops> {
        let Some(role) = filter.role else { return Ok(Shops::Many) };
        let mut find = self.db.prepare_cached(
            "SELECT DISTINCT shop FROM shops WHERE role = ?1 AND (instr(lower(name) || char(10) || shop, ?2) \
               OR shop IN (SELECT value FROM json_each(?3))) LIMIT 2",
        )?;
        let shops = find.query_map([role.word(), part, &filter.called_shops()], |row| row.get::<_, String>(0))?;
        let shops = shops.collect::<Result<Vec<String>, _>>()?;
        let [shop] = shops.as_slice() else {
            return Ok(if shops.is_empty() { Shops::None } else { Shops::Many });
        };
        let mut count = self.db.prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM transactions INDEXED BY transactions_key WHERE role = ?1 AND shop = ?2 LIMIT ?3)",
        )?;
        let count: i64 = count.query_row(params![role.word(), shop, FEW], |row| row.get(0))?;
        Ok(if count < FEW { Shops::Few(value(shop, Address::parse)?) } else { Shops::Many })
    }

    /// Returns the shops of a part's transactions, each with a name it has called itself by.
    pub fn shops(&self, role: Role) -> Found<Vec<(Address, String)>> {
        let mut find = self.db.prepare_cached("SELECT shop, max(name) FROM shops WHERE role = ?1 GROUP BY shop")?;
        let shops = find.query_map([role.word()], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        shops
            .map(|row| row.map_err(IndexError::from).and_then(|(shop, name)| Ok((value(&shop, Address::parse)?, name))))
            .collect()
    }

    /// Returns the shops of a buyer's orders in which no name of them stands, each with the names that stand in others.
    pub fn unnamed_shops(&self) -> Found<Vec<(Address, Vec<String>)>> {
        let mut find = self.db.prepare_cached(
            "SELECT shop, (SELECT json_group_array(name) FROM shops WHERE role = 'buyer' AND shop = t.shop AND name <> '') \
             FROM transactions AS t INDEXED BY transactions_unnamed \
             WHERE shop_name = '' AND role = 'buyer' AND begun GROUP BY shop",
        )?;
        let shops = find.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        shops
            .map(|row| {
                row.map_err(IndexError::from)
                    .and_then(|(shop, names)| Ok((value(&shop, Address::parse)?, json(&names)?)))
            })
            .collect()
    }

    /// Returns the rows of the transactions a filter lets through, oldest first, for [`Index::listed`]: eight bytes each, so
    /// that all of a long ledger can be gone through.
    pub fn ids(&self, filter: &Filter) -> Found<Vec<i64>> {
        let (conditions, values) = filter.sql();
        let sql = format!("SELECT id FROM transactions {} {conditions} ORDER BY date_at, id", filter.way());
        let mut find = self.db.prepare_cached(&sql)?;
        let ids = find.query_map(params_from_iter(values), |row| row.get(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    /// Returns the transaction of a row; `None` where it is gone, since two turned out to be one.
    pub fn listed(&self, id: i64) -> Found<Option<Listed>> {
        let mut find = self.db.prepare_cached(&format!("SELECT {COLUMNS} FROM transactions WHERE id = ?1"))?;
        let mut rows = find.query([id])?;
        rows.next()?.map(listed).transpose()
    }

    /// Returns the transactions of a part of which nothing was agreed to yet, oldest first: those that have no terms, or
    /// those that were `offered`, ordered from this second on.
    pub fn waiting(&self, role: Role, offered: Option<i64>) -> Found<Vec<Key>> {
        let (state, from) = offered.map_or(("ordered", i64::MIN), |from| ("offered", from));
        let mut find = self.db.prepare_cached(
            "SELECT role, shop, order_id FROM transactions INDEXED BY transactions_state \
             WHERE state = ?1 AND state IN ('ordered', 'offered') AND role = ?2 AND date_at >= ?3 \
             ORDER BY date_at, id",
        )?;
        keys(find.query(params![state, role.word(), from])?)
    }

    /// Returns the transactions in which a letter that its part always answers has no answer of ours, oldest first.
    pub fn unanswered(&self) -> Found<Vec<Key>> {
        let mut find = self.db.prepare_cached(
            "SELECT role, shop, order_id FROM transactions INDEXED BY transactions_unanswered WHERE unanswered \
             ORDER BY role, date_at, id",
        )?;
        keys(find.query([])?)
    }

    /// Returns how many transactions a filter lets through, whatever its limit.
    pub fn count(&self, filter: &Filter) -> Found<u64> {
        // What is over is nearly everything, and in no index of its own.
        let closed = Filter { role: filter.role, open: Some(false), open_at: filter.open_at, ..Filter::default() };
        if *filter == closed {
            let all = self.count(&Filter { role: filter.role, ..Filter::default() })?;
            return Ok(all.saturating_sub(self.count(&Filter { open: Some(true), ..closed })?));
        }
        if let Some(role) = filter.role
            && *filter == (Filter { role: filter.role, ..Filter::default() })
        {
            let mut find = self.db.prepare_cached("SELECT listed FROM tally WHERE role = ?1")?;
            let listed: Option<i64> = find.query_row([role.word()], |row| row.get(0)).optional()?;
            return Ok(position(listed.unwrap_or(0)));
        }
        let (conditions, values) = filter.sql();
        let mut count =
            self.db.prepare_cached(&format!("SELECT count(*) FROM transactions {} {conditions}", filter.way()))?;
        let number: i64 = count.query_row(params_from_iter(values), |row| row.get(0))?;
        Ok(position(number))
    }

    /// Returns whether a filter lets more than `most` transactions through; they are counted no further.
    pub fn has_more(&self, filter: &Filter, most: u32) -> Found<bool> {
        let (conditions, mut values) = filter.sql();
        values.push(Value::Integer(i64::from(most).saturating_add(1)));
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM transactions {} {conditions} LIMIT ?)", filter.way());
        let number: i64 = self.db.prepare_cached(&sql)?.query_row(params_from_iter(values), |row| row.get(0))?;
        Ok(number > i64::from(most))
    }

    /// Returns what remains to be paid of the transactions a filter lets through, a sum for each currency.
    pub fn unpaid(&self, filter: &Filter) -> Found<Vec<Money>> {
        let filter = Filter { unpaid: Some(true), ..filter.clone() };
        let (conditions, values) = filter.sql();
        let sql = format!("SELECT unpaid_currency, unpaid FROM transactions {} {conditions}", filter.way());
        let mut find = self.db.prepare_cached(&sql)?;
        let mut rows = find.query(params_from_iter(values))?;
        // Sums are exact: added here, never in SQLite's floating point.
        let mut amounts: Vec<Money> = Vec::new();
        while let Some(row) = rows.next()? {
            let (currency, amount): (String, String) = (row.get(0)?, row.get(1)?);
            amounts.push(value(&amount, |amount| Money::parse(amount, &currency))?);
        }
        Ok(Money::totals(amounts).into_values().collect())
    }

    /// Returns the keys whose order ID or number begins with `text`, or whose name is `SHOP:NUMBER` so far; at most
    /// `limit`, in one part or in all. One answer means that the beginning is unique.
    pub fn find_prefix(&self, text: &str, role: Option<Role>, limit: u32) -> Found<Vec<Key>> {
        let (shop, name) = match text.split_once(':') {
            Some((shop, name)) => (Some(shop.to_ascii_lowercase()), name),
            None => (None, text),
        };
        // Names are plain ASCII below this sign: it ends the range of those that begin with `name`.
        let end = format!("{name}\u{7f}");
        let mut find = self.db.prepare_cached(
            "SELECT role, shop, order_id FROM transactions WHERE (?3 IS NULL OR shop = ?3) AND (?6 IS NULL OR role = ?6) AND id IN (
               SELECT id FROM transactions WHERE number COLLATE NOCASE >= ?1 AND number COLLATE NOCASE < ?2
                 AND number IS NOT NULL
               UNION SELECT id FROM transactions WHERE order_id COLLATE NOCASE >= ?1 AND order_id COLLATE NOCASE < ?2)
             ORDER BY (number IS NOT NULL AND number = ?5) DESC, date_at DESC, id DESC LIMIT ?4",
        )?;
        keys(find.query(params![name, end, shop, limit, name, role.map(|role| role.word())])?)
    }
}

impl Filter {
    /// Returns which index is run over: of what is unfinished, where that is asked for, or found by its names.
    ///
    /// SQLite, left to itself, takes the one of all transactions of a part, since that has their order: then a list of
    /// fifty takes longer as the ledger grows.
    fn way(&self) -> &'static str {
        match (&self.text, self.open, self.unpaid, self.undelivered) {
            (Some(_), ..) => "NOT INDEXED",
            (None, Some(true), ..) => "INDEXED BY transactions_open",
            _ if self.due_before.is_some() => "INDEXED BY transactions_due",
            (None, _, Some(true), _) => "INDEXED BY transactions_unpaid",
            (None, _, _, Some(true)) => "INDEXED BY transactions_undelivered",
            _ if self.few => "INDEXED BY transactions_key",
            _ if self.is_new() => "INDEXED BY transactions_state",
            _ if self.warned => "NOT INDEXED",
            _ if self.waits => "INDEXED BY transactions_waits",
            _ if self.refund => "INDEXED BY transactions_refund",
            _ if self.failed || self.differs || self.amiss => "INDEXED BY transactions_failed",
            _ => "",
        }
    }

    /// Returns whether only what has no agreed terms yet is asked for: the states that have an index of their own.
    fn is_new(&self) -> bool {
        matches!(self.state.as_deref(), Some("ordered" | "offered"))
    }

    /// Returns the WHERE clause and its values. Conditions are of fixed words; what users write is a value.
    fn sql(&self) -> (String, Vec<Value>) {
        let mut conditions: Vec<Cow<'static, str>> = Vec::new();
        let mut values = Vec::new();
        let mut with = |condition: &'static str, value: Option<Value>| {
            if let Some(value) = value {
                conditions.push(condition.into());
                values.push(value);
            }
        };
        with("role = ?", self.role.map(|role| Value::Text(role.word().to_owned())));
        with("shop = ?", self.shop.as_ref().map(|shop| Value::Text(shop.to_string())));
        with("order_done = ?", self.order_done.map(Value::from));
        with("delivery_done = ?", self.delivery_done.map(Value::from));
        with("payment_done = ?", self.payment_done.map(Value::from));
        with("date_at >= ?", self.from.map(Value::Integer));
        with("date_at < ?", self.until.map(Value::Integer));
        with("due_at < ?", self.due_before.map(|second| Value::Integer(second.saturating_add(EASTERN))));
        with("state = ?", self.state.clone().map(Value::Text));
        with("currency = ?", self.currency.map(|currency| Value::Text(currency.code().to_owned())));
        let end = |end: Option<(Decimal, bool)>, margin: f64| {
            let (end, _) = end?;
            Some(Value::Real(end.to_f64()? + margin * (1.0 + end.to_f64()?.abs())))
        };
        with("CAST(total AS REAL) >= ?", self.amount.and_then(|range| end(range.least, -MARGIN)));
        with("CAST(total AS REAL) <= ?", self.amount.and_then(|range| end(range.most, MARGIN)));
        if let Some(part) = &self.shop_part {
            conditions.push(SOLD_BY.into());
            values.extend([part.clone(), self.called_shops()].map(Value::Text));
        }
        if let Some(text) = &self.text {
            let (found, given) = self.searched(text);
            conditions.push(found.into());
            values.extend(given.into_iter().map(Value::Text));
        }
        if let Some(Key { role, shop, id }) = &self.after {
            conditions.push(AFTER.into());
            values.extend([role.word(), shop.as_str(), id.as_str()].map(|name| Value::Text(name.to_owned())));
        }
        if self.warned {
            let key = |key: &Key| [key.role.word(), key.shop.as_str(), key.id.as_str()].map(str::to_owned);
            let standing = self.standing.iter().map(key).collect::<Vec<_>>();
            conditions.push(WARNED.into());
            values.push(Value::Text(serde_json::json!(standing).to_string()));
        }
        if let Some((open, at)) = self.open.zip(self.open_at) {
            let over = if open { "(until_at IS NULL OR until_at >= ?)" } else { "(NOT open OR until_at < ?)" };
            conditions.push(over.into());
            values.push(Value::Integer(at));
        }
        // Written without values, so that the partial indexes of the schema serve.
        let plain = [
            (self.open.filter(|open| *open || self.open_at.is_none()), "open", "NOT open"),
            (self.unpaid, "unpaid IS NOT NULL", "unpaid IS NULL"),
            (self.undelivered, "undelivered", "NOT undelivered"),
            // What is of no leg alone is no failure.
            (
                self.failed.then_some(true),
                "failed <> '' AND failed NOT IN ('received', 'unconfirmed', 'received unconfirmed')",
                "",
            ),
            (self.differs.then_some(true), "failed <> '' AND failed LIKE '%received%'", ""),
            (self.amiss.then_some(true), "failed <> ''", ""),
            (self.waits.then_some(true), "waits", ""),
            (self.refund.then_some(true), "refund IS NOT NULL", ""),
        ];
        if self.is_new() {
            conditions.push("state IN ('ordered', 'offered')".into());
        }
        conditions.push("begun".into());
        conditions.extend(plain.into_iter().filter_map(|(is, yes, no)| is.map(|is| if is { yes } else { no }.into())));
        (format!("WHERE {}", conditions.join(" AND ")), values)
    }

    /// Returns the condition that a text is in the names, and its values.
    fn searched(&self, text: &str) -> (String, Vec<String>) {
        // Three letters and more are found by their trigrams; fewer (日立) by looking through the names.
        let phrase = format!("\"{}\"", text.replace('"', "\"\""));
        let (found, mut values) = match text.chars().count() {
            0..3 => (LOOKED, vec![text.to_lowercase()]),
            _ if may_begin_name(text) => {
                // Names are plain ASCII below this sign: it ends the range of those that begin so.
                let ends = [text.to_owned(), format!("{text}\u{7f}")];
                (NAMED, std::iter::once(phrase).chain(ends.iter().cycle().take(4).cloned()).collect())
            }
            _ => (WITHIN, vec![phrase]),
        };
        if self.called.is_empty() {
            return (format!("id IN ({found})"), values);
        }
        values.push(self.called_shops());
        (format!("id IN ({found} UNION ALL {UNNAMED})"), values)
    }

    /// Returns the addresses of the shops that have names here, as JSON.
    fn called_shops(&self) -> String {
        let shops: Vec<&str> = self.called.iter().map(|(shop, _)| shop.as_str()).collect();
        serde_json::json!(shops).to_string()
    }

    /// Names the shop in an order in which no name of it stands.
    fn named(&self, mut one: Listed) -> Listed {
        if one.key.role == Role::Buyer && one.row.shop_name.is_empty() {
            let called = self.called.iter().find(|(shop, _)| *shop == one.key.shop);
            one.row.shop_name = called.map(|(_, name)| name.clone()).unwrap_or_default();
        }
        one
    }
}

/// Reads rows of role, shop and order ID.
pub(super) fn keys(mut rows: Rows<'_>) -> Found<Vec<Key>> {
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        keys.push(key(row)?);
    }
    Ok(keys)
}

fn key(row: &rusqlite::Row<'_>) -> Found<Key> {
    Ok(Key {
        role: word(text(row, 0)?, Role::parse)?,
        shop: value(text(row, 1)?, Address::parse)?,
        id: value(text(row, 2)?, OrderId::parse)?,
    })
}

/// Reads an amount from the columns of its currency and its number, where they have one.
pub(super) fn money(row: &rusqlite::Row<'_>, currency: usize, amount: usize) -> Found<Option<Money>> {
    match (text_or_none(row, currency)?, text_or_none(row, amount)?) {
        (Some(currency), Some(amount)) => value(amount, |amount| Money::parse(amount, currency)).map(Some),
        _ => Ok(None),
    }
}

/// Reads what is said of few legs, in the order of lists.
fn parts(text: &str) -> Found<[RowMore; 3]> {
    if text.is_empty() { Ok(<[RowMore; 3]>::default()) } else { json(text) }
}

/// Returns whether a word is among those of what is not as it should be.
fn is_amiss(row: &rusqlite::Row<'_>, word: &str) -> Found<bool> {
    Ok(text(row, 22)?.split(' ').any(|one| one == word))
}

fn leg(row: &rusqlite::Row<'_>, leg: Leg, done: usize, date: usize, more: RowMore) -> Found<RowLeg> {
    let (date, failed) = (optional(row, date, When::parse)?, is_amiss(row, leg.word())?);
    Ok(RowLeg { done: row.get(done)?, date, failed, more })
}

pub(super) fn listed(row: &rusqlite::Row<'_>) -> Found<Listed> {
    let key = key(row)?;
    let [ordered, delivered, paid] = parts(text(row, 30)?)?;
    let row = Row {
        role: key.role,
        shop: key.shop.clone(),
        number: optional(row, 3, Number::parse)?,
        shop_name: row.get(4)?,
        date: optional(row, 5, When::parse)?,
        items: json(text(row, 6)?)?,
        buyer: row.get(23)?,
        total: money(row, 7, 8)?,
        order: leg(row, Leg::Order, 9, 10, ordered)?,
        delivery: leg(row, Leg::Delivery, 11, 12, delivered)?,
        payment: leg(row, Leg::Payment, 13, 14, paid)?,
        state: row.get(15)?,
        open: row.get(16)?,
        until: optional(row, 31, Moment::parse)?,
        due: optional(row, 17, When::parse)?,
        unpaid: money(row, 18, 19)?,
        short: is_amiss(row, super::placed::SHORT)?,
        unconfirmed: is_amiss(row, super::placed::UNCONFIRMED)?,
        undelivered: row.get(20)?,
        warnings: row.get(21)?,
        begun: true,
        waits: row.get(24)?,
        refund: money(row, 25, 26)?,
        pending: text_or_none(row, 27)?.and_then(Pending::of),
        unanswered: false,
        refunded: money(row, 28, 29)?,
        crowded: None,
        next: None,
        stopping: None,
        owing: Vec::new(),
    };
    Ok(Listed { key, row })
}
