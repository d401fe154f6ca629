//! `warnings`: what does not agree, and what was set aside; nothing of it was applied (P67, P68).

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::Shell;
use super::failure::Failure;
use super::output::{self, Cell, Tone};
use super::table::{Fit, Table};
use crate::clerk::{Clerk, ClerkError};
use crate::rules::Standing;
use crate::trade::Settlement;
use crate::view::bill::Bill;
use crate::view::settle::{self, SettleError, Settled, Warning};
use crate::view::warnings::{SET_ASIDE, Shown, Which, about, gather, unanswered_of};
use crate::view::{short, text};
use crate::words::Words;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Examples:\n  mailorder warnings\n  mailorder warnings show W-12\n  mailorder warnings ack W-12\n  mailorder warnings ack S-462ce6cd\n  mailorder warnings accept W-12 --reason 'agreed by telephone'"
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
    /// Show one warning: its reasons, whose letter it is and where that lies, and what can be done
    #[command(after_help = "Example:\n  mailorder warnings show W-12")]
    Show(ShowArgs),
    /// Note that a warning was seen, with all in which its sender says the same again
    #[command(after_help = "Example:\n  mailorder warnings ack W-12")]
    Ack(SettleArgs),
    /// Let the letter count all the same, with all in which its sender says the same again
    #[command(after_help = "Example:\n  mailorder warnings accept W-12 --reason 'agreed by telephone'")]
    Accept(SettleArgs),
    /// Hear nothing more of the letter's sender; what he said again is noted as seen with it
    #[command(after_help = "Example:\n  mailorder warnings block W-12 --reason 'not from the bank'")]
    Block(SettleArgs),
}

#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// The warning, like W-12, C-5e8a01bc or S-462ce6cd
    warning: String,
}

#[derive(Debug, clap::Args)]
struct SettleArgs {
    /// The warning, like W-12; one like S-462ce6cd, about a mail set aside, can only be noted as seen
    warning: String,
    /// Why
    #[arg(long)]
    reason: Option<String>,
}

impl WarningsArgs {
    /// Returns whether warnings are only listed.
    pub(super) const fn lists(&self) -> bool {
        self.command.is_none()
    }
}

pub(super) fn run(shell: &mut Shell, args: WarningsArgs) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    match args.command {
        Some(WarningsCommand::Show(ShowArgs { warning })) => super::warning::run(shell, &mut clerk, &warning),
        Some(WarningsCommand::Ack(settle)) => settled(shell, &mut clerk, settle, Settlement::Ack),
        Some(WarningsCommand::Accept(settle)) => settled(shell, &mut clerk, settle, Settlement::Accept),
        Some(WarningsCommand::Block(settle)) => settled(shell, &mut clerk, settle, Settlement::Block),
        None => list(shell, &mut clerk, &args),
    }
}

fn settled(shell: &Shell, clerk: &mut Clerk, args: SettleArgs, how: Settlement) -> Result<(), Failure> {
    let named = Warning::parse(&args.warning)?;
    clerk.catch_up()?;
    let Settled { warning, others } = settle::settle(clerk, &named, how, args.reason)?;
    if warning != named {
        shell.tell(&format!("{named} says again what {warning} says, which stands for both"));
    }
    shell.done(match how {
        Settlement::Ack if others > 0 => {
            format!("{warning} is noted as seen, with {others} that say the same; nothing of it was applied")
        }
        Settlement::Ack => format!("{warning} is noted as seen; nothing of it was applied"),
        Settlement::Accept => accepted(clerk, &warning)?,
        Settlement::Block => format!("{warning}: its sender is blocked; `warnings ack {warning}` lifts that"),
    });
    if others > 0 && how != Settlement::Ack {
        shell.done(format!("{warning} was said again in {others} more, which are settled with it"));
    }
    answer(shell, clerk, &warning)?;
    shell.send(clerk)
}

/// Proposes the command by which the terms that a warning is about are answered, where they wait for that.
pub(super) fn answer(shell: &Shell, clerk: &Clerk, warning: &Warning) -> Result<(), Failure> {
    let Warning::Letter(position) = warning else { return Ok(()) };
    if let Some(order) = unanswered_of(clerk, *position, &shell.clock.now())? {
        shell.hint(&format!("terms wait for your answer: mailorder confirm {}", short(order.as_str())));
    }
    Ok(())
}

