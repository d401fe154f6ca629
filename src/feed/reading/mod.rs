//! From rows to reports: a file, the map that reads it, and the part that reports.

use std::borrow::Cow;
use std::io::BufRead;

use super::date::Given;
use super::field::{Field, Meaning};
use super::goods::{RowFile, goods_given};
use super::map::Map;
use super::report::Report;
use super::rows::{FeedError, Format, Place, Row, Rows};
use crate::role::Notice;
use crate::trade::item::LineQuantity;
use crate::trade::status::Reason;
use crate::trade::{Address, Money, Quantity, Role, fault_of_line};

/// The most characters of anything a row says.
const CELL_MAX: usize = 1_000;

/// What a buyer reads where an export says no more than that the order is cancelled.
const CANCELLED: &str = "The order was cancelled.";

/// The most bytes of an event's id.
const EVENT_ID_MAX: usize = 200;

/// A row that was read.
#[derive(Debug)]
pub struct Read {
    /// Where it stands.
    pub place: Place,
    /// The transaction as the row names it, where it could be read.
    pub name: Option<String>,
    /// Whether it may be of an order that is none of ours; then nothing is wrong with it where its transaction is not known.
    pub skip_unknown: bool,
    /// What it reports: nothing where `None`; or what is wrong with it.
    pub report: Result<Option<Report>, String>,
}

/// A file being read for one part.
#[derive(Debug)]
pub struct Reading<R> {
    rows: Rows<R>,
    map: Map,
    role: Role,
}

impl<R: BufRead> Reading<R> {
    /// Begins to read. Format and delimiter are guessed where neither the caller nor the map says them.
    ///
    /// # Errors
    /// A file that cannot be read; a header that lacks columns of the map, or, read by our own names, has others.
    pub fn open(
        source: R,
        format: Option<Format>,
        delimiter: Option<u8>,
        map: Map,
        role: Role,
    ) -> Result<Self, FeedError> {
        let rows = Rows::open(source, format, map.delimiter().or(delimiter))?;
        if let Some(header) = rows.header() {
            check_header(header, &map, role).map_err(|what| FeedError::Columns {
                what,
                columns: header.to_vec(),
                mapped: !map.strict,
            })?;
        }
        Ok(Self { rows, map, role })
    }

    /// Returns whether the file has not a single line, not even the names of its columns.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the next row; `None` at the end.
    ///
    /// # Errors
    /// What leaves the rest of the file unread.
    pub fn next_row(&mut self) -> Result<Option<Read>, FeedError> {
        let Some((place, row)) = self.rows.next_row()? else { return Ok(None) };
        let row = match row {
            Ok(row) => row,
            Err(what) => return Ok(Some(Read { place, name: None, skip_unknown: false, report: Err(what) })),
        };
        let cells = Cells { row: &row, map: &self.map };
        let name = cells.text(Field::Txn).ok().flatten().map(Cow::into_owned);
        let names =
            if self.rows.header().is_none() { check_columns(&row.columns(), &self.map, self.role) } else { Ok(()) };
        let report = names.and_then(|()| cells.report(self.role));
        let skip_unknown = name.is_some() && cells.is_of_others().unwrap_or(false);
        Ok(Some(Read { place, name, skip_unknown, report }))
    }
}

/// Refuses a header without a column that the map reads, or with one twice that it reads.
fn check_header(header: &[String], map: &Map, role: Role) -> Result<(), String> {
    for (field, names) in &map.columns {
        let there: Vec<&String> = names.iter().filter(|name| header.contains(name)).collect();
        if there.is_empty() && !map.optional.contains(field) && !map.constants.contains_key(field) {
            let wanted = names.first().map_or("", String::as_str);
            let nearest = nearest(wanted, header.iter().map(String::as_str));
            let field = field.word();
            return Err(format!("no column is called {wanted:?}, which {field} is read from{nearest}"));
        }
        let twice = there.first().filter(|name| header.iter().filter(|column| column == *name).count() > 1);
        if let Some(name) = twice {
            return Err(format!("two columns are called {name:?}, and {} is read from it", field.word()));
        }
    }
    let columns: Vec<&str> = header.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    check_columns(&columns, map, role)
}

