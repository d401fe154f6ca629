//! `cancel`, `return`: what a buyer says about one transaction.

use clap::builder::PossibleValue;

use super::Shell;
use super::failure::Failure;
use super::shop::plain;
use super::{output, prompt, transaction};
use crate::clerk::Written;
use crate::role::{Desk, Draft, Refused, buyer};
use crate::rules::{Standing, replacing};
use crate::trade::item::LineQuantity;
use crate::trade::{Quantity, ReturnReason, Role, Settlement, Transaction};
use crate::view::said::said;
use crate::view::{short, text};
use crate::words::Words;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailorder cancel K5QW3Z --reason 'ordered twice'
  mailorder cancel K5QW3Z --dry-run

On a terminal it is shown what would go to whom, and you are asked. A script (no terminal, or --no-input) is not, and neither
is who says --yes.")]
pub(crate) struct CancelArgs {
    /// Beginning of the transaction's ID or number, or SHOP:NUMBER
    #[arg(value_name = "TXN")]
    transaction: String,
    /// Why
    #[arg(long)]
    reason: Option<String>,
    /// Show what would go to whom, and send nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Cancel the order even where new terms wait for your answer; by itself the command refuses those, and the old ones stay
    #[arg(long)]
    order: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mailorder return K5QW3Z --line 1=2 --reason 'too small'
  mailorder return K5QW3Z --because wrong-item --reason 'a kettle, not a pot'
  mailorder return K5QW3Z --because quality
  mailorder return K5QW3Z --dry-run

On a terminal it is shown what would go to whom, and you are asked. A script (no terminal, or --no-input) is not, and neither
is who says --yes.")]
pub(crate) struct ReturnArgs {
    /// Beginning of the transaction's ID or number, or SHOP:NUMBER
    #[arg(value_name = "TXN")]
    transaction: String,
    /// Line and quantity given back, like 1=2; all of everything where none is given
    #[arg(long = "line", value_name = "LINE=QUANTITY")]
    lines: Vec<String>,
    /// What it is given back for
    #[arg(long, value_enum, default_value_t = ReturnReason::Other)]
    because: ReturnReason,
    /// Why, in a sentence that the shop reads; without it the shop reads what --because says
    #[arg(long)]
    reason: Option<String>,
    /// Show what would go to whom, and send nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

impl clap::ValueEnum for ReturnReason {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let value = PossibleValue::new(self.word());
        Some(match self {
            Self::Quality => value.help("They are broken, or not good enough"),
            Self::WrongItem => value.help("They are not what was ordered"),
            Self::Delivery => value.help("They came too late, or do not come"),
            Self::Other => value.help("Anything else; they are not wanted any more"),
        })
    }
}

pub(super) fn cancel(shell: &mut Shell, args: CancelArgs) -> Result<(), Failure> {
    plain("--reason", args.reason.as_deref().unwrap_or_default())?;
    if !args.order && keep_old_terms(shell, &args)? {
        return Ok(());
    }
    let decide = |known: &Transaction, _: &Desk<'_>| buyer::cancel(known, args.reason.clone());
    let shown = Shown { text: &args.transaction, dry_run: args.dry_run, question: "Cancel it" };
    let Some(transaction) = written(shell, &shown, decide)? else { return Ok(()) };
    told(shell, &transaction, "cancellation written; the shop's answer decides")
}

/// Refuses new terms that wait for an answer; returns whether there were any.
///
/// A warning about them is settled with that: nothing of them is to be done any more.
fn keep_old_terms(shell: &Shell, args: &CancelArgs) -> Result<bool, Failure> {
    let known = transaction::find(&mut shell.clerk()?, &args.transaction, Role::Buyer)?;
    let offer = replacing::waiting(&known, Standing::of(&known).state).map(|(kept, _)| (kept.position, kept.counts()));
    let Some((position, counts)) = offer.filter(|_| buyer::keep(&known, None).is_ok()) else { return Ok(false) };
    let decide = |known: &Transaction, _: &Desk<'_>| buyer::keep(known, args.reason.as_deref());
    let shown = Shown { text: &args.transaction, dry_run: args.dry_run, question: "Refuse it" };
    let Some(known) = written(shell, &shown, decide)? else { return Ok(true) };
    if !counts {
        let why = args.reason.clone().unwrap_or_else(|| "the new terms are not accepted".to_owned());
        shell.clerk()?.settle(position, Settlement::Ack, Some(why))?;
    }
    told(shell, &known, "the new terms are refused; those before them stay in force")?;
    shell.hint(&format!("the order itself: mailorder cancel {} --order", short(known.key.id.as_str())));
    Ok(true)
}

pub(super) fn give_back(shell: &mut Shell, args: ReturnArgs) -> Result<(), Failure> {
    let lines: Result<Vec<LineQuantity>, Failure> = args.lines.iter().map(|text| line_quantity(text)).collect();
    let lines = lines?;
    plain("--reason", args.reason.as_deref().unwrap_or_default())?;
    let reason = args.because.because(args.reason.as_deref());
    let decide = |known: &Transaction, _: &Desk<'_>| buyer::give_back(known, lines.clone(), reason.clone());
    let shown = Shown { text: &args.transaction, dry_run: args.dry_run, question: "Give it back" };
    let Some(transaction) = written(shell, &shown, decide)? else { return Ok(()) };
    told(shell, &transaction, "return asked for; the shop's answer decides")
}

/// A letter that is shown before it is written.
struct Shown<'a> {
    /// How the transaction was named.
    text: &'a str,
    dry_run: bool,
    /// What a person is asked, without whose order it is and its total.
    question: &'a str,
}

