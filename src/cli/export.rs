//! `export`: transactions for spreadsheets, programs, accounting and calendars. Made part by part: neither memory nor the
//! first line waits for the last transaction.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::Shell;
use super::failure::Failure;
use super::output::escape;
use crate::clerk::{Clerk, ClerkError, chance};
use crate::maildir;
use crate::trade::Role;
use crate::view::export::{Export, Format, Labels, Wanted};
use crate::view::orders::first_role;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailorder export --format csv > orders.csv
  mailorder export unpaid --format csv --spreadsheet --output unpaid.csv
  mailorder export date:2026 --format jsonl
  mailorder export --format hledger | hledger -f - balance liabilities:unpaid
  mailorder export open --format ics --output deliveries.ics --overwrite

The words of a query are those of `mailorder list`. csv: a row for each transaction. jsonl: a document for each, with lines and
payments. hledger: a journal that hledger and ledger read. ics: planned deliveries and payments, for a calendar. What stands
where: docs/export.md. A file is made for its owner's eyes alone, and appears when it is whole.")]
pub(crate) struct ExportArgs {
    /// What must hold, in the words of `list`
    query: Vec<String>,
    /// The form; with --json it is jsonl
    #[arg(long, value_name = "csv|jsonl|hledger|ics", value_parser = format, required_unless_present = "json")]
    format: Option<Format>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "output")]
    overwrite: bool,
    /// For a spreadsheet: csv that begins with the mark of UTF-8
    #[arg(long)]
    spreadsheet: bool,
    /// Part played; by default the first of buyer, shop, payment and delivery that the account plays
    #[arg(long, value_parser = super::list::role)]
    role: Option<Role>,
}

fn format(word: &str) -> Result<Format, String> {
    Format::parse(word).ok_or_else(|| "one of csv, jsonl, hledger, ics".to_owned())
}

pub(super) fn run(shell: &mut Shell, args: &ExportArgs) -> Result<(), Failure> {
    let format = args.format.unwrap_or(Format::Jsonl);
    if args.spreadsheet && format != Format::Csv {
        return Err(Failure::usage("--spreadsheet is for --format csv alone"));
    }
    if shell.output.is_json() && format != Format::Jsonl {
        return Err(Failure::usage(format!("--json is --format jsonl, and {} was asked for", format.word())));
    }
    let now = shell.clock.now();
    let zone = shell.clock.zone().clone();
    let query = super::list::query_of(&args.query.join(" "), now.instant().to_zoned(zone.clone()).date())?;
    let taken = args.output.as_deref().filter(|file| !args.overwrite && fs::symlink_metadata(file).is_ok());
    if let Some(file) = taken {
        return Err(is_there(file));
    }
    let mut clerk = shell.clerk()?;
    clerk.catch_up()?;
    let role = args.role.unwrap_or_else(|| first_role(&clerk));
    if !format.is_for(role) {
        let text = format!("there is no journal for the {role} agent: the money it handles is not its own");
        return Err(Failure::usage(text).hint("mailorder export --format csv"));
    }
    let spreadsheet = args.spreadsheet;
    let say = |key: &str| shell.words.say(&format!("export.{key}"));
    let labels = Labels { delivery: say("delivery"), payment: say("payment"), refund: say("refund") };
    let wanted = Wanted { role, query, format, spreadsheet, labels, now, zone };
    // All of it as it stood at one moment, whatever is entered meanwhile.
    clerk.index().begin_reading().map_err(ClerkError::from)?;
    let export = Export::begin(&clerk, wanted)?;
    let written = match &args.output {
        Some(file) => to_file(&clerk, export, file, args.overwrite),
        None => to_output(shell, &clerk, export),
    };
    clerk.index().end_reading().map_err(ClerkError::from)?;
    let (count, file) = (written?, args.output.as_deref());
    if let Some(file) = file {
        let file = escape(&file.display().to_string());
        shell.output.done(shell.words.fill("exported.file", &[("n", &count), ("file", &file)]));
    }
    Ok(())
}

/// Writes to standard output; on a terminal nothing of it can steer that.
fn to_output(shell: &Shell, clerk: &Clerk, mut export: Export) -> Result<u64, Failure> {
    let mut part = Vec::new();
    loop {
        let more = export.next(clerk, &mut part)?;
        if shell.output.is_terminal() {
            shell.output.raw(shown(&part).as_bytes())?;
        } else {
            shell.output.raw(&part)?;
        }
        part.clear();
        if !more {
            return Ok(export.written());
        }
    }
}

/// Returns a part as a terminal may show it.
fn shown(part: &[u8]) -> String {
    let text = String::from_utf8_lossy(part);
    let line = |line: &str| escape(line.trim_start_matches('\u{feff}').trim_end_matches('\r'));
    text.split('\n').map(line).collect::<Vec<String>>().join("\n")
}

/// Writes to a file that has its name only once it is whole.
fn to_file(clerk: &Clerk, export: Export, path: &Path, overwrite: bool) -> Result<u64, Failure> {
    let chance: [u8; 4] = chance()?;
    let name = path.file_name().ok_or_else(|| Failure::usage(format!("{} names no file", path.display())))?;
    let part = path.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), hex::encode(chance)));
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part);
    let made = made.map_err(|error| Failure::unwritable(path, &error))?;
    let whole = filled(clerk, export, made, path).and_then(|count| {
        if overwrite {
            fs::rename(&part, path).map_err(|error| Failure::unwritable(path, &error))?;
        } else {
            maildir::claim(&part, path).map_err(|error| match error {
                maildir::Error::NameTaken { .. } => is_there(path),
                error => ClerkError::from(error).into(),
            })?;
        }
        Ok(count)
    });
    whole.inspect_err(|_| {
        // What is left of it is of no use to anybody.
        let _ = fs::remove_file(&part);
    })
}

fn filled(clerk: &Clerk, mut export: Export, mut file: File, path: &Path) -> Result<u64, Failure> {
    let fault = |error: std::io::Error| Failure::unwritable(path, &error);
    let mut part = Vec::new();
    loop {
        let more = export.next(clerk, &mut part)?;
        file.write_all(&part).map_err(fault)?;
        part.clear();
        if !more {
            file.sync_all().map_err(fault)?;
            return Ok(export.written());
        }
    }
}

fn is_there(path: &Path) -> Failure {
    let text = format!("{} is there already, and nothing is written over it", path.display());
    Failure::data(text).hint("name another file, or add --overwrite")
}

impl Failure {
    /// Returns the failure to write a file that a person named.
    fn unwritable(path: &Path, error: &std::io::Error) -> Self {
        let text = format!("cannot write {}: {error}", path.display());
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => Self::data(text),
            kind => Self::of_system(kind, text),
        }
    }
}
