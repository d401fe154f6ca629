//! The shop before the OK: checks an order against what it sells, has the payment authorised, makes the terms
//! (P21-P33).

use super::practice::{Procedure, ShopPractice, Stage};
use super::shop::parties;
use super::shop_check::{Taken, check, no_sum};
use super::shop_waiting::release;
use super::shop_work::go_on;
use super::{Action, Desk, Draft, shop_after};
use crate::rules::waiting::authorization_result;
use crate::trade::document::{AuthorizationRequest, AuthorizationResult, Rejection};
use crate::trade::item::{self, Charge};
use crate::trade::status::Step;
use crate::trade::{Agent, Document, Kept, Kind, Money, Order, Party, Role, StatusReason, Terms, Transaction, When};

/// Within how many days is paid unless a procedure says otherwise.
const PAYMENT_DAYS: u16 = 14;

/// Takes an order in: refuses it with reasons, asks for the authorisation, or makes the terms.
pub(super) fn take_in(transaction: &Transaction, kept: &Kept, order: &Order, desk: &Desk<'_>) -> Vec<Action> {
    let Some(shop) = desk.practice.shop.as_ref() else { return Vec::new() };
    // A cancellation that overtook its order: its own answer says that nothing comes of it.
    if transaction.known(Kind::Cancellation).next().is_some() {
        return Vec::new();
    }
    let taken = match check(order, shop) {
        Ok(taken) => taken,
        Err(rejection) => return vec![reject(transaction, kept, rejection)],
    };
    if shop.review.orders { Vec::new() } else { begin(transaction, kept, &taken, desk) }
}

/// Begins what is taken of an order: asks for the authorisation, or makes the terms.
///
/// Nothing is authorised for a stranger before his OK, which shows that he reads the mailbox he ordered from.
pub(super) fn begin(transaction: &Transaction, kept: &Kept, taken: &Taken<'_>, desk: &Desk<'_>) -> Vec<Action> {
    match authorising_agent(taken.procedure, desk).filter(|_| !desk.stranger) {
        Some(agent) => vec![authorize(transaction, kept, &taken.order, taken.procedure, agent, desk)],
        None => offer(transaction, kept, taken, desk),
    }
}

/// Returns who authorises payments by this procedure: the payment agent, or the shop's own payment part where it collects
/// itself.
fn authorising_agent(procedure: &Procedure, desk: &Desk<'_>) -> Option<Party> {
    let agent = || procedure.payment_agent.as_ref().unwrap_or(desk.me).clone();
    procedure.stages.contains(&Stage::Authorize).then(agent)
}

/// Rejects an order that no terms can be written for; no money is held for it.
pub(super) fn reject_unanswerable(transaction: &Transaction) -> Vec<Action> {
    let Some((kept, _)) = transaction.order().filter(|_| !is_answered(transaction)) else { return Vec::new() };
    let text = "No terms can be written for this order now; please ask the shop.".to_owned();
    let rejection = reject(transaction, kept, vec![StatusReason::Other.because(text)]);
    std::iter::once(rejection).chain(release(transaction)).collect()
}

/// Returns whether an order has its terms or its rejection, or was cancelled.
pub(super) fn is_answered(transaction: &Transaction) -> bool {
    let over = [Kind::Cancellation, Kind::OrderRejection, Kind::TransactionInfo];
    over.into_iter().any(|kind| transaction.known(kind).next().is_some())
}

/// Returns the rejection of an order that stands without an answer though nobody is asked about it: it waited for a person while
/// one looked at orders, or was taken in by a program that limited rejections. Where a person looks, those not begun wait for him.
pub(super) fn left_out(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let Some(shop) = desk.practice.shop.as_ref() else { return Vec::new() };
    let Some((kept, order)) = transaction.order().filter(|_| !is_answered(transaction)) else { return Vec::new() };
    if transaction.sent(Kind::AuthorizationRequest).next().is_some() {
        let result = authorization_result(transaction);
        return result.map(|result| after_authorization(transaction, result, desk)).unwrap_or_default();
    }
    let why = check(order, shop).err().filter(|_| !shop.review.orders);
    why.map(|why| reject(transaction, kept, why)).into_iter().collect()
}

pub(super) fn reject(transaction: &Transaction, kept: &Kept, why: impl Into<Rejection>) -> Action {
    let document = Document::OrderRejection(why.into());
    Draft::new(transaction, kept.letter.from.clone(), document)
        .ordered(kept.letter.order.clone())
        .answering(kept.content)
        .into()
}

/// Asks the payment agent (P23). The shop's number is given here, so that the agent can tie its answer to the
/// instruction that follows.
fn authorize(
    transaction: &Transaction,
    kept: &Kept,
    order: &Order,
    procedure: &Procedure,
    agent: Party,
    desk: &Desk<'_>,
) -> Action {
    let Some(total) = total_with(order, procedure) else { return reject(transaction, kept, vec![no_sum()]) };
    request(transaction, kept, order, total, (procedure, agent), desk)
}

