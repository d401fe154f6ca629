//! One transaction as it is shown: every letter with what became of it, and what can be done next (P34, P35, P85).

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::bill::Bill;
use super::confirm::offered;
use super::said::said;
use super::{short, text};
use crate::clerk::{Clerk, ClerkError};
use crate::role::{agent, buyer, shop_desk};
use crate::rules::agreement::not_applied;
use crate::rules::in_part::{back, in_part};
use crate::rules::overdue::{Refund, refund};
use crate::rules::received::{self, Count};
use crate::rules::unheard::{SOON, is_waited_for};
use crate::rules::{Pending, Standing, State, agreement, offer, replacing, unconfirmed};
use crate::trade::{
    Cause, Direction, Document, Finding, Fingerprint, Kept, Kind, Leg, Moment, Quantity, Role, Terms, Transaction,
    Verdict, When,
};
use crate::words::Words;

/// What is not sure of the letters of a transaction, and what had those of ours written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsure {
    /// The entries of those that a delivery report says did not arrive.
    doubts: BTreeSet<u64>,
    /// The entries of those of this transaction that nobody has acknowledged.
    unheard: BTreeSet<u64>,
    /// What was written later may well be acknowledged yet.
    before: Moment,
    /// The keys that were revoked as compromised after they had signed letters that count.
    compromised: BTreeSet<Fingerprint>,
    /// The schedules and rules that had letters of ours written, by the entries of these.
    causes: BTreeMap<u64, Cause>,
}

impl Unsure {
    /// Returns what is not sure of the letters of a transaction, and what had them written.
    ///
    /// # Errors
    /// An index that cannot be read.
    pub fn of(clerk: &Clerk, known: &Transaction, now: &Moment) -> Result<Self, ClerkError> {
        let index = clerk.index();
        let doubts = index.doubts()?.into_iter().map(|doubt| doubt.position).collect();
        let mut unheard = BTreeSet::new();
        for kept in known.kept.iter().filter(|kept| kept.direction == Direction::Out && is_waited_for(&kept.letter)) {
            if index.is_unheard(&kept.content)? {
                unheard.insert(kept.position);
            }
        }
        let compromised = index.compromised()?.into_iter().map(|one| one.key).collect();
        let mut causes = BTreeMap::new();
        for kept in known.kept.iter().filter(|kept| kept.direction == Direction::Out) {
            causes.extend(index.cause_of(kept.position)?.map(|cause| (kept.position, cause)));
        }
        Ok(Self { doubts, unheard, before: now.plus_seconds(-SOON), compromised, causes })
    }

    /// Returns the schedule or rule that had a letter of ours written.
    fn cause(&self, kept: &Kept) -> Option<&Cause> {
        self.causes.get(&kept.position).filter(|_| kept.direction == Direction::Out)
    }

    /// Says which schedule or rule had a letter of ours written, if one did; what a rule asks for is not escaped yet.
    pub fn written_by(&self, kept: &Kept, words: Words) -> Option<String> {
        Some(match self.cause(kept)? {
            Cause::Schedule { name, .. } => words.fill("became.by-schedule", &[("name", &name.as_str())]),
            Cause::Rule { when, .. } => words.fill("became.by-rule", &[("when", when)]),
        })
    }

    /// Returns whether a report says that a letter of ours was not delivered.
    pub fn is_doubtful(&self, kept: &Kept) -> bool {
        kept.direction == Direction::Out && self.doubts.contains(&kept.position)
    }

    /// Returns whether a letter of ours should be acknowledged by now, and is not.
    pub fn is_unacknowledged(&self, kept: &Kept) -> bool {
        self.unheard.contains(&kept.position) && kept.recorded <= self.before
    }

    /// Returns whether a letter that came counts though its key was revoked as compromised since.
    pub fn is_compromised(&self, kept: &Kept) -> bool {
        let counts = matches!(kept.verdict, Verdict::Applied | Verdict::Stale);
        kept.direction == Direction::In && counts && self.compromised.contains(&kept.letter.from.fingerprint)
    }

    /// Returns whether its reader has acknowledged a letter; nothing of letters that nobody acknowledges.
    fn acknowledged(&self, kept: &Kept) -> Option<bool> {
        let waits = kept.direction == Direction::Out && is_waited_for(&kept.letter);
        waits.then(|| !self.unheard.contains(&kept.position))
    }
}