/// Shows what would go to whom where a person can be asked, and writes it; `None` where it was only to be looked at.
fn written(
    shell: &Shell,
    shown: &Shown<'_>,
    decide: impl Fn(&Transaction, &Desk<'_>) -> Result<Draft, Refused>,
) -> Result<Option<Transaction>, Failure> {
    if shown.dry_run || (shell.can_ask() && !shell.global.yes) {
        let mut clerk = shell.clerk()?;
        let known = transaction::find(&mut clerk, shown.text, Role::Buyer)?;
        transaction::is_not_rejected(&known)?;
        let draft = decide(&known, &transaction::desk(&clerk)).map_err(|refused| Failure::data(refused.to_string()))?;
        if shown.dry_run {
            look(shell, &known, &draft)?;
            return Ok(None);
        }
        show(shell, &known, &draft)?;
        let total = known.terms().map(|(_, terms)| terms.total).or(known.order().map(|(_, order)| order.total));
        let total = total.map(|total| text::amount(&total)).unwrap_or_default();
        let (question, id) = (shown.question, short(known.key.id.as_str()));
        if !shell.agrees(&format!("{question}: {id} of {} for {total}?", known.key.shop))? {
            return Err(prompt::not_agreed());
        }
    }
    Ok(Some(write(shell, shown.text, decide)?.0))
}

/// Shows a letter and sends nothing.
fn look(shell: &Shell, known: &Transaction, draft: &Draft) -> Result<(), Failure> {
    if shell.output.is_json() {
        let text = said(&draft.document, Words::ENGLISH).join("; ");
        let kind = draft.document.kind().word();
        return shell.output.document(&serde_json::json!({
            "schema": "mailorder.written/1", "id": known.key.id, "text": text, "dry_run": true,
            "kind": kind, "to": draft.to.address,
        }));
    }
    show(shell, known, draft)?;
    shell.line("nothing is sent (--dry-run)")
}

/// Prints whom a letter goes to, what it is, and what it says.
fn show(shell: &Shell, known: &Transaction, draft: &Draft) -> Result<(), Failure> {
    shell.line(&format!("to {}", draft.to.address))?;
    let kind = shell.words.name("kinds", draft.document.kind().word());
    let says = said(&draft.document, shell.words).join("; ");
    let says = if says.is_empty() { kind } else { format!("{kind}: {says}") };
    let id = short(known.key.id.as_str());
    let about = known.number.as_ref().map_or_else(|| id.to_owned(), |number| format!("{id} {number}"));
    shell.output.named(&output::escape(&about), output::columns(&about).saturating_add(2), &output::escape(&says))
}

/// Reads `LINE=QUANTITY`.
pub(super) fn line_quantity(text: &str) -> Result<LineQuantity, Failure> {
    let invalid = || Failure::usage(format!("{text:?} is not LINE=QUANTITY, like 1=2"));
    let (line, quantity) = text.split_once('=').ok_or_else(invalid)?;
    let quantity = Quantity::parse(quantity).map_err(|error| Failure::data(format!("{text:?}: {error}")))?;
    Ok(LineQuantity { line: line.to_owned(), quantity })
}

/// Lets the buyer write one letter about one transaction, and sends it.
pub(super) fn write(
    shell: &Shell,
    text: &str,
    decide: impl Fn(&Transaction, &Desk<'_>) -> Result<Draft, Refused>,
) -> Result<(Transaction, Vec<Written>), Failure> {
    let mut clerk = shell.clerk()?;
    let transaction = transaction::find(&mut clerk, text, Role::Buyer)?;
    transaction::is_not_rejected(&transaction)?;
    let key = transaction.key.clone();
    let written = clerk.command(&key, |known, desk| Ok(vec![decide(known, desk)?.into()]))?;
    shell.send(&mut clerk)?;
    Ok((transaction, written))
}

/// Says in one line what was done.
pub(super) fn told(shell: &Shell, transaction: &Transaction, what: &str) -> Result<(), Failure> {
    let id = transaction.key.id.as_str();
    if shell.output.is_json() {
        let value = serde_json::json!({"schema": "mailorder.written/1", "id": id, "text": what});
        return shell.output.document(&value);
    }
    shell.output.line(format!("{}  {}", short(id), shell.words.sentence(what)))
}
