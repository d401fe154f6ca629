//! Programs that were not made for mailorder: gpg, notmuch, grep and a shell, each in a home of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::servers::short_scratch;

/// A fresh home with a gpg that knows nobody; its agent is stopped with it.
pub struct Witness {
    // The path is short, because the agent's sockets lie in it.
    home: tempfile::TempDir,
}

impl Witness {
    pub fn new() -> Self {
        let home = short_scratch();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
        // What gpg found is printed for the test beside what it prints for people.
        fs::write(home.path().join("gpg.conf"), "batch\nyes\nno-tty\nstatus-fd 1\n").unwrap();
        Self { home }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn output(&self, program: &str, arguments: &[&str]) -> Output {
        Command::new(program)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .env("HOME", self.home.path())
            .env("GNUPGHOME", self.home.path())
            .env("NOTMUCH_CONFIG", self.path("notmuch"))
            .current_dir(self.home.path())
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Runs a program, which must succeed, and returns what it printed.
    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.output(program, arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {}: {error}", output.status);
        // gpg's status lines hold names in whatever form they came.
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Gives gpg the keys in these files.
    pub fn import(&self, files: &[PathBuf]) {
        let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let mut arguments = vec!["--import"];
        arguments.extend(files.iter().map(String::as_str));
        self.run("gpg", &arguments);
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.output("gpgconf", &["--kill", "all"]);
    }
}

/// Returns the files of a folder in the order of their names.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Returns the primary key of a good signature from what gpg said (`VALIDSIG` of its doc/DETAILS).
pub fn signer(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.strip_prefix("[GNUPG:] VALIDSIG ")?.split(' ').next_back())
}

/// Returns a header field of a mail.
pub fn field<'a>(mail: &'a str, name: &str) -> Option<&'a str> {
    let header = mail.split("\n\n").next()?;
    header.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}
