//! One request: the language it is answered in, and the frame of its page.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, json};

use super::fault::Fault;
use super::guard::cookie;
use super::pages::Page;
use super::words::Language;
use super::{Web, pages};
use crate::clerk::Clerk;
use crate::index::Filter;
use crate::trade::{Moment, Role};
use crate::view::text;
use crate::words::Words;
use crate::words::commands::Commands;

/// The cookie that keeps the chosen language.
pub(super) const CHOSEN: &str = "mailorder-language";

/// The fields by which a page says what became of a form: once, and not again on what its links lead to.
const SAID: [&str; 4] = ["said", "did", "n", "not"];

/// What is known of a request before its page is made.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) language: Language,
    /// Whether the language was chosen by this very request.
    chosen: bool,
    /// Path and query, to come back to in the other language.
    path: String,
    query: Vec<(String, String)>,
    pub(super) now: Moment,
    pub(super) zone: TimeZone,
    /// How commands are written that the page proposes.
    pub(super) commands: Commands,
}

impl FromRequestParts<Arc<Web>> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Infallible> {
        let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let query = query.map(|query| query.0).unwrap_or_default();
        let asked = query.iter().find(|(name, _)| name == "lang").and_then(|(_, word)| Language::parse(word));
        let kept = || cookie(&parts.headers, CHOSEN).and_then(Language::parse);
        let accepted = || {
            let header = parts.headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
            header.split(',').find_map(|one| Language::parse(one.split([';', '-']).next()?.trim()))
        };
        Ok(Self {
            language: asked.or_else(kept).or_else(accepted).unwrap_or(Language::En),
            chosen: asked.is_some(),
            path: parts.uri.path().to_owned(),
            query,
            now: web.clock.now(),
            zone: web.clock.zone().clone(),
            commands: web.commands.clone(),
        })
    }
}

impl Visit {
    /// Returns the words of the page.
    pub(super) fn words(&self) -> Words {
        Words::of(self.language)
    }

    /// Returns a sentence of ours in the language of the page, its commands such as can be run.
    pub(super) fn said(&self, english: &str) -> String {
        self.commands.runnable(&self.words().sentence(english))
    }

    /// Returns what was entered or written in a letter, in the language of the page: its moments in the zone of pages, its amounts
    /// as their columns have them.
    pub(super) fn told(&self, english: &str) -> String {
        text::sentence_of_page(&self.words().sentence(english), &self.zone)
    }

    /// Returns the day it is in the zone of the pages.
    pub(super) fn today(&self) -> Date {
        self.now.instant().to_zoned(self.zone.clone()).date()
    }

    /// Returns a field of the query that is not empty.
    pub(super) fn asked(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(field, value)| field == name && !value.trim().is_empty())
            .map(|(_, value)| value.trim())
    }

    /// Returns the fields of this name in the query that are not empty.
    pub(super) fn each<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        let fields = self.query.iter().filter(move |(field, value)| field == name && !value.trim().is_empty());
        fields.map(|(_, value)| value.trim())
    }

    /// Returns this page's address with another value for a field, without what was said of a form that was sent.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        let others = self.query.iter().filter(|(field, _)| field != name && !SAID.contains(&field.as_str()));
        let fields: Vec<String> = others
            .map(|(field, value)| (field.as_str(), value.as_str()))
            .chain([(name, value)].into_iter().filter(|(_, value)| !value.is_empty()))
            .map(|(field, value)| format!("{}={}", pages::encoded(field), pages::encoded(value)))
            .collect();
        if fields.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, fields.join("&")) }
    }

    /// Makes a page of a template with what it shows, in the frame that all pages have.
    pub(super) fn page(
        &self,
        web: &Web,
        clerk: &Clerk,
        template: &str,
        shows: Map<String, serde_json::Value>,
    ) -> Result<Page, Fault> {
        let mut context = self.frame(web, clerk)?;
        context.extend(shows);
        let html = web.pages.render(template, context)?;
        Ok(Page { html, language: self.chosen.then_some(self.language) })
    }

    /// Returns what each page has around it.
    fn frame(&self, web: &Web, clerk: &Clerk) -> Result<Map<String, serde_json::Value>, Fault> {
        let open = Filter::open(Role::Buyer, &self.now);
        let mark = clerk.index().mark();
        let [fetched, _] = clerk.last_fetches()?;
        let (rung, warnings) = web.bell.lock().unwrap_or_else(PoisonError::into_inner).rung(clerk, &self.now)?;
        let frame = json!({
            "lang": self.language.word(),
            "languages": Language::ALL.map(|language| json!({
                "word": language.word(), "name": language.name(), "is": language == self.language,
                "link": self.with("lang", language.word()),
            })),
            "address": clerk.me().address,
            "fingerprint": clerk.me().fingerprint.grouped(),
            "now": pages::moment(&self.now, &self.zone),
            "said": self.asked("said"),
            "counts": {
                "orders": clerk.index().count(&open)?, "schedules": clerk.schedules()?.len(),
                "warnings": warnings, "health": web.to_mend.load(Ordering::Relaxed),
            },
            "by_itself": clerk.schedules()?.iter().any(|one| !one.schedule.paused) || has_rules(clerk),
            "fetched": fetched.map(|fetch| pages::moment(&fetch.at, &self.zone)),
            "ledger": {"entries": mark.entries(), "head": mark.head().root.hex()},
            "since": web.news(),
            "rung": rung,
            "pages": ["list", "order", "schedule", "warnings", "chart", "health"],
        });
        match frame {
            serde_json::Value::Object(frame) => Ok(frame),
            _ => Err(Fault::bug("the frame is an object")),
        }
    }
}

/// Returns whether the owner lets the program answer by itself.
fn has_rules(clerk: &Clerk) -> bool {
    let buyer = clerk.settings().practice.buyer.as_ref();
    buyer.is_some_and(|buyer| buyer.confirm_matching || !buyer.rules.is_empty())
}
