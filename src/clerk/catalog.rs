//! Catalogs: the shop's file, read again when it has changed; its answers to those who ask, within limits; and, as a
//! buyer, what came from shops.
//!
//! An answer is much larger than its question, and anybody may ask who can write a mail. So strangers get one an hour
//! each, all together no more than a number; what is asked beyond that is set aside, and costs neither an entry nor a
//! letter.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use super::batch::Batch;
use super::examine::OpenLetter;
use super::write::Written;
use super::{Clerk, ClerkError};
use crate::config;
use crate::role::articles::Articles;
use crate::role::{Desk, shop_catalog};
use crate::trade::catalog::Offer;
use crate::trade::{Address, Body, Catalog, Document, Kind, Letter, Moment, PinnedBy, Received};

/// How many catalogs an asker gets within an hour whom nobody vouched for and who never said OK to terms.
const STRANGER_HOURLY: usize = 1;
/// How many anybody else gets.
const KNOWN_HOURLY: usize = 20;
/// How many catalogs go out within an hour before strangers get none.
const ALL_HOURLY: usize = 120;
/// How many catalogs of a shop are looked at, for an article that the newest do not list.
const LOOKED_AT: u32 = 20;

/// What tells one state of a file from another: time, size, and which file it is.
type Stamp = (i64, i64, u64, u64);

/// The shop's articles as they were last read.
pub(super) struct Loaded {
    /// Those of the configuration.
    own: Arc<Articles>,
    /// Whether the file was read well since the start.
    is_good: bool,
    /// The file as it was last looked at; `None` where it is not there.
    stamp: Option<Stamp>,
}

impl Loaded {
    pub(super) fn new(own: Arc<Articles>) -> Self {
        Self { own, is_good: false, stamp: None }
    }
}

/// A catalog that came from a shop, and when it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCatalog {
    /// When the shop wrote it.
    pub date: Moment,
    /// What it says.
    pub catalog: Catalog,
}

impl KnownCatalog {
    /// Returns the articles of these catalogs, of which the newest stands first: each number once, as the newest catalog with
    /// it has it, and beside it that catalog.
    pub fn newest_offers(known: &[Self]) -> Vec<(&Self, &Offer)> {
        let all = known.iter().flat_map(|one| one.catalog.offers.iter().map(move |offer| (one, offer)));
        let mut numbers = HashSet::new();
        all.filter(|(_, offer)| offer.item.sku.as_deref().is_none_or(|sku| numbers.insert(sku))).collect()
    }
}

impl Clerk {
    /// Reads the shop's catalog file where it is new or has changed. One that cannot be used any more is told of once,
    /// and what was read before holds.
    ///
    /// # Errors
    /// A file that cannot be used when none was read before: with line and column.
    pub fn look_at_catalog(&mut self) -> Result<(), ClerkError> {
        let Some(path) = self.settings.catalog.clone() else { return Ok(()) };
        let now = stamp(&path);
        if self.settings.practice.shop.is_none() || (self.loaded.is_good && now == self.loaded.stamp) {
            return Ok(());
        }
        let read = config::catalog::read(&path, &self.loaded.own);
        self.loaded.stamp = now;
        match read {
            Ok(file) => {
                let articles = Arc::new(self.loaded.own.with_file(file.into_articles()));
                if let Some(shop) = self.settings.practice.shop.as_mut() {
                    shop.articles = articles;
                }
                self.loaded.is_good = true;
                Ok(())
            }
            Err(faults) if self.loaded.is_good => {
                let text = format!("{}; the catalog as it was before holds on", faults.first());
                self.notes.push(text);
                Ok(())
            }
            Err(faults) => Err(ClerkError::Settings(faults.first())),
        }
    }

    /// Returns the catalogs that came from a shop, signed by the key that is accepted for it now: the newest first, up to
    /// the first that lists all it sells. What those say, older ones do not change.
    pub fn catalogs(&mut self, shop: &Address) -> Result<Vec<KnownCatalog>, ClerkError> {
        let pinned = self.pinned_key(shop)?;
        let mut known = Vec::new();
        for position in self.index.catalogs_of(shop, LOOKED_AT)? {
            let entry = self.entry(position)?;
            let Body::In { letter, .. } = entry.body else { continue };
            let Letter { date, from, document, .. } = letter.as_ref().clone();
            match document {
                Document::Catalog(catalog) if Some(&from.fingerprint) == pinned.as_ref() => {
                    known.push(KnownCatalog { date, catalog });
                }
                _ => {}
            }
        }
        // By what the shop says and not by when the mail came: a server may keep one back.
        known.sort_by_key(|one| std::cmp::Reverse(one.date));
        if let Some(last) = known.iter().position(|one| one.catalog.is_complete()) {
            known.truncate(last.saturating_add(1));
        }
        Ok(known)
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.mtime(), found.mtime_nsec(), found.size(), found.ino()))
}

impl Batch<'_> {
    /// Answers a buyer who asks what is sold.
    pub(super) fn tell_catalog(&mut self, received: &Received) -> Result<Vec<Written>, ClerkError> {
        let letter = received.letter();
        let Document::CatalogRequest(request) = &letter.document else { return Ok(Vec::new()) };
        let draft = {
            let practice = &self.clerk.settings.practice;
            let (me, now, entropy) = (&self.clerk.me, self.now, [0; 32]);
            let desk = Desk::new(me, now, entropy, practice);
            shop_catalog::answer(request, letter.from.clone(), received.content(), &desk)
        };
        self.perform(draft.into_iter().map(crate::role::Action::from).collect())
    }

    /// Returns whether a letter asks for the catalog more often than its sender is answered.
    pub(super) fn asks_too_often(&self, letter: &OpenLetter) -> Result<bool, ClerkError> {
        let asker = &letter.received.letter().from;
        if letter.received.letter().kind() != Kind::CatalogRequest || self.is_repeat(letter)? {
            return Ok(false);
        }
        // Who asks for the first time has no pin yet.
        let is_stranger = self.pin_by(&asker.address)?.is_none_or(|by| by == PinnedBy::FirstUse)
            && !self.clerk.index.has_confirmed(&asker.fingerprint)?;
        let most = if is_stranger { STRANGER_HOURLY } else { KNOWN_HOURLY };
        Ok(self.asked_by(&asker.address)? >= most || (is_stranger && self.catalogs_sent()? >= ALL_HOURLY))
    }

    /// Returns how often an address asked for the catalog within the last hour, in this batch or before.
    fn asked_by(&self, address: &Address) -> Result<usize, ClerkError> {
        let before = self.clerk.index.catalog_requests_since(&self.hour_ago(), &self.now, address)?;
        let is_one = |body: &Body| matches!(body, Body::In { letter, .. } if letter.kind() == Kind::CatalogRequest && letter.from.address == *address);
        Ok(before.saturating_add(self.pending_like(is_one)))
    }

    /// Returns how many catalogs went out within the last hour, those of this batch included.
    fn catalogs_sent(&self) -> Result<usize, ClerkError> {
        let before = self.clerk.index.catalogs_sent_since(&self.hour_ago(), &self.now)?;
        let is_one = |body: &Body| matches!(body, Body::Out { letter, .. } if letter.kind() == Kind::Catalog);
        Ok(before.saturating_add(self.pending_like(is_one)))
    }

    fn hour_ago(&self) -> Moment {
        self.now.plus_seconds(-3600)
    }

    fn pending_like(&self, is_one: impl Fn(&Body) -> bool) -> usize {
        self.pending.iter().filter(|pending| is_one(&pending.entry.body)).count()
    }
}
