//! `ledger redact`: what letters say of people, erased for good; their places and what follows from them stay.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::failure::{Failure, FailureKind};
use super::table::{Fit, Table};
use super::{Shell, output, transaction};
use crate::clerk::{Clerk, Erased, ErasedLetter};
use crate::view::text;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailorder ledger redact 42 43 --reason 'asked for by the buyer on 2026-11-20' --dry-run
  mailorder ledger redact --transaction K5QW3Z --reason 'kept for ten years'

An entry's number stands in its file (Mailorder-Entry) and in show --json. Erased are names, postal addresses, telephone
numbers, remarks, payment data, the text people read, the signed bytes with their signature, and the mail as it arrived. What
stays: who wrote what to whom and when (mail addresses, keys, numbers, goods, amounts, dates), and the digests, so that every
sum and state stays as it was and the ledger can be verified. Orders that are not over, and letters that may still have to be
sent, are not erased. Copies elsewhere, as in backups and at the other side, are not reached.

On a terminal it is shown what would be erased, and you are asked. A script (no terminal, or --no-input) is not, and neither is
who says --yes.")]
pub(crate) struct RedactArgs {
    /// Numbers of entries that hold a letter
    #[arg(value_name = "ENTRY", required_unless_present = "transaction")]
    entries: Vec<u64>,
    /// Every letter of this transaction: beginning of its ID or number, or SHOP:NUMBER
    #[arg(long, value_name = "TXN")]
    transaction: Option<String>,
    /// Why; it is entered in the ledger, so it should name nobody
    #[arg(long)]
    reason: String,
    /// Show what would be erased, and erase nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

pub(super) fn run(shell: &Shell, args: &RedactArgs) -> Result<(), Failure> {
    if args.reason.trim().is_empty() {
        return Err(Failure::usage("--reason is empty").hint("say why it is erased"));
    }
    let mut clerk = shell.clerk()?;
    let entries = entries(&mut clerk, args)?;
    let foreseen = clerk.foresee_redaction(&entries)?;
    if args.dry_run || entries.is_empty() {
        return told(shell, &foreseen, args);
    }
    if shell.can_ask() && !shell.global.yes {
        print(shell, &foreseen)?;
        repeated(shell, &foreseen, args);
        if !shell.agrees(&format!("Erase {} for good?", letters(&foreseen)))? {
            return Err(Failure::new(FailureKind::Finding, "nothing is erased"));
        }
    }
    let erased = clerk.redact(&entries, &args.reason)?;
    shell.tell_notes(&mut clerk);
    told(shell, &erased, args)
}

/// Returns the entries that are meant, each once, in their order.
fn entries(clerk: &mut Clerk, args: &RedactArgs) -> Result<Vec<u64>, Failure> {
    let mut entries: BTreeSet<u64> = args.entries.iter().copied().collect();
    if let Some(name) = &args.transaction {
        let (known, _) = transaction::find_any(clerk, name)?;
        entries.extend(clerk.letters_of(&known)?);
    }
    Ok(entries.into_iter().collect())
}

fn told(shell: &Shell, erased: &Erased, args: &RedactArgs) -> Result<(), Failure> {
    if shell.output.is_json() {
        return shell.output.document(&document(erased, args));
    }
    if erased.letters.is_empty() {
        return shell.line("every letter of it is erased already");
    }
    print(shell, erased)?;
    repeated(shell, erased, args);
    if args.dry_run {
        return shell.line("nothing is erased (--dry-run)");
    }
    shell.line(&format!("{} erased for good", letters(erased)))
}

fn letters(erased: &Erased) -> String {
    match erased.letters.len() {
        1 => "1 letter".to_owned(),
        many => format!("{many} letters"),
    }
}

fn document(erased: &Erased, args: &RedactArgs) -> Value {
    let letter = |letter: &ErasedLetter| {
        json!({
            "entry": letter.position, "by": letter.by, "kind": letter.kind.word(), "direction": letter.direction,
            "peer": letter.peer, "recorded": letter.recorded, "erased": letter.parts,
        })
    };
    json!({
        "schema": "mailorder.redaction/1", "dry_run": args.dry_run, "reason": args.reason.trim(),
        "letters": erased.letters.iter().map(letter).collect::<Vec<_>>(), "repeated_in": erased.repeated_in,
    })
}

/// Prints each letter with what of it is erased.
fn print(shell: &Shell, erased: &Erased) -> Result<(), Failure> {
    let row = |letter: &ErasedLetter| {
        let parts: Vec<&str> = letter.parts.iter().map(|part| part.word()).collect();
        let cells = [
            letter.position.to_string(),
            text::minute(&letter.recorded, shell.clock.zone()),
            letter.kind.word().to_owned(),
            letter.peer.to_string(),
            parts.join(", "),
        ];
        cells.into_iter().map(output::Cell::plain).collect()
    };
    let rows: Vec<Vec<output::Cell>> = erased.letters.iter().map(row).collect();
    let head = ["ENTRY", "DATE", "LETTER", "WITH", "ERASED"];
    shell.output.fitted(&Table { head: &head, rows: &rows, right: &[0], fit: &[Fit::Cut(3, 12)], wrap: true })
}

/// Says which other entries repeat what is erased: they stay as they are.
fn repeated(shell: &Shell, erased: &Erased, args: &RedactArgs) {
    if erased.repeated_in.is_empty() {
        return;
    }
    let entries: Vec<String> = erased.repeated_in.iter().map(ToString::to_string).collect();
    shell.tell(&format!(
        "the same people, or the same words, stand in entries {} of the transaction too",
        entries.join(", ")
    ));
    if args.transaction.is_none() {
        shell.hint("mailorder ledger redact --transaction TXN --reason WHY erases every letter of it");
    }
}
