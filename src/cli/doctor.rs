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
use crate::outbox::queue::{Contents, Damaged};
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
    fault("account", "account-fault", failure)
}

fn fault(what: &'static str, found: &'static str, failure: &Failure) -> Line {
    Line::new(Mark::Bad, what, found, json!({"fault": failure.text()}), failure.proposes())
}

fn examine(shell: &Shell, clerk: &mut Clerk) -> Result<Vec<Line>, Failure> {
    let (now, mut lines) = (shell.clock.now(), Vec::new());
    look(&mut lines, "settings", settings(clerk));
    lines.extend(access(clerk));
    lines.push(Line::new(Mark::Good, "seals", "seals", json!({"name": pgp::backend()}), None));
    look(&mut lines, "log", clerk.catch_up().map(|()| None));
    look(&mut lines, "clock", health::clock(clerk, &now).map(Some));
    look(&mut lines, "own", health::keys(clerk, &now, shell.clock.zone()));
    // Whoever ends it with Ctrl-C does not wait for the mailbox.
    lines.extend(reach(shell, clerk)?);
    match clerk.queue().look().map_err(ClerkError::from) {
        Ok(queue) => {
            lines.extend(damaged(clerk, &queue));
            look(&mut lines, "aside", health::mail(clerk, &queue, &now));
        }
        Err(error) => {
            let failure = error.into();
            lines.extend(["out", "aside"].map(|what| fault(what, "look-fault", &failure)));
        }
    }
    look(&mut lines, "log", log(clerk).map(Some));
    Ok(lines)
}

/// Adds what a look found; where it could not be done that is what was found, and the next one is done all the same.
fn look<E: Into<Failure>>(lines: &mut Vec<Line>, what: &'static str, found: Result<impl IntoIterator<Item = Line>, E>) {
    match found {
        Ok(found) => lines.extend(found),
        Err(error) => lines.push(fault(what, "look-fault", &error.into())),
    }
}

/// Says what of the account others may read, and what its owner cannot write to.
fn access(clerk: &Clerk) -> Vec<Line> {
    let readers = clerk::open_to_readers(clerk.settings()).into_iter().map(|file| {
        let mend = format!("chmod go-rwx {}", file.display());
        let values = json!({"file": file.display().to_string()});
        Line::new(Mark::Look, "account", "account-open", values, Some(&mend))
    });
    let closed = clerk::unwritable(clerk.settings()).into_iter().map(|closed| {
        let mend = closed.is_ours.then(|| format!("chmod u+rwX {}", closed.path.display()));
        let values = json!({"file": closed.path.display().to_string(), "fault": closed.cause.to_string()});
        Line::new(Mark::Bad, "account", "account-closed", values, mend.as_deref())
    });
    let found: Vec<Line> = readers.chain(closed).collect();
    // It was opened: so nobody else may write to its folders, or read its key.
    let good = || vec![Line::new(Mark::Good, "account", "account-good", json!({}), None)];
    if found.is_empty() { good() } else { found }
}

/// Names the files of the queue that are no letters: they are sent to nobody.
fn damaged(clerk: &Clerk, queue: &Contents) -> Vec<Line> {
    let line = |damaged: &Damaged| {
        let file = clerk.settings().folders.queue.join(format!("{}.eml", damaged.name));
        let values = json!({"file": file.display().to_string(), "fault": damaged.cause});
        Line::new(Mark::Bad, "out", "out-damaged", values, None)
    };
    queue.damaged.iter().map(line).collect()
}

/// Reads the log from its beginning: lines that were indexed may have been changed since.
fn log(clerk: &Clerk) -> Result<Line, ClerkError> {
    let indexed = clerk.index().mark().head();
    if clerk.ledger().root_at(indexed.size)? == Some(indexed) {
        return health::ledger(clerk);
    }
    let mend = format!("mailorder audit verify {}", clerk.settings().folders.ledger.display());
    Ok(Line::new(Mark::Bad, "log", "log-changed", json!({}), Some(&mend)))
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
