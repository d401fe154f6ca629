//! The built program, run as a person or cron runs it: an empty environment, a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

use super::accounts::{files, scratch};

/// A folder with four accounts, as `demo` leaves them.
pub struct Town {
    folder: tempfile::TempDir,
}

/// What one run of the program printed, and how it ended.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

impl Run {
    /// Returns the JSON document printed; the run must have ended with 0.
    pub fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        serde_json::from_str(&self.out).unwrap()
    }
}

/// Runs the program in `folder` with nothing in its environment but a home.
pub fn mailorder(folder: &Path, args: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_mailorder"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    output.into()
}

impl Town {
    /// Plays the demonstration into a new folder: once, and every later town is a copy of that one.
    pub fn played() -> Self {
        static FIRST: OnceLock<tempfile::TempDir> = OnceLock::new();
        let first = FIRST.get_or_init(|| {
            let folder = scratch();
            let run = mailorder(folder.path(), &["demo", "--dir", "play"]);
            assert_eq!(run.code, Some(0), "{}", run.err);
            folder
        });
        copy(first.path())
    }

    /// A folder without accounts.
    pub fn empty() -> Self {
        Self { folder: scratch() }
    }

    /// Returns another town with the same accounts.
    pub fn copied(&self) -> Self {
        copy(self.folder.path())
    }

    /// Returns the names of the accounts.
    pub fn parties(&self) -> Vec<String> {
        let folders = std::fs::read_dir(self.path("")).unwrap().map(|entry| entry.unwrap());
        let accounts = folders.filter(|entry| entry.path().join("config.toml").is_file());
        let mut names: Vec<String> = accounts.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Returns the folder that the accounts' folder lies in.
    pub fn home(&self) -> &Path {
        self.folder.path()
    }

    /// Returns a path below the played folder.
    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join("play").join(below)
    }

    /// Runs a command as one party.
    pub fn run(&self, party: &str, args: &[&str]) -> Run {
        let config = self.path(party).join("config.toml");
        let config = config.to_str().unwrap().to_owned();
        let all: Vec<&str> = ["-c", config.as_str()].into_iter().chain(args.iter().copied()).collect();
        mailorder(self.folder.path(), &all)
    }

    /// Runs a command as one party with this on standard input.
    pub fn fed(&self, party: &str, args: &[&str], input: &[u8]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailorder"));
        command.arg("-c").arg(self.path(party).join("config.toml")).args(args).current_dir(self.folder.path());
        super::accounts::run(command.env_clear().env("HOME", self.folder.path()), input).into()
    }

    /// Runs a command as one party; it must succeed.
    pub fn does(&self, party: &str, args: &[&str]) -> Run {
        let run = self.run(party, args);
        assert_eq!(run.code, Some(0), "{party} {args:?}: {}", run.err);
        run
    }

    /// Lets everybody fetch and send until no mail lies in any mailbox.
    pub fn settle(&self) {
        let parties = self.parties();
        for _ in 0..12 {
            for party in &parties {
                self.does(party, &["sync"]);
            }
            let waiting = parties.iter().any(|party| {
                let new = self.path(&format!("mail/{party}@demo.test/new"));
                std::fs::read_dir(new).unwrap().next().is_some()
            });
            if !waiting {
                return;
            }
        }
        let left = |party: &String| files(&self.path(&format!("mail/{party}@demo.test/new")));
        panic!("the post does not come to rest: {:?}", parties.iter().flat_map(left).collect::<Vec<_>>());
    }

    /// Returns the transactions of the buyer's list.
    pub fn list(&self, args: &[&str]) -> Vec<Value> {
        let all: Vec<&str> = ["list", "--json"].into_iter().chain(args.iter().copied()).collect();
        self.does("buyer", &all).json()["transactions"].as_array().unwrap().clone()
    }

    /// Returns the buyer's transaction of this state.
    pub fn in_state(&self, state: &str) -> Value {
        let found = self.list(&[]).into_iter().find(|one| one["state"] == state);
        found.unwrap_or_else(|| panic!("no transaction is {state}"))
    }

    /// Returns one transaction of a party as `show` has it.
    pub fn show(&self, party: &str, name: &str) -> Value {
        self.does(party, &["show", "--json", name]).json()
    }

    /// Adds a merchant who plays all three parts himself, and whose key the buyer accepts.
    pub fn add_merchant(&self) {
        let folder = self.path("mart");
        let (folder, inbox) = (folder.to_str().unwrap(), self.path("mail/mart@demo.test"));
        let (inbox, outbox) = (inbox.to_str().unwrap(), self.path("mail/{to}"));
        let who = ["init", "--address", "mart@demo.test", "--name", "Mart", "--folder", folder];
        let parts = ["--role", "shop", "--role", "payment", "--role", "delivery"];
        let ways = ["--inbox", inbox, "--outbox", outbox.to_str().unwrap()];
        self.does("mart", &[&who[..], &parts, &ways].concat());
        let config = self.path("mart/config.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        let sells = "[trust]\npolicy = \"first-use\"\n[shop]\n[[shop.article]]\nsku = \"MUG\"\nname = \"Mug\"\n\
                     price = \"JPY 900\"\n[[shop.procedure]]\n\
                     steps = [\"terms\", \"confirmation\", \"payment\", \"delivery\"]\n\
                     [payment]\nshops = [\"mart@demo.test\"]\n[delivery]\nshops = [\"mart@demo.test\"]\n";
        std::fs::write(&config, text.replace("[shop]\n", sells)).unwrap();
        let certificate = self.path("mart/cert.asc");
        std::fs::write(&certificate, self.does("mart", &["key", "export"]).out).unwrap();
        self.does("buyer", &["key", "import", certificate.to_str().unwrap()]);
        self.does("buyer", &["key", "accept", "mart@demo.test", "--yes"]);
    }

    /// Orders one shirt, and returns the order's ID.
    pub fn order(&self) -> String {
        let item = "SH-41;シャツ 白 41;JPY 4300;1";
        let charge = "Parcel delivery;JPY 500";
        let args = ["order", "--json", "--shop", "shop@demo.test", "--item", item, "--charge", charge, "--pay", "card"];
        self.does("buyer", &args).json()["id"].as_str().unwrap().to_owned()
    }

    /// Orders, lets the shop make its terms, and says OK; returns ID and number.
    pub fn confirmed(&self) -> (String, String) {
        let id = self.order();
        self.settle();
        self.does("buyer", &["confirm", &id]);
        self.settle();
        let number = self.show("buyer", &id)["number"].as_str().unwrap().to_owned();
        (id, number)
    }
}

/// Copies a town with all its accounts.
fn copy(from: &Path) -> Town {
    let town = Town::empty();
    let copied = Command::new("cp").arg("-a").arg(from.join("play")).arg(town.folder.path()).status().unwrap();
    assert!(copied.success());
    town
}

/// Returns the letters of a shown transaction of one kind and direction.
pub fn letters<'a>(shown: &'a Value, direction: &str, kind: &str) -> Vec<&'a Value> {
    let all = shown["letters"].as_array().unwrap();
    all.iter().filter(|letter| letter["direction"] == direction && letter["kind"] == kind).collect()
}
