//! What `outbox list` and `outbox show` tell of letters: those that wait, those that may not have arrived, those that
//! went out and that nobody has acknowledged, and work that waits for hooks.

use serde_json::{Value, json};

use super::failure::Failure;
use super::output::{Cell, escape};
use super::table::{Fit, Table};
use super::{Shell, inbox};
use crate::clerk::{Clerk, ClerkError};
use crate::index::OpenTask;
use crate::outbox::queue::Item;
use crate::rules::unheard::SOON;
use crate::trade::{Moment, When};
use crate::view::text;

/// Columns of the names in front of values.
const NAMES: usize = 13;

/// Lists what waits; `all` lists what went out within the last day as well.
pub(super) fn list(shell: &Shell, clerk: &Clerk, items: &[Item], all: bool) -> Result<(), Failure> {
    let letters = waiting(clerk, items)?;
    let unacknowledged = unacknowledged(clerk, if all { 0 } else { SOON })?;
    let open = clerk.index().open_tasks().map_err(ClerkError::from)?;
    let tasks: Vec<Value> = open.iter().map(task).collect();
    if shell.output.is_json() {
        return shell.output.document(&json!({
            "schema": "mailorder.outbox/1", "letters": letters, "unacknowledged": unacknowledged, "tasks": tasks,
        }));
    }
    if letters.is_empty() && tasks.is_empty() && unacknowledged.is_empty() {
        return shell.output.line(shell.words.say("waits.none"));
    }
    let words = shell.words;
    let row = |letter: &Value| -> Vec<Cell> {
        let text = |field: &str| text_of(letter, field);
        let kind = words.name("kinds", &text("kind"));
        let state = words.name("waits", &text("state"));
        let error = words.sentence(&text("last_error"));
        [text("name"), text("to"), kind, state, text("tries"), error].map(Cell::plain).into()
    };
    let mut rows: Vec<Vec<Cell>> = letters.iter().map(row).collect();
    rows.extend(unacknowledged.iter().map(|letter| {
        let text = |field: &str| text_of(letter, field);
        let kind = words.name("kinds", &text("kind"));
        let state = words.name("waits", "unacknowledged");
        let sent = words.fill("waits.sent-on", &[("day", &day(shell, &text("sent")))]);
        [text("name"), text("to"), kind, state, text("times"), sent].map(Cell::plain).into()
    }));
    // Work for a hook goes to a program instead of a reader.
    rows.extend(tasks.iter().map(|task| {
        let text = |field: &str| text_of(task, field);
        let (to, kind) = (words.fill("waits.hook", &[("name", &text("hook"))]), words.name("work", &text("work")));
        let state = words.name("waits", &text("state"));
        [text("name"), to, kind, state, text("tries"), words.sentence(&text("last_error"))].map(Cell::plain).into()
    }));
    let head = shell.heads(&["name", "addressee", "letter", "state", "tries", "error"]);
    let fit = &[Fit::Cut(1, 16), Fit::Drop(4)];
    shell.output.fitted(&Table { head: &head, rows: &rows, right: &[4], fit, wrap: true })
}

/// Shows one letter, where it stands and what it says.
pub(super) fn show(shell: &Shell, clerk: &Clerk, items: &[Item], name: &str) -> Result<(), Failure> {
    let named = |letter: &Value| text_of(letter, "name") == name;
    let found = waiting(clerk, items)?.into_iter().find(named);
    let found = match found {
        Some(found) => found,
        None => {
            let unacknowledged = unacknowledged(clerk, 0)?.into_iter().find(named);
            unacknowledged.ok_or_else(|| Failure::data(format!("no letter {name:?} waits")))?
        }
    };
    let entry = name.parse::<u64>().ok();
    let number = match entry {
        Some(at) => clerk.index().entry(at).map_err(ClerkError::from)?.and_then(|entry| entry.names.number),
        None => None,
    };
    // What was erased, or belongs to an account before this one, is not there to be read.
    let says = entry.and_then(|at| clerk.letter_text(at).ok());
    if shell.output.is_json() {
        let value = json!({
            "schema": "mailorder.outbox-letter/1", "name": name, "to": found.get("to"), "kind": found.get("kind"),
            "message_id": found.get("message_id"), "number": number,
            "written": found.get("queued").or_else(|| found.get("sent")),
            "state": found.get("state").map_or_else(|| json!("unacknowledged"), Value::clone),
            "tries": found.get("tries").or_else(|| found.get("times")), "last_error": found.get("last_error"),
            "next_try": found.get("next_try"), "says": says,
        });
        return shell.output.document(&value);
    }
    let words = shell.words;
    let text = |field: &str| text_of(&found, field);
    let state = if text("state").is_empty() { "unacknowledged".to_owned() } else { text("state") };
    let written = [text("queued"), text("sent")].concat();
    let tries = [text("tries"), text("times")].concat();
    for (field, value) in [
        ("to", text("to")),
        ("letter", words.name("kinds", &text("kind"))),
        ("number", number.map(|number| number.to_string()).unwrap_or_default()),
        ("written", minute(shell, &written)),
        ("state", words.name("waits", &state)),
        ("tries", tries),
        ("error", words.sentence(&text("last_error"))),
        ("next-try", minute(shell, &text("next_try"))),
    ] {
        if !value.is_empty() {
            shell.output.named(&words.say(&format!("waits-at.{field}")), NAMES, &escape(&value))?;
        }
    }
    let Some(says) = says else { return Ok(()) };
    shell.output.line("")?;
    says.lines().try_for_each(|line| shell.output.line(escape(line)))
}

