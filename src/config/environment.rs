//! The environment: the only place that reads it.

use std::path::{Path, PathBuf};

use super::ConfigError;

/// The variables of a session at a desktop.
const SESSION: [&str; 7] =
    ["HOME", "USER", "LOGNAME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY"];

/// What the program takes from its environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// `MAILORDER_CONFIG`.
    pub config: Option<PathBuf>,
    /// `MAILORDER_THREADS`, where it is 1.
    pub single_thread: bool,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`.
    pub config_home: Option<PathBuf>,
    /// `XDG_DATA_HOME`.
    pub data_home: Option<PathBuf>,
    /// `XDG_STATE_HOME`.
    pub state_home: Option<PathBuf>,
    /// `XDG_CACHE_HOME`.
    pub cache_home: Option<PathBuf>,
    /// `CREDENTIALS_DIRECTORY`, set by systemd.
    pub credentials: Option<PathBuf>,
    /// `MAILORDER_LANG`.
    pub language: Option<String>,
    /// The locale of messages: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set (POSIX, 8.2).
    pub locale: Option<String>,
    /// What programs need that speak to the user's desktop or send his mail: `HOME`, `DISPLAY` and such.
    pub session: Vec<(String, String)>,
    /// Whether `NO_COLOR` is set (no-color.org).
    pub no_color: bool,
    /// Whether `CLICOLOR_FORCE` is set and not 0 (bixense.com/clicolors).
    pub color_forced: bool,
    /// `CLICOLOR`: whether it is not 0.
    pub color_wished: Option<bool>,
    /// Whether `TERM` names a terminal that can more than write line after line.
    pub terminal_is_able: bool,
    /// `MAILORDER_PAGER`, else `PAGER`; an empty one is meant so.
    pub pager: Option<String>,
}

impl Environment {
    /// Reads the environment of the process.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn of_process() -> Self {
        let path = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let is_on = |name: &str| std::env::var_os(name).map(|value| value != "0");
        let text = |name: &str| std::env::var(name).ok();
        let word = |name: &str| text(name).filter(|value| !value.is_empty());
        Self {
            language: word("MAILORDER_LANG"),
            locale: ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(word),
            config: path("MAILORDER_CONFIG"),
            single_thread: std::env::var("MAILORDER_THREADS").is_ok_and(|threads| threads.trim() == "1"),
            home: path("HOME"),
            config_home: path("XDG_CONFIG_HOME"),
            data_home: path("XDG_DATA_HOME"),
            state_home: path("XDG_STATE_HOME"),
            cache_home: path("XDG_CACHE_HOME"),
            credentials: path("CREDENTIALS_DIRECTORY"),
            session: session(),
            no_color: path("NO_COLOR").is_some(),
            color_forced: is_on("CLICOLOR_FORCE").unwrap_or(false),
            color_wished: is_on("CLICOLOR"),
            terminal_is_able: std::env::var("TERM").is_ok_and(|term| !term.is_empty() && term != "dumb"),
            pager: text("MAILORDER_PAGER").or_else(|| text("PAGER")),
        }
    }

    fn folder(&self, chosen: Option<&PathBuf>, below_home: &str) -> Result<PathBuf, ConfigError> {
        let home = self.home.as_ref().filter(|path| path.is_absolute()).map(|home| home.join(below_home));
        let folder = chosen.filter(|path| path.is_absolute()).cloned().or(home);
        folder.map(|folder| folder.join("mailorder")).ok_or(ConfigError::NoHome)
    }

    /// Returns where the configuration lies: `MAILORDER_CONFIG`, else the user's folder (XDG Base Directory), else
    /// `/etc`.
    ///
    /// # Errors
    /// Where there is neither a home nor a configuration for all users.
    pub fn config_file(&self) -> Result<PathBuf, ConfigError> {
        if let Some(file) = &self.config {
            return Ok(file.clone());
        }
        let user = self.folder(self.config_home.as_ref(), ".config").map(|folder| folder.join("config.toml"));
        let system = Path::new("/etc/mailorder/config.toml");
        if !user.as_ref().is_ok_and(|file| file.exists()) && system.exists() { Ok(system.to_owned()) } else { user }
    }
}

/// Returns the variables of a session at a desktop that are set.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn session() -> Vec<(String, String)> {
    let set = |name: &str| Some((name.to_owned(), std::env::var(name).ok().filter(|value| !value.is_empty())?));
    SESSION.into_iter().filter_map(set).collect()
}

/// Returns the folders for data, state and cache where the configuration names none.
///
/// # Errors
/// Where there is no home they could lie in.
pub fn default_folders(environment: &Environment) -> Result<(PathBuf, PathBuf, PathBuf), ConfigError> {
    Ok((
        environment.folder(environment.data_home.as_ref(), ".local/share")?,
        environment.folder(environment.state_home.as_ref(), ".local/state")?,
        environment.folder(environment.cache_home.as_ref(), ".cache")?,
    ))
}
