//! Hooks where the system refuses: a full disk, an output that fails, a folder that cannot be written to, no file handles.
//! The work is not lost, and is never given under two keys.
//!
//! These need strace, which answers a call in the kernel's place; prlimit and unshare, which take away what a process may have.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::flows::hooks::scripted;
use crate::support::program::{Run, Town};

/// What the system answers, to which call.
const FAULTS: [(&str, &str); 6] = [
    ("write", "ENOSPC"),
    ("pwrite64", "ENOSPC"),
    ("fsync", "EIO"),
    ("renameat2", "EIO"),
    ("clone", "EAGAIN"),
    ("pipe2", "EMFILE"),
];

/// How many calls of one name fail, each in a run of its own.
const POINTS: usize = 3;

/// What a command may end with: done, input refused, internal fault of the disk, later, no permission, configuration.
const CODES: [i32; 6] = [0, 65, 74, 75, 77, 78];

/// A shop in whose mailbox an OK lies, behind which its hook has work.
struct Waiting {
    town: Town,
    id: String,
}

impl Waiting {
    fn new() -> Self {
        let town = Town::fresh();
        scripted(&town, "echo \"$MAILORDER_WORK $MAILORDER_KEY\" >>told; echo '{}'", "");
        let id = town.orders("buyer", "SH-41", 1, &[]);
        town.settle();
        town.does("buyer", &["confirm", &id]);
        town.sync(&["buyer"]);
        assert_eq!(town.post("shop").len(), 1);
        Self { town, id }
    }

    fn copy(&self) -> Self {
        Self { town: self.town.copied(), id: self.id.clone() }
    }

    /// Lets the shop look at its mail by way of another program.
    fn sync_by(&self, program: &str, words: &[&str]) -> Run {
        let mut command = Command::new(program);
        command.args(words).arg(env!("CARGO_BIN_EXE_mailorder")).arg("-c").arg(self.config()).arg("sync");
        command.env_clear().env("HOME", self.town.path("")).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("MAILORDER_THREADS", "1").output().unwrap().into()
    }

    fn config(&self) -> std::path::PathBuf {
        self.town.path("shop/config.toml")
    }

    /// Checks that all goes on by itself once the system refuses nothing any more.
    fn check_goes_on(&self, when: &str) {
        let Self { town, id } = self;
        town.sync(&["shop"]);
        if town.count("shop", id, "in", "confirmation") == 1 {
            assert!(town.post("shop").is_empty(), "{when}: what is entered does not stay in its mailbox");
        }
        // What was tried in vain would be tried again a minute later.
        town.does("shop", &["outbox", "retry"]);
        town.settle();
        let told = std::fs::read_to_string(town.path("shop/told")).unwrap_or_default();
        let keys: BTreeSet<&str> =
            told.lines().filter(|line| line.starts_with("release ") && line.len() == 40).collect();
        assert_eq!(keys.len(), 1, "{when}: {told}");
        let inbox = town.does("shop", &["shop", "inbox", "--json"]).json();
        assert_eq!(inbox["items"], serde_json::json!([]), "{when}");
        for kind in ["payment-instruction", "delivery-instruction"] {
            assert_eq!(town.count("shop", id, "out", kind), 1, "{when}: {kind}");
        }
        assert_eq!(town.count("shop", id, "in", "confirmation"), 1, "{when}");
        for party in ["buyer", "shop"] {
            town.check_stands(party, id, "open", [false; 3]);
        }
        town.check_peace();
    }
}

fn traced(waiting: &Waiting, flags: &[&str], log: &Path) -> Run {
    waiting.sync_by("strace", &[&["-f", "-o", log.to_str().unwrap()][..], flags, &["--"]].concat())
}

#[test]
fn work_for_a_hook_outlives_a_disk_that_refuses_f8_f9() {
    let base = Waiting::new();
    let once = base.copy();
    let log = once.town.path("calls");
    assert_eq!(traced(&once, &["-e", "trace=all"], &log).code, Some(0));
    let calls = std::fs::read_to_string(&log).unwrap();
    once.check_goes_on("undisturbed");
    let mut points = 0;
    for (call, error) in FAULTS {
        let is =
            |line: &&str| line.split_once(' ').is_some_and(|(_, it)| it.trim_start().starts_with(&format!("{call}(")));
        let count = calls.lines().filter(is).count();
        let places = count.min(POINTS);
        let at: BTreeSet<usize> = (0..places).map(|n| 1 + n * (count - 1) / places.saturating_sub(1).max(1)).collect();
        for n in at {
            let tried = base.copy();
            let when = format!("{call} {n} of {count} answered {error}");
            let inject = format!("inject={call}:error={error}:when={n}");
            let run = traced(&tried, &["-e", &format!("trace={call}"), "-e", &inject], Path::new("/dev/null"));
            let code = run.code.unwrap_or_else(|| panic!("{when}: {run:?}"));
            assert!(CODES.contains(&code), "{when}: {run:?}");
            tried.check_goes_on(&when);
            points += 1;
        }
    }
    assert!(points >= 8, "{points} points");
}

#[test]
fn work_for_a_hook_outlives_a_process_that_may_open_or_write_nothing_f8() {
    let base = Waiting::new();
    let mut refused = 0;
    for handles in [6, 10, 14, 18, 24] {
        let tried = base.copy();
        let when = format!("{handles} file handles");
        let run = tried.sync_by("prlimit", &[&format!("--nofile={handles}"), "--"]);
        assert!(run.code.is_some_and(|code| CODES.contains(&code)), "{when}: {run:?}");
        refused += usize::from(run.code != Some(0) || !run.err.is_empty());
        tried.check_goes_on(&when);
    }
    assert!(refused > 0, "none of them was too few");
    let mut refused = 0;
    for bytes in [0, 4096, 65_536] {
        let tried = base.copy();
        let when = format!("files of {bytes} bytes");
        let limited = format!("trap '' XFSZ; exec prlimit --fsize={bytes} -- \"$0\" \"$@\"");
        let run = tried.sync_by("sh", &["-c", &limited]);
        assert!(run.code.is_some_and(|code| CODES.contains(&code)), "{when}: {run:?}");
        refused += usize::from(run.code != Some(0) || !run.err.is_empty());
        tried.check_goes_on(&when);
    }
    assert!(refused > 0, "none of them was too small");
}

#[test]
fn work_for_a_hook_outlives_a_folder_that_is_read_only_f10() {
    let base = Waiting::new();
    for part in ["", "/ledger", "/outbox"] {
        let tried = base.copy();
        let folder = tried.town.path(&format!("shop{part}"));
        let script = "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\" && exec \"$@\"";
        let run = tried.sync_by("unshare", &["-rm", "sh", "-c", script, folder.to_str().unwrap()]);
        let code = run.code.unwrap_or_else(|| panic!("{part}: {run:?}"));
        assert!(code != 0 && CODES.contains(&code) && run.err.contains("mailorder: "), "{part}: {run:?}");
        let entered = tried.town.count("shop", &tried.id, "in", "confirmation");
        assert!(entered == 1 || tried.town.post("shop").len() == 1, "{part}: what was not entered lies where it lay");
        tried.check_goes_on(&format!("shop{part} is read-only"));
    }
}
