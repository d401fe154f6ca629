//! The way out that is a program with the interface of sendmail: it reads the mail on its standard input.
//!
//! The exit code of that program itself is its answer. What it leaves running goes on, as some mail programs have their
//! delivery do; only one that is over its time is killed, with its whole process group.

use std::path::PathBuf;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, timeout};

use super::{Envelope, SendError, Sent};
use crate::connect::printable;

/// Most bytes of the program's complaints that are kept.
const COMPLAINT: u64 = 4 * 1024;

/// How long its complaints are listened for once it has ended: what it left running may hold them open.
const GRACE: Duration = Duration::from_millis(500);

/// Settings of a sendmail outbox.
#[derive(Debug, Clone)]
pub struct SendmailSettings {
    /// The program, usually `/usr/sbin/sendmail`.
    pub path: PathBuf,
    /// How long it may take for one letter.
    pub patience: Duration,
}

impl SendmailSettings {
    /// Returns the defaults for a program.
    pub const fn new(path: PathBuf) -> Self {
        Self { path, patience: Duration::from_secs(300) }
    }
}

/// A program that takes mail.
#[derive(Debug)]
pub struct Sendmail {
    settings: SendmailSettings,
}

impl Sendmail {
    /// Takes the settings; nothing is run yet.
    pub const fn new(settings: SendmailSettings) -> Self {
        Self { settings }
    }

    /// Sends one mail; see [`super::Outbox::send_until`]. No shell is involved, and an address is never an option.
    pub async fn send_until(&self, envelope: &Envelope, bytes: &[u8], end: Instant) -> Result<Sent, SendError> {
        let path = self.settings.path.display();
        let mut child = Command::new(&self.settings.path)
            .args(["-i", "-f", envelope.from.as_str(), "--", envelope.to.as_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| SendError::Config(format!("cannot run {path}: {e}")))?;
        // Held here, and not by what is broken off: closed before the program is dead, a part of the letter would be
        // a whole one to it.
        let mut stdin = child.stdin.take();
        // Dropped before both: who is called off meanwhile kills it first, too.
        let mut group = Group::of(&child);
        let begun = Instant::now();
        let patience = self.settings.patience.min(end.saturating_duration_since(begun));
        match timeout(patience, feed(&mut child, &mut stdin, bytes)).await {
            Ok(Ok((status, complaint))) => {
                group.leader = None;
                judge(status, &complaint)
            }
            Ok(Err(error)) => Err(SendError::Ambiguous { cause: format!("lost track of {path}: {error}") }),
            Err(_) => {
                group.kill();
                let _ = child.kill().await;
                let seconds = begun.elapsed().as_secs();
                let cause = format!("{path} did not end within {seconds} s and was stopped");
                if stdin.is_none() { Err(SendError::Ambiguous { cause }) } else { Err(SendError::Broken { cause }) }
            }
        }
    }
}

/// The process group of a program, which is killed where it has not ended by itself.
struct Group {
    leader: Option<Pid>,
}

impl Group {
    fn of(child: &Child) -> Self {
        Self { leader: child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) }
    }

    fn kill(&mut self) {
        if let Some(leader) = self.leader.take() {
            // Nothing is left of it where this fails.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Writes the mail with the line ends that programs on this system expect, and waits for the end of the program. The
/// program's input is closed once it has the whole mail, or takes no more.
async fn feed(
    child: &mut Child,
    input: &mut Option<ChildStdin>,
    bytes: &[u8],
) -> std::io::Result<(ExitStatus, String)> {
    let stderr = child.stderr.take();
    let lines: Vec<u8> = bytes.split(|b| *b == b'\r').flatten().copied().collect();
    let write = async {
        if let Some(stdin) = input.as_mut() {
            // A program that ends early tells its reason by its exit code.
            let _ = stdin.write_all(&lines).await;
            let _ = stdin.shutdown().await;
        }
        input.take();
    };
    let mut complaint = Vec::new();
    let listen = async {
        if let Some(mut stderr) = stderr {
            let _ = (&mut stderr).take(COMPLAINT).read_to_end(&mut complaint).await;
            // What is beyond is read and dropped, so that the program does not block.
            let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
        }
    };
    let status = {
        let mut talked = pin!(async { tokio::join!(write, listen) });
        tokio::select! {
            biased;
            _ = &mut talked => child.wait().await,
            status = child.wait() => {
                let _ = timeout(GRACE, talked).await;
                status
            }
        }
    };
    Ok((status?, printable(String::from_utf8_lossy(&complaint).trim())))
}

/// Reads the exit code (sysexits.h). Only "data error" and "no such user" speak about this letter; programs use the
/// others for networks and queues too, so they are tried again.
fn judge(status: ExitStatus, complaint: &str) -> Result<Sent, SendError> {
    let Some(code) = status.code() else {
        return Err(SendError::Ambiguous { cause: format!("the mail program was killed ({status})") });
    };
    match code {
        0 => Ok(Sent { answer: "taken by the mail program".to_owned() }),
        65 | 67 => Err(SendError::Refused { code: u16::try_from(code).unwrap_or(0), text: complaint.to_owned() }),
        // It may be this letter's address that it does not understand.
        64 => Err(SendError::Broken { cause: format!("the mail program ended with {code}: {complaint}") }),
        78 | 126 | 127 => Err(SendError::Config(format!("the mail program ended with {code}: {complaint}"))),
        _ => Err(SendError::Later { cause: format!("the mail program ended with {code}: {complaint}"), all: false }),
    }
}
