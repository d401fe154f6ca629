//! The terms of a shop before they are accepted, against what was ordered (figure 9; P34-P37, P118).
//!
//! What differs stands first. All of it together is what Japanese law wants shown before an order is final (Act on
//! Specified Commercial Transactions, article 12-6): quantity, price, payment, delivery, withdrawal, period of the offer.

use serde_json::{Value, json};

use super::orders::unpaid;
use super::text;
use crate::clerk::{Clerk, ClerkError};
use crate::clock::system_time;
use crate::role::buyer;
use crate::rules::agreement::{Difference, changes, compare, not_applied};
use crate::rules::{Standing, State, replacing};
use crate::trade::document::LineReason;
use crate::trade::item::{Charge, Line};
use crate::trade::{Digest, Fingerprint, Kept, Leg, Moment, Money, Order, Person, PinnedBy, Role, Terms, Transaction};
use crate::words::Words;

/// Terms that wait for the buyer's answer, held against his order.
#[derive(Debug, Clone)]
pub struct Offer<'a> {
    /// The letter that brought the terms.
    pub kept: &'a Kept,
    /// The terms.
    pub terms: &'a Terms,
    /// The order, with its letter.
    pub order: Option<(&'a Kept, &'a Order)>,
    /// The terms that they are to take the place of, and what changes by them.
    pub replaces: Option<Replaced>,
    /// What differs; empty where the terms are what was ordered.
    pub differs: Vec<Difference>,
    /// Whether an OK would come too late.
    pub over: bool,
    /// Whose key signed the terms, and what is known of it.
    pub signer: Signer,
    /// The limit that would be exceeded.
    pub owed: Option<Owed>,
    id: String,
    shop: String,
}

/// Terms in whose place others are offered.
#[derive(Debug, Clone)]
pub struct Replaced {
    /// Their digest.
    pub terms: Digest,
    /// Whether they stay in force where the new ones are not accepted: there was an OK to them, or work began by them.
    pub stay: bool,
    /// Every point in which the new ones differ from them.
    pub changes: Vec<Difference>,
}

/// What differs, each point once.
#[derive(Debug, Clone)]
pub struct Told<'a> {
    /// What changes by terms that are to take the place of others.
    pub changes: Vec<&'a Difference>,
    /// What differs from the order.
    pub differs: Vec<&'a Difference>,
    /// Whether the changes stand first: those before were agreed to, and stay in force without an answer.
    pub changes_first: bool,
}

impl Told<'_> {
    /// Returns how many points that is.
    pub fn count(&self) -> usize {
        self.changes.len().saturating_add(self.differs.len())
    }
}

/// Returns the point of a difference, what was before and what is offered, for people: amounts as everywhere, what is a word of ours
/// in their language. What others wrote is not escaped yet.
pub fn said(point: &Difference, words: Words) -> [String; 3] {
    let value =
        |text: &str| Money::parse_line(text).map_or_else(|_| words.sentence(text), |money| text::amount(&money));
    [words.sentence(&point.what), value(&point.ordered), value(&point.offered)]
}

/// The key that signed terms.
#[derive(Debug, Clone)]
pub struct Signer {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// How it came to be accepted for the shop's address; `None` where another key is accepted by now.
    pub by: Option<PinnedBy>,
    /// What keeps it from being used now, like that it has expired.
    pub fault: Option<String>,
}

/// What would be unpaid in a currency, and reaches the limit set for it (P81).
#[derive(Debug, Clone)]
pub struct Owed {
    /// What is unpaid already.
    pub now: Money,
    /// What would be unpaid with these terms.
    pub then: Money,
    /// The limit.
    pub limit: Money,
}

/// Returns the terms that wait for an answer: new ones that are to take the place of others, those that count, else the
/// newest that do not because they differ.
pub fn offered(known: &Transaction) -> Option<(&Kept, &Terms)> {
    let change = replacing::waiting(known, Standing::of(known).state);
    change.or_else(|| buyer::offered(known)).or_else(|| not_applied(known))
}

impl<'a> Offer<'a> {
    /// Returns the terms of a transaction that wait for an answer; `None` where none do.
    ///
    /// # Errors
    /// What keeps the index from being read.
    pub fn of(clerk: &mut Clerk, known: &'a Transaction, now: &Moment) -> Result<Option<Self>, ClerkError> {
        let Some((kept, terms)) = offered(known) else { return Ok(None) };
        let order = known.order();
        Ok(Some(Self {
            kept,
            terms,
            order,
            replaces: replaced(known, kept, terms),
            differs: order.map(|(_, order)| compare(order, terms)).unwrap_or_default(),
            over: terms.has_run_out(now),
            signer: signer(clerk, kept, now)?,
            owed: owed(clerk, known, terms.total)?,
            id: known.key.id.to_string(),
            shop: known.key.shop.to_string(),
        }))
    }

