//! Orders by article number: name, price and charge come from the newest catalog of the shop that came by mail.

use std::collections::BTreeMap;
use std::fmt;

use super::written::{Catalog, beginning, sold_so};
use super::{OrderingError, usual};
use crate::clerk::{Clerk, ClerkError, KnownCatalog};
use crate::index::Filter;
use crate::trade::catalog::{Offer, Way};
use crate::trade::item::{Charge, Item, Line, Stock};
use crate::trade::{Address, Currency, Moment, Money, Order, Party, Quantity, Role, Transaction};
use crate::view::text;

/// How many purchases are looked at for the currency of a shop.
const LAST: u32 = 20;

/// What is known of a shop's prices, and which of them an order has.
pub struct Prices {
    shop: Address,
    known: Vec<KnownCatalog>,
    used: Vec<(Moment, Offer)>,
    currency: Option<Currency>,
}

impl Catalog for Prices {
    fn item(&mut self, sku: &str) -> Result<(Item, Money), OrderingError> {
        self.offered(sku)
    }

    /// Returns the currency of all prices in the shop's catalogs here; without a catalog, that of what was bought there before.
    fn currency(&self) -> Option<Currency> {
        self.currency
    }

    /// Returns the ways of the newest catalog that is here.
    fn ways(&self) -> &[Way] {
        self.known.first().map(|known| known.catalog.ways.as_slice()).unwrap_or_default()
    }

    fn can_go(&self, item: &Item, way: &Way) -> bool {
        let Some((_, offer)) = item.sku.as_deref().and_then(|sku| self.newest(sku)) else { return true };
        fits(&offer.delivery_methods, way.delivery_method.as_ref())
            && fits(&offer.payment_methods, way.payment_method.as_ref())
    }

    fn increment(&self, item: &Item) -> Option<Quantity> {
        self.newest(item.sku.as_deref()?)?.1.increment
    }
}

/// Returns whether a way has one of an article's methods; an article that names none has all of them, and a way that names none, too.
fn fits<T: PartialEq>(methods: &[T], way: Option<&T>) -> bool {
    methods.is_empty() || way.is_none_or(|way| methods.contains(way))
}

/// Returns the currencies of the last purchases from a shop.
fn paid_before(clerk: &Clerk, shop: &Address) -> Result<Vec<Currency>, OrderingError> {
    let filter = Filter { role: Some(Role::Buyer), shop_part: Some(shop.to_string()), ..Filter::default() };
    let bought = clerk.index().select(&filter, Some(LAST), |one| one.key.shop == *shop).map_err(ClerkError::from)?;
    Ok(bought.iter().filter_map(|one| one.row.total).map(|total| total.currency()).collect())
}

/// Returns the currency that all of these are, if they are one.
pub fn one_of(mut currencies: impl Iterator<Item = Currency>) -> Option<Currency> {
    let first = currencies.next()?;
    currencies.all(|one| one == first).then_some(first)
}

/// A price that a shop has changed since something was ordered of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceChange {
    /// The number of the line or charge.
    pub id: String,
    /// The article number of a line, where it has one.
    pub sku: Option<String>,
    /// What it is.
    pub name: String,
    /// What one cost.
    pub then: Money,
    /// What one costs by the shop's newest catalog; `None` where it is not sold any more.
    pub now: Option<Money>,
}

/// A line of which a shop had less than is ordered when it wrote its catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// The number of the line.
    pub id: String,
    /// What it is.
    pub name: String,
    /// How many there were; with more than one line of an article, for all of them.
    pub stock: Stock,
    /// When the shop wrote it.
    pub date: Moment,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, stock, date, .. } = self;
        let (name, day) = (beginning(name), date.day());
        match stock.count().filter(|_| *stock != Stock::Out) {
            Some(count) => write!(
                f,
                "of {name} the shop had no more than {count}, by its catalog of {day}; it may refuse the order, or offer less"
            ),
            None => write!(f, "of {name} the shop had none, by its catalog of {day}; it may refuse the order"),
        }
    }
}

