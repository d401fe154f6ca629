//! Long queues sent: how far that is, for a person who looks on.

use std::time::{Duration, Instant};

use super::Shell;
use super::account::outcome;
use super::failure::Failure;
use crate::clerk::{self, Clerk};

/// How long a long queue is sent, at most; `sync` goes on with the rest.
const SEND_BUDGET: Duration = Duration::from_secs(600);
/// How long what is shown stands before something else is.
const STANDS: Duration = Duration::from_millis(100);

/// Sends what is due. What is not sent in time is no fault: it is queued, and the next `sync` goes on.
pub(super) fn send_all(shell: &Shell, clerk: &mut Clerk) -> Result<(), Failure> {
    let Some(mut outbox) = clerk::outbox(clerk.settings())? else {
        shell.tell("the letters are queued and not sent: no [outbox] is configured");
        return Ok(());
    };
    let mut shown: Option<Instant> = None;
    let watch = |tried: usize, of: usize| {
        if tried == of || shown.is_none_or(|at| at.elapsed() >= STANDS) {
            shell.output.progress(&shell.words.fill("progress.letters", &[("n", &tried), ("of", &of)]));
            shown = Some(Instant::now());
        }
    };
    let report = shell.runtime.block_on(clerk.flush_watched(&mut outbox, SEND_BUDGET, watch));
    shell.output.progress("");
    let report = report?;
    shell.tell_failed(&report);
    outcome(&report)
}