    /// Returns what differs, each point once: from what was agreed to, and what else from the order; or, where nothing was agreed
    /// to, from the order, and what else from the shop's offer before.
    pub fn told(&self) -> Told<'_> {
        let changes: Vec<&Difference> = self.replaces.iter().flat_map(|replaced| &replaced.changes).collect();
        let differs: Vec<&Difference> = self.differs.iter().collect();
        if self.replaces.as_ref().is_some_and(|replaced| replaced.stay) {
            let differs = besides(differs, &changes);
            return Told { changes, differs, changes_first: true };
        }
        let changes = besides(changes, &differs);
        Told { changes, differs, changes_first: false }
    }

    /// Returns the shop's name, its address where it has none.
    pub fn seller(&self) -> &str {
        if self.terms.seller.is_empty() { &self.shop } else { &self.terms.seller }
    }

    /// Returns by how much the terms are dearer than the order, below zero where they are cheaper; `None` where they are not.
    pub fn more(&self) -> Option<Money> {
        let (_, order) = self.order?;
        self.terms.total.minus(&order.total).ok().filter(|more| !more.is_zero())
    }

    /// Returns whether a line is as it was ordered.
    pub fn is_same_line(&self, line: &Line) -> bool {
        self.order.and_then(|(_, order)| order.lines.iter().find(|one| one.id == line.id)) == Some(line)
    }

    /// Returns whether a charge was expected, at this price.
    pub fn is_same_charge(&self, charge: &Charge) -> bool {
        let ordered = self.order.and_then(|(_, order)| order.charges.iter().find(|one| one.name == charge.name));
        ordered.is_some_and(|ordered| ordered.price == charge.price)
    }

    /// Returns whether it is paid as was ordered.
    pub fn is_same_payment(&self) -> bool {
        self.order.is_some_and(|(_, order)| order.payment_method == self.terms.payment_method)
    }

    /// Returns whether it is delivered as was ordered, to where was ordered.
    pub fn is_same_delivery(&self) -> bool {
        self.order.is_some_and(|(_, order)| {
            order.delivery_method == self.terms.delivery_method && order.deliver_to == self.terms.deliver_to
        })
    }

    /// Returns whether it is for whom it was ordered, as far as the buyer's name, mail address and telephone say.
    pub fn is_same_buyer(&self) -> bool {
        let said = |person: &Person| (person.name.clone(), person.email.clone(), person.telephone.clone());
        self.order.is_some_and(|(_, order)| said(&order.buyer) == said(&self.terms.buyer))
    }

    /// Returns the document of `confirm --dry-run --json`; the page shows the same.
    pub fn document(&self) -> Value {
        let Self { kept, terms, .. } = self;
        let line = |line: &Line| {
            json!({
                "name": line.item.name, "quantity": line.quantity.to_string(), "unit": text::money_json(&line.unit_price),
                "price": line.price().ok().as_ref().map(text::money_json), "same": self.is_same_line(line),
            })
        };
        let charge = |charge: &Charge| {
            json!({
                "name": charge.name, "price": text::money_json(&charge.price), "same": self.is_same_charge(charge),
            })
        };
        let agent = |leg: Leg| Some(json!({"leg": leg.word(), "party": terms.agent(leg)?.party.address}));
        json!({
            "schema": "mailorder.confirm/1",
            "id": self.id,
            "shop": self.seller(),
            "ordered": self.order.map(|(kept, _)| kept.letter.date.to_string()),
            "replaces": self.replaces.as_ref().map(replaced_json),
            "differs": self.differs.iter().map(difference).collect::<Vec<_>>(),
            "more": self.more().as_ref().map(text::money_json),
            "total": text::money_json(&terms.total),
            "ordered_total": self.order.map(|(_, order)| text::money_json(&order.total)),
            "short": terms.short.iter().map(short).collect::<Vec<_>>(),
            "lines": terms.lines.iter().map(line).collect::<Vec<_>>(),
            "charges": terms.charges.iter().map(charge).collect::<Vec<_>>(),
            "buyer": self.buyer(),
            "points": self.points(),
            "until": terms.valid_through.map(|until| until.to_string()),
            "over": self.over,
            "applied": kept.counts(),
            "signer": {
                "address": kept.letter.from.address, "fingerprint": self.signer.fingerprint,
                "date": kept.letter.date.to_string(), "by": self.signer.by, "fault": self.signer.fault,
            },
            "agents": Leg::ALL.into_iter().filter_map(agent).collect::<Vec<_>>(),
            "entry": kept.position,
            "digest": kept.content.to_string(),
            "owed": self.owed.as_ref().map(owed_json),
        })
    }

    /// Returns whom the terms name as buyer (P14).
    fn buyer(&self) -> Value {
        let Person { name, email, telephone, .. } = &self.terms.buyer;
        json!({"name": name, "email": email, "telephone": telephone, "same": self.is_same_buyer()})
    }

    /// Returns what a final confirmation must show besides goods, prices and the period of the offer.
    fn points(&self) -> Value {
        let terms = self.terms;
        let date = |when: Option<&crate::trade::When>| when.map(ToString::to_string);
        json!({
            "pay": terms.payment_method.to_string(), "card": terms.payment_id, "due": date(terms.payment_due.as_ref()),
            "pay_same": self.is_same_payment(),
            "deliver": terms.delivery_method.to_string(), "arrives": date(terms.arrival_until.as_ref()),
            "deliver_same": self.is_same_delivery(),
            "to": terms.deliver_to.as_ref().map(|to| to.lines().join(", ")),
            "conditions": terms.conditions,
        })
    }
}