/// Says what came of an acceptance: of a bill what is to be paid now, and what was agreed.
fn accepted(clerk: &Clerk, warning: &Warning) -> Result<String, Failure> {
    let plain = format!("{warning} is accepted: its letter is judged again and counts where it can");
    let Warning::Letter(position) = *warning else { return Ok(plain) };
    let entry = clerk.index().entry(position).map_err(ClerkError::from)?;
    let Some((entry, role)) = entry.and_then(|entry| entry.role.map(|role| (entry, role))) else { return Ok(plain) };
    let known = clerk.index().load(role, &entry.names).map_err(ClerkError::from)?;
    let bill = known.and_then(|known| Bill::of(&known, &Standing::of(&known)));
    let differs = |bill: &Bill| bill.differs.is_some_and(|differs| differs.accepted && differs.position == position);
    Ok(bill.filter(differs).map_or(plain, |bill| {
        let (open, agreed) = (text::amount(&bill.open), text::amount(&bill.agreed));
        format!("{warning} is accepted: {open} is to be paid now, and {agreed} was agreed on in all")
    }))
}

impl From<SettleError> for Failure {
    fn from(error: SettleError) -> Self {
        let text = error.to_string();
        match error {
            SettleError::Name(_) => Self::usage(text),
            SettleError::None(_) | SettleError::Unknown(_) => Self::data(text).hint("mailorder warnings --all"),
            SettleError::Several(_) => Self::data(text),
            SettleError::NoLetter { imports: true, .. } => {
                Self::data(text).hint("mailorder key import FILE, then mailorder key accept ADDRESS, has it read again")
            }
            SettleError::NoLetter { name, .. } => Self::data(text).hint(format!("mailorder warnings ack S-{name}")),
            SettleError::Clerk(error) => error.into(),
        }
    }
}

fn list(shell: &Shell, clerk: &mut Clerk, args: &WarningsArgs) -> Result<(), Failure> {
    clerk.catch_up()?;
    let (notes, shown): (Vec<Shown>, Vec<Shown>) =
        gather(clerk, Which { all: args.all, late: args.late })?.into_iter().partition(|one| one.note);
    // A letter with two reasons is one warning.
    let open =
        shown.iter().filter(|one| one.settled.is_none()).map(|one| one.id.as_str()).collect::<BTreeSet<&str>>().len();
    let not_kept = clerk.not_kept();
    if shell.output.is_json() {
        let values: Vec<&Value> = shown.iter().map(|one| &one.value).collect();
        shell.output.document(&json!({"schema": "mailorder.warnings/1", "warnings": values}))?;
    } else {
        print(shell, clerk, &shown, &notes, args.all)?;
    }
    if not_kept > 0 {
        let mails = super::list::plural(not_kept, "mail");
        let why = "the folder of mail set aside was full; `mailorder warnings ack S-...` makes room";
        shell.tell(&format!("{mails} lost: {why}"));
    }
    if args.exit_code && open > 0 { Err(Failure::finding()) } else { Ok(()) }
}

/// Prints the warnings and, apart from them, what was only noted about letters that count.
fn print(shell: &Shell, clerk: &Clerk, shown: &[Shown], notes: &[Shown], all: bool) -> Result<(), Failure> {
    let row = |one: &Shown| {
        let tone = if one.settled.is_some() || one.note { Tone::Faint } else { Tone::Bad };
        let mut row = vec![
            Cell::plain(&one.id),
            Cell(output::escape(&one.finding), tone),
            Cell::plain(if one.subject == SET_ASIDE { shell.words.say("warned.aside") } else { one.subject.clone() }),
            Cell::plain(&one.from),
            Cell::plain(one.date.map(|date| text::day(&date, shell.clock.zone())).unwrap_or_default()),
        ];
        row.extend(all.then(|| Cell::plain(how(shell, one))));
        // A note quotes what a letter has in its text.
        let text = match shell.words {
            Words::ENGLISH if one.note => one.text.clone(),
            words => one.says(words, shell.clock.zone()),
        };
        row.push(Cell::plain(text));
        row
    };
    let table = |last: [&'static str; 2], of: &[Shown]| {
        let rows: Vec<Vec<Cell>> = of.iter().map(row).collect();
        let mut head = vec!["id", last[0], "about", "from", "day"];
        head.extend(all.then_some("settled"));
        head.push(last[1]);
        let head = shell.heads(&head);
        // Who wrote it and when stand with each letter in `show`; what a person said stands here alone.
        let fit: &[Fit] = if all {
            &[Fit::Cut(3, 12), Fit::Drop(4), Fit::Cut(5, 16), Fit::Drop(3)]
        } else {
            &[Fit::Cut(3, 12), Fit::Drop(4)]
        };
        shell.output.fitted(&Table { head: &head, rows: &rows, right: &[], fit, wrap: true })
    };
    if shown.is_empty() {
        shell.output.paragraph(&shell.words.say("warned.none"))?;
    } else {
        table(["finding", "says"], shown)?;
        shell.output.line("")?;
        if counts(shell, shown)? > 0 {
            hints(shell, clerk, shown)?;
        }
    }
    if notes.is_empty() {
        return Ok(());
    }
    shell.output.line("")?;
    shell.output.paragraph(&shell.words.say("warned.noted"))?;
    table(["note", "notes"], notes)
}

