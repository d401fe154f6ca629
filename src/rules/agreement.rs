//! Do the terms agree with the order? (P35, P71, P118)
//!
//! Compared are lines, quantities, prices, charges, total, currency, methods, the buyer, his card or account, and addresses.
//! What only the terms have (dates, conditions, agents) is for the buyer to read.

use std::collections::BTreeSet;

use super::standing::State;
use crate::trade::item::{self, Charge, Line};
use crate::trade::{
    Code, Direction, Document, Finding, Kept, Kind, Leg, Order, PostalAddress, Role, Terms, Transaction, Verdict, When,
};

/// A point in which terms differ from the order they answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What differs, like `line 1 price`.
    pub what: String,
    /// What was ordered.
    pub ordered: String,
    /// What is offered.
    pub offered: String,
    code: Code,
}

impl From<Difference> for Finding {
    fn from(difference: Difference) -> Self {
        let Difference { what, ordered, offered, code } = difference;
        match code {
            Code::CurrencyDiffers => Self::differs(code, &what, ordered, offered),
            code => Self::new(code, format!("{what}: ordered {ordered}, offered {offered}")),
        }
    }
}

/// Returns the terms that differ from the order and wait for the buyer's word: he may take them or cancel. Until then they do
/// not count, and the transaction stands as it did before they came.
///
/// `state` is that of the transaction: only what was ordered and nothing else has no other terms.
pub fn waiting(transaction: &Transaction, state: State) -> Option<(&Kept, &Terms)> {
    if transaction.key.role != Role::Buyer || state != State::Ordered {
        return None;
    }
    let (ordered, order) = transaction.order()?;
    let mut cancelled = transaction.sent(Kind::Cancellation);
    if cancelled.any(|sent| !transaction.is_refused(&sent.content)) {
        return None;
    }
    not_applied(transaction).filter(|(kept, terms)| {
        kept.verdict == Verdict::Warned && kept.letter.from == ordered.letter.to && !compare(order, terms).is_empty()
    })
}

/// Returns the newest terms that came and do not count because they differ from what was ordered, unless the shop has made others in
/// their place.
pub fn not_applied(transaction: &Transaction) -> Option<(&Kept, &Terms)> {
    let unsettled = |kept: &&Kept| {
        !kept.counts()
            && kept.direction == Direction::In
            && kept.settled.is_none()
            && !transaction.is_refused(&kept.content)
            && !transaction.is_replaced(kept)
    };
    transaction.kept.iter().filter(unsettled).rev().find_map(|kept| match &kept.letter.document {
        Document::TransactionInfo(terms) => Some((kept, terms)),
        _ => None,
    })
}

/// Returns every point in which the terms differ from the order, as findings; empty when they agree.
pub fn differences(order: &Order, terms: &Terms) -> Vec<Finding> {
    compare(order, terms).into_iter().map(Finding::from).collect()
}

/// Returns every point in which the terms differ from the order; empty when they agree.
pub fn compare(order: &Order, terms: &Terms) -> Vec<Difference> {
    let mut found = Differences(Vec::new());
    found.currency(order, terms);
    found.lines(&order.lines, &terms.lines);
    found.charges(&order.charges, &terms.charges);
    found.compare("total", order.total, terms.total);
    found.compare("payment method", &order.payment_method, &terms.payment_method);
    found.compare("delivery method", &order.delivery_method, &terms.delivery_method);
    found.compare("buyer", &order.buyer.name, &terms.buyer.name);
    found.compare("buyer's mail address", &order.buyer.email, &terms.buyer.email);
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    found.compare("buyer's telephone", or_none(&order.buyer.telephone), or_none(&terms.buyer.telephone));
    found.compare("last digits of card or account", or_none(&order.payment_id), or_none(&terms.payment_id));
    let addresses = [
        ("buyer's own address", &order.buyer.address, &terms.buyer.address),
        ("delivery address", &order.deliver_to, &terms.deliver_to),
        ("billing address", &order.billing, &terms.billing),
    ];
    for (what, ordered, offered) in addresses {
        if ordered != offered {
            let written = |address: &Option<PostalAddress>| {
                address.as_ref().map_or_else(|| "none".to_owned(), |a| a.lines().join(", "))
            };
            found.push(what, written(ordered), written(offered));
        }
    }
    found.0
}

/// Returns every point in which new terms differ from those they replace: what is compared with an order, and dates,
/// conditions and agents besides.
pub fn changes(before: &Terms, new: &Terms) -> Vec<Difference> {
    let mut found = Differences(compare(&as_ordered(before), new));
    let said = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
    let day = |when: Option<When>| when.map_or_else(|| "none".to_owned(), |when| when.to_string());
    found.compare("seller", before.seller.clone(), new.seller.clone());
    found.compare("end of the time for payment", day(before.payment_due), day(new.payment_due));
    let arrives = |terms: &Terms| day(terms.arrival_until.or(terms.arrival_from));
    found.compare("latest arrival", arrives(before), arrives(new));
    found.compare("conditions", said(&before.conditions), said(&new.conditions));
    for leg in Leg::ALL {
        let agent = |terms: &Terms| {
            let agent = terms.agent(leg).map(|agent| &agent.party);
            agent.map_or_else(|| "none".to_owned(), |party| format!("{} {}", party.address, party.fingerprint))
        };
        found.compare(&format!("agent for {leg}"), agent(before), agent(new));
    }
    found.0
}

