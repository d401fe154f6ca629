//! What the shop gives back: how much it is, and when a return is closed.

use super::{Action, Desk, Draft, Refused, terms_of};
use crate::rules::Standing;
use crate::rules::failed::refused_refunds;
use crate::rules::returned::{self, Unpriced};
use crate::trade::document::{RefundInstruction, ReturnAnswer};
use crate::trade::item::{Line, LineQuantity};
use crate::trade::status::Step;
use crate::trade::{Document, Kept, Kind, Leg, Money, StatusReason, Terms, Transaction};

/// Returns what is left of what was paid once all is paid back that was promised or instructed before; `None` where that
/// is nothing.
///
/// What a cancellation gives back is instructed and promised by no letter of its own; what was instructed for returns is
/// in both sums.
pub(super) fn left_of(transaction: &Transaction, paid: Option<Money>) -> Option<Money> {
    let agreed = returned::refund(transaction).ok()?;
    let instructed = instructed(transaction).ok()?;
    let back = match (agreed, instructed) {
        (Some(agreed), Some(instructed)) if instructed.exceeds(&agreed).ok()? => Some(instructed),
        (agreed, instructed) => agreed.or(instructed),
    };
    let left = match back {
        Some(back) => paid?.minus(&back).ok()?,
        None => paid?,
    };
    Some(left).filter(|left| !left.is_zero() && !left.is_negative())
}

/// Returns the sum of the refunds that the payment agent was told to make, and did not refuse.
fn instructed(transaction: &Transaction) -> Result<Option<Money>, crate::trade::MoneyError> {
    let told = transaction.sent(Kind::RefundInstruction).filter(|kept| !transaction.is_refused(&kept.content));
    let amounts: Vec<Money> = told
        .filter_map(|kept| match &kept.letter.document {
            Document::RefundInstruction(refund) => Some(refund.amount),
            _ => None,
        })
        .collect();
    Money::sum(&amounts)
}

/// Returns what was paid for goods that go back after all that the shop agreed to take back, or to pay back, before.
///
/// # Errors
/// As [`value_of`].
pub(super) fn worth_now(transaction: &Transaction, terms: &Terms, lines: &[LineQuantity]) -> Result<Money, Why> {
    let agreed = returned::agreed(transaction);
    let before = agreed.iter().map(|(_, answer)| answer.lines.as_slice()).filter(|lines| !lines.is_empty());
    value_after(terms, &before.collect::<Vec<_>>(), lines)
}

/// Instructs the payment agent to give this much back.
pub(super) fn refund_instruction(transaction: &Transaction, amount: Money, reason: &str) -> Option<Action> {
    let (digest, terms) = terms_of(transaction)?;
    let agent = terms.agent(Leg::Payment)?;
    let document = Document::RefundInstruction(RefundInstruction { amount, reason: reason.to_owned() });
    Some(Draft::new(transaction, agent.party.clone(), document).about(Some(digest)).into())
}

/// Instructs the payment agent once more to give back what it refused to.
pub(super) fn told_again(transaction: &Transaction) -> Vec<Action> {
    let again = |(refusal, refund): (&Kept, &RefundInstruction)| {
        let Action::Send(draft) = refund_instruction(transaction, refund.amount, &refund.reason)? else { return None };
        Some(Action::from(draft.answering(refusal.content)))
    };
    refused_refunds(transaction).into_iter().filter_map(again).collect()
}