/// Refuses a name that is none of ours, where all should be.
fn check_columns(columns: &[&str], map: &Map, role: Role) -> Result<(), String> {
    let known = |name: &&&str| map.columns.values().flatten().any(|known| known == **name);
    let Some(unknown) = columns.iter().find(|name| map.strict && !known(name)) else { return Ok(()) };
    let fields = Field::ALL.into_iter().filter(|field| field.is_for(role)).map(Field::word);
    let nearest = nearest(unknown, fields.clone());
    let all = fields.collect::<Vec<&str>>().join(", ");
    Err(match nearest.as_str() {
        "" => format!(
            "{unknown:?} is nothing a row can say; known are {all}. Files of other systems are read by a map: --map"
        ),
        near => format!(
            "{unknown:?} is nothing a row can say{near} Known are {all}. Files of other systems are read by a map: --map"
        ),
    })
}

/// Says which known name is the nearest to a wrong one, if one is near.
fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    let far = wrong.chars().count().max(3).div_ceil(3);
    let nearest = known.map(|name| (strsim::damerau_levenshtein(&wrong.to_lowercase(), &name.to_lowercase()), name));
    // Where every sign is another one, it is no slip.
    let alike = |distance: usize, name: &str| distance < wrong.chars().count().max(name.chars().count());
    let nearest = nearest.filter(|(distance, name)| *distance <= far && alike(*distance, name)).min();
    nearest.map(|(_, name)| format!("; did you mean {name:?}?")).unwrap_or_default()
}

/// One row, read by a map.
struct Cells<'a> {
    row: &'a Row,
    map: &'a Map,
}

