//! Dates planned by rule: when a payment agent collects (P55), when a delivery agent arrives (P57).
//!
//! Pure functions of the day, the agent's calendar and what the shop wishes. Where the owner has a program that names the
//! date, these are for when it does not.

use jiff::civil::{Date, Time};

use super::calendar::{Calendar, later};
use crate::trade::{Moment, When};

/// What becomes of a date that is no bank day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BankDay {
    /// It stays as it is: every day will do.
    #[default]
    Any,
    /// The next bank day takes its place.
    Next,
    /// The bank day before takes its place.
    Previous,
}

/// A day of the month: a number from 1 to 31, or its last. A month that is shorter ends with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthDay(i8);

impl MonthDay {
    /// The month's last day.
    pub const END: Self = Self(31);

    /// Takes a number; `None` for what no month has.
    pub fn new(day: u8) -> Option<Self> {
        i8::try_from(day).ok().filter(|day| (1..=31).contains(day)).map(Self)
    }

    /// Returns this day in the month of `date`.
    fn of(self, date: Date) -> Date {
        let day = self.0.min(date.days_in_month());
        Date::new(date.year(), date.month(), day).unwrap_or(date)
    }
}

/// When money is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DebitDay {
    /// So many days after the instruction.
    After(u16),
    /// Bought until one day of a month, debited on one day of a later month, as cards have it.
    Closing {
        /// The day on which a month's account is closed.
        closing: MonthDay,
        /// The day of the debit.
        debit: MonthDay,
        /// How many months after that of the closing.
        months: u8,
    },
}

/// How a payment agent plans a debit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebitRule {
    /// When.
    pub day: DebitDay,
    /// What becomes of a day that is no bank day.
    pub bank_day: BankDay,
    /// Its bank days.
    pub calendar: Calendar,
}

impl DebitRule {
    /// Returns the day on which what is instructed at `now` is collected: by the rule, but within the time for payment where
    /// the shop names its end, and never before today.
    pub fn planned(&self, now: &Moment, due: Option<Date>) -> Date {
        let (today, _) = self.calendar.local(now);
        let rule = match self.day {
            DebitDay::After(days) => {
                let span = jiff::Span::new().days(i64::from(days));
                self.moved(today.checked_add(span).unwrap_or(today), today)
            }
            DebitDay::Closing { closing, debit, months } => {
                let closed = closing_after(closing, today);
                let month = after_months(closed, months);
                self.moved(debit.of(month), today)
            }
        };
        match due.filter(|due| *due < rule) {
            None => rule,
            Some(due) => self.within(due, today),
        }
    }

    /// Moves a day that is no bank day, but not before today.
    fn moved(&self, day: Date, today: Date) -> Date {
        let next = || self.calendar.this_or_next(day.max(today));
        match self.bank_day {
            BankDay::Any => day.max(today),
            BankDay::Next => next(),
            BankDay::Previous => {
                Some(self.calendar.this_or_previous(day)).filter(|day| *day >= today).unwrap_or_else(next)
            }
        }
    }

    /// Returns the last day on which can be collected within the time for payment; the first of all where it has none.
    fn within(&self, due: Date, today: Date) -> Date {
        match self.bank_day {
            BankDay::Any => due.max(today),
            BankDay::Next | BankDay::Previous => Some(self.calendar.this_or_previous(due))
                .filter(|day| *day >= today)
                .unwrap_or_else(|| self.calendar.this_or_next(today)),
        }
    }
}

/// Returns the first closing day from `today` on.
fn closing_after(closing: MonthDay, today: Date) -> Date {
    let this = closing.of(today);
    if this >= today { this } else { closing.of(after_months(today, 1)) }
}

/// Returns a day in the month that is so many after that of `day`.
fn after_months(day: Date, months: u8) -> Date {
    day.first_of_month().checked_add(jiff::Span::new().months(i64::from(months))).unwrap_or(day)
}

/// How a delivery agent plans an arrival.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArrivalRule {
    /// Days of work from the collection to the arrival.
    pub transit_days: u16,
    /// Until when on a day what is instructed is collected on it; all day where `None`.
    pub collect_until: Option<Time>,
    /// The hours of the day between which goods arrive; a whole day where `None`.
    pub hours: Option<(Time, Time)>,
    /// Its days of work.
    pub calendar: Calendar,
}

/// When goods are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The beginning of the time of the day, where the agent names one.
    pub from: Option<When>,
    /// The day, or the end of that time.
    pub until: When,
}