/// Puts the new prices into an order; what is not sold any more stays as it was.
pub fn take_changes(order: &mut Order, changes: &[PriceChange]) {
    let now = |id: &str| changes.iter().find(|change| change.id == id).and_then(|change| change.now);
    for line in &mut order.lines {
        line.unit_price = now(&line.id).unwrap_or(line.unit_price);
    }
    for charge in &mut order.charges {
        charge.price = now(&charge.id).unwrap_or(charge.price);
    }
}

impl Prices {
    /// Brings what came from a shop.
    pub fn of(clerk: &mut Clerk, shop: &Address) -> Result<Self, OrderingError> {
        let known = clerk.catalogs(shop)?;
        let offers = known.iter().flat_map(|known| &known.catalog.offers);
        let currency = match one_of(offers.map(|offer| offer.price.currency())) {
            None if known.is_empty() => one_of(paid_before(clerk, shop)?.into_iter()),
            currency => currency,
        };
        Ok(Self { shop: shop.clone(), known, used: Vec::new(), currency })
    }

    /// Returns an article as the newest catalog with it has it, and when that was written.
    fn newest(&self, sku: &str) -> Option<(Moment, &Offer)> {
        self.known.iter().find_map(|known| known.catalog.offer(sku).map(|offer| (known.date, offer)))
    }

    fn offered(&mut self, sku: &str) -> Result<(Item, Money), OrderingError> {
        let shop = &self.shop;
        let Some(newest) = self.known.first() else {
            let text = format!("there is no catalog of {shop} here to take the price of {sku:?} from");
            return Err(OrderingError::wrong(text).hint(format!(
                "mailorder catalog {shop} --ask, and order when it has come; or write the item with its name and price"
            )));
        };
        let found = self.newest(sku).map(|(date, offer)| (date, offer.clone()));
        let Some((date, offer)) = found else {
            let all = self.known.last().is_some_and(|known| known.catalog.is_complete());
            let text = if all {
                format!("{shop} does not sell {sku:?}, by its catalog of {}", newest.date.day())
            } else {
                format!("{sku:?} is not in the part of {shop}'s catalog that is here")
            };
            return Err(OrderingError::wrong(text).hint(format!("mailorder catalog {shop} --ask {sku}")));
        };
        let found = (offer.item.clone(), offer.price);
        self.used.push((date, offer));
        Ok(found)
    }

    /// Returns whose prices they are.
    pub const fn shop(&self) -> &Address {
        &self.shop
    }

    /// Returns the articles of the newest catalogs that are here, each once, in the shop's order.
    pub fn offers(&self) -> Vec<&Offer> {
        let newest = KnownCatalog::newest_offers(&self.known).into_iter().map(|(_, offer)| offer);
        newest.filter(|offer| offer.item.sku.is_some()).collect()
    }

    /// Returns what the shop calls itself in its newest catalog; empty where none is here.
    pub fn seller(&self) -> &str {
        self.known.first().map(|known| known.catalog.seller.as_str()).unwrap_or_default()
    }

    /// Returns when the shop wrote the newest catalog that is here.
    pub fn date(&self) -> Option<Moment> {
        self.known.first().map(|known| known.date)
    }

    /// Returns the prices of an order, repeated from `known`, that the shop has changed since it was ordered then; of its terms,
    /// where there are any.
    pub fn changed_since(&self, order: &Order, known: &Transaction) -> Vec<PriceChange> {
        let since = known.terms().map(|(kept, _)| kept).or(known.order().map(|(kept, _)| kept));
        since.map(|kept| self.changed(order, &kept.letter.date)).unwrap_or_default()
    }

    /// Returns the prices of an order of `since` that catalogs written after it have otherwise, lines first (P98, P100).
    fn changed(&self, order: &Order, since: &Moment) -> Vec<PriceChange> {
        let newer: Vec<&KnownCatalog> = self.known.iter().filter(|known| known.date > *since).collect();
        let is_all = newer.last().is_some_and(|known| known.catalog.is_complete());
        let line = |line: &Line| {
            let sku = line.item.sku.as_deref()?;
            let now = newer.iter().find_map(|known| known.catalog.offer(sku)).map(|offer| offer.price);
            let (id, name, sku) = (line.id.clone(), line.item.name.clone(), line.item.sku.clone());
            let change = PriceChange { id, sku, name, then: line.unit_price, now };
            (now != Some(line.unit_price) && (now.is_some() || is_all)).then_some(change)
        };
        let way = newer.first().and_then(|known| known.catalog.way(&order.payment_method, &order.delivery_method));
        let asked = way.and_then(|way| way.charge.as_ref());
        let charge = |charge: &Charge| {
            let (_, now) = asked.filter(|(name, now)| *name == charge.name && *now != charge.price)?;
            let (id, name) = (charge.id.clone(), charge.name.clone());
            Some(PriceChange { id, sku: None, name, then: charge.price, now: Some(*now) })
        };
        order.lines.iter().filter_map(line).chain(order.charges.iter().filter_map(charge)).collect()
    }

