//! What a buyer does about one order, or about several: the same as the commands `ask`, `cancel`,
//! `return` and `received`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Redirect;

use super::Web;
use super::fault::Fault;
use super::form::{Form, plain};
use super::several::{Done, find_each, list_after};
use crate::clerk::{Clerk, ClerkError};
use crate::role::buyer::Came;
use crate::role::{Action, Desk, Draft, Refused, buyer};
use crate::rules::{Standing, State as OrderState};
use crate::trade::item::{Line, LineQuantity};
use crate::trade::status::Reason;
use crate::trade::{Key, Leg, Quantity, ReturnReason, Role, Transaction, When};

/// How many of which line came; `None` for none.
type Counts = Vec<(String, Option<Quantity>)>;

/// Said where a field of what came is empty.
const EMPTY: &str = "say of each line how many came; 0 for none";

/// Finds the order of ours that an address names: by its whole ID, or a beginning that no other has.
pub(super) fn find(clerk: &Clerk, id: &str) -> Result<Transaction, Fault> {
    let keys = clerk.index().find_prefix(id, Some(Role::Buyer), 2)?;
    let key = match keys.as_slice() {
        [key] => key,
        [] => return Err(none(id)),
        keys => keys.iter().find(|key| key.id.as_str() == id).ok_or_else(|| several(id))?,
    };
    clerk.index().load_key(key)?.ok_or_else(|| none(id))
}

fn none(id: &str) -> Fault {
    let id: String = id.chars().take(40).collect();
    Fault::none(format!("No order of yours has an ID or number that begins with {id}."))
}

fn several(id: &str) -> Fault {
    let id: String = id.chars().take(40).collect();
    Fault::none(format!("Several orders of yours have an ID or number that begins with {id}: write more of it."))
}

/// Acts on one order; the page of the order says then what was done.
pub(super) async fn act(State(web): State<Arc<Web>>, Path(id): Path<String>, form: Form) -> Result<Redirect, Fault> {
    let (act, reason) = (form.get("act").unwrap_or_default().to_owned(), form.get("reason").map(str::to_owned));
    let (lines, whole) = (lines(&form), form.get("what") != Some("lines"));
    let (came, because) = (came(&form), because(&form));
    let legs: Vec<Leg> = form.all("leg").filter_map(Leg::parse).collect();
    let shared = Arc::clone(&web);
    web.once(&form, async move {
        let said = match act.as_str() {
            "ask" => return ask_about(&shared, id.clone(), legs, &format!("/txn/{id}")).await,
            "cancel" => "cancelled",
            "return" => "returned",
            "received" => return note_received(&shared, id, came?).await,
            _ => return Err(Fault::wrong("The form asks for nothing that is known here.")),
        };
        let (lines, because) = (lines?, because?);
        // "All of it" is ticked beforehand: quantities beside it say something else.
        if act == "return" && whole != lines.is_empty() {
            return Err(Fault::wrong("Say how many of which line are given back, or choose to give back all."));
        }
        let place = format!("/txn/{id}?said={said}");
        let decide = move |known: &Transaction, _: &Desk<'_>| match said {
            "cancelled" => buyer::cancel(known, reason.clone()),
            _ => buyer::give_back(known, lines.clone(), because.clone()),
        };
        write(&shared, id, decide).await?;
        Ok(place)
    })
    .await
}

/// Reads why goods are given back: one of the codes, in the buyer's own words where he writes any.
pub(super) fn because(form: &Form) -> Result<Reason, Fault> {
    let code = form.get("because").map_or(Some(ReturnReason::Other), ReturnReason::parse);
    let code = code.ok_or_else(|| Fault::wrong("The form asks for nothing that is known here."))?;
    Ok(code.because(form.get("reason")))
}

/// Reads the quantities given back, a field `back-LINE` for each line.
fn lines(form: &Form) -> Result<Vec<LineQuantity>, Fault> {
    let mut lines = Vec::new();
    for (line, quantity) in form.beginning("back-") {
        let wrong = |error: crate::trade::MoneyError| Fault::wrong(format!("Line {line}: {error}"));
        lines.push(LineQuantity { line: line.to_owned(), quantity: Quantity::parse(&plain(quantity)).map_err(wrong)? });
    }
    Ok(lines)
}

