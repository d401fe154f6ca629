//! The order form: what is bought, of whom, how it is paid and delivered; looked at once more before it is sent (figure 5;
//! P10-P16, P98-P102).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Redirect;
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::act::find;
use super::fault::Fault;
use super::form::{Form, plain};
use super::order_form::Filled;
use super::pages::{self, Page};
use super::visit::Visit;
use super::{Web, drafts, order_form};
use crate::clerk::{Clerk, chance};
use crate::ordering::prices::Prices;
use crate::ordering::{self, Instrument, OrderingError, check_texts, made, pinned, total};
use crate::role::buyer;
use crate::trade::catalog::Words;
use crate::trade::{Address, Order, OrderId, Party, Transaction};

/// An order that is being written: its form, and which of its buttons was pressed.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    filled: Filled,
    /// Whether it is to be looked at as it would be sent.
    checks: bool,
    /// Whether whoever wrote it only looked what a shop sells, and has not written an order yet.
    looks: bool,
    /// The key by which it is sent once, however often its page is loaded.
    once: String,
}

/// The empty form, one filled in from an earlier order, or one as it was filled in.
pub(super) async fn show(State(web): State<Arc<Web>>, visit: Visit) -> Result<Page, Fault> {
    let shared = Arc::clone(&web);
    let draft = visit.asked("draft").map(|key| shared.draft(key)).transpose()?;
    web.desk(move |clerk| {
        let shows = match (draft, visit.asked("again")) {
            (Some(drafts::Draft::Order(draft)), _) => written(clerk, &draft, &visit)?,
            (Some(drafts::Draft::Schedule(_)), _) => return Err(drafts::gone()),
            (None, Some(id)) => {
                let known = find(clerk, id)?;
                let mut prices = Prices::of(clerk, &known.key.shop)?;
                let (filled, _) = Filled::again(&known, &prices)?;
                let order = self::draft(clerk, &filled, &mut prices).ok().map(|(order, _)| order);
                order_form::shows(clerk, &filled, Some(&prices), order.as_ref(), None, &visit)?
            }
            (None, None) => {
                let filled = Filled::empty(clerk, visit.asked("shop"));
                let chosen = Address::parse(&filled.shop).is_ok();
                let prices = chosen.then(|| filled.prices(clerk)).transpose()?;
                order_form::shows(clerk, &filled, prices.as_ref(), None, None, &visit)?
            }
        };
        visit.page(&shared, clerk, "order.html", shows)
    })
    .await
}

/// Sends the order, asks the shop what it sells, or keeps the form as it is: its page shows the total, or the order as it would be
/// sent.
pub(super) async fn act(State(web): State<Arc<Web>>, form_sent: Form) -> Result<Redirect, Fault> {
    let filled = Filled::of(&form_sent);
    let shared = Arc::clone(&web);
    match form_sent.get("do") {
        Some("send") => {
            let instrument = instrument(&form_sent)?;
            let sent = async move {
                let id = shared.desk(move |clerk| send(clerk, &filled, instrument)).await?;
                shared.post.send();
                Ok(format!("/txn/{id}?said=ordered"))
            };
            web.once(&form_sent, sent).await
        }
        Some("ask") => {
            let asked = async move {
                let place = format!("/order?shop={}", pages::encoded(&filled.shop));
                shared.desk(move |clerk| ask(clerk, &filled.shop)).await?;
                shared.post.send();
                Ok(place)
            };
            web.once(&form_sent, asked).await
        }
        what => {
            let (checks, looks) = (what == Some("check"), matches!(what, Some("shop" | "find")));
            let (filled, is_wrong) = if looks {
                (filled, false)
            } else {
                shared.desk(move |clerk| Ok((is_wrong(clerk, &filled), filled))).await.map(|(is, it)| (it, is))?
            };
            // What is wrong is read out where the page begins with it.
            let part = if is_wrong { "#errors" } else { "" };
            let draft = Draft { filled, checks, looks, once: hex::encode(chance::<16>()?) };
            web.keep(&form_sent, drafts::Draft::Order(Box::new(draft)), "/order", part)
        }
    }
}

