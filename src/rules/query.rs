//! The words by which transactions are asked for: on the command line, on the page, in schedules and rules (P72-P78).
//!
//! A query is words with blanks between them, and all of them must hold: `unpaid shop:日立 month:2026-11 amount:>1000`. What
//! has blanks in it stands in double quotes: `item:"green tea"`. A word that is none of ours is looked for in the names,
//! and as the beginning of an ID or number.

use jiff::civil::Date;
use jiff::{SignedDuration, Span};
use rust_decimal::Decimal;

use super::standing::State;
use crate::trade::Currency;

/// Words that stand alone, each with what it asks for.
pub const PLAIN: [(&str, Condition); 20] = [
    ("open", Condition::Open(true)),
    ("closed", Condition::Open(false)),
    ("unshipped", Condition::Done(Part::Order, false)),
    ("shipped", Condition::Done(Part::Order, true)),
    ("undelivered", Condition::Undelivered),
    ("delivered", Condition::Done(Part::Delivery, true)),
    ("unpaid", Condition::Unpaid),
    ("paid", Condition::Done(Part::Payment, true)),
    ("late", Condition::Late(SignedDuration::ZERO)),
    ("warned", Condition::Warned),
    ("failed", Condition::Failed),
    ("differs", Condition::Differs),
    ("unconfirmed", Condition::Unconfirmed),
    // `open` above is a state, too.
    ("ordered", Condition::State(State::Ordered)),
    ("offered", Condition::State(State::Offered)),
    ("completed", Condition::State(State::Completed)),
    ("rejected", Condition::State(State::Rejected)),
    ("cancelled", Condition::State(State::Cancelled)),
    ("returned", Condition::State(State::Returned)),
    ("refunded", Condition::State(State::Refunded)),
];

/// Words before a colon, each with an example.
pub const KEYED: [(&str, &str); 13] = [
    ("shop", "shop:日立"),
    ("buyer", "buyer:ono"),
    ("item", "item:tea"),
    ("txn", "txn:K5QW3Z"),
    ("state", "state:completed"),
    ("month", "month:2026-11"),
    ("date", "date:2026-10..2026-12"),
    ("amount", "amount:>1000"),
    ("currency", "currency:JPY"),
    ("late", "late:14d"),
    ("shipped", "shipped:7d"),
    ("delivered", "delivered:30d"),
    ("paid", "paid:2w"),
];

/// A leg of a transaction, in the words of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The goods have left the shop.
    Order,
    /// They arrived.
    Delivery,
    /// They are paid.
    Payment,
}

/// One thing that must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Something is still to be done, or nothing is.
    Open(bool),
    /// A leg is done; or it is not, of what is open.
    Done(Part, bool),
    /// A leg was done at least so long ago.
    DoneFor(Part, SignedDuration),
    /// Goods are still to come.
    Undelivered,
    /// Something remains to be paid.
    Unpaid,
    /// A promised date passed, at least so long ago.
    Late(SignedDuration),
    /// There is a warning that nobody settled, of a letter or of how it stands; dates that passed are none of these.
    Warned,
    /// Something of it will not happen.
    Failed,
    /// Something else came, as the buyer says, than the delivery agent says was delivered.
    Differs,
    /// Terms wait for the buyer's answer.
    Unconfirmed,
    /// The shop's name or address has this in it.
    Shop(String),
    /// The buyer's has.
    Buyer(String),
    /// The name of an item has.
    Item(String),
    /// Its ID or number begins so.
    Named(String),
    /// It is in this state.
    State(State),
    /// Bought on one of these days, both included; `None` for no end.
    Days(Option<Date>, Option<Date>),
    /// The total is between these, both included.
    Amount(Range),
    /// The total is in this currency.
    Currency(Currency),
    /// A name has this in it, or ID or number begins so.
    Text(String),
}

