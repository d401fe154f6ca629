//! Processes of a hook that left its process group: found by the mark that every process of one run has in its
//! environment, and killed.
//!
//! A process that was given an empty environment, or became another user, is not found. Where the system has no `/proc`
//! none is.

use std::sync::atomic::{AtomicU64, Ordering};

/// The variable that marks the processes of one run.
pub(super) const VARIABLE: &str = "MAILORDER_RUN";

/// How often is looked again where something was killed: it may have started another meanwhile.
const LOOKS: usize = 5;

/// What marks the processes of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark(String);

impl Mark {
    /// Returns a mark that no other run of this process has, nor one of another that lives.
    pub(super) fn new() -> Self {
        static RUNS: AtomicU64 = AtomicU64::new(1);
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        Self(format!("{}-{run}", std::process::id()))
    }

    /// Returns what stands in the variable.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Kills all processes with this mark.
    pub(super) fn kill(&self) {
        for _ in 0..LOOKS {
            if !system::kill_marked(&format!("{VARIABLE}={}", self.0)) {
                return;
            }
        }
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;

    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    /// Kills the processes that have this in their environment; returns whether there were any.
    pub(super) fn kill_marked(entry: &str) -> bool {
        let Ok(processes) = fs::read_dir("/proc") else { return false };
        let names = processes.flatten().filter_map(|process| process.file_name().to_str()?.parse().ok());
        names.filter(|id| kill_if_marked(*id, entry)).count() > 0
    }

    /// Kills one process if it is marked. It is held by a handle before it is looked at: the number of one that has ended
    /// meanwhile may be another's.
    fn kill_if_marked(id: i32, entry: &str) -> bool {
        let Some(pid) = Pid::from_raw(id).filter(|_| is_marked(id, entry)) else { return false };
        let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return false };
        is_marked(id, entry) && pidfd_send_signal(handle, Signal::KILL).is_ok()
    }

    /// Returns whether a process has this in its environment; of others' processes, and of those that have ended, nothing
    /// can be read.
    fn is_marked(id: i32, entry: &str) -> bool {
        let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|one| one == entry.as_bytes())
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    /// Finds none.
    pub(super) fn kill_marked(_entry: &str) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_has_a_mark_of_its_own() {
        let (one, other) = (Mark::new(), Mark::new());
        assert_ne!(one, other);
        assert!(one.as_str().starts_with(&format!("{}-", std::process::id())));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_what_bears_the_mark_is_killed() {
        use std::os::unix::process::ExitStatusExt as _;
        let sleeps = |mark: &Mark| {
            let mut command = std::process::Command::new("/bin/sleep");
            command.arg("60").env(VARIABLE, mark.as_str()).spawn().unwrap()
        };
        let (mark, other) = (Mark::new(), Mark::new());
        let (mut ours, mut others) = (sleeps(&mark), sleeps(&other));
        mark.kill();
        assert_eq!(ours.wait().unwrap().signal(), Some(9));
        assert!(others.try_wait().unwrap().is_none());
        others.kill().unwrap();
        others.wait().unwrap();
        mark.kill();
    }
}
