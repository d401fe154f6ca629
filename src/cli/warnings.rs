//! `warnings`: what does not agree, and what was set aside; nothing of it was applied (P67, P68).

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::Shell;
use super::failure::Failure;
use super::output::{self, Cell, Tone};
use super::table::{Fit, Table};
use super::transaction::short;
use crate::clerk::{Clerk, ClerkError};
use crate::index::EntryRow;
use crate::trade::{Act, Body, Digest, Moment, Names, Role, Settlement, When};

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
    /// How and when it was settled, for people.
    how: String,
    /// Whether it keeps its letter from nothing.
    note: bool,
    /// Whether the key of its letter may be one to import.
    imports: bool,
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
    let id = args.warning.trim();
    let invalid = || Failure::usage(format!("{id:?} is no warning, like W-12, C-5e8a01bc or S-462ce6cd"));
    let (kind, rest) = id.split_once('-').ok_or_else(invalid)?;
    let (kind, rest) = (kind.to_ascii_uppercase(), rest.to_ascii_lowercase());
    let id = format!("{kind}-{rest}");
    match kind.as_str() {
        "S" => seen(clerk, &rest, how)?,
        "C" => clerk.settle_computed(&id, how, args.reason)?,
        "W" => clerk.settle(rest.parse().map_err(|_| invalid())?, how, args.reason)?,
        _ => return Err(invalid()),
    }
    if clerk.set_aside()?.iter().any(|aside| aside.reason.code == "blocked") {
        // A block may be lifted: what was set aside by it is read now.
        clerk.take_in()?;
    }
    shell.output.done(match how {
        Settlement::Ack => format!("{id} is noted as seen; nothing of it was applied"),
        Settlement::Accept => format!("{id} is accepted: its letter is judged again and counts where it can"),
        Settlement::Block => format!("{id}: its sender is blocked; `warnings ack {id}` lifts that"),
    });
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
    let hint = if aside.reason.code == "unknown-signer" && aside.known.is_none() {
        "mailorder key import FILE, then mailorder key accept ADDRESS, has it read again".to_owned()
    } else {
        format!("mailorder warnings ack S-{beginning}")
    };
    Err(Failure::data(text).hint(hint))
}

fn list(shell: &Shell, clerk: &mut Clerk, args: &WarningsArgs) -> Result<(), Failure> {
    clerk.catch_up()?;
    let (notes, shown): (Vec<Shown>, Vec<Shown>) = gather(shell, clerk, args)?.into_iter().partition(|one| one.note);
    // A letter with two reasons is one warning.
    let open = shown.iter().filter(|one| !one.settled).map(|one| one.id.as_str()).collect::<BTreeSet<&str>>().len();
    let not_kept = clerk.not_kept()?;
    if shell.output.is_json() {
        let values: Vec<&Value> = shown.iter().map(|one| &one.value).collect();
        shell.output.document(&json!({"schema": "mailorder.warnings/1", "warnings": values}))?;
    } else {
        print(shell, &shown, &notes, args.all)?;
    }
    if not_kept > 0 {
        let mails = super::list::plural(not_kept, "mail");
        let why = "the folder of mail set aside was full; `mailorder warnings ack S-...` makes room";
        shell.tell(&format!("{mails} lost: {why}"));
    }
    if args.exit_code && open > 0 { Err(Failure::finding()) } else { Ok(()) }
}