/// Returns the document of `show --json`.
pub fn document(known: &Transaction, standing: &Standing, now: &Moment, unsure: &Unsure) -> Value {
    let leg = |leg: Leg| {
        let mark = standing.mark(leg);
        let agent = known.terms().and_then(|(_, terms)| terms.agent(leg)).map(|agent| json!(agent.party));
        json!({
            "leg": leg.word(), "done": mark.done, "date": text::when_json(mark.date.as_ref()), "agent": agent,
            "in_part": text::in_part_json(in_part(known, standing, leg).as_ref()),
            "back": text::when_json(back(known, standing, leg).as_ref()),
        })
    };
    let letters: Vec<Value> = known
        .kept
        .iter()
        .map(|kept| {
            let peer = if kept.direction == Direction::In { &kept.letter.from } else { &kept.letter.to };
            json!({
                "entry": kept.position, "direction": kept.direction, "kind": kept.letter.kind(), "peer": peer.address,
                "date": kept.letter.date, "recorded": kept.recorded, "seq": kept.letter.seq, "content": kept.content,
                "verdict": kept.verdict, "findings": kept.findings, "settled": kept.settled,
                "says": said(&kept.letter.document, Words::ENGLISH), "delivery_doubtful": unsure.is_doubtful(kept),
                "acknowledged": unsure.acknowledged(kept), "erased": kept.erased,
                "signer": kept.letter.from.fingerprint, "signer_named": signer_named(known, kept),
                "signer_compromised": unsure.is_compromised(kept), "cause": unsure.cause(kept),
            })
        })
        .collect();
    json!({
        "schema": "mailorder.show/1",
        "id": known.key.id,
        "role": known.key.role.word(),
        "shop": known.key.shop,
        "number": known.number,
        "state": standing.state,
        "expired": offer::has_run_out(known, standing.state, now),
        "late": standing.late(now).into_iter().map(Leg::word).collect::<Vec<_>>(),
        "legs": Leg::ALL.map(leg),
        "paid": standing.legs.paid.as_ref().map(text::money_json),
        "unpaid": standing.unpaid.as_ref().map(text::money_json),
        "bill": Bill::of(known, standing).map(|bill| bill.json()),
        "refunded": standing.legs.refunded.as_ref().map(text::money_json),
        "refund_due": refund(known, standing).as_ref().map(refund_json),
        "order": known.order().map(|(_, order)| json!(order)),
        "terms": known.terms().map(|(kept, terms)| json!({"content": kept.content, "terms": terms})),
        "change": instead(known, standing, now).map(|(kept, terms)| {
            json!({"content": kept.content, "entry": kept.position, "applied": kept.counts(), "terms": terms})
        }),
        "instruction": instruction(known),
        "received": received::said(known).map(|_| counts_json(known, standing)),
        "letters": letters,
    })
}

/// Returns what the buyer says came, beside what was agreed on and what the delivery agent says.
pub fn counts_json(known: &Transaction, standing: &Standing) -> Value {
    let number = |quantity: Option<Quantity>| quantity.map_or_else(|| "0".to_owned(), |one| one.to_string());
    let line = |count: &Count| {
        json!({
            "line": count.line, "name": count.name, "agreed": count.agreed.to_string(),
            "delivered": number(count.delivered), "received": number(count.received), "differs": count.differs(),
        })
    };
    let counts = received::counts(known, standing);
    json!({
        "at": received::said(known).map(|said| said.at.to_string()),
        "lines": counts.iter().map(line).collect::<Vec<_>>(),
        "differs": received::differs(known, standing).map(|differs| differs.text),
    })
}

/// Returns the commands by which a buyer goes on about what did not come though the delivery agent says so.
pub fn next_of_missing(known: &Transaction, standing: &Standing, now: &Moment) -> Option<String> {
    let differs = received::differs(known, standing).filter(|differs| !differs.missing.is_empty())?;
    let id = short(known.key.id.as_str());
    let ask = format!("mailorder ask {id} --leg delivery");
    if !next_steps(known, standing, now).contains(&"return") {
        return Some(ask);
    }
    let lines: Vec<String> =
        differs.missing.iter().map(|part| format!(" --line {}={}", part.line, part.quantity)).collect();
    Some(format!("{ask}, or mailorder return {id}{} --reason 'did not come'", lines.concat()))
}

fn refund_json(refund: &Refund) -> Value {
    json!({
        "amount": refund.amount.plain(), "currency": refund.amount.currency().code(),
        "date": text::when_json(Some(&refund.promised)),
    })
}