/// Says how many warnings are open, as status and list count them, and how many findings where a warning has several; what is late
/// is counted apart, as there. Returns how many are of letters and mails set aside.
fn counts(shell: &Shell, shown: &[Shown]) -> Result<usize, Failure> {
    let open = || shown.iter().filter(|one| one.settled.is_none());
    let count = |which: &dyn Fn(&Shown) -> bool| {
        open().filter(|one| which(one)).map(|one| one.id.as_str()).collect::<BTreeSet<&str>>().len()
    };
    let is_of_letter = |one: &Shown| !one.is_of_date() && !one.id.starts_with("C-");
    let (all, letters) = (count(&|one| !one.is_of_date()), count(&is_of_letter));
    let (standing, late) = (all.saturating_sub(letters), count(&Shown::is_of_date));
    let reasons = open().filter(|one| !one.is_of_date()).count();
    let said = |key: &str, n: usize| shell.words.fill(key, &[("n", &n)]);
    let findings = if reasons > all { said("warned.findings", reasons) } else { String::new() };
    match (letters, standing) {
        (0, 0) => shell.output.paragraph(&shell.words.say("warned.none-open"))?,
        (0, _) => shell.output.paragraph(&said("warned.all-standing", standing))?,
        (_, standing) => {
            let open = shell.words.fill("warned.open", &[("n", &all), ("findings", &findings)]);
            shell.output.paragraph(&open)?;
            if standing > 0 {
                shell.output.paragraph(&said("warned.standing", standing))?;
            }
        }
    }
    if late > 0 {
        shell.output.paragraph(&said("warned.of-date", late))?;
    }
    Ok(letters)
}

/// Proposes what can be done about open warnings: import a key, answer terms, note one as seen.
fn hints(shell: &Shell, clerk: &Clerk, shown: &[Shown]) -> Result<(), Failure> {
    let open = || shown.iter().filter(|one| one.settled.is_none());
    if open().any(|one| one.imports) {
        let read = "once you are sure whose they are, has letters of an unknown key read";
        shell.hint(&format!("mailorder key import FILE, then mailorder key accept ADDRESS, {read}"));
    }
    let entries: BTreeSet<u64> = open().filter_map(|one| one.value.get("entry").and_then(Value::as_u64)).collect();
    for entry in entries.into_iter().take(3) {
        answer(shell, clerk, &Warning::Letter(entry))?;
    }
    shell.hint("docs/findings.md says what each finding means; mailorder warnings ack ID notes it as seen");
    Ok(())
}

/// Returns the open warnings but those of the `known` letters: what each is settled by, and in a sentence what it is about,
/// whose letter it is, and what is wrong.
pub(super) fn sentences(
    clerk: &Clerk,
    known: &BTreeSet<u64>,
    words: Words,
    zone: &TimeZone,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    let open = clerk.index().warnings(true).map_err(ClerkError::from)?;
    for warning in open.into_iter().filter(|warning| warning.code.blocks() && !known.contains(&warning.position)) {
        let Some(entry) = clerk.index().entry(warning.position).map_err(ClerkError::from)? else { continue };
        let shop = entry.names.shop.as_ref();
        let shop = shop.map(|shop| words.fill("warned.of-shop", &[("shop", shop)])).unwrap_or_default();
        let peer = entry.peer.as_ref().map(ToString::to_string).unwrap_or_default();
        let about = about(clerk, &entry)?;
        let kind = words.name("kinds", &entry.kind);
        let begin =
            || words.fill("warned.letter", &[("about", &about), ("shop", &shop), ("kind", &kind), ("who", &peer)]);
        let sentence = told.entry(format!("W-{}", warning.position)).or_insert_with(begin);
        sentence.push_str(&format!(": {}", text::finding_line(words, warning.code.word(), &warning.text, zone)));
    }
    Ok(told)
}

/// Returns how and when something was settled, and why, for people.
pub(super) fn how(shell: &Shell, one: &Shown) -> String {
    let words = shell.words;
    let word = match one.settled {
        None => return words.say("warned.unsettled"),
        Some(Settlement::Ack) => words.say("warned.seen"),
        Some(Settlement::Accept) => words.say("warned.accepted"),
        Some(Settlement::Block) => words.say("warned.blocked"),
    };
    let when = one.when.as_ref();
    let time = when.map(|(time, _)| text::minute(time, shell.clock.zone())).unwrap_or_default();
    let why = when.and_then(|(_, why)| why.as_ref()).map(|why| format!(": {why}")).unwrap_or_default();
    format!("{word} {time}{why}")
}