impl Condition {
    /// Returns whether an index of fixed columns decides it, alone and exactly.
    pub const fn is_indexed(&self) -> bool {
        matches!(
            self,
            Self::Open(_)
                | Self::Done(..)
                | Self::Undelivered
                | Self::Unpaid
                | Self::Warned
                | Self::Failed
                | Self::Differs
                | Self::State(_)
                | Self::Days(..)
                | Self::Currency(_)
        )
    }
}

/// Amounts in the currency of the total: `None` for no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The least, and whether it is included.
    pub least: Option<(Decimal, bool)>,
    /// The most, and whether it is included.
    pub most: Option<(Decimal, bool)>,
}

impl Range {
    /// Returns whether an amount is in it.
    pub fn holds(&self, amount: Decimal) -> bool {
        let above = self.least.is_none_or(|(least, included)| amount > least || (included && amount == least));
        above && self.most.is_none_or(|(most, included)| amount < most || (included && amount == most))
    }
}

/// What is asked for: everything must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// What must hold, as written.
    pub conditions: Vec<Condition>,
    text: String,
}

/// Why a text is no query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} in the query: {what}")]
pub struct InvalidQuery {
    /// The word.
    pub word: String,
    /// What is wrong with it, and what would be right.
    pub what: String,
}

impl Query {
    /// Reads a query; `today` is the day in the zone of the reader, for words like `month-1`.
    ///
    /// # Errors
    /// The first word that is none, with what would be right.
    pub fn parse(text: &str, today: Date) -> Result<Self, InvalidQuery> {
        let conditions = words(text)?.into_iter().map(|word| condition(&word, today)).collect::<Result<_, _>>()?;
        Ok(Self { conditions, text: text.trim().to_owned() })
    }

    /// Returns it as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether everything is asked for.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Returns whether an index of fixed columns decides all of it, exactly.
    pub fn is_indexed(&self) -> bool {
        self.conditions.iter().all(Condition::is_indexed)
    }

    /// Returns the word of ours that a word looked for in names may have been meant to be.
    pub fn meant(&self) -> Option<(&str, &'static str)> {
        self.conditions.iter().find_map(|condition| match condition {
            Condition::Text(text) => {
                nearest(text, PLAIN.iter().map(|(word, _)| *word)).map(|near| (text.as_str(), near))
            }
            _ => None,
        })
    }

    /// Returns what to say of such a word where nothing was found.
    pub fn hint(&self) -> Option<String> {
        let (word, near) = self.meant()?;
        Some(format!("{word:?} was looked for in the names; did you mean `{near}`?"))
    }

    /// Returns what to say of such a word where the query is kept, and found wanting too late.
    pub fn doubt(&self) -> Option<String> {
        let (word, near) = self.meant()?;
        Some(format!("{word:?} would be looked for in names; did you mean {near:?}? Else write it in quotes"))
    }
}

/// A word as it stands in the text, and whether its value was quoted.
struct Word {
    key: Option<String>,
    value: String,
    whole: String,
    quoted: bool,
}

/// Parts a text into words; blanks between double quotes belong to their word.
fn words(text: &str) -> Result<Vec<Word>, InvalidQuery> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let mut quoted = false;
        let end = rest.find(|c: char| {
            quoted ^= c == '"';
            c.is_whitespace() && !quoted
        });
        let (whole, after) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, ""));
        if end.is_none() && quoted {
            let what = "a double quote is open; write a second one behind the words".to_owned();
            return Err(InvalidQuery { word: whole.to_owned(), what });
        }
        found.push(word(whole));
        rest = after.trim_start();
    }
    Ok(found)
}

fn word(whole: &str) -> Word {
    let (key, value) = match whole.split_once(':') {
        Some((key, value)) if !key.starts_with('"') => (Some(key.to_lowercase()), value),
        _ => (None, whole),
    };
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    Word { key, value: bare.unwrap_or(value).to_owned(), whole: whole.to_owned(), quoted: bare.is_some() }
}

