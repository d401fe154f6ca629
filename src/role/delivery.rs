//! The delivery agent: takes goods over, records what happens to them, tells buyer and shop (P54, P56-P58); sends goods
//! that are files (P22).

use super::agent::{self, instruction, last_status};
use super::packing::{Other, pack};
use super::planned::Arrival;
use super::practice::DeliveryPractice;
use super::{Action, Desk, Notice, Refused, given, pickup, resend_above};
use crate::trade::document::DeliveryInstruction;
use crate::trade::item::{LineQuantity, rest};
use crate::trade::status::{DeliveryStatus, Parcel, ParcelEvent, Reason, STOPPED, Step};
use crate::trade::{Document, Download, Kept, Leg, Party, Place, Said, Task, Transaction, When, Work};

/// Returns what follows from a letter that was entered and applied.
pub fn answer(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Vec<Action> {
    match &kept.letter.document {
        Document::DeliveryInstruction(instruction) => plan(transaction, kept, instruction, desk),
        Document::Stop(_) => stop(transaction, kept, desk),
        Document::StatusRequest(request) => {
            let mut actions = resend_above(transaction, &kept.letter, request.have);
            actions.push(current(transaction, kept, desk));
            actions
        }
        _ => Vec::new(),
    }
}

/// Follows an instruction: reckons the expected arrival and tells both sides (P57).
fn plan(transaction: &Transaction, kept: &Kept, instruction: &DeliveryInstruction, desk: &Desk<'_>) -> Vec<Action> {
    let Some(practice) = desk.practice.delivery.as_ref().filter(|p| agent::works_for(&p.shops, kept)) else {
        return vec![agent::no_agreement(transaction, kept)];
    };
    if !agent::is_named(transaction, kept) {
        return vec![agent::not_named(transaction, kept)];
    }
    let made = status_now(transaction).is_some_and(|status| status.parcels.iter().any(|p| p.step.done().is_some()));
    // What was delivered is not delivered once more, also where the shop had the rest stopped.
    let delivered = made.then_some(agent::NOT_UNDONE);
    if let Some(text) = agent::objection_to_second(transaction, kept, made).or(delivered) {
        return vec![agent::refuse(transaction, kept, "already-instructed", text)];
    }
    if agent::is_overtaken(transaction, kept) {
        let mut status = first(instruction, &|_| None);
        status.parcels.iter_mut().for_each(|parcel| parcel.step = stopped_now(desk));
        return publish(transaction, status, desk, Some(kept));
    }
    if let Some(status) = on_its_way(transaction, kept) {
        return publish(transaction, status, desk, Some(kept));
    }
    match &practice.dates {
        // Buyer and shop are told when it has said the day.
        Some(hook) => vec![given::give(transaction, hook, Work::Plan, Some(kept.content))],
        None => begin(transaction, kept, by_rule(practice, instruction, desk), desk),
    }
}

/// Returns how goods stand that could not be stopped, where the shop instructs them again under the same terms: they go on.
fn on_its_way(transaction: &Transaction, kept: &Kept) -> Option<DeliveryStatus> {
    let mut before = transaction.received(kept.letter.kind()).filter(|other| {
        other.content != kept.content
            && other.letter.terms == kept.letter.terms
            && !transaction.is_refused(&other.content)
    });
    before.next()?;
    status_now(transaction).filter(|status| status.parcels.iter().any(|parcel| !parcel.step.failed()))
}

/// Tells both sides how an instruction begins, and has the goods fetched.
fn begin(transaction: &Transaction, kept: &Kept, status: DeliveryStatus, desk: &Desk<'_>) -> Vec<Action> {
    let mut actions = publish(transaction, status, desk, Some(kept));
    actions.extend(pickup::fetch(transaction, kept, desk));
    actions
}

/// Returns the first status, each parcel expected when `arrival` says.
fn first(instruction: &DeliveryInstruction, arrival: &dyn Fn(&Parcel) -> Option<Arrival>) -> DeliveryStatus {
    let mut parcels = instruction.parcels.clone();
    for parcel in &mut parcels {
        let Some(arrival) = arrival(parcel) else {
            parcel.step = Step::Planned { at: None };
            continue;
        };
        let from = parcel.expected_from.filter(|from| from.day() <= arrival.until.day());
        parcel.expected_from = arrival.from.or(from);
        parcel.expected_until = Some(arrival.until);
        parcel.step = Step::Planned { at: Some(arrival.until) };
    }
    DeliveryStatus { parcels }
}

/// Returns the first status as the owner's rule plans it.
fn by_rule(practice: &DeliveryPractice, instruction: &DeliveryInstruction, desk: &Desk<'_>) -> DeliveryStatus {
    let wished = |parcel: &Parcel| parcel.expected_until.map(|until| until.day());
    first(instruction, &|parcel| Some(practice.rule.arrival(&desk.now, wished(parcel))))
}

/// Returns what follows from what a hook said.
pub(super) fn after(transaction: &Transaction, task: &Task, said: &Said, desk: &Desk<'_>) -> Vec<Action> {
    match task.work {
        Work::Plan => planned(transaction, task, said, desk).unwrap_or_default(),
        Work::Collect => pickup::said(transaction, said, desk).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Returns why what a hook says of the goods it was to fetch is not told.
pub(super) fn untold(transaction: &Transaction, task: &Task, said: &Said, desk: &Desk<'_>) -> Option<Refused> {
    (task.work == Work::Collect).then(|| pickup::said(transaction, said, desk).err()).flatten()
}

/// Tells buyer and shop the time that a hook planned an instruction for, and the tracking number where it gave one; that of
/// the rule where it named none. Where they were told something meanwhile, by a person or because of a stop, that stands.
fn planned(transaction: &Transaction, task: &Task, said: &Said, desk: &Desk<'_>) -> Option<Vec<Action>> {
    let kept = transaction.by_content(task.about.as_ref()?)?;
    let Document::DeliveryInstruction(instruction) = &kept.letter.document else { return None };
    if last_status(transaction, Leg::Delivery).is_some_and(|told| told.position > kept.position) {
        return None;
    }
    let mut status = match said.step.planned() {
        Some(until) => first(instruction, &|_| Some(Arrival { from: said.from, until })),
        None => by_rule(desk.practice.delivery.as_ref()?, instruction, desk),
    };
    if let [parcel] = status.parcels.as_mut_slice() {
        parcel.tracking = said.tracking.clone().or(parcel.tracking.take());
    }
    Some(begin(transaction, kept, status, desk))
}

/// Ends the work of hooks that was to plan what is told or stopped now.
fn end_plans(transaction: &Transaction, at: Option<When>) -> impl Iterator<Item = Action> {
    given::open(transaction, &[Work::Plan]).map(move |given| given::end(transaction, given, Step::Planned { at }))
}

/// Stops the parcels, unless one is delivered or on its way: what has not arrived is stopped as a whole or not at all, so
/// that nobody pays for goods that were stopped. Then all is told as it is.
fn stop(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Vec<Action> {
    let Some(mut status) = status_now(transaction) else {
        return vec![agent::refuse(transaction, kept, "unknown-transaction", "This transaction is not known here.")];
    };
    if agent::is_history(transaction, kept) {
        return vec![current(transaction, kept, desk)];
    }
    // What happened to a parcel says that it is in the carrier's hands: whether it can be called back, a person knows.
    let on_its_way = |parcel: &Parcel| !parcel.step.failed() && !parcel.events.is_empty();
    let whole = status.parcels.iter().all(|parcel| parcel.step.done().is_none() && !on_its_way(parcel));
    for parcel in status.parcels.iter_mut().filter(|parcel| whole && !parcel.step.failed()) {
        parcel.step = stopped_now(desk);
    }
    let mut actions = publish(transaction, status, desk, Some(kept));
    actions.extend(end_plans(transaction, None));
    if whole {
        actions.extend(pickup::take_back(transaction, desk));
    }
    actions
}

/// Returns the step of a parcel that the shop has stopped now.
fn stopped_now(desk: &Desk<'_>) -> Step {
    let reason = Reason { code: STOPPED.to_owned(), text: "Stopped by the shop.".to_owned() };
    Step::Failed { reason, at: Some(desk.now) }
}

/// Said where a report names no parcel.
const SEVERAL: &str = "there are several parcels; name one with --parcel";

/// Reports what the owner says about a parcel (`ship notify`).
pub fn notify(transaction: &Transaction, notice: &Notice, desk: &Desk<'_>) -> Result<Vec<Action>, Refused> {
    notice.check(&desk.now)?;
    notice.check_since(agent::terms_date(transaction))?;
    let mut status =
        status_now(transaction).ok_or_else(|| Refused::new("no delivery instruction was received for this number"))?;
    let notice = &as_shipped(notice, &status, desk)?;
    let open = status.parcels.iter().find(|parcel| parcel.step.done().is_none()).map(|parcel| &parcel.id);
    let only = status.parcels.first().map(|parcel| &parcel.id).filter(|_| status.parcels.len() == 1);
    let id = notice.parcel.clone().or(only.or(open.filter(|_| !notice.lines.is_empty())).cloned());
    let id = id.ok_or_else(|| Refused::new(SEVERAL))?;
    repack(&mut status, &id, notice)?;
    let parcel = status.parcels.iter_mut().find(|parcel| parcel.id == id);
    let Some(parcel) = parcel else {
        let known: Vec<&str> = status.parcels.iter().map(|parcel| parcel.id.as_str()).collect();
        let known = known.join(", ");
        let text = format!("there is no parcel {id}, only {known}; say with --line what a new one holds");
        return Err(Refused::new(text));
    };
    let adds = notice.only_adds(parcel.step.done(), parcel.tracking.as_deref(), &parcel.lines);
    if parcel.step.done().is_some() && notice.event.is_none() && !adds {
        notice.check_change(&format!("parcel {} is delivered", parcel.id))?;
    }
    if is_stopped(&parcel.step) || (parcel.step.failed() && was_told_to_stop(transaction)) {
        return Err(Refused::new(format!("the shop had parcel {} stopped; ask the shop", parcel.id)));
    }
    if let Some(file) = &notice.download {
        if parcel.step.done().is_some() {
            notice.check_change(&format!("parcel {} is delivered", parcel.id))?;
        }
        attach(transaction, parcel, file)?;
    }
    // Something may still be noted about a parcel that has arrived; when it arrived stays.
    if parcel.step.done().is_none() || notice.correct {
        parcel.step = notice.step(&parcel.step);
    }
    if let Some(planned) = notice.planned {
        parcel.expected_until = Some(planned);
        parcel.expected_from = parcel.expected_from.filter(|from| from.day() <= planned.day());
    }
    if let Some(at) = parcel.step.done() {
        parcel.expected_from = parcel.expected_from.filter(|from| from.day() <= at.day());
    }
    parcel.tracking = notice.tracking.clone().or(parcel.tracking.take());
    if let Some((name, place)) = &notice.event {
        let at = notice.event_at.or(notice.done).unwrap_or(desk.now);
        parcel.events.push(ParcelEvent { name: name.clone(), at, place: place.clone() });
    }
    let is_under_way = status.parcels.iter().any(|parcel| !parcel.events.is_empty() || parcel.step.done().is_some());
    let mut actions = publish(transaction, status, desk, None);
    // Who names the day in the place of a hook has the goods fetched as the hook would have.
    let planned = given::open(transaction, &[Work::Plan]).next().and_then(|given| given.task.about);
    let planned = planned.and_then(|content| transaction.by_content(&content)).filter(|_| !is_under_way);
    actions.extend(end_plans(transaction, notice.planned));
    actions.extend(planned.and_then(|kept| pickup::fetch(transaction, kept, desk)));
    actions.extend(pickup::reported(transaction, notice, desk.now));
    Ok(actions)
}

/// Makes a parcel a file: only where the goods are to go over the network.
fn attach(transaction: &Transaction, parcel: &mut Parcel, file: &Download) -> Result<(), Refused> {
    let method = instruction(transaction).and_then(|kept| match &kept.letter.document {
        Document::DeliveryInstruction(instruction) => Some(&instruction.delivery_method),
        _ => None,
    });
    if let Some(method) = method.filter(|method| !method.is_download()) {
        return Err(Refused::new(format!("the goods go by {method}; a file is sent where they go by download")));
    }
    parcel.download = Some(file.clone());
    Ok(())
}

/// Returns a status as it is told to whoever does not get the file with it.
fn without_file(mut status: DeliveryStatus) -> DeliveryStatus {
    let files = status.parcels.iter_mut().filter_map(|parcel| parcel.download.as_mut());
    for file in files.filter(|file| file.place == Place::Attached) {
        file.place = Place::Elsewhere;
    }
    status
}

/// Returns a report with what its parcel holds by the word of the shop at this address, where the report names no goods: to one who
/// plays both, a parcel has one number, and of goods of which a part has left only that part arrives.
///
/// # Errors
/// Where the report names no parcel, and the shop has sent several.
fn as_shipped(notice: &Notice, status: &DeliveryStatus, desk: &Desk<'_>) -> Result<Notice, Refused> {
    if !notice.lines.is_empty() {
        return Ok(notice.clone());
    }
    let has_come = |id: &str| status.parcels.iter().any(|parcel| parcel.id == id && parcel.step.done().is_some());
    let shipment = match (&notice.parcel, desk.shipped.as_slice(), status.parcels.as_slice()) {
        (Some(id), all, _) => all.iter().find(|shipment| shipment.parcel == *id && !has_come(id)),
        (None, [only], [parcel]) => Some(only).filter(|_| !has_come(&parcel.id)),
        (None, [] | [_], _) => None,
        (None, [_, _, ..], _) => return Err(Refused::new(SEVERAL)),
    };
    let lines = shipment.map(|shipment| shipment.lines.clone()).unwrap_or_default();
    Ok(Notice { lines, ..notice.clone() })
}

/// Puts the goods a notice names into parcel `id`, a new one if need be: the shop may send in several parcels what it
/// instructed as one.
fn repack(status: &mut DeliveryStatus, id: &str, notice: &Notice) -> Result<(), Refused> {
    if notice.lines.is_empty() {
        return Ok(());
    }
    let all = goods(status);
    let at = status.parcels.iter().position(|parcel| parcel.id == id);
    let mut parcel = match at.map(|at| status.parcels.remove(at)) {
        Some(parcel) if parcel.step.done().is_some() && !notice.correct => {
            return Err(Refused::new(format!("parcel {id} is delivered already; what it held stays")));
        }
        Some(parcel) => parcel,
        None => Parcel {
            id: id.to_owned(),
            lines: Vec::new(),
            tracking: None,
            tracking_url: None,
            expected_from: None,
            expected_until: None,
            events: Vec::new(),
            download: None,
            step: Step::Planned { at: None },
        },
    };
    let others = status.parcels.iter().map(|other| Other { lines: &other.lines, fixed: other.step.is_over() });
    let packed = pack(&all, &others.collect::<Vec<_>>(), &parcel.lines, &notice.lines)?;
    for (other, lines) in status.parcels.iter_mut().zip(packed.others) {
        other.lines = lines;
    }
    // What is in no parcel any more stays to be brought, in one of its own.
    let left = rest(&all, status.parcels.iter().flat_map(|parcel| &parcel.lines).chain(&packed.this));
    parcel.lines = packed.this;
    let step = if parcel.step.is_over() { Step::Planned { at: None } } else { parcel.step.clone() };
    let tracking = parcel.tracking.clone().filter(|_| !parcel.step.is_over());
    let (id, events) = (spare_id(status, id), Vec::new());
    let spare = Parcel { id, lines: left, events, download: None, step, tracking, ..parcel.clone() };
    status.parcels.retain(|other| !other.lines.is_empty());
    status.parcels.push(parcel);
    if !spare.lines.is_empty() {
        status.parcels.push(spare);
    }
    status.parcels.sort_by(|a, b| (a.id.len(), &a.id).cmp(&(b.id.len(), &b.id)));
    Ok(())
}

/// Returns the lowest parcel number that is free.
fn spare_id(status: &DeliveryStatus, taken: &str) -> String {
    let free = |id: &String| id != taken && status.parcels.iter().all(|parcel| parcel.id != *id);
    (1_u32..).map(|number| number.to_string()).find(free).unwrap_or_default()
}

/// Returns all goods of a delivery, one line each.
fn goods(status: &DeliveryStatus) -> Vec<LineQuantity> {
    let mut goods: Vec<LineQuantity> = Vec::new();
    for part in status.parcels.iter().flat_map(|parcel| &parcel.lines) {
        match goods.iter_mut().find(|known| known.line == part.line) {
            Some(known) => known.quantity = known.quantity.plus(part.quantity).unwrap_or(known.quantity),
            None => goods.push(part.clone()),
        }
    }
    goods
}

/// Returns whether the shop had a parcel stopped.
fn is_stopped(step: &Step) -> bool {
    matches!(step, Step::Failed { reason, .. } if reason.code == STOPPED)
}

/// Returns whether the shop told us to stop what it instructed last: what failed since, or had failed by then, stays so. The shop
/// may have ended the transaction because nothing is under way.
fn was_told_to_stop(transaction: &Transaction) -> bool {
    instruction(transaction).is_some_and(|instruction| agent::was_stopped(transaction, instruction))
}

/// Returns our newest delivery status; one without dates where a hook is being asked for them.
pub fn status_now(transaction: &Transaction) -> Option<DeliveryStatus> {
    let told = last_status(transaction, Leg::Delivery);
    if let Some(kept) = agent::unplanned(transaction, told)
        && let Document::DeliveryInstruction(instruction) = &kept.letter.document
    {
        return Some(first(instruction, &|_| None));
    }
    match &told?.letter.document {
        Document::DeliveryStatus(status) => Some(without_file(status.clone())),
        _ => None,
    }
}

fn is_done(status: &DeliveryStatus) -> bool {
    !status.parcels.is_empty() && status.parcels.iter().all(|parcel| parcel.step.done().is_some())
}

fn publish(transaction: &Transaction, status: DeliveryStatus, desk: &Desk<'_>, asked: Option<&Kept>) -> Vec<Action> {
    let done = is_done(&status);
    let answers = asked.map(|kept| (kept.content, &kept.letter.from));
    let buyer = transaction.buyer();
    // The file is for the buyer; the shop is told what it was.
    let said = |to: &Party| match buyer.as_ref() == Some(to) {
        true => Document::DeliveryStatus(status.clone()),
        false => Document::DeliveryStatus(without_file(status.clone())),
    };
    agent::to_both(transaction, &said, desk.now, done, answers)
}

/// Answers a status request with what is stored (P62).
fn current(transaction: &Transaction, kept: &Kept, desk: &Desk<'_>) -> Action {
    match (instruction(transaction), status_now(transaction)) {
        (Some(_), Some(status)) => {
            let done = is_done(&status);
            let to = kept.letter.from.clone();
            agent::to_one(transaction, to, Document::DeliveryStatus(status), desk, done, kept.content)
        }
        _ => agent::refuse(transaction, kept, "unknown-transaction", "This transaction is not known here."),
    }
}
