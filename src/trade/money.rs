//! Money and quantities: exact decimals, never floating point, never without a currency.
//!
//! Text is accepted only in the plain form `-?[0-9]{1,12}(\.[0-9]{1,4})?` (B79) and a number of decimals that the
//! currency has by ISO 4217 (JPY 0, EUR 2, KWD 3). Nothing is ever rounded: what does not come out exactly is an error.

use std::collections::BTreeMap;
use std::fmt;

use iso_currency::Currency as Iso;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::as_text::as_text;

/// Why a text or a sum is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The text is not a plain decimal number.
    #[error("{0:?} is not a plain decimal number (like 4300 or 19.90)")]
    Form(String),
    /// The code names no currency with a number of decimals.
    #[error("{0:?} is not an ISO 4217 currency code (like JPY or EUR)")]
    Currency(String),
    /// More decimals than the currency has.
    #[error("{amount} has more decimals than {currency} allows ({decimals})")]
    Decimals {
        /// The amount as it came.
        amount: String,
        /// The currency's code.
        currency: String,
        /// Decimals the currency has.
        decimals: u16,
    },
    /// Two currencies in one sum.
    #[error("{0} and {1} cannot be summed")]
    Mixed(String, String),
    /// A product or sum that is not exact or leaves the range of 12 digits.
    #[error("the amount is too large or not exact")]
    Range,
    /// A quantity that is zero or negative.
    #[error("{0:?} is not a quantity above zero")]
    Quantity(String),
}

/// A currency of ISO 4217 that has a number of decimals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(Iso);

