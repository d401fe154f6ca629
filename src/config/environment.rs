//! The environment: the only place that reads it.

use std::path::{Path, PathBuf};

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
    /// Whether `NO_COLOR` is set or the terminal is dumb.
    pub no_color: bool,
}

impl Environment {
    /// Reads the environment of the process.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn of_process() -> Self {
        let path = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            config: path("MAILORDER_CONFIG"),
            single_thread: std::env::var("MAILORDER_THREADS").is_ok_and(|threads| threads.trim() == "1"),
            home: path("HOME"),
            config_home: path("XDG_CONFIG_HOME"),
            data_home: path("XDG_DATA_HOME"),
            state_home: path("XDG_STATE_HOME"),
            cache_home: path("XDG_CACHE_HOME"),
            credentials: path("CREDENTIALS_DIRECTORY"),
            no_color: path("NO_COLOR").is_some() || std::env::var("TERM").is_ok_and(|term| term == "dumb"),
        }
    }

    fn folder(&self, chosen: Option<&PathBuf>, below_home: &str) -> PathBuf {
        let home = self.home.clone().unwrap_or_else(|| PathBuf::from("/"));
        chosen.filter(|path| path.is_absolute()).cloned().unwrap_or_else(|| home.join(below_home)).join("mailorder")
    }

    /// Returns where the configuration lies: `MAILORDER_CONFIG`, else the user's folder (XDG Base Directory), else
    /// `/etc`.
    pub fn config_file(&self) -> PathBuf {
        if let Some(file) = &self.config {
            return file.clone();
        }
        let user = self.folder(self.config_home.as_ref(), ".config").join("config.toml");
        let system = Path::new("/etc/mailorder/config.toml");
        if !user.exists() && system.exists() { system.to_owned() } else { user }
    }
}

/// Returns the folders for data, state and cache where the configuration names none.
pub fn default_folders(environment: &Environment) -> (PathBuf, PathBuf, PathBuf) {
    (
        environment.folder(environment.data_home.as_ref(), ".local/share"),
        environment.folder(environment.state_home.as_ref(), ".local/state"),
        environment.folder(environment.cache_home.as_ref(), ".cache"),
    )
}
