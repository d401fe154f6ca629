//! What goes back: the shop's word on each return, and what all of them together hold.

use std::collections::{BTreeMap, BTreeSet};

use super::statement;
use crate::trade::document::ReturnAnswer;
use crate::trade::item::LineQuantity;
use crate::trade::{Digest, Document, Kept, Kind, Moment, Money, MoneyError, Quantity, Terms, Transaction};

/// Returns the shop's last word on each return it agreed to, in the order in which it first agreed.
///
/// Several letters may answer one request: agreed, then refunded. They count once.
pub fn agreed(transaction: &Transaction) -> Vec<(&Kept, &ReturnAnswer)> {
    let mut letters: Vec<(&Kept, &ReturnAnswer)> = transaction
        .known(Kind::ReturnAnswer)
        .filter_map(|kept| match &kept.letter.document {
            Document::ReturnAnswer(answer) => Some((kept, answer)),
            _ => None,
        })
        .collect();
    letters.sort_by_key(|(kept, _)| kept.letter.seq);
    let mut order: Vec<Option<Digest>> = Vec::new();
    let mut last: BTreeMap<Option<Digest>, (&Kept, &ReturnAnswer)> = BTreeMap::new();
    for (kept, answer) in letters {
        let request = kept.letter.answers;
        if last.insert(request, (kept, answer)).is_none() {
            order.push(request);
        }
    }
    let words = order.iter().filter_map(|request| last.get(request).copied());
    words.filter(|(_, answer)| !answer.step.failed()).collect()
}

/// A return that the shop agreed to: since when, and how much money goes back for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// When the shop first agreed; its later words on the same return say what came of it.
    pub since: Moment,
    /// What goes back; `None` where nothing was paid.
    pub refund: Option<Money>,
}

/// Returns the returns that the shop agreed to, in the order in which it did.
pub fn promises(transaction: &Transaction) -> Vec<Promise> {
    let first = |kept: &Kept| {
        let same = transaction.known(Kind::ReturnAnswer).filter(|said| said.letter.answers == kept.letter.answers);
        let agrees = |said: &&Kept| matches!(&said.letter.document, Document::ReturnAnswer(a) if !a.step.failed());
        same.filter(agrees).map(|said| said.letter.date).min().unwrap_or(kept.letter.date)
    };
    agreed(transaction)
        .into_iter()
        .map(|(kept, answer)| Promise { since: first(kept), refund: answer.refund })
        .collect()
}

/// Returns whether `more` can go back beside what the shop agreed to before: something, and no line more often than it was
/// bought.
pub fn has_room(transaction: &Transaction, terms: &Terms, more: &[LineQuantity]) -> bool {
    let answers = agreed(transaction);
    let all: Vec<&LineQuantity> = answers.iter().flat_map(|(_, answer)| &answer.lines).chain(more).collect();
    !more.is_empty()
        && more.iter().all(|part| {
            let sum = sum_of(all.iter().copied(), &part.line);
            terms.lines.iter().any(|line| line.id == part.line && sum.is_some_and(|sum| sum <= line.quantity))
        })
}

/// Returns whether the shop has agreed to take back, or to pay back, at least these goods: what is missing of a delivery
/// counts first.
pub fn makes_good(transaction: &Transaction, missing: &[LineQuantity]) -> bool {
    not_made_good(transaction, missing).is_empty()
}

/// Returns whether `more`, beside what the shop agreed to before, is no more than is missing of a delivery: nothing of it
/// has to come back first. Nothing at all is not missing.
pub fn only_missing(transaction: &Transaction, missing: &[LineQuantity], more: &[LineQuantity]) -> bool {
    let answers = agreed(transaction);
    let all: Vec<&LineQuantity> = answers.iter().flat_map(|(_, answer)| &answer.lines).chain(more).collect();
    !more.is_empty()
        && more.iter().all(|part| {
            let sum = sum_of(all.iter().copied(), &part.line);
            sum.zip(sum_of(missing, &part.line)).is_some_and(|(sum, missing)| sum <= missing)
        })
}

/// Returns which of the goods that will not come the shop has not agreed to take back, or to pay back, yet: what is missing
/// counts first. One part for each line.
pub fn not_made_good(transaction: &Transaction, missing: &[LineQuantity]) -> Vec<LineQuantity> {
    let answers = agreed(transaction);
    let left = |line: &str| {
        let all = sum_of(missing, line)?;
        let back = sum_of(answers.iter().flat_map(|(_, answer)| &answer.lines), line);
        back.map_or(Some(all), |back| all.minus(back))
    };
    let lines: BTreeSet<&str> = missing.iter().map(|part| part.line.as_str()).collect();
    let open = lines.into_iter().filter_map(|line| Some(LineQuantity { line: line.to_owned(), quantity: left(line)? }));
    open.collect()
}

