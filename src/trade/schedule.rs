//! The buyer's schedules as they are kept, and what had a letter written that no person wrote (P90-P92).
//!
//! A schedule is an entry of the ledger, as everything a person decided: the newest one of a name counts.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::id::{InvalidId, OrderId, text_form};
use super::moment::Moment;
use super::party::Leg;

/// What the buyer calls a schedule: 1 to 40 letters and digits of any language, and hyphens, like `mornings` or `毎朝`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScheduleName(String);

impl ScheduleName {
    /// Reads the name of a schedule.
    ///
    /// # Errors
    /// What is no such name.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let fits = (1..=40).contains(&text.chars().count())
            && !text.starts_with('-')
            && text.chars().all(|c| c.is_alphanumeric() || c == '-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId::new("a schedule (1 to 40 letters, digits, -)", text))
        }
    }

    /// Returns the name of the schedule at this place, from 1, in the configuration.
    pub fn of_config(place: usize) -> Self {
        Self(format!("{OF_CONFIG}{place}"))
    }

    /// Returns whether it is the name of a schedule of the configuration.
    pub fn is_of_config(&self) -> bool {
        self.0.starts_with(OF_CONFIG)
    }

    /// Returns it as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the names of the configuration's schedules begin with.
const OF_CONFIG: &str = "config-";

text_form!(ScheduleName);

impl fmt::Display for ScheduleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which transactions are asked about (screen 1801); of these, only open ones ever are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// What a query finds when the time has come, in the words of `list`.
    Query(String),
    /// These orders.
    Chosen(Vec<OrderId>),
}

/// A schedule as its entry has it: which transactions, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its name.
    pub name: ScheduleName,
    /// Which transactions (screen 1801).
    pub target: Target,
    /// When (screen 1802): the words of a timetable, or a cron expression.
    pub when: String,
    /// Which legs are asked about; those that are not done where none is named.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub legs: Vec<Leg>,
    /// Whether of what is late the agent in charge is asked first, and later the shop.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub in_turn: bool,
    /// Whether it waits to be resumed.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub paused: bool,
}

/// What a rule of the buyer's does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
    /// Asks how it stands.
    Ask,
    /// Asks to give all of it back.
    Return,
    /// Orders the same again.
    Reorder,
}

impl Deed {
    /// All, in the order of messages.
    pub const ALL: [Self; 3] = [Self::Ask, Self::Return, Self::Reorder];

    /// Returns its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Return => "return",
            Self::Reorder => "reorder",
        }
    }

    /// Reads its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.word() == word)
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What had us write a letter, where no person and no other letter did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "lowercase")]
pub enum Cause {
    /// A schedule, when its time had come.
    Schedule {
        /// Which.
        name: ScheduleName,
        /// The moment that had come.
        moment: Moment,
    },
    /// A rule of the buyer's.
    Rule {
        /// What it does.
        deed: Deed,
        /// The order it is about; for a re-order the one that is ordered again.
        order: OrderId,
        /// When it applies: its query as written.
        when: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_schedules_are_words_of_any_language() {
        for name in ["mornings", "毎朝", "late-2", "A"] {
            assert_eq!(ScheduleName::parse(name).unwrap().as_str(), name);
        }
        for wrong in ["", "-x", "two words", "a:b", "\u{202e}", "a\n", &"x".repeat(41)] {
            assert!(ScheduleName::parse(wrong).is_err(), "{wrong:?}");
        }
        assert!(ScheduleName::of_config(2).is_of_config());
    }

    #[test]
    fn a_schedule_is_kept_without_what_it_does_not_say() {
        let name = ScheduleName::parse("mornings").unwrap();
        let target = Target::Query("late".to_owned());
        let schedule =
            Schedule { name, target, when: "daily 09:00".to_owned(), legs: Vec::new(), in_turn: false, paused: false };
        let text = serde_json::to_string(&schedule).unwrap();
        assert_eq!(text, r#"{"name":"mornings","target":{"query":"late"},"when":"daily 09:00"}"#);
        assert_eq!(serde_json::from_str::<Schedule>(&text).unwrap(), schedule);
    }
}
