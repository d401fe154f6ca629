//! What the shop's owner decides himself: orders, cancellations and returns that wait, and money given back unasked.

use super::practice::{Procedure, ShopPractice};
use super::shop_check::check;
use super::shop_refund::{left_of, refund_instruction, unasked, worth_now};
use super::{
    Action, Desk, Refused, agent, given, in_currency_of, shop, shop_after, shop_cancel, shop_change, shop_held,
    shop_offer, shop_work, terms_of,
};
use crate::rules::failed::came_nonetheless;
use crate::rules::stopping::is_instructed;
use crate::rules::waiting::{Waiting, waiting};
use crate::rules::{Standing, State, returned};
use crate::trade::document::LineReason;
use crate::trade::item::LineQuantity;
use crate::trade::status::Reason;
use crate::trade::{Digest, Document, Event, Key, Kind, Leg, Money, Order, StatusReason, Terms, Transaction};

/// What would be done with an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// The steps.
    pub procedure: Procedure,
    /// The terms that would be offered now.
    pub terms: Terms,
}

/// Returns what would be done with an order that came now.
///
/// # Errors
/// The reasons for which it would be rejected, those about a line with its number.
pub fn foresee(order: &Order, desk: &Desk<'_>) -> Result<Foreseen, Vec<Reason>> {
    let other = |text: &str| vec![StatusReason::Other.because(text)];
    let shop = practice(desk).map_err(|refused| other(&refused.0))?;
    let taken = check(order, shop).map_err(|rejection| {
        let line = |one: LineReason| Reason { text: one.sentence(), code: one.reason.code };
        rejection.reasons.into_iter().chain(rejection.lines.into_iter().map(line)).collect::<Vec<_>>()
    })?;
    let terms = shop_offer::terms_for(&taken, desk);
    let terms = terms.ok_or_else(|| other("no terms can be made for this order"))?;
    Ok(Foreseen { procedure: taken.procedure.clone(), terms })
}

fn oldest(transaction: &Transaction) -> Result<Waiting<'_>, Refused> {
    let first = waiting(transaction).into_iter().next();
    first.ok_or_else(|| {
        Refused::new(match came_nonetheless(transaction, &Standing::of(transaction)) {
            Some(_) => "its goods came after its end, which no letter settles; agree with the buyer whether they are paid or go back, and \
                        note the warning that `mailorder warnings` has of it",
            None => "nothing of it waits for you; `mailorder shop inbox` lists what does",
        })
    })
}

fn practice<'a>(desk: &'a Desk<'_>) -> Result<&'a ShopPractice, Refused> {
    desk.practice.shop.as_ref().ok_or_else(|| Refused::new("the part shop is not played here"))
}

/// Says yes to what has waited longest in a transaction: the order gets its terms, the cancellation and the return are
/// granted as far as they can be, what a hook said is left untold. Agents that were told to stop and are silent count as stopped.
///
/// # Errors
/// Where nothing waits, or what waits cannot be granted any more.
pub fn accept(transaction: &Transaction, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    if !shop_held::held(transaction, &desk.now).is_empty() {
        return shop_held::accept(transaction, desk);
    }
    if shop_change::is_settling(transaction) {
        return Err(Refused::new(shop_change::UNSETTLED));
    }
    match oldest(transaction)? {
        Waiting::Order(kept) => {
            let Document::Order(order) = &kept.letter.document else { return Ok(Vec::new()) };
            let taken = check(order, practice(desk)?).map_err(|rejection| {
                let why = rejection.sentences().join(" ");
                Refused::new(format!("{why} Reject it, or change what you sell."))
            })?;
            Ok(shop_offer::begin(transaction, kept, &taken, desk))
        }
        Waiting::Cancellation(kept) => Ok(shop_after::cancel_now(transaction, kept, desk)),
        Waiting::Return(kept) => {
            let Document::ReturnRequest(request) = &kept.letter.document else { return Ok(Vec::new()) };
            Ok(shop_after::take_back(transaction, kept, request, desk, true))
        }
        Waiting::Task(given) => {
            let text = format!("the hook {} would not do its work; `shop instruct` gives it again", given.task.hook);
            Err(Refused::new(text))
        }
        Waiting::Untold(given) => Ok(given::seen(transaction, given).into_iter().collect()),
    }
}

/// Says no to what has waited longest in a transaction, and why.
///
/// Where a hook would not do its work, or has not done it, and no agent was instructed yet, it is the transaction that is
/// cancelled.
///
/// # Errors
/// Where nothing waits, or it is too late for a no.
pub fn reject(transaction: &Transaction, why: &str, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    if !shop_held::held(transaction, &desk.now).is_empty() {
        return Ok(shop_held::reject(transaction, why, desk));
    }
    let reason = StatusReason::Other.because(why);
    let oldest = match oldest(transaction) {
        // What a hook has not ended yet waits beside the letters.
        Err(_) if shop_work::is_open(transaction) => return cancel(transaction, why, desk),
        oldest => oldest?,
    };
    match oldest {
        Waiting::Order(kept) => Ok(vec![shop_offer::reject(transaction, kept, vec![reason])]),
        Waiting::Cancellation(kept) => Ok(vec![agent::refuse(transaction, kept, "refused", why)]),
        Waiting::Return(kept) => {
            let Document::ReturnRequest(request) = &kept.letter.document else { return Ok(Vec::new()) };
            Ok(vec![shop_after::refuse_return(transaction, kept, request, (StatusReason::Other, why), desk)])
        }
        Waiting::Untold(_) => {
            let text =
                "its hook has said it; report what is right with `shop notify`, or accept that nothing is told of it";
            Err(Refused::new(text))
        }
        Waiting::Task(_) => cancel(transaction, why, desk),
    }
}