fn request(
    transaction: &Transaction,
    kept: &Kept,
    order: &Order,
    total: Money,
    (procedure, agent): (&Procedure, Party),
    desk: &Desk<'_>,
) -> Action {
    let document = Document::AuthorizationRequest(AuthorizationRequest {
        buyer: order.buyer.clone(),
        total,
        payment_method: order.payment_method.clone(),
        payment_id: order.payment_id.clone(),
        sealed: order.sealed.clone(),
        agents: parties(transaction, &agents(procedure, desk)),
    });
    let mut draft = Draft::new(transaction, agent, document).ordered(kept.letter.order.clone());
    draft.names.number = draft.names.number.or_else(|| Some(desk.number()));
    draft.into()
}

/// Returns the request for an authorisation that is asked for at the OK, where the procedure asks for one and none is in
/// force: it was put off, or taken back since.
pub(super) fn put_off(transaction: &Transaction, procedure: &Procedure, desk: &Desk<'_>) -> Option<Action> {
    let agent = authorising_agent(procedure, desk)?;
    if authorised_sum(transaction).is_some() {
        return None;
    }
    let ((kept, order), (_, terms)) = transaction.order().zip(transaction.terms())?;
    Some(request(transaction, kept, order, terms.total, (procedure, agent), desk))
}

/// Returns the sum that the payment agent has authorised, and still does: its last word on our newest request is a yes, and
/// we did not release it.
pub(super) fn authorised_sum(transaction: &Transaction) -> Option<Money> {
    let asked = transaction.sent(Kind::AuthorizationRequest).last()?;
    let mut since = transaction.sent(Kind::Stop).filter(|stop| stop.position > asked.position);
    if since.any(|stop| stop.letter.terms.is_none()) {
        return None;
    }
    authorization_result(transaction).filter(|result| result.step.done().is_some()).map(|result| result.total)
}

/// Returns the request for an authorisation that was made after the terms.
pub(super) fn asked_after_ok(transaction: &Transaction) -> Option<&Kept> {
    let (offered, _) = transaction.terms()?;
    transaction.sent(Kind::AuthorizationRequest).last().filter(|asked| asked.position > offered.position)
}

/// Returns whether an authorisation was put off until the OK, and the agent has not said yes to it.
pub(super) fn awaits_authorisation(transaction: &Transaction) -> bool {
    let yes = |kept: &Kept| match &kept.letter.document {
        Document::AuthorizationResult(result) => result.step.done().is_some(),
        _ => false,
    };
    asked_after_ok(transaction).is_some_and(|asked| {
        let answers = transaction.received(Kind::AuthorizationResult);
        !answers.filter(|kept| kept.letter.answers == Some(asked.content)).any(yes)
    })
}

/// Goes on after the payment agent's answer (P24): terms, or a rejection.
pub(super) fn after_authorization(
    transaction: &Transaction,
    result: &AuthorizationResult,
    desk: &Desk<'_>,
) -> Vec<Action> {
    let Some((kept, order)) = transaction.order() else { return Vec::new() };
    if asked_after_ok(transaction).is_some() {
        // What it says of a request before, or of its release, decides nothing any more.
        let last = authorization_result(transaction);
        return last.map(|result| shop_after::authorised(transaction, result, desk)).unwrap_or_default();
    }
    // An answer that comes after all is over changes nothing: the agent was told to stop.
    if is_answered(transaction) {
        return Vec::new();
    }
    match &result.step {
        Step::Failed { reason, .. } => {
            let refused = "The payment was not authorised";
            let known = reason.text.starts_with(refused);
            let text = if known { reason.text.clone() } else { format!("{refused}: {}", reason.text) };
            vec![reject(transaction, kept, vec![StatusReason::Payment.because(text)])]
        }
        Step::Done { .. } => {
            match desk.practice.shop.as_ref().and_then(|shop| authorised(order, shop, &result.total)) {
                Some(taken) => offer(transaction, kept, &taken, desk),
                None => {
                    let text = "What can be delivered, or its price, has changed since the payment was authorised.";
                    vec![reject(transaction, kept, vec![StatusReason::Other.because(text)])]
                }
            }
        }
        Step::Planned { .. } | Step::Active { .. } => Vec::new(),
    }
}

/// Returns what of an order makes the sum that was authorised: all of it, as it was found good then, else the part that can
/// be taken now.
fn authorised<'a>(order: &Order, shop: &'a ShopPractice, total: &Money) -> Option<Taken<'a>> {
    let procedure = shop.procedure(&order.payment_method, &order.delivery_method)?;
    if total_with(order, procedure).as_ref() == Some(total) {
        return Some(Taken { procedure, order: order.clone(), short: Vec::new() });
    }
    let taken = check(order, shop).ok()?;
    (total_with(&taken.order, taken.procedure).as_ref() == Some(total)).then_some(taken)
}

