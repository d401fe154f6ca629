//! The buyer: orders, compares, accepts or not, asks, gives back, orders again (P10-P16, P34-P38, P86-P102).

use super::practice::BuyerPractice;
use super::{Action, Desk, Draft, Refused, terms_of};
use crate::rules::failed::not_given_back;
use crate::rules::overdue::refund;
use crate::rules::{Standing, State, replacing, returned};
use crate::trade::document::{Cancellation, Confirmation, Refusal, ReturnRequest, StatusRequest};
use crate::trade::item::{Line, LineQuantity};
use crate::trade::status::Reason;
use crate::trade::{
    Act, Direction, Document, Kept, Kind, Leg, Moment, Names, Order, OrderId, Party, Quantity, Role, Settlement, Terms,
    Transaction, Verdict, When,
};

/// How far ahead of our clock something may be said to have come, in seconds.
const AHEAD: i64 = 1_800;

/// Returns what follows from a letter that was entered: the OK to matching terms, if the owner chose so, and a request
/// for letters that are missing.
pub fn answer(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    let automatic =
        desk.practice.buyer.as_ref().is_some_and(|BuyerPractice { confirm_matching, .. }| *confirm_matching);
    if automatic
        && kept.letter.kind() == Kind::TransactionInfo
        && kept.verdict == Verdict::Applied
        // What a person had to accept, or what a note was made of, is for a person to say OK to.
        && kept.findings.is_empty()
        && kept.letter.replaces.is_none()
        // Of other terms that wait, or replace these, nothing was looked at here.
        && offered(transaction).is_some_and(|(waiting, _)| waiting.content == kept.content)
        && let Ok(draft) = confirm(transaction, desk)
    {
        actions.push(draft.into());
    }
    actions.extend(ask_for_missing(transaction, kept));
    actions
}

/// Asks the sender of a letter for those between, once for each gap.
fn ask_for_missing(transaction: &Transaction, kept: &Kept) -> Option<Action> {
    let leg = kept.letter.kind().status_of()?;
    let from = &kept.letter.from;
    if !transaction.has_gap(&from.fingerprint) {
        return None;
    }
    let have = transaction.have(&from.fingerprint);
    let asked = transaction.sent(Kind::StatusRequest).any(|sent| {
        sent.letter.to == *from
            && matches!(&sent.letter.document, Document::StatusRequest(request) if request.have == have)
    });
    if asked || !kept.counts() || transaction.was_asked_for(kept) {
        return None;
    }
    Some(request(transaction, leg, from.clone()).into())
}

fn request(transaction: &Transaction, leg: Leg, to: Party) -> Draft {
    let have = transaction.have(&to.fingerprint);
    let terms = terms_of(transaction).map(|(digest, _)| digest);
    Draft::new(transaction, to, Document::StatusRequest(StatusRequest { leg, have })).about(terms)
}

/// Writes an order to `shop` (P15, P16).
pub fn order(order: Order, id: OrderId, shop: Party) -> Draft {
    let names = Names { shop: Some(shop.address.clone()), number: None, order: Some(id) };
    Draft::outside(Role::Buyer, shop, names, Document::Order(order))
}

/// Returns the terms that wait for the buyer's answer: the newest that count, where they have no OK.
pub fn offered(transaction: &Transaction) -> Option<(&Kept, &Terms)> {
    let is_answered =
        |kept: &Kept| transaction.sent(Kind::Confirmation).any(|sent| sent.letter.terms == Some(kept.content));
    transaction.offer().filter(|(kept, _)| !is_answered(kept))
}

/// Refuses new terms: those that they were to replace stay in force.
///
/// # Errors
/// Where no such terms wait, or there are none in force that could stay.
pub fn keep(transaction: &Transaction, reason: Option<&str>) -> Result<Draft, Refused> {
    let state = Standing::of(transaction).state;
    let waits = replacing::waiting(transaction, state).filter(|_| state == State::Open);
    let (kept, _) = waits.ok_or_else(|| Refused::new("no new terms of it wait for your answer"))?;
    let text = reason.unwrap_or("The new terms are not accepted; those before them stay.").to_owned();
    let document = Document::Refusal(Refusal { reason: Reason { code: "not-accepted".to_owned(), text } });
    Ok(Draft::new(transaction, kept.letter.from.clone(), document).answering(kept.content))
}

