//! The orders of the list as a file to take away: asked for by a link, changes nothing.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use super::fault::Fault;
use super::visit::Visit;
use super::{Web, orders, pages};
use crate::rules::query::Query;
use crate::trade::Role;
use crate::view::export::{Export, Format, Labels, Wanted};

/// Most transactions of one file: it is held in memory until the browser has it.
const MOST: u64 = 20_000;

/// What the menu offers: a name of the words, the format, and whether it is for a spreadsheet.
const OFFERED: [(&str, Format, bool); 5] = [
    ("sheet", Format::Csv, true),
    ("csv", Format::Csv, false),
    ("jsonl", Format::Jsonl, false),
    ("hledger", Format::Hledger, false),
    ("ics", Format::Ics, false),
];

/// Returns what a page lists, as the fields of an address, each with `&` before it.
fn asked(visit: &Visit) -> String {
    let fields = orders::asked(visit).into_iter();
    fields.map(|(field, value)| format!("&{}={}", pages::encoded(field), pages::encoded(value))).collect()
}

/// Returns the links by which what a page lists is exported.
pub(super) fn links(visit: &Visit) -> Vec<Value> {
    let asked = asked(visit);
    let link =
        |(name, ..): &(&str, Format, bool)| json!({"name": name, "link": format!("/export?format={name}{asked}")});
    OFFERED.iter().map(link).collect()
}

/// Answers with the file; without a format leads to the list, whose links name those that there are. Others wait for a part of it
/// at most.
pub(super) async fn export(State(web): State<Arc<Web>>, visit: Visit) -> Result<Response, Fault> {
    let Some(word) = visit.asked("format") else {
        let asked = asked(&visit);
        let query = asked.strip_prefix('&').map(|fields| format!("?{fields}")).unwrap_or_default();
        return Ok(Redirect::to(&format!("/{query}#export")).into_response());
    };
    let offered = OFFERED.iter().find(|(name, ..)| *name == word);
    let Some((_, format, spreadsheet)) = offered.copied() else {
        return Err(Fault::none("There is no such format: the links below the list have those that there are."));
    };
    let today = visit.today();
    let query = Query::parse(&orders::words(&visit), today).map_err(|error| Fault::wrong(error.to_string()))?;
    let say = |key: &str| web.pages.say(visit.language, key);
    let labels =
        Labels { delivery: say("export.delivery")?, payment: say("export.payment")?, refund: say("export.refund")? };
    let name = format!("mailorder-{today}.{}", format.ending());
    let (now, zone) = (visit.now, visit.zone);
    let wanted = Wanted { role: Role::Buyer, query, format, spreadsheet, labels, now, zone };
    let mut export = web.desk(move |clerk| Ok(Export::begin(clerk, wanted)?)).await?;
    let mut file = Vec::new();
    loop {
        let more;
        (export, file, more) = web
            .desk(move |clerk| {
                let more = export.next(clerk, &mut file)?;
                Ok((export, file, more))
            })
            .await?;
        if !more {
            break;
        }
        if export.written() > MOST {
            let text = format!(
                "There are more than {MOST} orders, too many for the page to hand over: narrow the search, or use \
                 `mailorder export` in a terminal."
            );
            return Err(Fault::wrong(text));
        }
    }
    Ok(download(file, &name, format.media_type()))
}

/// Answers with a file to be kept and not shown; `name` is a word of ours.
fn download(file: Vec<u8>, name: &str, media_type: &'static str) -> Response {
    let mut response = file.into_response();
    let mut put = |field: HeaderName, value: HeaderValue| response.headers_mut().insert(field, value);
    put(CONTENT_TYPE, HeaderValue::from_static(media_type));
    // RFC 6266; without a valid name the browser takes one of its own.
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        put(CONTENT_DISPOSITION, value);
    }
    response
}