fn condition(word: &Word, today: Date) -> Result<Condition, InvalidQuery> {
    let fault = |what: String| InvalidQuery { word: word.whole.clone(), what };
    let value = word.value.as_str();
    let Some(key) = &word.key else {
        let plain = PLAIN.iter().find(|(known, _)| !word.quoted && value.eq_ignore_ascii_case(known));
        return Ok(plain.map_or_else(|| Condition::Text(value.to_owned()), |(_, condition)| condition.clone()));
    };
    let Some((_, example)) = KEYED.iter().find(|(known, _)| known == key) else {
        let known = || KEYED.iter().map(|(known, _)| *known);
        let near = nearest(key, known()).map(|near| format!("did you mean `{near}:`?"));
        return Err(fault(
            near.unwrap_or_else(|| format!("known before a colon: {}", known().collect::<Vec<_>>().join(", "))),
        ));
    };
    let like = || fault(format!("write it like `{example}`"));
    if value.is_empty() {
        return Err(like());
    }
    let text = || value.to_lowercase();
    Ok(match key.as_str() {
        "shop" => Condition::Shop(text()),
        "buyer" => Condition::Buyer(text()),
        "item" => Condition::Item(text()),
        "txn" => Condition::Named(text()),
        "state" => Condition::State(state(&text()).map_err(fault)?),
        "currency" => {
            Condition::Currency(Currency::parse(&value.to_uppercase()).map_err(|error| fault(error.to_string()))?)
        }
        "amount" => Condition::Amount(range(value).ok_or_else(like)?),
        "late" => Condition::Late(age(value).ok_or_else(like)?),
        "shipped" => Condition::DoneFor(Part::Order, age(value).ok_or_else(like)?),
        "delivered" => Condition::DoneFor(Part::Delivery, age(value).ok_or_else(like)?),
        "paid" => Condition::DoneFor(Part::Payment, age(value).ok_or_else(like)?),
        _ => match days(value, today).ok_or_else(like)? {
            (Some(from), Some(until)) if from > until => return Err(fault(format!("{until} is before {from}"))),
            (from, until) => Condition::Days(from, until),
        },
    })
}

/// Reads the word of a state; of another word says which there are, or which is nearest.
fn state(word: &str) -> Result<State, String> {
    let known = || State::ALL.into_iter().map(State::word);
    match State::ALL.into_iter().find(|known| known.word() == word) {
        Some(known) => Ok(known),
        None => Err(match nearest(word, known()) {
            Some(near) => format!("did you mean `state:{near}`?"),
            None => format!("known after `state:`: {}", known().collect::<Vec<_>>().join(", ")),
        }),
    }
}

/// Reads an age like `14d`, `2w` or `6h`.
fn age(text: &str) -> Option<SignedDuration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: i32 = number.parse().ok().filter(|number| (0..=36_500).contains(number))?;
    let hours = match unit {
        "h" => 1,
        "d" => 24,
        "w" => 7 * 24,
        _ => return None,
    };
    Some(SignedDuration::from_hours(i64::from(number).checked_mul(hours)?))
}

/// Reads `>1000`, `<=19.90`, `1000..2000` or `4300`.
fn range(text: &str) -> Option<Range> {
    let decimal = |text: &str| text.parse::<Decimal>().ok();
    if let Some((least, most)) = text.split_once("..") {
        let end = |text: &str| if text.is_empty() { Some(None) } else { decimal(text).map(|end| Some((end, true))) };
        let range = Range { least: end(least)?, most: end(most)? };
        return (range.least.is_some() || range.most.is_some()).then_some(range);
    }
    let none = Range { least: None, most: None };
    for (sign, included) in [(">=", true), ("<=", true), (">", false), ("<", false)] {
        if let Some(rest) = text.strip_prefix(sign) {
            let end = Some((decimal(rest)?, included));
            return Some(if sign.starts_with('>') {
                Range { least: end, ..none }
            } else {
                Range { most: end, ..none }
            });
        }
    }
    let end = Some((decimal(text)?, true));
    Some(Range { least: end, most: end })
}

