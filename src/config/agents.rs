//! The agents' part of the configuration: whom they work for, and the calendars that their dates come from.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use toml::Spanned;

use super::ConfigError;
use super::procedure::nearest;
use super::settle::Place;
use super::written::{self, Config, ShopWritten};
use crate::files;
use crate::role::AUTHORIZE_WITHIN;
use crate::role::calendar::Calendar;
use crate::role::planned::{ArrivalRule, BankDay, DebitDay, DebitRule};
use crate::role::practice::{Client, DebitWord, DeliveryPractice, PaymentPractice};

/// The words of `debit` that are no hook.
pub(super) const DEBIT_WORDS: [&str; 2] = ["report", "on-date"];

/// A calendar as it is written, in either table.
struct CalendarWritten<'a> {
    table: &'static str,
    working_days: Option<&'a [String]>,
    holidays: &'a [String],
    holidays_file: Option<&'a str>,
    zone: Option<&'a str>,
}

impl Place<'_> {
    /// Settles how money is collected.
    pub(super) fn payment(&self, written: &Config) -> Result<PaymentPractice, ConfigError> {
        let default = written::Payment::default();
        let payment = written.payment.as_ref().unwrap_or(&default);
        let debit = match &payment.debit {
            None => DebitWord::Report,
            Some(word) => self.debit(word, written)?,
        };
        let hook = |key: &str, name: &Option<Spanned<String>>| {
            name.as_ref().map(|name| self.named(key, name, written)).transpose()
        };
        Ok(PaymentPractice {
            name: written.name.clone(),
            shops: clients(&payment.shops),
            authorize_limits: self.amounts("payment.authorize_limits", &payment.authorize_limits)?,
            rule: self.debit_rule(payment)?,
            debit,
            authorize: hook("payment.authorize", &payment.authorize)?,
            dates: hook("payment.dates", &payment.dates)?,
        })
    }

    /// Settles who says that money was collected.
    fn debit(&self, word: &Spanned<String>, written: &Config) -> Result<DebitWord, ConfigError> {
        match word.as_ref().as_str() {
            "report" => Ok(DebitWord::Report),
            "on-date" => Ok(DebitWord::OnDate),
            other => self.named("payment.debit", word, written).map(DebitWord::Hook).map_err(|_| {
                let hooks = written.hook.keys().map(|hook| hook.as_ref().as_str());
                let near = nearest(other, DEBIT_WORDS.into_iter().chain(hooks));
                let what = format!("{other:?} is neither \"report\" nor \"on-date\" nor a hook of yours{near}");
                self.fault_at(word.span().start, "payment.debit", what)
            }),
        }
    }

    fn debit_rule(&self, payment: &written::Payment) -> Result<DebitRule, ConfigError> {
        let bank_day = match payment.bank_day.as_deref() {
            None | Some("any") => BankDay::Any,
            Some("next") => BankDay::Next,
            Some("previous") => BankDay::Previous,
            Some(other) => {
                let what = format!("{other:?} is none of \"any\", \"next\", \"previous\"");
                return Err(self.fault("payment.bank_day", what));
            }
        };
        let mut calendar = self.calendar(&CalendarWritten {
            table: "payment",
            working_days: payment.working_days.as_deref(),
            holidays: &payment.holidays,
            holidays_file: payment.holidays_file.as_deref(),
            zone: payment.zone.as_deref(),
        })?;
        if calendar.days.is_empty() {
            calendar.days = Weekday::Monday.cycle_forward().take(5).collect();
        }
        Ok(DebitRule { day: self.debit_day(payment)?, bank_day, calendar })
    }

    fn debit_day(&self, payment: &written::Payment) -> Result<DebitDay, ConfigError> {
        let (closing, debit) = match (payment.closing_day, payment.debit_day) {
            (None, None) if payment.debit_months.is_some() => {
                return Err(self.fault("payment.debit_months", "it goes with `closing_day` and `debit_day`"));
            }
            (None, None) => return Ok(DebitDay::After(payment.debit_days.unwrap_or(10))),
            (Some(closing), Some(debit)) => (closing.0, debit.0),
            _ => {
                let key = if payment.closing_day.is_some() { "payment.closing_day" } else { "payment.debit_day" };
                return Err(self.fault(key, "`closing_day` and `debit_day` go together"));
            }
        };
        if payment.debit_days.is_some() {
            let what = "either `debit_days`, or `closing_day` and `debit_day`";
            return Err(self.fault("payment.debit_days", what));
        }
        let months = payment.debit_months.unwrap_or(1);
        if months == 0 && debit < closing {
            let what = "in the month of the closing the debit cannot come before it; set debit_months to 1 or more";
            return Err(self.fault("payment.debit_day", what));
        }
        Ok(DebitDay::Closing { closing, debit, months })
    }

    /// Settles how goods are carried.
    pub(super) fn delivery(&self, written: &Config) -> Result<DeliveryPractice, ConfigError> {
        let default = written::Delivery::default();
        let delivery = written.delivery.as_ref().unwrap_or(&default);
        let time = |key: &str, text: &Option<String>| text.as_ref().map(|text| self.time(key, text)).transpose();
        let from = time("delivery.arrive_from", &delivery.arrive_from)?;
        let until = time("delivery.arrive_until", &delivery.arrive_until)?;
        let hours = match (from, until) {
            (Some(from), Some(until)) if from < until => Some((from, until)),
            (None, None) => None,
            (Some(_), Some(_)) => {
                return Err(self.fault("delivery.arrive_until", "it is not after `arrive_from`"));
            }
            (Some(_), None) => return Err(self.fault("delivery.arrive_from", "`arrive_until` goes with it")),
            (None, Some(_)) => return Err(self.fault("delivery.arrive_until", "`arrive_from` goes with it")),
        };
        let calendar = self.calendar(&CalendarWritten {
            table: "delivery",
            working_days: delivery.working_days.as_deref(),
            holidays: &delivery.holidays,
            holidays_file: delivery.holidays_file.as_deref(),
            zone: delivery.zone.as_deref(),
        })?;
        let rule = ArrivalRule {
            transit_days: delivery.transit_days.unwrap_or(2),
            collect_until: time("delivery.collect_until", &delivery.collect_until)?,
            hours,
            calendar,
        };
        let hook = |key: &str, name: &Option<Spanned<String>>| {
            name.as_ref().map(|name| self.named(key, name, written)).transpose()
        };
        let dates = hook("delivery.dates", &delivery.dates)?;
        let collect = hook("delivery.collect", &delivery.collect)?;
        Ok(DeliveryPractice { name: written.name.clone(), shops: clients(&delivery.shops), rule, dates, collect })
    }

    fn calendar(&self, written: &CalendarWritten<'_>) -> Result<Calendar, ConfigError> {
        let key = |name: &str| format!("{}.{name}", written.table);
        if written.working_days.is_some_and(<[_]>::is_empty) {
            return Err(self.fault(&key("working_days"), "at least one day is needed, like \"monday\""));
        }
        let days = written.working_days.unwrap_or_default().iter();
        let days: Vec<Weekday> = days.map(|day| self.weekday(&key("working_days"), day)).collect::<Result<_, _>>()?;
        let mut holidays = BTreeSet::new();
        for text in written.holidays {
            let wrong = || self.fault(&key("holidays"), format!("{text:?} is no day, like \"2026-12-29\""));
            holidays.insert(day(text).ok_or_else(wrong)?);
        }
        if let Some(file) = written.holidays_file {
            holidays.extend(self.holidays_in(&key("holidays_file"), file)?);
        }
        let zone = written.zone.map(|name| {
            let what = || format!("{name:?} is no time zone that this machine knows, like \"Asia/Tokyo\"");
            TimeZone::get(name).map_err(|_| self.fault(&key("zone"), what()))
        });
        Ok(Calendar { days, holidays, zone: zone.transpose()? })
    }

    /// Reads a file of holidays: a day on each line, `#` begins a remark.
    fn holidays_in(&self, key: &str, file: &str) -> Result<BTreeSet<Date>, ConfigError> {
        let path = self.path(file);
        let unreadable = |error: std::io::Error| self.fault(key, format!("cannot read {}: {error}", path.display()));
        let text = files::read_text(&path, files::SMALL).map_err(unreadable)?;
        let mut holidays = BTreeSet::new();
        for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let stated = line.split('#').next().unwrap_or_default().trim();
            if stated.is_empty() {
                continue;
            }
            let holiday = day(stated).ok_or_else(|| ConfigError::Place {
                file: path.clone(),
                line: number.saturating_add(1),
                column: line.chars().take_while(|c| c.is_whitespace()).count().saturating_add(1),
                what: format!("{stated:?} is no day, like 2026-12-29; a remark begins with #"),
            })?;
            holidays.insert(holiday);
        }
        Ok(holidays)
    }

    /// Reads a time of the day.
    pub(super) fn time(&self, key: &str, text: &str) -> Result<Time, ConfigError> {
        let wrong = || self.fault(key, format!("{text:?} is no time of the day, like \"09:00\""));
        Time::strptime("%H:%M", text).map_err(|_| wrong())
    }

    /// Reads a day of the week.
    pub(super) fn weekday(&self, key: &str, text: &str) -> Result<Weekday, ConfigError> {
        let named = |day: &Weekday| format!("{day:?}").eq_ignore_ascii_case(text);
        let wrong = || self.fault(key, format!("{text:?} is no day of the week, like \"monday\""));
        Weekday::Monday.cycle_forward().take(7).find(named).ok_or_else(wrong)
    }

    /// Settles how long an authorisation is waited for, in hours.
    pub(super) fn authorize_within(&self, procedure: &written::Procedure) -> Result<u16, ConfigError> {
        match &procedure.authorize_within {
            Some(hours) if *hours.get_ref() == 0 => {
                let key = "shop.procedure.authorize_within";
                Err(self.fault_at(hours.span().start, key, "at least 1 hour is needed"))
            }
            hours => Ok(hours.as_ref().map_or(AUTHORIZE_WITHIN, |hours| *hours.get_ref())),
        }
    }
}

fn clients(shops: &[ShopWritten]) -> Vec<Client> {
    let client = |shop: &ShopWritten| Client { address: shop.address.clone(), fingerprint: shop.fingerprint.clone() };
    shops.iter().map(client).collect()
}

/// Reads a day, as people write it in a list: year, month and day with hyphens.
fn day(text: &str) -> Option<Date> {
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    text.parse().ok().filter(|_| plain)
}
