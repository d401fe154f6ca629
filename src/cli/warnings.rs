//! `warnings`: what does not agree, and what was set aside; nothing of it was applied (P67, P68).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Shell;
use super::failure::Failure;
use super::output::{self, Cell, Tone};
use crate::clerk::{Clerk, ClerkError};
use crate::trade::Settlement;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Examples:\n  mailorder warnings\n  mailorder warnings ack W-12\n  mailorder warnings ack S-462ce6cd\n  mailorder warnings accept W-12 --reason 'agreed by telephone'"
)]
pub(crate) struct WarningsArgs {
    #[command(subcommand)]
    command: Option<WarningsCommand>,
    /// Settled ones, too
    #[arg(long)]
    all: bool,
    /// What is late, and who is silent about it, too
    #[arg(long)]
    late: bool,
    /// End with 1 where there is an open warning
    #[arg(long)]
    exit_code: bool,
}

#[derive(Debug, clap::Subcommand)]
enum WarningsCommand {
    /// Note that a warning was seen
    #[command(after_help = "Example:\n  mailorder warnings ack W-12")]
    Ack(SettleArgs),
    /// Let the letter count all the same
    #[command(after_help = "Example:\n  mailorder warnings accept W-12 --reason 'agreed by telephone'")]
    Accept(SettleArgs),
    /// Hear nothing more of the letter's sender
    #[command(after_help = "Example:\n  mailorder warnings block W-12 --reason 'not from the bank'")]
    Block(SettleArgs),
}

#[derive(Debug, clap::Args)]
struct SettleArgs {
    /// The warning, like W-12; one like S-462ce6cd, about a mail set aside, can only be noted as seen
    warning: String,
    /// Why
    #[arg(long)]
    reason: Option<String>,
}

/// A warning as it is shown.
struct Shown {
    id: String,
    value: Value,
    finding: String,
    subject: String,
    from: String,
    date: String,
    text: String,
    settled: bool,
    /// Whether it keeps its letter from nothing.
    note: bool,
}

pub(super) fn run(shell: &mut Shell, args: WarningsArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    match args.command {
        Some(WarningsCommand::Ack(settle)) => settled(shell, &mut clerk, settle, Settlement::Ack),
        Some(WarningsCommand::Accept(settle)) => settled(shell, &mut clerk, settle, Settlement::Accept),
        Some(WarningsCommand::Block(settle)) => settled(shell, &mut clerk, settle, Settlement::Block),
        None => list(shell, &mut clerk, &args),
    }
}

fn settled(shell: &Shell, clerk: &mut Clerk, args: SettleArgs, how: Settlement) -> Result<(), Failure> {
    if let Some(beginning) = args.warning.strip_prefix("S-") {
        return seen(clerk, beginning, how);
    }
    if args.warning.starts_with("C-") {
        clerk.settle_computed(&args.warning, how, args.reason)?;
        return shell.send(clerk);
    }
    let invalid = || Failure::usage(format!("{:?} is no warning, like W-12, C-5e8a01bc or S-462ce6cd", args.warning));
    let position = args.warning.strip_prefix("W-").and_then(|text| text.parse().ok()).ok_or_else(invalid)?;
    clerk.settle(position, how, args.reason.clone())?;
    shell.send(clerk)
}

/// Notes that a mail set aside was seen. Nothing else can be done about it: nobody known stands behind it.
fn seen(clerk: &Clerk, beginning: &str, how: Settlement) -> Result<(), Failure> {
    let all = clerk.set_aside()?;
    let mut meant = all.iter().filter(|aside| !beginning.is_empty() && aside.name.starts_with(beginning));
    let none = || Failure::data(format!("no mail set aside is S-{beginning}")).hint("mailorder warnings --all");
    let aside = meant.next().ok_or_else(none)?;
    if meant.next().is_some() {
        return Err(Failure::data(format!("several mails set aside are S-{beginning}; write more of it")));
    }
    if how == Settlement::Ack {
        return Ok(clerk.see_aside(&aside.name)?);
    }
    let verb = if how == Settlement::Accept { "accepted" } else { "blocked" };
    let text =
        format!("S-{beginning} is a mail set aside ({}): it never counts, and cannot be {verb}", aside.reason.code);
    let hint = if aside.reason.code == "unknown-signer" {
        "mailorder key import FILE, then mailorder key accept ADDRESS, has it read again".to_owned()
    } else {
        format!("mailorder warnings ack S-{beginning}")
    };
    Err(Failure::data(text).hint(hint))
}

fn list(shell: &Shell, clerk: &mut Clerk, args: &WarningsArgs) -> Result<(), Failure> {
    clerk.catch_up()?;
    let (notes, shown): (Vec<Shown>, Vec<Shown>) =
        gather(clerk, args.all, args.late)?.into_iter().partition(|one| one.note);
    let open = shown.iter().filter(|one| !one.settled).count();
    let not_kept = clerk.not_kept()?;
    if shell.output.is_json() {
        let values: Vec<&Value> = shown.iter().map(|one| &one.value).collect();
        shell.output.document(&json!({"schema": "mailorder.warnings/1", "warnings": values}))?;
    } else {
        print(shell, &shown, &notes, open)?;
    }
    if not_kept > 0 {
        let mails = super::list::plural(not_kept, "mail");
        let why = "the folder of mail set aside was full; `mailorder warnings ack S-...` makes room";
        shell.output.message(format!("mailorder: {mails} lost: {why}"));
    }
    if args.exit_code && open > 0 { Err(Failure::finding()) } else { Ok(()) }
}

