//! An account as its owner has it: a home folder, a configuration, and the built program in an empty environment.
//!
//! Knows nothing of the program but its command line.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;

use serde_json::Value;

use crate::support::accounts::{Fields, fields};
use crate::support::servers::Servers;
use crate::support::stands;
use crate::support::town::ended;

/// One owner's account.
pub struct Account {
    home: PathBuf,
    pub address: String,
    pub fingerprint: String,
    /// By how much its clock is moved, as `faketime` reads it.
    moved: Mutex<Option<String>>,
}

impl Account {
    /// Makes an account by `init` and tells it where the servers are; `more` follows in its configuration.
    pub fn make(servers: &Servers, folder: &Path, address: &str, roles: &[&str], name: &str, more: &str) -> Self {
        servers.user(address);
        let home = folder.join(address.split('@').next().unwrap());
        fs::create_dir_all(&home).unwrap();
        let password = home.join("password");
        fs::write(&password, "pw\n").unwrap();
        fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
        let moved = Mutex::new(None);
        let mut account = Self { home, address: address.to_owned(), fingerprint: String::new(), moved };
        let password = password.display().to_string();
        let servers_by = ["--imap", "localhost", "--smtp", "localhost", "--password-file", &password];
        let owner = ["--json", "init", "--address", address, "--name", name];
        let roles: Vec<&str> = roles.iter().flat_map(|role| ["--role", *role]).collect();
        let made = account.json(&[&owner[..], &roles, &servers_by].concat());
        account.fingerprint = made["fingerprint"].as_str().unwrap().to_owned();
        let written = fs::read_to_string(account.config()).unwrap();
        let at = |service: &str, port: &str| {
            let (port, ca_file) = (servers.port(port), servers.tls_file("ca.pem"));
            let known = format!("{service} = {{ host = \"localhost\"");
            assert!(written.contains(&known), "{written}");
            (known.clone(), format!("{known}, port = {port}, tls = \"implicit\", ca_file = \"{ca_file}\""))
        };
        let (imap, smtp) = (at("imap", "IMAPS"), at("smtp", "SUBMISSIONS"));
        let written = written.replace(&imap.0, &imap.1).replace(&smtp.0, &smtp.1);
        fs::write(account.config(), format!("{written}\n{more}")).unwrap();
        account
    }

    /// Returns the folder in which its owner works.
    pub fn home(&self) -> &Path {
        &self.home
    }

    pub fn config(&self) -> PathBuf {
        self.home.join("config.toml")
    }

    /// Changes the configuration.
    pub fn configure(&self, change: impl Fn(&str) -> String) {
        let text = fs::read_to_string(self.config()).unwrap();
        fs::write(self.config(), change(&text)).unwrap();
        self.run(&["config", "check"]);
    }

    /// Moves its clock: from now on it is so far ahead of that of the machine, like `+7d`.
    pub fn moves(&self, moved: &str) {
        *self.moved.lock().unwrap() = Some(moved.to_owned());
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_mailorder");
        let mut command = match &*self.moved.lock().unwrap() {
            None => Command::new(program),
            Some(moved) => {
                let mut command = Command::new("faketime");
                command.args(["-f", moved, program]);
                command
            }
        };
        command.env_clear().env("HOME", &self.home).current_dir(&self.home).stdin(Stdio::null());
        // Deadlines and the dates of files stay those of the system.
        command.env("PATH", "/usr/bin:/bin").env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("NO_FAKE_STAT", "1");
        command.arg("-c").arg(self.config()).args(arguments);
        command
    }

    /// Runs a command, which must succeed and have nothing to complain of; returns what it printed.
    pub fn run(&self, arguments: &[&str]) -> Vec<u8> {
        self.run_saying(arguments, |_| false)
    }

    /// Runs a command beside a `watch` of the same account, which may be sending already what the command has written.
    pub fn run_beside(&self, arguments: &[&str]) -> Vec<u8> {
        self.run_saying(arguments, |line| line.contains("queued and not sent yet"))
    }

