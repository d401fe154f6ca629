//! What one row says: which transaction, and what to report of it.

use super::field::Field;
use super::goods::RowFile;
use crate::role::Notice;
use crate::trade::{Address, Digest, Key, Moment};

/// A report as a row has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The shop, where the row names one: `SHOP:NUMBER`.
    pub shop: Option<Address>,
    /// The transaction's number or ID, written out.
    pub name: String,
    /// The row's name in the system it comes from.
    pub event: Option<String>,
    /// What is reported. What was done without a moment of its own is not in it.
    pub notice: Notice,
    /// Whether something was done, without a moment: whenever this is read.
    pub now: bool,
    /// By what an export says that nothing is done, the field and its cell; then the notice says nothing else.
    pub undone: Option<(Field, String)>,
    /// Whether it may be of an order that is none of ours: it is passed over where its transaction is not known.
    pub skip_unknown: bool,
    /// Which file is delivered, before somebody has read and measured it for the notice.
    pub file: Option<RowFile>,
    /// The bytes of the file that goes with the letter, once they are read.
    pub bytes: Option<Vec<u8>>,
}

impl Report {
    /// Returns the notice with its moment; `now` is that of whoever reads it.
    pub fn notice(&self, now: Moment) -> Notice {
        let mut notice = self.notice.clone();
        if self.now {
            let corrects = notice.correct && (notice.amount.is_some() || !notice.lines.is_empty());
            // Where something else is put right or added and no moment is given, the moment is not what was wrong.
            notice.same_moment = corrects || notice.tracking.is_some();
            notice.done = Some(now.whole_second());
        }
        notice
    }

    /// Returns the digest of what is said of the transaction `key`: rows that say the same have the same, however their file
    /// was laid out.
    pub fn content(&self, key: &Key) -> Digest {
        let now = if self.now { "now\n" } else { "" };
        let Key { role, shop, id } = key;
        Digest::of(format!("mailorder row 1\n{role}\n{shop}\n{id}\n{now}{}", self.notice.said()).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trade::{OrderId, Role};

    fn key(role: Role) -> Key {
        Key { role, shop: Address::parse("shop@example.com").unwrap(), id: OrderId::from_bytes([7; 26]) }
    }

    #[test]
    fn a_row_is_told_from_another_by_all_it_says() {
        let at = |text: &str| Some(Moment::parse(text).unwrap());
        let plain = |notice: Notice, now: bool| Report { notice, now, ..Report::default() };
        let shipped = plain(Notice { done: at("2026-11-08T17:40:00+09:00"), ..Notice::default() }, false);
        let others = [
            plain(Notice::default(), true),
            plain(Notice { done: at("2026-11-08T17:40:01+09:00"), ..Notice::default() }, false),
            plain(Notice { tracking: Some("EP-1".to_owned()), ..shipped.notice.clone() }, false),
            plain(Notice { parcel: Some("EP-1".to_owned()), ..shipped.notice.clone() }, false),
            plain(Notice { correct: true, ..shipped.notice.clone() }, false),
        ];
        let content = shipped.content(&key(Role::Shop));
        for (place, other) in others.iter().enumerate() {
            assert_ne!(other.content(&key(Role::Shop)), content, "{place}");
        }
        assert_ne!(shipped.content(&key(Role::Delivery)), content);
        let elsewhere = plain(Notice { done: at("2026-11-08T08:40:00Z"), ..Notice::default() }, false);
        assert_eq!(elsewhere.content(&key(Role::Shop)), content, "the same instant");
        // It is kept in ledgers: this digest never changes.
        assert_eq!(content.hex(), "68be47f4d64af06073d6ffb17b636347a27510c3f1e95ba35537b7d9f860feb7");
    }

    #[test]
    fn what_was_done_without_a_moment_was_done_when_it_is_read() {
        let now = Moment::parse("2026-11-08T17:40:00.5+09:00").unwrap();
        let report = Report { now: true, ..Report::default() };
        assert_eq!(report.notice(now).done, Some(now.whole_second()));
        assert!(!report.notice(now).same_moment);
        for correct in [true, false] {
            let notice = Notice { correct, tracking: Some("EP-2".to_owned()), ..Notice::default() };
            assert!(Report { now: true, notice, ..Report::default() }.notice(now).same_moment, "{correct}");
        }
    }
}