/// Cancels a transaction whose goods a hook would not or could not release. That the goods have left is said as by `shop cancel`.
fn cancel(transaction: &Transaction, why: &str, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    let instructed = is_instructed(transaction, Leg::Payment) || is_instructed(transaction, Leg::Delivery);
    if instructed && !shop_after::has_left(transaction) {
        let text = "agents were instructed; the buyer may cancel, or give it back and get `shop refund`";
        return Err(Refused::new(text));
    }
    shop_cancel::cancel(transaction, why, desk)
}

/// Goes on once more (`shop instruct`), unless the payment agent is still to authorise the payment.
///
/// # Errors
/// Where nothing is to be done, or must not be done yet.
pub fn instruct(transaction: &Transaction, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    if shop_offer::awaits_authorisation(transaction) {
        return Err(Refused::new("the payment agent has not authorised the payment yet; nothing is begun before"));
    }
    // A request that could not be written when the OK came is written now.
    let procedure = transaction.terms().and_then(|(_, terms)| shop::procedure(terms, desk));
    let open = Standing::of(transaction).state == State::Open;
    let waits = open && transaction.accepted().next().is_some() && !shop::is_started(transaction);
    let put_off = procedure.filter(|_| waits).and_then(|procedure| shop_offer::put_off(transaction, procedure, desk));
    match put_off {
        Some(request) => Ok(vec![request]),
        None => shop_work::instruct_again(transaction, desk),
    }
}

/// Money to be given back unasked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Refund {
    /// How much; none is all that is left of what was paid, or what the missing goods cost.
    pub amount: Option<Money>,
    /// Whether it is for the goods of which the delivery agent has said that they will not come.
    pub missing: bool,
}

impl Refund {
    /// Returns what this refund of a transaction is known by when it is asked for again under the same id.
    pub fn event(&self, id: String, key: &Key, why: &str) -> Event {
        let Key { role, shop, id: order } = key;
        let amount = self.amount.map_or_else(|| "all".to_owned(), |amount| amount.to_string());
        let missing = self.missing;
        let said = format!("refund 1\n{role}\n{shop}\n{order}\namount {amount}\nmissing {missing}\nreason {why}");
        Event { id: Some(id), content: Digest::of(said.as_bytes()) }
    }
}

/// Gives money back that nobody asked for (`shop refund`). What is given back for missing goods is not given back again when
/// they are returned, and keeps nobody waiting for them.
///
/// # Errors
/// Where nothing, or not so much, is left of what was paid, or nothing is missing.
pub fn refund(transaction: &Transaction, refund: Refund, why: &str) -> Result<Vec<Action>, Refused> {
    let (_, terms) = terms_of(transaction).ok_or_else(|| Refused::new("no terms were sent for this number"))?;
    let missing = if refund.missing { missing(transaction)? } else { Vec::new() };
    let left = left_of(transaction, Standing::of(transaction).legs.paid);
    let left = left.ok_or_else(|| Refused::new("nothing is left of what was paid, so nothing can be given back"))?;
    let amount = match refund.amount {
        Some(amount) => in_currency_of(&left, &amount).map(|()| amount)?,
        None if missing.is_empty() => left,
        None => {
            let worth = worth_now(transaction, terms, &missing).map_err(|(_, why)| Refused::new(why))?;
            if worth.exceeds(&left)? { left } else { worth }
        }
    };
    if amount.is_zero() || amount.is_negative() {
        return Err(Refused::new(format!("{amount} cannot be given back; name an amount above zero")));
    }
    if amount.exceeds(&left)? {
        return Err(Refused::new(format!("only {left} is left of what was paid")));
    }
    let word = unasked(transaction, amount, &missing)?;
    Ok([Some(word), refund_instruction(transaction, amount, why)].into_iter().flatten().collect())
}

/// Returns the goods of an open sale that will not come and were not paid back.
///
/// # Errors
/// Where there are none.
pub fn missing(transaction: &Transaction) -> Result<Vec<LineQuantity>, Refused> {
    let standing = Standing::of(transaction);
    if standing.state != State::Open {
        return Err(Refused::new(format!("the transaction is {}; nothing of it is missing", standing.state)));
    }
    if shop_after::unanswered(transaction).iter().any(|asked| asked.letter.kind() == Kind::ReturnRequest) {
        return Err(Refused::new("the buyer has asked to give goods back, which may be these; answer that first"));
    }
    let lost = standing.legs.delivery.lost().unwrap_or_default();
    let open = returned::not_made_good(transaction, &lost);
    let parcels = &standing.legs.delivery.parcels;
    let is_under_way = parcels.values().any(|part| part.done.is_none() && !part.failed);
    if open.is_empty() && is_under_way && parcels.values().any(|part| part.failed) {
        return Err(Refused::new(
            "some of its goods are still under way; what is lost is given back when the delivery agent has said what becomes of the rest",
        ));
    }
    if open.is_empty() {
        let text = "nothing of it is missing: the delivery agent has not said that goods will not come, or they were paid back";
        return Err(Refused::new(text));
    }
    Ok(open)
}
