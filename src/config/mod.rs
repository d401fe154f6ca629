//! The configuration: `config.toml` as written becomes [`Settings`] as used, every fault named with its place and key.
//!
//! One file is one address. Past this point nothing is checked again. The environment is read here and nowhere else.

mod agents;
pub mod catalog;
mod check;
mod environment;
mod fault;
mod procedure;
mod schedules;
mod settle;
mod shown;
mod shows;
pub mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use check::{Keys, base as outbox_base, is_maildir, problems, selling_problems};
pub use environment::{Environment, default_folders};
pub use fault::{ConfigError, place};
pub use settle::plain;
pub use shown::{Setting, shown};

use crate::hook::Hook;
use crate::role::Practice;
use crate::trade::{Address, Fingerprint, HookName, Party};

/// Where everything of one account lies; all paths are absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// The configuration file.
    pub config: PathBuf,
    /// Own keys, 0700.
    pub keys: PathBuf,
    /// The ledger: the truth.
    pub ledger: PathBuf,
    /// Letters waiting to be sent.
    pub queue: PathBuf,
    /// Mail fetched and not yet judged.
    pub spool: PathBuf,
    /// Mail that is no trustworthy letter.
    pub set_aside: PathBuf,
    /// The index: a cache.
    pub index: PathBuf,
}

/// Where mail comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxSettings {
    /// A Maildir, and what is done with mail that was handled.
    Maildir {
        /// The Maildir.
        folder: PathBuf,
        /// What is done with handled mail.
        handled: written::Handled,
    },
    /// An IMAP mailbox over TLS.
    Imap(ServerSettings, String, written::Handled),
}

/// Where mail goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboxSettings {
    /// Maildirs; `{to}` in the path stands for the recipient's address.
    Maildir(String),
    /// An SMTP server over TLS.
    Smtp(ServerSettings),
    /// A program like sendmail.
    Sendmail(PathBuf),
}

/// A mail server and how to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// Host name, which its certificate must name.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: TlsMode,
    /// A file of further certificates to trust.
    pub ca_file: Option<PathBuf>,
    /// User name, and what proves it.
    pub login: Option<(String, Proof)>,
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// TLS from the first byte.
    Implicit,
    /// Upgraded before anything is said; never stripped silently.
    StartTls,
    /// None; only to a loopback address and without a login.
    None,
}

/// What proves a login, and where it comes from; never the configuration itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A password: the first line of a file.
    PasswordFile(PathBuf),
    /// A password: the first line a command prints.
    PasswordCommand(Vec<String>),
    /// A password: a credential handed over by systemd, its file.
    Credential(PathBuf),
    /// An OAuth 2 access token, which a command prints.
    TokenCommand(Vec<String>),
}

/// Whose key may write first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustPolicy {
    /// Only keys that were pinned.
    Pinned,
    /// A shop takes orders from keys it does not know.
    FirstUse,
}

/// A payment agent on the buyer's list: by address, whatever key is named with it, or by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// Whoever has this address.
    Address(Address),
    /// Whoever has this key.
    Key(Fingerprint),
}

/// A program that does the work of a step, and how patient the program is with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookSettings {
    /// What is run.
    pub hook: Hook,
    /// How often it is tried before a person is waited for; at least once.
    pub attempts: u32,
    /// How often it is asked how the goods stand, in seconds; `None` for never.
    pub ask: Option<i64>,
}

/// How a person is told of warnings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifySettings {
    /// The program that is run, once for each warning.
    pub hook: Hook,
    /// Its environment: what a program needs that speaks to the user's desktop or sends his mail.
    pub variables: Vec<(String, String)>,
}

