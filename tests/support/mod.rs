//! What the tests stand on.

pub mod accounts;
pub mod english;
pub mod generate;
pub mod imap;
pub mod ordinals;
pub mod program;
pub mod servers;
pub mod smtp;
pub mod stands;
pub mod terminal;
pub mod town;
pub mod trade;
pub mod world;

use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, Signal, kill_process};

/// Sends a signal to a process that a test started.
pub fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Returns what a variable of the environment sets for the tests.
pub fn setting(name: &str) -> Option<String> {
    std::env::vars().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// Returns how much of something is tried: what always is, or with `MAILORDER_TESTS=long` more.
pub fn tried<T>(always: T, long: T) -> T {
    if setting("MAILORDER_TESTS").as_deref() == Some("long") { long } else { always }
}

/// Ends what goes on until then, also where the test fails before.
pub struct End<'a>(pub &'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