/// Returns the command a person is likely to want next.
pub fn next(known: &Transaction, standing: &Standing, now: &Moment) -> Option<String> {
    let id = short(known.key.id.as_str());
    match known.key.role {
        Role::Buyer => {}
        Role::Shop => return next_of_lost(known, standing),
        Role::Payment | Role::Delivery => return None,
    }
    match Pending::waiting(known, standing.state) {
        Some(Pending::Order) => return Some("mailorder sync: the cancellation waits for the shop's answer".to_owned()),
        Some(Pending::Goods) => {
            return Some("mailorder sync: what is given back waits for the shop's answer".to_owned());
        }
        None => {}
    }
    let differ = not_applied(known).filter(|_| standing.state == State::Ordered);
    if differ.is_some_and(|(_, terms)| !terms.has_run_out(now)) {
        return Some(format!(
            "mailorder confirm {id}, which shows what differs and takes your answer; or mailorder cancel {id}"
        ));
    }
    if let Some(next) = next_of_change(known, standing, now).or_else(|| next_of_missing(known, standing, now)) {
        return Some(next);
    }
    match standing.state {
        State::Ordered | State::Offered if offer::has_run_out(known, standing.state, now) => {
            buyer::reorder(known).is_ok().then(|| format!("mailorder reorder {id}"))
        }
        State::Offered => Some(format!("mailorder confirm {id}, or mailorder cancel {id}")),
        State::Open if buyer::can_give_back(known).is_err() => Some(format!("mailorder ask {id}")),
        State::Open => Some(format!("mailorder ask {id}, or mailorder return {id}")),
        State::Completed | State::Refunded | State::Returned | State::Rejected => {
            buyer::reorder(known).is_ok().then(|| format!("mailorder reorder {id}"))
        }
        State::Ordered => Some(format!("mailorder sync, or mailorder cancel {id}")),
        State::Cancelled => None,
    }
}

/// Returns the command by which a shop closes what its carrier has lost; a part that is not paid is paid first.
fn next_of_lost(known: &Transaction, standing: &Standing) -> Option<String> {
    let id = short(known.key.id.as_str());
    shop_desk::missing(known).ok()?;
    if standing.legs.delivery.failed {
        return Some(format!("mailorder shop cancel {id} --reason WHY"));
    }
    standing.legs.paid.map(|_| format!("mailorder shop refund {id} --missing"))
}

/// Returns the commands by which a buyer answers new terms of what he said OK to.
fn next_of_change(known: &Transaction, standing: &Standing, now: &Moment) -> Option<String> {
    change(known, standing, now)?;
    let id = short(known.key.id.as_str());
    Some(format!("new terms wait for your answer: mailorder confirm {id}; or mailorder cancel {id} keeps the old ones"))
}

/// Returns the terms that are to take the place of those the buyer said OK to, as long as he can still say OK to them.
pub fn change<'a>(known: &'a Transaction, standing: &Standing, now: &Moment) -> Option<(&'a Kept, &'a Terms)> {
    let waits = replacing::waiting(known, standing.state).filter(|_| standing.state == State::Open);
    waits.filter(|(_, terms)| can_be_taken(known, terms, now))
}

/// Returns whether an OK to terms that are to take the place of others would still count.
fn can_be_taken(known: &Transaction, terms: &Terms, now: &Moment) -> bool {
    !terms.has_run_out(now) && replacing::done(known).is_none()
}

/// Returns the terms that wait for the buyer's answer, as long as he can still say OK to them: first ones, such as differ from
/// his order, or such as are to take the place of others. The page and the command that take the answer show the same ones.
pub fn unanswered<'a>(known: &'a Transaction, standing: &Standing, now: &Moment) -> Option<(&'a Kept, &'a Terms)> {
    let first = match standing.state {
        State::Open if unconfirmed::is_begun(known, standing.state) => offered(known),
        State::Open => return change(known, standing, now),
        State::Ordered => agreement::waiting(known, standing.state),
        State::Offered => offered(known).filter(|_| !is_cancelling(known)),
        _ => None,
    };
    first.filter(|(_, terms)| !terms.has_run_out(now))
}

/// Returns the terms that an order is shown with: those in force, before any are agreed to those offered last.
pub fn shown<'a>(known: &'a Transaction, standing: &Standing) -> Option<(&'a Kept, &'a Terms)> {
    offered(known).filter(|_| standing.state == State::Offered).or_else(|| known.terms())
}

