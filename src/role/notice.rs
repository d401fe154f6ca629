//! What the owner of a leg reports of it: by hand, from cron, from an export (`shop|pay|ship notify`).
//!
//! A notice is a change; the status made of it is a snapshot of the whole leg.

use super::Refused;
use crate::trade::item::LineQuantity;
use crate::trade::status::{Reason, Step};
use crate::trade::{Download, Moment, Money, When, fault_of_line};

/// One report about a leg. What is `None` stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notice {
    /// It was done at this moment: shipped, paid, delivered, refunded.
    pub done: Option<Moment>,
    /// Whether of that moment the day alone is known, which began then.
    pub whole_day: bool,
    /// It is planned for this date.
    pub planned: Option<When>,
    /// It will not happen.
    pub failed: Option<Reason>,
    /// Which parcel; the only one, or a new one, where `None`.
    pub parcel: Option<String>,
    /// What the parcel holds; all that is not in other parcels where empty.
    pub lines: Vec<LineQuantity>,
    /// The parcel's tracking number.
    pub tracking: Option<String>,
    /// Something that happened to the parcel, and where.
    pub event: Option<(String, Option<String>)>,
    /// When that was; now, or when the parcel arrived, where `None`.
    pub event_at: Option<Moment>,
    /// The file that the parcel is.
    pub download: Option<Download>,
    /// How much was paid; all that remains where `None`.
    pub amount: Option<Money>,
    /// Whether the money goes back to the buyer. Of a shop's own system: whether it has, by what is said there.
    pub refund: bool,
    /// The agent's own reference.
    pub reference: Option<String>,
    /// Why the shop cancelled the order.
    pub cancelled: Option<String>,
    /// Whether it replaces what was said to be done before.
    pub correct: bool,
    /// Whether what it corrects was done when it was said to be: no other moment was given.
    pub same_moment: bool,
}

/// How far a done date may be ahead of our clock: what the other side lets pass (design, section 5).
pub(super) const AHEAD: i64 = 30 * 60;
/// How far a done date may lie before the terms: what the other side lets pass between two clocks.
const BEFORE: i64 = 60 * 60;

impl Notice {
    /// Returns whether nothing is reported: there may be a parcel or an amount, but nothing happened and nothing is planned.
    pub fn is_empty(&self) -> bool {
        let happened = self.done.is_some() || self.failed.is_some() || self.event.is_some() || self.is_of_order();
        !happened && self.planned.is_none()
    }

    /// Returns whether it says what became of the order as a whole, as systems of shops do.
    pub(super) fn is_of_order(&self) -> bool {
        self.cancelled.is_some() || self.refund
    }

    /// Returns what it says, a line for each thing it says something of, the same for the same notice in every version of
    /// the program: digests of it are kept in ledgers. Texts have no line ends.
    pub fn said(&self) -> String {
        let lines = |name: &str| -> String {
            self.lines.iter().map(|part| format!("{name} {}={}\n", part.line, part.quantity)).collect()
        };
        let one =
            |name: &str, value: Option<String>| value.map(|value| format!("{name} {value}\n")).unwrap_or_default();
        let flag = |name: &str, is: bool| if is { format!("{name}\n") } else { String::new() };
        let failed = self.failed.as_ref().map(|reason| format!("{} {}", reason.code, reason.text));
        let place = self.event.as_ref().and_then(|(_, place)| place.clone());
        [
            one("done", self.done.map(|at| at.instant().to_string())),
            one("planned", self.planned.map(|at| at.to_string())),
            one("failed", failed),
            one("parcel", self.parcel.clone()),
            lines("line"),
            one("tracking", self.tracking.clone()),
            one("event", self.event.as_ref().map(|(name, _)| name.clone())),
            one("place", place),
            one("at", self.event_at.map(|at| at.instant().to_string())),
            one("download", self.download.as_ref().map(|file| file.digest.to_string())),
            one("called", self.download.as_ref().map(|file| file.name.clone())),
            one("link", self.download.as_ref().and_then(|file| file.link()).map(ToString::to_string)),
            one("amount", self.amount.map(|amount| amount.to_string())),
            flag("refund", self.refund),
            one("reference", self.reference.clone()),
            flag("correct", self.correct),
            one("cancelled", self.cancelled.clone()),
        ]
        .concat()
    }

