//! Work that a program of the owner's does for a transaction: given to a hook, tried, ended.
//!
//! A task begins with an entry and ends with an entry, so that a program that was stopped in between gives the same work
//! to the same hook again, under the same key. How often it was tried is no part of the truth, and not kept here.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::id::{Digest, InvalidId, text_form};
use super::moment::{Moment, When};
use super::money::Money;
use super::status::{STOPPED, Step};
use super::transaction::Key;

/// What the owner calls a hook: 1 to 40 of a-z, 0-9 and hyphens, like `warehouse`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HookName(String);

impl HookName {
    /// Reads the name of a hook.
    ///
    /// # Errors
    /// What is no such name.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let fits = (1..=40).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidId::new("a hook (1 to 40 of a-z 0-9 -)", text)) }
    }

    /// Returns it as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_form!(HookName);

impl fmt::Display for HookName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a hook is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// The work of a step: release the goods, print a list (P39).
    Release,
    /// Take the work of a step back: the transaction is cancelled.
    Withdraw,
    /// Say how the work stands (P45).
    Query,
    /// Say whether a payment is authorised (P24).
    Authorize,
    /// Collect a payment (P55).
    Debit,
    /// Give a payment back.
    Refund,
    /// Say when a payment is collected (P55), when goods arrive (P57).
    Plan,
    /// Fetch the goods at the shop (P56).
    Collect,
}

impl Work {
    /// Returns its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Withdraw => "withdraw",
            Self::Query => "query",
            Self::Authorize => "authorize",
            Self::Debit => "debit",
            Self::Refund => "refund",
            Self::Plan => "plan",
            Self::Collect => "collect",
        }
    }
}

/// What names one piece of work: 32 hexadecimal digits, the same however often it is tried.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskKey(String);

impl TaskKey {
    /// Returns the key of the `run`-th time that a hook does this work for a transaction.
    pub fn of(transaction: &Key, hook: &HookName, work: Work, run: usize) -> Self {
        let Key { role, shop, id } = transaction;
        let text = format!("task\n{role}\n{shop}\n{id}\n{hook}\n{}\n{run}\n", work.word());
        Self(Digest::of(text.as_bytes()).hex().get(..32).unwrap_or_default().to_owned())
    }

    /// Returns it as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One piece of work for a hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// What names it.
    pub key: TaskKey,
    /// Who does it.
    pub hook: HookName,
    /// What it is.
    pub work: Work,
    /// The letter it is about, where it is about one.
    pub about: Option<Digest>,
}

/// What a hook said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// How far the work is.
    pub step: Step,
    /// Number of the parcel, where it names one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parcel: Option<String>,
    /// Tracking number, where it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tracking: Option<String>,
    /// How much was paid; all of it where `None`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub amount: Option<Money>,
    /// What the payment is called in its books.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reference: Option<String>,
    /// When the time begins that it is planned for, where it is more than a day or a moment.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<When>,
}

impl Said {
    /// Returns what is said of the step alone.
    pub fn of(step: Step) -> Self {
        Self { step, parcel: None, tracking: None, amount: None, reference: None, from: None }
    }

    /// Returns whether another says the same; when a no was said does not matter.
    pub fn repeats(&self, other: &Self) -> bool {
        match (&self.step, &other.step) {
            (Step::Failed { reason, .. }, Step::Failed { reason: before, .. }) => reason == before,
            _ => self == other,
        }
    }

    /// Returns whether work of this sort has ended with it. Goods are taken on by any word that is not a no; whether and
    /// when money moves, and that goods are fetched, must be said.
    pub fn ends(&self, work: Work) -> bool {
        let is_over = self.step.is_over();
        match work {
            Work::Release | Work::Withdraw | Work::Query => true,
            Work::Authorize | Work::Collect => is_over,
            Work::Debit | Work::Refund | Work::Plan => is_over || self.step.planned().is_some(),
        }
    }
}

impl Said {
    /// Returns why it is no answer to work of this sort, where it is none: a date that lies behind, or none at all.
    pub fn fault(&self, work: Work, now: &Moment) -> Option<String> {
        let planned = self.step.planned();
        match (work, planned) {
            (Work::Plan, None) if !self.step.failed() => Some("named no date".to_owned()),
            (Work::Plan, Some(at)) if at.day() < now.day() => Some(format!("named {at}, which is past")),
            (Work::Plan, Some(at)) if self.from.is_some_and(|from| from.day() > at.day()) => {
                Some(format!("named a time that begins after its end, {at}"))
            }
            (Work::Debit | Work::Refund, Some(When::Day(day))) if day <= now.day() => {
                Some(format!("put it off until {day}, which is no later day"))
            }
            (Work::Debit | Work::Refund, Some(When::Moment(at))) if at <= *now => {
                Some(format!("put it off until {at}, which is past"))
            }
            _ => None,
        }
    }
}

