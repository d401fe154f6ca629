//! The buyer's rules: what the program answers by itself where he said so, once for each transaction, and never for another
//! price, another agent, or more than he allowed.

use jiff::SignedDuration;
use jiff::civil::Date;

use super::asking::{self, MOST_A_DAY};
use super::{Draft, buyer};
use crate::rules::query::{Condition, Part, Query};
use crate::rules::{Pending, Standing, State, received, returned};
use crate::trade::item::Item;
use crate::trade::{
    Address, Catalog, Deed, Fingerprint, Leg, Moment, Money, Order, Party, Role, StatusReason, Terms, Transaction,
};

/// The least time after which anything is ordered again.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A rule, settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// When it applies: a query in the words of `list`.
    pub when: String,
    /// What it does.
    pub deed: Deed,
    /// The most one order may come to; only re-orders have it, and all of them do.
    pub at_most: Option<Money>,
}

/// Why a rule cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRule {
    /// Its query is none, or means what nobody can have meant.
    #[error("{0}")]
    When(String),
    /// It orders, and does not say how long after the goods came: its own orders would be ordered again at once.
    #[error(
        "a rule that orders needs delivered:30d or the like in its query: so long after the goods came it orders again"
    )]
    NoAge,
    /// It orders, and does not say how much it may cost.
    #[error("a rule that orders needs at_most = \"JPY 5000\": no order of it costs more")]
    NoMost,
    /// It says how much it may cost, and orders nothing.
    #[error("at_most is for do = \"reorder\" alone; {0} spends nothing")]
    Most(Deed),
}

/// What is known of prices, keys and money when something is to be ordered again.
pub struct Market<'a> {
    /// The shop's catalogs, newest first, as far as they count.
    pub catalogs: &'a [Catalog],
    /// Returns the key accepted for an address.
    pub pinned: &'a dyn Fn(&Address) -> Option<Fingerprint>,
    /// Returns whether the buyer lets this agent collect.
    pub may_collect: &'a dyn Fn(&Party) -> bool,
    /// What is unpaid in the currency of the order, what is ordered and not yet agreed included.
    pub unpaid: Option<Money>,
    /// The buyer's limit in that currency.
    pub limit: Option<Money>,
    /// Whether goods of it were ordered since.
    pub ordered_since: bool,
}

/// Why a rule does nothing though its query found something: one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Held(pub String);

