//! What goes back, goods and money: for `show` and `status`.

use super::Shell;
use super::failure::Failure;
use super::output;
use crate::clerk::{Clerk, ClerkError};
use crate::index::{Filter, Listed};
use crate::rules::overdue::refund;
use crate::rules::{Standing, returned};
use crate::trade::{Direction, Kept, Kind, Money, Role, Transaction};
use crate::view::said::said;
use crate::view::text;

fn refunds(clerk: &Clerk, role: Role) -> Result<Vec<Listed>, Failure> {
    let filter = Filter { role: Some(role), refund: true, ..Filter::default() };
    Ok(clerk.index().list(&filter).map_err(ClerkError::from)?)
}

/// Returns what is still to go back to buyers in a part, a sum for each currency.
pub(super) fn due(clerk: &Clerk, role: Role) -> Result<Vec<Money>, Failure> {
    let mut sums: Vec<Money> = Vec::new();
    for amount in refunds(clerk, role)?.iter().filter_map(|one| one.row.refund) {
        match sums.iter_mut().find(|sum| sum.currency() == amount.currency()) {
            Some(sum) => *sum = sum.plus(&amount).map_err(|error| Failure::data(error.to_string()))?,
            None => sums.push(amount),
        }
    }
    Ok(sums)
}

/// Returns how many refunds this account is to pay itself, as the payment agent.
pub(super) fn to_be_paid(clerk: &Clerk) -> Result<u64, Failure> {
    if !clerk.settings().practice.plays(Role::Payment) {
        return Ok(0);
    }
    Ok(u64::try_from(refunds(clerk, Role::Payment)?.len()).unwrap_or(u64::MAX))
}

/// Prints which returns are asked for or agreed to, and what went back or is to go back.
pub(super) fn lines(shell: &Shell, known: &Transaction, standing: &Standing) -> Result<(), Failure> {
    let line = |name: &str, value: String| shell.output.line(format!("{name:<8}  {}", output::escape(&value)));
    for kept in asked(known) {
        line("return", format!("{}: not answered yet", said(&kept.letter.document).join("; ")))?;
    }
    for (kept, answer) in returned::agreed(known).into_iter().filter(|(_, answer)| !answer.lines.is_empty()) {
        if answer.step.done().is_none() {
            line("return", format!("agreed: {}", said(&kept.letter.document).join("; ")))?;
        }
    }
    if let Some(back) = standing.legs.refunded {
        line("refunded", text::amount(&back))?;
    }
    if let Some(refund) = refund(known, standing) {
        let until = text::when(&refund.promised, shell.clock.zone());
        line("refund", format!("{} due {until}", text::amount(&refund.amount)))?;
    }
    Ok(())
}

/// Returns the returns that nobody has answered.
fn asked(known: &Transaction) -> impl Iterator<Item = &Kept> {
    let answered = |asked: &Kept| {
        known.known(Kind::ReturnAnswer).any(|kept| kept.letter.answers == Some(asked.content))
            || known.is_refused(&asked.content)
    };
    let requests = known.kept.iter().filter(|kept| kept.letter.kind() == Kind::ReturnRequest);
    requests.filter(|kept| kept.direction == Direction::Out || kept.counts()).filter(move |kept| !answered(kept))
}