/// Why what a hook said was told to nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untold {
    /// A sentence.
    pub why: String,
    /// The entry of what it said.
    pub position: u64,
}

/// A task as a transaction keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The work.
    pub task: Task,
    /// The entry it began with.
    pub position: u64,
    /// When it was given.
    pub since: Moment,
    /// What came of it; `None` while nothing did.
    pub said: Option<Said>,
    /// The no that its hook said when it was asked how the work stands, after it was done: that does not undo it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asked: Option<Box<Said>>,
    /// Why what was said does not fit with what was told before, where it does not: a person has to look at it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub untold: Option<Untold>,
}

impl Given {
    /// Enters what a hook said. A no to a question about work that was done is kept beside what it said of the work.
    pub fn take(&mut self, said: &Said) {
        if self.task.work == Work::Release && self.is_done() && said.step.failed() {
            self.asked = Some(Box::new(said.clone()));
        } else {
            self.asked = None;
            self.said = Some(said.clone());
        }
    }

    /// Returns what its hook said last.
    pub fn last_word(&self) -> Option<&Said> {
        self.asked.as_deref().or(self.said.as_ref())
    }

    /// Returns whether it was done, as far as it could be told at once.
    pub fn is_done(&self) -> bool {
        self.said.as_ref().is_some_and(|said| !said.step.failed())
    }

    /// Returns whether it will not be done.
    pub fn failed(&self) -> bool {
        self.said.as_ref().is_some_and(|said| said.step.failed())
    }

    /// Returns whether its hook may have done it and nobody waits for that any more: the shop had it stopped, or a person
    /// said no in its place.
    pub fn is_stopped(&self) -> bool {
        let stopped = |step: &Step| matches!(step, Step::Failed { reason, .. } if reason.code == STOPPED);
        self.said.as_ref().is_some_and(|said| stopped(&said.step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trade::status::Reason;
    use crate::trade::{Address, OrderId, Role};

    #[test]
    fn a_key_is_the_same_for_the_same_work_alone() {
        let shop = Address::parse("shop@example.com").unwrap();
        let id = OrderId::parse("K5QW3ZB7T2MRD6XAYN4LJHGE2C").unwrap();
        let transaction = Key { role: Role::Shop, shop, id };
        let hook = HookName::parse("warehouse").unwrap();
        let key = |work, run| TaskKey::of(&transaction, &hook, work, run);
        assert_eq!(key(Work::Release, 0), key(Work::Release, 0));
        assert_eq!(key(Work::Release, 0).as_str().len(), 32);
        assert_ne!(key(Work::Release, 0), key(Work::Release, 1));
        assert_ne!(key(Work::Release, 0), key(Work::Withdraw, 0));
    }

    #[test]
    fn a_no_to_a_question_does_not_undo_what_was_done() {
        let shop = Address::parse("shop@example.com").unwrap();
        let id = OrderId::parse("K5QW3ZB7T2MRD6XAYN4LJHGE2C").unwrap();
        let hook = HookName::parse("warehouse").unwrap();
        let key = TaskKey::of(&Key { role: Role::Shop, shop, id }, &hook, Work::Release, 0);
        let task = Task { key, hook, work: Work::Release, about: None };
        let since = Moment::parse("2026-11-28T12:00:00+09:00").unwrap();
        let mut given = Given { task, position: 7, since, said: None, asked: None, untold: None };
        let taken_on = Said::of(Step::Planned { at: None });
        let reason = Reason { code: "unspecified".to_owned(), text: "out of stock".to_owned() };
        let no = Said::of(Step::Failed { reason, at: None });
        given.take(&taken_on);
        given.take(&no);
        assert!(given.is_done() && !given.failed(), "{given:?}");
        assert_eq!(given.last_word(), Some(&no));
        given.take(&taken_on);
        assert_eq!((given.last_word(), given.is_done()), (Some(&taken_on), true));
        // Before anything was done, a no is a no.
        let mut given = Given { said: None, ..given };
        given.take(&no);
        assert!(given.failed() && given.asked.is_none());
    }

    #[test]
    fn names_of_hooks_are_plain_words() {
        assert!(HookName::parse("pick-list2").is_ok());
        for wrong in ["", "Warehouse", "../x", "a b", "ä"] {
            assert!(HookName::parse(wrong).is_err(), "{wrong}");
        }
    }
}
