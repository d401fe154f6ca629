//! Which warnings a person is told of, by a program of his own, by the bell of a terminal or by the sound of the page, and when:
//! each once, what strangers send once an hour at most, and what could not be told again later.
//!
//! Anybody can write a mail that is set aside. Were each of them told of, a stranger could ring somebody's telephone all
//! night; so one stands for all that came within the hour: the newest under a key that somebody has here, and only where there
//! is none the newest of those that anybody can have written. Whom the owner knows comes before all of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::trade::Moment;

/// How long what strangers send is told of once at most, in seconds.
const HOUR: i64 = 3_600;
/// How often it is tried to tell of a warning.
const TRIES: u32 = 5;
/// How long after the first failure it is tried again, in seconds; twice as long after each further one.
const PAUSE: i64 = 60;

/// An open warning that a person may be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// What it is settled by.
    pub id: String,
    /// Who can have caused it.
    pub whose: Whose,
}

/// Who can have caused a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The owner, or somebody whose key he accepted.
    Known,
    /// Somebody whose letters count here, and whom nobody here accepted.
    Stranger,
    /// Anybody who can write a mail.
    Anybody,
}

/// What a person is told at a time: one warning, or one of several that strangers caused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The warning.
    pub id: String,
    /// Those that it stands for, beside itself.
    pub others: Vec<String>,
    /// Whether a stranger can have caused it.
    pub stranger: bool,
}

/// What was told, and what could not be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alerted {
    /// The warnings that were told of, as long as they are open.
    told: BTreeSet<String>,
    /// How often it failed to tell of a warning.
    failed: BTreeMap<String, u32>,
    /// How often it failed in a row.
    in_a_row: u32,
    /// Until when nothing is tried.
    pause: Option<Moment>,
    /// When it was told last of what strangers sent.
    strangers: Option<Moment>,
}

impl Alerted {
    /// Notes that these need not be told: who asks knows them.
    pub fn know(&mut self, open: &[Open]) {
        self.told.extend(open.iter().map(|one| one.id.clone()));
    }

    /// Returns whether it was told of a warning.
    pub fn has_told(&self, id: &str) -> bool {
        self.told.contains(id)
    }

    /// Forgets warnings that are not open any more: one that comes back is told of again.
    pub fn keep(&mut self, open: &[Open]) {
        let is_open = |id: &String| open.iter().any(|one| one.id == *id);
        self.told.retain(is_open);
        self.failed.retain(|id, _| is_open(id));
    }

    /// Returns what is to be told at `now`: of the open warnings, which come oldest first.
    pub fn due(&self, open: &[Open], now: &Moment) -> Vec<Alert> {
        if self.pause.as_ref().is_some_and(|until| until.is_awaited(now, HOUR)) {
            return Vec::new();
        }
        let (strangers, known): (Vec<&Open>, Vec<&Open>) =
            open.iter().filter(|one| !self.told.contains(&one.id)).partition(|one| one.whose != Whose::Known);
        let alert = |one: &Open| Alert { id: one.id.clone(), others: Vec::new(), stranger: one.whose != Whose::Known };
        let mut due: Vec<Alert> = known.into_iter().map(alert).collect();
        // What cannot be told keeps nothing else waiting of those whom the owner knows.
        due.sort_by_key(|alert| self.failed.get(&alert.id).copied().unwrap_or_default());
        let waits = |last: &Moment| last.is_within(HOUR, now);
        let signed = strangers.iter().rev().find(|one| one.whose == Whose::Stranger);
        let first = signed.or(strangers.last()).filter(|_| !self.strangers.as_ref().is_some_and(waits));
        if let Some(first) = first {
            let others = strangers.iter().filter(|one| one.id != first.id).map(|one| one.id.clone());
            due.push(Alert { others: others.collect(), ..alert(first) });
        }
        due
    }

    /// Notes that it is tried to tell. It counts as failed until it is told that it was not: should the program end here,
    /// it is tried again after a pause, and not at once.
    pub fn try_to(&mut self, alert: &Alert, now: &Moment) {
        let tries = self.failed.entry(alert.id.clone()).or_insert(0);
        *tries = tries.saturating_add(1);
        let pause = PAUSE.saturating_mul(1_i64.checked_shl(self.in_a_row).unwrap_or(HOUR)).min(HOUR);
        self.in_a_row = self.in_a_row.saturating_add(1).min(16);
        self.pause = Some(now.plus_seconds(pause));
        if alert.stranger {
            self.strangers = Some(*now);
        }
    }

    /// Notes that it was told.
    pub fn told(&mut self, alert: &Alert) {
        self.in_a_row = 0;
        self.pause = None;
        for id in std::iter::once(&alert.id).chain(&alert.others) {
            self.failed.remove(id);
            self.told.insert(id.clone());
        }
    }

    /// Returns whether it was tried often enough; then it is not tried any more.
    pub fn gives_up(&mut self, alert: &Alert) -> bool {
        let gives_up = self.failed.get(&alert.id).is_some_and(|tries| *tries >= TRIES);
        if gives_up {
            self.failed.remove(&alert.id);
            self.told.extend(std::iter::once(&alert.id).chain(&alert.others).cloned());
        }
        gives_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::parse("2026-11-28T12:00:00Z").unwrap().plus_seconds(seconds)
    }

