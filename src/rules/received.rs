//! What really came, as the buyer says himself, against what the delivery agent says was delivered (design 5).
//!
//! The buyer's word changes no leg: each party speaks for its own. Where fewer pieces came than the agent says, or more
//! than was agreed on, that is a finding, reckoned from how the transaction stands. That the agent has said nothing yet
//! (mail is slow) is no finding, nor is what the shop took back or pays back since.

use super::{Standing, returned};
use crate::trade::item::{Line, LineQuantity};
use crate::trade::{Address, Arrival, Leg, Moment, Quantity, Role, Terms, Transaction};

/// How many of one line were agreed on, delivered by the agent's word, and received by the buyer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The line's number.
    pub line: String,
    /// What it is.
    pub name: String,
    /// How many were agreed on.
    pub agreed: Quantity,
    /// How many the delivery agent says were delivered; `None` where it says none was.
    pub delivered: Option<Quantity>,
    /// How many the buyer says came; `None` for none.
    pub received: Option<Quantity>,
    /// How many of what was delivered did not come, without those that go back or are paid back.
    pub short: Option<Quantity>,
}

impl Count {
    /// Returns whether it is a finding: fewer came than were delivered, or more than were agreed on.
    pub fn differs(&self) -> bool {
        self.short.is_some() || self.received.is_some_and(|received| received > self.agreed)
    }
}

/// What the buyer says and the delivery agent does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differs {
    /// What differs, and who says what.
    pub text: String,
    /// What is missing.
    pub missing: Vec<LineQuantity>,
    /// When the buyer said it.
    pub since: Moment,
    position: u64,
}

impl Differs {
    /// Returns what a settlement names it by: what is said anew is another matter.
    pub fn subject(&self, transaction: &Transaction) -> String {
        let key = &transaction.key;
        format!("received-differs {} {} {} {} {}", key.role, key.shop, key.id, self.position, self.text)
    }
}

/// Returns the buyer's last word on what came.
pub fn said(transaction: &Transaction) -> Option<&Arrival> {
    transaction.arrivals.last().filter(|_| transaction.key.role == Role::Buyer)
}

/// Returns whether any of the goods have come, by the delivery agent's word or by the buyer's own.
pub fn has_come(transaction: &Transaction, standing: &Standing) -> bool {
    let delivery = &standing.legs.delivery;
    let delivered = delivery.done.is_some() || delivery.done_in_part().is_some();
    delivered || said(transaction).is_some_and(|said| !said.lines.is_empty())
}

/// Returns what the delivery agent says was delivered, each line once.
pub fn delivered(transaction: &Transaction, standing: &Standing) -> Vec<LineQuantity> {
    let Some((_, terms)) = transaction.terms() else { return Vec::new() };
    let parcels = standing.legs.delivery.parcels.values().filter(|parcel| parcel.done.is_some());
    let parts: Vec<&LineQuantity> = parcels.flat_map(|parcel| &parcel.lines).collect();
    let sum = |line: &Line| {
        let quantity = returned::sum_of(parts.iter().copied(), &line.id)?;
        Some(LineQuantity { line: line.id.clone(), quantity })
    };
    terms.lines.iter().filter_map(sum).collect()
}

/// Returns each line as agreed on, delivered and received; empty where the buyer has said nothing or there are no terms.
pub fn counts(transaction: &Transaction, standing: &Standing) -> Vec<Count> {
    let (Some(said), Some((_, terms))) = (said(transaction), transaction.terms()) else { return Vec::new() };
    let delivered = delivered(transaction, standing);
    let answers = returned::agreed(transaction);
    let back: Vec<&LineQuantity> = answers.iter().flat_map(|(_, answer)| &answer.lines).collect();
    let count = |line: &Line| {
        let delivered = returned::sum_of(&delivered, &line.id);
        let received = returned::sum_of(&said.lines, &line.id);
        let back = returned::sum_of(back.iter().copied(), &line.id);
        let less = |from: Option<Quantity>, part: Option<Quantity>| match (from, part) {
            (Some(from), Some(part)) => from.minus(part),
            (from, _) => from,
        };
        let (line, name, agreed) = (line.id.clone(), line.item.name.clone(), line.quantity);
        Count { line, name, agreed, delivered, received, short: less(less(delivered, received), back) }
    };
    terms.lines.iter().map(count).collect()
}

/// Returns what the buyer says and the delivery agent does not; `None` where they agree, or one of them has said nothing.
pub fn differs(transaction: &Transaction, standing: &Standing) -> Option<Differs> {
    let said = said(transaction)?;
    let (_, terms) = transaction.terms()?;
    let counts = counts(transaction, standing);
    let agent = speaker(terms, transaction);
    let differing = counts.iter().filter(|count| count.differs()).rev();
    let text = differing.fold(None, |more: Option<String>, count| Some(sentence(count, &agent, more)))?;
    let missing =
        counts.iter().filter_map(|count| Some(LineQuantity { line: count.line.clone(), quantity: count.short? }));
    Some(Differs { text, missing: missing.collect(), since: said.recorded, position: said.position })
}

/// Says what differs of a line, with what is said of the lines behind it.
fn sentence(count: &Count, agent: &Address, more: Option<String>) -> String {
    let number = |quantity: Option<Quantity>| quantity.map_or_else(|| "none".to_owned(), |one| one.to_string());
    let Count { line, name, agreed, .. } = count;
    let (delivered, received) = (number(count.delivered), number(count.received));
    match (count.short, more) {
        (Some(_), None) => format!("line {line} ({name}): delivered {delivered} says {agent}, received {received}"),
        (Some(_), Some(more)) => {
            format!("line {line} ({name}): delivered {delivered} says {agent}, received {received}; {more}")
        }
        (None, None) => format!("line {line} ({name}): agreed {agreed}, received {received}"),
        (None, Some(more)) => format!("line {line} ({name}): agreed {agreed}, received {received}; {more}"),
    }
}

fn speaker(terms: &Terms, transaction: &Transaction) -> Address {
    terms.agent(Leg::Delivery).map_or_else(|| transaction.key.shop.clone(), |agent| agent.party.address.clone())
}
