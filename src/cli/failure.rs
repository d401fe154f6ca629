//! Why a command ends with something else than 0: one clear line, what to do next, and an exit code that cron and mail
//! servers understand (sysexits).

use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::clerk::ClerkError;
use crate::config::ConfigError;
use crate::inbox::InboxError;
use crate::index::IndexError;
use crate::ledger::LedgerError;
use crate::maildir;
use crate::ordering::OrderingError;
use crate::outbox::SendError;
use crate::outbox::queue::QueueError;
use crate::words::Words;

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

impl FailureKind {
    /// All kinds, in the order of their codes.
    pub(crate) const ALL: [Self; 11] = [
        Self::Finding,
        Self::Usage,
        Self::Data,
        Self::Unavailable,
        Self::Bug,
        Self::Io,
        Self::Later,
        Self::Permission,
        Self::Config,
        Self::Interrupted,
        Self::Pipe,
    ];

    /// Returns its key among the words for what exit codes mean.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Finding => "finding",
            Self::Usage => "usage",
            Self::Data => "data",
            Self::Unavailable => "unavailable",
            Self::Bug => "bug",
            Self::Io => "io",
            Self::Later => "later",
            Self::Permission => "permission",
            Self::Config => "config",
            Self::Interrupted => "interrupted",
            Self::Pipe => "pipe",
        }
    }
}

/// A command that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    kind: FailureKind,
    text: String,
    hint: Option<String>,
    /// The configuration that the commands it proposes are run with.
    config: Option<PathBuf>,
    /// Whether the index is damaged, and nothing else is wrong.
    damaged_index: bool,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), hint: None, config: None, damaged_index: false }
    }

    /// Returns whether the index is damaged: it is only a cache, and thrown away.
    pub(crate) fn is_damaged_index(&self) -> bool {
        self.damaged_index
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
    pub(crate) fn about(mut self, path: &Path) -> Self {
        if !self.text.is_empty() {
            self.text = format!("{}: {}", path.display(), self.text);
        }
        self
    }

    /// Repeats `-c FILE` in the commands it proposes, where this one was run with it.
    #[must_use]
    pub(crate) fn with_config(mut self, config: Option<&Path>) -> Self {
        self.config = config.map(Path::to_owned);
        self
    }

    /// Returns what a refusal of the system means.
    pub(crate) fn of_system(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self::new(io_kind(kind), text)
    }

    /// Returns the failure to read a file that a person named: one that is not there is wrong input, whichever command
    /// it was named to.
    pub(crate) fn unreadable(file: &Path, error: &std::io::Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::NotADirectory => FailureKind::Data,
            // No regular file, no text, or too much of it (`crate::files`).
            ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::FileTooLarge => FailureKind::Data,
            kind => io_kind(kind),
        };
        Self::new(kind, format!("cannot read {}: {error}", file.display()))
    }

    /// Makes a mail server keep the mail and try again, with the code it reads in the text (pipe(8) of Postfix).
    #[must_use]
    pub(crate) fn deferred(mut self) -> Self {
        self.kind = FailureKind::Later;
        self.text = format!("{DEFERRED}{}", self.text);
        self
    }

    /// Returns what is wrong, in one line.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns what to do next, where it says so.
    pub(crate) fn proposes(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Returns whether what was given is wrong.
    pub(crate) fn is_data(&self) -> bool {
        self.kind == FailureKind::Data
    }

    /// Returns the exit code.
    pub(crate) fn code(&self) -> u8 {
        self.kind as u8
    }

    /// Returns what kind of failure it is.
    pub(crate) fn kind(&self) -> FailureKind {
        self.kind
    }

    /// Returns a sentence of it as it is printed: in the language of the reader, its commands with their configuration.
    fn said(&self, english: &str, words: Words) -> String {
        let said = match english.strip_prefix(DEFERRED) {
            Some(rest) => format!("{DEFERRED}{}", words.sentence(rest)),
            None => words.sentence(english),
        };
        super::hint::with_config(&said, self.config.as_deref())
    }

    /// Writes the failure to standard error; nothing where there is nothing to say. Programs are told in English.
    pub(crate) fn print(&self, json: bool, words: Words) {
        if self.text.is_empty() {
            return;
        }
        let words = if json { Words::ENGLISH } else { words };
        let text = super::output::escape(&self.said(&self.text, words));
        let hint = self.hint.as_ref().map(|hint| self.said(hint, words));
        let mut line = String::new();
        if json {
            let value = serde_json::json!({"type": "error", "exit": self.code(), "text": text, "hint": hint});
            let _ = writeln!(line, "{value}");
        } else {
            // A mail server reads the code only where it stands first (pipe(8) of Postfix).
            let name = if text.starts_with(DEFERRED) { "" } else { "mailorder: " };
            let _ = writeln!(line, "{name}{text}");
            if let Some(hint) = &hint {
                let _ = writeln!(line, "{}{hint}", words.say("terminal.hint"));
            }
        }
        // Nothing is left to be done where standard error is closed.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let failure = Self::new(FailureKind::Config, error.to_string());
        match error {
            ConfigError::Read { .. } => failure.hint("make one with `mailorder init`, or name another with --config"),
            _ => failure,
        }
    }
}

impl From<OrderingError> for Failure {
    fn from(error: OrderingError) -> Self {
        let text = error.to_string();
        let (failure, hint) = match error {
            OrderingError::Wrong { hint, flags, missing: false, .. } => (Self::data(text), flags.or(hint)),
            OrderingError::Wrong { hint, flags, .. } => (Self::usage(text), flags.or(hint)),
            OrderingError::Forbidden { hint, .. } => (Self::new(FailureKind::Permission, text), hint),
            OrderingError::Clerk(error) => return error.into(),
        };
        match hint {
            Some(hint) => failure.hint(super::output::escape(&hint)),
            None => failure,
        }
    }
}