/// Prints the warnings and, apart from them, what was only noted about letters that count.
fn print(shell: &Shell, shown: &[Shown], notes: &[Shown], open: usize) -> Result<(), Failure> {
    let row = |one: &Shown| {
        let tone = if one.settled || one.note { Tone::Faint } else { Tone::Bad };
        vec![
            Cell::plain(&one.id),
            Cell(output::escape(&one.finding), tone),
            Cell::plain(&one.subject),
            Cell::plain(&one.from),
            Cell::plain(&one.date),
            Cell::plain(output::cut(&one.text, 110)),
        ]
    };
    let table = |head: &[&str], of: &[Shown]| {
        let rows: Vec<Vec<Cell>> = of.iter().map(row).collect();
        shell.output.table(head, &rows, &[])
    };
    if shown.is_empty() {
        shell.output.line("no warnings")?;
    } else {
        table(&["ID", "FINDING", "ABOUT", "FROM", "DATE", "WHAT DOES NOT AGREE"], shown)?;
        let calendar = shown.iter().filter(|one| !one.settled && one.id.starts_with("C-")).count();
        let letters = open.saturating_sub(calendar);
        shell.output.line(format!("\n{letters} open. Nothing of these letters was applied."))?;
        if calendar > 0 {
            shell.output.line(format!("{calendar} by the calendar (C-); they go when what is due is done."))?;
        }
    }
    if notes.is_empty() {
        return Ok(());
    }
    shell.output.line("\nOnly noted; the data of these letters counts:")?;
    table(&["ID", "NOTE", "ABOUT", "FROM", "DATE", "WHAT WAS NOTED"], notes)
}

/// Returns how many letters and mails set aside nobody has settled yet.
pub(super) fn open_count(clerk: &Clerk) -> Result<u64, Failure> {
    let open = clerk.index().warnings(true).map_err(ClerkError::from)?;
    let open = open.iter().filter(|warning| warning.code.blocks());
    let letters = open.map(|warning| warning.position).collect::<BTreeSet<u64>>().len();
    let aside = clerk.set_aside()?.iter().filter(|aside| aside.seen.is_none()).count();
    let limits = clerk.standing_warnings()?.iter().filter(|warning| warning.settled.is_none()).count();
    Ok(u64::try_from(letters.saturating_add(aside).saturating_add(limits)).unwrap_or(u64::MAX))
}

fn gather(clerk: &Clerk, all: bool, late: bool) -> Result<Vec<Shown>, Failure> {
    let mut shown = Vec::new();
    for warning in clerk.index().warnings(!all).map_err(ClerkError::from)? {
        let entry = clerk.index().entry(warning.position).map_err(ClerkError::from)?;
        let Some(entry) = entry else { continue };
        let id = format!("W-{}", warning.position);
        let peer = entry.peer.as_ref().map(ToString::to_string).unwrap_or_default();
        let value = json!({
            "id": id, "finding": warning.code.word(), "shop": entry.names.shop, "number": entry.names.number,
            "from": entry.peer, "signer": entry.signer, "date": entry.recorded, "text": warning.text,
            "settled": warning.settled, "entry": warning.position,
        });
        shown.push(Shown {
            id,
            value,
            finding: warning.code.word().to_owned(),
            subject: entry.names.number.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string),
            from: peer,
            date: entry.recorded.get(..10).unwrap_or_default().to_owned(),
            text: warning.text,
            settled: warning.settled.is_some(),
            note: !warning.code.blocks(),
        });
    }
    for aside in clerk.set_aside()?.into_iter().filter(|aside| all || aside.seen.is_none()) {
        let id = format!("S-{}", aside.name.get(..8).unwrap_or(&aside.name));
        let value = json!({
            "id": id, "finding": aside.reason.code, "shop": null, "number": null, "from": aside.from,
            "signer": aside.issuers.first(), "date": aside.at, "text": aside.reason.text,
            "settled": aside.seen.map(|_| Settlement::Ack), "entry": null,
        });
        shown.push(Shown {
            id,
            value,
            finding: aside.reason.code,
            subject: "set aside".to_owned(),
            from: aside.from.map(|from| from.to_string()).unwrap_or_default(),
            date: aside.at.day().to_string(),
            text: aside.reason.text,
            settled: aside.seen.is_some(),
            note: false,
        });
    }
    // What is late stands in the list; here it is for who asks.
    let computed = if late { clerk.computed_warnings()? } else { clerk.standing_warnings()? };
    for warning in computed.into_iter().filter(|warning| all || warning.settled.is_none()) {
        let value = json!({
            "id": warning.id, "finding": warning.code.word(), "shop": warning.shop, "number": warning.number,
            "from": null, "signer": null, "date": warning.since, "text": warning.text,
            "settled": warning.settled, "entry": null,
        });
        shown.push(Shown {
            id: warning.id,
            value,
            finding: warning.code.word().to_owned(),
            subject: warning.number.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string),
            from: String::new(),
            date: warning.since.day().to_string(),
            text: warning.text,
            settled: warning.settled.is_some(),
            note: false,
        });
    }
    Ok(shown)
}
