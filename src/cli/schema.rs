//! `schema`: the JSON Schemas of all output.

use std::path::PathBuf;

use super::Shell;
use super::failure::Failure;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder schema schemas/")]
pub(crate) struct SchemaArgs {
    /// Folder to write one file for each document to; without it all are printed
    dir: Option<PathBuf>,
}

pub(super) fn run(shell: &mut Shell, args: SchemaArgs) -> Result<(), Failure> {
    let _ = (shell, args);
    Err(Failure::bug("not built yet"))
}
