//! Terms that replace others (`mo:replaces`): the shop offers them, and nothing changes before the buyer's OK.
//!
//! At an OK to new terms of what has begun the agents are told to stop. Where nothing was done yet the OK is answered, by which the
//! new terms come into force on both sides, and the agents are instructed anew; where something was, the OK is refused, and
//! what was stopped goes on by the terms before. What is done counts by the terms it was done under.

use super::shop::{delivery_instruction, first_status, is_started, payment_instruction, report_by};
use super::shop_after::{settle_stop, stop_agents, unanswered};
use super::shop_work::is_begun;
use super::{Action, Desk, Draft, Refused, agent, shop_cancel, shop_offer, terms_of};
use crate::rules::stopping::{is_instructed, stop_sent, unanswered_stops};
use crate::rules::{Standing, State, replacing};
use crate::trade::{Digest, Document, Kept, Leg, Money, Quantity, Terms, Transaction, When, item};

/// What is to be otherwise than in the terms before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// The price of one, by line.
    pub prices: Vec<(String, Money)>,
    /// How many, by line; a line of which there are none is left out.
    pub quantities: Vec<(String, Option<Quantity>)>,
    /// What a charge is, by its name; a new one where there is none of this name.
    pub charges: Vec<(String, Money)>,
    /// Until when it is to be paid.
    pub due: Option<When>,
    /// Until when it arrives.
    pub arrives: Option<When>,
}

/// Said of what must wait until it is known which terms are in force.
pub(super) const UNSETTLED: &str =
    "the agents have not stopped yet for the new terms that the buyer said OK to; wait for their answers";

/// Offers new terms in the place of those that were offered last, where the buyer has not answered them, else of those in force
/// (`shop change`).
///
/// # Errors
/// Where nothing would change, or too much was done under the terms that are there.
pub fn change(transaction: &Transaction, change: &Change, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    let (ordered, _) = transaction.order().ok_or_else(|| Refused::new("nobody has ordered"))?;
    let offered = transaction.offer().or_else(|| transaction.terms());
    let (before, terms) = offered.ok_or_else(|| Refused::new("no terms were sent for this number"))?;
    if let Some(why) = too_late(transaction) {
        return Err(Refused::new(why));
    }
    let new = changed(terms, change, desk)?;
    if is_begun(transaction) && new.lines.iter().map(goods).ne(terms.lines.iter().map(goods)) {
        return Err(Refused::new("a hook was given the goods already; cancel with `shop cancel` instead"));
    }
    if let Some(limit) =
        shop_offer::authorised_sum(transaction).filter(|limit| new.total.exceeds(limit).unwrap_or(true))
    {
        return Err(Refused::new(format!("the payment agent has authorised {limit}, and not {}", new.total)));
    }
    let draft = Draft::new(transaction, ordered.letter.from.clone(), Document::TransactionInfo(new));
    let draft = draft.ordered(ordered.letter.order.clone()).answering(ordered.content);
    Ok(vec![draft.replacing(before.content).into()])
}

fn goods(line: &item::Line) -> (&str, Quantity) {
    (line.id.as_str(), line.quantity)
}

/// Returns why no new terms can be offered any more, if so.
fn too_late(transaction: &Transaction) -> Option<String> {
    let state = Standing::of(transaction).state;
    if !matches!(state, State::Offered | State::Open) {
        return Some(format!("the transaction is {state}; its terms cannot be changed"));
    }
    if let Some(done) = replacing::done(transaction) {
        return Some(format!("{done}; the terms cannot be changed any more"));
    }
    if waiting(transaction).is_some() {
        return Some(UNSETTLED.to_owned());
    }
    if !unanswered(transaction).is_empty() {
        return Some("a cancellation or return waits for an answer; nothing is changed before".to_owned());
    }
    if unanswered_stops(transaction).next().is_some() {
        return Some("the agents were told to stop; what they say decides".to_owned());
    }
    let asks = shop_offer::awaits_authorisation(transaction);
    asks.then(|| "the payment agent has not authorised the payment yet; wait for its answer".to_owned())
}

