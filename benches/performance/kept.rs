//! A generated account, kept and asked by the built program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::gauge::{Ran, run, run_watched};
use super::{generate, plan};

/// A generated account, driven by the built program.
pub struct Kept {
    pub config: PathBuf,
    pub transactions: u32,
    pub entries: u64,
    /// The first command, which builds the index.
    pub first: Ran,
}

impl Kept {
    pub fn make(folder: &Path, transactions: u32, open: u32) -> Self {
        eprintln!("writing {transactions} transactions ...");
        let made = generate::buyer(folder, plan(transactions, open));
        let config = made.account.settings.folders.config.clone();
        let mut kept = Self { config, transactions, entries: made.entries, first: Ran { wall: 0.0, peak: 0.0 } };
        run(&mut Command::new("sync"));
        kept.first = run_watched(&mut kept.command(&["status"]));
        kept
    }

    /// Throws the index away and has the next command build it anew, as after the first.
    pub fn index_anew(&mut self) {
        fs::remove_file(self.json(&["config", "path"])["index"].as_str().unwrap()).unwrap();
        run(&mut Command::new("sync"));
        self.first = run_watched(&mut self.command(&["status"]));
    }

    /// Takes up again what was generated in this folder before, or makes it.
    pub fn again(folder: &Path, transactions: u32, open: u32) -> Self {
        let config = folder.join("config.toml");
        let Ok(log) = fs::read(folder.join("ledger/log")) else { return Self::make(folder, transactions, open) };
        let entries = log.iter().filter(|byte| **byte == b'\n').count();
        let entries = u64::try_from(entries).unwrap();
        let mut kept = Self { config, transactions, entries, first: Ran { wall: 0.0, peak: 0.0 } };
        kept.first = run_watched(&mut kept.command(&["status"]));
        kept
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailorder"));
        command.env_clear().env("HOME", self.folder()).env("PATH", "/usr/bin:/bin").stderr(Stdio::null());
        command.arg("-c").arg(&self.config).args(words);
        command
    }

    pub fn folder(&self) -> &Path {
        self.config.parent().unwrap()
    }

    pub fn json(&self, words: &[&str]) -> Value {
        let output = self.command(words).arg("--json").output().unwrap();
        assert!(output.status.success(), "{words:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Returns the IDs of the transactions whose terms wait for the buyer's OK.
    pub fn offered(&self) -> Vec<String> {
        let list = self.json(&["list", "--open"]);
        let listed = list["transactions"].as_array().unwrap();
        let offered = listed.iter().filter(|one| one["state"] == "offered");
        let offered: Vec<String> = offered.map(|one| one["id"].as_str().unwrap().to_owned()).collect();
        assert!(
            !offered.is_empty(),
            "no terms wait for an OK in {}: it was measured before; make it anew",
            self.config.display()
        );
        offered
    }
}
