//! One order: how far each leg is, what comes next, who said what to whom and when, and each letter (P84-P89, P93-P97).

use std::sync::Arc;

use axum::extract::{Path, State};
use serde_json::{Map, Value, json};

use super::act::{find, may_ask};
use super::fault::Fault;
use super::orders::{days_since, refund};
use super::pages::{self, Page};
use super::points::{self, Lines};
use super::visit::Visit;
use super::{Web, letter, timeline};
use crate::clerk::{Clerk, ClerkError, warning_id};
use crate::index::RowMore;
use crate::rules::failed::failures;
use crate::rules::in_part::{back, in_part};
use crate::rules::{Pending, Standing, State as OrderState, agreement, offer, overdue, received};
use crate::trade::document::ReturnAnswer;
use crate::trade::item::{Charge, Line, LineQuantity};
use crate::trade::status::Step;
use crate::trade::{
    Direction, Document, Finding, Kept, Kind, Leg, Money, ReturnReason, Role, Terms, Transaction, Verdict, When,
};
use crate::view::bill::Bill;
use crate::view::orders::Awaited;
use crate::view::transaction::{Unsure, counts_json, next_steps, shown, signer_named, unanswered};
use crate::view::{short, text, warnings};

/// Terms, with the letter that brought them.
type Offered<'a> = (&'a Kept, &'a Terms);

/// The legs in the order of the page's list.
const LEGS: [Leg; 3] = [Leg::Order, Leg::Payment, Leg::Delivery];

/// What a leg is marked by.
pub(super) struct Marked {
    pub(super) done: bool,
    pub(super) failed: bool,
    /// Whether nothing will become of it any more.
    pub(super) over: bool,
    /// Since when it is late.
    pub(super) late: Option<When>,
    pub(super) date: Option<When>,
    pub(super) more: RowMore,
}