/// Makes the terms (P26-P31), and starts where the procedure waits for no OK and the buyer is no stranger.
fn offer(transaction: &Transaction, kept: &Kept, taken: &Taken<'_>, desk: &Desk<'_>) -> Vec<Action> {
    let Some(terms) = terms_for(taken, desk) else { return vec![reject(transaction, kept, vec![no_sum()])] };
    let mut draft = Draft::new(transaction, kept.letter.from.clone(), Document::TransactionInfo(terms))
        .ordered(kept.letter.order.clone())
        .answering(kept.content);
    draft.names.number = draft.names.number.or_else(|| Some(desk.number()));
    vec![draft.into()]
}

/// Returns the terms for an order that is taken.
pub(super) fn terms_for(taken: &Taken<'_>, desk: &Desk<'_>) -> Option<Terms> {
    let shop = desk.practice.shop.as_ref()?;
    Some(terms(taken, shop, total_with(&taken.order, taken.procedure)?, desk))
}

/// Returns what is to be done once the terms are written: the instructions, where nothing is waited for.
pub(super) fn after_terms(transaction: &Transaction, desk: &Desk<'_>) -> Vec<Action> {
    let Some((_, terms)) = transaction.terms() else { return Vec::new() };
    let at_once = super::shop::procedure(terms, desk).is_some_and(|procedure| !procedure.waits_for_confirmation());
    // Only who reads the buyer's mailbox knows the digest of the terms: a stranger must show that he does.
    if at_once && !desk.stranger { go_on(transaction, desk, false) } else { Vec::new() }
}

fn terms(taken: &Taken<'_>, shop: &ShopPractice, total: Money, desk: &Desk<'_>) -> Terms {
    let Taken { procedure, order, short } = taken;
    let day = |days: u16| desk.now.plus_seconds(i64::from(days).saturating_mul(86_400));
    Terms {
        date: desk.now.whole_second(),
        seller: shop.name.clone(),
        vat_id: shop.vat_id.clone(),
        buyer: order.buyer.clone(),
        lines: order.lines.clone(),
        short: short.clone(),
        charges: charges(order, procedure),
        taxes: Vec::new(),
        total,
        payment_method: order.payment_method.clone(),
        payment_id: order.payment_id.clone(),
        payment_due: payment_days(order, procedure).map(|days| When::Day(day(days).day())),
        delivery_method: order.delivery_method.clone(),
        deliver_to: order.deliver_to.clone(),
        billing: order.billing.clone(),
        arrival_from: None,
        arrival_until: Some(When::Day(day(procedure.arrival_days).day())),
        valid_through: Some(day(shop.valid_days).whole_second()),
        conditions: conditions(order, shop),
        agents: agents(procedure, desk),
    }
}

/// Returns within how many days is paid; `None` for a card of which the procedure names none: when it is debited is its
/// bank's to say, and an end of the time for payment would overrule the bank's closing day.
fn payment_days(order: &Order, procedure: &Procedure) -> Option<u16> {
    let usual = (order.payment_method.as_str() != "card").then_some(PAYMENT_DAYS);
    procedure.payment_days.or(usual)
}

/// Returns what the terms say beside goods and dates: the shop's conditions, and a line for those of articles ordered that
/// have their own.
fn conditions(order: &Order, shop: &ShopPractice) -> Option<String> {
    let mut own: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in &order.lines {
        let article = line.item.sku.as_deref().and_then(|sku| shop.articles.find(sku));
        let Some((article, said)) = article.and_then(|article| Some((article, article.conditions.as_deref()?))) else {
            continue;
        };
        let name = article.item.name.as_str();
        match own.iter_mut().find(|(known, _)| *known == said) {
            Some((_, names)) if names.contains(&name) => {}
            Some((_, names)) => names.push(name),
            None => own.push((said, vec![name])),
        }
    }
    let own = own.into_iter().map(|(said, names)| format!("{}: {said}", names.join(", ")));
    let all: Vec<String> = shop.conditions.iter().cloned().chain(own).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}

/// The shop's own charge stands in the terms, whatever the order expected.
fn charges(order: &Order, procedure: &Procedure) -> Vec<Charge> {
    // The first number that no line of the buyer's has.
    let free = |id: &String| order.lines.iter().all(|line| line.id != *id);
    let id = (1_u32..).map(|id| id.to_string()).find(free).unwrap_or_default();
    let charge = procedure.charge.as_ref();
    charge.map(|(name, price)| Charge { id, name: name.clone(), price: *price }).into_iter().collect()
}

/// Returns what the goods and the shop's own charge make; `None` where they have no sum.
pub(super) fn total_with(order: &Order, procedure: &Procedure) -> Option<Money> {
    item::total(&order.lines, &charges(order, procedure)).ok().flatten()
}

fn agents(procedure: &Procedure, desk: &Desk<'_>) -> Vec<Agent> {
    let party = |agent: &Option<Party>| agent.clone().unwrap_or_else(|| desk.me.clone());
    let agent = |role: Role, party: Party| Agent { role, party, certificate: None };
    vec![
        agent(Role::Shop, desk.me.clone()),
        agent(Role::Payment, party(&procedure.payment_agent)),
        agent(Role::Delivery, party(&procedure.delivery_agent)),
    ]
}
