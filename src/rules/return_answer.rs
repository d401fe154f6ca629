//! Does the shop's word on what goes back agree with what was bought, and with what we asked for? (P94-P97)
//!
//! Goods go back because we asked for it, money also because the shop wants to give it, or because goods will not come; never
//! more than was bought.

use super::{leg, returned};
use crate::trade::document::ReturnAnswer;
use crate::trade::item::LineQuantity;
use crate::trade::{Code, Document, Finding, Kept, Kind, Letter, Money, Terms, Transaction};

/// Returns what is wrong with an answer to a return; it waits while the terms have not come.
pub(super) fn findings(
    transaction: &Transaction,
    answer: &ReturnAnswer,
    letter: &Letter,
) -> Result<Vec<Finding>, Finding> {
    let mut findings = Vec::new();
    let asked = asked(transaction, letter);
    // Money may go back unasked, goods may not; and only what was asked for can be refused.
    let is_money = answer.lines.is_empty() || answer.refund.is_some();
    let unasked = letter.answers.is_none() && is_money && !answer.step.failed();
    if asked.is_none() && !unasked {
        let text = format!("{} answers a return that nobody asked for", letter.from.address);
        findings.push(Finding::new(Code::NotAskedFor, text));
    }
    findings.extend(taken_back(transaction, answer, letter));
    if answer.step.failed() {
        return Ok(findings);
    }
    let named = transaction.all_terms().find(|(kept, _)| letter.terms == Some(kept.content));
    let Some((_, terms)) = named.or_else(|| transaction.terms()) else {
        let number = letter.transaction.as_ref().map_or("none", |number| number.as_str());
        return Err(Finding::new(Code::UnknownTransaction, format!("{} wrote about {number}", letter.from.address)));
    };
    if unasked && !are_lost(transaction, answer) && !was_agreed(transaction, answer) {
        let text =
            format!("{} gives back goods of which it is not said yet that they will not come", letter.from.address);
        return Err(Finding::new(Code::UnknownTransaction, text));
    }
    findings.extend(lines(transaction, terms, answer, letter, asked));
    findings.extend(answer.refund.as_ref().and_then(|refund| money(transaction, terms, refund, letter)));
    Ok(findings)
}

/// Returns whether the delivery agent has said of all goods of an answer that they will not come: unasked, money goes back for
/// these alone.
fn are_lost(transaction: &Transaction, answer: &ReturnAnswer) -> bool {
    let lost = leg::fold(transaction).0.delivery.lost().unwrap_or_default();
    let is_lost =
        |part: &LineQuantity| returned::sum_of(&answer.lines, &part.line) <= returned::sum_of(&lost, &part.line);
    answer.lines.iter().all(is_lost)
}

/// Returns whether the shop has agreed to pay back these goods before: they may have come since, and its word on that stands.
fn was_agreed(transaction: &Transaction, answer: &ReturnAnswer) -> bool {
    let agreed = returned::agreed(transaction);
    let before = agreed.iter().find(|(kept, _)| kept.letter.answers.is_none());
    before.is_some_and(|(_, before)| !answer.lines.is_empty() && answer.lines == before.lines)
}

/// Returns the goods of the return of ours that a letter answers.
fn asked<'a>(transaction: &'a Transaction, letter: &Letter) -> Option<&'a [LineQuantity]> {
    let asked = transaction.sent(Kind::ReturnRequest).find(|kept| letter.answers == Some(kept.content))?;
    match &asked.letter.document {
        Document::ReturnRequest(request) => Some(&request.lines),
        _ => None,
    }
}

/// What goes back is in the terms, was asked for, and is no more than was bought with what goes back already.
fn lines(
    transaction: &Transaction,
    terms: &Terms,
    answer: &ReturnAnswer,
    letter: &Letter,
    asked: Option<&[LineQuantity]>,
) -> Vec<Finding> {
    let others = others(transaction, letter);
    let all: Vec<&LineQuantity> = others.iter().flat_map(|(_, other)| &other.lines).chain(&answer.lines).collect();
    let of_line = |part: &LineQuantity| {
        let line = &part.line;
        let Some(bought) = terms.lines.iter().find(|bought| bought.id == *line) else {
            return Some(Finding::new(Code::GoodsDiffer, format!("line {line} is not in the terms")));
        };
        let Some(sum) = returned::sum_of(all.iter().copied(), line) else {
            return Some(Finding::new(Code::QuantityExceeds, format!("quantity of line {line} is out of range")));
        };
        let what = format!("quantity of line {line}");
        if sum > bought.quantity {
            return Some(Finding::differs(Code::QuantityExceeds, &what, bought.quantity, sum));
        }
        let wanted = asked.and_then(|asked| returned::sum_of(asked, line));
        let stated = returned::sum_of(&answer.lines, line);
        let more = asked.is_some() && stated > wanted;
        more.then(|| {
            let text = format!("more of line {line} is to go back than was asked for");
            Finding::new(Code::NotAskedFor, text)
        })
    };
    let found: Vec<Finding> = answer.lines.iter().filter_map(of_line).collect();
    if found.is_empty() { less(answer, asked.unwrap_or_default()) } else { found }
}