impl From<ClerkError> for Failure {
    fn from(error: ClerkError) -> Self {
        let kind = match &error {
            ClerkError::Refused(_) | ClerkError::Write(_) => FailureKind::Data,
            ClerkError::Ledger(error) => ledger_kind(error),
            ClerkError::Index(error) => index_kind(error),
            ClerkError::Queue(error) => queue_kind(error),
            ClerkError::Files(error) => files_kind(error),
            ClerkError::Inbox(error) => inbox_kind(error),
            ClerkError::Outbox(error) => send_kind(error),
            ClerkError::Key { .. }
            | ClerkError::Seal(_)
            | ClerkError::NoCertificate(_)
            | ClerkError::Unusable { .. } => FailureKind::Permission,
            ClerkError::Io { cause, .. } => io_kind(cause.kind()),
            ClerkError::Open { .. } | ClerkError::OwnKey(_) | ClerkError::Settings(_) => FailureKind::Config,
        };
        let damaged_index = matches!(&error, ClerkError::Index(error) if error.is_damage());
        Self { damaged_index, ..Self::new(kind, error.to_string()) }
    }
}

/// Returns what a refusal of the system means: a full disk may have room later (F8), no permission wants a person.
fn io_kind(kind: ErrorKind) -> FailureKind {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => FailureKind::Later,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => FailureKind::Permission,
        _ => FailureKind::Io,
    }
}

fn files_kind(error: &maildir::Error) -> FailureKind {
    error.kind().map_or(FailureKind::Io, io_kind)
}

fn ledger_kind(error: &LedgerError) -> FailureKind {
    match error {
        LedgerError::Busy { .. } => FailureKind::Later,
        LedgerError::Io { source, .. } => io_kind(source.kind()),
        _ => FailureKind::Data,
    }
}

fn index_kind(error: &IndexError) -> FailureKind {
    use rusqlite::ErrorCode;
    let damaged = error.is_damage();
    match error {
        IndexError::Ledger(error) => ledger_kind(error),
        IndexError::File { source, .. } => io_kind(source.kind()),
        IndexError::Database(error) => match error.sqlite_error_code() {
            // Another process writes, or there is no room: later it will do.
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull) => FailureKind::Later,
            Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => FailureKind::Permission,
            // It is thrown away, and built again by the next command.
            _ if damaged => FailureKind::Later,
            _ => FailureKind::Io,
        },
        IndexError::Row(_) => FailureKind::Later,
        IndexError::Gap { .. } => FailureKind::Io,
    }
}

fn queue_kind(error: &QueueError) -> FailureKind {
    match error {
        QueueError::Files(error) => files_kind(error),
        QueueError::Damaged { .. } => FailureKind::Io,
        QueueError::Name { .. } => FailureKind::Data,
    }
}

fn inbox_kind(error: &InboxError) -> FailureKind {
    match error {
        InboxError::Login { .. } | InboxError::Token { .. } => FailureKind::Unavailable,
        InboxError::Maildir(error) => files_kind(error),
        error if error.is_config() => FailureKind::Config,
        _ => FailureKind::Later,
    }
}

/// Returns what it means that letters could not be sent.
pub(super) fn send_kind(error: &SendError) -> FailureKind {
    match error {
        SendError::Refused { .. } | SendError::Login { .. } => FailureKind::Unavailable,
        SendError::Config(_) => FailureKind::Config,
        SendError::Later { .. }
        | SendError::Passing { .. }
        | SendError::Broken { .. }
        | SendError::Ambiguous { .. } => FailureKind::Later,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(kind: ErrorKind) -> maildir::Error {
        maildir::Error::Io { what: "write", path: PathBuf::from("x"), cause: kind.into() }
    }

    fn index(code: std::ffi::c_int) -> ClerkError {
        IndexError::Database(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None)).into()
    }

    #[test]
    fn a_full_disk_is_a_matter_of_time_wherever_it_is_met() {
        // F8, F9, F10
        let source = || ErrorKind::StorageFull.into();
        let full: [ClerkError; 6] = [
            files(ErrorKind::StorageFull).into(),
            QueueError::Files(files(ErrorKind::QuotaExceeded)).into(),
            InboxError::Maildir(files(ErrorKind::StorageFull)).into(),
            IndexError::File { path: PathBuf::from("x"), source: source() }.into(),
            ClerkError::Io { what: "write", file: PathBuf::from("x"), cause: source() },
            index(rusqlite::ffi::SQLITE_FULL),
        ];
        for error in full {
            assert_eq!(Failure::from(error).code(), 75);
        }
        assert_eq!(Failure::from(ClerkError::from(files(ErrorKind::Other))).code(), 74);
        assert_eq!(Failure::from(ClerkError::from(files(ErrorKind::ReadOnlyFilesystem))).code(), 77);
    }

    #[test]
    fn an_index_another_process_writes_is_tried_again_later() {
        assert_eq!(Failure::from(index(rusqlite::ffi::SQLITE_BUSY)).code(), 75);
        assert_eq!(Failure::from(index(rusqlite::ffi::SQLITE_LOCKED)).code(), 75);
        assert_eq!(Failure::from(index(rusqlite::ffi::SQLITE_READONLY)).code(), 77);
        assert_eq!(Failure::from(index(rusqlite::ffi::SQLITE_CORRUPT)).code(), 75, "built again by the next command");
        assert_eq!(Failure::from(index(rusqlite::ffi::SQLITE_IOERR)).code(), 74);
    }
}
