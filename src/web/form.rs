//! Forms as they are sent: fields in their order, the token that shows whose page they come from, and the key by which a form
//! counts once.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

use axum::extract::{FromRequest, Request};

use super::Web;
use super::fault::Fault;
use crate::trade::Digest;

/// How many forms are remembered as sent.
const REMEMBERED: usize = 4_096;
/// What no two sendings of a page need to have in common, or all of them have.
const HIDDEN: [&str; 2] = ["token", "once"];

/// The fields of a form whose token is right.
#[derive(Debug, Clone)]
pub(super) struct Form {
    /// Where it was sent to.
    path: String,
    fields: Vec<(String, String)>,
}

impl Form {
    /// Returns the first field of this name, without blanks around it; nothing where it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let first = self.fields.iter().find(|(field, value)| field == name && !value.trim().is_empty());
        first.map(|(_, value)| value.trim())
    }

    /// Returns the fields of this name that are not empty.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.each(name).filter(|value| !value.is_empty())
    }

    /// Returns the fields of this name, empty ones too: rows of a table have one each.
    pub(super) fn each<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.trim())
    }

    /// Returns the fields whose names begin so, with the rest of their names; empty ones are left out.
    pub(super) fn beginning<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
        let fields =
            self.fields.iter().filter_map(move |(field, value)| Some((field.strip_prefix(name)?, value.trim())));
        fields.filter(|(_, value)| !value.is_empty())
    }

    /// Returns the digest of what it asks for: where it was sent to, and what was filled in.
    fn asks(&self) -> Digest {
        let filled = self.fields.iter().filter(|(name, _)| !HIDDEN.contains(&name.as_str()));
        // Each text with its length before it: no field can be taken for a part of another.
        let texts = std::iter::once(&self.path).chain(filled.flat_map(|(name, value)| [name, value]));
        let asked: String = texts.map(|text| format!("{}:{text}", text.len())).collect();
        Digest::of(asked.as_bytes())
    }

    /// Returns the key by which the form counts once.
    pub(super) fn once(&self) -> Result<String, Fault> {
        let key = self.get("once").filter(|key| key.len() == 32 && key.bytes().all(|b| b.is_ascii_hexdigit()));
        key.map(str::to_owned).ok_or_else(|| Fault::wrong("The form has no key of its own. Load the page anew."))
    }
}

/// Returns a number, amount or day as it is read: signs of full width, as Japanese keyboards write them, are taken for the plain
/// ones.
pub(super) fn plain(written: &str) -> String {
    let plain = |sign: char| match sign {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => u32::from(sign).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(sign),
        _ => sign,
    };
    written.chars().map(plain).collect()
}

impl FromRequest<Arc<Web>> for Form {
    type Rejection = Fault;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Fault> {
        let path = request.uri().path().to_owned();
        let read = axum::Form::<Vec<(String, String)>>::from_request(request, &()).await;
        let axum::Form(fields) = read.map_err(|_| Fault::wrong("The form is too long, was cut off, or is none."))?;
        let form = Self { path, fields };
        if !form.get("token").is_some_and(|token| web.guard.is_form_token(token)) {
            return Err(Fault::forbidden("The form is not of a page that this program made. Load the page anew."));
        }
        Ok(form)
    }
}

/// The forms that were sent.
#[derive(Default)]
pub(super) struct Once {
    sent: VecDeque<Sent>,
}

/// A form that was sent.
struct Sent {
    /// Its key.
    key: String,
    /// What it asked for.
    asked: Digest,
    /// The page that it led to.
    place: String,
}

impl Web {
    /// Does what a form asks for, once: sent again, it leads to the same page and does nothing. Where an old page is used to ask
    /// for something else, nothing is done either, and it is said so. It is done to its end also where the browser does not
    /// wait for the answer, as with a second click (B112).
    pub(super) async fn once(
        self: &Arc<Self>,
        form: &Form,
        act: impl Future<Output = Result<String, Fault>> + Send + 'static,
    ) -> Result<axum::response::Redirect, Fault> {
        let (web, key, asked) = (Arc::clone(self), form.once()?, form.asks());
        let done = tokio::spawn(async move { web.in_turn(key, asked, act).await });
        let place = done.await.map_err(|_| Fault::bug("a request ended before its answer"))??;
        Ok(axum::response::Redirect::to(&place))
    }

    /// Waits for its turn: pressed twice, the second one finds what the first has done.
    async fn in_turn(
        &self,
        key: String,
        asked: Digest,
        act: impl Future<Output = Result<String, Fault>>,
    ) -> Result<String, Fault> {
        let _turn = self.turn.lock().await;
        if let Some(place) = self.sent(&key, asked)? {
            return Ok(place);
        }
        let place = act.await?;
        let mut once = self.once.lock().unwrap_or_else(PoisonError::into_inner);
        once.sent.push_back(Sent { key, asked, place: place.clone() });
        if once.sent.len() > REMEMBERED {
            once.sent.pop_front();
        }
        Ok(place)
    }

    /// Returns where a form led that was sent before. Another answer than the one that was given is none.
    fn sent(&self, key: &str, asked: Digest) -> Result<Option<String>, Fault> {
        let once = self.once.lock().unwrap_or_else(PoisonError::into_inner);
        match once.sent.iter().find(|sent| sent.key == key) {
            None => Ok(None),
            Some(sent) if sent.asked == asked => Ok(Some(sent.place.clone())),
            Some(_) => Err(Fault::wrong(
                "You have answered on this page already, and that holds; nothing was done now. Load the page anew to see how it stands.",
            )),
        }
    }
}
