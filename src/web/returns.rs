//! Several orders given back at once: which of them can be, one reason for all, and a letter for each to its shop (figure 20; P82,
//! P83, P93-P96).

use std::cell::RefCell;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Redirect;
use serde_json::{Map, Value, json};

use super::act::{because, is_not_rejected, may_give_back};
use super::fault::Fault;
use super::form::Form;
use super::pages::Page;
use super::several::{self, Done};
use super::visit::Visit;
use super::{Web, transaction};
use crate::clerk::Clerk;
use crate::role::{Draft, buyer};
use crate::trade::status::Reason;
use crate::trade::{Key, ReturnReason, Transaction};

/// Shows the ticked orders, and which of them can be given back.
pub(super) async fn show(State(web): State<Arc<Web>>, visit: Visit) -> Result<Page, Fault> {
    let shared = Arc::clone(&web);
    web.desk(move |clerk| {
        let ticked = several::ticked(clerk, &visit)?;
        let orders = ticked.iter().map(|known| order(clerk, known, &visit)).collect::<Result<Vec<Value>, Fault>>()?;
        let mut shows = Map::new();
        shows.insert("page".to_owned(), json!("list"));
        shows.insert("can".to_owned(), json!(ticked.iter().filter(|known| may_return(known).is_ok()).count()));
        shows.insert("orders".to_owned(), json!(orders));
        shows.insert("reasons".to_owned(), transaction::reasons());
        visit.page(&shared, clerk, "return.html", shows)
    })
    .await
}

/// Returns an order with why not all of it can be given back, if so, and whether a part can.
fn order(clerk: &Clerk, known: &Transaction, visit: &Visit) -> Result<Value, Fault> {
    let mut row = several::row(clerk, known)?;
    let why = may_return(known).err().map(|fault| fault.told(visit)).transpose()?;
    row.insert("part".to_owned(), json!(why.is_some() && may_give_back(known).is_ok()));
    row.insert("why".to_owned(), json!(why));
    Ok(Value::Object(row))
}

/// Returns why not all of an order can be given back, if so.
pub(super) fn may_return(known: &Transaction) -> Result<(), Fault> {
    whole(known, ReturnReason::Other.because(None)).map(|_| ())
}

/// Writes the wish to give back all of an order.
fn whole(known: &Transaction, because: Reason) -> Result<Draft, Fault> {
    is_not_rejected(known)?;
    Ok(buyer::give_back(known, Vec::new(), because)?)
}

/// Asks the shops to take back what can be given back of the orders of the form.
pub(super) async fn act(State(web): State<Arc<Web>>, form: Form) -> Result<Redirect, Fault> {
    let ids: Vec<String> = form.all("txn").map(str::to_owned).collect();
    let because = because(&form);
    let shared = Arc::clone(&web);
    web.once(&form, async move {
        if ids.is_empty() {
            return Err(Fault::wrong(several::NONE_TICKED));
        }
        let because = because?;
        let place = shared.desk(move |clerk| give_back(clerk, &ids, &because)).await?;
        shared.post.send();
        Ok(place)
    })
    .await
}

/// Writes the letters about those of the orders that can be given back, together; returns the list that says so.
fn give_back(clerk: &mut Clerk, ids: &[String], because: &Reason) -> Result<String, Fault> {
    let found = several::find_each(clerk, ids.iter().map(String::as_str))?;
    let keys: Vec<Key> = found.into_iter().map(|known| known.key).collect();
    let left = RefCell::new(Vec::new());
    clerk.commands(&keys, |known, _| match whole(known, because.clone()) {
        Ok(draft) => Ok(vec![draft.into()]),
        Err(_) => {
            left.borrow_mut().push(known.key.id.clone());
            Ok(Vec::new())
        }
    })?;
    let left = left.into_inner();
    Ok(several::list_after(Done::Returned, keys.len().saturating_sub(left.len()), &left))
}
