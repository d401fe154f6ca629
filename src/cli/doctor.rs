//! `doctor`: whether an account can work, a line for each thing that must be in order, and what mends it.
//!
//! The page's health shows the same lines; here the mailbox is asked as well, and an account that cannot be opened is told of.

use std::time::Duration;

use serde_json::{Value, json};

use super::Shell;
use super::failure::Failure;
use super::output::{Tone, escape};
use crate::clerk::{self, Clerk, ClerkError};
use crate::config;
use crate::pgp;
use crate::view::health::{self, Line, Mark};
use crate::words::Words;

/// Columns of the names in front of what was found.
const NAMES: usize = 20;
/// How long the mailbox may take to answer.
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
    let mend = failure.proposes().map(str::to_owned);
    let values = json!({"fault": failure.text()});
    Line { mend, ..Line::new(Mark::Bad, "account", "account-fault", values, None) }
}

fn examine(shell: &Shell, clerk: &mut Clerk) -> Result<Vec<Line>, Failure> {
    let now = shell.clock.now();
    clerk.catch_up()?;
    let queue = clerk.queue().list().map_err(ClerkError::from)?;
    let mut lines = settings(clerk)?;
    // It was opened: so nobody else may write to its folders, or read its key.
    lines.push(Line::new(Mark::Good, "account", "account-good", json!({}), None));
    lines.push(Line::new(Mark::Good, "seals", "seals", json!({"name": pgp::backend()}), None));
    lines.push(health::clock(clerk, &now)?);
    lines.extend(health::keys(clerk, &now, shell.clock.zone())?);
    lines.extend(reach(shell, clerk)?);
    lines.extend(health::mail(clerk, &queue, &now)?);
    lines.push(health::ledger(clerk)?);
    Ok(lines)
}

/// Says what `config check` says.
fn settings(clerk: &Clerk) -> Result<Vec<Line>, Failure> {
    let file = &clerk.settings().folders.config;
    let text = crate::files::read_text(file, crate::files::SMALL).map_err(|error| Failure::unreadable(file, &error))?;
    let line = |fault: String| {
        let values = json!({"fault": fault});
        Line::new(Mark::Bad, "settings", "settings-wrong", values, Some("mailorder config check"))
    };
    let mut wrong: Vec<Line> =
        config::problems(&text, clerk.settings(), Some(clerk)).iter().map(|fault| line(fault.to_string())).collect();
    wrong.extend(clerk::outbox(clerk.settings()).err().map(|error| line(error.to_string())));
    let clean =
        || Line::new(Mark::Good, "settings", "settings-clean", json!({"file": file.display().to_string()}), None);
    Ok(if wrong.is_empty() { vec![clean()] } else { wrong })
}

/// Asks the mailbox; nothing where there is none, or nobody is to be asked.
fn reach(shell: &Shell, clerk: &Clerk) -> Result<Option<Line>, Failure> {
    let bad = |fault: String| {
        Line::new(Mark::Bad, "mailbox", "mailbox-fault", json!({"fault": fault}), Some("mailorder config check"))
    };
    if shell.global.offline || clerk.settings().inbox.is_none() {
        return Ok(None);
    }
    let mut inbox = match clerk::inbox(clerk.settings()) {
        Ok(Some(inbox)) => inbox,
        Ok(None) => return Ok(None),
        Err(error) => return Ok(Some(bad(error.to_string()))),
    };
    let answered = shell.unless_stopped(async {
        let answered = tokio::time::timeout(REACH, clerk.reach(&mut inbox)).await;
        inbox.close().await;
        Ok(answered)
    })?;
    Ok(Some(match answered {
        Ok(Ok(())) => Line::new(Mark::Good, "mailbox", "mailbox-good", json!({}), None),
        Ok(Err(error)) => bad(error.to_string()),
        Err(_) => bad(format!("no answer within {} s", REACH.as_secs())),
    }))
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