impl Currency {
    /// Reads the three upper-case letters of a code.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        let invalid = || MoneyError::Currency(code.chars().take(20).collect());
        let iso = Iso::from_code(code).ok_or_else(invalid)?;
        iso.exponent().ok_or_else(invalid)?;
        Ok(Self(iso))
    }

    /// Returns the three letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Returns how many decimals amounts of this currency have.
    pub fn decimals(self) -> u16 {
        self.0.exponent().unwrap_or(0)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

as_text!(Currency, MoneyError);

/// An exact amount of one currency, always held with the currency's own number of decimals.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

/// An amount as JSON documents have it: a decimal string and a code.
#[derive(Serialize, Deserialize)]
struct Written {
    amount: String,
    currency: String,
}

impl TryFrom<Written> for Money {
    type Error = MoneyError;
    fn try_from(written: Written) -> Result<Self, MoneyError> {
        Self::parse(&written.amount, &written.currency)
    }
}

impl From<Money> for Written {
    fn from(money: Money) -> Self {
        Self { amount: money.plain(), currency: money.currency.code().to_owned() }
    }
}

/// The largest amount and quantity: twelve digits before the point.
const LIMIT: Decimal = Decimal::from_parts(3_567_587_327, 232, 0, false, 0);

impl Money {
    /// Reads a decimal string and a currency code.
    pub fn parse(amount: &str, code: &str) -> Result<Self, MoneyError> {
        Self::exact(plain_decimal(amount)?, Currency::parse(code)?)
    }

    /// Reads the one-line form `JPY 4800`.
    pub fn parse_line(text: &str) -> Result<Self, MoneyError> {
        let (code, amount) = text.split_once(' ').ok_or_else(|| MoneyError::Form(text.chars().take(40).collect()))?;
        Self::parse(amount, code)
    }

    /// Returns nothing of `currency`.
    pub fn zero(currency: Currency) -> Self {
        Self::whole(Decimal::ZERO, currency)
    }

    fn whole(mut amount: Decimal, currency: Currency) -> Self {
        amount.rescale(u32::from(currency.decimals()));
        Self { amount, currency }
    }

    fn exact(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let decimals = currency.decimals();
        let mut scaled = amount.normalize();
        if scaled.scale() > u32::from(decimals) {
            return Err(MoneyError::Decimals { amount: amount.to_string(), currency: currency.to_string(), decimals });
        }
        if scaled.abs() > LIMIT {
            return Err(MoneyError::Range);
        }
        scaled.rescale(u32::from(decimals));
        Ok(Self { amount: scaled, currency })
    }

    /// Returns the currency.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// Returns the number without its currency, exactly.
    pub fn decimal(&self) -> Decimal {
        self.amount
    }

    /// Returns the decimal string with all decimals of the currency: `4800`, `19.90`.
    pub fn plain(&self) -> String {
        self.amount.to_string()
    }

    /// Returns whether the amount is zero.
    pub fn is_zero(&self) -> bool {
        self.amount.is_zero()
    }

    /// Returns whether the amount is below zero.
    pub fn is_negative(&self) -> bool {
        self.amount < Decimal::ZERO
    }

    /// Returns the sum, or an error for two currencies or a sum beyond twelve digits.
    pub fn plus(&self, other: &Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        Self::exact(self.amount.checked_add(other.amount).ok_or(MoneyError::Range)?, self.currency)
    }

    /// Returns the sum for a total of many amounts of one currency, which nothing is paid by: beyond twelve digits it stands at the
    /// largest amount. What is of another currency is not added.
    #[must_use]
    pub fn saturating_plus(&self, other: &Self) -> Self {
        match self.plus(other) {
            Ok(sum) => sum,
            Err(MoneyError::Mixed(..)) => *self,
            Err(_) => Self::whole(if other.is_negative() { -LIMIT } else { LIMIT }, self.currency),
        }
    }

    /// Adds amounts up for totals, each currency by itself; see [`Money::saturating_plus`].
    pub fn totals(amounts: impl IntoIterator<Item = Self>) -> BTreeMap<Currency, Self> {
        let mut totals: BTreeMap<Currency, Self> = BTreeMap::new();
        for amount in amounts {
            let total = totals.entry(amount.currency).or_insert_with(|| Self::zero(amount.currency));
            *total = total.saturating_plus(&amount);
        }
        totals
    }

    /// Returns the difference, or an error as `plus` does.
    pub fn minus(&self, other: &Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        Self::exact(self.amount.checked_sub(other.amount).ok_or(MoneyError::Range)?, self.currency)
    }

    /// Returns the price of `quantity` pieces; an error where it does not come out exactly.
    pub fn times(&self, quantity: Quantity) -> Result<Self, MoneyError> {
        Self::exact(self.amount.checked_mul(quantity.0).ok_or(MoneyError::Range)?, self.currency)
    }

    /// Returns as much of this amount as `part` is of `whole`, rounded to the currency's decimals, half away from zero; an
    /// error for several currencies, or a whole of zero.
    pub fn share(&self, part: &Self, whole: &Self) -> Result<Self, MoneyError> {
        self.same(part)?;
        self.same(whole)?;
        let product = self.amount.checked_mul(part.amount).ok_or(MoneyError::Range)?;
        let share = product.checked_div(whole.amount).ok_or(MoneyError::Range)?;
        let decimals = u32::from(self.currency.decimals());
        Self::exact(share.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero), self.currency)
    }

    /// Returns whether this amount is larger than `other`, or an error for two currencies.
    pub fn exceeds(&self, other: &Self) -> Result<bool, MoneyError> {
        self.same(other)?;
        Ok(self.amount > other.amount)
    }

    /// Returns the sum of amounts of one currency; `None` of an empty list.
    pub fn sum<'a>(amounts: impl IntoIterator<Item = &'a Self>) -> Result<Option<Self>, MoneyError> {
        let mut total: Option<Self> = None;
        for amount in amounts {
            total = Some(match total {
                None => *amount,
                Some(sum) => sum.plus(amount)?,
            });
        }
        Ok(total)
    }

    fn same(&self, other: &Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::Mixed(self.currency.to_string(), other.currency.to_string()))
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.amount)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// How many of something: an exact decimal above zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(Decimal);

impl Quantity {
    /// One piece.
    pub const ONE: Self = Self(Decimal::ONE);

    /// Reads a decimal string above zero.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let value = plain_decimal(text)?.normalize();
        if value > Decimal::ZERO { Ok(Self(value)) } else { Err(MoneyError::Quantity(text.to_owned())) }
    }

    /// Reads how many there are of something that may be missing: `None` for 0.
    pub fn parse_count(text: &str) -> Result<Option<Self>, MoneyError> {
        if plain_decimal(text)?.is_zero() { Ok(None) } else { Self::parse(text).map(Some) }
    }

    /// Returns the sum, or `None` beyond the range.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).filter(|sum| *sum <= LIMIT).map(Self)
    }

    /// Returns whether it is so many times `step`.
    pub fn is_multiple_of(self, step: Self) -> bool {
        self.0.checked_rem(step.0).is_some_and(|rest| rest.is_zero())
    }

    /// Returns the largest multiple of `step` that is not above it; `None` where it is less than one step.
    pub fn down_to(self, step: Self) -> Option<Self> {
        let rest = self.0.checked_rem(step.0)?;
        self.0.checked_sub(rest).map(|whole| whole.normalize()).filter(|whole| *whole > Decimal::ZERO).map(Self)
    }

    /// Returns the smallest multiple of `step` that is not below it; `None` beyond the range.
    pub fn up_to(self, step: Self) -> Option<Self> {
        match self.down_to(step) {
            Some(down) if down == self => Some(self),
            Some(down) => down.plus(step),
            None => Some(step),
        }
    }

    /// Returns what remains, or `None` where nothing does.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).filter(|rest| *rest > Decimal::ZERO).map(Self)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