type Days = (Option<Date>, Option<Date>);

/// Reads days: a year, quarter, month or day, `month-1`, `today`, or two of them with `..` between.
fn days(text: &str, today: Date) -> Option<Days> {
    let Some((from, until)) = text.split_once("..") else {
        let (first, last) = period(text, today)?;
        return Some((Some(first), Some(last)));
    };
    let end = |text: &str| if text.is_empty() { Some(None) } else { period(text, today).map(Some) };
    let (from, until) = (end(from)?.map(|(first, _)| first), end(until)?.map(|(_, last)| last));
    (from.is_some() || until.is_some()).then_some((from, until))
}

/// Returns the first and the last day of a period.
fn period(text: &str, today: Date) -> Option<(Date, Date)> {
    let last = |first: Date, span: Span| Some((first, first.checked_add(span).ok()?.yesterday().ok()?));
    let back = |word: &str| match text.strip_prefix(word)? {
        "" => Some(0),
        rest => rest.strip_prefix('-')?.parse::<i32>().ok().filter(|back| (0..1_200).contains(back)),
    };
    if text == "today" {
        return Some((today, today));
    }
    if let Some(back) = back("month") {
        return last(today.first_of_month().checked_sub(Span::new().months(back)).ok()?, Span::new().months(1));
    }
    if let Some(back) = back("year") {
        return last(today.first_of_year().checked_sub(Span::new().years(back)).ok()?, Span::new().years(1));
    }
    if let Some((year, quarter)) = text.split_once("-Q").or_else(|| text.split_once("-q")) {
        let quarter: i8 = quarter.parse().ok().filter(|quarter| (1..=4).contains(quarter))?;
        let month = quarter.checked_sub(1)?.checked_mul(3)?.checked_add(1)?;
        return last(Date::new(year.parse().ok()?, month, 1).ok()?, Span::new().months(3));
    }
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [year] if digits(year, 4) => last(Date::new(year.parse().ok()?, 1, 1).ok()?, Span::new().years(1)),
        [year, month] if digits(year, 4) && digits(month, 2) => {
            last(Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()?, Span::new().months(1))
        }
        [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2) => {
            let day = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
            Some((day, day))
        }
        _ => None,
    }
}