/// Returns what is shown of an order that is being written: its total, what is wrong with it, and whether it can be sent.
fn written(clerk: &mut Clerk, draft: &Draft, visit: &Visit) -> Result<Map<String, Value>, Fault> {
    let mut doubt = None;
    let (mut prices, made) = match draft.filled.prices(clerk) {
        Ok(mut prices) => {
            let made = self::draft(clerk, &draft.filled, &mut prices);
            (Some(prices), made)
        }
        Err(error) => (None, Err(error)),
    };
    let (fault, order) = match made {
        Ok((order, _)) => {
            doubt = prices.as_ref().and_then(|prices| prices.doubt(&order)).map(|doubt| visit.said(&doubt));
            (None, Some(order))
        }
        Err(error) => {
            let said = Fault::from(error).told(visit)?;
            ((!draft.looks).then_some(said), None)
        }
    };
    let mut shows = order_form::shows(clerk, &draft.filled, prices.as_ref(), order.as_ref(), fault.as_deref(), visit)?;
    let field = fault.and_then(|_| order_form::faulty(clerk, &draft.filled, prices.as_mut()));
    shows.insert("field".to_owned(), json!(field));
    let checked = draft.checks && order.is_some();
    shows.insert("checked".to_owned(), json!(checked));
    shows.insert("sends_once".to_owned(), json!(checked.then_some(&draft.once)));
    shows.insert("doubt".to_owned(), json!(doubt));
    Ok(shows)
}

/// Asks a shop what it sells; where it has not answered the question before, that one goes on waiting.
fn ask(clerk: &mut Clerk, shop: &str) -> Result<(), Fault> {
    let shop = Address::parse(shop).map_err(|error| Fault::wrong(error.to_string()))?;
    if shop == clerk.me().address {
        return Err(Fault::wrong("this is your own shop"));
    }
    if clerk.index().catalog_awaited(&shop)?.is_none() {
        ordering::ask_catalog(clerk, &shop, Words::default())?;
    }
    Ok(())
}

/// Returns whether a form makes no order.
fn is_wrong(clerk: &mut Clerk, filled: &Filled) -> bool {
    filled.prices(clerk).and_then(|mut prices| draft(clerk, filled, &mut prices)).is_err()
}

/// Makes the order of a form at the prices of its shop, with the shop.
fn draft(clerk: &mut Clerk, filled: &Filled, prices: &mut Prices) -> Result<(Order, Party), OrderingError> {
    let party = pinned(clerk, prices.shop())?;
    let file = filled.written();
    let has_charges = !file.charge.is_empty();
    let person = clerk.settings().practice.buyer.as_ref().map(|buyer| buyer.person.clone());
    let person = person.ok_or_else(|| OrderingError::wrong("this account is no buyer"))?;
    let mut order = made(file, person, None, prices)?;
    check_texts(&order)?;
    if prices.are_used() {
        prices.complete(&mut order, has_charges)?;
        order.total = total(&order.lines, &order.charges)?;
    }
    Ok((order, party))
}

/// Returns the card or account of a form; nothing where nothing of it is written.
fn instrument(form: &Form) -> Result<Option<Instrument>, Fault> {
    let fields = [("number", "card-number"), ("expires", "card-expires"), ("name", "card-name")];
    let field = |(name, field): (&str, &str)| Some((name.to_owned(), SecretString::from(plain(form.get(field)?))));
    let given: Instrument = fields.into_iter().filter_map(field).collect();
    if given.is_empty() {
        return Ok(None);
    }
    // Without it the order would go as if nothing had been written.
    form.get("card-number")
        .ok_or_else(|| Fault::wrong("The card or account has no number; write it, or leave all of it empty."))?;
    Ok(Some(given))
}

/// Makes an order that repeats an earlier one, as its form is sent: it names it.
pub(super) fn repeated(
    clerk: &mut Clerk,
    filled: &Filled,
    known: &Transaction,
    prices: &mut Prices,
) -> Result<(Order, Party), OrderingError> {
    let (order, shop) = draft(clerk, filled, prices)?;
    Ok((Order { reorder_of: known.number.clone(), ..order }, shop))
}

fn send(clerk: &mut Clerk, filled: &Filled, instrument: Option<Instrument>) -> Result<OrderId, Fault> {
    let known = filled.again.as_ref().map(|id| find(clerk, id)).transpose()?;
    let mut prices = filled.prices(clerk)?;
    let (mut order, shop) = match &known {
        Some(known) => repeated(clerk, filled, known, &mut prices)?,
        None => draft(clerk, filled, &mut prices)?,
    };
    let id = OrderId::from_bytes(chance()?);
    clerk.renew_if_due()?;
    if let Some(instrument) = instrument {
        let named = prices.payment_agent(&order).map(|agent| agent.address);
        let agent = if filled.agent.is_empty() { named } else { Address::parse(&filled.agent).ok() };
        let agent =
            agent.ok_or_else(|| Fault::wrong("Say which payment agent the card is for: nobody else can read it."))?;
        prices.check_agent(clerk, &order, &agent)?;
        let agent = pinned(clerk, &agent)?;
        ordering::seal(clerk, &mut order, &id, &shop, &agent, instrument)?;
    }
    clerk.post(vec![buyer::order(order, id.clone(), shop)])?;
    Ok(id)
}