/// Says OK to the terms (P36): to those that replace others, where such have come and are not answered.
pub fn confirm(transaction: &Transaction, desk: &Desk<'_>) -> Result<Draft, Refused> {
    let standing = Standing::of(transaction);
    if let Some((kept, _)) = replacing::waiting(transaction, standing.state).filter(|(kept, _)| !kept.counts()) {
        return Err(differ(transaction, kept, "new terms"));
    }
    let Some((kept, terms)) = offered(transaction) else {
        return Err(nothing_to_accept(transaction, desk));
    };
    if !matches!(standing.state, State::Offered | State::Open) {
        return Err(Refused::new(format!("the transaction is {}; there is nothing to accept", standing.state)));
    }
    if terms.has_run_out(&desk.now) {
        return Err(expired(terms));
    }
    if transaction.sent(Kind::Cancellation).any(|sent| !transaction.is_refused(&sent.content)) {
        return Err(Refused::new("you cancelled this transaction; order again with `mailorder reorder`"));
    }
    let replaces = kept.letter.replaces.is_some() && standing.state == State::Open;
    if let Some(done) = replacing::done(transaction).filter(|_| replaces) {
        return Err(Refused::new(format!("{done} under the terms before; they stay")));
    }
    let document = Document::Confirmation(Confirmation { total: terms.total });
    let shop = kept.letter.from.clone();
    Ok(Draft::new(transaction, shop, document).about(Some(kept.content)).answering(kept.content))
}

/// Says why no terms can be said OK to: none came, they differ and a person has not taken them, or they are accepted already.
fn nothing_to_accept(transaction: &Transaction, desk: &Desk<'_>) -> Refused {
    if transaction.terms().is_none() {
        let newest = transaction.kept.iter().rev().find_map(|kept| match &kept.letter.document {
            Document::TransactionInfo(terms) => Some((kept, terms)),
            _ => None,
        });
        return match newest {
            Some((_, terms)) if terms.has_run_out(&desk.now) => expired(terms),
            Some((kept, _)) => differ(transaction, kept, "terms"),
            None => Refused::new("the shop has not sent its terms yet; try `mailorder sync`, or ask the shop"),
        };
    }
    // Such as were noted as seen are not answered by that.
    let seen = |kept: &Kept| {
        !kept.counts()
            && kept.settled == Some(Settlement::Ack)
            && !transaction.is_replaced(kept)
            && !transaction.known(Kind::Refusal).any(|refusal| refusal.letter.answers == Some(kept.content))
    };
    match transaction.made().filter(|(kept, _)| seen(kept)).max_by_key(|(kept, _)| kept.letter.seq) {
        Some((kept, _)) => differ(transaction, kept, "new terms"),
        None => Refused::new("these terms are accepted already; `mailorder list` tells how the transaction stands"),
    }
}

/// Says that an OK to these terms would come too late.
pub fn expired(terms: &Terms) -> Refused {
    let until = terms.valid_through.map(|until| until.to_string()).unwrap_or_default();
    Refused::new(format!("the offer stood until {until}; order again with `mailorder reorder`"))
}

/// Says that terms differ from the order, and how they are answered.
fn differ(transaction: &Transaction, kept: &Kept, what: &str) -> Refused {
    let (id, position) = (transaction.key.id.short(), kept.position);
    Refused::new(format!(
        "the {what} differ from your order and are not applied; answer by `mailorder confirm {id}` at a terminal, accept them by \
         `mailorder warnings accept W-{position} --reason WHY`, or refuse them by `mailorder cancel {id}`"
    ))
}

/// Cancels (P37): before the terms by the order ID, after them by the number.
pub fn cancel(transaction: &Transaction, reason: Option<String>) -> Result<Draft, Refused> {
    let standing = Standing::of(transaction);
    if !matches!(standing.state, State::Ordered | State::Offered | State::Open) {
        return Err(Refused::new(format!("the transaction is {}; it cannot be cancelled", standing.state)));
    }
    if transaction.sent(Kind::Cancellation).any(|sent| !transaction.is_refused(&sent.content)) {
        return Err(Refused::new("the cancellation is sent already; the shop has not answered yet"));
    }
    let (ordered, _) = transaction.order().ok_or_else(|| Refused::new("no order of yours began this transaction"))?;
    let terms = terms_of(transaction).map(|(digest, _)| digest);
    let order = ordered.letter.order.clone();
    let document = Document::Cancellation(Cancellation { reason });
    Ok(Draft::new(transaction, ordered.letter.to.clone(), document).about(terms).ordered(order))
}

/// Returns whether a cancellation may still come of something: no shop calls back what has arrived, or a part of it (P38).
pub fn can_cancel(transaction: &Transaction) -> bool {
    let delivery = Standing::of(transaction).legs.delivery;
    let has_arrived = delivery.done.is_some() || delivery.done_in_part().is_some();
    !has_arrived && cancel(transaction, None).is_ok()
}