/// Returns the word nearest to one that is written otherwise, where it is near enough to be meant.
fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&word, known);
    let near = known.map(|known| (distance(known), known)).min()?;
    (near.0 > 0 && near.0 <= 2 && near.1.chars().count() > near.0.saturating_mul(2)).then_some(near.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 22);

    fn read(text: &str) -> Vec<Condition> {
        Query::parse(text, TODAY).unwrap().conditions
    }

    fn wrong(text: &str) -> String {
        Query::parse(text, TODAY).unwrap_err().to_string()
    }

    fn between(text: &str) -> String {
        match read(text).as_slice() {
            [Condition::Days(from, until)] => {
                let day = |day: &Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
                format!("{} {}", day(from), day(until))
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_state_that_there_is_not_is_named_with_the_nearest_or_with_all() {
        assert_eq!(read("state:Completed"), [Condition::State(State::Completed)]);
        assert_eq!(wrong("state:canceled"), "\"state:canceled\" in the query: did you mean `state:cancelled`?");
        let none = wrong("state:foo");
        assert!(none.contains("known after `state:`: ordered, offered, open, completed, rejected"), "{none}");
        assert_eq!(State::ALL.map(|state| read(&format!("state:{state}")).len()), [1; 8]);
    }

    #[test]
    fn each_state_is_a_word_of_its_own_too() {
        for state in State::ALL.into_iter().filter(|state| *state != State::Open) {
            assert_eq!(read(state.word()), [Condition::State(state)]);
        }
        assert_eq!(read("open"), [Condition::Open(true)]);
        assert_eq!(Query::parse("complete", TODAY).unwrap().meant(), Some(("complete", "completed")));
    }

    #[test]
    fn words_are_joined_by_blanks_and_kept_together_by_quotes_p72() {
        let query = read("unpaid shop:日立 item:\"green tea\" 煎茶 \"paid\"");
        let text = |text: &str| text.to_owned();
        assert_eq!(
            query,
            [
                Condition::Unpaid,
                Condition::Shop(text("日立")),
                Condition::Item(text("green tea")),
                Condition::Text(text("煎茶")),
                Condition::Text(text("paid")),
            ]
        );
        assert!(read("  ").is_empty());
    }

    #[test]
    fn days_are_years_quarters_months_days_and_spans_of_them_p77() {
        for (text, days) in [
            ("month:2026-11", "2026-11-01 2026-11-30"),
            ("month:month-1", "2026-10-01 2026-10-31"),
            ("month:month", "2026-11-01 2026-11-30"),
            ("date:2024-02", "2024-02-01 2024-02-29"),
            ("date:2026", "2026-01-01 2026-12-31"),
            ("date:2026-Q4", "2026-10-01 2026-12-31"),
            ("date:2026-10..2026-12", "2026-10-01 2026-12-31"),
            ("date:2026-11-07..", "2026-11-07 "),
            ("date:..2026-11-07", " 2026-11-07"),
            ("date:today", "2026-11-22 2026-11-22"),
        ] {
            assert_eq!(between(text), days, "{text}");
        }
        for text in [
            "month:2026-13",
            "date:2026-02-30",
            "date:..",
            "date:november",
            "month:26-11",
            "date:2026-Q5",
            "month:month--5",
            "month:month--2147483648",
            "date:year--99999999",
        ] {
            assert!(wrong(text).contains("write it like"), "{}", wrong(text));
        }
        let turned = wrong("date:2026-12..2026-10");
        assert_eq!(turned, "\"date:2026-12..2026-10\" in the query: 2026-10-31 is before 2026-12-01");
    }

    #[test]
    fn amounts_are_compared_exactly() {
        let holds = |text: &str, amount: &str| match read(text).as_slice() {
            [Condition::Amount(range)] => range.holds(amount.parse().unwrap()),
            other => panic!("{text}: {other:?}"),
        };
        assert!(holds("amount:>1000", "1000.01") && !holds("amount:>1000", "1000"));
        assert!(holds("amount:>=1000", "1000.00") && holds("amount:<=0.3", "0.30") && !holds("amount:<0.3", "0.3"));
        assert!(holds("amount:1000..2000", "2000") && !holds("amount:1000..2000", "2000.01"));
        assert!(holds("amount:4300", "4300.00") && holds("amount:..5", "-1"));
        assert!(wrong("amount:>1,000").contains("amount:>1000"));
    }

    #[test]
    fn ages_are_hours_days_or_weeks() {
        assert_eq!(read("late:14d"), [Condition::Late(SignedDuration::from_hours(14 * 24))]);
        assert_eq!(read("delivered:2w"), [Condition::DoneFor(Part::Delivery, SignedDuration::from_hours(14 * 24))]);
        for text in ["late:14", "late:d", "late:-1d", "late:", "delivered:1y", "late:99999999999d"] {
            assert!(wrong(text).contains("write it like"), "{}", wrong(text));
        }
    }

    #[test]
    fn a_word_that_is_none_is_told_with_the_nearest_one() {
        assert_eq!(wrong("mouth:2026-11"), "\"mouth:2026-11\" in the query: did you mean `month:`?");
        assert!(wrong("colour:red").contains("known before a colon: shop, buyer, item"));
        assert!(wrong("item:\"green tea").contains("quote is open"));
        assert!(wrong("currency:YEN").contains("YEN"));
        let query = Query::parse("undeliverd", TODAY).unwrap();
        assert_eq!(query.meant(), Some(("undeliverd", "undelivered")));
        assert_eq!(Query::parse("シャツ tea", TODAY).unwrap().meant(), None);
    }
}
