//! The shop: takes orders in by its procedures, makes the terms, instructs, reports (P17-P53).
//!
//! What it offers is in `shop_offer`, the steps after the OK in `shop_work`, what it does about cancellations and returns
//! in `shop_after`, what it gives back in `shop_refund`, what its owner decides in `shop_desk`.

use super::packing::{Other, pack};
use super::practice::Procedure;
use super::shop_work::go_on;
use super::{
    Action, Desk, Draft, Notice, Refused, agent, resend_above, shop_after, shop_change, shop_export, shop_offer,
    shop_waiting, terms_of,
};
use crate::rules::Standing;
use crate::rules::stopping::instruction_of;
use crate::trade::document::{DeliveryInstruction, PaymentInstruction, StatusRequest};
use crate::trade::item::{all_of, rest};
use crate::trade::status::{OrderState, OrderStatus, Parcel, Shipment, Step};
use crate::trade::{Agent, Digest, Direction, Document, Kept, Kind, Leg, Party, Role, Shown, Terms, Transaction, When};

/// Returns what follows from a letter that was entered and applied.
pub fn answer(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Vec<Action> {
    match &kept.letter.document {
        Document::Order(order) => shop_offer::take_in(transaction, kept, order, desk),
        Document::AuthorizationResult(result) => shop_offer::after_authorization(transaction, result, desk),
        Document::Confirmation(_) => confirmed(transaction, kept, desk),
        Document::Cancellation(_) => shop_after::cancel(transaction, kept, desk),
        Document::ReturnRequest(request) => shop_after::give_back(transaction, kept, request, desk),
        Document::PaymentStatus(_) | Document::DeliveryStatus(_) | Document::Refusal(_) => {
            let mut actions = shop_after::agent_spoke(transaction, desk);
            actions.extend(sent_over_the_network(transaction, desk));
            actions.extend(ask_for_missing(transaction, kept));
            actions
        }
        Document::StatusRequest(StatusRequest { have, .. }) => {
            let mut actions = resend_above(transaction, &kept.letter, *have);
            if let Some(action) = report(transaction, status_now(transaction), desk, Some(kept)) {
                actions.push(action);
            }
            actions
        }
        _ => Vec::new(),
    }
}

/// Returns the procedure of a transaction.
pub(super) fn procedure<'a>(terms: &Terms, desk: &'a Desk<'_>) -> Option<&'a Procedure> {
    desk.practice.shop.as_ref()?.procedure(&terms.payment_method, &terms.delivery_method)
}

/// Returns whether the agents were instructed.
pub(super) fn is_started(transaction: &Transaction) -> bool {
    transaction.sent(Kind::PaymentInstruction).next().is_some()
        || transaction.sent(Kind::DeliveryInstruction).next().is_some()
}

/// Takes the buyer's OK in: starts, or refuses what came too late.
fn confirmed(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Vec<Action> {
    let Some((_, terms)) = terms_of(transaction) else { return Vec::new() };
    if let Some(refusal) = shop_change::objection(transaction, kept) {
        return vec![refusal];
    }
    if terms.has_run_out(&kept.recorded) && !is_started(transaction) {
        let text = "The time for the OK has passed; please order again.";
        let refusal = agent::refuse(transaction, kept, "offer-expired", text);
        return std::iter::once(refusal).chain(shop_waiting::release(transaction)).collect();
    }
    if status_now(transaction).state == OrderState::Cancelled {
        return vec![agent::refuse(transaction, kept, "cancelled", "The transaction was cancelled.")];
    }
    if let Some(actions) = shop_change::prepare(transaction, desk) {
        return actions;
    }
    let mut actions = Vec::new();
    // Where nothing was waited for, goods may have left before the OK came: what was told of them stands.
    let told =
        agent::last_status(transaction, Leg::Order).is_some_and(|_| !status_now(transaction).shipments.is_empty());
    let status = if told { status_now(transaction) } else { first_status(terms, desk) };
    actions.extend(report(transaction, status, desk, Some(kept)));
    if is_started(transaction) || shop_offer::awaits_authorisation(transaction) {
        return actions;
    }
    let put_off = procedure(terms, desk).and_then(|procedure| shop_offer::put_off(transaction, procedure, desk));
    match put_off {
        Some(request) => actions.push(request),
        None => actions.extend(go_on(transaction, desk, false)),
    }
    actions
}

/// Instructs the payment agent once more, after it was told to stop.
pub(super) fn collect_again(transaction: &Transaction, desk: &Desk<'_>) -> Option<Action> {
    let (_, terms) = terms_of(transaction)?;
    payment_instruction(transaction, terms, desk).map(Action::from)
}

/// Returns who is who for an agent: the buyer, with the certificate the clerk adds, and those who speak.
pub(super) fn parties(transaction: &Transaction, agents: &[Agent]) -> Vec<Agent> {
    let buyer = transaction.buyer().map(|party| Agent { role: Role::Buyer, party, certificate: None });
    buyer.into_iter().chain(agents.iter().map(|agent| Agent { certificate: None, ..agent.clone() })).collect()
}

fn instruction(transaction: &Transaction, terms: &Terms, leg: Leg, document: Document) -> Option<Draft> {
    let agent = terms.agent(leg)?;
    let digest = terms_of(transaction).map(|(digest, _)| digest);
    Some(Draft::new(transaction, agent.party.clone(), document).about(digest))
}

pub(super) fn payment_instruction(transaction: &Transaction, terms: &Terms, desk: &Desk<'_>) -> Option<Draft> {
    // Who collects the money learns neither goods nor where they go (P105), unless the procedure says so.
    let shows = procedure(terms, desk).map(|procedure| procedure.payment_shows).unwrap_or_default();
    let mut buyer = terms.buyer.clone();
    buyer.address = None;
    let document = Document::PaymentInstruction(PaymentInstruction {
        buyer,
        amount: terms.total,
        payment_method: terms.payment_method.clone(),
        payment_id: terms.payment_id.clone(),
        due: terms.payment_due,
        terms_date: Some(terms.date),
        shown: Shown::of(terms, shows),
        agents: parties(transaction, &terms.agents),
    });
    instruction(transaction, terms, Leg::Payment, document)
}

pub(super) fn delivery_instruction(transaction: &Transaction, terms: &Terms, desk: &Desk<'_>) -> Option<Draft> {
    // Who carries the goods learns no prices (P105), but for cash on delivery, or where the procedure says so.
    let shows = procedure(terms, desk).map(|procedure| procedure.delivery_shows).unwrap_or_default();
    let collect = (terms.payment_method.as_str() == "cash-on-delivery").then_some(terms.total);
    let parcel = Parcel {
        id: "1".to_owned(),
        lines: all_of(&terms.lines),
        tracking: None,
        tracking_url: None,
        expected_from: terms.arrival_from,
        expected_until: terms.arrival_until,
        events: Vec::new(),
        download: None,
        step: Step::Planned { at: terms.arrival_until },
    };
    let document = Document::DeliveryInstruction(DeliveryInstruction {
        buyer: terms.buyer.clone(),
        deliver_to: terms.deliver_to.clone(),
        delivery_method: terms.delivery_method.clone(),
        parcels: vec![parcel],
        collect,
        terms_date: Some(terms.date),
        shown: Shown::of(terms, shows),
        agents: parties(transaction, &terms.agents),
    });
    instruction(transaction, terms, Leg::Delivery, document)
}

/// Returns the order status of a transaction that has just been started: one parcel, planned.
pub(super) fn first_status(terms: &Terms, desk: &Desk<'_>) -> OrderStatus {
    let days = procedure(terms, desk).map_or(0, |procedure| procedure.dispatch_days);
    let planned = desk.now.plus_seconds(i64::from(days).saturating_mul(86_400)).day();
    let shipment = Shipment {
        parcel: "1".to_owned(),
        lines: all_of(&terms.lines),
        tracking: None,
        step: Step::Planned { at: Some(When::Day(planned)) },
    };
    OrderStatus { state: OrderState::Processing, shipments: vec![shipment], remarks: None }
}

/// Returns our newest order status, or an empty one.
pub(super) fn status_now(transaction: &Transaction) -> OrderStatus {
    let none = || OrderStatus { state: OrderState::Processing, shipments: Vec::new(), remarks: None };
    OrderStatus::sent(transaction).cloned().unwrap_or_else(none)
}

/// Writes an order status to the buyer whose address is stored with the order (P49, P51).
pub(super) fn report(
    transaction: &Transaction,
    status: OrderStatus,
    desk: &Desk<'_>,
    asked: Option<&Kept>,
) -> Option<Action> {
    report_by(transaction, terms_of(transaction), status, desk, asked)
}

/// The same, about these terms.
pub(super) fn report_by(
    transaction: &Transaction,
    terms: Option<(Digest, &Terms)>,
    status: OrderStatus,
    desk: &Desk<'_>,
    asked: Option<&Kept>,
) -> Option<Action> {
    let buyer: Party = transaction.buyer()?;
    let over = matches!(status.state, OrderState::Cancelled | OrderState::Returned);
    let shipped = !status.shipments.is_empty()
        && status.shipments.iter().all(|s| s.step.done().is_some())
        && terms.is_some_and(|(_, terms)| covers(terms, &status.shipments));
    // Before his OK a buyer may have no number: terms that differ from his order he has not taken, and none may have come.
    let taken = transaction.known(Kind::Confirmation).next().is_some();
    let order = transaction.order().and_then(|(kept, _)| kept.letter.order.clone()).filter(|_| !taken);
    let mut draft = Draft::new(transaction, buyer.clone(), Document::OrderStatus(status))
        .about(terms.map(|(digest, _)| digest))
        .ordered(order)
        .status(desk.now, over || shipped);
    draft.answers = asked.filter(|kept| kept.letter.from == buyer).map(|kept| kept.content);
    Some(draft.into())
}

/// Returns the parcels of a sale as the shop has reported them.
pub fn shipped(sale: &Transaction) -> Vec<Shipment> {
    status_now(sale).shipments
}

/// Returns whether shipments hold all the goods of the terms.
pub(super) fn covers(terms: &Terms, shipments: &[Shipment]) -> bool {
    rest(&all_of(&terms.lines), shipments.iter().flat_map(|shipment| &shipment.lines)).is_empty()
}

/// Reports what the owner says about a parcel (`shop notify`).
pub fn notify(transaction: &Transaction, notice: &Notice, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    if notice.is_of_order() {
        return shop_export::notify(transaction, notice, desk);
    }
    notice.check(&desk.now)?;
    let (_, terms) = terms_of(transaction).ok_or_else(|| Refused::new("no terms were sent for this number"))?;
    notice.check_since(Some(terms.date))?;
    let mut status = status_now(transaction);
    if status.state == OrderState::Cancelled {
        return Err(Refused::new("the transaction is cancelled; nothing more can be reported"));
    }
    if shop_change::is_settling(transaction) {
        return Err(Refused::new(shop_change::UNSETTLED));
    }
    let waits = procedure(terms, desk).is_some_and(Procedure::waits_for_confirmation);
    if waits && !is_started(transaction) && transaction.accepted().next().is_none() {
        return Err(Refused::new("the buyer has not said OK to the terms yet"));
    }
    let id = meant(&status, notice, terms)?;
    let mut shipment = status.shipments.iter().find(|s| s.parcel == id).cloned().unwrap_or_else(|| Shipment {
        parcel: id.clone(),
        lines: Vec::new(),
        tracking: None,
        step: Step::Planned { at: None },
    });
    let Shipment { step, tracking, lines, .. } = &shipment;
    if step.done().is_some() && !notice.only_adds(step.done(), tracking.as_deref(), lines) {
        notice.check_change(&format!("parcel {id} has left"))?;
    }
    status.shipments.retain(|other| other.parcel != id);
    let others: Vec<_> = status.shipments.iter().map(|s| Other { lines: &s.lines, fixed: s.step.is_over() }).collect();
    let packed = pack(&all_of(&terms.lines), &others, &shipment.lines, &notice.lines)?;
    for (other, lines) in status.shipments.iter_mut().zip(packed.others) {
        other.lines = lines;
    }
    status.shipments.retain(|other| !other.lines.is_empty());
    shipment.lines = packed.this;
    shipment.step = notice.step(&shipment.step);
    shipment.tracking = notice.tracking.clone().or(shipment.tracking.take());
    status.shipments.push(shipment);
    status.shipments.sort_by(|a, b| (a.parcel.len(), &a.parcel).cmp(&(b.parcel.len(), &b.parcel)));
    if status.shipments.iter().any(|s| s.step.done().is_some()) {
        status.state = OrderState::InTransit;
    }
    Ok(report(transaction, status, desk, None).into_iter().collect())
}

/// Returns the parcel a report is about: the one it names, the next that has not left, or, where all goods are in parcels
/// that have, the only one or the one with its tracking number; a new one where goods are in none yet.
fn meant(status: &OrderStatus, notice: &Notice, terms: &Terms) -> Result<String, Refused> {
    let id = |shipment: &Shipment| shipment.parcel.clone();
    let open = || status.shipments.iter().find(|shipment| !shipment.step.is_over()).map(id);
    if let Some(named) = notice.parcel.clone().or_else(open) {
        return Ok(named);
    }
    if !covers(terms, &status.shipments) {
        return Ok(status.shipments.len().saturating_add(1).to_string());
    }
    let tracked = |shipment: &&Shipment| notice.tracking.is_some() && shipment.tracking == notice.tracking;
    let known = match status.shipments.as_slice() {
        [only] => Some(only),
        several => several.iter().find(tracked),
    };
    known.map(id).ok_or_else(|| {
        let holds = |shipment: &Shipment| {
            let goods: Vec<String> =
                shipment.lines.iter().map(|p| format!("line {} ×{}", p.line, p.quantity)).collect();
            format!("parcel {} ({})", shipment.parcel, goods.join(", "))
        };
        let all: Vec<String> = status.shipments.iter().map(holds).collect();
        Refused::new(format!("all goods are in parcels already: {}; name one with --parcel", all.join(", ")))
    })
}

/// Reports goods that are files as dispatched once they are delivered: nothing else leaves the shop (P22).
fn sent_over_the_network(transaction: &Transaction, desk: &Desk<'_>) -> Option<Action> {
    let (_, terms) = terms_of(transaction).filter(|(_, terms)| terms.delivery_method.is_download())?;
    let standing = Standing::of(transaction);
    let delivered = standing.legs.delivery.done.filter(|_| standing.legs.order.done.is_none())?;
    let mut status = status_now(transaction);
    if matches!(status.state, OrderState::Cancelled | OrderState::Returned) {
        return None;
    }
    if status.shipments.is_empty() {
        status.shipments = first_status(terms, desk).shipments;
    }
    for shipment in status.shipments.iter_mut().filter(|shipment| !shipment.step.is_over()) {
        shipment.step = Step::Done { at: delivered };
    }
    status.state = OrderState::InTransit;
    report(transaction, status, desk, None)
}

/// Asks the agents that were instructed how their legs stand; only the legs in `legs` where it is not empty.
pub fn ask(transaction: &Transaction, legs: &[Leg]) -> Result<Vec<Draft>, Refused> {
    let (digest, terms) = terms_of(transaction).ok_or_else(|| Refused::new("no terms were sent for this number"))?;
    if legs == [Leg::Order] {
        return Err(Refused::new("what has left the shop only the shop can say, by shop notify"));
    }
    let instructed = |leg: &Leg| *leg != Leg::Order && transaction.sent(instruction_of(*leg)).next().is_some();
    let wanted = Leg::ALL.into_iter().filter(|leg| legs.is_empty() || legs.contains(leg)).filter(instructed);
    let request = |leg: Leg| {
        let to = terms.agent(leg)?.party.clone();
        let document = Document::StatusRequest(StatusRequest { leg, have: transaction.have(&to.fingerprint) });
        Some(Draft::new(transaction, to, document).about(Some(digest)))
    };
    let drafts: Vec<Draft> = wanted.filter_map(request).collect();
    if drafts.is_empty() {
        return Err(Refused::new("no agent was instructed yet, so there is nobody to ask"));
    }
    Ok(drafts)
}

/// Asks an agent for the letters between, once for each gap.
fn ask_for_missing(transaction: &Transaction, kept: &Kept) -> Option<Action> {
    let leg = kept.letter.kind().status_of()?;
    let from = &kept.letter.from;
    let have = transaction.have(&from.fingerprint);
    let asked = transaction.kept.iter().any(|sent| {
        sent.direction == Direction::Out
            && sent.letter.to == *from
            && matches!(&sent.letter.document, Document::StatusRequest(request) if request.have == have)
    });
    if asked || kept.letter.stays_here() || transaction.was_asked_for(kept) || !transaction.has_gap(&from.fingerprint) {
        return None;
    }
    let terms = terms_of(transaction).map(|(digest, _)| digest);
    let document = Document::StatusRequest(StatusRequest { leg, have });
    Some(Draft::new(transaction, from.clone(), document).about(terms).into())
}