    /// Returns whether the order has any price from a catalog.
    pub fn are_used(&self) -> bool {
        !self.used.is_empty()
    }

    /// Checks the order's methods against the catalog, and adds the shop's charge unless the buyer named `charges`
    /// himself. Returns when the shop wrote the oldest of the prices, and whether the charge is among them.
    ///
    /// # Errors
    /// Methods that the shop does not offer.
    pub fn complete(&self, order: &mut Order, charges: bool) -> Result<Option<(Moment, bool)>, OrderingError> {
        for (_, offer) in &self.used {
            can_be_had(offer, order, self.ways())?;
        }
        let way = self.way(order)?;
        if let Some((name, price)) = way.charge.as_ref().filter(|_| !charges) {
            let id = order.lines.len().saturating_add(order.charges.len()).saturating_add(1);
            order.charges.push(Charge { id: id.to_string(), name: name.clone(), price: *price });
        }
        let oldest = self.used.iter().map(|(date, _)| *date).min();
        Ok(oldest.map(|date| (date, !charges && way.charge.is_some())))
    }

    /// Refuses lines of which so many are not sold, by the newest catalogs (QTY).
    ///
    /// # Errors
    /// The first such line, told with the nearest quantities that are.
    pub fn check_quantities(&self, lines: &[Line]) -> Result<(), OrderingError> {
        lines.iter().try_for_each(|line| {
            let about = format!("line {} ({})", line.id, beginning(&line.item.name));
            sold_so(&about, line.quantity, self.increment(&line.item)).map_err(OrderingError::wrong)
        })
    }

    /// Returns the lines of which the shop had less, by its newest catalogs, than is ordered up to there; it may have more by now, so
    /// that this keeps nobody from ordering.
    pub fn shortages(&self, lines: &[Line]) -> Vec<Shortage> {
        let mut left: BTreeMap<&str, Stock> = BTreeMap::new();
        let short = |line: &Line| {
            let (date, offer) = self.newest(line.item.sku.as_deref()?)?;
            // Lines of one article share what there is of it, as the shop counts them.
            let left = left.entry(offer.item.sku.as_deref()?).or_insert(offer.stock);
            let is_short = left.of(line.quantity) != Some(line.quantity);
            *left = left.without(line.quantity);
            let (id, name, stock) = (line.id.clone(), line.item.name.clone(), offer.stock);
            is_short.then_some(Shortage { id, name, stock, date })
        };
        lines.iter().filter_map(short).collect()
    }

    /// Returns what to tell of an order written in words of its own whose methods the shop does not have, by its newest catalog; it
    /// may take them all the same.
    pub fn doubt(&self, order: &Order) -> Option<String> {
        let newest = self.known.first().filter(|known| !self.are_used() && !known.catalog.ways.is_empty())?;
        if newest.catalog.ways.iter().any(|way| way.fits(&order.payment_method, &order.delivery_method)) {
            return None;
        }
        let (payment, delivery, day) = (&order.payment_method, &order.delivery_method, newest.date.day());
        let known: Vec<String> = newest.catalog.ways.iter().map(way_words).collect();
        let (shop, known) = (&self.shop, known.join("; "));
        Some(format!(
            "{shop} does not offer payment by {payment} with delivery by {delivery}, by its catalog of {day}; the shop has: {known}"
        ))
    }

