//! `outbox list|retry|drop`: letters waiting to be sent.

use serde_json::json;

use super::Shell;
use super::failure::Failure;
use super::output::{self, Cell};
use crate::clerk::ClerkError;

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
    /// Try letters again now; all of them where none is named
    #[command(after_help = "Example:\n  mailorder outbox retry 42")]
    Retry {
        /// Names as listed
        names: Vec<String>,
    },
    /// Give up sending a letter; its entry stays in the ledger
    #[command(after_help = "Example:\n  mailorder outbox drop 42")]
    Drop {
        /// Names as listed
        #[arg(required = true)]
        names: Vec<String>,
    },
}

pub(super) fn run(shell: &mut Shell, args: OutboxArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let items = clerk.queue().list().map_err(ClerkError::from)?;
    let check = |names: &[String]| match names.iter().find(|name| !items.iter().any(|item| item.name == **name)) {
        Some(unknown) => Err(Failure::data(format!("no letter {unknown:?} waits")).hint("mailorder outbox list")),
        None => Ok(()),
    };
    match args.command {
        OutboxCommand::List if shell.output.is_json() => {
            let letters: Vec<_> = items
                .iter()
                .map(|item| {
                    json!({
                        "name": item.name, "to": item.label.envelope.to, "kind": item.label.kind,
                        "message_id": item.label.message_id, "queued": item.label.queued, "state": item.standing.state,
                        "tries": item.standing.tries, "last_error": item.standing.last_error,
                        "next_try": item.standing.next_try,
                    })
                })
                .collect();
            shell.output.document(&json!({"schema": "mailorder.outbox/1", "letters": letters}))
        }
        OutboxCommand::List if items.is_empty() => shell.output.line("nothing waits"),
        OutboxCommand::List => {
            let rows: Vec<Vec<Cell>> = items
                .iter()
                .map(|item| {
                    let state = serde_json::to_value(item.standing.state).ok();
                    let state = state.and_then(|state| state.as_str().map(str::to_owned)).unwrap_or_default();
                    let error = item.standing.last_error.clone().unwrap_or_default();
                    vec![
                        Cell::plain(&item.name),
                        Cell::plain(item.label.envelope.to.as_str()),
                        Cell::plain(&item.label.kind),
                        Cell::plain(state),
                        Cell::plain(item.standing.tries.to_string()),
                        Cell::plain(output::cut(&error, 70)),
                    ]
                })
                .collect();
            shell.output.table(&["NAME", "TO", "LETTER", "STATE", "TRIES", "LAST ERROR"], &rows, &[4])
        }
        OutboxCommand::Retry { names } => {
            check(&names)?;
            for item in items.iter().filter(|item| names.is_empty() || names.contains(&item.name)) {
                clerk.queue().mark_due(&item.name).map_err(ClerkError::from)?;
            }
            shell.send(&mut clerk)
        }
        OutboxCommand::Drop { names } => {
            check(&names)?;
            for name in &names {
                clerk.queue().remove(name).map_err(ClerkError::from)?;
            }
            Ok(())
        }
    }
}