/// Returns the terms with the changes in them, and a time of their own within which the OK counts.
fn changed(terms: &Terms, change: &Change, desk: &Desk<'_>) -> Result<Terms, Refused> {
    let mut new = terms.clone();
    let none = |line: &str| Refused::new(format!("line {line} is not in the terms"));
    for (id, price) in &change.prices {
        let line = new.lines.iter_mut().find(|line| line.id == *id).ok_or_else(|| none(id))?;
        line.unit_price = *price;
    }
    for (id, quantity) in &change.quantities {
        let place = new.lines.iter().position(|line| line.id == *id).ok_or_else(|| none(id))?;
        match (quantity, new.lines.get_mut(place)) {
            (Some(quantity), Some(line)) => line.quantity = *quantity,
            _ => drop(new.lines.remove(place)),
        }
    }
    if new.lines.is_empty() {
        return Err(Refused::new("nothing would be left to sell; cancel with `shop cancel` instead"));
    }
    for (name, price) in &change.charges {
        match new.charges.iter_mut().find(|charge| charge.name == *name) {
            Some(charge) => charge.price = *price,
            None => new.charges.push(item::Charge { id: free_id(&new), name: name.clone(), price: *price }),
        }
    }
    let sum = item::total(&new.lines, &new.charges).map_err(|error| Refused::new(error.to_string()))?;
    new.total =
        sum.filter(|sum| !sum.is_negative() && !sum.is_zero()).ok_or_else(|| Refused::new("they would make no sum"))?;
    let over = [change.due, change.arrives].into_iter().flatten().find(|day| day.is_over(&desk.now));
    if let Some(day) = over {
        return Err(Refused::new(format!("{day} is over already")));
    }
    new.payment_due = change.due.or(new.payment_due);
    if let Some(arrives) = change.arrives {
        new.arrival_from = new.arrival_from.filter(|from| from.day() <= arrives.day());
        new.arrival_until = Some(arrives);
    }
    if new == *terms {
        return Err(Refused::new("that is what the terms say already"));
    }
    // Taxes inside the prices were reckoned for other prices, and nobody says what they are now.
    if new.total != terms.total && !new.taxes.is_empty() {
        return Err(Refused::new("the terms state taxes in their prices, which would be others"));
    }
    let days = desk.practice.shop.as_ref().map_or(0, |shop| shop.valid_days);
    new.valid_through = Some(desk.now.plus_seconds(i64::from(days).saturating_mul(86_400)).whole_second());
    new.agents.iter_mut().for_each(|agent| agent.certificate = None);
    Ok(new)
}

/// Returns the first number that no line and no charge has.
fn free_id(terms: &Terms) -> String {
    let taken =
        |id: &str| terms.lines.iter().any(|line| line.id == id) || terms.charges.iter().any(|charge| charge.id == id);
    (1_u32..).map(|id| id.to_string()).find(|id| !taken(id)).unwrap_or_default()
}

/// Returns the refusal of an OK that does not count though its terms were once offered: they were replaced or refused before
/// it came, came too late, or so did the OK.
pub(super) fn objection(transaction: &Transaction, ok: &Kept) -> Option<Action> {
    let refuse = |code: &str, text: &str| Some(agent::refuse(transaction, ok, code, text));
    let (named, terms) = transaction.all_terms().find(|(kept, _)| ok.letter.terms == Some(kept.content))?;
    let before = transaction.without(&ok.content);
    let in_force = terms_of(&before).map(|(digest, _)| digest) == Some(named.content);
    if in_force && (is_started(&before) || before.accepted().next().is_some()) {
        return None;
    }
    let replaces = |kept: &Kept| kept.letter.replaces == Some(named.content) && kept.position < ok.position;
    // What the buyer said to those others brings these back as little.
    if transaction.all_terms().any(|(kept, _)| replaces(kept)) {
        return refuse("offer-replaced", "Other terms were offered since; please look at those.");
    }
    if before.is_refused(&named.content) {
        return refuse("offer-refused", "You refused these terms before; those before them stay.");
    }
    if shop_cancel::is_cancelling(&before) {
        return refuse("cancelled", "The transaction is being cancelled.");
    }
    named.letter.replaces?;
    if terms.has_run_out(&ok.recorded) {
        return refuse("offer-expired", "The time for the OK has passed; the terms before it stay.");
    }
    let late = replacing::done(&before).is_some() || !unanswered(&before).is_empty();
    late.then(|| refuse("too-late", "Too much was done under the terms before; they stay.")).flatten()
}