impl ArrivalRule {
    /// Returns when goods arrive whose transport is instructed at `now`; not before the day `wished` by the shop.
    pub fn arrival(&self, now: &Moment, wished: Option<Date>) -> Arrival {
        let (today, time) = self.calendar.local(now);
        let missed = self.collect_until.is_some_and(|until| time > until);
        let collected = self.calendar.this_or_next(if missed { later(today) } else { today });
        let arrives = self.calendar.plus(collected, self.transit_days);
        let day = match wished.filter(|wished| *wished > arrives) {
            Some(wished) => self.calendar.this_or_next(wished),
            None => arrives,
        };
        match self.hours {
            None => Arrival { from: None, until: When::Day(day) },
            Some((from, until)) => Arrival {
                from: Some(When::Moment(self.calendar.moment(day, from, now))),
                until: When::Moment(self.calendar.moment(day, until, now)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Weekday;
    use jiff::tz::TimeZone;

    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn week(holidays: &[&str], zone: Option<&str>) -> Calendar {
        Calendar {
            days: Weekday::Monday.cycle_forward().take(5).collect(),
            holidays: holidays.iter().map(|day| date(day)).collect(),
            zone: zone.map(|zone| TimeZone::get(zone).unwrap()),
        }
    }

    fn noon(day: &str) -> Moment {
        Moment::parse(&format!("{day}T12:00:00+09:00")).unwrap()
    }

    fn closing(closing: MonthDay, debit: MonthDay, bank_day: BankDay, holidays: &[&str]) -> DebitRule {
        let day = DebitDay::Closing { closing, debit, months: 1 };
        DebitRule { day, bank_day, calendar: week(holidays, None) }
    }

    #[test]
    fn what_is_bought_until_the_closing_day_is_debited_in_the_next_month_p55() {
        let card = closing(MonthDay::new(15).unwrap(), MonthDay::new(10).unwrap(), BankDay::Next, &[]);
        for (bought, debited) in [
            ("2026-11-01", "2026-12-10"),
            ("2026-11-15", "2026-12-10"),
            ("2026-11-16", "2027-01-12"),
            // The tenth is a Saturday: the Monday after.
            ("2026-09-15", "2026-10-12"),
        ] {
            let holidays: &[&str] = if bought == "2026-11-16" { &["2027-01-11"] } else { &[] };
            let card = DebitRule { calendar: week(holidays, None), ..card.clone() };
            assert_eq!(card.planned(&noon(bought), None), date(debited), "{bought}");
        }
    }

    #[test]
    fn a_month_that_is_shorter_closes_with_its_last_day() {
        let end = closing(MonthDay::END, MonthDay::END, BankDay::Any, &[]);
        for (bought, debited) in [
            ("2026-01-31", "2026-02-28"),
            ("2028-01-31", "2028-02-29"),
            ("2026-02-28", "2026-03-31"),
            ("2028-02-29", "2028-03-31"),
            ("2026-03-01", "2026-04-30"),
            ("2026-12-31", "2027-01-31"),
        ] {
            assert_eq!(end.planned(&noon(bought), None), date(debited), "{bought}");
        }
        let thirty = closing(MonthDay::new(30).unwrap(), MonthDay::new(30).unwrap(), BankDay::Any, &[]);
        assert_eq!(thirty.planned(&noon("2026-01-31"), None), date("2026-03-30"), "closed on 28 February");
        assert_eq!(thirty.planned(&noon("2026-02-28"), None), date("2026-03-30"));
        assert_eq!(MonthDay::new(0), None);
        assert_eq!(MonthDay::new(32), None);
    }

    #[test]
    fn a_debit_moves_to_a_bank_day_and_never_into_the_past() {
        // 28 February 2027 is a Sunday.
        let end = |bank_day| closing(MonthDay::END, MonthDay::END, bank_day, &["2027-02-26"]);
        assert_eq!(end(BankDay::Next).planned(&noon("2027-01-20"), None), date("2027-03-01"));
        assert_eq!(end(BankDay::Previous).planned(&noon("2027-01-20"), None), date("2027-02-25"));
        let soon = |bank_day| DebitRule { day: DebitDay::After(1), bank_day, calendar: week(&["2026-11-27"], None) };
        // Instructed on a Saturday, a day later is a Sunday, and the bank day before it is past.
        assert_eq!(soon(BankDay::Previous).planned(&noon("2026-11-28"), None), date("2026-11-30"));
        assert_eq!(soon(BankDay::Any).planned(&noon("2026-11-28"), None), date("2026-11-29"));
    }

    #[test]
    fn the_time_for_payment_is_kept_where_there_is_a_bank_day_within_it() {
        let days = |bank_day| DebitRule { day: DebitDay::After(30), bank_day, calendar: week(&[], None) };
        let by = |rule: DebitRule, due: &str| rule.planned(&noon("2026-11-27"), Some(date(due)));
        assert_eq!(by(days(BankDay::Any), "2026-12-06"), date("2026-12-06"));
        assert_eq!(by(days(BankDay::Next), "2026-12-06"), date("2026-12-04"), "a Sunday: the Friday before");
        assert_eq!(by(days(BankDay::Next), "2026-11-29"), date("2026-11-27"));
        assert_eq!(by(days(BankDay::Next), "2026-11-01"), date("2026-11-27"), "over: today");
        assert_eq!(by(days(BankDay::Any), "2026-11-01"), date("2026-11-27"));
        assert_eq!(by(days(BankDay::Any), "2027-02-01"), date("2026-12-27"), "sooner than it must be");
        let sunday = days(BankDay::Next).planned(&noon("2026-11-29"), Some(date("2026-11-29")));
        assert_eq!(sunday, date("2026-11-30"), "no bank day is within it");
    }

    fn courier(collect_until: Option<&str>, hours: Option<(&str, &str)>, holidays: &[&str]) -> ArrivalRule {
        let time = |text: &str| text.parse().unwrap();
        ArrivalRule {
            transit_days: 2,
            collect_until: collect_until.map(time),
            hours: hours.map(|(from, until)| (time(from), time(until))),
            calendar: week(holidays, Some("Europe/Berlin")),
        }
    }

    #[test]
    fn transit_is_counted_in_days_of_work_from_the_collection_p57() {
        let arrives = |rule: &ArrivalRule, now: &str, wished: Option<&str>| {
            rule.arrival(&Moment::parse(now).unwrap(), wished.map(date)).until.to_string()
        };
        let plain = courier(Some("15:00"), None, &["2026-12-25"]);
        // Wednesday noon is collected on the day, an hour past the time on the next.
        assert_eq!(arrives(&plain, "2026-11-25T12:00:00+01:00", None), "2026-11-27");
        assert_eq!(arrives(&plain, "2026-11-25T15:00:00+01:00", None), "2026-11-27");
        assert_eq!(arrives(&plain, "2026-11-25T16:00:00+01:00", None), "2026-11-30");
        // The hour is the courier's, not the machine's.
        assert_eq!(arrives(&plain, "2026-11-25T22:00:00+09:00", None), "2026-11-27");
        // Over a weekend, and over a holiday.
        assert_eq!(arrives(&plain, "2026-11-27T16:00:00+01:00", None), "2026-12-02");
        assert_eq!(arrives(&plain, "2026-12-23T12:00:00+01:00", None), "2026-12-28");
        assert_eq!(arrives(&plain, "2028-02-28T12:00:00+01:00", None), "2028-03-01", "over a leap day");
        // The shop wishes it later: on that day, or on the next one that is worked on.
        assert_eq!(arrives(&plain, "2026-11-25T12:00:00+01:00", Some("2026-12-03")), "2026-12-03");
        assert_eq!(arrives(&plain, "2026-11-25T12:00:00+01:00", Some("2026-12-05")), "2026-12-07");
        assert_eq!(arrives(&plain, "2026-11-25T12:00:00+01:00", Some("2026-11-01")), "2026-11-27");
        let every_day = ArrivalRule { transit_days: 2, ..ArrivalRule::default() };
        assert_eq!(arrives(&every_day, "2026-11-27T23:59:00+01:00", None), "2026-11-29");
    }

    #[test]
    fn the_time_of_the_day_is_stated_with_the_offset_of_that_day_f40() {
        let rule = courier(None, Some(("09:00", "12:00")), &[]);
        // Instructed on the Friday before the clocks go forward; it arrives on the Tuesday after.
        let arrival = rule.arrival(&Moment::parse("2026-03-27T12:00:00+01:00").unwrap(), None);
        assert_eq!(arrival.from.unwrap().to_string(), "2026-03-31T09:00:00+02:00");
        assert_eq!(arrival.until.to_string(), "2026-03-31T12:00:00+02:00");
        let arrival = rule.arrival(&Moment::parse("2026-10-22T12:00:00+02:00").unwrap(), None);
        assert_eq!(arrival.until.to_string(), "2026-10-26T12:00:00+01:00");
    }
}