/// Returns how much of one line there is in `lines`.
pub(super) fn sum_of<'a>(lines: impl IntoIterator<Item = &'a LineQuantity>, line: &str) -> Option<Quantity> {
    let mut same = lines.into_iter().filter(|part| part.line == *line).map(|part| part.quantity);
    same.next().and_then(|first| same.try_fold(first, Quantity::plus))
}

/// Returns whether all the goods of the terms go back, or went.
pub fn is_all(transaction: &Transaction, terms: &Terms) -> bool {
    let answers = agreed(transaction);
    statement::covers(Some(terms), answers.iter().flat_map(|(_, answer)| &answer.lines))
}

/// Returns what all the goods of the terms are worth: their prices, less what was taken off the sum; `None` where that
/// cannot be reckoned.
pub fn worth_of_all(terms: &Terms) -> Option<Money> {
    let goods = terms.lines.iter().filter_map(|line| line.price().ok());
    let reductions = terms.charges.iter().map(|charge| charge.price).filter(Money::is_negative);
    Money::sum(&goods.chain(reductions).collect::<Vec<Money>>()).ok().flatten()
}

/// Why it cannot be reckoned what goods are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpriced {
    /// A line was not bought.
    NotBought,
    /// The price of a quantity does not come out in the currency.
    Quantity,
    /// Nothing is named.
    Nothing,
    /// The amounts make no sum.
    Sum,
}

/// Returns what was paid for these goods: their prices, less their share of what was taken off the sum. Charges stay with the shop.
///
/// # Errors
/// Why that cannot be reckoned.
pub fn worth_of(terms: &Terms, lines: &[LineQuantity]) -> Result<Money, Unpriced> {
    let sum = |amounts: &[Money]| Money::sum(amounts).map_err(|_| Unpriced::Sum);
    let price = |part: &LineQuantity| {
        let line = terms.lines.iter().find(|line| line.id == part.line).ok_or(Unpriced::NotBought)?;
        line.unit_price.times(part.quantity).map_err(|_| Unpriced::Quantity)
    };
    let prices: Vec<Money> = lines.iter().map(price).collect::<Result<_, _>>()?;
    let value = sum(&prices)?.ok_or(Unpriced::Nothing)?;
    let reductions: Vec<Money> = terms.charges.iter().map(|charge| charge.price).filter(Money::is_negative).collect();
    let Some(reduction) = sum(&reductions)? else { return Ok(value) };
    let goods: Vec<Money> = terms.lines.iter().filter_map(|line| line.price().ok()).collect();
    let share = sum(&goods)?.and_then(|goods| reduction.share(&value, &goods).ok()).ok_or(Unpriced::Sum)?;
    let left = value.plus(&share).map_err(|_| Unpriced::Sum)?;
    Ok(if left.is_negative() { Money::zero(left.currency()) } else { left })
}

/// Returns what was paid for the goods that the shop agreed to take back, or to pay back, so far; `None` where it agreed to none.
pub fn worth_of_back(transaction: &Transaction, terms: &Terms) -> Option<Money> {
    let answers = agreed(transaction).into_iter().map(|(_, answer)| &answer.lines).filter(|lines| !lines.is_empty());
    let worth: Vec<Money> = answers.map(|lines| worth_of(terms, lines).ok()).collect::<Option<_>>()?;
    Money::sum(&worth).ok().flatten()
}

/// Returns what has to go back for all the goods: what they are worth, or what was paid, where that is less.
pub fn owed_for_all(terms: &Terms, paid: Money) -> Money {
    let worth = worth_of_all(terms).unwrap_or(paid);
    if worth.exceeds(&paid).unwrap_or(true) { paid } else { worth }
}

/// Returns whether these lines are all the goods of the terms.
pub fn covers(terms: &Terms, lines: &[LineQuantity]) -> bool {
    statement::covers(Some(terms), lines.iter())
}

/// Returns the sum of what the shop agreed to pay back; `None` where that is nothing.
///
/// # Errors
/// Sums that leave the range, or mix currencies.
pub fn refund(transaction: &Transaction) -> Result<Option<Money>, MoneyError> {
    Money::sum(agreed(transaction).iter().filter_map(|(_, answer)| answer.refund.as_ref()))
}