impl Held {
    fn because(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl Rule {
    /// Settles a rule; `today` is a day to read its query by.
    ///
    /// # Errors
    /// What about it cannot be.
    pub fn settle(when: &str, deed: Deed, at_most: Option<Money>, today: Date) -> Result<Self, InvalidRule> {
        let query = Query::parse(when, today).map_err(|error| InvalidRule::When(error.to_string()))?;
        if query.is_empty() {
            let text = "it would mean every purchase there ever was; say which, like \"undelivered late:14d\"";
            return Err(InvalidRule::When(text.to_owned()));
        }
        if let Some(doubt) = query.doubt() {
            return Err(InvalidRule::When(doubt));
        }
        match (deed, at_most) {
            (Deed::Reorder, None) => Err(InvalidRule::NoMost),
            (Deed::Reorder, _) if longest(&query, delivered_for).is_none_or(|age| age < DAY) => Err(InvalidRule::NoAge),
            (Deed::Ask | Deed::Return, Some(_)) => Err(InvalidRule::Most(deed)),
            (_, at_most) => Ok(Self { when: query.as_str().to_owned(), deed, at_most }),
        }
    }

    /// Returns its query; it was read when the rule was settled.
    fn query(&self, now: &Moment) -> Query {
        Query::parse(&self.when, now.day()).unwrap_or_default()
    }

    /// Returns the letters of a rule that asks or gives back.
    ///
    /// # Errors
    /// Why nothing is written.
    pub fn letters(&self, transaction: &Transaction, now: &Moment) -> Result<Vec<Draft>, Held> {
        let standing = Standing::of(transaction);
        match self.deed {
            Deed::Ask => self.questions(transaction, &standing, now),
            Deed::Return => {
                self.check_late(&standing, now)?;
                self.check_not_come(transaction, &standing, now)?;
                let text = format!("a rule of the buyer's: {}", self.when);
                let is_late = longest(&self.query(now), late_for).is_some();
                let code = if is_late { StatusReason::Delivery } else { StatusReason::Other };
                let draft = buyer::give_back(transaction, Vec::new(), code.because(text));
                draft.map(|draft| vec![draft]).map_err(|refused| Held(refused.0))
            }
            Deed::Reorder => Ok(Vec::new()),
        }
    }

    /// Checks that goods are late where it is lateness that a rule gives back for: of a payment that is late, nothing is.
    fn check_late(&self, standing: &Standing, now: &Moment) -> Result<(), Held> {
        let Some(age) = longest(&self.query(now), late_for) else { return Ok(()) };
        let is_late = |leg: &Leg| {
            let promised = standing.mark(*leg).promised.map(|date| date.end(now.offset()).plus_seconds(age.as_secs()));
            *leg != Leg::Payment && promised.is_some_and(|promised| promised <= *now)
        };
        match standing.late(now).iter().any(is_late) {
            true => Ok(()),
            false => Err(Held::because("only its payment is late so long; of that nothing is given back")),
        }
    }

    /// Checks that nothing of the goods has come, neither by the delivery agent's word nor by the buyer's: a shop that did not
    /// say that they left, or an agent that is silent, is no reason to give back what is there.
    fn check_not_come(&self, transaction: &Transaction, standing: &Standing, now: &Moment) -> Result<(), Held> {
        if received::has_come(transaction, standing) && longest(&self.query(now), delivered_for).is_none() {
            return Err(Held::because("goods of it have come; whether they go back is for you to say"));
        }
        Ok(())
    }

    fn questions(&self, transaction: &Transaction, standing: &Standing, now: &Moment) -> Result<Vec<Draft>, Held> {
        if standing.state != State::Open {
            return Err(Held::because(format!("it is {}; nobody is asked about it", standing.state)));
        }
        let is_late = longest(&self.query(now), late_for).is_some();
        let open = Leg::ALL.into_iter().filter(|leg| standing.legs.get(*leg).done.is_none());
        let mut legs: Vec<Leg> = if is_late { standing.late(now) } else { open.collect() };
        if legs.is_empty() {
            return Err(Held::because("there is no leg to ask about"));
        }
        legs.retain(|leg| !asking::is_enough(transaction, *leg, now));
        if legs.is_empty() {
            return Err(Held::because(format!("it was asked {MOST_A_DAY} times within a day; more is not answered")));
        }
        buyer::ask(transaction, &legs).map_err(|refused| Held(refused.0))
    }

    /// Returns the order that repeats a purchase, and its shop.
    ///
    /// # Errors
    /// Why nothing is ordered.
    pub fn again(&self, transaction: &Transaction, market: &Market<'_>, now: &Moment) -> Result<(Order, Party), Held> {
        let standing = Standing::of(transaction);
        let Some((kept, terms)) = transaction.terms().filter(|_| is_bought(transaction, &standing)) else {
            return Err(Held::because(format!("it is {}; only what was bought is ordered again", standing.state)));
        };
        check_kept(transaction, &standing)?;
        buyer::check_unsealed(transaction).map_err(|refused| Held(refused.0))?;
        self.check_age(transaction, now)?;
        if market.ordered_since {
            return Err(Held::because("some of it was ordered again since"));
        }
        self.check_sum(terms.total, market)?;
        check_keys(terms, &kept.letter.from, market)?;
        let (order, shop) = buyer::reorder(transaction).map_err(|refused| Held(refused.0))?;
        check_prices(&order, terms, market.catalogs)?;
        Ok((order, shop))
    }

    /// Checks by our own ledger that it was ordered so long ago as its goods are said to have come: what others date
    /// back, or a rule's own order, is not ordered again at once.
    fn check_age(&self, transaction: &Transaction, now: &Moment) -> Result<(), Held> {
        let age = longest(&self.query(now), delivered_for).unwrap_or(DAY).max(DAY);
        let ordered = transaction.order().map(|(kept, _)| kept.recorded);
        match ordered.is_some_and(|ordered| ordered.plus_seconds(age.as_secs()) <= *now) {
            true => Ok(()),
            false => Err(Held::because("it was ordered later than its goods are said to have come")),
        }
    }

    /// Checks what it costs against what is allowed: of one order, and of all that is unpaid.
    fn check_sum(&self, total: Money, market: &Market<'_>) -> Result<(), Held> {
        let other = || Held::because(format!("it costs {total}, and the rule allows another currency"));
        let at_most = self.at_most.ok_or_else(|| Held::because("the rule does not say how much it may cost"))?;
        if total.exceeds(&at_most).map_err(|_| other())? {
            return Err(Held::because(format!("it costs {total}, and the rule allows {at_most}")));
        }
        let Some(limit) = market.limit else { return Ok(()) };
        let sum = market.unpaid.map_or(total, |unpaid| unpaid.saturating_plus(&total));
        if limit.exceeds(&sum).map_err(|_| other())? {
            return Ok(());
        }
        Err(Held::because(format!("with it {sum} would be unpaid; your limit is {limit}")))
    }
}

/// Returns the longest of the ages that a query asks for, of conditions of one kind.
fn longest(query: &Query, age: fn(&Condition) -> Option<SignedDuration>) -> Option<SignedDuration> {
    query.conditions.iter().filter_map(age).max()
}

const fn late_for(condition: &Condition) -> Option<SignedDuration> {
    if let Condition::Late(age) = condition { Some(*age) } else { None }
}

const fn delivered_for(condition: &Condition) -> Option<SignedDuration> {
    if let Condition::DoneFor(Part::Delivery, age) = condition { Some(*age) } else { None }
}

/// Checks that the goods were kept, as far as anybody has said: what goes back, was to go back or came otherwise is not
/// wanted again without a word.
fn check_kept(transaction: &Transaction, standing: &Standing) -> Result<(), Held> {
    if Pending::waiting(transaction, standing.state).is_some() {
        return Err(Held::because("you asked the shop to take it back, and have no answer yet"));
    }
    if !returned::agreed(transaction).is_empty() {
        return Err(Held::because("goods of it went back; only what was kept is ordered again"));
    }
    if received::differs(transaction, standing).is_some() {
        return Err(Held::because("something else came than was delivered; only what came right is ordered again"));
    }
    Ok(())
}

/// Returns whether goods were bought.
fn is_bought(transaction: &Transaction, standing: &Standing) -> bool {
    transaction.key.role == Role::Buyer && matches!(standing.state, State::Open | State::Completed)
}

/// Checks that shop and agents still have the keys they had, and may still be paid.
fn check_keys(terms: &Terms, shop: &Party, market: &Market<'_>) -> Result<(), Held> {
    let now = (market.pinned)(&shop.address);
    if now.as_ref() != Some(&shop.fingerprint) {
        return Err(Held::because(format!("the key accepted for {} is another one now", shop.address)));
    }
    for agent in &terms.agents {
        let party = &agent.party;
        if (market.pinned)(&party.address).is_some_and(|pinned| pinned != party.fingerprint) {
            return Err(Held::because(format!("the key accepted for {} is another one now", party.address)));
        }
        if agent.role == Role::Payment && !(market.may_collect)(party) {
            return Err(Held::because(format!("{} is not among your payment agents", party.address)));
        }
    }
    Ok(())
}

/// Checks prices, charge and agents against what the shop's catalogs say now, as far as they say anything.
fn check_prices(order: &Order, terms: &Terms, catalogs: &[Catalog]) -> Result<(), Held> {
    for line in &order.lines {
        let Some(sku) = &line.item.sku else { continue };
        match catalogs.iter().find_map(|catalog| catalog.offer(sku)) {
            Some(offer) if offer.price != line.unit_price => {
                let (name, was, is) = (&line.item.name, line.unit_price, offer.price);
                return Err(Held::because(format!("{name} cost {was}, and costs {is} now")));
            }
            Some(offer) => {
                let Some(step) = offer.increment.filter(|step| !line.quantity.is_multiple_of(*step)) else { continue };
                return Err(Held::because(format!("{} is sold in multiples of {step} now", line.item.name)));
            }
            None if catalogs.last().is_some_and(Catalog::is_complete) => {
                return Err(Held::because(format!("{} is not in the shop's catalog any more", line.item.name)));
            }
            None => {}
        }
    }
    let Some(newest) = catalogs.first() else { return Ok(()) };
    let Some(way) = newest.way(&order.payment_method, &order.delivery_method) else {
        return Err(Held::because("the shop does not offer these ways to pay and to deliver any more"));
    };
    let charge = way.charge.as_ref().map(|(_, price)| *price);
    let before: Vec<Money> = order.charges.iter().map(|charge| charge.price).collect();
    if charge.is_some_and(|charge| before != [charge]) || (charge.is_none() && !before.is_empty()) {
        return Err(Held::because("the shop's charge is another one now"));
    }
    let agents = [(Leg::Payment, &way.payment_agent), (Leg::Delivery, &way.delivery_agent)];
    for (leg, named) in agents {
        let Some(address) = named else { continue };
        let named = newest.agent(leg.role(), address).map(|agent| &agent.party);
        if named != terms.agent(leg).map(|agent| &agent.party) {
            return Err(Held::because(format!("the {leg} agent is another one now: {address}")));
        }
    }
    Ok(())
}

/// Returns whether two orders name the same article: by its number where both have one, else by its name.
pub fn is_same_article(one: &Item, other: &Item) -> bool {
    match (&one.sku, &other.sku) {
        (Some(one), Some(other)) => one == other,
        _ => one.name == other.name,
    }
}

/// Returns whether terms name the same agents with the same keys as those of the purchase they repeat: if not, a person says
/// OK to them or nobody.
pub fn has_same_agents(terms: &Terms, before: &Terms) -> bool {
    Leg::ALL
        .into_iter()
        .all(|leg| terms.agent(leg).map(|agent| &agent.party) == before.agent(leg).map(|agent| &agent.party))
}