    /// Refuses texts that are no plain lines: readers of the letter would see something else than was meant.
    pub(super) fn check_texts(&self) -> Result<(), Refused> {
        let lines = self.lines.iter().map(|part| ("line", Some(&part.line)));
        let one = [
            ("parcel", self.parcel.as_ref()),
            ("tracking", self.tracking.as_ref()),
            ("event", self.event.as_ref().map(|(name, _)| name)),
            ("place", self.event.as_ref().and_then(|(_, place)| place.as_ref())),
            ("reference", self.reference.as_ref()),
            ("cancelled", self.cancelled.as_ref()),
        ];
        let why = self.failed.iter().map(|reason| (reason.code.as_str(), Some(&reason.text)));
        let mut texts = one.into_iter().chain(lines).chain(why);
        let empty = |text: &str| {
            text.trim().is_empty().then(|| "nothing stands in it; leave it out, or write what is meant".to_owned())
        };
        let fault = texts.find_map(|(name, text)| {
            let text = text?;
            Some((name, fault_of_line(text).or_else(|| empty(text))?))
        });
        fault.map_or(Ok(()), |(name, fault)| Err(Refused::new(format!("--{name}: {fault}"))))
    }

    /// Refuses what is planned for a time that is over: it would be late as soon as it is said.
    pub(super) fn check_plan(&self, now: &Moment) -> Result<(), Refused> {
        match self.planned.filter(|planned| planned.is_over(now)) {
            Some(planned) => {
                Err(Refused::new(format!("{planned} is over; name the day or moment that it is planned for now")))
            }
            None => Ok(()),
        }
    }

    /// Refuses what is said to be done at a time that has not come: nobody would believe it.
    pub(super) fn check(&self, now: &Moment) -> Result<(), Refused> {
        let stated = [self.done, self.event_at].into_iter().flatten();
        match stated.filter(|at| at.seconds_since(now) > AHEAD).max() {
            Some(done) => Err(Refused::new(format!("{done} has not come yet; say with --planned what is to come"))),
            None => Ok(()),
        }
    }

    /// Returns the notice as it is about terms of this date: what was done on their day, at an hour that nobody knows, was not done
    /// before them. Exports of banks know days alone.
    pub fn since(mut self, terms_date: Option<Moment>) -> Self {
        if let (true, Some(done), Some(terms)) = (self.whole_day, self.done, terms_date)
            && terms.day_at(done.offset()) == done.day()
        {
            self.done = Some(Moment::new(terms.instant().max(done.instant()), done.offset()));
        }
        self
    }

    /// Refuses what is said to be done before the terms were made: each reader would warn of it, and believe nothing.
    pub(super) fn check_since(&self, terms_date: Option<Moment>) -> Result<(), Refused> {
        match self.done.zip(terms_date).filter(|(done, terms)| done.seconds_since(terms) < -BEFORE) {
            Some((done, terms)) => {
                Err(Refused::new(format!("{done} is before the terms, which are of {terms}; say when it was done")))
            }
            None => Ok(()),
        }
    }

    /// Returns whether it adds a tracking number to what was reported as done without one, and leaves the rest as it was.
    pub(super) fn only_adds(&self, done: Option<Moment>, tracking: Option<&str>, lines: &[LineQuantity]) -> bool {
        let same_goods = self.lines.is_empty() || self.lines == lines;
        let same_moment = self.same_moment || self.done == done;
        let says_more = self.failed.is_some() || self.event.is_some() || self.download.is_some();
        self.done.is_some() && same_moment && self.tracking.is_some() && tracking.is_none() && same_goods && !says_more
    }

    /// Refuses to change what was reported as done, unless it is to be corrected.
    pub(super) fn check_change(&self, what: &str) -> Result<(), Refused> {
        if self.correct {
            return Ok(());
        }
        Err(Refused::new(format!("{what} already; --correct replaces what was reported")))
    }

    /// Returns the step it reports, or `old` where it reports none.
    pub(super) fn step(&self, old: &Step) -> Step {
        if let Some(reason) = &self.failed {
            return Step::Failed { reason: reason.clone(), at: self.done };
        }
        if let Some(at) = self.done {
            return Step::Done { at: old.done().filter(|_| self.same_moment).unwrap_or(at) };
        }
        match self.planned {
            Some(at) => Step::Active { at: Some(at) },
            None => old.clone(),
        }
    }
}
