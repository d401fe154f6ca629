//! Money that a payment agent's owner moves by hand: refunds, and debits whose day has come. `pay inbox` lists them beside
//! what its hooks were given.

use super::Shell;
use super::failure::Failure;
use super::inbox::{Shown, state_by};
use crate::clerk::{Clerk, ClerkError};
use crate::index::{Filter, Listed};
use crate::role::practice::DebitWord;
use crate::rules::overdue::refund;
use crate::rules::{Standing, waiting};
use crate::trade::{Document, Given, Kept, Kind, Money, Role, Transaction, When, Work};
use crate::view::text;

/// Tells how what was done is reported.
pub(super) const REPORT: &str = "mailorder pay notify ITEM --refunded, or --paid, reports that it was done";

/// Returns the refunds and debits that wait for the owner.
pub(super) fn items(shell: &Shell, clerk: &Clerk) -> Result<Vec<Shown>, Failure> {
    let debit = clerk.settings().practice.payment.as_ref().map(|practice| &practice.debit);
    let by_hook = matches!(debit, Some(DebitWord::Hook(_)));
    let mut found = Vec::new();
    let refunds = Filter { role: Some(Role::Payment), refund: true, ..Filter::default() };
    for (_, known) in transactions(clerk, &refunds, |_| true)? {
        // A hook gives money back on its day; what it was given stands among the tasks.
        let refund = refund(&known, &Standing::of(&known));
        let waits = refund.filter(|due| !by_hook || (due.promised.is_over(&shell.clock.now()) && !is_given(&known)));
        found.extend(waits.and_then(|due| {
            let asked = known.received(Kind::RefundInstruction).last()?;
            Some(shown(shell, &known, asked, ("refund", &due.amount, due.promised)))
        }));
    }
    if !matches!(debit, Some(DebitWord::Report)) {
        return Ok(found);
    }
    let today = shell.clock.now().instant().to_zoned(shell.clock.zone().clone()).date();
    let unpaid = Filter { role: Some(Role::Payment), open: Some(true), payment_done: Some(false), ..Filter::default() };
    let has_come =
        |one: &Listed| one.row.payment.date.is_some_and(|date| !one.row.payment.failed && date.day() <= today);
    for (one, known) in transactions(clerk, &unpaid, has_come)? {
        let amount = one.row.unpaid.or(one.row.total);
        found.extend(one.row.payment.date.zip(amount).and_then(|(day, amount)| {
            let asked = known.received(Kind::PaymentInstruction).last().filter(|asked| is_debited(asked))?;
            Some(shown(shell, &known, asked, ("debit", &amount, day)))
        }));
    }
    Ok(found)
}

/// Returns the transactions that a filter and a look at their rows find.
pub(super) fn transactions(
    clerk: &Clerk,
    filter: &Filter,
    keep: impl Fn(&Listed) -> bool,
) -> Result<Vec<(Listed, Transaction)>, Failure> {
    let mut found = Vec::new();
    for one in clerk.index().select(filter, None, keep).map_err(ClerkError::from)? {
        let known = clerk.index().load_key(&one.key).map_err(ClerkError::from)?;
        found.extend(known.map(|known| (one, known)));
    }
    Ok(found)
}

/// Returns whether a hook has a refund to make, or said of one what a person has to look at.
fn is_given(known: &Transaction) -> bool {
    let is_refund = |given: &Given| given.task.work == Work::Refund;
    known.given.iter().any(|given| is_refund(given) && given.said.is_none()) || waiting::untold(known).any(is_refund)
}

/// Returns whether the agent takes the money itself: nobody waits for the owner where the buyer brings or transfers it.
fn is_debited(asked: &Kept) -> bool {
    matches!(&asked.letter.document, Document::PaymentInstruction(asked) if asked.payment_method.is_debited())
}

fn shown(shell: &Shell, known: &Transaction, asked: &Kept, (what, amount, day): (&'static str, &Money, When)) -> Shown {
    let (state, due) = (state_by(&day, shell), Some(day));
    let (amount, day) = (text::amount(amount), text::day(&day, shell.clock.zone()));
    let about = match what {
        "refund" => format!("{amount} to be given back by {day}"),
        _ => format!("{amount} to be collected on {day}"),
    };
    let mut shown = Shown::bare(known, what, (asked.position, asked.recorded));
    (shown.about, shown.state, shown.due) = (about, state, due);
    shown
}