/// Returns those of some points that are not told yet.
fn besides<'a>(some: Vec<&'a Difference>, told: &[&Difference]) -> Vec<&'a Difference> {
    some.into_iter().filter(|one| told.iter().all(|other| other.what != one.what)).collect()
}

fn difference(difference: &Difference) -> Value {
    json!({"what": difference.what, "ordered": difference.ordered, "offered": difference.offered})
}

fn short(one: &LineReason) -> Value {
    json!({"line": one.line, "code": one.reason.code, "text": one.reason.text})
}

fn replaced_json(replaced: &Replaced) -> Value {
    let changes: Vec<Value> = replaced.changes.iter().map(difference).collect();
    json!({"digest": replaced.terms.to_string(), "stay": replaced.stay, "changes": changes})
}

/// Returns the terms that hold as long as these are not accepted, where these are to replace others.
fn replaced(known: &Transaction, kept: &Kept, terms: &Terms) -> Option<Replaced> {
    kept.letter.replaces?;
    let (before, agreed) = known.terms().filter(|(before, _)| before.content != kept.content)?;
    let stay = Standing::of(known).state == State::Open;
    Some(Replaced { terms: before.content, stay, changes: changes(agreed, terms) })
}

fn owed_json(owed: &Owed) -> Value {
    json!({
        "now": text::money_json(&owed.now), "then": text::money_json(&owed.then), "limit": text::money_json(&owed.limit),
    })
}

/// Returns what is known of the key that signed terms.
fn signer(clerk: &mut Clerk, kept: &Kept, now: &Moment) -> Result<Signer, ClerkError> {
    let from = &kept.letter.from;
    let pin = clerk.index().pin_of(&from.address)?.filter(|pin| pin.fingerprint == from.fingerprint);
    let certificate = clerk.find_certificate(from.fingerprint.as_str())?;
    let fault = certificate.and_then(|certificate| certificate.usable(system_time(now)).err());
    Ok(Signer {
        fingerprint: from.fingerprint.clone(),
        by: pin.map(|pin| pin.by),
        fault: fault.map(|fault| fault.to_string()),
    })
}

/// Returns what will be unpaid in the currency of `total`, where that reaches the limit (P81). What is unpaid of the order itself, by terms
/// that are replaced, is not added to it.
fn owed(clerk: &Clerk, known: &Transaction, total: Money) -> Result<Option<Owed>, ClerkError> {
    let Some(limit) = clerk.settings().practice.unpaid_limit(total.currency()) else { return Ok(None) };
    let now = unpaid(clerk, Role::Buyer)?.into_iter().find(|(sum, _)| sum.currency() == total.currency());
    let now = now.map_or_else(|| Money::zero(total.currency()), |(sum, _)| sum);
    let own = Standing::of(known).unpaid.filter(|own| own.currency() == total.currency());
    let others = own.and_then(|own| now.minus(&own).ok()).unwrap_or(now);
    let then = others.saturating_plus(&total);
    Ok((!limit.exceeds(&then).unwrap_or(false)).then_some(Owed { now, then, limit }))
}
