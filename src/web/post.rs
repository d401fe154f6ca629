//! Letters that the page wrote are sent beside it: no page waits for a mail server.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::clerk::{self, ClerkError};
use crate::clock::Clock;
use crate::config::Settings;
use crate::outbox::queue::Queue;

/// How long one attempt to send may take.
const BUDGET: Duration = Duration::from_secs(60);
/// After how long the queue is looked at without being asked.
const TURN: Duration = Duration::from_secs(60);

/// Who sends.
pub(super) struct Post {
    settings: Settings,
    queue: Queue,
    clock: Clock,
    wish: Arc<Notify>,
}

impl Post {
    pub(super) fn new(settings: Settings, queue: Queue, clock: Clock) -> Self {
        Self { settings, queue, clock, wish: Arc::default() }
    }

    /// Has the queue sent soon.
    pub(super) fn send(&self) {
        self.wish.notify_one();
    }

    /// Begins to send whenever it is asked to, until it is aborted: what was being sent then stays queued.
    pub(super) fn run(&self) -> JoinHandle<()> {
        let (settings, queue, clock, wish) =
            (self.settings.clone(), self.queue.clone(), self.clock.clone(), Arc::clone(&self.wish));
        tokio::spawn(async move {
            loop {
                let _ = tokio::time::timeout(TURN, wish.notified()).await;
                // What cannot be sent waits in the queue, and the page of the outbox says why.
                let _ = flush(&settings, &queue, &clock).await;
            }
        })
    }

    /// Sends once more what is due.
    pub(super) async fn last(&self) {
        let _ = flush(&self.settings, &self.queue, &self.clock).await;
    }
}

async fn flush(settings: &Settings, queue: &Queue, clock: &Clock) -> Result<(), ClerkError> {
    if let Some(mut outbox) = clerk::outbox(settings)? {
        queue.flush(&mut outbox, || clock.now().instant(), BUDGET).await?;
    }
    Ok(())
}
