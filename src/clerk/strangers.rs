//! First contact: whose key nobody accepted may order from a shop that allows it, so many of them an hour. Who comes beyond that
//! waits among the mails set aside, and is read by itself when there is room, the oldest first.
//!
//! Anybody can make keys without end. The number holds down what they cost, and not who buys: nobody has to write twice.

use std::collections::{BTreeMap, BTreeSet};

use super::aside::Aside;
use super::batch::Batch;
use super::examine::OpenLetter;
use super::{Clerk, ClerkError};
use crate::clock::system_time;
use crate::config::TrustPolicy;
use crate::rules::alike;
use crate::trade::{Code, Finding, Fingerprint, Kind, Moment, Received};

/// Seconds within which first contacts are counted.
const HOUR: i64 = 3_600;

/// The stable code of a mail that waits for room.
pub(super) const TOO_MANY: &str = "too-many-strangers";

impl Batch<'_> {
    /// Returns whether this is a first contact that the policy allows: an order to a shop, or the question what it sells,
    /// from an address without a pin.
    pub(super) fn is_stranger(&mut self, letter: &OpenLetter) -> Result<bool, ClerkError> {
        let received = &letter.received;
        let from = &received.letter().from.address;
        let allowed = self.clerk.settings.trust == TrustPolicy::FirstUse
            && self.clerk.settings.practice.shop.is_some()
            && matches!(received.letter().kind(), Kind::Order | Kind::CatalogRequest)
            && letter.opened.outer_from() == Some(from)
            && letter.opened.certificate().addresses().contains(from)
            // Who cannot be answered gets no terms.
            && letter.opened.certificate().usable(system_time(&self.now)).is_ok();
        Ok(allowed && self.signer_address(received.signer())?.is_none() && self.pinned(from)?.is_none())
    }

    /// Returns from when on a stranger is let in, where there is no room for him now: behind those who wait already.
    pub(super) fn no_room_before(&mut self, key: &Fingerprint) -> Result<Option<Moment>, ClerkError> {
        let mut let_in = self.clerk.index.strangers_since(&self.now.plus_seconds(-HOUR), &self.now)?;
        let_in.extend(self.pins.values().map(|_| self.now));
        let most = self.clerk.settings.strangers_per_hour;
        let Some(over) = let_in.len().checked_sub(most) else { return Ok(None) };
        let now = self.now;
        let waiting = self.waiting_strangers()?;
        let longest = longest(waiting.len());
        if let Some(from) = waiting.get(key).filter(|from| from.is_awaited(&now, longest)) {
            return Ok(Some(*from));
        }
        // Each who was let in makes room an hour later, and whoever has that room another hour later.
        let (hours, place) = (waiting.len().checked_div(most), waiting.len().checked_rem(most));
        let before = place.and_then(|place| let_in.get(over.saturating_add(place))).unwrap_or(&now);
        let hours = i64::try_from(hours.unwrap_or(0)).unwrap_or(0).saturating_add(1);
        let from = before.plus_seconds(HOUR.saturating_mul(hours)).whole_second();
        waiting.insert(key.clone(), from);
        Ok(Some(from))
    }

    /// Returns who waits for room, and until when.
    fn waiting_strangers(&mut self) -> Result<&mut BTreeMap<Fingerprint, Moment>, ClerkError> {
        let known = match self.strangers.take() {
            Some(known) => known,
            None => waiting(&self.clerk.aside.list()?).map(|(from, key)| (key.clone(), from)).collect(),
        };
        Ok(self.strangers.insert(known))
    }

    /// Returns from when on a mail that was set aside for want of room is read.
    pub(super) fn let_in_from(&self, note: &Aside) -> Option<Moment> {
        let key = note.unpinned.as_ref().filter(|_| note.reason.code == TOO_MANY)?;
        self.strangers.as_ref()?.get(key).copied()
    }

    /// Returns the note about a sender of first contact whose address looks like a known one.
    pub(super) fn looks_alike(&self, received: &Received) -> Result<Option<Finding>, ClerkError> {
        let from = &received.letter().from.address;
        let known = self.clerk.looks_like(from)?;
        Ok(known.map(|known| Finding::new(Code::SenderLooksAlike, alike::caution(from, &known))))
    }
}

impl Clerk {
    /// Returns the keys for which there is room now, of those that wait for it in mails set aside.
    pub(super) fn strangers_to_let_in(
        &self,
        kept: &[Aside],
        now: &Moment,
    ) -> Result<BTreeSet<Fingerprint>, ClerkError> {
        let mut waiting: Vec<_> = waiting(kept).collect();
        if waiting.is_empty() {
            return Ok(BTreeSet::new());
        }
        // Stable: of those who were told the same moment the oldest goes first.
        let longest = longest(waiting.len());
        waiting.sort_by_key(|(from, _)| if from.is_awaited(now, longest) { *from } else { (*from).min(*now) });
        let let_in = self.index.strangers_since(&now.plus_seconds(-HOUR), now)?.len();
        let room = self.settings.strangers_per_hour.saturating_sub(let_in);
        let mut keys = BTreeSet::new();
        for (_, key) in waiting {
            if keys.len() >= room {
                break;
            }
            keys.insert(key.clone());
        }
        Ok(keys)
    }
}

/// Returns the seconds that anybody can have been told to wait where so many do: each hour lets in one of them at least.
fn longest(waiting: usize) -> i64 {
    i64::try_from(waiting).unwrap_or(i64::MAX).saturating_add(2).saturating_mul(HOUR)
}

/// Returns whose mails wait for room, each with the moment he was told.
fn waiting(kept: &[Aside]) -> impl Iterator<Item = (Moment, &Fingerprint)> {
    let waits = kept.iter().filter(|aside| aside.reason.code == TOO_MANY);
    waits.filter_map(|aside| Some((aside.not_before?, aside.unpinned.as_ref()?)))
}