/// Reads what came, a field `came-LINE` for each line; without a date it came just now.
fn came(form: &Form) -> Result<(Counts, Option<When>), Fault> {
    let mut lines = Vec::new();
    for (line, quantity) in form.beginning("came-") {
        let wrong = |error: crate::trade::MoneyError| Fault::wrong(format!("Line {line}: {error}"));
        lines.push((line.to_owned(), Quantity::parse_count(&plain(quantity)).map_err(wrong)?));
    }
    let wrong = |_| Fault::wrong("The date is none. Write it like 2026-11-28, or leave it empty for now.");
    let at = form.get("date").map(|date| When::parse(&plain(date))).transpose().map_err(wrong)?;
    Ok((lines, at))
}

/// Enters what the buyer says came. It is sent to nobody.
async fn note_received(web: &Arc<Web>, id: String, (lines, at): (Counts, Option<When>)) -> Result<String, Fault> {
    let place = format!("/txn/{id}?said=received");
    let now = web.clock.now();
    let came = Came { whole: false, lines, at: at.unwrap_or(When::Moment(now)) };
    web.desk(move |clerk| {
        let key = find(clerk, &id)?.key;
        clerk.enter_received(&key, |known| {
            let is_said = |line: &Line| came.lines.iter().any(|(said, _)| *said == line.id);
            let all = known.terms().is_none_or(|(_, terms)| terms.lines.iter().all(is_said));
            // An empty field of a form is not yet a word that nothing came.
            if all { buyer::received(known, &came, &now) } else { Err(Refused::new(EMPTY)) }
        })?;
        Ok(())
    })
    .await?;
    Ok(place)
}

/// Has one letter about one order written, and sent.
pub(super) async fn write(
    web: &Arc<Web>,
    id: String,
    decide: impl Fn(&Transaction, &Desk<'_>) -> Result<Draft, Refused> + Send + 'static,
) -> Result<(), Fault> {
    web.desk(move |clerk| {
        let known = find(clerk, &id)?;
        is_not_rejected(&known)?;
        clerk.command(&known.key, |known, desk| Ok(vec![decide(known, desk)?.into()]))?;
        Ok(())
    })
    .await?;
    web.post.send();
    Ok(())
}

pub(super) fn is_not_rejected(known: &Transaction) -> Result<(), Fault> {
    if Standing::of(known).state == OrderState::Rejected {
        return Err(Fault::wrong(format!(
            "{} did not take this order; there is nothing more to say to it. Order again instead.",
            known.key.shop
        )));
    }
    Ok(())
}

/// Returns why nobody can be asked about an order, if so.
pub(super) fn may_ask(known: &Transaction) -> Result<(), Fault> {
    may_ask_about(known, &[])
}

/// Returns why nobody can be asked about these legs of an order, all of them where none is named, if so.
pub(super) fn may_ask_about(known: &Transaction, legs: &[Leg]) -> Result<(), Fault> {
    is_not_rejected(known)?;
    Ok(buyer::ask(known, legs).map(|_| ())?)
}

/// Returns why nothing of an order can be given back, if so.
pub(super) fn may_give_back(known: &Transaction) -> Result<(), Fault> {
    is_not_rejected(known)?;
    Ok(buyer::can_give_back(known)?)
}

/// Asks whoever speaks for the legs of one order; for all of them where none is named.
async fn ask_about(web: &Arc<Web>, id: String, legs: Vec<Leg>, place: &str) -> Result<String, Fault> {
    web.desk(move |clerk| {
        let known = find(clerk, &id)?;
        is_not_rejected(&known)?;
        Ok(write_questions(clerk, &[known.key], &legs)?)
    })
    .await?;
    web.post.send();
    Ok(format!("{place}?said=asked"))
}

/// Asks about those of several orders that can be asked about (P86-P89). The list that follows is told the others, and says of
/// each why not.
pub(super) async fn ask_each(web: &Arc<Web>, mut ids: Vec<String>) -> Result<String, Fault> {
    if ids.len() == 1 {
        return ask_about(web, ids.remove(0), Vec::new(), "/").await;
    }
    let asked = web.desk(move |clerk| {
        let (mut keys, mut left) = (Vec::new(), Vec::new());
        for known in find_each(clerk, ids.iter().map(String::as_str))? {
            match may_ask(&known) {
                Ok(()) => keys.push(known.key),
                Err(_) => left.push(known.key.id),
            }
        }
        if !keys.is_empty() {
            write_questions(clerk, &keys, &[])?;
        }
        Ok(list_after(Done::Asked, keys.len(), &left))
    });
    let place = asked.await?;
    web.post.send();
    Ok(place)
}

fn write_questions(clerk: &mut Clerk, keys: &[Key], legs: &[Leg]) -> Result<(), ClerkError> {
    clerk.commands(keys, |known, _| Ok(buyer::ask(known, legs)?.into_iter().map(Action::from).collect()))?;
    Ok(())
}
