//! Why a command ends with something else than 0: one clear line, what to do next, and an exit code that cron and mail
//! servers understand (sysexits).

use std::fmt::Write as _;
use std::io::Write as _;

use crate::clerk::ClerkError;
use crate::config::ConfigError;
use crate::inbox::InboxError;
use crate::index::IndexError;
use crate::ledger::LedgerError;
use crate::outbox::SendError;

/// What a mail server reads as "try again" at the beginning of a message (RFC 3463 section 3.4).
const DEFERRED: &str = "4.3.0 ";

/// What kind of failure, and with it the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum FailureKind {
    /// It ran, and the answer is no, or a finding.
    Finding = 1,
    /// Wrong usage.
    Usage = 2,
    /// The input is refused.
    Data = 65,
    /// A service refused us for good.
    Unavailable = 69,
    /// A bug of ours.
    Bug = 70,
    /// The disk.
    Io = 74,
    /// Try again later.
    Later = 75,
    /// Not permitted; a key is missing.
    Permission = 77,
    /// The configuration.
    Config = 78,
    /// Interrupted.
    Interrupted = 130,
    /// Nobody reads our output any more.
    Pipe = 141,
}

/// A command that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    kind: FailureKind,
    text: String,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), hint: None }
    }

    pub(crate) fn bug(text: impl Into<String>) -> Self {
        Self::new(FailureKind::Bug, text)
    }

    pub(crate) fn io(text: impl Into<String>) -> Self {
        Self::new(FailureKind::Io, text)
    }

    pub(crate) fn data(text: impl Into<String>) -> Self {
        Self::new(FailureKind::Data, text)
    }

    pub(crate) fn finding() -> Self {
        Self::new(FailureKind::Finding, "")
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(FailureKind::Usage, text)
    }

    /// Adds the command to run next.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Names the file or folder it is about.
    #[must_use]
    pub(crate) fn about(mut self, path: &std::path::Path) -> Self {
        if !self.text.is_empty() {
            self.text = format!("{}: {}", path.display(), self.text);
        }
        self
    }

    /// Makes a mail server keep the mail and try again, with the code it reads in the text (pipe(8) of Postfix).
    #[must_use]
    pub(crate) fn deferred(mut self) -> Self {
        self.kind = FailureKind::Later;
        self.text = format!("{DEFERRED}{}", self.text);
        self
    }

    /// Returns the exit code.
    pub(crate) fn code(&self) -> u8 {
        self.kind as u8
    }

    /// Returns what kind of failure it is.
    pub(crate) fn kind(&self) -> FailureKind {
        self.kind
    }

    /// Writes the failure to standard error; nothing where there is nothing to say.
    pub(crate) fn print(&self, json: bool) {
        if self.text.is_empty() {
            return;
        }
        let text = super::output::escape(&self.text);
        let mut line = String::new();
        if json {
            let value = serde_json::json!({"type": "error", "exit": self.code(), "text": text, "hint": self.hint});
            let _ = writeln!(line, "{value}");
        } else {
            // A mail server reads the code only where it stands first (pipe(8) of Postfix).
            let name = if text.starts_with(DEFERRED) { "" } else { "mailorder: " };
            let _ = writeln!(line, "{name}{text}");
            if let Some(hint) = &self.hint {
                let _ = writeln!(line, "hint: {hint}");
            }
        }
        // Nothing is left to be done where standard error is closed.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(FailureKind::Config, error.to_string())
    }
}

impl From<ClerkError> for Failure {
    fn from(error: ClerkError) -> Self {
        let kind = match &error {
            ClerkError::Refused(_) | ClerkError::Write(_) => FailureKind::Data,
            ClerkError::Ledger(error) => ledger_kind(error),
            ClerkError::Index(IndexError::Ledger(error)) => ledger_kind(error),
            ClerkError::Index(_) | ClerkError::Queue(_) | ClerkError::Files(_) => FailureKind::Io,
            ClerkError::Inbox(error) => inbox_kind(error),
            ClerkError::Outbox(SendError::Refused { .. }) => FailureKind::Unavailable,
            ClerkError::Outbox(SendError::Config(_)) => FailureKind::Config,
            ClerkError::Outbox(_) => FailureKind::Later,
            ClerkError::Key { .. } | ClerkError::Seal(_) | ClerkError::NoCertificate(_) => FailureKind::Permission,
            ClerkError::Io { cause, .. } if cause.kind() == std::io::ErrorKind::PermissionDenied => {
                FailureKind::Permission
            }
            ClerkError::Io { cause, .. } if cause.kind() == std::io::ErrorKind::StorageFull => FailureKind::Later,
            ClerkError::Io { .. } => FailureKind::Io,
            ClerkError::Open { .. } | ClerkError::Settings(_) => FailureKind::Config,
        };
        Self::new(kind, error.to_string())
    }
}

fn ledger_kind(error: &LedgerError) -> FailureKind {
    match error {
        LedgerError::Busy { .. } => FailureKind::Later,
        LedgerError::Io { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
            FailureKind::Permission
        }
        LedgerError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => FailureKind::Later,
        LedgerError::Io { .. } => FailureKind::Io,
        _ => FailureKind::Data,
    }
}

fn inbox_kind(error: &InboxError) -> FailureKind {
    if error.is_config() { FailureKind::Config } else { FailureKind::Later }
}