    fn way(&self, order: &Order) -> Result<&Way, OrderingError> {
        let ways = self.ways();
        let found = ways.iter().find(|way| way.fits(&order.payment_method, &order.delivery_method));
        found.ok_or_else(|| {
            let (payment, delivery) = (&order.payment_method, &order.delivery_method);
            let known: Vec<String> = ways.iter().map(way_words).collect();
            let text = format!("{} does not offer payment by {payment} with delivery by {delivery}", self.shop);
            let known = known.join("; ");
            OrderingError::wrong(text)
                .hint(format!("choose payment and delivery anew; the shop has: {known}"))
                .flags(format!("say --pay and --deliver; the shop has: {known}"))
        })
    }

    /// Returns who would collect the money of an order, by the catalog.
    pub fn payment_agent(&self, order: &Order) -> Option<Party> {
        let newest = self.known.first()?;
        let way = newest.catalog.way(&order.payment_method, &order.delivery_method)?;
        let agent = newest.catalog.agent(Role::Payment, way.payment_agent.as_ref()?)?;
        Some(agent.party.clone())
    }

    /// Checks that the user accepted the very key that the catalog names for the payment agent: payment data are sealed
    /// to no other (design: a key handed over by a shop founds no pin).
    pub fn check_agent(&self, clerk: &mut Clerk, order: &Order, agent: &Address) -> Result<(), OrderingError> {
        let Some(named) = self.payment_agent(order).filter(|named| named.address == *agent) else { return Ok(()) };
        let (shop, key) = (&self.shop, named.fingerprint.grouped());
        match clerk.pinned_key(agent)? {
            Some(accepted) if accepted == named.fingerprint => Ok(()),
            Some(accepted) => {
                let text = format!(
                    "you accepted the key {} of {agent}, and the catalog of {shop} names {key}; nothing is sealed to either",
                    accepted.grouped()
                );
                Err(OrderingError::forbidden(text)
                    .hint("ask the payment agent, by another way than mail, which key is its own"))
            }
            None => {
                let text = format!(
                    "the catalog of {shop} names the payment agent {agent} with the key {key}, which you have not accepted"
                );
                let hint = format!(
                    "compare it with what {agent} says of its key, then mailorder key accept {}, and order again",
                    named.fingerprint
                );
                Err(OrderingError::forbidden(text).hint(hint))
            }
        }
    }
}

/// Refuses methods in which an article cannot be had; what is meant by an order that says nothing is told to be meant.
fn can_be_had(offer: &Offer, order: &Order, ways: &[Way]) -> Result<(), OrderingError> {
    let sku = offer.item.sku.as_deref().unwrap_or_default();
    let (pay, _) = usual(ways, None, Some(order.delivery_method.clone()))?;
    let (_, deliver) = usual(ways, Some(order.payment_method.clone()), None)?;
    let refuse = |what: &str, flag: &str, method: &str, known: Vec<&str>| {
        let default = method == pay.as_str() || method == deliver.as_str();
        let text = format!("{sku:?} cannot be {what} by {method}");
        let by_flags: Vec<String> = known.iter().map(|known| format!("{flag} {known}")).collect();
        let by_flags = by_flags.join(", or ");
        Err(OrderingError::wrong(text).hint(format!("it can be {what} by {}", known.join(", "))).flags(if default {
            format!("{method} is meant without {flag}; say {by_flags}")
        } else {
            format!("say {by_flags}")
        }))
    };
    if !fits(&offer.delivery_methods, Some(&order.delivery_method)) {
        let known = offer.delivery_methods.iter().map(|method| method.as_str()).collect();
        return refuse("delivered", "--deliver", order.delivery_method.as_str(), known);
    }
    if !fits(&offer.payment_methods, Some(&order.payment_method)) {
        let known = offer.payment_methods.iter().map(|method| method.as_str()).collect();
        return refuse("paid", "--pay", order.payment_method.as_str(), known);
    }
    Ok(())
}

/// Says how one can pay and have delivered, through whom, and what it costs.
pub fn way_words(way: &Way) -> String {
    let payment = way.payment_method.as_ref().map_or("any method", |method| method.as_str());
    let delivery = way.delivery_method.as_ref().map_or("any method", |method| method.as_str());
    let charge = way.charge.as_ref().map(|(name, price)| format!(", {name} {}", text::amount(price)));
    format!("pay {payment}, deliver {delivery}{}", charge.unwrap_or_default())
}
