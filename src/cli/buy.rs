//! `cancel`, `return`: what a buyer says about one transaction.

use super::Shell;
use super::failure::Failure;
use super::transaction;
use crate::clerk::Written;
use crate::role::{Desk, Draft, Refused, buyer};
use crate::trade::item::LineQuantity;
use crate::trade::status::Reason;
use crate::trade::{Quantity, Role, Transaction};
use crate::view::short;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder cancel K5QW3Z --reason 'ordered twice'")]
pub(crate) struct CancelArgs {
    /// Beginning of the transaction's ID or number, or SHOP:NUMBER
    #[arg(value_name = "TXN")]
    transaction: String,
    /// Why
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mailorder return K5QW3Z --line 1=2 --reason 'too small'")]
pub(crate) struct ReturnArgs {
    /// Beginning of the transaction's ID or number, or SHOP:NUMBER
    #[arg(value_name = "TXN")]
    transaction: String,
    /// Line and quantity given back, like 1=2; all of everything where none is given
    #[arg(long = "line", value_name = "LINE=QUANTITY")]
    lines: Vec<String>,
    /// Why
    #[arg(long, default_value = "not wanted any more")]
    reason: String,
}

pub(super) fn cancel(shell: &mut Shell, args: CancelArgs) -> Result<(), Failure> {
    let (transaction, _) = write(shell, &args.transaction, |known, _| buyer::cancel(known, args.reason.clone()))?;
    told(shell, &transaction, "cancellation written; the shop's answer decides")
}

pub(super) fn give_back(shell: &mut Shell, args: ReturnArgs) -> Result<(), Failure> {
    let lines: Result<Vec<LineQuantity>, Failure> = args.lines.iter().map(|text| line_quantity(text)).collect();
    let lines = lines?;
    let reason = Reason { code: "RET".to_owned(), text: args.reason.clone() };
    let (transaction, _) =
        write(shell, &args.transaction, |known, _| buyer::give_back(known, lines.clone(), reason.clone()))?;
    told(shell, &transaction, "return asked for; the shop's answer decides")
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
