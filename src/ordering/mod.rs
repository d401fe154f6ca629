//! Orders as buyers write them, by flags, files or forms: made into what cannot be wrong in itself, priced by the shop's catalog,
//! payment data sealed (P10-P16, P98-P102).

pub mod prices;
mod sealing;
pub mod written;

use crate::clerk::{Clerk, ClerkError};
use crate::role::shop_catalog;
use crate::trade::catalog::{CatalogRequest, Way, Words};
use crate::trade::item::{self, Charge, Line};
use crate::trade::{Address, DeliveryMethod, Money, Order, Party, PaymentMethod, Person, PostalAddress};
use crate::view::text;
use prices::Prices;
use written::{Catalog, OrderFile};

pub use sealing::{Instrument, seal};

/// Ways to pay and to have delivered that are known without a catalog, the usual one first.
pub const PAY: [&str; 5] = ["invoice", "card", "e-money", "bank-transfer", "cash-on-delivery"];
/// The same for delivery.
pub const DELIVER: [&str; 4] = ["parcel", "pickup", "locker", "download"];

/// Why an order is not written.
#[derive(Debug, thiserror::Error)]
pub enum OrderingError {
    /// What was written cannot be an order.
    #[error("{text}")]
    Wrong {
        /// What is wrong.
        text: String,
        /// What to do next.
        hint: Option<String>,
        /// What to do next where an order is written by flags and files, if that is said otherwise.
        flags: Option<String>,
        /// Whether something was left out, rather than written wrongly.
        missing: bool,
    },
    /// A key does not permit it.
    #[error("{text}")]
    Forbidden {
        /// What is wrong.
        text: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// The account.
    #[error(transparent)]
    Clerk(#[from] ClerkError),
}

impl OrderingError {
    /// Says what is wrong with what was written.
    pub fn wrong(text: impl Into<String>) -> Self {
        Self::Wrong { text: text.into(), hint: None, flags: None, missing: false }
    }

    fn usage(text: impl Into<String>) -> Self {
        Self::Wrong { text: text.into(), hint: None, flags: None, missing: true }
    }

    fn forbidden(text: impl Into<String>) -> Self {
        Self::Forbidden { text: text.into(), hint: None }
    }

    fn hint(mut self, next: impl Into<String>) -> Self {
        if let Self::Wrong { hint, .. } | Self::Forbidden { hint, .. } = &mut self {
            *hint = Some(next.into());
        }
        self
    }

    /// Says what to do next by flags, where they are what an order is written by.
    fn flags(mut self, next: impl Into<String>) -> Self {
        if let Self::Wrong { flags, .. } = &mut self {
            *flags = Some(next.into());
        }
        self
    }
}

/// Asks a shop by mail what it sells, or what of it has all these words (P10); the answer comes with a later mail.
///
/// # Errors
/// A shop whose key is not accepted, and what keeps the letter from being written.
pub fn ask_catalog(clerk: &mut Clerk, shop: &Address, words: Words) -> Result<(), OrderingError> {
    let party = pinned(clerk, shop)?;
    clerk.renew_if_due()?;
    clerk.post(vec![shop_catalog::ask(CatalogRequest { words }, party)])?;
    Ok(())
}

/// Refuses an order of nothing.
fn nothing() -> OrderingError {
    OrderingError::usage("an order needs at least one item")
        .hint("say how many of an article you want, or write goods with their name and price")
        .flags("give --item as often as needed, or --file")
}

/// Makes the order of a person, with the place it goes to where it names none.
pub fn made(
    file: OrderFile,
    buyer: Person,
    deliver_to: Option<PostalAddress>,
    catalog: &mut dyn Catalog,
) -> Result<Order, OrderingError> {
    let lines = written::lines(&file.item, catalog)?;
    let charges = written::charges(&file.charge, file.item.len(), catalog.currency())?;
    // In a way in which all of it can be had, where there is one.
    let can_go = |way: &&Way| lines.iter().all(|line| catalog.can_go(&line.item, way));
    let fitting: Vec<Way> = catalog.ways().iter().filter(can_go).cloned().collect();
    let ways = if fitting.is_empty() { catalog.ways() } else { &fitting };
    let (payment_method, delivery_method) = usual(ways, file.pay, file.deliver)?;
    Ok(Order {
        buyer,
        total: total(&lines, &charges)?,
        lines,
        charges,
        payment_method,
        payment_id: None,
        sealed: None,
        delivery_method,
        deliver_to: file.deliver_to.or(deliver_to),
        billing: None,
        reorder_of: None,
        remarks: file.remarks,
    })
}

/// Returns how an order is paid and travels that says so of one of them or of none. Of the shop's ways that go with what is said
/// it is the first in which an invoice comes, else the first; where the shop's ways are not known, or leave it open, it is by
/// invoice and as a parcel.
///
/// # Errors
/// None as long as the usual methods are words.
pub fn usual(
    ways: &[Way],
    pay: Option<PaymentMethod>,
    deliver: Option<DeliveryMethod>,
) -> Result<(PaymentMethod, DeliveryMethod), OrderingError> {
    let mut fitting = ways.iter().filter(|way| way.goes_with(pay.as_ref(), deliver.as_ref()));
    let [invoice, ..] = PAY;
    let [parcel, ..] = DELIVER;
    // Nothing leaves the buyer's account by itself then. Who says how it is paid has the first way that goes with it.
    let by_invoice = |way: &&Way| way.payment_method.as_ref().is_none_or(|method| method.as_str() == invoice);
    let usual = fitting.clone().find(|way| pay.is_none() && by_invoice(way));
    let way = usual.or_else(|| fitting.next()).or(ways.first());
    let pay = match pay.or_else(|| way?.payment_method.clone()) {
        Some(pay) => pay,
        None => PaymentMethod::parse(invoice).map_err(|error| OrderingError::wrong(error.to_string()))?,
    };
    let deliver = match deliver.or_else(|| way?.delivery_method.clone()) {
        Some(deliver) => deliver,
        None => DeliveryMethod::parse(parcel).map_err(|error| OrderingError::wrong(error.to_string()))?,
    };
    Ok((pay, deliver))
}

/// Refuses a word to the shop and an address that no letter can carry, or that others would read as something else.
///
/// # Errors
/// A word that is too long, told so; a character that is none of plain text, told with where it stands.
pub fn check_texts(order: &Order) -> Result<(), OrderingError> {
    let remarks = order.remarks.as_deref().unwrap_or_default();
    // A word may have several lines.
    for line in remarks.split('\n') {
        written::is_line("the word to the shop", &line.replace('\t', " "))?;
    }
    for line in order.deliver_to.iter().flat_map(PostalAddress::lines) {
        written::is_line("the address to deliver to", &line)?;
    }
    written::fits("the word to the shop", remarks)
}

/// Puts what is written in the place of what was ordered before (P100).
pub fn change(order: &mut Order, changes: OrderFile, prices: &mut Prices) -> Result<(), OrderingError> {
    if !changes.item.is_empty() {
        order.lines = written::lines(&changes.item, prices)?;
        number(order);
    }
    if !changes.charge.is_empty() {
        order.charges = written::charges(&changes.charge, order.lines.len(), prices.currency())?;
    }
    order.payment_method = changes.pay.unwrap_or_else(|| order.payment_method.clone());
    order.delivery_method = changes.deliver.unwrap_or_else(|| order.delivery_method.clone());
    order.deliver_to = changes.deliver_to.or(order.deliver_to.take());
    order.remarks = changes.remarks.or(order.remarks.take());
    Ok(())
}

/// Leaves these lines out of an order, and adds what is written (P100).
///
/// # Errors
/// A line that is not there, and what is wrong with what is written.
pub fn alter(
    order: &mut Order,
    without: &[String],
    more: &[written::ItemWritten],
    prices: &mut Prices,
) -> Result<(), OrderingError> {
    for id in without {
        let place = order.lines.iter().position(|line| line.id == *id);
        let place = place.ok_or_else(|| OrderingError::wrong(format!("line {id} is not in the order")))?;
        order.lines.remove(place);
    }
    order.lines.extend(written::lines(more, prices)?);
    if !without.is_empty() || !more.is_empty() {
        number(order);
    }
    Ok(())
}

/// Numbers lines and charges, together.
fn number(order: &mut Order) {
    let Order { lines, charges, .. } = order;
    let ids = lines.iter_mut().map(|line| &mut line.id).chain(charges.iter_mut().map(|charge| &mut charge.id));
    for (place, id) in (1_usize..).zip(ids) {
        *id = place.to_string();
    }
}

/// Returns the sum of lines and charges, which must be above zero.
///
/// # Errors
/// No lines at all, or a total that is none.
pub fn total(lines: &[Line], charges: &[Charge]) -> Result<Money, OrderingError> {
    if lines.is_empty() {
        return Err(nothing());
    }
    let total = item::total(lines, charges).map_err(|error| OrderingError::wrong(format!("the total: {error}")))?;
    let total = total.ok_or_else(nothing)?;
    if total.is_zero() || total.is_negative() {
        let text = format!("the total of the order would be {}; it must be above zero", text::amount(&total));
        return Err(OrderingError::wrong(text));
    }
    Ok(total)
}

/// Returns the shop with its accepted key.
pub fn pinned(clerk: &mut Clerk, address: &Address) -> Result<Party, OrderingError> {
    clerk.catch_up()?;
    let pin = clerk.index().pin_of(address).map_err(ClerkError::from)?;
    let pin = pin.ok_or_else(|| {
        OrderingError::forbidden(format!("no key of {address} is accepted yet"))
            .hint(format!("mailorder key import FILE, then mailorder key accept {address}"))
    })?;
    Ok(Party { address: address.clone(), fingerprint: pin.fingerprint })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_a_way_of_the_shop_that_goes_with_what_is_by_invoice_where_that_can_be() {
        let pay = |word: &str| PaymentMethod::parse(word).unwrap();
        let deliver = |word: &str| DeliveryMethod::parse(word).unwrap();
        let way = |payment: Option<&str>, delivery: Option<&str>| Way {
            payment_method: payment.map(pay),
            delivery_method: delivery.map(deliver),
            charge: None,
            payment_agent: None,
            delivery_agent: None,
        };
        let ways = [way(Some("card"), Some("locker")), way(Some("e-money"), Some("pickup")), way(None, None)];
        for (known, said, usually) in [
            (&ways[..2], [None, None], ["card", "locker"]),
            (&ways, [None, None], ["invoice", "parcel"]),
            (&ways, [Some("e-money"), None], ["e-money", "pickup"]),
            (&ways[..2], [None, Some("pickup")], ["e-money", "pickup"]),
            (&ways, [None, Some("pickup")], ["invoice", "pickup"]),
            (&ways, [Some("bank-transfer"), None], ["bank-transfer", "parcel"]),
            (&ways, [Some("e-money"), Some("locker")], ["e-money", "locker"]),
            (&ways[..1], [None, Some("pickup")], ["card", "pickup"]),
            (&ways[2..], [None, None], ["invoice", "parcel"]),
            (&[], [None, Some("locker")], ["invoice", "locker"]),
        ] {
            let [paid, travels] = said;
            let found = usual(known, paid.map(pay), travels.map(deliver)).unwrap();
            assert_eq!([found.0.as_str(), found.1.as_str()], usually, "{said:?}");
        }
    }
}
