//! What goes back, goods and money: for `show` and `status`.

use serde_json::Value;

use super::Shell;
use super::failure::Failure;
use super::list::plural;
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

/// What is still to go back, as `status` tells it.
pub(super) struct GivenBack {
    /// To buyers, in the part that is looked at: a sum for each currency.
    due: Vec<Money>,
    /// How many refunds this account is to pay itself, as the payment agent.
    pub(super) to_pay: u64,
}

impl GivenBack {
    /// Reckons it for an account, looked at in this part.
    pub(super) fn of(clerk: &Clerk, role: Role) -> Result<Self, Failure> {
        let mut due: Vec<Money> = Vec::new();
        for amount in refunds(clerk, role)?.iter().filter_map(|one| one.row.refund) {
            match due.iter_mut().find(|sum| sum.currency() == amount.currency()) {
                Some(sum) => *sum = sum.saturating_plus(&amount),
                None => due.push(amount),
            }
        }
        let pays = clerk.settings().practice.plays(Role::Payment);
        let to_pay = if pays { refunds(clerk, Role::Payment)?.len() } else { 0 };
        Ok(Self { due, to_pay: u64::try_from(to_pay).unwrap_or(u64::MAX) })
    }

    /// Returns the sums as JSON.
    pub(super) fn document(&self) -> Value {
        self.due.iter().map(text::money_json).collect()
    }

    /// Prints the sums, where there are any.
    pub(super) fn line(&self, shell: &Shell) -> Result<(), Failure> {
        let due: Vec<String> = self.due.iter().map(text::amount).collect();
        let name = shell.words.say("account.refund-due");
        if due.is_empty() { Ok(()) } else { shell.output.named(&name, 15, &due.join(" + ")) }
    }

    /// Tells of the refunds that this account is to pay.
    pub(super) fn tell(&self, shell: &Shell) {
        if self.to_pay > 0 {
            shell.hint(&format!("{} to be paid: mailorder pay inbox", plural(self.to_pay, "refund")));
        }
    }
}

/// Prints which returns are asked for or agreed to, and what went back or is to go back.
pub(super) fn lines(shell: &Shell, known: &Transaction, standing: &Standing) -> Result<(), Failure> {
    let words = shell.words;
    let line = |name: &str, value: String| shell.named(name, &output::escape(&value));
    for kept in asked(known) {
        let goods = said(&kept.letter.document, words).join("; ");
        line("return", words.fill("shown.unanswered", &[("goods", &goods)]))?;
    }
    for (kept, answer) in returned::agreed(known).into_iter().filter(|(_, answer)| !answer.lines.is_empty()) {
        if answer.step.done().is_none() {
            let goods = said(&kept.letter.document, words).join("; ");
            let key = if kept.letter.answers.is_some() { "shown.agreed" } else { "shown.paid-back" };
            line("return", words.fill(key, &[("goods", &goods)]))?;
        }
    }
    if let Some(back) = standing.legs.refunded {
        line("refunded", text::amount(&back))?;
    }
    if let Some(refund) = refund(known, standing) {
        let until = text::when(&refund.promised, shell.clock.zone());
        line("refund", words.fill("shown.due-sum", &[("sum", &text::amount(&refund.amount)), ("day", &until)]))?;
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
