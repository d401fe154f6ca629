//! `ledger`: the index thrown away and built again; a checkpoint signed; letters erased.

use super::Shell;
use super::failure::Failure;
use crate::clerk::{self, Clerk, ClerkError};
use crate::index::{Index, IndexError};
use crate::ledger::LedgerError;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder ledger checkpoint")]
pub(crate) struct LedgerArgs {
    #[command(subcommand)]
    command: LedgerCommand,
}

#[derive(Debug, clap::Subcommand)]
enum LedgerCommand {
    /// Build the index again from the ledger
    #[command(after_help = "Example:\n  mailorder ledger reindex")]
    Reindex,
    /// Sign how far the ledger goes, for a backup or an auditor
    #[command(after_help = "Example:\n  mailorder ledger checkpoint")]
    Checkpoint,
    /// Erase what letters say of people, for good; states, sums and digests stay
    Redact(super::redact::RedactArgs),
}

pub(super) fn run(shell: &mut Shell, args: LedgerArgs) -> Result<(), Failure> {
    match args.command {
        LedgerCommand::Reindex => reindex(shell),
        LedgerCommand::Checkpoint => checkpoint(shell, &mut shell.clerk()?),
        LedgerCommand::Redact(args) => super::redact::run(shell, &args),
    }
}

fn checkpoint(shell: &Shell, clerk: &mut Clerk) -> Result<(), Failure> {
    let made = clerk.checkpoint()?;
    shell.tell_notes(clerk);
    if shell.output.is_json() {
        let time = made.time.whole_second().to_string();
        return shell.output.document(&serde_json::json!({
            "schema": "mailorder.checkpoint/1", "ledger": made.ledger, "size": made.head.size, "root": made.head.root,
            "time": time,
        }));
    }
    let folder = clerk.settings().folders.ledger.join("checkpoints");
    shell.output.line(format!("{}", folder.join(format!("{}.asc", made.head.size)).display()))
}

fn reindex(shell: &Shell) -> Result<(), Failure> {
    super::account::is_whole(&shell.settings()?)?;
    let mut clerk = match Clerk::open(shell.settings()?, shell.clock.clone()) {
        // A log that was cut back is gone on with, because that is wished.
        Err(
            ClerkError::Ledger(LedgerError::CutBack { .. })
            | ClerkError::Index(IndexError::Ledger(LedgerError::CutBack { .. })),
        ) => {
            for note in clerk::go_on_with_cut_log(&shell.settings()?)? {
                shell.tell(&note);
            }
            opened_anew(shell)?
        }
        // The index itself may be what stands in the way.
        Err(ClerkError::Index(_)) => opened_anew(shell)?,
        opened => opened?,
    };
    let entries = match clerk.reindex() {
        Err(ClerkError::Index(_)) => {
            clerk = opened_anew(shell)?;
            clerk.reindex()?
        }
        entries => entries?,
    };
    shell.tell_notes(&mut clerk);
    if shell.output.is_json() {
        return shell.output.document(&serde_json::json!({"schema": "mailorder.reindex/1", "entries": entries}));
    }
    shell.output.line(shell.words.fill("made.index", &[("n", &entries)]))
}

/// Opens the account with a new index.
fn opened_anew(shell: &Shell) -> Result<Clerk, Failure> {
    let settings = shell.settings()?;
    Index::discard(&settings.folders.index).map_err(ClerkError::from)?;
    Ok(Clerk::open(settings, shell.clock.clone())?)
}