/// Asks whoever speaks for each leg how it stands (P86-P88); only the legs in `legs` where it is not empty. Of what is over or
/// all done only the money is asked about that is still to come back; of what is all done a leg that is named, too. Before the OK
/// nobody is asked who may not know of it.
pub fn ask(transaction: &Transaction, legs: &[Leg]) -> Result<Vec<Draft>, Refused> {
    let Some((_, terms)) = transaction.terms() else {
        return Err(Refused::new("the shop has not sent its terms yet, so there is no number to ask about"));
    };
    let standing = Standing::of(transaction);
    let over = matches!(standing.state, State::Cancelled | State::Returned | State::Refunded);
    let closed = over || (standing.state == State::Completed && legs.is_empty());
    let is_owed = refund(transaction, &standing).is_some() || not_given_back(transaction, &standing).is_some();
    if closed && !is_owed {
        return Err(Refused::new(format!("the transaction is {}; nothing is open to ask about", standing.state)));
    }
    let legs = if closed && legs.is_empty() { &[Leg::Payment] } else { legs };
    let named = Leg::ALL.into_iter().filter(|leg| legs.is_empty() || legs.contains(leg));
    let wanted: Vec<Leg> =
        named.filter(|leg| standing.state != State::Offered || has_spoken(transaction, *leg)).collect();
    if wanted.is_empty() {
        return Err(Refused::new("you have not accepted its terms, and nobody but the shop knows of it yet"));
    }
    let ask = |leg| terms.agent(leg).map(|agent| request(transaction, leg, agent.party.clone()));
    Ok(wanted.into_iter().filter_map(ask).collect())
}

/// Returns whether anybody speaks for a leg before the OK: the shop does, and an agent that has begun already.
fn has_spoken(transaction: &Transaction, leg: Leg) -> bool {
    let mut letters = transaction.kept.iter().filter(|kept| kept.direction == Direction::In && kept.counts());
    leg == Leg::Order || letters.any(|kept| kept.letter.kind().status_of() == Some(leg))
}

/// Asks the shop to take goods back, or to stop what has not arrived (P94, P95); all lines where `lines` is empty.
pub fn give_back(transaction: &Transaction, lines: Vec<LineQuantity>, reason: Reason) -> Result<Draft, Refused> {
    let standing = Standing::of(transaction);
    // Goods may still go back though their money was given back before.
    let kept_goods = standing.state == State::Refunded
        && standing.legs.cancelled.is_none()
        && transaction.terms().is_some_and(|(_, terms)| !returned::is_all(transaction, terms));
    if !kept_goods && !matches!(standing.state, State::Open | State::Completed) {
        return Err(Refused::new(format!("the transaction is {}; nothing can be given back", standing.state)));
    }
    let Some((kept, terms)) = transaction.terms() else {
        return Err(Refused::new("the transaction has no terms"));
    };
    let answered = |asked: &Kept| {
        transaction.known(Kind::ReturnAnswer).any(|kept| kept.letter.answers == Some(asked.content))
            || transaction.is_refused(&asked.content)
    };
    if transaction.sent(Kind::ReturnRequest).any(|asked| !answered(asked)) {
        return Err(Refused::new("a return is asked for already, and the shop has not answered yet"));
    }
    let all = terms.lines.iter().map(|line| LineQuantity { line: line.id.clone(), quantity: line.quantity });
    let lines = if lines.is_empty() { all.collect() } else { lines };
    for part in &lines {
        let Some(agreed) = terms.lines.iter().find(|line| line.id == part.line) else {
            return Err(Refused::new(format!("line {} is not in the terms", part.line)));
        };
        if part.quantity > agreed.quantity {
            let (line, quantity) = (&part.line, agreed.quantity);
            return Err(Refused::new(format!(
                "no more than {quantity} of line {line} can be given back: so many were bought"
            )));
        }
    }
    if !returned::has_room(transaction, terms, &lines) {
        return Err(Refused::new("with what you gave back before, that is more than was bought"));
    }
    // What has not arrived is stopped as a whole or not at all.
    if !standing.legs.delivery.is_brought() && !returned::covers(terms, &lines) {
        let text = "not all has arrived yet: give back all of it to stop it, or a part when it is there";
        return Err(Refused::new(text));
    }
    let document = Document::ReturnRequest(ReturnRequest { lines, reason });
    Ok(Draft::new(transaction, kept.letter.from.clone(), document).about(Some(kept.content)))
}