/// Why goods are not taken back: a code that other programs know, and a sentence.
pub(super) type Why = (StatusReason, &'static str);

/// Returns what was paid for goods that go back after others: the last of them bring what all goods are worth and did not go
/// back with the others, so that nothing is lost between shares that were rounded.
///
/// # Errors
/// As [`value_of`].
fn value_after(terms: &Terms, before: &[&[LineQuantity]], lines: &[LineQuantity]) -> Result<Money, Why> {
    let all: Vec<LineQuantity> = before.iter().copied().flatten().chain(lines).cloned().collect();
    if before.is_empty() || !returned::covers(terms, &all) {
        return value_of(terms, lines);
    }
    let back = before.iter().map(|lines| value_of(terms, lines)).collect::<Result<Vec<_>, _>>()?;
    let back = sum(&back)?.ok_or(NO_SUM)?;
    let left = returned::worth_of_all(terms).ok_or(NO_SUM)?.minus(&back).map_err(|_| NO_SUM)?;
    Ok(if left.is_negative() { Money::zero(left.currency()) } else { left })
}

/// Returns what was paid for the goods given back: their price, less their share of what was taken off the sum. Charges are
/// given back only with all of the goods.
///
/// # Errors
/// What cannot be priced: nothing, a line that was not bought, a quantity whose price does not come out in the currency.
fn value_of(terms: &Terms, lines: &[LineQuantity]) -> Result<Money, Why> {
    let all = |line: &Line| lines.iter().any(|part| part.line == line.id && part.quantity == line.quantity);
    if !lines.is_empty() && terms.lines.iter().all(all) {
        return Ok(terms.total);
    }
    returned::worth_of(terms, lines).map_err(|why| match why {
        Unpriced::NotBought => NOT_BOUGHT,
        Unpriced::Quantity => NO_PRICE,
        Unpriced::Nothing => NOTHING_NAMED,
        Unpriced::Sum => NO_SUM,
    })
}

const NOT_BOUGHT: Why = (StatusReason::Item, "Not all of it was bought.");
const NO_PRICE: Why = (StatusReason::Quantity, "The price of this quantity is no amount of the currency.");
const NOTHING_NAMED: Why = (StatusReason::Quantity, "Nothing is named that is to be given back.");
/// Said where amounts make no sum.
const NO_SUM: Why = (StatusReason::Price, "The price of these goods cannot be reckoned.");

fn sum(amounts: &[Money]) -> Result<Option<Money>, Why> {
    Money::sum(amounts).map_err(|_| NO_SUM)
}

/// Writes the shop's word on a return again, with what became of it; one that nobody asked for answers nothing.
fn word(transaction: &Transaction, kept: &Kept, answer: ReturnAnswer) -> Option<Action> {
    let terms = terms_of(transaction).map(|(digest, _)| digest);
    let draft = Draft::new(transaction, transaction.buyer()?, Document::ReturnAnswer(answer)).about(terms);
    Some(Draft { answers: kept.letter.answers, ..draft }.into())
}

/// Writes the shop's word on money that it gives back unasked, `more` than it gave back so before, and for which goods.
pub(super) fn unasked(transaction: &Transaction, more: Money, missing: &[LineQuantity]) -> Result<Action, Refused> {
    let before = returned::agreed(transaction).into_iter().find(|(kept, _)| kept.letter.answers.is_none());
    let before = before.map(|(_, answer)| answer);
    let refund = before.and_then(|before| before.refund).map_or(Ok(more), |before| before.plus(&more))?;
    let lines = before.into_iter().flat_map(|before| &before.lines).chain(missing).cloned().collect();
    let answer = ReturnAnswer { lines, step: Step::Active { at: None }, refund: Some(refund) };
    let terms = terms_of(transaction).map(|(digest, _)| digest);
    let buyer = transaction.buyer().ok_or_else(|| Refused::new("nobody has ordered"))?;
    Ok(Draft::new(transaction, buyer, Document::ReturnAnswer(answer)).about(terms).into())
}

/// Gives back what was paid while the order to stop was under way: a return of everything was agreed to for less, or the
/// order was cancelled.
pub(super) fn settle_overpaid(transaction: &Transaction) -> Vec<Action> {
    let Some((_, terms)) = terms_of(transaction) else { return Vec::new() };
    let legs = Standing::of(transaction).legs;
    let Some(left) = left_of(transaction, legs.paid) else { return Vec::new() };
    if legs.cancelled.is_some() {
        // An agent that refuses is not told again by a program.
        let refused = transaction.sent(Kind::RefundInstruction).any(|kept| transaction.is_refused(&kept.content));
        return refund_instruction(transaction, left, "cancelled").filter(|_| !refused).into_iter().collect();
    }
    let whole = returned::agreed(transaction).into_iter().find(|(_, answer)| returned::covers(terms, &answer.lines));
    let Some((kept, answer)) = whole else { return Vec::new() };
    let Ok(refund) = answer.refund.map_or(Ok(left), |before| before.plus(&left)) else { return Vec::new() };
    let more = ReturnAnswer { step: Step::Active { at: None }, refund: Some(refund), ..answer.clone() };
    let actions = [word(transaction, kept, more), refund_instruction(transaction, left, "returned")];
    actions.into_iter().flatten().collect()
}

/// Closes the returns whose refunds were made: in the order in which they were agreed to, as far as the money goes.
pub(super) fn settle_refund(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let Some(refunded) = Standing::of(transaction).legs.refunded else { return Vec::new() };
    let mut needed = Money::zero(refunded.currency());
    let mut actions = Vec::new();
    for (kept, active) in returned::agreed(transaction) {
        let Some(sum) = active.refund.and_then(|refund| needed.plus(&refund).ok()) else { continue };
        needed = sum;
        if needed.exceeds(&refunded).unwrap_or(true) {
            break;
        }
        if active.step.done().is_none() {
            let done = ReturnAnswer { step: Step::Done { at: desk.now.whole_second() }, ..active.clone() };
            actions.extend(word(transaction, kept, done));
        }
    }
    actions
}