impl Cells<'_> {
    /// Returns what a row says of a field: its cell, or what the map says always.
    fn text(&self, field: Field) -> Result<Option<Cow<'_, str>>, String> {
        Ok(match self.cell(field)? {
            Some((_, text)) => Some(text),
            None => self.map.constants.get(&field).map(|text| Cow::Borrowed(text.as_str())),
        })
    }

    /// Returns the column that says something of a field, and what stands in it.
    fn cell(&self, field: Field) -> Result<Option<(&str, Cow<'_, str>)>, String> {
        for column in self.map.columns.get(&field).into_iter().flatten().map(String::as_str) {
            // Which lines are in a parcel may be a list; of all else there is one.
            let cell = if field == Field::Lines { self.row.several(column) } else { self.row.cell(column) };
            let cell = cell.map_err(|what| format!("{column}: {what}"))?;
            if let Some(text) = cell {
                if text.chars().nth(CELL_MAX).is_some() {
                    return Err(format!("{column}: more than {CELL_MAX} characters"));
                }
                if let Some(fault) = fault_of_line(&text) {
                    return Err(format!("{column}: {fault}"));
                }
                return Ok(Some((column, text)));
            }
        }
        Ok(None)
    }

    fn owned(&self, field: Field) -> Result<Option<String>, String> {
        Ok(self.text(field)?.map(Cow::into_owned))
    }

    /// Reads a field, and says which it is where it is wrong.
    fn read<T>(&self, field: Field, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
        let text = self.text(field)?;
        text.map(|text| read(&text).map_err(|what| format!("{}: {what}", field.word()))).transpose()
    }

    /// Returns what the row reports; `None` where that is nothing.
    fn report(&self, role: Role) -> Result<Option<Report>, String> {
        let Some((shop, name)) = self.transaction()? else { return Ok(None) };
        let event = self.read(Field::EventId, event_id)?;
        let mut notice = Notice {
            planned: self.read(Field::Planned, |text| self.map.dates.when(text))?,
            parcel: self.owned(Field::Parcel)?,
            lines: self.read(Field::Lines, lines)?.unwrap_or_default(),
            tracking: self.owned(Field::Tracking)?,
            event: self
                .owned(Field::Event)?
                .map(|event| Ok::<_, String>((event, self.owned(Field::Place)?)))
                .transpose()?,
            reference: self.owned(Field::Reference)?,
            correct: self.read(Field::Correct, yes)?.unwrap_or(false),
            ..Notice::default()
        };
        let file = RowFile::read(|field| self.owned(field))?;
        let given = self.done(role, &mut notice)?;
        let given = if file.is_some() { Some(goods_given(given, &notice)?) } else { given };
        let now = given == Some(Given::Now);
        if let Some(Given::At(at) | Given::On(at)) = given {
            notice.done = Some(at);
            notice.whole_day = matches!(given, Some(Given::On(_)));
        }
        if given.is_some() {
            // What is done is not planned any more; both may stand in an export.
            notice.planned = None;
            notice.failed = None;
        }
        if notice.event.is_some() {
            notice.event_at = self.read(Field::Date, |text| self.map.dates.moment(text))?;
        }
        let undone = if notice.is_empty() && !now { self.undone(role)? } else { None };
        if notice.is_empty() && !now && undone.is_none() {
            return if self.map.strict && !self.map.states && self.text(Field::Status)?.is_none() {
                Err("it reports nothing; say what happened, or when it is planned".to_owned())
            } else {
                Ok(None)
            };
        }
        // The total of an order is not what a plan or a refusal is about.
        if role == Role::Payment && (now || notice.done.is_some()) {
            notice.amount = self.amount()?;
        }
        let skip_unknown = self.is_of_others()?;
        Ok(Some(Report { shop, name, event, notice, now, undone, skip_unknown, file, bytes: None }))
    }

    /// Returns which transaction it is about: `NUMBER`, or `SHOP:NUMBER`; `None` where rows of other orders are in the file
    /// and this is one.
    fn transaction(&self) -> Result<Option<(Option<Address>, String)>, String> {
        let Some(text) = self.owned(Field::Txn)? else {
            if self.map.skip_all_unknown || !self.map.skip_unknown.is_empty() {
                return Ok(None);
            }
            let columns = self.map.columns.get(&Field::Txn).map(|names| names.join(" and "));
            return Err(format!("it names no transaction: nothing stands in {}", columns.unwrap_or_default()));
        };
        match text.split_once(':') {
            None => Ok(Some((None, text))),
            Some((shop, number)) => {
                let shop = Address::parse(shop.trim()).map_err(|error| format!("txn: {error}; write SHOP:NUMBER"))?;
                Ok(Some((Some(shop), number.trim().to_owned())))
            }
        }
    }

    /// Returns whether it names its transaction where other orders have their numbers, too.
    fn is_of_others(&self) -> Result<bool, String> {
        let column = self.cell(Field::Txn)?.map(|(column, _)| column);
        let shared = column.is_some_and(|column| self.map.skip_unknown.iter().any(|name| name == column));
        Ok(shared || self.map.skip_all_unknown)
    }

    /// Returns when it was done, by its own column or by a word of the column `status`; what is planned or failed by that word
    /// goes into the notice.
    fn done(&self, role: Role, notice: &mut Notice) -> Result<Option<Given>, String> {
        let given = |field: Field| {
            let is = self.text(field)?.is_some_and(|text| !is_no(&text));
            if is { self.read(field, |text| self.map.dates.given(text)) } else { Ok(None) }
        };
        let why = |field: Field| {
            let reason = |text: String| Reason { code: field.word().to_owned(), text };
            self.owned(field).map(|text| text.map(reason))
        };
        notice.failed = why(Field::Declined)?;
        for field in [Field::Refused, Field::Lost, Field::Failed] {
            notice.failed = notice.failed.take().or(why(field)?);
        }
        notice.cancelled = self.owned(Field::Cancelled)?;
        // Money that went back had come before: the column of the payment stays filled.
        if matches!(self.meaning(), Ok(Some(Meaning::Says(Field::Refunded)))) {
            notice.refund = matches!(role, Role::Shop | Role::Payment);
            let given = given(Field::Refunded)?.or(given(Field::Date)?).unwrap_or(Given::Now);
            return Ok(Some(given).filter(|_| role == Role::Payment));
        }
        let refunded = given(Field::Refunded)?;
        notice.refund = refunded.is_some();
        let done = [Field::Shipped, Field::Paid, Field::Delivered].into_iter().map(given);
        let done = done.collect::<Result<Vec<_>, String>>()?.into_iter().flatten().next();
        if refunded.is_some() || done.is_some() {
            return Ok(refunded.or(done));
        }
        match self.meaning()? {
            Some(Meaning::Says(field)) if field.is_for(role) => match field {
                Field::Planned => {
                    let at = notice.planned.or(self.read(Field::Date, |text| self.map.dates.when(text))?);
                    notice.planned = Some(at.ok_or("the status says planned, and no date when (planned or date)")?);
                    Ok(None)
                }
                Field::Declined | Field::Failed | Field::Refused | Field::Lost => {
                    let text = notice.failed.take().map_or_else(|| field.word().to_owned(), |reason| reason.text);
                    notice.failed = Some(Reason { code: field.word().to_owned(), text });
                    Ok(None)
                }
                Field::Cancelled => {
                    notice.cancelled = notice.cancelled.take().or_else(|| Some(CANCELLED.to_owned()));
                    Ok(None)
                }
                _ => Ok(Some(given(Field::Date)?.unwrap_or(Given::Now))),
            },
            _ => Ok(None),
        }
    }

    /// Returns the field, and what stands in its column, by which an export says that nothing of the leg is done.
    fn undone(&self, role: Role) -> Result<Option<(Field, String)>, String> {
        if !self.map.states {
            return Ok(None);
        }
        for field in [Field::Shipped, Field::Paid, Field::Delivered] {
            if let Some(word) = self.text(field)?.filter(|text| is_no(text)) {
                return Ok(Some((field, word.into_owned())));
            }
        }
        let not_yet = self.meaning()?.is_some_and(|meaning| meaning.is_not_yet(role));
        Ok(self.text(Field::Status)?.filter(|_| not_yet).map(|word| (Field::Status, word.into_owned())))
    }

    /// Returns what the word in the column `status` means.
    fn meaning(&self) -> Result<Option<Meaning>, String> {
        let Some(word) = self.text(Field::Status)? else { return Ok(None) };
        let Some(words) = &self.map.status else {
            let what = || {
                let known = Meaning::known();
                format!("status: {word:?} is none of {known}; a map says what other words mean")
            };
            return Meaning::parse(&word).map(Some).ok_or_else(what);
        };
        let lower = word.to_lowercase();
        let found = words.get(word.as_ref()).or_else(|| words.get(&lower)).copied();
        found.map(Some).ok_or_else(|| {
            let nearest = nearest(&word, words.keys().map(String::as_str));
            format!("status: the map says nothing of {word:?}{nearest}")
        })
    }

    fn amount(&self) -> Result<Option<Money>, String> {
        let Some(text) = self.text(Field::Amount)? else { return Ok(None) };
        let currency = self.text(Field::Currency)?;
        let money = match &currency {
            Some(currency) if !text.contains(char::is_alphabetic) => Money::parse(&text, currency),
            _ => Money::parse_line(&text),
        };
        if let (Ok(money), Some(currency)) = (&money, &currency)
            && money.currency().code() != currency.as_ref()
        {
            return Err(format!("amount: {money}, and the currency is said to be {currency}; write one of them"));
        }
        money.map(Some).map_err(|error| {
            if currency.is_none() && text.chars().all(|c| c.is_ascii_digit() || c == '.') {
                return format!(
                    "amount: {text} has no currency; write it like \"JPY {text}\", or name the column or constant `currency`"
                );
            }
            let grouped = text.chars().any(|c| matches!(c, ',' | '\'' | '’' | '\u{a0}' | '\u{202f}'));
            let how = if grouped {
                "write it without separators of thousands, and with a point before decimals"
            } else if currency.is_none() {
                "write currency and amount like \"JPY 4800\", or name the column or constant `currency`"
            } else {
                return format!("amount: {error}");
            };
            format!("amount: {error}; {how}")
        })
    }
}