/// Returns the terms that wait for the buyer's answer and are to take the place of others, agreed to or not: such as came to him, or as
/// we wrote as the shop.
pub fn instead<'a>(known: &'a Transaction, standing: &Standing, now: &Moment) -> Option<(&'a Kept, &'a Terms)> {
    let (before, _) = known.terms()?;
    let offered = match known.key.role {
        Role::Shop => replacing::offered(known, standing.state).filter(|(_, terms)| can_be_taken(known, terms, now)),
        _ => unanswered(known, standing, now),
    };
    offered.filter(|(kept, _)| kept.content != before.content)
}

/// Returns what a buyer may do about an order as it stands, the likeliest first: `confirm`, `cancel`, `ask`, `received`,
/// `return`, `reorder`. What the command would refuse is not among it.
pub fn next_steps(known: &Transaction, standing: &Standing, now: &Moment) -> Vec<&'static str> {
    let steps: &[&str] = match standing.state {
        State::Ordered | State::Offered if offer::has_run_out(known, standing.state, now) => &["reorder"],
        State::Ordered if not_applied(known).is_some() => &["confirm", "cancel"],
        State::Ordered => &["cancel"],
        State::Offered => &["confirm", "cancel"],
        State::Open if unanswered(known, standing, now).is_some() => {
            &["confirm", "ask", "received", "cancel", "return", "reorder"]
        }
        State::Open => &["ask", "received", "cancel", "return", "reorder"],
        State::Completed => &["received", "return", "reorder"],
        State::Returned | State::Refunded | State::Rejected | State::Cancelled => &["reorder"],
    };
    let can_be = |step: &&str| match *step {
        "ask" => buyer::ask(known, &[]).is_ok(),
        "confirm" => change(known, standing, now).is_some() || !is_cancelling(known),
        "cancel" => buyer::can_cancel(known),
        "return" => buyer::can_give_back(known).is_ok(),
        "reorder" => buyer::reorder(known).is_ok(),
        _ => true,
    };
    steps.iter().copied().filter(can_be).collect()
}

/// Returns whether the buyer cancelled, and nobody refused that: no OK is taken then.
fn is_cancelling(known: &Transaction) -> bool {
    known.sent(Kind::Cancellation).any(|sent| !known.is_refused(&sent.content))
}

/// Returns whether the terms in force name the key that signed a letter: as the shop's or an agent's, or as that of the buyer to
/// whom they are made out. `None` where there are no terms to name one.
pub fn signer_named(known: &Transaction, kept: &Kept) -> Option<bool> {
    let (offer, terms) = known.terms()?;
    let signer = &kept.letter.from;
    Some(*signer == offer.letter.to || terms.agents.iter().any(|agent| agent.party == *signer))
}

/// Returns the verdict with its findings, and what the letter says; its own words are not escaped yet.
pub fn became(kept: &Kept, unsure: &Unsure, words: Words, zone: &TimeZone) -> String {
    let finding = |one: &Finding| text::finding_line(words, one.code.word(), &one.text, zone);
    let findings: Vec<String> = kept.findings.iter().map(finding).collect();
    let verdict = match kept.direction {
        Direction::Out if unsure.is_doubtful(kept) => words.say("became.doubtful"),
        Direction::Out if unsure.is_unacknowledged(kept) => words.say("became.unacknowledged"),
        Direction::Out => words.say("became.written"),
        Direction::In if findings.is_empty() => words.name("became", &kept.verdict.to_string()),
        Direction::In => format!("{}: {}", words.name("became", &kept.verdict.to_string()), findings.join("; ")),
    };
    let verdict = match unsure.is_compromised(kept) {
        true => words.fill("became.compromised", &[("verdict", &verdict)]),
        false => verdict,
    };
    let verdict = match unsure.written_by(kept, words) {
        Some(cause) => format!("{verdict} · {cause}"),
        None => verdict,
    };
    if let Some(erased) = &kept.erased {
        let day = text::day(&When::Moment(erased.at), zone);
        return format!("{verdict} · {}", words.fill("became.erased", &[("day", &day), ("why", &erased.reason)]));
    }
    let said = text::sentence(&said(&kept.letter.document, words).join("; "), zone);
    if said.is_empty() { verdict } else { format!("{verdict} · {said}") }
}

/// Returns what an agent was instructed to do: it sees no terms.
pub fn instruction(known: &Transaction) -> Option<&Document> {
    agent::instruction(known).map(|kept| &kept.letter.document)
}
