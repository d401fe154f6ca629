//! Programs of the owner's that the program runs: a document in, a document out, within limits. What the documents say is
//! nothing to this module.
//!
//! A hook is a list of program and arguments, never a line for a shell. It gets a clean environment, makes files for its
//! owner alone, and all its processes end with it: what it leaves running is killed, in its process group or outside of it,
//! and so is all of it when its time is over (F47). What became another user cannot be killed; that is said, and not
//! waited for.

mod strays;

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::fs::Mode;
use rustix::process::{Pid, Signal, kill_process_group, umask};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use strays::Mark;

/// The most a hook may print, in bytes.
pub const OUTPUT_MAX: u64 = 64 * 1024;

/// How much of what it prints as an error is kept, in bytes.
const ERROR_MAX: u64 = 2 * 1024;

/// How long what a hook started may keep its output open once it has ended.
const GRACE: Duration = Duration::from_millis(500);

/// How long a hook that was killed may take to be gone. One that became another user is not killed.
const GONE: Duration = Duration::from_secs(2);

/// What a hook does not let others do with the files it makes.
const PRIVATE: u32 = 0o077;

/// Where programs are looked for, whatever the caller's environment says.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The exit code that asks to be tried again (sysexits EX_TEMPFAIL).
const TEMPORARY: i32 = 75;

/// A program to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Program and arguments.
    pub command: Vec<String>,
    /// The folder it is run in.
    pub folder: PathBuf,
    /// How long it may take.
    pub time: Duration,
}

impl Hook {
    /// Returns whether its program is there: where it says, or else in a folder that hooks are looked for in.
    pub fn is_there(&self) -> bool {
        let Some(program) = self.command.first() else { return false };
        if program.contains('/') {
            return self.folder.join(program).is_file();
        }
        PATH.split(':').any(|folder| Path::new(folder).join(program).is_file())
    }
}

/// Why a hook gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// It cannot be started.
    #[error("{0} cannot be run: {1}")]
    NotRun(String, String),
    /// It took too long, and was killed.
    #[error("did not end within {} s and was killed", .0.as_secs())]
    Slow(Duration),
    /// It asked to be tried again.
    #[error("asks to be tried again{}", said(.0))]
    Later(String),
    /// It failed.
    #[error("ended with {0}{said}", said = said(.1))]
    Failed(String, String),
    /// It printed more than any answer is, and was killed.
    #[error("printed more than {} KiB and was killed", OUTPUT_MAX / 1024)]
    Long,
    /// A process outside its group keeps its output open.
    #[error("left its output open to a process of another process group")]
    Open,
    /// It took too long or printed too much, and is still there after it was killed: why, and its process number.
    #[error("{0}, cannot be killed and still runs as process {1}; end it, or it may run twice")]
    Alive(String, u32),
}

fn said(error: &str) -> String {
    if error.is_empty() { String::new() } else { format!(": {error}") }
}

/// Kills what is left of a hook when it is done with, however that comes.
struct Group {
    leader: Option<Pid>,
    mark: Mark,
    is_over: bool,
}

impl Group {
    fn of(child: &Child, mark: Mark) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self { leader: id.and_then(Pid::from_raw), mark, is_over: false }
    }

    fn kill(&self) {
        if let Some(leader) = self.leader {
            // Nothing is left of it where this fails.
            let _ = kill_process_group(leader, Signal::KILL);
        }
        self.mark.kill();
    }

    /// Kills what is left for the last time.
    fn end(&mut self) {
        self.kill();
        self.is_over = true;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.is_over {
            self.kill();
        }
    }
}

/// Starts a hook, whose files are for its owner alone. The mask is one of the whole process: hooks are started one by one,
/// and it is put back at once.
fn start(command: &mut Command) -> std::io::Result<Child> {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = umask(Mode::from_raw_mode(PRIVATE));
    let child = command.spawn();
    umask(before);
    child
}

/// Waits until a hook that was killed is gone, for a while; then returns the number of its process.
async fn left(child: &mut Child) -> Option<u32> {
    let id = child.id();
    if timeout(GONE, child.wait()).await.is_ok() { None } else { id }
}