/// Reads what a report is called by the system that it comes from: one line of text, of at most 200 bytes.
///
/// # Errors
/// What is none, in words.
pub fn event_id(text: &str) -> Result<String, String> {
    let id = text.trim();
    if id.is_empty() {
        return Err("it is empty; leave it out, or name the report".to_owned());
    }
    if let Some(fault) = fault_of_line(id) {
        return Err(fault);
    }
    if id.len() > EVENT_ID_MAX {
        return Err(format!("more than {EVENT_ID_MAX} bytes"));
    }
    Ok(id.to_owned())
}

/// Returns whether a cell says that something was not done.
fn is_no(text: &str) -> bool {
    ["false", "no"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn yes(text: &str) -> Result<bool, String> {
    match text {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        other => Err(format!("{other:?} is neither true nor false")),
    }
}

/// Reads `1=2 3=1`, parted by blanks, commas or semicolons.
fn lines(text: &str) -> Result<Vec<LineQuantity>, String> {
    let parts = text.split([' ', ',', ';']).filter(|part| !part.is_empty());
    let part = |part: &str| {
        let (line, quantity) =
            part.split_once('=').ok_or_else(|| format!("{part:?} is not LINE=QUANTITY, like 1=2"))?;
        let quantity = Quantity::parse(quantity).map_err(|error| format!("{part:?}: {error}"))?;
        Ok(LineQuantity { line: line.to_owned(), quantity })
    };
    parts.map(part).collect()
}

#[cfg(test)]
mod tests;
