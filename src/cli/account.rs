//! Opens the account a command works on, and sends what it made.

use std::path::PathBuf;
use std::time::Duration;

use super::Shell;
use super::failure::{Failure, FailureKind, send_kind};
use crate::clerk::{self, Clerk};
use crate::config::{self, ConfigError, Settings};
use crate::outbox::queue::Report;
use crate::outbox::{Outbox, SendError};

/// How long a command that made letters tries to send them.
const SEND_BUDGET: Duration = Duration::from_secs(10);
/// How long it waits before it asks again whether another process has sent its letters.
const PAUSE: Duration = Duration::from_millis(100);

impl Shell {
    /// Returns the configuration file in use.
    pub(super) fn config_file(&self) -> Result<PathBuf, Failure> {
        match &self.global.config {
            Some(file) => Ok(file.clone()),
            None => Ok(self.environment.config_file()?),
        }
    }

    /// Loads the settings.
    pub(super) fn settings(&self) -> Result<Settings, Failure> {
        Ok(config::load(&self.config_file()?, &self.environment)?)
    }

    /// Loads the settings, or says all that is wrong with them.
    pub(super) fn settings_checked(&self) -> Result<Settings, Failure> {
        let wrong = |fault: ConfigError| self.all_wrong(fault.all()).err();
        config::load(&self.config_file()?, &self.environment)
            .map_err(|fault| wrong(fault).unwrap_or_else(|| Failure::bug("a fault without a word")))
    }

    /// Says each problem of a configuration; the last is the failure.
    pub(super) fn all_wrong(&self, mut problems: Vec<ConfigError>) -> Result<(), Failure> {
        let Some(last) = problems.pop() else { return Ok(()) };
        problems.iter().for_each(|problem| self.tell(&problem.to_string()));
        Err(last.into())
    }

    /// Opens the account.
    pub(super) fn clerk(&self) -> Result<Clerk, Failure> {
        let settings = self.settings()?;
        is_whole(&settings)?;
        let mut clerk = Clerk::open(settings, self.clock.clone())?;
        self.tell_notes(&mut clerk);
        Ok(clerk)
    }

    /// Says on standard error what the clerk noted: what was put right, renewed, or could not be written.
    pub(super) fn tell_notes(&self, clerk: &mut Clerk) {
        for note in clerk.take_notes() {
            self.tell(&note);
        }
    }

    /// Tells of letters that will not be tried again, and of one that its owner may have to do something for.
    pub(super) fn tell_failed(&self, report: &Report) {
        for (name, cause) in &report.failed {
            self.tell(&format!("letter {name} is not sent: {cause}; see `mailorder outbox list`"));
        }
        if let Some((name, cause)) = &report.doubted {
            self.tell(&format!("letter {name} waits and is tried for five days: {cause}; see `mailorder outbox list`"));
        }
    }

    /// Tries to send what a command queued; what is not sent yet is a line on standard error, no failure. What was
    /// refused for good is one, with which the command ends after it has said what it did.
    pub(super) fn send(&self, clerk: &mut Clerk) -> Result<(), Failure> {
        self.tell_notes(clerk);
        if self.global.offline {
            return Ok(());
        }
        if let Some(fault) = clerk.key_fault() {
            let queued = clerk.queue().list().map_err(clerk::ClerkError::from)?;
            let waits = queued.iter().any(|item| item.standing.state.is_open());
            return if waits { Err(clerk::ClerkError::OwnKey(fault).into()) } else { Ok(()) };
        }
        let report = match clerk::outbox(clerk.settings())? {
            None => None,
            Some(mut outbox) => match self.unless_stopped(async { Ok(patiently(clerk, &mut outbox).await) })? {
                Ok(report) => Some(report),
                // What the command wrote stands; who is told of a failure does it again.
                Err(error) => {
                    self.tell(&format!("what was written is not sent yet: {error}"));
                    return Ok(());
                }
            },
        };
        if let Some(report) = &report {
            self.tell_failed(report);
            self.refusal.replace(refusal(report));
        }
        let open = clerk.queue().list().map_err(clerk::ClerkError::from)?;
        let waiting = open.iter().filter(|item| item.standing.state.is_open()).count();
        if waiting > 0 {
            let why = match report {
                None => "no [outbox] is configured".to_owned(),
                Some(Report {
                    stopped: Some(SendError::Later { cause, .. } | SendError::Broken { cause }), ..
                }) => cause.clone(),
                Some(Report { stopped: Some(error), .. }) => error.to_string(),
                Some(_) => "the next `mailorder sync` goes on".to_owned(),
            };
            let letters = if waiting == 1 { "1 letter is" } else { &format!("{waiting} letters are") };
            self.tell(&format!("{letters} queued and not sent yet: {why}"));
        }
        Ok(())
    }
}

/// Refuses an account that lost its key, or its ledger.
pub(super) fn is_whole(settings: &Settings) -> Result<(), Failure> {
    key_is_there(settings)?;
    ledger_is_there(settings)
}

/// Refuses an account whose ledger was lost: what lies beside it is there, and a new ledger would begin with numbers that letters
/// have already.
pub(super) fn ledger_is_there(settings: &Settings) -> Result<(), Failure> {
    if !clerk::has_lost_ledger(settings) {
        return Ok(());
    }
    let (address, ledger) = (&settings.address, settings.folders.ledger.display());
    let text = format!(
        "the ledger of {address} is gone: nothing of it is in {ledger}, and what lies beside it is still there"
    );
    let hint = format!(
        "restore {ledger} from your backup; without it the numbers that letters have are lost, and `init` in another folder makes a new account"
    );
    Err(Failure::data(text).hint(hint))
}

/// Refuses an account whose key was lost: its ledger is there, and a new account in its place would be another one.
fn key_is_there(settings: &Settings) -> Result<(), Failure> {
    let file = clerk::key_file(settings);
    let missing = std::fs::metadata(&file).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    if !missing || !clerk::is_made(settings) {
        return Ok(());
    }
    let (address, ledger) = (&settings.address, settings.folders.ledger.display());
    let text = format!("the ledger of {address} is in {ledger}, but its key file {} is missing", file.display());
    let hint = format!(
        "restore {} from your backup (chmod 600); without it letters cannot be read or signed, and `init` would make another account",
        file.display()
    );
    Err(Failure::new(FailureKind::Permission, text).hint(hint))
}

/// Returns the failure of a command whose letters were refused for good.
pub(super) fn refusal(report: &Report) -> Option<Failure> {
    let letters = if report.refused == 1 { "1 letter was" } else { &format!("{} letters were", report.refused) };
    let failure = Failure::new(FailureKind::Unavailable, format!("{letters} refused for good"));
    (report.refused > 0).then(|| failure.hint("mailorder outbox list"))
}

/// Returns how a command ends that sent what is due. Which file of the queue is no letter, and why, was told.
pub(super) fn outcome(report: &Report) -> Result<(), Failure> {
    if let Some(cause) = &report.stopped {
        return Err(Failure::new(send_kind(cause), format!("the letters wait: {cause}")));
    }
    let damaged = || report.damaged.map(|kind| Failure::of_system(kind, ""));
    refusal(report).or_else(damaged).map_or(Ok(()), Err)
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
