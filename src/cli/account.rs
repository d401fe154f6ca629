//! Opens the account a command works on, and sends what it made.

use std::path::PathBuf;
use std::time::Duration;

use super::Shell;
use super::failure::Failure;
use crate::clerk::{self, Clerk};
use crate::config::{self, Settings};
use crate::outbox::Outbox;
use crate::outbox::queue::Report;

/// How long a command that made letters tries to send them.
const SEND_BUDGET: Duration = Duration::from_secs(10);
/// How long it waits before it asks again whether another process has sent its letters.
const PAUSE: Duration = Duration::from_millis(100);

impl Shell {
    /// Returns the configuration file in use.
    pub(super) fn config_file(&self) -> PathBuf {
        self.global.config.clone().unwrap_or_else(|| self.environment.config_file())
    }

    /// Loads the settings.
    pub(super) fn settings(&self) -> Result<Settings, Failure> {
        Ok(config::load(&self.config_file(), &self.environment)?)
    }

    /// Opens the account.
    pub(super) fn clerk(&self) -> Result<Clerk, Failure> {
        let mut clerk = Clerk::open(self.settings()?, self.clock.clone())?;
        for note in clerk.take_notes() {
            self.output.message(format!("mailorder: {}", super::output::escape(&note)));
        }
        Ok(clerk)
    }

    /// Tries to send what a command queued; what is not sent yet is a line on standard error, no failure.
    pub(super) fn send(&self, clerk: &mut Clerk) -> Result<(), Failure> {
        if self.global.offline {
            return Ok(());
        }
        let report = match clerk::outbox(clerk.settings())? {
            None => None,
            Some(mut outbox) => Some(self.runtime.block_on(patiently(clerk, &mut outbox))?),
        };
        let open = clerk.queue().list().map_err(clerk::ClerkError::from)?;
        let waiting = open.iter().filter(|item| item.standing.state.is_open()).count();
        if waiting > 0 {
            let why = match report {
                None => "no [outbox] is configured".to_owned(),
                Some(report) => report.stopped.unwrap_or_else(|| "the next `mailorder sync` goes on".to_owned()),
            };
            let letters = if waiting == 1 { "1 letter is" } else { &format!("{waiting} letters are") };
            self.output
                .message(format!("mailorder: {letters} queued and not sent yet: {}", super::output::escape(&why)));
        }
        Ok(())
    }
}

/// Sends; where another process (a `watch` beside) is sending, waits for its end, since it may have begun before the new
/// letter was queued.
async fn patiently(clerk: &mut Clerk, outbox: &mut Outbox) -> Result<Report, clerk::ClerkError> {
    let begun = tokio::time::Instant::now();
    loop {
        let left = SEND_BUDGET.saturating_sub(begun.elapsed());
        let report = clerk.flush(outbox, left).await?;
        if !report.busy || left.is_zero() {
            return Ok(report);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
