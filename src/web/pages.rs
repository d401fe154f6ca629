//! Templates into pages: filters for amounts and days, strict about what is missing, every foreign text escaped.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use minijinja::value::Serde;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, HtmlEscape, State, UndefinedBehavior, Value, escape_formatter,
};

use super::Web;
use super::fault::Fault;
use super::visit::CHOSEN;
use super::words::{self, Language};
use crate::clerk::{ClerkError, chance};
use crate::files;
use crate::trade::{Moment, When};
use crate::view::harmless::escape_lines;
use crate::words::commands::Commands;

/// Most bytes of a template of the user's.
const MOST_TEMPLATE: u64 = 256 * 1024;
const STYLE: &str = include_str!("../../templates/web/style.css");
const SCRIPT: &str = include_str!("../../templates/web/script.js");

/// Lists the built-in templates.
macro_rules! built_in {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/web/", $name)))),+]
    };
}

const TEMPLATES: &[(&str, &str)] = built_in!(
    "base.html",
    "macros.html",
    "sprite.html",
    "list.html",
    "order.html",
    "return.html",
    "again.html",
    "transaction.html",
    "confirm.html",
    "schedule.html",
    "warnings.html",
    "chart.html",
    "health.html",
    "fault.html"
);

/// Why no pages can be served.
#[derive(Debug, thiserror::Error)]
pub enum PagesError {
    /// A template cannot be read.
    #[error("cannot read the template {path}: {source}")]
    Unreadable {
        /// Its file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A template is wrong.
    #[error("the template {name} is wrong: {text}; correct it, or remove it to have the built-in one")]
    Template {
        /// Its name.
        name: String,
        /// What is wrong.
        text: String,
    },
    /// The system does not tell the own address.
    #[error("the address of the page is not known: {0}")]
    Address(std::io::Error),
    /// Others could reach it.
    #[error("{0} is no loopback address: the page is for this machine alone")]
    NotLoopback(SocketAddr),
    /// The account.
    #[error(transparent)]
    Clerk(#[from] ClerkError),
}

/// The templates and their words.
pub(super) struct Pages {
    environment: Environment<'static>,
    style: String,
}

/// A page that is made.
pub(super) struct Page {
    pub(super) html: String,
    /// The language to keep for the next pages.
    pub(super) language: Option<Language>,
}

impl Pages {
    /// Takes the built-in templates, and the user's own where `folder` has `web/NAME`.
    pub(super) fn load(
        folder: Option<&Path>,
        zone: &TimeZone,
        form_token: &str,
        commands: &Commands,
    ) -> Result<Self, PagesError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_formatter(|out, state, value| match value.as_str().filter(|_| !value.is_safe()) {
            Some(text) => escape_formatter(out, state, &Value::from(escape_lines(text))),
            None => escape_formatter(out, state, value),
        });
        for (name, source) in TEMPLATES {
            let source = own(folder, name)?.unwrap_or_else(|| (*source).to_owned());
            let wrong = |error: Error| PagesError::Template { name: (*name).to_owned(), text: error.to_string() };
            environment.add_template_owned(*name, source).map_err(wrong)?;
        }
        words::add_to(&mut environment, commands);
        let here = zone.clone();
        environment.add_filter("day", move |state: &State<'_, '_>, text: &str, style: Option<&str>| {
            day(text, style.unwrap_or("short"), words::language(state), &here)
        });
        let here = zone.clone();
        environment.add_filter("clock", move |text: &str| clock(text, &here));
        let here = zone.clone();
        environment.add_filter("iso", move |text: &str| iso(text, &here));
        let token = form_token.to_owned();
        environment.add_function("form_token", move || token.clone());
        environment.add_function("once", || {
            let key = chance::<16>().map(hex::encode);
            key.map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
        });
        environment.add_filter("split", split);
        environment.add_filter("query", |text: &str| encoded(text));
        environment.add_filter("breakable", breakable);
        let style = own(folder, "style.css")?.unwrap_or_else(|| STYLE.to_owned());
        Ok(Self { environment, style })
    }

    /// Returns words of ours that stand outside of pages.
    pub(super) fn say(&self, language: Language, key: &str) -> Result<String, Fault> {
        let context = minijinja::context! { lang => language.word(), key };
        let said = self.environment.render_str("{{ t(key) }}", context);
        said.map_err(|error| Fault::bug(format!("no words for {key}: {error:#}")))
    }

    /// Fills a template.
    pub(super) fn render(
        &self,
        name: &str,
        context: serde_json::Map<String, serde_json::Value>,
    ) -> Result<String, Fault> {
        let made = self.environment.get_template(name).and_then(|template| template.render(Serde(context)));
        made.map_err(|error| Fault::bug(format!("the template {name} cannot be filled: {error:#}")))
    }
}

/// Reads a file of the user's that takes the place of a built-in one.
fn own(folder: Option<&Path>, name: &str) -> Result<Option<String>, PagesError> {
    let Some(path) = folder.map(|folder| folder.join("web").join(name)).filter(|path| path.exists()) else {
        return Ok(None);
    };
    files::read_text(&path, MOST_TEMPLATE).map(Some).map_err(|source| PagesError::Unreadable { path, source })
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = self.html.into_response();
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, html);
        if let Some(language) = self.language {
            let cookie = format!("{CHOSEN}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000", language.word());
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                response.headers_mut().insert(SET_COOKIE, cookie);
            }
        }
        response
    }
}

