//! A command that is asked to stop while it works: what it waits for is dropped, and hooks that run are killed with it.
//!
//! Once a signal is listened for the process does not end by it any more, so whatever a command waits for after that is
//! waited for here, too.

use tokio::signal::unix::{SignalKind, signal};

use super::Shell;
use super::failure::{Failure, FailureKind};

/// By which a process is asked to stop.
pub(super) enum Asked {
    /// SIGTERM, by a service manager or `kill`.
    Terminate,
    /// SIGINT, by a person at the terminal.
    Interrupt,
}

/// Waits until the process is asked to stop.
///
/// # Errors
/// Where the system does not let signals be heard.
pub(super) async fn asked() -> Result<Asked, Failure> {
    let fault = |error: std::io::Error| Failure::io(format!("signals cannot be heard: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(fault)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(fault)?;
    Ok(tokio::select! {
        _ = terminate.recv() => Asked::Terminate,
        _ = interrupt.recv() => Asked::Interrupt,
    })
}

impl Shell {
    /// Does something, unless the process is asked to stop before it is done.
    ///
    /// # Errors
    /// Its own, and `Interrupted` where it was asked to stop.
    pub(super) fn unless_stopped<T>(&self, what: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        self.runtime.block_on(async {
            tokio::select! {
                // Listened for before anything is begun: a question that is shown can be answered by Ctrl-C.
                biased;
                asked = asked() => Err(asked.err().unwrap_or_else(|| Failure::new(FailureKind::Interrupted, ""))),
                done = what => done,
            }
        })
    }
}
