//! `shop accept|reject|cancel|refund|instruct`, `pay accept|reject|retry`, `ship retry`: what an owner says to what waits for him.

use std::cell::{Cell, RefCell};

use super::Shell;
use super::failure::Failure;
use super::inbox::{in_one_line, short_of};
use super::notify::{at_part, write, write_once};
use super::report::event_named;
use super::{output, transaction};
use crate::clerk::Clerk;
use crate::ordering::written::money;
use crate::role::shop_desk::Refund;
use crate::role::{Desk, payment_work, shop_cancel, shop_desk};
use crate::rules::waiting::waiting;
use crate::trade::{Role, Transaction, fault_of_line};

#[derive(Debug, clap::Args)]
pub(super) struct Item {
    /// Beginning of the transaction's ID or number
    #[arg(value_name = "ITEM")]
    transaction: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct RejectArgs {
    #[command(flatten)]
    item: Item,
    /// Why, in a sentence that the other side reads
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct RefundArgs {
    /// Beginning of the transaction's ID or number
    #[arg(value_name = "TXN")]
    transaction: String,
    /// How much, like 'JPY 500'; where none is given, all that is left of what was paid, or what is missing cost
    #[arg(long)]
    amount: Option<String>,
    /// For the goods that will not come, by the delivery agent's word: nobody waits for them any more
    #[arg(long)]
    missing: bool,
    /// Why, for the payment agent's books
    #[arg(long, value_name = "TEXT", default_value = "given back by the shop")]
    reason: String,
    /// This refund's own name: run again with it, the command gives nothing back a second time
    #[arg(long, value_name = "ID")]
    event_id: Option<String>,
}

pub(super) fn accept(shell: &Shell, item: &Item) -> Result<(), Failure> {
    let short = RefCell::new(Vec::new());
    write(shell, &item.transaction, Role::Shop, |known, desk| {
        *short.borrow_mut() = waiting(known).first().map(|one| short_of(one, desk)).unwrap_or_default();
        shop_desk::accept(known, desk)
    })?;
    let short = short.take();
    if short.is_empty() || shell.output.is_json() {
        return Ok(());
    }
    shell.output.line(output::escape(&in_one_line(&short, shell.words)))
}

pub(super) fn reject(shell: &Shell, args: &RejectArgs) -> Result<(), Failure> {
    let why = sentence(&args.reason, "the buyer")?;
    write(shell, &args.item.transaction, Role::Shop, |known, desk| shop_desk::reject(known, why, desk))?;
    what_waits_still(shell, &args.item.transaction)
}

/// Says where more than one thing of a transaction waited, and one still does.
fn what_waits_still(shell: &Shell, name: &str) -> Result<(), Failure> {
    let mut clerk = shell.clerk()?;
    let known = transaction::find(&mut clerk, name, Role::Shop)?;
    if let Some(next) = waiting(&known).first() {
        shell.hint(&format!("its {} waits still: mailorder shop inbox", next.word()));
    }
    Ok(())
}

pub(super) fn cancel(shell: &Shell, args: &RejectArgs) -> Result<(), Failure> {
    let why = sentence(&args.reason, "the buyer")?;
    write(shell, &args.item.transaction, Role::Shop, |known, desk| shop_cancel::cancel(known, why, desk))
}

/// Most characters of a reason.
const REASON_MAX: usize = 500;

/// Returns a reason without blanks around it.
///
/// # Errors
/// One that is empty, too long, or no line of text.
fn sentence<'a>(reason: &'a str, reader: &str) -> Result<&'a str, Failure> {
    let why = reason.trim();
    if why.is_empty() {
        return Err(Failure::usage(format!("--reason is a sentence for {reader}, in one line")));
    }
    plain("--reason", why)?;
    if why.chars().count() > REASON_MAX {
        return Err(Failure::usage(format!("--reason has more than {REASON_MAX} characters")).hint("say it shorter"));
    }
    Ok(why)
}

/// Refuses the text of a flag that is no plain line.
pub(super) fn plain(flag: &str, text: &str) -> Result<(), Failure> {
    fault_of_line(text).map_or(Ok(()), |fault| Err(Failure::usage(format!("{flag}: {fault}"))))
}

pub(super) fn refund(shell: &Shell, args: &RefundArgs) -> Result<(), Failure> {
    let amount = args.amount.as_deref().map(|text| money("--amount", text)).transpose()?;
    let why = sentence(&args.reason, "the payment agent")?;
    let event = event_named(args.event_id.as_deref())?;
    let asked = Refund { amount, missing: args.missing };
    let is_missing = Cell::new(false);
    let decide = |known: &Transaction, _: &Desk<'_>| {
        is_missing.set(!args.missing && shop_desk::missing(known).is_ok());
        shop_desk::refund(known, asked, why)
    };
    match event {
        None => write(shell, &args.transaction, Role::Shop, decide)?,
        Some(id) => write_once(shell, &args.transaction, Role::Shop, |key| asked.event(id, key, why), decide)?,
    }
    if is_missing.get() {
        shell.hint("goods of it will not come, and are owed still: money for them is given back with --missing");
    }
    Ok(())
}

/// Instructs the agents that refused, and has hooks try again what they would or could not do.
pub(super) fn instruct(shell: &Shell, item: &str) -> Result<(), Failure> {
    let (mut clerk, known) = at_part(shell, item, Role::Shop)?;
    let anew = clerk.try_anew(&known)?;
    if anew == 0 {
        drop(clerk);
        return write(shell, item, Role::Shop, shop_desk::instruct);
    }
    work(shell, &mut clerk)
}

/// Has a hook try again what it did in vain.
pub(super) fn retry(shell: &Shell, item: &Item, role: Role) -> Result<(), Failure> {
    let (mut clerk, known) = at_part(shell, &item.transaction, role)?;
    if clerk.try_anew(&known)? == 0 {
        return Err(Failure::data("no hook tried anything of it in vain"));
    }
    work(shell, &mut clerk)
}

/// Runs the hooks that have work, and sends what comes of it.
fn work(shell: &Shell, clerk: &mut Clerk) -> Result<(), Failure> {
    shell.unless_stopped(async { Ok(clerk.work(super::mail::WORK_BUDGET).await?) })?;
    shell.tell_notes(clerk);
    shell.send(clerk)
}

/// Says that a payment is authorised, in the place of a hook.
pub(super) fn authorize(shell: &Shell, item: &Item) -> Result<(), Failure> {
    write(shell, &item.transaction, Role::Payment, payment_work::accept)
}

/// Says that a payment is not authorised, in the place of a hook.
pub(super) fn decline(shell: &Shell, args: &RejectArgs) -> Result<(), Failure> {
    let why = sentence(&args.reason, "the shop")?;
    write(shell, &args.item.transaction, Role::Payment, |known, desk| payment_work::reject(known, why, desk))
}