/// Has the agents stop that work by the terms before, where this OK is to new ones; it is answered once they have said
/// whether it was too late.
pub(super) fn prepare(transaction: &Transaction, desk: &Desk<'_>) -> Option<Vec<Action>> {
    waiting(transaction)?;
    let stops = stop_agents(transaction);
    Some(if stops.is_empty() { settle(transaction, desk) } else { stops })
}

/// Returns the OK to new terms that is not answered yet, because agents work by those before.
fn waiting(transaction: &Transaction) -> Option<&Kept> {
    let (new, _) = transaction.offer().filter(|(kept, _)| kept.letter.replaces.is_some())?;
    let ok = transaction.accepted().find(|ok| ok.letter.terms == Some(new.content))?;
    (is_started(transaction) && !transaction.is_answered(ok)).then_some(ok)
}

/// Returns whether it is not known yet which terms will be in force: until then nothing is reported or ended.
pub(super) fn is_settling(transaction: &Transaction) -> bool {
    waiting(transaction).is_some()
}

/// Answers the OK to new terms once the agents have said whether they could stop: by instructions under the new terms, or by
/// a refusal where too much was done. A cancellation or return that came meanwhile goes before the new terms.
pub(super) fn settle(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let Some(ok) = waiting(transaction) else { return Vec::new() };
    if unanswered_stops(transaction).next().is_some() {
        return Vec::new();
    }
    if !unanswered(transaction).is_empty() {
        let text = "You asked for the end of it meanwhile; the terms before it stay.";
        let refusal = agent::refuse(transaction, ok, "too-late", text);
        return std::iter::once(refusal).chain(settle_stop(transaction, desk)).collect();
    }
    let stopped = !is_instructed(transaction, Leg::Delivery) || Standing::of(transaction).legs.delivery.failed;
    let new = transaction.all_terms().find(|(kept, _)| ok.letter.terms == Some(kept.content));
    match new.filter(|_| stopped && replacing::done(transaction).is_none()) {
        Some((kept, terms)) => {
            let by = (kept.content, terms);
            let answer = report_by(transaction, Some(by), first_status(terms, desk), desk, Some(ok));
            let legs = [Leg::Payment, Leg::Delivery].into_iter().filter(|leg| is_instructed(transaction, *leg));
            answer.into_iter().chain(legs.filter_map(|leg| instruction(transaction, by, leg, desk))).collect()
        }
        None => undo(transaction, ok, "Too much was done under the terms before; they stay.", desk),
    }
}

/// Ends the wait for agents that do not say whether they have stopped: the terms before stay, and why.
pub(super) fn give_up(transaction: &Transaction, why: &str, desk: &Desk<'_>) -> Vec<Action> {
    waiting(transaction).map(|ok| undo(transaction, ok, why, desk)).unwrap_or_default()
}

/// Returns the instruction about a leg by these terms.
fn instruction(
    transaction: &Transaction,
    (digest, terms): (Digest, &Terms),
    leg: Leg,
    desk: &Desk<'_>,
) -> Option<Action> {
    let draft = match leg {
        Leg::Payment => payment_instruction(transaction, terms, desk),
        Leg::Delivery => delivery_instruction(transaction, terms, desk),
        Leg::Order => None,
    };
    draft.map(|draft| draft.about(Some(digest)).into())
}

/// Refuses the OK, and has the agents that could stop, or say nothing, go on by the terms before.
fn undo(transaction: &Transaction, ok: &Kept, text: &str, desk: &Desk<'_>) -> Vec<Action> {
    let mut actions = vec![agent::refuse(transaction, ok, "too-late", text)];
    let Some(by) = terms_of(transaction) else { return actions };
    let legs = Standing::of(transaction).legs;
    let stopped = |leg: Leg| stop_sent(transaction, leg).is_some_and(|stop| stop.position > ok.position);
    if stopped(Leg::Payment) && legs.payment.done.is_none() {
        actions.extend(instruction(transaction, by, Leg::Payment, desk));
    }
    if stopped(Leg::Delivery) && (legs.delivery.failed || shop_cancel::may_be_stopped(transaction)) {
        actions.extend(instruction(transaction, by, Leg::Delivery, desk));
    }
    actions
}
