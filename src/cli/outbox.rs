//! `outbox list|show|flush|retry|drop`: letters waiting to be sent, and those that went out and were not acknowledged.

use super::failure::Failure;
use super::outbox_letters::{list, show, task_name};
use super::sending::send_all;
use super::{Shell, inbox};
use crate::clerk::{Clerk, ClerkError};
use crate::index::OpenTask;
use crate::outbox::{
    self,
    queue::{Contents, Item, State},
};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder outbox list --json")]
pub(crate) struct OutboxArgs {
    #[command(subcommand)]
    command: OutboxCommand,
}

#[derive(Debug, clap::Subcommand)]
enum OutboxCommand {
    /// List what waits, and why; and what went out a day ago or earlier and was not acknowledged by its reader
    #[command(after_help = "Example:\n  mailorder outbox list --json")]
    List {
        /// Also what went out within the last day and is not acknowledged yet
        #[arg(long)]
        all: bool,
    },
    /// Show one letter: where it stands, and what it says
    #[command(after_help = "Example:\n  mailorder outbox show 42")]
    Show {
        /// Its name as listed
        name: String,
    },
    /// Send what is due, and end; no mail is fetched
    #[command(after_help = "Example:\n  mailorder outbox flush")]
    Flush,
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
        matches!(self.command, OutboxCommand::List { .. })
    }
}

pub(super) fn run(shell: &mut Shell, args: OutboxArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let queue = clerk.queue().look().map_err(ClerkError::from)?;
    let Contents { items, damaged } = &queue;
    let is_damaged = |name: &str| damaged.iter().any(|one| one.name == name);
    let unsealed = clerk.index().unsealed().map_err(ClerkError::from)?;
    let doubts = clerk.index().doubts().map_err(ClerkError::from)?;
    let tasks = clerk.index().open_tasks().map_err(ClerkError::from)?;
    let task = |name: &str| tasks.iter().find(|open| task_name(open) == name);
    let unacknowledged = match args.command {
        OutboxCommand::List { .. } | OutboxCommand::Flush => Vec::new(),
        _ => clerk.unacknowledged(0)?,
    };
    // Letters that went out: sent again where a person wishes it.
    let went_out = |name: &str| {
        let mut positions = doubts.iter().map(|one| one.position);
        positions.any(|at| at.to_string() == name)
            || unacknowledged.iter().any(|one| one.letter.position.to_string() == name)
    };
    let waits = |name: &String| {
        items.iter().any(|item| item.name == *name)
            || unsealed.iter().any(|one| one.position.to_string() == *name)
            || is_damaged(name)
            || went_out(name)
            || task(name).is_some()
    };
    let check = |names: &[String]| match names.iter().find(|name| !waits(name)) {
        Some(unknown) => Err(Failure::data(format!("no letter {unknown:?} waits")).hint("mailorder outbox list")),
        None => Ok(()),
    };
    match args.command {
        OutboxCommand::List { all } => list(shell, &clerk, &queue, all),
        OutboxCommand::Show { name } => {
            check(std::slice::from_ref(&name))?;
            if let Some(open) = task(&name) {
                return Err(no_letter(&name, open));
            }
            show(shell, &clerk, &queue, &name)
        }
        OutboxCommand::Flush => flush(shell, &mut clerk),
        OutboxCommand::Retry { names } => {
            check(&names)?;
            for open in tasks.iter().filter(|open| names.is_empty() || names.contains(&task_name(open))) {
                clerk.index().try_anew(&open.task.key).map_err(ClerkError::from)?;
            }
            let queued = |name: &String| items.iter().any(|item| item.name == *name);
            for name in names.iter().filter(|name| went_out(name) && !queued(name) && !is_damaged(name)) {
                clerk.seal_after_all(name.parse().unwrap_or(u64::MAX))?;
            }
            retry(shell, &mut clerk, items, &names)
        }
        OutboxCommand::Drop { names } => {
            check(&names)?;
            if let Some((name, open)) = names.iter().find_map(|name| Some((name, task(name)?))) {
                return Err(no_letter(name, open));
            }
            for item in items.iter().filter(|item| names.contains(&item.name)) {
                clerk.queue().drop_letter(item).map_err(ClerkError::from)?;
            }
            for one in damaged.iter().filter(|one| names.contains(&one.name)) {
                clerk.drop_damaged(&one.name)?;
            }
            let unsealed = unsealed.iter().map(|one| one.position).chain(doubts.iter().map(|one| one.position));
            let unsealed = unsealed.chain(unacknowledged.iter().map(|one| one.letter.position));
            for position in unsealed.filter(|position| names.contains(&position.to_string())) {
                clerk.drop_unsealed(position)?;
            }
            shell.done(format!("dropped {}; the ledger keeps what was written", names.join(", ")));
            Ok(())
        }
    }
}

/// Refuses to take work for a hook for a letter.
fn no_letter(name: &str, open: &OpenTask) -> Failure {
    let text = format!("{name} is work for a hook, and no letter: it is refused with its transaction");
    Failure::data(text).hint(format!("mailorder {} inbox", inbox::command(open.role)))
}

/// Makes letters due at once and sends; a dropped one only where it is named.
fn retry(shell: &Shell, clerk: &mut Clerk, items: &[Item], names: &[String]) -> Result<(), Failure> {
    let dropped = |item: &Item| item.standing.state == State::Dropped;
    let meant = |item: &&Item| if names.is_empty() { !dropped(item) } else { names.contains(&item.name) };
    for item in items.iter().filter(meant) {
        let mail = clerk.queue().mail(&item.name).map_err(ClerkError::from)?;
        match item.name.parse::<u64>() {
            Ok(position) if mail.as_ref().is_some_and(Vec::is_empty) => clerk.seal_after_all(position)?,
            // No letter of ours is like that: its file is at fault.
            Ok(_) if mail.is_some_and(|mail| outbox::check(&mail).is_err()) => clerk.write_anew(&item.name)?,
            _ => clerk.queue().mark_due(&item.name).map_err(ClerkError::from)?,
        }
    }
    clerk.tend()?;
    shell.unless_stopped(async { Ok(clerk.work(super::mail::WORK_BUDGET).await?) })?;
    shell.tell_notes(clerk);
    shell.send(clerk)?;
    let left = clerk.queue().look().map_err(ClerkError::from)?;
    if let Some(one) = left.damaged.iter().find(|one| names.contains(&one.name)) {
        return Err(Failure::data(one.unmended()).hint(format!("mailorder outbox drop {}", one.name)));
    }
    let left = left.items.iter().filter(|item| !dropped(item)).count();
    let before = items.iter().filter(meant).count();
    shell.done(format!("{left} of {} still waiting", before.max(left)));
    Ok(())
}

/// Writes what time brings, and sends what is due.
fn flush(shell: &Shell, clerk: &mut Clerk) -> Result<(), Failure> {
    let waiting = |clerk: &Clerk| -> Result<usize, ClerkError> {
        Ok(clerk.queue().list()?.iter().filter(|item| item.standing.state.is_open()).count())
    };
    clerk.tend()?;
    shell.tell_notes(clerk);
    let before = waiting(clerk)?;
    let sent = if shell.global.offline { Ok(()) } else { send_all(shell, clerk) };
    let left = waiting(clerk)?;
    shell.done(format!("{left} of {} still waiting", before.max(left)));
    sent
}