    /// Runs a command, which must succeed and say nothing but hints and what `may` be said.
    fn run_saying(&self, arguments: &[&str], may: impl Fn(&str) -> bool) -> Vec<u8> {
        let Output { status, stdout, stderr } = ended(|| self.command(arguments));
        let error = String::from_utf8_lossy(&stderr);
        assert!(status.success(), "{}: {arguments:?}: {status}: {error}", self.address);
        let complaints = error.lines().filter(|line| !line.starts_with("hint: ") && !may(line)).count();
        assert_eq!(complaints, 0, "{}: {arguments:?}: {error}", self.address);
        stdout
    }

    /// Runs a command that prints one JSON document.
    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_slice(&self.run(arguments)).unwrap()
    }

    /// Starts a command that goes on by itself.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let log = self.home.join("log");
        let error = fs::File::create(&log).unwrap();
        let child = self.command(arguments).stdout(Stdio::null()).stderr(error).spawn().unwrap();
        Running { child, log }
    }

    /// Imports the other's certificate from a file, as it would come by another way, and accepts it.
    pub fn accept(&self, other: &Self) {
        let file = self.home.join("other.asc");
        fs::write(&file, other.run(&["key", "export"])).unwrap();
        self.run(&["key", "import", &file.display().to_string()]);
        self.run(&["key", "accept", &other.address, "--yes"]);
    }

    /// Fetches, judges, sends; it has nothing to say.
    pub fn sync(&self) {
        let said = self.run(&["sync"]);
        assert!(said.is_empty(), "{}", String::from_utf8_lossy(&said));
    }

    /// The same, where what comes may be warned of.
    pub fn sync_warned(&self) {
        self.run_saying(&["sync"], |line| line.contains("warning W-"));
    }

    /// Returns one of the places that `config path` names.
    pub fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(self.json(&["--json", "config", "path"])[name].as_str().unwrap())
    }

    /// Returns the transaction with this ID or number as `list` has it; null where there is none.
    pub fn listed(&self, id: &str) -> Value {
        let list = self.json(&["--json", "list"]);
        let transactions = list["transactions"].as_array().unwrap();
        transactions.iter().find(|one| one["id"] == id || one["number"] == id).cloned().unwrap_or_default()
    }

    /// Returns the transaction with this ID or number as `show` has it.
    pub fn shows(&self, id: &str) -> Value {
        self.json(&["show", "--json", id])
    }

    /// Checks how a transaction stands: its state; what is shipped, delivered and paid; `show`, `list` and `status` agree.
    pub fn check_stands(&self, id: &str, state: &str, done: [bool; 3]) {
        stands::check(&self.address, |words| self.json(words), id, state, done);
    }

    /// Returns the letters of a transaction in their order: `out order shop`, `in order-status shop`.
    pub fn letters(&self, id: &str) -> Vec<String> {
        stands::letters(|words| self.json(words), id)
    }

    /// Checks that there is no warning, and that the ledger is as it was written.
    pub fn check_peace(&self) {
        stands::check_peace(&self.address, |words| self.json(words));
    }

    /// Returns how many entries the ledger has.
    pub fn entries(&self) -> usize {
        fs::read_to_string(self.path("ledger").join("log")).unwrap().lines().count()
    }

    /// Returns the header fields of the ledger's entries, in their order.
    pub fn headers(&self) -> Vec<Fields> {
        let ledger = self.path("ledger");
        let log = fs::read_to_string(ledger.join("log")).unwrap();
        let file = |line: &str| ledger.join(format!("cur/{}:2,S", line.rsplit(' ').next().unwrap()));
        log.lines().map(|line| fields(&fs::read(file(line)).unwrap())).collect()
    }
}

/// A command at work.
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Asks it to end, which it does well and without having complained.
    pub fn end(mut self) {
        crate::support::signal(&self.child, rustix::process::Signal::TERM);
        let status = self.child.wait().unwrap();
        let error = fs::read_to_string(&self.log).unwrap();
        assert!(status.success() && error.is_empty(), "{status}: {error}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