/// One account, settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The account's address.
    pub address: Address,
    /// Its owner's name.
    pub name: String,
    /// The language of letters and output: `en` or `ja`.
    pub language: String,
    /// Where everything lies.
    pub folders: Folders,
    /// Where mail comes from; `None` for an account that is fed by `receive` alone.
    pub inbox: Option<InboxSettings>,
    /// Where mail goes to.
    pub outbox: Option<OutboxSettings>,
    /// Whose key may write first.
    pub trust: TrustPolicy,
    /// How many keys a shop that takes strangers lets in within an hour; at least one.
    pub strangers_per_hour: usize,
    /// The payment agents a buyer lets collect; any that terms name where `None` (B75).
    pub payment_agents: Option<Vec<Listed>>,
    /// A folder of templates that win over the built-in ones.
    pub templates: Option<PathBuf>,
    /// The shop's catalog file; its articles come to those of the configuration when it is read.
    pub catalog: Option<PathBuf>,
    /// How each part is played.
    pub practice: Practice,
    /// Programs that do the work of steps.
    pub hooks: BTreeMap<HookName, HookSettings>,
    /// The program that tells a person of warnings.
    pub notify: Option<NotifySettings>,
    /// Program and arguments that print the buyer's payment data.
    pub payment_data_command: Option<Vec<String>>,
    /// Whether the whole process keeps to one thread.
    pub single_thread: bool,
}

impl Settings {
    /// Returns whether a buyer lets this payment agent collect, where `accepted` knows the key accepted for an address: one on the
    /// list is no more than a name, which any shop may write beside a key of its own.
    pub fn allows_payment_agent(&self, agent: &Party, accepted: &dyn Fn(&Address) -> Option<Fingerprint>) -> bool {
        let is = |listed: &Listed| match listed {
            Listed::Address(address) => {
                *address == agent.address && accepted(address).as_ref() == Some(&agent.fingerprint)
            }
            Listed::Key(key) => *key == agent.fingerprint,
        };
        self.payment_agents.as_ref().is_none_or(|list| list.iter().any(is))
    }

    /// Returns the files that passwords for mail servers are read from, of those that are the owner's to protect.
    pub fn password_files(&self) -> impl Iterator<Item = &Path> {
        let inbox = self.inbox.as_ref().and_then(|inbox| match inbox {
            InboxSettings::Imap(server, ..) => Some(server),
            InboxSettings::Maildir { .. } => None,
        });
        let outbox = self.outbox.as_ref().and_then(|outbox| match outbox {
            OutboxSettings::Smtp(server) => Some(server),
            OutboxSettings::Maildir(_) | OutboxSettings::Sendmail(_) => None,
        });
        [inbox, outbox].into_iter().flatten().filter_map(|server| match &server.login {
            Some((_, Proof::PasswordFile(file))) => Some(file.as_path()),
            _ => None,
        })
    }
}

/// Reads and settles the configuration in `file`.
///
/// # Errors
/// A file that cannot be read, is no TOML, has an unknown key, or a value that cannot be: each with file, line and
/// column as far as they are known.
pub fn load(file: &Path, environment: &Environment) -> Result<Settings, ConfigError> {
    let file = std::path::absolute(file).map_err(|error| ConfigError::read(file, &error))?;
    let text = crate::files::read_text(&file, crate::files::SMALL).map_err(|error| ConfigError::read(&file, &error))?;
    parse(&text, &file, environment)
}

/// Returns the `language` that a configuration file names, without settling the rest of it: messages about a file that
/// cannot be used have a language, too. `None` where it names none, or cannot be read.
pub fn language_of(file: &Path) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        language: Option<String>,
    }
    let text = crate::files::read_text(file, crate::files::SMALL).ok()?;
    toml::from_str::<Named>(&text).ok()?.language
}

/// Settles the configuration in `text`, which is said to lie in `file` (absolute).
pub fn parse(text: &str, file: &Path, environment: &Environment) -> Result<Settings, ConfigError> {
    let written: written::Config = toml::from_str(text).map_err(|error| ConfigError::toml(file, text, &error))?;
    settle::settle(written, file, environment).map_err(|error| error.placed(text))
}