pub(super) async fn style(Shared(web): Shared<Arc<Web>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], web.pages.style.clone())
}

pub(super) async fn script() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT)
}

/// Writes a moment as pages have it: in the zone of this machine.
pub(super) fn moment(moment: &Moment, zone: &TimeZone) -> String {
    let zoned = moment.instant().to_zoned(zone.clone());
    Moment::new(zoned.timestamp(), zoned.offset()).to_string()
}

/// Writes a text as a part of an address.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn wrong(text: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("{text:?} is no date"))
}

fn date(text: &str, zone: &TimeZone) -> Result<Date, Error> {
    match When::parse(text).map_err(|_| wrong(text))? {
        When::Day(day) => Ok(day),
        When::Moment(moment) => Ok(moment.instant().to_zoned(zone.clone()).date()),
    }
}

/// Writes a day for people: `short` without its year, `mid`, `full`, with the day of the `week`, or a `month`.
fn day(text: &str, style: &str, language: Language, zone: &TimeZone) -> Result<String, Error> {
    let date = if style == "month" && text.len() == 7 { date(&format!("{text}-01"), zone)? } else { date(text, zone)? };
    const WEEK: [&str; 7] = ["月", "火", "水", "木", "金", "土", "日"];
    let form = match (language, style) {
        (Language::En, "short") => "%-d %b",
        (Language::En, "mid") => "%-d %b %Y",
        (Language::En, "full") => "%-d %B %Y",
        (Language::En, "week") => "%A, %-d %B %Y",
        (Language::En, "month") => "%B %Y",
        (Language::En, "short-month") => "%b",
        (Language::Ja, "short-month") => "%-m月",
        (Language::Ja, "short") => "%-m月%-d日",
        (Language::Ja, "mid" | "full" | "week") => "%Y年%-m月%-d日",
        (Language::Ja, "month") => "%Y年%-m月",
        _ => return Err(Error::new(ErrorKind::InvalidOperation, format!("{style:?} is no style of days"))),
    };
    let written = date.strftime(form).to_string();
    let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).ok().and_then(|place| WEEK.get(place));
    Ok(match (language, style, weekday) {
        (Language::Ja, "week", Some(weekday)) => format!("{written}（{weekday}）"),
        _ => written,
    })
}

/// Writes the time of a moment, `09:12`; nothing of a day.
fn clock(text: &str, zone: &TimeZone) -> Result<String, Error> {
    match When::parse(text).map_err(|_| wrong(text))? {
        When::Day(_) => Ok(String::new()),
        When::Moment(at) => Ok(at.instant().to_zoned(zone.clone()).strftime("%H:%M").to_string()),
    }
}

/// Writes a date for machines, in the zone of this one.
fn iso(text: &str, zone: &TimeZone) -> Result<String, Error> {
    Ok(match When::parse(text).map_err(|_| wrong(text))? {
        When::Day(day) => day.to_string(),
        When::Moment(at) => moment(&at, zone),
    })
}

/// Writes a command so that a line of it may end behind each part of a path.
fn breakable(text: &str) -> Value {
    let parts: Vec<String> =
        text.split_inclusive('/').map(|part| HtmlEscape(&escape_lines(part)).to_string()).collect();
    Value::from_safe_string(parts.join("<wbr>"))
}

/// Parts an amount `{amount, currency}` for its places: sign and currency, digits in groups, whether it has no decimals.
fn split(money: &Value) -> Result<Value, Error> {
    let text = |name: &str| {
        let value = money.get_attr(name)?;
        value.as_str().map(str::to_owned).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "this is no amount"))
    };
    let (amount, currency) = (text("amount")?, text("currency")?);
    let money = crate::trade::Money::parse(&amount, &currency)
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))?;
    let (before, digits) = crate::view::text::signed(&money);
    let whole = !digits.contains('.');
    Ok(minijinja::context! { cur => before, num => digits, whole })
}
