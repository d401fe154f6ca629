//! `doctor`: whether an account can work, a line for each thing that must be in order, and what mends it.
//!
//! The page's health shows the same lines; here mailbox and mail server are asked as well, and an account that cannot be opened is told
//! of.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::Shell;
use super::failure::Failure;
use super::output::{Tone, escape};
use crate::clerk::{self, Clerk};
use crate::outbox::SendError;
use crate::view::health::{self, Line, Mark};
use crate::words::Words;

/// Columns of the names in front of what was found.
const NAMES: usize = 20;
/// How long each server may take to answer.
const REACH: Duration = Duration::from_secs(30);

pub(super) fn run(shell: &mut Shell) -> Result<(), Failure> {
    let lines = match shell.clerk() {
        Ok(mut clerk) => examine(shell, &mut clerk)?,
        // What keeps the account from being opened is what is to be mended first.
        Err(failure) => vec![unopened(&failure)],
    };
    let bad = lines.iter().filter(|line| line.mark == Mark::Bad).count();
    if shell.output.is_json() {
        let found: Vec<Value> = lines.iter().map(|line| document(shell, line)).collect();
        shell.output.document(&json!({"schema": "mailorder.doctor/1", "lines": found, "bad": bad}))?;
    } else {
        lines.iter().try_for_each(|line| print(shell, line))?;
    }
    if bad > 0 { Err(Failure::finding()) } else { Ok(()) }
}

/// Returns the line of an account that cannot be opened: keys, folders that others may write to, the configuration.
fn unopened(failure: &Failure) -> Line {
    Line::fault("account", "account-fault", failure.text(), failure.proposes())
}

/// Returns all lines, those of the servers among the others.
fn examine(shell: &Shell, clerk: &mut Clerk) -> Result<Vec<Line>, Failure> {
    let found = health::look(clerk, health::Depth::Whole, &shell.clock.now(), shell.clock.zone());
    // Whoever ends it with Ctrl-C does not wait for them.
    let servers = reach(shell, clerk)?;
    Ok([found.account, found.keys, servers, found.mail, found.ledger].concat())
}

/// Asks the mailbox and the server that takes letters, at the same time; nothing where there is none, or nobody is to be asked.
fn reach(shell: &Shell, clerk: &Clerk) -> Result<Vec<Line>, Failure> {
    if shell.global.offline {
        return Ok(Vec::new());
    }
    let (mailbox, server) = shell.unless_stopped(async { Ok(tokio::join!(mailbox(clerk), server(clerk))) })?;
    Ok(mailbox.into_iter().chain(server).collect())
}

/// Says what did not answer in time.
fn slow() -> String {
    format!("no answer within {} s", REACH.as_secs())
}

/// Looks whether the mailbox can be read; what is new in it stays new.
async fn mailbox(clerk: &Clerk) -> Option<Line> {
    let answered = match clerk::inbox(clerk.settings()) {
        Ok(None) => return None,
        Ok(Some(mut inbox)) => {
            let answered = timeout(REACH, clerk.reach(&mut inbox)).await;
            inbox.close().await;
            answered.map_or_else(|_| Err(slow()), |answered| answered.map_err(|error| error.to_string()))
        }
        Err(error) => Err(error.to_string()),
    };
    Some(match answered {
        Ok(()) => Line::new(Mark::Good, "mailbox", "mailbox-good", json!({}), None),
        Err(fault) => Line::fault("mailbox", "mailbox-fault", &fault, Some("mailorder config check")),
    })
}

/// Looks whether the server that takes our letters answers, and takes the login; no letter goes to it. A way out that cannot be made is
/// told of with the configuration.
async fn server(clerk: &Clerk) -> Option<Line> {
    let mut outbox = clerk::outbox(clerk.settings()).ok()??;
    let answered = match timeout(REACH, outbox.reach()).await {
        Ok(Ok(false)) => return None,
        Ok(Ok(true)) => Ok(()),
        Ok(Err(SendError::Later { cause, .. } | SendError::Broken { cause } | SendError::Passing { cause })) => {
            Err(cause)
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(slow()),
    };
    Some(match answered {
        Ok(()) => Line::new(Mark::Good, "server", "server-good", json!({}), None),
        Err(fault) => Line::fault("server", "server-fault", &fault, Some("mailorder config check")),
    })
}

/// Prints one line, and below it what mends it.
fn print(shell: &Shell, line: &Line) -> Result<(), Failure> {
    let (sign, tone) = match line.mark {
        Mark::Good => ("✓", Tone::Plain),
        Mark::Look => ("!", Tone::Warned),
        Mark::Bad => ("✗", Tone::Bad),
    };
    let name = format!("{sign} {}", shell.words.say(&format!("health-what.{}", line.what)));
    let said = escape(&line.says(shell.words, shell.clock.zone()));
    shell.output.named(&name, NAMES, &shell.output.tone(&said, tone))?;
    match &line.mend {
        Some(mend) => shell.output.named("", NAMES, &format!("→ {}", escape(&shell.said(mend)))),
        None => Ok(()),
    }
}

/// Returns one line as programs read it: in English, with the code of what was found.
fn document(shell: &Shell, line: &Line) -> Value {
    let state = match line.mark {
        Mark::Good => "good",
        Mark::Look => "look",
        Mark::Bad => "bad",
    };
    json!({
        "state": state, "what": line.what, "found": line.found,
        "text": line.says(Words::ENGLISH, shell.clock.zone()), "at": line.at, "mend": line.mend,
    })
}
