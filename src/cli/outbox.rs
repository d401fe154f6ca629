//! `outbox list|retry|drop`: letters waiting to be sent.

use serde_json::{Value, json};

use super::failure::Failure;
use super::output::Cell;
use super::table::{Fit, Table};
use super::{Shell, inbox};
use crate::clerk::{Clerk, ClerkError};
use crate::index::{OpenTask, Unsealed};
use crate::outbox::queue::{Item, State};

#[derive(Debug, clap::Args)]
pub(crate) struct OutboxArgs {
    #[command(subcommand)]
    command: OutboxCommand,
}

#[derive(Debug, clap::Subcommand)]
enum OutboxCommand {
    /// List what waits, and why
    #[command(after_help = "Example:\n  mailorder outbox list --json")]
    List,
    /// Try letters and work for hooks again now; all but dropped ones where none is named
    #[command(after_help = "Example:\n  mailorder outbox retry 42")]
    Retry {
        /// Names as listed
        names: Vec<String>,
    },
    /// Give up sending a letter: it is not sent any more unless `retry` names it; its entry stays in the ledger
    #[command(after_help = "Example:\n  mailorder outbox drop 42")]
    Drop {
        /// Names as listed
        #[arg(required = true)]
        names: Vec<String>,
    },
}

impl OutboxArgs {
    /// Returns whether letters are only listed.
    pub(super) const fn lists(&self) -> bool {
        matches!(self.command, OutboxCommand::List)
    }
}

pub(super) fn run(shell: &mut Shell, args: OutboxArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let items = clerk.queue().list().map_err(ClerkError::from)?;
    let unsealed = clerk.index().unsealed().map_err(ClerkError::from)?;
    let doubts = clerk.index().doubts().map_err(ClerkError::from)?;
    let tasks = clerk.index().open_tasks().map_err(ClerkError::from)?;
    let task = |name: &str| tasks.iter().find(|open| task_name(open) == name);
    let doubtful = |name: &str| doubts.iter().any(|one| one.position.to_string() == name);
    let waits = |name: &String| {
        items.iter().any(|item| item.name == *name)
            || unsealed.iter().any(|one| one.position.to_string() == *name)
            || doubtful(name)
            || task(name).is_some()
    };
    let check = |names: &[String]| match names.iter().find(|name| !waits(name)) {
        Some(unknown) => Err(Failure::data(format!("no letter {unknown:?} waits")).hint("mailorder outbox list")),
        None => Ok(()),
    };
    match args.command {
        OutboxCommand::List => list(shell, &clerk, &items, &unsealed),
        OutboxCommand::Retry { names } => {
            check(&names)?;
            for open in tasks.iter().filter(|open| names.is_empty() || names.contains(&task_name(open))) {
                clerk.index().try_anew(&open.task.key).map_err(ClerkError::from)?;
            }
            let queued = |name: &String| items.iter().any(|item| item.name == *name);
            for name in names.iter().filter(|name| doubtful(name) && !queued(name)) {
                clerk.seal_after_all(name.parse().unwrap_or(u64::MAX))?;
            }
            retry(shell, &mut clerk, &items, &names)
        }
        OutboxCommand::Drop { names } => {
            check(&names)?;
            if let Some((name, open)) = names.iter().find_map(|name| Some((name, task(name)?))) {
                let text = format!("{name} is work for a hook, and no letter: it is refused with its transaction");
                return Err(Failure::data(text).hint(format!("mailorder {} inbox", inbox::command(open.role))));
            }
            for item in items.iter().filter(|item| names.contains(&item.name)) {
                clerk.queue().drop_letter(item).map_err(ClerkError::from)?;
            }
            let unsealed = unsealed.iter().map(|one| one.position).chain(doubts.iter().map(|one| one.position));
            for position in unsealed.filter(|position| names.contains(&position.to_string())) {
                clerk.drop_unsealed(position)?;
            }
            shell.done(format!("dropped {}; the ledger keeps what was written", names.join(", ")));
            Ok(())
        }
    }
}

/// Makes letters due at once and sends; a dropped one only where it is named.
fn retry(shell: &Shell, clerk: &mut Clerk, items: &[Item], names: &[String]) -> Result<(), Failure> {
    let dropped = |item: &Item| item.standing.state == State::Dropped;
    let meant = |item: &&Item| if names.is_empty() { !dropped(item) } else { names.contains(&item.name) };
    for item in items.iter().filter(meant) {
        let mail = clerk.queue().mail(&item.name).map_err(ClerkError::from)?;
        match item.name.parse() {
            Ok(position) if mail.is_some_and(|mail| mail.is_empty()) => clerk.seal_after_all(position)?,
            _ => clerk.queue().mark_due(&item.name).map_err(ClerkError::from)?,
        }
    }
    clerk.tend()?;
    shell.unless_stopped(async { Ok(clerk.work(super::mail::WORK_BUDGET).await?) })?;
    shell.tell_notes(clerk);
    shell.send(clerk)?;
    let left = clerk.queue().list().map_err(ClerkError::from)?.iter().filter(|item| !dropped(item)).count();
    let before = items.iter().filter(meant).count();
    shell.done(format!("{left} of {} still waiting", before.max(left)));
    Ok(())
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
fn task_name(open: &OpenTask) -> String {
    format!("hook-{}", open.task.key.as_str().get(..8).unwrap_or_default())
}

fn list(shell: &Shell, clerk: &Clerk, items: &[Item], unsealed: &[Unsealed]) -> Result<(), Failure> {
    let queued = items.iter().map(|item| {
        json!({
            "name": item.name, "to": item.label.envelope.to, "kind": item.label.kind,
            "message_id": item.label.message_id, "queued": item.label.queued, "state": item.standing.state,
            "tries": item.standing.tries, "last_error": item.standing.last_error,
            "next_try": item.standing.next_try,
        })
    });
    let mut letters: Vec<Value> = queued.collect();
    for one in unsealed {
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
    let open = clerk.index().open_tasks().map_err(ClerkError::from)?;
    let tasks: Vec<Value> = open.iter().map(task).collect();
    if shell.output.is_json() {
        return shell.output.document(&json!({"schema": "mailorder.outbox/1", "letters": letters, "tasks": tasks}));
    }
    if letters.is_empty() && tasks.is_empty() {
        return shell.output.line(shell.words.say("waits.none"));
    }
    let text = |letter: &Value, field: &str| match letter.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let words = shell.words;
    let row = |letter: &Value| -> Vec<Cell> {
        let text = |field: &str| text(letter, field);
        let kind = words.name("kinds", &text("kind"));
        let state = words.name("waits", &text("state"));
        let error = words.sentence(&text("last_error"));
        [text("name"), text("to"), kind, state, text("tries"), error].map(Cell::plain).into()
    };
    // Work for a hook goes to a program instead of a reader.
    let for_hooks = tasks.iter().map(|task| {
        let [to, kind] = ["hook", "work"].map(|field| text(task, field));
        let mut shown = task.clone();
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("to".to_owned(), json!(words.fill("waits.hook", &[("name", &to)])));
            shown.insert("kind".to_owned(), json!(words.name("work", &kind)));
        }
        shown
    });
    let all: Vec<Value> = letters.iter().cloned().chain(for_hooks).collect();
    let rows: Vec<Vec<Cell>> = all.iter().map(row).collect();
    let head = shell.heads(&["name", "addressee", "letter", "state", "tries", "error"]);
    let fit = &[Fit::Cut(1, 16), Fit::Drop(4)];
    shell.output.fitted(&Table { head: &head, rows: &rows, right: &[4], fit, wrap: true })
}