/// Runs a hook with `input` on its standard input and `variables` as its environment; returns what it printed.
///
/// # Errors
/// Where it cannot be run, takes too long, prints too much or ends with anything but 0; 75 asks to be tried again.
pub async fn run(hook: &Hook, variables: &[(&str, &str)], input: &[u8]) -> Result<Vec<u8>, HookError> {
    let name = hook.command.first().cloned().unwrap_or_default();
    let mark = Mark::new();
    let mut command = Command::new(&name);
    command
        .args(hook.command.iter().skip(1))
        .current_dir(&hook.folder)
        .env_clear()
        .env("PATH", PATH)
        .env("LANG", "C.UTF-8")
        .envs(variables.iter().copied())
        .env(strays::VARIABLE, mark.as_str())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = start(&mut command).map_err(|error| HookError::NotRun(name, error.to_string()))?;
    let mut group = Group::of(&child, mark);
    let ended = timeout(hook.time, talk(&mut child, &group, input)).await;
    group.end();
    // One that left its group is killed by itself; this fails where it has ended or is another user's.
    let _ = child.start_kill();
    let left = left(&mut child).await;
    let Ok(Talk { status, output, error }) = ended else {
        let why = || format!("did not end within {} s", hook.time.as_secs());
        return Err(left.map_or(HookError::Slow(hook.time), |id| HookError::Alive(why(), id)));
    };
    let output = output.ok_or(HookError::Open)?;
    if u64::try_from(output.len()).unwrap_or(u64::MAX) > OUTPUT_MAX {
        let why = || format!("printed more than {} KiB", OUTPUT_MAX / 1024);
        return Err(left.map_or(HookError::Long, |id| HookError::Alive(why(), id)));
    }
    let error = plain(&error);
    match status.map_err(|error| HookError::Failed("no exit code".to_owned(), error.to_string()))? {
        status if status.success() => Ok(output),
        status if status.code() == Some(TEMPORARY) => Err(HookError::Later(error)),
        status => Err(HookError::Failed(code(status), error)),
    }
}

/// Says how a process ended: `exit code 1`, `signal 9`.
pub fn code(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no exit code".to_owned(),
    }
}

/// What came of a hook.
struct Talk {
    status: std::io::Result<ExitStatus>,
    /// What it printed; `None` where something outside its group keeps the output open.
    output: Option<Vec<u8>>,
    error: Vec<u8>,
}

/// Hands the input over and reads what is printed, until the process has ended or has printed too much.
async fn talk(child: &mut Child, group: &Group, input: &[u8]) -> Talk {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // A hook need not read what it is told.
            let _ = stdin.write_all(input).await;
        }
    };
    let mut talked = Box::pin(async { tokio::join!(read(stdout), drain(stderr), write) });
    tokio::select! {
        (output, error, ()) = &mut talked => {
            let long = u64::try_from(output.len()).unwrap_or(u64::MAX) > OUTPUT_MAX;
            let status = if long { Ok(ExitStatus::default()) } else { child.wait().await };
            Talk { status, output: Some(output), error }
        }
        status = child.wait() => {
            // What it started and left would keep the output open.
            group.kill();
            match timeout(GRACE, talked).await {
                Ok((output, error, ())) => Talk { status, output: Some(output), error },
                Err(_) => Talk { status, output: None, error: Vec::new() },
            }
        }
    }
}

/// Reads what is printed, one byte more than it may be at most.
async fn read(from: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut output = Vec::new();
    if let Some(from) = from {
        let _ = from.take(OUTPUT_MAX.saturating_add(1)).read_to_end(&mut output).await;
    }
    output
}

/// Reads all there is, and keeps the beginning.
async fn drain(from: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut from) = from else { return kept };
    let mut portion = [0; 4096];
    while let Ok(bytes) = from.read(&mut portion).await
        && bytes > 0
    {
        let room = usize::try_from(ERROR_MAX).unwrap_or(usize::MAX).saturating_sub(kept.len());
        kept.extend(portion.iter().take(bytes.min(room)));
    }
    kept
}

