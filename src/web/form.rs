//! Forms as they are sent: fields in their order, the token that shows whose page they come from, and the key by which a form
//! counts once.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

use axum::extract::{FromRequest, Request};

use super::Web;
use super::fault::Fault;

/// How many forms are remembered as sent.
const REMEMBERED: usize = 4_096;

/// The fields of a form whose token is right.
#[derive(Debug, Clone)]
pub(super) struct Form {
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

    /// Returns the key by which the form counts once.
    pub(super) fn once(&self) -> Result<String, Fault> {
        let key = self.get("once").filter(|key| key.len() == 32 && key.bytes().all(|b| b.is_ascii_hexdigit()));
        key.map(str::to_owned).ok_or_else(|| Fault::wrong("The form has no key of its own. Load the page anew."))
    }
}

impl FromRequest<Arc<Web>> for Form {
    type Rejection = Fault;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Fault> {
        let read = axum::Form::<Vec<(String, String)>>::from_request(request, &()).await;
        let axum::Form(fields) = read.map_err(|_| Fault::wrong("The form is too long, was cut off, or is none."))?;
        let form = Self { fields };
        if !form.get("token").is_some_and(|token| web.guard.is_form_token(token)) {
            return Err(Fault::forbidden("The form is not of a page that this program made. Load the page anew."));
        }
        Ok(form)
    }
}

/// The forms that were sent, with the page that each led to.
#[derive(Default)]
pub(super) struct Once {
    sent: VecDeque<(String, String)>,
}

impl Web {
    /// Does what a form asks for, once: sent again, it leads to the same page and does nothing. It is done to its end also
    /// where the browser does not wait for the answer, as with a second click (B112).
    pub(super) async fn once(
        self: &Arc<Self>,
        form: &Form,
        act: impl Future<Output = Result<String, Fault>> + Send + 'static,
    ) -> Result<axum::response::Redirect, Fault> {
        let (web, key) = (Arc::clone(self), form.once()?);
        let done = tokio::spawn(async move { web.in_turn(key, act).await });
        let place = done.await.map_err(|_| Fault::bug("a request ended before its answer"))??;
        Ok(axum::response::Redirect::to(&place))
    }

    /// Waits for its turn: pressed twice, the second one finds what the first has done.
    async fn in_turn(&self, key: String, act: impl Future<Output = Result<String, Fault>>) -> Result<String, Fault> {
        let _turn = self.turn.lock().await;
        if let Some(place) = self.sent(&key) {
            return Ok(place);
        }
        let place = act.await?;
        let mut once = self.once.lock().unwrap_or_else(PoisonError::into_inner);
        once.sent.push_back((key, place.clone()));
        if once.sent.len() > REMEMBERED {
            once.sent.pop_front();
        }
        Ok(place)
    }

    fn sent(&self, key: &str) -> Option<String> {
        let once = self.once.lock().unwrap_or_else(PoisonError::into_inner);
        once.sent.iter().find(|(sent, _)| sent == key).map(|(_, place)| place.clone())
    }
}