/// Prints the warnings and, apart from them, what was only noted about letters that count.
fn print(shell: &Shell, shown: &[Shown], notes: &[Shown], all: bool) -> Result<(), Failure> {
    let row = |one: &Shown| {
        let tone = if one.settled || one.note { Tone::Faint } else { Tone::Bad };
        let mut row = vec![
            Cell::plain(&one.id),
            Cell(output::escape(&one.finding), tone),
            Cell::plain(&one.subject),
            Cell::plain(&one.from),
            Cell::plain(&one.date),
        ];
        row.extend(all.then(|| Cell::plain(&one.how)));
        // A note quotes what a letter has in its text.
        let text = if one.note { one.text.clone() } else { output::sentence(&one.text, shell.clock.zone()) };
        row.push(Cell::plain(text));
        row
    };
    let table = |last: [&str; 2], of: &[Shown]| {
        let rows: Vec<Vec<Cell>> = of.iter().map(row).collect();
        let mut head = vec!["ID", last[0], "ABOUT", "FROM", "DATE"];
        head.extend(all.then_some("SETTLED"));
        head.push(last[1]);
        let fit = &[Fit::Cut(3, 12), Fit::Drop(4)];
        shell.output.fitted(&Table { head: &head, rows: &rows, right: &[], fit, wrap: true })
    };
    if shown.is_empty() {
        shell.output.line("no warnings")?;
    } else {
        table(["FINDING", "WHAT DOES NOT AGREE"], shown)?;
        let open = |computed: bool| {
            let open = shown.iter().filter(|one| !one.settled && one.id.starts_with("C-") == computed);
            open.map(|one| one.id.as_str()).collect::<BTreeSet<&str>>().len()
        };
        shell.output.line("")?;
        if open(false) > 0 || open(true) == 0 {
            shell.output.line(format!("{} open. Nothing of these letters was applied.", open(false)))?;
        }
        if open(true) > 0 {
            shell.output.line(format!("{} from how things stand (C-); they go when that changes.", open(true)))?;
        }
        if open(false) > 0 {
            if shown.iter().any(|one| !one.settled && one.imports) {
                let read = "once you are sure whose they are, has letters of an unknown key read";
                shell.hint(&format!("mailorder key import FILE, then mailorder key accept ADDRESS, {read}"));
            }
            shell.hint("docs/findings.md says what each finding means; mailorder warnings ack ID notes it as seen");
        }
    }
    if notes.is_empty() {
        return Ok(());
    }
    shell.output.line("\nOnly noted; the data of these letters counts:")?;
    table(["NOTE", "WHAT WAS NOTED"], notes)
}

/// Returns the entries of the letters with open warnings.
pub(super) fn open_letters(clerk: &Clerk) -> Result<BTreeSet<u64>, Failure> {
    let open = clerk.index().warnings(true).map_err(ClerkError::from)?;
    Ok(open.iter().filter(|warning| warning.code.blocks()).map(|warning| warning.position).collect())
}

/// Returns the open warnings but those of the `known` letters: what each is settled by, and in a sentence what it is about,
/// whose letter it is, and what is wrong.
pub(super) fn sentences(
    clerk: &Clerk,
    known: &BTreeSet<u64>,
    zone: &TimeZone,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    let open = clerk.index().warnings(true).map_err(ClerkError::from)?;
    for warning in open.into_iter().filter(|warning| warning.code.blocks() && !known.contains(&warning.position)) {
        let Some(entry) = clerk.index().entry(warning.position).map_err(ClerkError::from)? else { continue };
        let shop = entry.names.shop.as_ref().map(|shop| format!(" of {shop}")).unwrap_or_default();
        let peer = entry.peer.as_ref().map(ToString::to_string).unwrap_or_default();
        let about = about(clerk, &entry)?;
        let begin = || format!("{about}{shop}, {} from {peer}", entry.kind);
        let sentence = told.entry(format!("W-{}", warning.position)).or_insert_with(begin);
        sentence.push_str(&format!(": {}: {}", warning.code.word(), output::sentence(&warning.text, zone)));
    }
    Ok(told)
}

/// Returns the short ID of the transaction that an entry is about, as `list` shows it; its number where no list has it.
fn about(clerk: &Clerk, entry: &EntryRow) -> Result<String, Failure> {
    let known = match entry.role {
        Some(role) => clerk.index().load(role, &entry.names).map_err(ClerkError::from)?,
        None => None,
    };
    let number = || entry.names.number.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string);
    Ok(known.map_or_else(number, |known| short(known.key.id.as_str()).to_owned()))
}

