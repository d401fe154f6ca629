//! What goes wrong with a request, and the page that says so: what, and what to do next.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::clerk::ClerkError;
use crate::role::Refused;

/// Why a request has no other answer.
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    text: String,
}

impl Fault {
    fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    /// Nothing of this name is here.
    pub(super) fn none(what: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, what)
    }

    /// What was sent cannot be taken.
    pub(super) fn wrong(what: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, what)
    }

    /// Whoever sent it may not.
    pub(super) fn forbidden(what: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, what)
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

impl From<crate::ordering::OrderingError> for Fault {
    fn from(error: crate::ordering::OrderingError) -> Self {
        match error {
            crate::ordering::OrderingError::Clerk(error) => error.into(),
            error => Self::wrong(error.to_string()),
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
    /// Plain text: it must be readable where no page can be made.
    fn into_response(self) -> Response {
        let text = format!("{}\n\nThe browser's way back leads to the page before.\n", self.text);
        (self.status, [("content-type", "text/plain; charset=utf-8")], text).into_response()
    }
}

/// Answers what has no page.
pub(super) async fn nothing_here() -> Fault {
    Fault::none("There is no such page. All orders are at /")
}