as_text!(Quantity, MoneyError);

/// Reads `-?[0-9]{1,12}(\.[0-9]{1,4})?`, without a negative zero.
fn plain_decimal(text: &str) -> Result<Decimal, MoneyError> {
    let invalid = || MoneyError::Form(text.chars().take(40).collect());
    let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let plain = match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole, 12) && digits(fraction, 4),
        None => digits(unsigned, 12),
    };
    if !plain {
        return Err(invalid());
    }
    let value = Decimal::from_str_exact(text).map_err(|_| invalid())?;
    if value.is_zero() && text.starts_with('-') { Err(invalid()) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpy(amount: &str) -> Money {
        Money::parse(amount, "JPY").unwrap()
    }

    #[test]
    fn the_limit_has_twelve_digits() {
        assert_eq!(LIMIT.to_string(), "999999999999");
    }

    #[test]
    fn only_plain_decimals_of_the_currency_are_amounts() {
        // B79, B80
        for bad in ["12,10", "1e3", "-0", "NaN", "0x10", "１２", "", ".5", "5.", "+5", " 5", "1234567890123"] {
            assert!(Money::parse(bad, "EUR").is_err(), "{bad}");
        }
        assert!(Money::parse("12.345", "EUR").is_err());
        assert!(Money::parse("12.5", "JPY").is_err());
        assert!(Money::parse("5", "EURO").is_err());
        assert!(Money::parse("5", "XXX").is_err());
        assert_eq!(Money::parse("19.9", "EUR").unwrap().to_string(), "EUR 19.90");
        assert_eq!(Money::parse("0.125", "KWD").unwrap().plain(), "0.125");
        assert_eq!(Money::parse_line("JPY 4800").unwrap(), jpy("4800"));
    }

    #[test]
    fn sums_are_exact_or_errors() {
        assert_eq!(jpy("4300").plus(&jpy("500")).unwrap(), jpy("4800"));
        assert!(jpy("1").plus(&Money::parse("1", "EUR").unwrap()).is_err());
        assert!(jpy("999999999999").plus(&jpy("1")).is_err());
        assert_eq!(jpy("999999999998").saturating_plus(&jpy("1")), jpy("999999999999"));
        assert_eq!(jpy("999999999999").saturating_plus(&jpy("1")), jpy("999999999999"));
        assert_eq!(jpy("-999999999999").saturating_plus(&jpy("-1")), jpy("-999999999999"));
        assert_eq!(jpy("1").saturating_plus(&Money::parse("1", "EUR").unwrap()), jpy("1"));
        let price = Money::parse("0.99", "EUR").unwrap();
        assert_eq!(price.times(Quantity::parse("3").unwrap()).unwrap().plain(), "2.97");
        assert!(price.times(Quantity::parse("0.333").unwrap()).is_err(), "does not come out exactly");
        assert!(Quantity::parse("0").is_err() && Quantity::parse("-1").is_err());
        assert_eq!(Quantity::parse("1.50").unwrap().to_string(), "1.5");
    }

    #[test]
    fn a_quantity_is_whole_steps_or_goes_down_to_them() {
        let quantity = |text: &str| Quantity::parse(text).unwrap();
        for (some, step, whole) in [
            ("3", "1", Some("3")),
            ("0.001", "1", None),
            ("2.5", "1", Some("2")),
            ("0.3", "0.1", Some("0.3")),
            ("0.25", "0.1", Some("0.2")),
            ("7", "6", Some("6")),
        ] {
            let (some, step, whole) = (quantity(some), quantity(step), whole.map(quantity));
            assert_eq!((some.down_to(step), some.is_multiple_of(step)), (whole, whole == Some(some)), "{some} {step}");
        }
    }

    #[test]
    fn json_has_strings_and_never_numbers() {
        let text = serde_json::to_string(&jpy("4800")).unwrap();
        assert_eq!(text, r#"{"amount":"4800","currency":"JPY"}"#);
        assert!(serde_json::from_str::<Money>(r#"{"amount":4800,"currency":"JPY"}"#).is_err());
    }
}