/// Returns how many letters and mails set aside nobody has settled yet.
pub(super) fn open_count(clerk: &Clerk) -> Result<u64, Failure> {
    let letters = open_letters(clerk)?.len();
    let aside = clerk.set_aside()?.iter().filter(|aside| aside.seen.is_none()).count();
    let limits = clerk.standing_warnings()?.iter().filter(|warning| warning.settled.is_none()).count();
    Ok(u64::try_from(letters.saturating_add(aside).saturating_add(limits)).unwrap_or(u64::MAX))
}

/// Returns what a computed warning about this subject is settled by.
fn computed_id(subject: &str) -> String {
    format!("C-{}", Digest::of(subject.as_bytes()).hex().get(..8).unwrap_or_default())
}

/// When a warning was settled, and why.
type Settled = BTreeMap<String, (Moment, Option<String>)>;

/// Returns what a person said to warnings, by what they are settled by, as the ledger tells from position `from` on.
fn settlements(clerk: &Clerk, from: u64) -> Result<Settled, Failure> {
    let mut said = Settled::new();
    let mut contents = BTreeMap::new();
    for warning in clerk.index().warnings(false).map_err(ClerkError::from)? {
        contents.insert(warning.content, warning.position);
    }
    for position in from..clerk.index().mark().entries() {
        let entry = clerk.index().entry(position).map_err(ClerkError::from)?;
        if entry.is_none_or(|entry| entry.kind != "act") {
            continue;
        }
        let file = clerk.ledger().read(position).map_err(ClerkError::from)?;
        let reread = |bytes: &[u8]| crate::mail::reread(bytes).map_err(|error| error.to_string());
        let Ok(read) = crate::ledger::form::parse(&file, &reread) else { continue };
        let recorded = read.entry.recorded;
        if let Body::Own { act: Act::Settle { content, subject, reason, .. }, .. } = read.entry.body {
            let letter = content.and_then(|content| contents.get(&content)).map(|position| format!("W-{position}"));
            let computed = subject.map(|subject| computed_id(&subject));
            said.extend(letter.or(computed).map(|id| (id, (recorded, reason))));
        }
    }
    Ok(said)
}

/// Returns how and when something was settled, and why, for people.
fn how(shell: &Shell, settled: Option<Settlement>, when: Option<&(Moment, Option<String>)>) -> String {
    let word = match settled {
        None => return "open".to_owned(),
        Some(Settlement::Ack) => "seen",
        Some(Settlement::Accept) => "accepted",
        Some(Settlement::Block) => "blocked",
    };
    let time = when.map(|(time, _)| output::minute(time, shell.clock.zone())).unwrap_or_default();
    let why = when.and_then(|(_, why)| why.as_ref()).map(|why| format!(": {why}")).unwrap_or_default();
    format!("{word} {time}{why}")
}

fn gather(shell: &Shell, clerk: &Clerk, args: &WarningsArgs) -> Result<Vec<Shown>, Failure> {
    let said = if args.all { settlements(clerk, 0)? } else { Settled::new() };
    let mut shown = letters(shell, clerk, args.all, &said)?;
    shown.extend(set_aside(shell, clerk, args.all)?);
    // What is late stands in the list; here it is for who asks.
    let computed = if args.late { clerk.computed_warnings()? } else { clerk.standing_warnings()? };
    for warning in computed.into_iter().filter(|warning| args.all || warning.settled.is_none()) {
        let when = said.get(&warning.id);
        let value = json!({
            "id": warning.id, "finding": warning.code.word(), "shop": warning.shop, "number": warning.number,
            "from": null, "signer": null, "date": warning.since, "text": warning.text,
            "settled": warning.settled, "settled_at": when.map(|(time, _)| time),
            "reason": when.and_then(|(_, why)| why.as_deref()), "entry": null,
        });
        let (number, order) = (warning.number.clone(), warning.order.clone());
        let names = Names { shop: warning.shop.clone(), number, order };
        shown.push(Shown {
            how: how(shell, warning.settled, when),
            id: warning.id,
            value,
            finding: warning.code.word().to_owned(),
            subject: short_of(clerk, &names)?,
            from: String::new(),
            date: output::day(&When::Moment(warning.since), shell.clock.zone()),
            text: warning.text,
            settled: warning.settled.is_some(),
            note: false,
            imports: false,
        });
    }
    Ok(shown)
}

