//! `ledger reindex`: the index thrown away and built again.

use super::Shell;
use super::failure::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct LedgerArgs {
    #[command(subcommand)]
    command: LedgerCommand,
}

#[derive(Debug, clap::Subcommand)]
enum LedgerCommand {
    /// Build the index again from the ledger
    #[command(after_help = "Example:\n  mailorder ledger reindex")]
    Reindex,
}

pub(super) fn run(shell: &mut Shell, args: LedgerArgs) -> Result<(), Failure> {
    let LedgerCommand::Reindex = args.command;
    let mut clerk = shell.clerk()?;
    let entries = clerk.reindex()?;
    if shell.output.is_json() {
        return shell.output.document(&serde_json::json!({"schema": "mailorder.reindex/1", "entries": entries}));
    }
    shell.output.line(format!("{entries} entries indexed"))
}
