//! A person at a terminal: `script` (util-linux) makes the pseudo-terminal, and what is typed waits for what is asked.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::program::{Run, Town};

/// How long a question is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command that runs on a terminal.
pub struct Terminal {
    child: Child,
    keys: Option<ChildStdin>,
    printed: Receiver<Vec<u8>>,
    screen: Vec<u8>,
    /// How much of the screen was looked at by what was waited for before.
    read: usize,
}

impl Town {
    /// Begins a command as one party on a terminal of 120 columns.
    pub fn types(&self, party: &str, args: &[&str]) -> Terminal {
        let quoted = |word: &&str| format!("'{}'", word.replace('\'', r"'\''"));
        let words: Vec<String> = args.iter().map(quoted).collect();
        let (program, config) = (env!("CARGO_BIN_EXE_mailorder"), self.path(party).join("config.toml"));
        let line = format!("stty cols 120; exec '{program}' -c '{}' {}", config.display(), words.join(" "));
        let mut child = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .current_dir(self.path(""))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path(party))
            .env("TERM", "dumb")
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let keys = child.stdin.take();
        let mut stdout = child.stdout.take().unwrap();
        let (sender, printed) = channel();
        std::thread::spawn(move || {
            let mut portion = [0; 4096];
            while let Ok(bytes) = stdout.read(&mut portion)
                && bytes > 0
                && sender.send(portion[..bytes].to_vec()).is_ok()
            {}
        });
        Terminal { child, keys, printed, screen: Vec::new(), read: 0 }
    }
}

impl Terminal {
    /// Returns what the screen shows.
    pub fn screen(&self) -> String {
        String::from_utf8_lossy(&self.screen).replace('\r', "")
    }

    /// Waits until the terminal shows something that was not waited for before.
    pub fn waits_for(&mut self, text: &str) -> &mut Self {
        let text = text.as_bytes();
        loop {
            let new = &self.screen[self.read..];
            if let Some(at) = new.windows(text.len()).position(|part| part == text) {
                self.read += at + text.len();
                return self;
            }
            match self.printed.recv_timeout(PATIENCE) {
                Ok(portion) => self.screen.extend(portion),
                Err(_) => panic!("{:?} is not shown: {}", String::from_utf8_lossy(text), self.screen()),
            }
        }
    }

    /// Types these keys.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        self.keys.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
        self
    }

    /// Waits for a question and types a line.
    pub fn answers(&mut self, question: &str, line: &str) -> &mut Self {
        self.waits_for(question).keys(&format!("{line}\n"))
    }

    /// Waits until the command has ended; what it printed on both outputs is one.
    pub fn ends(&mut self) -> Run {
        while let Ok(portion) = self.printed.recv_timeout(PATIENCE) {
            self.screen.extend(portion);
        }
        self.keys = None;
        let begun = std::time::Instant::now();
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code();
            }
            if begun.elapsed() > PATIENCE {
                self.child.kill().unwrap();
                panic!("it does not end: {}", self.screen());
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        Run { code, out: self.screen(), err: String::new() }
    }
}