    fn open(ids: &[&str]) -> Vec<Open> {
        // `F-` stands for a letter of first contact here.
        let whose = |id: &str| match id.split_once('-') {
            Some(("S", _)) => Whose::Anybody,
            Some(("F", _)) => Whose::Stranger,
            _ => Whose::Known,
        };
        ids.iter().map(|id| Open { id: (*id).to_owned(), whose: whose(id) }).collect()
    }

    fn ids(due: &[Alert]) -> Vec<(&str, usize)> {
        due.iter().map(|alert| (alert.id.as_str(), alert.others.len())).collect()
    }

    /// Tells of all that is due; returns what that was.
    fn tell(alerted: &mut Alerted, warnings: &[Open], now: &Moment) -> Vec<(String, usize)> {
        alerted.keep(warnings);
        let due = alerted.due(warnings, now);
        for alert in &due {
            alerted.try_to(alert, now);
            alerted.told(alert);
        }
        due.into_iter().map(|alert| (alert.id, alert.others.len())).collect()
    }

    #[test]
    fn each_is_told_once_and_again_only_where_it_went_and_came_back() {
        let mut alerted = Alerted::default();
        assert_eq!(tell(&mut alerted, &open(&["W-1", "C-1"]), &at(0)), [("W-1".to_owned(), 0), ("C-1".to_owned(), 0)]);
        assert_eq!(tell(&mut alerted, &open(&["W-1", "C-1", "W-2"]), &at(1)), [("W-2".to_owned(), 0)]);
        assert_eq!(tell(&mut alerted, &open(&["W-1", "W-2"]), &at(2)), []);
        assert_eq!(tell(&mut alerted, &open(&["W-1", "C-1"]), &at(3)), [("C-1".to_owned(), 0)]);
    }

    #[test]
    fn what_strangers_send_is_told_once_an_hour_however_much_it_is() {
        let mut alerted = Alerted::default();
        assert_eq!(tell(&mut alerted, &open(&["S-1", "S-2", "S-3"]), &at(0)), [("S-3".to_owned(), 2)]);
        let more = open(&["S-1", "S-2", "S-3", "S-4", "W-9", "S-5"]);
        assert_eq!(tell(&mut alerted, &more, &at(3_599)), [("W-9".to_owned(), 0)], "whom we know is told at once");
        assert_eq!(tell(&mut alerted, &more, &at(3_600)), [("S-5".to_owned(), 1)]);
        // The clock was ahead and is set back.
        assert_eq!(tell(&mut alerted, &open(&["S-6"]), &at(-90_000)), [("S-6".to_owned(), 0)]);
    }

    #[test]
    fn honest_warnings_are_told_before_what_anybody_can_write() {
        let mut alerted = Alerted::default();
        let all = open(&["S-1", "W-1", "F-1", "F-2", "S-2", "W-2", "S-3"]);
        // Those under a key that somebody has here stand for the forged ones that came after them.
        let due = alerted.due(&all, &at(0));
        assert_eq!(ids(&due), [("W-1", 0), ("W-2", 0), ("F-2", 4)]);
        // What failed has those before it that are as honest, and no stranger.
        alerted.try_to(due.first().unwrap(), &at(0));
        assert_eq!(ids(&alerted.due(&all, &at(60))), [("W-2", 0), ("W-1", 0), ("F-2", 4)]);
        assert_eq!(ids(&alerted.due(&open(&["S-1", "W-1", "S-2"]), &at(60))), [("W-1", 0), ("S-2", 1)]);
    }

    #[test]
    fn what_fails_is_tried_again_at_growing_pauses_and_given_up_and_keeps_nothing_else_waiting() {
        let mut alerted = Alerted::default();
        let warnings = open(&["W-1", "W-2"]);
        let mut second = 0;
        let mut tried = Vec::new();
        loop {
            let due = alerted.due(&warnings, &at(second));
            let Some(first) = due.first() else { break };
            tried.push((second, first.id.clone()));
            alerted.try_to(first, &at(second));
            if first.id == "W-2" {
                alerted.told(first);
            } else {
                let last = tried.iter().filter(|(_, id)| id == "W-1").count() == 5;
                assert_eq!(alerted.gives_up(first), last);
                while !last && alerted.due(&warnings, &at(second)).is_empty() {
                    second += 1;
                }
                second += if last { HOUR } else { 0 };
            }
        }
        let told = tried.iter().position(|(_, id)| id == "W-2").unwrap();
        assert_eq!(told, 1, "{tried:?}");
        let seconds: Vec<i64> = tried.iter().filter(|(_, id)| id == "W-1").map(|(second, _)| *second).collect();
        assert_eq!(seconds, [0, 60, 120, 240, 480], "it begins anew once another was told");
        assert!(alerted.due(&warnings, &at(999_999)).is_empty(), "given up");
        assert_eq!(ids(&alerted.due(&open(&["W-1", "W-2", "W-3"]), &at(999_999))), [("W-3", 0)]);
    }
}
