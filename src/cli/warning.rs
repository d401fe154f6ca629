//! `warnings show`: all that is known of one warning, and what can be done about it.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::Shell;
use super::failure::Failure;
use super::output::escape;
use super::warnings::{answer, how};
use crate::clerk::{Clerk, ClerkError};
use crate::trade::Verdict;
use crate::view::settle::{self, SettleError, Warning};
use crate::view::text;
use crate::view::warnings::{SET_ASIDE, Shown, Which, aside_id, gather};

/// Columns of the names in front of values.
const NAMES: usize = 12;

/// Shows one warning: each of its reasons, whose letter it is and where that lies.
pub(super) fn run(shell: &Shell, clerk: &mut Clerk, name: &str) -> Result<(), Failure> {
    clerk.catch_up()?;
    let (warning, others) = settle::meant(clerk, &Warning::parse(name)?)?;
    let aside = match &warning {
        Warning::Aside(beginning) => Some(settle::aside(clerk, beginning)?),
        _ => None,
    };
    let id = aside.as_ref().map_or_else(|| warning.to_string(), |aside| aside_id(&aside.name));
    let mut shown = gather(clerk, Which { all: true, late: true })?;
    shown.retain(|one| one.id == id);
    let Some(first) = shown.first() else {
        return Err(SettleError::Unknown(warning).into());
    };
    if shell.output.is_json() {
        let values: Vec<&Value> = shown.iter().map(|one| &one.value).collect();
        return shell.output.document(&json!({"schema": "mailorder.warnings/1", "warnings": values}));
    }
    let line = |name: &str, value: &str| {
        if value.is_empty() { Ok(()) } else { shell.output.named(&shell.words.name("warning", name), NAMES, value) }
    };
    let about = if first.subject == SET_ASIDE { shell.words.say("warned.aside") } else { first.subject.clone() };
    line("id", &first.id)?;
    line("about", &escape(&about))?;
    line("from", &escape(&first.from))?;
    line("signer", first.value.get("signer").and_then(Value::as_str).unwrap_or_default())?;
    line("day", &first.date.map(|date| text::day(&date, shell.clock.zone())).unwrap_or_default())?;
    line("settled", &escape(&how(shell, first)))?;
    for one in &shown {
        let says = one.says(shell.words, shell.clock.zone());
        line("finding", &escape(&format!("{}: {says}", one.finding)))?;
    }
    let letter = match (&warning, &aside) {
        (_, Some(aside)) => Some(Letter { place: clerk.set_aside_file(&aside.name), counts: false }),
        (Warning::Letter(position), _) => letter(clerk, *position)?,
        _ => None,
    };
    if let Some(Letter { place, counts }) = letter {
        // An erased one is not there any more, and a mail reader may have given it another name.
        let place = if place.is_file() { place.display().to_string() } else { String::new() };
        line("file", &escape(&place))?;
        shell.output.line("")?;
        shell.output.line(shell.words.say(if counts { "warned.counts" } else { "warned.applied-not" }))?;
    }
    if others > 0 {
        shell.output.line(shell.words.fill("warned.again", &[("n", &others)]))?;
    }
    next(shell, clerk, &warning, first)
}

/// Where a letter lies, and whether it counts all the same.
struct Letter {
    place: PathBuf,
    counts: bool,
}

fn letter(clerk: &Clerk, position: u64) -> Result<Option<Letter>, Failure> {
    let entry = clerk.index().entry(position).map_err(ClerkError::from)?;
    Ok(entry.map(|entry| {
        let place = clerk.ledger().folder().join("cur").join(entry.line.file_name());
        Letter { place, counts: matches!(entry.standing, Some(Verdict::Applied | Verdict::Stale)) }
    }))
}

/// Proposes what can be done about an open warning.
fn next(shell: &Shell, clerk: &Clerk, warning: &Warning, shown: &Shown) -> Result<(), Failure> {
    if shown.settled.is_some() {
        return Ok(());
    }
    answer(shell, clerk, warning)?;
    shell.next(&match warning {
        Warning::Letter(_) => format!(
            "mailorder warnings ack {warning}; mailorder warnings accept {warning} --reason WHY lets it count; \
             mailorder warnings block {warning}"
        ),
        _ => format!("mailorder warnings ack {warning}"),
    });
    Ok(())
}
