//! What goes wrong with a request, and the page that says so: what, and what to do next.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Web;
use super::guard::in_both;
use super::visit::Visit;

use crate::clerk::ClerkError;
use crate::ordering::OrderingError;
use crate::role::Refused;

/// How long a page that says what went wrong may take to be made; then its words go out alone.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a request has no other answer.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    status: StatusCode,
    text: String,
    /// What to do next, where that is known.
    next: Option<String>,
}

impl Fault {
    fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), next: None }
    }

    /// Nothing of this name is here.
    pub(super) fn none(what: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, what)
    }

    /// What was sent cannot be taken.
    pub(super) fn wrong(what: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, what)
    }

    /// Says what to do next.
    fn then(mut self, next: Option<String>) -> Self {
        self.next = next;
        self
    }

    /// Returns what is wrong with what was sent, where that is why.
    pub(super) fn refused(&self) -> Option<&str> {
        (self.status == StatusCode::UNPROCESSABLE_ENTITY).then_some(self.text.as_str())
    }

    /// Returns what is wrong with what was sent, and what to do about it, in the language of a page.
    ///
    /// # Errors
    /// What is no fault of whoever sent it.
    pub(super) fn told(self, visit: &Visit) -> Result<String, Self> {
        let Some(said) = self.refused().map(|text| visit.said(text)) else { return Err(self) };
        Ok(match &self.next {
            Some(hint) => visit.words().fill("order.fault", &[("fault", &said), ("hint", &visit.said(hint))]),
            None => said,
        })
    }

    /// Whoever sent it may not.
    pub(super) fn forbidden(what: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, what)
    }

    /// It takes too long.
    pub(super) fn slow(what: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, what)
    }

    /// The program itself is wrong.
    pub(super) fn bug(what: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, what)
    }
}

impl From<ClerkError> for Fault {
    fn from(error: ClerkError) -> Self {
        match error {
            ClerkError::Refused(refused) => refused.into(),
            error if error.is_about_reader() => Self::wrong(error.to_string()),
            error => Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        }
    }
}

impl From<crate::view::settle::SettleError> for Fault {
    fn from(error: crate::view::settle::SettleError) -> Self {
        match error {
            crate::view::settle::SettleError::Clerk(error) => error.into(),
            error => Self::wrong(error.to_string()),
        }
    }
}

impl From<OrderingError> for Fault {
    fn from(error: OrderingError) -> Self {
        let text = error.to_string();
        match error {
            OrderingError::Clerk(error) => error.into(),
            OrderingError::Wrong { hint, .. } | OrderingError::Forbidden { hint, .. } => Self::wrong(text).then(hint),
        }
    }
}

impl From<crate::index::IndexError> for Fault {
    fn from(error: crate::index::IndexError) -> Self {
        ClerkError::from(error).into()
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        Self::wrong(refused.to_string())
    }
}

impl IntoResponse for Fault {
    /// Plain text, which is readable where no page can be made; [`page`] makes one of it where it can.
    fn into_response(self) -> Response {
        let back = in_both("The browser's way back leads to the page before.");
        let text = format!("{}\n{back}", in_both(&self.text));
        let mut response = (self.status, [("content-type", "text/plain; charset=utf-8")], text).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Shows what went wrong on a page, in the frame that all pages have.
pub(super) async fn page(State(web): State<Arc<Web>>, visit: Visit, request: Request, next: Next) -> Response {
    let plain = next.run(request).await;
    let Some(fault) = plain.extensions().get::<Fault>().cloned() else { return plain };
    let (status, shared) = (fault.status, Arc::clone(&web));
    let made = web.desk(move |clerk| {
        let next = fault.next.as_deref().map(|next| visit.said(next));
        let shows = json!({"page": "", "fault": visit.said(&fault.text), "next": next, "status": status.as_u16()});
        visit.page(&shared, clerk, "fault.html", shows.as_object().cloned().unwrap_or_default())
    });
    // What keeps the account busy keeps a page from being made, too.
    match tokio::time::timeout(PATIENCE, made).await {
        Ok(Ok(page)) => (status, page).into_response(),
        _ => plain,
    }
}

/// Answers what has no page.
pub(super) async fn nothing_here() -> Fault {
    Fault::none("There is no page at this address.")
}