/// Returns the letters that wait to be sent, and those that a report doubts.
fn waiting(clerk: &Clerk, items: &[Item]) -> Result<Vec<Value>, Failure> {
    let queued = items.iter().map(|item| {
        json!({
            "name": item.name, "to": item.label.envelope.to, "kind": item.label.kind,
            "message_id": item.label.message_id, "queued": item.label.queued, "state": item.standing.state,
            "tries": item.standing.tries, "last_error": item.standing.last_error,
            "next_try": item.standing.next_try,
        })
    });
    let mut letters: Vec<Value> = queued.collect();
    for one in clerk.index().unsealed().map_err(ClerkError::from)? {
        let Some(entry) = clerk.index().entry(one.position).map_err(ClerkError::from)? else { continue };
        letters.push(json!({
            "name": one.position.to_string(), "to": entry.peer, "kind": entry.kind, "message_id": entry.letter,
            "queued": entry.recorded, "state": "waiting-for-key", "tries": 0, "last_error": one.reason,
            "next_try": null,
        }));
    }
    for one in clerk.index().doubts().map_err(ClerkError::from)? {
        let name = one.position.to_string();
        let Some(entry) = clerk.index().entry(one.position).map_err(ClerkError::from)? else { continue };
        if letters.iter().any(|letter| letter.get("name").and_then(Value::as_str) == Some(name.as_str())) {
            continue;
        }
        letters.push(json!({
            "name": name, "to": entry.peer, "kind": entry.kind, "message_id": entry.letter, "queued": entry.recorded,
            "state": "delivery-doubtful", "tries": 1, "last_error": "a report says that it was not delivered",
            "next_try": null,
        }));
    }
    Ok(letters)
}

/// Returns the letters sent so many seconds ago that nobody has acknowledged.
fn unacknowledged(clerk: &Clerk, seconds: i64) -> Result<Vec<Value>, Failure> {
    let letters = clerk.unacknowledged(seconds)?;
    let shown = letters.iter().map(|one| {
        let (letter, entry) = (&one.letter, &one.entry);
        json!({
            "name": letter.position.to_string(), "to": entry.peer, "kind": entry.kind, "message_id": entry.letter,
            "number": letter.names.number, "sent": entry.recorded, "times": letter.times,
        })
    });
    Ok(shown.collect())
}

/// Returns what is shown of work that a hook has not ended.
fn task(open: &OpenTask) -> Value {
    let attempt = open.attempt.as_ref();
    json!({
        "name": task_name(open), "hook": open.task.hook, "work": open.task.work, "number": open.names.number,
        "since": open.since, "state": inbox::state_of(open), "tries": attempt.map_or(0, |attempt| attempt.times),
        "last_error": attempt.map(|attempt| &attempt.fault), "next_try": inbox::next_try(open),
    })
}

/// Returns what work for a hook is called here: `hook-` and the beginning of its key.
pub(super) fn task_name(open: &OpenTask) -> String {
    format!("hook-{}", open.task.key.as_str().get(..8).unwrap_or_default())
}

/// Returns what stands in a field; nothing where there is none.
fn text_of(letter: &Value, field: &str) -> String {
    match letter.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Returns the day of a moment as people read it; what is none, as it stands.
fn day(shell: &Shell, moment: &str) -> String {
    Moment::parse(moment)
        .map_or_else(|_| moment.to_owned(), |moment| text::day(&When::Moment(moment), shell.clock.zone()))
}

/// The same with its minute.
fn minute(shell: &Shell, moment: &str) -> String {
    Moment::parse(moment).map_or_else(|_| moment.to_owned(), |moment| text::minute(&moment, shell.clock.zone()))
}