/// Returns what was found about letters.
fn letters(shell: &Shell, clerk: &Clerk, all: bool, said: &Settled) -> Result<Vec<Shown>, Failure> {
    let mut shown = Vec::new();
    for warning in clerk.index().warnings(!all).map_err(ClerkError::from)? {
        let entry = clerk.index().entry(warning.position).map_err(ClerkError::from)?;
        let Some(entry) = entry else { continue };
        let id = format!("W-{}", warning.position);
        let when = said.get(&id);
        let value = json!({
            "id": id, "finding": warning.code.word(), "shop": entry.names.shop, "number": entry.names.number,
            "from": entry.peer, "signer": entry.signer, "date": entry.recorded, "text": warning.text,
            "settled": warning.settled, "settled_at": when.map(|(time, _)| time), "reason": warning.reason,
            "entry": warning.position,
        });
        let recorded = Moment::parse(&entry.recorded).map(When::Moment);
        shown.push(Shown {
            how: how(shell, warning.settled, when),
            id,
            value,
            finding: warning.code.word().to_owned(),
            subject: about(clerk, &entry)?,
            from: entry.peer.as_ref().map(ToString::to_string).unwrap_or_default(),
            date: recorded.map(|date| output::day(&date, shell.clock.zone())).unwrap_or_default(),
            text: warning.text,
            settled: warning.settled.is_some(),
            note: !warning.code.blocks(),
            imports: false,
        });
    }
    Ok(shown)
}

/// Returns the mails set aside.
fn set_aside(shell: &Shell, clerk: &Clerk, all: bool) -> Result<Vec<Shown>, Failure> {
    let mut shown = Vec::new();
    for aside in clerk.set_aside()?.into_iter().filter(|aside| all || aside.seen.is_none()) {
        let id = format!("S-{}", aside.name.get(..8).unwrap_or(&aside.name));
        let settled = aside.seen.map(|_| Settlement::Ack);
        let value = json!({
            "id": id, "finding": aside.reason.code, "shop": null, "number": null, "from": aside.from,
            "signer": aside.issuers.first(), "date": aside.at, "text": aside.reason.text,
            "settled": settled, "settled_at": aside.seen, "reason": null, "entry": null,
        });
        shown.push(Shown {
            how: how(shell, settled, aside.seen.map(|seen| (seen, None)).as_ref()),
            imports: aside.reason.code == "unknown-signer" && aside.known.is_none(),
            id,
            value,
            finding: aside.reason.code,
            subject: "set aside".to_owned(),
            from: aside.from.map(|from| from.to_string()).unwrap_or_default(),
            date: output::day(&When::Moment(aside.at), shell.clock.zone()),
            text: aside.reason.text,
            settled: aside.seen.is_some(),
            note: false,
        });
    }
    Ok(shown)
}

/// Returns the short ID of the transaction of these names, in the first part of this account that has it.
fn short_of(clerk: &Clerk, names: &Names) -> Result<String, Failure> {
    for role in Role::ALL {
        if let Some(known) = clerk.index().load(role, names).map_err(ClerkError::from)? {
            return Ok(short(known.key.id.as_str()).to_owned());
        }
    }
    Ok(names.number.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string))
}