/// Where goods go back, all go back that were asked for: what is left out would be kept, and not paid for.
fn less(answer: &ReturnAnswer, asked: &[LineQuantity]) -> Vec<Finding> {
    let sum = |lines: &[LineQuantity], part: &LineQuantity| returned::sum_of(lines, &part.line);
    let is_less = |part: &&LineQuantity| !answer.lines.is_empty() && sum(&answer.lines, part) < sum(asked, part);
    let finding = |part: &LineQuantity| {
        let text = format!("less of line {} is to go back than was asked for", part.line);
        Finding::new(Code::GoodsDiffer, text)
    };
    asked.iter().filter(is_less).map(finding).collect()
}

/// What is given back is money of the terms, and with what is given back already no more than their total, or than was paid.
fn money(transaction: &Transaction, terms: &Terms, refund: &Money, letter: &Letter) -> Option<Finding> {
    let currency = terms.total.currency();
    if refund.currency() != currency {
        return Some(Finding::differs(Code::CurrencyDiffers, "currency", currency, refund.currency()));
    }
    if refund.is_zero() || refund.is_negative() {
        return Some(Finding::new(Code::AmountDiffers, format!("{refund} is nothing that can be paid or be due")));
    }
    let others = others(transaction, letter);
    let others = others.iter().filter_map(|(_, other)| other.refund.as_ref());
    let sum = Money::sum(others.chain([refund])).ok().flatten();
    let fits = |most: &Money| sum.is_some_and(|sum| !sum.exceeds(most).unwrap_or(true));
    // More than agreed was paid where a person accepted that.
    if fits(&terms.total) || leg::fold(transaction).0.paid.is_some_and(|paid| fits(&paid)) {
        return None;
    }
    Some(Finding::differs(Code::AmountDiffers, "given back", terms.total, sum.unwrap_or(*refund)))
}

/// Returns what the shop agreed to for other returns.
fn others<'a>(transaction: &'a Transaction, letter: &Letter) -> Vec<(&'a Kept, &'a ReturnAnswer)> {
    returned::agreed(transaction).into_iter().filter(|(kept, _)| kept.letter.answers != letter.answers).collect()
}

/// What was promised for a return is not refused later, nor made less: of two words the one with the higher number is the later.
fn taken_back(transaction: &Transaction, answer: &ReturnAnswer, letter: &Letter) -> Option<Finding> {
    let same = transaction.known(Kind::ReturnAnswer).filter(|kept| kept.letter.answers == letter.answers);
    let less = |before: &ReturnAnswer, later: &ReturnAnswer| {
        let smaller = match (before.refund, later.refund) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(before), Some(later)) => before.exceeds(&later).unwrap_or(true),
        };
        // Unasked words are about all that is given back so far.
        let kept = |part: &LineQuantity| {
            returned::sum_of(&before.lines, &part.line) <= returned::sum_of(&later.lines, &part.line)
        };
        let fewer = match letter.answers {
            Some(_) => before.lines != later.lines,
            None => !before.lines.iter().all(kept),
        };
        !before.step.failed() && (later.step.failed() || smaller || fewer)
    };
    let mut words = same.filter_map(|kept| match &kept.letter.document {
        Document::ReturnAnswer(other) => Some((kept.letter.seq, other)),
        _ => None,
    });
    let is_taken_back =
        words.any(|(seq, other)| if seq < letter.seq { less(other, answer) } else { less(answer, other) });
    is_taken_back.then(|| {
        let text = format!("{} promises less for a return now than before", letter.from.address);
        Finding::new(Code::AnswerTakenBack, text)
    })
}