impl Marked {
    /// Returns mark, word and date of a leg, for how long it is late, and how much of it is done where not all is.
    pub(super) fn shows(&self, visit: &Visit) -> Map<String, Value> {
        let RowMore { in_part, back, .. } = &self.more;
        let (mark, word) = self.mark();
        // A day on which it was to be done is none on which it failed.
        let date = back.or(self.date.filter(|_| !matches!(word, "over" | "failed")));
        [
            ("mark", json!(mark)),
            ("word", json!(word)),
            ("date", text::when_json(date.as_ref())),
            ("days", json!(self.late.map(|late| days_since(&late, &visit.now, &visit.zone)))),
            ("part", text::in_part_json(in_part.as_ref())),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// Returns the mark and the key of the word to it.
    const fn mark(&self) -> (&'static str, &'static str) {
        match self {
            Self { failed: true, .. } => ("no", "failed"),
            Self { more: RowMore { back: Some(_), .. }, .. } => ("back", "back"),
            Self { done: true, .. } => ("done", "done"),
            Self { over: true, .. } => ("none", "over"),
            Self { late: Some(_), .. } => ("late", "late"),
            Self { more: RowMore { in_part: Some(_), .. }, .. } => ("part", "part"),
            Self { date: Some(_), .. } => ("plan", "planned"),
            _ => ("plan", "undated"),
        }
    }
}

pub(super) async fn show(State(web): State<Arc<Web>>, Path(id): Path<String>, visit: Visit) -> Result<Page, Fault> {
    let shared = Arc::clone(&web);
    web.desk(move |clerk| {
        let known = find(clerk, &id)?;
        let shows = order(clerk, &known, &visit)?;
        visit.page(&shared, clerk, "transaction.html", shows)
    })
    .await
}

fn order(clerk: &Clerk, known: &Transaction, visit: &Visit) -> Result<Map<String, Value>, Fault> {
    let standing = Standing::of(known);
    let unsure = Unsure::of(clerk, known, &visit.now)?;
    let receipts = visit.asked("receipts").is_some();
    let steps: Vec<&str> = next_steps(known, &standing, &visit.now);
    let hidden = known.kept.iter().filter(|kept| kept.letter.kind() == Kind::Receipt).count();
    let letters = || known.kept.iter().filter(|kept| receipts || kept.letter.kind() != Kind::Receipt);
    let mut shows = Map::new();
    let mut put = |name: &str, value: Value| shows.insert(name.to_owned(), value);
    put("page", json!("list"));
    put("id", json!(known.key.id));
    put("short", json!(short(known.key.id.as_str())));
    put("number", json!(known.number));
    put("shop", json!(shop(clerk, known)?));
    put("state", json!(standing.state));
    put("pending", json!(Pending::waiting(known, standing.state).map(Pending::standing)));
    let back = overdue::refund(known, &standing);
    put("refund", json!(back.map(|back| refund(&back.amount, Some(&back.promised), visit))));
    let awaited = Awaited::of(known, &visit.now).filter(|awaited| awaited.differs > 0);
    let differs = agreement::waiting(known, standing.state).is_some() || awaited.is_some();
    put("differs", json!(differs && standing.state != OrderState::Open));
    put("expired", json!(offer::has_run_out(known, standing.state, &visit.now)));
    put("steps", json!(steps));
    let offer = unanswered(known, &standing, &visit.now).or_else(|| known.offer());
    let until = offer.and_then(|(_, terms)| terms.valid_through);
    put("offer_until", json!(until.map(|until| pages::moment(&until, &visit.zone))));
    put("act", json!(visit.asked("act")));
    put("reasons", reasons());
    let terms = shown(known, &standing);
    put("bought", json!(bought(known, terms)));
    put("legs", json!(LEGS.map(|leg| progress(known, &standing, leg, visit))));
    put("goods", goods(known, terms));
    put("facts", facts(known, terms, &standing, visit));
    put(
        "signer",
        match terms {
            Some((kept, terms)) => signer(clerk, kept, &terms.seller)?,
            None => Value::Null,
        },
    );
    put("receipts", json!({"hidden": hidden, "shown": receipts}));
    let (rows, ahead) = timeline::rows(known, &standing, letters(), &unsure, visit);
    put("rows", json!(rows));
    put("ahead", json!(ahead));
    put("letters", json!(letters().map(|kept| entry(known, kept, &unsure, visit)).collect::<Vec<_>>()));
    put("received", received(clerk, known, &standing, visit)?);
    put("warnings", json!(open_warnings(clerk, known, visit)?));
    put("letter", letter::shown(clerk, known, visit)?);
    Ok(shows)
}

/// Returns the words of what goods are given back for, the one that is meant where none is chosen last.
pub(super) fn reasons() -> Value {
    json!(ReturnReason::ALL.map(ReturnReason::word))
}

/// Returns what the shop calls itself here or else elsewhere, as lists have it; its address where nothing says so.
pub(super) fn shop(clerk: &Clerk, known: &Transaction) -> Result<String, Fault> {
    let name = match known.terms().map(|(_, terms)| terms.seller.clone()).filter(|name| !name.is_empty()) {
        None if known.key.role == Role::Buyer => clerk.shop_name(&known.key.shop)?,
        name => name.unwrap_or_default(),
    };
    Ok(if name.is_empty() { known.key.shop.to_string() } else { name })
}

/// Returns the first of the goods, and how many more there are.
fn bought(known: &Transaction, terms: Option<Offered<'_>>) -> Value {
    let lines: &[Line] = match (terms, known.order()) {
        (Some((_, terms)), _) => &terms.lines,
        (None, Some((_, order))) => &order.lines,
        (None, None) => &[],
    };
    let date = known.order().map(|(kept, _)| kept.letter.date.to_string());
    json!({"item": lines.first().map(|line| line.item.name.as_str()), "more": lines.len().saturating_sub(1), "date": date})
}

/// Returns how far a leg is, and whom to ask about it.
fn progress(known: &Transaction, standing: &Standing, leg: Leg, visit: &Visit) -> Value {
    let at = standing.mark(leg);
    let failures = failures(known, standing);
    let failed = failures.iter().any(|failure| failure.leg == leg);
    let offered = standing.state == OrderState::Offered && !offer::has_run_out(known, standing.state, &visit.now);
    let open = standing.state == OrderState::Open || offered;
    let late = at.promised.filter(|date| standing.state == OrderState::Open && date.is_over(&visit.now));
    let (in_part, back) = (in_part(known, standing, leg), back(known, standing, leg));
    let more = RowMore { in_part, back, promised: at.promised, refund: None };
    let marked = Marked { done: at.done, failed, over: !open, late, date: late.or(at.date), more };
    let agent = known.terms().and_then(|(_, terms)| terms.agent(leg)).map(|agent| agent.party.address.to_string());
    let mut shows = marked.shows(visit);
    let more = json!({
        "leg": leg.word(), "agent": agent, "asks": (late.is_some() || failed) && may_ask(known).is_ok(),
        "asked": asked(known, leg).map(|kept| pages::moment(&kept.letter.date, &visit.zone)),
        "paid": standing.legs.paid.as_ref().filter(|_| leg == Leg::Payment).map(text::money_json),
        "unpaid": standing.unpaid.as_ref().filter(|_| leg == Leg::Payment).map(text::money_json),
    });
    shows.extend(more.as_object().cloned().unwrap_or_default());
    Value::Object(shows)
}

/// Returns the last question about a leg that nobody has answered since.
fn asked(known: &Transaction, leg: Leg) -> Option<&Kept> {
    let question = known
        .sent(Kind::StatusRequest)
        .filter(|sent| matches!(&sent.letter.document, Document::StatusRequest(request) if request.leg == leg));
    let last = question.last()?;
    let kind = match leg {
        Leg::Order => Kind::OrderStatus,
        Leg::Payment => Kind::PaymentStatus,
        Leg::Delivery => Kind::DeliveryStatus,
    };
    // An answer that was only warned about is one.
    let mut answers = known.kept.iter().filter(|kept| kept.direction == Direction::In && kept.letter.kind() == kind);
    answers.all(|answer| answer.position < last.position).then_some(last)
}

/// Returns the goods and charges of the terms, or of the order where there are none yet.
pub(super) fn goods(known: &Transaction, terms: Option<Offered<'_>>) -> Value {
    let (lines, charges, total): (&[Line], &[Charge], Option<Money>) = match (terms, known.order()) {
        (Some((_, terms)), _) => (&terms.lines, &terms.charges, Some(terms.total)),
        (None, Some((_, order))) => (&order.lines, &order.charges, Some(order.total)),
        (None, None) => (&[], &[], None),
    };
    let line = |line: &Line| {
        json!({
            "id": line.id, "name": line.item.name, "sku": line.item.sku, "quantity": line.quantity.to_string(),
            "unit": text::money_json(&line.unit_price), "price": line.price().ok().as_ref().map(text::money_json),
        })
    };
    let charge = |charge: &Charge| json!({"name": charge.name, "price": text::money_json(&charge.price)});
    json!({
        "lines": lines.iter().map(line).collect::<Vec<_>>(), "charges": charges.iter().map(charge).collect::<Vec<_>>(),
        "total": total.as_ref().map(text::money_json), "agreed": terms.is_some(),
    })
}

fn facts(known: &Transaction, terms: Option<Offered<'_>>, standing: &Standing, visit: &Visit) -> Value {
    let order = known.order().map(|(_, order)| order);
    let buyer = terms.map(|(_, terms)| &terms.buyer).or(order.map(|order| &order.buyer));
    let to =
        terms.and_then(|(_, terms)| terms.deliver_to.as_ref()).or(order.and_then(|order| order.deliver_to.as_ref()));
    let pay = terms
        .map(|(_, terms)| terms.payment_method.to_string())
        .or(order.map(|order| order.payment_method.to_string()));
    let deliver = terms
        .map(|(_, terms)| terms.delivery_method.to_string())
        .or(order.map(|order| order.delivery_method.to_string()));
    let until = terms.and_then(|(_, terms)| terms.valid_through);
    json!({
        "pay": pay, "card": order.and_then(|order| order.payment_id.clone()), "deliver": deliver,
        "to": to.map(|to| to.lines()), "name": to.and_then(|to| to.name.as_deref()).or(buyer.map(|buyer| buyer.name.as_str())),
        "telephone": buyer.and_then(|buyer| buyer.telephone.as_deref()),
        "conditions": terms.and_then(|(_, terms)| terms.conditions.as_deref()),
        "remarks": order.and_then(|order| order.remarks.as_deref()),
        "digest": terms.map(|(kept, _)| kept.content.to_string()),
        "until": until.map(|until| pages::moment(&until, &visit.zone)),
        "parted": standing.legs.delivery.is_brought(),
        "refunded": standing.legs.refunded.as_ref().map(text::money_json), "not_taken": not_taken(known),
        "bill": Bill::of(known, standing).map(|bill| bill.json()),
    })
}

/// Returns why the shop took nothing back when it was asked last, if so.
fn not_taken(known: &Transaction) -> Option<&str> {
    match &known.known(Kind::ReturnAnswer).last()?.letter.document {
        Document::ReturnAnswer(ReturnAnswer { step: Step::Failed { reason, .. }, .. }) => Some(&reason.text),
        _ => None,
    }
}

/// Returns who signed the terms, and how his key came to count.
pub(super) fn signer(clerk: &Clerk, kept: &Kept, name: &str) -> Result<Value, Fault> {
    let pin = clerk.index().pin_of(&kept.letter.from.address)?;
    Ok(json!({
        "address": kept.letter.from.address, "fingerprint": kept.letter.from.fingerprint.grouped(),
        "short": kept.letter.from.fingerprint.brief(), "date": kept.letter.date.to_string(), "name": stamp(name, kept),
        "by": pin.as_ref().map(|pin| pin.by),
    }))
}

/// Returns what a postmark says: the name, or the end of the fingerprint where that is too long for it.
fn stamp(name: &str, kept: &Kept) -> String {
    let wide = unicode_width::UnicodeWidthStr::width(name);
    if (1..=9).contains(&wide) { name.to_uppercase() } else { tail(kept.letter.from.fingerprint.as_str(), 8) }
}

fn tail(text: &str, count: usize) -> String {
    text.get(text.len().saturating_sub(count)..).unwrap_or(text).to_owned()
}

/// Returns the mark of what became of a letter, and the key of its word.
pub(super) fn verdict(kept: &Kept, unsure: &Unsure) -> (&'static str, &'static str) {
    match (kept.direction, kept.verdict) {
        (Direction::Out, _) if unsure.is_doubtful(kept) => ("late", "doubtful"),
        (Direction::Out, _) if unsure.is_unacknowledged(kept) => ("plan", "unacknowledged"),
        (Direction::Out, _) => ("done", "sent"),
        (Direction::In, _) if unsure.is_compromised(kept) => ("late", "compromised"),
        (Direction::In, Verdict::Applied) => ("done", "applied"),
        (Direction::In, Verdict::Stale) => ("done", "stale"),
        (Direction::In, Verdict::Held) => ("plan", "held"),
        (Direction::In, _) => ("no", "refused"),
    }
}

/// Returns a letter as a line of the table of letters.
fn entry(known: &Transaction, kept: &Kept, unsure: &Unsure, visit: &Visit) -> Value {
    let (mark, word) = verdict(kept, unsure);
    let findings: Vec<Value> = kept
        .findings
        .iter()
        .map(|finding| json!({"code": finding.code.word(), "text": finding_line(finding, visit)}))
        .collect();
    let own = kept.direction == Direction::Out;
    json!({
        "entry": kept.position, "kind": kept.letter.kind().word(), "date": pages::moment(&kept.letter.date, &visit.zone),
        "signer": kept.letter.from.address, "key": kept.letter.from.fingerprint.brief(), "own": own, "mark": mark, "word": word,
        "named": signer_named(known, kept),
        "findings": findings, "erased": kept.erased.is_some(),
    })
}

/// Returns a finding as a line: in English with its code, else with what the code means.
fn finding_line(finding: &Finding, visit: &Visit) -> String {
    text::finding_of_page(visit.words(), finding.code.word(), &finding.text, &visit.zone)
}

/// Returns each line as agreed on, delivered and received, and the warning about it where nobody has settled it. Where the
/// buyer has said nothing yet, what the delivery agent says stands for it, else what was agreed on: the form begins with it.
fn received(clerk: &Clerk, known: &Transaction, standing: &Standing, visit: &Visit) -> Result<Value, Fault> {
    let differs = received::differs(known, standing);
    let mut warning = None;
    let text = differs.as_ref().map(|differs| visit.told(&differs.text));
    if let Some(subject) = differs.map(|differs| differs.subject(known)) {
        warning = clerk.index().settled(&subject).map_err(ClerkError::from)?.is_none().then(|| warning_id(&subject));
    }
    let delivered = received::delivered(known, standing);
    let said = received::said(known);
    let counts = counts_json(known, standing);
    let terms = known.terms().map(|(_, terms)| terms.lines.as_slice()).unwrap_or_default();
    let came = |line: &Line| {
        let part = |parts: &[LineQuantity]| {
            parts
                .iter()
                .find(|part| part.line == line.id)
                .map_or_else(|| "0".to_owned(), |part| part.quantity.to_string())
        };
        match said {
            Some(said) => part(&said.lines),
            None if delivered.is_empty() => line.quantity.to_string(),
            None => part(&delivered),
        }
    };
    let fields: Vec<Value> = terms
        .iter()
        .map(|line| json!({"line": line.id, "name": line.item.name, "agreed": line.quantity.to_string(), "came": came(line)}))
        .collect();
    Ok(json!({"said": said.is_some(), "counts": counts, "text": text, "warning": warning, "fields": fields}))
}

/// Returns the letters that were not applied and that nobody has settled, as the page of warnings has them: what is said
/// again is not warned of again.
fn open_warnings(clerk: &Clerk, known: &Transaction, visit: &Visit) -> Result<Vec<Value>, Fault> {
    let listed = warnings::open_letters(clerk)?;
    let open = |kept: &&Kept| {
        kept.direction == Direction::In && kept.verdict == Verdict::Warned && listed.contains(&kept.position)
    };
    let finding = |finding: &Finding| {
        let said = visit.told(&finding.text);
        let compared = points::compared(&finding.text, Lines::of(known), visit);
        json!({"code": finding.code.word(), "text": said, "compared": compared})
    };
    let warning = |kept: &Kept| {
        json!({
            "id": format!("W-{}", kept.position), "from": kept.letter.from.address, "date": kept.letter.date.to_string(),
            "findings": kept.findings.iter().map(finding).collect::<Vec<_>>(), "named": signer_named(known, kept),
        })
    };
    Ok(known.kept.iter().filter(open).map(warning).collect())
}