/// Returns the points in which new terms differ from the order and none of those before does: what a person said OK to once
/// is not asked again.
pub fn new_differences(order: &Order, before: &[&Terms], terms: &Terms) -> Vec<Finding> {
    let known: Vec<Difference> = before.iter().flat_map(|before| compare(order, before)).collect();
    let new = compare(order, terms).into_iter().filter(|difference| !known.contains(difference));
    new.map(Finding::from).collect()
}

/// Returns the order that terms answer to the letter.
fn as_ordered(terms: &Terms) -> Order {
    Order {
        buyer: terms.buyer.clone(),
        lines: terms.lines.clone(),
        charges: terms.charges.clone(),
        total: terms.total,
        payment_method: terms.payment_method.clone(),
        payment_id: terms.payment_id.clone(),
        sealed: None,
        delivery_method: terms.delivery_method.clone(),
        deliver_to: terms.deliver_to.clone(),
        billing: terms.billing.clone(),
        reorder_of: None,
        remarks: None,
    }
}

/// Returns what is wrong with the terms in themselves: sums, agents.
pub fn faults(terms: &Terms) -> Vec<Finding> {
    let mut faults = Vec::new();
    match item::total(&terms.lines, &terms.charges) {
        Ok(Some(sum)) if sum == terms.total => {}
        Ok(Some(sum)) => {
            let text = format!("lines and charges make {sum}, the total says {}", terms.total);
            faults.push(Finding::new(Code::SumDoesNotAddUp, text));
        }
        Ok(None) => faults.push(Finding::new(Code::SumDoesNotAddUp, "the terms have no lines")),
        Err(error) => faults.push(Finding::new(Code::SumDoesNotAddUp, format!("lines and charges: {error}"))),
    }
    if !terms.agents_are_complete() {
        let text = "the terms do not name one agent each for order, payment and delivery";
        faults.push(Finding::new(Code::NotAParty, text));
    }
    let mut seen = BTreeSet::new();
    let ids = terms.lines.iter().map(|line| &line.id).chain(terms.charges.iter().map(|charge| &charge.id));
    for id in ids.filter(|id| !seen.insert((*id).clone())) {
        faults.push(Finding::new(Code::GoodsDiffer, format!("line number {id} stands twice in the terms")));
    }
    faults
}

struct Differences(Vec<Difference>);

impl Differences {
    fn push(&mut self, what: &str, ordered: impl std::fmt::Display, offered: impl std::fmt::Display) {
        let (ordered, offered) = (ordered.to_string(), offered.to_string());
        self.0.push(Difference { what: what.to_owned(), ordered, offered, code: Code::TermsDifferFromOrder });
    }

    fn compare<T: PartialEq + std::fmt::Display>(&mut self, what: &str, ordered: T, offered: T) {
        if ordered != offered {
            self.push(what, ordered, offered);
        }
    }

    fn currency(&mut self, order: &Order, terms: &Terms) {
        if order.total.currency() != terms.total.currency() {
            let (ordered, offered) = (order.total.currency().to_string(), terms.total.currency().to_string());
            self.0.push(Difference { what: "currency".to_owned(), ordered, offered, code: Code::CurrencyDiffers });
        }
    }

    fn lines(&mut self, ordered: &[Line], offered: &[Line]) {
        for line in ordered {
            let Some(other) = offered.iter().find(|other| other.id == line.id) else {
                self.push(&format!("line {}", line.id), &line.item.name, "nothing");
                continue;
            };
            self.compare(&format!("line {} item", line.id), &line.item.name, &other.item.name);
            if line.item.sku != other.item.sku {
                let sku = |sku: &Option<String>| sku.clone().unwrap_or_else(|| "none".to_owned());
                self.push(&format!("line {} article number", line.id), sku(&line.item.sku), sku(&other.item.sku));
            }
            self.compare(&format!("line {} quantity", line.id), line.quantity, other.quantity);
            self.compare(&format!("line {} price", line.id), line.unit_price, other.unit_price);
        }
        for extra in offered.iter().filter(|line| !ordered.iter().any(|other| other.id == line.id)) {
            self.push(&format!("line {}", extra.id), "nothing", &extra.item.name);
        }
    }

    fn charges(&mut self, ordered: &[Charge], offered: &[Charge]) {
        for charge in ordered {
            match offered.iter().find(|other| other.name == charge.name) {
                Some(other) => self.compare(&format!("charge {}", charge.name), charge.price, other.price),
                None => self.push(&format!("charge {}", charge.name), charge.price, "nothing"),
            }
        }
        for extra in offered.iter().filter(|charge| !ordered.iter().any(|other| other.name == charge.name)) {
            self.push(&format!("charge {}", extra.name), "nothing", extra.price);
        }
    }
}