/// Returns what was printed as one line without control characters.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("; ").chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, seconds: u64) -> Hook {
        let command = ["/bin/sh", "-c", script].map(str::to_owned).into();
        Hook { command, folder: PathBuf::from("/"), time: Duration::from_secs(seconds) }
    }

    fn ran(script: &str, seconds: u64, input: &[u8]) -> Result<Vec<u8>, HookError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(&shell(script, seconds), &[("MAILORDER_KEY", "k")], input))
    }

    #[test]
    fn a_document_goes_in_and_one_comes_out_in_a_clean_environment() {
        let large = vec![b'x'; 300_000];
        assert_eq!(ran("wc -c | tr -d ' '", 10, &large).unwrap(), b"300000\n");
        assert_eq!(ran("exec 0<&-; echo done", 10, &large).unwrap(), b"done\n", "the input need not be read");
        let environment = String::from_utf8(ran("env", 10, b"").unwrap()).unwrap();
        let names: Vec<&str> =
            environment.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
        for name in names {
            assert!(["PATH", "LANG", "MAILORDER_KEY", "MAILORDER_RUN", "PWD", "SHLVL", "_"].contains(&name), "{name}");
        }
    }

    #[test]
    fn a_hook_that_hangs_prints_without_end_or_fails_is_told_apart_f47() {
        let begun = std::time::Instant::now();
        assert!(matches!(ran("sleep 60", 1, b"").unwrap_err(), HookError::Slow(..)));
        assert_eq!(ran("yes", 20, b"").unwrap_err(), HookError::Long);
        assert_eq!(
            ran("echo stock is closed >&2; exit 75", 10, b"").unwrap_err(),
            HookError::Later("stock is closed".to_owned())
        );
        let failed = ran("printf 'no\\nway\\033[2J' >&2; exit 3", 10, b"").unwrap_err();
        assert_eq!(failed.to_string(), "ended with exit code 3: no; way [2J");
        let missing = Hook { command: vec!["/nowhere/at/all".to_owned()], ..shell("", 1) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert!(matches!(runtime.block_on(run(&missing, &[], b"")).unwrap_err(), HookError::NotRun(..)));
        assert!(begun.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn what_cannot_be_killed_is_told_of_and_not_waited_for_f47() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut child = Command::new("/bin/sleep").arg("60").kill_on_drop(true).spawn().unwrap();
            let begun = std::time::Instant::now();
            assert_eq!(left(&mut child).await, child.id(), "nothing killed it");
            assert!(begun.elapsed() < Duration::from_secs(10));
            child.start_kill().unwrap();
            assert_eq!(left(&mut child).await, None);
        });
        let alive = HookError::Alive("did not end within 1 s".to_owned(), 17).to_string();
        assert_eq!(
            alive,
            "did not end within 1 s, cannot be killed and still runs as process 17; end it, or it may run twice"
        );
    }

    #[test]
    fn the_files_of_a_hook_are_its_owners_alone() {
        assert_eq!(ran("umask", 10, b"").unwrap(), b"0077\n");
    }

    #[test]
    fn what_a_hook_leaves_running_is_killed_with_it_f47() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("alive");
        let script = format!("(sleep 1; touch {0}) & echo {{}}", mark.display());
        assert_eq!(ran(&script, 10, b"").unwrap(), b"{}\n");
        let script = format!("(sleep 2; touch {0}) & sleep 60", mark.display());
        assert!(ran(&script, 1, b"").is_err());
        std::thread::sleep(Duration::from_millis(2_500));
        assert!(!mark.exists(), "a child outlived its hook");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_hook_leaves_in_a_session_of_its_own_is_killed_with_it_f47() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("alive");
        let stray = |seconds: u32| format!("setsid /bin/sh -c 'sleep {seconds}; touch {}'", mark.display());
        // One that lets go of the output, one that keeps it open, one whose hook is killed itself.
        let script = format!("{} >/dev/null 2>&1 & sleep 0.2; echo {{}}", stray(2));
        assert_eq!(ran(&script, 10, b"").unwrap(), b"{}\n");
        let script = format!("{} & sleep 0.2; echo {{}}", stray(2));
        assert_eq!(ran(&script, 10, b"").unwrap(), b"{}\n");
        let script = format!("{} >/dev/null 2>&1 & sleep 60", stray(3));
        assert!(matches!(ran(&script, 1, b"").unwrap_err(), HookError::Slow(..)));
        std::thread::sleep(Duration::from_millis(3_500));
        assert!(!mark.exists(), "a child outlived its hook");
    }
}
