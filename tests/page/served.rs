//! `mailorder serve` as a person starts it, and a visitor who opened its link.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::http::{Answer, send, send_and_leave};

/// The program, serving one account.
pub struct Served {
    pub link: String,
    pub port: u16,
    pub child: Child,
}

/// A browser without eyes: it has the session's cookie.
pub struct Visitor<'a> {
    served: &'a Served,
    pub cookie: String,
    pub language: &'static str,
}

impl Served {
    /// Starts it for the account of this configuration.
    pub fn start(config: &Path) -> Self {
        Self::run(Command::new(env!("CARGO_BIN_EXE_mailorder")), config)
    }

    /// Starts it with its clock moved, as `faketime` reads it: `+11d`.
    pub fn start_at(moved: &str, config: &Path) -> Self {
        let mut command = Command::new("faketime");
        command.args(["-f", moved, env!("CARGO_BIN_EXE_mailorder")]);
        Self::run(command, config)
    }

    fn run(mut command: Command, config: &Path) -> Self {
        command.arg("-c").arg(config).arg("serve");
        Self::of(&mut command, config.parent().unwrap())
    }

    /// Starts a command that serves a page, at home in this folder, and waits for the link that it prints.
    pub fn of(command: &mut Command, home: &Path) -> Self {
        let mut child = command
            .env_clear()
            .env("HOME", home)
            .env("PATH", "/usr/bin:/bin")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // What moves the clock starts it as a process of its own: both are ended together.
            .process_group(0)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let link = lines.find(|line| line.starts_with("http://")).expect("it prints its link");
        let port = link.split(['/', ':']).nth(4).unwrap().parse().unwrap();
        Self { link, port, child }
    }

    /// Returns the path of the link that it printed.
    pub fn opening(&self) -> &str {
        self.link.split_once(&format!(":{}", self.port)).unwrap().1
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Opens the link.
    pub fn visit(&self) -> Visitor<'_> {
        let opened = send(self.port, &format!("GET {}", self.opening()), &[("Host", &self.host())], "");
        assert_eq!(opened.status, 303, "{opened:?}");
        let cookie = opened.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        Visitor { served: self, cookie, language: "en" }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

impl Visitor<'_> {
    pub fn get(&self, path: &str) -> Answer {
        let host = self.served.host();
        let headers = [("Host", host.as_str()), ("Cookie", &self.cookie), ("Accept-Language", self.language)];
        send(self.served.port, &format!("GET {path}"), &headers, "")
    }

    /// Gets a page, which must be there.
    pub fn page(&self, path: &str) -> String {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// Sends a form from a page of ours.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.posts(|headers| send(self.served.port, &format!("POST {path}"), headers, &form(fields)))
    }

    /// The same, by somebody who does not wait for the answer.
    pub fn post_and_leave(&self, path: &str, fields: &[(&str, &str)], wait: Duration) {
        self.posts(|headers| {
            send_and_leave(self.served.port, &format!("POST {path}"), headers, &form(fields), wait);
        });
    }

    /// Returns what is done with the headers of a form of ours.
    fn posts<T>(&self, send: impl FnOnce(&[(&str, &str)]) -> T) -> T {
        let host = self.served.host();
        let origin = format!("http://{host}");
        send(&[
            ("Host", host.as_str()),
            ("Cookie", &self.cookie),
            ("Origin", &origin),
            ("Sec-Fetch-Site", "same-origin"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ])
    }

    /// Sends a form that is not the last word: it leads to a page of its own, which is returned.
    pub fn fills(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.post(path, fields);
        assert_eq!(answer.status, 303, "{path} {fields:?}: {}", answer.body);
        let place = answer.header("location").unwrap();
        assert!(place.starts_with(&format!("{path}?draft=")), "{place}");
        // Where on the page it leads to is the browser's matter.
        self.page(place.split('#').next().unwrap())
    }

    /// Returns the two hidden fields of the first form of a page.
    pub fn hidden(&self, path: &str) -> (String, String) {
        let page = self.page(path);
        (value(&page, "token"), value(&page, "once"))
    }

    /// Fills the form of a page and sends it; it must lead to another page, whose address is returned.
    pub fn does(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> String {
        let (token, once) = self.hidden(page);
        let all = [&[("token", token.as_str()), ("once", once.as_str())], fields].concat();
        let answer = self.post(path, &all);
        assert_eq!(answer.status, 303, "{path} {fields:?}: {}", answer.body);
        answer.header("location").unwrap().to_owned()
    }
}

/// Returns the value of the first hidden field of this name.
pub fn value(page: &str, name: &str) -> String {
    let field = format!("name=\"{name}\" value=\"");
    page.split_once(&field).unwrap_or_else(|| panic!("no {name} in {page}")).1.split('"').next().unwrap().to_owned()
}

/// Returns the orders that a page lists, by their IDs.
pub fn listed(page: &str) -> Vec<String> {
    page.split("name=\"txn\" value=\"").skip(1).map(|part| part.split('"').next().unwrap().to_owned()).collect()
}

/// Writes fields as a form.
pub fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text: &str| -> String {
        text.bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect()
    };
    fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect::<Vec<_>>().join("&")
}
