//! News for pages that are open: the ledger has grown, or a mail was set aside.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Query, State};

use super::Web;

/// How often it is looked for news.
const TURN: Duration = Duration::from_secs(1);
/// How long a page waits for an answer before it asks again.
const PATIENCE: Duration = Duration::from_secs(25);

/// What the page has.
#[derive(serde::Deserialize)]
pub(super) struct Since {
    /// The number of the news when the page was made.
    since: u64,
}

/// Answers with the number of the news as soon as it is another than the page has, or after a while.
pub(super) async fn live(State(web): State<Arc<Web>>, Query(Since { since }): Query<Since>) -> String {
    let begun = Instant::now();
    while web.news() == since && begun.elapsed() < PATIENCE && !web.is_ending() {
        tokio::time::sleep(TURN).await;
    }
    web.news().to_string()
}