/// Says whether anything can be given back: all of it, or a piece of a line.
///
/// # Errors
/// Why not all of it can be, where no piece can either.
pub fn can_give_back(transaction: &Transaction) -> Result<(), Refused> {
    let reason = || Reason { code: String::new(), text: String::new() };
    let all = give_back(transaction, Vec::new(), reason());
    let lines = transaction.terms().map(|(_, terms)| terms.lines.as_slice()).unwrap_or_default();
    let piece = |line: &Line| {
        let quantity = line.quantity.min(Quantity::ONE);
        give_back(transaction, vec![LineQuantity { line: line.id.clone(), quantity }], reason()).is_ok()
    };
    if lines.iter().any(piece) { Ok(()) } else { all.map(|_| ()) }
}

/// What a buyer says has come so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    /// Whether all came that was agreed on, but for the lines that are named.
    pub whole: bool,
    /// How many of a line came; `None` for none.
    pub lines: Vec<(String, Option<Quantity>)>,
    /// When.
    pub at: When,
}

/// Makes the entry of what the buyer says has come, at `now`: how many of each line, all of it so far.
///
/// # Errors
/// Where nothing was agreed on, a line is none of the terms or named twice, or the date cannot be.
pub fn received(transaction: &Transaction, came: &Came, now: &Moment) -> Result<Act, Refused> {
    let state = Standing::of(transaction).state;
    let agreed = !matches!(state, State::Ordered | State::Offered | State::Rejected);
    let Some((_, terms)) = transaction.terms().filter(|_| agreed) else {
        return Err(Refused::new(format!("the transaction is {state}; nothing is agreed on that could have come")));
    };
    for (place, (line, _)) in came.lines.iter().enumerate() {
        if !terms.lines.iter().any(|one| one.id == *line) {
            return Err(Refused::new(format!("line {line} is not in the terms")));
        }
        if came.lines.iter().skip(place.saturating_add(1)).any(|(other, _)| other == line) {
            return Err(Refused::new(format!("line {line} is named twice")));
        }
    }
    let ahead = match came.at {
        When::Day(day) => day > now.day(),
        When::Moment(at) => at > now.plus_seconds(AHEAD),
    };
    let ordered = transaction.order().map(|(kept, _)| kept.letter.date);
    if ahead || ordered.is_some_and(|ordered| came.at.end(now.offset()) < ordered) {
        return Err(Refused::new(format!("{} is no date on which it can have come", came.at)));
    }
    let quantity = |line: &Line| {
        let named = came.lines.iter().find(|(id, _)| *id == line.id).map(|(_, quantity)| *quantity);
        let quantity = named.unwrap_or(Some(line.quantity).filter(|_| came.whole))?;
        Some(LineQuantity { line: line.id.clone(), quantity })
    };
    Ok(Act::Received { lines: terms.lines.iter().filter_map(quantity).collect(), at: came.at })
}

/// Checks that an order can be repeated with nothing asked for: card or account data were sealed for one order alone.
///
/// # Errors
/// Where such data went with it.
pub fn check_unsealed(transaction: &Transaction) -> Result<(), Refused> {
    if transaction.order().is_some_and(|(_, order)| order.sealed.is_some()) {
        return Err(Refused::new("it was paid with sealed card or account data, which nobody repeats for you"));
    }
    Ok(())
}

/// Makes an order like the one before, from the terms (P98, P99), with the shop it went to.
pub fn reorder(transaction: &Transaction) -> Result<(Order, Party), Refused> {
    let (ordered, order) =
        transaction.order().ok_or_else(|| Refused::new("no order of yours began this transaction"))?;
    let erased = ordered.erased.as_ref().or(transaction.terms().and_then(|(kept, _)| kept.erased.as_ref()));
    if let Some(erased) = erased {
        let text = format!("who ordered it, and where to, was erased on {}; order it anew", erased.at.day());
        return Err(Refused::new(text));
    }
    let mut again = order.clone();
    if let Some((_, terms)) = transaction.terms() {
        again.lines.clone_from(&terms.lines);
        again.charges.clone_from(&terms.charges);
        again.total = terms.total;
        again.deliver_to.clone_from(&terms.deliver_to);
        again.billing.clone_from(&terms.billing);
        again.payment_id.clone_from(&terms.payment_id);
    }
    again.sealed = None;
    again.remarks = None;
    again.reorder_of.clone_from(&transaction.number);
    Ok((again, ordered.letter.to.clone()))
}
